"""The customers behind a number: what was counted, how far one has come, and what to do next; without names and phones; pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from metrics.pack import Label, Measure, Pack
from metrics.periods import Span
from metrics.query import Basis
from metrics.snapshot import Snapshot
from metrics.totals import EVERYTHING, Where

_SIGNED = Label("已签约,跟进回款与老带新", "Signed: follow payments, ask for referrals")
_INVALID = Label("无效客户,不必跟进", "Not valid: nothing to do")
_LOST = Label("已流失;条件变化时再激活", "Lost; win back when something changes")
_OVERDUE = Label(
    "跟进超期 {late} 天:{grade}级 {limit} 天内应跟进,今天联系",
    "Follow-up {late} days late: grade {grade} is due every {limit} days, call today",
)
_OVERDUE_UNGRADED = Label(
    "跟进超期 {late} 天:未评级 {limit} 天内应跟进,今天联系",
    "Follow-up {late} days late: without a grade it is due every {limit} days, call today",
)
_WAITING = Label("还没有联系上,尽快首次联系", "Not reached yet: make the first call")
_SUBSCRIBED = Label("已认购未签约,约定签约日", "Subscribed, not signed: agree on the day")
_VISITED = Label("已到访未认购,邀约复访", "Visited, not subscribed: invite again")
_NOT_VISITED = Label("还没有到访,邀约到访", "Not visited yet: invite to visit")
_NO_LEAD = Label("未留电直接到访,补登电话", "Walked in without a number: ask for it")


@dataclass(frozen=True)
class Counted:
    """What a number counted: a measure's parties on their date in a span or, by cohort, the leads of a span that reached a step.

    `grade` is the first grade, as in every measure; empty is any.
    """

    measure: str
    step: str
    basis: Basis
    span: Span
    where: Where = EVERYTHING
    grade: str = ""


@dataclass(frozen=True)
class Customer:
    """One party as a snapshot knows it; times are the group's, `at` is the date it was counted on.

    `project`, `channel` and `staff` are source ids, NOWHERE for none. `lead` is the id of the latest lead row, None for a walk-in.
    `is_lost`: given up and not come back.
    """

    id: str
    project: str
    channel: str
    staff: str
    has_lead: bool
    first_lead: str | None = None
    lead: str | None = None
    grade: str | None = None
    valid: bool = True
    at: datetime | None = None
    created_at: datetime | None = None
    contact_at: datetime | None = None
    last_contact_at: datetime | None = None
    lost_at: datetime | None = None
    reactivated_at: datetime | None = None
    first_visit_at: datetime | None = None
    second_visit_at: datetime | None = None
    subscribed_at: datetime | None = None
    subscription_lost_at: datetime | None = None
    contracted_at: datetime | None = None
    contract_lost_at: datetime | None = None
    is_lost: bool = False

    @property
    def leads(self) -> tuple[str, ...]:
        """The ids of the lead rows that are known."""
        return tuple(dict.fromkeys(id for id in (self.first_lead, self.lead) if id))

    @property
    def stage(self) -> str:
        """The farthest step that still stands."""
        if self.contracted_at and not self.contract_lost_at:
            return "contract"
        if self.subscribed_at and not self.subscription_lost_at:
            return "subscription"
        return "visit" if self.first_visit_at else "lead"


@dataclass(frozen=True)
class Moment:
    """Something that happened to a customer: what, when, by whom and through which channel (ids); `note` is the source's own word."""

    kind: str
    at: datetime
    staff: str = ""
    channel: str = ""
    note: str = ""
    reached: bool | None = None


_DATES = {
    "lead": "created_at",
    "visit": "first_visit_at",
    "revisit": "second_visit_at",
    "subscription": "subscribed_at",
    "subscription_lost": "subscription_lost_at",
    "contract": "contracted_at",
    "contract_lost": "contract_lost_at",
    "lost": "lost_at",
    "reactivated": "reactivated_at",
}
_AS_LIVE = {"revisit": "visit"}


def track(customer: Customer, live: tuple[Moment, ...]) -> list[Moment]:
    """Everything that happened to a customer, newest first; what the snapshot knows as well as the source is told once."""
    told = {(one.kind, one.at) for one in live}
    dates = {kind: getattr(customer, column) for kind, column in _DATES.items()}
    known = [
        Moment(kind, at, channel=customer.channel if kind == "lead" else "")
        for kind, at in dates.items()
        if at and (_AS_LIVE.get(kind, kind), at) not in told
    ]
    return sorted([*known, *live], key=lambda one: one.at, reverse=True)


def next_step(customer: Customer, as_of: datetime, limits: Mapping[str, int]) -> Label:
    """What to do next, in words; `limits` are the days without follow-up by grade, as in the overdue rule."""
    if customer.stage == "contract":
        return _SIGNED
    if not customer.has_lead:
        return _NO_LEAD
    if not customer.valid:
        return _INVALID
    if customer.is_lost:
        return _LOST
    return _overdue(customer, as_of, limits) or _onwards(customer)


def is_due(customer: Customer, as_of: datetime, limits: Mapping[str, int]) -> bool:
    """Whether a lead waits for its first contact, or for a follow-up that is late."""
    return customer.contact_at is None or _overdue(customer, as_of, limits) is not None


def _overdue(customer: Customer, as_of: datetime, limits: Mapping[str, int]) -> Label | None:
    since = customer.last_contact_at or customer.created_at
    limit = limits.get(customer.grade or "", limits["D"])
    late = as_of - since - timedelta(limit) if since else timedelta(0)
    if late <= timedelta(0):
        return None
    said = _OVERDUE if customer.grade else _OVERDUE_UNGRADED
    return said.format(late=str(late.days + 1), grade=customer.grade or "", limit=str(limit))


def _onwards(customer: Customer) -> Label:
    if customer.stage == "subscription":
        return _SUBSCRIBED
    if customer.stage == "visit":
        return _VISITED
    return _NOT_VISITED if customer.contact_at else _WAITING


def counts_parties(measure: Measure) -> bool:
    """Whether a measure's number is a number of customers, who can be listed."""
    return measure.source == "party" and measure.sql == "count(*)"


def is_there(snapshot: Snapshot, pack: Pack, counted: Counted) -> bool:
    """Whether the source can show what is to be listed."""
    if counted.basis == "cohort":
        return counted.step == "lead" or counted.step in snapshot.steps
    return counted.measure not in snapshot.absent and counts_parties(pack.measures[counted.measure])
