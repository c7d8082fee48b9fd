"""What is news at a moment, and in which words: alerts, boards, reports, commitments, packets about peers, new contracts."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction
from functools import partial
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from components.report import latest_said, promise_said, state_said
from components.words import Words
from dashboards._notices import (
    Happened,
    Names,
    Row,
    Signed,
    alert_notice,
    board_notice,
    good_news,
    peer_notice,
    peers_digest,
    promise_notice,
    report_notice,
)
from data_access.rhythm import Moment, Step
from data_access.settings import Settings
from data_access.store import Store, episodes
from data_access.store import boards as records
from data_access.store.commitments import all_commitments
from data_access.store.packets import begin_with, keep_with, packets_since
from data_access.store.people import people
from data_access.store.reports import drafted_since, overdue_reports
from data_access.telling import Gather, News, Recipient, Telling
from metrics.boards import GROUP, half_seen
from metrics.messages import Message
from metrics.pack import Pack
from metrics.peers import Kinds, Packet, can_tell, packet, peer_groups
from metrics.periods import comparison, period, week_start
from metrics.snapshot import Snapshot
from metrics.totals import Frames

NEW = timedelta(days=1)
FIRST = 3
"""Who has the last of the first places by a tie is told too."""
"""What is older is not news, also to a robot that was added today."""
_SOURCE_RULES = ("stale",)
"""Kinds of rules that speak of the source: they concern who runs Warboard, never a project's head."""


class AlertEvents(Protocol):
    """Where transitions of alerts that nobody was told of come from (the module data_access.store.episodes)."""

    def to_be_told(self, connection: Connection, now: datetime) -> Sequence[tuple[Any, Any]]:
        """Events with their episodes, oldest first."""

    def told(self, connection: Connection, ids: Iterable[int], now: datetime) -> None:
        """Note that these events have been told."""


class BoardRecords(Protocol):
    """Where published boards come from (the module data_access.store.boards)."""

    def published_weeks(self, store: Store) -> Mapping[str, Sequence[Any]]:
        """What is published, by board, newest week first."""

    def board_record(self, store: Store, board: str, week: date) -> Any:
        """The record of a board's week."""


@dataclass(frozen=True)
class Desk:
    """Everything the news is worded with."""

    settings: Settings
    pack: Pack
    store: Store
    alerts: AlertEvents
    boards: BoardRecords

    @property
    def words(self) -> Words:
        """The group's own language."""
        given = self.settings.group
        return Words("en" if given.language == "en" else "zh", given.up_is_red)

    def local(self, moment: datetime) -> datetime:
        """A moment on the group's clock, without zone, as the data's times are."""
        return moment.astimezone(ZoneInfo(self.settings.group.time_zone)).replace(tzinfo=None)


def telling(
    settings: Settings,
    pack: Pack,
    store: Store,
    *,
    alerts: AlertEvents = episodes,
    boards: BoardRecords = records,
) -> tuple[Step, ...]:
    """The step that tells the news after every refresh."""
    desk = Desk(settings, pack, store, alerts, boards)
    gather: list[Gather] = [partial(one, desk) for one in (_alerts, _boards, _reports, _promises, _peers, _joys)]
    return (Telling(settings, store, gather),)


# --------------------------------------------------------------------------------------------------------------- alerts


def _alerts(desk: Desk, connection: Connection, moment: Moment, there: Sequence[Recipient]) -> Iterator[News]:
    events = desk.alerts.to_be_told(connection, moment.now)
    heads = _heads(desk) if events else {}
    # A rule that has left the pack has no words any more.
    for event, episode in ((event, episode) for event, episode in events if episode.finding.rule in desk.pack.rules):
        yield _alert(desk, moment, event, episode, heads)
    desk.alerts.told(connection, [event.id for event, _ in events], moment.now)


def _heads(desk: Desk) -> dict[str, list[str]]:
    """The ids of each project's heads."""
    found: dict[str, list[str]] = {}
    for one in people(desk.store):
        if one.role == "head" and one.enabled and one.project_id:
            found.setdefault(one.project_id, []).append(one.id)
    return found


def _alert(desk: Desk, moment: Moment, event: Any, episode: Any, heads: Mapping[str, list[str]]) -> News:
    finding = episode.finding
    rule = desk.pack.rules[finding.rule]
    project = finding.subject if finding.kind == "project" else None
    owner = episode.ack.owner if episode.ack else None
    subject = _subject(finding, moment.snapshot, desk.words)
    happened = Happened(episode.id, event.transition, finding, rule, subject, event.note)

    def told(recipient: Recipient) -> Message | None:
        if not _is_for(recipient, finding, rule, event, project, owner):
            return None
        mentions = ([owner] if owner else heads.get(project or "", [])) if _calls(recipient, finding, event) else []
        return alert_notice(happened, desk.words, desk.local(moment.now), mentions)

    urgent = finding.severity == "red"
    return News("alert", str(episode.id), f"{event.transition}-{event.id}", told, urgent)


