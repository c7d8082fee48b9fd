"""The door: default deny, whoever asks for whatever."""

import re
from base64 import b64encode
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from dash import Input, Output
from flask import Response
from flask.testing import FlaskClient

from components.shell import LATE
from dashboards._door import IDLE, LIFE, OPEN, Door, DoorError, Policy, refuse_unsafe, same_site_path
from dashboards._page import World
from dashboards._site import PAGES
from data_access.store.links import make_link
from tests.dashboards.worlds import NOW, OURS, ROLES, Stage, a_stage
from tests.data_access.stores import change_person

NAMES = ("云岫府", "文昌学府", "望澜湾")
OPEN_PATHS = (
    "/healthz",
    "/readyz",
    "/sign-in",
    "/sign-in/oidc",
    "/sign-in/wecom/back",
    "/enter/some-token",
    "/sw.js",
    "/manifest.webmanifest",
    "/screen",
    "/pair.js",
)
DOCUMENTS = {
    "/": {"leader", "admin", "head", "champion", "salesperson"},
    "/funnels": {"leader", "admin", "head", "champion", "salesperson"},
    "/heat": {"leader", "admin", "head", "champion"},
    "/boards": {"leader", "admin", "head", "champion"},
    "/boards/exposure": {"leader", "admin", "head", "champion"},
    "/sheets": {"leader", "admin", "head"},
    "/alerts": {"leader", "admin", "head", "champion"},
    "/alerts/resolved": {"leader", "admin", "head", "champion"},
    "/alerts/silences": {"leader", "admin"},
    "/risks": {"leader", "admin"},
    "/reports": {"leader", "admin", "head", "champion"},
    "/commitments": {"leader", "admin", "head", "champion"},
    "/gap": {"leader", "admin", "head"},
    "/why": {"leader", "admin", "head", "champion"},
    "/sandbox": {"leader", "admin", "head"},
    "/forecast": {"leader", "admin", "head"},
    "/quality": {"leader", "admin", "head"},
    "/calls": {"salesperson", "champion", "head"},
    "/customers": {"leader", "admin", "head", "champion", "salesperson"},
    "/checks": {"leader", "admin", "head", "champion", "salesperson"},
    "/wall/canteen": set(ROLES),
    "/wall/lite/canteen": set(ROLES),
    "/wall/warroom": {"leader", "admin"},
    "/wall/lite/warroom": {"leader", "admin"},
    "/sign-out": set(ROLES),
    "/account": set(ROLES),
    "/password": set(ROLES),
    "/people": {"admin"},
    "/screens": {"leader", "admin"},
    "/audit": {"admin"},
    "/audit.csv": {"admin"},
    "/outbox": {"leader", "admin"},
    "/peers": {"leader", "admin", "head"},
    "/demand": {"leader", "admin"},
    "/channels": {"leader", "admin", "head"},
    "/compare": {"leader", "admin", "head"},
    "/benchmarks": {"leader", "admin", "head", "champion"},
    "/scorecard": {"leader", "admin", "head"},
    "/scorecard/pilot/leads": {"leader", "admin", "head"},
    "/milestones": {"leader", "admin", "head", "champion"},
    "/rollout": {"leader", "admin"},
    "/budget": {"leader", "admin", "head"},
    "/experiments": {"leader", "admin"},
    "/good-news": {"leader", "admin", "head", "champion", "salesperson"},
}
DATA = {
    **{f"/live/{page.name}": DOCUMENTS[page.path] for page in PAGES},
    "/live/wall/canteen": set(ROLES),
    "/live/wall/warroom": {"leader", "admin"},
    "/_dash-layout": set(ROLES),
    "/_dash-dependencies": set(ROLES),
}
PICTURES = {f"/picture/{page.name}.png": DOCUMENTS[page.path] for page in PAGES}
"""Who may open what; everybody else gets 403, strangers the sign-in page or 401."""
CALL = {
    "output": "trend.figure",
    "outputs": {"id": "trend", "property": "figure"},
    "inputs": [
        {"id": "trend-metric", "property": "value", "value": "leads"},
        {"id": "trend-grain", "property": "value", "value": "day"},
        {"id": "page", "property": "swaps"},
    ],
    "state": [
        {"id": "page", "property": "address", "value": "/"},
        {"id": "page", "property": "colours", "value": {"ink": "rgb(16, 32, 48)"}},
    ],
    "changedPropIds": ["trend-metric.value"],
}


