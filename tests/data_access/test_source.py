"""The source: read-only, consistent, and clear about what is wrong."""

import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError

from data_access import source as source_module
from data_access.settings import EntityMapping
from data_access.source import ReadError, Reading, Source, SourceError

ZONE = "Asia/Shanghai"


def run(url: str, *statements: str) -> None:
    """Do something to the database, as its owner would."""
    engine = create_engine(url)
    with engine.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
    engine.dispose()


def rows(reading: Reading, query: str, since: Any = None) -> list[dict[str, Any]]:
    """What a query returns, batch by batch."""
    mapping = EntityMapping("lead", query=query)
    return [row for batch in reading.batches(mapping, since) for row in batch.table().to_pylist()]


def test_nothing_can_be_written_while_reading(database_url: str) -> None:
    run(database_url, "create table crm (id integer)")
    source = Source(database_url, ZONE)
    with source.reading() as reading, pytest.raises(DBAPIError):
        reading._connection.exec_driver_sql("insert into crm values (1)")
    with source.reading() as reading:
        assert rows(reading, "select id from crm") == []
    source.close()


@pytest.mark.parametrize("kind", ["postgresql", "mariadb"])
def test_what_is_committed_during_a_reading_is_seen_by_the_next(kind: str, request: pytest.FixtureRequest) -> None:
    url: str = request.getfixturevalue(f"{kind}_url")
    run(url, "create table a (id integer)", "create table b (id integer)")
    source = Source(url, ZONE)
    with source.reading() as reading:
        assert rows(reading, "select id from a") == []
        run(url, "insert into a values (1)", "insert into b values (1)")
        assert rows(reading, "select id from b") == []
    with source.reading() as reading:
        assert rows(reading, "select id from b") == [{"id": 1}]
    source.close()


def test_many_rows_arrive_in_batches_and_none_is_lost(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source_module, "BATCH_ROWS", 7)
    monkeypatch.setattr(source_module, "PIECE_ROWS", 3)
    run(database_url, "create table crm (id integer)", *(f"insert into crm values ({n})" for n in range(30)))
    source = Source(database_url, ZONE)
    with source.reading() as reading:
        batches = list(reading.batches(EntityMapping("lead", query="select id from crm")))
        assert len(batches) > 3
        assert sorted(row["id"] for batch in batches for row in batch.table().to_pylist()) == list(range(30))
    source.close()


def test_a_query_may_hold_colons_percents_comments_and_a_semicolon(database_url: str) -> None:
    source = Source(database_url, ZONE)
    with source.reading() as reading:
        query = "select '10:30' as id, '5 %' as grade -- :what, 100 %\n;"
        assert rows(reading, query) == [{"id": "10:30", "grade": "5 %"}]
        assert rows(reading, "select 1 as id, null as updated_at -- :since", since="2026") != []
    source.close()


def test_a_table_and_its_columns_are_quoted_for_the_database(database_url: str) -> None:
    quote = "`" if "mariadb" in database_url else '"'
    run(database_url, f"create table {quote}order{quote} ({quote}group{quote} integer)")
    run(database_url, f"insert into {quote}order{quote} values (1)")
    source = Source(database_url, ZONE)
    with source.reading() as reading:
        mapping = EntityMapping("lead", table="order", columns={"id": "group"})
        assert [batch.table().to_pylist() for batch in reading.batches(mapping)] == [[{"id": 1}]]
    source.close()


def test_a_column_that_is_not_there_is_an_error_and_no_text(database_url: str) -> None:
    run(database_url, "create table crm (id integer)", "insert into crm values (1)")
    source = Source(database_url, ZONE)
    with source.reading() as reading, pytest.raises(ReadError, match=r"created.*Correct \[entities.lead\]"):
        list(reading.batches(EntityMapping("lead", table="crm", columns={"id": "id", "created_at": "created"})))
    source.close()


def test_a_failing_query_spoils_nothing_else(database_url: str) -> None:
    source = Source(database_url, ZONE)
    with source.reading() as reading:
        with pytest.raises(ReadError, match=r"lead: the source answers .*nowhere.*Correct \[entities.lead\]"):
            rows(reading, "select id from nowhere")
        assert rows(reading, "select 1 as id") == [{"id": 1}]
    source.close()


