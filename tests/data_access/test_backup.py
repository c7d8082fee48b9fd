"""Backups: the whole store of one moment in one file, restored and compared before it counts, refused when a bit of it is off."""

import random
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Float,
    Integer,
    Table,
    insert,
    select,
    text,
)

from app import main
from data_access.backup import LEFT_OUT, SUFFIX, BackupError, backups, make_backup, refuse_damaged, restore
from data_access.store import Store
from data_access.store.audit import broken_at, entries, record
from data_access.store.people import add_person, people
from data_access.store.sessions import open_session, session
from data_access.store.tables import METADATA
from data_access.store.watch import keep_watch, watched
from metrics.risks import Watch
from tests.data_access.stores import NOON, opened

DAY = timedelta(days=1)
KEPT = [table for table in METADATA.sorted_tables if table.name not in LEFT_OUT | {"audit", "audit_head"}]
"""Every table but the audit, in which backing up and restoring leave entries of their own."""


def a_value(column: Column[Any], number: int) -> Any:
    """Some value of the column's type, another one for every number."""
    for kind, value in {
        Boolean: number % 2 == 0,
        Integer: number,
        Float: number / 3,
        Date: date(2026, 3, number),
        JSON: {"名": [number, None, 1.5, "\u2028'\"\\"]},
    }.items():
        if isinstance(column.type, kind):
            return value
    is_time = isinstance(column.type, DateTime) or "Utc" in type(column.type).__name__
    return NOON + timedelta(microseconds=number) if is_time else f"值{number}"


def a_row(table: Table, number: int) -> dict[str, Any]:
    return {
        column.name: a_value(next(iter(column.foreign_keys)).column if column.foreign_keys else column, number)
        for column in table.columns
    }


def fill(store: Store) -> None:
    """Rows in every table; where a column may be empty, one of them has nothing in it."""
    with store.writing() as connection:
        for table in KEPT:
            is_one_row = any(
                isinstance(one, CheckConstraint) for column in table.primary_key for one in column.constraints
            )
            rows = [a_row(table, number) for number in ((1,) if is_one_row else (1, 2, 3))]
            rows[-1] |= {column.name: None for column in table.columns if column.nullable}
            connection.execute(insert(table), rows)


def content(store: Store) -> dict[str, list[Any]]:
    with store.reading() as connection:
        return {table.name: sorted(map(repr, connection.execute(select(table)).all())) for table in KEPT}


@contextmanager
def a_used_store(url: str) -> Iterator[Store]:
    with opened(url) as store:
        add_person(store, "王芳", "leader")
        keep_watch(store, Watch("policy", "限购", "red", "", "住建局", "", date(2026, 4, 1)), "warboard", NOON)
        yield store


