"""Health reports: what a step costs is exact and never more than it says; the verdict follows from written rules."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.report import verdict_said
from components.words import Words
from metrics.health import (
    Chain,
    Later,
    Least,
    Range,
    Vital,
    chain,
    judged,
    later_rates,
    quartiles,
    reports,
    verdict,
    worth,
)
from metrics.overview import Pace
from metrics.reading import Reading, count, missing, ratio
from metrics.rules import Finding, findings
from metrics.totals import Frames
from tests.snapshots import property_pack, small_snapshot

PACK = property_pack()
MONDAY = date(2026, 3, 2)
REPORT = reports(Frames(small_snapshot()), PACK, MONDAY)["p1"]
STEPS = ("visit", "subscription", "contract")
LEAST = Least((20, 20, 10), 3)
counts = st.integers(0, 400).flatmap(
    lambda leads: st.tuples(*[st.integers(0, leads)] * 3).map(lambda one: (leads, *sorted(one, reverse=True)))
)


def a_pace(behind: str | None) -> Pace:
    gap = None if behind is None else Fraction(behind)
    return Pace("p1", count(1), Fraction(10), Fraction(1, 10), Fraction(1, 2), gap)


def vitals(weak: int, normal: int) -> list[Vital]:
    reading = ratio(1, 2)
    return [Vital(f"m{n}", reading, None, "weak" if n < weak else "normal") for n in range(weak + normal)]


def an_alert(rule: str = "slow_response", severity: str = "red") -> Finding:
    return Finding(rule, severity, "project", "p1", datetime(2026, 3, 1), {}, {}, ())


LIMIT = Fraction(1, 10)


@pytest.mark.parametrize(
    ("behind", "weak", "normal", "alerts", "word"),
    [
        pytest.param("-0.1", 0, 5, [], "healthy", id="nothing speaks against it"),
        pytest.param("0.1", 0, 5, [], "healthy", id="the limit itself is not beyond it"),
        pytest.param("0.11", 0, 5, [], "watch", id="behind the target"),
        pytest.param("0", 2, 4, [], "watch", id="a third of the vital signs weak"),
        pytest.param("0", 1, 3, [], "healthy", id="a quarter is not a third"),
        pytest.param("0", 0, 5, [an_alert()], "watch", id="a red alert"),
        pytest.param("0", 0, 5, [an_alert(severity="orange")], "healthy", id="an orange one does not count"),
        pytest.param(
            "0.2", 0, 5, [an_alert("behind_target")], "watch", id="the target's own alert is not counted twice"
        ),
        pytest.param("0.2", 2, 2, [], "critical", id="two signs"),
        pytest.param("0.2", 2, 2, [an_alert()], "critical", id="three signs"),
        pytest.param(None, 0, 0, [], "unknown", id="neither a target nor a range"),
        pytest.param(None, 0, 0, [an_alert()], "watch", id="an alert is known all the same"),
        pytest.param(None, 0, 3, [], "healthy", id="without a target, by its vital signs"),
    ],
)
def test_the_verdict(behind: str | None, weak: int, normal: int, alerts: list[Finding], word: str) -> None:
    assert verdict(vitals(weak, normal), a_pace(behind), alerts, PACK, LIMIT).word == word


RANGE = Range(Fraction(2, 10), Fraction(3, 10), Fraction(4, 10), 9)


@pytest.mark.parametrize(
    ("metric", "reading", "range", "expected"),
    [
        pytest.param("visit_rate", ratio(10, 100), RANGE, "weak", id="below where more is better"),
        pytest.param("visit_rate", ratio(20, 100), RANGE, "normal", id="the border is inside"),
        pytest.param("visit_rate", ratio(41, 100), RANGE, "strong", id="above where more is better"),
        pytest.param("cancelled_share", ratio(41, 100), RANGE, "weak", id="above where less is better"),
        pytest.param("cancelled_share", ratio(1, 100), RANGE, "strong", id="below where less is better"),
        pytest.param("visit_rate", ratio(1, 19), RANGE, "few", id="too few cases are not judged"),
        pytest.param("leads", count(1), RANGE, "size", id="a sum says how large, not how well"),
        pytest.param("visit_rate", ratio(10, 100), None, "no_range", id="too few projects"),
        pytest.param("visit_rate", missing("absent"), RANGE, "missing", id="no data"),
    ],
)
def test_a_vital_sign(metric: str, reading: Reading, range: Range | None, expected: str) -> None:
    assert judged(PACK.metric(metric), reading, range) == expected


def test_quartiles_are_linear_between_neighbours() -> None:
    found = quartiles([Fraction(n) for n in (4, 1, 3, 2)])
    assert (found.low, found.middle, found.high, found.n) == (Fraction(7, 4), Fraction(5, 2), Fraction(13, 4), 4)


def test_what_a_step_costs_by_hand() -> None:
    peers = [(100, 20, 5, 4), (100, 30, 10, 8), (100, 40, 10, 8)]
    later = later_rates(STEPS, peers[0], peers, LEAST.steps)
    # 20 of 100 came; at 30 % ten more would have. Of the own 20 visits 5 subscribed; 5 subscriptions are too few, so that
    # the last rate is that of all peers: 20 of 25.
    assert later[1] == Later("subscription", 20, 5) and later[2] == Later("contract", 25, 20, is_own=False)
    one = chain(STEPS, 0, peers[0], peers, later, LEAST)
    assert (one.peers, one.among, one.cost) == (Fraction(3, 10), 3, 10 * Fraction(5, 20) * Fraction(20, 25))


@pytest.mark.parametrize(
    ("own", "peers", "cost"),
    [
        pytest.param((100, 30, 20, 20), [(100, 30, 20, 20)] * 3, 0, id="at the median it costs nothing"),
        pytest.param((100, 40, 20, 20), [(100, 30, 20, 20)] * 3, 0, id="above it neither"),
        pytest.param((100, 20, 20, 20), [(100, 30, 20, 20)] * 2, None, id="two peers have no median"),
        pytest.param((19, 1, 1, 1), [(100, 30, 20, 20)] * 3, None, id="too few that entered are not told"),
        pytest.param((100, 20, 2, 1), [(100, 30, 3, 2)] * 3, None, id="too few later on, even among all peers"),
    ],
)
def test_when_a_step_costs_nothing_or_cannot_be_told(
    own: tuple[int, ...], peers: list[tuple[int, ...]], cost: int | None
) -> None:
    assert chain(STEPS, 0, own, peers, later_rates(STEPS, own, peers, LEAST.steps), LEAST).cost == cost


@given(own=counts, peers=st.lists(counts, min_size=3, max_size=6), at=st.integers(0, 2))
def test_a_cost_is_never_below_nothing_nor_above_what_entered(
    own: tuple[int, ...], peers: list[tuple[int, ...]], at: int
) -> None:
    together = [own, *peers]
    one = chain(STEPS, at, own, together, later_rates(STEPS, own, together, LEAST.steps), LEAST)
    assert one.cost is None or 0 <= one.cost <= one.entered - one.reached
    if one.cost is not None and one.peers is not None:
        assert (one.cost > 0) <= (Fraction(one.reached, one.entered) < one.peers)


@given(st.integers(1, 500), st.integers(0, 500), st.fractions(0, 1))
def test_a_better_rate_is_worth_less(entered: int, reached: int, peers: Fraction) -> None:
    later = (Later("contract", 10, 4),)
    assert worth(entered, reached + 1, peers, later) <= worth(entered, reached, peers, later)


def test_a_report_says_what_is_missing_and_why() -> None:
    found = reports(Frames(small_snapshot()), PACK, MONDAY)
    by_name = {one.metric: one.reading for one in found["p1"].vitals}
    assert (by_name["sop_rate"].value, by_name["sop_rate"].missing) == (None, "absent")
    assert {one.metric: one.reading for one in found["p3"].vitals}["attainment"].missing == "no_target"
    assert found["p3"].pace.behind is None and found["p1"].findings.missing == "not_yet"


def test_findings_of_the_record_rules_are_those_of_the_project_and_none_is_zero() -> None:
    found = reports(Frames(small_snapshot()), PACK, MONDAY, on_record={"p1": 4})
    assert (found["p1"].findings.value, found["p2"].findings.value) == (4, 0)
    old = reports(Frames(small_snapshot()), PACK, MONDAY - timedelta(weeks=2), on_record={"p1": 4})
    assert old["p1"].findings.missing == "no_record"


def test_too_few_projects_have_no_range() -> None:
    found = reports(Frames(small_snapshot()), PACK, MONDAY)
    assert all(one.range is None for report in found.values() for one in (*report.vitals, *report.follow_up))


def test_what_is_read_now_does_not_stand_for_a_week_long_ago() -> None:
    frames, old = Frames(small_snapshot()), MONDAY - timedelta(weeks=2)
    found = findings(frames, PACK)
    now, then = (reports(frames, PACK, week, found=found)["p2"] for week in (MONDAY, old))
    assert now.risks and not then.risks and not then.definition["alerts_known"]
    states = {one.metric: one.reading.missing for one in then.follow_up}
    assert states["overdue_leads"] == states["waiting_leads"] == "no_record"


def test_an_exempt_project_has_a_report_that_says_so() -> None:
    found = reports(Frames(small_snapshot()), PACK, MONDAY, exempt=frozenset(("p1",)))
    assert {id for id, one in found.items() if one.exempt} == {"p1"}


def test_a_pack_without_reports_makes_none() -> None:
    assert reports(Frames(small_snapshot()), replace(PACK, report=None), MONDAY) == {}


def a_step(cost: str, channel: str | None = None) -> Chain:
    return Chain("visit", 100, 10, Fraction(1, 5), 6, cost=Fraction(cost), channel=channel)


@pytest.mark.parametrize(
    ("whole", "channels", "named"),
    [
        pytest.param("2", {"c1": "1", "c2": "0.3"}, "c1", id="it explains half"),
        pytest.param("2", {"c1": "0.9", "c2": "0.8"}, None, id="none explains half"),
        pytest.param("2", {}, None, id="none is below its peers"),
    ],
)
def test_the_channel_to_begin_with(whole: str, channels: dict[str, str], named: str | None) -> None:
    one = replace(REPORT, steps=(a_step(whole),), leaks=tuple(a_step(cost, id) for id, cost in channels.items()))
    begin = one.begins_with(one.prescriptions[0])
    assert (begin.channel if begin else None) == named


def test_what_brings_less_than_half_a_case_is_no_prescription_but_in_a_report_of_before_it_is_what_it_was() -> None:
    one = replace(REPORT, steps=(a_step("0.49"),))
    assert one.prescriptions == ()
    before = {key: one.definition["least"][key] for key in ("least_projects", "least_peers", "least_people")}
    assert replace(one, definition={**one.definition, "least": before}).prescriptions == one.steps


def test_the_verdict_tells_of_what_is_suspected() -> None:
    one = replace(REPORT, findings=count(3))
    assert "记录核查有 3 条未排除,核实前不计入结论" in verdict_said(one, Words("zh"))
    assert "记录核查" not in verdict_said(replace(one, findings=count(0)), Words("zh"))
