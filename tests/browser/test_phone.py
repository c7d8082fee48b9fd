"""A phone in a lift: the last pages open without a network, with their age; they go with the session."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Served, Visit

pytestmark = pytest.mark.browser

KEPT = "async () => (await Promise.all((await caches.keys()).map(async name => (await (await caches.open(name)).keys()).length))).reduce((a, b) => a + b, 0)"


def kept(page: Page) -> int:
    """How many pages the phone keeps."""
    return int(page.evaluate(KEPT))


def a_phone_that_keeps(served: Served, path: str = "/") -> Visit:
    """A phone that has visited a page and keeps it."""
    visit = served.visit(service_workers="allow")
    visit.open(path)
    visit.page.wait_for_function(f"async () => await ({KEPT})() === 1")
    visit.page.wait_for_function("() => navigator.serviceWorker.controller?.state === 'activated'")
    visit.page.wait_for_timeout(1000)  # the worker takes over a moment after it says so
    return visit


def test_a_page_opens_without_a_network_with_its_numbers_and_their_age(served: Served) -> None:
    visit = a_phone_that_keeps(served, "/?period=month")
    said = visit.page.locator(".tile-value").all_inner_texts()
    visit.page.context.set_offline(True)
    visit.page.goto("about:blank")
    visit.open("/?period=month")
    assert visit.page.locator(".tile-value").all_inner_texts() == said
    expect(visit.page.locator("html.is-offline")).to_have_count(1)
    expect(visit.page.locator(".status-age")).to_be_visible()


def test_a_kept_page_is_renewed_as_soon_as_there_is_a_network(served: Served) -> None:
    visit = a_phone_that_keeps(served)
    with visit.page.expect_response(lambda answer: "/live/overview" in answer.url, timeout=8000):
        visit.open("/")
    expect(visit.page.locator("html[data-kept]")).to_have_count(0)
    expect(visit.page.locator("html.is-offline")).to_have_count(0)


def test_a_page_of_another_address_is_not_taken_for_it(served: Served) -> None:
    visit = a_phone_that_keeps(served, "/")
    visit.page.context.set_offline(True)
    with pytest.raises(Exception, match="net::ERR"):
        visit.open("/?period=year")


def test_signing_out_leaves_nothing_on_the_phone(served: Served) -> None:
    visit = a_phone_that_keeps(served)
    visit.open("/sign-out")
    visit.page.locator("main button, form button").first.click()
    visit.page.wait_for_url("**/sign-in")
    assert kept(visit.page) == 0
    assert visit.page.evaluate("navigator.serviceWorker.getRegistrations().then(all => all.length)") == 0


def test_signing_out_without_a_network_leaves_nothing_on_the_phone(served: Served) -> None:
    visit = a_phone_that_keeps(served)
    visit.page.context.set_offline(True)
    with pytest.raises(Exception, match="net::ERR"):
        visit.open("/sign-out")
    with pytest.raises(Exception, match="net::ERR"):
        visit.open("/")


def test_an_answer_still_on_its_way_when_somebody_signs_out_is_not_kept(served: Served) -> None:
    visit = a_phone_that_keeps(served)
    worker = visit.page.context.service_workers[0]
    assert (
        worker.evaluate(
            """async () => {
            const asked = load(new Request("/?period=month"));
            await pass(new Request("/sign-out"));
            await asked;
            return (await caches.keys()).length;
        }"""
        )
        == 0
    )


def test_a_session_that_ended_leaves_nothing_on_the_phone(served: Served) -> None:
    visit = a_phone_that_keeps(served)
    visit.page.context.clear_cookies()
    visit.open("/")
    expect(visit.page.locator("[data-notice=signin]")).to_be_visible()
    visit.page.wait_for_function(f"async () => await ({KEPT})() === 0")


def test_walls_keep_nothing(served: Served) -> None:
    visit = a_phone_that_keeps(served)
    visit.open("/wall/canteen")
    assert kept(visit.page) == 1
