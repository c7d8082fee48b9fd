"""Signing in: by name and password, by a single-use link, or in the demo on this very machine by one click per person."""

from collections.abc import Sequence
from dataclasses import dataclass

from htpy import Node, a, button, code, details, div, form, input, li, p, small, span, strong, summary, ul

from components.qr import qr_code
from components.words import Words
from dashboards._door import CODE, SIGN_IN
from dashboards._forms import problem, text_field
from dashboards._plain import error_number, plain
from dashboards._roles import ROLE_NAMES
from data_access.store.codes import Enrolment
from data_access.store.people import Person
from metrics.pack import Label
from metrics.snapshot import Snapshot

_SIGN_IN = Label("登录", "Sign in")
_NAME = Label("姓名", "Name")
_PASSWORD = Label("密码", "Password")
_LINK_TOO = Label(
    "也可以点企业微信、钉钉或飞书消息里的登录链接,免输密码。没有账号或链接,请找数字化专员。",
    "The sign-in link in your message works too, without a password. No account or link? Ask your digital officer.",
)
WRONG = Label("姓名或密码不对,请再试一次。", "Name or password is wrong. Please try again.")
LATER = Label(
    "试的次数太多了,{time} 以后再试。着急的话,请数字化专员发一个登录链接。",
    "Too many tries. Try again after {time}, or ask your digital officer for a sign-in link.",
)
_CODE = Label("验证码", "Code")
_CODE_TITLE = Label("还差一步", "One more step")
_CODE_MORE = Label("输入手机验证器上的 6 位数字。", "Enter the 6 digits that your authenticator app shows.")
_SCAN_TITLE = Label("绑定验证器", "Set up your authenticator")
_SCAN_MORE = Label(
    "用手机验证器扫这个码,再输入它显示的 6 位数字。这个码只显示这一次。",
    "Scan this with an authenticator app, then enter the 6 digits it shows. It is shown only once.",
)
_SCAN_HERE = Label("验证器就在本机?点这里添加", "Is the app on this device? Add it here")
_KEY = Label("手工输入用的密钥", "Key for typing it in")
_CODE_LOST = Label("换了手机或收不到?请找数字化专员重新绑定。", "New phone? Ask your digital officer.")
CODE_WRONG = Label("这个数字不对或已用过,请等下一个。", "These digits are wrong or used up. Wait for the next ones.")
CODE_OVER = Label("等得太久,请重新登录。", "That took too long. Please sign in again.")
_OUTSIDE = Label("没有登录成功", "You are not signed in")
OUTSIDE_AGAIN = Label("这次登录没有完成,请再试一次。", "This sign-in was not completed. Please try again.")
OUTSIDE_DOWN = Label(
    "登录服务暂时连不上。请稍后再试,或用姓名和密码登录。",
    "The sign-in service cannot be reached. Try again later, or use your name and password.",
)
OUTSIDE_STRANGER = Label(
    "您还没有开通营销作战室,请找数字化专员。",
    "You do not have access to Warboard yet. Ask your digital officer.",
)
_OUTSIDE_ACCOUNT = Label("请把您的账号告诉对方:", "Tell them your account:")
_OUTSIDE_RETRY = Label("再试一次", "Try again")
_OUTSIDE_BACK = Label("返回登录", "Back to sign-in")
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


@dataclass(frozen=True)
class Button:
    """A way in over another site: where it begins and what it is called."""

    href: str
    name: str


def sign_in_page(
    words: Words,
    css: str,
    *,
    next_path: str = "/",
    language_href: str,
    ways: Sequence[Button] = (),
    said: Label | None = None,
    time: str = "",
) -> str:
    """Other ways in, name and password; `said` is what was wrong with the last try, `time` when the next one may be made."""
    fields = form(".plain-form", method="post", action=address(SIGN_IN, words))[
        input(type="hidden", name="next", value=next_path),
        text_field("name", _NAME, words, autocomplete="username", autocapitalize="none", required=True),
        text_field("password", _PASSWORD, words, type="password", autocomplete="current-password", required=True),
        button(".button", type="submit")[words.say(_SIGN_IN)],
    ]
    return plain(
        words.say(_SIGN_IN),
        problem(said, words, time=time),
        bool(ways) and div(".plain-row")[(a(".button", href=one.href)[one.name] for one in ways)],
        fields,
        p(".panel-note.plain-note")[words.say(_LINK_TOO)],
        p(".panel-note.plain-note")[a(href=language_href)[words.of("other_language")]],
        words=words,
        css=css,
    )


def outside_page(
    words: Words, css: str, *, said: Label, account: str, id: str, again: str | None, password: str
) -> str:
    """Nobody came in over another site: what to do, the number of the error, and the ways back."""
    return plain(
        words.say(_OUTSIDE),
        p[words.say(said)],
        account and p[words.say(_OUTSIDE_ACCOUNT), " ", code(".plain-key")[account]],
        error_number(id, words),
        div(".plain-row")[
            again and a(".button", href=again)[words.say(_OUTSIDE_RETRY)],
            a(".button.is-quiet", href=password)[words.say(_OUTSIDE_BACK)],
        ],
        words=words,
        css=css,
    )


def code_page(words: Words, css: str, *, step: str, next_path: str, said: Label | None = None, time: str = "") -> str:
    """The second proof: six digits from the app."""
    return plain(
        words.say(_CODE_TITLE),
        problem(said, words, time=time),
        p[words.say(_CODE_MORE)],
        _code_form(step, next_path, words),
        p(".panel-note.plain-note")[words.say(_CODE_LOST)],
        words=words,
        css=css,
    )


def scan_page(words: Words, css: str, *, enrolment: Enrolment, step: str, next_path: str) -> str:
    """The code to scan, shown this once, and the first six digits."""
    return plain(
        words.say(_SCAN_TITLE),
        p[words.say(_SCAN_MORE)],
        div(".plain-qr.light")[qr_code(enrolment.address, words.say(_SCAN_TITLE))],
        p(".panel-note.plain-note")[a(".plain-link", href=enrolment.address)[words.say(_SCAN_HERE)]],
        details(".panel-note.plain-note")[summary[words.say(_KEY)], code(".plain-key")[enrolment.secret]],
        _code_form(step, next_path, words),
        words=words,
        css=css,
    )


def address(path: str, words: Words) -> str:
    """A path of ours that keeps the language."""
    return f"{path}?lang={words.language}"


def _code_form(step: str, next_path: str, words: Words) -> Node:
    digits = {"inputmode": "numeric", "autocomplete": "one-time-code", "maxlength": "7", "required": True}
    return form(".plain-form", method="post", action=address(CODE, words))[
        input(type="hidden", name="step", value=step),
        input(type="hidden", name="next", value=next_path),
        text_field("code", _CODE, words, **digits),
        button(".button", type="submit")[words.say(_SIGN_IN)],
    ]


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
