"""Published boards on screen and as files: the record for a closed week, within the viewer's rights, whatever the data says by now."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from io import BytesIO
from pathlib import Path

import pytest
from openpyxl import load_workbook

from data_access.boards import publish_due, restate_all
from data_access.store.audit import entries
from data_access.store.lease import acquire
from data_access.store.published import beat, publish
from tests.dashboards.worlds import NOW, OURS, Stage, a_stage
from tests.snapshots import AS_OF, a_snapshot, small_rows, small_snapshot

LAST = date(2026, 3, 2)
TOLD = """
[boards]
backfill_weeks = 1
exempt = { p3 = { first = 2026-03-01, last = 2026-03-31 } }
[duels.spring]
label = "春季PK"
metric = "first_visits"
pairs = [["p1", "p2"]]
"""
OTHERS = ("文昌学府", "望澜湾")
FORM = {"content_type": "application/x-www-form-urlencoded", "headers": OURS}


def published(stage: Stage, *, restated: bool = False) -> Stage:
    """The stage with its boards published, and restated by a later snapshot where the test is about that."""
    epoch = acquire(stage.store, "a", timedelta(days=9999), NOW)
    assert epoch is not None
    snapshot = replace(small_snapshot(), sequence=publish(stage.store, epoch, "v", "m", NOW))
    stage.reader.snapshot = snapshot
    beat(stage.store, epoch, AS_OF, NOW)
    boards = stage.site.world.boards
    publish_due(boards, stage.store, epoch, snapshot, NOW, most=1000)
    if restated:
        rows = small_rows()
        late = {**rows["lead"][0], "id": "late", "created_at": AS_OF.replace(day=3)}
        later = a_snapshot(**{**rows, "lead": [*rows["lead"], late]})
        later = replace(later, sequence=publish(stage.store, epoch, "w", "m", NOW))
        stage.reader.snapshot = later
        restate_all(boards, stage.store, epoch, later, NOW)
    return stage


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A site whose last two weeks are published."""
    made = published(a_stage(tmp_path_factory.mktemp("closed"), told=TOLD), restated=True)
    yield made
    made.store.close()


def text(stage: Stage, role: str, path: str) -> str:
    answer = stage.client(role).get(path)
    assert answer.status_code == 200, path
    return re.sub(r"<[^>]*>|\s+", " ", answer.text)


def test_a_closed_week_is_published_and_the_running_one_is_not(closed: Stage) -> None:
    said = text(closed, "leader", "/boards")
    assert "已发布 03-11 10:00 · 数据截至 03-11 10:00" in said
    assert "3月9日–3月15日 未发布,03-16 08:00 结榜" in said


def test_an_unpublished_week_says_what_it_waits_for(tmp_path: Path) -> None:
    stage = a_stage(tmp_path)
    assert "未发布 · 等待数据" in text(stage, "leader", "/boards")
    assert "未发布" in text(stage, "leader", "/boards/exposure")
    stage.store.close()


def test_the_page_shows_the_record_whatever_later_data_says_and_lists_that(closed: Stage) -> None:
    said = text(closed, "leader", f"/boards/most_improved?week={LAST}")
    assert "重述" in said and "后到数据" in said and "云岫府" in said


def test_another_week_stands_beside_the_one_that_is_shown(closed: Stage) -> None:
    said = text(closed, "leader", f"/boards/exposure?week={LAST}&with={LAST - timedelta(7)}")
    assert "与2月23日–3月1日对比" in said
    assert closed.client("leader").get("/boards/exposure?week=2026-03-03").status_code == 404
    assert closed.client("leader").get(f"/boards/exposure?week={LAST}&with=x").status_code == 404
    assert closed.client("leader").get("/boards/no-such-board").status_code == 404


def test_a_pilot_is_shown_unranked(closed: Stage) -> None:
    said = text(closed, "leader", "/boards/exposure")
    assert re.search(r"未参与排名 +望澜湾 +试点免责", said)


@pytest.mark.parametrize(
    "path",
    [
        "/boards",
        *(
            f"/boards/{name}"
            for name in ("exposure", "channels", "composite", "most_improved", "referral_king", "pk_spring")
        ),
        f"/boards/exposure?week={LAST}&with={LAST - timedelta(7)}",
    ],
)
@pytest.mark.parametrize("role", ["head", "champion"])
def test_nobody_below_the_group_sees_another_project(closed: Stage, role: str, path: str) -> None:
    said = text(closed, role, path)
    assert not any(name in said for name in OTHERS)


@pytest.mark.parametrize("name", ["exposure", "channels", "referral_king", "pk_spring"])
@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_file_holds_what_the_viewer_sees_and_is_recorded(closed: Stage, name: str, kind: str) -> None:
    answer = closed.client("head").post(f"/boards/{name}/export.{kind}?week={LAST}", **FORM)
    assert answer.status_code == 200
    if kind == "csv":
        said = answer.get_data(as_text=True)
    else:
        rows = load_workbook(BytesIO(answer.data)).active
        said = "\n".join(str(cell) for row in rows.iter_rows(values_only=True) for cell in row)  # type: ignore[union-attr]
    assert "某head" in said and not any(other in said for other in OTHERS)
    (told,) = [one for one in entries(closed.store) if one.action == "export"][:1]
    assert (told.about, told.detail["format"], told.detail["week"]) == (f"board {name}", kind, LAST.isoformat())


def test_in_a_duel_with_another_project_the_opponent_stays_nameless(closed: Stage) -> None:
    said = text(closed, "head", "/boards/pk_spring")
    assert "云岫府" in said and "对手" in said
    assert "文昌学府" in text(closed, "leader", "/boards/pk_spring")


def test_a_head_s_yearly_sheet_is_theirs_alone_also_where_peers_are_open(tmp_path: Path) -> None:
    stage = published(a_stage(tmp_path, told=TOLD + "\n[scope]\npeers_open_from = 2026-01-01"))
    assert "文昌学府" in text(stage, "head", "/boards/exposure")
    said = text(stage, "head", "/sheets")
    assert "云岫府" in said and "未定稿" in said and not any(name in said for name in OTHERS)
    assert "文昌学府" in text(stage, "leader", "/sheets")
    assert stage.client("leader").get("/sheets?year=1999").status_code == 404
    stage.store.close()


@pytest.mark.parametrize(
    ("half", "role", "rows"),
    [
        ("everybody", "head", 2),
        ("own", "head", 1),
        ("leaders", "head", 1),
        ("leaders", "leader", 2),
    ],
)
def test_who_sees_the_lower_half_is_a_setting(tmp_path: Path, half: str, role: str, rows: int) -> None:
    told = TOLD.replace("[boards]", f'[boards]\nlower_half = "{half}"') + "\n[scope]\npeers_open_from = 2026-01-01"
    stage = published(a_stage(tmp_path, told=told))
    shown = stage.client(role).get("/boards/composite").text.partition('class="unranked"')[0]
    assert sum(f">{name}<" in shown for name in ("云岫府", "文昌学府", "望澜湾")) == rows
    stage.store.close()
