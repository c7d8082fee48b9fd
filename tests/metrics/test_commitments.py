"""Commitments are decided once, from a reading, in the metric's own direction; what cannot be told is neither kept nor missed."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrics.commitments import (
    WINDOWS,
    Checked,
    Commitment,
    Outcome,
    checked_day,
    decides,
    is_overdue,
    judged,
    kept_share,
    promisable,
    read,
    span_of,
    state,
    window_of,
)
from metrics.health import told_metric
from metrics.pack import Metric
from metrics.reading import Reading, count, missing, ratio
from metrics.totals import Frames
from tests.snapshots import property_pack, small_snapshot

PACK = property_pack()
MONDAY = date(2026, 3, 2)
MADE = datetime(2026, 2, 20, 2, 0, tzinfo=UTC)


def a_promise(
    metric: str = "visit_rate", value: str = "0.3", due: date = date(2026, 3, 8), window: str = "week"
) -> Commitment:
    told = told_metric(PACK, PACK.metric(metric))
    return Commitment("c1", "p1", metric, Fraction(value), window, due, "somebody", MADE, told)


def a_check(outcome: Outcome | None = None, week: date = MONDAY) -> Checked:
    return Checked("c1", week, MADE, "v", ratio(1, 2), outcome)


@pytest.mark.parametrize(
    ("reading", "better", "expected"),
    [
        pytest.param(ratio(30, 100), "higher", "kept", id="just what was promised is kept"),
        pytest.param(ratio(29, 100), "higher", "missed", id="less is missed"),
        pytest.param(ratio(31, 100), "higher", "kept", id="more is kept"),
        pytest.param(ratio(30, 100), "lower", "kept", id="just what was promised is kept where less is better"),
        pytest.param(ratio(31, 100), "lower", "missed", id="more is missed where less is better"),
        pytest.param(ratio(0, 100), "lower", "kept", id="nothing at all is the least"),
        pytest.param(ratio(0, 100), "higher", "missed", id="nothing at all is a reading"),
        pytest.param(ratio(19, 19), "higher", "untold", id="too few cases tell nothing, however good"),
        pytest.param(ratio(0, 19), "higher", "untold", id="too few cases tell nothing, however bad"),
        pytest.param(missing("absent"), "higher", "untold", id="no data is not missed"),
        pytest.param(missing("spend_open"), "lower", "untold", id="spend that is open is not kept"),
        pytest.param(missing("no_target"), "higher", "untold", id="no target is not missed"),
        pytest.param(count(1), "higher", "kept", id="a sum needs no least number"),
    ],
)
def test_a_reading_decides(reading: Reading, better: str, expected: Outcome) -> None:
    assert judged(reading, Fraction(3, 10), better, min_n=20) == expected


@given(st.fractions(0, 1), st.fractions(0, 1), st.sampled_from(["higher", "lower"]))
def test_a_better_reading_never_turns_kept_into_missed(value: Fraction, promised: Fraction, better: str) -> None:
    step = Fraction(1, 7) if better == "higher" else -Fraction(1, 7)
    before, after = (judged(count(each), promised, better, 0) for each in (value, value + step))
    assert before in ("kept", "missed") and (before, after) != ("kept", "missed")


@given(st.fractions(0, 1), st.fractions(0, 1))
def test_both_directions_agree_only_on_what_is_just_as_promised(value: Fraction, promised: Fraction) -> None:
    told = [judged(count(value), promised, better, 0) for better in ("higher", "lower")]
    assert (told == ["kept", "kept"]) == (value == promised) and "kept" in told


@pytest.mark.parametrize(
    ("due", "monday", "last"),
    [
        pytest.param(date(2026, 3, 8), MONDAY, date(2026, 3, 8), id="a Sunday is decided by its own week"),
        pytest.param(date(2026, 3, 4), MONDAY, date(2026, 3, 4), id="days after the date do not count"),
        pytest.param(date(2026, 3, 9), MONDAY, None, id="a Monday is the next week's to decide"),
        pytest.param(date(2026, 2, 28), MONDAY, date(2026, 2, 28), id="a week that came late decides up to the date"),
    ],
)
def test_the_first_week_that_reaches_the_date_decides(due: date, monday: date, last: date | None) -> None:
    one = a_promise(due=due)
    assert decides(one, monday) == (last is not None)
    assert checked_day(one, monday) == (last or monday + timedelta(6))


@pytest.mark.parametrize(
    ("window", "first"),
    [("week", date(2026, 3, 2)), ("month", date(2026, 2, 9)), ("year", date(2026, 1, 1))],
)
def test_what_a_promise_is_read_over(window: str, first: date) -> None:
    span = span_of(a_promise(window=window), date(2026, 3, 8))
    assert (span.first, span.last) == (first, date(2026, 3, 8))


def test_an_outcome_stays_whatever_comes_after() -> None:
    one = a_promise()
    for outcome in ("kept", "missed", "untold"):
        assert state(one, [a_check(), a_check(outcome)]) == outcome  # type: ignore[arg-type]
        gone = replace(one, withdrawn_at=MADE)
        assert state(gone, [a_check(outcome)]) == outcome  # type: ignore[arg-type]


def test_a_promise_is_open_until_a_board_decides_and_overdue_once_its_date_has_passed() -> None:
    one = a_promise()
    assert state(one, [a_check()]) == "open"
    assert not is_overdue(one, [], one.due) and is_overdue(one, [], one.due + timedelta(1))
    assert not is_overdue(one, [a_check("missed")], one.due + timedelta(1))
    gone = replace(one, withdrawn_at=MADE)
    assert state(gone, []) == "withdrawn" and not is_overdue(gone, [], one.due + timedelta(1))


def test_only_what_is_decided_counts_for_the_year() -> None:
    assert kept_share(["kept", "missed", "kept", "untold", "open", "withdrawn"]) == ratio(2, 3)
    assert kept_share(["open", "untold"]).missing == "nothing"


def test_only_metrics_with_a_direction_that_the_source_can_give_may_be_promised() -> None:
    names = {one.name for one in promisable(small_snapshot(), PACK)}
    assert {"leads", "visit_rate", "attainment", "overdue_leads", "net_contract_amount"} <= names
    assert "sop_rate" not in names and "spend" not in names


def test_a_promise_is_read_as_the_boards_read_its_metric() -> None:
    frames = Frames(small_snapshot())
    assert read(frames, PACK, a_promise("leads"), MONDAY).value == 10
    spend = read(frames, PACK, a_promise("cost_per_lead", window="month"), MONDAY)
    assert spend.value is not None and spend.numerator and spend.denominator
    share = read(frames, PACK, a_promise("overdue_leads", window="now"), MONDAY)
    assert share.denominator and share.value == Fraction(share.numerator or 0, share.denominator)


def test_a_state_that_nobody_kept_cannot_be_told() -> None:
    long_ago = a_promise("overdue_leads", due=date(2026, 2, 1), window="now")
    assert read(Frames(small_snapshot()), PACK, long_ago, MONDAY).missing == "no_record"


def test_a_metric_that_is_read_otherwise_by_now_cannot_be_told() -> None:
    one = a_promise()
    other = replace(one, told={**one.told, "how": "something / else"})
    gone = replace(one, metric="no_longer_there")
    assert [read(Frames(small_snapshot()), PACK, each, MONDAY).missing for each in (other, gone)] == ["absent"] * 2


def test_a_target_is_read_by_the_year_and_a_state_as_it_is() -> None:
    metric: Metric = PACK.metric("attainment")
    assert {window_of(metric, each) for each in WINDOWS} == {"year"}
    assert {window_of(PACK.metric("overdue_leads"), each) for each in WINDOWS} == {"now"}
    assert [window_of(PACK.metric("visit_rate"), each) for each in WINDOWS] == list(WINDOWS)
