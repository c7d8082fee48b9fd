"""Answers to questions: any metric or measure, by any dimension a mart holds, for any days, on either basis."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction
from typing import Literal

import pandas as pd

from metrics.entities import ENTITIES
from metrics.nearest import nearest
from metrics.pack import Metric, Pack
from metrics.periods import Span
from metrics.reading import Number, Reading, count, missing, ratio, yuan
from metrics.snapshot import Frozen, Snapshot
from metrics.targets import target_of, target_value
from metrics.totals import (
    EVERYTHING,
    TIME_DIMENSIONS,
    Frames,
    Key,
    Where,
    between,
    dimensions_of,
    groups,
    narrowed,
    span_sums,
    sums,
)

DIMENSIONS = ("project", "channel", "staff", *TIME_DIMENSIONS)
Basis = Literal["period", "cohort"]
Window = Literal["default", "none"] | int


class QueryError(ValueError):
    """A question that cannot be answered: says why and what can be asked instead."""


class NoMart(QueryError):
    """No mart holds the dimensions asked for; the answer may still be computed from parties."""


@dataclass(frozen=True)
class Query:
    """Which metrics, by which dimensions, over which days, on which basis."""

    metrics: tuple[str, ...]
    span: Span
    by: tuple[str, ...] = ()
    basis: Basis = "period"
    where: Where = EVERYTHING
    window: Window = "default"


@dataclass(frozen=True)
class Row:
    """One answer: the group's key (ids and dates in the order of `by`), the metric and its reading."""

    key: Key
    metric: str
    reading: Reading


def answer(frames: Frames, pack: Pack, query: Query) -> list[Row]:
    """Every reading asked for, metric by metric in the order given, groups in order; QueryError when it cannot be."""
    for name in query.by:
        if name not in DIMENSIONS:
            raise QueryError(f"--by {name}: there is no such dimension. {nearest(name, DIMENSIONS)}")
    return [row for name in query.metrics for row in _rows(frames, pack, pack.metric(name), query)]


def readings(frames: Frames, pack: Pack, metric: str, query: Query) -> dict[Key, Reading]:
    """One metric's readings by group."""
    return {row.key: row.reading for row in _rows(frames, pack, pack.metric(metric), query)}


def one(frames: Frames, pack: Pack, metric: str, query: Query) -> Reading:
    """One metric's reading without grouping."""
    return readings(frames, pack, metric, query)[()]


def _rows(frames: Frames, pack: Pack, metric: Metric, query: Query) -> list[Row]:
    found = _readings(frames, pack, metric, query)
    return [Row(key, metric.name, found[key]) for key in sorted(found)]


def _readings(frames: Frames, pack: Pack, metric: Metric, query: Query) -> dict[Key, Reading]:
    if query.basis == "cohort" and (metric.state or metric.target):
        raise QueryError(f"{metric.name} has no reading by lead cohort. Ask it with --basis period.")
    if metric.lag:
        return _lags(frames.snapshot, metric, query)
    if metric.state:
        return _states(frames.snapshot, metric, query)
    if metric.target:
        return _attainments(frames, pack, metric, query)
    if query.basis == "cohort":
        return _cohort(frames, pack, metric, query)
    return _formula(frames, pack, metric, query)


# --------------------------------------------------------------------------------------------------------------- period


def stored(pack: Pack, metric: Metric) -> tuple[str, ...]:
    """The stored measures a formula metric is computed from."""
    names = metric.formula.measures if metric.formula else ()
    extra = (metric.requires.measure,) if metric.requires else ()
    return tuple(dict.fromkeys(part for name in (*names, *extra) for part in pack.parts(name)))


def known_by_staff(pack: Pack, metric: str) -> bool:
    """Whether a metric can be read for one salesperson: everything it counts has one."""
    sources = [pack.measures[name].source for name in stored(pack, pack.metric(metric))]
    return all(source == "party" or "staff_id" in ENTITIES[source].column_names for source in sources)


def lacking(snapshot: Snapshot, pack: Pack, metric: Metric) -> Reading | None:
    """The missing reading of a metric whose source lacks something; None when nothing lacks."""
    for measure in stored(pack, metric):
        if measure in snapshot.absent:
            return missing("absent", snapshot.absent[measure])
    return None


def standing_still(snapshot: Snapshot, pack: Pack, metric: str) -> Frozen | None:
    """The oldest failed entity a metric rests on: its number stands still since then; None when all are fresh."""
    hit = [one for one in snapshot.frozen if one.entity in pack.entities(metric)]
    return min(hit, key=lambda one: one.since, default=None)


