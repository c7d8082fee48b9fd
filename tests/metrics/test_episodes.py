"""Alerts as episodes: what opens one, what resolves it, and what never does."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from metrics.episodes import (
    TOLD,
    Ack,
    Episode,
    EpisodeError,
    Look,
    Patience,
    Silence,
    Transition,
    acknowledge,
    changes,
    close,
    is_silenced,
    judge,
    step,
)
from metrics.rules import Check, Finding, Key, Standing
from tests.snapshots import property_pack

NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
PATIENCE = Patience(open_after=2, calm_after=3, calm_for=HOUR)
RULES = property_pack().rules


def a_finding(
    severity: str = "orange", *, rule: str = "slow_response", subject: str = "p1", slips: bool = False
) -> Finding:
    return Finding(rule, severity, "project", subject, datetime(2026, 3, 1), {"value": 1}, {}, (), "", slips)


def a_check(standing: Standing, severity: str = "orange", *, rule: str = "slow_response", subject: str = "p1") -> Check:
    found = a_finding(severity, rule=rule, subject=subject)
    return Check(found.key, standing, found)


def run(
    said: Sequence[str], *, every: timedelta = MINUTE, start: Episode | None = None, since: datetime = NOON
) -> tuple[Episode | None, list[Transition]]:
    """What becomes of an episode over these answers, and everything that happened."""
    now, episode, happened = since, start, list[Transition]()
    for one in said:
        after = step(episode, a_check(one), now, PATIENCE)  # type: ignore[arg-type]
        happened += after.transitions
        episode = after.episode if after.episode is None or after.episode.resolved_at is None else None
        now += every
    return episode, happened


def opened(severity: str = "orange") -> Episode:
    return Episode(a_finding(severity), NOON, 0, NOON)


def taken(*, due: timedelta = DAY, note: str = "") -> Episode:
    done = acknowledge(opened(), Ack("anna", NOON + due, "anna", NOON, note)).episode
    assert done is not None
    return done


@pytest.mark.parametrize(
    ("said", "happened"),
    [
        pytest.param(["firing"], [], id="one evaluation is a first sign"),
        pytest.param(["firing", "firing"], ["opened"], id="two in a row open"),
        pytest.param(["firing", "calm", "firing"], [], id="a calm one between begins anew"),
        pytest.param(["firing", "near", "firing"], [], id="so does one that is only near"),
        pytest.param(["firing", "unknown", "unknown"], [], id="no data opens nothing"),
        pytest.param(["firing", "unknown", "firing"], ["opened"], id="no data forgets nothing either"),
        pytest.param(["unknown", "calm", "near"], [], id="nothing comes of nothing"),
        pytest.param(["firing"] * 9, ["opened"], id="it opens once"),
    ],
)
def test_a_first_sign_becomes_an_alert_or_nothing(said: list[str], happened: list[str]) -> None:
    assert run(said)[1] == happened


@pytest.mark.parametrize(
    ("said", "every", "happened"),
    [
        pytest.param(["calm"] * 3, HOUR, ["recovering", "resolved"], id="calm often and long enough resolves"),
        pytest.param(["calm"] * 9, MINUTE, ["recovering"], id="often, but not long enough"),
        pytest.param(["calm"] * 2, DAY, ["recovering"], id="long, but not often enough"),
        pytest.param(["calm", "calm", "firing", "calm"], HOUR, ["recovering", "fired_again", "recovering"], id="it fires again"),
        pytest.param(["calm", "calm", "near", "calm"], HOUR, ["recovering", "fired_again", "recovering"], id="near is not calm"),
        pytest.param(["unknown"] * 99, DAY, ["no_data"], id="no data resolves nothing, ever"),
        pytest.param(["calm", "calm", "unknown", "calm"], DAY, ["recovering", "no_data", "data_back", "recovering"], id="after no data calm counts anew"),
    ],
)  # fmt: skip
def test_only_calm_resolves(said: list[str], every: timedelta, happened: list[str]) -> None:
    assert run(said, every=every, start=opened())[1] == happened


def test_a_value_that_crosses_its_threshold_every_minute_for_a_day_tells_twice_at_most() -> None:
    for evaluated in (15, 60, 120):
        said = ["firing" if at * evaluated // 60 % 2 else "calm" for at in range(86_400 // evaluated)]
        happened = run([*said, *["calm"] * 1_000], every=timedelta(seconds=evaluated))[1]
        assert len([one for one in happened if one in TOLD]) <= 2


def test_while_it_recovers_its_numbers_are_those_of_now_and_its_severity_stays() -> None:
    now = replace(a_finding("yellow"), values={"value": 9}, since=datetime(2026, 3, 9))
    after = step(opened("red"), Check(now.key, "calm", now), NOON + MINUTE, PATIENCE).episode
    assert after is not None and after.state == "recovering"
    assert after.finding == replace(opened("red").finding, values={"value": 9})


def test_one_that_gets_worse_says_so_once() -> None:
    one = opened("yellow")
    after = step(one, a_check("firing", "red"), NOON, PATIENCE)
    assert after.transitions == ("worse",) and after.episode is not None
    assert step(after.episode, a_check("firing", "orange"), NOON, PATIENCE).transitions == ()


def test_a_promise_that_passes_goes_one_level_up_once() -> None:
    one, happened = run(["firing"] * 5, every=DAY, start=taken())
    assert happened == ["escalated"] and one is not None and (one.level, one.state) == (1, "escalated")
    again = acknowledge(one, Ack("ben", NOON + 9 * DAY, "anna", NOON + 5 * DAY)).episode
    assert again is not None and again.state == "acknowledged"
    one, happened = run(["firing"] * 6, every=DAY, start=again, since=NOON + 5 * DAY)
    assert happened == ["escalated"] and one is not None and one.level == 2


@pytest.mark.parametrize(
    ("said", "happened"),
    [
        pytest.param(["calm"] * 2, ["recovering"], id="not while it gets better"),
        pytest.param(
            ["unknown"] * 2, ["no_data", "escalated"], id="also when nothing is known: a promise is a promise"
        ),
    ],
)
def test_when_a_promise_passes(said: list[str], happened: list[str]) -> None:
    assert run(said, every=MINUTE, start=taken(due=MINUTE), since=NOON + DAY)[1] == happened


@pytest.mark.parametrize(
    ("severity", "said", "happened"),
    [
        pytest.param("red", ["firing"] * 3, ["escalated"], id="once, however long it waits"),
        pytest.param("orange", ["firing"] * 3, [], id="only what is red"),
        pytest.param("red", ["calm"] * 2, ["recovering"], id="not while it gets better"),
        pytest.param("red", ["unknown"] * 2, ["no_data"], id="not while nothing is known"),
    ],
)
def test_what_nobody_takes_for_a_day_goes_one_level_up(severity: str, said: list[str], happened: list[str]) -> None:
    one, told = opened(severity), []
    for at, standing in enumerate(said):
        after = step(one, a_check(standing, severity), NOON + DAY + at * MINUTE, PATIENCE, claim_within=DAY)
        assert after.episode is not None
        one, told = after.episode, [*told, *after.transitions]
    assert told == happened and one.is_unclaimed == (happened == ["escalated"])


def test_what_somebody_took_or_may_wait_for_ever_stays_where_it_is() -> None:
    late = NOON + 3 * DAY
    assert step(taken(due=5 * DAY), a_check("firing"), late, PATIENCE, claim_within=DAY).transitions == ()
    assert step(opened("red"), a_check("firing"), late, PATIENCE, claim_within=None).transitions == ()
    assert step(opened("red"), a_check("firing"), NOON + DAY - MINUTE, PATIENCE, claim_within=DAY).transitions == ()


def test_a_task_that_slips_goes_one_level_up_at_once_and_only_once() -> None:
    found = a_finding(slips=True)
    one = step(None, Check(found.key, "firing", found), NOON, PATIENCE, at_once=True)
    assert one.transitions == ("opened", "escalated") and one.episode is not None
    later = acknowledge(one.episode, Ack("a", NOON + DAY, "a", NOON)).episode
    assert step(later, Check(found.key, "firing", found), NOON, PATIENCE).transitions == ()


def test_the_first_look_at_all_opens_at_once() -> None:
    assert step(None, a_check("firing"), NOON, PATIENCE, at_once=True).transitions == ("opened",)


def test_an_acknowledgement_belongs_to_one_episode() -> None:
    over, _ = run(["calm"] * 3, every=HOUR, start=taken())
    assert over is None
    anew, happened = run(["firing"] * 2)
    assert anew is not None and anew.ack is None and happened == ["opened"]


def test_only_what_is_open_can_be_taken() -> None:
    ack = Ack("a", NOON + DAY, "a", NOON)
    for one in (Episode(a_finding(), NOON), replace(opened(), resolved_at=NOON)):
        with pytest.raises(EpisodeError):
            acknowledge(one, ack)
    with pytest.raises(EpisodeError, match="passed"):
        acknowledge(opened(), replace(ack, due=NOON))


def test_handing_over_is_told_and_taking_it_oneself_is_not() -> None:
    mine = acknowledge(opened(), Ack("a", NOON + DAY, "a", NOON)).transitions
    theirs = acknowledge(opened(), Ack("b", NOON + DAY, "a", NOON)).transitions
    assert not TOLD & set(mine) and set(theirs) <= TOLD


def test_an_outcome_is_for_what_is_resolved_and_closing_for_what_nothing_is_known_of() -> None:
    over, lost = replace(opened(), resolved_at=NOON), replace(opened(), knows=False)
    judged, closed = judge(over, "real").episode, close(lost, "handled", NOON).episode
    assert judged and judged.outcome == "real" and closed and closed.state == "resolved"
    for wrong in (lambda: judge(opened(), "real"), lambda: close(opened(), "real", NOON), lambda: judge(over, "nice")):
        with pytest.raises(EpisodeError):
            wrong()


def test_a_clock_that_was_set_back_prolongs_no_wait() -> None:
    later = replace(opened(), recovering_at=NOON + 9 * DAY, count=5)
    after = step(later, a_check("calm"), NOON, PATIENCE).episode
    assert after is not None and after.recovering_at == NOON


def test_an_outage_over_200_open_alerts_resolves_none_and_opens_one() -> None:
    subjects = [f"p{number}" for number in range(200)]
    open_ones = [Episode(a_finding(subject=subject), NOON, 0, NOON) for subject in subjects]
    stale = Finding("stale_data", "red", "group", "source", datetime(2026, 3, 2), {}, {}, ())
    said = [Check(stale.key, "firing", stale), *(a_check("calm", subject=one) for one in subjects)]
    told = list[tuple[str, Transition]]()
    for minute in range(600):
        for change in changes(open_ones, said, Look(NOON + minute * MINUTE, is_fresh=False), RULES):
            told += [(change.after.key.rule, one) for one in change.transitions if change.after]
            open_ones = [one for one in open_ones if one.key != stale.key] + [change.after] * bool(change.after)  # type: ignore[list-item]
    assert told == [("stale_data", "opened")] and len(open_ones) == 201
    # Back again: half of them had become calm meanwhile.
    said = [
        Check(stale.key, "calm"),
        *(a_check("calm" if at % 2 else "firing", subject=one) for at, one in enumerate(subjects)),
    ]
    for minute in range(600, 700):
        for change in changes(open_ones, said, Look(NOON + minute * MINUTE), RULES):
            open_ones = [one for one in open_ones if one.key != change.after.key]  # type: ignore[union-attr]
            open_ones += [change.after] if change.after and change.after.is_open else []
    assert {one.key.subject for one in open_ones} == set(subjects[::2])


def test_500_projects_that_breach_at_once_are_all_there() -> None:
    said = [a_check("firing", subject=f"p{number}") for number in range(500)]
    first = [one.after for one in changes([], said, Look(NOON), RULES)]
    then = changes([one for one in first if one], said, Look(NOON + MINUTE), RULES)
    assert sum(one.transitions == ("opened",) for one in then) == 500


def test_a_subject_that_vanished_or_a_rule_that_is_gone_has_no_data() -> None:
    gone = replace(opened(), finding=a_finding(rule="not_a_rule"))
    for one in (opened(), gone):
        (change,) = changes([one], [], Look(NOON), RULES)
        assert change.after is not None and change.after.state == "no_data"


@pytest.mark.parametrize(
    ("silence", "hushes"),
    [
        (("slow_response", ""), True),
        (("", "p1"), True),
        (("slow_response", "p1"), True),
        (("slow_response", "p2"), False),
        (("lead_fall", "p1"), False),
    ],
)
def test_what_a_silence_hushes(silence: tuple[str, str], hushes: bool) -> None:
    key, held = Key("slow_response", "project", "p1"), Silence(*silence, NOON, NOON + HOUR)
    assert is_silenced(key, [held], NOON) == hushes
    assert not is_silenced(key, [held], NOON + HOUR) and not is_silenced(key, [held], NOON - MINUTE)
    assert not is_silenced(Key("costly_channel", "channel", "p1"), [Silence("", "p1", NOON, NOON + HOUR)], NOON)
