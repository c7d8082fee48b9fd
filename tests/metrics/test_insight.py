"""Demand, channels, peers and benchmarks: each number against one counted by hand, and the laws they keep."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import cache
from importlib.resources import files
from random import Random
from statistics import median
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metrics.benchmarks import Benchmark, UnfitBenchmark, fit_benchmark, own_best
from metrics.boards import Standing, board, percentile
from metrics.channels import COST, DEAL, FINDINGS, LESS_PER_YUAN, Line, channels, moved, part_of
from metrics.comparison import compare
from metrics.demand import Line as Wish
from metrics.demand import Supply, against_last_quarter, cells, demand_by, demand_grid, supplies, wanted
from metrics.pack import Pack, PackError
from metrics.reading import Reading, count, missing
from metrics.snapshot import Snapshot
from metrics.totals import Frames, Where
from tests.snapshots import AS_OF, a_snapshot, property_pack, small_rows

PACK = property_pack()
Rows = dict[str, list[dict[str, Any]]]
DISTRICTS, SEGMENTS, BANDS = (
    ("滨江", "高新", None),
    ("刚需", "改善", "高端"),
    ("150-250万", "150万以下", "400万以上", None),
)
WEEKS = (date(2025, 12, 8), date(2026, 3, 8))
"""The thirteen full weeks before Wednesday, 11 March 2026."""


@cache
def rows() -> Rows:
    """A hundred and seventy days of three projects' customers on four channels, who want this or that and sometimes go on."""
    random, made = Random(5), small_rows()
    made["project"] = [
        {**one, "district": district, **units}
        for one, district, units in zip(
            made["project"],
            ("滨江", "滨江", "城北"),
            ({"units_released": 400}, {}, {"units_released": 100}),
            strict=True,
        )
    ]
    made["channel"].append({"id": "c4", "name": "分销", "kind": "distribution"})
    made["lead"] = [_lead(random, number) for number in range(1100)]
    visits = [one for one in made["lead"] if random.random() < (0.5 if one["project_id"] == "p1" else 0.35)]
    bought = [one for one in visits if random.random() < 0.4]
    made["visit"] = [_after(one, "v", "at", 3) for one in visits if _days(one) > 3]
    made["subscription"] = [_after(one, "b", "at", 8, amount=Decimal(2_000_000)) for one in bought if _days(one) > 8]
    made["contract"] = [
        _after(one, "k", "signed_at", 12, amount=Decimal(2_500_000)) for one in bought if _days(one) > 12
    ]
    made["spend"] = [
        {"id": f"m{n}", "project_id": f"p{n % 3 + 1}", "channel_id": channel, "day": AS_OF.date() - timedelta(n), "amount": Decimal(cost)}
        for n in range(150)
        for channel, cost in (("c1", 900), ("c2", 150), ("c4", 5000))
    ]  # fmt: skip
    made["exposure"] = [
        {"id": f"x{n}", "project_id": "p1", "channel_id": "c1", "at": AS_OF - timedelta(hours=8 * n), "impressions": n % 7, "district": DISTRICTS[n % 3], "segment": SEGMENTS[n % 2]}
        for n in range(500)
    ]  # fmt: skip
    return made


def _lead(random: Random, number: int) -> dict[str, Any]:
    return {
        "id": f"l{number}",
        "project_id": random.choice(("p1", "p2", "p3")),
        "channel_id": random.choice(("c1", "c2", "c3", "c4")),
        "created_at": AS_OF - timedelta(minutes=random.randrange(170 * 1440)),
        # One in ten comes twice; what the first row says counts.
        "person": f"{number % 1000:064x}",
        "grade": random.choice("ABCD"),
        "valid": random.random() < 0.7,
        "district": random.choice(DISTRICTS),
        "segment": random.choice(SEGMENTS),
        "price_band": random.choice(BANDS),
    }


def _after(lead: Mapping[str, Any], letter: str, at: str, days: int, **more: Any) -> dict[str, Any]:
    own = {"id": f"{letter}{lead['id']}", "lead_id": lead["id"], "project_id": lead["project_id"]}
    return {**own, at: lead["created_at"] + timedelta(days=days), **more}


