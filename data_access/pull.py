"""One pull of one entity: read from the source, understood, compared with the replica and applied."""

import hashlib
import hmac
import json
import logging
import time
from collections import deque
from collections.abc import Callable, Generator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal

import duckdb
import pyarrow as pa

from data_access.canonical import (
    RULES,
    Canonical,
    Form,
    Zones,
    declared,
    hmac_pads,
    incoming_columns,
    is_day_aware,
    stored_columns,
    understood,
    zoned,
)
from data_access.settings import EntityMapping, Refresh, SettingError, refuse_face_data, require_columns
from data_access.source import Batch, ReadError, Reading
from data_access.stamps import bound, comparable, shapes
from metrics.entities import Entity
from metrics.nearest import nearest

Depth = Literal["changes", "keys", "full"]
Progress = Callable[[str, int], None]

SMALL_ROWS = 20_000
MOST_UNSTAMPED = 0.01
FEW_ROWS = 20
IN_FLIGHT = 3
_LOG = logging.getLogger(__name__)
LOAD_ROWS = 100_000
"""So many rows are loaded by one statement: it costs as much as understanding thousands of them."""


@dataclass(frozen=True)
class EntityReport:
    """What one pull did to one entity; `error` says why its last good rows were kept."""

    entity: str
    rows_read: int = 0
    inserted: int = 0
    updated: int = 0
    deleted: int = 0
    quarantined: int = 0
    rows_before: int = 0
    rows_after: int = 0
    error: str = ""
    frozen_since: datetime | None = None
    seconds: float = 0.0

    @property
    def changed(self) -> bool:
        """Whether any row is not what it was before."""
        return bool(self.inserted or self.updated or self.deleted)


@dataclass(frozen=True)
class State:
    """What the replica remembers of an entity between pulls."""

    entity: str
    fingerprint: str = ""
    stamp: str | None = None
    watermark: datetime | None = None
    midnights: str = "{}"
    last_full_at: datetime | None = None
    last_keys_at: datetime | None = None
    frozen_since: datetime | None = None
    retry_at: datetime | None = None
    error: str = ""
    rows: int = 0


@dataclass(frozen=True)
class Context:
    """What all entities of one pull share; `seen` has a digest of what was read last of an entity without bad rows."""

    connection: duckdb.DuckDBPyConnection
    key: bytes
    zones: Zones
    reading: Reading
    refresh: Refresh
    now: datetime
    seen: dict[str, bytes]
    progress: Progress | None = None


class _NeedsWholeError(Exception):
    """What was read shows that the whole entity has to be read."""


class _NewestIsGoneError(Exception):
    """The newest row that was known is there no more."""


class _DuplicatesError(Exception):
    """Ids that stand for more than one row."""


