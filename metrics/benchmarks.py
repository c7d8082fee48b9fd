"""标杆库: outside figures with their source, and apart from them what the group's own best projects have reached."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from metrics.boards import shrunk
from metrics.health import cohort_days
from metrics.overview import last_full_week
from metrics.pack import Metric, Pack
from metrics.periods import Span
from metrics.query import Basis, Query, readings
from metrics.reading import Number, Reading
from metrics.risks import LONGEST, is_safe_link, is_text
from metrics.totals import Frames

WEEKS = 13
LEAST_PROJECTS = 2
"""The best of one is no benchmark."""


class UnfitBenchmark(ValueError):
    """An entry that cannot be kept; `reason` names the field."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Benchmark:
    """A figure of somebody else as it was published: who, what, how much (as text), where it was read and of which day it is."""

    who: str
    figure: str
    value: str
    source: str
    dated: date
    link: str = ""
    note: str = ""


@dataclass(frozen=True)
class OwnBest:
    """The best of so many projects with cases enough in a metric, over the days and by the basis it was read."""

    metric: str
    project: str
    reading: Reading
    among: int
    span: Span
    basis: Basis


def fit_benchmark(one: Benchmark) -> Benchmark:
    """The entry, when everything in it can be kept; UnfitBenchmark."""
    for name in ("who", "figure", "value", "source"):
        _require(is_text(getattr(one, name), least=1), name)
    _require(is_text(one.note), "note")
    _require(len(one.link) <= LONGEST and is_safe_link(one.link), "link")
    return one


def _require(holds: bool, reason: str) -> None:
    if not holds:
        raise UnfitBenchmark(reason)


def own_best(frames: Frames, pack: Pack, exempt: frozenset[str] = frozenset()) -> list[OwnBest]:
    """For each metric of the pack's list the best project; none where too few have cases enough, or chance alone tells them apart.

    Rates are ranked drawn towards the group's, so that small samples do not win by luck; what is shown is the plain reading.
    """
    found = (_best(frames, pack, pack.metric(name), exempt) for name in pack.benchmarks)
    return [one for one in found if one]


def _best(frames: Frames, pack: Pack, metric: Metric, exempt: frozenset[str]) -> OwnBest | None:
    basis: Basis = "cohort" if metric.cohort else "period"
    span = benchmark_days(frames, basis)
    if span is None:
        return None
    read = readings(frames, pack, metric.name, Query((metric.name,), span, ("project",), basis))
    known = {
        str(key[0]): one
        for key, one in read.items()
        if key and key[0] in frames.snapshot.projects and key[0] not in exempt and one.value is not None
    }
    enough = {id: one for id, one in known.items() if not one.few(metric.min_n)}
    ranked = _ranked(metric, enough)
    if len(enough) < LEAST_PROJECTS or len(set(ranked.values())) < LEAST_PROJECTS:
        return None
    best = max(ranked, key=lambda id: (ranked[id], id))
    return OwnBest(metric.name, best, enough[best], len(enough), span, basis)


def _ranked(metric: Metric, found: Mapping[str, Reading]) -> Mapping[str, Number]:
    """What projects are ranked by, more is better."""
    drawn = shrunk(found) if metric.format == "percent" else {id: one.value or 0 for id, one in found.items()}
    turn = -1 if metric.better == "lower" else 1
    return {id: turn * Fraction(value) for id, value in drawn.items()}


def benchmark_days(frames: Frames, basis: Basis) -> Span | None:
    """The last thirteen full weeks, or the last thirteen weeks of leads old enough for every step; None without steps."""
    if basis == "cohort":
        return cohort_days(frames.snapshot, frames.snapshot.as_of.date())
    last = last_full_week(frames.snapshot.as_of.date()) + timedelta(6)
    return Span(last - timedelta(7 * WEEKS - 1), last)
