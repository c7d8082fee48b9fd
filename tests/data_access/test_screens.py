"""Screens are paired by a code that works once, and keep a credential that nobody else can use."""

import re
from datetime import datetime, timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from data_access.store import Store, StoreError
from data_access.store.audit import entries
from data_access.store.pairings import (
    ALPHABET,
    LIFE,
    MOST_FROM_ONE,
    MOST_WAITING,
    MOST_WRONG,
    TooManyTries,
    approve,
    normal,
    wait_for_pairing,
    waiting,
    waiting_with,
)
from data_access.store.people import add_person
from data_access.store.screens import (
    FORGET_AFTER,
    GRACE,
    RENEW_AFTER,
    Given,
    Screen,
    Told,
    change_screen,
    renewed,
    revoke_screen,
    saw,
    screen,
    screens,
)
from data_access.store.tables import pairings
from data_access.store.tables import screens as table
from data_access.store.tokens import token_hash
from tests.data_access.stores import NOON, at_once

SECOND, DAY = timedelta(seconds=1), timedelta(days=1)
CANTEEN = Given("三楼食堂", "canteen", ("canteen",))
TV, PHONE = "10.0.0.7", "10.0.0.9"


def a_code(store: Store, now: datetime = NOON, address: str = TV) -> tuple[str, str]:
    """The token of a waiting browser, and the code it shows."""
    token = wait_for_pairing(store, address, now)
    assert token is not None
    shown = waiting(store, token, now)
    assert shown is not None
    return token, shown.code


def approved(
    store: Store, code: str, person: str = "admin", now: datetime = NOON, address: str = PHONE
) -> Screen | None:
    return approve(store, code, CANTEEN, person, address, now)


def a_screen(store: Store, now: datetime = NOON) -> str:
    """The first credential of a new screen."""
    waits, code = a_code(store, now)
    assert approved(store, code, now=now)
    assert screen(store, waits, now)
    token = renewed(store, waits, now)
    assert token is not None and screen(store, token, now)
    return token


def is_open(store: Store, token: str, now: datetime) -> bool:
    found = screen(store, token, now)
    return found is not None and found.ended_at is None


def actions(store: Store) -> list[str]:
    return [entry.action for entry in entries(store)]


