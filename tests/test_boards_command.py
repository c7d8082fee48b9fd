"""The command line lists, shows and publishes boards; what it will not do it says in words."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from data_access import boards_command
from data_access.boards_command import BoardsCommand
from data_access.settings import Settings
from data_access.store import Store, StoreError
from data_access.store.audit import entries
from data_access.store.boards import board_record
from data_access.store.lease import acquire, release
from data_access.store.published import beat, publish
from tests.dashboards.worlds import NOW
from tests.data_access.stores import opened
from tests.snapshots import AS_OF, property_pack, small_snapshot

LAST = date(2026, 3, 2)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with opened(f"sqlite:///{tmp_path}/warboard.db") as store:
        yield store


@pytest.fixture
def command(store: Store, monkeypatch: pytest.MonkeyPatch) -> BoardsCommand:
    """The command over a store in which the small snapshot is published and nobody leads."""
    epoch = acquire(store, "a", timedelta(seconds=20), NOW)
    assert epoch is not None
    snapshot = replace(small_snapshot(), sequence=publish(store, epoch, "v", "m", NOW))
    beat(store, epoch, AS_OF, NOW)
    release(store, "a", epoch, NOW)
    monkeypatch.setattr(boards_command, "published_snapshot", lambda settings: snapshot)
    return BoardsCommand(Settings.read("", {}), property_pack(), store, lambda: NOW)


def test_what_is_due_is_published_once_and_stands_in_the_audit(command: BoardsCommand, store: Store) -> None:
    assert {row["board"] for row in command.publish(None, None)} == set(property_pack().boards)
    assert {one.actor for one in entries(store) if one.action == "board_published"} == {"command line"}
    with pytest.raises(StoreError, match="Every closed week is published"):
        command.publish(None, None)
    with pytest.raises(StoreError, match="already, and that never changes"):
        command.publish("exposure", str(LAST))


@pytest.mark.parametrize(
    ("board", "week", "answer"),
    [
        ("exposure", "2026-03-09", "its week closes at 2026-03-16 08:00"),
        ("exposure", "2026-02-02", "is not due"),
        (None, "2026-03-02", "A week needs its board"),
    ],
)
def test_what_is_not_due_is_refused_in_words(command: BoardsCommand, board: str | None, week: str, answer: str) -> None:
    with pytest.raises(StoreError, match=answer):
        command.publish(board, week)


def test_while_a_refresher_leads_it_is_left_to_it(command: BoardsCommand, store: Store) -> None:
    acquire(store, "refresher", timedelta(seconds=20), NOW)
    with pytest.raises(StoreError, match="A refresher leads"):
        command.publish("exposure", None)
    assert board_record(store, "exposure", LAST) is None


def test_a_published_week_is_shown_exactly_and_as_a_project_sees_it(command: BoardsCommand) -> None:
    assert command.listed(None) == "No board is published yet. See what is due with: python app.py boards publish"
    command.publish("cost_per_lead", None)
    rows = command.show("cost_per_lead", "2026-03-04", None)
    assert {(row["subject"], row["rank"], row["value"]) for row in rows} == {(id, 1, 540) for id in ("p1", "p2", "p3")}
    assert [row["subject"] for row in command.show("cost_per_lead", None, "p2")] == ["p2"]
    (line,) = command.listed("cost_per_lead")
    assert (line["week"], line["whole"]) == (str(LAST), "yes")  # type: ignore[index]
    json.dumps(rows)


@pytest.mark.parametrize(
    ("board", "week", "answer"),
    [
        ("exposur", None, "Did you mean 'exposure'?"),
        ("exposure", None, "No week of it is published yet"),
        ("exposure", "soon", "Give a day such as"),
    ],
)
def test_what_is_not_there_is_named(command: BoardsCommand, board: str, week: str | None, answer: str) -> None:
    with pytest.raises(LookupError) as caught:
        command.show(board, week, None)
    assert answer in str(caught.value)
