"""`check`: a report that says what is wrong with a mapping or its data before anybody sees a number."""

from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import create_engine
from sqlalchemy.engine import make_url

from data_access import check as check_module
from data_access.check import check_source, without_data
from data_access.packs import read_pack
from data_access.settings import Settings

PACK = read_pack("property")
LEAD = "create table lead (id text, project_id text, phone text, created_at text, updated_at text, grade text)"
MAPPED = """
[entities.lead]
table = "lead"
columns = { id = "id", project_id = "project_id", person = "phone", created_at = "created_at", grade = "grade" }
"""
STAMPED = MAPPED.replace('grade = "grade"', 'updated_at = "updated_at"')
ONE_PROJECT = "[entities.project]\nquery = \"select 'p' as id, 'P' as name\"\n"


@dataclass(frozen=True)
class Told:
    """What `check` answered: its exit code and its words, whatever the width of the terminal."""

    code: int
    text: str

    @property
    def verdicts(self) -> list[str]:
        """The lines that name errors and warnings."""
        return [line for line in self.text.splitlines() if line.startswith(("error ", "warning "))]

    def says(self, words: str) -> bool:
        """Whether the report holds these words, wherever its lines were broken."""
        return words in " ".join(self.text.split())


def run(url: str, *statements: str) -> None:
    """Do something to the database, as its owner would."""
    engine = create_engine(url)
    with engine.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
    engine.dispose()


def a_lead(id: str, phone: str = "13800001111", at: str = "2026-03-01 10:00:00", stamp: str = "null") -> str:
    """One lead of project p."""
    return f"insert into lead values ('{id}', 'p', '{phone}', '{at}', {stamp}, 'A')"


def checked(url: str, toml: str, *, more: str = "") -> Told:
    """What `check` answers for this mapping."""
    lines: list[str] = []
    settings = Settings.read(f'[source]\nurl = "{url}"\n{more}\n{toml}', {})
    code = check_source(settings, PACK, lines.append)
    return Told(code, "\n".join(lines))


# How it is read


def test_a_good_source_passes(sqlite_url: str) -> None:
    run(sqlite_url, LEAD, a_lead("1"), a_lead("2"))
    told = checked(sqlite_url, MAPPED)
    assert told.code == 0
    assert told.verdicts == []
    assert told.says("lead: 2 rows")
    assert told.says("0 errors, 0 warnings. The source can be used.")


def test_it_says_that_changes_are_read_by_their_stamps(sqlite_url: str) -> None:
    run(sqlite_url, LEAD, a_lead("1", stamp="'2026-03-01 10:00:00'"))
    assert checked(sqlite_url, STAMPED).says("what updated_at says has changed; 0.0% of the stamps are empty")


@pytest.mark.parametrize(
    ("toml", "stamps", "why"),
    [
        pytest.param(MAPPED, ["null"], "no updated_at is mapped", id="no stamp"),
        pytest.param(STAMPED, ["null", "'2026-03-01 10:00:00'"], "50.0% of updated_at is empty", id="many empty"),
        pytest.param(STAMPED, ["'2026-03-01 10:00:00'", "'1772330400'"], "ways that cannot be compared", id="mixed"),
        pytest.param(STAMPED, [], "there are no rows yet", id="nothing there"),
    ],
)
def test_it_says_why_an_entity_is_compared_whole(toml: str, stamps: list[str], why: str, sqlite_url: str) -> None:
    run(sqlite_url, LEAD, *(a_lead(str(n), stamp=stamp) for n, stamp in enumerate(stamps)))
    told = checked(sqlite_url, toml)
    assert told.says("whole, at every refresh, because")
    assert told.says(why)


def test_a_big_entity_without_stamps_is_worth_a_warning(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check_module, "SMALL_ROWS", 2)
    run(sqlite_url, LEAD, a_lead("1"), a_lead("2"))
    (warning,) = checked(sqlite_url, MAPPED).verdicts
    assert "lead: read: whole, every 600 s, because no updated_at is mapped" in warning


