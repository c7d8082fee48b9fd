"""The outbox page: leaders read it, an administrator sends again or cancels, and nobody reads a secret on it."""

from datetime import timedelta
from pathlib import Path

import pytest

from data_access.store.audit import entries as audit_entries
from data_access.store.lease import acquire
from data_access.store.outbox import Draft, Pace, claim, entries, put_with, settle
from metrics.messages import Message
from tests.dashboards.worlds import NOW, OURS, Stage, a_stage


@pytest.fixture
def stage(tmp_path: Path):
    made = a_stage(tmp_path)
    yield made
    made.store.close()


def put(stage: Stage, *subjects: str, state: str = "") -> None:
    drafts = [Draft("alert", one, "open", "robot:leaders", Message(f"<b>{one}</b>"), "all") for one in subjects]
    with stage.store.writing() as connection:
        put_with(connection, drafts, NOW)
    if state:
        epoch = acquire(stage.store, "one", timedelta(days=1), NOW)
        pace = Pace(99, timedelta(minutes=1))
        parcel = claim(stage.store, epoch, "robot:leaders", NOW, pace=pace, standing="all")
        settle(stage.store, parcel, state, "WeCom 93000: the webhook address is not valid", NOW, NOW)


def post(stage: Stage, role: str, path: str):
    return stage.client(role).post(path, data={}, headers=OURS, content_type="application/x-www-form-urlencoded")


def test_it_shows_what_failed_and_why_with_texts_as_texts(stage):
    put(stage, "1", state="failed")
    page = stage.client("leader").get("/outbox").text
    assert all(word in page for word in ("失败", "WeCom 93000", "机器人 leaders", "&lt;b&gt;1"))
    assert "<b>1" not in page and "重发" not in page
    assert "Failed" in stage.client("leader").get("/outbox?lang=en").text


def test_an_administrator_sends_again_or_cancels_and_that_is_audited(stage):
    put(stage, "1", state="failed")
    (one,) = entries(stage.store)
    assert "重发" in stage.client("admin").get("/outbox?state=failed").text
    assert post(stage, "admin", f"/outbox/{one.id}/again").status_code == 303
    assert [row.state for row in entries(stage.store)] == ["waiting"]
    assert post(stage, "admin", f"/outbox/{one.id}/cancel").status_code == 303
    assert [row.state for row in entries(stage.store)] == ["cancelled"]
    assert [row.action for row in audit_entries(stage.store)] == ["message_cancelled", "message_retried"]


@pytest.mark.parametrize("role", ["leader", "head", "champion", "salesperson", "viewer"])
@pytest.mark.parametrize("deed", ["again", "cancel"])
def test_nobody_else_does(stage, role, deed):
    put(stage, "1")
    (one,) = entries(stage.store)
    assert post(stage, role, f"/outbox/{one.id}/{deed}").status_code == 403
    assert entries(stage.store) == [one]


@pytest.mark.parametrize("id", ["999", "0", "99999999999999999999"])
def test_what_is_not_there_cannot_be_changed(stage, id):
    assert post(stage, "admin", f"/outbox/{id}/again").status_code == 404


def test_it_is_read_page_by_page(stage):
    put(stage, *map(str, range(70)))
    shown = stage.client("leader").get("/outbox").text
    assert shown.count('class="entry"') == 50
    (older,) = [one.partition('"')[0] for one in shown.split('href="')[1:] if "before=" in one.partition('"')[0]]
    assert stage.client("leader").get(older.replace("&amp;", "&")).text.count('class="entry"') == 20


@pytest.mark.parametrize("asked", ["before=x", "before=-1", "before=" + "9" * 40, "state=nothing", "state=%27"])
def test_junk_is_no_error(stage, asked):
    assert stage.client("leader").get(f"/outbox?{asked}").status_code == 200
