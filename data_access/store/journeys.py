"""Sign-ins under way at another site: each begun by one browser, ended by the same one, once, within ten minutes."""

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, func, insert, select

from data_access.store.database import Store
from data_access.store.tables import journeys
from data_access.store.tokens import new_token, token_hash

LIFE = timedelta(minutes=10)
MOST, MOST_FROM_ONE = 20_000, 500


@dataclass(frozen=True)
class Journey:
    """One sign-in under way: where it goes, what only we know of it, and the page that is wanted afterwards.

    `state` travels through the browser, letters and digits alone; it is known only while the journey begins.
    """

    way: str
    next_path: str
    language: str
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)
    state: str = field(default="", repr=False)


def begin_journey(
    store: Store, way: str, next_path: str, language: str, *, browser: str, address: str, now: datetime
) -> Journey | None:
    """A new sign-in by a way, which only the browser that holds this token can end; None while too many are under way."""
    # WeCom takes letters and digits only, so the state is hexadecimal.
    made = Journey(way, next_path, language, new_token(), new_token(), secrets.token_hex(32))
    values = {name: getattr(made, name) for name in ("way", "next_path", "language", "nonce", "verifier")}
    hashes = {"state_hash": token_hash(made.state), "browser_hash": token_hash(browser)}
    with store.writing() as connection:
        connection.execute(delete(journeys).where(journeys.c.expires_at <= now))
        if not _has_room(connection, address):
            return None
        connection.execute(insert(journeys).values(**values, **hashes, address=address, expires_at=now + LIFE))
    return made


def end_journey(store: Store, way: str, state: str, browser: str, now: datetime) -> Journey | None:
    """The journey that this browser began with this state, which is over by that; None for any other."""
    mine = (
        (journeys.c.state_hash == token_hash(state))
        & (journeys.c.browser_hash == token_hash(browser))
        & (journeys.c.way == way)
        & (journeys.c.expires_at > now)
    )
    with store.writing() as connection:
        row = connection.execute(delete(journeys).where(mine).returning(journeys)).one_or_none()
    return Journey(row.way, row.next_path, row.language, row.nonce, row.verifier) if row is not None else None


def _has_room(connection: Connection, address: str) -> bool:
    count = select(func.count()).select_from(journeys)
    from_one = connection.scalar(count.where(journeys.c.address == address)) or 0
    return from_one < MOST_FROM_ONE and (connection.scalar(count) or 0) < MOST
