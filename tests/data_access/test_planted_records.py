"""A crowd of honest customers with cases of every rule planted in it, and look-alikes: what is found, and what is found wrongly."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from data_access.record_rules import check_records
from metrics.record_rules import Found
from tests.planted import AS_OF, NATURAL, OTHER_PAID, PAID, a_replica, put
from tests.snapshots import property_pack

ALWAYS_FOUND = ("F1", "F2", "F3", "F4", "F5", "F6", "F14", "F15")
EACH = 25
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


class Planter:
    """Plants cases and look-alikes; every row of a case bears its name, such as F1+3, and that of a look-alike F1-3."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection

    def plant(self, nth: int) -> None:
        """One case of every rule and one look-alike of each."""
        project, at = f"P{1 + nth % 24}", datetime(2026, 1, 5, 10, 0) + nth * DAY
        for sign in "+-":
            self.tag, self.project, self.at = f"{sign}{nth}", project, at
            self.registered_late(sign == "+")
            self.another_buyer(sign == "+")
            self.at_the_gate(sign == "+")
            self.claimed_twice(sign == "+")
            self.after_the_protection(sign == "+")
            self.turned(sign == "+")
            self.instant(sign == "+")
            self.batch(sign == "+")
            self.many_hands(sign == "+")
            self.paid_twice(sign == "+")
            self.colleague(sign == "+")

    def put(self, rule: str, entity: str, what: str = "", **values: Any) -> str:
        id = f"{rule}{self.tag}{what}"
        known: dict[str, Any] = {"id": id} | (
            {} if entity in ("follow_up", "assignment", "staff") else {"project_id": self.project}
        )
        put(self.connection, entity, **known | values)
        return str((known | values)["id"])

    def person(self, rule: str, who: str = "") -> str:
        return f"person:{rule}{self.tag}{who}"

    def registered_late(self, real: bool) -> None:
        who = self.person("F1")
        self.put("F1", "visit", person=who, channel_id=NATURAL, at=self.at - MINUTE if real else self.at + DAY)
        self.put("F1", "registration", person=who, channel_id=PAID, at=self.at)

    def another_buyer(self, real: bool) -> None:
        who, other = self.person("F2"), self.person("F2", "buyer")
        lead = self.put("F2", "lead", person=who, channel_id=PAID, created_at=self.at)
        self.put("F2", "registration", person=who, lead_id=lead, channel_id=PAID, at=self.at)
        self.put("F2", "visit", person=other, channel_id=NATURAL, at=self.at + (-HOUR if real else HOUR))
        self.put("F2", "contract", person=other, lead_id=lead, signed_at=self.at + 20 * DAY, amount=2_000_000)

    def at_the_gate(self, real: bool) -> None:
        who = self.person("F3")
        self.put("F3", "registration", person=who, channel_id=PAID, at=self.at)
        self.put(
            "F3", "visit", person=who, channel_id=PAID, at=self.at + timedelta(minutes=30, seconds=-1 if real else 0)
        )

    def claimed_twice(self, real: bool) -> None:
        who = self.person("F4")
        self.put("F4", "registration", person=who, channel_id=PAID, at=self.at, protected_until=self.at + 30 * DAY)
        self.put("F4", "registration", "b", person=who, channel_id=OTHER_PAID if real else PAID, at=self.at + 30 * DAY)

    def after_the_protection(self, real: bool) -> None:
        who, end = self.person("F5"), self.at + 10 * DAY
        self.put("F5", "registration", "a", person=who, channel_id=PAID, at=self.at, protected_until=end)
        claim = end + 48 * HOUR + (timedelta() if real else timedelta(seconds=1))
        self.put("F5", "registration", person=who, channel_id=OTHER_PAID, at=claim)
        self.put("F5", "visit", person=who, channel_id=OTHER_PAID, at=claim + 72 * HOUR)

    def turned(self, real: bool) -> None:
        lead = self.put("F6", "lead", person=self.person("F6"), channel_id=PAID, created_at=self.at)
        self.put("F6", "assignment", "a", lead_id=lead, channel_id=NATURAL, at=self.at)
        self.put("F6", "visit", lead_id=lead, channel_id=PAID, at=self.at + DAY)
        self.put("F6", "assignment", lead_id=lead, channel_id=PAID, at=self.at + DAY + (MINUTE if real else -MINUTE))

    def instant(self, real: bool) -> None:
        who = self.person("F7")
        self.put("F7", "registration", person=who, channel_id=PAID, at=self.at)
        self.put(
            "F7",
            "subscription",
            person=who,
            channel_id=PAID,
            at=self.at + timedelta(hours=24, seconds=-1 if real else 0),
            amount=1,
        )

    def batch(self, real: bool) -> None:
        for nth in range(5 if real else 4):
            who = self.person("F8", str(nth))
            self.put(
                "F8",
                "registration",
                str(nth),
                person=who,
                channel_id=PAID,
                broker_id=f"F8{self.tag}",
                at=self.at + nth * MINUTE,
            )

    def many_hands(self, real: bool) -> None:
        lead = self.put("F13", "lead", person=self.person("F13"), channel_id=NATURAL, created_at=self.at)
        for nth in range(3):
            self.put(
                "F13",
                "follow_up",
                str(nth),
                lead_id=lead,
                staff_id=f"{self.project}-S{nth + 1}",
                at=self.at + nth * (3 if real else 4) * DAY,
            )

    def paid_twice(self, real: bool) -> None:
        self.put(
            "F14",
            "contract",
            person=self.person("F14"),
            signed_at=self.at,
            amount=1,
            commission_records=2 if real else 1,
        )

    def colleague(self, real: bool) -> None:
        self.put("F15", "staff", "staff", name="同事", phone=self.person("F15"))
        kind = "broker" if real else "employee"
        self.put(
            "F15",
            "referral",
            referrer_id=f"F15{self.tag}",
            referrer_kind=kind,
            referrer_phone=self.person("F15"),
            at=self.at,
        )


def named(found: Found) -> str:
    """The case a finding is about, such as F1+3; empty for the crowd."""
    key = found.broker if found.rule == "F15" else found.key.removeprefix("many:")
    return key or ""


def scores(leads: int) -> Iterator[tuple[str, int, int, int]]:
    """Of every rule: how many cases were planted, how many of them found, how many findings there are."""
    replica = a_replica(leads)
    planter = Planter(replica.connection)
    for nth in range(EACH):
        planter.plant(nth)
    checked = check_records(replica.connection, property_pack(), {}, as_of=AS_OF)
    replica.close()
    print(f"{leads:,} leads, {len(checked.found)} findings in {checked.seconds:.2f} s")
    total = Counter(one.rule for one in checked.found)
    for rule in ("F1", "F2", "F3", "F4", "F5", "F6", "F7", "F8", "F13", "F14", "F15"):
        hits = {name for one in checked.found if one.rule == rule and (name := named(one)).startswith(f"{rule}+")}
        yield rule, EACH, len(hits), total[rule]


def judged(leads: int) -> None:
    for rule, planted, hits, found in scores(leads):
        print(f"{rule:>4}: recall {hits}/{planted}, precision {hits}/{found}")
        assert hits == planted or rule not in ALWAYS_FOUND, rule
        assert hits == found, rule


def test_every_planted_case_is_found_and_no_look_alike() -> None:
    judged(5_000)


@pytest.mark.nightly
def test_in_a_world_of_a_hundred_thousand_leads() -> None:
    judged(100_000)
