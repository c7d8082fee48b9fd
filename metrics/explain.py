"""为什么变了: a change of a number split exactly into volume, mix and rate effects; docs/decisions/0009 says how and why."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal

from metrics.formula import Formula
from metrics.pack import Measure, Metric, Pack
from metrics.periods import Comparison, Span
from metrics.query import Query, one, reading_of, stored
from metrics.reading import Number, Reading
from metrics.totals import EVERYTHING, Frames, Key, Where, span_sums

Kind = Literal["volume", "mix", "rate", "other", "new", "apart", "untold"]
"""volume: more or fewer at the first step · mix: their share moved between children · rate: a step converts otherwise ·
other: a further term of the formula, such as cancellations · new: a child without anything before · apart: reached a step
without the step before · untold: a child without data."""
ORDER: tuple[Kind, ...] = ("volume", "mix", "rate", "other", "new", "apart", "untold")


@dataclass(frozen=True)
class Effect:
    """One part of a change, in the metric's own unit (of a rate: as a fraction of one).

    `child` is the key of a child, empty for all together; `steps` are the measures it is about: one, or the two of a rate.
    `before` and `now` are what moved: a count, a rate, or a share; `n` is what a rate was divided by, then and now.
    """

    kind: Kind
    value: Fraction
    child: Key = ()
    steps: tuple[str, ...] = ()
    before: Fraction | None = None
    now: Fraction | None = None
    n: tuple[Fraction, Fraction] | None = None


@dataclass(frozen=True)
class Explanation:
    """A metric at the same point of two periods, and the parts of its change, largest first; none where a side is missing.

    The parts sum to the change exactly. `steps` are the measures it was split along, `without` those the source does not have.
    """

    metric: str
    by: tuple[str, ...]
    before: Reading
    now: Reading
    effects: tuple[Effect, ...] = ()
    steps: tuple[str, ...] = ()
    without: tuple[str, ...] = ()

    @property
    def change(self) -> Fraction | None:
        """Now minus before; None where a side is missing."""
        if self.now.value is None or self.before.value is None:
            return None
        return Fraction(self.now.value) - Fraction(self.before.value)

    def summed(self) -> list[Effect]:
        """The parts by kind and step, all children together, in the order of the funnel."""
        found: dict[tuple[int, tuple[int, ...]], Effect] = {}
        for each in self.effects:
            steps = each.steps if each.kind in ("rate", "other") else ()
            place = ORDER.index(each.kind), tuple(self.steps.index(step) for step in steps if step in self.steps)
            there = found.get(place, Effect(each.kind, Fraction(0), (), steps))
            found[place] = replace(there, value=there.value + each.value)
        return [found[place] for place in sorted(found)]


# ------------------------------------------------------------------------------------------------------------- questions


def explainable(pack: Pack, name: str) -> bool:
    """Whether a metric's changes can be split: a formula over measures, no median, state or target."""
    return (name in pack.metrics or name in pack.measures) and pack.metric(name).formula is not None


def explain(
    frames: Frames, pack: Pack, name: str, against: Comparison, by: tuple[str, ...], where: Where = EVERYTHING
) -> Explanation:
    """Why a metric changed between the two sides of a comparison, over children by project, channel or both."""
    metric = pack.metric(name)
    before, now = (one(frames, pack, name, Query((name,), span, where=where)) for span in (against.before, against.now))
    told = Explanation(name, by, before, now)
    if told.change is None or metric.formula is None:
        return told
    if metric.formula.is_ratio:
        return replace(told, effects=_largest_first(_of_rate(frames, pack, metric, against, by, where)), steps=(name,))
    terms = coefficients(metric.formula)
    first = next((term for term, times in terms.items() if times > 0), next(iter(terms)))
    whole = path(pack, pack.measures[first])
    without = tuple(step for step in whole if step in frames.snapshot.absent)
    steps = tuple(step for step in whole if step not in without)
    effects = _of_sum(frames, pack, terms, steps, against, by, where)
    others = tuple(term for term in terms if term != first)
    return replace(told, effects=_largest_first(effects), steps=(*steps, *others), without=without)


def _largest_first(effects: Iterable[Effect]) -> tuple[Effect, ...]:
    return tuple(sorted(effects, key=lambda one: (-abs(float(one.value)), ORDER.index(one.kind), one.child, one.steps)))


# ---------------------------------------------------------------------------------------------------------------- counts


