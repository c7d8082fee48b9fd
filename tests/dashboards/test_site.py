"""The site: numbers in the first answer, live answers that cost nothing, nobody's page in another's cache."""

import gzip
import json
import re
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from html import unescape
from pathlib import Path
from threading import Barrier
from types import SimpleNamespace

import brotli
import pytest

from components.words import Words
from dashboards._assets import Assets
from dashboards._page import Kept, Page, View, badges_of, cache_key
from dashboards._site import PAGES
from data_access.store.published import Heartbeat
from tests.dashboards.worlds import NOW, ROLES, Stage, a_stage, a_view
from tests.snapshots import AS_OF, a_snapshot, small_rows, small_snapshot


def test_the_numbers_stand_in_the_first_answer_and_dash_waits_in_a_template(stage: Stage) -> None:
    shown = stage.client("leader").get("/").text
    before, _, template = shown.partition("<template")
    assert "目标完成" in before and '<div id="react-entry-point">' in before
    assert "dash_renderer" not in before and "dash_renderer" in template
    assert 'id="_dash-config"' in template and "new DashRenderer" in template


def test_the_first_paint_can_be_adopted_by_dash(stage: Stage) -> None:
    shown = stage.client("leader").get("/").text
    assert re.search(
        r'<div id="first-paint"><section [^>]*id="glance"|<div id="first-paint"><section id="glance"', shown
    )
    assert stage.client("leader").get("/_dash-layout").json["props"]["children"][0]["props"]["adopt"] == "first-paint"


def test_no_version_string_of_dash_or_python_is_told(stage: Stage) -> None:
    shown = stage.client("leader").get("/").text
    assert "python_version" not in shown and "plotly_version" not in shown


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_that_has_not_changed_is_304(stage: Stage, page: object) -> None:
    client = stage.client("leader")
    first = client.get(f"/live/{page.name}")  # type: ignore[attr-defined]
    again = client.get(f"/live/{page.name}", headers={"If-None-Match": first.headers["ETag"]})  # type: ignore[attr-defined]
    assert first.status_code == 200 and again.status_code == 304 and not again.data
    for answer in (first, again):
        assert answer.headers["X-Seq"] == "1" and answer.headers["X-Build"] == "build-1"
        assert answer.headers["X-As-Of"] == "2026-03-11T10:00:10+08:00"


def test_the_document_names_the_etag_of_its_live_answer(stage: Stage) -> None:
    client = stage.client("leader")
    tag = client.get("/live/overview").headers["ETag"].strip('"')
    assert tag in client.get("/").text


def test_a_live_answer_holds_the_same_parts_as_the_document(stage: Stage) -> None:
    client = stage.client("leader")
    parts = set(re.findall(r'data-part="([^"]*)"', client.get("/").text))
    live = set(re.findall(r'data-part="([^"]*)"', client.get("/live/overview").json["html"]))
    assert {"verdict", "numbers", "worst", "paces", "badge-alerts"} <= live <= parts


def test_the_session_is_checked_before_a_304(stage: Stage) -> None:
    tag = stage.client("leader").get("/live/overview").headers["ETag"]
    assert stage.client().get("/live/overview", headers={"If-None-Match": tag}).status_code == 401


def test_the_time_of_the_data_advances_without_a_new_snapshot(tmp_path: Path) -> None:
    stage = a_stage(tmp_path)
    client = stage.client("leader")
    tag = client.get("/live/overview").headers["ETag"]
    stage.reader.beat = Heartbeat(AS_OF + timedelta(minutes=3), NOW, True, None)
    answer = client.get("/live/overview", headers={"If-None-Match": tag})
    assert answer.status_code == 304 and answer.headers["X-As-Of"] == "2026-03-11T10:03:00+08:00"


def test_an_unreachable_source_leaves_the_last_numbers_with_their_age(tmp_path: Path) -> None:
    stage = a_stage(tmp_path)
    stage.reader.beat = Heartbeat(AS_OF, NOW + timedelta(minutes=30), False, "crm/sales cannot be reached")
    stage.clock.now += timedelta(minutes=30)
    shown = stage.client("leader").get("/").text
    assert "is-grey" in shown and "30分钟前" in shown and "目标完成" in shown


def test_a_new_snapshot_has_a_new_answer(tmp_path: Path) -> None:
    stage = a_stage(tmp_path)
    client = stage.client("leader")
    first = client.get("/live/overview")
    rows = small_rows()
    more = {**rows["lead"][-1], "id": "l999", "created_at": AS_OF - timedelta(minutes=5), "person": "f" * 64}
    stage.reader.snapshot = a_snapshot(sequence=2, **{**rows, "lead": [*rows["lead"], more]})
    answer = client.get("/live/overview", headers={"If-None-Match": first.headers["ETag"]})
    assert answer.status_code == 200 and answer.headers["X-Seq"] == "2" and answer.json != first.json


