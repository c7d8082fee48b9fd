"""Passwords, codes and how often they may be tried, on SQLite and on PostgreSQL alike."""

import time
from datetime import timedelta
from statistics import median

import pyotp
import pytest
from sqlalchemy import text

from data_access.store import Store
from data_access.store.accounts import By, UnfitPerson, add_all, change, link_for, listed_people, told_person
from data_access.store.attempts import PER_ACCOUNT, PER_SOURCE, WINDOW, TooManyAttempts, attempt, forgive
from data_access.store.audit import broken_at, entries
from data_access.store.codes import STEP_LIFE, begin_step, enrol, forget_code, has_code, step, use_code
from data_access.store.errors import StoreError
from data_access.store.links import make_link, use_link
from data_access.store.passwords import COMMON, WeakPassword, refuse_weak, set_password, whose
from data_access.store.people import NameTaken, Person, add_person, people
from data_access.store.sessions import open_session, session
from tests.data_access.stores import NOON, at_once, change_person

SECOND, HALF_MINUTE = timedelta(seconds=1), timedelta(seconds=30)
IDLE, LIFE = timedelta(hours=8), timedelta(days=7)
GOOD, OTHER = "三月江边 tulips 27", "九月山里 maples 31"
BY = By("tests", NOON)


def a_person(store: Store, password: str | None = GOOD, name: str = "王芳") -> Person:
    who = add_person(store, name, "leader")
    if password:
        set_password(store, who, password, by="tests", now=NOON)
    return who


# Passwords


def test_a_person_is_found_by_name_and_password_and_by_nothing_else(store: Store) -> None:
    who = a_person(store)
    assert whose(store, "王芳", GOOD) == who
    assert whose(store, " 王芳 ", GOOD) == who
    for name, password in (("王芳", OTHER), ("王芳", ""), ("李强", GOOD), ("", ""), ("王芳", GOOD + "x" * 10**5)):
        assert whose(store, name, password) is None


def test_full_width_letters_are_the_same_letters(store: Store) -> None:
    who = a_person(store, "correct horse 12", name="Chen Li")
    assert whose(store, "Chen Li", "correct horse 12") == who


def test_who_is_disabled_or_has_no_password_does_not_come_in(store: Store) -> None:
    who, other = a_person(store), a_person(store, None, "李强")
    change_person(store, Person(who.id, who.name, who.role, enabled=False))
    assert whose(store, who.name, GOOD) is None
    assert whose(store, other.name, "") is None


def test_only_an_argon2id_hash_is_kept(store: Store) -> None:
    a_person(store)
    with store.reading() as connection:
        kept = str(connection.execute(text("SELECT * FROM passwords")).all())
    assert "$argon2id$" in kept and GOOD not in kept


def test_a_new_password_ends_sessions_links_and_the_old_password(store: Store) -> None:
    who = a_person(store)
    token, link = open_session(store, who.id, NOON, IDLE, LIFE), make_link(store, who.id, NOON)
    waiting = begin_step(store, who.id, NOON)
    set_password(store, who, OTHER, by="tests", now=NOON)
    assert session(store, token, NOON) is None and use_link(store, link, NOON) is None
    assert step(store, waiting, NOON) is None
    assert whose(store, who.name, GOOD) is None and whose(store, who.name, OTHER) == who


def test_disabling_ends_sessions_for_good(store: Store) -> None:
    who = a_person(store)
    token = open_session(store, who.id, NOON, IDLE, LIFE)
    change(store, Person(who.id, who.name, who.role, enabled=False), BY)
    change(store, who, BY)
    assert session(store, token, NOON) is None


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        pytest.param("x7!kQ2m#9zL", "short", id="eleven characters"),
        pytest.param("长" * 129, "long", id="129 characters"),
        pytest.param("Password1234", "common", id="on the list, whatever its case"),
        pytest.param("qwertyuiop123", "common", id="a keyboard walk"),
        pytest.param("WangFang2026", "name", id="little but the own name"),
        pytest.param("warboard-2026", "name", id="little but the product's name"),
    ],
)
def test_a_password_that_others_would_guess_is_refused(password: str, reason: str) -> None:
    with pytest.raises(WeakPassword) as refused:
        refuse_weak(password, "WangFang")
    assert refused.value.reason == reason


@pytest.mark.parametrize("password", [GOOD, "x" * 4 + "七月流火九月授衣", "长" * 128])
def test_long_passwords_of_any_script_are_taken(password: str) -> None:
    refuse_weak(password, "王芳")


def test_the_list_holds_only_what_length_does_not_refuse() -> None:
    lines = [line for line in COMMON.read_text("utf-8").splitlines() if not line.startswith("#")]
    assert len(lines) == len(set(lines)) > 150
    assert [line for line in lines if len(line) < 12 or line != line.casefold()] == []