def _is_for(recipient: Recipient, finding: Any, rule: Any, event: Any, project: str | None, owner: str | None) -> bool:
    """Whether an alert's transition is told to somebody; leaders' mail is for what is red or was escalated to them."""
    role = recipient.scope.role
    if rule.kind in _SOURCE_RULES:
        return role == "admin"
    if recipient.person is not None and recipient.person.id == owner and event.transition == "handed_over":
        return recipient.concerns(project)
    if role == "leader":
        return recipient.person is None or finding.severity == "red" or event.transition == "escalated"
    return role in ("head", "champion") and recipient.concerns(project)


def _calls(recipient: Recipient, finding: Any, event: Any) -> bool:
    """Whether a robot calls somebody by @: for what is red, and for what was handed to them."""
    is_loud = finding.severity == "red" or event.transition in ("handed_over", "escalated")
    return recipient.person is None and is_loud and event.transition != "resolved"


def _subject(finding: Any, snapshot: Snapshot, words: Words) -> str:
    names = {"project": snapshot.project_name, "channel": snapshot.channel_name, "staff": snapshot.staff_name}
    known = names[finding.kind](finding.subject) if finding.kind in names else None
    return known or words.of("group" if finding.kind == "group" else "unassigned")


# --------------------------------------------------------------------------------------------------------------- boards


def _boards(desk: Desk, connection: Connection, moment: Moment, there: Sequence[Recipient]) -> Iterator[News]:
    for board, week in _fresh_boards(desk, moment):
        told = partial(_board_told, desk, moment.snapshot, board, week)
        yield News("board", board, f"published-{week.isoformat()}", told)


def _fresh_boards(desk: Desk, moment: Moment) -> list[tuple[str, date]]:
    """The boards of projects that were published within the last day, with their weeks."""
    specs = desk.pack.boards
    return [
        (name, one.week)
        for name, weeks in desk.boards.published_weeks(desk.store).items()
        for one in weeks[:1]
        if name in specs and specs[name].of == "project" and moment.now - one.published_at < NEW
    ]


def _board_told(desk: Desk, snapshot: Snapshot, name: str, week: date, recipient: Recipient) -> Message | None:
    """The first places for who may compare projects; for others their own rank alone."""
    record = desk.boards.board_record(desk.store, name, week)
    if record is None or recipient.scope.role == "admin" or recipient.compares.staff is not None:
        return None
    spec, own, lower_half = desk.pack.boards[name], recipient.compares.projects, desk.settings.boards.lower_half
    whole = record.sections[GROUP]
    board = half_seen(recipient.scope, lower_half, spec, whole)
    first = [one for one in board.rows if (one.rank or 0) <= FIRST]
    rows = first if own is None else [one for one in (*board.rows, *board.unranked) if one.subject in own]
    shown = [Row(one.rank, snapshot.project_name(one.subject) or "", _value(desk, board, one)) for one in rows]
    title = desk.words.say(spec.label)
    among = None if own is None else len(whole.rows)
    return board_notice(title, board.span.first, board.span.last, shown, desk.words, of=among)


def _value(desk: Desk, board: Any, one: Any) -> str:
    metric = desk.pack.metrics.get(board.metric)
    return desk.words.number(one.value, metric.format if metric else "decimal")


# ------------------------------------------------------------------------------------------- reports and commitments


def _reports(desk: Desk, connection: Connection, moment: Moment, there: Sequence[Recipient]) -> Iterator[News]:
    """To a project's own people, which reports wait to be issued; to leaders too, which are overdue since yesterday."""
    late = [one for one in overdue_reports(desk.store, moment.now) if moment.now - one.due_at < NEW]
    drafted = drafted_since(desk.store, moment.now - NEW)
    for one, is_late in [*((each, True) for each in late), *((each, False) for each in drafted)]:
        name = moment.snapshot.project_name(one.project) or one.project
        notice = report_notice(name, one.project, one.week, desk.local(one.due_at), desk.words, is_late=is_late)
        subject, transition = f"{one.week.isoformat()}/{one.project}", "overdue" if is_late else "drafted"
        yield News("report", subject, transition, partial(_own_told, one.project, notice, is_late))


def _promises(desk: Desk, connection: Connection, moment: Moment, there: Sequence[Recipient]) -> Iterator[News]:
    for one, said in all_commitments(desk.store):
        last = said[-1] if said else None
        if last is None or last.outcome is None or moment.now - last.at >= NEW:
            continue
        name = moment.snapshot.project_name(one.project) or one.project
        state, _ = state_said(one, said, desk.words, desk.local(moment.now).date())
        lines = [promise_said(one, desk.words), latest_said(one, said, desk.words)]
        notice = promise_notice(name, state, lines, desk.words)
        yield News("promise", one.id, last.outcome, partial(_own_told, one.project, notice, last.outcome == "missed"))


