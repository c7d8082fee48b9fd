"""The live and wall scripts in a real browser, with its clock in the test's hands."""

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from markupsafe import Markup
from playwright.sync_api import Browser, Page, Request, Route, sync_playwright
from playwright.sync_api import Error as PlaywrightError

from components import shell, shell_phone, shell_wall
from components.celebration import Landed, celebration_stage, landed_list
from components.scene_menu import SceneLink, scene_menu
from components.status import Freshness
from components.words import Words

pytestmark = pytest.mark.browser
START = datetime(2024, 11, 20, 2, 42, 0, tzinfo=UTC)
ZH = Words("zh")
SCRIPTS = ["/assets/live.js", "/assets/wall.js", "/assets/cheer.js", "/assets/menu.js"]
CHINA = timedelta(hours=8)


@dataclass
class Server:
    """A pretend server: what it answers, and the requests it got."""

    page: str = ""
    status: int = 200
    html: str = ""
    etag: str = '"1"'
    build: str = "7"
    sequence: int = 1
    as_of: datetime = START
    now: Callable[[], datetime] = lambda: START
    polls: list[dict[str, str]] = field(default_factory=list)
    opened: int = 0
    heads: int = 0

    def answer(self, route: Route, request: Request) -> None:
        """Answer one request of the browser."""
        path = request.url.removeprefix("http://board.test")
        if path.startswith("/assets/"):
            route.fulfill(path=Path(path[1:]), content_type="text/javascript")
        elif path.startswith("/live/"):
            self.poll(route, request)
        elif request.method == "HEAD":
            self.heads += 1
            route.fulfill(status=200)
        else:
            self.opened += 1
            route.fulfill(body=self.page, content_type="text/html; charset=utf-8")

    def poll(self, route: Route, request: Request) -> None:
        """Answer one poll, or break the connection where the status is 0."""
        self.polls.append(request.headers)
        if not self.status:
            route.abort()
            return
        local = (self.as_of + CHINA).strftime("%Y-%m-%dT%H:%M:%S+08:00")
        headers = {
            "Date": format_datetime(self.now(), usegmt=True),
            "X-As-Of": local,
            "X-Build": self.build,
            "X-Seq": str(self.sequence),
            "ETag": self.etag,
        }
        same = self.status == 200 and request.headers.get("if-none-match") == self.etag
        body = json.dumps({"html": self.html}) if self.status == 200 and not same else ""
        route.fulfill(status=304 if same else self.status, headers=headers, body=body, content_type="application/json")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path="/usr/bin/chromium",
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield chromium
        chromium.close()


@pytest.fixture
def tab(browser: Browser) -> Iterator[Page]:
    page = browser.new_page()
    page.clock.install(time=START)
    yield page
    page.close()


COUNTED = """(() => {
    const real = window.fetch;
    let asked = 0;
    window.fetch = (...given) => { asked += 1; return real(...given).finally(() => { asked -= 1; }); };
    window.answered = async () => {
        const turn = () => new Promise(done => { const c = new MessageChannel(); c.port1.onmessage = done; c.port2.postMessage(0); });
        do await turn(); while (asked);
        await turn();
    };
})();"""
"""Counts what is on its way, for the page's clock is not the one by which answers arrive."""


def opened(tab: Page, server: Server) -> Page:
    """The page open in a tab whose clock the server shares; time stands until the test moves it."""
    tab.add_init_script(COUNTED)
    server.now = lambda: datetime.fromtimestamp(tab.evaluate("Date.now()") / 1000, UTC)
    tab.route("**/*", server.answer)
    tab.goto("http://board.test/")
    return tab


def moved(tab: Page, seconds: int) -> None:
    """Let time pass second by second; every answer arrives before the next one."""
    for _ in range(seconds):
        # A page that reloads itself meanwhile takes the waiting script with it.
        with suppress(PlaywrightError):
            tab.clock.run_for(1000)
            tab.evaluate("() => window.answered()")


def parts(**texts: str) -> str:
    return "".join(str(shell.part(name, text)) for name, text in texts.items())


