"""What history says of every rate of the sandbox: matured cohorts, recent inflow, delays, and how leads follow spend."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from functools import cached_property

import numpy as np
import pandas as pd

from metrics.pack import Pack
from metrics.periods import ONE_DAY, Span, end, last_full_days, start, week_start
from metrics.query import Query, mature_until, one, readings
from metrics.reading import Reading, missing
from metrics.sandbox import (
    CASES,
    EFFECT,
    EFFECT_ERROR,
    EXPONENT,
    EXPONENT_ERROR,
    STEPS,
    Effect,
    Floats,
    Inflow,
    Kind,
    Model,
    Price,
    Rate,
    Waiting,
)
from metrics.season import Season, season
from metrics.snapshot import MONEY_SCALE, NOWHERE, Snapshot
from metrics.targets import target_of
from metrics.totals import EVERYTHING, Frames, Integers, Where, between, narrowed

KINDS = ("public", "private", "offline", "referral", "distribution", NOWHERE)
"""Kinds of channel in the order they are shown; NOWHERE for leads without one."""
YEAR_DAYS, RECENT_DAYS, PANEL_WEEKS = 365, 91, 52
LEVEL_WEEKS = 6
"""As many of the recent weeks say how much comes in now."""
LEAST_QUARTERS, ASSUMED_DRIFT = 4, 0.15
LONGEST_LAG = 180
AGES = ((1, 7), (8, 30), (31, 90), (91, LONGEST_LAG))
"""Days since a lead came in, both ends included, of those told apart."""
LEAST_LAGS, LEAST_CONTRACTS, LEAST_LEADS = 50, 5, 20
LEAST_PANEL = 60
MOST_EXPONENT_ERROR, MOST_ANSWER_ERROR = 0.15, 0.05
"""A power whose standard error is larger is not measured but assumed."""
MOST_POINTS = 13
LISTED_SCATTER = 0.2
"""By how much contracts scatter around a listed price."""
UNPRICED = Price(0.0, 0.0, 0, is_measured=False)
"""Where the source knows contracts without amounts."""
_AT_ONCE = np.eye(1, LONGEST_LAG + 1)[0]
"""The delay of a step that the source lacks."""
_NEEDED = ("leads", "first_visits", "subscribed_parties", "net_contracts", "contracts", "net_contract_amount")
_LEAST_NEEDED = ("leads", "net_contracts", "contracts")
_COLUMNS = (
    *("day", "project", "channel", "leads", "first_visits", "walk_ins", "subscribed_parties", "spend"),
    *("contracts", "contract_cancellations", "contract_amount", "contract_cancelled_amount"),
)


class History:
    """What a snapshot's whole group says, whichever projects are asked for; each part is told when it is first needed."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot

    @cached_property
    def cohorts(self) -> Integers:
        """Leads old enough, and how many came to each step (4 × kind)."""
        return _cohorts(self.snapshot, EVERYTHING)

    @cached_property
    def every_season(self) -> Season:
        """The season of all leads."""
        counts, first = _leads_by_day(self.snapshot)
        return season(counts.sum(axis=0), first)

    @cached_property
    def seasons(self) -> tuple[Season, ...]:
        """The season of each of KINDS, that of all leads where a kind has too few."""
        counts, first = _leads_by_day(self.snapshot)
        told = [season(row, first) for row in counts]
        return tuple(own if own.years else self.every_season for own in told)

    @cached_property
    def drift(self) -> float:
        """By how much a quarter's leads differ from those of the quarter before, seasons apart."""
        counts, first = _leads_by_day(self.snapshot)
        return _drift(counts.sum(axis=0), self.every_season, first)

    @cached_property
    def powers(self) -> Mapping[int, Effect]:
        """By kind how leads follow spend."""
        return _elasticities(self.snapshot)

    @cached_property
    def answering(self) -> Effect:
        """How visits follow the first response."""
        return _answering(self.snapshot)


