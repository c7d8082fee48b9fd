"""The replica: whatever the source holds, in whatever type, becomes the same canonical rows."""

import hashlib
import hmac
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import create_engine
from sqlalchemy.engine import Engine

from data_access import pull as pull_module
from data_access.replica import Depth, EntityReport, PullReport, Replica
from data_access.settings import Settings
from data_access.source import Source

KEY = b"a key of sixteen or more"
NOON = datetime(2026, 3, 10, 12)
ZONE = "Asia/Shanghai"


def person(key: str) -> str:
    """What a person key is kept as."""
    return hmac.new(KEY, key.encode(), hashlib.sha256).hexdigest()[:32]


@dataclass
class World:
    """A source that changes, a clock that is set, and the replica that follows."""

    url: str
    folder: Path
    source_zone: str = ZONE
    now: datetime = NOON
    replica: Replica = field(init=False)
    engine: Engine = field(init=False)
    source: Source = field(init=False)

    def __post_init__(self) -> None:
        self.replica = Replica(self.folder / "replica.duckdb", KEY, zone=ZONE, source_zone=self.source_zone)
        self.engine = create_engine(self.url)
        self.source = Source(self.url, self.source_zone, group_zone=ZONE, clock=self._clock)

    def _clock(self) -> datetime:
        return self.now.replace(tzinfo=ZoneInfo(ZONE)).astimezone(UTC)

    def run(self, *statements: str) -> None:
        with self.engine.begin() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)

    def pull(self, toml: str, depth: Depth = "changes") -> PullReport:
        settings = Settings.read(toml, {})
        with self.source.reading() as reading, self.replica.transaction():
            return self.replica.pull(reading, settings, depth=depth, now=self.now)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        return self.replica.connection.execute(sql).fetchall()

    def close(self) -> None:
        self.replica.close()
        self.source.close()
        self.engine.dispose()


@contextmanager
def a_world(url: str, folder: Path, **options: Any) -> Iterator[World]:
    """A world that is closed afterwards."""
    world = World(url, folder, **options)
    yield world
    world.close()


@pytest.fixture
def world(sqlite_url: str, tmp_path: Path) -> Iterator[World]:
    """A world whose source is SQLite."""
    with a_world(sqlite_url, tmp_path) as made:
        yield made


@pytest.fixture
def anywhere(database_url: str, tmp_path: Path) -> Iterator[World]:
    """A world for each of the three databases."""
    with a_world(database_url, tmp_path) as made:
        yield made


def mapping(entity: str, query: str, more: str = "") -> str:
    """A mapping by query."""
    return f'[entities.{entity}]\nquery = """{query}"""\n{more}\n'


def lead(columns: str, more: str = "") -> str:
    """A mapping of one lead, all of it written in the query."""
    known = {"id": "'1'", "project_id": "'p'", "created_at": "'2026-03-01 10:00:00'"}
    missing = [f"{value} as {name}" for name, value in known.items() if f" as {name}" not in columns]
    return mapping("lead", f"select {', '.join([*missing, columns])}", more)


# What a value becomes


@pytest.mark.parametrize(
    ("given_value", "kept"),
    [
        pytest.param("'13800138000'", "13800138000", id="phone"),
        pytest.param("'+86 138-0013-8000'", "13800138000", id="+86 and punctuation"),
        pytest.param("'0086(138)00138000'", "13800138000", id="0086"),
        pytest.param("13800138000", "13800138000", id="number"),
        pytest.param("13800138000.0", "13800138000", id="number with decimals"),
        pytest.param("'021-5555 0000'", "02155550000", id="land line"),
        pytest.param("' wx_8x '", "wx_8x", id="other text, trimmed"),
        pytest.param("'000-0000'", None, id="zeros only"),
        pytest.param("'未留'", None, id="no digit"),
        pytest.param("'NULL'", None, id="the word NULL"),
        pytest.param("''", None, id="empty"),
        pytest.param("null", None, id="NULL"),
    ],
)
def test_a_person_is_kept_as_a_keyed_hash_of_the_reduced_key(world: World, given_value: str, kept: str | None) -> None:
    world.pull(lead(f"{given_value} as person"))
    is_phone = kept == "13800138000"
    assert world.rows("select person, phone_ok from lead") == [(person(kept) if kept else None, is_phone)]


def test_a_long_key_hashes_as_hmac_says(sqlite_url: str, tmp_path: Path) -> None:
    key = b"k" * 100
    with a_world(sqlite_url, tmp_path) as world:
        world.replica.close()
        world.replica = Replica(tmp_path / "other.duckdb", key, zone=ZONE)
        world.pull(lead("'13800138000' as person"))
        expected = hmac.new(key, b"13800138000", hashlib.sha256).hexdigest()[:32]
        assert world.rows("select person from lead") == [(expected,)]


