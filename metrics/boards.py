"""Ranking boards: honest ties, a minimum n, shrunk rates, visible weights, and the change against the week before."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType

from metrics.pack import BoardSpec, Metric, Pack, PartSpec
from metrics.periods import Span, year_of_week
from metrics.query import Query, lacking, readings
from metrics.reading import Number, Reading, count, missing
from metrics.scope import GROUP_ROLES, Scope
from metrics.snapshot import NOWHERE, Snapshot
from metrics.totals import EVERYTHING, Frames, Where, between, narrowed, sums

ROLLING_WEEKS = 4
KEPT_WEEKS = 13
"""How far back 重点维系 looks for what a referrer brought."""
GROUP = ""
"""The section of a board in which all rank together; the others are projects, each ranked within."""
TOP = 3
LEAST_RANKED = 5
"""Of many subjects fewer than this, and fewer than half, are no field to compare with: points say how many one outdoes."""


@dataclass(frozen=True)
class Terms:
    """What the settings say of boards: who is exempt when (试点免责), what a referral earns, and whom to keep in touch with."""

    exempt: Mapping[str, Span] = field(default_factory=lambda: MappingProxyType({}))
    per_referral: Decimal | None = None
    per_contract: Decimal | None = None
    keep_from: int = 3

    def exempt_in(self, span: Span) -> frozenset[str]:
        """The projects that are exempt on any of these days."""
        return frozenset(id for id, one in self.exempt.items() if one.first <= span.last and span.first <= one.last)


NO_TERMS = Terms()


@dataclass(frozen=True)
class Part:
    """One part of a composite: its plain reading and its points (0 to 100); without points there is nothing to rank."""

    metric: str
    weight: Fraction
    reading: Reading
    points: Fraction | None = None
    few: bool = False


@dataclass(frozen=True)
class Standing:
    """One place on a board; rank None means unranked (样本不足, 试点免责 or nothing to rank).

    `value` is what is ranked (shrunk where the board shrinks), `raw` the plain reading, `change` places won since the week
    before, `week` the plain reading of the closing week alone where the board looks back further, `beside` what is shown with it.
    """

    subject: str
    rank: int | None
    value: Reading
    raw: Reading
    change: int | None = None
    tied: bool = False
    few: bool = False
    exempt: bool = False
    week: Reading | None = None
    parts: tuple[Part, ...] = ()
    beside: tuple[tuple[str, Reading], ...] = ()


@dataclass(frozen=True)
class Kept:
    """A referrer to keep in touch with (重点维系): what they brought in a quarter, and when last."""

    subject: str
    referrals: int
    contracts: int
    last: date


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
    kept: tuple[Kept, ...] = ()

    @property
    def standings(self) -> tuple[Standing, ...]:
        """Everybody on it."""
        return self.rows + self.unranked


Found = Mapping[str, Reading]


def board(
    frames: Frames, pack: Pack, spec: BoardSpec, monday: date, where: Where = EVERYTHING, terms: Terms = NO_TERMS
) -> Board:
    """The board of the full week that starts on `monday`; four rolling weeks when over half of the projects have too few cases."""
    name, metric = spec.metric or spec.name, pack.board_metric(spec)
    absent = board_lacks(frames.snapshot, pack, spec)
    if absent:
        return Board(spec.name, name, board_span(spec, monday, spec.weeks), spec.weeks, (), (), absent)
    weeks = spec.weeks
    week = None if spec.parts else _readings(frames, pack, spec, monday, 1, where)
    if week is not None and _may_roll(spec) and _mostly_few(metric, week):
        weeks = ROLLING_WEEKS
    now = _standings(frames, pack, spec, monday, weeks, where, terms)
    last = _standings(frames, pack, spec, monday - timedelta(7), weeks, where, terms)
    by_chance, was_by_chance = (spec.shrink and _is_level(standings) for standings in (now, last))
    moved = now if by_chance or was_by_chance else _with_changes(now, last)
    if week is not None and weeks > 1:
        moved = [replace(one, week=week.get(one.subject)) for one in moved]
    ranked = tuple(one for one in moved if one.rank is not None)
    unranked = tuple(one for one in moved if one.rank is None)
    kept = worth_keeping(frames.snapshot, monday + timedelta(6), terms, where) if spec.rewarded else ()
    span = board_span(spec, monday, weeks)
    return Board(spec.name, name, span, weeks, ranked, unranked, by_chance=by_chance, kept=kept)


def sections(frames: Frames, pack: Pack, spec: BoardSpec, monday: date, terms: Terms = NO_TERMS) -> dict[str, Board]:
    """A board as all see it who see the group, and, where it does not rank projects, as each project ranks within."""
    found = {GROUP: board(frames, pack, spec, monday, terms=terms)}
    if spec.of != "project":
        for id in frames.snapshot.projects:
            found[id] = board(frames, pack, spec, monday, Where(project=frozenset((id,))), terms)
    return found


def board_lacks(snapshot: Snapshot, pack: Pack, spec: BoardSpec) -> Reading | None:
    """The missing reading of a board of which a metric cannot be had from the source; None when nothing lacks."""
    metrics = (pack.metric(name) for name in pack.board_metrics(spec))
    found = (lacking(snapshot, pack, pack.metric(one.target) if one.target else one) for one in metrics)
    return next((one for one in found if one), None)


def board_span(spec: BoardSpec | PartSpec, monday: date, weeks: int) -> Span:
    """The days a board looks back over: so many full weeks, or the week's year (that of its Thursday) up to its Sunday."""
    sunday = monday + timedelta(6)
    if spec.since == "year":
        year = year_of_week(monday)
        return Span(date(year, 1, 1), min(sunday, date(year, 12, 31)))
    return Span(monday - timedelta(7 * (weeks - 1)), sunday)


