"""Words and numbers as people read them."""

import re
from datetime import date, datetime
from fractions import Fraction
from pathlib import Path

import pytest

from components.words import _TEXTS, Words, digits
from metrics.reading import Reading, count, missing, ratio
from tests.components.builders import NOW

ZH, EN = Words("zh"), Words("en")


@pytest.mark.parametrize(
    ("value", "zh", "en"),
    [
        pytest.param(12345678, "1,234.57万", "12.35M", id="万"),
        pytest.param(123456789, "1.23亿", "123.46M", id="亿"),
        pytest.param(0, "0", "0", id="nothing is a number"),
        pytest.param(9999, "9,999", "9,999", id="plain below ten thousand"),
        pytest.param(10000, "1万", "10K", id="exact amounts end where they end"),
        pytest.param(10001, "1.00万", "10.00K", id="rounded amounts keep their decimals"),
        pytest.param(Fraction(99999, 10), "1.00万", "10.00K", id="the unit is chosen after rounding"),
        pytest.param(99999999, "1.00亿", "100.00M", id="so it is before 亿"),
        pytest.param(1_500_000_000, "15亿", "1.5B", id="15亿"),
        pytest.param(-12345678, "-1,234.57万", "-12.35M", id="a negative amount"),
        pytest.param(Fraction(-1, 10), "0", "0", id="no minus before zero"),
        pytest.param(Fraction(5, 2), "3", "3", id="halves go up"),
        pytest.param(Fraction(-5, 2), "-3", "-3", id="away from zero"),
    ],
)
def test_counts(value: int | Fraction, zh: str, en: str) -> None:
    assert (ZH.number(count(value), "count"), EN.number(count(value), "count")) == (zh, en)


@pytest.mark.parametrize(
    ("value", "format", "zh", "en"),
    [
        (Fraction(386), "money", "386元", "¥386"),
        (Fraction(4567, 100), "money", "45.67元", "¥45.67"),
        (Fraction(12345678), "money", "1,234.57万", "¥12.35M"),
        (Fraction(-123456789), "money", "-1.23亿", "-¥123.46M"),
        (Fraction(1, 8), "percent", "12.5%", "12.5%"),
        (Fraction(2, 3), "percent", "66.7%", "66.7%"),
        (Fraction(10005, 100_000), "percent", "10.0%", "10.0%"),
        (Fraction(1005, 10_000), "percent", "10.1%", "10.1%"),
        (Fraction(118, 100), "percent", "118.0%", "118.0%"),
        (35, "minutes", "35分", "35 min"),
        (Fraction(71, 2), "minutes", "36分", "36 min"),
        (Fraction(599, 10), "minutes", "1.0小时", "1.0 h"),
        (126, "minutes", "2.1小时", "2.1 h"),
        (5040, "minutes", "3.5天", "3.5 d"),
        (12, "days", "12天", "12 d"),
        (Fraction(25, 2), "days", "12.5天", "12.5 d"),
    ],
)
def test_formats(value: int | Fraction, format: str, zh: str, en: str) -> None:
    assert (ZH.value(value, format), EN.value(value, format)) == (zh, en)


def test_sums_that_floats_get_wrong_are_exact() -> None:
    assert digits(Fraction("1.005"), 2) == "1.01"
    assert digits(Fraction("0.1") + Fraction("0.2"), 1) == "0.3"


@pytest.mark.parametrize(
    ("value", "places", "step", "text"),
    [
        (15_000, 2, 10_000, "1.50"),
        (-5, 0, 10, "-1"),
        (-4, 0, 10, "0"),
        (Fraction(-1, 3), 2, 1, "-0.33"),
        (Fraction(119_999, 2), 1, 60, "1,000.0"),
    ],
)
def test_digits_count_in_steps_and_round_halves_away_from_zero(
    value: int | Fraction, places: int, step: int, text: str
) -> None:
    assert digits(value, places, step) == text


