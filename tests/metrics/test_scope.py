"""Scope: how far numbers, alerts and customers are seen, by role, setting and day."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrics.scope import NOBODY, ROLES, Role, Scope, Sight, Sights, scope_of
from metrics.totals import EVERYTHING, Where

OPEN_FROM = date(2027, 1, 1)
P1, S1 = frozenset(("p1",)), frozenset(("s1",))


@pytest.mark.parametrize(
    ("role", "projects", "staff"),
    [
        ("leader", None, None),
        ("admin", None, None),
        ("head", P1, None),
        ("champion", P1, None),
        ("salesperson", P1, S1),
    ],
)
def test_without_a_word_of_the_settings_a_project_sees_itself(
    role: Role, projects: frozenset[str] | None, staff: frozenset[str] | None
) -> None:
    assert scope_of(role, "p1", "s1").where == Where(project=projects, staff=staff)


def test_projects_see_each_other_from_the_day_on_where_they_are_compared() -> None:
    sights = Sights(peers_open_from=OPEN_FROM)
    for role in ("head", "champion"):
        assert sights.sight(role, OPEN_FROM - timedelta(1), compares=True) == "project"
        assert sights.sight(role, OPEN_FROM, compares=True) == "group"
        assert sights.sight(role, OPEN_FROM, compares=False) == "project"
    assert sights.sight("salesperson", OPEN_FROM, compares=True) == "own"


def test_without_such_a_day_projects_never_see_each_other() -> None:
    for role in ("head", "champion"):
        assert Sights().sight(role, date.max, compares=True) == "project"


@pytest.mark.parametrize("role", ["leader", "admin"])
@pytest.mark.parametrize("compares", [True, False])
def test_the_group_sees_all_projects_on_every_day(role: Role, compares: bool) -> None:
    assert Sights().sight(role, date.min, compares=compares) == "group"


def test_a_setting_widens_a_role_for_good() -> None:
    sights = Sights(head="group", salesperson="project")
    assert sights.sight("head", date.min, compares=False) == "group"
    assert sights.sight("champion", date.min, compares=False) == "project"
    assert sights.sight("salesperson", date.min, compares=False) == "project"


@given(st.sampled_from(ROLES), st.sampled_from(["group", "project", "own"]))
def test_customers_and_alerts_do_not_reach_further_however_far_numbers_do(role: Role, sight: Sight) -> None:
    wide, usual = scope_of(role, "p1", "s1", sight), scope_of(role, "p1", "s1")
    assert (wide.customers, wide.alerts) == (usual.customers, usual.alerts)


@pytest.mark.parametrize(
    ("role", "customers"),
    [
        ("leader", EVERYTHING),
        ("admin", EVERYTHING),
        ("head", Where(project=P1)),
        ("champion", Where(project=P1)),
        ("salesperson", Where(project=P1, staff=S1)),
    ],
)
def test_customers_are_those_of_the_own_work(role: Role, customers: Where) -> None:
    assert scope_of(role, "p1", "s1").customers == customers


@pytest.mark.parametrize("role", ["head", "champion", "salesperson"])
def test_who_belongs_nowhere_sees_nothing(role: Role) -> None:
    scope = scope_of(role, None, None)
    assert scope.where.project == frozenset() and scope.customers.project == frozenset()


@pytest.mark.parametrize("role", ROLES)
def test_who_sees_all_projects_sees_the_group(role: Role) -> None:
    assert scope_of(role, "p1", "s1").sees_group == (role in ("leader", "admin"))
    assert scope_of(role, "p1", "s1", "group").sees_group


def test_each_right_is_in_the_fingerprint() -> None:
    one = Scope("head", P1, S1, P1, Where(project=P1, staff=S1))
    others = [
        replace(one, role="champion"), replace(one, projects=None), replace(one, staff=None), replace(one, alerts=None),
        replace(one, customers=Where(staff=S1)), replace(one, customers=Where(project=P1)), replace(one, projects=frozenset()),
    ]  # fmt: skip
    assert len({each.fingerprint for each in (one, *others)}) == 1 + len(others)


def test_who_is_told_nothing_of_customers_may_list_none() -> None:
    assert Scope("leader", None).customers == NOBODY


@given(st.lists(st.tuples(st.sampled_from(ROLES), st.sampled_from("ab"), st.sampled_from("ab"), st.sampled_from(["group", "project", "own"])), min_size=2, max_size=2))  # fmt: skip
def test_equal_fingerprints_mean_equal_rights(people: list[tuple[Role, str, str, Sight]]) -> None:
    one, other = (scope_of(*person) for person in people)
    assert (one.fingerprint == other.fingerprint) == (one == other)
