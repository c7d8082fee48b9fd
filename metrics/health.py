"""项目数字化体检报告: what a week says of a project: its verdict, vital signs against the group's, leaks, and what a cure is worth.

The rules of the verdict, in order: 无法判断 when neither a target nor a range is known; else the signs are counted, which are
behind the target by more than the limit, a third or more of the judged vital signs weak, and any red alert other than that of
the target: none 健康, one 需关注, two or more 告急.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from fractions import Fraction
from math import prod
from statistics import median, quantiles
from typing import Any, Literal

from metrics.overview import Pace, paces
from metrics.pack import Label, Metric, Pack, ReportSpec
from metrics.periods import Span, year_of_week
from metrics.query import Query, cohort_column, cohort_frame, lacking, mature_until, reading_of, readings, stored
from metrics.reading import Reading, count, missing, ratio
from metrics.records import fingerprint
from metrics.rules import Finding
from metrics.snapshot import NOWHERE, Snapshot
from metrics.totals import EVERYTHING, Frames, sums

COHORT_DAYS = 91
"""Thirteen weeks of leads, all of them old enough for every step."""
WIDE_WEEKS = 4
"""What is too small in one week is read over four."""
STATE_DAYS = 7
"""So long after a week a state that is read now may still stand for it."""
MOST_PRESCRIPTIONS = 3
LEAST_WORTH = Fraction(1, 20)
"""What is worth less reads +0.0."""
LEAST_CURE = Fraction(1, 2)
"""What brings less than half a case in thirteen weeks is no prescription."""
CHANNEL_SHARE = Fraction(1, 2)
"""A channel is named as the place to begin where it explains so much of what a step costs."""
WEAK_SHARE = Fraction(1, 3)
USUAL_LEAST = 20

Counts = tuple[int, ...]
"""How many leads there were, and how many of them reached each step."""
Word = Literal["healthy", "watch", "critical", "unknown"]
Judged = Literal["strong", "normal", "weak", "few", "size", "no_range", "missing"]
"""size: a plain sum says how large a project is, not how well it does."""


@dataclass(frozen=True)
class Range:
    """The quartiles of so many projects (linear between neighbours)."""

    low: Fraction
    middle: Fraction
    high: Fraction
    n: int


@dataclass(frozen=True)
class Vital:
    """A metric of the week beside the group's range; a state is read as its share of the active leads."""

    metric: str
    reading: Reading
    range: Range | None
    judged: Judged


@dataclass(frozen=True)
class Later:
    """The rate of a later step: the project's own, or that of all its peers together where the own rests on too few."""

    step: str
    entered: int
    reached: int
    is_own: bool = True


@dataclass(frozen=True)
class Chain:
    """How many of a cohort came to one step from the one before, and their peers' median rate of so many projects.

    `cost` is how many would have come through to the last step more at the peers' median, by the `later` rates; None
    without a median, or where a rate rests on too `few`.
    """

    step: str
    entered: int
    reached: int
    peers: Fraction | None
    among: int
    later: tuple[Later, ...] = ()
    cost: Fraction | None = None
    few: bool = False
    channel: str | None = None


@dataclass(frozen=True)
class ChannelLine:
    """A channel's readings over four weeks, in the order of the report's channel metrics; `few` says which rest on too few."""

    channel: str
    readings: tuple[Reading, ...]
    few: tuple[bool, ...]


@dataclass(frozen=True)
class Somebody:
    """A salesperson's reading."""

    staff: str
    reading: Reading


@dataclass(frozen=True)
class Spread:
    """How far apart a project's salespeople are: the best, the weakest and the median of those with cases enough."""

    metric: str
    span: Span
    people: int
    left_out: int
    best: Somebody | None = None
    middle: Fraction | None = None
    weakest: Somebody | None = None


@dataclass(frozen=True)
class Risk:
    """An open alert with the words of its rule as they were."""

    finding: Finding
    label: Label
    message: Label
    next_step: Label