# ------------------------------------------------------------------------------------------------------------- readings


def _may_roll(spec: BoardSpec) -> bool:
    return spec.weeks == 1 and not spec.since and not spec.against


def _readings(frames: Frames, pack: Pack, spec: BoardSpec, monday: date, weeks: int, where: Where) -> Found:
    span = board_span(spec, monday, weeks)
    if spec.of == "referrer":
        return referrer_counts(frames.snapshot, spec.metric, span, where)
    now = _by_subject(frames, pack, spec.of, spec.metric, span, where)
    if not spec.against:
        return now
    earlier = Span(span.first - timedelta(7 * spec.against), span.first - timedelta(1))
    before = _by_subject(frames, pack, spec.of, spec.metric, earlier, where)
    metric, whole = pack.metric(spec.metric), _without_gap(frames, pack, spec, earlier, where)
    return {
        id: risen(metric, one, before[id], spec.against) if one.is_missing or id in whole else missing("gap")
        for id, one in now.items()
    }


def _without_gap(frames: Frames, pack: Pack, spec: BoardSpec, span: Span, where: Where) -> frozenset[str]:
    """Who has something in each of the weeks before; a week of nothing makes any rise look large, as while a project opens."""
    found = readings(frames, pack, spec.metric, Query((spec.metric,), span, (spec.of, "week"), where=where))
    weeks = Counter(str(key[0]) for key, one in found.items() if key and _rests_on_something(one))
    return frozenset(id for id, told in weeks.items() if told == spec.against)


def _rests_on_something(one: Reading) -> bool:
    return (one.value if one.denominator is None else one.denominator) not in (None, 0)


def _by_subject(frames: Frames, pack: Pack, of: str, metric: str, span: Span, where: Where) -> Found:
    """Each project's or channel's reading, those without one included."""
    found = readings(frames, pack, metric, Query((metric,), span, (of,), where=where))
    listed: Iterable[str] = frames.snapshot.channels
    if of == "project":
        listed = [id for id in frames.snapshot.projects if where.project is None or id in where.project]
    return {id: found.get((id,), Reading(None, n=0, missing="nothing")) for id in listed}


def risen(metric: Metric, now: Reading, before: Reading, weeks: int) -> Reading:
    """How far a week's reading lies above the own weeks before, as a share of it (below, where less is better).

    A sum is held against its mean per week and rests on the cases before; a rate rests on the fewer of both sides' cases.
    """
    if now.value is None or before.value is None:
        return now if now.value is None else before
    is_rate = before.denominator is not None
    mean = Fraction(before.value) / (1 if is_rate else weeks)
    n = min(now.n or 0, before.n or 0) if is_rate else int(before.value)
    if mean <= 0:
        return Reading(None, now.value, mean, n, "nothing")
    share = (Fraction(now.value) - mean) / mean
    return Reading(-share if metric.better == "lower" else share, now.value, mean, n)


def referrer_counts(snapshot: Snapshot, measure: str, span: Span, where: Where = EVERYTHING) -> dict[str, Reading]:
    """Referrals (or referred contracts) of each referrer over a span; nobody stands for those without a referrer."""
    frame = narrowed(between(snapshot.marts["referrers"], span.first, span.last), Where(project=where.project))
    found = sums(frame, (measure,), ("referrer",))
    return {
        str(key[0]): count(values[measure]) for key, values in found.items() if values[measure] and key[0] != NOWHERE
    }


