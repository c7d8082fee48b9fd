"""The sandbox's pages: levers in the address, answers at once, scenarios within rights, approvals, promises and the document."""

import re
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from urllib.parse import parse_qs, urlsplit

import pytest

from data_access.store.audit import entries
from data_access.store.commitments import all_commitments
from data_access.store.published import Heartbeat
from data_access.store.scenarios import latest_scenarios
from tests.dashboards.worlds import NOW, OURS, Stage, a_stage
from tests.snapshots import AS_OF, a_snapshot, small_rows

LATER = timedelta(45)
"""Then half of the small world's leads are old enough for every step."""


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    rows = small_rows()
    # Only the first project sells; the others have a listed price.
    rows["project"] = [one | {"average_price": Decimal(2_000_000)} for one in rows["project"]]
    shown = a_snapshot(as_of=AS_OF + LATER, **rows)
    made = a_stage(tmp_path_factory.mktemp("sandbox"), snapshot=shown)
    made.clock.now = NOW + LATER
    made.reader.beat = Heartbeat(AS_OF + LATER, NOW + LATER, True, None)
    yield made
    made.store.close()


def text(page: str) -> str:
    return re.sub(r"<[^>]*>|\s+", " ", page.partition("<body")[2] or page)


def saved(stage: Stage, role: str = "leader", project: str = "p1", **decided: str) -> str:
    """The address of a new scenario."""
    form = {"name": "多投公域", "spend_public": "150"} | decided
    at = "/sandbox" + (f"?project={project}" if project else "")
    answer = stage.client(role).post(at, data=form, headers=OURS)
    assert answer.status_code == 303, text(answer.text)
    return urlsplit(answer.headers["Location"]).path


def test_the_page_tells_the_year_s_end_and_what_may_be_decided(stage: Stage) -> None:
    page = stage.client("leader").get("/sandbox").text
    for said in ("达标概率", "80%可能在", "还没有改动", "公域投放", "留电→到访", "首次响应时间", "目标 2亿"):
        assert said in text(page), said
    assert page.count('type="range"') == len(re.findall("<output", page)) >= 6
    assert "fan-band" in page and "sandbox." in page


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_it_reads_in_both_languages(stage: Stage, lang: str) -> None:
    said = text(stage.client("leader").get("/sandbox", query_string={"lang": lang, "spend_public": "150"}).text)
    said = re.sub("中文|云岫府|文昌学府|望澜湾|多投公域", "", said)
    assert (re.search(r"[\u4e00-\u9fff]", said) is None) == (lang == "en")


def test_only_what_is_decided_stands_in_the_address(stage: Stage) -> None:
    asked = {"spend_public": "150", "rate_visit": "100", "referrals": "nothing", "name": "", "period": "year"}
    answer = stage.client("leader").get("/sandbox", query_string=asked)
    assert answer.status_code == 303
    assert parse_qs(urlsplit(answer.headers["Location"]).query) == {"spend_public": ["150"], "period": ["year"]}


def test_the_script_is_answered_what_the_page_shows(stage: Stage) -> None:
    client, asked = stage.client("leader"), {"spend_public": "150", "rate_visit": "120"}
    part = client.get("/sandbox/answer", query_string=asked).text
    assert part.startswith('<div id="sandbox-answer"') and part in client.get("/sandbox", query_string=asked).text
    assert "比不改多签" in part and "多投放" in part
    assert stage.client("salesperson").get("/sandbox/answer").status_code == 403
    assert stage.client().get("/sandbox/answer").status_code == 401


def test_a_head_sees_the_own_project_alone(stage: Stage) -> None:
    said = text(stage.client("head").get("/sandbox", query_string={"project": "p2"}).text)
    assert "云岫府" in said and "目标 1亿" in said and "文昌学府" not in said and "目标 2亿" not in said


def test_a_young_world_says_why_there_is_nothing(tmp_path) -> None:
    young = a_stage(tmp_path)
    page = young.client("leader").get("/sandbox")
    assert page.status_code == 200 and "还不能推算" in page.text
    assert young.client("leader").get("/sandbox/answer").status_code == 404
    young.store.close()


# ---------------------------------------------------------------------------------------------------------------- scenarios


def test_a_scenario_is_saved_opened_and_shared_within_rights(stage: Stage) -> None:
    at = saved(stage)
    for role, status in (("leader", 200), ("admin", 200), ("head", 200), ("champion", 403), ("salesperson", 403)):
        assert stage.client(role).get(at).status_code == status, role
    said = text(stage.client("leader").get(at).text)
    assert "多投公域" in said and "公域投放 为现在的150%" in said and "提案未上会" in said and "按今天的数据" in said
    other, group = saved(stage, project="p2"), saved(stage, project="")
    assert [stage.client("head").get(one).status_code for one in (other, group)] == [404, 404]
    assert "多投公域" in stage.client("head").get("/sandbox").text