def _of_sum(
    frames: Frames,
    pack: Pack,
    terms: Mapping[str, Fraction],
    steps: tuple[str, ...],
    against: Comparison,
    by: tuple[str, ...],
    where: Where,
) -> list[Effect]:
    """The last of the steps along the funnel, the other measures of the sum one by one."""
    names = (*steps, *terms)
    before, now = (_children(frames, pack, names, span, by, where) for span in (against.before, against.now))
    times = terms[steps[-1]]
    found = chain_effects(_vectors(before, steps), _vectors(now, steps), steps)
    effects = [replace(each, value=each.value * times) for each in found]
    for name in terms:
        if name != steps[-1]:
            effects += _term(name, terms[name], before, now)
    return effects


def coefficients(formula: Formula) -> dict[str, Fraction]:
    """How often each measure counts in a sum such as a - b."""
    nothing: dict[str, Number] = dict.fromkeys(formula.measures, 0)
    return {
        name: Fraction(formula.reading({**nothing, name: 1}).value or 0) - Fraction(formula.reading(nothing).value or 0)
        for name in formula.measures
    }


def path(pack: Pack, measure: Measure) -> tuple[str, ...]:
    """The measures that lead to one along the funnel, from the lead on, itself the last; only itself where it is in no funnel."""
    named = [one.measure for one in pack.funnel]
    start = next((at for at, one in enumerate(pack.funnel) if one.step == "lead"), len(named))
    if measure.name in named[start:]:
        return tuple(named[start : named.index(measure.name) + 1])
    steps = [one.step for one in pack.funnel]
    rows = next((one for one in pack.additive if one.source == measure.source and one.unit == "row"), None)
    if measure.source not in steps[start + 1 :] or rows is None or rows.at != measure.at:
        return (measure.name,)
    ahead = named[start : steps.index(measure.source)]
    return (*ahead, *dict.fromkeys((rows.name, measure.name)))


Counts = Mapping[Key, Mapping[str, Fraction]]
Vectors = Mapping[Key, Sequence[Number]]


def _children(
    frames: Frames, pack: Pack, names: Iterable[str], span: Span, by: tuple[str, ...], where: Where
) -> dict[Key, dict[str, Fraction]]:
    """Each child's sums, money in yuan."""
    wanted = tuple(dict.fromkeys(names))
    found = span_sums(frames, wanted, span, by, where) or {}
    return {
        key: {name: Fraction(reading_of(pack, pack.metric(name), values).value or 0) for name in wanted}
        for key, values in found.items()
    }


def _vectors(children: Counts, steps: tuple[str, ...]) -> dict[Key, tuple[Fraction, ...]]:
    return {key: tuple(values[name] for name in steps) for key, values in children.items()}


def _term(name: str, times: Fraction, before: Counts, now: Counts) -> list[Effect]:
    found = []
    for key in sorted({*before, *now}):
        then, here = (side[key][name] if key in side else Fraction(0) for side in (before, now))
        if then != here:
            found.append(Effect("other", times * (here - then), key, (name,), then, here))
    return found


def chain_effects(before: Vectors, now: Vectors, steps: tuple[str, ...]) -> list[Effect]:
    """The change of the last step's total, split along the chain; each child's counts stand in the order of `steps`.

    One step alone: each child's own change. More: what all children together have more at the first step, what moved between
    children, and each child's rates in the order of the funnel. Where a child had nothing to divide by, the rate of all stands in.
    """
    children = sorted({*before, *now})
    nothing = (Fraction(0),) * len(steps)
    old = {key: [Fraction(value) for value in before.get(key, nothing)] for key in children}
    new = {key: [Fraction(value) for value in now.get(key, nothing)] for key in children}
    if len(steps) == 1:
        found = [_volume(old[key][0], new[key][0], key, steps) for key in children]
    elif not sum(one[0] for one in old.values()):
        found = [
            Effect("new", new[key][-1] - old[key][-1], key, steps[-1:], old[key][-1], new[key][-1]) for key in children
        ]
    else:
        found = _along(old, new, steps)
    return [one for one in found if one.value]


def _volume(then: Fraction, here: Fraction, child: Key, steps: tuple[str, ...]) -> Effect:
    return Effect("volume", here - then, child, steps, then, here)


def _along(
    old: Mapping[Key, list[Fraction]], new: Mapping[Key, list[Fraction]], steps: tuple[str, ...]
) -> list[Effect]:
    totals = [[sum((one[at] for one in side.values()), Fraction(0)) for at in range(len(steps))] for side in (old, new)]
    entered, enter = totals[0][0], totals[1][0]
    general = _rates(totals[0], [Fraction(0)] * len(steps))
    rates = {key: _rates(values, general) for key, values in old.items()}
    whole = {key: _product(values) for key, values in rates.items()}
    mean = sum((old[key][0] * whole[key] for key in old), Fraction(0)) / entered
    found = [replace(_volume(entered, enter, (), steps[:1]), value=(enter - entered) * mean)]
    for key in old:
        shares = old[key][0] / entered, new[key][0] / enter if enter else Fraction(0)
        moved = (new[key][0] - enter / entered * old[key][0]) * (whole[key] - mean)
        found.append(Effect("mix", moved, key, steps[:1], *shares))
        found += _steps(old[key], new[key], rates[key], key, steps)
        found.append(Effect("apart", old[key][0] * whole[key] - old[key][-1], key, steps[-1:]))
    return found


