"""A demo CRM database of an invented property group, the same for the same moment, seed and size.

It looks like somebody else's sales ERP (`demo.sql`), holds two years of history up to `now`, and `demo.toml` maps it.
At 100,000 leads exactly 11,000 valid customers are active and a year's target is 1.5 billion yuan; with fewer leads the
stock (`stock_of`), the targets and the spending shrink in proportion.

The stories planted in it, found through `stories()`:

- pilot: 云岫府 has its ten months from nothing to 8,000+ leads from 30,000+ exposures, +18 % a week at first.
- behind: 文昌学府 sells far less than its target.
- expensive_channel: 房产平台 costs several times as much per valid lead as any other channel.
- slow_team: 望澜湾二组 answers even grade-A leads after hours.
- dropped: the leads of 北岸春晓 fell by two thirds over the last two weeks.
- suspicious: at 江山赋 one broker registers eight people in a night's few minutes, registers customers minutes before they
  walk in, and claims natural visitors afterwards; besides, a colleague's phone stands under a broker's name.
- star_broker: one broker brings far more customers than any other (转介王).
- no_target: 东方雅集 has no target (未设目标).
- new_project: 青湾里 has just opened and has few cases (样本不足).
"""

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from data_access import demo_world as places
from data_access.demo_customers import STOCK
from data_access.demo_names import CHANNELS, PROJECTS
from data_access.demo_records import happened, write_records
from data_access.demo_sales import STAR_BROKER, SUSPECT_BROKER, yearly_sales
from data_access.demo_tables import write_people_and_places, write_plans
from data_access.demo_world import World, local_time

_HERE = Path(__file__).parent
_BROWSED = """insert into mkt_browse (cst_id, page_no, view_time)
    select cst_id, 1 + (cst_id * 7 + nth * 3) % 5, datetime(created, '-' || (1 + nth * (5 + cst_id * 13 % 600)) || ' minutes')
    from crm_customer, (select 1 as nth union all select 2 union all select 3) where nth <= cst_id % 4"""
"""Up to three pages that each customer looked at before leaving a number."""


@dataclass(frozen=True)
class Story:
    """Something planted in the demo; only the ids that matter are filled, as the mapping returns them."""

    title: str
    project_id: str | None = None
    channel_id: str | None = None
    team: str | None = None
    broker_id: str | None = None


def stories() -> dict[str, Story]:
    """The planted stories by name."""
    ids = [str(project.id) for project in PROJECTS]
    expensive = max(CHANNELS, key=lambda channel: channel.cost)
    return {
        "pilot": Story("试点十个月:曝光3万+,留电8,000+", ids[places.PILOT]),
        "behind": Story("签约明显落后目标", ids[places.BEHIND]),
        "expensive_channel": Story("留电成本远高于其他渠道", channel_id=str(expensive.id)),
        "slow_team": Story("A级客户数小时后才首次响应", ids[places.SLOW], team=places.SLOW_TEAM),
        "dropped": Story("近两周留电骤降", ids[places.DROPPED]),
        "suspicious": Story("报备时间异常,待核查", ids[places.SUSPICIOUS], "12", broker_id=f"B{SUSPECT_BROKER}"),
        "star_broker": Story("转介王", broker_id=f"B{STAR_BROKER}"),
        "no_target": Story("未设目标", ids[places.NO_TARGET]),
        "new_project": Story("新开盘,样本不足", ids[places.NEW]),
    }


def stock_of(leads: int) -> int:
    """How many valid active customers the demo leaves with this many leads; 11,000 for 100,000."""
    return round(STOCK * leads / 100_000)


def demo_toml() -> str:
    """The demo's settings text; its paths are relative to the folder it is put in, which holds `crm.db`."""
    return (_HERE / "demo.toml").read_text(encoding="utf-8")


def build(path: Path, *, now: datetime, seed: int = 20, leads: int = 100_000) -> None:
    """Write the demo database to `path` as of `now` (naive: Shanghai time), replacing what is there in one move;
    end a running simulator first.

    Raises ValueError for fewer than 1,000 leads, which are too few for the planted stories.
    """
    if leads < 1_000:
        raise ValueError(f"leads is {leads}. Give at least 1000, such as 3000 for a small demo.")
    world = World(local_time(now), seed, leads)
    draft = path.with_name(f"{path.name}.draft")
    draft.unlink(missing_ok=True)
    with closing(sqlite3.connect(draft, isolation_level=None)) as db:
        db.executescript("pragma page_size = 8192; pragma journal_mode = off; pragma synchronous = off;")
        db.execute("begin")
        _fill(db, world)
        db.execute("commit")
        db.execute("analyze")
        # Readers must not wait for the simulator's writes.
        db.execute("pragma journal_mode = wal")
    # An old write-ahead log would be played into the new database.
    for ending in ("-wal", "-shm"):
        path.with_name(path.name + ending).unlink(missing_ok=True)
    draft.replace(path)


def _fill(db: sqlite3.Connection, world: World) -> None:
    for statement in (_HERE / "demo.sql").read_text(encoding="utf-8").split(";"):
        db.execute(statement)
    staff = places.staffing(world)
    write_people_and_places(db, world, staff)
    business = happened(world, staff)
    write_records(db, business)
    write_plans(db, world, yearly_sales(world, business.sold, business.seen))
    for table in ("crm_customer", "crm_follow", "crm_visit", "sale_order", "sale_contract", "channel_report"):
        db.execute(f"create index ix_{table}_mtime on {table} (mtime)")
    db.execute("create index ix_crm_follow_cst on crm_follow (cst_id)")
    db.execute(_BROWSED)
    db.execute("create index ix_mkt_browse_cst on mkt_browse (cst_id)")
    db.execute("create index ix_sop_task_due on sop_task (due_time)")
