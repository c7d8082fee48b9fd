"""Passwords: kept as argon2id hashes; checking takes as long for a name nobody has as for a wrong password."""

import unicodedata
from datetime import datetime
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError
from sqlalchemy import delete, insert, select

from data_access.store.audit import record_with
from data_access.store.database import Store
from data_access.store.errors import StoreError
from data_access.store.people import Person, end_access, person_of
from data_access.store.tables import passwords, people
from data_access.store.tokens import new_token

LEAST, MOST = 12, 128
OWN_PART = 8
"""Characters a password must have beside the words that anybody would try first."""
PRODUCT = ("warboard", "营销作战室", "password", "密码")
COMMON = Path(__file__).parent / "common_passwords.txt"
# What OWASP advises for argon2id: enough for guessers, and ten sign-ins at once fit into a small server.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_NOBODY_S = _HASHER.hash(new_token())


class WeakPassword(StoreError):
    """A password that others would guess; `reason` is short, long, common or name."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


def set_password(store: Store, person: Person, password: str, *, by: str, now: datetime) -> None:
    """Give a person a password and end their sessions and links; WeakPassword."""
    refuse_weak(password, person.name)
    made = _HASHER.hash(_typed(password))
    with store.writing() as connection:
        connection.execute(delete(passwords).where(passwords.c.person_id == person.id))
        connection.execute(insert(passwords).values(person_id=person.id, hash=made, changed_at=now))
        end_access(connection, person.id)
        record_with(connection, by, "password_set", now, person.id)


def has_password(store: Store, person_id: str) -> bool:
    """Whether a person has a password; without one they come by links."""
    with store.reading() as connection:
        return connection.scalar(select(passwords.c.person_id).where(passwords.c.person_id == person_id)) is not None


def forget_password(store: Store, person_id: str, *, by: str, now: datetime) -> None:
    """Take a password away that its owner has forgotten, so that they set a new one after coming by a link."""
    with store.writing() as connection:
        if connection.execute(delete(passwords).where(passwords.c.person_id == person_id)).rowcount:
            record_with(connection, by, "password_forgotten", now, person_id)


def whose(store: Store, name: str, password: str) -> Person | None:
    """Who signs in with this name and password; None, after the same work, when nobody does or may."""
    query = select(people, passwords.c.hash).join(passwords).where(people.c.name == tidy(name), people.c.enabled)
    with store.reading() as connection:
        row = connection.execute(query).one_or_none()
    fits = _fits(row.hash if row is not None else _NOBODY_S, password)
    return person_of(row._mapping) if row is not None and fits else None


def refuse_weak(password: str, name: str) -> None:
    """Raise WeakPassword when a password is too short or long, is known to guessers, or is little but a name."""
    typed = _typed(password)
    if len(typed) < LEAST:
        raise WeakPassword("short", f"The password has {len(typed)} characters. Take {LEAST} or more.")
    if len(typed) > MOST:
        raise WeakPassword("long", f"The password has {len(typed)} characters. Take {MOST} or fewer.")
    if typed.casefold() in _common():
        raise WeakPassword("common", "This password is one of those that are tried first. Take another.")
    if len(_without_words(typed.casefold(), name)) < OWN_PART:
        raise WeakPassword("name", "This password is little but a name. Add words of your own.")


def tidy(name: str) -> str:
    """A name as it is kept: full-width letters as plain ones, single blanks, none around."""
    return " ".join(unicodedata.normalize("NFKC", name).split())


def _typed(password: str) -> str:
    return unicodedata.normalize("NFKC", password)


def _fits(hash: str, password: str) -> bool:
    try:
        # One character too many is enough to be wrong; more would only cost time.
        return _HASHER.verify(hash, _typed(password[: MOST * 4])[: MOST + 1])
    except VerifyMismatchError:
        return False


def _common() -> frozenset[str]:
    lines = COMMON.read_text(encoding="utf-8").splitlines()
    return frozenset(line for line in lines if line and not line.startswith("#"))


def _without_words(password: str, name: str) -> str:
    for word in (*PRODUCT, *tidy(name).casefold().split()):
        password = password.replace(word, "")
    return password
