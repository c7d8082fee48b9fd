"""稽核: what the record rules found, each finding with its evidence and what became of it, and what the confirmed ones are worth."""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from flask import abort, g, redirect, request
from htpy import Node, a, div, li, p, ul
from werkzeug.wrappers import Response as Answer

from components.checks import LONGEST_NOTE, CheckLine, Step, check_card, check_list, sheet, step_form
from components.customers import Happening, customer_track, more_link
from components.filters import Filter, Option, filters
from components.shell import glance, page_head, panel, part
from dashboards._door import FORM, Door, Policy
from dashboards._page import Page, View
from data_access.store import Store
from data_access.store.record_findings import (
    PAGE,
    Asked,
    Count,
    Event,
    NotAllowed,
    at_stake,
    counted,
    events,
    finding,
    findings,
    last_checks,
    take_step,
)
from metrics.masking import without_numbers
from metrics.pack import LEVELS, Label
from metrics.record_findings import (
    ACTIONS,
    STATES,
    Action,
    Actor,
    RecordFinding,
    Worth,
    audit_values,
    may,
    precisions,
    total,
)
from metrics.record_rules import Proof
from metrics.scope import EVERYBODY, GROUP_ROLES

if TYPE_CHECKING:
    from dashboards._site import Site

PATH = "/checks"
page = Page("checks", path=PATH, title=Label("稽核", "Record checks"), roles=EVERYBODY)
_POLICY = Policy(frozenset(page.roles), document=True, accepts=FORM)

_NOTE = Label(
    "只看记录的时间和编号,全部为待核查线索,不作结论。", "Times and ids only: leads to check, never a verdict."
)
_ALL, _LEVEL, _STATE = Label("全部", "All"), Label("级别", "Level"), Label("状态", "State")
_RULE, _PROJECT = Label("规则", "Rule"), Label("项目", "Project")
_NOTHING = Label("没有这样的线索", "No such findings")
_COUNT = Label("{n} 条线索 · {open} 条待核查", "{n} findings · {open} to check")
_NEVER = Label("规则还没有运行过", "The rules have not run yet")
_RAN = Label("上次核对 {when},用时 {seconds} 秒", "Last run {when}, {seconds} s")
_EVIDENCE, _HISTORY = Label("证据时间线", "Evidence"), Label("处理记录", "What was done")
_DO = Label("处理", "Decide or appeal")
_NOTE_FIELD = Label("说明(申诉必填)", "Reason (an appeal needs one)")
_PRECISION = Label("规则命中率", "How often a rule was right")
_PRECISION_NOTE = Label("核实 ÷(核实+排除)", "Confirmed ÷ (confirmed + rejected)")
_VALUE = Label("审计价值", "Audit value")
_VALUE_NOTE = Label(
    "每份合同只计一次;待核查与排除不计入;季度按发现的日期",
    "Each contract once; what is to check or rejected is not counted; quarters are those of the finding",
)
_OFF = Label("未启用的规则", "Rules that are off")
_OFF_LINE = Label("{rule} {label}:无数据,源库没有{what}", "{rule} {label}: no data, the source has no {what}")
_BACK = Label("返回稽核", "Back to the list")
_GONE = Label("数据已变", "Data has changed")
_STATES = {
    "to_check": Label("待核查", "To check"),
    "appealed": Label("申诉中", "Appealed"),
    "confirmed": Label("核实", "Confirmed"),
    "rejected": Label("排除", "Rejected"),
    "gone": _GONE,
}
_ACTIONS = {
    "confirm": Label("核实", "Confirm"),
    "reject": Label("排除", "Reject"),
    "appeal": Label("申诉", "Appeal"),
    "reopen": Label("重新核查", "Check again"),
}
_DONE = {
    "found": Label("系统发现", "Found"),
    "gone": Label("数据已变", "Data has changed"),
    "returned": Label("数据再次出现", "Found again"),
    **_ACTIONS,
}
_KINDS = {
    "lead": Label("留电", "Left a number"),
    "visit": Label("到访", "Visit"),
    "follow_up": Label("跟进", "Follow-up"),
    "registration": Label("报备", "Registration"),
    "protection_end": Label("保护期止", "Protection ends"),
    "assignment": Label("归属变更", "New owner or source"),
    "subscription": Label("认购", "Subscription"),
    "contract": Label("签约", "Contract"),
    "referral": Label("转介", "Referral"),
}
_WORDS = {
    "visited": Label("到访后", "after the visit"),
    "subscribing": Label("认购前", "shortly before subscribing"),
    "phone": Label("无效号码", "invalid numbers"),
    "visit": Label("到访", "visit"),
    "lead": Label("留电", "lead"),
    "follow_up": Label("跟进", "call"),
    "loss": Label("自然到访流失", "natural visitors lost"),
    "channel": Label("自然客户转渠道", "natural visitors to a channel"),
    "many": Label("短期内多名顾问跟进同一客户", "Several salespeople followed one customer within days"),
    "moved": Label(
        "客户被转到另一项目后签约,且无转介记录", "Handed to another project and signed there, without a referral"
    ),
    "referrer": Label("推荐人或经纪人", "The referrer"),
    "customer": Label("报备客户", "The registered customer"),
}
_UNATTENDED = Label("无人接待到访", "unattended visits")
_OTHER_STAFF, _OTHER_PROJECT = Label("其他顾问", "Another salesperson"), Label("其他项目", "Another project")
_CONTRACTS = Label("涉及签约 {n} 份 {amount}", "{n} contracts, {amount}")
_BROKER = Label("经纪人 {id}", "Broker {id}")
_ANY_NUMBER = Label("合计", "Total")
_VALUE_HEADS = (
    Label("季度", "Quarter"),
    Label("项目", "Project"),
    Label("核实佣金", "Confirmed commission"),
    Label("核实签约额", "Confirmed amount"),
    Label("待核查签约额", "Amount to check"),
    Label("排除签约额", "Rejected amount"),
)
_PRECISION_HEADS = (
    Label("规则", "Rule"),
    Label("待核查", "To check"),
    Label("核实", "Confirmed"),
    Label("排除", "Rejected"),
    Label("命中率", "Precision"),
)
_FEW = Label("样本不足(n={n})", "Too few (n={n})")
_SHARE = Label("{share}(n={n})", "{share} (n={n})")
_UNITS = ((86400, Label("{n}天", "{n} days")), (3600, Label("{n}小时", "{n} h")), (60, Label("{n}分钟", "{n} min")))
_SECONDS = Label("{n}秒", "{n} s")


