"""沙盘: laws of the simulation, its numbers against a plain loop, and what history says of its rates."""

import random
from dataclasses import replace
from datetime import date, datetime, timedelta
from fractions import Fraction
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metrics.reading import Reading
from metrics.sandbox import (
    CASES,
    STEPS,
    Effect,
    Inflow,
    Kind,
    Model,
    Price,
    Rate,
    answer,
    cost,
    decided,
    drawn,
    gain,
    levers,
)
from metrics.sandbox_history import _Delays, _elasticity, _exposures, _still, model
from metrics.totals import Frames
from tests.snapshots import AS_OF, a_snapshot, property_pack, small_rows, small_snapshot

TODAY = date(2026, 11, 2)
LAST = date(2026, 12, 31)
DAYS = (LAST - TODAY).days + 1
FEW = 400
DELAYS = _Delays(np.array([0.5, 0.5]), np.array([0.5, 0.5]), np.array([0.0, 1.0]))
QUICK = settings(max_examples=15, deadline=None)


def a_kind(name: str = "public", *, leads: int = 900, spend: int | None = 1_000, measured: bool = True) -> Kind:
    """A kind with ten leads a day and a few that are under way."""
    past = [np.zeros(30), np.zeros(30), np.zeros(30)]
    past[0][-1], past[1][-1], past[2][-1] = 4, 10, 20
    points = (date(2026, 11, 15), date(2026, 12, 6), LAST)
    rates = Rate(300, 1_000, 0.3), Rate(90, 300, 0.3), Rate(60, 90, 0.7)
    power = Effect(0.5, 0.1, 100, measured) if spend else None
    exposures = _exposures(past, DELAYS, TODAY, points, np.ones(DAYS))
    money = Fraction(spend) if spend else None
    return Kind(name, rates, Inflow(leads, 90, 2.0), Inflow(45, 90), exposures, float(DAYS), money, power)


def a_model(*kinds: Kind, **changes) -> Model:
    """Two months before the end of a year."""
    told = Model(
        TODAY,
        (date(2026, 11, 15), date(2026, 12, 6), LAST),
        kinds or (a_kind(), a_kind("referral", spend=None), a_kind("offline", leads=0, spend=None)),
        (95, 100),
        Price(2_000_000.0, 0.2, 100),
        40,
        Fraction(80_000_000),
        Fraction(150_000_000),
        60,
        Effect(0.1, 0.02, 100, False),
    )
    return replace(told, **changes)


@cache
def told(**asked: int):
    """An answer of the model above."""
    return answer(a_model(), drawn(a_model(), draws=FEW), asked)


DECISIONS = st.fixed_dictionaries(
    {},
    optional={
        "spend_public": st.integers(50, 200),
        "referrals": st.integers(50, 300),
        "answer": st.integers(5, 120),
        **{f"rate_{step}": st.integers(50, 200) for step in STEPS},
    },
)


# ------------------------------------------------------------------------------------------------------------------- laws


def test_the_same_seed_gives_the_same_answer_and_another_one_nearly() -> None:
    again, other = drawn(a_model(), draws=FEW), drawn(a_model(), draws=FEW, seed=7)
    assert answer(a_model(), again, {}) == told()
    assert answer(a_model(), other, {}) != told()
    assert answer(a_model(), other, {}).contracts.mean == pytest.approx(told().contracts.mean, rel=0.02)


def test_every_factor_at_one_is_the_baseline() -> None:
    still = {lever.name: lever.default for lever in levers(a_model())}
    assert told(**still) == told() and gain(told(**still), told()).mean == 0


@QUICK
@given(DECISIONS, st.sampled_from(["spend_public", "referrals"]), st.integers(1, 100))
def test_more_spend_and_more_referrals_never_lower_leads_or_contracts(asked, name, more) -> None:
    less, most = told(**asked), told(**asked | {name: asked.get(name, 100) + more})
    assert most.leads >= less.leads and most.contracts.mean >= less.contracts.mean
    assert (most.amounts >= less.amounts).all()


