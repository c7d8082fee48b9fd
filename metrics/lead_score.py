"""线索评分: how likely a lead is to be signed, by points that anybody can add up; fitted on leads old enough, tried on the latest of them.

A ridge logistic regression over whole-number counts. 20 points are twice the odds. Where it is not better than the grade alone, the
grade alone is used.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating[Any]]
Values = tuple[str, ...]
"""One value for each of FEATURES."""

FEATURES = ("kind", "grade", "answer", "hours", "code")
"""What is known of a lead within a day: kind of channel, grade, first answer (fast, day, late), hours (office, evening, weekend), QR code."""
GRADE = FEATURES.index("grade")
LEAST_SIGNED = 100
"""So many signed leads, old enough, are needed for a score."""
HELD_BACK = Fraction(1, 4)
"""The latest months with so much of the leads are held back to try the score."""
CASES = 30
GROUPS = 10
POINTS = 20
RIDGE = 1.0


@dataclass(frozen=True)
class Cell:
    """Leads of a month that are alike: how many there were and how many were signed within the windows."""

    month: date
    values: Values
    n: int
    signed: int


@dataclass(frozen=True)
class Trial:
    """On leads held back: the chance that a signed lead stands before another one (AUC), and the mean squared error (Brier)."""

    auc: float
    brier: float


@dataclass(frozen=True)
class Group:
    """Leads held back of about the same chance: what was told and what came."""

    told: float
    n: int
    signed: int


@dataclass(frozen=True)
class Score:
    """The points by feature and value against the mean lead, and how they did; `grades` are the chances by grade alone."""

    base: float
    weights: Mapping[str, Mapping[str, float]]
    grades: Mapping[str, float]
    fitted: tuple[date, date, int, int]
    """First and last month, leads and signed leads the score was fitted on; `held` the same of those held back."""
    held: tuple[date, date, int, int]
    own: Trial
    by_grade: Trial
    calibration: tuple[Group, ...]
    answers: tuple[float, ...]
    """By days since the lead: the share of those signed within the windows that were signed by then."""

    @property
    def used(self) -> Literal["score", "grade"]:
        """The score only where it is better on leads held back."""
        better = self.own.auc > self.by_grade.auc and self.own.brier <= self.by_grade.brier
        return "score" if better else "grade"

    def chance(self, values: Values) -> float:
        """Of being signed within the windows, told when the lead came in."""
        if self.used == "grade":
            return self.grades.get(values[GRADE], self.grades[""])
        return float(_sigmoid(np.array(self.base + sum(self.weight(values)))))

    def weight(self, values: Values) -> tuple[float, ...]:
        """What each feature adds to the logarithm of the odds; nothing for a value never seen."""
        return tuple(self.weights[name].get(value, 0.0) for name, value in zip(FEATURES, values, strict=True))

    def still(self, values: Values, age: int) -> float:
        """Of being signed later within the windows, for a lead so many days old that is not signed yet."""
        gone = self.answers[min(age, len(self.answers) - 1)]
        chance = self.chance(values)
        return chance * (1 - gone) / (1 - chance * gone) if chance * gone < 1 else 0.0


def points(weight: float) -> int:
    """A weight in points."""
    return round(weight * POINTS / float(np.log(2)))


def scored(cells: Collection[Cell], lags: Sequence[int]) -> Score | None:
    """The score of leads old enough, None where too few were signed; `lags` are signed leads by days since they came in."""
    months = sorted({one.month for one in cells})
    if sum(one.signed for one in cells) < LEAST_SIGNED or len(months) < 2:
        return None
    first_held = _first_held(cells, months)
    fitted, held = ([one for one in cells if (one.month >= first_held) == side] for side in (False, True))
    trained = _fit(fitted)
    signed = np.array([one.signed for one in held], dtype=np.float64)
    n = np.array([one.n for one in held], dtype=np.float64)
    if not 0 < signed.sum() < n.sum() or not sum(one.signed for one in fitted):
        return None
    grades = _grades(fitted)
    own = _chances(held, *trained)
    alone = np.array([grades.get(one.values[GRADE], grades[""]) for one in held])
    base, weights = _fit(cells)
    total = max(sum(lags), 1)
    return Score(
        base,
        weights,
        _grades(cells),
        _span(fitted),
        _span(held),
        Trial(auc(own, n, signed), brier(own, n, signed)),
        Trial(auc(alone, n, signed), brier(alone, n, signed)),
        calibration(own, n, signed),
        tuple((np.cumsum(np.asarray(lags, dtype=np.float64)) / total).tolist()) or (1.0,),
    )


def _first_held(cells: Iterable[Cell], months: Sequence[date]) -> date:
    """The first of the latest months that hold at least HELD_BACK of the leads; never the first month of all."""
    counts: dict[date, int] = defaultdict(int)
    for one in cells:
        counts[one.month] += one.n
    wanted, so_far = HELD_BACK * sum(counts.values()), 0
    for month in reversed(months[1:]):
        so_far += counts[month]
        if so_far >= wanted:
            return month
    return months[1]


def _span(cells: Collection[Cell]) -> tuple[date, date, int, int]:
    months = [one.month for one in cells]
    return min(months), max(months), sum(one.n for one in cells), sum(one.signed for one in cells)


# ------------------------------------------------------------------------------------------------------------- the points


def _fit(cells: Iterable[Cell]) -> tuple[float, dict[str, dict[str, float]]]:
    """Newton's steps to the ridge's optimum; weights are told against the mean lead."""
    together: dict[Values, list[int]] = defaultdict(lambda: [0, 0])
    for one in cells:
        together[one.values][0] += one.n
        together[one.values][1] += one.signed
    known = [sorted({values[at] for values in together}) for at in range(len(FEATURES))]
    shown = np.array([_row(values, known) for values in sorted(together)])
    n, signed = np.array([together[values] for values in sorted(together)], dtype=np.float64).T
    found = np.zeros(shown.shape[1])
    for _ in range(30):
        chance = _sigmoid(shown @ found)
        slope = shown.T @ (signed - n * chance) - RIDGE * np.r_[0.0, found[1:]]
        curve = (shown * (n * chance * (1 - chance))[:, None]).T @ shown + RIDGE * np.diag(
            np.r_[1e-9, np.ones(len(found) - 1)]
        )
        step = np.linalg.solve(curve, slope)
        found = found + step
        if np.abs(step).max() < 1e-9:
            break
    mean = (shown * n[:, None]).sum(axis=0) / n.sum()
    weights, at = {}, 1
    base = float(found[0])
    for name, values in zip(FEATURES, known, strict=True):
        own, share = found[at : at + len(values)], mean[at : at + len(values)]
        middle = float(own @ share)
        weights[name] = {value: float(weight) - middle for value, weight in zip(values, own, strict=True)}
        base, at = base + middle, at + len(values)
    return base, weights


def _row(values: Values, known: Sequence[Sequence[str]]) -> list[float]:
    return [1.0, *(float(value == one) for value, all_values in zip(values, known, strict=True) for one in all_values)]


def _chances(cells: Sequence[Cell], base: float, weights: Mapping[str, Mapping[str, float]]) -> Floats:
    told = [
        sum(weights[name].get(value, 0.0) for name, value in zip(FEATURES, one.values, strict=True)) for one in cells
    ]
    return _sigmoid(base + np.array(told))


def _sigmoid(values: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-np.clip(values, -30, 30))))


def _grades(cells: Iterable[Cell]) -> dict[str, float]:
    """The chance by grade alone, few cases drawn to the mean; "" is also that of a grade never seen."""
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for one in cells:
        counts[one.values[GRADE]][0] += one.n
        counts[one.values[GRADE]][1] += one.signed
    mean = sum(signed for _, signed in counts.values()) / max(sum(n for n, _ in counts.values()), 1)
    found = {grade: (signed + CASES * mean) / (n + CASES) for grade, (n, signed) in counts.items()}
    return {"": mean, **found}


# --------------------------------------------------------------------------------------------------------------- how it did


def auc(chances: Floats, n: Floats, signed: Floats) -> float:
    """The share of pairs of a signed and an unsigned lead in which the signed one has the higher chance; equal ones count half."""
    levels, places = np.unique(chances, return_inverse=True)
    won, lost = (np.bincount(places, counts, len(levels)) for counts in (signed, n - signed))
    below = np.cumsum(lost) - lost
    return float((won * (below + lost / 2)).sum() / (won.sum() * lost.sum()))


def brier(chances: Floats, n: Floats, signed: Floats) -> float:
    """The mean squared difference between the chance and what came (1 signed, 0 not)."""
    return float((signed * (1 - chances) ** 2 + (n - signed) * chances**2).sum() / n.sum())


def calibration(chances: Floats, n: Floats, signed: Floats) -> tuple[Group, ...]:
    """Up to GROUPS groups of about equally many leads, the lowest chance first; equal chances stay together."""
    order = np.argsort(chances, kind="stable")
    found: list[list[float]] = []
    size, last = n.sum() / GROUPS, None
    for at in order:
        if not found or (found[-1][1] >= size and chances[at] != last):
            found.append([0.0, 0.0, 0.0])
        found[-1][0] += chances[at] * n[at]
        found[-1][1] += n[at]
        found[-1][2] += signed[at]
        last = chances[at]
    return tuple(Group(float(told / count), int(count), int(came)) for told, count, came in found)