@pytest.mark.parametrize("path", [*DOCUMENTS, *PICTURES, "/no-such-page", "/funnels?project=p1", "/assets/live.js"])
def test_a_stranger_is_sent_to_sign_in(stage: Stage, path: str) -> None:
    answer = stage.client().get(path)
    assert answer.status_code in (303, 401) and not any(name in answer.text for name in NAMES)
    if answer.status_code == 303:
        assert answer.headers["Location"].startswith("/sign-in")


@pytest.mark.parametrize("path", [*DATA, "/_reload-hash", "/static/live.js", "/_dash-component-suites/dash/x.js"])
def test_a_stranger_gets_no_data(stage: Stage, path: str) -> None:
    assert stage.client().get(path).status_code == 401


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(("path", "roles"), [*DOCUMENTS.items(), *DATA.items()])
def test_each_role_opens_what_it_may_and_nothing_else(stage: Stage, role: str, path: str, roles: set[str]) -> None:
    answer = stage.client(role).get(path)
    assert answer.status_code == (200 if role in roles else 403)
    if role in ("head", "champion", "salesperson") and not path.startswith(("/wall", "/live/wall")):
        assert "文昌学府" not in answer.text and "望澜湾" not in answer.text


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(("path", "roles"), PICTURES.items())
def test_each_role_has_the_pictures_of_its_pages_and_no_others(
    stage: Stage, role: str, path: str, roles: set[str]
) -> None:
    answer = stage.client(role).get(path)
    assert answer.status_code == (200 if role in roles else 403)
    assert (answer.mimetype == "image/png") == (role in roles)
    assert answer.headers["Cache-Control"] == "no-store"


def test_the_routes_are_those_listed_here(stage: Stage) -> None:
    rules = {re.sub(r"<.*", "", rule.rule) for rule in stage.site.server.url_map.iter_rules()}
    dash_s_own = {"/_dash-update-component", "/_dash-component-suites/", "/_reload-hash", "/_favicon.ico", "/assets/"}
    open_files = {"/sw.js", "/manifest.webmanifest", "/icon/", "/pair.js"}
    pages = {*DOCUMENTS, *DATA, *PICTURES} - {"/boards/exposure", "/scorecard/pilot/leads"}
    doors = {
        "/healthz",
        "/readyz",
        "/sign-in",
        "/sign-in/code",
        "/sign-in/",
        "/enter/",
        "/people/",
        "/outbox/",
        "/poster/joy/",
        "/poster/board/",
        "/screen",
        "/screens/",
        "/static/",
        "/alerts/",
        "/alerts/silences/",
        "/risks/watch",
        "/risks/watch/",
        "/risks/risk",
        "/risks/risk/",
        "/customers/",
        "/checks/",
        "/customers/export.csv",
        "/reports/",
        "/reports/pdf/",
        "/reports/month/",
        "/reports/month-pdf/",
        "/commitments/",
        "/benchmarks/",
        "/benchmarks/new",
        "/sandbox/",
        "/sandbox/answer",
        "/sandbox/compare",
        "/scorecard/",
        "/milestones/",
        "/rollout/stage",
        "/experiments/new",
        "/experiments/",
        "/customers/export.xlsx",
        "/boards/",
    }
    known = {*pages, *doors, *open_files, *dash_s_own}
    assert rules == known


def test_a_route_without_a_policy_stops_the_start(tmp_path: Path) -> None:
    def forgotten(door: Door, world: World) -> None:
        door._app.server.add_url_rule("/forgotten", "forgotten", lambda: "")

    with pytest.raises(DoorError, match="'forgotten' has no policy"):
        a_stage(tmp_path, routes=[forgotten])


