"""Worlds for tests of the site: a store with one person per role, a snapshot that stands still, a clock to turn."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient

from dashboards._door import IDLE, LIFE
from dashboards._filters import Filters
from dashboards._page import Findings, View, World
from dashboards._site import Site, create_app
from data_access.demo_drill import Drill
from data_access.live import Live
from data_access.settings import Settings
from data_access.store import Store
from data_access.store.people import Person, add_person
from data_access.store.people import people as everybody
from data_access.store.published import Heartbeat
from data_access.store.sessions import open_session
from metrics.gap import GapInputs
from metrics.scope import Scope, scope_of
from metrics.snapshot import Snapshot
from tests.snapshots import AS_OF, FOLDER, property_pack, small_snapshot

NOW = datetime(2026, 3, 11, 2, 0, 20, tzinfo=UTC)
"""Twenty seconds after the small snapshot was taken."""
ROLES: Mapping[str, tuple[str | None, str | None]] = {
    "leader": (None, None),
    "admin": (None, None),
    "head": ("p1", None),
    "champion": ("p1", None),
    "salesperson": ("p1", "s1"),
    "viewer": (None, None),
}
"""Project and salesperson of one person per role."""
GAP = GapInputs(Decimal(1_500_000_000), Decimal(2_500_000), Decimal("0.042"))
_FOUND = Findings(property_pack(), {})
OURS = {"Origin": "http://localhost"}


@dataclass
class StillReader:
    """A reader whose snapshot and heartbeat a test sets."""

    snapshot: Snapshot | None
    beat: Heartbeat | None = field(default_factory=lambda: Heartbeat(AS_OF + timedelta(seconds=10), NOW, True, None))

    def current(self) -> Snapshot | None:
        return self.snapshot

    def heartbeat(self) -> Heartbeat | None:
        return self.beat


class Clock:
    """A clock a test turns."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@dataclass
class Stage:
    """A site on a stage: what a test may change, and clients that are signed in."""

    site: Site
    store: Store
    reader: StillReader
    clock: Clock
    people: dict[str, Person]

    def client(self, role: str | None = None) -> FlaskClient:
        """A browser of a person with this role; of a stranger without."""
        client = self.site.server.test_client()
        if role:
            token = open_session(self.store, self.people[role].id, self.clock(), IDLE, LIFE)
            client.set_cookie("warboard", token)
        return client


def a_stage(
    folder: Path,
    *,
    snapshot: Snapshot | None = None,
    demo: bool = False,
    env: Mapping[str, str] | None = None,
    routes: Any = (),
    told: str = "",
    live: Live | None = None,
    drill: Drill | None = None,
    per_minute: int = 1_000_000,
    url: str = "",
) -> Stage:
    """A site over the small snapshot (or the one given) with one person per role, and settings where they are told.

    Two with one store `url` are two nodes of one site.
    """
    store, clock = Store.open(url or f"sqlite:///{folder}/store.db"), Clock()
    there = {one.role: one for one in everybody(store)}
    people = there or {role: add_person(store, f"某{role}", role, *places) for role, places in ROLES.items()}
    settings, pack = (
        Settings.read(f'snapshots.dir = "{FOLDER}"\nserver.requests_per_minute = {per_minute}\n{told}', {}),
        property_pack(),
    )
    reader = StillReader(snapshot or small_snapshot())
    found = Findings(pack, settings.rules)
    world = World(settings, pack, store, reader, found, "build-1", clock, env or {}, GAP, demo, live, drill)
    return Stage(create_app(world, routes), store, reader, clock, people)


def a_view(role: str = "leader", *, snapshot: Snapshot | None = None, **asked: str) -> View:
    """What a person with this role sees of a snapshot."""
    shown, pack = snapshot or small_snapshot(), property_pack()
    scope: Scope = scope_of(role, *ROLES[role])  # type: ignore[arg-type]
    filters = Filters.read(asked, shown, pack, scope)
    settings = Settings.read("", {})
    words = World(settings, pack, None, StillReader(shown), None, "", Clock(), {}).words(filters.lang)  # type: ignore[arg-type]
    return View(shown, pack, scope, filters, words, _FOUND.of(shown), GAP)
