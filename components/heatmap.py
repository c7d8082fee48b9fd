"""A grid of numbers on a scale that colour-blind people read as light and dark."""

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import groupby

from htpy import Element, Node, button, caption, div, i, li, output, p, span, table, tbody, td, th, thead, tr, ul
from markupsafe import Markup

from components.missing import missing
from components.words import Words
from metrics.heat import Cell, Grid
from metrics.pack import Metric

Naming = Callable[[str], str]
_CELL, _TITLE = Markup('<td class="heat-cell %s"%s>%s</td>'), Markup(' title="%s"')
"""A page holds a thousand cells, so they are filled in as text; Markup escapes what goes into it."""


def heatmap(
    grid: Grid,
    metric: Metric,
    words: Words,
    *,
    title: str,
    row_name: Naming,
    column_name: Naming,
    column_said: Naming | None = None,
    tells: bool = False,
) -> Element:
    """Rows by columns with the number in each cell; rates on few cases are hatched and keep no colour.

    `column_said` names a column in full; a grid that `tells` says what is behind a cell that is touched or reached by key.
    """
    if grid.absent:
        return missing(grid.absent, words)
    said = column_said or column_name
    return div(class_=["heat", {"is-telling": tells}])[
        div(".heat-scroll", tabindex="0", role="group", aria_label=title)[
            table(
                class_=["heat-grid", {"is-wide": len(grid.columns) > 8, "is-short": len(grid.rows) <= 8}],
                data_of=words.say(metric.label) if tells else None,
                data_percent=tells and metric.format == "percent",
            )[
                caption(".spoken")[title],
                thead[_days(grid, words), tr[td, [_column(grid, each, column_name, said) for each in grid.columns]]],
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
        tells and _told(words),
    ]


def _column(grid: Grid, column: str, name: Naming, said: Naming) -> Element:
    running, full = column == grid.running, said(column)
    named = th(
        class_="is-running" if running else None,
        scope="col",
        title=full if full != name(column) else None,
        aria_current="time" if running else None,
    )
    return named[name(column)]


def _days(grid: Grid, words: Words) -> Element | None:
    days = column_days(grid, words)
    return tr(".heat-days")[td, [th(scope="colgroup", colspan=length)[day] for day, length in days]] if days else None


def column_days(grid: Grid, words: Words) -> list[tuple[str, int]]:
    """The days above the hours of a grid that ends with the hour that runs, each with its number of columns."""
    if grid.running is None or grid.hours_per_column >= 24:
        return []
    days = groupby(datetime.fromisoformat(each).date() for each in grid.columns)
    lengths = [(day, len(list(same))) for day, same in days]
    return [(words.day(day) if length > 1 else words.of("day_alone", day=day.day), length) for day, length in lengths]


def column_time(column: str, hours_per_column: int = 1) -> str:
    """A column of hours by its first hour ("8" and "2024-11-20T08:00:00" are 8), a column of a day by its date (11-20)."""
    if column.isdecimal():
        return column
    at = datetime.fromisoformat(column)
    return f"{at:%m-%d}" if hours_per_column >= 24 else str(at.hour)


def column_said(column: str, hours_per_column: int, words: Words) -> str:
    """A column in full: 08:00–09:00, 11月20日 08:00–11:00, 11月20日 周三."""
    if column.isdecimal():
        return f"{int(column):02}:00–{int(column) + 1:02}:00"
    at = datetime.fromisoformat(column)
    if hours_per_column >= 24:
        return f"{words.day(at)} {words.weekday(at)}"
    end = at + timedelta(hours=hours_per_column)
    return f"{words.day(at)} {at:%H}:00–{end.hour or 24:02}:00"


def _cell(cell: Cell, metric: Metric, words: Words) -> Markup:
    state = "is-few" if cell.few else f"level-{cell.level}"
    behind = _behind(cell, metric, words)
    return _CELL % (state, _TITLE % behind if behind else "", shown(cell, metric, words))


def shown(cell: Cell, metric: Metric, words: Words) -> str:
    """The number in a cell; the legend says that it is in percent."""
    if cell.reading.value is None:
        return "–"
    said = words.value(cell.reading.value, metric.format).removesuffix("%")
    # A phone's column is four signs wide.
    return "100" if said == "100.0" else said


def _behind(cell: Cell, metric: Metric, words: Words) -> str:
    """What is behind a cell: numerator and denominator of a rate, that they are few, or why there is no number."""
    if cell.reading.is_missing:
        return words.reason(cell.reading)
    said = (words.quotient(cell.reading, metric.format), words.of("few") if cell.few else None)
    return " · ".join(filter(None, said))


def _told(words: Words) -> Element:
    """Where the script says what is behind a cell."""
    return output(".heat-told", hidden=True)[
        span(".heat-told-what"),
        button(".heat-told-button", type="button", data_step="-1", aria_label=words.of("column_before"))["‹"],
        button(".heat-told-button", type="button", data_step="1", aria_label=words.of("column_after"))["›"],
        button(".heat-told-button", type="button", aria_label=words.of("close"))["×"],
    ]


def _legend(grid: Grid, metric: Metric, words: Words) -> Element:
    return div(".legend")[
        ul(".legend-scale", aria_label=words.of("legend"))[
            li[i(".swatch.level-0"), words.of("nothing_level")],
            [
                li[i(f".swatch.level-{level}"), f"≥ {words.value(bound, metric.format)}"]
                for level, bound in enumerate(grid.bounds, 1)
            ],
        ],
        p(".legend-notes")[[_note(said) for said in scale_notes(grid, metric, words)], has_few(grid) and _few(words)],
    ]


def _note(said: str) -> Node:
    return span[said]


def _few(words: Words) -> Node:
    return span[i(".swatch.is-few"), words.of("few_cells")]


def has_few(grid: Grid) -> bool:
    """Whether a cell of the grid rests on too few cases."""
    return any(cell.few for row in grid.cells for cell in row)


def scale_notes(grid: Grid, metric: Metric, words: Words) -> list[str]:
    """What one needs to know to read the numbers of a grid."""
    each = grid.hours_per_column
    notes = (
        words.of("hours_each", hours=each) if 1 < each < 24 else "",
        words.of("hour_runs") if grid.running and each < 24 else "",
        words.of("in_percent") if metric.format == "percent" else "",
    )
    return [note for note in notes if note]
