"""里程碑: the nodes of plans and the source's milestones as a Gantt chart and a list, with what is late and the critical path."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial
from typing import TYPE_CHECKING

from flask import abort, g, redirect
from htpy import Element, Node, a, article, button, details, div, form, p, span, strong, summary
from werkzeug.wrappers import Response as Answer

from components.gantt import Row, gantt
from components.shell import glance, page_head, panel, part
from components.words import digits
from dashboards._door import FORM, Door, Policy
from dashboards._forms import day_typed, problem, text_field, typed
from dashboards._kpis import Scorecards
from dashboards._page import Page, View
from dashboards._ways import MILESTONES, MILESTONES_WORD, SCORECARD, SCORECARD_ROLES, SCORECARD_WORD
from data_access.store.people import people
from data_access.store.scorecard import accept, nodes
from metrics.milestones import Accepted, Schedule, Task, on_time, plan_milestones, schedule, schedules
from metrics.pack import Label, ScorecardSpec
from metrics.scope import PROJECT_ROLES

if TYPE_CHECKING:
    from dashboards._site import Site

page = Page("milestones", path=MILESTONES, title=MILESTONES_WORD, roles=PROJECT_ROLES)
_READERS = Policy(PROJECT_ROLES, document=True)
_KEEPERS = Policy(frozenset(("admin",)), document=True, accepts=FORM)
MOST_NOTE = 200
_NODE = Label("节点 {n} / {of}", "Node {n} of {of}")
_GROUP = Label("集团", "The group")
_NONE = Label("没有里程碑", "No milestones")
_ABSENT = Label("数据源没有里程碑(milestone)", "The source has no milestones")
_NOT_BEGUN = Label("还没有填起始日,排不出节点", "No first day is given, so its nodes have no days")
_PLAN_NOTE = Label("{source} · 按月等分为 {n} 个节点", "{source}; cut into {n} equal nodes")
_SOURCE_NOTE = Label("来自数据源", "From the source")
_RULE = Label("怎么判", "The rule")
_RULE_SAID = Label(
    "延误天数(完成日或今天 − 计划完成日)÷ 计划工期:不到 10% 黄,10%–30% 橙,超过 30% 红。未完成且超过 5%,上报一级。"
    "关键路径:前后相接的任务里计划工期合计最长的一串;它晚一天,整体晚一天。",
    "Days late (end or today − planned end) ÷ planned length: under 10 % yellow, 10–30 % orange, over 30 % red. Open and over 5 %: one level up. "
    "The critical path is the chain of tasks waiting for each other that takes longest; a day late there is a day late for all.",
)
_ON_TIME = Label("按时率:{said}", "On time: {said}")
_ON_TIME_RULE = Label(
    "计划完成日已过的任务,按时完成 ÷ 全部", "Of tasks whose planned end has passed, ended in time ÷ all"
)
_LATE = Label("未完成且晚:{said}", "Open and late: {said}")
_NOTHING_LATE = Label("未完成的任务都没有延误", "Nothing open is late")
_PATH = Label("关键路径 {days} 天:{names}", "Critical path, {days} days: {names}")
_ALL_OF_THEM = Label("全部 {n} 项依次相接", "all {n} one after another")
_NO_PATH = Label("没有前后关系,无关键路径", "No task waits for another, so there is no critical path")
_CIRCLE = Label("互相等待、排不进路径:{names}", "Waiting for each other, on no path: {names}")
_COLOURS = {
    "red": Label("红", "Red"),
    "orange": Label("橙", "Orange"),
    "yellow": Label("黄", "Yellow"),
}
_IS_LATE = Label("{colour} · 晚 {days} 天({share})", "{colour}, {days} days late ({share})")
_UP = Label("滑期超 5%,上报一级", "Over 5 %: one level up")
_DONE, _OPEN, _AHEAD = Label("按时完成", "Done in time"), Label("进行中", "Under way"), Label("未开始", "Not begun")
_CRITICAL = Label("关键路径", "Critical path")
_PLANNED = Label("计划 {first} 至 {last}({days} 天)", "Planned {first} to {last} ({days} days)")
_ENDED = Label("完成 {day}", "Ended {day}")
_PARENT, _WAITS = Label("属于 {name}", "Part of {name}"), Label("等待 {names}", "Waits for {names}")
_OWNER = Label("责任人 {name}", "Owner: {name}")
_ACCEPTANCE = Label("验收:{said}", "Acceptance: {said}")
_ACCEPTED = Label("已验收 {day}", "accepted {day}")
_NOT_ACCEPTED = Label("未验收", "not accepted")
_BY = Label("{name} 登记", "entered by {name}")
_ACCEPT, _SAVE = Label("验收", "Accept"), Label("保存", "Save")
_DONE_ON = Label("完成日(留空为未完成)", "Done on (empty: not done)")
_NOTE = Label("验收说明", "Acceptance")
_WRONG = Label("完成日不对:填不晚于今天的日期,如 2026-03-01。", "Give a day up to today, such as 2026-03-01.")
_PROJECTS = Label("各项目", "Projects")
_COUNT = Label("共 {n} 项", "{n} in all")
_SOMEBODY = Label("已离职人员", "somebody who left")


def add(site: "Site", door: Door) -> None:
    """Add the page and the acceptance of a plan's node."""
    door.route(MILESTONES, _READERS, partial(_show, site))
    door.route(f"{MILESTONES}/<plan>/<node>", _KEEPERS, partial(_accept, site), methods=("POST",))