def _formula(frames: Frames, pack: Pack, metric: Metric, query: Query) -> dict[Key, Reading]:
    if absent := lacking(frames.snapshot, pack, metric):
        return {(): absent}
    if query.where.staff is not None and not known_by_staff(pack, metric.name):
        raise QueryError(f"{metric.name} is not known by salesperson. Ask it by project or channel.")
    found = span_sums(frames, stored(pack, metric), query.span, query.by, query.where)
    if found is None:
        raise NoMart(_no_mart(metric, query))
    return {
        key: reading_of(pack, metric, values) for key, values in found.items() if not query.by or any(values.values())
    }


def reading_of(pack: Pack, metric: Metric, values: Mapping[str, int]) -> Reading:
    """A formula metric's reading over sums as marts hold them."""
    if metric.formula is None:
        raise QueryError(f"{metric.name} is not a formula over measures.")
    if metric.requires and not values[metric.requires.measure]:
        return missing("spend_open")
    return metric.formula.reading(_in_units(pack, metric.formula.measures, values))


def _in_units(pack: Pack, names: Iterable[str], values: Mapping[str, int]) -> dict[str, Number]:
    return {name: _measure_value(pack, name, values) for name in names}


def _measure_value(pack: Pack, name: str, values: Mapping[str, int]) -> Number:
    measure = pack.measures[name]
    if measure.formula is None:
        return yuan(values[name]) if measure.is_money else values[name]
    parts = {part: _measure_value(pack, part, values) for part in measure.formula.measures}
    value = measure.formula.reading(parts).value
    return 0 if value is None else value


# --------------------------------------------------------------------------------------------------------------- cohort


def mature_until(snapshot: Snapshot, step: str, window: Window) -> int:
    """The ordinal of the last lead day that is mature for a step."""
    today = snapshot.as_of.date()
    if window == "none":
        return today.toordinal()
    days = window if isinstance(window, int) else _days_allowed(snapshot, step)
    return (today - timedelta(days=days + 1)).toordinal()


def _days_allowed(snapshot: Snapshot, step: str) -> int:
    steps = snapshot.steps
    return sum(snapshot.windows[one] for one in steps[: steps.index(step) + 1])


def cohort_column(step: str, window: Window, *, net: bool = False) -> str:
    """The cohort mart's column with the parties that reached a step; `lead` is the cohort itself."""
    if step == "lead":
        return "leads"
    reach = "ever" if window == "none" else "in"
    return f"{step}_net_{reach}" if net else f"{step}_{reach}"


def cohort_frame(frames: Frames, metric: str, query: Query) -> pd.DataFrame:
    """The cohort rows of a question's lead days and narrowing; NoMart when no mart holds its dimensions."""
    frame = frames.cohort(dimensions_of(query.by, query.where))
    if frame is None or (isinstance(query.window, int) and "fine_cohort" not in frames.computed):
        raise NoMart(
            f"{metric} by {', '.join(sorted(dimensions_of(query.by, query.where)))} needs the parties themselves."
        )
    return narrowed(between(frame, query.span.first, query.span.last), query.where)


def _cohort(frames: Frames, pack: Pack, metric: Metric, query: Query) -> dict[Key, Reading]:
    step_of = {step.measure: step.step for step in pack.funnel}
    if metric.cohort:
        return _cohort_rate(frames, metric, query)
    if metric.name in step_of and step_of[metric.name] in (*frames.snapshot.steps, "lead"):
        return _cohort_count(frames, metric, query, step_of[metric.name])
    if all(pack.measures[name].at == "created_at" for name in stored(pack, metric)):
        return _formula(frames, pack, metric, query)
    known = [m.name for m in pack.metrics.values() if m.cohort]
    raise QueryError(
        f"{metric.name} has no reading by lead cohort. Ask it with --basis period, or one of {', '.join(known)}."
    )


def _cohort_count(frames: Frames, metric: Metric, query: Query, step: str) -> dict[Key, Reading]:
    frame = cohort_frame(frames, metric.name, query)
    column = cohort_column(step, query.window)
    found = sums(frame, ("leads", column), query.by)
    return {key: count(values[column]) for key, values in found.items()}


def _cohort_rate(frames: Frames, metric: Metric, query: Query) -> dict[Key, Reading]:
    spec = metric.cohort
    assert spec is not None
    for step in (spec.step, spec.of):
        if step not in (*frames.snapshot.steps, "lead"):
            return {(): missing("absent", step)} if not query.by else {}
    frame = cohort_frame(frames, metric.name, query)
    groups = sums(frame, ("leads",), query.by)
    mature = frame[frame["day"].to_numpy() <= mature_until(frames.snapshot, spec.step, query.window)]
    top = cohort_column(spec.step, query.window, net=spec.net)
    bottom = cohort_column(spec.of, query.window)
    found = sums(mature, dict.fromkeys((top, bottom, "leads")), query.by)
    return {key: _mature_rate(found.get(key), top, bottom) for key in groups}