@pytest.mark.parametrize(
    ("given_value", "kept", "day_only"),
    [
        pytest.param("'2026-03-01 10:20:30.5'", datetime(2026, 3, 1, 10, 20, 30, 500_000), False, id="text"),
        pytest.param("'2026-03-01T10:20:30'", datetime(2026, 3, 1, 10, 20, 30), False, id="ISO"),
        pytest.param("'2026/3/1 9:05'", datetime(2026, 3, 1, 9, 5), False, id="slashes, not padded"),
        pytest.param("'2026-03-01T02:20:30Z'", datetime(2026, 3, 1, 10, 20, 30), False, id="UTC"),
        pytest.param("'2026-03-01 02:20:30+00:00'", datetime(2026, 3, 1, 10, 20, 30), False, id="offset"),
        pytest.param("1772331630", datetime(2026, 3, 1, 10, 20, 30), False, id="epoch seconds"),
        pytest.param("1772331630500", datetime(2026, 3, 1, 10, 20, 30, 500_000), False, id="epoch milliseconds"),
        pytest.param("'1772331630'", datetime(2026, 3, 1, 10, 20, 30), False, id="epoch as text"),
        pytest.param("'20260301102030'", datetime(2026, 3, 1, 10, 20, 30), False, id="fourteen digits"),
        pytest.param("'2026-03-01'", datetime(2026, 3, 1), True, id="ten characters"),
        pytest.param("'2026/03/01'", datetime(2026, 3, 1), True, id="day with slashes"),
        pytest.param("20260301", datetime(2026, 3, 1), True, id="eight digits"),
        pytest.param("'0000-00-00 00:00:00'", None, False, id="zero date"),
        pytest.param("0", None, False, id="0 for none"),
        pytest.param("''", None, False, id="empty"),
        pytest.param("null", None, False, id="NULL"),
    ],
)
def test_a_time_in_any_writing(world: World, given_value: str, kept: datetime | None, day_only: bool) -> None:
    world.pull(lead(f"{given_value} as lost_at"))
    assert world.rows("select lost_at, lost_at_day_only from lead") == [(kept, day_only)]


@pytest.mark.parametrize(
    ("column", "given_value", "kept"),
    [
        *[("valid", word, True) for word in ("1", "'1'", "'TRUE'", "'yes'", "'是'", "'有效'", "'T'")],
        *[("valid", word, False) for word in ("0", "'false'", "'N'", "'否'", "'无效'", "0.0")],
        ("valid", "' '", None),
        ("grade", "' a '", "A"),
        ("grade", "'E'", None),
        ("segment", "'  刚需\u3000'", "刚需"),
        ("segment", "'None'", None),
        ("segment", "12.0", "12"),
        ("segment", "12.5", "12.5"),
        ("segment", "'王😀'", "王😀"),
    ],
)
def test_flags_grades_and_texts(world: World, column: str, given_value: str, kept: Any) -> None:
    world.pull(lead(f"{given_value} as {column}"))
    assert world.rows(f"select {column} from lead") == [(kept,)]


@pytest.mark.parametrize(
    ("given_value", "kept"),
    [("'1,234.5'", "1234.5"), ("'¥ 99'", "99"), ("7", "7"), ("0.1", "0.1"), ("-3.25", "-3.25"), ("null", None)],
)
def test_money_is_exact(world: World, given_value: str, kept: str | None) -> None:
    world.pull(mapping("payment", f"select 1 as id, 1 as contract_id, '2026-03-01' as at, {given_value} as amount"))
    assert world.rows("select amount from payment") == [(Decimal(kept) if kept else None,)]


def test_an_owner_who_refers_keeps_the_surname_only(world: World) -> None:
    people = [("owner", "欧阳修"), ("owner", "王小明"), ("broker", "李经纪"), ("employee", "赵员工"), ("", "孙不明")]
    rows = " union all ".join(
        f"select {n} as id, {n} as referrer_id, '{name}' as referrer_name, '{kind}' as referrer_kind, "
        "'13800138000' as referrer_phone, '2026-03-01' as at"
        for n, (kind, name) in enumerate(people)
    )
    world.pull(mapping("referral", rows))
    assert world.rows("select referrer_name from referral order by id") == [
        ("欧阳",), ("王",), ("李经纪",), ("赵员工",), ("孙",),
    ]  # fmt: skip
    assert world.rows("select distinct referrer_phone, phone_ok from referral") == [(person("13800138000"), True)]


def test_codes_and_constants_are_put_in_on_our_side(world: World) -> None:
    codes = (
        'codes = { grade = { "0" = "A", "1" = "B" }, valid = { "4" = false, "*" = true } }\n'
        'constants = { channel_id = "c1" }'
    )
    rows = "select {} as id, 'p' as project_id, '2026-03-01' as created_at, {} as grade, {} as valid"
    query = " union all ".join([rows.format(1, 0, 4), rows.format(2, "'1'", "'x'"), rows.format(3, "'C'", "null")])
    world.pull(mapping("lead", query, codes))
    assert world.rows("select grade, valid, channel_id from lead order by id") == [
        ("A", False, "c1"), ("B", True, "c1"), ("C", None, "c1"),
    ]  # fmt: skip


def test_the_columns_that_are_mapped_are_listed(world: World) -> None:
    world.pull(lead("'A' as grade", 'constants = { segment = "刚需" }'))
    assert {col for (col,) in world.rows("select col from mapped where entity = 'lead'")} == {
        "id", "project_id", "created_at", "grade", "segment",
    }  # fmt: skip
    assert world.rows("select valid, person, phone_ok, lost_at from lead") == [(None, None, None, None)]


# Days without time


CREATED = "select {} as id, 'p' as project_id, '{}' as created_at"


def test_a_column_of_midnights_only_is_known_to_the_day(world: World) -> None:
    midnights = " union all ".join(CREATED.format(n, f"2026-03-0{n} 00:00:00") for n in (1, 2))
    world.pull(mapping("lead", midnights))
    assert world.rows("select distinct created_at_day_only from lead") == [(True,)]
    world.pull(mapping("lead", midnights, 'timed = ["created_at"]'))
    assert world.rows("select distinct created_at_day_only from lead") == [(False,)]


