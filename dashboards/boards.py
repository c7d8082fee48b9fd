"""排行: the boards over full weeks, published ones as they were published."""

from collections.abc import Sequence
from datetime import date, timedelta

from htpy import Element, Node, a, div, h2, p, span

from components import picture as pictures
from components.board import board_card
from components.shell import part
from dashboards._due import COMMITMENTS, COMMITMENTS_WORD, REPORTS, REPORTS_WORD
from dashboards._filters import board_weeks
from dashboards._head import head
from dashboards._page import Page, Sheet, View
from dashboards._shelf import Shelf, Shown, shown
from metrics.closing import Waiting
from metrics.pack import BoardSpec, Label
from metrics.records import Record
from metrics.scope import GROUP_ROLES, PROJECT_ROLES

page = Page(
    "boards",
    path="/boards",
    title=Label("排行", "Boards"),
    roles=PROJECT_ROLES,
    compares=True,
    recorded=True,
    sheets=("60-board.css",),
)

PLACES = 10
_LISTED = Label("全部榜单", "All boards")
_WEEK = Label("{days} 完整周", "Full week {days}")
_RUNNING = Label("{days} 未发布,{closes} 结榜", "{days}: not published, closes {closes}")
_PUBLISHED = Label("已发布 {when} · 数据截至 {as_of}", "Published {when} · data as of {as_of}")
_BROKEN = Label("记录与摘要不符,请联系管理员", "The record does not fit its digest. Tell your administrator")
_NOT_YET = Label("未发布,按最新数据计算", "Not published; by the latest data")
_WAITS = {
    "running": Label("未发布,{until} 结榜", "Not published; closes {until}"),
    "data": Label("未发布 · 等待数据:需截至 {until}", "Not published · waits for data up to {until}"),
    "frozen": Label("未发布 · 等待数据:{entity}停更", "Not published · waits for {entity}, which stands still"),
}
_RESTATED = Label("重述 {n} 条", "{n} restated")
_DETAILS = Label("详情", "Details")
_HIDDEN = Label("下半区仅集团可见", "The lower half is for the group")
_SHEETS = Label("年度考核表", "Yearly sheets")
_POSTERS = Label("喜报与海报", "Good news and posters")
_PEERS = Label("同行对比", "Peers")


@page.content
def boards(view: View) -> Node:
    """Every board of the chosen full week; who does not see the group sees the own row with its rank alone."""
    monday = chosen_week(view)
    cards = [_card(view, spec, monday) for spec in view.pack.boards.values()]
    return [
        head(view, page, listed=("week",), days=_week(view, monday)),
        part(
            "boards",
            _running(view, view.shelf) if view.shelf else None,
            h2(".spoken")[view.say(_LISTED)],
            div(".grid")[cards],
            _ways(view, view.shelf) if view.shelf else None,
        ),
    ]


def _running(view: View, shelf: Shelf) -> Element:
    """That the running week is not published, and when it closes."""
    monday = shelf.running
    closes = f"{shelf.boards.closing.closes(monday):%m-%d %H:%M}"
    said = _RUNNING.format(days=view.words.span(monday, monday + timedelta(6)), closes=closes)
    return p(".panel-note.board-running")[view.say(said)]


def _ways(view: View, shelf: Shelf) -> Element:
    """What belongs to boards and has no place of its own."""
    links = [(address(view, name), view.say(one.label)) for name, one in shelf.boards.duels.items()]
    links += [(view.address(REPORTS), view.say(REPORTS_WORD)), (view.address(COMMITMENTS), view.say(COMMITMENTS_WORD))]
    if view.scope.role in GROUP_ROLES or view.scope.role == "head":
        links.append((view.address("/sheets"), view.say(_SHEETS)))
        links.append((f"/peers?lang={view.words.language}", view.say(_PEERS)))
    links.append((f"/good-news?lang={view.words.language}", view.say(_POSTERS)))
    return div(".ways")[[a(href=href)[said] for href, said in links]]


def _week(view: View, monday: date) -> str:
    return view.say(_WEEK.format(days=view.words.span(monday, monday + timedelta(6))))


def chosen_week(view: View) -> date:
    """The Monday the viewer chose, or that of the last full week."""
    return date.fromisoformat(view.filters.week) if view.filters.week else board_weeks(view.snapshot)[0]


def address(view: View, name: str, **changes: str) -> str:
    """The address of one board."""
    return view.address(f"{page.path}/{name}", **changes)


def _card(view: View, spec: BoardSpec, monday: date) -> Node:
    found = shown(view, spec, monday)
    metric, title, name = view.pack.board_metric(spec), view.say(spec.label), view.naming(spec.of)
    more = _more(view, spec, monday, found) if view.shelf else None
    # Hundreds may refer: their whole list stands on the board's own page.
    top = PLACES if spec.of == "referrer" else None
    return board_card(found.board, metric, title, name, view.words, top=top, of=found.among, more=more)


def _more(view: View, spec: BoardSpec, monday: date, found: Shown) -> Element:
    href = address(view, spec.name, week=monday.isoformat())
    return p(".board-state")[
        [span[said] for said in states(view, found, spec.name, monday)], a(href=href)[view.say(_DETAILS)]
    ]


def states(view: View, found: Shown, name: str, monday: date) -> Sequence[str]:
    """Whether a week is published, since when, what it waits for, and how many rows later data restated."""
    said = [published_said(view, found.record) if found.record else waiting_said(view, found.waiting)]
    subjects = {one.subject for one in found.board.standings}
    listed = view.shelf.restatements(name, monday) if view.shelf and found.record else []
    count = sum(one.subject in subjects for one in listed)
    if count:
        said.append(view.say(_RESTATED.format(n=str(count))))
    if found.hidden:
        said.append(view.say(_HIDDEN))
    return said


def published_said(view: View, record: Record) -> str:
    """When a record was published and how far its data went; that it was touched, where it was."""
    if not record.is_whole:
        return view.say(_BROKEN)
    assert view.shelf is not None
    when = view.shelf.boards.local(record.published_at)
    return view.say(_PUBLISHED.format(when=f"{when:%m-%d %H:%M}", as_of=f"{record.as_of:%m-%d %H:%M}"))


def waiting_said(view: View, waiting: Waiting | None) -> str:
    """What an unpublished week waits for."""
    if waiting is None:
        return view.say(_NOT_YET)
    until, entity = f"{waiting.until:%m-%d %H:%M}", view.words.source(waiting.entity) if waiting.entity else ""
    return view.say(_WAITS[waiting.why].format(until=until, entity=entity))


@page.picture()
def picture(view: View) -> Sheet:
    """The first places of every board."""
    monday = chosen_week(view)
    ranked = [(spec, shown(view, spec, monday)) for spec in view.pack.boards.values()]
    left_out = sum(max(len(found.board.rows) - PLACES, 0) + len(found.board.unranked) for _, found in ranked)
    cards = [_card_block(view, *one) for one in ranked]
    return Sheet(_week(view, monday), [pictures.boards_block(cards)], left_out)


def _card_block(view: View, spec: BoardSpec, found: Shown) -> pictures.Block:
    metric, title, name = view.pack.board_metric(spec), view.say(spec.label), view.naming(spec.of)
    return pictures.board_card(found.board, metric, title, name, view.words, most=PLACES, of=found.among)
