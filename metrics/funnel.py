"""Funnels: what happened in a period, or what became of the leads of a period, step by step."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from statistics import median

from metrics.pack import FunnelStep, Label, Pack
from metrics.periods import Span
from metrics.query import Basis, Query, cohort_column, cohort_frame, lacking, mature_until
from metrics.reading import Reading, count, missing, ratio
from metrics.snapshot import Snapshot
from metrics.totals import EVERYTHING, Frames, Where, span_sums, sums


@dataclass(frozen=True)
class Stage:
    """One step: how many reached it, out of the step before and out of the leads, and what stands beside the count.

    `skipped` are parties that came in later than the first step (未留电直接到访); `immature` leads are too young for the rate,
    `open` of them have not reached the step so far; `astray` parties have the event, but out of order.
    """

    step: str
    label: Label
    count: Reading
    of_previous: Reading
    of_first: Reading
    peers_median: Fraction | None = None
    skipped: int = 0
    immature: int = 0
    open: int = 0
    astray: int = 0


@dataclass(frozen=True)
class Funnel:
    """The stages of one project (None: all in view) on one basis."""

    project: str | None
    basis: Basis
    stages: tuple[Stage, ...]


@dataclass(frozen=True)
class Leak:
    """One channel's part in a step: how many reached it, of how many, and how many were lost."""

    channel: str
    count: Reading
    of_previous: Reading
    lost: int


def funnel(frames: Frames, pack: Pack, basis: Basis, span: Span, where: Where = EVERYTHING) -> Funnel:
    """One funnel over everything in view; one of salespeople begins with their leads."""
    found = _funnels(frames, pack, basis, span, (), where)[""]
    return found if where.staff is None else _from_leads(found)


def _from_leads(one: Funnel) -> Funnel:
    """Without exposure: it is the project's, only personal codes tell whose it was, and leads come by other ways too."""
    first, *rest = one.stages
    if first.step != "exposure":
        return one
    lead, *later = rest
    return replace(one, stages=(replace(lead, of_previous=first.of_previous), *later))


def project_funnels(
    frames: Frames, pack: Pack, basis: Basis, span: Span, where: Where = EVERYTHING, *, with_peers: bool = True
) -> list[Funnel]:
    """One funnel per project with leads or visits in the span, worst leak first; each step with its peers' median."""
    found = _funnels(frames, pack, basis, span, ("project",), where)
    funnels = [found[id] for id in found if id in frames.snapshot.projects or _any(found[id])]
    if with_peers:
        funnels = _with_medians(funnels, frames.snapshot)
    return sorted(funnels, key=_worst_leak)


def leaks(frames: Frames, pack: Pack, basis: Basis, span: Span, step: str, where: Where = EVERYTHING) -> list[Leak]:
    """Where a step leaks: its channels, most lost first."""
    found = _funnels(frames, pack, basis, span, ("channel",), where)
    rows = []
    for channel, one in found.items():
        stage = next(stage for stage in one.stages if stage.step == step)
        rate = stage.of_previous
        lost = int(rate.denominator - rate.numerator) if rate.denominator and rate.numerator is not None else 0
        if stage.count.value or rate.denominator:
            rows.append(Leak(channel, stage.count, rate, max(lost, 0)))
    return sorted(rows, key=lambda leak: (-leak.lost, leak.channel))


def _any(one: Funnel) -> bool:
    return any(stage.count.value for stage in one.stages)


def _worst_leak(one: Funnel) -> tuple[Fraction, str]:
    """The step farthest below its peers first; funnels that cannot be compared last."""
    gaps = [
        Fraction(stage.of_previous.value) / stage.peers_median
        for stage in one.stages
        if stage.of_previous.value is not None and stage.peers_median
    ]
    return (min(gaps, default=Fraction(10**6)), one.project or "")


def _with_medians(funnels: Iterable[Funnel], snapshot: Snapshot) -> list[Funnel]:
    """The funnels with the median of their peer group's rate at each step; projects without a peer group are one group."""
    rates: dict[tuple[str | None, str], list[Reading]] = defaultdict(list)
    for one in funnels:
        for stage in one.stages if one.project else ():
            rates[_peer_group(snapshot, one.project), stage.step].append(stage.of_previous)
    medians = {place: _median(found) for place, found in rates.items()}
    return [_beside_peers(one, _peer_group(snapshot, one.project), medians) for one in funnels]


