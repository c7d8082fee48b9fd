"""Who may sign in: the list, one person, and a sign-in link that is shown once; for admins only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import cast, get_args

from flask import abort, g, make_response, redirect, request
from htpy import (
    Element,
    Node,
    a,
    button,
    code,
    details,
    div,
    form,
    input,
    li,
    p,
    section,
    small,
    span,
    strong,
    summary,
    ul,
)
from werkzeug.wrappers import Response as Answer

from components.qr import qr_code
from components.words import Words
from dashboards._assets import Assets
from dashboards._door import FORM, Door, Policy, own_address
from dashboards._forms import choice_field, other_language, problem, text_field
from dashboards._page import World
from dashboards._plain import plain
from dashboards._roles import ROLE_NAMES
from data_access.store.accounts import By, UnfitPerson, add_all, change, link_for, told_person
from data_access.store.codes import forget_code, has_code
from data_access.store.passwords import forget_password, has_password
from data_access.store.people import AccountTaken, NameTaken, Person, Role, people, person
from metrics.pack import Label

PATH = "/people"
ADMINS = Policy(frozenset(("admin",)), document=True, accepts=FORM)
_TITLE = Label("人员", "People")
_COUNT = Label("共 {n} 人可登录", "{n} people may sign in")
_ADD = Label("添加人员", "Add a person")
_NAME = Label("姓名", "Name")
_ROLE = Label("角色", "Role")
_PROJECT = Label("项目", "Project")
_NO_PROJECT = Label("不限项目", "No project")
_STAFF = Label("员工编号(置业顾问必填)", "Staff id (for salespeople)")
_ACCOUNT = Label("企业账号(企业微信或统一登录,可不填)", "Company account (WeCom or single sign-on, optional)")
_MAIL = Label("邮箱(接收消息,可不填)", "Mail (for messages, optional)")
_PHONE = Label("手机号(群机器人@提醒用,可不填)", "Phone (for @ by a robot, optional)")
_FROM_STAFF = Label(
    "来自员工表:角色、项目和离职以员工表为准。", "From the staff table, which decides role, project and leaving."
)
_FIELDS = ("project", "staff", "account", "mail", "phone")
_SAVE = Label("保存", "Save")
_LINK = Label("发登录链接", "Make a sign-in link")
_LINK_FOR = Label("{name}的登录链接", "Sign-in link for {name}")
_LINK_MORE = Label(
    "只显示这一次。15 分钟内有效,只能用一次,请只发给本人。",
    "Shown only once. It works once, for 15 minutes. Send it to nobody else.",
)
_DISABLE = Label("停用", "Disable")
_DISABLE_MORE = Label("停用后立刻退出登录,数据不受影响。", "They are signed out at once. No data is lost.")
_ENABLE = Label("恢复使用", "Enable")
_DISABLED = Label("已停用", "Disabled")
_FORGET = Label("重新绑定验证器", "Set up the authenticator anew")
_NO_PASSWORD = Label("清除密码", "Remove the password")
_YOURSELF = Label("这是您自己的账号,角色和停用请由另一位管理员操作。", "This is you: another admin changes your role.")
_BACK = Label("返回人员", "Back to people")
_HOME = Label("回到首页", "To the first page")
_PROBLEMS = {
    "name": Label("请填写姓名,最多 60 个字。", "Give a name of up to 60 characters."),
    "taken": Label(
        "这个姓名已经有人用了,请加上项目或编号区分。", "Somebody has this name. Add something to tell them apart."
    ),
    "account": Label("企业账号最多 255 个字。", "The account has up to 255 characters."),
    "account taken": Label("这个企业账号已经是别人的了。", "This account is somebody else's."),
    "mail": Label("邮箱不对,例如 name@example.com。", "This is no mail address, such as name@example.com."),
    "phone": Label("手机号只能是数字。", "A phone is digits alone."),
    "project": Label("这个角色要选一个项目。", "This role needs a project."),
    "staff": Label("置业顾问要填员工编号。", "A salesperson needs a staff id."),
}


def add(door: Door, world: World, assets: Assets) -> None:
    """The routes by which admins look after people."""
    desk = Desk(world, assets.css)
    door.route(PATH, ADMINS, desk.show_all)
    door.route(PATH, ADMINS, desk.add, methods=("POST",))
    door.route(f"{PATH}/<id>", ADMINS, desk.show_one)
    door.route(f"{PATH}/<id>", ADMINS, desk.change, methods=("POST",))
    door.route(f"{PATH}/<id>/enabled", ADMINS, desk.enable, methods=("POST",))
    door.route(f"{PATH}/<id>/link", ADMINS, desk.link, methods=("POST",))
    door.route(f"{PATH}/<id>/code", ADMINS, desk.forget_code, methods=("POST",))
    door.route(f"{PATH}/<id>/password", ADMINS, desk.forget_password, methods=("POST",))


class Desk:
    """Answers admins' requests about people."""

    def __init__(self, world: World, css: str) -> None:
        self._world = world
        self._store = world.store
        self._css = css

    def show_all(self) -> str:
        """Everybody, and a form for one more."""
        return self._list()

    def add(self) -> Answer:
        """Add a person; a form that cannot be used comes back with what is wrong."""
        told = request.form
        try:
            made = told_person(told.get("name", ""), _role(), *(told.get(one) for one in _FIELDS))
            add_all(self._store, [made], self._by())
        except (UnfitPerson, NameTaken, AccountTaken) as error:
            return make_response(self._list(_reason(error), told), 400)
        return redirect(self._address(f"/{made.id}"), 303)

    def show_one(self, id: str) -> str:
        """One person."""
        return self._one(self._person(id))

    def change(self, id: str) -> Answer:
        """Change name, role, project, staff id and account; nobody takes their own role from themselves."""
        told, before = request.form, self._person(id)
        role = before.role if before.id == g.person.id else _role()
        wanted = replace(
            before,
            name=told.get("name", ""),
            role=role,
            project_id=told.get("project"),
            staff_id=told.get("staff"),
            account=told.get("account"),
            mail=told.get("mail"),
            phone=told.get("phone"),
        )
        try:
            change(self._store, wanted, self._by())
        except (UnfitPerson, NameTaken, AccountTaken) as error:
            return make_response(self._one(wanted, _reason(error)), 400)
        return redirect(self._address(), 303)

    def enable(self, id: str) -> Answer:
        """Shut a person out, or let them in again; nobody shuts out themselves."""
        if id == g.person.id:
            abort(403)
        change(self._store, replace(self._person(id), enabled=request.form.get("enabled") == "yes"), self._by())
        return redirect(self._address(f"/{id}"), 303)

    def link(self, id: str) -> str:
        """A new sign-in link, in this answer and nowhere else."""
        someone = self._person(id)
        if not someone.enabled:
            abort(403)
        link = own_address(f"/enter/{link_for(self._store, someone, self._by())}")
        return link_page(someone, link, self._words(), self._css)

    def forget_code(self, id: str) -> Answer:
        """Let a person with a new phone scan a new code."""
        forget_code(self._store, self._person(id).id, by=g.person.id, now=self._world.clock())
        return redirect(self._address(f"/{id}"), 303)

    def forget_password(self, id: str) -> Answer:
        """Take away a password its owner has forgotten; a link lets them in to set another."""
        forget_password(self._store, self._person(id).id, by=g.person.id, now=self._world.clock())
        return redirect(self._address(f"/{id}"), 303)

    def _list(self, said: Label | None = None, told: Mapping[str, str] | None = None) -> str:
        words = self._words()
        sheet = Sheet(words, self._projects(), other_language(PATH, {}, words))
        return list_page(people(self._store), sheet, self._css, said=said, told=told or {})

    def _one(self, someone: Person, said: Label | None = None) -> str:
        words = self._words()
        sheet = Sheet(words, self._projects(), other_language(f"{PATH}/{someone.id}", {}, words))
        proofs = Proofs(has_code(self._store, someone.id), has_password(self._store, someone.id))
        return person_page(someone, sheet, self._css, proofs, is_self=someone.id == g.person.id, said=said)

    def _projects(self) -> list[tuple[str, str]]:
        """Every project as (id, name), by name; none before the first data."""
        snapshot = self._world.reader.current()
        listed = snapshot.projects.values() if snapshot else ()
        return sorted(((one.id, one.name) for one in listed), key=lambda one: one[1])

    def _person(self, id: str) -> Person:
        return person(self._store, id) or abort(404)

    def _by(self) -> By:
        return By(g.person.id, self._world.clock())

    def _words(self) -> Words:
        return self._world.words(request.args.get("lang", ""))

    def _address(self, more: str = "") -> str:
        return address(self._words(), more)


