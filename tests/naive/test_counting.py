"""The naive recomputation against small cases worked out by hand."""

import tomllib
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, text

from tests.naive import counting
from tests.naive.counting import CohortStep, Fact, Lag
from tests.naive.world import Row, World
from tests.worlds import apply, edits, load, mapping_toml, worlds, write

AS_OF = datetime(2026, 3, 11, 10, 0)
EVER = (date(2000, 1, 1), date(2030, 1, 1))


def a_world(*, as_of: datetime = AS_OF, mapped: dict[str, set[str]] | None = None, **rows: list[Row]) -> World:
    return World(as_of, rows, mapped=mapped)


def a_lead(key: str, at: datetime | date, **values: Any) -> Row:
    return {"id": key, "project_id": "p1", "created_at": at, "person": None} | values


def an_event(key: str, at: datetime | date, **values: Any) -> Row:
    return {"id": key, "project_id": "p1", "at": at} | values


def a_contract(key: str, at: datetime | date, **values: Any) -> Row:
    return {"id": key, "project_id": "p1", "signed_at": at} | values


def at(day: int, hour: int = 9, minute: int = 0, month: int = 3) -> datetime:
    return datetime(2026, month, day, hour, minute)


def count(world: World, name: str, first: date = EVER[0], last: date = EVER[1]) -> int | Decimal:
    return counting.measure(world, name, first=first, last=last).get((), 0)


def the_step(world: World, kind: str, window: counting.Window = "default") -> CohortStep:
    return next(step for step in counting.cohort(world, *EVER, window)[()] if step.step == kind)


# Parties


@pytest.mark.parametrize(
    ("second", "expected"),
    [
        pytest.param(at(1) + timedelta(days=180, seconds=-1), 1, id="a second before 180 days is the same party"),
        pytest.param(at(1) + timedelta(days=180), 2, id="exactly 180 days later is a new lead"),
        pytest.param((at(1) + timedelta(days=180)).date(), 1, id="a day without time counts as its midnight"),
    ],
)
def test_re_entry(second: datetime | date, expected: int) -> None:
    leads = [a_lead("l1", at(1), person="x"), a_lead("l2", second, person="x")]
    assert count(a_world(as_of=datetime(2026, 12, 31), lead=leads), "leads") == expected


def test_re_entry_runs_from_the_previous_row_not_from_the_first() -> None:
    days = (0, 100, 200, 300, 480)
    leads = [a_lead(f"l{n}", at(1) + timedelta(days=n), person="x") for n in days]
    found = counting.parties(a_world(as_of=datetime(2028, 1, 1), lead=leads))
    assert [[lead["id"] for lead in party.leads] for party in found] == [["l0", "l100", "l200", "l300"], ["l480"]]


def test_one_person_at_two_projects_or_without_a_project_is_several_parties() -> None:
    leads = [a_lead(f"l{n}", at(n), person="x", project_id=p) for n, p in ((1, "p1"), (2, "p2"), (3, None), (4, None))]
    assert counting.measure(a_world(lead=leads), "leads", first=EVER[0], last=EVER[1], by=["project"]) == {
        ("p1",): 1,
        ("p2",): 1,
        (None,): 1,
    }


def test_leads_without_a_person_are_parties_of_one_row() -> None:
    assert count(a_world(lead=[a_lead("l1", at(1)), a_lead("l2", at(1))]), "leads") == 2


def test_first_row_gives_channel_and_first_grade_latest_row_gives_staff_grade_and_valid() -> None:
    first = a_lead("l2", at(1), person="x", channel_id="c1", staff_id="s1", grade="A", valid=False)
    latest = a_lead("l1", at(2), person="x", channel_id="c2", staff_id="s2", grade="B", valid=None)
    (party,) = counting.parties(a_world(lead=[latest, first]))
    assert (party.id, party.channel, party.first_grade) == ("l2", "c1", "A")
    assert (party.staff, party.grade, party.valid) == ("s2", "B", True)


def test_two_rows_at_the_same_moment_are_ordered_by_id_as_text() -> None:
    leads = [a_lead("l9", at(1), person="x", channel_id="c9"), a_lead("l10", at(1), person="x", channel_id="c10")]
    (party,) = counting.parties(a_world(lead=leads))
    assert (party.id, party.channel) == ("l10", "c10")


