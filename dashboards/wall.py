"""大屏: scenes for the canteen and the war room, which nobody touches."""

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

from htpy import Node

from components.alert import alerts
from components.board import board_card
from components.funnel import funnel_card, funnel_legend, funnels
from components.heatmap import column_time, heatmap
from components.pace import pace_bars
from components.shell import panel
from components.shell_wall import Slide, failed_panel
from components.ticker import ticker
from components.tile import tiles
from components.verdict import verdict
from dashboards._door import SIGNED_IN_DOCUMENT
from dashboards._page import View, target_gap
from metrics.boards import board
from metrics.funnel import Funnel, funnel, project_funnels
from metrics.heat import busiest, rolling_hours
from metrics.overview import compared, last_full_week, pace, paces
from metrics.pack import BoardSpec, Label
from metrics.periods import comparison, period
from metrics.rules import SEVERITIES, foremost
from metrics.scope import GROUP_ROLES

_LOG = logging.getLogger(__name__)

QUALITY = "quality_share"
ROWS = 12
PLACES, SIDE = 8, 4
FUNNELS = 10
NUMBERS = 4
CARDS = 4
EVENTS = 14
_CANTEEN = Label("食堂数据屏", "Canteen wall")
_WARROOM = Label("营销作战室", "War room")
_HEAT = Label("线索热力", "Leads by hour")
_QUALITY = Label("线索质量", "Lead quality")
_BOARDS = Label("本周榜单", "Boards of the week")
_LATEST = Label("最新动态", "Latest")
_CHAIN = Label("全链路", "The whole chain")
_PACES = Label("目标进度", "Pace")
_FUNNELS = Label("项目漏斗 {at}/{of}", "Funnels {at}/{of}")
_SIDE_BY_SIDE = Label("项目漏斗 · 漏得最多的在前", "Project funnels, worst leak first")
_ALERTS = Label("风险预警", "Alerts")
_YEAR = Label("年度目标", "Target of the year")
_TODAY = Label("今日", "Today")
_ROLLING = Label("近{hours}小时滚动", "Rolling, last {hours} hours")
_DAYS = Label("近7天", "Last 7 days")
_FARTHEST = Label("最落后在前", "Farthest behind first")


@dataclass(frozen=True)
class Scene:
    """One composition of slides: its name, title, who may open it, and what makes its slides."""

    name: str
    title: Label
    roles: frozenset[str]
    slides: Callable[[View], list[Slide]]


def canteen(view: View) -> list[Slide]:
    """For everybody, in passing: lead quality, the referral king, fresh events, boards of the week; no amounts, no customers."""
    counted = [spec for spec in view.pack.boards.values() if view.pack.metric(spec.metric).format != "money"]
    kings = [spec for spec in counted if spec.of == "referrer"][:1]
    ranked = [spec for spec in counted if spec.of == "project"]
    return [
        _slide(
            view,
            "heat",
            _HEAT,
            partial(_heat, view, "leads", 24),
            *_boards(view, kings, SIDE),
            _latest(view),
            layout="lead",
        ),
        _slide(view, "quality", _QUALITY, partial(_heat, view, QUALITY, 168)),
        _slide(view, "boards", _BOARDS, *_boards(view, [*ranked, *kings][:3], PLACES), layout="three"),
    ]


def warroom(view: View) -> list[Slide]:
    """For the group's leaders: the whole chain, every project's pace, funnels side by side, alerts by severity."""
    chain = (_today, _verdict, _chain, _first_alert)
    by_severity = [partial(_severity, view, level) for level in SEVERITIES]
    return [
        _slide(view, "chain", _CHAIN, *(partial(one, view) for one in chain), layout="command"),
        _slide(view, "pace", _PACES, partial(_paces, view)),
        *_funnel_slides(view),
        _slide(view, "alerts", _ALERTS, *by_severity, layout="three"),
    ]


SCENES = (
    Scene("canteen", _CANTEEN, SIGNED_IN_DOCUMENT.roles or frozenset(), canteen),
    Scene("warroom", _WARROOM, frozenset(GROUP_ROLES), warroom),
)


def _slide(view: View, name: str, title: Label, *panels: Callable[[], Node], layout: str = "one") -> Slide:
    said = view.say(title)
    return Slide(name, said, tuple(_made(view, said, panel) for panel in panels), layout)


def _made(view: View, title: str, panel: Callable[[], Node]) -> Node:
    """A panel, or the word that it could not be made: one broken panel must not darken a wall."""
    try:
        return panel()
    except Exception:
        _LOG.exception("A panel of the wall slide %s cannot be shown", title)
        return failed_panel(title, view.as_of, view.words)