@dataclass(frozen=True)
class Sheet:
    """What every page about people needs: words, projects as (id, name), and its address in the other language."""

    words: Words
    projects: Sequence[tuple[str, str]]
    other_language: str


@dataclass(frozen=True)
class Proofs:
    """What somebody has to show who they are, beside links."""

    code: bool
    password: bool


def list_page(
    listed: Sequence[Person], sheet: Sheet, css: str, *, said: Label | None = None, told: Mapping[str, str]
) -> str:
    """Everybody by name; the form to add somebody stands open when something was wrong with it."""
    words, names = sheet.words, dict(sheet.projects)
    enabled = sum(one.enabled for one in listed)
    adding = details(".plain-part", open=said is not None)[
        summary[words.say(_ADD)], problem(said, words), _form(address(words), told, sheet)
    ]
    return plain(
        words.say(_TITLE),
        p(".panel-note")[words.say(_COUNT.format(n=str(enabled)))],
        adding,
        ul(".plain-list")[[li[_row(one, names, words)] for one in listed]],
        _foot(a(href="/")[words.say(_HOME)], sheet),
        words=words,
        css=css,
        is_wide=True,
    )


def person_page(
    someone: Person, sheet: Sheet, css: str, proofs: Proofs, *, is_self: bool, said: Label | None = None
) -> str:
    """One person: what they are, a link for them, and the way to shut them out."""
    words = sheet.words
    told = {
        "name": someone.name,
        "role": someone.role,
        "project": someone.project_id or "",
        "staff": someone.staff_id or "",
        "account": someone.account or "",
        "mail": someone.mail or "",
        "phone": someone.phone or "",
    }
    return plain(
        someone.name,
        problem(said, words),
        is_self and p[words.say(_YOURSELF)],
        someone.from_staff and p[words.say(_FROM_STAFF)],
        _form(address(words, f"/{someone.id}"), told, sheet, has_role=not is_self),
        _deeds(someone, proofs, words, is_self=is_self),
        _foot(a(href=address(words))[words.say(_BACK)], sheet),
        words=words,
        css=css,
        is_wide=True,
    )


