"""Every page and scene looks as it did: `make golden` takes the pictures anew, after somebody has looked at the change."""

import os
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page

from dashboards._site import PAGES
from metrics.scenes import scenes
from tests.browser.conftest import Served, Visit
from tests.dashboards.worlds import NOW
from tests.pixels import Pixels, differing, pixels, read_png, write_png
from tests.snapshots import property_pack

pytestmark = [pytest.mark.browser, pytest.mark.nightly]

FOLDER = Path(__file__).parent / "golden"
DIFFERENCES = Path("var") / "golden"
REFRESH = os.environ.get("GOLDEN") == "refresh"
FONT = "Noto Sans CJK SC"
KEPT_AT = {(390, 844): 1, (1280, 800): 2, (1920, 1080): 2, (3840, 2160): 4}
"""The sizes of the screens, and by how much their pictures are made smaller to be kept."""
TOLERANCE, SHARE = 40, 0.001
"""How much of 255 a pixel may differ, and how many of all pixels may differ by more."""
LARGEST_FOLDER = 3_000_000
PHONE = 640
PATHS = {page.name: page.path for page in PAGES} | {"sign-in": "/sign-in"}
SIZES = pytest.mark.parametrize("size", KEPT_AT, ids=lambda size: "x".join(map(str, size)))


@pytest.fixture(scope="module", autouse=True)
def the_font() -> None:
    """Pictures with another font would all be different."""
    try:
        fonts = subprocess.run(["fc-list", ":", "family"], capture_output=True, text=True, check=True).stdout
    except OSError:
        fonts = ""
    if FONT not in fonts:
        pytest.skip(f"no {FONT} on this machine (fonts-noto-cjk): no picture has been compared")


@pytest.fixture
def reader(served: Served) -> Iterator[Page]:
    """A page of the browser that reads pictures."""
    page = served.browser.new_page()
    yield page
    page.close()


def still(served: Served, path: str, size: tuple[int, int]) -> Visit:
    """A page at the moment of the snapshot, where time stands."""
    visit = served.visit(width=size[0], height=size[1], reduced_motion="reduce")
    if path == PATHS["sign-in"]:
        visit.page.context.clear_cookies()
    visit.page.clock.install(time=NOW - timedelta(hours=1))
    visit.page.clock.pause_at(NOW)
    visit.open(path)
    return visit


@SIZES
@pytest.mark.parametrize("name", PATHS)
def test_a_page_looks_as_it_did(served: Served, reader: Page, name: str, size: tuple[int, int]) -> None:
    visit = still(served, PATHS[name], size)
    assert compared(f"{name}-{size[0]}", picture(reader, visit.page, size), size) == []


@SIZES
@pytest.mark.parametrize("scene", [scene.name for scene in scenes(property_pack())])
def test_every_slide_of_a_scene_looks_as_it_did(
    served: Served, reader: Page, scene: str, size: tuple[int, int]
) -> None:
    page, found = still(served, f"/wall/{scene}", size).page, []
    # The code holds the address, whose port is another one every time.
    page.add_style_tag(content=".qr { visibility: hidden }")
    # The scripts come after the first frame, whose time has to pass too.
    page.clock.run_for(50)
    page.wait_for_load_state("networkidle")
    # On a phone all slides stand below each other.
    turns = page.locator("[data-slide]").count() if size[0] > PHONE else 1
    for _ in range(turns):
        slide = page.locator(".slide.is-shown").get_attribute("data-slide")
        found += compared(f"{scene}-{slide}-{size[0]}", picture(reader, page, size), size)
        page.keyboard.press("ArrowRight")
    assert found == []


def test_the_pictures_stay_small() -> None:
    assert sum(file.stat().st_size for file in FOLDER.glob("*.png")) < LARGEST_FOLDER


def picture(reader: Page, page: Page, size: tuple[int, int]) -> Pixels:
    """What is on the screen, at the size it is kept."""
    smaller = KEPT_AT[size]
    return pixels(reader, page.screenshot(animations="disabled"), size[0] // smaller, size[1] // smaller)


def compared(name: str, now: Pixels, size: tuple[int, int]) -> list[str]:
    """What is different from the picture of this name, in words; nothing where it is taken anew."""
    file = FOLDER / f"{name}.png"
    if REFRESH:
        write_png(file, now)
        return []
    if not file.exists():
        return [f"{name}: there is no such picture yet; make it with: make golden"]
    different = differing(read_png(file), now, TOLERANCE)
    if different.mean() <= SHARE:
        return []
    return [f"{name}: {different.mean():.2%} of the pixels differ, see {drawn(name, now, different)}"]


def drawn(name: str, now: Pixels, different: np.ndarray) -> Path:
    """The picture as it is now, paler, with what differs in red."""
    shown = (now // 2 + 127).astype(np.uint8)
    shown[different] = (255, 0, 0)
    file = DIFFERENCES / f"{name}.png"
    write_png(file, shown)
    return file.resolve()