def a_phone(**texts: str) -> str:
    content = shell.glance(*(shell.part(name, text) for name, text in texts.items()), live="/live/overview", build="7")
    hrefs = {name: f"/{name}" for name in shell_phone.SECTIONS}
    fresh = Freshness(START.replace(tzinfo=None) + CHINA, START.replace(tzinfo=None) + CHINA)
    frame = shell_phone.phone(
        content, words=ZH, section="overview", hrefs=hrefs, fresh=fresh, language_href="/", account_href=None
    )
    return shell.document("总览", frame, words=ZH, css="", scripts=SCRIPTS[:1])


def a_wall(*seconds: int, dim: tuple[str, str] = ("22:00", "06:00"), reload_at: str = "03:30") -> str:
    slides = [
        shell_wall.Slide(f"s{at}", f"第{at}页", (shell.panel(f"图{at}"),), "one", each)
        for at, each in enumerate(seconds)
    ]
    fresh = Freshness(START.replace(tzinfo=None) + CHINA, START.replace(tzinfo=None) + CHINA)
    links = [SceneLink("食堂", "/wall/canteen", False), SceneLink("作战室", "/wall/warroom", True)]
    menu = scene_menu(links, "http://board.test/wall/warroom", ZH)
    return shell_wall.wall(
        slides,
        shell_wall.Frame("作战室", celebration_stage(12, "21:00", "08:00"), menu, dim=dim, reload_at=reload_at),
        words=ZH,
        fresh=fresh,
        css="",
        live="/live/wall",
        lite="/wall/lite/warroom",
        build="7",
        scripts=SCRIPTS,
        landed=contracts("old"),
    )


def contracts(*keys: str) -> Markup:
    """The list of contracts as the server sends it, latest first."""
    return Markup(landed_list([Landed(key, f"{key}府", "周健") for key in keys], ZH))


def news(*keys: str) -> str:
    """A live answer of a wall with two slides and these contracts."""
    slides = [shell_wall.Slide(f"s{at}", f"第{at}页", (shell.panel(f"图{at}"),), "one", 20) for at in range(2)]
    return "".join(map(str, shell_wall.scene_parts(slides, contracts(*keys))))


def state(tab: Page) -> str:
    found = tab.evaluate("() => [...document.documentElement.classList].filter((name) => /^is-/.test(name)).join(' ')")
    return str(found)


def test_only_parts_that_changed_are_touched(tab: Page) -> None:
    server = Server(a_phone(head="一", tiles="1,006"), html=parts(head="一", tiles="1,007"))
    opened(tab, server)
    tab.evaluate("() => { window.kept = document.querySelector('[data-part=head]').firstChild; }")
    moved(tab, 20)
    assert tab.inner_text("[data-part=tiles]") == "1,007"
    assert tab.evaluate("() => window.kept.isConnected")


def test_an_unchanged_answer_is_a_304_with_the_etag_sent_by_hand(tab: Page) -> None:
    server = Server(a_phone(head="一"), html=parts(head="二"))
    opened(tab, server)
    moved(tab, 60)
    assert len(server.polls) >= 3
    assert "if-none-match" not in server.polls[0]
    assert {poll["if-none-match"] for poll in server.polls[1:]} == {'"1"'}
    assert tab.inner_text("[data-part=head]") == "二"


def test_parts_that_come_and_go_follow_the_answer(tab: Page) -> None:
    server = Server(a_phone(head="一", old="旧"), html=parts(head="一", new="新"))
    opened(tab, server)
    moved(tab, 20)
    assert tab.inner_text(".glance-body").split() == ["一", "新"]


def test_a_lower_sequence_is_ignored(tab: Page) -> None:
    server = Server(a_phone(head="一"), html=parts(head="新"), sequence=5)
    opened(tab, server)
    moved(tab, 20)
    server.html, server.sequence, server.etag = parts(head="旧"), 4, '"0"'
    moved(tab, 40)
    assert tab.inner_text("[data-part=head]") == "新"


