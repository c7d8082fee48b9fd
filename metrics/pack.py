"""A pack: one TOML file that says what an industry looks like, read into frozen values."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from typing import Any, Literal, NoReturn

import sqlglot
from sqlglot import exp

from metrics import formula
from metrics.entities import ENTITIES
from metrics.formula import Formula, FormulaError
from metrics.nearest import nearest

_SIGNS = {" / ": " ÷ ", " * ": " × ", " - ": " − "}
_NAMED = re.compile(r"[a-z]\w*")
STEPS_AFTER_LEAD = ("visit", "subscription", "contract")
LAGS = ("first_response", "visit", "subscription", "contract", "visit_to_subscription", "subscription_to_contract")
STATES = ("active", "valid_active", "overdue", "waiting")
LEVELS = ("red", "orange", "yellow")
DEMAND_SOURCES = (("party", "created_at"), ("exposure", "at"))
"""What says which district and kind of home somebody wants."""
KPI_FORMATS: Mapping[str, str] = {
    "percent": "percent",
    "hours": "minutes",
    "days": "days",
    "money": "money",
    "count": "count",
    "score": "score",
    "growth": "",
    "months": "",
    "ratio": "",
}
"""How a KPI's figures read, and the format of the metrics it may be computed from."""
KPI_SHARES = ("percent", "growth")
MOST_MONTHS = 120
OWN_KPIS = ("tool_usage", "completeness")
"""Shares that are measured, but by no metric: people who signed in ÷ people who may, and how complete the records are."""
MATURITY_SHARES = ("kpis_entered", *OWN_KPIS)
RULE_KINDS = ("limit", "state", "fall", "pace", "milestone", "budget", "stale")


class PackError(ValueError):
    """A pack that cannot be used: says where, what and the nearest known name."""


@dataclass(frozen=True)
class Label:
    """One word or sentence in both languages."""

    zh: str
    en: str

    def format(self, **values: str) -> "Label":
        """The label with its {places} filled."""
        return Label(self.zh.format(**values), self.en.format(**values))


@dataclass(frozen=True)
class Measure:
    """Something countable: an aggregate over an entity or over parties, or a sum of other measures."""

    name: str
    label: Label
    unit: str
    source: str = ""
    at: str = ""
    sql: str = ""
    where: str = ""
    needs: tuple[str, ...] = ()
    hourly: bool = False
    formula: Formula | None = None

    @property
    def is_money(self) -> bool:
        """Whether its values are yuan (held as ten-thousandths in marts)."""
        return self.unit == "yuan"

    @property
    def entities(self) -> frozenset[str]:
        """The entities its rows come from; a party is made of leads."""
        named = {one.strip().partition(".")[0] for need in self.needs for one in need.split("|")}
        return frozenset(named | {"lead" if self.source == "party" else self.source})


@dataclass(frozen=True)
class CohortStep:
    """How a metric reads by lead cohort: parties that reached `step` ÷ leads, or ÷ parties that reached `of`."""

    step: str
    of: str = "lead"
    net: bool = False


@dataclass(frozen=True)
class Requirement:
    """A measure that must not be nothing, and the missing reason when it is."""

    measure: str
    reason: str


@dataclass(frozen=True)
class Metric:
    """A formula over measures (or a lag, a state, a target) with its question, unit, direction and minimum n."""

    name: str
    label: Label
    question: Label
    format: str
    better: Literal["higher", "lower", "none"]
    min_n: int = 0
    unit: str = ""
    formula: Formula | None = None
    cohort: CohortStep | None = None
    cohort_label: Label | None = None
    lag: str = ""
    statistic: str = ""
    state: str = ""
    target: str = ""
    requires: Requirement | None = None


@dataclass(frozen=True)
class FunnelStep:
    """One step of the funnel; `window` names the setting with the days allowed since the step before."""

    step: str
    measure: str
    label: Label
    window: str = ""


@dataclass(frozen=True)
class PartSpec:
    """One part of a composite ranking: a metric and its weight, read over the board's days or `since` the start of its year."""

    metric: str
    weight: Fraction
    since: str = ""


