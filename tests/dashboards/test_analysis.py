"""The chart under a page: only for pages that have one, only for those who may open the page, only of what they may see."""

from typing import Any

import pytest

from dashboards import funnels
from metrics.query import known_by_staff
from metrics.trend import trend_metrics
from tests.dashboards.test_door import CALL, call
from tests.dashboards.worlds import Stage
from tests.snapshots import property_pack, small_snapshot

CONTROLS: dict[str, Any] = {
    "output": "analysis.children",
    "outputs": {"id": "analysis", "property": "children"},
    "inputs": [{"id": "page", "property": "address", "value": "/"}],
    "state": [],
    "changedPropIds": ["page.address"],
}


def controls(address: Any) -> dict[str, Any]:
    return {**CONTROLS, "inputs": [{"id": "page", "property": "address", "value": address}]}


def shows(stage: Stage, role: str, body: dict[str, Any]) -> bool:
    """Whether the call is answered with a chart or its controls; any other answer is empty."""
    answer = call(stage.client(role), body)
    shown = "scatter" in answer.text or "trend-metric" in answer.text
    assert shown or answer.status_code == 204 or answer.json["response"] in ({}, {"trend": {}}, {"analysis": {}})
    return shown


def chart(address: Any, metric: str = "leads") -> dict[str, Any]:
    inputs = [{**CALL["inputs"][0], "value": metric}, *CALL["inputs"][1:]]  # type: ignore[index]
    return {
        **CALL,
        "inputs": inputs,
        "state": [{"id": "page", "property": "address", "value": address}, CALL["state"][1]],
    }  # type: ignore[index]


@pytest.mark.parametrize("path", ["/", "/funnels"])
def test_a_page_with_a_trend_has_its_controls(stage: Stage, path: str) -> None:
    assert shows(stage, "leader", controls(path)) and shows(stage, "leader", chart(path))


@pytest.mark.parametrize(
    "address",
    ["/boards", "/alerts", "/people", "/nowhere", "", None, 7, ["/"], {"a": 1}, "/?" + "a=1&" * 499 + "aaaaa"],
)
def test_nothing_else_has(stage: Stage, address: Any) -> None:
    for body in (controls(address), chart(address)):
        assert not shows(stage, "leader", body)


@pytest.mark.parametrize("body", [controls("/"), chart("/")], ids=["controls", "chart"])
def test_who_only_looks_at_walls_has_none(stage: Stage, body: dict[str, Any]) -> None:
    assert shows(stage, "leader", body) and not shows(stage, "viewer", body)


def test_who_may_not_open_a_page_has_no_chart_of_it(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(funnels.page, "roles", frozenset(("leader",)))
    for body in (controls("/funnels"), chart("/funnels")):
        assert shows(stage, "leader", body) and not shows(stage, "head", body)


def test_a_salesperson_is_offered_what_is_known_of_salespeople_and_nothing_else(stage: Stage) -> None:
    pack = property_pack()
    names = trend_metrics(small_snapshot(), pack)
    group = [name for name in names if not known_by_staff(pack, name)]
    own = next(name for name in names if known_by_staff(pack, name))
    assert group, "there is something that only the group knows"
    offered = {role: call(stage.client(role), controls("/")).text for role in ("leader", "salesperson")}
    for name in group:
        assert f'"{name}"' in offered["leader"] and f'"{name}"' not in offered["salesperson"]
        assert shows(stage, "leader", chart("/", name))
        assert not shows(stage, "salesperson", chart("/", name))
    assert shows(stage, "salesperson", chart("/", own))


@pytest.mark.parametrize("metric", ["nothing", "", None, 3])
def test_a_metric_nobody_knows_has_no_chart(stage: Stage, metric: Any) -> None:
    assert not shows(stage, "leader", chart("/", metric))


def test_before_the_first_snapshot_there_is_no_chart(stage: Stage) -> None:
    shown, stage.reader.snapshot = stage.reader.snapshot, None
    try:
        assert not shows(stage, "leader", controls("/"))
    finally:
        stage.reader.snapshot = shown
