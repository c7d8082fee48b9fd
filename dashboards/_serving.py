"""Running the site: gunicorn around the app, and the threads each worker starts after forking."""

import atexit
import gc
import hashlib
import os
import socket
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import segno
from gunicorn.app.base import BaseApplication

from dashboards._api import add_api
from dashboards._page import Findings, World
from dashboards._site import create_app
from dashboards._watch import add_watch
from data_access.demo import build, demo_toml
from data_access.demo_drill import Drill
from data_access.demo_people import demo_people
from data_access.demo_scorecard import demo_scorecard
from data_access.live import Live
from data_access.packs import read_pack
from data_access.refreshing import kept_running
from data_access.settings import SettingError, Settings
from data_access.simulator import Simulator
from data_access.snapshots import Folder, Reader
from data_access.store import Store
from data_access.store.links import make_link
from data_access.workplace import person_key
from metrics.gap import GapInputs

Clock = Callable[[], datetime]
SWITCH_SECONDS = 0.001
"""How long a thread that reads a new snapshot keeps a request waiting for its turn; Python's own 5 ms add up to long queues."""
SIMULATED_EVERY_SECONDS = 4
DEMO_DATA_HOURS = 12
DEMO_FILES = ("crm.db*", "replica.duckdb*", "warboard.db*", "snapshots/*.parquet", "snapshots/manifest-*.json")


@dataclass
class Site:
    """One worker's site: the app, and what runs beside it until `stop`."""

    server: Any
    stops: list[Callable[[], None]]

    def stop(self) -> None:
        """Stop everything that runs beside the app, the last started first."""
        for stop in reversed(self.stops):
            stop()


def start_site(settings: Settings, *, clock: Clock, drill: Drill | None = None) -> Site:
    """Open everything the settings name and start reading snapshots; call after forking. Refreshing is `refreshed`."""
    pack, store = read_pack(settings.pack), Store.open(settings.store.url)
    found = Findings(pack, settings.rules)
    reader = Reader(store, Folder(settings.snapshots.dir), on_change=found.warm)
    gap, live = gap_inputs(settings), Live(settings)
    served = build_id(), clock, os.environ
    world = World(
        settings, pack, store, reader, found, *served, gap=gap, demo=drill is not None, live=live, drill=drill
    )
    site = Site(create_app(world, (add_api, add_watch)).server, [store.close, live.close])
    sys.setswitchinterval(SWITCH_SECONDS)
    keep_for_good()
    reader.start()
    site.stops.append(reader.stop)
    return site


def refreshed(config: Path, env: Mapping[str, str]) -> AbstractContextManager[None]:
    """Meanwhile a process of its own refreshes by the settings at `config`."""
    app = Path(__file__).resolve().parent.parent / "app.py"
    words = [sys.executable, str(app), "refresher", "--config", str(config), "--parent", str(os.getpid())]
    return kept_running(words, env)


def keep_for_good() -> None:
    """Leave what stands by now, which lasts as long as the process, out of every later search for garbage.

    A full search through it would hold up a page now and then for longer than the page itself takes.
    """
    gc.collect()
    gc.freeze()
    atexit.register(gc.unfreeze)


def gap_inputs(settings: Settings) -> GapInputs | None:
    """The group's figures for the target gap, when all three are set."""
    gap = settings.gap
    if gap.target is None or gap.average_price is None or gap.conversion is None:
        return None
    return GapInputs(gap.target, gap.average_price, gap.conversion)


def build_id() -> str:
    """A text that changes with our code and assets, so that walls know when to reload."""
    root, digest = Path(__file__).resolve().parent.parent, hashlib.sha256()
    for folder in ("dashboards", "components", "metrics", "assets"):
        for file in sorted((root / folder).rglob("*")):
            if file.is_file() and "__pycache__" not in file.parts:
                digest.update(file.read_bytes())
    return digest.hexdigest()[:12]


class Server(BaseApplication):  # type: ignore[misc]
    """gunicorn with our site in every worker."""

    def __init__(self, settings: Settings, start: Callable[[], Site], hosts: list[str], port: int) -> None:
        self._settings = settings
        self._start = start
        self._bind = [f"{host}:{port}" for host in hosts]
        super().__init__()

    def load_config(self) -> None:
        """Tell gunicorn what the settings say."""
        given = self._settings.server
        options = {
            "bind": self._bind,
            "workers": given.workers,
            "threads": given.threads,
            "worker_class": "gthread",
            "timeout": 60,
            "forwarded_allow_ips": ",".join(map(str, given.proxies)),
            "loglevel": "warning",
            "worker_exit": lambda server, worker: worker.app.stop(),
        }
        for name, value in options.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        """The WSGI application of one worker."""
        self._site = self._start()
        return self._site.server

    def stop(self) -> None:
        """Stop what runs beside the app of this worker."""
        self._site.stop()