@dataclass(frozen=True)
class BoardSpec:
    """A ranking of projects, channels or referrers: by a metric, by how far it rose `against` the own weeks before, or by parts.

    It looks back over so many full `weeks`, or `since` the start of the year; `min_n` stands instead of the metric's own.
    """

    name: str
    metric: str
    label: Label
    of: Literal["project", "channel", "referrer"] = "project"
    shrink: bool = False
    weeks: int = 1
    since: str = ""
    against: int = 0
    min_n: int | None = None
    parts: tuple[PartSpec, ...] = ()
    rewarded: bool = False


@dataclass(frozen=True)
class Rule:
    """An alert rule: what it looks at, its limit, its severity, and what to do.

    It is calm only `margin` better than the limit. An episode opens after so many evaluations in a row over so many minutes,
    and is resolved after so many calm ones. `test` is robust for what comes in lumps; `kinds` are the budgets it is about.
    """

    name: str
    kind: str
    severity: str
    label: Label
    message: Label
    next_step: Label
    metric: str = ""
    state: str = ""
    by: str = "project"
    when: str = "below"
    limit: float | None = None
    times_group: float | None = None
    days: int = 7
    weeks: int = 8
    min_n: int | None = None
    margin: float = 0
    test: Literal["", "robust"] = ""
    kinds: tuple[str, ...] = ()
    open_after: int = 2
    open_minutes: int = 0
    calm_after: int = 3
    calm_minutes: int = 60


@dataclass(frozen=True)
class RecordRule:
    """A rule over the records themselves: its level, its words, what the mapping must deliver, and its thresholds."""

    name: str
    level: str
    label: Label
    message: Label
    next_step: Label
    needs: tuple[str, ...]
    limits: Mapping[str, Decimal]


@dataclass(frozen=True)
class ReportSpec:
    """What a project's health report looks at: metrics by section, and from how many projects on it speaks.

    `board` is whose publication it is due after; `least_projects` have a range, `least_peers` a median, `least_people` a spread;
    in `laggard_weeks` of a month one must be behind to be asked to explain; `remedies` say what to do about a step.
    """

    board: str
    vitals: tuple[str, ...] = ()
    follow_up: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    team: tuple[str, ...] = ()
    least_projects: int = 5
    least_peers: int = 3
    least_people: int = 3
    laggard_weeks: int = 2
    remedies: Mapping[str, Label] = field(default_factory=dict)


@dataclass(frozen=True)
class GapSpec:
    """What the target gap assumes where nothing is set, and figures that are quoted beside it and never derived."""

    valid_share: Fraction | None = None
    quotes: tuple[Label, ...] = ()


@dataclass(frozen=True)
class ChannelsSpec:
    """How channels are weighed up: by the parts of a `board` and, with the weight `findings`, by the findings of the record rules.

    `dear` is the rule that says from when on a channel is expensive; `moved` the share of all spend whose moving is reckoned.
    """

    board: str
    dear: str
    findings: Fraction
    moved: Fraction


@dataclass(frozen=True)
class KpiSpec:
    """One KPI of a plan: what its document gives as baseline, steps (months from the start, value) or as reached, in yuan, hours,
    days, or as a share; growth is a share against the start.

    `disputed`: the document contradicts itself, so nothing is asserted. `metric` computes it over the last full weeks, or
    `over` "start" since the plan began; without one it is entered by hand.
    """

    id: str
    label: Label
    format: str
    better: Literal["higher", "lower"] = "higher"
    group: str = ""
    baseline: Fraction | None = None
    steps: tuple[tuple[int, Fraction], ...] = ()
    told: Fraction | None = None
    disputed: bool = False
    metric: str = ""
    over: str = ""
    note: Label = Label("", "")


