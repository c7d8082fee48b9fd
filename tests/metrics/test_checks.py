"""What each rule says of each subject: firing, near, calm, or nothing, for nothing is known."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from metrics.pack import Pack, PackError
from metrics.rules import SOURCE, Check, check_thresholds, checks, findings, source_checks
from metrics.snapshot import Budget, Frozen, Milestone, Snapshot
from metrics.totals import Frames
from tests.snapshots import AS_OF, a_snapshot, property_pack, small_rows, small_snapshot

PACK = property_pack()


def said(snapshot: Snapshot, rule: str, thresholds: Mapping[str, Any] | None = None) -> dict[str, Check]:
    """What a rule says, by subject; the last one where a subject has several."""
    return {one.key.subject: one for one in checks(Frames(snapshot), PACK, thresholds) if one.key.rule == rule}


def leads(days: Mapping[date, int], *, project: str = "p1", as_of: datetime = AS_OF, **more: Any) -> Snapshot:
    """A project with so many leads on each day, and a second one with one a day, so that the group has some."""
    each = [
        *((day, project, n) for day, n in days.items()),
        *((as_of.date() - timedelta(n), "p2", 1) for n in range(1, 70)),
    ]
    rows = [
        {"id": f"{where}-{day}-{n}", "project_id": where, "channel_id": "c1", "created_at": datetime.combine(day, AS_OF.time()), **more}
        for day, where, count in each
        for n in range(count)
    ]  # fmt: skip
    projects = [{"id": "p1", "name": "云岫府"}, {"id": "p2", "name": "文昌学府"}]
    return a_snapshot(as_of=as_of, project=projects, channel=[{"id": "c1", "name": "短视频"}], lead=rows)


def steady(as_of: datetime, usual: int, last: int, *, days: int = 7) -> dict[date, int]:
    """So many leads a day for ten weeks, and other so many on the last days."""
    today = as_of.date()
    return {today - timedelta(n): last if n <= days else usual for n in range(1, 71)}


MAY = datetime(2026, 7, 22, 10, 0)
"""Nothing but ordinary days for a month, and Dragon Boat festival on 19 June."""


def test_a_fall_says_which_test_was_used_and_on_how_many_cases() -> None:
    one = said(leads(steady(MAY, 10, 4), as_of=MAY), "lead_fall")["p1"]
    assert one.standing == "firing" and one.finding is not None
    labels = {each.label.zh: each.value for each in one.finding.evidence}
    # 19 June was a holiday, a Friday: that week is left out, so seven weeks of 70 are compared.
    assert labels["近7天"] == 28 and labels["前7周同期"] == 70 and labels["样本"] == 490
    assert labels["泊松检验z"] == Fraction(-50, 10) and one.finding.values["change"] == Fraction(6, 10)


@pytest.mark.parametrize(
    ("last", "standing"),
    [
        pytest.param(10, "calm", id="as usual"),
        pytest.param(7, "calm", id="30 % less of little is chance"),
        pytest.param(6, "firing", id="40 % less and unlikely"),
    ],
)
def test_a_fall_needs_size_and_unlikeliness(last: int, standing: str) -> None:
    z_at_7 = (49 - 70) / 70**0.5
    assert -3 < z_at_7 < -2 or standing != "calm"
    found = said(leads(steady(MAY, 10, last), as_of=MAY), "lead_fall")["p1"].standing
    assert found == ("near" if last == 7 else standing)


def test_holidays_among_the_last_days_are_left_out_on_both_sides() -> None:
    friday_after = datetime(2026, 10, 9, 10, 0)
    days = steady(friday_after, 10, 10)
    days |= {date(2026, 10, day): 0 for day in (1, 2, 3, 5, 6, 7)}
    # Only 4 and 8 October were ordinary days: too few to judge by.
    assert "p1" not in said(leads(days, as_of=friday_after), "lead_fall")
    monday_after = datetime(2026, 10, 12, 10, 0)
    days = steady(monday_after, 10, 10) | {date(2026, 10, day): 0 for day in (5, 6, 7)}
    one = said(leads(days, as_of=monday_after), "lead_fall")["p1"]
    assert one.standing == "calm" and one.finding is not None and one.finding.values["value"] == 40


def test_one_day_is_compared_with_the_same_weekday() -> None:
    days = {day: (30 if day.weekday() >= 5 else 10) for day in steady(MAY, 1, 1)}
    assert said(leads(days, as_of=MAY), "lead_day")["p1"].standing == "calm"
    monday = MAY.replace(day=20)
    days = {
        monday.date() - timedelta(n): (30 if (monday.date() - timedelta(n)).weekday() >= 5 else 10)
        for n in range(1, 100)
    }
    assert said(leads(days, as_of=monday), "lead_day")["p1"].standing == "calm", "a Sunday as Sundays are"
    days[date(2026, 7, 19)] = 10
    assert said(leads(days, as_of=monday), "lead_day")["p1"].standing == "firing", "a Sunday like a Friday"


def test_a_project_that_went_silent_has_fallen() -> None:
    days = {day: n for day, n in steady(MAY, 10, 0).items() if n}
    assert said(leads(days, as_of=MAY), "lead_fall")["p1"].standing == "firing"


def test_a_subject_that_vanished_is_unknown_and_not_calm() -> None:
    rows = small_rows()
    rows["milestone"] = []
    before, after = (said(one, "late_milestone") for one in (small_snapshot(), a_snapshot(**rows)))
    assert before["p2"].standing == "firing" and "p2" not in after


def test_thresholds_of_one_project_hold_for_it_alone() -> None:
    snapshot = leads(steady(MAY, 10, 6), as_of=MAY)
    assert said(snapshot, "lead_fall", {"lead_fall": {"p1": {"limit": Decimal("0.5")}}})["p1"].standing == "calm"
    assert said(snapshot, "lead_fall", {"lead_fall": {"p2": {"limit": Decimal("0.5")}}})["p1"].standing == "firing"
    assert (
        said(snapshot, "lead_fall", {"lead_fall": {"limit": Decimal("0.42"), "margin": Decimal("0.1")}})["p1"].standing
        == "near"
    )


def test_between_entering_and_leaving_lies_the_margin() -> None:
    snapshot = small_snapshot()
    share = said(snapshot, "overdue_follow_up", {"overdue_follow_up": {"limit": 0}})["p1"].finding
    assert share is not None
    at = Decimal(str(float(share.values["value"])))
    for limit, standing in (
        (at - Decimal("0.001"), "firing"),
        (at + Decimal("0.01"), "near"),
        (at + Decimal("0.03"), "calm"),
    ):
        found = said(snapshot, "overdue_follow_up", {"overdue_follow_up": {"limit": limit}})["p1"]
        assert found.standing == standing


def test_what_rests_on_an_entity_that_stands_still_is_unknown_and_its_finding_stays() -> None:
    still = replace(small_snapshot(), frozen=(Frozen("milestone", AS_OF, "gone"), Frozen("target", AS_OF, "gone")))
    assert said(still, "late_milestone")["p2"].standing == "unknown"
    assert {one.standing for one in said(still, "behind_target").values()} == {"unknown"}
    assert said(still, "overdue_follow_up").keys() == said(small_snapshot(), "overdue_follow_up").keys()
    assert {one.rule for one in findings(Frames(still), PACK)} >= {"late_milestone", "behind_target", "stale_data"}
    stale = said(still, "stale_data")
    assert stale["milestone"].standing == "firing" and stale["lead"].standing == "calm"


def test_the_whole_source_is_stale_or_not() -> None:
    (stale,), (fresh,) = (source_checks(PACK, AS_OF, is_stale=one) for one in (True, False))
    assert (stale.standing, stale.key.subject, fresh.standing) == ("firing", SOURCE, "calm")
    assert source_checks(Pack.parse("name = 'x'\nlabel = { zh = 'x', en = 'x' }", "x"), AS_OF, is_stale=True) == []


@pytest.mark.parametrize(
    ("late", "escalates"),
    [pytest.param(5, False, id="5 % of 100 days"), pytest.param(6, True, id="6 %")],
)
def test_a_task_that_slips_more_than_5_percent_goes_one_level_up(late: int, escalates: bool) -> None:
    end = AS_OF.date() - timedelta(late)
    task = Milestone("n", "p1", "开盘", end - timedelta(100), end)
    one = said(replace(small_snapshot(), milestones=(task,)), "late_milestone")["p1"]
    assert one.finding is not None and one.finding.escalates == escalates
    done = replace(task, actual_end=end)
    assert said(replace(small_snapshot(), milestones=(done,)), "late_milestone")["p1"].standing == "calm"


# The small world spends 600 a day in each project, over the last 30 days.
LAST_20 = AS_OF.date() - timedelta(20)


@pytest.mark.parametrize(
    ("amount", "standing", "side"),
    [
        pytest.param(600 * 40, "calm", "", id="just as planned"),
        pytest.param(600 * 40 / 1.14, "near", "", id="14 % more is inside the band"),
        pytest.param(600 * 40 / 1.16, "firing", "+", id="16 % more"),
        pytest.param(600 * 40 / 0.84, "firing", "−", id="16 % less"),
        pytest.param(0, "unknown", "", id="a budget of nothing"),
    ],
)
def test_spend_stays_in_the_elastic_band_of_its_budget(amount: float, standing: str, side: str) -> None:
    plan = Budget("p1", LAST_20, LAST_20 + timedelta(39), Decimal(round(amount)))
    one = said(replace(small_snapshot(), budgets=(plan,)), "budget_band")["p1"]
    assert one.standing == standing
    assert not side or (one.finding is not None and one.finding.values["side"] == side)


@pytest.mark.parametrize(
    ("budget", "standing"),
    [
        pytest.param(
            Budget("p1", AS_OF.date() - timedelta(3), AS_OF.date() + timedelta(30), Decimal(1)), "calm", id="too young"
        ),
        pytest.param(
            Budget("p1", LAST_20 - timedelta(90), LAST_20 - timedelta(60), Decimal(1)), "calm", id="over for long"
        ),
        pytest.param(
            Budget("p9", LAST_20, LAST_20 + timedelta(39), Decimal(1)), "unknown", id="no spend is not spend of nothing"
        ),
    ],
)
def test_which_budgets_are_looked_at(budget: Budget, standing: str) -> None:
    assert said(replace(small_snapshot(), budgets=(budget,)), "budget_band")[budget.project].standing == standing


def test_budgets_of_other_kinds_are_not_held_against_spend() -> None:
    plans = tuple(
        Budget("p1", LAST_20, LAST_20 + timedelta(39), Decimal(600 * 20), kind) for kind in (None, "营销投放", "人力")
    )
    assert said(replace(small_snapshot(), budgets=plans), "budget_band")["p1"].standing == "calm"
    assert said(small_snapshot(), "budget_band") == {}


def test_a_rule_with_a_patience_of_nothing_is_refused() -> None:
    text = "name = 'x'\nlabel = { zh = 'x', en = 'x' }\n[rules.a]\nkind = 'stale'\nopen_after = 0"
    words = "\n".join(f"{key} = {{ zh = 'x', en = 'x' }}" for key in ("label", "message", "next_step"))
    with pytest.raises(PackError, match="open_after is 0"):
        Pack.parse(f"{text}\nseverity = 'red'\n{words}", "x")
    check_thresholds(PACK, {"lead_fall": {"margin": 0.1, "p1": {"margin": 0.2}}})
