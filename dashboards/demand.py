"""需求洞察: where people look for which kind of home, against last quarter and next to what is for sale; for decisions about land."""

from functools import partial
from typing import TYPE_CHECKING

from flask import abort, request
from htpy import Element, Node, a, details, div, p, summary

from components.filters import Filter, Option, filters
from components.heatmap import heatmap
from components.missing import missing, missing_mark
from components.plain_table import plain_table, quiet, with_note
from components.shell import glance, page_head, panel, part
from components.tile import change_mark
from components.words import digits
from dashboards._door import Door, Policy
from dashboards._page import Page, View
from metrics.demand import (
    DISTRICT,
    PRICE_BAND,
    SEGMENT,
    Demand,
    Line,
    Supply,
    Wanted,
    against_last_quarter,
    cells,
    demand_by,
    demand_grid,
    supplies,
    wanted,
)
from metrics.pack import Label
from metrics.periods import Comparison, Span, holiday_names
from metrics.reading import missing as lacking
from metrics.scope import GROUP_ROLES
from metrics.snapshot import NOWHERE

if TYPE_CHECKING:
    from dashboards._site import Site

PATH = "/demand"
DEMAND_WORD = Label("需求洞察", "Demand")
page = Page("demand", path=PATH, title=DEMAND_WORD, roles=GROUP_ROLES)
_WHAT, _WHEN = Label("指标", "Measure"), Label("时间", "Period")
_QUARTER, _LAST = Label("本季至昨天", "This quarter to yesterday"), Label("上一整季", "Last whole quarter")
_GRID = Label("{measure} · 意向区域 × 需求类型", "{measure} · district × segment")
_DISTRICTS = Label("{measure}与供应 · 按区域", "{measure} and supply by district")
_SEGMENTS, _BANDS = (
    Label("{measure} · 按需求类型", "{measure} by segment"),
    Label("{measure} · 按价位", "{measure} by price band"),
)
_EACH = Label("逐格与前期对比({n} 行)", "Each cell against before ({n} rows)")
_DISTRICT, _SEGMENT, _BAND = Label("区域", "District"), Label("需求类型", "Segment"), Label("价位", "Price band")
_NOW, _BEFORE, _CHANGE = Label("本期", "Now"), Label("前期", "Before"), Label("变化", "Change")
_SUPPLY, _PER = Label("供应(套)", "Units released"), Label("每百套对应数", "Per 100 units")
_PROJECTS = Label("{n} 个项目", "projects: {n}")
_UNKNOWN = Label("{n} 个未填套数", "{n} without units")
_NO_PROJECT = Label("无在售项目", "No project here")
_UNSAID = Label("未填", "Not said")
_NONE = Label("这段时间没有记录", "Nothing in these days")
_DAYS = Label("{now} {against} {before}", "{now}, {against}, {before}")
_HOLIDAYS = Label(
    "节假日:本期 {now};前期 {before}。对比要留意", "Holidays: {now} now, {before} before. Compare with care"
)
_NO_HOLIDAY = Label("无", "none")
_COUNTED = {
    "leads": Label("按留电第一条记录的意向区域、类型、价位;单位:组", "By what a lead's first record says; parties"),
    "exposures": Label("按曝光记录的浏览区域、类型;单位:次", "By what an exposure says; impressions"),
}
_SUPPLY_NOTE = Label(
    "供应 = 项目推出套数,按项目所在区域;不是剩余套数。需求类型与价位的供应:无数据(项目没有这两项)",
    "Supply is the units projects released, by the project's district, not what is left. No data by segment or price band: projects do not say",
)  # fmt: skip
_FEW = Label("灰字:前期不足 10,变化按个数", "Grey: fewer than 10 before; change in cases")


def add(site: "Site", door: Door) -> None:
    """Add the page."""
    door.route(PATH, Policy(frozenset(GROUP_ROLES), document=True), partial(_show, site))


def _show(site: "Site") -> str:
    view = site.asked_view(page, site.world.reader.current() or abort(503))
    asked = _asked(view)
    body = glance(_parts(view, asked["what"], against_last_quarter(view.as_of, whole=bool(asked["span"]))))
    title = f"{view.say(DEMAND_WORD)} · {view.words.of('product')}"
    return site.framed(body, view, title, section="overview", here=partial(view.address, PATH, **asked))


def _asked(view: View) -> dict[str, str]:
    """The measure and the days asked for; what is not known is the first."""
    what = request.args.get("what", "")
    return {
        "what": what if what in view.pack.demand else next(iter(view.pack.demand), ""),
        "span": "last" if request.args.get("span") == "last" else "",
    }


def _parts(view: View, measure: str, days: Comparison) -> list[Node]:
    if not measure:
        return [part("head", page_head(view.say(DEMAND_WORD))), missing(lacking("not_yet"), view.words)]
    label, found = view.say(view.pack.metric(measure).label), wanted(view.snapshot, measure, days)
    return [
        part("head", page_head(view.say(DEMAND_WORD), subtitle=_days(view, days)), _choices(view, measure)),
        part("grid", _grid(view, measure, label, days.now)),
        part("districts", _districts(view, measure, label, days, found)),
        part("segments", _kinds(view, measure, _SEGMENTS, _SEGMENT, SEGMENT, label, days, found)),
        part("bands", _kinds(view, measure, _BANDS, _BAND, PRICE_BAND, label, days, found)),
        div(".ways")[a(href=view.address("/"))[view.words.of("overview")]],
    ]


