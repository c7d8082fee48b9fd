"""Parties, derived from leads and events exactly by the written definitions."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from .world import LEAD_DATES, STEP_KINDS, Row, When, World, at_or_after, is_day, moment


@dataclass
class Event:
    """A visit, subscription or contract; `id` is None where it stands for a date column on the lead."""

    kind: str
    id: str | None
    at: When
    lead_id: str | None = None
    person: str | None = None
    project: str | None = None
    channel: str | None = None
    staff: str | None = None
    amount: Decimal | None = None
    units: int = 1
    cancelled_at: When | None = None


@dataclass
class Party:
    """One person at one project, for one stay; `leads` is empty for a walk-in party."""

    id: str
    person: str | None
    project: str | None
    opened: When
    leads: list[Row] = field(default_factory=list)
    opener: Event | None = None
    events: dict[str, list[Event]] = field(default_factory=lambda: {kind: [] for kind in STEP_KINDS})
    follow_ups: list[Row] = field(default_factory=list)
    referrals: list[Row] = field(default_factory=list)
    chain: dict[str, When | None] = field(default_factory=dict)
    first_contact: datetime | None = None
    last_touch: When | None = None
    due: datetime | None = None
    active: bool = False
    overdue: bool = False
    waiting: bool = False

    @property
    def has_lead(self) -> bool:
        """Whether the party left a number; a walk-in party did not."""
        return bool(self.leads)

    @property
    def channel(self) -> str | None:
        """The first row's channel, or the opening event's."""
        if self.opener is not None:
            return self.opener.channel
        return self.leads[0].get("channel_id")

    @property
    def staff(self) -> str | None:
        """The latest row's staff, or the opening event's."""
        if self.opener is not None:
            return self.opener.staff
        return self.leads[-1].get("staff_id")

    @property
    def touchpoint(self) -> str | None:
        """The first row's touchpoint."""
        return self.leads[0].get("touchpoint_id") if self.leads else None

    @property
    def first_grade(self) -> str | None:
        """The first row's grade."""
        return self.leads[0].get("grade") if self.leads else None

    @property
    def grade(self) -> str | None:
        """The latest row's grade."""
        return self.leads[-1].get("grade") if self.leads else None

    @property
    def valid(self) -> bool:
        """Whether the latest row is not marked invalid."""
        return bool(self.leads) and self.leads[-1].get("valid") is not False

    def stage_time(self, kind: str) -> When | None:
        """The earliest event of a kind, whatever the order and whether cancelled or not."""
        return self.events[kind][0].at if self.events[kind] else None

    def lost_at(self, kind: str) -> When | None:
        """The last cancellation where every event of the kind was cancelled; None while one stands or there is none."""
        cancelled = [event.cancelled_at for event in self.events[kind]]
        known = [when for when in cancelled if when is not None]
        return max(known, key=moment) if known and len(known) == len(cancelled) else None

    @property
    def response_minutes(self) -> int | None:
        """Whole minutes from the lead to the first contact; None while waiting or where the lead has no time of day."""
        if self.first_contact is None or is_day(self.opened):
            return None
        return (self.first_contact - moment(self.opened)) // timedelta(minutes=1)


def parties(world: World) -> list[Party]:
    """Every party of the world: those with leads in order of opening, then the walk-in parties."""
    with_leads = _parties_of_leads(world)
    by_lead = {lead["id"]: party for party in with_leads for lead in party.leads}
    walk_ins = _place_events(world, with_leads, by_lead)
    for party in with_leads:
        _add_lead_dates(world, party)
    _place_rows(world, by_lead)
    everyone = with_leads + walk_ins
    for party in everyone:
        _order(party)
        _follow_chain(world, party)
        _judge(world, party)
    return everyone


def _parties_of_leads(world: World) -> list[Party]:
    """A row long enough after the previous row of its person and project opens a party; any other joins it."""
    found: list[Party] = []
    open_party: dict[tuple[str, str | None], Party] = {}
    for lead in sorted(world.seen("lead"), key=lambda row: (moment(row["created_at"]), row["id"])):
        person, project = lead.get("person"), lead.get("project_id")
        party = open_party.get((person, project)) if person is not None else None
        if party is None or _is_re_entry(world, party, lead):
            party = Party(lead["id"], person, project, lead["created_at"])
            found.append(party)
        party.leads.append(lead)
        if person is not None:
            open_party[person, project] = party
    return found


def _is_re_entry(world: World, party: Party, lead: Row) -> bool:
    gap = moment(lead["created_at"]) - moment(party.leads[-1]["created_at"])
    return gap >= timedelta(days=world.re_entry_days)


