"""Phones that somebody looked at: each one recorded before it is shown, and only so many in an hour."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, func, select

from data_access.store.audit import record_with
from data_access.store.database import Store
from data_access.store.tables import audit, audit_head

MOST_AN_HOUR = 30
REVEALED, REFUSED = "reveal", "reveal_refused"


def may_reveal(store: Store, actor: str, about: str, detail: Mapping[str, Any], now: datetime) -> bool:
    """Record that a person looks at one customer's phone, or was refused for having looked at too many; when this raises, show nothing."""
    with store.writing() as connection:
        # Whoever asks at the same time waits here, so that nobody's count is too low.
        connection.execute(select(audit_head).with_for_update()).one()
        allowed = _revealed(connection, actor, now - timedelta(hours=1)) < MOST_AN_HOUR
        record_with(connection, actor, REVEALED if allowed else REFUSED, now, about, detail)
    return allowed


def _revealed(connection: Connection, actor: str, since: datetime) -> int:
    wanted = (audit.c.actor == actor, audit.c.action == REVEALED, audit.c.at > since)
    return int(connection.execute(select(func.count()).select_from(audit).where(*wanted)).scalar_one())
