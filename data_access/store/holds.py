"""Snapshots that the guards hold back until a human releases them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, insert, select, update

from data_access.store.database import Store
from data_access.store.tables import holds

SUPERSEDED = "superseded"
"""Stands for the person who released a hold that a different finding replaced."""


@dataclass(frozen=True)
class Hold:
    """What a guard found, and who let it pass when."""

    id: int
    made_at: datetime
    what: Mapping[str, Any]
    released_at: datetime | None
    released_by: str | None


def hold(store: Store, what: Mapping[str, Any], now: datetime) -> Hold:
    """The open hold for `what` (JSON values): the one there is when it says the same, else a new one in its place."""
    with store.writing() as connection:
        there = _first(connection, _open())
        if there is not None and there.what == what:
            return there
        _release(connection, SUPERSEDED, now)
        connection.execute(insert(holds).values(made_at=now, what=dict(what)))
        made = _first(connection, _open())
    assert made is not None
    return made


def open_hold(store: Store) -> Hold | None:
    """The hold that waits for a human, or None."""
    with store.reading() as connection:
        return _first(connection, _open())


def last_release(store: Store) -> Hold | None:
    """The hold that somebody released last, so that the same finding is not held again; None when there is none."""
    by_a_human = holds.c.released_by.is_not(None) & (holds.c.released_by != SUPERSEDED)
    with store.reading() as connection:
        return _first(connection, select(holds).where(by_a_human).order_by(holds.c.id.desc()))


def release(store: Store, by: str, now: datetime) -> Hold | None:
    """Release the open hold in somebody's name and return it as it stands now; None when nothing is held."""
    with store.writing() as connection:
        there = _first(connection, _open())
        _release(connection, by, now)
    return Hold(there.id, there.made_at, there.what, now, by) if there else None


def _open() -> Select[Any]:
    return select(holds).where(holds.c.released_at.is_(None)).order_by(holds.c.id.desc())


def _release(connection: Connection, by: str, now: datetime) -> None:
    values = {"released_at": now, "released_by": by}
    connection.execute(update(holds).where(holds.c.released_at.is_(None)).values(values))


def _first(connection: Connection, query: Select[Any]) -> Hold | None:
    row: Row[Any] | None = connection.execute(query.limit(1)).one_or_none()
    return Hold(**row._mapping) if row is not None else None
