"""Budgets stand inside, over or under their band as the rows say; what channels brought is the net amount of their days."""

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from metrics.periods import Span
from metrics.spending import budget_lines, budget_spans, returns, whole
from metrics.totals import EVERYTHING, Frames, Where
from tests.snapshots import AS_OF, a_snapshot, property_pack, small_rows

PACK = property_pack()
YEAR = Span(date(2026, 1, 1), date(2026, 12, 31))
QUARTER = Span(date(2026, 1, 1), date(2026, 3, 31))
YESTERDAY = AS_OF.date() - timedelta(1)


def a_budget(project: str, amount: int, span: Span = QUARTER, kind: str | None = "营销投放") -> dict[str, Any]:
    return {"project_id": project, "starts_on": span.first, "ends_on": span.last, "amount": Decimal(amount), "kind": kind}  # fmt: skip


def frames(*budgets: dict[str, Any]) -> Frames:
    return Frames(a_snapshot(**small_rows(), budget=list(budgets)))


def spent(project: str) -> int:
    rows = small_rows()["spend"]
    return sum(int(row["amount"]) for row in rows if row["project_id"] == project and QUARTER.first <= row["day"] <= YESTERDAY)  # fmt: skip


def test_a_budget_is_held_against_the_share_of_its_days():
    passed = Fraction((YESTERDAY - QUARTER.first).days + 1, QUARTER.days)
    due = {"p1": spent("p1"), "p2": spent("p2") / Fraction(2), "p3": spent("p3") * 2}
    found = budget_lines(frames(*(a_budget(id, round(each / passed)) for id, each in due.items())), PACK, {}, QUARTER)
    assert {line.budget.project: line.stands for line in found} == {"p1": "inside", "p2": "over", "p3": "under"}
    one = next(line for line in found if line.budget.project == "p2")
    assert one.spent.value == spent("p2") and one.planned == Fraction(one.budget.amount) * passed
    assert one.change == spent("p2") / one.planned - 1
    amount, planned, done = whole(found)
    assert (amount, planned) == (sum(line.budget.amount for line in found), sum(line.planned for line in found))
    assert done == sum(spent(id) for id in due)


def test_a_budget_that_ended_is_held_against_its_whole_amount():
    # 600 a day over 18 days are 10,800: a quarter more than 8,640, an eighth more than 9,600, a quarter less than 14,400.
    past = Span(date(2026, 2, 11), date(2026, 2, 28))
    known = frames(*(a_budget(f"p{n}", amount, past) for n, amount in ((1, 8640), (2, 9600), (3, 14400))))
    found = budget_lines(known, PACK, {}, past)
    assert {line.budget.project: (line.change, line.stands) for line in found} == {
        "p1": (Fraction(1, 4), "over"),
        "p2": (Fraction(1, 8), "inside"),
        "p3": (Fraction(-1, 4), "under"),
    }
    wide = budget_lines(known, PACK, {"limit": 0.25}, past)
    assert [line.stands for line in wide] == ["inside"] * 3


def test_only_own_projects_begun_spans_and_marketing_budgets_are_there():
    ahead = Span(date(2026, 4, 1), date(2026, 6, 30))
    known = frames(
        a_budget("p1", 100), a_budget("p2", 100), a_budget("p2", 9, ahead), a_budget("p3", 5, QUARTER, "人力")
    )
    rule = next(one for one in PACK.rules.values() if one.kind == "budget")
    assert budget_spans(known.snapshot, rule) == [QUARTER]
    own = Where(project=frozenset(("p1",)))
    assert [line.budget.project for line in budget_lines(known, PACK, {}, QUARTER, own)] == ["p1"]
    assert {line.budget.project for line in budget_lines(known, PACK, {}, QUARTER)} == {"p1", "p2"}


@pytest.mark.parametrize("project", [None, "p2"])
def test_what_a_channel_brought_is_the_net_amount_of_its_customers_over_its_spend(project: str | None):
    rows = small_rows()
    leads = {row["id"]: row for row in rows["lead"]}
    inside = [row for row in rows["contract"] if QUARTER.first <= row["signed_at"].date() <= YESTERDAY and project in (None, row["project_id"])]  # fmt: skip
    amount = sum(int(row["amount"]) for row in inside if leads[row["lead_id"]]["channel_id"] == "c1")
    money = sum(spent(id) for id in ("p1", "p2", "p3") if project in (None, id))
    where = Where(project=frozenset((project,))) if project else EVERYTHING
    (one,) = returns(frames(), PACK, QUARTER, where)
    assert (one.channel, one.spend, one.amount.value) == ("c1", money, amount)
    assert one.roi.value == Fraction(amount, money)
    assert one.contracts == sum(leads[row["lead_id"]]["channel_id"] == "c1" for row in inside)
