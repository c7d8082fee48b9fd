"""Scenarios: what was saved comes back exactly, approvals follow each other, each deed is in the audit."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from fractions import Fraction
from pathlib import Path

import pytest

from data_access.store import Store
from data_access.store.audit import entries
from data_access.store.scenarios import latest_scenarios, remove_scenario, rule, save_scenario, scenario
from metrics.scenarios import Outcome, Ruled, Scenario, may_see, next_stages
from metrics.scope import scope_of

NOW = datetime(2026, 11, 2, 2, 0, tzinfo=UTC)
TODAY = date(2026, 11, 2)
THEN = Outcome((75, 78, 82), (150_000_000, 160_000_000, 170_000_000), Fraction(6_129, 10_000), Fraction(1, 3))
BASE = Outcome((70, 72, 75), (140_000_000, 150_000_000, 160_000_000), None, None)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store.open(f"sqlite:///{tmp_path}/store.db")
    yield made
    made.close()


def a_scenario(project: str | None = "p1", name: str = "多投私域") -> Scenario:
    as_of = datetime(2026, 11, 2, 10, 0)
    return Scenario("", name, project, {"spend_private": 150, "answer": 30}, THEN, BASE, as_of, "somebody", NOW)


def ruled(stage: str, day: date = TODAY, ruling: str = "passed") -> Ruled:
    return Ruled(stage, ruling, day, "leader", NOW)  # type: ignore[arg-type]


def test_what_was_saved_comes_back_exactly(store: Store) -> None:
    made = save_scenario(store, a_scenario())
    assert scenario(store, made.id) == made and made.then.cost == Fraction(1, 3)
    assert [one.action for one in entries(store)] == ["scenario_saved"]


def test_projects_see_their_own_scenarios(store: Store) -> None:
    own, other, group = (save_scenario(store, a_scenario(project)) for project in ("p1", "p2", None))
    assert {one.id for one in latest_scenarios(store)} == {own.id, other.id, group.id}
    assert [one.id for one in latest_scenarios(store, frozenset({"p1"}))] == [own.id]
    head, leader = scope_of("head", "p1", None), scope_of("leader", None, None)
    assert [may_see(head, one) for one in (own, other, group)] == [True, False, False]
    assert all(may_see(leader, one) for one in (own, other, group))


def test_stages_follow_each_other(store: Store) -> None:
    made = save_scenario(store, a_scenario())
    assert not rule(store, made.id, ruled("party"), TODAY), "nobody has proposed it"
    assert rule(store, made.id, ruled("proposal", date(2026, 10, 20)), TODAY)
    assert not rule(store, made.id, ruled("party", date(2026, 10, 19)), TODAY), "before the proposal"
    assert not rule(store, made.id, ruled("party", date(2026, 11, 3)), TODAY), "tomorrow"
    assert rule(store, made.id, ruled("party", ruling="returned"), TODAY)
    found = scenario(store, made.id)
    assert found is not None and next_stages(found.rulings) == ("proposal", "party"), "returned is not passed"
    assert not rule(store, made.id, ruled("office"), TODAY)
    assert [one.action for one in entries(store)].count("scenario_ruled") == 2


def test_what_is_removed_is_gone_but_stays_in_the_audit(store: Store) -> None:
    made = save_scenario(store, a_scenario())
    for _ in range(2):
        remove_scenario(store, made.id, "somebody", NOW)
    assert scenario(store, made.id) is None and latest_scenarios(store) == []
    assert not rule(store, made.id, ruled("proposal"), TODAY)
    assert [one.action for one in entries(store)] == ["scenario_removed", "scenario_saved"]
