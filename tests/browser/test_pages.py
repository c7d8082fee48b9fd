"""Pages as people meet them: on a phone, at a desk, without script, while numbers change."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from dashboards._site import PAGES
from dashboards._ways import DECISIONS
from metrics.snapshot import Snapshot
from tests.browser.conftest import Served, Visit
from tests.snapshots import AS_OF, a_snapshot, small_rows

pytestmark = pytest.mark.browser

PATHS = tuple(page.path for page in PAGES)
CHART = "#trend .main-svg"
SMALL_TARGETS = """() => [...document.querySelectorAll('a, button, select, summary, input:not([type=hidden])')]
    .filter(each => each.offsetParent && !each.classList.contains('skip'))
    .map(each => [(each.type === 'checkbox' && each.closest('label') || each).getBoundingClientRect(), each.outerHTML.slice(0, 90)])
    .filter(([box]) => box.height && (box.height < 43.5 || box.width < 32)).map(([box, html]) => `${box.width}x${box.height} ${html}`)"""
SMALL_TEXTS = """() => [...document.querySelectorAll('body *')].filter(each => each.offsetParent && !each.closest('svg')
    && [...each.childNodes].some(node => node.nodeType === 3 && node.data.trim()) && parseFloat(getComputedStyle(each).fontSize) < 14
    && !each.closest('.spoken')).map(each => each.outerHTML.slice(0, 90))"""
SHIFTS = """() => { window.shifted = 0; new PerformanceObserver(list => list.getEntries().forEach(each => {
    if (!each.hadRecentInput) window.shifted += each.value })).observe({ type: 'layout-shift', buffered: true }) }"""


def touch(visit: Visit) -> None:
    """Touch the page where nothing is, and wait for the chart."""
    visit.page.locator(".page-title").tap()
    expect(visit.page.locator(CHART).first).to_be_visible(timeout=60_000)


def test_charts_come_from_the_small_plotly_alone(served: Served) -> None:
    visit = served.visit()
    asked: list[str] = []
    visit.page.on("request", lambda request: asked.append(request.url))
    visit.open("/funnels")
    assert not [url for url in asked if "plotly" in url]
    touch(visit)
    assert len({url for url in asked if "plotly" in url}) == 1
    assert not [url for url in asked if "package_data" in url or not url.startswith(served.url)]


@pytest.mark.parametrize("width", [360, 390, 430])
@pytest.mark.parametrize("path", PATHS)
def test_a_phone_never_scrolls_sideways_and_everything_can_be_hit_and_read(
    served: Served, path: str, width: int
) -> None:
    assert unfit(served.visit(width=width, height=800).open(path), width) == []


def test_pages_to_decide_by_never_scroll_sideways_and_everything_can_be_hit_and_read(served: Served) -> None:
    visit = served.visit(width=360, height=800)
    assert {way.path: unfit(visit.open(way.path), 360) for way in DECISIONS} == {way.path: [] for way in DECISIONS}


def unfit(page: Page, width: int) -> list[str]:
    """What is too wide, too small to be hit or too small to be read."""
    wide = [] if page.evaluate("document.documentElement.scrollWidth") <= width else ["too wide"]
    return [*wide, *page.evaluate(SMALL_TARGETS), *page.evaluate(SMALL_TEXTS)]


def test_the_verdict_and_numbers_are_on_the_first_screen_of_a_phone(served: Served) -> None:
    page = served.visit(width=360, height=800).open("/")
    for place in (".verdict-value", ".tile-value >> nth=0", ".tile-value >> nth=3"):
        box = page.locator(place).first.bounding_box()
        assert box is not None and box["y"] + box["height"] < 800 - 56


@pytest.mark.parametrize("path", PATHS)
def test_numbers_are_there_without_dash_and_without_any_script(served: Served, path: str) -> None:
    page = served.visit(java_script_enabled=False).open(path)
    expect(page.locator("[data-part]").first).to_be_visible()
    expect(page.get_by_text("Loading")).to_be_hidden()


def test_filters_work_without_script(served: Served) -> None:
    page = served.visit(java_script_enabled=False).open("/funnels")
    page.get_by_role("link", name="本月").click()
    page.locator("summary.filters-summary").click()
    page.locator("select[name=project]").select_option("p1")
    page.get_by_role("button", name="查看").click()
    assert "period=month" in page.url and "project=p1" in page.url
    expect(page.locator(".page-subtitle")).to_contain_text("本月")
    expect(page.locator(".funnel")).to_have_count(1)


def test_a_phone_loads_nothing_of_dash_until_it_is_touched(served: Served) -> None:
    visit = served.visit()
    visit.open("/")
    visit.page.wait_for_load_state("networkidle")
    assert visit.asked("/_dash") == []
    touch(visit)
    assert visit.asked("/_dash-layout")


def test_a_page_that_is_read_has_the_scripts_before_it_is_touched_and_runs_none(served: Served) -> None:
    visit = served.visit()
    waiting = "[...document.getElementById('dash').content.querySelectorAll('script[src]')].map(each => new URL(each.src, location).href)"
    scripts = visit.open("/").evaluate(waiting)
    with visit.page.expect_response(lambda answer: "plotly" in answer.url, timeout=60_000):
        pass
    assert [url for url in visit.asked("/") if url in scripts] == scripts
    assert visit.asked("/_dash-layout") == [] and not visit.page.evaluate("'DashRenderer' in window")


def test_a_desk_starts_dash_by_itself(served: Served) -> None:
    visit = served.visit(width=1280, height=800)
    visit.open("/")
    expect(visit.page.locator(CHART).first).to_be_visible(timeout=60_000)


def test_dash_adopts_the_nodes_as_they_stand(served: Served) -> None:
    visit = served.visit(width=1280, height=800)
    page = visit.open("/heat")
    page.evaluate("document.querySelector('.heat-grid').ours = 'still here'")
    page.keyboard.press("Shift")
    expect(page.locator("#react-entry-point .heat-grid").first).to_be_visible(timeout=60_000)
    assert page.evaluate("document.querySelector('.heat-grid').ours") == "still here"
    expect(page.locator("#first-paint > *")).to_have_count(0)


def test_nothing_moves_when_dash_comes(served: Served) -> None:
    visit = served.visit(width=1280, height=800)
    page = visit.open("/")
    page.evaluate(SHIFTS)
    expect(page.locator(CHART).first).to_be_visible(timeout=60_000)
    assert page.evaluate("window.shifted") < 0.001


def test_the_chart_follows_what_is_chosen_and_has_no_buttons(served: Served) -> None:
    visit = served.visit()
    visit.open("/?project=p1")
    touch(visit)
    first = figure(visit.page)
    visit.page.select_option("#trend-metric", "first_visits")
    visit.page.select_option("#trend-grain", "week")
    expect(visit.page.locator("#trend .point")).to_have_count(26)
    assert figure(visit.page) != first
    assert visit.page.locator(".modebar-btn").count() == 0
    assert "sendtocloud" not in visit.page.content().lower()


def test_a_touch_that_comes_before_the_scripts_counts(served: Served) -> None:
    visit = served.visit()
    visit.page.route("**/boot*.js*", lambda route: (visit.page.locator(".page-title").tap(), route.continue_()))
    visit.open("/")
    expect(visit.page.locator(CHART).first).to_be_visible(timeout=60_000)


def test_a_trend_stands_in_the_page_and_a_touched_day_says_its_number(served: Served) -> None:
    visit = served.visit()
    page = visit.open_whole("/funnels")
    trend = page.locator(".still-trend")
    told = trend.locator(".still-trend-told")
    expect(told).to_have_text(re.compile("^3月11日 周三 "))
    page.evaluate("document.querySelector('.still-trend-plot').click()")
    assert told.inner_text() in trend.locator("title").all_text_contents()
    trend.focus()
    for _ in range(40):
        page.keyboard.press("ArrowLeft")
    assert told.inner_text() == trend.locator("title").first.text_content()
    assert visit.complaints == []


def test_the_chart_that_dash_brings_takes_the_place_of_the_one_in_the_page(served: Served) -> None:
    visit = served.visit()
    visit.open("/")
    expect(visit.page.locator(".still-trend")).to_be_visible()
    touch(visit)
    expect(visit.page.locator("#trend .main-svg").first).to_be_attached()
    expect(visit.page.locator(".still-trend")).to_be_hidden()


def figure(page: Page) -> object:
    return page.evaluate("document.getElementById('trend').querySelector('.js-plotly-plot').data[0].y")


def test_a_finger_on_the_chart_scrolls_the_page(served: Served) -> None:
    visit = served.visit()
    visit.open("/")
    touch(visit)
    page = visit.page
    page.locator("#trend").scroll_into_view_if_needed()
    box = page.locator("#trend").bounding_box()
    assert box is not None
    before = page.evaluate("scrollY")
    swipe(page, box["x"] + 150, box["y"] + 60, 280)
    page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert before - page.evaluate("scrollY") >= 0.8 * 280


def swipe(page: Page, x: float, y: float, down: float) -> None:
    """Draw a finger down the page, in twenty steps."""
    session = page.context.new_cdp_session(page)
    session.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})
    for step in range(1, 21):
        at = {"x": x, "y": y + down * step / 20}
        session.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [at]})
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


@pytest.mark.parametrize("role", ["leader", "head", "salesperson"])
def test_every_page_stays_on_this_host_and_breaks_no_rule(served: Served, role: str) -> None:
    visit = served.visit(role, width=1280, height=800)
    for page in PAGES:
        if served.stage.people[role].role in page.roles:
            visit.open(page.path)
            visit.page.wait_for_selector("#react-entry-point [data-part]", timeout=60_000)
            if page.has_trend:
                expect(visit.page.locator(CHART).first).to_be_visible(timeout=60_000)
    assert visit.complaints == []
    assert {request.url.startswith((visit.url, "data:", "blob:")) for request in visit.requests} == {True}


@pytest.mark.parametrize("dash", [False, True], ids=["before Dash", "after Dash"])
def test_new_numbers_come_by_themselves(served: Served, dash: bool) -> None:
    visit = served.visit()
    visit.page.clock.install()
    page = visit.open("/")
    if dash:
        page.locator(".page-title").tap()
        page.clock.run_for(1000)
        expect(page.locator("#react-entry-point [data-part]").first).to_be_attached(timeout=60_000)
    leads = page.locator(".tile-value").first
    before = leads.inner_text()
    served.stage.reader.snapshot = with_more_leads()
    with page.expect_response("**/live/overview*"):
        page.clock.run_for(18_500)
    expect(leads).not_to_have_text(before)


def test_the_chart_follows_the_numbers(served: Served) -> None:
    visit = served.visit()
    visit.page.clock.install()
    visit.open_whole("/")
    touch(visit)
    served.stage.reader.snapshot = with_more_leads()
    before = figure(visit.page)
    with visit.page.expect_response("**/_dash-update-component*") as answer:
        visit.page.clock.run_for(18_500)
    assert answer.value.json()["response"]["trend"]["figure"]["data"][0]["y"] != before


def with_more_leads() -> Snapshot:
    """The small world with seven more leads in the last minutes."""
    rows, last = small_rows(), small_rows()["lead"][-1]
    more = [
        {**last, "id": f"n{at}", "person": f"{at:x}" * 64, "created_at": AS_OF - timedelta(minutes=at + 1)}
        for at in range(7)
    ]
    return a_snapshot(sequence=2, **{**rows, "lead": [*rows["lead"], *more]})


def test_the_language_switches_and_stays(served: Served) -> None:
    page = served.visit().open("/")
    page.get_by_role("link", name="English").click()
    expect(page.locator(".page-title")).to_have_text("Overview")
    page.get_by_role("link", name="Funnels").click()
    expect(page.locator(".page-title")).to_have_text("Funnels")


def test_the_demo_is_entered_by_one_click_and_left_again(served: Served) -> None:
    visit = served.visit()
    visit.page.context.clear_cookies()
    page = visit.open("/boards")
    page.get_by_role("button", name="集团领导").click()
    expect(page.locator(".page-title")).to_have_text("排行")
    page.get_by_role("link", name="账号").click()
    page.get_by_role("button", name="退出登录").click()
    assert "/sign-in" in page.url
    page.goto(visit.url + "/boards")
    assert "/sign-in" in page.url


def test_a_page_in_the_dark_keeps_its_words_readable(served: Served) -> None:
    page = served.visit(color_scheme="dark").open("/")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(13, 17, 25)"
