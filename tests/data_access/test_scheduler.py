"""Refreshes run by plan, once per slot, by one leader, also after faults."""

import threading
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text

from data_access.scheduler import LEASE, RETRY_AFTER, Job, Plan, RefreshFailed, Scheduler, Work, deepest, due
from data_access.store import StaleLeader, Store
from data_access.store.lease import acquire, require_epoch
from data_access.store.requests import ask_refresh, request
from data_access.store.slots import Depth, Slot
from tests.data_access.stores import NOON, opened

PLAN = Plan(every_seconds=15, keys_every_seconds=3600, full_at=time(3), zone=ZoneInfo("Asia/Shanghai"))
SECOND, MINUTE, HOUR, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
NIGHTLY = datetime(2026, 3, 1, 19, 0, tzinfo=UTC)  # 03:00 in Shanghai, the last one before NOON


def done(at: datetime) -> Slot:
    return Slot(at, at)


def slots(full: Slot | None = None, keys: Slot | None = None, changes: Slot | None = None) -> dict[Depth, Slot]:
    """Slots as they stand at NOON: everything just done, but what the test names."""
    return {"full": full or done(NOON), "keys": keys or done(NOON), "changes": changes or done(NOON)}


@pytest.mark.parametrize(
    ("last", "expected"),
    [
        pytest.param({}, "full", id="the first refresh is whole"),
        pytest.param(slots(), None, id="nothing is due right after a refresh"),
        pytest.param(slots(changes=done(NOON - 14 * SECOND)), None, id="14 seconds are too early"),
        pytest.param(slots(changes=done(NOON - 15 * SECOND)), "changes", id="15 seconds are due"),
        pytest.param(slots(changes=Slot(NOON - 14 * SECOND, None)), None, id="a failed one waits its turn"),
        pytest.param(slots(keys=done(NOON - HOUR + SECOND)), None, id="keys were compared less than an hour ago"),
        pytest.param(slots(keys=done(NOON - HOUR)), "keys", id="keys are due hourly"),
        pytest.param(slots(full=done(NIGHTLY)), None, id="last night's is done"),
        pytest.param(slots(full=done(NIGHTLY - SECOND)), "full", id="last night's was missed"),
        pytest.param(slots(full=done(NIGHTLY - 9 * DAY)), "full", id="nine missed nights are caught up once"),
        pytest.param(
            slots(full=Slot(NOON - RETRY_AFTER + SECOND, NIGHTLY - DAY), changes=done(NOON - MINUTE)),
            "changes",
            id="while a failed night waits for its retry, quick ones pass",
        ),
        pytest.param(slots(full=Slot(NOON - RETRY_AFTER, NIGHTLY - DAY)), "full", id="a failed night is retried"),
        pytest.param(slots(keys=Slot(NOON - MINUTE, NOON - 2 * HOUR)), None, id="failed keys wait for their retry"),
        pytest.param(slots(changes=done(NOON + HOUR)), "changes", id="a clock set back an hour silences nothing"),
        pytest.param(slots(keys=done(NOON + HOUR)), "keys", id="nor the hourly comparison"),
        pytest.param(slots(full=done(NOON + HOUR)), None, id="a night done before the clock went back is not repeated"),
        pytest.param(slots(full=done(NOON + 2 * DAY)), "full", id="a night in the far future was not done"),
    ],
)
def test_what_is_due(last: dict[Depth, Slot], expected: Depth | None) -> None:
    assert due(NOON, last, PLAN) == expected


def test_the_nightly_hour_is_that_of_the_group() -> None:
    assert due(NIGHTLY, {**slots(), "full": done(NIGHTLY - DAY)}, PLAN) == "full"
    assert due(NIGHTLY - SECOND, {**slots(), "full": done(NIGHTLY - DAY)}, PLAN) != "full"


