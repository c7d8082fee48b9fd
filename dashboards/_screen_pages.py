"""The pages of whoever keeps the screens: every screen with what was last heard of it, and the forms about them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import g, request
from htpy import (
    Element,
    Node,
    a,
    button,
    details,
    div,
    fieldset,
    form,
    input,
    label,
    legend,
    li,
    p,
    small,
    span,
    strong,
    summary,
    ul,
)

from components.icons import icon
from components.pairing import spaced
from components.words import Words
from dashboards._assets import Assets
from dashboards._door import PAIRING, Door, own_address
from dashboards._forms import other_language, problem, text_field
from dashboards._page import World
from dashboards._plain import plain
from dashboards._screens import is_for_everybody
from data_access.store.pairings import Pairing
from data_access.store.screens import Given, Place, Screen, screens
from metrics.pack import Label
from metrics.scenes import SceneSpec

PATH = "/screens"
ONLINE = timedelta(minutes=3)
LONGEST_NAME = 60
PLACES: dict[Place, Label] = {
    "canteen": Label("食堂等公共场所", "Canteen, or where anybody passes"),
    "warroom": Label("作战室", "War room"),
}
_PLACE_NOTES: dict[Place, Label] = {
    "canteen": Label("不显示金额和客户", "no amounts, no customers"),
    "warroom": Label("可显示金额", "amounts may be shown"),
}
_TITLE = Label("屏幕管理", "Screens")
_PAIR = Label("配对新屏幕", "Pair a screen")
_HOW = Label(
    "在大屏浏览器打开 {address},扫码或输入屏上的配对码。",
    "Open {address} on the screen; scan its code or type it here.",
)
_CODE = Label("配对码", "Code")
_NEXT = Label("下一步", "Next")
_ASKS = Label("{code} 请求配对,来自 {address}", "{code} asks to be paired, from {address}")
_SURE = Label(
    "请核对屏上的码与地址,不是你面前的屏幕就不要批准。",
    "Compare code and address. Approve only the screen in front of you.",
)
_NAME = Label("名称,如“三楼食堂东”", "Name, such as “Canteen east”")
_PLACE = Label("放在哪里", "Where it hangs")
_SCENES = Label("可打开的场景", "Scenes it may open")
_AMOUNTS = Label("含金额", "with amounts")
_GROUP = Label("仅限作战室", "war room only")
_APPROVE = Label("批准", "Approve")
_CHANGE = Label("更改", "Change")
_SAVE = Label("保存", "Save")
_REVOKE = Label("停用", "Revoke")
_REVOKE_MORE = Label("停用后立即黑屏,需重新配对。", "It goes dark at once and has to be paired anew.")
_ONLINE, _OFFLINE, _NEVER = Label("在线", "Online"), Label("离线", "Offline"), Label("尚未开屏", "Not opened yet")
_SEEN = Label("最近 {age}", "seen {age}")
_VERSION = Label("版本 {build}", "version {build}")
_OLD = Label("(旧)", " (old)")
_PICTURE = Label("画面 {age}", "picture {age}")
_ENDED = {
    "revoked": Label("已停用", "Revoked"),
    "copied": Label("凭证被复制,已自动停用", "Its credential was copied; closed by itself"),
}
_NONE = Label("还没有屏幕", "No screens yet")
WRONG = Label(
    "没有屏幕在等这个码,请核对;过期后屏上会换新码。",
    "No screen waits with this code. Compare it; a new one comes when it ends.",
)
TOO_MANY = Label("错误次数太多,请 10 分钟后再试。", "Too many wrong codes. Try again in 10 minutes.")
UNFIT = Label(
    "请填名称、选场所和场景;公共场所不能选含金额或仅限作战室的场景。",
    "Give a name, a place and scenes; where anybody passes, none with amounts or for the war room only.",
)
_HOME, _AUDIT = Label("首页", "Home"), Label("审计", "Audit")


@dataclass(frozen=True)
class Desk:
    """What these pages are made from."""

    door: Door
    world: World
    assets: Assets
    scenes: Sequence[SceneSpec]

    @property
    def words(self) -> Words:
        """The interface in the language asked for."""
        return self.world.words(request.args.get("lang", ""))

    def address(self, path: str) -> str:
        """A path of ours in the language asked for."""
        return f"{path}?lang={self.words.language}" if request.args.get("lang") else path


def screens_page(desk: Desk, told: Label | None = None, *, asking: Pairing | None = None) -> str:
    """Every screen, and the way to pair one more; `told` says what went wrong, `asking` is the screen that waits to be approved."""
    words, listed = desk.words, screens(desk.world.store)
    return plain(
        words.say(_TITLE),
        problem(told, words),
        _asks(desk, asking) if asking else None,
        ul[[_item(desk, one) for one in listed]] if listed else p(".nothing")[words.say(_NONE)],
        None if asking else _ask_code(desk),
        _ways(desk),
        words=words,
        css=desk.assets.css,
        is_wide=True,
    )


def _ask_code(desk: Desk) -> Element:
    words, lang = desk.words, request.args.get("lang", "")
    return form(".asked.entry", method="get", action=PATH)[
        strong[words.say(_PAIR)],
        p(".panel-note")[words.say(_HOW.format(address=own_address(PAIRING)))],
        lang and input(type="hidden", name="lang", value=lang),
        text_field(
            "code", _CODE, words, required=True, maxlength="12", autocomplete="off", autocapitalize="characters"
        ),
        button(".button", type="submit")[words.say(_NEXT)],
    ]


def _asks(desk: Desk, asking: Pairing) -> Element:
    words, empty = desk.words, Given("", "canteen", ())
    said = _ASKS.format(code=spaced(asking.code), address=asking.address)
    return form(".asked.entry", method="post", action=desk.address(PATH))[
        strong[words.say(said)],
        p(".told")[words.say(_SURE)],
        input(type="hidden", name="code", value=asking.code),
        _fields(desk, empty),
        button(".button", type="submit")[words.say(_APPROVE)],
    ]


def _fields(desk: Desk, given: Given) -> Node:
    words = desk.words
    return [
        text_field(
            "name", _NAME, words, value=given.name, required=True, maxlength=str(LONGEST_NAME), autocomplete="off"
        ),
        fieldset[
            legend(".field-label")[words.say(_PLACE)],
            [_tick("radio", "place", one, PLACES[one], _PLACE_NOTES[one], one == given.place, words) for one in PLACES],
        ],
        fieldset[
            legend(".field-label")[words.say(_SCENES)],
            [
                _tick("checkbox", "scene", one.name, one.label, _note(one), one.name in given.scenes, words)
                for one in desk.scenes
            ],
        ],
    ]


def _note(scene: SceneSpec) -> Label | None:
    return _AMOUNTS if scene.amounts else None if is_for_everybody(scene) else _GROUP


def _tick(kind: str, name: str, value: str, said: Label, note: Label | None, chosen: bool, words: Words) -> Element:
    return label(".tick")[
        input(type=kind, name=name, value=value, checked=chosen),
        words.say(said),
        small[words.say(note)] if note else None,
    ]


def _item(desk: Desk, one: Screen) -> Element:
    """A screen with what was last heard of it, and what can be done about it."""
    words, now = desk.words, desk.world.clock()
    is_on = one.ended_at is None and one.seen_at is not None and now - one.seen_at <= ONLINE
    titles = [words.say(scene.label) for scene in desk.scenes if scene.name in one.given.scenes]
    return li(class_=["entry", {"is-off": not is_on}])[
        div(".entry-head")[icon("calm" if is_on else "missing"), strong[one.given.name], _state(one, is_on, words)],
        p(".panel-note")[" · ".join([words.say(PLACES[one.given.place]), *titles, one.address])],
        p(".panel-note")[" · ".join(_heard(desk, one, now))],
        one.ended_at is None and [_change_form(desk, one), _revoke_form(desk, one)],
    ]


def _state(one: Screen, is_on: bool, words: Words) -> Element:
    alive = _ONLINE if is_on else _OFFLINE if one.seen_at else _NEVER
    return span[words.say(_ENDED[one.ended_why] if one.ended_why else alive)]


def _heard(desk: Desk, one: Screen, now: datetime) -> list[str]:
    words, told = desk.words, one.told
    seen = [words.say(_SEEN.format(age=words.age(int((now - one.seen_at).total_seconds()))))] if one.seen_at else []
    old = words.say(_OLD) if told.build != desk.world.build else ""
    version = [words.say(_VERSION.format(build=told.build)) + old] if told.build else []
    picture = (
        [words.say(_PICTURE.format(age=words.age(told.picture_seconds)))] if told.picture_seconds is not None else []
    )
    return [*seen, *version, *([told.size] if told.size else []), *picture]


def _change_form(desk: Desk, one: Screen) -> Element:
    words = desk.words
    return details[
        summary[words.say(_CHANGE)],
        form(".asked", method="post", action=desk.address(f"{PATH}/{one.id}"))[
            _fields(desk, one.given), button(".button", type="submit")[words.say(_SAVE)]
        ],
    ]


def _revoke_form(desk: Desk, one: Screen) -> Element:
    words = desk.words
    return details[
        summary[words.say(_REVOKE)],
        form(".asked", method="post", action=desk.address(f"{PATH}/{one.id}/revoke"))[
            p[words.say(_REVOKE_MORE)], button(".button.is-grave", type="submit")[words.say(_REVOKE)]
        ],
    ]


def _ways(desk: Desk) -> Element:
    words = desk.words
    return div(".ways")[
        a(href=desk.address("/"))[words.say(_HOME)],
        g.person.role == "admin" and a(href=desk.address("/audit"))[words.say(_AUDIT)],
        a(href=other_language(PATH, {}, words))[words.of("other_language")],
    ]
