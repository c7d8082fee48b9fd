"""Every wall and phone for an hour: how quickly they are answered in each part of it, and what the processes' memory does meanwhile."""

import os
from collections.abc import Iterator
from dataclasses import dataclass

import psutil

from tests.bench.glance import minute
from tests.bench.load import Seen

MINUTES = int(os.environ.get("BENCH_SOAK_MINUTES", "60"))
PARTS = 6


@dataclass(frozen=True)
class Part:
    """A sixth of the hour: what each crowd saw, and the memory of the processes at its end, in MB, the largest first."""

    seen: dict[str, Seen]
    megabytes: list[int]


def soak(base: str, cookies: str) -> Iterator[Part]:
    """The parts, one after another."""
    for _ in range(PARTS):
        seen = minute(base, cookies, seconds=MINUTES * 60 / PARTS)
        yield Part(seen, sorted(_megabytes(), reverse=True))


def _megabytes() -> Iterator[int]:
    """What the site's processes hold: web workers and the refresher, but not those that merely watch others."""
    for one in psutil.Process().children(recursive=True):
        try:
            held = one.memory_info().rss // 2**20
        except psutil.NoSuchProcess:
            continue
        if held > 100:
            yield held
