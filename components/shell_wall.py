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
    """One picture of a scene: its panels, placed as a, b, c … of a named layout, and its time; `page` where it goes on."""

    name: str
    title: str
    panels: tuple[Node, ...]
    layout: str = "one"
    seconds: int = 20
    page: int = 0

    @property
    def short(self) -> str:
        """Its name in the row of all slides: pages after the first are numbers."""
        return str(self.page) if self.page > 1 else f"{self.title} 1" if self.page else self.title


@dataclass(frozen=True)
class Frame:
    """What stands around the slides of a scene: its title, the celebrations, the way to other scenes, the size of its type.

    `dim` and `reload_at` are times of day as HH:MM: from when until when its script dims it, and when it reloads it.
    """

    title: str
    celebration: Node = None
    menu: Node = None
    code: Node = None
    far: bool = False
    dim: tuple[str, str] = ("", "")
    reload_at: str = ""


def wall(
    slides: Sequence[Slide],
    frame: Frame,
    *,
    words: Words,
    fresh: Freshness,
    css: str,
    live: str,
    lite: str,
    build: str,
    scripts: Sequence[str],
    landed: Node = None,
    seconds: int = 10,
) -> str:
    """A scene as a full-screen document that refreshes and turns by script; without script it leads to the lite one."""
    layer = glance(_slides(slides, shown=0), live=live, build=build, seconds=seconds)
    content = fragment[_scene(slides, frame, words, fresh, layer, shown=0), landed]
    classes = page_classes(words, wall=True, far=frame.far)
    return document(frame.title, content, words=words, css=css, scripts=scripts, classes=classes, without_script=lite)


def wall_lite(
    slides: Sequence[Slide], frame: Frame, *, words: Words, fresh: Freshness, css: str, shown: int, next_href: str
) -> str:
    """The same scene without script: one slide, and a meta refresh to the address of the next."""
    shown %= max(len(slides), 1)
    layer = glance(_slides(slides, shown=shown), seconds=0)
    content = _scene(slides, frame, words, fresh, layer, shown=shown)
    refresh = f"{slides[shown].seconds if slides else 20}; url={next_href}"
    classes = page_classes(words, wall=True, lite=True, far=frame.far)
    return document(frame.title, content, words=words, css=css, classes=classes, refresh=refresh)


def scene_parts(slides: Sequence[Slide], landed: Node = None) -> list[Node]:
    """The body of a live answer, part by part: the slides, their names, and the latest contracts."""
    return [*_slides(slides, shown=0), _names(slides, shown=0), landed]


def failed_panel(title: str, at: datetime, words: Words) -> Element:
    """A panel that could not be made, with the time it failed; its neighbours are not concerned."""
    return section(".panel.is-failed")[
        header(".panel-head")[h2(".panel-title")[title]],
        div(".missing")[
            icon("missing"), p(".missing-word")[words.of("panel_failed")], p(".missing-reason")[f"{at:%H:%M:%S}"]
        ],
    ]


def kept_panel(last: Node, as_of: datetime, now: datetime, words: Words) -> Element:
    """A panel that could not be made anew: as it was last, with the time and the age of that picture."""
    age = words.age(int((now - as_of).total_seconds()))
    said = words.of("panel_kept", when=words.when(as_of, now), age=age)
    return div(".kept")[p(".kept-note")[icon("orange"), said], div(".kept-picture")[last]]


def _scene(slides: Sequence[Slide], frame: Frame, words: Words, fresh: Freshness, layer: Node, *, shown: int) -> Node:
    return fragment[
        header(".wall-head")[
            h1(".wall-title")[frame.title], _names(slides, shown=shown), status(fresh, words), frame.code
        ],
        main(
            ".slides",
            data_slides=True,
            data_dim_from=frame.dim[0],
            data_dim_until=frame.dim[1],
            data_reload_at=frame.reload_at,
        )[layer],
        div(".notices")[
            p(".notice", hidden=True, data_notice="signin")[words.of("screen_expired")],
            p(".notice.is-final", hidden=True, data_notice="revoked")[words.of("revoked")],
        ],
        frame.celebration,
        frame.menu,
        i(".wall-turn", aria_hidden="true"),
    ]


def _names(slides: Sequence[Slide], *, shown: int) -> Element:
    """The names of the slides, that of the shown one marked; a single slide needs none."""
    named = slides if len(slides) > 1 else ()
    return p(".wall-slides", data_part="slide-names", data_slide_names=True)[
        [span(class_=["wall-slide-name", {"is-shown": at == shown}])[each.short] for at, each in enumerate(named)]
    ]


def _slides(slides: Sequence[Slide], *, shown: int) -> list[Element]:
    return [_slide(slide, index == shown) for index, slide in enumerate(slides)]


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
