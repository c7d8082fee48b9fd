"""The customers behind a number: as many as the number, each only for those who may know them, nothing whole but for a reason."""

import csv
import io
import logging
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from html import unescape
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from openpyxl import load_workbook

from data_access.live import Live
from data_access.settings import Settings
from data_access.store.audit import Wanted, entries
from tests.dashboards.worlds import OURS, Stage, a_stage
from tests.snapshots import a_snapshot, small_rows, small_snapshot

PEOPLE = ("leader", "admin", "head", "champion", "salesperson")
LEADS = {row["id"]: row for row in small_rows()["lead"]}
NAMES = {id: f"金丝雀{int(id[1:]):03}号" for id in LEADS}
PHONES = {id: f"1390{int(id[1:]):03}{int(id[1:]):04}" for id in LEADS}
OWN = {
    "leader": set(LEADS),
    "admin": set(LEADS),
    "head": {id for id, row in LEADS.items() if row["project_id"] == "p1"},
    "champion": {id for id, row in LEADS.items() if row["project_id"] == "p1"},
    "salesperson": {id for id, row in LEADS.items() if row["staff_id"] == "s1"},
}
"""Whose customers each of the people may know."""
MAPPING = """
[source]
url = "sqlite:///crm.db"
[entities.contact]
table = "lead"
columns = { id = "id", name = "name", phone = "phone" }
[entities.follow_up]
table = "follow_up"
columns = { id = "id", lead_id = "lead_id", staff_id = "staff_id", at = "at", kind = "kind", reached = "reached" }
codes = { kind = { "1" = "电话" } }
"""
REASON = {"reason": "call"}


def a_crm(folder: Path) -> Live:
    """A source whose every name and phone is a canary."""
    with closing(sqlite3.connect(folder / "crm.db")) as db, db:
        db.execute("create table lead (id varchar(9) primary key, name varchar(32), phone varchar(32))")
        db.executemany("insert into lead values (?, ?, ?)", [(id, NAMES[id], PHONES[id]) for id in LEADS])
        db.execute(
            "create table follow_up (id integer, lead_id varchar(9), staff_id varchar(9), at datetime, kind int, reached int)"
        )
        db.execute("insert into follow_up values (1, 'l0', 's1', '2026-03-11 09:09:09', 1, 1)")
    return Live(Settings.read(MAPPING, {}, folder=folder))


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("customers")
    live = a_crm(folder)
    made = a_stage(folder, live=live)
    yield made
    live.close()
    made.store.close()


@pytest.fixture
def own_stage(tmp_path: Path) -> Iterator[Stage]:
    """A stage whose audit a test counts."""
    made = a_stage(tmp_path, live=a_crm(tmp_path))
    yield made
    made.store.close()


def listed(text: str) -> list[str]:
    """The ids of the customers a page leads to."""
    return re.findall(r'class="customer" href="/customers/([^"?]+)', text)


def all_listed(client: FlaskClient, address: str) -> list[str]:
    """The customers of a list, page after page."""
    found: list[str] = []
    while address:
        text = client.get(address).text
        found += listed(text)
        more = re.search(r'class="button customers-more" href="([^"]+)"', text)
        address = unescape(more[1]) if more else ""
    return found


# --------------------------------------------------------------------------------------------- the list and its number


@pytest.mark.parametrize("role", PEOPLE)
@pytest.mark.parametrize("asked", ["", pytest.param("&channel=c1&region=城西", marks=pytest.mark.nightly)])
def test_the_list_is_as_long_as_the_number_that_was_clicked(stage: Stage, role: str, asked: str) -> None:
    client = stage.client(role)
    for period in ("week", "year"):
        for basis in ("period", "cohort"):
            page = client.get(f"/funnels?period={period}&basis={basis}{asked}").text
            links = re.findall(r'<a class="choice" href="(/customers[^"]*)">\S+ ([\d,]+)</a>', page)
            assert len(links) == 4
            for href, number in links:
                text = client.get(unescape(href)).text
                found = all_listed(client, unescape(href))
                assert len(found) == len(set(found)) == int(number.replace(",", ""))
                assert f"客户 {number}</h1>" in text


def test_the_newest_stand_first(stage: Stage) -> None:
    created = [
        LEADS[id.removeprefix("lead:")]["created_at"]
        for id in all_listed(stage.client("leader"), "/customers?period=year")
    ]
    assert created == sorted(created, reverse=True) and len(created) > 100


