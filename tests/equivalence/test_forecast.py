"""Forecasts held against what came: on the demo, and on Olist's leads, where only contracts are known."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from data_access import demo
from data_access.settings import Settings
from metrics.forecast import Trial, origins, score, trials
from tests.equivalence.product import PACK, Bench, Clock, Counted
from tests.equivalence.test_shared import shared_set

__all__ = ["shared_set"]


def told(name: str, tried: list[Trial]) -> str:
    found = score(tried)
    errors = [None if one is None else f"{float(one):.3f}" for one in (found.error, found.run_rate, found.last_year)]
    return f"{name}: {found.trials} trials, {found.held / found.trials:.2f} held, errors {errors}"


@pytest.mark.nightly
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_demo_s_bands_hold_and_beat_simple_guesses(bench: Bench, tmp_path: Path, seed: int) -> None:
    now = datetime(2026, 9 + seed, 15, 10)
    demo.build(tmp_path / "crm.db", now=now, seed=seed)
    given = Settings.read(demo.demo_toml(), {}, folder=tmp_path)
    settings = replace(given, snapshots=replace(given.snapshots, dir=bench.folder.path))
    with bench.refreshing(settings, Clock(now)) as product:
        product.refresh("full")
        shown = product.snapshot()
        tried = [one for origin in origins(shown) for one in trials(shown, PACK, origin)]
    projects = score([one for one in tried if one.project])
    assert 0.75 <= projects.held / projects.trials <= 0.85, told("projects", tried)
    for part in ([one for one in tried if one.project], [one for one in tried if one.project is None]):
        found = score(part)
        known = score([one for one in part if one.last_year is not None])
        assert found.error < found.run_rate and known.error < known.last_year, told("", part)


@pytest.mark.shared
def test_olist_s_deals_are_expected_from_its_leads(shared_set: Callable[[str], Counted]) -> None:
    """Its first half-year has leads and hardly a deal, so cohorts old enough say far too little: the forecast loses here."""
    counted = shared_set("olist-funnel")
    days = [date(2018, 3, 5) + timedelta(weeks=at) for at in range(9)]
    tried = [trials(counted.snapshot, PACK, day, 28)[0] for day in days]
    signed = [one["signed_at"].date() for one in counted.world.rows["contract"]]
    print(told("olist", tried))
    assert [(one.origin, one.project) for one in tried] == [(day, None) for day in days]
    assert [one.came for one in tried] == [
        sum(day <= signed_on < day + timedelta(28) for signed_on in signed) for day in days
    ]
