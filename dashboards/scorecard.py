"""记分卡: the KPIs of every plan, each plan under its own heading; measured or entered by hand, and how they stand against their pace."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING

from flask import abort, g, redirect, request
from htpy import Element, Node, a, article, button, div, form, h3, li, nav, p, span, strong, ul
from werkzeug.wrappers import Response as Answer

from components.plain_table import plain_table
from components.shell import glance, page_head, panel, part
from components.tile import change_mark
from components.words import Words, digits
from dashboards._door import FORM, Door, Policy
from dashboards._forms import choice_field, day_typed, problem, text_field, typed
from dashboards._kpis import Line, Scorecards, kpi_value
from dashboards._page import Page, View
from dashboards._roles import ROLE_NAMES
from dashboards._ways import MILESTONES, MILESTONES_WORD, SCORECARD, SCORECARD_ROLES, SCORECARD_WORD
from data_access.store.people import people
from data_access.store.scorecard import Plan, Set, enter, entered, is_filled, keep_plan, keep_setting, settings
from metrics.pack import KPI_SHARES, OWN_KPIS, KpiSpec, Label, ScorecardSpec
from metrics.query import Query, one
from metrics.reading import Reading
from metrics.rollout import latest_weeks
from metrics.scorecard import (
    LONGEST_NAME,
    Entered,
    Setting,
    Status,
    UnfitKpi,
    figure_typed,
    fit_setting,
    maturity,
    on_time,
)

if TYPE_CHECKING:
    from dashboards._site import Site

page = Page("scorecard", path=SCORECARD, title=SCORECARD_WORD, roles=SCORECARD_ROLES)
_READERS = Policy(SCORECARD_ROLES, document=True)
_KEEPERS = Policy(frozenset(("admin",)), document=True, accepts=FORM)
MOST_NOTE = 200

_KPIS = Label("指标", "KPIs")
_TEMPLATE = Label(
    "方案模板,原文数字;不是集团实测", "A plan's template with its own figures, not the group's measurements"
)
_BEGAN = Label(
    "起始 {first} · {months} 个月 · {nodes} 个节点 · {whom}", "From {first}, {months} months, {nodes} nodes, {whom}"
)
_BEGAN_PLAIN = Label("起始 {first} · {whom}", "From {first}, {whom}")
_NOT_BEGUN = Label("还没有填起始日,先不判进度 · {whom}", "No first day is given, so no pace is judged; {whom}")
_GROUP = Label("集团", "the group")
_OWN = Label("下面的实测只含本项目,不判进度", "What is measured here is your project alone, so no pace is judged")
_RULE = Label("怎么判", "The rule")
_RULE_SAID = Label(
    "从起始日的基线到各期目标连成直线。现在的值,按计划应在哪一天达到;从那天到今天 ÷ 计划总长 = 晚多少:"
    "10% 以内黄,10%–30% 橙,超过 30% 红;已到目标算达成。没有值、基线、目标或日期,原文矛盾(※),样本不足的,都不判。",
    "A straight line leads from the baseline on the first day to each step. On some day the plan wanted what stands today; the days "
    "since then ÷ the plan's length are how late it is: up to 10 % yellow, 10–30 % orange, more red; at the target it is reached. "
    "Without value, baseline, target or dates, with a document that contradicts itself (※) or too few cases, nothing is judged.",
)
_STATUS: dict[Status, tuple[Label, str]] = {
    "red": (Label("红 · 晚 {late}", "Red, {late} late"), "red"),
    "orange": (Label("橙 · 晚 {late}", "Orange, {late} late"), "orange"),
    "yellow": (Label("黄 · 晚 {late}", "Yellow, {late} late"), "yellow"),
    "on_pace": (Label("按进度", "On pace"), "green"),
    "reached": (Label("已达成", "Reached"), "green"),
    "unentered": (Label("未录入", "Not entered"), ""),
    "disputed": (Label("原文矛盾,不判", "Disputed, not judged"), ""),
    "no_target": (Label("未设目标", "No target"), ""),
    "no_baseline": (Label("缺基线,不判", "No baseline, not judged"), ""),
    "no_dates": (Label("缺起止日,不判", "No dates, not judged"), ""),
    "not_begun": (Label("未开始", "Not begun"), ""),
}
_COUNTS: tuple[tuple[Label, tuple[Status, ...]], ...] = (
    (Label("已达成", "Reached"), ("reached",)),
    (Label("按进度", "On pace"), ("on_pace",)),
    (Label("落后", "Late"), ("red", "orange", "yellow")),
    (Label("未录入", "Not entered"), ("unentered",)),
    (Label("不判", "Not judged"), ("disputed", "no_target", "no_baseline", "no_dates", "not_begun")),
)
_HIDDEN = Label("集团数值,只向集团显示", "A value of the group, shown to the group")
_ON_TIME = Label("按时率(达成与按进度 ÷ 已判):{said}", "On time (reached or on pace ÷ judged): {said}")
_FEW, _PART = Label("样本不足,不判", "Too few cases, not judged"), Label("不判(只含本项目)", "Not judged (own project)")
_NEEDS_START = Label("从起始日起累计;还没有填起始日", "Counted from the first day, which is not given")
_NOT_MEASURED = Label("暂无实测值", "Nothing measured yet")
_UNENTERED = Label("未录入", "Not entered")
_TARGET = Label("目标", "Target")
_BASELINE_FROM = Label("基线 {value}(来源:{source})", "Baseline {value} (source: {source})")
_NO_BASELINE = Label("基线 未给出", "No baseline given")
_GROWTH = Label("相对起点的变化", "Change against the start")
_TARGET_BY = Label("目标 {value}({by})", "Target {value} ({by})")
_NO_TARGET = Label("未设目标", "No target")
_NO_DUE = Label("未定截止日", "no deadline")
_MONTH = Label("第 {n} 个月", "month {n}")
_TOLD = Label("原文结果 {value}", "The document reports {value}")
_EXPECTED = Label("按计划今天应为 {value}", "Planned by today: {value}")
_OWNER, _NO_OWNER = Label("负责人 {name}", "Owner: {name}"), Label("未定负责人", "No owner")
_TREND = Label("趋势", "Trend")
_MEASURED = Label("实测:{metric}({days},{basis}{n})", "Measured: {metric} ({days}, {basis}{n})")
_OF_N = Label(",n={n}", ", n={n}")
_OWN_MEASURED = {
    "tool_usage": Label(
        "实测:上周登录过的人 ÷ 现可登录的人", "Measured: people who signed in last week ÷ people who may"
    ),
    "completeness": Label(
        "实测:近 4 周留电的顾问、渠道、评级,已填 ÷ 应填",
        "Measured: salesperson, channel and grade of leads of 4 weeks, filled in ÷ all",
    ),
}
_BY_HAND = Label("手工录入:{day},{who}", "Entered by hand: {day}, {who}")
_BASES = {"period": Label("当期口径", "period basis"), "cohort": Label("按留电批次", "by lead cohort")}
_NOW_DAYS, _SINCE = Label("当前", "now"), Label("自起始日", "since the first day")
_BACK = Label("返回记分卡", "Back to the scorecard")
_PLAN_FORM, _SAVE = Label("起始日与范围", "First day and scope"), Label("保存", "Save")
_START, _WHOM = Label("起始日", "First day"), Label("范围", "Scope")
_SET_FORM, _ENTER_FORM = (
    Label("负责人、基线、目标、截止日", "Owner, baseline, target, deadline"),
    Label("录入数值", "Enter a value"),
)
_KEEP_PLAN = Label("留空则用方案原文", "Left empty, the plan's own holds")
_HISTORY, _CHANGES = Label("录入历史", "Values entered"), Label("更改历史", "Changes")
_NO_HISTORY = Label("还没有录入", "Nothing entered yet")
_COMPUTED = Label("这一项由系统实测,不用录入", "This one is measured; nothing is to be entered")
_ENTRY = Label("{value} · {day} 的值", "{value}, of {day}")
_ENTRY_BY = Label("{who} 录于 {at}", "entered by {who}, {at}")
_CHANGED_BY = Label("{who} 改于 {at}", "changed by {who}, {at}")
_SOMEBODY = Label("已离职人员", "somebody who left")
_FIELDS = {
    "owner": Label("负责人", "Owner"),
    "baseline": Label("基线", "Baseline"),
    "baseline_source": Label("基线来源(改基线必填)", "Source of the baseline (required with one)"),
    "target": Label("目标", "Target"),
    "due": Label("截止日", "Deadline"),
    "value": Label("数值", "Value"),
    "day": Label("哪一天的值", "Of which day"),
    "note": Label("说明", "Note"),
}
_UNIT_HINT = {
    "percent": Label("如 15%", "such as 15%"),
    "growth": Label("较起点,如 18% 或 -45%", "against the start, such as 18% or -45%"),
    "hours": Label("小时", "hours"),
    "days": Label("天", "days"),
    "months": Label("月", "months"),
    "money": Label("元,可写 280万", "yuan"),
    "count": Label("个数", "a number"),
    "ratio": Label("倍数,如 1.2", "such as 1.2"),
    "score": Label("分", "points"),
}
_HINTED = Label("{name}({hint})", "{name} ({hint})")
_WRONG = {
    "percent": Label("请填百分数并带 %,如 15%。", "Give a share with its %, such as 15%."),
    "number": Label("请填数字,如 6.5 或 280万,不要负数。", "Give a number such as 6.5, not below 0."),
    "owner": Label("负责人最多 60 个字。", "The owner has up to 60 characters."),
    "baseline_source": Label("改了基线,请写明来源。", "With a baseline of your own, give its source."),
    "direction": Label("目标要比基线更好。", "The target has to be better than the baseline."),
    "due": Label(
        "截止日要晚于起始日;还没有起始日的请先填起始日。", "The deadline lies after the first day; give that first."
    ),
    "day": Label("日期不对:填不晚于今天的日期,如 2026-03-01。", "Give a day up to today, such as 2026-03-01."),
    "starts_on": Label("起始日不对,如 2026-01-01。", "Give a first day such as 2026-01-01."),
    "project": Label("没有这个项目。", "There is no such project."),
    "filled": Label(
        "已经录入了数值或设置,不能再改范围:集团的数不能变成一个项目的数。",
        "Values or settings are entered, so the scope stays: the group's figures cannot become a project's.",
    ),
}
_MATURITY = Label("数字化成熟度", "Maturity")
_MATURITY_NOTE = Label(
    "0–100,各项按权重合计;缺一项就不合计;率取近 4 个完整周",
    "0–100, weighed; without a part there is no total; rates are those of the last 4 full weeks",
)
_SHARE, _WEIGHT, _NOW = Label("项目", "Part"), Label("权重", "Weight"), Label("现在", "Now")
_MADE_OF = Label("分子 ÷ 分母", "Made of")
_OWN_SHARES = {
    "completeness": Label("ERP 完整度", "ERP completeness"),
    "tool_usage": Label("工具使用率", "Tool usage"),
    "kpis_entered": Label("记分卡有数的指标", "KPIs with a value"),
}
_TOOLS = Label("工具使用率", "Tool usage")
_TOOLS_NOTE = Label(
    "上一个完整周(周一至周日)登录过的人 ÷ 现在可登录的人;保持登录的人可能没有再登录,只会少算",
    "People who signed in during the last full week ÷ people who may now; who stayed signed in may be left out",
)
_ROLE, _PEOPLE, _SHARE_OF = Label("角色", "Role"), Label("登录 ÷ 可登录", "Signed in ÷ may"), Label("使用率", "Usage")
_WEEK_BEFORE, _EVERYBODY = Label("前一周", "Week before"), Label("合计", "All")
_PLANS = Label("方案", "Plans")


def add(site: "Site", door: Door) -> None:
    """Add the page, a page per KPI, and the forms."""
    door.route(SCORECARD, _READERS, partial(_show, site))
    door.route(f"{SCORECARD}/<plan>/<kpi>", _READERS, partial(_show_one, site))
    door.route(f"{SCORECARD}/<plan>", _KEEPERS, partial(_keep_plan, site), methods=("POST",))
    door.route(f"{SCORECARD}/<plan>/<kpi>/value", _KEEPERS, partial(_enter, site), methods=("POST",))
    door.route(f"{SCORECARD}/<plan>/<kpi>/setting", _KEEPERS, partial(_set, site), methods=("POST",))


@dataclass(frozen=True)
class Sheet:
    """What the pages are made from: the view, the plans, which one is shown, and the names of people by id."""

    view: View
    cards: Scorecards
    plan: str
    names: dict[str, str]
    local: Callable[[datetime], datetime]

    @property
    def spec(self) -> ScorecardSpec:
        """The plan that is shown."""
        return self.cards.specs[self.plan]

    @property
    def told(self) -> Plan:
        """When it began, and whom it is about."""
        return self.cards.told(self.plan)

    def say(self, label: Label) -> str:
        """A label in the viewer's language."""
        return self.view.say(label)

    def who(self, id: str) -> str:
        """A person's name."""
        return self.names.get(id) or self.say(_SOMEBODY)


