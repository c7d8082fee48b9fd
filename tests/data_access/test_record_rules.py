"""Record rules at the edges of their thresholds: what is found, and what only looks like it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import duckdb
import pytest

from data_access.record_rules import check_records, lacking
from data_access.replica import Replica
from metrics.entities import ENTITIES
from metrics.pack import PackError
from metrics.record_rules import Found, check_limits
from tests.planted import AS_OF, NATURAL, OTHER_PAID, PAID, POOL, a_replica, clear, put
from tests.snapshots import property_pack

TEN = datetime(2026, 3, 2, 10, 0)
DAY = date(2026, 3, 2)
MINUTE, HOUR, DAYS = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
SECOND = timedelta(seconds=1)
ANNE, BERT = "a" * 32, "b" * 32


class Desk:
    """An empty replica to put rows into, and what one rule finds there."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.connection = connection
        self._nth = 0

    def put(self, entity: str, **values: Any) -> str:
        """Put one row there, with an id of its own and the first project where none is given; its id."""
        self._nth += 1
        known = {"id": f"{entity}-{self._nth}"} | (
            {} if entity in ("follow_up", "assignment", "staff") else {"project_id": "P1"}
        )
        put(self.connection, entity, **known | values)
        return str((known | values)["id"])

    def lead(self, at: Any, channel: str = NATURAL, person: str | None = ANNE, **more: Any) -> str:
        return self.put("lead", created_at=at, channel_id=channel, person=person, **more)

    def visit(self, at: Any, channel: str | None = NATURAL, person: str | None = ANNE, **more: Any) -> str:
        return self.put("visit", at=at, channel_id=channel, person=person, **more)

    def registration(self, at: Any, channel: str | None = PAID, person: str | None = ANNE, **more: Any) -> str:
        return self.put("registration", at=at, channel_id=channel, person=person, **more)

    def found(self, rule: str, **given: Any) -> list[Found]:
        alone = replace(property_pack(), record_rules={rule: property_pack().record_rules[rule]})
        checked = check_records(self.connection, alone, given, as_of=AS_OF)
        assert checked.lacks == {}
        return list(checked.found)


@pytest.fixture(scope="module")
def empty() -> Iterator[Replica]:
    """A replica with places and nothing else."""
    replica = a_replica()
    yield replica
    replica.close()


@pytest.fixture
def desk(empty: Replica) -> Iterator[Desk]:
    yield Desk(empty.connection)
    clear(empty.connection)