def _own_told(project: str, notice: Message, is_for_leaders: bool, recipient: Recipient) -> Message | None:
    """What concerns a project's own people, and leaders where it is theirs to know."""
    role = recipient.scope.role
    if role == "leader":
        return notice if is_for_leaders else None
    return notice if role in ("head", "champion") and recipient.concerns(project) else None


# ---------------------------------------------------------------------------------------------------------------- peers


def _peers(desk: Desk, connection: Connection, moment: Moment, there: Sequence[Recipient]) -> Iterator[News]:
    for occasion, name in _occasions(desk, moment):
        if begin_with(connection, occasion, moment.now):
            for one in made_packets(desk.settings, desk.pack, moment.snapshot, name):
                keep_with(connection, one, occasion, moment.now)
    by_occasion: dict[str, list[Packet]] = {}
    for kept in packets_since(connection, moment.now - NEW):
        by_occasion.setdefault(kept.occasion, []).append(kept.packet)
    names = names_of(moment.snapshot)
    for occasion, made in by_occasion.items():
        for one in made:
            yield News("peers", one.project, occasion, partial(_packet_told, desk, names, one))
        yield News("peers", "group", occasion, partial(_packets_told, desk, names, made))


def _occasions(desk: Desk, moment: Moment) -> Iterator[tuple[str, str]]:
    """What packets are due for, with the name of the week they are about; none while the data stands still."""
    if not moment.outcome or not can_tell(moment.snapshot, desk.pack):
        return
    weekly, local = desk.settings.peers.weekly_at, desk.local(moment.now)
    if weekly is not None:
        slot = datetime.combine(week_start(local.date()) + timedelta(days=weekly[0]), weekly[1])
        if slot <= local < slot + NEW:
            yield f"week:{week_start(local.date()).isoformat()}", "week"
    last = week_start(local.date()) - timedelta(days=7)
    if any(week == last for _, week in _fresh_boards(desk, moment)):
        yield f"board:{last.isoformat()}", "last_week"


def made_packets(settings: Settings, pack: Pack, snapshot: Snapshot, week: str) -> list[Packet]:
    """Every project's packet about a week (week: so far; last_week: the full one before), as far as something is worth saying."""
    given, as_of = settings.peers, snapshot.as_of
    kinds = Kinds(given.groups, given.city_tiers, given.price_bands)
    groups = peer_groups(snapshot.projects, as_of.date(), kinds)
    days, frames = comparison(period(week, as_of), as_of), Frames(snapshot)
    found = (
        packet(frames, pack, id, group, days, min_leads=given.min_leads, is_whole=week == "last_week")
        for id, group in groups.items()
    )
    return [one for one in found if one is not None]


def names_of(snapshot: Snapshot) -> Names:
    """Names by id, as a snapshot has them."""
    return Names(
        {id: one.name for id, one in snapshot.projects.items()}, {id: one.name for id, one in snapshot.channels.items()}
    )


def _packet_told(desk: Desk, names: Names, one: Packet, recipient: Recipient) -> Message | None:
    if recipient.scope.role != "head" or not recipient.concerns(one.project):
        return None
    return peer_notice(one, names, desk.words, is_open=recipient.compares.projects is None)


def _packets_told(desk: Desk, names: Names, made: Sequence[Packet], recipient: Recipient) -> Message | None:
    return peers_digest(made, names, desk.words) if recipient.scope.role == "leader" else None


# ---------------------------------------------------------------------------------------------------------------- 喜报


def _joys(desk: Desk, connection: Connection, moment: Moment, there: Sequence[Recipient]) -> Iterator[News]:
    if not desk.settings.messages.good_news:
        return
    since = moment.snapshot.as_of - NEW
    for event in moment.snapshot.recent:
        if event.kind == "contract" and event.key and event.at >= since:
            yield News("joy", event.key, "signed", partial(_joy_told, desk, moment.snapshot, event))


def _joy_told(desk: Desk, snapshot: Snapshot, event: Any, recipient: Recipient) -> Message | None:
    """To robots alone: a chat celebrates, a mailbox does not."""
    if recipient.person is not None or recipient.scope.role == "admin" or not recipient.concerns(event.project):
        return None
    return good_news(signed(event, snapshot, desk.words, amounts=desk.settings.messages.good_news_amounts), desk.words)


def signed(event: Any, snapshot: Snapshot, words: Words, *, amounts: bool) -> Signed:
    """A contract as 喜报 tells it."""
    amount = words.money(Fraction(event.amount)) if amounts and event.amount is not None else ""
    project = snapshot.project_name(event.project) or words.of("unassigned")
    return Signed(project, snapshot.staff_name(event.staff) or "", amount)