@pytest.mark.parametrize("html", ["", "<p>garbage"])
def test_garbage_never_takes_the_last_picture_away(tab: Page, html: str) -> None:
    server = Server(a_phone(head="一"), html=html)
    opened(tab, server)
    moved(tab, 40)
    assert tab.inner_text("[data-part=head]") == "一"


def test_the_age_ticks_and_turns_amber_then_grey_by_the_servers_clock(tab: Page) -> None:
    server = Server(a_phone(head="一"), html=parts(head="一"))
    opened(tab, server)
    moved(tab, 30)
    assert state(tab) == "is-live"
    # The Date header and the tick each lose up to a second.
    assert tab.inner_text(".status-age") in ("28秒前", "29秒前", "30秒前")
    moved(tab, 40)
    assert state(tab) == "is-amber"
    moved(tab, 240)
    assert state(tab) == "is-grey"
    server.as_of = server.now()
    moved(tab, 20)
    assert state(tab) == "is-live"
    assert tab.inner_text(".status-time") == "10:47"


def test_silence_turns_offline_after_two_beats_keeps_the_picture_and_recovers(tab: Page) -> None:
    server = Server(a_phone(head="一"), html=parts(head="一"), status=0)
    opened(tab, server)
    moved(tab, 37)
    assert state(tab) == "is-offline"
    assert tab.inner_text("[data-part=head]") == "一"
    moved(tab, 240)
    assert len(server.polls) < 12
    server.status, server.as_of = 200, server.now()
    moved(tab, 62)
    assert state(tab) in ("is-live", "is-amber")


def test_a_session_that_ended_is_said_without_leaving_the_page(tab: Page) -> None:
    server = Server(a_phone(head="一"), status=401)
    opened(tab, server)
    moved(tab, 20)
    assert tab.is_visible("[data-notice=signin]")
    assert server.opened == 1
    assert tab.inner_text("[data-part=head]") == "一"


def test_a_person_is_told_of_a_new_version_and_a_wall_reloads_once_a_minute_at_most(tab: Page) -> None:
    server = Server(a_phone(head="一"), html=parts(head="一"), build="8")
    opened(tab, server)
    moved(tab, 20)
    assert tab.is_visible("[data-notice=build]")
    assert server.opened == 1
    server.page = a_wall(20)
    tab.goto("http://board.test/")
    server.html = "".join(map(str, shell_wall.scene_parts([shell_wall.Slide("s0", "一", (shell.panel("图"),))])))
    moved(tab, 300)
    assert server.heads >= 1
    assert server.opened == 3


def test_a_revoked_screen_shows_no_data(tab: Page) -> None:
    server = Server(a_wall(20), status=410)
    opened(tab, server)
    moved(tab, 15)
    assert tab.is_visible("[data-notice=revoked]")
    assert tab.inner_text(".glance-body") == ""


def test_slides_turn_by_themselves_and_by_keys(tab: Page) -> None:
    server = Server(a_wall(20, 30, 20), status=0)
    opened(tab, server)
    shown = lambda: tab.get_attribute(".slide.is-shown", "data-slide")  # noqa: E731
    assert shown() == "s0"
    moved(tab, 21)
    assert shown() == "s1"
    moved(tab, 31)
    assert shown() == "s2"
    moved(tab, 21)
    assert shown() == "s0"
    tab.keyboard.press("ArrowLeft")
    assert shown() == "s2"
    tab.keyboard.press(" ")
    moved(tab, 60)
    assert shown() == "s2"


def test_the_shown_slide_stays_when_the_slides_are_replaced(tab: Page) -> None:
    server = Server(a_wall(15, 60), status=0)
    opened(tab, server)
    moved(tab, 16)
    slides = [shell_wall.Slide(f"s{at}", "", (shell.panel("新"), shell.panel("多")), "two", 60) for at in range(2)]
    server.status, server.html = 200, "".join(map(str, shell_wall.scene_parts(slides)))
    moved(tab, 30)
    assert tab.locator(".slide.is-shown").count() == 1
    assert tab.get_attribute(".slide.is-shown", "data-slide") == "s1"
    assert tab.locator(".slides [data-part]").count() == 4