def _sheet(site: "Site", plan: str | None) -> Sheet:
    """The sheet of a plan by name (None: the first there is); 404 for one this viewer cannot know."""
    view = site.asked_view(page, site.world.reader.current() or abort(503))
    cards = Scorecards(site.world, view)
    name = next(iter(cards.specs), None) if plan is None else plan
    if name not in cards.specs:
        abort(404)
    names = {one.id: one.name for one in people(site.world.store)}
    return Sheet(view, cards, name, names, site.world.boards.local)


# ---------------------------------------------------------------------------------------------------------------- the page


def _show(site: "Site", said: Label | None = None, plan: str | None = None) -> str:
    asked = request.args.get("plan")
    known = asked if asked in site.world.pack.scorecards else None
    sheet = _sheet(site, plan or known)
    view, lines = sheet.view, sheet.cards.lines(sheet.plan)
    body = glance(
        part("head", page_head(view.say(SCORECARD_WORD)), problem(said, view.words), _choices(sheet)),
        part("plan", _plan(sheet, lines)),
        part("kpis", _groups(sheet, lines)),
        part("rule", panel(view.say(_RULE), p[view.say(_RULE_SAID)])),
        part("maturity", _maturity(sheet)),
        part("tools", _tools(sheet)),
        div(".ways")[
            a(href=view.address(MILESTONES))[view.say(MILESTONES_WORD)], a(href=view.address("/"))[view.words.of("overview")]
        ],
    )  # fmt: skip
    title = f"{view.say(SCORECARD_WORD)} · {view.words.of('product')}"
    here = partial(view.address, SCORECARD, plan=sheet.plan)
    return site.framed(body, view, title, section="overview", here=here)


