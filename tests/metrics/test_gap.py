"""目标缺口: the group's own figures come out, every figure has a source, and the parts add up to the whole."""

import re
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrics.gap import (
    HOLIDAY,
    GapError,
    GapInputs,
    Rhythm,
    asked_figures,
    chain,
    contribution,
    daily_needs,
    day_kind,
    figure_of,
    figures,
    gap,
    in_whole,
    run_rate,
)
from metrics.pack import Pack, PackError
from metrics.periods import Span
from metrics.totals import Frames
from tests.snapshots import AS_OF, CHANNELS, a_snapshot, property_pack, small_rows, small_snapshot

GROUP = {
    "target": Fraction(1_500_000_000),
    "price": Fraction(2_500_000),
    "conversion": Fraction(42, 1000),
    "stock": Fraction(11_000),
}
SET = GapInputs(Decimal(1_500_000_000), Decimal(2_500_000), Decimal("0.042"))
ASSUMED = property_pack().gap.valid_share
TODAY = AS_OF.date()
DAYS = st.dates(date(2025, 1, 1), date(2026, 12, 31))
EVEN = Rhythm((Fraction(1),) * 8, 0, Span(TODAY, TODAY), False)


def told(projects=None, given=SET, snapshot=None, **asked):
    """The figures of the small world."""
    return figures(Frames(snapshot or small_snapshot()), property_pack(), projects, given, asked)


def test_the_group_s_own_figures_come_out():
    found = chain(asked_figures(GROUP, ASSUMED))
    assert (found.sales, found.gap.needed, found.gap.stock, found.gap.gap) == (600, 14_285, 11_000, 3_285)
    assert found.needed == Fraction(100_000, 7)
    assert found.phones == 10_950


def test_ten_thousand_phones_fill_the_gap_of_three_thousand_at_the_assumed_share():
    assert chain(asked_figures(GROUP | {"stock": Fraction(11_285)}, ASSUMED)).phones == 10_000


def test_enough_customers_need_no_phones():
    found = chain(asked_figures(GROUP | {"stock": Fraction(20_000)}, ASSUMED))
    assert (found.gap.gap, found.phones) == (-5_715, 0)


@pytest.mark.parametrize("unknown", ["target", "price", "conversion", "stock"])
def test_a_figure_that_is_not_known_is_never_zero(unknown):
    found = chain(asked_figures({name: value for name, value in GROUP.items() if name != unknown}))
    assert found.gap is None and found.phones is None


def test_the_group_s_formula_stands_beside():
    assert contribution(3_285, Fraction(2, 100), Fraction(4, 100)) == 6_570


# ------------------------------------------------------------------------------------------------------ what people type


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("target", "1500000000", 1_500_000_000),
        ("target", "15亿", 1_500_000_000),
        ("target", "1,500,000,000 元", 1_500_000_000),
        ("target", "15亿", 1_500_000_000),
        ("target", "1.5B", 1_500_000_000),
        ("price", "¥250万", 2_500_000),
        ("price", "243.5万元", 2_435_000),
        ("conversion", "4.2%", Fraction(42, 1000)),
        ("conversion", "0.042", Fraction(42, 1000)),
        ("conversion", "100%", 1),
        ("stock", "0", 0),
        ("stock", "1.1万", 11_000),
        ("valid_public", "30%", Fraction(3, 10)),
    ],
)
def test_figures_are_read_as_people_write_them(name, text, value):
    assert figure_of(name, text) == value


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("target", "0", "必须大于 0"),
        ("price", "-1", "不能是负数"),
        ("price", "many", "不是数字"),
        ("price", "", "不是数字"),
        ("conversion", "0%", "必须大于 0"),
        ("conversion", "120%", "超过 100%"),
        ("conversion", "4.2", "超过 100%"),
        ("conversion", "4万", "不是数字"),
        ("target", "5%", "不是数字"),
        ("stock", "-1", "不能是负数"),
        ("stock", "1.5", "必须是整数"),
        ("valid", "1e-999999999", "不是数字"),
        ("target", "9" * 5000, "不是数字"),
        ("target", "inf", "不是数字"),
        ("online", "٣", "必须大于|超过|不是数字"),
    ],
)
def test_a_figure_that_cannot_be_gets_a_plain_sentence(name, text, says):
    with pytest.raises(GapError) as error:
        figure_of(name, text)
    assert re.search(says, error.value.said.zh) and "{" not in error.value.said.zh + error.value.said.en


