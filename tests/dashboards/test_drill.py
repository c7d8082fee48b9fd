"""演练: in the demo a card can be passed on, an invented phone is left there, and it arrives in the numbers; elsewhere there is none."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from data_access import demo_drill
from data_access.demo import build
from data_access.demo_drill import Drill
from metrics.snapshot import Event
from tests.dashboards.worlds import OURS, Stage, a_stage
from tests.snapshots import AS_OF, small_snapshot

TODAY = AS_OF.date()
PROJECT = "101"


@pytest.fixture(scope="module")
def crm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("drill") / "crm.db"
    build(path, now=AS_OF, leads=1_000)
    return path


@pytest.fixture
def drill(crm: Path) -> Drill:
    with closing(sqlite3.connect(crm)) as db:
        db.execute("delete from crm_customer where cst_name = ?", (demo_drill.NAME,))
        db.commit()
    return Drill(crm, b"k" * 32)


@pytest.fixture
def stage(tmp_path: Path, drill: Drill) -> Iterator[Stage]:
    shown = small_snapshot()
    projects = {PROJECT: replace(shown.projects["p1"], id=PROJECT, name="演示一号"), **shown.projects}
    made = a_stage(tmp_path, snapshot=replace(shown, projects=projects), demo=True, drill=drill)
    yield made
    made.store.close()


def text(page: str) -> str:
    return re.sub(r"<[^>]*>|\s+", " ", page.partition("<body")[2])


def test_what_is_left_is_a_lead_and_an_impression_like_any_other(crm: Path, drill: Drill) -> None:
    with closing(sqlite3.connect(crm)) as db:
        ((seen,),) = db.execute("select count(*) from mkt_exposure").fetchall()
        drill.look(PROJECT, AS_OF)
        left = drill.leave(PROJECT, AS_OF)
        assert db.execute("select count(*) from mkt_exposure").fetchall() == [(seen + 1,)]
        row = "select tel, proj_id, emp_id is null, is_test, status from crm_customer where cst_name = ?"
        ((tel, *others),) = db.execute(row, (demo_drill.NAME,)).fetchall()
    assert tel.startswith("1608") and others == [int(PROJECT), 0, 0, 1]
    assert left is not None and drill.left(AS_OF) == [left] and left.ends == tel[-4:]
    assert drill.left(AS_OF + timedelta(seconds=1)) == []


def test_a_code_opens_its_project_today_and_tomorrow(drill: Drill) -> None:
    code = drill.code(PROJECT, TODAY)
    opens = [drill.project_of(code, ("p1", PROJECT), TODAY + timedelta(at)) for at in (-1, 0, 1, 2)]
    assert opens == [None, PROJECT, PROJECT, None]
    assert drill.project_of("é" * 24, (PROJECT,), TODAY) is None
    assert Drill(Path(), b"x" * 32).code(PROJECT, TODAY) != code


def test_too_many_within_an_hour_are_refused(drill: Drill, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo_drill, "MOST_AN_HOUR", 2)
    left = [drill.leave(PROJECT, AS_OF + timedelta(minutes=at)) is not None for at in (0, 1, 2, 61)]
    assert left == [True, True, False, True]


def test_a_card_is_passed_on_and_what_is_left_there_is_watched(stage: Stage, drill: Drill) -> None:
    leader = stage.client("leader")
    page = leader.get("/drill", query_string={"project": PROJECT}).text
    assert "还没有人留电" in page and '<svg class="qr"' in page
    (card,) = re.findall(r'href="(/drill/[0-9a-f]+)"', page)
    stranger = stage.client()
    assert "演示一号" in text(stranger.get(card).text)
    assert "虚构号码尾号" in text(stranger.post(card, data={"phone": "13800138000"}, headers=OURS).text)
    page = leader.get("/drill", query_string={"project": PROJECT}).text
    assert "等下一次刷新" in page and "13800138000" not in page and "演练客户" not in page
    (left,) = drill.left(AS_OF)
    shown = stage.reader.current()
    assert shown is not None
    stage.reader.snapshot = replace(
        shown, sequence=2, recent=(Event("lead", left.at, PROJECT, "c1", ""), *shown.recent)
    )
    assert "已进入漏斗和大屏" in leader.get("/drill", query_string={"project": PROJECT}).text


@pytest.mark.parametrize(("watch", "there"), [("", False), ("1", True), ("x", False)])
def test_it_updates_itself_where_asked_to(stage: Stage, watch: str, there: bool) -> None:
    page = stage.client("leader").get("/drill", query_string={"watch": watch}).text
    assert ('http-equiv="refresh"' in page) == there


def test_a_wrong_code_opens_nothing(stage: Stage, drill: Drill) -> None:
    for code in ("0" * 24, "x", drill.code(PROJECT, TODAY - timedelta(3))):
        assert stage.client().get(f"/drill/{code}").status_code == 404
        assert stage.client().post(f"/drill/{code}", data={"x": "1"}, headers=OURS).status_code == 404


@pytest.mark.parametrize(("role", "status"), [("leader", 200), ("admin", 200), ("head", 403), ("salesperson", 403)])
def test_leaders_and_admins_may_watch(stage: Stage, role: str, status: int) -> None:
    assert stage.client(role).get("/drill").status_code == status


def test_outside_the_demo_there_is_none(tmp_path: Path) -> None:
    plain = a_stage(tmp_path)
    assert plain.client("leader").get("/drill").status_code == 404
    assert plain.client().get("/drill/x").status_code == 303
    assert "/drill" not in plain.client("leader").get("/sandbox").text
    plain.store.close()


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_it_reads_in_both_languages(stage: Stage, drill: Drill, lang: str) -> None:
    drill.leave(PROJECT, AS_OF)
    for client, path in ((stage.client("leader"), "/drill"), (stage.client(), f"/drill/{drill.code(PROJECT, TODAY)}")):
        said = text(client.get(path, query_string={"lang": lang, "project": PROJECT}).text)
        said = re.sub("云岫府|文昌学府|望澜湾|演示一号|中文", "", said)
        assert (re.search(r"[\u4e00-\u9fff]", said) is None) == (lang == "en")
