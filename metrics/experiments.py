"""实验: a trial against a control by one rate each, the difference with its interval, and what follows from it.

The interval is Newcombe's (1998, method 10), from the Wilson intervals of both rates; it holds for small numbers too.
"""

from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from math import sqrt
from typing import Literal

from metrics.risks import is_text

Verdict = Literal["open", "scale", "stop"]
Advice = Literal["scale", "stop", "wait"]
Better = Literal["higher", "lower"]
LEAST = 30
"""With fewer cases on either side nothing is advised."""
MOST = 10**9
LONGEST = 200
Z = 1.959964
"""Two-sided 95 % of the normal distribution."""


class UnfitExperiment(ValueError):
    """An experiment that cannot be kept; `reason` names the field."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Arm:
    """One side: how many cases, and how many of them had what the metric counts."""

    n: int
    hits: int

    @property
    def rate(self) -> Fraction | None:
        """Hits ÷ cases; None without cases."""
        return Fraction(self.hits, self.n) if self.n else None


@dataclass(frozen=True)
class Experiment:
    """What is tried; `cost` (yuan) of the trial and `worth` (yuan) of one hit more, None where nobody told."""

    hypothesis: str
    metric: str
    better: Better
    trial: Arm
    control: Arm
    cost: Fraction | None = None
    worth: Fraction | None = None


@dataclass(frozen=True)
class Decided:
    """What somebody (a person's id) decided of an experiment, why and when."""

    verdict: Verdict
    why: str
    by: str
    at: datetime


@dataclass(frozen=True)
class Difference:
    """Trial's rate less control's, 95 % of the time within low and high."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Return:
    """What a trial brought for its cost: hits more (or fewer, where fewer is better), and their worth ÷ cost with its interval."""

    gained: float
    roi: float | None
    low: float | None
    high: float | None


def difference(one: Experiment) -> Difference | None:
    """The difference of the rates; None where a side has no cases."""
    if not one.trial.n or not one.control.n:
        return None
    trial, control = one.trial.hits / one.trial.n, one.control.hits / one.control.n
    (low_1, high_1), (low_2, high_2) = wilson(one.trial), wilson(one.control)
    value = trial - control
    below = sqrt((trial - low_1) ** 2 + (high_2 - control) ** 2)
    above = sqrt((high_1 - trial) ** 2 + (control - low_2) ** 2)
    return Difference(value, value - below, value + above)


def wilson(arm: Arm) -> tuple[float, float]:
    """Wilson's interval of a rate, 95 %."""
    rate, square = arm.hits / arm.n, Z * Z
    middle = (rate + square / (2 * arm.n)) / (1 + square / arm.n)
    reach = Z / (1 + square / arm.n) * sqrt(rate * (1 - rate) / arm.n + square / (4 * arm.n * arm.n))
    return max(middle - reach, 0.0), min(middle + reach, 1.0)


def advice(one: Experiment) -> Advice:
    """Scale up where the whole interval is better, stop where it is worse, and wait while it holds nothing or cases are few."""
    found = difference(one)
    if found is None or min(one.trial.n, one.control.n) < LEAST or found.low <= 0 <= found.high:
        return "wait"
    return "scale" if (found.low > 0) == (one.better == "higher") else "stop"


def returned(one: Experiment) -> Return | None:
    """What the trial's cases brought beyond the control's rate, for their cost; None where cases or the cost lack."""
    found = difference(one)
    if found is None or not one.cost:
        return None
    turn = 1 if one.better == "higher" else -1
    gained = turn * found.value * one.trial.n
    if one.worth is None:
        return Return(gained, None, None, None)
    each = one.trial.n * float(one.worth / one.cost)
    low, high = sorted((turn * found.low * each, turn * found.high * each))
    return Return(gained, turn * found.value * each, low, high)


def fit_experiment(one: Experiment) -> Experiment:
    """The experiment, when it can be kept; UnfitExperiment."""
    for name in ("hypothesis", "metric"):
        if not is_text(getattr(one, name), least=1) or len(getattr(one, name)) > LONGEST:
            raise UnfitExperiment(name)
    for name in ("trial", "control"):
        arm: Arm = getattr(one, name)
        if not 0 <= arm.hits <= arm.n <= MOST:
            raise UnfitExperiment(name)
    return one
