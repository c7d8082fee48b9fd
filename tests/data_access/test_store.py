"""The store keeps leases, pointers, people and sessions, on SQLite and on PostgreSQL alike."""

import sqlite3
import stat
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, make_url, select, text
from sqlalchemy.exc import IntegrityError

from data_access.store import StaleLeader, Store, StoreError, database, requests, runs
from data_access.store.holds import SUPERSEDED, hold, last_release, open_hold
from data_access.store.holds import release as release_hold
from data_access.store.lease import SKEW, acquire, release, renew
from data_access.store.links import LIFE, make_link, use_link
from data_access.store.people import Person, add_person, people, person
from data_access.store.published import beat, heartbeat, publish, published
from data_access.store.requests import ask_refresh, finish_request, request, take_requests
from data_access.store.runs import Run, record_run
from data_access.store.secrets import secret
from data_access.store.sessions import close_session, open_session, session
from data_access.store.slots import Slot, finish_slots, last_slots, try_slots
from data_access.store.sqlite import file_system, journal_mode
from data_access.store.state import State, keep_state_day
from data_access.store.tables import METADATA, state_days
from tests.data_access.stores import NOON, TTL, at_once, change_person, open_and_lead, opened, processes

SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)
IDLE, ABSOLUTE = timedelta(hours=8), timedelta(days=7)


def a_leader(store: Store, holder: str = "one", now: datetime = NOON) -> int:
    epoch = acquire(store, holder, TTL, now)
    assert epoch is not None
    return epoch


def a_person(store: Store, **changes: str) -> Person:
    return add_person(store, **{"name": "王芳", "role": "leader", **changes})


# Opening and migrating


def test_the_migrations_make_exactly_the_tables_the_code_uses(store: Store) -> None:
    with store.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, METADATA) == []


def test_the_files_of_the_migrations_are_named_by_their_revisions_in_order() -> None:
    scripts = ScriptDirectory(str(database.MIGRATIONS)).walk_revisions()
    assert database.revisions() == [script.revision for script in scripts][::-1]


def test_people_of_an_earlier_version_stay_and_it_can_still_add_some(store_url: str) -> None:
    config, added = Config(), text("insert into people (id, name, role, enabled) values (:id, :id, 'leader', true)")
    config.set_main_option("script_location", str(database.MIGRATIONS))
    with opened(store_url) as store, store.writing() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "0004")
        connection.execute(added, {"id": "before"})
    with opened(store_url) as store:
        with store.writing() as connection:
            connection.execute(added, {"id": "meanwhile"})
        assert [(one.id, one.account, one.from_staff) for one in people(store)] == [
            ("before", None, False),
            ("meanwhile", None, False),
        ]


def test_processes_that_open_a_new_store_together_migrate_it_once_and_elect_one_leader(store_url: str) -> None:
    ears = []
    for holder in "abcd":
        ear, mouth = processes.Pipe(duplex=False)
        processes.Process(target=open_and_lead, args=(store_url, holder, mouth)).start()
        ears.append(ear)
    assert sorted(ear.recv() or 0 for ear in ears) == [0, 0, 0, 1]


def test_threads_that_open_a_new_store_together_migrate_it_once(store_url: str) -> None:
    for store in at_once(4, lambda _: Store.open(store_url)):
        assert published(store) is None
        store.close()


def test_a_migration_that_breaks_leaves_the_store_as_it_was(store_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def break_after_upgrading(config: Config, revision: str) -> None:
        upgrade(config, revision)
        raise KeyboardInterrupt

    upgrade = command.upgrade
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(command, "upgrade", break_after_upgrading)
        Store.open(store_url)
    engine = database._engine(make_url(store_url))
    assert inspect(engine).get_table_names() == []
    engine.dispose()
    with opened(store_url) as store:
        assert people(store) == []


def test_a_store_of_a_newer_warboard_is_used_as_it_is(store_url: str, store: Store) -> None:
    with store.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with opened(store_url) as again:
        assert people(again) == []


def test_the_sqlite_file_and_its_folder_are_private(sqlite_store_url: str, tmp_path: Path) -> None:
    with opened(sqlite_store_url):
        file = tmp_path / "store" / "warboard.db"
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    ("url", "way_out"),
    [
        ("sqlite://", "Give a path"),
        ("sqlite:///:memory:", "Give a path"),
        ("mysql+pymysql://host/db", "Give an sqlite or postgresql URL"),
    ],
)
def test_a_store_that_cannot_be_shared_is_refused(url: str, way_out: str) -> None:
    with pytest.raises(StoreError, match=way_out):
        Store.open(url)


