"""A house for tests: the demo's data as of a moment, and a refresher with files of its own that can be damaged or killed."""

import importlib
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest

from data_access import workplace
from data_access.alerting import looking
from data_access.demo import demo_toml
from data_access.packs import read_pack
from data_access.rhythm import Rhythm
from data_access.settings import Settings
from data_access.snapshots import Folder, Reader
from data_access.source import Source
from data_access.store import Store
from data_access.store.lease import acquire
from data_access.store.published import published
from data_access.store.slots import Depth
from data_access.workplace import Refreshing

NOW = datetime(2026, 3, 12, 15, 20)
"""By the clock of the demo's data."""


class House:
    """Some data as of a moment, and a refresher with files of its own; the demo's mapping where no other is told."""

    def __init__(self, data: Path, folder: Path, told: str = "") -> None:
        self.data, self.folder, self.now = data, folder, NOW
        self.settings = Settings.read(told or demo_toml(), {}, folder=folder)
        self.store = Store.open(self.settings.store.url)
        self.epoch = acquire(self.store, "one", timedelta(days=365), self.clock()) or 0
        self.refreshing = self.opened()

    def opened(self) -> Refreshing:
        """A process that refreshes."""
        return Refreshing(self.settings, read_pack("property"), self.store, self.clock)

    def clock(self) -> datetime:
        return (self.now - timedelta(hours=8)).replace(tzinfo=UTC)

    def source(self, settings: Settings) -> Source:
        """The data, by the clock of the house and not by this machine's."""
        return Source(f"sqlite:///{self.data}", "Asia/Shanghai", clock=self.clock)

    def refresh(self) -> str:
        return self.refreshing.run(self.epoch, "changes").outcome

    def marts(self) -> object:
        """What is published: files are named by their content."""
        pointer = published(self.store)
        assert pointer is not None
        manifest = Folder(self.settings.snapshots.dir).manifest(pointer.manifest)
        return manifest["as_of"], manifest["marts"], manifest["parties"]

    def rows(self, entity: str) -> int:
        """How many rows of an entity the published snapshot rests on."""
        reader = Reader(self.store, Folder(self.settings.snapshots.dir))
        reader.poll()
        snapshot = reader.current()
        assert snapshot is not None
        return next(one.rows for one in snapshot.counts if one.entity == entity)

    def restart(self) -> None:
        self.refreshing.close()
        self.refreshing = self.opened()

    def close(self) -> None:
        self.refreshing.close()
        self.store.close()


@contextmanager
def a_house(data: Path, folder: Path, patch: pytest.MonkeyPatch, told: str = "") -> Iterator[House]:
    folder.mkdir()
    house = House(data, folder, told)
    patch.setattr("data_access.workplace.open_source", house.source)
    yield house
    house.close()


PLACES = (
    "data_access.pull.EntityPull._apply",
    "data_access.pull.EntityPull._advance",
    "data_access.refresh.derive_parties",
    "data_access.refresh.build_marts",
    "data_access.refresh.write_files",
    "data_access.snapshot_files._write",
    "data_access.snapshot_files.Folder._keep",
    "data_access.snapshot_files.Folder.put_manifest",
    "data_access.refresh.Refresher._publish",
    "data_access.refresh.publish",
    "data_access.refresh.keep_state_day",
    "data_access.refresh.beat",
    "data_access.refresh.record_run",
    "data_access.store.lease.require_epoch",
    "data_access.replica.Replica.settle",
    "data_access.alerting.look",
)
"""Where a refresh may die: each before and after. Pulling, computing, committing, publishing, evaluating."""


def refresh_and_die(
    data: Path, folder: Path, told: str, now: datetime, place: str, *, after: bool, depth: Depth, end: Connection
) -> None:
    """One refresh and what follows it, in a process of its own that kills itself at a place; where it does not, it tells the end."""
    house = House(data, folder, told)
    house.now = now
    workplace.open_source = house.source  # type: ignore[assignment]
    steps = (looking(house.settings, read_pack("property"), house.store),)
    reader = Reader(house.store, Folder(house.settings.snapshots.dir))
    job = Rhythm(house.refreshing.job, steps, reader, house.clock).job
    if place:
        _die_at(place, after=after)
    end.send(job(house.epoch, depth))
    house.close()


def _die_at(place: str, *, after: bool) -> None:
    owner, name = _owner(place)
    living = getattr(owner, name)

    def dying(*given: Any, **named: Any) -> None:
        if after:
            living(*given, **named)
        os.kill(os.getpid(), signal.SIGKILL)

    setattr(owner, name, dying)


def _owner(place: str) -> tuple[Any, str]:
    """The module or class in which a name stands."""
    module, _, name = place.rpartition(".")
    try:
        return importlib.import_module(module), name
    except ModuleNotFoundError:
        module, _, kind = module.rpartition(".")
        return getattr(importlib.import_module(module), kind), name


def opened_and_closed(url: str) -> None:
    """Open a store, which makes its tables, for a process that is to be killed."""
    Store.open(url).close()
