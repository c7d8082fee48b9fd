"""What SQLite needs to be a safe store: its journal, its file and the disk it lies on."""

import logging
import os
import sqlite3
from pathlib import Path
from typing import Literal

from sqlalchemy import URL, Engine, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

from data_access.store.errors import StoreError

BUSY_SECONDS = 10
_LOG = logging.getLogger(__name__)
NETWORK_FILE_SYSTEMS = frozenset(
    (
        "nfs",
        "nfs4",
        "cifs",
        "smb3",
        "smbfs",
        "afs",
        "ceph",
        "glusterfs",
        "lustre",
        "fuse.sshfs",
        "fuse.s3fs",
        "fuse.rclone",
    )
)


def journal_mode(version: str) -> Literal["wal", "delete"]:
    """WAL where this SQLite is free of the WAL-reset corruption (3.7.0 to 3.51.2), else the rollback journal."""
    major, minor, patch = (int(part) for part in version.split(".")[:3])
    if (major, minor) == (3, 44):
        return "wal" if patch >= 6 else "delete"
    if (major, minor) == (3, 50):
        return "wal" if patch >= 7 else "delete"
    withdrawn = (major, minor, patch) == (3, 52, 0)
    return "wal" if (major, minor, patch) >= (3, 51, 3) and not withdrawn else "delete"


def file_system(path: Path, mounts: str) -> str:
    """The kind of file system an absolute path lies on, from the text of /proc/mounts; "" when unknown."""
    kind, longest = "", -1
    for line in mounts.splitlines():
        _, point, name, *_ = line.split(" ")
        folder = point.encode().decode("unicode_escape")
        if path.is_relative_to(folder) and len(folder) >= longest:
            kind, longest = name, len(folder)
    return kind


def sqlite_engine(url: URL) -> Engine:
    """An engine on a SQLite file that only its owner can read; StoreError for memory or a network folder."""
    path = _path(url)
    _refuse_network(path)
    _make_private(path)
    engine = create_engine(url, hide_parameters=True, connect_args={"timeout": BUSY_SECONDS})
    mode = journal_mode(sqlite3.sqlite_version)
    if mode == "delete":
        _LOG.info("SQLite %s can corrupt a write-ahead log: using the rollback journal.", sqlite3.sqlite_version)

    @event.listens_for(engine, "connect")
    def prepare(connection: DBAPIConnection, entry: ConnectionPoolEntry) -> None:
        # Transactions begin where the store says so, not where the driver guesses.
        connection.isolation_level = None
        _prepare(connection, mode)

    return engine


def _path(url: URL) -> Path:
    if not url.database or url.database == ":memory:" or url.database.startswith("file:"):
        raise StoreError(f"The store {url} is not a file. Give a path, such as sqlite:///var/warboard.db.")
    return Path(url.database).absolute()


def _refuse_network(path: Path) -> None:
    mounts = Path("/proc/mounts")
    kind = file_system(path.resolve(), mounts.read_text(errors="replace")) if mounts.exists() else ""
    if kind in NETWORK_FILE_SYSTEMS:
        raise StoreError(
            f"The store {path} lies on a network file system ({kind}), where SQLite loses data. "
            "Move it to a local disk, or use PostgreSQL."
        )


def _make_private(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))


def _prepare(connection: DBAPIConnection, mode: str) -> None:
    cursor = connection.cursor()
    # EXTRA also survives a power cut just after a commit in rollback mode; FULL does not.
    for pragma in ("foreign_keys = ON", "synchronous = EXTRA"):
        cursor.execute(f"PRAGMA {pragma}")
    now = cursor.execute("PRAGMA journal_mode").fetchone()[0]
    if now != mode:
        now = cursor.execute(f"PRAGMA journal_mode = {mode}").fetchone()[0]
    cursor.close()
    if now != mode:
        raise StoreError(f"The store is in journal mode {now!r} and should be {mode!r}. Stop its other users once.")
