"""Backups of the store: one file of JSON lines, named by its content, that was restored and compared before it counts."""

import gzip
import hashlib
import json
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import (
    JSON,
    Column,
    ColumnElement,
    Connection,
    Date,
    DateTime,
    MetaData,
    String,
    Table,
    collate,
    delete,
    func,
    insert,
    null,
    select,
    text,
)

from data_access.store import Store, StoreError
from data_access.store.audit import PROGRAM, record
from data_access.store.database import revisions

LEFT_OUT = frozenset(
    ("alembic_version", "requests", "sessions", "steps", "links", "journeys", "attempts", "pairings", "pairing_tries")
)
"""What is under way and over soon: nobody who was shut out since comes back in with an old sign-in."""
ROWS_AT_ONCE = 500
SUFFIX = ".jsonl.gz"


class BackupError(StoreError):
    """A backup that cannot be made, trusted or restored; the message names it and the way out."""


@dataclass(frozen=True)
class Backup:
    """A backup file: when it was made, of which revision of the tables, and its rows."""

    path: Path
    made_at: datetime
    revision: str
    rows: int


def make_backup(store: Store, folder: Path, now: datetime, keep: int | None = None) -> Backup:
    """Write the store as it is at one moment, restore it elsewhere and compare; BackupError.

    `keep`: how many backups stay in the folder; None keeps all.
    """
    if (revision := revision_of(store)) not in revisions():
        raise BackupError(f"The store's tables ({revision}) are newer than this Warboard. Back up with the newer one.")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = folder / f".draft-{now:%Y%m%dT%H%M%S%f}"
    try:
        rows = _write(draft, _dumped(store, now))
        path = folder / f"warboard-{now.astimezone(UTC):%Y%m%dT%H%M%SZ}-{_digest(draft)}{SUFFIX}"
        _compare(draft, now)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    made = Backup(path, now, revision, rows)
    record(store, PROGRAM, "backup_made", now, path.name, {"rows": rows})
    for old in backups(folder)[:-keep] if keep else ():
        old.unlink()
    return made


def backups(folder: Path) -> list[Path]:
    """The backups in a folder, oldest first."""
    return sorted(folder.glob(f"warboard-*{SUFFIX}"))


def restore(path: Path, url: str, now: datetime) -> Backup:
    """Fill the store at a URL, which must be new, from a backup; BackupError when the file is not as it was written."""
    refuse_damaged(path)
    head = _head(path)
    if head["revision"] not in revisions():
        raise BackupError(f"The backup {path.name} was made by a newer Warboard. Restore it with that one.")
    with closing(Store.open(url, head["revision"])) as store:
        _refuse_used(store, head["revision"])
        rows = _fill(store, path)
    with closing(Store.open(url)) as store:
        record(store, PROGRAM, "backup_restored", now, path.name, {"rows": rows})
    return Backup(path, datetime.fromisoformat(head["made_at"]), head["revision"], rows)


def refuse_damaged(path: Path) -> None:
    """Raise BackupError when the file's bytes are not those it was named by."""
    if not path.is_file():
        raise BackupError(f"There is no backup {path}.")
    named = path.name.removesuffix(SUFFIX).rpartition("-")[2]
    if _digest(path) != named:
        raise BackupError(f"The backup {path.name} is not as it was written, or was renamed. Take another one.")


def revision_of(store: Store) -> str:
    """The revision of a store's tables."""
    with store.reading() as connection:
        return str(connection.scalar(text("SELECT version_num FROM alembic_version")))


# ---------------------------------------------------------------------------------------------------------------- write


def _dumped(store: Store, now: datetime) -> Iterator[list[Any] | dict[str, Any]]:
    """What a backup is made of: its head, then each table's head and rows; JSON values, everything of one moment."""
    with store.at_one_moment() as connection:
        tables = _tables(connection)
        version = connection.scalar(text("SELECT version_num FROM alembic_version"))
        yield {"backup": "warboard", "made_at": now.astimezone(UTC).isoformat(), "revision": version}
        for table in tables:
            yield {"table": table.name, "columns": [column.name for column in table.columns]}
            query = select(table).order_by(*(_ordered(connection, column) for column in table.primary_key))
            for row in connection.execution_options(yield_per=ROWS_AT_ONCE).execute(query):
                yield [_plain(value) for value in row]


def _tables(connection: Connection) -> list[Table]:
    """The tables that are backed up, as the database has them, those that others refer to first."""
    there = MetaData()
    there.reflect(connection)
    return [table for table in there.sorted_tables if table.name not in LEFT_OUT]


