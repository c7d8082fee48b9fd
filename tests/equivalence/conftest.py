"""One bench for all tests of the equivalence: a store, a folder of snapshots, no waiting for the disk."""

import os
from collections.abc import Iterator

import pytest

from tests.equivalence.product import Bench, opened


@pytest.fixture(scope="session")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """A bench of its own; nothing here has to outlive a power cut."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(os, "fsync", lambda descriptor: None)
        with opened(tmp_path_factory.mktemp("bench")) as bench:
            yield bench
