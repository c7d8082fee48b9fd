"""kill -9 wherever a refresh may stand: nothing is lost or counted twice, no file is broken, and the next refresh goes on."""

import random
import sqlite3
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from data_access.snapshots import Folder, Reader
from data_access.store import Store
from data_access.store.people import people
from data_access.store.slots import Depth
from tests.data_access.houses import NOW, PLACES, House, a_house, opened_and_closed, refresh_and_die
from tests.data_access.stores import processes

PATIENCE = 60
MAPPING = """
[entities.project]
query = "select 'P' as id, '云上' as name"
[entities.lead]
query = "select id, 'P' as project_id, created as created_at, tel as person, grade, mtime as updated_at from cust"
[entities.visit]
query = "select id, cust as lead_id, 'P' as project_id, at, mtime as updated_at from vis"
[entities.contract]
query = "select id, cust as lead_id, 'P' as project_id, signed as signed_at, amount, mtime as updated_at from con"
"""
TABLES = """
create table cust (id integer primary key, created text, tel text, grade text, mtime text);
create table vis (id integer primary key, cust integer, at text, mtime text);
create table con (id integer primary key, cust integer, signed text, amount numeric, mtime text);
"""


class Crm:
    """A small source in which something happens again and again."""

    def __init__(self, path: Path) -> None:
        self.path, self.rng, self.newest = path, random.Random(7), 0
        self._run(TABLES)
        for day in range(40):
            self.happens(NOW - timedelta(days=40 - day))

    def happens(self, now: datetime) -> None:
        """A few customers come, and some of those who came visit, sign, are graded again or taken out."""
        said = []
        for _ in range(self.rng.randrange(1, 4)):
            self.newest += 1
            said.append(f"insert into cust values ({self.newest}, '{now}', '138{self._one():08d}', 'B', '{now}')")
            said.append(f"insert into vis (cust, at, mtime) values ({self._one()}, '{now}', '{now}')")
        said.append(f"update cust set grade = '{self.rng.choice('ABCD')}', mtime = '{now}' where id = {self._one()}")
        said.append(
            f"insert into con (cust, signed, amount, mtime) values ({self._one()}, '{now}', 1000000.5, '{now}')"
        )
        if self.rng.random() < 0.1:
            said.append(f"delete from con where id = {self._one()}")
        self._run(";".join(said))

    def contracts(self) -> int:
        """How many there are, counted by hand."""
        with closing(sqlite3.connect(self.path)) as db:
            return int(db.execute("select count(*) from con").fetchone()[0])

    def _one(self) -> int:
        return self.rng.randrange(self.newest) + 1

    def _run(self, script: str) -> None:
        with closing(sqlite3.connect(self.path)) as db:
            db.executescript(f"begin; {script}; commit;")


def a_life(house: House, place: str = "", *, after: bool = False, depth: Depth = "changes") -> bool:
    """A process refreshes and dies at a place; whether it came to the end instead."""
    ear, mouth = processes.Pipe(duplex=False)
    process = processes.Process(
        target=refresh_and_die,
        args=(house.data, house.folder, MAPPING, house.now, place),
        kwargs={"after": after, "depth": depth, "end": mouth},
    )
    process.start()
    mouth.close()
    process.join(PATIENCE)
    return process.exitcode == 0 and bool(ear.recv())


def is_sound(house: House) -> bool:
    """The store is whole, and everything that is published can be read."""
    with closing(sqlite3.connect(house.folder / "warboard.db")) as store:
        whole = store.execute("pragma integrity_check").fetchall() == [("ok",)]
    reader = Reader(house.store, Folder(house.settings.snapshots.dir))
    reader.poll()
    return whole and reader.last_error is None


@pytest.mark.parametrize("kills", [200, pytest.param(10_000, marks=pytest.mark.nightly)])
def test_a_refresh_that_is_killed_anywhere_loses_and_doubles_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kills: int
) -> None:
    crm, rng, died = Crm(tmp_path / "crm.db"), random.Random(7), 0
    with a_house(crm.path, tmp_path / "house", monkeypatch, MAPPING) as house:
        assert a_life(house)
        for number in range(kills):
            house.now += timedelta(seconds=rng.choice((4, 4, 4, 3700)))
            crm.happens(house.now)
            place = PLACES[number % len(PLACES)]
            died += not a_life(house, place, after=rng.random() < 0.5)
            assert is_sound(house), place
        assert died > 0.9 * kills
        house.now += timedelta(hours=1)
        assert a_life(house, depth="keys")  # rows that are gone are found by their ids
        with a_house(crm.path, tmp_path / "fresh", monkeypatch, MAPPING) as fresh:
            fresh.now = house.now
            assert fresh.refresh() == "published"
            assert fresh.marts() == house.marts()
            assert fresh.rows("contract") == house.rows("contract") == crm.contracts()


@pytest.mark.parametrize("kills", [30, pytest.param(200, marks=pytest.mark.nightly)])
def test_a_migration_that_is_killed_anywhere_is_simply_done_again(tmp_path: Path, kills: int) -> None:
    rng = random.Random(7)
    for number in range(kills):
        url = f"sqlite:///{tmp_path}/{number}.db"
        process = processes.Process(target=opened_and_closed, args=(url,))
        process.start()
        process.join(rng.uniform(0.02, 0.6))
        process.kill()
        process.join()
        with closing(Store.open(url)) as store:
            assert people(store) == []
