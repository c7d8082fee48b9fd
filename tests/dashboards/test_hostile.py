"""Whoever comes without rights, with somebody else's ids, from another site, or with texts that want to be code: nothing opens and nothing runs."""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from html.parser import HTMLParser
from itertools import cycle, product
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import quote, unquote

import pytest
from sqlalchemy import Engine, event, select

import data_access.customers
from dashboards._api import add_api
from dashboards._door import COOKIE, LARGEST_BODY
from dashboards._site import PAGES
from data_access.store.people import add_person
from data_access.store.screens import screens
from data_access.store.tables import METADATA
from tests.dashboards.test_crawler import EVERYTHING, FORM, Crawler, opens_to, personal
from tests.dashboards.test_customers import NAMES, PHONES, a_crm
from tests.dashboards.test_door import CALL, OPEN_PATHS
from tests.dashboards.test_screens import a_screen
from tests.dashboards.worlds import OURS, ROLES, Stage, a_stage
from tests.snapshots import a_snapshot, small_rows

KIND = "application/x-www-form-urlencoded"
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
WAYS_IN = {"/sign-in", "/sign-in/code"}


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Stage]:
    """A whole site of the test's own, with names and phones."""
    live = a_crm(tmp_path)
    made = a_stage(tmp_path, routes=(add_api,), live=live)
    yield made
    live.close()
    made.store.close()


def rules(stage: Stage, method: str) -> list[str]:
    """Every route that takes a method."""
    return sorted({rule.rule for rule in stage.site.server.url_map.iter_rules() if method in (rule.methods or ())})


def filled(rule: str, id: str) -> str:
    """A route's address with an id in every gap."""
    return re.sub(r"<[^>]*>", lambda found: quote(id, safe="/:"), rule)


def tables(stage: Stage) -> dict[str, list[Any]]:
    """Everything the store holds, but who was seen when and what the audit says of it."""
    with stage.store.reading() as connection:
        kept = [one for one in METADATA.sorted_tables if one.name not in ("sessions", "audit", "audit_head")]
        return {one.name: sorted(map(str, connection.execute(select(one)))) for one in kept}


# --------------------------------------------------------------------------------------------- without a session (S2)

PREFIXES = ("", "/", "//", "/.", "/./", "/static/..", "/sign-in/..", "/_dash-component-suites/..", "/%2e%2e", "/\\", "/;", "/healthz/..", "/SIGN-IN")  # fmt: skip
SUFFIXES = ("", "/", "?", "?next=/sign-in", ";.css", ".js", "%20", "%2f", "#/sign-in", "?_dash-layout", "/../healthz")
CLAIMS: tuple[dict[str, str], ...] = (
    {}, {"X-Original-URL": "/healthz"}, {"X-Rewrite-URL": "/sign-in"}, {"X-HTTP-Method-Override": "GET"}, {"X-Forwarded-User": "admin"},
    {"Authorization": "Bearer admin"}, {"Cookie": f"{COOKIE}=x"}, {"Cookie": f"{COOKIE}="}, {"X-Forwarded-For": "127.0.0.1"},
    {"Cookie": f"{COOKIE}=' or 1=1 --; __Host-{COOKIE}=admin"}, {"Referer": "http://localhost/"}, OURS,
)  # fmt: skip
BODIES: tuple[Any, ...] = (
    b"",
    b"{}",
    b"[]",
    b"null",
    b"{" * 500,
    b"\0",
    b"path=/healthz",
    b'{"output":"trend.figure"}',
)


@pytest.mark.parametrize("many", [1_500, pytest.param(10_000, marks=pytest.mark.nightly)])
def test_whatever_a_stranger_sends_only_the_cookie_counts(house: Stage, many: int) -> None:
    chance, client = Random(2), house.client()
    paths = rules(house, "GET")
    for _ in range(many):
        path = chance.choice(PREFIXES) + filled(chance.choice(paths), "p1") + chance.choice(SUFFIXES)
        before, _, query = path.partition("?")
        # As a server hands it on: the test client tidies up, and refuses, some of what a stranger may send.
        raw = {"PATH_INFO": unquote(before), "QUERY_STRING": query}
        asked = {"headers": chance.choice(CLAIMS), "data": chance.choice(BODIES)}
        kind = chance.choice(("application/json", KIND, "text/plain", "multipart/form-data; boundary=x", ""))
        answer = client.open("/", method=chance.choice(METHODS), content_type=kind, environ_overrides=raw, **asked)
        at = re.sub("/+", "/", answer.request.path)
        opened = at.rstrip("/") in (*OPEN_PATHS, *WAYS_IN) or at.startswith(("/enter/", "/icon/", "/sign-in/"))
        assert 300 <= answer.status_code < 500 or opened, (path, asked)
        assert not any(name in answer.text for name in EVERYTHING), (path, asked)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_screen_opens_its_scenes_and_no_other_route_there_is(house: Stage, method: str) -> None:
    tv = a_screen(house)
    for rule in rules(house, method):
        path, sent = (
            filled(rule, "x"),
            {"data": FORM, "headers": OURS, "content_type": KIND} if method == "POST" else {},
        )
        answer = tv.open(path, method=method, **sent)
        opened = "screen" in opens_to(rule)
        assert opened or answer.status_code in (303, 401, 404, 410), path
        assert opened or answer.headers.get("Location", "/sign-in").startswith(("/sign-in", "/screen")), path


