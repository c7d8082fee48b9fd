"""The whole set on one machine, as deploy/ has it: nginx before two nodes, PostgreSQL behind PgBouncer.

`python -m tests.nodes` keeps it running until Ctrl-C.
"""

import configparser
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import URL, create_engine, text

from data_access.demo import build, demo_toml
from data_access.store import Store
from data_access.store.people import add_person
from data_access.store.sessions import open_session
from tests.servers import free_port, running_postgresql

ROOT = Path(__file__).resolve().parent.parent
DEPLOY = ROOT / "deploy"
PARTS = ("components", "dashboards", "data_access", "metrics", "assets")
HOUR = timedelta(hours=1)
PATIENCE = 60
_TRUSTING = ssl._create_unverified_context()  # noqa: S323  our own certificate of a minute ago
_MIGRATION = '''"""A table that only the next version knows."""

import sqlalchemy as sa
from alembic import op

revision = "9000"
down_revision = "{before}"


def upgrade() -> None:
    op.create_table("of_the_next_version", sa.Column("id", sa.Integer, primary_key=True))
'''


@dataclass
class Seen:
    """What visitors met: how many answers of each status, and what broke off."""

    statuses: Counter[int] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)

    @property
    def bad(self) -> list[str]:
        """Whatever was not the page."""
        return [*self.broken, *(f"{count} x {status}" for status, count in self.statuses.items() if status != 200)]


class Node:
    """One node: its settings, and the processes that serve a release."""

    def __init__(self, folder: Path, settings: str, port: int) -> None:
        folder.mkdir()
        self.folder, self.port, self.config = folder, port, folder / "warboard.toml"
        self.config.write_text(settings, encoding="utf-8")
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, release: Path) -> None:
        """Serve a release, and return when it is ready."""
        words = [sys.executable, "app.py", "serve", "--config", str(self.config)]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(words, cwd=release, stdout=log, stderr=log)
        wait_until(lambda: status_of(f"http://127.0.0.1:{self.port}/readyz") == 200)

    def stop(self) -> None:
        """Stop as systemd does: the requests under way are finished first."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(PATIENCE)


@dataclass
class Nodes:
    """The running set: where visitors come in, a leader's cookie, the store as the nodes reach it, and the nodes."""

    address: str
    cookie: str
    store: Store
    nodes: list[Node]
    folder: Path

    def deploy(self, release: Path) -> None:
        """Bring out a release node by node."""
        for node in self.nodes:
            node.stop()
            node.start(release)

    @contextmanager
    def visited(self, paths: Sequence[str], *, visitors: int = 6) -> Iterator[Seen]:
        """Meanwhile visitors ask for pages one after another, through the front door."""
        seen, over = Seen(), threading.Event()
        threads = [threading.Thread(target=self._visit, args=(paths, seen, over)) for _ in range(visitors)]
        for thread in threads:
            thread.start()
        try:
            yield seen
        finally:
            over.set()
            for thread in threads:
                thread.join()

    def _visit(self, paths: Sequence[str], seen: Seen, over: threading.Event) -> None:
        while not over.is_set():
            for path in paths:
                try:
                    seen.statuses[status_of(f"{self.address}{path}", self.cookie)] += 1
                except OSError as error:
                    seen.broken.append(f"{path}: {error}")
            over.wait(0.05)


def a_release(folder: Path, *, migrates: bool = False) -> Path:
    """A copy of the program that is another build; one that migrates brings a table of its own."""
    for part in PARTS:
        shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "app.py", folder)
    with (folder / "assets" / "live.js").open("a", encoding="utf-8") as script:
        script.write(f"// {folder.name}\n")
    if migrates:
        versions = folder / "data_access" / "store" / "migrations" / "versions"
        before = max(file.name for file in versions.glob("*.py")).partition("_")[0]
        (versions / "9000_next.py").write_text(_MIGRATION.format(before=before), encoding="utf-8")
    return folder


@contextmanager
def running_nodes(folder: Path, *, count: int = 2, leads: int = 1_000) -> Iterator[Nodes]:
    """Everything, over the demo's data; the test is skipped, with the reason, where nginx or PgBouncer are not installed."""
    lacking = [name for name in ("nginx", "pgbouncer", "openssl") if not _program(name)]
    if lacking:
        pytest.skip(f"Not installed here: {', '.join(lacking)}")
    now = datetime.now(UTC)
    build(folder / "crm.db", now=now.replace(tzinfo=None) + 8 * HOUR, leads=leads)
    (folder / "snapshots").mkdir()
    with ExitStack() as stack:
        database = stack.enter_context(running_postgresql())
        url = stack.enter_context(_pooled(folder, database))
        store = Store.open(url)
        stack.callback(store.close)
        leader = add_person(store, "王芳", "leader")
        cookie = f"__Host-warboard={open_session(store, leader.id, now, 8 * HOUR, 8 * HOUR)}"
        ports = [free_port() for _ in range(count)]
        nodes = [Node(folder / f"node{port}", _settings(folder, url, port), port) for port in ports]
        for node in nodes:
            stack.callback(node.stop)
            node.start(ROOT)
        address = stack.enter_context(_front_door(folder, ports))
        yield Nodes(address, cookie, store, nodes, folder)