@QUICK
@given(DECISIONS, st.sampled_from([f"rate_{step}" for step in STEPS]), st.integers(1, 100))
def test_a_higher_rate_never_lowers_contracts_in_any_draw(asked, name, more) -> None:
    less, most = told(**asked), told(**asked | {name: asked.get(name, 100) + more})
    assert (most.amounts >= less.amounts).all() and most.reached >= less.reached


@QUICK
@given(DECISIONS, st.integers(5, 60), st.integers(1, 60))
def test_a_faster_answer_never_lowers_contracts(asked, minutes, longer) -> None:
    assert (told(**asked | {"answer": minutes}).amounts >= told(**asked | {"answer": minutes + longer}).amounts).all()


@QUICK
@given(DECISIONS)
def test_quantiles_are_ordered_and_never_fall_from_week_to_week(asked) -> None:
    found = told(**asked)
    for band in (found.contracts, found.amount, *found.fan):
        assert band.low <= band.middle <= band.high
    for before, after in zip(found.fan, found.fan[1:], strict=False):
        assert before.low <= after.low and before.middle <= after.middle and before.high <= after.high
    assert found.fan[-1].middle == found.amount.middle and 0 <= found.reached <= FEW


def test_spend_costs_what_is_decided() -> None:
    assert cost(a_model(), {}) == 1_000 * DAYS and cost(a_model(), {"spend_public": 150}) == 1_500 * DAYS
    assert cost(a_model(a_kind(spend=None)), {}) is None


def test_twice_the_spend_brings_less_than_twice_the_leads() -> None:
    alone = a_model(a_kind())
    draws = drawn(alone, draws=FEW)
    once, twice = answer(alone, draws, {}), answer(alone, draws, {"spend_public": 200})
    assert once.leads < twice.leads < 2 * once.leads
    assert twice.leads / once.leads == pytest.approx(2**0.5, rel=0.02)


def test_many_sales_are_counted_as_chance_would_have_them() -> None:
    known = a_model(
        replace(a_kind(leads=90_000), leads=Inflow(90_000, 90), rates=(Rate(10**8, 10**8, 1.0),) * 3),
        kept=(10**8, 10**8),
    )
    found = answer(known, drawn(known, draws=10_000), {"rate_subscription": 50})
    mean = found.contracts.mean - known.contracts_done
    assert found.contracts.middle - known.contracts_done == pytest.approx(mean, rel=0.01)
    # Poisson beside what the inflow itself is not sure of.
    spread = (found.contracts.high - found.contracts.low) / (2 * 1.2816)
    assert spread == pytest.approx((mean + (mean / 300) ** 2) ** 0.5, rel=0.1)


# ------------------------------------------------------------------------------------------------------------ naive loop


def naive(known: Model, asked: dict[str, int], draws: int) -> list[int]:
    """One customer after another, from the same rates and delays, with nothing taken from the module's arithmetic."""
    chance, found = random.Random(3), []
    for _ in range(draws):
        total = 0
        for kind in known.kinds:
            visit, subscription, contract = (
                min(1, chance.betavariate(one.reached + CASES * one.prior, one.entered - one.reached + CASES * (1 - one.prior))
                    * asked.get(f"rate_{step}", 100) / 100)
                for one, step in zip(kind.rates, STEPS, strict=True)
            )  # fmt: skip
            kept = chance.betavariate(known.kept[0] + 1, known.kept[1] - known.kept[0] + 1)
            power = min(1, max(0, chance.gauss(0.5, 0.1)))
            factor = (asked.get("spend_public", 100) / 100) ** power if kind.name == "public" else 1
            inflow = 0.0
            if kind.leads.n:
                inflow = chance.gammavariate(kind.leads.n / kind.leads.scatter, kind.leads.scatter / kind.leads.days)
                shape = kind.leads.n / kind.leads.days * DAYS / (kind.leads.scatter - 1)
                inflow *= chance.gammavariate(shape, 1 / shape) * factor
            walk_ins = chance.gammavariate(kind.walk_ins.n, 1 / kind.walk_ins.days)
            # Yesterday's four subscriptions are signed today; half of yesterday's ten visitors, and of its twenty leads the half
            # that comes today, decide later.
            total += sum(chance.random() < contract * kept for _ in range(4))
            total += sum(chance.random() < 0.5 * subscription * contract * kept for _ in range(10))
            total += sum(chance.random() < 0.5 * visit * subscription * contract * kept for _ in range(20))
            for day in range(DAYS):
                for _ in range(arrivals(chance, inflow)):
                    signs = day + (chance.random() < 0.5) + (chance.random() < 0.5) + 1
                    total += chance.random() < visit * subscription * contract * kept and signs < DAYS
                for _ in range(arrivals(chance, walk_ins)):
                    signs = day + (chance.random() < 0.5) + 1
                    total += chance.random() < subscription * contract * kept and signs < DAYS
        found.append(total)
    return found


