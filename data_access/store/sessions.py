"""Sessions: opaque, kept here, and ended at once by signing out or by disabling the person."""

from contextlib import suppress
from datetime import datetime, timedelta

from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import OperationalError

from data_access.store.database import Store
from data_access.store.people import Person, person_of
from data_access.store.tables import people, sessions
from data_access.store.tokens import new_token, token_hash

SEEN_EVERY = timedelta(minutes=1)


def open_session(store: Store, person_id: str, now: datetime, idle: timedelta, absolute: timedelta) -> str:
    """A new session's token; it ends after `idle` without a request, and `absolute` after now at the latest."""
    token = new_token()
    with store.writing() as connection:
        connection.execute(delete(sessions).where(sessions.c.ends_at <= now))
        connection.execute(
            insert(sessions).values(
                token_hash=token_hash(token),
                person_id=person_id,
                last_seen=now,
                idle_seconds=int(idle.total_seconds()),
                ends_at=now + absolute,
            )
        )
    return token


def session(store: Store, token: str, now: datetime) -> Person | None:
    """Whose session the token opens; None when it has ended or the person is disabled."""
    key = token_hash(token)
    query = select(sessions, people).join(people).where(sessions.c.token_hash == key, people.c.enabled)
    with store.reading() as connection:
        row = connection.execute(query).one_or_none()
    if row is None or now >= row.ends_at or now >= row.last_seen + timedelta(seconds=row.idle_seconds):
        return None
    if now - row.last_seen >= SEEN_EVERY:
        _seen(store, key, now)
    return person_of(row._mapping)


def close_session(store: Store, token: str) -> None:
    """End a session."""
    with store.writing() as connection:
        connection.execute(delete(sessions).where(sessions.c.token_hash == token_hash(token)))


def _seen(store: Store, key: str, now: datetime) -> None:
    # A full disk must not sign people out: the pages they read need no writing.
    with suppress(OperationalError), store.writing() as connection:
        connection.execute(update(sessions).where(sessions.c.token_hash == key).values(last_seen=now))