@dataclass(frozen=True)
class Verdict:
    """One word, and the signs it follows from."""

    word: Word
    is_behind: bool = False
    weak: tuple[str, ...] = ()
    judged: int = 0
    red: int = 0


@dataclass(frozen=True)
class Report:
    """One project's week as a snapshot shows it; `definition` holds how it was read, `names` what its ids are called."""

    project: str
    week: date
    snapshot: str
    as_of: datetime
    verdict: Verdict
    pace: Pace
    vitals: tuple[Vital, ...]
    follow_up: tuple[Vital, ...]
    cohort: Span | None
    steps: tuple[Chain, ...]
    leaks: tuple[Chain, ...]
    channels: tuple[ChannelLine, ...]
    team: tuple[Spread, ...]
    completeness: tuple[tuple[str, Reading], ...]
    still: tuple[tuple[str, datetime], ...]
    risks: tuple[Risk, ...]
    findings: Reading
    exempt: bool
    names: Mapping[str, str]
    definition: Mapping[str, Any]

    @property
    def prescriptions(self) -> tuple[Chain, ...]:
        """The steps that are below their peers' median by enough to be worth saying, the dearest three first."""
        costly = [one for one in self.steps if one.cost is not None and one.cost >= self.least_cure]
        return tuple(sorted(costly, key=lambda one: (-(one.cost or 0), one.step))[:MOST_PRESCRIPTIONS])

    @property
    def least_cure(self) -> Fraction:
        """What a prescription is worth at least, as it was when the report was drafted."""
        return Fraction(self.definition["least"].get("cure", LEAST_WORTH))

    def begins_with(self, one: Chain) -> Chain | None:
        """The channel whose own leak explains most of what a step costs; None where the step is weak all over."""
        inside = [leak for leak in self.leaks if leak.step == one.step and leak.cost]
        dearest = max(inside, key=lambda leak: leak.cost or 0, default=None)
        enough = Fraction(self.definition["least"].get("share", 0)) * (one.cost or 0)
        return dearest if dearest and (dearest.cost or 0) >= enough else None

    @property
    def worst_leak(self) -> Chain | None:
        """The step and channel that cost most."""
        costly = [one for one in self.leaks if one.cost]
        return max(costly, key=lambda one: (one.cost or 0, one.step, one.channel or ""), default=None)


@dataclass(frozen=True)
class Issue:
    """What was added when a report was issued: by whom, what they said, and the commitments as they stood, in words of then."""

    by: str
    name: str
    at: datetime
    note: str = ""
    commitments: tuple[Mapping[str, Any], ...] = ()


def reports(
    frames: Frames,
    pack: Pack,
    monday: date,
    *,
    found: Iterable[Finding] | None = None,
    on_record: Mapping[str, int] | None = None,
    exempt: frozenset[str] = frozenset(),
    behind_limit: Callable[[str], Fraction] = lambda project: Fraction(1, 10),
) -> dict[str, Report]:
    """Every project's report on the full week that starts on `monday`; `found` are the alerts that are open now, `on_record`
    how many findings of the record rules each project has that are not rejected (None: the rules have not run).

    Where the snapshot is too young to stand for the week's end, what is read now (states, alerts) is missing.
    """
    spec = pack.report
    if spec is None:
        return {}
    ward = _Ward(frames, pack, spec, monday)
    ward.on_record = on_record
    listed = list(found or ()) if ward.stands_for_now else []
    return {id: _report(ward, id, listed, id in exempt, behind_limit(id)) for id in frames.snapshot.projects}


