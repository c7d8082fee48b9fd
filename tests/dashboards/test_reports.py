"""Health reports, the month's pack and commitments: who sees and does what, and that no text of theirs is more than text."""

import re
import zlib
from datetime import date, timedelta
from pathlib import Path

import pytest
from flask import Response

from data_access.boards import Publisher
from data_access.reports import Reporter
from data_access.rhythm import Moment
from data_access.settings import Settings
from data_access.store.audit import entries
from data_access.store.commitments import all_commitments
from data_access.store.lease import acquire
from data_access.store.published import beat, publish
from data_access.store.reports import DUE_AFTER, report
from tests.dashboards.worlds import NOW, OURS, Stage, a_stage
from tests.snapshots import AS_OF, property_pack, small_snapshot

WEEK, HERE = date(2026, 3, 2), "/reports/2026-03-02/p1"
DUE = "2026-04-05"
HOSTILE = (
    '#panic("x") #import "y" $ x $ <b>fett</b> *stark* _schief_ [x] `code` {name} {0} \\',
    "<script>alert(1)</script>",
    '" onload=alert(1) x="',
    "=cmd|' /C calc'!A0",
    '#{read("/etc/passwd")}',
    "𝕏 镕喆堃 ﷽ \u202e反\u202c \ufeff\u0007",
)


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    """A site on which the boards of a week are published and its reports drafted."""
    made = a_stage(tmp_path)
    epoch = acquire(made.store, "a", timedelta(days=99), NOW)
    assert epoch is not None
    publish(made.store, epoch, small_snapshot().version, "m", NOW)
    beat(made.store, epoch, AS_OF, NOW)
    settings, moment = Settings.read("", {}), Moment(epoch, small_snapshot(), NOW, True)
    for step in (
        Publisher(settings, property_pack(), made.store).step,
        Reporter(settings, property_pack(), made.store).step,
    ):
        step(moment)
    return made


def post(stage: Stage, role: str, path: str, **told: str) -> Response:
    kind = "application/x-www-form-urlencoded"
    return stage.client(role).post(path, data=told, content_type=kind, headers=OURS)


def promise(stage: Stage, role: str = "head", path: str = HERE, **told: str) -> Response:
    asked = {"deed": "promise", "metric": "visit_rate", "window": "month", "value": "35", "due": DUE, **told}
    return post(stage, role, path, **asked)


def issue(stage: Stage, role: str = "head", path: str = HERE, **told: str) -> Response:
    return post(stage, role, path, deed="issue", **told)


def test_each_role_reads_the_reports_of_its_own_projects(stage: Stage) -> None:
    for role, names in (("leader", 3), ("admin", 3), ("head", 1), ("champion", 1)):
        said = stage.client(role).get("/reports").text
        assert sum(name in said for name in ("云岫府", "文昌学府", "望澜湾")) == names
        assert stage.client(role).get(HERE).status_code == 200
        other = stage.client(role).get("/reports/2026-03-02/p2")
        assert other.status_code == (200 if names == 3 else 404)
    for path in ("/reports", HERE, "/reports/month/2026-03", "/commitments"):
        assert {stage.client(role).get(path).status_code for role in ("salesperson", "viewer")} == {403}


def test_another_project_s_report_answers_like_one_that_is_not_there(stage: Stage) -> None:
    paths = ("2026-03-02/p2", "2026-03-02/p9", "2026-02-02/p1", "no-week/p1", "2026-03-02/p1/x")
    head = stage.client("head")
    assert {head.get(f"/reports/{one}").status_code for one in paths} == {404}
    assert {issue(stage, path=f"/reports/{one}").status_code for one in paths} == {404}
    assert {post(stage, "head", f"/reports/pdf/{one}").status_code for one in paths} == {404}