class TestF1:
    """Registered after an earlier natural touch."""

    @pytest.mark.parametrize(
        ("touched", "registered", "finds"),
        [
            pytest.param(TEN - SECOND, TEN, True, id="a second before"),
            pytest.param(TEN, TEN, False, id="the same second"),
            pytest.param(TEN + SECOND, TEN, False, id="after"),
            pytest.param(DAY, TEN, False, id="some time on the same day"),
            pytest.param(TEN, DAY, False, id="before some time of the day"),
            pytest.param(DAY, DAY, False, id="two days that are the same"),
            pytest.param(DAY - DAYS, TEN, True, id="some time on the day before"),
            pytest.param(DAY - DAYS, DAY, True, id="a day and the day after"),
            pytest.param(TEN, DAY + DAYS, True, id="before some time of the next day"),
        ],
    )
    @pytest.mark.parametrize("kind", ["visit", "lead"])
    def test_order(self, desk: Desk, kind: str, touched: Any, registered: Any, finds: bool) -> None:
        (desk.visit if kind == "visit" else desk.lead)(touched)
        key = desk.registration(registered)
        assert [one.key for one in desk.found("F1")] == [key] * finds

    @pytest.mark.parametrize(
        ("channel", "claims", "finds"),
        [
            pytest.param(NATURAL, PAID, True, id="natural, then paid"),
            pytest.param(None, PAID, True, id="a visit without a channel is natural"),
            pytest.param(NATURAL, None, True, id="a registration without a channel is paid"),
            pytest.param(PAID, PAID, False, id="the same channel"),
            pytest.param(OTHER_PAID, PAID, False, id="another paid channel is no natural touch"),
            pytest.param(POOL, PAID, False, id="a referral is no natural touch"),
            pytest.param(NATURAL, POOL, False, id="what goes through the referral pool"),
            pytest.param(NATURAL, "C1", False, id="registered under a natural channel"),
        ],
    )
    def test_channels(self, desk: Desk, channel: str | None, claims: str | None, finds: bool) -> None:
        desk.visit(TEN - HOUR, channel)
        desk.registration(TEN, claims)
        assert bool(desk.found("F1")) == finds

    def test_another_project_or_another_person_is_nothing(self, desk: Desk) -> None:
        desk.visit(TEN - HOUR, project_id="P2")
        desk.visit(TEN - HOUR, person=BERT)
        desk.registration(TEN)
        assert desk.found("F1") == []

    @pytest.mark.parametrize(("reached", "finds"), [(True, True), (None, True), (False, False)])
    def test_a_call_that_got_through(self, desk: Desk, reached: bool | None, finds: bool) -> None:
        lead = desk.lead(TEN + DAYS)
        desk.put("follow_up", lead_id=lead, at=TEN - HOUR, reached=reached, staff_id="P1-S1")
        desk.registration(TEN, lead_id=lead)
        assert bool(desk.found("F1")) == finds

    def test_a_person_known_by_the_lead_alone(self, desk: Desk) -> None:
        lead = desk.lead(TEN + HOUR, PAID)
        desk.visit(TEN - HOUR)
        desk.registration(TEN, person=None, lead_id=lead)
        assert len(desk.found("F1")) == 1

    def test_minutes_are_a_setting_of_each_project(self, desk: Desk) -> None:
        for project in ("P1", "P2"):
            desk.visit(TEN - 5 * MINUTE, project_id=project)
            desk.registration(TEN, project_id=project)
        assert [one.project for one in desk.found("F1", F1={"minutes": 5})] == []
        assert [one.project for one in desk.found("F1", F1={"minutes": Decimal("4.5"), "P1": {"minutes": 5}})] == ["P2"]

    def test_evidence_is_a_time_line_of_ids_and_nothing_else(self, desk: Desk) -> None:
        lead = desk.lead(TEN - 2 * HOUR, staff_id="P1-S2")
        visit = desk.visit(TEN - HOUR)
        key = desk.registration(TEN, broker_id="B7")
        deal = desk.put(
            "contract", signed_at=TEN + DAYS, person=ANNE, amount=Decimal("2500000.5"), commission_amount=45000
        )
        (one,) = desk.found("F1")
        assert (one.level, one.project, one.channel, one.broker, one.since) == ("red", "P1", PAID, "B7", TEN)
        assert one.facts == {"touch": "lead", "seconds": "7200"}
        assert [(proof.kind, proof.id, proof.at) for proof in one.proofs] == [
            ("lead", lead, TEN - 2 * HOUR),
            ("registration", key, TEN),
        ]
        assert [(stake.contract, stake.amount, stake.commission) for stake in one.stakes] == [
            (deal, Decimal("2500000.5"), 45000)
        ]
        assert ANNE not in repr(one) and visit

    def test_a_contract_that_was_cancelled_is_not_at_stake(self, desk: Desk) -> None:
        desk.visit(TEN - HOUR)
        desk.registration(TEN)
        desk.put("contract", signed_at=TEN + DAYS, person=ANNE, amount=1, cancelled_at=TEN + 3 * DAYS)
        assert desk.found("F1")[0].stakes == ()

    def test_what_lies_ahead_has_not_happened(self, desk: Desk) -> None:
        desk.visit(AS_OF)
        desk.registration(AS_OF + SECOND)
        assert desk.found("F1") == []


class TestF2:
    """The buyer is not the registered customer, and came first."""

    def sold(
        self, desk: Desk, *, buyer: str | None = BERT, registered: Any = TEN, signed: Any = TEN + 5 * DAYS, **more: Any
    ) -> str:
        lead = desk.lead(TEN, PAID)
        desk.registration(registered, lead_id=lead)
        return desk.put("contract", lead_id=lead, person=buyer, signed_at=signed, amount=1, **more)

    @pytest.mark.parametrize(
        ("touched", "finds"),
        [
            pytest.param(TEN - SECOND, True, id="before the registration"),
            pytest.param(TEN, False, id="at the registration"),
            pytest.param(DAY, False, id="some time of that day"),
            pytest.param(DAY - DAYS, True, id="the day before"),
        ],
    )
    def test_the_buyer_s_touch(self, desk: Desk, touched: Any, finds: bool) -> None:
        key = self.sold(desk)
        desk.visit(touched, person=BERT)
        assert [one.key for one in desk.found("F2")] == [key] * finds

    @pytest.mark.parametrize("buyer", [ANNE, None])
    def test_the_registered_customer_buys(self, desk: Desk, buyer: str | None) -> None:
        self.sold(desk, buyer=buyer)
        desk.visit(TEN - HOUR, person=BERT)
        assert desk.found("F2") == []

    def test_husband_and_wife_who_came_together_later(self, desk: Desk) -> None:
        self.sold(desk)
        desk.visit(TEN + HOUR, PAID, person=BERT)
        assert desk.found("F2") == []

    def test_registered_after_the_signing(self, desk: Desk) -> None:
        self.sold(desk, signed=TEN - SECOND)
        desk.visit(TEN - HOUR, person=BERT)
        assert desk.found("F2") == []

    def test_the_buyer_s_touch_under_the_channel(self, desk: Desk) -> None:
        self.sold(desk)
        desk.visit(TEN - HOUR, PAID, person=BERT)
        assert desk.found("F2") == []