class _Ward:
    """What all projects' reports on one week share; read once for all."""

    def __init__(self, frames: Frames, pack: Pack, spec: ReportSpec, monday: date) -> None:
        self.frames, self.pack, self.spec, self.monday = frames, pack, spec, monday
        self.snapshot = frames.snapshot
        self.sunday = monday + timedelta(6)
        self.projects = list(self.snapshot.projects)
        self.stands_for_now = (self.snapshot.as_of.date() - self.sunday).days <= STATE_DAYS
        self.vitals = {name: self._vitals(name) for name in (*spec.vitals, *spec.follow_up)}
        year_end = date(year_of_week(monday), 12, 31)
        self.until = min(self.sunday, year_end)
        self.paces = {one.project: one for one in paces(frames, pack, "year", self.projects, self.until)}
        self.cohort = cohort_days(self.snapshot, self.sunday)
        self.chains = chains(frames, self.cohort) if self.cohort else {}
        self.wide = Span(self.sunday - timedelta(7 * WIDE_WEEKS - 1), self.sunday)
        self.channels = {name: self._by_channel(name) for name in spec.channels}
        self.team = {name: self._by_staff(name) for name in spec.team}
        self.complete = self._complete()
        self.definition = definition(pack, spec, self.snapshot)
        self.on_record: Mapping[str, int] | None = None

    def peers(self, project: str) -> list[str]:
        """The projects of the same peer group, this one among them; those without a group are one."""
        group = self.snapshot.projects[project].peer_group
        return [id for id in self.projects if self.snapshot.projects[id].peer_group == group]

    def alike(self, projects: Iterable[str], channel: str) -> list[Counts]:
        """The counts of one channel in several projects."""
        found = (self.chains.get(id, {}) for id in projects)
        return [each[channel] for each in found if channel in each]

    def _vitals(self, name: str) -> dict[str, Vital]:
        metric = self.pack.metric(name)
        found = self._weekly(metric)
        among = [Fraction(one.value) for one in found.values() if one.value is not None and not one.few(metric.min_n)]
        range = quartiles(among) if len(among) >= self.spec.least_projects else None
        return {id: Vital(name, one, range, judged(metric, one, range)) for id, one in found.items()}

    def _weekly(self, metric: Metric) -> dict[str, Reading]:
        if metric.state:
            return self._states(metric)
        if metric.target:
            span = Span(
                date(year_of_week(self.monday), 1, 1), min(self.sunday, date(year_of_week(self.monday), 12, 31))
            )
            return self._readings(metric, span)
        return self._readings(metric, Span(self.monday, self.sunday))

    def _readings(self, metric: Metric, span: Span) -> dict[str, Reading]:
        found = readings(self.frames, self.pack, metric.name, Query((metric.name,), span, ("project",)))
        nothing = found.get(()) or nothing_of(self.pack, metric)
        return {id: found.get((id,), nothing) for id in self.projects}

    def _states(self, metric: Metric) -> dict[str, Reading]:
        """How many of the active leads are in a state, as a share."""
        if metric.state in self.snapshot.absent:
            return dict.fromkeys(self.projects, missing("absent", self.snapshot.absent[metric.state]))
        if not self.stands_for_now:
            return dict.fromkeys(self.projects, missing("no_record"))
        found = sums(self.snapshot.marts["state"], ("active", metric.state), ("project",))
        none = {"active": 0, metric.state: 0}
        told = {id: found.get((id,), none) for id in self.projects}
        return {id: ratio(one[metric.state], one["active"]) for id, one in told.items()}

    def _by_channel(self, name: str) -> dict[tuple[str, str], Reading]:
        found = readings(self.frames, self.pack, name, Query((name,), self.wide, ("project", "channel")))
        if () in found:
            return defaultdict(lambda: found[()])
        return {(str(key[0]), str(key[1])): one for key, one in found.items()}

    def _by_staff(self, name: str) -> tuple[Span, dict[str, dict[str, Reading]]]:
        metric = self.pack.metric(name)
        assert metric.cohort is not None
        last = self.sunday
        if metric.cohort.step in self.snapshot.steps:
            last = min(last, date.fromordinal(mature_until(self.snapshot, metric.cohort.step, "default")))
        span = Span(last - timedelta(COHORT_DAYS - 1), last)
        found: dict[str, dict[str, Reading]] = defaultdict(dict)
        for key, one in readings(
            self.frames, self.pack, name, Query((name,), span, ("project", "staff"), "cohort")
        ).items():
            if key and key[1] != NOWHERE:
                found[key[0]][key[1]] = one
        return span, found

    def _complete(self) -> dict[str, dict[str, Reading]]:
        """The lines of completeness by project, over four weeks."""
        lines = {"owner": self._placed("staff"), "channel": self._placed("channel")}
        if {"graded_leads", "leads"} <= set(self.pack.measures):
            lines["grade"] = self._shares("graded_leads")
        if "spend_entries" in self.pack.measures:
            lines["spend_weeks"] = self._weeks_with("spend_entries")
        return lines

    def _placed(self, dimension: str) -> dict[str, Reading]:
        """The leads that have a salesperson, or a channel, as a share."""
        found = readings(self.frames, self.pack, "leads", Query(("leads",), self.wide, ("project", dimension)))
        whole: dict[str, int] = defaultdict(int)
        placed: dict[str, int] = defaultdict(int)
        for key, one in found.items():
            if key:
                whole[key[0]] += int(one.value or 0)
                placed[key[0]] += int(one.value or 0) if key[1] != NOWHERE else 0
        lacks = found.get(())
        return {id: lacks or ratio(placed[id], whole[id]) for id in self.projects}

    def _shares(self, measure: str) -> dict[str, Reading]:
        above, below = (self._readings(self.pack.metric(name), self.wide) for name in (measure, "leads"))
        return {
            id: above[id] if above[id].value is None else ratio(above[id].value or 0, below[id].value or 0)
            for id in self.projects
        }

    def _weeks_with(self, measure: str) -> dict[str, Reading]:
        absent = lacking(self.snapshot, self.pack, self.pack.metric(measure))
        found = readings(self.frames, self.pack, measure, Query((measure,), self.wide, ("project", "week")))
        weeks: dict[str, int] = defaultdict(int)
        for key, one in found.items():
            if key and one.value:
                weeks[key[0]] += 1
        return {id: absent or ratio(weeks[id], WIDE_WEEKS) for id in self.projects}


