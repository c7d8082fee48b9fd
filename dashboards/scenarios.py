"""沙盘方案: one saved what-if with its approval, its promise and its document, and several side by side."""

from collections.abc import Callable, Sequence
from datetime import date
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flask import Response, abort, g, redirect, request
from htpy import (
    Element,
    Node,
    a,
    button,
    div,
    form,
    h2,
    input,
    label,
    option,
    p,
    section,
    select,
    small,
    span,
    table,
    tbody,
    td,
    th,
    thead,
    tr,
)
from werkzeug.wrappers import Response as Answer

from components.customers import export_forms
from components.picture import short
from components.sandbox import fan, fan_keys, gain_said
from components.shell import glance, page_head, panel, part
from dashboards._door import FORM, Door, Policy
from dashboards._due import COMMITMENTS, COMMITMENTS_WORD
from dashboards._feasibility import APPROVAL, BASE, NOW, THEN, WITH, gap_blocks, plan_blocks
from dashboards._forms import problem, text_field
from dashboards._page import Page, View
from dashboards._pictures import ASSETS, colours
from dashboards._sandbox import (
    ROWS,
    Known,
    decided_said,
    made_said,
    outcome_said,
    ruling_word,
    sandbox_view,
    stage_word,
    stages_said,
    whose,
)
from dashboards._ways import SANDBOX, SANDBOX_ROLES, SANDBOX_WORD
from data_access.documents import Busy, document
from data_access.store.audit import record
from data_access.store.commitments import make_commitment
from data_access.store.people import people
from data_access.store.scenarios import remove_scenario, rule, scenario
from metrics.commitments import Commitment, promisable
from metrics.health import told_metric
from metrics.pack import Label
from metrics.reading import Reading
from metrics.sandbox import Point, decided
from metrics.scenarios import RULINGS, STAGES, Outcome, Ruled, Scenario, in_ten_thousands, may_see, next_stages, outcome

if TYPE_CHECKING:
    from dashboards._site import Site

page = Page("scenarios", path=SANDBOX, title=SANDBOX_WORD, roles=SANDBOX_ROLES)
COMPARE = f"{SANDBOX}/compare"
TEMPLATE = Path(ASSETS) / "report.typ"
RULERS, PROMISERS = frozenset(("leader", "admin")), frozenset(("head", "admin"))
MOST_COMPARED = 3
PROMISED = "net_contract_amount"
_SEE = Policy(frozenset(SANDBOX_ROLES), document=True)
_POST = Policy(frozenset(SANDBOX_ROLES), document=True, accepts=FORM)
_DECIDED = Label("决定", "Decided")
_OPEN = Label("在沙盘里打开", "Open in the sandbox")
_BACK = Label("返回沙盘", "Back to the sandbox")
_UNKNOWN = Label("现在不能推算:{why}", "It cannot be computed now: {why}")
_STAGE, _RULING, _DAY = Label("会议", "Stage"), Label("结果", "Result"), Label("日期", "Date")
_RULE = Label("登记", "Note it")
_UNFIT = Label(
    "登记不了:先有提案、再党委会、后总办会,日期不能早于上一步,也不能在今天之后。",
    "This cannot be: proposal, party committee, management meeting follow each other, none in the future.",
)
_PROMISE = Label("变成承诺", "Make it a commitment")
_PROMISE_MORE = Label(
    "承诺由榜单核定:到那一天为止的全年净签约额不低于所选数值。",
    "The boards check it: the year's net amount by that day is at least the value chosen.",
)
_BY, _LEVEL = Label("截止日期", "By"), Label("数值", "Value")
_SAFE, _MIDDLE = Label("稳妥(九成可能)", "Safe (nine of ten)"), Label("中位(一半可能)", "Middle (one of two)")
_PROMISED = Label("{day} · {safe} / {middle}", "{day} · {safe} / {middle}")
_GROUP_ONLY = Label("集团方案不能直接承诺:承诺落到项目。", "A group's scenario is no commitment: projects make them.")
_REMOVE = Label("删除方案", "Remove the scenario")
_TITLE = Label("可行性测算", "Feasibility")
_COMPARING = Label("方案比较", "Scenarios compared")
_STATE = Label("数据截至 {as_of}", "Data as of {as_of}")


def add(site: "Site", door: Door) -> None:
    """Add a scenario's page, its deeds, its document, and the comparison."""
    door.route(COMPARE, _SEE, partial(_compare, site))
    door.route(f"{SANDBOX}/<id>", _SEE, partial(_show, site))
    door.route(f"{SANDBOX}/<id>", _POST, partial(_do, site), methods=("POST",))
    door.route(f"{SANDBOX}/<id>/pdf", _POST, partial(_document, site), methods=("POST",))