def run(settings: Settings, config: Path, *, port: int | None, clock: Clock) -> int:
    """Serve, and refresh beside it, until stopped."""
    host, port = settings.server.host, port or settings.server.port
    refuse_taken(host, port)
    with refreshed(config, os.environ):
        Server(settings, lambda: start_site(settings, clock=clock), [host], port).run()
    return 0


def run_demo(folder: Path, *, port: int, lan: bool, fresh: bool, clock: Clock) -> int:
    """Make the demo's data where there is none of today, and serve it with a simulator that keeps it alive."""
    hosts = ["0.0.0.0"] if lan else ["127.0.0.1"]
    refuse_taken(hosts[0], port)
    folder.mkdir(parents=True, exist_ok=True)
    _refuse_what_is_not_a_demo(folder)
    data = folder / "crm.db"
    if fresh or not _is_recent(data, clock()):
        _clear(folder)
        print("正在生成演示数据 · Making the demo's data …", flush=True)
        build(data, now=_local(clock()))
    config = folder / "warboard.toml"
    config.write_text(demo_toml(), encoding="utf-8")
    settings = Settings.read(demo_toml(), {}, folder=folder.resolve())
    store = Store.open(settings.store.url)
    people = demo_people(store, data)
    leader, admin = people[0], people[4]
    demo_scorecard(store, admin.id, clock())
    print(f"Warboard: http://127.0.0.1:{port}/ · python app.py query leads --config {config}", flush=True)
    if lan:
        print_link(f"http://{lan_address()}:{port}/enter/{make_link(store, leader.id, clock())}")
    store.close()
    # The demo's settings are its own, whatever this environment tells of the group's.
    env = {name: value for name, value in os.environ.items() if not name.startswith("WARBOARD_")}
    with refreshed(config, env):
        Server(settings, lambda: _with_simulator(settings, data, clock), hosts, port).run()
    return 0


def refuse_taken(host: str, port: int) -> None:
    """Say that something else listens at a port before anything is begun; SettingError."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind((host, port))
        except OSError as error:
            raise SettingError(
                f"Port {port} on {host} cannot be used: {os.strerror(error.errno or 0)}. "
                f"Stop what listens there, or choose another, such as --port {port + 10}."
            ) from None


def _local(now: datetime) -> datetime:
    return now.astimezone(ZoneInfo("Asia/Shanghai")).replace(tzinfo=None)


def _is_recent(data: Path, now: datetime) -> bool:
    return data.exists() and now.timestamp() - data.stat().st_mtime < DEMO_DATA_HOURS * 3600


def _refuse_what_is_not_a_demo(folder: Path) -> None:
    """The demo writes over its folder, so it takes an empty one or its own."""
    config, head = folder / "warboard.toml", demo_toml().partition("\n")[0]
    is_its_own = config.read_text(encoding="utf-8").startswith(head) if config.is_file() else _is_free(folder)
    if not is_its_own:
        raise SettingError(
            f"{folder} holds something else than a demo. Give an empty folder, such as --folder var/demo."
        )


def _is_free(folder: Path) -> bool:
    """Nothing is there, or a demo of before it kept its settings in its folder."""
    return not any(folder.iterdir()) or (folder / "crm.db").is_file()


def _clear(folder: Path) -> None:
    """Remove what an earlier demo left, and nothing else."""
    for pattern in DEMO_FILES:
        for file in folder.glob(pattern):
            file.unlink()


def print_link(link: str) -> None:
    """Print a link and its QR code: single use, 15 minutes."""
    print(f"用手机扫码登录(15分钟内有效,只能用一次) · Scan to sign in, once, within 15 minutes:\n{link}", flush=True)
    segno.make(link, error="l").terminal(compact=True)


def lan_address() -> str:
    """This machine's address on its own network."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        # Connecting a datagram socket sends nothing; it only asks the routing table.
        probe.connect(("192.0.2.1", 9))
        return str(probe.getsockname()[0])


def _with_simulator(settings: Settings, data: Path, clock: Clock) -> Site:
    site = start_site(settings, clock=clock, drill=Drill(data, person_key(settings)))
    stopped = threading.Event()
    thread = threading.Thread(target=_simulate, args=(Simulator(data), clock, stopped), name="simulator", daemon=True)
    thread.start()
    site.stops.append(stopped.set)
    return site


def _simulate(simulator: Simulator, clock: Clock, stopped: threading.Event) -> None:
    while not stopped.wait(SIMULATED_EVERY_SECONDS):
        simulator.step(_local(clock()))
