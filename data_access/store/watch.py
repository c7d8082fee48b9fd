"""Watch entries and risks, as the analyst keeps them; every change is in the audit."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Table, insert, select, update

from data_access.store.audit import record_with
from data_access.store.database import Store
from data_access.store.tables import risks as risk_table
from data_access.store.tables import watch_entries
from metrics.risks import Risk, Watch


@dataclass(frozen=True)
class KeptWatch:
    """A watch entry with its id."""

    id: int
    watch: Watch


@dataclass(frozen=True)
class KeptRisk:
    """A risk with its id."""

    id: int
    risk: Risk


def watched(store: Store) -> list[KeptWatch]:
    """Every entry that has not ended, the next to be looked at first."""
    query = (
        select(watch_entries)
        .where(watch_entries.c.ended_at.is_(None))
        .order_by(watch_entries.c.review_on, watch_entries.c.id)
    )
    with store.reading() as connection:
        rows = connection.execute(query).all()
    names = tuple(Watch.__dataclass_fields__)
    return [KeptWatch(row.id, Watch(*(row._mapping[name] for name in names))) for row in rows]


def risks(store: Store) -> list[KeptRisk]:
    """Every risk, those that are closed last, then by score."""
    with store.reading() as connection:
        rows = connection.execute(select(risk_table).order_by(risk_table.c.id)).all()
    names = tuple(Risk.__dataclass_fields__)
    kept = [KeptRisk(row.id, Risk(*(row._mapping[name] for name in names))) for row in rows]
    return sorted(kept, key=lambda one: (one.risk.status == "closed", -one.risk.score, one.risk.review_on, one.id))


def keep_watch(store: Store, one: Watch, by: str, now: datetime, id: int | None = None) -> bool:
    """Add an entry, or change the one with this id; False when there is none."""
    return _keep(store, watch_entries, asdict(one), by, now, id, "watch")


def keep_risk(store: Store, one: Risk, by: str, now: datetime, id: int | None = None) -> bool:
    """Add a risk, or change the one with this id; False when there is none."""
    return _keep(store, risk_table, asdict(one), by, now, id, "risk")


def end_watch(store: Store, id: int, by: str, now: datetime) -> bool:
    """Take an entry off the list; False when there is none."""
    there = (watch_entries.c.id == id) & watch_entries.c.ended_at.is_(None)
    with store.writing() as connection:
        if connection.execute(update(watch_entries).where(there).values(ended_at=now)).rowcount == 0:
            return False
        record_with(connection, by, "watch_ended", now, str(id))
    return True


def _keep(
    store: Store, table: Table, values: dict[str, Any], by: str, now: datetime, id: int | None, what: str
) -> bool:
    kept = {**values, "by": by, "changed_at": now}
    with store.writing() as connection:
        if id is None:
            made = connection.execute(insert(table).values(kept)).inserted_primary_key
            record_with(connection, by, f"{what}_added", now, str(made[0] if made else ""))
            return True
        if connection.execute(update(table).where(table.c.id == id).values(kept)).rowcount == 0:
            return False
        record_with(connection, by, f"{what}_changed", now, str(id))
    return True