def test_one_time_of_day_makes_the_midnights_times(world: World) -> None:
    world.run(
        "create table crm (id, created, mtime)", "insert into crm values (1, '2026-03-01 00:00:00', '2026-03-01')"
    )
    crm = mapping("lead", "select id, 'p' as project_id, created as created_at, mtime as updated_at from crm")
    world.pull(crm)
    assert world.rows("select created_at_day_only from lead") == [(True,)]
    world.run("insert into crm values (2, '2026-03-02 10:00:00', '2026-03-10')")
    report = world.pull(crm).entity("lead")
    assert world.rows("select distinct created_at_day_only from lead") == [(False,)]
    assert (report.inserted, report.updated) == (1, 1)


def test_the_mapping_may_say_that_times_are_days(world: World) -> None:
    world.pull(lead("'2026-03-01 10:00:00' as lost_at", 'day_only = ["lost_at"]'))
    assert world.rows("select lost_at, lost_at_day_only from lead") == [(datetime(2026, 3, 1), True)]


def test_days_stay_days_in_another_time_zone(sqlite_url: str, tmp_path: Path) -> None:
    with a_world(sqlite_url, tmp_path, source_zone="UTC") as world:
        timed, day = "'2026-03-01 20:00:00'", "'2026-03-01'"
        world.pull(lead(f"{timed} as created_at, {day} as lost_at, {timed} as updated_at"))
        assert world.rows("select created_at, lost_at, updated_at from lead") == [
            (datetime(2026, 3, 2, 4), datetime(2026, 3, 1), datetime(2026, 3, 1, 20))
        ]


# Bad rows


@pytest.mark.parametrize(
    ("columns", "fault"),
    [
        pytest.param("'' as id", (None, "id", "missing"), id="no id"),
        pytest.param("null as created_at", ("1", "created_at", "missing"), id="no date"),
        pytest.param("'soon' as created_at", ("1", "created_at", "unreadable"), id="no date in the date"),
        pytest.param("'2026-02-30' as lost_at", ("1", "lost_at", "unreadable"), id="no such day"),
        pytest.param("'maybe' as valid", ("1", "valid", "unreadable"), id="no flag"),
        pytest.param("'2026-03-10 12:02:00' as updated_at", ("1", "updated_at", "in the future"), id="future stamp"),
    ],
)
def test_a_bad_row_is_set_apart_and_counted(world: World, columns: str, fault: tuple[str | None, str, str]) -> None:
    report = world.pull(lead(columns)).entity("lead")
    assert (report.quarantined, report.rows_after, report.error) == (1, 0, "")
    assert world.rows("select id, col, reason from quarantine") == [fault]


def test_a_column_no_row_of_which_can_be_read_keeps_the_last_good_rows(anywhere: World) -> None:
    """A column that changed its meaning is a fault of the mapping, not of every row."""
    crm = customers(anywhere, 25)
    anywhere.pull(crm)
    drifted = crm.replace("created as created_at", "'created' as created_at")
    assert drifted != crm
    report = anywhere.pull(drifted).entity("lead")
    assert (report.rows_after, report.quarantined) == (25, 0)
    assert report.error == ("lead: none of its 25 rows can be used: created_at is unreadable. Correct [entities.lead].")


def test_negative_money_is_bad_in_a_contract_and_fine_in_a_payment(world: World) -> None:
    contract = mapping("contract", "select 1 as id, 'p' as project_id, '2026-03-01' as signed_at, -5 as amount")
    payment = mapping("payment", "select 1 as id, 1 as contract_id, '2026-03-01' as at, -5 as amount")
    report = world.pull(contract + payment)
    assert report.entity("contract").quarantined == 1
    assert report.entity("payment").rows_after == 1


def test_a_row_that_becomes_good_leaves_quarantine(world: World) -> None:
    world.run("create table crm (id, created, mtime)", "insert into crm values (1, 'soon', '2026-03-10 11:00:00')")
    crm = mapping("lead", "select id, 'p' as project_id, created as created_at, mtime as updated_at from crm")
    world.run("insert into crm values (2, '2026-03-01', '2026-03-10 11:00:00')")
    assert world.pull(crm).entity("lead").quarantined == 1
    world.run("update crm set created = '2026-03-01', mtime = '2026-03-10 11:59:00' where id = 1")
    report = world.pull(crm).entity("lead")
    assert (report.quarantined, report.inserted) == (0, 1)


def test_a_good_row_that_becomes_bad_leaves_the_entity(world: World) -> None:
    crm = customers(world, 3)
    world.pull(crm)
    world.run("update crm set created = 'gone', mtime = '2026-03-10 11:59:00' where id = 1")
    report = world.pull(crm).entity("lead")
    assert (report.quarantined, report.deleted, report.rows_after) == (1, 1, 2)
    world.run("delete from crm where id = 1")
    assert world.pull(crm, "keys").entity("lead").quarantined == 0


def test_a_bad_row_is_listed_since_it_was_first_seen(world: World) -> None:
    crm = lead("'soon' as created_at")
    world.pull(crm)
    world.now += timedelta(hours=1)
    world.pull(crm, "full")
    assert world.rows("select seen_at from quarantine") == [(NOON,)]


# Reading little and often


