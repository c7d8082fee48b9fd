"""Pages as pictures: drawn from data, signed, within the viewer's rights, in a font that has every sign."""

import json
import re
import struct
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from pylopdf_fonts_zh_cn import sans_path

from components.picture import LONGEST
from components.status import Freshness
from dashboards import _pictures, boards
from dashboards._page import Page, View, content
from dashboards._site import PAGES
from data_access import documents
from data_access.store.people import Person
from tests.dashboards.worlds import ROLES, Stage, a_stage, a_view
from tests.snapshots import AS_OF, a_snapshot, small_rows

FRESH = Freshness(AS_OF, AS_OF)
SOMEBODY = Person("u1", "周敏", "leader", None, None)
HOSTILE = '#panic("x") $x$ \\u{41} *b* <script>"'
BY_NAME = {page.name: page for page in PAGES}


def sheet(page: str | Page, view: View, fresh: Freshness = FRESH) -> dict[str, object]:
    asked = BY_NAME[page] if isinstance(page, str) else page
    return _pictures.sheet(asked, view, _pictures.signature(asked, view, fresh, SOMEBODY))


def words(page: str | Page, view: View, fresh: Freshness = FRESH) -> str:
    return json.dumps(sheet(page, view, fresh), ensure_ascii=False)


def size(png: bytes) -> tuple[int, int]:
    """Width and height as the file says."""
    assert png.startswith(b"\x89PNG\r\n")
    return struct.unpack(">II", png[16:24])  # type: ignore[return-value]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_page_has_a_picture_as_wide_as_a_chat_shows(page: Page, lang: str) -> None:
    view = a_view(lang=lang)
    width, height = size(_pictures.drawn(page, view, _pictures.signature(page, view, FRESH, SOMEBODY)))
    assert width == 1080 and 500 < height < 6000


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_picture_says_the_days_the_time_of_the_data_the_filters_and_whose_it_is(page: Page) -> None:
    said = sheet(page, a_view())
    assert said["days"] and said["blocks"]
    assert said["watermark"] == "营销作战室 · 周敏 · 数据截至 2026-03-11 10:00 · 筛选:全部项目"


def test_a_picture_holds_the_numbers_of_the_page() -> None:
    said = words("overview", a_view())
    assert all(part in said for part in ("21.3%", "14,107", "较上周同期(截至周三10:00)", "先看这三件"))


SHOWN = {
    "overview": {
        "tile-value": "tiles.tiles.value",
        "pace-value": "paces.paces.value",
        "alert-what": "findings.findings.what",
    },
    "funnels": {"step-count": "funnels.funnels.steps.count", "figure leak-lost": "leak.rows.figures.3"},
    "heat": {"heat-cell": "heat.cells.*.*.0"},
    "boards": {"standing-value": "boards.boards.rows.value", "standing-name": "boards.boards.rows.name"},
    "alerts": {"alert-what": "findings.findings.what"},
}
"""By page: what stands in elements of a class of the page, and where the picture's blocks hold the same."""


def held(block: object, path: list[str]) -> Iterator[str]:
    """Every text at a place of a block; lists on the way are gone through."""
    if not path:
        yield str(block)
    elif isinstance(block, dict):
        yield from held(block[path[0]], path[1:])
    elif path[0].isdecimal():
        yield from held(block[int(path[0])], path[1:])  # type: ignore[index]
    else:
        for each in block:  # type: ignore[attr-defined]
            yield from held(each, path[1:] if path[0] == "*" else path)


def shown(view: View, page: Page, css: str) -> list[str]:
    """The text right at the start of every element of these classes."""
    name = css.replace(" ", "[ ]")
    return re.findall(rf'class="{name}[^"]*"[^>]*>([^<]*)<', content(page, view, "build-1").html)


@pytest.mark.parametrize("role", ["leader", "head"])
@pytest.mark.parametrize(
    "asked",
    [{}, {"project": "p1"}, {"period": "quarter", "step": "visit", "metric": "quality_share"}],
    ids=["all", "a project", "a quarter"],
)
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_picture_has_exactly_the_numbers_of_the_page(page: Page, asked: dict[str, str], role: str) -> None:
    view = a_view(role, **asked)
    blocks = sheet(page, view)["blocks"]
    for css, place in SHOWN[page.name].items():
        kind, *path = place.split(".")
        found = [each for block in blocks if block["kind"] == kind for each in held(block, path)]  # type: ignore[attr-defined]
        assert found == shown(view, page, css)


def test_filters_are_said_in_words_and_unknown_ones_are_left_out_as_on_the_page() -> None:
    assert sheet("funnels", a_view(project="p1", channel="c1"))["chosen"] == "筛选:项目 云岫府、渠道 短视频"
    assert sheet("funnels", a_view(project=HOSTILE, period="x" * 10_000)) == sheet("funnels", a_view())
    assert "当期口径" in words("funnels", a_view()) and "按留电批次" in words("funnels", a_view(basis="cohort"))


def test_a_picture_has_the_viewer_s_own_scope_and_says_so() -> None:
    for page in PAGES:
        said = words(page, a_view("head"))
        assert "文昌学府" not in said and "望澜湾" not in said and "筛选:云岫府" in said
    assert sheet("overview", a_view("salesperson"))["chosen"] == "筛选:云岫府、仅本人客户"


def test_a_salesperson_asks_in_vain_for_a_project_that_is_not_the_own(stage: Stage) -> None:
    client = stage.client("salesperson")
    assert client.get("/picture/overview.png?project=p2").data == client.get("/picture/overview.png").data


