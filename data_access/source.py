"""The operational database: opened read-only, read in one consistent transaction, a batch of columns at a time."""

import re
import sqlite3
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from operator import attrgetter
from types import NoneType
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection, Engine, bindparam, create_engine, event, func, inspect, select, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.sql.elements import TextClause
from sqlalchemy.types import NullType

from data_access.settings import EntityMapping

BATCH_ROWS = 20_000
PIECE_ROWS = 1_000
CONNECT_SECONDS = 10
_DRIVERS = {"mysql": "mysql+pymysql", "mariadb": "mariadb+pymysql", "postgresql": "postgresql+psycopg"}
_WRITES = re.compile(r"\b(ALL PRIVILEGES|INSERT|UPDATE|DELETE|DROP|ALTER|CREATE(?! TEMPORARY))\b", re.IGNORECASE)


class SourceError(Exception):
    """The source cannot be used at all; the message names its host and the way out, never the password."""


class ReadError(Exception):
    """One entity could not be read; `as_text` when reading its values as text can help."""

    def __init__(self, message: str, *, as_text: bool = False) -> None:
        super().__init__(message)
        self.as_text = as_text


@dataclass(frozen=True)
class TableFacts:
    """What the source says about one table or view; `problem` when it could not be described."""

    name: str
    columns: Mapping[str, str]
    key: tuple[str, ...]
    rows: int | None
    problem: str = ""
    comment: str = ""
    comments: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Batch:
    """Rows as the driver gave them; turning them into columns is left to whoever has the time."""

    names: Sequence[str]
    kinds: Sequence[pa.DataType | None]
    rows: Sequence[Any]

    def table(self) -> pa.Table:
        """The rows as Arrow columns; made in small pieces, which the processor's cache holds."""
        starts = range(0, max(len(self.rows), 1), PIECE_ROWS)
        pieces = [self._piece(self.rows[start : start + PIECE_ROWS]) for start in starts]
        columns = [self._joined(index, arrays) for index, arrays in enumerate(zip(*pieces, strict=True))]
        return pa.table(columns, names=list(self.names))

    def _piece(self, rows: Sequence[Any]) -> list[pa.Array]:
        columns = zip(*rows, strict=True) if rows else [()] * len(self.names)
        return [_column(values, kind) for values, kind in zip(columns, self.kinds, strict=True)]

    def _joined(self, index: int, arrays: Sequence[pa.Array]) -> pa.ChunkedArray:
        kinds = {array.type for array in arrays if array.type != pa.null()}
        if len(kinds) > 1:
            return pa.chunked_array([_column_by_values([row[index] for row in self.rows])])
        kind = kinds.pop() if kinds else pa.null()
        return pa.chunked_array([array.cast(kind) for array in arrays], kind)


