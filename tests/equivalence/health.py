"""Health reports against the naive recomputation: vital signs, ranges, what each step and each prescription is worth."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from statistics import median
from typing import Any

from metrics.health import Report, reports
from metrics.pack import Pack
from tests.equivalence.checks import NET, RATIOS
from tests.equivalence.product import PACK, Counted
from tests.naive import counting

LEAST = 2
WEEK = timedelta(weeks=1)
SOME = replace(
    PACK,
    metrics={name: replace(one, min_n=min(one.min_n, LEAST)) for name, one in PACK.metrics.items()},
    report=replace(PACK.report, least_projects=2, least_peers=2),  # type: ignore[type-var]
)
"""The pack with such small numbers that small worlds have ranges, medians and prescriptions."""
RATES = {
    "visit_rate",
    "cost_per_lead",
    "visit_to_contract",
    "referral_share",
    "cancelled_share",
    "sop_rate",
    "answered_in_30m_share",
}
SHARES = {
    **RATIOS,
    "cancelled_share": (
        {"subscription_cancellations": 1, "contract_cancellations": 1},
        {"subscriptions": 1, "contracts": 1},
    ),
}
Counts = tuple[int, ...]


def health_reports(found: Counted) -> None:
    """Every project's report on the last full week, and what follows from it."""
    today = found.world.as_of.date()
    monday = today - timedelta(today.weekday() + 7)
    made = reports(found.frames, SOME, monday)
    assert set(made) == set(found.snapshot.projects)
    _vital_signs(found, made, monday)
    _prescriptions(found, made, monday + timedelta(6))


def _vital_signs(found: Counted, made: Mapping[str, Report], monday: date) -> None:
    for name in SOME.report.vitals:  # type: ignore[union-attr]
        if any(part in found.snapshot.absent for part in _parts(SOME, name)) or name == "attainment":
            continue
        plain = {id: _week(found, name, id, monday) for id in made}
        known = sorted(value for value, n in plain.values() if value is not None and (n is None or n >= _least(name)))
        for id, report in made.items():
            vital = next(one for one in report.vitals if one.metric == name)
            assert vital.reading.value == plain[id][0], (name, id)
            if len(known) < 2:
                assert vital.range is None
                continue
            assert vital.range is not None
            low, middle, high = (_quantile(known, Fraction(k, 4)) for k in (1, 2, 3))
            assert (vital.range.low, vital.range.middle, vital.range.high) == (low, middle, high), (name, id)
            assert vital.range.n == len(known)


def _parts(pack: Pack, name: str) -> set[str]:
    metric = pack.metric(name)
    names = metric.formula.measures if metric.formula else ()
    return {part for each in names for part in pack.parts(each)}


def _least(name: str) -> int:
    return SOME.metric(name).min_n


def _week(found: Counted, name: str, project: str, monday: date) -> tuple[Fraction | None, int | None]:
    """The value of a week, and how many cases it rests on (none for a sum)."""
    if name not in SHARES:
        return _added(found, NET.get(name, {name: 1}), project, monday), None
    above, below = (_added(found, each, project, monday) for each in SHARES[name])
    if name == "cost_per_lead" and not _added(found, {"spend_entries": 1}, project, monday):
        return None, 0
    return (above / below if below else None), int(below)


def _added(found: Counted, signs: Mapping[str, int], project: str, monday: date) -> Fraction:
    last = monday + timedelta(6)
    total = Fraction(0)
    for measure, sign in signs.items():
        sums = counting.total(found.facts, measure, first=monday, last=last, by=("project",))
        total += sign * Fraction(sums.get((project,), 0))
    return total


def _quantile(values: Sequence[Fraction], share: Fraction) -> Fraction:
    place = share * (len(values) - 1)
    below = int(place)
    above = min(below + 1, len(values) - 1)
    return values[below] + (values[above] - values[below]) * (place - below)


def _prescriptions(found: Counted, made: Mapping[str, Report], sunday: date) -> None:
    steps = found.world.steps()
    if not steps:
        assert not any(report.steps for report in made.values())
        return
    least = _steps_least([kind for kind, _ in steps])
    last = min(found.world.as_of.date() - timedelta(sum(days for _, days in steps) + 1), sunday)
    first = last - timedelta(90)
    groups: dict[Any, Any] = counting.cohort(found.world, first, last, by=("project", "channel"), found=found.parties)
    counts = {key: (steps[0].leads, *(one.reached for one in steps)) for key, steps in groups.items()}
    assert all(one.mature == one.leads for steps in groups.values() for one in steps)
    whole = {id: _together([one for key, one in counts.items() if key[0] == id], len(steps) + 1) for id in made}
    everybody = _together(list(whole.values()), len(steps) + 1)
    for id, report in made.items():
        if not whole[id][0]:
            assert report.steps == () and report.prescriptions == ()
            continue
        costs = {}
        for at, (step, _) in enumerate(steps):
            costs[step] = _cost(whole[id], list(whole.values()), whole[id], everybody, at, least)
            own = next(one for one in report.steps if one.step == step)
            assert (own.entered, own.reached, own.cost) == (whole[id][at], whole[id][at + 1], costs[step]), (id, step)
            for leak in (one for one in report.leaks if one.step == step):
                mine = counts[id, leak.channel or None]
                alike = [counts[key] for key in counts if key[1] == (leak.channel or None) and key[0] is not None]
                assert leak.cost == _cost(mine, alike, whole[id], everybody, at, least), (id, step, leak.channel)
        dear = sorted((cost for cost in costs.values() if cost is not None and 2 * cost >= 1), reverse=True)
        assert [one.cost for one in report.prescriptions] == dear[:3]
        for one in report.prescriptions:
            begin = report.begins_with(one)
            inside = [leak.cost for leak in report.leaks if leak.step == one.step and leak.cost]
            assert (begin is not None) == (bool(inside) and 2 * max(inside) >= one.cost), (id, one.step)  # type: ignore[operator]
            assert begin is None or begin.cost == max(inside)


def _together(counts: Sequence[Counts], length: int) -> Counts:
    return tuple(sum(one[at] for one in counts) for at in range(length))


def _cost(
    own: Counts, peers: Sequence[Counts], whole: Counts, everybody: Counts, at: int, least: Sequence[int]
) -> Fraction | None:
    """How many more would reach the last step at the peers' median, or None where that cannot be told."""
    rates = sorted(Fraction(one[at + 1], one[at]) for one in peers if one[at] >= least[at])
    if own[at] < least[at] or len(rates) < 2:
        return None
    more = max(median(rates) * own[at] - own[at + 1], Fraction(0))
    for k in range(at + 1, len(own) - 1):
        source = whole if whole[k] >= least[k] else everybody
        if source[k] < least[k]:
            return None
        more *= Fraction(source[k + 1], source[k])
    return more


def _steps_least(steps: Sequence[str]) -> list[int]:
    """The small number where the pack knows the rate, the usual one where a step before is not mapped."""
    known = {("lead", "visit"), ("visit", "subscription"), ("subscription", "contract")}
    return [LEAST if pair in known else 20 for pair in zip(("lead", *steps), steps, strict=False)]
