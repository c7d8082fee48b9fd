"""What the command line does with the data: one refresh, and the published snapshot."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.progress import Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from data_access.settings import Settings
from data_access.snapshots import Cache, Folder, SnapshotError, read
from data_access.store import Store
from data_access.store.holds import open_hold, release
from data_access.store.published import published
from data_access.store.requests import ask_refresh, request
from data_access.store.slots import Depth
from data_access.workplace import Clock, Refreshing, scheduler
from metrics.pack import Pack
from metrics.snapshot import Snapshot

FAILED = ("failed", "held", "partly")


def published_snapshot(settings: Settings) -> Snapshot:
    """The snapshot everybody sees; LookupError before the first refresh."""
    store = Store.open(settings.store.url)
    pointer = published(store)
    store.close()
    if pointer is None:
        raise LookupError("Nothing is published yet. Start with: python app.py refresh")
    try:
        return read(Folder(settings.snapshots.dir), pointer.manifest, pointer.sequence, Cache())
    except SnapshotError as error:
        raise LookupError(str(error)) from error


def refresh_once(settings: Settings, pack: Pack, *, depth: Depth, release_hold: bool, by: str, clock: Clock) -> int:
    """Refresh in the running server or, when none leads, here; prints what happened.

    1 when it failed, was held back, or an entity could not be read.
    """
    store = Store.open(settings.store.url)
    if release_hold:
        _release(store, by, clock)
    with _said_once():
        outcome = _outcome(settings, pack, store, ask_refresh(store, depth, by, clock()), clock)
    print(outcome)
    return int(outcome.startswith(FAILED))


@contextmanager
def _said_once() -> Iterator[None]:
    """Meanwhile a known failure, which is printed, is not logged too."""
    log = logging.getLogger("data_access.scheduler")
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        yield
    finally:
        log.setLevel(level)


def _release(store: Store, by: str, clock: Clock) -> None:
    held = open_hold(store)
    release(store, by, clock())
    print(f"Released: {dict(held.what)}" if held else "Nothing was held back.")


def _outcome(settings: Settings, pack: Pack, store: Store, id: int, clock: Clock) -> str:
    """Wait for the answer to a request; this process serves it itself when it gets the lease."""
    refreshing = Refreshing(settings, pack, store, clock)
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        TextColumn("{task.completed:,} rows"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, transient=True) as bars:
        tasks: dict[str, TaskID] = {}

        def show(entity: str, rows: int) -> None:
            if entity not in tasks:
                tasks[entity] = bars.add_task(entity, total=None)
            bars.update(tasks[entity], completed=rows)

        own = scheduler(settings, lambda epoch, depth: refreshing.job(epoch, depth, show), store, clock)
        own.start()
        try:
            while (asked := request(store, id)) is not None and asked.outcome is None:
                time.sleep(0.2)
        finally:
            own.stop()
            refreshing.close()
    return asked.outcome if asked and asked.outcome else "failed: the request was lost"
