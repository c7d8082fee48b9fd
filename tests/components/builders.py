"""Plausible values for component tests; a test names only what it is about."""

import re
from datetime import date, datetime
from fractions import Fraction

from markupsafe import Markup

from metrics.boards import Board, Standing
from metrics.funnel import Funnel, Stage
from metrics.heat import Cell, Grid
from metrics.overview import Compared, Pace
from metrics.pack import Label, Metric
from metrics.periods import Span
from metrics.reading import Reading, count, missing, ratio

NOW = datetime(2024, 11, 20, 10, 42, 19)
HOSTILE = '<script>alert("x")</script>\'"&'


def a_label(text: str = "留电") -> Label:
    return Label(text, text)


def a_metric(
    name: str = "leads", *, format: str = "count", better: str = "higher", min_n: int = 0, unit: str = ""
) -> Metric:
    return Metric(name, a_label(name), a_label(f"{name}?"), format, better, min_n, unit)  # type: ignore[arg-type]


def a_compared(now: Reading, before: Reading | None = None, change: Fraction | None = None) -> Compared:
    return Compared("leads", now, now, before or missing("absent"), change)


def a_stage(step: str, reached: Reading | int, of: int | None = None, **others: object) -> Stage:
    known = count(reached) if isinstance(reached, int) else reached
    rate = ratio(known.value, of) if of is not None and known.value is not None else missing("nothing")
    return Stage(step, a_label(step), known, others.pop("rate", rate), missing("nothing"), **others)  # type: ignore[arg-type]


def a_funnel(*stages: Stage, basis: str = "period") -> Funnel:
    return Funnel("p1", basis, stages)  # type: ignore[arg-type]


def a_grid(*rows: tuple[Cell, ...], bounds: tuple[int, ...] = (1, 10), hours: int = 1) -> Grid:
    columns = tuple(str(hour) for hour in range(len(rows[0])))
    return Grid("leads", tuple(f"p{at}" for at in range(len(rows))), columns, rows, bounds, hours)


def a_standing(rank: int | None, subject: str, value: Reading, **others: object) -> Standing:
    return Standing(subject, rank, value, others.pop("raw", value), **others)  # type: ignore[arg-type]


def a_board(
    *rows: Standing, unranked: tuple[Standing, ...] = (), weeks: int = 1, absent: Reading | None = None
) -> Board:
    return Board("leads", "leads", Span(date(2024, 11, 11), date(2024, 11, 17)), weeks, rows, unranked, absent)


def a_pace(attainment: Fraction | None, elapsed: Fraction = Fraction(1, 2), project: str | None = None) -> Pace:
    target = Fraction(1_500_000_000) if attainment is not None else None
    done = count((attainment or Fraction(1, 100)) * 1_500_000_000)
    return Pace(project, done, target, attainment, elapsed, None if attainment is None else elapsed - attainment)


def text_of(markup: object) -> str:
    """What a reader sees: the markup without its tags."""
    return " ".join(Markup(re.sub(r"<[^>]+>", " ", str(markup))).unescape().split())
