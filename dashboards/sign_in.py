"""Signing in: by a single-use link, or in the demo on this very machine by one click per person."""

from collections.abc import Sequence

from htpy import Node, button, form, input, li, p, small, span, strong, ul

from components.words import Words
from dashboards._door import SIGN_IN
from dashboards._plain import plain
from data_access.store.people import Person
from metrics.pack import Label
from metrics.snapshot import Snapshot

ROLE_NAMES = {
    "leader": Label("集团领导", "Group executive"),
    "head": Label("项目总", "Project head"),
    "salesperson": Label("置业顾问", "Salesperson"),
    "champion": Label("数字化先锋官", "Digital champion"),
    "admin": Label("数字化专员", "Digital officer"),
    "viewer": Label("食堂大屏", "Canteen wall"),
}
_SIGN_IN = Label("登录", "Sign in")
_HOW = Label(
    "请用企业微信、钉钉或飞书消息里的登录链接进入,链接只能用一次,15 分钟内有效。",
    "Open the sign-in link from your message. It works once, for 15 minutes.",
)
_ASK = Label("没有链接?请向数字化专员索取。", "No link? Ask your digital officer for one.")
_DEMO = Label("演示:选一个身份进入", "Demo: choose who you are")
_DEMO_MORE = Label("每个身份看到的数据范围不同。", "Everybody sees what the role may see.")
_ENTER = Label("进入", "Enter")
_ENTER_TITLE = Label("欢迎", "Welcome")
_ENTER_MORE = Label("点“进入”打开营销作战室。链接只能用一次。", "Press Enter to open Warboard. The link works once.")
_USED = Label("链接已失效", "This link does not work any more")
_USED_MORE = Label(
    "它已被使用或超过了 15 分钟,请索取新的链接。", "It was used or is older than 15 minutes. Ask for a new one."
)
_OUT = Label("退出登录?", "Sign out?")
_OUT_BUTTON = Label("退出", "Sign out")


def sign_in_page(words: Words, css: str) -> str:
    """How to get in."""
    return plain(words.say(_SIGN_IN), p[words.say(_HOW)], p(".panel-note")[words.say(_ASK)], words=words, css=css)


def demo_page(people: Sequence[Person], snapshot: Snapshot | None, next_path: str, words: Words, css: str) -> str:
    """One button per person of the demo."""
    order = list(ROLE_NAMES)
    listed = sorted((one for one in people if one.enabled), key=lambda one: (order.index(one.role), one.name))
    buttons = ul[[li[_person(one, snapshot, next_path, words)] for one in listed]]
    return plain(words.say(_DEMO), p[words.say(_DEMO_MORE)], buttons, words=words, css=css)


def _person(one: Person, snapshot: Snapshot | None, next_path: str, words: Words) -> Node:
    project = snapshot.project_name(one.project_id) if snapshot and one.project_id else None
    return form(method="post", action=SIGN_IN)[
        input(type="hidden", name="person", value=one.id),
        input(type="hidden", name="next", value=next_path),
        button(".person", type="submit")[
            strong[words.say(ROLE_NAMES[one.role])], span[one.name], project and small(".panel-note")[project]
        ],
    ]


def enter_page(words: Words, css: str) -> str:
    """One button, so that the preview of a message does not use up the link."""
    enter = form(method="post")[button(".button", type="submit")[words.say(_ENTER)]]
    return plain(words.say(_ENTER_TITLE), p[words.say(_ENTER_MORE)], enter, words=words, css=css)


def used_page(words: Words, css: str) -> str:
    """The link has been used or is too old."""
    return plain(words.say(_USED), p[words.say(_USED_MORE)], words=words, css=css)


def sign_out_page(words: Words, css: str) -> str:
    """One button to end the session."""
    leave = form(method="post")[button(".button", type="submit")[words.say(_OUT_BUTTON)]]
    return plain(words.say(_OUT), leave, words=words, css=css)
