"""Comparisons of what the product shows with the naive recomputation; each raises on the first differences."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from random import Random
from typing import Any
from unittest.mock import patch

import pandas as pd
import pytest

from data_access.customers import counted_customers
from data_access.parties import answered, computed_frames
from metrics import boards, funnel, heat, overview, periods
from metrics.customers import Counted as CustomersOf
from metrics.customers import Customer, counts_parties, next_step
from metrics.pack import LAGS, STEPS_AFTER_LEAD, Metric, Pack
from metrics.periods import Span
from metrics.query import NoMart, Query, QueryError, Row, answer, known_by_staff
from metrics.reading import Reading
from metrics.snapshot import MONEY_SCALE
from metrics.targets import target_value
from metrics.totals import Frames, Where, span_sums
from tests.equivalence.product import Counted
from tests.naive import counting
from tests.naive.boards import _target_share
from tests.naive.counting import Fact, Party
from tests.naive.world import moment

EVER = (date(2000, 1, 1), date(2035, 1, 1))
PLACES = ("project", "channel", "staff")
TIMES = ("day", "week", "month")
Key = tuple[Any, ...]

# What each metric is made of, written here once more: numerator and denominator as measures with their signs.
RATIOS: Mapping[str, tuple[Mapping[str, int], Mapping[str, int]]] = {
    "cost_per_lead": ({"spend": 1}, {"valid_leads": 1}),
    "cost_per_contract": ({"spend": 1}, {"contracts": 1}),
    "cancelled_share": (
        {"subscription_cancellations": 1, "contract_cancellations": 1},
        {"subscriptions": 1, "contracts": 1},
    ),
    "visit_rate": ({"first_visits": 1}, {"leads": 1}),
    "lead_to_contract": ({"contracted_parties": 1, "contract_parties_lost": -1}, {"leads": 1}),
    "visit_to_subscription": ({"subscribed_parties": 1}, {"first_visits": 1}),
    "subscription_to_contract": ({"contracted_parties": 1}, {"subscribed_parties": 1}),
    "visit_to_contract": ({"contracted_parties": 1, "contract_parties_lost": -1}, {"first_visits": 1}),
    "revisit_rate": ({"revisited_parties": 1}, {"first_visits": 1}),
    "valid_share": ({"valid_leads": 1}, {"leads": 1}),
    "quality_share": ({"grade_a_leads": 1, "grade_b_leads": 1}, {"graded_leads": 1}),
    "answered_in_30m_share": ({"answered_in_30m": 1}, {"answerable_a_leads": 1}),
    "referral_share": ({"referrals": 1}, {"leads": 1}),
    "average_contract": (
        {"contract_amount": 1, "contract_cancelled_amount": -1},
        {"contracts": 1, "contract_cancellations": -1},
    ),
    "sop_rate": ({"sop_done": 1}, {"sop_due": 1}),
    "milestone_late_share": ({"milestones_late": 1}, {"milestones_due": 1}),
    "milestone_on_time_share": ({"milestones_due": 1, "milestones_late": -1}, {"milestones_due": 1}),
}
COSTS = ("cost_per_lead", "cost_per_contract")
"""What is missing while no spend is entered."""
NET: Mapping[str, Mapping[str, int]] = {
    "net_subscriptions": {"subscriptions": 1, "subscription_cancellations": -1},
    "net_contracted_parties": {"contracted_parties": 1, "contract_parties_lost": -1},
    "net_contracts": {"contracts": 1, "contract_cancellations": -1},
    "net_contract_amount": {"contract_amount": 1, "contract_cancelled_amount": -1},
}
COHORT_OF: Mapping[str, tuple[str, str]] = {
    "visit_rate": ("visit", "lead"),
    "lead_to_contract": ("contract", "lead"),
    "visit_to_subscription": ("subscription", "visit"),
    "subscription_to_contract": ("contract", "subscription"),
}
STATE_METRICS = {
    "active_leads": "active",
    "valid_stock": "valid_active",
    "overdue_leads": "overdue",
    "waiting_leads": "waiting",
}


def same(product: Mapping[Any, Any], naive: Mapping[Any, Any], what: str) -> None:
    """Fail with the first differences; a missing key stands for nothing (0)."""
    keys = sorted(product.keys() | naive.keys(), key=repr)
    unlike = [key for key in keys if product.get(key, 0) != naive.get(key, 0)]
    shown = "\n".join(f"  {key}: product {product.get(key, 0)!r}, naive {naive.get(key, 0)!r}" for key in unlike[:8])
    assert not unlike, f"{what}: {len(unlike)} of {len(keys)} differ\n{shown}"


def text(id: str | None) -> str:
    """An id as marts hold it."""
    return "" if id is None else id


def whole(value: int | Decimal, is_money: bool) -> int:
    """A naive sum as marts hold it."""
    scaled = Fraction(value) * (MONEY_SCALE if is_money else 1)
    assert scaled.denominator == 1
    return int(scaled)


def stored_measures(counted: Counted, *, hourly: bool = False) -> dict[str, bool]:
    """The stored measures that the source can give, and whether they are money."""
    return {
        m.name: m.is_money
        for m in counted.pack.additive
        if m.name not in counted.snapshot.absent and (m.hourly or not hourly)
    }


def mart_sums(counted: Counted, mart: str, keys: Sequence[str], measures: Iterable[str]) -> dict[Key, int]:
    """Every number of a mart that is not 0 by measure and key, days as dates."""
    frame = counted.snapshot.marts[mart]
    found: dict[Key, int] = {}
    columns = [_plain(frame[name]) for name in keys]
    for name in measures:
        for key, value in zip(zip(*columns, strict=True), frame[name].tolist(), strict=True):
            assert (name, *key) not in found, f"{mart} holds {key} twice"
            if value:
                found[name, *key] = value
    return found


def _plain(column: "pd.Series[Any]") -> list[Any]:
    if column.name in ("day", "month"):
        return [date.fromordinal(day) for day in column.tolist()]
    return [value.to_pydatetime() if isinstance(value, pd.Timestamp) else value for value in column.tolist()]


def fact_sums(facts: Iterable[Fact], measures: Mapping[str, bool], key: Callable[[Fact], Key | None]) -> dict[Key, int]:
    """The naive facts of these measures by measure and key; a key of None leaves a fact out."""
    sums: dict[Key, int] = defaultdict(int)
    for fact in facts:
        if fact.measure in measures and (found := key(fact)) is not None:
            sums[fact.measure, *found] += whole(fact.value, measures[fact.measure])
    return {found: value for found, value in sums.items() if value}


# ------------------------------------------------------------------------------------------------------- additive marts


def daily(counted: Counted) -> None:
    """Every stored measure by day, project and channel, and by day, project and staff."""
    measures = stored_measures(counted)
    for mart, last in (("daily", "channel"), ("staff", "staff")):
        naive = fact_sums(
            counted.facts,
            measures,
            lambda f, last=last: (f.day, text(f.project), text(getattr(f, last))),  # type: ignore[misc]
        )
        same(mart_sums(counted, mart, ("day", "project", last), measures), naive, mart)


def edge(counted: Counted) -> None:
    """Every stored measure of each cut day up to as_of's time of day."""
    measures, as_of = stored_measures(counted), counted.snapshot.as_of
    cuts = {as_of.date()} | {
        counting.previous_cut(as_of.date(), grain)[1] for grain in ("day", "week", "month", "quarter", "year")
    }
    naive = fact_sums(
        counted.facts,
        measures,
        lambda f: (
            (f.day, text(f.project), text(f.channel), text(f.staff))
            if f.day in cuts and not f.day_only and f.at.time() <= as_of.time()
            else None
        ),
    )
    same(mart_sums(counted, "edge", ("day", *PLACES), measures), naive, "edge")


