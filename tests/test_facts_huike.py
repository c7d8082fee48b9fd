"""The facts of the Huike CRM, told by `query` and by the snapshot through a mapping only."""

from collections import Counter
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from metrics.heat import channel_by_grade, weekday_by_hour
from metrics.periods import Span
from tests.facts import Board, DataSet, Expressed, Variant, data_set, facts

NAME = "huike-crm"
AS_OF = datetime(2022, 4, 20, 12, tzinfo=ZoneInfo("Asia/Shanghai"))
ALL = Span(date(2022, 4, 19), date(2022, 4, 20))
EVER = "--from 2022-04-19 --to 2022-04-20"
COHORT = "--basis cohort --window none"
GRADES = dict(zip("0123", "ABCD", strict=True))

QUESTIONS = (
    f"leads valid_leads grade_a_leads visits contracts contract_amount {EVER} --by project",
    f"leads visits contracts contract_amount {EVER} --by staff",
    f"leads first_visits contracted_parties {EVER} {COHORT} --by channel",
)

ACTIVITIES = Variant(
    """
[entities.project]
query = "select dict_value as id, dict_label as name from sys_dict_data where dict_type = 'clues_level'"

[entities.channel]
table = "tb_activity"
columns = { id = "id", name = "name" }

[entities.lead]
table = "tb_clue"
columns = { id = "id", project_id = "level", channel_id = "activity_id", created_at = "create_time", person = "phone" }

[entities.assignment]
table = "tb_assign_record"
columns = { id = "id", lead_id = "assign_id", staff_id = "user_name", at = "create_time" }
"""
)
STATUSES = Variant(
    """
[entities.lead]
query = \"\"\"
select c.id, c.status as project_id, case when a.channel <> c.channel then 'other' else 'same' end as channel_id,
       c.create_time as created_at, c.phone as person
from tb_clue c left join tb_activity a on a.id = c.activity_id
\"\"\"

[entities.visit]
table = "tb_business"
columns = { id = "id", lead_id = "clue_id", project_id = "status", at = "create_time" }
""",
    measures="""
[measures.seconds_to_first_visit]
from = "party"
at = "created_at"
sql = "sum(date_diff('second', created_at, first_visit_at))"
label = { zh = "到访秒数", en = "Seconds to the first visit" }
unit = "second"

[measures.parties_with_visit]
from = "party"
at = "created_at"
sql = "count(first_visit_at)"
label = { zh = "已到访", en = "Parties with a visit" }
unit = "party"

[metrics.mean_minutes_to_visit]
formula = "seconds_to_first_visit / (60 * parties_with_visit)"
label = { zh = "平均到访分钟", en = "Mean minutes to the visit" }
question = { zh = "平均要多少分钟?", en = "How many minutes on average?" }
unit = "minute"
""",
)
COURSES = Variant(
    """
[entities.project]
table = "tb_course"
columns = { id = "id", name = "name" }

[entities.lead]
query = \"\"\"
select c.id, null as project_id, c.create_time as created_at, c.phone as person, b.create_time as first_response_at
from tb_clue c left join tb_business b on b.clue_id = c.id
\"\"\"

[entities.contract]
table = "tb_contract"
columns = { id = "id", project_id = "course_id", person = "phone", signed_at = "create_time", amount = "course_price" }
"""
)
ASSIGNMENTS = Variant(
    """
[entities.project]
table = "sys_dept"
columns = { id = "dept_id", name = "dept_name" }

[entities.visit]
query = \"\"\"
select id, assign_id as lead_id, dept_id as project_id, user_name as staff_id, create_time as at
from tb_assign_record where type = '0'
\"\"\"
"""
)
VARIANTS = {"activities": ACTIVITIES, "statuses": STATUSES, "courses": COURSES, "assignments": ASSIGNMENTS}

CANNOT_EXPRESS: dict[str, str] = {}
expresses = Expressed()


@pytest.fixture(scope="session")
def huike(tmp_path_factory: pytest.TempPathFactory) -> DataSet:
    """The data set, refreshed once per variant of its mapping."""
    return data_set(NAME, "huike.toml", tmp_path_factory.mktemp("huike"), AS_OF, VARIANTS)


