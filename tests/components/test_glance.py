"""What each component shows: the normal case, and the cases in which dashboards usually lie."""

import re
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components import alert, board, filters, funnel, heatmap, leak, pace, ticker, tile, verdict
from components.status import Freshness, status
from components.words import Words
from metrics.funnel import Leak
from metrics.gap import Gap, GapInputs
from metrics.heat import Cell
from metrics.pack import Label, Rule
from metrics.reading import Reading, count, missing, ratio
from metrics.rules import Evidence, Finding
from metrics.snapshot import Event
from tests.components.builders import (
    HOSTILE,
    NOW,
    a_board,
    a_compared,
    a_funnel,
    a_grid,
    a_metric,
    a_pace,
    a_stage,
    a_standing,
    text_of,
)

ZH, EN = Words("zh"), Words("en")


# ------------------------------------------------------------------------------------------------------------- tile


def test_a_tile_says_value_change_tone_and_the_same_point() -> None:
    shown = tile.metric_tile(a_compared(count(1006), count(896), Fraction(110, 896)), a_metric(unit="party"), ZH)
    assert text_of(shown) == "leads 1,006 组 上升 12.3% 向好 同期 896"
    assert "is-up is-better" in str(shown)


def test_a_rate_names_its_numerator_and_denominator() -> None:
    shown = tile.metric_tile(a_compared(ratio(243, 1006), ratio(261, 896)), a_metric(format="percent"), ZH)
    assert "243 ÷ 1,006" in text_of(shown)


def test_a_missing_number_says_why_and_never_shows_zero() -> None:
    shown = text_of(tile.metric_tile(a_compared(missing("spend_open")), a_metric(format="money"), ZH))
    assert shown == "leads 费用未结 本期投放费用还没录入"


def test_few_cases_are_marked() -> None:
    shown = tile.metric_tile(a_compared(ratio(3, 11), ratio(2, 9)), a_metric(format="percent", min_n=20), ZH)
    assert "样本不足" in text_of(shown)


# --------------------------------------------------------------------------------------------------- verdict, pace


def test_the_verdict_gives_attainment_time_and_the_gap() -> None:
    gap = Gap(GapInputs(Decimal(1_500_000_000), Decimal(2_500_000), Decimal("0.042")), 14_285, 11_000)
    shown = text_of(verdict.verdict(a_pace(Fraction(46, 100)), gap, ZH, title="年度目标"))
    assert "46.0%" in shown
    assert "落后时间进度 4.0个百分点" in shown
    assert "还差 3,285 组客户" in shown
    assert "15亿 ÷ 均价 250万 ÷ 转化率 4.2% = 需 14,285 组,现有有效 11,000 组" in shown


@pytest.mark.parametrize(
    ("attainment", "word"),
    [
        (Fraction(1, 4), "落后 25.0个点"),
        (Fraction(3, 4), "领先 25.0个点"),
        (Fraction(1, 2), "持平"),
        (None, "未设目标"),
    ],
)
def test_a_pace_line_says_its_state_in_words(attainment: Fraction | None, word: str) -> None:
    assert word in text_of(pace.pace_bars([a_pace(attainment, project="p1")], {"p1": "滨江"}.get, ZH))


def test_more_than_the_whole_target_is_not_clipped() -> None:
    shown = str(pace.pace_bars([a_pace(Fraction(5, 4), project="p1")], {"p1": "滨江"}.get, ZH))
    assert 'class="rail-done" x="0" y="30%" width="100.00%"' in shown
    assert 'class="rail-target" x1="80.00%"' in shown
    assert 'class="rail-time" x1="40.00%"' in shown


def test_no_target_is_neither_0_nor_100_percent() -> None:
    assert "%" not in text_of(verdict.verdict(a_pace(None), None, ZH, title="目标"))


# ------------------------------------------------------------------------------------------------------------ funnel


def test_bars_stand_in_true_proportion_to_the_leads_and_exposure_has_none() -> None:
    shown = str(
        funnel.funnel_card(
            a_funnel(a_stage("exposure", 50_000), a_stage("lead", 200, 50_000), a_stage("visit", 50, 200)), "滨江", ZH
        )
    )
    assert re.findall(r'class="bar-own" width="([\d.]+%)"', shown) == ["100.00%", "25.00%"]