def _days(lead: Mapping[str, Any]) -> float:
    return (AS_OF - lead["created_at"]) / timedelta(days=1)


@cache
def world() -> Snapshot:
    return a_snapshot(**rows())


@cache
def parties() -> tuple[dict[str, Any], ...]:
    """Who came, by their first row: one person per project, for nobody of these comes back after half a year."""
    first: dict[tuple[str, str], dict[str, Any]] = {}
    last: dict[tuple[str, str], dict[str, Any]] = {}
    for one in sorted(rows()["lead"], key=lambda one: (one["created_at"], one["id"])):
        key = one["person"], one["project_id"]
        first.setdefault(key, one)
        last[key] = one
    return tuple({**one, "valid": last[key]["valid"]} for key, one in first.items())


def within(first: date, last: date, day: datetime | date) -> bool:
    return first <= (day.date() if isinstance(day, datetime) else day) <= last


# --------------------------------------------------------------------------------------------------------------- demand


@pytest.mark.parametrize(
    ("as_of", "whole", "now", "before"),
    [
        pytest.param(datetime(2026, 3, 11, 10), False, ("2026-01-01", "2026-03-10"), ("2025-10-01", "2025-12-10"), id="up to yesterday"),
        pytest.param(datetime(2026, 5, 1, 0, 5), False, ("2026-04-01", "2026-04-30"), ("2026-01-01", "2026-01-30"), id="the thirtieth is the thirtieth"),
        pytest.param(datetime(2026, 6, 1), False, ("2026-04-01", "2026-05-31"), ("2026-01-01", "2026-02-28"), id="a shorter month ends earlier"),
        pytest.param(datetime(2026, 4, 1, 9), False, ("2026-01-01", "2026-03-31"), ("2025-10-01", "2025-12-31"), id="on a quarter's first day the last whole one"),
        pytest.param(datetime(2026, 3, 11, 10), True, ("2025-10-01", "2025-12-31"), ("2025-07-01", "2025-09-30"), id="whole quarters when asked for"),
    ],
)  # fmt: skip
def test_a_quarter_is_compared_with_as_far_into_the_one_before(
    as_of: datetime, whole: bool, now: tuple[str, str], before: tuple[str, str]
) -> None:
    found = against_last_quarter(as_of, whole=whole)
    shown = [(one.first.isoformat(), one.last.isoformat(), one.until) for one in (found.now, found.before)]
    assert shown == [(*now, None), (*before, None)]


@pytest.mark.parametrize("dimension", ["district", "segment", "price_band"])
def test_demand_is_what_first_rows_say(dimension: str) -> None:
    days = against_last_quarter(AS_OF)
    found = demand_by(world(), PACK, "leads", dimension, days)
    for one in found.lines:
        for span, shown in ((days.now, one.now), (days.before, one.before)):
            alike = [each for each in parties() if (each[dimension] or "") == one.key]
            assert shown == sum(within(span.first, span.last, each["created_at"]) for each in alike)
    assert {one.key for one in found.lines} == {one[dimension] or "" for one in parties()}


def test_a_district_s_segments_sum_to_the_district_and_the_grid_says_the_same() -> None:
    days = against_last_quarter(AS_OF)
    each, grid = cells(wanted(world(), "leads", days)), demand_grid(world(), PACK, "leads", days.now)
    for one in demand_by(world(), PACK, "leads", "district", days).lines:
        own = [line for (district, _), line in each.items() if district == one.key]
        assert (sum(line.now for line in own), sum(line.before for line in own)) == (one.now, one.before)
    for row, district in zip(grid.cells, grid.rows, strict=True):
        assert [cell.reading.value for cell in row] == [
            each[district, name].now if (district, name) in each else 0 for name in grid.columns
        ]
    assert grid.rows[-1] == "", "what nobody said stands last"


def test_browsing_counts_impressions_where_the_exposure_was() -> None:
    days = against_last_quarter(AS_OF)
    found = demand_by(world(), PACK, "exposures", "district", days)
    for one in found.lines:
        alike = [each for each in rows()["exposure"] if (each["district"] or "") == one.key]
        assert one.now == sum(
            each["impressions"] for each in alike if within(days.now.first, days.now.last, each["at"])
        )
    lacks = demand_by(world(), PACK, "exposures", "price_band", days).absent
    assert lacks is not None and lacks.detail == "exposure.price_band"