class TestF3:
    """First visit right after the registration."""

    @pytest.mark.parametrize(
        ("gap", "level"),
        [
            pytest.param(timedelta(), "red", id="the same second"),
            pytest.param(timedelta(minutes=9, seconds=59), "red", id="9:59"),
            pytest.param(timedelta(minutes=10), "orange", id="10:00"),
            pytest.param(timedelta(minutes=29, seconds=59), "orange", id="29:59"),
            pytest.param(timedelta(minutes=30), None, id="30:00"),
            pytest.param(-SECOND, None, id="the visit came first"),
        ],
    )
    def test_minutes(self, desk: Desk, gap: timedelta, level: str | None) -> None:
        desk.registration(TEN)
        desk.visit(TEN + gap, PAID)
        assert [one.level for one in desk.found("F3")] == ([level] if level else [])

    @pytest.mark.parametrize(("registered", "visited"), [(DAY, TEN), (TEN, DAY), (DAY, DAY), (TEN, DAY + DAYS)])
    def test_a_day_says_nothing_about_minutes(self, desk: Desk, registered: Any, visited: Any) -> None:
        desk.registration(registered)
        desk.visit(visited, PAID)
        assert desk.found("F3") == []

    def test_only_the_first_visit_counts(self, desk: Desk) -> None:
        desk.visit(TEN - DAYS, PAID)
        desk.registration(TEN)
        desk.visit(TEN + MINUTE, PAID)
        assert desk.found("F3") == []

    def test_a_renewal_by_the_same_channel_is_nothing(self, desk: Desk) -> None:
        desk.registration(TEN - 9 * DAYS)
        desk.registration(TEN)
        desk.visit(TEN + MINUTE, PAID)
        assert desk.found("F3") == []

    def test_thresholds_are_settings_of_each_project(self, desk: Desk) -> None:
        desk.registration(TEN)
        desk.visit(TEN + 20 * MINUTE, PAID)
        assert desk.found("F3", F3={"P1": {"minutes": 20}}) == []
        assert desk.found("F3", F3={"P1": {"grave_minutes": 21}})[0].level == "red"


class TestF4:
    """Two claims inside a protection."""

    def claimed(
        self, desk: Desk, at: Any, channel: str = OTHER_PAID, until: Any = TEN + 30 * DAYS, **more: Any
    ) -> list[Found]:
        desk.registration(TEN, protected_until=until)
        desk.registration(at, channel, **more)
        return desk.found("F4")

    @pytest.mark.parametrize(
        ("at", "until", "finds"),
        [
            pytest.param(TEN + 30 * DAYS, TEN + 30 * DAYS, False, id="ahead of us"),
            pytest.param(TEN + 20 * DAYS, TEN + 20 * DAYS, True, id="at the last moment"),
            pytest.param(TEN + 20 * DAYS + SECOND, TEN + 20 * DAYS, False, id="a second after the end"),
            pytest.param(
                datetime(2026, 3, 20, 23, 59), date(2026, 3, 20), True, id="the last day belongs to the protection"
            ),
            pytest.param(datetime(2026, 3, 21), date(2026, 3, 20), False, id="the day after the last"),
            pytest.param(TEN, TEN + DAYS, True, id="in the same second"),
            pytest.param(DAY, TEN + DAYS, False, id="on a day that may be before"),
            pytest.param(TEN + HOUR, None, False, id="without a protection"),
        ],
    )
    def test_inside_the_protection(self, desk: Desk, at: Any, until: Any, finds: bool) -> None:
        assert len(self.claimed(desk, at, until=until)) == finds

    def test_the_same_channel_may_renew(self, desk: Desk) -> None:
        assert self.claimed(desk, TEN + DAYS, PAID) == []

    def test_another_project_s_claim(self, desk: Desk) -> None:
        assert self.claimed(desk, TEN + DAYS, POOL, project_id="P2") == []

    @pytest.mark.parametrize(("staff", "finds"), [("P1-S2", True), ("P1-S1", False), (None, False)])
    def test_another_salesperson_takes_the_customer_on(self, desk: Desk, staff: str | None, finds: bool) -> None:
        own = desk.lead(TEN, PAID, staff_id="P1-S1")
        desk.registration(TEN, lead_id=own, protected_until=TEN + 9 * DAYS)
        desk.lead(TEN + DAYS, PAID, staff_id=staff)
        assert bool(desk.found("F4")) == finds