class Source:
    """A database behind any SQLAlchemy URL, of which only read-only transactions are asked."""

    def __init__(
        self,
        url: str,
        zone: str,
        *,
        group_zone: str | None = None,
        timeout_seconds: int = 60,
        clock: Callable[[], datetime] | None = None,
    ) -> None:
        self.zone = zone
        self.group_zone = group_zone or zone
        self.timeout_seconds = timeout_seconds
        self._clock = clock
        self._url = _with_driver(url)
        self._engine = _engine(self._url, timeout_seconds)

    @property
    def name(self) -> str:
        """The source as people know it: host, port and database, without account and password."""
        place = self._url.database or ""
        port = f":{self._url.port}" if self._url.port else ""
        return f"{self._url.host}{port}/{place}" if self._url.host else place

    @contextmanager
    def reading(self) -> Iterator["Reading"]:
        """Open one consistent read-only transaction for everything that is read in it; SourceError."""
        try:
            connection = self._engine.connect()
        except (SQLAlchemyError, sqlite3.Error, OSError) as error:
            raise self._unreachable(error) from None
        with connection:
            try:
                started = self._begin(connection)
            except SQLAlchemyError as error:
                raise self._unreachable(error) from None
            try:
                yield Reading(connection, self, started)
            finally:
                with suppress(SQLAlchemyError):
                    connection.rollback()

    def tables(self) -> list[TableFacts]:
        """Every table and view of the source with its columns, key and estimated rows."""
        with self.reading() as reading:
            return reading.tables()

    def writable(self) -> list[str]:
        """What the account may write although it should only read; empty is how it should be."""
        with self.reading() as reading:
            return reading.writable()

    def close(self) -> None:
        """Give the connections back."""
        self._engine.dispose()

    def _begin(self, connection: Connection) -> datetime:
        if connection.dialect.name == "postgresql":
            return self._begin_postgresql(connection)
        if connection.dialect.name in ("mysql", "mariadb"):
            return self._begin_mysql(connection)
        if connection.dialect.name == "sqlite":
            started = datetime.now(UTC)
            connection.exec_driver_sql("BEGIN")
            connection.exec_driver_sql("SELECT 1 FROM sqlite_schema LIMIT 1").all()
        else:
            started = self._aware(connection.scalar(select(func.now())))
        return self._clock() if self._clock else started

    def _begin_postgresql(self, connection: Connection) -> datetime:
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        connection.exec_driver_sql("SET LOCAL DateStyle = ISO")
        connection.exec_driver_sql(f"SET LOCAL statement_timeout = {self.timeout_seconds * 1000}")
        connection.execute(text("SELECT set_config('TimeZone', :zone, true)"), {"zone": self.zone})
        started = self._aware(connection.scalar(text("SELECT now()::text")))
        return self._clock() if self._clock else started

    def _begin_mysql(self, connection: Connection) -> datetime:
        limit = self.timeout_seconds
        is_mariadb = getattr(connection.dialect, "is_mariadb", False)
        setting = f"max_statement_time = {limit}" if is_mariadb else f"max_execution_time = {limit * 1000}"
        connection.exec_driver_sql(f"SET SESSION {setting}, time_zone = '{_offset(self.zone)}'")
        connection.exec_driver_sql("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        started = self._aware(f"{connection.scalar(text('SELECT utc_timestamp(6)'))}+00:00")
        connection.exec_driver_sql("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")
        return self._clock() if self._clock else started

    def _aware(self, answer: Any) -> datetime:
        moment = answer if isinstance(answer, datetime) else datetime.fromisoformat(str(answer))
        return moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(self.zone))

    def _unreachable(self, error: Exception) -> SourceError:
        reason = self._safe(error)
        return SourceError(
            f"The source {self.name} cannot be read: {reason}. "
            "Check that it runs, that this machine reaches it, and the account in [source] url."
        )

    def _safe(self, error: Exception) -> str:
        """The first line of an error, without the password, values and anything that could be a phone."""
        cause = getattr(error, "orig", None) or error
        parts = [str(part) for part in cause.args if isinstance(part, str)] or [str(cause)]
        line = parts[-1].strip().splitlines()[0] if parts[-1].strip() else type(cause).__name__
        if str(getattr(cause, "sqlstate", "") or "").startswith("22"):
            line = line.split(":")[0]  # what follows is the value
        if self._url.password:
            line = line.replace(str(self._url.password), "***")
        return re.sub(r"\d{5,}", "…", line).rstrip(".")