def _ordered(connection: Connection, column: Column[Any]) -> ColumnElement[Any]:
    """A column by its bytes: every database has an order of its own for words."""
    is_text = connection.dialect.name == "postgresql" and isinstance(column.type, String)
    return collate(column, "C") if is_text else column


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def _write(path: Path, lines: Iterable[list[Any] | dict[str, Any]]) -> int:
    """Write lines durably to a file only its owner can read; how many rows they hold."""
    path.touch(0o600)
    rows = 0
    # Without the time in its head, equal content gives equal bytes.
    with path.open("wb") as file, gzip.GzipFile("", "wb", fileobj=file, mtime=0) as packed:
        for line in lines:
            packed.write(json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode() + b"\n")
            rows += isinstance(line, list)
    return rows


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:32]


def _compare(path: Path, now: datetime) -> None:
    """Restore a backup into a store of its own and write that one too: both must be the same to the last byte."""
    with tempfile.TemporaryDirectory(prefix="warboard-backup-") as name:
        again = Path(name) / "again"
        with closing(Store.open(f"sqlite:///{name}/warboard.db", _head(path)["revision"])) as store:
            _fill(store, path)
            _write(again, _dumped(store, now))
        if _digest(again) != _digest(path):
            raise BackupError("What the backup restores is not what the store holds. Nothing was kept; report this.")


# -------------------------------------------------------------------------------------------------------------- restore


def _head(path: Path) -> dict[str, Any]:
    head: dict[str, Any] = next(_lines(path))
    return head


def _lines(path: Path) -> Iterator[Any]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        yield from map(json.loads, file)


def _refuse_used(store: Store, revision: str) -> None:
    """Raise BackupError unless the store is one that nobody has used, with tables as the backup has them."""
    used = "SELECT EXISTS (SELECT 1 FROM people) OR EXISTS (SELECT 1 FROM published)"
    with store.reading() as connection:
        is_used = connection.scalar(text(used))
    if is_used or revision_of(store) != revision:
        raise BackupError("The store is in use, and a backup replaces all of it. Name a new one in [store] url.")


def _fill(store: Store, path: Path) -> int:
    """Put a backup's rows in place of all rows, in one transaction; how many there are."""
    with store.writing() as connection:
        tables = {table.name: table for table in _tables(connection)}
        for table in reversed(tables.values()):
            connection.execute(delete(table))
        return sum(_put(connection, tables[name], columns, rows) for name, columns, rows in _parts(path))


def _parts(path: Path) -> Iterator[tuple[str, list[str], list[list[Any]]]]:
    """A backup's rows, some at a time, with their table and columns."""
    name, columns = "", list[str]()
    rows: list[list[Any]] = []
    for line in _lines(path):
        if isinstance(line, list):
            rows.append(line)
        if rows and (isinstance(line, dict) or len(rows) == ROWS_AT_ONCE):
            yield name, columns, rows
            rows = []
        if isinstance(line, dict) and "table" in line:
            name, columns = line["table"], line["columns"]
    if rows:
        yield name, columns, rows


def _put(connection: Connection, table: Table, columns: list[str], rows: list[list[Any]]) -> int:
    readers = [_reader(table.c[name]) for name in columns]
    given = [{name: read(value) for name, read, value in zip(columns, readers, row, strict=True)} for row in rows]
    connection.execute(insert(table), given)
    _count_on(connection, table)
    return len(given)


def _reader(column: Column[Any]) -> Callable[[Any], Any]:
    """How a column's values are read from JSON."""
    if isinstance(column.type, DateTime):
        return lambda value: value and datetime.fromisoformat(value)
    if isinstance(column.type, Date):
        return lambda value: value and date.fromisoformat(value)
    return (lambda value: null() if value is None else value) if isinstance(column.type, JSON) else lambda value: value


def _count_on(connection: Connection, table: Table) -> None:
    """PostgreSQL counts ids by itself and has to be told how far they have come."""
    key = table.primary_key.columns.values()[0] if table.primary_key else None
    if connection.dialect.name != "postgresql" or key is None or not _is_counted(connection, table, key):
        return
    last = select(func.setval(func.pg_get_serial_sequence(table.name, key.name), func.max(key)))
    connection.execute(last)


def _is_counted(connection: Connection, table: Table, key: Column[Any]) -> bool:
    return connection.scalar(select(func.pg_get_serial_sequence(table.name, key.name))) is not None
