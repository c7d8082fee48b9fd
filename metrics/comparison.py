"""同行差距: where a project loses against chosen peers, step by step, and what closing each difference is worth."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from metrics.health import (
    Chain,
    Counts,
    Later,
    Least,
    added,
    chain,
    chains,
    cohort_days,
    later_rates,
    step_least,
    worth,
)
from metrics.pack import Pack
from metrics.periods import Span
from metrics.totals import Frames


@dataclass(frozen=True)
class Difference:
    """One step of the project beside one peer's.

    `cost` is how many more would come through to the last step at the peer's rate; None where either side, or a later rate it
    is reckoned with, rests on too `few`; 0 where the project is ahead.
    """

    peer: str
    entered: int
    reached: int
    few: bool
    difference: Fraction | None
    cost: Fraction | None


@dataclass(frozen=True)
class Step:
    """One step: the project's own with the peers' median (`own`), and each peer; `least` is from how many on a rate is told."""

    own: Chain
    least: int
    peers: tuple[Difference, ...]


@dataclass(frozen=True)
class Comparison:
    """A project beside its peers over the leads of so many days; no steps where the source shows none."""

    project: str
    peers: tuple[str, ...]
    span: Span | None
    leads: Mapping[str, int]
    steps: tuple[Step, ...]


def compare(frames: Frames, pack: Pack, project: str, peers: Sequence[str]) -> Comparison:
    """Every step of a project beside the same step of each peer, over thirteen weeks of leads old enough for all steps."""
    span, steps = cohort_days(frames.snapshot, frames.snapshot.as_of.date()), frames.snapshot.steps
    if span is None:
        return Comparison(project, tuple(peers), None, {}, ())
    found = chains(frames, span)
    counts = {id: added(found.get(id, {}).values(), len(steps) + 1) for id in (project, *peers)}
    least = Least(tuple(step_least(pack, steps, at) for at in range(len(steps))), _least_peers(pack))
    later = later_rates(steps, counts[project], list(counts.values()), least.steps)
    made = tuple(_step(steps, at, project, counts, later, least) for at in range(len(steps)))
    return Comparison(project, tuple(peers), span, {id: one[0] for id, one in counts.items()}, made)


def _least_peers(pack: Pack) -> int:
    return pack.report.least_peers if pack.report else 3


def _step(
    steps: Sequence[str],
    at: int,
    project: str,
    counts: Mapping[str, Counts],
    later: Sequence[Later | None],
    least: Least,
) -> Step:
    own = chain(steps, at, counts[project], list(counts.values()), later, least)
    peers = [
        _difference(own, id, each[at], each[at + 1], least.steps[at]) for id, each in counts.items() if id != project
    ]
    return Step(own, least.steps[at], tuple(peers))


def _difference(own: Chain, peer: str, entered: int, reached: int, least: int) -> Difference:
    few = own.few or entered < max(least, 1)
    if not own.entered or not entered:
        return Difference(peer, entered, reached, True, None, None)
    rate = Fraction(reached, entered)
    cost = None if few else worth(own.entered, own.reached, rate, own.later)
    return Difference(peer, entered, reached, few, rate - Fraction(own.reached, own.entered), cost)