class Desk:
    """What one request sees: the view, and scenarios within the viewer's rights."""

    def __init__(self, site: "Site") -> None:
        self.site = site
        self.view: View = sandbox_view(site, page)
        self.words, self.store, self.now = self.view.words, site.world.store, site.world.clock()
        self.names = {one.id: one.name for one in people(self.store)}

    @property
    def today(self) -> date:
        """Today in the group's zone."""
        return self.site.world.boards.local(self.now).date()

    def say(self, label: Label, **values: str) -> str:
        """A label in the viewer's language, its places filled."""
        return self.view.say(label.format(**values) if values else label)

    def scenario(self, id: str) -> Scenario:
        """A scenario the viewer may know of; 404 for any other."""
        one = scenario(self.store, id)
        if one is None or not may_see(self.view.scope, one):
            abort(404)
        return one

    def known(self, one: Scenario) -> Known | Reading:
        """The model of the scenario's project as it is now."""
        found: Known | Reading = self.site.models.of(
            self.view, None if one.project is None else frozenset((one.project,))
        )
        return found

    def decided(self, one: Scenario, known: Known) -> dict[str, int]:
        """What of the scenario can still be decided."""
        return decided(known.model, {name: str(value) for name, value in one.decided.items()})

    def framed(self, body: Node, title: str, here: Callable[..., str]) -> str:
        """The page around a body."""
        told = f"{title} · {self.words.of('product')}"
        return self.site.framed(body, self.view, told, section="overview", here=here)


# ----------------------------------------------------------------------------------------------------------- one scenario


def _show(site: "Site", id: str) -> str:
    desk = Desk(site)
    return _page(desk, desk.scenario(id))


def _page(desk: Desk, one: Scenario, wrong: Label | None = None) -> str:
    view, known = desk.view, desk.known(one)
    here = f"{SANDBOX}/{one.id}"
    body = glance(
        part(
            "head",
            page_head(one.name, subtitle=whose(view, one.project)),
            p(".panel-note")[made_said(desk.site, view, one, desk.names)],
        ),
        problem(wrong, desk.words),
        part("decided", panel(desk.say(_DECIDED), p[decided_said(view, known, one.decided)])),
        part("then", panel(desk.say(THEN), _outcomes(view, [(desk.say(BASE), one.base), (desk.say(WITH), one.then)]))),
        part("now", panel(desk.say(NOW), _today(desk, one, known))),
        part("approval", panel(desk.say(APPROVAL), _approval(desk, one))),
        _promise_form(desk, one, known),
        export_forms([("PDF", view.address(f"{here}/pdf"))], desk.words),
        div(".ways")[
            a(href=_opened(view, one))[desk.say(_OPEN)],
            a(href=view.address(SANDBOX))[desk.say(_BACK)],
            a(href=view.address(COMMITMENTS))[desk.say(COMMITMENTS_WORD)],
        ],
        _removal(desk, one),
    )  # fmt: skip
    return desk.framed(body, one.name, partial(view.address, here))


def _opened(view: View, one: Scenario) -> str:
    """The sandbox with what was decided."""
    asked = {name: str(value) for name, value in one.decided.items()}
    return view.address(SANDBOX, **asked, **({"project": one.project} if one.project else {}))


def _outcomes(view: View, told: Sequence[tuple[str, Outcome]]) -> Element:
    """Outcomes side by side, row by row."""
    said = [outcome_said(view, one) for _, one in told]
    return table(".scenario-table")[
        thead[tr[td, [th[name] for name, _ in told]]],
        tbody[
            [
                tr[th[view.say(title)], [td[one[row][0], one[row][1] and small[one[row][1]]] for one in said]]
                for row, title in ROWS.items()
            ]
        ],
    ]


def _today(desk: Desk, one: Scenario, known: Known | Reading) -> Node:
    if isinstance(known, Reading):
        return p[desk.say(_UNKNOWN, why=desk.words.reason(known))]
    found = known.answer(desk.decided(one, known))
    return [
        _outcomes(desk.view, [(desk.say(BASE), outcome(known.base)), (desk.say(WITH), outcome(found))]),
        fan(known.model, found, known.base, desk.words),
        fan_keys(known.model, known.base, desk.words),
        p(".sandbox-gain")[gain_said(found, known.base, desk.words)],
    ]


