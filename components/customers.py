"""Customers as a list, one customer's track, and the forms beside them: texts in, markup out."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from htpy import (
    Element,
    Node,
    a,
    button,
    dd,
    div,
    dl,
    dt,
    form,
    input,
    label,
    li,
    ol,
    option,
    p,
    select,
    span,
    strong,
    time,
    ul,
)

from components.icons import icon
from components.words import Words

LONGEST_REASON = 200


@dataclass(frozen=True)
class Line:
    """One customer as a list shows it: texts ready to be read, personal ones already masked."""

    href: str
    name: str = field(repr=False)
    phone: str = field(repr=False)
    stage: str
    at: str
    facts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Happening:
    """One entry of a track: when, what, and what stands beside it."""

    at: str
    what: str
    more: str = ""
    is_main: bool = False


@dataclass(frozen=True)
class Told:
    """A customer's name and phone as this viewer may read them; never printed with an error."""

    name: str = field(repr=False)
    phone: str = field(repr=False)


def customer_list(lines: Sequence[Line], words: Words) -> Element:
    """The customers in the order given, each leading to its track."""
    if not lines:
        return p(".nothing")[words.of("no_customers")]
    return ul(".customers")[[li[_line(one)] for one in lines]]


def _line(one: Line) -> Element:
    return a(".customer", href=one.href)[
        strong(".customer-name")[one.name],
        span(".customer-phone")[one.phone],
        span(".customer-stage")[one.stage],
        span(".customer-facts")[" · ".join(one.facts)],
        span(".customer-at")[one.at],
    ]


def more_link(href: str, words: Words) -> Element:
    """The way to the next page."""
    return a(".button.customers-more", href=href)[words.of("next_page"), icon("forward")]


def export_forms(actions: Sequence[tuple[str, str]], words: Words) -> Element:
    """A button per kind of file; `actions` are its name and address."""
    return div(".exports")[
        span(".panel-note")[words.of("export")],
        [form(method="post", action=action)[button(".export", type="submit")[name]] for name, action in actions],
    ]


def customer_card(
    told: Told, facts: Sequence[tuple[str, str]], next_step: str, words: Words, *, step_word: str
) -> Element:
    """Who it is, how things stand and what to do next."""
    return div(".customer-card")[
        p[strong(".customer-name")[told.name], span(".customer-phone")[told.phone]],
        dl(".customer-told")[[div[dt[name], dd[value]] for name, value in facts]],
        p(".alert-next")[strong[step_word], next_step],
    ]


def customer_track(happenings: Sequence[Happening]) -> Element:
    """One time line, in the order given."""
    return ol(".track")[
        [
            li(class_=["happening", {"is-main": one.is_main}])[
                time(".happening-at")[one.at], span(".happening-what")[one.what], span(".happening-more")[one.more]
            ]
            for one in happenings
        ]
    ]


def reveal_form(action: str, reasons: Sequence[tuple[str, str]], words: Words) -> Node:
    """The way to one whole number: a reason to choose, room for more words, and what will be recorded."""
    return form(".reveal", method="post", action=action)[
        label(".field")[
            span(".field-label")[words.of("reveal_why")],
            select(name="reason", required=True)[[option(value=value)[text] for value, text in reasons]],
        ],
        label(".field")[
            span(".field-label")[words.of("reveal_details")],
            input(name="details", maxlength=str(LONGEST_REASON), autocomplete="off"),
        ],
        button(".button", type="submit")[words.of("reveal")],
        p(".panel-note")[words.of("reveal_recorded")],
    ]
