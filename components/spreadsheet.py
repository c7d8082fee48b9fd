"""Tables as files for a spreadsheet, in which no cell is ever taken for a formula."""

import csv
import io
import unicodedata
from collections.abc import Iterable, Iterator, Sequence

Rows = Iterable[Sequence[str]]
BOM = "\ufeff"
"""Without it, Excel takes UTF-8 for something else."""
_STARTS_A_FORMULA = frozenset("=+-@%|−")


def harmless(text: str) -> str:
    """A text no spreadsheet takes for a formula: invisible characters become blanks, and an apostrophe stands before what could start one."""
    plain = "".join(letter if letter.isprintable() else " " for letter in text).strip()
    return f"'{plain}" if unicodedata.normalize("NFKC", plain)[:1] in _STARTS_A_FORMULA else plain


def csv_lines(rows: Rows) -> Iterator[str]:
    """The lines of a CSV file, made one by one."""
    for row in rows:
        held = io.StringIO()
        csv.writer(held, quoting=csv.QUOTE_ALL).writerow([harmless(text) for text in row])
        yield held.getvalue()


def csv_file(watermark: str, head: Sequence[str], rows: Rows) -> bytes:
    """A CSV file that a spreadsheet opens in the right letters; its first line is the watermark."""
    return (BOM + "".join(csv_lines(([watermark], head, *rows)))).encode()


def xlsx_file(watermark: str, head: Sequence[str], rows: Rows) -> bytes:
    """An XLSX file whose cells are all texts; its first line is the watermark."""
    # Rarely asked for, and too large to be held by every web process.
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell

    book = Workbook(write_only=True)
    sheet = book.create_sheet("Warboard")
    for row in ([watermark], head, *rows):
        cells = [WriteOnlyCell(sheet, harmless(text)) for text in row]
        for cell in cells:
            cell.data_type = "s"
        sheet.append(cells)
    made = io.BytesIO()
    book.save(made)
    return made.getvalue()
