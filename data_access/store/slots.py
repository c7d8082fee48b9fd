"""When each depth of refresh was last tried and last done, so that no slot runs twice on several nodes or is lost."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, insert, select, update

from data_access.store.database import Store
from data_access.store.lease import require_epoch
from data_access.store.tables import slots

Depth = Literal["changes", "keys", "full"]
DEPTHS: tuple[Depth, ...] = ("changes", "keys", "full")
"""From the quickest refresh to the most thorough; each does what those before it do."""


@dataclass(frozen=True)
class Slot:
    """The last attempt at one depth of refresh, and the last success."""

    tried_at: datetime | None
    done_at: datetime | None


def last_slots(store: Store) -> dict[Depth, Slot]:
    """The slot of every depth that was ever tried."""
    with store.reading() as connection:
        rows = connection.execute(select(slots)).all()
    return {row.depth: Slot(row.tried_at, row.done_at) for row in rows}


def try_slots(store: Store, epoch: int, depths: Iterable[Depth], now: datetime) -> None:
    """Note that the depths are being tried; StaleLeader when `epoch` does not lead any more."""
    with store.writing() as connection:
        require_epoch(connection, epoch)
        for depth in depths:
            _set(connection, depth, {"tried_at": now})


def finish_slots(store: Store, epoch: int, depths: Iterable[Depth], started: datetime) -> None:
    """Note that the depths succeeded, as of their start; StaleLeader when `epoch` does not lead any more."""
    with store.writing() as connection:
        require_epoch(connection, epoch)
        for depth in depths:
            _set(connection, depth, {"tried_at": started, "done_at": started})


def _set(connection: Connection, depth: Depth, values: dict[str, Any]) -> None:
    if connection.execute(update(slots).where(slots.c.depth == depth).values(values)).rowcount == 0:
        connection.execute(insert(slots).values(depth=depth, **values))