def _choices(sheet: Sheet) -> Element:
    """The plans as links; never two on one page."""
    return nav(".choices", aria_label=sheet.say(_PLANS))[
        [
            a(
                class_=["choice", {"is-chosen": name == sheet.plan}],
                href=sheet.view.address(SCORECARD, plan=name),
                aria_current="true" if name == sheet.plan else None,
            )[sheet.say(spec.label)]
            for name, spec in sheet.cards.specs.items()
        ]
    ]


def _plan(sheet: Sheet, lines: list[Line]) -> Element:
    stands = Counter(_status(sheet, line) for line in lines)
    counts = [(label, sum(stands[one] for one in some)) for label, some in _COUNTS]
    return panel(
        sheet.say(sheet.spec.label),
        p[_began(sheet)],
        p(".kpi-counts")[[span[sheet.say(label), " ", strong[str(n)]] for label, n in counts]],
        p[_on_time(sheet, stands)],
        not sheet.cards.is_whole(sheet.plan) and p(".panel-note")[sheet.say(_OWN)],
        g.person.role == "admin" and _plan_form(sheet),
        note=f"{sheet.say(sheet.spec.source)} · {sheet.say(_TEMPLATE)}",
    )


def _status(sheet: Sheet, line: Line) -> Status:
    """The status as counted: a reading that is not judged is not "not entered"."""
    is_left = line.judged.status == "unentered" and (
        line.hidden or line.measured is not None or line.now.value is not None
    )
    return "no_dates" if is_left else line.judged.status