@pytest.mark.parametrize(
    ("times", "more", "choice"),
    [
        (["2026-03-01", "2026-03-02"], "", "days without time, as they are written"),
        (["2026-03-01 00:00:00"], "", "days without time, because every value is a midnight"),
        (["2026-03-01 00:00:00"], 'timed = ["created_at"]', "with time of day, as the mapping says"),
        (["2026-03-01 10:00:00"], 'day_only = ["created_at"]', "days without time, as the mapping says"),
        (["2026-03-01 10:00:00"], "", "with time of day"),
        (["2026-03-01 10:00:00", "2026-03-01"], "", "with time of day, but 50.0% are days without time"),
    ],
)
def test_it_says_which_times_are_days_and_why(times: list[str], more: str, choice: str, sqlite_url: str) -> None:
    run(sqlite_url, LEAD, *(a_lead(str(n), at=at) for n, at in enumerate(times)))
    assert checked(sqlite_url, f"{MAPPED}{more}\n").says(f"created_at {choice}")


# What is wrong with the rows


def test_rows_left_out_are_told_by_reason_with_up_to_five_ids(sqlite_url: str) -> None:
    bad = [a_lead(f"L{n}", at="soon") for n in range(7)]
    run(sqlite_url, LEAD, a_lead("1"), *bad, a_lead("X", at=""))
    told = checked(sqlite_url, MAPPED)
    assert told.code == 0
    assert told.says("lead: 1 row, 8 left out")
    assert told.says("7 rows with created_at unreadable, such as L0, L1, L2, L3, L4")
    assert not told.says("L5")
    assert told.says("1 row with created_at missing, such as X")


def test_ids_of_which_none_leads_anywhere_are_an_error(sqlite_url: str) -> None:
    run(sqlite_url, LEAD, *(a_lead(f"L{n}") for n in range(20)))
    told = checked(sqlite_url, MAPPED + ONE_PROJECT.replace("'p' as id", "'other' as id"))
    assert told.code == 1
    assert told.says("lead: no project_id leads to a known project. Correct [entities.lead].")


def test_repeated_ids_are_an_error(sqlite_url: str) -> None:
    run(sqlite_url, LEAD, a_lead("1"), a_lead("1"))
    told = checked(sqlite_url, MAPPED)
    assert told.code == 1
    (error,) = told.verdicts
    assert "several rows have the same id, such as 1" in error


def test_repeated_ids_are_only_told_where_ids_are_optional(sqlite_url: str) -> None:
    cost = "select 'a' as id, 'p' as project_id, '2026-03-01' as day, 5 as amount"
    told = checked(sqlite_url, f'[entities.spend]\nquery = "{cost} union all {cost}"\n')
    assert told.code == 0
    assert told.says("1 repeated id, such as a")


def test_dates_in_the_future_are_told_with_the_newest(sqlite_url: str) -> None:
    run(sqlite_url, LEAD, a_lead("1", at="2996-03-01 10:00:00"), a_lead("2", at="2997-01-02 10:00:00"), a_lead("3"))
    told = checked(sqlite_url, MAPPED)
    assert told.says("2 rows with created_at ahead of now, the newest 2997-01-02 10:00:00, such as 1, 2")


def test_a_plan_may_lie_ahead(sqlite_url: str) -> None:
    told = checked(sqlite_url, "[entities.sop_check]\nquery = \"select '1' as id, '2996-03-01 10:00:00' as due_at\"\n")
    assert not told.says("ahead of now")


def test_ids_that_lead_nowhere_are_told(sqlite_url: str) -> None:
    run(sqlite_url, LEAD, a_lead("1"))
    visits = " union all ".join(
        f"select '{n}' as id, 'gone{n}' as lead_id, 'q' as project_id, '2026-03-01 10:00:00' as at" for n in range(6)
    )
    visit = f"[entities.visit]\nquery = \"{visits} union all select '9', '1', 'p', '2026-03-01 11:00:00'\"\n"
    told = checked(sqlite_url, ONE_PROJECT + MAPPED + visit)
    assert told.code == 0
    assert told.says("lead_id 6 rows (85.7%) without a known lead, such as gone0, gone1, gone2, gone3, gone4")
    assert told.says("project_id 6 rows (85.7%) without a known project, such as q")


def test_ids_of_what_is_not_mapped_are_not_judged(sqlite_url: str) -> None:
    run(sqlite_url, LEAD, a_lead("1"))
    assert not checked(sqlite_url, MAPPED).says("without a known project")


