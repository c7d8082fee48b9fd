"""What a screen shows while it waits to be paired: a code to read aloud, and one to scan."""

from htpy import div, h1, main, meta, noscript, p, strong

from components.qr import qr_code
from components.shell import document, page_classes
from components.words import Words
from metrics.pack import Label

SECONDS = 5
"""After so many seconds a browser without script asks again."""
_TITLE = Label("等待配对", "Waiting to be paired")
_SCAN = Label("管理员用手机扫码,确认后自动开屏", "An administrator scans this; the screen then opens by itself")
_TYPE = Label("或在手机打开 {address},输入配对码", "Or open {address} on a phone and type the code")
_LIFE = Label("配对码 10 分钟有效,过期自动更换", "A code lives for 10 minutes; then a new one comes")
_ENDED = Label("本屏已停用,可重新配对", "This screen was closed; it can be paired again")
_FULL = Label("等待配对的屏幕太多,请稍后", "Too many screens wait; one moment")
_LOST = Label("本屏的场景已不可用,请管理员更改", "This screen's scenes are gone; ask an administrator to change it")


def pairing_page(code: str, typed_at: str, scanned: str, words: Words, *, css: str, script: str, ended: bool) -> str:
    """The code in two groups, the address where it is typed, and the one to scan; `ended` says that the screen was closed before."""
    content = main(".pairing", data_code=code)[
        div[
            h1(".pairing-title")[words.say(_TITLE)],
            ended and p(".pairing-ended")[words.say(_ENDED)],
            strong(".pairing-code")[f"{code[:4]} {code[4:]}"],
            p[words.say(_SCAN)],
            p(".pairing-note")[words.say(_TYPE.format(address=typed_at))],
            p(".pairing-note")[words.say(_LIFE)],
        ],
        qr_code(scanned, words.say(_SCAN)),
    ]
    again = noscript[meta(http_equiv="refresh", content=str(SECONDS))]
    classes = page_classes(words, wall=True)
    return document(words.say(_TITLE), content, words=words, css=css, scripts=(script,), classes=classes, links=again)


def full_page(words: Words, css: str) -> str:
    """Too many browsers wait already; the page asks again by itself."""
    return _said(_FULL, words, css)


def lost_page(words: Words, css: str) -> str:
    """A paired screen whose scenes are not there any more; the page asks again by itself."""
    return _said(_LOST, words, css)


def _said(what: Label, words: Words, css: str) -> str:
    content = main(".pairing")[h1(".pairing-title")[words.say(what)]]
    classes = page_classes(words, wall=True)
    return document(words.say(what), content, words=words, css=css, classes=classes, refresh=str(6 * SECONDS))
