"""A funnel in true proportion: one bar per step on one scale of parties, never clipped."""

from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import pairwise

from htpy import Element, a, article, defs, div, h3, ol, p, path, pattern, span, svg
from markupsafe import Markup

from components.rail import percent_of
from components.words import Words
from metrics.funnel import Funnel, Stage
from metrics.reading import Number

LeakHref = Callable[[Funnel, Stage], str]

# A page holds over a hundred steps, so they are filled in as text; Markup escapes what goes into it.
_STEP = Markup('<li class="step step-%s%s">%s</li>')
_PLACE = Markup('<div class="step-link">%s</div>')
_LEAK = Markup('<a class="step-link" href="%s" title="%s">%s</a>')
_NAME = Markup('<span class="step-name">%s%s</span><strong class="step-count">%s</strong>')
_WEAKEST = Markup('<span class="step-weakest">%s</span>')
_RATE = Markup('<span class="step-rate%s" title="%s">%s</span>')
_BAR = Markup(
    '<svg class="step-bar" role="img" aria-label="%s"><rect class="bar-track" width="100%%" height="100%%"></rect>'
    '<rect class="bar-own" width="%s" height="100%%"></rect>%s</svg>'
)
_SEGMENT = Markup('<rect class="bar-%s" x="%s" width="%s" height="100%%"></rect>')
_PEERS = Markup('<line class="bar-peers" x1="%s" x2="%s" y1="0" y2="100%%"></line>')
_ASIDES = Markup('<p class="step-asides">%s</p>')
_ASIDE = Markup('<span class="aside-%s">%s</span>')
_REMARK = Markup("<span>%s</span>")
_NOTHING = Markup()


def funnel_card(
    funnel: Funnel,
    name: str,
    words: Words,
    *,
    leak_href: LeakHref | None = None,
    href: str | None = None,
    weakest: str | None = None,
) -> Element:
    """One project's funnel; `weakest` is the step to mark, `leak_href` gives the page that says where a step leaks."""
    scale, skipped = scale_of(funnel), sum(stage.skipped for stage in funnel.stages)
    return article(".funnel")[
        h3(".funnel-title")[
            a(".funnel-link", href=href)[name] if href else span[name],
            skipped > 0 and span(".funnel-skipped")[words.of("walk_ins_short", n=f"{skipped:,}")],
            span(".basis")[f"{words.of(f'basis_{funnel.basis}')} · {words.of('rate_note')}"],
        ],
        ol(".steps")[
            _NOTHING.join(_step(funnel, index, scale, words, leak_href, weakest) for index in range(len(funnel.stages)))
        ],
    ]


def funnels(
    cards: Sequence[tuple[Funnel, str]],
    words: Words,
    *,
    leak_href: LeakHref | None = None,
    href: Callable[[Funnel], str] | None = None,
    weakest: Callable[[Funnel], str | None] | None = None,
) -> Element:
    """Small multiples, in the order given; each funnel has its own scale, so shapes compare and sizes are read."""
    return div(class_=["funnels", {"is-many": len(cards) > 12, "is-few": len(cards) <= 6}])[
        [
            funnel_card(
                funnel,
                name,
                words,
                leak_href=leak_href,
                href=href(funnel) if href else None,
                weakest=weakest(funnel) if weakest else None,
            )
            for funnel, name in cards
        ]
    ]


def funnel_legend(words: Words) -> Element:
    """What the mark and the two hatchings of a funnel mean."""
    return p(".funnel-legend")[
        span(".aside-peers")[words.of("peers_median")],
        span(".aside-skipped")[words.of("walk_ins")],
        span(".aside-immature")[words.of("immature")],
        span(".aside-over")[words.of("over_mark")],
    ]


def hatch() -> Element:
    """The hatching that bars refer to; it stands once on each page."""
    return svg(".hatch-source", width="0", height="0", aria_hidden="true")[
        defs[
            _hatching("hatch-skipped", "M-1 1l2-2 M0 6l6-6 M5 7l2-2"),
            _hatching("hatch-immature", "M-1 5l2 2 M0 0l6 6 M5-1l2 2"),
        ]
    ]


def _hatching(id: str, strokes: str) -> Element:
    return pattern(id=id, width="6", height="6", patternUnits="userSpaceOnUse")[path(f".{id}-line", d=strokes)]


def scale_of(funnel: Funnel) -> Number:
    """How many parties the whole width of a funnel's bars stands for."""
    lengths = [(stage.count.value or 0) + stage.open for stage in funnel.stages if is_drawn(stage)]
    marks = [peers_length(stage, before) or 0 for before, stage in pairwise(funnel.stages)]
    return max([*lengths, *marks, 1])


def is_drawn(stage: Stage) -> bool:
    """Whether a step stands on the scale of parties; exposures are of another size."""
    return stage.step != "exposure"