def _approval(desk: Desk, one: Scenario) -> Node:
    view = desk.view
    told = [p[said] for said in stages_said(view, one)]
    if view.scope.role not in RULERS:
        return told
    stages = [(stage, stage_word(view, stage)) for stage in next_stages(one.rulings)]
    rulings = [(ruling, ruling_word(view, ruling)) for ruling in RULINGS]
    return [
        told,
        form(".report-form", method="post", action=view.address(f"{SANDBOX}/{one.id}"))[
            input(type="hidden", name="deed", value="rule"),
            _choice("stage", desk.say(_STAGE), stages, stages[-1][0]),
            _choice("ruling", desk.say(_RULING), rulings, "passed"),
            text_field(
                "day",
                _DAY,
                desk.words,
                type="date",
                value=desk.today.isoformat(),
                max=desk.today.isoformat(),
                required=True,
            ),
            button(".button", type="submit")[desk.say(_RULE)],
        ],
    ]


def _choice(name: str, title: str, listed: Sequence[tuple[str, str]], chosen: str) -> Element:
    return label(".field")[
        span(".field-label")[title],
        select(name=name)[[option(value=value, selected=value == chosen)[said] for value, said in listed]],
    ]


def _promise_form(desk: Desk, one: Scenario, known: Known | Reading) -> Node:
    """The way to promise what the scenario comes to, for those who may."""
    view = desk.view
    if view.scope.role not in PROMISERS or isinstance(known, Reading):
        return None
    if one.project is None:
        return part("promise", p(".panel-note")[desk.say(_GROUP_ONLY)])
    points = _points(desk, one, known)
    if not points or not _promisable(view):
        return None
    days = [
        (
            point.day.isoformat(),
            desk.say(
                _PROMISED,
                day=desk.words.day(point.day),
                safe=desk.words.money(in_ten_thousands(point.low)),
                middle=desk.words.money(in_ten_thousands(point.middle)),
            ),
        )
        for point in points
    ]
    levels = [("low", desk.say(_SAFE)), ("middle", desk.say(_MIDDLE))]
    return section(".record")[
        h2(".record-title")[desk.say(_PROMISE)],
        p(".board-note")[desk.say(_PROMISE_MORE)],
        form(".report-form", method="post", action=view.address(f"{SANDBOX}/{one.id}"))[
            input(type="hidden", name="deed", value="promise"),
            _choice("due", desk.say(_BY), days, days[-1][0]),
            _choice("level", desk.say(_LEVEL), levels, "low"),
            button(".button", type="submit")[desk.say(_PROMISE)],
        ],
    ]


def _points(desk: Desk, one: Scenario, known: Known) -> list[Point]:
    """Days to come by which something may be promised."""
    return [point for point in known.answer(desk.decided(one, known)).fan if point.day > desk.today]


def _promisable(view: View) -> bool:
    return any(one.name == PROMISED for one in promisable(view.snapshot, view.pack))


def _removal(desk: Desk, one: Scenario) -> Node:
    if not _may_remove(desk, one):
        return None
    return form(".report-form", method="post", action=desk.view.address(f"{SANDBOX}/{one.id}"))[
        input(type="hidden", name="deed", value="remove"),
        button(".button.is-quiet", type="submit")[desk.say(_REMOVE)],
    ]


def _may_remove(desk: Desk, one: Scenario) -> bool:
    return one.made_by == g.person.id or desk.view.scope.role == "admin"


# -------------------------------------------------------------------------------------------------------------- the deeds


def _do(site: "Site", id: str) -> Answer | tuple[str, int]:
    """Note a ruling, promise what it comes to, or remove the scenario."""
    desk = Desk(site)
    one = desk.scenario(id)
    deeds = {"rule": _rule, "promise": _promise, "remove": _remove}
    deed = deeds.get(request.form.get("deed", "")) or abort(400)
    wrong = deed(desk, one)
    if wrong is not None:
        return _page(desk, one, wrong), 400
    gone = request.form["deed"] == "remove"
    return redirect(desk.view.address(SANDBOX if gone else f"{SANDBOX}/{id}"), 303)


def _rule(desk: Desk, one: Scenario) -> Label | None:
    if desk.view.scope.role not in RULERS:
        abort(403)
    told = request.form
    stage = next((stage for stage in STAGES if stage == told.get("stage")), None) or abort(400)
    ruling = next((ruling for ruling in RULINGS if ruling == told.get("ruling")), None) or abort(400)
    try:
        day = date.fromisoformat(told.get("day", ""))
    except ValueError:
        return _UNFIT
    noted = rule(desk.store, one.id, Ruled(stage, ruling, day, g.person.id, desk.now), desk.today)
    return None if noted else _UNFIT