def test_walk_ins_beyond_the_leads_are_their_own_hatched_segment_and_nothing_is_clipped() -> None:
    stages = a_stage("lead", 100), a_stage("visit", 125, 100, skipped=50)
    shown = funnel.funnel_card(a_funnel(*stages), "滨江", ZH)
    assert re.findall(r'class="bar-own" width="([\d.]+%)"', str(shown)) == ["80.00%", "60.00%"]
    assert 'class="bar-skipped" x="60.00%" width="40.00%"' in str(shown)
    assert "125.0%" in text_of(shown)
    assert "未留电直接到访 50(计入转化)" in text_of(shown)


def test_young_leads_are_drawn_apart_and_left_out_of_the_rate() -> None:
    stages = a_stage("lead", 100), a_stage("visit", 20, rate=ratio(18, 60), immature=40, open=38, astray=2)
    shown = funnel.funnel_card(a_funnel(*stages, basis="cohort"), "滨江", ZH)
    assert "按留电批次" in text_of(shown)
    assert "30.0%" in text_of(shown)
    assert "未成熟 40(不计转化)" in text_of(shown)
    assert "顺序不符 2" in text_of(shown)
    assert 'class="bar-immature" x="20.00%" width="38.00%"' in str(shown)


def test_a_cohort_that_is_wholly_young_has_no_rate() -> None:
    stages = a_stage("lead", 100), a_stage("visit", 0, rate=missing("immature"), immature=100)
    assert "未成熟" in text_of(funnel.funnel_card(a_funnel(*stages, basis="cohort"), "滨江", ZH))


def test_the_peers_median_is_a_mark_with_its_word() -> None:
    stages = a_stage("lead", 200), a_stage("visit", 50, 200, peers_median=Fraction(3, 10))
    shown = funnel.funnel_card(a_funnel(*stages), "滨江", ZH)
    assert 'class="bar-peers" x1="30.00%"' in str(shown)
    assert "同组中位 30.0%" in text_of(shown)


@pytest.mark.parametrize(("reached", "mark"), [(30, 24), (15, 24), (0, 24)])
def test_the_peers_median_stands_beyond_the_bar_just_where_the_rate_is_below_it(reached: int, mark: int) -> None:
    one, other = a_stage("lead", 100), a_stage("visit", reached, 80, peers_median=Fraction(3, 10))
    assert funnel.peers_length(other, one) == mark


def test_the_peers_median_allows_for_visits_of_leads_that_are_too_young_for_the_rate() -> None:
    young = a_stage("visit", 30, rate=ratio(20, 50), immature=50, open=40, peers_median=Fraction(2, 5))
    assert funnel.peers_length(young, a_stage("lead", 100)) == 30


def test_a_step_too_young_for_any_rate_has_no_mark() -> None:
    young = a_stage("visit", 3, rate=missing("immature"), immature=9, open=6, peers_median=Fraction(2, 5))
    assert funnel.peers_length(young, a_stage("lead", 9)) is None


@given(st.lists(st.integers(0, 10**6), min_size=2, max_size=6))
def test_any_two_bars_are_as_long_as_their_numbers(counts: list[int]) -> None:
    stages = [a_stage(f"s{at}", number) for at, number in enumerate(counts)]
    shown = str(funnel.funnel_card(a_funnel(*stages), "滨江", ZH))
    drawn = [Fraction(width) for width in re.findall(r'class="bar-own" width="([\d.]+)%"', shown)]
    whole = max(*counts, 1)
    assert all(abs(width - Fraction(100 * number, whole)) <= Fraction(1, 200) for width, number in zip(drawn, counts))


def test_a_step_the_source_does_not_have_says_so() -> None:
    stages = a_stage("lead", 200), a_stage("visit", missing("absent", "visit"), rate=missing("absent", "visit"))
    assert "源库没有到访数据" in text_of(funnel.funnel_card(a_funnel(*stages), "滨江", ZH))


def test_each_step_after_the_first_leads_to_where_it_leaks() -> None:
    stages = a_stage("lead", 200), a_stage("visit", 50, 200)
    shown = str(
        funnel.funnel_card(a_funnel(*stages), "滨江", ZH, leak_href=lambda _, stage: f"/leaks?step={stage.step}")
    )
    assert re.findall(r'href="([^"]+)"', shown) == ["/leaks?step=visit"]


