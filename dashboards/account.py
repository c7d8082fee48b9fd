"""账号: who is signed in here, the pages for whoever keeps the house, a new password, and the way out."""

from collections.abc import Callable

from flask import g, make_response, request
from htpy import Element, Node, a, button, div, form, p
from werkzeug.wrappers import Response as Answer

from components.words import Words
from dashboards import sign_in
from dashboards._assets import Assets
from dashboards._door import SIGNED_IN_DOCUMENT, Door, source_address
from dashboards._forms import later, other_language, problem, text_field
from dashboards._page import World
from dashboards._plain import plain
from dashboards._roles import ROLE_NAMES
from data_access.store.attempts import TooManyAttempts, attempt, forgive
from data_access.store.passwords import LEAST, MOST, WeakPassword, has_password, set_password, whose
from data_access.store.people import Person
from metrics.pack import Label
from metrics.scope import ROLES

PATH, PASSWORD = "/account", "/password"
_TITLE = Label("账号", "Account")
_KEEPS: tuple[tuple[str, Label, tuple[str, ...]], ...] = (
    ("/people", Label("人员", "People"), ("admin",)),
    ("/screens", Label("屏幕", "Screens"), ("admin", "leader")),
    ("/checks", Label("稽核", "Record checks"), ("admin", "leader", "salesperson")),
    ("/audit", Label("审计", "Audit"), ("admin",)),
    ("/outbox", Label("发件箱", "Outbox"), ("admin", "leader")),
    ("/peers", Label("同行对比", "Peers"), ("admin", "leader", "head")),
    ("/good-news", Label("喜报与海报", "Good news and posters"), ROLES),
)
"""The pages that no bar leads to, and the roles that may open them."""
_HOME = Label("回到首页", "To the first page")
_OUT = Label("退出登录", "Sign out")
_CHANGE, _SET = Label("修改密码", "Change the password"), Label("设置密码", "Set a password")
_NOW, _NEW, _AGAIN = (
    Label("现在的密码", "Password now"),
    Label("新密码", "New password"),
    Label("再输一次", "Once more"),
)
_RULE = Label(
    "至少 {least} 个字符,可以是一句话。改好后,其他设备会退出登录。",
    "{least} characters or more; a sentence is fine. Other devices are signed out.",
)
_SAVE = Label("保存", "Save")
_DONE = Label("密码已更新,其他设备已退出登录。", "The password is new. Other devices are signed out.")
_LOST = Label("忘了现在的密码?请管理员清除。", "Forgotten? Ask an administrator to remove it.")
_PROBLEMS = {
    "wrong": Label("现在的密码不对。", "The password now is wrong."),
    "differ": Label("两次输入的新密码不一样。", "The two new passwords differ."),
    "short": Label("新密码太短,至少 {least} 个字符。", "Too short: take {least} characters or more."),
    "long": Label("新密码太长,最多 {most} 个字符。", "Too long: take {most} characters or fewer."),
    "common": Label("这个密码太常见,请换一个。", "This one is tried first. Take another."),
    "name": Label("密码不能只是姓名或产品名,请再加些内容。", "It is little but a name. Add words of your own."),
    "later": sign_in.LATER,
}


def add(door: Door, world: World, assets: Assets, first_page: Callable[[Person], str]) -> None:
    """The pages everybody has about themselves."""
    desk = Desk(door, world, assets.css, first_page)
    door.route(PATH, SIGNED_IN_DOCUMENT, desk.show)
    door.route(PASSWORD, SIGNED_IN_DOCUMENT, desk.show_password)
    door.route(PASSWORD, SIGNED_IN_DOCUMENT, desk.set_password, methods=("POST",))


class Desk:
    """Answers people about their own account."""

    def __init__(self, door: Door, world: World, css: str, first_page: Callable[[Person], str]) -> None:
        self._door = door
        self._world = world
        self._css = css
        self._first_page = first_page

    def show(self) -> str:
        """Who is signed in, and where to go from here."""
        words, someone = self._words(), g.person
        keeps = [(path, title) for path, title, roles in _KEEPS if someone.role in roles]
        return self._page(
            someone.name,
            p(".panel-note")[" · ".join(filter(None, (words.say(ROLE_NAMES[someone.role]), self._project(someone))))],
            _ways([*keeps, (PASSWORD, self._title())], words),
            form(method="post", action="/sign-out")[button(".button", type="submit")[words.say(_OUT)]],
            self._foot(PATH),
        )

    def show_password(self) -> str:
        """The form for a new password."""
        return self._form()

    def set_password(self) -> Answer:
        """Take a new password from whoever knows the one they have; this device stays signed in, with a new session."""
        store, someone, told = self._world.store, g.person, request.form
        try:
            if said := self._wrong(someone, told.get("now", "")):
                return make_response(self._form(said), 400)
            if told.get("new", "") != told.get("again", ""):
                return make_response(self._form("differ"), 400)
            set_password(store, someone, told.get("new", ""), by=someone.id, now=self._world.clock())
        except WeakPassword as error:
            return make_response(self._form(error.reason), 400)
        except TooManyAttempts as error:
            page = self._form("later", time=self._world.time_of_day(error.until))
            return later(page, error, self._world.clock())
        done = self._page(self._words().say(_CHANGE), p[self._words().say(_DONE)], self._foot(PASSWORD))
        return self._door.sign_in(someone.id, make_response(done), how="password")

    def _wrong(self, someone: Person, password: str) -> str | None:
        """What is wrong with the password somebody says they have; counted like one at the sign-in page; TooManyAttempts."""
        store = self._world.store
        if not has_password(store, someone.id):
            return None
        tried = attempt(store, someone.name, source_address(request), self._world.clock())
        if whose(store, someone.name, password) is None:
            return "wrong"
        forgive(store, tried)
        return None

    def _form(self, said: str = "", **values: str) -> str:
        words, limits = self._words(), {"least": str(LEAST), "most": str(MOST)}
        new = {"type": "password", "autocomplete": "new-password", "required": True}
        has = has_password(self._world.store, g.person.id)
        return self._page(
            words.say(self._title()),
            problem(_PROBLEMS.get(said), words, **limits, **values),
            p[words.say(_RULE.format(**limits))],
            form(".plain-form", method="post", action=sign_in.address(PASSWORD, words))[
                has and text_field("now", _NOW, words, **new | {"autocomplete": "current-password"}),
                text_field("new", _NEW, words, **new),
                text_field("again", _AGAIN, words, **new),
                button(".button", type="submit")[words.say(_SAVE)],
            ],
            has and p(".panel-note.plain-note")[words.say(_LOST)],
            self._foot(PASSWORD),
        )

    def _title(self) -> Label:
        return _CHANGE if has_password(self._world.store, g.person.id) else _SET

    def _project(self, someone: Person) -> str | None:
        snapshot = self._world.reader.current()
        return snapshot.project_name(someone.project_id) if snapshot and someone.project_id else None

    def _page(self, title: str, *content: Node) -> str:
        return plain(title, *content, words=self._words(), css=self._css)

    def _foot(self, path: str) -> Element:
        words = self._words()
        return div(".ways")[
            a(href=self._first_page(g.person))[words.say(_HOME)],
            path != PATH and a(href=sign_in.address(PATH, words))[words.say(_TITLE)],
            a(href=other_language(path, {}, words))[words.of("other_language")],
        ]

    def _words(self) -> Words:
        return self._world.words(request.args.get("lang", ""))


def _ways(listed: list[tuple[str, Label]], words: Words) -> Element:
    return div(".ways")[[a(href=sign_in.address(path, words))[words.say(title)] for path, title in listed]]
