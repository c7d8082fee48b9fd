"""Tables as files for a spreadsheet: text stays text."""

import csv
import io
import shutil
import subprocess
import unicodedata
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from openpyxl import load_workbook

from components.spreadsheet import csv_file, csv_lines, harmless, xlsx_file

STARTS = tuple("=+-@%|\t\r\n＝＋－＠％｜﹦﹢﹣﹫\ufeff\u200b −")
TEXTS = st.text(max_size=30) | st.builds(lambda sign, rest: sign + rest, st.sampled_from(STARTS), st.text(max_size=20))
FORMULAS = ("=1+1", "=HYPERLINK(\"http://evil.example\")", "+86 139", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1+1", "\ufeff=1", "|calc", "%x", " =1", "=cmd|'/c calc'!A0", "−1")  # fmt: skip


def is_run(cell: str) -> bool:
    """Whether some spreadsheet could take the cell for a formula."""
    plain = unicodedata.normalize("NFKC", cell.lstrip("\ufeff\u200b \t\r\n"))
    return plain[:1] in tuple("=+-@%|−")


@given(st.text(max_size=5), st.sampled_from("=+-@\t\r＝＋－＠﹦﹢﹣﹫\ufeff%|"), st.text(max_size=20))
def test_no_cell_starts_a_formula(before: str, sign: str, after: str) -> None:
    made = harmless(sign + before + after)
    assert made == "" or unicodedata.normalize("NFKC", made)[0] not in "=+-@%|\t\r\ufeff"
    assert all(letter.isprintable() for letter in made)


@pytest.mark.parametrize("text", ["周健", "A-1", "3 月", "138****5678"])
def test_other_texts_stay_as_they_are(text: str) -> None:
    assert harmless(text) == text


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@a", "\t=1", "\r=1", "＝1", "\ufeff=1"])
def test_a_cell_that_a_spreadsheet_would_run_is_made_text(cell: str) -> None:
    assert harmless(cell) == f"'{cell.strip().removeprefix(chr(0xFEFF))}"


def test_every_cell_of_a_csv_line_is_quoted() -> None:
    """So that a spreadsheet of another country, which parts cells at a semicolon, reads the same cells."""
    lines = list(csv_lines([("a", "b"), ("x;=1", ""), ('say "x"', "王芳")]))
    assert lines == ['"a","b"\r\n', '"x;=1",""\r\n', '"say ""x""","王芳"\r\n']


@example(list(FORMULAS))
@given(st.lists(TEXTS, min_size=1, max_size=5))
def test_no_cell_of_a_csv_file_is_run(cells: list[str]) -> None:
    made = csv_file("x", ["y"], [cells]).decode("utf-8-sig")
    [*_, row] = csv.reader(io.StringIO(made, newline=""))
    assert len(row) == len(cells) and not any(map(is_run, row))


@example(list(FORMULAS))
@given(st.lists(TEXTS, min_size=1, max_size=5))
def test_every_cell_of_a_workbook_is_a_text(cells: list[str]) -> None:
    sheet = load_workbook(io.BytesIO(xlsx_file("x", ["y"], [cells]))).active
    kinds = {cell.data_type for row in sheet.iter_rows() for cell in row if cell.value is not None}
    assert kinds <= {"s", "inlineStr"}
    assert not any(is_run(str(cell.value)) for row in sheet.iter_rows() for cell in row if cell.value)


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_libreoffice_finds_no_formula(tmp_path: Path, kind: str) -> None:
    office = shutil.which("soffice") or shutil.which("libreoffice")
    if office is None:
        pytest.skip("LibreOffice is not installed here: no spreadsheet program has opened our files")
    write = csv_file if kind == "csv" else xlsx_file
    (tmp_path / f"made.{kind}").write_bytes(write("x", ["y"], [[text] for text in FORMULAS]))
    asked = [office, "--headless", "--convert-to", "fods", "--outdir", str(tmp_path), f"made.{kind}"]
    subprocess.run(asked, check=True, capture_output=True, timeout=120, cwd=tmp_path)
    assert "table:formula=" not in (tmp_path / "made.fods").read_text(encoding="utf-8")
