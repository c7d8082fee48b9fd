"""Alert rules: what stands out, since when, on what evidence, and what to do next."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from math import sqrt
from statistics import fmean, median, pvariance
from typing import Any, Literal, NamedTuple

from metrics.nearest import nearest
from metrics.overview import pace
from metrics.pack import STEPS_AFTER_LEAD, Label, Metric, Pack, PackError, Rule
from metrics.periods import ONE_DAY, Span, is_holiday, last_full_days
from metrics.query import Query, readings
from metrics.reading import Number, Reading, count, missing, ratio
from metrics.snapshot import NOWHERE, Budget, Milestone
from metrics.targets import budgets_of
from metrics.totals import Frames, sums

SEVERITIES = ("red", "orange", "yellow")
Z_LIMIT = 3.0
Z_CALM = 2.0
"""A fall that is less unlikely than this is called calm; between the two limits nothing changes."""
LOOK_BACK_WEEKS = 12
LEAST_DAYS = 4
"""Fewer ordinary days among the last seven say nothing."""
NORMAL = 1.4826
"""What makes the median distance from the median comparable with a standard deviation."""
SLIP = Fraction(1, 20)
"""A task that slips by more of its planned length goes one level up."""
BUDGET_DAYS = 7
"""Days a budget must have run before it is looked at."""
ENDED_DAYS = 31
"""Days after its end for which it is still looked at."""
SOURCE = "source"
"""Stands for the whole source among what may be stale."""
Standing = Literal["firing", "near", "calm", "unknown"]
"""near: better than the limit, but not by the margin at which it is called calm."""


class Key(NamedTuple):
    """What an alert is about: the rule, the kind of subject and its id, and the one milestone or budget where a subject has several."""

    rule: str
    kind: str
    subject: str
    item: str = ""


@dataclass(frozen=True)
class Evidence:
    """One fact behind a finding: its word, its value, and the words around it."""

    label: Label
    value: Number
    format: str


@dataclass(frozen=True)
class Finding:
    """An open finding: which rule, about what, since when; `values` fill the rule's message, `formats` say how they print.

    `item` tells several of one subject apart; `escalates`: it goes one level up at once.
    """

    rule: str
    severity: str
    kind: str
    subject: str
    since: datetime
    values: Mapping[str, Number | str]
    formats: Mapping[str, str]
    evidence: tuple[Evidence, ...]
    item: str = ""
    escalates: bool = False

    @property
    def key(self) -> Key:
        """What it is about."""
        return Key(self.rule, self.kind, self.subject, self.item)


@dataclass(frozen=True)
class Check:
    """What one rule says of one subject; what nobody speaks of is unknown, and so are subjects that vanished."""

    key: Key
    standing: Standing
    finding: Finding | None = None


def findings(frames: Frames, pack: Pack, overrides: Mapping[str, Mapping[str, Any]] | None = None) -> list[Finding]:
    """Everything the pack's rules find in a snapshot, worst and oldest first; `overrides` are thresholds from the settings."""
    said = _checks(frames, pack, overrides or {})
    found = [one.finding for one in said if one.finding is not None and one.standing == "firing"]
    return sorted(found, key=lambda one: (SEVERITIES.index(one.severity), one.since, one.rule, one.subject))


def checks(frames: Frames, pack: Pack, overrides: Mapping[str, Mapping[str, Any]] | None = None) -> list[Check]:
    """What every rule says of every subject; unknown where an entity it rests on stands still since a failed refresh."""
    still = {one.entity for one in frames.snapshot.frozen}
    silent = {rule.name for rule in pack.rules.values() if still & _rests_on(rule, pack)}
    return [
        replace(one, standing="unknown") if one.key.rule in silent else one
        for one in _checks(frames, pack, overrides or {})
    ]


def _checks(frames: Frames, pack: Pack, overrides: Mapping[str, Mapping[str, Any]]) -> Iterator[Check]:
    kinds: Mapping[str, Callable[[Frames, Pack, Limits], Iterator[Check]]] = {
        "limit": _limit, "fall": _fall, "state": _state, "pace": _pace, "milestone": _milestone, "budget": _budget,
        "stale": _stale,
    }  # fmt: skip
    for rule in pack.rules.values():
        yield from kinds[rule.kind](frames, pack, Limits(rule, overrides.get(rule.name, {})))


