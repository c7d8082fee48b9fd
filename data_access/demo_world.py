"""The demo's fixed world: its clock and scale, how many leads each project, channel and day expects, and its staff."""

import math
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

import numpy as np

from data_access.demo_names import CHANNELS, CITIES, PROJECTS, Project
from data_access.demo_rhythm import DAY, Floats, Whole, day_weights, epoch_day, share_of_day

ZONE = "Asia/Shanghai"
HISTORY_DAYS = 730
PILOT_DAYS = 303
NEW_DAYS = 18
DROP_DAYS = 14
TEAM_SIZE = 20
PILOT, BEHIND, SLOW, DROPPED, SUSPICIOUS, NO_TARGET, NEW = (
    next(at for at, project in enumerate(PROJECTS) if project.id == wanted)
    for wanted in (101, 107, 105, 112, 103, 119, 124)
)
NATURAL, OWNERS, BROKERS, AGENCY_A, AGENCY_B = 6, 8, 9, 10, 11

_PILOT_MIX = (0.11, 0.14, 0.04, 0.03, 0.29, 0.19, 0.06, 0.03, 0.05, 0.03, 0.02, 0.01)
_PILOT_LEADS = 8_300
_NEW_LEADS = 64


def local_time(now: datetime) -> datetime:
    """A moment as the CRM writes it: naive Shanghai time in whole seconds; a naive moment is taken to be that already."""
    local = now if now.tzinfo is None else now.astimezone(ZoneInfo(ZONE)).replace(tzinfo=None)
    return local.replace(microsecond=0)


@dataclass(frozen=True)
class World:
    """When the demo ends (`now`, local time), its seed, and how many leads it has."""

    now: datetime
    seed: int
    leads: int

    @property
    def scale(self) -> float:
        """The demo's size against the group's own 100,000 leads."""
        return self.leads / 100_000

    @property
    def end(self) -> int:
        """`now` in seconds since 1970, local time."""
        return epoch_day(self.now.date()) * DAY + self.now.hour * 3600 + self.now.minute * 60 + self.now.second

    @cached_property
    def days(self) -> list[date]:
        """Every day of the history, oldest first; the last one is today."""
        today = self.now.date()
        return [today - timedelta(days=back) for back in range(HISTORY_DAYS, -1, -1)]

    @cached_property
    def weekend(self) -> Floats:
        """Per day of the history, 1.0 on Saturdays and Sundays."""
        return np.array([float(day.weekday() >= 5) for day in self.days])

    def rng(self, part: int) -> np.random.Generator:
        """A generator of its own for each part, so that a change in one leaves the others as they were."""
        return np.random.default_rng([self.seed, part])

    def opened_on(self, project: Project) -> date:
        """The day a project opened for sale."""
        return self.now.date() - timedelta(days=project.opened)

    @cached_property
    def shares_of_today(self) -> dict[str, float]:
        """Per rhythm, the share of today's events that lies before `now`."""
        seconds = self.end % DAY
        return {rhythm: share_of_day(rhythm, self.now.date(), seconds) for rhythm in ("online", "onsite", "outreach")}

    @cached_property
    def rhythms(self) -> dict[str, Floats]:
        """Per rhythm, how busy each day is; today only as far as it has come."""
        weights = {rhythm: day_weights(self.days, rhythm) for rhythm in ("online", "onsite", "outreach")}
        for rhythm, share in self.shares_of_today.items():
            weights[rhythm][-1] *= share
        return weights

    @cached_property
    def expected(self) -> Floats:
        """Expected leads per project, channel and day, together about `leads`."""
        curves = np.array([_project_curve(project) for project in PROJECTS])
        mixes = _channel_mixes(self.rng(1))
        weights = curves[:, None, :] * mixes[:, :, None] * np.array([self.rhythms[one.rhythm] for one in CHANNELS])
        weights *= self._weekly_mood()
        weights[PILOT] *= _pilot_leads(self.leads) / weights[PILOT].sum()
        weights[NEW] *= _new_leads(self.leads) / weights[NEW].sum()
        rest = [at for at in range(len(PROJECTS)) if at not in (PILOT, NEW)]
        weights[rest] *= (self.leads - weights[PILOT].sum() - weights[NEW].sum()) / weights[rest].sum()
        weights[DROPPED, :, -DROP_DAYS - 1 :] *= 0.3
        return np.asarray(weights)

    def _weekly_mood(self) -> Floats:
        weeks = HISTORY_DAYS // 7 + 1
        mood = self.rng(2).lognormal(0, 0.12, (len(PROJECTS), 1, weeks))
        return np.repeat(mood, 7, axis=2)[:, :, : HISTORY_DAYS + 1]


def _pilot_leads(leads: int) -> int:
    return round(_PILOT_LEADS * leads / 100_000)


def _new_leads(leads: int) -> int:
    return max(8, round(_NEW_LEADS * leads / 100_000))


