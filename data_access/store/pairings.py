"""Pairing: an unknown browser shows a short code, and who may approves it, once, within ten minutes."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, func, insert, or_, select

from data_access.store.database import Store
from data_access.store.errors import StoreError
from data_access.store.screens import Given, Screen, add_screen
from data_access.store.tables import pairing_tries as tries
from data_access.store.tables import pairings, people
from data_access.store.tokens import new_token, token_hash

ALPHABET = "BCDFGHJKLMNPQRSTVWXZ"
"""No vowels, so that no code is a word, and no letter that looks like a digit."""
LENGTH = 8
LIFE = timedelta(minutes=10)
MOST_WRONG = 5
MOST_WAITING, MOST_FROM_ONE = 300, 30


class TooManyTries(StoreError):
    """Somebody has given too many wrong codes; for as long as a code lives, no code is good for them."""


@dataclass(frozen=True)
class Pairing:
    """A browser that waits: its code, and the address it asked from."""

    code: str
    address: str


def wait_for_pairing(store: Store, address: str, now: datetime) -> str | None:
    """The token of a browser that waits with a new code from now on; None while too many wait."""
    token = new_token()
    with store.writing() as connection:
        connection.execute(delete(pairings).where(pairings.c.expires_at <= now))
        if not _has_room(connection, address):
            return None
        code = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
        values = {"token_hash": token_hash(token), "code": code, "address": address, "expires_at": now + LIFE}
        connection.execute(insert(pairings).values(values))
    return token


def waiting(store: Store, token: str, now: datetime) -> Pairing | None:
    """What the browser with this token waits with; None when it does not wait (any more)."""
    query = select(pairings).where(pairings.c.token_hash == token_hash(token), pairings.c.expires_at > now)
    with store.reading() as connection:
        row = connection.execute(query).one_or_none()
    return Pairing(row.code, row.address) if row is not None else None


def waiting_with(store: Store, code: str, person_id: str, address: str, now: datetime) -> Pairing | None:
    """The browser that waits with a code, as a person asks from an address; None is a wrong try. TooManyTries after five of them."""
    with store.writing() as connection:
        row = _tried(connection, code, person_id, address, now)
    return Pairing(row.code, row.address) if row is not None else None


def approve(store: Store, code: str, given: Given, person_id: str, address: str, now: datetime) -> Screen | None:
    """The screen that the browser with this code becomes, once; None is a wrong try. TooManyTries after five of them."""
    with store.writing() as connection:
        row = _tried(connection, code, person_id, address, now)
        if row is None:
            return None
        taken = connection.execute(delete(pairings).where(pairings.c.token_hash == row.token_hash))
        if taken.rowcount == 0:
            return None
        return add_screen(connection, secrets.token_hex(8), given, row.address, row.token_hash, person_id, now)


def normal(code: str) -> str:
    """A code as it is kept, however it was typed."""
    return "".join(letter for letter in code.upper() if letter in ALPHABET)[: LENGTH + 1]


def _has_room(connection: Connection, address: str) -> bool:
    count = select(func.count()).select_from(pairings)
    from_one = connection.execute(count.where(pairings.c.address == address)).scalar_one()
    return from_one < MOST_FROM_ONE and connection.execute(count).scalar_one() < MOST_WAITING


def _tried(connection: Connection, code: str, person_id: str, address: str, now: datetime) -> Any:
    """The row with this code, or None after the wrong try was noted."""
    # One after another for each person, so that no try runs beside the count.
    connection.execute(select(people.c.id).where(people.c.id == person_id).with_for_update())
    connection.execute(delete(tries).where(tries.c.at <= now - LIFE))
    theirs = or_(tries.c.person_id == person_id, tries.c.address == address)
    if connection.execute(select(func.count()).select_from(tries).where(theirs)).scalar_one() >= MOST_WRONG:
        raise TooManyTries("Too many wrong codes. Wait ten minutes.")
    query = select(pairings).where(pairings.c.code == code, pairings.c.expires_at > now)
    row = connection.execute(query).one_or_none()
    if row is None:
        connection.execute(insert(tries).values(person_id=person_id, address=address, at=now))
    return row
