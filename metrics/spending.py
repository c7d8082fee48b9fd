"""预算: what projects were to spend and spent, how far that is off their band, and what channels brought for it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any, Literal

from metrics.pack import Pack, Rule
from metrics.periods import ONE_DAY, Span
from metrics.query import Query, readings
from metrics.reading import Reading, missing, ratio
from metrics.rules import Limits, band
from metrics.snapshot import Budget, Snapshot
from metrics.targets import budgets_of
from metrics.totals import EVERYTHING, Frames, Where

Stands = Literal["inside", "over", "under", "unknown"]
MOST_SPANS, LEAST_CONTRACTS = 8, 10
AMOUNT, CONTRACTS = "net_contract_amount", "net_contracts"


@dataclass(frozen=True)
class Line:
    """A project's budget (yuan), what of it was due by the days that passed, what was spent, and how far that is off.

    `limit` is the band's width to each side, `change` the share by which the spend is off what was due.
    """

    budget: Budget
    planned: Fraction
    spent: Reading
    change: Fraction | None
    limit: Fraction
    stands: Stands


@dataclass(frozen=True)
class Return:
    """What a channel brought: net contract amount (yuan) ÷ spend, and on how many net contracts that rests."""

    channel: str
    spend: Fraction
    amount: Reading
    roi: Reading
    contracts: int

    @property
    def is_few(self) -> bool:
        """Whether it rests on too few contracts to stand above others."""
        return self.contracts < LEAST_CONTRACTS


def budget_rule(pack: Pack) -> Rule | None:
    """The pack's rule for budgets: their kinds, the measure that is spent, and the band."""
    return next((one for one in pack.rules.values() if one.kind == "budget"), None)


def budget_spans(snapshot: Snapshot, rule: Rule) -> list[Span]:
    """The days budgets run over, as far as they have begun, the latest first."""
    today = snapshot.as_of.date()
    spans = {Span(one.starts_on, one.ends_on) for one in budgets_of(snapshot, rule.kinds) if one.starts_on < today}
    return sorted(spans, key=lambda span: (span.first, span.last), reverse=True)[:MOST_SPANS]


def budget_lines(
    frames: Frames, pack: Pack, overrides: Mapping[str, Any], span: Span, where: Where = EVERYTHING
) -> list[Line]:
    """Every budget of more than nothing over these days, those furthest off first; `overrides` are the settings of the rule."""
    rule = budget_rule(pack)
    if rule is None:
        return []
    limits, spent = Limits(rule, overrides), _spent(frames, pack, rule, span, where)
    until = _until(frames.snapshot)
    budgets = [one for one in budgets_of(frames.snapshot, rule.kinds) if Span(one.starts_on, one.ends_on) == span]
    inside = [one for one in budgets if one.amount > 0 and (where.project is None or one.project in where.project)]
    lines = [_line(limits, one, spent.get(one.project, missing("no_record")), until) for one in inside]
    return sorted(lines, key=lambda line: (-abs(line.change or 0), line.budget.project))


def whole(lines: list[Line]) -> tuple[Fraction, Fraction, Fraction]:
    """Budget, what was due by now, and what was spent (yuan), of the lines whose spend is known."""
    known = [one for one in lines if one.spent.value is not None]
    return (
        sum((Fraction(one.budget.amount) for one in known), Fraction(0)),
        sum((one.planned for one in known), Fraction(0)),
        sum((Fraction(one.spent.value or 0) for one in known), Fraction(0)),
    )


def _until(snapshot: Snapshot) -> date:
    """The last day that is over."""
    return snapshot.as_of.date() - ONE_DAY


def _spent(frames: Frames, pack: Pack, rule: Rule, span: Span, where: Where) -> dict[str, Reading]:
    days = Span(span.first, min(span.last, _until(frames.snapshot)))
    found = readings(frames, pack, rule.metric, Query((rule.metric,), days, ("project",), where=where))
    return {str(key[0]): one for key, one in found.items() if key}


def _line(limits: Limits, budget: Budget, spent: Reading, until: date) -> Line:
    limit = limits.limit(budget.project)
    found = band(budget, until, Fraction(spent.value or 0))
    if spent.value is None:
        return Line(budget, found.planned, spent, None, limit, "unknown")
    stands: Stands = "over" if found.change > limit else "under" if found.change < -limit else "inside"
    return Line(budget, found.planned, spent, found.change, limit, stands)


def returns(frames: Frames, pack: Pack, span: Span, where: Where = EVERYTHING) -> list[Return]:
    """Every channel money was spent on over these days as far as they have passed: what brought most for it first, few cases last.

    Contracts count on their own day (period basis): they may come from what was spent before.
    """
    rule = budget_rule(pack)
    if rule is None or AMOUNT not in pack.measures:
        return []
    days = Span(span.first, min(span.last, _until(frames.snapshot)))
    spent, amounts, contracts = (
        readings(frames, pack, name, Query((name,), days, ("channel",), where=where))
        for name in (rule.metric, AMOUNT, CONTRACTS)
    )
    found = [
        _return(str(key[0]), Fraction(one.value), amounts.get(key, Reading(0)), contracts.get(key, Reading(0)))
        for key, one in spent.items()
        if key and one.value
    ]
    return sorted(found, key=lambda one: (one.is_few, -(one.roi.value or 0), one.channel))


def _return(channel: str, spend: Fraction, amount: Reading, contracts: Reading) -> Return:
    roi = amount if amount.value is None else ratio(amount.value, spend)
    return Return(channel, spend, amount, roi, int(contracts.value or 0))
