"""外部观察与风险矩阵: what an analyst watches outside, and the risks by probability and impact; kept by admins, read by leaders."""

from collections.abc import Callable, Mapping
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Any

from flask import abort, g, redirect, request
from htpy import (
    Element,
    Node,
    a,
    button,
    details,
    div,
    form,
    li,
    p,
    span,
    strong,
    summary,
    table,
    tbody,
    td,
    th,
    thead,
    tr,
    ul,
)
from werkzeug.wrappers import Response as Answer

from components.icons import icon
from components.shell import glance, page_head, panel, part
from components.words import Words
from dashboards._alerts import address
from dashboards._door import FORM, Door, Policy
from dashboards._forms import choice_field, problem, text_field
from dashboards._page import Page
from data_access.store import Store
from data_access.store.watch import KeptRisk, KeptWatch, end_watch, keep_risk, keep_watch, risks, watched
from metrics.masking import without_phones
from metrics.pack import Label
from metrics.risks import (
    LONGEST,
    RISK_KINDS,
    STATUSES,
    STEPS,
    WATCH_KINDS,
    Risk,
    UnfitRisk,
    Watch,
    fit_risk,
    fit_watch,
    level,
)
from metrics.rules import SEVERITIES
from metrics.scope import GROUP_ROLES

if TYPE_CHECKING:
    from dashboards._site import Site

PATH = "/risks"
YEARS = range(2000, 2101)
"""In which a review can be meant."""
page = Page("risks", path=PATH, title=Label("外部观察与风险", "Outside watch and risks"), roles=GROUP_ROLES)
_READERS = Policy(frozenset(GROUP_ROLES), document=True, accepts=FORM)
_KEEPERS = Policy(frozenset(("admin",)), document=True, accepts=FORM)
_WATCH, _MATRIX = Label("外部观察", "Outside watch"), Label("风险矩阵", "Risk matrix")
_MATRIX_NOTE = Label("可能性 × 影响,各 1–5", "Probability × impact, 1–5 each")
_NOTHING_WATCHED, _NO_RISKS = Label("还没有观察条目", "Nothing is watched yet"), Label("还没有登记风险", "No risks yet")
_ADD_WATCH, _ADD_RISK = Label("添加观察", "Add an entry"), Label("添加风险", "Add a risk")
_CHANGE, _SAVE, _END = Label("更改", "Change"), Label("保存", "Save"), Label("撤下", "Take off")
_BACK = Label("返回预警", "Back to alerts")
_SOURCE_LINK = Label("来源链接", "Source")
_REVIEW = Label("{day}复核", "review {day}")
_OVERDUE = Label("复核已过期", "review overdue")
_IMPACT, _PROBABILITY = Label("影响", "Impact"), Label("可能性", "Probability")
_CALM = Label("低", "Low")
_SHORT = {"red": Label("红", "Red"), "orange": Label("橙", "Orange"), "yellow": Label("黄", "Yellow"), "calm": _CALM}
_FIELDS = {
    "kind": Label("类别", "Kind"),
    "title": Label("标题", "Title"),
    "severity": Label("级别", "Severity"),
    "note": Label("说明", "Note"),
    "source": Label("来源", "Source"),
    "link": Label("链接(https)", "Link (https)"),
    "review_on": Label("复核日期", "Review on"),
    "probability": Label("可能性(1–5)", "Probability (1–5)"),
    "impact": Label("影响(1–5)", "Impact (1–5)"),
    "owner": Label("责任人", "Owner"),
    "response": Label("应对", "Response"),
    "status": Label("状态", "Status"),
}
_NAMES = {
    "macro": Label("宏观", "Macro"),
    "policy": Label("政策", "Policy"),
    "competitor": Label("竞品", "Competitor"),
    "technical": Label("技术", "Technical"),
    "resource": Label("资源", "Resource"),
    "market": Label("市场", "Market"),
    "cooperation": Label("合作", "Co-operation"),
    "open": Label("应对中", "Open"),
    "watched": Label("观察", "Watched"),
    "closed": Label("已关闭", "Closed"),
}
_UNFIT = Label(
    "“{field}”不能用:请填写完整,链接须以 https:// 开头,日期如 2027-01-31。",
    "“{field}” cannot be used: fill it in; links begin with https://, days look like 2027-01-31.",
)


def add(site: "Site", door: Door) -> None:
    """Add the page and its forms."""
    door.route(PATH, _READERS, partial(_show, site))
    for what, read, keep in (("watch", _told_watch, keep_watch), ("risk", _told_risk, keep_risk)):
        door.route(f"{PATH}/{what}", _KEEPERS, partial(_keep, site, read, keep), methods=("POST",))
        door.route(f"{PATH}/{what}/<id>", _KEEPERS, partial(_keep, site, read, keep), methods=("POST",))
    door.route(f"{PATH}/watch/<id>/end", _KEEPERS, partial(_end, site), methods=("POST",))


