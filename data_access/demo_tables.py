"""How the demo's rows get into SQLite: columns of arrays in, plain values out; people, places and plans."""

import sqlite3
from collections.abc import Iterable
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt

from data_access import demo_plans as plans
from data_access import demo_sales as trade
from data_access import demo_world as places
from data_access.demo_customers import NONE
from data_access.demo_names import CHANNELS, CITIES, DICTIONARY, PROJECTS, broker_phone, people_names, staff_phone
from data_access.demo_rhythm import DAY, Whole, epoch_day
from data_access.demo_world import TEAM_SIZE, Staffing, World


def insert(db: sqlite3.Connection, table: str, columns: str, *values: Iterable[object]) -> None:
    """Insert rows given column by column; arrays are turned into plain Python values."""
    plain = [value.tolist() if isinstance(value, np.ndarray) else value for value in values]
    marks = ", ".join("?" * len(plain))
    db.executemany(f"insert into {table} ({columns}) values ({marks})", zip(*plain, strict=True))


def stamps(times: Whole) -> list[str | None]:
    """Seconds as `YYYY-MM-DD HH:MM:SS`, -1 as NULL."""
    if not len(times):
        return []
    text = np.datetime_as_string(times.astype("datetime64[s]")).astype("S19")
    characters = text.view("S1").reshape(-1, 19)
    characters[:, 10] = b" "
    result: npt.NDArray[np.object_] = text.astype("U19").astype(object)
    result[times == NONE] = None
    return list(result)


def or_null(codes: Whole, keep: npt.NDArray[np.bool_]) -> list[int | None]:
    """Each code, or NULL where `keep` is false."""
    return [code if kept else None for code, kept in zip(codes.tolist(), keep.tolist(), strict=True)]


def days_text(days: Whole) -> list[str]:
    """Days since 1970 as `YYYY-MM-DD`."""
    return [str(day) for day in days.astype("datetime64[D]")]


def write_people_and_places(db: sqlite3.Connection, world: World, staff: Staffing) -> None:
    """Write dictionary, sources, projects, staff, brokers and codes to scan."""
    kinds = [(kind, code, label) for kind, codes in DICTIONARY.items() for code, label in codes.items()]
    insert(db, "base_dict", "dict_type, code, label", *zip(*kinds, strict=True))
    sources = [(one.id, one.name, one.kind, nth + 1) for nth, one in enumerate(CHANNELS)]
    insert(db, "base_source", "src_id, src_name, src_type, sort_no", *zip(*sources, strict=True))
    db.executemany(f"insert into base_project values ({', '.join('?' * 16)})", _project_rows(world))
    db.executemany(f"insert into base_emp values ({', '.join('?' * 10)})", _staff_rows(world, staff))
    db.executemany("insert into base_broker values (?, ?, ?, ?, ?)", _broker_rows(world))
    db.executemany("insert into mkt_qrcode values (?, ?, ?, ?, ?)", _touchpoint_rows())


def _project_rows(world: World) -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = []
    for one in PROJECTS:
        lat, lon = places.latitude_longitude(one)
        opened, stamp = world.opened_on(one), f"{world.now.date() - timedelta(days=30)} 09:00:00"
        closed = world.now.date() + timedelta(days=200) if one.opened > 1550 else None
        city = CITIES[one.city]
        units = 260 + one.id * 37 % 300
        head = (one.id * 100, one.id * 100 + 1)
        rows.append(
            (one.id, one.name, city.region, city.name, places.district_of(one), opened, closed, *head, one.stage)
            + (one.peers, one.price * 10_000, units, lat, lon, stamp)
        )
    return [tuple(plain(value) for value in row) for row in rows]


