"""A source that is down, resets, hangs or is slow: the last good snapshot stays and says its age, and all is well again when it is."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text

import data_access.source
from data_access.packs import read_pack
from data_access.settings import Settings
from data_access.snapshots import Folder, Reader
from data_access.store import Store
from data_access.store.lease import acquire
from data_access.store.published import heartbeat
from data_access.workplace import Refreshing
from tests.faults import Mode, Proxy, proxied

MAPPING = """
[source]
url = "{url}"
statement_timeout_seconds = 1
allow_writable = true
[store]
url = "sqlite:///warboard.db"
[security]
person_key = "9f3c5a7e1b2d4f6081a3c5e7092b4d6f"
[entities.project]
query = "select 'P' as id, '云上' as name"
[entities.lead]
query = "select id, 'P' as project_id, created as created_at, mtime as updated_at from cust"
"""


class House:
    """A source behind a proxy, and its refresher."""

    def __init__(self, database: str, proxy: Proxy, folder: Path) -> None:
        self.direct, self.proxy = create_engine(database), proxy
        self.add("create table cust (id integer primary key, created datetime, mtime datetime)")
        self.add(*(f"insert into cust values ({n}, '2026-03-01 10:00', '2026-03-01 10:00')" for n in range(1, 2_001)))
        url = make_url(database).set(port=proxy.port).render_as_string(hide_password=False)
        self.settings = Settings.read(MAPPING.format(url=url), {}, folder=folder)
        self.store = Store.open(self.settings.store.url)
        self.epoch = acquire(self.store, "one", timedelta(days=1), datetime.now(UTC)) or 0
        self.refreshing = Refreshing(self.settings, read_pack("property"), self.store, lambda: datetime.now(UTC))
        self.reader = Reader(self.store, Folder(self.settings.snapshots.dir))

    def add(self, *statements: str) -> None:
        with self.direct.begin() as connection:
            for statement in statements:
                connection.execute(text(statement))

    def refresh(self) -> str:
        return self.refreshing.run(self.epoch, "changes").outcome

    def leads(self) -> int:
        """How many leads people see."""
        self.reader.poll()
        snapshot = self.reader.current()
        assert snapshot is not None
        return next(one.rows for one in snapshot.counts if one.entity == "lead")

    def busy(self) -> int:
        """How many of our statements the database is working on."""
        query = "select count(*) from information_schema.processlist where command = 'Query' and info not like '%processlist%'"
        with self.direct.connect() as connection:
            return int(connection.scalar(text(query)) or 0)

    def close(self) -> None:
        self.refreshing.close()
        self.store.close()
        self.direct.dispose()


@pytest.fixture
def house(mariadb_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    monkeypatch.setattr(data_access.source, "CONNECT_SECONDS", 1)
    with proxied(make_url(mariadb_url).port or 0) as proxy:
        house = House(mariadb_url, proxy, tmp_path)
        assert house.refresh() == "published"
        yield house
        house.close()


@pytest.mark.parametrize("mode", ["down", "resetting", "hanging"])
def test_an_outage_leaves_the_last_numbers_with_their_age_and_ends_by_itself(house: House, mode: Mode) -> None:
    before = heartbeat(house.store)
    house.proxy.become(mode)
    house.add("insert into cust values (9001, '2026-03-01 11:00', '2026-03-01 11:00')")
    assert [house.refresh(), house.refresh()] == ["failed", "failed"]
    beat = heartbeat(house.store)
    assert before is not None and beat is not None
    assert (beat.ok, beat.as_of, house.leads()) == (False, before.as_of, 2_000)
    assert house.busy() == 0
    house.proxy.become("well")
    assert house.refresh() == "published"
    beat = heartbeat(house.store)
    assert beat is not None and beat.ok and house.leads() == 2_001


def test_a_connection_that_breaks_while_rows_come_changes_nothing(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = data_access.source.Reading._stream

    def breaking(*given, **named):
        for batch in stream(*given, **named):
            house.proxy.become("resetting")
            yield batch

    house.add(
        "update cust set mtime = '2026-03-01 12:00'",
        "insert into cust values (9001, '2026-03-01 12:00', '2026-03-01 12:00')",
    )
    with monkeypatch.context() as patch:
        patch.setattr(data_access.source.Reading, "_stream", breaking)
        house.refresh()
    assert house.leads() == 2_000
    house.proxy.become("well")
    assert house.refresh() == "published" and house.leads() == 2_001


def test_a_slow_source_is_read_all_the_same(house: House) -> None:
    house.proxy.become("slow")
    house.add("insert into cust values (9001, '2026-03-01 11:00', '2026-03-01 11:00')")
    assert house.refresh() == "published" and house.leads() == 2_001