def _rests_on(rule: Rule, pack: Pack) -> frozenset[str]:
    """The entities without which a rule knows nothing."""
    match rule.kind:
        case "limit" | "fall":
            return pack.entities(rule.metric)
        case "pace":
            return pack.entities(pack.overview_target) | {"target"}
        case "state":
            return frozenset(("lead", "follow_up", *STEPS_AFTER_LEAD))
        case "budget":
            return frozenset(("budget", "spend"))
    return frozenset((rule.kind,))


def _check(found: Finding, *, firing: bool, near: bool) -> Check:
    """A finding as far as it holds."""
    return Check(found.key, "firing" if firing else "near" if near else "calm", found)


def check_thresholds(pack: Pack, given: Mapping[str, Any]) -> None:
    """Refuse thresholds of the settings that would be ignored or could not be used; PackError."""
    for name, table in given.items():
        if name not in pack.rules:
            raise PackError(f"rules.{name} is no rule of the pack. {nearest(name, pack.rules)}")
        _check_threshold_table(f"rules.{name}", table, ("limit", "margin", "times_group"), has_projects=True)


def _check_threshold_table(key: str, table: Any, known: tuple[str, ...], *, has_projects: bool = False) -> None:
    if not isinstance(table, Mapping):
        raise PackError(f"{key} is {table!r}. Give a table, such as [{key}] with limit = 0.7.")
    for word, value in table.items():
        if has_projects and isinstance(value, Mapping):
            _check_threshold_table(f"{key}.{word}", value, ("limit", "margin"))
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
        """The limit that holds for a subject: beyond it the rule fires."""
        return self._of("limit", subject, self.rule.limit)

    def margin(self, subject: str) -> Fraction:
        """How much better than the limit a subject must be to be called calm."""
        return self._of("margin", subject, self.rule.margin)

    @property
    def times(self) -> Fraction | None:
        """From how many times the group's reading on the rule fires; None where it looks at a limit."""
        times = self.overrides.get("times_group", self.rule.times_group)
        return Fraction(str(times)) if self.rule.times_group else None

    def _of(self, name: str, subject: str, default: float | None) -> Fraction:
        own = self.overrides.get(subject, {})
        value = own.get(name, self.overrides.get(name, default)) if isinstance(own, Mapping) else default
        return Fraction(str(value))


def _limit(frames: Frames, pack: Pack, limits: Limits) -> Iterator[Check]:
    """A metric over the last full days beyond a limit, or beyond so many times the group's."""
    rule, metric = limits.rule, pack.metric(limits.rule.metric)
    now = _windowed(frames, pack, rule, 0)
    group = _group(frames, pack, rule, 0)
    for subject, reading in now.items():
        if not _says_something(rule, metric, reading, group):
            yield Check(Key(rule.name, rule.by, subject), "unknown")
            continue
        firing, near = (_beyond(limits, metric, subject, reading, group, kindly=one) for one in (False, True))
        back = _weeks_back(frames, pack, limits, metric, subject) if firing else 0
        values: dict[str, Number | str] = {"value": reading.value or 0}
        if rule.times_group and group.value:
            values["times"] = Fraction(reading.value or 0) / Fraction(group.value)
        found = Finding(
            rule.name, rule.severity, rule.by, subject, _midnight(last_full_days(frames.snapshot.as_of, rule.days, back=back).first),
            values, {"value": metric.format, "times": "times"}, _evidence(metric, reading, group),
        )  # fmt: skip
        yield _check(found, firing=firing, near=near)


def _windowed(frames: Frames, pack: Pack, rule: Rule, back: int) -> dict[str, Reading]:
    span = last_full_days(frames.snapshot.as_of, rule.days, back=back)
    found = readings(frames, pack, rule.metric, Query((rule.metric,), span, (rule.by,)))
    return {str(key[0]): reading for key, reading in found.items() if key and key[0] != NOWHERE}