def _on_time(sheet: Sheet, stands: Mapping[Status, int]) -> str:
    """KPIs on pace or there already ÷ all that are judged."""
    rate = on_time(stands)
    words, known = sheet.view.words, not rate.is_missing
    said = f"{words.quotient(rate, 'count')} = {words.number(rate, 'percent')}" if known else words.missing(rate)
    return sheet.say(_ON_TIME.format(said=said))


def _began(sheet: Sheet) -> str:
    told, spec = sheet.told, sheet.spec
    whom = (sheet.view.snapshot.project_name(told.project) if told.project else None) or sheet.say(_GROUP)
    if told.starts_on is None:
        return sheet.say(_NOT_BEGUN.format(whom=whom))
    first = told.starts_on.isoformat()
    label = _BEGAN if spec.nodes else _BEGAN_PLAIN
    return sheet.say(label.format(first=first, months=str(spec.months), nodes=str(spec.nodes), whom=whom))


def _plan_form(sheet: Sheet) -> Element:
    projects = [("", sheet.say(_GROUP)), *((one.id, one.name) for one in sheet.view.snapshot.projects.values())]
    told, words = sheet.told, sheet.view.words
    return form(".asked.no-print", method="post", action=sheet.view.address(f"{SCORECARD}/{sheet.plan}"))[
        strong[sheet.say(_PLAN_FORM)],
        text_field("starts_on", _START, words, value=_iso(told.starts_on), type="date"),
        choice_field("project", _WHOM, words, projects, told.project or ""),
        button(".button", type="submit")[sheet.say(_SAVE)],
    ]


