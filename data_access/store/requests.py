"""Refreshes that somebody asked for from the command line; the running refresher takes and answers them."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, insert, select, update

from data_access.store.database import Store
from data_access.store.slots import Depth
from data_access.store.tables import requests

KEPT = 1000


@dataclass(frozen=True)
class Request:
    """One refresh somebody asked for; `outcome` says in words what became of it, None while it waits."""

    id: int
    depth: Depth
    asked_by: str
    asked_at: datetime
    finished_at: datetime | None
    outcome: str | None


_COLUMNS = tuple(requests.c[name] for name in Request.__dataclass_fields__)


def ask_refresh(store: Store, depth: Depth, by: str, now: datetime) -> int:
    """Ask for a refresh and return the request's id."""
    oldest = select(requests.c.id).order_by(requests.c.id.desc()).limit(1).offset(KEPT).scalar_subquery()
    with store.writing() as connection:
        query = insert(requests).values(depth=depth, asked_by=by, asked_at=now).returning(requests.c.id)
        made: int = connection.execute(query).scalar_one()
        connection.execute(delete(requests).where(requests.c.id <= oldest))
    return made


def take_requests(store: Store, epoch: int) -> list[Request]:
    """The waiting requests, oldest first; each is taken once per epoch, so a dead leader's come again."""
    waiting = requests.c.finished_at.is_(None) & requests.c.taken_epoch.is_distinct_from(epoch)
    query = select(*_COLUMNS).where(waiting).order_by(requests.c.id)
    with store.reading() as connection:
        found = [Request(**row._mapping) for row in connection.execute(query)]
    if found:
        with store.writing() as connection:
            mine = requests.c.id.in_([one.id for one in found])
            connection.execute(update(requests).where(mine).values(taken_epoch=epoch))
    return found


def finish_request(store: Store, id: int, outcome: str, now: datetime) -> None:
    """Answer a request."""
    with store.writing() as connection:
        connection.execute(update(requests).where(requests.c.id == id).values(finished_at=now, outcome=outcome))


def request(store: Store, id: int) -> Request | None:
    """The request with this id, or None."""
    with store.reading() as connection:
        row = connection.execute(select(*_COLUMNS).where(requests.c.id == id)).one_or_none()
    return Request(**row._mapping) if row is not None else None
