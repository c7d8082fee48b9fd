"""A milestone's colour is its lateness over its planned length; the critical path is the longest chain of tasks that wait."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metrics.milestones import Accepted, critical_path, on_time, plan_milestones, schedule, schedules
from metrics.snapshot import Milestone
from tests.snapshots import property_pack

START = date(2026, 1, 1)


def a_milestone(id: str, days: int = 100, ended: int | None = None, **more: str | None) -> Milestone:
    """A task from the first of January on, over so many days, that ended so many days after its planned end."""
    end = START + timedelta(days)
    actual = None if ended is None else end + timedelta(ended)
    return Milestone(id, more.pop("project", None), id, START, end, actual, **more)  # type: ignore[arg-type]


@settings(max_examples=100)
@given(st.integers(1, 400), st.integers(-50, 400), st.booleans())
def test_the_colour_follows_from_days_late_over_the_planned_length(length: int, late: int, done: bool):
    today = START + timedelta(length + late)
    one = a_milestone("n", length, late if done else None)
    task = schedule(None, [one], today if not done else today + timedelta(1000)).tasks[0]
    percent = max(late, 0) * 100
    expected = None
    if late > 0:
        expected = "yellow" if percent < 10 * length else "orange" if percent <= 30 * length else "red"
    assert task.colour == expected
    assert task.escalates == (not done and percent > 5 * length)
    assert task.lateness == Fraction(max(late, 0), length)


def test_the_edges_of_the_colours_and_of_escalation():
    colours = {
        late: schedule(None, [a_milestone("n")], START + timedelta(100 + late)).tasks[0] for late in (0, 5, 6, 9, 10, 30, 31)
    }  # fmt: skip
    assert {late: (one.colour, one.escalates) for late, one in colours.items()} == {
        0: (None, False),
        5: ("yellow", False),
        6: ("yellow", True),
        9: ("yellow", True),
        10: ("orange", True),
        30: ("orange", True),
        31: ("red", True),
    }


Net = tuple[Mapping[str, int], Mapping[str, Sequence[str]]]


@st.composite
def nets(draw: st.DrawFn) -> Net:
    ids = [f"n{at}" for at in range(draw(st.integers(1, 7)))]
    days = {id: draw(st.integers(1, 9)) for id in ids}
    waits = {id: draw(st.lists(st.sampled_from(ids), max_size=3, unique=True).map(lambda x, id=id: [o for o in x if o != id])) for id in ids}  # fmt: skip
    return days, waits


def every_chain(waits: Mapping[str, Sequence[str]], last: str, seen: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Every chain that ends in a task, by trying all; one that runs in a circle is cut where it would begin again."""
    if last in seen:
        return []
    before = [chain for other in waits[last] for chain in every_chain(waits, other, (*seen, last))]
    return [(last,), *((*chain, last) for chain in before)]


def rests_on_a_circle(waits: Mapping[str, Sequence[str]], id: str, seen: frozenset[str] = frozenset()) -> bool:
    return id in seen or any(rests_on_a_circle(waits, other, seen | {id}) for other in waits[id])


@settings(max_examples=80)
@given(nets())
def test_the_critical_path_is_the_longest_of_all_chains(net: Net):
    days, waits = net
    path, circular = critical_path(days, waits)
    assert set(circular) == {id for id in days if rests_on_a_circle(waits, id)}
    free = [id for id in days if id not in circular]
    chains = [chain for id in free for chain in every_chain(waits, id) if len(chain) > 1]
    longest = max((sum(days[id] for id in chain) for chain in chains), default=0)
    assert sum(days[id] for id in path) == longest
    assert all(before in waits[after] for before, after in zip(path, path[1:], strict=False))


def test_parents_come_before_their_parts_and_the_group_before_projects():
    told = [
        a_milestone("part", 10, parent_id="whole", depends_on="first, unknown"),
        a_milestone("first", 20, parent_id="whole"),
        a_milestone("whole", 90),
        a_milestone("other", 5, project="p1"),
    ]
    group, project = schedules(told, START)
    assert [(one.milestone.id, one.depth) for one in group.tasks] == [("whole", 0), ("part", 1), ("first", 1)]
    assert group.path == ("first", "part") and [one.milestone.id for one in group.tasks if one.is_critical] == [
        "part",
        "first",
    ]
    assert group.critical_days == 30 and group.tasks[1].waits_for == ("first",)
    assert (project.project, project.critical_days) == ("p1", 0)


def test_on_time_counts_those_whose_planned_end_has_passed():
    told = [
        a_milestone("in_time", 10, 0),
        a_milestone("late", 10, 3),
        a_milestone("open", 10),
        a_milestone("ahead", 500),
    ]
    found = on_time(schedule(None, told, START + timedelta(30)).tasks, START + timedelta(30))
    assert (found.numerator, found.denominator) == (1, 3)


@pytest.mark.parametrize(("plan", "months", "number"), [("efficiency", 24, 8), ("stock", 36, 12)])
def test_a_plan_is_cut_into_nodes_of_equal_months_that_wait_for_each_other(plan: str, months: int, number: int):
    accepted = {1: Accepted(date(2026, 4, 20), "验收通过", "a", datetime(2026, 4, 21))}
    found = plan_milestones(property_pack().scorecards[plan], START, accepted, "节点 {n}/{of}")
    assert len(found) == number and found[-1].planned_end == date(2026 + months // 12, 1, 1)
    assert found[0].planned_end == date(2026, 4, 1) and found[0].actual_end == date(2026, 4, 20)
    assert found[1].planned_start == found[0].planned_end and found[1].depends_on == found[0].id
    path = schedule(None, found, START)
    assert all(task.is_critical for task in path.tasks) and path.critical_days == (found[-1].planned_end - START).days