@dataclass(frozen=True)
class Desk:
    """What one request may see: the view, and the choices that live in its address."""

    site: "Site"
    view: View
    chosen: dict[str, str]

    @property
    def store(self) -> Store:
        """Where findings are kept."""
        return self.site.world.store

    def address(self, path: str = PATH, **changes: str) -> str:
        """A page of these with the same choices."""
        return self.view.filters.address(path, "lang", "theme", **{**self.chosen, **changes})

    def say(self, label: Label) -> str:
        """A label in the viewer's language."""
        return self.view.say(label)


def add(site: "Site", door: Door) -> None:
    """Add the list and the page of one finding."""
    door.route(PATH, _POLICY, partial(_show_list, site))
    door.route(f"{PATH}/<id>", _POLICY, partial(_show_one, site))
    door.route(f"{PATH}/<id>", _POLICY, partial(_act, site), methods=("POST",))


def _desk(site: "Site") -> Desk:
    view = site.asked_view(page, site.world.reader.current() or abort(503))
    known = {
        "rule": set(site.world.pack.record_rules),
        "level": set(LEVELS),
        "state": {*STATES, "gone"},
        "in": set(view.snapshot.projects),
    }
    chosen = {name: value for name, values in known.items() if (value := request.args.get(name, "")) in values}
    return Desk(site, view, chosen)


# ------------------------------------------------------------------------------------------------------------- the list


