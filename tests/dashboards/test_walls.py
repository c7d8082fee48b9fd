"""Walls: what their scenes hold, what a broken panel shows, and what is celebrated."""

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from components.shell_wall import Slide
from dashboards import _panels
from dashboards._old import is_old
from dashboards.wall import LastGood, landed, slides
from metrics.scenes import SceneSpec, scenes
from metrics.snapshot import Event, Snapshot
from tests.dashboards.worlds import Stage, a_stage, a_view
from tests.snapshots import AS_OF, PROJECTS, property_pack, small_snapshot

CANTEEN, WARROOM = scenes(property_pack())
CHROME_56 = "Mozilla/5.0 (SMART-TV; LINUX; Tizen 4.0) AppleWebKit/538.1 (KHTML, like Gecko) Version/4.0 Chrome/56.0.2924.0 TV Safari/538.1"
CHROME_NOW = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"


def a_scene(*panels: dict[str, Any], **more: Any) -> SceneSpec:
    slide = {"name": "one", "label": "一", "panels": list(panels), **more}
    given = {"ours": {"label": "我们", "amounts": True, "slides": [slide]}}
    return scenes(property_pack(), given)[-1]


def text(shown: list[Slide]) -> str:
    return re.sub(r"<[^>]*>|\s+", " ", "".join(str(panel) for slide in shown for panel in slide.panels))


def drawn(*panels: dict[str, Any], snapshot: Snapshot | None = None, **more: Any) -> str:
    return text(slides(a_scene(*panels, **more), a_view(snapshot=snapshot), LastGood()))


def contracts(*keys: str, day: int = 0) -> Snapshot:
    """The small world in which these contracts were signed just now, or days ago."""
    at = AS_OF - timedelta(days=day, minutes=5)
    signed = [Event("contract", at, "p1", "c1", "s1", None, None, key) for key in keys]
    before = [event for event in small_snapshot().recent if event.kind != "contract"]
    return replace(small_snapshot(), recent=(*signed, *before))


def test_the_canteen_shows_no_amounts() -> None:
    shown = text(slides(CANTEEN, a_view(), LastGood()))
    assert "转介王" in shown and "到访转化率" in shown
    assert "万" not in shown and "元" not in shown


@pytest.mark.parametrize("scene", [CANTEEN, WARROOM], ids=lambda scene: scene.name)
def test_every_panel_of_every_scene_can_be_drawn(scene: SceneSpec, caplog: pytest.LogCaptureFixture) -> None:
    for lang in ("zh", "en"):
        shown = slides(scene, a_view(lang=lang), LastGood())
        assert {slide.name.partition("-")[0] for slide in shown} == {slide.name for slide in scene.slides}
    assert caplog.records == []


def test_a_duel_is_between_the_first_two_of_last_week_s_board_in_numbers_of_this_week() -> None:
    shown = drawn({"kind": "duel", "board": "exposure"})
    assert "上周前两名" in shown and "PK" in shown and "本周" in shown
    assert sum(name in shown for name in ("云岫府", "文昌学府", "望澜湾")) == 2


def test_a_duel_can_be_between_two_named_projects() -> None:
    shown = drawn({"kind": "duel", "projects": ["p3", "p1"], "period": "month"})
    assert shown.index("望澜湾") < shown.index("云岫府") and "文昌学府" not in shown


def test_a_duel_of_teams_is_between_the_foremost_of_last_week() -> None:
    shown = drawn({"kind": "duel", "teams": "leads"})
    assert "团队PK" in shown and "留电 · 上周前两名" in shown
    assert sum(f"{name}一组" in shown for name in PROJECTS.values()) == 2


def test_a_duel_with_nobody_to_meet_says_so() -> None:
    assert "还没有可排名的数据" in drawn({"kind": "duel", "projects": ["p1", "nowhere"]})


def test_a_slide_about_some_projects_holds_no_other() -> None:
    for panel in (
        {"kind": "paces"},
        {"kind": "heat", "metric": "leads"},
        {"kind": "funnels"},
        {"kind": "regions"},
        {"kind": "latest"},
    ):
        shown = drawn(panel, projects=["p2"])
        assert "文昌学府" in shown and "云岫府" not in shown and "望澜湾" not in shown


def test_regions_hold_every_project_with_its_state_most_at_risk_first() -> None:
    shown = drawn({"kind": "regions", "by": "region"})
    assert shown.index("城东") < shown.index("城西")
    assert all(name in shown for name in ("云岫府", "文昌学府", "望澜湾")) and "红色" in shown