def test_phones_are_judged_and_never_shown(sqlite_url: str) -> None:
    run(sqlite_url, LEAD, *(a_lead(str(n), phone) for n, phone in enumerate(["13800001111", "12345", "010-555", ""])))
    told = checked(sqlite_url, MAPPED)
    assert told.says("person 33.3% of those given are valid mobile phones")
    assert told.says("empty person 25.0%")
    assert "13800001111" not in told.text


def test_an_id_that_is_a_phone_is_masked(sqlite_url: str) -> None:
    run(sqlite_url, LEAD, a_lead("13800001111", at="soon"), a_lead("13900002222"), a_lead("13900002222"))
    told = checked(sqlite_url, MAPPED)
    assert "139****2222" in told.text
    assert "13800001111" not in told.text and "13900002222" not in told.text


def test_a_column_that_is_always_empty_is_worth_a_warning(sqlite_url: str) -> None:
    run(sqlite_url, LEAD, a_lead("1"), "update lead set grade = null")
    (warning,) = checked(sqlite_url, MAPPED).verdicts
    assert "lead: mapped but always empty: grade." in warning


def test_grades_that_are_all_empty_are_an_error_once_there_are_more_than_a_few(sqlite_url: str) -> None:
    run(sqlite_url, LEAD, *(a_lead(f"L{n}") for n in range(20)), "update lead set grade = null")
    assert checked(sqlite_url, MAPPED).code == 1


def test_an_empty_table_is_worth_a_warning(sqlite_url: str) -> None:
    run(sqlite_url, LEAD)
    told = checked(sqlite_url, MAPPED)
    assert told.code == 0
    assert told.verdicts[0].endswith("lead: rows: there are none")


# What the pack cannot show


def test_it_says_what_is_not_mapped_and_has_no_data(sqlite_url: str) -> None:
    run(sqlite_url, LEAD, a_lead("1"))
    told = checked(sqlite_url, MAPPED)
    assert told.says("not mapped project, channel, staff")
    assert told.says("lead.valid valid_leads")
    assert told.says("visits, first_visits, walk_ins")


def test_what_has_no_data_is_told_by_what_lacks() -> None:
    lead = {"id", "project_id", "created_at"}
    lacks = without_data(PACK, {"lead": lead})
    assert "cost_per_lead" in lacks["lead.valid"] + lacks["spend"]
    assert "valid_stock" in lacks["lead.valid"]
    assert "days_to_visit" in lacks["visit"]
    assert "days_to_contract" in lacks["contract"]
    assert {"first_response_median", "first_response_p90"} <= set(lacks["follow_up"])
    assert "attainment" in lacks["contract"]
    assert "first_response_median" not in str(without_data(PACK, {"lead": lead | {"first_response_at"}}))
    assert "active_leads" in without_data(PACK, {"spend": {"project_id", "day", "amount"}})["lead"]


def test_a_source_without_leads_is_worth_a_warning(sqlite_url: str) -> None:
    assert checked(sqlite_url, ONE_PROJECT).verdicts == ["warning lead is not mapped: no funnel can be shown."]


# Errors


def test_an_entity_that_cannot_be_read_is_one_line_and_the_others_are_still_checked(sqlite_url: str) -> None:
    run(sqlite_url, LEAD, a_lead("1"))
    told = checked(sqlite_url, MAPPED + '[entities.channel]\ntable = "nowhere"\ncolumns = { id = "a", name = "b" }\n')
    assert told.code == 1
    (error,) = told.verdicts
    assert "channel: the source answers 'no such table: nowhere'. Correct [entities.channel]." in error
    assert told.says("lead: 1 row")


def test_a_query_without_a_required_column_is_an_error(sqlite_url: str) -> None:
    told = checked(sqlite_url, "[entities.lead]\nquery = \"select '1' as id, 'p' as project_id\"\n")
    assert told.code == 1
    assert told.says("entities.lead returns no 'created_at', which lead requires. Map it.")


@pytest.mark.parametrize(
    ("url", "answer"),
    [
        ("postgresql://reader:hunter2@127.0.0.1:1/crm", "The source 127.0.0.1:1/crm cannot be read"),
        ("nosuch://reader:hunter2@crm/sales", "No driver for nosuch"),
        ("sqlite:////nowhere/at/all.db", "cannot be read"),
    ],
)
def test_a_source_that_cannot_be_reached_is_one_line(url: str, answer: str) -> None:
    told = checked(url, MAPPED)
    assert told.code == 1
    (error,) = told.verdicts
    assert answer in error
    assert "hunter2" not in told.text


