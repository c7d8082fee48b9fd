"""The row under a page that passes it on: its address, and its picture. The top of the page leads to it."""

from htpy import Element, a, div, span

from components.icons import icon
from components.words import Words


def share(link: str, picture: str, words: Words) -> Element:
    """Two plain links, which the script beside the page passes on: the page's address and its picture."""
    return div("#share.share")[
        span(".share-word")[words.of("share")],
        a(".share-link", href=link, data_share="link", data_done=words.of("copied"))[
            icon("link"), span(aria_live="polite")[words.of("share_link")]
        ],
        a(".share-link", href=picture, data_share="picture")[icon("picture"), span[words.of("share_picture")]],
    ]
