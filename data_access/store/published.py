"""What everybody sees: the pointer to the published snapshot, and the heartbeat beside it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, insert, select, update

from data_access.store.database import Store
from data_access.store.lease import require_epoch
from data_access.store.tables import heartbeat as heartbeats
from data_access.store.tables import published as pointers


@dataclass(frozen=True)
class Published:
    """The snapshot that is published: its sequence, version and manifest file."""

    sequence: int
    version: str
    manifest: str
    epoch: int
    published_at: datetime


@dataclass(frozen=True)
class Heartbeat:
    """The last refresh: the data's own time (group zone, None before the first success) and how it went."""

    as_of: datetime | None
    refreshed_at: datetime
    ok: bool
    error: str | None


def publish(store: Store, epoch: int, version: str, manifest: str, now: datetime) -> int:
    """Point everybody to a manifest and return its sequence; StaleLeader when `epoch` does not lead any more."""
    with store.writing() as connection:
        require_epoch(connection, epoch)
        sequence = (connection.scalar(select(pointers.c.sequence)) or 0) + 1
        values = {"sequence": sequence, "version": version, "manifest": manifest, "epoch": epoch, "published_at": now}
        _set_row(connection, pointers, values)
    return sequence


def beat(store: Store, epoch: int, as_of: datetime | None, now: datetime, error: str | None = None) -> None:
    """Note a refresh up to `as_of` (group zone, naive), or a failed one, which leaves as_of; StaleLeader like publish."""
    values = {"refreshed_at": now, "ok": error is None, "error": error}
    if as_of is not None:
        values["as_of"] = as_of
    with store.writing() as connection:
        require_epoch(connection, epoch)
        _set_row(connection, heartbeats, values)


def published(store: Store) -> Published | None:
    """The published snapshot, or None before the first."""
    return state(store)[0]


def heartbeat(store: Store) -> Heartbeat | None:
    """The last refresh, or None before the first."""
    return state(store)[1]


def state(store: Store) -> tuple[Published | None, Heartbeat | None]:
    """The published snapshot and the last refresh, read together."""
    with store.reading() as connection:
        pointer = _row(connection, pointers)
        last = _row(connection, heartbeats)
    return Published(**pointer) if pointer else None, Heartbeat(**last) if last else None


def _set_row(connection: Connection, table: Table, values: dict[str, Any]) -> None:
    # The lease row is locked, so nobody else writes between these two.
    if connection.execute(update(table).values(values)).rowcount == 0:
        connection.execute(insert(table).values(id=1, **values))


def _row(connection: Connection, table: Table) -> dict[str, Any] | None:
    row = connection.execute(select(table)).mappings().one_or_none()
    return {name: value for name, value in row.items() if name != "id"} if row else None
