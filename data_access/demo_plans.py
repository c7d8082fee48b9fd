"""The demo's plans and money: exposures, spend, targets, budgets, milestones and SOP tasks."""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from data_access.demo_customers import times_on
from data_access.demo_names import CHANNELS, CITIES, PROJECTS, SOP_ITEMS
from data_access.demo_rhythm import DAY, Floats, Whole, month_starts, season
from data_access.demo_world import (
    BEHIND,
    NEW,
    NO_TARGET,
    PILOT,
    TEAM_SIZE,
    World,
    emp_id,
    first_day,
    wanted_segments,
)

YEAR_TARGETS = (1_500_000_000, 1_380_000_000, 1_300_000_000)
LEADS_A_YEAR = 55_000
PILOT_EXPOSURES = 33_000
SOP_DAYS = 400
PHASE_DAYS = 570

Row = tuple[object, ...]


@dataclass(frozen=True)
class Exposures:
    """Impressions per project, channel and day; places in districts and segments as codes."""

    project: Whole
    channel: Whole
    time: Whole
    views: Whole
    visitors: Whole
    clicks: Whole
    district: list[str]
    segment: Whole


def exposures(world: World) -> Exposures:
    """One row per project, content channel and day with any; the pilot's add up to its ten months of 曝光."""
    rng = world.rng(30)
    per_lead = np.array([one.shown for one in CHANNELS])[None, :, None]
    wanted = world.expected * per_lead * rng.lognormal(0, 0.3, world.expected.shape)
    wanted[PILOT] *= PILOT_EXPOSURES * world.scale / wanted[PILOT].sum()
    views = rng.poisson(wanted)
    project, channel, day = np.nonzero(views)
    number = views[project, channel, day]
    time = times_on(world, rng, channel, day)
    order = np.argsort(time, kind="stable")
    project, channel, time, number = project[order], channel[order], time[order], number[order]
    pick = rng.integers(0, 12, len(project)).tolist()
    names = [CITIES[one.city].districts for one in PROJECTS]
    district = [names[at][nth % len(names[at])] for at, nth in zip(project.tolist(), pick, strict=True)]
    visitors = np.maximum(1, (number * rng.uniform(0.55, 0.8, len(number))).astype(np.int64))
    clicks = rng.binomial(number, 0.22)
    return Exposures(
        project,
        channel,
        time,
        number,
        visitors,
        clicks,
        district,
        wanted_segments(rng, project),
    )


def spend(world: World) -> tuple[Whole, Whole, Whole, Whole]:
    """Project, channel, day of the history and yuan; booked a day late, so there is none for today."""
    rng = world.rng(31)
    cost = np.array([one.cost * one.valid for one in CHANNELS])[None, :, None]
    planned = _over_two_weeks(world.expected) * cost
    amount = np.round(planned * rng.lognormal(0, 0.25, planned.shape)).astype(np.int64)
    amount[:, :, -1] = 0
    day, project, channel = np.nonzero(amount.transpose(2, 0, 1))
    return project, channel, day, amount[project, channel, day]


def _over_two_weeks(expected: Floats) -> Floats:
    """Budgets follow demand loosely: the mean of the past two weeks of expected leads."""
    total = np.cumsum(expected, axis=2)
    total[:, :, 14:] -= total[:, :, :-14].copy()
    return total / np.minimum(np.arange(expected.shape[2]) + 1, 14)


def targets(world: World, sales: Whole) -> list[Row]:
    """(project number or None, kpi, first day, last day, value): the group's years and the projects' months.

    `sales` is each project's amount of the past year: planners know roughly what a project can sell.
    """
    known = _known_strength(world, sales)
    rows: list[Row] = []
    for back, goal in reversed(list(enumerate(YEAR_TARGETS))):
        year = world.now.year - back
        goal = round(goal * world.scale)
        rows.append((None, 1, date(year, 1, 1), date(year, 12, 31), goal))
        rows += _monthly(world, year, 1, goal, 10_000 if world.leads >= 50_000 else 100, known)
        rows += _monthly(world, year, 2, round(LEADS_A_YEAR * (1 - 0.06 * back) * world.scale), 1, known**0)
    return rows