def customers(world: World, count: int) -> str:
    """A table of stamped customers, and its mapping."""
    world.run("create table crm (id integer, created varchar(30), grade varchar(9), mtime varchar(30))")
    values = [f"({n}, '2026-03-01 10:00:00', 'A', '2026-03-10 10:{n % 60:02d}:00')" for n in range(1, count + 1)]
    world.run(f"insert into crm values {', '.join(values)}")
    return mapping("lead", "select id, 'p' as project_id, created as created_at, grade, mtime as updated_at from crm")


def changes(report: EntityReport) -> tuple[int, int, int]:
    """Inserted, updated, deleted."""
    return report.inserted, report.updated, report.deleted


def test_only_what_changed_since_the_watermark_is_read(anywhere: World) -> None:
    crm = customers(anywhere, 40)
    assert changes(anywhere.pull(crm).entity("lead")) == (40, 0, 0)
    assert anywhere.rows("select watermark from entity_state where entity = 'lead'") == [
        (datetime(2026, 3, 10, 10, 40),)
    ]
    anywhere.run("update crm set grade = 'B', mtime = '2026-03-10 11:00:00' where id = 7")
    report = anywhere.pull(crm).entity("lead")
    assert (report.rows_read, *changes(report)) == (12, 0, 1, 0)
    assert anywhere.rows("select id, grade from old_lead") == [("7", "A")]
    assert anywhere.rows("select id, grade from new_lead") == [("7", "B")]


def test_rows_of_the_newest_stamp_are_read_again(world: World) -> None:
    crm = customers(world, 3)
    world.pull(crm)
    world.run("insert into crm values (9, '2026-03-01', 'A', '2026-03-10 10:03:00')")
    assert changes(world.pull(crm).entity("lead")) == (1, 0, 0)


def test_a_row_committed_late_is_found_within_the_overlap(world: World) -> None:
    crm = customers(world, 20)
    world.pull(crm)
    world.run("insert into crm values (99, '2026-03-01', 'A', '2026-03-10 10:11:00')")
    assert changes(world.pull(crm).entity("lead")) == (1, 0, 0)


def test_a_stamp_in_the_future_never_moves_the_watermark(world: World) -> None:
    crm = customers(world, 3)
    world.run("insert into crm values (99, '2026-03-01', 'A', '2099-01-01 00:00:00')")
    assert world.pull(crm).entity("lead").quarantined == 1
    world.run("insert into crm values (4, '2026-03-01', 'A', '2026-03-10 11:59:30')")
    assert changes(world.pull(crm).entity("lead")) == (1, 0, 0)
    assert world.rows("select watermark from entity_state where entity = 'lead'") == [
        (datetime(2026, 3, 10, 11, 59, 30),)
    ]


def test_the_watermark_stays_at_or_before_the_sources_clock(world: World) -> None:
    crm = customers(world, 3)
    world.run("insert into crm values (99, '2026-03-01', 'A', '2026-03-10 12:00:45')")
    world.pull(crm)
    assert world.rows("select watermark from entity_state where entity = 'lead'") == [(NOON,)]


def test_a_row_without_stamp_is_read_every_time(world: World) -> None:
    crm = customers(world, 200)
    world.run("update crm set mtime = null where id = 1")
    world.pull(crm)
    world.run("update crm set grade = 'C' where id = 1")
    report = world.pull(crm).entity("lead")
    assert changes(report) == (0, 1, 0)
    assert report.rows_read < 100


def test_an_entity_with_many_stamps_missing_is_compared_whole(world: World) -> None:
    crm = customers(world, 50)
    world.run("update crm set mtime = null where id = 1")
    world.pull(crm)
    world.run("delete from crm where id = 30")
    assert changes(world.pull(crm).entity("lead")) == (0, 0, 1)


def test_a_big_unstamped_entity_waits_for_its_turn(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pull_module, "SMALL_ROWS", 3)
    customers(world, 5)
    crm = mapping("lead", "select id, 'p' as project_id, created as created_at from crm")
    world.pull(crm)
    world.run("delete from crm where id = 1")
    assert world.pull(crm).entity("lead").rows_read == 0
    world.now += timedelta(minutes=10)
    assert changes(world.pull(crm).entity("lead")) == (0, 0, 1)


def test_what_is_read_again_as_it_was_is_not_loaded_again(anywhere: World, monkeypatch: pytest.MonkeyPatch) -> None:
    crm = customers(anywhere, 20)
    anywhere.pull(crm)
    before = anywhere.pull(crm)
    monkeypatch.setattr(pull_module.EntityPull, "_load", None)
    report = anywhere.pull(crm).entity("lead")
    assert report == replace(before.entity("lead"), seconds=report.seconds)
    assert (report.rows_read, report.rows_before, report.rows_after) == (11, 20, 20)


def test_what_was_rolled_back_is_loaded_again(world: World) -> None:
    crm = customers(world, 20)
    world.pull(crm)
    world.run("update crm set grade = 'D' where id = 20")
    settings = Settings.read(crm, {})
    with pytest.raises(KeyError), world.source.reading() as reading, world.replica.transaction():
        world.replica.pull(reading, settings, depth="changes", now=NOON)
        raise KeyError
    assert changes(world.pull(crm).entity("lead")) == (0, 1, 0)


def test_a_row_that_went_and_came_back_as_it_was_is_there_again(world: World) -> None:
    crm = customers(world, 20)
    for _ in range(2):
        world.pull(crm)
    world.run("create table put_aside as select * from crm where id = 20", "delete from crm where id = 20")
    assert changes(world.pull(crm, "keys").entity("lead")) == (0, 0, 1)
    world.run("insert into crm select * from put_aside")
    assert changes(world.pull(crm).entity("lead")) == (1, 0, 0)


