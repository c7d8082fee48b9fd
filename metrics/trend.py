"""Trends: one metric day by day or week by week, nothing left out."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from metrics.pack import Pack
from metrics.periods import Span, week_start
from metrics.query import Query, lacking, readings
from metrics.reading import Reading, count, missing
from metrics.snapshot import Snapshot
from metrics.totals import EVERYTHING, Frames, Where

Grain = Literal["day", "week"]
DAYS = 35
WEEKS = 26


@dataclass(frozen=True)
class Point:
    """The reading of a day, or of the week that starts on it; `running` while it is not over."""

    first: date
    reading: Reading
    running: bool = False


def trend(frames: Frames, pack: Pack, metric: str, grain: Grain, where: Where = EVERYTHING) -> list[Point]:
    """The last five weeks by day, or the last half year by week, oldest first; the running one is the last."""
    spec, today = pack.metric(metric), frames.snapshot.as_of.date()
    absent = lacking(frames.snapshot, pack, spec)
    starts = _starts(grain, today)
    found = readings(frames, pack, metric, Query((metric,), Span(starts[0], today), (grain,), where=where))
    is_rate = spec.formula is not None and spec.formula.is_ratio
    nothing = absent or (missing("nothing") if is_rate else count(0))
    return [Point(first, found.get((first,), nothing), first == starts[-1]) for first in starts]


def _starts(grain: Grain, today: date) -> list[date]:
    last, step, number = (today, 1, DAYS) if grain == "day" else (week_start(today), 7, WEEKS)
    return [last - timedelta(days=step * back) for back in reversed(range(number))]


def trend_metrics(snapshot: Snapshot, pack: Pack) -> tuple[str, ...]:
    """The metrics that have a trend: what the overview and the funnel count, and every rate, where the source has them."""
    counted = [*pack.overview_numbers, *(step.measure for step in pack.funnel)]
    rates = [name for name, metric in pack.metrics.items() if metric.formula is not None]
    return tuple(name for name in dict.fromkeys((*counted, *rates)) if not lacking(snapshot, pack, pack.metric(name)))