def _group(frames: Frames, pack: Pack, rule: Rule, back: int) -> Reading:
    span = last_full_days(frames.snapshot.as_of, rule.days, back=back)
    return readings(frames, pack, rule.metric, Query((rule.metric,), span))[()]


def _says_something(rule: Rule, metric: Metric, reading: Reading, group: Reading) -> bool:
    few = reading.few(rule.min_n if rule.min_n is not None else metric.min_n)
    return reading.value is not None and not few and not (rule.times_group and group.value is None)


def _beyond(
    limits: Limits, metric: Metric, subject: str, reading: Reading, group: Reading, *, kindly: bool = False
) -> bool:
    """Whether a reading is beyond its limit; `kindly`: beyond where it is called calm."""
    rule = limits.rule
    if reading.value is None or not _says_something(rule, metric, reading, group):
        return False
    margin = limits.margin(subject) if kindly else Fraction(0)
    if (times := limits.times) is not None:
        return Fraction(reading.value) > Fraction(group.value or 0) * (times - margin)
    limit = limits.limit(subject)
    return reading.value < limit + margin if rule.when == "below" else reading.value > limit - margin


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


# ------------------------------------------------------------------------------------------- against the own history


class Test(NamedTuple):
    """What a test says: what was usual, how far below it now is in standard deviations, its name, and on how many cases."""

    usual: Fraction
    z: float
    name: str
    n: int


_TESTS = {
    "poisson": Label("泊松检验z", "Poisson z"),
    "binomial": Label("二项检验z", "Binomial z"),
    "robust": Label("稳健z(中位数)", "Robust z (median)"),
}


def _fall(frames: Frames, pack: Pack, limits: Limits) -> Iterator[Check]:
    """The last full days far below the same weekdays of the weeks before: relative fall and z both beyond their limits.

    Only ordinary days are compared: holidays among the last days are left out on both sides, and so are the weeks in which
    one of those weekdays was a holiday. Too few ordinary days, or weeks, and nothing is known.
    """
    rule, metric = limits.rule, pack.metric(limits.rule.metric)
    days, backs = _ordinary(frames.snapshot.as_of, rule)
    if len(days) < min(rule.days, LEAST_DAYS) or len(backs) < rule.weeks // 2:
        return
    now, *weeks = (_on(frames, pack, rule, [day - timedelta(7 * back) for day in days]) for back in (0, *backs))
    label = Label(f"近{rule.days}天", f"Last {rule.days} days") if rule.days > 1 else Label("昨天", "Yesterday")
    for subject in sorted({one for week in (now, *weeks) for one in week}):
        reading = now.get(subject, _nothing(metric))
        before = [week.get(subject, _nothing(metric)) for week in weeks]
        test = _tested(rule, metric, reading, before)
        if test is None or reading.value is None:
            yield Check(Key(rule.name, rule.by, subject), "unknown")
            continue
        change, limit = 1 - Fraction(reading.value) / test.usual, limits.limit(subject)
        evidence = (
            Evidence(label, reading.value, metric.format),
            Evidence(Label(f"前{len(weeks)}周同期", f"Same days of {len(weeks)} weeks"), test.usual, metric.format),
            Evidence(_TESTS[test.name], Fraction(round(test.z * 10), 10), "decimal"),
            Evidence(Label("样本", "Cases"), test.n, "count"),
        )
        found = Finding(
            rule.name, rule.severity, rule.by, subject, _midnight(min(days)),
            {"value": reading.value, "change": change, "weeks": len(weeks)},
            {"value": metric.format, "change": "percent", "weeks": "count"}, evidence,
        )  # fmt: skip
        near = change >= limit - limits.margin(subject) and test.z <= -Z_CALM
        yield _check(found, firing=change >= limit and test.z <= -Z_LIMIT, near=near)


def _ordinary(as_of: datetime, rule: Rule) -> tuple[list[date], list[int]]:
    """The ordinary days among a rule's last full days, and how many weeks back the same weekdays were all ordinary."""
    span = last_full_days(as_of, rule.days)
    days = [day for day in _days(span) if not is_holiday(day)]
    backs = [
        back for back in range(1, rule.weeks + 1) if not any(is_holiday(day - timedelta(7 * back)) for day in days)
    ]
    return days, backs