def _known_strength(world: World, sales: Whole) -> Floats:
    months = month_starts(world.days[-365], world.days[-1])
    planned = np.array([sum(_target_weight(world, at, 1, month) for month in months) for at in range(len(PROJECTS))])
    strength = np.clip(sales / sales.sum() / np.maximum(planned / planned.sum(), 1e-9), 0.7, 1.6)
    strength[[BEHIND, NEW]] = 1.0
    return np.asarray(strength)


def _monthly(world: World, year: int, kpi: int, total: int, unit: int, strength: Floats) -> list[Row]:
    """A year's total split over projects and months; the rounding is put right in the largest share."""
    months = month_starts(date(year, 1, 1), date(year, 12, 31))
    weight = np.array([[_target_weight(world, at, kpi, month) for month in months] for at in range(len(PROJECTS))])
    weight *= strength[:, None]
    value = np.round(total * weight / weight.sum() / unit).astype(np.int64) * unit
    value.ravel()[int(value.argmax())] += total - int(value.sum())
    return [
        (PROJECTS[at].id, kpi, months[nth], _month_end(months[nth]), int(value[at, nth]))
        for at, nth in np.argwhere(value > 0).tolist()
    ]


def _month_end(month: date) -> date:
    return (month + timedelta(days=32)).replace(day=1) - timedelta(days=1)


def _target_weight(world: World, project: int, kpi: int, month: date) -> float:
    one = PROJECTS[project]
    if project == NO_TARGET:
        return 0.0
    starts = world.opened_on(one) - timedelta(days=0 if kpi == 1 else 60)
    open_share = min(1.0, max(0.0, ((_month_end(month) - starts).days + 1) / 30))
    size = {PILOT: 1.9, NEW: 0.35}.get(project, one.size)
    ambition = (1.15, 0.95, 1.05, 0.9, 1.0)[project % 5] * (1.2 if project == BEHIND else 1.0)
    fades = max(0.55, 0.99945 ** max(0, (month - world.opened_on(one)).days))
    return open_share * size * ambition * fades * season(month) * (one.price if kpi == 1 else 1)


def budgets(world: World) -> list[Row]:
    """(project number, first day, last day, yuan, kind) per project and quarter of the years with targets."""
    cost = np.array([one.cost * one.valid for one in CHANNELS])[None, :, None]
    yearly = (world.expected * cost)[:, :, -365:].sum(axis=(1, 2))
    rows: list[Row] = []
    for year in range(world.now.year - 2, world.now.year + 1):
        for month in (1, 4, 7, 10):
            first = date(year, month, 1)
            last = _month_end(date(year, month + 2, 1))
            for at, one in enumerate(PROJECTS):
                factor = (1.0, 0.92, 1.12, 1.04)[at % 4] * season(first) / 4
                if last >= world.days[first_day(one)]:
                    rows.append((one.id, first, last, round(float(yearly[at]) * factor, -2), "营销投放"))
    return rows


_NODES = (
    ("示范区开放", -75, 40),
    ("预售许可证", -30, 45),
    ("首期开盘", 0, 30),
    ("小程序与渠道码上线", 30, 20),
    ("首期去化 60%", 120, 90),
    ("样板间更新", 160, 35),
    ("二期加推", 250, 60),
    ("客户资料补全", 300, 40),
    ("年度冲刺活动", 330, 45),
)
_LATENESS = (0.0, 0.0, 0.06, 0.0, 0.2, 0.0, 0.45, -0.1, 0.12)
_GROUP_LATENESS = (0.0, 0.04, 0.0, 0.15, 0.35, 0.0, 0.0, 0.0)
_GROUP_NODES = (
    ("营销作战室立项", "集团会签通过"),
    ("ERP 数据盘点", "各项目资料完整度出具"),
    ("试点项目上线", "试点每日使用"),
    ("五项标准 SOP 发布", "SOP 执行率周报"),
    ("试点复盘", "十个月结论评审"),
    ("首批复制", "六个申请项目接入"),
    ("集团大屏上线", "食堂与作战室投屏"),
    ("全面推广", "二十四个项目接入"),
)


