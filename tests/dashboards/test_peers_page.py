"""The page of peers: a head sees the own packets alone, with names of others only once projects may see each other."""

from dataclasses import replace
from pathlib import Path

import pytest

from data_access.store.packets import begin_with, keep_with
from tests.dashboards.test_news import a_packet
from tests.dashboards.worlds import NOW, a_stage


def a_house(folder: Path, told: str = ""):
    stage = a_stage(folder, told=told)
    with stage.store.writing() as connection:
        begin_with(connection, "week:2026-03-09", NOW)
        for one in (a_packet(), a_packet("p2", rival="p3", rival_leads=999)):
            keep_with(connection, one, "week:2026-03-09", NOW)
    return stage


def page(stage, role):
    return stage.client(role).get("/peers").text


@pytest.fixture
def house(tmp_path):
    stage = a_house(tmp_path)
    yield stage
    stage.store.close()


def test_a_head_sees_the_own_packet_without_names_or_figures_of_others(house):
    shown = page(house, "head")
    assert "第3名,共5个项目" in shown and "云岫府" in shown
    assert not any(word in shown for word in ("文昌学府", "望澜湾", "132", "32%", "+41", "999"))


def test_leaders_see_every_projects(house):
    shown = page(house, "leader")
    assert "文昌学府本周留电量超你 32%" in shown and "望澜湾" in shown


def test_once_projects_may_see_each_other_a_head_sees_the_peer_but_no_other_projects_packet(tmp_path):
    stage = a_house(tmp_path, '[scope]\npeers_open_from = "2026-01-01"\n')
    shown = page(stage, "head")
    assert "文昌学府本周留电量超你 32%" in shown and "999" not in shown and "望澜湾" not in shown
    stage.store.close()


def test_before_the_first_there_is_a_word(tmp_path):
    stage = a_stage(tmp_path)
    assert "还没有对比" in page(stage, "head")
    assert "Nothing yet" in stage.client("head").get("/peers?lang=en").text
    stage.store.close()


def test_a_packet_comes_back_just_as_it_was_kept(house):
    from data_access.store.packets import packets

    assert [one.packet for one in packets(house.store, frozenset(("p1",)))] == [replace(a_packet())]