def test_small_multiples_keep_the_order_given() -> None:
    cards = [(a_funnel(a_stage("lead", n)), f"项目{n}") for n in (3, 1, 2)]
    assert re.findall("项目\\d", text_of(funnel.funnels(cards, ZH))) == ["项目3", "项目1", "项目2"]


def test_the_leak_table_shows_both_sides_and_marks_few_cases() -> None:
    leaks = [Leak("dy", count(60), ratio(60, 420), 360), Leak("", count(2), ratio(2, 9), 7)]
    shown = text_of(leak.leak_table(leaks, "到访", {"dy": "抖音"}.get, ZH, min_n=20))
    assert "抖音 420 60 14.3% 360" in shown
    assert "未归属 9 2 22.2% 样本不足 7" in shown
    assert text_of(leak.leak_table([], "到访", str, ZH)) == "本期没有流失记录"


# -------------------------------------------------------------------------------------------------------------- heat


def test_cells_carry_number_and_level() -> None:
    shown = str(
        heatmap.heatmap(
            a_grid((Cell(count(12), 12, False, 2), Cell(count(0), 0, False, 0))),
            a_metric(),
            ZH,
            title="留电",
            row_name=str,
            column_name=str,
        )
    )
    assert '<td class="heat-cell level-2">12</td>' in shown
    assert '<td class="heat-cell level-0">0</td>' in shown
    assert '<th scope="col">0</th>' in shown
    assert "≥ 10" in text_of(shown)


def test_rates_on_few_cases_are_hatched_without_colour() -> None:
    cells = Cell(ratio(1, 3), 3, True, 0), Cell(ratio(0, 0), 0, False, 0), Cell(ratio(9, 30), 30, False, 3)
    grid = a_grid(cells)
    shown = str(heatmap.heatmap(grid, a_metric(format="percent"), ZH, title="到访率", row_name=str, column_name=str))
    assert '<td class="heat-cell is-few" title="1 ÷ 3 · 样本不足">33.3</td>' in shown
    assert ">–</td>" in shown
    assert "斜纹格样本不足" in text_of(shown)


HOURS = tuple(f"2024-11-{day}T{hour:02}:00:00" for day, hour in ((19, 21), (19, 22), (19, 23), (20, 0)))


def test_hours_stand_under_their_days_and_the_hour_that_runs_is_marked() -> None:
    grid = replace(a_grid(tuple(Cell(count(at), at, False, 0) for at in range(4))), columns=HOURS, running=HOURS[-1])
    shown = str(
        heatmap.heatmap(grid, a_metric(), ZH, title="留电", row_name=str, column_name=heatmap.column_time, tells=True)
    )
    assert '<th scope="colgroup" colspan="3">11月19日</th><th scope="colgroup" colspan="1">20日</th>' in shown
    assert re.findall(r'<th class="is-running"[^>]*aria-current="time">(\d+)</th>', shown) == ["0"]
    assert "最后一列还没过完" in text_of(shown)


@pytest.mark.parametrize(
    ("column", "hours", "said"),
    [
        ("8", 1, "08:00–09:00"),
        ("2024-11-20T21:00:00", 3, "11月20日 21:00–24:00"),
        ("2024-11-20T00:00:00", 24, "11月20日 周三"),
    ],
)
def test_a_column_in_full_says_its_day_and_its_hours(column: str, hours: int, said: str) -> None:
    assert heatmap.column_said(column, hours, ZH) == said


@pytest.mark.parametrize(
    ("column", "hours", "name"),
    [("8", 1, "8"), ("2024-11-20T09:00:00", 3, "9"), ("2024-11-20T00:00:00", 24, "11-20")],
)
def test_columns_of_hours_are_named_by_their_first(column: str, hours: int, name: str) -> None:
    assert heatmap.column_time(column, hours) == name


# ------------------------------------------------------------------------------------------------------------- board


def test_ties_share_a_rank_and_say_so() -> None:
    rows = (
        a_standing(1, "甲", count(9), tied=True, change=0),
        a_standing(1, "乙", count(9), tied=True, change=2),
        a_standing(3, "丙", count(5)),
    )
    shown = text_of(board.board_card(a_board(*rows), a_metric(), "转介王", str, ZH))
    assert "1 并列 甲 9 未变" in shown
    assert "1 并列 乙 9 升 2 位" in shown
    assert "3 丙 5 新上榜" in shown


