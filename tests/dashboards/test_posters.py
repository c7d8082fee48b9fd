"""Posters show what the viewer may see: project and salesperson, never a customer, amounts only where they are allowed."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from dashboards._news import signed
from dashboards.posters import board_sheet
from tests.dashboards.worlds import a_stage, a_view
from tests.snapshots import property_pack, small_snapshot


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory):
    made = a_stage(Path(tmp_path_factory.mktemp("posters")))
    yield made
    made.store.close()


def joys(stage, role):
    return re.findall(r'href="(/poster/joy/[^"?]+)', stage.client(role).get("/good-news").text)


@pytest.mark.parametrize("role", ["leader", "admin", "head", "champion", "salesperson"])
def test_each_sees_the_good_news_of_their_own(stage, role):
    contracts = [one for one in small_snapshot().recent if one.kind == "contract" and one.key]
    own = {
        "head": [one for one in contracts if one.project == "p1"],
        "champion": [one for one in contracts if one.project == "p1"],
        "salesperson": [one for one in contracts if one.project == "p1" and one.staff == "s1"],
    }.get(role, contracts)
    assert joys(stage, role) == [f"/poster/joy/{one.key}.png" for one in own]


def test_a_poster_is_a_picture(stage):
    answer = stage.client("leader").get(joys(stage, "leader")[0])
    assert (answer.status_code, answer.mimetype, answer.data[:4]) == (200, "image/png", b"\x89PNG")


def test_a_foreign_contract_and_an_unknown_one_are_the_same(tmp_path):
    snapshot = small_snapshot()
    contract = next(one for one in snapshot.recent if one.kind == "contract" and one.key)
    foreign = (replace(contract, project="p2"),)
    stage = a_stage(tmp_path, snapshot=replace(snapshot, recent=foreign))
    (path,) = joys(stage, "leader")
    answers = [stage.client("head").get(one) for one in (path, "/poster/joy/0000.png")]
    assert ([one.status_code for one in answers], joys(stage, "head")) == ([404, 404], [])
    stage.store.close()


def test_a_salesperson_sees_the_own_contracts_and_no_colleagues(tmp_path):
    snapshot = small_snapshot()
    contract = replace(next(one for one in snapshot.recent if one.key), project="p1", staff="s1")
    both = (contract, replace(contract, staff="s2", key="colleague"))
    stage = a_stage(tmp_path, snapshot=replace(snapshot, recent=both))
    assert joys(stage, "salesperson") == [f"/poster/joy/{contract.key}.png"]
    assert len(joys(stage, "head")) == 2
    stage.store.close()


def test_amounts_are_told_only_where_they_are_allowed():
    snapshot, words = small_snapshot(), a_view().words
    event = next(one for one in snapshot.recent if one.kind == "contract" and one.amount)
    assert signed(event, snapshot, words, amounts=False).amount == ""
    assert signed(event, snapshot, words, amounts=True).amount != ""


def test_a_boards_poster_is_a_picture_of_its_first_places(stage):
    name = next(iter(property_pack().boards))
    answer = stage.client("leader").get(f"/poster/board/{name}.png")
    assert (answer.status_code, answer.mimetype) == (200, "image/png")
    assert stage.client("leader").get("/poster/board/nothing.png").status_code == 404
    assert stage.client("salesperson").get(f"/poster/board/{name}.png").status_code == 403


def test_who_does_not_see_the_group_gets_the_own_place_alone():
    from dashboards.boards import chosen_week

    spec = next(one for one in property_pack().boards.values() if one.of == "project")
    view = a_view("head")
    assert [row["name"] for row in board_sheet(view, spec, chosen_week(view))["rows"]] == ["云岫府"]
    assert len(board_sheet(a_view(), spec, chosen_week(view))["rows"]) == 3


def test_hostile_and_long_names_stay_text(tmp_path):
    snapshot = small_snapshot()
    names = {id: replace(one, name='#panic("x") ' + "很长的名字" * 40) for id, one in snapshot.projects.items()}
    stage = a_stage(tmp_path, snapshot=replace(snapshot, projects=names))
    assert stage.client("leader").get(joys(stage, "leader")[0]).status_code == 200
    stage.store.close()
