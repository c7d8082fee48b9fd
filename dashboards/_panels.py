"""The panels a wall's slide can hold: each kind with the function that draws it from a view."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from htpy import Node, p

from components.alert import alerts, counted
from components.board import board_card
from components.duel import duel
from components.funnel import funnel_card, funnel_legend, funnels
from components.heatmap import column_time, heatmap
from components.pace import pace_bars, pace_legend
from components.regions import Place, Region, regions
from components.shell import panel
from components.ticker import ticker
from components.tile import tiles
from components.verdict import verdict
from dashboards._page import View, target_gap
from metrics.boards import board, upper_half
from metrics.funnel import funnel, project_funnels
from metrics.heat import busiest, rolling_hours
from metrics.overview import compared, last_full_week, pace, paces
from metrics.pack import Label
from metrics.periods import Span, comparison, period
from metrics.rules import SEVERITIES, foremost
from metrics.teams import foremost_teams
from metrics.totals import Where

Options = Mapping[str, Any]
Draw = Callable[[View, Options], Node | Sequence[Node]]
"""Draws one panel, or one after the other where a kind goes on over several slides."""

Side = tuple[str, Where]
"""A name, and whose numbers stand under it."""

PLACES_IN_A_REGION = 10
_LATEST = Label("最新动态", "Latest")
_CHAIN = Label("全链路", "The whole chain")
_PACES = Label("目标进度", "Pace")
_FUNNELS = Label("项目漏斗 · 漏得最多的在前", "Project funnels, worst leak first")
_REGIONS = Label("区域态势 · 风险最多的在前", "Regions, most at risk first")
_ALERTS = Label("风险预警", "Alerts")
_YEAR = Label("年度目标", "Target of the year")
_ATTAINED = Label("数字为年度目标完成率", "Share of the year's target")
_DUEL = Label("项目PK", "Head to head")
_TEAM_DUEL = Label("团队PK", "Teams head to head")
_ROLLING = Label("近{hours}小时滚动", "Rolling, last {hours} hours")
_DAYS = Label("近7天", "Last 7 days")
_FARTHEST = Label("最落后在前", "Farthest behind first")


def heat(view: View, options: Options) -> Node:
    """A metric by project and hour (24) or day (168), the busiest projects."""
    hours, metric = int(options["hours"]), view.pack.metric(options["metric"])
    grid = busiest(rolling_hours(view.snapshot, view.pack, metric.name, hours, view.where), options["rows"])
    drawn = heatmap(
        grid,
        metric,
        view.words,
        title=view.say(metric.label),
        row_name=lambda id: view.snapshot.project_name(id) or view.words.of("unassigned"),
        column_name=lambda column: column_time(column, grid.hours_per_column),
    )
    note = _DAYS if hours > 24 else _ROLLING.format(hours=str(hours))
    return panel(view.say(metric.label), drawn, note=view.say(note))


def ranking(view: View, options: Options) -> Node:
    """The first places of a board of the last full week; those below are on the page of the boards."""
    spec = view.pack.boards[options["board"]]
    found = board(view.frames, view.pack, spec, last_full_week(view.as_of.date()), view.where, view.terms)
    if view.lower_half != "everybody":
        # Whoever passes a wall may read it.
        found = upper_half(found)
    metric, name = view.pack.board_metric(spec), view.naming(spec.of)
    return board_card(found, metric, view.say(spec.label), name, view.words, top=options["places"])


def head_to_head(view: View, options: Options) -> Node:
    """Two projects or sales teams step by step: those named, or the foremost two of last week."""
    sides, who = _teams(view, options["teams"]) if options["teams"] else _projects(view, options)
    when = period(options["period"], view.as_of)
    span = when.span(view.as_of)
    note = " · ".join(one for one in (who, view.say(when.label), view.words.span(span.first, span.last)) if one)
    title = view.say(_TEAM_DUEL if options["teams"] else _DUEL)
    if len(sides) < 2:
        return panel(title, p(".nothing")[view.words.of("empty_board")], note=note)
    left, right = (funnel(view.frames, view.pack, "period", span, where) for _, where in sides)
    return panel(title, duel(left, right, (sides[0][0], sides[1][0]), view.words), note=note)


def _projects(view: View, options: Options) -> tuple[list[Side], str]:
    ids, who = [id for id in options["projects"] if id in view.projects], ""
    if not options["projects"]:
        spec = view.pack.boards[options["board"]]
        found = board(view.frames, view.pack, spec, last_full_week(view.as_of.date()), view.where, view.terms)
        ids, who = [row.subject for row in found.rows[:2]], view.words.of("duel_of", board=view.say(spec.label))
    return [(view.snapshot.project_name(id) or "", Where(project=frozenset((id,)))) for id in ids], who


def _teams(view: View, measure: str) -> tuple[list[Side], str]:
    monday = last_full_week(view.as_of.date())
    week = Span(monday, monday + timedelta(6))
    foremost = foremost_teams(view.frames, view.pack, measure, week, view.where)[:2]
    who = view.words.of("duel_of", board=view.say(view.pack.metric(measure).label))
    return [(team.name, Where(staff=team.staff)) for team in foremost], who


def latest(view: View, options: Options) -> Node:
    """The latest events of some kinds: no customer by nature, and here neither amount nor salesperson."""
    shown = [one for one in view.snapshot.recent if one.kind in options["kinds"] and _in_view(view, one.project)]
    events = [replace(event, amount=None, staff="") for event in shown[: options["rows"]]]
    names = view.snapshot.project_name, view.snapshot.channel_name
    return panel(view.say(_LATEST), ticker(events, *names, view.words, view.as_of))


def _in_view(view: View, project: str) -> bool:
    return view.where.project is None or project in view.where.project


def target(view: View, options: Options) -> Node:
    """The year's target: how much is done, against time."""
    metric = view.say(view.pack.metric(view.pack.overview_target).label)
    standing = pace(view.frames, view.pack, "year", None, view.where)
    return verdict(standing, target_gap(view), view.words, title=f"{view.say(_YEAR)} · {metric}")