def _step(
    funnel: Funnel, index: int, scale: Number, words: Words, leak_href: LeakHref | None, weakest: str | None
) -> Markup:
    stage = funnel.stages[index]
    before = funnel.stages[index - 1] if index else None
    label = words.say(stage.label)
    is_weakest = stage.step == weakest
    inside = _NOTHING.join(
        (
            _NAME % (label, _WEAKEST % words.of("worst") if is_weakest else "", words.number(stage.count, "count")),
            _rate(stage, before, words),
            _bar(stage, before, scale, words) if is_drawn(stage) else "",
            _asides(stage, before, words),
        )
    )
    place = _PLACE % inside
    if leak_href and before:
        place = _LEAK % (leak_href(funnel, stage), words.of("see_leak", step=label), inside)
    return _STEP % (stage.step, " is-weakest" if is_weakest else "", place)


def _rate(stage: Stage, before: Stage | None, words: Words) -> Markup:
    rate = stage.of_previous
    if before is None or (before.count.is_missing and rate.is_missing):
        return _NOTHING
    title = words.reason(rate) if rate.is_missing else f"{words.of('of_previous')} {words.quotient(rate, 'percent')}"
    said = words.number(rate, "percent") + ("※" if is_over(stage, before) else "")
    return _RATE % (" is-missing" if rate.is_missing else "", title, said)


def _bar(stage: Stage, before: Stage | None, scale: Number, words: Words) -> Markup:
    count = stage.count.value or 0
    own = count - stage.skipped
    peers = peers_length(stage, before)
    beside = (
        _segment("skipped", own, stage.skipped, scale),
        _segment("immature", count, stage.open, scale),
        _NOTHING if peers is None else _PEERS % ((percent_of(peers, scale),) * 2),
    )
    return _BAR % (_bar_words(stage, words), percent_of(own, scale), _NOTHING.join(beside))


def _segment(kind: str, start: Number, length: int, scale: Number) -> Markup:
    return _SEGMENT % (kind, percent_of(start, scale), percent_of(length, scale)) if length > 0 else _NOTHING


def peers_length(stage: Stage, before: Stage | None) -> Fraction | None:
    """Where the bar would end at the peers' median; only steps on the same scale have such a place.

    It stands beyond the bar's end just where the rate is below the median, also where the bar holds leads too young for the rate.
    """
    rate = stage.of_previous
    if stage.peers_median is None or before is None or not is_drawn(before) or rate.denominator is None:
        return None
    if rate.value and stage.count.value:
        return stage.peers_median * stage.count.value / rate.value
    return stage.peers_median * rate.denominator


def _bar_words(stage: Stage, words: Words) -> str:
    said = [words.say(stage.label), words.number(stage.count, "count")]
    said += [f"{words.of('walk_ins')} {stage.skipped:,}"] if stage.skipped else []
    said += [f"{words.of('immature')} {stage.open:,}"] if stage.open else []
    return " ".join(said)


def _asides(stage: Stage, before: Stage | None, words: Words) -> Markup:
    shown = _NOTHING.join(_ASIDE % each if each[0] else _REMARK % each[1] for each in asides(stage, before, words))
    return _ASIDES % shown if shown else _NOTHING


def asides(stage: Stage, before: Stage | None, words: Words) -> list[tuple[str, str]]:
    """What is to be said beside a step: the kind of each remark (none: plain), and the remark."""
    notes = (
        _peers(stage, before, words),
        _of_first(stage, before, words),
        ("skipped", words.of("walk_ins_counted", n=f"{stage.skipped:,}") if stage.skipped > 0 else ""),
        _over_whole(stage, before, words),
        ("immature", words.of("immature_left_out", n=f"{stage.immature:,}") if stage.immature > 0 else ""),
        ("astray", f"{words.of('astray')} {stage.astray:,}" if stage.astray > 0 else ""),
        ("missing", words.reason(stage.count) if stage.count.is_missing else ""),
    )
    return [note for note in notes if note[1]]


def _peers(stage: Stage, before: Stage | None, words: Words) -> tuple[str, str]:
    """The peers' median in words; where the bar shows it too, it has the bar's mark."""
    if stage.peers_median is None:
        return "", ""
    said = f"{words.of('peers_median')} {words.percent(stage.peers_median)}"
    return ("" if peers_length(stage, before) is None else "peers"), said


def is_over(stage: Stage, before: Stage) -> bool:
    """Whether a rate of a period exceeds the whole."""
    return before.step != "exposure" and (stage.of_previous.value or 0) > 1


def _over_whole(stage: Stage, before: Stage | None, words: Words) -> tuple[str, str]:
    """Why a rate of a period exceeds the whole: the step before happened earlier. It is never left unsaid."""
    if before is None or not is_over(stage, before):
        return "", ""
    return "over", words.of("over_whole", before=words.say(before.label))


def _of_first(stage: Stage, before: Stage | None, words: Words) -> tuple[str, str]:
    """The share of leads, from the second step after the lead on; before that it repeats the rate."""
    if before is None or before.step in ("exposure", "lead") or stage.of_first.is_missing:
        return "", ""
    return "first", f"{words.of('of_first')} {words.number(stage.of_first, 'percent')}"
