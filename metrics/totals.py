"""Sums over a mart: any days, any grouping its grain allows, exact."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from metrics.periods import Span, start
from metrics.snapshot import Snapshot

Key = tuple[Any, ...]
Integers = npt.NDArray[np.integer[Any]]
TIME_DIMENSIONS = ("day", "week", "month")


@dataclass(frozen=True)
class Where:
    """A narrowing by ids; None means everything."""

    project: frozenset[str] | None = None
    channel: frozenset[str] | None = None
    staff: frozenset[str] | None = None

    @property
    def dimensions(self) -> frozenset[str]:
        """The dimensions that are narrowed."""
        return frozenset(name for name in ("project", "channel", "staff") if getattr(self, name) is not None)

    def within(self, other: "Where") -> "Where":
        """Both narrowings at once: what passes this one and the other."""
        return Where(*(_both(getattr(self, name), getattr(other, name)) for name in ("project", "channel", "staff")))


def _both(one: frozenset[str] | None, other: frozenset[str] | None) -> frozenset[str] | None:
    if one is None or other is None:
        return other if one is None else one
    return one & other


EVERYTHING = Where()


@dataclass(frozen=True)
class Frames:
    """The frames sums are taken from: the snapshot's marts, or frames computed from parties for one question."""

    snapshot: Snapshot
    computed: Mapping[str, pd.DataFrame] = field(default_factory=dict)

    def daily(self, dimensions: frozenset[str]) -> pd.DataFrame | None:
        """The frame of measures by day that holds these dimensions; None when no mart does."""
        return self._holding(dimensions, ("daily", "staff"), "fine")

    def cohort(self, dimensions: frozenset[str]) -> pd.DataFrame | None:
        """The frame of cohorts by lead day that holds these dimensions; None when no mart does."""
        return self._holding(dimensions, ("cohort", "cohort_staff"), "fine_cohort")

    def _holding(self, dimensions: frozenset[str], marts: tuple[str, str], computed: str) -> pd.DataFrame | None:
        if computed in self.computed:
            return self.computed[computed]
        for mart in marts:
            frame = self.snapshot.marts[mart]
            if dimensions <= set(frame.columns):
                return frame
        return None


def dimensions_of(by: Iterable[str], where: Where) -> frozenset[str]:
    """The dimensions a question needs besides time."""
    return (frozenset(by) - set(TIME_DIMENSIONS)) | where.dimensions


def between(frame: pd.DataFrame, first: date, last: date) -> pd.DataFrame:
    """The rows of a frame sorted by day that lie between two days, both included."""
    days = frame["day"].to_numpy()
    ends = np.asarray((first.toordinal(), last.toordinal() + 1), dtype=days.dtype)
    begin, end = np.searchsorted(days, ends)
    return frame.iloc[begin:end]


def narrowed(frame: pd.DataFrame, where: Where) -> pd.DataFrame:
    """The rows that pass a narrowing."""
    for name in where.dimensions:
        wanted = getattr(where, name)
        codes = [code for code, id in enumerate(frame[name].cat.categories) if id in wanted]
        frame = frame[np.isin(frame[name].cat.codes.to_numpy(), codes)]
    return frame


def sums(frame: pd.DataFrame, measures: Iterable[str], by: tuple[str, ...] = ()) -> dict[Key, dict[str, int]]:
    """Each group's sums as whole numbers; without grouping one group () that is there even when nothing is."""
    names = [name for name in dict.fromkeys(measures) if name in frame.columns]
    if not by:
        return {(): {name: int(frame[name].to_numpy().sum(dtype=np.int64)) for name in names}}
    if frame.empty:
        return {}
    keys, places = _grouped(frame, by)
    totals = [_totals(frame[name].to_numpy(), places, len(keys)) for name in names]
    return {key: dict(zip(names, values, strict=True)) for key, *values in zip(keys, *totals, strict=True)}


def _grouped(frame: pd.DataFrame, by: tuple[str, ...]) -> tuple[list[Key], Integers]:
    """Each group's key, in order, and the place of each row's group among them."""
    codes, known = zip(*(_coded(frame, dimension) for dimension in by), strict=True)
    shape = tuple(len(one) for one in known)
    places, met = pd.factorize(np.asarray(np.ravel_multi_index(codes, shape)), sort=True)
    levels = zip(known, np.unravel_index(met, shape), strict=True)
    return list(zip(*([values[code] for code in level] for values, level in levels), strict=True)), places


def _coded(frame: pd.DataFrame, dimension: str) -> tuple[Integers, Sequence[Any]]:
    """Each row's place among a dimension's values, and the values."""
    if dimension not in TIME_DIMENSIONS:
        return frame[dimension].cat.codes.to_numpy(), list(frame[dimension].cat.categories)
    codes, days = pd.factorize(_key(frame, dimension).to_numpy(), sort=True)
    return codes, [_plain(day) for day in days]


def _totals(values: Integers, places: Integers, groups: int) -> list[int]:
    """Each group's sum, exact."""
    total = np.zeros(groups, dtype=np.int64)
    np.add.at(total, places, values.astype(np.int64))
    return total.tolist()


def groups(frame: pd.DataFrame, by: tuple[str, ...]) -> Iterator[tuple[Key, pd.DataFrame]]:
    """Each group's key and rows."""
    for found, part in frame.groupby([_key(frame, dimension) for dimension in by], observed=True, sort=True):
        yield tuple(_plain(value) for value in found), part


def _key(frame: pd.DataFrame, dimension: str) -> Any:
    if dimension not in TIME_DIMENSIONS:
        return frame[dimension]
    days = frame["day"].to_numpy()
    if dimension == "week":
        days = days - (days - 1) % 7
    if dimension == "month":
        unique, inverse = np.unique(days, return_inverse=True)
        firsts = [start("month", date.fromordinal(int(day))).toordinal() for day in unique]
        days = np.asarray(firsts, dtype=np.int64)[inverse]
    return pd.Series(days, index=frame.index, name=dimension)


def _plain(value: Any) -> Any:
    return value if isinstance(value, str) else date.fromordinal(int(value))


def span_sums(
    frames: Frames, measures: Iterable[str], span: Span, by: tuple[str, ...] = (), where: Where = EVERYTHING
) -> dict[Key, dict[str, int]] | None:
    """Sums over a span of days; its last day up to `until` comes from the edge mart. None when no mart holds the dimensions."""
    names = tuple(measures)
    frame = frames.daily(dimensions_of(by, where))
    if frame is None or not set(names) <= set(frame.columns):
        return None
    if span.until is None:
        return _summed(frame, span.first, span.last, names, by, where)
    whole = _summed(frame, span.first, span.last - timedelta(1), names, by, where)
    cut = _summed(frames.snapshot.marts["edge"], span.last, span.last, names, by, where)
    return _added(whole, cut)


def _summed(
    frame: pd.DataFrame, first: date, last: date, names: tuple[str, ...], by: tuple[str, ...], where: Where
) -> dict[Key, dict[str, int]]:
    rows = between(frame, first, last)
    if where.dimensions:
        # Rows are picked from every column there is, and a mart has forty.
        needed = {"day", *dimensions_of(by, where), *names}
        rows = narrowed(rows[[name for name in rows.columns if name in needed]], where)
    return sums(rows, names, by)


def _added(one: dict[Key, dict[str, int]], other: dict[Key, dict[str, int]]) -> dict[Key, dict[str, int]]:
    return {
        key: {
            name: one.get(key, {}).get(name, 0) + other.get(key, {}).get(name, 0)
            for name in {**one.get(key, {}), **other.get(key, {})}
        }
        for key in {**one, **other}
    }
