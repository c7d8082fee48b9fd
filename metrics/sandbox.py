"""沙盘: the chain from spend to contracts until the end of the year, drawn many times from what the rates may be.

Everything is linear in the rates. What came in before (leads, visits, subscriptions of each day) and what will come in (new leads
and walk-ins, so many a day) has an `exposure`: how many contracts it brings by a day if every rate were one. A draw takes each
rate from its posterior, multiplies it by what is decided, and counts the sales as they come one by one. Every decision meets
the same draws, so that a difference is never luck.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating[Any]]

DRAWS, SEED = 10_000, 20
STEPS = ("visit", "subscription", "contract")
SOURCES = ("subscribed", "visited", "waiting", "leads_to_come", "walk_ins_to_come")
"""Where contracts to come are now."""
CASES = 30
"""How many cases the rate that a rate is shrunk to weighs."""
ONE_BY_ONE = 64
"""So many sales of a draw come one by one; how many come after them is drawn at once."""
EXPONENT, EXPONENT_ERROR = 60, 0.15
"""Assumed where history cannot tell: leads grow with spend to the power of 60 %."""
EFFECT, EFFECT_ERROR = 3, 0.02
"""Assumed where history cannot tell: answering twice as fast brings 3 % more visits."""
LOW, HIGH = 0.1, 0.9
QUARTER = 91


@dataclass(frozen=True)
class Rate:
    """How many of those old enough reached a step, and the rate that this is shrunk to."""

    reached: int
    entered: int
    prior: float

    @property
    def mean(self) -> float:
        """The rate as it is taken."""
        return (self.reached + CASES * self.prior) / (self.entered + CASES)


@dataclass(frozen=True)
class Inflow:
    """How many came in over so many days, and by how much their weeks scatter more than chance (1: not more)."""

    n: int
    days: int
    scatter: float = 1.0


@dataclass(frozen=True)
class Effect:
    """A power by which one thing follows another, with its standard error; assumed where `n` cases could not tell it."""

    value: float
    error: float
    n: int
    is_measured: bool


@dataclass(frozen=True)
class Waiting:
    """Leads that have not visited yet, `first` to `last` days old: how many, and the contracts they bring at rates of one."""

    first: int
    last: int
    n: int
    exposure: float


@dataclass(frozen=True)
class Kind:
    """One kind of channel.

    `exposures` are contracts by each point at rates of one: from subscriptions, visits and leads there are, and from one new
    lead or one new walk-in a day. `ahead` is how many days like the recent ones the days to come are worth. `spend` is in yuan a day, None where nothing was spent.
    """

    name: str
    rates: tuple[Rate, Rate, Rate]
    leads: Inflow
    walk_ins: Inflow
    exposures: tuple[Floats, Floats, Floats, Floats, Floats] = field(compare=False, repr=False)
    ahead: float
    spend: Fraction | None = None
    elasticity: Effect | None = None
    waiting: tuple[Waiting, ...] = field(default=(), compare=False)


@dataclass(frozen=True)
class Price:
    """What a contract brings on average, by how much contracts differ (as a share of it), from how many; else the listed price."""

    mean: float
    scatter: float
    n: int
    is_measured: bool = True


@dataclass(frozen=True)
class Model:
    """Everything a what-if needs: today's state and what history says of each rate.

    `points` are days up to the end of the year, `days` how many are left with today, `done` net contracts and yuan up to
    yesterday, `kept` net and gross contracts of a year, `minutes` the median first response, `past` cumulated yuan by day, `drift`
    by how much a quarter's inflow usually differs from the quarter before.
    """

    today: date
    points: tuple[date, ...]
    kinds: tuple[Kind, ...]
    kept: tuple[int, int]
    price: Price
    contracts_done: int
    amount_done: Fraction
    target: Fraction | None
    minutes: int | None = None
    answering: Effect | None = None
    past: tuple[tuple[date, Fraction], ...] = ()
    drift: float = 0.0

    @property
    def days(self) -> int:
        """Days left of the year, today among them."""
        return (self.points[-1] - self.today).days + 1

    def rate(self, step: str) -> Rate:
        """A step over all kinds."""
        at = STEPS.index(step)
        told = [kind.rates[at] for kind in self.kinds]
        entered = sum(one.entered for one in told)
        weight = sum(one.entered + CASES for one in told)
        prior = sum(one.prior * (one.entered + CASES) for one in told) / weight
        return Rate(sum(one.reached for one in told), entered, prior)


# -------------------------------------------------------------------------------------------------------------- decisions


@dataclass(frozen=True)
class Lever:
    """Something to decide: from where to where, in which steps, and where it stands when nothing is decided.

    Factors are in percent, `answer` in minutes, `exponent` and `effect` in percent.
    """

    name: str
    low: int
    high: int
    step: int
    default: int


Levers = Mapping[str, int]
"""What is decided, by the lever's name; what is not there stays as it is."""