def test_the_ticker_holds_only_the_events_it_is_about() -> None:
    shown = drawn({"kind": "latest", "kinds": ["visit"]})
    assert "到访" in shown and "新增留电" not in shown


def test_funnels_go_on_over_as_many_slides_as_they_need() -> None:
    shown = slides(a_scene({"kind": "funnels", "per_slide": 2, "period": "quarter"}), a_view(), LastGood())
    assert [slide.name for slide in shown] == ["one-1", "one-2"]
    assert [slide.short for slide in shown] == ["一 1", "2"]


class TestABrokenPanel:
    """It shows its last good picture; its neighbours and the rotation do not care."""

    @pytest.fixture
    def broken(self, monkeypatch: pytest.MonkeyPatch) -> list[bool]:
        """Set the first element to break the heatmap."""
        switch, heat = [False], _panels.DRAWN["heat"]

        def sometimes(*given: Any) -> Any:
            if switch[0]:
                raise RuntimeError("no heat today")
            return heat(*given)

        monkeypatch.setattr("dashboards.wall.DRAWN", {**_panels.DRAWN, "heat": sometimes})
        return switch

    def test_without_a_picture_it_says_so_and_its_neighbours_are_there(self, broken: list[bool]) -> None:
        broken[0] = True
        first = slides(CANTEEN, a_view(), LastGood())[0].panels
        assert "本块暂时无法显示" in str(first[0]) and "转介王" in str(first[1])

    def test_it_keeps_its_last_picture_with_its_time_and_age(self, broken: list[bool]) -> None:
        last_good = LastGood()
        before = slides(CANTEEN, a_view(), last_good)
        broken[0] = True
        later = replace(small_snapshot(2), as_of=AS_OF + timedelta(minutes=7))
        after = slides(CANTEEN, a_view(snapshot=later), last_good)
        assert [slide.name for slide in after] == [slide.name for slide in before]
        assert "本块停在 10:00(7分钟前)" in str(after[0].panels[0]) and str(before[0].panels[0]) in str(
            after[0].panels[0]
        )
        broken[0] = False
        assert "停在" not in str(slides(CANTEEN, a_view(snapshot=later), last_good)[0].panels[0])

    def test_each_language_keeps_its_own_picture(self, broken: list[bool]) -> None:
        last_good = LastGood()
        slides(CANTEEN, a_view(), last_good)
        broken[0] = True
        assert "cannot be shown" in str(slides(CANTEEN, a_view(lang="en"), last_good)[0].panels[0])

    def test_a_panel_that_fails_while_its_markup_is_made_stays_alone_too(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("dashboards.wall.DRAWN", {**_panels.DRAWN, "heat": lambda view, options: object()})
        assert "本块暂时无法显示" in str(slides(CANTEEN, a_view(), LastGood())[0].panels[0])


class TestCelebrations:
    """喜报 name the project and the salesperson; never the customer, and no amount in the canteen."""

    def test_new_contracts_are_listed_with_where_and_by_whom(self) -> None:
        [one] = landed(CANTEEN, a_view(snapshot=contracts("k1")))
        assert (one.key, one.project, one.staff, one.amount) == ("k1", "云岫府", "周健", "")

    def test_the_war_room_may_show_the_amount(self) -> None:
        snapshot = contracts("k1")
        priced = replace(snapshot, recent=(replace(snapshot.recent[0], amount=2_500_000), *snapshot.recent[1:]))
        assert [one.amount for one in landed(WARROOM, a_view(snapshot=priced))] == ["250万"]
        assert [one.amount for one in landed(CANTEEN, a_view(snapshot=priced))] == [""]

    def test_old_contracts_are_no_news(self) -> None:
        assert landed(CANTEEN, a_view(snapshot=contracts("k1", day=2))) == []
        assert len(landed(CANTEEN, a_view(snapshot=contracts("k1", day=1)))) == 1

    def test_real_contracts_have_a_key_each_and_it_is_no_id_of_the_source(self) -> None:
        keys = [event.key for event in small_snapshot().recent if event.kind == "contract"]
        assert len(set(keys)) == len(keys) and all(re.fullmatch("[0-9a-f]{16}", key) for key in keys)
        assert {event.key for event in small_snapshot().recent if event.kind != "contract"} == {""}

    def test_they_stand_unseen_in_the_page_and_in_its_live_answer(self, tmp_path: Path) -> None:
        stage = a_stage(tmp_path, snapshot=contracts("k1"))
        client = stage.client("viewer")
        shown, live = client.get("/wall/canteen").text, client.get("/live/wall/canteen").json["html"]
        assert 'data-landed="k1"' in shown and 'data-landed="k1"' in live
        assert re.search(r'<ol class="landed" data-part="landed" hidden>', shown)
        assert 'data-cheer="12" data-quiet-from="21:00" data-quiet-until="08:00"' in shown


class TestTheFrame:
    """Old browsers, the list of scenes, and the code for a phone."""

    @pytest.mark.parametrize(
        ("agent", "old"),
        [
            (CHROME_56, True),
            (CHROME_NOW, False),
            ("Mozilla/5.0 (X11; Linux) Gecko/20100101 Firefox/52.0", True),
            ("Mozilla/5.0 (X11; Linux) Gecko/20100101 Firefox/140.0", False),
            ("Mozilla/5.0 (iPad; CPU OS 9_3 like Mac OS X) AppleWebKit/601.1 (KHTML, like Gecko) Version/9.0 Mobile/13E233 Safari/601.1", True),
            ("Mozilla/5.0 (Macintosh) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15", False),
            ("Mozilla/5.0 (Windows NT 6.1; Trident/7.0; rv:11.0) like Gecko", True),
            ("curl/8", False),
            ("", False),
        ],
    )  # fmt: skip
    def test_who_is_too_old_for_the_scripts(self, agent: str, old: bool) -> None:
        assert is_old(agent) is old

    def test_an_old_browser_is_led_to_the_lite_wall_which_holds_the_same_numbers(self, stage: Stage) -> None:
        client = stage.client("leader")
        for scene in ("canteen", "warroom"):
            answer = client.get(f"/wall/{scene}?lang=en", headers={"User-Agent": CHROME_56})
            assert (answer.status_code, answer.headers["Location"]) == (302, f"/wall/lite/{scene}?lang=en")
            lite = client.get(f"/wall/lite/{scene}", headers={"User-Agent": CHROME_56}).text
            full = client.get(f"/wall/{scene}", headers={"User-Agent": CHROME_NOW}).text
            parts = re.compile(r'data-part="[\w-]+-[abcd]">(.*?)</section></div>', re.S)
            assert parts.findall(lite) == parts.findall(full) != []

    def test_without_script_the_lite_wall_takes_over(self, stage: Stage) -> None:
        shown = stage.client("viewer").get("/wall/canteen").text
        assert '<noscript><meta http-equiv="refresh" content="0; url=/wall/lite/canteen"></noscript>' in shown
        assert "<noscript>" not in stage.client("viewer").get("/wall/lite/canteen").text

    @pytest.mark.parametrize(("role", "listed"), [("leader", ["canteen", "warroom"]), ("viewer", ["canteen"])])
    def test_the_list_holds_the_scenes_its_viewer_may_open(self, stage: Stage, role: str, listed: list[str]) -> None:
        shown = stage.client(role).get("/wall/canteen").text
        assert re.findall(r'class="scene-link" href="/wall/(\w+)"', shown) == listed
        assert "scene-link" not in stage.client(role).get("/live/wall/canteen").text

    def test_the_code_holds_the_address_by_which_this_request_came(
        self, stage: Stage, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        coded: list[str] = []
        monkeypatch.setattr("dashboards._site.qr_code", lambda text, label: coded.append(text))
        client = stage.client("viewer")
        client.get("/wall/canteen?lang=en")
        assert coded == ["http://localhost/wall/canteen?lang=en"]

    def test_a_settings_file_brings_its_own_scene_with_its_own_door(self, tmp_path: Path) -> None:
        told = """
            [[scenes.canteen.slides]]
            name = "pk"
            label = "两强相争"
            panels = [{ kind = "duel", projects = ["p1", "p2"] }]
            [scenes.lobby]
            label = "大堂"
            viewers = "group"
            [[scenes.lobby.slides]]
            name = "heat"
            label = "热力"
            panels = [{ kind = "heat", metric = "leads" }]
        """
        stage = a_stage(tmp_path, told=told)
        assert (
            "两强相争"
            in stage.client("viewer").get("/live/wall/canteen").json["html"]
            + stage.client("viewer").get("/wall/canteen").text
        )
        assert [stage.client(role).get("/wall/lobby").status_code for role in ("leader", "viewer")] == [200, 403]
