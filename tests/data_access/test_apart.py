"""What belongs to one person, screen or sign-in stays apart from everybody else's, and a check holds where two lines of defence overlap."""

from collections.abc import Iterator
from datetime import timedelta

import pyotp
import pytest
from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError, OperationalError

from data_access.store import Store, StoreError, codes, pairings, tables
from data_access.store import screens as store_screens
from data_access.store.audit import Wanted, entries
from data_access.store.codes import STEP_LIFE, begin_step, enrol, forget_code, has_code, step, use_code
from data_access.store.links import LIFE, make_link, use_link
from data_access.store.pairings import wait_for_pairing
from data_access.store.people import Person, add_person
from data_access.store.screens import (
    PROGRAM,
    Given,
    _noted,
    change_screen,
    renewed,
    revoke_screen,
    saw,
    screen,
    screens,
)
from data_access.store.sessions import close_session, open_session, session
from data_access.store.tokens import token_hash
from tests.data_access.stores import NOON, change_person
from tests.data_access.test_screens import a_screen, is_open

SECOND, HALF_MINUTE = timedelta(seconds=1), timedelta(seconds=30)
IDLE, DAYS = timedelta(hours=8), timedelta(days=7)
Two = tuple[Person, Person]


@pytest.fixture
def two(store: Store) -> Iterator[Two]:
    """Two people."""
    yield add_person(store, "王芳", "leader"), add_person(store, "李静", "leader")


def rows(store: Store, name: str) -> int:
    """How many rows a table has."""
    with store.reading() as connection:
        return connection.scalar(select(func.count()).select_from(tables.METADATA.tables[name])) or 0


def shut_out_behind_our_back(store: Store, who: Person) -> None:
    """Disabled by a hand in the database: nothing else was cleaned up."""
    with store.writing() as connection:
        connection.execute(update(tables.people).where(tables.people.c.id == who.id).values(enabled=False))


def code(secret: str, later: timedelta = timedelta(0)) -> str:
    return pyotp.TOTP(secret).at(NOON + later)


class TestTwoPeople:
    """What the one does touches nothing of the other."""

    def test_a_code_is_good_for_its_own_person_only(self, store: Store, two: Two) -> None:
        one, other = two
        mine, theirs = enrol(store, one), enrol(store, other)
        assert not use_code(store, one.id, code(theirs.secret), NOON)
        assert use_code(store, one.id, code(mine.secret), NOON)
        assert has_code(store, one.id) and not has_code(store, other.id)
        assert use_code(store, other.id, code(theirs.secret), NOON), "the other's code was not used up"

    def test_who_has_no_app_has_no_right_code(self, store: Store, two: Two) -> None:
        one, other = two
        mine = enrol(store, one)
        assert not use_code(store, other.id, code(mine.secret), NOON) and not has_code(store, other.id)

    def test_scanning_anew_leaves_the_other_s_secret(self, store: Store, two: Two) -> None:
        one, other = two
        mine = enrol(store, one)
        enrol(store, other)
        enrol(store, other)
        assert use_code(store, one.id, code(mine.secret), NOON)

    def test_a_secret_that_counts_is_never_replaced_by_scanning(self, store: Store, two: Two) -> None:
        one, _ = two
        mine = enrol(store, one)
        assert use_code(store, one.id, code(mine.secret), NOON)
        with pytest.raises(IntegrityError):
            enrol(store, one)
        later = NOON + HALF_MINUTE
        assert use_code(store, one.id, code(mine.secret, HALF_MINUTE), later)

    def test_forgetting_one_s_code_leaves_the_other_s(self, store: Store, two: Two) -> None:
        one, other = two
        for who in two:
            assert use_code(store, who.id, code(enrol(store, who).secret), NOON)
        forget_code(store, one.id, by="tests", now=NOON)
        assert not has_code(store, one.id) and has_code(store, other.id)

    def test_a_right_code_ends_one_s_waiting_sign_ins_only(self, store: Store, two: Two) -> None:
        one, other = two
        mine, theirs = begin_step(store, one.id, NOON), begin_step(store, other.id, NOON)
        assert use_code(store, one.id, code(enrol(store, one).secret), NOON)
        assert step(store, mine, NOON) is None and step(store, theirs, NOON) == other

    def test_sessions_end_for_one_only(self, store: Store, two: Two) -> None:
        _, other = two
        mine, theirs = (open_session(store, who.id, NOON, IDLE, DAYS) for who in two)
        close_session(store, mine)
        assert session(store, mine, NOON) is None and session(store, theirs, NOON) == other
        close_session(store, "made up")
        assert session(store, theirs, NOON) == other

    def test_disabling_or_another_role_ends_one_s_access_only(self, store: Store, two: Two) -> None:
        one, other = two
        kept = open_session(store, other.id, NOON, IDLE, DAYS), make_link(store, other.id, NOON)
        waits = begin_step(store, other.id, NOON)
        change_person(store, Person(one.id, one.name, "admin"))
        change_person(store, Person(one.id, one.name, "admin", enabled=False))
        assert session(store, kept[0], NOON) == step(store, waits, NOON) == other
        assert use_link(store, kept[1], NOON) == other.id

    def test_another_name_or_project_ends_no_session(self, store: Store, two: Two) -> None:
        one, _ = two
        mine = open_session(store, one.id, NOON, IDLE, DAYS)
        change_person(store, Person(one.id, "王芳芳", "leader", "p1"))
        assert session(store, mine, NOON) == Person(one.id, "王芳芳", "leader", "p1")

    def test_a_role_nobody_has_is_refused(self, store: Store, two: Two) -> None:
        with pytest.raises(StoreError, match="no role"):
            change_person(store, Person(two[0].id, two[0].name, "root"))  # type: ignore[arg-type]

    def test_being_seen_prolongs_one_s_own_session(self, store: Store, two: Two) -> None:
        mine, theirs = (open_session(store, who.id, NOON, IDLE, DAYS) for who in two)
        assert session(store, mine, NOON + IDLE - SECOND)
        assert session(store, mine, NOON + 2 * IDLE - 2 * SECOND)
        assert session(store, theirs, NOON + IDLE) is None


