"""The documents say what the product does."""

import re
from pathlib import Path

import pytest

from tests.readme import FILES, ROOT, fresh, parts


@pytest.mark.parametrize(("file", "language"), FILES.items())
def test_the_tables_of_the_readme_are_those_of_the_product(file, language):
    text = (ROOT / file).read_text(encoding="utf-8")
    assert text == fresh(text, language), "run: python -m tests.readme"


@pytest.mark.parametrize(("file", "language"), FILES.items())
def test_every_table_stands_in_the_readme(file, language):
    text = (ROOT / file).read_text(encoding="utf-8")
    assert [name for name in parts(language) if f"<!-- {name} -->" not in text] == []


@pytest.mark.parametrize("file", FILES)
def test_every_linked_file_is_there(file):
    text = (ROOT / file).read_text(encoding="utf-8")
    links = [link for link in re.findall(r"\]\(([^)#]+)", text) if "://" not in link]
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_pictures_are_small():
    pictures = list(Path(ROOT / "docs" / "pictures").glob("*"))
    assert pictures
    assert [picture.name for picture in pictures if picture.stat().st_size > 150_000] == []


@pytest.mark.parametrize("page", ["security.md", "reliability.md"])
def test_every_proof_that_is_named_is_there(page):
    told = (ROOT / "docs" / page).read_text(encoding="utf-8")
    files = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("*.py")}
    assert [name for name in re.findall(r"`(?:tests/)?(?:\w+/)*(test_\w+\.py)`", told) if name not in files] == []
    tests = set(re.findall(r"(?:def|class) (\w+)", "\n".join(files.values())))
    assert [name for name in re.findall(r"`(test_\w+|Test\w+)`", told) if name not in tests] == []
