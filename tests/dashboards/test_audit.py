"""The audit on a page and as a file, for the administrator alone."""

import csv
import io
import re
from pathlib import Path
from typing import Any

import pytest

from dashboards.audit import _ACTIONS
from data_access.store.audit import ACTIONS, entries, record
from tests.dashboards.worlds import NOW, Stage, a_stage


@pytest.fixture
def house(tmp_path: Path) -> Any:
    """A site with an audit of 120 entries, every third of which is the leader's."""
    made = a_stage(tmp_path)
    people = made.people["leader"].id, made.people["admin"].id
    for number in range(120):
        action = "screen_paired" if number % 2 else "reveal"
        record(made.store, people[number % 3 > 0], action, NOW, f"C{number}", {"n": number})
    yield made
    made.store.close()


def ids(shown: str) -> list[int]:
    return [int(id) for id in re.findall(r">#(\d+)", shown)]


def test_it_is_read_newest_first_page_by_page(house: Stage) -> None:
    admin, path, read = house.client("admin"), "/audit", []
    while path:
        shown = admin.get(path).text
        read.append(ids(shown))
        older = re.findall(r'href="(/audit\?before=\d+)"', shown)
        path = older[0] if older else ""
    assert [len(page) for page in read] == [50, 50, 20]
    assert [id for page in read for id in page] == list(range(120, 0, -1))


def test_it_says_who_did_what_in_words_and_when_in_the_group_s_time(house: Stage) -> None:
    shown = house.client("admin").get("/audit").text
    assert all(word in shown for word in ("批准屏幕", "某admin", "2026-03-11 10:00:20", "C119"))
    assert "Screen approved" in house.client("admin").get("/audit?lang=en").text


def test_it_is_narrowed_by_action_and_by_person(house: Stage) -> None:
    leader = house.people["leader"].id
    shown = house.client("admin").get(f"/audit?action=screen_paired&by={leader}").text
    assert ids(shown) == [id for id in range(120, 0, -1) if id % 2 == 0 and id % 3 == 1]
    assert f'<option value="{leader}" selected>' in shown


@pytest.mark.parametrize("asked", ["before=x", "before=-1", "action=nothing", "by=%00", "before=" + "9" * 40])
def test_junk_is_no_error(house: Stage, asked: str) -> None:
    assert house.client("admin").get(f"/audit?{asked}").status_code == 200


def test_the_file_holds_all_that_is_wanted_and_that_it_was_taken(house: Stage) -> None:
    answer = house.client("admin").get("/audit.csv?action=reveal")
    rows = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert answer.mimetype == "text/csv" and "audit.csv" in answer.headers["Content-Disposition"]
    assert [row["about"] for row in rows] == [f"C{number}" for number in range(118, -1, -2)]
    assert rows[-1]["by"] == "某leader" and rows[-1]["at"] == "2026-03-11 10:00:20"
    last = entries(house.store, limit=1)[0]
    assert (last.actor, last.action) == (house.people["admin"].id, "audit_exported")


def test_no_cell_is_taken_for_a_formula(house: Stage) -> None:
    record(house.store, "=cmd|' /C calc'!A0", "reveal", NOW, "@sum(1)")
    assert (
        '\n"121","2026-03-11 10:00:20","\'=cmd|\' /C calc\'!A0","reveal","\'@sum(1)",""\r\n'
        in house.client("admin").get("/audit.csv").text
    )


def test_without_entries_it_says_so(stage: Stage) -> None:
    assert "没有记录" in stage.client("admin").get("/audit").text


def test_whatever_is_recorded_has_a_word() -> None:
    assert set(_ACTIONS) == ACTIONS
