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
from metrics.pack import Label

LONGEST_REASON = 200
_NOBODY = Label("没有符合条件的客户", "No customers here")
_EXPORT = Label("导出", "Export")
_MORE = Label("下一页", "Next page")
_REVEAL = Label("查看完整号码", "Show the whole number")
_WHY = Label("查看原因", "Reason")
_DETAILS = Label("补充说明(勿写姓名和号码)", "Details (no names, no numbers)")
_RECORDED = Label("每次查看都会记录:谁、何时、看了谁、为什么。", "Every look is recorded: who, when, at whom, and why.")


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
        return p(".nothing")[words.say(_NOBODY)]
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
    return a(".button.customers-more", href=href)[words.say(_MORE), icon("forward")]


def export_forms(actions: Sequence[tuple[str, str]], words: Words) -> Element:
    """A button per kind of file; `actions` are its name and address."""
    return div(".exports")[
        span(".panel-note")[words.say(_EXPORT)],
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
            span(".field-label")[words.say(_WHY)],
            select(name="reason", required=True)[[option(value=value)[text] for value, text in reasons]],
        ],
        label(".field")[
            span(".field-label")[words.say(_DETAILS)],
            input(name="details", maxlength=str(LONGEST_REASON), autocomplete="off"),
        ],
        button(".button", type="submit")[words.say(_REVEAL)],
        p(".panel-note")[words.say(_RECORDED)],
    ]