def levers(model: Model) -> tuple[Lever, ...]:
    """What there is to decide; assumptions that history could not settle come last."""
    spent = [kind for kind in model.kinds if kind.spend]
    found = [Lever(f"spend_{kind.name or 'other'}", 50, 200, 5, 100) for kind in spent]
    if any(kind.name == "referral" for kind in model.kinds):
        found.append(Lever("referrals", 50, 300, 10, 100))
    if model.minutes is not None:
        found.append(_answer_lever(model.minutes))
    found += [Lever(f"rate_{step}", 50, 200, 5, 100) for step in STEPS]
    if any(kind.elasticity and not kind.elasticity.is_measured for kind in spent):
        found.append(Lever("exponent", 0, 100, 5, EXPONENT))
    if model.answering and not model.answering.is_measured:
        found.append(Lever("effect", 0, 20, 1, EFFECT))
    return tuple(found)


def _answer_lever(minutes: int) -> Lever:
    step = 5 if minutes <= 60 else 15 if minutes <= 240 else 60
    now = max(step, round(minutes / step) * step)
    return Lever("answer", step, max(now * 2, 60), step, now)


def decided(model: Model, asked: Mapping[str, str]) -> dict[str, int]:
    """What a viewer decided, from texts; what is no number, no lever or no change is left out, and what is too far is cut."""
    found = {}
    for lever in levers(model):
        text = asked.get(lever.name, "")
        if text.isdecimal() and text.isascii() and len(text) < 6:
            value = min(max(int(text), lever.low), lever.high)
            if value != lever.default:
                found[lever.name] = value
    return found


# ------------------------------------------------------------------------------------------------------------------ draws


@dataclass(frozen=True)
class Draws:
    """What each draw takes: rates (step × kind × draw), inflow a day (kind × draw), the first sales (sale × draw), the rest (draw)."""

    rates: Floats
    leads: Floats
    walk_ins: Floats
    power: Floats
    answering: Floats
    kept: Floats
    price: Floats
    sales: Floats
    more: Floats
    spread: Floats


def drawn(model: Model, *, draws: int = DRAWS, seed: int = SEED) -> Draws:
    """So many draws of everything a model is not sure of; the same seed gives the same."""
    rng = np.random.default_rng(seed)
    rates = np.array([[_beta(rng, kind.rates[at], draws) for kind in model.kinds] for at in range(3)])
    moved = _moved(rng, model, draws)
    leads = np.array([_gamma(rng, kind.leads, model.days, draws) for kind in model.kinds]) * moved
    walk_ins = np.array([_gamma(rng, kind.walk_ins, model.days, draws) for kind in model.kinds]) * moved
    net, gross = model.kept
    price = model.price.mean * (1 + model.price.scatter / np.sqrt(max(model.price.n, 1)) * rng.standard_normal(draws))
    # Half the numbers' length is exact enough for draws, and twice as fast under a thumb.
    return Draws(
        rates.astype(np.float32),
        leads.astype(np.float32),
        walk_ins.astype(np.float32),
        rng.standard_normal((len(model.kinds), draws), dtype=np.float32),
        rng.standard_normal(draws),
        rng.beta(net + 1, gross - net + 1, draws),
        np.maximum(price, 0),
        *_luck(draws, seed),
    )


def _beta(rng: np.random.Generator, rate: Rate, draws: int) -> Floats:
    hits = rate.reached + CASES * rate.prior
    found: Floats = rng.beta(max(hits, 1e-9), max(rate.entered + CASES - hits, 1e-9), draws)
    return found


