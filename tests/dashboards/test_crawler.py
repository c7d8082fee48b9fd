"""A stranger to the code walks every route and callback there is, as every role, with whatever it can think of: nothing leaks, nothing breaks."""

import json
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from werkzeug.test import TestResponse

from dashboards._api import add_api
from dashboards._watch import add_watch
from tests.dashboards.test_door import CALL
from tests.dashboards.worlds import OURS, ROLES, Stage, a_stage
from tests.snapshots import STAFF

HOSTILE = ("../../etc/passwd", "' or 1=1 --", "<script>alert(1)</script>", "%00", "x" * 5000, "-1", "１", "NaN", "null", "[]", "")  # fmt: skip
IDS = ("p1", "p2", "p3", "p9", "c1", "c2", "s1", "s2", "s3", "s4", "l1", "l2", "城东", "城西", "p1,p2", "*")
WORDS = ("year", "all", "cohort", "leads", "contracted_amount", "visit", "staff", "project,staff", "red", "en", "dark", "168", "2026-03-02", "none", "1", "true")  # fmt: skip
KEYS = ("period", "project", "region", "channel", "basis", "metric", "hours", "step", "week", "severity", "lang", "theme", "where", "by", "from", "to", "window", "slide", "next", "person", "page", "id", "code", "sort")  # fmt: skip
SEEN_BY_ALL = ("/wall/", "/live/wall/")
"""What a wall shows does not depend on who looks at it; it has tests of its own."""
OTHERS = ("文昌学府", "望澜湾", *(name for name, project in STAFF.values() if project != "p1"))
CANARIES = {
    "head": OTHERS,
    "champion": OTHERS,
    "salesperson": (*OTHERS, *(name for id, (name, project) in STAFF.items() if project == "p1" and id != "s1")),
    "viewer": ("云岫府", "文昌学府", "望澜湾", *(name for name, _ in STAFF.values())),
    "stranger": ("云岫府", "文昌学府", "望澜湾", *(name for name, _ in STAFF.values())),
}
"""What an answer to each role must never hold; the first project's people work at p1, the salesperson is s1."""


@pytest.fixture
def crawled(tmp_path: Path) -> Stage:
    """The whole site, API and figures of its running included."""
    return a_stage(tmp_path, routes=(add_api, add_watch))


@pytest.mark.parametrize("role", CANARIES)
@pytest.mark.parametrize("requests", [400, pytest.param(20_000, marks=pytest.mark.nightly)], ids=["short", "long"])
def test_no_request_shows_what_is_out_of_scope_or_breaks_the_site(crawled: Stage, role: str, requests: int) -> None:
    chance, client = random.Random(role), crawled.client(role if role in ROLES else None)
    for asked in _requests(crawled, chance, requests):
        answer = client.open(**asked)
        assert answer.status_code < 500 or asked["path"] == "/readyz", asked
        if not asked["path"].startswith(SEEN_BY_ALL):
            assert [name for name in CANARIES[role] if name in _text(answer)] == [], asked
        if answer.status_code in (401, 303) and role in ROLES:
            client = crawled.client(role)


def _requests(stage: Stage, chance: random.Random, many: int) -> Iterator[dict[str, Any]]:
    """Requests to routes that are found, not known, with invented parameters and bodies."""
    rules = sorted({rule.rule for rule in stage.site.server.url_map.iter_rules()})
    callbacks = sorted(stage.site.callback_map)
    for _ in range(many):
        path = re.sub(r"<[^>]*>", lambda found: _value(chance), chance.choice(rules))
        if chance.random() < 0.3:
            yield {"path": "/_dash-update-component", "method": "POST", "json": _call(chance, callbacks), "headers": OURS}  # fmt: skip
        elif chance.random() < 0.15:
            yield {"path": path, "method": "POST", "data": _parameters(chance), "headers": chance.choice((OURS, {}))}
        else:
            yield {"path": path, "method": "GET", "query_string": urlencode(_parameters(chance))}


def _value(chance: random.Random) -> str:
    return chance.choice(chance.choice((IDS, WORDS, HOSTILE)))


def _parameters(chance: random.Random) -> dict[str, str]:
    return {chance.choice(KEYS): _value(chance) for _ in range(chance.randrange(4))}


def _call(chance: random.Random, callbacks: list[str]) -> Any:
    """A page's own call with parts of it changed, exchanged or gone."""
    body = json.loads(json.dumps(CALL))
    if chance.random() < 0.7:
        body["state"][0]["value"] = f"/?{urlencode(_parameters(chance))}"
    for _ in range(chance.randrange(3)):
        body[chance.choice(list(body))] = chance.choice((_value(chance), None, [], {}, [None], [{"id": "page"}]))
    if chance.random() < 0.3:
        body["output"] = chance.choice(callbacks)
    return chance.choice((body, body, body, [], None, _value(chance)))


def _text(answer: TestResponse) -> str:
    """The answer as its reader sees it, whether its letters were escaped or not."""
    text = answer.get_data().decode(errors="replace")
    return text + (json.dumps(answer.json, ensure_ascii=False) if answer.is_json else "")
