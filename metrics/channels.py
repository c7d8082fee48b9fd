"""渠道: what each channel costs and brings, which are expensive, and what moving a part of the spend would be worth."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction
from math import sqrt
from typing import Any

from metrics.boards import Part, Standing, board_lacks, board_parts, board_span, composed, ordered
from metrics.overview import last_full_week
from metrics.pack import Pack
from metrics.periods import Span
from metrics.query import stored
from metrics.reading import Reading, ratio, yuan
from metrics.rules import Limits
from metrics.totals import EVERYTHING, Frames, Where, span_sums

FINDINGS = "findings"
"""The part that is no metric: findings of the record rules ÷ leads."""
COST, DEAL = "cost_per_lead", "cost_per_contract"
LEAST_LEADS = 20
"""From how many leads on a share of findings is told."""
LESS_PER_YUAN = Fraction(1, 2)
"""Where cost grows, another yuan is taken to bring half of what one brings on average (contracts grow with the root of spend)."""
SPREAD = 1.2816
"""So many standard deviations to each side hold 80 %."""
_SUMS = ("spend", "valid_leads", "leads", "contracts", "grade_a_leads", "grade_b_leads", "graded_leads")
Sums = Mapping[str, int]


@dataclass(frozen=True)
class Grades:
    """Leads by first grade: A, B, any other, and without one."""

    a: int
    b: int
    other: int
    none: int


@dataclass(frozen=True)
class Line:
    """One channel over the days: where it stands, what was spent (yuan), what it brought, and whether it is expensive."""

    standing: Standing
    spend: Fraction
    leads: int
    contracts: int
    grades: Grades | None
    is_dear: bool

    @property
    def channel(self) -> str:
        """Its id."""
        return self.standing.subject


@dataclass(frozen=True)
class Move:
    """Moving an `amount` (yuan) from the channel with the dearest contracts to the one with the cheapest: an estimate.

    `constant` are the contracts won where a contract costs in the cheap channel what it costs now, `diminishing` where another
    yuan brings half as much; 80 of 100 times chance alone leaves what is won between `low` and `high`, whichever holds.
    """

    amount: Fraction
    dear: str
    cheap: str
    dear_cost: Reading
    cheap_cost: Reading
    constant: Fraction
    diminishing: Fraction
    low: float
    high: float


@dataclass(frozen=True)
class Channels:
    """Every channel over so many days, those that can be ranked first.

    `group` is the cost of a valid lead in all channels together; a channel is expensive from `times` of it on. `dear_share` is
    the share of the spend that went into expensive ones. `findings_known`: the record rules have run.
    """

    span: Span
    lines: tuple[Line, ...]
    group: Reading
    times: Fraction
    dear_share: Reading
    move: Move | None
    findings_known: bool
    absent: Reading | None = None


def channels(
    frames: Frames,
    pack: Pack,
    overrides: Mapping[str, Any],
    found: Mapping[str, int] | None,
    where: Where = EVERYTHING,
) -> Channels | None:
    """Every channel over the weeks of the pack's board; `overrides` are the settings of the rule for expensive channels, `found`
    how many findings stand against each channel (None: the rules have not run). None where the pack does not weigh channels.
    """
    if pack.channels is None:
        return None
    span = channel_days(frames, pack)
    times = Limits(pack.rules[pack.channels.dear], overrides).times or Fraction(0)
    if absent := board_lacks(frames.snapshot, pack, pack.boards[pack.channels.board]):
        return Channels(span, (), absent, times, absent, None, found is not None, absent)
    names = [name for name in _SUMS if name in pack.measures]
    needed = dict.fromkeys((*names, *(each for name in (COST, DEAL) for each in stored(pack, pack.metric(name)))))
    by_channel = {
        str(key[0]): values for key, values in (span_sums(frames, needed, span, ("channel",), where) or {}).items()
    }
    whole = {name: sum(values[name] for values in by_channel.values()) for name in needed}
    group = ratio(yuan(whole["spend"]), whole["valid_leads"])
    standings = _standings(frames, pack, found, by_channel, where)
    listed = tuple(_line(pack, one, by_channel.get(one.subject, {}), group, times) for one in standings)
    kept = tuple(one for one in listed if any(by_channel.get(one.channel, {}).values()))
    dear = sum((one.spend for one in kept if one.is_dear), Fraction(0))
    move = moved(pack, kept, pack.channels.moved, yuan(whole["spend"]))
    return Channels(span, kept, group, times, ratio(dear, yuan(whole["spend"])), move, found is not None)


def channel_days(frames: Frames, pack: Pack) -> Span:
    """The full weeks that channels are read over."""
    assert pack.channels is not None
    spec = pack.boards[pack.channels.board]
    return board_span(spec, last_full_week(frames.snapshot.as_of.date()), spec.weeks)


def _standings(
    frames: Frames, pack: Pack, found: Mapping[str, int] | None, by_channel: Mapping[str, Sums], where: Where
) -> list[Standing]:
    """Everybody by the points of the board's parts and of the findings, as the board itself scores."""
    assert pack.channels is not None
    spec = pack.boards[pack.channels.board]
    monday = channel_days(frames, pack).last - timedelta(6)
    parts = board_parts(frames, pack, spec, monday, spec.weeks, where)
    if found is not None:
        parts = {
            id: (*each, _findings(found.get(id, 0), by_channel.get(id, {}).get("leads", 0), pack.channels.findings))
            for id, each in parts.items()
        }
    less = {one.metric for one in spec.parts if pack.metric(one.metric).better == "lower"} | {FINDINGS}
    return ordered(composed(parts, frozenset(less)), higher=True)


