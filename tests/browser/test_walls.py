"""Walls: full at every size, turning by themselves, without Dash."""

from collections.abc import Iterator
from datetime import timedelta
from functools import cache

import pytest
from playwright.sync_api import expect

from metrics.scenes import SceneSpec, scenes
from metrics.snapshot import Snapshot
from tests.browser.conftest import Served
from tests.snapshots import AS_OF, a_snapshot, property_pack, small_rows

pytestmark = pytest.mark.browser

SCENES = scenes(property_pack())
SIZES = ((1920, 1080), (3840, 2160), (2560, 1080), (1080, 1920))
SMALLEST = {False: 0.019, True: 0.022}
"""The smallest text as a share of the screen's shorter side; larger where a scene is read from afar."""
TEXTS = """() => {
    const found = [], walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
        const host = node.parentElement, style = getComputedStyle(host), range = document.createRange();
        if (!node.data.trim() || style.visibility !== 'visible' || host.closest('.spoken')) continue;
        range.selectNodeContents(node);
        const box = range.getBoundingClientRect();
        let clip = { left: 0, top: 0, right: innerWidth, bottom: innerHeight }, cut = false, gone = !box.width;
        for (let at = host; at && at !== document.documentElement; at = at.parentElement) {
            if (getComputedStyle(at).overflow === 'visible') continue;
            const edge = at.getBoundingClientRect();
            clip = { left: Math.max(clip.left, edge.left), top: Math.max(clip.top, edge.top),
                     right: Math.min(clip.right, edge.right), bottom: Math.min(clip.bottom, edge.bottom) };
        }
        // Half a line of slack: boxes of text are taller than what is drawn in them.
        const slack = parseFloat(style.fontSize) * 0.3;
        gone = gone || box.left >= clip.right || box.top >= clip.bottom || box.right <= clip.left || box.bottom <= clip.top;
        cut = box.right > clip.right + 2 || box.left < clip.left - 2 || box.bottom > clip.bottom + slack || box.top < clip.top - slack;
        if (!gone) found.push({ text: node.data.trim(), size: parseFloat(style.fontSize), cut });
    }
    return found;
}"""
"""Every text that can be seen: its size, and whether the screen or a box cuts it; what is wholly out of sight is not there."""

HELD = ((360, 800), (390, 844), (800, 360), (1280, 800), (1920, 1080))
"""Phones upright and on their side, a small screen on a wall, and a usual one."""
CUT_NUMBERS = """() => {
    const found = [], walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const cut = (box, edge, slack) => {
        const over = { x: box.left < edge.left - 1 || box.right > edge.right + 1, y: box.top < edge.top - slack || box.bottom > edge.bottom + slack };
        const gone = box.left >= edge.right - 1 || box.right <= edge.left + 1 || box.top >= edge.bottom - slack || box.bottom <= edge.top + slack;
        return gone ? { x: false, y: false } : over;
    };
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
        const host = node.parentElement, range = document.createRange(), own = getComputedStyle(host);
        if (!/\\d/.test(node.data) || own.visibility !== 'visible' || host.closest('.spoken')) continue;
        range.selectNodeContents(node);
        for (const box of range.getClientRects()) {
            if (cut(box, { left: 0, right: innerWidth, top: -1e9, bottom: 1e9 }, 0).x) found.push(`${node.data.trim()} beyond the screen`);
            for (let at = host; at; at = at.parentElement) {
                const style = getComputedStyle(at), over = cut(box, at.getBoundingClientRect(), parseFloat(own.fontSize) * 0.3);
                if (style.overflowX === 'hidden' && over.x || style.overflowY === 'hidden' && over.y) found.push(`${node.data.trim()} by ${at.className}`);
            }
        }
    }
    return found;
}"""
"""Every text with a figure in it of which a part is hidden: by a box that hides what does not fit, or by the screen's side."""


