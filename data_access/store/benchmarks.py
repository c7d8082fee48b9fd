"""The benchmark library as its keeper leaves it; every change is in the audit."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, insert, select, update

from data_access.store.audit import record_with
from data_access.store.database import Store
from data_access.store.tables import benchmarks as table
from metrics.benchmarks import Benchmark

_NAMES = tuple(Benchmark.__dataclass_fields__)
_STANDS = table.c.ended_at.is_(None)


@dataclass(frozen=True)
class KeptBenchmark:
    """An entry with its id, and whether it stands on the overview."""

    id: int
    benchmark: Benchmark
    on_cover: bool


def benchmarks(store: Store) -> list[KeptBenchmark]:
    """Every entry that was not taken off, the newest figure first."""
    with store.reading() as connection:
        return [
            _kept(row)
            for row in connection.execute(select(table).where(_STANDS).order_by(table.c.dated.desc(), table.c.id))
        ]


def cover(store: Store) -> Benchmark | None:
    """The entry that stands on the overview; None without one."""
    with store.reading() as connection:
        row = connection.execute(select(table).where(_STANDS, table.c.on_cover).order_by(table.c.id)).first()
    return _kept(row).benchmark if row is not None else None


def keep_benchmark(store: Store, one: Benchmark, by: str, now: datetime, id: int | None = None) -> bool:
    """Add an entry, or change the one with this id; False when there is none."""
    kept = {**asdict(one), "by": by, "changed_at": now}
    with store.writing() as connection:
        if id is None:
            made = connection.execute(insert(table).values({**kept, "on_cover": False})).inserted_primary_key
            record_with(connection, by, "benchmark_added", now, str(made[0] if made else ""))
            return True
        if connection.execute(update(table).where(table.c.id == id, _STANDS).values(kept)).rowcount == 0:
            return False
        record_with(connection, by, "benchmark_changed", now, str(id))
    return True


def end_benchmark(store: Store, id: int, by: str, now: datetime) -> bool:
    """Take an entry off the list; False when there is none."""
    with store.writing() as connection:
        changed = connection.execute(
            update(table).where(table.c.id == id, _STANDS).values(ended_at=now, on_cover=False)
        ).rowcount
        if changed == 0:
            return False
        record_with(connection, by, "benchmark_ended", now, str(id))
    return True


def put_on_cover(store: Store, id: int, by: str, now: datetime, *, shown: bool) -> bool:
    """Put an entry on the overview in place of any other, or take it away; False when there is none."""
    with store.writing() as connection:
        if connection.execute(select(table.c.id).where(table.c.id == id, _STANDS)).first() is None:
            return False
        connection.execute(update(table).values(on_cover=False))
        connection.execute(update(table).where(table.c.id == id).values(on_cover=shown))
        record_with(connection, by, "benchmark_covered", now, str(id), {"shown": shown})
    return True


def _kept(row: Row[Any]) -> KeptBenchmark:
    return KeptBenchmark(row.id, Benchmark(*(row._mapping[name] for name in _NAMES)), row.on_cover)
