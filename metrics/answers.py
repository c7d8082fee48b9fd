"""Answers as records: what `query` prints and the API returns, row by row."""

from collections.abc import Iterable
from datetime import date
from fractions import Fraction
from typing import Any

from metrics.pack import Metric, Pack
from metrics.query import Query, Row
from metrics.reading import Number, Reading, money_text
from metrics.snapshot import NOWHERE, Snapshot

Record = dict[str, Any]


def records(rows: Iterable[Row], snapshot: Snapshot, pack: Pack, query: Query) -> list[Record]:
    """One record per group and metric: ids with names, dates as text, the value with its unit, or null with the reason."""
    return [_record(row, snapshot, pack.metric(row.metric), query) for row in rows]


def _record(row: Row, snapshot: Snapshot, metric: Metric, query: Query) -> Record:
    record: Record = {}
    # A metric the source cannot give at all answers once, without a group.
    for name, value in zip(query.by, row.key, strict=False):
        record |= _dimension(snapshot, name, value)
    return {**record, "metric": metric.name, **_reading(metric, row.reading), "basis": query.basis}


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
