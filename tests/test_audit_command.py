"""`audit` prints who did what, and says whether all of it is still there."""

import json
from pathlib import Path

import pytest
from sqlalchemy import update

import app
from data_access.store import Store
from data_access.store.audit import record
from data_access.store.people import add_person
from data_access.store.tables import audit
from tests.data_access.stores import NOON


@pytest.fixture
def config(tmp_path: Path) -> str:
    """Settings whose store has two entries."""
    store = Store.open(f"sqlite:///{tmp_path}/store.db")
    person = add_person(store, "王芳", "admin")
    record(store, person.id, "screen_paired", NOON, "s1", {"place": "canteen"})
    record(store, "warboard", "screen_copied", NOON, "=s1")
    store.close()
    file = tmp_path / "warboard.toml"
    file.write_text('[store]\nurl = "sqlite:///store.db"\n', encoding="utf-8")
    return str(file)


def test_it_prints_entries_newest_first_with_names(config: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.main(["audit", "--config", config, "--format", "json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert [(one["by"], one["action"], one["at"]) for one in printed] == [
        ("warboard", "screen_copied", "2026-03-02 12:00:00"),
        ("王芳", "screen_paired", "2026-03-02 12:00:00"),
    ]


@pytest.mark.parametrize(
    ("words", "ids"),
    [
        (["--by", "王芳"], [1]),
        (["--action", "screen_copied"], [2]),
        (["--about", "s1"], [1]),
        (["--to", "2026-03-01"], []),
        (["--from", "2026-03-02", "--to", "2026-03-02"], [2, 1]),
    ],
    ids=lambda value: " ".join(map(str, value)),
)
def test_it_is_narrowed(config: str, capsys: pytest.CaptureFixture[str], words: list[str], ids: list[int]) -> None:
    assert app.main(["audit", "--config", config, "--format", "json", *words]) == 0
    assert [one["id"] for one in json.loads(capsys.readouterr().out)] == ids


def test_as_csv_no_cell_is_taken_for_a_formula(config: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.main(["audit", "--config", config, "--format", "csv", "--about", "=s1"]) == 0
    assert capsys.readouterr().out.splitlines()[1] == '"2","2026-03-02 12:00:00","warboard","screen_copied","\'=s1",""'


def test_what_is_no_day_is_said_in_one_line(config: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.main(["audit", "--config", config, "--from", "gestern"]) == 2
    assert capsys.readouterr().err == "'gestern' is no day. Give one such as 2026-03-31.\n"


def test_verifying_says_whole_or_the_first_broken_entry(config: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.main(["audit", "--config", config, "--verify"]) == 0
    store = Store.open(f"sqlite:///{Path(config).parent}/store.db")
    with store.writing() as connection:
        connection.execute(update(audit).where(audit.c.id == 1).values(actor="nobody"))
    store.close()
    assert app.main(["audit", "--config", config, "--verify"]) == 1
    assert capsys.readouterr().out == "The audit is whole.\nEntry 1 is missing or was changed.\n"