def test_a_walk_in_is_a_first_visit_but_never_a_lead() -> None:
    visits = [
        an_event("v2", at(2), person="x", channel_id="c2"),
        an_event("v1", at(1), person="x", channel_id="c1", staff_id="s1"),
        an_event("v3", at(1)),
    ]
    world = a_world(lead=[a_lead("l1", at(3), person="x")], visit=visits)
    assert (count(world, "leads"), count(world, "visits"), count(world, "first_visits")) == (1, 3, 2)
    assert (count(world, "walk_ins"), count(world, "revisited_parties")) == (2, 1)
    walk_in = next(party for party in counting.parties(world) if party.id == "visit:v1")
    assert (walk_in.channel, walk_in.staff, len(walk_in.events["visit"])) == ("c1", "s1", 2)


def test_events_from_a_lead_on_join_the_lead_and_not_the_walk_in() -> None:
    visits = [an_event("v1", at(1), person="x"), an_event("v2", at(3), person="x")]
    world = a_world(lead=[a_lead("l1", at(3), person="x")], visit=visits)
    assert {party.id: [visit.id for visit in party.events["visit"]] for party in counting.parties(world)} == {
        "l1": ["v2"],
        "visit:v1": ["v1"],
    }


def test_an_event_that_names_its_lead_joins_it_even_earlier_and_at_another_project() -> None:
    visit = an_event("v1", at(1), lead_id="l1", project_id="p2")
    world = a_world(lead=[a_lead("l1", at(5), channel_id="c1", staff_id="s1")], visit=[visit])
    assert count(world, "walk_ins") == 0
    (fact,) = (fact for fact in counting.facts(world) if fact.measure == "visits")
    assert (fact.project, fact.channel, fact.staff) == ("p2", "c1", "s1")
    (party_fact,) = (fact for fact in counting.facts(world) if fact.measure == "first_visits")
    assert party_fact.project == "p1"


@pytest.mark.parametrize(
    ("lead", "visit", "walk_ins"),
    [
        pytest.param(at(5, 10), at(5, 10), 0, id="the same moment is in order"),
        pytest.param(at(5, 10), at(5, 9, 59), 1, id="a minute earlier is a walk-in"),
        pytest.param(at(5, 10), date(2026, 3, 5), 0, id="a visit known to the day ties with a lead of that day"),
        pytest.param(date(2026, 3, 5), at(5, 9), 0, id="a lead known to the day ties with a visit of that day"),
        pytest.param(at(5, 10), date(2026, 3, 4), 1, id="the day before is a walk-in"),
    ],
)
def test_an_event_joins_by_person_from_the_opening_on(
    lead: datetime | date, visit: datetime | date, walk_ins: int
) -> None:
    visits = [an_event("v1", visit, person="x", lead_id="gone")]
    assert count(a_world(lead=[a_lead("l1", lead, person="x")], visit=visits), "walk_ins") == walk_ins


def test_an_event_known_by_person_joins_the_latest_party_already_open() -> None:
    leads = [a_lead("l1", at(1), person="x"), a_lead("l2", at(1) + timedelta(days=200), person="x")]
    visits = [an_event("v1", at(1) + timedelta(days=n), person="x") for n in (199, 200)]
    visits[1]["id"] = "v2"
    first, second = counting.parties(a_world(as_of=datetime(2027, 1, 1), lead=leads, visit=visits))
    assert ([visit.id for visit in first.events["visit"]], [visit.id for visit in second.events["visit"]]) == (
        ["v1"],
        ["v2"],
    )


def test_kind_breaks_the_tie_of_what_opens_a_walk_in() -> None:
    world = a_world(
        contract=[a_contract("a", at(1), person="x", channel_id="c3")],
        subscription=[an_event("b", at(1), person="x", channel_id="c2")],
    )
    (party,) = counting.parties(world)
    assert (party.id, party.channel) == ("subscription:b", "c2")
    assert (count(world, "walk_ins"), count(world, "contracted_parties")) == (0, 1)


# As-of


