"""A funnel in true proportion: one bar per step on one scale of parties, never clipped."""

from collections.abc import Callable, Sequence
from fractions import Fraction

from htpy import Element, Node, a, article, defs, div, h3, li, line, ol, p, path, pattern, rect, span, strong, svg

from components.rail import percent_of
from components.words import Words
from metrics.funnel import Funnel, Stage

LeakHref = Callable[[Funnel, Stage], str]


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
    scale, skipped = _scale(funnel), sum(stage.skipped for stage in funnel.stages)
    return article(".funnel")[
        h3(".funnel-title")[
            a(".funnel-link", href=href)[name] if href else span[name],
            skipped > 0 and span(".funnel-skipped")[words.of("walk_ins_short", n=f"{skipped:,}")],
            span(".basis")[f"{words.of(f'basis_{funnel.basis}')} · {words.of('rate_note')}"],
        ],
        ol(".steps")[[_step(funnel, index, scale, words, leak_href, weakest) for index in range(len(funnel.stages))]],
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


def _scale(funnel: Funnel) -> Fraction:
    lengths = [Fraction(stage.count.value or 0) + stage.immature for stage in funnel.stages if _drawn(stage)]
    return max([*lengths, Fraction(1)])


def _drawn(stage: Stage) -> bool:
    return stage.step != "exposure"


def _step(
    funnel: Funnel, index: int, scale: Fraction, words: Words, leak_href: LeakHref | None, weakest: str | None
) -> Element:
    stage = funnel.stages[index]
    before = funnel.stages[index - 1] if index else None
    label = words.say(stage.label)
    is_weakest = stage.step == weakest
    inside = [
        span(".step-name")[label, is_weakest and span(".step-weakest")[words.of("worst")]],
        strong(".step-count")[words.number(stage.count, "count")],
        _rate(stage, before, words),
        _drawn(stage) and _bar(stage, before, scale, words),
        _asides(stage, before, words),
    ]
    place = div(".step-link")
    if leak_href and before:
        place = a(".step-link", href=leak_href(funnel, stage), title=words.of("see_leak", step=label))
    return li(class_=["step", f"step-{stage.step}", {"is-weakest": is_weakest}])[place[inside]]


def _rate(stage: Stage, before: Stage | None, words: Words) -> Node:
    rate = stage.of_previous
    if before is None or (before.count.is_missing and rate.is_missing):
        return None
    title = words.reason(rate) if rate.is_missing else f"{words.of('of_previous')} {words.quotient(rate, 'percent')}"
    return span(class_=["step-rate", {"is-missing": rate.is_missing}], title=title)[
        words.number(rate, "percent"), _is_over(stage, before) and "※"
    ]


def _bar(stage: Stage, before: Stage | None, scale: Fraction, words: Words) -> Element:
    count = Fraction(stage.count.value or 0)
    own = count - stage.skipped
    peers = _peers_length(stage, before)
    return svg(".step-bar", role="img", aria_label=_bar_words(stage, words))[
        rect(".bar-track", width="100%", height="100%"),
        rect(".bar-own", width=percent_of(own, scale), height="100%"),
        stage.skipped > 0 and _segment("skipped", own, stage.skipped, scale),
        stage.immature > 0 and _segment("immature", count, stage.immature, scale),
        peers is not None and _tick(percent_of(peers, scale)),
    ]


def _segment(kind: str, start: Fraction, length: int, scale: Fraction) -> Element:
    return rect(f".bar-{kind}", x=percent_of(start, scale), width=percent_of(length, scale), height="100%")


def _tick(x: str) -> Element:
    return line(".bar-peers", x1=x, x2=x, y1="0", y2="100%")


def _peers_length(stage: Stage, before: Stage | None) -> Fraction | None:
    """Where the bar would end at the peers' median; only steps on the same scale have such a place."""
    if stage.peers_median is None or before is None or not _drawn(before) or before.count.value is None:
        return None
    return stage.peers_median * Fraction(stage.of_previous.denominator or before.count.value)


def _bar_words(stage: Stage, words: Words) -> str:
    said = [words.say(stage.label), words.number(stage.count, "count")]
    said += [f"{words.of('walk_ins')} {stage.skipped:,}"] if stage.skipped else []
    said += [f"{words.of('immature')} {stage.immature:,}"] if stage.immature else []
    return " ".join(said)


def _asides(stage: Stage, before: Stage | None, words: Words) -> Node:
    notes = [
        stage.peers_median is not None
        and span(class_="aside-peers" if _peers_length(stage, before) is not None else None)[
            f"{words.of('peers_median')} {words.percent(stage.peers_median)}"
        ],
        _of_first(stage, before, words),
        stage.skipped > 0 and span(".aside-skipped")[words.of("walk_ins_counted", n=f"{stage.skipped:,}")],
        _over_whole(stage, before, words),
        stage.immature > 0 and span(".aside-immature")[words.of("immature_left_out", n=f"{stage.immature:,}")],
        stage.astray > 0 and span(".aside-astray")[f"{words.of('astray')} {stage.astray:,}"],
        stage.count.is_missing and span(".aside-missing")[words.reason(stage.count)],
    ]
    shown = [note for note in notes if note]
    return p(".step-asides")[shown] if shown else None


def _is_over(stage: Stage, before: Stage) -> bool:
    return before.step != "exposure" and (stage.of_previous.value or 0) > 1


def _over_whole(stage: Stage, before: Stage | None, words: Words) -> Node:
    """Why a rate of a period exceeds the whole: the step before happened earlier. It is never left unsaid."""
    if before is None or not _is_over(stage, before):
        return None
    return span(".aside-over")[words.of("over_whole", before=words.say(before.label))]


def _of_first(stage: Stage, before: Stage | None, words: Words) -> Node:
    """The share of leads, from the second step after the lead on; before that it repeats the rate."""
    if before is None or before.step in ("exposure", "lead") or stage.of_first.is_missing:
        return None
    return span(".aside-first")[f"{words.of('of_first')} {words.number(stage.of_first, 'percent')}"]
