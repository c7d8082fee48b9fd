"""One alert with its history and what can be done with it, the resolved ones, and silences; all by plain forms."""

from collections.abc import Iterable
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from flask import abort, g, redirect, request
from htpy import Element, Node, a, button, details, div, form, li, p, small, span, strong, summary, time, ul
from werkzeug.wrappers import Response as Answer

from components.alert import alert_card, message
from components.filters import Filter, Option, filters
from components.icons import icon
from components.shell import glance, page_head, panel, part
from dashboards._alerts import DUES, PATH, address, due_at, state_line
from dashboards._door import FORM, Door, Policy, same_site_path
from dashboards._forms import choice_field, problem, text_field, typed
from dashboards._page import View
from dashboards.alerts import page
from data_access.store.audit import PROGRAM
from data_access.store.episodes import (
    Event,
    KeptSilence,
    close_by_hand,
    end_silence,
    episode,
    events,
    judge_outcome,
    resolved,
    seen,
    silence,
    take,
)
from metrics.episodes import OUTCOMES, Ack, Episode, EpisodeError, Silence
from metrics.pack import Label
from metrics.rules import in_view
from metrics.scope import GROUP_ROLES, PROJECT_ROLES

if TYPE_CHECKING:
    from dashboards._site import Site

MOST_RESOLVED = 100
LONGEST_NOTE = 200
_READERS = Policy(frozenset(PROJECT_ROLES), document=True, accepts=FORM)
_GROUP = Policy(frozenset(GROUP_ROLES), document=True, accepts=FORM)
_BACK = Label("返回预警", "Back to alerts")
_TAKE = Label("确认或转交", "Acknowledge or hand over")
_OWNER, _DUE, _NOTE = Label("责任人", "Owner"), Label("期限", "Due"), Label("备注(可不填)", "Note (optional)")
_SAVE = Label("确认", "Confirm")
_HISTORY = Label("经过", "History")
_OUTCOME = Label("这条预警是什么情况?", "What was it?")
_CLOSE = Label("数据不再有了,手动关闭", "There is no data any more: close it by hand")
_RESOLVED_TITLE = Label("已解除的预警", "Resolved alerts")
_NONE_RESOLVED = Label("没有已解除的预警", "No resolved alerts")
_NO_OUTCOME = Label("待填结果", "Outcome wanted")
_LASTED = Label("{first} 至 {last}", "{first} to {last}")
_SILENCES = Label("静默", "Silences")
_SILENCES_MORE = Label(
    "静默期内照常记录,只是不通知;到期自动恢复。", "Everything is still recorded; nobody is told until it ends."
)
_NO_SILENCES = Label("没有静默", "No silences")
_RULE, _PROJECT, _UNTIL, _WHY = (
    Label("规则", "Rule"),
    Label("项目", "Project"),
    Label("到", "Until"),
    Label("原因", "Why"),
)
_ANY_RULE, _ANY_PROJECT = Label("全部规则", "Every rule"), Label("全部项目", "Every project")
_SILENCE, _END = Label("开始静默", "Silence"), Label("结束静默", "End")
_ALL = Label("全部", "All")
_UNFIT = Label("请选规则或项目,并写原因。", "Choose a rule or a project, and say why.")
_REFUSED = Label("这条预警的状态已变,请看最新情况。", "This alert has changed meanwhile: see how it stands.")
_LENGTHS = {
    "1": (timedelta(hours=1), Label("1 小时", "1 hour")),
    "8": (timedelta(hours=8), Label("8 小时", "8 hours")),
    "24": (timedelta(days=1), Label("1 天", "1 day")),
    "168": (timedelta(days=7), Label("7 天", "7 days")),
    "720": (timedelta(days=30), Label("30 天", "30 days")),
}
OUTCOME_NAMES = {
    "real": Label("真问题", "A real problem"),
    "handled": Label("已处理", "Dealt with"),
    "expected": Label("正常波动", "To be expected"),
    "false_alarm": Label("误报", "False alarm"),
}
_HAPPENED = {
    "opened": Label("触发", "Opened"),
    "worse": Label("加重", "Got worse"),
    "no_data": Label("没有数据", "No data"),
    "data_back": Label("数据恢复", "Data is back"),
    "recovering": Label("开始恢复", "Recovering"),
    "fired_again": Label("再次触发", "Fired again"),
    "resolved": Label("解除", "Resolved"),
    "acknowledged": Label("确认", "Acknowledged"),
    "handed_over": Label("转交", "Handed over"),
    "escalated": Label("升级", "Escalated"),
    "closed": Label("手动关闭", "Closed by hand"),
    "outcome": Label("填写结果", "Outcome"),
}
_BY_ITSELF = Label("系统", "By itself")


