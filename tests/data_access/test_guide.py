"""`init`: a look at somebody else's database becomes settings that can be read and used."""

import io
import re
import runpy
import sys
import tomllib
from pathlib import Path

import pytest
from sqlalchemy import create_engine
from sqlalchemy.engine import make_url

from data_access import guide
from data_access.check import check_source
from data_access.guide import settings_text, write_settings
from data_access.packs import read_pack
from data_access.proposals import Proposal, propose, with_projects
from data_access.settings import EntityMapping, Settings, documented
from data_access.source import TableFacts
from metrics.entities import ENTITIES

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared" / "data"
LEADS = "create table crm_clue (clue_id integer primary key, proj_id integer, phone text, create_time datetime)"


@pytest.fixture(autouse=True)
def _nobody_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WARBOARD_SOURCE_URL", raising=False)
    monkeypatch.setattr(sys, "stdin", io.StringIO())


class Terminal(io.StringIO):
    """Somebody at a terminal who types these lines."""

    def isatty(self) -> bool:
        return True


def run(url: str, *statements: str) -> None:
    """Do something to the database, as its owner would."""
    engine = create_engine(url)
    with engine.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
    engine.dispose()


def entities_after(url: str, path: Path) -> dict[str, EntityMapping]:
    """The mapping that `init` wrote."""
    assert write_settings(path, url, force=False) == 0
    return dict(Settings.read(path.read_text(), {}, folder=path.parent).entities)


def a_table(name: str, columns: str, *, comment: str = "", rows: int | None = 9, **comments: str) -> TableFacts:
    """A table with `name:TYPE` columns, the first of them its key."""
    kinds = dict(word.split(":") for word in columns.split())
    return TableFacts(name, kinds, (next(iter(kinds)),), rows, comment=comment, comments=comments)


def proposed(*tables: TableFacts) -> dict[str, Proposal]:
    """What these tables could mean."""
    return with_projects(propose(tables))


def table_of(proposal: Proposal) -> str:
    """The table a proposal uses, empty when it only suggests one."""
    return proposal.table.name if proposal.table and proposal.is_active else ""


def text_of(*tables: TableFacts) -> str:
    """The settings written for these tables."""
    return settings_text(make_url("sqlite:///crm.db"), len(tables), proposed(*tables), False)


# Real schemas


def shared(name: str, url: str) -> None:
    """Load a shared data set; the test is skipped, with the reason, where it is not there."""
    loader = SHARED / name / "load.py"
    if not loader.is_file():
        pytest.skip(f"The shared data set {name} is not there ({loader.parent})")
    engine = create_engine(url)
    runpy.run_path(str(loader))["load_all"](engine)
    engine.dispose()


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "leads", "contracts"),
    [
        ("huike-crm", ("tb_clue", "id", "create_time"), ("tb_contract", "id", "create_time")),
        (
            "olist-funnel",
            ("olist_marketing_qualified_leads_dataset", "mql_id", "first_contact_date"),
            ("olist_closed_deals_dataset", "mql_id", "won_date"),
        ),
    ],
)
def test_a_real_source_is_understood_and_can_be_used_at_once(
    name: str, leads: tuple[str, ...], contracts: tuple[str, ...], sqlite_url: str, tmp_path: Path
) -> None:
    shared(name, sqlite_url)
    path = tmp_path / "warboard.toml"
    found = entities_after(sqlite_url, path)
    lead, contract = found["lead"], found["contract"]
    assert (lead.table, lead.columns["id"], lead.columns["created_at"]) == leads
    assert (contract.table, contract.columns["id"], contract.columns["signed_at"]) == contracts
    settings = Settings.read(path.read_text(), {}, folder=tmp_path)
    assert check_source(settings, read_pack("property"), lambda line: None) == 0


@pytest.mark.shared
def test_the_columns_of_a_real_source_are_understood(sqlite_url: str, tmp_path: Path) -> None:
    shared("huike-crm", sqlite_url)
    found = entities_after(sqlite_url, tmp_path / "warboard.toml")
    assert found["lead"].columns["person"] == "phone"
    assert found["lead"].columns["channel_id"] == "channel"
    assert found["lead"].columns["updated_at"] == "update_time"
    assert found["staff"].table == "sys_user"
    assert found["staff"].columns["phone"] == "phonenumber"


def test_the_tables_of_the_demo_are_recognised(sqlite_url: str, tmp_path: Path) -> None:
    sql = (ROOT / "data_access" / "demo.sql").read_text()
    run(sqlite_url, *(statement for statement in sql.split(";") if "create" in statement))
    found = entities_after(sqlite_url, tmp_path / "warboard.toml")
    mapped = tomllib.loads((ROOT / "data_access" / "demo.toml").read_text())["entities"]
    for name, mapping in found.items():
        assert mapping.table in str(mapped[name]), name
    assert {"project", "channel", "staff", "lead", "visit", "subscription", "contract", "follow_up"} <= set(found)