def _show(site: "Site", said: Label | None = None) -> str:
    view = site.asked_view(page, site.world.reader.current() or abort(503))
    words, store, keeps = view.words, site.world.store, g.person.role == "admin"
    today, known = view.as_of.date(), risks(store)
    body: list[Node] = [
        part("head", page_head(words.say(page.title)), problem(said, words)),
        part("watch", panel(words.say(_WATCH), _watch_list(watched(store), words, today, keeps=keeps))),
        part("risks", panel(words.say(_MATRIX), _matrix(known, words), _risk_list(known, words, today, keeps=keeps), note=words.say(_MATRIX_NOTE))),
        div(".ways")[a(href=address("", words))[words.say(_BACK)]],
    ]  # fmt: skip
    title = f"{words.say(page.title)} · {words.of('product')}"
    return site.framed(glance(body), view, title, section="alerts", here=partial(view.filters.address, PATH))


# --------------------------------------------------------------------------------------------------------- what is watched


def _watch_list(kept: list[KeptWatch], words: Words, today: date, *, keeps: bool) -> Node:
    listed = (
        ul[[_watch_line(one, words, today, keeps=keeps) for one in kept]]
        if kept
        else p(".nothing")[words.say(_NOTHING_WATCHED)]
    )
    adding = keeps and _folded(_ADD_WATCH, words, _form(f"{PATH}/watch", _watch_fields(None, words), words))
    return [listed, adding]


def _watch_line(kept: KeptWatch, words: Words, today: date, *, keeps: bool) -> Element:
    one = kept.watch
    return li(".entry")[
        div(".entry-head")[
            _coloured(one.severity, words),
            strong[one.title],
            span(".panel-note")[words.say(_NAMES[one.kind])],
        ],
        one.note and p[one.note],
        p(".panel-note")[
            f"{one.source} · {_review(one.review_on, words, today)}",
            # Another site is told nothing of ours, and cannot reach back into this page.
            one.link and [" · ", a(href=one.link, rel="noopener noreferrer nofollow", target="_blank")[words.say(_SOURCE_LINK)]],
        ],
        keeps and [
            _folded(_CHANGE, words, _form(f"{PATH}/watch/{kept.id}", _watch_fields(one, words), words)),
            form(method="post", action=_address(f"/watch/{kept.id}/end", words))[button(".button.is-quiet", type="submit")[words.say(_END)]],
        ],
    ]  # fmt: skip


def _watch_fields(one: Watch | None, words: Words) -> list[Node]:
    return [
        _choice("kind", WATCH_KINDS, words, one.kind if one else ""),
        _text("title", words, one.title if one else "", required=True),
        choice_field("severity", _FIELDS["severity"], words, [(each, words.of(each)) for each in SEVERITIES], one.severity if one else "yellow"),
        _text("note", words, one.note if one else ""),
        _text("source", words, one.source if one else "", required=True),
        _text("link", words, one.link if one else "", type="url", pattern="https://.*"),
        _text("review_on", words, one.review_on.isoformat() if one else "", type="date", required=True),
    ]  # fmt: skip


# -------------------------------------------------------------------------------------------------------------- the matrix


def _matrix(known: list[KeptRisk], words: Words) -> Element:
    """How many open risks stand in each square; every square says its colour in a word."""
    there = [(one.risk.probability, one.risk.impact) for one in known if one.risk.status != "closed"]
    rows = [
        tr[
            th(scope="row")[str(probability)],
            [_square(probability * impact, there.count((probability, impact)), words) for impact in STEPS],
        ]
        for probability in reversed(STEPS)
    ]
    corner = f"{words.say(_PROBABILITY)} ↑ {words.say(_IMPACT)} →"
    return table(".matrix")[
        thead[tr[th(scope="col")[corner], [th(scope="col")[str(impact)] for impact in STEPS]]], tbody[rows]
    ]


def _square(score: int, count: int, words: Words) -> Element:
    name = level(score)
    return td(class_=["matrix-square", f"is-{name}", {"is-empty": not count}])[
        strong[str(count)] if count else None, span[words.say(_SHORT[name])]
    ]


def _risk_list(known: list[KeptRisk], words: Words, today: date, *, keeps: bool) -> Node:
    listed = (
        ul[[_risk_line(one, words, today, keeps=keeps) for one in known]]
        if known
        else p(".nothing")[words.say(_NO_RISKS)]
    )
    adding = keeps and _folded(_ADD_RISK, words, _form(f"{PATH}/risk", _risk_fields(None, words), words))
    return [listed, adding]


