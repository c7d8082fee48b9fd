"""沙盘: levers for what may be decided, and the year's end that follows, with what it rests on. A link holds what is decided."""

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

from flask import Response, g, redirect, request
from htpy import Element, Node, a, button, details, div, form, input, li, p, strong, summary, ul
from werkzeug.wrappers import Response as Answer

from components.sandbox import basis_table, effect_said, lever_field, lever_name, rate_note, sandbox_answer
from components.shell import glance, panel, part
from components.words import digits
from dashboards._door import FORM, Door, Policy
from dashboards._filters import SHARED
from dashboards._forms import problem, text_field
from dashboards._head import head
from dashboards._page import Page, View
from dashboards._sandbox import Known, decided_said, kind_said, only, sandbox_view, stages_said, whose
from dashboards._ways import DRILL, DRILL_WORD, GAP, GAP_WORD, SANDBOX, SANDBOX_ROLES, SANDBOX_WORD
from data_access.store.scenarios import latest_scenarios, save_scenario
from metrics.pack import Label
from metrics.reading import Reading
from metrics.sandbox import DRAWS, STEPS, Lever, decided, levers
from metrics.scenarios import Scenario, outcome
from metrics.scope import GROUP_ROLES

if TYPE_CHECKING:
    from dashboards._site import Site

page = Page("sandbox", path=SANDBOX, title=SANDBOX_WORD, roles=SANDBOX_ROLES)
ANSWER, COMPARE = f"{SANDBOX}/answer", f"{SANDBOX}/compare"
MOST_NAME = 60
SCRIPT = "sandbox.js"
_SEE = Policy(frozenset(SANDBOX_ROLES), document=True)
_LEVERS = Label("可以决定的", "What to decide")
_ASSUMED = Label("数据说不清的,先按假设", "What data cannot tell, as assumed")
_COMPUTE, _RESET = Label("推算", "Compute"), Label("恢复不改", "Nothing changed")
_NAME = Label("方案名称", "Name of the scenario")
_SAVE = Label("保存方案", "Save the scenario")
_NAMELESS = Label("请给方案起个名字,最多 60 字。", "Give the scenario a name of up to 60 characters.")
_SCENARIOS = Label("已存方案", "Saved scenarios")
_NO_SCENARIO = Label("还没有方案", "Nothing is saved yet")
_COMPARE = Label("并排比较(选 2–3 个)", "Compare (2 or 3)")
_BASIS = Label("依据", "What it rests on")
_NONE = Label("还不能推算:{why}", "No forecast yet: {why}")
_CHEAP = Label("每天 {spend}", "{spend} a day")
_ANSWERING = Label("响应快一倍,到访约多 {gain}%,{source}", "Twice as fast: visits up by about {gain}%, {source}")
_NOTES = (
    Label(
        "{draws} 次模拟,同一组随机数对比“改”与“不改”;留电量按近 13 周,并计入星期、月份和节假日的起伏;转化率按已成熟的留电(近一年),小样本向集团收缩。",
        "{draws} draws; decided and unchanged meet the same luck. Leads as in the last 13 weeks, with the rhythm of weekdays, "
        "months and holidays; rates from a year of leads old enough, few cases shrunk to the group.",
    ),
    Label(
        "投放在现在的 50%–200% 之内才有历史依据;转化率的改动当天起对全部在跟客户生效。",
        "History speaks for 50 % to 200 % of the present spend; a changed rate holds for every customer under way from today on.",
    ),
)
_KEPT = Label(
    "净签约÷签约 {net}/{gross}(近一年);每套 {price}({how})",
    "Net ÷ gross contracts {net}/{gross} (a year); {price} each ({how})",
)
_PRICED, _LISTED = Label("近一年均价,n={n}", "mean of a year, n={n}"), Label("项目资料标价", "the listed price")


