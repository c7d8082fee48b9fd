"""年底预测: the year's end in words, each project to those who may know, and how earlier forecasts did."""

import re
from collections.abc import Iterator
from datetime import timedelta
from fractions import Fraction
from pathlib import Path

import pytest

from dashboards.forecast import _is_narrow
from data_access.store.forecasts import keep_forecasts, keep_trials
from data_access.store.lease import acquire
from data_access.store.published import Heartbeat
from metrics.forecast import Score, Trial, forecasts
from tests.dashboards.worlds import NOW, Stage, a_stage
from tests.metrics.test_sandbox import LATER, late
from tests.snapshots import AS_OF, property_pack

SHIFT = LATER - AS_OF


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    made = a_stage(tmp_path_factory.mktemp("forecast"), snapshot=late())
    made.clock.now = NOW + SHIFT
    made.reader.beat = Heartbeat(LATER, NOW + SHIFT, True, None)
    epoch = acquire(made.store, "a", timedelta(days=9_000), NOW)
    assert epoch is not None
    keep_forecasts(made.store, epoch, forecasts(late(), property_pack()))
    tried = Trial(LATER.date(), None, 8, 10.0, 12, 12, Fraction(15), 6)
    worse = Trial(LATER.date(), "p1", 8, 10.0, 12, 20, Fraction(19), None)
    keep_trials(made.store, epoch, LATER.date(), [tried, worse])
    yield made
    made.store.close()


def text(page: str) -> str:
    return re.sub(r"<[^>]*>|\s+", " ", page.partition("<body")[2])


def test_it_says_how_the_year_ends_and_where_that_comes_from(stage: Stage) -> None:
    said = text(stage.client("leader").get("/forecast").text)
    for one in (
        "到 12月31日 净签约额大约",
        "80%可能在",
        "达到目标 2亿 的概率",
        "今年已签",
        "以后的留电",
        "合计",
        "1–7 天",
    ):
        assert one in said, one


def test_its_parts_add_up_to_the_total_on_the_page(stage: Stage) -> None:
    page = stage.client("leader").get("/forecast").text
    table = page.partition("今年已签")[2].partition("</table>")[0]
    *parts, total = [float(one) for one in re.findall(r">([\d,.]+)<", table)]
    assert sum(parts) == pytest.approx(total, abs=0.3) and len(parts) == 6


def test_each_project_is_told_to_those_who_see_all(stage: Stage) -> None:
    said = text(stage.client("leader").get("/forecast").text)
    assert "各项目 · 4月" in said and "云岫府" in said
    own = text(stage.client("head").get("/forecast", query_string={"project": "p2"}).text)
    assert "各项目" not in own and "云岫府" in own and "文昌学府" not in own and "目标 2亿" not in own


def test_it_says_where_it_loses(stage: Stage) -> None:
    said = text(stage.client("leader").get("/forecast").text)
    assert "输给: 各项目 · 按近 13 周速度" in said.replace("输给:", "输给: ").replace("  ", " ")
    own = text(stage.client("head").get("/forecast").text).partition("以前准不准")[2].partition("还没到访")[0]
    assert "云岫府 1 0% 50% 5%" in re.sub(" +", " ", own) and "全集团" not in own and "各项目" not in own


def test_what_was_never_tried_is_not_praised(tmp_path: Path) -> None:
    made = a_stage(tmp_path, snapshot=late())
    made.clock.now = NOW + SHIFT
    made.reader.beat = Heartbeat(LATER, NOW + SHIFT, True, None)
    epoch = acquire(made.store, "a", timedelta(days=9_000), NOW)
    assert epoch is not None
    keep_trials(made.store, epoch, LATER.date(), [Trial(LATER.date(), None, 8, 10.0, 12, 12, Fraction(15), 6)])
    said = text(made.client("leader").get("/forecast", query_string={"project": "p1"}).text)
    assert "还不够长,无法回测" in said and "都准" not in said
    made.store.close()


@pytest.mark.parametrize(("trials", "held", "narrow"), [(12, 8, True), (12, 9, False), (4, 0, False), (5, 3, True)])
def test_bands_that_hold_too_seldom_are_called_narrow(trials: int, held: int, narrow: bool) -> None:
    assert _is_narrow(Score(trials, held, None, None, None)) == narrow


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_it_reads_in_both_languages(stage: Stage, lang: str) -> None:
    said = text(stage.client("leader").get("/forecast", query_string={"lang": lang}).text)
    said = re.sub("中文|云岫府|文昌学府|望澜湾", "", said)
    assert (re.search(r"[\u4e00-\u9fff]", said) is None) == (lang == "en")


def test_a_young_world_says_why_there_is_nothing(tmp_path) -> None:
    young = a_stage(tmp_path)
    page = young.client("leader").get("/forecast")
    assert page.status_code == 200 and "还不能预测" in page.text
    young.store.close()