def _events(world: World) -> list[Event]:
    """Visits, subscriptions and contracts in order of time, kind and id."""
    found = []
    for kind, at in (("visit", "at"), ("subscription", "at"), ("contract", "signed_at")):
        for row in world.seen(kind):
            units = row.get("units")
            found.append(
                Event(
                    kind,
                    row["id"],
                    row[at],
                    row.get("lead_id"),
                    row.get("person"),
                    row.get("project_id"),
                    row.get("channel_id"),
                    row.get("staff_id"),
                    row.get("amount"),
                    1 if units is None else units,
                    row.get("cancelled_at"),
                )
            )
    return sorted(found, key=lambda event: (moment(event.at), STEP_KINDS.index(event.kind), event.id or ""))


def _place_events(world: World, with_leads: list[Party], by_lead: dict[str, Party]) -> list[Party]:
    """Give every event its party; returns the walk-in parties that had to be opened."""
    by_person: dict[tuple[str, str | None], list[Party]] = defaultdict(list)
    for party in with_leads:
        if party.person is not None:
            by_person[party.person, party.project].append(party)
    walk_ins: list[Party] = []
    open_walk_in: dict[tuple[str, str | None], Party] = {}
    for event in _events(world):
        home = by_lead.get(event.lead_id) if event.lead_id is not None else None
        if home is None and event.person is not None:
            home = _latest_open(by_person.get((event.person, event.project), []), event.at)
            home = home or open_walk_in.get((event.person, event.project))
        if home is None:
            home = Party(f"{event.kind}:{event.id}", event.person, event.project, event.at, opener=event)
            walk_ins.append(home)
            if event.person is not None:
                open_walk_in[event.person, event.project] = home
        home.events[event.kind].append(event)
    return walk_ins


def _latest_open(candidates: list[Party], at: When) -> Party | None:
    opened = [party for party in candidates if at_or_after(at, party.opened)]
    return max(opened, key=lambda party: (moment(party.opened), party.id), default=None)


def _add_lead_dates(world: World, party: Party) -> None:
    """Where an event entity is unmapped, the earliest matching date on the party's leads is one event of that kind."""
    for kind, column in LEAD_DATES.items():
        dates = [lead[column] for lead in party.leads if lead.get(column) is not None]
        if dates and not world.has(kind):
            party.events[kind].append(Event(kind, None, min(dates, key=moment)))


def _place_rows(world: World, by_lead: dict[str, Party]) -> None:
    """Follow-ups and referrals join by lead_id only."""
    for row in world.seen("follow_up"):
        if row.get("lead_id") in by_lead:
            by_lead[row["lead_id"]].follow_ups.append(row)
    for row in world.seen("referral"):
        if row.get("lead_id") in by_lead:
            by_lead[row["lead_id"]].referrals.append(row)


def _order(party: Party) -> None:
    for events in party.events.values():
        events.sort(key=lambda event: (moment(event.at), event.id or ""))
    party.follow_ups.sort(key=lambda row: (moment(row["at"]), row["id"]))
    party.referrals.sort(key=lambda row: (moment(row["at"]), row["id"]))


def _follow_chain(world: World, party: Party) -> None:
    """Each step is the earliest event at or after the step before it; where none is, the chain ends."""
    if not party.has_lead:
        return
    previous: When | None = party.opened
    for kind, _ in world.steps():
        later = [event.at for event in party.events[kind] if previous is not None and at_or_after(event.at, previous)]
        previous = min(later, key=moment, default=None)
        party.chain[kind] = previous


def _judge(world: World, party: Party) -> None:
    """Whether the party is active, overdue, or waiting for its first contact."""
    if not party.has_lead:
        return
    latest = party.leads[-1]
    party.first_contact = _first_contact(world, party)
    party.last_touch = _last_touch(party)
    days = world.overdue_days[party.grade or "D"]
    party.due = moment(party.last_touch) + timedelta(hours=24 * days)
    standing = any(event.cancelled_at is None for event in party.events["contract"])
    lost = _is_lost(latest.get("lost_at"), latest.get("reactivated_at"))
    party.active = party.valid and not standing and not lost
    party.overdue = party.active and world.as_of > party.due
    party.waiting = party.active and party.first_contact is None


def _is_lost(lost_at: When | None, reactivated_at: When | None) -> bool:
    """Lost, unless reactivated later; a reactivation at the very same time does not count."""
    if lost_at is None:
        return False
    return reactivated_at is None or at_or_after(lost_at, reactivated_at)


def _first_contact(world: World, party: Party) -> datetime | None:
    if world.has("follow_up"):
        contacts = [row["at"] for row in party.follow_ups if row.get("reached") is not False]
    else:
        contacts = [lead["first_response_at"] for lead in party.leads if lead.get("first_response_at") is not None]
    timed = [when for when in contacts if isinstance(when, datetime) and at_or_after(when, party.opened)]
    return min(timed, default=None)


def _last_touch(party: Party) -> When:
    reached: list[When] = [row["at"] for row in party.follow_ups if row.get("reached") is not False]
    noted: list[When] = [lead["last_follow_up_at"] for lead in party.leads if lead.get("last_follow_up_at") is not None]
    return max(reached or noted or [party.opened], key=moment)