def _show_list(site: "Site") -> str:
    desk = _desk(site)
    scope, counts = desk.view.scope.customers, counted(desk.store, desk.view.scope.customers)
    start = _start()
    wanted = Asked(
        scope,
        desk.chosen.get("rule", ""),
        desk.chosen.get("level", ""),
        desk.chosen.get("state", ""),
        desk.chosen.get("in", ""),
    )
    found = findings(desk.store, wanted, start=start, limit=PAGE + 1)
    lines = [_line(desk, one, href=True) for one in found[:PAGE]]
    body = glance(
        part(
            "head", page_head(desk.say(page.title), subtitle=_subtitle(desk, counts)), p(".panel-note")[desk.say(_NOTE)]
        ),
        part("filters", _filters(desk, counts)),
        div(".check-list")[
            part("found", check_list(lines, desk.view.words, nothing=desk.say(_NOTHING))),
            len(found) > PAGE and more_link(desk.address(start=str(start + PAGE)), desk.view.words),
        ],
        desk.view.scope.role in GROUP_ROLES and part("value", _value(desk)),
        not desk.view.is_own and part("precision", _precision(desk, counts)),
        _off(desk),
    )
    return _framed(desk, body, PATH)


def _start() -> int:
    given = request.args.get("start", "")
    return int(given) if given.isdecimal() and len(given) < 7 else 0


def _subtitle(desk: Desk, counts: list[Count]) -> str:
    still_open = sum(one.n for one in counts if one.state in ("to_check", "appealed") and not one.gone)
    ran = last_checks(desk.store)
    said = _COUNT.format(n=f"{sum(one.n for one in counts):,}", open=f"{still_open:,}")
    if ran is None:
        return desk.say(_NEVER)
    when = desk.view.words.when(ran.as_of, desk.view.as_of)
    return f"{desk.say(said)} · {desk.say(_RAN.format(when=when, seconds=f'{ran.seconds:.1f}'))}"


def _filters(desk: Desk, counts: list[Count]) -> Node:
    words, snapshot = desk.view.words, desk.view.snapshot
    rules = sorted({one.rule for one in counts}, key=_rule_order)
    projects = sorted({one.project for one in counts if one.project})
    every = Option("", desk.say(_ALL))
    offered = [
        Filter("level", desk.say(_LEVEL), (every, *(Option(one, words.of(one)) for one in LEVELS)), desk.chosen.get("level", ""), True),
        Filter("state", desk.say(_STATE), (every, *(Option(one, desk.say(said)) for one, said in _STATES.items())), desk.chosen.get("state", ""), True),
        Filter("rule", desk.say(_RULE), (every, *(Option(one, _rule_name(desk, one)) for one in rules)), desk.chosen.get("rule", "")),
    ]  # fmt: skip
    if len(projects) > 1:
        named = (Option(one, snapshot.project_name(one) or one) for one in projects)
        offered.append(Filter("in", desk.say(_PROJECT), (every, *named), desk.chosen.get("in", "")))
    return filters(PATH, offered, words, keep=desk.view.filters.chosen("lang", "theme"))


def _rule_order(rule: str) -> tuple[int, str]:
    return (int(rule[1:]) if rule[1:].isdecimal() else 0), rule


def _rule_name(desk: Desk, rule: str) -> str:
    known = desk.view.pack.record_rules.get(rule)
    return f"{rule} {desk.say(known.label)}" if known else rule


def _precision(desk: Desk, counts: list[Count]) -> Node:
    words = desk.view.words
    by_state: dict[tuple[str, str], int] = {}
    for each in counts:
        by_state[each.rule, each.state] = by_state.get((each.rule, each.state), 0) + each.n
    rules = sorted({one.rule for one in counts}, key=_rule_order)
    rows = []
    for one in precisions(by_state, rules, desk.site.world.settings.checks.min_decided):
        told = (
            _FEW.format(n=str(one.n))
            if one.share is None
            else _SHARE.format(share=words.percent(one.share), n=str(one.n))
        )
        to_check = sum(by_state.get((one.rule, state), 0) for state in ("to_check", "appealed"))
        rows.append(
            (_rule_name(desk, one.rule), f"{to_check:,}", f"{one.confirmed:,}", f"{one.rejected:,}", desk.say(told))
        )
    made = sheet([desk.say(head) for head in _PRECISION_HEADS], rows, wide=(0,))
    return panel(desk.say(_PRECISION), made, note=desk.say(_PRECISION_NOTE))


def _value(desk: Desk) -> Node:
    zone = ZoneInfo(desk.site.world.settings.group.time_zone)
    values = audit_values(at_stake(desk.store, desk.view.scope.customers), zone)
    rows = [
        (one.quarter, _project(desk, one.project), *_worths(desk, one.confirmed, one.to_check, one.rejected))
        for one in values
    ]
    kinds = ([one.confirmed for one in values], [one.to_check for one in values], [one.rejected for one in values])
    rows.insert(0, (desk.say(_ANY_NUMBER), "", *_worths(desk, *(total(kind) for kind in kinds))))
    made = sheet([desk.say(head) for head in _VALUE_HEADS], rows, wide=(0, 1))
    return panel(desk.say(_VALUE), made, note=desk.say(_VALUE_NOTE))


