"""What a phone may install and keep."""

import json
import re
from pathlib import Path

import pytest

from dashboards._phone import PAPER
from dashboards._site import PAGES
from tests.dashboards.worlds import Stage


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_pages_are_marked_with_their_session_and_nothing_else_is(stage: Stage, page: object) -> None:
    leader, head = stage.client("leader"), stage.client("head")
    path = page.path  # type: ignore[attr-defined]
    marks = {client.get(path).headers["X-Keep"] for client in (leader, head)}
    assert len(marks) == 2
    assert leader.get(path).headers["X-Keep"] in marks
    assert leader.get_cookie("warboard").value not in marks  # type: ignore[union-attr]


@pytest.mark.parametrize("path", ["/wall/canteen", "/live/overview", "/sign-in", "/sign-out", "/no-such-page"])
def test_what_is_no_page_of_a_person_is_never_kept(stage: Stage, path: str) -> None:
    assert "X-Keep" not in stage.client("leader").get(path).headers


def test_the_manifest_and_its_icons_are_open_and_say_nothing(stage: Stage) -> None:
    stranger = stage.site.server.test_client()
    manifest = json.loads(stranger.get("/manifest.webmanifest").data)
    assert (manifest["name"], manifest["start_url"], manifest["display"]) == ("营销作战室", "/", "standalone")
    for icon in manifest["icons"]:
        answer = stranger.get(icon["src"])
        assert (answer.status_code, answer.mimetype, answer.data[:4]) == (200, "image/png", b"\x89PNG")
    assert stranger.get("/icon/icon-9.png").status_code == 404


def test_the_worker_is_asked_for_anew_every_time(stage: Stage) -> None:
    answer = stage.site.server.test_client().get("/sw.js")
    assert (answer.mimetype, answer.headers["Cache-Control"]) == ("text/javascript", "no-store")


def test_the_installed_app_has_the_colour_of_the_pages() -> None:
    assert re.search(r"--paper: (#\w+);", Path("assets/00-tokens.css").read_text(encoding="utf-8")).group(1) == PAPER  # type: ignore[union-attr]
