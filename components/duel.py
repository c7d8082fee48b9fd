"""Two projects or teams head to head, step by step: the same numbers on both sides of one line."""

from htpy import Element, div, header, li, ol, p, rect, span, strong, svg

from components.rail import percent_of
from components.words import Words
from metrics.funnel import Funnel, Stage
from metrics.reading import Number

SIDES = ("left", "right")


def duel(left: Funnel, right: Funnel, names: tuple[str, str], words: Words) -> Element:
    """Both funnels on one middle line with the steps each side leads; equal or unknown numbers win nothing."""
    rounds = list(zip(left.stages, right.stages, strict=True))
    won = [sum(_winner(*each) == side for each in rounds) for side in SIDES]
    return div(".duel")[
        header(".duel-head")[
            strong(".duel-name.is-left")[names[0]],
            p(".duel-score")[span[str(won[0])], span(".duel-vs")["PK"], span[str(won[1])]],
            strong(".duel-name.is-right")[names[1]],
        ],
        ol(".duel-rounds")[[_round(each, words) for each in rounds]],
    ]


def _winner(left: Stage, right: Stage) -> str | None:
    one, other = left.count.value, right.count.value
    if one is None or other is None or one == other:
        return None
    return "left" if one > other else "right"


def _round(pair: tuple[Stage, Stage], words: Words) -> Element:
    winner, longest = _winner(*pair), max([*(stage.count.value or 0 for stage in pair), 1])
    left, right = (_side(stage, side, winner == side, longest, words) for stage, side in zip(pair, SIDES, strict=True))
    return li(".duel-round")[left, span(".duel-step")[words.say(pair[0].label)], right]


def _side(stage: Stage, side: str, won: bool, longest: Number, words: Words) -> Element:
    count, rate = stage.count, stage.of_previous
    width = percent_of(count.value or 0, longest)
    said = [
        strong(".duel-count")[words.number(count, "count")],
        span(".duel-rate")["" if rate.is_missing else words.percent(rate.value or 0)],
    ]
    bar = svg(".duel-bar", aria_hidden="true")[
        rect(".bar-track", width="100%", height="100%"), rect(".duel-own", width=width, height="100%")
    ]
    return div(class_=["duel-side", f"is-{side}", {"is-ahead": won}])[said, bar]
