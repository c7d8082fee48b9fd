"""A screen on the wall and a phone in the hand: pairing, what the screen says of itself, and its end."""

import pytest
from playwright.sync_api import expect

from data_access.store.screens import SEEN_EVERY, Told, screens
from tests.browser.conftest import Served, Visit

pytestmark = pytest.mark.browser


@pytest.fixture
def tv(served: Served) -> Visit:
    """A browser on a wall that nobody is signed in to, its clock in the test's hands."""
    visit = served.visit("viewer", width=1920, height=1080)
    visit.page.context.clear_cookies()
    visit.page.clock.install()
    visit.open("/screen")
    return visit


def approve(served: Served, tv: Visit, name: str = "三楼食堂") -> Visit:
    """A phone that approves the waiting screen for the canteen."""
    phone = served.visit("admin")
    code = tv.page.get_attribute("[data-code]", "data-code")
    phone.open(f"/screens?code={code}")
    phone.page.fill("input[name=name]", name)
    phone.page.check("input[value=canteen][type=checkbox]")
    phone.page.click("button:text('批准')")
    return phone


def test_a_waiting_screen_opens_by_itself_and_clears_when_it_is_revoked(served: Served, tv: Visit) -> None:
    phone = approve(served, tv, "五楼食堂")
    tv.page.clock.run_for(5_000)
    tv.page.wait_for_url("**/wall/canteen")
    expect(tv.page.locator(".wall-title")).to_have_text("食堂数据屏")
    living = "li:not(.is-off):has-text('五楼食堂')"
    phone.open("/screens").click(f"{living} summary:text('停用')")
    phone.page.click("details[open] button")
    expect(phone.page.locator(living)).to_have_count(0)
    tv.page.clock.run_for(15_000)
    expect(tv.page.locator("[data-notice=revoked]")).to_be_visible()
    expect(tv.page.locator("[data-slide]")).to_have_count(0)
    tv.page.clock.run_for(15_000)
    tv.page.wait_for_url("**/screen")
    expect(tv.page.locator(".pairing-ended")).to_be_visible()


def test_it_says_its_version_its_size_and_the_age_of_its_picture(served: Served, tv: Visit) -> None:
    approve(served, tv, "四楼食堂")
    tv.page.clock.run_for(5_000)
    tv.page.wait_for_url("**/wall/canteen")
    told = next(filter(None, (said_next(served, tv) for _ in range(5))))
    assert (told.build, told.size) == ("build-1", "1920x1080") and told.picture_seconds is not None


def said_next(served: Served, tv: Visit) -> Told | None:
    """What the screen says a minute later; nothing when the one request of the minute that is kept was for something that the
    wall loads late."""
    tv.page.wait_for_load_state("networkidle")
    served.stage.clock.now += 2 * SEEN_EVERY
    with tv.page.expect_response("**/live/wall/canteen?*"):
        tv.page.clock.run_for(15_000)
    told = next(one.told for one in screens(served.stage.store) if one.given.name == "四楼食堂")
    return told if told.build else None


def test_without_script_it_opens_the_lite_wall(served: Served) -> None:
    tv = served.visit("viewer", width=1920, height=1080, java_script_enabled=False)
    tv.page.context.clear_cookies()
    tv.open("/screen")
    approve(served, tv)
    tv.page.wait_for_url("**/wall/lite/canteen")


@pytest.mark.parametrize(("width", "height"), [(390, 844), (1920, 1080), (1080, 1920), (2560, 1080)])
def test_a_code_fits_every_screen(served: Served, width: int, height: int) -> None:
    tv = served.visit("viewer", width=width, height=height)
    tv.page.context.clear_cookies()
    page = tv.open("/screen")
    for part in (".pairing-code", ".qr"):
        box = page.locator(part).bounding_box()
        assert box and box["x"] >= 0 and box["x"] + box["width"] <= width and box["y"] + box["height"] <= height
    assert tv.complaints == []
