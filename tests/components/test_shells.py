"""The documents around the glance layer."""

import re
from datetime import datetime, timedelta
from pathlib import Path

from components import shell, shell_phone, shell_wall
from components.celebration import Landed, landed_list
from components.qr import qr_code
from components.scene_menu import SceneLink, scene_menu
from components.shell import LATE
from components.status import Freshness
from components.words import Words
from tests.components.builders import HOSTILE, NOW, text_of

ZH = Words("zh")
FRESH = Freshness(NOW - timedelta(seconds=12), NOW)
HREFS = {name: f"/{name}" for name in shell_phone.SECTIONS}
SLIDES = [
    shell_wall.Slide("pace", "总览", (shell.panel("目标"), shell.panel("预警")), "two", 30),
    shell_wall.Slide("heat", "热力", (shell.panel("热力"),)),
]


def a_page(words: Words = ZH, *, title: str = "总览") -> str:
    content = shell.glance(shell.part("head", shell.page_head(title)), live="/live/overview", build="7")
    frame = shell_phone.phone(
        content,
        words=words,
        section="overview",
        hrefs=HREFS,
        fresh=FRESH,
        language_href="?lang=en",
        account_href="/account",
        badges={"alerts": 3},
    )
    return shell.document(title, frame, words=words, css=".a > b {}", scripts=["/assets/live.js"])


def a_wall(**others: object) -> str:
    given = {
        "words": ZH,
        "fresh": FRESH,
        "css": "",
        "live": "/live/wall",
        "lite": "/wall/lite",
        "build": "7",
        "scripts": ["/assets/live.js"],
    }
    frame = shell_wall.Frame(str(others.pop("title", "作战室")))
    return shell_wall.wall(SLIDES, frame, **(given | others))  # type: ignore[arg-type]


def test_a_page_is_complete_without_scripts() -> None:
    page = a_page()
    assert page.startswith("<!doctype html>")
    assert '<html lang="zh-CN" class="up-red">' in page
    assert ".a > b {}" in page
    assert re.findall(r'class="bar-link[^"]*" href="([^"]+)"', page) == [f"/{name}" for name in shell_phone.SECTIONS]
    assert "数据截至 10:42" in text_of(page)


def test_scripts_are_files_and_nothing_runs_inline() -> None:
    page = a_page(title=HOSTILE) + a_wall(title=HOSTILE)
    assert set(re.findall(r"<script[^>]*>", page)) == {'<script src="/assets/live.js" defer>'}
    assert not re.search(r"<[^>]+\son\w+=", page)
    assert "style=" not in page


def test_late_scripts_are_files_that_one_constant_script_fetches() -> None:
    page = shell.document("t", "", words=ZH, css="", late=["/a.js", "/b.js"])
    assert re.findall(r"<script[^>]*>.*?</script>", page, re.S) == [
        f'<script data-scripts="/a.js /b.js">{LATE}</script>'
    ]


def test_the_glance_layer_says_where_its_news_come_from() -> None:
    page = a_page()
    assert '<section id="glance" class="glance" data-live="/live/overview" data-build="7" data-seconds="15">' in page
    assert '<div class="glance-body" data-parts><div class="part" data-part="head">' in page


def test_the_colour_habit_is_a_class_of_the_document() -> None:
    assert 'class="up-green"' in a_page(Words("en", up_is_red=False))


def test_a_wall_holds_every_slide_and_shows_the_first() -> None:
    page = a_wall()
    assert 'class="up-red wall"' in page
    assert re.findall(r'data-slide="(\w+)" data-seconds="(\d+)"', page) == [("pace", "30"), ("heat", "20")]
    assert page.count("slide layout-") == 2
    assert page.count('class="slide layout-two is-shown"') == 1
    assert re.findall(r'data-part="([\w-]+)"', page) == ["slide-names", "pace-a", "pace-b", "heat-a"]


