"""A disk that is full: the last snapshot is served on, nothing breaks, and the first refresh with room again is as if nothing had been."""

import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest
from sqlalchemy.exc import OperationalError

from data_access.scheduler import RefreshFailed
from data_access.snapshots import Folder, Reader
from tests.data_access.houses import House, a_house
from tests.data_access.test_kills import MAPPING, Crm

MEGABYTES = 50


@pytest.fixture
def volume(tmp_path: Path) -> Iterator[Path]:
    """A small disk of its own."""
    place = tmp_path / "volume"
    place.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={MEGABYTES}m", "tmpfs", str(place)], capture_output=True
    )
    if made.returncode != 0:
        pytest.skip(f"No small disk can be made here: {made.stderr.decode().strip()}")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


def fill(place: Path, leave: int) -> Path:
    """Fill a disk but for so many bytes."""
    filler = place / "filler"
    room = shutil.disk_usage(place).free - leave
    with suppress(OSError), filler.open("wb") as file:
        file.write(bytes(max(room, 0)))
    return filler


def refreshed(house: House) -> bool:
    """Whether a refresh came to its end; on a full disk it may fail in any of these ways, which the scheduler logs."""
    try:
        return house.refresh() in ("published", "unchanged")
    except (RefreshFailed, OperationalError, duckdb.Error, OSError):
        return False


@pytest.mark.parametrize("times", [5, pytest.param(20, marks=pytest.mark.nightly)])
def test_a_full_disk_is_outlived_again_and_again(
    volume: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    crm = Crm(tmp_path / "crm.db")
    with a_house(crm.path, volume / "house", monkeypatch, MAPPING) as house:
        assert refreshed(house)
        reader = Reader(house.store, Folder(house.settings.snapshots.dir))
        failed = 0
        for turn in range(times):
            house.now += timedelta(minutes=1)
            crm.happens(house.now)
            # Each time a little more room, so that it ends in another place.
            filler = fill(volume, turn * 40_000)
            failed += not refreshed(house)
            reader.poll()
            assert reader.current() is not None and reader.last_error is None
            filler.unlink()
            assert refreshed(house)
            with closing(sqlite3.connect(house.folder / "warboard.db")) as store:
                assert store.execute("pragma integrity_check").fetchall() == [("ok",)]
        assert failed
        house.now += timedelta(hours=1)
        assert house.refreshing.run(house.epoch, "keys").outcome == "published"
        with a_house(crm.path, tmp_path / "fresh", monkeypatch, MAPPING) as fresh:
            fresh.now = house.now
            assert fresh.refresh() == "published" and fresh.marts() == house.marts()