# ------------------------------------------------------------------------------------ somebody else's things (S4, S6)


def objects(stage: Stage) -> list[str]:
    """One of each thing that somebody could write to."""
    a_screen(stage)
    return [stage.people["leader"].id, screens(stage.store)[0].id, "lead:l1", "walk:visit:1", "p2"]


@pytest.mark.parametrize("role", ["stranger", *ROLES])
def test_no_write_of_who_may_not_changes_anything(house: Stage, role: str) -> None:
    foreign, tried = objects(house), 0
    before = tables(house)
    for rule, id in product(rules(house, "POST"), foreign):
        theirs = role in opens_to(rule) and not (
            rule.startswith("/customers/<") and role in ("head", "champion", "salesperson")
        )
        if theirs or rule in ("/_dash-update-component", "/sign-out", *WAYS_IN) or rule.startswith("/enter/"):
            continue
        answer = house.client(role if role in ROLES else None).post(
            filled(rule, id), data={**FORM, "project": "p2"}, headers=OURS, content_type=KIND
        )
        assert answer.status_code in (401, 403, 404), (rule, id)
        tried += 1
    assert tables(house) == before and tried >= (0 if role == "admin" else 4)


HOSTILE = ("..", "../", "....//", "%2e%2e%2f", "..%5c", "/etc/passwd", "\\\\host\\x", "C:\\x", "file:///etc/passwd", "\0", "x\0.png", "'", "' or '1'='1", "1; drop table people", "${7*7}", "{{7*7}}", "<script>", "\u202e", "\ud7ff", "１", "-1", "0", "1e9", "9" * 40, "x" * 4000, " ", "*", "%", "_", "a/b", "a//b", "lead:", "lead:l0:", ":l0", "lead:l0\n", "LEAD:L1", "lead:ｌ1", "lead:l1 ", "walk:", "null", "true", "[]")  # fmt: skip


def hostile_ids(many: int) -> Iterator[str]:
    """Ids that are foreign, huge, or want to be a path or code; and mixtures of them."""
    chance = Random(6)
    yield from HOSTILE
    for _ in range(many - len(HOSTILE)):
        yield "".join(chance.choice((*HOSTILE, "l1", "lead:l1", "p2")) for _ in range(2))[:5000]


@pytest.mark.parametrize("many", [45, pytest.param(500, marks=pytest.mark.nightly)])
@pytest.mark.parametrize("role", ["head", "viewer"])
def test_no_id_in_an_address_opens_what_is_foreign(house: Stage, role: str, many: int) -> None:
    client = house.client(role)
    templates = [rule for rule in rules(house, "GET") if "<" in rule]
    for id in hostile_ids(many):
        for rule in templates:
            answer = client.get(filled(rule, id))
            assert answer.status_code < 500, (rule, id)
            assert not any(name in answer.text for name in EVERYTHING[1:] if role == "viewer" or name != "周健"), (
                rule,
                id,
            )
            assert "root:" not in answer.text and personal(answer.text, role, {"method": "GET", "path": ""}) == []


# ------------------------------------------------------------------------------------------------- other sites (S20)

ORIGINS = (
    None,
    "http://localhost",
    "http://evil.example",
    "null",
    "http://localhost.evil.example",
    "http://localhost:81",
)
FETCHES = (None, "same-origin", "cross-site", "none")
KINDS = ("application/json", KIND, "text/plain", "multipart/form-data", "application/xml", "text/html", "image/png", "")


@pytest.mark.parametrize("kinds", [KINDS[:2], pytest.param(KINDS[2:], marks=pytest.mark.nightly)])
def test_no_post_of_another_site_or_of_another_kind_is_taken(house: Stage, kinds: tuple[str, ...]) -> None:
    for rule in rules(house, "POST"):
        wanted = "application/json" if rule.startswith("/_dash") else KIND
        client = house.client("admin")
        for origin, fetch, kind in product(ORIGINS, FETCHES, kinds):
            told = {"Origin": origin, "Sec-Fetch-Site": fetch}
            headers = {name: value for name, value in told.items() if value is not None}
            answer = client.post(filled(rule, "x"), data=b"{}", content_type=kind, headers=headers)
            ours = headers != {} and origin in (None, "http://localhost") and fetch in (None, "same-origin")
            expected = {403} if not ours else {415} if kind != wanted else {200, 303, 400, 401, 404, 410, 429}
            assert answer.status_code in expected, (rule, headers, kind)
            client = house.client("admin") if answer.status_code == 303 else client