def _days(span: Span) -> list[date]:
    return [span.first + timedelta(at) for at in range(span.days)]


def _on(frames: Frames, pack: Pack, rule: Rule, days: list[date]) -> dict[str, Reading]:
    """A metric by subject over some days of a week."""
    span = Span(min(days), max(days))
    if span.days == len(days):
        return _by_subject(readings(frames, pack, rule.metric, Query((rule.metric,), span, (rule.by,))))
    each = readings(frames, pack, rule.metric, Query((rule.metric,), span, (rule.by, "day")))
    kept: dict[str, list[Reading]] = defaultdict(list)
    for key, reading in each.items():
        if key and key[0] != NOWHERE and key[1] in days:
            kept[str(key[0])].append(reading)
    return {subject: _together(some) for subject, some in kept.items()}


def _by_subject(found: Mapping[Any, Reading]) -> dict[str, Reading]:
    return {str(key[0]): reading for key, reading in found.items() if key and key[0] != NOWHERE}


def _together(some: list[Reading]) -> Reading:
    """Several days' readings as one."""
    if all(one.denominator is None for one in some):
        return count(sum((Fraction(one.value or 0) for one in some), Fraction(0)))
    return ratio(sum(Fraction(one.numerator or 0) for one in some), sum(Fraction(one.denominator or 0) for one in some))


def _nothing(metric: Metric) -> Reading:
    """A subject without rows: a count that stopped has fallen to nothing, of a rate nothing is known."""
    return missing("nothing") if metric.formula is None or metric.formula.is_ratio else Reading(0)


def _tested(rule: Rule, metric: Metric, now: Reading, before: list[Reading]) -> Test | None:
    """The test that fits the metric; None where the past, or today, says too little."""
    if sum(bool(one.value) for one in before) < rule.weeks // 2 or now.value is None:
        return None
    if metric.formula is not None and metric.formula.is_ratio:
        return _binomial(metric, now, before)
    values = [Fraction(one.value or 0) for one in before]
    return _robust(Fraction(now.value), values) if rule.test == "robust" else _poisson(Fraction(now.value), values)


def _poisson(now: Fraction, before: list[Fraction]) -> Test | None:
    """Counts: against their mean, with the larger of the Poisson and the observed variance."""
    values = [float(one) for one in before]
    mean = fmean(values)
    spread = sqrt(max(pvariance(values), mean))
    return Test(sum(before, Fraction(0)) / len(before), (float(now) - mean) / spread, "poisson", int(sum(before)))


def _robust(now: Fraction, before: list[Fraction]) -> Test | None:
    """Amounts and impressions, which come in lumps: against the median, by the median distance from it (at least 5 %)."""
    usual = Fraction(median(before))
    if not usual:
        return None
    away = median(abs(one - usual) for one in before)
    spread = max(float(away) * NORMAL, float(usual) / 20)
    return Test(usual, float(now - usual) / spread, "robust", len(before))


def _binomial(metric: Metric, now: Reading, before: list[Reading]) -> Test | None:
    """Rates: two samples of cases, with the rate of both together."""
    hits = sum((Fraction(one.numerator or 0) for one in before), Fraction(0))
    cases = sum((Fraction(one.denominator or 0) for one in before), Fraction(0))
    if not hits or not cases or not now.denominator or now.few(metric.min_n):
        return None
    pooled = float((hits + (now.numerator or 0)) / (cases + now.denominator))
    error = sqrt(max(pooled * (1 - pooled), 0.0) * (1 / float(cases) + 1 / float(now.denominator)))
    z = (float(now.value or 0) - float(hits / cases)) / error if error else 0.0
    return Test(hits / cases, z, "binomial", int(now.denominator))


# ------------------------------------------------------------------------------------------------------ plain thresholds