def test_nothing_mapped_is_an_error_that_says_how_to_begin(sqlite_url: str) -> None:
    told = checked(sqlite_url, "")
    assert told.code == 1
    assert told.says("python app.py init")


def test_a_url_is_needed() -> None:
    told = checked("", MAPPED)
    assert told.code == 1
    assert told.says("source.url is empty")


def test_an_account_that_may_write_is_an_error_unless_it_is_allowed(postgresql_url: str) -> None:
    run(postgresql_url, LEAD, a_lead("1"))
    told = checked(postgresql_url, MAPPED)
    assert told.code == 1
    assert told.says("The account may write: lead. Give it SELECT only, or set source.allow_writable = true.")
    allowed = checked(postgresql_url, MAPPED, more="allow_writable = true")
    assert allowed.code == 0
    assert allowed.says("source.allow_writable lets it pass")


def test_a_table_the_account_may_not_read_is_one_line(postgresql_url: str) -> None:
    run(postgresql_url, LEAD, "create role checking login password 'hunter2!'")
    url = make_url(postgresql_url).set(username="checking", password="hunter2!")
    told = checked(url.render_as_string(hide_password=False), MAPPED)
    run(postgresql_url, "drop role checking")
    assert told.code == 1
    (error,) = told.verdicts
    assert "permission denied for table lead" in error
    assert "hunter2" not in told.text


# What it leaves behind


def test_nothing_is_written(sqlite_url: str, tmp_path: Path) -> None:
    run(sqlite_url, LEAD, a_lead("1"))
    before = sorted(tmp_path.rglob("*"))
    settings = Settings.read(f'[source]\nurl = "{sqlite_url}"\n{MAPPED}', {}, folder=tmp_path)
    assert check_source(settings, PACK, lambda line: None) == 0
    assert sorted(tmp_path.rglob("*")) == before


# Names and phones


CONTACT = """
[entities.contact]
query = "select {id} as id, {name} as name, phone from lead"
"""


def test_names_and_phones_are_looked_for_by_the_newest_leads_and_none_is_printed(database_url: str) -> None:
    run(database_url, LEAD, a_lead("1"), a_lead("2", phone=""))
    told = checked(database_url, STAMPED + CONTACT.format(id="id", name="null"), more="allow_writable = true")
    assert told.says("contact: of 2 leads 2 found, 0 with a name, 1 with a phone")
    assert "13800001111" not in told.text


@pytest.mark.parametrize(
    ("mapping", "said"),
    [
        (
            CONTACT.format(id="'x' || id", name="grade"),
            "of 2 leads 0 found, 0 with a name, 0 with a phone. [entities.contact]",
        ),
        (CONTACT.format(id="id", name="surname"), "contact: "),
        ('[entities.contact]\ntable = "lead"\ncolumns = { id = "id", name = "surname" }', "contact: "),
    ],
    ids=["ids of something else", "a column that is not there", "the same in the short form"],
)
def test_a_contact_that_cannot_be_read_is_an_error(sqlite_url: str, mapping: str, said: str) -> None:
    run(sqlite_url, LEAD, a_lead("1"), a_lead("2"))
    told = checked(sqlite_url, MAPPED + mapping)
    assert told.code == 1 and told.says(said)


def test_leads_without_a_contact_are_told(sqlite_url: str) -> None:
    run(sqlite_url, LEAD, a_lead("1"), a_lead("2"))
    mapping = "[entities.contact]\nquery = \"select id, grade as name, phone from lead where id = '1'\""
    assert (
        "warning contact: of 2 leads 1 found, 1 with a name, 1 with a phone"
        in checked(sqlite_url, MAPPED + mapping).verdicts
    )


def test_what_leads_looked_at_is_tried_too(sqlite_url: str) -> None:
    run(sqlite_url, LEAD, a_lead("1"), a_lead("2"))
    mapping = '[entities.browsing]\nquery = "select id as lead_id, created_at as at, {page} as page from lead"'
    assert checked(sqlite_url, MAPPED + mapping.format(page="grade")).says("browsing: 2 rows of the newest 2 leads")
    wrong = checked(sqlite_url, MAPPED + mapping.format(page="title"))
    assert wrong.code == 1 and wrong.says("error browsing: ")
