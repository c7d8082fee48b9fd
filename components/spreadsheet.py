"""A list as a file for a spreadsheet: texts in, bytes out; no cell is ever taken for a formula."""

import csv
import io
from collections.abc import Sequence

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell

from metrics.masking import harmless

Rows = Sequence[Sequence[str]]


def csv_file(watermark: str, head: Sequence[str], rows: Rows) -> bytes:
    """A CSV file that a spreadsheet opens in the right letters; its first line is the watermark."""
    made = io.StringIO()
    writer = csv.writer(made, quoting=csv.QUOTE_ALL)
    writer.writerows([[harmless(text) for text in row] for row in ([watermark], head, *rows)])
    return made.getvalue().encode("utf-8-sig")


def xlsx_file(watermark: str, head: Sequence[str], rows: Rows) -> bytes:
    """An XLSX file whose cells are all texts; its first line is the watermark."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet("Warboard")
    for row in ([watermark], head, *rows):
        sheet.append([_cell(sheet, text) for text in row])
    made = io.BytesIO()
    book.save(made)
    return made.getvalue()


def _cell(sheet: object, text: str) -> WriteOnlyCell:
    cell = WriteOnlyCell(sheet, harmless(text))
    cell.data_type = "s"
    return cell
