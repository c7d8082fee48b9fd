"""The demo's sales: subscriptions, contracts, payments, and who brought or registered the customers."""

from dataclasses import dataclass

import numpy as np

from data_access.demo_customers import BATCH, GATE, NONE, RECLAIMED, Flags, Leads, Parties, Traits, Visits
from data_access.demo_names import CHANNELS, PROJECTS
from data_access.demo_rhythm import DAY, Whole, seconds_of_day
from data_access.demo_world import AGENCY_A, AGENCY_B, BROKERS, NEW, OWNERS, SUSPICIOUS, World

STAR_BROKER = 2001
SUSPECT_BROKER = 3001
PERSONAL_BROKERS = range(2001, 2401)
AGENCY_BROKERS = {AGENCY_A: range(3101, 3221), AGENCY_B: range(3001, 3101)}

_SUBSCRIPTIONS = 0.0100


@dataclass(frozen=True)
class Sales:
    """Subscriptions with what became of them; times are -1 where it did not happen."""

    visit: Whole
    time: Whole
    cancelled: Whole
    signed: Whole
    left: Whole
    amount: Whole
    area: Whole

    def __len__(self) -> int:
        return len(self.time)

    @property
    def contracts(self) -> Whole:
        """Positions of the subscriptions that became a contract, in order of signing."""
        signed = np.flatnonzero(self.signed != NONE)
        return signed[np.argsort(self.signed[signed], kind="stable")]