def test_late_data_is_late_in_the_picture_too() -> None:
    late = Freshness(AS_OF, AS_OF.replace(hour=12))
    assert sheet("overview", a_view(), late)["as-of"] == "数据截至 2026-03-11 10:00 · 已停更"


def test_every_picture_is_signed_with_its_own_viewer(stage: Stage) -> None:
    assert (
        stage.client("leader").get("/picture/boards.png").data != stage.client("admin").get("/picture/boards.png").data
    )


def test_a_picture_is_drawn_once_while_nothing_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[str] = []
    monkeypatch.setattr(_pictures, "drawn", lambda page, view, signed: drawn.append(page.name) or b"png")
    client = a_stage(tmp_path).client("leader")
    for address in ("boards", "alerts", "boards", "boards"):
        assert client.get(f"/picture/{address}.png").data == b"png"
    assert drawn == ["boards", "alerts"]


def test_names_are_set_as_text_whatever_they_look_like() -> None:
    rows = small_rows()
    rows["project"] = [{**one, "name": HOSTILE} for one in rows["project"]]
    view = a_view(snapshot=a_snapshot(**rows))
    for page in PAGES:
        assert size(_pictures.drawn(page, view, _pictures.signature(page, view, FRESH, SOMEBODY)))[0] == 1080


def test_a_picture_stays_small_whatever_the_names_are() -> None:
    rows = small_rows()
    rows["project"] = [{**one, "name": "长" * 5000} for one in rows["project"]]
    view = a_view(snapshot=a_snapshot(**rows))
    for page in PAGES:
        assert "长" * LONGEST not in words(page, view)
        assert size(_pictures.drawn(page, view, _pictures.signature(page, view, FRESH, SOMEBODY)))[1] < 6000


def test_what_has_no_room_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boards, "PLACES", 2)
    said = sheet("boards", a_view())
    assert re.fullmatch(r"另有 \d+ 项,见页面", str(said["more"]))
    assert all(len(board["rows"]) <= 2 for block in said["blocks"] for board in block["boards"])  # type: ignore[attr-defined]


def test_bars_are_as_long_as_their_numbers() -> None:
    (whole, *_) = sheet("funnels", a_view(period="quarter"))["blocks"]  # type: ignore[misc]
    steps = [step for step in whole["funnels"][0]["steps"] if step["own"] is not None]
    counts = [int(step["count"].replace(",", "")) for step in steps]
    assert [step["own"] + step["skipped"] for step in steps] == pytest.approx([each / max(counts) for each in counts])


def test_a_crowd_waits_outside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for _ in range(documents.WAITING):
        assert documents._queue.acquire(blocking=False)
    try:
        answer = a_stage(tmp_path).client("leader").get("/picture/overview.png")
        assert answer.status_code == 429 and "稍后再试" in answer.text
    finally:
        for _ in range(documents.WAITING):
            documents._queue.release()


def test_the_page_offers_its_address_and_its_picture_with_its_filters(stage: Stage) -> None:
    shown = stage.client("leader").get("/funnels?project=p1&period=month&lang=en").text
    assert 'href="/picture/funnels.png?period=month&amp;project=p1&amp;lang=en" data-share="picture"' in shown
    assert 'href="/funnels?period=month&amp;project=p1&amp;lang=en" data-share="link"' in shown


# --------------------------------------------------------------------------------------------------------- the font


@cache
def font_signs() -> frozenset[int]:
    """Every code point the packaged font has a glyph for: its cmap of format 12."""
    font = sans_path().read_bytes()
    tables = (font[12 + 16 * at : 28 + 16 * at] for at in range(struct.unpack(">H", font[4:6])[0]))
    cmap = next(struct.unpack(">I", table[8:12])[0] for table in tables if table[:4] == b"cmap")
    return frozenset(_signs(font, cmap))


def _signs(font: bytes, cmap: int) -> Iterator[int]:
    for at in range(struct.unpack(">H", font[cmap + 2 : cmap + 4])[0]):
        place = cmap + struct.unpack(">I", font[cmap + 8 + 8 * at : cmap + 12 + 8 * at])[0]
        if struct.unpack(">H", font[place : place + 2])[0] == 12:
            for group in range(struct.unpack(">I", font[place + 12 : place + 16])[0]):
                first, last, _ = struct.unpack(">III", font[place + 16 + 12 * group : place + 28 + 12 * group])
                yield from range(first, last + 1)


def test_the_font_has_every_sign_the_product_can_say() -> None:
    sources = [*Path("components").glob("*.py"), *Path("dashboards").glob("*.py"), *Path("metrics").rglob("*.toml")]
    said = "".join(path.read_text("utf-8") for path in [*sources, *Path("data_access").glob("demo*.py")])
    lacking = {sign for sign in said if sign.isprintable() and ord(sign) not in font_signs()}
    assert not lacking


@pytest.mark.parametrize("role", [role for role in ROLES if role != "viewer"])
def test_the_font_has_every_sign_of_every_picture(role: str) -> None:
    for page in PAGES:
        if role in page.roles:
            signs = {ord(sign) for sign in words(page, a_view(role)) if sign.isprintable()}
            assert signs <= font_signs()


def test_the_font_has_the_rare_signs_of_names() -> None:
    assert {ord(sign) for sign in "镕喆堃䶮珺祎璟翀昇淼甪㙍"} <= font_signs()