def add(site: "Site", door: Door) -> None:
    """Add what lies below the alerts."""
    door.route(f"{PATH}/resolved", _READERS, partial(_show_resolved, site))
    door.route(f"{PATH}/silences", _GROUP, partial(_show_silences, site))
    door.route(f"{PATH}/silences", _GROUP, partial(_silence, site), methods=("POST",))
    door.route(f"{PATH}/silences/<id>/end", _GROUP, partial(_end_silence, site), methods=("POST",))
    door.route(f"{PATH}/<id>", _READERS, partial(_show, site))
    door.route(f"{PATH}/<id>/take", _READERS, partial(_take, site), methods=("POST",))
    door.route(f"{PATH}/<id>/outcome", _READERS, partial(_judge, site), methods=("POST",))
    door.route(f"{PATH}/<id>/close", _GROUP, partial(_close, site), methods=("POST",))


def _view(site: "Site") -> View:
    """What the signed-in person may see; 503 before the first snapshot."""
    return site.asked_view(page, site.world.reader.current() or abort(503))


def _episode(site: "Site", view: View, id: str) -> Episode:
    """The episode with this id, where the viewer may see it; 404 whether it is none or somebody else's."""
    known = episode(site.world.store, int(id)) if id.isascii() and id.isdecimal() and len(id) < 10 else None
    is_seen = known is not None and known.opened_at is not None and in_view([known.finding], view.scope.alerts)
    return known if known is not None and is_seen and known.key.rule in view.pack.rules else abort(404)


# ------------------------------------------------------------------------------------------------------------- one alert


def _show(site: "Site", id: str) -> str:
    view = _view(site)
    return _alert_page(site, view, _episode(site, view, id))


def _alert_page(site: "Site", view: View, one: Episode, said: Label | None = None) -> str:
    alerts, rule = view.alerts, view.pack.rules[one.key.rule]
    current = next((found for found in alerts.findings if found.key == one.key), one.finding)
    shown = current if one.is_open else one.finding
    card = alert_card(
        shown, rule, _subject(view, one), view.words, view.as_of, state=state_line(alerts, one, view.words)
    )
    body = [
        part("head", page_head(view.say(rule.label), subtitle=_subject(view, one))),
        part("alert", problem(said, view.words), card, _acts(view, one)),
        part("history", panel(view.say(_HISTORY), _history(view, events(site.world.store, one.id)))),
        div(".ways")[a(href=address("", view.words))[view.say(_BACK)]],
    ]
    return _framed(site, view, body, view.say(rule.label), f"/{one.id}")


def _subject(view: View, one: Episode) -> str:
    return view.subject(one.finding) or view.words.of("group" if one.key.kind == "group" else "unassigned")


def _acts(view: View, one: Episode) -> Node:
    if one.state == "resolved":
        return _outcomes(view, one, "outcome", _OUTCOME)
    closing = one.state == "no_data" and view.scope.role in GROUP_ROLES
    return [_take_form(view, one), _outcomes(view, one, "close", _CLOSE) if closing else None]


def _take_form(view: View, one: Episode) -> Element:
    words, given = view.words, view.alerts.candidates(one.finding)
    owners = {g.person.id: g.person.name} | {each.id: each.name for each in given}
    chosen = one.ack.owner if one.ack and one.ack.owner in owners else g.person.id
    dues = [(due, words.say(label)) for due, label in DUES.items()]
    return form(".asked.entry", method="post", action=address(f"/{one.id}/take", words))[
        strong[words.say(_TAKE)],
        choice_field("owner", _OWNER, words, owners.items(), chosen),
        choice_field("due", _DUE, words, dues, "tomorrow"),
        text_field("note", _NOTE, words, maxlength=str(LONGEST_NOTE), autocomplete="off"),
        button(".button", type="submit")[words.say(_SAVE)],
    ]


def _outcomes(view: View, one: Episode, deed: str, title: Label) -> Element:
    words = view.words
    return form(".asked.entry", method="post", action=address(f"/{one.id}/{deed}", words))[
        strong[words.say(title)],
        div(".alert-buttons")[
            [
                button(class_=["button", {"is-quiet": name != one.outcome}], type="submit", name="outcome", value=name)[
                    name == one.outcome and icon("calm"), words.say(label)
                ]
                for name, label in OUTCOME_NAMES.items()
            ]
        ],
    ]


def _history(view: View, happened: Iterable[Event]) -> Element:
    return ul[[_happened(view, one) for one in reversed(list(happened))]]


