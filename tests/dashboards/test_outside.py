"""Signing in over another site: single sign-on by OpenID Connect, and WeCom, each against a stand-in that speaks the protocol."""

import logging
import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from flask.testing import FlaskClient

from data_access import line, oidc, wecom
from data_access.store.audit import Wanted, entries
from data_access.store.journeys import LIFE, MOST_FROM_ONE, begin_journey
from data_access.store.people import named, people
from tests.dashboards.test_crawler import HOSTILE
from tests.dashboards.worlds import Stage, a_stage
from tests.data_access.stores import change_person
from tests.providers import OidcSite, Site, WecomSite

WXWORK = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/116.0 Mobile Safari/537.36 wxwork/4.1.22 MicroMessenger/7.0.1"
Enter = Callable[..., "Trip"]


@pytest.fixture
def idp() -> Iterator[OidcSite]:
    with OidcSite().running() as site:
        yield site


@pytest.fixture
def chat() -> Iterator[WecomSite]:
    with WecomSite().running() as site:
        yield site


@pytest.fixture(autouse=True)
def hasty(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits long for a site that hangs; one that answers may take its time on a busy machine."""
    for module in (oidc, wecom) if "hangs" in request.node.name else ():
        monkeypatch.setattr(module, "TIMEOUT", (1, 0.3))


def with_oidc(folder: Path, site: OidcSite, more: str = "") -> Stage:
    """A site of ours that trusts the provider; its head is wangfang there."""
    told = f'[oidc]\nissuer = "{site.address}"\nclient_id = "{site.client_id}"\nclient_secret = "{site.client_secret}"'
    return prepared(folder, site, f"{told}\n{more}", "wangfang")


def with_wecom(folder: Path, site: WecomSite) -> Stage:
    """A site of ours within the company's WeCom; its head is WangFang there."""
    told = f"""[wecom]
corp_id = "{site.corp_id}"
agent_id = "{site.agent_id}"
secret = "{site.corp_secret}"
api_url = "{site.address}"
authorize_url = "{site.address}/connect/oauth2/authorize"
"""
    return prepared(folder, site, told, "WangFang")


def prepared(folder: Path, site: Site, told: str, account: str) -> Stage:
    stage = a_stage(folder, told=told)
    site.now = stage.clock
    stage.people["head"] = replace(stage.people["head"], account=account)
    change_person(stage.store, stage.people["head"])
    return stage


class Trip:
    """A browser that opens an address and follows wherever it is led."""

    def __init__(self, stage: Stage, path: str, *, agent: str = "", client: FlaskClient | None = None) -> None:
        self.client, self.redirects, self.came_back = client or stage.client(), 0, ""
        self.headers = {"User-Agent": agent or "Mozilla/5.0"}
        self.last = self._opened(path)
        while (to := self.last.headers.get("Location")) and self.redirects < 10:
            self.redirects += 1
            self.last = self._opened(to)

    def _opened(self, address: str) -> Any:
        if address.startswith("http://127."):
            return requests.get(address, headers=self.headers, allow_redirects=False, timeout=5)
        path = address.removeprefix("http://localhost")
        if "/back?" in path:
            self.came_back = path
        return self.client.get(path, headers=self.headers)

    @property
    def is_in(self) -> bool:
        return self.client.get("/live/overview").status_code == 200


def refused(stage: Stage) -> list[tuple[str, dict[str, Any]]]:
    found = entries(stage.store, Wanted(action="sign_in_refused"))
    return [(one.about, dict(one.detail)) for one in found]


def seen_anywhere(stage: Stage, trip: Trip, caplog: pytest.LogCaptureFixture) -> str:
    """All that people and logs get to see."""
    return "".join((trip.last.text, str(trip.last.headers), caplog.text, str(entries(stage.store))))


class TestOidc:
    """The company's own sign-in."""

    def test_the_button_leads_in_and_on_to_the_page_that_was_wanted(self, tmp_path: Path, idp: OidcSite) -> None:
        stage = with_oidc(tmp_path, idp, 'label = "江岸统一认证"')
        page = stage.client().get("/sign-in?next=/funnels%3Fperiod%3Dmonth").text
        href = re.search(r'<a class="button" href="([^"]+)">江岸统一认证</a>', page)
        assert href
        trip = Trip(stage, href[1].replace("&amp;", "&"))
        assert trip.last.status_code == 200 and trip.last.request.path == "/funnels" and trip.is_in
        assert trip.last.request.query_string == b"period=month"
        head = stage.people["head"].id
        found = [(one.actor, one.about, dict(one.detail)) for one in entries(stage.store, Wanted(action="sign_in"))]
        assert found == [(head, head, {"how": "oidc", "source": "127.0.0.1"})]

    def test_the_name_of_the_button_has_two_languages(self, tmp_path: Path, idp: OidcSite) -> None:
        stage = with_oidc(tmp_path, idp)
        assert "统一登录" in stage.client().get("/sign-in").text
        assert "Single sign-on" in stage.client().get("/sign-in?lang=en").text

    def test_without_settings_there_is_no_such_way(self, stage: Stage) -> None:
        assert "统一登录" not in stage.client().get("/sign-in").text
        for path in ("/sign-in/oidc", "/sign-in/oidc/back", "/sign-in/wecom", "/sign-in/elsewhere"):
            assert stage.client().get(path).status_code == 404

    def test_a_person_without_an_account_is_known_by_name(self, tmp_path: Path, idp: OidcSite) -> None:
        stage = with_oidc(tmp_path, idp)
        idp.claims["preferred_username"] = "某leader"
        assert Trip(stage, "/sign-in/oidc").is_in

    def test_a_person_with_an_account_is_known_by_it_alone(self, tmp_path: Path, idp: OidcSite) -> None:
        stage = with_oidc(tmp_path, idp)
        idp.claims["preferred_username"] = "某head"
        trip = Trip(stage, "/sign-in/oidc")
        assert not trip.is_in and trip.last.status_code == 403

    def test_no_code_of_an_app_is_asked_for(self, tmp_path: Path, idp: OidcSite) -> None:
        stage = with_oidc(tmp_path, idp, "[security]\ntotp = true")
        assert Trip(stage, "/sign-in/oidc").is_in

    @pytest.mark.parametrize("methods", [["client_secret_basic"], ["client_secret_post"]])
    def test_the_client_proves_itself_as_the_provider_wants(
        self, tmp_path: Path, idp: OidcSite, methods: list[str]
    ) -> None:
        idp.auth_methods = methods
        assert Trip(with_oidc(tmp_path, idp), "/sign-in/oidc").is_in

    def test_a_claim_that_the_token_leaves_out_is_read_at_the_provider(self, tmp_path: Path, idp: OidcSite) -> None:
        idp.only_at_userinfo = ("preferred_username",)
        stage = with_oidc(tmp_path, idp)
        assert Trip(stage, "/sign-in/oidc").is_in
        idp.misbehaves = "tells of another person"
        assert not Trip(stage, "/sign-in/oidc").is_in

    def test_a_changed_key_is_read_anew(self, tmp_path: Path, idp: OidcSite) -> None:
        stage = with_oidc(tmp_path, idp)
        assert Trip(stage, "/sign-in/oidc").is_in
        idp.rotate()
        assert Trip(stage, "/sign-in/oidc").is_in
        assert (idp.asked.count("/jwks"), idp.asked.count("/.well-known/openid-configuration")) == (2, 1)

    @pytest.mark.parametrize(
        ("misbehaves", "why"),
        [
            ("wrong nonce", "invalid_claim nonce"),
            ("no nonce", "missing_claim nonce"),
            ("wrong audience", "invalid_claim aud"),
            ("two audiences", "missing_claim azp"),
            ("authorized party", "invalid_claim azp"),
            ("expired", "expired_token exp"),
            ("issued tomorrow", "invalid_claim iat"),
            ("wrong issuer", "invalid_claim iss"),
            ("odd time", "invalid_claim exp"),
            ("alg none", "unsupported_algorithm"),
            ("signed with the public key", "unsupported_algorithm"),
            ("signed by somebody else", "bad_signature"),
            ("changed on the way", "bad_signature"),
            ("unknown key", "invalid_key_id"),
            ("gives no id token", "KeyError"),
            ("nobody", "no person claim"),
            ("odd name", "no person claim"),
            ("refuses", "refused by the provider"),
            ("answers for another issuer", "another issuer"),
            ("names another issuer", "another issuer"),
            ("names odd addresses", "an address without TLS"),
            ("babbles at /token", "ValueError"),
            ("babbles at /jwks", "JSONDecodeError"),
            ("breaks at /token", "status 500"),
            ("breaks at /jwks", "status 500"),
            ("breaks at /.well-known/openid-configuration", "status 500"),
            ("hangs at /token", "unreachable"),
            ("hangs at /jwks", "unreachable"),
            ("hangs at /.well-known/openid-configuration", "unreachable"),
        ],
    )
    def test_whatever_the_provider_does_wrong_nobody_comes_in(
        self, tmp_path: Path, idp: OidcSite, caplog: pytest.LogCaptureFixture, misbehaves: str, why: str
    ) -> None:
        caplog.set_level(logging.DEBUG)
        stage = with_oidc(tmp_path, idp)
        idp.misbehaves = misbehaves
        trip = Trip(stage, "/sign-in/oidc?next=/heat&lang=en")
        assert trip.last.status_code == 401 and not trip.is_in
        assert (
            "You are not signed in" in trip.last.text and 'href="/sign-in?next=%2Fheat&amp;lang=en"' in trip.last.text
        )
        ((about, detail),) = refused(stage)
        assert (about, detail["how"], detail["why"]) == ("", "oidc", why)
        assert f"Error {detail['error']}" in trip.last.text and detail["error"] in caplog.text
        seen = seen_anywhere(stage, trip, caplog)
        assert [secret for secret in idp.secrets if secret in seen] == [] and "<b>no</b>" not in seen

    def test_a_provider_that_hangs_stops_neither_the_start_nor_passwords(self, tmp_path: Path, idp: OidcSite) -> None:
        stage = with_oidc(tmp_path, idp, "")
        idp.misbehaves = "hangs at /.well-known/openid-configuration"
        assert "登录服务暂时连不上" in Trip(stage, "/sign-in/oidc").last.text
        # It is left alone for a while, so that nobody waits for it.
        asked = len(idp.asked)
        assert {Trip(stage, "/sign-in/oidc").last.status_code for _ in range(60)} == {401} and len(idp.asked) == asked
        assert stage.client().get("/sign-in").status_code == 200
        page = stage.client().post(
            "/sign-in", data={"name": "某leader", "password": "wrong"}, headers={"Origin": "http://localhost"}
        )
        assert page.status_code == 401  # and not 429: tries elsewhere are counted apart
        assert len(refused(stage)) == 51

    def test_people_who_wait_for_the_provider_leave_threads_for_the_pages(self) -> None:
        lines, entered, over = line.Line(threads=4), threading.Barrier(3), threading.Event()

        def wait() -> None:
            with lines.open():
                entered.wait()
                over.wait()

        waiting = [threading.Thread(target=wait) for _ in range(2)]
        for one in waiting:
            one.start()
        entered.wait()
        with pytest.raises(line.ProviderDown, match="busy"), lines.open():
            pass
        over.set()
        for one in waiting:
            one.join()


class TestTheWayThere:
    """State, cookie and the page that was wanted."""

    def test_an_answer_counts_once(self, tmp_path: Path, idp: OidcSite) -> None:
        stage = with_oidc(tmp_path, idp)
        trip = Trip(stage, "/sign-in/oidc")
        again = trip.client.get(trip.came_back)
        assert again.status_code == 401 and refused(stage)[0][1]["why"] == "no such journey"

    def test_another_browser_cannot_finish_what_it_did_not_begin(self, tmp_path: Path, idp: OidcSite) -> None:
        stage = with_oidc(tmp_path, idp)
        attacker, victim = stage.client(), stage.client()
        there = requests.get(attacker.get("/sign-in/oidc").headers["Location"], allow_redirects=False, timeout=5)
        path = there.headers["Location"].removeprefix("http://localhost")
        assert victim.get(path).status_code == 401
        victim.get("/sign-in/oidc")
        assert victim.get(path).status_code == 401 and victim.get("/live/overview").status_code == 401
        assert attacker.get(path).status_code == 303

    @pytest.mark.parametrize("path", ["?code=x", "?state=&code=", "?state=" + "x" * 3000, "", "?error=x&state=1"])
    def test_a_made_up_answer_is_refused(self, tmp_path: Path, idp: OidcSite, path: str) -> None:
        assert with_oidc(tmp_path, idp).client().get(f"/sign-in/oidc/back{path}").status_code == 401

    @pytest.mark.parametrize("name", ["state", "code", "iss", "error", "next", "lang"])
    def test_whatever_comes_back_is_never_an_error_of_ours(self, tmp_path: Path, idp: OidcSite, name: str) -> None:
        client = with_oidc(tmp_path, idp).client()
        for value in HOSTILE:
            there = client.get("/sign-in/oidc", query_string={name: value}).headers["Location"]
            state = parse_qs(urlsplit(there).query)["state"][0]
            asked = {"state": state, "code": "made up", name: value}
            assert client.get("/sign-in/oidc/back", query_string=asked).status_code == 401
        assert client.get("/live/overview").status_code == 401

    def test_two_tabs_do_not_disturb_each_other(self, tmp_path: Path, idp: OidcSite) -> None:
        stage = with_oidc(tmp_path, idp)
        client = stage.client()
        first = client.get("/sign-in/oidc?next=/heat").headers["Location"]
        assert Trip(stage, "/sign-in/oidc?next=/boards", client=client).last.request.path == "/boards"
        there = requests.get(first, allow_redirects=False, timeout=5).headers["Location"]
        assert client.get(there.removeprefix("http://localhost")).headers["Location"] == "/heat"

    def test_after_ten_minutes_it_is_over(self, tmp_path: Path, idp: OidcSite) -> None:
        stage = with_oidc(tmp_path, idp)
        client = stage.client()
        there = requests.get(client.get("/sign-in/oidc").headers["Location"], allow_redirects=False, timeout=5)
        stage.clock.now += LIFE
        assert client.get(there.headers["Location"].removeprefix("http://localhost")).status_code == 401

    @pytest.mark.parametrize(
        "wanted", ["//evil.example", "https://evil.example", "/\\evil", "/sign-in/oidc", "/sign-out"]
    )
    def test_it_leads_to_no_other_site(self, tmp_path: Path, idp: OidcSite, wanted: str) -> None:
        stage = with_oidc(tmp_path, idp)
        client = stage.client()
        there = client.get("/sign-in/oidc", query_string={"next": wanted}).headers["Location"]
        back = requests.get(there, allow_redirects=False, timeout=5).headers["Location"]
        assert client.get(back.removeprefix("http://localhost")).headers["Location"] == "/"

    def test_what_is_asked_of_the_provider_holds_state_nonce_and_challenge(self, tmp_path: Path, idp: OidcSite) -> None:
        answer = with_oidc(tmp_path, idp).client().get("/sign-in/oidc")
        asked = parse_qs(urlsplit(answer.headers["Location"]).query)
        assert asked["response_type"] == ["code"] and asked["code_challenge_method"] == ["S256"]
        assert all(len(asked[name][0]) >= 43 for name in ("state", "nonce", "code_challenge"))
        assert "HttpOnly" in answer.headers["Set-Cookie"] and "SameSite=Lax" in answer.headers["Set-Cookie"]
        assert asked["state"][0] not in answer.headers["Set-Cookie"]

    def test_https_binds_the_cookie_to_this_host(self, tmp_path: Path, idp: OidcSite) -> None:
        answer = with_oidc(tmp_path, idp).client().get("/sign-in/oidc", base_url="https://localhost")
        assert (
            answer.headers["Set-Cookie"].startswith("__Host-warboard-way=") and "Secure" in answer.headers["Set-Cookie"]
        )

    def test_a_flood_of_beginnings_fills_neither_the_store_nor_the_audit(self, tmp_path: Path, idp: OidcSite) -> None:
        stage = with_oidc(tmp_path, idp)
        told: dict[str, Any] = {"browser": "b", "address": "127.0.0.1", "now": stage.clock()}
        made = [begin_journey(stage.store, "oidc", "/", "zh", **told) for _ in range(MOST_FROM_ONE + 1)]
        assert made[-1] is None and stage.client().get("/sign-in/oidc").status_code == 401
        stage.clock.now += LIFE + timedelta(seconds=1)
        assert stage.client().get("/sign-in/oidc").status_code == 303


ROLES = """
[oidc.roles]
leaders = "leader"
heads = "head"
sales = "salesperson"
"""


class TestRights:
    """Who may come in, and as what."""

    def test_whom_nobody_knows_is_told_whom_to_ask(self, tmp_path: Path, idp: OidcSite) -> None:
        stage = with_oidc(tmp_path, idp)
        idp.claims["preferred_username"] = "<i>stranger</i>"
        trip = Trip(stage, "/sign-in/oidc")
        assert trip.last.status_code == 403 and "数字化专员" in trip.last.text and not trip.is_in
        assert "&lt;i&gt;stranger&lt;/i&gt;" in trip.last.text
        assert refused(stage)[0][1]["why"] == "unknown" and "stranger" not in str(entries(stage.store))
        assert "Ask your digital officer" in Trip(stage, "/sign-in/oidc?lang=en").last.text

    def test_who_is_disabled_never_comes_in(self, tmp_path: Path, idp: OidcSite) -> None:
        stage = with_oidc(tmp_path, idp, f"create = true\n{ROLES}")
        idp.claims["groups"] = ["leaders"]
        change_person(stage.store, replace(stage.people["head"], enabled=False))
        trip = Trip(stage, "/sign-in/oidc")
        assert trip.last.status_code == 403 and not trip.is_in
        assert refused(stage)[0][0] == stage.people["head"].id and len(people(stage.store)) == len(stage.people)

    @pytest.mark.parametrize(
        ("groups", "role"), [(["staff", "heads", "leaders"], "leader"), ("heads", "head"), (["heads"], "head")]
    )
    def test_the_first_group_of_the_settings_gives_the_role(
        self, tmp_path: Path, idp: OidcSite, groups: Any, role: str
    ) -> None:
        stage = with_oidc(tmp_path, idp, ROLES)
        idp.claims["groups"] = groups
        assert Trip(stage, "/sign-in/oidc").is_in and named(stage.store, "某head").role == role  # type: ignore[union-attr]

    @pytest.mark.parametrize("groups", [["others"], [], None, 7, [["heads"]], {"heads": 1}])
    def test_without_a_group_of_the_settings_nobody_comes_in(self, tmp_path: Path, idp: OidcSite, groups: Any) -> None:
        stage = with_oidc(tmp_path, idp, ROLES)
        idp.claims["groups"] = groups
        assert not Trip(stage, "/sign-in/oidc").is_in and refused(stage)[0][1]["why"] == "no role"

    def test_a_new_person_is_added_where_the_settings_say_so(self, tmp_path: Path, idp: OidcSite) -> None:
        more = f'create = true\nproject_claim = "dept"\nprojects = {{ "城东" = "p1", "江南" = "p2" }}\n{ROLES}'
        stage = with_oidc(tmp_path, idp, more)
        idp.claims |= {"preferred_username": "lina", "name": "李娜", "groups": ["heads"], "dept": "江南"}
        trip = Trip(stage, "/sign-in/oidc?next=/funnels")
        assert "文昌学府" in trip.last.text and "云岫府" not in trip.last.text
        made = named(stage.store, "李娜")
        assert made and (made.role, made.project_id, made.account) == ("head", "p2", "lina")
        assert [(one.actor, one.about) for one in entries(stage.store, Wanted(action="person_added"))] == [
            ("oidc", made.id)
        ]

    def test_what_changed_there_counts_at_the_next_sign_in(self, tmp_path: Path, idp: OidcSite) -> None:
        stage = with_oidc(tmp_path, idp, f'project_claim = "dept"\n{ROLES}')
        idp.claims |= {"groups": ["heads"], "dept": "p2"}
        shown = Trip(stage, "/sign-in/oidc?next=/funnels").last.text
        assert "文昌学府" in shown and "云岫府" not in shown
        (entry,) = entries(stage.store, Wanted(action="person_changed"))
        assert (entry.actor, entry.about, entry.detail["project"]) == ("oidc", stage.people["head"].id, "p2")
        assert Trip(stage, "/sign-in/oidc").is_in and len(entries(stage.store, Wanted(action="person_changed"))) == 1

    @pytest.mark.parametrize(
        ("claims", "why"),
        [
            ({"groups": ["heads"]}, "no project"),
            ({"groups": ["heads"], "dept": "elsewhere"}, "no project"),
            ({"groups": ["sales"], "dept": "城东"}, "no staff"),
        ],
    )
    def test_a_role_without_its_project_or_staff_id_opens_nothing(
        self, tmp_path: Path, idp: OidcSite, claims: dict[str, Any], why: str
    ) -> None:
        more = f'project_claim = "dept"\nprojects = {{ "城东" = "p1" }}\nstaff_claim = "no"\ncreate = true\n{ROLES}'
        stage = with_oidc(tmp_path, idp, more)
        for account in ("wangfang", "somebody new"):
            idp.claims = {"sub": "7", "preferred_username": account, **claims}
            assert not Trip(stage, "/sign-in/oidc").is_in and refused(stage)[0][1]["why"] == why
        assert named(stage.store, "某head") == stage.people["head"]

    def test_a_new_person_never_takes_somebody_s_name(self, tmp_path: Path, idp: OidcSite) -> None:
        stage = with_oidc(tmp_path, idp, f"create = true\n{ROLES}")
        idp.claims |= {"preferred_username": "lina", "name": " 某admin ", "groups": ["leaders"]}
        assert Trip(stage, "/sign-in/oidc").is_in
        assert named(stage.store, "某admin") == stage.people["admin"]
        made = named(stage.store, "lina")
        assert made and made.role == "leader"

    def test_who_only_looks_at_walls_is_led_to_one(self, tmp_path: Path, idp: OidcSite) -> None:
        stage = with_oidc(tmp_path, idp)
        idp.claims["preferred_username"] = "某viewer"
        assert Trip(stage, "/sign-in/oidc").last.request.path == "/wall/canteen"


class TestWecom:
    """A link in a chat opens a page of ours."""

    def test_a_link_opens_its_page_in_three_redirects(self, tmp_path: Path, chat: WecomSite) -> None:
        stage = with_wecom(tmp_path, chat)
        trip = Trip(stage, "/funnels?period=month", agent=WXWORK)
        assert trip.redirects == 3 and trip.is_in
        assert (trip.last.status_code, trip.last.request.full_path) == (200, "/funnels?period=month")
        head = stage.people["head"].id
        (entry,) = entries(stage.store, Wanted(action="sign_in"))
        assert (entry.actor, entry.detail["how"]) == (head, "wecom")

    def test_a_second_link_opens_at_once_and_the_access_token_is_kept(self, tmp_path: Path, chat: WecomSite) -> None:
        stage = with_wecom(tmp_path, chat)
        trip = Trip(stage, "/", agent=WXWORK)
        assert Trip(stage, "/heat", agent=WXWORK, client=trip.client).redirects == 0
        assert Trip(stage, "/", agent=WXWORK).is_in and chat.asked.count("/cgi-bin/gettoken") == 1

    def test_the_address_is_the_one_wecom_documents(self, tmp_path: Path, chat: WecomSite) -> None:
        there = with_wecom(tmp_path, chat).client().get("/", headers={"User-Agent": WXWORK}).headers["Location"]
        assert there.startswith(
            f"{chat.address}/connect/oauth2/authorize?appid=ww7f2&redirect_uri=http%3A%2F%2Flocalhost"
        )
        assert there.endswith("&agentid=1000002#wechat_redirect")

    def test_other_browsers_go_to_the_sign_in_page_where_wecom_is_not_offered(
        self, tmp_path: Path, chat: WecomSite
    ) -> None:
        stage = with_wecom(tmp_path, chat)
        assert Trip(stage, "/heat").last.request.path == "/sign-in"
        assert "企业微信登录" not in stage.client().get("/sign-in").text
        assert "企业微信登录" in stage.client().get("/sign-in", headers={"User-Agent": WXWORK}).text

    @pytest.mark.parametrize(
        ("path", "headers"),
        [
            ("/live/overview", {}),
            ("/static/live.js", {}),
            ("/favicon.ico", {"Sec-Fetch-Dest": "image"}),
            ("/sign-in", {}),
            ("/sign-out", {"Sec-Fetch-Dest": "empty"}),
        ],
    )
    def test_only_a_page_that_is_opened_leads_there(
        self, tmp_path: Path, chat: WecomSite, path: str, headers: dict[str, str]
    ) -> None:
        answer = with_wecom(tmp_path, chat).client().get(path, headers={"User-Agent": WXWORK, **headers})
        assert "authorize" not in answer.headers.get("Location", "")

    @pytest.mark.parametrize("standing", ["expired", "unknown"])
    def test_an_access_token_that_ended_early_is_fetched_anew(
        self, tmp_path: Path, chat: WecomSite, standing: str
    ) -> None:
        stage = with_wecom(tmp_path, chat)
        assert Trip(stage, "/", agent=WXWORK).is_in
        chat.tokens = dict.fromkeys(chat.tokens, standing)
        assert Trip(stage, "/", agent=WXWORK).is_in and chat.asked.count("/cgi-bin/gettoken") == 2

    def test_an_access_token_is_fetched_anew_before_it_ends(self, chat: WecomSite) -> None:
        now = [0.0]
        told = {"corp_id": chat.corp_id, "agent_id": chat.agent_id, "secret": chat.corp_secret}
        company = wecom.WeCom(wecom.Wecom(**told, api_url=chat.address, authorize_url=""), 8, lambda: now[0])
        first = company._access_token()
        now[0] = 7139
        assert company._access_token() == first
        now[0] = 7140
        assert company._access_token() != first

    @pytest.mark.parametrize(
        ("misbehaves", "why"),
        [
            ("takes no token", "errcode 40014"),
            ("bars our address", "errcode 60020"),
            ("is busy", "errcode -1"),
            ("breaks at /cgi-bin/gettoken", "status 500"),
            ("breaks at /cgi-bin/auth/getuserinfo", "status 500"),
            ("babbles at /cgi-bin/gettoken", "unreadable"),
            ("babbles at /cgi-bin/auth/getuserinfo", "unreadable"),
            ("hangs at /cgi-bin/gettoken", "unreachable"),
            ("hangs at /cgi-bin/auth/getuserinfo", "unreachable"),
        ],
    )
    def test_whatever_wecom_does_wrong_nobody_comes_in_and_nobody_goes_in_circles(
        self, tmp_path: Path, chat: WecomSite, caplog: pytest.LogCaptureFixture, misbehaves: str, why: str
    ) -> None:
        caplog.set_level(logging.DEBUG)
        stage = with_wecom(tmp_path, chat)
        chat.misbehaves = misbehaves
        trip = Trip(stage, "/heat", agent=WXWORK)
        assert (trip.last.status_code, trip.redirects, trip.is_in) == (401, 2, False)
        assert "没有登录成功" in trip.last.text and "/sign-in?next=%2Fheat" in trip.last.text
        ((_, detail),) = refused(stage)
        assert (detail["how"], detail["why"]) == ("wecom", why) and detail["error"] in trip.last.text
        assert [secret for secret in chat.secrets if secret in seen_anywhere(stage, trip, caplog)] == []

    def test_a_wrong_secret_is_named_in_the_log_by_its_number(
        self, tmp_path: Path, chat: WecomSite, caplog: pytest.LogCaptureFixture
    ) -> None:
        stage = with_wecom(tmp_path, chat)
        chat.corp_secret = "another"
        assert not Trip(stage, "/", agent=WXWORK).is_in and "errcode 40001" in caplog.text

    @pytest.mark.parametrize("user", [{"openid": "o-guest"}, {"openid": "o", "external_userid": "wm"}, {}])
    def test_who_is_not_of_the_company_is_refused(self, tmp_path: Path, chat: WecomSite, user: dict[str, str]) -> None:
        stage = with_wecom(tmp_path, chat)
        chat.user = user
        trip = Trip(stage, "/", agent=WXWORK)
        assert (trip.last.status_code, trip.is_in) == (403, False)
        assert refused(stage)[0][1]["why"] == "not of the company"

    def test_who_has_no_account_here_is_told_which_one_to_name(self, tmp_path: Path, chat: WecomSite) -> None:
        stage = with_wecom(tmp_path, chat)
        chat.user = {"userid": "LiNa"}
        trip = Trip(stage, "/", agent=WXWORK)
        assert trip.last.status_code == 403 and "LiNa" in trip.last.text and not trip.is_in

    def test_a_name_is_no_account(self, tmp_path: Path, chat: WecomSite) -> None:
        chat.user = {"userid": "某leader"}
        assert not Trip(with_wecom(tmp_path, chat), "/", agent=WXWORK).is_in

    def test_who_is_disabled_never_comes_in(self, tmp_path: Path, chat: WecomSite) -> None:
        stage = with_wecom(tmp_path, chat)
        change_person(stage.store, replace(stage.people["head"], enabled=False))
        assert not Trip(stage, "/", agent=WXWORK).is_in

    def test_a_code_and_an_answer_count_once(self, tmp_path: Path, chat: WecomSite) -> None:
        stage = with_wecom(tmp_path, chat)
        trip = Trip(stage, "/", agent=WXWORK)
        assert trip.client.get(trip.came_back).status_code == 401
        client = stage.client()
        state = parse_qs(urlsplit(client.get("/", headers={"User-Agent": WXWORK}).headers["Location"]).query)["state"][
            0
        ]
        used = parse_qs(urlsplit(trip.came_back).query)["code"][0]
        assert client.get(f"/sign-in/wecom/back?code={used}&state={state}").status_code == 401
        assert refused(stage)[0][1]["why"] == "errcode 40029"

    def test_an_answer_of_one_way_does_not_open_the_other(self, tmp_path: Path, chat: WecomSite) -> None:
        stage = with_wecom(tmp_path, chat)
        made = begin_journey(stage.store, "oidc", "/", "zh", browser="b", address="x", now=stage.clock())
        client = stage.client()
        client.set_cookie("warboard-way", "b")
        assert made and client.get(f"/sign-in/wecom/back?code=x&state={made.state}").status_code == 401

    def test_a_browser_that_keeps_no_cookies_does_not_go_in_circles(self, tmp_path: Path, chat: WecomSite) -> None:
        stage = with_wecom(tmp_path, chat)
        forgetful = stage.site.server.test_client(use_cookies=False)
        trip = Trip(stage, "/", agent=WXWORK, client=forgetful)
        assert (trip.redirects, trip.last.status_code) == (2, 401)
