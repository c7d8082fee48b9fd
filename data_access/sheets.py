"""Tables for spreadsheets: CSV in which no cell is taken for a formula."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

BOM = "\ufeff"
"""Without it, Excel takes UTF-8 for something else."""
_DANGEROUS = ("=", "+", "-", "@", "\t", "\r")


def csv_lines(head: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """The lines of a CSV file, its head first."""
    yield _line(head)
    yield from map(_line, rows)


def harmless(cell: object) -> str:
    """A cell's text as a spreadsheet shows it and never runs it; nothing for None."""
    text = "" if cell is None else str(cell)
    return f"'{text}" if text.startswith(_DANGEROUS) else text


def _line(row: Sequence[object]) -> str:
    held = io.StringIO()
    csv.writer(held).writerow([harmless(cell) for cell in row])
    return held.getvalue()
