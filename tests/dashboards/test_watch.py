"""Figures of the running site: for this machine alone, or for whoever holds the token."""

from pathlib import Path

import pytest

from dashboards._watch import add_watch
from tests.dashboards.worlds import Stage, a_stage

TOKEN = "g7Qp2vX9sLk4Rt8wZb3N"


def asked(stage: Stage, address: str = "127.0.0.1", role: str | None = None, **headers: str) -> int:
    client = stage.client(role)
    client.environ_base["REMOTE_ADDR"] = address
    return client.get("/metrics", headers=headers).status_code


def test_without_a_token_only_this_machine_is_answered(tmp_path: Path) -> None:
    stage = a_stage(tmp_path, routes=(add_watch,))
    assert asked(stage) == 200
    assert asked(stage, "10.0.0.9") == asked(stage, "10.0.0.9", "admin") == 404
    assert asked(stage, **{"X-Forwarded-For": "10.0.0.9"}) == 404
    assert asked(stage, Host="board.example") == 404


@pytest.mark.parametrize("header", ["", "Bearer ", "Bearer x", f"Basic {TOKEN}", f"Bearer {TOKEN}x"])
def test_with_a_token_only_who_holds_it_is_answered(tmp_path: Path, header: str) -> None:
    stage = a_stage(tmp_path, routes=(add_watch,), told=f'server.metrics_token = "{TOKEN}"')
    assert asked(stage, "10.0.0.9", Authorization=f"Bearer {TOKEN}") == 200
    assert asked(stage) == 404
    assert asked(stage, "10.0.0.9", "admin", Authorization=header) == 404
