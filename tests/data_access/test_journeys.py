"""Sign-ins under way at another site: begun by one browser, ended by the same one, once, in time."""

from datetime import timedelta
from typing import Any

from data_access.store import Store
from data_access.store import journeys as module
from data_access.store.journeys import LIFE, Journey, begin_journey, end_journey
from data_access.store.tables import journeys
from tests.data_access.stores import NOON


def begun(store: Store, **told: Any) -> Journey:
    given = {"browser": "a browser", "address": "::1", "now": NOON, **told}
    made = begin_journey(store, "wecom", "/heat?period=month", "en", **given)
    assert made is not None
    return made


def test_it_comes_back_once_with_what_it_left_with(store: Store) -> None:
    made = begun(store)
    found = end_journey(store, "wecom", made.state, "a browser", NOON)
    assert found == Journey("wecom", "/heat?period=month", "en", made.nonce, made.verifier)
    assert end_journey(store, "wecom", made.state, "a browser", NOON) is None


def test_nobody_else_ends_it_and_it_waits_for_the_right_one(store: Store) -> None:
    made = begun(store)
    assert end_journey(store, "oidc", made.state, "a browser", NOON) is None
    assert end_journey(store, "wecom", made.state, "another", NOON) is None
    assert end_journey(store, "wecom", made.nonce, "a browser", NOON) is None
    assert end_journey(store, "wecom", made.state, "a browser", NOON + LIFE) is None
    assert end_journey(store, "wecom", made.state, "a browser", NOON + LIFE - timedelta(seconds=1)) is not None


def test_the_state_is_letters_and_digits_as_wecom_wants_it(store: Store) -> None:
    state = begun(store).state
    assert state.isalnum() and state.isascii() and 64 <= len(state) <= 128


def test_neither_store_nor_log_hold_what_would_end_it(store: Store) -> None:
    made = begun(store)
    with store.reading() as connection:
        kept = str(connection.execute(journeys.select()).all())
    assert made.state not in kept and "a browser" not in kept
    assert not any(secret in repr(made) for secret in (made.state, made.nonce, made.verifier))


def test_there_is_room_for_so_many_and_again_when_they_are_over(store: Store, monkeypatch: Any) -> None:
    monkeypatch.setattr(module, "MOST_FROM_ONE", 2)
    monkeypatch.setattr(module, "MOST", 3)
    for address in ("a", "a", "b"):
        begun(store, address=address)
    assert begin_journey(store, "oidc", "/", "zh", browser="x", address="a", now=NOON) is None
    assert begin_journey(store, "oidc", "/", "zh", browser="x", address="c", now=NOON) is None
    begun(store, address="a", now=NOON + LIFE)