def test_a_callback_without_a_policy_stops_the_start(tmp_path: Path) -> None:
    def forgotten(door: Door, world: World) -> None:
        door._app.callback(Output("forgotten", "children"), Input("page", "address"))(lambda address: "")

    with pytest.raises(DoorError, match="'forgotten.children' has no policy"):
        a_stage(tmp_path, routes=[forgotten])


def test_an_added_route_stands_behind_the_door(tmp_path: Path) -> None:
    stage = a_stage(tmp_path, routes=[lambda door, world: door.route("/open", OPEN, lambda: "hello")])
    assert stage.client().get("/open").text == "hello"


@pytest.mark.parametrize("name", ["DASH_MCP_ENABLED", "DASH_DEBUG", "FLASK_DEBUG"])
def test_unsafe_switches_stop_the_start(tmp_path: Path, name: str) -> None:
    with pytest.raises(DoorError, match=name):
        a_stage(tmp_path, env={name: "1"})
    refuse_unsafe({name: "0"})


@pytest.mark.parametrize("cookie", ["", "x", "a" * 3000, "' or 1=1"])
def test_a_made_up_cookie_is_a_stranger(stage: Stage, cookie: str) -> None:
    client = stage.client()
    client.set_cookie("warboard", cookie)
    assert client.get("/live/overview").status_code == 401


def test_a_disabled_person_is_out_at_once(tmp_path: Path) -> None:
    stage = a_stage(tmp_path)
    client = stage.client("head")
    assert client.get("/live/overview").status_code == 200
    head = stage.people["head"]
    change_person(stage.store, type(head)(**{**vars(head), "enabled": False}))
    assert client.get("/live/overview").status_code == 401


def test_a_new_project_counts_from_the_next_request(tmp_path: Path) -> None:
    stage = a_stage(tmp_path)
    client = stage.client("head")
    assert "云岫府" in client.get("/funnels").text
    head = stage.people["head"]
    change_person(stage.store, type(head)(**{**vars(head), "project_id": "p2"}))
    shown = client.get("/funnels").text
    assert "文昌学府" in shown and "云岫府" not in shown


def test_a_session_ends_when_nobody_uses_it(tmp_path: Path) -> None:
    stage = a_stage(tmp_path)
    client = stage.client("leader")
    stage.clock.now = NOW + IDLE - timedelta(seconds=1)
    assert client.get("/live/overview").status_code == 200
    stage.clock.now += IDLE
    assert client.get("/live/overview").status_code == 401


def test_a_session_ends_however_much_it_is_used(tmp_path: Path) -> None:
    stage = a_stage(tmp_path)
    client = stage.client("leader")
    while stage.clock.now < NOW + LIFE:
        assert client.get("/live/overview").status_code == 200
        stage.clock.now += IDLE / 2
    assert client.get("/live/overview").status_code == 401


def call(client: FlaskClient, body: Any, **headers: str) -> Any:
    return client.post("/_dash-update-component", json=body, headers=headers or OURS)


def test_a_callback_answers_its_own_page(stage: Stage) -> None:
    answer = call(stage.client("leader"), CALL)
    assert answer.status_code == 200 and "scatter" in answer.text


def test_a_stranger_s_callback_is_refused_before_its_body_is_read(stage: Stage) -> None:
    answer = stage.client().post("/_dash-update-component", data=b"{" * 1000, headers=OURS)
    assert answer.status_code == 401


ONLY: dict[str, Any] = {
    "output": "only.children",
    "outputs": {"id": "only", "property": "children"},
    "inputs": [{"id": "page", "property": "address", "value": "/"}],
    "changedPropIds": [],
}


@pytest.mark.parametrize(
    ("policy", "codes"),
    [
        pytest.param(Policy(frozenset(("admin",))), {"admin": 200, "leader": 403, "viewer": 403}, id="some roles"),
        pytest.param(OPEN, {"admin": 403, "leader": 403}, id="one for everybody is no policy for a callback"),
    ],
)
def test_a_callback_is_for_the_roles_of_its_policy(tmp_path: Path, policy: Policy, codes: dict[str, int]) -> None:
    def added(door: Door, world: World) -> None:
        door.callback(policy, Output("only", "children"), Input("page", "address"))(lambda address: "told")

    stage = a_stage(tmp_path, routes=[added])
    for role, code in codes.items():
        answer = call(stage.client(role), ONLY)
        assert answer.status_code == code and ("told" in answer.text) == (code == 200)