def daily(board: Board, measure: str, by: str) -> dict[Any, int]:
    """A measure of the daily mart by one dimension."""
    return board.mart("daily", measure, by)


def listed(values: dict[Any, int]) -> list[list[Any]]:
    """Groups as the facts list them: the biggest first, ties by name."""
    return [list(one) for one in sorted(values.items(), key=lambda one: (-one[1], str(one[0])))]


# ----------------------------------------------------------------------------------------------------------------- rows


@expresses("rows", "as mapped", "activities", "courses", "assignments")
def rows_as_entities(board: Board, activities: Board, courses: Board, departments: Board, rows: list[int]) -> None:
    clues, businesses, contracts = (board.value(f"{name} {EVER}") for name in ("leads", "visits", "contracts"))
    counts, all_activities = board.counts(), activities.counts()
    assert [clues, businesses, contracts] == [counts["lead"], counts["visit"], counts["contract"]] == rows[:3]
    assert [all_activities["channel"], all_activities["assignment"]] == rows[3:5]
    assert [courses.counts()["project"], counts["staff"], departments.counts()["project"]] == rows[5:]


@expresses("span")
def first_and_last_moments(board: Board, span: list[str]) -> None:
    clues, contracts = board.by("day", f"leads {EVER}"), board.by("day", f"contracts {EVER}")
    assert [min(clues), max(clues), min(contracts), max(contracts)] == [moment[:10] for moment in span]
    assert str(board.snapshot.newest_event) == span[1]
    moments = board.parties("select min(created_at), max(created_at), min(contracted_at), max(contracted_at)")
    assert [str(moment) for moment in moments] == span


# ---------------------------------------------------------------------------------------------------------------- leads


@expresses("clues_by_day")
def leads_by_day(board: Board, leads: list[Any]) -> None:
    assert board.by("day", f"leads {EVER}") == daily(board, "leads", "day") == dict(leads)


@expresses("clues_by_hour")
def leads_by_hour(board: Board, leads: list[Any]) -> None:
    """`query` answers by day; hours are the grid's and the hourly mart's."""
    grid = weekday_by_hour(board.snapshot, board.pack, "leads", (date(2022, 4, 1),))
    for day, hour, count in leads:
        row = grid.rows.index(str(date.fromisoformat(day).isoweekday()))
        assert grid.cells[row][grid.columns.index(str(int(hour)))].reading.value == count
        assert board.mart("hourly", "leads", "hour", day=day) == {int(hour): count}
    assert sum(cell.n for row in grid.cells for cell in row) == board.value(f"leads {EVER}")


@expresses("clues_by_channel")
def leads_by_channel_with_its_label(board: Board, leads: list[Any]) -> None:
    asked = board.query(f"leads {EVER} --by channel")
    assert [[row["channel"], row["channel_name"], row["value"]] for row in asked] == leads
    assert daily(board, "leads", "channel") == {channel: count for channel, _, count in leads}


@expresses("clues_by_status", "as mapped", "statuses")
def leads_by_status(board: Board, statuses: Board, leads: list[Any]) -> None:
    assert statuses.by("project", f"leads {EVER}") == daily(statuses, "leads", "project") == dict(leads)
    false_leads = board.value(f"leads {EVER}") - board.value(f"valid_leads {EVER}")
    assert false_leads == dict(leads)["4"]


@expresses("clues_by_level", "as mapped", "activities")
def leads_by_grade(board: Board, levels: Board, leads: list[Any]) -> None:
    """The labels are told where the level is the project; as grades, levels lose them."""
    asked = levels.query(f"leads {EVER} --by project")
    found = {row["project"]: [row["project"], row["project_name"], row["value"]] for row in asked}
    assert [found[level] for level, *_ in leads] == leads
    by_grade = {GRADES.get(level, ""): count for level, _, count in leads}
    grid = channel_by_grade(board.snapshot, board.pack, ALL.first, ALL.last)
    columns = zip(grid.columns, zip(*grid.cells, strict=True), strict=True)
    assert {grade: sum(int(cell.reading.value or 0) for cell in cells) for grade, cells in columns} == by_grade
    names = ("grade_a_leads", "grade_b_leads", "graded_leads")
    assert [board.value(f"{name} {EVER}") for name in names] == [
        by_grade["A"],
        by_grade["B"],
        sum(by_grade.values()) - by_grade[""],
    ]


