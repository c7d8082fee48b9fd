"""可行性测算: a scenario's document of two pages, the target gap and what the scenario comes to, as blocks for the template."""

from typing import Any

from components.gap import figure_text, gap_sentences, measured_said, run_sentences
from components.sandbox import gain_said
from components.words import digits
from dashboards._page import View
from dashboards._sandbox import ROWS, Known, decided_said, outcome_said, stages_said
from metrics.gap import Figures, chain, daily_needs, figures
from metrics.pack import Label
from metrics.reading import Reading
from metrics.sandbox import DRAWS, Answer
from metrics.scenarios import Outcome, Scenario, in_ten_thousands, outcome

Block = dict[str, Any]
BASE, WITH = Label("不改", "Unchanged"), Label("本方案", "This scenario")
THEN, NOW = Label("保存时推算", "As computed when saved"), Label("按今天的数据", "On today's data")
APPROVAL = Label("审议", "Approval")
_CHAIN = Label("一、目标缺口", "1. The target gap")
_FIGURES = Label("数字从哪里来", "Where the figures come from")
_VALUE, _FROM, _MEASURED = Label("数值", "Value"), Label("来源", "Source"), Label("实测", "As measured")
_DAILY = Label("每天要做多少", "What each day has to bring")
_PLAN = Label("二、方案测算", "2. What the scenario comes to")
_COURSE = Label("到年底的路径(净签约额,估计)", "The way to the end of the year (net amount, estimate)")
_HEADS = (
    Label("日期", "By"),
    Label("不改 中位", "Unchanged, middle"),
    Label("本方案 低(10%)", "Scenario, low (10%)"),
    Label("本方案 中位", "Scenario, middle"),
    Label("本方案 高(90%)", "Scenario, high (90%)"),
)
_NAMES = {
    "target": Label("全年目标", "Target of the year"),
    "price": Label("均价", "Average price"),
    "conversion": Label("转化率", "Conversion"),
    "stock": Label("有效存量客户", "Valid customers in stock"),
    "valid": Label("留电有效率", "Valid share of leads"),
}
_HOW = Label("怎么算的", "How it is computed")
_METHOD = Label(
    "估计:每次模拟按已成熟留电的转化率、近 13 周的留电和实际间隔推到年底,共 {draws} 次;区间为其中八成。不含季节与政策变化。",
    "An estimate: {draws} draws of rates of leads old enough, leads as in the last 13 weeks and measured delays up to the end of "
    "the year; bands hold eight of ten. Seasons and policy are left out.",
)


def gap_blocks(view: View, project: str | None) -> list[Block]:
    """The first page: the gap's chain in sentences, each figure with its source, and what each day has to bring."""
    projects = None if project is None else frozenset((project,))
    told = figures(view.frames, view.pack, projects, view.gap if view.scope.sees_group else None, {})
    found = chain(told)
    heads = ["", *(view.say(one) for one in (_VALUE, _FROM, _MEASURED))]
    needs = run_sentences(daily_needs(view.frames, view.pack, projects, found), view.words)
    return [
        _block("lines", view.say(_CHAIN), lines=gap_sentences(found, view.words)),
        _table(view.say(_FIGURES), heads, _sources(view, told)),
        _block("lines", view.say(_DAILY), lines=needs),
    ]


def _sources(view: View, told: Figures) -> list[list[str]]:
    found = []
    for name, title in _NAMES.items():
        figure = getattr(told, name)
        value = figure_text(name, figure.value, view.words) or "–"
        measured = measured_said(name, figure.measured, figure, view.words) if figure.measured else ""
        found.append([view.say(title), value, view.words.of(f"gap_source_{figure.source}"), measured])
    return found


def plan_blocks(view: View, one: Scenario, known: Known | Reading, found: Answer | None, made: str) -> list[Block]:
    """The second page: what is decided, what it came to and comes to now, its way to the end of the year, its approval."""
    heads = ["", view.say(BASE), view.say(WITH)]
    blocks = [
        _block("lines", view.say(_PLAN), lines=[decided_said(view, known, one.decided), made]),
        _table(view.say(THEN), heads, _rows(view, one.base, one.then)),
    ]
    if isinstance(known, Known) and found is not None:
        gained = gain_said(found, known.base, view.words)
        blocks.append(_table(view.say(NOW), heads, _rows(view, outcome(known.base), outcome(found)), gained))
        blocks.append(_table(view.say(_COURSE), [view.say(head) for head in _HEADS], _course(view, found, known.base)))
    method = view.say(_METHOD.format(draws=digits(DRAWS)))
    return [
        *blocks,
        _block("lines", view.say(APPROVAL), lines=stages_said(view, one)),
        _block("small", view.say(_HOW), lines=[method]),
    ]


def _rows(view: View, base: Outcome, then: Outcome) -> list[list[str]]:
    told = outcome_said(view, base), outcome_said(view, then)
    return [[view.say(title), *("  ".join(filter(None, one[row])) for one in told)] for row, title in ROWS.items()]


def _course(view: View, found: Answer, base: Answer) -> list[list[str]]:
    rows = []
    for point, still in zip(found.fan, base.fan, strict=True):
        values = (still.middle, point.low, point.middle, point.high)
        rows.append([view.words.day(point.day), *(view.words.money(in_ten_thousands(value)) for value in values)])
    return rows


def _table(title: str, heads: list[str], rows: list[list[str]], *notes: str) -> Block:
    return _block("table", title, heads=heads, rows=rows, notes=list(notes))


def _block(kind: str, title: str, **more: Any) -> Block:
    return {"kind": kind, "title": title, "note": "", **more}
