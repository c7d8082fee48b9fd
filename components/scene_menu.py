"""The list of scenes a remote control opens: arrows choose, OK goes there, and it closes by itself."""

from collections.abc import Sequence
from dataclasses import dataclass

from htpy import Element, a, div, h2, li, nav, ol, p

from components.qr import qr_code
from components.words import Words


@dataclass(frozen=True)
class SceneLink:
    """A scene the viewer may open."""

    title: str
    href: str
    is_shown: bool


def scene_menu(links: Sequence[SceneLink], address: str, words: Words) -> Element:
    """The scenes and, for a phone, the address of the one that is shown."""
    return nav(".scene-menu", hidden=True, data_menu=True, aria_label=words.of("scenes"))[
        div(".scene-box")[
            h2(".scene-title")[words.of("scenes")],
            ol(".scene-list")[[li[_link(one)] for one in links]],
            p(".scene-keys")[words.of("scene_keys")],
        ],
        div(".scene-phone")[qr_code(address, words.of("on_a_phone")), p[words.of("on_a_phone")]],
    ]


def _link(one: SceneLink) -> Element:
    return a(".scene-link", href=one.href, aria_current="page" if one.is_shown else None)[one.title]