def test_nothing_after_as_of_is_counted() -> None:
    leads = [a_lead("l1", AS_OF), a_lead("l2", AS_OF + timedelta(seconds=1)), a_lead("l3", AS_OF.date())]
    contracts = [
        a_contract("k1", at(10), lead_id="l1", amount=Decimal(5), cancelled_at=AS_OF + timedelta(minutes=1)),
        a_contract("k2", at(12), lead_id="l1", amount=Decimal(7), cancelled_at=at(9)),
    ]
    world = a_world(lead=leads, contract=contracts)
    assert (count(world, "leads"), count(world, "contracts"), count(world, "net_contract_amount")) == (2, 1, 5)


# Gross and net


def test_a_cancelled_contract_makes_its_week_negative() -> None:
    contracts = [
        a_contract("k1", at(3), lead_id="l1", amount=Decimal("2500000.50"), cancelled_at=at(10)),
        a_contract("k2", at(4), lead_id="l2", amount=Decimal("1000000")),
    ]
    world = a_world(lead=[a_lead("l1", at(1)), a_lead("l2", at(1))], contract=contracts)
    this_week, last_week = (date(2026, 3, 9), date(2026, 3, 15)), (date(2026, 3, 2), date(2026, 3, 8))
    assert (count(world, "contracts", *last_week), count(world, "net_contracts", *last_week)) == (2, 2)
    assert (count(world, "contract_cancellations", *this_week), count(world, "net_contracts", *this_week)) == (1, -1)
    assert count(world, "net_contract_amount", *this_week) == Decimal("-2500000.50")
    assert count(world, "net_contract_amount") == Decimal("1000000")
    assert (count(world, "contract_parties_lost"), count(world, "net_contracted_parties")) == (1, 1)


def test_a_party_is_lost_only_when_every_contract_is_cancelled_on_the_day_of_the_last() -> None:
    both = [a_contract("k1", at(2), lead_id="l1", cancelled_at=at(8)), a_contract("k2", at(3), lead_id="l1")]
    world = a_world(lead=[a_lead("l1", at(1))], contract=both)
    assert (count(world, "contract_parties_lost"), count(world, "net_contracted_parties")) == (0, 1)
    lost_world = a_world(lead=[a_lead("l1", at(1))], contract=[both[0], both[1] | {"cancelled_at": at(5)}])
    (lost,) = (fact for fact in counting.facts(lost_world) if fact.measure == "contract_parties_lost")
    assert lost.day == date(2026, 3, 8)


def test_a_sale_belongs_to_the_channel_the_customer_came_from_and_a_payment_to_its_contract() -> None:
    world = a_world(
        lead=[a_lead("l1", at(1), channel_id="c1", staff_id="s1")],
        contract=[a_contract("k1", at(2), lead_id="l1", channel_id="c9", staff_id="s9", project_id=None, units=2)],
        payment=[{"id": "y1", "contract_id": "k1", "at": at(3), "amount": Decimal("-3.5")}],
    )
    sale = Fact("payments", at(3), False, "p1", "c1", "s9", Decimal("-3.5"), "y1")
    assert [fact for fact in counting.facts(world) if fact.measure == "payments"] == [sale]
    assert (count(world, "contract_units"), count(world, "contract_amount")) == (2, 0)


# Chain, windows, maturity

STEPS = [
    pytest.param(30, 30, 15, (1, 1, 1), id="the last day of every window is inside"),
    pytest.param(31, 30, 15, (0, 0, 0), id="a late visit takes the later steps with it"),
    pytest.param(0, 31, 0, (1, 0, 0), id="a late subscription"),
    pytest.param(0, 0, 16, (1, 1, 0), id="a late contract"),
]


@pytest.mark.parametrize(("visit", "subscription", "contract", "expected"), STEPS)
def test_windows(visit: int, subscription: int, contract: int, expected: tuple[int, int, int]) -> None:
    world = a_chain(visit, subscription, contract)
    assert tuple(step.reached for step in counting.cohort(world, *EVER)[()]) == expected
    assert [step.reached_ever for step in counting.cohort(world, *EVER)[()]] == [1, 1, 1]


def a_chain(visit: int, subscription: int, contract: int) -> World:
    """A lead at 23:00 with its steps that many days after one another, in the first hour of the day."""
    visited = datetime(2025, 6, 1, 0, 30) + timedelta(days=visit)
    if visit == 0:
        visited = datetime(2025, 6, 1, 23, 30)
    subscribed = visited + timedelta(days=subscription)
    return a_world(
        lead=[a_lead("l1", datetime(2025, 6, 1, 23, 0))],
        visit=[an_event("v1", visited, lead_id="l1")],
        subscription=[an_event("u1", subscribed, lead_id="l1")],
        contract=[a_contract("k1", subscribed + timedelta(days=contract), lead_id="l1")],
    )


