"""The product's own path from a source database to a snapshot, run on a world."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
from sqlalchemy import Engine, create_engine

from data_access.packs import read_pack
from data_access.refresh import Refreshed, Refresher
from data_access.replica import Replica
from data_access.settings import Settings
from data_access.snapshots import Folder, Reader
from data_access.source import Source
from data_access.store import Store
from data_access.store.holds import release
from data_access.store.lease import acquire
from data_access.store.slots import Depth
from metrics.pack import Pack
from metrics.snapshot import Snapshot
from metrics.totals import Frames
from tests.naive import counting
from tests.naive.world import World
from tests.worlds import load, mapping_toml

ZONE = ZoneInfo("Asia/Shanghai")
PACK = read_pack("property")


@dataclass
class Clock:
    """A clock that stands where it is put."""

    at: datetime

    def __call__(self) -> datetime:
        """The time in UTC."""
        return self.at.replace(tzinfo=ZONE).astimezone(UTC)


@dataclass(frozen=True)
class Bench:
    """One store and one folder of snapshots, used by world after world."""

    path: Path
    store: Store
    epoch: int

    @cached_property
    def folder(self) -> Folder:
        """The folder of the snapshots."""
        return Folder(self.path / "snapshots")

    @contextmanager
    def source(self, world: World, name: str = "source") -> Iterator[Engine]:
        """A fresh database with the world's rows."""
        (self.path / f"{name}.db").unlink(missing_ok=True)
        engine = create_engine(f"sqlite:///{self.path}/{name}.db")
        load(world, engine)
        yield engine
        engine.dispose()

    @contextmanager
    def refreshing(self, settings: Settings, clock: Clock) -> Iterator["Product"]:
        """The product with an empty replica, to be refreshed."""
        source = Source(settings.source.url, settings.source.time_zone, clock=clock)
        replica = Replica(":memory:", b"k" * 32, zone=settings.group.time_zone)
        refresher = Refresher(settings, PACK, source, replica, self.store, clock)
        yield Product(self, refresher, replica)
        replica.close()
        source.close()

    def settings(self, world: World, name: str = "source") -> Settings:
        """The settings that map the world's database and carry its own settings."""
        windows = zip(("visit_days", "subscription_days", "contract_days"), world.windows, strict=True)
        sections: dict[str, dict[str, Any]] = {
            "source": {"url": f"sqlite:///{name}.db"},
            "snapshots": {"dir": "snapshots"},
            "refresh": {"guard_fall": 1},
            "windows": {"re_entry_days": world.re_entry_days, **dict(windows)},
            "overdue_days": dict(world.overdue_days),
        }
        text = "\n".join(
            f"[{section}]\n" + "\n".join(f"{key} = {json.dumps(value)}" for key, value in values.items())
            for section, values in sections.items()
        )
        return Settings.read(f"{text}\n{mapping_toml(world)}", {}, folder=self.path)


@contextmanager
def opened(path: Path) -> Iterator[Bench]:
    """A bench in an empty folder, which leads."""
    store = Store.open(f"sqlite:///{path}/store.db")
    epoch = acquire(store, "test", timedelta(days=9000), datetime(2020, 1, 1, tzinfo=UTC))
    assert epoch is not None
    yield Bench(path, store, epoch)
    store.close()


@dataclass(frozen=True)
class Product:
    """One replica with its refresher."""

    bench: Bench
    refresher: Refresher
    replica: Replica

    @property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """The replica's connection."""
        return self.replica.connection

    def refresh(self, depth: Depth) -> Refreshed:
        """Refresh and release what the guards hold back, for a world may lose all of its rows."""
        done = self.refresher.run(self.bench.epoch, depth)
        if done.outcome == "held":
            release(self.bench.store, "test", datetime.now(UTC))
            done = self.refresher.run(self.bench.epoch, depth)
        assert done.outcome in ("published", "unchanged"), done.error
        assert done.report is not None
        assert [(one.entity, one.error) for one in done.report.entities if one.error or one.quarantined] == []
        return done

    def snapshot(self) -> Snapshot:
        """What is published now."""
        reader = Reader(self.bench.store, self.bench.folder)
        reader.poll()
        assert reader.last_error is None
        snapshot, heartbeat = reader.current(), reader.heartbeat()
        assert snapshot is not None and heartbeat is not None and heartbeat.as_of is not None
        # A snapshot is published when its content changed; the time it holds for is the heartbeat's.
        return replace(snapshot, as_of=heartbeat.as_of)


@dataclass(frozen=True)
class Counted:
    """A world as the product shows it and as the naive recomputation counts it."""

    world: World
    snapshot: Snapshot
    folder: Folder
    pack: Pack = PACK
    from_parties: dict[Any, Frames] = field(default_factory=dict)

    @cached_property
    def frames(self) -> Frames:
        """The frames that sums are taken from."""
        return Frames(self.snapshot)

    @cached_property
    def parties(self) -> list[counting.Party]:
        """The naive parties."""
        return counting.parties(self.world)

    @cached_property
    def facts(self) -> list[counting.Fact]:
        """The naive facts."""
        return counting.facts(self.world, self.parties)


def counted(bench: Bench, world: World) -> Counted:
    """The world through the whole product, once."""
    with bench.source(world), bench.refreshing(bench.settings(world), Clock(world.as_of)) as product:
        product.refresh("full")
        return Counted(world, product.snapshot(), bench.folder)
