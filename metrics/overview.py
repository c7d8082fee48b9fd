"""The first look: are we on target, and five numbers against the same point of the last period."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from metrics.pack import Pack
from metrics.periods import Comparison, Span, end, start
from metrics.query import Query, against_target, each_against_target, one
from metrics.reading import Reading, missing
from metrics.targets import target_of
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
    projects = where.project if project is None else frozenset((project,))
    so_far, whole = _so_far(frames, grain)
    done, target = against_target(frames, pack, pack.overview_target, projects, whole, so_far)
    return _pace(frames, pack, project, done, target, projects, (so_far, whole))


def _so_far(frames: Frames, grain: str, last: date | None = None) -> tuple[Span, Span]:
    today = last or frames.snapshot.as_of.date()
    return Span(start(grain, today), today), Span(start(grain, today), end(grain, today))


def _pace(
    frames: Frames,
    pack: Pack,
    project: str | None,
    done: Reading,
    target: Fraction | None,
    projects: frozenset[str] | None,
    spans: tuple[Span, Span],
) -> Pace:
    so_far, whole = spans
    if done.value is None or not target:
        return Pace(project, done, target, None, Fraction(so_far.days, whole.days), None)
    elapsed = (target_of(frames.snapshot, pack.overview_target, projects, so_far) or Fraction(0)) / target
    attainment = Fraction(done.value) / target
    return Pace(project, done, target, attainment, elapsed, elapsed - attainment)


def last_full_week(today: date) -> date:
    """The Monday of the last week that is over."""
    return start("week", start("week", today).fromordinal(start("week", today).toordinal() - 1))


def paces(frames: Frames, pack: Pack, grain: str, projects: Iterable[str], last: date | None = None) -> list[Pace]:
    """The pace of each project up to as_of (or to the end of a day before), farthest behind first, those without a target last."""
    so_far, whole = _so_far(frames, grain, last)
    each = each_against_target(frames, pack, pack.overview_target, projects, whole, so_far)
    found = [
        _pace(frames, pack, id, done, target, frozenset((id,)), (so_far, whole)) for id, (done, target) in each.items()
    ]
    return sorted(found, key=lambda one: (one.behind is None, -(one.behind or 0), one.project or ""))


def standing(frames: Frames, pack: Pack, metric: str, where: Where = EVERYTHING) -> Compared:
    """A state as it is now; nobody kept what it was before."""
    today = frames.snapshot.as_of.date()
    now = one(frames, pack, metric, Query((metric,), Span(today, today), where=where))
    return Compared(metric, now, now, missing("no_record"), None)
