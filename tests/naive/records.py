"""The record rules F1 to F8 and F14, recomputed row by row in plain Python from their written definitions."""

from collections.abc import Iterable, Iterator
from datetime import datetime, time, timedelta
from typing import Any

from tests.naive.world import Row, When, World, day_of, is_day, moment

LAST = timedelta(microseconds=1)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
Span = tuple[datetime, datetime]
"""The first and the last moment at which something can have happened."""


def span(when: When) -> Span:
    """A time as it stands; of a day all of it."""
    if not is_day(when):
        return moment(when), moment(when)
    start = datetime.combine(day_of(when), time())
    return start, start + DAY - LAST


def findings(world: World) -> set[tuple[str, str, str]]:
    """Every finding as (rule, key, level)."""
    return set(_Records(world).all())


class _Records:
    """One world's rows with the customer each belongs to."""

    def __init__(self, world: World) -> None:
        self.kinds = {row["id"]: row.get("kind") for row in world.rows.get("channel", [])}
        self.leads = {row["id"]: row for row in self._rows(world, "lead", "created_at")}
        self.all_leads = {row["id"]: row for row in world.rows.get("lead", [])}
        self.visits = self._rows(world, "visit", "at")
        self.calls = [row for row in self._rows(world, "follow_up", "at") if row.get("reached") is not False]
        self.subscriptions = self._rows(world, "subscription", "at")
        self.contracts = self._rows(world, "contract", "signed_at")
        self.assignments = self._rows(world, "assignment", "at")
        self.registrations = sorted(self._rows(world, "registration", "at"), key=lambda r: (r["span"][0], r["id"]))
        for row in self.registrations:
            row["who"] = self._registered(row)
            row["paid"] = row.get("channel_id") is None or self.kinds.get(row["channel_id"]) == "distribution"
            row["staff"] = self._lead(row).get("staff_id")
        self.as_of = world.as_of

    @staticmethod
    def _rows(world: World, entity: str, at: str) -> list[Row]:
        spans = ({**row, "span": span(row[at])} for row in world.rows.get(entity, []))
        return [row for row in spans if row["span"][0] <= world.as_of]

    def all(self) -> Iterator[tuple[str, str, str]]:
        for rule in (self.f1, self.f2, self.f3, self.f4, self.f5, self.f6, self.f7, self.f8, self.f14):
            yield from rule()

    def _lead(self, row: Row) -> Row:
        return self.all_leads.get(row.get("lead_id") or "", {})

    def _place(self, row: Row) -> str:
        return str(row.get("project_id") or self._lead(row).get("project_id") or "")

    def _registered(self, row: Row) -> tuple[str, str]:
        who = row.get("person") or self._lead(row).get("person")
        by_lead = f"#{row['lead_id']}" if row.get("lead_id") else f"#registration:{row['id']}"
        return str(who or by_lead), self._place(row)

    def _everybody(self, row: Row, kind: str) -> set[tuple[str, str]]:
        """The customers a row belongs to: the one of its lead, and the one whose phone it bears."""
        people = {self._lead(row).get("person"), row.get("person")} - {None}
        by_lead = f"#{row['lead_id']}" if row.get("lead_id") else f"#{kind}:{row['id']}"
        return {(str(one), self._place(row)) for one in people or {by_lead}}

    def _own(self, lead: Row) -> tuple[str, str]:
        return str(lead.get("person") or f"#{lead['id']}"), str(lead.get("project_id") or "")

    def _is_natural(self, channel: Any) -> bool:
        return self.kinds.get(channel) in (None, "public", "private", "offline")

    def touches(self, who: tuple[str, str]) -> Iterator[tuple[str, Any, Span]]:
        """The kind, channel and time of every contact with a customer."""
        for lead in self.leads.values():
            if self._own(lead) == who:
                yield "lead", lead.get("channel_id"), lead["span"]
        for visit in self.seen(who):
            yield "visit", visit.get("channel_id") or self._lead(visit).get("channel_id"), visit["span"]
        for call in self.calls:
            lead = self.leads.get(call["lead_id"])
            if lead and self._own(lead) == who:
                yield "follow_up", lead.get("channel_id"), call["span"]

    def seen(self, who: tuple[str, str]) -> list[Row]:
        return [row for row in self.visits if who in self._everybody(row, "visit")]

    def first_claims(self) -> Iterator[Row]:
        """The first paid registration of every customer by every channel."""
        met = set()
        for row in self.registrations:
            place = (row["who"], row.get("channel_id"))
            if row["paid"] and place not in met:
                met.add(place)
                yield row

    def f1(self) -> Iterator[tuple[str, str, str]]:
        for row in self.registrations:
            natural = (
                at for _, channel, at in self.touches(row["who"])
                if self._is_natural(channel) and channel != row.get("channel_id")
            )  # fmt: skip
            if row["paid"] and any(at[1] < row["span"][0] for at in natural):
                yield "F1", row["id"], "red"

    def f2(self) -> Iterator[tuple[str, str, str]]:
        for deal in self.contracts:
            customer, buyer, place = self._lead(deal).get("person"), deal.get("person"), self._place(deal)
            if not customer or not buyer or customer == buyer or self._cancelled(deal):
                continue
            claims = (r for r in self.registrations if r["who"] == (customer, place) and r["paid"])
            first = next((r for r in claims if r["span"][1] <= deal["span"][0]), None)
            touched = (at for _, channel, at in self.touches((buyer, place)) if self._is_natural(channel))
            if first and any(at[1] < first["span"][0] for at in touched):
                yield "F2", deal["id"], "red"

    def _cancelled(self, deal: Row) -> bool:
        return bool(deal.get("cancelled_at")) and span(deal["cancelled_at"])[0] <= self.as_of

    def f3(self) -> Iterator[tuple[str, str, str]]:
        for row in self.first_claims():
            visits = sorted(self.seen(row["who"]), key=lambda one: (one["span"][0], one["id"]))
            if visits and visits[0]["span"][0] >= row["span"][1]:
                gap = visits[0]["span"][1] - row["span"][0]
                if gap < 30 * MINUTE:
                    yield "F3", row["id"], "red" if gap < 10 * MINUTE else "orange"

    def f4(self) -> Iterator[tuple[str, str, str]]:
        for row in self.registrations:
            end = self._protected(row)
            if end and any(self._collides(row, end, *claim) for claim in self._claims(row["who"])):
                yield "F4", row["id"], "yellow"

    def _claims(self, who: tuple[str, str]) -> Iterator[tuple[str, Row]]:
        yield from (("registration", row) for row in self.registrations if row["who"] == who)
        yield from (("lead", row) for row in self.leads.values() if self._own(row) == who)

    def _collides(self, row: Row, end: datetime, kind: str, claim: Row) -> bool:
        if (kind == "registration" and claim["id"] == row["id"]) or (
            kind == "lead" and claim["id"] == row.get("lead_id")
        ):
            return False
        ours, theirs = row.get("channel_id"), claim.get("channel_id")
        other_channel = kind == "registration" and None not in (ours, theirs) and ours != theirs
        mine, yours = row["staff"], claim["staff"] if kind == "registration" else claim.get("staff_id")
        other_staff = None not in (mine, yours) and mine != yours
        same_second = claim["span"] == row["span"] and row["span"][0] == row["span"][1]
        later = claim["span"][0] > row["span"][1] or (same_second and (kind, claim["id"]) > ("registration", row["id"]))
        return (other_channel or other_staff) and later and claim["span"][1] <= end

    def _protected(self, row: Row) -> datetime | None:
        return span(row["protected_until"])[1] if row.get("protected_until") else None

    def f5(self) -> Iterator[tuple[str, str, str]]:
        for row in self.registrations:
            mates = [one for one in self.registrations if one["who"] == row["who"]]
            if any(self._ended_before(one, row, mates) for one in mates) and any(
                at["span"][0] >= row["span"][1] and at["span"][1] - row["span"][0] <= 72 * HOUR
                for at in self.seen(row["who"])
            ):
                yield "F5", row["id"], "yellow"

    def _ended_before(self, first: Row, row: Row, mates: Iterable[Row]) -> bool:
        end, ours, theirs = self._protected(first), row.get("channel_id"), first.get("channel_id")
        if end is None or None in (ours, theirs) or ours == theirs:
            return False
        renewed = any(
            one.get("channel_id") == theirs
            and one["span"][0] <= row["span"][1]
            and (self._protected(one) or datetime.min) >= row["span"][0]
            for one in mates
        )
        return end < row["span"][0] and row["span"][1] - end <= 48 * HOUR and not renewed

    def f6(self) -> Iterator[tuple[str, str, str]]:
        for row in self.assignments:
            if self.kinds.get(row.get("channel_id")) != "distribution":
                continue
            lead = self._lead(row)
            who = (str(lead.get("person") or f"#{row['lead_id']}"), str(lead.get("project_id") or ""))
            earlier = [
                one for one in self.assignments
                if one["lead_id"] == row["lead_id"] and one.get("channel_id") and one["span"][1] < row["span"][0]
            ]  # fmt: skip
            visits = [one for one in self.seen(who) if one["span"][1] < row["span"][0]]
            if earlier:
                last = max(earlier, key=lambda one: (one["span"][0], one["id"]))
                was_natural = self.kinds.get(last["channel_id"]) != "distribution"
            else:
                was_natural = any(one.get("channel_id") and self._is_natural(one["channel_id"]) for one in visits)
            bought = any(
                one["span"][0] >= row["span"][1] and one["span"][1] - row["span"][0] <= 7 * DAY
                for one in self.subscriptions
                if who in self._everybody(one, "subscription")
            )
            if was_natural and (visits or bought):
                yield "F6", row["id"], "red"

    def f7(self) -> Iterator[tuple[str, str, str]]:
        claims = list(self.first_claims())
        for sale in self.subscriptions:
            own = [one for one in claims if one["who"] in self._everybody(sale, "subscription")]
            if any(sale["span"][0] >= one["span"][1] and sale["span"][1] - one["span"][0] < DAY for one in own):
                yield "F7", sale["id"], "orange"

    def f8(self) -> Iterator[tuple[str, str, str]]:
        groups: dict[tuple[str, str], dict[str, Row]] = {}
        for row in self.registrations:
            if row.get("broker_id") and row["span"][0] == row["span"][1]:
                groups.setdefault((row["broker_id"], row["who"][1]), {}).setdefault(row["who"][0], row)
        for people in groups.values():
            yield from (("F8", key, "orange") for key in self._bursts(list(people.values())))

    def _bursts(self, rows: list[Row]) -> Iterator[str]:
        inside = set()
        for row in rows:
            window = [one for one in rows if timedelta() <= one["span"][0] - row["span"][0] <= 10 * MINUTE]
            if len(window) >= 5:
                inside |= {one["id"] for one in window}
        last = None
        for row in rows:
            if row["id"] in inside:
                if last is None or row["span"][0] - last > 10 * MINUTE:
                    yield row["id"]
                last = row["span"][0]

    def f14(self) -> Iterator[tuple[str, str, str]]:
        yield from (("F14", row["id"], "red") for row in self.contracts if (row.get("commission_records") or 0) > 1)
