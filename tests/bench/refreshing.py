"""How long a refresh of a million leads takes, against merely reading the same rows."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
from sqlalchemy import create_engine, text

from data_access.packs import read_pack
from data_access.refresh import Refreshed
from data_access.settings import Settings
from data_access.store import Store
from data_access.store.lease import acquire
from data_access.workplace import Refreshing, holder
from tests.bench.world import BigWorld

CHANGED = 1000


@dataclass(frozen=True)
class Timing:
    """One line of the table."""

    what: str
    seconds: float
    rows: int
    megabytes: int = 0


def now() -> datetime:
    """The clock of the benchmark."""
    return datetime.now(UTC)


@contextmanager
def timed(found: list[Timing], what: str, rows: Callable[[], int]) -> Iterator[None]:
    """Note how long the inside took."""
    began = time.perf_counter()
    yield
    seconds = time.perf_counter() - began
    found.append(Timing(what, seconds, rows(), psutil.Process().memory_info().rss // 2**20))


def mere_reading(settings: Settings) -> int:
    """Read every row of every mapping through the same driver and forget it; how many there were."""
    engine, rows = create_engine(settings.source.url), 0
    with engine.connect().execution_options(stream_results=True, yield_per=20_000) as connection:
        for mapping in settings.entities.values():
            listed = ", ".join(f"{source} as {name}" for name, source in mapping.columns.items())
            query = mapping.query or f"select {listed} from {mapping.table}"
            for batch in connection.execute(text(query)).partitions():
                rows += len(batch)
    return rows


def refreshes(world: BigWorld, folder: Path) -> tuple[list[Timing], Settings]:
    """Merely reading, the first full refresh, one without a change, one after a thousand changes, the nightly one."""
    settings = Settings.read(world.settings, {}, folder=folder)
    store = Store.open(settings.store.url)
    refreshing = Refreshing(settings, read_pack(settings.pack), store, now)
    epoch = acquire(store, holder(), timedelta(hours=1), now())
    assert epoch is not None
    found: list[Timing] = []
    last: list[Refreshed] = []

    def run(depth: str) -> None:
        last.append(refreshing.run(epoch, depth))  # type: ignore[arg-type]
        assert last[-1].outcome in ("published", "unchanged"), last[-1]

    def rows_read() -> int:
        report = last[-1].report
        return sum(one.rows_read for one in report.entities) if report else 0

    read = [0]
    with timed(found, "merely reading all rows", lambda: read[0]):
        read[0] = mere_reading(settings)
    with timed(found, "first full refresh", rows_read):
        run("full")
    with timed(found, "refresh without a change", rows_read):
        run("changes")
    world.change(CHANGED)
    with timed(found, f"refresh after {CHANGED:,} changed rows", rows_read):
        run("changes")
    assert last[-1].report and last[-1].report.entity("lead").updated == CHANGED
    with timed(found, "comparison of keys", rows_read):
        run("keys")
    refreshing.close()
    return found, settings