def model(
    frames: Frames,
    pack: Pack,
    projects: frozenset[str] | None,
    *,
    until: date | None = None,
    whole: bool = True,
    history: History | None = None,
) -> Model | Reading:
    """The model of the group (None) or of some projects up to the end of the year, or `until` a day; a missing reading where
    the source lacks a step or cases are too few.

    Without the `whole` chain it is enough that leads become contracts: a step that the source lacks is taken as passed at once.
    """
    history = history or History(frames.snapshot)
    snapshot, where = frames.snapshot, Where(project=projects)
    if lacks := lack(snapshot, pack, whole=whole):
        return missing("absent", lacks)
    today = snapshot.as_of.date()
    year = Span(start("year", today), until or end("year", today))
    lately = _rows(snapshot, last_full_days(snapshot.as_of, YEAR_DAYS), where)
    net, gross = _net(lately)
    price = _price(snapshot, lately, net) or _listed(snapshot, projects)
    if "contract_amount" in snapshot.absent:
        price = UNPRICED
    delays = _delays(snapshot, where)
    if price is None or delays is None:
        return missing("part")
    so_far = Span(year.first, today - ONE_DAY)
    contracts, amount = (_total(frames, pack, name, so_far, where) for name in ("net_contracts", "net_contract_amount"))
    points = _points(today, year.last)
    kinds = _kinds(history, where, lately, delays, points)
    if not kinds:
        return missing("part")
    minutes = _minutes(frames, pack, where)
    return Model(
        today,
        points,
        kinds,
        (min(max(net, 0), gross), gross),
        price,
        int(contracts),
        amount,
        target_of(snapshot, pack.overview_target, projects, year),
        minutes,
        history.answering if minutes is not None and "visit" in snapshot.steps else None,
        () if price is UNPRICED else _past(frames, pack, so_far, where),
        history.drift,
    )


def lack(snapshot: Snapshot, pack: Pack, *, whole: bool = True) -> str | None:
    """What the source cannot give of what the `whole` chain, or only its leads and contracts, need."""
    for step in STEPS if whole else STEPS[-1:]:
        if step not in snapshot.steps:
            return step
    needed = _NEEDED if whole else _LEAST_NEEDED
    parts = [part for name in needed for part in (pack.parts(name) if name in pack.measures else (name,))]
    return next((snapshot.absent.get(part, part) for part in parts if part in snapshot.absent), None)


def _total(frames: Frames, pack: Pack, name: str, span: Span, where: Where) -> Fraction:
    """A measure over whole days; nothing where there are none yet."""
    return Fraction(one(frames, pack, name, Query((name,), span, where=where)).value or 0)


