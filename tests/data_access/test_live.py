"""Names, phones and events asked of the source: by id, understood like the rest, and never for long."""

import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from data_access.live import REST_SECONDS, Contact, Live, SourceDown
from data_access.settings import SettingError, Settings

MAPPING = """
[source]
url = "sqlite:///crm.db"
time_zone = "UTC"
[entities.contact]
query = "select cst_id as id, cst_name as name, tel as phone from customer"
[entities.visit]
table = "visit"
columns = { id = "id", lead_id = "cst_id", project_id = "proj", staff_id = "emp", at = "at" }
[entities.browsing]
table = "seen"
columns = { lead_id = "cst", at = "at", page = "page" }
codes = { page = { "1" = "户型图" } }
"""


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def live(tmp_path: Path) -> Live:
    with closing(sqlite3.connect(tmp_path / "crm.db")) as db, db:
        db.execute("create table customer (cst_id integer primary key, cst_name varchar(9), tel varchar(20))")
        db.executemany("insert into customer values (?, ?, ?)", [(n, f"客{n}", f"139{n:08}") for n in range(200)])
        db.execute("insert into customer values (900, null, null)")
        db.execute("create table visit (id integer, cst_id integer, proj integer, emp integer, at datetime)")
        db.execute("insert into visit values (1, 7, 1, 3, '2026-03-01 02:00:00')")
        db.execute("create table seen (cst integer, at datetime, page integer)")
        db.execute("insert into seen values (8, '2026-03-01 02:00:00', 1), (8, '2026-03-01 02:05:00', 9)")
    return Live(Settings.read(MAPPING, {}, folder=tmp_path), Clock())


def test_contacts_come_by_the_ids_of_the_replica(live: Live) -> None:
    found = live.contacts([str(n) for n in range(0, 200, 2)] + ["900", "nobody", "1 or 1=1"])
    assert len(found) == 101 and found["4"].name == "客4" and found["900"] == Contact()
    assert "客4" not in repr(found) and live.contacts([]) == {}


def test_events_are_told_in_the_group_s_time(live: Live) -> None:
    (visit,) = live.moments(("7",))
    assert (visit.kind, visit.at, visit.staff) == ("visit", datetime(2026, 3, 1, 10, 0), "3")
    assert live.moments(()) == ()


def test_what_a_lead_looked_at_is_told_in_the_group_s_words(live: Live) -> None:
    """A code the mapping does not know stays as it is."""
    seen = [(one.kind, one.at.hour, one.note) for one in live.moments(("8",))]
    assert seen == [("browsing", 10, "户型图"), ("browsing", 10, "9")]


def test_what_is_read_live_is_never_pulled() -> None:
    settings = Settings.read(MAPPING, {})
    assert settings.browsing is not None and set(settings.entities) == {"visit"}


def test_a_source_that_is_down_is_left_alone_for_a_while(tmp_path: Path) -> None:
    clock = Clock()
    live = Live(Settings.read(MAPPING, {}, folder=tmp_path), clock)
    with pytest.raises(SourceDown):
        live.contacts(["1"])
    (tmp_path / "crm.db").write_bytes(b"")
    with closing(sqlite3.connect(tmp_path / "crm.db")) as db, db:
        db.execute("create table customer (cst_id integer primary key, cst_name varchar(9), tel varchar(20))")
    with pytest.raises(SourceDown):
        live.contacts(["1"])
    clock.now += REST_SECONDS
    assert live.contacts(["1"]) == {}


def test_contacts_are_never_an_entity_that_is_pulled() -> None:
    settings = Settings.read(MAPPING, {})
    assert settings.contact is not None and "contact" not in settings.entities


def test_a_contact_is_refused_like_any_other_mapping() -> None:
    with pytest.raises(SettingError, match="entities.contact"):
        Settings.read('[entities.contact]\ntable = "t"\ncolumns = { id = "id", nick = "n" }', {})
    with pytest.raises(SettingError, match="face data"):
        Settings.read('[entities.contact]\ntable = "t"\ncolumns = { id = "id", name = "face_id" }', {})


def test_every_database_finds_whole_numbers_by_their_text(database_url: str, tmp_path: Path) -> None:
    engine = create_engine(database_url)
    with engine.begin() as db:
        db.execute(text("drop table if exists live_customer"))
        db.execute(text("create table live_customer (cst_id bigint primary key, cst_name varchar(9), tel varchar(20))"))
        db.execute(text("insert into live_customer values (7, '客七', '13900000007'), (8, '客八', '13900000008')"))
    mapping = 'table = "live_customer"\ncolumns = { id = "cst_id", name = "cst_name", phone = "tel" }'
    live = Live(Settings.read(f'[source]\nurl = "{database_url}"\n[entities.contact]\n{mapping}', {}, folder=tmp_path))
    assert {id: one.name for id, one in live.contacts(["7", "99"]).items()} == {"7": "客七"}
    live.close()
    with engine.begin() as db:
        db.execute(text("drop table live_customer"))
    engine.dispose()
