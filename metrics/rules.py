"""Alert rules: what stands out, since when, on what evidence, and what to do next."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from math import sqrt
from statistics import fmean, pvariance
from typing import Any

from metrics.nearest import nearest
from metrics.overview import pace
from metrics.pack import Label, Metric, Pack, PackError, Rule
from metrics.periods import last_full_days
from metrics.query import Query, readings
from metrics.reading import Number, Reading
from metrics.snapshot import NOWHERE, Milestone
from metrics.totals import Frames, sums

SEVERITIES = ("red", "orange", "yellow")
Z_LIMIT = 3.0
LOOK_BACK_WEEKS = 12


@dataclass(frozen=True)
class Evidence:
    """One fact behind a finding: its word, its value, and the words around it."""

    label: Label
    value: Number
    format: str


@dataclass(frozen=True)
class Finding:
    """An open finding: which rule, about what, since when; `values` fill the rule's message, `formats` say how they print."""

    rule: str
    severity: str
    kind: str
    subject: str
    since: datetime
    values: Mapping[str, Number | str]
    formats: Mapping[str, str]
    evidence: tuple[Evidence, ...]


def findings(frames: Frames, pack: Pack, overrides: Mapping[str, Mapping[str, Any]] | None = None) -> list[Finding]:
    """Everything the pack's rules find in a snapshot, worst and oldest first; `overrides` are thresholds from the settings."""
    kinds = {"limit": _limit, "fall": _fall, "state": _state, "pace": _pace, "milestone": _milestone, "stale": _stale}
    found: list[Finding] = []
    for rule in pack.rules.values():
        found += kinds[rule.kind](frames, pack, Limits(rule, (overrides or {}).get(rule.name, {})))
    return sorted(found, key=lambda one: (SEVERITIES.index(one.severity), one.since, one.rule, one.subject))


def check_thresholds(pack: Pack, given: Mapping[str, Any]) -> None:
    """Refuse thresholds of the settings that would be ignored or could not be used; PackError."""
    for name, table in given.items():
        if name not in pack.rules:
            raise PackError(f"rules.{name} is no rule of the pack. {nearest(name, pack.rules)}")
        _check_threshold_table(f"rules.{name}", table, ("limit", "times_group"), has_projects=True)


def _check_threshold_table(key: str, table: Any, known: tuple[str, ...], *, has_projects: bool = False) -> None:
    if not isinstance(table, Mapping):
        raise PackError(f"{key} is {table!r}. Give a table, such as [{key}] with limit = 0.7.")
    for word, value in table.items():
        if has_projects and isinstance(value, Mapping):
            _check_threshold_table(f"{key}.{word}", value, ("limit",))
        elif word not in known:
            raise PackError(f"{key}.{word} is no threshold. {nearest(word, known)}")
        elif isinstance(value, bool) or not isinstance(value, int | float | Decimal):
            raise PackError(f"{key}.{word} is {value!r}. Give a number, such as 0.7.")


@dataclass(frozen=True)
class Limits:
    """A rule with its thresholds as the settings change them, for all projects or for one."""

    rule: Rule
    overrides: Mapping[str, Any]

    def limit(self, subject: str) -> Fraction:
        """The limit that holds for a subject."""
        own = self.overrides.get(subject, {})
        value = (
            own.get("limit", self.overrides.get("limit", self.rule.limit))
            if isinstance(own, Mapping)
            else self.rule.limit
        )
        return Fraction(str(value))