JUNK = (
    0, "", [], {}, {"output": 1}, {"output": "nothing.children"}, {"output": "trend.figure"}, {**CALL, "inputs": None},
    {**CALL, "inputs": []}, {**CALL, "inputs": [1, 2]}, {**CALL, "inputs": CALL["inputs"] * 2}, {**CALL, "state": {}},
    {**CALL, "outputs": {"id": "analysis", "property": "children"}}, {**CALL, "outputs": [[]]}, {**CALL, "outputs": None},
    {**CALL, "changedPropIds": [1]}, {**CALL, "changedPropIds": "x"}, {**CALL, "output": "..trend.figure.."},
)  # fmt: skip


@pytest.mark.parametrize("body", JUNK, ids=range(len(JUNK)))
def test_junk_is_refused_and_never_an_error_of_ours(stage: Stage, body: Any) -> None:
    assert call(stage.client("leader"), body).status_code in (400, 403)


def test_text_that_is_no_json_is_refused(stage: Stage) -> None:
    answer = stage.client("leader").post(
        "/_dash-update-component", data=b"{", content_type="application/json", headers=OURS
    )
    assert answer.status_code == 400


VALUES = (
    None,
    0,
    -1,
    "",
    "p2",
    "/funnels?project=p2",
    "//elsewhere",
    "/\\x",
    "/?" + "a=1&" * 999,
    {"a": 1},
    ["/"],
    "\x00",
    "/%00",
    "/?lang=%ff",
)


@pytest.mark.parametrize("place", [("inputs", 0), ("inputs", 1), ("state", 0), ("state", 1)])
@pytest.mark.parametrize("value", VALUES, ids=range(len(VALUES)))
def test_forged_values_never_leave_the_scope(stage: Stage, place: tuple[str, int], value: Any) -> None:
    part, at = place
    body = {**CALL, part: [dict(one) for one in CALL[part]]}  # type: ignore[attr-defined]
    body[part][at]["value"] = value  # type: ignore[index]
    answer = call(stage.client("head"), body)
    assert answer.status_code in (200, 204) and not any(name in answer.text for name in NAMES[1:])


def test_a_forged_project_gives_the_own_numbers(stage: Stage) -> None:
    body = {**CALL, "state": [{"id": "page", "property": "address", "value": "/?project=p2"}, CALL["state"][1]]}  # type: ignore[index]
    assert call(stage.client("head"), body).json == call(stage.client("head"), CALL).json


POSTS = (
    "/_dash-update-component",
    "/sign-out",
    "/sign-in",
    "/sign-in/code",
    "/enter/x",
    "/people",
    "/people/x/link",
    "/people/x/password",
    "/password",
    "/screens",
    "/screens/x",
    "/screens/x/revoke",
    "/alerts/1/take",
    "/alerts/1/outcome",
    "/alerts/1/close",
    "/alerts/silences",
    "/alerts/silences/1/end",
    "/risks/watch",
    "/risks/watch/1",
    "/risks/watch/1/end",
    "/risks/risk",
    "/risks/risk/1",
    "/checks/x",
    "/reports/2026-03-02/p1",
    "/reports/pdf/2026-03-02/p1",
    "/reports/month-pdf/2026-03",
    "/commitments/x",
    "/benchmarks/new",
    "/benchmarks/1",
    "/benchmarks/1/end",
    "/benchmarks/1/cover",
    "/scorecard/pilot",
    "/scorecard/pilot/sops/value",
    "/scorecard/pilot/sops/setting",
    "/milestones/efficiency/1",
    "/rollout/stage",
    "/experiments/new",
    "/experiments/1",
    "/experiments/1/verdict",
)
FOREIGN = (
    {},
    {"Origin": "null"},
    {"Origin": "http://evil.example"},
    {"Origin": "http://localhost.evil.example"},
    {"Origin": "http://localhost:81"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "none"},
    {"Origin": "http://localhost", "Sec-Fetch-Site": "cross-site"},
    {"Origin": "http://evil.example", "Sec-Fetch-Site": "same-origin"},
)


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize("headers", FOREIGN, ids=range(len(FOREIGN)))
@pytest.mark.parametrize("kind", ["application/json", "application/x-www-form-urlencoded", "text/plain", ""])
def test_posts_of_other_sites_are_refused(stage: Stage, path: str, headers: dict[str, str], kind: str) -> None:
    answer = stage.client("leader").post(path, data=b"{}", content_type=kind, headers=headers)
    assert answer.status_code == 403


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
def test_callbacks_take_json_only(stage: Stage, kind: str) -> None:
    answer = stage.client("leader").post("/_dash-update-component", data=b"{}", content_type=kind, headers=OURS)
    assert answer.status_code == 415


