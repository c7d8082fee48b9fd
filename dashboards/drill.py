"""演练, in the demo only: pass a project's card on by QR code, leave an invented phone there, and watch it reach the numbers."""

from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from flask import abort, make_response, request
from htpy import Element, Node, a, button, details, div, form, li, ol, p, small, strong, summary
from werkzeug.wrappers import Response as Answer

from components.qr import qr_code
from components.words import Words
from dashboards._door import FORM, OPEN_DOCUMENT, Door, Policy
from dashboards._page import Page, View
from dashboards._plain import plain
from dashboards._ways import DRILL, DRILL_WORD, SANDBOX, SANDBOX_WORD
from data_access.demo_drill import MOST_AN_HOUR, Drill, Left
from metrics.pack import Label
from metrics.periods import Span
from metrics.query import Query, one
from metrics.scope import GROUP_ROLES
from metrics.snapshot import Snapshot
from metrics.totals import Where

if TYPE_CHECKING:
    from dashboards._assets import Assets
    from dashboards._site import Site

page = Page("drill", path=DRILL, title=DRILL_WORD, roles=GROUP_ROLES)
SECONDS = "5"
SHOWN = timedelta(minutes=30)
_PROJECTS = Label("选一个演示项目", "Choose a project of the demo")
_PASS_ON = Label("把这张码给别人扫,或自己用手机扫", "Let somebody scan this, or scan it with your own phone")
_OPEN = Label("在本机打开项目卡片", "Open the card on this device")
_HINT = Label(
    "手机要能打开这个地址:演示须用 make run LAN=1 启动。今明两天有效。",
    "The phone must reach this address: start the demo with make run LAN=1. Good for today and tomorrow.",
)
_HAPPENED = Label("留下的号码到哪儿了(近半小时)", "Where the phones left have come (half an hour)")
_NOBODY = Label("还没有人留电", "Nobody has left a phone yet")
_WATCH, _STOP = Label("盯着看(每 5 秒更新)", "Watch (every 5 seconds)"), Label("不再自动更新", "Stop updating")
_LEFT = Label("{at} 留电,尾号 {ends}", "{at} phone left, ending in {ends}")
_WRITTEN, _ARRIVED = (
    Label("已写入源库,等下一次刷新", "In the source; waits for the next refresh"),
    Label("已进入漏斗和大屏", "In the funnel and on the walls"),
)
_TODAY = Label(
    "今日留电 {leads} 组 · 曝光 {exposures} 次 · 数据截至 {as_of}",
    "Today: {leads} leads, {exposures} impressions, data as of {as_of}",
)
_FUNNEL, _WALL = Label("看今日漏斗", "Today's funnel"), Label("看大屏", "The wall")
_CARD = Label("演练项目卡片", "A card for a drill")
_CARD_MORE = Label(
    "这是演示,不会留下您的任何信息。点一下,就替您留一个虚构的号码。",
    "This is a demo: nothing of yours is kept. One tap leaves an invented phone.",
)
_LEAVE = Label("留一个虚构号码", "Leave an invented phone")
_DONE = Label("已留电", "Done")
_DONE_MORE = Label(
    "虚构号码尾号 {ends}。抬头看大屏,一次刷新之内就到。",
    "The invented phone ends in {ends}. Look at the wall: it comes with the next refresh.",
)
_TOO_MANY = Label(
    "一小时内已留 {n} 个号码,请稍后再试。", "{n} phones were left within the hour. Please try again later."
)
_AGAIN = Label("再来一次", "Once more")


def add(site: "Site", door: Door, assets: "Assets") -> None:
    """Add the page and the cards it leads to; outside the demo there are none."""
    drill = site.world.drill
    if drill is None:
        return
    door.route(DRILL, Policy(frozenset(GROUP_ROLES), document=True, accepts=FORM), partial(_show, site, drill, assets))
    card = Cards(site, drill, assets)
    door.route(f"{DRILL}/<code>", OPEN_DOCUMENT, card.show)
    door.route(f"{DRILL}/<code>", OPEN_DOCUMENT, card.leave, methods=("POST",))


# ------------------------------------------------------------------------------------------------------------ who watches


def _show(site: "Site", drill: Drill, assets: "Assets") -> str:
    view = site.asked_view(page, _snapshot(site))
    chosen = request.args.get("project", "")
    project = chosen if chosen in view.snapshot.projects else next(iter(view.snapshot.projects), "")
    watches = request.args.get("watch") == "1"
    now = _now(site)
    here = partial(view.address, DRILL, project=project)
    body: list[Node] = [
        _choices(view, project),
        _code(view, drill, project, now),
        _happened(view, [one for one in drill.left(now - SHOWN) if one.project == project], project),
        div(".ways")[
            a(href=here(watch="" if watches else "1"))[view.say(_STOP if watches else _WATCH)],
            a(href=view.address(SANDBOX))[view.say(SANDBOX_WORD)],
        ],
    ]
    refresh = SECONDS if watches else None
    return plain(view.say(DRILL_WORD), *body, words=view.words, css=assets.aside_css, refresh=refresh, is_wide=True)