def hourly(counted: Counted) -> None:
    """Timed values of the 35 days up to the newest lead or event, by hour and first grade."""
    measures, grades = stored_measures(counted, hourly=True), _grades(counted.parties)
    newest = max(
        [moment(p.opened) for p in counted.parties]
        + [moment(e.at) for p in counted.parties for events in p.events.values() for e in events],
        default=datetime(1, 1, 1),
    )
    naive = fact_sums(
        counted.facts,
        measures,
        lambda f: (
            (f.day, f.at.hour, text(f.project), text(f.channel), text(grades.get((f.measure, f.source_id))))
            if not f.day_only and newest.date() - f.day < timedelta(days=35)
            else None
        ),
    )
    same(mart_sums(counted, "hourly", ("day", "hour", "project", "channel", "grade"), measures), naive, "hourly")


def _grades(parties: Iterable[Party]) -> dict[tuple[str, str | None], str | None]:
    """The first grade under which each fact of a party or of its rows stands."""
    found: dict[tuple[str, str | None], str | None] = {}
    for party in parties:
        for measure in ("leads", "valid_leads", "graded_leads", "grade_a_leads", "grade_b_leads", "first_visits"):
            found[measure, party.id] = party.first_grade
        for kind, events in party.events.items():
            for event in events:
                found[f"{kind}s", event.id] = party.first_grade
    return found


def clock(counted: Counted) -> None:
    """Timed values of all history by month, weekday and hour."""
    measures = stored_measures(counted, hourly=True)
    naive = fact_sums(
        counted.facts,
        measures,
        lambda f: (
            None
            if f.day_only
            else (f.day.replace(day=1), f.day.isoweekday(), f.at.hour, text(f.project), text(f.channel))
        ),
    )
    same(mart_sums(counted, "clock", ("month", "weekday", "hour", "project", "channel"), measures), naive, "clock")


def absent(counted: Counted) -> None:
    """What the snapshot calls absent, the source really lacks."""
    for measure, lacks in counted.snapshot.absent.items():
        entity, _, column = lacks.partition(".")
        assert not counted.world.has(entity, column or None), f"{measure} is called absent for want of {lacks}"


# ------------------------------------------------------------------------------------------- cohorts, lags, states, lists


def cohorts(counted: Counted) -> None:
    """What became of the leads of each day, by project and channel and by project and staff, in window and ever."""
    steps = counted.snapshot.steps
    assert [(step, counted.snapshot.windows[step]) for step in steps] == counted.world.steps()
    for mart, last in (("cohort", "channel"), ("cohort_staff", "staff")):
        naive: dict[Key, int] = {}
        groups = counting.cohort(counted.world, *EVER, by=("day", "project", last), found=counted.parties)
        for (day, project, other), found in groups.items():
            key = (day, text(project), text(other))
            naive["leads", *key] = found[0].leads if found else _leads(counted, day, project, last, other)
            for step in found:
                naive[f"{step.step}_in", *key] = step.reached_so_far
                naive[f"{step.step}_ever", *key] = step.reached_ever
                naive[f"{step.step}_net_ever", *key] = step.net_ever
                naive[f"{step.step}_astray", *key] = step.out_of_order
        columns = ["leads", *(f"{step}_{what}" for step in steps for what in ("in", "ever", "net_ever", "astray"))]
        same(mart_sums(counted, mart, ("day", "project", last), columns), naive, mart)


def _leads(counted: Counted, day: date, project: str | None, name: str, other: str | None) -> int:
    return sum(
        f.value == 1 and (f.day, f.project, getattr(f, name)) == (day, project, other)
        for f in counted.facts
        if f.measure == "leads"
    )


def lag_unit(step: str, lag: int) -> int:
    """A lag as the mart holds it: responses in minutes up to a day, then in whole hours."""
    return lag // 60 * 60 if step == "first_response" and lag > 1440 else lag


def lags(counted: Counted) -> None:
    """Every lag of every party under the day of its lead."""
    frame = counted.snapshot.marts["lags"]
    keys = ("day", *PLACES, "step", "lag")
    product = dict(
        zip(zip(*(_plain(frame[name]) for name in keys), strict=True), frame["parties"].tolist(), strict=True)
    )
    naive = Counter(
        (one.day, text(one.project), text(one.channel), text(one.staff), one.step, lag_unit(one.step, one.lag))
        for one in counting.lags(counted.world, counted.parties)
    )
    assert len(product) == len(frame)
    same(product, naive, "lags")


def state(counted: Counted) -> None:
    """The stock at as_of by project, channel, staff and grade, and since when the oldest has waited."""
    frame = counted.snapshot.marts["state"]
    keys = list(zip(*(_plain(frame[name]) for name in (*PLACES, "grade")), strict=True))
    names = ("active", "valid_active", "overdue", "waiting", "oldest_overdue", "oldest_waiting")
    columns = {name: _plain(frame[name]) for name in names}
    product = {
        (name, *key): value
        for name in names
        for key, value in zip(keys, columns[name], strict=True)
        if not _nothing(value)
    }
    naive: dict[Key, Any] = {}
    for key, row in counting.state(counted.world, counted.parties).items():
        values = (row.active, row.valid_active, row.overdue, row.waiting, row.oldest_due, row.oldest_waiting)
        named = zip(names, values, strict=True)
        naive |= {(name, *map(text, key)): value for name, value in named if not _nothing(value)}
    same(product, naive, "state")


