"""Accessibility: axe-core finds nothing on any page, in both themes and both languages."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from components.words import Words
from dashboards._assets import Assets
from dashboards._site import PAGES
from dashboards._ways import DECISIONS
from dashboards.gallery import PATH as GALLERY
from dashboards.sign_in import WRONG, sign_in_page
from metrics.scenes import scenes
from tests.browser.conftest import Served
from tests.snapshots import property_pack

pytestmark = pytest.mark.browser

SIGNED_IN = (
    "/sign-out",
    "/account",
    "/password",
    "/screens",
    "/screen",
    "/no-such-page",
)
STRANGERS = ("/sign-in", "/enter/some-token")
SCENES = tuple(scene.name for scene in scenes(property_pack()))
WALLS = tuple(f"/wall/{name}" for name in SCENES)
LITE = tuple(f"/wall/lite/{name}" for name in SCENES)
LANGUAGES = ("zh", "en")
NOT_FOR_LITE_WALLS = {"rules": {"meta-refresh": {"enabled": False}}}
"""A lite wall turns its slides by meta refresh: it is for old screens without scripts, which nobody reads by hand."""


def complaints(page: Page, options: dict[str, object] | None = None) -> str:
    """What axe finds on the page as it stands, in words; empty when there is nothing."""
    found = Axe().run(page, options={"resultTypes": ["violations"], **(options or {})})
    return found.generate_report() if found.violations_count else ""


def in_both_languages(page: Page, url: str, options: dict[str, object] | None = None) -> list[str]:
    """What axe finds on the page in Chinese and in English."""
    found = []
    for language in LANGUAGES:
        page.goto(f"{url}?lang={language}")
        found.append(complaints(page, options))
    return found


@pytest.mark.parametrize(
    ("path", "theme"),
    [
        (GALLERY, "light"),
        (GALLERY, "dark"),
        *((page.path, "light") for page in PAGES),
        *(pytest.param(page.path, "dark", marks=pytest.mark.nightly) for page in PAGES),
    ],
)
def test_axe_finds_nothing_on_a_page_of_a_phone(served: Served, path: str, theme: str) -> None:
    visit = served.visit(color_scheme=theme)
    assert in_both_languages(visit.page, visit.url + path) == ["", ""]


@pytest.mark.parametrize(
    ("theme", "language"),
    [
        ("light", "zh"),
        *(
            pytest.param(theme, language, marks=pytest.mark.nightly)
            for theme, language in (("light", "en"), ("dark", "zh"), ("dark", "en"))
        ),
    ],
)
def test_axe_finds_nothing_on_pages_to_decide_by(served: Served, theme: str, language: str) -> None:
    visit, found = served.visit(color_scheme=theme), {}
    for way in DECISIONS:
        visit.page.goto(f"{visit.url}{way.path}?lang={language}")
        found[way.path] = complaints(visit.page)
    assert found == {way.path: "" for way in DECISIONS}


@pytest.mark.parametrize("theme", ["light", pytest.param("dark", marks=pytest.mark.nightly)])
@pytest.mark.parametrize("path", SIGNED_IN)
def test_axe_finds_nothing_on_a_phone(served: Served, path: str, theme: str) -> None:
    visit = served.visit(color_scheme=theme)
    assert in_both_languages(visit.page, visit.url + path) == ["", ""]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("path", STRANGERS)
def test_axe_finds_nothing_at_the_door(served: Served, path: str, theme: str) -> None:
    visit = served.visit(color_scheme=theme)
    visit.page.context.clear_cookies()
    assert in_both_languages(visit.page, visit.url + path) == ["", ""]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("path", ["/people", "/people/{id}", "/audit"])
def test_axe_finds_nothing_where_admins_look_after_people(served: Served, path: str, theme: str) -> None:
    visit = served.visit("admin", color_scheme=theme)
    url = visit.url + path.format(id=served.stage.people["head"].id)
    assert in_both_languages(visit.page, url) == ["", ""]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_on_the_form_for_name_and_password(served: Served, theme: str) -> None:
    visit, css = served.visit(color_scheme=theme), Assets().css
    visit.page.set_content(sign_in_page(Words("zh"), css, language_href="/", said=WRONG))
    assert complaints(visit.page) == ""


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("page", [page for page in PAGES if page.has_trend], ids=lambda page: page.name)
def test_axe_finds_nothing_at_a_desk_once_the_chart_is_there(served: Served, page: object, theme: str) -> None:
    visit = served.visit(color_scheme=theme, width=1280, height=800)
    shown = visit.open(page.path)  # type: ignore[attr-defined]
    expect(shown.locator("#trend .main-svg").first).to_be_visible(timeout=60_000)
    assert complaints(shown) == ""


@pytest.mark.parametrize("path", WALLS)
def test_axe_finds_nothing_on_a_wall(served: Served, path: str) -> None:
    visit = served.visit(width=1920, height=1080)
    assert in_both_languages(visit.page, visit.url + path) == ["", ""]


@pytest.mark.parametrize("path", LITE)
def test_axe_finds_nothing_on_a_lite_wall(served: Served, path: str) -> None:
    visit = served.visit(width=1920, height=1080)
    assert in_both_languages(visit.page, visit.url + path, NOT_FOR_LITE_WALLS) == ["", ""]


@pytest.mark.parametrize(("chosen", "system"), [("light", "dark"), ("dark", "light")])
def test_axe_finds_nothing_in_a_chosen_theme(served: Served, chosen: str, system: str) -> None:
    page = served.visit(color_scheme=system).open(f"/?theme={chosen}")
    assert complaints(page) == ""


def test_the_theme_is_switched_by_hand_and_stays(served: Served) -> None:
    page = served.visit().open("/")
    assert ground(page) == "rgb(244, 242, 236)"
    page.get_by_role("link", name="外观:跟随系统").click()
    assert ground(page) == "rgb(13, 17, 25)"
    page.get_by_role("link", name="漏斗").click()
    assert ground(page) == "rgb(13, 17, 25)"
    page.get_by_role("link", name="外观:深色").click()
    page.get_by_role("link", name="外观:浅色").click()
    assert "theme" not in page.url


def test_a_chosen_light_page_stays_light_on_a_dark_system(served: Served) -> None:
    page = served.visit(color_scheme="dark").open("/?theme=light")
    assert ground(page) == "rgb(244, 242, 236)"


def ground(page: Page) -> str:
    """The colour behind the page."""
    colour: str = page.evaluate("getComputedStyle(document.body).backgroundColor")
    return colour


def test_axe_does_complain_where_there_is_something(served: Served) -> None:
    page = served.visit().open("/")
    page.evaluate("document.querySelector('h1').innerHTML = '<img src=\"data:,\">'")
    assert "image-alt" in complaints(page)