class TestWhatIsOver:
    """What has ended is forgotten when the next begins, and what has not is left alone."""

    def test_sign_ins_that_wait(self, store: Store, two: Two) -> None:
        first = begin_step(store, two[0].id, NOON)
        second = begin_step(store, two[1].id, NOON + SECOND)
        assert step(store, first, NOON + SECOND) and step(store, second, NOON + SECOND)
        begin_step(store, two[0].id, NOON + STEP_LIFE)
        assert rows(store, "steps") == 2 and step(store, second, NOON + STEP_LIFE)

    def test_links(self, store: Store, two: Two) -> None:
        first = make_link(store, two[0].id, NOON)
        second = make_link(store, two[1].id, NOON + SECOND)
        assert use_link(store, first, NOON + LIFE) is None
        make_link(store, two[0].id, NOON + LIFE)
        assert rows(store, "links") == 2
        assert use_link(store, first, NOON) is None and use_link(store, second, NOON + LIFE) == two[1].id
        assert use_link(store, second, NOON + LIFE) is None

    def test_sessions(self, store: Store, two: Two) -> None:
        first = open_session(store, two[0].id, NOON, IDLE, IDLE)
        second = open_session(store, two[1].id, NOON + SECOND, IDLE, IDLE)
        open_session(store, two[0].id, NOON + IDLE, IDLE, IDLE)
        assert rows(store, "sessions") == 2
        assert session(store, first, NOON + IDLE) is None and session(store, second, NOON + 2 * SECOND) == two[1]

    def test_browsers_that_wait(self, store: Store) -> None:
        wait_for_pairing(store, "10.0.0.1", NOON)
        wait_for_pairing(store, "10.0.0.1", NOON + SECOND)
        assert rows(store, "pairings") == 2
        wait_for_pairing(store, "10.0.0.1", NOON + pairings.LIFE)
        assert rows(store, "pairings") == 2


