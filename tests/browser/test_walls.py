"""Walls: full at every size, turning by themselves, without Dash."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from dashboards.wall import SCENES
from tests.browser.conftest import Served

pytestmark = pytest.mark.browser

SIZES = ((1920, 1080), (3840, 2160), (2160, 1080), (1080, 1920))
OUTSIDE = """() => [...document.querySelectorAll('.slide.is-shown .slide-part')].map(each => each.getBoundingClientRect())
    .filter(box => box.right > innerWidth + 1 || box.bottom > innerHeight + 1 || box.width < 50 || box.height < 20).length"""


@pytest.mark.parametrize("scene", [scene.name for scene in SCENES])
@pytest.mark.parametrize("size", SIZES, ids=lambda size: "x".join(map(str, size)))
def test_a_wall_fills_its_screen_and_never_scrolls(served: Served, scene: str, size: tuple[int, int]) -> None:
    width, height = size
    page = served.visit(width=width, height=height).open(f"/wall/{scene}")
    for _ in range(page.locator("[data-slide]").count()):
        inside = page.evaluate(
            "[document.documentElement.scrollWidth <= innerWidth, document.documentElement.scrollHeight <= innerHeight]"
        )
        assert inside == [True, True] and page.evaluate(OUTSIDE) == 0
        page.keyboard.press("ArrowRight")


@pytest.mark.parametrize("scene", [scene.name for scene in SCENES])
def test_a_wall_turns_by_itself_and_comes_round(served: Served, scene: str) -> None:
    visit = served.visit(width=1920, height=1080)
    visit.page.clock.install()
    page = visit.open(f"/wall/{scene}")
    names = page.eval_on_selector_all("[data-slide]", "all => all.map(each => each.dataset.slide)")
    assert list(shown(page, len(names))) == [*names[1:], names[0]]
    assert visit.complaints == [] and visit.asked("/_dash") == []


def shown(page: object, turns: int) -> Iterator[str]:
    """The slide on screen after each turn."""
    for _ in range(turns):
        page.clock.run_for(20_500)  # type: ignore[attr-defined]
        yield page.locator(".slide.is-shown").get_attribute("data-slide")  # type: ignore[attr-defined]


def test_the_lite_wall_turns_without_script(served: Served) -> None:
    page = served.visit(width=1920, height=1080, java_script_enabled=False).open("/wall/lite/canteen")
    expect(page.locator(".slide.is-shown")).to_have_count(1)
    assert "slide=1" in (page.locator("meta[http-equiv=refresh]").get_attribute("content") or "")
