"""Laws of the boards: shared ranks, shrinkage within bounds, composites, closing, duels, streaks and awards, yearly sheets."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_access.board_records import content_of, place_of, place_text, record_of, sealed, sheet_of, sheet_text
from metrics.boards import (
    GROUP,
    Board,
    Part,
    Standing,
    Terms,
    board,
    board_span,
    composed,
    ordered,
    percentile,
    risen,
    sections,
    shrunk,
    upper_half,
    worth_keeping,
)
from metrics.closing import Closing, waiting
from metrics.duels import Duel, Meeting, duels, meetings, project_of, season
from metrics.pack import BoardSpec, Label, Pack, PackError
from metrics.periods import Span, year_of_week
from metrics.reading import Reading, count, missing, ratio
from metrics.records import Place, Record, Restatement, awards, changed, fingerprint, longest, places, restated, streaks
from metrics.sheets import LINES, Scored, is_closed, last_week, sheets
from metrics.snapshot import Frozen
from metrics.totals import Frames, Where
from tests.snapshots import AS_OF, a_snapshot, property_pack, small_rows, small_snapshot

PACK, FRAMES = property_pack(), Frames(small_snapshot())
MONDAY, WEEK = date(2026, 3, 2), timedelta(weeks=1)
values = st.lists(st.integers(-5, 5), min_size=1, max_size=8)
shares = st.tuples(st.integers(0, 30), st.integers(0, 30)).map(lambda one: (min(one), max(one)))


def standing(subject: str, rank: int | None, **more: Any) -> Standing:
    return Standing(subject, rank, count(rank or 0), count(rank or 0), **more)


# ----------------------------------------------------------------------------------------------------------------- ties


@given(values, st.booleans())
def test_equal_values_share_a_rank_and_the_next_is_skipped(found: list[int], higher: bool) -> None:
    ranked = ordered([Standing(str(at), 0, count(one), count(one)) for at, one in enumerate(found)], higher=higher)
    for one in ranked:
        better = [
            o
            for o in ranked
            if o.value.value != one.value.value and ((o.value.value or 0) > (one.value.value or 0)) == higher
        ]
        assert one.rank == len(better) + 1
        assert one.tied == (sum(o.value.value == one.value.value for o in ranked) > 1)


@given(values, st.randoms())
def test_ranks_do_not_depend_on_the_order_of_the_rows(found: list[int], random: Any) -> None:
    rows = [Standing(str(at), 0, count(one), count(one)) for at, one in enumerate(found)]
    mixed = random.sample(rows, len(rows))
    assert ordered(rows, higher=True) == ordered(mixed, higher=True)


# ------------------------------------------------------------------------------------------------------------ shrinkage


@given(st.lists(shares.filter(lambda one: one[1] > 0), min_size=1, max_size=8))
def test_a_shrunk_rate_lies_between_the_plain_one_and_the_group_s(found: list[tuple[int, int]]) -> None:
    rates = {str(at): ratio(x, n) for at, (x, n) in enumerate(found)}
    mean = Fraction(sum(x for x, _ in found), sum(n for _, n in found))
    for id, one in shrunk(rates).items():
        plain = Fraction(rates[id].value or 0)
        assert min(plain, mean) <= one <= max(plain, mean)


# ----------------------------------------------------------------------------------------------------------- composites

columns = st.lists(st.lists(st.integers(-9, 9), min_size=2, max_size=2), min_size=1, max_size=6)


def parts_of(found: list[list[int]]) -> dict[str, tuple[Part, ...]]:
    return {
        str(at): tuple(
            Part(name, Fraction(weight), count(one)) for name, weight, one in zip("ab", (3, 1), row, strict=True)
        )
        for at, row in enumerate(found)
    }


def totals(parts: Mapping[str, tuple[Part, ...]], less: frozenset[str] = frozenset()) -> dict[str, Any]:
    return {one.subject: one.value.value for one in composed(parts, less)}


@given(columns, st.integers(0, 1), st.integers(1, 5), st.booleans())
def test_who_gets_better_in_a_part_never_loses_points(found: list[list[int]], at: int, more: int, less: bool) -> None:
    turned = frozenset("ab"[at]) if less else frozenset()
    better = [list(row) for row in found]
    better[0][at] += -more if less else more
    assert totals(parts_of(better), turned)["0"] >= totals(parts_of(found), turned)["0"]


@given(columns, st.randoms())
def test_a_composite_does_not_depend_on_the_order_of_the_rows(found: list[list[int]], random: Any) -> None:
    parts = parts_of(found)
    mixed = dict(random.sample(sorted(parts.items()), len(parts)))
    assert totals(parts) == totals(mixed)


@given(columns)
def test_totals_lie_between_0_and_100_and_are_the_weighted_points(found: list[list[int]]) -> None:
    for one in composed(parts_of(found), frozenset()):
        total = one.value.value
        assert total is not None and 0 <= total <= 100
        assert total == sum((part.weight * (part.points or 0) for part in one.parts), Fraction(0)) / 4


def test_who_lacks_a_part_has_too_few_cases_or_is_exempt_is_unranked_and_moves_nobody() -> None:
    full = parts_of([[1, 1], [2, 2]])
    first, second = full["0"]
    odd = {
        "lacking": (first, replace(second, reading=missing("spend_open"))),
        "few": (replace(first, few=True), second),
        "pilot": (replace(first, reading=count(99)), second),
    }
    found = {one.subject: one for one in composed({**full, **odd}, frozenset(), frozenset(("pilot",)))}
    assert {id: one.value.value for id, one in found.items() if one.rank is not None} == totals(full)
    assert {id: one.raw.missing for id, one in found.items() if one.rank is None} == {
        "lacking": "part",
        "few": "part",
        "pilot": "exempt",
    }


@pytest.mark.parametrize(
    ("whole", "lacking", "ranked"), [(4, 8, 0), (4, 5, 0), (4, 4, 4), (5, 20, 5), (3, 0, 3), (1, 0, 1)]
)
def test_where_neither_five_nor_half_can_be_compared_nobody_is_ranked(whole: int, lacking: int, ranked: int) -> None:
    parts = parts_of([[at, at] for at in range(whole + lacking)])
    for id in list(parts)[whole:]:
        parts[id] = (parts[id][0], replace(parts[id][1], reading=missing("spend_open")))
    found = composed(parts, frozenset())
    assert sum(one.rank is not None for one in found) == ranked
    left = [one.raw.missing for one in found if one.rank is None]
    assert left.count("few_left") == whole - ranked and left.count("part") == lacking


def test_equal_values_share_a_percentile_and_one_alone_stands_in_the_middle() -> None:
    assert [percentile(Fraction(one), [Fraction(v) for v in (1, 2, 2, 3)]) for one in (1, 2, 3)] == [0, 50, 100]
    assert percentile(Fraction(7), [Fraction(7)]) == 50


# ------------------------------------------------------------------------------------------------------- other readings


@pytest.mark.parametrize(
    ("metric", "now", "before", "value", "n"),
    [
        ("leads", count(30), count(80), Fraction(1, 2), 80),
        ("visit_rate", ratio(30, 100), ratio(80, 400), Fraction(1, 2), 100),
        ("cost_per_lead", ratio(1000, 10), ratio(8000, 40), Fraction(1, 2), 10),
        ("leads", count(30), count(0), None, 0),
        ("leads", missing("nothing"), count(8), None, None),
        ("leads", count(8), missing("nothing"), None, None),
    ],
)
def test_how_far_a_week_lies_above_the_own_four_before(
    metric: str, now: Reading, before: Reading, value: Fraction | None, n: int | None
) -> None:
    found = risen(PACK.metric(metric), now, before, 4)
    assert (found.value, found.n) == (value, n)


def test_most_improved_needs_something_in_each_of_the_weeks_before() -> None:
    def opening(lead: Mapping[str, Any]) -> bool:
        return lead["project_id"] == "p1" and MONDAY - 4 * WEEK <= lead["created_at"].date() < MONDAY - 2 * WEEK

    spec, rows = replace(PACK.boards["most_improved"], min_n=1), small_rows()
    ranked = board(FRAMES, PACK, spec, MONDAY).rows
    rows["lead"] = [one for one in rows["lead"] if not opening(one)]
    found = board(Frames(a_snapshot(**rows)), PACK, spec, MONDAY)
    assert {one.subject for one in ranked} == {"p1", "p2", "p3"}
    assert {one.subject: one.raw.missing for one in found.unranked} == {"p1": "gap"}


@pytest.mark.parametrize(
    ("monday", "span"),
    [
        (date(2026, 3, 2), Span(date(2026, 1, 1), date(2026, 3, 8))),
        (date(2026, 12, 28), Span(date(2026, 1, 1), date(2026, 12, 31))),
        (date(2025, 12, 29), Span(date(2026, 1, 1), date(2026, 1, 4))),
    ],
)
def test_a_week_belongs_to_the_year_of_its_thursday(monday: date, span: Span) -> None:
    assert board_span(PACK.boards["attainment"], monday, 1) == span
    assert year_of_week(monday) == 2026


def test_referrers_carry_their_contracts_and_what_they_earn() -> None:
    terms = Terms(per_referral=None, per_contract=None)
    (plain, *_), spec = board(FRAMES, PACK, PACK.boards["referral_king"], MONDAY, terms=terms).rows, "referral_king"
    assert [name for name, _ in plain.beside] == ["referred_contracts"]
    paid = board(FRAMES, PACK, PACK.boards[spec], MONDAY, terms=replace(terms, per_referral=200, per_contract=3000))  # type: ignore[arg-type]
    for row in paid.rows:
        told = dict(row.beside)
        assert told["reward"].value == (row.raw.value or 0) * 200 + (told["referred_contracts"].value or 0) * 3000


def test_to_be_kept_in_touch_with_is_who_brought_a_contract_or_enough() -> None:
    everybody = worth_keeping(FRAMES.snapshot, AS_OF.date(), Terms(keep_from=1))
    nobody_extra = worth_keeping(FRAMES.snapshot, AS_OF.date(), Terms(keep_from=10**6))
    assert everybody and all(one.contracts for one in nobody_extra)
    assert [(-one.contracts, -one.referrals) for one in everybody] == sorted(
        (-one.contracts, -one.referrals) for one in everybody
    )


def test_a_board_of_channels_has_a_section_per_project_and_one_of_projects_has_none() -> None:
    assert set(sections(FRAMES, PACK, PACK.boards["channels"], MONDAY)) == {GROUP, "p1", "p2", "p3"}
    assert set(sections(FRAMES, PACK, PACK.boards["composite"], MONDAY)) == {GROUP}
    within = board(FRAMES, PACK, PACK.boards["channels"], MONDAY, Where(project=frozenset(("p1",))))
    assert sections(FRAMES, PACK, PACK.boards["channels"], MONDAY)["p1"] == within


def test_the_upper_half_keeps_shared_ranks_the_own_row_and_the_unranked() -> None:
    rows = tuple(standing(id, rank) for id, rank in (("a", 1), ("b", 2), ("c", 2), ("d", 4), ("e", 5)))
    whole = Board("x", "x", Span(MONDAY, MONDAY), 1, rows, (standing("f", None),))
    assert [one.subject for one in upper_half(whole, frozenset("e")).standings] == ["a", "b", "c", "e", "f"]


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ('metric = "leads"\nparts = []', None),
        ('metric = "leads"\nparts = [{ metric = "leads", weight = 1 }]', "give either a metric or parts"),
        ("", "give either a metric or parts"),
        ('parts = [{ metric = "leads", weight = 0 }]', "Give a whole number above 0"),
        ('parts = [{ metric = "laeds", weight = 1 }]', "Did you mean 'leads'?"),
        ('parts = ["leads"]', "a part is a table"),
        ('metric = "leads"\nof = "chanel"', "Did you mean 'channel'?"),
        ('metric = "leads"\nsince = "month"', 'Give "year"'),
        ('of = "referrer"\nparts = [{ metric = "leads", weight = 1 }]', "parts need projects or channels"),
        ('metric = "leads"\nshrink = true\nagainst = 4', "shrink a plain rate"),
    ],
)
def test_a_board_that_cannot_be_read_is_named(text: str, answer: str | None) -> None:
    pack = f"""label = {{ zh = "x", en = "x" }}
