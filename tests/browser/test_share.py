"""Passing a page on, and asking a heat grid what is behind a cell: by finger, by key, and while the hours move."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from metrics.snapshot import Snapshot
from tests.browser.conftest import Served, Visit
from tests.browser.test_axe import complaints
from tests.browser.test_pages import SMALL_TARGETS, SMALL_TEXTS
from tests.snapshots import AS_OF, a_snapshot, small_rows

pytestmark = pytest.mark.browser

TOLD = ".heat-told-what"
HOURS = ".heat-grid >> nth=0"
SHEET = """() => { window.handed = []; navigator.canShare = () => true;
    navigator.share = async what => { window.handed.push(what.files ? [what.files[0].name, what.files[0].size] : what.url) } }"""


# ------------------------------------------------------------------------------------------------- what is behind a cell


def cell(page: Page, at: int = 0) -> Any:
    """A cell of the first grid, counted from the last."""
    return page.locator(HOURS).locator(".heat-cell").nth(-1 - at)


def test_a_tap_says_whose_number_it_is_and_what_is_behind_it(served: Served) -> None:
    page = served.visit().open_whole("/heat?metric=quality_share&hours=168&project=p1")
    cell(page, 1).tap()
    value, behind = cell(page, 1).inner_text(), cell(page, 1).get_attribute("title")
    expect(page.locator(TOLD).first).to_have_text(f"云岫府 · 3月10日 周二 · 优质留电占比 {value}% · {behind}")
    assert behind is not None and "÷" in behind
    cell(page, 1).tap()
    expect(page.locator(TOLD).first).to_be_hidden()


def test_the_buttons_go_to_the_hour_before_and_after(served: Served) -> None:
    page = served.visit().open_whole("/heat?hours=168")
    cell(page).tap()
    for button, day in (("前一列", "3月10日"), ("后一列", "3月11日")):
        page.get_by_role("button", name=button).first.tap()
        expect(page.locator(TOLD).first).to_contain_text(day)
    page.get_by_role("button", name="关闭").first.tap()
    expect(page.locator(TOLD).first).to_be_hidden()
    expect(cell(page)).to_be_focused()


def test_cells_are_reached_by_key(served: Served) -> None:
    page = served.visit(width=1280, height=800).open_whole("/heat?hours=168")
    page.locator(".heat-scroll").first.focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator(TOLD).first).to_contain_text("云岫府 · 3月5日")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    expect(page.locator(TOLD).first).to_contain_text("文昌学府 · 3月6日")
    expect(page.locator(".heat-cell.is-told")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator(TOLD).first).to_be_hidden()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 390, 1280])
def test_a_told_cell_covers_neither_itself_nor_the_page(served: Served, width: int, theme: str) -> None:
    page = served.visit(width=width, height=800, color_scheme=theme).open_whole("/heat")
    cell(page).click()
    told, chosen = (page.locator(place).bounding_box() for place in (".heat-told:not([hidden])", ".heat-cell.is-told"))
    assert told is not None and chosen is not None
    assert chosen["y"] + chosen["height"] <= told["y"] or told["y"] + told["height"] <= chosen["y"]
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert (page.evaluate(SMALL_TARGETS), page.evaluate(SMALL_TEXTS)) == ([], [])
    assert complaints(page) == ""


def at_every_hour(later: int) -> Snapshot:
    """The small world so many hours later, with a lead in each of the last hours."""
    as_of, rows = AS_OF + timedelta(hours=later), small_rows()
    last = {**rows["lead"][-1], "project_id": "p1"}
    more = [
        {**last, "id": f"n{hour}", "person": f"{hour:02x}" * 32, "created_at": as_of - timedelta(hours=hour, minutes=1)}
        for hour in range(24)
    ]
    return a_snapshot(as_of=as_of, sequence=1 + later, **{**rows, "lead": [*rows["lead"], *more]})


def hours(page: Page) -> list[str]:
    """The hours of the first grid, and the one that runs."""
    heads = page.locator(HOURS).locator("thead tr:last-child th")
    return [*heads.all_inner_texts(), "runs", *heads.and_(page.locator(".is-running")).all_inner_texts()]


def test_the_hours_move_on_by_themselves_and_a_told_cell_keeps_its_hour(served: Served) -> None:
    served.stage.reader.snapshot = at_every_hour(0)
    visit = served.visit()
    visit.page.clock.install()
    page = visit.open_whole("/heat?project=p1")
    assert hours(page) == [*map(str, [*range(11, 24), *range(11)]), "runs", "10"]
    cell(page, 1).tap()
    expect(page.locator(TOLD).first).to_contain_text("3月11日 09:00–10:00")
    served.stage.reader.snapshot = at_every_hour(1)
    with page.expect_response("**/live/heat*"):
        page.clock.run_for(18_500)
    expect(page.locator(".is-running").first).to_have_text("11")
    assert hours(page) == [*map(str, [*range(12, 24), *range(12)]), "runs", "11"]
    expect(cell(page, 2)).to_have_class("heat-cell level-1 is-told")
    expect(page.locator(TOLD).first).to_contain_text("3月11日 09:00–10:00")


# -------------------------------------------------------------------------------------------------- passing a page on


def share(visit: Visit, what: str) -> Any:
    """One of the two links of the share row."""
    return visit.page.locator(f"[data-share={what}]")


def test_at_a_desk_the_link_with_its_filters_is_copied(served: Served) -> None:
    visit = served.visit(width=1280, height=800, permissions=["clipboard-read", "clipboard-write"])
    visit.open_whole("/funnels?period=month&project=p1&theme=dark")
    share(visit, "link").click()
    expect(share(visit, "link")).to_have_text("已复制")
    assert visit.page.evaluate("navigator.clipboard.readText()") == f"{visit.url}/funnels?period=month&project=p1"
    expect(share(visit, "link")).to_have_text("链接")


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("width", [360, 390])
def test_the_top_of_a_long_page_leads_to_its_share_row(served: Served, width: int, lang: str) -> None:
    visit = served.visit(width=width)
    page = visit.open_whole(f"/funnels?lang={lang}")
    top = page.locator(".top-links [href='#share']")
    heights = [page.locator(part).bounding_box() for part in (".brand", ".top-links")]
    assert heights[0] and heights[1] and heights[0]["y"] == heights[1]["y"]
    top.tap()
    for what in ("link", "picture"):
        expect(share(visit, what)).to_be_in_viewport(ratio=1)
        share(visit, what).tap(trial=True)


def test_at_a_desk_the_picture_is_saved(served: Served) -> None:
    visit = served.visit(width=1280, height=800)
    visit.open_whole("/boards")
    with visit.page.expect_download() as saved:
        share(visit, "picture").click()
    assert saved.value.suggested_filename == "boards-20260311-1000.png"
    assert Path(saved.value.path()).read_bytes().startswith(b"\x89PNG")
    assert visit.complaints == []


def test_on_a_phone_both_go_to_its_own_sheet(served: Served) -> None:
    visit = served.visit()
    visit.open_whole("/?period=month")
    visit.page.evaluate(SHEET)
    share(visit, "link").tap()
    share(visit, "picture").tap()
    visit.page.wait_for_function("() => window.handed.length === 2")
    link, (name, size) = visit.page.evaluate("window.handed")
    assert (link, name) == (f"{visit.url}/?period=month", "overview-20260311-1000.png")
    assert size > 10_000


@pytest.mark.parametrize("scripts", [True, False], ids=["without a sheet", "without script"])
def test_elsewhere_the_picture_opens_with_the_filters(served: Served, scripts: bool) -> None:
    visit = served.visit(java_script_enabled=scripts)
    visit.open_whole("/funnels?project=p1")
    share(visit, "picture").tap()
    visit.page.wait_for_url("**/picture/funnels.png?project=p1")


def test_a_picture_that_cannot_be_had_says_why(served: Served) -> None:
    visit = served.visit(width=1280, height=800)
    visit.open_whole("/boards")
    visit.page.context.clear_cookies()
    share(visit, "picture").click()
    visit.page.wait_for_url("**/sign-in*")
