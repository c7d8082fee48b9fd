"""Episodes against a simple model of them: whatever rules say and people do, over restarts, outages and clocks that jump.

Some sequences in every run, 10,000 of 50 steps each night.
"""

import shutil
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from data_access.store import StaleLeader, Store
from data_access.store.episodes import end_silence, look, seen, silence, take, to_be_told
from data_access.store.lease import acquire
from metrics.episodes import Ack, Silence
from metrics.rules import Check, Finding, Standing
from tests.data_access.stores import NOON, TTL
from tests.snapshots import property_pack

RULES = property_pack().rules
SUBJECTS = ("p1", "p2", "p3")
HOUR = timedelta(hours=1)
FORGOTTEN = 24 * HOUR
SAID = st.fixed_dictionaries(
    dict.fromkeys(SUBJECTS, st.sampled_from(["firing", "firing", "near", "calm", "calm", "unknown", "absent"]))
)
PASSED = st.sampled_from([timedelta(seconds=15), timedelta(minutes=10), 2 * HOUR, timedelta(days=2)])


@dataclass
class Simple:
    """One subject as somebody would explain it: flags and counters, nothing else."""

    signs: int = 0
    is_open: bool = False
    opened: datetime = NOON
    is_lost: bool = False
    calm: int = 0
    calm_since: datetime | None = None
    owner: str = ""
    due: datetime | None = None
    was_late: bool = False
    level: int = 0
    untold: bool = False
    told: Counter[str] = field(default_factory=Counter)

    def hears(self, said: str, now: datetime, *, silenced: bool) -> None:
        """One evaluation."""
        if not self.is_open:
            self.signs = {"firing": self.signs + 1, "unknown": self.signs, "absent": self.signs}.get(said, 0)
            if self.signs == 2:
                self.is_open, self.untold, self.opened = True, silenced, now
                self.told["opened"] += not silenced
            return
        if self.calm_since is not None and self.calm_since > now:
            self.calm_since = now
        self.is_lost = said in ("unknown", "absent")
        if said != "calm":
            self.calm, self.calm_since = 0, None
        else:
            self.calm, self.calm_since = self.calm + 1, self.calm_since or now
            if self.calm >= 3 and now - self.calm_since >= HOUR:
                self.told["resolved"] += not silenced
                self.__init__(told=self.told)  # type: ignore[misc]
                return
        is_forgotten = not self.owner and not self.level and not self.is_lost and now - self.opened >= FORGOTTEN
        is_overdue = self.due is not None and now >= self.due and not self.was_late
        if (is_forgotten or is_overdue) and not self.calm:
            self.was_late, self.level = True, self.level + 1
            self.told["escalated"] += not silenced

    def is_given(self, owner: str, by: str, due: datetime) -> None:
        """Somebody takes it or is given it."""
        self.owner, self.due, self.was_late = owner, due, False
        self.told["handed_over"] += owner != by

    def may_be_told(self) -> None:
        """No silence any more."""
        self.told["opened"] += self.untold
        self.untold = False

    @property
    def state(self) -> str:
        """The same words as an episode's."""
        if not self.is_open:
            return "pending" if self.signs else ""
        if self.is_lost or self.calm:
            return "no_data" if self.is_lost else "recovering"
        return "escalated" if self.was_late else "acknowledged" if self.owner else "open"


@cache
def empty_store() -> Path:
    """The file of a store that somebody has looked at once."""
    file = Path(tempfile.mkdtemp()) / "empty.db"
    store = Store.open(f"sqlite:///{file}")
    look(store, acquire(store, "a", TTL, NOON) or 0, [], RULES, NOON, is_fresh=True)
    store.close()
    return file


