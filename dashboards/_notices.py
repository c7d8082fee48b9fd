"""Words of messages: what an alert, a board or a packet about peers says outside of the pages, as plain lines."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction
from urllib.parse import quote

from components.alert import message as found_message
from components.alert import since
from components.words import Words, digits
from metrics.messages import Message
from metrics.pack import Label, Rule
from metrics.peers import Packet
from metrics.rules import Finding

_TRANSITIONS = {
    "opened": Label("新预警", "New alert"),
    "worse": Label("预警加重", "Alert is worse"),
    "handed_over": Label("预警转交", "Alert handed over"),
    "escalated": Label("预警升级", "Alert escalated"),
    "resolved": Label("预警解除", "Alert resolved"),
}
_ALERT = Label("{what}·{severity}·{subject}:{rule}", "{what} · {severity} · {subject}: {rule}")
_NEXT = Label("下一步:{next}", "Next: {next}")
_NOTE = Label("备注:{note}", "Note: {note}")
_BOARD = Label("榜单发布:{board}({days})", "Board published: {board} ({days})")
_REPORT_DUE = Label("体检报告待签发:{project}({days})", "Health report to issue: {project} ({days})")
_REPORT_LATE = Label("体检报告逾期:{project}({days})", "Health report overdue: {project} ({days})")
_UNTIL = Label("截止 {due}", "Due {due}")
_PROMISE = Label("承诺{state}:{project}", "Commitment {state}: {project}")
_PLACE = Label("第{rank}名 {name} {value}", "No. {rank} {name} {value}")
_OWN_PLACE = Label("{name}第{rank}名(共{of}个) {value}", "{name}: no. {rank} of {of}, {value}")
_UNRANKED = Label("{name}未参与排名", "{name} is not ranked")
_PEERS_TITLE = Label("同行对比:{project}", "Peers: {project}")
_AHEAD = Label(
    "{rival}{when}留电量超你 {share}(同期、可比组:{group})",
    "{rival} {when}: {share} more leads than you (same point, peers: {group})",
)
_MAINLY = Label("主要来自{channel} +{count}", "mainly from {channel} +{count}")
_FIRST = Label(
    "你{when}留电量居可比组第一({members}个项目,同期、可比组:{group})",
    "You lead your peers {when} ({members} projects, same point, peers: {group})",
)
_OWN_RANK = Label(
    "你{when}留电量在可比组排第{rank}名,共{members}个项目(同期)",
    "{when} you are no. {rank} of {members} peers by leads (same point)",
)
_OWN = Label("你:{own}组,较{against}{change}", "You: {own} leads, {change} against {against}")
_SAME_POINT, _WEEK_BEFORE = Label("上周同期", "the same point last week"), Label("前一周", "the week before")
_OWN_MAINLY = Label(",主要是{channel} {count}", ", mainly {channel} {count}")
_GROUP_TITLE = Label("同行对比:{n}个项目", "Peers: {n} projects")
_GROUP_LINE = Label("{rival}超{project} {share}{why}", "{rival} is {share} ahead of {project}{why}")
_GROUP_FIRST = Label("{project}居可比组第一({group})", "{project} leads its peers ({group})")
_THIS_WEEK, _LAST_WEEK = Label("本周", "this week"), Label("上周", "last week")
_GROUP_WORD = Label("可比项目", "comparable projects")


@dataclass(frozen=True)
class Happened:
    """What happened to an alert: its transition, the finding and its rule, what it is about, and what was noted."""

    episode: int
    transition: str
    finding: Finding
    rule: Rule
    subject: str
    note: str = ""


def alert_notice(told: Happened, words: Words, now: datetime, mentions: Sequence[str] = ()) -> Message:
    """An alert's transition: what, where, since when, and what to do next while it stands."""
    title = words.say(_ALERT).format(
        what=words.say(_TRANSITIONS.get(told.transition, Label(told.transition, told.transition))),
        severity=words.of(told.finding.severity),
        subject=told.subject,
        rule=words.say(told.rule.label),
    )
    lines = [found_message(told.finding, told.rule, told.subject, words), since(told.finding, words, now)]
    if told.transition != "resolved":
        lines.append(words.say(_NEXT).format(next=words.say(told.rule.next_step)))
    if told.note:
        lines.append(words.say(_NOTE).format(note=told.note))
    return Message(title, tuple(lines), f"/alerts/{told.episode}", tuple(mentions))


@dataclass(frozen=True)
class Row:
    """One row of a published board: its rank (None: unranked), name and value as text."""

    rank: int | None
    name: str
    value: str


def board_notice(
    title: str, first: date, last: date, rows: Sequence[Row], words: Words, *, of: int | None = None
) -> Message | None:
    """A published board: its first places, or, with `of`, one's own rows among so many; None without any row."""
    lines = [_own_place(one, words, of) if of is not None else _place(one, words) for one in rows]
    if not lines:
        return None
    told = words.say(_BOARD).format(board=title, days=words.span(first, last))
    return Message(told, tuple(lines), "/boards")


