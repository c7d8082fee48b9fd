"""What pilots gained is their change over that of projects not yet in, with its uncertainty, and nothing from too few of them."""

from datetime import date, timedelta
from math import exp, log
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metrics.reading import missing
from metrics.rollout import LEAST_GROUP, LEAST_LEADS, days_in, effect, growths, latest_weeks, of_changes, stage_of
from metrics.totals import Frames
from tests.snapshots import AS_OF, a_snapshot, property_pack, small_rows, small_snapshot

PACK = property_pack()
TODAY = AS_OF.date()
BEGAN = date(2025, 12, 1)
"""A Monday; the eight weeks from it end on 25 January."""


def test_pilots_that_double_while_others_stand_still_gained_as_much():
    found = of_changes([(log(2), [0.0] * 4)] * 3)
    assert found.change == pytest.approx(1) and found.low == pytest.approx(1) and found.high == pytest.approx(1)


@settings(max_examples=40)
@given(
    st.lists(st.floats(-1, 1), min_size=3, max_size=6),
    st.lists(st.floats(-1, 1), min_size=3, max_size=6),
    st.floats(-1, 1),
)
def test_what_befalls_everybody_is_no_gain(pilots: list[float], others: list[float], common: float):
    """The effect and its interval are the same when all leads of those weeks change alike; the interval holds the effect."""
    plain = of_changes([(one, others) for one in pilots])
    moved = of_changes([(one + common, [each + common for each in others]) for one in pilots])
    assert plain.change is not None and plain.low is not None and plain.high is not None
    assert moved.change == pytest.approx(plain.change) and moved.low == pytest.approx(plain.low)
    assert plain.low <= plain.change + 1e-9 and plain.change <= plain.high + 1e-9


def test_the_interval_is_that_of_a_t_test_by_hand():
    found = of_changes([(0.1, [0.0, 0.2, -0.2]), (0.3, [0.0, 0.2, -0.2]), (0.5, [0.0, 0.2, -0.2])])
    # Differences 0.1, 0.3, 0.5: mean 0.3, variance 0.04 ÷ 3; the others' 0.04 ÷ 3; t with two degrees of freedom 4.303.
    reach = 4.303 * (0.08 / 3) ** 0.5
    assert found.change == pytest.approx(exp(0.3) - 1)
    assert (found.low, found.high) == (pytest.approx(exp(0.3 - reach) - 1), pytest.approx(exp(0.3 + reach) - 1))


def test_too_few_on_either_side_say_nothing():
    assert of_changes([(0.1, [0.0] * 5)] * (LEAST_GROUP - 1)).change is None
    assert of_changes([]).change is None


def _world(weekly: dict[str, tuple[int, int]], **more: Any) -> Any:
    """Projects with so many leads a week in the eight weeks before BEGAN and in the eight from it on."""
    projects = [{"id": id, "name": id, **more.get(id, {})} for id in weekly]
    leads = [
        {"id": f"{id}-{week}-{at}", "project_id": id, "created_at": AS_OF.replace(year=2025, month=12, day=1) + timedelta(7 * week, minutes=at), "person": f"{id}/{week}/{at}/".ljust(64, "f")}
        for id, (before, after) in weekly.items()
        for week in range(-8, 8)
        for at in range(before if week < 0 else after)
    ]  # fmt: skip
    return Frames(a_snapshot(project=projects, lead=leads))


def test_pilots_are_compared_in_their_own_weeks():
    weekly = {f"p{n}": (10, 20) for n in range(3)} | {f"c{n}": (10, 10) for n in range(4)}
    frames = _world(weekly)
    others = [id for id in weekly if id[0] == "c"]
    found = effect(frames, PACK, dict.fromkeys(("p0", "p1", "p2"), BEGAN), others)
    assert (found.pilots, found.controls, found.change) == (3, 4, pytest.approx(1))


def test_projects_that_were_not_selling_yet_or_hardly_are_left_out():
    weekly = {f"p{n}": (10, 20) for n in range(3)} | {"c0": (10, 10), "c1": (10, 10), "c2": (2, 2), "c3": (10, 10)}
    assert LEAST_LEADS > 8 * 2
    frames = _world(weekly, c3={"opened_on": BEGAN - timedelta(20)})
    found = effect(frames, PACK, dict.fromkeys(("p0", "p1", "p2"), BEGAN), [id for id in weekly if id[0] == "c"])
    assert found.change is None and found.pilots == 0
    early = effect(frames, PACK, dict.fromkeys(("p0",), BEGAN - timedelta(70)), ["c0", "c1", "c2"])
    assert early.pilots == 0


def test_weekly_growth_is_that_of_the_rows():
    def leads(project: str, back: int) -> int:
        span = latest_weeks(TODAY, back=back)
        rows = small_rows()["lead"]
        return sum(row["project_id"] == project and span.first <= row["created_at"].date() <= span.last for row in rows)

    found = growths(Frames(small_snapshot()), PACK)
    assert {id: (one.now, one.before) for id, one in found.items()} == {
        id: (leads(id, 0), leads(id, 1)) for id in found
    }
    assert all((one.change.value is None) == (one.before < LEAST_LEADS) for one in found.values())


def test_stages_are_read_as_the_source_calls_them():
    assert [stage_of(each) for each in ("试点", " 固化 ", None, "别的")] == ["pilot", "fixed", "out", "out"]
    assert days_in(TODAY - timedelta(9), TODAY).value == 9 and days_in(None, TODAY) == missing("no_record")