def _nothing(value: Any) -> bool:
    return bool(value is None or value is pd.NaT or value == 0)


def referrers(counted: Counted) -> None:
    """Referrals and referred contracts by day, project and referrer, and over a span."""
    measures = {name: False for name in ("referrals", "referred_contracts") if name not in counted.snapshot.absent}
    naive = fact_sums(counted.facts, measures, lambda f: (f.day, text(f.project), text(f.referrer)))
    frame = counted.snapshot.marts["referrers"]
    product = mart_sums(counted, "referrers", ("day", "project", "referrer"), measures) if len(frame) else {}
    same(product, naive, "referrers")
    last = counted.snapshot.as_of.date()
    for days in (6, 27, 400):
        span = Span(last - timedelta(days=days), last)
        with _facts_at_hand(counted):
            counts = counting.referrers(counted.world, span.first, span.last)
        for place, name in enumerate(measures):
            shown = {key: one.value for key, one in boards.referrer_counts(counted.snapshot, name, span).items()}
            same(shown, {who: both[place] for who, both in counts.items() if who and both[place]}, name)


# ------------------------------------------------------------------------------------------------------------ questions


def questions(counted: Counted, seed: int = 1, count: int = 60) -> None:
    """Measures and metrics over random days, groupings and narrowings, on the period's basis."""
    random = Random(seed)
    names = [*counted.pack.measures, *RATIOS]
    for _ in range(count):
        name = random.choice(names)
        question = _question(counted, random, name)
        _compare_question(counted, name, question)


def _question(counted: Counted, random: Random, name: str) -> Query:
    by = random.sample(PLACES, random.choice((0, 1, 1, 2, 2, 3))) + random.sample(TIMES, random.choice((0, 0, 1)))
    return Query((name,), a_span(counted, random), tuple(by), where=a_where(random))


def a_span(counted: Counted, random: Random) -> Span:
    """Everything, a side of a comparison, or some days."""
    today = counted.snapshot.as_of.date()
    match random.randrange(4):
        case 0:
            return Span(*EVER)
        case 1:
            against = periods.comparison(
                periods.period(random.choice(periods.PERIODS), counted.snapshot.as_of), counted.snapshot.as_of
            )
            return random.choice((against.now, against.before))
        case _:
            first = today - timedelta(days=random.choice((0, 1, 7, 20, 45, 90, 400)))
            return Span(first, min(first + timedelta(days=random.choice((0, 6, 30, 400))), today + timedelta(days=5)))


def a_where(random: Random) -> Where:
    """Mostly everything, else some ids of one or two dimensions."""
    ids = {"project": ("p1", "p2", "p3", ""), "channel": ("c1", "c2", "c3", ""), "staff": ("s1", "s2", "s3", "s4", "")}
    chosen = random.sample(PLACES, random.choice((0, 0, 0, 1, 1, 2)))
    return Where(**{name: frozenset(random.sample(ids[name], random.choice((1, 2)))) for name in chosen})


def _compare_question(counted: Counted, name: str, query: Query) -> None:
    metric = counted.pack.metric(name)
    parts = _parts(name)
    lacks = next((part for part in parts if part in counted.snapshot.absent), None)
    if query.where.staff is not None and not lacks and not known_by_staff(counted.pack, name):
        with pytest.raises(QueryError, match="not known by salesperson"):
            _answered(counted, query)
        return
    try:
        rows = _answered(counted, query)
    except NoMart:
        _really_in_no_mart(counted, parts, query)
        return
    if lacks:
        assert [(row.key, row.reading.missing) for row in rows] == [((), "absent")], (name, query)
        return
    sums = _naive_sums(counted, parts, query)
    naive = {key: _naive_reading(name, values) for key, values in sums.items()}
    if not query.by:
        naive = naive or {(): _naive_reading(name, dict.fromkeys(parts, 0))}
    same({row.key: _of(metric, row.reading) for row in rows}, naive, f"{name} of {query}")


def _answered(counted: Counted, query: Query) -> list[Row]:
    """As `answered`, but parties are read once for each window."""
    try:
        return answer(counted.frames, counted.pack, query)
    except NoMart:
        if query.window not in counted.from_parties:
            frames = computed_frames(counted.folder, counted.snapshot, counted.pack, query.window)
            counted.from_parties[query.window] = Frames(counted.snapshot, frames)
        return answer(counted.from_parties[query.window], counted.pack, query)


def from_parties(counted: Counted) -> None:
    """What no mart holds is answered from the parties."""
    query = Query(("leads", "first_visits"), Span(*EVER), ("channel", "staff"))
    if "leads" not in counted.snapshot.absent:
        assert answered(counted.folder, counted.snapshot, counted.pack, query) == _answered(counted, query)


def _really_in_no_mart(counted: Counted, parts: Iterable[str], query: Query) -> None:
    asked = (set(query.by) & set(PLACES)) | query.where.dimensions
    sources = {counted.pack.measures[part].source for part in parts}
    assert {"channel", "staff"} <= asked and sources != {"party"}, query


def _parts(name: str) -> tuple[str, ...]:
    if name in RATIOS:
        top, bottom = RATIOS[name]
        extra = ("spend_entries",) if name in COSTS else ()
        return (*top, *bottom, *extra)
    return tuple(NET[name]) if name in NET else (name,)


def _naive_sums(counted: Counted, parts: Iterable[str], query: Query) -> dict[Key, dict[str, Fraction]]:
    """The naive sums of each part by group; groups in which every part is nothing are left out."""
    found: dict[Key, dict[str, Fraction]] = {}
    for fact in counted.facts:
        if fact.measure in parts and _passes(query.where, fact) and _within(query.span, fact):
            key = tuple(_dimension(fact, name) for name in query.by)
            values = found.setdefault(key, dict.fromkeys(parts, Fraction(0)))
            values[fact.measure] += Fraction(fact.value)
    return {key: values for key, values in found.items() if any(values.values()) or not query.by}