def _report(ward: _Ward, id: str, found: Sequence[Finding], is_exempt: bool, limit: Fraction) -> Report:
    snapshot, spec = ward.snapshot, ward.spec
    vitals = tuple(ward.vitals[name][id] for name in spec.vitals)
    follow_up = tuple(ward.vitals[name][id] for name in spec.follow_up)
    risks = tuple(_risk(ward.pack, one) for one in found if (one.kind, one.subject) == ("project", id))
    steps, leaks = _leaks(ward, id)
    channels, team = _channels(ward, id), tuple(_spread(ward, name, id) for name in spec.team)
    one = Report(
        id,
        ward.monday,
        snapshot.version,
        snapshot.as_of,
        verdict((*vitals, *follow_up), ward.paces[id], [each.finding for each in risks], ward.pack, limit),
        ward.paces[id],
        vitals,
        follow_up,
        ward.cohort,
        steps,
        leaks,
        channels,
        team,
        tuple((name, lines[id]) for name, lines in ward.complete.items()),
        tuple((each.entity, each.since) for each in snapshot.frozen),
        risks,
        _on_record(ward, id),
        is_exempt,
        {},
        {**ward.definition, "behind_limit": str(limit), "alerts_known": ward.stands_for_now},
    )
    return replace(one, names=_names(one, snapshot))


def _on_record(ward: _Ward, id: str) -> Reading:
    """Findings of the record rules as they stand now; missing before the first run, and of a week that is long past."""
    if ward.on_record is None:
        return missing("not_yet")
    return count(ward.on_record.get(id, 0)) if ward.stands_for_now else missing("no_record")