def test_all_rows_gone_but_those_read_last_are_noticed(world: World) -> None:
    customers(world, 20)
    crm = mapping("lead", "select id, 'p' as project_id, created as created_at from crm")
    world.pull(crm)
    world.pull(crm)
    world.run("delete from crm where id < 20")
    assert changes(world.pull(crm).entity("lead")) == (0, 0, 19)


def test_a_stamp_that_is_no_longer_in_the_future_makes_its_row_good(world: World) -> None:
    crm = customers(world, 20)
    world.run("update crm set mtime = '2026-03-10 12:05:00' where id = 20")
    assert [world.pull(crm).entity("lead").quarantined for _ in range(2)] == [1, 1]
    world.now += timedelta(minutes=5)
    report = world.pull(crm).entity("lead")
    assert (changes(report), report.quarantined) == ((1, 0, 0), 0)


def test_comparing_keys_finds_deletes_and_stamps_set_back(anywhere: World) -> None:
    crm = customers(anywhere, 40)
    anywhere.pull(crm)
    anywhere.run(
        "delete from crm where id = 1", "update crm set grade = 'D', mtime = '2026-03-01 00:00:00' where id = 2"
    )
    assert changes(anywhere.pull(crm).entity("lead")) == (0, 0, 0)
    report = anywhere.pull(crm, "keys").entity("lead")
    assert changes(report) == (0, 1, 1)
    assert report.rows_read < 40


def test_comparing_everything_finds_silent_edits(anywhere: World) -> None:
    crm = customers(anywhere, 40)
    anywhere.pull(crm)
    anywhere.run("update crm set grade = 'D' where id = 2")
    assert changes(anywhere.pull(crm, "keys").entity("lead")) == (0, 0, 0)
    assert changes(anywhere.pull(crm, "full").entity("lead")) == (0, 1, 0)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param("'2026-03-01 10:00:00'", "'2026-03-10 11:00:00.5'", id="text"),
        pytest.param("'2026-03-01T10:00:00Z'", "'2026-03-10T03:00:00Z'", id="UTC text"),
        pytest.param("'2026-03-01'", "'2026-03-10'", id="day text"),
        pytest.param("'2026/03/01 10:00:00'", "'2026/03/10 11:00:00'", id="slashes"),
        pytest.param("1772330400", "1773111600", id="epoch seconds"),
        pytest.param("1772330400000", "1773111600000", id="epoch milliseconds"),
    ],
)
def test_stamps_are_compared_in_the_sources_own_writing(world: World, before: str, after: str) -> None:
    world.run("create table crm (id, grade, mtime)")
    world.run(
        *(f"insert into crm values ({n}, 'A', {before})" for n in range(3)), f"insert into crm values (3, 'A', {after})"
    )
    crm = mapping(
        "lead", "select id, 'p' as project_id, '2026-03-01' as created_at, grade, mtime as updated_at from crm"
    )
    world.pull(crm)
    world.run("update crm set grade = 'B' where id = 3", f"insert into crm values (4, 'A', {after})")
    report = world.pull(crm).entity("lead")
    assert (report.rows_read, *changes(report)) == (2, 1, 1, 0)


def test_typed_stamps_are_compared_in_each_database(anywhere: World) -> None:
    kind = {"postgresql": "timestamptz", "mariadb": "timestamp(6)", "mysql": "timestamp(6)"}.get(
        anywhere.engine.dialect.name, "text"
    )
    zone = "+08:00" if kind == "timestamptz" else ""
    anywhere.run(f"create table crm (id integer, mtime {kind} null)")
    values = ", ".join(f"({n}, '2026-03-0{n} 10:00:00{zone}')" for n in range(1, 6))
    if anywhere.engine.dialect.name in ("mariadb", "mysql"):
        anywhere.run("set time_zone = '+08:00'", f"insert into crm values {values}")
    else:
        anywhere.run(f"insert into crm values {values}")
    crm = mapping("lead", "select id, 'p' as project_id, '2026-03-01' as created_at, mtime as updated_at from crm")
    anywhere.pull(crm)
    assert anywhere.pull(crm).entity("lead").rows_read == 1
    assert anywhere.rows("select max(updated_at) from lead") == [(datetime(2026, 3, 5, 10),)]


def test_rows_without_id_are_compared_as_a_whole_with_their_doubles(world: World) -> None:
    world.run(
        "create table cost (d, a)", "insert into cost values ('2026-03-01', 5), ('2026-03-01', 5), ('2026-03-02', 7)"
    )
    spend = mapping("spend", "select 'p' as project_id, d as day, a as amount from cost")
    assert changes(world.pull(spend).entity("spend")) == (3, 0, 0)
    world.run("delete from cost where a = 7", "insert into cost values ('2026-03-01', 5)")
    assert changes(world.pull(spend).entity("spend")) == (1, 0, 1)
    assert world.rows("select day, sum(amount) from spend group by day") == [(date(2026, 3, 1), Decimal(15))]
    assert changes(world.pull(spend).entity("spend")) == (0, 0, 0)


# What goes wrong


def test_ids_that_are_not_unique_keep_the_last_good_rows(anywhere: World) -> None:
    crm = customers(anywhere, 3)
    other = mapping("channel", "select 1 as id, '线上' as name")
    anywhere.pull(crm + other)
    anywhere.run("insert into crm values (2, '2026-03-01', 'A', '2026-03-10 10:50:00')")
    report = anywhere.pull(crm + other, "full")
    assert "several rows have the same id, such as 2" in report.entity("lead").error
    assert report.entity("lead").frozen_since == NOON
    assert anywhere.rows("select count(*) from lead") == [(3,)]
    assert report.entity("channel").error == ""
    anywhere.run("delete from crm where mtime = '2026-03-10 10:50:00'")
    anywhere.now += timedelta(minutes=1)
    assert anywhere.pull(crm + other).entity("lead").frozen_since is None