@pytest.mark.parametrize(("limit", "expected"), [(74, (1, 1, 0)), (75, (1, 1, 1)), (29, (0, 0, 0))])
def test_a_fixed_window_runs_from_the_lead(limit: int, expected: tuple[int, int, int]) -> None:
    world = a_chain(30, 30, 15)
    assert tuple(step.reached for step in counting.cohort(world, *EVER, limit)[()]) == expected


@pytest.mark.parametrize(
    ("lead_day", "mature"),
    [
        pytest.param(date(2026, 2, 8), (1, 0, 0), id="day + 30 lies before as_of's day"),
        pytest.param(date(2026, 2, 9), (0, 0, 0), id="day + 30 is as_of's day"),
        pytest.param(date(2026, 1, 9), (1, 1, 0), id="day + 60 lies before"),
        pytest.param(date(2025, 12, 25), (1, 1, 1), id="day + 75 lies before"),
    ],
)
def test_maturity(lead_day: date, mature: tuple[int, int, int]) -> None:
    world = a_world(lead=[a_lead("l1", lead_day)], visit=[], subscription=[], contract=[])
    assert tuple(step.mature for step in counting.cohort(world, *EVER)[()]) == mature
    assert [step.mature for step in counting.cohort(world, *EVER, "none")[()]] == [1, 1, 1]


def test_immature_leads_stay_out_of_both_sides_of_the_rate() -> None:
    leads = [a_lead("old", at(1, month=1)), a_lead("cold", at(1, month=1)), a_lead("young", at(10))]
    visits = [an_event("v1", at(2, month=1), lead_id="old"), an_event("v2", at(11), lead_id="young")]
    step = the_step(a_world(lead=leads, visit=visits), "visit")
    assert (step.leads, step.mature, step.reached, step.reached_so_far, step.rate) == (3, 2, 1, 2, Fraction(1, 2))


def test_an_unmapped_step_adds_its_window_to_the_next() -> None:
    lead = a_lead("l1", at(1, month=1))
    signed = a_contract("k1", at(1, month=1) + timedelta(days=45), lead_id="l1")
    world = a_world(lead=[lead], visit=[an_event("v1", at(1, month=1), lead_id="l1")], contract=[signed])
    assert world.steps() == [("visit", 30), ("contract", 45)]
    step = the_step(a_world(as_of=at(30), lead=[lead], visit=world.rows["visit"], contract=[signed]), "contract")
    assert (step.mature, step.reached) == (1, 1)


def test_a_subscription_before_the_visit_is_out_of_order() -> None:
    world = a_world(
        lead=[a_lead("l1", at(1, month=1)), a_lead("l2", at(1, month=1))],
        visit=[an_event("v1", at(5, month=1), lead_id="l1")],
        subscription=[an_event("u1", at(4, month=1), lead_id="l1"), an_event("u2", at(4, month=1), lead_id="l2")],
    )
    step = the_step(world, "subscription")
    assert (step.reached, step.reached_ever, step.out_of_order, step.skipping) == (0, 0, 2, 1)
    assert count(world, "subscribed_parties") == 2


def test_a_step_known_to_the_day_ties_with_a_timed_one_of_that_day() -> None:
    world = a_world(
        lead=[a_lead("l1", at(1, 15, month=1))],
        visit=[an_event("v1", date(2026, 1, 1), lead_id="l1")],
        subscription=[an_event("u1", at(1, 9, month=1), lead_id="l1")],
    )
    assert [step.reached for step in counting.cohort(world, *EVER)[()]] == [1, 1]


def test_the_earliest_visit_before_the_lead_is_passed_over_for_the_next() -> None:
    visits = [an_event("v1", at(1, month=1), lead_id="l1"), an_event("v2", at(3, month=1), lead_id="l1")]
    world = a_world(lead=[a_lead("l1", at(2, month=1))], visit=visits)
    assert [lag for lag in counting.lags(world) if lag.step == "visit"] == [
        Lag(date(2026, 1, 2), "p1", None, None, "visit", 1)
    ]
    (fact,) = (fact for fact in counting.facts(world) if fact.measure == "first_visits")
    assert fact.day == date(2026, 1, 1)


