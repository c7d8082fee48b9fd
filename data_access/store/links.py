"""Sign-in links: each opens one session, once, within a quarter of an hour."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert, select, update

from data_access.store.database import Store
from data_access.store.tables import links, people
from data_access.store.tokens import new_token, token_hash

LIFE = timedelta(minutes=15)
MESSAGE_LIFE = timedelta(hours=24)
"""A link in a message to one person: read within the day, not while somebody waits for it (decision 0008)."""


def make_link(store: Store, person_id: str, now: datetime) -> str:
    """The token of a new sign-in link for a person."""
    with store.writing() as connection:
        return make_link_with(connection, person_id, now)


def make_link_with(connection: Connection, person_id: str, now: datetime, life: timedelta = LIFE) -> str:
    """The token of a new sign-in link, made in the caller's transaction."""
    token = new_token()
    connection.execute(delete(links).where(links.c.expires_at <= now))
    values = {"token_hash": token_hash(token), "person_id": person_id, "expires_at": now + life}
    connection.execute(insert(links).values(values))
    return token


def use_link(store: Store, token: str, now: datetime) -> str | None:
    """Whom the link signs in, once; None when it is unknown, used, expired, or the person is disabled."""
    enabled = links.c.person_id.in_(select(people.c.id).where(people.c.enabled))
    usable = links.c.used_at.is_(None) & (links.c.expires_at > now) & enabled
    query = update(links).where(links.c.token_hash == token_hash(token), usable).values(used_at=now)
    with store.writing() as connection:
        return connection.execute(query.returning(links.c.person_id)).scalar_one_or_none()
