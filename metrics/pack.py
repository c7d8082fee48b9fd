"""A pack: one TOML file that says what an industry looks like, read into frozen values."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, NoReturn

import sqlglot
from sqlglot import exp

from metrics import formula
from metrics.entities import ENTITIES
from metrics.formula import Formula, FormulaError
from metrics.nearest import nearest

STEPS_AFTER_LEAD = ("visit", "subscription", "contract")
LAGS = ("first_response", "visit", "subscription", "contract", "visit_to_subscription", "subscription_to_contract")
STATES = ("active", "valid_active", "overdue", "waiting")
RULE_KINDS = ("limit", "state", "fall", "pace", "milestone", "stale")


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
class BoardSpec:
    """A ranking: of projects or referrers, by a metric."""

    name: str
    metric: str
    label: Label
    of: Literal["project", "referrer"] = "project"
    shrink: bool = False


@dataclass(frozen=True)
class Rule:
    """An alert rule: what it looks at, its limit, its severity, and what to do."""

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


@dataclass(frozen=True)
class Pack:
    """Everything an industry needs: terms, measures, metrics, funnel, overview, boards, rules, and scenes as they are written."""

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
    scenes: Mapping[str, Mapping[str, Any]] = field(default_factory=dict, repr=False)
    additive: tuple[Measure, ...] = field(default=())

    @classmethod
    def parse(cls, text: str, name: str) -> "Pack":
        """Read a pack from TOML; PackError says the line, the key and the way out."""
        return _Reader(text, name).pack()

    def metric(self, name: str) -> Metric:
        """The metric, or the measure read as one; PackError with the nearest name when there is neither."""
        if name in self.metrics:
            return self.metrics[name]
        if name in self.measures:
            return self._measured[name]
        known = [*self.metrics, *self.measures]
        raise PackError(f"There is no metric {name!r}. {nearest(name, known)}")

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
            scenes=self.raw.get("scenes", {}),
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
        self.check_name(str(raw.get("metric")), names, where, "metric")
        label = self.label(raw, "label", where)
        return BoardSpec(name, str(raw["metric"]), label, raw.get("of", "project"), bool(raw.get("shrink", False)))

    def rule(self, name: str, raw: dict[str, Any], names: list[str]) -> Rule:
        where = f"rules.{name}"
        self.known(raw, _fields(Rule) - {"name"}, where)
        self.check_name(str(raw.get("kind")), RULE_KINDS, where, "kind")
        if "metric" in raw:
            self.check_name(raw["metric"], names, where, "metric")
        texts = {key: self.label(raw, key, where) for key in ("label", "message", "next_step")}
        values: dict[str, Any] = {**raw, **texts}
        return Rule(name=name, **values)

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
        pattern = rf'^step\s*=\s*"{re.escape(rest)}"' if head == "funnel" else rf"^\[+{re.escape(where)}\]"
        found = re.search(pattern, self.text, re.MULTILINE)
        return self.text.count("\n", 0, found.start()) + 1 if found else 1


def _fields(kind: type) -> set[str]:
    return set(kind.__dataclass_fields__)  # type: ignore[attr-defined]