def _days(view: View, days: Comparison) -> str:
    """Both sides of the comparison, and that one of them holds holidays the other does not."""
    spans = {name: view.words.span(one.first, one.last) for name, one in (("now", days.now), ("before", days.before))}
    said = view.say(_DAYS.format(**spans, against=view.say(days.label)))
    now, before = (_festivals(view, one) for one in (days.now, days.before))
    return said if now == before else f"{said} · {view.say(_HOLIDAYS.format(now=now, before=before))}"


def _festivals(view: View, span: Span) -> str:
    return "、".join(name for name in holiday_names(span) if name != "休息日") or view.say(_NO_HOLIDAY)


def _choices(view: View, measure: str) -> Element:
    measures = tuple(Option(name, view.say(view.pack.metric(name).label)) for name in view.pack.demand)
    spans = (Option("", view.say(_QUARTER)), Option("last", view.say(_LAST)))
    offered = [
        Filter("what", view.say(_WHAT), measures, measure, links=True),
        Filter("span", view.say(_WHEN), spans, _asked(view)["span"], links=True),
    ]
    return filters(PATH, offered, view.words, keep=view.filters.chosen("lang", "theme"))


def _grid(view: View, measure: str, label: str, span: Span) -> Node:
    grid, title = demand_grid(view.snapshot, view.pack, measure, span), view.say(_GRID.format(measure=label))
    if not grid.absent and not grid.rows:
        return panel(title, p(".nothing")[view.say(_NONE)])
    drawn = heatmap(
        grid,
        view.pack.metric(measure),
        view.words,
        title=title,
        row_name=partial(_named, view),
        column_name=partial(_named, view),
    )
    return panel(title, drawn, note=_counted(view, measure))


def _counted(view: View, measure: str) -> str:
    return view.say(_COUNTED[measure]) if measure in _COUNTED else ""


def _named(view: View, key: str) -> str:
    return key if key != NOWHERE else view.say(_UNSAID)


def _districts(view: View, measure: str, label: str, days: Comparison, all_found: Wanted) -> Node:
    """Every district with what was wanted and what is for sale, then each of its segments."""
    found, title = (
        demand_by(view.snapshot, view.pack, measure, DISTRICT, days, all_found),
        view.say(_DISTRICTS.format(measure=label)),
    )
    if found.absent:
        return panel(title, missing(found.absent, view.words))
    supply = supplies(view.snapshot.projects)
    known = {one.key for one in found.lines}
    # A district where nobody wants to live is worth knowing too.
    lines = [*found.lines, *(Line(one, 0, 0) for one in sorted(supply) if one not in known and one != NOWHERE)]
    heads = [view.say(one) for one in (_DISTRICT, _NOW, _BEFORE, _CHANGE, _SUPPLY, _PER)]
    rows = [
        (_named(view, one.key), [*_compared(view, one), *_supplied(view, one, supply.get(one.key))]) for one in lines
    ]
    return panel(
        title, plain_table(title, heads, rows), _notes(view, _SUPPLY_NOTE, _FEW), _each(view, measure, found, all_found)
    )


def _compared(view: View, one: Line) -> list[Node]:
    words, change = view.words, view.words.change(one.change, "none", before=one.before)
    mark = change_mark(change, words)
    return [words.amount(one.now), words.amount(one.before), quiet(mark) if one.few else mark]


def _supplied(view: View, one: Line, supply: Supply | None) -> list[Node]:
    if supply is None or one.key == NOWHERE:
        return [quiet(view.say(_NO_PROJECT) if one.key != NOWHERE else "–"), quiet("–")]
    words, per = view.words, supply.per_hundred(one.now)
    known = supply.units.value is not None
    units = words.amount(supply.units.value or 0) if known else missing_mark(supply.units, words)
    unknown = view.say(_UNKNOWN.format(n=str(supply.unknown))) if supply.unknown else None
    shown = with_note(units, view.say(_PROJECTS.format(n=str(supply.projects))), unknown)
    return [shown, quiet("–") if per is None else digits(per, 1)]


def _each(view: View, measure: str, found: Demand, all_found: Wanted) -> Node:
    """Every district's segments against before, folded away; nothing where no segments are known."""
    if view.snapshot.absent.get(f"{measure}.{SEGMENT}"):
        return None
    lines = cells(all_found)
    places = {one.key: at for at, one in enumerate(found.lines)}
    order = sorted(lines, key=lambda key: (places[key[0]], -lines[key].now, key[1]))
    title = view.say(_EACH.format(n=str(len(order))))
    heads = [view.say(one) for one in (_DISTRICT, _NOW, _BEFORE, _CHANGE)]
    rows = [(f"{_named(view, key[0])} · {_named(view, key[1])}", _compared(view, lines[key])) for key in order]
    return details(".entry")[summary[title], plain_table(title, heads, rows)]


def _kinds(
    view: View,
    measure: str,
    title_label: Label,
    head: Label,
    dimension: str,
    label: str,
    days: Comparison,
    all_found: Wanted,
) -> Node:
    found, title = (
        demand_by(view.snapshot, view.pack, measure, dimension, days, all_found),
        view.say(title_label.format(measure=label)),
    )
    if found.absent:
        return panel(title, missing(found.absent, view.words))
    heads = [view.say(one) for one in (head, _NOW, _BEFORE, _CHANGE)]
    return panel(
        title, plain_table(title, heads, [(_named(view, one.key), _compared(view, one)) for one in found.lines])
    )


def _notes(view: View, *labels: Label) -> list[Node]:
    return [p(".panel-note")[view.say(one)] for one in labels]
