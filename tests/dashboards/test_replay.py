"""A stolen cookie opens nothing once it has been taken away, on this node and on every other."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from data_access.store.accounts import By, change
from data_access.store.codes import forget_code
from data_access.store.links import make_link
from data_access.store.passwords import set_password
from data_access.store.people import Person
from data_access.store.screens import screens
from tests.dashboards.test_door import enter
from tests.dashboards.test_screens import COOKIE, a_screen, copy_of, post
from tests.dashboards.worlds import NOW, OURS, Stage, a_stage

FORM = "application/x-www-form-urlencoded"
STOLEN = [25, pytest.param(250, marks=pytest.mark.nightly)]
BY = By("tests", NOW)


@dataclass
class Nodes:
    """Two nodes of one site: what happens on the first must count on the second."""

    here: Stage
    there: Stage

    def replayed(self, cookies: list[str]) -> set[int]:
        """What each node answers to stolen cookies a second later."""
        self.here.clock.now = self.there.clock.now = self.here.clock.now + timedelta(seconds=1)
        found = set()
        for stage in (self.here, self.there):
            for cookie in cookies:
                found.add(with_cookie(stage, cookie).get("/live/overview").status_code)
        return found


@pytest.fixture
def nodes(tmp_path: Path) -> Iterator[Nodes]:
    """Both nodes."""
    url = f"sqlite:///{tmp_path}/store.db"
    made = Nodes(a_stage(tmp_path, url=url), a_stage(tmp_path, url=url))
    yield made
    made.here.store.close()
    made.there.store.close()


def with_cookie(stage: Stage, value: str) -> FlaskClient:
    """A browser that sends this session cookie."""
    client = stage.client()
    client.set_cookie("warboard", value)
    return client


def cookie(client: FlaskClient, name: str = "warboard") -> str:
    """The session cookie a browser holds."""
    held = client.get_cookie(name)
    assert held is not None
    return held.value


def changed(**changes: object) -> Callable[[Stage, Person], None]:
    """An administrator changes the person."""
    return lambda stage, who: change(stage.store, replace(who, **changes), BY)  # type: ignore[arg-type]


ENDS: dict[str, Callable[[Stage, Person], None]] = {
    "disabled": changed(enabled=False),
    "another role": changed(role="champion"),
    "made an admin": changed(role="admin"),
    "another password": lambda stage, who: set_password(stage.store, who, "三月江边 tulips 27", by="tests", now=NOW),
    "a lost phone": lambda stage, who: forget_code(stage.store, who.id, by="tests", now=NOW),
}


@pytest.mark.parametrize("stolen", STOLEN)
@pytest.mark.parametrize("end", ENDS)
def test_no_stolen_cookie_is_accepted_a_second_after(nodes: Nodes, end: str, stolen: int) -> None:
    cookies = [cookie(nodes.here.client("head")) for _ in range(stolen)]
    assert nodes.replayed(cookies) == {200}
    ENDS[end](nodes.here, nodes.here.people["head"])
    assert nodes.replayed(cookies) == {401}


@pytest.mark.parametrize("stolen", STOLEN)
def test_no_cookie_of_a_session_that_signed_out_is_accepted(nodes: Nodes, stolen: int) -> None:
    browsers = [nodes.here.client("head") for _ in range(stolen)]
    cookies, other = [cookie(one) for one in browsers], nodes.here.client("head")
    for browser in browsers:
        assert browser.post("/sign-out", headers=OURS, content_type=FORM).status_code == 303
    assert nodes.replayed(cookies) == {401}
    assert other.get("/live/overview").status_code == 200, "other devices stay signed in"


def test_another_project_counts_at_once_for_every_cookie(nodes: Nodes) -> None:
    cookies = [cookie(nodes.here.client("head")) for _ in range(20)]
    changed(project_id="p2")(nodes.here, nodes.here.people["head"])
    nodes.here.clock.now += timedelta(seconds=1)
    for stage in (nodes.here, nodes.there):
        shown = {with_cookie(stage, one).get("/live/funnels").text for one in cookies}
        assert [("文昌学府" in text, "云岫府" in text) for text in shown] == [(True, False)]


@pytest.mark.parametrize("preset", ["preset", "a" * 43, ""])
def test_a_preset_session_id_is_replaced_at_the_sign_in(nodes: Nodes, preset: str) -> None:
    stage = nodes.here
    browser = with_cookie(stage, preset)
    link = f"/enter/{make_link(stage.store, stage.people['head'].id, stage.clock())}"
    assert enter(browser, link).status_code == 303
    assert cookie(browser) != preset and browser.get("/live/overview").status_code == 200
    assert with_cookie(stage, preset).get("/live/overview").status_code == 401


def test_a_session_that_somebody_else_left_in_the_browser_ends_at_the_sign_in(nodes: Nodes) -> None:
    stage = nodes.here
    browser = stage.client("leader")
    planted = cookie(browser)
    assert enter(browser, f"/enter/{make_link(stage.store, stage.people['head'].id, stage.clock())}").status_code == 303
    assert cookie(browser) != planted
    assert nodes.replayed([planted]) == {401}


@pytest.mark.parametrize("copies", STOLEN)
def test_no_copy_of_a_revoked_screen_s_cookie_is_accepted(nodes: Nodes, copies: int) -> None:
    tv = a_screen(nodes.here)
    [one] = screens(nodes.here.store)
    held = cookie(tv, COOKIE)
    assert post(nodes.here, f"/screens/{one.id}/revoke", {}).status_code == 303
    for _ in range(copies):
        other = nodes.there.client()
        other.set_cookie(COOKIE, held)
        assert other.get("/live/wall/canteen").status_code == 410
        assert copy_of(nodes.here, tv).get("/wall/canteen").headers["Location"] == "/screen"