def test_price_bands_stand_by_price() -> None:
    found = demand_by(world(), PACK, "leads", "price_band", against_last_quarter(AS_OF))
    assert [one.key for one in found.lines] == ["150万以下", "150-250万", "400万以上", ""]


def test_a_source_that_does_not_say_where_has_no_demand() -> None:
    bare = a_snapshot(**small_rows())
    found = demand_by(bare, PACK, "leads", "district", against_last_quarter(AS_OF))
    assert found.absent is not None and found.absent.detail == "lead.district"
    older = replace(bare, marts={name: one for name, one in bare.marts.items() if name != "demand"})
    lacks = demand_grid(older, PACK, "leads", against_last_quarter(AS_OF).now).absent
    assert lacks is not None and lacks.missing == "not_yet", "a snapshot of before there was such a mart"


def test_supply_is_known_only_where_every_project_says_it() -> None:
    found = supplies(world().projects)
    assert found["滨江"] == Supply("滨江", 2, count(400), 1) and found["滨江"].per_hundred(40) is None
    assert found["城北"].per_hundred(40) == 40
    assert Supply("x", 1, missing("absent"), 1).per_hundred(3) is None


def test_a_change_from_nothing_is_none_and_from_few_is_marked() -> None:
    assert Wish("a", 3, 0).change is None
    assert Wish("a", 3, 2).change == Fraction(1, 2) and Wish("a", 3, 2).few and not Wish("a", 3, 10).few


# ------------------------------------------------------------------------------------------------------------- channels


def hand_counted(channel: str, projects: tuple[str, ...] = ("p1", "p2", "p3")) -> dict[str, Any]:
    own = [one for one in parties() if one["channel_id"] == channel and one["project_id"] in projects]
    came = [one for one in own if within(*WEEKS, one["created_at"])]
    of = {one["id"]: one["channel_id"] for one in rows()["lead"]}
    party = {(one["person"], one["project_id"]): one["channel_id"] for one in parties()}
    channel_of = {one["id"]: party[one["person"], one["project_id"]] for one in rows()["lead"]}
    assert set(of) == set(channel_of)
    signed = [
        one
        for one in rows()["contract"]
        if channel_of[one["lead_id"]] == channel and one["project_id"] in projects and within(*WEEKS, one["signed_at"])
    ]
    spend = [
        one["amount"]
        for one in rows()["spend"]
        if one["channel_id"] == channel and one["project_id"] in projects and within(*WEEKS, one["day"])
    ]
    return {
        "leads": len(came),
        "valid": sum(one["valid"] for one in came),
        "a": sum(one["grade"] == "A" for one in came),
        "b": sum(one["grade"] == "B" for one in came),
        "contracts": len(signed),
        "spend": Fraction(sum(spend, Decimal(0))),
    }


@pytest.mark.parametrize("projects", [("p1", "p2", "p3"), ("p2",)], ids=["the group", "one project"])
def test_each_channel_is_what_a_count_by_hand_says(projects: tuple[str, ...]) -> None:
    where = Where(project=frozenset(projects)) if len(projects) == 1 else Where()
    found = channels(Frames(world()), PACK, {}, {"c1": 7}, where)
    assert found is not None and (found.span.first, found.span.last) == WEEKS
    plain = {one.channel: hand_counted(one.channel, projects) for one in found.lines}
    whole = sum(one["spend"] for one in plain.values()), sum(one["valid"] for one in plain.values())
    assert found.group.value == whole[0] / whole[1]
    for one in found.lines:
        own = plain[one.channel]
        assert (one.spend, one.leads, one.contracts) == (own["spend"], own["leads"], own["contracts"])
        assert one.grades and (one.grades.a, one.grades.b) == (own["a"], own["b"])
        assert sum(vars(one.grades).values()) == own["leads"]
        cost = part_of(one.standing, COST)
        assert cost and cost.value == (own["spend"] / own["valid"] if own["spend"] else None)
        assert one.is_dear == bool(own["spend"] and own["spend"] / own["valid"] > 2 * whole[0] / whole[1])
    dear = sum(plain[one.channel]["spend"] for one in found.lines if one.is_dear)
    assert found.dear_share.value == dear / whole[0] and (dear > 0 or len(projects) == 1)