class EntityPull:
    """One entity's part of one pull, inside the caller's transaction."""

    def __init__(self, context: Context, entity: Entity, mapping: EntityMapping) -> None:
        self._context = context
        self._entity = entity
        self._mapping = mapping
        self._name = entity.name
        self._state = state_of(context.connection, entity.name)
        self._fingerprint = _fingerprint(context, mapping)
        self._before = self._number(f"SELECT count(*) FROM {entity.name}")
        self._canonical = Canonical(entity, mapping, context.zones)
        self._counts = {"inserted": 0, "updated": 0, "deleted": 0}
        self._rows_read = 0
        self._present: frozenset[str] = frozenset()
        self._stamp_shapes: set[str] = set()
        self._waiting: list[pa.Table] = []
        self._forms: dict[str, Form] = {}
        self._is_loading = False
        self._digest: bytes | None = None

    def run(self, depth: Depth) -> EntityReport:
        """Read what the depth asks for; an entity that cannot be read is frozen with its last good rows."""
        began = time.monotonic()
        how = self._how(depth)
        if how is None:
            return self._report(began)
        seen = self._context.seen.pop(self._name, None)
        try:
            self._refreshed(how, seen if depth == "changes" else None)
        except (ReadError, SettingError, _DuplicatesError) as error:
            self._freeze(error)
            self._digest = None
        if self._is_loading:
            for table in ("incoming", "keys", "known"):
                self._execute(f"DROP TABLE IF EXISTS {table}_{self._name}")
        report = self._report(began)
        if self._digest and not report.quarantined:
            self._context.seen[self._name] = self._digest
        return report

    def _how(self, depth: Depth) -> Depth | None:
        """What to do in this pull; None when the entity's turn has not come."""
        state, now = self._state, self._context.now
        is_new = state.fingerprint != self._fingerprint
        if depth == "full" or is_new or state.frozen_since or not state.last_full_at:
            return None if self._waits(depth) else "full"
        if self._entity.key and state.stamp and state.watermark:
            return depth
        compare_at = state.last_full_at + timedelta(seconds=self._context.refresh.compare_every_seconds)
        return None if self._before >= SMALL_ROWS and state.last_full_at <= now < compare_at else "full"

    def _waits(self, depth: Depth) -> bool:
        """A big entity that failed after it was read whole is not read whole again at once."""
        is_same = self._state.fingerprint == self._fingerprint
        retry_at = self._state.retry_at
        return bool(is_same and depth != "full" and retry_at and self._context.now < retry_at)

    def _refreshed(self, how: Depth, seen: bytes | None) -> None:
        try:
            self._attempt(how, seen)
        except _NeedsWholeError:
            self._refreshed("full", None)
        except _NewestIsGoneError:
            _LOG.warning(
                "%s: its newest row is gone; is the source an older copy? All its ids are compared.", self._name
            )
            self._refreshed("keys", None)
        except ReadError as error:
            if not error.as_text:
                raise
            with self._context.reading.as_text():
                self._attempt("full", None, as_text=True)

    def _attempt(self, how: Depth, seen: bytes | None, *, as_text: bool = False) -> None:
        self._read(how)
        self._digest = self._digested(how)
        if self._digest and self._digest == seen:
            self._unchanged(how)
            return
        self._load_waiting()
        if how == "changes":
            self._require_newest()
        self._refuse_duplicates(f"incoming_{self._name}")
        if how == "full":
            self._refuse_unusable()
        midnights = self._midnights(how)
        self._apply(how, self._final(midnights))
        self._quarantine(how)
        self._describe()
        stamp = self._state.stamp if how != "full" else None if as_text else self._stamp()
        self._advance(how, stamp, json.dumps(midnights))

    # Reading

    def _read(self, how: Depth) -> None:
        self._rows_read, self._present, self._stamp_shapes = 0, frozenset(), set()
        self._waiting, self._is_loading = [], False
        reading, mapping = self._context.reading, self._mapping
        self._fill(reading.batches(mapping, None if how == "full" else self._since()), whole=how == "full")
        if how != "keys":
            return
        self._load_waiting()
        if unlike := self._unlike():
            self._fill(reading.rows_of(mapping, unlike), whole=False)

    def _digested(self, how: Depth) -> bytes | None:
        """A digest of all that was read; None when some of it is loaded already."""
        if self._is_loading:
            return None
        digest = hashlib.sha256(f"{how} {self._fingerprint} {sorted(self._present)}".encode())
        for table in self._waiting:
            digest.update(str(table.schema).encode())
            for batch in table.to_batches():
                digest.update(batch.serialize())
        return digest.digest()

    def _unchanged(self, how: Depth) -> None:
        """What was read is what was read last, and stands in the replica already."""
        if how == "full":
            self._state = replace(self._state, last_full_at=self._context.now)
            remember(self._context.connection, self._state)

    def _since(self) -> Any:
        assert self._state.watermark is not None and self._state.stamp is not None
        start = self._state.watermark - timedelta(minutes=self._context.refresh.overlap_minutes)
        return bound(self._state.stamp, start, self._context.zones.source)

    def _fill(self, batches: Generator[Batch, None, None], *, whole: bool) -> None:
        """Understand batches and load most of them into the incoming table, each while the next is being read."""
        with closing(batches), ThreadPoolExecutor(1) as loader:
            loading: deque[Future[None]] = deque()
            for batch in batches:
                self._prepare(batch.names, whole=whole)
                if not batch.rows:
                    continue
                loading.append(loader.submit(self._take, batch))
                if len(loading) == IN_FLIGHT:
                    loading.popleft().result()
                self._rows_read += len(batch.rows)
                if self._context.progress:
                    self._context.progress(self._name, self._rows_read)
            for one in loading:
                one.result()

    def _take(self, batch: Batch) -> None:
        """Understand a batch; it is loaded together with others that hold the same."""
        table, forms = understood(batch.table())
        if (self._waiting and forms != self._forms) or sum(map(len, self._waiting)) >= LOAD_ROWS:
            self._load_waiting()
        self._forms = forms
        self._waiting.append(table.combine_chunks())

    def _load_waiting(self) -> None:
        if not self._is_loading:
            columns = declared(incoming_columns(self._entity, self._present))
            self._execute(f"CREATE OR REPLACE TEMP TABLE incoming_{self._name} ({columns})")
            self._is_loading = True
        if not self._waiting:
            return
        table, self._waiting = pa.concat_tables(self._waiting), []
        if "updated_at" in self._forms:
            self._stamp_shapes |= shapes(table.column("updated_at"), self._forms["updated_at"])
        self._load(table, self._canonical.insert(self._forms))

    def _load(self, table: pa.Table, sql: str) -> None:
        """Run SQL over a table called batch, which stays in memory; the key is bound and never part of the SQL."""
        values = {"clock": self._context.reading.clock(self._context.zones.source), **hmac_pads(self._context.key)}
        self._context.connection.register("batch", table)
        self._execute(sql, {name: value for name, value in values.items() if f"${name}" in sql})
        self._context.connection.unregister("batch")

    def _prepare(self, names: Sequence[str], *, whole: bool) -> None:
        """Note the columns once the first batch shows which there are; SettingError or ReadError when they are not right."""
        present = frozenset(names) | frozenset(self._mapping.constants)
        if present == self._present:
            return
        key = f"entities.{self._name}"
        refuse_face_data(key, names)
        for name in names:
            if list(names).count(name) > 1:
                raise ReadError(f"{key} returns the column {name!r} twice. Return it once.")
            if name not in self._entity.column_names:
                known = nearest(name, self._entity.column_names)
                raise ReadError(f"{key} returns {name!r}, which is no column of {self._name}. {known}")
        require_columns(key, self._entity, present)
        if not whole and present != self._mapped():
            raise _NeedsWholeError
        self._present = present

    def _mapped(self) -> set[str]:
        """The columns that the entity had when it was read last."""
        return {col for (col,) in self._rows("SELECT col FROM mapped WHERE entity = ?", [self._name])}

    def _unlike(self) -> list[Any]:
        """The ids, as the source holds them, of rows not read yet whose stamp differs or is unknown."""
        name = self._name
        self._execute(f"CREATE OR REPLACE TEMP TABLE keys_{name} (n BIGINT, id VARCHAR, updated_at TIMESTAMP)")
        raw: list[Any] = []
        for batch in self._context.reading.keys(self._mapping):
            table, forms = understood(batch.table())
            numbers = pa.array(range(len(raw), len(raw) + table.num_rows), pa.int64())
            self._load(table.append_column("n", numbers), self._canonical.insert_keys(forms))
            raw += [row[0] for row in batch.rows]
        self._refuse_duplicates(f"keys_{name}")
        unlike = self._rows(
            f"SELECT k.n FROM keys_{name} k LEFT JOIN {name} t ON t.id = k.id WHERE k.id IS NOT NULL "
            "AND (t.id IS NULL OR k.updated_at IS NULL OR k.updated_at IS DISTINCT FROM t.updated_at) "
            f"AND k.id NOT IN (SELECT id FROM incoming_{name} WHERE id IS NOT NULL)"
        )
        if len(unlike) > SMALL_ROWS:
            raise _NeedsWholeError
        return [raw[n] for (n,) in unlike]

    def _refuse_duplicates(self, table: str) -> None:
        if not self._entity.key:
            return
        twice = self._rows(
            f"SELECT id FROM {table} WHERE id IS NOT NULL GROUP BY id HAVING count(*) > 1 ORDER BY id LIMIT 5"
        )
        if twice:
            raise _DuplicatesError(
                f"{self._name}: several rows have the same id, such as {', '.join(one for (one,) in twice)}. "
                f"Make the ids of [entities.{self._name}] unique."
            )

    def _require_newest(self) -> None:
        """Raise when no row is as new as the newest that was known: it was deleted, or the source went back in time."""
        newest, known = self._newest(), self._state.watermark
        if newest is None or (known is not None and newest < known):
            raise _NewestIsGoneError

    def _refuse_unusable(self) -> None:
        """Rows that are bad to the last one speak of the mapping, not of the rows; a few may happen to be bad."""
        if self._rows_read < FEW_ROWS or self._number(f"SELECT count(*) FROM incoming_{self._name} WHERE _bad = ''"):
            return
        fault = self._rows(f"SELECT mode(_bad) FROM incoming_{self._name}")[0][0]
        raise ReadError(
            f"{self._name}: none of its {self._rows_read:,} rows can be used: {fault.replace('=', ' is ')}. "
            f"Correct [entities.{self._name}]."
        )

    # Understanding

    def _midnights(self, how: Depth) -> dict[str, bool]:
        """For each time column whether its midnights are days without time; absent while it holds no time at all."""
        columns = [one.name for one in self._entity.columns if is_day_aware(one) and one.name in self._present]
        known: dict[str, bool] = {} if how == "full" else json.loads(self._state.midnights)
        for column, found in self._only_midnights(columns).items():
            if column in known and known[column] and not found or column not in known and how != "full":
                raise _NeedsWholeError
            known.setdefault(column, found)
        return known

    def _only_midnights(self, columns: Sequence[str]) -> dict[str, bool]:
        """Whether every good time in a column is a midnight; columns without a time are left out."""
        chosen = {*self._mapping.day_only, *self._mapping.timed}
        open_columns = [column for column in columns if column not in chosen]
        if not open_columns:
            return {}
        tests = ", ".join(
            f"bool_and(\"{column}\" = date_trunc('day', \"{column}\")) FILTER (_{column} <> 'day')"
            for column in open_columns
        )
        found = self._rows(f"SELECT {tests} FROM incoming_{self._name} WHERE _bad = ''")[0]
        return {column: only for column, only in zip(open_columns, found, strict=True) if only is not None}

    def _final(self, midnights: Mapping[str, bool]) -> str:
        """The SELECT of the good incoming rows as they stand in the replica."""
        arrived = incoming_columns(self._entity, self._present)
        values = {name: f'"{name}"' if name in arrived else "NULL" for name in stored_columns(self._entity)}
        for column in [one.name for one in self._entity.columns if is_day_aware(one)]:
            flag = self._day_only(column, midnights)
            values[f"{column}_day_only"] = flag
            if column in self._present:
                name = f'"{column}"'
                moment = f"CASE WHEN _{column} = 'naive' THEN {zoned(name, self._context.zones)} ELSE {name} END"
                values[column] = f"CASE WHEN {flag} THEN date_trunc('day', {name}) ELSE {moment} END"
        listed = ", ".join(f'{value} AS "{name}"' for name, value in values.items())
        return f"SELECT {listed} FROM incoming_{self._name} WHERE _bad = ''"

    def _day_only(self, column: str, midnights: Mapping[str, bool]) -> str:
        if column in self._mapping.timed or column not in self._present:
            return "false"
        if column in self._mapping.day_only or midnights.get(column):
            return f'("{column}" IS NOT NULL)'
        return f"coalesce(_{column} = 'day' AND \"{column}\" IS NOT NULL, false)"

    # Applying

    def _apply(self, how: Depth, final: str) -> None:
        if not self._before:
            self._fill_empty(final)
        elif self._entity.key:
            self._apply_by_id(how, final)
        else:
            self._apply_as_multiset(final)

    def _fill_empty(self, final: str) -> None:
        """Put the first rows where there were none; what is new is then all there is, without a copy."""
        self._execute(f"INSERT INTO {self._name} {final}")
        if inserted := self._number(f"SELECT count(*) FROM {self._name}"):
            self._execute(f"DROP TABLE new_{self._name}")
            self._execute(f"CREATE TEMP VIEW new_{self._name} AS FROM {self._name}")
            self._counts["inserted"] = inserted

    def _apply_by_id(self, how: Depth, final: str) -> None:
        name, known = self._name, self._known(how)
        differs = " OR ".join(f'f."{one}" IS DISTINCT FROM t."{one}"' for one in stored_columns(self._entity))
        self._execute(
            f"INSERT INTO new_{name} SELECT f.* FROM ({final}) f LEFT JOIN {known} t ON t.id = f.id "
            f"WHERE t.id IS NULL OR {differs}"
        )
        # One insert: DuckDB 2.0 does not find again what is inserted after nothing in the transaction that made the table.
        self._execute(
            f"INSERT INTO old_{name} SELECT t.* EXCLUDE (place) FROM {known} t WHERE t.id IN ({self._leaving(how)})"
        )
        updated = self._number(f"SELECT count(*) FROM old_{name} WHERE id IN (SELECT id FROM new_{name})")
        if deleted := self._number(f"SELECT count(*) FROM old_{name}"):
            places = f"SELECT place FROM {known} WHERE id IN (SELECT id FROM old_{name})"
            self._execute(f"DELETE FROM {name} WHERE rowid IN ({places})")
        inserted = self._number(f"SELECT count(*) FROM new_{name}")
        if inserted:
            self._execute(f"INSERT INTO {name} FROM new_{name}")
        self._counts = {"inserted": inserted - updated, "updated": updated, "deleted": deleted - updated}

    def _known(self, how: Depth) -> str:
        """The replica's rows that may change; when few are read they are looked up once, for comparing a million ids takes long."""
        name, rows = self._name, f"(SELECT rowid AS place, * FROM {self._name})"
        if how != "changes":
            return rows
        self._execute(
            f"CREATE OR REPLACE TEMP TABLE known_{name} AS FROM {rows} WHERE id IN (SELECT id FROM incoming_{name})"
        )
        return f"known_{name}"

    def _leaving(self, how: Depth) -> str:
        """The ids of replica rows that are replaced or no longer good rows of the source, as far as this reading can tell."""
        name, incoming = self._name, f"SELECT id FROM incoming_{self._name} WHERE id IS NOT NULL AND _bad"
        replaced = f"SELECT id FROM new_{name}"
        if how == "full":
            return f"{replaced} UNION (SELECT id FROM {name} EXCEPT {incoming} = '')"
        gone = f"{replaced} UNION {incoming} <> ''"
        return f"{gone} UNION (SELECT id FROM {name} EXCEPT SELECT id FROM keys_{name})" if how == "keys" else gone

    def _apply_as_multiset(self, final: str) -> None:
        name = self._name
        self._execute(f"INSERT INTO new_{name} ({final}) EXCEPT ALL FROM {name}")
        self._execute(f"INSERT INTO old_{name} FROM {name} EXCEPT ALL ({final})")
        inserted = self._number(f"SELECT count(*) FROM new_{name}")
        deleted = self._number(f"SELECT count(*) FROM old_{name}")
        if inserted or deleted:
            self._execute(f"DELETE FROM {name}")
            self._execute(f"INSERT INTO {name} {final}")
        self._counts = {"inserted": inserted, "updated": 0, "deleted": deleted}

    def _quarantine(self, how: Depth) -> None:
        """List the bad rows just read instead of what was known of them; a row that is good again is listed no more."""
        entity = self._name
        if not self._rows(
            f"SELECT 1 FROM incoming_{entity} WHERE _bad <> '' UNION ALL SELECT 1 FROM quarantine WHERE entity = ? LIMIT 1",
            [entity],
        ):
            return
        entity_id = "id" if "id" in self._present else "NULL"
        bad = f"SELECT {entity_id} AS id, _bad, {self._mark()} AS mark FROM incoming_{self._name} i WHERE _bad <> ''"
        self._execute(
            "CREATE OR REPLACE TEMP TABLE seen AS SELECT mark, min(seen_at) AS seen_at FROM quarantine "
            "WHERE entity = ? GROUP BY mark",
            [self._name],
        )
        read_again = f"mark IN (SELECT {self._mark()} FROM incoming_{self._name} i)"
        gone = f" OR id NOT IN (SELECT id FROM keys_{self._name} WHERE id IS NOT NULL)" if how == "keys" else ""
        known = "true" if how == "full" else f"({read_again}{gone})"
        self._execute(f"DELETE FROM quarantine WHERE entity = ? AND {known}", [self._name])
        self._execute(
            "INSERT INTO quarantine SELECT ?, id, split_part(fault, '=', 1), split_part(fault, '=', 2), "
            "coalesce(seen.seen_at, ?::TIMESTAMP), mark "
            f"FROM (SELECT id, mark, unnest(string_split(_bad, ',')) AS fault FROM ({bad})) LEFT JOIN seen USING (mark)",
            [self._name, self._context.now],
        )

    def _mark(self) -> str:
        """What tells a row apart in quarantine: its id, else a digest of what was understood of it."""
        digest = "md5(i::VARCHAR)"
        return f"coalesce(id, {digest})" if self._entity.key else digest

    def _describe(self) -> None:
        if self._mapped() == self._present:
            return
        self._execute("DELETE FROM mapped WHERE entity = ?", [self._name])
        self._execute("INSERT INTO mapped SELECT ?, unnest(?)", [self._name, sorted(self._present)])

    # Remembering

    def _stamp(self) -> str | None:
        """How stamps are written; None when too many are missing to read by them."""
        if "updated_at" not in self._present:
            return None
        rows, stamped = self._rows(f"SELECT count(*), count(updated_at) FROM incoming_{self._name} WHERE _bad = ''")[0]
        return comparable(self._stamp_shapes) if rows - stamped <= rows * MOST_UNSTAMPED else None

    def _newest(self) -> datetime | None:
        """The newest stamp of the good rows just read."""
        return self._newest_of(f"incoming_{self._name} WHERE _bad = ''")

    def _newest_of(self, rows: str) -> datetime | None:
        if "updated_at" not in self._present:
            return None
        newest: datetime | None = self._rows(f"SELECT max(updated_at) FROM {rows}")[0][0]
        return newest

    def _advance(self, how: Depth, stamp: str | None, midnights: str) -> None:
        newest = self._newest_of(self._name) if how == "keys" else self._newest()
        clock = self._context.reading.clock(self._context.zones.source)
        now = self._context.now
        self._state = replace(
            self._state,
            fingerprint=self._fingerprint,
            stamp=stamp,
            watermark=min(newest, clock) if newest else None,
            midnights=midnights,
            last_full_at=now if how == "full" else self._state.last_full_at,
            last_keys_at=now if how != "changes" else self._state.last_keys_at,
            frozen_since=None,
            retry_at=None,
            error="",
            rows=self._number(f"SELECT count(*) FROM {self._name}"),
        )
        remember(self._context.connection, self._state)

    def _freeze(self, error: Exception) -> None:
        now = self._context.now
        pause = timedelta(seconds=self._context.refresh.compare_every_seconds)
        was_long = isinstance(error, _DuplicatesError) and self._rows_read >= SMALL_ROWS
        self._state = replace(
            self._state,
            fingerprint=self._fingerprint,
            error=str(error),
            frozen_since=self._state.frozen_since or self._context.reading.clock(self._context.zones.group),
            retry_at=now + pause if was_long else None,
        )
        remember(self._context.connection, self._state)

    def _report(self, began: float) -> EntityReport:
        return EntityReport(
            self._name,
            rows_read=self._rows_read,
            **self._counts,
            quarantined=quarantined(self._context.connection, self._name),
            rows_before=self._before,
            rows_after=self._number(f"SELECT count(*) FROM {self._name}"),
            error=self._state.error,
            frozen_since=self._state.frozen_since,
            seconds=time.monotonic() - began,
        )

    def _execute(self, sql: str, values: Any = None) -> None:
        self._context.connection.execute(sql, values).fetchall()

    def _rows(self, sql: str, values: Any = None) -> list[tuple[Any, ...]]:
        return self._context.connection.execute(sql, values).fetchall()

    def _number(self, sql: str) -> int:
        return int(self._rows(sql)[0][0])