class TestF5:
    """Another channel right after the protection, and a visit."""

    END = datetime(2026, 3, 5, 12, 0)

    def claimed(
        self, desk: Desk, after: timedelta, visit_after: timedelta, end: Any = None, channel: str = OTHER_PAID
    ) -> list[Found]:
        desk.registration(self.END - 30 * DAYS, protected_until=end or self.END)
        desk.registration(self.END + after, channel)
        desk.visit(self.END + after + visit_after, channel)
        return desk.found("F5")

    @pytest.mark.parametrize(
        ("after", "visit_after", "finds"),
        [
            pytest.param(SECOND, HOUR, True, id="a second after"),
            pytest.param(timedelta(), HOUR, False, id="at the end itself"),
            pytest.param(48 * HOUR, HOUR, True, id="48 hours"),
            pytest.param(48 * HOUR + SECOND, HOUR, False, id="48 hours and a second"),
            pytest.param(HOUR, 72 * HOUR, True, id="a visit 72 hours later"),
            pytest.param(HOUR, 72 * HOUR + SECOND, False, id="a visit 72 hours and a second later"),
            pytest.param(HOUR, -SECOND, False, id="a visit before the claim"),
        ],
    )
    def test_hours(self, desk: Desk, after: timedelta, visit_after: timedelta, finds: bool) -> None:
        assert len(self.claimed(desk, after, visit_after)) == finds

    def test_the_same_channel_may_renew(self, desk: Desk) -> None:
        assert self.claimed(desk, HOUR, HOUR, channel=PAID) == []

    def test_a_protection_that_was_renewed_has_not_ended(self, desk: Desk) -> None:
        desk.registration(self.END - DAYS, protected_until=self.END + 29 * DAYS)
        assert self.claimed(desk, HOUR, HOUR) == []

    def test_a_last_day_ends_with_its_midnight(self, desk: Desk) -> None:
        assert self.claimed(desk, 11 * HOUR, HOUR, end=date(2026, 3, 5)) == []
        assert len(self.claimed(desk, 13 * HOUR, HOUR, end=date(2026, 3, 5))) == 1

    def test_a_visit_on_some_time_of_the_day_of_the_claim(self, desk: Desk) -> None:
        desk.registration(self.END - 30 * DAYS, protected_until=self.END)
        desk.registration(self.END + HOUR, OTHER_PAID)
        desk.visit(self.END.date(), OTHER_PAID)
        assert desk.found("F5") == []
        desk.visit(self.END.date() + DAYS, OTHER_PAID)
        assert len(desk.found("F5")) == 1


