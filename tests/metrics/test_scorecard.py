"""A KPI is judged by the days it lies behind the straight lines of its plan, or not at all; what is measured is what the rows say."""

from datetime import date, timedelta
from fractions import Fraction
from importlib.resources import files
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metrics.pack import KpiSpec, Label, Pack, ScorecardSpec, SharePart
from metrics.periods import months_later
from metrics.reading import Reading, missing, ratio
from metrics.rollout import completeness, latest_weeks
from metrics.scorecard import (
    Setting,
    UnfitKpi,
    figure_typed,
    fit_setting,
    judged,
    kpi_of,
    maturity,
    measured,
    on_time,
    tool_usage,
)
from metrics.totals import EVERYTHING, Frames, Where
from tests.snapshots import AS_OF, property_pack, small_rows, small_snapshot

PACK = property_pack()
START = date(2025, 1, 1)
TODAY = AS_OF.date()
NO_LABEL = Label("", "")


def a_kpi(**more: Any) -> KpiSpec:
    return KpiSpec(
        "k", NO_LABEL, **({"format": "count", "baseline": Fraction(0), "steps": ((10, Fraction(100)),)} | more)
    )


def a_plan(*kpis: KpiSpec) -> ScorecardSpec:
    return ScorecardSpec("plan", NO_LABEL, NO_LABEL, kpis, months=10)


def status(
    spec: KpiSpec, value: int | None, today: date, start: date | None = START, setting: Setting = Setting()
) -> str:  # noqa: B008
    return judged(kpi_of(a_plan(spec), spec, start, setting), None if value is None else Fraction(value), today).status


def test_the_plan_goes_straight_from_the_baseline_to_each_step():
    # Ten months from the first of January are 304 days; after 76 of them a quarter is wanted.
    quarter = START + timedelta(76)
    assert status(a_kpi(), 25, quarter) == "on_pace"
    assert status(a_kpi(), 24, quarter) == "yellow"
    assert status(a_kpi(), 15, quarter) == "orange"
    assert status(a_kpi(), 100, quarter) == "reached"
    late = judged(kpi_of(a_plan(a_kpi()), a_kpi(), START, Setting()), Fraction(15), quarter)
    assert (late.expected, late.lateness) == (25, Fraction(1, 10))


@pytest.mark.parametrize(
    ("spec", "value", "start", "said"),
    [
        (a_kpi(), None, START, "unentered"),
        (a_kpi(disputed=True), 150, START, "disputed"),
        (a_kpi(steps=()), 5, START, "no_target"),
        (a_kpi(baseline=None), 5, START, "no_baseline"),
        (a_kpi(), 5, None, "no_dates"),
        (a_kpi(), 5, TODAY + timedelta(1), "not_begun"),
        (a_kpi(better="lower", baseline=Fraction(100), steps=((10, Fraction(50)),)), 50, START, "reached"),
    ],
)
def test_nothing_is_said_where_something_lacks(spec: KpiSpec, value: int | None, start: date | None, said: str):
    assert status(spec, value, TODAY, start) == said


@settings(max_examples=60)
@given(st.integers(0, 99), st.integers(0, 400), st.booleans())
def test_a_kpi_is_late_by_the_days_since_its_value_was_wanted(value: int, passed: int, falls: bool):
    """Day by day from the start: the last day on which no more than this value was wanted is how far the KPI has come."""
    length = 304
    spec = a_kpi(better="lower", baseline=Fraction(100), steps=((10, Fraction(0)),)) if falls else a_kpi()
    now = 100 - value if falls else value
    found = judged(kpi_of(a_plan(spec), spec, START, Setting()), Fraction(now), START + timedelta(passed))
    wanted_after = Fraction(value * length, 100)
    late = max(Fraction(passed) - wanted_after, Fraction(0)) / length
    assert found.lateness == late
    colour = (
        "on_pace"
        if late == 0
        else "yellow"
        if late < Fraction(1, 10)
        else "orange"
        if late <= Fraction(3, 10)
        else "red"
    )
    assert found.status == colour


