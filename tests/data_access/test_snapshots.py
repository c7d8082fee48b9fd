"""Snapshots are written whole, read whole, and swapped whole."""

import os
import stat
import threading
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest
from sqlalchemy import text

from data_access.snapshots import Cache, Folder, Reader, SnapshotError, read
from data_access.store import Store
from data_access.store.lease import acquire
from data_access.store.published import beat, publish, published
from metrics.snapshot import Channel, EntityCount, Event, Frozen, Milestone, Project, Referrer, Snapshot, Staff, Target
from tests.data_access.stores import (
    NOON,
    TTL,
    a_manifest,
    at_once,
    opened,
    processes,
    publish_for_ever,
    publish_number,
)


def after(**span: float) -> datetime:
    """The moment this long after now, where files just written get their time."""
    return datetime.now().astimezone() + timedelta(**span)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path / "snapshots")


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        yield connection


def a_mart(folder: Folder, connection: duckdb.DuckDBPyConnection, *selects: str) -> pd.DataFrame:
    """The frame of a mart of one file per query."""
    return a_snapshot(folder, marts={"m": [folder.put(connection, sql, "m") for sql in selects]}).marts["m"]


def a_snapshot(folder: Folder, sequence: int = 1, cache: Cache | None = None, **manifest: Any) -> Snapshot:
    return read(folder, folder.put_manifest(a_manifest(**manifest))[1], sequence, cache or Cache())


def number_in(snapshot: Snapshot) -> set[int]:
    """Every number a snapshot of `publish_number` shows: one, unless versions were mixed."""
    shown = {int(value) for frame in snapshot.marts.values() for value in frame["number"].unique()}
    return shown | {int(snapshot.absent["number"])}


# Files


def test_equal_rows_give_the_same_file_whatever_the_threads_and_the_history_of_the_table(folder: Folder) -> None:
    rows = "select i // 7 as day, 'p' || (i % 50) as project, (hash(i) >> 3)::bigint as n from range(150000) r(i)"
    names = set()
    for threads in (1, 2, 5):
        with duckdb.connect(config={"threads": threads}) as connection:
            connection.execute(f"CREATE TABLE shuffled AS {rows} ORDER BY hash(i)")
            names.add(folder.put(connection, f"{rows} ORDER BY ALL", "daily"))
            names.add(folder.put(connection, "FROM shuffled ORDER BY ALL", "daily"))
            connection.execute("INSERT INTO shuffled VALUES (NULL, NULL, NULL)")
            connection.execute("DELETE FROM shuffled WHERE day IS NULL")
            names.add(folder.put(connection, "FROM shuffled ORDER BY ALL", "daily"))
    assert len(names) == 1
    assert [file.name for file in folder.path.iterdir()] == list(names)


def test_other_rows_give_another_file(folder: Folder, connection: duckdb.DuckDBPyConnection) -> None:
    assert folder.put(connection, "select 1 as n", "daily") != folder.put(connection, "select 2 as n", "daily")


def test_files_and_folder_are_private(folder: Folder, connection: duckdb.DuckDBPyConnection) -> None:
    name = folder.put(connection, "select 1 as n", "daily")
    assert stat.S_IMODE(folder.path.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder.path / name).stat().st_mode) == 0o600


