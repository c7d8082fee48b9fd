"""标杆库: what the group's own best projects have reached, and apart from it outside figures with their source; kept by admins."""

from collections.abc import Mapping
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Any

from flask import abort, g, redirect, request
from htpy import Element, Node, a, button, details, div, form, input, li, p, span, strong, summary, ul
from werkzeug.wrappers import Response as Answer

from components.shell import glance, page_head, panel, part
from components.words import Words
from dashboards._benchmark import BENCHMARKS, BENCHMARKS_WORD, READERS, source_said
from dashboards._door import FORM, Door, Policy
from dashboards._forms import problem, text_field
from dashboards._page import Page, View
from data_access.store.benchmarks import (
    KeptBenchmark,
    benchmarks,
    end_benchmark,
    keep_benchmark,
    put_on_cover,
)
from metrics.benchmarks import Benchmark, OwnBest, UnfitBenchmark, fit_benchmark, own_best
from metrics.health import cohort_days
from metrics.pack import Label
from metrics.periods import Span
from metrics.risks import LONGEST

if TYPE_CHECKING:
    from dashboards._site import Site

page = Page("benchmarks", path=BENCHMARKS, title=BENCHMARKS_WORD, roles=READERS, compares=True)
_READERS = Policy(READERS, document=True)
_KEEPERS = Policy(frozenset(("admin",)), document=True, accepts=FORM)
_OWN, _OWN_NOTE = (
    Label("本集团实测", "Measured in the group"),
    Label(
        "各指标最好的项目;比率按样本量修正后比较(向集团收缩),所以小样本的更高比率不一定最好;样本不足与试点免责的项目不参与",
        "The best project of each metric; rates are compared after shrinking them to the group, so a higher rate of few cases need not be "
        "the best; too few cases and exempt pilots stay out",
    ),
)
_OUTSIDE, _OUTSIDE_NOTE = (
    Label("外部标杆", "Outside figures"),
    Label(
        "外部公布的数字,口径可能不同,未经本系统核实",
        "As published by others; their definitions may differ, and nobody here has checked them",
    ),
)
_CLOSED = Label(
    "项目之间还未开放互看,集团实测只向集团显示",
    "Projects do not see each other yet: what was measured is for the group",
)
_NO_BEST = Label("还没有样本足够的项目", "No projects with cases enough yet")
_NONE = Label("还没有外部标杆", "No outside figures yet")
_BEST = Label(
    "{project} · {among} 个项目中最好 · {basis} {days}", "{project}, best of {among} projects; {basis}, {days}"
)
_PERIOD, _COHORT = Label("当期", "period"), Label("留电批次", "by lead cohort")
_ADD, _CHANGE, _SAVE, _END = (
    Label("添加标杆", "Add a figure"),
    Label("更改", "Change"),
    Label("保存", "Save"),
    Label("撤下", "Take off"),
)
_COVER, _UNCOVER = Label("放到首页", "Show on the overview"), Label("从首页撤下", "Take from the overview")
_ON_COVER = Label("首页显示中", "On the overview")
_FIELDS = {
    "who": Label("谁", "Who"),
    "figure": Label("指标", "Figure"),
    "value": Label("数值", "Value"),
    "source": Label("来源", "Source"),
    "dated": Label("数据日期", "Date of the figure"),
    "link": Label("链接(https)", "Link (https)"),
    "note": Label("说明(口径)", "Note (definition)"),
}
_UNFIT = Label(
    "“{field}”不能用:请填写完整,链接须以 https:// 开头,日期如 2026-01-31。",
    "“{field}” cannot be used: fill it in; links begin with https://, days look like 2026-01-31.",
)


def add(site: "Site", door: Door) -> None:
    """Add the page and its forms."""
    door.route(BENCHMARKS, _READERS, partial(_show, site))
    for path, answer in (("", _keep), ("/<id>", _keep), ("/<id>/end", _end), ("/<id>/cover", _cover)):
        door.route(
            f"{BENCHMARKS}{path}" if path else f"{BENCHMARKS}/new", _KEEPERS, partial(answer, site), methods=("POST",)
        )


def _show(site: "Site", said: Label | None = None) -> str:
    view = site.asked_view(page, site.world.reader.current() or abort(503))
    words, kept, keeps = view.words, benchmarks(site.world.store), g.person.role == "admin"
    body = glance(
        part("head", page_head(words.say(BENCHMARKS_WORD)), problem(said, words)),
        part("own", panel(words.say(_OWN), _own(view), note=words.say(_OWN_NOTE))),
        part("outside", panel(words.say(_OUTSIDE), _outside(kept, words, keeps=keeps), note=words.say(_OUTSIDE_NOTE))),
        div(".ways")[a(href=view.address("/"))[words.of("overview")]],
    )
    title = f"{words.say(BENCHMARKS_WORD)} · {words.of('product')}"
    return site.framed(body, view, title, section="overview", here=partial(view.address, BENCHMARKS))