class Reading:
    """One consistent view of the source, for as long as its transaction lasts."""

    def __init__(self, connection: Connection, source: Source, started: datetime) -> None:
        self._connection = connection
        self._source = source
        self._started = started
        self._driver_error: type[Exception] = connection.dialect.loaded_dbapi.Error

    def clock(self, zone: str | None = None) -> datetime:
        """The source's clock when the reading began, as a naive time in the group's zone or the one given."""
        return self._started.astimezone(ZoneInfo(zone or self._source.group_zone)).replace(tzinfo=None)

    @property
    def zone(self) -> str:
        """The time zone of the source's times without zone."""
        return self._source.zone

    def batches(self, mapping: EntityMapping, since: Any = None) -> Generator[Batch, None, None]:
        """The entity's rows, or those stamped from `since` on or not at all; at least one batch; ReadError."""
        sql = f"SELECT * FROM ({self._select(mapping)}\n) e"
        if since is None:
            return self._stream(mapping, text(sql), {})
        where = text(f"{sql} WHERE e.updated_at >= :since OR e.updated_at IS NULL")
        return self._stream(mapping, where.bindparams(bindparam("since", type_=NullType())), {"since": since})

    def keys(self, mapping: EntityMapping) -> Generator[Batch, None, None]:
        """Every row's id and updated_at; ReadError."""
        return self._stream(mapping, text(f"SELECT e.id, e.updated_at FROM ({self._select(mapping)}\n) e"), {})

    def rows_of(self, mapping: EntityMapping, ids: Sequence[Any]) -> Generator[Batch, None, None]:
        """The rows with these ids, given as the source holds them; ReadError."""
        sql = f"SELECT * FROM ({self._select(mapping)}\n) e WHERE e.id IN :ids"
        statement = text(sql).bindparams(bindparam("ids", expanding=True))
        for start in range(0, len(ids), 500):
            yield from self._stream(mapping, statement, {"ids": list(ids[start : start + 500])})

    def rows_with(self, mapping: EntityMapping, column: str, ids: Sequence[str]) -> Generator[Batch, None, None]:
        """The rows whose canonical `column` is one of these ids, given as texts; ReadError."""
        sql = f"SELECT * FROM ({self._select(mapping)}\n) e WHERE e.{column} IN :ids"
        # Without a type of its own, a text is compared as whatever the column holds.
        statement = text(sql).bindparams(bindparam("ids", type_=NullType(), expanding=True))
        return self._stream(mapping, statement, {"ids": list(ids)})

    @contextmanager
    def as_text(self) -> Iterator[None]:
        """Meanwhile text is read whatever its bytes, so that no value stops the reading."""
        driver: Any = self._connection.connection.dbapi_connection
        if self._connection.dialect.name == "sqlite":
            driver.text_factory = _decoded
        try:
            yield
        finally:
            if self._connection.dialect.name == "sqlite":
                driver.text_factory = str

    def tables(self) -> list[TableFacts]:
        """Every table and view with its columns, key and estimated rows."""
        inspector = inspect(self._connection)
        with self._apart():
            names = sorted([*inspector.get_table_names(), *inspector.get_view_names()])
            sizes = self._sizes(names)
        return [self._facts(inspector, name, sizes.get(name)) for name in names]

    def writable(self) -> list[str]:
        """Up to five things the account may write."""
        with self._apart():
            if self._connection.dialect.name == "postgresql":
                return [
                    *self._connection.scalars(
                        text(
                            "SELECT c.oid::regclass::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
                            "WHERE c.relkind IN ('r', 'p') AND n.nspname NOT IN ('pg_catalog', 'information_schema') "
                            "AND has_table_privilege(c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE') ORDER BY 1 LIMIT 5"
                        )
                    )
                ]
            if self._connection.dialect.name in ("mysql", "mariadb"):
                grants = self._connection.exec_driver_sql("SHOW GRANTS").scalars()
                allowed = [grant.split(" TO ")[0] for grant in grants]
                return [grant for grant in allowed if _WRITES.search(grant.split(" ON ")[0])][:5]
        return []

    def _facts(self, inspector: Any, name: str, rows: int | None) -> TableFacts:
        try:
            with self._apart():
                described = inspector.get_columns(name)
                columns = {column["name"]: str(column["type"]) for column in described}
                key = tuple(inspector.get_pk_constraint(name)["constrained_columns"])
        except (SQLAlchemyError, NotImplementedError) as error:
            return TableFacts(name, {}, (), rows, problem=f"cannot be described: {self._source._safe(error)}")
        comments = {column["name"]: column["comment"] for column in described if column.get("comment")}
        return TableFacts(name, columns, key, rows, comment=self._comment(inspector, name), comments=comments)

    def _comment(self, inspector: Any, name: str) -> str:
        """What the source's owner wrote beside a table; nothing where the database keeps no such comments."""
        with suppress(SQLAlchemyError, NotImplementedError), self._apart():
            return inspector.get_table_comment(name)["text"] or ""
        return ""

    def _sizes(self, names: Sequence[str]) -> dict[str, int]:
        dialect = self._connection.dialect
        if dialect.name == "sqlite":
            quoted = {name: dialect.identifier_preparer.quote_identifier(name) for name in names}
            return {name: self._count(f"SELECT count(*) FROM {table}") for name, table in quoted.items()}
        sql = {
            "postgresql": "SELECT relname, reltuples::bigint FROM pg_class WHERE reltuples >= 0",
            "mysql": "SELECT table_name, table_rows FROM information_schema.tables WHERE table_schema = database()",
        }.get("mysql" if dialect.name == "mariadb" else dialect.name)
        return {name: rows for name, rows in self._connection.execute(text(sql)) if rows is not None} if sql else {}

    def _count(self, sql: str) -> int:
        return int(self._connection.exec_driver_sql(sql).scalar_one())

    def _select(self, mapping: EntityMapping) -> str:
        """The mapping's SELECT, with colons kept from being taken for bound values."""
        if mapping.query:
            return mapping.query.strip().rstrip(";").replace(":", "\\:")
        quote_name = self._connection.dialect.identifier_preparer.quote_identifier
        # Behind the alias, for SQLite takes an unknown name in quotes for a text.
        columns = ", ".join(f"r.{quote_name(column)} AS {name}" for name, column in mapping.columns.items())
        table = ".".join(quote_name(part) for part in mapping.table.split("."))
        return f"SELECT {columns} FROM {table} r".replace(":", "\\:")

    def _stream(
        self, mapping: EntityMapping, statement: TextClause, values: Mapping[str, Any]
    ) -> Generator[Batch, None, None]:
        unread: Any = None
        try:
            with self._apart():
                options = {"stream_results": True, "max_row_buffer": BATCH_ROWS}
                with closing(self._connection.execute(statement, values, execution_options=options)) as result:
                    names = [name.lower() for name in result.keys()]  # noqa: SIM118
                    kinds = _kinds(self._connection.dialect.driver, result.cursor)
                    fetch = self._fetch(result)
                    unread = getattr(result.cursor, "_result", None)
                    first = result.fetchmany(1)
                    yield Batch(names, kinds, [*first, *fetch(BATCH_ROWS)] if first else [])
                    while first and (rows := fetch(BATCH_ROWS)):
                        yield Batch(names, kinds, rows)
        except (SQLAlchemyError, self._driver_error, OverflowError, ValueError) as error:
            failure = self._failed(mapping, error)
            if isinstance(failure, SourceError) and hasattr(unread, "unbuffered_active"):
                unread.unbuffered_active = False  # PyMySQL would go on reading from the lost connection
            raise failure from None

    def _fetch(self, result: Any) -> Callable[[int], Sequence[Any]]:
        """How to get more rows, past SQLAlchemy's where it is known to hold back no more than the first row.

        Its rows would cost half of the reading.
        """
        known = self._connection.dialect.driver in ("psycopg", "pymysql", "pysqlite")
        fetch: Callable[[int], Sequence[Any]] = result.cursor.fetchmany if known else result.fetchmany
        return fetch

    def _is_lost(self, error: Any) -> bool:
        driver = self._connection.connection.dbapi_connection
        return self._connection.dialect.is_disconnect(error, driver, None)

    def _failed(self, mapping: EntityMapping, error: Exception) -> Exception:
        cause: Any = getattr(error, "orig", None) or error
        if getattr(error, "connection_invalidated", False) or self._is_lost(cause):
            return self._source._unreachable(error)
        if _is_about_a_value(cause):
            return ReadError(f"{mapping.entity}: a value could not be read. Convert it in the mapping.", as_text=True)
        reason = self._source._safe(error)
        return ReadError(f"{mapping.entity}: the source answers {reason!r}. Correct [entities.{mapping.entity}].")

    def _apart(self) -> AbstractContextManager[Any]:
        """A savepoint where a failing statement would spoil the whole transaction; a fresh deadline in SQLite."""
        if self._connection.dialect.name == "postgresql":
            return self._connection.begin_nested()
        if self._connection.dialect.name == "sqlite":
            driver: Any = self._connection.connection.dbapi_connection
            deadline = time.monotonic() + self._source.timeout_seconds
            driver.set_progress_handler(lambda: time.monotonic() > deadline, 100_000)
        return nullcontext()


