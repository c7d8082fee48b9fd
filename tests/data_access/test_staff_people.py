"""People from the source's staff table: who is added, changed and shut out, and who is left alone."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

import app
from data_access.settings import Settings
from data_access.source import Reading
from data_access.staff_people import Change, Staff, changes, refuse_mass_leaving
from data_access.store import Store, StoreError
from data_access.store.audit import Wanted, entries
from data_access.store.people import Person, named, people, with_account
from data_access.store.sessions import open_session, session
from tests.dashboards.worlds import IDLE, LIFE
from tests.data_access.stores import change_person

NOW = datetime(2026, 3, 11, 2, tzinfo=UTC)
TOLD = '[people]\nfrom_staff = true\naccount = "id"\nroles = { "置业顾问" = "salesperson", "经理" = "head" }\n'
GIVEN = Settings.read(TOLD, {}).people
SELLER = Staff("7", "王芳", "p1", "置业顾问")
WANG = Person("a", "王芳", "salesperson", "p1", "7", account="7", from_staff=True)


def told(*known: Person, staff: list[Staff], given: str = TOLD) -> list[tuple[str, str, str]]:
    found = changes(known, staff, Settings.read(given, {}).people)
    return [(one.what, one.person.name, one.why) for one in found]


class TestChanges:
    """What follows from people and staff, without a database."""

    def test_staff_with_a_role_of_the_settings_is_added(self) -> None:
        (made,) = changes([], [SELLER], GIVEN)
        assert made.what == "add" and made.person == replace(WANG, id=made.person.id)

    @pytest.mark.parametrize(
        "row",
        [
            pytest.param(replace(SELLER, has_left=True), id="has left"),
            pytest.param(replace(SELLER, role="保安"), id="a role that is not in the settings"),
            pytest.param(replace(SELLER, role=""), id="no role"),
            pytest.param(Staff("7", is_readable=False), id="a row that cannot be read"),
        ],
    )
    def test_nobody_else_is_added(self, row: Staff) -> None:
        assert told(staff=[row]) == []

    def test_any_other_role_can_be_named(self) -> None:
        given = '[people]\nfrom_staff = true\nroles = { "*" = "viewer" }'
        assert told(staff=[replace(SELLER, role="保安")], given=given) == [("add", "王芳", "")]

    def test_what_is_as_it_should_be_is_no_change(self) -> None:
        assert told(WANG, staff=[SELLER]) == []

    def test_another_role_or_project_is_a_change(self) -> None:
        assert told(WANG, staff=[replace(SELLER, project_id="p2")]) == [("change", "王芳", "")]
        assert told(WANG, staff=[replace(SELLER, role="经理")]) == [("change", "王芳", "")]

    @pytest.mark.parametrize(
        ("staff", "why"),
        [
            ([replace(SELLER, has_left=True)], "has left"),
            ([replace(SELLER, role="保安")], "no role for '保安'"),
            ([replace(SELLER, id="8", name="李强")], "no longer in the staff table"),
        ],
    )
    def test_who_left_is_shut_out_once(self, staff: list[Staff], why: str) -> None:
        assert ("disable", "王芳", why) in told(WANG, staff=staff)
        assert "disable" not in [what for what, *_ in told(replace(WANG, enabled=False), staff=staff)]

    def test_a_row_that_cannot_be_read_shuts_nobody_out(self) -> None:
        assert told(WANG, staff=[Staff("7", is_readable=False)]) == []

    @pytest.mark.parametrize(
        "person",
        [
            pytest.param(replace(WANG, from_staff=False), id="made by hand for this very salesperson"),
            pytest.param(replace(WANG, from_staff=False, staff_id=None), id="made by hand"),
            pytest.param(replace(WANG, role="admin", staff_id=None), id="an administrator"),
            pytest.param(replace(WANG, role="admin"), id="somebody who became an administrator"),
        ],
    )
    @pytest.mark.parametrize("staff", [[], [replace(SELLER, has_left=True)], [replace(SELLER, project_id="p2")]])
    def test_whom_administrators_made_and_administrators_are_left_alone(
        self, person: Person, staff: list[Staff]
    ) -> None:
        assert [one for one in changes([person], staff, GIVEN) if one.person.id == person.id] == []

    def test_who_was_disabled_is_not_let_in_again(self) -> None:
        gone = replace(WANG, enabled=False)
        assert told(gone, staff=[SELLER]) == [("leave out", "王芳", "disabled here: enable them by hand")]

    def test_namesakes_are_told_apart_and_keep_their_names(self) -> None:
        two = [SELLER, replace(SELLER, id="8"), replace(SELLER, id="9")]
        made = [one.person for one in changes([], two, GIVEN)]
        assert [one.name for one in made] == ["王芳", "王芳 8", "王芳 9"]
        assert changes(made, two[::-1], GIVEN) == []
        assert told(*made, staff=two[1:]) == [("disable", "王芳", "no longer in the staff table")]

    def test_a_name_of_somebody_made_by_hand_stays_theirs(self) -> None:
        by_hand = Person("b", "王芳", "leader")
        assert told(by_hand, staff=[SELLER]) == [("add", "王芳 7", "")]

    def test_an_account_of_somebody_else_stays_theirs(self) -> None:
        by_hand = Person("b", "陈立群", "leader", account="7")
        assert told(by_hand, staff=[SELLER]) == [("leave out", "王芳", "somebody else has this account")]

    def test_the_account_may_be_the_name_or_be_given_by_hand(self) -> None:
        by_name = TOLD.replace('"id"', '"name"')
        assert changes([], [SELLER], Settings.read(by_name, {}).people)[0].person.account == "王芳"
        by_hand = TOLD.replace('"id"', '"none"')
        assert told(replace(WANG, account="wf"), staff=[SELLER], given=by_hand) == []

    @pytest.mark.parametrize(
        ("row", "why"), [(replace(SELLER, project_id=None), "no project"), (replace(SELLER, name=" "), "no name")]
    )
    def test_a_row_that_lacks_something_is_left_out_with_the_reason(self, row: Staff, why: str) -> None:
        assert [(what, reason) for what, _, reason in told(staff=[row])] == [("leave out", why)]

    def test_a_staff_table_that_lost_many_is_not_believed(self) -> None:
        known = [replace(WANG, id=str(n), name=str(n), staff_id=str(n)) for n in range(20)]
        wanted = [Change("disable", one) for one in known]
        refuse_mass_leaving(wanted[:4], known, Decimal("0.2"))
        with pytest.raises(StoreError, match="5 of 20 people would be shut out. Look with --dry-run"):
            refuse_mass_leaving(wanted[:5], known, Decimal("0.2"))

    def test_three_may_always_leave(self) -> None:
        known = [replace(WANG, id=str(n), name=str(n), staff_id=str(n)) for n in range(3)]
        refuse_mass_leaving([Change("disable", one) for one in known], known, Decimal("0.2"))


Run = Callable[..., str]


@pytest.fixture
def crm(tmp_path: Path) -> Path:
    """A staff table: a salesperson, a manager, a guard, somebody who left, and a day that is none."""
    file = tmp_path / "crm.db"
    with closing(sqlite3.connect(file)) as db:
        db.execute("create table emp (id integer, name text, proj text, post text, gone text)")
        rows = [(7, "王芳", "p1", "1", None), (8, "李强", "p1", "2", None), (9, "赵敏", "p1", "9", None)]
        rows += [(10, "周岚", "p2", "1", "2026-03-11"), (11, "何衡", "p2", "1", "someday")]
        db.executemany("insert into emp values (?, ?, ?, ?, ?)", rows)
        db.commit()
    return file


@pytest.fixture
def said(tmp_path: Path, crm: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """What `people sync` prints; the words of a refusal where it cannot be done."""
    source = (
        f'[source]\nurl = "sqlite:///{crm}"\nallow_writable = true\n[store]\nurl = "sqlite:///{tmp_path}/store.db"\n'
    )
    staff = """[entities.staff]
