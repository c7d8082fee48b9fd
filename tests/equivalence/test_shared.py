"""The shared data behind their mappings: everything the product shows of them, recomputed from the replica's rows."""

from collections.abc import Callable
from datetime import datetime
from functools import cache

import duckdb
import pytest

from tests.equivalence.checks import ALL
from tests.equivalence.lead_score import lead_scores
from tests.equivalence.product import ZONE, Counted
from tests.equivalence.replica import world_of
from tests.facts import AS_MAPPED, data_set

pytestmark = pytest.mark.shared

SETS = {
    "olist-funnel": ("olist.toml", datetime(2018, 11, 15, 22, tzinfo=ZONE)),
    "huike-crm": ("huike.toml", datetime(2022, 4, 20, 12, tzinfo=ZONE)),
}


@pytest.fixture(scope="session")
def shared_set(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Counted]:
    """A shared data set by its name, loaded and refreshed once; the test is skipped where the data is absent."""

    def loaded(name: str) -> Counted:
        mapping, as_of = SETS[name]
        folder = tmp_path_factory.mktemp("shared")
        board = data_set(name, mapping, folder, as_of, {}).board()
        with duckdb.connect(str(folder / AS_MAPPED / "replica.duckdb"), read_only=True) as connection:
            return Counted(world_of(connection, board.snapshot.as_of), board.snapshot, board.folder)

    return cache(loaded)


@pytest.mark.parametrize("check", (*ALL, lead_scores), ids=lambda check: check.__name__)
@pytest.mark.parametrize("name", SETS)
def test_a_shared_data_set(shared_set: Callable[[str], Counted], name: str, check: Callable[[Counted], None]) -> None:
    check(shared_set(name))