def test_unknown_disabled_and_wrong_take_about_the_same_time(sqlite_store_url: str) -> None:
    store = Store.open(sqlite_store_url)
    a_person(store)
    out = a_person(store, name="李强")
    change_person(store, Person(out.id, out.name, out.role, enabled=False))

    def seconds(name: str) -> float:
        started = time.perf_counter()
        whose(store, name, OTHER)
        return time.perf_counter() - started

    taken = {name: median(seconds(name) for _ in range(15)) for name in ("王芳", "李强", "nobody")}
    store.close()
    assert max(taken.values()) < 2 * min(taken.values())


# Attempts


def tries(store: Store, count: int, account: str = "王芳", source: str = "10.0.0.1", now: object = NOON) -> list[bool]:
    """Whether each of so many tries may be made."""

    def one(_: int) -> bool:
        try:
            attempt(store, account, source, now)  # type: ignore[arg-type]
        except TooManyAttempts:
            return False
        return True

    return [one(number) for number in range(count)]


def test_an_account_has_ten_tries_in_a_quarter_of_an_hour_from_wherever_they_come(store: Store) -> None:
    assert [tries(store, 1, source=f"10.0.0.{n}") for n in range(11)] == [[True]] * 10 + [[False]]


def test_an_address_has_fifty_tries_for_whatever_account(store: Store) -> None:
    assert sum(tries(store, 1, account=f"{n}")[0] for n in range(60)) == PER_SOURCE
    assert tries(store, 1, source="10.0.0.2") == [True]


def test_an_ipv6_network_is_one_address(store: Store) -> None:
    for n in range(PER_SOURCE):
        attempt(store, f"{n}", f"2001:db8::{n:x}", NOON)
    assert tries(store, 1, source="2001:db8::ffff:1") == [False]
    assert tries(store, 1, source="2001:db8:0:1::1") == [True]


def test_nothing_stays_locked_and_the_message_knows_when(store: Store) -> None:
    tries(store, PER_ACCOUNT)
    with pytest.raises(TooManyAttempts) as refused:
        attempt(store, "王芳", "10.0.0.1", NOON + SECOND)
    assert refused.value.until == NOON + WINDOW
    assert tries(store, 1, now=NOON + WINDOW - SECOND) == [False]
    assert tries(store, 1, now=NOON + WINDOW) == [True]


def test_tries_that_are_refused_do_not_prolong_the_wait(store: Store) -> None:
    tries(store, PER_ACCOUNT)
    tries(store, 5, now=NOON + WINDOW - SECOND)
    assert all(tries(store, PER_ACCOUNT, now=NOON + WINDOW))


def test_a_right_password_gives_its_own_try_back_and_no_other(store: Store) -> None:
    tries(store, PER_ACCOUNT - 1)
    forgive(store, attempt(store, "王芳", "10.0.0.1", NOON))
    assert tries(store, 2) == [True, False]


def test_tries_are_counted_over_restarts(store_url: str) -> None:
    for _ in range(PER_ACCOUNT):
        store = Store.open(store_url)
        assert tries(store, 1) == [True]
        store.close()
    store = Store.open(store_url)
    assert tries(store, 1) == [False]
    store.close()


def test_of_forty_tries_at_once_through_two_nodes_ten_are_made(store_url: str) -> None:
    nodes = [Store.open(store_url), Store.open(store_url)]
    made = at_once(40, lambda number: tries(nodes[number % 2], 1, source=f"10.0.0.{number}"))
    for node in nodes:
        node.close()
    assert sum(one[0] for one in made) == PER_ACCOUNT


def test_neither_names_nor_addresses_are_kept_in_the_clear(store: Store) -> None:
    tries(store, 1, account="a password typed in the wrong place")
    with store.reading() as connection:
        kept = str(connection.execute(text("SELECT * FROM attempts")).all())
    assert "password" not in kept and "10.0.0.1" not in kept


# Codes


def test_a_code_counts_once(store: Store) -> None:
    who = a_person(store, None)
    app = pyotp.TOTP(enrol(store, who).secret)
    code = app.at(NOON)
    assert not has_code(store, who.id)
    assert use_code(store, who.id, code, NOON) and has_code(store, who.id)
    assert not use_code(store, who.id, code, NOON)
    assert not use_code(store, who.id, app.at(NOON - HALF_MINUTE), NOON), "nor one older than the last"
    assert use_code(store, who.id, app.at(NOON + HALF_MINUTE), NOON + HALF_MINUTE)


def test_a_phone_may_be_half_a_minute_off_and_no_more(store: Store) -> None:
    who = a_person(store, None)
    app = pyotp.TOTP(enrol(store, who).secret)
    for drift in (-2, 2):
        assert not use_code(store, who.id, app.at(NOON + drift * HALF_MINUTE), NOON)
    assert use_code(store, who.id, app.at(NOON - HALF_MINUTE), NOON)


@pytest.mark.parametrize("code", ["", "0", "000000 ", "六六六六六六", "1" * 999, "\x00"])
def test_what_is_no_code_is_refused(store: Store, code: str) -> None:
    who = a_person(store, None)
    enrol(store, who)
    assert not use_code(store, who.id, code, NOON) and not use_code(store, "nobody", code, NOON)


