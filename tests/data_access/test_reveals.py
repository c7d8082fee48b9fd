"""How many phones a person may look at in an hour, and that each look is in the audit before it happens."""

from datetime import timedelta

import pytest

from data_access.store import Store
from data_access.store.audit import entries, record
from data_access.store.reveals import MOST_AN_HOUR, REFUSED, REVEALED, may_reveal
from tests.data_access.stores import NOON, at_once

HOUR = timedelta(hours=1)


def look(store: Store, who: str = "王芳", later: timedelta = timedelta(0)) -> bool:
    return may_reveal(store, who, "lead 7", {"reason": "回访"}, NOON + later)


def test_so_many_in_an_hour_and_then_no_more(store: Store) -> None:
    assert [look(store) for _ in range(MOST_AN_HOUR + 2)] == [True] * MOST_AN_HOUR + [False] * 2


def test_each_look_and_each_refusal_is_recorded(store: Store) -> None:
    for _ in range(MOST_AN_HOUR + 1):
        look(store)
    told = [entry.action for entry in entries(store)]
    assert (told.count(REVEALED), told.count(REFUSED)) == (MOST_AN_HOUR, 1)


def test_others_have_an_hour_of_their_own_and_other_deeds_do_not_count(store: Store) -> None:
    for _ in range(MOST_AN_HOUR):
        look(store, "李强")
        record(store, "王芳", "export", NOON, "customers", {})
    assert look(store) and not look(store, "李强")


@pytest.mark.parametrize(("later", "allowed"), [(HOUR - timedelta(seconds=1), False), (HOUR, True)])
def test_an_hour_later_one_may_look_again(store: Store, later: timedelta, allowed: bool) -> None:
    for _ in range(MOST_AN_HOUR):
        look(store)
    assert look(store, later=later) is allowed


def test_who_asks_many_times_at_once_sees_no_more(store: Store) -> None:
    assert sum(at_once(MOST_AN_HOUR + 10, lambda number: look(store))) == MOST_AN_HOUR
