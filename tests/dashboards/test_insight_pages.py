"""The pages of demand, channels, peers and benchmarks: what stands on them, and for whom."""

import re
from collections.abc import Iterator
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from data_access.store.audit import entries
from data_access.store.lease import acquire
from data_access.store.record_findings import Asked, by_channel, findings, save_findings, take_step
from metrics.totals import EVERYTHING, Where
from tests.dashboards.worlds import OURS, Stage, a_stage
from tests.data_access.stores import NOON, TTL
from tests.data_access.test_record_findings import AT, LEADER, a_finding, a_run
from tests.metrics.test_insight import world

ENTRY = {"who": "行业协会", "figure": "转化率", "value": "6–8 %", "source": "2025 年报", "dated": "2026-01-31", "link": "https://example.com/a", "note": ""}  # fmt: skip
OPEN = '[scope]\npeers_open_from = "2026-03-01"\n'


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    made = a_stage(tmp_path, snapshot=world())
    yield made
    made.store.close()


def post(client: FlaskClient, path: str, **fields: str) -> Any:
    return client.post(path, data=fields, headers=OURS, content_type="application/x-www-form-urlencoded")


def text(client: FlaskClient, path: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", client.get(path).text.partition('id="glance"')[2]))


def test_demand_says_both_spans_what_is_for_sale_and_what_lacks(stage: Stage) -> None:
    shown = text(stage.client("leader"), "/demand")
    assert "1月1日–3月10日 较上季同期 10月1日–12月10日" in shown and "节假日" in shown
    assert "2 个项目 1 个未填套数" in shown and "未填" in shown and "150万以下" in shown
    assert "源库没有浏览价位数据" in text(stage.client("leader"), "/demand?what=exposures")
    assert "较前一季 7月1日–9月30日" in text(stage.client("admin"), "/demand?span=last")
    assert "Not said" in text(stage.client("leader"), "/demand?lang=en&what=nothing")


def test_channels_show_their_weights_the_rule_and_an_estimate(stage: Stage) -> None:
    shown = text(stage.client("leader"), "/channels")
    for said in ("留电成本(权重 25)", "规则:留电成本高于", "估计", "80% 区间", "稽核规则还没有运行", "费用未结"):
        assert said in shown, said
    assert "(weight 10)" in text(stage.client("leader"), "/channels?lang=en")


def test_a_head_weighs_the_own_project_s_channels(stage: Stage) -> None:
    own, asked, leader = (
        text(stage.client(role), f"/channels{more}").partition("渠道综合")[2].partition("渠道榜")[0]
        for role, more in (("head", ""), ("head", "?project=p2"), ("leader", "?project=p1"))
    )
    assert own == asked == leader


def test_findings_of_the_weeks_stand_against_their_channel_unless_rejected(stage: Stage) -> None:
    epoch = acquire(stage.store, "a", TTL, NOON) or 0
    found = [a_finding("r1"), a_finding("r2", channel="c1"), a_finding("r3", channel="c1", project="p2"), a_finding("r4", channel=None)]  # fmt: skip
    save_findings(stage.store, epoch, found, a_run())
    day = timedelta(1)
    assert by_channel(stage.store, EVERYTHING, AT, AT + day) == {"c1": 2, "c9": 1}
    assert by_channel(stage.store, Where(project=frozenset(("p1",))), AT, AT + day) == {"c1": 1, "c9": 1}
    assert by_channel(stage.store, EVERYTHING, AT + day, AT + 2 * day) == {}
    first = next(one for one in findings(stage.store, Asked(EVERYTHING)) if one.found.key == "r3")
    take_step(stage.store, first.id, "reject", LEADER, "查过", NOON)
    assert by_channel(stage.store, EVERYTHING, AT, AT + day) == {"c1": 1, "c9": 1}
    assert "待核查占留电(权重 10)" in text(stage.client("leader"), "/channels")


def test_leaders_choose_a_project_and_its_peers(stage: Stage) -> None:
    client = stage.client("leader")
    everybody = text(client, "/compare?project=p2")
    assert "文昌学府 留电" in everybody and "落后" in everybody and "+" in everybody and "估计" in everybody
    table = client.get("/compare?project=p2&peer=p3").text.partition("</form>")[2]
    assert "望澜湾" in table and "云岫府" not in table
    assert client.get("/compare?project=p9&peer=p9&peer=%00").status_code == 200


def test_a_head_sees_peers_only_under_the_switch(stage: Stage, tmp_path: Path) -> None:
    closed = stage.client("head").get("/compare?project=p2&peer=p2").text
    assert "未开放互看" in closed
    assert "文昌学府" not in closed and "望澜湾" not in closed and "到访率" in closed
    (tmp_path / "open").mkdir()
    later = a_stage(tmp_path / "open", snapshot=world(), told=OPEN.replace("2026-03-01", "2026-04-01"))
    waiting = later.client("head").get("/compare").text
    assert "2026-04-01 起开放互看" in waiting and "文昌学府" not in waiting
    later.store.close()
    (tmp_path / "now").mkdir()
    opened = a_stage(tmp_path / "now", snapshot=world(), told=OPEN)
    shown = opened.client("head").get("/compare?project=p2&peer=p2").text.partition("</form>")[2]
    assert "云岫府 留电" in shown and "文昌学府" in shown and "望澜湾" not in shown, (
        "the own project against the one chosen"
    )
    assert "文昌学府" not in opened.client("champion").get("/compare").text
    opened.store.close()


def test_an_analyst_keeps_benchmarks_and_others_read_them(stage: Stage) -> None:
    admin, leader = stage.client("admin"), stage.client("leader")
    assert post(admin, "/benchmarks/new", **ENTRY).status_code == 303
    shown = leader.get("/benchmarks").text
    assert "6–8 %" in shown and 'href="https://example.com/a" rel="noopener noreferrer nofollow"' in shown
    assert "更改" not in shown and post(leader, "/benchmarks/new", **ENTRY).status_code == 403
    for change in ({"who": ""}, {"dated": "gestern"}, {"link": "http://example.com"}):
        answer = post(admin, "/benchmarks/new", **{**ENTRY, **change})
        assert answer.status_code == 400 and "不能用" in answer.text
    assert post(admin, "/benchmarks/1", **{**ENTRY, "value": "7 %", "link": ""}).status_code == 303
    shown = leader.get("/benchmarks").text
    assert "7 %" in shown and "example.com" not in shown
    assert post(admin, "/benchmarks/1/end").status_code == 303 and "7 %" not in leader.get("/benchmarks").text
    for path in ("/benchmarks/1", "/benchmarks/1/end", "/benchmarks/1/cover", "/benchmarks/9", "/benchmarks/x"):
        assert post(admin, path, **ENTRY).status_code == 404, path
    assert [one.action for one in entries(stage.store)] == ["benchmark_ended", "benchmark_changed", "benchmark_added"]


def test_one_chosen_figure_stands_on_the_overview_with_its_source(stage: Stage) -> None:
    admin, leader = stage.client("admin"), stage.client("leader")
    for value in ("6–8 %", "9 %"):
        post(admin, "/benchmarks/new", **{**ENTRY, "value": value})
    assert "6–8 %" not in leader.get("/").text
    assert post(admin, "/benchmarks/1/cover", shown="yes").status_code == 303
    shown = text(leader, "/")
    assert "外部标杆" in shown and "转化率 6–8 %" in shown and "来源 2025 年报 · 2026-01-31" in shown
    post(admin, "/benchmarks/2/cover", shown="yes")
    shown = text(leader, "/")
    assert "转化率 9 %" in shown and "6–8 %" not in shown, "only one"
    assert "9 %" not in text(stage.client("salesperson"), "/")
    post(admin, "/benchmarks/2/cover", shown="")
    assert "转化率 9 %" not in text(leader, "/")


def test_the_group_s_own_best_stand_first_and_apart_and_only_for_those_who_may_compare(stage: Stage) -> None:
    shown = text(stage.client("leader"), "/benchmarks")
    assert shown.index("本集团实测") < shown.index("外部标杆") and "云岫府 · 3 个项目中最好 · 留电批次" in shown
    assert "集团实测只向集团显示" in text(stage.client("head"), "/benchmarks")


def test_an_exempt_pilot_is_no_benchmark(tmp_path: Path) -> None:
    told = '[boards]\nexempt = { "p1" = { first = 2020-01-01, last = 2099-12-31 } }\n'
    stage = a_stage(tmp_path, snapshot=world(), told=told)
    assert "云岫府 ·" not in text(stage.client("leader"), "/benchmarks")
    stage.store.close()


def test_the_other_language_keeps_the_chosen_peers(stage: Stage) -> None:
    page = stage.client("leader").get("/compare", query_string={"project": "p1", "peer": ["p2"]}).text
    other = re.search(r'href="(/compare[^"]*lang=en[^"]*)"', page)
    assert other and "peer=p2" in unescape(other[1]) and "peer=p3" not in other[1]
