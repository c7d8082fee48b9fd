"""喜报 and board posters as pictures to pass on: project and salesperson, never a customer; only what the viewer may see."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from flask import Response, abort, g, request
from htpy import Element, a, div, li, ol, p, strong

from components.filters import address
from components.picture import short
from components.words import Words
from dashboards._assets import Assets
from dashboards._door import Door, Policy
from dashboards._forms import other_language
from dashboards._news import signed
from dashboards._page import View, World
from dashboards._pictures import colours
from dashboards._plain import plain
from dashboards._shelf import shown
from dashboards.boards import chosen_week, page
from data_access.documents import Busy, picture
from metrics.boards import Board
from metrics.pack import BoardSpec, Label
from metrics.scope import EVERYBODY, PROJECT_ROLES, Scope
from metrics.snapshot import Event, Snapshot

if TYPE_CHECKING:
    from dashboards._site import Site

PATH = "/good-news"
TEMPLATE = Path(__file__).parent.parent / "assets" / "poster.typ"
TOP = 5
_TITLE = Label("喜报与海报", "Good news and posters")
_BOARDS = Label("榜单海报", "Board posters")
_JOYS = Label("新签约", "New contracts")
_NONE = Label("最近没有新签约", "No new contracts lately")
_HOME = Label("首页", "Home")
_WEEK = Label("{days} 完整周", "Full week {days}")
_RUNNING = Label("{days} 未发布", "{days}, not published")
_NOTHING = Label("本周没有排名", "Nobody is ranked this week")


def add(site: "Site", door: Door, assets: Assets) -> None:
    """The list, and the pictures it leads to."""
    everybody = Policy(frozenset(EVERYBODY), document=True)
    door.route(PATH, everybody, lambda: _list(site.world, assets))
    door.route("/poster/joy/<key>.png", everybody, lambda key: _joy(site.world, key))
    door.route("/poster/board/<name>.png", Policy(PROJECT_ROLES, document=True), lambda name: _board(site, name))


def _list(world: World, assets: Assets) -> str:
    words, snapshot = world.words(request.args.get("lang", "")), world.reader.current() or abort(503)
    lang = {"lang": words.language}
    joys = [_joy_item(one, snapshot, world, words) for one in _signed_in_scope(world, snapshot)]
    boards = world.pack.boards.values() if g.person.role in PROJECT_ROLES else ()
    posters = [a(href=address(f"/poster/board/{one.name}.png", lang))[words.say(one.label)] for one in boards]
    return plain(
        words.say(_TITLE),
        p(".panel-note")[words.say(_JOYS)],
        ol[joys] if joys else p(".nothing")[words.say(_NONE)],
        posters and [p(".panel-note")[words.say(_BOARDS)], div(".ways")[posters]],
        div(".ways")[
            a(href=address("/", lang))[words.say(_HOME)],
            a(href=other_language(PATH, {}, words))[words.of("other_language")],
        ],
        words=words,
        css=assets.css,
        is_wide=True,
    )


def _joy_item(event: Event, snapshot: Snapshot, world: World, words: Words) -> Element:
    told = signed(event, snapshot, words, amounts=world.settings.messages.good_news_amounts)
    said = " · ".join(part for part in (told.staff, told.amount, words.when(event.at, snapshot.as_of)) if part)
    link = address(f"/poster/joy/{event.key}.png", {"lang": words.language})
    return li(".entry")[div(".ways")[a(href=link)[strong[told.project]]], p(".panel-note")[said]]


def _signed_in_scope(world: World, snapshot: Snapshot) -> list[Event]:
    """The latest contracts of the viewer's own projects, a salesperson's own alone; latest first."""
    scope = world.scope(g.person) or abort(403)
    return [one for one in snapshot.recent if one.key and _is_own(one, scope)]


def _is_own(event: Event, scope: Scope) -> bool:
    # As far as the customers behind it go: a project's contract is its own news however far boards are open.
    project, staff = scope.customers.project, scope.customers.staff
    return (project is None or event.project in project) and (staff is None or event.staff in staff)


def _joy(world: World, key: str) -> Response:
    snapshot = world.reader.current() or abort(503)
    found = next((one for one in _signed_in_scope(world, snapshot) if one.key == key), None) or abort(404)
    words = world.words(request.args.get("lang", ""))
    told = signed(found, snapshot, words, amounts=world.settings.messages.good_news_amounts)
    sheet = {
        "kind": "joy",
        "ground": "red",
        "heading": words.of("good_news"),
        "under": words.day(found.at.date()),
        "project": short(told.project),
        "what": words.of("signed_one"),
        "staff": short(told.staff),
        "amount": told.amount,
    }
    return _drawn(sheet, f"joy-{found.at:%Y%m%d}", world, words)


def _board(site: "Site", name: str) -> Response:
    spec = site.world.pack.boards.get(name) or abort(404)
    snapshot = site.world.reader.current() or abort(503)
    view = site.asked_view(page, snapshot)
    monday = chosen_week(view)
    return _drawn(board_sheet(view, spec, monday), f"{name}-{monday:%Y%m%d}", site.world, view.words)


def board_sheet(view: View, spec: BoardSpec, monday: date) -> dict[str, Any]:
    """The first places of a board as this viewer may see them: who does not see the group sees the own place."""
    found, metric, name = shown(view, spec, monday), view.pack.board_metric(spec), view.naming(spec.of)
    rows = [
        {"rank": str(one.rank), "name": short(name(one.subject) or ""), "value": view.words.number(one.value, metric.format)}
        for one in found.board.rows[:TOP]
    ]  # fmt: skip
    under = view.say((_WEEK if found.record else _RUNNING).format(days=view.words.span(*_days(found.board))))
    texts = {"heading": view.say(spec.label), "under": under, "absent": view.say(_NOTHING)}
    return {"kind": "board", "ground": "accent", "rows": rows, **texts}


def _days(board: Board) -> tuple[date, date]:
    return board.span.first, board.span.last


def _drawn(sheet: Mapping[str, Any], name: str, world: World, words: Words) -> Response:
    """The poster as a PNG that says whose it is and when it was made."""
    at = f"{world.clock().astimezone(ZoneInfo(world.settings.group.time_zone)):%Y-%m-%d %H:%M}"
    signed_by = {"product": words.of("product"), "watermark": f"{short(g.person.name)} · {at}"}
    try:
        png = picture(TEMPLATE, {"lang": words.language, "colours": colours(), **signed_by, **sheet})
    except Busy:
        abort(429)
    answer = Response(png, mimetype="image/png")
    answer.headers["Content-Disposition"] = f'inline; filename="{name}.png"'
    return answer
