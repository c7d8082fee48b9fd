"""Who has to explain: two weeks of a month in the lowest third or behind the target by more than the limit, and nobody exempt."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

import pytest

from metrics.boards import GROUP, Board, Standing
from metrics.health import Report, reports
from metrics.laggards import is_low, laggards, month_of, months
from metrics.periods import Span
from metrics.reading import count
from metrics.records import Record
from metrics.totals import Frames
from tests.snapshots import property_pack, small_snapshot

FIRST = date(2026, 3, 2)
WEEK = timedelta(weeks=1)
PLAIN = reports(Frames(small_snapshot()), property_pack(), FIRST)["p1"]


def a_record(week: date, rank: int, among: int = 6) -> Record:
    rows = tuple(Standing("p1" if at == rank else f"x{at}", at, count(60 - at), count(0)) for at in range(1, among + 1))
    board = Board("composite", "composite", Span(week, week + timedelta(6)), 4, rows, ())
    at = datetime(2026, 3, 9, tzinfo=UTC)
    return Record("composite", week, at, "v", at, {"of": "project"}, {GROUP: board})


def a_report(week: date, *, behind: bool = False, exempt: bool = False) -> Report:
    return replace(PLAIN, week=week, exempt=exempt, verdict=replace(PLAIN.verdict, is_behind=behind))


@pytest.mark.parametrize(
    ("rank", "among", "expected"),
    [(4, 6, False), (5, 6, True), (6, 6, True), (6, 7, True), (5, 7, False), (2, 2, False), (None, 6, False)],
)
def test_the_lowest_third(rank: int | None, among: int, expected: bool) -> None:
    assert is_low(rank, among) == expected


@pytest.mark.parametrize(
    ("ranks", "behind", "exempt", "named"),
    [
        pytest.param([6, 1, 1, 1], [False] * 4, False, False, id="one low week is not enough"),
        pytest.param([6, 1, 5, 1], [False] * 4, False, True, id="two low weeks are"),
        pytest.param([1, 1, 1, 1], [True, False, True, False], False, True, id="two weeks behind the target are"),
        pytest.param([6, 1, 1, 1], [False, True, False, False], False, True, id="one of each makes two"),
        pytest.param([6, 1, 1, 1], [True, False, False, False], False, False, id="both in one week is one week"),
        pytest.param([6, 6, 6, 6], [True] * 4, True, False, id="an exempt pilot does not explain"),
    ],
)
def test_who_has_to_explain(ranks: list[int], behind: list[bool], exempt: bool, named: bool) -> None:
    weeks = [FIRST + n * WEEK for n in range(4)]
    records = [a_record(week, rank) for week, rank in zip(weeks, ranks, strict=True)]
    listed = [a_report(week, behind=each, exempt=exempt) for week, each in zip(weeks, behind, strict=True)]
    found = laggards(months(records, listed, date(2026, 3, 1)), least=2)
    assert [one.project for one in found] == (["p1"] if named else [])


def test_a_week_belongs_to_the_month_of_its_thursday() -> None:
    assert month_of(date(2026, 3, 30)) == date(2026, 4, 1) and month_of(date(2026, 2, 23)) == date(2026, 2, 1)
    outside = [FIRST - WEEK, FIRST + 4 * WEEK]
    found = months([a_record(week, 6) for week in outside], [a_report(week) for week in outside], date(2026, 3, 1))
    assert found == []


def test_a_week_whose_board_is_not_there_is_shown_without_a_rank() -> None:
    (one,) = months([], [a_report(FIRST)], date(2026, 3, 1))
    assert [(week.rank, week.points, week.is_low) for week in one.weeks] == [(None, None, False)]


def test_a_month_s_weeks_stand_in_order_with_their_numbers() -> None:
    weeks = [FIRST + WEEK, FIRST]
    (one,) = months([a_record(week, 2) for week in weeks], [a_report(week) for week in weeks], date(2026, 3, 1))
    assert [week.week for week in one.weeks] == sorted(weeks)
    assert {(week.rank, week.among, week.points) for week in one.weeks} == {(2, 6, Fraction(58))}