def _state(frames: Frames, pack: Pack, limits: Limits) -> Iterator[Check]:
    """A state's share of the active leads beyond its limit; since when the oldest of them has been in it."""
    rule, frame = limits.rule, frames.snapshot.marts["state"]
    if rule.state in frames.snapshot.absent:
        return
    oldest = frame.groupby("project", observed=True)[f"oldest_{rule.state}"].min()
    for (project,), values in sums(frame, ("active", rule.state), ("project",)).items():
        if project == NOWHERE or values["active"] < max(rule.min_n or 0, 1):
            continue
        share, limit = Fraction(values[rule.state], values["active"]), limits.limit(project)
        evidence = (
            Evidence(rule.label, values[rule.state], "count"),
            Evidence(Label("在跟客户", "Active leads"), values["active"], "count"),
        )
        since = oldest[project].to_pydatetime() if values[rule.state] else frames.snapshot.as_of
        found = Finding(
            rule.name, rule.severity, "project", project, since,
            {"value": share, "count": values[rule.state]}, {"value": "percent", "count": "count"}, evidence,
        )  # fmt: skip
        yield _check(found, firing=share > limit, near=share > limit - limits.margin(project))


def _pace(frames: Frames, pack: Pack, limits: Limits) -> Iterator[Check]:
    """A project behind its target of the year by more than the limit."""
    rule, year = limits.rule, date(frames.snapshot.as_of.year, 1, 1)
    for project in frames.snapshot.projects:
        one, limit = pace(frames, pack, "year", project), limits.limit(project)
        if one.behind is None or one.attainment is None:
            yield Check(Key(rule.name, "project", project), "unknown")
            continue
        evidence = (
            Evidence(Label("完成", "Done"), one.done.value or 0, "money"),
            Evidence(Label("年度目标", "Target of the year"), one.target or 0, "money"),
            Evidence(Label("时间进度", "Time passed"), one.elapsed, "percent"),
        )
        found = Finding(
            rule.name, rule.severity, "project", project, _midnight(_first_due(frames, pack, project, year)),
            {"value": one.attainment, "change": one.behind},
            {"value": "percent", "change": "points"}, evidence,
        )  # fmt: skip
        yield _check(found, firing=one.behind > limit, near=one.behind > limit - limits.margin(project))


def _first_due(frames: Frames, pack: Pack, project: str, year: date) -> date:
    """The first day of the year on which a project has a target."""
    own = [t.starts_on for t in frames.snapshot.targets if t.metric == pack.overview_target and t.project == project]
    return max(year, min(own, default=year))


def _milestone(frames: Frames, pack: Pack, limits: Limits) -> Iterator[Check]:
    """Every open milestone that is late, with the colour of its lateness; one that slips further goes one level up."""
    today = frames.snapshot.as_of.date()
    for milestone in frames.snapshot.milestones:
        colour = milestone_colour(milestone, today)
        subject = milestone.project or NOWHERE
        if colour is None or milestone.actual_end is not None:
            yield Check(Key(limits.rule.name, "project", subject, milestone.id), "calm")
            continue
        days = days_late(milestone, today)
        lateness = lateness_of(milestone, today)
        evidence = (
            Evidence(Label("计划工期(天)", "Planned days"), planned_days(milestone), "count"),
            Evidence(Label("延误比例", "Lateness"), lateness, "percent"),
        )
        found = Finding(
            limits.rule.name, colour, "project", subject, _midnight(milestone.planned_end + timedelta(1)),
            {"value": days, "name": milestone.name}, {"value": "count"}, evidence, milestone.id, lateness > SLIP,
        )  # fmt: skip
        yield _check(found, firing=True, near=True)


def planned_days(milestone: Milestone) -> int:
    """A milestone's planned length in days, at least one."""
    return max((milestone.planned_end - milestone.planned_start).days, 1)


def days_late(milestone: Milestone, today: date) -> int:
    """Days between the planned end and the actual end (today while open); never negative."""
    return max(((milestone.actual_end or today) - milestone.planned_end).days, 0)


def milestone_colour(milestone: Milestone, today: date) -> str | None:
    """The colour of a milestone's lateness; None when it is not late."""
    return lateness_colour(lateness_of(milestone, today))


def lateness_of(milestone: Milestone, today: date) -> Fraction:
    """Days late as a share of the planned length."""
    return Fraction(days_late(milestone, today), planned_days(milestone))


