"""The folder of snapshot files: content named by its hash, written whole or not at all, never changed."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import threading
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

if TYPE_CHECKING:
    import duckdb

ROWS_PER_GROUP = 122_880
YOUNG = timedelta(minutes=10)
ABANDONED = timedelta(hours=1)
HOUR = len("2026-03-01T09")


class SnapshotError(Exception):
    """A snapshot file that cannot be written or read; the message names it."""


class Folder:
    """The folder of the snapshot files, private to its owner."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._asking = threading.Lock()
        path.mkdir(mode=0o700, parents=True, exist_ok=True)

    def put(
        self,
        connection: duckdb.DuckDBPyConnection,
        sql: str,
        name: str,
        repeating: Sequence[str] | None = None,
    ) -> str:
        """Write an ordered query as Parquet and return the file's name; equal rows give the same file.

        `repeating`: the columns whose values come again and again, None for all. Threads may put several at a time.
        """
        # DuckDB's own COPY marks columns by what it guesses about NULLs, so equal rows could give different files.
        with self._asking:
            table = connection.sql(sql).to_arrow_table()
        _refuse_huge(table.schema, name)
        draft = self._draft()
        try:
            _write(table.combine_chunks(), draft, repeating)
            return self._keep(draft, name, ".parquet")
        finally:
            draft.unlink(missing_ok=True)

    def put_manifest(self, manifest: Mapping[str, Any]) -> tuple[str, str]:
        """Write a manifest; its version (a hash of everything in it) and its file name."""
        content = _written(manifest)
        draft = self._draft()
        try:
            draft.write_bytes(content)
            name = self._keep(draft, "manifest", ".json")
        finally:
            draft.unlink(missing_ok=True)
        return hashlib.sha256(content).hexdigest(), name

    def prune(self, keep: int, now: datetime, published: str | None = None, young: timedelta = YOUNG) -> list[str]:
        """Remove files that neither the last `keep` manifests nor the published one need, and return their names."""
        ages = self._ages(now)
        manifests = sorted((name for name in ages if _is_manifest(name)), key=lambda name: ages[name])
        kept = [name for at, name in enumerate(manifests) if at < keep or name == published]
        needed = set(kept).union(*(_files(self.manifest(name)) for name in kept))
        gone = [name for name, age in ages.items() if name not in needed and age >= _patience(name, young)]
        for name in gone:
            (self.path / name).unlink(missing_ok=True)
        return sorted(gone)

    def shows(self, name: str, manifest: Mapping[str, Any]) -> bool:
        """Whether a written manifest shows the same as this one in the same hour; False when it cannot be read.

        What is today and which hours are the last 24 depends on as_of, though no number has changed.
        """
        try:
            there = self.manifest(name)
        except (SnapshotError, ValueError):
            return False
        here = json.loads(_written(manifest))
        return bool({**there, "as_of": there["as_of"][:HOUR]} == {**here, "as_of": here["as_of"][:HOUR]})

    def manifest(self, name: str) -> dict[str, Any]:
        """A manifest's content; SnapshotError when it is missing or corrupt."""
        manifest: dict[str, Any] = json.loads(self.content(name))
        return manifest

    def content(self, name: str) -> bytes:
        """A file's bytes; SnapshotError when it is missing or its bytes are not those it was named by."""
        try:
            content = (self.path / name).read_bytes()
        except OSError as error:
            raise SnapshotError(f"The snapshot file {name} cannot be read: {error.strerror}.") from error
        if _digest(content) != Path(name).stem.rpartition("-")[2]:
            raise SnapshotError(f"The snapshot file {name} is corrupt. Delete it and run a full refresh.")
        return content

    def _draft(self) -> Path:
        return self.path / f".draft-{secrets.token_hex(8)}"

    def _keep(self, draft: Path, name: str, suffix: str) -> str:
        """Give a finished draft its name, durably; a sound file of that name is only marked as young again."""
        draft.chmod(0o600)
        content = draft.read_bytes()
        file = f"{name}-{_digest(content)}{suffix}"
        target = self.path / file
        if target.exists() and target.read_bytes() == content:
            os.utime(target)
            return file
        _sync(draft)
        draft.replace(target)
        _sync(self.path)
        return file

    def _ages(self, now: datetime) -> dict[str, timedelta]:
        files = [entry for entry in os.scandir(self.path) if entry.is_file()]
        return {file.name: timedelta(seconds=now.timestamp() - file.stat().st_mtime) for file in files}


def _write(table: pa.Table, path: Path, repeating: Sequence[str] | None) -> None:
    once = True if repeating is None else list(repeating)
    pq.write_table(
        table, path, compression="zstd", row_group_size=ROWS_PER_GROUP, store_schema=False, use_dictionary=once
    )


def _refuse_huge(schema: pa.Schema, name: str) -> None:
    huge = [column.name for column in schema if column.type == pa.decimal128(38, 0)]
    if huge:
        raise SnapshotError(
            f"{name} has HUGEINT columns, as sum() returns them: {', '.join(huge)}. Cast them to BIGINT."
        )


def _written(manifest: Mapping[str, Any]) -> bytes:
    # JSON objects are written in the order of their names, and the order of the steps means something.
    ordered = {**manifest, "windows": list(manifest["windows"].items())}
    return json.dumps(ordered, default=_plain, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _is_manifest(name: str) -> bool:
    return name.startswith("manifest-") and name.endswith(".json")


def _files(manifest: Mapping[str, Any]) -> set[str]:
    return {file for files in manifest["marts"].values() for file in files} | set(manifest["parties"])


def _patience(name: str, young: timedelta) -> timedelta:
    return max(young, ABANDONED) if name.startswith(".") else young


def _plain(value: Any) -> str:
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, date):  # a datetime is one too
        return value.isoformat()
    raise TypeError(f"{value!r} cannot stand in a manifest. Give text, numbers, dates or decimals.")