@dataclass(frozen=True)
class Sheet:
    """What the page is made from: the view, the plans with their accepted nodes, today, and names of people by id."""

    view: View
    cards: Scorecards
    accepted: dict[tuple[str, int], Accepted]
    today: date
    names: dict[str, str]
    local: Callable[[datetime], datetime]

    def say(self, label: Label) -> str:
        """A label in the viewer's language."""
        return self.view.say(label)


def _sheet(site: "Site") -> Sheet:
    view = site.asked_view(page, site.world.reader.current() or abort(503))
    names = {one.id: one.name for one in people(site.world.store)}
    accepted = dict(nodes(site.world.store))
    return Sheet(view, Scorecards(site.world, view), accepted, view.as_of.date(), names, site.world.boards.local)


def _show(site: "Site", said: Label | None = None) -> str:
    sheet = _sheet(site)
    view = sheet.view
    body = glance(
        part("head", page_head(view.say(MILESTONES_WORD), subtitle=view.say(_SOURCE_NOTE)), problem(said, view.words)),
        part("source", _source(sheet)),
        part("plans", _plans(sheet)) if view.where.project is None or not view.scope.sees_group else None,
        part("rule", panel(view.say(_RULE), p[view.say(_RULE_SAID)])),
        div(".ways")[
            view.scope.role in SCORECARD_ROLES and a(href=view.address(SCORECARD))[view.say(SCORECARD_WORD)],
            view.filters.project and view.scope.sees_group and a(href=view.address(MILESTONES, project=""))[view.say(_PROJECTS)],
            a(href=view.address("/"))[view.words.of("overview")],
        ],
    )  # fmt: skip
    title = f"{view.say(MILESTONES_WORD)} · {view.words.of('product')}"
    return site.framed(body, view, title, section="overview", here=partial(view.address, MILESTONES))


# ------------------------------------------------------------------------------------------------------------ the source


def _source(sheet: Sheet) -> Node:
    """The chosen projects' milestones; with nothing chosen those of the group, and one line per project."""
    view = sheet.view
    if "milestones_due" in view.snapshot.absent:
        return p(".nothing")[view.say(_ABSENT)]
    wanted = view.where.project
    inside = [one for one in view.snapshot.milestones if wanted is None or one.project in wanted]
    found = schedules(inside, sheet.today)
    if not found:
        return p(".nothing")[view.say(_NONE)]
    if wanted is not None:
        return [_panel(sheet, one, _project_name(view, one.project)) for one in found]
    of_group, projects = ([one for one in found if (one.project is None) == is_group] for is_group in (True, False))
    return [
        [_panel(sheet, one, view.say(_GROUP)) for one in of_group],
        panel(view.say(_PROJECTS), div(".kpis")[[_line(sheet, one) for one in projects]]) if projects else None,
    ]


