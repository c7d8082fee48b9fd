"""为什么变了: a number's change against the same point of the period before, split exactly; the three largest parts in words."""

from functools import partial
from typing import TYPE_CHECKING

from flask import abort, request
from htpy import Element, Node, button, form, input, li, p, strong, ul

from components.explain import foremost, is_over, why_chart, why_table
from components.filters import Filter, Option, filters
from components.shell import glance, panel, part
from components.tile import change_mark
from dashboards._door import Door, Policy
from dashboards._filters import SHARED
from dashboards._forms import choice_field
from dashboards._head import head
from dashboards._page import Page, View
from dashboards._ways import WHY, WHY_WORD
from metrics.explain import Explanation, explain, explainable
from metrics.overview import Compared, compared
from metrics.pack import Label, Metric
from metrics.periods import comparison
from metrics.scope import PROJECT_ROLES
from metrics.snapshot import NOWHERE
from metrics.trend import trend_metrics

if TYPE_CHECKING:
    from dashboards._site import Site

page = Page("why", path=WHY, title=WHY_WORD, roles=PROJECT_ROLES)
WAYS: dict[str, tuple[str, ...]] = {"project": ("project",), "channel": ("channel",), "both": ("project", "channel")}
_WAYS = {
    "project": Label("按项目", "By project"),
    "channel": Label("按渠道", "By channel"),
    "both": Label("按项目和渠道", "By both"),
}
_BY, _METRIC, _SHOW = Label("拆分", "Split"), Label("指标", "Metric"), Label("查看", "Show")
_FIRST = Label("三个最大的原因", "The three largest parts")
_CHART, _TABLE = Label("从上期到本期", "From before to now"), Label("每一项", "Every part")
_HOW = Label("怎么拆的", "How it is split")
_SAME = Label("没有变化,没有可拆的。", "Nothing changed, so there is nothing to split.")
_MOVED = Label("{metric}:上期 {before},本期 {now}", "{metric}: {before} before, {now} now")
_BASIS = Label("当期口径 · {label}", "Period basis · {label}")
_ON_OVERVIEW = Label(
    "总览上是 {now}:含今天只有日期、没有钟点的记录;同期对比不含它们。",
    "The overview shows {now}: it holds today's records without a time of day, which no like-for-like comparison can.",
)
_WITHOUT = Label("{steps}没有数据,并入下一步。", "{steps} has no data and is part of the next step.")
_HOW_TOLD = (
    Label(
        "数量:先看第一步总量多了多少(按上期的转化),再看来源占比变了多少,最后一步一步看各部分的转化率变了多少。",
        "Counts: first how many more entered (at the old rates), then what moved between the parts, then each part's rates step by step.",
    ),
    Label(
        "比率:每一部分占比变了多少,自身比率变了多少。",
        "Rates: by how much each part's share moved, and by how much its own rate did.",
    ),
    Label(
        "各项相加正好等于总变化;缺数据的部分单列,不当作零。屏幕上的数经过四舍五入。",
        "The parts sum to the whole exactly; what lacks data is a part of its own, never zero. Figures shown are rounded.",
    ),
)


def add(site: "Site", door: Door) -> None:
    """Add the page."""
    door.route(WHY, Policy(frozenset(PROJECT_ROLES), document=True), partial(_page, site))


def _page(site: "Site") -> str:
    view = site.asked_view(page, site.world.reader.current() or abort(503))
    name = request.args.get("metric") or view.pack.overview_numbers[0]
    if view.is_own or not explainable(view.pack, name):
        abort(404)
    by = _way(view)
    title = f"{view.say(WHY_WORD)} · {view.words.of('product')}"
    here = partial(view.address, WHY, metric=name, by=by)
    return site.framed(_body(view, name, by), view, title, section="overview", here=here)


def _way(view: View) -> str:
    """How to split: as asked, else by project where there are several and by channel where there is one."""
    asked = request.args.get("by", "")
    return asked if asked in WAYS else "project" if len(view.projects) > 1 else "channel"


def _body(view: View, name: str, by: str) -> Element:
    metric, against = view.pack.metric(name), comparison(view.period, view.as_of)
    found = explain(view.frames, view.pack, name, against, WAYS[by], view.where)
    told = compared(view.frames, view.pack, name, against, view.where)
    kept = {"metric": name, "by": by}
    return glance(
        head(view, page, links=("period",), listed=("region", "project", "channel"), more=kept),
        part("choice", _choice(view, name, by)),
        part("moved", _moved(view, metric, told, view.say(against.label))),
        _parts(view, found) if found.effects else _nothing(view, found),
        part("how", panel(view.say(_HOW), ul[[li[view.say(one)] for one in _HOW_TOLD]])),
    )


def _choice(view: View, name: str, by: str) -> Node:
    """Which number, and how it is split."""
    chosen = view.filters.chosen(*SHARED)
    names = dict.fromkeys((*trend_metrics(view.snapshot, view.pack), name))
    metrics = [(one, view.say(view.pack.metric(one).label)) for one in names]
    ways = tuple(Option(way, view.say(label)) for way, label in _WAYS.items())
    return [
        form(".filters-form", method="get", action=WHY)[
            [input(type="hidden", name=key, value=value) for key, value in (chosen | {"by": by}).items()],
            choice_field("metric", _METRIC, view.words, metrics, name),
            button(".button", type="submit")[view.say(_SHOW)],
        ],
        filters(WHY, [Filter("by", view.say(_BY), ways, by, links=True)], view.words, keep=chosen | {"metric": name}),
    ]


def _moved(view: View, metric: Metric, told: Compared, label: str) -> Element:
    words = view.words
    change = words.change(told.change, metric.better, metric.format, before=told.before.value)
    before, now = (words.number(one, metric.format) for one in (told.before, told.at_cut))
    whole = words.number(told.now, metric.format)
    return panel(
        view.say(_MOVED.format(metric=view.say(metric.label), before=before, now=now)),
        p(".tile-change")[change_mark(change, words)],
        whole != now and p(".panel-note")[view.say(_ON_OVERVIEW.format(now=whole))],
        note=view.say(_BASIS.format(label=label)),
    )


def _parts(view: View, found: Explanation) -> Node:
    words, pack = view.words, view.pack

    def child(key: tuple[str, ...]) -> str:
        names = {"project": view.snapshot.project_name, "channel": view.snapshot.channel_name}
        return " · ".join(
            (names[kind](id) if id != NOWHERE else None) or words.of("unassigned")
            for kind, id in zip(found.by, key, strict=True)
        )

    steps = "、".join(view.say(pack.metric(one).label) for one in found.without)
    return [
        part("first", panel(view.say(_FIRST), foremost(found, pack, words, child))),
        part("chart", panel(view.say(_CHART), why_chart(found, pack, words))),
        part("table", panel(view.say(_TABLE), why_table(found, pack, words, child))),
        is_over(found, view.pack) and part("over", p(".panel-note")[words.of("over_mark")]),
        steps and part("without", p(".panel-note")[view.say(_WITHOUT.format(steps=steps))]),
    ]


def _nothing(view: View, found: Explanation) -> Element:
    """Why there is nothing to split."""
    lacks = next((one for one in (found.now, found.before) if one.value is None), None)
    return part("nothing", p(".nothing")[strong[view.words.reason(lacks) if lacks else view.say(_SAME)]])
