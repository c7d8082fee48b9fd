"""When to refresh: one leader among all processes, every slot once, a missed one caught up once."""

import logging
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from apscheduler.schedulers.background import BackgroundScheduler
from sqlalchemy.exc import SQLAlchemyError

from data_access.store import Store, StoreError
from data_access.store.lease import acquire, release, renew
from data_access.store.requests import Request, finish_request, take_requests
from data_access.store.slots import DEPTHS, Depth, Slot, finish_slots, last_slots, try_slots

Job = Callable[[int, Depth], str]
"""Refreshes under an epoch, to a depth; says in words what happened, raises RefreshFailed when it failed."""

LEASE = timedelta(seconds=20)
RENEW_EVERY = LEASE / 4
RETRY_AFTER = timedelta(minutes=10)
NEVER = Slot(None, None)
_LOG = logging.getLogger(__name__)


class RefreshFailed(Exception):
    """A refresh that failed for a reason that is known; the last good snapshot stays."""


@dataclass(frozen=True)
class Plan:
    """How often to refresh: seconds between refreshes and between comparisons of keys; the nightly time in its zone."""

    every_seconds: int
    keys_every_seconds: int
    full_at: time
    zone: ZoneInfo


@dataclass(frozen=True)
class Work:
    """One refresh to be run, and who asked for it."""

    epoch: int
    depth: Depth
    requests: tuple[Request, ...] = ()


def due(now: datetime, slots: Mapping[Depth, Slot], plan: Plan) -> Depth | None:
    """The most thorough refresh that is due, or None; while a deep one that failed waits for its retry, others pass."""
    full, keys, changes = (slots.get(depth, NEVER) for depth in ("full", "keys", "changes"))
    if _is_full_due(now, full, plan) and _may_try(now, full):
        return "full"
    if _is_over(now, keys.done_at, plan.keys_every_seconds) and _may_try(now, keys):
        return "keys"
    return "changes" if _is_over(now, changes.tried_at, plan.every_seconds) else None


def deepest(*depths: str | None) -> Depth | None:
    """The most thorough of several depths, or None when there is none."""
    return next((depth for depth in reversed(DEPTHS) if depth in depths), None)


def _is_full_due(now: datetime, full: Slot, plan: Plan) -> bool:
    # A success more than a day ahead was stamped by a wrong clock.
    return full.done_at is None or not _last_nightly(now, plan) <= full.done_at <= now + timedelta(days=1)


def _last_nightly(now: datetime, plan: Plan) -> datetime:
    local = now.astimezone(plan.zone)
    nightly = datetime.combine(local.date(), plan.full_at, plan.zone)
    return nightly if nightly <= local else datetime.combine(local.date() - timedelta(days=1), plan.full_at, plan.zone)


def _may_try(now: datetime, slot: Slot) -> bool:
    has_failed = slot.tried_at != slot.done_at
    return not has_failed or _is_over(now, slot.tried_at, RETRY_AFTER.total_seconds())


def _is_over(now: datetime, since: datetime | None, seconds: float) -> bool:
    # The distance either way: a clock that was set back must not silence refreshing until it catches up.
    return since is None or abs(now - since) >= timedelta(seconds=seconds)


class Scheduler:
    """Runs a job by plan and on request while this process holds the lease; start it after forking."""

    def __init__(
        self,
        store: Store,
        plan: Plan,
        job: Job,
        holder: str,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._store = store
        self._plan = plan
        self._job = job
        self._holder = holder
        self._clock = clock
        self._epoch: int | None = None
        self._looked_at = datetime.min.replace(tzinfo=UTC)
        self._is_running = False
        self._scheduler: BackgroundScheduler | None = None
        self._worker: ThreadPoolExecutor | None = None
        self.last_error: str | None = None

    @property
    def epoch(self) -> int | None:
        """The epoch under which this process led when it last looked; None while it does not lead."""
        return self._epoch

    def start(self) -> None:
        """Look once a second whether there is something to do, in threads of this process."""
        self._is_running = False
        defaults = {"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
        self._scheduler = BackgroundScheduler(timezone=UTC, job_defaults=defaults)
        self._scheduler.add_job(self._tick, "interval", seconds=1)
        # Not one of the scheduler's own jobs: adding one while it shuts down would wait for it for ever.
        self._worker = ThreadPoolExecutor(1, "refresh")
        self._scheduler.start()

    def stop(self) -> None:
        """Wait for the running refresh, then give the lease back."""
        if self._scheduler is not None:
            self._scheduler.shutdown(wait=True)
            self._scheduler = None
        if self._worker is not None:
            self._worker.shutdown(wait=True)
            self._worker = None
        # Without the store the lease runs out by itself.
        with suppress(SQLAlchemyError):
            if self._epoch is not None:
                release(self._store, self._holder, self._epoch, self._clock())
        self._epoch = None

    def next_work(self) -> Work | None:
        """What is to be run now; None while another process leads, a refresh is running, or nothing is due."""
        now = self._clock()
        epoch = self._lead(now)
        if epoch is None or self._is_running:
            return None
        asked = tuple(take_requests(self._store, epoch))
        depth = deepest(due(now, last_slots(self._store), self._plan), *(one.depth for one in asked))
        self._is_running = depth is not None
        return Work(epoch, depth, asked) if depth else None

    def run(self, work: Work) -> None:
        """Run one refresh, note its slots and answer those who asked for it."""
        try:
            outcome = self._outcome(work)
            for one in work.requests:
                finish_request(self._store, one.id, outcome, self._clock())
        finally:
            self._is_running = False

    def _lead(self, now: datetime) -> int | None:
        if self._epoch is not None and abs(now - self._looked_at) < RENEW_EVERY:
            return self._epoch
        self._looked_at = now
        if self._epoch is None or not renew(self._store, self._holder, self._epoch, LEASE, now):
            self._epoch = acquire(self._store, self._holder, LEASE, now)
        return self._epoch

    def _outcome(self, work: Work) -> str:
        started = self._clock()
        try:
            try_slots(self._store, work.epoch, {work.depth, "changes"}, started)
            outcome = self._job(work.epoch, work.depth)
            finish_slots(self._store, work.epoch, DEPTHS[: DEPTHS.index(work.depth) + 1], started)
        except RefreshFailed as error:
            _LOG.warning("The %s refresh failed: %s", work.depth, error)
            return f"failed: {error}"
        except Exception as error:  # the next slot must come, whatever this one died of
            _LOG.exception("The %s refresh failed.", work.depth)
            return f"failed: {type(error).__name__}: {error}"
        return outcome

    def _tick(self) -> None:
        try:
            work = self.next_work()
            self.last_error = None
        except (SQLAlchemyError, StoreError) as error:
            self._note(f"{type(error).__name__}: {error}")
        else:
            if work is not None and self._worker is not None:
                self._worker.submit(self._run, work)

    def _run(self, work: Work) -> None:
        try:
            self.run(work)
        except Exception:  # nobody looks at a thread's end
            _LOG.exception("Who asked for the %s refresh could not be answered.", work.depth)

    def _note(self, error: str) -> None:
        if error != self.last_error:
            _LOG.warning("The store cannot say whether a refresh is due, asking on: %s", error)
        self.last_error = error
