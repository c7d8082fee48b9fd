"""Targets as data: each day belongs to the covering target with the shortest span, its value spread evenly over its days.

Targets of the very same days add up.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from fractions import Fraction

from metrics.periods import Span
from metrics.snapshot import Budget, Snapshot, Target


def target_value(snapshot: Snapshot, metric: str, project: str | None, span: Span) -> Fraction | None:
    """The target for a project (None: the group) over a span; None where none is set (未设目标).

    The group without targets of its own takes the sum of its projects.
    """
    own = snapshot.targets_of.get(metric, {}).get(project, [])
    if own or project is not None:
        return spread(own, span)
    values = [target_value(snapshot, metric, one, span) for one in snapshot.targets_of.get(metric, {})]
    known = [value for value in values if value is not None]
    return sum(known, Fraction(0)) if known else None


def target_of(snapshot: Snapshot, metric: str, projects: frozenset[str] | None, span: Span) -> Fraction | None:
    """The target of the group (None) or of several projects together; None where none is set."""
    if projects is None:
        return target_value(snapshot, metric, None, span)
    known = [value for id in projects if (value := target_value(snapshot, metric, id, span)) is not None]
    return sum(known, Fraction(0)) if known else None


def spread(targets: Iterable[Target], span: Span) -> Fraction | None:
    """The share of the targets that falls on the span's days; None when no day is covered."""
    overlapping = [t for t in targets if t.starts_on <= span.last and t.ends_on >= span.first]
    if not overlapping:
        return None
    total = Fraction(0)
    for first, last in _pieces(overlapping, span):
        covering = [t for t in overlapping if t.starts_on <= first and t.ends_on >= last]
        if covering:
            best = min(covering, key=lambda t: (_days(t), -t.starts_on.toordinal()))
            value = sum((Fraction(t.value) for t in covering if _same_days(t, best)), Fraction(0))
            total += value * ((last - first).days + 1) / _days(best)
    return total


def _days(target: Target) -> int:
    return (target.ends_on - target.starts_on).days + 1


def _same_days(one: Target, other: Target) -> bool:
    return (one.starts_on, one.ends_on) == (other.starts_on, other.ends_on)


def _pieces(targets: list[Target], span: Span) -> Iterable[tuple[date, date]]:
    """The span cut where a target starts or ends, so that one target owns each piece."""
    cuts = {span.first.toordinal(), span.last.toordinal() + 1}
    for target in targets:
        cuts |= {target.starts_on.toordinal(), target.ends_on.toordinal() + 1}
    inside = sorted(cut for cut in cuts if span.first.toordinal() <= cut <= span.last.toordinal() + 1)
    for first, after in zip(inside, inside[1:], strict=False):
        yield date.fromordinal(first), date.fromordinal(after - 1)


def budgets_of(snapshot: Snapshot, kinds: tuple[str, ...]) -> list[Budget]:
    """What each project may spend, those of the very same days added up; of other kinds than these only where no kind is told."""
    totals: dict[tuple[str, date, date], Decimal] = defaultdict(Decimal)
    for one in snapshot.budgets:
        if one.kind is None or one.kind in kinds:
            totals[one.project, one.starts_on, one.ends_on] += one.amount
    return [Budget(*key, amount) for key, amount in totals.items()]