def _project_name(view: View, id: str | None) -> str:
    return (view.snapshot.project_name(id) if id else None) or view.words.of("unassigned")


def _line(sheet: Sheet, one: Schedule) -> Element:
    """One project in a list: how many tasks, and how many are late."""
    return a(".task-row", href=sheet.view.address(MILESTONES, project=one.project or ""))[
        span[_project_name(sheet.view, one.project)],
        span[
            [_dot(sheet, colour, n) for colour, n in one.open_late.items()],
            span(".panel-note")[sheet.say(_COUNT.format(n=str(len(one.tasks))))],
        ],
    ]


def _dot(sheet: Sheet, colour: str, n: int) -> Element:
    return span(f".report-mark.is-{colour}")[f"{sheet.say(_COLOURS[colour])} {n} "]


def _panel(sheet: Sheet, one: Schedule, title: str, note: str = "", plan: str = "") -> Element:
    names = {task.milestone.id: task.milestone.name for task in one.tasks}
    return panel(
        title,
        [p[said] for said in _told(sheet, one, names)],
        gantt([_row(task, sheet.today) for task in one.tasks], sheet.today, title),
        div(".kpis")[[_task(sheet, task, names, plan) for task in one.tasks]],
        note=note,
    )


def _told(sheet: Sheet, one: Schedule, names: dict[str, str]) -> Iterator[str]:
    """What a schedule says in words: on time, late, the critical path, circles."""
    view, rate = sheet.view, on_time(one.tasks, sheet.today)
    said = view.words.missing(rate)
    if not rate.is_missing:
        said = f"{view.words.quotient(rate, 'count')} = {view.words.number(rate, 'percent')}"
    yield f"{sheet.say(_ON_TIME.format(said=said))} · {sheet.say(_ON_TIME_RULE)}"
    late = " · ".join(f"{sheet.say(_COLOURS[colour])} {n}" for colour, n in one.open_late.items())
    yield sheet.say(_LATE.format(said=late)) if late else sheet.say(_NOTHING_LATE)
    path = " → ".join(names[id] for id in one.path)
    if len(one.path) == len(one.tasks):
        path = sheet.say(_ALL_OF_THEM.format(n=str(len(one.path))))
    yield sheet.say(_PATH.format(days=str(one.critical_days), names=path) if path else _NO_PATH)
    if one.circular:
        yield sheet.say(_CIRCLE.format(names="、".join(names[id] for id in one.circular)))


def _row(task: Task, today: date) -> Row:
    one = task.milestone
    until = one.actual_end or (today if task.days_late else None)
    return Row(one.id, one.name, task.depth, one.planned_start, one.planned_end, until, task.colour, task.is_done, task.is_critical, task.waits_for)  # fmt: skip


def _task(sheet: Sheet, task: Task, names: dict[str, str], plan: str) -> Element:
    one = task.milestone
    return article(".task")[
        p(".task-head")[
            strong[one.name],
            _state(sheet, task),
            task.escalates and span(".report-mark.is-red")[sheet.say(_UP)],
            task.is_critical and span(".report-mark.is-accent")[sheet.say(_CRITICAL)],
        ],
        [p(".panel-note")[said] for said in _facts(sheet, task, names)],
        plan and g.person.role == "admin" and _acceptance(sheet, task, plan),
    ]


def _state(sheet: Sheet, task: Task) -> Element:
    if task.colour:
        late = _IS_LATE.format(
            colour=sheet.say(_COLOURS[task.colour]), days=str(task.days_late), share=sheet.view.words.percent(task.lateness)
        )  # fmt: skip
        return span(f".report-mark.is-{task.colour}")[sheet.say(late)]
    if task.is_done:
        return span(".report-mark.is-green")[sheet.say(_DONE)]
    return span(".report-mark")[sheet.say(_OPEN if task.milestone.planned_start <= sheet.today else _AHEAD)]


