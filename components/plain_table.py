"""A plain table: a name and its numbers, which scrolls on its own where a screen is narrow."""

from collections.abc import Iterable, Sequence

from htpy import Element, Node, caption, div, small, span, table, tbody, td, th, thead, tr


def plain_table(title: str, heads: Sequence[str], rows: Iterable[tuple[Node, Sequence[Node]]]) -> Element:
    """Rows of a name and its cells; `heads` name the columns, that of the names first."""
    first, *others = heads
    return div(".heat-scroll", tabindex="0", role="group", aria_label=title)[
        table(".standings.plain-table")[
            caption(".spoken")[title],
            thead[tr[th(".standing-name", scope="col")[first], [th(".standing-value", scope="col")[one] for one in others]]],
            tbody[[tr[th(".standing-name", scope="row")[name], [td(".standing-value")[one] for one in cells]] for name, cells in rows]],
        ]
    ]  # fmt: skip


def with_note(value: Node, *notes: Node) -> list[Node]:
    """A cell's value with what has to be known about it below."""
    return [value, [small(".standing-raw")[one] for one in notes if one]]


def quiet(value: Node) -> Element:
    """A value that rests on too few cases to be read like the others."""
    return span(".unranked-value")[value]
