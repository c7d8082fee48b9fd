"""How far a customer has come, what happened, and what to do next."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from metrics.customers import Counted, Customer, Moment, is_there, next_step, track
from metrics.periods import Span
from tests.snapshots import AS_OF, a_snapshot, property_pack, small_rows

LIMITS = {"A": 1, "B": 3, "C": 7, "D": 15}
NOW = datetime(2026, 3, 11, 10, 0)
TODAY = {"created_at": NOW - timedelta(hours=2)}


def a_customer(**told: Any) -> Customer:
    return Customer("lead:1", "p1", "c1", "s1", **{"has_lead": True, "lead": "1", "first_lead": "1", **told})


def ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


@pytest.mark.parametrize(
    ("told", "said"),
    [
        pytest.param({"created_at": ago(20), "contracted_at": ago(1)}, "已签约", id="who has signed is looked after"),
        pytest.param({"has_lead": False, "first_visit_at": ago(1)}, "补登电话", id="who walked in left no number"),
        pytest.param({**TODAY, "valid": False}, "无效客户", id="who is not valid is left alone"),
        pytest.param({**TODAY, "lost_at": ago(0), "is_lost": True}, "已流失", id="who is lost may be won back"),
        pytest.param({"created_at": ago(1.1), "grade": "A"}, "超期 1 天:A级 1 天内", id="a grade A waits a day at most"),
        pytest.param({"created_at": ago(16)}, "未评级 15 天内", id="without a grade the longest limit holds"),
        pytest.param({"created_at": ago(9), "last_contact_at": ago(1), "contact_at": ago(9), "grade": "B"}, "邀约到访", id="the last contact counts"),
        pytest.param({**TODAY, "lost_at": ago(9), "reactivated_at": ago(1)}, "首次联系", id="who came back is new again"),
        pytest.param({**TODAY, "first_visit_at": NOW}, "邀约复访", id="who has visited is invited again"),
        pytest.param({**TODAY, "subscribed_at": NOW}, "约定签约日", id="who has subscribed is to sign"),
        pytest.param({**TODAY, "first_visit_at": NOW, "subscribed_at": NOW, "subscription_lost_at": NOW}, "邀约复访", id="a cancelled subscription is none"),
        pytest.param({**TODAY, "contracted_at": NOW, "contract_lost_at": NOW}, "首次联系", id="nor is a cancelled contract"),
    ],
)  # fmt: skip
def test_the_next_step(told: dict[str, Any], said: str) -> None:
    assert said in next_step(a_customer(**told), NOW, LIMITS).zh


def test_a_track_tells_everything_once_newest_first() -> None:
    one = a_customer(created_at=ago(9), first_visit_at=ago(5), second_visit_at=ago(2), subscribed_at=ago(1))
    live = (Moment("follow_up", ago(7), "s1"), Moment("visit", ago(5), "s2"), Moment("visit", ago(2), "s2"))
    found = track(one, live)
    assert [(moment.kind, moment.staff, moment.channel) for moment in found] == [
        ("subscription", "", ""),
        ("visit", "s2", ""),
        ("visit", "s2", ""),
        ("follow_up", "s1", ""),
        ("lead", "", "c1"),
    ]


def test_a_customer_of_several_leads_is_known_by_all_of_them() -> None:
    assert a_customer().leads == ("1",) and a_customer(first_lead="0").leads == ("0", "1")
    assert a_customer(has_lead=False, lead=None, first_lead=None).leads == ()


@pytest.mark.parametrize(
    ("measure", "step", "basis", "there"),
    [
        ("leads", "lead", "period", True),
        ("leads", "lead", "cohort", True),
        ("first_visits", "visit", "period", False),
        ("first_visits", "visit", "cohort", False),
        ("contracts", "contract", "period", False),
    ],
)
def test_what_the_source_cannot_show_has_no_list(measure: str, step: str, basis: Any, there: bool) -> None:
    rows = small_rows()
    snapshot = a_snapshot(**{name: rows[name] for name in ("project", "lead", "contract")})
    counted = Counted(measure, step, basis, Span(AS_OF.date(), AS_OF.date()))
    assert is_there(snapshot, property_pack(), counted) is there
