"""预算: each project's budget with its band, what was spent of it, and what channels and experiments brought for their money."""

from datetime import date
from fractions import Fraction
from functools import partial
from typing import TYPE_CHECKING

from flask import abort, request
from htpy import Element, Node, a, article, div, h3, nav, p, span, strong

from components.plain_table import plain_table, quiet, with_note
from components.shell import glance, page_head, panel, part
from components.tile import change_mark
from components.words import digits
from dashboards._door import Door, Policy
from dashboards._page import Page, View
from dashboards._ways import BUDGET, BUDGET_WORD, EXPERIMENTS, EXPERIMENTS_WORD, SCORECARD_ROLES
from dashboards.experiments import initiative_said
from data_access.store.experiments import KeptExperiment, experiments
from metrics.pack import Label, Rule
from metrics.periods import Span
from metrics.scope import GROUP_ROLES
from metrics.spending import (
    LEAST_CONTRACTS,
    Line,
    Return,
    Stands,
    budget_lines,
    budget_rule,
    budget_spans,
    returns,
    whole,
)

if TYPE_CHECKING:
    from dashboards._site import Site

page = Page("budget", path=BUDGET, title=BUDGET_WORD, roles=SCORECARD_ROLES)
_SPANS = Label("预算期", "Budget periods")
_NONE = Label("没有预算", "No budgets")
_BASIS = Label("投放截至昨天;进度按天数平均摊", "Spend up to yesterday; what is due is spread evenly over the days")
_WHOLE = Label("合计", "In all")
_WHOLE_SAID = Label(
    "已投放 {spent} · 到昨天应花 {planned} · 预算 {amount}",
    "{spent} spent, {planned} due by yesterday, {amount} in all",
)
_PROJECTS = Label("各项目", "Projects")
_PROJECT_SAID = Label("应花 {planned} · 预算 {amount}", "{planned} due, {amount} in all")
_BAND_NOTE = Label(
    "弹性带:偏离进度超过 ±{limit} 为超支或偏低", "The band: more than ±{limit} off what is due is over or under"
)
_STANDS: dict[Stands, tuple[Label, str]] = {
    "inside": (Label("正常 {change}", "Within, {change}"), "green"),
    "over": (Label("超支 {change}", "Over, {change}"), "red"),
    "under": (Label("偏低 {change}", "Under, {change}"), "orange"),
    "unknown": (Label("投放无数据", "Spend unknown"), ""),
}
_COUNTS = {
    "inside": Label("正常", "Within"),
    "over": Label("超支", "Over"),
    "under": Label("偏低", "Under"),
    "unknown": Label("无数据", "Unknown"),
}
_ROI = Label("渠道产出", "Return by channel")
_ROI_NOTE = Label(
    "净签约额 ÷ 投放 · 当期口径:签约按签约日,可能来自更早的投放;净签约少于 {least} 套的样本不足",
    "Net contract amount ÷ spend, period basis: contracts count on their day and may come from earlier spend; fewer than {least} net contracts are too few",
)
_CHANNEL, _TIMES, _AMOUNT, _SPEND, _CONTRACTS = (
    Label("渠道", "Channel"),
    Label("产出比", "Return"),
    Label("净签约额", "Net amount"),
    Label("投放", "Spend"),
    Label("净签约", "Net contracts"),
)
_TIMES_SAID, _FEW = Label("{n} 倍", "{n} times"), Label("样本不足", "Too few cases")
_INITIATIVES = Label("举措产出", "Return by initiative")
_INITIATIVES_NOTE = Label(
    "来自实验页,不分季度:试验组多得的例数与所填单值 ÷ 花费",
    "From the experiments, of whatever quarter: what the trial gained, at the worth told, ÷ its cost",
)
_NO_COST = Label("还没有填了花费的实验", "No experiment tells its cost yet")
_NO_ROI = Label("这些天没有投放", "Nothing was spent in these days")


def add(site: "Site", door: Door) -> None:
    """Add the page."""
    door.route(BUDGET, Policy(SCORECARD_ROLES, document=True), partial(_show, site))


def _show(site: "Site") -> str:
    view = site.asked_view(page, site.world.reader.current() or abort(503))
    rule = budget_rule(view.pack)
    spans = budget_spans(view.snapshot, rule) if rule else []
    chosen = next((one for one in spans if _key(one) == request.args.get("span")), spans[0] if spans else None)
    title = f"{view.say(BUDGET_WORD)} · {view.words.of('product')}"
    body = glance(
        part("head", page_head(view.say(BUDGET_WORD), subtitle=view.say(_BASIS)), _choices(view, spans, chosen) if spans else None),
        _parts(site, view, rule, chosen) if rule and chosen else p(".nothing")[view.say(_NONE)],
        part("initiatives", _initiatives(view, experiments(site.world.store)))
        if view.scope.role in GROUP_ROLES
        else None,
        div(".ways")[a(href=view.address("/"))[view.words.of("overview")]],
    )  # fmt: skip
    here = partial(view.address, BUDGET, **({"span": _key(chosen)} if chosen else {}))
    return site.framed(body, view, title, section="overview", here=here)


