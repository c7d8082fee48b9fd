"""Screens: paired from a phone, they open their own scenes for ever, and nothing else."""

import html
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from data_access.store.audit import entries
from data_access.store.pairings import LIFE, MOST_FROM_ONE, MOST_WRONG
from data_access.store.screens import GRACE, RENEW_AFTER, Screen, screens
from tests.dashboards.test_door import DATA, DOCUMENTS, PICTURES
from tests.dashboards.worlds import OURS, Stage, a_stage

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
CANTEEN: dict[str, Any] = {"name": "三楼食堂", "place": "canteen", "scene": ["canteen"]}
WARROOM: dict[str, Any] = {"name": "指挥中心", "place": "warroom", "scene": ["warroom", "canteen"]}
COOKIE = "warboard-screen"


@pytest.fixture
def house(tmp_path: Path) -> Any:
    """A site whose screens a test may change."""
    made = a_stage(tmp_path)
    yield made
    made.store.close()


def code_on(client: FlaskClient) -> str:
    """The code a waiting screen shows."""
    return re.findall(r'data-code="(\w{8})"', client.get("/screen").text)[0]


def post(stage: Stage, path: str, data: dict[str, Any], role: str = "admin", address: str = "") -> TestResponse:
    client = stage.client(role)
    if address:
        client.environ_base["REMOTE_ADDR"] = address
    return client.post(path, data=data, content_type="application/x-www-form-urlencoded", headers=OURS)


def approved(stage: Stage, tv: FlaskClient, **given: Any) -> TestResponse:
    return post(stage, "/screens", {**CANTEEN, **given, "code": code_on(tv)})


def a_screen(stage: Stage, **given: Any) -> FlaskClient:
    """A paired screen that has opened its first scene."""
    tv = stage.client()
    assert approved(stage, tv, **given).status_code == 303
    assert tv.get("/screen", follow_redirects=True).status_code == 200
    return tv


def token(tv: FlaskClient) -> str:
    cookie = tv.get_cookie(COOKIE)
    assert cookie is not None
    return cookie.value


def copy_of(stage: Stage, tv: FlaskClient) -> FlaskClient:
    """Another browser with the same cookie."""
    other = stage.client()
    other.set_cookie(COOKIE, token(tv))
    return other


def the_screen(stage: Stage) -> Screen:
    [one] = screens(stage.store)
    return one


