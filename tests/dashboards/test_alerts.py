"""Alerts as people meet them: how each stands, one thumb to act, who may, and what is asked afterwards."""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from dashboards._alerts import due_at
from data_access.store.audit import entries
from data_access.store.episodes import episode, events, look, seen
from data_access.store.lease import acquire
from metrics.episodes import Episode
from metrics.rules import Check, Finding, Standing, checks
from metrics.totals import Frames
from tests.dashboards.worlds import NOW, OURS, Stage, a_stage
from tests.data_access.stores import TTL
from tests.snapshots import property_pack, small_snapshot

RULES = property_pack().rules
FORM = "application/x-www-form-urlencoded"
HOUR = timedelta(hours=1)


def found(subject: str, kind: str = "project") -> Finding:
    rule = "costly_channel" if kind == "channel" else "slow_response"
    return Finding(rule, "red", kind, subject, datetime(2026, 3, 9), {"value": 1, "times": 2}, {}, ())


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    made = a_stage(tmp_path)
    yield made
    made.store.close()


def say(stage: Stage, standing: Standing, *findings: Finding, times: int = 1, every: timedelta = HOUR) -> None:
    """Let the rules say this of everything given, so many times."""
    epoch = acquire(stage.store, "a", TTL, NOW) or 0
    for _ in range(times):
        look(
            stage.store,
            epoch,
            [Check(one.key, standing, one) for one in findings],
            RULES,
            stage.clock.now,
            is_fresh=True,
        )
        stage.clock.now += every


def opened(stage: Stage, *findings: Finding) -> dict[str, Episode]:
    """Alerts that are open, by subject."""
    say(stage, "firing", *(findings or (found("p1"),)), times=2, every=timedelta(seconds=15))
    return {one.key.subject: one for one in seen(stage.store, NOW).episodes}


def post(client: FlaskClient, path: str, **told: str) -> TestResponse:
    return client.post(path, data=told, content_type=FORM, headers=OURS)


def text(answer: TestResponse) -> str:
    """What is read on a page."""
    shown = re.sub(r"<(style|script|template).*?</\1>", " ", answer.text, flags=re.S)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", shown))


def test_before_the_first_look_the_page_shows_what_the_rules_find_today(stage: Stage) -> None:
    shown = stage.client("leader").get("/alerts").text
    assert "节点延误" in shown and "待确认" not in shown and "/take" not in shown


def test_after_it_the_page_shows_what_is_open_and_how_it_stands(stage: Stage) -> None:
    say(stage, "firing", found("p1"))
    shown = text(stage.client("leader").get("/alerts"))
    assert "A级响应慢" in shown and "待确认" in shown and "节点延误" not in shown


def test_what_is_found_in_the_snapshot_is_what_a_look_keeps(stage: Stage) -> None:
    snapshot = small_snapshot()
    said = checks(Frames(snapshot), property_pack())
    look(stage.store, acquire(stage.store, "a", TTL, NOW) or 0, said, RULES, NOW, is_fresh=True)
    kept = {one.key for one in seen(stage.store, NOW).episodes}
    assert kept == {one.key for one in stage.site.world.findings.of(snapshot)} and kept


@pytest.mark.parametrize("role", ["leader", "admin", "head", "champion"])
def test_one_thumb_takes_an_alert(stage: Stage, role: str) -> None:
    id, client = opened(stage)["p1"].id, stage.client(role)
    assert f'action="/alerts/{id}/take' in client.get("/alerts").text
    answer = post(client, f"/alerts/{id}/take", due="today", back="/alerts?severity=red")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/alerts?severity=red")
    one = episode(stage.store, id)
    assert one and one.ack and one.ack.owner == stage.people[role].id and one.state == "acknowledged"
    shown = text(client.get("/alerts"))
    assert f"某{role} · 3月11日到期" in shown and "已确认" in shown
    assert [entry.action for entry in entries(stage.store)][0] == "alert_taken"


def test_handing_over_is_one_more_button_and_stands_in_the_history(stage: Stage) -> None:
    id, head = opened(stage)["p1"].id, stage.people["head"].id
    client = stage.client("leader")
    assert f'name="owner" value="{head}"' in client.get("/alerts").text
    assert (
        post(client, f"/alerts/{id}/take", owner=head, due="tomorrow", note="<b>先打电话</b> 13812345678").status_code
        == 303
    )
    shown = client.get(f"/alerts/{id}").text
    assert (
        "转交" in shown
        and "某leader" in shown
        and "&lt;b&gt;先打电话" in shown
        and "<b>先打" not in shown
        and "138" not in shown
    )
    assert [one.transition for one in events(stage.store, id)] == ["opened", "handed_over"]


@pytest.mark.parametrize(("role", "code"), [("salesperson", 403), ("viewer", 403), (None, 401)])
def test_who_may_not_see_alerts_cannot_act_on_one(stage: Stage, role: str | None, code: int) -> None:
    id = opened(stage)["p1"].id
    assert post(stage.client(role), f"/alerts/{id}/take", due="today").status_code == code
    one = episode(stage.store, id)
    assert one and one.ack is None


