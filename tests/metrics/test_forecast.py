"""预测: equal to the sandbox with nothing decided, told from what had happened by then, and scored by hand."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from fractions import Fraction

import pytest

from metrics.forecast import HORIZON, Trial, forecasts, origins, score, trials
from metrics.hindsight import seen_on
from metrics.reading import Reading
from metrics.sandbox import SOURCES, answer, chance, drawn, sources
from metrics.sandbox_history import model
from metrics.scenarios import outcome
from metrics.snapshot import Snapshot
from metrics.totals import Frames
from tests.metrics.test_sandbox import late, late_rows, small
from tests.snapshots import AS_OF, a_snapshot, property_pack, small_rows

PACK = property_pack()
DAY = date(2026, 3, 1)
_AT = {
    "lead": "created_at",
    "visit": "at",
    "subscription": "at",
    "contract": "signed_at",
    "exposure": "at",
    "referral": "at",
}


def counts(snapshot: Snapshot, mart: str, columns: list[str]) -> dict[tuple[object, ...], tuple[int, ...]]:
    """Sums by day, project and channel of what is not nothing."""
    keys = ["day", "project", "channel"]
    frame = snapshot.marts[mart].astype({"project": str, "channel": str})
    told = frame.groupby(keys)[columns].sum()
    return {key: tuple(row) for key, *row in told.itertuples() if any(row)}


def test_what_was_seen_is_what_a_source_that_ends_there_shows() -> None:
    rows = small_rows()
    ended = {
        name: [one for one in rows[name] if name not in _AT or one[_AT[name]] < datetime.combine(DAY, time())]
        for name in rows
    }
    then, hindsight = a_snapshot(as_of=datetime.combine(DAY, time()), **ended), seen_on(a_snapshot(**rows), DAY)
    steps = ["leads", *(f"{step}_ever" for step in hindsight.steps)]
    assert counts(hindsight, "cohort", steps) == counts(then, "cohort", steps) != {}
    measures = ["leads", "first_visits", "subscribed_parties", "contracts", "walk_ins"]
    assert counts(hindsight, "daily", measures) == counts(then, "daily", measures) != {}
    assert hindsight.as_of == then.as_of


def test_what_is_seen_today_is_everything_until_yesterday() -> None:
    shown = a_snapshot(**small_rows())
    assert counts(seen_on(shown, AS_OF.date() + timedelta(1)), "cohort", ["leads", "contract_ever"]) == counts(
        shown, "cohort", ["leads", "contract_ever"]
    )


def test_it_is_the_sandbox_with_nothing_decided() -> None:
    found = {one.project: one for one in forecasts(late(), PACK)}
    for project in (None, "p1"):
        known = small(None if project is None else frozenset({project}))
        told = found[project]
        assert told.then == outcome(answer(known, drawn(known), {})) and told.day == known.today
        assert (told.done, told.target) == (known.contracts_done, known.target)


def test_its_sources_add_up() -> None:
    known = small()
    draws = drawn(known)
    told = sources(known, draws)
    expected = answer(known, draws, {}).contracts.mean - known.contracts_done
    assert len(told) == len(SOURCES) and sum(told) == pytest.approx(expected, rel=1e-4) and sum(told) > 1


def test_waiting_leads_are_those_without_a_visit_by_age() -> None:
    known, rows = small(), late_rows()
    visited = {one["lead_id"] for one in rows["visit"]}
    ages = [(known.today - one["created_at"].date()).days for one in rows["lead"] if one["id"] not in visited]
    for first, last in ((1, 7), (8, 30), (31, 90), (91, 180)):
        told = [one for kind in known.kinds for one in kind.waiting if (one.first, one.last) == (first, last)]
        assert sum(one.n for one in told) == sum(first <= age <= last for age in ages)
    for kind in known.kinds:
        for one in kind.waiting:
            assert one.n == 0 or 0 <= chance(known, kind, one) <= 1


def test_without_visits_and_subscriptions_leads_become_contracts_at_once() -> None:
    rows = {name: some for name, some in late_rows().items() if name not in ("visit", "subscription")}
    shown = a_snapshot(as_of=late().as_of, **rows)
    assert shown.steps == ("contract",)
    known = model(Frames(shown), PACK, None, whole=False)
    assert not isinstance(known, Reading) and isinstance(model(Frames(shown), PACK, None), Reading)
    group = [sum(kind.rates[at].reached for kind in known.kinds) for at in range(3)]
    assert group[0] == group[1] == sum(kind.rates[0].entered for kind in known.kinds) > group[2] > 0
    assert sum(kind.exposures[2][-1] for kind in known.kinds) == 0


def test_too_short_a_history_is_not_tried() -> None:
    assert origins(late()) == [] and [one.day for one in origins(late(), 1)] == []


def test_a_trial_equals_the_rows() -> None:
    origin = date(2026, 3, 20)
    found = {one.project: one for one in trials(late(), PACK, origin, 14)}
    signed = [(one["signed_at"].date(), one["project_id"]) for one in late_rows()["contract"]]
    for project, one in found.items():
        own = [day for day, id in signed if project in (None, id)]
        assert one.came == sum(origin <= day < origin + timedelta(14) for day in own)
        before = sum(origin - timedelta(HORIZON) <= day < origin for day in own)
        assert (one.run_rate, one.last_year) == (Fraction(before * 14, HORIZON), None)
        assert one.low <= one.high and one.low - 1 <= one.expected <= one.high + 1


def test_a_score_by_hand() -> None:
    one = Trial(DAY, None, 8, 10.0, 12, 12, Fraction(15), 6)
    other = replace(one, came=4, expected=9.0, run_rate=Fraction(4))
    told = score([one, other])
    assert (told.trials, told.held, told.error) == (2, 1, Fraction(7, 16))
    assert (told.run_rate, told.last_year) == (Fraction(3, 16), Fraction(8, 16))
    assert score([one, replace(other, last_year=None)]).last_year is None
    assert score([replace(one, came=0)]).error is None
