"""线索质量 and 先打谁: the points and how they did, and whom to call within rights, each with the reason in words."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from data_access.customers import open_leads
from data_access.snapshots import Folder
from data_access.store.lead_scores import KeptScore, keep_score
from data_access.store.lease import acquire
from metrics.customers import is_due
from metrics.totals import EVERYTHING, Where
from tests.dashboards.worlds import NOW, Stage, a_stage
from tests.metrics.test_lead_score import a_score, planted
from tests.snapshots import AS_OF, FOLDER, OVERDUE_DAYS, small_snapshot

SCORE = a_score(planted())
EXPECTED = {
    ("p1", "public"): (40, 1.25),
    ("p2", "public"): (60, 2.5),
    ("p2", "referral"): (5, 0.5),
    ("gone", "public"): (1, 9.0),
}


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    made = a_stage(tmp_path_factory.mktemp("quality"))
    epoch = acquire(made.store, "a", timedelta(days=9_000), NOW)
    assert epoch is not None
    keep_score(made.store, epoch, AS_OF.date(), KeptScore(SCORE, EXPECTED))
    yield made
    made.store.close()


def text(page: str) -> str:
    return re.sub(r"(<[^>]*>|\s)+", " ", page.partition("<body")[2])


def test_points_and_how_they_did_are_shown(stage: Stage) -> None:
    said = text(stage.client("leader").get("/quality").text)
    for one in (
        "按评分排,比只看等级准",
        f"{SCORE.own.auc:.3f}",
        f"{SCORE.by_grade.auc:.3f}",
        "A级 +",
        "30 分钟内联系 +",
        "预测与实际",
    ):
        assert one in said, one


def test_expected_contracts_are_those_of_the_projects_in_view(stage: Stage) -> None:
    said = text(stage.client("leader").get("/quality").text)
    assert "文昌学府 3.0 65 组 2.5 60 组 0.5 5 组" in said and "云岫府 1.3 40 组" in said and "9.0" not in said
    own = text(stage.client("head").get("/quality", query_string={"project": "p2"}).text)
    assert "云岫府 1.3 40 组" in own and "文昌学府" not in own and "60 组" not in own


def test_expected_contracts_are_coloured_by_what_is_in_view(stage: Stage) -> None:
    page = stage.client("leader").get("/quality").text
    assert re.findall(r'heat-cell level-(\d)[^>]*>([^<]+)<', page) == [("3", "2.5"), ("1", "0.5"), ("2", "1.3"), ("0", "0.0")]  # fmt: skip
    own = stage.client("head").get("/quality", query_string={"project": "p2"}).text
    assert "≥ 1.3" in own and "≥ 2.5" not in own and "≥ 0.5" not in own


def leads(staff: str | None = None, project: str | None = None):
    where = Where(staff=frozenset({staff}) if staff else None, project=frozenset({project}) if project else None)
    found = open_leads(Folder(FOLDER), small_snapshot(), where, 75)
    return [one for one in found if is_due(one.customer, AS_OF, OVERDUE_DAYS)]


@pytest.mark.parametrize(("role", "staff", "project"), [("salesperson", "s1", None), ("head", None, "p1")])
def test_the_likeliest_of_those_who_wait_stand_first(stage: Stage, role: str, staff: str, project: str) -> None:
    page = stage.client(role).get("/calls").text
    listed = re.findall(r'class="customer" href="/customers/([^"?]+)', page)
    waiting = leads(staff, project)
    left = {one.customer.id for one in waiting if one.customer.stage == "subscription"}
    due = sorted(
        waiting, key=lambda one: (one.customer.id not in left, -SCORE.still(one.known, one.age), one.customer.id)
    )
    assert left and text(page).count("已认购,待签约") == min(len(left), 30)
    assert listed == [one.customer.id for one in due][:30] != []
    assert f"其中 {len(due)} 组等着联系" in text(page)
    assert "成交机会" in text(page) and "加分越多" in text(page)


def test_nobody_sees_somebody_else_s_customers(stage: Stage) -> None:
    own = {one.customer.id for one in leads("s1")}
    everybody = {one.customer.id for one in leads()}
    for asked in ({}, {"staff": "s2"}, {"project": "p2"}, {"project": "p1,p2"}):
        page = stage.client("salesperson").get("/calls", query_string=asked).text
        assert set(re.findall(r'href="/customers/([^"?]+)', page)) <= own < everybody
    for role in ("leader", "admin", "viewer"):
        assert stage.client(role).get("/calls").status_code == 403


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize(("role", "path"), [("leader", "/quality"), ("salesperson", "/calls")])
def test_they_read_in_both_languages(stage: Stage, role: str, path: str, lang: str) -> None:
    said = text(stage.client(role).get(path, query_string={"lang": lang}).text)
    said = re.sub("中文|云岫府|文昌学府|望澜湾|云岫府一组|某\\w+", "", said)
    assert (re.search(r"[\u4e00-\u9fff]", said) is None) == (lang == "en"), said


def test_without_a_score_both_say_so(tmp_path: Path) -> None:
    young = a_stage(tmp_path)
    assert "暂不评分" in young.client("leader").get("/quality").text
    assert "排不出先后" in young.client("salesperson").get("/calls").text
    young.store.close()


def test_every_open_lead_is_there_once() -> None:
    found = open_leads(Folder(FOLDER), small_snapshot(), EVERYTHING, 75)
    assert len({one.customer.id for one in found}) == len(found) > 50
    assert all(not one.customer.contracted_at and not one.customer.is_lost and one.customer.valid for one in found)
