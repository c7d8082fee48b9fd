"""Which mutants the tests notice: `python -m tests.killing` tries all of them, `--some 12` a few; each in a process of its own.

One pytest collects the tests once. All of them run once unchanged, so that we know which tests reach which lines; then for
every mutant a fork changes the one function and runs those tests, until one fails.
"""

import argparse
import contextlib
import json
import os
import random
import signal
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

import coverage
import pytest

from tests.mutants import GATES, ROOT, WHOLE, Mutant, apply, living, mutants

SUITE = (
    "tests/metrics/test_scope.py",
    "tests/metrics/test_masking.py",
    "tests/data_access/test_passwords.py",
    "tests/data_access/test_store.py",
    "tests/data_access/test_screens.py",
    "tests/data_access/test_reveals.py",
    "tests/data_access/test_apart.py",
    "tests/data_access/test_outbox.py",
    "tests/dashboards/test_news.py",
    "tests/dashboards/test_peers_page.py",
    "tests/dashboards/test_posters.py",
    "tests/dashboards/test_outbox_page.py",
    "tests/dashboards/test_api.py",
    "tests/dashboards/test_analysis.py",
    "tests/dashboards/test_door.py",
    "tests/dashboards/test_screens.py",
    "tests/dashboards/test_replay.py",
    "tests/dashboards/test_accounts.py",
    "tests/dashboards/test_audit.py",
    "tests/dashboards/test_pace.py",
    "tests/dashboards/test_watch.py",
    "tests/dashboards/test_outside.py",
    "tests/components/test_spreadsheet.py",
    "tests/dashboards/test_filters.py",
    "tests/dashboards/test_phone.py",
    "tests/dashboards/test_gallery.py",
    "tests/dashboards/test_site.py",
    "tests/dashboards/test_pictures.py",
    "tests/dashboards/test_customers.py",
    "tests/dashboards/test_hostile.py",
)
"""The tests that have to notice, the quickest files first."""
FEW = 20
"""Below this many mutants it is quicker to run all tests for each than to measure first."""
LONGEST_SECONDS = 600
NOT_APPLIED = 3