def test_a_table_that_is_gone_freezes_its_entity_only(anywhere: World) -> None:
    crm = customers(anywhere, 3)
    other = mapping("visit", "select 1 as id, 'p' as project_id, '2026-03-02 10:00:00' as at")
    anywhere.pull(crm + other)
    anywhere.run("alter table crm rename to crm_old")
    report = anywhere.pull(crm + other)
    assert "crm" in report.entity("lead").error
    assert (report.entity("lead").rows_after, report.entity("visit").error) == (3, "")
    anywhere.now += timedelta(hours=1)
    assert anywhere.pull(crm + other).entity("lead").frozen_since == NOON
    anywhere.run("alter table crm_old rename to crm")
    assert anywhere.pull(crm + other).entity("lead").error == ""


def test_a_big_entity_with_double_ids_is_not_read_again_at_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pull_module, "SMALL_ROWS", 3)
    crm = customers(world, 5)
    world.run("insert into crm select * from crm where id = 1")
    assert world.pull(crm).entity("lead").rows_read == 6
    report = world.pull(crm).entity("lead")
    assert (report.rows_read, "same id" in report.error) == (0, True)
    world.now += timedelta(minutes=10)
    assert world.pull(crm).entity("lead").rows_read == 6


@pytest.mark.parametrize(
    ("columns", "answer"),
    [
        pytest.param("1 as chanel_id", "no column of lead. Did you mean 'channel_id'?", id="unknown column"),
        pytest.param("1 as face_url", "face data", id="face data"),
    ],
)
def test_a_query_is_held_to_the_canonical_columns(world: World, columns: str, answer: str) -> None:
    world.run(f"create view crm as select 1 as id, 1 as project_id, '2026-03-01' as created_at, {columns}")
    assert answer in world.pull(mapping("lead", "select * from crm")).entity("lead").error


def test_a_query_without_a_required_column_is_refused(world: World) -> None:
    assert "no 'created_at'" in world.pull(mapping("lead", "select 1 as id, 2 as project_id")).entity("lead").error


def test_a_column_that_appears_in_the_source_makes_the_entity_be_read_anew(world: World) -> None:
    customers(world, 5)
    world.run("create view v as select id, 'p' as project_id, created as created_at, mtime as updated_at from crm")
    crm = mapping("lead", "select * from v")
    world.pull(crm)
    world.run("drop view v")
    world.run(
        "create view v as select id, 'p' as project_id, created as created_at, grade, mtime as updated_at from crm"
    )
    assert changes(world.pull(crm).entity("lead")) == (0, 5, 0)


def test_text_of_any_bytes_is_read(world: World) -> None:
    world.run("create table crm (id, name)")
    raw = world.engine.raw_connection()
    raw.cursor().execute("insert into crm values (1, cast(? as text))", ["首开盘".encode("gbk")])
    raw.commit()
    raw.close()
    world.pull(mapping("project", "select id, name from crm"))
    assert world.rows("select name from project") == [("首开盘",)]


def test_a_pull_that_is_rolled_back_leaves_everything_as_it_was(world: World) -> None:
    crm = customers(world, 3)
    world.pull(crm)
    world.run("delete from crm where id = 1", "update crm set grade = 'D', mtime = '2026-03-10 11:00:00'")
    settings = Settings.read(crm, {})
    with pytest.raises(KeyError), world.source.reading() as reading, world.replica.transaction():
        world.replica.pull(reading, settings, depth="full", now=NOON)
        raise KeyError
    assert world.rows("select count(*), max(grade) from lead") == [(3, "A")]
    assert changes(world.pull(crm, "full").entity("lead")) == (0, 2, 1)


# When the mapping changes


def test_another_mapping_is_read_whole(world: World) -> None:
    crm = customers(world, 5)
    world.pull(crm)
    report = world.pull(crm.replace("'p'", "'q'")).entity("lead")
    assert (report.rows_read, *changes(report)) == (5, 0, 5, 0)


def test_an_entity_no_longer_mapped_is_emptied(world: World) -> None:
    crm = customers(world, 5)
    world.pull(crm)
    assert changes(world.pull("").entity("lead")) == (0, 0, 5)
    assert world.rows("select count(*) from old_lead") == [(5,)]
    assert world.rows("select count(*) from mapped") == [(0,)]
    assert world.pull("").entities == ()


def test_an_entity_that_is_mapped_again_is_filled_again(world: World) -> None:
    crm = customers(world, 5)
    for toml in (crm, "", crm):
        world.pull(toml)
    assert world.rows("select count(*) from lead") == [(5,)]


def test_an_emptied_table_is_reported_for_the_guard(world: World) -> None:
    crm = customers(world, 5)
    world.pull(crm)
    world.run("delete from crm")
    report = world.pull(crm, "full").entity("lead")
    assert (report.rows_before, report.rows_after) == (5, 0)


def test_every_entity_has_its_tables_from_the_start(world: World) -> None:
    world.pull("")
    for table in ("lead", "old_lead", "new_lead", "target", "old_target", "quarantine", "mapped", "entity_state"):
        assert world.rows(f"select count(*) from {table}") == [(0,)]


