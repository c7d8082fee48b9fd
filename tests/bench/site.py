"""The demo's site as in production: two workers, a simulator beside them, and plain files to compare with."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import psutil
from flask import Response, send_from_directory

from dashboards._serving import Server, Site, refreshed, start_site
from data_access.demo import build, demo_toml
from data_access.demo_people import demo_people
from data_access.settings import Settings
from data_access.simulator import Simulator
from data_access.store import Store
from data_access.store.people import Person, add_person, named
from data_access.store.sessions import open_session
from tests.bench.client import wait

WORKERS, DAY, SECOND = 2, timedelta(days=1), timedelta(seconds=1)
SETTLED = 0.3
"""Processor seconds within a second that a site at rest does not take."""
VIEWERS, COOKIES = 20, "cookies"
"""So many leaders are signed in, whose cookies stand in this file: nobody alone may ask for as much as all together."""
SIMULATED_EVERY_SECONDS = 4


def utc_now() -> datetime:
    """The clock of the site."""
    return datetime.now(UTC)


def local_now() -> datetime:
    """The clock of the demo's data."""
    return datetime.now(ZoneInfo("Asia/Shanghai")).replace(tzinfo=None)


@contextmanager
def served(folder: Path, port: int, *, living: bool = True) -> Iterator[tuple[str, str]]:
    """The site in processes of its own: its address and the cookie of a leader.

    One that is not living stands still after its first refresh, so that a browser on the same cores has them to itself.
    """
    settings, data = _settings(folder, living=living), folder / "crm.db"
    if not data.exists():
        build(data, now=local_now())
    store = Store.open(settings.store.url)
    leader = demo_people(store, data)[0]
    cookie = _signed_in(store, leader)
    viewers = [
        named(store, f"读者{number}") or add_person(store, f"读者{number}", "leader") for number in range(VIEWERS)
    ]
    (folder / COOKIES).write_text("\n".join(_signed_in(store, one) for one in viewers), encoding="utf-8")
    store.close()
    words = [sys.executable, "-m", "tests.bench.site", str(folder), str(port)]
    server = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        base = f"http://127.0.0.1:{port}"
        wait(f"{base}/readyz")
        _settled(psutil.Process(server.pid))
        with _simulated(data) if living else nullcontext():
            yield base, cookie
    finally:
        server.terminate()
        server.wait()


def _settled(server: psutil.Process) -> None:
    """Wait until what follows the first refresh is done: it is done once, and takes a core for some seconds."""

    def busy() -> float:
        return sum(sum(one.cpu_times()[:2]) for one in server.children(recursive=True))

    before = -1.0
    while (now := busy()) - before > SETTLED:
        before = now
        time.sleep(1)


def _signed_in(store: Store, person: Person) -> str:
    return f"warboard={open_session(store, person.id, utc_now(), DAY, DAY)}"


@contextmanager
def _simulated(data: Path) -> Iterator[None]:
    """Customers keep coming."""
    stopped, simulator = threading.Event(), Simulator(data)

    def simulate() -> None:
        while not stopped.wait(SIMULATED_EVERY_SECONDS):
            simulator.step(local_now())

    thread = threading.Thread(target=simulate, daemon=True)
    thread.start()
    yield
    stopped.set()
    thread.join()


def _settings(folder: Path, *, living: bool) -> Settings:
    (folder / "files").mkdir(parents=True, exist_ok=True)
    every = 15 if living else DAY // SECOND
    text = demo_toml().replace("[refresh]", f"[refresh]\nevery_seconds = {every}")
    text += f"\n[server]\nworkers = {WORKERS}\nrequests_per_minute = 1000000\n"
    (folder / "warboard.toml").write_text(text, encoding="utf-8")
    return _written(folder)


def _written(folder: Path) -> Settings:
    return Settings.read((folder / "warboard.toml").read_text(encoding="utf-8"), {}, folder=folder.resolve())


def _site(settings: Settings, files: Path) -> Site:
    """One worker's site; whoever asks for a plain file is asked for a session, as everywhere."""
    site = start_site(settings, clock=utc_now)

    def file(name: str) -> Response:
        answer = send_from_directory(files, name)
        # A page is packed as ours are; any other file goes out as it lies there.
        answer.direct_passthrough = not name.endswith(".html")
        return answer

    site.server.add_url_rule("/bench/<name>", "bench", file)
    return site


def main(folder: Path, port: int) -> None:
    """Serve until stopped; the files of FOLDER/files are below /bench/."""
    settings, files = _written(folder), folder.resolve() / "files"
    with refreshed(folder / "warboard.toml", os.environ):
        Server(settings, lambda: _site(settings, files), ["127.0.0.1"], port).run()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
