"""记分卡: KPIs of a plan from baseline to target over time, measured or entered by hand, and how far behind their pace they are.

The rule: between the baseline on the plan's first day and each step the plan goes straight. Where a KPI stands today is where
the plan wanted it on some day; the days since then, as a share of the plan's whole length, are how late it is, with the colours
of milestones. Nothing is said of a KPI without a value, a baseline, a target or dates, or whose document contradicts itself.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from typing import Literal

from metrics.benchmarks import benchmark_days
from metrics.pack import KPI_SHARES, KpiSpec, Pack, ScorecardSpec, SharePart
from metrics.periods import ONE_DAY, Span, months_later
from metrics.query import Basis, Query, one
from metrics.reading import Reading, missing, ratio
from metrics.risks import is_text
from metrics.rules import lateness_colour
from metrics.totals import Frames, Where

Status = Literal[
    "unentered", "disputed", "no_target", "no_baseline", "no_dates", "not_begun", "reached", "on_pace", "yellow", "orange", "red"
]  # fmt: skip
LATE: tuple[Status, ...] = ("red", "orange", "yellow")
LONGEST_NAME = 60
_NUMBER = re.compile(r"(-?)(\d{1,15}(?:\.\d{1,6})?)(%|万|亿|)", re.ASCII)
_SIGNS = {"万": 10**4, "亿": 10**8}


class UnfitKpi(ValueError):
    """Something that cannot be kept; `reason` names the field or what is wrong with it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Setting:
    """What an analyst changed of a KPI; None (or an empty text) leaves what the plan says."""

    owner: str = ""
    baseline: Fraction | None = None
    baseline_source: str = ""
    target: Fraction | None = None
    due: date | None = None


@dataclass(frozen=True)
class Entered:
    """A value entered by hand: of which day, by whom (a person's id), when, and why it is believed."""

    value: Fraction
    day: date
    note: str
    by: str
    at: datetime


@dataclass(frozen=True)
class Kpi:
    """A KPI as it stands: the plan's, or what was set instead; steps are days (None: the plan has no dates yet) and values."""

    spec: KpiSpec
    owner: str
    baseline: Fraction | None
    baseline_source: str
    steps: tuple[tuple[date | None, Fraction], ...]
    disputed: bool
    start: date | None

    @property
    def target(self) -> Fraction | None:
        """The value at the end; None where none is set."""
        return self.steps[-1][1] if self.steps else None

    @property
    def due(self) -> date | None:
        """The day by which it is to be there."""
        return self.steps[-1][0] if self.steps else None


@dataclass(frozen=True)
class Judged:
    """How a KPI stands; `expected` is what the plan wanted by today, `lateness` the share of its length by which it is late."""

    status: Status
    expected: Fraction | None = None
    lateness: Fraction | None = None


@dataclass(frozen=True)
class Measured:
    """A KPI's reading now and over as many days before, in the KPI's own unit, with its days and basis."""

    now: Reading
    before: Reading
    span: Span | None
    basis: Basis


def kpi_of(plan: ScorecardSpec, spec: KpiSpec, start: date | None, setting: Setting) -> Kpi:
    """A KPI of a plan that began on a day (None: not yet told), with what was set instead of the plan's own."""
    steps = tuple((months_later(start, month) if start and month else None, value) for month, value in spec.steps)
    if setting.target is not None:
        steps = ((setting.due or (steps[-1][0] if steps else _end(plan, start)), setting.target),)
    elif setting.due is not None and steps:
        steps = (*(one for one in steps[:-1] if one[0] and one[0] < setting.due), (setting.due, steps[-1][1]))
    is_own = setting.target is not None and setting.baseline is not None
    return Kpi(
        spec,
        setting.owner,
        spec.baseline if setting.baseline is None else setting.baseline,
        setting.baseline_source if setting.baseline is not None else "",
        steps,
        spec.disputed and not is_own,
        start,
    )


def _end(plan: ScorecardSpec, start: date | None) -> date | None:
    return months_later(start, plan.months) if start and plan.months else None


def judged(kpi: Kpi, value: Fraction | None, today: date) -> Judged:
    """How a value stands against the plan on a day."""
    if value is None:
        return Judged("unentered")
    if kpi.disputed:
        return Judged("disputed")
    if kpi.target is None:
        return Judged("no_target")
    if _is_there(kpi, value):
        return Judged("reached")
    points = _points(kpi)
    if kpi.baseline is None or points is None:
        return Judged("no_baseline" if kpi.baseline is None else "no_dates")
    if today < points[0][0]:
        return Judged("not_begun")
    first, last = points[0][0], points[-1][0]
    late = (today - first).days - _day_of(points, value)
    expected = _wanted(points, today)
    lateness = max(late, Fraction(0)) / (last - first).days
    colour = lateness_colour(lateness)
    return Judged(colour if colour in LATE else "on_pace", expected, lateness)


def on_time(stands: Mapping[Status, int]) -> Reading:
    """KPIs reached or on pace ÷ KPIs that are judged, from how many stand how."""
    good = stands.get("reached", 0) + stands.get("on_pace", 0)
    return ratio(good, good + sum(stands.get(one, 0) for one in LATE))


def _is_there(kpi: Kpi, value: Fraction) -> bool:
    assert kpi.target is not None
    return value <= kpi.target if kpi.spec.better == "lower" else value >= kpi.target