@pytest.mark.parametrize("path", ["", "/take", "/outcome"])
def test_another_project_s_alert_is_as_none_at_all(stage: Stage, path: str) -> None:
    ids = opened(stage, found("p2"), found("c1", "channel"))
    client = stage.client("head")
    for id in (ids["p2"].id, ids["c1"].id, 999, "x", "1" * 30, "１"):
        answer = (
            post(client, f"/alerts/{id}{path}", due="today", outcome="real") if path else client.get(f"/alerts/{id}")
        )
        assert answer.status_code == 404 and "文昌学府" not in answer.text
    assert all(one.ack is None for one in seen(stage.store, NOW).episodes)


@pytest.mark.parametrize(
    "told",
    [
        pytest.param({"due": "never"}, id="a due nobody offers"),
        pytest.param({}, id="no due"),
        pytest.param({"due": "today", "owner": "salesperson"}, id="somebody who may not see it"),
        pytest.param({"due": "today", "owner": "x"}, id="nobody"),
    ],
)
def test_what_no_form_of_ours_says_is_refused(stage: Stage, told: dict[str, str]) -> None:
    id = opened(stage)["p1"].id
    owner = told.get("owner", "")
    said = {**told, **({"owner": stage.people[owner].id} if owner in stage.people else {})}
    assert post(stage.client("leader"), f"/alerts/{id}/take", **said).status_code == 400


@pytest.mark.parametrize(
    "back", ["//evil.example", "https://evil.example", "/people", "/alerts/../people", "javascript:x"]
)
def test_a_form_leads_back_to_the_alerts_and_nowhere_else(stage: Stage, back: str) -> None:
    id = opened(stage)["p1"].id
    answer = post(stage.client("leader"), f"/alerts/{id}/take", due="today", back=back)
    assert answer.headers["Location"].startswith(f"/alerts/{id}?")


def test_a_resolved_one_asks_what_it_was_and_cannot_be_taken(stage: Stage) -> None:
    id, client = opened(stage)["p1"].id, stage.client("head")
    say(stage, "calm", found("p1"), times=4)
    assert "待填结果" in text(client.get("/alerts/resolved"))
    assert "这条预警是什么情况" in client.get(f"/alerts/{id}").text
    assert post(client, f"/alerts/{id}/take", due="week").status_code == 409
    assert post(client, f"/alerts/{id}/outcome", outcome="nice").status_code == 400
    assert post(client, f"/alerts/{id}/outcome", outcome="false_alarm").status_code == 303
    assert "误报" in text(client.get("/alerts/resolved?outcome=false_alarm")) and "没有已解除" in text(
        client.get("/alerts/resolved?outcome=-")
    )


def test_resolved_ones_of_other_projects_stay_theirs(stage: Stage) -> None:
    opened(stage, found("p1"), found("p2"))
    say(stage, "calm", found("p1"), found("p2"), times=4)
    assert "文昌学府" in stage.client("leader").get("/alerts/resolved").text
    assert "文昌学府" not in stage.client("head").get("/alerts/resolved").text


def test_only_the_group_closes_by_hand_what_has_no_data(stage: Stage) -> None:
    id = opened(stage)["p1"].id
    assert post(stage.client("leader"), f"/alerts/{id}/close", outcome="handled").status_code == 409
    say(stage, "unknown", found("p1"))
    assert "无数据" in text(stage.client("head").get("/alerts"))
    assert post(stage.client("head"), f"/alerts/{id}/close", outcome="handled").status_code == 403
    assert post(stage.client("leader"), f"/alerts/{id}/close", outcome="handled").status_code == 303


def test_silences_are_made_with_a_reason_and_ended(stage: Stage) -> None:
    opened(stage)
    client = stage.client("leader")
    assert (
        post(client, "/alerts/silences", rule="slow_response", project="p1", hours="8", why="停电").status_code == 303
    )
    assert "停电" in client.get("/alerts/silences").text and "已静默" in text(client.get("/alerts"))
    for told in ({"why": "x"}, {"rule": "slow_response", "why": " "}):
        assert post(client, "/alerts/silences", hours="8", **told).status_code == 400
    for told in ({"rule": "no_rule"}, {"project": "p9"}, {"rule": "slow_response", "hours": "0"}):
        assert post(client, "/alerts/silences", **{"hours": "8", "why": "x", **told}).status_code == 400
    (kept,) = seen(stage.store, stage.clock.now).silences
    assert post(stage.client("head"), f"/alerts/silences/{kept.id}/end").status_code == 403
    assert post(client, f"/alerts/silences/{kept.id}/end").status_code == 303
    assert post(client, f"/alerts/silences/{kept.id}/end").status_code == 404
    assert [one.action for one in entries(stage.store)][:2] == ["silence_ended", "silence_made"]


