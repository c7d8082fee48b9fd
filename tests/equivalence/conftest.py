"""One bench for all tests of the equivalence: a store, a folder of snapshots, no waiting for the disk."""

import os
from collections.abc import Iterator

import pytest

from data_access import derive
from tests.equivalence.product import Bench, opened


@pytest.fixture(scope="session")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """A bench of its own; nothing here has to outlive a power cut, and few leads are many enough to be derived in parts."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(os, "fsync", lambda descriptor: None)
        patched.setattr(derive, "PART_LEADS", 150)
        with opened(tmp_path_factory.mktemp("bench")) as bench:
            yield bench