CLASS = re.compile(r'class="([^"]*)"')


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
@pytest.mark.parametrize("asked", ["", "?basis=cohort&period=month", "?channel=c1&region=城西"])
def test_a_section_has_the_styles_of_all_it_shows(stage: Stage, page: Page, asked: str) -> None:
    for role in sorted(page.roles):
        document = stage.client(role).get(page.path + asked).text
        style, shown = document.partition("</style>")[0], document.partition("</style>")[2]
        # What a thing is, such as is-few, is said beside what it is called.
        used = {name for names in CLASS.findall(shown) for name in names.split() if not name.startswith("is-")}
        lacking = {name for name in used if is_styled(name, Assets().aside_css) and not is_styled(name, style)}
        assert lacking == set(), (role, asked)


def is_styled(name: str, css: str) -> bool:
    return re.search(rf"[.]{name}(?![\w-])", css) is not None


def test_before_the_first_snapshot_pages_say_so_and_come_back(tmp_path: Path) -> None:
    stage = a_stage(tmp_path)
    stage.reader.snapshot = None
    client = stage.client("leader")
    for path in ("/", "/wall/canteen", "/wall/lite/canteen"):
        shown = client.get(path).text
        assert "正在首次读取数据" in shown and 'http-equiv="refresh"' in shown
    assert client.get("/live/overview").status_code == 503
    assert client.get("/readyz").status_code == 503 and client.get("/healthz").status_code == 200


def test_warm_caches_show_each_role_its_own(stage: Stage, tmp_path: Path) -> None:
    cold = {
        role: a_stage(tmp_path / role).client(role).get("/live/funnels").data
        for role in ("leader", "head", "salesperson")
    }
    for role in ("leader", "head", "salesperson", "head", "leader"):
        assert stage.client(role).get("/live/funnels").data == cold[role]


def test_everything_a_page_depends_on_is_in_its_cache_key() -> None:
    views = [
        a_view(role, **asked)
        for role in ROLES
        if role != "viewer"
        for asked in ({}, {"period": "month"}, {"lang": "en"})
    ]
    keys = {cache_key("overview", view) for view in views}
    # Two people with the same rights share a page: role is part of the rights, the name is not.
    assert len(keys) == len(views)
    assert cache_key("overview", a_view()) != cache_key("overview", a_view(snapshot=small_snapshot(2)))


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(lambda view: replace(view, snapshot=replace(view.snapshot, sequence=9)), id="its sequence"),
        pytest.param(lambda view: replace(view, snapshot=replace(view.snapshot, version="other")), id="its snapshot"),
        pytest.param(lambda view: replace(view, filters=replace(view.filters, project="p2")), id="its filters"),
        pytest.param(lambda view: replace(view, words=Words("en")), id="its words"),
        pytest.param(lambda view: replace(view, scope=replace(view.scope, staff=frozenset("s"))), id="its rights"),
        pytest.param(lambda view: replace(view, alerts=replace(view.alerts, revision=9)), id="its alerts"),
        pytest.param(lambda view: replace(view, shelf=SimpleNamespace(edition="other")), id="its records"),
        pytest.param(lambda view: replace(view, overdue=("p1",)), id="its overdue reports"),
        pytest.param(lambda view: replace(view, cover="6–8 %"), id="the figure on its cover"),
    ],
)
def test_each_part_of_a_cache_key_counts_by_itself(other: Callable[[View], View]) -> None:
    view = a_view()
    assert cache_key("overview", view) == cache_key("overview", a_view())
    assert cache_key("overview", view) != cache_key("overview", other(view))
    assert cache_key("overview", view) != cache_key("funnels", view)


def test_the_badge_counts_the_red_ones_in_the_own_projects() -> None:
    for role in ("leader", "head"):
        view = a_view(role)
        seen = [one for one in view.all_findings if role == "leader" or one.subject == "p1"]
        reds = [one for one in seen if one.severity == "red"]
        assert badges_of(view) == {"alerts": len(reds)}
    assert badges_of(a_view("salesperson")) == {}
    assert {one.severity for one in a_view().all_findings} > {"red"}, "there are others that do not count"


@pytest.mark.parametrize("foreign", ["p2", "p9"])
def test_a_link_to_what_cannot_be_seen_says_so_in_the_same_words(stage: Stage, foreign: str) -> None:
    client, said = stage.client("head"), "链接里的项目查不到或不在您的范围内"
    shown = client.get(f"/?project={foreign}").text
    live = re.search(r'data-live="([^"]+)"', shown)
    assert said in shown and live is not None
    # What renews the page says it too; other pages and whom the link is sent on to are not told.
    assert said in client.get(unescape(live[1])).json["html"]
    # As a word: the page's random keys may hold any two letters.
    assert said not in client.get("/?project=p1").text and not re.search(rf"(?<![\w-]){foreign}(?![\w-])", shown)


def test_what_was_not_used_for_longest_is_forgotten_first() -> None:
    kept: Kept[int] = Kept(most=2)
    made: list[str] = []

    def make(name: str) -> int:
        made.append(name)
        return len(made)

    for name in ("a", "b", "a", "c", "a", "b"):
        kept.of(name, lambda name=name: make(name))  # type: ignore[misc]
    assert made == ["a", "b", "c", "b"]