def test_top_keeps_the_first_rows_and_says_who_else_shares_the_last_rank() -> None:
    rows = [
        a_standing(1, "甲", count(9)),
        a_standing(2, "乙", count(8), tied=True),
        a_standing(2, "丙", count(8), tied=True),
        a_standing(4, "丁", count(1)),
    ]
    shown = text_of(
        board.board_card(
            a_board(*rows, unranked=(a_standing(None, "戊", ratio(1, 2), few=True),)), a_metric(), "榜", str, ZH, top=2
        )
    )
    assert "乙" in shown and "另有 1 位与第 2 名并列" in shown
    assert "丙" not in shown
    assert "丁" not in shown
    assert "戊" not in shown


def test_the_raw_value_stands_beside_the_adjusted_one() -> None:
    row = a_standing(1, "甲", Reading(Fraction(354, 1000)), raw=ratio(101, 279))
    shown = text_of(
        board.board_card(a_board(row, weeks=4), a_metric(format="percent"), "到访", str, ZH, basis="period")
    )
    assert "35.4% 原值 36.2% · 101 ÷ 279" in shown
    assert "近 4 周滚动" in shown
    assert "当期口径" in shown


def test_differences_within_chance_are_said() -> None:
    level = replace(a_board(a_standing(1, "甲", count(9), tied=True)), by_chance=True)
    assert "未超出偶然波动" in text_of(board.board_card(level, a_metric(), "到访", str, ZH))


def test_few_cases_and_missing_values_are_listed_without_a_rank() -> None:
    unranked = a_standing(None, "甲", ratio(3, 7), few=True), a_standing(None, "乙", missing("absent", "visit"))
    shown = text_of(board.board_card(a_board(unranked=unranked), a_metric(format="percent", min_n=20), "榜", str, ZH))
    assert "本期还没有可排名的数据" in shown
    assert "甲 原值 42.9% · 3 ÷ 7 样本不足" in shown
    assert "乙 无数据" in shown


def test_a_board_without_data_gives_its_reason() -> None:
    shown = text_of(board.board_card(a_board(absent=missing("spend_open")), a_metric(), "榜", str, ZH))
    assert "费用未结" in shown


# ------------------------------------------------------------------------------------------------------------ alerts

RULE = Rule(
    "slow",
    "limit",
    "red",
    Label("响应慢", "Slow"),
    Label("{project}只有{value},晚{change}个点", "Only {value}"),
    Label("今天回访", "Call today"),
)


def a_finding(**others: object) -> Finding:
    given = {"severity": "red", "kind": "project", "subject": "p1", "since": datetime(2024, 11, 19)} | others
    values = {"value": Fraction(1, 2), "change": Fraction(1, 8)}
    formats = {"value": "percent", "change": "points"}
    return Finding(
        "slow", values=values, formats=formats, evidence=(Evidence(Label("样本", "Cases"), 21, "count"),), **given
    )  # type: ignore[arg-type]


def test_an_alert_says_severity_subject_since_evidence_and_the_next_step() -> None:
    shown = text_of(alert.alerts([a_finding()], {"slow": RULE}, lambda _: "滨江", ZH, NOW))
    assert shown == "红色 滨江 昨天起 响应慢 滨江只有50.0%,晚12.5个点 样本 21 下一步 今天回访"


def test_no_alert_is_a_calm_word() -> None:
    assert "暂无预警" in text_of(alert.alerts([], {}, lambda _: None, ZH, NOW))
    assert text_of(alert.alert_counts([], ZH)) == "暂无预警"


def test_alerts_are_counted_by_severity() -> None:
    found = [a_finding(), a_finding(), a_finding(severity="yellow")]
    assert text_of(alert.alert_counts(found, EN)) == "Red 2 Yellow 1"


@pytest.mark.parametrize(
    ("value", "format", "said"),
    [
        (Fraction(321, 100), "times", "3.2"),
        ("示范区", "count", "示范区"),
        (0, "visit", "到访"),
        (Fraction(-34, 10), "decimal", "-3.4"),
        (7, "count", "7"),
    ],
)
def test_facts_print_in_their_own_format(value: Fraction | str, format: str, said: str) -> None:
    assert ZH.fact(value, format) == said


# ----------------------------------------------------------------------------------------------------- ticker, status


