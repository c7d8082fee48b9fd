"""What a page's live content costs the server: against a plain file of the same size, and with all screens and phones on."""

from dataclasses import dataclass
from pathlib import Path

from tests.bench.client import get
from tests.bench.load import Seen, hammered, polled

CLIENTS, SECONDS = 20, 8
WALLS, PHONES, MINUTE = 100, 500, 60
PAGE, WALL = "/live/overview", "/live/wall/warroom"


@dataclass(frozen=True)
class Rate:
    """One line of the table."""

    what: str
    size: int
    seen: Seen


def rates(base: str, cookies: str, folder: Path, seconds: float = SECONDS) -> list[Rate]:
    """Content from the cache between two goes at a plain file of the size it is sent in."""
    port, packed = int(base.rpartition(":")[2]), get(base + PAGE, cookies.splitlines()[0], "br")
    (folder / "files" / "same-size.bin").write_bytes(packed)
    plain = "/bench/same-size.bin"

    def rate(what: str, path: str, etag: str = "") -> Rate:
        seen = hammered(port, path, cookies, clients=CLIENTS, seconds=seconds, etag=etag)
        return Rate(what, round(seen.bytes / max(1, len(seen.times))), seen)

    hammered(port, PAGE, cookies, clients=CLIENTS, seconds=1)
    return [rate("plain file", plain), rate("live content", PAGE), rate("plain file again", plain)]


def minute(base: str, cookies: str, seconds: float = MINUTE) -> dict[str, Seen]:
    """Every wall and phone for a minute, while numbers change."""
    port = int(base.rpartition(":")[2])
    return polled(port, [(WALL, WALLS, 10), (PAGE, PHONES, 15)], cookies, seconds=seconds)