@expresses("clues_by_subject")
def leads_by_project(board: Board, top: list[Any]) -> None:
    asked = board.query(f"leads {EVER} --by project")
    named = {row["project_name"]: row["value"] for row in asked if row["project"] is not None}
    assert listed(named)[:3] == top
    in_mart = {board.snapshot.project_name(id): count for id, count in daily(board, "leads", "project").items() if id}
    assert listed(in_mart)[:3] == top


@expresses("clues_by_activity", "activities")
def leads_by_activity(board: Board, leads: list[Any]) -> None:
    asked = board.query(f"leads {EVER} --by channel")
    assert sorted([int(row["channel"]), row["channel_name"], row["value"]] for row in asked) == sorted(leads)
    assert daily(board, "leads", "channel") == {str(activity): count for activity, _, count in leads}


@expresses("channel_conflict", "statuses")
def leads_of_another_channel_than_their_activity(board: Board, leads: int) -> None:
    assert board.value(f"leads {EVER} --where channel=other") == daily(board, "leads", "channel")["other"] == leads


# --------------------------------------------------------------------------------------------------------------- owners


@expresses("unassigned")
def leads_without_owner(board: Board, leads: int) -> None:
    assert board.value(f"leads {EVER} --where staff=") == leads
    assert board.by("staff", f"leads {EVER}")[None] == board.mart("staff", "leads", "staff")[None] == leads


@expresses("clues_by_owner")
def leads_by_owner(board: Board, leads: list[Any]) -> None:
    for owned in (board.by("staff", f"leads {EVER}"), board.mart("staff", "leads", "staff")):
        assert listed({owner: count for owner, count in owned.items() if owner is not None}) == leads


@expresses("assign_orphans", "assignments")
def assignments_without_lead(board: Board, orphans: int) -> None:
    """An assignment taken as a visit would walk in by itself if it had no lead; older assignments count too."""
    assert board.value(f"walk_ins {EVER}") == sum(daily(board, "walk_ins", "day").values()) == orphans


@expresses("reassigned", "assignments")
def leads_assigned_more_than_once(board: Board, leads: int) -> None:
    """Assignments taken as visits: who has a second one came back."""
    assert board.value(f"revisited_parties {EVER}") == sum(daily(board, "revisited_parties", "day").values()) == leads


@expresses("business_by_owner")
def visits_by_owner(board: Board, visits: list[Any]) -> None:
    assert listed(board.by("staff", f"visits {EVER}")) == listed(board.mart("staff", "visits", "staff")) == visits


# --------------------------------------------------------------------------------------------- opportunities, contracts


@expresses("clue_to_business")
def leads_with_a_visit(board: Board, expected: list[Any]) -> None:
    parties, share = expected
    (rate,) = board.query(f"visit_rate {EVER} {COHORT}")
    assert (rate["numerator"], round(100 * rate["value"], 3)) == (parties, share)
    assert board.value(f"first_visits {EVER}") == parties
    cohort = board.snapshot.marts["cohort"]
    assert round(100 * int(cohort["visit_ever"].sum()) / int(cohort["leads"].sum()), 3) == share


@expresses("business_of_status_6", "statuses")
def visits_of_leads_by_the_status_of_the_lead(board: Board, expected: list[int]) -> None:
    leads, visited, others = expected
    assert board.value(f"leads {EVER} --where project=6") == leads
    for found in (board.by("project", f"first_visits {EVER}"), daily(board, "first_visits", "project")):
        assert [found.pop("6"), sum(found.values())] == [visited, others]


@expresses("business_by_status", "statuses")
def visits_by_status(board: Board, visits: list[Any]) -> None:
    assert board.by("project", f"visits {EVER}") == daily(board, "visits", "project") == dict(visits)


