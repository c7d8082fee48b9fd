"""A trend that stands in the page itself, before any chart library has come: lines and dots, a touched one says its number."""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import groupby

from htpy import Element, Node, div, figure, li, ol, output, span
from markupsafe import Markup, escape

from components.trend import round_ticks, said
from components.words import Words
from metrics.pack import Metric
from metrics.trend import Point

DAYS_NAMED = 4


def still_trend(points: Sequence[Point], metric: Metric, words: Words) -> Element:
    """The metric over time; a missing reading is a gap, the running day or week an open dot."""
    ticks = round_ticks(points)
    return figure(".still-trend", tabindex="0", aria_label=words.say(metric.label))[
        output(".still-trend-told")[said(points[-1], metric, words)],
        div(".still-trend-plot")[
            ol(".still-trend-ticks", aria_hidden="true")[
                [li[span[words.value(tick, metric.format)]] for tick in reversed(ticks)]
            ],
            _drawn(points, ticks, metric, words),
        ],
        _days(points, words),
    ]


def _drawn(points: Sequence[Point], ticks: Sequence[Fraction], metric: Metric, words: Words) -> Markup:
    """Everything is placed in per cent of the picture, so that it fits any width and no text is stretched."""
    low, high = (ticks[0], ticks[-1]) if ticks else (Fraction(0), Fraction(1))
    heights = [_share(point, low, high) for point in points]
    spots = [(at / max(len(points) - 1, 1) * 100, height) for at, height in enumerate(heights)]
    rules = [f'<line x2="100%" y1="{at:g}%" y2="{at:g}%"/>' for at in _even(len(ticks))]
    dots = [_dot(point, x, y, said(point, metric, words)) for point, (x, y) in zip(points, spots, strict=True)]
    lines = [f'<polyline points="{path}"/>' for path in _paths(spots)]
    return Markup(
        '<svg class="still-trend-area" aria-hidden="true"><g class="still-trend-rules">{}</g>'
        '<svg viewBox="0 0 100 100" preserveAspectRatio="none">{}</svg><g class="still-trend-dots">{}</g></svg>'
    ).format(*(Markup("".join(parts)) for parts in (rules, lines, dots)))


def _dot(point: Point, x: float, y: float | None, text: str) -> str:
    """A reading's dot; a missing reading has a place to be touched, no height."""
    kind = ' class="is-missing"' if y is None else ' class="is-running"' if point.running else ""
    height = 100.0 if y is None else y
    return f'<circle{kind} cx="{x:.1f}%" cy="{height:.1f}%" r="3.5"><title>{escape(text)}</title></circle>'


def _share(point: Point, low: Fraction, high: Fraction) -> float | None:
    """How far below the top a reading stands, in per cent of the picture."""
    value = point.reading.value
    return None if value is None else float((high - Fraction(value)) / (high - low) * 100)


def _even(number: int) -> list[float]:
    return [100 * at / (number - 1) for at in range(number)] if number > 1 else []


def _paths(spots: Sequence[tuple[float, float | None]]) -> Iterator[str]:
    """A line for each run of readings without a gap."""
    for is_gap, run in groupby(spots, key=lambda spot: spot[1] is None):
        if not is_gap:
            yield " ".join(f"{x:.1f},{y:.1f}" for x, y in run)


def _days(points: Sequence[Point], words: Words) -> Node:
    step = max((len(points) - 1) // (DAYS_NAMED - 1), 1)
    return div(".still-trend-days", aria_hidden="true")[
        [span[words.day(point.first)] for point in points[(len(points) - 1) % step :: step]]
    ]