class TestPairing:
    """A code is short, so it lives shortly, works once and bears few wrong tries."""

    def test_a_code_is_eight_letters_that_are_not_mistaken_for_others(self, store: Store) -> None:
        _, code = a_code(store)
        assert re.fullmatch(f"[{ALPHABET}]{{8}}", code) and len(ALPHABET) == 20
        assert normal(f" {code[:4].lower()}-{code[4:]} ") == code

    def test_the_same_browser_waits_with_the_same_code_for_ten_minutes(self, store: Store) -> None:
        token, code = a_code(store)
        assert waiting(store, token, NOON + LIFE - SECOND) == waiting(store, token, NOON)
        assert waiting(store, token, NOON + LIFE) is None
        assert approved(store, code, now=NOON + LIFE) is None

    def test_who_approves_sees_the_address_that_asked(self, store: Store) -> None:
        _, code = a_code(store)
        found = waiting_with(store, code, "admin", PHONE, NOON)
        assert found is not None and found.address == TV

    def test_a_code_works_once(self, store: Store) -> None:
        _, code = a_code(store)
        assert approved(store, code)
        assert approved(store, code) is None

    def test_of_a_hundred_approvals_at_once_one_makes_a_screen(self, store: Store) -> None:
        _, code = a_code(store)

        def racing(number: int) -> Screen | None:
            return approved(store, code, f"admin-{number}", address=f"10.1.0.{number}")

        assert len([one for one in at_once(100, racing) if one]) == 1
        assert len(screens(store)) == 1 and actions(store) == ["screen_paired"]

    def test_of_a_hundred_requests_of_an_approved_browser_one_gets_the_credential(self, store: Store) -> None:
        waits, code = a_code(store)
        assert approved(store, code)
        assert screen(store, waits, NOON)
        assert len([one for one in at_once(100, lambda number: renewed(store, waits, NOON)) if one]) == 1

    @pytest.mark.parametrize(
        ("person", "address"), [("admin", "10.9.9.9"), ("somebody", PHONE)], ids=["a person", "an address"]
    )
    def test_after_five_wrong_tries_no_code_is_good(self, store: Store, person: str, address: str) -> None:
        _, code = a_code(store)
        for _ in range(MOST_WRONG):
            assert approved(store, "BBBBBBBB") is None
        with pytest.raises(TooManyTries):
            approved(store, code, person, address=address)
        with pytest.raises(TooManyTries):
            waiting_with(store, code, person, address, NOON)
        assert approved(store, code, "another", address="10.9.9.8")

    def test_ten_minutes_later_one_may_try_again(self, store: Store) -> None:
        for _ in range(MOST_WRONG):
            assert approved(store, "BBBBBBBB") is None
        _, code = a_code(store, NOON + LIFE)
        assert approved(store, code, now=NOON + LIFE)

    def test_many_guesses_of_one_person_are_five(self, store: Store) -> None:
        person = add_person(store, "王芳", "admin").id

        def guess(number: int) -> bool:
            try:
                return approved(store, "BBBBBBBB", person, address=f"10.2.0.{number}") is None
            except TooManyTries:
                return False

        assert sum(at_once(40, guess)) == MOST_WRONG

    def test_one_address_cannot_fill_the_room_of_all(self, store: Store) -> None:
        for _ in range(MOST_FROM_ONE):
            a_code(store)
        assert wait_for_pairing(store, TV, NOON) is None
        a_code(store, address="10.0.0.8")
        a_code(store, NOON + LIFE)

    def test_there_is_room_for_so_many_from_everywhere(self, store: Store) -> None:
        for number in range(MOST_WAITING):
            assert wait_for_pairing(store, f"10.3.{number // 20}.1", NOON)
        assert wait_for_pairing(store, "10.4.0.1", NOON) is None

    def test_a_code_that_another_took_meanwhile_makes_no_second_screen(
        self, store: Store, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        waits, code = a_code(store)
        held = SimpleNamespace(token_hash=token_hash(waits), address=TV)
        assert approved(store, code)
        monkeypatch.setattr("data_access.store.pairings._tried", lambda *_: held)
        assert approved(store, code) is None and len(screens(store)) == 1

    def test_nothing_of_a_credential_is_kept_but_its_hash(self, store: Store) -> None:
        waits, _ = a_code(store)
        token = a_screen(store)
        with store.reading() as connection:
            kept = [row.token_hash for row in connection.execute(select(pairings))]
            kept += [row.token_hash for row in connection.execute(select(table))]
        assert kept == [token_hash(waits), token_hash(token)] and len(token) == 43


class TestTheCredential:
    """It is renewed every week; what was lost on the way is sent again, what was copied ends the screen."""

    def test_it_is_renewed_after_a_week_and_not_before(self, store: Store) -> None:
        token = a_screen(store)
        assert renewed(store, token, NOON + RENEW_AFTER - SECOND) is None
        fresh = renewed(store, token, NOON + RENEW_AFTER)
        assert fresh is not None and fresh != token
        assert is_open(store, fresh, NOON + RENEW_AFTER)

    def test_the_old_one_is_good_for_the_grace(self, store: Store) -> None:
        token, later = a_screen(store), NOON + RENEW_AFTER
        fresh = renewed(store, token, later)
        assert fresh and is_open(store, fresh, later)
        assert is_open(store, token, later + GRACE) and renewed(store, token, later + GRACE) is None

    def test_a_lost_answer_logs_nobody_out(self, store: Store) -> None:
        token, later = a_screen(store), NOON + RENEW_AFTER
        assert renewed(store, token, later)  # lost on the way: the screen never uses it
        assert renewed(store, token, later + GRACE) is None
        for hours in (1, 2, 3):
            later += timedelta(hours=hours)
            assert is_open(store, token, later)
            again = renewed(store, token, later)
            assert again is not None
        assert is_open(store, again, later) and is_open(store, token, later + GRACE)

    def test_a_copied_one_ends_the_screen_for_both(self, store: Store) -> None:
        token, later = a_screen(store), NOON + RENEW_AFTER
        fresh = renewed(store, token, later)
        assert fresh and is_open(store, fresh, later)
        assert not is_open(store, token, later + GRACE + SECOND)
        assert not is_open(store, fresh, later + GRACE + SECOND)
        [ended] = screens(store)
        assert ended.ended_why == "copied" and actions(store)[0] == "screen_copied"

    def test_a_copy_noticed_by_many_at_once_is_told_once(self, store: Store) -> None:
        token, later = a_screen(store), NOON + RENEW_AFTER
        assert (fresh := renewed(store, token, later)) and is_open(store, fresh, later)
        assert not any(at_once(20, lambda number: is_open(store, token, later + 2 * GRACE)))
        assert actions(store).count("screen_copied") == 1

    def test_a_thief_who_is_renewed_first_ends_it_too(self, store: Store) -> None:
        token, later = a_screen(store), NOON + RENEW_AFTER
        stolen = renewed(store, token, later)
        assert stolen and is_open(store, stolen, later + SECOND)
        assert not is_open(store, token, later + 2 * GRACE) and not is_open(store, stolen, later + 2 * GRACE)

    def test_one_whose_successor_is_in_use_is_not_renewed(self, store: Store) -> None:
        old, later = a_screen(store), NOON + RENEW_AFTER
        fresh = renewed(store, old, later)
        assert fresh is not None and screen(store, fresh, later + SECOND)
        assert renewed(store, old, later + GRACE) is None

    def test_on_a_full_disk_the_screen_goes_on_and_a_copy_does_not(
        self, store: Store, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        old, later = a_screen(store), NOON + RENEW_AFTER
        fresh = renewed(store, old, later)
        assert fresh is not None

        def full(*_: object) -> None:
            raise OperationalError("update", None, Exception("database or disk is full"))

        with monkeypatch.context() as patched:
            patched.setattr("data_access.store.screens._noted", full)
            assert is_open(store, fresh, later)
        assert is_open(store, fresh, later)
        monkeypatch.setattr("data_access.store.screens._noted", full)
        with pytest.raises(OperationalError):
            screen(store, old, later + GRACE + SECOND)

    def test_one_of_two_renewals_ago_opens_nothing(self, store: Store) -> None:
        token = oldest = a_screen(store)
        for weeks in (1, 2):
            later = NOON + weeks * RENEW_AFTER
            token = renewed(store, token, later) or ""
            assert is_open(store, token, later)
        assert screen(store, oldest, later) is None and is_open(store, token, later)

    @pytest.mark.parametrize("token", ["", "x", "a" * 3000])
    def test_a_made_up_one_is_nobody_s(self, store: Store, token: str) -> None:
        a_screen(store)
        assert screen(store, token, NOON) is None and renewed(store, token, NOON) is None


class TestKeepingScreens:
    """Names, places and scenes change at once, and everything that changes rights is in the audit."""

    def test_a_revoked_screen_is_closed_at_once(self, store: Store) -> None:
        token = a_screen(store)
        [one] = screens(store)
        revoke_screen(store, one.id, "admin", NOON)
        found = screen(store, token, NOON)
        assert found is not None and found.ended_why == "revoked"
        assert renewed(store, token, NOON + RENEW_AFTER) is None
        assert [(entry.actor, entry.action, entry.about) for entry in entries(store)] == [
            ("admin", "screen_revoked", one.id),
            ("admin", "screen_paired", one.id),
        ]

    def test_a_changed_screen_opens_other_scenes_at_once(self, store: Store) -> None:
        token = a_screen(store)
        [one] = screens(store)
        given = Given("指挥中心", "warroom", ("warroom", "canteen"))
        change_screen(store, one.id, given, "admin", NOON)
        found = screen(store, token, NOON)
        assert found is not None and found.given == given
        assert entries(store)[0].detail == {"place": "warroom", "scenes": ["warroom", "canteen"]}

    def test_a_screen_that_is_not_there_cannot_be_changed(self, store: Store) -> None:
        for change in (
            lambda: revoke_screen(store, "x", "admin", NOON),
            lambda: change_screen(store, "x", CANTEEN, "admin", NOON),
        ):
            with pytest.raises(StoreError, match="no screen 'x'"):
                change()
        assert entries(store) == []

    def test_what_a_screen_says_is_written_once_a_minute(self, store: Store) -> None:
        token = a_screen(store)
        for seconds in (0, 10, 59, 60):
            now = NOON + seconds * SECOND
            known = screen(store, token, now)
            assert known is not None
            saw(store, known, Told("b1", "1920x1080", seconds), now)
        [one] = screens(store)
        assert (one.told, one.seen_at) == (Told("b1", "1920x1080", 60), NOON + 60 * SECOND)

    def test_what_one_says_is_not_said_of_another(self, store: Store) -> None:
        one, other = (screen(store, a_screen(store), NOON) for _ in range(2))
        assert one is not None and other is not None
        saw(store, one, Told("7", "1920x1080", 3), NOON + DAY)
        assert {known.id: known.told.build for known in screens(store)} == {one.id: "7", other.id: ""}

    def test_what_ends_or_changes_is_one_screen_in_use(self, store: Store) -> None:
        one, other = (screen(store, a_screen(store), NOON) for _ in range(2))
        assert one is not None and other is not None
        revoke_screen(store, one.id, "admin", NOON)
        with pytest.raises(StoreError):
            change_screen(store, one.id, Given("x", "canteen", ()), "admin", NOON)
        assert {known.id: known.ended_why for known in screens(store)} == {one.id: "revoked", other.id: None}
        assert {known.given.name for known in screens(store)} == {CANTEEN.name}

    def test_ended_screens_stand_last_and_are_forgotten_after_a_month(self, store: Store) -> None:
        a_screen(store)
        [first] = screens(store)
        revoke_screen(store, first.id, "admin", NOON)
        a_screen(store, NOON + DAY)
        assert [one.ended_why for one in screens(store)] == [None, "revoked"]
        a_screen(store, NOON + FORGET_AFTER + DAY)
        assert [one.ended_why for one in screens(store)] == [None, None]
