"""The document around everything, and the glance layer that stands inside it or inside another page."""

from collections.abc import Sequence

from htpy import (
    Element,
    Node,
    a,
    body,
    div,
    h1,
    h2,
    head,
    header,
    html,
    link,
    meta,
    noscript,
    p,
    script,
    section,
    style,
)
from htpy import title as title_tag
from markupsafe import Markup

from components.funnel import hatch
from components.words import Words


def page_classes(words: Words, *, wall: bool = False, lite: bool = False, far: bool = False, theme: str = "") -> str:
    """The classes of the html element: the market's colour habit; wall or lite, read from afar; light or dark where chosen."""
    habit = "up-red" if words.up_is_red else "up-green"
    names = (habit, "wall" if wall else "", "lite" if lite else "", "is-far" if far else "", theme)
    return " ".join(name for name in names if name)


LATE = """(function (addresses) {
  ["pointerdown", "touchstart", "keydown", "wheel"].forEach(function (name) {
    addEventListener(name, function () { window.touched = true; }, { once: true, passive: true });
  });
  addEventListener("DOMContentLoaded", function () { requestAnimationFrame(function () { setTimeout(function () {
    addresses.forEach(function (address) {
      var script = document.createElement("script");
      script.src = address; script.async = false;
      document.head.appendChild(script);
    });
  }); }); });
})(document.currentScript.dataset.scripts.split(" "));"""
"""Fetches a page's scripts once its numbers are painted, so that nothing competes with them, and notes a touch that comes before
they do; the only script inside a document."""


def document(
    title: str,
    content: Node,
    *,
    words: Words,
    css: str,
    scripts: Sequence[str] = (),
    late: Sequence[str] = (),
    classes: str = "",
    refresh: str | None = None,
    links: Node = None,
    without_script: str | None = None,
) -> str:
    """A whole HTML document with its styles inline; `scripts` are addresses of files, `late` those of files that
    are fetched once it is painted, `refresh` a meta refresh, `links` more of the head.

    `without_script` is where a browser goes that runs none.
    """
    return str(
        html(lang=words.lang, class_=classes or page_classes(words))[
            head[
                meta(charset="utf-8"),
                meta(name="viewport", content="width=device-width, initial-scale=1, viewport-fit=cover"),
                meta(name="color-scheme", content="light dark"),
                meta(name="referrer", content="same-origin"),
                refresh and meta(http_equiv="refresh", content=refresh),
                without_script and noscript[meta(http_equiv="refresh", content=f"0; url={without_script}")],
                title_tag[title],
                meta(name="description", content=title),
                links or link(rel="icon", href="data:,"),
                style[Markup(css)],
                [script(src=source, defer=True) for source in scripts],
                late and script(data_scripts=" ".join(late))[Markup(LATE)],
            ],
            body[content],
        ]
    )


def glance(
    *parts: Node, live: str | None = None, build: str = "", seconds: int = 15, etag: str | None = None
) -> Element:
    """The glance layer; `live` is the address the live script polls, `build` the version of what was shipped."""
    return section("#glance.glance", data_live=live, data_build=build or None, data_seconds=seconds, data_etag=etag)[
        hatch(), div(".glance-body", data_parts=True)[parts]
    ]


def part(name: str, *children: Node) -> Element:
    """A piece of the page that the live script replaces on its own; parts do not nest."""
    return div(".part", data_part=name)[children]


def page_head(title: str, *, subtitle: str = "") -> Element:
    """The page's heading; the subtitle says the period and the basis."""
    return header(".page-head")[h1(".page-title")[title], subtitle and p(".page-subtitle")[subtitle]]


def panel(title: str, *children: Node, note: str = "", href: str | None = None) -> Element:
    """A titled block of a page or of a wall scene; the note says the period, the basis or the scale."""
    return section(".panel")[
        header(".panel-head")[
            h2(".panel-title")[a(href=href)[title] if href else title], note and p(".panel-note")[note]
        ],
        div(".panel-body")[children],
    ]


def notices(words: Words, *, sign_in: str | None = None) -> Element:
    """What the live script may show: a new version, a session that has ended."""
    return div(".notices", role="status")[
        a(".notice", hidden=True, data_notice="build", href="")[words.of("new_build")],
        sign_in and a(".notice", hidden=True, data_notice="signin", href=sign_in)[words.of("sign_in_again")],
    ]