def add(site: "Site", door: Door) -> None:
    """Add the page, its answers to the script, and the saving."""
    door.route(SANDBOX, _SEE, partial(_page, site))
    door.route(ANSWER, Policy(frozenset(SANDBOX_ROLES)), partial(_answer, site))
    saves = Policy(frozenset(SANDBOX_ROLES), document=True, accepts=FORM)
    door.route(SANDBOX, saves, partial(_save, site), methods=("POST",))


def _page(site: "Site") -> Answer | str:
    view = sandbox_view(site, page)
    known = site.models.of(view, view.where.project)
    if isinstance(known, Reading):
        return _framed(site, view, _unknown(view, known), {})
    asked = decided(known.model, request.args)
    changed = {name: str(value) for name, value in asked.items()}
    texts = {name: text for name, text in request.args.items() if name in _names(known) or name == "name"}
    if changed != texts:
        # What was left as it is stays out of the address, so that a shared link follows the data.
        return redirect(view.address(SANDBOX, **changed), 303)
    return _framed(site, view, _body(site, view, known, asked), changed)


def _framed(site: "Site", view: View, body: Node, changed: Mapping[str, str]) -> str:
    title = f"{view.say(SANDBOX_WORD)} · {view.words.of('product')}"
    here = partial(view.address, SANDBOX, **changed)
    scripts = (site.files.address(SCRIPT),)
    return site.framed(body, view, title, section="overview", here=here, aside=scripts)


def _names(known: Known) -> frozenset[str]:
    return frozenset(one.name for one in levers(known.model))


def _unknown(view: View, why: Reading) -> Element:
    said = view.say(_NONE.format(why=view.words.reason(why)))
    return glance(
        head(view, page, listed=("project",), days=whose(view, only(view))), part("result", p(".nothing")[said])
    )


def _answer(site: "Site") -> Response | tuple[str, int]:
    """What follows from the levers, for the script."""
    view = sandbox_view(site, page)
    known = site.models.of(view, view.where.project)
    if isinstance(known, Reading):
        return "", 404
    found = known.answer(decided(known.model, request.args))
    return Response(str(sandbox_answer(known.model, found, known.base, view.words)), mimetype="text/html")


def _body(
    site: "Site", view: View, known: Known, asked: Mapping[str, int], wrong: Label | None = None, name: str = ""
) -> Element:
    found = known.answer(asked)
    hidden = view.filters.chosen(*SHARED)
    listed = levers(known.model)
    assumed = [one for one in listed if one.name in ("exponent", "effect")]
    return glance(
        head(view, page, listed=("project",), days=whose(view, only(view)), more={key: str(value) for key, value in asked.items()}),
        problem(wrong, view.words),
        form(
            ".sandbox",
            method="get",
            action=SANDBOX,
            data_answer=view.filters.address(ANSWER, *SHARED),
        )[
            [input(type="hidden", name=key, value=value) for key, value in hidden.items()],
            sandbox_answer(known.model, found, known.base, view.words),
            div(".sandbox-levers")[
                panel(view.say(_LEVERS), [_lever(view, known, one, asked) for one in listed if one not in assumed]),
                panel(view.say(_ASSUMED), [_lever(view, known, one, asked) for one in assumed]) if assumed else None,
                div(".gap-go")[
                    button(".button.is-computing", type="submit")[view.say(_COMPUTE)],
                    a(".choice", href=view.address(SANDBOX))[view.say(_RESET)],
                ],
                div(".sandbox-save")[
                    text_field("name", _NAME, view.words, value=name, maxlength=str(MOST_NAME), autocomplete="off"),
                    button(
                        ".button.is-quiet", type="submit", formmethod="post", formaction=view.address(SANDBOX)
                    )[view.say(_SAVE)],
                ],
            ],
        ],
        part("scenarios", _scenarios(site, view, known)),
        part("basis", _basis(view, known)),
        div(".ways")[
            a(href=view.address(GAP))[view.say(GAP_WORD)],
            a(href=DRILL)[view.say(DRILL_WORD)] if site.world.drill and view.scope.role in GROUP_ROLES else None,
        ],
    )  # fmt: skip