def test_what_many_ask_for_at_once_is_made_once() -> None:
    kept: Kept[int] = Kept()
    made, asking = [], Barrier(4)

    def make() -> int:
        time.sleep(0.05)
        made.append(1)
        return 7

    def ask() -> int:
        asking.wait()
        return kept.of("a", make)

    with ThreadPoolExecutor(4) as crowd:
        answers = [crowd.submit(ask) for _ in range(4)]
    assert [answer.result() for answer in answers] == [7, 7, 7, 7] and len(made) == 1


def test_what_could_not_be_made_is_tried_again() -> None:
    kept: Kept[int] = Kept()
    with pytest.raises(ZeroDivisionError):
        kept.of("a", lambda: 1 // 0)
    assert kept.of("a", lambda: 7) == 7


def test_the_language_is_a_link_and_stays(stage: Stage) -> None:
    shown = stage.client("leader").get("/?lang=en&period=month").text
    assert '<html lang="en"' in shown and "Overview · Warboard" in shown
    assert 'href="/funnels?period=month&amp;lang=en"' in shown and 'href="/?period=month&amp;lang=zh"' in shown


@pytest.mark.parametrize(("way", "unpack"), [("gzip", gzip.decompress), ("br", brotli.decompress)])
def test_answers_are_packed_as_the_browser_likes(stage: Stage, way: str, unpack: object) -> None:
    client = stage.client("leader")
    answer = client.get("/", headers={"Accept-Encoding": way})
    assert answer.headers["Content-Encoding"] == way and answer.headers["Vary"] == "Accept-Encoding"
    assert "目标完成" in unpack(answer.data).decode()  # type: ignore[operator]


def test_our_scripts_stand_under_names_that_change_with_them(stage: Stage) -> None:
    client = stage.client("leader")
    addresses = re.findall(r'(/static/[^" ]*\.js)[" ]', client.get("/").text)
    assert {Path(address).name.split(".")[0] for address in addresses} == {
        "live",
        "boot",
        "raw",
        "share",
        "heat",
        "trend",
        "plotly",
    }
    for address in addresses:
        assert "immutable" in client.get(address).headers["Cache-Control"]


def test_dash_loads_from_here_only_and_each_script_is_there(stage: Stage) -> None:
    client = stage.client("leader")
    addresses = re.findall(r'<script[^>]* src="([^"]*)"', client.get("/").text)
    assert len(addresses) > 8
    for address in addresses:
        assert address.startswith("/") and client.get(address).status_code == 200


def test_a_wall_turns_live_or_without_script(stage: Stage) -> None:
    client = stage.client("viewer")
    shown = client.get("/wall/canteen").text
    assert "wall.js" not in shown and re.search(r"/static/wall\.\w+\.js", shown)
    assert "dash_renderer" not in shown and "<template" not in shown
    lite = client.get("/wall/lite/canteen?slide=4").text
    assert "<script" not in lite and "url=/wall/lite/canteen?slide=0" in lite
    for hostile in ("-1", "x", "9" * 500, "１"):
        assert client.get("/wall/lite/canteen", query_string={"slide": hostile}).status_code == 200


def test_a_wall_s_live_answer_is_304_while_nothing_changes(stage: Stage) -> None:
    client = stage.client("viewer")
    first = client.get("/live/wall/canteen")
    assert "转介王" in json.loads(first.data)["html"]
    assert client.get("/live/wall/canteen", headers={"If-None-Match": first.headers["ETag"]}).status_code == 304


def test_everybody_s_wall_shows_the_same(stage: Stage) -> None:
    assert (
        stage.client("viewer").get("/live/wall/canteen").data == stage.client("leader").get("/live/wall/canteen").data
    )


def test_a_source_that_cannot_be_read_is_said_before_the_first_snapshot(tmp_path: Path) -> None:
    stage = a_stage(tmp_path)
    stage.reader.snapshot, stage.reader.beat = None, Heartbeat(None, NOW - timedelta(seconds=7), False, "crm: no route")
    shown = stage.client("leader").get("/").text
    assert "源库暂时读不到" in shown and "上次尝试:7秒前" in shown and "no route" not in shown


def test_peers_are_compared_from_the_day_the_settings_name(tmp_path: Path) -> None:
    stage = a_stage(tmp_path, told='[scope]\npeers_open_from = "2026-03-12"')
    peer = "文昌学府"
    assert peer not in stage.client("head").get("/boards").text
    stage.clock.now += timedelta(days=1)
    client = stage.client("head")
    assert peer in client.get("/boards").text and peer in client.get("/live/boards").json["html"]
    for path in ("/", "/funnels", "/heat", "/alerts", "/?project=p2", "/api/v1/metrics?metric=leads&by=project"):
        assert peer not in client.get(path).text
    assert stage.client("salesperson").get("/boards").status_code == 403
