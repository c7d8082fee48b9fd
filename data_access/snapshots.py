"""From snapshot files to one immutable snapshot, and the reader that swaps it for a newer one."""

import hashlib
import json
import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any, TypeVar, get_args, get_type_hints

import pandas as pd

from data_access.columns import Columns, UnreadableColumn, frame, parts_of, read_columns, release_memory, row_count
from data_access.snapshot_files import Folder, SnapshotError
from data_access.store import Store
from data_access.store.published import Heartbeat, Published, state
from metrics.snapshot import (
    Budget,
    Channel,
    EntityCount,
    Event,
    Frozen,
    Milestone,
    Project,
    Referrer,
    Snapshot,
    Staff,
    Target,
)

__all__ = ["Cache", "Folder", "Reader", "SnapshotError", "read"]

_LOG = logging.getLogger(__name__)
_FROM_TEXT: Mapping[type, Callable[[str], Any]] = {
    date: date.fromisoformat,
    datetime: datetime.fromisoformat,
    Decimal: Decimal,
}
T = TypeVar("T")


@dataclass
class Cache:
    """What the last snapshot was made of, so that the next one decodes only what changed; columns are views of frames."""

    columns: dict[str, Columns] = field(default_factory=dict)
    frames: dict[tuple[str, ...], pd.DataFrame] = field(default_factory=dict)


def read(folder: Folder, manifest: str, sequence: int, cache: Cache) -> Snapshot:
    """The whole snapshot of a manifest; SnapshotError names the file that is missing, corrupt or unusable."""
    content = folder.content(manifest)
    try:
        return _snapshot(folder, json.loads(content), hashlib.sha256(content).hexdigest(), sequence, cache)
    except (KeyError, TypeError, ValueError) as error:
        raise SnapshotError(f"The snapshot manifest {manifest} cannot be used: {error!r}.") from error


