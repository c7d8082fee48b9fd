"""A wall that nobody touches: for days, through silence and restarts."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import Served
from tests.dashboards.worlds import Stage
from tests.endurance import Ahead, Changing, answering, cut_off, refreshed, restarted, watched

pytestmark = pytest.mark.browser
BADGE_SECONDS, LIVE_SECONDS = 30, 60


@pytest.fixture
def wall(served: Served) -> Iterator[Page]:
    page = served.browser.new_page(viewport={"width": 640, "height": 360})
    yield page
    page.close()


def grown(page: Page, stage: Stage, first: int, last: int) -> None:
    """Hold what a wall has after its first refreshes against what it has after the last."""
    changing = Changing(stage, seconds=2)
    # A wall that is never reloaded is the harder case.
    changing.may_reload = False
    with answering(changing) as url:
        page.goto(url)
        ahead = Ahead(page)
        refreshed(ahead, changing, first)
        before = ahead.footing()
        refreshed(ahead, changing, last)
        after = ahead.footing()
    assert changing.opened == 1
    assert after.heap <= 1.10 * before.heap
    assert after.nodes <= 1.02 * before.nodes
    assert after.listeners == before.listeners


def test_hundreds_of_refreshes_leave_nothing_behind(served: Served, wall: Page) -> None:
    grown(wall, served.stage, 150, 300)


@pytest.mark.nightly
def test_ten_thousand_refreshes_leave_nothing_behind(served: Served, wall: Page) -> None:
    grown(wall, served.stage, 1_000, 10_000)


@pytest.fixture
def ahead(served: Served, wall: Page) -> Iterator[tuple[Ahead, Changing]]:
    changing = Changing(served.stage)
    with answering(changing) as url:
        wall.goto(url)
        ahead = Ahead(wall)
        ahead.run(30)
        yield ahead, changing


@pytest.mark.parametrize("seconds", [1, 90, pytest.param(600, marks=pytest.mark.nightly)])
def test_a_wall_says_that_it_hears_nothing_and_comes_back_by_itself(
    ahead: tuple[Ahead, Changing], seconds: int
) -> None:
    found = cut_off(*ahead, seconds)
    assert found.live <= LIVE_SECONDS
    assert seconds < BADGE_SECONDS or (found.badge is not None and found.badge <= BADGE_SECONDS)


@pytest.mark.parametrize("times", [1, pytest.param(50, marks=pytest.mark.nightly)])
def test_a_wall_takes_up_a_new_version_by_itself(ahead: tuple[Ahead, Changing], times: int) -> None:
    assert max(restarted(*ahead).live for _ in range(times)) <= LIVE_SECONDS
    assert ahead[1].opened == 1 + times


@pytest.mark.nightly
def test_no_frame_is_blank_covered_or_moves_while_numbers_change(served: Served) -> None:
    changing = Changing(served.stage, seconds=2)
    page = served.browser.new_page(viewport={"width": 1920, "height": 1080})
    with answering(changing) as url:
        page.goto(url)
        found = watched(page, 60, lambda _: None)
    page.close()
    assert (found.blank, found.covered, found.shift) == (0, 0, 0)
    assert found.swaps >= 20
