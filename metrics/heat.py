"""Heat grids: a count or a rate over two dimensions, every cell with its n."""

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

import numpy as np
import pandas as pd

from metrics.pack import Metric, Pack
from metrics.query import lacking, reading_of, stored
from metrics.reading import Number, Reading
from metrics.snapshot import Snapshot
from metrics.totals import EVERYTHING, Integers, Where, narrowed, sums

LEVELS = 5
GRADES = ("A", "B", "C", "D", "")
CLOCK_MONTHS = 3


@dataclass(frozen=True)
class Cell:
    """One cell: its reading, whether it rests on too few cases (rates only), and its colour level (0: nothing)."""

    reading: Reading
    n: int
    few: bool
    level: int


@dataclass(frozen=True)
class Grid:
    """Cells by row and column; `rows` and `columns` are ids with their place, `bounds` the lower ends of levels 1 to 5, `running` the column that as_of stands in."""

    metric: str
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    cells: tuple[tuple[Cell, ...], ...]
    bounds: tuple[Number, ...]
    hours_per_column: int = 1
    absent: Reading | None = None
    running: str | None = None


def rolling_hours(snapshot: Snapshot, pack: Pack, metric: str, hours: int, where: Where = EVERYTHING) -> Grid:
    """Project × hour over the last 24 hours, or × day over the last 7 days (hours = 168), ending with the hour that runs.

    When fewer than a third of the 24-hour cells are filled, columns are three hours wide.
    """
    if hours > 24:
        return _rolling(snapshot, pack, metric, hours, 24, where)
    grid = _rolling(snapshot, pack, metric, hours, 1, where)
    cells = [cell for row in grid.cells for cell in row]
    filled = sum(1 for cell in cells if cell.n)
    return grid if not cells or filled * 3 >= len(cells) else _rolling(snapshot, pack, metric, hours, 3, where)


def _rolling(snapshot: Snapshot, pack: Pack, metric: str, hours: int, width: int, where: Where) -> Grid:
    columns = _columns(snapshot.as_of, hours, width)
    frame = narrowed(snapshot.marts["hourly"], where)
    at = frame["day"].to_numpy().astype(np.int64) * 24 + frame["hour"].to_numpy()
    starts = np.asarray([_hour(column) for column in columns])
    places = np.searchsorted(starts, at, "right") - 1
    inside = (places >= 0) & (at <= _hour(snapshot.as_of))
    names = tuple(column.isoformat() for column in columns)
    frame = frame[inside].assign(column=_named(places[inside], names))
    grid = grid_of(snapshot, pack, metric, frame, ("project", "column"), _projects(snapshot, where), names, width)
    return replace(grid, running=names[-1])


def _named(places: Integers, names: tuple[str, ...]) -> "pd.Categorical[str]":
    """The name at each place."""
    return pd.Categorical.from_codes(places, categories=pd.Index(names))