class TestF6:
    """A natural customer becomes a channel's, late."""

    def changed(self, desk: Desk, at: Any, before: str | None = NATURAL, channel: str = PAID) -> str:
        lead = desk.lead(TEN - 20 * DAYS, channel)
        if before:
            desk.put("assignment", lead_id=lead, at=TEN - 20 * DAYS, channel_id=before, staff_id="P1-S1")
        return desk.put("assignment", lead_id=lead, at=at, channel_id=channel, staff_id="P1-S1")

    @pytest.mark.parametrize(
        ("at", "finds"),
        [
            pytest.param(TEN + SECOND, True, id="a second after the first visit"),
            pytest.param(TEN, False, id="in the second of the first visit"),
            pytest.param(DAY, False, id="some time of the day of the first visit"),
            pytest.param(DAY + DAYS, True, id="the day after"),
            pytest.param(TEN - HOUR, False, id="before the first visit"),
        ],
    )
    def test_after_the_first_visit(self, desk: Desk, at: Any, finds: bool) -> None:
        key = self.changed(desk, at)
        desk.visit(TEN, PAID)
        assert [one.key for one in desk.found("F6")] == [key] * finds

    @pytest.mark.parametrize(
        ("before", "finds"), [(7 * DAYS, True), (7 * DAYS + SECOND, False), (timedelta(), True), (-SECOND, False)]
    )
    def test_days_before_the_subscription(self, desk: Desk, before: timedelta, finds: bool) -> None:
        self.changed(desk, TEN - before)
        desk.put("subscription", at=TEN, person=ANNE)
        assert bool(desk.found("F6")) == finds

    @pytest.mark.parametrize(
        ("before", "channel", "finds"),
        [
            pytest.param(PAID, PAID, False, id="only the owner changed"),
            pytest.param(OTHER_PAID, PAID, False, id="from one channel to another"),
            pytest.param(NATURAL, "C1", False, id="from natural to natural"),
            pytest.param(NATURAL, POOL, False, id="into the referral pool"),
            pytest.param(None, PAID, False, id="nothing tells what it was before"),
        ],
    )
    def test_only_from_natural_to_paid(self, desk: Desk, before: str | None, channel: str, finds: bool) -> None:
        self.changed(desk, TEN + HOUR, before, channel)
        desk.visit(TEN, PAID)
        assert bool(desk.found("F6")) == finds

    def test_a_natural_visit_tells_what_the_customer_was(self, desk: Desk) -> None:
        self.changed(desk, TEN + HOUR, None)
        desk.visit(TEN, NATURAL)
        assert len(desk.found("F6")) == 1


class TestF7:
    """Subscribed right after the registration."""

    @pytest.mark.parametrize(
        ("registered", "subscribed", "finds"),
        [
            pytest.param(TEN, TEN + 24 * HOUR - SECOND, True, id="23:59:59"),
            pytest.param(TEN, TEN + 24 * HOUR, False, id="24 hours"),
            pytest.param(TEN, TEN - SECOND, False, id="before"),
            pytest.param(DAY, TEN, False, id="a registration known to the day"),
            pytest.param(TEN, DAY + DAYS, False, id="a subscription known to the day"),
        ],
    )
    def test_hours(self, desk: Desk, registered: Any, subscribed: Any, finds: bool) -> None:
        desk.registration(registered)
        desk.put("subscription", at=subscribed, person=ANNE)
        assert bool(desk.found("F7")) == finds

    @pytest.mark.parametrize(("channel", "finds"), [(PAID, True), (POOL, False), ("C1", False)])
    def test_only_customers_of_a_channel(self, desk: Desk, channel: str, finds: bool) -> None:
        desk.registration(TEN, channel)
        desk.put("subscription", at=TEN + HOUR, person=ANNE)
        assert bool(desk.found("F7")) == finds


class TestF8:
    """One broker, many registrations in minutes."""

    def burst(self, desk: Desk, *after: int, broker: str = "B7", **more: Any) -> list[Found]:
        for nth, seconds in enumerate(after):
            desk.registration(TEN + timedelta(seconds=seconds), person=f"{nth:032}", broker_id=broker, **more)
        return desk.found("F8")

    @pytest.mark.parametrize(
        ("after", "sizes"),
        [
            pytest.param((0, 1, 2, 3, 600), [5], id="five in ten minutes"),
            pytest.param((0, 1, 2, 3, 601), [], id="five in ten minutes and a second"),
            pytest.param((0, 1, 2, 3), [], id="four"),
            pytest.param((0, 150, 300, 450, 600, 750, 900), [7], id="windows that overlap are one burst"),
            pytest.param((0, 1, 2, 3, 4, 3600, 3601, 3602, 3603, 3604), [5, 5], id="two bursts"),
        ],
    )
    def test_windows(self, desk: Desk, after: tuple[int, ...], sizes: list[int]) -> None:
        assert [int(one.facts["n"]) for one in self.burst(desk, *after)] == sizes

    def test_five_brokers_of_one_company(self, desk: Desk) -> None:
        for nth in range(5):
            desk.registration(TEN, person=f"{nth:032}", broker_id=f"B{nth}")
        assert desk.found("F8") == []

    def test_one_customer_sent_five_times(self, desk: Desk) -> None:
        for nth in range(5):
            desk.registration(TEN + nth * SECOND, broker_id="B7")
        assert desk.found("F8") == []

    def test_a_list_of_which_only_the_day_is_known(self, desk: Desk) -> None:
        for nth in range(9):
            desk.registration(DAY, person=f"{nth:032}", broker_id="B7")
        assert desk.found("F8") == []