def _happened(view: View, one: Event) -> Element:
    at = one.at.astimezone(view.alerts.zone).replace(tzinfo=None)
    by = view.say(_BY_ITSELF) if one.by == PROGRAM else view.alerts.name(one.by)
    note = view.say(OUTCOME_NAMES[one.note]) if one.note in OUTCOME_NAMES else one.note
    return li(".entry")[
        div(".entry-head")[
            strong[view.say(_HAPPENED[one.transition])],
            time(datetime=one.at.isoformat())[view.words.when(at, view.as_of)],
            span(".panel-note")[by],
        ],
        note and p(".panel-note")[note],
    ]


def _take(site: "Site", id: str) -> Answer | tuple[str, int]:
    """Acknowledge, or hand over to somebody who may see it."""
    view, now = _view(site), site.world.clock()
    one, told = _episode(site, view, id), request.form
    owner = told.get("owner") or g.person.id
    if owner not in {g.person.id, *(each.id for each in view.alerts.candidates(one.finding))}:
        abort(400)
    due = due_at(told.get("due", ""), now.astimezone(view.alerts.zone)) or abort(400)
    note = typed("note", LONGEST_NOTE)
    try:
        take(site.world.store, one.id, Ack(owner, due, g.person.id, now, note))
    except EpisodeError:
        return _alert_page(site, view, _episode(site, view, id), _REFUSED), 409
    return redirect(_back(told.get("back", ""), address(f"/{one.id}", view.words)), 303)


def _judge(site: "Site", id: str) -> Answer | tuple[str, int]:
    """Say what a resolved alert was."""
    view = _view(site)
    one = _episode(site, view, id)
    try:
        judge_outcome(site.world.store, one.id, _outcome(), g.person.id, site.world.clock())
    except EpisodeError:
        return _alert_page(site, view, _episode(site, view, id), _REFUSED), 409
    return redirect(address("/resolved", view.words), 303)


def _close(site: "Site", id: str) -> Answer | tuple[str, int]:
    """End an alert of which nothing is known any more."""
    view = _view(site)
    one = _episode(site, view, id)
    try:
        close_by_hand(site.world.store, one.id, _outcome(), g.person.id, site.world.clock())
    except EpisodeError:
        return _alert_page(site, view, _episode(site, view, id), _REFUSED), 409
    return redirect(address("", view.words), 303)


def _outcome() -> str:
    told = request.form.get("outcome", "")
    return told if told in OUTCOMES else abort(400)


def _back(wanted: str, otherwise: str) -> str:
    """Where a form was sent from, if that was the list."""
    path = same_site_path(wanted)
    return path if path == PATH or path.startswith(f"{PATH}?") else otherwise


# ---------------------------------------------------------------------------------------------------------- the resolved


def _show_resolved(site: "Site") -> str:
    view, asked = _view(site), request.args
    rule = asked.get("rule", "") if asked.get("rule") in view.pack.rules else ""
    outcome = asked.get("outcome", "") if asked.get("outcome") in (*OUTCOMES, "-") else ""
    kept = resolved(site.world.store, rule=rule, outcome=outcome, projects=view.scope.alerts, limit=MOST_RESOLVED)
    found = [one for one in kept if one.key.rule in view.pack.rules and in_view([one.finding], view.scope.alerts)]
    listed = ul[[_resolved_line(view, one) for one in found]] if found else p(".nothing")[view.say(_NONE_RESOLVED)]
    body = [
        part("head", page_head(view.say(_RESOLVED_TITLE), subtitle=""), _resolved_filters(view, rule, outcome)),
        part("resolved", listed),
        div(".ways")[a(href=address("", view.words))[view.say(_BACK)]],
    ]
    return _framed(site, view, body, view.say(_RESOLVED_TITLE), "/resolved")


def _resolved_filters(view: View, rule: str, outcome: str) -> Node:
    words, every = view.words, Option("", view.say(_ALL))
    outcomes = (
        every,
        Option("-", view.say(_NO_OUTCOME)),
        *(Option(one, view.say(said)) for one, said in OUTCOME_NAMES.items()),
    )
    rules = (every, *(Option(one.name, view.say(one.label)) for one in view.pack.rules.values()))
    offered = [
        Filter("outcome", view.say(Label("结果", "Outcome")), outcomes, outcome, True),
        Filter("rule", view.say(_RULE), rules, rule, False),
    ]
    return filters(f"{PATH}/resolved", offered, words, keep={"lang": words.language})


