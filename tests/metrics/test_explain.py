"""为什么变了: the parts of a change always sum to the whole, each is what its name says, and nothing missing counts as zero."""

import random
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.explain import is_over, why_table
from components.words import Words
from metrics.explain import (
    ORDER,
    Effect,
    Explanation,
    Share,
    chain_effects,
    coefficients,
    explain,
    explainable,
    path,
    rate_effects,
)
from metrics.formula import parse
from metrics.periods import comparison, period
from metrics.query import Query, one
from metrics.reading import ratio
from metrics.totals import Frames, Where
from tests.snapshots import AS_OF, a_snapshot, property_pack, small_rows, small_snapshot

PACK = property_pack()
STEPS = ("leads", "first_visits", "subscribed_parties", "contracted_parties")
HEADLINES = (
    *PACK.overview_numbers,
    "visit_rate",
    "subscribed_parties",
    "contracts",
    "net_contracts",
    "valid_share",
    "average_contract",
)
COUNT = st.integers(0, 40) | st.sampled_from([0, 0, 0, 1])
CHAIN = st.dictionaries(st.sampled_from([("a",), ("b",), ("c",)]), st.tuples(*[COUNT] * 4), max_size=3)
SHARE = st.builds(Share, st.fractions(0, 50), COUNT.map(Fraction), st.booleans())
RATE = st.dictionaries(st.sampled_from([("a",), ("b",), ("c",)]), SHARE, max_size=3)


def total(side, at=-1):
    return sum(values[at] for values in side.values())


def rate(side):
    below = sum(one.below for one in side.values())
    return sum(one.above for one in side.values()) / below if below else None


def parts(effects):
    return {(one.kind, one.child, one.steps): one.value for one in effects}


# ------------------------------------------------------------------------------------------------------------------ laws


@given(CHAIN, CHAIN, st.integers(1, 4))
def test_the_parts_of_a_count_sum_to_its_change(before, now, length):
    before, now = ({key: values[:length] for key, values in side.items()} for side in (before, now))
    effects = chain_effects(before, now, STEPS[:length])
    assert sum(one.value for one in effects) == total(now) - total(before)


@given(RATE, RATE)
def test_the_parts_of_a_rate_sum_to_its_change(before, now):
    then, here = rate(before), rate(now)
    effects = rate_effects(before, now)
    assert sum(one.value for one in effects) == (0 if then is None or here is None else here - then)


@pytest.mark.parametrize("cases", [1_000, pytest.param(10_000, marks=pytest.mark.nightly)])
def test_thousands_of_changes_are_split_without_a_remainder(cases):
    chance = random.Random(6)
    for _ in range(cases):
        children, length = chance.randint(1, 6), chance.randint(1, 5)
        sides = [
            {
                (str(child),): tuple(
                    chance.choice((0, 1, 7, chance.randrange(10 ** chance.randint(1, 9)))) for _ in range(length)
                )
                for child in range(children)
                if chance.random() < 0.9
            }
            for _ in range(2)
        ]
        steps = tuple(f"s{at}" for at in range(length))
        effects = chain_effects(sides[0], sides[1], steps)
        assert sum(one.value for one in effects) == total(sides[1]) - total(sides[0])
        if length > 1:
            rates = [
                {key: Share(Fraction(one[1]), Fraction(one[0]), chance.random() < 0.8) for key, one in side.items()}
                for side in sides
            ]
            then, here = map(rate, rates)
            expected = here - then if then is not None and here is not None else 0
            assert sum(one.value for one in rate_effects(*rates)) == expected


@given(CHAIN)
def test_nothing_changed_has_no_parts(side):
    effects = chain_effects(side, side, STEPS)
    assert all(one.kind == "apart" or one.kind == "rate" for one in effects)
    if all(all(values[:3]) for values in side.values()):
        assert effects == []


@given(
    st.dictionaries(st.sampled_from([("a",), ("b",)]), st.tuples(*[st.integers(1, 40)] * 4), min_size=1),
    st.integers(2, 5),
)
def test_everybody_growing_alike_is_volume_alone(before, times):
    now = {key: tuple(value * times for value in values) for key, values in before.items()}
    effects = chain_effects(before, now, STEPS)
    assert {one.kind for one in effects} <= {"volume"}