# ---------------------------------------------------------------------------------------------- texts as code (S21)

PAYLOADS = (
    "<script>window.hit=1</script>", "\"><img src=x onerror=window.hit=1>", "'><svg onload=window.hit=1>", "javascript:window.hit=1",
    "</title><script>window.hit=1</script>", "</style><script>window.hit=1</script>", "<a href=\"javascript:window.hit=1\">x</a>",
    "{{constructor.constructor('window.hit=1')()}}", "\" onfocus=window.hit=1 autofocus x=\"", "<b>dick</b>", "</script><!--", "%{x}<br>",
    "<iframe srcdoc='<script>parent.hit=1</script>'>", "&lt;script&gt;", "\u2028window.hit=1", "]]><x>",
)  # fmt: skip


def hostile_rows(first: int) -> dict[str, list[dict[str, Any]]]:
    """The small world, every text of its lists and of its referrers replaced, one payload after another."""
    rows, payloads = small_rows(), cycle(PAYLOADS[first:] + PAYLOADS[:first])
    for entity in ("project", "channel", "staff"):
        for row in rows[entity]:
            row |= {name: f"{next(payloads)}{row['id']}" for name in ("name", "region", "team") if name in row}
    for row in rows["referral"]:
        row["referrer_name"] = next(payloads)
    return rows


class Runs(HTMLParser):
    """Whatever in a document would run or lead away."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        """Note elements that load or run, attributes that run, and addresses that are none of ours."""
        told = dict(attributes)
        if tag in ("script", "iframe", "object", "embed", "base") and not (told.get("src") or "").startswith("/"):
            self.found.append(tag)
        self.found += [f"{tag} {name}" for name in told if name.startswith("on") or name in ("srcdoc", "style")]
        addresses = [told.get(name) or "/" for name in ("href", "src", "action", "formaction")]
        self.found += [one for one in addresses if not one.startswith(("/", "#", "?", "otpauth:", "data:image/"))]

    handle_startendtag = handle_starttag


def running(text: str) -> list[str]:
    """What would run in a document."""
    parser = Runs()
    parser.feed(text)
    return parser.found


ROTATED = [0, *(pytest.param(first, marks=pytest.mark.nightly) for first in range(1, len(PAYLOADS)))]


@pytest.mark.parametrize("first", ROTATED)
def test_texts_of_the_database_stay_texts(tmp_path: Path, first: int) -> None:
    stage = a_stage(tmp_path, live=a_crm(tmp_path))
    client = stage.client("admin")
    paths = [*(page.path for page in PAGES), "/wall/canteen", "/wall/lite/warroom", "/people", "/screens", "/audit", "/customers?period=year", "/customers/lead:l0"]  # fmt: skip
    usual = {path: sorted(running(client.get(path).text)) for path in paths}
    stage.reader.snapshot = a_snapshot(sequence=2, **hostile_rows(first))
    for payload in PAYLOADS:
        add_person(stage.store, payload, "head", payload, payload)
    a_screen(stage, name=PAYLOADS[first][:60])
    for path in paths:
        assert sorted(set(running(client.get(path).text))) == sorted(set(usual[path])), path
    for page in PAGES:
        assert set(running(client.get(f"/live/{page.name}").json["html"])) <= set(usual[page.path])


# ------------------------------------------------------------------------------------------------- texts as SQL (S25)

INJECTIONS = ("' or 1=1 --", "'; drop table people; --", "1) or (1=1", "p1' union select name from people --", "\\'; --", "%' or '%'='", "p1/**/or/**/1", "$$;--", "lead:l0' or 'a'='a", "x'||(select 1)||'", "0x27", "＇ or 1=1")  # fmt: skip


@contextmanager
def heard_sql(monkeypatch: pytest.MonkeyPatch) -> Iterator[set[str]]:
    """Every statement that reaches the store, the source, or the customers' files."""
    heard: set[str] = set()

    def hear(_: Any, __: Any, statement: str, *___: Any) -> None:
        # How many ids are looked up at once is no other statement.
        heard.add(re.sub(r"\(\?(, \?)*\)", "(?)", statement))

    query = data_access.customers._customers

    def asked(connection: Any, text: str, values: Any) -> Any:
        heard.add(text)
        return query(connection, text, values)

    event.listen(Engine, "before_cursor_execute", hear)
    monkeypatch.setattr(data_access.customers, "_customers", asked)
    try:
        yield heard
    finally:
        event.remove(Engine, "before_cursor_execute", hear)


