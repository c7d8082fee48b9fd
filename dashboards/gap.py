"""目标缺口: from the year's target to customers, phones and daily sales, every figure with its source and open to change."""

from collections.abc import Mapping
from fractions import Fraction
from functools import partial
from typing import TYPE_CHECKING

from flask import abort, redirect, request
from htpy import Element, Node, a, button, div, form, input, li, p, strong, ul
from werkzeug.wrappers import Response as Answer

from components.gap import figure_text, gap_days, gap_field, gap_figures, gap_kinds, gap_steps, rate
from components.shell import glance, panel, part
from components.words import digits
from dashboards._door import Door, Policy
from dashboards._filters import SHARED
from dashboards._forms import problem
from dashboards._head import head
from dashboards._page import Page, View
from dashboards._ways import GAP, GAP_ROLES, GAP_WORD
from metrics.gap import (
    FIELDS,
    LEADS,
    SALES,
    Chain,
    Figure,
    Figures,
    GapError,
    chain,
    contribution,
    daily_needs,
    figure_of,
    figures,
)
from metrics.pack import Label

if TYPE_CHECKING:
    from dashboards._site import Site

page = Page("gap", path=GAP, title=GAP_WORD, roles=GAP_ROLES)
_CHAIN = Label("一步一步算", "Step by step")
_TOGETHER = Label(
    "合计 {n} 个,按各类渠道自己的有效率;上面的总数按总的有效率",
    "{n} in all, by each kind's own valid share; the total above goes by the overall share",
)
_KINDS = Label("每类渠道要多少留电", "Phones needed per kind of channel")
_DAYS = Label("每天要做多少", "What each day has to bring")
_FORMULA = Label("集团公式:线上贡献量", "The group's formula: online contribution")
_FORMULA_IS = Label(
    "线上贡献量 =(目标缺口 ÷ 线下转化率差值)× 线上转化率预期。“差值”集团没有定义,填了才算;与上面的算法并列,互不推导。",
    "Online contribution = (gap ÷ offline difference) × expected online conversion. The group does not define the "
    "difference; it is counted once both are given, beside our chain and never derived from it.",
)
_FORMULA_SUM = Label("({gap} ÷ {offline})× {online} = {sum} 组", "({gap} ÷ {offline}) × {online} = {sum} customers")
_QUOTES = Label(
    "集团引用的数,原样列出,不参与计算", "Figures the group quotes, as they are; nothing is computed from them"
)
_AGAIN, _RESET = Label("重算", "Compute"), Label("恢复默认", "Back to the sources")
_NOTE = Label(
    "改任一数字后点“重算”;链接里带着改过的数,可直接转发。可写 1亿、200万、5%。",
    "Change any figure and compute; the link keeps what was changed. 100M, 2M and 5% can be written.",
)
_NO_SUM = Label(
    "各项目用各自的转化率和均价,缺口加起来不等于集团。",
    "Projects are computed by their own conversion and price, so their gaps do not add up to the group's.",
)
_WRONG = Label("有数字填得不对,下面按原来的数计算。", "A figure cannot be; it is computed without it.")
_OTHER = Label("未归类", "Other")
_AND = Label("、", ", ")


def add(site: "Site", door: Door) -> None:
    """Add the page."""
    door.route(GAP, Policy(frozenset(GAP_ROLES), document=True), partial(_page, site))


def _page(site: "Site") -> Answer | tuple[str, int]:
    view = site.asked_view(page, site.world.reader.current() or abort(503))
    told = _figures(view, {})
    texts = {name: request.args[name] for name in FIELDS if name in request.args}
    changed = {name: text for name, text in texts.items() if text.strip() not in ("", _default_text(told, name, view))}
    if changed != texts:
        # What was left as it was stays out of the address, so that a shared link follows the data.
        return redirect(view.address(GAP, **changed), 303)
    asked, problems = _asked(changed, view)
    body = _body(view, chain(_figures(view, asked) if asked else told), asked, changed, problems)
    title = f"{view.say(GAP_WORD)} · {view.words.of('product')}"
    here = partial(view.address, GAP, **changed)
    return site.framed(body, view, title, section="overview", here=here), 400 if problems else 200


def _figures(view: View, asked: Mapping[str, Fraction]) -> Figures:
    """The figures of what is in view; the group's set ones are for those who see the group."""
    given = view.gap if view.scope.sees_group else None
    return figures(view.frames, view.pack, view.where.project, given, asked)


