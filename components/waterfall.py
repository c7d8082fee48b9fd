"""A waterfall: from one total to another, each part a bar that begins where the one before ended."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from htpy import Element, div, li, line, ol, p, rect, span, svg

from components.rail import percent_of


@dataclass(frozen=True)
class Bar:
    """One row: its name, its value as text, its size, and whether it is a total, which begins at zero."""

    name: str
    text: str
    value: Fraction
    is_total: bool = False


NEAR = 4
"""Where the bars take up less than this part of the way from zero, the scale begins close below them."""


def waterfall(bars: Sequence[Bar], cut_note: str) -> Element:
    """The rows from top to bottom, all on one scale; sizes are shares of the width, so that any width fits.

    `cut_note` is said where the scale does not begin at zero.
    """
    points = [point for pair in _ends(bars, Fraction(0)) for point in pair[1:]]
    low, high = min(Fraction(0), *points), max(Fraction(0), *points)
    room = max(points) - min(points)
    is_cut = min(points) > 0 and room * NEAR < high
    if is_cut:
        low = min(points) - (room or high) / NEAR
    rows = zip(bars, _ends(bars, low if is_cut else Fraction(0)), strict=True)
    return div[
        ol(".waterfall")[
            [li(class_=["waterfall-row", _kind(bar)])[_words(bar), _drawn(pair, low, high - low)] for bar, pair in rows]
        ],
        is_cut and p(".panel-note")[cut_note],
    ]


def _ends(bars: Sequence[Bar], base: Fraction) -> Iterator[tuple[Fraction, Fraction]]:
    """Where each bar begins and ends; totals begin at the base."""
    at = Fraction(0)
    for bar in bars:
        begin = base if bar.is_total else at
        at = bar.value if bar.is_total else at + bar.value
        yield begin, at


def _kind(bar: Bar) -> str:
    return "is-total" if bar.is_total else "is-up" if bar.value > 0 else "is-down"


def _words(bar: Bar) -> Element:
    return div(".waterfall-words")[span[bar.name], span(".number")[bar.text]]


def _drawn(ends: tuple[Fraction, Fraction], low: Fraction, wide: Fraction) -> Element:
    begin, end = sorted(ends)
    zero = percent_of(-low, wide)
    return svg(".waterfall-bar", aria_hidden="true")[
        line(".waterfall-zero", x1=zero, x2=zero, y1="0", y2="100%"),
        rect(
            ".waterfall-part",
            x=percent_of(begin - low, wide),
            y="15%",
            width=percent_of(end - begin, wide),
            height="70%",
        ),
    ]
