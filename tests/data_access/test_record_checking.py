"""When the record rules run: once at first, then where something changed and enough time has passed, and once a day."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from data_access.record_checking import RecordChecks
from data_access.rhythm import Moment
from data_access.settings import Settings
from data_access.store import StaleLeader, Store
from data_access.store.lease import acquire
from data_access.store.record_findings import Asked, findings, last_checks
from metrics.totals import EVERYTHING
from tests.data_access.stores import opened
from tests.planted import AS_OF, PAID, a_replica, put
from tests.snapshots import property_pack

NOON = datetime(2026, 3, 31, 4, 0, tzinfo=UTC)


@dataclass
class House:
    """A refresher's replica and store, and the step that follows every refresh."""

    replica: Any
    store: Store
    epoch: int
    changed: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.connection = self.replica.connection
        self.step = RecordChecks(Settings.read("", {}), property_pack(), self.store, lambda: self)  # type: ignore[arg-type,return-value]

    def after_refresh(
        self, minutes: int, *changed: str, outcome: bool = True, epoch: int | None = None
    ) -> datetime | None:
        """A refresh so many minutes after noon that changed these entities; when the rules last ran."""
        self.changed = set(changed)
        self.step(Moment(epoch or self.epoch, None, NOON + timedelta(minutes=minutes), outcome))  # type: ignore[arg-type]
        last = last_checks(self.store)
        return last.at if last else None


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    replica = a_replica()
    replica.connection.execute("create table derived as select ?::timestamp as as_of, '' as fingerprint", [AS_OF])
    with opened(f"sqlite:///{tmp_path}/w.db") as store:
        yield House(replica, store, acquire(store, "a", timedelta(days=9), NOON) or 0)
    replica.close()


def at(minutes: int) -> datetime:
    return NOON + timedelta(minutes=minutes)


def test_they_run_first_and_then_when_something_changed_and_ten_minutes_passed(house: House) -> None:
    assert house.after_refresh(0) == at(0)
    assert house.after_refresh(30) == at(0)
    assert house.after_refresh(31, "exposure", "spend") == at(0)
    assert house.after_refresh(32, "registration") == at(32)
    assert house.after_refresh(33, "visit") == at(32)
    assert house.after_refresh(42) == at(42)
    assert house.after_refresh(60) == at(42)


def test_they_run_once_a_day_though_nothing_changed(house: House) -> None:
    assert house.after_refresh(0) == at(0)
    assert house.after_refresh(24 * 60) == at(24 * 60)


def test_they_do_not_run_after_a_refresh_that_failed(house: House) -> None:
    assert house.after_refresh(0, outcome=False) is None
    assert house.after_refresh(1) == at(1)


def test_what_they_find_is_kept(house: House) -> None:
    put(
        house.connection,
        "visit",
        id="v1",
        project_id="P1",
        channel_id="C4",
        person="a" * 32,
        at=AS_OF - timedelta(hours=2),
    )
    put(
        house.connection,
        "registration",
        id="r1",
        project_id="P1",
        channel_id=PAID,
        person="a" * 32,
        at=AS_OF - timedelta(hours=1),
    )
    house.after_refresh(0)
    assert [(one.found.rule, one.found.key) for one in findings(house.store, Asked(EVERYTHING))] == [("F1", "r1")]


def test_who_leads_no_more_keeps_nothing_and_tries_again(house: House) -> None:
    with pytest.raises(StaleLeader):
        house.after_refresh(0, epoch=99)
    assert house.after_refresh(1) == at(1)
