"""How busy a day is by its weekday, its month and the feasts around it, told from the group's own leads; 1 is an average day."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache, lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from metrics.periods import ONE_DAY, Span, holiday_names, is_holiday

Floats = npt.NDArray[np.floating[Any]]

FEASTS: Mapping[str, tuple[int, int]] = {"春节": (-4, 8), "劳动节": (0, 4), "国庆节": (0, 7)}
"""The long feasts by the name of their first day, and the days around it that differ from others."""
OTHER = "其他假日"
NAMES = (*FEASTS, OTHER)
LEAST_DAYS, LEAST_COUNT = 365, 1_000
"""Months are told by a year at least, anything by so many cases."""
FEAST_DAYS = 5
"""A feast is drawn towards 1 as if so many of its days had been ordinary ones."""
PRIOR_YEARS = 0.5
"""Months are drawn towards 1 as if for so long there had been no seasons."""
_RIDGE = 1e-3
_YEAR = 365.25


@dataclass(frozen=True)
class Season:
    """Factors by weekday (Monday first), month (January first) and feast; `years` of history, 0 where it tells nothing."""

    weekdays: tuple[float, ...] = (1.0,) * 7
    months: tuple[float, ...] = (1.0,) * 12
    feasts: Mapping[str, float] = field(default_factory=dict)
    years: float = 0.0

    @property
    def tells_months(self) -> bool:
        """Whether there is enough history for months."""
        return self.years * _YEAR >= LEAST_DAYS

    def factors(self, first: date, days: int) -> Floats:
        """How busy each of so many days from the first on is."""
        told = np.array([*self.weekdays, *(self.feasts.get(name, 1.0) for name in NAMES), *self.months])
        return np.asarray(np.exp(np.hstack(_shown(first, days)) @ np.log(told)))


@lru_cache(maxsize=64)
def _shown(first: date, days: int) -> tuple[Floats, Floats, Floats]:
    """Each day's weekday, feast and month, as columns of ones and zeros."""
    known = [first + timedelta(at) for at in range(days)]
    feasts = np.array([[feast_of(day) == name for name in NAMES] for day in known], dtype=np.float64)
    return np.eye(7)[[day.weekday() for day in known]], feasts, np.eye(12)[[day.month - 1 for day in known]]


@cache
def feast_of(day: date) -> str | None:
    """The long feast a day belongs to; OTHER for another holiday, None for an ordinary day."""
    for name, (before, after) in FEASTS.items():
        first = _first_day(name, day.year)
        if first and before <= (day - first).days <= after:
            return name
    return OTHER if is_holiday(day) else None


@cache
def _first_day(name: str, year: int) -> date | None:
    days = (date(year, 1, 1) + ONE_DAY * at for at in range(365))
    return next((day for day in days if name in holiday_names(Span(day, day))), None)


def season(counts: Floats, first: date) -> Season:
    """What whole days from the first on tell: least squares of logarithms over a straight trend, weighted by cases.

    Months are drawn towards 1: a single year cannot tell a season from what happened once.
    """
    began = int(np.argmax(counts > 0))
    counts, first = counts[began:], first + timedelta(began)
    if counts.sum() < LEAST_COUNT:
        return Season()
    years, seen = len(counts) / _YEAR, _shown(first, len(counts))[1].sum(axis=0)
    weekdays, feasts, months = _fitted(first, counts)
    feasts *= seen / (seen + FEAST_DAYS)
    months *= years / (years + PRIOR_YEARS) if len(counts) >= LEAST_DAYS else 0
    told = dict(zip(NAMES, np.exp(feasts).tolist(), strict=True))
    return Season(_around_one(weekdays), _around_one(months), told, years)


def _fitted(first: date, counts: Floats) -> tuple[Floats, Floats, Floats]:
    """Logarithms of the factors of weekdays, feasts and months; a small ridge settles what cannot be told apart."""
    trend = np.column_stack([np.ones(len(counts)), np.arange(len(counts)) / _YEAR])
    shown, weights = np.hstack([*_shown(first, len(counts)), trend]), counts + 0.5
    square = shown.T @ (shown * weights[:, None])
    square[np.diag_indices_from(square)] += _RIDGE * weights.sum()
    found = np.linalg.solve(square, shown.T @ (weights * np.log(weights)))
    return found[:7], found[7:-14], found[-14:-2]


def _around_one(logarithms: Floats) -> tuple[float, ...]:
    factors = np.exp(logarithms - logarithms.mean())
    return tuple((factors / factors.mean()).tolist())