def _lever(view: View, known: Known, lever: Lever, asked: Mapping[str, int]) -> Element:
    value = asked.get(lever.name, lever.default)
    title = lever_name(lever.name, view.words, partial(kind_said, view))
    step = lever.name.removeprefix("rate_")
    rate = known.model.rate(step).mean if step in STEPS else None
    return lever_field(lever, value, title, _note(view, known, lever), view.words, rate)


def _note(view: View, known: Known, lever: Lever) -> str:
    """What a lever rests on."""
    group, _, of = lever.name.partition("_")
    if group == "rate":
        return rate_note(known.model, of, view.words)
    if group == "spend":
        kind = next(one for one in known.model.kinds if (one.name or "other") == of)
        said = view.say(_CHEAP.format(spend=view.words.money(round(kind.spend or 0))))
        if kind.elasticity is None:
            return said
        power = f"{view.words.of('sandbox_power')} {kind.elasticity.value:.2f}"
        return f"{said} · {power} · {effect_said(kind.elasticity, view.words)}"
    if lever.name == "answer" and known.model.answering:
        effect = known.model.answering
        return view.say(
            _ANSWERING.format(gain=f"{(2**effect.value - 1) * 100:.0f}", source=effect_said(effect, view.words))
        )
    return ""


def _scenarios(site: "Site", view: View, known: Known) -> Element:
    """The newest scenarios the viewer may know of, to open and to compare."""
    found = latest_scenarios(site.world.store, view.scope.projects)
    title = view.say(_SCENARIOS)
    if not found:
        return panel(title, p[view.say(_NO_SCENARIO)])
    rows = [
        li(".scenario")[
            input(type="checkbox", name="id", value=one.id, aria_label=one.name),
            a(href=view.address(f"{SANDBOX}/{one.id}"))[
                strong[one.name],
                p[f"{whose(view, one.project)} · {decided_said(view, known, one.decided)}"],
                p(".panel-note")[" · ".join(stages_said(view, one))],
            ],
        ]
        for one in found
    ]
    hidden = view.filters.chosen("lang", "theme")
    comparing = form(method="get", action=COMPARE)[
        [input(type="hidden", name=key, value=value) for key, value in hidden.items()],
        ul(".scenarios")[rows],
        len(found) > 1 and button(".button.is-quiet", type="submit")[view.say(_COMPARE)],
    ]
    return panel(title, comparing)


def _basis(view: View, known: Known) -> Element:
    told = known.model
    priced = _PRICED.format(n=digits(told.price.n)) if told.price.is_measured else _LISTED
    net, gross = told.kept
    kept = _KEPT.format(
        net=digits(net), gross=digits(gross), price=view.words.money(round(told.price.mean)), how=view.say(priced)
    )
    notes = [view.say(one.format(draws=digits(DRAWS))) for one in _NOTES]
    return details(".sandbox-basis")[
        summary[view.say(_BASIS)],
        basis_table(told, view.words, partial(kind_said, view)),
        [p(".panel-note")[line] for line in (view.say(kept), *notes)],
    ]


def _save(site: "Site") -> Answer | tuple[str, int]:
    """Keep what is decided under a name."""
    view = sandbox_view(site, page)
    known = site.models.of(view, view.where.project)
    if isinstance(known, Reading):
        return _framed(site, view, _unknown(view, known), {}), 400
    asked = decided(known.model, request.form)
    name = " ".join("".join(sign if sign.isprintable() else " " for sign in request.form.get("name", "")).split())
    if not name or len(name) > MOST_NAME:
        changed = {key: str(value) for key, value in asked.items()}
        return _framed(site, view, _body(site, view, known, asked, _NAMELESS, name[:MOST_NAME]), changed), 400
    one = Scenario(
        "",
        name,
        only(view),
        asked,
        outcome(known.answer(asked)),
        outcome(known.base),
        view.as_of,
        g.person.id,
        site.world.clock(),
    )
    return redirect(view.address(f"{SANDBOX}/{save_scenario(site.world.store, one).id}"), 303)