def _groups(sheet: Sheet, lines: list[Line]) -> list[Node]:
    """The KPIs, under the headings of their groups where there are any."""
    return [
        panel(sheet.say(sheet.spec.groups.get(group, _KPIS)), div(".kpis")[[_kpi(sheet, line) for line in some]])
        for group, some in groupby(lines, key=lambda line: line.spec.group)
    ]


def _kpi(sheet: Sheet, line: Line) -> Element:
    spec = line.spec
    name = f"{sheet.say(spec.label)}{' ※' if line.kpi.disputed else ''}"
    href = sheet.view.address(f"{SCORECARD}/{sheet.plan}/{spec.id}")
    return article(".kpi")[
        h3(".kpi-name")[a(href=href)[name]],
        span(".kpi-value")[_value(sheet, line)],
        p(".kpi-line")[_mark(sheet, line), _trend(sheet, line)],
        [p(".panel-note.kpi-line")[said] for said in _facts(sheet, line)],
    ]


def _value(sheet: Sheet, line: Line) -> str:
    words = sheet.view.words
    if line.now.value is not None:
        return kpi_value(line.now.value, line.spec.format, words)
    if line.hidden:
        return "—"
    return sheet.say(_UNENTERED) if line.measured is None else words.missing(line.now)


def _mark(sheet: Sheet, line: Line) -> Node:
    """How it stands; nothing where the value itself says that it is not entered."""
    status = line.judged.status
    if status == "unentered" and line.measured is None and not line.hidden:
        return None
    label, tone = _STATUS[status]
    if line.hidden:
        label = _HIDDEN
    elif status == "unentered" and line.measured and line.now.value is None:
        label = _NEEDS_START if line.now.missing == "not_yet" else _NOT_MEASURED
    elif status == "unentered" and line.now.value is not None:
        label = _PART if not sheet.cards.is_whole(sheet.plan) else _FEW
    late = sheet.view.words.percent(line.judged.lateness) if line.judged.lateness is not None else ""
    return span(class_=["report-mark", {f"is-{tone}": bool(tone)}])[sheet.say(label.format(late=late))]


def _trend(sheet: Sheet, line: Line) -> Node:
    """How it changed against the days before, or against the value entered before."""
    now, before = line.now.value, line.before.value
    if now is None or before is None:
        return None
    is_share = line.spec.format in KPI_SHARES
    difference = Fraction(now) - Fraction(before)
    change = difference if is_share else (difference / before if before > 0 else None)
    said = sheet.view.words.change(change, line.spec.better, "percent" if is_share else "other")
    return span(".kpi-trend")[sheet.say(_TREND), " ", change_mark(said, sheet.view.words)]


def _facts(sheet: Sheet, line: Line) -> Iterable[str]:
    """What has to be known about a KPI, line by line."""
    words, kpi, form = sheet.view.words, line.kpi, line.spec.format
    told = [f"{_baseline(sheet, line)} → {_target(sheet, line)}"]
    if line.spec.told is not None:
        told = [sheet.say(_TOLD.format(value=kpi_value(line.spec.told, form, words)))]
    if line.judged.expected is not None and line.judged.status != "reached":
        told.append(sheet.say(_EXPECTED.format(value=kpi_value(line.judged.expected, form, words))))
    owner = sheet.say(_OWNER.format(name=kpi.owner) if kpi.owner else _NO_OWNER)
    yield " · ".join(told)
    yield " · ".join((owner, *_source(sheet, line)))
    if line.spec.note.zh:
        yield sheet.say(line.spec.note)


def _baseline(sheet: Sheet, line: Line) -> str:
    if line.kpi.baseline is None:
        return sheet.say(_NO_BASELINE)
    if line.spec.format == "growth" and not line.kpi.baseline_source:
        return sheet.say(_GROWTH)
    source = line.kpi.baseline_source or sheet.say(sheet.spec.source)
    value = kpi_value(line.kpi.baseline, line.spec.format, sheet.view.words)
    return sheet.say(_BASELINE_FROM.format(value=value, source=source))


