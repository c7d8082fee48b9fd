"""A ranking people's careers hang on: honest ties, raw values beside, small samples apart."""

from collections.abc import Callable, Sequence

from htpy import (
    Element,
    Node,
    a,
    caption,
    div,
    fragment,
    h3,
    header,
    li,
    p,
    section,
    small,
    span,
    table,
    tbody,
    td,
    th,
    thead,
    tr,
    ul,
)

from components.icons import icon
from components.missing import few_mark, missing, missing_mark
from components.words import Words
from metrics.boards import Board, Standing
from metrics.pack import Metric

Naming = Callable[[str], str | None]
Href = Callable[[Standing], str]


def board_card(
    board: Board,
    metric: Metric,
    title: str,
    name: Naming,
    words: Words,
    *,
    basis: str | None = None,
    top: int | None = None,
    of: int | None = None,
    href: Href | None = None,
    more: Node = None,
) -> Element:
    """The ranking with its weeks and basis (period or cohort); `more` stands below it.

    `top` keeps the first so many rows and says how many more share the last one's rank; `of` says among how many a rank was
    won, where not all rows are shown.
    """
    rows = board.rows[:top]
    return section(".board")[
        header(".board-head")[h3(".board-title")[title], p(".board-period")[_period(board, basis, words)]],
        missing(board.absent, words) if board.absent else _standings(rows, metric, title, name, words, of, href),
        [p(".board-note")[note] for note in board_notes(board, len(rows), words)],
        _unranked(board.unranked, metric, name, words) if top is None and board.unranked else None,
        more,
    ]


def _period(board: Board, basis: str | None, words: Words) -> Node:
    return [
        span[words.span(board.span.first, board.span.last)],
        board.weeks > 1 and span[words.of("rolling", weeks=board.weeks)],
        basis is not None and span[words.of(f"basis_{basis}")],
    ]


def _standings(
    rows: Sequence[Standing],
    metric: Metric,
    title: str,
    name: Naming,
    words: Words,
    of: int | None,
    href: Href | None,
) -> Element:
    if not rows:
        return p(".nothing")[words.of("empty_board")]
    shows_raw = any(map(is_shrunk, rows))
    had_week_before = any(row.change is not None for row in rows)
    return div(".board-body")[
        table(class_=["standings", {"is-short": len(rows) <= 5, "is-long": len(rows) > 12}])[
            caption(".spoken")[title],
            thead(".spoken")[tr[[th(scope="col")[words.of(key)] for key in ("rank", "name", "value", "rank_change")]]],
            tbody[
                [
                    tr(class_=["standing", {"is-top": (row.rank or 9) <= 3, "is-first": row.rank == 1}])[
                        td(".standing-rank")[
                            str(row.rank), of and f"/{of}", row.tied and small(".standing-tied")[words.of("tied")]
                        ],
                        th(".standing-name", scope="row")[_named(row, name, words, href)],
                        td(".standing-value")[_value(row, metric, words, shows_raw)],
                        td(".standing-change")[_move(row, words, had_week_before)],
                    ]
                    for row in rows
                ]
            ],
        ],
    ]


def board_notes(board: Board, shown: int, words: Words) -> list[str]:
    """What has to be known to read the first so many rows: who else shares the last rank, and how rates were ranked."""
    rank = board.rows[shown - 1].rank if shown else None
    more = sum(row.rank == rank for row in board.rows[shown:])
    return [
        *([words.of("more_tied", n=more, rank=rank or 0)] if more else []),
        *([words.of("shrunk")] if any(map(is_shrunk, board.rows[:shown])) else []),
        *([words.of("by_chance")] if board.by_chance else []),
    ]


def is_shrunk(row: Standing) -> bool:
    """Whether what is ranked is not the plain reading."""
    return row.raw.value != row.value.value


def _named(row: Standing, name: Naming, words: Words, href: Href | None) -> Node:
    said = name(row.subject) or words.of("unassigned")
    return a(href=href(row))[said] if href else said


def _value(row: Standing, metric: Metric, words: Words, shows_raw: bool) -> Node:
    return fragment[
        words.number(row.value, metric.format),
        shows_raw and small(".standing-raw")[_plain(row, metric, words), _beside(row, metric, words)],
    ]


def _plain(row: Standing, metric: Metric, words: Words) -> str:
    return f"{words.of('raw')} {words.number(row.raw, metric.format)}"


def _beside(row: Standing, metric: Metric, words: Words) -> Element | None:
    """Out of how many: the plain rate's two numbers."""
    quotient = words.quotient(row.raw, metric.format)
    return span(".standing-quotient")[f" · {quotient}"] if quotient else None


def _move(row: Standing, words: Words, had_week_before: bool) -> Element | None:
    said = move_said(row, words, had_week_before)
    if row.change is None:
        return span(".move.is-new")[said] if said else None
    direction = _direction(row.change)
    return span(f".move.is-{direction}")[row.change != 0 and icon(direction), said]


def _direction(change: int) -> str:
    return "up" if change > 0 else "down" if change < 0 else "same"


def move_said(row: Standing, words: Words, had_week_before: bool) -> str:
    """How many places were won or lost since the week before, or that the row is new."""
    if row.change is None:
        return words.of("new") if had_week_before else ""
    return words.of(f"rank_{_direction(row.change)}", n=abs(row.change))


def _unranked(rows: Sequence[Standing], metric: Metric, name: Naming, words: Words) -> Element:
    return div(".unranked")[
        h3(".unranked-title")[words.of("unranked")],
        ul[
            [
                li[span(".unranked-name")[name(row.subject) or words.of("unassigned")], _why(row, metric, words)]
                for row in rows
            ]
        ],
    ]


def _why(row: Standing, metric: Metric, words: Words) -> Node:
    if row.raw.is_missing:
        return missing_mark(row.raw, words)
    return fragment[
        row.exempt and span(".few-mark", title=words.of("reason_exempt"))[words.of("missing_exempt")],
        span(".unranked-value")[_plain(row, metric, words), _beside(row, metric, words)],
        row.few and few_mark(metric.min_n, words),
    ]
