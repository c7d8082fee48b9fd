"""Episodes in the store: each step once, under the leader's epoch, and the same after a restart."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from fractions import Fraction
from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError

from data_access.finding_records import read_finding, written_finding
from data_access.store import StaleLeader, Store
from data_access.store.audit import broken_at, entries
from data_access.store.episodes import (
    _put,
    close_by_hand,
    end_silence,
    episode,
    events,
    judge_outcome,
    look,
    resolved,
    seen,
    silence,
    take,
    to_be_told,
    told,
)
from data_access.store.lease import acquire
from metrics.episodes import Ack, Episode, EpisodeError, Silence
from metrics.pack import Label
from metrics.rules import Check, Evidence, Finding, Standing
from tests.data_access.stores import NOON, TTL, opened
from tests.snapshots import property_pack

RULES = property_pack().rules
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def a_check(standing: Standing = "firing", subject: str = "p1", severity: str = "orange") -> Check:
    found = Finding(
        "slow_response", severity, "project", subject, datetime(2026, 3, 1, 8, 30),
        {"value": Fraction(1, 3), "name": "甲"}, {"value": "percent"}, (Evidence(Label("样本", "Cases"), 21, "count"),),
    )  # fmt: skip
    return Check(found.key, standing, found)


class Site:
    """A store with one leader, looking at what a test says."""

    def __init__(self, store: Store) -> None:
        self.store, self.now = store, NOON
        self.epoch = acquire(store, "a", TTL, NOON) or 0
        self.look([])

    def look(self, checks: Sequence[Check], *, after: timedelta = MINUTE, fresh: bool = True, **more: datetime) -> None:
        self.now += after
        look(self.store, self.epoch, checks, RULES, self.now, is_fresh=fresh, **more)  # type: ignore[arg-type]

    def open(self, *subjects: str) -> list[Episode]:
        """Alerts about these, opened in two looks."""
        for _ in range(2):
            self.look([a_check(subject=one) for one in subjects or ("p1",)])
        return list(seen(self.store, self.now).episodes)

    def told(self) -> list[str]:
        """What people are to be told now, noted as told."""
        with self.store.writing() as connection:
            waiting = [event for event, _ in to_be_told(connection, self.now)]
            told(connection, [one.id for one in waiting], self.now)
        return [one.transition for one in waiting]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with opened(f"sqlite:///{tmp_path}/warboard.db") as store:
        yield Site(store)


def test_a_finding_is_kept_exactly() -> None:
    found = a_check().finding
    assert found is not None and read_finding(written_finding(found)) == found


def test_an_alert_opens_is_told_once_and_is_the_same_after_a_restart(site: Site, tmp_path: Path) -> None:
    (one,) = site.open()
    take(site.store, one.id, Ack("anna", site.now + HOUR, "anna", site.now, "今天回访"))
    kept = episode(site.store, one.id)
    with opened(f"sqlite:///{tmp_path}/warboard.db") as again:
        assert episode(again, one.id) == kept and kept is not None and kept.state == "acknowledged"
        look(again, site.epoch, [a_check()], RULES, site.now + 2 * HOUR, is_fresh=True)
        late = episode(again, one.id)
        assert late is not None and (late.state, late.level) == ("escalated", 1)
    assert [each.transition for each in events(site.store, one.id)] == ["opened", "acknowledged", "escalated"]


def test_the_first_look_of_all_opens_at_once(tmp_path: Path) -> None:
    with opened(f"sqlite:///{tmp_path}/other.db") as store:
        epoch = acquire(store, "a", TTL, NOON) or 0
        assert seen(store, NOON).looked_at is None
        look(store, epoch, [a_check()], RULES, NOON, is_fresh=True)
        assert [one.state for one in seen(store, NOON).episodes] == ["open"]


def test_who_leads_no_more_changes_nothing(site: Site) -> None:
    site.open()
    acquire(site.store, "b", TTL, NOON + DAY)
    before = seen(site.store, site.now)
    with pytest.raises(StaleLeader):
        site.look([a_check("calm")])
    assert seen(site.store, site.now) == before


def test_a_key_has_one_episode_that_is_not_over(site: Site) -> None:
    (one,) = site.open()
    with pytest.raises(IntegrityError), site.store.writing() as connection:
        _put(connection, Episode(one.finding, NOON))


def test_a_first_sign_that_came_to_nothing_leaves_nothing(site: Site) -> None:
    site.look([a_check()])
    assert [one.state for one in seen(site.store, site.now).episodes] == ["pending"]
    site.look([a_check("calm")])
    assert seen(site.store, site.now).episodes == () and site.told() == []


def test_resolved_ones_are_listed_and_judged(site: Site) -> None:
    (one,) = site.open()
    for _ in range(3):
        site.look([a_check("calm")], after=HOUR)
    assert (
        [each.id for each in resolved(site.store)]
        == [one.id]
        == [each.id for each in resolved(site.store, outcome="-")]
    )
    assert judge_outcome(site.store, one.id, "real", "anna", site.now) is not None
    assert (
        resolved(site.store, outcome="-") == [] and len(resolved(site.store, outcome="real", rule="slow_response")) == 1
    )
    assert judge_outcome(site.store, 99, "real", "anna", site.now) is None
    with pytest.raises(EpisodeError):
        take(site.store, one.id, Ack("anna", site.now + DAY, "anna", site.now))
    assert [entry.action for entry in entries(site.store)] == ["alert_judged"] and broken_at(site.store) is None


def test_what_vanished_can_be_closed_by_hand(site: Site) -> None:
    (one,) = site.open()
    with pytest.raises(EpisodeError):
        close_by_hand(site.store, one.id, "handled", "anna", site.now)
    for _ in range(99):
        site.look([], after=DAY)
    assert close_by_hand(site.store, one.id, "handled", "anna", site.now) is not None
    assert seen(site.store, site.now).episodes == ()


def test_in_a_silence_everything_is_recorded_and_what_is_still_open_is_told_when_it_ends(site: Site) -> None:
    silence(site.store, Silence("slow_response", "p1", site.now, site.now + DAY), "anna", "停电", site.now)
    first, second = site.open("p1", "p2")
    assert site.told() == ["opened"] and [one.hushed for one in events(site.store, first.id)] == ["silence"]
    site.look([a_check(), a_check(subject="p2")], after=2 * DAY)
    assert site.told() == ["opened"]
    site.look([a_check(), a_check(subject="p2")])
    assert site.told() == []
    assert second.key.subject == "p2"


def test_what_opened_and_was_resolved_in_a_silence_is_never_told(site: Site) -> None:
    id = silence(site.store, Silence("", "p1", site.now, site.now + 9 * DAY), "anna", "停电", site.now)
    site.open()
    for _ in range(3):
        site.look([a_check("calm")], after=HOUR)
    assert end_silence(site.store, id, "ben", site.now) and not end_silence(site.store, id, "ben", site.now)
    site.look([a_check("calm")])
    assert site.told() == []
    assert [one.action for one in entries(site.store)] == ["silence_ended", "silence_made"]


def test_an_outage_over_200_open_alerts_tells_of_one(site: Site) -> None:
    subjects = [f"p{number}" for number in range(200)]
    site.open(*subjects)
    assert site.told() == ["opened"] * 200
    stale = Finding("stale_data", "red", "group", "source", datetime(2026, 3, 2), {}, {}, ())
    for _ in range(20):
        site.look([Check(stale.key, "firing", stale)], after=HOUR, fresh=False)
    assert site.told() == ["opened"]
    now = [Check(stale.key, "calm"), *(a_check("calm" if at % 2 else "firing", one) for at, one in enumerate(subjects))]
    for _ in range(4):
        site.look(now, after=HOUR)
    assert site.told() == ["resolved"] * 101
    assert {one.key.subject for one in seen(site.store, site.now).episodes} == set(subjects[::2])


def test_500_projects_that_breach_at_once_are_all_listed(site: Site) -> None:
    found = site.open(*(f"p{number}" for number in range(500)))
    assert len(found) == 500 and site.told() == ["opened"] * 500


def test_nothing_new_changes_nothing(site: Site) -> None:
    site.open()
    before = seen(site.store, site.now).revision
    for _ in range(3):
        site.look([a_check()])
    assert seen(site.store, site.now).revision == before