@settings(max_examples=40)
@given(st.lists(st.integers(1, 100), min_size=2, max_size=4, unique=True), st.integers(0, 300))
def test_being_exactly_where_the_plan_wants_is_never_late(values: list[int], passed: int):
    values.sort()
    steps = tuple((10 // len(values) * (at + 1), Fraction(value)) for at, value in enumerate(values))
    spec = a_kpi(steps=steps)
    kpi, day = kpi_of(a_plan(spec), spec, START, Setting()), START + timedelta(passed)
    wanted = judged(kpi, Fraction(-1), day).expected
    assert wanted is not None and judged(kpi, wanted, day).status in ("on_pace", "reached")


def test_what_was_set_takes_the_place_of_the_plan():
    spec = a_kpi(steps=((5, Fraction(40)), (10, Fraction(100))), disputed=True)
    end = months_later(START, 10)
    own = kpi_of(a_plan(spec), spec, START, Setting("某人", Fraction(10), "复盘", Fraction(90)))
    assert (own.owner, own.baseline, own.steps, own.disputed) == ("某人", 10, ((end, Fraction(90)),), False)
    later = kpi_of(a_plan(spec), spec, START, Setting(due=date(2026, 1, 1)))
    assert later.steps == ((months_later(START, 5), Fraction(40)), (date(2026, 1, 1), Fraction(100)))
    assert later.disputed and later.baseline == 0


@pytest.mark.parametrize(
    ("setting", "reason"),
    [
        (Setting(owner="王" * 61), "owner"),
        (Setting(baseline=Fraction(1)), "baseline_source"),
        (Setting(target=Fraction(0)), "direction"),
        (Setting(due=START), "due"),
    ],
)
def test_what_cannot_hold_is_refused(setting: Setting, reason: str):
    with pytest.raises(UnfitKpi) as unfit:
        fit_setting(a_kpi(), a_plan(a_kpi()), START, setting)
    assert unfit.value.reason == reason


@pytest.mark.parametrize(
    ("text", "form", "value"),
    [
        ("15%", "percent", "0.15"),
        ("-45%", "growth", "-0.45"),
        ("6.5", "hours", "6.5"),
        ("280万", "money", "2800000"),
        ("¥1,234", "money", "1234"),
        ("15 %", "percent", "0.15"),
    ],
)
def test_figures_are_read_as_people_type_them(text: str, form: str, value: str):
    assert figure_typed(text, form) == Fraction(value)


@pytest.mark.parametrize(("text", "form"), [("8", "percent"), ("8%", "count"), ("-1", "count"), ("", "count"), ("1e9", "count"), ("NaN", "money"), ("101" + "0" * 20, "count"), ("99999%", "percent")])  # fmt: skip
def test_figures_that_could_be_misread_are_refused(text: str, form: str):
    with pytest.raises(UnfitKpi):
        figure_typed(text, form)


# ------------------------------------------------------------------------------------------------------------- measured


def _measured(plan: str, kpi: str, start: date | None = None, where: Where = EVERYTHING) -> Reading:
    spec = next(one for one in PACK.scorecards[plan].kpis if one.id == kpi)
    return measured(Frames(small_snapshot()), PACK, spec, start, where).now


@pytest.mark.parametrize("project", [None, "p1"])
def test_counts_since_the_start_are_those_of_the_rows(project: str | None):
    start, rows = date(2026, 2, 1), small_rows()
    where = Where(project=frozenset((project,)) if project else None)

    def of(name: str, day: str) -> list[Any]:
        within = [row for row in rows[name] if start <= row[day].date() < TODAY]
        return [row for row in within if project in (None, row["project_id"])]

    assert _measured("pilot", "leads", start, where).value == len(of("lead", "created_at"))
    assert _measured("pilot", "exposure", start, where).value == sum(row["impressions"] for row in of("exposure", "at"))
    assert _measured("pilot", "leads").missing == "not_yet"


def test_answers_to_grade_a_are_those_of_the_rows():
    last = date(2026, 3, 8)
    rows = small_rows()
    first_calls = {row["lead_id"]: row["at"] for row in rows["follow_up"]}
    leads = [
        row for row in rows["lead"] if row["grade"] == "A" and last - timedelta(90) <= row["created_at"].date() <= last
    ]
    quick = [one for one in leads if one["id"] in first_calls and first_calls[one["id"]] - one["created_at"] <= timedelta(minutes=30)]  # fmt: skip
    found = _measured("efficiency", "a_leads")
    assert (found.numerator, found.denominator) == (len(quick), len(leads))


def test_records_are_as_complete_as_their_rows():
    span = latest_weeks(TODAY)
    for back in (0, 1):
        days = latest_weeks(TODAY, back=back)
        leads = [row for row in small_rows()["lead"] if days.first <= row["created_at"].date() <= days.last]
        filled = sum(bool(row.get(column)) for row in leads for column in ("staff_id", "channel_id", "grade"))
        found = completeness(Frames(small_snapshot()), PACK, back=back)[""]
        assert (found.numerator, found.denominator) == (filled, 3 * len(leads))
    assert (span.first, span.last) == (date(2026, 2, 9), date(2026, 3, 8))


def test_usage_is_counted_by_role_and_of_all():
    found = tool_usage(frozenset(("a", "c", "gone")), {"a": "head", "b": "head", "c": "leader"})
    assert {role: (one.numerator, one.denominator) for role, one in found.items()} == {
        "": (2, 3),
        "head": (1, 2),
        "leader": (1, 1),
    }


def test_maturity_is_a_weighed_mean_and_nothing_while_a_part_lacks():
    parts = (SharePart("one", Fraction(3)), SharePart("other", Fraction(1)))
    assert maturity(parts, {"one": ratio(1, 2), "other": ratio(3, 2)}).value == Fraction(5, 8)
    assert maturity(parts, {"one": ratio(1, 2), "other": missing("nothing")}).missing == "part"


def test_on_time_are_those_reached_or_on_pace_of_all_that_are_judged():
    found = on_time({"reached": 2, "on_pace": 1, "red": 1, "disputed": 9, "unentered": 4})
    assert (found.numerator, found.denominator) == (3, 4)
    assert on_time({"disputed": 9}).missing == "nothing"


# --------------------------------------------------------------------------------------------------------- in the pack


def test_every_set_of_the_documents_is_there_and_those_that_contradict_themselves_are_marked():
    cards = PACK.scorecards
    assert {name: len(one.kpis) for name, one in cards.items()} == {"pilot": 9, "efficiency": 35, "stock": 21, "association": 28}  # fmt: skip
    assert [(one.months, one.nodes) for one in (cards["efficiency"], cards["stock"])] == [(24, 8), (36, 12)]
    disputed = {f"{name}/{kpi.id}" for name, one in cards.items() for kpi in one.kpis if kpi.disputed}
    assert disputed == {"efficiency/conversion", "stock/arpu", "stock/cac"}
    retention = next(kpi for kpi in cards["stock"].kpis if kpi.id == "retention")
    assert retention.steps == ((12, Fraction(1, 2)), (24, Fraction(3, 5)), (36, Fraction(13, 20)))


@pytest.mark.parametrize(
    ("told", "wrong"),
    [
        ('format = "percnt"', "percent"),
        ('format = "percent", baseline = 9, target = 8', "do not become higher"),
        ('format = "percent", metric = "leads"', "reads as count"),
        ('format = "percent", target = "8"', "Give a number"),
        ('format = "percent", steps = [[40, 1]]', "after the plan's 24 months"),
    ],
)
def test_a_kpi_that_cannot_be_read_is_named_with_its_line(told: str, wrong: str):
    text = _pack_text().replace('id = "scoring", label = { zh = "线索评分准确率", en = "Lead scoring accuracy" }, format = "percent", baseline = 50, target = 90', f'id = "scoring", label = {{ zh = "线索评分准确率", en = "Lead scoring accuracy" }}, {told}')  # fmt: skip
    with pytest.raises(ValueError, match="scorecards.efficiency.scoring") as error:
        Pack.parse(text, "property")
    line = text[: text.index('id = "scoring"')].count("\n") + 1
    assert wrong in str(error.value) and f"line {line}" in str(error.value)


def _pack_text() -> str:
    return (files("metrics") / "packs" / "property.toml").read_text(encoding="utf-8")