def today(view: View, options: Options) -> Node:
    """Numbers of today against the same point of yesterday."""
    against = comparison(period("today", view.as_of), view.as_of)
    numbers = [compared(view.frames, view.pack, name, against, view.where) for name in options["numbers"]]
    metrics = {one.metric: view.pack.metric(one.metric) for one in numbers}
    label = period("today", view.as_of).label
    return panel(view.say(label), tiles(numbers, metrics, view.words), note=view.say(against.label))


def chain(view: View, options: Options) -> Node:
    """Everything in view as one funnel."""
    when = period(options["period"], view.as_of)
    one = funnel(view.frames, view.pack, "period", when.span(view.as_of), view.where)
    card = funnel_card(one, view.words.of("group"), view.words)
    return panel(view.say(_CHAIN), card, funnel_legend(view.words), note=view.say(when.label))


def every_pace(view: View, options: Options) -> Node:
    """Each project's share of its target of the year, beside the time elapsed."""
    bars = pace_bars(paces(view.frames, view.pack, "year", view.projects), view.snapshot.project_name, view.words)
    return panel(view.say(_PACES), bars, pace_legend(view.words), note=view.say(_FARTHEST))


def side_by_side(view: View, options: Options) -> list[Node]:
    """Each project's funnel, worst leak first, so many on a slide."""
    when, most = period(options["period"], view.as_of), options["per_slide"]
    found = project_funnels(view.frames, view.pack, "period", when.span(view.as_of), view.where)
    named = [(one, view.snapshot.project_name(one.project or "") or view.words.of("unassigned")) for one in found]
    note = f"{view.say(when.label)} · {view.words.of('basis_period')}"
    groups = [named[at : at + most] for at in range(0, len(named), most)] or [[]]
    return [
        panel(view.say(_FUNNELS), funnels(group, view.words), funnel_legend(view.words), note=note) for group in groups
    ]


def region_grid(view: View, options: Options) -> Node:
    """Projects by region or city with their pace and the worst alert about each, most at risk first."""
    worst = _worst(view)
    groups: dict[str, list[Place]] = {}
    for one in paces(view.frames, view.pack, "year", view.projects):
        project = view.snapshot.projects[one.project or ""]
        name = getattr(project, options["by"]) or view.words.of("no_region")
        groups.setdefault(name, []).append(Place(project.name, one, worst.get(project.id)))
    found = [Region(name, tuple(sorted(places, key=_at_risk))) for name, places in groups.items()]
    found.sort(key=lambda region: ([-_count(region, level) for level in SEVERITIES], region.name))
    drawn = regions(found, view.words, most=PLACES_IN_A_REGION)
    return panel(view.say(_REGIONS), drawn, note=view.say(_ATTAINED))


def _worst(view: View) -> dict[str, str]:
    """The worst severity that is open about each project."""
    about = [one for one in view.findings if one.kind == "project"]
    return {one.subject: one.severity for one in sorted(about, key=lambda one: -SEVERITIES.index(one.severity))}


def _at_risk(place: Place) -> tuple[int, Any, str]:
    level = SEVERITIES.index(place.severity) if place.severity else len(SEVERITIES)
    return level, -(place.pace.behind or 0), place.name


def _count(region: Region, level: str) -> int:
    return sum(place.severity == level for place in region.places)


def warnings(view: View, options: Options) -> Node:
    """The foremost alerts, of one severity or of all."""
    level = options["severity"]
    found = [one for one in view.findings if not level or one.severity == level]
    shown = alerts(
        foremost(found, options["most"]), view.pack.rules, view.subject, view.words, view.as_of, state=view.standing
    )
    if level:
        return panel(f"{view.words.of(level)} {len(found)}", shown)
    note = " · ".join(said for _, said in counted(found, view.words))
    return panel(view.say(_ALERTS), shown, note=note)


DRAWN: Mapping[str, Draw] = {
    "heat": heat,
    "board": ranking,
    "duel": head_to_head,
    "latest": latest,
    "today": today,
    "target": target,
    "chain": chain,
    "paces": every_pace,
    "funnels": side_by_side,
    "regions": region_grid,
    "alerts": warnings,
}