def test_net_needs_one_contract_that_stands_at_or_after_the_previous_step() -> None:
    cancelled = [a_contract("k1", at(3, month=1), lead_id="l1", cancelled_at=at(9, month=1))]
    leads = [a_lead("l1", at(2, month=1))]
    step = the_step(a_world(as_of=at(30), lead=leads, contract=cancelled), "contract")
    assert (step.reached, step.net) == (1, 0)
    early = [*cancelled, a_contract("k2", at(1, month=1), lead_id="l1")]
    assert the_step(a_world(as_of=at(30), lead=leads, contract=early), "contract").net == 0
    again = [*cancelled, a_contract("k3", at(8, month=1), lead_id="l1")]
    assert the_step(a_world(as_of=at(30), lead=leads, contract=again), "contract").net == 1


def test_a_date_on_the_lead_stands_for_an_unmapped_event_and_gives_way_to_a_mapped_one() -> None:
    leads = [
        a_lead("l1", at(1), person="x", signed_at=at(5), first_visit_at=at(4)),
        a_lead("l2", at(2), person="x", signed_at=at(3)),
    ]
    world = a_world(lead=leads, visit=[])
    assert (count(world, "contracted_parties"), count(world, "contracts"), count(world, "first_visits")) == (1, 1, 0)
    (fact,) = (fact for fact in counting.facts(world) if fact.measure == "contracts")
    assert (fact.day, count(world, "contract_amount")) == (date(2026, 3, 3), 0)


# Response, active, overdue


@pytest.mark.parametrize(
    ("minutes", "reached", "answered", "answerable"),
    [
        pytest.param(30, True, 1, 1, id="thirty minutes to the second"),
        pytest.param(30, None, 1, 1, id="unknown counts as reached"),
        pytest.param(30, False, 0, 1, id="not reached"),
        pytest.param(31, True, 0, 1, id="a minute late"),
        pytest.param(-1, True, 0, 1, id="before the lead"),
    ],
)
def test_answered_in_30m(minutes: int, reached: bool | None, answered: int, answerable: int) -> None:
    contact = {"id": "f1", "lead_id": "l1", "at": at(5) + timedelta(minutes=minutes), "reached": reached}
    world = a_world(lead=[a_lead("l1", at(5), grade="A")], follow_up=[contact])
    assert (count(world, "answered_in_30m"), count(world, "answerable_a_leads")) == (answered, answerable)


def test_a_lead_half_an_hour_old_or_known_to_the_day_has_not_failed_yet() -> None:
    leads = [
        a_lead("l1", AS_OF - timedelta(minutes=30), grade="A"),
        a_lead("l2", date(2026, 3, 1), grade="A"),
        a_lead("l3", AS_OF - timedelta(minutes=30, seconds=1), grade="A"),
        a_lead("l4", AS_OF - timedelta(minutes=30, seconds=1), grade="B"),
    ]
    world = a_world(lead=leads, follow_up=[])
    assert (count(world, "grade_a_leads"), count(world, "answerable_a_leads")) == (3, 1)


def test_response_minutes_are_whole_minutes_and_medians_are_exact() -> None:
    assert counting.median([3, 1, 2, 10]) == Fraction(5, 2)
    assert counting.median([3, 1, 2]) == 2
    assert counting.median([]) is None
    assert [counting.p90(of) for of in (range(1, 11), range(1, 12), [7], [])] == [9, 10, 7, None]
    contact = {"id": "f1", "lead_id": "l1", "at": datetime(2026, 3, 5, 9, 5, 59)}
    (lag,) = counting.lags(a_world(lead=[a_lead("l1", at(5))], follow_up=[contact]))
    assert (lag.step, lag.lag) == ("first_response", 5)