def _passes(where: Where, row: Any) -> bool:
    wanted = {name: getattr(where, name) for name in where.dimensions}
    return all(text(getattr(row, name)) in ids for name, ids in wanted.items())


def _within(span: Span, fact: Fact) -> bool:
    if not span.first <= fact.day <= span.last:
        return False
    if span.until is None or fact.day < span.last:
        return True
    return not fact.day_only and fact.at.time() <= span.until


def _dimension(fact: Fact, name: str) -> Any:
    match name:
        case "day":
            return fact.day
        case "week":
            return counting.monday(fact.day)
        case "month":
            return fact.day.replace(day=1)
        case _:
            return text(getattr(fact, name))


def _naive_reading(name: str, values: Mapping[str, Fraction | int]) -> Any:
    if name not in RATIOS:
        signs = NET.get(name, {name: 1})
        return sum((values[part] * sign for part, sign in signs.items()), Fraction(0))
    if name in COSTS and not values["spend_entries"]:
        return "spend_open"
    top, bottom = (
        sum((Fraction(values[part]) * sign for part, sign in signs.items()), Fraction(0)) for signs in RATIOS[name]
    )
    return (top / bottom, top, bottom) if bottom else "nothing"


def _of(metric: Metric, reading: Reading) -> Any:
    if reading.value is None:
        return reading.missing
    if metric.name in RATIOS:
        return reading.value, reading.numerator, reading.denominator
    return reading.value


def same_points(counted: Counted) -> None:
    """Every period against the same point of the one before: which days, and their sums by project."""
    as_of = counted.snapshot.as_of
    stored = stored_measures(counted)
    names = [*stored, *(name for name in NET if set(NET[name]) <= stored.keys())]
    for period in periods.PERIODS:
        against = periods.comparison(periods.period(period, as_of), as_of)
        for place, span in enumerate((against.now, against.before)):
            first, cut = _cut(as_of, period, place)
            assert (span.first, span.last) == (first, cut), period
            sums = _same_point_sums(counted, first, cut, period)
            found = span_sums(counted.frames, stored, span, ("project",))
            assert found is not None
            for name in names:
                shown = {key[0]: _unscaled(name, values, stored) for key, values in found.items()}
                same(
                    {id: value for id, value in shown.items() if value},
                    sums.get(name, {}),
                    f"{name} of {period}, side {place}",
                )


def _unscaled(name: str, values: Mapping[str, int], stored: Mapping[str, bool]) -> Fraction:
    """A measure's sum from sums as marts hold them."""
    return sum(
        (
            Fraction(values[part], MONEY_SCALE if stored[part] else 1) * sign
            for part, sign in NET.get(name, {name: 1}).items()
        ),
        Fraction(0),
    )


def _cut(as_of: datetime, period: str, place: int) -> tuple[date, date]:
    """The first and the last day of a side of a comparison: 0 now, 1 before."""
    grain: Any = {"today": "day"}.get(period, period.removeprefix("last_"))
    today = as_of.date()
    first = counting.previous_cut(today, grain)[0]
    if not period.startswith("last_"):
        return (_start(today, grain), today) if place == 0 else counting.previous_cut(today, grain)
    whole_before = (first, _start(today, grain) - timedelta(days=1))
    earlier = counting.previous_cut(first, grain)[0]
    return whole_before if place == 0 else (earlier, first - timedelta(days=1))


def _start(today: date, grain: Any) -> date:
    """The first day of today's own period: the day after the last one of the period before."""
    day = today
    while counting.previous_cut(day - timedelta(days=1), grain)[0] == counting.previous_cut(today, grain)[0]:
        day -= timedelta(days=1)
    return day


def _same_point_sums(counted: Counted, first: date, cut: date, period: str) -> dict[str, dict[str, Fraction]]:
    """Every measure by project, whole days before the cut day and the cut day up to as_of's time of day."""
    until = counted.snapshot.as_of.time()
    sums: dict[str, dict[str, Fraction]] = {}
    by_measure: dict[str, list[Fact]] = defaultdict(list)
    for fact in counted.facts:
        if first <= fact.day <= cut:
            by_measure[fact.measure].append(fact)
    for name, facts in by_measure.items():
        found = (
            counting.total(facts, name, first=first, last=cut, by=("project",))
            if period.startswith("last_")
            else counting.same_point(facts, name, first=first, cut_day=cut, cut_time=until, by=("project",))
        )
        sums[name] = {text(key[0]): Fraction(value) for key, value in found.items() if value}
    return sums


def cohort_questions(counted: Counted, seed: int = 2, count: int = 40) -> None:
    """Cohort counts and rates over random lead days, groupings, narrowings and windows."""
    random = Random(seed)
    days = random.sample((0, 1, 7, 30, 45), 2)
    for _ in range(count):
        name = random.choice(("leads", "first_visits", "subscribed_parties", "contracted_parties", *COHORT_OF))
        window = random.choice(("default", "default", "none", *days))
        span = a_span(counted, random)
        query = replace(
            _question(counted, random, name), span=Span(span.first, span.last), basis="cohort", window=window
        )
        _compare_cohort(counted, name, query)


def _compare_cohort(counted: Counted, name: str, query: Query) -> None:
    steps = counted.snapshot.steps
    step, of = COHORT_OF.get(name, (_STEP_OF.get(name, ""), "lead"))
    try:
        rows = _answered(counted, query)
    except QueryError:
        assert name not in COHORT_OF and step not in ("lead", *steps), (name, query)
        return
    shown = {row.key: _of(counted.pack.metric(name), row.reading) for row in rows}
    if name in COHORT_OF and not {step, of} <= {"lead", *steps}:
        assert shown == ({} if query.by else {(): "absent"}), (name, query)
        return
    if "leads" in counted.snapshot.absent:
        return
    found = [party for party in counted.parties if _passes(query.where, party)]
    groups = counting.cohort(counted.world, query.span.first, query.span.last, query.window, query.by, found)  # type: ignore[arg-type]
    naive = {tuple(map(_key, key)): _naive_cohort(name, step, of, walked) for key, walked in groups.items()}
    if step == "lead":
        naive = dict(_naive_leads(found, query))
    if not query.by and not naive:
        naive = {(): "immature" if name in COHORT_OF else 0}
    same(shown, naive, f"{name} of {query}")


