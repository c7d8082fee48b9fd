"""漏斗: project funnels side by side, and where a step leaks."""

from collections.abc import Iterator
from fractions import Fraction

from htpy import Node, a, h2, nav, p, span

from components.funnel import LeakHref, funnel_card
from components.funnel import funnels as funnel_grid
from components.leak import leak_table
from components.picture import Block, funnels_block, leak_block
from components.shell import panel, part
from dashboards._head import head, period_days
from dashboards._page import Page, Sheet, View
from dashboards._trends import trend_part
from metrics.funnel import Funnel, Leak, Stage, funnel, leaks, project_funnels
from metrics.pack import FunnelStep, Label
from metrics.query import Basis
from metrics.scope import EVERYBODY

page = Page(
    "funnels",
    path="/funnels",
    title=Label("漏斗", "Funnels"),
    roles=EVERYBODY,
    has_trend=True,
    sheets=("40-funnel.css",),
)

MIN_LEAK_CASES = 20
MOST_FUNNELS = 30
_CHAIN = Label("全链路", "The whole chain")
_WHOLE = Label("全部在列项目", "All projects in view")
_SIDE_BY_SIDE = Label("项目对比", "Project by project")
_WORST_FIRST = Label("漏得最多的在前", "Worst leak first")
_LEAK = Label("{step}从哪里漏", "Where {step} leaks")
_BY_CHANNEL = Label("按渠道,流失多的在前", "By channel, most lost first")
_LISTS = Label("名单", "Lists")
_NOBODY = Label("这段时间还没有客户进入漏斗", "Nobody entered the funnel in this period")


@page.content
def funnels(view: View) -> Node:
    """Each project's funnel in the viewer's scope, worst leak first; a chosen step shows its channels."""
    return [head(view, page, links=("period", "basis"), listed=("region", "project", "channel")), *_parts(view)]


def _parts(view: View) -> Iterator[Node]:
    step = _chosen_step(view)
    if step:
        yield part("leak", _leak(view, step))
    one = _funnel(view)
    yield part("whole", h2(".spoken")[view.say(_CHAIN)], _whole(view, one), _lists(view, one))
    if not view.is_own and len(view.projects) > 1:
        yield part("projects", _projects(view))
    yield trend_part(view)


def _basis(view: View) -> Basis:
    return "cohort" if view.filters.basis == "cohort" else "period"


def _chosen_step(view: View) -> FunnelStep | None:
    """The step to explain; a salesperson's own customers are not split by channel."""
    if view.is_own:
        return None
    return next((step for step in view.pack.funnel if step.step == view.filters.step), None)


def _leak(view: View, step: FunnelStep) -> Node:
    label, name = view.say(step.label), view.snapshot.channel_name
    table = leak_table(_leaks(view, step), label, name, view.words, min_n=MIN_LEAK_CASES)
    return panel(_leak_title(view, step), table, note=view.say(_BY_CHANNEL))


def _leaks(view: View, step: FunnelStep) -> list[Leak]:
    return leaks(view.frames, view.pack, _basis(view), view.period.span(view.as_of), step.step, view.where)


def _leak_title(view: View, step: FunnelStep) -> str:
    name = view.snapshot.project_name(view.filters.project) if view.filters.project else None
    title = view.say(_LEAK.format(step=view.say(step.label)))
    return f"{name} · {title}" if name else title


def _whole(view: View, one: Funnel) -> Node:
    return funnel_card(one, _name(view), view.words, leak_href=None if view.is_own else _leak_address(view))


def _lists(view: View, one: Funnel) -> Node:
    """The way from each step's number to its customers; none where the numbers reach further than the customers this viewer may list."""
    if view.scope.where != view.scope.customers:
        return None
    stages = [stage for stage in one.stages if stage.step != "exposure" and stage.count.value is not None]
    return nav(".choices.step-lists", aria_label=view.say(_LISTS))[
        span(".step-lists-word")[view.say(_LISTS)],
        [a(".choice", href=_list_address(view, stage))[_list_words(view, stage)] for stage in stages],
    ]


def _list_address(view: View, stage: Stage) -> str:
    return view.address("/customers", step=stage.step, basis=view.filters.value("basis"))


def _list_words(view: View, stage: Stage) -> str:
    return f"{view.say(stage.label)} {view.words.number(stage.count, 'count')}"


def _funnel(view: View) -> Funnel:
    return funnel(view.frames, view.pack, _basis(view), view.period.span(view.as_of), view.where)


def _name(view: View) -> str:
    if view.scope.staff:
        return "、".join(view.snapshot.staff_name(id) or id for id in sorted(view.scope.staff))
    if len(view.projects) == 1:
        return view.snapshot.project_name(view.projects[0]) or view.projects[0]
    return view.say(_WHOLE)


def _projects(view: View) -> Node:
    named = _named(view)
    if not named:
        return p(".nothing")[view.say(_NOBODY)]
    grid = funnel_grid(
        named, view.words, leak_href=_leak_address(view), href=lambda one: _address(view, one, ""), weakest=weakest
    )
    return panel(view.say(_SIDE_BY_SIDE), grid, note=view.say(_WORST_FIRST))


def _named(view: View) -> list[tuple[Funnel, str]]:
    """Each project's funnel with its name, worst leak first."""
    found = project_funnels(
        view.frames,
        view.pack,
        _basis(view),
        view.period.span(view.as_of),
        view.where,
        with_peers=view.scope.sees_group,
    )
    return [(one, view.snapshot.project_name(one.project or "") or view.words.of("unassigned")) for one in found]


def _leak_address(view: View) -> LeakHref:
    return lambda one, stage: _address(view, one, stage.step)


def _address(view: View, one: Funnel, step: str) -> str:
    changes = {"step": step, "basis": view.filters.value("basis")}
    return view.address("/funnels", **changes, **({"project": one.project} if one.project else {}))


def weakest(one: Funnel) -> str | None:
    """The step farthest below its peers; None where nothing is."""
    below = {stage.step: share for stage in one.stages if (share := _of_peers(stage)) is not None and share < 1}
    return min(below, key=lambda step: below[step]) if below else None


def _of_peers(stage: Stage) -> Fraction | None:
    rate = stage.of_previous.value
    return Fraction(rate) / stage.peers_median if rate is not None and stage.peers_median else None


@page.picture("region", "project", "channel")
def picture(view: View) -> Sheet:
    """Where the chosen step leaks, the funnel of everything in view, then each project's, worst leak first."""
    days = f"{period_days(view)} · {view.words.of(f'basis_{_basis(view)}')}"
    step = _chosen_step(view)
    blocks = [_leak_block(view, step)] if step else []
    blocks.append(funnels_block(_name(view), [(_funnel(view), "")], view.words))
    if view.is_own or len(view.projects) < 2:
        return Sheet(days, blocks)
    named = _named(view)
    beside = funnels_block(view.say(_SIDE_BY_SIDE), named[:MOST_FUNNELS], view.words, note=view.say(_WORST_FIRST))
    return Sheet(days, [*blocks, beside], left_out=max(len(named) - MOST_FUNNELS, 0))


def _leak_block(view: View, step: FunnelStep) -> Block:
    name = view.snapshot.channel_name
    note = view.say(_BY_CHANNEL)
    return leak_block(_leak_title(view, step), _leaks(view, step), name, view.words, note=note, min_n=MIN_LEAK_CASES)