def _names(one: Report, snapshot: Snapshot) -> dict[str, str]:
    """What the ids of a report are called, by kind and id."""
    channels = {leak.channel for leak in one.leaks if leak.channel} | {line.channel for line in one.channels}
    staff = {who.staff for each in one.team for who in (each.best, each.weakest) if who}
    return {
        "project": snapshot.project_name(one.project) or one.project,
        **{f"channel/{id}": snapshot.channel_name(id) or id for id in sorted(channels)},
        **{f"staff/{id}": snapshot.staff_name(id) or id for id in sorted(staff)},
    }


def _risk(pack: Pack, one: Finding) -> Risk:
    rule = pack.rules[one.rule]
    return Risk(one, rule.label, rule.message, rule.next_step)


# ------------------------------------------------------------------------------------------------------ vitals, verdict


def nothing_of(pack: Pack, metric: Metric) -> Reading:
    """The reading of a metric where nothing happened."""
    if metric.formula is None:
        return missing("no_target" if metric.target else "nothing")
    return reading_of(pack, metric, dict.fromkeys(stored(pack, metric), 0))


def quartiles(values: Iterable[Fraction]) -> Range:
    """Lower quartile, median and upper quartile of at least two values, linear between neighbours."""
    listed = list(values)
    low, middle, high = (Fraction(one) for one in quantiles(listed, n=4, method="inclusive"))
    return Range(low, middle, high, len(listed))


def judged(metric: Metric, reading: Reading, range: Range | None) -> Judged:
    """Where a reading lies against the range: weak or strong outside of it, as the metric's direction says."""
    if reading.value is None:
        return "missing"
    if reading.few(metric.min_n):
        return "few"
    if metric.better == "none" or (metric.formula is not None and not metric.formula.is_ratio):
        return "size"
    if range is None:
        return "no_range"
    if range.low <= reading.value <= range.high:
        return "normal"
    return "strong" if (reading.value > range.high) == (metric.better == "higher") else "weak"


def verdict(
    vitals: Iterable[Vital], pace: Pace, found: Iterable[Finding], pack: Pack, behind_limit: Fraction
) -> Verdict:
    """The word by the rules that the module's text writes down."""
    held = [one for one in vitals if one.judged in ("strong", "normal", "weak")]
    weak = tuple(one.metric for one in held if one.judged == "weak")
    behind = pace.behind is not None and pace.behind > behind_limit
    red = sum(one.severity == "red" and pack.rules[one.rule].kind != "pace" for one in found)
    signs = behind + (bool(held) and Fraction(len(weak), len(held)) >= WEAK_SHARE) + bool(red)
    words: tuple[Word, ...] = ("healthy", "watch", "critical", "critical")
    known = bool(held) or pace.behind is not None or bool(red)
    return Verdict(words[signs] if known else "unknown", behind, weak, len(held), red)


# ---------------------------------------------------------------------------------------------------------------- leaks


def cohort_days(snapshot: Snapshot, sunday: date) -> Span | None:
    """Thirteen weeks of lead days, the last of them old enough for every step and not after the week; None without steps."""
    if not snapshot.steps:
        return None
    last = min(date.fromordinal(mature_until(snapshot, snapshot.steps[-1], "default")), sunday)
    return Span(last - timedelta(COHORT_DAYS - 1), last)


def chains(frames: Frames, span: Span) -> dict[str, dict[str, Counts]]:
    """By project and channel: how many leads, and how many of them reached each step within its window."""
    columns = [cohort_column(step, "default") for step in ("lead", *frames.snapshot.steps)]
    query = Query(("leads",), span, ("project", "channel"), "cohort", EVERYTHING)
    found: dict[str, dict[str, Counts]] = defaultdict(dict)
    for key, values in sums(cohort_frame(frames, "leads", query), columns, query.by).items():
        counts = tuple(values[name] for name in columns)
        if counts[0]:
            found[key[0]][key[1]] = counts
    return found