def test_points_are_the_weighted_percentiles_of_the_board_s_parts_and_the_findings() -> None:
    found = channels(Frames(world()), PACK, {}, {"c1": 7, "c4": 1})
    assert found is not None
    ranked = [one.standing for one in found.lines if one.standing.rank]
    assert [one.rank for one in ranked] == sorted(one.rank or 0 for one in ranked) and len(ranked) >= 2
    weights = {part.metric: part.weight for part in PACK.boards["channels"].parts} | {FINDINGS: Fraction(10)}
    for one in ranked:
        total = Fraction(0)
        for name, weight in weights.items():
            turn = -1 if name == FINDINGS or PACK.metric(name).better == "lower" else 1
            column = [turn * Fraction(reading.value or 0) for each in ranked if (reading := part_of(each, name))]
            own = part_of(one, name)
            assert own is not None
            total += weight * percentile(turn * Fraction(own.value or 0), column)
        assert one.value.value == total / sum(weights.values())
    natural = next(one for one in found.lines if one.channel == "c3")
    assert natural.standing.rank is None and (cost := part_of(natural.standing, COST)) and cost.missing == "spend_open"


def test_without_a_run_of_the_rules_channels_stand_as_on_their_board() -> None:
    found = channels(Frames(world()), PACK, {}, None)
    assert found is not None and not found.findings_known
    shown = {one.channel: one.standing.value.value for one in found.lines}
    listed = board(Frames(world()), PACK, PACK.boards["channels"], date(2026, 3, 2))
    assert {one.subject: one.value.value for one in listed.standings if one.subject in shown} == shown


def a_line(channel: str, spend: int, contracts: int) -> Line:
    nothing = Reading(None)
    return Line(Standing(channel, None, nothing, nothing), Fraction(spend), 0, contracts, None, False)


@settings(max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 5000), st.integers(0, 40)), max_size=5), st.integers(1, 100))
def test_moving_spend_is_never_worth_more_than_it_says(found: list[tuple[int, int]], percent: int) -> None:
    lines = [a_line(f"c{at}", *one) for at, one in enumerate(found)]
    spend, share = sum((one.spend for one in lines), Fraction(0)), Fraction(percent, 100)
    move = moved(PACK, lines, share, spend)
    paid = {one.channel: one.spend / one.contracts for one in lines if one.spend and one.contracts >= 3}
    if len(set(paid.values())) < 2:
        assert move is None
        return
    assert move is not None and paid[move.dear] == max(paid.values()) and paid[move.cheap] == min(paid.values())
    dear = next(one for one in lines if one.channel == move.dear)
    assert move.amount == min(share * spend, dear.spend)
    won, lost = move.amount / paid[move.cheap], move.amount / paid[move.dear]
    assert (move.constant, move.diminishing) == (won - lost, won * LESS_PER_YUAN - lost)
    assert move.low < move.diminishing < move.constant < move.high


# ---------------------------------------------------------------------------------------------------------------- peers


STEPS = (("visit", "at", 30), ("subscription", "at", 30), ("contract", "signed_at", 15))


def test_each_step_beside_each_peer_is_what_a_count_by_hand_says() -> None:
    found = compare(Frames(world()), PACK, "p2", ["p1", "p3"])
    assert found.span is not None and (AS_OF.date() - found.span.last).days == 30 + 30 + 15 + 1
    counts = {id: _walked(id, found.span.first, found.span.last) for id in ("p1", "p2", "p3")}
    assert {id: one[0] for id, one in counts.items()} == found.leads
    rates = {id: [Fraction(one[at + 1], one[at]) for at in range(3)] for id, one in counts.items()}
    for at, step in enumerate(found.steps):
        assert (step.own.entered, step.own.reached) == counts["p2"][at : at + 2]
        assert step.own.peers == median(one[at] for one in rates.values())
        for one in step.peers:
            assert (one.entered, one.reached) == counts[one.peer][at : at + 2] and not one.few
            more = max(rates[one.peer][at] * counts["p2"][at] - counts["p2"][at + 1], Fraction(0))
            for later in rates["p2"][at + 1 :]:
                more *= later
            assert one.cost == more and one.difference == rates[one.peer][at] - rates["p2"][at]
    assert found.steps[0].peers[0].cost, "the first project brings more of its leads to the office"