def _resolved_line(view: View, one: Episode) -> Element:
    words, zone, rule = view.words, view.alerts.zone, view.pack.rules[one.key.rule]
    first, last = (
        (at or one.begun_at).astimezone(zone).replace(tzinfo=None) for at in (one.opened_at, one.resolved_at)
    )
    lasted = _LASTED.format(first=words.when(first, view.as_of), last=words.when(last, view.as_of))
    outcome = view.say(OUTCOME_NAMES[one.outcome]) if one.outcome in OUTCOME_NAMES else view.say(_NO_OUTCOME)
    return li(".entry")[
        a(".entry-head", href=address(f"/{one.id}", words))[
            span(f".severity.is-{one.finding.severity}")[icon(one.finding.severity), words.of(one.finding.severity)],
            strong[view.say(rule.label)],
            span[_subject(view, one)],
            small[outcome],
        ],
        p[message(one.finding, rule, _subject(view, one), words)],
        p(".panel-note")[view.say(lasted)],
    ]


# -------------------------------------------------------------------------------------------------------------- silences


def _show_silences(site: "Site", said: Label | None = None) -> str:
    view = _view(site)
    kept = seen(site.world.store, site.world.clock()).silences
    listed = ul[[_silence_line(view, one) for one in kept]] if kept else p(".nothing")[view.say(_NO_SILENCES)]
    body = [
        part("head", page_head(view.say(_SILENCES), subtitle=view.say(_SILENCES_MORE))),
        part("silences", problem(said, view.words), listed, _silence_form(view, is_open=said is not None)),
        div(".ways")[a(href=address("", view.words))[view.say(_BACK)]],
    ]
    return _framed(site, view, body, view.say(_SILENCES), "/silences")


def _silence_line(view: View, one: KeptSilence) -> Element:
    words, until = view.words, one.silence.ends_at.astimezone(view.alerts.zone).replace(tzinfo=None)
    rule = view.pack.rules.get(one.silence.rule)
    project = view.snapshot.project_name(one.silence.project)
    return li(".entry")[
        div(".entry-head")[
            strong[view.say(rule.label) if rule else one.silence.rule or view.say(_ANY_RULE)],
            span[project or view.say(_ANY_PROJECT)],
            span(".panel-note")[f"{view.say(_UNTIL)} {words.when(until, view.as_of)}"],
        ],
        p(".panel-note")[f"{view.alerts.name(one.by)} · {one.why}"],
        form(method="post", action=address(f"/silences/{one.id}/end", words))[
            button(".button.is-quiet", type="submit")[words.say(_END)]
        ],
    ]


def _silence_form(view: View, *, is_open: bool) -> Element:
    words = view.words
    rules = [("", view.say(_ANY_RULE)), *((one.name, view.say(one.label)) for one in view.pack.rules.values())]
    projects = [("", view.say(_ANY_PROJECT)), *((one.id, one.name) for one in view.snapshot.projects.values())]
    lengths = [(name, words.say(label)) for name, (_, label) in _LENGTHS.items()]
    return details(".entry", open=is_open)[
        summary[words.say(_SILENCE)],
        form(".asked", method="post", action=address("/silences", words))[
            choice_field("rule", _RULE, words, rules, ""),
            choice_field("project", _PROJECT, words, projects, ""),
            choice_field("hours", _UNTIL, words, lengths, "24"),
            text_field("why", _WHY, words, required=True, maxlength=str(LONGEST_NOTE), autocomplete="off"),
            button(".button", type="submit")[words.say(_SILENCE)],
        ],
    ]


def _silence(site: "Site") -> Answer | tuple[str, int]:
    view, told, now = _view(site), request.form, site.world.clock()
    rule, project, why = told.get("rule", ""), told.get("project", ""), typed("why", LONGEST_NOTE)
    is_known = rule in ("", *view.pack.rules) and project in ("", *view.snapshot.projects)
    if not is_known or told.get("hours") not in _LENGTHS:
        abort(400)
    if not why or not (rule or project):
        return _show_silences(site, _UNFIT), 400
    wanted = Silence(rule, project, now, now + _LENGTHS[told["hours"]][0])
    silence(site.world.store, wanted, g.person.id, why, now)
    return redirect(address("/silences", view.words), 303)


def _end_silence(site: "Site", id: str) -> Answer:
    is_id = id.isascii() and id.isdecimal() and len(id) < 10
    if not is_id or not end_silence(site.world.store, int(id), g.person.id, site.world.clock()):
        abort(404)
    return redirect(address("/silences", _view(site).words), 303)


def _framed(site: "Site", view: View, body: Node, title: str, more: str) -> str:
    whole = f"{title} · {view.words.of('product')}"
    here = partial(view.filters.address, f"{PATH}{more}")
    return site.framed(glance(body), view, whole, section="alerts", here=here)
