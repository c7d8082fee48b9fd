"""The customers a number counted, read from the snapshot's parties: ids, dimensions and dates, never names or phones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from data_access.lead_scoring import AGE, FEATURES, IS_OPEN, values_of
from data_access.marts import IS_LOST
from data_access.parties import opened
from data_access.snapshots import Folder
from metrics.customers import Counted, Customer, is_there
from metrics.lead_score import Values as Known
from metrics.pack import Pack
from metrics.snapshot import Snapshot
from metrics.totals import Where

if TYPE_CHECKING:
    import duckdb

PAGE_ROWS = 50
Values = dict[str, Any]
_DIMENSIONS = ("project", "channel", "staff")
_COLUMNS = f"""party_id as id, coalesce(project, '') as project, coalesce(channel, '') as channel, coalesce(staff, '') as staff,
    has_lead, first_lead_id as first_lead, last_lead_id as lead, grade, coalesce(valid, true) as valid, created_at, contact_at,
    last_contact_at, lost_at, reactivated_at, first_visit_at, second_visit_at, subscribed_at, subscription_lost_at,
    contracted_at, contract_lost_at, {IS_LOST} as is_lost"""


@dataclass(frozen=True)
class Place:
    """Where a page of a list ends: the date and id of its last customer."""

    at: datetime
    id: str


@dataclass(frozen=True)
class Listed:
    """A page of the customers a number counted, newest first: how many there are in all, and where the next page begins after."""

    count: int
    customers: tuple[Customer, ...]
    next: Place | None = None


NOBODY = Listed(0, ())


def counted_customers(
    folder: Folder,
    snapshot: Snapshot,
    pack: Pack,
    counted: Counted,
    *,
    after: Place | None = None,
    limit: int = PAGE_ROWS,
) -> Listed:
    """A page of the customers behind a number; their count is the number. Nobody where the source cannot show them."""
    if not snapshot.party_files or not is_there(snapshot, pack, counted):
        return NOBODY
    at, where, values = _selected(pack, counted)
    beyond = f"and ({at} < $after_at or ({at} = $after_at and party_id < $after_id))" if after else ""
    place = {"after_at": after.at, "after_id": after.id} if after else {}
    page = f"select {at} as at, {_COLUMNS} from f_party where {where} {beyond} order by {at} desc, party_id desc limit $most"
    with opened(folder, snapshot) as connection:
        ((count,),) = connection.execute(f"select count(*) from f_party where {where}", values).fetchall()
        found = _customers(connection, page, {**values, **place, "most": limit + 1})
    shown = found[:limit]
    last = shown[-1] if len(found) > limit else None
    return Listed(count, tuple(shown), Place(last.at, last.id) if last and last.at else None)


def one_customer(folder: Folder, snapshot: Snapshot, id: str, where: Where) -> Customer | None:
    """A customer within a narrowing; None for one outside of it just as for one who does not exist."""
    if not snapshot.party_files:
        return None
    inside, values = _narrowed(where)
    query = f"select {_COLUMNS} from f_party where party_id = $id and {inside}"
    with opened(folder, snapshot) as connection:
        return next(iter(_customers(connection, query, {**values, "id": id})), None)


@dataclass(frozen=True)
class Open:
    """An open lead, what is known of it for its score, and its age in days."""

    customer: Customer
    known: Known
    age: int


def open_leads(folder: Folder, snapshot: Snapshot, where: Where, days: int) -> list[Open]:
    """The leads of a narrowing that are open and at most so many days old, the newest first."""
    if not snapshot.party_files:
        return []
    inside, values = _narrowed(where)
    query = f"""select {_COLUMNS}, {FEATURES}, {AGE} as age from f_party
        where {IS_OPEN} and {AGE} <= $days and {inside} order by created_at desc, party_id"""
    with opened(folder, snapshot) as connection:
        found = connection.execute(query, {**values, "days": days})
        names = [column[0] for column in found.description or ()]
        rows = [dict(zip(names, row, strict=True)) for row in found.fetchall()]
    own = frozenset(Customer.__dataclass_fields__)
    return [
        Open(Customer(**{name: row[name] for name in own & row.keys()}), values_of(snapshot, row), row["age"])
        for row in rows
    ]


def _selected(pack: Pack, counted: Counted) -> tuple[str, str, Values]:
    """The date customers are counted on, the condition that selects them, and the values bound in it."""
    at, condition = _condition(pack, counted)
    inside, values = _narrowed(counted.where)
    days = f"{at} <= as_of and {at}::date between $first and $last"
    graded = "coalesce(first_grade, '') = $grade" if counted.grade else "true"
    values |= {"first": counted.span.first, "last": counted.span.last}
    values |= {"grade": counted.grade} if counted.grade else {}
    return at, f"{days} and ({condition}) and {graded} and {inside}", values


def _condition(pack: Pack, counted: Counted) -> tuple[str, str]:
    """The pack's own date and condition of a measure, or those of a step by cohort; nothing of them comes from a browser."""
    if counted.basis == "cohort":
        return "created_at", "has_lead" if counted.step == "lead" else f"has_lead and {counted.step}_in"
    measure = pack.measures[counted.measure]
    return measure.at, measure.where or "true"


def _narrowed(where: Where) -> tuple[str, Values]:
    """The condition of a narrowing by ids, and the ids to bind."""
    wanted: Mapping[str, frozenset[str] | None] = {name: getattr(where, name) for name in _DIMENSIONS}
    values: Values = {name: sorted(ids) for name, ids in wanted.items() if ids is not None}
    return " and ".join(
        ["true", *(f"list_contains(${name}::varchar[], coalesce({name}, ''))" for name in values)]
    ), values


def _customers(connection: duckdb.DuckDBPyConnection, query: str, values: Values) -> list[Customer]:
    found = connection.execute(query, values)
    names = [column[0] for column in found.description or ()]
    return [Customer(**dict(zip(names, row, strict=True))) for row in found.fetchall()]
