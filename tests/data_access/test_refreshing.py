"""The refresher's own process: it publishes, it stops, it never outlives its server, and it comes back when it dies."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from data_access.demo import build, demo_toml
from data_access.refreshing import kept_running
from data_access.store import Store
from data_access.store.lease import acquire
from data_access.store.published import published

APP = Path(__file__).parents[2] / "app.py"
PATIENCE = 60


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small demo that nobody refreshes yet."""
    made = tmp_path_factory.mktemp("refreshing")
    build(made / "crm.db", now=datetime(2026, 3, 12, 15, 20), leads=1_000)
    (made / "warboard.toml").write_text(demo_toml(), encoding="utf-8")
    return made


@contextmanager
def refresher(folder: Path, parent: int) -> Iterator[subprocess.Popen[bytes]]:
    """The refresher, with a process that it takes for its parent."""
    words = [
        sys.executable,
        str(APP),
        "refresher",
        "--config",
        str(folder / "warboard.toml"),
        "--parent",
        str(parent),
    ]
    process = subprocess.Popen(words)
    yield process
    process.kill()
    process.wait()


def eventually(holds: Callable[[], bool]) -> bool:
    """Whether something comes to hold before patience is over."""
    until = time.monotonic() + PATIENCE
    while not (held := holds()) and time.monotonic() < until:
        time.sleep(0.1)
    return held


def test_it_publishes_and_gives_the_lease_back_when_told_to_stop(folder: Path) -> None:
    store = Store.open(f"sqlite:///{folder}/warboard.db")
    with refresher(folder, os.getpid()) as process:
        assert eventually(lambda: published(store) is not None)
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0
    now = datetime.now(UTC)
    assert acquire(store, "another", now - now, now) is not None
    store.close()


def test_it_does_not_outlive_its_server(folder: Path) -> None:
    with refresher(folder, parent=1) as orphan:
        assert orphan.wait(PATIENCE) == 0


def test_one_that_dies_is_started_anew_and_the_last_ends_with_its_server(tmp_path: Path) -> None:
    note = f"import os, time; open({str(tmp_path / 'pids')!r}, 'a').write(f'{{os.getpid()}}\\n'); time.sleep(600)"

    def pids() -> list[int]:
        file = tmp_path / "pids"
        return [int(line) for line in file.read_text().splitlines()] if file.exists() else []

    with kept_running([sys.executable, "-c", note], os.environ, again_after=0.1):
        assert eventually(lambda: len(pids()) == 1)
        os.kill(pids()[0], signal.SIGKILL)
        assert eventually(lambda: len(pids()) == 2)
    with pytest.raises(ProcessLookupError):
        os.kill(pids()[1], 0)