def plain(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else value


def _staff_rows(world: World, staff: Staffing) -> list[tuple[object, ...]]:
    names = people_names(world.rng(40), len(PROJECTS) * (TEAM_SIZE + 1))
    rows: list[tuple[object, ...]] = []
    for at, one in enumerate(PROJECTS):
        for slot in range(TEAM_SIZE + 1):
            number = one.id * 100 + slot
            post = 3 if slot == 0 else 2 if places.is_manager(at, slot) else 1
            team = None if slot == 0 else places.team_of(at, slot)
            joined, left = (day_text(int(value[at, slot])) for value in (staff.joined, staff.left))
            gone = left if int(staff.left[at, slot]) <= world.end else None
            certified = day_text(int(staff.joined[at, slot]) + 60 * DAY) if number % 3 else None
            certified = certified if certified and certified <= world.now.date().isoformat() else None
            who = (number, names[at * (TEAM_SIZE + 1) + slot], one.id, team, post, staff_phone(number * 7919))
            rows.append((*who, joined, gone, certified, f"{gone or joined} 18:00:00"))
    return rows


def day_text(seconds: int) -> str:
    """The day of a moment as `YYYY-MM-DD`."""
    return (date(1970, 1, 1) + timedelta(days=seconds // DAY)).isoformat()


def _broker_rows(world: World) -> list[tuple[object, ...]]:
    numbers = [*trade.PERSONAL_BROKERS, *(one for numbers in trade.AGENCY_BROKERS.values() for one in numbers)]
    names = people_names(world.rng(41), len(numbers))
    joined = (world.now.date() - timedelta(days=760)).isoformat()
    rows: list[tuple[object, ...]] = []
    for number, name in zip(numbers, names, strict=True):
        company = "个人" if number in trade.PERSONAL_BROKERS else f"渠道{'B' if number < 3101 else 'A'}公司"
        # One broker's phone is a salesperson's: the plainest kind of self-dealing.
        phone = staff_phone(10305 * 7919) if number == 2077 else broker_phone(number * 7919)
        rows.append((number, name, phone, company, joined))
    return rows


def _touchpoint_rows() -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = []
    for one in PROJECTS:
        for nth, (kind, name) in enumerate(
            ((1, "桌卡"), (1, "洽谈区桌卡"), (2, "大堂易拉宝"), (2, "商圈易拉宝"), (5, "推文"))
        ):
            rows.append((one.id * 100 + 50 + nth, f"{one.name}{name}", kind, one.id, None))
        for slot in range(1, TEAM_SIZE + 1):
            emp = one.id * 100 + slot
            rows.append((emp, f"{one.name}个人码{slot:02d}", 3 if slot % 5 == 0 else 4, one.id, emp))
    return rows


def write_plans(db: sqlite3.Connection, world: World, sales: Whole) -> None:
    """Write exposures, spend, targets, budgets, milestones and SOP tasks."""
    _write_exposures(db, world)
    project, channel, day, amount = plans.spend(world)
    origin = epoch_day(world.days[0])
    booked = np.minimum((origin + day + 1) * DAY + 8 * 3600 + 1800, world.end)
    values = (project + PROJECTS[0].id, channel + 1, days_text(origin + day), amount, stamps(booked))
    insert(db, "mkt_cost", "proj_id, src_id, cost_date, amt, mtime", *values)
    _rows(db, "plan_target", "proj_id, kpi, begin_date, end_date, plan_val", plans.targets(world, sales))
    _rows(db, "plan_budget", "proj_id, begin_date, end_date, amt, budget_type", plans.budgets(world))
    columns = "node_id, proj_id, node_name, owner_emp, parent_node, pre_node, accept_std, accept_time"
    _rows(db, "plan_node", f"{columns}, plan_begin, plan_end, real_end, progress", plans.milestones(world))
    project, staff, items, due, done = plans.sop_tasks(world)
    stamp = stamps(np.minimum(np.where(done == NONE, due - 12 * 3600, done), world.end))
    tasks = (project + PROJECTS[0].id, staff, items, stamps(due), stamps(done), stamp)
    insert(db, "sop_task", "proj_id, emp_id, item, due_time, done_time, mtime", *tasks)


def _rows(db: sqlite3.Connection, table: str, columns: str, rows: list[tuple[object, ...]]) -> None:
    insert(db, table, columns, *zip(*[[plain(value) for value in row] for row in rows], strict=True))


def _write_exposures(db: sqlite3.Connection, world: World) -> None:
    shown = plans.exposures(world)
    rng, count = world.rng(51), len(shown.time)
    code = (shown.project + PROJECTS[0].id) * 100 + rng.integers(1, 55, count)
    coded = np.isin(shown.channel, [4, 5]) & (rng.random(count) < 0.7) & ~np.isin(code % 100, np.arange(21, 50))
    staffed = coded & (code % 100 <= TEAM_SIZE)
    insert(
        db,
        "mkt_exposure",
        "proj_id, src_id, emp_id, qr_id, view_time, pv, uv, clk, view_district, seg",
        shown.project + PROJECTS[0].id,
        shown.channel + 1,
        or_null(code, staffed),
        or_null(code, coded),
        stamps(shown.time),
        shown.views,
        shown.visitors,
        shown.clicks,
        shown.district,
        shown.segment,
    )
