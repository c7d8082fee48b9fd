"""Who may do what with a finding, how precise a rule is, and that every contract counts once."""

from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any, get_args
from zoneinfo import ZoneInfo

import pytest

from metrics.record_findings import Action, Actor, RecordFinding, State, Worth, after, audit_values, may, precisions
from metrics.record_rules import Found, Stake

ZONE = ZoneInfo("Asia/Shanghai")
AT = datetime(2026, 2, 1, tzinfo=UTC)
LEADER = Actor("l", "leader", None, None)


def a_finding(id: str = "f", state: State = "to_check", stakes: Any = ("k1",), **more: Any) -> RecordFinding:
    listed = tuple(Stake(one, Decimal(100), Decimal(2) if one != "k0" else None) for one in stakes)
    found = Found("F1", id, "red", more.pop("project", "p1"), "c1", "s1", None, datetime(2026, 1, 1), {}, (), listed)
    return RecordFinding(id, found, state, **{"first_seen": AT, "last_seen": AT, **more})


def worths(*findings: RecordFinding) -> list[tuple[str, str | None, int, int, int]]:
    return [
        (one.quarter, one.project, one.confirmed.contracts, one.to_check.contracts, one.rejected.contracts)
        for one in audit_values(findings, ZONE)
    ]


@pytest.mark.parametrize(
    ("state", "allowed"),
    [
        ("to_check", {"confirm", "reject", "appeal"}),
        ("appealed", {"confirm", "reject"}),
        ("confirmed", {"appeal", "reopen"}),
        ("rejected", {"reopen"}),
    ],
)
def test_the_steps_from_each_state(state: State, allowed: set[str]) -> None:
    assert {action for action in get_args(Action) if after(state, action)} == allowed


@pytest.mark.parametrize(
    ("actor", "steps"),
    [
        pytest.param(LEADER, {"confirm", "reject"}, id="a group executive decides"),
        pytest.param(Actor("a", "admin", None, None), {"confirm", "reject"}, id="the digital officer decides"),
        pytest.param(Actor("l", "leader", None, "s1"), set(), id="not about themselves"),
        pytest.param(Actor("l", "leader", "p1", None), set(), id="not with a project of their own"),
        pytest.param(Actor("h", "head", "p1", None), {"appeal"}, id="the project's head appeals"),
        pytest.param(Actor("h", "head", "p2", None), set(), id="another project's does not"),
        pytest.param(Actor("h", "head", None, None), set(), id="nor one without a project"),
        pytest.param(Actor("s", "salesperson", "p1", "s1"), {"appeal"}, id="the salesperson concerned appeals"),
        pytest.param(Actor("s", "salesperson", "p1", "s2"), set(), id="a colleague does not"),
        pytest.param(Actor("c", "champion", "p1", None), set(), id="a champion only looks"),
        pytest.param(Actor("v", "viewer", None, None), set(), id="a viewer has no say"),
    ],
)
def test_who_may_do_what(actor: Actor, steps: set[str]) -> None:
    assert {action for action in get_args(Action) if may(actor, action, a_finding())} == steps


def test_an_appeal_is_made_once_and_decided_by_somebody_else() -> None:
    head = Actor("h", "head", "p1", None)
    assert may(head, "appeal", a_finding(state="confirmed"))
    assert not may(head, "appeal", a_finding(state="confirmed", appealed_by="h"))
    assert may(LEADER, "reject", a_finding(state="appealed", appealed_by="h"))
    assert not may(LEADER, "reject", a_finding(state="appealed", appealed_by="l"))


@pytest.mark.parametrize(
    ("confirmed", "rejected", "share"),
    [(8, 2, Fraction(4, 5)), (8, 1, None), (0, 0, None), (0, 10, Fraction(0))],
)
def test_precision_is_told_from_ten_decisions_on(confirmed: int, rejected: int, share: Fraction | None) -> None:
    (one,) = precisions(
        {("F1", "confirmed"): confirmed, ("F1", "rejected"): rejected, ("F1", "to_check"): 99}, ["F1"], 10
    )
    assert (one.share, one.n) == (share, confirmed + rejected)


def test_a_contract_counts_once_where_it_weighs_most() -> None:
    decided = datetime(2026, 4, 10, tzinfo=UTC)
    assert worths(
        a_finding("a", "rejected", ("k1", "k2", "k3"), decided_at=decided),
        a_finding("b", "to_check", ("k1", "k2")),
        a_finding("c", "confirmed", ("k1",), decided_at=decided),
        a_finding("d", "confirmed", ("k1",), decided_at=decided),
        a_finding("e", "appealed", ("k4",), project="p2"),
    ) == [("2026Q2", "p1", 1, 0, 1), ("2026Q1", "p1", 0, 1, 0), ("2026Q1", "p2", 0, 1, 0)]


def test_a_quarter_begins_at_the_group_s_midnight() -> None:
    last, first = datetime(2026, 3, 31, 15, 59, tzinfo=UTC), datetime(2026, 3, 31, 16, 0, tzinfo=UTC)
    rows = (
        a_finding("a", "confirmed", ("k1",), decided_at=last),
        a_finding("b", "confirmed", ("k2",), decided_at=first),
    )
    assert [quarter for quarter, *_ in worths(*rows)] == ["2026Q2", "2026Q1"]


def test_what_the_data_no_longer_shows_counts_only_if_it_was_confirmed() -> None:
    assert worths(a_finding("a", "to_check", gone_at=AT)) == []
    assert worths(a_finding("a", "confirmed", gone_at=AT, decided_at=AT)) == [("2026Q1", "p1", 1, 0, 0)]


def test_a_commission_that_is_not_known_is_not_nothing() -> None:
    (both,) = audit_values([a_finding("a", "confirmed", ("k0", "k1"), decided_at=AT)], ZONE)
    (none,) = audit_values([a_finding("a", "confirmed", ("k0",), decided_at=AT)], ZONE)
    assert both.confirmed == Worth(2, Decimal(200), Decimal(2)) and none.confirmed == Worth(1, Decimal(100), None)