@pytest.mark.parametrize(
    ("grade", "days", "late", "overdue"),
    [
        pytest.param("A", 1, 0, 0, id="a grade-A lead at its limit to the second"),
        pytest.param("A", 1, 1, 1, id="a second over"),
        pytest.param("B", 3, 1, 1, id="B after 3 days"),
        pytest.param("C", 7, 0, 0, id="C at 7 days"),
        pytest.param(None, 15, 0, 0, id="no grade has D's limit"),
        pytest.param(None, 15, 1, 1, id="no grade, over D's limit"),
    ],
)
def test_overdue(grade: str | None, days: int, late: int, overdue: int) -> None:
    created = AS_OF - timedelta(days=days, seconds=late)
    (row,) = counting.state(a_world(lead=[a_lead("l1", created, grade=grade)])).values()
    assert (row.active, row.overdue, row.waiting, row.oldest_active) == (1, overdue, 1, created)
    assert row.oldest_due == (AS_OF - timedelta(seconds=1) if overdue else None)


def test_overdue_runs_from_the_last_reached_follow_up() -> None:
    calls = [
        {"id": "f1", "lead_id": "l1", "at": AS_OF - timedelta(hours=24), "reached": True},
        {"id": "f2", "lead_id": "l2", "at": AS_OF - timedelta(hours=24), "reached": False},
    ]
    leads = [a_lead(key, at(1), grade="A", staff_id=key) for key in ("l1", "l2")]
    rows = counting.state(a_world(lead=leads, follow_up=calls))
    assert {key[2]: (row.overdue, row.waiting) for key, row in rows.items()} == {"l1": (0, 0), "l2": (1, 1)}


@pytest.mark.parametrize(
    ("values", "signed", "active"),
    [
        pytest.param({}, None, True, id="a fresh lead"),
        pytest.param({"valid": False}, None, False, id="an invalid one"),
        pytest.param({"lost_at": at(5)}, None, False, id="a lost one"),
        pytest.param({"lost_at": at(5), "reactivated_at": at(6)}, None, True, id="reactivated later"),
        pytest.param({"lost_at": at(5), "reactivated_at": at(5)}, None, False, id="reactivated at that moment"),
        pytest.param({"lost_at": at(12)}, None, True, id="lost only after as_of"),
        pytest.param({}, {}, False, id="a buyer"),
        pytest.param({}, {"cancelled_at": at(9)}, True, id="a buyer who cancelled"),
        pytest.param({}, {"cancelled_at": at(12)}, False, id="a buyer who cancels after as_of"),
    ],
)
def test_active(values: Row, signed: Row | None, active: bool) -> None:
    contracts = [] if signed is None else [a_contract("k1", at(4), lead_id="l1", **signed)]
    (party,) = counting.parties(a_world(lead=[a_lead("l1", at(1), **values)], contract=contracts))
    assert party.active is active


# Rows of other entities


def test_exposures_default_to_one_impression_and_spend_may_be_corrected() -> None:
    world = a_world(
        exposure=[{"project_id": "p1", "at": at(1)}, {"project_id": "p1", "at": at(1), "impressions": 5, "clicks": 2}],
        spend=[{"project_id": "p1", "day": date(2026, 3, 1), "amount": Decimal(n)} for n in ("10", "10", "-4.5")],
    )
    assert (count(world, "exposures"), count(world, "clicks")) == (6, 2)
    assert (count(world, "spend"), count(world, "spend_entries")) == (Decimal("15.5"), 3)


def test_milestones_and_sop_checks() -> None:
    def milestone(key: str, end: date, actual: date | None) -> Row:
        return {"id": key, "project_id": "p1", "planned_start": end, "planned_end": end, "actual_end": actual}

    today = AS_OF.date()
    world = a_world(
        milestone=[
            milestone("on time", date(2026, 3, 1), date(2026, 3, 1)),
            milestone("late", date(2026, 3, 1), date(2026, 3, 2)),
            milestone("open", today - timedelta(days=1), None),
            milestone("due today", today, None),
            milestone("not due", today + timedelta(days=1), None),
        ],
        sop_check=[
            {"id": "a", "due_at": at(1), "done_at": at(2)},
            {"id": "b", "due_at": at(1), "done_at": at(12)},
            {"id": "c", "due_at": at(12), "done_at": at(1)},
        ],
    )
    assert (count(world, "milestones_due"), count(world, "milestones_late")) == (4, 2)
    assert (count(world, "sop_due"), count(world, "sop_done")) == (2, 1)