def _mature_rate(values: Mapping[str, int] | None, top: str, bottom: str) -> Reading:
    if not values or not values["leads"]:
        return missing("immature" if values is None or not values.get("leads") else "nothing")
    return ratio(values[top], values[bottom])


# ----------------------------------------------------------------------------------------------------- lags and states


def _lags(snapshot: Snapshot, metric: Metric, query: Query) -> dict[Key, Reading]:
    if metric.lag != "first_response" and not set(metric.lag.split("_to_")) <= set(snapshot.steps):
        return {(): missing("absent", metric.lag)}
    frame = narrowed(between(snapshot.marts["lags"], query.span.first, query.span.last), query.where)
    frame = frame[(frame["step"] == metric.lag).to_numpy()]
    if not query.by:
        return {(): lag_reading(frame, metric.statistic)}
    return {key: lag_reading(part, metric.statistic) for key, part in groups(frame, query.by)}


def lag_reading(frame: pd.DataFrame, statistic: str) -> Reading:
    """The median or P90 (nearest rank) of a lag over its parties; missing when there are none."""
    ordered = frame.groupby("lag", sort=True)["parties"].sum()
    total = int(ordered.sum())
    if not total:
        return missing("nothing")
    places = ordered.cumsum()
    if statistic == "p90":
        return Reading(_at_rank(places, -(-total * 9 // 10)), n=total)
    low, high = _at_rank(places, (total + 1) // 2), _at_rank(places, total // 2 + 1)
    return Reading(Fraction(low + high, 2), n=total)


def _at_rank(places: "pd.Series[int]", rank: int) -> int:
    return int(places.index[int(places.to_numpy().searchsorted(rank))])


def _states(snapshot: Snapshot, metric: Metric, query: Query) -> dict[Key, Reading]:
    timed = [name for name in query.by if name in TIME_DIMENSIONS]
    if timed or not query.span.first <= snapshot.as_of.date() <= query.span.last:
        return {(): missing("no_record")}
    if metric.state in snapshot.absent:
        return {(): missing("absent", snapshot.absent[metric.state])}
    found = sums(narrowed(snapshot.marts["state"], query.where), (metric.state,), query.by)
    return {key: count(values[metric.state]) for key, values in found.items()}


def _attainments(frames: Frames, pack: Pack, metric: Metric, query: Query) -> dict[Key, Reading]:
    if set(query.by) - {"project"} or query.where.channel is not None or query.where.staff is not None:
        raise QueryError(f"{metric.name} is known by project and for the group only: targets are set that way.")
    wanted = query.where.project
    if not query.by:
        return {(): _attained(*against_target(frames, pack, metric.target, wanted, query.span))}
    projects = [id for id in frames.snapshot.projects if wanted is None or id in wanted]
    found = each_against_target(frames, pack, metric.target, projects, query.span, query.span)
    return {(id,): _attained(*one) for id, one in found.items()}


def against_target(
    frames: Frames, pack: Pack, measure: str, projects: frozenset[str] | None, span: Span, so_far: Span | None = None
) -> tuple[Reading, Fraction | None]:
    """What was done over a span (or the part of it that has passed), and its target."""
    done = one(frames, pack, measure, Query((measure,), so_far or span, where=Where(project=projects)))
    return done, target_of(frames.snapshot, measure, projects, span)


def each_against_target(
    frames: Frames, pack: Pack, measure: str, projects: Iterable[str], span: Span, so_far: Span
) -> dict[str, tuple[Reading, Fraction | None]]:
    """The same for each project on its own."""
    done = readings(frames, pack, measure, Query((measure,), so_far, ("project",)))
    nothing = done.get((), count(0))
    return {id: (done.get((id,), nothing), target_value(frames.snapshot, measure, id, span)) for id in projects}


def _attained(done: Reading, target: Fraction | None) -> Reading:
    if done.value is None:
        return done
    return Reading(Fraction(done.value) / target, done.value, target) if target else missing("no_target")


def _no_mart(metric: Metric, query: Query) -> str:
    asked = ", ".join(sorted(dimensions_of(query.by, query.where)))
    return f"{metric.name} by {asked} is in no mart. Ask by project and channel, or by project and staff."
