"""What `app.py people` does: who may sign in, on the command line alone."""

import getpass
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import app
from data_access.store import Store
from data_access.store.audit import entries
from data_access.store.links import use_link
from data_access.store.passwords import whose
from data_access.store.people import Person, people

GOOD = "三月江边 tulips 27"
Run = Callable[..., str]


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Settings with a store that does not exist yet; nothing else is needed."""
    file = tmp_path / "warboard.toml"
    file.write_text('[store]\nurl = "sqlite:///warboard.db"\n', encoding="utf-8")
    return file


@pytest.fixture
def said(config: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """What a command prints."""

    def run(*words: str) -> str:
        assert app.main(["people", *words, "--config", str(config)]) == 0
        return capsys.readouterr().out

    return run


@pytest.fixture
def refused(config: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """The message of a command that cannot be done: one line, exit code 2, nothing printed."""

    def run(*words: str) -> str:
        assert app.main(["people", *words, "--config", str(config)]) == 2
        printed = capsys.readouterr()
        assert printed.out == "" and printed.err.count("\n") == 1
        return printed.err.strip()

    return run


@pytest.fixture
def store(config: Path) -> Iterator[Store]:
    """The store the commands work on."""
    opened = Store.open(f"sqlite:///{config.parent}/warboard.db")
    yield opened
    opened.close()


def only(store: Store) -> Person:
    (person,) = people(store)
    return person


def test_the_first_admin_comes_from_here(said: Run, store: Store) -> None:
    assert "people link '何衡'" in said("add", "何衡", "--role", "admin")
    assert (only(store).name, only(store).role) == ("何衡", "admin")
    assert "何衡" in said("list") and "enabled" in said("list")


def test_the_settings_may_stand_before_the_word(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.main(["people", "--config", str(config), "list"]) == 0
    assert "people add NAME --role admin" in capsys.readouterr().out


def test_a_link_signs_in_once_and_carries_the_address_it_is_given(said: Run, store: Store) -> None:
    said("add", "何衡", "--role", "admin")
    path = re.match(r"/enter/(\S+)\n.*once, within 15 minutes", said("link", "何衡"))
    assert path and re.match(r"https://a\.example/enter/\S+\n", said("link", "何衡", "--address", "https://a.example/"))
    assert use_link(store, path[1], app.utc_now()) == only(store).id


def test_what_is_not_told_stays(said: Run, store: Store) -> None:
    said("add", "王芳", "--role", "salesperson", "--project", "101", "--staff", "7")
    said("change", "王芳", "--project", "102")
    assert (only(store).role, only(store).project_id, only(store).staff_id) == ("salesperson", "102", "7")
    said("change", "王芳", "--role", "leader", "--project", "", "--staff", "", "--name", "王方")
    assert (only(store).name, only(store).role, only(store).project_id) == ("王方", "leader", None)


def test_an_account_of_the_company_is_told_shown_and_taken_away(said: Run, refused: Run, store: Store) -> None:
    said("add", "何衡", "--role", "admin", "--account", "heheng")
    assert only(store).account == "heheng" and "heheng" in said("list")
    assert refused("add", "王芳", "--role", "admin", "--account", "heheng").startswith("Somebody else has the account")
    said("change", "何衡", "--account", "")
    assert only(store).account is None


def test_a_list_may_tell_accounts(said: Run, refused: Run, store: Store, tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_text("name,role,account\n王芳,leader,wf\n李强,leader,wf\n", encoding="utf-8")
    assert refused("import", str(file)).startswith("Somebody else has the account 'wf'") and people(store) == []
    file.write_text("name,role,account\n王芳,leader,wf\n李强,leader,\n", encoding="utf-8")
    said("import", str(file))
    assert [one.account for one in people(store)] == [None, "wf"]


def test_disabling_and_enabling(said: Run, store: Store) -> None:
    said("add", "何衡", "--role", "admin")
    assert "sessions have ended" in said("disable", "何衡") and not only(store).enabled
    said("enable", "何衡")
    assert only(store).enabled


def test_a_password_is_asked_for_twice(said: Run, refused: Run, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    said("add", "何衡", "--role", "admin")

    def typed(*answers: str) -> None:
        waiting = list(answers)
        monkeypatch.setattr(getpass, "getpass", lambda prompt: waiting.pop(0))

    typed(GOOD, GOOD + "x")
    assert refused("password", "何衡") == "The two passwords differ. Nothing was changed."
    typed("short", "short")
    assert refused("password", "何衡") == "The password has 5 characters. Take 12 or more."
    typed(GOOD, GOOD)
    assert "new password" in said("password", "何衡") and whose(store, "何衡", GOOD) == only(store)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["add", "王", "--role", "headd"], "'headd' is no role. Did you mean 'head'?"),
        (["add", "王", "--role", "head"], "'王' is head of no project. Give the id of one."),
        (["add", "何衡", "--role", "admin"], "There is already somebody called '何衡'. Give another name."),
        (["link", "何横衡"], "There is nobody called '何横衡'. Did you mean '何衡'?"),
        (["disable", "x"], "There is nobody called 'x'. See: python app.py people list"),
        (
            ["change", "何衡"],
            "Nothing to change. Give --name, --role, --project, --staff, --account, --mail or --phone.",
        ),
        (["import", "nope.csv"], "nope.csv cannot be read: No such file or directory. Nobody was added."),
    ],
)
def test_what_cannot_be_done_is_one_line(said: Run, refused: Run, words: list[str], message: str) -> None:
    said("add", "何衡", "--role", "admin")
    assert refused(*words) == message


def test_a_link_for_somebody_disabled_is_refused(said: Run, refused: Run) -> None:
    said("add", "何衡", "--role", "admin")
    said("disable", "何衡")
    assert "is disabled. Enable them first" in refused("link", "何衡")


def test_a_list_is_brought_in_whole_or_not_at_all(said: Run, refused: Run, store: Store, tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_text("name,role,project,staff\n王芳,head,101,\n李强,salesperson,101,\n", encoding="utf-8-sig")
    assert refused("import", str(file)).startswith("Line 3: '李强' is a salesperson without an id")
    assert people(store) == []
    file.write_text("name,role,project,staff\n王芳,head,101,\n李强,salesperson,101,9\n", encoding="utf-8-sig")
    assert said("import", str(file)) == "Added 2 people.\n" and len(people(store)) == 2
    file.write_bytes("name,role\n赵敏,admin\n".encode("gbk"))
    assert "is not in UTF-8 (in Excel: CSV UTF-8)" in refused("import", str(file))


def test_every_deed_is_in_the_audit_by_the_command_line(said: Run, store: Store) -> None:
    said("add", "何衡", "--role", "admin")
    said("link", "何衡")
    said("disable", "何衡")
    assert [(one.actor, one.action) for one in entries(store)[::-1]] == [
        ("command line", "person_added"),
        ("command line", "link_made"),
        ("command line", "person_changed"),
    ]
