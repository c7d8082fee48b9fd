"""One published state of the numbers: immutable marts and small lists, all of one refresh."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property

import pandas as pd

NOWHERE = ""
"""The id under which rows without a project, channel or salesperson stand (未归属)."""

MONEY_SCALE = 10_000
"""Marts hold money as whole ten-thousandths of a yuan, so that sums are exact."""


EVENT_KINDS = ("lead", "visit", "subscription", "contract")
"""What may happen to a customer, in order."""


@dataclass(frozen=True)
class Project:
    """A development being sold."""

    id: str
    name: str
    region: str | None = None
    city: str | None = None
    district: str | None = None
    opened_on: date | None = None
    head_id: str | None = None
    champion_id: str | None = None
    rollout_stage: str | None = None
    peer_group: str | None = None
    average_price: Decimal | None = None
    units_released: int | None = None


@dataclass(frozen=True)
class Channel:
    """Where customers come from; kind is public, private, offline, referral, distribution or None."""

    id: str
    name: str
    kind: str | None = None


@dataclass(frozen=True)
class Staff:
    """A salesperson."""

    id: str
    name: str
    project_id: str | None = None
    team: str | None = None


@dataclass(frozen=True)
class Referrer:
    """Somebody who brings customers; an owner keeps the surname only."""

    id: str
    name: str
    kind: str | None = None


@dataclass(frozen=True)
class Target:
    """A value for a metric, a project (None: the group) and a span of days, both ends included."""

    metric: str
    project: str | None
    starts_on: date
    ends_on: date
    value: Decimal


@dataclass(frozen=True)
class Milestone:
    """A planned task with planned and actual days; `parent_id` is what it is a part of, `depends_on` what it waits for."""

    id: str
    project: str | None
    name: str
    planned_start: date
    planned_end: date
    actual_end: date | None = None
    owner_id: str | None = None
    parent_id: str | None = None
    depends_on: str | None = None
    acceptance: str | None = None
    accepted_at: datetime | None = None


@dataclass(frozen=True)
class Budget:
    """Money a project may spend over a span of days, both ends included."""

    project: str
    starts_on: date
    ends_on: date
    amount: Decimal
    kind: str | None = None


@dataclass(frozen=True)
class Event:
    """One of the latest events, without its customer; `key` tells one contract from every other."""

    kind: str
    at: datetime
    project: str
    channel: str
    staff: str
    grade: str | None = None
    amount: Decimal | None = None
    key: str = ""


@dataclass(frozen=True)
class Frozen:
    """An entity whose last refresh failed: its numbers stand still since then."""

    entity: str
    since: datetime
    error: str


@dataclass(frozen=True)
class EntityCount:
    """Rows of one entity in this snapshot."""

    entity: str
    rows: int
    quarantined: int


@dataclass(frozen=True)
class Snapshot:
    """Everything pages, boards, alerts and the API may show.

    `marts` maps a mart's name to a frame sorted by its first column. Days are date ordinals (int32); project, channel, staff,
    grade, step and referrer are categories of source ids, NOWHERE for none; measures are whole numbers (money: MONEY_SCALE).
    `absent` maps a measure, a state or a dimension of demand
    ("leads.district") to what its source lacks, such as "visit" or "lead.valid". `windows` maps each step after the lead that
    the source can show, in order, to the days allowed since the step before (an unmapped step adds its own to the next).
    """

    version: str
    sequence: int
    as_of: datetime
    newest_event: datetime | None
    projects: Mapping[str, Project]
    channels: Mapping[str, Channel]
    staff: Mapping[str, Staff]
    referrers: Mapping[str, Referrer]
    marts: Mapping[str, pd.DataFrame]
    absent: Mapping[str, str]
    windows: Mapping[str, int]
    targets: tuple[Target, ...] = ()
    milestones: tuple[Milestone, ...] = ()
    budgets: tuple[Budget, ...] = ()
    recent: tuple[Event, ...] = ()
    frozen: tuple[Frozen, ...] = ()
    counts: tuple[EntityCount, ...] = ()
    party_files: tuple[str, ...] = field(default=(), repr=False)

    @property
    def steps(self) -> tuple[str, ...]:
        """The steps after the lead that the source can show, in order."""
        return tuple(self.windows)

    @cached_property
    def targets_of(self) -> Mapping[str, Mapping[str | None, Sequence[Target]]]:
        """The targets by metric and project."""
        found: dict[str, dict[str | None, list[Target]]] = {}
        for one in self.targets:
            found.setdefault(one.metric, {}).setdefault(one.project, []).append(one)
        return found

    def project_name(self, id: str) -> str | None:
        """A project's name; None for 未归属, the id itself for an unknown project."""
        return _name(self.projects, id)

    def channel_name(self, id: str) -> str | None:
        """A channel's name; None for 未归属, the id itself for an unknown channel."""
        return _name(self.channels, id)

    def staff_name(self, id: str) -> str | None:
        """A salesperson's name; None for 未归属, the id itself for an unknown one."""
        return _name(self.staff, id)


def _name(things: Mapping[str, Project] | Mapping[str, Channel] | Mapping[str, Staff], id: str) -> str | None:
    if id == NOWHERE:
        return None
    return things[id].name if id in things else id