def link_page(someone: Person, link: str, words: Words, css: str) -> str:
    """A sign-in link as text to pass on and as a code to scan, shown this once."""
    title = words.say(_LINK_FOR.format(name=someone.name))
    return plain(
        title,
        p[words.say(_LINK_MORE)],
        code(".plain-key")[link],
        div(".plain-qr.light")[qr_code(link, title)],
        p(".panel-note.plain-note")[a(href=address(words, f"/{someone.id}"))[words.say(_BACK)]],
        words=words,
        css=css,
    )


def _row(one: Person, projects: Mapping[str, str], words: Words) -> Element:
    where = projects.get(one.project_id or "", one.project_id) if one.enabled else words.say(_DISABLED)
    return a(class_=["person", {"is-out": not one.enabled}], href=address(words, f"/{one.id}"))[
        strong[one.name], span[words.say(ROLE_NAMES[one.role])], where and small(".panel-note")[where]
    ]


def _form(action: str, told: Mapping[str, str], sheet: Sheet, *, has_role: bool = True) -> Element:
    words, project = sheet.words, told.get("project", "")
    roles = [(role, words.say(name)) for role, name in ROLE_NAMES.items()]
    projects = [("", words.say(_NO_PROJECT)), *sheet.projects]
    if project not in dict(projects):
        projects.append((project, project))
    return form(".plain-form", method="post", action=action)[
        text_field("name", _NAME, words, value=told.get("name", ""), required=True, autocomplete="off"),
        has_role and choice_field("role", _ROLE, words, roles, told.get("role", "")),
        choice_field("project", _PROJECT, words, projects, project),
        text_field("staff", _STAFF, words, value=told.get("staff", ""), autocomplete="off"),
        text_field(
            "account", _ACCOUNT, words, value=told.get("account", ""), autocomplete="off", autocapitalize="none"
        ),
        text_field("mail", _MAIL, words, value=told.get("mail", ""), type="email", autocomplete="off"),
        text_field("phone", _PHONE, words, value=told.get("phone", ""), type="tel", autocomplete="off"),
        button(".button", type="submit")[words.say(_SAVE)],
    ]


def _deeds(someone: Person, proofs: Proofs, words: Words, *, is_self: bool) -> Node:
    def deed(name: str, title: Label, *fields: Node) -> Element:
        action = address(words, f"/{someone.id}/{name}")
        return form(method="post", action=action)[fields, button(".button.is-quiet", type="submit")[words.say(title)]]

    enabling = input(type="hidden", name="enabled", value="no" if someone.enabled else "yes")
    return section(".plain-part")[
        div(".plain-row")[
            someone.enabled and deed("link", _LINK),
            proofs.code and deed("code", _FORGET),
            proofs.password and not is_self and deed("password", _NO_PASSWORD),
            not is_self and deed("enabled", _DISABLE if someone.enabled else _ENABLE, enabling),
        ],
        someone.enabled and not is_self and p(".panel-note.plain-note")[words.say(_DISABLE_MORE)],
    ]


def _foot(back: Element, sheet: Sheet) -> Element:
    other = a(href=sheet.other_language)[sheet.words.of("other_language")]
    return div(".ways")[back, other]


def address(words: Words, more: str = "") -> str:
    """The address of the list, or of what lies below it, in the same language."""
    return f"{PATH}{more}?lang={words.language}"


def _role() -> Role:
    """The role of the form; 400 for one that no form of ours offers."""
    asked, offered = request.form.get("role", ""), cast("tuple[Role, ...]", get_args(Role))
    return next((one for one in offered if one == asked), None) or abort(400)


def _reason(error: UnfitPerson | NameTaken | AccountTaken) -> Label:
    if isinstance(error, AccountTaken):
        return _PROBLEMS["account taken"]
    return _PROBLEMS["taken" if isinstance(error, NameTaken) else error.reason]
