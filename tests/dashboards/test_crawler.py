"""A stranger to the code walks every route and callback there is, as every role, with whatever it can think of: nothing leaks, nothing breaks."""

import io
import json
import random
import re
import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from flask.testing import FlaskClient
from werkzeug.exceptions import HTTPException
from werkzeug.test import TestResponse

from dashboards._api import add_api
from dashboards._watch import add_watch
from data_access.store.pairings import LENGTH
from data_access.store.screens import screens
from tests.dashboards.test_customers import OWN, a_crm
from tests.dashboards.test_door import CALL, DATA, DOCUMENTS, OPEN_PATHS, PICTURES
from tests.dashboards.test_screens import a_screen
from tests.dashboards.worlds import OURS, ROLES, Stage, a_stage
from tests.snapshots import STAFF

HOSTILE = ("../../etc/passwd", "' or 1=1 --", "<script>alert(1)</script>", "%00", "\0", "x" * 5000, "-1", "１", "NaN", "null", "[]", "=1+1", "")  # fmt: skip
IDS = ("p1", "p2", "p3", "p9", "c1", "c2", "s1", "s2", "s3", "s4", "l1", "l2", "城东", "城西", "p1,p2", "*", "lead:l0", "lead:l1", "lead:l2", "lead:l3", "lead:l4", "walk:visit:1")  # fmt: skip
WORDS = ("year", "all", "cohort", "leads", "contracted_amount", "visit", "staff", "project,staff", "red", "en", "dark", "168", "2026-03-02", "none", "1", "true", "valid_leads", "A", "pilot", "efficiency", "sops", "sop_rate", "enquiry", "2026-03-01T00:00:00~lead:l1")  # fmt: skip
KEYS = ("period", "project", "region", "channel", "basis", "metric", "hours", "step", "week", "severity", "lang", "theme", "where", "by", "from", "to", "window", "slide", "next", "person", "page", "id", "code", "sort", "measure", "staff", "grade", "after", "seen", "action", "before", "build", "size", "age", "order", "rule", "outcome", "target", "price", "conversion", "stock", "valid", "valid_public", "offline", "online", "what", "span", "peer", "spend_public", "referrals", "answer", "rate_visit", "exponent", "plan")  # fmt: skip
FORM = {
    "name": "某人", "role": "head", "project": "p1", "staff": "s1", "enabled": "no", "place": "canteen", "scene": "canteen",
    "reason": "call", "details": "请回电 13911112222", "password": "not the right one", "person": "x", "next": "/", "step": "x",
    "owner": "", "due": "tomorrow", "note": "已安排", "back": "/alerts", "outcome": "real", "rule": "slow_response", "hours": "8", "why": "停电",
    "kind": "policy", "title": "限购", "severity": "red", "source": "住建局", "link": "https://example.com/", "review_on": "2026-06-01",
    "probability": "3", "impact": "4", "response": "跟进", "status": "open",
    "starts_on": "2026-01-01", "baseline": "5%", "baseline_source": "复盘",
    "who": "某集团", "figure": "转化率", "value": "6–8 %", "dated": "2026-01-31", "shown": "yes",
    "hypothesis": "先打电话", "metric": "到访率", "better": "higher", "cost": "1万", "worth": "", "verdict": "scale",
    "trial_n": "40", "trial_hits": "20", "control_n": "40", "control_hits": "10",
    "deed": "rule", "stage": "proposal", "ruling": "passed", "day": "2026-03-11", "level": "low", "spend_public": "150",
}  # fmt: skip
"""Every field a form of ours has, as somebody would fill it in; a form takes no notice of the others."""
SEEN_BY_ALL = ("/wall/", "/live/wall/")
"""What a wall shows does not depend on who looks at it; it has tests of its own."""
OTHERS = ("文昌学府", "望澜湾", *(name for name, project in STAFF.values() if project != "p1"))
EVERYTHING = ("云岫府", "文昌学府", "望澜湾", *(name for name, _ in STAFF.values()))
CANARIES = {
    "leader": (),
    "admin": (),
    "head": OTHERS,
    "champion": OTHERS,
    "salesperson": (*OTHERS, *(name for id, (name, project) in STAFF.items() if project == "p1" and id != "s1")),
    "viewer": EVERYTHING,
    "stranger": EVERYTHING,
    "screen": EVERYTHING,
}
"""What an answer to each role must never hold; the first project's people work at p1, the salesperson is s1."""
NUMBER_OF_AN_ERROR = r"(?<= )[0-9a-f]{8}(?=<)|(?<=\"id\":\")[0-9a-f]{8}"
NOBODY: set[str] = set()
SIGNED_IN = set(ROLES)
OPENS: dict[str, set[str]] = {
    **DOCUMENTS,
    **DATA,
    **PICTURES,
    **dict.fromkeys((*OPEN_PATHS, "/enter/", "/icon/", "/metrics"), {*CANARIES}),
    **dict.fromkeys(("/_dash-", "/_reload-hash", "/_favicon.ico", "/assets/"), SIGNED_IN),
    "/static/": {*SIGNED_IN, "screen"},
    "/api/v1/metrics": SIGNED_IN - {"viewer"},
    "/wall/canteen": {*SIGNED_IN, "screen"},
    "/wall/lite/canteen": {*SIGNED_IN, "screen"},
    "/live/wall/canteen": {*SIGNED_IN, "screen"},
}
"""Who may have an answer from what begins like this; the longest beginning counts."""
ALL = 100_000
CALLS = "/_dash-update-component"