def _target(sheet: Sheet, line: Line) -> str:
    """Every step with its day, or with its month while the plan has no first day."""
    if not line.kpi.steps:
        return sheet.say(_NO_TARGET)
    own = len(line.kpi.steps) != len(line.spec.steps)
    months = [0] * len(line.kpi.steps) if own else [month for month, _ in line.spec.steps]
    said = []
    for (day, value), month in zip(line.kpi.steps, months, strict=True):
        by = day.isoformat() if day else sheet.say(_MONTH.format(n=str(month)) if month else _NO_DUE)
        said.append(sheet.say(_TARGET_BY.format(value=kpi_value(value, line.spec.format, sheet.view.words), by=by)))
    return " → ".join(said)


def _source(sheet: Sheet, line: Line) -> list[str]:
    """Where the value is from: the metric with its days, basis and n, or who entered it and when."""
    if line.measured is not None:
        return [_metric(sheet, line)]
    one = line.entered
    return [sheet.say(_BY_HAND.format(day=one.day.isoformat(), who=sheet.who(one.by)))] if one else []


def _metric(sheet: Sheet, line: Line) -> str:
    found, view = line.measured, sheet.view
    assert found is not None
    if line.spec.metric in OWN_KPIS:
        quotient = view.words.quotient(found.now, "percent")
        return sheet.say(_OWN_MEASURED[line.spec.metric]) + (f" = {quotient}" if quotient else "")
    days = sheet.say(_SINCE if line.spec.over else _NOW_DAYS)
    if found.span:
        days = view.words.span(found.span.first, found.span.last)
    n = sheet.say(_OF_N.format(n=digits(found.now.n))) if found.now.n is not None else ""
    name, basis = sheet.say(view.pack.metric(line.spec.metric).label), sheet.say(_BASES[found.basis])
    return sheet.say(_MEASURED.format(metric=name, days=days, basis=basis, n=n))


# ------------------------------------------------------------------------------------------------------ maturity and tools


def _maturity(sheet: Sheet) -> Node:
    """How far the programme has come, part by part with its weight."""
    parts = sheet.view.pack.maturity
    if not parts:
        return None
    shares = {one.share: _share(sheet, one.share) for one in parts}
    total, words = maturity(parts, shares), sheet.view.words
    said = digits(total.value * 100, 1) if total.value is not None else words.missing(total)
    rows: list[tuple[Node, list[Node]]] = [
        (sheet.say(_share_name(sheet.view, one.share)), [digits(one.weight), _share_said(shares[one.share], words), words.quotient(shares[one.share], "percent")])
        for one in parts
    ]  # fmt: skip
    heads = [sheet.say(one) for one in (_SHARE, _WEIGHT, _NOW, _MADE_OF)]
    title = sheet.say(_MATURITY)
    return panel(title, p(".report-word")[said], plain_table(title, heads, rows), note=sheet.say(_MATURITY_NOTE))


def _share_name(view: View, name: str) -> Label:
    return _OWN_SHARES[name] if name in _OWN_SHARES else view.pack.metric(name).label


def _share_said(reading: Reading, words: Words) -> str:
    return words.number(reading, "percent")


def _share(sheet: Sheet, name: str) -> Reading:
    """One share: of the viewer's scope, over the last four full weeks where it is a metric."""
    view = sheet.view
    where = view.scope.where
    if name == "completeness":
        return sheet.cards.completeness(where)
    if name == "tool_usage":
        return sheet.cards.usage(1, where)[""]
    if name == "kpis_entered":
        return sheet.cards.entered_share()
    span = latest_weeks(view.as_of.date())
    return one(view.frames, view.pack, name, Query((name,), span, where=where))


def _tools(sheet: Sheet) -> Element:
    """Who signed in, by role, last week and the week before."""
    words, where = sheet.view.words, sheet.view.scope.where
    now, before = (sheet.cards.usage(back, where) for back in (1, 2))
    rows: list[tuple[Node, list[Node]]] = [
        (sheet.say(ROLE_NAMES[role] if role else _EVERYBODY), [words.quotient(now[role], "percent"), _share_said(now[role], words), _share_said(before[role], words)])
        for role in sorted(now, key=lambda role: (not role, role))
    ]  # fmt: skip
    heads = [sheet.say(label) for label in (_ROLE, _PEOPLE, _SHARE_OF, _WEEK_BEFORE)]
    title = sheet.say(_TOOLS)
    return panel(title, plain_table(title, heads, rows), note=sheet.say(_TOOLS_NOTE))


