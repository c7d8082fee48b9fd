"""为什么变了 as a page: the three largest parts in words, a waterfall, and a table that sums to the whole."""

import re
from fractions import Fraction

import pytest

from components.waterfall import Bar, waterfall
from tests.dashboards.worlds import Stage, a_stage
from tests.snapshots import AS_OF, a_snapshot, small_rows


def text(page: str) -> str:
    return re.sub(r"<[^>]*>|\s+", " ", page.partition("<body")[2])


def page(stage: Stage, role: str = "leader", **asked: str) -> str:
    answer = stage.client(role).get("/why", query_string=asked)
    assert answer.status_code == 200
    return answer.text


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("metric", ["leads", "net_contract_amount", "visit_rate", "cost_per_lead", "average_contract"])
def test_every_kind_of_number_is_explained_in_both_languages(stage: Stage, metric: str, lang: str) -> None:
    said = text(page(stage, metric=metric, period="last_month", by="both", lang=lang))
    said = re.sub("中文|云岫府|文昌学府|望澜湾|短视频|老带新|自然到访|城.", "", said)
    assert (re.search(r"[\u4e00-\u9fff]", said) is None) == (lang == "en")
    assert "{" not in said


def test_three_parts_stand_in_words_before_chart_and_table(stage: Stage) -> None:
    shown = page(stage, metric="first_visits", period="quarter", by="channel")
    first = shown.partition('class="why-first"')[2].partition("</ol>")[0]
    assert 1 <= first.count("<li>") <= 3
    assert shown.index('class="why-first"') < shown.index('class="waterfall"') < shown.index('class="why-table"')
    assert "上期" in text(shown) and "合计" in text(shown)


def test_a_head_reads_of_the_own_project_s_channels(stage: Stage) -> None:
    said = text(page(stage, "head", metric="leads", period="last_week"))
    assert "文昌学府" not in said and "望澜湾" not in said and "老带新" in said


@pytest.mark.parametrize("metric", ["attainment", "first_response_median", "valid_stock", "nothing", "<b>"])
def test_what_cannot_be_split_is_not_found(stage: Stage, metric: str) -> None:
    assert stage.client("leader").get("/why", query_string={"metric": metric}).status_code == 404


def test_a_number_without_data_says_why(tmp_path) -> None:
    rows = {name: rows for name, rows in small_rows().items() if name != "spend"}
    made = a_stage(tmp_path, snapshot=a_snapshot(**rows))
    assert "源库没有" in text(page(made, metric="cost_per_lead"))
    made.store.close()


def test_without_any_leads_there_is_nothing_to_split(tmp_path) -> None:
    rows = small_rows()
    rows["lead"] = []
    made = a_stage(tmp_path, snapshot=a_snapshot(as_of=AS_OF, **rows))
    assert "没有变化" in text(page(made, metric="leads"))
    made.store.close()


@pytest.mark.parametrize(("role", "leads"), [("leader", 5), ("head", 5), ("champion", 5), ("salesperson", 0)])
def test_the_key_numbers_lead_there(stage: Stage, role: str, leads: int) -> None:
    overview = stage.client(role).get("/").text
    assert overview.count('<a class="tile-link" href="/why?metric=') == leads


def test_each_bar_begins_where_the_one_before_ended() -> None:
    bars = [
        Bar("before", "10", Fraction(10), True),
        Bar("a", "-8", Fraction(-8)),
        Bar("b", "+2", Fraction(2)),
        Bar("now", "4", Fraction(4), True),
    ]
    drawn = re.findall(r'class="waterfall-part" x="([\d.]+)%" y="15%" width="([\d.]+)%"', str(waterfall(bars, "cut")))
    assert [(float(x), float(width)) for x, width in drawn] == [(0, 100), (20, 80), (20, 20), (0, 40)]


def test_a_small_change_of_a_large_number_is_drawn_large_and_says_so() -> None:
    bars = [
        Bar("before", "1000", Fraction(1000), True),
        Bar("a", "+8", Fraction(8)),
        Bar("now", "1008", Fraction(1008), True),
    ]
    drawn = str(waterfall(bars, "not from zero"))
    widths = [float(width) for width in re.findall(r'y="15%" width="([\d.]+)%"', drawn)]
    assert widths[1] == 80 and "not from zero" in drawn


def test_bars_below_zero_stay_inside() -> None:
    bars = [Bar("before", "0", Fraction(0), True), Bar("a", "-8", Fraction(-8)), Bar("now", "-8", Fraction(-8), True)]
    drawn = re.findall(r'x="([\d.]+)%" y="15%" width="([\d.]+)%"', str(waterfall(bars, "cut")))
    assert all(float(x) + float(width) <= 100 for x, width in drawn)