def state_of(connection: duckdb.DuckDBPyConnection, entity: str) -> State:
    """What is remembered of an entity; a blank state for one never read."""
    found = connection.execute("SELECT * FROM entity_state WHERE entity = ?", [entity]).fetchall()
    return State(*found[0]) if found else State(entity)


def remember(connection: duckdb.DuckDBPyConnection, state: State) -> None:
    """Keep an entity's state in place of the one before."""
    connection.execute("DELETE FROM entity_state WHERE entity = ?", [state.entity]).fetchall()
    values = list(vars(state).values())
    connection.execute(f"INSERT INTO entity_state VALUES ({', '.join('?' * len(values))})", values).fetchall()


def quarantined(connection: duckdb.DuckDBPyConnection, entity: str) -> int:
    """The number of an entity's rows in quarantine; a row with several faults counts once."""
    faults = "SELECT mark, count(*) AS n FROM quarantine WHERE entity = ? GROUP BY mark, col, reason"
    rows = connection.execute(
        f"SELECT coalesce(sum(n), 0) FROM (SELECT max(n) AS n FROM ({faults}) GROUP BY mark)", [entity]
    ).fetchall()
    return int(rows[0][0])


def _fingerprint(context: Context, mapping: EntityMapping) -> str:
    """Changes whenever rows read before would now be understood differently."""
    key = hmac.new(context.key, b"fingerprint", hashlib.sha256).hexdigest()
    what = [vars(mapping), vars(context.zones), key, RULES]
    text = json.dumps(what, default=lambda one: dict(one) if isinstance(one, Mapping) else str(one), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