@pytest.mark.parametrize("role", ["leader", "salesperson", "viewer"])
def test_who_only_reads_neither_issues_nor_promises(stage: Stage, role: str) -> None:
    assert issue(stage, role).status_code == promise(stage, role).status_code == 403
    found = report(stage.store, WEEK, "p1")
    assert found is not None and found.kept.issued_at is None and all_commitments(stage.store) == []
    assert 'name="deed"' not in stage.client("leader").get(HERE).text


@pytest.mark.parametrize("role", ["head", "champion", "admin"])
def test_a_report_is_issued_with_a_note_and_commitments_and_says_so(stage: Stage, role: str) -> None:
    assert promise(stage, role).status_code == 303
    ((one, _),) = all_commitments(stage.store)
    assert issue(stage, role, note="补打全部 A 级", commitment=one.id).status_code == 303
    said = stage.client("leader").get(HERE).text
    assert "补打全部 A 级" in said and f"某{role}" in said and "到访转化率(近 28 天) ≥ 35.0%,2026-04-05 前" in said
    assert 'name="deed"' not in stage.client(role).get(HERE).text
    again = issue(stage, role, note="anders")
    assert again.status_code == 400 and "已经签发过了" in again.text
    found = report(stage.store, WEEK, "p1")
    assert found is not None and found.issue is not None and found.issue.note == "补打全部 A 级"


def test_a_promise_that_is_gone_by_then_is_not_issued_with_the_report(stage: Stage) -> None:
    promise(stage)
    ((one, _),) = all_commitments(stage.store)
    post(stage, "head", f"/commitments/{one.id}", why="改期")
    issue(stage, commitment=one.id)
    found = report(stage.store, WEEK, "p1")
    assert found is not None and found.issue is not None and found.issue.commitments == ()


@pytest.mark.parametrize(
    "told",
    [
        {"metric": "spend"},
        {"metric": "no_such"},
        {"metric": ""},
        {"value": ""},
        {"value": "-5"},
        {"value": "1e9"},
        {"value": "nan"},
        {"value": "35%", "metric": "leads"},
        {"due": "2026-03-11"},
        {"due": "2020-01-01"},
        {"due": "2099-01-01"},
        {"due": "x"},
        {"note": "x" * 1001},
    ],
    ids=str,
)
def test_what_cannot_be_promised_comes_back_with_a_reason(stage: Stage, told: dict[str, str]) -> None:
    answer = promise(stage, **told)
    assert answer.status_code == 400 and 'class="problem"' in answer.text and all_commitments(stage.store) == []


@pytest.mark.parametrize(
    ("metric", "typed", "value"),
    [
        ("visit_rate", "35", "7/20"),
        ("visit_rate", "12.5%", "1/8"),
        ("cost_per_lead", "1,200", "1200"),
        ("net_contract_amount", "300万", "3000000"),
    ],
)
def test_a_value_is_typed_in_the_metric_s_unit(stage: Stage, metric: str, typed: str, value: str) -> None:
    promise(stage, metric=metric, value=typed)
    ((one, _),) = all_commitments(stage.store)
    assert str(one.value) == value


def test_overdue_reports_stand_at_the_top_of_every_page_that_says_what_burns(stage: Stage) -> None:
    stage.clock.now = NOW + DUE_AFTER
    assert "逾期" not in stage.client("leader").get("/reports").text
    stage.clock.now += timedelta(hours=5)
    for path in ("/reports", "/", "/alerts"):
        assert "体检报告逾期 3 份" in stage.client("leader").get(path).text, path
        own = stage.client("head").get(path).text
        assert "体检报告逾期 1 份:云岫府" in own and "文昌学府" not in own, path
    assert "逾期 5 小时" in stage.client("leader").get("/reports").text
    assert "体检报告" not in stage.client("salesperson").get("/").text
    issue(stage)
    assert "体检报告逾期" not in stage.client("head").get("/").text