class Reader:
    """The snapshot this process shows: one immutable object, swapped whole when a newer one is published."""

    def __init__(self, store: Store, folder: Folder, on_change: Callable[[Snapshot], None] | None = None) -> None:
        self.last_error: str | None = None
        self._store = store
        self._folder = folder
        self._on_change = on_change
        self._cache = Cache()
        self._now: tuple[Snapshot | None, Heartbeat | None] = (None, None)
        self._polling = threading.Lock()
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def current(self) -> Snapshot | None:
        """The snapshot to show, or None before the first."""
        return self._now[0]

    def heartbeat(self) -> Heartbeat | None:
        """The last refresh that the current snapshot contains; it stands still while a newer one cannot be read."""
        return self._now[1]

    def poll(self) -> bool:
        """Look for a newer snapshot once; True when it was swapped in. On any error the old one stays."""
        with self._polling:
            try:
                return self._swap(*state(self._store))
            except Exception as error:  # whatever breaks, people keep what they have
                self._note(f"{type(error).__name__}: {error}")
                return False

    def start(self, every_seconds: float = 1.0) -> None:
        """Poll now and from now on, in a daemon thread of this process."""
        self.poll()
        self._stopped.clear()
        self._thread = threading.Thread(target=self._run, args=(every_seconds,), name="snapshots", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop polling."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self, every_seconds: float) -> None:
        while not self._stopped.wait(every_seconds):
            self.poll()

    def _swap(self, pointer: Published | None, heartbeat: Heartbeat | None) -> bool:
        shown = self._now[0]
        is_newer = pointer is not None and _is_newer(pointer, shown)
        if pointer is not None and is_newer:
            shown = read(self._folder, pointer.manifest, pointer.sequence, self._cache)
            if self._on_change is not None:
                self._on_change(shown)
        self._now = (shown, heartbeat)
        self.last_error = None
        if is_newer:
            release_memory()
        return is_newer

    def _note(self, error: str) -> None:
        if error != self.last_error:
            _LOG.warning("The last snapshot stays, a newer one cannot be read: %s", error)
        self.last_error = error


def _is_newer(pointer: Published, shown: Snapshot | None) -> bool:
    if shown is not None and pointer.sequence < shown.sequence:
        raise SnapshotError(
            f"The store went back from snapshot {shown.sequence} to {pointer.sequence}. Restart to show the older one."
        )
    return shown is None or pointer.sequence > shown.sequence


def _snapshot(folder: Folder, manifest: Mapping[str, Any], version: str, sequence: int, cache: Cache) -> Snapshot:
    lists = manifest["lists"]
    newest = manifest["newest_event"]
    return Snapshot(
        version=version,
        sequence=sequence,
        as_of=datetime.fromisoformat(manifest["as_of"]),
        newest_event=datetime.fromisoformat(newest) if newest else None,
        projects=_by_id(Project, lists["projects"]),
        channels=_by_id(Channel, lists["channels"]),
        staff=_by_id(Staff, lists["staff"]),
        referrers=_by_id(Referrer, lists["referrers"]),
        marts=MappingProxyType(_marts(folder, manifest["marts"], cache)),
        absent=MappingProxyType(dict(manifest["absent"])),
        windows=MappingProxyType(dict(manifest["windows"])),
        targets=_things(Target, lists["targets"]),
        milestones=_things(Milestone, lists["milestones"]),
        # A manifest of before budgets were read has none.
        budgets=_things(Budget, lists.get("budgets", ())),
        recent=_things(Event, lists["recent"]),
        frozen=_things(Frozen, lists["frozen"]),
        counts=_things(EntityCount, lists["counts"]),
        party_files=tuple(manifest["parties"]),
    )


def _marts(folder: Folder, marts: Mapping[str, list[str]], cache: Cache) -> dict[str, pd.DataFrame]:
    made = Cache()
    for files in marts.values():
        _add(folder, files, cache, made)
    cache.columns, cache.frames = made.columns, made.frames
    return {mart: made.frames[tuple(files)] for mart, files in marts.items()}


def _add(folder: Folder, files: list[str], old: Cache, made: Cache) -> None:
    """Add the frame of these files to what is made, from old parts where they are there."""
    parts = [_columns(folder, file, old) for file in files]
    whole = _frame(files, parts, old)
    made.frames[tuple(files)] = whole
    made.columns.update(zip(files, parts_of(whole, [row_count(part) for part in parts]), strict=True))


def _columns(folder: Folder, file: str, cache: Cache) -> Columns:
    if file in cache.columns:
        return cache.columns[file]
    try:
        return read_columns(folder.content(file))
    except UnreadableColumn as error:
        raise SnapshotError(f"The snapshot file {file} cannot be used: {error}.") from error


def _frame(files: list[str], parts: list[Columns], cache: Cache) -> pd.DataFrame:
    if tuple(files) in cache.frames:
        return cache.frames[tuple(files)]
    try:
        return frame(parts)
    except UnreadableColumn as error:
        raise SnapshotError(f"The snapshot files {', '.join(files)} do not fit together: {error}.") from error


def _by_id(kind: type[T], rows: Sequence[Mapping[str, Any]]) -> Mapping[str, T]:
    return MappingProxyType({row["id"]: thing for row, thing in zip(rows, _things(kind, rows), strict=True)})


def _things(kind: type[T], rows: Sequence[Mapping[str, Any]]) -> tuple[T, ...]:
    readers = _readers(kind)
    return tuple(kind(**{name: _value(readers.get(name), value) for name, value in row.items()}) for row in rows)


def _value(reader: Callable[[str], Any] | None, value: Any) -> Any:
    return value if value is None or reader is None else reader(value)


def _readers(kind: type[Any]) -> Mapping[str, Callable[[str], Any]]:
    """How the fields of a class that are not plain JSON are read from text."""
    hints = {name: {hint, *get_args(hint)} for name, hint in get_type_hints(kind).items()}
    return {name: read for name, kinds in hints.items() for one, read in _FROM_TEXT.items() if one in kinds}
