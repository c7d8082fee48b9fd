"""Codes from an authenticator app (TOTP), and the sign-ins that still wait for one."""

import hmac
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pyotp
from sqlalchemy import delete, insert, select, update

from data_access.store.audit import record_with
from data_access.store.database import Store
from data_access.store.people import Person, end_access, person_of
from data_access.store.tables import codes, people, steps
from data_access.store.tokens import new_token, token_hash

ROLES = frozenset(("admin", "leader", "head"))
"""Whoever sees all of a project or of the group, or decides who does."""
ISSUER = "Warboard"
STEP_LIFE = timedelta(minutes=10)
_DRIFT = (-1, 0, 1)


@dataclass(frozen=True)
class Enrolment:
    """A new secret, as text and as the address to scan into the app; neither shows in a log."""

    secret: str = field(repr=False)
    address: str = field(repr=False)


def begin_step(store: Store, person_id: str, now: datetime) -> str:
    """The token of a sign-in whose password or link was right and whose code is still asked for."""
    token = new_token()
    with store.writing() as connection:
        connection.execute(delete(steps).where(steps.c.expires_at <= now))
        values = {"token_hash": token_hash(token), "person_id": person_id, "expires_at": now + STEP_LIFE}
        connection.execute(insert(steps).values(values))
    return token


def step(store: Store, token: str, now: datetime) -> Person | None:
    """Whose sign-in waits for a code; None when it is unknown or over, or the person is disabled."""
    waiting = (steps.c.token_hash == token_hash(token)) & (steps.c.expires_at > now) & people.c.enabled
    with store.reading() as connection:
        row = connection.execute(select(people).join(steps).where(waiting)).one_or_none()
    return person_of(row._mapping) if row is not None else None


def has_code(store: Store, person_id: str) -> bool:
    """Whether a person's app has given a right code once."""
    query = select(codes.c.person_id).where(codes.c.person_id == person_id, codes.c.confirmed)
    with store.reading() as connection:
        return connection.execute(query).first() is not None


def enrol(store: Store, person: Person) -> Enrolment:
    """A new secret for a person without one; it counts from the first right code and is never shown again."""
    secret = pyotp.random_base32()
    with store.writing() as connection:
        # One after another for each person: of two who scan at once, the last one's secret stands.
        connection.execute(select(people.c.id).where(people.c.id == person.id).with_for_update())
        connection.execute(delete(codes).where(codes.c.person_id == person.id, ~codes.c.confirmed))
        connection.execute(insert(codes).values(person_id=person.id, secret=secret, confirmed=False, last_step=0))
    return Enrolment(secret, pyotp.TOTP(secret).provisioning_uri(name=person.name, issuer_name=ISSUER))


def use_code(store: Store, person_id: str, code: str, now: datetime) -> bool:
    """Whether the code is right and newer than the last one used; it is used up by that."""
    with store.reading() as connection:
        secret = connection.scalar(select(codes.c.secret).where(codes.c.person_id == person_id))
    at = _step_of(secret, code, now) if secret else None
    if at is None:
        return False
    newer = (codes.c.person_id == person_id) & (codes.c.secret == secret) & (codes.c.last_step < at)
    with store.writing() as connection:
        used = connection.execute(update(codes).where(newer).values(last_step=at, confirmed=True)).rowcount == 1
        if used:
            connection.execute(delete(steps).where(steps.c.person_id == person_id))
    return used


def forget_code(store: Store, person_id: str, *, by: str, now: datetime) -> None:
    """Let a person scan anew at the next sign-in, for a lost phone; their sessions end."""
    with store.writing() as connection:
        connection.execute(delete(codes).where(codes.c.person_id == person_id))
        end_access(connection, person_id)
        record_with(connection, by, "code_forgotten", now, person_id)


def _step_of(secret: str, code: str, now: datetime) -> int | None:
    """The half minute the code belongs to, of the current one and its neighbours."""
    app, current = pyotp.TOTP(secret), int(now.timestamp()) // 30
    typed = code.replace(" ", "").encode()
    right = [
        current + drift for drift in _DRIFT if hmac.compare_digest(app.generate_otp(current + drift).encode(), typed)
    ]
    return max(right, default=None)