def test_a_reading_left_halfway_leaves_the_connection_usable(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source_module, "BATCH_ROWS", 2)
    run(database_url, "create table crm (id integer)", *(f"insert into crm values ({n})" for n in range(9)))
    source = Source(database_url, ZONE)
    with source.reading() as reading:
        batches = reading.batches(EntityMapping("lead", query="select id from crm"))
        next(batches)
        batches.close()
        assert len(rows(reading, "select id from crm")) == 9
    source.close()


def test_a_statement_that_takes_too_long_is_given_up(postgresql_url: str, mariadb_url: str, sqlite_url: str) -> None:
    endless = "with recursive n(i) as (select 1 union all select i + 1 from n) select max(i) as id from n"
    for url, query in (
        (postgresql_url, "select 1 as id, pg_sleep(30) as grade"),
        (mariadb_url, "select 1 as id, sleep(30) as grade"),
        (sqlite_url, endless),
    ):
        source = Source(url, ZONE, timeout_seconds=1)
        with source.reading() as reading, pytest.raises(ReadError):
            rows(reading, query)
        source.close()


def test_the_clock_is_the_sources_in_the_groups_zone(database_url: str) -> None:
    source = Source(database_url, "UTC", group_zone=ZONE)
    with source.reading() as reading:
        assert abs(reading.clock("UTC") - datetime.now(UTC).replace(tzinfo=None)).total_seconds() < 60
        assert (reading.clock() - reading.clock("UTC")).total_seconds() == 8 * 3600
    source.close()


def test_a_clock_can_be_given(sqlite_url: str) -> None:
    source = Source(sqlite_url, ZONE, clock=lambda: datetime(2026, 3, 1, 4, tzinfo=UTC))
    with source.reading() as reading:
        assert reading.clock() == datetime(2026, 3, 1, 12)
    source.close()


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://reader:hunter2@127.0.0.1:1/crm",
        "mysql://reader:hunter2@127.0.0.1:1/crm",
        "sqlite:////no/such/crm.db",
    ],
)
def test_a_source_out_of_reach_is_named_without_its_password(url: str) -> None:
    source = Source(url, ZONE)
    with pytest.raises(SourceError) as caught, source.reading():
        pass
    message = str(caught.value)
    assert "crm" in message
    assert "[source] url" in message
    assert "hunter2" not in message
    source.close()


@pytest.mark.parametrize("kind", ["postgresql", "mariadb"])
def test_a_connection_lost_while_reading_is_the_sources_fault(
    kind: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source_module, "BATCH_ROWS", 1000)
    url: str = request.getfixturevalue(f"{kind}_url")
    who, end = {
        "postgresql": ("pg_backend_pid()", "select pg_terminate_backend({})"),
        "mariadb": ("connection_id()", "kill {}"),
    }[kind]
    run(url, "create table crm (id integer, note varchar(9000))")
    run(
        url,
        f"insert into crm values {', '.join(['(1, repeat(chr(120), 9000))'] * 5000)}".replace(
            "chr", "chr" if kind == "postgresql" else "char"
        ),
    )
    source = Source(url, ZONE)
    with pytest.raises(SourceError, match="cannot be read"), source.reading() as reading:
        connection_id = reading._connection.scalar(text(f"select {who}"))
        batches = reading.batches(EntityMapping("lead", query="select * from crm"))
        next(batches)
        run(url, end.format(connection_id))
        list(batches)
    with source.reading() as reading:
        assert rows(reading, "select 1 as id") == [{"id": 1}]
    source.close()


@pytest.mark.parametrize("url", ["crm.example password=hunter2", "nosuchdb://reader:hunter2@crm/sales"])
def test_a_url_nobody_can_open_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(SourceError) as caught:
        Source(url, ZONE)
    assert "hunter2" not in str(caught.value)


