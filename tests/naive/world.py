"""A small world of canonical rows, and how times that may be known only to the day compare."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from functools import cached_property
from typing import Any

from metrics.entities import ENTITIES

When = datetime | date
Row = dict[str, Any]

OVERDUE_DAYS = {"A": 1, "B": 3, "C": 7, "D": 15}

# The date on which a row happens; a row after as_of is not there yet. Targets and budgets are plans, not happenings.
HAPPENS = {
    "exposure": "at",
    "lead": "created_at",
    "visit": "at",
    "subscription": "at",
    "contract": "signed_at",
    "payment": "at",
    "referral": "at",
    "follow_up": "at",
    "spend": "day",
    "milestone": "planned_end",
    "sop_check": "due_at",
}

# Further dates on which something happens to a row; one after as_of has not happened yet.
LATER = {
    "lead": (
        "first_response_at",
        "last_follow_up_at",
        "lost_at",
        "reactivated_at",
        "first_visit_at",
        "subscribed_at",
        "signed_at",
    ),
    "subscription": ("cancelled_at",),
    "contract": ("cancelled_at",),
    "milestone": ("actual_end",),
    "sop_check": ("done_at",),
}

STEP_KINDS = ("visit", "subscription", "contract")
LEAD_DATES = {"visit": "first_visit_at", "subscription": "subscribed_at", "contract": "signed_at"}


@dataclass(frozen=True)
class World:
    """Canonical rows at one moment, with the settings they are counted by.

    Times are `datetime`, or `date` where only the day is known; money is Decimal; a missing key is NULL. `mapped` names
    the mapped columns of each mapped entity; without it an entity is mapped when it has a list of rows, with its
    required columns and the columns its rows name. `day_only` names the time columns that hold dates. Make a new world
    (`dataclasses.replace`) rather than change the rows of one.
    """

    as_of: datetime
    rows: Mapping[str, list[Row]]
    windows: tuple[int, int, int] = (30, 30, 15)
    re_entry_days: int = 180
    overdue_days: Mapping[str, int] = field(default_factory=lambda: dict(OVERDUE_DAYS))
    mapped: Mapping[str, set[str]] | None = None
    day_only: frozenset[tuple[str, str]] = frozenset()

    def columns(self, entity: str) -> set[str]:
        """The mapped columns of an entity; empty when the entity is unmapped."""
        return self._columns.get(entity, set())

    @cached_property
    def _columns(self) -> dict[str, set[str]]:
        if self.mapped is not None:
            return {entity: set(columns) for entity, columns in self.mapped.items()}
        return {entity: _required(entity).union(*(row.keys() for row in rows)) for entity, rows in self.rows.items()}

    def has(self, entity: str, column: str | None = None) -> bool:
        """Whether an entity, or one column of it, is mapped."""
        columns = self.columns(entity)
        return bool(columns) if column is None else column in columns

    def all_rows(self, entity: str) -> list[Row]:
        """Every row of an entity with its mapped columns only, whatever its date."""
        columns = self.columns(entity)
        if not columns:
            return []
        return [{name: value for name, value in row.items() if name in columns} for row in self.rows.get(entity, [])]

    def seen(self, entity: str) -> list[Row]:
        """The rows that have happened by as_of, in which what happens to them after as_of is still NULL."""
        happened = []
        for row in self.all_rows(entity):
            if not has_come(row.get(HAPPENS[entity]), self.as_of):
                continue
            for name in LATER.get(entity, ()):
                if not has_come(row.get(name), self.as_of):
                    row[name] = None
            happened.append(row)
        return happened

    def steps(self) -> list[tuple[str, int]]:
        """The mapped steps of the chain with their windows; an unmapped step adds its window to the next."""
        found, carried = [], 0
        for kind, window in zip(STEP_KINDS, self.windows, strict=True):
            carried += window
            if self.has(kind) or self.has("lead", LEAD_DATES[kind]):
                found.append((kind, carried))
                carried = 0
        return found


def _required(entity: str) -> set[str]:
    return {column.name for column in ENTITIES[entity].columns if column.required}


def is_day(when: When) -> bool:
    """Whether only the day is known."""
    return not isinstance(when, datetime)


def day_of(when: When) -> date:
    """The calendar day."""
    return when.date() if isinstance(when, datetime) else when


def moment(when: When) -> datetime:
    """The moment a value counts from: a day counts from its midnight."""
    return when if isinstance(when, datetime) else datetime.combine(when, time())


def has_come(when: When | None, as_of: datetime) -> bool:
    """Whether a value is there and not after as_of."""
    return when is not None and moment(when) <= as_of


def at_or_after(later: When, earlier: When) -> bool:
    """Whether two times are in order; equal is in order, and by day where either side is known only to the day."""
    if is_day(later) or is_day(earlier):
        return day_of(later) >= day_of(earlier)
    return moment(later) >= moment(earlier)