def test_a_query_that_breaks_leaves_nothing_behind(folder: Folder, connection: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(duckdb.Error):
        folder.put(connection, "select error('x') as n from range(10)", "daily")
    assert list(folder.path.iterdir()) == []


def test_a_full_disk_leaves_nothing_behind(
    folder: Folder, connection: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_space(*arguments: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch, pytest.raises(OSError, match="No space left"):
        patch.setattr(os, "fsync", no_space)
        folder.put(connection, "select 1 as n", "daily")
    assert list(folder.path.iterdir()) == []
    assert folder.put(connection, "select 1 as n", "daily")


def test_sums_that_parquet_would_round_are_refused(folder: Folder, connection: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(SnapshotError, match=r"staff has HUGEINT columns, .*: total. Cast them to BIGINT"):
        folder.put(connection, "select sum(i) as total from range(3) r(i)", "staff")


def test_the_version_is_that_of_everything_in_the_manifest(folder: Folder) -> None:
    first = folder.put_manifest(a_manifest(absent={"a": "visit", "b": "lead"}))
    assert folder.put_manifest(a_manifest(absent={"b": "lead", "a": "visit"})) == first
    others = [a_manifest(as_of="2026-03-02T12:00:01"), a_manifest(windows={"visit": 30}), a_manifest()]
    assert len({first, *map(folder.put_manifest, others)}) == 4


def test_a_value_no_manifest_can_hold_is_refused(folder: Folder) -> None:
    with pytest.raises(TypeError, match="cannot stand in a manifest"):
        folder.put_manifest(a_manifest(absent={"a": object()}))
    assert list(folder.path.iterdir()) == []


def test_pruning_keeps_what_the_last_and_the_published_manifests_need(
    folder: Folder, connection: duckdb.DuckDBPyConnection
) -> None:
    files = [folder.put(connection, f"select {number} as n", "daily") for number in range(5)]
    manifests = [folder.put_manifest(a_manifest(marts={"daily": [file]}, parties=[files[4]]))[1] for file in files[:4]]
    now = after().timestamp()
    for age, name in enumerate(reversed(manifests)):
        os.utime(folder.path / name, (now - age, now - age))
    assert folder.prune(2, after(days=1), published=manifests[0]) == sorted([manifests[1], files[1]])
    assert folder.prune(2, after(days=1)) == sorted([manifests[0], files[0]])


def test_pruning_spares_young_files_and_those_put_again(folder: Folder, connection: duckdb.DuckDBPyConnection) -> None:
    name = folder.put(connection, "select 1 as n", "daily")
    assert folder.prune(1, after()) == []
    os.utime(folder.path / name, (0, 0))
    assert folder.put(connection, "select 1 as n", "daily") == name
    assert folder.prune(1, after()) == []
    assert folder.prune(1, after(minutes=11)) == [name]


def test_pruning_removes_drafts_only_when_nobody_can_be_writing_them(folder: Folder) -> None:
    (folder.path / ".draft-1").write_bytes(b"half")
    assert folder.prune(1, after(minutes=30)) == []
    assert folder.prune(1, after(minutes=61)) == [".draft-1"]


# Columns


def test_days_become_ordinals(folder: Folder, connection: duckdb.DuckDBPyConnection) -> None:
    frame = a_mart(folder, connection, "select date '2026-03-02' as day, null::date as none")
    assert frame["day"].tolist() == [date(2026, 3, 2).toordinal()]
    assert frame["none"].tolist() == [0]
    assert set(frame.dtypes) == {np.dtype("int32")}


@pytest.mark.parametrize(
    ("most", "dtype"),
    [(127, "int8"), (-128, "int8"), (128, "int16"), (40_000, "int32"), (-(2**31) - 1, "int64"), (2**63 - 1, "int64")],
)
def test_measures_take_the_smallest_whole_type_and_missing_ones_are_0(
    folder: Folder, connection: duckdb.DuckDBPyConnection, most: int, dtype: str
) -> None:
    frame = a_mart(folder, connection, f"select * from (values (1, {most}::bigint), (2, null)) as rows(day, n)")
    assert frame["n"].tolist() == [most, 0]
    assert frame["n"].dtype == dtype


def test_files_of_different_sizes_of_numbers_join_without_loss(
    folder: Folder, connection: duckdb.DuckDBPyConnection
) -> None:
    frame = a_mart(folder, connection, "select 1::bigint as n", f"select {2**40}::bigint as n", "select true as n")
    assert frame["n"].tolist() == [1, 2**40, 1]


def test_texts_become_categories_over_all_files_and_none_is_nowhere(
    folder: Folder, connection: duckdb.DuckDBPyConnection
) -> None:
    values = "select * from (values (1, 'p2'), (2, null), (3, 'p1')) as rows(day, project)"
    frame = a_mart(
        folder, connection, values, "select 4 as day, 'p3' as project", "select 5 as day, null::text as project"
    )
    assert frame["project"].tolist() == ["p2", "", "p1", "p3", ""]
    assert frame["project"].cat.categories.tolist() == ["", "p1", "p2", "p3"]


@pytest.mark.parametrize("values", [2_000, pytest.param(40_000, marks=pytest.mark.nightly)])
def test_texts_of_many_row_groups_and_many_values_stay_themselves(
    folder: Folder, connection: duckdb.DuckDBPyConnection, values: int
) -> None:
    sql = f"select i as day, 'p' || (i * 7 % {values}) as project from range(150000) r(i) order by 1"
    frame = a_mart(folder, connection, sql)
    assert frame["project"].tolist() == [f"p{i * 7 % values}" for i in range(150_000)]


def test_without_a_missing_text_there_is_no_nowhere(folder: Folder, connection: duckdb.DuckDBPyConnection) -> None:
    assert a_mart(folder, connection, "select 'p1' as project")["project"].cat.categories.tolist() == ["p1"]


def test_times_keep_their_microseconds_and_may_be_missing(
    folder: Folder, connection: duckdb.DuckDBPyConnection
) -> None:
    sql = "select * from (values (1, timestamp '2026-03-02 12:00:00.000001'), (2, null)) as rows(day, seen)"
    frame = a_mart(folder, connection, sql)
    assert frame["seen"].dtype == "datetime64[us]"
    assert frame["seen"][0] == pd.Timestamp("2026-03-02 12:00:00.000001")
    assert frame["seen"].isna().tolist() == [False, True]


def test_a_mart_without_rows_keeps_its_columns_and_one_without_files_has_none(
    folder: Folder, connection: duckdb.DuckDBPyConnection
) -> None:
    empty = a_mart(folder, connection, "select date '2026-03-02' as day, 'p' as project, 1 as n where false")
    assert (list(empty), len(empty)) == (["day", "project", "n"], 0)
    assert len(a_mart(folder, connection).columns) == 0


@pytest.mark.parametrize("column", ["1.5::double", "1.5::decimal(18, 4)", "time '12:00'", "[1, 2]"])
def test_a_column_that_no_mart_may_hold_is_named(
    folder: Folder, connection: duckdb.DuckDBPyConnection, column: str
) -> None:
    with pytest.raises(SnapshotError, match=r"The snapshot file m-\w+.parquet cannot be used: its column odd is"):
        a_mart(folder, connection, f"select {column} as odd")


@pytest.mark.parametrize("second", ["select 1 as other", "select 'text' as n"])
def test_files_that_do_not_fit_together_are_named(
    folder: Folder, connection: duckdb.DuckDBPyConnection, second: str
) -> None:
    with pytest.raises(SnapshotError, match=r"m-\w+.parquet, m-\w+.parquet do not fit together"):
        a_mart(folder, connection, "select 1 as n", second)


# Snapshots


def test_a_snapshot_has_everything_its_manifest_says(folder: Folder, connection: duckdb.DuckDBPyConnection) -> None:
    project = Project("p1", "云栖", opened_on=date(2025, 5, 1), average_price=Decimal("2500000.5000"))
    target = Target("contracts", None, date(2026, 1, 1), date(2026, 12, 31), Decimal("1500000000"))
    milestone = Milestone("m1", "p1", "开盘", date(2026, 1, 1), date(2026, 3, 1), actual_end=date(2026, 3, 2))
    event = Event("contract", datetime(2026, 3, 2, 11, 59), "p1", "c1", "s1", amount=Decimal("1.0000"))
    frozen = Frozen("visit", datetime(2026, 3, 2, 11), "no such table")
    snapshot = a_snapshot(
        folder,
        sequence=7,
        newest_event=datetime(2026, 3, 2, 11, 59),
        windows={"visit": 30, "subscription": 30, "contract": 15},
        absent={"exposures": "exposure"},
        marts={"daily": [folder.put(connection, "select 1 as n", "daily")]},
        parties=["parties-1.parquet"],
        projects=[vars(project)],
        channels=[{"id": "c1", "name": "抖音", "kind": "public"}],
        staff=[{"id": "s1", "name": "李雷", "project_id": "p1", "team": None}],
        referrers=[{"id": "r1", "name": "赵"}],
        targets=[vars(target)],
        milestones=[vars(milestone)],
        recent=[vars(event)],
        frozen=[vars(frozen)],
        counts=[{"entity": "lead", "rows": 3, "quarantined": 1}],
    )
    assert (snapshot.sequence, snapshot.as_of) == (7, datetime(2026, 3, 2, 12))
    assert snapshot.newest_event == datetime(2026, 3, 2, 11, 59)
    assert snapshot.steps == ("visit", "subscription", "contract")
    assert snapshot.windows == {"visit": 30, "subscription": 30, "contract": 15}
    assert snapshot.projects == {"p1": project}
    assert snapshot.channels == {"c1": Channel("c1", "抖音", "public")}
    assert snapshot.staff == {"s1": Staff("s1", "李雷", "p1")}
    assert snapshot.referrers == {"r1": Referrer("r1", "赵")}
    assert (snapshot.targets, snapshot.milestones) == ((target,), (milestone,))
    assert (snapshot.recent, snapshot.frozen) == ((event,), (frozen,))
    assert snapshot.counts == (EntityCount("lead", 3, 1),)
    assert (snapshot.absent, snapshot.party_files) == ({"exposures": "exposure"}, ("parties-1.parquet",))


def test_the_version_of_a_snapshot_is_that_of_its_manifest(folder: Folder) -> None:
    version, name = folder.put_manifest(a_manifest())
    assert read(folder, name, 1, Cache()).version == version


def test_only_what_changed_is_decoded_again(folder: Folder, connection: duckdb.DuckDBPyConnection) -> None:
    old, new, other = (folder.put(connection, f"select {number} as n", "m") for number in range(3))
    cache = Cache()
    first = a_snapshot(folder, cache=cache, marts={"a": [other, old], "b": [other]})
    (folder.path / other).unlink()
    second = a_snapshot(folder, cache=cache, marts={"a": [other, new], "b": [other]})
    assert second.marts["b"] is first.marts["b"]
    assert [frame["n"].tolist() for frame in (first.marts["a"], second.marts["a"])] == [[2, 0], [2, 1]]
    assert set(cache.columns) == {other, new}


def test_a_snapshot_read_after_another_is_the_one_a_fresh_process_reads(
    folder: Folder, connection: duckdb.DuckDBPyConnection
) -> None:
    rows = "select * from (values ({0}, 'p1', timestamp '2026-03-02 12:00'), (2, {1}, null)) as rows(n, project, seen)"
    first, kept, last, changed = (
        folder.put(connection, rows.format(*one), "m")
        for one in ((1, "null"), (2**40, "'p9'"), (300, "'gone'"), (-1, "'p3'"))
    )
    cache = Cache()
    a_snapshot(folder, cache=cache, marts={"m": [first, kept, last]})
    for files in ([first, kept, changed], [kept], [changed, kept], [kept, first, last], []):
        there = a_snapshot(folder, cache=cache, marts={"m": files}).marts["m"]
        pd.testing.assert_frame_equal(there, a_snapshot(folder, marts={"m": files}).marts["m"], check_dtype=False)


def test_what_the_next_snapshot_is_made_of_takes_no_memory_of_its_own(
    folder: Folder, connection: duckdb.DuckDBPyConnection
) -> None:
    files = [folder.put(connection, f"select {number} as n, 'p{number}' as project", "m") for number in range(3)]
    cache = Cache()
    mart = a_snapshot(folder, cache=cache, marts={"m": files}).marts["m"]
    for part in cache.columns.values():
        assert np.shares_memory(part["n"], mart["n"].to_numpy())
        assert np.shares_memory(part["project"].codes, mart["project"].array.codes)


def test_a_missing_file_is_named(folder: Folder) -> None:
    with pytest.raises(SnapshotError, match="The snapshot file daily-0.parquet cannot be read"):
        a_snapshot(folder, marts={"daily": ["daily-0.parquet"]})


def test_a_changed_bit_anywhere_is_noticed(folder: Folder, connection: duckdb.DuckDBPyConnection) -> None:
    name = folder.put(connection, "select i as n from range(1000) r(i)", "daily")
    content = (folder.path / name).read_bytes()
    for at in range(0, len(content), max(1, len(content) // 50)):
        (folder.path / name).write_bytes(content[:at] + bytes([content[at] ^ 4]) + content[at + 1 :])
        with pytest.raises(SnapshotError, match=f"{name} is corrupt"):
            a_snapshot(folder, marts={"daily": [name]})
    assert folder.put(connection, "select i as n from range(1000) r(i)", "daily") == name
    assert len(a_snapshot(folder, marts={"daily": [name]}).marts["daily"]) == 1000


def test_a_manifest_that_lacks_something_is_named(folder: Folder) -> None:
    manifest = a_manifest()
    del manifest["lists"]["staff"]
    with pytest.raises(SnapshotError, match=r"manifest-\w+.json cannot be used: KeyError\('staff'\)"):
        read(folder, folder.put_manifest(manifest)[1], 1, Cache())


# The reader


@pytest.fixture
def epoch(store: Store) -> int:
    epoch = acquire(store, "0", TTL, NOON)
    assert epoch is not None
    return epoch


def test_a_reader_shows_nothing_before_the_first_snapshot(store: Store, folder: Folder) -> None:
    reader = Reader(store, folder)
    assert not reader.poll()
    assert (reader.current(), reader.heartbeat(), reader.last_error) == (None, None, None)


def test_a_reader_swaps_to_what_is_published(
    store: Store, folder: Folder, connection: duckdb.DuckDBPyConnection, epoch: int
) -> None:
    warmed: list[int] = []
    reader = Reader(store, folder, on_change=lambda snapshot: warmed.append(snapshot.sequence))
    for number in (1, 2):
        publish_number(store, folder, connection, epoch, number)
        assert [reader.poll(), reader.poll()] == [True, False]
        current = reader.current()
        assert current is not None
        assert number_in(current) == {number}
    assert warmed == [1, 2]


def test_the_heartbeat_moves_without_a_new_snapshot(
    store: Store, folder: Folder, connection: duckdb.DuckDBPyConnection, epoch: int
) -> None:
    reader = Reader(store, folder)
    publish_number(store, folder, connection, epoch, 1)
    reader.poll()
    beat(store, epoch, datetime(2026, 3, 2, 13), NOON)
    reader.poll()
    heartbeat = reader.heartbeat()
    assert heartbeat is not None
    assert heartbeat.as_of == datetime(2026, 3, 2, 13)


def test_a_snapshot_that_cannot_be_read_leaves_the_old_one_and_its_age(
    store: Store, folder: Folder, connection: duckdb.DuckDBPyConnection, epoch: int
) -> None:
    reader = Reader(store, folder)
    publish_number(store, folder, connection, epoch, 1)
    reader.poll()
    before = reader.current(), reader.heartbeat()
    publish(store, epoch, "v", "manifest-0.json", NOON)
    beat(store, epoch, datetime(2026, 3, 2, 13), NOON)
    assert not reader.poll()
    assert (reader.current(), reader.heartbeat()) == before
    assert "manifest-0.json cannot be read" in str(reader.last_error)
    publish_number(store, folder, connection, epoch, 3)
    assert reader.poll()
    assert reader.last_error is None


def test_a_warming_that_breaks_leaves_the_old_snapshot(
    store: Store, folder: Folder, connection: duckdb.DuckDBPyConnection, epoch: int
) -> None:
    def break_on_the_second(snapshot: Snapshot) -> None:
        if snapshot.sequence == 2:
            raise ValueError("cold")

    reader = Reader(store, folder, break_on_the_second)
    for number, swapped in ((1, True), (2, False), (3, True)):
        publish_number(store, folder, connection, epoch, number)
        assert reader.poll() is swapped


def test_a_store_that_went_back_is_not_followed(
    store: Store, folder: Folder, connection: duckdb.DuckDBPyConnection, epoch: int
) -> None:
    reader = Reader(store, folder)
    for number in (1, 2):
        publish_number(store, folder, connection, epoch, number)
    reader.poll()
    with store.writing() as writing:
        writing.execute(text("UPDATE published SET sequence = 1"))
    assert not reader.poll()
    current = reader.current()
    assert current is not None
    assert current.sequence == 2
    assert "went back from snapshot 2 to 1" in str(reader.last_error)


def test_a_store_that_is_down_leaves_the_snapshot(
    store: Store, folder: Folder, connection: duckdb.DuckDBPyConnection, epoch: int
) -> None:
    reader = Reader(store, folder)
    publish_number(store, folder, connection, epoch, 1)
    reader.poll()
    with store.writing() as writing:
        writing.execute(text("DROP TABLE published"))
    assert not reader.poll()
    assert reader.current() is not None
    assert reader.last_error is not None


def test_a_started_reader_follows_by_itself(
    store: Store, folder: Folder, connection: duckdb.DuckDBPyConnection, epoch: int
) -> None:
    swapped = threading.Event()
    reader = Reader(store, folder, on_change=lambda snapshot: swapped.set())
    reader.start(every_seconds=0.01)
    publish_number(store, folder, connection, epoch, 1)
    assert swapped.wait(30)
    reader.stop()


def test_readers_never_mix_or_go_back_while_snapshots_are_published(
    store: Store, folder: Folder, connection: duckdb.DuckDBPyConnection, epoch: int
) -> None:
    publishes, is_over = 40, threading.Event()

    def publish_all() -> list[int]:
        try:
            return [publish_number(store, folder, connection, epoch, number + 1) for number in range(publishes)]
        finally:
            is_over.set()

    def read_all() -> list[int]:
        reader, seen = Reader(store, folder), [0]
        while not is_over.is_set() or reader.poll():
            reader.poll()
            assert reader.last_error is None
            current = reader.current()
            if current is not None:
                assert number_in(current) == {current.sequence}
                seen.append(current.sequence)
        return seen

    sequences = at_once(5, lambda number: read_all() if number else publish_all())
    for seen in sequences:
        assert seen == sorted(seen)
        assert seen[-1] == publishes


def test_a_process_killed_at_any_moment_leaves_a_readable_store(store_url: str, tmp_path: Path) -> None:
    files = Folder(tmp_path / "snapshots")
    shown = 0
    for life in range(20):
        told = _live_and_die(store_url, files.path, life)
        with opened(store_url) as store:
            reader = Reader(store, files)
            assert reader.poll(), reader.last_error
            current, pointer = reader.current(), published(store)
        assert current is not None
        assert pointer is not None
        assert number_in(current) in ({life * 1_000_000 + told}, {life * 1_000_000 + told + 1})
        assert shown + told <= current.sequence <= shown + told + 1
        assert (pointer.epoch, pointer.version) == (life + 1, current.version)
        shown = current.sequence
    if store_url.startswith("sqlite"):
        with opened(store_url) as store, store.reading() as reading:
            assert reading.scalar(text("PRAGMA integrity_check")) == "ok"
    assert any(name.startswith(".draft-") for name in files.prune(1, after(days=1)))


def _live_and_die(url: str, folder: Path, life: int) -> int:
    """Let a leader publish a few times, kill it a little later each life, and count what it told."""
    ear, mouth = processes.Pipe(duplex=False)
    process = processes.Process(target=publish_for_ever, args=(url, folder, str(life), mouth))
    process.start()
    mouth.close()
    ear.recv()
    process.join(life * 0.003)
    process.kill()
    process.join()
    told = 1
    while True:
        try:
            ear.recv()
        except EOFError:
            return told
        told += 1