def test_the_ticker_shows_no_customer() -> None:
    events = [Event("contract", datetime(2024, 11, 20, 10, 36), "p1", "zj", "s1", None, Decimal("2680000"))]
    shown = text_of(ticker.ticker(events, {"p1": "滨江"}.get, {"zj": "老带新"}.get, ZH, NOW))
    assert shown == "10:36 签约 滨江 老带新 · 268万"
    assert text_of(ticker.ticker([], str, str, ZH, NOW)) == "今天还没有动态"


@pytest.mark.parametrize(("seconds", "state"), [(0, "live"), (60, "live"), (61, "amber"), (301, "grey")])
def test_the_status_follows_the_age_of_the_data(seconds: int, state: str) -> None:
    fresh = Freshness(NOW, datetime.fromtimestamp(NOW.timestamp() + seconds))
    shown = str(status(fresh, ZH))
    assert f'class="status is-{state}"' in shown
    assert f'data-age="{seconds}"' in shown
    assert "数据截至 10:42" in text_of(shown)


# ----------------------------------------------------------------------------------------------------------- filters


def test_every_choice_is_an_address_that_keeps_the_others() -> None:
    period = filters.Filter("period", "时段", (filters.Option("", "本周"), filters.Option("month", "本月")), links=True)
    project = filters.Filter("project", "项目", (filters.Option("", "全部"), filters.Option("a&b", "甲")), "a&b")
    shown = str(filters.filters("/funnels", [period, project], ZH, keep={"lang": "en"}))
    assert re.findall(r'href="([^"]+)"', shown) == [
        "/funnels?lang=en&amp;project=a%26b",
        "/funnels?lang=en&amp;period=month&amp;project=a%26b",
    ]
    assert '<form class="filters-form" method="get" action="/funnels">' in shown
    assert '<option value="a&amp;b" selected>甲</option>' in shown
    assert '<input type="hidden" name="lang" value="en">' in shown


# ---------------------------------------------------------------------------------------------------------- all of them


def test_hostile_names_stay_text() -> None:
    stages = a_stage("lead", 200), a_stage("visit", 50, 200)
    named = lambda _: HOSTILE  # noqa: E731
    shown = [
        funnel.funnel_card(a_funnel(*stages), HOSTILE, ZH, leak_href=lambda *_: HOSTILE),
        board.board_card(a_board(a_standing(1, "x", count(1))), a_metric(), HOSTILE, named, ZH),
        heatmap.heatmap(
            a_grid((Cell(count(1), 1, False, 1),)), a_metric(), ZH, title=HOSTILE, row_name=named, column_name=named
        ),
        leak.leak_table([Leak("c", count(1), ratio(1, 2), 1)], HOSTILE, named, ZH),
        alert.alerts([a_finding()], {"slow": RULE}, named, ZH, NOW),
        pace.pace_bars([a_pace(Fraction(1, 2), project="p")], named, ZH),
        ticker.ticker([Event("visit", NOW, "p", "c", "s", HOSTILE)], named, named, ZH, NOW),
        filters.filters(HOSTILE, [filters.Filter("a", HOSTILE, (filters.Option(HOSTILE, HOSTILE),), HOSTILE)], ZH),
    ]
    for each in shown:
        assert "<script" not in str(each)
        assert "&lt;script&gt;" in str(each)


def test_hostile_words_of_a_step_stay_text() -> None:
    hostile = Label(HOSTILE, HOSTILE)
    stages = replace(a_stage("lead", 200), label=hostile), replace(a_stage("visit", 250, 200), label=hostile)
    shown = str(funnel.funnel_card(a_funnel(*stages), "滨江", ZH, leak_href=lambda *_: HOSTILE, weakest="visit"))
    assert "<script" not in shown
    # Twice the step's name, twice its bar, once the address with its title, once why it is over the whole.
    assert shown.count("&lt;script&gt;") == 7


def test_components_name_no_colour_and_no_style() -> None:
    for source in Path("components").glob("*.py"):
        code = source.read_text("utf-8")
        assert not re.search(r"#[0-9a-fA-F]{6}\b|rgba?\((?!0,0,0,0)|\bstyle=", code), source.name


def test_every_component_can_be_drawn_twice() -> None:
    shown = funnel.funnels([(a_funnel(a_stage("lead", 3)), "甲")], ZH)
    assert str(shown) == str(shown)
