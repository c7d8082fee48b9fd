"""Why a number changed, in words: each part a sentence with what moved, from what to what, and by how much that changed the number."""

from collections.abc import Callable
from fractions import Fraction

from htpy import Element, li, ol, table, tbody, td, tfoot, th, thead, tr

from components.waterfall import Bar, waterfall
from components.words import Words
from metrics.explain import Effect, Explanation
from metrics.pack import Metric, Pack
from metrics.reading import Reading

ChildName = Callable[[tuple[str, ...]], str]
FOREMOST, LISTED = 3, 20
OVER = "※"
"""Marks a rate above the whole: some reached the step before earlier than these days."""
FEW = 100
"""Below this parts of a count are shown with a decimal: they are seldom whole."""


def signed(value: Fraction, metric: Metric, words: Words) -> str:
    """A part of a change with its sign, in the metric's unit."""
    size = abs(value)
    if metric.format == "percent":
        text = words.points(size)
    elif metric.format == "money":
        text = words.money(size)
    else:
        text = words.amount(size, 1 if size < FEW and size.denominator != 1 else 0)
    return f"{'−' if value < 0 else '+'}{text}"


def foremost(found: Explanation, pack: Pack, words: Words, child_name: ChildName) -> Element:
    """The three largest parts in words."""
    return ol(".why-first")[[li[said(one, found, pack, words, child_name)] for one in found.effects[:FOREMOST]]]


def said(effect: Effect, found: Explanation, pack: Pack, words: Words, child_name: ChildName) -> str:
    """One part as a sentence with what it changed."""
    value = signed(effect.value, pack.metric(found.metric), words)
    return words.of("why_said", part=part_said(effect, found, pack, words, child_name), value=value)


def part_said(effect: Effect, found: Explanation, pack: Pack, words: Words, child_name: ChildName) -> str:
    """What moved, from what to what."""
    key = "why_volume_of" if effect.kind == "volume" and effect.child else f"why_{effect.kind}"
    before, now = (_moved(value, effect, pack, words) for value in (effect.before, effect.now))
    what = _what(effect, found, pack, words)
    child = child_name(effect.child) if effect.child else words.of("group")
    n = " → ".join(words.amount(one) for one in effect.n or ())
    return words.of(key, what=what, before=before, now=now, child=child, n=n)


def _what(effect: Effect, found: Explanation, pack: Pack, words: Words) -> str:
    """What a part is about: a measure, a step between two, or what a rate is divided by."""
    if len(effect.steps) == 2:
        of, to = (words.say(pack.metric(name).label) for name in effect.steps)
        is_each = pack.metric(effect.steps[1]).format == "money"
        return words.of("why_each" if is_each else "why_step", of=of, to=to)
    metric = pack.metric(effect.steps[0])
    if effect.kind != "mix" or metric.formula is None or not metric.formula.is_ratio:
        return words.say(metric.label)
    return " + ".join(words.say(pack.metric(name).label) for name in metric.formula.below)


def _moved(value: Fraction | None, effect: Effect, pack: Pack, words: Words) -> str:
    """A count, a rate or a share, as it was or is."""
    if value is None:
        return words.of("why_no_rate")
    if effect.kind in ("mix", "untold"):
        return words.percent(value)
    last = pack.metric(effect.steps[-1])
    if effect.kind == "rate" and len(effect.steps) == 2 and last.format != "money":
        return words.percent(value) + (OVER if value > 1 else "")
    return words.value(value, last.format) + (OVER if last.format == "percent" and value > 1 else "")


# ------------------------------------------------------------------------------------------------------- chart and table


def is_over(found: Explanation, pack: Pack) -> bool:
    """Whether a rate that is named stands above the whole."""
    rates = [one for one in found.effects[:LISTED] if one.kind == "rate" and _is_share(one, pack)]
    return any(value is not None and value > 1 for one in rates for value in (one.before, one.now))


def _is_share(effect: Effect, pack: Pack) -> bool:
    """Whether a part is told in percent; money per case is not."""
    last = pack.metric(effect.steps[-1])
    return last.format == "percent" or (len(effect.steps) == 2 and last.format != "money")


def why_chart(found: Explanation, pack: Pack, words: Words) -> Element:
    """From the number before to the number now, by kind of part and step."""
    metric = pack.metric(found.metric)
    parts = [
        Bar(_summed_name(one, found, pack, words), signed(one.value, metric, words), one.value)
        for one in found.summed()
        if one.value
    ]
    ends = (_total("why_before", found.before, metric, words), _total("why_now", found.now, metric, words))
    return waterfall([ends[0], *parts, ends[1]], words.of("why_cut"))


def _total(key: str, reading: Reading, metric: Metric, words: Words) -> Bar:
    return Bar(words.of(key), words.number(reading, metric.format), Fraction(reading.value or 0), is_total=True)


def _summed_name(effect: Effect, found: Explanation, pack: Pack, words: Words) -> str:
    if effect.kind == "other" or len(effect.steps) == 2:
        return _what(effect, found, pack, words)
    if effect.kind == "rate":
        return words.of("why_own_rate", what=words.say(pack.metric(found.metric).label))
    return words.of(f"why_all_{effect.kind}", what=words.say(pack.metric(found.steps[0]).label))


def why_table(found: Explanation, pack: Pack, words: Words, child_name: ChildName) -> Element:
    """The parts one by one, largest first; the small ones together, so that the sum is the whole change."""
    metric = pack.metric(found.metric)
    listed, rest = found.effects[:LISTED], found.effects[LISTED:]
    rows = [(part_said(one, found, pack, words, child_name), one.value) for one in listed]
    if rest:
        rows.append((words.of("why_rest", n=len(rest)), sum((one.value for one in rest), Fraction(0))))
    return table(".why-table")[
        thead[tr[th[words.of("why_part")], th(".number")[words.of("why_effect")]]],
        tbody[[tr[td[name], td(".number")[signed(value, metric, words)]] for name, value in rows]],
        tfoot[tr[th[words.of("why_sum")], th(".number")[signed(found.change or Fraction(0), metric, words)]]],
    ]