@expresses("contracts", "as mapped", "courses")
def contracts_and_their_amounts(board: Board, courses: Board, expected: list[Any]) -> None:
    contracts, of_leads, paid, price = expected
    assert board.value(f"contracts {EVER}") == board.value(f"contracted_parties {EVER}") == contracts
    assert board.value(f"contracted_parties {EVER} {COHORT}") == of_leads
    assert (board.value(f"contract_amount {EVER}"), courses.value(f"contract_amount {EVER}")) == (str(paid), str(price))
    sums = [sum(daily(one, "contract_amount", "day").values()) for one in (board, courses)]
    assert sums == [paid * 10_000, price * 10_000]


@expresses("contracts_by_user")
def contracts_by_creator(board: Board, expected: list[Any]) -> None:
    counts, amounts = (board.by("staff", f"{name} {EVER}") for name in ("contracts", "contract_amount"))
    assert {staff: [counts[staff], amounts[staff]] for staff in counts} == {
        staff: [count, str(amount)] for staff, count, amount in expected
    }
    assert board.mart("staff", "contracts", "staff") == {staff: count for staff, count, _ in expected}
    assert board.mart("staff", "contract_amount", "staff") == {staff: amount * 10_000 for staff, _, amount in expected}


@expresses("contracts_no_channel")
def contracts_without_channel(board: Board, contracts: int) -> None:
    assert board.value(f"contracts {EVER} --where channel=") == daily(board, "contracts", "channel")[None] == contracts


@expresses("funnel")
def funnel_by_the_keys(board: Board, expected: list[int]) -> None:
    """The contracts without an opportunity stay out: nobody left their phones as a lead."""
    steps = ("lead", "visit", "contract")
    assert [board.stage(step, ALL).count.value for step in steps] == expected
    asked = ("leads", "first_visits", "contracted_parties")
    assert [board.value(f"{name} {EVER} {COHORT}") for name in asked] == expected
    cohort = board.snapshot.marts["cohort"]
    assert [int(cohort[name].sum()) for name in ("leads", "visit_ever", "contract_ever")] == expected
    assert [board.stage(step, ALL).astray for step in steps] == [0, 0, 0]


@expresses("minutes_to_business", "statuses", "courses")
def minutes_to_the_visit(board: Board, answers: Board, expected: list[float]) -> None:
    """The mean is a measure more in the pack; lags hold whole minutes, decimals of least and most are the parties'."""
    least, mean, most = expected
    assert round(board.value(f"mean_minutes_to_visit {EVER}"), 1) == mean
    seconds, parties = (
        sum(daily(board, name, "day").values()) for name in ("seconds_to_first_visit", "parties_with_visit")
    )
    assert round(seconds / parties / 60, 1) == mean
    lags = Counter(answers.mart("lags", "parties", "lag", step="first_response"))
    assert (min(lags), max(lags), lags.total()) == (int(least), int(most), parties)
    minutes = "date_diff('second', created_at, first_visit_at) / 60"
    assert answers.parties(f"select round(min({minutes}), 1), round(max({minutes}), 1)") == (least, most)
    (median,) = answers.query(f"first_response_median {EVER}")
    assert int(least) <= median["value"] <= int(most) and median["n"] == parties


# ---------------------------------------------------------------------------------------------------------------- tests


@pytest.mark.shared
@pytest.mark.parametrize("fact", expresses.checks)
def test_fact(fact: str, huike: DataSet) -> None:
    expresses.check(fact, huike, facts(NAME)[fact])


@pytest.mark.shared
def test_every_fact_is_told_or_said_to_be_out_of_reach() -> None:
    assert sorted([*expresses.checks, *CANNOT_EXPRESS]) == sorted(facts(NAME))


@pytest.mark.shared
@pytest.mark.parametrize("database", ["postgresql", "mariadb"])
def test_the_mapping_reads_the_same_from_every_database(
    database: str, huike: DataSet, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    url = request.getfixturevalue(f"{database}_url")
    there = data_set(NAME, "huike.toml", tmp_path, AS_OF, {}, url).board()
    assert there.counts() == huike.board().counts()
    for words in QUESTIONS:
        assert there.query(words) == huike.board().query(words), words