def _gamma(rng: np.random.Generator, inflow: Inflow, days: int, draws: int) -> Floats:
    """How many come in a day: what the mean may be, and by how much the days to come scatter around it."""
    if not inflow.n:
        return np.zeros(draws)
    found = rng.gamma(inflow.n / inflow.scatter, inflow.scatter / inflow.days, draws)
    if inflow.scatter > 1:
        shape = inflow.n / inflow.days * days / (inflow.scatter - 1)
        found = found * rng.gamma(shape, 1 / shape, draws)
    return found


def _moved(rng: np.random.Generator, model: Model, draws: int) -> Floats:
    """By how much everything that comes in moves away from its present level: a random walk, on average over the days to come."""
    scatter = model.drift * np.sqrt(model.days / 3 / QUARTER)
    return np.asarray(np.exp(scatter * rng.standard_normal(draws) - scatter**2 / 2))


@cache
def _luck(draws: int, seed: int) -> tuple[Floats, Floats, Floats]:
    """What no decision changes: when the first sales of a draw come, how many come after them, and what each brings."""
    rng = np.random.default_rng((seed, draws))
    sales = np.cumsum(rng.standard_exponential((ONE_BY_ONE, draws), dtype=np.float32), axis=0)
    return sales, rng.standard_normal(draws), rng.standard_normal(draws)


def _counted(expected: Floats, draws: Draws) -> Floats:
    """How many sales there are (point × draw) where so many are expected; where more are expected, never fewer are counted."""
    single = expected.astype(np.float32)
    found = np.zeros(expected.shape, dtype=np.uint8)
    for sale in draws.sales:
        found += single >= sale
    after = np.maximum(expected - draws.sales[-1], 0)
    # Below this point the curve of an unlucky draw would turn upwards again.
    flat = np.maximum(after, np.where(draws.more < 0, draws.more * draws.more / 4, 0))
    late = np.maximum(np.floor(flat + draws.more * np.sqrt(flat) + 0.5), 0)
    return np.asarray(found + np.where(found < ONE_BY_ONE, 0, late))


# ------------------------------------------------------------------------------------------------------------- the answer


@dataclass(frozen=True)
class Band:
    """Estimated: the expected value, and the lowest tenth, the middle and the highest tenth of the draws."""

    mean: float
    low: float
    middle: float
    high: float


@dataclass(frozen=True)
class Point:
    """What may have been reached by a day."""

    day: date
    low: float
    middle: float
    high: float


@dataclass(frozen=True)
class Answer:
    """The end of the year, estimated: net contracts and yuan of the whole year, what is still spent and comes in, how often of
    `draws` the target is reached (None without one), and yuan by each point."""

    contracts: Band
    amount: Band
    leads: float
    cost: Fraction | None
    reached: int | None
    draws: int
    fan: tuple[Point, ...]
    amounts: Floats = field(compare=False, repr=False)

    @property
    def chance(self) -> Fraction | None:
        """The share of draws that reach the target."""
        return None if self.reached is None else Fraction(self.reached, self.draws)


def answer(model: Model, draws: Draws, levers: Levers) -> Answer:
    """What becomes of the year when so much is decided; nothing decided is the baseline."""
    leads = draws.leads * _lead_factors(model, draws, levers)
    expected = _expected(model, draws, leads, levers) * draws.kept
    sold = _counted(expected, draws)
    worth = np.maximum(sold + model.price.scatter * draws.spread * np.sqrt(sold), 0)
    done, amounts = float(model.amount_done), float(model.amount_done) + draws.price * worth
    mean, target, fan = draws.price * expected[-1], model.target, _fan(model, amounts)
    return Answer(
        _band(model.contracts_done + sold[-1], model.contracts_done + float(expected[-1].mean())),
        Band(done + float(mean.mean()), fan[-1].low, fan[-1].middle, fan[-1].high),
        float(leads.mean(axis=1, dtype=np.float64) @ [kind.ahead for kind in model.kinds]),
        cost(model, levers),
        None if target is None else int((amounts[-1] >= float(target)).sum()),
        sold.shape[1],
        fan,
        amounts[-1],
    )


def gain(found: Answer, base: Answer) -> Band:
    """What a decision brings against another one, draw by draw, in yuan."""
    return _band(found.amounts - base.amounts, found.amount.mean - base.amount.mean)


