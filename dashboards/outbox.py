"""发件箱: what was told to whom, what failed and what waits; leaders read it, an administrator sends again or cancels."""

from collections.abc import Callable, Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from flask import abort, g, redirect, request
from htpy import Element, Node, a, button, div, form, input, li, ol, p, span, strong
from werkzeug.wrappers import Response as Answer

from components.filters import address
from components.words import Words
from dashboards._assets import Assets
from dashboards._door import FORM, Door, Policy
from dashboards._forms import choice_field, other_language, problem
from dashboards._page import World
from dashboards._plain import plain
from data_access.store import Store, StoreError
from data_access.store.outbox import STATES, Entry, cancel, counts, entries, try_again
from data_access.store.people import people
from metrics.pack import Label

Deed = Callable[[Store, int, str, datetime], None]
PATH = "/outbox"
PAGE = 50
READERS = Policy(frozenset(("admin", "leader")), document=True)
KEEPERS = Policy(frozenset(("admin",)), document=True, accepts=FORM)
_TITLE = Label("发件箱", "Outbox")
_STATE, _ALL, _SHOW = Label("状态", "State"), Label("全部", "All"), Label("查看", "Show")
_OLDER, _HOME, _NONE = Label("更早", "Older"), Label("首页", "Home"), Label("没有消息", "No messages")
_AGAIN, _CANCEL = Label("重发", "Send again"), Label("取消", "Cancel")
_TRIES = Label("第{n}次", "try {n}")
_NEXT = Label("下次 {at}", "next at {at}")
_WITH = Label("并入 #{id}", "went with #{id}")
_GONE = Label("这条消息已经不能更改了。", "This message cannot be changed any more.")
_STATES = {
    "waiting": Label("待发", "Waiting"),
    "sending": Label("发送中", "Sending"),
    "sent": Label("已发", "Sent"),
    "failed": Label("失败", "Failed"),
    "merged": Label("已并入", "Merged"),
    "cancelled": Label("已取消", "Cancelled"),
}
_ROBOT, _MAIL = Label("机器人 {name}", "Robot {name}"), Label("邮件 {name}", "Mail to {name}")


def add(door: Door, world: World, assets: Assets) -> None:
    """The page and what an administrator may do on it."""
    door.route(PATH, READERS, lambda: _page(world, assets))
    door.route(f"{PATH}/<id>/again", KEEPERS, lambda id: _deed(world, assets, try_again, id), methods=("POST",))
    door.route(f"{PATH}/<id>/cancel", KEEPERS, lambda id: _deed(world, assets, cancel, id), methods=("POST",))


def _deed(world: World, assets: Assets, deed: Deed, id: str) -> Answer | tuple[str, int]:
    if not (id.isascii() and id.isdecimal() and len(id) < 10):
        abort(404)
    try:
        deed(world.store, int(id), g.person.id, world.clock())
    except StoreError:
        return _page(world, assets, _GONE), 404
    return redirect(f"{PATH}?lang={_words(world).language}", 303)


def _page(world: World, assets: Assets, said: Label | None = None) -> str:
    words, before, state = _words(world), request.args.get("before", ""), _asked_state()
    until = int(before) if before.isdecimal() and len(before) < 10 else None
    found = entries(world.store, state, before=until, limit=PAGE + 1)
    names = {one.id: one.name for one in people(world.store)}
    zone = ZoneInfo(world.settings.group.time_zone)
    listed = [_item(one, names, zone, words) for one in found[:PAGE]]
    return plain(
        words.say(_TITLE),
        problem(said, words),
        p(".panel-note")[_counted(counts(world.store), words)],
        _choice(state, words),
        ol[listed] if listed else p(".nothing")[words.say(_NONE)],
        _ways(found, words),
        words=words,
        css=assets.css,
        is_wide=True,
    )


def _counted(found: Mapping[str, int], words: Words) -> str:
    return " · ".join(f"{words.say(_STATES[state])} {found[state]}" for state in STATES if found.get(state))


def _choice(state: str | None, words: Words) -> Element:
    choices = [("", words.say(_ALL)), *((one, words.say(_STATES[one])) for one in STATES)]
    return form(".asked", method="get", action=PATH)[
        input(type="hidden", name="lang", value=words.language),
        choice_field("state", _STATE, words, choices, state or ""),
        button(".button", type="submit")[words.say(_SHOW)],
    ]


def _item(one: Entry, names: Mapping[str, str], zone: ZoneInfo, words: Words) -> Element:
    def at(moment: datetime) -> str:
        return f"{moment.astimezone(zone):%m-%d %H:%M}"

    notes = [
        f"#{one.id}",
        _recipient(one.recipient, names, words),
        at(one.made_at),
        one.tries > 1 and words.say(_TRIES).format(n=one.tries),
        one.state == "waiting" and one.tries and words.say(_NEXT).format(at=at(one.next_try)),
        one.merged_into and words.say(_WITH).format(id=one.merged_into),
        one.answer,
    ]
    return li(".entry")[
        div(".entry-head")[strong[words.say(_STATES[one.state])], span[one.title]],
        p(".panel-note")[" · ".join(str(note) for note in notes if note)],
        _deeds(one, words),
    ]


def _recipient(id: str, names: Mapping[str, str], words: Words) -> str:
    """A robot's name, or a person's; never an address."""
    kind, _, name = id.partition(":")
    return words.say(_MAIL if kind == "mail" else _ROBOT).format(name=names.get(name, name))


def _deeds(one: Entry, words: Words) -> Node:
    if g.person.role != "admin" or one.state not in ("waiting", "failed"):
        return None

    def deed(name: str, title: Label) -> Element:
        action = f"{PATH}/{one.id}/{name}?lang={words.language}"
        return form(method="post", action=action)[button(".button.is-quiet", type="submit")[words.say(title)]]

    return div(".plain-row")[deed("again", _AGAIN), deed("cancel", _CANCEL)]


def _ways(found: list[Entry], words: Words) -> Element:
    kept = {name: request.args.get(name, "") for name in ("state", "lang")}
    return div(".ways")[
        len(found) > PAGE and a(href=address(PATH, kept | {"before": str(found[PAGE - 1].id)}))[words.say(_OLDER)],
        a(href=address("/", {"lang": kept["lang"]}))[words.say(_HOME)],
        a(href=other_language(PATH, kept, words))[words.of("other_language")],
    ]


def _asked_state() -> str | None:
    asked = request.args.get("state", "")
    return asked if asked in STATES else None


def _words(world: World) -> Words:
    return world.words(request.args.get("lang", ""))
