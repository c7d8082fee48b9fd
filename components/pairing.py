"""What a screen shows while it waits to be paired: a code to read aloud, and one to scan."""

from htpy import div, h1, main, meta, noscript, p, strong

from components.qr import qr_code
from components.shell import document, page_classes
from components.words import Words

SECONDS = 5
"""After so many seconds a browser without script asks again."""


def spaced(code: str) -> str:
    """A code as it is read aloud: two groups of four."""
    return f"{code[:4]} {code[4:]}"


def pairing_page(code: str, typed_at: str, scanned: str, words: Words, *, css: str, script: str, ended: bool) -> str:
    """The code in two groups, the address where it is typed, and the one to scan; `ended` says that the screen was closed before."""
    content = main(".pairing", data_code=code)[
        div[
            h1(".pairing-title")[words.of("pairing_title")],
            ended and p(".pairing-ended")[words.of("pairing_ended")],
            strong(".pairing-code")[spaced(code)],
            p[words.of("pairing_scan")],
            p(".pairing-note")[words.of("pairing_type", address=typed_at)],
            p(".pairing-note")[words.of("pairing_life")],
        ],
        qr_code(scanned, words.of("pairing_scan")),
    ]
    again = noscript[meta(http_equiv="refresh", content=str(SECONDS))]
    classes = page_classes(words, wall=True)
    return document(
        words.of("pairing_title"), content, words=words, css=css, scripts=(script,), classes=classes, links=again
    )


def full_page(words: Words, css: str) -> str:
    """Too many browsers wait already; the page asks again by itself."""
    return _said("pairing_full", words, css)


def lost_page(words: Words, css: str) -> str:
    """A paired screen whose scenes are not there any more; the page asks again by itself."""
    return _said("pairing_lost", words, css)


def _said(key: str, words: Words, css: str) -> str:
    content = main(".pairing")[h1(".pairing-title")[words.of(key)]]
    classes = page_classes(words, wall=True)
    return document(words.of(key), content, words=words, css=css, classes=classes, refresh=str(6 * SECONDS))
