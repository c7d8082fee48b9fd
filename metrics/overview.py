"""The first look: are we on target, five numbers against the same point of the last period, and the gap."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from metrics.entities import ENTITIES
from metrics.pack import Pack
from metrics.periods import Comparison, Span, end, start
from metrics.query import Query, one, readings, stored
from metrics.reading import Reading, count, missing
from metrics.snapshot import Snapshot
from metrics.targets import target_value
from metrics.totals import EVERYTHING, Frames, Where


@dataclass(frozen=True)
class Compared:
    """One number now and at the same point of the period before.

    `now` is the period so far; `at_cut` and `before` are both cut at the same point; `change` is relative, for rates in points.
    """

    metric: str
    now: Reading
    at_cut: Reading
    before: Reading
    change: Fraction | None


@dataclass(frozen=True)
class Pace:
    """How far a target is reached, against the share of it that was due by now; `behind` is positive when late.

    `elapsed` follows the phases of the target: a project that opens in November is not late for January.
    """

    project: str | None
    done: Reading
    target: Fraction | None
    attainment: Fraction | None
    elapsed: Fraction
    behind: Fraction | None


@dataclass(frozen=True)
class GapInputs:
    """The group's set figures for the target gap."""

    target: Decimal
    average_price: Decimal
    conversion: Decimal


@dataclass(frozen=True)
class Gap:
    """目标缺口: target ÷ price ÷ conversion = customers needed; minus those in stock. Whole customers, rounded down."""

    inputs: GapInputs
    needed: int
    stock: int

    @property
    def gap(self) -> int:
        """Customers still to be found; negative when there are enough."""
        return self.needed - self.stock


def compared(frames: Frames, pack: Pack, metric: str, against: Comparison, where: Where = EVERYTHING) -> Compared:
    """A metric over a comparison."""
    whole = Span(against.now.first, against.now.last)
    now, at_cut, before = (
        one(frames, pack, metric, Query((metric,), span, where=where)) for span in (whole, against.now, against.before)
    )
    is_rate = pack.metric(metric).format == "percent"
    return Compared(metric, now, at_cut, before, _change(at_cut, before, is_rate=is_rate))


def _change(now: Reading, before: Reading, *, is_rate: bool) -> Fraction | None:
    if now.value is None or before.value is None:
        return None
    if is_rate:
        return Fraction(now.value) - Fraction(before.value)
    return (Fraction(now.value) - Fraction(before.value)) / before.value if before.value > 0 else None


def pace(frames: Frames, pack: Pack, grain: str, project: str | None, where: Where = EVERYTHING) -> Pace:
    """The pace of the overview's target in the running month, quarter or year, for a project or (None) everything in view."""
    inside = where if project is None else Where(project=frozenset((project,)))
    metric, span = pack.overview_target, _so_far(frames, grain)
    return _pace(frames, pack, grain, project, one(frames, pack, metric, Query((metric,), span, where=inside)), inside)


def _so_far(frames: Frames, grain: str) -> Span:
    today = frames.snapshot.as_of.date()
    return Span(start(grain, today), today)


def _pace(frames: Frames, pack: Pack, grain: str, project: str | None, done: Reading, inside: Where) -> Pace:
    so_far = _so_far(frames, grain)
    whole = Span(so_far.first, end(grain, so_far.last))
    target = _target(frames.snapshot, pack.overview_target, whole, inside)
    if done.value is None or not target:
        return Pace(project, done, target, None, Fraction(so_far.days, whole.days), None)
    elapsed = (_target(frames.snapshot, pack.overview_target, so_far, inside) or Fraction(0)) / target
    attainment = Fraction(done.value) / target
    return Pace(project, done, target, attainment, elapsed, elapsed - attainment)


def _target(snapshot: Snapshot, metric: str, span: Span, where: Where) -> Fraction | None:
    if where.project is None:
        return target_value(snapshot, metric, None, span)
    values = [target_value(snapshot, metric, id, span) for id in where.project]
    known = [value for value in values if value is not None]
    return sum(known, Fraction(0)) if known else None


def gap(inputs: GapInputs, stock: int) -> Gap:
    """The target gap from the group's figures and the valid customers in stock."""
    needed = Fraction(inputs.target) / Fraction(inputs.average_price) / Fraction(inputs.conversion)
    return Gap(inputs, int(needed), stock)


def last_full_week(today: date) -> date:
    """The Monday of the last week that is over."""
    return start("week", start("week", today).fromordinal(start("week", today).toordinal() - 1))


def paces(frames: Frames, pack: Pack, grain: str, projects: Iterable[str]) -> list[Pace]:
    """The pace of each project, farthest behind first, those without a target last."""
    metric = pack.overview_target
    done = readings(frames, pack, metric, Query((metric,), _so_far(frames, grain), ("project",)))
    nothing = done.get((), count(0))
    found = [
        _pace(frames, pack, grain, id, done.get((id,), nothing), Where(project=frozenset((id,)))) for id in projects
    ]
    return sorted(found, key=lambda one: (one.behind is None, -(one.behind or 0), one.project or ""))


def known_by_staff(pack: Pack, metric: str) -> bool:
    """Whether a metric can be read for one salesperson: everything it counts has one."""
    sources = [pack.measures[name].source for name in stored(pack, pack.metric(metric))]
    return all(source == "party" or "staff_id" in ENTITIES[source].column_names for source in sources)


def standing(frames: Frames, pack: Pack, metric: str, where: Where = EVERYTHING) -> Compared:
    """A state as it is now; nobody kept what it was before."""
    today = frames.snapshot.as_of.date()
    now = one(frames, pack, metric, Query((metric,), Span(today, today), where=where))
    return Compared(metric, now, now, missing("no_record"), None)