# -------------------------------------------------------------------------------------------------- what each part means


def test_one_step_alone_is_split_by_child():
    effects = chain_effects({("a",): (10,), ("b",): (5,)}, {("a",): (8,), ("c",): (4,)}, ("leads",))
    assert parts(effects) == {
        ("volume", ("a",), ("leads",)): -2, ("volume", ("b",), ("leads",)): -5, ("volume", ("c",), ("leads",)): 4,
    }  # fmt: skip


def test_a_rate_that_falls_is_the_step_s_own_part():
    effects = chain_effects({("a",): (100, 20, 10)}, {("a",): (100, 10, 5)}, STEPS[:3])
    assert parts(effects) == {("rate", ("a",), STEPS[:2]): -5}
    (only,) = effects
    assert (only.before, only.now) == (Fraction(1, 5), Fraction(1, 10))


def test_customers_who_come_where_less_converts_are_mix():
    before = {("a",): (50, 25), ("b",): (50, 5)}
    now = {("a",): (20, 10), ("b",): (80, 8)}
    assert parts(chain_effects(before, now, STEPS[:2])) == {
        ("mix", ("a",), ("leads",)): -6, ("mix", ("b",), ("leads",)): -6,
    }  # fmt: skip


def test_a_child_without_anything_before_is_held_against_the_rate_of_all():
    effects = chain_effects({("a",): (100, 20)}, {("a",): (100, 20), ("b",): (50, 25)}, STEPS[:2])
    assert parts(effects) == {("volume", (), ("leads",)): 10, ("rate", ("b",), STEPS[:2]): 15}
    assert next(one for one in effects if one.kind == "rate").before is None


def test_who_reached_a_step_without_the_one_before_stands_apart():
    effects = chain_effects({("a",): (10, 0, 2)}, {("a",): (10, 0, 0)}, STEPS[:3])
    assert parts(effects) == {("apart", ("a",), (STEPS[2],)): -2}


def test_without_anybody_before_all_is_new():
    effects = chain_effects({}, {("a",): (10, 3)}, STEPS[:2])
    assert parts(effects) == {("new", ("a",), (STEPS[1],)): 3}


def test_a_rate_is_split_into_mix_and_rate_of_each_child():
    before = {("a",): Share(Fraction(40), Fraction(100)), ("b",): Share(Fraction(10), Fraction(100))}
    now = {("a",): Share(Fraction(20), Fraction(50)), ("b",): Share(Fraction(30), Fraction(150))}
    assert parts(rate_effects(before, now, ("visit_rate",))) == {
        ("mix", ("a",), ("visit_rate",)): Fraction(-15, 400),
        ("mix", ("b",), ("visit_rate",)): Fraction(-15, 400),
        ("rate", ("b",), ("visit_rate",)): Fraction(3, 4) * Fraction(1, 10),
    }


def test_a_child_whose_spend_is_not_in_is_named_and_never_zero():
    before = {("a",): Share(Fraction(1000), Fraction(10)), ("b",): Share(Fraction(500), Fraction(10))}
    now = {("a",): Share(Fraction(1000), Fraction(10)), ("b",): Share(Fraction(0), Fraction(10), told=False)}
    assert parts(rate_effects(before, now)) == {("untold", ("b",), ()): -25}


# ------------------------------------------------------------------------------------------------------------- the pack


def test_the_way_to_a_measure_follows_the_funnel():
    ways = {
        name: path(PACK, PACK.measures[name])
        for name in ("leads", "first_visits", "contracts", "contract_amount", "spend")
    }
    assert ways == {
        "leads": ("leads",),
        "first_visits": ("leads", "first_visits"),
        "contracts": ("leads", "first_visits", "subscribed_parties", "contracts"),
        "contract_amount": ("leads", "first_visits", "subscribed_parties", "contracts", "contract_amount"),
        "spend": ("spend",),
    }


def test_terms_of_a_sum():
    assert coefficients(parse("a - b + a")) == {"a": 2, "b": -1}


