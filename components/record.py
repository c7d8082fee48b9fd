"""What stands beside a published board: tables, its definition, what later data says, and the choice of weeks."""

from collections.abc import Sequence

from htpy import (
    Element,
    Node,
    button,
    dd,
    div,
    dl,
    dt,
    form,
    h2,
    input,
    label,
    option,
    p,
    section,
    select,
    span,
    table,
    tbody,
    td,
    th,
    thead,
    tr,
)

from components.words import Words


def record_table(title: str, heads: Sequence[str], rows: Sequence[Sequence[Node]], *, note: str = "") -> Element:
    """A table with its title; the first column names the row."""
    return section(".record")[
        h2(".record-title")[title],
        note and p(".board-note")[note],
        div(".record-scroll", tabindex="0", role="region", aria_label=title)[
            table(".record-table")[
                thead[tr[[th(scope="col")[one] for one in heads]]],
                tbody[
                    [
                        tr[th(scope="row")[first], [td[cell] for cell in rest]]
                        for first, *rest in (list(row) for row in rows)
                    ]
                ],
            ]
        ],
    ]


def record_facts(title: str, facts: Sequence[tuple[str, str]]) -> Element:
    """Names with what they are, such as how a board is read."""
    return section(".record")[
        h2(".record-title")[title], dl(".record-facts")[[div[dt[name], dd[value]] for name, value in facts]]
    ]


def week_choice(
    path: str,
    fields: Sequence[tuple[str, str, Sequence[tuple[str, str]], str]],
    kept: Sequence[tuple[str, str]],
    words: Words,
) -> Element:
    """A form of lists, each as (name, title, values with names, chosen), which works without scripts."""
    return form(".record-choice", method="get", action=path)[
        [input(type="hidden", name=name, value=value) for name, value in kept if value],
        [
            label(".field")[
                span(".field-label")[title],
                select(name=name)[[option(value=value, selected=value == chosen)[said] for value, said in values]],
            ]
            for name, title, values, chosen in fields
        ],
        button(".button", type="submit")[words.of("apply")],
    ]