def test_a_scenario_needs_a_name(stage: Stage) -> None:
    before = len(latest_scenarios(stage.store))
    for name in ("", " \n", "长" * 61):
        answer = stage.client("leader").post("/sandbox", data={"name": name, "spend_public": "150"}, headers=OURS)
        assert answer.status_code == 400 and 'value="150"' in answer.text
    assert len(latest_scenarios(stage.store)) == before


def test_scenarios_stand_side_by_side(stage: Stage) -> None:
    ids = [
        saved(stage, name=name, **more).rpartition("/")[2] for name, more in (("甲", {}), ("乙", {"rate_visit": "130"}))
    ]
    said = text(stage.client("leader").get("/sandbox/compare", query_string={"id": ids}).text)
    assert "甲" in said and "乙" in said and "留电→到访 为现在的130%" in said
    assert stage.client("leader").get("/sandbox/compare", query_string={"id": ids[:1]}).status_code == 303
    other = saved(stage, project="p2").rpartition("/")[2]
    assert stage.client("head").get("/sandbox/compare", query_string={"id": [ids[0], other]}).status_code == 404


def test_approval_goes_its_way(stage: Stage) -> None:
    at, leader = saved(stage), stage.client("leader")
    told = {"deed": "rule", "stage": "proposal", "ruling": "passed", "day": "2026-04-20"}
    assert stage.client("head").post(at, data=told, headers=OURS).status_code == 403
    assert leader.post(at, data=told | {"stage": "office"}, headers=OURS).status_code == 400
    assert leader.post(at, data=told, headers=OURS).status_code == 303
    assert leader.post(at, data=told | {"stage": "party", "day": "2026-04-19"}, headers=OURS).status_code == 400
    assert leader.post(at, data=told | {"stage": "party", "day": "2026-04-25"}, headers=OURS).status_code == 303
    assert "党委会通过 2026-04-25" in text(leader.get(at).text)


def test_a_scenario_becomes_a_commitment_of_its_project(stage: Stage) -> None:
    at, head = saved(stage), stage.client("head")
    page = head.get(at).text
    due = re.findall(r'<option value="(2026-\d\d-\d\d)"', page)[-1]
    told = {"deed": "promise", "due": due, "level": "low"}
    assert stage.client("leader").post(at, data=told, headers=OURS).status_code == 403
    assert head.post(at, data=told | {"due": "2027-01-01"}, headers=OURS).status_code == 400
    assert head.post(at, data=told, headers=OURS).status_code == 303
    (made,) = [one for one, _ in all_commitments(stage.store) if one.ref == at.rpartition("/")[2]]
    assert (made.project, made.metric, made.window, made.origin) == ("p1", "net_contract_amount", "year", "sandbox")
    assert made.due.isoformat() == due == "2026-12-31" and made.value % 10_000 == 0 and made.value > 0
    assert "沙盘" in text(head.get("/commitments").text)
    group = saved(stage, "admin", project="")
    assert stage.client("admin").post(group, data=told, headers=OURS).status_code == 400


def test_only_its_maker_and_the_administrator_remove_a_scenario(stage: Stage) -> None:
    at = saved(stage)
    assert stage.client("head").post(at, data={"deed": "remove"}, headers=OURS).status_code == 403
    assert stage.client("leader").post(at, data={"deed": "remove"}, headers=OURS).status_code == 303
    assert stage.client("leader").get(at).status_code == 404


def test_the_feasibility_document_has_two_pages_and_is_in_the_audit(stage: Stage) -> None:
    for role, project in (("leader", ""), ("head", "p1")):
        at = saved(stage, role, project)
        answer = stage.client(role).post(f"{at}/pdf", headers=OURS, content_type="application/x-www-form-urlencoded")
        assert answer.status_code == 200 and answer.data.startswith(b"%PDF")
        assert len(re.findall(rb"/Type\s*/Page\b", answer.data)) == 2
        newest = entries(stage.store)[0]
        assert (newest.action, newest.about) == ("scenario_exported", at.rpartition("/")[2])


def test_models_are_kept_apart(stage: Stage) -> None:
    group, own = (stage.client(role).get("/sandbox/answer").text for role in ("leader", "head"))
    assert group != own and stage.client("leader").get("/sandbox/answer").text == group


@pytest.mark.parametrize("typed", ["-1", "１２", "NaN", "9" * 400, "<b>", "150.5", "' or 1=1 --", "\x00"])
def test_whatever_is_typed_nothing_breaks(stage: Stage, typed: str) -> None:
    client, at = stage.client("admin"), saved(stage)
    for path in ("/sandbox", "/sandbox/answer", at, "/sandbox/compare"):
        asked = {"spend_public": typed, "answer": typed, "effect": typed, "id": [typed, "x"]}
        assert client.get(path, query_string=asked).status_code < 500
    for deed in ("rule", "promise", "remove", typed):
        form = dict.fromkeys(("stage", "ruling", "day", "due", "level", "name"), typed) | {"deed": deed}
        assert client.post("/sandbox", data=form, headers=OURS).status_code < 500
        assert client.post(at, data=form, headers=OURS).status_code < 500