def _points(today: date, last: date) -> tuple[date, ...]:
    """Sundays up to the end of the year, few enough to be drawn, and its last day."""
    first = week_start(today) + timedelta(6)
    sundays = [first + timedelta(7 * nth) for nth in range((last - first).days // 7 + 1)] if first <= last else []
    every = -(-len(sundays) // MOST_POINTS) or 1
    return tuple(sorted({*sundays[::-1][::every], last}))


def _past(frames: Frames, pack: Pack, span: Span, where: Where) -> tuple[tuple[date, Fraction], ...]:
    """Net yuan of the year by the end of each week and by yesterday."""
    if span.last < span.first:
        return ()
    name = "net_contract_amount"
    found = readings(frames, pack, name, Query((name,), span, ("week",), where=where))
    told, total = [(span.first - ONE_DAY, Fraction(0))], Fraction(0)
    for (monday,), reading in sorted(found.items()):
        total += Fraction(reading.value or 0)
        told.append((min(monday + timedelta(6), span.last), total))
    return tuple(told) if told[-1][0] == span.last else (*told, (span.last, total))


# ------------------------------------------------------------------------------------------------------------------ price


def _net(lately: pd.DataFrame) -> tuple[int, int]:
    """Net and gross contracts of a year, each booked on its own day."""
    gross, cancelled = (int(lately[name].sum()) for name in ("contracts", "contract_cancellations"))
    return gross - cancelled, gross


def _price(snapshot: Snapshot, lately: pd.DataFrame, net: int) -> Price | None:
    """Yuan per net contract of a year, and by how much contracts scatter around their mean, told by days and channels."""
    number, amount = (lately[name].to_numpy().astype(np.float64) for name in ("contracts", "contract_amount"))
    yuan = (int(amount.sum()) - int(lately["contract_cancelled_amount"].sum())) / MONEY_SCALE
    if net < LEAST_CONTRACTS or yuan <= 0:
        return None
    number, amount = number[number > 0], amount[number > 0] / MONEY_SCALE
    mean = amount.sum() / number.sum()
    spread = ((amount - number * mean) ** 2 / number).sum() / max(len(number) - 1, 1)
    return Price(yuan / net, float(np.sqrt(spread) / mean), net, is_measured=True)


def _listed(snapshot: Snapshot, projects: frozenset[str] | None) -> Price | None:
    """The price that stands with a single project, where too few contracts tell it."""
    known = [snapshot.projects[id].average_price for id in projects or () if id in snapshot.projects]
    listed = known[0] if len(known) == 1 else None
    return Price(float(listed), LISTED_SCATTER, LEAST_CONTRACTS, is_measured=False) if listed else None


def _rows(snapshot: Snapshot, span: Span, where: Where) -> pd.DataFrame:
    """What the sandbox reads of the mart by day, project and channel."""
    frame = between(snapshot.marts["daily"], span.first, span.last)
    return narrowed(frame[[name for name in _COLUMNS if name in frame.columns]], where)


# ------------------------------------------------------------------------------------------------------- kinds of channel


@dataclass(frozen=True)
class _Delays:
    """The share of each delay in days, for the three steps."""

    visit: Floats
    subscription: Floats
    contract: Floats


def _kinds(
    history: History, where: Where, lately: pd.DataFrame, delays: _Delays, points: Sequence[date]
) -> tuple[Kind, ...]:
    """Every kind that brought or cost something lately."""
    snapshot, today = history.snapshot, history.snapshot.as_of.date()
    reached = _cohorts(snapshot, where)
    recent, back = (last_full_days(snapshot.as_of, days) for days in (RECENT_DAYS, LONGEST_LAG))
    under_way = _under_way(snapshot, where, lately, back)
    leads, walk_ins, spend = (_by_kind(snapshot, lately, name, recent) for name in ("leads", "walk_ins", "spend"))
    since = _first_week(leads + walk_ins)
    level = 7 * min(LEVEL_WEEKS, RECENT_DAYS // 7 - since)
    found = []
    for at, kind in enumerate(KINDS):
        if any(table[at].any() for table in (*under_way, walk_ins, spend)):
            money = Fraction(int(spend[at].sum()), MONEY_SCALE * RECENT_DAYS)
            visit, subscription, contract = (_rate(reached, history.cohorts, at, nth) for nth in range(3))
            subscribed, visited, waiting = (table[at] for table in under_way)
            lately_busy = history.seasons[at].factors(recent.first, recent.days)
            busy = history.seasons[at].factors(today, (points[-1] - today).days + 1) / lately_busy[-level:].mean()
            found.append(
                Kind(
                    kind,
                    (visit, subscription, contract),
                    _inflow(leads[at], lately_busy, since),
                    _inflow(walk_ins[at], lately_busy, since),
                    _exposures(
                        [subscribed, visited, _as_all(waiting, delays.visit, visit.mean)], delays, today, points, busy
                    ),
                    float(busy.sum()),
                    money if money > 0 else None,
                    history.powers.get(at) if money > 0 else None,
                    _waiting(waiting, delays, visit, today, points, busy),
                )
            )
    return tuple(found)


def _under_way(snapshot: Snapshot, where: Where, lately: pd.DataFrame, back: Span) -> tuple[Floats, Floats, Floats]:
    """By kind and day: subscriptions and first visits of that day, and its leads that have not visited yet.

    A step that the source lacks was passed at once.
    """
    rows = narrowed(between(snapshot.marts["cohort"], back.first, back.last), where)
    leads = _by_kind_and_day(snapshot, rows, rows["leads"], back)
    if "visit" in snapshot.steps:
        waiting = leads - _by_kind_and_day(snapshot, rows, rows["visit_ever"], back)
        visited = _by_kind(snapshot, lately, "first_visits", back)
    else:
        waiting, visited = np.zeros_like(leads), leads
    known = "subscription" in snapshot.steps
    return (_by_kind(snapshot, lately, "subscribed_parties", back) if known else visited), visited, waiting


def _waiting(
    waiting: Floats, delays: _Delays, visit: Rate, today: date, points: Sequence[date], busy: Floats
) -> tuple[Waiting, ...]:
    """The leads that have not visited yet, by how old they are, with the contracts they bring by the last point at rates of one."""
    ages, nothing, found = len(waiting) - np.arange(len(waiting)), np.zeros_like(waiting), []
    for first, last in AGES:
        own = np.where((ages >= first) & (ages <= last), waiting, 0)
        exposure = _exposures([nothing, nothing, _as_all(own, delays.visit, visit.mean)], delays, today, points, busy)[
            2
        ]
        found.append(Waiting(first, last, int(own.sum()), float(exposure[-1])))
    return tuple(found)


def _as_all(waiting: Floats, delay: Floats, rate: float) -> Floats:
    """As many leads of each past day as would leave so many waiting: who did not come in time is less likely to come."""
    gone = np.cumsum(delay)[: len(waiting)][::-1]
    left = 1 - rate * np.pad(gone, (len(waiting) - len(gone), 0), constant_values=1.0)
    return np.asarray(np.divide(waiting, left, out=np.zeros_like(waiting), where=left > 0))


def _kind_of(snapshot: Snapshot, frame: pd.DataFrame) -> Integers:
    """Each row's kind of channel, by its place among KINDS."""
    known = {id: channel.kind for id, channel in snapshot.channels.items()}
    places = [KINDS.index(kind) if (kind := known.get(id)) in KINDS else len(KINDS) - 1 for id in _ids(frame)]
    return np.asarray(places, dtype=np.int64)[frame["channel"].cat.codes.to_numpy()]


def _ids(frame: pd.DataFrame) -> list[str]:
    return list(frame["channel"].cat.categories)


def _by_kind(snapshot: Snapshot, lately: pd.DataFrame, name: str, span: Span) -> Floats:
    """A stored measure by kind and day; nothing where the source has none of it."""
    if name in snapshot.absent:
        return np.zeros((len(KINDS), span.days))
    rows = between(lately, span.first, span.last)
    return _by_kind_and_day(snapshot, rows, rows[name], span)


def _by_kind_and_day(snapshot: Snapshot, rows: pd.DataFrame, values: "pd.Series[int]", span: Span) -> Floats:
    places = _kind_of(snapshot, rows) * span.days + rows["day"].to_numpy() - span.first.toordinal()
    return _summed(places, values.to_numpy(), len(KINDS) * span.days).reshape(len(KINDS), span.days)


def _summed(places: Integers, values: Floats | Integers, size: int) -> Floats:
    """Sums of values by their places."""
    found: Floats = np.bincount(places, values.astype(np.float64), size).astype(np.float64)
    return found


def _matured(snapshot: Snapshot) -> Span:
    """A year of lead days old enough for every step."""
    last = date.fromordinal(mature_until(snapshot, "contract", "default"))
    return Span(last - timedelta(YEAR_DAYS - 1), last)


def _cohorts(snapshot: Snapshot, where: Where) -> Integers:
    """How many leads old enough there were, and how many ever came to each step (4 × kind); all to a step that is lacking."""
    span = _matured(snapshot)
    rows = narrowed(between(snapshot.marts["cohort"], span.first, span.last), where)
    kinds, found = _kind_of(snapshot, rows), []
    for step in ("", *STEPS):
        if not step or step in snapshot.steps:
            counts = rows[f"{step}_ever" if step else "leads"].to_numpy().astype(np.float64)
            found.append(np.bincount(kinds, counts, len(KINDS)))
        else:
            found.append(found[-1])
    return np.asarray(found).astype(np.int64)


def _rate(own: Integers, group: Integers, kind: int, nth: int) -> Rate:
    """A kind's rate, shrunk to the group's of that kind, which is shrunk to the group's over all kinds."""
    entered, reached = group[nth].sum(), group[nth + 1].sum()
    overall = float(reached / entered) if entered else 0.0
    prior = (group[nth + 1, kind] + CASES * overall) / (group[nth, kind] + CASES)
    return Rate(int(own[nth + 1, kind]), int(own[nth, kind]), float(prior))


def _inflow(counts: Floats, busy: Floats, since: int) -> Inflow:
    """What came in over the last weeks, none before the first of the recent weeks, and how the recent weeks scatter."""
    weeks = counts.reshape(-1, 7).sum(axis=1)[since:]
    even = weeks / busy.reshape(-1, 7).mean(axis=1)[since:]
    scatter = float(even.var(ddof=1) / even.mean()) if even.any() and len(even) > 1 else 1.0
    last = weeks[-LEVEL_WEEKS:]
    return Inflow(int(last.sum()), 7 * len(last), max(scatter, 1.0))


def _drift(counts: Floats, season: Season, first: date) -> float:
    """By how much a quarter's even leads usually differ from those of the quarter before, as a share; assumed while young."""
    began = int(np.argmax(counts > 0))
    even = (counts / season.factors(first, len(counts)))[began:]
    quarters = even[len(even) % RECENT_DAYS :].reshape(-1, RECENT_DAYS).sum(axis=1)
    if len(quarters) < LEAST_QUARTERS or not quarters.all():
        return ASSUMED_DRIFT
    return float(np.sqrt(np.mean(np.diff(np.log(quarters)) ** 2)))


def _leads_by_day(snapshot: Snapshot) -> tuple[Floats, date]:
    """The group's leads of every full day (kind × day), and the first of the days."""
    frame, yesterday = snapshot.marts["daily"], snapshot.as_of.date() - ONE_DAY
    first = min(date.fromordinal(int(frame["day"].iloc[0])), yesterday)
    return _by_kind(snapshot, frame, "leads", Span(first, yesterday)), first


def _first_week(counts: Floats) -> int:
    """The first of the recent weeks in which anybody came, of any kind: what opened since has no weeks before."""
    weeks = counts.sum(axis=0).reshape(-1, 7).sum(axis=1)
    return int(np.argmax(weeks > 0))


def _delays(snapshot: Snapshot, where: Where) -> _Delays | None:
    """How many days each step takes: the own leads where there are enough, else the group's; None where those are too few."""
    span = _matured(snapshot)
    rows = between(snapshot.marts["lags"], span.first, span.last)
    own = narrowed(rows, where)
    found = []
    for step in STEPS:
        if step not in snapshot.steps:
            found.append(_AT_ONCE)
            continue
        counts = _lag_counts(own, _lag_of(snapshot, step))
        counts = counts if counts.sum() >= LEAST_LAGS else _lag_counts(rows, _lag_of(snapshot, step))
        if counts.sum() < LEAST_CONTRACTS:
            return None
        found.append(counts / counts.sum())
    return _Delays(*found)


def _lag_of(snapshot: Snapshot, step: str) -> str:
    """What the days from the step before, or from the lead, are called."""
    before = [one for one in STEPS[: STEPS.index(step)] if one in snapshot.steps]
    return f"{before[-1]}_to_{step}" if before else step


def _lag_counts(rows: pd.DataFrame, step: str) -> Floats:
    told = (rows["step"] == step).to_numpy()
    lags = np.clip(rows["lag"].to_numpy()[told], 0, LONGEST_LAG)
    return _summed(lags, rows["parties"].to_numpy()[told], LONGEST_LAG + 1)


def _exposures(
    steps: Sequence[Floats], delays: _Delays, today: date, points: Sequence[date], busy: Floats
) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """Contracts by each point at rates of one: from subscriptions, visits and leads there are, and from one a day to come.

    `busy` is how busy each day to come is against the recent ones.
    """
    days = (points[-1] - today).days + 1
    subscribed, visited, leads = steps
    visit, subscription, contract = delays.visit, delays.subscription, delays.contract

    def then(flow: Floats, *later: Floats) -> Floats:
        for delay in later:
            flow = np.convolve(flow, delay)[:days]
        return flow

    flows = (
        _still(subscribed, contract, days),
        then(_still(visited, subscription, days), contract),
        then(_still(leads, visit, days), subscription, contract),
        then(busy, visit, subscription, contract),
        then(busy, subscription, contract),
    )
    at = [(point - today).days for point in points]
    one, two, three, four, five = (np.cumsum(flow)[at] for flow in flows)
    return one, two, three, four, five


def _still(past: Floats, delay: Floats, days: int) -> Floats:
    """What came in on past days (the last of them yesterday) and takes its step on each of the days to come."""
    whole = np.convolve(past, delay)[len(past) :]
    return np.pad(whole, (0, max(days - len(whole), 0)))[:days]


# ------------------------------------------------------------------------------------------ what follows spend and answers


def _minutes(frames: Frames, pack: Pack, where: Where) -> int | None:
    """The median first response of the recent days."""
    name = "first_response_median"
    if name not in pack.metrics:
        return None
    told = one(frames, pack, name, Query((name,), last_full_days(frames.snapshot.as_of, RECENT_DAYS), where=where))
    return None if told.value is None or told.few(LEAST_LEADS) else round(told.value)


def _elasticities(snapshot: Snapshot) -> Mapping[int, Effect]:
    """By kind: how leads follow spend, week by week within the group's projects; the assumption where that cannot be told."""
    if "spend" in snapshot.absent:
        return {}
    last = week_start(snapshot.as_of.date()) - ONE_DAY
    span = Span(last - timedelta(7 * PANEL_WEEKS - 1), last)
    rows = _rows(snapshot, span, EVERYTHING)
    projects = len(rows["project"].cat.categories)
    shape = (len(KINDS), PANEL_WEEKS, projects)
    places = np.ravel_multi_index(
        (
            _kind_of(snapshot, rows),
            (rows["day"].to_numpy() - span.first.toordinal()) // 7,
            rows["project"].cat.codes.to_numpy(),
        ),
        shape,
    )
    spend, leads = (
        _summed(places, rows[name].to_numpy(), int(np.prod(shape))).reshape(shape) for name in ("spend", "leads")
    )
    return {at: _elasticity(spend[at], leads[at]) for at in range(len(KINDS))}


def _elasticity(spend: Floats, leads: Floats) -> Effect:
    """One kind's power over weeks × projects; weeks without spend or leads tell nothing of it."""
    week, project = np.nonzero((spend > 0) & (leads > 0))
    x, y = np.log(spend[week, project]), np.log(leads[week, project])
    weights = np.ones(len(x))
    x, y = _within(x, (project, week), weights), _within(y, (project, week), weights)
    return _power(x, y, weights, project, (LEAST_PANEL, MOST_EXPONENT_ERROR), (EXPONENT / 100, EXPONENT_ERROR))


def _answering(snapshot: Snapshot) -> Effect:
    """How visits follow the first response, from month to month of the same project and channel."""
    span = _matured(snapshot)
    cohort = between(snapshot.marts["cohort"], span.first, span.last)
    lags = between(snapshot.marts["lags"], span.first, span.last)
    lags = lags[(lags["step"] == "first_response").to_numpy()]
    channels = list(snapshot.marts["cohort"]["channel"].cat.categories)
    projects = list(snapshot.marts["cohort"]["project"].cat.categories)
    shape = len(projects), len(channels), YEAR_DAYS // 30 + 1

    def summed(rows: pd.DataFrame, values: Floats | Integers) -> Floats:
        project, channel = (
            _places(rows[name], known) for name, known in (("project", projects), ("channel", channels))
        )
        month = (rows["day"].to_numpy() - span.first.toordinal()) // 30
        cells = np.ravel_multi_index((project, channel, month), shape)
        return _summed(cells, values, int(np.prod(shape)))

    leads, visits = (summed(cohort, cohort[name].to_numpy()) for name in ("leads", "visit_ever"))
    calls = lags["parties"].to_numpy()
    called, minutes = summed(lags, calls), summed(lags, calls * np.log(np.maximum(lags["lag"].to_numpy(), 1)))
    told = np.flatnonzero((leads >= LEAST_LEADS) & (called >= LEAST_LEADS))
    project, channel, month = np.unravel_index(told, shape)
    pair, weight = project * shape[1] + channel, leads[told]
    x = _within(-minutes[told] / called[told], (pair, month), weight)
    y = _within(np.log((visits[told] + 0.5) / (weight + 1)), (pair, month), weight)
    assumed = float(np.log2(1 + EFFECT / 100)), EFFECT_ERROR
    return _power(x, y, weight, project, (LEAST_PANEL, MOST_ANSWER_ERROR), assumed)


def _places(ids: pd.Series, known: Sequence[str]) -> Integers:
    """Each row's place among known ids."""
    at = {id: place for place, id in enumerate(known)}
    return np.asarray([at.get(id, 0) for id in ids.cat.categories], dtype=np.int64)[ids.cat.codes.to_numpy()]


def _within(values: Floats, groupings: Sequence[Integers], weights: Floats) -> Floats:
    """Values less what each grouping has in common: that says nothing of one thing following another."""
    for _ in range(5):
        for groups in groupings:
            values = _apart(values, groups, weights)
    return values


def _apart(values: Floats, groups: Integers, weights: Floats) -> Floats:
    """Values less the mean of their group."""
    if not len(values):
        return values
    means = np.bincount(groups, values * weights) / np.maximum(np.bincount(groups, weights), 1e-12)
    found: Floats = values - means[groups]
    return found


def _power(
    x: Floats,
    y: Floats,
    weights: Floats,
    groups: Integers,
    least: tuple[int, float],
    assumed: tuple[float, float],
) -> Effect:
    """The slope of y on x with a standard error that allows for what rows of a group have in common; else what is assumed."""
    cases, most_error = least
    n, square = len(x), float((weights * x * x).sum())
    # A few digits are left of what should be nothing.
    if n < cases or square < 1e-6 * float(weights.sum()):
        return Effect(*assumed, n, False)
    slope = float((weights * x * y).sum()) / square
    scores = np.bincount(groups, weights * x * (y - slope * x))
    error = float(np.sqrt((scores**2).sum())) / square
    if error > most_error:
        return Effect(*assumed, n, False)
    return Effect(min(max(slope, 0.0), 1.0), error, n, True)
