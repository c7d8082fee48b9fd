"""Each page once on a small snapshot: what stands on it, for whom."""

import re

import pytest
from htpy import fragment

from dashboards import alerts, boards, funnels, heatmaps, overview
from dashboards._page import Page, View
from dashboards._site import PAGES
from dashboards.wall import LastGood, slides
from metrics.pack import Label
from metrics.scenes import scenes
from tests.dashboards.worlds import a_view
from tests.snapshots import AS_OF, a_snapshot, property_pack, small_rows

SCENES = scenes(property_pack())


def html(page: Page, view: View) -> str:
    return str(fragment[page.render(view)])


def text(page: Page, view: View) -> str:
    return re.sub(r"<[^>]*>|\s+", " ", html(page, view))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_page_has_content_in_both_languages(page: Page, lang: str) -> None:
    content = html(page, a_view(lang=lang))
    assert "data-part=" in content
    assert (
        re.search(
            r"[\u4e00-\u9fff]", re.sub("云岫府|文昌学府|望澜湾|短视频|老带新|自然到访|城.|样板间开放|韩冰", "", content)
        )
        is None
    ) == (lang == "en")


def test_the_overview_says_whether_the_group_is_on_target_and_how_many_customers_are_missing() -> None:
    said = text(overview.page, a_view())
    assert "目标完成" in said and "落后时间进度" in said
    assert "还差" in said and "14,285" in said


def test_a_filtered_overview_has_the_target_of_what_is_in_view_and_no_gap() -> None:
    said = text(overview.page, a_view(project="p1"))
    assert "还差" not in said and "各项目目标进度" not in said


def test_a_project_without_target_says_so() -> None:
    assert "未设目标" in text(overview.page, a_view(project="p3"))


def test_a_head_sees_the_own_project_only() -> None:
    for page in PAGES:
        said = text(page, a_view("head"))
        assert "文昌学府" not in said and "望澜湾" not in said


def test_a_salesperson_sees_own_numbers_and_no_costs_or_targets() -> None:
    said = text(overview.page, a_view("salesperson"))
    assert "我的客户" in said and "逾期未跟进" in said
    assert "年度目标" not in said and "留电成本" not in said and "先看这三件" not in said


def test_numbers_are_compared_with_the_same_point_of_the_period_before() -> None:
    assert "较上周同期(截至周三10:00)" in text(overview.page, a_view())


def test_different_holidays_on_the_two_sides_are_pointed_out() -> None:
    after_the_festival = AS_OF.replace(month=2, day=26)
    view = a_view(snapshot=a_snapshot(as_of=after_the_festival, **small_rows(after_the_festival)))
    assert "本期含假期,对比期含农历除夕、春节,对比要留意" in text(overview.page, view)
    assert "对比要留意" not in text(overview.page, a_view())


def test_funnels_stand_side_by_side_and_link_to_where_they_leak() -> None:
    content = html(funnels.page, a_view())
    assert content.count('class="funnel"') == 4
    assert "/funnels?step=visit&amp;project=p1" in content or "/funnels?project=p1&amp;step=visit" in content


def test_only_who_sees_the_group_sees_the_peers_median() -> None:
    assert "同组中位" in text(funnels.page, a_view(period="quarter"))
    assert "同组中位" not in text(funnels.page, a_view("head", period="quarter"))


def test_a_chosen_step_shows_its_channels() -> None:
    said = text(funnels.page, a_view(step="visit", period="quarter"))
    assert "到访从哪里漏" in said and "短视频" in said


def test_a_salesperson_s_funnel_is_not_split_by_channel() -> None:
    content = html(funnels.page, a_view("salesperson", step="visit", channel="c1"))
    assert "周健" in content and "/funnels?step=" not in content and "从哪里漏" not in content


def test_the_cohort_basis_says_so() -> None:
    assert "按留电批次" in text(funnels.page, a_view(basis="cohort", period="quarter"))


def test_heat_shows_three_grids() -> None:
    assert html(heatmaps.page, a_view(hours="168")).count("heat-grid") == 3


def test_boards_rank_every_project_and_can_look_back() -> None:
    said = text(boards.page, a_view(week="2026-02-23"))
    assert "2月23日–3月1日" in said and "转介王" in said and "望澜湾" in said


def test_a_head_sees_the_own_rank_among_all() -> None:
    said = text(boards.page, a_view("head"))
    assert "云岫府" in said and re.search(r"[123]/3", said)


def test_alerts_are_filtered_by_severity() -> None:
    assert "节点延误" in text(alerts.page, a_view())
    assert "节点延误" not in text(alerts.page, a_view(severity="orange"))


def test_a_source_that_has_leads_only_still_has_every_page() -> None:
    rows = small_rows()
    snapshot = a_snapshot(**{name: rows[name] for name in ("project", "channel", "lead")})
    for page in PAGES:
        for basis in ("period", "cohort"):
            assert "无数据" in text(page, a_view(snapshot=snapshot, basis=basis)) or page.name in ("heat", "alerts")


def test_a_source_with_a_single_lead_still_has_every_page_and_wall() -> None:
    rows = small_rows()
    snapshot = a_snapshot(**{name: rows[name][:1] if name == "lead" else [] for name in rows})
    for page in PAGES:
        assert html(page, a_view(snapshot=snapshot))
    for scene in SCENES:
        assert slides(scene, a_view(snapshot=snapshot), LastGood())


def test_a_title_is_in_the_viewer_s_language() -> None:
    assert a_view(lang="en").say(Label("总览", "Overview")) == "Overview"