def _leaks(ward: _Ward, id: str) -> tuple[tuple[Chain, ...], tuple[Chain, ...]]:
    """The project's steps, and each step's channels with the dearest first; each against its peers."""
    own, steps, peers = ward.chains.get(id, {}), ward.snapshot.steps, ward.peers(id)
    if not own:
        return (), ()
    least = Least(tuple(step_least(ward.pack, steps, at) for at in range(len(steps))), ward.spec.least_peers)
    whole = {each: added(ward.chains.get(each, {}).values(), len(steps) + 1) for each in peers}
    later = later_rates(steps, whole[id], list(whole.values()), least.steps)
    mine = [chain(steps, at, whole[id], list(whole.values()), later, least) for at in range(len(steps))]
    leaks: list[Chain] = []
    for at in range(len(steps)):
        rows = [
            replace(chain(steps, at, counts, ward.alike(peers, channel), later, least), channel=channel)
            for channel, counts in own.items()
            if counts[at]
        ]
        leaks += sorted(rows, key=lambda one: (-(one.cost or 0), one.reached - one.entered, one.channel or ""))
    return tuple(mine), tuple(leaks)


def added(counts: Iterable[Counts], length: int) -> Counts:
    """The counts of several projects or channels together."""
    listed = list(counts)
    return tuple(sum(one[at] for one in listed) for at in range(length))


def step_metric(pack: Pack, steps: Sequence[str], at: int) -> Metric | None:
    """The metric that is the rate of a step by lead cohort, if the pack has one."""
    wanted = (steps[at], steps[at - 1] if at else "lead", False)
    found = (one for one in pack.metrics.values() if one.cohort)
    return next(
        (one for one in found if one.cohort and (one.cohort.step, one.cohort.of, one.cohort.net) == wanted), None
    )


def step_least(pack: Pack, steps: Sequence[str], at: int) -> int:
    """From how many that entered a step on its rate is told: the smallest n of the metric that is this rate."""
    metric = step_metric(pack, steps, at)
    return metric.min_n if metric else USUAL_LEAST


def chain(
    steps: Sequence[str], at: int, own: Counts, peers: Sequence[Counts], later: Sequence[Later | None], spec: "Least"
) -> Chain:
    """One step against the median of its peers' rates, and what it costs: (entered × median − reached) × the later rates.

    `own` are the counts of the lead and of each step after it, `peers` those of the peers (the own among them).
    """
    entered, reached = own[at], own[at + 1]
    rates = [Fraction(one[at + 1], one[at]) for one in peers if one[at] and one[at] >= spec.steps[at]]
    middle = median(rates) if len(rates) >= spec.peers else None
    known = tuple(one for one in later[at + 1 :] if one is not None)
    few = entered < spec.steps[at] or len(known) < len(later[at + 1 :])
    one = Chain(steps[at], entered, reached, middle, len(rates), known, few=few)
    if middle is None or few:
        return one
    return replace(one, cost=worth(entered, reached, middle, known))


def later_rates(steps: Sequence[str], own: Counts, peers: Sequence[Counts], least: Sequence[int]) -> list[Later | None]:
    """Each step's rate to reckon with: the own, that of all peers together where it rests on too few, or none."""
    together = added(peers, len(steps) + 1)
    found: list[Later | None] = []
    for at, step in enumerate(steps):
        enough = [counts for counts in (own, together) if counts[at] >= max(least[at], 1)]
        found.append(Later(step, enough[0][at], enough[0][at + 1], enough[0] is own) if enough else None)
    return found


def worth(entered: int, reached: int, peers: Fraction, later: Iterable[Later]) -> Fraction:
    """How many more would come through to the last step if the rate reached the peers'; nothing where it does already."""
    more = max(peers * entered - reached, Fraction(0))
    return more * prod((Fraction(one.reached, one.entered) for one in later), start=Fraction(1))


@dataclass(frozen=True)
class Least:
    """From how many on a rate is told: parties that entered each step, and peers for a median."""

    steps: tuple[int, ...]
    peers: int


# ------------------------------------------------------------------------------------------------------- channels, team