def _settings(folder: Path, url: str, port: int) -> str:
    """A node's settings: the demo's mapping, the store behind PgBouncer, snapshots that all nodes share."""
    mapping = demo_toml()[demo_toml().index("[entities") :]
    return f"""
    [source]
    url = "sqlite:///{folder}/crm.db"
    allow_writable = true
    [store]
    url = "{url}"
    [snapshots]
    dir = "{folder}/snapshots"
    [refresh]
    every_seconds = 2
    [server]
    port = {port}
    requests_per_minute = 1000000
    [security]
    person_key = "9f3c5a7e1b2d4f6081a3c5e7092b4d6f"
    {mapping}
    """


@contextmanager
def _pooled(folder: Path, database: URL) -> Iterator[str]:
    """PgBouncer as deploy/ sets it, before a PostgreSQL: the URL of a new database through it."""
    engine = create_engine(database, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("CREATE DATABASE warboard"))
    engine.dispose()
    port, told = free_port(), configparser.ConfigParser()
    told.read(DEPLOY / "pgbouncer.ini")
    told["databases"]["warboard"] = f"host={database.query['host']} dbname=warboard user={database.username}"
    told["pgbouncer"].update({"listen_port": str(port), "auth_type": "any", "unix_socket_dir": ""})
    del told["pgbouncer"]["auth_file"]
    config = folder / "pgbouncer.ini"
    with config.open("w") as file:
        told.write(file)
    for path in (folder, *folder.parents):
        path.chmod(path.stat().st_mode | 0o011)  # PgBouncer does not run as root, and has to reach its file
    user = ["-u", Path(str(database.query["host"])).owner()] if os.geteuid() == 0 else []
    with _process(folder, [_program("pgbouncer"), *user, str(config)]):
        wait_until(lambda: socket.create_connection(("127.0.0.1", port)).close() is None)
        yield f"postgresql+psycopg://{database.username}@127.0.0.1:{port}/warboard"


@contextmanager
def _front_door(folder: Path, ports: Sequence[int]) -> Iterator[str]:
    """nginx as deploy/ sets it: the address visitors come in by."""
    port, door = free_port(), folder / "nginx"
    (door / "logs").mkdir(parents=True)
    pair = ["-keyout", str(door / "board.key"), "-out", str(door / "board.pem")]
    made = [_program("openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=board"]
    subprocess.run([*made, *pair], check=True, capture_output=True)
    site = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")
    servers = "".join(f"    server 127.0.0.1:{one} max_fails=0;\n" for one in ports)
    site = re.sub(r"(    server 10[.].*\n)+", servers, site).replace("/etc/warboard/", f"{door}/")
    site = site.replace("listen 443", f"listen 127.0.0.1:{port}").replace(
        "listen 80;", f"listen 127.0.0.1:{free_port()};"
    )
    # In the place of a visitor's address, so that one machine has visitors on both nodes.
    site = site.replace("hash $remote_addr consistent", "hash $request_id consistent")
    (door / "site.conf").write_text(site, encoding="utf-8")
    (door / "nginx.conf").write_text(
        f"daemon off; pid {door}/pid; error_log {door}/error.log warn; events {{}}\n"
        f"http {{ access_log off; client_body_temp_path {door}/b; proxy_temp_path {door}/p; fastcgi_temp_path {door}/f;\n"
        f"uwsgi_temp_path {door}/u; scgi_temp_path {door}/s; include {door}/site.conf; }}\n"
    )
    with _process(folder, [_program("nginx"), "-p", str(door), "-c", str(door / "nginx.conf")]):
        address = f"https://127.0.0.1:{port}"
        wait_until(lambda: status_of(f"{address}/readyz") == 200)
        yield address


@contextmanager
def _process(folder: Path, words: Sequence[str]) -> Iterator[None]:
    with (folder / f"{Path(words[0]).name}.log").open("ab") as log:
        process = subprocess.Popen(words, stdout=log, stderr=log)
    try:
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(PATIENCE)


def _program(name: str) -> str:
    return shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin") or ""


def status_of(url: str, cookie: str = "") -> int:
    """The status of an answer; OSError where there is none."""
    request = urllib.request.Request(url, headers={"Cookie": cookie})
    try:
        with urllib.request.urlopen(request, timeout=30, context=_TRUSTING) as answer:
            answer.read()
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def wait_until(holds: Callable[[], bool], seconds: float = PATIENCE) -> None:
    """Wait until something holds; an OSError means not yet. TimeoutError."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            if holds():
                return
        except OSError:
            pass
        time.sleep(0.1)
    raise TimeoutError(f"Not within {seconds:.0f} seconds.")


def main() -> None:
    """Start everything and keep it until Ctrl-C."""
    with tempfile.TemporaryDirectory(prefix="warboard-nodes-") as name, running_nodes(Path(name)) as nodes:
        print(f"{nodes.address}/  (Cookie: {nodes.cookie})\nNodes: {', '.join(str(one.port) for one in nodes.nodes)}")
        try:
            signal.pause()
        except KeyboardInterrupt:
            print()


if __name__ == "__main__":
    main()