def test_what_changed_is_forgotten_by_the_next_pull(world: World) -> None:
    crm = customers(world, 5)
    world.pull(crm)
    assert world.rows("select count(*) from new_lead") == [(5,)]
    world.pull(crm)
    assert world.rows("select count(*) from new_lead") == [(0,)]
    world.run("delete from crm where id = 1")
    world.pull(crm, "full")
    world.pull(crm, "full")
    assert world.rows("select count(*) from old_lead") == [(0,)]


def test_a_replica_of_an_earlier_version_is_read_anew(world: World) -> None:
    crm = customers(world, 5)
    world.pull(crm)
    world.replica.connection.execute("alter table lead drop column grade")
    world.replica.close()
    world.replica = Replica(world.folder / "replica.duckdb", KEY, zone=ZONE)
    assert changes(world.pull(crm).entity("lead")) == (5, 0, 0)


def test_progress_is_told_as_rows_arrive(world: World) -> None:
    told: list[tuple[str, int]] = []
    settings = Settings.read(customers(world, 5), {})
    with world.source.reading() as reading, world.replica.transaction():
        world.replica.pull(reading, settings, depth="full", now=NOON, progress=lambda *what: told.append(what))
    assert told[-1] == ("lead", 5)


# What never reaches the disk


def test_neither_phones_nor_owners_names_nor_the_key_are_in_the_file(world: World) -> None:
    world.run(
        "create table crm (id, tel, name)",
        "insert into crm values (1, '13800138000', '欧阳锋'), (2, '+8613912345678', '王重阳')",
    )
    world.pull(
        mapping("lead", "select id, 'p' as project_id, '2026-03-01' as created_at, tel as person from crm")
        + mapping(
            "referral",
            "select id, id as referrer_id, name as referrer_name, 'owner' as referrer_kind, "
            "tel as referrer_phone, '2026-03-01' as at from crm",
        )
    )
    before = b"".join(path.read_bytes() for path in world.folder.glob("replica.duckdb*"))
    world.replica.connection.execute("checkpoint")
    world.replica.close()
    after = b"".join(path.read_bytes() for path in world.folder.glob("replica.duckdb*"))
    for content in (before, after):
        for secret in ("13800138000", "13912345678", "欧阳锋", "王重阳"):
            assert secret.encode() not in content
        assert KEY not in content
    assert person("13800138000").encode() in before


def test_what_memory_does_not_hold_is_set_aside_where_only_its_owner_reads_and_nothing_stays(world: World) -> None:
    aside = world.folder / "aside"
    assert stat.S_IMODE(aside.stat().st_mode) == 0o700
    (aside / "of one that was killed.tmp").write_bytes(b"x")
    connection = world.replica.connection
    connection.execute("set memory_limit = '40MB'")
    connection.execute("create table much as select md5(i::varchar) as word from range(3_000_000) many(i)")
    ((words,),) = connection.execute("select count(*) from (select word from much group by word)").fetchall()
    assert words == 3_000_000
    world.replica.close()
    world.replica = Replica(world.folder / "replica.duckdb", KEY, zone=ZONE)
    assert list(aside.iterdir()) == []


# The same rows wherever they come from


AWKWARD = {
    "sqlite": [
        "create table crm (id integer, proj text, tel text, created text, lost text, remark text, mtime text)",
        "insert into crm values "
        "(1, 'p1', '+86 138-0013-8000', '2026-03-01 10:00:00', '0000-00-00 00:00:00', '首开', '2026-03-10 10:00:00'), "
        "(2, null, null, '2026-03-01 10:00:00', null, '王😀', '2026-03-10 10:00:00'), "
        "(3, 'NULL', '未留', '2026-03-02 00:00:00.5', '2026-03-09 09:00:00', '', '2026-03-10 10:00:00'), "
        "(4, 'p1', '1', '2026-03-01 10:00:00', null, 'x', '2099-01-01 00:00:00'), "
        "(5, 'p1', '1', null, null, 'x', '2026-03-10 10:00:00')",
    ],
    "postgresql": [
        "create table crm (id bigint, proj varchar(9), tel text, created timestamp, lost timestamptz, remark text, "
        "mtime timestamptz)",
        "set time zone 'Asia/Shanghai'",
        "insert into crm values "
        "(1, 'p1', '+86 138-0013-8000', '2026-03-01 10:00:00', null, '首开', '2026-03-10 10:00:00'), "
        "(2, null, null, '2026-03-01 10:00:00', null, '王😀', '2026-03-10 02:00:00+00'), "
        "(3, 'NULL', '未留', '2026-03-02 00:00:00.5', '2026-03-09 01:00:00+00', '', '2026-03-10 10:00:00'), "
        "(4, 'p1', '1', '2026-03-01 10:00:00', null, 'x', '2099-01-01 00:00:00'), "
        "(5, 'p1', '1', null, null, 'x', '2026-03-10 10:00:00')",
    ],
    "mariadb": [
        "create table crm (id int, proj varchar(9), tel char(20), created datetime(3), lost datetime, "
        "remark varchar(20) character set utf8mb4, mtime timestamp null)",
        "create table notes (id int, remark varchar(20)) character set gbk",
        "set sql_mode = '', time_zone = '+08:00'",
        "insert into crm values "
        "(1, 'p1', '+86 138-0013-8000', '2026-03-01 10:00:00', '0000-00-00', null, '2026-03-10 10:00:00'), "
        "(2, null, null, '2026-03-01 10:00:00', null, '王😀', '2026-03-10 10:00:00'), "
        "(3, 'NULL', '未留', '2026-03-02 00:00:00.5', '2026-03-09 09:00:00', '', '2026-03-10 10:00:00'), "
        "(4, 'p1', '1', '2026-03-01 10:00:00', null, 'x', '2037-01-01 00:00:00'), "
        "(5, 'p1', '1', null, null, 'x', '2026-03-10 10:00:00')",
        "insert into notes values (1, '首开')",
    ],
}  # fmt: skip