@pytest.mark.parametrize(
    ("depths", "expected"), [((), None), ((None, "changes"), "changes"), (("keys", "full", "changes"), "full")]
)
def test_one_refresh_serves_the_deepest_wish(depths: tuple[str | None, ...], expected: Depth | None) -> None:
    assert deepest(*depths) == expected


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def a_scheduler(
    store: Store, clock: Callable[[], datetime], job: Job = lambda epoch, depth: "", holder: str = "a"
) -> Scheduler:
    return Scheduler(store, PLAN, job, holder, clock)


def tick(scheduler: Scheduler) -> Work | None:
    """Let a scheduler look, and run at once what it finds."""
    if work := scheduler.next_work():
        scheduler.run(work)
    return work


def depth(work: Work | None) -> Depth | None:
    return work.depth if work else None


def test_refreshes_follow_the_plan(store: Store, clock: Clock) -> None:
    scheduler = a_scheduler(store, clock)
    found = []
    for seconds in (0, 5, 15, 16, 30, 3600, 3601, 3616):
        clock.now = NOON + seconds * SECOND
        found.append(depth(tick(scheduler)))
    assert found == ["full", None, "changes", None, "changes", "keys", None, "changes"]


def test_only_one_of_two_leads_until_it_stops(store: Store, clock: Clock) -> None:
    first, second = (a_scheduler(store, clock, holder=holder) for holder in "ab")
    assert depth(tick(first)) == "full"
    clock.now += MINUTE / 4
    assert (depth(tick(first)), depth(tick(second))) == ("changes", None)
    assert first.epoch is not None and second.epoch is None
    first.stop()
    clock.now += MINUTE / 4
    assert depth(tick(second)) == "changes"


def test_a_dead_leader_is_replaced_within_the_lease(store: Store, clock: Clock) -> None:
    first, second = (a_scheduler(store, clock, holder=holder) for holder in "ab")
    tick(first)
    clock.now += LEASE - SECOND
    assert tick(second) is None
    clock.now += SECOND
    assert depth(tick(second)) == "changes"
    assert timedelta(seconds=30) >= LEASE
    assert tick(first) is None
    assert first.epoch is None


def test_a_leader_that_keeps_looking_keeps_the_lease(store: Store, clock: Clock) -> None:
    first, second = (a_scheduler(store, clock, holder=holder) for holder in "ab")
    for _ in range(120):
        tick(first)
        assert tick(second) is None
        clock.now += SECOND


def test_a_leader_keeps_the_lease_during_a_long_refresh(store: Store, clock: Clock) -> None:
    first, second = (a_scheduler(store, clock, holder=holder) for holder in "ab")
    running = first.next_work()
    for _ in range(60):
        clock.now += SECOND
        assert (first.next_work(), second.next_work()) == (None, None)
    assert running is not None
    first.run(running)
    clock.now += MINUTE / 4
    assert depth(tick(first)) == "changes"


def test_a_paused_leader_cannot_finish_what_it_began(store: Store, clock: Clock) -> None:
    def pause_then_write(epoch: int, depth: Depth) -> str:
        clock.now += MINUTE
        assert acquire(store, "b", LEASE, clock.now) == epoch + 1
        with store.writing() as connection:
            require_epoch(connection, epoch)
        raise AssertionError("the stale leader wrote")

    scheduler = a_scheduler(store, clock, pause_then_write)
    asked = ask_refresh(store, "changes", "ops", NOON)
    tick(scheduler)
    answered = request(store, asked)
    assert answered is not None
    assert StaleLeader.__name__ in str(answered.outcome)
    assert tick(scheduler) is None


def test_a_request_is_served_at_the_next_look_and_answered(store: Store, clock: Clock) -> None:
    scheduler = a_scheduler(store, clock, lambda epoch, depth: f"{depth} under {epoch}")
    tick(scheduler)
    clock.now += SECOND
    asked = [ask_refresh(store, depth, "ops", clock.now) for depth in ("changes", "full")]
    assert depth(tick(scheduler)) == "full"
    outcomes = [answered.outcome for id in asked if (answered := request(store, id))]
    assert outcomes == ["full under 1", "full under 1"]
    assert tick(scheduler) is None