def worth_keeping(snapshot: Snapshot, last: date, terms: Terms, where: Where = EVERYTHING) -> tuple[Kept, ...]:
    """Referrers who in the quarter up to a day brought a contract, or referrals enough; who brought most first (重点维系)."""
    first = last - timedelta(7 * KEPT_WEEKS - 1)
    frame = narrowed(between(snapshot.marts["referrers"], first, last), Where(project=where.project))
    found = sums(frame, ("referrals", "referred_contracts"), ("referrer",))
    days = {} if frame.empty else frame.groupby("referrer", observed=True)["day"].max().to_dict()
    kept = [
        Kept(str(id), values["referrals"], values["referred_contracts"], date.fromordinal(int(days[id])))
        for (id,), values in found.items()
        if id != NOWHERE and (values["referred_contracts"] or values["referrals"] >= terms.keep_from)
    ]
    return tuple(sorted(kept, key=lambda one: (-one.contracts, -one.referrals, one.subject)))


def _few(metric: Metric, reading: Reading) -> bool:
    return reading.denominator is not None and reading.few(metric.min_n)


def _mostly_few(metric: Metric, found: Found) -> bool:
    return sum(_few(metric, reading) for reading in found.values()) * 2 > len(found)


# ------------------------------------------------------------------------------------------------------------ standings


def _standings(
    frames: Frames, pack: Pack, spec: BoardSpec, monday: date, weeks: int, where: Where, terms: Terms
) -> list[Standing]:
    """Everyone's standing, ranked ones first, best first."""
    exempt = terms.exempt_in(Span(monday, monday + timedelta(6))) if spec.of == "project" else frozenset()
    if spec.parts:
        parts = board_parts(frames, pack, spec, monday, weeks, where)
        less = frozenset(one.metric for one in spec.parts if pack.metric(one.metric).better == "lower")
        return ordered(composed(parts, less, exempt), higher=True)
    metric = pack.board_metric(spec)
    found = _readings(frames, pack, spec, monday, weeks, where)
    standings = ordered(_plain(spec, metric, found, exempt), higher=metric.better != "lower")
    return _rewarded(frames, spec, monday, weeks, where, terms, standings) if spec.rewarded else standings


def _plain(spec: BoardSpec, metric: Metric, found: Found, exempt: frozenset[str]) -> list[Standing]:
    """Everybody with what counts for them; a value to be ranked by only where nothing speaks against it."""
    known = {id: one for id, one in found.items() if one.value is not None}
    drawn = shrunk(known) if spec.shrink else {}
    return [
        Standing(id, 0, replace(one, value=drawn.get(id, one.value)), one)
        if id in known and not _few(metric, one) and id not in exempt
        else Standing(id, None, one, one, few=_few(metric, one), exempt=id in exempt)
        for id, one in found.items()
    ]


def ordered(standings: Iterable[Standing], *, higher: bool) -> list[Standing]:
    """Standings in order, those that take part ranked by their value; equal values share a rank (1, 1, 3)."""
    listed = list(standings)
    taking = [one for one in listed if one.rank is not None]
    rest = [one for one in listed if one.rank is None]
    values = sorted((_known(one) for one in taking), reverse=higher)
    ranked = [replace(one, rank=values.index(_known(one)) + 1, tied=values.count(_known(one)) > 1) for one in taking]
    return sorted(ranked, key=lambda one: (one.rank or 0, one.subject)) + sorted(rest, key=lambda one: one.subject)


def _known(one: Standing) -> Number:
    assert one.value.value is not None
    return one.value.value


def _rewarded(
    frames: Frames, spec: BoardSpec, monday: date, weeks: int, where: Where, terms: Terms, standings: list[Standing]
) -> list[Standing]:
    """The standings of referrers with the contracts they brought, and what both earn them."""
    span = board_span(spec, monday, weeks)
    referrals, contracts = (
        referrer_counts(frames.snapshot, name, span, where) for name in ("referrals", "referred_contracts")
    )
    return [
        replace(one, beside=_beside(referrals.get(one.subject, count(0)), contracts.get(one.subject, count(0)), terms))
        for one in standings
    ]


