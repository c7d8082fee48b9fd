"""Funnels of cohorts: what is drawn beside the leads that came is what can still come, and nothing twice."""

import pytest

from metrics.funnel import funnel, project_funnels
from metrics.periods import PERIODS, period
from metrics.query import Basis
from metrics.totals import Frames, Where
from tests.snapshots import property_pack, small_snapshot

SNAPSHOT, PACK = small_snapshot(), property_pack()


@pytest.mark.parametrize("name", PERIODS)
def test_who_came_and_who_may_still_come_are_never_more_than_the_leads(name: str) -> None:
    span = period(name, SNAPSHOT.as_of).span(SNAPSHOT.as_of)
    found = [funnel(Frames(SNAPSHOT), PACK, "cohort", span), *project_funnels(Frames(SNAPSHOT), PACK, "cohort", span)]
    for one in found:
        leads = one.stages[0].count.value or 0
        for stage in one.stages[1:]:
            assert 0 <= stage.open <= stage.immature <= leads
            assert (stage.count.value or 0) + stage.open <= leads


def test_a_lead_that_came_while_young_is_not_counted_as_one_that_may_still_come() -> None:
    span = period("month", SNAPSHOT.as_of).span(SNAPSHOT.as_of)
    visit = next(one for one in funnel(Frames(SNAPSHOT), PACK, "cohort", span).stages if one.step == "visit")
    came_of_age = visit.of_previous.numerator or 0
    assert visit.open == visit.immature - (int(visit.count.value or 0) - came_of_age) < visit.immature


@pytest.mark.parametrize("basis", ["period", "cohort"])
def test_a_funnel_of_salespeople_begins_with_leads_for_exposure_is_the_project_s(basis: Basis) -> None:
    span = period("month", SNAPSHOT.as_of).span(SNAPSHOT.as_of)
    first = funnel(Frames(SNAPSHOT), PACK, basis, span, Where(staff=frozenset(("s1",)))).stages[0]
    assert first.step == "lead" and (first.count.value or 0) > 0 and first.of_previous.value is None