def _with_driver(url: str) -> URL:
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise SourceError(
            "[source] url is not a database URL. Give one such as postgresql+psycopg://reader@crm/sales."
        ) from None
    return parsed.set(drivername=_DRIVERS.get(parsed.drivername, parsed.drivername))


def _engine(url: URL, timeout_seconds: int) -> Engine:
    options: dict[str, Any] = {"pool_size": 1, "max_overflow": 1, "pool_pre_ping": True, "hide_parameters": True}
    if url.get_backend_name() == "sqlite":
        from sqlalchemy.pool import NullPool

        # Opened for each reading: one that stays open goes on reading a file that was replaced.
        return create_engine(url, creator=lambda: _sqlite(url), poolclass=NullPool, hide_parameters=True)
    if url.drivername in ("mysql+pymysql", "mariadb+pymysql"):
        options["connect_args"] = {
            "connect_timeout": CONNECT_SECONDS,
            "read_timeout": timeout_seconds + CONNECT_SECONDS,
        }
    elif url.drivername == "postgresql+psycopg":
        options["connect_args"] = {"connect_timeout": CONNECT_SECONDS}
    try:
        engine = create_engine(url, **options)
    except (ModuleNotFoundError, NoSuchModuleError) as error:
        raise SourceError(f"No driver for {url.drivername}: {error}. Install one beside Warboard.") from None
    if url.drivername == "postgresql+psycopg":
        event.listen(engine, "connect", _psycopg_session)
    return engine


def _psycopg_session(driver: Any, _record: Any) -> None:
    """Read only, and with times and decimals left as the text they come as: Arrow understands it faster."""
    from psycopg.types.string import TextLoader

    for name in ("date", "timestamp", "timestamptz", "numeric"):
        driver.adapters.register_loader(name, TextLoader)
    driver.execute("SET default_transaction_read_only = on")
    driver.commit()