def _limit(frames: Frames, pack: Pack, limits: Limits) -> Iterator[Finding]:
    """A metric over the last full days beyond a limit, or beyond so many times the group's."""
    rule, metric = limits.rule, pack.metric(limits.rule.metric)
    now = _windowed(frames, pack, rule, 0)
    group = _group(frames, pack, rule, 0)
    for subject, reading in now.items():
        if not _beyond(limits, metric, subject, reading, group):
            continue
        back = _weeks_back(frames, pack, limits, metric, subject)
        values: dict[str, Number | str] = {"value": reading.value or 0}
        if rule.times_group and group.value:
            values["times"] = Fraction(reading.value or 0) / Fraction(group.value)
        yield Finding(
            rule.name, rule.severity, rule.by, subject, _midnight(last_full_days(frames.snapshot.as_of, rule.days, back=back).first),
            values, {"value": metric.format, "times": "times"}, _evidence(metric, reading, group),
        )  # fmt: skip


def _windowed(frames: Frames, pack: Pack, rule: Rule, back: int) -> dict[str, Reading]:
    span = last_full_days(frames.snapshot.as_of, rule.days, back=back)
    found = readings(frames, pack, rule.metric, Query((rule.metric,), span, (rule.by,)))
    return {str(key[0]): reading for key, reading in found.items() if key and key[0] != NOWHERE}


def _group(frames: Frames, pack: Pack, rule: Rule, back: int) -> Reading:
    span = last_full_days(frames.snapshot.as_of, rule.days, back=back)
    return readings(frames, pack, rule.metric, Query((rule.metric,), span))[()]


def _beyond(limits: Limits, metric: Metric, subject: str, reading: Reading, group: Reading) -> bool:
    rule = limits.rule
    if reading.value is None or reading.few(rule.min_n if rule.min_n is not None else metric.min_n):
        return False
    if rule.times_group:
        limit = Fraction(group.value or 0) * Fraction(str(limits.overrides.get("times_group", rule.times_group)))
        return group.value is not None and Fraction(reading.value) > limit
    limit = limits.limit(subject)
    return reading.value < limit if rule.when == "below" else reading.value > limit


def _weeks_back(frames: Frames, pack: Pack, limits: Limits, metric: Metric, subject: str) -> int:
    """How many windows in a row before this one were beyond the limit as well."""
    back = 0
    while back + 1 < LOOK_BACK_WEEKS:
        reading = _windowed(frames, pack, limits.rule, back + 1).get(subject)
        if reading is None or not _beyond(
            limits, metric, subject, reading, _group(frames, pack, limits.rule, back + 1)
        ):
            break
        back += 1
    return back


def _evidence(metric: Metric, reading: Reading, group: Reading) -> tuple[Evidence, ...]:
    facts = [Evidence(metric.label, reading.value or 0, metric.format)]
    if reading.n is not None:
        facts.append(Evidence(Label("样本", "Cases"), reading.n, "count"))
    if group.value is not None:
        facts.append(Evidence(Label("集团", "Group"), group.value, metric.format))
    return tuple(facts)


def _fall(frames: Frames, pack: Pack, limits: Limits) -> Iterator[Finding]:
    """The last 7 full days far below the project's own weeks before: relative fall and z both beyond their limits.

    Counts: z against the weeks' mean with the larger of Poisson and observed variance. Rates: two-sample binomial z.
    """
    rule, metric = limits.rule, pack.metric(limits.rule.metric)
    weeks = [_windowed(frames, pack, rule, back) for back in range(rule.weeks + 1)]
    for subject, now in weeks[0].items() | _silent(weeks, metric):
        before = [week[subject] for week in weeks[1:] if subject in week and week[subject].value is not None]
        mean, z = _fallen(metric, now, before, rule.weeks)
        if now.value is None or not mean or z > -Z_LIMIT or now.value > mean * (1 - limits.limit(subject)):
            continue
        change = 1 - Fraction(now.value) / mean
        evidence = (
            Evidence(Label("近7天", "Last 7 days"), now.value, metric.format),
            Evidence(Label(f"前{rule.weeks}周均值", f"Mean of {rule.weeks} weeks"), mean, metric.format),
            Evidence(Label("检验z值", "z"), Fraction(round(z * 10), 10), "decimal"),
        )
        yield Finding(
            rule.name, rule.severity, rule.by, subject, _midnight(last_full_days(frames.snapshot.as_of, 7).first),
            {"value": now.value, "change": change, "weeks": rule.weeks},
            {"value": metric.format, "change": "percent", "weeks": "count"}, evidence,
        )  # fmt: skip