def _worths(desk: Desk, confirmed: Worth, to_check: Worth, rejected: Worth) -> tuple[str, ...]:
    words = desk.view.words
    known = confirmed.commission is not None or confirmed.contracts == 0
    commission = words.money(Fraction(confirmed.commission or 0)) if known else words.of("missing_absent")
    return commission, *(words.money(Fraction(one.amount)) for one in (confirmed, to_check, rejected))


def _off(desk: Desk) -> Node:
    ran = last_checks(desk.store)
    if ran is None or not ran.lacks or desk.view.is_own:
        return None
    lines = [
        _OFF_LINE.format(rule=rule, label=desk.say(known.label), what=what)
        for rule, what in sorted(ran.lacks.items(), key=lambda one: _rule_order(one[0]))
        if (known := desk.view.pack.record_rules.get(rule))
    ]
    return panel(desk.say(_OFF), ul(".check-off")[[li[desk.say(line)] for line in lines]])


def _line(desk: Desk, one: RecordFinding, *, href: bool) -> CheckLine:
    found, rule = one.found, desk.view.pack.record_rules.get(one.found.rule)
    state = desk.say(_STATES[one.state]) + (f" · {desk.say(_GONE)}" if one.gone_at else "")
    return CheckLine(
        found.level,
        state,
        _rule_name(desk, found.rule),
        _message(desk, one),
        tuple(fact for fact in _facts(desk, one) if fact),
        desk.view.words.when(found.since, desk.view.as_of),
        desk.address(f"{PATH}/{one.id}") if href else "",
        desk.say(rule.next_step) if rule and not href else "",
    )


def _message(desk: Desk, one: RecordFinding) -> str:
    """The rule's sentence with what was found in it."""
    rule, facts = desk.view.pack.record_rules.get(one.found.rule), dict(one.found.facts)
    if rule is None:
        return ""
    unattended = one.found.rule == "F9" and facts.get("what") == "visit"
    said = {name: _WORDS[facts[name]] for name in ("touch", "when", "what") if facts.get(name) in _WORDS}
    said |= {"what": _UNATTENDED} if unattended else {}
    plain = {name: value for name, value in facts.items() if name not in said}
    if "seconds" in facts:
        plain["gap"] = _gap(desk, int(facts["seconds"]))
    if "k" in facts:
        plain["share"] = desk.view.words.percent(Fraction(int(facts["k"]), int(facts["n"])))
    if "mean" in facts:
        plain["mean"] = desk.view.words.percent(Fraction(facts["mean"]))
    return desk.say(rule.message.format(**{**plain, **{name: desk.say(word) for name, word in said.items()}}))


