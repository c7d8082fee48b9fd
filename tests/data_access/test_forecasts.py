"""Forecasts are kept as each morning told them, once, and how earlier ones did comes back exactly."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from pathlib import Path

import pytest

from data_access.forecasting import Forecaster
from data_access.rhythm import Moment
from data_access.store import StaleLeader, Store
from data_access.store.forecasts import (
    forecasts_of,
    keep_forecasts,
    keep_trials,
    last_day,
    last_trials,
    told_before,
    tried_months,
)
from data_access.store.lease import acquire
from metrics.forecast import Forecast, Trial
from metrics.scenarios import Outcome
from tests.metrics.test_sandbox import late
from tests.snapshots import property_pack

DAY = date(2026, 11, 2)
NOW = datetime(2026, 11, 2, 2, 0, tzinfo=UTC)
TOLD = Forecast(DAY, None, Outcome((1, 2, 3), (10_000, 20_000, 30_000), Fraction(1, 3), None), 1, Fraction(15, 7))
OF_A_PROJECT = replace(TOLD, project="p1", target=None, then=replace(TOLD.then, chance=None, cost=Fraction(1, 7)))
TRIED = Trial(DAY, "p1", 0.5, 1.25, 3.0, 2, Fraction(2, 3), None)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store.open(f"sqlite:///{tmp_path}/store.db")
    yield made
    made.close()


@pytest.fixture
def epoch(store: Store) -> int:
    found = acquire(store, "a", timedelta(days=9_000), NOW)
    assert found is not None
    return found


def test_what_was_told_comes_back_exactly_and_never_changes(store: Store, epoch: int) -> None:
    assert last_day(store) is None
    keep_forecasts(store, epoch, [TOLD, OF_A_PROJECT])
    keep_forecasts(store, epoch, [replace(TOLD, done=9), replace(TOLD, day=DAY + timedelta(1))])
    assert forecasts_of(store, DAY) == [TOLD, OF_A_PROJECT] and last_day(store) == DAY + timedelta(1)
    assert [one.day for one in told_before(store, None, DAY)] == [DAY, DAY + timedelta(1)]
    assert told_before(store, "p1", DAY + timedelta(1)) == []


def test_trials_come_back_exactly_and_are_kept_once(store: Store, epoch: int) -> None:
    assert last_trials(store) == []
    keep_trials(store, epoch, DAY, [TRIED])
    keep_trials(store, epoch, DAY, [])
    earlier = replace(TRIED, origin=DAY - timedelta(31))
    keep_trials(store, epoch, earlier.origin, [earlier])
    assert last_trials(store) == [earlier, TRIED] and tried_months(store) == {DAY, earlier.origin}


def test_who_does_not_lead_keeps_nothing(store: Store, epoch: int) -> None:
    with pytest.raises(StaleLeader):
        keep_forecasts(store, epoch + 1, [TOLD])
    with pytest.raises(StaleLeader):
        keep_trials(store, epoch + 1, DAY, [TRIED])


def test_the_first_refresh_of_a_day_keeps_its_forecasts(store: Store, epoch: int) -> None:
    forecaster, today = Forecaster(property_pack(), store), late()
    for shown in (today, replace(today, sequence=2)):
        forecaster.step(Moment(epoch, shown, NOW, True))
        forecaster.look_back(Moment(epoch, shown, NOW, True))
    kept = forecasts_of(store, today.as_of.date())
    assert {one.project for one in kept} >= {None, "p1"} and last_trials(store) == []
    forecaster.step(Moment(epoch, replace(today, as_of=today.as_of + timedelta(1)), NOW, True))
    assert last_day(store) == today.as_of.date() + timedelta(1)
