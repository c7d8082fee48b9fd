"""The demo's customers: leads and the parties they form, grades, visits, what is lost, and follow-ups."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from data_access.demo_names import CHANNELS, PROJECTS
from data_access.demo_rhythm import DAY, Floats, Whole, seconds_of_day, to_working_hours
from data_access.demo_world import (
    AGENCY_B,
    NATURAL,
    NEW,
    PILOT,
    SLOW,
    SLOW_TEAM,
    SUSPICIOUS,
    TEAM_SIZE,
    Staffing,
    World,
    emp_id,
    team_of,
    wanted_bands,
    wanted_segments,
)

Flags = npt.NDArray[np.bool_]

NONE = -1
REENTRY = 180 * DAY
BATCH, GATE, RECLAIMED = 1, 2, 3
STOCK = 11_000


@dataclass(frozen=True)
class Leads:
    """Lead rows in order of time; persons are numbers (-1: no phone), `plant` marks the suspicious ones."""

    project: Whole
    channel: Whole
    time: Whole
    person: Whole
    plant: Whole

    def __len__(self) -> int:
        return len(self.time)


@dataclass(frozen=True)
class Parties:
    """Which party each lead row belongs to, and each party's first and latest row."""

    of_row: Whole
    first: Whole
    last: Whole


@dataclass(frozen=True)
class Traits:
    """What the CRM knows about each lead row: grade 1-4, valid 1, 2 (not) or 0 (not yet judged), and so on."""

    grade: Whole
    valid: Whole
    staff: Whole
    segment: Whole
    band: Whole
    known: Flags
    graded: Flags


@dataclass(frozen=True)
class Visits:
    """Visits in no particular order; `party` is -1 for walk-ins who left no phone beforehand, `number` counts from 1."""

    party: Whole
    person: Whole
    project: Whole
    channel: Whole
    staff: Whole
    time: Whole
    number: Whole

    def __len__(self) -> int:
        return len(self.time)


def some_leads(world: World) -> Leads:
    """All lead rows: ordinary ones, then the suspicious ones planted at one project, sorted by time."""
    planted = _planted(world)
    project, channel, time = _moments(world, world.leads - len(planted))
    person = _persons(world.rng(11), project, time)
    planted_person = world.leads + np.arange(len(planted))
    everything = Leads(
        np.append(project, planted.project),
        np.append(channel, planted.channel),
        np.append(time, planted.time),
        np.append(person, planted_person),
        np.append(np.zeros_like(time), planted.plant),
    )
    order = np.argsort(everything.time, kind="stable")
    return Leads(*(getattr(everything, name)[order] for name in ("project", "channel", "time", "person", "plant")))


def _moments(world: World, count: int) -> tuple[Whole, Whole, Whole]:
    """Project, channel and second of `count` leads, drawn from the expected ones and sorted by time."""
    rng = world.rng(10)
    weights = world.expected
    counts = np.zeros(weights.shape, dtype=np.int64)
    fixed = {at: round(float(weights[at].sum())) for at in (PILOT, NEW)}
    for at, number in fixed.items():
        counts[at] = _spread(rng, number, weights[at])
    rest = np.array([at for at in range(len(PROJECTS)) if at not in fixed])
    counts[rest] = _spread(rng, count - sum(fixed.values()), weights[rest])
    cell = np.repeat(np.arange(counts.size), counts.ravel())
    project, channel, day = np.unravel_index(cell, counts.shape)
    time = times_on(world, rng, channel, day)
    order = np.argsort(time, kind="stable")
    return project[order], channel[order], time[order]


def _spread(rng: np.random.Generator, number: int, weights: Floats) -> Whole:
    return rng.multinomial(number, (weights / weights.sum()).ravel()).reshape(weights.shape)


def times_on(world: World, rng: np.random.Generator, channel: Whole, day: Whole) -> Whole:
    """A second on each day (counted from the oldest) in the rhythm of its channel, never after `now`."""
    names = np.array([one.rhythm for one in CHANNELS])[channel]
    weekend = world.weekend[day] > 0
    result = np.zeros(len(day), dtype=np.int64)
    for rhythm, share in world.shares_of_today.items():
        mask = names == rhythm
        until = np.where(day[mask] == len(world.days) - 1, share, 1.0)
        result[mask] = seconds_of_day(rng, rhythm, weekend[mask], until)
    start = world.end // DAY - len(world.days) + 1
    return np.asarray(np.minimum((start + day) * DAY + result, world.end))