def test_many_updates_leave_no_nodes_behind(tab: Page) -> None:
    server = Server(a_wall(20, 20), html="")
    opened(tab, server)
    slides = [shell_wall.Slide(f"s{at}", "", (shell.panel("图"),)) for at in range(2)]
    server.html = "".join(map(str, shell_wall.scene_parts(slides)))
    moved(tab, 30)
    nodes = tab.evaluate("() => document.querySelectorAll('*').length")
    for turn in range(20):
        server.html = "".join(
            map(
                str,
                shell_wall.scene_parts(
                    [shell_wall.Slide(f"s{at}", "", (shell.panel(f"图{turn}"),)) for at in range(2)]
                ),
            )
        )
        server.etag = f'"{turn + 2}"'
        moved(tab, 13)
    assert tab.evaluate("() => document.querySelectorAll('*').length") == nodes


def celebrated(tab: Page) -> str:
    """The project that is celebrated now; empty when none is."""
    return tab.inner_text(".cheer-project") if tab.is_visible(".cheer") else ""


def watched(tab: Page, seconds: int) -> list[str]:
    """What is celebrated over some seconds, each as long as it is shown."""
    seen = [""]
    for _ in range(seconds):
        moved(tab, 1)
        now = celebrated(tab)
        if now != seen[-1]:
            seen.append(now)
    return [one for one in seen if one]


def test_contracts_that_land_are_celebrated_one_after_the_other_and_once(tab: Page) -> None:
    server = Server(a_wall(20, 20), html=news("old"))
    opened(tab, server)
    assert watched(tab, 15) == []
    server.html, server.etag = news("二", "一", "old"), '"2"'
    assert watched(tab, 40) == ["一府", "二府"]
    server.html, server.etag = news("三", "二", "一", "old"), '"3"'
    assert watched(tab, 30) == ["三府"]
    server.html, server.etag = news("一", "old"), '"4"'
    assert watched(tab, 30) == []


def test_the_slides_go_on_turning_under_a_celebration(tab: Page) -> None:
    server = Server(a_wall(20, 20), html=news("一"))
    opened(tab, server)
    first = tab.get_attribute(".slide.is-shown", "data-slide")
    watched(tab, 21)
    assert tab.get_attribute(".slide.is-shown", "data-slide") != first


def test_nothing_is_celebrated_in_quiet_hours_nor_made_up_for(tab: Page) -> None:
    server = Server(a_wall(20, 20), html=news("old"))
    opened(tab, server)
    tab.clock.fast_forward(12 * 3600 * 1000)
    server.html, server.etag = news("夜", "old"), '"2"'
    assert watched(tab, 30) == []
    tab.clock.fast_forward(12 * 3600 * 1000)
    server.html, server.etag = news("早", "夜", "old"), '"3"'
    assert watched(tab, 30) == ["早府"]


@pytest.mark.parametrize("dim", [("12:00", "13:00"), ("11:00", "10:00")], ids=["by day", "past midnight"])
def test_a_screen_is_dimmed_at_its_hours_only(tab: Page, dim: tuple[str, str]) -> None:
    opened(tab, Server(a_wall(20, dim=dim), html=news("old")))
    moved(tab, 61)
    assert "is-night" not in state(tab)
    tab.clock.fast_forward(80 * 60 * 1000)  # 12:03
    moved(tab, 61)
    assert "is-night" in state(tab)
    tab.clock.fast_forward((22 * 60 - 10) * 60 * 1000)  # 09:54, or 10:04 where the dimming has ended
    tab.clock.fast_forward(20 * 60 * 1000)
    moved(tab, 61)
    assert "is-night" not in state(tab)


def test_a_screen_reloads_at_its_quiet_hour(tab: Page) -> None:
    server = Server(a_wall(20, reload_at="12:40"), html=news("old"))
    opened(tab, server)
    tab.clock.fast_forward(110 * 60 * 1000)  # 12:32
    moved(tab, 120)
    assert server.opened == 1
    tab.clock.fast_forward(22 * 60 * 1000)  # 12:56, past the 15 minutes over which screens are spread
    moved(tab, 30)
    assert server.opened == 2


