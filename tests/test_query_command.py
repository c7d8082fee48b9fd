"""What `app.py query` answers, on a small world whose numbers can be counted by hand."""

import csv
import io
import json
import re
import socket
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import create_engine

import app
from tests.facts import refreshed

AS_OF = datetime(2026, 3, 15, 12, tzinfo=ZoneInfo("Asia/Shanghai"))
WORLD = """
create table project (id text, name text);
insert into project values ('P1', '东岸'), ('P2', '西城'), ('P3', '南湾');
create table channel (id text, name text);
insert into channel values ('C1', '抖音'), ('C2', '老带新');
create table staff (id text, name text);
insert into staff values ('S1', '王芳'), ('S2', '李强');
create table lead (id text, project_id text, channel_id text, staff_id text, created_at text);
insert into lead values
    ('L1', 'P1', 'C1', 'S1', '2026-03-01 09:00:00'), ('L2', 'P1', 'C2', 'S1', '2026-03-15 11:59:00'),
    ('L3', 'P1', null, null, '2026-03-02 10:00:00'), ('L4', null, 'C1', 'S2', '2026-02-28 23:30:00'),
    ('L5', 'P2', 'C1', 'S2', '2026-01-10 15:00:00'), ('L6', 'P2', 'C2', 'S1', '2026-01-31 08:00:00'),
    ('L7', 'P2', 'C1', 'S1', '2026-03-15 12:01:00');
create table visit (id text, lead_id text, project_id text, staff_id text, at text);
insert into visit values
    ('V1', 'L1', 'P1', 'S2', '2026-03-05 10:00:00'), ('V5', 'L5', 'P2', 'S2', '2026-02-05 10:00:00');
create table contract (id text, lead_id text, project_id text, staff_id text, signed_at text, amount text);
insert into contract values
    ('K1', 'L1', 'P1', 'S2', '2026-03-10 10:00:00', '2500000.50'),
    ('K5', 'L5', 'P2', 'S2', '2026-03-01 09:30:00', '1000000.1234');
"""
SETTINGS = """
[source]
url = "sqlite:///crm.db"
[store]
url = "sqlite:///warboard.db"
[replica]
path = "replica.duckdb"
[snapshots]
dir = "snapshots"
[security]
key_file = "warboard.key"
"""
MAPPED = {
    "project": "id name",
    "channel": "id name",
    "staff": "id name",
    "lead": "id project_id channel_id staff_id created_at",
    "visit": "id lead_id project_id staff_id at",
    "contract": "id lead_id project_id staff_id signed_at amount",
}
YEAR = ["--from", "2026-01-01", "--to", "2026-03-31"]

Ask = Callable[..., Any]