def test_a_large_body_is_refused(stage: Stage) -> None:
    assert call(stage.client("leader"), {**CALL, "more": "x" * 300_000}).status_code == 413


@pytest.mark.parametrize("role", ["admin", None])
def test_a_nul_in_a_path_or_a_form_is_refused(stage: Stage, role: str | None) -> None:
    client, kind = stage.client(role), "application/x-www-form-urlencoded"
    for told in ({"name": "x\0"}, {"x\0": "name"}, {"next": "/\0"}):
        assert client.post("/sign-in", data=told, content_type=kind, headers=OURS).status_code == 400
    assert client.get("/enter/x%00").status_code == 400
    assert client.get("/people/x%00").status_code == (400 if role else 303)


def test_every_answer_is_hardened(stage: Stage) -> None:
    client = stage.client("leader")
    for path in (*DOCUMENTS, *DATA, *OPEN_PATHS, "/no-such-page"):
        answer = client.get(path)
        policy = answer.headers["Content-Security-Policy"]
        scripts = re.search(r"script-src ([^;]*)", policy)
        assert scripts and "unsafe" not in scripts[1] and "http" not in policy
        for part in ("object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'", "default-src 'self'"):
            assert part in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"] == "no-store"


def test_documents_hold_one_inline_script_which_the_policy_names(stage: Stage) -> None:
    for path in DOCUMENTS:
        answer = stage.client("leader").get(path)
        shown = re.sub(r"<template.*?</template>", "", answer.text, flags=re.S)
        inline = set(re.findall(r"<script(?![^>]* src=)[^>]*>(.*?)</script>", shown, re.S))
        assert inline <= {LATE}
        named = b64encode(sha256(LATE.encode()).digest()).decode()
        assert f"'sha256-{named}'" in answer.headers["Content-Security-Policy"]
        assert re.findall(r'(?:src|href)="(?:https?:)?//', shown) == []


def test_the_layout_holds_no_data(stage: Stage) -> None:
    answer = stage.client("leader").get("/_dash-layout")
    assert not any(name in answer.text for name in NAMES) and len(answer.text) < 500


def test_unknown_pages_and_suites_are_not_errors(stage: Stage) -> None:
    client = stage.client("leader")
    for path in (
        "/no",
        "/_dash-component-suites/os/path.py",
        "/_dash-component-suites/dash/../../x.js",
        "/static/x",
        "/assets/x",
    ):
        assert client.get(path).status_code == 404