@pytest.mark.parametrize("order", ["severity", "project", "owner", "age"])
def test_alerts_are_ordered_as_asked_and_none_is_left_out(stage: Stage, order: str) -> None:
    ids = opened(stage, found("p1"), found("p2"), found("c1", "channel"))
    client = stage.client("leader")
    post(client, f"/alerts/{ids['p2'].id}/take", due="week")
    shown = client.get(f"/alerts?order={order}").text
    assert len(set(re.findall(r'action="/alerts/(\d+)/take', shown))) == 3
    groups = re.findall(r'class="alert-group">([^<]*)', shown)
    assert groups == {"project": ["云岫府", "文昌学府", "短视频"], "owner": ["待确认", "某leader"]}.get(order, [])


def test_walls_and_the_overview_say_how_an_alert_stands(stage: Stage) -> None:
    id, client = opened(stage)["p1"].id, stage.client("leader")
    post(client, f"/alerts/{id}/take", due="today")
    for path in ("/", "/wall/warroom"):
        assert "已确认" in text(client.get(path))


def test_a_change_shows_at_once_in_every_cached_page(stage: Stage) -> None:
    id, client = opened(stage)["p1"].id, stage.client("leader")
    assert "已确认" not in text(client.get("/"))
    post(client, f"/alerts/{id}/take", due="today")
    assert "已确认" in text(client.get("/"))


def test_english_is_complete(stage: Stage) -> None:
    id = opened(stage)["p1"].id
    for path in (f"/alerts/{id}", "/alerts/silences", "/alerts/resolved", "/risks", "/alerts"):
        shown = re.sub(
            "某\\w+|中文|云岫府|文昌学府|望澜湾|短视频|老带新|自然到访|城.",
            "",
            text(stage.client("admin").get(f"{path}?lang=en")),
        )
        assert re.search(r"[\u4e00-\u9fff]", shown) is None, path


@pytest.mark.parametrize(
    ("due", "day"), [("today", "2026-03-11"), ("tomorrow", "2026-03-12"), ("week", "2026-03-15"), ("never", "None")]
)
def test_a_due_is_the_end_of_its_day(due: str, day: str) -> None:
    assert str(due_at(due, datetime(2026, 3, 11, 23, 50)))[:10] == day[:10]


# ------------------------------------------------------------------------------------------------------------------ risks

WATCH = {
    "kind": "policy",
    "title": "限购放松",
    "severity": "orange",
    "note": "",
    "source": "住建局",
    "link": "https://example.com/a",
    "review_on": "2026-04-01",
}
RISK = {
    "kind": "market",
    "title": "竞品降价",
    "probability": "4",
    "impact": "5",
    "owner": "何衡",
    "response": "跟进",
    "review_on": "2026-03-01",
    "status": "open",
}


def refuse(client: FlaskClient, what: str, entry: dict[str, str], changes: Sequence[dict[str, str]]) -> None:
    for change in changes:
        answer = post(client, f"/risks/{what}", **{**entry, **change})
        assert answer.status_code == 400 and "不能用" in answer.text, change


def test_an_analyst_keeps_what_is_watched_and_leaders_read_it(stage: Stage) -> None:
    admin, leader = stage.client("admin"), stage.client("leader")
    assert post(admin, "/risks/watch", **WATCH).status_code == 303
    shown = leader.get("/risks").text
    assert (
        "限购放松" in shown
        and 'href="https://example.com/a"' in shown
        and 'rel="noopener noreferrer nofollow"' in shown
    )
    assert "更改" not in shown and post(leader, "/risks/watch", **WATCH).status_code == 403
    assert post(admin, "/risks/watch/1", **{**WATCH, "title": "限购收紧"}).status_code == 303
    assert "限购收紧" in leader.get("/risks").text
    assert post(admin, "/risks/watch/1/end").status_code == 303 and "限购" not in leader.get("/risks").text
    assert post(admin, "/risks/watch/9", **WATCH).status_code == 404 == post(admin, "/risks/watch/1/end").status_code
    assert [one.action for one in entries(stage.store)] == ["watch_ended", "watch_changed", "watch_added"]


def test_a_risk_has_its_colour_and_its_word(stage: Stage) -> None:
    admin = stage.client("admin")
    assert post(admin, "/risks/risk", **RISK).status_code == 303
    shown = text(admin.get("/risks"))
    assert "红色 竞品降价 4 × 5 = 20" in shown and "复核已过期" in shown and "1 红" in shown
    assert post(admin, "/risks/risk/1", **{**RISK, "status": "closed"}).status_code == 303
    assert "1 红" not in text(admin.get("/risks"))


def test_what_cannot_be_kept_is_refused_with_the_field(stage: Stage) -> None:
    admin = stage.client("admin")
    links = (
        "http://example.com",
        "javascript:alert(1)",
        "https://",
        "https://a@b.example",
        "https://x y",
        "HTTPS",
        "data:x",
        '//x"',
    )
    refuse(admin, "watch", WATCH, [{"link": link} for link in links])
    refuse(
        admin,
        "watch",
        WATCH,
        [{"title": ""}, {"title": "x" * 501}, {"kind": "x"}, {"severity": "calm"}, {"review_on": "morgen"}],
    )
    refuse(
        admin, "risk", RISK, [{"probability": "6"}, {"impact": "0"}, {"impact": "٣"}, {"status": "x"}, {"owner": " "}]
    )
