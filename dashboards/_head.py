"""The top of every page: its title, the days it shows, and its filters."""

from collections.abc import Mapping

from htpy import Node, div

from components.filters import filters
from components.shell import page_head, part
from dashboards._filters import SHARED, choices
from dashboards._page import Page, View


def head(
    view: View,
    page: Page,
    *,
    links: tuple[str, ...] = (),
    listed: tuple[str, ...] = (),
    days: str = "",
    title: str = "",
    more: Mapping[str, str] | None = None,
) -> Node:
    """The title, the days in view and the filters: many behind one word beside the title, a few as links below it.

    `more` is what else of the page's address every choice keeps.
    """
    heading = page_head(title or view.say(page.title), subtitle=days or period_days(view))
    kept = view.filters.chosen(*SHARED, *links, *listed) | dict(more or {})
    row = div(".head-row")[heading, _filters(view, page, listed, kept, as_links=False)]
    return part("head", row, _filters(view, page, links, kept, as_links=True))


def _filters(view: View, page: Page, names: tuple[str, ...], kept: Mapping[str, str], *, as_links: bool) -> Node:
    offered = choices(view.filters, view.snapshot, view.pack, view.scope, view.words, names, names if as_links else ())
    shown = {each.name for each in offered}
    keep = {name: value for name, value in kept.items() if name not in shown}
    return filters(page.path, offered, view.words, keep=keep) if offered else None


def period_days(view: View) -> str:
    """The chosen period and its days so far."""
    span = view.period.span(view.as_of)
    return f"{view.say(view.period.label)} {view.words.span(span.first, span.last)}"
