"""The stock of customers at the end of each day: kept, never recomputed."""

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from sqlalchemy import delete, insert

from data_access.store.database import Store
from data_access.store.tables import state_days


class State(NamedTuple):
    """Customers of one project, channel, salesperson and grade ("" for none) on a day."""

    project: str
    channel: str
    staff: str
    grade: str
    active: int
    valid_active: int
    overdue: int
    waiting: int


def keep_state_day(store: Store, day: date, rows: Iterable[State]) -> None:
    """Keep these rows as the state of the day, in place of what was kept for it."""
    values = [{"day": day, **row._asdict()} for row in rows]
    with store.writing() as connection:
        connection.execute(delete(state_days).where(state_days.c.day == day))
        if values:
            connection.execute(insert(state_days), values)