def report_notice(name: str, id: str, week: date, due: datetime, words: Words, *, is_late: bool) -> Message:
    """A project's health report that is to be issued, or should have been; `due` on the group's clock."""
    title = _REPORT_LATE if is_late else _REPORT_DUE
    days = words.span(week, week + timedelta(6))
    lines = (words.say(_UNTIL).format(due=f"{due:%m-%d %H:%M}"),)
    return Message(words.say(title).format(project=name, days=days), lines, f"/reports/{week.isoformat()}/{quote(id)}")


def promise_notice(project: str, state: str, lines: Sequence[str], words: Words) -> Message:
    """What became of a commitment: what was promised, and what the last board read."""
    return Message(words.say(_PROMISE).format(state=state, project=project), tuple(lines), "/commitments")


def _place(one: Row, words: Words) -> str:
    return words.say(_PLACE).format(rank=one.rank, name=one.name, value=one.value)


def _own_place(one: Row, words: Words, of: int) -> str:
    if one.rank is None:
        return words.say(_UNRANKED).format(name=one.name)
    return words.say(_OWN_PLACE).format(name=one.name, rank=one.rank, of=of, value=one.value)


@dataclass(frozen=True)
class Signed:
    """A contract that landed: project and salesperson by name, the amount as text or nothing; never a customer."""

    project: str
    staff: str
    amount: str = ""


def good_news(one: Signed, words: Words) -> Message:
    """喜报 as a message."""
    line = " ".join(part for part in (one.staff, words.of("signed_one"), one.amount) if part)
    return Message(f"{words.of('good_news')} {one.project}", (line,), "/")


@dataclass(frozen=True)
class Names:
    """Names of projects and channels by id."""

    projects: Mapping[str, str]
    channels: Mapping[str, str]

    def project(self, id: str) -> str:
        """A project's name, its id where it has none."""
        return self.projects.get(id, id)

    def channel(self, id: str) -> str:
        """A channel's name, its id where it has none."""
        return self.channels.get(id, id)


def peer_notice(packet: Packet, names: Names, words: Words, *, is_open: bool) -> Message:
    """One project's packet; a peer's name and figure only where projects may see each other (`is_open`)."""
    title = words.say(_PEERS_TITLE).format(project=names.project(packet.project))
    return Message(title, tuple(peer_lines(packet, names, words, is_open=is_open)), "/peers")


def peer_lines(packet: Packet, names: Names, words: Words, *, is_open: bool) -> list[str]:
    """What a packet says to the project itself, the most telling line first."""
    return [_among_peers(packet, names, words, is_open=is_open), _own_line(packet, names, words)]


def _among_peers(packet: Packet, names: Names, words: Words, *, is_open: bool) -> str:
    shown = {
        "when": words.say(_LAST_WEEK if packet.is_whole else _THIS_WEEK),
        "group": words.say(packet.group) or words.say(_GROUP_WORD),
        "members": packet.members,
        "rank": packet.rank,
    }
    if packet.rank == 1:
        return words.say(_FIRST).format(**shown)
    if not is_open:
        return words.say(_OWN_RANK).format(**shown)
    rival, share = names.project(packet.rival), _share_ahead(packet)
    ahead = words.say(_AHEAD).format(rival=rival, share=share, **shown)
    return f"{ahead}{_why(packet, names, words)}"


def _share_ahead(packet: Packet) -> str:
    return f"{digits(Fraction(packet.rival_leads - packet.own, packet.own) * 100)}%"


def _why(packet: Packet, names: Names, words: Words) -> str:
    if not packet.channel:
        return ""
    told = words.say(_MAINLY).format(channel=names.channel(packet.channel), count=packet.channel_lead)
    return f";{told}" if words.language == "zh" else f"; {told}"


def _own_line(packet: Packet, names: Names, words: Words) -> str:
    change = packet.own - packet.before
    against = words.say(_WEEK_BEFORE if packet.is_whole else _SAME_POINT)
    line = words.say(_OWN).format(own=packet.own, against=against, change=f"{change:+d}" if change else "±0")
    if not packet.own_channel:
        return line
    channel = names.channel(packet.own_channel)
    return line + words.say(_OWN_MAINLY).format(channel=channel, count=f"{packet.own_channel_change:+d}")


def peers_digest(packets: Sequence[Packet], names: Names, words: Words) -> Message | None:
    """Every project's packet in one message for who sees the group; the largest lead first."""
    if not packets:
        return None
    ordered = sorted(packets, key=lambda one: Fraction(one.own, one.rival_leads or one.own))
    lines = tuple(_group_line(one, names, words) for one in ordered)
    return Message(words.say(_GROUP_TITLE).format(n=len(packets)), lines, "/peers")


def _group_line(packet: Packet, names: Names, words: Words) -> str:
    project = names.project(packet.project)
    if not packet.rival:
        return words.say(_GROUP_FIRST).format(project=project, group=words.say(packet.group))
    return words.say(_GROUP_LINE).format(
        rival=names.project(packet.rival), project=project, share=_share_ahead(packet), why=_why(packet, names, words)
    )
