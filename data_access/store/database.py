"""Opening the store: one engine, short transactions, migrations brought up to date."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, make_url, text
from sqlalchemy.exc import SQLAlchemyError

from data_access.settings import SettingError
from data_access.store.errors import StoreError
from data_access.store.sqlite import sqlite_engine

MIGRATIONS = Path(__file__).parent / "migrations"
_MIGRATING = threading.Lock()
_ADVISORY_KEY = 0x57_61_72_62_6F_61_72_64
_POSTGRES_LIMITS = (
    # A paused leader must not hold the lease row against the next one.
    "SET LOCAL lock_timeout = '5s'; SET LOCAL idle_in_transaction_session_timeout = '10s'; "
    "SET LOCAL statement_timeout = '20s'"
)


class Store:
    """The opened store; safe to share between threads, to be opened after a fork."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        # Threads queue here: SQLite itself lets waiting writers poll, and some of them starve.
        self._turn = threading.Lock() if engine.dialect.name == "sqlite" else nullcontext()

    @classmethod
    def open(cls, url: str, revision: str = "head") -> "Store":
        """Open the store at a SQLAlchemy URL and migrate it; SettingError when it cannot be opened, StoreError when it is of no kind we keep."""
        address = make_url(url)
        store = cls(_engine(address))
        try:
            _migrate(store._engine, revision)
        except BaseException as error:
            store.close()
            if isinstance(error, SQLAlchemyError):
                reason = str(getattr(error, "orig", error)).strip().splitlines()[0]
                raise SettingError(
                    f"The store {address.render_as_string()} cannot be opened: {reason}. Check [store] url."
                ) from None
            raise
        return store

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A short transaction that only reads."""
        with self._engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def at_one_moment(self) -> Iterator[Connection]:
        """A transaction that only reads and sees the same moment however long it reads."""
        level = {"isolation_level": "REPEATABLE READ"} if self._engine.dialect.name == "postgresql" else {}
        with self._engine.connect().execution_options(**level) as connection, connection.begin():
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A short transaction that writes: all of it or nothing."""
        with self._turn, self._engine.connect().execution_options(writes=True) as connection, connection.begin():
            yield connection

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()


def _engine(url: URL) -> Engine:
    backend = url.get_backend_name()
    if backend == "sqlite":
        engine = sqlite_engine(url)
        event.listen(engine, "begin", _begin_sqlite)
    elif backend == "postgresql":
        # Parameters are names, secrets and hashes: none of them belongs in a log.
        engine = create_engine(url, pool_pre_ping=True, hide_parameters=True, connect_args=_postgres_arguments(url))
        event.listen(engine, "begin", _begin_postgres)
    else:
        raise StoreError(f"The store cannot be kept in {backend!r}. Give an sqlite or postgresql URL.")
    return engine


def _postgres_arguments(url: URL) -> dict[str, Any]:
    # Prepared statements do not survive a pooler that changes servers between transactions.
    psycopg = url.get_dialect().driver == "psycopg"
    return {"connect_timeout": 5, "prepare_threshold": None} if psycopg else {}


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _begin_postgres(connection: Connection) -> None:
    if connection.get_execution_options().get("writes"):
        connection.exec_driver_sql(_POSTGRES_LIMITS)


def _migrate(engine: Engine, revision: str) -> None:
    """Bring the tables up to date in one transaction, one process at a time; a newer store is left alone."""
    if _is_current(engine):
        return
    # Only here: a store is rarely behind, and Alembic takes 11 MB of a process.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    with _MIGRATING, engine.connect().execution_options(writes=True) as connection, connection.begin():
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_KEY})
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def _is_current(engine: Engine) -> bool:
    there, known = _revision(engine), revisions()
    # A revision we do not know was made by a newer Warboard, whose tables still serve this one.
    return there == known[-1] or (there is not None and there not in known)


def _revision(engine: Engine) -> str | None:
    with engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        found = connection.scalar(text("SELECT version_num FROM alembic_version"))
        return None if found is None else str(found)


def revisions() -> list[str]:
    """Every revision of the tables, oldest first: what the names of the migrations' files begin with."""
    return sorted(file.name.partition("_")[0] for file in (MIGRATIONS / "versions").glob("*.py"))
