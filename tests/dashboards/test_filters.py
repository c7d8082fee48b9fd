"""Filters: claims from an address, kept only when this viewer may know the value."""

from dataclasses import replace

import pytest

from dashboards._filters import Filters
from metrics.totals import Where
from tests.dashboards.worlds import a_view
from tests.snapshots import property_pack, small_snapshot

HOSTILE = ("p2", "p9", "../../etc/passwd", "' or 1=1 --", "<script>", "\x00", "x" * 10_000, "", "全部", "p1,p2")


@pytest.mark.parametrize("value", HOSTILE)
def test_a_foreign_or_unknown_project_is_ignored_alike(value: str) -> None:
    assert a_view("head", project=value).where == a_view("head").where == Where(project=frozenset(("p1",)))


@pytest.mark.parametrize(
    "name", ["period", "region", "channel", "basis", "metric", "hours", "step", "week", "severity", "lang", "nonsense"]
)
@pytest.mark.parametrize("value", HOSTILE)
def test_unknown_values_are_ignored(name: str, value: str) -> None:
    assert replace(a_view(**{name: value}).filters, left_out=()) == Filters()


@pytest.mark.parametrize("name", ["project", "region", "channel"])
def test_a_narrowing_that_cannot_be_heeded_is_named_and_not_carried_on(name: str) -> None:
    view = a_view("head", **{name: "p9"}, period="month")
    assert view.filters.left_out == (name,)
    assert view.address("/funnels") == "/funnels?period=month"


def test_other_unknown_values_and_empty_ones_need_no_word() -> None:
    assert a_view(project="", period="decade", nonsense="p9").filters.left_out == ()


def test_a_region_narrows_to_its_projects() -> None:
    assert a_view(region="城东").where.project == frozenset(("p2", "p3"))


def test_a_region_does_not_widen_a_head_s_view() -> None:
    assert a_view("head", region="城东").where.project == frozenset(("p1",))


def test_a_salesperson_cannot_narrow_by_channel() -> None:
    assert a_view("salesperson", channel="c1").where.dimensions == {"project", "staff"}


def test_defaults_stay_out_of_the_address() -> None:
    assert a_view(period="week", metric="leads").filters.address("/funnels") == "/funnels"


def test_shared_filters_go_along_to_another_page() -> None:
    view = a_view(period="month", project="p1", lang="en", step="visit")
    assert view.address("/alerts") == "/alerts?period=month&project=p1&lang=en"


def test_an_address_can_be_read_again() -> None:
    asked = {"period": "month", "channel": "c2", "basis": "cohort", "lang": "en"}
    view = a_view(**asked)
    assert Filters.read(view.filters.chosen(), small_snapshot(), property_pack(), view.scope) == view.filters