def arrivals(chance: random.Random, mean: float) -> int:
    """How many come where so many are expected."""
    n, at = 0, chance.expovariate(1)
    while at < mean:
        n, at = n + 1, at + chance.expovariate(1)
    return n


@pytest.mark.parametrize("asked", [{}, {"spend_public": 200, "rate_visit": 130}])
def test_a_naive_loop_agrees_within_its_own_error(asked) -> None:
    known = a_model()
    counted = np.array(naive(known, asked, 200)) + known.contracts_done
    found = answer(known, drawn(known), asked)
    error = counted.std() / len(counted) ** 0.5
    assert found.contracts.mean == pytest.approx(counted.mean(), abs=4 * error)
    for share, told_at in ((0.1, found.contracts.low), (0.5, found.contracts.middle), (0.9, found.contracts.high)):
        assert told_at == pytest.approx(np.quantile(counted, share), abs=7 * error)


# -------------------------------------------------------------------------------------------------------------- decisions


def test_what_is_decided_is_read_from_texts() -> None:
    asked = {"spend_public": "130", "rate_visit": "100", "referrals": "9999", "answer": "x", "spend_private": "120"}
    assert decided(a_model(), asked) == {"spend_public": 130, "referrals": 300}


def test_only_what_history_could_not_settle_is_open_as_an_assumption() -> None:
    assert "exponent" not in {one.name for one in levers(a_model())}
    assumed = a_model(a_kind(measured=False))
    assert {"exponent", "effect"} <= {one.name for one in levers(assumed)}
    draws = drawn(assumed, draws=FEW)
    none, full = ({"spend_public": 200, "exponent": value} for value in (0, 100))
    assert answer(assumed, draws, none).leads < answer(assumed, draws, full).leads


# ---------------------------------------------------------------------------------------------------------------- history


LATER = AS_OF + timedelta(45)
"""Then half of the small world's leads are old enough for every step."""


def late_rows():
    """The small world, and a lead a day for two months after it."""
    rows = small_rows()
    fresh = [one | {"id": f"y{at}", "person": f"{10**9 + at:064x}"} for at, one in enumerate(rows["lead"][:60])]
    fresh = [one | {"created_at": LATER - timedelta(at, hours=2)} for at, one in enumerate(fresh)]
    return rows | {"lead": [*rows["lead"], *fresh]}


@cache
def late():
    return a_snapshot(as_of=LATER, **late_rows())


def small(projects=None, snapshot=None) -> Model:
    found = model(Frames(snapshot or late()), property_pack(), projects)
    assert isinstance(found, Model)
    return found


