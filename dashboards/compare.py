"""同行差距: choose peers, see the difference step by step, and what closing each is worth in contracts."""

from fractions import Fraction
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from flask import abort, request
from htpy import Element, Node, a, button, div, fieldset, form, input, label, legend, p, span, strong

from components.missing import few_mark, missing
from components.plain_table import plain_table, quiet, with_note
from components.shell import glance, page_head, panel, part
from components.words import digits, rounded
from dashboards._door import Door, Policy
from dashboards._forms import choice_field
from dashboards._page import Page, View
from metrics.comparison import Comparison, Difference, Step, compare
from metrics.health import LEAST_WORTH, Chain, step_metric
from metrics.pack import Label
from metrics.peers import Kinds, PeerGroup, peer_groups
from metrics.reading import missing as lacking
from metrics.scope import Role

if TYPE_CHECKING:
    from dashboards._site import Site

PATH = "/compare"
COMPARE_WORD = Label("同行差距", "Against peers")
ROLES: frozenset[Role] = frozenset(("leader", "admin", "head"))
page = Page("compare", path=PATH, title=COMPARE_WORD, roles=ROLES, compares=True)
_DAYS = Label(
    "{days}的留电批次,各步按时限;已过全部观察期",
    "Leads of {days} by cohort, each step within its window; all old enough",
)
_PROJECT, _PEERS, _SHOW = (
    Label("项目", "Project"),
    Label("同行(可比组:{group})", "Peers ({group})"),
    Label("对比", "Compare"),
)
_NO_GROUP = Label("没有可比组:同类项目不足三个", "No peers: fewer than three projects of this kind")
_CLOSED = Label("未开放互看:现在只看本项目各步", "Projects do not see each other yet: only the own steps are shown")
_OPENS = Label(
    "{day} 起开放互看,之前只看本项目各步", "Projects see each other from {day}; until then only the own steps are shown"
)
_OWN, _MEDIAN = (
    Label("本项目", "This project"),
    Label("中位(所选与本项目,{n} 个)", "Median (those chosen and this one, {n})"),
)
_PEER, _RATE, _DIFFERENCE, _WORTH = (
    Label("同行", "Peer"),
    Label("该步转化", "Rate"),
    Label("差距", "Difference"),
    Label("补上值(签约)", "Worth (contracts)"),
)
_OF = Label("{reached} ÷ {entered}", "{reached} ÷ {entered}")
_AHEAD, _BEHIND, _LEVEL = (
    Label("领先 {value}", "{value} ahead"),
    Label("落后 {value}", "{value} behind"),
    Label("持平", "Level"),
)
_MORE = Label("+{n} 套", "+{n}")
_RULE = Label(
    "补上值多少 = (同行比率 × 本项目进入数 − 本项目达到数)× 后面各步比率,估计;各项分别计算,不能相加。后面各步用本项目的比率,样本不足时用所选项目合计。",
    "Worth = (the peer's rate × own entered − own reached) × the later rates: an estimate, each on its own, never to be added up. Later rates are the own, or of all chosen together where too few.",
)
_FEW_RULE = Label(
    "灰字:任一方进入数不足 {least},不比较、不估值",
    "Grey: fewer than {least} entered on either side; neither compared nor reckoned",
)
_LEADS = Label("{name} 留电 {n} 组", "{name}: {n} leads")


def add(site: "Site", door: Door) -> None:
    """Add the page."""
    door.route(PATH, Policy(ROLES, document=True), partial(_show, site))


def _show(site: "Site") -> str:
    view = site.asked_view(page, site.world.reader.current() or abort(503))
    groups = _groups(site, view)
    project = _project(view, groups)
    peers = _peers(view, groups.get(project), project)
    body = glance(
        part("head", page_head(view.say(COMPARE_WORD)), _closed(site, view), _form(view, groups, project, peers)),
        _compared(view, project, peers),
        div(".ways")[a(href=view.address("/"))[view.words.of("overview")]],
    )
    title = f"{view.say(COMPARE_WORD)} · {view.words.of('product')}"
    here = partial(_address, view, project, peers if "peer" in request.args else [])
    return site.framed(body, view, title, section="overview", here=here)


def _address(view: View, project: str, peers: list[str], **changes: str) -> str:
    """The page's address with the peers that were chosen, each said on its own."""
    chosen = "".join(f"&{urlencode({'peer': one})}" for one in peers)
    return f"{view.address(PATH, project=project, **changes)}{chosen}"


def _groups(site: "Site", view: View) -> dict[str, PeerGroup]:
    """Each project's peers, as the weekly packets know them."""
    given = site.world.settings.peers
    kinds = Kinds(given.groups, given.city_tiers, given.price_bands)
    return peer_groups(view.snapshot.projects, view.as_of.date(), kinds)


def _project(view: View, groups: dict[str, PeerGroup]) -> str:
    """The project asked for, the own one, or else the first that has peers; within the viewer's rights."""
    own = view.scope.alerts
    listed = [id for id in view.snapshot.projects if own is None or id in own]
    asked = view.filters.project
    if asked in listed:
        return asked
    return next((id for id in listed if id in groups), next(iter(listed), "")) or abort(404)


