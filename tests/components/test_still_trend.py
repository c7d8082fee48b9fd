"""The trend that stands in a page: every reading has its dot at its height, what is missing has none."""

import re
from datetime import date, timedelta
from fractions import Fraction

import pytest

from components.still_trend import still_trend
from components.words import Words
from metrics.reading import Reading, count, missing
from metrics.trend import Point
from tests.components.builders import a_metric

ZH = Words("zh")


def drawn(*values: Reading) -> str:
    first = date(2026, 3, 1)
    points = [Point(first + timedelta(at), value, at == len(values) - 1) for at, value in enumerate(values)]
    return str(still_trend(points, a_metric(), ZH))


def heights(html: str) -> list[float]:
    return [float(found) for found in re.findall(r'<circle(?: class="is-running")? cx="[\d.]+%" cy="([\d.]+)%"', html)]


def test_dots_stand_at_their_share_of_the_highest_tick() -> None:
    html = drawn(count(0), count(50), count(100))
    assert heights(html) == [100.0, 50.0, 0.0]
    assert re.findall("<li><span>([^<]+)", html) == ["100", "50", "0"]


def test_each_dot_says_its_day_and_number_and_the_last_one_is_told_at_first() -> None:
    html = drawn(count(3), count(12_345_678))
    assert re.findall("<title>([^<]+)", html) == ["3月1日 周日 3", "3月2日 周一 1,234.57万"]
    assert '<output class="still-trend-told">3月2日 周一 1,234.57万</output>' in html


def test_a_missing_reading_breaks_the_line_and_has_no_height() -> None:
    html = drawn(count(1), count(2), missing("spend_open"), count(4), count(5))
    assert [len(path.split()) for path in re.findall(r'points="([^"]*)"', html)] == [2, 2]
    assert len(heights(html)) == 4 and html.count('class="is-missing"') == 1 and "费用未结" in html


def test_the_running_day_is_an_open_dot() -> None:
    assert drawn(count(1), count(1)).count("is-running") == 1


def test_a_fall_below_zero_has_ticks_below_zero() -> None:
    html = drawn(count(-90), count(60))
    assert re.findall("<li><span>([^<]+)", html) == ["100", "50", "0", "-50", "-100"]
    assert heights(html) == [95.0, 20.0]


@pytest.mark.parametrize("value", [missing("absent"), count(0)])
def test_nothing_at_all_has_no_ticks_and_no_rules(value: Reading) -> None:
    html = drawn(value, value)
    assert "<li>" not in html and "<line" not in html


@pytest.mark.parametrize("days", [1, 2, 3, 35])
def test_any_number_of_days_is_drawn_inside_the_picture_and_the_last_day_is_named(days: int) -> None:
    html = drawn(*(count(Fraction(at)) for at in range(days)))
    assert all(0 <= float(x) <= 100 for x in re.findall(r'cx="([\d.]+)%', html)) and html.count("<circle") == days
    last = date(2026, 3, 1) + timedelta(days - 1)
    named = re.findall("<span>([^<]+)</span>", html.split("still-trend-days")[1])
    assert named[-1] == ZH.day(last) and len(named) <= 5