def _walked(project: str, first: date, last: date) -> tuple[int, ...]:
    """How many came in these days, and how many of them went how far, each step within its window of calendar days."""
    person = {one["id"]: (one["person"], one["project_id"]) for one in rows()["lead"]}
    reached = [0, 0, 0, 0]
    for party in parties():
        if party["project_id"] != project or not within(first, last, party["created_at"]):
            continue
        reached[0] += 1
        since = party["created_at"]
        for at, (name, booked, days) in enumerate(STEPS, 1):
            own = (party["person"], project)
            done = [one[booked] for one in rows()[name] if person[one["lead_id"]] == own and one[booked] >= since]
            if not done or (min(done).date() - since.date()).days > days:
                break
            reached[at] += 1
            since = min(done)
    return tuple(reached)


def test_few_cases_are_neither_compared_nor_reckoned() -> None:
    few = compare(Frames(a_snapshot(**small_rows())), PACK, "p1", ["p2"])
    assert all(one.few and one.cost is None for step in few.steps for one in step.peers)
    assert compare(Frames(world()), PACK, "p1", []).steps[0].peers == ()


# ----------------------------------------------------------------------------------------------------------- benchmarks


def test_the_best_project_is_the_one_a_count_by_hand_finds() -> None:
    found = {one.metric: one for one in own_best(Frames(world()), PACK)}
    best = found["visit_rate"]
    rates = {id: _walked(id, best.span.first, best.span.last) for id in ("p1", "p2", "p3")}
    assert best.project == "p1" and best.reading.value == Fraction(rates["p1"][1], rates["p1"][0]) and best.among == 3
    cheapest = found["cost_per_lead"]
    assert cheapest.basis == "period" and (cheapest.span.first, cheapest.span.last) == WEEKS
    assert "p1" not in {one.project for one in own_best(Frames(world()), PACK, frozenset(("p1",)))}


def test_few_cases_have_no_best() -> None:
    assert {one.metric for one in own_best(Frames(a_snapshot(**small_rows())), PACK)} <= {
        "cost_per_lead",
        "quality_share",
    }


ENTRY = Benchmark("行业协会", "转化率", "6–8 %", "2025 年报", date(2026, 1, 31), "https://example.com/a")


@pytest.mark.parametrize(
    ("field", "value"),
    [("who", ""), ("figure", " \0"), ("value", "x" * 501), ("source", ""), ("link", "http://example.com"), ("link", "javascript:1"), ("note", "\x07")],
)  # fmt: skip
def test_an_entry_without_who_what_and_where_is_refused(field: str, value: str) -> None:
    assert fit_benchmark(ENTRY) == ENTRY
    with pytest.raises(UnfitBenchmark, match=field):
        fit_benchmark(replace(ENTRY, **{field: value}))


# ----------------------------------------------------------------------------------------------------------------- pack


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda text: text.replace('dear = "costly_channel"', 'dear = "costly_chanel"'), "line .*costly_channel"),
        (lambda text: text.replace('dear = "costly_channel"', 'dear = "lead_fall"'), "no times_group"),
        (lambda text: text.replace('board = "channels"', 'board = "exposure"'), "does not rank channels"),
        (lambda text: text.replace("findings_weight = 10", "findings_weight = 0"), "findings_weight is 0"),
        (lambda text: text.replace('measures = ["leads", "exposures"]', 'measures = ["spend"]'), "does not count leads"),
        (lambda text: text.replace('metrics = ["visit_rate"', 'metrics = ["visit_rat"'), "visit_rate"),
    ],
)  # fmt: skip
def test_a_pack_that_cannot_be_used_says_where(change: Callable[[str], str], said: str) -> None:
    text = (files("metrics") / "packs" / "property.toml").read_text(encoding="utf-8")
    with pytest.raises(PackError, match=said):
        Pack.parse(change(text), "property")


def test_the_costs_that_are_weighed_are_the_pack_s_own() -> None:
    assert {COST, DEAL} <= {one.metric for one in PACK.boards["channels"].parts}