@pytest.mark.parametrize(
    ("version", "mode"),
    [
        ("3.6.23", "delete"),
        ("3.7.0", "delete"),
        ("3.40.1", "delete"),
        ("3.44.5", "delete"),
        ("3.44.6", "wal"),
        ("3.45.0", "delete"),
        ("3.50.6", "delete"),
        ("3.50.7", "wal"),
        ("3.51.0", "delete"),
        ("3.51.2", "delete"),
        ("3.51.3", "wal"),
        ("3.52.0", "delete"),
        ("3.52.1", "wal"),
        ("3.53.0", "wal"),
        ("4.0.0", "wal"),
    ],
)
def test_wal_is_used_only_where_it_is_sound(version: str, mode: str) -> None:
    assert journal_mode(version) == mode


def test_sqlite_runs_in_the_mode_its_version_allows_with_safe_settings(sqlite_store_url: str) -> None:
    with opened(sqlite_store_url) as store, store.reading() as connection:
        values = [
            connection.scalar(text(f"PRAGMA {name}"))
            for name in ("journal_mode", "foreign_keys", "busy_timeout", "synchronous")
        ]
    assert values == [journal_mode(sqlite3.sqlite_version), 1, 10_000, 3]


MOUNTS = """/dev/vda / ext4 rw 0 0
files:/share /srv/war\\040room nfs4 rw 0 0
/dev/vdb /srv/war\\040room/local xfs rw 0 0
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [("/var/w.db", "ext4"), ("/srv/war room/w.db", "nfs4"), ("/srv/war room/local/w.db", "xfs")],
)
def test_the_file_system_of_a_path_is_that_of_its_innermost_mount(path: str, kind: str) -> None:
    assert file_system(Path(path), MOUNTS) == kind


def test_a_store_on_a_network_file_system_is_refused(sqlite_store_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("data_access.store.sqlite.file_system", lambda path, mounts: "nfs4")
    with pytest.raises(StoreError, match="network file system"):
        Store.open(sqlite_store_url)


def test_many_writers_wait_for_one_another(store: Store) -> None:
    def write(number: int) -> None:
        for _ in range(10):
            ask_refresh(store, "changes", f"writer {number}", NOON)

    at_once(16, write)
    assert len(take_requests(store, 1)) == 160


def test_a_time_without_zone_is_refused(store: Store) -> None:
    with pytest.raises(Exception, match="no time zone"):
        acquire(store, "one", TTL, NOON.replace(tzinfo=None))


# The lease


def test_a_lease_is_held_until_it_runs_out(store: Store) -> None:
    assert acquire(store, "one", TTL, NOON) == 1
    assert acquire(store, "two", TTL, NOON + TTL - SECOND) is None
    assert acquire(store, "two", TTL, NOON + TTL) == 2
    assert acquire(store, "one", TTL, NOON + TTL) is None


def test_a_renewed_lease_lasts_longer(store: Store) -> None:
    epoch = a_leader(store)
    assert renew(store, "one", epoch, TTL, NOON + 15 * SECOND)
    assert acquire(store, "two", TTL, NOON + 30 * SECOND) is None


def test_a_late_leader_renews_unless_another_has_taken_over(store: Store) -> None:
    epoch = a_leader(store)
    assert renew(store, "one", epoch, TTL, NOON + HOUR)
    a_leader(store, "two", NOON + 2 * HOUR)
    assert not renew(store, "one", epoch, TTL, NOON + 2 * HOUR)


def test_the_epoch_grows_with_every_change_of_holder_only(store: Store) -> None:
    assert [a_leader(store), a_leader(store), a_leader(store, "two", NOON + HOUR)] == [1, 1, 2]


def test_a_released_lease_is_free_at_once_and_its_epoch_is_over(store: Store) -> None:
    epoch = a_leader(store)
    assert release(store, "one", epoch, NOON)
    with pytest.raises(StaleLeader):
        publish(store, epoch, "v", "m", NOON)
    assert a_leader(store, "one") == epoch + 1
    assert not release(store, "one", epoch, NOON)


def test_a_lease_stamped_by_a_wrong_clock_binds_nobody(store: Store) -> None:
    a_leader(store, "one", NOON + SKEW + HOUR)
    assert acquire(store, "two", TTL, NOON) == 2


def test_of_twenty_candidates_one_leads(store: Store) -> None:
    epochs = at_once(20, lambda number: acquire(store, str(number), TTL, NOON))
    assert sorted(epoch for epoch in epochs if epoch) == [1]


# Publishing


def test_nothing_is_published_at_first(store: Store) -> None:
    assert published(store) is None
    assert heartbeat(store) is None


def test_every_publication_has_the_next_sequence(store: Store) -> None:
    epoch = a_leader(store)
    assert [publish(store, epoch, f"v{number}", f"m{number}", NOON) for number in range(3)] == [1, 2, 3]
    last = published(store)
    assert last is not None
    assert (last.sequence, last.version, last.manifest, last.epoch, last.published_at) == (3, "v2", "m2", epoch, NOON)


def test_a_stale_leader_changes_nothing(store: Store) -> None:
    stale = a_leader(store)
    publish(store, stale, "v", "m", NOON)
    beat(store, stale, datetime(2026, 3, 2, 12), NOON)
    a_leader(store, "two", NOON + HOUR)
    before = published(store), heartbeat(store), last_slots(store)
    for write in (
        lambda: publish(store, stale, "stale", "stale", NOON),
        lambda: beat(store, stale, datetime(2026, 3, 2, 13), NOON),
        lambda: try_slots(store, stale, ["full"], NOON),
        lambda: finish_slots(store, stale, ["full"], NOON),
    ):
        with pytest.raises(StaleLeader, match="Epoch 1 of the lease 'refresh' is over"):
            write()
    assert (published(store), heartbeat(store), last_slots(store)) == before


def test_without_any_leader_nothing_can_be_published(store: Store) -> None:
    with pytest.raises(StaleLeader, match="nobody leads"):
        publish(store, 1, "v", "m", NOON)


def test_only_the_last_of_many_racing_leaders_publishes_under_its_epoch(store: Store) -> None:
    def lead_and_publish(number: int) -> tuple[int, int] | None:
        epoch = acquire(store, str(number), TTL, NOON + number * TTL)
        try:
            return None if epoch is None else (epoch, publish(store, epoch, "v", "m", NOON))
        except StaleLeader:
            return None

    wrote = [result for result in at_once(12, lead_and_publish) if result]
    assert [epoch for epoch, _ in sorted(wrote, key=lambda pair: pair[1])] == sorted(epoch for epoch, _ in wrote)
    assert sorted(sequence for _, sequence in wrote) == list(range(1, len(wrote) + 1))


def test_the_heartbeat_advances_without_a_publication(store: Store) -> None:
    epoch = a_leader(store)
    for minute in (1, 2):
        beat(store, epoch, datetime(2026, 3, 2, 12, minute), NOON + minute * SECOND)
    last = heartbeat(store)
    assert last is not None
    assert (last.as_of, last.refreshed_at, last.ok, last.error) == (
        datetime(2026, 3, 2, 12, 2),
        NOON + 2 * SECOND,
        True,
        None,
    )


def test_a_failed_refresh_leaves_the_time_of_the_data(store: Store) -> None:
    epoch = a_leader(store)
    beat(store, epoch, datetime(2026, 3, 2, 12), NOON)
    beat(store, epoch, None, NOON + HOUR, error="the source is down")
    last = heartbeat(store)
    assert last is not None
    assert (last.as_of, last.ok, last.error) == (datetime(2026, 3, 2, 12), False, "the source is down")


# Runs, slots, holds, states, requests


def test_the_log_keeps_the_latest_runs(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "KEPT", 3)
    for number in range(5):
        record_run(store, Run(NOON, float(number), "changes", {"lead": number}, "failed", "e1", "no route"))
    kept = runs.runs(store)
    assert [run.seconds for run in kept] == [4, 3, 2]
    assert kept[0] == Run(NOON, 4.0, "changes", {"lead": 4}, "failed", "e1", "no route")


def test_a_slot_remembers_the_last_try_and_the_last_success(store: Store) -> None:
    epoch = a_leader(store)
    finish_slots(store, epoch, ["changes", "keys"], NOON)
    try_slots(store, epoch, ["keys"], NOON + HOUR)
    assert last_slots(store) == {"changes": Slot(NOON, NOON), "keys": Slot(NOON + HOUR, NOON)}


def test_the_same_finding_is_held_once(store: Store) -> None:
    first = hold(store, {"entity": "lead", "fell": 0.5}, NOON)
    assert hold(store, {"fell": 0.5, "entity": "lead"}, NOON + HOUR) == first == open_hold(store)


def test_another_finding_takes_the_place_of_the_open_one(store: Store) -> None:
    hold(store, {"entity": "lead"}, NOON)
    second = hold(store, {"entity": "visit"}, NOON + HOUR)
    assert open_hold(store) == second
    assert last_release(store) is None


def test_a_released_hold_names_who_let_it_pass(store: Store) -> None:
    hold(store, {"entity": "lead"}, NOON)
    released = release_hold(store, "王芳", NOON + HOUR)
    assert released is not None
    assert (released.released_by, released.released_at) == ("王芳", NOON + HOUR)
    assert last_release(store) == released
    assert open_hold(store) is None
    assert release_hold(store, "王芳", NOON) is None
    assert SUPERSEDED != "王芳"


def test_a_day_keeps_the_last_state_given_for_it(store: Store) -> None:
    monday, tuesday = date(2026, 3, 2), date(2026, 3, 3)
    old, new = State("p1", "c1", "", "A", 9, 8, 7, 6), State("p1", "c2", "s1", "", 5, 4, 3, 2)

    def kept() -> list[tuple[object, ...]]:
        with store.reading() as connection:
            return [tuple(row) for row in connection.execute(select(state_days).order_by("day", "project", "channel"))]

    keep_state_day(store, monday, [old])
    keep_state_day(store, tuesday, [old])
    keep_state_day(store, tuesday, [new, old])
    assert kept() == [(monday, *old), (tuesday, *old), (tuesday, *new)]
    keep_state_day(store, tuesday, [])
    assert kept() == [(monday, *old)]


def test_a_request_is_taken_once_and_answered(store: Store) -> None:
    asked = ask_refresh(store, "full", "ops", NOON)
    assert [one.id for one in take_requests(store, epoch=1)] == [asked]
    assert take_requests(store, epoch=1) == []
    finish_request(store, asked, "published 7", NOON + HOUR)
    answered = request(store, asked)
    assert answered is not None
    assert (answered.outcome, answered.finished_at, answered.asked_by) == ("published 7", NOON + HOUR, "ops")
    assert request(store, asked + 1) is None


def test_a_request_that_a_dead_leader_took_is_taken_again_by_the_next(store: Store) -> None:
    asked = ask_refresh(store, "keys", "ops", NOON)
    take_requests(store, epoch=1)
    assert [one.id for one in take_requests(store, epoch=2)] == [asked]


def test_old_requests_are_forgotten(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requests, "KEPT", 2)
    ids = [ask_refresh(store, "changes", "ops", NOON) for _ in range(4)]
    assert [one.id for one in take_requests(store, 1)] == ids[2:]


# People, sessions, links


def test_people_are_found_by_id_and_listed_by_name(store: Store) -> None:
    second = a_person(store, name="b", role="head", project_id="p1")
    first = a_person(store, name="a", role="salesperson", staff_id="s1")
    assert people(store) == [first, second]
    assert person(store, second.id) == Person(second.id, "b", "head", "p1", None, True)
    assert person(store, "nobody") is None


def test_an_unknown_role_is_refused_with_the_nearest(store: Store) -> None:
    with pytest.raises(StoreError, match="'leadre' is no role. Did you mean 'leader'"):
        a_person(store, role="leadre")
    with pytest.raises(StoreError, match="Known are: leader, head"):
        a_person(store, role="x")


def test_changing_somebody_who_is_not_there_is_refused(store: Store) -> None:
    with pytest.raises(StoreError, match="no person 'x'"):
        change_person(store, Person("x", "x", "admin"))


def test_a_session_opens_for_its_person_only_while_it_lasts(store: Store) -> None:
    who = a_person(store)
    token = open_session(store, who.id, NOON, IDLE, ABSOLUTE)
    assert session(store, token, NOON) == who
    assert session(store, token + "x", NOON) is None
    assert session(store, token, NOON + IDLE - SECOND) == who
    assert session(store, token, NOON + 2 * IDLE - 2 * SECOND) == who
    assert session(store, token, NOON + 3 * IDLE) is None


def test_a_session_in_use_ends_at_its_absolute_limit(store: Store) -> None:
    who = a_person(store)
    token = open_session(store, who.id, NOON, IDLE, timedelta(hours=9))
    assert session(store, token, NOON + 5 * HOUR) == who
    assert session(store, token, NOON + 9 * HOUR - SECOND) == who
    assert session(store, token, NOON + 9 * HOUR) is None


def test_being_seen_is_written_once_a_minute(store: Store) -> None:
    token = open_session(store, a_person(store).id, NOON, IDLE, ABSOLUTE)

    def seen_after(seconds: int) -> object:
        session(store, token, NOON + seconds * SECOND)
        with store.reading() as connection:
            return connection.scalar(text("SELECT last_seen FROM sessions"))

    assert seen_after(1) == seen_after(59)
    assert seen_after(59) != seen_after(60)


def test_signing_out_and_disabling_end_sessions_at_once(store: Store) -> None:
    who = a_person(store)
    first, second = (open_session(store, who.id, NOON, IDLE, ABSOLUTE) for _ in range(2))
    close_session(store, first)
    assert session(store, first, NOON) is None
    change_person(store, Person(who.id, who.name, who.role, enabled=False))
    assert session(store, second, NOON) is None
    change_person(store, Person(who.id, who.name, "viewer"))
    assert session(store, second, NOON) is None, "who is let in again signs in again"
    third = open_session(store, who.id, NOON, IDLE, ABSOLUTE)
    assert session(store, third, NOON) == Person(who.id, who.name, "viewer")


def test_tokens_are_long_and_kept_only_as_hashes(store: Store) -> None:
    who = a_person(store)
    tokens = [open_session(store, who.id, NOON, IDLE, ABSOLUTE), make_link(store, who.id, NOON)]
    with store.reading() as connection:
        kept = str(connection.execute(text("SELECT * FROM sessions")).all())
        kept += str(connection.execute(text("SELECT * FROM links")).all())
    assert all(len(token) >= 43 and token not in kept for token in tokens)


def test_a_session_needs_a_person(store: Store) -> None:
    with pytest.raises(IntegrityError):
        open_session(store, "nobody", NOON, IDLE, ABSOLUTE)


def test_ended_sessions_are_forgotten_when_the_next_one_opens(store: Store) -> None:
    who = a_person(store)
    open_session(store, who.id, NOON, IDLE, ABSOLUTE)
    open_session(store, who.id, NOON + ABSOLUTE, IDLE, ABSOLUTE)
    with store.reading() as connection:
        assert connection.scalar(text("SELECT count(*) FROM sessions")) == 1


def test_a_link_signs_in_once_within_a_quarter_of_an_hour(store: Store) -> None:
    who = a_person(store)
    used, late = make_link(store, who.id, NOON), make_link(store, who.id, NOON)
    assert use_link(store, used, NOON + LIFE - SECOND) == who.id
    assert use_link(store, used, NOON + LIFE - SECOND) is None
    assert use_link(store, late, NOON + LIFE) is None
    assert use_link(store, "unknown", NOON) is None


def test_a_link_of_a_disabled_person_signs_nobody_in(store: Store) -> None:
    who = a_person(store)
    link = make_link(store, who.id, NOON)
    change_person(store, Person(who.id, who.name, who.role, enabled=False))
    assert use_link(store, link, NOON) is None


def test_of_a_hundred_claims_of_a_link_one_succeeds(store: Store) -> None:
    who = a_person(store)
    link = make_link(store, who.id, NOON)
    claims = at_once(100, lambda _: use_link(store, link, NOON))
    assert [claim for claim in claims if claim] == [who.id]


# The secret


def test_a_secret_is_made_once_and_private(tmp_path: Path) -> None:
    path = tmp_path / "var" / "warboard.key"
    made = set(at_once(8, lambda _: secret(path)))
    assert made == {secret(path)}
    assert len(secret(path)) == 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [file.name for file in path.parent.iterdir()] == ["warboard.key"]
    assert secret(tmp_path / "other.key") != secret(path)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o777])
def test_a_secret_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "warboard.key"
    secret(path)
    path.chmod(mode)
    with pytest.raises(StoreError, match="chmod 600"):
        secret(path)


@pytest.mark.parametrize("length", [0, 16, 31])
def test_a_short_secret_is_refused(tmp_path: Path, length: int) -> None:
    path = tmp_path / "warboard.key"
    path.write_bytes(b"x" * length)
    path.chmod(0o600)
    with pytest.raises(StoreError, match=f"has {length} bytes"):
        secret(path)