def first_day(project: Project) -> int:
    """The first day of the history (0 = oldest) on which a project takes leads: two months before it opens."""
    ahead = {PROJECTS[PILOT].id: PILOT_DAYS, PROJECTS[NEW].id: NEW_DAYS}.get(project.id, project.opened + 60)
    return max(0, HISTORY_DAYS - ahead)


def _project_curve(project: Project) -> Floats:
    """The shape of a project's leads over the days: a rush before each opening, then a slow decline."""
    day = np.arange(HISTORY_DAYS + 1)
    start, opening = first_day(project), HISTORY_DAYS - project.opened
    if project is PROJECTS[PILOT]:
        return np.where(day < start, 0.0, np.minimum(12 * 1.18 ** ((day - start) / 7), 262))
    decline = np.clip(0.99945 ** (day - opening), 0.55, 1.0)
    rushes = sum(
        height * np.exp(-(((day - opening - after + 6) / 11) ** 2))
        for after, height in ((0, 1.6), (250, 0.7), (520, 0.6))
    )
    curve = (project.size or 0.5) * decline * (1 + rushes)
    return np.asarray(np.where(day < start, 0.0, curve))


def _channel_mixes(rng: np.random.Generator) -> Floats:
    mixes = np.array([one.share for one in CHANNELS]) * rng.lognormal(0, 0.18, (len(PROJECTS), len(CHANNELS)))
    mixes[PILOT] = _PILOT_MIX
    return np.asarray(mixes / mixes.sum(axis=1, keepdims=True))


def team_of(project: int, slot: int) -> str:
    """The team of a project's salesperson number `slot` (1 to 20); projects have two or three teams."""
    teams = 3 if project % 2 == 0 else 2
    return f"{PROJECTS[project].name}{'一二三'[(slot - 1) * teams // TEAM_SIZE]}组"


def is_manager(project: int, slot: int) -> bool:
    """Whether a slot leads its team."""
    return slot == 1 or team_of(project, slot) != team_of(project, slot - 1)


SLOW_TEAM = team_of(SLOW, TEAM_SIZE // 2)


@dataclass(frozen=True)
class Staffing:
    """Who works where: by project and slot (0 = the project head), the first and last day of work in seconds."""

    joined: Whole
    left: Whole

    def pick(self, rng: np.random.Generator, project: Whole, time: Whole) -> Whole:
        """A salesperson at work for each event; the first manager stands in for people not there."""
        slot = (TEAM_SIZE * rng.random(len(project)) ** 1.25).astype(np.int64) + 1
        away = (self.joined[project, slot] > time) | (self.left[project, slot] <= time)
        return emp_id(project, np.where(away, 1, slot))


def emp_id(project: Whole, slot: Whole) -> Whole:
    """Employee numbers: project number, then two digits of the slot."""
    return np.asarray((project + PROJECTS[0].id) * 100 + slot)


def staffing(world: World) -> Staffing:
    """Entry and exit of every salesperson; nobody is hired after `now`."""
    rng = world.rng(3)
    shape = (len(PROJECTS), TEAM_SIZE + 1)
    start = np.array([min(first_day(project), HISTORY_DAYS) for project in PROJECTS])[:, None]
    late = rng.random(shape) < 0.25
    late[:, :2] = False
    begun = start + late * rng.integers(20, 200, shape)
    begun = np.minimum(begun - ~late * rng.integers(20, 500, shape), HISTORY_DAYS - 5)
    leaves = (rng.random(shape) < 0.06) & (begun < HISTORY_DAYS - 150)
    leaves[:, :2] = False
    gone = np.where(leaves, HISTORY_DAYS - rng.integers(10, 140, shape), 10**6)
    origin = epoch_day(world.days[0])
    return Staffing(joined=(begun + origin) * DAY, left=(gone + origin) * DAY)


def latitude_longitude(project: Project) -> tuple[float, float]:
    """A place for the map, near the middle of the project's city."""
    city, angle = CITIES[project.city], project.id * 2.4
    return round(city.lat + 0.05 * math.sin(angle), 5), round(city.lon + 0.06 * math.cos(angle), 5)


def wanted_segments(rng: np.random.Generator, project: Whole) -> Whole:
    """What each wants (1 a first home, 2 a better one, 3 the best): a dearer project draws people who want more."""
    price, draw = np.array([one.price for one in PROJECTS])[project], rng.random(len(project))
    first, best = np.clip(1.05 - price / 500, 0.2, 0.75), np.clip((price - 230) / 700, 0.03, 0.4)
    return np.asarray(np.where(draw < first, 1, np.where(draw < 1 - best, 2, 3)))


def wanted_bands(rng: np.random.Generator, project: Whole) -> Whole:
    """The price band (1 to 4) each can pay, around the price of the project."""
    price = np.array([one.price for one in PROJECTS])[project] * rng.uniform(0.6, 1.4, len(project))
    return np.asarray(np.searchsorted([150, 250, 400], price, "right") + 1)


def district_of(project: Project) -> str:
    """The district a project stands in."""
    districts = CITIES[project.city].districts
    return districts[project.id % len(districts)]