def _snapshot(site: "Site") -> Snapshot:
    return site.world.reader.current() or abort(503)


def _now(site: "Site") -> datetime:
    return site.world.boards.local(site.world.clock())


def _choices(view: View, project: str) -> Element:
    listed = [
        strong[one.name] if id == project else a(href=view.address(DRILL, project=id))[one.name]
        for id, one in view.snapshot.projects.items()
    ]
    return details(".entry")[
        summary[f"{view.say(_PROJECTS)}:{view.snapshot.project_name(project)}"], div(".ways")[listed]
    ]


def _code(view: View, drill: Drill, project: str, now: datetime) -> list[Node]:
    path = f"{DRILL}/{drill.code(project, now.date())}"
    said = view.say(_PASS_ON)
    return [
        p[said],
        qr_code(f"{request.host_url.rstrip('/')}{path}", said),
        div(".ways")[a(href=path)[view.say(_OPEN)]],
        p(".panel-note")[view.say(_HINT)],
    ]


def _happened(view: View, left: list[Left], project: str) -> list[Node]:
    """Every phone that was left and how far it has come, and today's numbers of the project."""
    values = {name: _today(view, project, name) for name in ("leads", "exposures")}
    rows = [
        li[_said(view, one), " · ", small(".panel-note")[view.say(_ARRIVED if _has_come(view, one) else _WRITTEN)]]
        for one in left
    ]
    return [
        p[strong[view.say(_HAPPENED)]],
        ol[rows] if rows else p(".nothing")[view.say(_NOBODY)],
        p[view.say(_TODAY.format(**values, as_of=f"{view.as_of:%H:%M:%S}"))],
        div(".ways")[
            a(href=f"/funnels?period=today&project={project}")[view.say(_FUNNEL)],
            a(href="/wall/canteen")[view.say(_WALL)],
        ],
    ]


def _said(view: View, one: Left) -> str:
    return view.say(_LEFT.format(at=f"{one.at:%H:%M:%S}", ends=one.ends))


def _today(view: View, project: str, name: str) -> str:
    where, span = Where(project=frozenset({project})), Span(view.as_of.date(), view.as_of.date())
    found = one(view.frames, view.pack, name, Query((name,), span, where=where)).value
    return view.words.amount(found) if found is not None else "–"


def _has_come(view: View, left: Left) -> bool:
    """Whether the snapshot counts it: its lead is among the latest events, or too old to be."""
    events = [one for one in view.snapshot.recent if one.kind == "lead"]
    known = any(one.project == left.project and one.at.replace(microsecond=0) == left.at for one in events)
    return known or bool(events) and left.at < min(one.at for one in events)


# --------------------------------------------------------------------------------------------------- who scanned the code


class Cards:
    """What somebody without an account sees who scanned a code."""

    def __init__(self, site: "Site", drill: Drill, assets: "Assets") -> None:
        self._site = site
        self._drill = drill
        self._assets = assets

    def show(self, code: str) -> str:
        """The project's card; being looked at is an impression."""
        project = self._project(code)
        words, name = self._words(), _snapshot(self._site).project_name(project) or project
        self._drill.look(project, _now(self._site))
        leave = form(method="post")[button(".button", type="submit")[words.say(_LEAVE)]]
        return self._plain(words, f"{name} · {words.say(_CARD)}", p[words.say(_CARD_MORE)], leave)

    def leave(self, code: str) -> Answer | str:
        """Leave an invented phone; what the form says is not read."""
        left, words = self._drill.leave(self._project(code), _now(self._site)), self._words()
        if left is None:
            said = words.say(_TOO_MANY.format(n=str(MOST_AN_HOUR)))
            return make_response(self._plain(words, words.say(_CARD), p[said]), 429)
        again = div(".ways")[a(href=f"{DRILL}/{code}")[words.say(_AGAIN)]]
        return self._plain(words, words.say(_DONE), p[words.say(_DONE_MORE.format(ends=left.ends))], again)

    def _project(self, code: str) -> str:
        found = self._drill.project_of(code, _snapshot(self._site).projects, _now(self._site).date())
        return found if found is not None else abort(404)

    def _words(self) -> Words:
        return self._site.world.words(request.args.get("lang", ""))

    def _plain(self, words: Words, title: str, *content: Node) -> str:
        return plain(title, *content, words=words, css=self._assets.css)