_STEP_OF = {
    "leads": "lead",
    "first_visits": "visit",
    "subscribed_parties": "subscription",
    "contracted_parties": "contract",
}


def _key(value: Any) -> Any:
    if isinstance(value, str) and len(value) == 7 and value[4] == "-":
        return date.fromisoformat(f"{value}-01")
    return text(value) if value is None else value


def _naive_leads(found: Iterable[Party], query: Query) -> Counter[Key]:
    facts = [
        Fact("leads", moment(p.opened), False, p.project, p.channel, p.staff, 1, p.id) for p in found if p.has_lead
    ]
    inside = (fact for fact in facts if query.span.first <= fact.day <= query.span.last)
    return Counter(tuple(_dimension(fact, name) for name in query.by) for fact in inside)


def _naive_cohort(name: str, step: str, of: str, walked: Sequence[counting.CohortStep]) -> Any:
    if step == "lead":
        return 0
    one = next(one for one in walked if one.step == step)
    if name not in COHORT_OF:
        return one.reached_so_far
    if not one.mature:
        return "immature"
    top = one.net if name == "lead_to_contract" else one.reached
    bottom = one.mature if of == "lead" else one.previous_reached
    return (Fraction(top, bottom), top, bottom) if bottom else "nothing"


def lag_questions(counted: Counted, seed: int = 3, count: int = 25) -> None:
    """Medians and nearest-rank P90 of every lag over random days, groupings and narrowings."""
    random, every = Random(seed), counting.lags(counted.world, counted.parties)
    for _ in range(count):
        lag, statistic = random.choice(LAGS), random.choice(("median", "p90"))
        name = f"{lag}_{statistic}"
        like = counted.pack.metrics["first_response_median"]
        pack = replace(counted.pack, metrics={name: replace(like, name=name, lag=lag, statistic=statistic)})
        span = a_span(counted, random)
        query = replace(_question(counted, random, name), span=Span(span.first, span.last))
        shown = {row.key: row.reading.value or row.reading.missing or 0 for row in answer(counted.frames, pack, query)}
        if lag != "first_response" and not set(lag.split("_to_")) <= set(counted.snapshot.steps):
            assert shown == {(): "absent"}
            continue
        groups: dict[Key, list[int]] = {} if query.by else {(): []}
        for one in every:
            if one.step == lag and query.span.first <= one.day <= query.span.last and _passes(query.where, one):
                groups.setdefault(tuple(_lag_dimension(one, by) for by in query.by), []).append(lag_unit(lag, one.lag))
        statistic_of = counting.median if statistic == "median" else counting.p90
        naive = {key: statistic_of(values) if values else "nothing" for key, values in groups.items()}
        same(shown, naive, f"{name} of {query}")


def _lag_dimension(one: counting.Lag, name: str) -> Any:
    return _dimension(Fact("", moment(one.day), True, one.project, one.channel, one.staff, 1, None), name)


def state_questions(counted: Counted, seed: int = 4, count: int = 12) -> None:
    """The stock over random groupings and narrowings."""
    random, rows = Random(seed), counting.state(counted.world, counted.parties)
    today = counted.snapshot.as_of.date()
    for _ in range(count):
        name = random.choice(list(STATE_METRICS))
        by, where = tuple(random.sample(PLACES, random.randrange(4))), a_where(random)
        shown = {
            row.key: _of(counted.pack.metric(name), row.reading)
            for row in answer(counted.frames, counted.pack, Query((name,), Span(today, today), by, where=where))
        }
        if STATE_METRICS[name] in counted.snapshot.absent:
            assert shown == {(): "absent"}
            continue
        naive: dict[Key, int] = {} if by else {(): 0}
        for (project, channel, staff, _), row in rows.items():
            place = Fact("", datetime.min, True, project, channel, staff, 1, None)
            if _passes(where, place):
                key = tuple(_dimension(place, one) for one in by)
                naive[key] = naive.get(key, 0) + getattr(row, STATE_METRICS[name])
        same(shown, naive, f"{name} by {by} where {where}")


# ------------------------------------------------------------------------------------------------------ targets and pace


def targets(counted: Counted, seed: int = 5, count: int = 15) -> None:
    """Targets over random days, and how far they are attained by each project and the group."""
    random, world = Random(seed), counted.world
    for _ in range(count):
        whole_days = a_span(counted, random)
        span = Span(max(whole_days.first, date(2023, 11, 1)), min(whole_days.last, date(2027, 2, 1)))
        if span.first > span.last:
            continue
        for metric in ("leads", "net_contract_amount", "visits"):
            for project in (None, "p1", "p2", "p3"):
                naive = _target_share(world, metric, project, span.first, span.last)
                assert target_value(counted.snapshot, metric, project, span) == naive, (metric, project, span)
        _attainment(counted, span)


def _attainment(counted: Counted, span: Span) -> None:
    parts = NET["net_contract_amount"]
    for by in ((), ("project",)):
        rows = answer(counted.frames, counted.pack, Query(("attainment",), span, by))
        shown = {row.key: row.reading.value if row.reading.value is not None else row.reading.missing for row in rows}
        if not by and set(parts) & set(counted.snapshot.absent):
            assert shown == {(): "absent"}
            continue
        if set(parts) & set(counted.snapshot.absent):
            continue
        sums = _naive_sums(counted, parts, Query((), span, by))
        naive = {}
        for key in [()] if not by else [(id,) for id in counted.snapshot.projects]:
            target = _target_share(counted.world, "net_contract_amount", key[0] if by else None, span.first, span.last)
            values = sums.get(key, dict.fromkeys(parts, Fraction(0)))
            naive[key] = _naive_reading("net_contract_amount", values) / target if target else "no_target"
        same(shown, naive, f"attainment by {by} over {span}")


def pace(counted: Counted) -> None:
    """How far the year's, quarter's and month's target is reached against the part of it that is due by today."""
    if set(NET["net_contract_amount"]) & set(counted.snapshot.absent):
        return
    today = counted.snapshot.as_of.date()
    for grain in ("month", "quarter", "year"):
        first = _start(today, grain)
        last = next(
            day for n in range(380) if _start((day := first + timedelta(days=n)) + timedelta(days=1), grain) != first
        )
        for project in (None, "p1", "p2", "p3"):
            shown = overview.pace(counted.frames, counted.pack, grain, project)
            target = _target_share(counted.world, "net_contract_amount", project, first, last)
            done = sum(
                Fraction(fact.value)
                for fact in counted.facts
                if fact.measure == "net_contract_amount"
                and project in (None, fact.project)
                and first <= fact.day <= today
            )
            elapsed = Fraction((today - first).days + 1, (last - first).days + 1)
            if target:
                due = _target_share(counted.world, "net_contract_amount", project, first, today)
                elapsed = (due or Fraction(0)) / target
            assert (shown.target, shown.done.value, shown.elapsed) == (target, done, elapsed), (grain, project)
            assert shown.attainment == (done / target if target else None)


