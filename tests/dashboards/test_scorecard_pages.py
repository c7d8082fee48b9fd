"""The pages of a programme: scorecard, milestones, budget, roll-out and experiments; what stands on them, for whom, and what they take."""

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from data_access.store.audit import entries
from tests.dashboards.worlds import OURS, Stage, a_stage
from tests.snapshots import a_snapshot, small_rows


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    made = a_stage(tmp_path)
    yield made
    made.store.close()


def post(client: FlaskClient, path: str, **fields: str) -> Any:
    return client.post(path, data=fields, headers=OURS, content_type="application/x-www-form-urlencoded")


def text(client: FlaskClient, path: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", client.get(path).text.partition('id="glance"')[2]))


def test_each_plan_stands_alone_and_says_that_it_is_a_template(stage: Stage) -> None:
    client = stage.client("leader")
    pilot, sales, stock = (text(client, f"/scorecard?plan={name}") for name in ("pilot", "efficiency", "stock"))
    assert "不是集团实测" in pilot and "原文结果 92.0%" in pilot and "ARPU" not in pilot
    assert "基线 6.5小时(来源:销售效率方案(24 个月,8 个节点))" in sales and "目标 1小时(第 24 个月)" in sales
    assert "线索转化率 ※" in sales and "线索评分准确率 ※" not in sales and "ARPU ※" in stock
    assert "目标 50.0%(第 12 个月) → 目标 60.0%(第 24 个月) → 目标 65.0%(第 36 个月)" in stock
    assert "member" not in text(client, "/scorecard?plan=association&lang=zh")
    assert client.get("/scorecard?plan=nothing").status_code == 200
    assert "Not entered" in text(client, "/scorecard?lang=en&plan=efficiency")


def test_without_a_value_a_kpi_is_not_entered_and_with_one_it_is_judged_by_its_pace(stage: Stage) -> None:
    admin, path = stage.client("admin"), "/scorecard/efficiency/enquiry"
    assert "未录入" in text(admin, path) and "还没有录入" in text(admin, path)
    assert post(admin, "/scorecard/efficiency", starts_on="2025-03-11", project="").status_code == 303
    for value, day in (("6.5", "2026-01-01"), ("5", "2026-03-01")):
        assert post(admin, f"{path}/value", value=value, day=day, note="抽样 100 通").status_code == 303
    shown = text(admin, path)
    # From 6.5 to 1 within 730 days: 5 was wanted after 199 days, today is the 365th.
    assert "红" not in shown and "橙 · 晚 22.7%" in shown and "按计划今天应为 3.75小时" in shown
    assert "手工录入:2026-03-01" in shown and "抽样 100 通" in shown and "5小时 · 2026-03-01" in shown
    assert "6.5小时 · 2026-01-01" in shown and "向好" in shown
    assert [one.action for one in entries(stage.store)[:3]] == ["kpi_entered", "kpi_entered", "scorecard_planned"]


def test_owner_baseline_target_and_deadline_are_set_with_their_history(stage: Stage) -> None:
    admin, path = stage.client("admin"), "/scorecard/efficiency/conversion"
    post(admin, "/scorecard/efficiency", starts_on="2025-03-11", project="")
    told = {"owner": "王总", "baseline": "3%", "baseline_source": "2025 年复盘", "target": "5%", "due": "2026-12-31"}
    assert post(admin, f"{path}/setting", **told).status_code == 303
    shown = text(admin, path)
    assert "基线 3.0%(来源:2025 年复盘)" in shown and "目标 5.0%(2026-12-31)" in shown and "负责人 王总" in shown
    assert "※" not in shown and "更改历史" in shown and 'value="3%"' in admin.get(path).text
    assert post(admin, f"{path}/setting", **dict.fromkeys(told, "")).status_code == 303
    assert "※" in text(admin, path) and "基线 8.0%" in text(admin, path)


@pytest.mark.parametrize(
    ("path", "told", "said"),
    [
        ("/scorecard/efficiency", {"starts_on": "yesterday"}, "起始日不对"),
        ("/scorecard/efficiency", {"starts_on": "2026-01-01", "project": "p9"}, "没有这个项目"),
        ("/scorecard/efficiency/enquiry/value", {"value": "many", "day": "2026-03-01"}, "请填数字"),
        ("/scorecard/efficiency/enquiry/value", {"value": "5", "day": "2026-03-12"}, "不晚于今天"),
        ("/scorecard/efficiency/scoring/value", {"value": "0.5", "day": "2026-03-01"}, "带 %"),
        ("/scorecard/efficiency/scoring/setting", {"target": "40%"}, "目标要比基线更好"),
        ("/scorecard/efficiency/scoring/setting", {"baseline": "40%"}, "写明来源"),
        ("/scorecard/efficiency/scoring/setting", {"due": "2026-12-31"}, "先填起始日"),
        ("/scorecard/efficiency/scoring/setting", {"owner": "王" * 61}, "60 个字"),
    ],
)
def test_what_cannot_be_kept_is_answered_in_words(stage: Stage, path: str, told: dict[str, str], said: str) -> None:
    before = len(entries(stage.store))
    answer = post(stage.client("admin"), path, **told)
    assert answer.status_code == 400 and said in answer.text
    assert len(entries(stage.store)) <= before + 1


def test_measured_kpis_take_no_entries_and_unknown_ones_are_not_there(stage: Stage) -> None:
    admin = stage.client("admin")
    assert post(admin, "/scorecard/pilot/sop_rate/value", value="92%", day="2026-03-01").status_code == 404
    for path in ("/scorecard/pilot/nothing", "/scorecard/nothing/sop_rate"):
        assert admin.get(path).status_code == 404
    assert post(stage.client("leader"), "/scorecard/pilot", starts_on="2026-01-01").status_code == 403


def test_a_head_reads_plans_of_the_group_and_of_the_own_project_and_no_other(stage: Stage) -> None:
    admin, head = stage.client("admin"), stage.client("head")
    assert "只含本项目" in text(head, "/scorecard") and 'method="post"' not in head.get("/scorecard").text
    post(admin, "/scorecard/pilot", starts_on="2025-06-01", project="p2")
    assert "集团试点" not in text(head, "/scorecard") and head.get("/scorecard/pilot/leads").status_code == 404
    post(admin, "/scorecard/pilot", starts_on="2025-06-01", project="p1")
    own = text(head, "/scorecard?plan=pilot")
    assert "云岫府" in own and "只含本项目" not in own


def test_what_was_entered_for_the_group_stays_the_group_s(stage: Stage) -> None:
    admin, head = stage.client("admin"), stage.client("head")
    assert post(admin, "/scorecard/efficiency/enquiry/value", value="5.25", day="2026-03-01").status_code == 303
    for path in ("/scorecard?plan=efficiency", "/scorecard/efficiency/enquiry"):
        assert "5.25" not in text(head, path) and "集团数值,只向集团显示" in text(head, path)
    answer = post(admin, "/scorecard/efficiency", starts_on="2026-01-01", project="p1")
    assert answer.status_code == 409 and "不能再改范围" in answer.text
    assert post(admin, "/scorecard/efficiency", starts_on="2026-01-01", project="").status_code == 303


def test_tool_usage_counts_who_signed_in_by_role(stage: Stage) -> None:
    from datetime import timedelta

    from data_access.store.audit import record

    monday = stage.clock.now - timedelta(days=9)
    for who in ("head", "head", "leader"):
        record(stage.store, stage.people[who].id, "sign_in", monday)
    shown = text(stage.client("admin"), "/scorecard?plan=efficiency").partition("上一个完整周")[2]
    assert re.search(r"项目总 1 ÷ 1 100.0%", shown) and re.search(r"合计 2 ÷ 5 40.0% 0.0%", shown)
    assert "权重" in text(stage.client("admin"), "/scorecard")


# ------------------------------------------------------------------------------------------------------------ milestones


def test_late_milestones_stand_with_their_days_and_go_one_level_up(stage: Stage) -> None:
    leader = stage.client("leader")
    assert "文昌学府 红 1 共 1 项" in text(leader, "/milestones") and "样板间开放" not in text(leader, "/milestones")
    shown = text(leader, "/milestones?project=p2")
    # Planned from 5 January to 20 February, 46 days; on 11 March it is 19 days late.
    assert "红 · 晚 19 天(41.3%)" in shown and "滑期超 5%,上报一级" in shown and "(46 天)" in shown
    assert "0 ÷ 1 = 0.0%" in shown and "没有前后关系" in shown and "<svg" in leader.get("/milestones?project=p2").text
    assert "Red, 19 days late" in text(leader, "/milestones?project=p2&lang=en")


def test_a_head_sees_no_milestones_of_others(stage: Stage) -> None:
    head = stage.client("head")
    for path in ("/milestones", "/milestones?project=p2"):
        assert "没有里程碑" in text(head, path) and "文昌学府" not in text(head, path)
    post(stage.client("admin"), "/scorecard/efficiency", starts_on="2025-03-11", project="p1")
    assert "节点 1 / 8" in text(head, "/milestones") and 'method="post"' not in head.get("/milestones").text


def test_a_plan_s_nodes_are_accepted_by_an_analyst(stage: Stage) -> None:
    admin = stage.client("admin")
    assert "还没有填起始日" in text(admin, "/milestones")
    post(admin, "/scorecard/efficiency", starts_on="2025-03-11", project="")
    shown = text(admin, "/milestones")
    # Four nodes of three months each ended by 11 March 2026, that day's own not being over.
    assert "按时率:0 ÷ 3 = 0.0%" in shown and "红 3" in shown and "关键路径 730 天" in shown
    assert post(admin, "/milestones/efficiency/1", day="2025-06-20", note="评审通过").status_code == 303
    shown = text(admin, "/milestones")
    assert (
        "黄 · 晚 9 天(9.8%)" in shown
        and "验收:评审通过 · 已验收 2026-03-11" in shown
        and "完成 2025-06-20" in shown
        and "红 2" in shown
    )
    for node, day in (("9", "2025-06-20"), ("x", "2025-06-20"), ("2", "2026-03-12"), ("2", "soon")):
        assert post(admin, f"/milestones/efficiency/{node}", day=day).status_code in (400, 404)
    assert post(stage.client("leader"), "/milestones/efficiency/2", day="2025-09-01").status_code == 403
    assert post(admin, "/milestones/efficiency/1", day="").status_code == 303 and "红 3" in text(admin, "/milestones")
    assert entries(stage.store)[0].action == "node_accepted"


# --------------------------------------------------------------------------------------------------------------- rollout


def test_stages_are_told_by_an_analyst_and_count_their_days(stage: Stage) -> None:
    admin = stage.client("admin")
    assert "未接入 3" in text(admin, "/rollout") and "起始日未登记" in text(admin, "/rollout")
    assert "可比的试点 0 个" in text(admin, "/rollout")
    told = {"project": "p2", "stage": "pilot", "day": "2026-03-01", "note": ""}
    assert post(admin, "/rollout/stage", **told).status_code == 303
    shown = text(admin, "/rollout")
    assert "试点 1" in shown and "10 天(自 2026-03-01)" in shown
    assert "Pilot 1" in text(admin, "/rollout?lang=en")
    assert entries(stage.store)[0].action == "rollout_moved"
    for wrong in ({"day": "2026-03-12"}, {"stage": "done"}, {"project": "p9"}, {"day": ""}):
        answer = post(admin, "/rollout/stage", **(told | wrong))
        assert answer.status_code == 400 and "没有保存" in answer.text
    assert post(stage.client("leader"), "/rollout/stage", **told).status_code == 403
    assert stage.client("head").get("/rollout").status_code == 403


# ---------------------------------------------------------------------------------------------------------------- budget


def test_budgets_stand_with_their_band_and_channels_with_what_they_brought(tmp_path: Path) -> None:
    year = {"starts_on": date(2026, 1, 1), "ends_on": date(2026, 12, 31), "kind": "营销投放"}
    budgets = [{"project_id": id, "amount": Decimal(60_000), **year} for id in ("p1", "p2")]
    made = a_stage(tmp_path, snapshot=a_snapshot(**small_rows(), budget=budgets))
    shown = text(made.client("leader"), "/budget")
    # Each project was to spend 60,000 a year, 69 of 365 days have passed: 11,342; 600 a day was booked for 30 days or less.
    assert "2026-01–2026-12" in shown and "应花 1.13万" in shown and "±15.0%" in shown and "超支 2" in shown
    assert "产出比" in shown and "短视频" in shown and "文昌学府" in shown
    head = text(made.client("head"), "/budget")
    assert "云岫府" in head and "文昌学府" not in head
    assert "Within the band" not in shown and "Return by channel" in text(made.client("leader"), "/budget?lang=en")
    assert made.client("salesperson").get("/budget").status_code == 403
    made.store.close()


def test_without_budgets_the_page_says_so(stage: Stage) -> None:
    assert "没有预算" in text(stage.client("leader"), "/budget")


# ----------------------------------------------------------------------------------------------------------- experiments


EXPERIMENT = {
    "hypothesis": "先打电话再发资料", "metric": "到访率", "better": "higher", "cost": "1万", "worth": "1500",
    "trial_n": "200", "trial_hits": "60", "control_n": "200", "control_hits": "40",
}  # fmt: skip


def test_an_experiment_runs_is_counted_and_decided(stage: Stage) -> None:
    admin = stage.client("admin")
    assert "还没有实验" in text(admin, "/experiments")
    assert post(admin, "/experiments/new", **EXPERIMENT).status_code == 303
    shown = text(admin, "/experiments")
    assert "试验组 60 ÷ 200 = 30.0%" in shown and "对照组 40 ÷ 200 = 20.0%" in shown
    assert "相差 +10.0 个百分点(95% 区间 +1.5 至 +18.3)" in shown and "建议放大" in shown
    assert "花费 1万 · 多得 20 例(估计)" in shown and "产出比 3.0 倍" in shown
    assert "产出比 3.0 倍" in text(stage.client("leader"), "/budget") and "举措" not in text(
        stage.client("head"), "/budget"
    )
    assert post(admin, "/experiments/1", **(EXPERIMENT | {"trial_hits": "45"})).status_code == 303
    assert "继续,还分不出" in text(admin, "/experiments")
    assert post(admin, "/experiments/1/verdict", verdict="stop", why="差距不明显").status_code == 303
    shown = text(stage.client("leader"), "/experiments")
    assert "某admin 2026-03-11 定为停止:差距不明显" in shown and "建议" not in shown.partition("怎么判")[0]
    assert "Stopped" in text(stage.client("leader"), "/experiments?lang=en")
    assert post(admin, "/experiments/1", **EXPERIMENT).status_code == 404
    actions = ["experiment_decided", "experiment_counted", "experiment_added"]
    assert [one.action for one in entries(stage.store)[:3]] == actions


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("new", EXPERIMENT | {"hypothesis": ""}),
        ("new", EXPERIMENT | {"trial_hits": "201"}),
        ("new", EXPERIMENT | {"trial_n": "-1"}),
        ("new", EXPERIMENT | {"cost": "some"}),
        ("1/verdict", {"verdict": "scale", "why": ""}),
        ("1/verdict", {"verdict": "perhaps", "why": "x"}),
    ],
)
def test_experiments_that_cannot_be_kept_are_answered_in_words(stage: Stage, path: str, told: dict[str, str]) -> None:
    answer = post(stage.client("admin"), f"/experiments/{path}", **told)
    assert answer.status_code == 400 and "不能用" in answer.text


def test_experiments_are_for_the_group(stage: Stage) -> None:
    assert stage.client("head").get("/experiments").status_code == 403
    assert post(stage.client("leader"), "/experiments/new", **EXPERIMENT).status_code == 403
    for id in ("9", "x", "1" * 30):
        assert post(stage.client("admin"), f"/experiments/{id}/verdict", verdict="stop", why="无").status_code == 404
