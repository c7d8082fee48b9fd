"""The gallery: every component in every state, in the demo only."""

import re
from pathlib import Path

import pytest

from components.words import Words
from dashboards.gallery import EXHIBITS, gallery
from tests.dashboards.worlds import ROLES, Stage

COMPONENTS = ("tile", "verdict", "pace", "funnel", "leaks", "heat", "board", "alert", "ticker", "status", "missing")
MORE = (
    "choices",
    "filters-form",
    "panel-note",
    "is-failed",
    "still",
    "notice",
    "badge",
    "calm",
    "few-mark",
    "gallery-chart",
)


def test_the_gallery_is_in_the_demo_only(stage: Stage, demo: Stage) -> None:
    assert stage.client("leader").get("/gallery").status_code == 404
    assert demo.client("leader").get("/gallery").status_code == 200


@pytest.mark.parametrize("role", ROLES)
def test_everybody_signed_in_may_see_it(demo: Stage, role: str) -> None:
    assert demo.client(role).get("/gallery").status_code == 200


def test_a_stranger_is_sent_to_sign_in(demo: Stage) -> None:
    assert demo.client().get("/gallery").headers["Location"] == "/sign-in?next=%2Fgallery"


@pytest.mark.parametrize("name", [*COMPONENTS, *MORE])
def test_every_component_is_there_in_both_themes(name: str) -> None:
    shown = re.findall(rf'class="[^"]*\b{name}\b[^"]*"', gallery(Words(), ""))
    assert len(shown) >= 2 and len(shown) % 2 == 0


@pytest.mark.parametrize(
    "state", ["live", "amber", "grey", "offline", "behind", "ahead", "level", "red", "orange", "yellow"]
)
def test_every_state_is_there(state: str) -> None:
    assert f"is-{state}" in gallery(Words(), "")


def test_nothing_is_ever_loading() -> None:
    assert not re.search(r"loading|加载|spinner", gallery(Words(), "") + gallery(Words("en"), ""), re.I)


def test_ids_differ_and_nothing_is_escaped_twice() -> None:
    shown = gallery(Words(), "")
    ids = re.findall(r'<[^>]* id="([^"]*)"', shown)
    assert len(ids) == len(set(ids)) and not re.search(r"&lt;(?!extra|/extra)", shown)


def test_english_has_no_chinese_but_names() -> None:
    """Names of projects and channels are data, and stay."""
    said = re.sub(r"<[^>]*>", " ", gallery(Words("en"), ""))
    known = "云岫府|文昌学府|望澜湾|栖云台|抖音|自然到访|中文|留电 1,234.5万"
    assert re.findall(r"[\u4e00-\u9fff]+", re.sub(known, "", said)) == []


def test_every_stylesheet_but_the_gallery_s_own_is_without_it(demo: Stage) -> None:
    assert ".exhibit" in Path("assets/80-gallery.css").read_text("utf-8")
    assert ".exhibit" not in demo.client("leader").get("/").text
    assert ".exhibit" not in demo.client("leader").get("/wall/canteen").text


def test_exhibits_have_names_of_their_own() -> None:
    assert len({each.name for each in EXHIBITS}) == len(EXHIBITS)