@cache
def a_large_group() -> Snapshot:
    """Twelve projects with long names in four cities, the rates of one in three above the whole: everybody signed this morning."""
    small, names = small_rows(), ("国际花园二期", "滨江壹号", "", "时代里")
    own = {row["id"] for entity in ("project", "lead", "staff") for row in small[entity]}
    rows = {entity: list(given) for entity, given in small.items() if entity == "channel"}
    for at, name in enumerate(names):
        for entity, given in small.items():
            if entity != "channel":
                copies = (
                    {key: f"{value}-{at}" if value in own or key == "id" else value for key, value in row.items()}
                    for row in given
                )
                rows.setdefault(entity, []).extend(copies)
        for row in rows["project"][-3:]:
            row.update(name=row["name"] + name, city=f"{name[:2] or '云州'}市")
    for number, row in enumerate(rows["lead"]):
        row["person"] = f"{number:064x}"
    for row in rows["contract"]:
        row["signed_at"] = AS_OF - timedelta(hours=1)
    return a_snapshot(sequence=2, **rows)


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
@pytest.mark.parametrize("size", HELD, ids=lambda size: "x".join(map(str, size)))
def test_no_number_is_cut_so_that_it_reads_as_another(served: Served, scene: SceneSpec, size: tuple[int, int]) -> None:
    served.stage.reader.snapshot = a_large_group()
    page = served.visit(width=size[0], height=size[1], reduced_motion="reduce").open(f"/wall/{scene.name}")
    for _ in range(page.locator("[data-slide]").count()):
        assert page.evaluate(CUT_NUMBERS) == []
        page.keyboard.press("ArrowRight")


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
@pytest.mark.parametrize("size", SIZES, ids=lambda size: "x".join(map(str, size)))
def test_a_wall_fills_its_screen_cuts_no_text_and_is_read_from_afar(
    served: Served, scene: SceneSpec, size: tuple[int, int]
) -> None:
    width, height = size
    page = served.visit(width=width, height=height, reduced_motion="reduce").open(f"/wall/{scene.name}")
    for _ in range(page.locator("[data-slide]").count()):
        inside = (
            "[document.documentElement.scrollWidth <= innerWidth, document.documentElement.scrollHeight <= innerHeight]"
        )
        texts = page.evaluate(TEXTS)
        assert page.evaluate(inside) == [True, True]
        assert [one["text"] for one in texts if one["cut"]] == []
        assert min(one["size"] for one in texts) >= SMALLEST[scene.far] * min(size)
        page.keyboard.press("ArrowRight")


@pytest.mark.parametrize("size", SIZES, ids=lambda size: "x".join(map(str, size)))
def test_what_has_to_be_known_to_read_a_board_stands_below_all_its_rows(served: Served, size: tuple[int, int]) -> None:
    served.stage.reader.snapshot = a_large_group()
    page = served.visit(width=size[0], height=size[1], reduced_motion="reduce").open("/wall/canteen")
    page.keyboard.press("ArrowLeft")
    boards = page.locator(".slide.is-shown .board").all()
    assert sum(board.locator(".board-note").count() for board in boards) > 1
    for board in boards:
        lows = [one.bounding_box() for one in board.locator(".standing:visible, .board-note").all()]
        ends = [low["y"] + low["height"] for low in lows if low]
        assert ends == sorted(ends) and ends[-1] <= size[1]


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


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
@pytest.mark.parametrize("size", [(360, 800), (800, 360)], ids=["upright", "on its side"])
def test_on_a_phone_a_wall_is_a_page_to_scroll(served: Served, scene: SceneSpec, size: tuple[int, int]) -> None:
    page = served.visit(width=size[0], height=size[1]).open(f"/wall/{scene.name}")
    assert page.evaluate("document.documentElement.scrollHeight > 2 * innerHeight")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert min(one["size"] for one in page.evaluate(TEXTS)) >= 14
    for slide in page.locator("[data-slide]").all():
        expect(slide).to_be_visible()


def test_the_list_of_scenes_opens_over_the_slide_and_leads_to_another(served: Served) -> None:
    page = served.visit(width=1920, height=1080).open("/wall/canteen")
    page.keyboard.press("Enter")
    expect(page.locator(".scene-menu")).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**/wall/warroom")


def test_without_script_the_lite_wall_takes_over(served: Served) -> None:
    page = served.visit(width=1920, height=1080, java_script_enabled=False).open("/wall/canteen")
    page.wait_for_url("**/wall/lite/canteen")


def test_the_lite_wall_turns_without_script(served: Served) -> None:
    page = served.visit(width=1920, height=1080, java_script_enabled=False).open("/wall/lite/canteen")
    expect(page.locator(".slide.is-shown")).to_have_count(1)
    assert "slide=1" in (page.locator("meta[http-equiv=refresh]").get_attribute("content") or "")
