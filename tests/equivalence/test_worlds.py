"""Every number of many odd worlds: the product and the naive recomputation say the same."""

from collections.abc import Callable
from functools import cache

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from tests.equivalence.checks import ALL
from tests.equivalence.crowds import crowd
from tests.equivalence.demand import demand
from tests.equivalence.health import health_reports
from tests.equivalence.lead_score import lead_scores
from tests.equivalence.product import Bench, Counted, counted
from tests.naive.world import World
from tests.worlds import worlds

pytestmark = pytest.mark.filterwarnings("ignore:Generating overly large repr")

SEEDS = range(3)
NIGHTLY_SEEDS = range(3, 60)
EVERYTHING = (*ALL, health_reports, demand, lead_scores)


@pytest.fixture(scope="session")
def crowded(bench: Bench) -> Callable[[int], Counted]:
    """The crowd of a seed, counted once for all checks."""
    return cache(lambda seed: counted(bench, crowd(seed)))


@pytest.mark.parametrize("check", EVERYTHING, ids=lambda check: check.__name__)
@pytest.mark.parametrize("seed", SEEDS)
def test_a_crowd(crowded: Callable[[int], Counted], seed: int, check: Callable[[Counted], None]) -> None:
    check(crowded(seed))


@pytest.mark.nightly
@pytest.mark.parametrize("seed", NIGHTLY_SEEDS)
def test_many_crowds(bench: Bench, seed: int) -> None:
    everything(counted(bench, crowd(seed)))


@settings(
    max_examples=4,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate],
)
@given(world=worlds(own_settings=True))
def test_a_small_world(bench: Bench, world: World) -> None:
    everything(counted(bench, world))


@pytest.mark.nightly
@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(world=worlds(own_settings=True))
def test_many_small_worlds(bench: Bench, world: World) -> None:
    everything(counted(bench, world))


def everything(found: Counted) -> None:
    """All checks."""
    for check in EVERYTHING:
        check(found)