def _own(view: View) -> Node:
    """The group's own best; for those only who may compare all projects."""
    if not view.scope.sees_group:
        return p(".nothing")[view.say(_CLOSED)]
    days = cohort_days(view.snapshot, view.as_of.date()) or Span(view.as_of.date(), view.as_of.date())
    found = own_best(view.frames, view.pack, view.terms.exempt_in(days))
    return ul[[_best(view, one) for one in found]] if found else p(".nothing")[view.say(_NO_BEST)]


def _best(view: View, one: OwnBest) -> Element:
    words, metric = view.words, view.pack.metric(one.metric)
    is_cohort = one.basis == "cohort"
    label = metric.cohort_label if is_cohort and metric.cohort_label else metric.label
    basis = words.say(_COHORT if is_cohort else _PERIOD)
    name = view.snapshot.project_name(one.project) or one.project
    said = _BEST.format(project=name, among=str(one.among), basis=basis, days=words.span(one.span.first, one.span.last))
    return li(".entry")[
        div(".entry-head")[strong[words.say(label)], span(".report-value")[words.number(one.reading, metric.format)]],
        p(".panel-note")[words.say(said)],
        p(".panel-note")[words.quotient(one.reading, metric.format)],
    ]


def _outside(kept: list[KeptBenchmark], words: Words, *, keeps: bool) -> Node:
    listed = ul[[_entry(one, words, keeps=keeps) for one in kept]] if kept else p(".nothing")[words.say(_NONE)]
    return [listed, keeps and _folded(_ADD, words, _form("/new", None, words))]


def _entry(kept: KeptBenchmark, words: Words, *, keeps: bool) -> Element:
    one = kept.benchmark
    return li(".entry")[
        div(".entry-head")[
            strong[one.figure],
            span(".report-value")[one.value],
            span(".panel-note")[one.who],
            kept.on_cover and span(".report-mark.is-accent")[words.say(_ON_COVER)],
        ],
        one.note and p[one.note],
        source_said(one, words),
        keeps and _keeping(kept, words),
    ]


def _keeping(kept: KeptBenchmark, words: Words) -> list[Node]:
    shown = "" if kept.on_cover else "yes"
    return [
        _folded(_CHANGE, words, _form(f"/{kept.id}", kept.benchmark, words)),
        div(".alert-buttons")[
            form(method="post", action=_address(f"/{kept.id}/cover", words))[
                input(type="hidden", name="shown", value=shown),
                button(".button.is-quiet", type="submit")[words.say(_COVER if shown else _UNCOVER)],
            ],
            form(method="post", action=_address(f"/{kept.id}/end", words))[
                button(".button.is-quiet", type="submit")[words.say(_END)]
            ],
        ],
    ]


def _folded(title: Label, words: Words, inside: Element) -> Element:
    return details(".entry")[summary[words.say(title)], inside]


def _form(more: str, one: Benchmark | None, words: Words) -> Element:
    values = {name: str(getattr(one, name)) if one else "" for name in _FIELDS}
    kinds: Mapping[str, Mapping[str, Any]] = {
        "dated": {"type": "date"},
        "link": {"type": "url", "pattern": "https://.*"},
    }
    fields = [
        text_field(
            name,
            title,
            words,
            value=values[name],
            maxlength=str(LONGEST),
            autocomplete="off",
            required=name not in ("link", "note"),
            **kinds.get(name, {}),
        )
        for name, title in _FIELDS.items()
    ]
    return form(".asked", method="post", action=_address(more, words))[
        fields, button(".button", type="submit")[words.say(_SAVE)]
    ]


def _address(more: str, words: Words) -> str:
    return f"{BENCHMARKS}{more}?lang={words.language}"


def _keep(site: "Site", id: str | None = None) -> Answer | tuple[str, int]:
    words = site.world.words(request.args.get("lang", ""))
    number = None if id is None else _number(id)
    try:
        told = _told(request.form)
    except UnfitBenchmark as unfit:
        return _show(site, _UNFIT.format(field=words.say(_FIELDS[unfit.reason]))), 400
    if not keep_benchmark(site.world.store, told, g.person.id, site.world.clock(), number):
        abort(404)
    return redirect(_address("", words), 303)


def _end(site: "Site", id: str) -> Answer:
    if not end_benchmark(site.world.store, _number(id), g.person.id, site.world.clock()):
        abort(404)
    return redirect(_address("", site.world.words(request.args.get("lang", ""))), 303)


def _cover(site: "Site", id: str) -> Answer:
    shown = request.form.get("shown") == "yes"
    if not put_on_cover(site.world.store, _number(id), g.person.id, site.world.clock(), shown=shown):
        abort(404)
    return redirect(_address("", site.world.words(request.args.get("lang", ""))), 303)


def _number(id: str) -> int:
    return int(id) if id.isascii() and id.isdecimal() and len(id) < 10 else abort(404)


def _told(told: Mapping[str, str]) -> Benchmark:
    said = {name: told.get(name, "").strip() for name in _FIELDS if name != "dated"}
    try:
        dated = date.fromisoformat(told.get("dated", ""))
    except ValueError:
        raise UnfitBenchmark("dated") from None
    return fit_benchmark(Benchmark(**said, dated=dated))