def test_medians_states_and_targets_are_not_split():
    assert not any(
        explainable(PACK, name) for name in ("first_response_median", "valid_stock", "attainment", "nothing")
    )


@pytest.mark.parametrize("by", [("project",), ("channel",), ("project", "channel")], ids="-".join)
@pytest.mark.parametrize("when", ["week", "last_week", "month", "quarter", "year"])
def test_every_headline_is_told_whole(when, by):
    frames, against = Frames(small_snapshot()), comparison(period(when, AS_OF), AS_OF)
    for name in HEADLINES:
        found = explain(frames, PACK, name, against, by)
        sides = [one(frames, PACK, name, Query((name,), span)).value for span in (against.before, against.now)]
        if None in sides:
            assert found.change is None and found.effects == ()
            continue
        assert found.change == sides[1] - sides[0] == sum(each.value for each in found.effects)
        assert sum(each.value for each in found.summed()) == found.change
        assert [ORDER.index(each.kind) for each in found.summed()] == sorted(
            ORDER.index(each.kind) for each in found.summed()
        )


def test_leads_by_project_are_those_of_the_rows():
    against = comparison(period("last_week", AS_OF), AS_OF)
    found = explain(Frames(small_snapshot()), PACK, "leads", against, ("project",))
    counted = {id: [0, 0] for id in ("p1", "p2", "p3")}
    for lead in small_rows()["lead"]:
        for at, span in enumerate((against.before, against.now)):
            counted[lead["project_id"]][at] += span.first <= lead["created_at"].date() <= span.last
    assert {each.child[0]: each.value for each in found.effects} == {
        id: now - then for id, (then, now) in counted.items() if now != then
    }


def test_only_what_is_in_view_is_told():
    found = explain(
        Frames(small_snapshot()),
        PACK,
        "first_visits",
        comparison(period("quarter", AS_OF), AS_OF),
        ("project",),
        Where(project=frozenset(("p1",))),
    )
    assert {each.child for each in found.effects} <= {(), ("p1",)}


def test_a_step_the_source_does_not_have_is_named_and_left_out():
    rows = {name: rows for name, rows in small_rows().items() if name != "subscription"}
    found = explain(
        Frames(a_snapshot(**rows)), PACK, "contracts", comparison(period("quarter", AS_OF), AS_OF), ("channel",)
    )
    assert found.without == ("subscribed_parties",) and found.steps == ("leads", "first_visits", "contracts")
    assert sum(each.value for each in found.effects) == found.change


def test_without_the_measure_itself_nothing_is_told():
    rows = {name: rows for name, rows in small_rows().items() if name != "spend"}
    found = explain(
        Frames(a_snapshot(**rows)), PACK, "cost_per_lead", comparison(period("quarter", AS_OF), AS_OF), ("channel",)
    )
    assert found.change is None and found.now.missing == "absent" and found.effects == ()


def test_channels_that_cost_nothing_are_not_told_as_free():
    found = explain(
        Frames(small_snapshot()), PACK, "cost_per_lead", comparison(period("last_month", AS_OF), AS_OF), ("channel",)
    )
    assert {each.kind for each in found.effects if each.child == ("c2",)} <= {"untold"}
    assert not any(each.kind == "untold" for each in found.effects if each.child == ("c1",))


@pytest.mark.parametrize(
    ("steps", "now", "marked"),
    [
        (("cancelled_share",), Fraction(3), True),
        (("cancelled_share",), Fraction(1), False),
        (("cost_per_lead",), Fraction(300), False),
        (("leads", "first_visits"), Fraction(6, 5), True),
    ],
)
def test_a_rate_above_the_whole_is_marked_and_money_is_not(steps: tuple[str, ...], now: Fraction, marked: bool) -> None:
    effect = Effect("rate", Fraction(1, 10), (), steps, Fraction(1, 2), now)
    found = Explanation(steps[-1], (), ratio(1, 2), ratio(3, 1), (effect,), steps)
    pack = property_pack()
    assert is_over(found, pack) == marked == ("※" in str(why_table(found, pack, Words("zh"), str)))
