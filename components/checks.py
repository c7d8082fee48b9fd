"""Findings of the record rules: a list, one with its evidence, how often rules were right, and what the confirmed ones are worth."""

from collections.abc import Sequence
from dataclasses import dataclass

from htpy import (
    Element,
    a,
    article,
    button,
    div,
    form,
    h3,
    header,
    label,
    p,
    span,
    strong,
    table,
    tbody,
    td,
    textarea,
    th,
    thead,
    time,
    tr,
)

from components.icons import icon
from components.words import Words
from metrics.pack import Label

LONGEST_NOTE = 500


@dataclass(frozen=True)
class CheckLine:
    """One finding as a list or its own page shows it: texts ready to be read."""

    level: str
    state: str
    title: str
    message: str
    facts: tuple[str, ...]
    at: str
    href: str = ""
    next_step: str = ""


@dataclass(frozen=True)
class Step:
    """One thing a viewer may do with a finding: its name in the form, its word, and whether words must go with it."""

    name: str
    word: str
    needs_note: bool = False
    is_grave: bool = False


def check_card(one: CheckLine, words: Words) -> Element:
    """One finding; its level is an icon and a word."""
    return article(f".alert.check.is-{one.level}")[
        header(".alert-head")[
            span(".severity")[icon(one.level), words.of(one.level)],
            strong(".check-state")[one.state],
            time(".alert-since")[one.at],
        ],
        h3(".alert-title")[a(href=one.href)[one.title] if one.href else one.title],
        p(".alert-what")[one.message],
        p(".alert-evidence")[" · ".join(one.facts)],
        one.next_step and p(".alert-next")[strong[words.of("next_step")], one.next_step],
    ]


def check_list(lines: Sequence[CheckLine], words: Words, *, nothing: str) -> Element:
    """The findings in the order given, or a calm word when there is none."""
    if not lines:
        return p(".nothing")[nothing]
    return div(".alerts")[[check_card(one, words) for one in lines]]


def step_form(action: str, steps: Sequence[Step], note: Label, words: Words) -> Element:
    """One form with room for words and a button per thing that may be done."""
    return form(".asked.check-step", method="post", action=action)[
        label(".field")[
            span(".field-label")[words.say(note)],
            textarea(name="note", rows="2", maxlength=str(LONGEST_NOTE), required=all(one.needs_note for one in steps)),
        ],
        [
            button(class_=["button", {"is-grave": one.is_grave}], type="submit", name="action", value=one.name)[
                one.word
            ]
            for one in steps
        ],
    ]


def sheet(heads: Sequence[str], rows: Sequence[Sequence[str]], *, wide: Sequence[int] = ()) -> Element:
    """A small table that prints well; numbers stand right, the first columns are words."""
    return div(".check-sheet")[
        table[
            thead[tr[[th(scope="col")[head] for head in heads]]],
            tbody[[tr[[td(class_=_cell(place, wide))[cell] for place, cell in enumerate(row)]] for row in rows]],
        ]
    ]


def _cell(place: int, words_in: Sequence[int]) -> str | None:
    return None if place in words_in else "number"