# --------------------------------------------------------------------------------------------------------------- boards


def ranking(counted: Counted) -> None:
    """The boards of the last full week: rows, ranks, ties, few cases and shrunk rates, for several least cases."""
    monday = overview.last_full_week(counted.snapshot.as_of.date())
    with _facts_at_hand(counted):
        for min_n in (1, 3, 20):
            metrics = {name: replace(one, min_n=min_n) for name, one in counted.pack.metrics.items()}
            pack = replace(counted.pack, metrics=metrics)
            for name, rows in _naive_boards(counted, min_n).items():
                _compare_board(counted, pack, name, monday, rows)


def _facts_at_hand(counted: Counted) -> AbstractContextManager[Any]:
    """Meanwhile the naive boards take the facts that are known already instead of counting them again."""
    return patch("tests.naive.boards.facts", lambda world: counted.facts)


BOARD_NEEDS = {
    "exposure": ("exposures",),
    "cost_per_lead": _parts("cost_per_lead"),
    "visit_conversion": _parts("visit_rate"),
    "referral_king": ("referrals",),
}
Rows = Callable[[date, date], list[counting.BoardRow]]


def _naive_boards(counted: Counted, min_n: int) -> dict[str, Rows]:
    world = counted.world
    return {
        "exposure": lambda first, last: counting.board_exposure(world, first, last),
        "cost_per_lead": lambda first, last: counting.board_cost_per_lead(world, first, last, min_n=min_n),
        "visit_conversion": lambda first, last: counting.board_visit_conversion(world, first, last, min_n=min_n),
        "referral_king": lambda first, last: counting.referral_king(world, first, last),
    }


def _few(counted: Counted, name: str, week: Span, min_n: int) -> int:
    """How many projects have something in a week, but fewer cases than a rate needs."""
    cases = {"cost_per_lead": "valid_leads", "visit_conversion": "leads"}.get(name)
    sums = _naive_sums(counted, BOARD_NEEDS[name], Query((), week, ("project",)))
    return sum(
        bool(cases and values[cases] < min_n and (name != "cost_per_lead" or values["spend_entries"]))
        for (project,), values in sums.items()
        if project in counted.snapshot.projects
    )


def _compare_board(counted: Counted, pack: Pack, name: str, monday: date, rows: Rows) -> None:
    shown = boards.board(counted.frames, pack, pack.boards[name], monday)
    if set(BOARD_NEEDS[name]) & set(counted.snapshot.absent):
        assert shown.absent is not None and not shown.rows and not shown.unranked
        return
    last = monday + timedelta(days=6)
    few = _few(counted, name, Span(monday, last), pack.metric(pack.boards[name].metric).min_n)
    weeks = 4 if few * 2 > len(counted.snapshot.projects) else 1
    assert shown.weeks == weeks, (name, few)
    naive = rows(monday - timedelta(days=7 * (weeks - 1)), last)
    before = {
        row.subject: row.rank
        for row in rows(monday - timedelta(days=7 * weeks), last - timedelta(days=7))
        if row.rank is not None
    }
    ranks = Counter(row.rank for row in naive if row.rank is not None)
    # Where chance explains every difference, this week or the last, no place is won or lost.
    level = any(len(found) > 1 and set(found) == {1} for found in (list(before.values()), [*ranks.elements()]))
    by_chance = level and pack.boards[name].shrink
    expected = {
        row.subject: (
            row.rank,
            row.value if row.shrunk is None else row.shrunk,
            row.value,
            ranks[row.rank] > 1,
            before[row.subject] - row.rank if row.subject in before and not by_chance else None,
        )
        for row in naive
        if row.rank is not None
    }
    ranked = {one.subject: (one.rank, one.value.value, one.raw.value, one.tied, one.change) for one in shown.rows}
    same(ranked, expected, f"board {name} over {weeks} weeks")
    assert [one.subject for one in shown.rows] == [row.subject for row in naive if row.rank is not None]
    too_few = {row.subject: row.value for row in naive if row.standing == "too_few"}
    same({one.subject: one.raw.value for one in shown.unranked if one.raw.value is not None}, too_few, f"few of {name}")
    assert all(one.few for one in shown.unranked if one.raw.value is not None)


# Each composite's parts, written here once more: metric, weight, whether more is better, and the weeks it looks back over.
COMPOSITES: Mapping[str, tuple[str, int, tuple[tuple[str, int, bool], ...]]] = {
    "channels": (
        "channel",
        13,
        (
            ("cost_per_lead", 25, False),
            ("cost_per_contract", 25, False),
            ("lead_to_contract", 25, True),
            ("quality_share", 15, True),
            ("cancelled_share", 10, False),
        ),
    ),
    "composite": (
        "project",
        4,
        (("attainment", 40, True), ("visit_rate", 30, True), ("cost_per_lead", 20, False), ("exposures", 10, True)),
    ),
}


def newer_rankings(counted: Counted) -> None:
    """The phased target, the most improved and the composites of the last full week, for several least cases."""
    monday = overview.last_full_week(counted.snapshot.as_of.date())
    _attainment_board(counted, monday)
    for min_n in (1, 3, 20):
        metrics = {name: replace(one, min_n=min_n) for name, one in counted.pack.metrics.items()}
        specs = {name: replace(one, min_n=min_n) for name, one in counted.pack.boards.items()}
        pack = replace(counted.pack, metrics=metrics, boards=specs)
        _improved_board(counted, pack, monday, min_n)
        for name in COMPOSITES:
            _composite_board(counted, pack, name, monday, min_n)


def _attainment_board(counted: Counted, monday: date) -> None:
    shown = boards.board(counted.frames, counted.pack, counted.pack.boards["attainment"], monday)
    if set(NET["net_contract_amount"]) & set(counted.snapshot.absent):
        assert shown.absent is not None
        return
    found = {id: one[0] for id, one in _phased(counted, monday).items()}
    _same_ranks(shown, found, higher=True, what="attainment")


