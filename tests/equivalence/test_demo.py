"""The demo, small: everything the product shows of it, recomputed from the rows in its replica."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from fractions import Fraction
from math import sqrt
from pathlib import Path
from statistics import fmean, pvariance

import pytest

from data_access import demo
from data_access.settings import Settings
from metrics.periods import Span
from metrics.query import Query, one
from metrics.rules import findings
from tests.equivalence.checks import ALL
from tests.equivalence.lead_score import lead_scores
from tests.equivalence.product import Bench, Clock, Counted
from tests.equivalence.replica import world_of
from tests.naive import counting

NOW = datetime(2026, 3, 11, 10, 0)
LEADS = 2_000
SPRING_FESTIVAL = [date(2026, 2, 16) + timedelta(days) for days in range(8)]


@pytest.fixture(scope="session")
def small_demo(bench: Bench, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Counted]:
    """The demo with a few thousand leads, refreshed once."""
    folder: Path = tmp_path_factory.mktemp("demo")
    demo.build(folder / "crm.db", now=NOW, leads=LEADS)
    given = Settings.read(demo.demo_toml(), {}, folder=folder)
    settings = replace(given, snapshots=replace(given.snapshots, dir=bench.folder.path))
    with bench.refreshing(settings, Clock(NOW)) as product:
        product.refresh("full")
        yield Counted(world_of(product.connection, NOW), product.snapshot(), bench.folder)


@pytest.mark.parametrize("check", (*ALL, lead_scores), ids=lambda check: check.__name__)
def test_the_demo(small_demo: Counted, check: Callable[[Counted], None]) -> None:
    check(small_demo)


def test_the_stock_is_what_the_demo_promises(small_demo: Counted) -> None:
    today = Span(NOW.date(), NOW.date())
    shown = one(small_demo.frames, small_demo.pack, "valid_stock", Query(("valid_stock",), today))
    naive = sum(row.valid_active for row in counting.state(small_demo.world, small_demo.parties).values())
    assert shown.value == naive == demo.stock_of(LEADS)


def test_falling_leads_are_found_where_they_fall(small_demo: Counted) -> None:
    found = {
        one.subject: (one.values["value"], one.values["change"])
        for one in findings(small_demo.frames, small_demo.pack)
        if one.rule == "lead_fall"
    }
    assert found == _falls(small_demo)


def _falls(counted: Counted) -> dict[str, tuple[int, Fraction]]:
    """Projects whose last 7 full days lie over 30 % and 3 standard deviations below their 8 weeks before, without Spring Festival."""
    falls = {}
    starts = [NOW.date() - timedelta(days=7 * (back + 1)) for back in range(9)]
    ordinary = [first for first in starts if not any(first <= day <= first + timedelta(6) for day in SPRING_FESTIVAL)]
    for project in counted.snapshot.projects:
        weeks = [_leads(counted, project, first) for first in ordinary]
        now, before = weeks[0], weeks[1:]
        if sum(week > 0 for week in before) < 4:
            continue
        spread = sqrt(max(pvariance(before), fmean(before)))
        mean = Fraction(sum(before), len(before))
        if (now - fmean(before)) / spread <= -3 and now <= mean * Fraction(7, 10):
            falls[project] = (now, 1 - now / mean)
    return falls


def _leads(counted: Counted, project: str, first: date) -> int:
    where, last = {"project": project}, first + timedelta(days=6)
    found = counting.total(counted.facts, "leads", first=first, last=last, where=where)
    return int(found.get((), 0))


def test_who_is_behind_the_target_is_found(small_demo: Counted) -> None:
    first, last = date(NOW.year, 1, 1), date(NOW.year, 12, 31)
    behind = {}
    for project in small_demo.snapshot.projects:
        target = counting.target_value(small_demo.world, "net_contract_amount", project, first, last)
        where = {"project": project}
        sums = counting.total(small_demo.facts, "net_contract_amount", first=first, last=NOW.date(), where=where)
        done = sums.get((), 0)
        due = counting.target_value(small_demo.world, "net_contract_amount", project, first, NOW.date())
        elapsed = Fraction(due or 0) / Fraction(target or 1)
        if target and elapsed - Fraction(done) / Fraction(target) > Fraction(1, 10):
            behind[project] = Fraction(done) / Fraction(target)
    found = {
        one.subject: one.values["value"]
        for one in findings(small_demo.frames, small_demo.pack)
        if one.rule == "behind_target"
    }
    assert found == behind
