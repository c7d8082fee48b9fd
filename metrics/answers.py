"""Answers as records: what `query` prints and the API returns, row by row."""

import re
from collections.abc import Iterable, Sequence
from datetime import date
from difflib import get_close_matches
from fractions import Fraction
from typing import Any

from metrics.pack import Metric, Pack
from metrics.periods import Span
from metrics.query import Query, QueryError, Row, standing_still
from metrics.reading import Number, Reading, money_text
from metrics.snapshot import NOWHERE, Snapshot
from metrics.totals import Where

Record = dict[str, Any]
BASES = ("period", "cohort")


def question(
    metrics: Sequence[str],
    *,
    today: date,
    by: Iterable[str] = (),
    first: str | None = None,
    last: str | None = None,
    basis: str = "period",
    where: Iterable[str] = (),
    window: str = "default",
) -> Query:
    """The query of a command line's or an address's words; by default the current month to today. QueryError."""
    if not metrics:
        raise QueryError("No metric is named. Name one, such as leads.")
    if basis not in BASES:
        raise QueryError(f"basis is {basis!r}. Give {' or '.join(BASES)}.")
    start = _day("from", first) or today.replace(day=1)
    span = Span(start, _day("to", last) or max(today, start))
    if span.last < span.first:
        raise QueryError(f"to ({span.last}) lies before from ({span.first}). Give the earlier day first.")
    dimensions = tuple(name for part in by for name in part.split(",") if name)
    days = int(window) if re.fullmatch(r"[0-9]{1,5}", window) else window
    if not isinstance(days, int) and days not in ("default", "none"):
        raise QueryError(f"window is {window!r}. Give default, none or a number of days up to 99999.")
    return Query(tuple(metrics), span, dimensions, basis, _where(where), days)  # type: ignore[arg-type]


def _day(name: str, text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise QueryError(f"{name} is {text!r}. Give a day such as 2026-03-31.") from None


def _where(words: Iterable[str]) -> Where:
    """Narrowings such as `project=P1,P2`; several of one dimension add up; an empty value is 未归属."""
    found: dict[str, set[str]] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or name not in ("project", "channel", "staff"):
            raise QueryError(f"where is {word!r}. Write project=…, channel=… or staff=….")
        found.setdefault(name, set()).update(value.split(","))
    return Where(**{name: frozenset(ids) for name, ids in found.items()})


def refuse_unknown(where: Where, snapshot: Snapshot) -> None:
    """QueryError for an id that the source never named and no row bears: its 0 would be a wrong number."""
    named = {"project": snapshot.projects, "channel": snapshot.channels, "staff": snapshot.staff}
    for dimension in where.dimensions:
        counted = [mart[dimension].cat.categories for mart in snapshot.marts.values() if dimension in mart]
        known = {NOWHERE, *named[dimension], *(id for ids in counted for id in ids)}
        for id in sorted(getattr(where, dimension) - known):
            close = get_close_matches(id, known, n=1)
            hint = f"Did you mean {close[0]!r}?" if close else f"List them with --by {dimension}."
            raise QueryError(f"where {dimension}={id}: there is no such {dimension}. {hint}")


def records(rows: Iterable[Row], snapshot: Snapshot, pack: Pack, query: Query) -> list[Record]:
    """One record per group and metric: ids with names, dates as text, the value with its unit, or null with the reason."""
    return [_record(row, snapshot, pack, query) for row in rows]


def _record(row: Row, snapshot: Snapshot, pack: Pack, query: Query) -> Record:
    record: Record = {}
    metric = pack.metric(row.metric)
    # A metric the source cannot give at all answers once, without a group.
    for name, value in zip(query.by, row.key, strict=False):
        record |= _dimension(snapshot, name, value)
    still = standing_still(snapshot, pack, metric.name)
    since = {"frozen_since": still.since.isoformat()} if still else {}
    return {**record, "metric": metric.name, **_reading(metric, row.reading), "basis": query.basis, **since}


def _dimension(snapshot: Snapshot, name: str, value: str | date) -> Record:
    if isinstance(value, date):
        return {name: f"{value:%Y-%m}" if name == "month" else value.isoformat()}
    naming = {"project": snapshot.project_name, "channel": snapshot.channel_name, "staff": snapshot.staff_name}
    return {name: None if value == NOWHERE else value, f"{name}_name": naming[name](value)}


def _reading(metric: Metric, reading: Reading) -> Record:
    is_money = metric.unit == "yuan"
    found: Record = {"value": _value(metric, reading.value), "unit": _unit(metric)}
    for name in ("numerator", "denominator"):
        part = getattr(reading, name)
        if part is not None:
            found[name] = _exact(part, is_money=is_money and name == "numerator")
    if reading.n is not None:
        found["n"] = reading.n
    if reading.missing:
        found["reason"] = reading.missing if not reading.detail else f"{reading.missing}: {reading.detail}"
    return found


def _unit(metric: Metric) -> str:
    return metric.unit or ("share" if metric.format == "percent" else "count")


def _value(metric: Metric, value: Number | None) -> int | float | str | None:
    if value is None:
        return None
    return _exact(value, is_money=metric.unit == "yuan")


def _exact(value: Number, *, is_money: bool) -> int | float | str:
    if is_money:
        return money_text(value)
    fraction = Fraction(value)
    return int(fraction) if fraction.denominator == 1 else float(fraction)
