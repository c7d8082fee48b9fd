"""热力: when and where leads come, and how good they are."""

from dataclasses import replace
from datetime import date, timedelta

from htpy import Node, a, div

from components.heatmap import column_said, column_time, heatmap
from components.picture import Block, heat_block
from components.shell import panel, part
from dashboards._head import head
from dashboards._page import Page, Sheet, View
from dashboards._ways import QUALITY, SANDBOX_ROLES
from metrics.heat import CLOCK_MONTHS, Grid, busiest, channel_by_grade, hourly_metrics, rolling_hours, weekday_by_hour
from metrics.pack import Label
from metrics.periods import start
from metrics.scope import PROJECT_ROLES

page = Page(
    "heat",
    path="/heat",
    title=Label("热力", "Heat"),
    roles=PROJECT_ROLES,
    sheets=("50-heat.css", "71-heat-told.css"),
)

GRADE_DAYS = 28
MOST_ROWS = 30
MONDAY = date(2024, 1, 1)
_ROLLING = Label("{metric} · 项目 × {column}", "{metric} · project × {column}")
_HOUR = Label("小时", "hour")
_DAY = Label("日", "day")
_LAST = {24: Label("近24小时滚动", "Rolling, last 24 hours"), 168: Label("近7天滚动", "Rolling, last 7 days")}
_GRADES = Label("留电 · 渠道 × 意向等级", "Leads · channel × grade")
_GRADE_NOTE = Label("近{days}天,按首次评级", "Last {days} days, by first grade")
_CLOCK = Label("{metric} · 星期 × 小时", "{metric} · weekday × hour")
_CLOCK_NOTE = Label("近{months}个月合计", "Last {months} months together")
_EXPECTED = Label("按预计签约看线索质量", "Lead quality by expected contracts")
_UNGRADED = Label("未评级", "No grade")


@page.content
def heatmaps(view: View) -> Node:
    """Project by hour, channel by grade, weekday by hour."""
    return [
        head(view, page, links=("hours",), listed=("metric", "region", "project", "channel"), days=_days(view)),
        part("rolling", rolling(view, chosen_metric(view), int(view.filters.hours))),
        part("grades", _grades(view)),
        part("clock", _clock(view, chosen_metric(view))),
        view.scope.role in SANDBOX_ROLES
        and part("ways", div(".ways")[a(href=view.address(QUALITY))[view.say(_EXPECTED)]]),
    ]


def chosen_metric(view: View) -> str:
    """The metric the viewer chose, or the pack's first."""
    return view.filters.metric or hourly_metrics(view.pack)[0]


def _days(view: View) -> str:
    return view.say(_LAST[int(view.filters.hours)])


def rolling(view: View, metric: str, hours: int) -> Node:
    """A metric by project over the last hours (by day over more than a day)."""
    grid = rolling_hours(view.snapshot, view.pack, metric, hours, view.where)
    column = _DAY if grid.hours_per_column >= 24 else _HOUR
    title = _ROLLING.format(metric=view.say(view.pack.metric(metric).label), column=view.say(column))
    return panel(view.say(title), _map(view, grid, view.say(title)), note=view.say(_LAST[hours]))


def _map(view: View, grid: Grid, title: str) -> Node:
    return heatmap(
        grid,
        view.pack.metric(grid.metric),
        view.words,
        title=title,
        row_name=lambda id: view.snapshot.project_name(id) or view.words.of("unassigned"),
        column_name=lambda column: column_time(column, grid.hours_per_column),
        column_said=lambda column: column_said(column, grid.hours_per_column, view.words),
        tells=True,
    )


def _grades(view: View) -> Node:
    grid = _by_grade(view)
    title = view.say(_GRADES)
    drawn = heatmap(
        grid,
        view.pack.metric(grid.metric),
        view.words,
        title=title,
        row_name=lambda id: view.snapshot.channel_name(id) or view.words.of("unassigned"),
        column_name=lambda grade: grade or view.say(_UNGRADED),
        tells=True,
    )
    return panel(title, drawn, note=view.say(_GRADE_NOTE.format(days=str(GRADE_DAYS))))


def _by_grade(view: View) -> Grid:
    today = view.as_of.date()
    return channel_by_grade(view.snapshot, view.pack, today - timedelta(GRADE_DAYS - 1), today, view.where)


def _clock(view: View, metric: str) -> Node:
    grid = weekday_by_hour(view.snapshot, view.pack, metric, _months(view.as_of.date()), view.where)
    title = view.say(_CLOCK.format(metric=view.say(view.pack.metric(metric).label)))
    drawn = heatmap(
        grid,
        view.pack.metric(metric),
        view.words,
        title=title,
        row_name=lambda weekday: view.words.weekday(MONDAY + timedelta(int(weekday) - 1)),
        column_name=column_time,
        column_said=lambda hour: column_said(hour, 1, view.words),
        tells=True,
    )
    return panel(title, drawn, note=view.say(_CLOCK_NOTE.format(months=str(CLOCK_MONTHS))))


def _months(today: date) -> tuple[date, ...]:
    """The first days of the running month and those before it."""
    months = [start("month", today)]
    while len(months) < CLOCK_MONTHS:
        months.append(start("month", months[-1] - timedelta(1)))
    return tuple(months)


@page.picture("metric", "region", "project", "channel")
def picture(view: View) -> Sheet:
    """The three grids; of many projects those with the most cases."""
    metric, hours = chosen_metric(view), int(view.filters.hours)
    grid = rolling_hours(view.snapshot, view.pack, metric, hours, view.where)
    blocks = [_rolling_block(view, busiest(grid, MOST_ROWS)), _grade_block(view), _clock_block(view, metric)]
    return Sheet(_days(view), blocks, left_out=max(len(grid.rows) - MOST_ROWS, 0))


def _rolling_block(view: View, grid: Grid) -> Block:
    metric = view.pack.metric(grid.metric)
    column = _DAY if grid.hours_per_column >= 24 else _HOUR
    return heat_block(
        grid,
        metric,
        view.words,
        title=view.say(_ROLLING.format(metric=view.say(metric.label), column=view.say(column))),
        row_name=view.snapshot.project_name,
        column_name=lambda column: column_time(column, grid.hours_per_column),
    )


def _grade_block(view: View) -> Block:
    grid = _by_grade(view)
    return heat_block(
        replace(grid, rows=grid.rows[:MOST_ROWS], cells=grid.cells[:MOST_ROWS]),
        view.pack.metric(grid.metric),
        view.words,
        title=view.say(_GRADES),
        row_name=view.snapshot.channel_name,
        column_name=lambda grade: grade or view.say(_UNGRADED),
        note=view.say(_GRADE_NOTE.format(days=str(GRADE_DAYS))),
    )


def _clock_block(view: View, metric: str) -> Block:
    grid = weekday_by_hour(view.snapshot, view.pack, metric, _months(view.as_of.date()), view.where)
    return heat_block(
        grid,
        view.pack.metric(metric),
        view.words,
        title=view.say(_CLOCK.format(metric=view.say(view.pack.metric(metric).label))),
        row_name=lambda weekday: view.words.weekday(MONDAY + timedelta(int(weekday) - 1)),
        column_name=column_time,
        note=view.say(_CLOCK_NOTE.format(months=str(CLOCK_MONTHS))),
    )