def _default_text(told: Figures, name: str, view: View) -> str:
    """What stands in a field that nobody changed."""
    kind = name.removeprefix("valid_")
    figure = told.kinds.get("" if kind == "other" else kind) if kind != name else getattr(told, name, None)
    return figure_text(name, figure.default, view.words) if figure else ""


def _asked(texts: Mapping[str, str], view: View) -> tuple[dict[str, Fraction], dict[str, str]]:
    """What was typed as figures, and what is wrong with the rest."""
    asked: dict[str, Fraction] = {}
    problems: dict[str, str] = {}
    for name, text in texts.items():
        try:
            asked[name] = figure_of(name, text)
        except GapError as error:
            problems[name] = view.say(error.said)
    return asked, problems


def _body(
    view: View, found: Chain, asked: Mapping[str, Fraction], texts: Mapping[str, str], problems: Mapping[str, str]
) -> Element:
    words = view.words
    hidden = view.filters.chosen(*SHARED)
    return glance(
        head(view, page, listed=("project",), days=_whose(view)),
        part(
            "result", gap_figures(found.gap, words) if found.gap else None, problem(_WRONG if problems else None, words)
        ),
        form(method="get", action=GAP)[
            [input(type="hidden", name=name, value=value) for name, value in hidden.items()],
            part("chain", panel(view.say(_CHAIN), gap_steps(found, words, texts, problems), note=_notes(view))),
            part("kinds", _kinds(view, found, texts, problems)) if found.kinds else None,
            part("formula", _formula(view, found, asked, texts, problems)),
            div(".gap-go")[
                button(".button", type="submit")[view.say(_AGAIN)],
                texts and a(".choice", href=view.address(GAP))[view.say(_RESET)],
            ],
        ],
        part("days", _days(view, found)),
        _quotes(view),
    )


def _whose(view: View) -> str:
    """Whose gap it is: the group's or that of the projects in view."""
    if view.where.project is None:
        return view.words.of("group")
    return view.say(_AND).join(view.snapshot.project_name(id) or id for id in view.projects)


def _notes(view: View) -> str:
    """How to change figures, and, for those who see the group, why projects do not add up to it."""
    return f"{view.say(_NOTE)} {view.say(_NO_SUM)}" if view.scope.sees_group else view.say(_NOTE)


def _kinds(view: View, found: Chain, texts: Mapping[str, str], problems: Mapping[str, str]) -> Element:
    def name(kind: str) -> str:
        return view.say(view.pack.terms.get(kind, _OTHER))

    note = view.say(_TOGETHER.format(n=digits(sum(one.phones for one in found.kinds))))
    return panel(view.say(_KINDS), gap_kinds(found.kinds, view.words, name, texts, problems), note=note)


def _days(view: View, found: Chain) -> Element:
    needs = daily_needs(view.frames, view.pack, view.where.project, found)
    known = view.pack.measures
    named = {
        name: view.say(known[of].label) if of in known else of for name, of in (("amount", SALES), ("phones", LEADS))
    }
    return panel(view.say(_DAYS), gap_days(needs, view.words, named))


def _formula(
    view: View, found: Chain, asked: Mapping[str, Fraction], texts: Mapping[str, str], problems: Mapping[str, str]
) -> Element:
    fields = [
        gap_field(
            name,
            Figure(asked.get(name), "asked" if name in asked else "unknown", None),
            view.words,
            texts,
            problems,
            view.say(FIELDS[name]),
        )
        for name in ("offline", "online")
    ]
    return panel(
        view.say(_FORMULA), p[view.say(_FORMULA_IS)], div(".gap-pair")[fields], _contribution(view, found, asked)
    )


def _contribution(view: View, found: Chain, asked: Mapping[str, Fraction]) -> Node:
    if found.gap is None or not {"offline", "online"} <= set(asked):
        return None
    missing = max(found.gap.gap, 0)
    total = contribution(missing, asked["offline"], asked["online"])
    shares = {name: rate(asked[name]) for name in ("offline", "online")}
    return p[strong[view.say(_FORMULA_SUM.format(gap=digits(missing), sum=digits(total), **shares))]]


def _quotes(view: View) -> Node:
    """Figures the group quotes; for those who see the group."""
    quotes = view.pack.gap.quotes if view.scope.sees_group else ()
    return part("quotes", panel(view.say(_QUOTES), ul[[li[view.say(one)] for one in quotes]])) if quotes else None
