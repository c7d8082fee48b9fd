"""The step that looks at alerts after a refresh: fresh numbers are judged, others only say that they are old."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from data_access.alerting import looking
from data_access.rhythm import Moment
from data_access.settings import Settings
from data_access.store import Store
from data_access.store.episodes import seen, to_be_told
from data_access.store.lease import acquire
from data_access.store.published import beat
from tests.data_access.stores import TTL, opened
from tests.snapshots import AS_OF, property_pack, small_snapshot

NOW = datetime(2026, 3, 11, 2, 0, 20, tzinfo=UTC)
"""Twenty seconds after the small snapshot was taken, in Shanghai."""
SETTINGS = Settings.read("", {})


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with opened(f"sqlite:///{tmp_path}/warboard.db") as store:
        yield store


def after(store: Store, *moments: tuple[timedelta, bool]) -> dict[str, set[str]]:
    """The states of everything that is open after refreshes so long after the first, that succeeded or not; by rule."""
    epoch = acquire(store, "a", TTL, NOW) or 0
    step = looking(SETTINGS, property_pack(), store)
    for passed, succeeded in moments:
        if succeeded:
            beat(store, epoch, AS_OF + passed, NOW + passed)
        else:
            beat(store, epoch, None, NOW + passed, "the source is down")
        step(Moment(epoch, small_snapshot(), NOW + passed, succeeded))
    found: dict[str, set[str]] = {}
    for one in seen(store, NOW).episodes:
        found.setdefault(one.key.rule, set()).add(one.state)
    return found


def test_what_stands_out_is_open_after_the_first_refresh(store: Store) -> None:
    found = after(store, (timedelta(0), True))
    assert found["late_milestone"] == {"escalated"} and found["behind_target"] == {"open"} and "stale_data" not in found


@pytest.mark.parametrize("hours", [1, 23, 48])
def test_an_outage_tells_of_itself_alone(store: Store, hours: int) -> None:
    before = after(store, (timedelta(0), True))
    moments = [(timedelta(minutes=minute), False) for minute in (1, 2, 60 * hours)]
    assert after(store, *moments) == {**before, "stale_data": {"open"}}
    with store.reading() as connection:
        told = [(event.transition, one.key.rule) for event, one in to_be_told(connection, NOW + timedelta(days=3))]
    assert told.count(("opened", "stale_data")) == 1 and not any(how == "resolved" for how, _ in told)
    back = timedelta(hours=hours, minutes=1)
    again = after(store, *((back + timedelta(minutes=4 * n), True) for n in range(4)))
    # What nobody took for a day is told to the leaders, but not before it is known to be still so.
    assert again == (before if hours < 24 else {**before, "behind_target": {"escalated"}})


def test_a_refresh_that_was_held_back_judges_nothing_though_it_did_not_fail(store: Store) -> None:
    epoch = acquire(store, "a", TTL, NOW) or 0
    beat(store, epoch, None, NOW, "held back")
    looking(SETTINGS, property_pack(), store)(Moment(epoch, small_snapshot(), NOW, True))
    assert seen(store, NOW).looked_at is None
