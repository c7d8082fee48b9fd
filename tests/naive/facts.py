"""Every countable event as one fact with its date and dimensions, so that any grouping is a plain sum."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from .parties import Event, Party, parties
from .world import When, World, day_of, is_day, moment

Value = int | Decimal
Place = tuple[str | None, str | None, str | None]


class Fact(NamedTuple):
    """One countable thing: `value` of `measure` at `at` (midnight where `day_only`), by project, channel and staff."""

    measure: str
    at: datetime
    day_only: bool
    project: str | None
    channel: str | None
    staff: str | None
    value: Value
    source_id: str | None
    referrer: str | None = None

    @property
    def day(self) -> date:
        """The calendar day."""
        return self.at.date()


def facts(world: World, found: list[Party] | None = None) -> list[Fact]:
    """Every fact of every additive measure up to as_of; pass parties already derived to save the work."""
    everyone = parties(world) if found is None else found
    return [*_of_parties(world, everyone), *_of_events(world, everyone), *_of_rows(world)]


def _fact(measure: str, when: When, place: Place, value: Value, source_id: str | None) -> Fact:
    return Fact(measure, moment(when), is_day(when), *place, value, source_id)


def _of_parties(world: World, everyone: list[Party]) -> Iterator[Fact]:
    for party in everyone:
        place = (party.project, party.channel, party.staff)
        if party.has_lead:
            for measure in _lead_measures(world, party):
                yield _fact(measure, party.opened, place, 1, party.id)
        for measure, when, value in _stage_measures(party):
            yield _fact(measure, when, place, value, party.id)


def _lead_measures(world: World, party: Party) -> Iterator[str]:
    """The measures a party adds one to on the day of its first row."""
    yield "leads"
    if party.valid:
        yield "valid_leads"
    if party.first_grade is not None:
        yield "graded_leads"
    if party.first_grade == "B":
        yield "grade_b_leads"
    if party.first_grade == "A":
        yield "grade_a_leads"
        yield from _answers(world, party)


def _answers(world: World, party: Party) -> Iterator[str]:
    if is_day(party.opened):
        return
    created, contact, half_an_hour = moment(party.opened), party.first_contact, timedelta(minutes=30)
    if contact is not None and contact - created <= half_an_hour:
        yield "answered_in_30m"
    if contact is not None or world.as_of - created > half_an_hour:
        yield "answerable_a_leads"


def _stage_measures(party: Party) -> Iterator[tuple[str, When, int]]:
    visits = party.events["visit"]
    if visits:
        yield "first_visits", visits[0].at, 1
        if not party.has_lead:
            yield "walk_ins", visits[0].at, 1
    if len(visits) >= 2:
        yield "revisited_parties", visits[1].at, 1
    for kind, reached in (("subscription", "subscribed_parties"), ("contract", "contracted_parties")):
        first, lost = party.stage_time(kind), party.lost_at(kind)
        if first is not None:
            yield reached, first, 1
            yield f"net_{reached}", first, 1
        if lost is not None:
            yield f"{kind}_parties_lost", lost, 1
            yield f"net_{reached}", lost, -1


def _of_events(world: World, everyone: list[Party]) -> Iterator[Fact]:
    """Rows that belong to a party: visits, sales, payments, referrals and follow-ups."""
    contracts: dict[str, Place] = {}
    for party in everyone:
        for event in party.events["visit"]:
            yield _fact("visits", event.at, _visit_place(event, party), 1, event.id or party.id)
        for kind in ("subscription", "contract"):
            for event in party.events[kind]:
                place = _sale_place(event, party)
                if event.id is not None and kind == "contract":
                    contracts[event.id] = place
                yield from _sale(event, place, event.id or party.id)
        yield from _referred_contracts(party)
    yield from _payments(world, contracts)
    yield from _referrals_and_follow_ups(world, everyone)


def _visit_place(event: Event, party: Party) -> Place:
    """A visit's own project, channel and staff, else its party's."""
    return _first(event.project, party.project), _first(event.channel, party.channel), _first(event.staff, party.staff)


def _sale_place(event: Event, party: Party) -> Place:
    """A sale's own project and staff, but the channel the party came from."""
    return _first(event.project, party.project), _first(party.channel, event.channel), _first(event.staff, party.staff)


def _first(*values: str | None) -> str | None:
    return next((value for value in values if value is not None), None)