def _heat(view: View, metric: str, hours: int) -> Node:
    grid = busiest(rolling_hours(view.snapshot, view.pack, metric, hours), ROWS)
    label = view.say(view.pack.metric(metric).label)
    drawn = heatmap(
        grid,
        view.pack.metric(metric),
        view.words,
        title=label,
        row_name=lambda id: view.snapshot.project_name(id) or view.words.of("unassigned"),
        column_name=lambda column: column_time(column, grid.hours_per_column),
    )
    note = _DAYS if hours > 24 else _ROLLING.format(hours=str(hours))
    return panel(label, drawn, note=view.say(note))


def _boards(view: View, specs: Sequence[BoardSpec], places: int) -> list[Callable[[], Node]]:
    return [partial(_board, view, spec, places) for spec in specs]


def _board(view: View, spec: BoardSpec, places: int) -> Node:
    found = board(view.frames, view.pack, spec, last_full_week(view.as_of.date()))
    name = view.referrer if spec.of == "referrer" else view.snapshot.project_name
    # A wall has room for so many rows; those below are on the page of the boards.
    shown = replace(found, rows=found.rows[:places], unranked=())
    return board_card(shown, view.pack.metric(spec.metric), view.say(spec.label), name, view.words)


def _latest(view: View) -> Callable[[], Node]:
    events = [replace(event, amount=None, staff="") for event in view.snapshot.recent[:EVENTS]]
    names = view.snapshot.project_name, view.snapshot.channel_name
    return lambda: panel(view.say(_LATEST), ticker(events, *names, view.words, view.as_of))


def _verdict(view: View) -> Node:
    metric = view.say(view.pack.metric(view.pack.overview_target).label)
    standing = pace(view.frames, view.pack, "year", None)
    return verdict(standing, target_gap(view), view.words, title=f"{view.say(_YEAR)} · {metric}")


def _today(view: View) -> Node:
    today = comparison(period("today", view.as_of), view.as_of)
    numbers = [compared(view.frames, view.pack, name, today) for name in view.pack.overview_numbers[:NUMBERS]]
    metrics = {one.metric: view.pack.metric(one.metric) for one in numbers}
    return panel(view.say(_TODAY), tiles(numbers, metrics, view.words), note=view.say(today.label))


def _chain(view: View) -> Node:
    week = period("week", view.as_of)
    one = funnel(view.frames, view.pack, "period", week.span(view.as_of))
    card = funnel_card(one, view.words.of("group"), view.words)
    return panel(view.say(_CHAIN), card, funnel_legend(view.words), note=view.say(week.label))


def _first_alert(view: View) -> Node:
    shown = alerts(foremost(view.findings, 1), view.pack.rules, view.subject, view.words, view.as_of)
    counted = Counter(one.severity for one in view.findings)
    note = " · ".join(f"{view.words.of(level)} {counted[level]}" for level in SEVERITIES if counted[level])
    return panel(view.say(_ALERTS), shown, note=note)


def _severity(view: View, level: str) -> Node:
    found = [one for one in view.findings if one.severity == level]
    shown = alerts(foremost(found, CARDS), view.pack.rules, view.subject, view.words, view.as_of)
    return panel(f"{view.words.of(level)} {len(found)}", shown)


def _paces(view: View) -> Node:
    bars = pace_bars(paces(view.frames, view.pack, "year", view.projects), view.snapshot.project_name, view.words)
    return panel(view.say(_PACES), bars, note=view.say(_FARTHEST))


def _funnel_slides(view: View) -> list[Slide]:
    month = period("month", view.as_of)
    found = project_funnels(view.frames, view.pack, "period", month.span(view.as_of))
    named = [(one, view.snapshot.project_name(one.project or "") or view.words.of("unassigned")) for one in found]
    groups = [named[at : at + FUNNELS] for at in range(0, len(named), FUNNELS)]
    return [
        _slide(
            view,
            f"funnels-{at}",
            _FUNNELS.format(at=str(at), of=str(len(groups))),
            partial(_funnels, view, group, f"{view.say(month.label)} · {view.words.of('basis_period')}"),
        )
        for at, group in enumerate(groups, 1)
    ]


def _funnels(view: View, group: Sequence[tuple[Funnel, str]], note: str) -> Node:
    return panel(view.say(_SIDE_BY_SIDE), funnels(group, view.words), funnel_legend(view.words), note=note)