def _promise(desk: Desk, one: Scenario) -> None:
    known = desk.known(one)
    if desk.view.scope.role not in PROMISERS:
        abort(403)
    if one.project is None or isinstance(known, Reading) or not _promisable(desk.view):
        abort(400)
    due, level = request.form.get("due", ""), request.form.get("level", "")
    point = next((point for point in _points(desk, one, known) if point.day.isoformat() == due), None) or abort(400)
    values = {"low": point.low, "middle": point.middle}
    if level not in values:
        abort(400)
    metric = desk.view.pack.metric(PROMISED)
    made = Commitment(
        "",
        one.project,
        PROMISED,
        Fraction(in_ten_thousands(values[level])),
        "year",
        point.day,
        g.person.id,
        desk.now,
        told_metric(desk.view.pack, metric),
        "sandbox",
        one.id,
        one.name,
    )
    make_commitment(desk.store, made)


def _remove(desk: Desk, one: Scenario) -> None:
    if not _may_remove(desk, one):
        abort(403)
    remove_scenario(desk.store, one.id, g.person.id, desk.now)


# ----------------------------------------------------------------------------------------------------------- side by side


def _compare(site: "Site") -> str | Answer:
    desk = Desk(site)
    ids = list(dict.fromkeys(request.args.getlist("id")))[:MOST_COMPARED]
    if len(ids) < 2:
        return redirect(desk.view.address(SANDBOX), 303)
    listed = [desk.scenario(id) for id in ids]
    columns = []
    for one in listed:
        known = desk.known(one)
        then = one.then if isinstance(known, Reading) else outcome(known.answer(desk.decided(one, known)))
        columns.append((one.name, then, known))
    decisions = [
        section(".record")[
            h2(".record-title")[one.name],
            p[f"{whose(desk.view, one.project)} · {decided_said(desk.view, known, one.decided)}"],
            p(".panel-note")[" · ".join(stages_said(desk.view, one))],
        ]
        for one, (_, _, known) in zip(listed, columns, strict=True)
    ]
    body = glance(
        part("head", page_head(desk.say(_COMPARING), subtitle=desk.say(NOW))),
        part("outcomes", _outcomes(desk.view, [(name, then) for name, then, _ in columns])),
        part("decided", decisions),
        div(".ways")[
            [a(href=desk.view.address(f"{SANDBOX}/{one.id}"))[one.name] for one in listed],
            a(href=desk.view.address(SANDBOX))[desk.say(_BACK)],
        ],
    )
    return desk.framed(body, desk.say(_COMPARING), partial(_compared, desk.view, ids))


def _compared(view: View, ids: Sequence[str], **changes: str) -> str:
    """The comparison's own address: several of one name."""
    plain = view.address(COMPARE, **changes)
    return plain + ("&" if "?" in plain else "?") + "&".join(f"id={id}" for id in ids)


# ----------------------------------------------------------------------------------------------------------- the document


def _document(site: "Site", id: str) -> Answer:
    """可行性测算 on two pages: the gap, then the scenario with its approval; who took it stands in the audit before it is made."""
    desk = Desk(site)
    one = desk.scenario(id)
    record(desk.store, g.person.id, "scenario_exported", desk.now, one.id, {"project": one.project})
    try:
        made = document(TEMPLATE, _sheet(desk, one))
    except Busy:
        abort(429)
    answer = Response(made, mimetype="application/pdf")
    answer.headers["Content-Disposition"] = f'attachment; filename="feasibility-{one.id}.pdf"'
    return answer


def _sheet(desk: Desk, one: Scenario) -> dict[str, Any]:
    view = desk.view
    when, known = f"{desk.site.world.boards.local(desk.now):%Y-%m-%d %H:%M}", desk.known(one)
    found = known.answer(desk.decided(one, known)) if isinstance(known, Known) else None
    made = made_said(desk.site, view, one, desk.names)
    return {
        "lang": desk.words.language,
        "product": desk.words.of("product"),
        "title": f"{one.name} · {desk.say(_TITLE)}",
        "days": whose(view, one.project),
        "state": " · ".join((desk.say(_STATE, as_of=f"{view.as_of:%Y-%m-%d %H:%M}"), *stages_said(view, one))),
        "blocks": [*gap_blocks(view, one.project), {"kind": "turn"}, *plan_blocks(view, one, known, found, made)],
        "colours": colours(),
        "watermark": " · ".join((desk.words.of("product"), short(g.person.name), when)),
    }
