"""Boards are published once, when their week is closed and complete; later data is listed beside them and changes nothing."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text, update

from data_access.boards import Boards, Publisher, publish_due, publish_one, restate_all, waits_for
from data_access.rhythm import Moment
from data_access.settings import Settings
from data_access.store import StaleLeader, Store
from data_access.store.audit import broken_at, entries
from data_access.store.boards import (
    board_record,
    board_records,
    board_restatements,
    edition,
    publish_board,
    published_weeks,
)
from data_access.store.lease import acquire
from data_access.store.published import beat, publish
from data_access.store.sheets import frozen_sheets, frozen_years
from data_access.store.tables import boards as table
from metrics.boards import GROUP
from metrics.snapshot import Frozen, Snapshot
from tests.data_access.stores import at_once, opened
from tests.snapshots import AS_OF, a_snapshot, property_pack, small_rows, small_snapshot

PACK = property_pack()
LAST = date(2026, 3, 2)
"""The Monday of the last full week before the small snapshot, a Wednesday."""
WEEK = timedelta(weeks=1)
NOW = AS_OF.replace(tzinfo=UTC) - timedelta(hours=8)
CLOSED = datetime(2026, 3, 9, 0, 0, tzinfo=UTC)
"""Monday 08:00 in Shanghai."""
FOREVER = timedelta(days=10_000)


@dataclass
class Office:
    """A store that leads, with the snapshot that is published in it."""

    store: Store
    epoch: int
    snapshot: Snapshot = field(default_factory=small_snapshot)

    def show(self, snapshot: Snapshot, as_of: datetime = AS_OF) -> None:
        """Publish a snapshot whose data goes up to a moment."""
        self.snapshot = replace(
            snapshot, sequence=publish(self.store, self.epoch, snapshot.version, "m", NOW), as_of=as_of
        )
        beat(self.store, self.epoch, as_of, NOW)

    def boards(self, told: str = "") -> Boards:
        """Everything that can be published, by settings."""
        return Boards(Settings.read(told, {}), PACK)

    def publish(self, told: str = "", now: datetime = NOW, most: int = 1000) -> set[tuple[str, date]]:
        """Publish what is due; which boards and weeks."""
        found = publish_due(self.boards(told), self.store, self.epoch, self.snapshot, now, most=most)
        return {(one.board, one.week) for one in found}


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with opened(f"sqlite:///{tmp_path}/warboard.db") as store:
        epoch = acquire(store, "a", FOREVER, NOW)
        assert epoch is not None
        made = Office(store, epoch)
        made.show(small_snapshot())
        yield made


def weeks_of(office: Office, board: str) -> list[date]:
    return [one.week for one in published_weeks(office.store).get(board, [])]


@cache
def late(leads: int = 1) -> Snapshot:
    """The small world with so many leads that were entered late."""
    told = small_rows()
    return a_snapshot(**{**told, "lead": [*told["lead"], *map(a_late_lead, range(leads))]})


def a_late_lead(number: int) -> dict[str, Any]:
    at = datetime(2026, 3, 3, 9, 0)
    return {
        "id": f"late{number}",
        "project_id": "p1",
        "channel_id": "c1",
        "staff_id": "s1",
        "created_at": at,
        "valid": True,
    }


def test_the_last_closed_week_is_published_and_the_running_one_is_not(office: Office) -> None:
    assert office.publish() == {(name, LAST) for name in PACK.boards}
    assert office.publish() == set()


def test_the_weeks_before_are_published_too_where_the_settings_say_so(office: Office) -> None:
    office.publish("boards.backfill_weeks = 3")
    assert weeks_of(office, "exposure") == [LAST - back * WEEK for back in range(4)]


@pytest.mark.parametrize(
    ("now", "as_of", "why"),
    [
        pytest.param(CLOSED - timedelta(seconds=1), AS_OF, "running", id="before Monday 08:00 a week is not closed"),
        pytest.param(
            CLOSED, datetime(2026, 3, 9, 7, 59, 59), "data", id="data from before the closing is not complete"
        ),
        pytest.param(CLOSED, datetime(2026, 3, 9, 8, 0), None, id="data up to the closing is"),
    ],
)
def test_a_week_waits_until_its_data_is_complete(
    office: Office, now: datetime, as_of: datetime, why: str | None
) -> None:
    office.show(small_snapshot(), as_of)
    found = waits_for(office.boards(), office.store, "exposure", LAST, office.snapshot, now)
    assert (found.why if found else None) == why
    assert (("exposure", LAST) in office.publish(now=now)) == (why is None)


def test_a_board_waits_for_an_entity_that_stands_still_and_only_for_those_it_needs(office: Office) -> None:
    office.show(replace(small_snapshot(), frozen=(Frozen("spend", AS_OF, "no table"),)))
    found = waits_for(office.boards(), office.store, "cost_per_lead", LAST, office.snapshot, NOW)
    assert found is not None and (found.why, found.entity) == ("frozen", "spend")
    done = office.publish()
    assert ("visit_conversion", LAST) in done and not {"cost_per_lead", "channels", "composite"} & {b for b, _ in done}
    office.show(small_snapshot())
    assert {board for board, _ in office.publish()} == {"cost_per_lead", "channels", "composite"}


def test_nothing_is_published_from_another_snapshot_than_the_one_everybody_sees(office: Office) -> None:
    publish(office.store, office.epoch, "newer", "m", NOW)
    assert office.publish() == set()


def test_missed_weeks_are_caught_up_each_once(office: Office) -> None:
    office.publish()
    later = AS_OF + 3 * WEEK
    office.show(small_snapshot(), later)
    office.publish(now=NOW + 3 * WEEK)
    assert weeks_of(office, "exposure") == [LAST + ahead * WEEK for ahead in (3, 2, 1, 0)]


def test_what_is_due_is_published_a_few_at_a_time_oldest_first(office: Office) -> None:
    told = "boards.backfill_weeks = 2"
    assert {week for _, week in office.publish(told, most=5)} == {LAST - 2 * WEEK}
    assert len(office.publish(told, most=100)) == 3 * len(PACK.boards) - 5


def test_two_refreshers_publish_each_board_once(office: Office, tmp_path: Path) -> None:
    with opened(f"sqlite:///{tmp_path}/warboard.db") as other:
        stores = (office.store, other)
        found = at_once(
            2, lambda number: publish_due(office.boards(), stores[number], office.epoch, office.snapshot, NOW)
        )
    told = [(one.board, one.week) for each in found for one in each]
    assert sorted(told) == sorted((name, LAST) for name in PACK.boards)


def test_who_leads_no_more_publishes_nothing(office: Office) -> None:
    assert acquire(office.store, "b", FOREVER, NOW + 2 * FOREVER) == office.epoch + 1
    with pytest.raises(StaleLeader):
        office.publish()
    assert published_weeks(office.store) == {}


def test_a_record_is_read_back_just_as_it_was_made(office: Office) -> None:
    boards = office.boards("[boards]\nreward_per_referral = 200")
    for name in boards.all:
        read = boards.read(name, LAST, office.snapshot)
        publish_one(boards, office.store, office.epoch, name, LAST, office.snapshot, NOW, "test")
        record = board_record(office.store, name, LAST)
        assert record is not None and record.is_whole
        assert (record.sections, record.definition) == (read.sections, read.definition)
        assert (record.published_at, record.as_of, record.snapshot) == (NOW, AS_OF, office.snapshot.version)


def test_a_record_that_was_touched_is_noticed(office: Office) -> None:
    office.publish()
    with office.store.writing() as connection:
        content = connection.scalar(text("select content from boards where board = 'exposure'"))
        changed = str(content).replace('"rank":1', '"rank":2', 1)
        connection.execute(update(table).where(table.c.board == "exposure").values(content=changed))
    whole = {one.board: one.is_whole for one in board_records(office.store)}
    assert not whole.pop("exposure") and all(whole.values())


def test_a_board_cannot_be_published_twice_whoever_tries(office: Office) -> None:
    office.publish()
    record = board_record(office.store, "exposure", LAST)
    assert record is not None
    assert publish_board(office.store, office.epoch, record, NOW) is None


def test_publishing_is_in_the_audit_with_the_digest(office: Office) -> None:
    office.publish()
    told = {one.about: one.detail["digest"] for one in entries(office.store) if one.action == "board_published"}
    assert told == {one.board: one.digest for one in board_records(office.store)}
    assert broken_at(office.store) is None


def test_a_closed_week_that_late_data_opens_again_is_restated_and_its_board_stays(office: Office) -> None:
    office.publish()
    before = board_record(office.store, "cost_per_lead", LAST)
    office.show(late())
    boards = office.boards()
    assert restate_all(boards, office.store, office.epoch, office.snapshot, NOW + WEEK / 7) > 0
    assert board_record(office.store, "cost_per_lead", LAST) == before
    (told,) = [one for one in board_restatements(office.store, "cost_per_lead", LAST) if one.subject == "p1"]
    assert told.before is not None and told.after is not None and before is not None
    old, new = told.before.reading.denominator, told.after.reading.denominator
    assert (int(new or 0) - int(old or 0), told.why, told.at) == (1, "later_data", NOW + WEEK / 7)
    assert told.snapshot == office.snapshot.version


def test_a_restatement_is_listed_once_and_again_when_the_data_moves_on_or_back(office: Office) -> None:
    office.publish()
    boards = office.boards()
    listed = []
    for snapshot in (late(), late(), late(2), small_snapshot()):
        office.show(snapshot)
        restate_all(boards, office.store, office.epoch, office.snapshot, NOW)
        found = [one for one in board_restatements(office.store, "most_improved", LAST) if one.subject == "p1"]
        listed.append(len(found))
    assert listed == [1, 1, 2, 3]
    assert found[0].before == found[-1].after


def test_a_board_that_is_read_otherwise_by_now_is_not_restated(office: Office) -> None:
    office.publish()
    office.show(late())
    exempt = "[boards]\nexempt = { p1 = { first = 2026-03-01, last = 2026-03-31 } }"
    restate_all(office.boards(exempt), office.store, office.epoch, office.snapshot, NOW)
    assert board_restatements(office.store, "cost_per_lead", LAST) == []


def test_an_exempt_project_is_shown_unranked(office: Office) -> None:
    office.publish("[boards]\nexempt = { p1 = { first = 2026-03-08, last = 2026-03-31 } }")
    record = board_record(office.store, "exposure", LAST)
    assert record is not None
    told = {one.subject: (one.rank, one.exempt, one.raw.value) for one in record.sections[GROUP].standings}
    assert told["p1"][:2] == (None, True) and told["p1"][2]
    assert {id for id, (rank, _, _) in told.items() if rank} == {"p2", "p3"}
    assert record.definition["exempt"] == {"p1": ["2026-03-08", "2026-03-31"]}


def test_a_duel_is_published_like_a_board(office: Office) -> None:
    told = '[duels.spring]\nmetric = "first_visits"\nfirst = 2026-02-23\npairs = [["p1", "p2"]]'
    office.publish(told)
    assert weeks_of(office, "pk_spring") == [LAST, LAST - WEEK]
    record = board_record(office.store, "pk_spring", LAST)
    assert record is not None and [(one.left, one.right) for one in record.meetings] == [("p1", "p2")]


def test_the_edition_moves_with_boards_and_restatements(office: Office) -> None:
    seen = {edition(office.store)}
    office.publish()
    seen.add(edition(office.store))
    office.show(late())
    restate_all(office.boards(), office.store, office.epoch, office.snapshot, NOW)
    assert len(seen | {edition(office.store)}) == 3


def test_a_closed_year_s_sheets_are_frozen_once(office: Office) -> None:
    publisher = Publisher(Settings.read("", {}), PACK, office.store)
    new_year = datetime(2027, 1, 4, 0, 0, tzinfo=UTC)  # the week that ends on 3 January belongs to 2026
    for now in (new_year - timedelta(seconds=1), new_year, new_year + WEEK):
        office.show(office.snapshot, now.replace(tzinfo=None) + timedelta(hours=8))
        moment = Moment(office.epoch, office.snapshot, now, True)
        publisher.step(moment)
        publisher.freeze(moment)
    assert frozen_years(office.store) == [2026]
    kept = frozen_sheets(office.store, 2026)
    assert set(kept) == {"p1", "p2", "p3"} and all(whole for _, _, whole in kept.values())
    assert {at for _, at, _ in kept.values()} == {new_year}