def _columns(as_of: datetime, hours: int, width: int) -> list[datetime]:
    """The first hour of each column, oldest first; columns stand on whole multiples of their width."""
    hour = as_of.replace(minute=0, second=0, microsecond=0)
    last = hour - timedelta(hours=hour.hour % width)
    return [last - timedelta(hours=width * back) for back in reversed(range(hours // width))]


def _hour(at: datetime) -> int:
    return at.date().toordinal() * 24 + at.hour


def _projects(snapshot: Snapshot, where: Where) -> tuple[str, ...]:
    return tuple(id for id in snapshot.projects if where.project is None or id in where.project)


def channel_by_grade(snapshot: Snapshot, pack: Pack, first: date, last: date, where: Where = EVERYTHING) -> Grid:
    """Leads by channel and first grade over days of the last five weeks; an empty grade is 未评级."""
    frame = narrowed(snapshot.marts["hourly"], where)
    days = frame["day"].to_numpy()
    frame = frame[(days >= first.toordinal()) & (days <= last.toordinal())]
    rows = tuple(id for id in snapshot.channels if where.channel is None or id in where.channel)
    return grid_of(snapshot, pack, "leads", frame, ("channel", "grade"), rows, GRADES, 1)


def weekday_by_hour(
    snapshot: Snapshot, pack: Pack, metric: str, months: tuple[date, ...], where: Where = EVERYTHING
) -> Grid:
    """A metric by weekday (1 = Monday) and hour of day over whole months."""
    frame = narrowed(snapshot.marts["clock"], where)
    frame = frame[np.isin(frame["month"].to_numpy(), [month.toordinal() for month in months])]
    weekdays, hours = tuple("1234567"), tuple(str(hour) for hour in range(24))
    named = {
        "weekday": _named(frame["weekday"].to_numpy() - 1, weekdays),
        "hour": _named(frame["hour"].to_numpy(), hours),
    }
    return grid_of(snapshot, pack, metric, frame.assign(**named), ("weekday", "hour"), weekdays, hours, 1)


def grid_of(
    snapshot: Snapshot,
    pack: Pack,
    metric_name: str,
    frame: pd.DataFrame,
    by: tuple[str, str],
    rows: tuple[str, ...],
    columns: tuple[str, ...],
    width: int,
) -> Grid:
    metric = pack.metric(metric_name)
    absent = lacking(snapshot, pack, metric)
    if absent:
        return Grid(metric_name, rows, columns, (), (), width, absent)
    found = sums(frame, stored(pack, metric), by)
    read = {key: reading_of(pack, metric, values) for key, values in found.items()}
    return coloured(metric, read, rows, columns, width)


def coloured(
    metric: Metric,
    read: Mapping[tuple[str, ...], Reading],
    rows: tuple[str, ...],
    columns: tuple[str, ...],
    width: int = 1,
) -> Grid:
    """Readings by (row, column) as a grid, each cell with the level of its colour."""
    bounds = _bounds([reading for reading in read.values() if reading.value and not _few(metric, reading)])
    cells = tuple(tuple(_cell(metric, read.get((row, column)), bounds) for column in columns) for row in rows)
    return Grid(metric.name, rows, columns, cells, bounds, width)


def _few(metric: Metric, reading: Reading) -> bool:
    return reading.denominator is not None and reading.few(metric.min_n)


def _bounds(readings: list[Reading]) -> tuple[Number, ...]:
    """Lower ends of five levels: equal shares of the cells that hold something, so that one giant does not flatten the rest."""
    values = sorted({reading.value for reading in readings if reading.value is not None})
    if not values:
        return ()
    return tuple(dict.fromkeys(values[len(values) * level // LEVELS] for level in range(LEVELS)))


def _cell(metric: Metric, reading: Reading | None, bounds: tuple[Number, ...]) -> Cell:
    if reading is None:
        rate = metric.formula is not None and metric.formula.is_ratio
        return Cell(Reading(None, n=0, missing="nothing") if rate else Reading(0), 0, False, 0)
    n = int(reading.denominator) if reading.denominator is not None else int(reading.value or 0)
    few = _few(metric, reading)
    level = 0 if few or not reading.value else bisect_right(bounds, reading.value)
    return Cell(reading, n, few, level)


def hourly_metrics(pack: Pack) -> tuple[str, ...]:
    """Every metric and measure that is kept by the hour, counts of leads first."""
    hourly = {name for name, measure in pack.measures.items() if measure.hourly}
    measures = [name for name in pack.measures if set(pack.parts(name)) <= hourly]
    rates = [name for name, metric in pack.metrics.items() if metric.formula and set(stored(pack, metric)) <= hourly]
    first = [step.measure for step in pack.funnel if step.step == "lead" and step.measure in hourly]
    return tuple(dict.fromkeys((*first, *rates, *measures)))


def busiest(grid: Grid, most: int) -> Grid:
    """The grid with the rows that rest on the most cases only, in their order."""
    cases = [sum(cell.n for cell in cells) for cells in grid.cells]
    kept = sorted(sorted(range(len(cases)), key=lambda at: -cases[at])[:most])
    return replace(grid, rows=tuple(grid.rows[at] for at in kept), cells=tuple(grid.cells[at] for at in kept))