def _channels(ward: _Ward, id: str) -> tuple[ChannelLine, ...]:
    """The channels that brought anything, most of the first metric first."""
    names = ward.spec.channels
    if not names:
        return ()
    metrics = [ward.pack.metric(name) for name in names]
    listed = {channel for name in names for project, channel in ward.channels[name] if project == id and channel}
    lines = []
    for channel in listed:
        found = [
            ward.channels[name].get((id, channel)) or nothing_of(ward.pack, ward.pack.metric(name)) for name in names
        ]
        few = [
            metric.min_n > 0 and one.value is not None and one.few(metric.min_n)
            for metric, one in zip(metrics, found, strict=True)
        ]
        lines.append(ChannelLine(channel, tuple(found), tuple(few)))
    return tuple(sorted(lines, key=lambda one: (-Fraction(one.readings[0].value or 0), one.channel)))


def _spread(ward: _Ward, name: str, id: str) -> Spread:
    span, found = ward.team[name]
    metric, people = ward.pack.metric(name), found.get(id, {})
    enough = {who: one for who, one in people.items() if one.value is not None and not one.few(metric.min_n)}
    plain = Spread(name, span, len(enough), len(people) - len(enough))
    if len(enough) < ward.spec.least_people:
        return plain
    turn = -1 if metric.better == "lower" else 1
    ordered = sorted(enough, key=lambda who: (-turn * Fraction(enough[who].value or 0), who))
    middle = median(Fraction(one.value or 0) for one in enough.values())
    best, weakest = ordered[0], ordered[-1]
    return replace(plain, best=Somebody(best, enough[best]), middle=middle, weakest=Somebody(weakest, enough[weakest]))


# ----------------------------------------------------------------------------------------------------------- definition


def definition(pack: Pack, spec: ReportSpec, snapshot: Snapshot) -> dict[str, Any]:
    """How a report is read, as plain JSON values: its metrics, steps and remedies in words, windows and smallest numbers."""
    names = dict.fromkeys((*spec.vitals, *spec.follow_up, *spec.channels, *spec.team, pack.overview_target))
    steps = {one.step: one.label for one in pack.funnel}
    return {
        "pack": pack.name,
        "pack_fingerprint": fingerprint(pack),
        "windows": dict(snapshot.windows),
        "metrics": {name: told_metric(pack, pack.metric(name)) for name in names if name},
        "steps": {step: [steps[step].zh, steps[step].en] for step in ("lead", *snapshot.steps) if step in steps},
        "rates": {step: _rate_said(pack, snapshot.steps, at) for at, step in enumerate(snapshot.steps)},
        "remedies": {step: [one.zh, one.en] for step, one in spec.remedies.items()},
        "sections": {name: list(getattr(spec, name)) for name in ("vitals", "follow_up", "channels", "team")},
        "target": pack.overview_target,
        "least": {
            **{name: getattr(spec, name) for name in ("least_projects", "least_peers", "least_people")},
            "cure": str(LEAST_CURE),
            "share": str(CHANNEL_SHARE),
        },
    }


def _rate_said(pack: Pack, steps: Sequence[str], at: int) -> list[str]:
    metric = step_metric(pack, steps, at)
    label = (metric.cohort_label or metric.label) if metric else Label(f"{steps[at]} 转化率", f"rate of {steps[at]}")
    return [label.zh, label.en]


def told_metric(pack: Pack, metric: Metric) -> dict[str, Any]:
    """A metric in words, as plain JSON values."""
    how = metric.formula.text if metric.formula else metric.target or metric.state or f"{metric.statistic} {metric.lag}"
    return {
        "label": [metric.label.zh, metric.label.en],
        "cohort_label": [metric.cohort_label.zh, metric.cohort_label.en] if metric.cohort_label else None,
        "format": "percent" if metric.state else metric.format,
        "better": metric.better,
        "min_n": metric.min_n,
        "how": how,
        "spelled": [pack.spelled(metric).zh, pack.spelled(metric).en],
        "state": bool(metric.state),
        "target": bool(metric.target),
    }
