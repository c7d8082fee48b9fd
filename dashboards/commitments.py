"""承诺: what was promised, how it stands, and what became of it."""

from datetime import date
from functools import partial
from typing import TYPE_CHECKING

from flask import abort, g, redirect
from htpy import Element, Node, a, article, button, details, div, form, h2, p, section, span, strong, summary
from werkzeug.wrappers import Response as Answer

from components.report import latest_said, promise_said, state_said
from components.report_words import STATES
from components.shell import glance, page_head, part
from dashboards._door import FORM, Door, Policy
from dashboards._due import COMMITMENTS, COMMITMENTS_WORD, REPORTS, REPORTS_WORD
from dashboards._forms import problem, text_field, typed
from dashboards._page import Page, View
from data_access.store.commitments import all_commitments, commitment, withdraw
from data_access.store.people import people
from metrics.commitments import Checked, Commitment, is_overdue, may_be_withdrawn, state
from metrics.pack import Label
from metrics.scope import PROJECT_ROLES

if TYPE_CHECKING:
    from dashboards._site import Site

page = Page("commitments", path=COMMITMENTS, title=COMMITMENTS_WORD, roles=PROJECT_ROLES)
MAKERS = frozenset(("head", "champion", "admin"))
MOST_WHY = 200
_ORDER = ("open", "missed", "untold", "kept", "withdrawn")
_NONE = Label("还没有承诺;可在体检报告里作出", "Nothing is promised yet; promises are made in a health report")
_MADE = Label("{name} 于 {when} 承诺 · {origin}", "Promised by {name}, {when} · {origin}")
_ORIGINS = {"report": Label("体检报告 {ref}", "health report {ref}"), "sandbox": Label("沙盘", "sandbox")}
_LATEST = Label("最近读数 {value}", "Latest {value}")
_DECIDED = Label("{week} 榜单核定 · {when}", "Decided by the board of {week} · {when}")
_GONE = Label("{name} 于 {when} 撤回:{why}", "Withdrawn by {name}, {when}: {why}")
_WITHDRAW = Label("撤回", "Withdraw")
_WHY = Label("撤回原因(必填)", "Why (required)")
_WRONG = Label("请写明撤回原因,最多 200 字。", "Say why, in up to 200 characters.")
_TOO_LATE = Label(
    "已到期或已有结论的承诺不能撤回,等榜单核定。",
    "A promise that is due or decided cannot be withdrawn; the board decides.",
)
_COUNT = Label("{n} 项", "{n}")
_SOMEBODY = Label("已离职人员", "somebody who left")


def add(site: "Site", door: Door) -> None:
    """Add the list and the withdrawal."""
    door.route(COMMITMENTS, Policy(frozenset(PROJECT_ROLES), document=True), partial(_list, site))
    door.route(
        f"{COMMITMENTS}/<id>",
        Policy(frozenset(PROJECT_ROLES), document=True, accepts=FORM),
        partial(_withdraw, site),
        methods=("POST",),
    )


def _list(site: "Site", wrong: Label | None = None) -> str:
    view = site.asked_view(page, site.world.reader.current() or abort(503))
    today = site.world.boards.local(site.world.clock()).date()
    found = all_commitments(site.world.store, view.scope.alerts)
    names = {one.id: one.name for one in people(site.world.store)}
    groups = [_group(site, view, kind, [one for one in found if state(*one) == kind], today, names) for kind in _ORDER]
    body = glance(
        part("head", page_head(view.say(COMMITMENTS_WORD))),
        problem(wrong, view.words),
        part("commitments", groups if found else p[view.say(_NONE)]),
        div(".ways")[a(href=view.address(REPORTS))[view.say(REPORTS_WORD)]],
    )
    title = f"{view.say(COMMITMENTS_WORD)} · {view.words.of('product')}"
    return site.framed(body, view, title, section="boards", here=partial(view.address, COMMITMENTS))


def _group(
    site: "Site",
    view: View,
    kind: str,
    listed: list[tuple[Commitment, tuple[Checked, ...]]],
    today: date,
    names: dict[str, str],
) -> Node:
    """One state's promises, those overdue first."""
    if not listed:
        return None
    listed.sort(key=lambda each: (not is_overdue(each[0], each[1], today), each[0].due, each[0].id))
    label, _ = STATES[kind]  # type: ignore[index]
    return section(".record")[
        h2(".record-title")[view.say(label), " ", view.say(_COUNT.format(n=str(len(listed))))],
        [_card(site, view, one, said, today, names) for one, said in listed],
    ]


def _card(
    site: "Site", view: View, one: Commitment, said: tuple[Checked, ...], today: date, names: dict[str, str]
) -> Element:
    words, local = view.words, site.world.boards.local
    word, tone = state_said(one, said, words, today)
    name = names.get(one.owner) or view.say(_SOMEBODY)
    origin = _ORIGINS.get(one.origin, Label(one.origin, one.origin)).format(ref=one.ref)
    made = _MADE.format(name=name, when=f"{local(one.made_at):%Y-%m-%d}", origin=view.say(origin))
    lines = [view.say(made), view.say(_LATEST.format(value=latest_said(one, said, words)))]
    decided = next((each for each in said if each.outcome), None)
    if decided:
        week = f"{decided.week:%Y-%m-%d}"
        lines.append(view.say(_DECIDED.format(week=week, when=f"{local(decided.at):%Y-%m-%d %H:%M}")))
    if one.withdrawn_at:
        who = names.get(one.withdrawn_by) or view.say(_SOMEBODY)
        when = f"{local(one.withdrawn_at):%Y-%m-%d}"
        lines.append(view.say(_GONE.format(name=who, when=when, why=one.withdrawn_why)))
    return article(".report-promise")[
        p[strong[view.snapshot.project_name(one.project)], " ", span(f".report-mark.is-{tone}")[word]],
        p[promise_said(one, words)],
        one.note and p[one.note],
        [p(".board-note")[line] for line in lines],
        _withdrawal(view, one) if view.scope.role in MAKERS and may_be_withdrawn(one, said, today) else None,
    ]


def _withdrawal(view: View, one: Commitment) -> Element:
    return details[
        summary[view.say(_WITHDRAW)],
        form(".report-form", method="post", action=view.address(f"{COMMITMENTS}/{one.id}"))[
            text_field("why", _WHY, view.words, required=True, maxlength=str(MOST_WHY)),
            button(".button.is-quiet", type="submit")[view.say(_WITHDRAW)],
        ],
    ]


def _withdraw(site: "Site", id: str) -> Answer | tuple[str, int]:
    """Withdraw an open promise of the viewer's own project; 404 for any other."""
    view = site.asked_view(page, site.world.reader.current() or abort(503))
    if view.scope.role not in MAKERS:
        abort(403)
    one, own = commitment(site.world.store, id), view.scope.alerts
    if one is None or (own is not None and one.project not in own):
        abort(404)
    why = typed("why", MOST_WHY + 1)
    if not why or len(why) > MOST_WHY:
        return _list(site, _WRONG), 400
    now = site.world.clock()
    if not withdraw(site.world.store, id, g.person.id, why, now, site.world.boards.local(now).date()):
        return _list(site, _TOO_LATE), 409
    return redirect(view.address(COMMITMENTS), 303)
