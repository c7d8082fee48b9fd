"""Nobody's page in another's cache: warmed in any order of roles, by one or by fifty at a time, all answers are those of a site without caches."""

import re
from collections.abc import Callable, Hashable, Iterator
from itertools import islice, permutations
from random import Random

import pytest
from werkzeug.test import TestResponse

from dashboards._api import add_api
from dashboards._page import Kept
from dashboards._site import PAGES
from tests.dashboards.test_crawler import NUMBER_OF_AN_ERROR
from tests.dashboards.test_customers import a_crm
from tests.dashboards.test_door import CALL
from tests.dashboards.worlds import OURS, ROLES, Stage, a_stage
from tests.data_access.stores import at_once

NARROWED = ("", "?project=p2&lang=en")
ADDRESSES = (
    *(f"/live/{page.name}{asked}" for page in PAGES for asked in NARROWED),
    "/funnels",
    "/boards",
    "/live/wall/canteen",
    "/live/wall/warroom",
    "/wall/lite/canteen?lang=en",
    "/api/v1/metrics?metric=leads&by=project",
    "/api/v1/metrics?metric=leads&by=staff&where=project:p2",
    "/customers?period=year",
    "/customers/lead:l0",
    "/customers/lead:l1",
    "call",
)
"""Everything that is prepared once, and what stands beside it; `call` is the chart's callback."""
Answers = dict[tuple[str, str], tuple[int, str]]


@pytest.fixture(scope="module")
def cached(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A site with names and phones, and an API."""
    folder = tmp_path_factory.mktemp("cached")
    live = a_crm(folder)
    made = a_stage(folder, routes=(add_api,), live=live, told="server.threads = 99")
    yield made
    live.close()
    made.store.close()


@pytest.fixture(scope="module")
def uncached(cached: Stage) -> Answers:
    """What each role is answered where nothing is kept."""

    def make(kept: object, key: Hashable, made: Callable[[], object]) -> object:
        return made()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Kept, "of", make)
        return {(role, address): answered(cached, role, address) for role in ROLES for address in ADDRESSES}


def answered(stage: Stage, role: str, address: str, client: object = None) -> tuple[int, str]:
    """An answer without what differs from one time to the next."""
    asking = client or stage.client(role)
    answer: TestResponse = (
        asking.post("/_dash-update-component", json=CALL, headers=OURS) if address == "call" else asking.get(address)  # type: ignore[attr-defined]
    )
    return answer.status_code, re.sub(f'{NUMBER_OF_AN_ERROR}|"end_id":"[^"]*"', "", answer.text)


def forget(stage: Stage) -> None:
    """Empty every cache."""
    stage.site.contents, stage.site.drawn = Kept(), Kept()


def test_roles_do_differ(uncached: Answers) -> None:
    for address in ("/live/funnels", "/customers?period=year"):
        assert len({uncached[role, address] for role in ("leader", "head", "salesperson")}) == 3


@pytest.mark.parametrize("most", [250, pytest.param(20_000, marks=pytest.mark.nightly)], ids=["short", "long"])
def test_whoever_warms_a_page_everybody_gets_the_own_one(cached: Stage, uncached: Answers, most: int) -> None:
    chance, compared = Random(8), 0
    orders = list(permutations(ROLES))
    chance.shuffle(orders)
    for order in islice(orders, 1 + most // len(uncached)):
        forget(cached)
        clients = {role: cached.client(role) for role in order}
        for address in chance.sample(ADDRESSES, len(ADDRESSES)):
            for role in order:
                assert answered(cached, role, address, clients[role]) == uncached[role, address], (order, role, address)
                compared += 1
    assert compared >= most


@pytest.mark.parametrize("each", [10, pytest.param(200, marks=pytest.mark.nightly)], ids=["short", "long"])
@pytest.mark.parametrize("roles", [("head", "leader"), ("salesperson", "champion")])
def test_fifty_at_once_of_two_roles_get_their_own(
    cached: Stage, uncached: Answers, roles: tuple[str, str], each: int
) -> None:
    forget(cached)

    def differing(number: int) -> list[str]:
        role, chance = roles[number % 2], Random(number)
        client = cached.client(role)
        asked = chance.choices(ADDRESSES[: len(PAGES) * len(NARROWED)], k=each)
        return [one for one in asked if answered(cached, role, one, client) != uncached[role, one]]

    assert at_once(50, differing) == [[]] * 50
