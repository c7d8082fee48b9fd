"""One stage for all tests of a module that only look at it."""

from collections.abc import Iterator

import pytest

from tests.dashboards.worlds import Stage, a_stage


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A site over the small snapshot."""
    made = a_stage(tmp_path_factory.mktemp("stage"))
    yield made
    made.store.close()


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """The same site in demo mode."""
    made = a_stage(tmp_path_factory.mktemp("demo"), demo=True)
    yield made
    made.store.close()