@given(st.sampled_from(["target", "price", "conversion", "stock", "valid"]), st.text(max_size=60))
def test_whatever_is_typed_is_a_figure_or_a_sentence(name, text):
    try:
        value = figure_of(name, text)
    except GapError:
        return
    assert value > 0 or name == "stock"
    assert name in ("target", "price", "stock") or value <= 1


# ------------------------------------------------------------------------------------------------------------------ laws


@given(
    st.fractions(1, 10**12), st.fractions(1, 10**9), st.fractions(Fraction(1, 10_000), 1), st.integers(0, 10**9),
    st.fractions(Fraction(1, 1000), 1),
)  # fmt: skip
def test_as_many_phones_as_needed_and_not_one_more(target, price, conversion, stock, valid):
    found = chain(
        asked_figures(
            {"target": target, "price": price, "conversion": conversion, "stock": Fraction(stock), "valid": valid}
        )
    )
    assert found.gap.needed * conversion * price <= target < (found.gap.needed + 1) * conversion * price
    assert found.gap == gap(GapInputs(target, price, conversion), stock)
    wanted = max(found.gap.gap, 0)
    assert found.phones * valid >= wanted > (found.phones - 1) * valid or (wanted, found.phones) == (0, 0)


@given(st.integers(0, 10**7), st.dictionaries(st.text(max_size=2), st.integers(1, 10**6), min_size=1, max_size=6))
def test_whole_parts_add_up_and_none_is_off_by_one_customer(total, weights):
    parts = in_whole(total, weights)
    assert sum(parts.values()) == total
    whole = sum(weights.values())
    assert all(abs(parts[name] - Fraction(total * weight, whole)) < 1 for name, weight in weights.items())


@given(st.fractions(0, 10**10), DAYS, st.integers(0, 60), st.lists(st.fractions(0, 5), min_size=8, max_size=8))
def test_the_days_left_together_bring_what_is_left(left, first, days, weights):
    found = run_rate(left, first, first + timedelta(days), Rhythm(tuple(weights), 500, Span(first, first), True))
    assert sum(one.days * one.each for one in found.kinds) == left
    assert sum(one.days for one in found.kinds) == found.days == days + 1
    assert found.average * found.days == left


def test_strong_days_bring_more():
    weights = tuple(Fraction(2 if at == 5 else 1) for at in range(8))
    found = run_rate(Fraction(80), date(2026, 3, 9), date(2026, 3, 15), Rhythm(weights, 500, EVEN.span, True))
    assert {one.kind: one.each for one in found.kinds} == {0: 10, 1: 10, 2: 10, 3: 10, 4: 10, 5: 20, 6: 10}
    assert found.today == 10


def test_public_holidays_are_days_of_their_own():
    found = run_rate(Fraction(3), date(2026, 10, 1), date(2026, 10, 3), EVEN)
    assert [(one.kind, one.days) for one in found.kinds] == [(HOLIDAY, 3)]
    assert day_kind(date(2026, 3, 14)) == 5


# -------------------------------------------------------------------------------------------- where figures come from


def test_asked_comes_first_then_what_is_set():
    assert told().price.source == "set" and told().price.value == 2_500_000
    asked = told(price=Fraction(3_000_000))
    assert (asked.price.value, asked.price.source, asked.price.default) == (3_000_000, "asked", 2_500_000)


def test_a_project_has_its_own_target_and_measures():
    found = told(frozenset(("p1",)))
    assert (found.target.source, found.target.value) == ("plan", 100_000_000)
    assert (found.price.source, found.price.value) == ("measured", 2_500_000)
    assert (found.stock.source, found.valid.source) == ("measured", "assumed")


def test_a_project_without_any_figure_says_so():
    found = told(frozenset(("p3",)), None)
    assert (found.target.source, found.target.value) == ("unknown", None)
    assert chain(found).gap is None


def test_who_may_not_see_the_group_gets_none_of_its_set_figures():
    assert {one.source for one in (told(given=None).price, told(given=None).conversion)} <= {"measured", "unknown"}


def test_the_listed_price_stands_in_where_sales_are_too_few():
    rows = small_rows()
    rows["contract"] = []
    rows["project"][0]["average_price"] = Decimal(1_800_000)
    found = told(frozenset(("p1",)), None, a_snapshot(**rows))
    assert (found.price.source, found.price.value) == ("listed", 1_800_000)