def _silent(weeks: list[dict[str, Reading]], metric: Metric) -> set[tuple[str, Reading]]:
    """Subjects that had numbers before and have none now: a count that stopped has fallen to nothing."""
    if metric.formula is None or metric.formula.is_ratio:
        return set()
    before = {subject for week in weeks[1:] for subject in week}
    return {(subject, Reading(0)) for subject in before - set(weeks[0])}


def _fallen(metric: Metric, now: Reading, before: list[Reading], weeks: int) -> tuple[Fraction, float]:
    if now.value is None or len(before) < weeks // 2:
        return Fraction(0), 0.0
    if metric.formula is not None and metric.formula.is_ratio:
        return _rate_z(metric, now, before)
    values = [float(reading.value or 0) for reading in before] + [0.0] * (weeks - len(before))
    mean = fmean(values)
    spread = sqrt(max(pvariance(values), mean))
    z = (float(now.value) - mean) / spread if spread else 0.0
    return sum((Fraction(r.value or 0) for r in before), Fraction(0)) / weeks, z


def _rate_z(metric: Metric, now: Reading, before: list[Reading]) -> tuple[Fraction, float]:
    hits = sum((Fraction(r.numerator or 0) for r in before), Fraction(0))
    cases = sum((Fraction(r.denominator or 0) for r in before), Fraction(0))
    if not cases or not now.denominator or now.few(metric.min_n):
        return Fraction(0), 0.0
    pooled = float((hits + (now.numerator or 0)) / (cases + now.denominator))
    error = sqrt(max(pooled * (1 - pooled), 0.0) * (1 / float(cases) + 1 / float(now.denominator)))
    return hits / cases, (float(now.value or 0) - float(hits / cases)) / error if error else 0.0


def _state(frames: Frames, pack: Pack, limits: Limits) -> Iterator[Finding]:
    """A state's share of the active leads beyond its limit; since when the oldest of them has been in it."""
    rule, frame = limits.rule, frames.snapshot.marts["state"]
    if rule.state in frames.snapshot.absent:
        return
    oldest = frame.groupby("project", observed=True)[f"oldest_{rule.state}"].min()
    for (project,), values in sums(frame, ("active", rule.state), ("project",)).items():
        share = Fraction(values[rule.state], values["active"]) if values["active"] else Fraction(0)
        if project == NOWHERE or values["active"] < (rule.min_n or 0) or share <= limits.limit(project):
            continue
        evidence = (
            Evidence(rule.label, values[rule.state], "count"),
            Evidence(Label("在跟客户", "Active leads"), values["active"], "count"),
        )
        yield Finding(
            rule.name, rule.severity, "project", project, oldest[project].to_pydatetime(),
            {"value": share, "count": values[rule.state]}, {"value": "percent", "count": "count"}, evidence,
        )  # fmt: skip


def _pace(frames: Frames, pack: Pack, limits: Limits) -> Iterator[Finding]:
    """A project behind its target of the year by more than the limit."""
    rule, year = limits.rule, date(frames.snapshot.as_of.year, 1, 1)
    for project in frames.snapshot.projects:
        one = pace(frames, pack, "year", project)
        if one.behind is None or one.attainment is None or one.behind <= limits.limit(project):
            continue
        evidence = (
            Evidence(Label("完成", "Done"), one.done.value or 0, "money"),
            Evidence(Label("年度目标", "Target of the year"), one.target or 0, "money"),
            Evidence(Label("时间进度", "Time passed"), one.elapsed, "percent"),
        )
        yield Finding(
            rule.name, rule.severity, "project", project, _midnight(_first_due(frames, pack, project, year)),
            {"value": one.attainment, "change": one.behind},
            {"value": "percent", "change": "points"}, evidence,
        )  # fmt: skip