class TestWaiting:
    """A browser nobody knows shows a code, and what it waits for."""

    def test_it_shows_a_code_in_two_groups_and_one_to_scan(self, house: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
        scanned: list[str] = []
        monkeypatch.setattr("components.pairing.qr_code", lambda text, label: scanned.append(text))
        tv = house.client()
        code = code_on(tv)
        assert f"{code[:4]} {code[4:]}" in tv.get("/screen").text
        assert set(scanned) == {f"http://localhost/screens?code={code}"}

    def test_it_keeps_its_code_for_ten_minutes_and_then_shows_another(self, house: Stage) -> None:
        tv = house.client()
        code = code_on(tv)
        house.clock.now += LIFE - MINUTE
        assert code_on(tv) == code
        house.clock.now += MINUTE
        assert code_on(tv) != code

    def test_it_asks_again_by_script_or_without(self, house: Stage) -> None:
        tv = house.client()
        shown = tv.get("/screen")
        assert '<noscript><meta http-equiv="refresh" content="5"></noscript>' in shown.text
        assert shown.headers["X-Waits"] == code_on(tv) == tv.head("/screen").headers["X-Waits"]
        assert tv.get("/pair.js").mimetype == "text/javascript"

    def test_it_opens_its_scene_once_approved(self, house: Stage) -> None:
        tv = house.client()
        assert approved(house, tv).headers["Location"] == "/screens"
        opened = tv.get("/screen")
        assert (opened.status_code, opened.headers["Location"]) == (303, "/wall/canteen")
        assert tv.get("/wall/canteen").status_code == 200

    def test_its_cookies_are_out_of_reach_of_scripts_and_bound_to_this_host(self, house: Stage) -> None:
        set_cookie = house.client().get("/screen", base_url="https://localhost").headers["Set-Cookie"]
        assert set_cookie.startswith("__Host-warboard-screen=")
        assert all(part in set_cookie for part in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"))

    def test_a_browser_without_cookies_cannot_fill_the_store(self, house: Stage) -> None:
        answers = [house.client().get("/screen").status_code for _ in range(MOST_FROM_ONE + 2)]
        assert answers.count(200) == MOST_FROM_ONE and answers[-1] == 429

    def test_it_waits_in_english_too(self, house: Stage) -> None:
        assert "Waiting to be paired" in house.client().get("/screen?lang=en").text


class TestApproving:
    """On a phone, by whoever keeps the screens, who sees what asks."""

    @pytest.mark.parametrize("role", ["admin", "leader"])
    def test_the_phone_shows_the_address_that_asks_and_the_scenes_there_are(self, house: Stage, role: str) -> None:
        tv = house.client()
        tv.environ_base["REMOTE_ADDR"] = "10.0.0.7"
        shown = house.client(role).get(f"/screens?code={code_on(tv)}").text
        assert "10.0.0.7" in shown and 'value="canteen"' in shown and 'value="warroom"' in shown

    def test_behind_a_proxy_on_this_machine_it_is_the_address_the_proxy_saw(self, house: Stage) -> None:
        tv = house.client()
        tv.environ_base["HTTP_X_FORWARDED_FOR"] = "1.1.1.1, 10.0.0.8"
        assert "10.0.0.8" in house.client("admin").get(f"/screens?code={code_on(tv)}").text

    def test_nobody_tells_another_address_than_a_proxy_of_ours(self, house: Stage) -> None:
        tv = house.client()
        tv.environ_base |= {"HTTP_X_FORWARDED_FOR": "10.0.0.8", "REMOTE_ADDR": "10.0.0.9"}
        assert "10.0.0.9" in house.client("admin").get(f"/screens?code={code_on(tv)}").text

    @pytest.mark.parametrize("role", ["head", "champion", "salesperson", "viewer"])
    def test_others_may_not(self, house: Stage, role: str) -> None:
        tv = house.client()
        answer = post(house, "/screens", {**CANTEEN, "code": code_on(tv)}, role)
        assert answer.status_code == 403 and screens(house.store) == []

    def test_the_code_may_be_typed_as_it_is_read(self, house: Stage) -> None:
        code = code_on(house.client())
        shown = house.client("admin").get(f"/screens?code={code[:4].lower()}+{code[4:].lower()}")
        assert shown.status_code == 200 and f'value="{code}"' in shown.text

    def test_a_code_works_once(self, house: Stage) -> None:
        code = code_on(house.client())
        answers = [post(house, "/screens", {**CANTEEN, "code": code}).status_code for _ in range(2)]
        assert answers == [303, 404] and len(screens(house.store)) == 1

    def test_five_wrong_codes_and_no_code_is_good(self, house: Stage) -> None:
        code = code_on(house.client())
        admin = house.client("admin")
        wrong = [admin.get("/screens?code=BBBBBBBB").status_code for _ in range(MOST_WRONG + 1)]
        assert wrong == [404] * MOST_WRONG + [429]
        assert post(house, "/screens", {**CANTEEN, "code": code}, address="10.9.9.9").status_code == 429
        assert post(house, "/screens", {**CANTEEN, "code": code}, "leader").status_code == 429
        assert post(house, "/screens", {**CANTEEN, "code": code}, "leader", "10.9.9.9").status_code == 303

    @pytest.mark.parametrize(
        "given",
        [
            pytest.param({"name": " "}, id="without a name"),
            pytest.param({"name": "x" * 61}, id="with an endless name"),
            pytest.param({"place": "cellar"}, id="for no place"),
            pytest.param({"scene": []}, id="without a scene"),
            pytest.param({"scene": ["nothing"]}, id="for no scene"),
            pytest.param({"scene": ["canteen", "warroom"]}, id="with amounts where anybody passes"),
        ],
    )
    def test_what_does_not_fit_is_refused(self, house: Stage, given: dict[str, Any]) -> None:
        tv = house.client()
        assert approved(house, tv, **given).status_code == 400
        assert screens(house.store) == [] and code_on(tv)


class TestAPairedScreen:
    """It opens its scenes and nothing else, day after day."""

    def test_the_canteen_shows_no_amounts(self, house: Stage) -> None:
        tv = a_screen(house)
        shown = tv.get("/wall/canteen").text + tv.get("/wall/lite/canteen").text + tv.get("/live/wall/canteen").text
        assert "云岫府" in shown and not re.search(
            r"[\d.]+[万亿]元?|¥|￥", html.unescape(re.sub(r"<style.*?</style>", "", shown, flags=re.S))
        )

    def test_the_war_room_shows_them(self, house: Stage) -> None:
        tv = a_screen(house, **WARROOM)
        shown = tv.get("/wall/warroom").text
        assert re.search(r"[\d.]+[万亿]", shown)
        assert re.findall(r'class="scene-link" href="/wall/(\w+)"', shown) == ["canteen", "warroom"]

    def test_it_opens_no_other_scene(self, house: Stage) -> None:
        tv = a_screen(house)
        for path in ("/wall/warroom", "/wall/lite/warroom"):
            assert (answer := tv.get(path)).status_code == 303 and answer.headers["Location"] == "/screen"
        assert tv.get("/live/wall/warroom").status_code == 410
        assert re.findall(r'class="scene-link" href="/wall/(\w+)"', tv.get("/wall/canteen").text) == ["canteen"]

    def test_it_opens_nothing_else(self, house: Stage) -> None:
        tv = a_screen(house, **WARROOM)
        others = [path for path in (*DOCUMENTS, *DATA, *PICTURES) if "wall/" not in path]
        assert {tv.get(path).status_code for path in others} <= {303, 401}
        files = house.site.files
        assert tv.get(files.address("live.js")).status_code == 200
        assert tv.get(files.address("share.js")).status_code == 410

    def test_its_place_holds_when_its_scene_is_changed_later(self, house: Stage, tmp_path: Path) -> None:
        tv = a_screen(house, **WARROOM)
        changed = {**WARROOM, "place": "canteen"}
        assert post(house, f"/screens/{the_screen(house).id}", changed).status_code == 400
        changed["scene"] = ["canteen"]
        assert post(house, f"/screens/{the_screen(house).id}", changed).status_code == 303
        assert tv.get("/live/wall/warroom").status_code == 410 and tv.get("/live/wall/canteen").status_code == 200
        assert tv.get("/screen").headers["Location"] == "/wall/canteen"

    def test_nobody_logs_it_out_in_thirty_days(self, house: Stage) -> None:
        tv, tokens = a_screen(house), set()
        for _ in range(30 * 24):
            house.clock.now += timedelta(hours=1)
            assert tv.get("/live/wall/canteen").status_code == 200
            tokens.add(token(tv))
        assert len(tokens) == 1 + 30 // RENEW_AFTER.days

    def test_nor_when_every_answer_with_a_new_credential_is_lost(self, house: Stage) -> None:
        tv = a_screen(house)
        kept = token(tv)
        for _ in range(30):
            house.clock.now += DAY
            assert tv.get("/live/wall/canteen").status_code == 200
            tv.set_cookie(COOKIE, kept)

    def test_a_browser_that_was_off_for_a_month_goes_on(self, house: Stage) -> None:
        tv = a_screen(house)
        house.clock.now += 30 * DAY
        assert tv.get("/wall/canteen").status_code == 200

    def test_a_copied_cookie_ends_both(self, house: Stage) -> None:
        tv = a_screen(house)
        thief = copy_of(house, tv)
        house.clock.now += RENEW_AFTER
        assert tv.get("/live/wall/canteen").status_code == 200
        assert tv.get("/live/wall/canteen").status_code == 200
        assert thief.get("/live/wall/canteen").status_code == 200
        house.clock.now += GRACE + MINUTE
        assert thief.get("/live/wall/canteen").status_code == 410
        assert tv.get("/live/wall/canteen").status_code == 410
        assert "凭证被复制" in house.client("admin").get("/screens").text

    def test_a_revoked_one_is_closed_at_once_and_may_be_paired_again(self, house: Stage) -> None:
        tv = a_screen(house)
        assert post(house, f"/screens/{the_screen(house).id}/revoke", {}).status_code == 303
        assert tv.get("/live/wall/canteen").status_code == 410
        assert tv.get("/wall/canteen").headers["Location"] == "/screen"
        assert "本屏已停用" in tv.get("/screen").text
        assert approved(house, tv).status_code == 303
        assert tv.get("/screen", follow_redirects=True).status_code == 200

    def test_a_credential_that_nobody_knows_leads_to_pairing_and_not_to_a_sign_in(self, house: Stage) -> None:
        tv = house.client()
        tv.set_cookie(COOKIE, "x")
        assert (
            tv.get("/wall/canteen").headers["Location"] == tv.get("/wall/lite/canteen").headers["Location"] == "/screen"
        )
        assert tv.get("/live/wall/canteen").status_code == 410
        assert tv.get("/funnels").headers["Location"].startswith("/sign-in") and code_on(tv)

    def test_its_credential_stands_in_no_page_and_no_address(self, house: Stage) -> None:
        tv = a_screen(house)
        assert token(tv) not in tv.get("/wall/canteen").text + house.client("admin").get("/screens").text

    def test_its_files_set_no_cookie_that_a_cache_could_pass_on(self, house: Stage) -> None:
        tv = a_screen(house)
        house.clock.now += RENEW_AFTER
        assert "Set-Cookie" not in tv.get(house.site.files.address("live.js")).headers

    def test_a_person_s_wall_says_nothing_about_itself(self, house: Stage) -> None:
        name = house.site.files.address("screen.js")
        assert name in a_screen(house).get("/wall/canteen").text
        assert name not in house.client("viewer").get("/wall/canteen").text


class TestKeepingScreens:
    """A list of what hangs where, whether it runs, and two buttons."""

    def test_it_says_when_it_was_seen_and_what_it_is(self, house: Stage) -> None:
        tv = a_screen(house)
        house.clock.now += MINUTE
        tv.get("/live/wall/canteen?build=build-0&size=1920x1080&age=75")
        shown = house.client("admin").get("/screens").text
        assert all(word in shown for word in ("三楼食堂", "在线", "1920x1080", "版本 build-0(旧)", "画面 1分钟前"))
        house.clock.now += 5 * MINUTE
        assert "离线" in house.client("admin").get("/screens").text

    @pytest.mark.parametrize("told", ["build=<b>&size=1x1&age=1", "build=b&size=1920&age=1", "build=b&size=1x1&age=-1"])
    def test_what_cannot_be_true_is_not_kept(self, house: Stage, told: str) -> None:
        tv = a_screen(house)
        house.clock.now += MINUTE
        assert tv.get(f"/live/wall/canteen?{told}").status_code == 200
        assert the_screen(house).told.size == "" and the_screen(house).seen_at == house.clock.now

    def test_a_name_is_text(self, house: Stage) -> None:
        a_screen(house, name="<b>食堂")
        assert "&lt;b&gt;食堂" in house.client("admin").get("/screens").text

    def test_everything_that_changes_rights_is_in_the_audit(self, house: Stage) -> None:
        a_screen(house)
        one = the_screen(house)
        post(house, f"/screens/{one.id}", WARROOM, "leader")
        post(house, f"/screens/{one.id}/revoke", {})
        leader, admin = house.people["leader"].id, house.people["admin"].id
        assert [(entry.actor, entry.action, entry.about) for entry in entries(house.store)] == [
            (admin, "screen_revoked", one.id),
            (leader, "screen_changed", one.id),
            (admin, "screen_paired", one.id),
        ]

    def test_a_screen_that_is_gone_is_not_found(self, house: Stage) -> None:
        assert post(house, "/screens/x/revoke", {}).status_code == 404
        assert post(house, "/screens/x", CANTEEN).status_code == 404

    def test_it_is_there_in_english(self, house: Stage) -> None:
        a_screen(house)
        shown = house.client("leader").get("/screens?lang=en").text
        assert "Online" in shown and "Canteen, or where anybody passes" in shown and "/audit" not in shown


class TestNetworks:
    """A credential stays in the network its screen was paired from."""

    def elsewhere(self, stage: Stage, tv: FlaskClient, address: str) -> FlaskClient:
        other = copy_of(stage, tv)
        other.environ_base["REMOTE_ADDR"] = address
        return other

    def from_the_canteen(self, stage: Stage) -> FlaskClient:
        tv = stage.client()
        tv.environ_base["REMOTE_ADDR"] = "10.1.2.3"
        assert approved(stage, tv).status_code == 303
        assert tv.get("/wall/canteen").status_code == 200
        return tv

    @pytest.mark.parametrize("address", ["10.1.3.3", "8.8.8.8", "::1", ""])
    def test_a_copy_opens_nothing_elsewhere_and_the_screen_goes_on(self, house: Stage, address: str) -> None:
        tv = self.from_the_canteen(house)
        copy = self.elsewhere(house, tv, address)
        assert copy.get("/wall/canteen").headers["Location"] == "/screen"
        assert copy.get("/live/wall/canteen").status_code == 410
        assert "data-code" in copy.get("/screen").text
        assert tv.get("/live/wall/canteen").status_code == 200

    def test_a_new_address_of_the_same_network_is_fine(self, house: Stage) -> None:
        tv = self.from_the_canteen(house)
        assert self.elsewhere(house, tv, "10.1.2.250").get("/live/wall/canteen").status_code == 200

    def test_where_screens_may_roam_it_opens_everywhere(self, tmp_path: Path) -> None:
        house = a_stage(tmp_path, told="[walls]\nroaming = true")
        tv = self.from_the_canteen(house)
        assert self.elsewhere(house, tv, "8.8.8.8").get("/live/wall/canteen").status_code == 200
        house.store.close()