@pytest.mark.parametrize("many", [90, pytest.param(4_000, marks=pytest.mark.nightly)])
def test_what_is_typed_never_becomes_a_statement(house: Stage, monkeypatch: pytest.MonkeyPatch, many: int) -> None:
    def crawl(values: tuple[str, ...]) -> set[str]:
        monkeypatch.setattr("tests.dashboards.test_crawler.HOSTILE", values)
        with heard_sql(monkeypatch) as heard:
            for role in ("admin", "head"):
                crawler = Crawler(house, role, Random(25))
                for at, asked in enumerate(crawler.requests(many)):
                    if at % 40 == 0:
                        crawler.look_around()
                    if not asked["path"].startswith("/picture/"):
                        house.client(role).open(**asked)
        return heard

    usual = crawl(("p1", "s1", "lead:l0", "year", "7"))
    assert len(usual) > 20
    assert {one for one in crawl(INJECTIONS) - usual if any(text in one for text in INJECTIONS)} == set()


# --------------------------------------------------------------------------------------------------------- logs (S37)

LINES = ("\r\nERROR root forged", "\nforged", "\x1b[2Jforged", "\u2028forged", "\x85forged", "%0aforged", "\x0bforged")


@pytest.mark.parametrize("line", LINES, ids=range(len(LINES)))
def test_no_address_writes_a_line_of_its_own_into_the_log(
    house: Stage, line: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr("dashboards.customers._show_track", broken)
    monkeypatch.setattr("dashboards.customers._customer", broken)
    answer = house.client("head").get(f"/customers/lead:{quote(line)}", headers={"User-Agent": "forged"})
    assert answer.status_code == (500 if "\n" not in line else 404)
    for entry in caplog.records:
        assert entry.getMessage().splitlines() == [entry.getMessage()] and entry.getMessage().isprintable()
        assert re.findall("错误编号 ([0-9a-f]{8})", answer.text)[0] in entry.getMessage(), (
            "the number leads to the entry"
        )


def test_no_log_holds_a_name_a_phone_or_a_secret_even_when_things_break(
    house: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    secret = "三月江边 tulips 13911112222"

    caplog.set_level(logging.DEBUG)
    typed = {
        "name": secret,
        "password": secret,
        "code": secret,
        "reason": "call",
        "details": secret,
        "role": "head",
        "project": "p1",
    }
    for role in ("salesperson", "head", "admin"):
        client = house.client(role)
        for path in ("/customers?period=year", "/customers/lead:l0", "/audit"):
            client.get(path)
        for breaks in (False, True):
            if breaks:
                event.listen(house.store._engine, "before_cursor_execute", _refusing)
            for path in ("/sign-in", "/sign-in/code", "/people", "/customers/lead:l0", "/customers/export.csv"):
                client.post(path, data=typed, headers=OURS, content_type=KIND)
            if breaks:
                event.remove(house.store._engine, "before_cursor_execute", _refusing)
    assert "disk full" in caplog.text
    told = [secret, "13911112222", *NAMES.values(), *PHONES.values(), *(name[1:] for name in NAMES.values())]
    assert [one for one in told if one in caplog.text] == []


def _refusing(_: Any, cursor: Any, statement: str, *__: Any) -> None:
    if statement.startswith(("INSERT", "UPDATE")) or "people.name =" in statement:
        cursor.execute("select disk full")


# ------------------------------------------------------------------------------------------------- junk in bulk (S38)


@pytest.mark.parametrize("many", [500, pytest.param(20_000, marks=pytest.mark.nightly)])
def test_junk_in_bulk_is_refused_and_never_an_error(house: Stage, many: int) -> None:
    chance, client = Random(38), house.client("leader")
    whole = house.site.server.json.dumps(CALL).encode()
    for _ in range(many):
        body = bytearray(whole)
        for _ in range(chance.randrange(1, 6)):
            at = chance.randrange(len(body))
            body[at : at + chance.randrange(3)] = chance.randbytes(chance.randrange(3))
        body *= chance.choice((1, 1, 1, 2))
        answer = client.post("/_dash-update-component", data=bytes(body), content_type="application/json", headers=OURS)
        assert answer.status_code < 500, body


@pytest.mark.parametrize("body", [b"[" * 100_000, b'{"a":' * 40_000, b"9" * 200_000, b'"' + b"\\u0000" * 40_000 + b'"'])
@pytest.mark.parametrize("role", ["leader", None])
def test_deep_and_long_bodies_are_refused(house: Stage, body: bytes, role: str | None) -> None:
    assert len(body) < LARGEST_BODY
    answer = house.client(role).post(
        "/_dash-update-component", data=body, content_type="application/json", headers=OURS
    )
    assert answer.status_code == (400 if role else 401)