def mapping() -> str:
    """The settings, with every table mapped by its own names."""
    tables = [
        f'[entities.{name}]\nquery = "select {", ".join(columns.split())} from {name}"'
        for name, columns in MAPPED.items()
    ]
    return "\n".join([SETTINGS, *tables])


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The settings file of a world that is refreshed once, at noon of 15 March 2026."""
    folder = tmp_path_factory.mktemp("query")
    engine = create_engine(f"sqlite:///{folder}/crm.db")
    with engine.begin() as connection:
        for statement in filter(str.strip, WORLD.split(";")):
            connection.exec_driver_sql(statement)
    engine.dispose()
    file = folder / "warboard.toml"
    file.write_text(mapping(), encoding="utf-8")
    refreshed(f"sqlite:///{folder}/crm.db", mapping(), "", folder, AS_OF)
    return file


@pytest.fixture
def printed(config: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """What `query` prints."""

    def run(*words: str) -> str:
        assert app.main(["query", *words, "--config", str(config)]) == 0
        return capsys.readouterr().out

    return run


@pytest.fixture
def ask(printed: Callable[..., str]) -> Ask:
    """The records of a question."""
    return lambda *words: json.loads(printed(*words, "--format", "json"))


@pytest.fixture
def refused(config: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """The message of a question that cannot be answered: one line, exit code 2, nothing printed."""

    def run(*words: str) -> str:
        assert app.main(["query", *words, "--config", str(config)]) == 2
        out, err = capsys.readouterr()
        assert (out, err.count("\n")) == ("", 1)
        return err

    return run


def values(found: list[dict[str, Any]], *names: str) -> dict[Any, Any]:
    """Values by the named fields."""
    keys = [tuple(row[name] for name in names) for row in found]
    return {key if len(names) > 1 else key[0]: row["value"] for key, row in zip(keys, found, strict=True)}


# -------------------------------------------------------------------------------------------------------- shape of rows


def test_a_count_is_a_whole_number_with_its_unit_and_basis(ask: Ask) -> None:
    assert ask("leads") == [{"metric": "leads", "value": 3, "unit": "party", "basis": "period"}]


def test_dimensions_are_ids_of_the_source_beside_their_names(ask: Ask) -> None:
    (row,) = ask("leads", "--by", "project,channel,day", "--where", "channel=C1")
    assert row == {
        "project": "P1",
        "project_name": "东岸",
        "channel": "C1",
        "channel_name": "抖音",
        "day": "2026-03-01",
        "metric": "leads",
        "value": 1,
        "unit": "party",
        "basis": "period",
    }


@pytest.mark.parametrize("dimension", ["project", "channel", "staff"])
def test_what_belongs_to_nobody_stands_under_null(ask: Ask, dimension: str) -> None:
    rows = ask("leads", *YEAR, "--by", dimension)
    (nobody,) = (row for row in rows if row[dimension] is None)
    assert (nobody[f"{dimension}_name"], nobody["value"]) == (None, 1)
    assert sum(row["value"] for row in rows) == 6


@pytest.mark.parametrize(
    ("dimension", "expected"),
    [
        ("day", {"2026-01-10": 1, "2026-01-31": 1, "2026-02-28": 1, "2026-03-01": 1, "2026-03-02": 1, "2026-03-15": 1}),
        ("week", {"2026-01-05": 1, "2026-01-26": 1, "2026-02-23": 2, "2026-03-02": 1, "2026-03-09": 1}),
        ("month", {"2026-01": 2, "2026-02": 1, "2026-03": 3}),
    ],
)
def test_days_weeks_by_their_monday_and_months(ask: Ask, dimension: str, expected: dict[str, int]) -> None:
    assert values(ask("leads", *YEAR, "--by", dimension), dimension) == expected


def test_money_is_an_exact_decimal_text_in_yuan(ask: Ask) -> None:
    (row,) = ask("contract_amount")
    assert (row["value"], row["unit"]) == ("3500000.6234", "yuan")
    assert values(ask("contract_amount", "--by", "project"), "project") == {"P1": "2500000.5", "P2": "1000000.1234"}


def test_an_average_of_money_is_money_with_what_it_was_computed_from(ask: Ask) -> None:
    (row,) = ask("average_contract")
    assert (row["value"], row["numerator"], row["denominator"], row["n"]) == ("1750000.3117", "3500000.6234", 2, 2)


def test_a_rate_is_a_fraction_with_numerator_denominator_and_n(ask: Ask) -> None:
    (row,) = ask("visit_rate", "--to", "2026-03-14")
    assert (row["value"], row["unit"]) == (0.5, "share")
    assert (row["numerator"], row["denominator"], row["n"]) == (1, 2, 2)


def test_a_duration_says_its_unit(ask: Ask) -> None:
    (row,) = ask("days_to_contract", *YEAR)
    assert (row["value"], row["unit"], row["n"]) == (29.5, "day", 2)


def test_several_metrics_come_in_the_order_asked(ask: Ask) -> None:
    assert values(ask("contracts", "leads", "visits"), "metric") == {"contracts": 2, "leads": 3, "visits": 1}
    assert [row["metric"] for row in ask("contracts", "leads", "visits")] == ["contracts", "leads", "visits"]


# -------------------------------------------------------------------------------------------------------------- nothing


def test_a_total_of_nothing_is_zero_and_groups_with_nothing_are_left_out(ask: Ask) -> None:
    before = ("--from", "2020-01-01", "--to", "2020-12-31")
    assert [row["value"] for row in ask("leads", "contract_amount", *before)] == [0, "0"]
    assert ask("leads", "visit_rate", *before, "--by", "project") == []
    assert set(values(ask("leads", *YEAR, "--by", "project"), "project")) == {"P1", "P2", None}


def test_a_rate_of_nothing_is_null_and_not_zero(ask: Ask) -> None:
    (row,) = ask("visit_rate", "--from", "2020-01-01", "--to", "2020-12-31")
    assert (row["value"], row["reason"], row["denominator"]) == (None, "nothing", 0)


@pytest.mark.parametrize(
    ("metric", "reason"),
    [
        ("cost_per_lead", "absent: spend"),
        ("valid_leads", "absent: lead.valid"),
        ("subscribed_parties", "absent: subscription"),
        ("visit_to_subscription", "absent: subscription"),
    ],
)
def test_what_the_source_lacks_is_null_and_says_what_lacks(ask: Ask, metric: str, reason: str) -> None:
    (row,) = ask(metric, *YEAR)
    assert (row["value"], row["reason"]) == (None, reason)


def test_what_the_source_lacks_answers_once_when_grouped(ask: Ask) -> None:
    (row,) = ask("valid_leads", *YEAR, "--by", "project")
    assert (row["value"], row["reason"]) == (None, "absent: lead.valid")


def test_a_state_is_known_for_today_only(ask: Ask) -> None:
    (today,) = ask("active_leads")
    (before,) = ask("active_leads", "--from", "2026-02-01", "--to", "2026-02-28")
    assert today["value"] == 4
    assert (before["value"], before["reason"]) == (None, "no_record")


def test_leads_too_young_for_a_rate_are_immature(ask: Ask) -> None:
    (row,) = ask("visit_rate", "--basis", "cohort")
    assert (row["value"], row["reason"]) == (None, "immature")


# ------------------------------------------------------------------------------------------------------- days and basis


def test_by_default_the_current_month_to_as_of_is_asked(ask: Ask) -> None:
    assert ask("leads") == ask("leads", "--from", "2026-03-01", "--to", "2026-03-15")
    assert ask("leads", "--basis", "cohort")[0]["value"] == 3


def test_both_days_are_included_and_nothing_after_as_of_counts(ask: Ask) -> None:
    assert ask("leads", "--from", "2026-02-28", "--to", "2026-03-01")[0]["value"] == 2
    assert ask("leads", "--from", "2026-03-15", "--to", "2026-03-15")[0]["value"] == 1


def test_period_dates_select_the_days_of_events_cohort_dates_those_of_leads(ask: Ask) -> None:
    january = ("--from", "2026-01-01", "--to", "2026-01-31")
    assert ask("contracted_parties", *january)[0]["value"] == 0
    assert ask("contracted_parties", *january, "--basis", "cohort")[0]["value"] == 1


@pytest.mark.parametrize(
    ("window", "visited", "contracted"),
    [
        pytest.param("default", 2, 2, id="30 days to the visit, 45 from there to the contract"),
        pytest.param("3", 0, 0, id="three days from the lead"),
        pytest.param("4", 1, 0, id="the fourth day is still in"),
        pytest.param("9", 1, 1, id="nine days from the lead"),
        pytest.param("26", 2, 1, id="26 days"),
        pytest.param("50", 2, 2, id="50 days"),
        pytest.param("none", 2, 2, id="whenever"),
    ],
)
def test_a_window_limits_the_days_from_the_lead(ask: Ask, window: str, visited: int, contracted: int) -> None:
    counts = ("first_visits", "contracted_parties")
    asked = ask(*counts, *YEAR, "--basis", "cohort", "--window", window)
    assert values(asked, "metric") == dict(zip(counts, (visited, contracted), strict=True))


@pytest.mark.parametrize(
    ("window", "numerator", "denominator"),
    [
        pytest.param("default", 1, 2, id="only leads of January are 30 days old"),
        pytest.param("14", 0, 3, id="14 days after 1 March is 15 March, which is not over; after 28 February it is"),
        pytest.param("13", 1, 4, id="with 13 days the lead of 1 March counts"),
        pytest.param("none", 2, 6, id="whenever: every lead counts"),
    ],
)
def test_a_cohort_rate_sums_mature_lead_days_only(ask: Ask, window: str, numerator: int, denominator: int) -> None:
    (row,) = ask("visit_rate", *YEAR, "--basis", "cohort", "--window", window)
    assert (row["numerator"], row["denominator"], row["basis"]) == (numerator, denominator, "cohort")


# ----------------------------------------------------------------------------------------------- narrowing and grouping


@pytest.mark.parametrize(
    ("words", "leads"),
    [
        pytest.param(["project=P1"], 3, id="one project"),
        pytest.param(["project=P1,P2"], 5, id="two projects"),
        pytest.param(["project=P1", "project=P2"], 5, id="two projects, said one by one"),
        pytest.param(["project=P1", "channel=C1"], 1, id="a project and a channel"),
        pytest.param(["channel="], 1, id="no channel"),
        pytest.param(["staff=S1", "channel=C2"], 2, id="a salesperson and a channel"),
    ],
)
def test_where_narrows(ask: Ask, words: list[str], leads: int) -> None:
    narrowed = [part for word in words for part in ("--where", word)]
    assert ask("leads", *YEAR, *narrowed)[0]["value"] == leads


def test_party_measures_by_staff_and_channel_are_computed_from_parties(ask: Ask) -> None:
    by_both = ("--by", "staff", "--by", "channel")
    assert values(ask("leads", *YEAR, *by_both), "staff", "channel") == {
        ("S1", "C1"): 1,
        ("S1", "C2"): 2,
        ("S2", "C1"): 2,
        (None, None): 1,
    }
    assert values(ask("contracted_parties", *YEAR, *by_both), "staff", "channel") == {("S1", "C1"): 1, ("S2", "C1"): 1}


def test_a_cohort_by_staff_and_channel_is_computed_from_parties(ask: Ask) -> None:
    rows = ask("visit_rate", *YEAR, "--basis", "cohort", "--window", "none", "--by", "staff,channel")
    assert {(row["staff"], row["channel"]): (row["numerator"], row["denominator"]) for row in rows} == {
        ("S1", "C1"): (1, 1),
        ("S1", "C2"): (0, 2),
        ("S2", "C1"): (1, 2),
        (None, None): (0, 1),
    }


@pytest.mark.parametrize("metric", ["contracts", "visits", "contract_amount", "average_contract"])
def test_row_measures_by_staff_and_channel_name_the_possible_ones(refused: Callable[..., str], metric: str) -> None:
    said = refused(metric, *YEAR, "--by", "staff,channel")
    assert metric in said
    assert "by project and channel" in said and "by project and staff" in said
    assert refused(metric, *YEAR, "--by", "staff", "--where", "channel=C1") == said


# -------------------------------------------------------------------------------------------------------------- refused


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        pytest.param(["lead"], ["'lead'", "Did you mean 'leads'?"], id="an unknown metric"),
        pytest.param(["leads", "--by", "chanel"], ["chanel", "Did you mean 'channel'?"], id="an unknown dimension"),
        pytest.param(["leads", "--where", "team=A"], ["team=A", "staff=…"], id="an unknown narrowing"),
        pytest.param(["leads", "--where", "project=P9"], ["project=P9", "--by project"], id="an unknown project"),
        pytest.param(["leads", "--where", "staff=S11"], ["staff=S11", "Did you mean 'S1'?"], id="an unknown person"),
        pytest.param(["leads", "--window", "soon"], ["soon", "none or a number of days"], id="an unknown window"),
        pytest.param(["leads", "--from", "March"], ["March", "2026-03-31"], id="a day that is none"),
        pytest.param(
            ["leads", "--from", "2026-03-02", "--to", "2026-03-01"],
            ["2026-03-01", "2026-03-02"],
            id="days the wrong way round",
        ),
        pytest.param(
            ["contract_amount", "--basis", "cohort"], ["contract_amount", "--basis period"], id="no reading by cohort"
        ),
        pytest.param(["attainment", "--by", "staff"], ["attainment", "by project"], id="targets are not set by staff"),
    ],
)
def test_a_question_that_cannot_be_answered_says_why(
    refused: Callable[..., str], words: list[str], parts: list[str]
) -> None:
    said = refused(*words)
    assert all(part in said for part in parts), said


def test_before_the_first_refresh_it_says_how_to_make_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "warboard.toml").write_text(SETTINGS, encoding="utf-8")
    assert app.main(["query", "leads", "--config", str(tmp_path / "warboard.toml")]) == 2
    assert "python app.py refresh" in capsys.readouterr().err


@pytest.mark.parametrize("port", ["99999", "0", "-1", "web"])
def test_a_port_that_is_none_is_refused(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        app.main(["serve", "--port", port])
    assert f"{port} is no port. Give a number from 1 to 65535." in capsys.readouterr().err


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        pytest.param("[group]\nname = '集团'".encode("gbk"), "is not written in UTF-8", id="another encoding"),
        pytest.param(b'[source]\nurl = "sqlit:///crm.db"', "No driver for sqlit", id="no such database"),
        pytest.param(
            b'[source]\nurl = "sqlite://"\n[store]\nurl = "sqlite:///crm.txt"', "cannot be opened", id="no store"
        ),
        pytest.param(b"[rules.slow_response]\nlimit = 'much'", "rules.slow_response.limit is 'much'", id="threshold"),
    ],
)
def test_settings_that_cannot_be_used_are_one_line(
    settings: bytes, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "warboard.toml").write_bytes(settings)
    (tmp_path / "crm.txt").write_text("no database at all, but a text of some length" * 30, encoding="utf-8")
    assert app.main(["serve", "--config", str(tmp_path / "warboard.toml")]) == 2
    err = capsys.readouterr().err
    assert said in err and err.count("\n") == 1


def test_a_replica_that_cannot_be_opened_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "warboard.toml").write_text(SETTINGS, encoding="utf-8")
    replica = app.read_settings(str(tmp_path / "warboard.toml")).replica.path
    replica.parent.mkdir(parents=True, exist_ok=True)
    replica.mkdir()
    assert app.main(["refresh", "--config", str(tmp_path / "warboard.toml")]) == 1
    assert "cannot be opened" in capsys.readouterr().out


def test_an_answer_says_how_old_it_is(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    app.main(["query", "leads", "--config", str(config)])
    assert re.fullmatch(r"As of \d{4}-\d\d-\d\d \d\d:\d\d:\d\d\n", capsys.readouterr().err)


def test_settings_saved_with_a_byte_order_mark_are_read(tmp_path: Path) -> None:
    (tmp_path / "warboard.toml").write_bytes(b"\xef\xbb\xbf[group]\nname = 'A'")
    assert app.read_settings(str(tmp_path / "warboard.toml")).group.name == "A"


def test_a_port_that_is_taken_is_said_before_anything_is_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        assert app.main(["demo", "--folder", str(tmp_path / "demo"), "--port", str(port)]) == 2
    told = capsys.readouterr().err
    assert f"Port {port} on 127.0.0.1 cannot be used" in told and f"--port {port + 10}" in told
    assert not (tmp_path / "demo").exists()


def test_the_demo_takes_no_folder_with_something_else_in_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    own = tmp_path / "warboard.toml"
    own.write_text("# our own\n", encoding="utf-8")
    assert app.main(["demo", "--folder", str(tmp_path)]) == 2
    assert "something else than a demo" in capsys.readouterr().err and own.read_text(encoding="utf-8") == "# our own\n"


# -------------------------------------------------------------------------------------------------------------- formats


def test_csv_has_a_header_and_leaves_null_empty(printed: Callable[..., str]) -> None:
    rows = list(
        csv.DictReader(io.StringIO(printed("leads", "contract_amount", *YEAR, "--by", "project", "--format", "csv")))
    )
    assert [(row["project"], row["project_name"], row["metric"], row["value"]) for row in rows] == [
        ("", "", "leads", "1"),
        ("P1", "东岸", "leads", "3"),
        ("P2", "西城", "leads", "2"),
        ("P1", "东岸", "contract_amount", "2500000.5"),
        ("P2", "西城", "contract_amount", "1000000.1234"),
    ]


def test_a_table_is_the_default_and_holds_every_value(printed: Callable[..., str]) -> None:
    table = printed("leads", *YEAR, "--by", "project")
    assert table == printed("leads", *YEAR, "--by", "project", "--format", "table")
    for text in ("project_name", "东岸", "西城", "P1", "P2", "party"):
        assert text in table


def test_a_table_shortens_nothing(printed: Callable[..., str]) -> None:
    words = ("average_contract", "visit_rate", *YEAR, "--by", "project,month")
    assert "…" not in printed(*words)


def test_every_format_holds_the_same_rows(ask: Ask, printed: Callable[..., str]) -> None:
    words = ("leads", "visit_rate", *YEAR, "--by", "project,month")
    as_csv = list(csv.DictReader(io.StringIO(printed(*words, "--format", "csv"))))
    plain = [{name: "" if value is None else str(value) for name, value in row.items()} for row in ask(*words)]
    assert [
        {name: value for name, value in row.items() if name in plain[place]} for place, row in enumerate(as_csv)
    ] == plain