def _first_due(frames: Frames, pack: Pack, project: str, year: date) -> date:
    """The first day of the year on which a project has a target."""
    own = [t.starts_on for t in frames.snapshot.targets if t.metric == pack.overview_target and t.project == project]
    return max(year, min(own, default=year))


def _milestone(frames: Frames, pack: Pack, limits: Limits) -> Iterator[Finding]:
    """Every open milestone that is late, with the colour of its lateness."""
    today = frames.snapshot.as_of.date()
    for milestone in frames.snapshot.milestones:
        colour = milestone_colour(milestone, today)
        if colour is None or milestone.actual_end is not None:
            continue
        days = days_late(milestone, today)
        evidence = (
            Evidence(Label("计划工期(天)", "Planned days"), planned_days(milestone), "count"),
            Evidence(Label("延误比例", "Lateness"), Fraction(days, planned_days(milestone)), "percent"),
        )
        yield Finding(
            limits.rule.name, colour, "project", milestone.project or NOWHERE, _midnight(milestone.planned_end + timedelta(1)),
            {"value": days, "name": milestone.name}, {"value": "count"}, evidence,
        )  # fmt: skip


def planned_days(milestone: Milestone) -> int:
    """A milestone's planned length in days, at least one."""
    return max((milestone.planned_end - milestone.planned_start).days, 1)


def days_late(milestone: Milestone, today: date) -> int:
    """Days between the planned end and the actual end (today while open); never negative."""
    return max(((milestone.actual_end or today) - milestone.planned_end).days, 0)


def milestone_colour(milestone: Milestone, today: date) -> str | None:
    """Yellow when late by under 10 % of the planned length, orange up to 30 %, red over 30 %; None when not late."""
    lateness = Fraction(days_late(milestone, today), planned_days(milestone))
    if lateness <= 0:
        return None
    if lateness < Fraction(1, 10):
        return "yellow"
    return "orange" if lateness <= Fraction(3, 10) else "red"


def _stale(frames: Frames, pack: Pack, limits: Limits) -> Iterator[Finding]:
    """Every entity whose numbers stand still because its last refresh failed."""
    for frozen in frames.snapshot.frozen:
        evidence = (Evidence(Label("实体", "Entity"), 0, frozen.entity),)
        yield Finding(
            limits.rule.name, limits.rule.severity, "group", frozen.entity, frozen.since,
            {"value": f"{frozen.since:%m-%d %H:%M}"}, {}, evidence,
        )  # fmt: skip


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time())


def in_view(found: Iterable[Finding], projects: frozenset[str] | None) -> list[Finding]:
    """The findings about the projects in view; findings about the group only where everything is in view."""
    return [one for one in found if projects is None or (one.kind == "project" and one.subject in projects)]


def worst_first(found: Iterable[Finding]) -> list[Finding]:
    """Findings by severity, then oldest, then the largest change first within a rule."""

    def weight(one: Finding) -> tuple[Any, ...]:
        change = one.values.get("change", 0)
        size = Fraction(change) if not isinstance(change, str) else Fraction(0)
        return SEVERITIES.index(one.severity), one.since, one.rule, -size, one.subject

    return sorted(found, key=weight)


def foremost(found: Iterable[Finding], most: int) -> list[Finding]:
    """The few to look at first: the worst severity before others, and in it every rule once before any rule twice."""
    met: Counter[tuple[str, str]] = Counter()
    turns: list[tuple[int, int, int, Finding]] = []
    for one in worst_first(found):
        met[one.severity, one.rule] += 1
        turns.append((SEVERITIES.index(one.severity), met[one.severity, one.rule], len(turns), one))
    return [one for *_, one in sorted(turns)[:most]]