def _gap(desk: Desk, seconds: int) -> str:
    """A span in its largest whole unit."""
    for size, label in _UNITS:
        if seconds >= size:
            return desk.say(label.format(n=str(seconds // size)))
    return desk.say(_SECONDS.format(n=str(seconds)))


def _facts(desk: Desk, one: RecordFinding) -> Iterable[str]:
    found, words = one.found, desk.view.words
    yield _project(desk, found.project)
    yield desk.view.snapshot.channel_name(found.channel) or "" if found.channel else ""
    yield _staff(desk, found.staff)
    yield _broker(desk, found.broker)
    if found.stakes:
        amount = words.money(Fraction(sum(stake.amount for stake in found.stakes)))
        yield desk.say(_CONTRACTS.format(n=str(len(found.stakes)), amount=amount))


def _project(desk: Desk, id: str | None) -> str:
    within = desk.view.scope.customers.project
    if id and within is not None and id not in within:
        return desk.say(_OTHER_PROJECT)
    return (desk.view.snapshot.project_name(id) or id) if id else desk.view.words.of("unassigned")


def _staff(desk: Desk, id: str | None) -> str:
    """A salesperson as far as this viewer may know: of another project, or beside a salesperson, nobody by name."""
    scope, known = desk.view.scope.customers, desk.view.snapshot.staff.get(id or "")
    if not id:
        return ""
    if scope.staff is not None:
        return (known.name if known else id) if id in scope.staff else desk.say(_OTHER_STAFF)
    if scope.project is not None and (known is None or known.project_id not in scope.project):
        return desk.say(_OTHER_STAFF)
    return known.name if known else id


def _broker(desk: Desk, id: str | None) -> str:
    if not id:
        return ""
    return desk.view.referrer(id) if id in desk.view.snapshot.referrers else desk.say(_BROKER.format(id=id))


# ---------------------------------------------------------------------------------------------------------- one finding


def _one(desk: Desk, id: str) -> RecordFinding:
    """The finding within the viewer's rights; 404 for one outside of them just as for one there is not."""
    return finding(desk.store, id, desk.view.scope.customers) or abort(404)


def _show_one(site: "Site", id: str) -> str:
    desk = _desk(site)
    one = _one(desk, id)
    here = f"{PATH}/{one.id}"
    line, steps = _line(desk, one, href=False), _steps(desk, one)
    body = glance(
        part("head", page_head(_rule_name(desk, one.found.rule), subtitle=desk.say(_NOTE))),
        part("finding", check_card(line, desk.view.words)),
        part(
            "evidence", panel(desk.say(_EVIDENCE), customer_track([_proof(desk, proof) for proof in one.found.proofs]))
        ),
        part(
            "history",
            panel(desk.say(_HISTORY), customer_track([_event(desk, step) for step in events(desk.store, one.id)])),
        ),
        panel(desk.say(_DO), div(".check-steps")[step_form(desk.address(here), steps, _NOTE_FIELD, desk.view.words)])
        if steps
        else None,
        div(".ways")[a(href=desk.address())[desk.say(_BACK)]],
    )
    return _framed(desk, body, here)


def _steps(desk: Desk, one: RecordFinding) -> list[Step]:
    who = _actor()
    return [
        Step(action, desk.say(_ACTIONS[action]), needs_note=action == "appeal", is_grave=action == "confirm")
        for action in ACTIONS
        if may(who, action, one)
    ]


def _actor() -> Actor:
    return Actor(g.person.id, g.person.role, g.person.project_id, g.person.staff_id)


def _proof(desk: Desk, proof: Proof) -> Happening:
    words, snapshot = desk.view.words, desk.view.snapshot
    at = words.when(proof.at.date() if proof.day_only else proof.at, desk.view.as_of)
    known = (
        f"#{proof.id}",
        _project(desk, proof.project) if proof.project else "",
        snapshot.channel_name(proof.channel) or "" if proof.channel else "",
        _staff(desk, proof.staff),
        _broker(desk, proof.broker),
    )
    more = " · ".join(fact for fact in known if fact)
    return Happening(
        at, desk.say(_KINDS[proof.kind]), more, is_main=proof.kind in ("registration", "contract", "assignment")
    )


def _event(desk: Desk, step: Event) -> Happening:
    zone = ZoneInfo(desk.site.world.settings.group.time_zone)
    at = desk.view.words.when(step.at.astimezone(zone).replace(tzinfo=None), desk.view.as_of)
    return Happening(at, desk.say(_DONE[step.action]), step.note, is_main=step.actor is not None)


def _act(site: "Site", id: str) -> Answer:
    """Take the step the form asks for; 403 where it may not be taken by this person or not any more."""
    desk = _desk(site)
    one = _one(desk, id)
    action = next((known for known in ACTIONS if known == request.form.get("action")), None) or abort(400)
    note = without_numbers(request.form.get("note", "").strip())[:LONGEST_NOTE]
    if action == "appeal" and not note:
        abort(400)
    return _taken(desk, one, action, note)


def _taken(desk: Desk, one: RecordFinding, action: Action, note: str) -> Answer:
    try:
        take_step(desk.store, one.id, action, _actor(), note, desk.site.world.clock())
    except NotAllowed:
        abort(403)
    return redirect(desk.address(f"{PATH}/{one.id}"), 303)


def _framed(desk: Desk, body: Node, path: str) -> str:
    title = f"{desk.say(page.title)} · {desk.view.words.of('product')}"
    return desk.site.framed(body, desk.view, title, section="alerts", here=partial(desk.address, path))