def _persons(rng: np.random.Generator, project: Whole, time: Whole) -> Whole:
    """Mostly new people; some leave their number twice, some come back after half a year, some try other projects."""
    count = len(time)
    order = np.lexsort((time, project))
    keys = project * 10**11 + time
    ranked = keys[order]
    first = np.searchsorted(ranked, project * 10**11)
    rank = np.empty(count, dtype=np.int64)
    rank[order] = np.arange(count)
    long_ago = np.searchsorted(ranked, keys - 185 * DAY) - first
    draw, pick = rng.random(count), rng.random(count)
    again = np.maximum(first, rank - 1 - (pick * 60).astype(np.int64))
    back = first + (pick * long_ago).astype(np.int64)
    source = np.full(count, NONE)
    source[draw < 0.014] = order[again[draw < 0.014]]
    returning = (draw >= 0.014) & (draw < 0.036) & (long_ago > 0)
    source[returning] = order[back[returning]]
    elsewhere = (draw >= 0.04) & (draw < 0.07)
    source[elsewhere] = (pick * np.arange(count)).astype(np.int64)[elsewhere]
    person = np.arange(count)
    for row in np.flatnonzero((source >= 0) & (source < np.arange(count))).tolist():
        person[row] = person[source[row]]
    person[(draw > 0.994)] = NONE
    return person


def _planted(world: World) -> Leads:
    """The suspicious customers of one broker: a night batch, five at the gate, five natural visitors claimed later."""
    today = world.end // DAY
    batch = (today - 9) * DAY + 2 * 3600 + 600 + np.arange(8) * 45
    gate = (today - np.array([12, 11, 6, 5, 4])) * DAY + 10 * 3600 + np.array([0, 1300, 4100, 7700, 15100])
    claimed = (today - np.array([26, 25, 24, 20, 19])) * DAY + 11 * 3600 + np.array([0, 2500, 900, 5200, 9100])
    plant = np.repeat([BATCH, GATE, RECLAIMED], [8, 5, 5])
    blank = np.zeros_like(plant)
    return Leads(blank + SUSPICIOUS, blank + AGENCY_B, np.concatenate([batch, gate, claimed]), blank, plant)


def parties(leads: Leads) -> Parties:
    """The parties of the counting rules: a person's leads on a project, a new party after 180 days without one."""
    order = np.lexsort((np.arange(len(leads)), leads.time, leads.project, leads.person))
    person, project, time = leads.person[order], leads.project[order], leads.time[order]
    opens = np.ones(len(order), dtype=bool)
    opens[1:] = (np.diff(person) != 0) | (np.diff(project) != 0) | (np.diff(time) >= REENTRY) | (person[1:] == NONE)
    of_row = np.empty(len(order), dtype=np.int64)
    of_row[order] = np.cumsum(opens) - 1
    starts = np.flatnonzero(opens)
    return Parties(of_row, order[starts], order[np.append(starts[1:], len(order)) - 1])


def traits(world: World, leads: Leads, staff: Staffing) -> Traits:
    """Grades, validity, salesperson and gaps: the pilot's rows are 87 % complete, others less."""
    rng, count = world.rng(12), len(leads)
    chance = np.array([one.valid for one in CHANNELS])[leads.channel]
    is_valid = rng.random(count) < np.where(leads.project == PILOT, chance * 1.04, chance)
    is_valid |= leads.plant > BATCH
    draw = rng.random(count)
    good = np.searchsorted([0.133, 0.465, 0.925], draw) + 1
    grade = np.where(is_valid, good, np.where(draw < 0.25, 3, 4))
    fresh = (leads.time > world.end - DAY) & (rng.random(count) < 0.4)
    complete = np.array([0.87 if at == PILOT else 0.62 + at * 37 % 17 / 100 for at in range(len(PROJECTS))])
    known = rng.random(count) < complete[leads.project]
    return Traits(
        grade=grade,
        valid=np.where(fresh, 0, np.where(is_valid, 1, 2)),
        staff=staff.pick(rng, leads.project, leads.time),
        segment=wanted_segments(rng, leads.project),
        band=wanted_bands(rng, leads.project),
        known=known,
        graded=known | (rng.random(count) < 0.45),
    )


def visits(world: World, leads: Leads, groups: Parties, known: Traits, staff: Staffing) -> Visits:
    """First visits of parties, walk-ins who left no phone, and the second visits of both."""
    firsts = _joined(_party_visits(world, leads, groups, known), _walk_ins(world, leads, staff))
    return _joined(firsts, _second_visits(world, firsts))


def _joined(one: Visits, other: Visits) -> Visits:
    names = ("party", "person", "project", "channel", "staff", "time", "number")
    return Visits(*(np.append(getattr(one, name), getattr(other, name)) for name in names))