def test_names_in_pinyin_are_understood(sqlite_url: str, tmp_path: Path) -> None:
    run(
        sqlite_url,
        "create table t_xiangmu (xm_id integer primary key, mingcheng text)",
        "create table t_kehu (kh_id integer primary key, xm_id integer, shouji text, cjsj datetime, gxsj datetime)",
        "create table t_dafang (df_id integer primary key, kh_id integer, xm_id integer, dafang_time datetime)",
        "create table t_rengou (rg_id integer primary key, kh_id integer, rengou_date date, jine decimal(18,2))",
        "create table t_qianyue (qy_id integer primary key, kh_id integer, qianyue_date date, jine decimal(18,2))",
    )
    found = entities_after(sqlite_url, tmp_path / "warboard.toml")
    assert {name: mapping.table for name, mapping in found.items()} == {
        "project": "t_xiangmu",
        "lead": "t_kehu",
        "visit": "t_dafang",
        "subscription": "t_rengou",
        "contract": "t_qianyue",
    }
    assert found["lead"].columns["person"] == "shouji"
    assert found["lead"].columns["updated_at"] == "gxsj"
    assert found["contract"].columns["amount"] == "jine"


def test_names_in_chinese_are_understood(sqlite_url: str, tmp_path: Path) -> None:
    run(
        sqlite_url,
        'create table 客户信息表 (编号 integer primary key, 所属项目 text, 手机号 text, 创建时间 datetime, "来源" text)',
        "create table 到访记录 (编号 integer primary key, 客户id integer, 到访时间 datetime, 置业顾问 text)",
        "insert into 客户信息表 values (1, '甲', '13800001111', '2026-03-01 10:00:00', '抖音')",
    )
    path = tmp_path / "warboard.toml"
    found = entities_after(sqlite_url, path)
    assert found["lead"].table == "客户信息表"
    assert dict(found["visit"].columns) == {"id": "编号", "lead_id": "客户id", "staff_id": "置业顾问", "at": "到访时间"}
    settings = Settings.read(path.read_text(), {}, folder=tmp_path)
    assert check_source(settings, read_pack("property"), lambda line: None) == 0