table = "emp"
columns = { id = "id", name = "name", project_id = "proj", role = "post", left_on = "gone" }
codes = { role = { "1" = "置业顾问", "2" = "经理", "*" = "其他" } }
"""
    (tmp_path / "warboard.toml").write_text(source + TOLD + staff, encoding="utf-8")
    monkeypatch.setattr(app, "utc_now", lambda: NOW)
    monkeypatch.setenv("COLUMNS", "200")

    def run(*words: str) -> str:
        app.main(["people", *words, "--config", str(tmp_path / "warboard.toml")])
        printed = capsys.readouterr()
        return printed.out + printed.err

    return run


@pytest.fixture
def store(tmp_path: Path, said: Run) -> Iterator[Store]:
    opened = Store.open(f"sqlite:///{tmp_path}/store.db")
    yield opened
    opened.close()


def edit(crm: Path, statement: str) -> None:
    with closing(sqlite3.connect(crm)) as db:
        db.execute(statement)
        db.commit()


class TestCommand:
    """`python app.py people sync`, from the source to the store."""

    def test_a_dry_run_says_what_would_change_and_changes_nothing(self, said: Run, store: Store) -> None:
        shown = said("sync", "--dry-run")
        assert "王芳" in shown and "李强" in shown and "周岚" not in shown and "赵敏" not in shown
        assert people(store) == [] and entries(store) == []

    def test_staff_comes_in_with_role_project_and_account(self, said: Run, store: Store) -> None:
        said("sync")
        assert [(one.name, one.role, one.project_id, one.staff_id, one.account) for one in people(store)] == [
            ("李强", "head", "p1", "8", "8"),
            ("王芳", "salesperson", "p1", "7", "7"),
        ]
        made = entries(store, Wanted(action="person_added"))
        assert {one.actor for one in made} == {"people sync"} and {one.about for one in made} == {
            one.id for one in people(store)
        }
        assert "Nothing to change" in said("sync") and with_account(store, "7") == named(store, "王芳")

    def test_who_left_is_out_at_once(self, said: Run, store: Store, crm: Path) -> None:
        said("sync")
        wang = named(store, "王芳")
        assert wang
        token = open_session(store, wang.id, NOW, IDLE, LIFE)
        edit(crm, "update emp set gone = '2026-03-10' where id = 7")
        assert "has left" in said("sync") and session(store, token, NOW) is None
        assert entries(store, Wanted(action="person_changed"))[0].detail["enabled"] is False

    def test_a_row_that_became_unreadable_shuts_nobody_out(self, said: Run, store: Store, crm: Path) -> None:
        said("sync")
        edit(crm, "update emp set gone = 'perhaps' where id = 7")
        assert "Nothing to change" in said("sync")

    @pytest.mark.parametrize(
        ("statement", "answer"),
        [
            ("delete from emp", "The staff table is empty. Nobody was changed."),
            ("insert into emp values (7, 'x', 'p1', '1', null)", "Nobody was changed."),
            ("alter table emp rename to other", "Nobody was changed."),
        ],
    )
    def test_a_table_that_cannot_be_right_shuts_nobody_out(
        self, said: Run, store: Store, crm: Path, statement: str, answer: str
    ) -> None:
        said("sync")
        before = people(store)
        edit(crm, statement)
        assert answer in said("sync") and people(store) == before

    def test_many_who_left_at_once_need_a_release(self, said: Run, store: Store, crm: Path) -> None:
        edit(
            crm,
            "insert into emp with n(i) as (select 20 union all select i + 1 from n where i < 30) select i, 'n' || i, 'p1', '1', null from n",
        )
        said("sync")
        edit(crm, "update emp set gone = '2026-01-01' where id >= 20")
        assert "11 of 13 people would be shut out" in said("sync") and all(one.enabled for one in people(store))
        said("sync", "--release")
        assert sum(one.enabled for one in people(store)) == 2

    def test_an_administrator_s_change_of_role_takes_somebody_out_of_the_table_s_hands(
        self, said: Run, store: Store, crm: Path
    ) -> None:
        said("sync")
        wang = named(store, "王芳")
        assert wang
        change_person(store, replace(wang, role="admin"))
        edit(crm, "update emp set gone = '2026-01-01' where id = 7")
        assert "Nothing to change" in said("sync")

    def test_an_account_that_may_write_is_refused(
        self, said: Run, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(Reading, "writable", lambda reading: ["emp"])
        assert "add" in said("sync", "--dry-run")
        file = tmp_path / "warboard.toml"
        file.write_text(file.read_text(encoding="utf-8").replace("allow_writable = true", ""), encoding="utf-8")
        assert "The account may write: emp." in said("sync") and people(store) == []

    def test_without_the_setting_it_says_how_to_begin(self, said: Run, tmp_path: Path) -> None:
        file = tmp_path / "warboard.toml"
        file.write_text(file.read_text(encoding="utf-8").replace("from_staff = true", ""), encoding="utf-8")
        assert said("sync").startswith("people.from_staff is not true. Set it and people.roles in warboard.toml")
