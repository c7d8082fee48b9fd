"""The record rules in SQL find in small random worlds exactly what a recomputation row by row finds."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data_access.record_rules import check_records
from data_access.replica import Replica
from tests.naive.records import findings
from tests.naive.world import World
from tests.planted import AS_OF, KINDS, NATURAL, OTHER_PAID, PAID, POOL, a_replica, clear, put_all
from tests.snapshots import property_pack

RULES = ("F1", "F2", "F3", "F4", "F5", "F6", "F7", "F8", "F14")
START = datetime(2026, 3, 2, 10, 0)
STEPS = [timedelta(), timedelta(seconds=1), *(timedelta(minutes=m) for m in (5, 10, 29, 30)), *(timedelta(hours=h) for h in (6, 24, 48, 72)), timedelta(days=7)]  # fmt: skip
CHANNELS = [NATURAL, "C1", PAID, PAID, OTHER_PAID, POOL, None]
PERSONS = [*["a" * 32] * 4, "b" * 32, "b" * 32, None]
SEEN: Counter[str] = Counter()


@st.composite
def times(draw: st.DrawFn) -> Any:
    """A time on a grid of the thresholds, now and then known to the day only."""
    at = (
        START
        + draw(st.sampled_from(STEPS))
        + draw(st.sampled_from(STEPS))
        - timedelta(seconds=draw(st.sampled_from((0, 0, 1))))
    )
    return at.date() if draw(st.integers(0, 5)) == 0 else at


def some(**columns: st.SearchStrategy[Any]) -> st.SearchStrategy[list[dict[str, Any]]]:
    return st.lists(st.fixed_dictionaries(columns), min_size=1, max_size=5)


leads = st.sampled_from(["l0", "l1", "l2", None, "nobody"])
projects = st.sampled_from([*["P1"] * 8, "P2", None])
channels, persons, staff = (
    st.sampled_from(CHANNELS),
    st.sampled_from(PERSONS),
    st.sampled_from(["P1-S1", "P1-S2", None]),
)
WORLDS = st.fixed_dictionaries({
    "lead": some(project_id=projects, channel_id=channels, staff_id=staff, created_at=times(), person=persons),
    "visit": some(lead_id=leads, project_id=projects, channel_id=channels, person=persons, at=times()),
    "registration": st.lists(
        st.fixed_dictionaries({
            "lead_id": leads, "project_id": projects, "channel_id": channels, "broker_id": st.sampled_from(["B1", "B1", None]), "at": times(),
            "person": st.one_of(persons, st.integers(0, 99).map(lambda n: f"{n:032}")), "protected_until": st.one_of(st.none(), times()),
        }), min_size=2, max_size=9,
    ),
    "follow_up": some(lead_id=st.sampled_from(["l0", "l1"]), at=times(), reached=st.sampled_from([True, False, None])),
    "assignment": some(lead_id=st.sampled_from(["l0", "l1"]), channel_id=channels, staff_id=staff, at=times()),
    "subscription": some(lead_id=leads, project_id=projects, person=persons, at=times()),
    "contract": some(
        lead_id=leads, project_id=projects, person=persons, signed_at=times(), cancelled_at=st.one_of(st.none(), times()),
        commission_records=st.sampled_from([None, 1, 2]),
    ),
})  # fmt: skip


@pytest.fixture(scope="module")
def empty() -> Iterator[Replica]:
    replica = a_replica()
    yield replica
    replica.close()


def agrees(replica: Replica, drawn: dict[str, list[dict[str, Any]]]) -> None:
    rows = {
        name: [{"id": f"{name[0]}{nth}", **row} for nth, row in enumerate(listed)] for name, listed in drawn.items()
    }
    try:
        for name, listed in rows.items():
            put_all(replica.connection, name, listed)
        pack = replace(property_pack(), record_rules={rule: property_pack().record_rules[rule] for rule in RULES})
        found = check_records(replica.connection, pack, {}, as_of=AS_OF).found
    finally:
        clear(replica.connection)
    kinds = [{"id": f"C{nth}", "kind": kind} for nth, kind in enumerate(KINDS, start=1)]
    expected = findings(World(AS_OF, {**rows, "channel": kinds}))
    SEEN.update(rule for rule, _, _ in expected)
    assert {(one.rule, one.key, one.level) for one in found} == expected


@st.composite
def worlds(draw: st.DrawFn) -> dict[str, list[dict[str, Any]]]:
    """A small world, now and then with a broker's list typed in within about ten minutes."""
    drawn = draw(WORLDS)
    if draw(st.integers(0, 3)) == 0:
        gaps = draw(st.lists(st.sampled_from([0, 60, 150, 151, 300, 601]), min_size=4, max_size=7))
        for nth, gap in enumerate([0, *gaps]):
            at = START + timedelta(seconds=gap + sum(gaps[:nth]) // 2)
            drawn["registration"].append(
                {"project_id": "P1", "channel_id": PAID, "broker_id": "B1", "at": at, "person": f"list-{nth}"}
            )
    return drawn


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(drawn=worlds())
def test_small_worlds(empty: Replica, drawn: dict[str, list[dict[str, Any]]]) -> None:
    agrees(empty, drawn)


@pytest.mark.nightly
@settings(max_examples=3000, deadline=None, suppress_health_check=list(HealthCheck))
@given(drawn=worlds())
def test_many_small_worlds(empty: Replica, drawn: dict[str, list[dict[str, Any]]]) -> None:
    agrees(empty, drawn)


@pytest.mark.nightly
def test_every_rule_was_put_to_the_test() -> None:
    """Follows the many worlds above: a rule that none of them broke would have proved nothing."""
    print("findings per rule:", dict(SEEN))
    assert set(SEEN) >= set(RULES)