def _facts(sheet: Sheet, task: Task, names: dict[str, str]) -> Iterator[str]:
    """Days, what it is a part of and waits for, owner and acceptance, line by line."""
    one = task.milestone
    days = (one.planned_end - one.planned_start).days
    told = [_PLANNED.format(first=one.planned_start.isoformat(), last=one.planned_end.isoformat(), days=digits(days))]
    if one.actual_end:
        told.append(_ENDED.format(day=one.actual_end.isoformat()))
    yield " · ".join(sheet.say(each) for each in told)
    linked = [_PARENT.format(name=names[one.parent_id])] if one.parent_id in names else []
    if task.waits_for:
        linked.append(_WAITS.format(names="、".join(names[id] for id in task.waits_for)))
    owner = sheet.view.snapshot.staff_name(one.owner_id) if one.owner_id else None
    if owner:
        linked.append(_OWNER.format(name=owner))
    if linked:
        yield " · ".join(sheet.say(each) for each in linked)
    if one.acceptance or one.accepted_at:
        said = [sheet.say(_ACCEPTANCE.format(said=one.acceptance))] if one.acceptance else []
        yield " · ".join([*said, sheet.say(_accepted(one.accepted_at))])


def _accepted(at: datetime | None) -> Label:
    return _ACCEPTED.format(day=f"{at:%Y-%m-%d}") if at else _NOT_ACCEPTED


# ------------------------------------------------------------------------------------------------------- nodes of plans


def _plans(sheet: Sheet) -> list[Node]:
    """The plans that are cut into nodes, each on its own, as far as the viewer's scope holds them."""
    cards = sheet.cards
    return [_plan(sheet, name, spec) for name, spec in cards.specs.items() if spec.nodes and cards.is_whole(name)]


def _plan(sheet: Sheet, name: str, spec: ScorecardSpec) -> Element:
    start = sheet.cards.told(name).starts_on
    note = sheet.say(_PLAN_NOTE.format(source=sheet.say(spec.source), n=str(spec.nodes)))
    if start is None:
        link = a(href=sheet.view.address(SCORECARD, plan=name))[sheet.say(SCORECARD_WORD)]
        return panel(sheet.say(spec.label), p(".nothing")[sheet.say(_NOT_BEGUN)], div(".ways")[link], note=note)
    done = {node: replace(one, at=sheet.local(one.at)) for (plan, node), one in sheet.accepted.items() if plan == name}
    told = plan_milestones(spec, start, done, sheet.say(_NODE))
    return _panel(sheet, schedule(None, told, sheet.today), sheet.say(spec.label), note, name)


def _acceptance(sheet: Sheet, task: Task, plan: str) -> Element:
    """The form by which an analyst accepts a node, or takes that back."""
    node = task.milestone.id.rpartition("/")[2]
    kept, words = sheet.accepted.get((plan, int(node))), sheet.view.words
    by = sheet.names.get(kept.by) or sheet.say(_SOMEBODY) if kept else ""
    return details(".no-print")[
        summary[sheet.say(_ACCEPT)],
        p(".panel-note")[sheet.say(_BY.format(name=by))] if kept else None,
        form(".asked", method="post", action=sheet.view.address(f"{MILESTONES}/{plan}/{node}"))[
            text_field("day", _DONE_ON, words, type="date", value=kept.done_on.isoformat() if kept else ""),
            text_field("note", _NOTE, words, value=kept.note if kept else "", maxlength=str(MOST_NOTE), autocomplete="off"),
            button(".button", type="submit")[sheet.say(_SAVE)],
        ],
    ]  # fmt: skip


def _accept(site: "Site", plan: str, node: str) -> Answer | tuple[str, int]:
    sheet = _sheet(site)
    spec = sheet.cards.specs.get(plan)
    if spec is None or node not in {str(at + 1) for at in range(spec.nodes)}:
        abort(404)
    try:
        day = day_typed("day")
        if day is not None and day > sheet.today:
            raise ValueError(day)
    except ValueError:
        return _show(site, _WRONG), 400
    accept(site.world.store, plan, int(node), day, typed("note", MOST_NOTE), g.person.id, site.world.clock())
    return redirect(sheet.view.address(MILESTONES), 303)
