"""Every number, recomputed slowly: facts, same-point sums, cohorts, states and lags."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any, Literal, NamedTuple

from .boards import (
    BoardRow,
    board_cost_per_lead,
    board_exposure,
    board_visit_conversion,
    competition_ranks,
    composite,
    referral_king,
    referrers,
    shrink,
    target_value,
)
from .facts import Fact, facts
from .parties import Event, Party, parties
from .world import When, World, at_or_after, day_of, moment

__all__ = [
    "BoardRow",
    "CohortStep",
    "Event",
    "Fact",
    "Lag",
    "Party",
    "StateRow",
    "World",
    "board_cost_per_lead",
    "board_exposure",
    "board_visit_conversion",
    "cohort",
    "competition_ranks",
    "composite",
    "facts",
    "lags",
    "measure",
    "median",
    "monday",
    "p90",
    "parties",
    "previous_cut",
    "referral_king",
    "referrers",
    "same_point",
    "shrink",
    "state",
    "target_value",
    "total",
]

Dimension = Literal["project", "channel", "staff", "day", "week", "month"]
Period = Literal["day", "week", "month", "quarter", "year"]
Window = Literal["default", "none"] | int
Key = tuple[Any, ...]
Value = int | Decimal


def monday(day: date) -> date:
    """The Monday of a day's week."""
    return day - timedelta(days=day.weekday())


_READ: Mapping[str, Callable[[Any], Any]] = {
    "project": lambda fact: fact.project,
    "channel": lambda fact: fact.channel,
    "staff": lambda fact: fact.staff,
    "day": lambda fact: fact.day,
    "week": lambda fact: monday(fact.day),
    "month": lambda fact: fact.day.strftime("%Y-%m"),
}


def total(
    every: Iterable[Fact],
    name: str,
    *,
    first: date,
    last: date,
    by: Sequence[Dimension] = (),
    where: Mapping[str, Any] | None = None,
) -> dict[Key, Value]:
    """The sum of a measure over the days [first, last], per group; groups with nothing are left out."""
    chosen = (fact for fact in every if fact.measure == name and first <= fact.day <= last)
    return _sums(chosen, by, where)


def measure(
    world: World,
    name: str,
    *,
    first: date,
    last: date,
    by: Sequence[Dimension] = (),
    where: Mapping[str, Any] | None = None,
) -> dict[Key, Value]:
    """As `total`, from the world itself."""
    return total(facts(world), name, first=first, last=last, by=by, where=where)


def _sums(chosen: Iterable[Fact], by: Sequence[Dimension], where: Mapping[str, Any] | None) -> dict[Key, Value]:
    sums: dict[Key, Value] = defaultdict(int)
    for fact in chosen:
        if all(_READ[name](fact) == wanted for name, wanted in (where or {}).items()):
            sums[tuple(_READ[name](fact) for name in by)] += fact.value
    return dict(sums)


def same_point(
    every: Iterable[Fact],
    name: str,
    *,
    first: date,
    cut_day: date,
    cut_time: time,
    by: Sequence[Dimension] = (),
    where: Mapping[str, Any] | None = None,
) -> dict[Key, Value]:
    """The sum over the whole days [first, cut_day) plus the cut day up to and including a time of day.

    Values known only to the day do not count on the cut day. Serves both sides of a comparison.
    """
    chosen = (
        fact
        for fact in every
        if fact.measure == name
        and first <= fact.day <= cut_day
        and (fact.day < cut_day or (not fact.day_only and fact.at.time() <= cut_time))
    )
    return _sums(chosen, by, where)


def previous_cut(today: date, period: Period) -> tuple[date, date]:
    """The first day of the previous period and its cut day.

    The cut day is the same weekday, or the same month of the period and day of the month, at most that month's last.
    """
    this = _start(today, period)
    before = _start(this - timedelta(days=1), period)
    if period in ("day", "week"):
        return before, before + (today - this)
    month = _first_of_month(before, today.month - this.month)
    return before, min(month + timedelta(days=today.day - 1), _first_of_month(month, 1) - timedelta(days=1))