def _party_visits(world: World, leads: Leads, groups: Parties, known: Traits) -> Visits:
    rng, row = world.rng(13), groups.first
    channel, created, plant = leads.channel[row], leads.time[row], leads.plant[row]
    chance = np.array([one.visit for one in CHANNELS])[channel]
    eager = np.array([0.0, 2.0, 1.35, 0.8, 0.45])[known.grade[row]]
    eager = np.where(known.valid[row] == 2, 0.12, eager) * np.where(leads.project[row] == PILOT, 1.25, 1.0)
    comes = rng.random(len(row)) < np.where(channel == NATURAL, chance, np.minimum(chance * eager, 0.95))
    comes = (comes | (plant > BATCH)) & (plant != BATCH)
    time = np.where(channel == NATURAL, created + rng.integers(60, 600, len(row)), _later_visit(world, rng, created))
    time = np.where(plant == GATE, created + rng.integers(240, 560, len(row)), time)
    time = np.where(plant == RECLAIMED, created + rng.integers(60, 300, len(row)), time)
    came = np.flatnonzero(comes & (time <= world.end))
    row = row[came]
    ones = np.ones_like(came)
    return Visits(came, leads.person[row], leads.project[row], leads.channel[row], known.staff[row], time[came], ones)


def _later_visit(world: World, rng: np.random.Generator, created: Whole) -> Whole:
    """A visit some days after each moment, often on the next weekend, in the sales office's hours."""
    lag = np.minimum(rng.geometric(0.13, len(created)), 55)
    day = created // DAY + lag
    to_saturday = (5 - (day + 3) % 7) % 7
    day += np.where(rng.random(len(created)) < 0.4, to_saturday, 0)
    return day * DAY + seconds_of_day(rng, "onsite", (day + 3) % 7 >= 5, np.ones(len(day)))


def _walk_ins(world: World, leads: Leads, staff: Staffing) -> Visits:
    """Natural visitors whom nobody entered as a lead: 2.5 % of the number of leads."""
    rng, count = world.rng(14), round(0.025 * len(leads))
    project, day = np.unravel_index(
        np.repeat(np.arange(world.expected[:, NATURAL].size), _spread(rng, count, world.expected[:, NATURAL]).ravel()),
        world.expected[:, NATURAL].shape,
    )
    channel = np.full(count, NATURAL)
    time = times_on(world, rng, channel, day)
    person = 2 * len(leads) + np.arange(count)
    return Visits(channel * 0 + NONE, person, project, channel, staff.pick(rng, project, time), time, channel * 0 + 1)


def _second_visits(world: World, firsts: Visits) -> Visits:
    rng = world.rng(15)
    time = _later_visit(world, rng, firsts.time)
    again = np.flatnonzero((rng.random(len(firsts)) < 0.27) & (time <= world.end))
    return Visits(
        party=firsts.party[again],
        person=firsts.person[again],
        project=firsts.project[again],
        channel=firsts.channel[again],
        staff=firsts.staff[again],
        time=time[again],
        number=np.full(len(again), 2),
    )


def stock(
    world: World, leads: Leads, groups: Parties, known: Traits, sold: Flags, busy_until: Whole
) -> tuple[Whole, Whole]:
    """Per lead row when it was lost and when it came back (-1: never), leaving exactly the demo's stock active."""
    rng = world.rng(16)
    created = leads.time[groups.last]
    open_still = (known.valid[groups.last] != 2) & ~sold
    lag = (rng.gamma(2.0, 18, len(created)) * DAY).astype(np.int64) + 3 * DAY
    earliest = np.maximum(created, busy_until)
    latest_possible = np.maximum(earliest, np.minimum(earliest + lag, world.end - rng.integers(600, 2 * DAY, len(lag))))
    keep = _kept(rng, created, known.grade[groups.last], open_still, busy_until, round(STOCK * world.scale))
    lost = np.where(~keep & ~sold, latest_possible, NONE)
    revived = np.full(len(lost), NONE)
    back = keep & (created < world.end - 50 * DAY) & (rng.random(len(lost)) < 0.03)
    lost[back] = created[back] + 30 * DAY
    revived[back] = lost[back] + rng.integers(DAY, 9 * DAY, int(back.sum()))
    return lost[groups.of_row], revived[groups.of_row]


def _kept(rng: np.random.Generator, created: Whole, grade: Whole, candidate: Flags, busy: Whole, wanted: int) -> Flags:
    """The `wanted` candidates that stay active: the newest, the better grades and those just in contact."""
    if candidate.sum() < wanted:
        raise ValueError(f"only {candidate.sum()} valid customers for a stock of {wanted}; ask for more leads")
    days = np.maximum(created, busy) / DAY + np.array([0, 45, 30, 8, 0])[grade] + rng.normal(0, 28, len(created))
    days = np.where(candidate, days, -np.inf)
    keep = np.zeros(len(created), dtype=bool)
    keep[np.argsort(-days, kind="stable")[:wanted]] = True
    return keep


@dataclass(frozen=True)
class FollowUps:
    """Contacts of salespeople with lead rows; `way` and `result` are codes of the CRM."""

    row: Whole
    staff: Whole
    time: Whole
    way: Whole
    result: Whole