@pytest.mark.parametrize("to", ["sqlite", "postgresql"])
def test_a_backup_holds_every_row_of_every_table_and_restores_into_any_store(
    store_url: str, to: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    with opened(store_url) as store:
        fill(store)
        before = content(store)
        made = make_backup(store, tmp_path / "backups", NOON)
    target = f"sqlite:///{tmp_path}/new.db" if to == "sqlite" else request.getfixturevalue("postgresql_url")
    restored = restore(made.path, target, NOON + DAY)
    assert (restored.made_at, restored.rows) == (NOON, made.rows)
    with opened(target) as store:
        assert content(store) == before
    assert all(before.values())


def test_a_restored_store_goes_on(store_url: str, tmp_path: Path, postgresql_url: str) -> None:
    with a_used_store(store_url) as store:
        record(store, "command line", "link_made", NOON)
        made = make_backup(store, tmp_path, NOON)
    restore(made.path, postgresql_url, NOON + DAY)
    with opened(postgresql_url) as store:
        assert broken_at(store) is None
        assert [one.action for one in entries(store)] == ["backup_restored", "link_made", "watch_added"]
        assert keep_watch(store, Watch("policy", "限贷", "red", "", "", "", date(2026, 4, 1)), "warboard", NOON)
        assert [one.watch.title for one in watched(store)] == ["限购", "限贷"]


def test_old_sign_ins_do_not_come_back(store_url: str, tmp_path: Path) -> None:
    with a_used_store(store_url) as store:
        (person,) = people(store)
        token = open_session(store, person.id, NOON, DAY, DAY)
        assert session(store, token, NOON) == person
        made = make_backup(store, tmp_path, NOON)
    target = f"sqlite:///{tmp_path}/new.db"
    restore(made.path, target, NOON)
    with opened(target) as store:
        assert people(store) == [person]
        assert session(store, token, NOON) is None


def test_a_backup_of_an_earlier_version_is_brought_up_to_date(tmp_path: Path) -> None:
    with opened_at(tmp_path / "old.db", "0005") as store:
        with store.writing() as connection:
            connection.execute(
                text("insert into people (id, name, role, enabled) values ('p', '王芳', 'leader', true)")
            )
        made = make_backup(store, tmp_path, NOON)
    restore(made.path, f"sqlite:///{tmp_path}/new.db", NOON)
    with opened(f"sqlite:///{tmp_path}/new.db") as store:
        assert [one.name for one in people(store)] == ["王芳"]
        assert watched(store) == []


@contextmanager
def opened_at(path: Path, revision: str) -> Iterator[Store]:
    store = Store.open(f"sqlite:///{path}", revision)
    yield store
    store.close()


def test_a_store_of_a_newer_version_is_backed_up_by_that_one(store: Store, tmp_path: Path) -> None:
    with store.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(BackupError, match="newer than this Warboard"):
        make_backup(store, tmp_path, NOON)
    assert list(tmp_path.glob("*.gz")) == []


def test_a_store_in_use_is_not_overwritten(store_url: str, tmp_path: Path) -> None:
    with a_used_store(store_url) as store:
        made = make_backup(store, tmp_path, NOON)
        before = content(store)
        with pytest.raises(BackupError, match="is in use"):
            restore(made.path, store_url, NOON)
        assert content(store) == before


@pytest.mark.parametrize("many", [50, pytest.param(1_000, marks=pytest.mark.nightly)])
def test_one_wrong_bit_anywhere_is_noticed(tmp_path: Path, many: int) -> None:
    with a_used_store(f"sqlite:///{tmp_path}/one.db") as store:
        path = make_backup(store, tmp_path, NOON).path
    sound, rng = path.read_bytes(), random.Random(7)
    refuse_damaged(path)
    for bit in rng.sample(range(len(sound) * 8), many):
        damaged = bytearray(sound)
        damaged[bit // 8] ^= 1 << bit % 8
        path.write_bytes(damaged)
        with pytest.raises(BackupError, match="not as it was written"):
            refuse_damaged(path)


def test_a_backup_that_does_not_restore_the_same_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("data_access.backup._put", lambda *_: 0)
    with a_used_store(f"sqlite:///{tmp_path}/one.db") as store, pytest.raises(BackupError, match="Nothing was kept"):
        make_backup(store, tmp_path / "backups", NOON)
    assert list((tmp_path / "backups").iterdir()) == []


def test_a_backup_is_private_and_the_latest_few_are_kept(tmp_path: Path) -> None:
    with a_used_store(f"sqlite:///{tmp_path}/one.db") as store:
        made = [make_backup(store, tmp_path / "backups", NOON + DAY * day, keep=2) for day in range(4)]
        assert [one.about for one in entries(store) if one.action == "backup_made"][0] == made[-1].path.name
    assert backups(tmp_path / "backups") == [one.path for one in made[2:]]
    assert stat.S_IMODE(made[-1].path.stat().st_mode) == 0o600


def test_the_commands_say_what_they_did(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = tmp_path / "warboard.toml"
    for name in ("one", "two"):
        config.write_text(f'[store]\nurl = "sqlite:///{name}.db"\n', encoding="utf-8")
        if name == "one":
            with a_used_store(f"sqlite:///{tmp_path}/one.db"):
                assert main(["backup", str(tmp_path), "--config", str(config)]) == 0
            (path,) = tmp_path.glob(f"*{SUFFIX}")
            assert "restored and compared" in capsys.readouterr().out
    assert main(["restore", str(path), "--config", str(config)]) == 0
    assert "Everybody signs in again" in capsys.readouterr().out
    assert main(["restore", str(path), "--config", str(config)]) == 2
    assert "is in use" in capsys.readouterr().err
    assert main(["restore", str(tmp_path / "none.gz"), "--config", str(config)]) == 2