def _rates(counts: Sequence[Fraction], instead: Sequence[Fraction]) -> list[Fraction]:
    """The rate of each step after the first; where there is nothing to divide by, the one given."""
    return [counts[at + 1] / counts[at] if counts[at] else instead[at] for at in range(len(counts) - 1)]


def _product(factors: Iterable[Fraction]) -> Fraction:
    found = Fraction(1)
    for factor in factors:
        found *= factor
    return found


def _steps(
    old: Sequence[Fraction], new: Sequence[Fraction], rates: Sequence[Fraction], key: Key, steps: tuple[str, ...]
) -> list[Effect]:
    """What each step's new rate changes while the steps after it still convert as before."""
    found, later = [], Fraction(1)
    for at, rate in reversed(list(enumerate(rates))):
        then, here = (side[at + 1] / side[at] if side[at] else None for side in (old, new))
        value = (new[at + 1] - new[at] * rate) * later
        found.append(Effect("rate", value, key, steps[at : at + 2], then, here, (old[at], new[at])))
        later *= rate
    return found


# ----------------------------------------------------------------------------------------------------------------- rates


@dataclass(frozen=True)
class Share:
    """One child's part in a rate: numerator and denominator; `told` says whether its own rate may be read."""

    above: Fraction
    below: Fraction
    told: bool = True


def _of_rate(
    frames: Frames, pack: Pack, metric: Metric, against: Comparison, by: tuple[str, ...], where: Where
) -> list[Effect]:
    before, now = (_shares(frames, pack, metric, span, by, where) for span in (against.before, against.now))
    return rate_effects(before, now, (metric.name,))


def _shares(
    frames: Frames, pack: Pack, metric: Metric, span: Span, by: tuple[str, ...], where: Where
) -> dict[Key, Share]:
    """Each child's numerator and denominator; one without what the metric requires, such as spend, is not told."""
    required = metric.requires.measure if metric.requires else None
    found = {}
    for key, values in (span_sums(frames, stored(pack, metric), span, by, where) or {}).items():
        reading = reading_of(pack, replace(metric, requires=None), values)
        told = required is None or bool(values[required])
        found[key] = Share(Fraction(reading.numerator or 0), Fraction(reading.denominator or 0), told)
    return found


def rate_effects(before: Mapping[Key, Share], now: Mapping[Key, Share], steps: tuple[str, ...] = ()) -> list[Effect]:
    """The change of a rate (all numerators ÷ all denominators), split into each child's mix and rate effect.

    A child without data on a side is one part that is not told, a child that was not there before one that is new, and what
    has no denominator of its own stands apart.
    """
    nothing = Share(Fraction(0), Fraction(0))
    then, here = (sum((one.below for one in side.values()), Fraction(0)) for side in (before, now))
    if not then or not here:
        return []
    whole = sum((one.above for one in before.values()), Fraction(0)) / then
    found: list[Effect] = []
    for key in sorted({*before, *now}):
        old, new = before.get(key, nothing), now.get(key, nothing)
        shares = old.below / then, new.below / here
        total = new.above / here - old.above / then - whole * (shares[1] - shares[0])
        found += _of_child(key, old, new, shares, total, whole, steps)
    return [one for one in found if one.value]


def _of_child(
    key: Key,
    old: Share,
    new: Share,
    shares: tuple[Fraction, Fraction],
    total: Fraction,
    whole: Fraction,
    steps: tuple[str, ...],
) -> list[Effect]:
    """One child's parts, which sum to `total`."""
    if not (old.told or not old.below) or not (new.told or not new.below):
        return [Effect("untold", total, key, steps, *shares)]
    if not old.below:
        return [Effect("new" if new.below else "apart", total, key, steps, *shares)]
    rate = old.above / old.below
    mix = Effect("mix", (shares[1] - shares[0]) * (rate - whole), key, steps, *shares)
    if not new.below:
        return [mix, Effect("apart", total - mix.value, key, steps)]
    here = new.above / new.below
    return [mix, Effect("rate", shares[1] * (here - rate), key, steps, rate, here, (old.below, new.below))]