# -------------------------------------------------------------------------------------------------------------- one KPI


def _show_one(site: "Site", plan: str, kpi: str, said: Label | None = None) -> str:
    sheet = _sheet(site, plan)
    line = next((one for one in sheet.cards.lines(plan) if one.spec.id == kpi), None) or abort(404)
    view, keeps = sheet.view, g.person.role == "admin"
    known = [] if line.hidden else entered(site.world.store, plan).get(kpi, [])
    changes = settings(site.world.store, plan).get(kpi, [])
    name = view.say(line.spec.label)
    body = glance(
        part("head", page_head(name, subtitle=view.say(sheet.spec.label)), problem(said, view.words)),
        part("kpi", _kpi(sheet, line)),
        keeps and part("set", panel(view.say(_SET_FORM), _setting_form(sheet, line, changes), note=view.say(_KEEP_PLAN))),
        part("values", panel(view.say(_HISTORY), _values(sheet, line, known), keeps and not line.spec.metric and _value_form(sheet, line))),
        bool(changes) and part("changes", panel(view.say(_CHANGES), _changed(sheet, line.spec, changes))),
        div(".ways")[a(href=view.address(SCORECARD, plan=plan))[view.say(_BACK)]],
    )  # fmt: skip
    title = f"{name} · {view.words.of('product')}"
    return site.framed(body, view, title, section="overview", here=partial(view.address, f"{SCORECARD}/{plan}/{kpi}"))


def _setting_form(sheet: Sheet, line: Line, changes: list[Set]) -> Element:
    now, words, spec = changes[-1].setting if changes else Setting(), sheet.view.words, line.spec
    return form(".asked", method="post", action=sheet.view.address(f"{SCORECARD}/{sheet.plan}/{spec.id}/setting"))[
        text_field("owner", _FIELDS["owner"], words, value=now.owner, maxlength=str(LONGEST_NAME), autocomplete="off"),
        _figure_field("baseline", sheet, spec, now.baseline),
        text_field("baseline_source", _FIELDS["baseline_source"], words, value=now.baseline_source, maxlength=str(MOST_NOTE)),
        _figure_field("target", sheet, spec, now.target),
        text_field("due", _FIELDS["due"], words, value=_iso(now.due), type="date"),
        button(".button", type="submit")[sheet.say(_SAVE)],
    ]  # fmt: skip


def _figure_field(name: str, sheet: Sheet, spec: KpiSpec, value: Fraction | None, **more: bool) -> Element:
    hint = _HINTED.format(name=sheet.say(_FIELDS[name]), hint=sheet.say(_UNIT_HINT[spec.format]))
    return text_field(name, hint, sheet.view.words, value=_typed_back(value, spec.format), autocomplete="off", **more)


def _typed_back(value: Fraction | None, form: str) -> str:
    """A figure exactly as it could have been typed."""
    if value is None:
        return ""
    shown = value * 100 if form in KPI_SHARES else value
    text = f"{shown.numerator}" if shown.denominator == 1 else digits(shown, 6).replace(",", "").rstrip("0")
    return f"{text}%" if form in KPI_SHARES else text


def _value_form(sheet: Sheet, line: Line) -> Element:
    words, spec = sheet.view.words, line.spec
    return form(".asked", method="post", action=sheet.view.address(f"{SCORECARD}/{sheet.plan}/{spec.id}/value"))[
        strong[sheet.say(_ENTER_FORM)],
        _figure_field("value", sheet, spec, None, required=True),
        text_field("day", _FIELDS["day"], words, value=_iso(sheet.view.as_of.date()), type="date", required=True),
        text_field("note", _FIELDS["note"], words, maxlength=str(MOST_NOTE), autocomplete="off"),
        button(".button", type="submit")[sheet.say(_SAVE)],
    ]


def _values(sheet: Sheet, line: Line, known: list[Entered]) -> Node:
    if line.spec.metric:
        return p(".nothing")[sheet.say(_COMPUTED)]
    if not known:
        return p(".nothing")[sheet.say(_HIDDEN if line.hidden else _NO_HISTORY)]
    return ul[[_entry(sheet, line.spec, one) for one in known]]


def _entry(sheet: Sheet, spec: KpiSpec, one: Entered) -> Element:
    said = _ENTRY.format(value=kpi_value(one.value, spec.format, sheet.view.words), day=one.day.isoformat())
    by = _ENTRY_BY.format(who=sheet.who(one.by), at=f"{sheet.local(one.at):%Y-%m-%d %H:%M}")
    return li(".entry")[strong[sheet.say(said)], one.note and p[one.note], p(".panel-note")[sheet.say(by)]]


