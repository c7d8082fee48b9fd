"""Damage: a replica that is gone, cut off or altered is made anew with the same numbers; a source that went back in time is noticed."""

import random
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from data_access.demo import build
from data_access.scheduler import RefreshFailed
from data_access.simulator import Simulator
from tests.data_access.houses import NOW, House, a_house


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("damage") / "crm.db"
    build(made, now=NOW, leads=1_000)
    return made


@pytest.fixture
def data(built: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(built, tmp_path))


@pytest.fixture
def house(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    with a_house(data, tmp_path / "house", monkeypatch) as house:
        assert house.refresh() == "published"
        house.restart()  # closing writes everything into the file
        yield house


def gone(path: Path) -> None:
    path.unlink()


def cut_off(path: Path) -> None:
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size // 2)


def overwritten(path: Path) -> None:
    path.write_bytes(b"something else" * 1_000)


def altered(path: Path) -> None:
    """Some bytes of every block."""
    rng, content = random.Random(7), bytearray(path.read_bytes())
    for start in range(0, len(content), 4096):
        content[start + rng.randrange(4096)] ^= 0xFF
    path.write_bytes(content)


@pytest.mark.parametrize("damage", [gone, cut_off, overwritten, altered])
def test_a_damaged_replica_is_read_anew_with_the_same_numbers(house: House, damage: Callable[[Path], None]) -> None:
    before, replica = house.marts(), house.settings.replica.path
    damage(replica)
    assert house.refresh() == "unchanged"
    assert house.marts() == before
    assert replica.with_name("replica.duckdb.damaged").exists() == (damage is not gone)


def test_damage_that_shows_while_reading_is_mended_in_the_same_refresh(house: House) -> None:
    replica = house.settings.replica.path
    assert house.refresh() == "unchanged"
    content = replica.read_bytes()
    house.refreshing.close()
    # The heads of the file are sound, so that it opens.
    replica.write_bytes(content[: 3 * 4096] + bytes(len(content) - 3 * 4096))
    house.now += timedelta(minutes=1)
    Simulator(house.data).step(house.now)
    assert house.refresh() == "published"


def test_a_replica_that_another_process_holds_is_left_alone(house: House, tmp_path: Path) -> None:
    replica = house.settings.replica.path
    holding = f"import duckdb, time; c = duckdb.connect({str(replica)!r}); print('held', flush=True); time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", holding], stdout=subprocess.PIPE) as other:
        assert other.stdout is not None and other.stdout.readline() == b"held\n"
        with pytest.raises(RefreshFailed, match="cannot be opened"):
            house.refresh()
        other.kill()
    assert house.refresh() == "unchanged"
    assert not replica.with_name("replica.duckdb.damaged").exists()


@pytest.mark.parametrize("steps", [1, 150])
def test_a_source_that_went_back_in_time_is_noticed_at_the_next_refresh(
    house: House, steps: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = shutil.copy(house.data, tmp_path / "copy.db")
    simulator = Simulator(house.data)
    for _ in range(steps):
        house.now += timedelta(seconds=4)
        simulator.step(house.now)
    assert house.refresh() == "published"
    for ending in ("", "-wal", "-shm"):
        Path(f"{house.data}{ending}").unlink(missing_ok=True)
    shutil.copy(copy, house.data)
    house.now += timedelta(minutes=1)
    assert house.refresh() == "published"
    with a_house(house.data, tmp_path / "other", monkeypatch) as other:
        other.now = house.now
        other.refresh()
        assert other.marts() == house.marts()