def test_a_contract_of_a_referred_party_is_credited_once_to_the_earliest_referral() -> None:
    world = a_world(
        lead=[a_lead("l1", at(1), person="x"), a_lead("l2", at(2), person="x")],
        referral=[
            {"id": "b", "lead_id": "l1", "referrer_id": "late", "at": at(1)},
            {"id": "a", "lead_id": "l2", "referrer_id": "first", "at": at(1)},
            {"id": "c", "lead_id": None, "referrer_id": "late", "at": at(3)},
        ],
        contract=[a_contract("k1", at(5), lead_id="l1")],
    )
    assert counting.referrers(world, *EVER) == {"late": (2, 0), "first": (1, 1)}
    assert [(row.subject, row.rank) for row in counting.referral_king(world, *EVER)] == [("late", 1), ("first", 2)]


# Same point in time


def test_same_point_takes_whole_days_and_the_cut_day_up_to_the_time() -> None:
    times = [at(2), at(3, 23), at(4, 10), at(4, 10, 1), at(5), date(2026, 3, 3), date(2026, 3, 4)]
    every = counting.facts(a_world(lead=[a_lead(f"l{n}", when) for n, when in enumerate(times)]))
    cut = {"first": date(2026, 3, 2), "cut_day": date(2026, 3, 4), "cut_time": time(10)}
    assert counting.same_point(every, "leads", **cut) == {(): 4}  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("today", "period", "expected"),
    [
        pytest.param(date(2026, 3, 11), "week", (date(2026, 3, 2), date(2026, 3, 4)), id="last Wednesday"),
        pytest.param(date(2026, 3, 31), "month", (date(2026, 2, 1), date(2026, 2, 28)), id="a shorter month"),
        pytest.param(
            date(2026, 5, 30), "quarter", (date(2026, 1, 1), date(2026, 2, 28)), id="a quarter's second month"
        ),
        pytest.param(date(2026, 1, 5), "quarter", (date(2025, 10, 1), date(2025, 10, 5)), id="over the year's end"),
        pytest.param(date(2024, 2, 29), "year", (date(2023, 1, 1), date(2023, 2, 28)), id="a leap day"),
        pytest.param(date(2024, 12, 31), "year", (date(2023, 1, 1), date(2023, 12, 31)), id="after a leap year"),
    ],
)
def test_previous_cut(today: date, period: Any, expected: tuple[date, date]) -> None:
    assert counting.previous_cut(today, period) == expected


# Targets and boards


def a_target(value: str, first: str, last: str, project: str | None = None) -> Row:
    starts, ends = date.fromisoformat(first), date.fromisoformat(last)
    return {"metric": "leads", "project_id": project, "starts_on": starts, "ends_on": ends, "value": Decimal(value)}


def test_each_day_belongs_to_the_shortest_covering_target() -> None:
    world = a_world(
        target=[
            a_target("310", "2026-03-01", "2026-03-31"),
            a_target("700", "2026-03-09", "2026-03-15"),
            a_target("7", "2026-03-12", "2026-03-18"),
        ]
    )
    whole_month = (date(2026, 3, 1), date(2026, 3, 31))
    assert counting.target_value(world, "leads", None, *whole_month) == 21 * 10 + 3 * 100 + 7
    assert counting.target_value(world, "leads", None, date(2026, 3, 1), date(2026, 3, 1)) == 10
    assert counting.target_value(world, "leads", None, date(2026, 4, 1), date(2026, 4, 2)) is None
    assert counting.target_value(world, "visits", None, *whole_month) is None


def test_a_group_without_targets_of_its_own_takes_the_sum_of_its_projects() -> None:
    world = a_world(
        target=[
            a_target("62", "2026-03-01", "2026-03-31", "p1"),
            a_target("31", "2026-03-01", "2026-03-31", "p2"),
        ]
    )
    assert counting.target_value(world, "leads", None, date(2026, 3, 1), date(2026, 3, 2)) == 6
    assert counting.target_value(world, "leads", "p1", date(2026, 3, 1), date(2026, 3, 2)) == 4
    assert counting.target_value(world, "leads", "p3", date(2026, 3, 1), date(2026, 3, 2)) is None