def test_the_list_is_narrowed_by_grade_and_salesperson(stage: Stage) -> None:
    found = all_listed(stage.client("head"), "/customers?period=year&grade=B&staff=s2")
    wanted = {
        id
        for id, row in LEADS.items()
        if row["staff_id"] == "s2" and row["grade"] == "B" and row["created_at"].year == 2026
    }
    assert {id.removeprefix("lead:") for id in found} == wanted != set()


def test_a_later_page_says_when_the_numbers_have_moved(own_stage: Stage) -> None:
    client = own_stage.client("leader")
    more = re.search(r'customers-more" href="([^"]+)"', client.get("/customers?period=year").text)
    assert more
    address = unescape(more[1])
    before = client.get(address).text
    rows = small_rows()
    own_stage.reader.snapshot = a_snapshot(
        sequence=2, **{**rows, "lead": [*rows["lead"], {**rows["lead"][0], "id": "l999", "person": "f" * 64}]}
    )
    after = client.get(address).text
    assert "数字已更新" not in before and "数字已更新" in after
    assert listed(before) == listed(after), "the second page goes on where the first ended"


@pytest.mark.parametrize("measure", ["exposures", "visits", "contract_amount", "nothing", "party; drop table x"])
def test_what_is_no_number_of_customers_has_no_list(stage: Stage, measure: str) -> None:
    assert stage.client("leader").get("/customers", query_string={"measure": measure}).status_code == 404


# ---------------------------------------------------------------------------------------------------- who may know whom

ADDRESSES = (
    "/customers",
    "/customers?period=year",
    "/customers?period=year&project=p2",
    "/customers?period=year&project=p1,p2",
    "/customers?period=year&region=城东",
    "/customers?period=year&staff=s3",
    "/customers?period=year&staff=s1&grade=A",
    "/customers?period=year&channel=c2&grade=' or 1=1 --",
    "/customers?period=year&step=visit&basis=cohort",
    "/customers?period=year&step=contract",
    "/customers?period=year&measure=valid_leads",
    "/customers?period=year&after=2026-03-01T00:00:00~lead:l1",
    "/customers?period=year&after=2026-03-01~lead:l1",
    "/customers?period=year&after=9999~x&seen=%00",
    "/customers?period=year&after=2026-03-01T00:00:00%2B00:00~lead:l1",
    "/customers?staff=%00&grade=%ff",
    "/funnels?period=year",
    *(
        f"/customers/lead:{id}"
        for id in ("l0", "l1", "l2", "l3", "l4", "l6", "nobody", "%00", "../l1", "l1?project=p2")
    ),
    "/customers/export.csv",
    "/customers/walk:visit:1",
)


def leaks(text: str, role: str) -> list[str]:
    """Every name, phone or id of a customer this role may not know, and every unmasked one it may see masked only."""
    foreign = [id for id in LEADS if id not in OWN[role] and re.search(rf"\blead:{id}\b", text)]
    whole = OWN[role] if role == "salesperson" else set()
    shown = [
        id for id in LEADS if id not in whole and (NAMES[id] in text or PHONES[id] in text or NAMES[id][1:] in text)
    ]
    masked = [id for id in LEADS if id not in OWN[role] and f"139****{int(id[1:]):04}" in text]
    return foreign + shown + masked


@pytest.mark.parametrize("role", PEOPLE)
@pytest.mark.parametrize("address", ADDRESSES)
def test_nobody_learns_of_customers_outside_of_the_own_rights(stage: Stage, role: str, address: str) -> None:
    client = stage.client(role)
    for answer in (
        client.get(address),
        client.post(address, data=REASON, headers=OURS) if address.startswith("/customers?") else None,
    ):
        if answer is not None:
            # What was asked for stands in the address and the form; it is not told by us.
            assert answer.status_code < 500
            assert leaks(answer.text, role) == []


@pytest.mark.parametrize("address", ["/customers", "/customers/lead:l0", "/customers/export.csv"])
def test_walls_and_strangers_have_no_customers(stage: Stage, address: str) -> None:
    assert stage.client("viewer").get(address).status_code == 403
    assert stage.client().get(address).status_code == 303
    assert stage.client("viewer").post(address, data=REASON, headers=OURS).status_code in (403, 405)
    assert stage.client().post(address, data=REASON, headers=OURS).status_code in (401, 405)