class Killing:
    """The plugin: runs the collected tests against mutants instead of once."""

    def __init__(self, some: int | None, only: Sequence[str], again: Path | None, out: Path) -> None:
        self.chosen = [one for one in mutants() if any(part in f"{one.file}:{one.function}" for part in only)]
        if again is not None:
            told = [json.loads(line) for line in again.read_text(encoding="utf-8").splitlines()]
            noticed, lived = (
                {tuple(one["mutant"]) for one in told if one["killed"] is which} for which in (True, False)
            )
            self.chosen = [one for one in self.chosen if one.key not in noticed - lived]
        if some is not None:
            self.chosen = random.Random(7).sample(self.chosen, some)
        self.is_short = some is not None or len(self.chosen) < FEW
        self.out = out
        self.late: dict[str, pytest.Item] = {}
        self.reached: dict[tuple[str, int], set[str]] = defaultdict(set)
        self.seconds: dict[str, float] = {}
        self.shared: coverage.Coverage | None = None

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Try every chosen mutant."""
        # Only here: pytest wants to be the first to import it.
        from hypothesis import settings

        from tests.snapshots import small_snapshot

        settings.register_profile("mutants", database=None, derandomize=True, deadline=None)
        settings.load_profile("mutants")
        served = [item for item in session.items if "[postgresql" in item.nodeid]
        self.late = {item.nodeid.replace("[postgresql", "[sqlite"): item for item in served}
        items = [item for item in session.items if item not in served and "postgresql_url" not in item.fixturenames]
        small_snapshot()  # made once for all forks
        if not self.is_short:
            self._measure(items)
        with self.out.open("w", encoding="utf-8") as out:
            for mutant in self.chosen:
                began = time.monotonic()
                killed = self._is_killed(mutant, self._near(mutant, items))
                told = {"mutant": mutant.key, "killed": killed, "seconds": round(time.monotonic() - began, 1)}
                print(json.dumps(told, ensure_ascii=False), file=out, flush=True)
        return True

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> Iterator[None]:
        """What a fixture reaches, every test of the file reaches: the next ones may find it made."""
        if self.shared is not None:
            self.shared.switch_context(str(item.path))
        yield
        if self.shared is not None:
            self.shared.switch_context(item.nodeid)

    def _measure(self, items: list[pytest.Item]) -> None:
        """Run every test as the code is, and note which lines each reaches."""
        files = [str(ROOT / file) for file in (*WHOLE, *GATES)] + [str(ROOT / "dashboards/*.py")]
        self.shared = coverage.Coverage(data_file=None, include=files)
        self.shared.start()
        for at, item in enumerate(items):
            began = time.monotonic()
            item.ihook.pytest_runtest_protocol(item=item, nextitem=next(iter(items[at + 1 :]), None))
            self.seconds[item.nodeid] = time.monotonic() - began
            if item.session.testsfailed:
                print(f"{item.nodeid} fails without any mutant and is left out.", file=sys.stderr, flush=True)
                item.session.testsfailed = 0
                del self.seconds[item.nodeid]
        self.shared.stop()
        data = self.shared.get_data()
        for file in data.measured_files():
            for line, contexts in data.contexts_by_lineno(file).items():
                self.reached[Path(file).relative_to(ROOT).as_posix(), line].update(contexts)
        self.shared = None

    def _near(self, mutant: Mutant, items: list[pytest.Item]) -> list[pytest.Item]:
        """The tests that reach the mutant's function, by file, quick ones first."""
        if self.is_short:
            return items
        code = living(mutant).__code__
        lines = {line for *_, line in code.co_lines() if line} - {code.co_firstlineno}
        reaching = set().union(*(self.reached[mutant.file, line] for line in lines))
        passing = [one for one in items if one.nodeid in self.seconds]
        found = [one for one in passing if one.nodeid in reaching or str(one.path) in reaching]
        order = [str(ROOT / file) for file in SUITE]
        found.sort(key=lambda one: (order.index(str(one.path)), self.seconds[one.nodeid]))
        return [*found, *(self.late[one.nodeid] for one in found if one.nodeid in self.late)]

    def _is_killed(self, mutant: Mutant, items: list[pytest.Item]) -> bool:
        child = os.fork()
        if child == 0:
            _run_changed(mutant, items)
        _, status = os.waitpid(child, 0)
        assert os.waitstatus_to_exitcode(status) != NOT_APPLIED, f"{mutant} cannot be made."
        return status != 0


def _run_changed(mutant: Mutant, items: list[pytest.Item]) -> None:
    """Run tests until one fails, which is the end of this process; one that hangs is ended too."""
    before = living(mutant).__code__
    with contextlib.suppress(BaseException):
        apply(mutant)
        signal.alarm(LONGEST_SECONDS)
        silent = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silent, 1)
        os.dup2(silent, 2)
        for at, item in enumerate(items):
            item.ihook.pytest_runtest_protocol(item=item, nextitem=next(iter(items[at + 1 :]), None))
            if item.session.testsfailed:
                item.session._setupstate.teardown_exact(None)
                os._exit(1)
        os._exit(0)
    os._exit(NOT_APPLIED if living(mutant).__code__ == before else 1)


def main() -> int:
    """Try mutants, and write one line of JSON for each to --out."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--some", type=int)
    parser.add_argument("--only", nargs="*", default=[""])
    parser.add_argument("--again", type=Path, help="results of before: only those that lived then, or were not tried")
    parser.add_argument("--tests", nargs="*", default=SUITE)
    asked = parser.parse_args()
    options = ["-q", "-p", "no:cacheprovider", "-m", "not nightly", f"--basetemp={asked.out}.tmp"]
    return int(pytest.main([*options, *asked.tests], plugins=[Killing(asked.some, asked.only, asked.again, asked.out)]))


if __name__ == "__main__":
    sys.exit(main())