def _points(kpi: Kpi) -> list[tuple[date, Fraction]] | None:
    """The plan's line as days and values, the baseline first; None where a day lacks or the days do not rise."""
    if kpi.start is None or kpi.baseline is None:
        return None
    found = [(kpi.start, kpi.baseline)]
    for day, value in kpi.steps:
        if day is None or day <= found[-1][0]:
            return None
        found.append((day, value))
    values = [value for _, value in found]
    return found if values == sorted(set(values), reverse=kpi.spec.better == "lower") else None


def _day_of(points: Sequence[tuple[date, Fraction]], value: Fraction) -> Fraction:
    """Days from the start until the plan wanted this value; 0 for one that is not even as good as the baseline."""
    first, sign = points[0][0], 1 if points[-1][1] > points[0][1] else -1
    at = Fraction(0)
    for (day, low), (after, high) in zip(points, points[1:], strict=False):
        if sign * (value - low) < 0:
            break
        share = min((value - low) / (high - low), Fraction(1))
        at = (day - first).days + share * (after - day).days
    return at


def _wanted(points: Sequence[tuple[date, Fraction]], today: date) -> Fraction:
    """What the plan wanted by a day from its start on."""
    for (day, low), (after, high) in zip(points, points[1:], strict=False):
        if today <= after:
            return low + (high - low) * Fraction((today - day).days, (after - day).days)
    return points[-1][1]


# ------------------------------------------------------------------------------------------------------------ measured


def measured(frames: Frames, pack: Pack, spec: KpiSpec, start: date | None, where: Where) -> Measured:
    """A KPI by its metric: over the last full weeks (leads old enough, where it has a reading by lead cohort), or since the start."""
    metric = pack.metric(spec.metric)
    basis: Basis = "cohort" if metric.cohort else "period"
    today = frames.snapshot.as_of.date()
    if metric.state:
        return Measured(_read(frames, pack, spec, Span(today, today), "period", where), missing("no_record"), None, "period")  # fmt: skip
    if spec.over == "start":
        if start is None or start >= today:
            return Measured(missing("not_yet"), missing("not_yet"), None, "period")
        span = Span(start, today - ONE_DAY)
        return Measured(_read(frames, pack, spec, span, "period", where), missing("no_record"), span, "period")
    found = benchmark_days(frames, basis)
    if found is None:
        return Measured(missing("absent", "visit"), missing("absent", "visit"), None, basis)
    before = Span(found.first - ONE_DAY * found.days, found.first - ONE_DAY)
    now, then = (_read(frames, pack, spec, each, basis, where) for each in (found, before))
    return Measured(now, then, found, basis)


def _read(frames: Frames, pack: Pack, spec: KpiSpec, span: Span, basis: Basis, where: Where) -> Reading:
    found = one(frames, pack, spec.metric, Query((spec.metric,), span, basis=basis, where=where))
    if found.value is None or spec.format != "hours":
        return found
    return Reading(Fraction(found.value) / 60, n=found.n)


# ---------------------------------------------------------------------------------------------------------- tool usage


def tool_usage(seen: frozenset[str], roles: Mapping[str, str]) -> dict[str, Reading]:
    """By role, and under "" of all: those of the people (id → role) who were seen ÷ all of them."""
    named = {"": [*roles]} | {role: [id for id in roles if roles[id] == role] for role in sorted({*roles.values()})}
    return {role: ratio(sum(id in seen for id in ids), len(ids)) for role, ids in named.items()}


# ------------------------------------------------------------------------------------------------------------ maturity


def maturity(parts: Sequence[SharePart], shares: Mapping[str, Reading]) -> Reading:
    """The weighed mean of shares, 0–1 (a share above 1 counts as 1); missing while a part lacks."""
    values = [shares[part.share].value for part in parts]
    if not parts or any(value is None for value in values):
        return missing("part")
    total = sum((min(Fraction(value or 0), Fraction(1)) * part.weight for part, value in zip(parts, values, strict=True)), Fraction(0))  # fmt: skip
    return Reading(total / sum((part.weight for part in parts), Fraction(0)))


# --------------------------------------------------------------------------------------------------------- what is typed


def figure_typed(text: str, form: str) -> Fraction:
    """A figure as people type it (15%, -45%, 6.5, 280万); a share takes its % so that 8 is never read as 0.08. UnfitKpi."""
    plain = re.sub(r"[\s,¥]", "", unicodedata.normalize("NFKC", text[:40])).lower()
    found = _NUMBER.fullmatch(plain)
    if not found or (found[3] == "%") != (form in KPI_SHARES) or (found[1] and form != "growth"):
        raise UnfitKpi("percent" if form in KPI_SHARES else "number")
    value = Fraction(found[2]) * _SIGNS.get(found[3], 1) * (-1 if found[1] else 1)
    if form == "percent" and value > 100:
        raise UnfitKpi("percent")
    return value / 100 if form in KPI_SHARES else value


def fit_setting(spec: KpiSpec, plan: ScorecardSpec, start: date | None, one: Setting) -> Setting:
    """The setting, when it can be kept: names the source of its baseline, and its target is better than the baseline. UnfitKpi."""
    if not is_text(one.owner) or len(one.owner) > LONGEST_NAME:
        raise UnfitKpi("owner")
    if not is_text(one.baseline_source, least=1 if one.baseline is not None else 0):
        raise UnfitKpi("baseline_source")
    kpi = kpi_of(plan, spec, start, one)
    if (one.target is not None or one.baseline is not None) and kpi.baseline is not None and kpi.target is not None:
        better = kpi.target < kpi.baseline if spec.better == "lower" else kpi.target > kpi.baseline
        if not better:
            raise UnfitKpi("direction")
    if one.due is not None and (start is None or one.due <= start):
        raise UnfitKpi("due")
    return one
