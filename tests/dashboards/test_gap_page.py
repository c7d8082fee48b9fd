"""The page of the target gap: the chain in sentences, every figure with its source, open to change by a link."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.dashboards.worlds import Stage


def text(page: str) -> str:
    return re.sub(r"<[^>]*>|\s+", " ", page.partition("<body")[2])


def shown(stage: Stage, role: str = "leader", **asked: str) -> str:
    answer = stage.client(role).get("/gap", query_string=asked)
    assert answer.status_code == 200
    return text(answer.text)


def test_the_group_s_chain_stands_there_step_by_step(stage: Stage) -> None:
    said = shown(stage, stock="11000")
    for sentence in ("全年目标 15亿", "要卖 600 套", "记 14,285 组", "还差 3,285 组客户", "要 10,950 个新留电"):
        assert sentence in said
    assert "设定 · 集团配置" in said and "本页填写" in said and "假设,可改" in said and "测得" in said


def test_a_changed_figure_changes_what_follows(stage: Stage) -> None:
    said = shown(stage, target="7.5亿", stock="0", valid="50%")
    assert "要卖 300 套" in said and "还差 7,142 组客户" in said and "要 14,284 个新留电" in said


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_it_reads_in_both_languages(stage: Stage, lang: str) -> None:
    said = shown(stage, lang=lang, offline="2%", online="4%")
    said = re.sub("中文|云岫府|文昌学府|望澜湾", "", said)
    assert (re.search(r"[\u4e00-\u9fff]", said) is None) == (lang == "en")


def test_what_was_left_as_it_was_stays_out_of_the_address(stage: Stage) -> None:
    asked = {"target": "15亿", "price": "300万", "conversion": "", "period": "year"}
    answer = stage.client("leader").get("/gap", query_string=asked)
    assert answer.status_code == 303
    assert parse_qs(urlsplit(answer.headers["Location"]).query) == {"price": ["300万"], "period": ["year"]}


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("target", "0"),
        ("price", "-1"),
        ("conversion", "120%"),
        ("stock", "<b>"),
        ("valid_public", "x"),
        ("online", "2"),
    ],
)
def test_a_figure_that_cannot_be_is_said_beside_its_field(stage: Stage, name: str, typed: str) -> None:
    answer = stage.client("leader").get("/gap", query_string={name: typed})
    assert answer.status_code == 400
    assert "有数字填得不对" in answer.text and answer.text.count('role="alert"') == 2
    assert "记 14,285 组" in answer.text and "<b>" not in answer.text


def test_a_head_sees_the_own_project_and_none_of_the_group_s_figures(stage: Stage) -> None:
    said = shown(stage, "head")
    assert "全年目标 1亿" in said and "目标表" in said
    assert "15亿" not in said and "集团" not in said.replace("集团公式", "").replace("集团没有定义", "")


def test_a_project_without_target_asks_for_one(stage: Stage) -> None:
    assert "还没有目标,请填写" in shown(stage, project="p3")


def test_the_days_left_are_told(stage: Stage) -> None:
    said = shown(stage)
    assert "今天起还有 296 天" in said and "样本不足" in said and "法定假日" in said


def test_the_group_s_formula_is_counted_once_both_figures_are_given(stage: Stage) -> None:
    assert "组 = " not in shown(stage) and "集团没有定义" in shown(stage)
    assert "(3,285 ÷ 2%)× 4% = 6,570 组" in shown(stage, stock="11000", offline="2%", online="4%")


@pytest.mark.parametrize(
    ("role", "leads"), [("leader", True), ("head", True), ("champion", False), ("salesperson", False)]
)
def test_the_overview_leads_there(stage: Stage, role: str, leads: bool) -> None:
    page = stage.client(role).get("/").text
    assert ('href="/gap"' in page) == leads
    assert ('<a class="tile-link" href="/gap">目标缺口' in page) == (role == "leader")