def test_the_lite_wall_has_no_script_and_turns_by_meta_refresh() -> None:
    page = shell_wall.wall_lite(
        SLIDES, shell_wall.Frame("作战室"), words=ZH, fresh=FRESH, css="", shown=3, next_href="/wall/lite?slide=0"
    )
    assert "<script" not in page
    assert '<meta http-equiv="refresh" content="20; url=/wall/lite?slide=0">' in page
    assert 'class="slide layout-one is-shown" data-slide="heat"' in page


def test_a_live_answer_holds_the_same_parts_as_the_page() -> None:
    page = a_wall(landed=landed_list([Landed("k1", "云岫府", "周健")], ZH))
    for part in shell_wall.scene_parts(SLIDES, landed_list([Landed("k1", "云岫府", "周健")], ZH)):
        assert str(part) in page


def test_names_of_slides_are_short_where_a_slide_goes_on() -> None:
    going_on = [shell_wall.Slide(f"funnels-{at}", "漏斗", (), page=at) for at in (1, 2, 3)]
    assert [slide.short for slide in [*going_on, *SLIDES]] == ["漏斗 1", "2", "3", "总览", "热力"]


def test_a_kept_panel_stands_with_its_time_and_age() -> None:
    kept = shell_wall.kept_panel(shell.panel("热力"), NOW - timedelta(minutes=3), NOW, ZH)
    assert text_of(kept) == "本块停在 10:39(3分钟前),正在重试 热力"


def test_a_celebration_names_no_customer_and_escapes_what_it_names() -> None:
    card = landed_list([Landed("k1", HOSTILE, "周健", "250万")], ZH)
    assert "<script>" not in str(card)
    assert text_of(landed_list([Landed("k1", "云岫府", "周健")], ZH)) == "喜报 云岫府 成功签约 周健"


def test_the_list_of_scenes_marks_the_shown_one() -> None:
    links = [SceneLink("食堂", "/wall/canteen", True), SceneLink("作战室", "/wall/warroom", False)]
    menu = str(scene_menu(links, "https://board.example/wall/canteen", ZH))
    assert re.findall(r'href="([^"]*)" aria-current="page"', menu) == ["/wall/canteen"]
    assert 'class="qr"' in menu and " hidden" in menu


def test_a_qr_code_is_drawn_with_room_around_it() -> None:
    drawn = str(qr_code("http://localhost/wall/canteen", "手机扫码"))
    size = int(re.findall(r'viewBox="0 0 (\d+)', drawn)[0])
    spots = [(int(x), int(y)) for x, y in re.findall(r"M(\d+) (\d+)h1", drawn)]
    assert (min(spots), max(max(spot) for spot in spots)) == ((2, 2), size - 3)


def test_a_failed_panel_says_when() -> None:
    assert (
        text_of(shell_wall.failed_panel("漏斗", datetime(2024, 11, 20, 10, 42, 19), ZH))
        == "漏斗 本块暂时无法显示 10:42:19"
    )


def test_assets_stay_small() -> None:
    sizes = {path.name: path.stat().st_size for path in Path("assets").iterdir()}
    glance = [size for name, size in sizes.items() if name.endswith(".css") and name[0] not in "789"]
    glance.append(sizes["70-alert.css"])
    assert sum(glance) < 30 * 1024
    assert sizes["live.js"] < 7 * 1024
    assert sum(size for name, size in sizes.items() if name.startswith("9")) < 20 * 1024
    assert sum(sizes[name] for name in ("wall.js", "cheer.js", "menu.js")) < 8 * 1024


def test_assets_ask_no_other_host() -> None:
    # plotly.js names its homes; that it asks none of them is seen in a browser, and its upload button is off.
    for path in {*Path("assets").glob("*.*s")} - {Path("assets/plotly.js")}:
        assert not re.search(r"https?://|//[a-z]+\.", path.read_text("utf-8")), path.name