class TestBothLines:
    """Each line of defence holds without the other."""

    def test_who_was_shut_out_in_the_database_comes_in_no_way(self, store: Store, two: Two) -> None:
        one, other = two
        opened, link, waits = open_session(store, one.id, NOON, IDLE, DAYS), make_link(store, one.id, NOON), begin_step(store, one.id, NOON)  # fmt: skip
        theirs = make_link(store, other.id, NOON)
        shut_out_behind_our_back(store, one)
        assert session(store, opened, NOON) is None and step(store, waits, NOON) is None
        assert use_link(store, link, NOON) is None and use_link(store, theirs, NOON) == other.id

    def test_a_secret_that_changes_while_its_code_is_checked_is_not_used(
        self, store: Store, two: Two, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        one, _ = two
        mine, checked = enrol(store, one), codes._step_of

        def slowly(*asked: object) -> int | None:
            enrol(store, one)
            return checked(*asked)  # type: ignore[arg-type]

        monkeypatch.setattr(codes, "_step_of", slowly)
        assert not use_code(store, one.id, code(mine.secret), NOON) and not has_code(store, one.id)

    def test_the_room_for_waiting_browsers_is_full_for_all(self, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(pairings, "MOST_WAITING", 3)
        found = [wait_for_pairing(store, f"10.0.0.{number}", NOON) for number in range(5)]
        assert [token is not None for token in found] == [True, True, True, False, False]


class TestTwoScreens:
    """One screen's end or news is not another's."""

    def test_revoking_changing_and_seeing_one(self, store: Store) -> None:
        mine, theirs = a_screen(store), a_screen(store)
        known = screen(store, mine, NOON)
        other = screen(store, theirs, NOON)
        assert known is not None and other is not None and known.id != other.id
        saw(store, known, None, NOON + SECOND)
        change_screen(store, known.id, Given("另一块", "warroom", ("warroom",)), "admin", NOON)
        assert screen(store, theirs, NOON) == other
        revoke_screen(store, known.id, "admin", NOON)
        assert not is_open(store, mine, NOON) and is_open(store, theirs, NOON)
        assert sorted(one.ended_why or "" for one in screens(store)) == ["", "revoked"]

    def test_a_copy_of_one(self, store: Store) -> None:
        mine, theirs = a_screen(store), a_screen(store)
        week = NOON + timedelta(days=7)
        fresh = renewed(store, mine, week)
        assert fresh and screen(store, fresh, week)
        late = week + timedelta(minutes=3)
        assert not is_open(store, mine, late) and not is_open(store, fresh, late) and is_open(store, theirs, late)
        assert [entry.actor for entry in entries(store, Wanted(action="screen_copied"))] == [PROGRAM]

    def test_what_others_noted_first_is_noted_once(self, store: Store) -> None:
        mine = a_screen(store)
        week, late = NOON + timedelta(days=7), NOON + timedelta(days=7, minutes=3)
        fresh = renewed(store, mine, week)
        assert fresh and screen(store, fresh, week)
        first, again = (_noted(store, token_hash(mine), late + minute) for minute in (SECOND, 60 * SECOND))
        assert first.ended_at == again.ended_at == late + SECOND
        assert len(entries(store, Wanted(action="screen_copied"))) == 1
        assert _noted(store, token_hash("gone meanwhile"), late) is None

    def test_a_use_that_is_no_news_changes_nothing(self, store: Store) -> None:
        mine = a_screen(store)
        before = _noted(store, token_hash(mine), NOON + SECOND)
        assert before.used_at == NOON and before.ended_at is None

    def test_a_full_disk_darkens_no_wall_and_serves_no_copy(
        self, store: Store, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        mine = a_screen(store)
        week = NOON + timedelta(days=7)
        fresh, asked = renewed(store, mine, week), []

        def full_disk(*_: object) -> None:
            asked.append(1)
            raise OperationalError("UPDATE screens", {}, Exception("disk full"))

        with monkeypatch.context() as patch:
            patch.setattr(store_screens, "_noted", full_disk)
            assert fresh and is_open(store, fresh, week) and asked
        assert is_open(store, fresh, week)
        monkeypatch.setattr(store_screens, "_noted", full_disk)
        with pytest.raises(OperationalError):
            screen(store, mine, week + timedelta(minutes=3))

    def test_what_is_known_of_one_is_not_written_more_than_once_a_minute(self, store: Store) -> None:
        mine = a_screen(store)
        for seconds, seen in ((0, 0), (59, 0), (60, 60)):
            known = screen(store, mine, NOON)
            assert known is not None
            saw(store, known, None, NOON + seconds * SECOND)
            assert [one.seen_at for one in screens(store)] == [NOON + seen * SECOND]

    def test_an_ended_one_gets_no_further_credential(self, store: Store) -> None:
        mine = a_screen(store)
        revoke_screen(store, screens(store)[0].id, "admin", NOON)
        assert renewed(store, mine, NOON + timedelta(days=7)) is None
        with pytest.raises(StoreError, match="no screen"):
            revoke_screen(store, screens(store)[0].id, "admin", NOON)
