"""One refresh, seen from outside: what it publishes, and what it does when the source misbehaves."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import create_engine, text

from data_access.packs import read_pack
from data_access.refresh import Refresher
from data_access.replica import Replica
from data_access.settings import EntityMapping, Settings
from data_access.snapshots import Folder, Reader
from data_access.source import Source
from data_access.store import Store
from data_access.store.holds import open_hold, release
from data_access.store.lease import acquire
from data_access.store.published import heartbeat, published
from metrics.heat import rolling_hours
from metrics.periods import Span
from metrics.query import Query, one, standing_still
from metrics.totals import Frames

PACK = read_pack("property")
NOON = datetime(2026, 3, 18, 4, 0, tzinfo=UTC)  # 12:00 in Shanghai
TOML = """
[source]
url = "sqlite:///crm.db"
[store]
url = "sqlite:///warboard.db"
[replica]
path = "replica.duckdb"
[snapshots]
dir = "snapshots"
keep = 2
[entities.project]
query = "select 'P' as id, '云上' as name"
[entities.lead]
query = "select id, 'P' as project_id, created as created_at, tel as person, mtime as updated_at from cust"
[entities.visit]
query = "select id, cust as lead_id, 'P' as project_id, at, mtime as updated_at from vis"
[entities.contract]
query = "select id, cust as lead_id, 'P' as project_id, signed as signed_at, amount, mtime as updated_at from con"
"""


class Group:
    """A small group with a source that can be made to misbehave, and its refresher."""

    def __init__(self, folder):
        self.engine = create_engine(f"sqlite:///{folder / 'crm.db'}")
        self.now = NOON
        self.run("create table cust (id integer primary key, created text, tel text, mtime text)")
        self.run("create table vis (id integer primary key, cust integer, at text, mtime text)")
        self.run("create table con (id integer primary key, cust integer, signed text, amount numeric, mtime text)")
        for i in range(1, 11):
            day = f"2026-03-{i:02d} 10:00:00"
            self.run(f"insert into cust values ({i}, '{day}', '1380000{i:04d}', '{day}')")
            self.run(f"insert into vis values ({i}, {i}, '2026-03-{i:02d} 15:00:00', '{day}')")
            self.run(f"insert into con values ({i}, {i}, '2026-03-{i:02d} 18:00:00', 1000000.50, '{day}')")
        self.settings = Settings.read(TOML, {}, folder=folder)
        self.store = Store.open(self.settings.store.url)
        self.epoch = acquire(self.store, "test", timedelta(days=365), NOON)
        self.source = Source(self.settings.source.url, "Asia/Shanghai", clock=lambda: self.now)
        self.replica = Replica(":memory:", b"k" * 32, zone="Asia/Shanghai")
        self.refresher = Refresher(self.settings, PACK, self.source, self.replica, self.store, lambda: self.now)
        self.reader = Reader(self.store, Folder(self.settings.snapshots.dir))

    def run(self, sql):
        with self.engine.begin() as connection:
            connection.execute(text(sql))

    def refresh(self, depth="full", later=timedelta(minutes=1)):
        self.now += later
        return self.refresher.run(self.epoch, depth)

    def snapshot(self):
        self.reader.poll()
        return self.reader.current()

    def number(self, metric):
        day = self.now.date()
        span = Span(day.replace(day=1), day)
        return one(Frames(self.snapshot()), PACK, metric, Query((metric,), span)).value


@pytest.fixture
def group(tmp_path):
    made = Group(tmp_path)
    yield made
    made.replica.close()
    made.source.close()
    made.store.close()
    made.engine.dispose()


def test_a_refresh_publishes_what_a_hand_count_gives(group):
    assert group.refresh().outcome == "published"
    assert (group.number("leads"), group.number("first_visits"), group.number("contracts")) == (10, 10, 10)
    assert group.number("contract_amount") == 10_000_005


def test_nothing_is_published_when_nothing_changed_but_the_heart_beats(group):
    group.refresh()
    before = published(group.store).sequence
    assert group.refresh("changes").outcome == "unchanged"
    assert published(group.store).sequence == before
    assert heartbeat(group.store).as_of == datetime(2026, 3, 18, 12, 2)


def test_a_late_row_is_published_at_the_next_refresh(group):
    group.refresh()
    group.run("insert into cust values (11, '2026-03-18 11:59:00', '13900000011', '2026-03-18 12:01:30')")
    assert group.refresh("changes").outcome == "published"
    assert group.number("leads") == 11


def test_an_unreachable_source_keeps_the_last_snapshot_and_says_so(group, tmp_path):
    group.refresh()
    as_of = heartbeat(group.store).as_of
    (tmp_path / "crm.db").rename(tmp_path / "gone.db")
    group.source.close()
    done = group.refresh("changes")
    assert done.outcome == "failed"
    assert "crm.db" in done.error
    assert group.number("leads") == 10
    beat = heartbeat(group.store)
    assert (beat.as_of, beat.ok) == (as_of, False)


def test_an_unreachable_source_at_the_start_is_an_error_not_a_crash(group, tmp_path):
    (tmp_path / "crm.db").rename(tmp_path / "gone.db")
    assert group.refresh().outcome == "failed"
    assert group.snapshot() is None


def test_schema_drift_freezes_only_what_rests_on_it(group):
    group.refresh()
    group.run("alter table vis rename column at to at_time")
    group.run("insert into cust values (11, '2026-03-18 11:00:00', '13900000011', '2026-03-18 12:01:30')")
    done = group.refresh("changes")
    assert done.outcome == "published"
    assert str(done).startswith("partly published in ") and "Correct [entities.visit]. Its last good rows stay." in str(
        done
    )
    assert (group.number("leads"), group.number("first_visits")) == (11, 10)
    assert [(one.entity, one.since) for one in group.snapshot().frozen] == [("visit", group.snapshot().as_of)]
    assert standing_still(group.snapshot(), PACK, "first_visits").entity == "visit"
    assert standing_still(group.snapshot(), PACK, "leads") is None


def test_rows_that_led_somewhere_and_now_all_lead_nowhere_are_held(group):
    for number in range(20, 45):
        group.run(
            f"insert into cust values ({number}, '2026-03-17 11:00:00', '1390000{number:04d}', '2026-03-18 11:01:30')"
        )
    lead, staff = group.settings.entities["lead"], EntityMapping("staff", query="select 's1' as id, '周健' as name")

    def refresh_with(salesperson):
        query = lead.query.replace("select ", f"select '{salesperson}' as staff_id, ", 1)
        entities = {**group.settings.entities, "lead": EntityMapping("lead", query=query), "staff": staff}
        settings = replace(group.settings, entities=entities)
        group.refresher = Refresher(settings, PACK, group.source, group.replica, group.store, lambda: group.now)
        return group.refresh("changes")

    assert refresh_with("s1").outcome == "published"
    done = refresh_with("staff")
    assert done.outcome == "held" and "no staff_id of 35 changed rows leads to a known staff" in done.error


def test_a_healed_schema_thaws(group):
    group.refresh()
    group.run("alter table vis rename column at to at_time")
    group.refresh("changes")
    group.run("alter table vis rename column at_time to at")
    group.refresh("changes")
    assert group.snapshot().frozen == ()


def test_duplicate_keys_fail_their_entity_only(group):
    group.refresh()
    group.run("create table vis2 as select * from vis union all select * from vis where id < 3")
    group.run("drop table vis")
    group.run("alter table vis2 rename to vis")
    group.refresh("full")
    (still,) = group.snapshot().frozen
    assert still.entity == "visit"
    assert "1, 2" in still.error
    assert group.number("first_visits") == 10


def test_negative_money_is_quarantined_and_counted(group):
    group.run("insert into con values (11, 1, '2026-03-17 18:00:00', -5, '2026-03-17 18:00:00')")
    group.refresh()
    assert group.number("contracts") == 10
    assert {one.entity: one.quarantined for one in group.snapshot().counts}["contract"] == 1


def test_a_date_in_the_future_waits_until_it_has_come(group):
    group.run("insert into cust values (11, '2026-03-18 13:00:00', '13900000011', '2026-03-18 11:00:00')")
    group.refresh()
    assert group.number("leads") == 10
    group.refresh("changes", later=timedelta(hours=2))
    assert group.number("leads") == 11


@pytest.mark.parametrize(
    "accident",
    [
        "delete from con",
        "delete from con where id > 6",
        "update con set amount = amount / 2, mtime = '2026-03-18 12:01:30'",
    ],
    ids=["a filled table is empty", "closed days lost 40 % of their rows", "closed days lost half their amount"],
)
def test_an_accident_is_held_until_somebody_releases_it(group, accident):
    group.refresh()
    group.run(accident)
    held = group.refresh("full")
    assert held.outcome == "held"
    assert "contract" in held.error and "--release" in held.error
    assert group.number("contracts") == 10
    release(group.store, "何衡", group.now)
    assert open_hold(group.store) is None
    assert group.refresh("full").outcome == "published"


def test_an_ordinary_correction_is_not_held(group):
    group.refresh()
    group.run("delete from con where id = 10")
    assert group.refresh("full").outcome == "published"
    assert group.number("contracts") == 9


def test_an_empty_source_reads_nothing_rather_than_failing(group):
    for table in ("cust", "vis", "con"):
        group.run(f"delete from {table}")
    assert group.refresh().outcome == "published"


def test_only_the_last_snapshots_are_kept(group):
    for i in range(11, 16):
        group.run(f"insert into cust values ({i}, '2026-03-18 11:00:00', '139000000{i}', '2026-03-18 12:0{i - 10}:30')")
        group.refresh("changes", later=timedelta(minutes=20))
    assert len(list(group.settings.snapshots.dir.glob("manifest-*"))) <= 5
    assert group.number("leads") == 15


@pytest.mark.parametrize("mart", ["daily", "hourly", "parties"])
@pytest.mark.parametrize("came", [0, 1], ids=["nothing changed", "a lead came"])
def test_a_lost_file_is_written_again(group, mart, came):
    group.refresh()
    for file in group.settings.snapshots.dir.glob(f"{mart}-*"):
        file.unlink()
    for _ in range(came):
        group.run("insert into cust values (11, '2026-03-18 11:00:00', '13900000011', '2026-03-18 12:01:30')")
    group.refresh("changes")
    assert list(group.settings.snapshots.dir.glob(f"{mart}-*"))
    assert Reader(group.store, Folder(group.settings.snapshots.dir)).poll()


def test_a_source_clock_that_went_back_days_stops_nothing(group):
    group.refresh()
    assert group.refresh("changes", later=timedelta(days=-5)).outcome == "published"
    assert group.refresh("changes", later=timedelta(days=6)).outcome == "published"
    assert group.number("leads") == 10


def test_months_that_hold_nothing_any_more_leave_the_snapshot_when_all_is_computed_anew(group):
    group.run("insert into cust values (11, '2023-01-05 10:00:00', '13900000011', '2026-03-17 10:00:00')")
    group.refresh()
    group.run("update cust set created = '2026-03-17 10:00:00', mtime = '2026-03-18 12:01:30' where id = 11")
    group.refresh("changes")
    group.replica.connection.execute("delete from derived")
    group.refresh("changes")
    assert group.number("leads") == 11
    noted = group.replica.connection.execute(
        "select count(*) from mart_file where month < date '2026-01-01'"
    ).fetchall()
    assert noted == [(0,)]


def test_when_the_hour_changes_the_heat_moves_on_within_a_refresh_though_no_number_changed(group):
    group.refresh()
    noon = group.snapshot()
    group.refresh("changes", later=timedelta(minutes=50))
    assert group.snapshot().sequence == noon.sequence
    group.refresh("changes", later=timedelta(minutes=10))
    assert group.snapshot().sequence == noon.sequence + 1
    group.refresh("changes", later=timedelta(hours=2))
    # Nothing happened lately, so the columns are three hours wide.
    grids = [rolling_hours(snapshot, PACK, "leads", 24) for snapshot in (noon, group.snapshot())]
    assert [grid.running for grid in grids] == ["2026-03-18T12:00:00", "2026-03-18T15:00:00"]
    assert [grid.columns[0] for grid in grids] == ["2026-03-17T15:00:00", "2026-03-17T18:00:00"]