[measures.leads]
from = "party"
at = "created_at"
sql = "count(*)"
label = {{ zh = "x", en = "x" }}
[boards.one]
label = {{ zh = "x", en = "x" }}
{text}
"""
    if answer is None:
        assert Pack.parse(pack, "x").boards["one"] == BoardSpec("one", "leads", Label("x", "x"))
        return
    with pytest.raises(PackError) as caught:
        Pack.parse(pack, "x")
    assert answer in str(caught.value) and "boards.one" in str(caught.value)


# -------------------------------------------------------------------------------------------------------------- closing


def test_boards_close_on_the_first_such_day_after_their_week() -> None:
    assert Closing().closes(MONDAY) == datetime(2026, 3, 9, 8)
    assert Closing("wednesday", time(18)).closes(MONDAY) == datetime(2026, 3, 11, 18)
    assert Closing().last_closed(datetime(2026, 3, 9, 7, 59)) == MONDAY - WEEK
    assert Closing().last_closed(datetime(2026, 3, 9, 8)) == MONDAY
    assert Closing("wednesday", time(18)).last_closed(datetime(2026, 3, 10)) == MONDAY - WEEK


@given(st.sets(st.integers(0, 30)), st.integers(0, 8))
def test_every_week_since_the_first_is_due_once(done: set[int], backfill: int) -> None:
    now, weeks = datetime(2026, 3, 9, 8), {MONDAY - back * WEEK for back in done}
    due = Closing().due(now, weeks, backfill)
    first = min([MONDAY - backfill * WEEK, *weeks])
    assert sorted({*due, *weeks}) == [first + at * WEEK for at in range((MONDAY - first) // WEEK + 1)]
    assert len(due) == len(set(due)) and not weeks & set(due) and due == sorted(due)


def test_an_entity_that_is_not_needed_holds_up_nothing() -> None:
    closes, frozen = datetime(2026, 3, 9, 8), [Frozen("spend", AS_OF, "x")]
    assert waiting(closes, closes, closes, frozen, {"lead"}) is None
    found = waiting(closes, closes, closes, frozen, {"spend", "lead"})
    assert found is not None and (found.why, found.entity) == ("frozen", "spend")
    assert waiting(closes, closes, None, [], ()) is not None


# ---------------------------------------------------------------------------------------------------------------- duels

OUTCOMES = ("left", "right", "draw", "none")


@given(st.lists(st.tuples(st.sampled_from(("ab", "bc", "ca")), st.sampled_from(OUTCOMES)), max_size=20))
def test_in_a_season_every_win_is_somebody_s_loss(found: list[tuple[str, Any]]) -> None:
    lines = season(Meeting(pair[0], pair[1], count(1), count(1), outcome) for pair, outcome in found)
    assert (
        sum(one.won for one in lines) == sum(one.lost for one in lines) == sum(o in ("left", "right") for _, o in found)
    )
    assert sum(one.drawn for one in lines) == 2 * sum(outcome == "draw" for _, outcome in found)
    assert [one.points for one in lines] == sorted((one.points for one in lines), reverse=True)
    for one in lines:
        assert one.rank == 1 + sum(other.points > one.points for other in lines)


@pytest.mark.parametrize(
    ("of", "metric", "pair"),
    [
        ("project", "first_visits", ("p1", "p2")),
        ("team", "first_visits", ("p1/云岫府一组", "p2/文昌学府一组")),
        ("staff", "first_visits", ("s1", "s3")),
        ("referrer", "referrals", ("b1", "b3")),
    ],
)
def test_projects_teams_salespeople_and_referrers_meet(of: Any, metric: str, pair: tuple[str, str]) -> None:
    duel = Duel("pk_x", Label("x", "x"), of, metric, pairs=(pair,))
    (found,) = meetings(FRAMES, PACK, duel, MONDAY)
    left, right = found.left_reading.value or 0, found.right_reading.value or 0
    assert left + right > 0
    assert found.outcome == ("draw" if left == right else "left" if left > right else "right")
    (turned,) = meetings(FRAMES, PACK, replace(duel, pairs=(pair[::-1],)), MONDAY)
    assert {found.outcome, turned.outcome} in ({"left", "right"}, {"draw"})


def test_an_exempt_side_s_meeting_counts_for_nobody_and_so_does_one_with_few_cases() -> None:
    duel = Duel("pk_x", Label("x", "x"), "staff", "first_visits", pairs=(("s1", "s3"),))
    terms = Terms({"p2": Span(MONDAY, MONDAY)})
    assert [one.outcome for one in meetings(FRAMES, PACK, duel, MONDAY, terms)] == ["none"]
    rate = Duel("pk_x", Label("x", "x"), "project", "lead_to_contract", pairs=(("p1", "p2"),))
    assert [one.outcome for one in meetings(FRAMES, PACK, rate, MONDAY)] == ["none"]
    assert project_of(FRAMES.snapshot, "referrer", "b1") is None


def test_a_season_has_its_days_and_a_schedule_its_weeks() -> None:
    duel = Duel("pk_x", Label("x", "x"), "project", "leads", MONDAY, MONDAY + WEEK, (("p1", "p2"),))
    meets = [bool(duel.meets_in(MONDAY + at * WEEK)) for at in range(-1, 3)]
    assert meets == [False, True, True, False]
    planned = replace(duel, pairs=(), schedule={MONDAY: (("p2", "p3"),)})
    assert [planned.meets_in(MONDAY), planned.meets_in(MONDAY + WEEK)] == [(("p2", "p3"),), ()]


@pytest.mark.parametrize(
    ("told", "answer"),
    [
        ({"metric": "leads", "pairs": [["p1", "p2"]], "when": 1}, "duels.x.when is no setting here"),
        ({"metric": "leads", "pairs": [["p1", "p2"]], "of": "city"}, "Give one of: project"),
        ({"metric": "", "pairs": []}, "Give a metric"),
        ({"metric": "laeds", "pairs": []}, "There is no metric 'laeds'"),
        ({"metric": "leads"}, "either pairs or a schedule"),
        ({"metric": "leads", "pairs": [["p1", "p1"]]}, "two different ids"),
        ({"metric": "leads", "pairs": "p1"}, "duels.x.pairs is 'p1'"),
        ({"metric": "leads", "pairs": [], "first": "soon"}, "Give a day without quotes"),
        ({"metric": "leads", "schedule": [{"week": date(2026, 3, 3), "pairs": []}]}, "Give a Monday"),
        ({"metric": "leads", "schedule": "x"}, "duels.x.schedule is 'x'"),
        ({"metric": "leads", "schedule": ["x"]}, "Give { week ="),
        ({"metric": "leads", "of": "referrer", "pairs": []}, "Referrers meet by referrals"),
        ({"metric": "spend", "of": "staff", "pairs": []}, "not known by staff"),
        (3, "Give a table"),
    ],
)
def test_a_duel_that_cannot_be_held_is_named(told: Any, answer: str) -> None:
    with pytest.raises(PackError) as caught:
        duels(PACK, {"x": told})
    assert answer in str(caught.value)


def test_a_duel_is_read_from_the_settings() -> None:
    plan = [{"week": MONDAY, "pairs": (("p1", "p2"),)}, {"week": MONDAY, "pairs": (("p3", "p1"),)}]
    found = duels(PACK, {"cup": {"metric": "leads", "label": "杯赛", "schedule": plan}})
    assert found["pk_cup"].meets_in(MONDAY) == (("p1", "p2"), ("p3", "p1"))


# ------------------------------------------------------------------------------------------------------ streaks, awards

FIRST = date(2026, 1, 5)
KINDS = {"1": (1, {}), "3": (3, {}), "4": (4, {}), "?": (None, {"few": True}), "E": (None, {"exempt": True})}


def a_record(week: date, row: Standing | None, *, by_chance: bool = False, name: str = "one", **told: Any) -> Record:
    rows = (row,) if row and row.rank is not None else ()
    unranked = (row,) if row and row.rank is None else ()
    shown = Board(name, "leads", Span(week, week), 1, rows, unranked, by_chance=by_chance)
    told = {"of": "project", "metric": "leads", "against": 0, **told}
    return Record(name, week, datetime(2026, 1, 1), "v", datetime(2026, 1, 1), told, {GROUP: shown})


def records_of(weeks: str) -> list[Record]:
    """One letter a week: a rank, ? too few, E exempt, C all tied by chance, - not on the board, . not published."""
    found = []
    for at, letter in enumerate(weeks):
        week = FIRST + at * WEEK
        if letter == "C":
            found.append(a_record(week, standing("p", 1), by_chance=True))
        elif letter != ".":
            rank, more = KINDS.get(letter, (None, {}))
            found.append(a_record(week, None if letter == "-" else standing("p", rank, **more)))
    return found


@pytest.mark.parametrize(
    ("weeks", "length"),
    [
        pytest.param("111", 3, id="three weeks in a row"),
        pytest.param("133", 3, id="a shared third rank counts"),
        pytest.param("1141", 1, id="a fourth place ends a streak"),
        pytest.param("11?1", 1, id="so does a week unranked"),
        pytest.param("11-1", 1, id="or off the board"),
        pytest.param("11.1", 1, id="or without a board"),
        pytest.param("11EE1", 3, id="an exempt week neither counts nor ends it"),
        pytest.param("11C1", 3, id="nor one in which all are tied by chance"),
        pytest.param("114", 0, id="the last week decides what runs"),
    ],
)
def test_how_long_a_streak_is(weeks: str, length: int) -> None:
    found = streaks(records_of(weeks))
    assert (found["p"].weeks if "p" in found else 0) == length


@given(st.text("134?EC-.", min_size=1, max_size=40))
def test_the_longest_streak_is_that_of_the_plain_rule(weeks: str) -> None:
    running = best = 0
    for letter in weeks:
        running = running if letter in "EC" else running + 1 if letter in "13" else 0
        best = max(best, running)
    found = longest(records_of(weeks))
    assert (found["p"].weeks if "p" in found else 0) == best


@given(st.text("134?E", max_size=20), st.text("134?E", max_size=20))
def test_a_streak_never_gets_longer_by_leaving_a_good_week_out(before: str, after: str) -> None:
    whole, without = longest(records_of(before + "1" + after)), longest(records_of(before + "4" + after))
    assert whole["p"].weeks >= (without["p"].weeks if "p" in without else 0)


def test_thirteen_weeks_within_a_year_earn_the_award_and_only_projects_do() -> None:
    assert [one.weeks for one in awards(records_of("1" * 13), 2026)] == [13]
    assert awards(records_of("1" * 12), 2026) == awards(records_of("1" * 13), 2025) == []
    assert (
        awards([replace(one, definition={**one.definition, "of": "channel"}) for one in records_of("1" * 13)], 2026)
        == []
    )
    assert streaks([]) == {}


# -------------------------------------------------------------------------------------------------------------- records


def test_a_row_that_comes_goes_or_changes_is_told_and_what_is_told_adds_up() -> None:
    record = a_record(FIRST, standing("p", 1))
    before = places(record.sections)
    after = {(GROUP, "p"): Place(2, count(1)), (GROUP, "q"): Place(1, count(9))}
    told = [
        Restatement("one", FIRST, section, subject, old, new, datetime(2026, 2, 1), "v2")
        for (section, subject), old, new in changed(before, after)
    ]
    assert [one.subject for one in told] == ["p", "q"] and restated(record, told) == after
    gone = [replace(told[1], before=told[1].after, after=None)]
    assert restated(record, told + gone) == {(GROUP, "p"): after[GROUP, "p"]}


numbers = st.one_of(st.none(), st.integers(), st.fractions())


@given(numbers, numbers, st.one_of(st.none(), st.integers(1, 99)))
def test_a_record_survives_being_written_down(value: Any, other: Any, rank: int | None) -> None:
    row = Standing("p", rank, Reading(value), Reading(other, value, other, 3), week=Reading(value), few=True)
    record = a_record(FIRST, row)
    meeting = Meeting("a", "b", Reading(value), Reading(other), "none")
    record = replace(record, meetings=(meeting,), published_at=datetime.fromisoformat("2026-01-01T00:00:00+00:00"))
    content, digest = sealed(record)
    assert record_of(content, digest) == replace(record, digest=digest)
    assert content_of(record_of(content, digest)) == content
    assert not record_of(content.replace('"p"', '"q"'), digest).is_whole
    place = Place(rank, Reading(value), Reading(other), "draw")
    assert place_of(place_text(place)) == place and place_of(place_text(None)) is None


def test_the_fingerprint_tells_packs_apart_by_what_they_count() -> None:
    measures = {**PACK.measures, "leads": replace(PACK.measures["leads"], where="true")}
    assert fingerprint(PACK) == fingerprint(property_pack()) != fingerprint(replace(PACK, measures=measures))


# --------------------------------------------------------------------------------------------------------------- sheets


def test_a_sheet_pools_costs_takes_the_last_attainment_and_counts_top_weeks_outside_exempt_ones() -> None:
    def a_row(rank: int, reading: Reading, **more: Any) -> Standing:
        return Standing("p", rank, reading, reading, **more)

    weeks = [FIRST + at * WEEK for at in range(3)]
    costs = [ratio(100, 10), ratio(500, 10), ratio(9000, 10)]
    found = [
        a_record(week, a_row(1, one), name="cost", metric="cost_per_lead")
        for week, one in zip(weeks, costs, strict=True)
    ]
    found[2] = a_record(
        weeks[2], Standing("p", None, costs[2], costs[2], exempt=True), name="cost", metric="cost_per_lead"
    )
    found += [a_record(week, a_row(5, ratio(at, 10)), name="due", metric="attainment") for at, week in enumerate(weeks)]
    (early,) = sheets(found, {"p": "s1"}, 2026, LINES)
    told = {one.name: (one.reading.value, one.points) for one in early.lines}
    assert told["cost_per_lead"] == (30, None) and told["top3"] == (Fraction(2, 3), None), "too few weeks for points"
    (sheet,) = sheets(found, {"p": "s1"}, 2026, LINES, least=2)
    told = {one.name: (one.reading.value, one.points) for one in sheet.lines}
    assert told["cost_per_lead"] == (30, 50)
    assert told["attainment"] == (Fraction(2, 10), 20)
    assert told["top3"] == (Fraction(2, 3), Fraction(200, 3))
    assert told["findings"] == told["commitments"] == (None, None) and sheet.total is None
    assert {one.reading.missing for one in sheet.lines if one.points is None} == {"not_yet"}
    (whole,) = sheets(
        found,
        {"p": None},
        2026,
        {"attainment": 3, "findings": 1},
        {"findings": lambda year, id: Scored(count(0), Fraction(100))},
    )
    assert whole.total == Fraction(20 * 3 + 100, 4)
    assert sheet_of(sheet_text(whole)) == whole


def test_a_project_without_boards_has_a_sheet_without_numbers() -> None:
    (sheet,) = sheets([], {"p": None}, 2026, LINES)
    assert {one.points for one in sheet.lines} == {None}
    nothing = a_record(FIRST, Standing("p", None, missing("no_target"), missing("no_target")), metric="attainment")
    (sheet,) = sheets([nothing], {"p": None}, 2026, LINES)
    assert {one.reading.missing for one in sheet.lines if one.name == "attainment"} == {"no_target"}


def test_a_year_is_closed_when_every_board_of_projects_has_its_last_week() -> None:
    assert (last_week(2026), last_week(2027)) == (date(2026, 12, 28), date(2027, 12, 27))
    assert last_week(2024) == date(2024, 12, 23)
    last = last_week(2026)
    one, other = a_record(last, None), a_record(last - WEEK, None, name="other")
    assert not is_closed([], 2026, ()) and not is_closed([one, other], 2026, {"one", "other"})
    assert is_closed([one, other, a_record(last, None, name="other")], 2026, {"one", "other"})
    assert is_closed([one, other], 2026, {"one"}), "a board that is no more holds nothing up"