class TestF9:
    """Invalid numbers, and visitors nobody received."""

    @pytest.mark.parametrize(
        ("bad", "n", "finds"), [(5, 20, True), (4, 20, False), (5, 19, False), (19, 19, False), (20, 20, True)]
    )
    def test_invalid_numbers(self, desk: Desk, bad: int, n: int, finds: bool) -> None:
        for nth in range(n):
            desk.registration(TEN + nth * HOUR, person=f"{nth:032}", broker_id="B7", phone_ok=nth >= bad)
        found = desk.found("F9")
        assert [(one.facts["k"], one.facts["n"], one.facts["quarter"]) for one in found] == [
            (str(bad), str(n), "2026Q1")
        ] * finds

    @pytest.mark.parametrize(("alone", "finds"), [(5, True), (4, False)])
    def test_visits_without_a_salesperson(self, desk: Desk, alone: int, finds: bool) -> None:
        for nth in range(20):
            desk.registration(TEN, person=f"{nth:032}", broker_id="B7")
            desk.visit(TEN + HOUR, PAID, f"{nth:032}", staff_id=None if nth < alone else "P1-S1")
        assert [one.facts["what"] for one in desk.found("F9")] == ["visit"] * finds

    def test_a_broker_with_two_projects_is_looked_at_in_each(self, desk: Desk) -> None:
        for nth in range(30):
            desk.registration(TEN, person=f"{nth:032}", broker_id="B7", phone_ok=False, project_id=f"P{1 + nth % 2}")
        assert desk.found("F9") == []


class TestF10:
    """One broker behind a salesperson's deals."""

    @pytest.mark.parametrize(
        ("k", "n", "finds"), [(3, 5, True), (2, 5, False), (3, 4, False), (4, 10, False), (5, 10, True)]
    )
    def test_share(self, desk: Desk, k: int, n: int, finds: bool) -> None:
        for nth in range(n):
            desk.registration(TEN, person=f"{nth:032}", broker_id="B7" if nth < k else f"B{10 + nth}")
            desk.put("contract", signed_at=TEN + DAYS, person=f"{nth:032}", staff_id="P1-S1", amount=1)
        found = desk.found("F10")
        assert [(one.broker, one.facts["k"], one.facts["n"]) for one in found] == [("B7", str(k), str(n))] * finds
        assert all(len(one.stakes) == k for one in found)


class TestF11:
    """A salesperson whose natural visitors go elsewhere."""

    MONDAY = datetime(2026, 2, 2, 10, 0)

    def served(
        self, desk: Desk, staff: str, n: int, gone: int, *, how: str = "registration", start: datetime = MONDAY
    ) -> None:
        for nth in range(n):
            person = f"{staff}-{start:%m%d}-{nth}"
            at = start + timedelta(hours=nth % 200)
            desk.visit(at, person=person, staff_id=staff)
            if nth < gone and how == "registration":
                desk.registration(at + DAYS, person=person)
            if how == "loss":
                desk.lead(at - HOUR, person=person, lost_at=at + 10 * DAYS if nth < gone else None)

    @pytest.mark.parametrize("how", ["registration", "loss"])
    def test_above_the_peers(self, desk: Desk, how: str) -> None:
        for nth, gone in enumerate((2, 1, 3, 2), start=1):
            self.served(desk, f"P1-S{nth}", 20, gone, how=how)
        self.served(desk, "P1-S9", 20, 10, how=how)
        (one,) = desk.found("F11")
        assert (one.staff, one.facts["k"], one.facts["n"], one.facts["peers"]) == ("P1-S9", "10", "20", "4")
        assert one.facts["mean"] == "0.1" and one.facts["first"] == "2026-02-02" and float(one.facts["z"]) > 2

    def test_a_small_sample_does_not_stand_out_by_luck(self, desk: Desk) -> None:
        for nth in range(1, 5):
            self.served(desk, f"P1-S{nth}", 20, 0)
        self.served(desk, "P1-S8", 20, 1)
        self.served(desk, "P1-S9", 19, 19)
        assert desk.found("F11") == []

    def test_without_peers_there_is_nothing_to_compare(self, desk: Desk) -> None:
        self.served(desk, "P1-S1", 20, 0)
        self.served(desk, "P1-S2", 20, 0)
        self.served(desk, "P1-S9", 20, 20)
        assert desk.found("F11") == []

    def test_two_weeks_that_are_too_young_wait(self, desk: Desk) -> None:
        for nth in range(1, 5):
            self.served(desk, f"P1-S{nth}", 20, 0, start=datetime(2026, 3, 16, 10))
        self.served(desk, "P1-S9", 20, 20, start=datetime(2026, 3, 16, 10))
        assert desk.found("F11") == []