def _first_of_month(day: date, later: int) -> date:
    years, month = divmod(day.month - 1 + later, 12)
    return date(day.year + years, month + 1, 1)


def _start(day: date, period: Period) -> date:
    match period:
        case "day":
            return day
        case "week":
            return monday(day)
        case "month":
            return day.replace(day=1)
        case "quarter":
            return date(day.year, day.month - (day.month - 1) % 3, 1)
        case _:
            return date(day.year, 1, 1)


@dataclass
class CohortStep:
    """What became of the leads of some days at one step.

    `reached`, `previous_reached` and `net` count parties of mature days within the window; `reached_ever`, `net_ever`,
    `reached_so_far`, `out_of_order` and `skipping` count parties of all days (`reached_so_far` within the window).
    `skipping` is the part of `out_of_order` without any event of some earlier step.
    """

    step: str
    leads: int = 0
    mature: int = 0
    reached: int = 0
    previous_reached: int = 0
    net: int = 0
    reached_ever: int = 0
    reached_so_far: int = 0
    net_ever: int = 0
    out_of_order: int = 0
    skipping: int = 0

    @property
    def rate(self) -> Fraction | None:
        """Reached within the window ÷ leads, over mature days; None without mature leads."""
        return Fraction(self.reached, self.mature) if self.mature else None

    @property
    def net_rate(self) -> Fraction | None:
        """Reached and not cancelled ÷ leads, over mature days; None without mature leads."""
        return Fraction(self.net, self.mature) if self.mature else None


@dataclass(frozen=True)
class _Walk:
    """One party's way along the chain under one choice of window."""

    step: str
    mature: bool
    in_window: bool
    previous_in_window: bool
    reached: bool
    net: bool
    out_of_order: bool
    skipping: bool


def cohort(
    world: World,
    first: date,
    last: date,
    window: Window = "default",
    by: Sequence[Dimension] = (),
    found: list[Party] | None = None,
) -> dict[Key, list[CohortStep]]:
    """Per group, each mapped step in order, for the leads created on the days [first, last]."""
    groups: dict[Key, list[CohortStep]] = {}
    for party in parties(world) if found is None else found:
        day = day_of(party.opened)
        if not party.has_lead or not first <= day <= last:
            continue
        at = Fact("", moment(party.opened), False, party.project, party.channel, party.staff, 1, party.id)
        key = tuple(_READ[name](at) for name in by)
        steps = groups.setdefault(key, [CohortStep(kind) for kind, _ in world.steps()])
        for step, walk in zip(steps, _walk(world, party, window), strict=True):
            _add(step, walk)
    return groups


def _walk(world: World, party: Party, window: Window) -> Iterator[_Walk]:
    lead_day = day_of(party.opened)
    previous: When | None = party.opened
    in_window, allowed, skipped = True, 0, False
    for kind, days in world.steps():
        allowed += days
        at, events, previous_in_window = party.chain[kind], party.events[kind], in_window
        match window:
            case "none":
                mature, in_window = True, at is not None
            case "default":
                mature = lead_day + timedelta(days=allowed) < world.as_of.date()
                in_window = in_window and _days(previous, at, days)
            case int(limit):
                mature = lead_day + timedelta(days=limit) < world.as_of.date()
                in_window = _days(party.opened, at, limit)
        out_of_order = bool(events) and at is None
        yield _Walk(
            kind, mature, in_window, previous_in_window, at is not None, _stands(party, kind, previous),
            out_of_order, out_of_order and skipped,
        )  # fmt: skip
        skipped = skipped or not events
        previous = at


def _days(start: When | None, end: When | None, limit: int) -> bool:
    """Whether both are there, and the end's calendar day is at most `limit` days after the start's."""
    return start is not None and end is not None and (day_of(end) - day_of(start)).days <= limit


