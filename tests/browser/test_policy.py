"""A walk through everything there is: the browser's own policy is never broken, no other host is asked, and no script of others runs."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import product

import pytest
from playwright.sync_api import Page, Response, expect

from dashboards._site import PAGES
from data_access.store.links import make_link
from tests.browser.conftest import Served, Visit
from tests.dashboards.test_door import DOCUMENTS
from tests.dashboards.test_hostile import hostile_rows
from tests.dashboards.test_screens import CANTEEN, post
from tests.dashboards.worlds import ROLES
from tests.snapshots import a_snapshot

pytestmark = pytest.mark.browser

MORE = ("/gallery", "/customers?period=year", "/customers/lead:l0", "/customers/lead:l1", "/people/{id}", "/no-such-page", "/audit?action=sign_in")  # fmt: skip
OUTSIDE = ("/sign-in", "/enter/made-up", "/screen", "/no-such-page", "/sw.js", "/manifest.webmanifest")
LOOKS = tuple(product(("zh", "en"), ("light", "dark")))
EVERY_LOOK = ["one look", pytest.param("every look", marks=pytest.mark.nightly)]
OTHERS = ("head", "champion", "viewer")
SOME = [role if role not in OTHERS else pytest.param(role, marks=pytest.mark.nightly) for role in ROLES]
LISTEN = """addEventListener('securitypolicyviolation', each => window.broke(`${each.effectiveDirective} ${each.blockedURI} on ${location.pathname}`))"""
INJECT = """() => {
    const script = document.createElement('script'); script.textContent = 'window.hit = 1'; document.body.append(script);
    document.body.insertAdjacentHTML('beforeend', '<img src="data:," onerror="window.hit = 1"><a id="trap" onclick="window.hit = 1">x</a>');
    document.getElementById('trap').click();
}"""


@dataclass
class Watched:
    """A visit whose breaches of the policy are heard."""

    visit: Visit
    broken: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    def look(self, path: str) -> Page:
        """Open a page; an answer of 403 or 404 is one the console may complain of."""
        self.visit.open(path)
        return self.visit.page

    def found(self) -> list[str]:
        """Breaches, complaints and requests to other hosts."""
        foreign = [one.url for one in self.visit.requests if not one.url.startswith((self.visit.url, "data:", "blob:"))]
        status = ("status of 401", "status of 403", "status of 404", "status of 410")
        said = [one for one in self.visit.complaints if not (self.refused and any(code in one for code in status))]
        return [*self.broken, *said, *foreign]


def watched(served: Served, role: str = "viewer", **options: object) -> Watched:
    """A browser window that listens."""
    made = Watched(served.visit(role, width=1280, height=800, **options))
    page = made.visit.page
    page.context.expose_function("broke", lambda told: made.broken.append(told))
    page.add_init_script(LISTEN)

    def note(answer: Response) -> None:
        if answer.status >= 400 and answer.request.is_navigation_request():
            made.refused.append(answer.url)

    page.on("response", note)
    page.on("dialog", lambda dialog: made.broken.append(dialog.message))
    return made


def looks(path: str, at: int, every: str) -> Iterator[str]:
    """A page in one look, another one for each page, or in all of them."""
    for language, theme in LOOKS if every == "every look" else [LOOKS[at % len(LOOKS)]]:
        yield f"{path}{'&' if '?' in path else '?'}lang={language}&theme={theme}"


@pytest.mark.parametrize("every", EVERY_LOOK)
@pytest.mark.parametrize("role", SOME)
def test_no_page_of_any_role_breaks_the_policy(served: Served, role: str, every: str) -> None:
    walk = watched(served, role)
    id = served.stage.people["head"].id
    for at, path in enumerate((*DOCUMENTS, *MORE)):
        # Nobody may ask for so many pages in one minute.
        served.stage.clock.now += timedelta(seconds=20)
        for address in looks(path.format(id=id), at + len(role), every):
            if not path.startswith("/audit.csv"):
                walk.look(address)
    assert walk.found() == []


@pytest.mark.parametrize("every", EVERY_LOOK)
def test_nothing_before_the_sign_in_breaks_it(served: Served, every: str) -> None:
    for options in ({}, {"extra_http_headers": {"X-Forwarded-For": "10.0.0.1"}}):
        walk = watched(served, **options)
        walk.visit.page.context.clear_cookies()
        for at, path in enumerate(OUTSIDE):
            for address in looks(path, at, every):
                walk.look(address)
        assert walk.found() == []


def test_the_code_to_scan_and_a_wrong_code_do_not_break_it(served: Served) -> None:
    security = served.stage.site.world.settings.security
    object.__setattr__(security, "totp", True)
    try:
        walk = watched(served)
        walk.visit.page.context.clear_cookies()
        link = make_link(served.stage.store, served.stage.people["leader"].id, served.stage.clock())
        page = walk.look(f"/enter/{link}")
        page.get_by_role("button").click()
        expect(page.locator("svg").first).to_be_visible()
        page.fill("input[name=code]", "000000")
        page.get_by_role("button").click()
        expect(page.locator(".problem")).to_be_visible()
        assert walk.found() == []
    finally:
        object.__setattr__(security, "totp", False)


@pytest.mark.parametrize(
    "role", ["leader", *(pytest.param(one, marks=pytest.mark.nightly) for one in ("head", "salesperson"))]
)
def test_filters_and_charts_do_not_break_it(served: Served, role: str) -> None:
    walk = watched(served, role)
    for path in (page.path for page in PAGES if page.has_trend):
        page = walk.look(path)
        expect(page.locator("#trend .main-svg").first).to_be_visible(timeout=60_000)
        page.select_option("#trend-grain", "week")
        page.get_by_role("link", name="本月").first.click()
        page.wait_for_load_state("networkidle")
    assert walk.found() == []


def test_a_paired_screen_does_not_break_it(served: Served) -> None:
    walk = watched(served)
    walk.visit.page.context.clear_cookies()
    code = walk.look("/screen").get_attribute("[data-code]", "data-code")
    assert post(served.stage, "/screens", {**CANTEEN, "code": code}).status_code == 303
    for path in ("/screen", "/wall/canteen", "/wall/lite/canteen", "/wall/warroom"):
        walk.look(path)
    assert walk.found() == []


@pytest.mark.parametrize("path", ["/", "/wall/canteen", "/people", "/no-such-page"])
def test_a_script_that_was_put_in_does_not_run_and_is_heard_of(served: Served, path: str) -> None:
    walk = watched(served, "admin")
    page = walk.look(path)
    page.evaluate(INJECT)
    page.wait_for_timeout(50)
    assert page.evaluate("window.hit") is None
    assert {one.split()[0] for one in walk.broken} == {"script-src-elem", "script-src-attr"}


@pytest.mark.nightly
@pytest.mark.parametrize("first", range(16))
def test_hostile_texts_of_the_database_run_nowhere(served: Served, first: int) -> None:
    served.stage.reader.snapshot = a_snapshot(sequence=10 + first, **hostile_rows(first))
    walk = watched(served, "leader")
    for path in (*(page.path for page in PAGES), "/wall/canteen", "/wall/warroom", "/customers?period=year"):
        page = walk.look(path)
        page.wait_for_load_state("networkidle")
        assert page.evaluate("window.hit") is None, path
        assert page.locator("a[href^='javascript:'], [onerror], [onload], [onfocus], iframe").count() == 0, path
    assert walk.found() == []
