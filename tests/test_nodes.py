"""Several nodes: visitors notice neither a new version nor the way back nor a leader that dies, and one leader alone publishes."""

import os
import signal
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import psutil
import pytest
from sqlalchemy import select

from data_access.store.errors import StaleLeader
from data_access.store.lease import REFRESHING
from data_access.store.published import heartbeat, publish, published
from data_access.store.tables import lease
from tests.nodes import ROOT, Nodes, a_release, running_nodes, status_of, wait_until

PATHS = ("/", "/live/overview", "/live/wall/warroom", "/healthz")


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nodes]:
    with running_nodes(tmp_path_factory.mktemp("nodes")) as nodes:
        wait_until(lambda: status_of(f"{nodes.address}/", nodes.cookie) == 200)
        yield nodes


def epoch(nodes: Nodes) -> int:
    with nodes.store.reading() as connection:
        row = connection.execute(select(lease).where(lease.c.name == REFRESHING)).one()
    return int(row.epoch)


def refreshed_at(nodes: Nodes) -> datetime:
    beat = heartbeat(nodes.store)
    assert beat is not None
    return beat.refreshed_at


def leading(nodes: Nodes) -> int:
    """The refresher that holds the lease: its process."""
    found: list[int] = []

    def is_there() -> bool:
        with nodes.store.reading() as connection:
            holder = connection.scalar(select(lease.c.holder).where(lease.c.name == REFRESHING))
        found[:] = [int(str(holder).split(":")[1])] if holder else []
        return bool(found) and psutil.pid_exists(found[0])

    wait_until(is_there)
    return found[0]


@pytest.mark.parametrize("times", [1, pytest.param(10, marks=pytest.mark.nightly)])
def test_visitors_do_not_notice_a_new_version_nor_the_way_back(nodes: Nodes, tmp_path: Path, times: int) -> None:
    following = a_release(tmp_path / "next", migrates=True)
    with nodes.visited(PATHS) as seen:
        for _ in range(times):
            nodes.deploy(following)
            nodes.deploy(ROOT)
    assert seen.bad == [] and seen.statuses[200] > 100


@pytest.mark.parametrize("times", [1, pytest.param(20, marks=pytest.mark.nightly)])
def test_a_leader_that_dies_is_followed_by_another(nodes: Nodes, times: int) -> None:
    with nodes.visited(PATHS, visitors=2) as seen:
        for _ in range(times):
            before, died = epoch(nodes), datetime.now(UTC)
            os.kill(leading(nodes), signal.SIGKILL)
            wait_until(lambda: epoch(nodes) > before and refreshed_at(nodes) > died)
    assert seen.bad == []


def test_a_leader_that_slept_cannot_publish(nodes: Nodes) -> None:
    before, pid = epoch(nodes), leading(nodes)
    os.kill(pid, signal.SIGSTOP)
    try:
        wait_until(lambda: epoch(nodes) > before)
        pointer = published(nodes.store)
        assert pointer is not None
        with pytest.raises(StaleLeader):
            publish(nodes.store, before, "of the one that slept", pointer.manifest, datetime.now(UTC))
    finally:
        os.kill(pid, signal.SIGCONT)
    after = epoch(nodes)
    wait_until(lambda: refreshed_at(nodes) > datetime.now(UTC).replace(microsecond=0))
    assert epoch(nodes) == after