def _stands(party: Party, kind: str, previous: When | None) -> bool:
    """Whether an event of the kind that was not cancelled stands at or after the previous step."""
    return previous is not None and any(
        event.cancelled_at is None and at_or_after(event.at, previous) for event in party.events[kind]
    )


def _add(step: CohortStep, walk: _Walk) -> None:
    step.leads += 1
    step.reached_ever += walk.reached
    step.net_ever += walk.reached and walk.net
    step.reached_so_far += walk.in_window
    step.out_of_order += walk.out_of_order
    step.skipping += walk.skipping
    if walk.mature:
        step.mature += 1
        step.reached += walk.in_window
        step.previous_reached += walk.previous_in_window
        step.net += walk.in_window and walk.net


@dataclass
class StateRow:
    """The stock of one project, channel, staff and current grade at as_of; times are None where nobody is meant."""

    active: int = 0
    valid_active: int = 0
    overdue: int = 0
    waiting: int = 0
    oldest_active: datetime | None = None
    oldest_waiting: datetime | None = None
    oldest_due: datetime | None = None


def state(
    world: World, found: list[Party] | None = None
) -> dict[tuple[str | None, str | None, str | None, str | None], StateRow]:
    """Active parties at as_of per (project, channel, staff, current grade); groups without one are left out."""
    rows: dict[tuple[str | None, str | None, str | None, str | None], StateRow] = defaultdict(StateRow)
    for party in parties(world) if found is None else found:
        if party.active:
            _count(rows[party.project, party.channel, party.staff, party.grade], party)
    return dict(rows)


def _count(row: StateRow, party: Party) -> None:
    created = moment(party.opened)
    row.active += 1
    row.valid_active += party.valid
    row.oldest_active = _earlier(row.oldest_active, created)
    if party.waiting:
        row.waiting += 1
        row.oldest_waiting = _earlier(row.oldest_waiting, created)
    if party.overdue:
        row.overdue += 1
        row.oldest_due = _earlier(row.oldest_due, party.due)


def _earlier(one: datetime | None, other: datetime | None) -> datetime | None:
    return min((when for when in (one, other) if when is not None), default=None)


class Lag(NamedTuple):
    """How long one party took for one step: minutes for first_response, else calendar days."""

    day: date
    project: str | None
    channel: str | None
    staff: str | None
    step: str
    lag: int


def lags(world: World, found: list[Party] | None = None) -> list[Lag]:
    """Every known lag of every party with a lead, under the day of its lead."""
    known = []
    for party in parties(world) if found is None else found:
        if party.has_lead:
            for step, lag in _lags(party):
                known.append(Lag(day_of(party.opened), party.project, party.channel, party.staff, step, lag))
    return known


def _lags(party: Party) -> Iterator[tuple[str, int]]:
    if party.response_minutes is not None:
        yield "first_response", party.response_minutes
    for kind, at in party.chain.items():
        if at is not None:
            yield kind, (day_of(at) - day_of(party.opened)).days
    for start, end in (("visit", "subscription"), ("subscription", "contract")):
        one, other = party.chain.get(start), party.chain.get(end)
        if one is not None and other is not None:
            yield f"{start}_to_{end}", (day_of(other) - day_of(one)).days


def median(values: Iterable[int]) -> Fraction | None:
    """The middle value, or the mean of the two middle values; None of nothing."""
    ordered = sorted(values)
    if not ordered:
        return None
    half = len(ordered) // 2
    return Fraction(ordered[half] if len(ordered) % 2 else ordered[half - 1] + ordered[half], 2 - len(ordered) % 2)


def p90(values: Iterable[int]) -> int | None:
    """The nearest-rank 90th percentile: the value at rank ⌈0.9 n⌉; None of nothing."""
    ordered = sorted(values)
    return ordered[(9 * len(ordered) + 9) // 10 - 1] if ordered else None