def follow_ups(world: World, leads: Leads, known: Traits, lost: Whole, revived: Whole) -> FollowUps:
    """First contact, retry and later contacts of every lead row until it was lost, and a recent one for the stock."""
    rng = world.rng(17)
    over = np.where((lost != NONE) & (revived == NONE), lost, world.end)
    first = _first_contact(rng, leads, known)
    missed = rng.random(len(leads)) > np.array([0, 0.95, 0.9, 0.84, 0.72])[known.grade]
    never = rng.random(len(leads)) < np.array([0, 0.008, 0.025, 0.07, 0.16])[known.grade]
    first = np.where(never & (leads.channel != NATURAL), world.end + 1, first)
    rows, times, results = [np.arange(len(leads))], [first], [np.where(missed, 2, 1)]
    again = np.flatnonzero(missed & (rng.random(len(leads)) < 0.8))
    rows.append(again)
    times.append(
        to_working_hours(first[again] + rng.integers(1200, 6 * 3600, len(again)), rng.integers(0, 3600, len(again)))
    )
    results.append(rng.choice([1, 2, 3], len(again), p=[0.72, 0.22, 0.06]))
    later, later_time = _later_contacts(rng, first, known)
    rows.append(later)
    times.append(later_time)
    results.append(rng.choice([1, 2], len(later), p=[0.82, 0.18]))
    recent, recent_time = _recent_contacts(world, rng, leads, known, over)
    rows.append(recent)
    times.append(recent_time)
    results.append(np.ones_like(recent))
    return _until(over, rng, leads, known, np.concatenate(rows), np.concatenate(times), np.concatenate(results))


def _until(
    over: Whole, rng: np.random.Generator, leads: Leads, known: Traits, row: Whole, time: Whole, result: Whole
) -> FollowUps:
    done = time <= over[row]
    row, time, result = row[done], time[done], result[done]
    order = np.argsort(time, kind="stable")
    row, time, result = row[order], time[order], result[order]
    face = (leads.channel[row] == NATURAL) & (time - leads.time[row] < 1200)
    way = np.where(face, 4, rng.choice([1, 2, 3], len(row), p=[0.66, 0.28, 0.06]))
    return FollowUps(row, known.staff[row], time, way, np.where(face, 1, result))


def _first_contact(rng: np.random.Generator, leads: Leads, known: Traits) -> Whole:
    """A leads within half an hour, others in hours, all from the next opening on; one team takes hours for all."""
    count = len(leads)
    minutes = np.array([1, 8, 75, 190, 420])[known.grade] * rng.lognormal(0, 0.85, count)
    team = emp_id(
        np.array(SLOW), np.array([slot for slot in range(1, TEAM_SIZE + 1) if team_of(SLOW, slot) == SLOW_TEAM])
    )
    minutes = np.where(np.isin(known.staff, team), 250 * rng.lognormal(0, 0.35, count), minutes)
    minutes = np.where(leads.channel == NATURAL, rng.integers(1, 12, count), minutes)
    jitter = rng.integers(60, 1200, count)
    return to_working_hours(to_working_hours(leads.time, jitter) + (minutes * 60).astype(np.int64) + 20, jitter)


def _later_contacts(rng: np.random.Generator, first: Whole, known: Traits) -> tuple[Whole, Whole]:
    number = rng.poisson(np.array([0, 3.4, 2.1, 1.1, 0.4])[known.grade])
    row = np.repeat(np.arange(len(first)), number)
    nth = np.arange(len(row)) - np.repeat(np.cumsum(number) - number, number) + 1
    gap = rng.uniform(2, 8, len(first))[row]
    day = first[row] // DAY + (nth * gap).astype(np.int64)
    return row, day * DAY + rng.integers(9 * 3600 + 1800, 20 * 3600 + 1800, len(row))


_LIMIT_DAYS = np.array([15, 1, 3, 7, 15])


def _recent_contacts(
    world: World, rng: np.random.Generator, leads: Leads, known: Traits, over: Whole
) -> tuple[Whole, Whole]:
    """Four in five active customers were last reached within the limit of their grade."""
    limit = _LIMIT_DAYS[known.grade] * DAY
    in_time = rng.random(len(leads)) < 0.8
    time = world.end - (
        limit * np.where(in_time, rng.uniform(0.02, 0.97, len(leads)), 1 + rng.exponential(1.0, len(leads)))
    ).astype(np.int64)
    of_day = time % DAY
    time = np.where(of_day < 9 * 3600, time - of_day - rng.integers(4, 6, len(leads)) * 3600, time)
    wanted = (over == world.end) & (known.valid != 2) & (time > leads.time + 2 * DAY)
    row = np.flatnonzero(wanted)
    return row, time[row]