def _phased(counted: Counted, monday: date) -> dict[str, tuple[Fraction | None, int]]:
    """Each project's net amount since the start of the week's year ÷ its target of the same days; cases enough always."""
    year = (monday + timedelta(days=3)).year
    first, last = date(year, 1, 1), min(monday + timedelta(days=6), date(year, 12, 31))
    parts = _parts("net_contract_amount")
    sums = _naive_sums(counted, parts, Query((), Span(first, last), ("project",)))
    found: dict[str, tuple[Fraction | None, int]] = {}
    for id in counted.snapshot.projects:
        target = _target_share(counted.world, "net_contract_amount", id, first, last)
        done = _naive_reading("net_contract_amount", sums.get((id,), dict.fromkeys(parts, 0)))
        found[id] = (done / target if target else None, 10**9)
    return found


def _improved_board(counted: Counted, pack: Pack, monday: date, min_n: int) -> None:
    shown = boards.board(counted.frames, pack, pack.boards["most_improved"], monday)
    if "leads" in counted.snapshot.absent:
        assert shown.absent is not None
        return
    week = Span(monday, monday + timedelta(days=6))
    before = Span(monday - timedelta(days=28), monday - timedelta(days=1))
    now, then = (_naive_sums(counted, ("leads",), Query((), span, ("project",))) for span in (week, before))
    busy = Counter(id for id, _ in _naive_sums(counted, ("leads",), Query((), before, ("project", "week"))))
    found: dict[str, Fraction | None] = {}
    for id in counted.snapshot.projects:
        old = then.get((id,), {"leads": Fraction(0)})["leads"]
        new = now.get((id,), {"leads": Fraction(0)})["leads"]
        found[id] = new * 4 / old - 1 if new and old >= max(min_n, 1) and busy[id] == 4 else None
    _same_ranks(shown, found, higher=True, what=f"most improved from {min_n}")


def _composite_board(counted: Counted, pack: Pack, name: str, monday: date, min_n: int) -> None:
    shown = boards.board(counted.frames, pack, pack.boards[name], monday)
    of, weeks, parts = COMPOSITES[name]
    needed = {part for metric, *_ in parts if metric != "attainment" for part in _parts(metric)}
    if "attainment" in {metric for metric, *_ in parts}:
        needed |= set(NET["net_contract_amount"])
    if needed & set(counted.snapshot.absent):
        assert shown.absent is not None
        return
    span = Span(monday - timedelta(days=7 * (weeks - 1)), monday + timedelta(days=6))
    columns = []
    for metric, *_ in parts:
        read = _phased(counted, monday) if metric == "attainment" else _naive_part(counted, metric, of, span)
        columns.append({id: value if n >= min_n else None for id, (value, n) in read.items()})
    totals = counting.composite(columns, [weight for _, weight, _ in parts], [more for *_, more in parts])
    _same_ranks(shown, totals, higher=True, what=f"{name} from {min_n}")


def _naive_part(counted: Counted, metric: str, of: str, span: Span) -> dict[str, tuple[Fraction | None, int]]:
    """Each subject's value and cases."""
    sums = _naive_sums(counted, _parts(metric), Query((), span, (of,)))
    listed = counted.snapshot.projects if of == "project" else counted.snapshot.channels
    found: dict[str, tuple[Fraction | None, int]] = {}
    for id in listed:
        read = _naive_reading(metric, sums[(id,)]) if (id,) in sums else None
        value, _, n = read if isinstance(read, tuple) else (read, 0, 10**9)
        found[id] = (value if isinstance(value, Fraction) else None, int(n))
    return found


def _same_ranks(shown: boards.Board, found: Mapping[str, Fraction | None], *, higher: bool, what: str) -> None:
    known = {id: value for id, value in found.items() if value is not None}
    ranks = counting.competition_ranks(known, higher_is_better=higher)
    same(
        {one.subject: (one.rank, one.value.value) for one in shown.rows},
        {id: (ranks[id], value) for id, value in known.items()},
        what,
    )
    assert {one.subject for one in shown.unranked} == set(found) - set(known)


# -------------------------------------------------------------------------------------------------------------- funnels


def funnels(counted: Counted, seed: int = 6, count: int = 8) -> None:
    """Funnels of both bases for everything and for each project: counts, shares, inflow, immature and out of order."""
    random = Random(seed)
    if "leads" in counted.snapshot.absent:
        return
    for _ in range(count):
        span, where = a_span(counted, random), Where(project=a_where(random).project)
        span = Span(span.first, span.last)
        for by in ((), ("project",)):
            _period_funnels(counted, span, by, where)
            _cohort_funnels(counted, span, by, where)


def _shown_funnels(counted: Counted, basis: Any, span: Span, by: Key, where: Where) -> dict[str, funnel.Funnel]:
    if not by:
        return {"": funnel.funnel(counted.frames, counted.pack, basis, span, where)}
    found = funnel.project_funnels(counted.frames, counted.pack, basis, span, where)
    return {str(one.project): one for one in found}


def _period_funnels(counted: Counted, span: Span, by: Key, where: Where) -> None:
    order = {
        "exposure": "exposures",
        "lead": "leads",
        "visit": "first_visits",
        "subscription": "subscribed_parties",
        "contract": "contracted_parties",
    }
    absent = counted.snapshot.absent
    sums = _naive_sums(counted, (*order.values(), "walk_ins"), Query((), span, tuple(by), where=where))
    if not by and not sums:
        sums = {(): dict.fromkeys((*order.values(), "walk_ins"), Fraction(0))}
    expected: dict[Key, Any] = {}
    for key, values in sums.items():
        previous: Fraction | None = None
        for step, measure in order.items():
            if measure in absent:
                expected["".join(key), step] = ("absent", None, None, 0)
                continue
            reached, leads = values[measure], values["leads"]
            of_previous = reached / previous if previous else None
            of_first = reached / leads if leads and step not in ("exposure", "lead") else None
            skipped = values["walk_ins"] if step == "visit" and "walk_ins" not in absent else 0
            expected["".join(key), step] = (reached, of_previous, of_first, skipped)
            previous = reached
    product: dict[Key, Any] = {}
    for project, one in _shown_funnels(counted, "period", span, by, where).items():
        for stage in one.stages:
            reached = stage.count.missing or stage.count.value
            product[project, stage.step] = (reached, stage.of_previous.value, stage.of_first.value, stage.skipped)
    same(product, expected, f"period funnels by {by} over {span} where {where}")


