"""Scores of leads are kept once a morning, come back exactly, and leave a word where there is none."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from data_access.lead_scoring import LeadScorer
from data_access.rhythm import Moment
from data_access.snapshots import Folder
from data_access.store import StaleLeader, Store
from data_access.store.lead_scores import KeptScore, keep_score, last_score, last_score_day
from data_access.store.lease import acquire
from tests.metrics.test_lead_score import a_score, planted
from tests.snapshots import AS_OF, FOLDER, small_snapshot

DAY = date(2026, 11, 2)
NOW = datetime(2026, 11, 2, 2, 0, tzinfo=UTC)
KEPT = KeptScore(a_score(planted()), {("p1", "public"): (12, 0.25), ("", ""): (3, 0.125)})


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


def test_a_score_comes_back_exactly_and_is_kept_once(store: Store, epoch: int) -> None:
    assert (last_score(store), last_score_day(store)) == (None, None)
    keep_score(store, epoch, DAY, KEPT)
    keep_score(store, epoch, DAY, None)
    assert last_score(store) == (DAY, KEPT) and last_score_day(store) == DAY


def test_a_morning_without_a_score_is_not_tried_again_that_day(store: Store, epoch: int) -> None:
    keep_score(store, epoch, DAY, KEPT)
    keep_score(store, epoch, DAY + timedelta(1), None)
    assert last_score(store) is None and last_score_day(store) == DAY + timedelta(1)


def test_who_does_not_lead_keeps_nothing(store: Store, epoch: int) -> None:
    with pytest.raises(StaleLeader):
        keep_score(store, epoch + 1, DAY, KEPT)


def test_a_world_with_few_contracts_has_no_score(store: Store, epoch: int) -> None:
    LeadScorer(store, Folder(FOLDER)).step(Moment(epoch, small_snapshot(), NOW, True))
    assert last_score_day(store) == AS_OF.date() and last_score(store) is None
