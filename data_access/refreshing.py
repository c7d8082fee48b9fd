"""Refreshing in a process of its own, so that pages wait neither for its work nor for its memory."""

import logging
import os
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime, timedelta

from sqlalchemy.exc import SQLAlchemyError

from data_access.alerting import looking
from data_access.boards import Publisher
from data_access.forecasting import Forecaster
from data_access.lead_scoring import LeadScorer
from data_access.record_checking import RecordChecks
from data_access.reports import Reporter
from data_access.rhythm import Rhythm, Step
from data_access.sending import Sender, kept_sending
from data_access.settings import Settings
from data_access.snapshots import Folder, Reader
from data_access.store import Store
from data_access.store.audit import forget_before
from data_access.store.outbox import forget_before as forget_messages
from data_access.workplace import Clock, Refreshing, scheduler
from metrics.pack import Pack

NICENESS = 5
"""A page goes before a refresh where both want the processor."""
LOOK_EVERY = 1.0
"""Seconds between two looks at the other process."""
_LOG = logging.getLogger(__name__)


More = Callable[[Settings, Pack, Store], Sequence[Step]]
"""Steps that need more than is known here, such as words."""


def _nothing_more(settings: Settings, pack: Pack, store: Store) -> Sequence[Step]:
    return ()


def refresh_by_plan(
    settings: Settings, pack: Pack, *, clock: Clock, parent: int | None = None, more: More = _nothing_more
) -> None:
    """Refresh whenever it is due and this process leads, until a signal to stop, or until `parent` is no longer its parent.

    Meanwhile what waits in the outbox is sent, in threads that no refresh waits for.
    """
    os.nice(NICENESS)
    store = Store.open(settings.store.url)
    refreshing = Refreshing(settings, pack, store, clock)
    reader = Reader(store, Folder(settings.snapshots.dir))
    following = (*steps(settings, pack, store, refreshing), *more(settings, pack, store))
    rhythm = Rhythm(refreshing.job, following, reader, clock)
    own = scheduler(settings, rhythm.job, store, clock)
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    own.start()
    forgotten: date | None = None
    with kept_sending(Sender(settings, store, clock), lambda: own.epoch):
        while not stopped.wait(LOOK_EVERY) and parent in (None, os.getppid()):
            if (today := clock().date()) != forgotten:
                forgotten = today
                forget_old(settings, store, clock())
    own.stop()
    refreshing.close()
    store.close()


def steps(settings: Settings, pack: Pack, store: Store, refreshing: Refreshing) -> tuple[Step, ...]:
    """What follows every refresh, in order."""
    checks = RecordChecks(settings, pack, store, lambda: refreshing.replica)
    publisher, reporter = Publisher(settings, pack, store), Reporter(settings, pack, store)
    forecaster = Forecaster(pack, store)
    scorer = LeadScorer(store, Folder(settings.snapshots.dir))
    boards = (publisher.step, reporter.step, publisher.freeze)
    return (checks, looking(settings, pack, store), *boards, scorer.step, forecaster.step, forecaster.look_back)


def forget_old(settings: Settings, store: Store, now: datetime) -> None:
    """Forget what the audit and the outbox need not keep any more; where the store cannot be written, tomorrow will do."""
    try:
        forget_messages(store, now - timedelta(days=settings.messages.keep_days))
        count = forget_before(store, now - timedelta(days=settings.security.audit_days))
    except SQLAlchemyError:
        _LOG.exception("What is too old could not be taken out of the audit")
        return
    if count:
        _LOG.info("%s entries older than %s days were taken out of the audit", count, settings.security.audit_days)


@contextmanager
def kept_running(words: Sequence[str], env: Mapping[str, str], again_after: float = 5.0) -> Iterator[None]:
    """Meanwhile another process runs these words; one that ends is started anew after so many seconds."""
    owner, stopped = os.getpid(), threading.Event()
    keeper = threading.Thread(target=_keep, args=(words, env, again_after, stopped), name="refresher", daemon=True)
    keeper.start()
    try:
        yield
    finally:
        # A process forked meanwhile, such as a web worker, leaves by this way too.
        if os.getpid() == owner:
            stopped.set()
            keeper.join()


def _keep(words: Sequence[str], env: Mapping[str, str], again_after: float, stopped: threading.Event) -> None:
    while not stopped.is_set():
        with subprocess.Popen(words, env=env) as other:
            while other.poll() is None and not stopped.wait(LOOK_EVERY):
                pass
            other.terminate()
        if not stopped.wait(again_after):
            _LOG.warning("%s has ended and is started anew.", " ".join(words))