class TestF13:
    """Many hands, and a customer who was handed to another project and signed."""

    @pytest.mark.parametrize(
        ("ats", "finds"),
        [
            pytest.param((TEN, TEN + DAYS, TEN + 7 * DAYS), True, id="three in seven days"),
            pytest.param((TEN, TEN + DAYS, TEN + 7 * DAYS + SECOND), False, id="three in seven days and a second"),
            pytest.param((TEN, TEN + DAYS), False, id="two"),
            pytest.param((DAY, DAY + DAYS, DAY + 6 * DAYS), True, id="days that are seven at most"),
            pytest.param((DAY, DAY + DAYS, DAY + 7 * DAYS), False, id="days that may be more than seven"),
        ],
    )
    def test_salespeople_in_days(self, desk: Desk, ats: tuple[Any, ...], finds: bool) -> None:
        lead = desk.lead(TEN - 9 * DAYS)
        for nth, at in enumerate(ats):
            desk.put("follow_up", lead_id=lead, staff_id=f"P1-S{nth + 1}", at=at)
        assert [one.key for one in desk.found("F13")] == [f"many:{lead}"] * finds

    def test_hands_on_several_leads_of_one_customer(self, desk: Desk) -> None:
        leads = [desk.lead(TEN - nth * DAYS) for nth in range(3)]
        for nth, lead in enumerate(leads):
            desk.put("follow_up", lead_id=lead, staff_id=f"P1-S{nth + 1}", at=TEN + HOUR)
        assert [one.key for one in desk.found("F13")] == [f"many:{leads[-1]}"]

    @pytest.mark.parametrize(
        ("how", "finds"),
        [
            ("given", True),
            ("referred", False),
            ("pool", False),
            ("cancelled", False),
            ("within", False),
            ("after", False),
        ],
    )
    def test_handed_to_another_project_and_signed(self, desk: Desk, how: str, finds: bool) -> None:
        desk.put("staff", id="X1", project_id="P1" if how == "within" else "P2")
        lead = desk.lead(TEN - 9 * DAYS, POOL if how == "pool" else NATURAL)
        desk.put("assignment", lead_id=lead, staff_id="X1", at=TEN + (9 * DAYS if how == "after" else timedelta()))
        if how == "referred":
            desk.put("referral", lead_id=lead, referrer_id="O1", at=TEN)
        cancelled = TEN + 6 * DAYS if how == "cancelled" else None
        desk.put("contract", signed_at=TEN + 5 * DAYS, person=ANNE, amount=1, project_id="P2", cancelled_at=cancelled)
        assert bool(desk.found("F13")) == finds

    def test_a_customer_who_chose_another_project_is_nothing(self, desk: Desk) -> None:
        desk.lead(TEN - 9 * DAYS)
        desk.put("contract", signed_at=TEN, person=ANNE, amount=1, project_id="P2")
        assert desk.found("F13") == []


class TestF14:
    """One contract, several commission records."""

    @pytest.mark.parametrize(("records", "finds"), [(None, False), (0, False), (1, False), (2, True), (5, True)])
    def test_records(self, desk: Desk, records: int | None, finds: bool) -> None:
        key = desk.put("contract", signed_at=TEN, person=ANNE, amount=1, commission_records=records, commission_to="B7")
        assert [(one.key, one.broker) for one in desk.found("F14")] == [(key, "B7")] * finds

    def test_a_project_that_pays_two_sides(self, desk: Desk) -> None:
        desk.put("contract", signed_at=TEN, person=ANNE, amount=1, commission_records=2)
        assert desk.found("F14", F14={"P1": {"records": 2}}) == []


