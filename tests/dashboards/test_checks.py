"""稽核: who sees which findings, who decides and who appeals, and that only what was confirmed is worth anything."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from data_access.store.audit import entries
from data_access.store.lease import acquire
from data_access.store.record_findings import Asked, Checks, findings, save_findings
from metrics.record_rules import Found, Proof, Stake
from metrics.totals import EVERYTHING
from tests.dashboards.worlds import NOW, OURS, Stage, a_stage
from tests.data_access.stores import change_person

AT = datetime(2026, 3, 10, 9, 0)
KIND = "application/x-www-form-urlencoded"


def a_finding(key: str, project: str | None = "p1", staff: str | None = "s1", **changes: object) -> Found:
    proofs = (
        Proof("visit", f"visit-{key}", AT - timedelta(hours=2), False, project, "c3", staff, None),
        Proof("registration", f"reg-{key}", AT, False, project, "c1", None, "B7"),
        Proof("follow_up", f"call-{key}", AT, True, "p2", None, "s3", None),
    )
    stakes = (Stake(f"k-{key}", Decimal("2500000.5"), Decimal("45000")),)
    made = Found(
        "F1", key, "red", project, "c1", staff, "B7", AT, {"touch": "visit", "seconds": "7200"}, proofs, stakes
    )
    return replace(made, **changes)  # type: ignore[arg-type]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Stage]:
    """A site with findings at two projects, of two salespeople, and of nobody."""
    stage = a_stage(tmp_path)
    epoch = acquire(stage.store, "a", timedelta(days=9), NOW) or 0
    found = [
        a_finding("own"),
        a_finding("mate", staff="s2"),
        a_finding("elsewhere", "p2", "s3"),
        a_finding("homeless", None, None, rule="F8", facts={"n": "8", "seconds": "315", "night": "8"}, level="orange"),
    ]
    save_findings(stage.store, epoch, found, Checks(NOW, AT, 1.2, {"F14": "contract.commission_records"}))
    yield stage
    stage.store.close()


def ids(stage: Stage) -> dict[str, str]:
    return {one.found.key: one.id for one in findings(stage.store, Asked(EVERYTHING))}


def act(stage: Stage, role: str, key: str, action: str, note: str = "") -> int:
    told = {"action": action, "note": note}
    answer = stage.client(role).post(f"/checks/{ids(stage)[key]}", data=told, content_type=KIND, headers=OURS)
    return answer.status_code


@pytest.mark.parametrize(
    ("role", "keys"),
    [
        ("leader", {"own", "mate", "elsewhere", "homeless"}),
        ("admin", {"own", "mate", "elsewhere", "homeless"}),
        ("head", {"own", "mate"}),
        ("champion", {"own", "mate"}),
        ("salesperson", {"own"}),
    ],
)
def test_each_role_sees_its_own_findings_in_the_list_and_by_address(house: Stage, role: str, keys: set[str]) -> None:
    client, known = house.client(role), ids(house)
    shown = client.get("/checks").text
    assert {key for key, id in known.items() if f"/checks/{id}" in shown} == keys
    assert {key for key, id in known.items() if client.get(f"/checks/{id}").status_code == 200} == keys
    assert client.get("/checks/nothing").status_code == 404


def test_a_finding_outside_the_scope_cannot_be_told_from_none(house: Stage) -> None:
    client, elsewhere = house.client("head"), ids(house)["elsewhere"]
    for path in (f"/checks/{elsewhere}", "/checks/nothing"):
        assert client.get(path).status_code == 404
        told = {"action": "appeal", "note": "x"}
        assert client.post(path, data=told, content_type=KIND, headers=OURS).status_code == 404


@pytest.mark.parametrize(
    ("role", "hidden"), [("head", ("高远", "文昌学府")), ("salesperson", ("高远", "文昌学府", "许岚"))]
)
def test_nobody_beyond_the_scope_is_named_in_the_evidence(house: Stage, role: str, hidden: tuple[str, ...]) -> None:
    shown = house.client(role).get(f"/checks/{ids(house)['own']}").text
    assert not any(name in shown for name in hidden) and "其他顾问" in shown and "其他项目" in shown


def test_the_words_are_those_of_a_lead_to_check(house: Stage) -> None:
    shown = house.client("leader").get(f"/checks/{ids(house)['own']}").text
    assert (
        "待核查" in shown and "报备前已有自然到访记录,早2小时" in shown and "欺诈" not in shown and "fraud" not in shown
    )
    assert (
        "A natural visit stands 2 h before" in house.client("leader").get(f"/checks/{ids(house)['own']}?lang=en").text
    )


def test_a_rule_that_is_off_says_why(house: Stage) -> None:
    assert "F14 重复计佣:无数据,源库没有contract.commission_records" in house.client("head").get("/checks").text


@pytest.mark.parametrize(
    ("asked", "keys"),
    [
        ("rule=F8", {"homeless"}),
        ("level=red", {"own", "mate", "elsewhere"}),
        ("in=p2", {"elsewhere"}),
        ("state=confirmed", set()),
        ("rule=nothing&level=blue&start=x", {"own", "mate", "elsewhere", "homeless"}),
        ("start=3", {"homeless"}),
    ],
)
def test_the_list_is_narrowed_by_its_address(house: Stage, asked: str, keys: set[str]) -> None:
    shown = house.client("leader").get(f"/checks?{asked}").text
    assert {key for key, id in ids(house).items() if f"/checks/{id}" in shown} == keys


def test_confirmed_appealed_by_the_head_and_decided_by_somebody_else(house: Stage) -> None:
    assert act(house, "leader", "own", "confirm", "监控 13800000000 一致") == 303
    assert act(house, "head", "own", "appeal", "客户先到访") == 303
    assert act(house, "head", "own", "reject") == 403
    assert act(house, "admin", "own", "reject") == 303
    shown = house.client("head").get(f"/checks/{ids(house)['own']}").text
    assert all(word in shown for word in ("核实", "申诉", "客户先到访", "排除")) and "13800000000" not in shown
    assert [one.action for one in entries(house.store)] == ["record_reject", "record_appeal", "record_confirm"]


@pytest.mark.parametrize(
    ("role", "key", "action", "note", "code"),
    [
        pytest.param("head", "own", "confirm", "", 403, id="a head does not decide"),
        pytest.param("champion", "own", "appeal", "x", 403, id="a champion does not appeal"),
        pytest.param("salesperson", "own", "appeal", "我先接待", 303, id="the salesperson concerned appeals"),
        pytest.param("salesperson", "mate", "appeal", "x", 404, id="not for a colleague"),
        pytest.param("head", "own", "appeal", "  ", 400, id="an appeal needs words"),
        pytest.param("leader", "own", "reopen", "", 403, id="nothing to open again"),
        pytest.param("leader", "own", "destroy", "", 400, id="no such step"),
    ],
)
def test_what_a_person_may_do(house: Stage, role: str, key: str, action: str, note: str, code: int) -> None:
    assert act(house, role, key, action, note) == code
    assert len(entries(house.store)) == (code == 303)


def test_nobody_decides_on_a_finding_about_themselves(house: Stage) -> None:
    leader = house.people["leader"]
    change_person(house.store, replace(leader, staff_id="s1"))
    assert act(house, "leader", "own", "confirm") == 403
    assert act(house, "leader", "mate", "confirm") == 303


def test_whoever_appealed_does_not_decide_even_with_another_role(house: Stage) -> None:
    assert act(house, "head", "own", "appeal", "客户先到访") == 303
    change_person(house.store, replace(house.people["head"], role="leader", project_id=None))
    assert act(house, "head", "own", "reject") == 403
    assert act(house, "head", "mate", "reject") == 303


def test_the_audit_value_is_the_leader_s_and_counts_what_was_confirmed(house: Stage) -> None:
    before = house.client("leader").get("/checks").text
    assert "审计价值" in before and "4.5万" not in before
    act(house, "leader", "own", "confirm")
    after = house.client("leader").get("/checks").text
    assert "2026Q1" in after and "4.5万" in after and "250.00万" in after
    assert "审计价值" not in house.client("head").get("/checks").text


def test_precision_is_told_once_enough_was_decided(house: Stage) -> None:
    act(house, "leader", "own", "confirm")
    assert "样本不足(n=1)" in house.client("leader").get("/checks").text


def test_alerts_lead_there_and_a_salesperson_finds_it_beside_the_account(house: Stage) -> None:
    assert 'href="/checks' in house.client("head").get("/alerts").text
    assert 'href="/checks' in house.client("salesperson").get("/account").text