def test_an_error_of_the_source_shows_no_phone(postgresql_url: str) -> None:
    source = Source(postgresql_url, ZONE)
    with source.reading() as reading, pytest.raises(ReadError) as caught:
        rows(reading, "select cast('张三13800138000' as integer) as id")
    assert "13800138000" not in str(caught.value)
    assert "张三" not in str(caught.value)
    source.close()


def test_tables_are_described_for_whoever_maps_them(database_url: str) -> None:
    run(database_url, "create table crm (id integer primary key, tel varchar(20))", "insert into crm values (1, '')")
    source = Source(database_url, ZONE)
    (table,) = [one for one in source.tables() if one.name == "crm"]
    assert list(table.columns) == ["id", "tel"]
    assert "CHAR" in table.columns["tel"].upper()
    assert table.key == ("id",)
    assert not table.problem
    source.close()


def test_an_account_that_may_write_is_found_out(postgresql_url: str, mariadb_url: str) -> None:
    for url in (postgresql_url, mariadb_url):
        run(url, "create table crm (id integer)")
        source = Source(url, ZONE)
        assert source.writable()
        source.close()


def test_an_account_that_may_only_read_is_fine(postgresql_url: str, mariadb_url: str, sqlite_url: str) -> None:
    run(postgresql_url, "create table crm (id integer)", "create role reader_1 login")
    run(postgresql_url, "grant select on crm to reader_1")
    name = make_url(mariadb_url).database
    run(mariadb_url, "create user reader_1", f"grant select, create temporary tables on {name}.* to reader_1")
    for url in (_as_reader(postgresql_url), _as_reader(mariadb_url), sqlite_url):
        source = Source(url, ZONE)
        assert source.writable() == []
        source.close()


def _as_reader(url: str) -> str:
    return make_url(url).set(username="reader_1").render_as_string(hide_password=False)


def test_text_of_any_bytes_can_be_read(sqlite_url: str, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "crm.db") as connection:
        connection.execute("create table crm (id)")
        connection.execute("insert into crm values (cast(? as text))", ["项目".encode("gbk")])
    connection.close()
    source = Source(sqlite_url, ZONE)
    with source.reading() as reading:
        with pytest.raises(ReadError, match="could not be read") as caught:
            rows(reading, "select id from crm")
        assert caught.value.as_text
        with reading.as_text():
            assert rows(reading, "select id from crm") == [{"id": "项目"}]
    source.close()


def test_times_out_of_range_arrive_as_text(postgresql_url: str) -> None:
    source = Source(postgresql_url, ZONE)
    with source.reading() as reading:
        found = rows(reading, "select timestamp 'infinity' as id union all select timestamp '2026-01-02 03:04:05'")
        assert sorted(row["id"] for row in found) == ["2026-01-02 03:04:05", "infinity"]
    source.close()


def test_zero_dates_arrive_as_text(mariadb_url: str) -> None:
    run(mariadb_url, "set sql_mode = ''", "create table crm (id integer, at datetime)")
    run(mariadb_url, "set sql_mode = ''", "insert into crm values (1, '0000-00-00'), (2, '2026-01-02 03:04:05')")
    source = Source(mariadb_url, ZONE)
    with source.reading() as reading:
        found = rows(reading, "select id, at from crm order by id")
        assert [row["at"] for row in found] == ["0000-00-00 00:00:00", "2026-01-02 03:04:05"]
    source.close()


def test_values_of_several_kinds_in_one_column_become_text(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source_module, "PIECE_ROWS", 2)
    source = Source(sqlite_url, ZONE)
    with source.reading() as reading:
        found = rows(reading, "select 1 as id union all select 2 union all select 2.5 union all select 'x' order by 1")
        assert [row["id"] for row in found] == ["1", "2", "2.5", "x"]
        assert [type(row["id"]) for row in rows(reading, "select x'01' as id")] == [str]
    source.close()


def test_text_in_the_url_is_the_only_thing_needed(postgresql: URL) -> None:
    source = Source(postgresql.set(drivername="postgresql").render_as_string(hide_password=False), ZONE)
    with source.reading() as reading:
        assert reading._connection.scalar(text("show transaction_read_only")) == "on"
        assert reading._connection.scalar(text("show transaction_isolation")) == "repeatable read"
    source.close()
