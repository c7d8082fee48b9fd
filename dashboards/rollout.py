"""推广: how far each project has come and since when, how complete its records are, and what pilots gained over those not in yet."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from functools import partial
from typing import TYPE_CHECKING

from flask import abort, g, redirect, request
from htpy import Element, Node, a, article, button, div, form, h3, p, span, strong
from werkzeug.wrappers import Response as Answer

from components.shell import glance, page_head, panel, part
from components.tile import change_mark
from dashboards._door import FORM, Door, Policy
from dashboards._forms import choice_field, day_typed, problem, text_field, typed
from dashboards._page import Page, View
from dashboards._ways import ROLLOUT, ROLLOUT_WORD
from data_access.store.scorecard import Moved, move, moves
from metrics.pack import Label
from metrics.reading import Reading
from metrics.rollout import (
    DID_WEEKS,
    IN,
    LEAST_GROUP,
    LEAST_LEADS,
    STAGES,
    Effect,
    Growth,
    Stage,
    completeness,
    days_in,
    effect,
    growths,
    latest_weeks,
    sop_rates,
    stage_of,
)
from metrics.scope import GROUP_ROLES
from metrics.snapshot import Project

if TYPE_CHECKING:
    from dashboards._site import Site

page = Page("rollout", path=ROLLOUT, title=ROLLOUT_WORD, roles=GROUP_ROLES)
MOST_NOTE = 200
_NAMES: dict[Stage, Label] = {
    "out": Label("未接入", "Not in"),
    "asked": Label("申请", "Asked"),
    "pilot": Label("试点", "Pilot"),
    "fixed": Label("固化", "Fixed"),
    "copied": Label("复制", "Copied"),
}
_TONES: dict[Stage, str] = {"pilot": "accent", "fixed": "green", "copied": "green"}
_DAYS = Label("近 4 个完整周 {days} · 当期口径", "Last 4 full weeks, {days}; period basis")
_PROJECTS = Label("各项目", "Projects")
_COMPLETE = Label("ERP 完整度 {value}", "ERP completeness {value}")
_SOP = Label("SOP 执行 {value}", "SOP execution {value}")
_GROWTH = Label("周均留电 {now}(前 4 周 {before})", "Leads a week {now} (4 weeks before: {before})")
_FEW_LEADS = Label("基数太小,不算增长", "too few to tell growth")
_SINCE = Label("{days} 天(自 {day})", "{days} days (since {day})")
_NO_SINCE = Label("起始日未登记", "since when is not told")
_SOURCE_SAYS = Label("数据源写:{stage}", "The source says: {stage}")
_COMPLETE_NOTE = Label(
    "完整度:留电的顾问、渠道、评级,已填 ÷ 应填;留电少于 {least} 组不算增长",
    "Completeness: salesperson, channel and grade of leads, filled in ÷ all; from under {least} leads no growth is told",
)
_EFFECT = Label("试点值不值", "What pilots gained")
_ESTIMATE = Label("估计", "Estimate")
_MORE = Label("留电比未接入项目多增 {value}", "{value} more leads than projects not in")
_LESS = Label("留电比未接入项目少增 {value}", "{value} fewer leads than projects not in")
_INTERVAL = Label("95% 区间 {low} 至 {high} · {pilots} 个试点,每个至少 {controls} 个对照", "95 % interval {low} to {high}; {pilots} pilots, at least {controls} to compare each")  # fmt: skip
_CHANCE = Label("区间含 0:还不能说试点有效果", "The interval holds 0: no effect can be told yet")
_TOO_FEW = Label(
    "可比的试点 {pilots} 个、对照 {controls} 个;各要 {least} 个以上才估计",
    "{pilots} pilots and {controls} others can be compared; {least} of each are needed",
)
_EFFECT_NOTE = Label(
    "试点起 {weeks} 个完整周的留电 ÷ 之前同样周数,再除以同期未接入(含申请)项目的同一变化;不满 {weeks} 周取已有周数(至少 4 周)。"
    "不是随机分组,先进的项目可能先试点;同期开盘等影响没有扣除。",
    "Leads of {weeks} full weeks from the start ÷ as many before, over the same change of projects not in (those asking included); with fewer weeks, as many as "
    "there are (4 or more). Pilots were not drawn by lot: better projects may go first, and openings at the time are not taken out.",
)
_FORM = Label("登记阶段", "Enter a stage")
_PROJECT, _STAGE, _DAY, _NOTE, _SAVE = (
    Label("项目", "Project"),
    Label("阶段", "Stage"),
    Label("从哪天起", "Since"),
    Label("说明", "Note"),
    Label("保存", "Save"),
)
_WRONG = Label(
    "没有保存:请选项目和阶段,日期不晚于今天,如 2026-03-01。",
    "Not saved: choose a project and a stage, and a day up to today, such as 2026-03-01.",
)


def add(site: "Site", door: Door) -> None:
    """Add the page and the form by which a stage is told."""
    door.route(ROLLOUT, Policy(GROUP_ROLES, document=True), partial(_show, site))
    door.route(
        f"{ROLLOUT}/stage",
        Policy(frozenset(("admin",)), document=True, accepts=FORM),
        partial(_move, site),
        methods=("POST",),
    )


@dataclass(frozen=True)
class Line:
    """One project: its stage, since when (None: not told), and its numbers."""

    project: Project
    stage: Stage
    since: date | None
    complete: Reading
    sop: Reading
    growth: Growth


def _show(site: "Site", said: Label | None = None) -> str:
    view = site.asked_view(page, site.world.reader.current() or abort(503))
    told = moves(site.world.store)
    lines = _lines(view, told)
    span = latest_weeks(view.as_of.date())
    days = view.say(_DAYS.format(days=view.words.span(span.first, span.last)))
    body = glance(
        part("head", page_head(view.say(ROLLOUT_WORD), subtitle=days), problem(said, view.words)),
        part("stages", _stages(view, lines)),
        part("effect", _effect(view, _gained(view, told, lines))),
        part("projects", _projects(view, lines)),
        g.person.role == "admin" and part("set", panel(view.say(_FORM), _form(view))),
        div(".ways")[a(href=view.address("/"))[view.words.of("overview")]],
    )
    title = f"{view.say(ROLLOUT_WORD)} · {view.words.of('product')}"
    return site.framed(body, view, title, section="overview", here=partial(view.address, ROLLOUT))


def _lines(view: View, told: Mapping[str, list[Moved]]) -> list[Line]:
    """Every project, those that came furthest first."""
    complete, sop, growth = completeness(view.frames, view.pack), sop_rates(view.frames, view.pack), growths(view.frames, view.pack)  # fmt: skip
    lines = []
    for one in view.snapshot.projects.values():
        latest = told[one.id][-1] if one.id in told else None
        stage, since = (latest.stage, latest.since) if latest else (stage_of(one.rollout_stage), None)
        lines.append(Line(one, stage, since, complete[one.id], sop[one.id], growth[one.id]))
    return sorted(lines, key=lambda line: (-STAGES.index(line.stage), line.since or date.max, line.project.id))


def _gained(view: View, told: Mapping[str, list[Moved]], lines: list[Line]) -> Effect:
    """Projects that are in, by the first day they came in, against those that are not; of a stage what was told last holds."""
    inside = [line.project.id for line in lines if line.stage in IN and line.project.id in told]
    days = {id: {one.stage: one.since for one in told[id] if one.stage in IN} for id in inside}
    others = [line.project.id for line in lines if line.stage not in IN]
    return effect(view.frames, view.pack, {id: min(days[id].values()) for id in inside}, others)


def _stages(view: View, lines: list[Line]) -> Element:
    counts = Counter(line.stage for line in lines)
    return p(".kpi-counts")[[span[view.say(_NAMES[one]), " ", strong[str(counts[one])]] for one in STAGES]]


def _effect(view: View, found: Effect) -> Element:
    note = view.say(_EFFECT_NOTE.format(weeks=str(DID_WEEKS)))
    title = view.say(_EFFECT)
    if found.change is None or found.low is None or found.high is None:
        few = _TOO_FEW.format(pilots=str(found.pilots), controls=str(found.controls), least=str(LEAST_GROUP))
        return panel(title, p(".nothing")[view.say(few)], p(".panel-note")[note])
    change, low, high = (Fraction(each) for each in (found.change, found.low, found.high))
    said = (_MORE if change >= 0 else _LESS).format(value=view.words.percent(abs(change)))
    interval = _INTERVAL.format(
        low=_signed(view, low), high=_signed(view, high), pilots=str(found.pilots), controls=str(found.controls)
    )
    return panel(
        title,
        p[strong[view.say(said)], " ", span(".report-mark")[view.say(_ESTIMATE)]],
        p[view.say(interval)],
        low <= 0 <= high and p[view.say(_CHANCE)],
        p(".panel-note")[note],
    )


def _signed(view: View, value: Fraction) -> str:
    return f"{'+' if value > 0 else ''}{view.words.percent(value)}"


def _projects(view: View, lines: list[Line]) -> Element:
    note = view.say(_COMPLETE_NOTE.format(least=str(LEAST_LEADS)))
    return panel(view.say(_PROJECTS), div(".kpis")[[_project(view, line) for line in lines]], note=note)


def _project(view: View, line: Line) -> Element:
    tone = _TONES.get(line.stage)
    return article(".kpi")[
        h3(".kpi-name")[line.project.name],
        span(class_=["kpi-value", {f"report-mark is-{tone}": bool(tone)}])[view.say(_NAMES[line.stage])],
        p(".kpi-line.panel-note")[" · ".join(_facts(view, line))],
        p(".kpi-line")[span(".kpi-trend")[_growth(view, line.growth)]],
    ]


def _facts(view: View, line: Line) -> Iterator[str]:
    words, days = view.words, days_in(line.since, view.as_of.date())
    since = _SINCE.format(days=str(days.value), day=f"{line.since}") if line.since else _NO_SINCE
    yield view.say(since)
    if line.since and line.project.rollout_stage and stage_of(line.project.rollout_stage) != line.stage:
        yield view.say(_SOURCE_SAYS.format(stage=view.say(_NAMES[stage_of(line.project.rollout_stage)])))
    yield view.say(_COMPLETE.format(value=words.number(line.complete, "percent")))
    yield view.say(_SOP.format(value=words.number(line.sop, "percent")))


def _growth(view: View, one: Growth) -> list[Node]:
    words = view.words
    weekly = [words.value(Fraction(each, 4), "score") for each in (one.now, one.before)]
    said = view.say(_GROWTH.format(now=weekly[0], before=weekly[1]))
    change = Fraction(one.change.value) if one.change.value is not None else None
    mark = change_mark(words.change(change, "higher", "other"), words) if change is not None else view.say(_FEW_LEADS)
    return [said, " ", mark]


def _form(view: View) -> Element:
    words = view.words
    projects = [(one.id, one.name) for one in view.snapshot.projects.values()]
    return form(".asked.no-print", method="post", action=view.address(f"{ROLLOUT}/stage"))[
        choice_field("project", _PROJECT, words, projects, ""),
        choice_field("stage", _STAGE, words, [(one, view.say(_NAMES[one])) for one in STAGES], "asked"),
        text_field("day", _DAY, words, type="date", required=True),
        text_field("note", _NOTE, words, maxlength=str(MOST_NOTE), autocomplete="off"),
        button(".button", type="submit")[view.say(_SAVE)],
    ]


def _move(site: "Site") -> Answer | tuple[str, int]:
    view = site.asked_view(page, site.world.reader.current() or abort(503))
    project = request.form.get("project", "")
    stage = next((one for one in STAGES if one == request.form.get("stage")), None)
    try:
        day = day_typed("day")
    except ValueError:
        day = None
    if project not in view.snapshot.projects or stage is None or day is None or day > view.as_of.date():
        return _show(site, _WRONG), 400
    move(site.world.store, project, Moved(stage, day, typed("note", MOST_NOTE), g.person.id, site.world.clock()))
    return redirect(view.address(ROLLOUT), 303)