def _cohort_funnels(counted: Counted, span: Span, by: Key, where: Where) -> None:
    found = [party for party in counted.parties if _passes(where, party)]
    groups = counting.cohort(counted.world, span.first, span.last, "default", by, found)
    leads = _naive_leads(found, Query((), span, by))
    expected: dict[Key, Any] = {}
    for key in leads.keys() | ({()} if not by else set()):
        project = "".join(key)
        expected[project, "lead"] = (leads[key], None, None, 0, 0)
        walked = {one.step: one for one in groups.get(tuple(one or None for one in key), [])}
        for step in STEPS_AFTER_LEAD:
            if step not in counted.snapshot.steps:
                expected[project, step] = ("absent", None, None, 0, 0)
                continue
            one = walked.get(step) or counting.CohortStep(step)
            of_previous = Fraction(one.reached, one.previous_reached) if one.previous_reached else None
            rate = (one.reached_so_far, of_previous, one.rate, one.leads - one.mature, one.out_of_order)
            expected[project, step] = rate
    product: dict[Key, Any] = {}
    for project, one_funnel in _shown_funnels(counted, "cohort", span, by, where).items():
        for stage in one_funnel.stages:
            reached = stage.count.missing or stage.count.value
            shares = (stage.of_previous.value, stage.of_first.value)
            product[project, stage.step] = (reached, *shares, stage.immature, stage.astray)
    same(product, expected, f"cohort funnels by {by} over {span} where {where}")


# ---------------------------------------------------------------------------------------------------------------- heat


def heat_grids(counted: Counted) -> None:
    """Rolling hours and days, channel by grade, weekday by hour: every cell's count."""
    snapshot, pack, as_of = counted.snapshot, counted.pack, counted.snapshot.as_of
    for name in ("leads", "visits"):
        if name in snapshot.absent:
            continue
        facts = [fact for fact in counted.facts if fact.measure == name and not fact.day_only]
        for hours in (24, 168):
            grid = heat.rolling_hours(snapshot, pack, name, hours)
            width = 24 if hours == 168 else grid.hours_per_column
            starts = [datetime.fromisoformat(column) for column in grid.columns]
            assert starts[-1] <= as_of < starts[-1] + timedelta(hours=width) and len(starts) == hours // width
            cells = Counter(
                (text(fact.project), column.isoformat())
                for fact in facts
                for column in starts
                if column <= fact.at < column + timedelta(hours=width)
            )
            _compare_cells(grid, {key: n for key, n in cells.items() if key[0] in snapshot.projects}, name)
        months = (as_of.date().replace(day=1), (as_of.date().replace(day=1) - timedelta(days=1)).replace(day=1))
        grid = heat.weekday_by_hour(snapshot, pack, name, months)
        inside = (fact for fact in facts if fact.day.replace(day=1) in months)
        _compare_cells(grid, Counter((str(fact.day.isoweekday()), str(fact.at.hour)) for fact in inside), name)


def _compare_cells(grid: heat.Grid, naive: Mapping[Key, int], what: str) -> None:
    shown = {
        (row, column): cell.reading.value
        for row, cells in zip(grid.rows, grid.cells, strict=True)
        for column, cell in zip(grid.columns, cells, strict=True)
        if cell.reading.value
    }
    same(shown, naive, f"heat grid of {what}")


def lists(counted: Counted) -> None:
    """The customers behind a number are as many as the number, whoever asks: measures and cohort steps, narrowed like a role."""
    random, as_of = Random(7), counted.world.as_of
    rows = counted.snapshot.marts["staff"][["project", "staff"]].drop_duplicates()
    own = [Where(frozenset((project,)), None, frozenset((staff,))) for project, staff in rows.itertuples(index=False)]
    wheres = [Where(), *(Where(project=frozenset((id,))) for id in counted.snapshot.projects), *own]
    spans = [periods.period(name, as_of).span(as_of) for name in periods.PERIODS] + [Span(*EVER)] * 3
    names = [
        one.name for one in counted.pack.additive if counts_parties(one) and one.name not in counted.snapshot.absent
    ]
    for _ in range(4):
        where, span = random.choice(wheres), random.choice(spans)
        found = span_sums(counted.frames, names, span, (), where) or {}
        for name in random.sample(names, min(3, len(names))):
            listed = everybody(counted, CustomersOf(name, "", "period", span, where))
            assert len(listed) == found[()][name], (name, where, span)
        stage = random.choice(funnel.funnel(counted.frames, counted.pack, "cohort", span, where).stages)
        listed = everybody(counted, CustomersOf("leads", stage.step, "cohort", span, where))
        assert len(listed) == (stage.count.value or 0), (stage.step, where, span)


def next_steps(counted: Counted) -> None:
    """As many customers are told to be called today, or anything else, as the state of the funnel counts overdue and active."""
    listed = everybody(counted, CustomersOf("leads", "lead", "period", Span(*EVER)))
    limits, at_rest = counted.world.overdue_days, ("已签约", "无效客户", "已流失")
    said = [next_step(one, counted.snapshot.as_of, limits).zh for one in listed]
    state = counted.snapshot.marts["state"]
    assert sum(not step.startswith(at_rest) for step in said) == state["active"].sum()
    assert sum(step.startswith("跟进超期") for step in said) == state["overdue"].sum()


def everybody(counted: Counted, asked: CustomersOf) -> list[Customer]:
    """All customers behind a number, page by page; each stands on one page."""
    listed = counted_customers(counted.folder, counted.snapshot, counted.pack, asked, limit=400)
    found = [*listed.customers]
    while listed.next:
        listed = counted_customers(counted.folder, counted.snapshot, counted.pack, asked, after=listed.next, limit=400)
        found += listed.customers
    assert len(found) == len({one.id for one in found}) == listed.count
    return found


ALL: tuple[Callable[[Counted], None], ...] = (
    next_steps,
    absent,
    daily,
    edge,
    hourly,
    clock,
    cohorts,
    lags,
    state,
    referrers,
    questions,
    from_parties,
    same_points,
    cohort_questions,
    lag_questions,
    state_questions,
    targets,
    pace,
    ranking,
    newer_rankings,
    funnels,
    heat_grids,
    lists,
)