def _beside(referrals: Reading, contracts: Reading, terms: Terms) -> tuple[tuple[str, Reading], ...]:
    rates = ((referrals, terms.per_referral), (contracts, terms.per_contract))
    earned = [Fraction(one.value or 0) * Fraction(rate) for one, rate in rates if rate is not None]
    shown = (("referred_contracts", contracts),)
    return (*shown, ("reward", count(sum(earned, Fraction(0))))) if earned else shown


# ------------------------------------------------------------------------------------------------------------ composites


def board_parts(
    frames: Frames, pack: Pack, spec: BoardSpec, monday: date, weeks: int, where: Where
) -> dict[str, tuple[Part, ...]]:
    """Each subject's parts of a composite, without points yet."""
    columns = []
    for part in spec.parts:
        metric = pack.metric(part.metric)
        found = _by_subject(frames, pack, spec.of, part.metric, board_span(part, monday, weeks), where)
        columns.append({id: Part(part.metric, part.weight, one, few=_few(metric, one)) for id, one in found.items()})
    return {id: tuple(column[id] for column in columns) for id in columns[0]}


def composed(
    parts: Mapping[str, tuple[Part, ...]], less: frozenset[str], exempt: frozenset[str] = frozenset()
) -> list[Standing]:
    """Everybody's total: the weighted mean of the parts' percentiles among those who can be ranked; of `less` less is better.

    Who lacks a part, or has too few cases for one, is not ranked, and never counts as zero; nor is anybody when few are left.
    """
    free = {id: each for id, each in parts.items() if id not in exempt}
    whole = {id: each for id, each in free.items() if all(map(_counts, each))}
    taking = {} if len(whole) < LEAST_RANKED and 2 * len(whole) < len(free) else whole
    columns = [[_towards(part, less) for part in column] for column in zip(*taking.values(), strict=True)]
    found = []
    for id, each in parts.items():
        if id in taking:
            own = zip(each, columns, strict=True)
            scored = tuple(replace(part, points=percentile(_towards(part, less), column)) for part, column in own)
            total = Reading(weighted(scored))
            found.append(Standing(id, 0, total, total, parts=scored))
        else:
            lost = missing("exempt" if id in exempt else "few_left" if id in whole else "part")
            found.append(Standing(id, None, lost, lost, exempt=id in exempt, parts=each))
    return found


def _counts(part: Part) -> bool:
    return part.reading.value is not None and not part.few


def _towards(part: Part, less: frozenset[str]) -> Fraction:
    """A part's value turned so that more is better."""
    value = Fraction(part.reading.value or 0)
    return -value if part.metric in less else value


def percentile(own: Fraction, everybody: list[Fraction]) -> Fraction:
    """Of a hundred others, how many one outdoes, equals counted half; 50 where there are no others."""
    if len(everybody) < 2:
        return Fraction(50)
    below, equal = sum(one < own for one in everybody), sum(one == own for one in everybody) - 1
    return Fraction(100) * (below + Fraction(equal, 2)) / (len(everybody) - 1)


def weighted(parts: tuple[Part, ...]) -> Fraction:
    """The mean of the parts' points by their weights."""
    weights = sum((part.weight for part in parts), Fraction(0))
    return sum((part.weight * (part.points or 0) for part in parts), Fraction(0)) / weights


# --------------------------------------------------------------------------------------------------- changes and chance


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


# ------------------------------------------------------------------------------------------------------------- who sees


def only(board: Board, subjects: frozenset[str]) -> Board:
    """The board with the rows of these subjects alone, at the ranks they hold among all."""
    return _kept_where(board, lambda one: one.subject in subjects)


def upper_half(board: Board, besides: frozenset[str] = frozenset()) -> Board:
    """The board down to the middle of its ranks, and the rows of these subjects besides; who is not ranked stays."""
    middle = (len(board.rows) + 1) // 2
    return _kept_where(board, lambda one: one.rank is None or one.rank <= middle or one.subject in besides)


def half_seen(scope: Scope, lower_half: str, spec: BoardSpec, whole: Board) -> Board:
    """What somebody with these rights sees of a board under the setting boards.lower_half."""
    if scope.role in GROUP_ROLES or lower_half == "everybody" or spec.of != "project":
        return whole
    own = scope.alerts or frozenset()
    return upper_half(whole, own if lower_half == "own" else frozenset())


def _kept_where(board: Board, keeps: Callable[[Standing], bool]) -> Board:
    rows, unranked = (tuple(one for one in part if keeps(one)) for part in (board.rows, board.unranked))
    return replace(board, rows=rows, unranked=unranked)