def _findings(n: int, leads: int, weight: Fraction) -> Part:
    reading = ratio(n, leads)
    return Part(FINDINGS, weight, reading, few=reading.few(LEAST_LEADS))


def _line(pack: Pack, one: Standing, values: Sums, group: Reading, times: Fraction) -> Line:
    cost = part_of(one, COST)
    known = cost is not None and cost.value is not None and not cost.few(pack.metric(COST).min_n) and group.value
    is_dear = bool(known and cost and Fraction(cost.value or 0) > times * Fraction(group.value or 0))
    graded = values.get("graded_leads")
    a, b, leads = (values.get(name, 0) for name in ("grade_a_leads", "grade_b_leads", "leads"))
    grades = None if graded is None else Grades(a, b, graded - a - b, leads - graded)
    return Line(one, yuan(values.get("spend", 0)), leads, values.get("contracts", 0), grades, is_dear)


def part_of(one: Standing, metric: str) -> Reading | None:
    """A standing's reading of one part; None where it has none."""
    return next((part.reading for part in one.parts if part.metric == metric), None)


def moved(pack: Pack, lines: Iterable[Line], share: Fraction, spend: Fraction) -> Move | None:
    """What moving a share of all spend is worth, but no more than the dear channel spends; None without two channels whose
    contracts have a cost that rests on cases enough.
    """
    least = max(pack.metric(DEAL).min_n, 1)
    paid = [one for one in lines if one.spend > 0 and one.contracts >= least]
    if len(paid) < 2:
        return None
    cheap, *_, dear = sorted(paid, key=lambda one: (one.spend / one.contracts, one.channel))
    amount = min(share * spend, dear.spend)
    lost, won = (amount * one.contracts / one.spend for one in (dear, cheap))
    constant, diminishing = won - lost, won * LESS_PER_YUAN - lost
    if constant <= 0:
        return None
    low = float(diminishing) - SPREAD * _deviation(won * LESS_PER_YUAN, cheap.contracts, lost, dear.contracts)
    high = float(constant) + SPREAD * _deviation(won, cheap.contracts, lost, dear.contracts)
    dear_cost, cheap_cost = (ratio(one.spend, one.contracts) for one in (dear, cheap))
    return Move(amount, dear.channel, cheap.channel, dear_cost, cheap_cost, constant, diminishing, low, high)


def _deviation(won: Fraction, won_from: int, lost: Fraction, lost_from: int) -> float:
    """The standard deviation of what is won, where both rates rest on so many contracts (Poisson counts)."""
    return sqrt(float(won) ** 2 / won_from + float(lost) ** 2 / lost_from)
