"""The audit keeps everything in order, and shows when somebody changed it."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, update

from data_access.audit_records import audit_records, wanted_entries
from data_access.refreshing import forget_old
from data_access.settings import SettingError, Settings
from data_access.store import Store
from data_access.store.audit import Wanted, actions, all_entries, broken_at, entries, forget_before, record, record_with
from data_access.store.people import add_person
from data_access.store.tables import audit
from metrics.query import QueryError
from tests.data_access.stores import NOON

DAY = timedelta(days=1)


@pytest.fixture
def kept(store: Store) -> Store:
    """A store with five entries, a day apart."""
    for number in range(5):
        actor, action = ("王芳", "reveal") if number % 2 else ("李强", "sign_in")
        record(store, actor, action, NOON + number * DAY, f"C{number}", {"reason": "回访", "n": number})
    return store


def test_entries_are_read_newest_first_page_by_page(kept: Store) -> None:
    first = entries(kept, limit=2)
    assert [entry.about for entry in first] == ["C4", "C3"]
    assert [entry.about for entry in entries(kept, before=first[-1].id)] == ["C2", "C1", "C0"]
    assert first[1].detail == {"reason": "回访", "n": 3} and first[1].at == NOON + 3 * DAY


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        pytest.param(Wanted(actor="王芳"), ["C3", "C1"], id="by somebody"),
        pytest.param(Wanted(action="sign_in"), ["C4", "C2", "C0"], id="of a kind"),
        pytest.param(Wanted(about="C2"), ["C2"], id="about somebody"),
        pytest.param(Wanted(since=NOON + DAY, until=NOON + 3 * DAY), ["C2", "C1"], id="up to a moment"),
    ],
)
def test_entries_are_found(kept: Store, wanted: Wanted, found: list[str]) -> None:
    assert [entry.about for entry in entries(kept, wanted)] == found


def test_an_untouched_audit_is_whole(store: Store, kept: Store) -> None:
    assert broken_at(kept) is None


@pytest.mark.parametrize(
    "change",
    [
        {"actor": "别人"},
        {"action": "sign_in"},
        {"about": "C9"},
        {"detail": {"n": 3}},
        {"at": NOON},
        {"seal": "0" * 64},
    ],
    ids=str,
)
def test_a_changed_entry_is_noticed(kept: Store, change: dict[str, Any]) -> None:
    with kept.writing() as connection:
        connection.execute(update(audit).where(audit.c.id == 4).values(**change))
    assert broken_at(kept) == 4


@pytest.mark.parametrize("id", [1, 3, 5])
def test_a_removed_entry_is_noticed(kept: Store, id: int) -> None:
    with kept.writing() as connection:
        connection.execute(delete(audit).where(audit.c.id == id))
    assert broken_at(kept) == id


def test_what_is_older_than_it_has_to_be_kept_is_forgotten_and_the_rest_stays_sealed(kept: Store) -> None:
    assert forget_before(kept, NOON + 2 * DAY) == 2
    assert forget_before(kept, NOON + 2 * DAY) == 0
    record(kept, "王芳", "reveal", NOON + 5 * DAY, "C5")
    assert [entry.about for entry in entries(kept)] == ["C5", "C4", "C3", "C2"]
    assert broken_at(kept) is None


def test_everything_may_be_forgotten(kept: Store) -> None:
    assert forget_before(kept, NOON + 9 * DAY) == 5
    assert broken_at(kept) is None


def test_entries_written_at_once_stand_in_one_chain(store: Store) -> None:
    with ThreadPoolExecutor(8) as crowd:
        list(crowd.map(lambda number: record(store, "王芳", "reveal", NOON, f"C{number}"), range(40)))
    assert sorted(entry.about for entry in entries(store)) == sorted(f"C{number}" for number in range(40))
    assert broken_at(store) is None


def test_a_deed_that_fails_leaves_no_entry(store: Store) -> None:
    with pytest.raises(ZeroDivisionError), store.writing() as connection:
        record_with(connection, "王芳", "export", NOON)
        1 // 0  # noqa: B018
    assert entries(store) == [] and broken_at(store) is None


def test_all_entries_are_read_across_pages(kept: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("data_access.store.audit.PAGE", 2)
    assert [entry.about for entry in all_entries(kept)] == ["C4", "C3", "C2", "C1", "C0"]
    assert actions(kept) == ["reveal", "sign_in"]


def test_it_is_kept_as_long_as_the_settings_say(kept: Store) -> None:
    settings = Settings.read("[security]\naudit_days = 180", {})
    forget_old(settings, kept, NOON + 182 * DAY)
    assert [entry.about for entry in entries(kept)] == ["C4", "C3", "C2"] and broken_at(kept) is None


def test_half_a_year_is_the_least_it_is_kept() -> None:
    assert Settings.read("", {}).security.audit_days == 400
    with pytest.raises(SettingError, match="audit_days is 179"):
        Settings.read("[security]\naudit_days = 179", {})


def test_it_is_read_with_names_in_the_group_s_days(store: Store) -> None:
    person = add_person(store, "王芳", "admin")
    for hour in (15, 16, 39, 40):
        record(store, person.id, "reveal", NOON.replace(hour=0) + timedelta(hours=hour), str(hour))
    wanted = wanted_entries(store, "Asia/Shanghai", first="2026-03-03", last="2026-03-03", by="王芳")
    found = list(audit_records(all_entries(store, wanted), {person.id: "王芳"}, "Asia/Shanghai"))
    assert [(one["at"], one["by"], one["about"]) for one in found] == [
        ("2026-03-03 23:00:00", "王芳", "39"),
        ("2026-03-03 00:00:00", "王芳", "16"),
    ]
    with pytest.raises(QueryError, match="'yesterday' is no day"):
        wanted_entries(store, "Asia/Shanghai", first="yesterday")
