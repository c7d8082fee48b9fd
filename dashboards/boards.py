"""排行: the pack's boards over full weeks."""

from datetime import date, timedelta

from htpy import Node, div, h2

from components import picture as pictures
from components.board import board_card
from components.shell import part
from dashboards._filters import board_weeks
from dashboards._head import head
from dashboards._page import Page, Sheet, View
from metrics.boards import Board, board, only
from metrics.pack import BoardSpec, Label
from metrics.scope import PROJECT_ROLES
from metrics.totals import EVERYTHING

page = Page("boards", path="/boards", title=Label("排行", "Boards"), roles=PROJECT_ROLES, compares=True)

PLACES = 10
_LISTED = Label("全部榜单", "All boards")
_WEEK = Label("{days} 完整周", "Full week {days}")


@page.content
def boards(view: View) -> Node:
    """Every board of the chosen full week; who does not see the group sees the own row with its rank alone."""
    monday = chosen_week(view)
    cards = [_card(view, spec, monday) for spec in view.pack.boards.values()]
    return [
        head(view, page, listed=("week",), days=_week(view, monday)),
        part("boards", h2(".spoken")[view.say(_LISTED)], div(".grid")[cards]),
    ]


def _week(view: View, monday: date) -> str:
    return view.say(_WEEK.format(days=view.words.span(monday, monday + timedelta(6))))


def chosen_week(view: View) -> date:
    """The Monday the viewer chose, or that of the last full week."""
    return date.fromisoformat(view.filters.week) if view.filters.week else board_weeks(view.snapshot)[0]


def _card(view: View, spec: BoardSpec, monday: date) -> Node:
    ranking, among = _ranking(view, spec, monday)
    metric, title = view.pack.metric(spec.metric), view.say(spec.label)
    return board_card(ranking, metric, title, lambda id: _name(view, spec, id), view.words, of=among)


def _ranking(view: View, spec: BoardSpec, monday: date) -> tuple[Board, int | None]:
    """One board as this viewer may see it, and among how many: referrers are ranked within the scope, projects among all."""
    where = view.scope.where if spec.of == "referrer" else EVERYTHING
    ranking = board(view.frames, view.pack, spec, monday, where)
    own = view.scope.projects if spec.of == "project" else None
    return (only(ranking, own), len(ranking.rows)) if own is not None else (ranking, None)


def _name(view: View, spec: BoardSpec, id: str) -> str | None:
    if spec.of == "referrer":
        return view.referrer(id)
    return view.snapshot.project_name(id)


@page.picture()
def picture(view: View) -> Sheet:
    """The first places of every board."""
    monday = chosen_week(view)
    ranked = [(spec, *_ranking(view, spec, monday)) for spec in view.pack.boards.values()]
    left_out = sum(max(len(ranking.rows) - PLACES, 0) + len(ranking.unranked) for _, ranking, _ in ranked)
    cards = [_card_block(view, *one) for one in ranked]
    return Sheet(_week(view, monday), [pictures.boards_block(cards)], left_out)


def _card_block(view: View, spec: BoardSpec, ranking: Board, among: int | None) -> pictures.Block:
    metric, title = view.pack.metric(spec.metric), view.say(spec.label)
    return pictures.board_card(
        ranking, metric, title, lambda id: _name(view, spec, id), view.words, most=PLACES, of=among
    )