def _risk_line(kept: KeptRisk, words: Words, today: date, *, keeps: bool) -> Element:
    one = kept.risk
    facts = [
        words.say(_NAMES[one.kind]),
        words.say(_NAMES[one.status]),
        one.owner,
        _review(one.review_on, words, today),
    ]
    return li(".entry")[
        div(".entry-head")[
            _coloured(one.level, words),
            strong[one.title],
            span[f"{one.probability} × {one.impact} = {one.score}"],
        ],
        one.response and p[one.response],
        p(".panel-note")[" · ".join(facts)],
        keeps and _folded(_CHANGE, words, _form(f"{PATH}/risk/{kept.id}", _risk_fields(one, words), words)),
    ]


def _risk_fields(one: Risk | None, words: Words) -> list[Node]:
    steps = [(str(step), str(step)) for step in STEPS]
    return [
        _choice("kind", RISK_KINDS, words, one.kind if one else ""),
        _text("title", words, one.title if one else "", required=True),
        choice_field("probability", _FIELDS["probability"], words, steps, str(one.probability) if one else "3"),
        choice_field("impact", _FIELDS["impact"], words, steps, str(one.impact) if one else "3"),
        _text("owner", words, one.owner if one else "", required=True),
        _text("response", words, one.response if one else ""),
        _text("review_on", words, one.review_on.isoformat() if one else "", type="date", required=True),
        _choice("status", STATUSES, words, one.status if one else "open"),
    ]


# ------------------------------------------------------------------------------------------------------------------- forms


def _coloured(name: str, words: Words) -> Element:
    said = words.say(_CALM) if name == "calm" else words.of(name)
    return span(f".severity.is-{name}")[icon(name), said]


def _review(day: date, words: Words, today: date) -> str:
    if day < today:
        return f"{words.say(_OVERDUE)} {words.day(day)}"
    return words.say(_REVIEW.format(day=words.day(day)))


def _folded(title: Label, words: Words, inside: Element) -> Element:
    return details(".entry")[summary[words.say(title)], inside]


def _form(action: str, fields: list[Node], words: Words) -> Element:
    path = _address(action.removeprefix(PATH), words)
    return form(".asked", method="post", action=path)[fields, button(".button", type="submit")[words.say(_SAVE)]]


def _address(more: str, words: Words) -> str:
    return f"{PATH}{more}?lang={words.language}"


def _text(name: str, words: Words, value: str, **more: Any) -> Element:
    return text_field(name, _FIELDS[name], words, value=value, maxlength=str(LONGEST), autocomplete="off", **more)


def _choice(name: str, values: tuple[str, ...], words: Words, chosen: str) -> Element:
    return choice_field(name, _FIELDS[name], words, [(one, words.say(_NAMES[one])) for one in values], chosen)


def _keep(
    site: "Site", read: Callable[[Mapping[str, str]], Any], keep: Callable[..., bool], id: str | None = None
) -> Answer | tuple[str, int]:
    words = site.world.words(request.args.get("lang", ""))
    number = None if id is None else _number(id)
    try:
        told = read(request.form)
    except UnfitRisk as unfit:
        field = _FIELDS.get(unfit.reason, _FIELDS["probability"])
        return _show(site, _UNFIT.format(field=words.say(field))), 400
    if not keep(site.world.store, told, g.person.id, site.world.clock(), number):
        abort(404)
    return redirect(_address("", words), 303)


def _end(site: "Site", id: str) -> Answer:
    store: Store = site.world.store
    if not end_watch(store, _number(id), g.person.id, site.world.clock()):
        abort(404)
    return redirect(_address("", site.world.words(request.args.get("lang", ""))), 303)


def _number(id: str) -> int:
    return int(id) if id.isascii() and id.isdecimal() and len(id) < 10 else abort(404)


def _told_watch(told: Mapping[str, str]) -> Watch:
    said = {name: told.get(name, "").strip() for name in ("kind", "severity", "source", "link")}
    said |= {name: without_phones(told.get(name, "").strip()) for name in ("title", "note")}
    return fit_watch(Watch(**said, review_on=_day(told)))


def _told_risk(told: Mapping[str, str]) -> Risk:
    kind, title, owner, response, status = (
        without_phones(told.get(name, "").strip()) for name in ("kind", "title", "owner", "response", "status")
    )
    probability, impact = (_step(told.get(name, "")) for name in ("probability", "impact"))
    return fit_risk(
        Risk(
            kind=kind,
            title=title,
            owner=owner,
            response=response,
            status=status,
            probability=probability,
            impact=impact,
            review_on=_day(told),
        )
    )


def _day(told: Mapping[str, str]) -> date:
    try:
        day = date.fromisoformat(told.get("review_on", ""))
    except ValueError:
        raise UnfitRisk("review_on") from None
    if day.year not in YEARS:
        raise UnfitRisk("review_on")
    return day


def _step(text: str) -> int:
    return int(text) if text in {str(step) for step in STEPS} else 0
