"""An empty store for each test, on SQLite and on PostgreSQL."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import URL, create_engine, text

from data_access.store import Store
from tests.data_access.stores import opened
from tests.servers import new_database


@pytest.fixture(scope="session")
def postgresql_store(postgresql: URL) -> str:
    """A database that the tests of the store share, one after another."""
    return new_database(postgresql)


@pytest.fixture
def postgresql_store_url(postgresql_store: str) -> str:
    """The shared database, emptied; making a new one for each test would take longer than the test."""
    engine = create_engine(postgresql_store, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE; CREATE SCHEMA public"))
    engine.dispose()
    return postgresql_store


@pytest.fixture
def sqlite_store_url(tmp_path: Path) -> str:
    """A SQLite store that does not exist yet, nor its folder."""
    return f"sqlite:///{tmp_path}/store/warboard.db"


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest) -> str:
    """An empty store in each of the two."""
    url: str = request.getfixturevalue(f"{request.param}_store_url")
    return url


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    """An opened, empty store in each of the two."""
    with opened(store_url) as store:
        yield store
