"""Tables as files for a spreadsheet: text stays text."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.spreadsheet import csv_lines, harmless


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