def _peers(view: View, group: PeerGroup | None, project: str) -> list[str]:
    """The peers that are chosen, all of them where none is; nobody's but where the viewer sees them."""
    if group is None or not view.scope.sees_group:
        return []
    known = [id for id in view.snapshot.projects if id in group.members and id != project]
    chosen = [id for id in known if id in request.args.getlist("peer")]
    return chosen or known


def _closed(site: "Site", view: View) -> Node:
    """That peers are not open to this viewer, and since when they will be; nothing where they are."""
    if view.scope.sees_group:
        return None
    opens = site.world.settings.scope.peers_open_from
    return p(".told")[view.say(_OPENS.format(day=opens.isoformat()) if opens else _CLOSED)]


def _form(view: View, groups: dict[str, PeerGroup], project: str, peers: list[str]) -> Node:
    if not view.scope.sees_group:
        return None
    group, own, name = groups.get(project), view.scope.alerts, view.snapshot.project_name
    listed = [(id, name(id) or id) for id in view.snapshot.projects if own is None or id in own]
    members = [id for id in view.snapshot.projects if group and id in group.members and id != project]
    return form(".asked", method="get", action=PATH)[
        [input(type="hidden", name=key, value=value) for key, value in view.filters.chosen("lang", "theme").items()],
        choice_field("project", _PROJECT, view.words, listed, project),
        fieldset[
            legend(".field-label")[view.say(_PEERS.format(group=view.say(group.label)))],
            [_tick(id, name(id) or id, is_chosen=id in peers) for id in members],
        ]
        if group
        else p(".nothing")[view.say(_NO_GROUP)],
        button(".button", type="submit")[view.say(_SHOW)],
    ]


def _tick(id: str, name: str, *, is_chosen: bool) -> Element:
    return label(".tick")[input(type="checkbox", name="peer", value=id, checked=is_chosen), name]


def _compared(view: View, project: str, peers: list[str]) -> Node:
    found = compare(view.frames, view.pack, project, peers)
    if found.span is None:
        return missing(lacking("absent", "visit"), view.words)
    days = view.words.span(found.span.first, found.span.last)
    name = view.snapshot.project_name(project) or project
    said = _LEADS.format(name=name, n=view.words.amount(found.leads[project]))
    return [
        part("basis", p(".panel-note")[view.say(_DAYS.format(days=days))], p[strong[view.say(said)]]),
        part("steps", [_step(view, found, at) for at in range(len(found.steps))]),
        part("rule", p(".panel-note")[view.say(_RULE)]),
    ]


def _step(view: View, found: Comparison, at: int) -> Element:
    step, words = found.steps[at], view.words
    metric = step_metric(view.pack, view.snapshot.steps, at)
    title = view.say((metric.cohort_label or metric.label) if metric else _name(view, step.own.step))
    own = [_rate(view, step.own.entered, step.own.reached, step.own.entered < step.least), "–", "–"]
    rows: list[tuple[Node, list[Node]]] = [(strong[view.say(_OWN)], own)]
    if found.peers and step.own.peers is not None:
        rows.append(_median(view, step.own))
    rows += [(view.snapshot.project_name(one.peer) or one.peer, _peer(view, one, step)) for one in _dearest_first(step)]
    heads = [view.say(one) for one in (_PEER, _RATE, _DIFFERENCE, _WORTH)]
    note = words.say(_FEW_RULE.format(least=str(step.least)))
    return panel(title, plain_table(title, heads, rows), note=note)


def _name(view: View, step: str) -> Label:
    return next((one.label for one in view.pack.funnel if one.step == step), Label(step, step))


def _dearest_first(step: Step) -> list[Difference]:
    return sorted(step.peers, key=lambda one: (-(one.cost or 0), -(one.difference or 0), one.peer))


def _rate(view: View, entered: int, reached: int, few: bool) -> Node:
    """A rate with both its numbers; few cases are grey."""
    words = view.words
    of = view.say(_OF.format(reached=words.amount(reached), entered=words.amount(entered)))
    value = words.percent(Fraction(reached, entered)) if entered else "–"
    return with_note(quiet(value) if few else value, of, words.of("few") if few else None)


def _median(view: View, own: Chain) -> tuple[Node, list[Node]]:
    assert own.peers is not None
    difference = None if own.few or not own.entered else own.peers - Fraction(own.reached, own.entered)
    name = view.say(_MEDIAN.format(n=str(own.among)))
    return name, [view.words.percent(own.peers), _difference(view, difference), _worth(view, own.cost)]


def _peer(view: View, one: Difference, step: Step) -> list[Node]:
    rate = _rate(view, one.entered, one.reached, one.entered < step.least)
    if one.few:
        return [rate, few_mark(step.least, view.words), quiet("–")]
    return [rate, _difference(view, one.difference), _worth(view, one.cost)]


def _difference(view: View, difference: Fraction | None) -> Node:
    """How far the project is behind or ahead, in points."""
    if difference is None:
        return quiet("–")
    if rounded(difference, 3) == 0:
        return view.say(_LEVEL)
    label = _BEHIND if difference > 0 else _AHEAD
    return view.say(label.format(value=view.words.short_points(difference)))


def _worth(view: View, cost: Fraction | None) -> Node:
    """How many more contracts; nothing is said of what would read +0.0."""
    if cost is None or cost < LEAST_WORTH:
        return quiet("–")
    return span(".report-worth")[view.say(_MORE.format(n=digits(cost, 1)))]