def test_of_ten_uses_of_a_code_at_once_one_counts(store: Store) -> None:
    who = a_person(store, None)
    code = pyotp.TOTP(enrol(store, who).secret).at(NOON)
    assert sum(at_once(10, lambda _: use_code(store, who.id, code, NOON))) == 1


def test_a_sign_in_waits_ten_minutes_for_its_code_and_ends_with_it(store: Store) -> None:
    who = a_person(store, None)
    token = begin_step(store, who.id, NOON)
    assert step(store, token, NOON + STEP_LIFE - SECOND) == who
    assert step(store, token, NOON + STEP_LIFE) is None and step(store, "unknown", NOON) is None
    use_code(store, who.id, pyotp.TOTP(enrol(store, who).secret).at(NOON), NOON)
    assert step(store, token, NOON) is None


def test_who_scans_again_before_the_first_code_has_only_the_new_secret(store: Store) -> None:
    who = a_person(store, None)
    first, second = enrol(store, who), enrol(store, who)
    assert not use_code(store, who.id, pyotp.TOTP(first.secret).at(NOON), NOON)
    assert use_code(store, who.id, pyotp.TOTP(second.secret).at(NOON), NOON)


def test_of_ten_first_scans_at_once_the_last_one_counts(store: Store) -> None:
    who = a_person(store, None)
    made = at_once(10, lambda _: enrol(store, who))
    right = [one for one in made if use_code(store, who.id, pyotp.TOTP(one.secret).at(NOON), NOON)]
    assert len(right) == 1


def test_a_lost_phone_is_forgotten_and_its_sessions_end(store: Store) -> None:
    who = a_person(store, None)
    use_code(store, who.id, pyotp.TOTP(enrol(store, who).secret).at(NOON), NOON)
    token = open_session(store, who.id, NOON, IDLE, LIFE)
    forget_code(store, who.id, by="tests", now=NOON)
    assert not has_code(store, who.id) and session(store, token, NOON) is None


def test_a_secret_does_not_show_in_a_log(store: Store) -> None:
    made = enrol(store, a_person(store, None))
    assert made.secret in made.address and made.secret not in f"{made} {made!r}"


# Deeds


def test_a_name_belongs_to_one_person(store: Store) -> None:
    add_all(store, [told_person("王芳", "leader", None, None)], BY)
    with pytest.raises(NameTaken, match="already somebody called '王芳'"):
        add_all(store, [told_person("李强", "admin", None, None), told_person("王芳 ", "admin", None, None)], BY)
    assert [one.name for one in people(store)] == ["王芳"]
    assert [one.action for one in entries(store)] == ["person_added"]


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        (("", "admin", None, None), "name"),
        (("x" * 61, "admin", None, None), "name"),
        (("a\x00b", "admin", None, None), "name"),
        (("王芳", "head", "", None), "project"),
        (("王芳", "salesperson", "p1", ""), "staff"),
    ],
)
def test_what_does_not_fit_is_refused(told: tuple[str, str, str | None, str | None], reason: str) -> None:
    with pytest.raises(UnfitPerson) as refused:
        told_person(*told)
    assert refused.value.reason == reason


def test_every_deed_is_in_the_audit_without_names_or_secrets(store: Store) -> None:
    who = told_person("王芳", "head", "p1", None)
    add_all(store, [who], BY)
    change(store, Person(who.id, "王芳", "head", "p2"), BY)
    link = link_for(store, who, BY)
    set_password(store, who, GOOD, by="tests", now=NOON)
    forget_code(store, who.id, by="tests", now=NOON)
    made = entries(store)[::-1]
    assert [one.action for one in made] == [
        "person_added",
        "person_changed",
        "link_made",
        "password_set",
        "code_forgotten",
    ]
    assert {(one.actor, one.about) for one in made} == {("tests", who.id)}
    assert made[1].detail["project"] == "p2" and broken_at(store) is None
    assert not any(word in str(made) for word in ("王芳", link, GOOD))


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["name,role,project,staff", "王芳,headd,p1,"], "Line 2: 'headd' is no role. Did you mean 'head'"),
        (["name,role,project,staff", "王芳,head,,"], "Line 2: '王芳' is head of no project. Give the id of one."),
        (["name,role", "王芳,admin", "王芳,leader"], "Line 3: there is already somebody called '王芳'"),
        (["name,role", "何衡,admin"], "Line 2: there is already somebody called '何衡'"),
        (["姓名,角色", "王芳,admin"], "Line 1 is '姓名,角色'. Begin with: name,role,project,staff"),
        ([], "Line 1 is ''. Begin with"),
    ],
)
def test_a_list_that_cannot_be_read_names_line_value_and_way_out(lines: list[str], message: str) -> None:
    with pytest.raises(StoreError, match=message):
        listed_people(lines, ["何衡"])