def _kinds(driver_name: str, cursor: Any) -> list[pa.DataType | None]:
    """What a driver we know says its columns hold; None where the values have to tell."""
    known = {"psycopg": _psycopg_kinds, "pymysql": _pymysql_kinds}.get(driver_name, dict)()
    return [known.get(column[1]) for column in cursor.description]


@cache
def _psycopg_kinds() -> dict[int, pa.DataType]:
    from psycopg.postgres import types

    return {types[name].oid: kind for kind, names in _POSTGRESQL.items() for name in names.split()}


@cache
def _pymysql_kinds() -> dict[int, pa.DataType]:
    from pymysql.constants import FIELD_TYPE

    return {getattr(FIELD_TYPE, name): kind for kind, names in _MYSQL.items() for name in names.split()}


def _sqlite(url: URL) -> sqlite3.Connection:
    name = url.database or ""
    path = name if name.startswith("file:") else f"file:{quote(name)}"
    uri = path if "mode=" in path else f"{path}{'&' if '?' in path else '?'}mode=ro"
    driver = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)
    driver.execute("PRAGMA query_only = ON")
    return driver


def _offset(zone: str) -> str:
    """The zone as MySQL takes it without its zone tables: an offset, which for a zone with summer time is today's."""
    offset = datetime.now(ZoneInfo(zone)).strftime("%z")
    return f"{offset[:3]}:{offset[3:5]}"


def _decoded(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("gb18030", errors="replace")


def _is_about_a_value(error: Exception) -> bool:
    return isinstance(error, OverflowError | ValueError) or (
        isinstance(error, sqlite3.Error) and "decode" in str(error)
    )


_DECIMAL = pa.decimal128(38, 10)
_POSTGRESQL: Mapping[pa.DataType, str] = {
    pa.string(): "text varchar bpchar",
    pa.int64(): "int2 int4 int8",
    pa.bool_(): "bool",
    pa.float64(): "float4 float8",
    pa.date32(): "date",
    pa.timestamp("us"): "timestamp",
    pa.timestamp("us", "UTC"): "timestamptz",
    _DECIMAL: "numeric",
}
_MYSQL: Mapping[pa.DataType, str] = {
    pa.int64(): "TINY SHORT INT24 LONG LONGLONG",
    pa.date32(): "DATE",
    pa.timestamp("us"): "DATETIME TIMESTAMP",
    _DECIMAL: "DECIMAL NEWDECIMAL",
}
_TYPES: Mapping[type, pa.DataType] = {
    str: pa.string(),
    int: pa.int64(),
    float: pa.float64(),
    bool: pa.bool_(),
    Decimal: _DECIMAL,
    date: pa.date32(),
}


def _column(values: Sequence[Any], kind: pa.DataType | None) -> pa.Array:
    """One column as Arrow; what does not fit the kind its driver names becomes what its values are."""
    if kind is None:
        return _column_by_values(values)
    try:
        if pa.types.is_temporal(kind) or pa.types.is_decimal(kind):
            return _cast(pa.array(values, pa.string()), kind)
        return pa.array(values, kind)
    except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError, UnicodeEncodeError):
        return _column_by_values(values)


def _cast(written: pa.Array, kind: pa.DataType) -> pa.Array:
    """Text as the kind it stands for, or still as text when a value such as a zero date or infinity is no such kind."""
    try:
        return pc.cast(written, kind)
    except pa.ArrowInvalid:
        return written


def _column_by_values(values: Sequence[Any]) -> pa.Array:
    """One column as Arrow; values of several kinds, or of a kind Arrow lacks, become text."""
    kinds = set(map(type, values)) - {NoneType}
    if not kinds:
        return pa.nulls(len(values))
    kind = kinds.pop()
    try:
        if kind is datetime and not kinds:
            return pa.array(values, _timestamp(values))
        if kind in _TYPES and not kinds:
            return pa.array(values, _TYPES[kind])
    except (pa.ArrowInvalid, OverflowError, UnicodeEncodeError):
        pass
    return pa.array([_as_text(value) for value in values], pa.string())


def _timestamp(values: Sequence[Any]) -> pa.DataType:
    zones = set(map(attrgetter("tzinfo"), filter(None, values)))
    if None in zones and len(zones) > 1:
        raise OverflowError
    return pa.timestamp("us", tz=None if None in zones else "UTC")


def _as_text(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, bytes | bytearray | memoryview):
        raw = bytes(value)
        return str(raw[0]) if raw in (b"\0", b"\1") else _decoded(raw)
    return str(value).encode("utf-8", errors="replace").decode()
