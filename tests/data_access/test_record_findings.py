"""Findings of the record rules as they are kept: never lost, never deleted, decided by those who may."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from data_access.store import StaleLeader, Store
from data_access.store.audit import broken_at, entries
from data_access.store.lease import acquire
from data_access.store.record_findings import (
    Asked,
    Checks,
    NotAllowed,
    Saved,
    counted,
    events,
    finding,
    findings,
    last_checks,
    save_findings,
    take_step,
)
from metrics.record_findings import Actor
from metrics.record_rules import Found, Proof, Stake
from metrics.totals import EVERYTHING, Where
from tests.data_access.stores import NOON, TTL, opened

AT = datetime(2026, 3, 1, 9, 0)
LEADER, ADMIN = Actor("l", "leader", None, None), Actor("a", "admin", None, None)
HEAD, OTHER_HEAD = Actor("h", "head", "p1", None), Actor("o", "head", "p2", None)
SELLER = Actor("s", "salesperson", "p1", "s1")
LATER = timedelta(minutes=10)


def a_finding(key: str = "r1", **changes: object) -> Found:
    proof = Proof("registration", key, AT, False, "p1", "c9", "s1", "B7")
    stakes = (Stake("k1", Decimal("2500000.5000"), Decimal("45000.0000")), Stake("k2", Decimal("1"), None))
    made = Found("F3", key, "red", "p1", "c9", "s1", "B7", AT, {"seconds": "542"}, (proof,), stakes)
    return replace(made, **changes)  # type: ignore[arg-type]


def a_run(nth: int = 0, **lacks: str) -> Checks:
    return Checks(NOON + nth * LATER, AT, 0.5, lacks)


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    url = f"sqlite:///{tmp_path}/w.db" if request.param == "sqlite" else request.getfixturevalue("postgresql_url")
    with opened(url) as store:
        yield store


@pytest.fixture
def epoch(store: Store) -> int:
    return acquire(store, "a", TTL, NOON) or 0


def only(store: Store) -> str:
    (one,) = findings(store, Asked(EVERYTHING))
    return one.id


def test_a_finding_comes_back_as_it_was_found(store: Store, epoch: int) -> None:
    assert save_findings(store, epoch, [a_finding()], a_run()) == Saved(1, 0, 0)
    (one,) = findings(store, Asked(EVERYTHING))
    assert (one.found, one.state, one.first_seen, one.gone_at) == (a_finding(), "to_check", NOON, None)
    assert len(one.id) == 32 and last_checks(store) == a_run()
    assert [(event.action, event.state, event.actor) for event in events(store, one.id)] == [
        ("found", "to_check", None)
    ]


def test_a_finding_that_is_found_again_is_the_same(store: Store, epoch: int) -> None:
    save_findings(store, epoch, [a_finding()], a_run())
    assert save_findings(store, epoch, [a_finding(level="orange")], a_run(1)) == Saved(0, 0, 0)
    (one,) = findings(store, Asked(EVERYTHING))
    assert (one.found.level, one.first_seen, one.last_seen) == ("orange", NOON, NOON + LATER)


def test_what_the_data_no_longer_shows_is_marked_and_kept(store: Store, epoch: int) -> None:
    save_findings(store, epoch, [a_finding()], a_run())
    assert save_findings(store, epoch, [], a_run(1)) == Saved(0, 0, 1)
    one = finding(store, only(store), EVERYTHING)
    assert one is not None and (one.gone_at, one.last_seen) == (NOON + LATER, NOON)
    assert save_findings(store, epoch, [a_finding()], a_run(2)) == Saved(0, 1, 0)
    assert [event.action for event in events(store, one.id)] == ["found", "gone", "returned"]


def test_a_rule_that_could_not_run_says_nothing(store: Store, epoch: int) -> None:
    save_findings(store, epoch, [a_finding()], a_run())
    assert save_findings(store, epoch, [], a_run(1, F3="visit")) == Saved(0, 0, 0)
    one = finding(store, only(store), EVERYTHING)
    assert one is not None and (one.gone_at, one.last_seen) == (None, NOON)


def test_who_leads_no_more_writes_nothing(store: Store, epoch: int) -> None:
    with pytest.raises(StaleLeader):
        save_findings(store, epoch + 1, [a_finding()], a_run())
    assert findings(store, Asked(EVERYTHING)) == [] and last_checks(store) is None


def test_what_was_decided_stays_as_it_was_then(store: Store, epoch: int) -> None:
    save_findings(store, epoch, [a_finding()], a_run())
    take_step(store, only(store), "confirm", LEADER, "", NOON)
    save_findings(store, epoch, [a_finding(stakes=(), level="orange")], a_run(1))
    one = finding(store, only(store), EVERYTHING)
    assert one is not None and one.found == a_finding()


def test_confirmed_appealed_and_decided(store: Store, epoch: int) -> None:
    save_findings(store, epoch, [a_finding()], a_run())
    id = only(store)
    assert take_step(store, id, "confirm", LEADER, "监控一致", NOON).decided_at == NOON
    appealed = take_step(store, id, "appeal", HEAD, "客户先到访", NOON + LATER)
    assert (appealed.state, appealed.appealed_by) == ("appealed", "h")
    assert take_step(store, id, "reject", ADMIN, "", NOON + 2 * LATER).state == "rejected"
    assert [(event.actor, event.action, event.note) for event in events(store, id)][1:] == [
        ("l", "confirm", "监控一致"),
        ("h", "appeal", "客户先到访"),
        ("a", "reject", ""),
    ]
    told = [(entry.actor, entry.action, entry.about, entry.detail["to"]) for entry in entries(store)]
    assert told == [
        ("a", "record_reject", id, "rejected"),
        ("h", "record_appeal", id, "appealed"),
        ("l", "record_confirm", id, "confirmed"),
    ]
    assert broken_at(store) is None


@pytest.mark.parametrize(
    ("actor", "action"),
    [
        (HEAD, "confirm"),
        (HEAD, "reject"),
        (SELLER, "confirm"),
        (OTHER_HEAD, "appeal"),
        (LEADER, "appeal"),
        (LEADER, "reopen"),
    ],
)
def test_a_step_that_is_not_allowed_changes_nothing(store: Store, epoch: int, actor: Actor, action: str) -> None:
    save_findings(store, epoch, [a_finding()], a_run())
    id = only(store)
    with pytest.raises(NotAllowed):
        take_step(store, id, action, actor, "", NOON)  # type: ignore[arg-type]
    assert finding(store, id, EVERYTHING).state == "to_check"  # type: ignore[union-attr]
    assert len(events(store, id)) == 1 and entries(store) == []


def test_a_finding_there_is_not(store: Store) -> None:
    with pytest.raises(LookupError):
        take_step(store, "x", "confirm", LEADER, "", NOON)


@pytest.mark.parametrize(
    ("scope", "keys"),
    [
        pytest.param(EVERYTHING, {"r1", "r2", "r3", "r4"}, id="the group"),
        pytest.param(Where(project=frozenset(("p1",))), {"r1", "r2"}, id="a project's people"),
        pytest.param(Where(project=frozenset(("p1",)), staff=frozenset(("s1",))), {"r1"}, id="a salesperson"),
        pytest.param(Where(project=frozenset()), set(), id="nobody"),
    ],
)
def test_a_scope_holds_in_every_question(store: Store, epoch: int, scope: Where, keys: set[str]) -> None:
    rows = [a_finding(), a_finding("r2", staff="s2"), a_finding("r3", project="p2"), a_finding("r4", project=None)]
    save_findings(store, epoch, rows, a_run())
    everything = findings(store, Asked(EVERYTHING))
    assert {one.found.key for one in findings(store, Asked(scope))} == keys
    assert {one.found.key for one in everything if finding(store, one.id, scope)} == keys
    assert sum(one.n for one in counted(store, scope)) == len(keys)


def test_the_worst_and_newest_stand_first_and_what_is_gone_last(store: Store, epoch: int) -> None:
    rows = [
        a_finding("old"),
        a_finding("new", since=AT + LATER),
        a_finding("yellow", level="yellow"),
        a_finding("gone"),
    ]
    save_findings(store, epoch, rows, a_run())
    save_findings(store, epoch, rows[:3], a_run(1))
    assert [one.found.key for one in findings(store, Asked(EVERYTHING))] == ["new", "old", "yellow", "gone"]
    assert [one.found.key for one in findings(store, Asked(EVERYTHING, state="gone"))] == ["gone"]
    assert [one.found.key for one in findings(store, Asked(EVERYTHING, level="red"), start=1, limit=1)] == ["old"]
