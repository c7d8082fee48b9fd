"""Filters that live in the address: links for a few choices, a plain form for many."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from htpy import Element, a, button, details, div, form, input, label, nav, option, select, span, summary

from components.words import Words


@dataclass(frozen=True)
class Option:
    """One possible value; the empty value is the default and stays out of the address."""

    value: str
    text: str


@dataclass(frozen=True)
class Filter:
    """One thing to filter by; a few options are `links`, many are a select in the form."""

    name: str
    label: str
    options: tuple[Option, ...]
    chosen: str = ""
    links: bool = False


def filters(path: str, filters: Sequence[Filter], words: Words, *, keep: Mapping[str, str] | None = None) -> Element:
    """The page's filters; every choice is a plain address under `path`, `keep` holds parameters that stay as they are."""
    chosen = {**(keep or {}), **{each.name: each.chosen for each in filters}}
    linked = [each for each in filters if each.links]
    listed = [each for each in filters if not each.links]
    return div(".filters")[
        [_links(path, each, chosen) for each in linked],
        _form(path, listed, {name: chosen[name] for name in chosen if name not in _names(listed)}, words)
        if listed
        else None,
    ]


def _names(filters: Sequence[Filter]) -> set[str]:
    return {each.name for each in filters}


def address(path: str, chosen: Mapping[str, str]) -> str:
    """The page's address with its choices; empty ones are left out."""
    query = urlencode({name: value for name, value in chosen.items() if value})
    return f"{path}?{query}" if query else path


def _links(path: str, filter: Filter, chosen: Mapping[str, str]) -> Element:
    return nav(".choices", aria_label=filter.label)[
        [
            a(
                class_=["choice", {"is-chosen": each.value == filter.chosen}],
                href=address(path, {**chosen, filter.name: each.value}),
                aria_current="true" if each.value == filter.chosen else None,
            )[each.text]
            for each in filter.options
        ]
    ]


def _form(path: str, listed: Sequence[Filter], hidden: Mapping[str, str], words: Words) -> Element:
    return details("#filters.more-filters")[
        summary(".filters-summary")[span(".filters-word")[words.of("filters")], span(".filters-chosen")[_said(listed)]],
        form(".filters-form", method="get", action=path)[
            [input(type="hidden", name=name, value=value) for name, value in hidden.items() if value],
            [_select(each) for each in listed],
            button(".button", type="submit")[words.of("apply")],
        ],
    ]


def _said(listed: Sequence[Filter]) -> str:
    """What is chosen; filters at their default say nothing, unless all are."""
    return " · ".join(_chosen_text(each) for each in listed if each.chosen) or _chosen_text(listed[0])


def _chosen_text(filter: Filter) -> str:
    return next((each.text for each in filter.options if each.value == filter.chosen), filter.label)


def _select(filter: Filter) -> Element:
    return label(".field")[
        span(".field-label")[filter.label],
        select(name=filter.name)[
            [option(value=each.value, selected=each.value == filter.chosen)[each.text] for each in filter.options]
        ],
    ]