def test_reports_are_reached_from_boards_and_alerts(stage: Stage) -> None:
    for path in ("/boards", "/alerts"):
        said = stage.client("head").get(path).text
        assert 'href="/reports"' in said and 'href="/commitments"' in said


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_texts_stay_texts_on_pages_and_in_documents(stage: Stage, text: str) -> None:
    promise(stage, note=text)
    ((one, _),) = all_commitments(stage.store)
    issue(stage, note=text, commitment=one.id)
    for path in (HERE, "/commitments"):
        said = stage.client("leader").get(path).text
        assert (
            "<script>alert" not in said
            and "<b>fett" not in said
            and "onload=alert(1) x=&" in said
            or "onload" not in said
        )
    made = post(stage, "head", "/reports/pdf/2026-03-02/p1")
    assert made.status_code == 200 and made.data.startswith(b"%PDF")


def test_a_withdrawal_needs_a_reason_and_the_own_project(stage: Stage) -> None:
    promise(stage)
    promise(stage, "admin", "/reports/2026-03-02/p2")
    mine, other = (next(one for one, _ in all_commitments(stage.store) if one.project == id) for id in ("p1", "p2"))
    assert post(stage, "head", f"/commitments/{mine.id}", why=" ").status_code == 400
    assert post(stage, "head", f"/commitments/{mine.id}", why="x" * 201).status_code == 400
    assert post(stage, "head", f"/commitments/{other.id}", why="x").status_code == 404
    assert post(stage, "head", "/commitments/no-such", why="x").status_code == 404
    assert post(stage, "leader", f"/commitments/{mine.id}", why="x").status_code == 403
    assert post(stage, "head", f"/commitments/{mine.id}", why="改用成本指标").status_code == 303
    said = stage.client("head").get("/commitments").text
    assert "已撤回" in said and "改用成本指标" in said and "某head" in said and "文昌学府" not in said


def test_a_document_is_the_same_for_the_same_report_and_names_its_reader(stage: Stage) -> None:
    one, same = (post(stage, "head", "/reports/pdf/2026-03-02/p1").data for _ in range(2))
    assert one == same != post(stage, "leader", "/reports/pdf/2026-03-02/p1").data
    told = [(entry.actor, entry.about) for entry in entries(stage.store) if entry.action == "report_exported"]
    assert told.count((stage.people["head"].id, "p1")) == 2


def test_a_document_has_every_sign_it_says(stage: Stage) -> None:
    signs = signs_of(post(stage, "head", "/reports/pdf/2026-03-02/p1").data)
    assert set("云岫府项目数字化体检报告处方体征响应与跟进渠道质量团队差异数据完整度风险口径某") <= signs


def signs_of(pdf: bytes) -> set[str]:
    """Every sign that a PDF's fonts map back to text."""
    found: set[str] = set()
    for stream in re.findall(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.S):
        try:
            plain = zlib.decompress(stream)
        except zlib.error:
            continue
        if b"begincmap" in plain:
            for text in re.findall(rb"<[0-9A-Fa-f]{4}> <([0-9A-Fa-f]+)>", plain):
                found |= set(bytes.fromhex(text.decode()).decode("utf-16-be", "ignore"))
    return found


def test_the_month_s_pack_names_whom_the_rule_names(stage: Stage) -> None:
    said = stage.client("leader").get("/reports/month/2026-03").text
    assert "没有需要述职的项目" in said and "已发布 1 周" in said
    assert stage.client("leader").get("/reports/month/2025-03").status_code == 404
    assert stage.client("leader").get("/reports/month/x").status_code == 404
    made = post(stage, "leader", "/reports/month-pdf/2026-03")
    assert made.status_code == 200 and made.data.startswith(b"%PDF")


def test_a_page_and_its_document_say_the_same_in_both_languages(stage: Stage) -> None:
    said = stage.client("leader").get(f"{HERE}?lang=en").text
    assert "Vital signs" in said and "Prescriptions" in said
    assert post(stage, "leader", "/reports/pdf/2026-03-02/p1?lang=en").status_code == 200
