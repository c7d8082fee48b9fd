"""Every check there is, is held by a test: with the check gone or turned around, some test fails."""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.mutants import ROOT, mutants

Key = tuple[str, str, str, str]
QUICK = ("metrics/scope", "metrics/masking", "store/sessions", "store/links")
QUICK_TESTS = (
    "tests/metrics/test_scope.py",
    "tests/metrics/test_masking.py",
    "tests/data_access/test_apart.py",
    "tests/data_access/test_store.py::test_a_session_in_use_ends_at_its_absolute_limit",
)
"""Enough to notice every mutant of QUICK, whichever few are tried."""
KEYS_TEST = "tests/dashboards/test_site.py::test_each_part_of_a_cache_key_counts_by_itself"
EQUIVALENT: dict[Key, str] = {
    ("dashboards/_door.py", "Door.policy", "endpoint or ''", "endpoint"): "no route has the name None either",
    (
        "data_access/store/codes.py",
        "enrol",
        "select(people.c.id).where(people.c.id == person.id)",
        "select(people.c.id)",
    ): "everybody waits instead of one",
    (
        "data_access/store/pairings.py",
        "_tried",
        "select(people.c.id).where(people.c.id == person_id)",
        "select(people.c.id)",
    ): "everybody waits instead of one",
    (
        "data_access/store/screens.py",
        "screen",
        "row is not None and row.ended_at is None and _tells_something(row, key, now)",
        "row is not None and _tells_something(row, key, now)",
    ): "looked at again where it is written",
    (
        "data_access/store/screens.py",
        "screen",
        "row is not None and row.ended_at is None and _tells_something(row, key, now)",
        "row is not None and row.ended_at is None",
    ): "looked at again where it is written",
    (
        "data_access/store/screens.py",
        "renewed",
        "(table.c.id == row.id) & (table.c.token_hash == row.token_hash)",
        "table.c.token_hash == row.token_hash",
    ): "no two screens have the same credential",
}
"""Mutants that no test can notice, with the reason."""


def lived(out: Path, *options: str) -> tuple[int, set[Key]]:
    """How many mutants were tried, and which nobody noticed."""
    asked = [sys.executable, "-m", "tests.killing", "--out", str(out), *options]
    subprocess.run(asked, cwd=ROOT, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    told = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    return len(told), {tuple(one["mutant"]) for one in told if not one["killed"]}


def said(found: Sequence[Key]) -> str:
    return "\n".join(f"{file} {function}: {before}  →  {after}" for file, function, before, after in found)


def test_what_is_called_equivalent_is_a_mutant_there_is() -> None:
    assert set(EQUIVALENT) - {one.key for one in mutants()} == set()


def test_the_policies_of_all_routes_and_every_part_of_the_cache_keys_are_among_them() -> None:
    found = mutants()
    assert len({one.before for one in found if one.before.startswith(("door.route(", "door.callback("))}) > 40
    assert sum(one.function == "cache_key" for one in found) == 14
    assert len(found) > 700


def test_a_cache_key_without_the_scope_is_noticed(tmp_path: Path) -> None:
    tried, left = lived(tmp_path / "out", "--only", "_page.py:cache_key", "--tests", KEYS_TEST)
    assert (tried, left) == (14, set())


def test_a_few_mutants_are_noticed(tmp_path: Path) -> None:
    tried, left = lived(tmp_path / "out", "--some", "8", "--only", *QUICK, "--tests", *QUICK_TESTS)
    assert tried == 8 and said(sorted(left - set(EQUIVALENT))) == ""


@pytest.mark.nightly
def test_every_mutant_is_noticed(tmp_path: Path) -> None:
    tried, left = lived(tmp_path / "out")
    print(f"{tried} mutants, {tried - len(left)} noticed, {len(left)} equivalent")
    assert said(sorted(left - set(EQUIVALENT))) == ""