def _changed(sheet: Sheet, spec: KpiSpec, changes: list[Set]) -> Element:
    return ul[
        [
            li(".entry")[
                p[" · ".join(_setting_said(sheet, spec, one.setting)) or sheet.say(_KEEP_PLAN)],
                p(".panel-note")[sheet.say(_CHANGED_BY.format(who=sheet.who(one.by), at=f"{sheet.local(one.at):%Y-%m-%d %H:%M}"))],
            ]
            for one in reversed(changes)
        ]
    ]  # fmt: skip


def _setting_said(sheet: Sheet, spec: KpiSpec, one: Setting) -> Iterable[str]:
    if one.owner:
        yield sheet.say(_OWNER.format(name=one.owner))
    if one.baseline is not None:
        value = kpi_value(one.baseline, spec.format, sheet.view.words)
        yield sheet.say(_BASELINE_FROM.format(value=value, source=one.baseline_source))
    if one.target is not None:
        yield f"{sheet.say(_TARGET)} {kpi_value(one.target, spec.format, sheet.view.words)}"
    if one.due is not None:
        yield f"{sheet.say(_FIELDS['due'])} {one.due.isoformat()}"


# ----------------------------------------------------------------------------------------------------------- what is sent


def _keep_plan(site: "Site", plan: str) -> Answer | tuple[str, int]:
    sheet = _sheet(site, plan)
    try:
        starts_on = day_typed("starts_on")
    except ValueError:
        return _show(site, _WRONG["starts_on"], plan), 400
    project = request.form.get("project", "")
    if project and project not in sheet.view.snapshot.projects:
        return _show(site, _WRONG["project"], plan), 400
    if (project or None) != sheet.told.project and is_filled(site.world.store, plan):
        return _show(site, _WRONG["filled"], plan), 409
    keep_plan(site.world.store, plan, Plan(starts_on, project or None), g.person.id, site.world.clock())
    return redirect(sheet.view.address(SCORECARD, plan=plan), 303)


def _set(site: "Site", plan: str, kpi: str) -> Answer | tuple[str, int]:
    sheet, spec = _asked(site, plan, kpi)
    try:
        one = fit_setting(spec, sheet.spec, sheet.told.starts_on, _told_setting(spec))
    except UnfitKpi as unfit:
        return _show_one(site, plan, kpi, _WRONG[unfit.reason]), 400
    keep_setting(site.world.store, (plan, kpi), one, g.person.id, site.world.clock())
    return redirect(sheet.view.address(f"{SCORECARD}/{plan}/{kpi}"), 303)


def _enter(site: "Site", plan: str, kpi: str) -> Answer | tuple[str, int]:
    sheet, spec = _asked(site, plan, kpi)
    if spec.metric:
        abort(404)
    try:
        value, day = figure_typed(request.form.get("value", ""), spec.format), _day("day")
        if day is None or day > sheet.view.as_of.date():
            raise UnfitKpi("day")
    except UnfitKpi as unfit:
        return _show_one(site, plan, kpi, _WRONG[unfit.reason]), 400
    enter(site.world.store, (plan, kpi), Entered(value, day, typed("note", MOST_NOTE), g.person.id, site.world.clock()))
    return redirect(sheet.view.address(f"{SCORECARD}/{plan}/{kpi}"), 303)


def _asked(site: "Site", plan: str, kpi: str) -> tuple[Sheet, KpiSpec]:
    sheet = _sheet(site, plan)
    return sheet, next((one for one in sheet.spec.kpis if one.id == kpi), None) or abort(404)


def _told_setting(spec: KpiSpec) -> Setting:
    figures = {name: request.form.get(name, "").strip() for name in ("baseline", "target")}
    baseline, target = (figure_typed(text, spec.format) if text else None for text in figures.values())
    due = _day("due")
    source = typed("baseline_source", MOST_NOTE)
    return Setting(typed("owner", LONGEST_NAME + 1), baseline, source, target, due)


def _day(name: str) -> date | None:
    """A day of the form; UnfitKpi with the field's name."""
    try:
        return day_typed(name)
    except ValueError:
        raise UnfitKpi(name) from None


def _iso(day: date | None) -> str:
    return day.isoformat() if day else ""