class TestF15:
    """The phone of a colleague."""

    @pytest.mark.parametrize(("kind", "finds"), [("broker", True), ("owner", True), (None, True), ("employee", False)])
    def test_who_refers(self, desk: Desk, kind: str | None, finds: bool) -> None:
        desk.put("staff", id="X1", phone=ANNE)
        lead = desk.lead(TEN, POOL, BERT)
        desk.put("referral", lead_id=lead, referrer_id="B7", referrer_kind=kind, referrer_phone=ANNE, at=TEN)
        assert [(one.staff, one.broker) for one in desk.found("F15")] == [("X1", "B7")] * finds
        assert len(desk.found("F15", F15={"employees": 1})) == 1

    def test_the_registrations_of_a_broker_who_is_a_colleague(self, desk: Desk) -> None:
        desk.put("staff", id="X1", phone=ANNE)
        desk.put("referral", referrer_id="B7", referrer_kind="broker", referrer_phone=ANNE, at=TEN, project_id="P2")
        key = desk.registration(TEN, person=BERT, broker_id="B7")
        found = desk.found("F15")
        assert [(one.project, [proof.id for proof in one.proofs]) for one in found if one.project == "P1"] == [
            ("P1", [key])
        ]

    def test_a_colleague_registered_as_a_customer(self, desk: Desk) -> None:
        desk.put("staff", id="X1", phone=ANNE)
        key = desk.registration(TEN)
        assert [(one.key, one.staff) for one in desk.found("F15")] == [(f"customer:{key}", "X1")]

    def test_a_colleague_who_only_looks_for_a_flat(self, desk: Desk) -> None:
        desk.put("staff", id="X1", phone=ANNE)
        desk.lead(TEN)
        assert desk.found("F15") == []


def test_a_referral_that_moves_between_projects_is_never_a_finding(desk: Desk) -> None:
    for nth, project in enumerate(("P1", "P2", "P3")):
        lead = desk.lead(TEN + nth * HOUR, POOL, project_id=project)
        desk.put(
            "referral", lead_id=lead, project_id=project, referrer_id="O1", referrer_kind="owner", at=TEN + nth * HOUR
        )
        desk.registration(TEN + nth * HOUR, POOL, project_id=project, protected_until=TEN + 30 * DAYS)
        desk.visit(TEN + nth * HOUR + MINUTE, POOL, project_id=project)
        desk.put("assignment", lead_id=lead, staff_id=f"P{nth + 2}-S1", channel_id=POOL, at=TEN + DAYS)
    desk.put("contract", person=ANNE, project_id="P3", signed_at=TEN + 2 * DAYS, amount=1)
    assert check_records(desk.connection, property_pack(), {}, as_of=AS_OF).found == ()


@pytest.mark.parametrize(
    ("missing", "off"),
    [
        ("registration", {"F1", "F2", "F3", "F4", "F5", "F7", "F8", "F9", "F10"}),
        ("registration.broker_id", {"F8", "F9", "F10"}),
        ("channel.kind", {"F1", "F2", "F3", "F6", "F7", "F11"}),
        ("contract.commission_records", {"F14"}),
        ("staff.phone", {"F15"}),
    ],
)
def test_a_rule_that_lacks_something_says_what(missing: str, off: set[str]) -> None:
    entity, _, column = missing.partition(".")
    everything = {one.name: set(one.column_names) for one in ENTITIES.values()}
    without = everything[entity] - {column} if column else set()
    lacks = lacking(
        property_pack(), {name: columns for name, columns in (everything | {entity: without}).items() if columns}
    )
    assert set(lacks) == off and missing in {lacks[one] for one in off}


@pytest.mark.parametrize(
    ("given", "says"),
    [
        pytest.param({"F12": {}}, "record_rules.F12 is no rule of the pack", id="a rule there is not"),
        pytest.param({"F3": {"minute": 3}}, "Did you mean 'minutes'", id="a threshold there is not"),
        pytest.param({"F3": {"P1": {"hours": 3}}}, "record_rules.F3.P1.hours is no threshold", id="a project's"),
        pytest.param({"F3": {"minutes": "3"}}, "Give a number from 0 up, such as 30", id="no number"),
        pytest.param({"F3": {"minutes": -1}}, "Give a number from 0 up", id="below zero"),
        pytest.param({"F4": {"days": 1}}, "F4 has none", id="a rule without thresholds"),
        pytest.param({"F3": 5}, "Give a table of thresholds", id="no table"),
    ],
)
def test_thresholds_that_cannot_be_used_are_refused(given: Any, says: str) -> None:
    with pytest.raises(PackError, match=says):
        check_limits(property_pack(), given)