def _beside_peers(one: Funnel, group: str | None, medians: Mapping[tuple[str | None, str], Fraction | None]) -> Funnel:
    stages = (replace(stage, peers_median=medians.get((group, stage.step))) for stage in one.stages)
    return replace(one, stages=tuple(stages))


def _peer_group(snapshot: Snapshot, project: str | None) -> str | None:
    known = snapshot.projects.get(project or "")
    return known.peer_group if known else None


def _median(rates: Iterable[Reading]) -> Fraction | None:
    values = [Fraction(rate.value) for rate in rates if rate.value is not None]
    return median(values) if len(values) >= 3 else None


def _funnels(
    frames: Frames, pack: Pack, basis: Basis, span: Span, by: tuple[str, ...], where: Where
) -> dict[str, Funnel]:
    groups = _cohort(frames, pack, span, by, where) if basis == "cohort" else _period(frames, pack, span, by, where)
    return {key: Funnel(key if by == ("project",) else None, basis, stages) for key, stages in groups.items()}


def _period(frames: Frames, pack: Pack, span: Span, by: tuple[str, ...], where: Where) -> dict[str, tuple[Stage, ...]]:
    names = [step.measure for step in pack.funnel] + [name for name in ("walk_ins",) if name in pack.measures]
    found = span_sums(frames, names, span, by, where) or {}
    return {
        "".join(key): tuple(_period_stages(frames.snapshot, pack, values))
        for key, values in found.items()
        if not by or any(values.values())
    }


def _period_stages(snapshot: Snapshot, pack: Pack, values: Mapping[str, int]) -> Iterable[Stage]:
    before = first = None
    for step in pack.funnel:
        absent = lacking(snapshot, pack, pack.metric(step.measure))
        reached = absent or count(values[step.measure])
        skipped = values.get("walk_ins", 0) if step.step == "visit" and not absent else 0
        yield Stage(step.step, step.label, reached, _share(reached, before), _share(reached, first), skipped=skipped)
        if not absent:
            before = reached
            first = reached if first is None and step.step != "exposure" else first


def _share(reached: Reading, of: Reading | None) -> Reading:
    if reached.value is None:
        return reached
    if of is None or of.value is None:
        return missing("nothing")
    return ratio(reached.value, of.value)


def _cohort(frames: Frames, pack: Pack, span: Span, by: tuple[str, ...], where: Where) -> dict[str, tuple[Stage, ...]]:
    query = Query(("leads",), span, by, "cohort", where)
    frame = cohort_frame(frames, "leads", query)
    steps = frames.snapshot.steps
    astray = [f"{step}_astray" for step in steps]
    columns = ["leads", *(cohort_column(step, "default") for step in steps)]
    everything = sums(frame, [*columns, *astray], by)
    mature = {}
    for step in steps:
        rows = frame[frame["day"].to_numpy() <= mature_until(frames.snapshot, step, "default")]
        mature[step] = sums(rows, columns, by)
    return {
        "".join(key): tuple(
            _cohort_stages(frames.snapshot, pack.funnel, values, {s: mature[s].get(key, {}) for s in steps})
        )
        for key, values in everything.items()
    }


def _cohort_stages(
    snapshot: Snapshot,
    steps: tuple[FunnelStep, ...],
    values: Mapping[str, int],
    mature: Mapping[str, Mapping[str, int]],
) -> Iterable[Stage]:
    before = "lead"
    for step in steps:
        if step.step == "exposure":
            continue
        if step.step == "lead":
            leads = count(values["leads"])
            yield Stage("lead", step.label, leads, missing("nothing"), missing("nothing"))
            continue
        if step.step not in snapshot.steps:
            lacks = missing("absent", step.step)
            yield Stage(step.step, step.label, lacks, lacks, lacks)
            continue
        grown, column = mature[step.step], cohort_column(step.step, "default")
        immature = values["leads"] - grown.get("leads", 0)
        yield Stage(
            step.step,
            step.label,
            count(values[column]),
            _grown_share(grown, column, cohort_column(before, "default")),
            _grown_share(grown, column, "leads"),
            immature=immature,
            open=immature - (values[column] - grown.get(column, 0)),
            astray=values[f"{step.step}_astray"],
        )
        before = step.step


def _grown_share(grown: Mapping[str, int], top: str, bottom: str) -> Reading:
    if not grown.get("leads"):
        return missing("immature")
    return ratio(grown[top], grown[bottom])
