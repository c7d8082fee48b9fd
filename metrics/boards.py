"""Ranking boards: honest ties, a minimum n, shrunk rates, and the change against the week before."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from fractions import Fraction

from metrics.pack import BoardSpec, Metric, Pack
from metrics.periods import Span
from metrics.query import Query, lacking, readings
from metrics.reading import Number, Reading, count
from metrics.snapshot import NOWHERE, Snapshot
from metrics.totals import EVERYTHING, Frames, Where, between, narrowed, sums

ROLLING_WEEKS = 4


@dataclass(frozen=True)
class Standing:
    """One place on a board; rank None means unranked (样本不足 or nothing to rank).

    `value` is what is ranked (shrunk where the board shrinks), `raw` the plain reading, `change` places won since the week before.
    """

    subject: str
    rank: int | None
    value: Reading
    raw: Reading
    change: int | None = None
    tied: bool = False
    few: bool = False


@dataclass(frozen=True)
class Board:
    """A ranking over full weeks: ranked rows in order, then those that cannot be ranked.

    `by_chance`: the shrunk rates differ by no more than chance, so everybody shares the first rank.
    """

    name: str
    metric: str
    span: Span
    weeks: int
    rows: tuple[Standing, ...]
    unranked: tuple[Standing, ...]
    absent: Reading | None = None
    by_chance: bool = False


def board(frames: Frames, pack: Pack, spec: BoardSpec, monday: date, where: Where = EVERYTHING) -> Board:
    """The board of the full week that starts on `monday`; four rolling weeks when over half of the projects have too few cases."""
    metric = pack.metric(spec.metric)
    absent = lacking(frames.snapshot, pack, metric)
    if absent:
        return Board(spec.name, spec.metric, _weeks(monday, 1), 1, (), (), absent)
    weeks = 1
    found = _readings(frames, pack, spec, _weeks(monday, weeks), where)
    if _mostly_few(metric, found):
        weeks = ROLLING_WEEKS
        found = _readings(frames, pack, spec, _weeks(monday, weeks), where)
    now = _standings(spec, metric, found)
    last = _standings(spec, metric, _readings(frames, pack, spec, _weeks(monday - timedelta(7), weeks), where))
    by_chance, was_by_chance = (spec.shrink and _is_level(standings) for standings in (now, last))
    moved = now if by_chance or was_by_chance else _with_changes(now, last)
    ranked = tuple(one for one in moved if one.rank is not None)
    unranked = tuple(one for one in moved if one.rank is None)
    return Board(spec.name, spec.metric, _weeks(monday, weeks), weeks, ranked, unranked, by_chance=by_chance)


def _weeks(monday: date, weeks: int) -> Span:
    return Span(monday - timedelta(7 * (weeks - 1)), monday + timedelta(6))


def _readings(frames: Frames, pack: Pack, spec: BoardSpec, span: Span, where: Where) -> Mapping[str, Reading]:
    if spec.of == "referrer":
        return referrer_counts(frames.snapshot, spec.metric, span, where)
    found = readings(frames, pack, spec.metric, Query((spec.metric,), span, ("project",), where=where))
    projects = [id for id in frames.snapshot.projects if where.project is None or id in where.project]
    return {id: found.get((id,), Reading(None, n=0, missing="nothing")) for id in projects}


def referrer_counts(snapshot: Snapshot, measure: str, span: Span, where: Where = EVERYTHING) -> dict[str, Reading]:
    """Referrals (or referred contracts) of each referrer over a span; nobody stands for those without a referrer."""
    frame = narrowed(between(snapshot.marts["referrers"], span.first, span.last), Where(project=where.project))
    found = sums(frame, (measure,), ("referrer",))
    return {
        str(key[0]): count(values[measure]) for key, values in found.items() if values[measure] and key[0] != NOWHERE
    }


def _few(metric: Metric, reading: Reading) -> bool:
    return reading.denominator is not None and reading.few(metric.min_n)


def _mostly_few(metric: Metric, found: Mapping[str, Reading]) -> bool:
    return sum(_few(metric, reading) for reading in found.values()) * 2 > len(found)


def _standings(spec: BoardSpec, metric: Metric, found: Mapping[str, Reading]) -> list[Standing]:
    """Everyone's standing, ranked ones first, best first; equal values share a rank (1, 1, 3)."""
    counted = {id: one for id, one in found.items() if one.value is not None and not _few(metric, one)}
    drawn = shrunk({id: one for id, one in found.items() if one.value is not None}) if spec.shrink else {}
    values = {id: drawn.get(id, one.value) for id, one in counted.items() if one.value is not None}
    order = sorted(values.values(), reverse=metric.better != "lower")
    ranks = {id: order.index(value) + 1 for id, value in values.items()}
    ranked = [
        Standing(id, ranks[id], replace(found[id], value=values[id]), found[id], tied=order.count(values[id]) > 1)
        for id in values
    ]
    rest = [Standing(id, None, one, one, few=_few(metric, one)) for id, one in found.items() if id not in values]
    return sorted(ranked, key=lambda one: (one.rank or 0, one.subject)) + sorted(rest, key=lambda one: one.subject)


def _is_level(standings: list[Standing]) -> bool:
    """Whether all who are ranked share one rank, so that no place can be won or lost."""
    return {one.rank for one in standings} - {None} == {1} and any(one.tied for one in standings)


def _with_changes(now: list[Standing], last: list[Standing]) -> list[Standing]:
    before = {one.subject: one.rank for one in last}
    return [
        replace(one, change=old - one.rank)
        if one.rank is not None and (old := before.get(one.subject)) is not None
        else one
        for one in now
    ]


def shrunk(found: Mapping[str, Reading]) -> dict[str, Number]:
    """Each rate drawn towards the group's, to which small samples belong: empirical Bayes, a beta-binomial prior by moments.

    With m = Σx/Σn and between-variance t = max(0, (Σ n(p − m)² − (k − 1) m(1 − m)) / (N − Σn²/N)) the prior has strength
    s = m(1 − m)/t − 1 (t = 0: everybody at m; s ≤ 0: nobody is drawn); the shrunk rate is (x + s·m) / (n + s).
    """
    pairs = {id: (Fraction(one.numerator or 0), Fraction(one.denominator or 0)) for id, one in found.items()}
    total = sum((n for _, n in pairs.values()), Fraction(0))
    if not total:
        return {}
    mean = sum((x for x, _ in pairs.values()), Fraction(0)) / total
    strength = _prior_strength(list(pairs.values()), mean, total)
    if strength is None:
        return dict.fromkeys(pairs, mean)
    return {id: (x + strength * mean) / (n + strength) for id, (x, n) in pairs.items()}


def _prior_strength(pairs: list[tuple[Fraction, Fraction]], mean: Fraction, total: Fraction) -> Fraction | None:
    """The prior's strength in cases; None when the rates differ by no more than chance."""
    spread = sum((n * (x / n - mean) ** 2 for x, n in pairs), Fraction(0))
    room = total - sum((n * n for _, n in pairs), Fraction(0)) / total
    variance = (spread - (len(pairs) - 1) * mean * (1 - mean)) / room if room else Fraction(0)
    if variance <= 0:
        return None
    return max(mean * (1 - mean) / variance - 1, Fraction(0))


def only(board: Board, subjects: frozenset[str]) -> Board:
    """The board with the rows of these subjects alone, at the ranks they hold among all."""
    rows, unranked = (tuple(one for one in part if one.subject in subjects) for part in (board.rows, board.unranked))
    return replace(board, rows=rows, unranked=unranked)
