"""The frame of a person's page: product and freshness above, content, five sections within the thumb's reach."""

from collections.abc import Mapping

from htpy import Element, Node, a, fragment, header, main, nav, span

from components.icons import icon
from components.shell import notices
from components.status import Freshness, status
from components.words import Words

THEMES = ("", "dark", "light")
"""As the system is, or as chosen; a press leads to the next."""
SECTIONS = ("overview", "funnels", "heat", "boards", "alerts")


def phone(
    content: Node,
    *,
    words: Words,
    section: str,
    hrefs: Mapping[str, str],
    fresh: Freshness,
    language_href: str,
    account_href: str | None,
    sign_in_href: str = "/",
    badges: Mapping[str, int] | None = None,
    theme: str = "",
    theme_href: str | None = None,
    shared: bool = True,
) -> Node:
    """A page for one hand (and, by stylesheet, for a desk); `hrefs` and `badges` go by section name, `shared` has a share row."""
    return fragment[
        a(".skip", href="#content")[words.of("skip")],
        header(".top")[
            a(".brand", href=hrefs["overview"])[words.of("product")],
            status(fresh, words),
            _links(words, _theme(theme, theme_href, words), language_href, account_href, shared=shared),
        ],
        notices(words, sign_in=sign_in_href),
        main("#content.content")[content],
        _bar(section, hrefs, badges or {}, words),
    ]


def next_theme(theme: str) -> str:
    """What the switch leads to: dark, then light, then as the system is."""
    return THEMES[(THEMES.index(theme) + 1) % len(THEMES)]


def _theme(theme: str, href: str | None, words: Words) -> Element | None:
    name = f"theme_{theme or 'auto'}"
    return a(href=href, title=words.of(name))[icon(name), span(".spoken")[words.of(name)]] if href else None


def _links(
    words: Words,
    theme: Element | None,
    language_href: str,
    account_href: str | None,
    *,
    shared: bool,
) -> Element:
    return nav(".top-links", aria_label=words.of("settings"))[
        shared and a(href="#share")[words.of("share")],
        theme,
        a(href=language_href)[words.of("other_language")],
        account_href and a(href=account_href)[words.of("account")],
    ]


def _bar(section: str, hrefs: Mapping[str, str], badges: Mapping[str, int], words: Words) -> Element:
    return nav(".bar", aria_label=words.of("sections"))[
        [
            a(
                class_=["bar-link", {"is-here": name == section}],
                href=hrefs[name],
                aria_current="page" if name == section else None,
            )[
                icon(name),
                span[words.of(name)],
                span(".badge-place", data_part=f"badge-{name}")[badge(badges.get(name, 0))],
            ]
            for name in SECTIONS
            if name in hrefs
        ]
    ]


def badge(count: int) -> Element | None:
    """A number on a section's icon; nothing for nothing."""
    return span(".badge")[str(count)] if count else None