def milestones(world: World) -> list[Row]:
    """plan_node rows: each project's own and the programme's chain of eight, on time, late in all colours, and open."""
    today = world.now.date()
    rows = [row for at in range(len(PROJECTS)) for row in _project_nodes(world, at)]
    for nth, (name, acceptance) in enumerate(_GROUP_NODES):
        end = today + timedelta(days=-300 + 62 * nth)
        link = (None, None, acceptance) if nth == 0 else (1, nth, acceptance)
        rows.append(_node((nth + 1, None, name), link, end, 55, _GROUP_LATENESS[nth], today))
    return rows


def _project_nodes(world: World, project: int) -> list[Row]:
    """The nodes of a project's current phase; in every third project the latest one due is overdue."""
    one, today = PROJECTS[project], world.now.date()
    ends = [today + timedelta(days=after - one.opened % PHASE_DAYS) for _, after, _ in _NODES]
    near = [nth for nth, end in enumerate(ends) if (end - today).days < 200]
    overdue = max((nth for nth in near if ends[nth] < today), default=None) if project % 3 == 0 else None
    rows = []
    for nth in near:
        name, _, length = _NODES[nth]
        name = name.replace("首期", "首期" if one.opened < PHASE_DAYS else "新一期")
        late, end = _LATENESS[(project * 4 + nth) % len(_LATENESS)], ends[nth]
        if nth == overdue:
            late = (0.06, 0.2, 0.45)[project // 3 % 3]
            end = today - timedelta(days=max(1, round(late * length)))
        link = (None, None, "按计划验收")
        rows.append(_node((one.id * 100 + nth, one.id, name), link, end, length, late, today, is_open=nth == overdue))
    return rows


def _node(
    who: tuple[int, int | None, str],
    link: Row,
    end: date,
    length: int,
    late: float,
    today: date,
    *,
    is_open: bool = False,
) -> Row:
    """One node, done `late` times its length after its planned end, unless it is open or that day has not come."""
    actual = end + timedelta(days=round(late * length))
    done = actual <= today and not is_open
    start = end - timedelta(days=length)
    project = who[1]
    owner = PROJECTS[PILOT].id * 100 if project is None else project * 100 + 1
    progress = 1.0 if done else round(min(0.9, max(0.0, (today - start).days / length * 0.9)), 2)
    accepted = f"{actual} 17:30:00" if actual < today and done else None
    return (*who, owner, *link, accepted, start, end, actual if done else None, progress)


def sop_tasks(world: World) -> tuple[Whole, Whole, list[str], Whole, Whole]:
    """Project, employee, item, due and done (-1: not) of three daily tasks; the pilot keeps 92 %, others less."""
    rng = world.rng(32)
    oldest = len(world.days) - SOP_DAYS
    day, project, nth = (axis.ravel() for axis in np.mgrid[oldest : len(world.days), 0 : len(PROJECTS), 0:3])
    begun = day >= np.array([first_day(one) for one in PROJECTS])[project]
    day, project, nth = day[begun], project[begun], nth[begun]
    due = (world.end // DAY - len(world.days) + 1 + day) * DAY + np.array([12, 18, 20])[nth] * 3600
    rate = np.array([0.92 if at == PILOT else 0.58 + at * 29 % 24 / 100 for at in range(len(PROJECTS))])
    done = np.where(rng.random(len(due)) < rate[project], due - rng.integers(600, 3 * 3600, len(due)), -1)
    done[done > world.end] = -1
    staff = emp_id(project, rng.integers(1, TEAM_SIZE + 1, len(due)))
    items = [SOP_ITEMS[at] for at in ((day + nth * 2 + project) % len(SOP_ITEMS)).tolist()]
    return project, staff, items, due, done
