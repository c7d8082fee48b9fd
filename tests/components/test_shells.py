"""The documents around the glance layer."""

import re
from datetime import datetime, timedelta
from pathlib import Path

from components import shell, shell_phone, shell_wall
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
        sign_out_href="/sign-out",
        badges={"alerts": 3},
    )
    return shell.document(title, frame, words=words, css=".a > b {}", scripts=["/assets/live.js"])


def a_wall(**others: object) -> str:
    given = {
        "title": "作战室",
        "words": ZH,
        "fresh": FRESH,
        "css": "",
        "live": "/live/wall",
        "build": "7",
        "scripts": ["/assets/live.js"],
    }
    return shell_wall.wall(SLIDES, **(given | others))  # type: ignore[arg-type]


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
    assert re.findall(r'data-part="([\w-]+)"', page) == ["pace-a", "pace-b", "heat-a"]


def test_the_lite_wall_has_no_script_and_turns_by_meta_refresh() -> None:
    page = shell_wall.wall_lite(
        SLIDES, title="作战室", words=ZH, fresh=FRESH, css="", shown=3, next_href="/wall/lite?slide=0"
    )
    assert "<script" not in page
    assert '<meta http-equiv="refresh" content="20; url=/wall/lite?slide=0">' in page
    assert 'class="slide layout-one is-shown" data-slide="heat"' in page


def test_a_live_answer_holds_the_same_parts_as_the_page() -> None:
    answer = "".join(str(each) for each in shell_wall.scene_parts(SLIDES))
    assert answer in a_wall()


def test_a_failed_panel_says_when() -> None:
    assert (
        text_of(shell_wall.failed_panel("漏斗", datetime(2024, 11, 20, 10, 42, 19), ZH))
        == "漏斗 本块暂时无法显示 10:42:19"
    )


def test_assets_stay_small() -> None:
    sizes = {path.name: path.stat().st_size for path in Path("assets").iterdir()}
    glance = [size for name, size in sizes.items() if name.endswith(".css") and not name.startswith(("7", "8"))]
    glance.append(sizes["70-alert.css"])
    assert sum(glance) < 30 * 1024
    assert sizes["live.js"] < 6 * 1024
    assert sizes["wall.js"] < 4 * 1024


def test_assets_ask_no_other_host() -> None:
    for path in Path("assets").glob("*.*s"):
        assert not re.search(r"https?://|//[a-z]+\.", path.read_text("utf-8")), path.name
