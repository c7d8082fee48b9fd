"""Who may refresh: one row with an epoch that fences everybody who held it before."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update
from sqlalchemy.exc import IntegrityError

from data_access.store.database import Store
from data_access.store.errors import StaleLeader
from data_access.store.tables import lease

REFRESHING = "refresh"
SKEW = timedelta(minutes=10)
"""A lease that runs longer than this beyond a fresh one was stamped by a wrong clock and binds nobody."""


def acquire(store: Store, holder: str, ttl: timedelta, now: datetime, name: str = REFRESHING) -> int | None:
    """The epoch under which `holder` now leads, grown by every change of holder; None while another holds the lease."""
    with store.reading() as connection:
        row = connection.execute(select(lease).where(lease.c.name == name)).one_or_none()
    if row is not None and _is_taken(row, holder, ttl, now):
        return None
    with store.writing() as connection:
        row = _locked(connection, name, now)
        if _is_taken(row, holder, ttl, now):
            return None
        epoch: int = row.epoch if row.holder == holder else row.epoch + 1
        values = {"holder": holder, "epoch": epoch, "until": now + ttl}
        connection.execute(update(lease).where(lease.c.name == name).values(values))
    return epoch


def renew(store: Store, holder: str, epoch: int, ttl: timedelta, now: datetime, name: str = REFRESHING) -> bool:
    """Extend a lease that nobody else has taken, even a late one; False when it is lost."""
    return _change(store, holder, epoch, name, {"until": now + ttl})


def release(store: Store, holder: str, epoch: int, now: datetime, name: str = REFRESHING) -> bool:
    """Give the lease back, so that another may lead at once; False when it was lost before."""
    return _change(store, holder, epoch, name, {"holder": None, "until": now})


def require_epoch(connection: Connection, epoch: int, name: str = REFRESHING) -> None:
    """Lock the lease to the end of this transaction; StaleLeader when `epoch` does not lead any more."""
    query = select(lease).where(lease.c.name == name).with_for_update()
    row = connection.execute(query).one_or_none()
    if row is None or row.holder is None or row.epoch != epoch:
        now = f"epoch {row.epoch}" if row is not None else "nobody"
        raise StaleLeader(f"Epoch {epoch} of the lease {name!r} is over ({now} leads). Nothing was written.")


def _is_taken(row: Row[Any], holder: str, ttl: timedelta, now: datetime) -> bool:
    return row.holder not in (None, holder) and bool(now < row.until <= now + ttl + SKEW)


def _locked(connection: Connection, name: str, now: datetime) -> Row[Any]:
    query = select(lease).where(lease.c.name == name).with_for_update()
    row = connection.execute(query).one_or_none()
    if row is not None:
        return row
    try:
        with connection.begin_nested():
            connection.execute(insert(lease).values(name=name, holder=None, epoch=0, until=now))
    except IntegrityError:
        pass  # another process made the row at the same moment
    return connection.execute(query).one()


def _change(store: Store, holder: str, epoch: int, name: str, values: dict[str, Any]) -> bool:
    mine = (lease.c.name == name) & (lease.c.holder == holder) & (lease.c.epoch == epoch)
    with store.writing() as connection:
        return connection.execute(update(lease).where(mine).values(values)).rowcount == 1