def test_an_error_shows_a_number_and_nothing_else(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("select secret from crm")

    monkeypatch.setattr("dashboards.overview._verdict", broken)
    for path in ("/?period=year", "/live/overview?period=year"):
        answer = stage.client("leader").get(path)
        assert answer.status_code == 500 and "secret" not in answer.text and "Traceback" not in answer.text
    assert re.search("错误编号 [0-9a-f]{8}", stage.client("leader").get("/?period=year").text)


class TestSigningIn:
    """Links, the demo, and the way out."""

    def test_a_link_opens_one_session_after_a_press_of_a_button(self, stage: Stage) -> None:
        link = f"/enter/{make_link(stage.store, stage.people['head'].id, stage.clock())}"
        client = stage.client()
        assert client.get(link).status_code == 200 and client.get(link).status_code == 200
        entered = enter(client, link)
        assert entered.status_code == 303 and "HttpOnly" in entered.headers["Set-Cookie"]
        assert "SameSite=Lax" in entered.headers["Set-Cookie"]
        assert client.get("/live/overview").status_code == 200
        assert enter(stage.client(), link).status_code == 410

    def test_who_may_only_look_at_a_wall_is_led_to_it(self, stage: Stage) -> None:
        link = f"/enter/{make_link(stage.store, stage.people['viewer'].id, stage.clock())}"
        assert enter(stage.client(), link).headers["Location"] == "/wall/canteen"

    def test_https_binds_the_cookie_to_this_host(self, stage: Stage) -> None:
        link = f"/enter/{make_link(stage.store, stage.people['head'].id, stage.clock())}"
        answer = stage.client().post(
            link, data={}, content_type="application/x-www-form-urlencoded", headers={"Origin": "https://localhost"},
            base_url="https://localhost",
        )  # fmt: skip
        assert answer.headers["Set-Cookie"].startswith("__Host-warboard=") and "Secure" in answer.headers["Set-Cookie"]

    def test_without_the_demo_nobody_enters_by_a_click(self, stage: Stage) -> None:
        assert "集团领导" not in stage.client().get("/sign-in").text
        assert choose(stage.client(), stage.people["leader"].id).status_code == 403

    def test_the_demo_offers_its_people_on_this_machine(self, demo: Stage) -> None:
        client = demo.client()
        assert "集团领导" in client.get("/sign-in").text
        assert choose(client, demo.people["leader"].id).headers["Location"] == "/"
        assert client.get("/live/overview").status_code == 200

    @pytest.mark.parametrize(
        ("address", "headers"),
        [
            pytest.param("192.168.1.7", {}, id="another machine"),
            pytest.param("127.0.0.1", {"X-Forwarded-For": "1.2.3.4"}, id="through a proxy"),
            pytest.param(
                "127.0.0.1", {"Host": "rebound.example", "Origin": "http://rebound.example"}, id="a foreign name"
            ),
        ],
    )
    def test_the_demo_is_closed_elsewhere(self, demo: Stage, address: str, headers: dict[str, str]) -> None:
        client = demo.client()
        client.environ_base["REMOTE_ADDR"] = address
        assert "集团领导" not in client.get("/sign-in", headers=headers).text
        assert choose(client, demo.people["leader"].id, **headers).status_code == 403

    def test_signing_out_ends_the_session_and_forgets(self, demo: Stage) -> None:
        client = demo.client("leader")
        token = client.get_cookie("warboard")
        assert token is not None
        gone = client.post("/sign-out", data={}, content_type="application/x-www-form-urlencoded", headers=OURS)
        assert gone.status_code == 303 and "storage" in gone.headers["Clear-Site-Data"]
        client.set_cookie("warboard", token.value)
        assert client.get("/live/overview").status_code == 401

    @pytest.mark.parametrize(
        "path",
        [
            "//evil.example",
            "https://evil.example",
            "/\\evil",
            "javascript:alert(1)",
            "",
            None,
            "/sign-in",
            "/\n/evil",
            "evil",
        ],
    )
    def test_the_way_back_stays_on_this_site(self, path: str | None) -> None:
        assert same_site_path(path) == "/"

    def test_the_way_back_keeps_the_page(self) -> None:
        assert same_site_path("/funnels?period=month") == "/funnels?period=month"


def enter(client: FlaskClient, link: str) -> Response:
    return client.post(link, data={}, content_type="application/x-www-form-urlencoded", headers=OURS)


def choose(client: FlaskClient, person: str, **headers: str) -> Response:
    return client.post("/sign-in", data={"person": person, "next": "//evil.example"}, headers={**OURS, **headers})
