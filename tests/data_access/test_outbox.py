"""The outbox tells everything once, at least once on the wire, in order, and only to those who may still know it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from data_access.store import StaleLeader, Store, StoreError
from data_access.store.audit import entries as audit_entries
from data_access.store.lease import acquire
from data_access.store.outbox import (
    CLAIM,
    Draft,
    Pace,
    Parcel,
    cancel,
    claim,
    counts,
    due,
    entries,
    forget_before,
    give_back,
    person_standing,
    put_with,
    settle,
    try_again,
)
from data_access.store.people import Person, add_person
from metrics.messages import Message
from tests.data_access.stores import NOON, TTL, change_person

ROBOT = "robot:leaders"
PACE = Pace(20, timedelta(minutes=1))
MINUTE = timedelta(minutes=1)


def a_draft(subject: str = "7", transition: str = "open", **changes: object) -> Draft:
    given = {"what": "alert", "recipient": ROBOT, "message": Message(f"{subject} {transition}"), "standing": "all"}
    return Draft(**{**given, **changes}, subject=subject, transition=transition)  # type: ignore[arg-type]


def put(store: Store, *drafts: Draft, now=NOON) -> int:
    with store.writing() as connection:
        return put_with(connection, drafts, now)


@pytest.fixture
def epoch(store: Store) -> int:
    return acquire(store, "one", TTL, NOON) or 0


def taken(store: Store, epoch: int, now=NOON, recipient: str = ROBOT, **more) -> Parcel | None:
    return claim(store, epoch, recipient, now, **{"pace": PACE, "standing": "all", **more})


def settled(store: Store, parcel: Parcel | None, state="sent", now=NOON, next_try=None) -> bool:
    assert parcel is not None
    return settle(store, parcel, state, "said", now, next_try or now)


def titles(parcel: Parcel | None) -> list[str]:
    return [one.title for one in parcel.messages] if parcel else []


def states(store: Store) -> dict[str, str]:
    return {f"{one.subject} {one.transition}": one.state for one in entries(store)}


def test_one_row_for_each_transition_and_recipient_however_often_it_is_told(store):
    assert put(store, a_draft(), a_draft(), a_draft(recipient="robot:p1")) == 2
    assert put(store, a_draft(), a_draft(transition="resolved"), now=NOON + MINUTE) == 1
    assert counts(store) == {"waiting": 3}


def test_what_is_told_is_kept_together_with_the_decision_or_not_at_all(store):
    with pytest.raises(ZeroDivisionError), store.writing() as connection:
        put_with(connection, [a_draft()], NOON)
        raise ZeroDivisionError
    assert counts(store) == {}


def test_a_parcel_is_sent_once(store, epoch):
    put(store, a_draft())
    parcel = taken(store, epoch)
    assert (titles(parcel), taken(store, epoch)) == (["7 open"], None)
    assert settled(store, parcel)
    assert (due(store, NOON + 2 * CLAIM), counts(store)) == ([], {"sent": 1})
    assert taken(store, epoch) is None


def test_a_claim_that_was_lost_is_taken_again_under_the_same_key_just_as_it_was(store, epoch):
    put(store, a_draft("1"), a_draft("2"))
    first = taken(store, epoch)
    put(store, a_draft("3"), now=NOON + MINUTE)
    assert due(store, NOON + MINUTE) == [ROBOT]
    assert taken(store, epoch, NOON + MINUTE) is None
    again = taken(store, epoch, NOON + CLAIM)
    assert (again.key, titles(again), again.tries) == (first.key, ["1 open", "2 open"], 2)
    assert not settled(store, first, now=NOON + CLAIM)
    assert settled(store, again, now=NOON + CLAIM)
    assert titles(taken(store, epoch, NOON + CLAIM)) == ["3 open"]


def test_who_has_lost_the_lease_claims_nothing_but_may_say_what_was_sent(store, epoch):
    put(store, a_draft("1"))
    parcel = taken(store, epoch)
    acquire(store, "two", TTL, NOON + 2 * TTL)
    with pytest.raises(StaleLeader):
        taken(store, epoch, NOON + CLAIM)
    assert settled(store, parcel, now=NOON + 2 * TTL)
    assert counts(store) == {"sent": 1}


def test_everything_behind_a_parcel_that_waits_for_its_next_try_waits_too(store, epoch):
    put(store, a_draft("7", "open"))
    settled(store, taken(store, epoch), "waiting", next_try=NOON + 5 * MINUTE)
    put(store, a_draft("7", "resolved"), now=NOON + MINUTE)
    assert taken(store, epoch, NOON + 2 * MINUTE) is None
    parcel = taken(store, epoch, NOON + 5 * MINUTE)
    assert titles(parcel) == ["7 open"]
    settled(store, parcel, now=NOON + 5 * MINUTE)
    assert titles(taken(store, epoch, NOON + 5 * MINUTE)) == ["7 resolved"]


def test_what_failed_for_good_holds_up_nothing(store, epoch):
    put(store, a_draft("1"))
    settled(store, taken(store, epoch), "failed")
    put(store, a_draft("2"))
    assert titles(taken(store, epoch)) == ["2 open"]


def test_a_storm_is_one_parcel_with_the_worst_first(store, epoch):
    put(store, *(a_draft(str(n), urgent=n == 400) for n in range(500)))
    parcel = taken(store, epoch)
    assert (len(titles(parcel)), titles(parcel)[0]) == (500, "400 open")
    settled(store, parcel)
    assert counts(store) == {"sent": 1, "merged": 499}


def test_no_more_than_the_pace_allows_and_the_rest_as_one(store, epoch):
    sent = 0
    for n in range(30):
        put(store, a_draft(str(n)))
        if parcel := taken(store, epoch):
            sent += 1
            settled(store, parcel)
    assert sent == 20
    assert len(titles(taken(store, epoch, NOON + MINUTE))) == 10


def test_a_try_that_failed_does_not_count_but_one_that_may_have_arrived_does(store, epoch):
    once = Pace(1, 5 * MINUTE)
    put(store, a_draft("1"))
    settled(store, taken(store, epoch, pace=once), "waiting", next_try=NOON)
    assert taken(store, epoch, pace=once) is not None
    assert taken(store, epoch, NOON + CLAIM, pace=once) is None
    assert taken(store, epoch, NOON + 5 * MINUTE, pace=once) is not None


def test_in_quiet_hours_only_what_is_red_is_sent_with_what_came_before_it(store, epoch):
    put(store, a_draft("1"), a_draft("7", "open"), a_draft("7", "escalated", urgent=True))
    parcel = taken(store, epoch, quiet=True)
    assert titles(parcel) == ["7 escalated", "7 open"]
    settled(store, parcel)
    assert taken(store, epoch, quiet=True) is None
    assert titles(taken(store, epoch)) == ["1 open"]


def test_what_is_red_is_not_held_up_by_a_parcel_that_waits_for_the_morning(store, epoch):
    put(store, a_draft("1"))
    settled(store, taken(store, epoch), "waiting", next_try=NOON)
    put(store, a_draft("7", urgent=True))
    assert titles(taken(store, epoch, quiet=True)) == ["7 open"]


# Rights


def a_person(store: Store, **changes) -> Person:
    return add_person(store, **{"name": "王芳", "role": "head", "project_id": "P1", **changes})


def for_person(someone: Person, **changes) -> Draft:
    return a_draft(recipient=f"mail:{someone.id}", person_id=someone.id, standing=person_standing(someone), **changes)


@pytest.mark.parametrize(
    "change",
    [{"enabled": False}, {"role": "champion"}, {"project_id": "P2"}, {"staff_id": "s2"}],
    ids=["disabled", "role", "project", "staff"],
)
def test_who_is_disabled_or_sees_other_things_gets_nothing_more(store, epoch, change):
    someone, other = a_person(store), a_person(store, name="李雷")
    put(store, for_person(someone))
    change_person(store, replace(someone, **change))
    assert states(store) == {"7 open": "cancelled"}
    put(store, for_person(someone, transition="resolved"))
    assert taken(store, epoch, recipient=f"mail:{someone.id}", standing=None) is None
    assert states(store)["7 resolved"] == "cancelled"
    put(store, for_person(other, subject="8"))
    change_person(store, replace(someone, role="viewer"))
    assert titles(taken(store, epoch, recipient=f"mail:{other.id}", standing=None)) == ["8 open"]


def test_another_name_or_address_changes_nothing(store, epoch):
    someone = a_person(store)
    put(store, for_person(someone))
    change_person(store, replace(someone, name="王方", mail="w@b.example"))
    assert titles(taken(store, epoch, recipient=f"mail:{someone.id}", standing=None)) == ["7 open"]


def test_a_robot_whose_readers_changed_gets_nothing_of_before(store, epoch):
    put(store, a_draft(standing="robot|leaders"))
    assert taken(store, epoch, standing="robot|P1") is None
    assert states(store) == {"7 open": "cancelled"}


def test_what_waits_for_a_robot_that_is_gone_is_given_back(store):
    put(store, a_draft())
    assert give_back(store, ROBOT, "there is no way", NOON) == 1
    assert [(one.state, one.answer) for one in entries(store)] == [("cancelled", "there is no way")]


# Looking after it


def test_what_failed_can_be_sent_again_just_as_it_was_and_that_is_audited(store, epoch):
    put(store, a_draft("1"), a_draft("2"))
    first = taken(store, epoch)
    settled(store, first, "failed")
    try_again(store, first.id, "admin", NOON + MINUTE)
    again = taken(store, epoch, NOON + MINUTE)
    assert (again.key, titles(again)) == (first.key, titles(first))
    assert [(one.action, one.about) for one in audit_entries(store)] == [("message_retried", str(first.id))]


def test_what_waits_can_be_cancelled_and_what_was_sent_can_not(store, epoch):
    put(store, a_draft("1"))
    (one,) = entries(store)
    cancel(store, one.id, "admin", NOON)
    assert (due(store, NOON), states(store)) == ([], {"1 open": "cancelled"})
    for deed in (cancel, try_again):
        with pytest.raises(StoreError, match="waits or failed"):
            deed(store, one.id, "admin", NOON)
    assert len(audit_entries(store)) == 1


def test_what_is_done_is_forgotten_and_what_waits_is_not(store, epoch):
    put(store, a_draft("1"))
    settled(store, taken(store, epoch))
    put(store, a_draft("2"))
    assert forget_before(store, NOON + MINUTE) == 1
    assert states(store) == {"2 open": "waiting"}
