"""Trends: every day or week, nothing left out, nothing invented."""

from datetime import date

from metrics.reading import count, missing
from metrics.totals import Frames, Where
from metrics.trend import DAYS, WEEKS, trend, trend_metrics
from tests.snapshots import a_snapshot, property_pack, small_rows, small_snapshot

PACK = property_pack()
FRAMES = Frames(small_snapshot())


def test_five_weeks_by_day_end_today() -> None:
    points = trend(FRAMES, PACK, "leads", "day")
    assert len(points) == DAYS and points[-1].first == date(2026, 3, 11)
    assert [point.running for point in points] == [False] * (DAYS - 1) + [True]


def test_half_a_year_by_week_starts_on_mondays() -> None:
    points = trend(FRAMES, PACK, "leads", "week")
    assert len(points) == WEEKS and {point.first.weekday() for point in points} == {0}
    assert sum(point.reading.value or 0 for point in points) == 240


def test_a_day_without_customers_is_zero_for_a_count_and_missing_for_a_rate() -> None:
    nobody = Where(project=frozenset(("p9",)))
    assert {point.reading for point in trend(FRAMES, PACK, "leads", "day", nobody)} == {count(0)}
    assert {point.reading for point in trend(FRAMES, PACK, "visit_rate", "day", nobody)} == {missing("nothing")}


def test_what_the_source_lacks_is_missing_everywhere_and_is_not_offered() -> None:
    rows = small_rows()
    bare = a_snapshot(lead=rows["lead"])
    assert {point.reading.missing for point in trend(Frames(bare), PACK, "spend", "day")} == {"absent"}
    assert "spend" not in trend_metrics(bare, PACK) and "cost_per_lead" not in trend_metrics(bare, PACK)
    assert trend_metrics(small_snapshot(), PACK)[0] == "leads"