def test_shrinkage_of_a_known_example() -> None:
    # m = 1/2, Σ n (p - m)² = 20 * 0.16 = 3.2, N - Σn²/N = 10, tau2 = (3.2 - 0.25) / 10 = 0.295;
    # s = 0.25 / 0.295 - 1 < 0: the projects differ more than a beta prior can say, so nothing is shrunk.
    assert counting.shrink({"a": (9, 10), "b": (1, 10)}) == {"a": Fraction(9, 10), "b": Fraction(1, 10)}
    # Σ n (p - m)² = 20 * 0.04 = 0.8, tau2 = (0.8 - 0.25) / 10 = 0.055, s = 0.25 / 0.055 - 1 = 39/11.
    strength = Fraction(39, 11)
    assert counting.shrink({"a": (7, 10), "b": (3, 10)}) == {
        "a": (7 + strength / 2) / (10 + strength),
        "b": (3 + strength / 2) / (10 + strength),
    }
    # Σ n (p - m)² = 0.2 < 0.25: what differs is chance alone, everybody stands at the mean.
    assert counting.shrink({"a": (6, 10), "b": (4, 10), "none": (0, 0)}) == {"a": Fraction(1, 2), "b": Fraction(1, 2)}
    assert counting.shrink({"a": (1, 4)}) == {"a": Fraction(1, 4)}


def test_ties_share_a_rank_and_skip_the_next() -> None:
    scores = {"a": Fraction(2), "b": Fraction(3), "c": Fraction(3), "d": Fraction(1)}
    assert counting.competition_ranks(scores, higher_is_better=True) == {"b": 1, "c": 1, "a": 3, "d": 4}
    assert counting.competition_ranks(scores, higher_is_better=False) == {"d": 1, "a": 2, "b": 3, "c": 3}


def test_cost_per_lead_ranks_the_lowest_first_and_says_what_is_missing() -> None:
    spends = {"p1": "300", "p2": "100", "p3": "50", "p4": None}
    world = a_world(
        project=[{"id": name, "name": name} for name in [*spends, "p5"]],
        lead=[
            a_lead(f"{name}-{n}", at(2), project_id=name, valid=None if n else True)
            for name, leads in (("p1", 3), ("p2", 2), ("p3", 1), ("p4", 2))
            for n in range(leads)
        ],
        spend=[{"project_id": p, "day": date(2026, 3, 2), "amount": Decimal(n)} for p, n in spends.items() if n],
    )
    board = counting.board_cost_per_lead(world, *EVER, min_n=2)
    assert [(row.subject, row.rank, row.standing, row.value) for row in board] == [
        ("p2", 1, "ranked", 50),
        ("p1", 2, "ranked", 100),
        ("p3", None, "too_few", 50),
        ("p4", None, "no_data", None),
        ("p5", None, "no_data", None),
    ]


# The worlds


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_every_world_and_its_edits_can_be_written_and_counted(data: st.DataObject) -> None:
    world = data.draw(worlds(own_settings=True))
    changes = data.draw(edits(world))
    engine = create_engine("sqlite://")
    load(world, engine)
    after = write(changes, world, engine)
    assert after == apply(world, changes)
    mapped = tomllib.loads(mapping_toml(world)).get("entities", {})
    assert {name: set(section["columns"]) for name, section in mapped.items()} == world.mapped
    with engine.connect() as connection:
        for name, section in mapped.items():
            written = connection.execute(text(f"SELECT count(*) FROM {section['table']}")).scalar_one()
            assert written == len(after.rows[name])
    engine.dispose()
    check_laws(after)


def check_laws(world: World) -> None:
    every = counting.facts(world)
    sums: dict[str, int | Decimal] = {}
    for fact in every:
        sums[fact.measure] = sums.get(fact.measure, 0) + fact.value
    value = sums.get
    assert value("net_contracts", 0) == value("contracts", 0) - value("contract_cancellations", 0)
    assert value("first_visits", 0) <= value("visits", 0)
    assert value("answered_in_30m", 0) <= value("answerable_a_leads", 0) <= value("grade_a_leads", 0)
    assert all(fact.at <= world.as_of for fact in every)
    for step in counting.cohort(world, *EVER).get((), []):
        assert step.net <= step.reached <= min(step.mature, step.previous_reached) <= step.leads == value("leads", 0)
    stock = counting.state(world).values()
    assert all(max(row.overdue, row.waiting) <= row.active for row in stock)
