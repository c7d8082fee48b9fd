"""The replica: a DuckDB file with the canonical entities, kept equal to the source by pulls."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb

from data_access.canonical import Zones, declared, stored_columns
from data_access.pull import Context, Depth, EntityPull, EntityReport, Progress
from data_access.settings import Settings
from data_access.source import Reading
from metrics.entities import ENTITIES, Entity

__all__ = ["Depth", "EntityReport", "PullReport", "Replica"]

_OWN_TABLES = {
    "mapped": "entity VARCHAR, col VARCHAR",
    "quarantine": "entity VARCHAR, id VARCHAR, col VARCHAR, reason VARCHAR, seen_at TIMESTAMP, mark VARCHAR",
    "entity_state": (
        "entity VARCHAR, fingerprint VARCHAR, stamp VARCHAR, watermark TIMESTAMP, midnights VARCHAR, "
        "last_full_at TIMESTAMP, last_keys_at TIMESTAMP, frozen_since TIMESTAMP, retry_at TIMESTAMP, error VARCHAR, "
        "rows BIGINT"
    ),
}

SETTLE_BYTES = 2**26
MEMORY = "768MB"
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class PullReport:
    """What one pull did; `clock` is the source's clock at its start, naive in the group's zone."""

    clock: datetime
    depth: Depth
    entities: tuple[EntityReport, ...]
    seconds: float

    def entity(self, name: str) -> EntityReport:
        """The report of one entity; KeyError when it took no part."""
        for report in self.entities:
            if report.entity == name:
                return report
        raise KeyError(name)

    @property
    def changed(self) -> bool:
        """Whether any row of any entity is not what it was before."""
        return any(report.changed for report in self.entities)


class Replica:
    """The DuckDB file; one process at a time may have it open."""

    def __init__(self, path: Path | str, key: bytes, *, zone: str, source_zone: str | None = None) -> None:
        if str(path) != ":memory:":
            Path(path).parent.mkdir(parents=True, exist_ok=True)
        self.zones = Zones(source_zone or zone, zone)
        self._key = key
        self._log = Path(f"{path}.wal")
        self.connection = duckdb.connect(str(path))
        self.connection.execute("SET TimeZone = 'UTC'")
        self._bound_memory(Path(path))
        self.connection.execute("SET checkpoint_threshold = '1TB'")
        # Packing texts as tightly as it can takes DuckDB longer than everything it is asked about them.
        self.connection.execute("SET disabled_compression_methods = 'dict_fsst, fsst, bitpacking'")
        for name, columns in _OWN_TABLES.items():
            self.connection.execute(f"CREATE TABLE IF NOT EXISTS {name} ({columns})")
        self._make_tables()
        self._holding_changes = set(ENTITIES)
        self._seen: dict[str, bytes] = {}
        self._committed: dict[str, bytes] = {}

    def _bound_memory(self, path: Path) -> None:
        """Keep to a part of this machine's memory; what does not fit is set aside beside the file."""
        if str(path) == ":memory:":
            self.connection.execute("SET temp_directory = ''")
            return
        aside = path.with_name("aside")
        aside.mkdir(mode=0o700, exist_ok=True)
        for left in aside.iterdir():  # by a process that was killed
            left.unlink()
        place = str(aside).replace("'", "''")
        self.connection.execute(f"SET temp_directory = '{place}'")
        self.connection.execute(f"SET memory_limit = '{MEMORY}'")

    def close(self) -> None:
        """Write everything into the file and let go of it."""
        self.connection.close()

    def settle(self) -> None:
        """Fold what was committed into the file once enough of it has gathered; done between refreshes, for it takes seconds."""
        if not self._log.exists() or self._log.stat().st_size <= SETTLE_BYTES:
            return
        try:
            self.connection.execute("CHECKPOINT")
        except duckdb.Error as error:  # such as a full disk; what was committed is safe in the log
            _LOG.warning("The replica could not be folded, trying again after the next refresh: %s", error)

    @contextmanager
    def transaction(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Everything inside happens or, when it raises, nothing does."""
        self.connection.execute("BEGIN")
        self._seen = dict(self._committed)
        try:
            yield self.connection
        except BaseException:
            self._holding_changes = set(ENTITIES)
            self.connection.execute("ROLLBACK")
            raise
        self.connection.execute("COMMIT")
        self._committed = self._seen

    def pull(
        self, reading: Reading, settings: Settings, *, depth: Depth, now: datetime, progress: Progress | None = None
    ) -> PullReport:
        """Bring every mapped entity up to the source inside the caller's transaction, and report each.

        Leaves old_<entity> and new_<entity>; an entity that cannot be read keeps its last good rows. SourceError.
        """
        began = time.monotonic()
        context = Context(self.connection, self._key, self.zones, reading, settings.refresh, now, self._seen, progress)
        self._clear_changes()
        known, reports = self._known(), []
        for entity in ENTITIES.values():
            if mapping := settings.entities.get(entity.name):
                reports.append(EntityPull(context, entity, mapping).run(depth))
            elif entity.name in known:
                reports.append(self._forget(entity))
        self._holding_changes = {report.entity for report in reports if report.changed}
        return PullReport(reading.clock(), depth, tuple(reports), time.monotonic() - began)

    @property
    def changed(self) -> frozenset[str]:
        """The entities whose rows may differ from before the last pull; all of them when none was committed yet or one was undone."""
        return frozenset(self._holding_changes)

    def _make_tables(self) -> None:
        """Make every entity's table; one that an earlier version made with other columns is read anew."""
        found: dict[str, list[tuple[str, str]]] = {}
        sql = "SELECT table_name, column_name, data_type FROM duckdb_columns() WHERE schema_name = 'main' ORDER BY column_index"
        for table, column, kind in self.connection.execute(sql).fetchall():
            found.setdefault(table, []).append((column, kind))
        for entity in ENTITIES.values():
            columns = stored_columns(entity)
            if found.get(entity.name) != list(columns.items()):
                self.connection.execute(f"CREATE OR REPLACE TABLE {entity.name} ({declared(columns)})")
                self.connection.execute("DELETE FROM entity_state WHERE entity = ?", [entity.name])

    def _clear_changes(self) -> None:
        """Empty the tables of changes that the last pull filled, and make those that are not there."""
        for name in self._holding_changes:
            columns = declared(stored_columns(ENTITIES[name]))
            if self._is_view(f"new_{name}"):
                self.connection.execute(f"DROP VIEW new_{name}")
            for which in ("old", "new"):
                self.connection.execute(f"CREATE OR REPLACE TEMP TABLE {which}_{name} ({columns})")

    def _is_view(self, name: str) -> bool:
        return bool(self.connection.execute("SELECT 1 FROM duckdb_views() WHERE view_name = ?", [name]).fetchall())

    def _known(self) -> set[str]:
        return {name for (name,) in self.connection.execute("SELECT entity FROM entity_state").fetchall()}

    def _forget(self, entity: Entity) -> EntityReport:
        """Empty an entity that is no longer mapped; its rows are what was there before."""
        self._seen.pop(entity.name, None)
        self.connection.execute(f"INSERT INTO old_{entity.name} FROM {entity.name}")
        self.connection.execute(f"DELETE FROM {entity.name}")
        for table in _OWN_TABLES:
            self.connection.execute(f"DELETE FROM {table} WHERE entity = ?", [entity.name])
        before = int(self.connection.execute(f"SELECT count(*) FROM old_{entity.name}").fetchall()[0][0])
        return EntityReport(entity.name, deleted=before, rows_before=before)
