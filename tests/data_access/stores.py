"""Work on stores for tests: in this process, in threads that start together, in processes that are to be killed."""

import multiprocessing
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Barrier
from typing import Any

import duckdb

from data_access.snapshot_files import Folder
from data_access.store import Store
from data_access.store.lease import acquire
from data_access.store.people import Person, change_person_with
from data_access.store.published import beat, publish

NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)  # 12:00 in Shanghai
TTL = timedelta(seconds=20)
LISTS = ("projects", "channels", "staff", "referrers", "targets", "milestones", "recent", "frozen", "counts")

processes = multiprocessing.get_context("forkserver")
processes.set_forkserver_preload(["tests.data_access.stores", "tests.data_access.houses"])


@contextmanager
def opened(url: str) -> Iterator[Store]:
    """A store that is closed again."""
    store = Store.open(url)
    try:
        yield store
    finally:
        store.close()


def change_person(store: Store, person: Person) -> None:
    """Replace what is kept about a person, as pages and commands do."""
    with store.writing() as connection:
        change_person_with(connection, person, NOON)


def at_once(count: int, work: Any) -> list[Any]:
    """What `work(number)` returns in that many threads that start together."""
    barrier = Barrier(count)

    def start(number: int) -> Any:
        barrier.wait()
        return work(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(start, range(count)))


def a_manifest(**changes: Any) -> dict[str, Any]:
    """A manifest with nothing in it but what the test names; lists by their names."""
    lists = {name: changes.pop(name, []) for name in LISTS}
    plain: dict[str, Any] = {
        "as_of": "2026-03-02T12:00:00",
        "newest_event": None,
        "windows": {},
        "absent": {},
        "marts": {},
        "parties": [],
    }
    return {**plain, **changes, "lists": lists}


def publish_number(store: Store, folder: Folder, connection: duckdb.DuckDBPyConnection, epoch: int, number: int) -> int:
    """Publish a snapshot in which every mart holds only this number."""
    sql = f"select i::integer as day, {number}::bigint as number from range(100) rows(i) order by 1"
    marts = {name: [folder.put(connection, sql, name), folder.put(connection, sql, f"{name}-late")] for name in "ab"}
    version, manifest = folder.put_manifest(a_manifest(marts=marts, absent={"number": str(number)}))
    sequence = publish(store, epoch, version, manifest, NOON)
    beat(store, epoch, NOON.replace(tzinfo=None), NOON)
    return sequence


def publish_for_ever(url: str, folder: Path, holder: str, told: Connection) -> None:
    """Publish ever new snapshots as the leader and tell each sequence; for a process that is to be killed."""
    store, files, connection = Store.open(url), Folder(folder), duckdb.connect()
    epoch = acquire(store, holder, TTL, NOON + int(holder) * TTL)
    assert epoch is not None
    number = int(holder) * 1_000_000
    while True:
        number += 1
        told.send(publish_number(store, files, connection, epoch, number))


def open_and_lead(url: str, holder: str, told: Connection) -> None:
    """Open a store that may not exist yet, try to lead, and tell the epoch."""
    with opened(url) as store:
        told.send(acquire(store, holder, TTL, NOON))
