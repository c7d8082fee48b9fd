"""The canonical entities: what a mapping returns, column by column."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Kind = Literal["text", "time", "day", "money", "whole", "number", "flag", "person", "grade"]


@dataclass(frozen=True)
class Column:
    """One canonical column: its name, what kind of value it holds, and whether a mapping must return it."""

    name: str
    kind: Kind
    required: bool = False


@dataclass(frozen=True)
class Entity:
    """A thing of the business; `key` is None where rows have no identity of their own, `at` is its main date."""

    name: str
    columns: tuple[Column, ...]
    at: str | None = None

    @property
    def column_names(self) -> tuple[str, ...]:
        """Every canonical column name, in order."""
        return tuple(column.name for column in self.columns)

    @property
    def key(self) -> str | None:
        """The identifying column, or None for an entity that may come without one."""
        return "id" if any(column.name == "id" and column.required for column in self.columns) else None

    def column(self, name: str) -> Column:
        """The column called `name`; KeyError when there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)


def _entity(name: str, at: str | None, columns: str) -> Entity:
    """Read `name:kind` words; kind defaults to text, a leading `!` marks a required column."""
    return Entity(name, tuple(_column(word) for word in columns.split()), at)


def _column(word: str) -> Column:
    name, _, kind = word.removeprefix("!").partition(":")
    return Column(name, kind or "text", required=word.startswith("!"))  # type: ignore[arg-type]


_ALL = (
    _entity(
        "project",
        None,
        "!id !name region city district opened_on:day closed_on:day head_id champion_id rollout_stage peer_group "
        "average_price:money units_released:whole lat:number lon:number updated_at:time",
    ),
    _entity("channel", None, "!id !name kind updated_at:time"),
    _entity(
        "staff",
        None,
        "!id !name project_id team role phone:person joined_on:day left_on:day certified_on:day updated_at:time",
    ),
    _entity("touchpoint", None, "!id !name kind project_id staff_id updated_at:time"),
    _entity(
        "exposure",
        "at",
        "!project_id channel_id staff_id touchpoint_id !at:time impressions:whole visitors:whole clicks:whole district "
        "segment id updated_at:time",
    ),
    _entity(
        "lead",
        "created_at",
        "!id !project_id channel_id staff_id touchpoint_id !created_at:time person:person grade:grade valid:flag "
        "first_response_at:time last_follow_up_at:time lost_at:time reactivated_at:time segment district price_band "
        "first_visit_at:time subscribed_at:time signed_at:time updated_at:time",
    ),
    _entity("visit", "at", "!id lead_id !project_id staff_id channel_id person:person !at:time updated_at:time"),
    _entity(
        "subscription",
        "at",
        "!id lead_id !project_id staff_id channel_id person:person !at:time amount:money units:whole due_on:day "
        "cancelled_at:time updated_at:time",
    ),
    _entity(
        "contract",
        "signed_at",
        "!id lead_id !project_id staff_id channel_id person:person !signed_at:time amount:money units:whole "
        "area:number cancelled_at:time commission_to commission_records:whole commission_amount:money updated_at:time",
    ),
    _entity("payment", "at", "!id contract_id !at:time !amount:money updated_at:time"),
    _entity(
        "referral",
        "at",
        "!id lead_id project_id !referrer_id referrer_name referrer_kind referrer_phone:person !at:time updated_at:time",
    ),
    _entity(
        "registration",
        "at",
        "!id lead_id !project_id channel_id broker_id person:person !at:time protected_until:time updated_at:time",
    ),
    _entity("assignment", "at", "!id !lead_id staff_id channel_id !at:time updated_at:time"),
    _entity("follow_up", "at", "!id !lead_id staff_id !at:time kind reached:flag updated_at:time"),
    _entity("spend", "day", "!project_id channel_id !day:day !amount:money id updated_at:time"),
    _entity("target", "starts_on", "!metric project_id !starts_on:day !ends_on:day !value:money updated_at:time"),
    _entity(
        "milestone",
        "planned_end",
        "!id project_id !name owner_id parent_id depends_on acceptance accepted_at:time !planned_start:day "
        "!planned_end:day actual_end:day progress:number updated_at:time",
    ),
    _entity("budget", "starts_on", "project_id !starts_on:day !ends_on:day !amount:money kind updated_at:time"),
    _entity("sop_check", "due_at", "!id project_id staff_id item !due_at:time done_at:time updated_at:time"),
    _entity("review", "at", "!id project_id lead_id !at:time !score:whole updated_at:time"),
)

ENTITIES: Mapping[str, Entity] = {entity.name: entity for entity in _ALL}

CONTACT = _entity("contact", None, "!id name phone")
"""Name and phone of a customer by the id of the lead."""
BROWSING = _entity("browsing", "at", "!lead_id !at:time page")
"""What a customer looked at, such as a flat's plan; shown on the customer's track."""
LIVE: Mapping[str, Entity] = {one.name: one for one in (CONTACT, BROWSING)}
"""Entities that are asked for one page of customers at a time, and never pulled into the replica."""

REFERENCES = {
    "lead_id": "lead",
    "project_id": "project",
    "channel_id": "channel",
    "staff_id": "staff",
    "touchpoint_id": "touchpoint",
    "contract_id": "contract",
}
"""The entity that each id column leads to."""