def test_the_model_of_the_small_world_equals_its_rows() -> None:
    rows, found = late_rows(), small()
    year = [one for one in rows["contract"] if one["signed_at"].year == 2026]
    assert found.contracts_done == len(year) and found.amount_done == sum(one["amount"] for one in year)
    assert found.target == 200_000_000 and found.points[-1] == date(2026, 12, 31) and found.today == LATER.date()
    assert found.past[-1] == (LATER.date() - timedelta(1), found.amount_done)
    recent = [one for one in rows["lead"] if (LATER.date() - one["created_at"].date()).days in range(1, 43)]
    public = next(one for one in found.kinds if one.name == "public")
    assert public.leads.n == sum(one["channel_id"] == "c1" for one in recent) and public.leads.days == 42
    assert public.leads.n >= 10 and public.spend == Fraction(90 * 600, 91)
    mature = {
        one["id"]
        for one in rows["lead"]
        if (LATER.date() - one["created_at"].date()).days >= 76 and one["channel_id"] == "c1"
    }
    visited = {one["lead_id"] for one in rows["visit"]} & mature
    assert (public.rates[0].reached, public.rates[0].entered) == (len(visited), len(mature))
    assert public.rates[1].entered == len(visited)


@pytest.mark.parametrize("lacks", STEPS)
def test_a_source_without_a_step_says_so(lacks) -> None:
    shown = replace(late(), windows={step: days for step, days in late().windows.items() if step != lacks})
    found = model(Frames(shown), property_pack(), None)
    assert isinstance(found, Reading) and (found.missing, found.detail) == ("absent", lacks)


def test_too_few_leads_old_enough_say_so() -> None:
    found = model(Frames(small_snapshot()), property_pack(), None)
    assert isinstance(found, Reading) and found.missing == "part"


def test_without_spend_there_is_nothing_to_spend() -> None:
    found = small(snapshot=replace(late(), absent={**late().absent, "spend": "spend"}))
    assert cost(found, {}) is None and not [one for one in levers(found) if one.name.startswith("spend")]


def test_a_project_s_rates_are_shrunk_to_the_group_s() -> None:
    own, group = (
        next(one for one in found.kinds if one.name == "public") for found in (small(frozenset({"p1"})), small())
    )
    assert own.rates[0].entered < group.rates[0].entered and own.rates[0].prior == group.rates[0].prior
    raw = own.rates[0].reached / own.rates[0].entered
    assert min(raw, own.rates[0].prior) <= own.rates[0].mean <= max(raw, own.rates[0].prior)


def test_what_is_under_way_takes_its_step_once() -> None:
    past, delay = np.array([0.0, 3, 5]), np.array([0.2, 0.3, 0.5])
    assert _still(past, delay, 4) == pytest.approx([3 * 0.5 + 5 * 0.3, 5 * 0.5, 0, 0])


def test_the_power_of_spend_is_found_where_it_is_there_and_assumed_where_it_is_not() -> None:
    rng = np.random.default_rng(1)
    spend = rng.lognormal(7, 0.6, (52, 6))
    leads = np.round(spend**0.4 * rng.lognormal(1, 0.1, (52, 6)))
    found = _elasticity(spend, leads)
    assert found.is_measured and found.value == pytest.approx(0.4, abs=3 * found.error) and found.n == 312
    assert not _elasticity(np.full((52, 6), 500.0), leads).is_measured
    assert not _elasticity(spend[:5], leads[:5]).is_measured


def test_the_year_ends_whenever_it_is_asked() -> None:
    last = datetime(2026, 12, 31, 9)
    ended = a_snapshot(as_of=last, **small_rows(last - timedelta(45)))
    for shown, points in ((ended, 1), (replace(ended, as_of=last + timedelta(1)), 14)):
        known = small(snapshot=shown)
        assert known.points[-1] == date(shown.as_of.year, 12, 31) and len(known.points) <= points
        found = answer(known, drawn(known, draws=FEW), {})
        assert found.amount.low <= found.amount.middle <= found.amount.high and len(found.fan) == len(known.points)
    assert known.contracts_done == 0 == known.amount_done and known.past == () and known.days == 365


def test_where_nobody_came_for_half_a_year_there_is_nothing_to_tell() -> None:
    still = replace(late(), as_of=datetime(2026, 12, 31, 9))
    assert isinstance(model(Frames(still), property_pack(), None), Reading)