def test_valid_shares_per_kind_are_those_of_the_rows():
    first, last = TODAY - timedelta(90), TODAY - timedelta(1)
    leads = [one for one in small_rows()["lead"] if first <= one["created_at"].date() <= last]
    for kind, figure in told().kinds.items():
        own = [one for one in leads if CHANNELS[one["channel_id"]][1] == kind]
        valid = [one for one in own if one["valid"]]
        assert figure.value == Fraction(len(valid), len(own)) and figure.measured.n == len(own)
        assert (figure.source, told().mix[kind]) == ("measured", len(valid))
    assert set(told().kinds) == {"public", "referral"}


def test_the_kinds_carry_the_whole_gap():
    found = chain(told(**GROUP))
    assert sum(one.customers for one in found.kinds) == found.gap.gap
    for one in found.kinds:
        assert (one.phones - 1) * one.share.value < one.customers <= one.phones * one.share.value
        assert (one.alone - 1) * one.share.value < found.gap.gap <= one.alone * one.share.value


def test_conversion_is_measured_on_mature_leads_alone():
    later, rows = AS_OF + timedelta(100), small_rows()
    rows["lead"] = [one for one in rows["lead"] if one["id"] != "l0"]
    figure = told(snapshot=a_snapshot(as_of=later, **rows)).conversion
    leads = {
        one["id"]: one for one in rows["lead"] if figure.span.first <= one["created_at"].date() <= figure.span.last
    }
    signed = {one["lead_id"] for one in rows["contract"] if one["lead_id"] in leads}
    assert figure.span.last == later.date() - timedelta(30 + 30 + 15 + 1)
    assert (figure.measured.numerator, figure.measured.n) == (len(signed), sum(one["valid"] for one in leads.values()))
    assert len(signed) > 5 and len(leads) > 100


def test_without_validity_nothing_is_measured_and_the_assumption_stands():
    rows = small_rows()
    for lead in rows["lead"]:
        del lead["valid"]
    found = told(snapshot=a_snapshot(**rows))
    assert found.valid.source == "assumed" and found.valid.measured.missing == "absent"
    assert {one.source for one in found.kinds.values()} <= {"assumed"}


def test_what_is_left_counts_from_the_end_of_yesterday_to_the_end_of_the_year():
    found = chain(told(**GROUP))
    needs = daily_needs(Frames(small_snapshot()), property_pack(), None, found)
    signed = [one for one in small_rows()["contract"] if date(TODAY.year, 1, 1) <= one["signed_at"].date() < TODAY]
    assert needs.done.value == sum(one["amount"] for one in signed)
    assert needs.amount.left == 1_500_000_000 - needs.done.value
    assert (needs.amount.first, needs.amount.last) == (TODAY, date(TODAY.year, 12, 31))
    assert not needs.amount.rhythm.is_measured and needs.amount.today == needs.amount.average


def test_the_rhythm_of_phones_is_that_of_the_rows():
    needs = daily_needs(Frames(small_snapshot()), property_pack(), None, chain(told(**GROUP)))
    strength = needs.phones.rhythm
    counted = [one["created_at"].date() for one in small_rows()["lead"]]
    days = [strength.span.first + timedelta(nth) for nth in range(strength.span.days)]
    inside = [day for day in counted if strength.span.first <= day <= strength.span.last]
    mean = Fraction(len(inside), len(days))
    for kind in range(8):
        of_kind = [day for day in days if day_kind(day) == kind]
        expected = Fraction(sum(day_kind(day) == kind for day in inside), len(of_kind)) / mean if of_kind else 1
        assert strength.weights[kind] == expected
    assert strength.is_measured and strength.n == len(inside)


def test_a_target_that_is_reached_leaves_nothing():
    needs = daily_needs(Frames(small_snapshot()), property_pack(), None, chain(told(**GROUP | {"target": Fraction(1)})))
    assert needs.amount.left == 0


@pytest.mark.parametrize("share", ["30", "0", "-0.1", '"much"'])
def test_a_pack_s_share_that_cannot_be_is_refused(share):
    with pytest.raises(PackError, match=r"line 3, \[gap\]: valid_share is"):
        Pack.parse(f'label = {{ zh = "包", en = "Pack" }}\n\n[gap]\nvalid_share = {share}\n', "mine")
