"""A grid of numbers on a scale that colour-blind people read as light and dark."""

from collections.abc import Callable
from datetime import datetime

from htpy import Element, caption, div, fragment, i, li, p, span, table, tbody, td, th, thead, tr, ul
from markupsafe import Markup

from components.missing import missing
from components.words import Words
from metrics.heat import Cell, Grid
from metrics.pack import Metric

Naming = Callable[[str], str]
_CELL = Markup('<td class="heat-cell %s" title="%s">%s</td>')
"""A page holds a thousand cells, so they are filled in as text; Markup escapes what goes into it."""


def heatmap(grid: Grid, metric: Metric, words: Words, *, title: str, row_name: Naming, column_name: Naming) -> Element:
    """Rows by columns with the number in each cell; rates on few cases are hatched and keep no colour."""
    if grid.absent:
        return missing(grid.absent, words)
    return div(".heat")[
        div(".heat-scroll", tabindex="0", role="group", aria_label=title)[
            table(class_=["heat-grid", {"is-wide": len(grid.columns) > 8, "is-short": len(grid.rows) <= 8}])[
                caption(".spoken")[title],
                thead[tr[td, [th(scope="col")[column_name(column)] for column in grid.columns]]],
                tbody[
                    [
                        tr[
                            th(scope="row", title=row_name(row))[row_name(row)],
                            Markup().join(_cell(cell, metric, words) for cell in cells),
                        ]
                        for row, cells in zip(grid.rows, grid.cells, strict=True)
                    ]
                ],
            ]
        ],
        _legend(grid, metric, words),
    ]


def column_time(column: str, hours_per_column: int = 1) -> str:
    """A column of hours by its first hour ("8" and "2024-11-20T08:00:00" are 8), a column of a day by its date (11-20)."""
    if column.isdecimal():
        return column
    at = datetime.fromisoformat(column)
    return f"{at:%m-%d}" if hours_per_column >= 24 else str(at.hour)


def _cell(cell: Cell, metric: Metric, words: Words) -> Markup:
    state = "is-few" if cell.few else f"level-{cell.level}"
    return _CELL % (state, _title(cell, words), _shown(cell, metric, words))


def _shown(cell: Cell, metric: Metric, words: Words) -> str:
    if cell.reading.value is None:
        return "–"
    return words.value(cell.reading.value, metric.format).removesuffix("%")


def _title(cell: Cell, words: Words) -> str:
    said = [words.of("cases", n=f"{cell.n:,}")]
    if cell.reading.is_missing:
        said.append(words.reason(cell.reading))
    elif cell.few:
        said.append(words.of("few"))
    return " · ".join(said)


def _legend(grid: Grid, metric: Metric, words: Words) -> Element:
    has_few = any(cell.few for row in grid.cells for cell in row)
    each = grid.hours_per_column
    return div(".legend")[
        ul(".legend-scale", aria_label=words.of("legend"))[
            li[i(".swatch.level-0"), words.of("nothing_level")],
            [
                li[i(f".swatch.level-{level}"), f"≥ {words.value(bound, metric.format)}"]
                for level, bound in enumerate(grid.bounds, 1)
            ],
        ],
        p(".legend-notes")[
            fragment[
                1 < each < 24 and span[words.of("hours_each", hours=each)],
                metric.format == "percent" and span[words.of("in_percent")],
                has_few and span[i(".swatch.is-few"), words.of("few_cells")],
            ]
        ],
    ]
