"""What follows a refresh: every step on its own, also after a refresh that failed, and none before there is a snapshot."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from data_access.rhythm import Moment, Rhythm, Step
from data_access.scheduler import Job, RefreshFailed
from data_access.snapshots import Folder, Reader
from data_access.store import StaleLeader, Store
from data_access.store.lease import acquire
from data_access.store.slots import Depth
from tests.data_access.stores import NOON, TTL, opened, publish_number

LATER = datetime(2026, 3, 2, 5, 0, tzinfo=UTC)
Made = Callable[..., Rhythm]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with opened(f"sqlite:///{tmp_path}/warboard.db") as store:
        yield store


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path / "snapshots")


@pytest.fixture
def rhythm(store: Store, folder: Folder) -> Made:
    """A rhythm over this store and folder, by a clock that stands."""
    return lambda job, *steps: Rhythm(job, steps, Reader(store, folder), lambda: LATER)


def publishing(store: Store, folder: Folder) -> Job:
    """A job that publishes a snapshot with another number each time."""
    epoch = acquire(store, "a", TTL, NOON) or 0

    def job(epoch_now: int, depth: Depth) -> str:
        with duckdb.connect() as connection:
            return f"{depth} {publish_number(store, folder, connection, epoch, epoch_now)}"

    return job


def failing(error: Exception) -> Job:
    """A job that dies of this."""

    def job(epoch: int, depth: Depth) -> str:
        raise error

    return job


def raising(error: Exception) -> Step:
    """A step that dies of this."""

    def step(moment: Moment) -> None:
        raise error

    return step


def test_steps_follow_a_refresh_in_order_with_its_snapshot(rhythm: Made, store: Store, folder: Folder) -> None:
    seen: list[tuple[str, Moment]] = []
    steps = [lambda moment, name=name: seen.append((name, moment)) for name in "ab"]
    both = rhythm(publishing(store, folder), *steps)
    assert [both.job(7, "changes"), both.job(8, "full")] == ["changes 1", "full 2"]
    assert [(name, moment.epoch, moment.snapshot.sequence) for name, moment in seen] == [
        ("a", 7, 1),
        ("b", 7, 1),
        ("a", 8, 2),
        ("b", 8, 2),
    ]
    assert {(moment.now, moment.outcome) for _, moment in seen} == {(LATER, True)}


@pytest.mark.parametrize("error", [RefreshFailed("the source is down"), OSError("the disk is full")])
def test_steps_follow_a_refresh_that_failed_too(rhythm: Made, store: Store, folder: Folder, error: Exception) -> None:
    publishing(store, folder)(1, "full")
    seen: list[Moment] = []
    with pytest.raises(type(error)):
        rhythm(failing(error), seen.append).job(1, "changes")
    assert [(moment.outcome, moment.snapshot.sequence) for moment in seen] == [(False, 1)]


def test_before_the_first_snapshot_nothing_follows(rhythm: Made) -> None:
    seen: list[Moment] = []
    assert rhythm(lambda epoch, depth: "unchanged", seen.append).job(1, "full") == "unchanged"
    assert seen == []


def test_a_step_that_breaks_stops_neither_the_others_nor_the_refresh(
    rhythm: Made, store: Store, folder: Folder, caplog: pytest.LogCaptureFixture
) -> None:
    seen: list[Moment] = []
    said = rhythm(publishing(store, folder), raising(ValueError("no such board")), seen.append).job(1, "full")
    assert (said, len(seen)) == ("full 1", 1)
    (line,) = caplog.records
    assert line.getMessage().startswith("Error ")
    assert "no such board" in str(line.exc_text)


def test_who_leads_no_more_leaves_the_rest_to_the_next_leader(
    rhythm: Made, store: Store, folder: Folder, caplog: pytest.LogCaptureFixture
) -> None:
    seen: list[Moment] = []
    rhythm(publishing(store, folder), raising(StaleLeader("Epoch 1 is over.")), seen.append).job(1, "full")
    with pytest.raises(StaleLeader):
        rhythm(failing(StaleLeader("Epoch 1 is over.")), seen.append).job(1, "full")
    assert seen == []
    assert [line.levelname for line in caplog.records] == ["WARNING"]
