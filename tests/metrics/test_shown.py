"""What pages show of what was counted: the foremost findings, the busiest rows, one's own place, every project's pace."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from itertools import product
from typing import Any

import pytest

from metrics.boards import board, only
from metrics.heat import busiest, hourly_metrics, rolling_hours
from metrics.overview import pace, paces, standing
from metrics.pack import PackError
from metrics.periods import Span
from metrics.query import known_by_staff
from metrics.rules import check_thresholds, findings, foremost, worst_first
from metrics.snapshot import Snapshot
from metrics.teams import foremost_teams, team_measures
from metrics.totals import Frames, Where
from tests.snapshots import AS_OF, a_snapshot, property_pack, small_rows, small_snapshot

PACK = property_pack()
SNAPSHOT = small_snapshot()
FRAMES = Frames(SNAPSHOT)
FOUND = findings(FRAMES, PACK)


def test_the_foremost_findings_name_each_rule_once_before_any_twice() -> None:
    behind = next(one for one in FOUND if one.rule == "behind_target")
    worse = replace(behind, subject="p9", values={**behind.values, "change": 1})
    first = foremost([*FOUND, worse], 3)
    assert [(one.rule, one.subject) for one in first] == [
        ("behind_target", "p9"),
        ("late_milestone", "p2"),
        ("behind_target", "p2"),
    ]


def test_no_yellow_stands_before_a_red() -> None:
    levels = [one.severity for one in worst_first(reversed(FOUND))]
    assert levels == sorted(levels, key=("red", "orange", "yellow").index)


def test_the_busiest_rows_keep_their_order() -> None:
    grid = rolling_hours(SNAPSHOT, PACK, "leads", 168)
    kept = busiest(grid, 2)
    cases = dict(zip(grid.rows, (sum(cell.n for cell in row) for row in grid.cells), strict=True))
    assert len(kept.rows) == len(kept.cells) == 2 and list(kept.rows) == [id for id in grid.rows if id in kept.rows]
    assert min(cases[id] for id in kept.rows) >= max(cases[id] for id in grid.rows if id not in kept.rows)


def test_hourly_metrics_start_with_leads_and_hold_rates() -> None:
    names = hourly_metrics(PACK)
    assert names[0] == "leads" and "quality_share" in names and "spend" not in names


def test_one_s_own_row_keeps_its_rank_among_all() -> None:
    everybody = board(FRAMES, PACK, PACK.boards["exposure"], AS_OF.date().replace(day=2))
    for row in everybody.rows:
        assert only(everybody, frozenset((row.subject,))).rows == (row,)


def test_rates_that_differ_by_chance_only_rank_nobody_above_another() -> None:
    seen = board(Frames(_visits(21, 20, 22)), PACK, PACK.boards["visit_conversion"], AS_OF.date() - timedelta(9))
    assert seen.by_chance and {one.rank for one in seen.rows} == {1} and {one.change for one in seen.rows} == {None}
    seen = board(Frames(_visits(45, 10, 22)), PACK, PACK.boards["visit_conversion"], AS_OF.date() - timedelta(9))
    assert not seen.by_chance and [one.rank for one in seen.rows] == [1, 2, 3]


def _visits(*each: int) -> Snapshot:
    """Three projects with 60 leads in each of the last weeks, of which so many came on the same day."""
    rows = small_rows()
    rows["lead"], rows["visit"] = [], []
    for project, visited in enumerate(each, start=1):
        for week, number in product(range(1, 4), range(60)):
            id = f"l{project}-{week}-{number}"
            at = AS_OF.replace(hour=9) - timedelta(days=7 * week)
            lead = {"id": id, "project_id": f"p{project}", "channel_id": "c1", "created_at": at}
            rows["lead"].append(lead)
            if number < visited:
                rows["visit"].append({"id": f"v{id}", "lead_id": id, "project_id": f"p{project}", "at": at})
    return a_snapshot(**{name: rows[name] for name in ("project", "channel", "lead", "visit")})


def test_the_paces_are_those_asked_one_by_one_farthest_behind_first() -> None:
    together = paces(FRAMES, PACK, "year", SNAPSHOT.projects)
    assert {one.project: one for one in together} == {id: pace(FRAMES, PACK, "year", id) for id in SNAPSHOT.projects}
    assert [one.project for one in together] == ["p2", "p1", "p3"]


@pytest.mark.parametrize(
    ("given", "answer"),
    [
        ({"slow_respons": {"limit": 1}}, "rules.slow_respons is no rule of the pack. Did you mean 'slow_response'?"),
        ({"slow_response": {"limitt": 1}}, "rules.slow_response.limitt is no threshold. Did you mean 'limit'?"),
        ({"slow_response": {"limit": "80%"}}, "rules.slow_response.limit is '80%'. Give a number, such as 0.7."),
        ({"slow_response": {"101": {"limit": True}}}, "rules.slow_response.101.limit is True. Give a number"),
        ({"slow_response": 0.7}, "rules.slow_response is 0.7. Give a table"),
    ],
)
def test_a_threshold_that_would_be_ignored_is_refused(given: dict[str, Any], answer: str) -> None:
    with pytest.raises(PackError) as caught:
        check_thresholds(PACK, given)
    assert answer in str(caught.value)


def test_spend_is_not_known_by_salesperson() -> None:
    assert known_by_staff(PACK, "leads") and known_by_staff(PACK, "net_contract_amount")
    assert not known_by_staff(PACK, "cost_per_lead")


def test_a_state_has_no_past() -> None:
    own = standing(FRAMES, PACK, "active_leads", Where(staff=frozenset(("s1",))))
    assert own.now.value == own.at_cut.value and own.change is None and own.before.missing == "no_record"


def test_the_foremost_teams_are_those_whose_people_did_most() -> None:
    last_week = Span(AS_OF.date() - timedelta(9), AS_OF.date() - timedelta(3))
    rows, people = small_rows(), {"s1": "甲组", "s2": "甲组", "s3": "乙组", "s4": None}
    for one in rows["staff"]:
        one["team"] = people[one["id"]]
    found = foremost_teams(Frames(a_snapshot(**rows)), PACK, "leads", last_week)
    done = Counter(
        people[lead["staff_id"]]
        for lead in rows["lead"]
        if last_week.first <= lead["created_at"].date() <= last_week.last
    )
    assert [(team.name, team.staff) for team in found] == [("甲组", {"s1", "s2"}), ("乙组", {"s3"})]
    assert done["甲组"] > done["乙组"] > 0 and "contract_amount" not in team_measures(PACK)