def test_on_a_server_comments_help_and_a_table_that_may_not_be_read_is_only_suggested(
    postgresql_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(
        postgresql_url,
        "create table t1 (f1 bigint primary key, f2 bigint, f3 text, f4 timestamptz)",
        "comment on table t1 is '线索表'",
        "comment on column t1.f2 is '所属项目'",
        "comment on column t1.f3 is '手机号'",
        "comment on column t1.f4 is '创建时间（系统）'",
        "create table crm_visit (id bigint primary key, visit_time timestamptz)",
        "create role guided login password 'hunter2!'",
        "grant select on t1 to guided",
    )
    url = make_url(postgresql_url).set(username="guided", password="hunter2!")
    path = tmp_path / "warboard.toml"
    found = entities_after(url.render_as_string(hide_password=False), path)
    assert dict(found["lead"].columns) == {"id": "f1", "project_id": "f2", "created_at": "f4", "person": "f3"}
    assert "visit" not in found
    text, said = path.read_text(), capsys.readouterr()
    assert "# [entities.visit]" in text and "permission denied" in text
    assert "# set WARBOARD_SOURCE_URL" in text
    assert "hunter2" not in text + said.out + said.err
    run(postgresql_url, "drop owned by guided", "drop role guided")


# What is proposed


def test_a_copy_of_a_table_is_not_taken_for_the_table() -> None:
    columns = "id:INTEGER phone:TEXT created_at:TIMESTAMP"
    found = proposed(a_table("crm_lead_bak", columns), a_table("crm_lead", columns), a_table("lead_tag", "id:INTEGER"))
    assert table_of(found["lead"]) == "crm_lead"
    assert table_of(proposed(a_table("crm_lead_bak", columns))["lead"]) == ""


def test_a_table_is_what_the_end_of_its_name_says() -> None:
    found = proposed(
        a_table("customer", "id:INTEGER created_at:TIMESTAMP"),
        a_table("customer_visit", "id:INTEGER customer_id:INTEGER visit_time:TIMESTAMP"),
        a_table("customer_follow_log", "id:INTEGER customer_id:INTEGER follow_time:TIMESTAMP"),
    )
    assert [table_of(found[name]) for name in ("lead", "visit", "follow_up")] == [
        "customer",
        "customer_visit",
        "customer_follow_log",
    ]


def test_a_weak_hint_makes_a_suggestion_only() -> None:
    found = proposed(a_table("marketing_activity", "id:INTEGER name:TEXT"))["channel"]
    assert found.table is not None
    assert not found.is_active


def test_a_table_without_a_required_column_is_suggested_only() -> None:
    found = proposed(a_table("crm_visit", "id:INTEGER remark:TEXT"))["visit"]
    assert found.lacks == ["at"]
    assert not found.is_active


def test_a_source_without_projects_gets_one() -> None:
    found = proposed(a_table("leads", "id:INTEGER created_at:TIMESTAMP"))
    assert found["project"].query == "select 'all' as id, '全部' as name"
    assert found["lead"].constants == {"project_id": "all"}


def test_rows_without_project_wait_for_one_where_the_source_has_projects() -> None:
    tables = [a_table("project", "id:INTEGER name:TEXT"), a_table("leads", "id:INTEGER created_at:TIMESTAMP")]
    assert proposed(*tables)["lead"].constants == {"project_id": ""}
    assert "未归属 until mapped" in text_of(*tables)


def test_codes_are_for_a_human_to_explain() -> None:
    found = proposed(a_table("leads", "id:INTEGER created_at:TIMESTAMP level:INTEGER valid_flag:INTEGER"))["lead"]
    assert [choice.column for choice in found.choices if not choice.sure] == ["grade", "valid"]
    assert {"grade", "valid"}.isdisjoint(found.columns)
    text = text_of(a_table("leads", "id:INTEGER created_at:TIMESTAMP level:INTEGER"))
    assert '# grade = "level"' in text
    assert '# grade = { "1" = "A"' in text


def test_a_flag_that_can_only_be_one_is_used() -> None:
    found = proposed(a_table("leads", "id:INTEGER created_at:TIMESTAMP valid:BOOLEAN"))["lead"]
    assert found.columns["valid"] == "valid"


def test_a_time_is_not_taken_from_a_column_of_another_kind() -> None:
    found = proposed(a_table("leads", "id:INTEGER created:BLOB create_user:TEXT create_time:BIGINT"))["lead"]
    assert found.columns["created_at"] == "create_time"


def test_the_new_owner_is_taken_and_not_the_old_one() -> None:
    table = a_table("assign_log", "id:INTEGER lead_id:INTEGER old_emp:INTEGER new_emp:INTEGER assign_time:TIMESTAMP")
    assert proposed(table)["assignment"].columns["staff_id"] == "new_emp"


def test_face_data_is_never_proposed() -> None:
    found = proposed(
        a_table("leads", "id:INTEGER created_at:TIMESTAMP face_phone:TEXT"),
        a_table("face_visit", "id:INTEGER visit_time:TIMESTAMP"),
    )
    assert "person" not in found["lead"].columns
    assert found["visit"].table is None


# What is written


def test_every_setting_stands_in_the_file_with_its_meaning() -> None:
    text = text_of(a_table("leads", "id:INTEGER created_at:TIMESTAMP"))
    for key, _, meaning in documented():
        assert meaning in text, key
        if "<name>" not in key:
            assert f"{key.rpartition('.')[2]} = " in text, key


def test_the_defaults_in_the_file_are_the_defaults() -> None:
    settings = text_of().partition("# What the")[0]
    uncommented = re.sub(r"^# (\w+ = [^…]+)$", r"\1", settings, flags=re.MULTILINE)
    assert Settings.read(uncommented, {}) == Settings.read('[source]\nurl = "sqlite:///crm.db"', {})


def test_why_a_column_was_chosen_and_what_is_missing_is_written_beside_it() -> None:
    text = text_of(a_table("t9", "k:INTEGER m:TEXT created_at:TIMESTAMP del_flag:INTEGER", comment="线索", m="手机号"))
    assert "# lead 留电: t9, because its comment says '线索'." in text
    assert 'person = "m"  # by its comment · TEXT · 手机号' in text
    assert 'id = "k"  # the key · INTEGER' in text
    assert "Still missing: channel_id, staff_id" in text
    assert "del_flag seems to mark rows that do not count" in text


def test_what_somebody_else_wrote_cannot_become_a_setting() -> None:
    evil = 'x"\n[server]\nport = 1\n\x1b[31m\x00'
    text = text_of(a_table("[gap]\nlead", "id:INTEGER created_at:TIMESTAMP phone:TEXT", comment=evil, phone=evil))
    settings = Settings.read(text, {})
    assert settings.server.port == 8050
    assert settings.entities["lead"].table == "[gap]\nlead"


def test_a_sqlite_file_is_named_as_seen_from_the_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(f"sqlite:///{tmp_path}/crm.db", LEADS)
    monkeypatch.chdir(tmp_path)
    assert write_settings(Path("conf/warboard.toml"), "sqlite:///crm.db", force=False) == 0
    written = Settings.read(Path("conf/warboard.toml").read_text(), {}, folder=tmp_path / "conf")
    assert written.source.url == f"sqlite:///{tmp_path}/crm.db"
    assert write_settings(Path("warboard.toml"), "sqlite:///crm.db", force=False) == 0
    assert 'url = "sqlite:///crm.db"' in Path("warboard.toml").read_text()


def test_settings_that_are_there_are_overwritten_only_by_force(
    sqlite_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(sqlite_url, LEADS)
    path = tmp_path / "warboard.toml"
    path.write_text("# mine")
    assert write_settings(path, sqlite_url, force=False) == 2
    assert "--force" in capsys.readouterr().err
    assert path.read_text() == "# mine"
    assert write_settings(path, sqlite_url, force=True) == 0
    assert "[entities.lead]" in path.read_text()


# Questions


def test_the_url_is_asked_for_at_a_terminal_only_and_never_shown(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run(sqlite_url, LEADS)
    monkeypatch.setattr("getpass.getpass", lambda prompt: sqlite_url)
    assert write_settings(tmp_path / "a.toml", None, force=False) == 2
    assert "--url" in capsys.readouterr().err
    monkeypatch.setattr(sys, "stdin", Terminal("\n" * 20))
    assert write_settings(tmp_path / "a.toml", None, force=False) == 0


def test_the_url_may_stand_in_the_environment(sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(sqlite_url, LEADS)
    monkeypatch.setenv("WARBOARD_SOURCE_URL", sqlite_url)
    assert write_settings(tmp_path / "warboard.toml", None, force=False) == 0


def test_another_table_or_none_can_be_chosen(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run(
        sqlite_url,
        LEADS,
        "create table walkin (id integer primary key, proj_id integer, create_time datetime)",
        "create table crm_visit (id integer primary key, visit_time datetime)",
    )
    answers = {"lead": "walkins\nwalkin", "visit": "-"}
    asked = [name for name in ENTITIES if name in guide._ASKED_ALWAYS]
    monkeypatch.setattr(sys, "stdin", Terminal("".join(f"{answers.get(name, '')}\n" for name in asked)))
    found = entities_after(sqlite_url, tmp_path / "warboard.toml")
    assert found["lead"].table == "walkin"
    assert "visit" not in found
    assert "There is no table 'walkins'. Did you mean 'walkin'?" in capsys.readouterr().out


def test_a_suggestion_that_is_confirmed_is_used(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(sqlite_url, LEADS, "create table activity (id integer primary key, name text)")
    monkeypatch.setattr(sys, "stdin", Terminal("\n" * 20))
    assert entities_after(sqlite_url, tmp_path / "warboard.toml")["channel"].table == "activity"


def test_answers_that_end_early_write_nothing(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run(sqlite_url, LEADS)
    monkeypatch.setattr(sys, "stdin", Terminal("\n"))
    assert write_settings(tmp_path / "warboard.toml", sqlite_url, force=False) == 2
    assert "nothing was written" in capsys.readouterr().err
    assert not (tmp_path / "warboard.toml").exists()


# Bad input


@pytest.mark.parametrize(
    ("url", "answer"),
    [
        ("postgresql://reader:hunter2@127.0.0.1:1/crm", "127.0.0.1:1/crm cannot be read"),
        ("nosuch://reader:hunter2@crm/sales", "No driver for nosuch"),
        ("hunter2", "--url is no database URL"),
        ("postgresql://reader:hunter2@crm:port/sales", "--url is no database URL"),
        ("sqlite:////nowhere/at/all.db", "cannot be read"),
    ],
)
def test_a_source_that_cannot_be_read_is_answered_in_one_line(
    url: str, answer: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert write_settings(tmp_path / "warboard.toml", url, force=False) == 2
    said = capsys.readouterr().err
    assert answer in said
    assert said.count("\n") == 1
    assert "hunter2" not in said
    assert not (tmp_path / "warboard.toml").exists()


def test_an_empty_database_is_answered_in_one_line(
    sqlite_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert write_settings(tmp_path / "warboard.toml", sqlite_url, force=False) == 2
    assert "shows no tables" in capsys.readouterr().err


def test_a_table_that_cannot_be_read_is_answered_in_one_line(
    sqlite_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(sqlite_url, LEADS, "create view crm_visit as select * from nowhere")
    assert write_settings(tmp_path / "warboard.toml", sqlite_url, force=False) == 2
    assert capsys.readouterr().err.startswith("The source's tables cannot be listed: no such table: main.nowhere.")


def test_a_table_that_cannot_be_described_is_left_alone() -> None:
    broken = TableFacts("crm_visit", {}, (), None, problem="cannot be described: it is broken")
    assert proposed(broken)["visit"].table is None


def test_a_folder_that_cannot_be_written_is_answered_in_one_line(
    sqlite_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(sqlite_url, LEADS)
    (tmp_path / "file").touch()
    assert write_settings(tmp_path / "file" / "warboard.toml", sqlite_url, force=False) == 2
    assert "cannot be written" in capsys.readouterr().err