def test_a_failed_refresh_is_answered_and_retried_at_its_time(store: Store, clock: Clock) -> None:
    def fail_when_full(epoch: int, depth: Depth) -> str:
        if depth == "full":
            raise OSError("the source is down")
        return "published"

    scheduler = a_scheduler(store, clock, fail_when_full)
    asked = ask_refresh(store, "changes", "ops", NOON)
    found = []
    for seconds in (0, 1, 15, 30, 599, 600):
        clock.now = NOON + seconds * SECOND
        found.append(depth(tick(scheduler)))
    assert found == ["full", "keys", None, "changes", "changes", "full"]
    answered = request(store, asked)
    assert answered is not None
    assert answered.outcome == "failed: OSError: the source is down"


def test_a_failure_whose_reason_is_known_leaves_one_line_in_the_log(
    store: Store, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(epoch: int, depth: Depth) -> str:
        raise RefreshFailed("The source crm cannot be read.")

    asked = ask_refresh(store, "changes", "ops", NOON)
    tick(a_scheduler(store, clock, fail))
    answered = request(store, asked)
    assert answered is not None and answered.outcome == "failed: The source crm cannot be read."
    assert [(one.message, one.exc_info) for one in caplog.records] == [
        ("The full refresh failed: The source crm cannot be read.", None)
    ]


def test_in_a_day_of_three_nodes_with_faults_each_night_and_hour_runs_once(store: Store, clock: Clock) -> None:
    ran: list[tuple[datetime, Depth]] = []

    def note(epoch: int, depth: Depth) -> str:
        ran.append((clock.now, depth))
        return "published"

    nodes = [a_scheduler(store, clock, note, holder) for holder in "abc"]
    for minutes in range(0, 24 * 60, 10):
        clock.now = NOON + minutes * MINUTE
        for number, node in enumerate(nodes):
            if (minutes // 60) % 3 != number:  # each node is paused every third hour
                tick(node)
    counted = Counter(depth for _, depth in ran)
    assert [at for at, depth in ran if depth == "full"] == [NOON, NIGHTLY + DAY]
    assert counted["keys"] == 22
    assert sum(counted.values()) == 24 * 6


def test_a_night_missed_while_everything_stood_still_is_caught_up_once(store: Store, clock: Clock) -> None:
    scheduler = a_scheduler(store, clock)
    tick(scheduler)
    clock.now += 3 * DAY
    found = []
    for _ in range(4):
        found.append(depth(tick(scheduler)))
        clock.now += MINUTE / 4
    assert found == ["full", "changes", "changes", "changes"]


def test_a_restarted_process_goes_on_where_the_dead_one_was(store_url: str, clock: Clock) -> None:
    with opened(store_url) as store:
        tick(a_scheduler(store, clock, holder="before"))
    clock.now += LEASE
    with opened(store_url) as store:
        assert depth(tick(a_scheduler(store, clock, holder="after"))) == "changes"


def test_a_started_scheduler_runs_by_itself_and_gives_the_lease_back(store: Store) -> None:
    ran = threading.Event()

    def note(epoch: int, depth: Depth) -> str:
        ran.set()
        return "published"

    scheduler = a_scheduler(store, lambda: datetime.now(UTC), note)
    scheduler.start()
    assert ran.wait(30)
    scheduler.stop()
    assert acquire(store, "b", LEASE, datetime.now(UTC)) == 2


def test_a_store_that_is_down_is_asked_again(store: Store, clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    scheduler = a_scheduler(store, clock)
    with store.writing() as connection:
        connection.execute(text("ALTER TABLE slots RENAME TO away"))
    for _ in range(3):
        scheduler._tick()
    assert len(caplog.records) == 1
    with store.writing() as connection:
        connection.execute(text("ALTER TABLE away RENAME TO slots"))
    assert depth(tick(scheduler)) == "full"
