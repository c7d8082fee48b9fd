"""KPIs as this viewer may see them: every plan with its readings, values entered by hand, and how they stand."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from fractions import Fraction
from functools import cached_property
from zoneinfo import ZoneInfo

from components.words import Words, digits
from dashboards._page import View, World
from data_access.store.people import people
from data_access.store.scorecard import Plan, entered, plans, settings, signed_in
from metrics.pack import OWN_KPIS, KpiSpec, Label, ScorecardSpec
from metrics.periods import week_start
from metrics.reading import Number, Reading, missing, ratio
from metrics.rollout import completeness, latest_weeks
from metrics.scorecard import Entered, Judged, Kpi, Measured, Setting, judged, kpi_of, measured, tool_usage
from metrics.totals import Where

_UNITS = {
    "hours": Label("{value}小时", "{value} h"),
    "days": Label("{value}天", "{value} d"),
    "months": Label("{value}个月", "{value} months"),
}


def kpi_value(value: Number, form: str, words: Words) -> str:
    """A KPI's value with its unit; growth with its sign."""
    if form == "growth":
        return f"{'+' if value > 0 else ''}{words.percent(value)}"
    if form in _UNITS:
        return words.say(_UNITS[form].format(value=plain(value)))
    if form in ("ratio", "score"):
        return plain(value)
    return words.value(value, form)


def plain(value: Number) -> str:
    """A number with as many decimals as it needs, two at most."""
    text = digits(value, 2)
    return text.rstrip("0").rstrip(".")


@dataclass(frozen=True)
class Line:
    """One KPI: as it stands, its reading (missing: not entered), the one before, where the reading is from, and the judgement.

    `hidden`: it is entered for more than the viewer's scope, so nothing of it is shown.
    """

    kpi: Kpi
    now: Reading
    before: Reading
    measured: Measured | None
    entered: Entered | None
    judged: Judged
    hidden: bool = False

    @property
    def spec(self) -> KpiSpec:
        """What the plan says."""
        return self.kpi.spec


class Scorecards:
    """The plans of one request."""

    def __init__(self, world: World, view: View) -> None:
        self._world = world
        self._view = view
        self._told = plans(world.store)
        self._lines: dict[str, list[Line]] = {}

    @cached_property
    def specs(self) -> dict[str, ScorecardSpec]:
        """The plans this viewer may see: those about the group, and those about a project in their scope."""
        seen = self._view.scope.projects
        return {
            name: spec
            for name, spec in self._view.pack.scorecards.items()
            if seen is None or (project := self.told(name).project) is None or project in seen
        }

    def told(self, plan: str) -> Plan:
        """When a plan began, and whom it is about."""
        return self._told.get(plan, Plan())

    def is_whole(self, plan: str) -> bool:
        """Whether the viewer's scope holds everything a plan is about; readings of less are not judged."""
        seen, project = self._view.scope.projects, self.told(plan).project
        return seen is None or project in seen

    def lines(self, plan: str) -> list[Line]:
        """Every KPI of a plan; what was entered only where the viewer's scope holds all it is about."""
        if plan not in self._lines:
            self._lines[plan] = self._read(plan)
        return self._lines[plan]

    def _read(self, plan: str) -> list[Line]:
        spec, store = self.specs[plan], self._world.store
        by_hand, changed = entered(store, plan) if self.is_whole(plan) else {}, settings(store, plan)
        return [
            self._line(plan, spec, one, by_hand.get(one.id, []), changed[one.id][-1].setting if one.id in changed else Setting())
            for one in spec.kpis
        ]  # fmt: skip

    def _line(self, plan: str, card: ScorecardSpec, spec: KpiSpec, known: list[Entered], changed: Setting) -> Line:
        kpi = kpi_of(card, spec, self.told(plan).starts_on, changed)
        found = self._measured(plan, spec) if spec.metric else None
        now, before = (found.now, found.before) if found else _by_hand(known)
        is_few = found is not None and now.few(self._least(spec))
        judge = found is None or (self.is_whole(plan) and not is_few)
        value = Fraction(now.value) if judge and now.value is not None else None
        said = judged(kpi, value, self._view.as_of.date())
        return Line(
            kpi,
            now,
            before,
            found,
            known[0] if known and not found else None,
            said,
            not found and not self.is_whole(plan),
        )

    def _least(self, spec: KpiSpec) -> int:
        return 0 if spec.metric in OWN_KPIS else self._view.pack.metric(spec.metric).min_n

    def _measured(self, plan: str, spec: KpiSpec) -> Measured:
        project = self.told(plan).project
        where = Where(project=frozenset((project,)) if project else None).within(self._view.scope.where)
        if spec.metric == "tool_usage":
            now, before = (self.usage(back, where)[""] for back in (1, 2))
            return Measured(now, before, None, "period")
        if spec.metric == "completeness":
            now, before = (self.completeness(where, back) for back in (0, 1))
            return Measured(now, before, latest_weeks(self._view.as_of.date()), "period")
        return measured(self._view.frames, self._view.pack, spec, self.told(plan).starts_on, where)

    def completeness(self, where: Where, back: int = 0) -> Reading:
        """How complete the records of a scope are over the last four full weeks, or as many so many times earlier."""
        return completeness(self._view.frames, self._view.pack, where, back=back)[""]

    def usage(self, back: int, where: Where) -> Mapping[str, Reading]:
        """Who signed in so many full weeks ago ÷ who may sign in now, by role and of all ("")."""
        roles = {
            one.id: one.role
            for one in people(self._world.store)
            if one.enabled and one.role != "viewer" and (where.project is None or one.project_id in where.project)
        }
        return tool_usage(self._seen(back), roles)

    def _seen(self, back: int) -> frozenset[str]:
        zone = ZoneInfo(self._world.settings.group.time_zone)
        monday = week_start(self._world.clock().astimezone(zone).date()) - timedelta(7 * back)
        since, until = (
            datetime.combine(day, time(), zone).astimezone(UTC) for day in (monday, monday + timedelta(7))
        )  # fmt: skip
        return signed_in(self._world.store, since, until)

    def entered_share(self) -> Reading:
        """KPIs with a value ÷ KPIs of the plans that began and that the viewer's scope holds."""
        begun = [name for name in self.specs if self.told(name).starts_on and self.is_whole(name)]
        lines = [line for name in begun for line in self.lines(name)]
        return ratio(sum(line.now.value is not None for line in lines), len(lines))


def _by_hand(known: list[Entered]) -> tuple[Reading, Reading]:
    """The latest value entered, and the one of an earlier day."""
    nothing = missing("no_record")
    now = Reading(known[0].value) if known else nothing
    earlier = next((one for one in known if one.day < known[0].day), None) if known else None
    return now, Reading(earlier.value) if earlier else nothing