@pytest.mark.parametrize("role", ["head", "champion", "salesperson"])
def test_a_foreign_customer_is_as_unknown_as_one_who_does_not_exist(stage: Stage, role: str) -> None:
    client = stage.client(role)
    for method in ("get", "post"):
        asked = {"headers": OURS, "data": REASON} if method == "post" else {}
        answers = [getattr(client, method)(f"/customers/lead:{id}", **asked) for id in ("l1", "l9999")]
        assert [answer.status_code for answer in answers] == [404, 404]
        said = [re.sub(r"[0-9a-f]{8}(?=<)", "", answer.text) for answer in answers]
        assert said[0] == said[1]


def test_a_head_sees_masked_names_and_a_salesperson_the_own_customers_whole(stage: Stage) -> None:
    assert "金**" in stage.client("head").get("/customers/lead:l0").text
    text = stage.client("salesperson").get("/customers/lead:l0").text
    assert NAMES["l0"] in text and PHONES["l0"] in text


def test_what_is_personal_is_kept_nowhere(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        answer = stage.client("salesperson").get("/customers/lead:l0")
    assert answer.headers["Cache-Control"] == "no-store" and "X-Keep" not in answer.headers
    assert NAMES["l0"] not in caplog.text and PHONES["l0"] not in caplog.text
    assert NAMES["l0"] not in repr(vars(stage.site.contents)) and "<title>客户 ·" in answer.text


@pytest.mark.parametrize("path", ["/customers?period=year", "/customers/lead:l0"])
def test_whose_names_were_looked_at_is_recorded_or_they_are_not_shown(
    own_stage: Stage, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = own_stage.client("head")
    assert "金**" in client.get(path).text
    (entry,) = entries(own_stage.store, Wanted(action="contacts_shown"))
    assert entry.actor == own_stage.people["head"].id and "l0" in entry.detail["leads"]

    def full_disk(*_: object, **__: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("dashboards.customers.record", full_disk)
    answer = client.get(path)
    assert answer.status_code == 500 and "金**" not in answer.text


# ------------------------------------------------------------------------------------------------------------ one number


@pytest.mark.parametrize("role", PEOPLE)
def test_a_number_is_shown_for_a_reason_and_recorded_first(own_stage: Stage, role: str) -> None:
    said = {"reason": "check", "details": "请回电 13911112222"}
    answer = own_stage.client(role).post("/customers/lead:l0", data=said, headers=OURS)
    (entry,) = entries(own_stage.store, Wanted(action="reveal"))
    assert answer.status_code == 200 and PHONES["l0"] in answer.text
    assert (entry.actor, entry.about) == (own_stage.people[role].id, "lead:l0")
    assert entry.detail == {"reason": "check", "details": "请回电 …", "project": "p1"}


@pytest.mark.parametrize("said", [{"details": "x"}, {"reason": ""}, {"reason": "curious"}])
def test_without_a_reason_nothing_is_shown(own_stage: Stage, said: dict[str, str]) -> None:
    answer = own_stage.client("leader").post("/customers/lead:l0", data=said, headers=OURS)
    assert answer.status_code == 400 and PHONES["l0"] not in answer.text
    assert entries(own_stage.store, Wanted(action="reveal")) == []


def test_no_entry_no_number(own_stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    def full_disk(*_: object) -> bool:
        raise OSError("disk full")

    monkeypatch.setattr("dashboards.customers.may_reveal", full_disk)
    answer = own_stage.client("head").post("/customers/lead:l0", data=REASON, headers=OURS)
    assert answer.status_code == 500 and PHONES["l0"] not in answer.text


def test_the_thirty_first_number_in_an_hour_is_refused_and_recorded(own_stage: Stage) -> None:
    client = own_stage.client("head")
    codes = [client.post("/customers/lead:l0", data=REASON, headers=OURS).status_code for _ in range(31)]
    assert codes == [200] * 30 + [429]
    refused = client.post("/customers/lead:l3", data=REASON, headers=OURS)
    assert PHONES["l3"] not in refused.text and "30" in refused.text
    assert [len(entries(own_stage.store, Wanted(action=one))) for one in ("reveal", "reveal_refused")] == [30, 2]
    assert own_stage.client("champion").post("/customers/lead:l0", data=REASON, headers=OURS).status_code == 200
    own_stage.clock.now += timedelta(hours=1, seconds=1)
    assert client.post("/customers/lead:l0", data=REASON, headers=OURS).status_code == 200


@pytest.mark.parametrize("headers", [{}, {"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}])
def test_no_other_site_can_ask_for_a_number_or_a_file(own_stage: Stage, headers: dict[str, str]) -> None:
    for address in ("/customers/lead:l0", "/customers/export.csv"):
        assert own_stage.client("head").post(address, data=REASON, headers=headers).status_code == 403
    assert entries(own_stage.store, Wanted(action="reveal")) == entries(own_stage.store, Wanted(action="export")) == []


# ------------------------------------------------------------------------------------------------------------- the track


def test_the_track_tells_what_happened_and_what_to_do(stage: Stage) -> None:
    text = stage.client("head").get("/customers/lead:l0").text
    assert "电话 · 已接通 · 周健" in text and "留电" in text and "下一步" in text


def test_without_the_source_the_ids_and_dates_are_still_there(own_stage: Stage, tmp_path: Path) -> None:
    (tmp_path / "crm.db").unlink()
    client = own_stage.client("head")
    text = client.get("/customers?period=year").text
    assert "源库暂时连不上" in text and len(listed(text)) > 10 and "客户 l0" in text
    track = client.get("/customers/lead:l0")
    assert track.status_code == 200 and "源库暂时连不上" in track.text and "留电" in track.text
    assert client.post("/customers/lead:l0", data=REASON, headers=OURS).status_code == 200
    assert (
        client.post("/customers/export.csv", headers=OURS, content_type="application/x-www-form-urlencoded").status_code
        == 200
    )


# ------------------------------------------------------------------------------------------------------------- the files


def export(client: FlaskClient, kind: str, asked: str = "period=year") -> bytes:
    answer = client.post(
        f"/customers/export.{kind}?{asked}", headers=OURS, content_type="application/x-www-form-urlencoded"
    )
    assert answer.status_code == 200 and answer.headers["Cache-Control"] == "no-store"
    return answer.data


@pytest.mark.parametrize("role", PEOPLE)
def test_the_files_hold_the_list_masked_in_the_same_way(own_stage: Stage, role: str) -> None:
    client = own_stage.client(role)
    csv_rows = list(csv.reader(io.StringIO(export(client, "csv").decode("utf-8-sig"))))
    sheet = load_workbook(io.BytesIO(export(client, "xlsx"))).active
    xlsx_rows = [
        [cell or "" for cell in row if cell is not None or len(row) > 1] for row in sheet.iter_rows(values_only=True)
    ]
    assert [row[0] for row in csv_rows[2:]] == all_listed(client, "/customers?period=year")
    assert [row[0] for row in xlsx_rows[2:]] == [row[0] for row in csv_rows[2:]]
    assert leaks("\n".join(",".join(row) for row in csv_rows), role) == []
    watermark = csv_rows[0][0]
    assert f"某{role}" in watermark and "2026-03-11 10:00" in watermark and small_snapshot().version[:12] in watermark
    kinds = [entry.detail["format"] for entry in entries(own_stage.store, Wanted(action="export"))]
    assert kinds == ["xlsx", "csv"]


def test_no_cell_of_a_file_is_a_formula(own_stage: Stage, tmp_path: Path) -> None:
    bad = ["=1+1", "+86 1", "-1", "@sum(a1)", "\t=1", "\r=1", "＝1+1", "\ufeff=1", "|calc", "%x"]
    with closing(sqlite3.connect(tmp_path / "crm.db")) as db, db:
        for id, name in zip(sorted(OWN["salesperson"]), bad, strict=False):
            db.execute("update lead set name = ?, phone = ? where id = ?", [name, name, id])
    client = own_stage.client("salesperson")
    for row in csv.reader(io.StringIO(export(client, "csv").decode("utf-8-sig"))):
        assert not [text for text in row if re.match(r"[\s\ufeff]*[=+\-@|%＝]", text)]
    for row in load_workbook(io.BytesIO(export(client, "xlsx"))).active.iter_rows():
        assert {cell.data_type for cell in row if cell.value is not None} <= {"s", "inlineStr"}
