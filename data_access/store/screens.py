"""Paired screens: each opens its scenes with a credential of its own, which is renewed while it is used and dies when it is copied."""

from contextlib import nullcontext, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Connection, delete, or_, select, update
from sqlalchemy.exc import OperationalError

from data_access.store.audit import PROGRAM, record_with
from data_access.store.database import Store
from data_access.store.errors import StoreError
from data_access.store.tables import screens as table
from data_access.store.tokens import new_token, token_hash

Place = Literal["canteen", "warroom"]
RENEW_AFTER = timedelta(days=7)
GRACE = timedelta(seconds=60)
SEEN_EVERY = timedelta(minutes=1)
FORGET_AFTER = timedelta(days=30)
"""Who did it, in the audit, where nobody did."""


@dataclass(frozen=True)
class Given:
    """What a person gives a screen: its name, its place, and the names of the scenes it may open."""

    name: str
    place: Place
    scenes: tuple[str, ...]


@dataclass(frozen=True)
class Told:
    """What a screen says of itself; empty where it says nothing, as without script."""

    build: str = ""
    size: str = ""
    picture_seconds: int | None = None


@dataclass(frozen=True)
class Screen:
    """A paired screen, the address it was paired from, and what was last heard of it.

    `ended_why` is "revoked" or "copied" once it opens nothing any more; `is_due` says that its credential is to be renewed.
    """

    id: str
    given: Given
    address: str
    paired_at: datetime
    seen_at: datetime | None
    told: Told
    ended_at: datetime | None
    ended_why: str | None
    is_due: bool = False


def screen(store: Store, token: str, now: datetime) -> Screen | None:
    """The screen whose credential this is, also one that has ended; None when it is nobody's.

    An old credential is good until the new one has been in use for the grace; later it is a copy, and the screen ends.
    """
    key = token_hash(token)
    with store.reading() as connection:
        row = connection.execute(_holding(key)).one_or_none()
    if row is not None and row.ended_at is None and _tells_something(row, key, now):
        # A full disk must not darken a wall; a copy must not be served either.
        with suppress(OperationalError) if key == row.token_hash else nullcontext():
            row = _noted(store, key, now)
    return replace(_screen(row), is_due=_is_due(row, key, now)) if row is not None else None


def renewed(store: Store, token: str, now: datetime) -> str | None:
    """The screen's next credential when it is due, or when the last one got lost on the way; None otherwise."""
    key, fresh = token_hash(token), new_token()
    with store.reading() as connection:
        row = connection.execute(_holding(key)).one_or_none()
    if row is None or not _is_due(row, key, now):
        return None
    unchanged = (table.c.id == row.id) & (table.c.token_hash == row.token_hash) & table.c.ended_at.is_(None)
    values = {"token_hash": token_hash(fresh), "previous_hash": key, "issued_at": now, "used_at": None}
    with suppress(OperationalError), store.writing() as connection:
        return fresh if connection.execute(update(table).where(unchanged).values(values)).rowcount else None
    return None


def saw(store: Store, known: Screen, told: Told | None, now: datetime) -> None:
    """Keep that a screen asked, and what it said of itself where it said something: once a minute at most, unless it says that
    it has another version or size."""
    is_new = told is not None and (told.build, told.size) != (known.told.build, known.told.size)
    if known.seen_at is not None and now - known.seen_at < SEEN_EVERY and not is_new:
        return
    said = vars(told) if told is not None else {}
    # A full disk must not darken a wall.
    with suppress(OperationalError), store.writing() as connection:
        connection.execute(update(table).where(table.c.id == known.id).values(seen_at=now, **said))


def screens(store: Store) -> list[Screen]:
    """Every screen by name, those that have ended last."""
    query = select(table).order_by(table.c.ended_at.is_not(None), table.c.name, table.c.id)
    with store.reading() as connection:
        return [_screen(row) for row in connection.execute(query)]


def change_screen(store: Store, id: str, given: Given, by: str, now: datetime) -> None:
    """Give a screen another name, place or scenes, from its next request on; StoreError when there is no such screen."""
    detail = {"place": given.place, "scenes": list(given.scenes)}
    _changed(store, id, by, "screen_changed", now, _columns(given), detail)


def revoke_screen(store: Store, id: str, by: str, now: datetime) -> None:
    """End a screen: it opens nothing from its next request on; StoreError when there is no such screen."""
    _changed(store, id, by, "screen_revoked", now, {"ended_at": now, "ended_why": "revoked"}, {})


def add_screen(connection: Connection, id: str, given: Given, address: str, key: str, by: str, now: datetime) -> Screen:
    """Add a screen to the caller's transaction; whoever waits with `key` gets its first credential at the next request."""
    connection.execute(delete(table).where(table.c.ended_at < now - FORGET_AFTER))
    values = _columns(given) | {"id": id, "address": address, "paired_at": now, "token_hash": key}
    values |= {"issued_at": now - RENEW_AFTER, "build": "", "size": ""}
    row = connection.execute(table.insert().values(values).returning(table)).one()
    detail = {"place": given.place, "scenes": list(given.scenes), "address": address}
    record_with(connection, by, "screen_paired", now, id, detail)
    return _screen(row)


def _holding(key: str) -> Any:
    return select(table).where(or_(table.c.token_hash == key, table.c.previous_hash == key))


def _tells_something(row: Any, key: str, now: datetime) -> bool:
    """Whether this use of a credential is news: the first of a new one, or of an old one after the grace."""
    if key == row.token_hash:
        return row.used_at is None
    return row.used_at is not None and now - row.used_at > GRACE


def _noted(store: Store, key: str, now: datetime) -> Any:
    """The row after the news was written down; another request may have been first."""
    with store.writing() as connection:
        row = connection.execute(_holding(key).with_for_update()).one_or_none()
        if row is None or row.ended_at is not None or not _tells_something(row, key, now):
            return row
        values: dict[str, Any] = {"used_at": now}
        if key != row.token_hash:
            values = {"ended_at": now, "ended_why": "copied"}
            record_with(connection, PROGRAM, "screen_copied", now, row.id)
        return connection.execute(update(table).where(table.c.id == row.id).values(values).returning(table)).one()


def _is_due(row: Any, key: str, now: datetime) -> bool:
    if key == row.token_hash:
        return bool(now - row.issued_at >= RENEW_AFTER)
    return row.used_at is None and now - row.issued_at > GRACE


def _changed(
    store: Store, id: str, by: str, action: str, now: datetime, values: dict[str, Any], detail: dict[str, Any]
) -> None:
    living = (table.c.id == id) & table.c.ended_at.is_(None)
    with store.writing() as connection:
        if connection.execute(update(table).where(living).values(values)).rowcount == 0:
            raise StoreError(f"There is no screen {id!r} in use. Look at /screens for those there are.")
        record_with(connection, by, action, now, id, detail)


def _columns(given: Given) -> dict[str, Any]:
    return {"name": given.name, "place": given.place, "scenes": list(given.scenes)}


def _screen(row: Any) -> Screen:
    told = Told(row.build, row.size, row.picture_seconds)
    given = Given(row.name, row.place, tuple(row.scenes))
    return Screen(row.id, given, row.address, row.paired_at, row.seen_at, told, row.ended_at, row.ended_why)