def _sale(event: Event, place: Place, source_id: str) -> Iterator[Fact]:
    """Gross on its own day; cancelled, and taken off the net, on the day of cancellation."""
    kind = event.kind
    yield _fact(f"{kind}s", event.at, place, 1, source_id)
    yield _fact(f"net_{kind}s", event.at, place, 1, source_id)
    if kind == "contract":
        yield _fact("contract_units", event.at, place, event.units, source_id)
    if event.amount is not None:
        yield _fact(f"{kind}_amount", event.at, place, event.amount, source_id)
        yield _fact(f"net_{kind}_amount", event.at, place, event.amount, source_id)
    if event.cancelled_at is None:
        return
    yield _fact(f"{kind}_cancellations", event.cancelled_at, place, 1, source_id)
    yield _fact(f"net_{kind}s", event.cancelled_at, place, -1, source_id)
    if event.amount is not None:
        yield _fact(f"{kind}_cancelled_amount", event.cancelled_at, place, event.amount, source_id)
        yield _fact(f"net_{kind}_amount", event.cancelled_at, place, -event.amount, source_id)


def _referred_contracts(party: Party) -> Iterator[Fact]:
    """Every contract of a party with a referral, credited once, to the earliest referral."""
    if not party.referrals:
        return
    referrer = party.referrals[0].get("referrer_id")
    for event in party.events["contract"]:
        fact = _fact("referred_contracts", event.at, _sale_place(event, party), 1, event.id or party.id)
        yield fact._replace(referrer=referrer)


def _payments(world: World, contracts: Mapping[str, Place]) -> Iterator[Fact]:
    for row in world.seen("payment"):
        contract_id = row.get("contract_id")
        place = contracts.get(contract_id, (None, None, None)) if contract_id is not None else (None, None, None)
        if row.get("amount") is not None:
            yield _fact("payments", row["at"], place, row["amount"], row["id"])


def _referrals_and_follow_ups(world: World, everyone: list[Party]) -> Iterator[Fact]:
    by_lead = {lead["id"]: party for party in everyone for lead in party.leads}
    for row in world.seen("referral"):
        project, channel, staff = _place_of(by_lead.get(row.get("lead_id")))
        place = (_first(row.get("project_id"), project), channel, staff)
        yield _fact("referrals", row["at"], place, 1, row["id"])._replace(referrer=row.get("referrer_id"))
    for row in world.seen("follow_up"):
        project, channel, staff = _place_of(by_lead.get(row.get("lead_id")))
        yield _fact("follow_ups", row["at"], (project, channel, _first(row.get("staff_id"), staff)), 1, row["id"])


def _place_of(party: Party | None) -> Place:
    return (party.project, party.channel, party.staff) if party is not None else (None, None, None)


def _of_rows(world: World) -> Iterator[Fact]:
    """Rows that belong to no party."""
    for row in world.seen("exposure"):
        yield from _exposure(row)
    for row in world.seen("spend"):
        place = (row.get("project_id"), row.get("channel_id"), None)
        if row.get("amount") is not None:
            yield _fact("spend", row["day"], place, row["amount"], row.get("id"))
        yield _fact("spend_entries", row["day"], place, 1, row.get("id"))
    for row in world.seen("milestone"):
        yield from _milestone(row, world.as_of)
    for row in world.seen("sop_check"):
        place = (row.get("project_id"), None, row.get("staff_id"))
        yield _fact("sop_due", row["due_at"], place, 1, row["id"])
        if row.get("done_at") is not None:
            yield _fact("sop_done", row["due_at"], place, 1, row["id"])


def _exposure(row: Mapping[str, Any]) -> Iterator[Fact]:
    place = (row.get("project_id"), row.get("channel_id"), row.get("staff_id"))
    impressions = row.get("impressions")
    yield _fact("exposures", row["at"], place, 1 if impressions is None else impressions, row.get("id"))
    if row.get("clicks") is not None:
        yield _fact("clicks", row["at"], place, row["clicks"], row.get("id"))


def _milestone(row: Mapping[str, Any], as_of: datetime) -> Iterator[Fact]:
    """Due on its planned end; late when it ended after that, or is still open on a later day."""
    place = (row.get("project_id"), None, None)
    planned_end, actual_end = row["planned_end"], row.get("actual_end")
    yield _fact("milestones_due", planned_end, place, 1, row["id"])
    if day_of(actual_end or as_of) > day_of(planned_end):
        yield _fact("milestones_late", planned_end, place, 1, row["id"])