@pytest.mark.parametrize(
    ("reading", "word", "reason"),
    [
        pytest.param(missing("absent", "visit"), "无数据", "源库没有到访数据", id="an entity is named"),
        pytest.param(
            missing("absent", "visit | lead.first_visit_at"), "无数据", "源库没有到访数据", id="the first way"
        ),
        pytest.param(missing("absent", "lead.valid"), "无数据", "源库没有留电有效标记数据", id="so is a column"),
        pytest.param(
            missing("absent", "lead.person"), "无数据", "源库没有留电数据", id="an unnamed column: its entity"
        ),
        pytest.param(missing("absent", "nonsense"), "无数据", "源库没有这项数据", id="an unknown name"),
        pytest.param(missing("no_target"), "未设目标", "本期没有录入目标", id="no target"),
        pytest.param(missing("spend_open"), "费用未结", "本期投放费用还没录入", id="spend open"),
        pytest.param(ratio(0, 0), "无数据", "分母为零,算不出比率", id="a rate of nothing"),
        pytest.param(missing("immature"), "未成熟", "留电还在观察期内", id="immature"),
        pytest.param(missing("no_record"), "无记录", "那一天没有留存记录", id="no record"),
        pytest.param(missing("scope"), "无权限", "不在您的数据权限内", id="out of scope"),
        pytest.param(Reading(None), "无数据", "源库没有这项数据", id="missing without a reason"),
    ],
)
def test_missing_has_a_word_and_a_reason(reading: Reading, word: str, reason: str) -> None:
    assert (ZH.number(reading, "percent"), ZH.reason(reading)) == (word, reason)


@pytest.mark.parametrize(
    ("change", "better", "format", "expected"),
    [
        pytest.param(Fraction(1, 8), "higher", "count", ("up", "better", "12.5%"), id="more leads"),
        pytest.param(Fraction(1, 8), "lower", "money", ("up", "worse", "12.5%"), id="a higher cost is worse"),
        pytest.param(
            Fraction(-1, 50), "higher", "percent", ("down", "worse", "2.0个百分点"), id="rates move in points"
        ),
        pytest.param(Fraction(1, 9000), "higher", "count", ("flat", "neutral", "持平"), id="too small to see"),
        pytest.param(None, "higher", "count", ("unknown", "neutral", "无可比数据"), id="nothing to compare"),
        pytest.param(Fraction(1, 8), "none", "count", ("up", "neutral", "12.5%"), id="neither good nor bad"),
    ],
)
def test_changes(change: Fraction | None, better: str, format: str, expected: tuple[str, str, str]) -> None:
    said = ZH.change(change, better, format)
    assert (said.direction, said.tone, said.text) == expected


def test_a_change_from_a_few_cases_is_told_in_cases() -> None:
    assert ZH.change(Fraction(4), "higher", before=1).text == "4"
    assert ZH.change(Fraction(-1, 2), "higher", before=8).text == "4"
    assert ZH.change(Fraction(1, 2), "higher", before=10).text == "50.0%"
    assert ZH.change(Fraction(4), "lower", "money", before=1).text == "400.0%"


@pytest.mark.parametrize(
    ("at", "zh", "en"),
    [
        (datetime(2024, 11, 20, 9, 5), "09:05", "09:05"),
        (datetime(2024, 11, 19, 9, 5), "昨天 09:05", "yesterday 09:05"),
        (date(2024, 11, 20), "今天", "today"),
        (date(2024, 11, 4), "11月4日", "4 Nov"),
        (datetime(2023, 12, 31, 8, 0), "2023年12月31日 08:00", "31 Dec 2023 08:00"),
    ],
)
def test_when(at: datetime | date, zh: str, en: str) -> None:
    assert (ZH.when(at, NOW), EN.when(at, NOW)) == (zh, en)


@pytest.mark.parametrize(
    ("seconds", "zh", "en"),
    [
        (-3, "0秒前", "0 s ago"),
        (59, "59秒前", "59 s ago"),
        (60, "1分钟前", "1 min ago"),
        (7200, "2小时前", "2 h ago"),
        (200_000, "2天前", "2 d ago"),
    ],
)
def test_ages(seconds: int, zh: str, en: str) -> None:
    assert (ZH.age(seconds), EN.age(seconds)) == (zh, en)


def test_the_time_of_the_data_carries_its_day_only_when_it_is_another_day() -> None:
    assert ZH.clock(NOW, NOW) == "10:42"
    assert ZH.clock(datetime(2024, 11, 19, 23, 59), NOW) == "11-19 23:59"


def test_every_word_has_both_languages_with_the_same_places() -> None:
    for key, (zh, en) in _TEXTS.items():
        assert zh or key == "unit_row", key
        assert en or key.startswith("unit_"), key
        assert set(re.findall(r"{(\w+)}", zh)) == set(re.findall(r"{(\w+)}", en)), key


def test_no_chinese_stands_outside_the_words_but_a_figures_date_format() -> None:
    for source in Path("components").glob("*.py"):
        code = re.sub(r'"""[\s\S]*?"""|#.*', "", source.read_text("utf-8"))
        assert source.name in ("words.py", "report_words.py", "trend.py") or not re.search(r"[一-鿿]", code), (
            source.name
        )
