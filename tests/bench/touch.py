"""From the first touch to working filters and a chart, on a slow phone: CPU four times slower, a slow 4G net."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

from playwright.sync_api import Page, sync_playwright

from dashboards._page import Page as Asked
from dashboards._site import PAGES
from tests.bench.lighthouse import CHROMIUM

TOLD, DASH, FILTERS, CHART = (
    ".still-trend .is-told",
    "#react-entry-point [data-part]",
    "#trend-metric option",
    "#trend .main-svg",
)
SLOWER, READING_SECONDS = 4, 8
NET = {"offline": False, "latency": 150, "downloadThroughput": 1638.4 * 125, "uploadThroughput": 675 * 125}
"""What Lighthouse calls slow 4G: 150 ms there and back, 1.6 Mbit/s down."""
WAIT = 90_000
WATCH = """wanted => {
    const found = window.found = {};
    addEventListener('pointerdown', () => { found.touched = performance.now() }, { once: true, capture: true });
    const look = () => { for (const name in wanted)
        if (found.touched && !found[name] && document.querySelector(wanted[name])) found[name] = performance.now() - found.touched; };
    new MutationObserver(look).observe(document, { subtree: true, childList: true, attributes: true });
}"""


@dataclass(frozen=True)
class Touch:
    """Seconds from the touch until the trend in the page has told the touched day's number, until Dash stands, until its choices do,
    until its chart does; None where the page has none, or was touched before its scripts had come.

    `read` seconds the page had been read before it was touched.
    """

    path: str
    read: int
    told: float | None
    dash: float | None
    filters: float | None
    chart: float | None
    kilobytes: int
    plotly_kilobytes: int
    again: float
    """Seconds until the page is painted when it is opened a second time."""


def touches(base: str, cookie: str, rounds: int = 3) -> Iterator[Touch]:
    """Every page, each time in a fresh browser profile; the middle one of the rounds."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        for asked, read in product(PAGES, (0, READING_SECONDS)):
            found = []
            for _ in range(rounds):
                context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
                name, _, value = cookie.partition("=")
                context.add_cookies([{"name": name, "value": value, "url": base}])
                found.append(_touched(context.new_page(), base, asked, read))
                context.close()
            yield sorted(found, key=lambda one: one.filters or one.dash or 0)[len(found) // 2]
        browser.close()


def _touched(page: Page, base: str, asked: Asked, read: int) -> Touch:
    sizes = _sizes(page)
    _slow(page)
    page.goto(base + asked.path)
    page.evaluate(WATCH, {"told": TOLD, "dash": DASH, "filters": FILTERS, "chart": CHART})
    page.wait_for_timeout(read * 1000)
    page.locator(".still-trend-plot" if asked.has_trend else ".page-title").tap()
    page.wait_for_selector(CHART if asked.has_trend else DASH, state="attached", timeout=WAIT)
    found = {name: float(time) / 1000 for name, time in page.evaluate("window.found").items()}
    plotly = sum(size for url, size in sizes.items() if "plotly" in url)
    return Touch(
        asked.path,
        read,
        found.get("told"),
        found.get("dash"),
        found.get("filters"),
        found.get("chart"),
        sum(sizes.values()) // 1024,
        plotly // 1024,
        _again(page.context.new_page(), base, asked),
    )


def _slow(page: Page) -> None:
    cdp = page.context.new_cdp_session(page)
    cdp.send("Network.enable")
    cdp.send("Network.emulateNetworkConditions", NET)
    cdp.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})


def _again(page: Page, base: str, asked: Asked) -> float:
    """Seconds to the first paint of a page that the phone has kept."""
    _slow(page)
    page.goto(base + asked.path)
    painted = "performance.getEntriesByName('first-contentful-paint').map(one => one.startTime)[0]"
    page.wait_for_function(painted)
    return float(page.evaluate(painted)) / 1000


def _sizes(page: Page) -> dict[str, int]:
    """What comes over the net from now on, by address; filled while the page loads."""
    sizes: dict[str, int] = {}
    page.on("response", lambda answer: sizes.update({answer.url: int(answer.headers.get("content-length", "0"))}))
    return sizes
