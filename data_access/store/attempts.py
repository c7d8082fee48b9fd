"""How often a password or a code may be tried: counted in the store, so that neither restarts nor more processes give more tries."""

import ipaddress
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, delete, func, insert, select, text

from data_access.store.database import Store
from data_access.store.errors import StoreError
from data_access.store.tables import attempts
from data_access.store.tokens import token_hash

WINDOW = timedelta(minutes=15)
PER_ACCOUNT, PER_SOURCE = 10, 50
_ADVISORY_KEY = 0x61_74_74_65_6D_70_74_73


class TooManyAttempts(StoreError):
    """No further try before `until`; nothing stays locked."""

    def __init__(self, until: datetime) -> None:
        super().__init__(f"Too many attempts. Try again after {until:%H:%M} UTC.")
        self.until = until


def attempt(store: Store, account: str, source: str, now: datetime) -> int:
    """The id of one more try, counted before it is made; TooManyAttempts when account or address have none left."""
    # Somebody may type a password where the name belongs, so the name is kept as a hash.
    account, source = token_hash(account), token_hash(network(source))
    with store.writing() as connection:
        _one_at_a_time(connection)
        connection.execute(delete(attempts).where(attempts.c.at <= now - WINDOW))
        until = [
            free
            for free in (
                _full_until(connection, attempts.c.account == account, PER_ACCOUNT),
                _full_until(connection, attempts.c.source == source, PER_SOURCE),
            )
            if free
        ]
        if until:
            raise TooManyAttempts(max(until))
        query = insert(attempts).values(account=account, source=source, at=now).returning(attempts.c.id)
        return int(connection.execute(query).scalar_one())


def forgive(store: Store, id: int) -> None:
    """Give a try back, because it was right: an office behind one address may all come in at nine."""
    with store.writing() as connection:
        connection.execute(delete(attempts).where(attempts.c.id == id))


def _full_until(connection: Connection, which: ColumnElement[bool], limit: int) -> datetime | None:
    """When the oldest of as many tries as there may be is forgotten, or None when one is left."""
    count, oldest = connection.execute(select(func.count(), func.min(attempts.c.at)).where(which)).one()
    return oldest + WINDOW if count >= limit else None


def _one_at_a_time(connection: Connection) -> None:
    # SQLite lets one transaction write at a time anyway.
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_KEY})


def network(source: str) -> str:
    """The address, or of an IPv6 address the network that one customer has to itself."""
    try:
        address = ipaddress.ip_address(source)
    except ValueError:
        return source
    return str(ipaddress.ip_network((address, 64), strict=False)) if address.version == 6 else source
