"""Two projects or teams head to head, step by step: the same numbers on both sides of one line."""

from htpy import Element, div, header, li, ol, p, rect, span, strong, svg

from components.funnel import is_over
from components.rail import percent_of
from components.words import Words
from metrics.funnel import Funnel, Stage
from metrics.reading import Number

SIDES = ("left", "right")
Pair = tuple[Stage, Stage]
"""The same step of both sides."""


def duel(left: Funnel, right: Funnel, names: tuple[str, str], words: Words) -> Element:
    """Both funnels on one middle line with the steps each side leads; equal or unknown numbers win nothing."""
    rounds = list(zip(left.stages, right.stages, strict=True))
    before = [None, *rounds[:-1]]
    won = [sum(_winner(*each) == side for each in rounds) for side in SIDES]
    return div(".duel")[
        header(".duel-head")[
            strong(".duel-name.is-left")[names[0]],
            p(".duel-score")[span[str(won[0])], span(".duel-vs")["PK"], span[str(won[1])]],
            strong(".duel-name.is-right")[names[1]],
        ],
        ol(".duel-rounds")[[_round(each, earlier, words) for each, earlier in zip(rounds, before, strict=True)]],
        any(_has_over(each, earlier) for each, earlier in zip(rounds, before, strict=True))
        and p(".duel-note")[words.of("over_mark")],
    ]


def _has_over(pair: Pair, before: Pair | None) -> bool:
    return before is not None and any(is_over(*each) for each in zip(pair, before, strict=True))


def _winner(left: Stage, right: Stage) -> str | None:
    one, other = left.count.value, right.count.value
    if one is None or other is None or one == other:
        return None
    return "left" if one > other else "right"


def _round(pair: Pair, before: Pair | None, words: Words) -> Element:
    winner, longest = _winner(*pair), max([*(stage.count.value or 0 for stage in pair), 1])
    left, right = (
        _side(stage, earlier, side, winner == side, longest, words)
        for stage, earlier, side in zip(pair, before or (None, None), SIDES, strict=True)
    )
    return li(".duel-round")[left, span(".duel-step")[words.say(pair[0].label)], right]


def _side(stage: Stage, before: Stage | None, side: str, won: bool, longest: Number, words: Words) -> Element:
    count, rate = stage.count, stage.of_previous
    width, mark = percent_of(count.value or 0, longest), "※" if before and is_over(stage, before) else ""
    said = [
        strong(".duel-count")[words.number(count, "count")],
        span(".duel-rate")["" if rate.is_missing else words.percent(rate.value or 0) + mark],
    ]
    bar = svg(".duel-bar", aria_hidden="true")[
        rect(".bar-track", width="100%", height="100%"), rect(".duel-own", width=width, height="100%")
    ]
    return div(class_=["duel-side", f"is-{side}", {"is-ahead": won}])[said, bar]