def _key(one: Span) -> str:
    return f"{one.first}~{one.last}"


def _choices(view: View, spans: list[Span], chosen: Span | None) -> Element:
    return nav(".choices", aria_label=view.say(_SPANS))[
        [
            a(
                class_=["choice", {"is-chosen": one == chosen}],
                href=view.address(BUDGET, span=_key(one)),
                aria_current="true" if one == chosen else None,
            )[f"{_month(one.first)}–{_month(one.last)}"]
            for one in spans
        ]
    ]


def _month(day: date) -> str:
    return f"{day:%Y-%m}"


def _parts(site: "Site", view: View, rule: Rule, days: Span) -> list[Node]:
    lines = budget_lines(view.frames, view.pack, site.world.settings.rules.get(rule.name, {}), days, view.scope.where)
    return [
        part("whole", _whole(view, lines)),
        part("projects", _projects(view, lines, rule)),
        part("returns", _returns(view, returns(view.frames, view.pack, days, view.scope.where))),
    ]


def _whole(view: View, lines: list[Line]) -> Element:
    amount, planned, spent = whole(lines)
    money, counts = view.words.money, {name: sum(one.stands == name for one in lines) for name in _COUNTS}
    said = _WHOLE_SAID.format(spent=money(spent), planned=money(planned), amount=money(amount))
    change = view.words.change(spent / planned - 1, "none", "other") if planned else None
    return panel(
        view.say(_WHOLE),
        p[view.say(said), " ", change_mark(change, view.words) if change else None],
        p(".kpi-counts")[[span[view.say(_COUNTS[name]), " ", strong[str(n)]] for name, n in counts.items()]],
    )


def _projects(view: View, lines: list[Line], rule: Rule) -> Element:
    note = view.say(_BAND_NOTE.format(limit=view.words.percent(Fraction(str(rule.limit)))))
    listed = [_project(view, line) for line in lines] if lines else p(".nothing")[view.say(_NONE)]
    return panel(view.say(_PROJECTS), div(".kpis")[listed], note=note)


def _project(view: View, line: Line) -> Element:
    words, (label, tone) = view.words, _STANDS[line.stands]
    change = f"{'+' if (line.change or 0) > 0 else ''}{words.percent(line.change)}" if line.change is not None else ""
    said = _PROJECT_SAID.format(planned=words.money(line.planned), amount=words.money(Fraction(line.budget.amount)))
    return article(".kpi")[
        h3(".kpi-name")[view.snapshot.project_name(line.budget.project)],
        span(".kpi-value")[words.number(line.spent, "money")],
        p(".kpi-line")[
            span(class_=["report-mark", {f"is-{tone}": bool(tone)}])[view.say(label.format(change=change))],
            span(".panel-note")[view.say(said)],
        ],
    ]


def _returns(view: View, found: list[Return]) -> Element:
    title, note = view.say(_ROI), view.say(_ROI_NOTE.format(least=str(LEAST_CONTRACTS)))
    if not found:
        return panel(title, p(".nothing")[view.say(_NO_ROI)], note=note)
    heads = [view.say(one) for one in (_CHANNEL, _TIMES, _AMOUNT, _SPEND, _CONTRACTS)]
    return panel(title, plain_table(title, heads, [_return(view, one) for one in found]), note=note)


def _initiatives(view: View, kept: list[KeptExperiment]) -> Element:
    """What each experiment brought for its cost, where that was told."""
    told = [(one.experiment.hypothesis, initiative_said(view, one.experiment)) for one in kept]
    listed = [article(".task")[p[strong[name]], [p[line] for line in said]] for name, said in told if said]
    link = div(".ways")[a(href=view.address(EXPERIMENTS))[view.say(EXPERIMENTS_WORD)]]
    return panel(
        view.say(_INITIATIVES), listed or p(".nothing")[view.say(_NO_COST)], link, note=view.say(_INITIATIVES_NOTE)
    )


def _return(view: View, one: Return) -> tuple[Node, list[Node]]:
    words = view.words
    name = view.snapshot.channel_name(one.channel) or words.of("unassigned")
    times: Node = words.missing(one.roi)
    if one.roi.value is not None:
        times = view.say(_TIMES_SAID.format(n=digits(one.roi.value, 1)))
    if one.is_few:
        times = with_note(quiet(times), view.say(_FEW))
    return name, [times, words.number(one.amount, "money"), words.money(one.spend), digits(one.contracts)]