def sales(world: World, leads: Leads, groups: Parties, known: Traits, seen: Visits) -> Sales:
    """Who of the visitors subscribes, signs, cancels; sales begin on a project's opening day."""
    rng = world.rng(20)
    buyers = _buyers(world, rng, leads, groups, known, seen)
    time = _subscribed(world, rng, seen, buyers)
    buyers, time = buyers[time <= world.end], time[time <= world.end]
    order = np.argsort(time, kind="stable")
    buyers, time = buyers[order], time[order]
    gives_up = rng.random(len(time)) < 0.09
    cancelled = np.where(gives_up, time + rng.integers(2 * DAY, 14 * DAY, len(time)), NONE)
    cancelled[cancelled > world.end] = NONE
    signed = np.where(gives_up, NONE, _office(rng, time // DAY + _signing_days(rng, len(time))))
    signed[signed > world.end] = NONE
    leaves = (signed != NONE) & (rng.random(len(time)) < 0.045)
    left = np.where(leaves, _office(rng, signed // DAY + rng.integers(8, 70, len(time))), NONE)
    left[left > world.end] = NONE
    amount, area = _prices(rng, seen.project[buyers])
    return Sales(buyers, time, cancelled, signed, left, amount, area)


def _buyers(
    world: World, rng: np.random.Generator, leads: Leads, groups: Parties, known: Traits, seen: Visits
) -> Whole:
    """First visits that lead to a subscription: better grades, better channels and better projects more often."""
    row = np.where(seen.party == NONE, 0, groups.first[seen.party])
    grade = np.where(seen.party == NONE, 2, known.grade[row])
    plant = np.where(seen.party == NONE, 0, leads.plant[row])
    weight = np.array([0, 3.2, 1.7, 0.6, 0.15])[grade] * np.array([one.close for one in CHANNELS])[seen.channel]
    weight *= np.array([one.close_rate for one in PROJECTS])[seen.project]
    weight *= np.where((seen.party != NONE) & (known.valid[row] == 2), 0.02, 1.0)
    score = np.log(weight) + rng.gumbel(size=len(weight))
    score[(seen.number > 1) | np.isin(plant, [BATCH, GATE])] = -np.inf
    score[np.flatnonzero((plant == RECLAIMED) & (seen.number == 1))[:2]] = np.inf
    score[np.flatnonzero((seen.project == NEW) & (seen.number == 1) & (grade < 3))[:3]] = np.inf
    return np.sort(np.argsort(-score, kind="stable")[: round(_SUBSCRIPTIONS * len(leads))])


def _subscribed(world: World, rng: np.random.Generator, seen: Visits, buyers: Whole) -> Whole:
    """Often on the spot, else within weeks; before the opening everybody waits for the opening day."""
    at_once = rng.random(len(buyers)) < 0.38
    later = _office(rng, seen.time[buyers] // DAY + np.minimum(rng.geometric(0.11, len(buyers)), 40))
    time = np.where(at_once, seen.time[buyers] + rng.integers(2400, 9000, len(buyers)), later)
    reclaimed = rng.integers(4 * DAY, 6 * DAY, len(buyers))
    planted = (seen.project[buyers] == SUSPICIOUS) & (seen.channel[buyers] == AGENCY_B)
    time = np.where(planted, seen.time[buyers] + reclaimed, time)
    opening = world.end // DAY - np.array([project.opened for project in PROJECTS])[seen.project[buyers]]
    on_opening_day = opening * DAY + rng.integers(9 * 3600, 15 * 3600, len(buyers))
    return np.where(time < opening * DAY, on_opening_day, time)


def _office(rng: np.random.Generator, day: Whole) -> Whole:
    return day * DAY + seconds_of_day(rng, "onsite", (day + 3) % 7 >= 5, np.ones(len(day)))


def _signing_days(rng: np.random.Generator, count: int) -> Whole:
    return np.where(rng.random(count) < 0.9, rng.integers(2, 14, count), rng.integers(14, 30, count))


def _prices(rng: np.random.Generator, project: Whole) -> tuple[Whole, Whole]:
    """Contract amounts in whole yuan and areas in square metres."""
    usual = np.array([one.price for one in PROJECTS])[project]
    factor = np.clip(rng.lognormal(-0.01, 0.17, len(project)), 0.6, 1.7)
    area = np.round(np.clip(112 * factor * rng.normal(1, 0.04, len(project)), 68, 220)).astype(np.int64)
    return (usual * 10_000 * factor).astype(np.int64), area


@dataclass(frozen=True)
class Payments:
    """Money received per contract (position among the sales); refunds are negative."""

    sale: Whole
    time: Whole
    kind: Whole
    amount: Whole


def payments(world: World, sold: Sales) -> Payments:
    """Down payment at signing, the bank's loan weeks later, and everything back after a cancellation."""
    rng, sale = world.rng(21), sold.contracts
    amount, signed, left = sold.amount[sale], sold.signed[sale], sold.left[sale]
    share = np.where(rng.random(len(sale)) < 0.14, 1.0, rng.uniform(0.25, 0.45, len(sale)))
    down = (amount * share).astype(np.int64)
    loan_time = signed + rng.integers(22, 65, len(sale)) * DAY
    loan_paid = (down < amount) & (loan_time <= world.end) & ((left == NONE) | (loan_time < left))
    back_time = left + 3 * DAY
    refunded = (left != NONE) & (back_time <= world.end)
    paid = down + np.where(loan_paid, amount - down, 0)
    parts = (
        (sale, signed, 1, down),
        (sale[loan_paid], loan_time[loan_paid], 2, (amount - down)[loan_paid]),
        (sale[refunded], back_time[refunded], 3, -paid[refunded]),
    )
    time = np.concatenate([part[1] for part in parts])
    order = np.argsort(time, kind="stable")
    kind = np.concatenate([np.full(len(part[0]), part[2]) for part in parts])
    return Payments(
        np.concatenate([part[0] for part in parts])[order],
        time[order],
        kind[order],
        np.concatenate([part[3] for part in parts])[order],
    )


@dataclass(frozen=True)
class Referrals:
    """Lead rows that somebody referred: kind 1 broker (number), 2 owner (position of a contract), 3 colleague."""

    row: Whole
    time: Whole
    kind: Whole
    by: Whole


def referrals(world: World, leads: Leads, sold: Sales) -> Referrals:
    """Owners refer once they have signed; one broker, the referral king, brings far more than anybody else."""
    rng = world.rng(22)
    row = np.flatnonzero((leads.channel == OWNERS) | (leads.channel == BROKERS))
    time = leads.time[row] - rng.integers(60, 1800, len(row))
    signed_before = np.searchsorted(sold.signed[sold.contracts], time)
    owner = (leads.channel[row] == OWNERS) & (signed_before > 0)
    chosen = (rng.random(len(row)) ** 1.2 * signed_before).astype(np.int64)
    broker = PERSONAL_BROKERS[1] + (rng.random(len(row)) ** 1.6 * (len(PERSONAL_BROKERS) - 1)).astype(np.int64)
    recent = time > world.end - 120 * DAY
    star = rng.random(len(row)) < np.where(recent, 0.16, 0.05)
    broker = np.where(star, STAR_BROKER, broker)
    colleague = ~owner & ~star & (rng.random(len(row)) < 0.12)
    kind = np.where(owner, 2, np.where(colleague, 3, 1))
    return Referrals(
        row, time, kind, np.where(owner, chosen, np.where(colleague, rng.integers(1, 61, len(row)), broker))
    )


@dataclass(frozen=True)
class Registrations:
    """Customers registered by distribution brokers (报备)."""

    row: Whole
    time: Whole
    broker: Whole


def registrations(world: World, leads: Leads) -> Registrations:
    """A registration just before each distribution lead; the reclaimed ones come after the natural visit."""
    rng = world.rng(23)
    row = np.flatnonzero((leads.channel == AGENCY_A) | (leads.channel == AGENCY_B))
    plant = leads.plant[row]
    time = leads.time[row] - np.where(plant == 0, rng.integers(0, 3600, len(row)), 0)
    time = time + np.where(plant == RECLAIMED, rng.integers(DAY, DAY + 5 * 3600, len(row)), 0)
    broker = np.zeros(len(row), dtype=np.int64)
    for channel, numbers in AGENCY_BROKERS.items():
        drawn = numbers[1] + (rng.random(len(row)) ** 1.4 * (len(numbers) - 1)).astype(np.int64)
        broker = np.where(leads.channel[row] == channel, drawn, broker)
    return Registrations(row, time, np.where(plant > 0, SUSPECT_BROKER, broker))


def sold_parties(sold: Sales, seen: Visits, count: int) -> Flags:
    """Per party, whether it holds a contract that was not cancelled."""
    holds = sold.visit[(sold.signed != NONE) & (sold.left == NONE)]
    party = seen.party[holds]
    result = np.zeros(count, dtype=bool)
    result[party[party != NONE]] = True
    return result


def busy_until(sold: Sales, seen: Visits, count: int) -> Whole:
    """Per party, its latest visit or sales event (0: none); nobody is lost before."""
    result = np.zeros(count, dtype=np.int64)
    with_party = seen.party != NONE
    np.maximum.at(result, seen.party[with_party], seen.time[with_party])
    party = seen.party[sold.visit]
    latest = np.maximum.reduce([sold.time, sold.cancelled, sold.signed, sold.left])
    np.maximum.at(result, party[party != NONE], latest[party != NONE])
    return result


def yearly_sales(world: World, sold: Sales, seen: Visits) -> Whole:
    """Net contract amount of each project in the 365 days before `now`, in yuan."""
    kept = (sold.left == NONE) & (sold.signed > world.end - 365 * DAY)
    result = np.zeros(len(PROJECTS), dtype=np.int64)
    np.add.at(result, seen.project[sold.visit[kept]], sold.amount[kept])
    return result