class Episodes(RuleBasedStateMachine):
    """What is kept, and the model beside it."""

    @initialize()
    def begin(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.file = self.folder / "warboard.db"
        shutil.copy(empty_store(), self.file)
        self.store = Store.open(f"sqlite:///{self.file}")
        self.now, self.epoch = NOON, 1
        self.model = {one: Simple() for one in SUBJECTS}
        self.silences: list[tuple[int, str, datetime, datetime]] = []

    def teardown(self) -> None:
        self.store.close()
        shutil.rmtree(self.folder)

    def hushed(self, subject: str) -> bool:
        return any(about == subject and first <= self.now < until for _, about, first, until in self.silences)

    def checks(self, said: dict[str, Any]) -> list[Check]:
        found = {one: Finding("slow_response", "red", "project", one, datetime(2026, 3, 1), {}, {}, ()) for one in said}
        standing: dict[str, Standing] = {one: how for one, how in said.items() if how != "absent"}
        return [Check(found[one].key, how, found[one]) for one, how in standing.items()]

    @rule(said=SAID, passed=PASSED, times=st.integers(1, 5))
    def look(self, said: dict[str, Any], passed: timedelta, times: int) -> None:
        for _ in range(times):
            self.now += passed
            look(self.store, self.epoch, self.checks(said), RULES, self.now, is_fresh=True, claim_within=FORGOTTEN)
            for one, model in self.model.items():
                model.hears(said[one], self.now, silenced=self.hushed(one))
                if not self.hushed(one):
                    model.may_be_told()

    @rule(said=SAID, passed=PASSED)
    def look_once(self, said: dict[str, Any], passed: timedelta) -> None:
        self.look(said, passed, 1)

    @rule(said=SAID, passed=PASSED)
    def outage(self, said: dict[str, Any], passed: timedelta) -> None:
        self.now += passed
        look(self.store, self.epoch, self.checks(said), RULES, self.now, is_fresh=False, claim_within=FORGOTTEN)

    @rule(said=SAID)
    def two_refreshers(self, said: dict[str, Any]) -> None:
        with pytest.raises(StaleLeader):
            look(self.store, self.epoch - 1, self.checks(said), RULES, self.now, is_fresh=True)

    @rule(
        subject=st.sampled_from(SUBJECTS), owner=st.sampled_from(["anna", "ben"]), hours=st.sampled_from([1, 30, 300])
    )
    def acknowledge_or_hand_over(self, subject: str, owner: str, hours: int) -> None:
        for one in seen(self.store, self.now).episodes:
            if one.key.subject == subject and one.is_open:
                take(self.store, one.id, Ack(owner, self.now + hours * HOUR, "anna", self.now))
                self.model[subject].is_given(owner, "anna", self.now + hours * HOUR)

    @rule(subject=st.sampled_from(SUBJECTS), hours=st.sampled_from([1, 50]))
    def hush(self, subject: str, hours: int) -> None:
        span = (self.now, self.now + hours * HOUR)
        id = silence(self.store, Silence("slow_response", subject, *span), "anna", "停电", self.now)
        self.silences.append((id, subject, *span))

    @rule()
    def end_a_silence(self) -> None:
        for at, (id, subject, first, until) in enumerate(self.silences):
            if until > self.now:
                end_silence(self.store, id, "ben", self.now)
                self.silences[at] = (id, subject, first, min(until, self.now))
                return

    @rule()
    def restart(self) -> None:
        self.store.close()
        self.store = Store.open(f"sqlite:///{self.file}")

    @rule(hours=st.sampled_from([-200, -3, 3, 200]))
    def the_clock_jumps(self, hours: int) -> None:
        self.now += hours * HOUR

    @invariant()
    def what_is_kept_is_what_the_model_says(self) -> None:
        kept = {one.key.subject: one for one in seen(self.store, self.now).episodes}
        for subject, model in self.model.items():
            one = kept.get(subject)
            shown = (one.state, one.ack.owner if one.ack else "", one.level) if one else ("", "", 0)
            assert shown == (model.state, model.owner, model.level)

    @invariant()
    def people_are_told_what_the_model_says(self) -> None:
        with self.store.reading() as connection:
            waiting = to_be_told(connection, self.now)
        found = {one: Counter(event.transition for event, of in waiting if of.key.subject == one) for one in SUBJECTS}
        assert found == {one: +model.told for one, model in self.model.items()}


def prove(sequences: int, steps: int) -> None:
    slow = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]
    told = settings(max_examples=sequences, stateful_step_count=steps, deadline=None, suppress_health_check=slow)
    run_state_machine_as_test(Episodes, settings=told)  # type: ignore[no-untyped-call]


def test_episodes_are_as_a_simple_model_says() -> None:
    prove(60, 20)


@pytest.mark.nightly
def test_episodes_are_as_a_simple_model_says_over_10_000_sequences() -> None:
    prove(10_000, 50)