def lateness_colour(lateness: Fraction) -> str | None:
    """Yellow when late by under 10 % of the planned length, orange up to 30 %, red over 30 %; None when not late."""
    if lateness <= 0:
        return None
    if lateness < Fraction(1, 10):
        return "yellow"
    return "orange" if lateness <= Fraction(3, 10) else "red"


def _budget(frames: Frames, pack: Pack, limits: Limits) -> Iterator[Check]:
    """Spend outside its elastic band around a budget: while it runs against the share of its days, after its end as a whole."""
    rule, yesterday = limits.rule, frames.snapshot.as_of.date() - ONE_DAY
    spans: dict[Span, dict[str, Reading]] = {}
    for budget in budgets_of(frames.snapshot, rule.kinds):
        key = Key(rule.name, "project", budget.project, f"{budget.starts_on}/{budget.ends_on}")
        if (
            budget.starts_on + timedelta(BUDGET_DAYS) > yesterday + ONE_DAY
            or (yesterday - budget.ends_on).days > ENDED_DAYS
        ):
            yield Check(key, "calm")
            continue
        span = Span(budget.starts_on, min(budget.ends_on, yesterday))
        if span not in spans:
            spans[span] = _by_subject(readings(frames, pack, rule.metric, Query((rule.metric,), span, ("project",))))
        spent = spans[span].get(budget.project)
        if spent is None or spent.value is None or budget.amount <= 0:
            yield Check(key, "unknown")
            continue
        yield _of_budget(limits, key, budget, span, Fraction(spent.value))


class Band(NamedTuple):
    """A budget over the days that have passed: what was due by its days (yuan), and how far what was spent is off it."""

    span: Span
    planned: Fraction
    change: Fraction


def band(budget: Budget, until: date, spent: Fraction) -> Band:
    """How far the spend up to a day is off a budget of more than nothing: while it runs, off the share of its days."""
    span = Span(budget.starts_on, min(budget.ends_on, until))
    planned = Fraction(budget.amount) * Fraction(span.days, Span(budget.starts_on, budget.ends_on).days)
    return Band(span, planned, spent / planned - 1)


def _of_budget(limits: Limits, key: Key, budget: Budget, span: Span, spent: Fraction) -> Check:
    rule, limit = limits.rule, limits.limit(budget.project)
    _, planned, change = band(budget, span.last, spent)
    evidence = (
        Evidence(Label("预算", "Budget"), Fraction(budget.amount), "money"),
        Evidence(Label("按天数应花", "Due by its days"), planned, "money"),
        Evidence(Label("已过天数", "Days passed"), span.days, "count"),
    )
    found = Finding(
        rule.name, rule.severity, "project", budget.project, _midnight(budget.starts_on),
        {"value": spent, "change": abs(change), "side": "+" if change > 0 else "−"},
        {"value": "money", "change": "percent"}, evidence, key.item,
    )  # fmt: skip
    return _check(found, firing=abs(change) > limit, near=abs(change) > limit - limits.margin(budget.project))


def _stale(frames: Frames, pack: Pack, limits: Limits) -> Iterator[Check]:
    """Every entity whose numbers stand still because its last refresh failed."""
    rule, still = limits.rule, {one.entity: one for one in frames.snapshot.frozen}
    for entity in {*still, *(one.entity for one in frames.snapshot.counts)}:
        if entity not in still:
            yield Check(Key(rule.name, "group", entity), "calm")
            continue
        yield _standing_since(rule, entity, still[entity].since)


def _standing_since(rule: Rule, subject: str, since: datetime) -> Check:
    evidence = (Evidence(Label("实体", "Entity"), 0, subject),)
    found = Finding(
        rule.name, rule.severity, "group", subject, since, {"value": f"{since:%m-%d %H:%M}"}, {}, evidence,
    )  # fmt: skip
    return Check(found.key, "firing", found)


def source_checks(pack: Pack, as_of: datetime, *, is_stale: bool) -> list[Check]:
    """What the rules about stale data say of the whole source."""
    rules = [rule for rule in pack.rules.values() if rule.kind == "stale"]
    if is_stale:
        return [_standing_since(rule, SOURCE, as_of) for rule in rules]
    return [Check(Key(rule.name, "group", SOURCE), "calm") for rule in rules]


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
