"""The frame of a wall: nobody touches it, so slides turn by themselves and the data's time is always in sight."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from htpy import Element, Node, div, fragment, h1, h2, header, i, main, p, section, span

from components.icons import icon
from components.shell import document, glance, page_classes
from components.status import Freshness, status
from components.words import Words


@dataclass(frozen=True)
class Slide:
    """One picture of a scene: its panels, placed as a, b, c … of a named layout, and its time."""

    name: str
    title: str
    panels: tuple[Node, ...]
    layout: str = "one"
    seconds: int = 20


def wall(
    slides: Sequence[Slide],
    *,
    title: str,
    words: Words,
    fresh: Freshness,
    css: str,
    live: str,
    build: str,
    scripts: Sequence[str],
    seconds: int = 10,
) -> str:
    """A scene as a full-screen document that refreshes and turns by script."""
    content = _scene(slides, title, words, fresh, shown=0, live=live, build=build, seconds=seconds)
    return document(title, content, words=words, css=css, scripts=scripts, classes=page_classes(words, wall=True))


def wall_lite(
    slides: Sequence[Slide],
    *,
    title: str,
    words: Words,
    fresh: Freshness,
    css: str,
    shown: int,
    next_href: str,
) -> str:
    """The same scene without script: one slide, and a meta refresh to the address of the next."""
    shown %= max(len(slides), 1)
    content = _scene(slides, title, words, fresh, shown=shown, live=None, build="", seconds=0)
    refresh = f"{slides[shown].seconds if slides else 20}; url={next_href}"
    classes = page_classes(words, wall=True, lite=True)
    return document(title, content, words=words, css=css, classes=classes, refresh=refresh)


def scene_parts(slides: Sequence[Slide], *, shown: int = 0) -> list[Element]:
    """The slides alone: the body of a live answer, part by part."""
    return [_slide(slide, index == shown) for index, slide in enumerate(slides)]


def failed_panel(title: str, at: datetime, words: Words) -> Element:
    """A panel that could not be made, with the time it failed; its neighbours are not concerned."""
    return section(".panel.is-failed")[
        header(".panel-head")[h2(".panel-title")[title]],
        div(".missing")[
            icon("missing"), p(".missing-word")[words.of("panel_failed")], p(".missing-reason")[f"{at:%H:%M:%S}"]
        ],
    ]


def _scene(
    slides: Sequence[Slide],
    title: str,
    words: Words,
    fresh: Freshness,
    *,
    shown: int,
    live: str | None,
    build: str,
    seconds: int,
) -> Node:
    return fragment[
        header(".wall-head")[
            h1(".wall-title")[title],
            p(".wall-slides", data_slide_names=True)[
                [
                    span(class_=["wall-slide-name", {"is-shown": at == shown}])[each.title]
                    for at, each in enumerate(slides)
                ]
            ]
            if len(slides) > 1
            else None,
            status(fresh, words),
        ],
        main(".slides", data_slides=True)[
            glance(scene_parts(slides, shown=shown), live=live, build=build, seconds=seconds)
        ],
        div(".notices")[
            p(".notice", hidden=True, data_notice="signin")[words.of("screen_expired")],
            p(".notice.is-final", hidden=True, data_notice="revoked")[words.of("revoked")],
        ],
        i(".wall-turn", aria_hidden="true"),
    ]


def _slide(slide: Slide, is_shown: bool) -> Element:
    return section(
        class_=["slide", f"layout-{slide.layout}", {"is-shown": is_shown}],
        data_slide=slide.name,
        data_seconds=slide.seconds,
        aria_label=slide.title,
    )[
        [
            div(f".slide-part.area-{area}", data_part=f"{slide.name}-{area}")[each]
            for area, each in zip("abcd", slide.panels, strict=False)
        ]
    ]
