"""How long pages take on the server, cached and not, and how much memory a web process needs."""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from statistics import quantiles

import psutil

from dashboards._page import Findings, World
from dashboards._serving import gap_inputs, keep_for_good
from dashboards._site import PAGES, Site, create_app
from dashboards._ways import DECISIONS
from data_access.packs import read_pack
from data_access.settings import Settings
from data_access.snapshots import Folder, Reader
from data_access.store import Store
from data_access.store.people import add_person, named
from data_access.store.sessions import open_session

WALLS = ("/live/wall/warroom", "/live/wall/canteen")
PATHS = (*(f"/live/{page.name}" for page in PAGES), *(way.path for way in DECISIONS if "leader" in way.roles), *WALLS)
FILTERS = ("", "?period=month", "?period=quarter&basis=cohort", "?period=year")


@dataclass(frozen=True)
class PageTime:
    """One line of the table, in milliseconds."""

    path: str
    uncached_p95: float
    cached_p95: float


def web_site(settings: Settings) -> tuple[Site, str]:
    """A web process's site without refreshing, and the cookie of a leader's session."""
    store, pack = Store.open(settings.store.url), read_pack(settings.pack)
    found = Findings(pack, settings.rules)
    reader = Reader(store, Folder(settings.snapshots.dir), on_change=found.warm)
    reader.poll()
    world = World(
        settings, pack, store, reader, found, "bench", lambda: datetime.now(UTC), os.environ, gap_inputs(settings)
    )
    leader = named(store, "bench") or add_person(store, "bench", "leader")
    token = open_session(store, leader.id, datetime.now(UTC), timedelta(hours=1), timedelta(hours=1))
    site = create_app(world)
    keep_for_good()
    return site, token


def page_times(site: Site, token: str, rounds: int = 20) -> list[PageTime]:
    """Every page's time over its filters, with the cache emptied before each request and without."""
    client = site.server.test_client()
    client.set_cookie("warboard", token)

    def timed(path: str, before: Callable[[], None]) -> float:
        before()
        began = time.perf_counter()
        answer = client.get(path)
        assert answer.status_code == 200, (path, answer.status_code)
        return (time.perf_counter() - began) * 1000

    def forget() -> None:
        site.contents.__init__()  # type: ignore[misc]
        site.scenes.__init__()  # type: ignore[misc]
        site.models.__init__()  # type: ignore[misc]

    found = []
    for path in PATHS:
        asked = [path + words for words in FILTERS] if "wall" not in path else [path]
        slow = [timed(one, forget) for _ in range(rounds // len(asked) + 1) for one in asked]
        for one in asked:
            client.get(one)
        fast = [timed(one, lambda: None) for _ in range(rounds) for one in asked]
        found.append(PageTime(path, _p95(slow), _p95(fast)))
    return found


def _p95(times: list[float]) -> float:
    return quantiles(times, n=20)[-1]


def resident_megabytes() -> int:
    """This process's resident memory."""
    return psutil.Process().memory_info().rss // 2**20
