"""A real Chromium in front of the real site over the small world."""

import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, sync_playwright
from werkzeug.serving import WSGIRequestHandler, make_server

from tests.dashboards.worlds import Stage, a_stage
from tests.snapshots import small_snapshot

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """On a busy machine a browser may miss a moment: its tests are tried once more, and the report counts them as rerun."""
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.flaky(reruns=1))


class Quiet(WSGIRequestHandler):
    """A request handler that keeps no log."""

    def log(self, *_: Any) -> None:
        return


@dataclass
class Visit:
    """A page of a signed-in person, and everything that must not happen on it."""

    page: Page
    url: str
    requests: list[Request] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def open(self, path: str) -> Page:
        """Go to a page of the site."""
        self.page.goto(self.url + path)
        return self.page

    def open_whole(self, path: str) -> Page:
        """Go to a page of the site and wait for the scripts that come after its numbers."""
        self.open(path)
        self.page.wait_for_load_state("networkidle")
        return self.page

    def hear(self, said: ConsoleMessage) -> None:
        """Note what the browser complains of; that these tests keep the worker out is no complaint."""
        if said.type in ("error", "warning") and "Service Worker registration blocked" not in said.text:
            self.complaints.append(said.text)

    def asked(self, part: str) -> list[str]:
        """The addresses asked for that hold this text."""
        return [request.url for request in self.requests if part in request.url]


@dataclass
class Served:
    """The site behind an address, and browsers in front of it."""

    stage: Stage
    url: str
    browser: Browser
    contexts: list[BrowserContext] = field(default_factory=list)

    def visit(self, role: str = "leader", *, width: int = 390, height: int = 844, **options: Any) -> Visit:
        """A fresh browser window of a person with this role; narrow ones are phones."""
        touch = width < 800
        options.setdefault("service_workers", "block")
        context = self.browser.new_context(
            viewport={"width": width, "height": height}, has_touch=touch, is_mobile=touch, locale="zh-CN", **options
        )
        self.contexts.append(context)
        token = self.stage.client(role).get_cookie("warboard")
        assert token is not None
        context.add_cookies([{"name": "warboard", "value": token.value, "url": self.url}])
        visit = Visit(context.new_page(), self.url)
        visit.page.on("request", lambda request: visit.requests.append(request))
        visit.page.on("pageerror", lambda error: visit.complaints.append(str(error)))
        visit.page.on("console", visit.hear)
        return visit


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """The browser; without one these tests are skipped, and say so."""
    if CHROMIUM is None:
        pytest.skip("no chromium on this machine: nothing has been looked at in a real browser")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Stage, str]]:
    """The site on a port of this machine, for the whole session."""
    stage = a_stage(tmp_path_factory.mktemp("site"), demo=True)
    server = make_server("127.0.0.1", 0, stage.site.server, threaded=True, request_handler=Quiet)
    server.daemon_threads = True  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield stage, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()
    stage.store.close()


@pytest.fixture
def served(site: tuple[Stage, str], chromium: Browser) -> Iterator[Served]:
    """The site in front of a browser; afterwards its windows are closed and its numbers put back."""
    served = Served(*site, chromium)
    yield served
    for context in served.contexts:
        context.close()
    served.stage.reader.snapshot = small_snapshot()
