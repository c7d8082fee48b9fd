"""方案: a what-if that was given a name: what was decided, what it came to then, and how far its approval has come."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from fractions import Fraction
from typing import Literal

from metrics.sandbox import Answer
from metrics.scope import Scope

Stage = Literal["proposal", "party", "office"]
STAGES: tuple[Stage, ...] = ("proposal", "party", "office")
"""提案, 党委会, 总办会: each waits for the one before."""
Ruling = Literal["passed", "returned"]
RULINGS: tuple[Ruling, ...] = ("passed", "returned")
TEN_THOUSAND = 10_000


@dataclass(frozen=True)
class Outcome:
    """An answer as it is kept: whole contracts and whole 万 of yuan (lowest tenth, middle, highest tenth), what is still spent."""

    contracts: tuple[int, int, int]
    amount: tuple[int, int, int]
    chance: Fraction | None
    cost: Fraction | None


def outcome(found: Answer) -> Outcome:
    """An answer, rounded as an estimate may be told."""
    contracts = tuple(round(value) for value in (found.contracts.low, found.contracts.middle, found.contracts.high))
    amount = tuple(in_ten_thousands(value) for value in (found.amount.low, found.amount.middle, found.amount.high))
    return Outcome(
        (contracts[0], contracts[1], contracts[2]), (amount[0], amount[1], amount[2]), found.chance, found.cost
    )


def in_ten_thousands(yuan: float) -> int:
    """Estimated yuan, rounded to whole 万."""
    return round(yuan / TEN_THOUSAND) * TEN_THOUSAND


@dataclass(frozen=True)
class Ruled:
    """What became of a scenario at one stage, on which day, and who noted it."""

    stage: Stage
    ruling: Ruling
    day: date
    by: str
    at: datetime


@dataclass(frozen=True)
class Scenario:
    """A named what-if of a project (None: the group); `then` and `base` are what it came to, and what nothing decided came to,
    when it was made, on the snapshot of `as_of`."""

    id: str
    name: str
    project: str | None
    decided: Mapping[str, int]
    then: Outcome
    base: Outcome
    as_of: datetime
    made_by: str
    made_at: datetime
    rulings: tuple[Ruled, ...] = field(default=())


def may_see(scope: Scope, one: Scenario) -> bool:
    """Whether a viewer may know of a scenario: the group's for those who see the group, a project's for those who see it."""
    return scope.projects is None or (one.project is not None and one.project in scope.projects)


def latest(rulings: Iterable[Ruled]) -> dict[Stage, Ruled]:
    """The last ruling of each stage."""
    return {one.stage: one for one in sorted(rulings, key=lambda one: one.at)}


def next_stages(rulings: Iterable[Ruled]) -> tuple[Stage, ...]:
    """The stages that may be ruled on: a first one, or one whose predecessor has passed."""
    passed = [one.stage for one in latest(rulings).values() if one.ruling == "passed"]
    return tuple(stage for at, stage in enumerate(STAGES) if at == 0 or STAGES[at - 1] in passed)


def fits(rulings: Iterable[Ruled], stage: Stage, day: date, today: date) -> bool:
    """Whether a stage can have been ruled on that day: not before the stage it waits for, and not in the future."""
    known, at = latest(rulings), STAGES.index(stage)
    before = known.get(STAGES[at - 1]) if at else None
    return stage in next_stages(known.values()) and day <= today and (before is None or day >= before.day)