def test_a_revoked_screen_forgets_what_it_was_celebrating(tab: Page) -> None:
    server = Server(a_wall(20, 20), html=news("二", "一"))
    opened(tab, server)
    moved(tab, 13)
    server.status = 410
    moved(tab, 15)
    assert celebrated(tab) == "" and tab.locator("[data-landed]").count() == 0


def test_a_long_life_of_contracts_is_not_kept(tab: Page) -> None:
    server = Server(a_wall(20, 20), html=news("old"))
    opened(tab, server)
    moved(tab, 13)
    nodes = tab.evaluate("() => document.querySelectorAll('*').length")
    for turn in range(10):
        server.html, server.etag = news(f"第{turn}"), f'"n{turn}"'
        moved(tab, 26)
    assert tab.evaluate("() => document.querySelectorAll('*').length") == nodes


def chosen(tab: Page) -> str:
    return str(tab.evaluate("() => document.activeElement.textContent")) if tab.is_visible(".scene-menu") else ""


def test_a_remote_control_opens_the_list_of_scenes_chooses_and_goes_there(tab: Page) -> None:
    server = Server(a_wall(20, 20), status=0)
    opened(tab, server)
    assert chosen(tab) == ""
    tab.keyboard.press("Enter")
    assert chosen(tab) == "作战室"
    tab.keyboard.press("ArrowDown")
    assert chosen(tab) == "食堂"
    with tab.expect_navigation():
        tab.keyboard.press("Enter")
    assert tab.url == "http://board.test/wall/canteen"


def test_the_list_of_scenes_leaves_the_slide_alone_and_closes(tab: Page) -> None:
    server = Server(a_wall(60, 60), status=0)
    opened(tab, server)
    tab.keyboard.press("Enter")
    tab.keyboard.press("ArrowRight")
    assert tab.get_attribute(".slide.is-shown", "data-slide") == "s0"
    tab.keyboard.press("Escape")
    assert chosen(tab) == ""
    tab.keyboard.press("Enter")
    moved(tab, 16)
    assert chosen(tab) == ""


def test_a_wall_does_not_leave_for_a_page_that_is_not_there(tab: Page) -> None:
    server = Server(a_wall(60, 60), status=0)
    opened(tab, server)
    tab.keyboard.press("Enter")
    tab.route("**/wall/**", lambda route: route.abort())
    tab.keyboard.press("ArrowDown")
    tab.keyboard.press("Enter")
    moved(tab, 2)
    assert tab.url == "http://board.test/" and chosen(tab) == ""


def test_where_the_live_script_cannot_run_the_lite_wall_takes_over(tab: Page) -> None:
    server = Server(a_wall(20))
    tab.route("**/*", server.answer)
    tab.route("**/wall/lite/**", lambda route: route.fulfill(body="<p>lite", content_type="text/html"))
    tab.add_init_script("delete window.AbortController")
    tab.goto("http://board.test/wall/warroom?lang=en", wait_until="commit")
    tab.wait_for_url("http://board.test/wall/lite/warroom?lang=en")


def test_slides_that_come_and_go_have_their_names_above(tab: Page) -> None:
    server = Server(a_wall(20, 20, 20), html=news("old"))
    opened(tab, server)
    moved(tab, 15)
    assert tab.locator("[data-slide-names] > *").count() == 2
    assert tab.locator(".wall-slide-name.is-shown").count() == 1


def test_a_screen_that_slept_catches_up_once_and_is_live(tab: Page) -> None:
    server = Server(a_wall(20, 20), html=news("old"))
    opened(tab, server)
    moved(tab, 15)
    tab.clock.fast_forward(6 * 3600 * 1000)
    server.as_of = server.now()
    before = len(server.polls)
    moved(tab, 15)
    assert len(server.polls) - before <= 3
    assert state(tab) == "is-live"
