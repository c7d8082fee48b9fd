"""A trend as a Plotly figure: a plain dictionary, in the page's own colours, its numbers as people read them."""

from collections.abc import Mapping, Sequence
from datetime import date
from fractions import Fraction
from typing import Any

from components.words import Words
from metrics.pack import Metric
from metrics.trend import Point

TICKS = 4
_DAY_FORMAT = {"zh": "%-m月%-d日", "en": "%-d %b"}
CONFIG: Any = {
    "displayModeBar": False,
    "showSendToCloud": False,
    "scrollZoom": False,
    "doubleClick": False,
    "showAxisDragHandles": False,
    "displaylogo": False,
    "responsive": True,
}


def trend_figure(points: Sequence[Point], metric: Metric, words: Words, colours: Mapping[str, str]) -> dict[str, Any]:
    """The metric over time; a missing reading is a gap, the running day or week is an open dot."""
    return {
        "data": [_line(points, metric, words, colours)],
        "layout": {
            "uirevision": "trend",
            "dragmode": False,
            "hovermode": "x",
            "showlegend": False,
            "margin": {"l": 56, "r": 24, "t": 12, "b": 32},
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "font": {"color": colours["quiet"], "family": "inherit", "size": 14},
            "hoverlabel": {"bgcolor": colours["sheet"], "font": {"color": colours["ink"], "size": 14}},
            "xaxis": {
                "type": "date",
                "tickformat": _DAY_FORMAT[words.language],
                "fixedrange": True,
                "showgrid": False,
                "linecolor": colours["line"],
                "nticks": 4,
                "tickangle": 0,
            },
            "yaxis": {
                "fixedrange": True,
                "gridcolor": colours["line"],
                "zeroline": False,
                **_ticks(points, metric, words),
            },
        },
    }


def _line(points: Sequence[Point], metric: Metric, words: Words, colours: Mapping[str, str]) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "x": [point.first.isoformat() for point in points],
        "y": [None if point.reading.value is None else float(point.reading.value) for point in points],
        "text": [said(point, metric, words) for point in points],
        "hovertemplate": "%{text}<extra></extra>",
        "connectgaps": False,
        "line": {"color": colours["accent"], "width": 2},
        "marker": {
            "color": colours["accent"],
            "size": 7,
            "symbol": ["circle-open" if one.running else "circle" for one in points],
        },
    }


def said(point: Point, metric: Metric, words: Words) -> str:
    """A point in words: its day, its number, what was divided."""
    quotient = words.quotient(point.reading, metric.format)
    plain = f"{_day(point.first, words)} {words.number(point.reading, metric.format)}"
    return f"{plain} ({quotient})" if quotient else plain


def _day(day: date, words: Words) -> str:
    return f"{words.day(day)} {words.weekday(day)}"


def _ticks(points: Sequence[Point], metric: Metric, words: Words) -> dict[str, Any]:
    """Ticks in the metric's own format (万, %)."""
    values = round_ticks(points)
    if not values:
        return {"rangemode": "tozero", "showticklabels": False}
    room = Fraction(values[1] - values[0]) / 5
    return {
        "tickvals": [float(value) for value in values],
        "ticktext": [words.value(value, metric.format) for value in values],
        "range": [float(values[0]), float(values[-1] + room)],
    }


def round_ticks(points: Sequence[Point]) -> list[Fraction]:
    """Round values at equal steps around the readings, from zero or below; none where all readings are zero or missing."""
    values = [Fraction(point.reading.value) for point in points if point.reading.value is not None]
    low, high = min([Fraction(0), *values]), max([Fraction(0), *values])
    if low == high:
        return []
    step = round_step((high - low) / TICKS)
    return [step * at for at in range(int(low // step), int(-(-high // step)) + 1)]


def round_step(least: Fraction) -> Fraction:
    """The smallest of 1, 2 or 5 times a power of ten that is not below `least`."""
    power = Fraction(1)
    while power * 10 <= least:
        power *= 10
    while power > least:
        power /= 10
    return next(power * times for times in (1, 2, 5, 10) if power * times >= least)
