"""The trend's figure as the browser gets it: numbers as people read them, nothing that traps a finger or leaves the house."""

from datetime import date
from fractions import Fraction
from pathlib import Path

import pytest
from plotly.offline import get_plotlyjs_version  # type: ignore[import-untyped]

from components.trend import CONFIG, round_step, trend_figure
from components.words import Words
from metrics.reading import Reading, count, missing, ratio
from metrics.trend import Point
from tests.components.builders import a_metric

COLOURS = dict.fromkeys(("ink", "quiet", "line", "accent", "sheet"), "rgb(1, 2, 3)")
ZH = Words("zh")


def points(*values: Reading) -> list[Point]:
    return [Point(date(2026, 3, at), value, at == len(values)) for at, value in enumerate(values, 1)]


def test_each_point_says_its_day_and_number() -> None:
    line = trend_figure(points(count(3), count(12_345_678)), a_metric(), ZH, COLOURS)["data"][0]
    assert line["x"] == ["2026-03-01", "2026-03-02"] and line["y"] == [3.0, 12_345_678.0]
    assert line["text"] == ["3月1日 周日 3", "3月2日 周一 1,234.57万"]


def test_a_rate_says_what_was_divided() -> None:
    line = trend_figure(points(ratio(1, 4)), a_metric(format="percent"), ZH, COLOURS)["data"][0]
    assert line["text"] == ["3月1日 周日 25.0% (1 ÷ 4)"]


def test_a_missing_reading_is_a_gap_with_its_word() -> None:
    line = trend_figure(points(missing("spend_open"), count(1)), a_metric(), ZH, COLOURS)["data"][0]
    assert line["y"][0] is None and line["connectgaps"] is False and "费用未结" in line["text"][0]


def test_the_running_day_is_an_open_dot() -> None:
    line = trend_figure(points(count(1), count(1)), a_metric(), ZH, COLOURS)["data"][0]
    assert line["marker"]["symbol"] == ["circle", "circle-open"]


def test_ticks_are_round_and_in_the_metric_s_own_format() -> None:
    axis = trend_figure(points(count(39_000)), a_metric(format="money"), ZH, COLOURS)["layout"]["yaxis"]
    assert axis["ticktext"] == ["0元", "1万", "2万", "3万", "4万"]


def test_a_falling_amount_has_ticks_below_zero() -> None:
    axis = trend_figure(points(count(-90), count(60)), a_metric(), ZH, COLOURS)["layout"]["yaxis"]
    assert axis["tickvals"] == [-100.0, -50.0, 0.0, 50.0, 100.0]


@pytest.mark.parametrize("value", [missing("absent"), count(0)])
def test_nothing_at_all_has_no_ticks(value: Reading) -> None:
    assert "tickvals" not in trend_figure(points(value), a_metric(), ZH, COLOURS)["layout"]["yaxis"]


@pytest.mark.parametrize(
    ("least", "step"), [("3", 5), ("10", 10), ("11", 20), ("501", 1000), ("0.03", "0.05"), ("0.1", "0.1")]
)
def test_steps_are_round(least: str, step: object) -> None:
    assert round_step(Fraction(least)) == Fraction(str(step))


def test_a_finger_is_never_trapped_and_nothing_is_offered_for_upload() -> None:
    layout = trend_figure(points(count(1)), a_metric(), ZH, COLOURS)["layout"]
    assert layout["dragmode"] is False and layout["xaxis"]["fixedrange"] and layout["yaxis"]["fixedrange"]
    assert layout["uirevision"] == trend_figure(points(count(2)), a_metric(), ZH, COLOURS)["layout"]["uirevision"]
    assert CONFIG["displayModeBar"] is False and CONFIG["showSendToCloud"] is False and CONFIG["scrollZoom"] is False


def test_days_are_written_in_the_page_s_language() -> None:
    formats = [
        trend_figure(points(count(1)), a_metric(), Words(lang), COLOURS)["layout"]["xaxis"]["tickformat"]
        for lang in ("zh", "en")
    ]  # type: ignore[arg-type]
    assert formats == ["%-m月%-d日", "%-d %b"]


def test_the_chart_library_is_the_version_that_plotly_brings_with_the_kinds_we_draw() -> None:
    head = Path("assets/plotly.js").read_text(encoding="utf-8")[:100]
    assert f"plotly.js (basic - minified) v{get_plotlyjs_version()}" in head
