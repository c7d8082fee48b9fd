"""The API answers the caller's own question within the caller's own rights."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from dashboards._api import add_api
from tests.dashboards.worlds import Stage, a_stage

PATH = "/api/v1/metrics"


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    made = a_stage(tmp_path_factory.mktemp("api"), routes=(add_api,))
    yield made
    made.store.close()


def asked(stage: Stage, role: str | None, query: str) -> tuple[int, object]:
    answer = stage.client(role).get(f"{PATH}?{query}")
    return answer.status_code, answer.json


def rows(stage: Stage, role: str, query: str) -> list[dict[str, object]]:
    code, told = asked(stage, role, query)
    assert code == 200
    return told["rows"]  # type: ignore[index,no-any-return]


@pytest.mark.parametrize(
    ("role", "projects"),
    [
        ("leader", {"云岫府", "文昌学府", "望澜湾"}),
        ("admin", {"云岫府", "文昌学府", "望澜湾"}),
        ("head", {"云岫府"}),
        ("champion", {"云岫府"}),
    ],
)
def test_each_role_is_answered_about_its_own_projects(stage: Stage, role: str, projects: set[str]) -> None:
    found = rows(stage, role, "metric=leads&by=project&from=2026-01-01&to=2026-03-11")
    assert {one["project_name"] for one in found} == projects


def test_a_salesperson_is_answered_about_the_own_customers(stage: Stage) -> None:
    whole = rows(stage, "leader", "metric=leads&by=staff&from=2026-01-01&to=2026-03-11")
    own = rows(stage, "salesperson", "metric=leads&by=staff&from=2026-01-01&to=2026-03-11")
    assert own == [one for one in whole if one["staff"] == "s1"] != []


@pytest.mark.parametrize("foreign", ["project=p2", "project=p9", "staff=s3&where=project=p2"])
def test_what_is_foreign_and_what_does_not_exist_is_refused_alike(stage: Stage, foreign: str) -> None:
    assert asked(stage, "head", f"metric=leads&where={foreign}")[0] == 403


def test_the_own_project_may_be_named(stage: Stage) -> None:
    assert rows(stage, "head", "metric=leads&where=project=p1") == rows(stage, "head", "metric=leads")


def test_who_sees_the_group_is_told_that_an_id_does_not_exist(stage: Stage) -> None:
    code, told = asked(stage, "leader", "metric=leads&where=project=p9")
    assert code == 400 and "p9" in str(told)


@pytest.mark.parametrize(("role", "code", "words"), [(None, 401, "Nobody is signed in"), ("viewer", 403, "not yours")])
def test_others_are_told_why_there_is_no_answer(stage: Stage, role: str | None, code: int, words: str) -> None:
    found, told = asked(stage, role, "metric=leads")
    assert found == code and words in told["error"] and told["id"]  # type: ignore[index]


@pytest.mark.parametrize("junk", ["metric=nothing", "metrics=leads", "metric=leads&from=x", "metric=leads&by=phone"])
def test_junk_is_told_what_is_wrong(stage: Stage, junk: str) -> None:
    code, told = asked(stage, "leader", junk)
    assert code == 400 and told["error"]  # type: ignore[index]


def test_before_the_first_snapshot_it_says_so(tmp_path: Path) -> None:
    stage = a_stage(tmp_path, routes=(add_api,))
    stage.reader.snapshot = None
    assert asked(stage, "leader", "metric=leads")[0] == 503