@pytest.fixture
def crawled(tmp_path: Path) -> Iterator[Stage]:
    """The whole site with names and phones, API and figures of its running."""
    live = a_crm(tmp_path)
    stage = a_stage(tmp_path, routes=(add_api, add_watch), live=live)
    yield stage
    live.close()
    stage.store.close()


@dataclass
class Crawler:
    """One caller: what it knows by now, and how its requests ended."""

    stage: Stage
    role: str
    chance: random.Random
    ids: list[str] = field(default_factory=list)
    codes: list[str] = field(default_factory=list)
    ended: Counter[tuple[str, str, int]] = field(default_factory=Counter)

    def client(self) -> FlaskClient:
        """A browser of the caller."""
        if self.role == "screen":
            return a_screen(self.stage)
        return self.stage.client(self.role if self.role in ROLES else None)

    def look_around(self) -> None:
        """Learn the ids that somebody could have seen elsewhere, and the code on a waiting screen."""
        self.ids = [*(one.id for one in self.stage.people.values()), *(one.id for one in screens(self.stage.store))]
        self.codes = re.findall(rf'data-code="(\w{{{LENGTH}}})"', self.stage.client().get("/screen").text)

    def value(self) -> str:
        """Something to say: an id, a word, a code, or nonsense."""
        return self.chance.choice(self.chance.choice((IDS, IDS, WORDS, HOSTILE, self.ids or IDS, self.codes or WORDS)))

    def id(self) -> str:
        """Something for the place of an id: mostly one there is."""
        there = [*self.ids, "1", "lead:l0", "lead:l1", "lead:l3"]
        return self.chance.choice(there) if self.chance.random() < 0.6 else self.value()

    def parameters(self) -> dict[str, str]:
        """A few parameters with values that may not fit."""
        return {self.chance.choice(KEYS): self.value() for _ in range(self.chance.randrange(4))}

    def form(self) -> dict[str, str]:
        """A form filled in well, up to two fields of it exchanged."""
        filled = FORM | {"name": f"某人{self.chance.randrange(9)}", "code": (self.codes or [""])[-1]}
        return filled | {self.chance.choice(list(filled)): self.value() for _ in range(self.chance.randrange(3))}

    def requests(self, many: int) -> Iterator[dict[str, Any]]:
        """Requests to routes that are found, not known, with invented parameters and bodies."""
        rules = sorted(self.stage.site.server.url_map.iter_rules(), key=lambda rule: (rule.rule, rule.endpoint))
        callbacks = sorted(self.stage.site.callback_map)
        calls = [rule for rule in rules if rule.rule == CALLS] * (len(rules) // 5)
        deck: list[Any] = []
        for at in range(many):
            deck = deck or self.chance.sample(rules + calls, len(rules + calls))
            rule = deck.pop()
            path = re.sub(r"<[^>]*>", lambda found: quote(self.id(), safe="/:"), rule.rule)
            asked = {"path": path, "query_string": urlencode(self.parameters())}
            if rule.rule == CALLS:
                call = _call(self.chance, callbacks, self.parameters(), self.value())
                yield {"path": CALLS, "method": "POST", "json": call, "headers": OURS}
            elif "POST" in (rule.methods or ()) or (at > 2 * len(rules) and self.chance.random() < 0.05):
                headers = self.chance.choice((OURS, OURS, OURS, {}))
                kind = "application/x-www-form-urlencoded"
                yield {**asked, "method": "POST", "data": self.form(), "headers": headers, "content_type": kind}
            else:
                yield {**asked, "method": "GET"}


@pytest.mark.parametrize("role", CANARIES)
@pytest.mark.parametrize("requests", [2_800, pytest.param(ALL, marks=pytest.mark.nightly)], ids=["short", "long"])
def test_no_request_shows_what_is_out_of_scope_or_breaks_the_site(crawled: Stage, role: str, requests: int) -> None:
    crawler = Crawler(crawled, role, random.Random(role))
    client = crawler.client()
    for at, asked in enumerate(crawler.requests(requests // len(CANARIES))):
        if at % 40 == 0:
            crawler.look_around()
        answer = client.open(**asked)
        rule = _rule(crawled, asked)
        crawler.ended[asked["method"], rule, answer.status_code] += 1
        assert answer.status_code < 500 or asked["path"] == "/readyz", asked
        assert not 200 <= answer.status_code < 300 or role in opens_to(rule), asked
        if not rule.startswith(SEEN_BY_ALL):
            assert [name for name in CANARIES[role] if name in _text(answer)] == [], asked
        assert personal(_text(answer), role, asked) == [], asked
        if answer.status_code in (401, 303, 410) and role in ROLES:
            client = crawler.client()
        crawled.clock.now += timedelta(seconds=crawler.chance.randrange(40))
    print(role, sorted(Counter(code for _, _, code in crawler.ended.elements()).items()))
    rules = {rule.rule for rule in crawled.site.server.url_map.iter_rules()}
    assert {rule for _, rule, _ in crawler.ended} >= {rule for rule in rules if "<" not in rule}


@pytest.mark.parametrize(
    ("role", "asked", "ends"),
    [
        ("admin", "POST /people", 303),
        ("admin", "POST /people/<id>", 303),
        ("admin", "POST /people/<id>/link", 200),
        ("admin", "POST /people/<id>/enabled", 303),
        ("admin", "POST /screens", 303),
        ("leader", "POST /screens/<id>", 303),
        ("leader", "POST /screens/<id>/revoke", 303),
        ("head", "POST /customers/<path:id>", 200),
        ("head", "GET /customers/<path:id>", 200),
        ("head", "POST /customers/export.xlsx", 200),
        ("salesperson", "POST /customers/export.csv", 200),
        ("admin", "GET /audit.csv", 200),
        ("leader", "POST /alerts/silences", 303),
        ("admin", "POST /risks/watch", 303),
    ],
)
def test_the_crawler_gets_through_every_form(crawled: Stage, role: str, asked: str, ends: int) -> None:
    crawler = Crawler(crawled, role, random.Random(asked))
    a_screen(crawled)
    crawler.look_around()
    method, rule = asked.split()
    fitting = (one for one in crawler.requests(40_000) if one["method"] == method and _rule(crawled, one) == rule)
    assert any(crawler.client().open(**one).status_code == ends for one in fitting)


@pytest.mark.parametrize("each", [False, pytest.param(True, marks=pytest.mark.nightly)])
def test_a_nul_is_refused_and_never_an_error_of_the_store(tmp_path: Path, postgresql_url: str, each: bool) -> None:
    """In every field at once, and in each alone."""
    stage = a_stage(tmp_path, routes=(add_api, add_watch), url=postgresql_url)
    for rule in stage.site.server.url_map.iter_rules():
        client = stage.client("admin")
        path = re.sub(r"<[^>]*>", "x%00", rule.rule)
        for asked in ({}, {"query_string": "lang=en&project=%00&by=%00&action=%00&code=%00&next=%00"}):
            assert client.get(path, **asked).status_code < 500, rule
        forms = [{**FORM, name: "x\0"} for name in FORM] if each else [dict.fromkeys(FORM, "x\0")]
        for form in forms if "POST" in (rule.methods or ()) else ():
            answer = client.post(path, data=form, headers=OURS, content_type="application/x-www-form-urlencoded")
            assert answer.status_code < 500, (rule, form)
    stage.store.close()


def _rule(stage: Stage, asked: dict[str, Any]) -> str:
    """The route that takes a request; empty for none."""
    try:
        found, _ = stage.site.server.url_map.bind("localhost").match(asked["path"], asked["method"], return_rule=True)
    except HTTPException:
        return ""
    return str(found.rule)  # type: ignore[union-attr]


def opens_to(rule: str) -> set[str]:
    """Who may have an answer from a route."""
    beginnings = [one for one in OPENS if rule == one or (one != "/" and rule.startswith(one))]
    return OPENS[max(beginnings, key=len)] if beginnings else NOBODY


def _call(chance: random.Random, callbacks: list[str], parameters: dict[str, str], value: str) -> Any:
    """A page's own call with parts of it changed, exchanged or gone."""
    body = json.loads(json.dumps(CALL))
    if chance.random() < 0.7:
        body["state"][0]["value"] = f"/?{urlencode(parameters)}"
    for _ in range(chance.randrange(3)):
        body[chance.choice(list(body))] = chance.choice((value, None, [], {}, [None], [{"id": "page"}]))
    if chance.random() < 0.3:
        body["output"] = chance.choice(callbacks)
    return chance.choice((body, body, body, [], None, value))


def personal(text: str, role: str, asked: dict[str, Any]) -> list[str]:
    """Names, phones and customers in an answer that its reader may not know; a whole number is only in the answer to who asked for it."""
    own = OWN.get(role, set())
    whole = own if role == "salesperson" else set()
    revealed = {asked["path"].rpartition(":")[2]} & own if asked["method"] == "POST" else set()
    names = {f"l{int(number)}" for number in re.findall(r"金丝雀(\d{3})号", text)}
    phones = {f"l{int(number)}" for number in re.findall(r"(?<!\d)1390(\d{3})0\1(?!\d)", text)}
    masked = {f"l{int(number)}" for number in re.findall(r"139\*{4}(\d{4})", text)}
    linked = set(re.findall(r'href="/customers/lead:(l\d+)', text))
    return sorted((names - whole) | (phones - whole - revealed) | (masked - own) | (linked - own))


def _text(answer: TestResponse) -> str:
    """The answer as its reader sees it, whether its letters were escaped or packed or not."""
    data = answer.get_data()
    if data.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            data = b"".join(packed.read(name) for name in packed.namelist())
    text = data.decode(errors="replace")
    return text + (json.dumps(answer.json, ensure_ascii=False) if answer.is_json else "")