def cost(model: Model, levers: Levers) -> Fraction | None:
    """What is spent from today to the end of the year, in yuan; None where nothing is known of spending."""
    told = [(kind.spend, _percent(levers, f"spend_{kind.name or 'other'}")) for kind in model.kinds if kind.spend]
    return sum((spend * model.days * factor / 100 for spend, factor in told), Fraction(0)) if told else None


def _percent(levers: Levers, name: str) -> int:
    return levers.get(name, 100)


def _lead_factors(model: Model, draws: Draws, levers: Levers) -> Floats:
    """By how much each kind's leads grow (kind × draw): spend to its power, and referrals."""
    found = np.ones_like(draws.leads)
    for at, kind in enumerate(model.kinds):
        factor = _percent(levers, f"spend_{kind.name or 'other'}") / 100
        if kind.elasticity and factor != 1:
            found[at] = factor ** _power(kind.elasticity, draws.power[at], levers)
        if kind.name == "referral":
            found[at] = found[at] * _percent(levers, "referrals") / 100
    return found


def _power(effect: Effect, luck: Floats, levers: Levers) -> Floats:
    """From 0 (spend does nothing) to 1 (twice the spend, twice the leads)."""
    value = effect.value if effect.is_measured else levers.get("exponent", EXPONENT) / 100
    return np.asarray(np.clip(value + effect.error * luck, 0, 1))


def _answered(model: Model, draws: Draws, levers: Levers) -> Floats | float:
    """By how much a faster answer lifts the visits; slower answers lower them."""
    effect = model.answering
    if effect is None or model.minutes is None or "answer" not in levers:
        return 1.0
    # As fast as history measured it, or as assumed: so much for an answer in half the time.
    told = effect.value if effect.is_measured else float(np.log2(1 + levers.get("effect", EFFECT) / 100))
    power = np.clip(told + effect.error * draws.answering, 0, 1)
    return np.asarray((_answer_lever(model.minutes).default / levers["answer"]) ** power, dtype=np.float32)


def sources(model: Model, draws: Draws) -> tuple[float, ...]:
    """Net contracts expected by the last point if nothing is decided, from each of SOURCES."""
    return tuple(
        float(
            (
                sum(kind.exposures[at][-1] * row for kind, row in zip(model.kinds, weight, strict=True)) * draws.kept
            ).mean()
        )
        for at, weight in enumerate(_weights(model, draws, draws.leads, {}))
    )


def chance(model: Model, kind: Kind, one: Waiting) -> float | None:
    """How likely a waiting lead is to become a net contract by the last point; None where there is none."""
    visit, subscription, contract = (rate.mean for rate in kind.rates)
    net, gross = model.kept
    return one.exposure * visit * subscription * contract * (net + 1) / (gross + 2) / one.n if one.n else None


def _expected(model: Model, draws: Draws, leads: Floats, levers: Levers) -> Floats:
    """Gross contracts expected by each point (point × draw)."""
    found = np.zeros((len(model.points), draws.kept.size), dtype=np.float32)
    for at, weight in enumerate(_weights(model, draws, leads, levers)):
        for kind, row in zip(model.kinds, weight, strict=True):
            # Not a product of matrices: libraries add up in an order of their own, and with threads of their own.
            found += kind.exposures[at].astype(np.float32)[:, None] * row
    return found.astype(np.float64)


def _weights(model: Model, draws: Draws, leads: Floats, levers: Levers) -> tuple[Floats, ...]:
    """What the exposure to each of SOURCES is multiplied by (kind × draw)."""
    lifted = (_answered(model, draws, levers), np.float32(1), np.float32(1))
    visit, subscription, contract = (
        np.minimum(draws.rates[at] * np.float32(_percent(levers, f"rate_{step}") / 100) * lifted[at], 1)
        for at, step in enumerate(STEPS)
    )
    later = subscription * contract
    chain = visit * later
    return contract, later, chain, chain * leads, later * draws.walk_ins


def _band(values: Floats, mean: float) -> Band:
    low, middle, high = np.quantile(values, (LOW, 0.5, HIGH))
    return Band(mean, float(low), float(middle), float(high))


def _fan(model: Model, amounts: Floats) -> tuple[Point, ...]:
    low, middle, high = np.quantile(amounts, (LOW, 0.5, HIGH), axis=1)
    told = zip(model.points, low.tolist(), middle.tolist(), high.tolist(), strict=True)
    return tuple(Point(*one) for one in told)