@dataclass(frozen=True)
class ScorecardSpec:
    """The KPIs of one plan under its own heading, the document they are from, how many months it runs and into how many nodes it is cut."""

    name: str
    label: Label
    source: Label
    kpis: tuple[KpiSpec, ...]
    months: int = 0
    nodes: int = 0
    groups: Mapping[str, Label] = field(default_factory=dict)

    @property
    def node_months(self) -> tuple[int, ...]:
        """The month of each node."""
        return tuple(self.months // self.nodes * (at + 1) for at in range(self.nodes))


@dataclass(frozen=True)
class SharePart:
    """One part of the maturity index: a metric that is a share, or one of MATURITY_SHARES, and its weight."""

    share: str
    weight: Fraction


@dataclass(frozen=True)
class Pack:
    """Everything an industry needs: terms, measures, metrics, funnel, overview, boards, rules, record rules, and scenes as they are
    written; `demand` are the measures kept by what customers want, `benchmarks` the metrics whose best project is one, `maturity` the weighed shares of how far the programme is.
    """

    name: str
    label: Label
    terms: Mapping[str, Label]
    measures: Mapping[str, Measure]
    metrics: Mapping[str, Metric]
    funnel: tuple[FunnelStep, ...]
    overview_target: str
    overview_numbers: tuple[str, ...]
    boards: Mapping[str, BoardSpec]
    rules: Mapping[str, Rule]
    record_rules: Mapping[str, RecordRule] = field(default_factory=dict)
    scenes: Mapping[str, Mapping[str, Any]] = field(default_factory=dict, repr=False)
    report: ReportSpec | None = None
    gap: GapSpec = GapSpec()
    channels: ChannelsSpec | None = None
    demand: tuple[str, ...] = ()
    benchmarks: tuple[str, ...] = ()
    scorecards: Mapping[str, ScorecardSpec] = field(default_factory=dict)
    maturity: tuple[SharePart, ...] = ()
    additive: tuple[Measure, ...] = field(default=())

    @classmethod
    def parse(cls, text: str, name: str) -> "Pack":
        """Read a pack from TOML; PackError says the line, the key and the way out."""
        return _Reader(text, name).pack()

    def spelled(self, metric: Metric) -> Label:
        """How a metric is computed, in the words of its measures; empty for one that is not made of measures."""
        text = metric.formula.text if metric.formula else metric.target
        zh, en = (self._in_words(text, language) for language in ("zh", "en"))
        return Label(f"{zh} ÷ 目标", f"{en} ÷ target") if metric.target else Label(zh, en)

    def _in_words(self, text: str, language: str) -> str:
        for sign, written in _SIGNS.items():
            text = text.replace(sign, written)
        return _NAMED.sub(lambda found: str(getattr(self.metric(found[0]).label, language)), text)

    def metric(self, name: str) -> Metric:
        """The metric, or the measure read as one; PackError with the nearest name when there is neither."""
        if name in self.metrics:
            return self.metrics[name]
        if name in self.measures:
            return self._measured[name]
        known = [*self.metrics, *self.measures]
        raise PackError(f"There is no metric {name!r}. {nearest(name, known)}")

    def board_metric(self, spec: BoardSpec) -> Metric:
        """What a board ranks by, as one metric: its own, how far it rose (as a share), or the points of its parts."""
        if spec.parts:
            return Metric(spec.name, spec.label, spec.label, "score", "higher")
        metric = self.metric(spec.metric)
        least = metric.min_n if spec.min_n is None else spec.min_n
        if spec.against:
            return Metric(spec.name, spec.label, metric.question, "percent", "higher", least)
        return replace(metric, min_n=least)

    def board_metrics(self, spec: BoardSpec) -> tuple[str, ...]:
        """Every metric a board is read from."""
        return tuple(part.metric for part in spec.parts) or (spec.metric,)

    @cached_property
    def _measured(self) -> Mapping[str, Metric]:
        """Every measure read as a metric."""
        return {name: _as_metric(measure) for name, measure in self.measures.items()}

    def parts(self, measure: str) -> tuple[str, ...]:
        """The stored measures a measure is made of (itself, or those of its formula)."""
        spec = self.measures[measure]
        return (measure,) if spec.formula is None else spec.formula.measures

    def entities(self, metric: str) -> frozenset[str]:
        """The entities a metric is computed from."""
        spec = self.metric(metric)
        if spec.lag or spec.state:
            return frozenset(("lead", "follow_up", *STEPS_AFTER_LEAD))
        names = spec.formula.measures if spec.formula else (spec.target,)
        stored = [self.measures[part] for name in names for part in self.parts(name)]
        return frozenset(entity for measure in stored for entity in measure.entities)


def _as_metric(measure: Measure) -> Metric:
    text = measure.name if measure.formula is None else measure.formula.text
    form = "money" if measure.is_money else "count"
    return Metric(measure.name, measure.label, measure.label, form, "higher", 0, measure.unit, formula.parse(text))


class _Reader:
    """Reads one pack and knows the line of every table for its errors."""

    def __init__(self, text: str, name: str) -> None:
        self.text = text
        self.name = name
        try:
            self.raw = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise PackError(f"{name}: {error}") from None

    def pack(self) -> Pack:
        """The whole pack, every reference checked."""
        self.known(self.raw, _fields(Pack) | {"funnel", "overview"}, "the pack")
        measures = {key: self.measure(key, raw) for key, raw in self.raw.get("measures", {}).items()}
        metrics = {key: self.metric(key, raw, measures) for key, raw in self.raw.get("metrics", {}).items()}
        self.check_formulas(measures)
        names = [*measures, *metrics]
        overview = self.raw.get("overview", {})
        for number in overview.get("numbers", []):
            self.check_name(number, names, "overview", "metric")
        return Pack(
            name=str(self.raw.get("name", self.name)),
            label=self.label(self.raw, "label", "the pack"),
            terms={key: Label(**raw) for key, raw in self.raw.get("terms", {}).items()},
            measures=measures,
            metrics=metrics,
            funnel=tuple(self.step(raw, measures) for raw in self.raw.get("funnel", [])),
            overview_target=str(overview.get("target", "")),
            overview_numbers=tuple(overview.get("numbers", ())),
            boards={key: self.board(key, raw, names) for key, raw in self.raw.get("boards", {}).items()},
            rules={key: self.rule(key, raw, names) for key, raw in self.raw.get("rules", {}).items()},
            record_rules={key: self.record_rule(key, raw) for key, raw in self.raw.get("record_rules", {}).items()},
            scenes=self.raw.get("scenes", {}),
            report=self.report(names) if "report" in self.raw else None,
            gap=self.gap(),
            channels=self.channels() if "channels" in self.raw else None,
            demand=self.demand(measures),
            benchmarks=self.benchmarks(names),
            scorecards={key: self.scorecard(key, raw, metrics) for key, raw in self.raw.get("scorecards", {}).items()},
            maturity=self.maturity(metrics),
            additive=tuple(measure for measure in measures.values() if measure.formula is None),
        )

    def measure(self, name: str, raw: dict[str, Any]) -> Measure:
        where = f"measures.{name}"
        self.known(raw, {"from", "at", "sql", "where", "label", "unit", "needs", "hourly", "formula"}, where)
        label = self.label(raw, "label", where)
        unit = str(raw.get("unit", ""))
        if "formula" in raw:
            return Measure(name, label, unit, formula=self.formula(raw["formula"], where))
        for key in ("from", "at", "sql"):
            if key not in raw:
                self.fail(where, f"{key} is missing. Give {key} = …")
        source = str(raw["from"])
        self.check_name(source, [*ENTITIES, "party"], where, "entity")
        self.check_sql(f"select {raw['sql']} from {source} where {raw.get('where', 'true')}", where)
        needs = (
            "lead" if str(raw["at"]) == "created_at" else "",
            "" if source == "party" else source,
            *raw.get("needs", ()),
        )
        needs = tuple(need for need in needs if need)
        for need in needs:
            self.check_need(need, where)
        hourly = bool(raw.get("hourly", False))
        return Measure(
            name, label, unit, source, str(raw["at"]), str(raw["sql"]), str(raw.get("where", "")), needs, hourly
        )

    def metric(self, name: str, raw: dict[str, Any], measures: Mapping[str, Measure]) -> Metric:
        where = f"metrics.{name}"
        self.known(raw, _fields(Metric) - {"name"}, where)
        if name in measures:
            self.fail(where, "a measure has that name already. Choose another.")
        kinds = [key for key in ("formula", "lag", "state", "target") if key in raw]
        if len(kinds) != 1:
            self.fail(where, "give exactly one of formula, lag, state, target.")
        parsed = self.formula(raw["formula"], where) if "formula" in raw else None
        for used in parsed.measures if parsed else ():
            self.check_name(used, measures, where, "measure")
        if "lag" in raw:
            self.check_name(raw["lag"], LAGS, where, "lag")
        if "state" in raw:
            self.check_name(raw["state"], STATES, where, "state")
        if "target" in raw:
            self.check_name(raw["target"], measures, where, "measure")
        cohort = CohortStep(**raw["cohort"]) if "cohort" in raw else None
        if cohort:
            self.check_name(cohort.step, STEPS_AFTER_LEAD, where, "step")
        requires = Requirement(**raw["requires"]) if "requires" in raw else None
        if requires:
            self.check_name(requires.measure, measures, where, "measure")
        return Metric(
            name=name,
            label=self.label(raw, "label", where),
            question=self.label(raw, "question", where),
            format=str(raw.get("format", "count")),
            better=raw.get("better", "none"),
            min_n=int(raw.get("min_n", 0)),
            unit=str(raw.get("unit", "")),
            formula=parsed,
            cohort=cohort,
            cohort_label=self.label(raw, "cohort_label", where) if "cohort_label" in raw else None,
            lag=str(raw.get("lag", "")),
            statistic=str(raw.get("statistic", "")),
            state=str(raw.get("state", "")),
            target=str(raw.get("target", "")),
            requires=requires,
        )

    def step(self, raw: dict[str, Any], measures: Mapping[str, Measure]) -> FunnelStep:
        where = f"funnel.{raw.get('step', '?')}"
        self.known(raw, _fields(FunnelStep), where)
        self.check_name(str(raw.get("measure")), measures, where, "measure")
        return FunnelStep(str(raw["step"]), str(raw["measure"]), self.label(raw, "label", where), raw.get("window", ""))

    def board(self, name: str, raw: dict[str, Any], names: list[str]) -> BoardSpec:
        where = f"boards.{name}"
        self.known(raw, _fields(BoardSpec) - {"name"}, where)
        parts = tuple(self.part(one, names, where) for one in raw.get("parts", ()))
        if bool(parts) == ("metric" in raw):
            self.fail(where, "give either a metric or parts.")
        if not parts:
            self.check_name(str(raw["metric"]), names, where, "metric")
        values: dict[str, Any] = {**raw, "metric": raw.get("metric", ""), "parts": parts}
        spec = BoardSpec(name=name, **{**values, "label": self.label(raw, "label", where)})
        self.check_name(spec.of, ("project", "channel", "referrer"), where, "kind of subject")
        self.check_since(spec.since, where)
        if (spec.of == "referrer" and spec.parts) or (spec.shrink and (spec.parts or spec.against)):
            self.fail(where, "parts need projects or channels, and shrink a plain rate.")
        return spec

    def part(self, raw: Any, names: list[str], where: str) -> PartSpec:
        if not isinstance(raw, dict):
            self.fail(where, "a part is a table such as { metric = …, weight = 30 }.")
        self.known(raw, _fields(PartSpec), where)
        self.check_name(str(raw.get("metric")), names, where, "metric")
        weight = raw.get("weight")
        if not isinstance(weight, int) or weight <= 0:
            self.fail(where, f"the weight of {raw['metric']} is {weight!r}. Give a whole number above 0.")
        self.check_since(str(raw.get("since", "")), where)
        return PartSpec(str(raw["metric"]), Fraction(weight), str(raw.get("since", "")))

    def check_since(self, since: str, where: str) -> None:
        if since not in ("", "year"):
            self.fail(where, f'since is {since!r}. Give "year", or leave it out.')

    def rule(self, name: str, raw: dict[str, Any], names: list[str]) -> Rule:
        where = f"rules.{name}"
        self.known(raw, _fields(Rule) - {"name"}, where)
        self.check_name(str(raw.get("kind")), RULE_KINDS, where, "kind")
        if "metric" in raw:
            self.check_name(raw["metric"], names, where, "metric")
        texts = {key: self.label(raw, key, where) for key in ("label", "message", "next_step")}
        for key in ("open_after", "calm_after", "days", "weeks"):
            if not isinstance(raw.get(key, 1), int) or raw.get(key, 1) < 1:
                self.fail(where, f"{key} is {raw[key]!r}. Give a whole number from 1 up.")
        values: dict[str, Any] = {**raw, **texts, "kinds": tuple(raw.get("kinds", ()))}
        return Rule(name=name, **values)

    def record_rule(self, name: str, raw: dict[str, Any]) -> RecordRule:
        where = f"record_rules.{name}"
        self.known(raw, _fields(RecordRule) - {"name"}, where)
        self.check_name(str(raw.get("level")), LEVELS, where, "level")
        needs = tuple(str(need) for need in raw.get("needs", ()))
        for need in needs:
            self.check_need(need, where)
        limits = {key: Decimal(str(value)) for key, value in raw.get("limits", {}).items()}
        label, message, next_step = (self.label(raw, key, where) for key in ("label", "message", "next_step"))
        return RecordRule(name, str(raw["level"]), label, message, next_step, needs, limits)

    def report(self, names: list[str]) -> ReportSpec:
        raw: dict[str, Any] = self.raw["report"]
        self.known(raw, _fields(ReportSpec), "report")
        self.check_name(str(raw.get("board")), self.raw.get("boards", {}), "report", "board")
        lists = {key: tuple(raw.get(key, ())) for key in ("vitals", "follow_up", "channels", "team")}
        for name in (name for listed in lists.values() for name in listed):
            self.check_name(name, names, "report", "metric")
        for name in lists["team"]:
            if not self.raw["metrics"].get(name, {}).get("cohort"):
                self.fail("report", f"team names {name}, which has no reading by lead cohort. Name one that has.")
        remedies = {step: self.label(raw["remedies"], step, "report.remedies") for step in raw.get("remedies", {})}
        for step in remedies:
            self.check_name(step, STEPS_AFTER_LEAD, "report.remedies", "step")
        return ReportSpec(**{**raw, **lists, "remedies": remedies})

    def gap(self) -> GapSpec:
        raw: dict[str, Any] = self.raw.get("gap", {})
        self.known(raw, _fields(GapSpec), "gap")
        share = raw.get("valid_share")
        if share is not None and not (isinstance(share, int | float) and 0 < share <= 1):
            self.fail("gap", f"valid_share is {share!r}. Give a share above 0 and up to 1, such as 0.3.")
        quotes = tuple(self.label({"quote": one}, "quote", "gap") for one in raw.get("quotes", ()))
        return GapSpec(Fraction(str(share)) if share is not None else None, quotes)

    def channels(self) -> ChannelsSpec:
        raw: dict[str, Any] = self.raw["channels"]
        self.known(raw, {"board", "dear", "findings_weight", "moved_percent"}, "channels")
        self.check_name(str(raw.get("board")), self.raw.get("boards", {}), "channels", "board")
        self.check_name(str(raw.get("dear")), self.raw.get("rules", {}), "channels", "rule")
        if self.raw["boards"][raw["board"]].get("of") != "channel" or not self.raw["boards"][raw["board"]].get("parts"):
            self.fail("channels", f"the board {raw['board']} does not rank channels by parts. Name one that does.")
        if not self.raw["rules"][raw["dear"]].get("times_group"):
            self.fail("channels", f"the rule {raw['dear']} has no times_group. Name one that has.")
        for key in ("findings_weight", "moved_percent"):
            if not isinstance(raw.get(key), int) or not 0 < raw[key] <= 100:
                self.fail("channels", f"{key} is {raw.get(key)!r}. Give a whole number from 1 to 100.")
        return ChannelsSpec(
            raw["board"], raw["dear"], Fraction(raw["findings_weight"]), Fraction(raw["moved_percent"], 100)
        )

    def demand(self, measures: Mapping[str, Measure]) -> tuple[str, ...]:
        raw: dict[str, Any] = self.raw.get("demand", {})
        self.known(raw, {"measures"}, "demand")
        for name in raw.get("measures", ()):
            self.check_name(str(name), measures, "demand", "measure")
            if (measures[name].source, measures[name].at) not in DEMAND_SOURCES:
                self.fail("demand", f"{name} does not count leads or exposures. Name a measure that does.")
        return tuple(raw.get("measures", ()))

    def benchmarks(self, names: list[str]) -> tuple[str, ...]:
        raw: dict[str, Any] = self.raw.get("benchmarks", {})
        self.known(raw, {"metrics"}, "benchmarks")
        for name in raw.get("metrics", ()):
            self.check_name(str(name), names, "benchmarks", "metric")
        return tuple(raw.get("metrics", ()))

    def scorecard(self, name: str, raw: dict[str, Any], metrics: Mapping[str, Metric]) -> ScorecardSpec:
        where = f"scorecards.{name}"
        self.known(raw, _fields(ScorecardSpec) - {"name"}, where)
        months, nodes = raw.get("months", 0), raw.get("nodes", 0)
        if not all(isinstance(one, int) and 0 <= one <= MOST_MONTHS for one in (months, nodes)):
            self.fail(where, f"months and nodes are {months!r} and {nodes!r}. Give whole numbers up to {MOST_MONTHS}.")
        if nodes and (not months or months % nodes):
            self.fail(
                where, f"{months} months cannot be cut into {nodes} equal nodes. Give a number that divides them."
            )
        groups = {key: self.label(raw["groups"], key, where) for key in raw.get("groups", {})}
        kpis = tuple(self.kpi(where, one, metrics, groups, months) for one in raw.get("kpis", ()))
        ids = [one.id for one in kpis]
        for id in ids:
            if ids.count(id) > 1:
                self.fail(f"{where}.{id}", f"there are two KPIs {id!r}. Rename one.")
        label, source = (self.label(raw, key, where) for key in ("label", "source"))
        return ScorecardSpec(name, label, source, kpis, months, nodes, groups)

    def kpi(
        self, plan: str, raw: Any, metrics: Mapping[str, Metric], groups: Mapping[str, Label], months: int
    ) -> KpiSpec:
        where = f"{plan}.{raw.get('id', '?') if isinstance(raw, dict) else '?'}"
        if not isinstance(raw, dict) or not re.fullmatch(r"[a-z][a-z0-9_]{0,39}", str(raw.get("id", ""))):
            self.fail(where, 'a KPI is a table such as { id = "sop_rate", label = …, format = "percent" }.')
        self.known(raw, _fields(KpiSpec) | {"target"}, where)
        form = str(raw.get("format"))
        self.check_name(form, KPI_FORMATS, where, "format")
        self.check_name(str(raw.get("better", "higher")), ("higher", "lower"), where, "direction")
        self.check_name(str(raw.get("over", "")), ("", "start"), where, "stretch of time")
        if groups or "group" in raw:
            self.check_name(str(raw.get("group")), groups, where, "group")
        self.check_kpi_metric(str(raw.get("metric", "")), form, metrics, where)
        figures = {key: self.figure(raw[key], form, key, where) if key in raw else None for key in ("baseline", "told")}
        if form == "growth":
            figures["baseline"] = Fraction(0)
        steps = self.steps(raw, form, months, where)
        spec = KpiSpec(
            id=raw["id"],
            label=self.label(raw, "label", where),
            format=form,
            better=raw.get("better", "higher"),
            group=str(raw.get("group", "")),
            steps=steps,
            disputed=bool(raw.get("disputed", False)),
            metric=str(raw.get("metric", "")),
            over=str(raw.get("over", "")),
            note=self.label(raw, "note", where) if "note" in raw else Label("", ""),
            **figures,
        )
        values = [one for one in (spec.baseline, *(value for _, value in steps)) if one is not None]
        if values != sorted(set(values), reverse=spec.better == "lower"):
            self.fail(where, f"baseline and steps do not become {spec.better} from each to the next.")
        return spec

    def steps(self, raw: dict[str, Any], form: str, months: int, where: str) -> tuple[tuple[int, Fraction], ...]:
        """The steps of a KPI: as they are given, or its target at the end of the plan."""
        given = raw.get("steps", [[months, raw["target"]]] if "target" in raw else [])
        if "steps" in raw and "target" in raw:
            self.fail(where, "give either a target or steps.")
        if not all(isinstance(one, list) and len(one) == 2 and isinstance(one[0], int) for one in given):
            self.fail(where, f"steps is {given!r}. Give pairs of month and value, such as [[12, 50], [24, 60]].")
        at = [month for month, _ in given]
        if at != sorted(set(at)) or not all(0 <= month <= months for month in at):
            self.fail(where, f"the months {at} do not rise, or lie after the plan's {months} months.")
        return tuple((month, self.figure(value, form, "a step", where)) for month, value in given)

    def figure(self, value: Any, form: str, key: str, where: str) -> Fraction:
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.fail(where, f"{key} is {value!r}. Give a number, such as 0.5 or 120.")
        return Fraction(str(value)) / (100 if form in KPI_SHARES else 1)

    def check_kpi_metric(self, name: str, form: str, metrics: Mapping[str, Metric], where: str) -> None:
        if not name:
            return
        measures = self.raw.get("measures", {})
        self.check_name(name, [*metrics, *measures, *OWN_KPIS], where, "metric")
        if name in OWN_KPIS:
            measured = "percent"
        else:
            measured = (
                metrics[name].format if name in metrics else "money" if measures[name]["unit"] == "yuan" else "count"
            )
        if KPI_FORMATS[form] != measured:
            self.fail(
                where, f"{name} reads as {measured}, the KPI as {form}. Give a format that fits, or another metric."
            )

    def maturity(self, metrics: Mapping[str, Metric]) -> tuple[SharePart, ...]:
        raw: dict[str, Any] = self.raw.get("maturity", {})
        self.known(raw, {"parts"}, "maturity")
        shares = [name for name, one in metrics.items() if one.format == "percent" and one.better == "higher"]
        parts = []
        for one in raw.get("parts", ()):
            self.check_name(str(one.get("share")), [*shares, *MATURITY_SHARES], "maturity", "share")
            if not isinstance(one.get("weight"), int) or one["weight"] <= 0:
                self.fail(
                    "maturity", f"the weight of {one['share']} is {one.get('weight')!r}. Give a whole number above 0."
                )
            parts.append(SharePart(one["share"], Fraction(one["weight"])))
        return tuple(parts)

    def formula(self, text: str, where: str) -> Formula:
        try:
            return formula.parse(text)
        except FormulaError as error:
            self.fail(where, str(error))

    def check_formulas(self, measures: Mapping[str, Measure]) -> None:
        for measure in measures.values():
            for used in measure.formula.measures if measure.formula else ():
                self.check_name(
                    used, [m for m in measures if not measures[m].formula], f"measures.{measure.name}", "measure"
                )

    def check_sql(self, sql: str, where: str) -> None:
        try:
            tree = sqlglot.parse_one(sql, dialect="duckdb")
        except sqlglot.ParseError as error:
            self.fail(where, f"{sql!r} is not SQL: {error.errors[0]['description'] if error.errors else error}")
        if not isinstance(tree, exp.Select) or list(tree.find_all(exp.Subquery, exp.Join)):
            self.fail(where, "sql and where hold one aggregate and one condition, without joins or sub-selects.")

    def check_need(self, need: str, where: str) -> None:
        for one in need.split("|"):
            entity, _, column = one.strip().partition(".")
            self.check_name(entity, ENTITIES, where, "entity")
            if column:
                self.check_name(column, ENTITIES[entity].column_names, where, "column")

    def check_name(self, name: str, known: Iterable[str], where: str, what: str) -> None:
        if name not in known:
            self.fail(where, f"there is no {what} {name!r}. {nearest(name, known)}")

    def known(self, raw: Mapping[str, Any], keys: set[str], where: str) -> None:
        for key in raw:
            if key not in keys:
                self.fail(where, f"unknown key {key!r}. {nearest(key, keys)}")

    def label(self, raw: Mapping[str, Any], key: str, where: str) -> Label:
        value = raw.get(key)
        if not isinstance(value, dict) or set(value) != {"zh", "en"}:
            self.fail(where, f'{key} is {value!r}. Give {key} = {{ zh = "…", en = "…" }}.')
        return Label(value["zh"], value["en"])

    def fail(self, where: str, what: str) -> NoReturn:
        raise PackError(f"{self.name}, line {self.line(where)}, [{where}]: {what}")

    def line(self, where: str) -> int:
        """The line of a table's header, 1 when it has none of its own."""
        head, _, rest = where.partition(".")
        plan, _, kpi = rest.partition(".") if head == "scorecards" else ("", "", "")
        pattern = rf'^step\s*=\s*"{re.escape(rest)}"' if head == "funnel" else rf"^\[+{re.escape(where)}\]"
        if kpi:
            pattern = rf'^\[scorecards\.{re.escape(plan)}\](?s:.)*?(?=\bid\s*=\s*"{re.escape(kpi)}")'
        found = re.search(pattern, self.text, re.MULTILINE)
        at = 0 if not found else found.end() if kpi else found.start()
        return self.text.count("\n", 0, at) + 1


def _fields(kind: type) -> set[str]:
    return set(kind.__dataclass_fields__)  # type: ignore[attr-defined]