def test_the_same_awkward_rows_read_the_same_from_every_database(anywhere: World) -> None:
    name = anywhere.engine.dialect.name
    anywhere.run(*AWKWARD[name])
    remark = "coalesce((select n.remark from notes n where n.id = crm.id), remark)" if name == "mariadb" else "remark"
    crm = mapping(
        "lead",
        "select id, proj as project_id, tel as person, created as created_at, lost as lost_at, "
        f"{remark} as segment, mtime as updated_at from crm",
    )
    report = anywhere.pull(crm).entity("lead")
    stamp = datetime(2026, 3, 10, 10)
    assert anywhere.rows(
        "select id, project_id, person, phone_ok, created_at, created_at_day_only, lost_at, segment, updated_at "
        "from lead order by id"
    ) == [
        ("1", "p1", person("13800138000"), True, datetime(2026, 3, 1, 10), False, None, "首开", stamp),
        ("2", None, None, False, datetime(2026, 3, 1, 10), False, None, "王😀", stamp),
        ("3", None, None, False, datetime(2026, 3, 2, 0, 0, 0, 500_000), False, datetime(2026, 3, 9, 9), None, stamp),
    ]
    assert report.quarantined == 2
    assert anywhere.rows("select id, col, reason from quarantine order by id") == [
        ("4", "updated_at", "in the future"), ("5", "created_at", "missing"),
    ]  # fmt: skip


def test_typed_values_read_the_same_from_every_database(anywhere: World) -> None:
    name = anywhere.engine.dialect.name
    flag, money = ("boolean", "numeric(14,2)") if name == "postgresql" else ("integer", "decimal(14,2)")
    true = "true" if name == "postgresql" else "1"
    anywhere.run(f"create table deal (id integer, at date, amount {money}, area double precision, ok {flag}, due date)")
    anywhere.run(
        f"insert into deal values (1, '2026-03-01', 2500000.10, 89.5, {true}, '2026-04-01'), (2, '2026-03-02', null, null, null, null)"
    )
    anywhere.pull(
        mapping("contract", "select id, 'p' as project_id, at as signed_at, amount, area, 1 as units from deal")
        + mapping("subscription", "select id, 'p' as project_id, at, amount, due as due_on from deal")
        + mapping("follow_up", "select id, id as lead_id, at, ok as reached from deal")
    )
    assert anywhere.rows("select signed_at, signed_at_day_only, amount, area, units from contract order by id") == [
        (datetime(2026, 3, 1), True, Decimal("2500000.1"), 89.5, 1), (datetime(2026, 3, 2), True, None, None, 1),
    ]  # fmt: skip
    assert anywhere.rows("select due_on from subscription order by id") == [(date(2026, 4, 1),), (None,)]
    assert anywhere.rows("select reached from follow_up order by id") == [(True,), (None,)]


# The law


STEPS = st.lists(
    st.tuples(st.sampled_from(["put", "delete", "silent", "pull"]), st.integers(0, 5), st.integers(0, 3)), max_size=12
)


@given(steps=STEPS, last=st.sampled_from(["keys", "full"]))
@hypothesis_settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_following_changes_ends_where_a_fresh_read_does(
    steps: list[tuple[str, int, int]], last: Depth, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("law")
    (folder / "crm.db").touch()
    with a_world(f"sqlite:///{folder}/crm.db", folder) as world:
        crm = customers(world, 4)
        world.pull(crm)
        for what, id, choice in steps:
            ACTIONS[what](world, crm, id, choice)
            world.now += timedelta(minutes=1)
        has_silent = any(what == "silent" for what, _, _ in steps)
        world.pull(crm, "full" if has_silent else last)
        followed = (
            world.rows("from lead order by id"),
            world.rows("select id, col, reason from quarantine order by all"),
        )
        fresh = World(world.url, folder / "fresh", now=world.now)
        fresh.pull(crm)
        assert followed == (
            fresh.rows("from lead order by id"), fresh.rows("select id, col, reason from quarantine order by all"),
        )  # fmt: skip
        fresh.close()


def _put(world: World, crm: str, id: int, choice: int) -> None:
    created = ["2026-03-01 10:00:00", "2026-03-02 11:30:00", "soon", "2026-03-03 09:00:00"][choice]
    stamp = [world.now, world.now - timedelta(minutes=9), world.now, datetime(2099, 1, 1)][choice]
    world.run(f"delete from crm where id = {id}", f"insert into crm values ({id}, '{created}', 'A', '{stamp}')")


def _silently(world: World, crm: str, id: int, choice: int) -> None:
    world.run(f"update crm set grade = '{'ABCD'[choice]}' where id = {id}")


ACTIONS: dict[str, Callable[[World, str, int, int], object]] = {
    "put": _put,
    "delete": lambda world, crm, id, choice: world.run(f"delete from crm where id = {id}"),
    "silent": _silently,
    "pull": lambda world, crm, id, choice: world.pull(crm, "keys" if choice == 3 else "changes"),
}
