"""The crowd in a process of its own: `python -m tests.bench.load` reads what to do as JSON and prints what it saw."""

import asyncio
import json
import random
import subprocess
import sys
import time
from dataclasses import asdict, dataclass, field
from statistics import quantiles
from typing import Any

LIMIT = 10


@dataclass
class Seen:
    """How long answers took, in milliseconds, by their status; 0 stands for none."""

    times: list[float] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)
    bytes: int = 0
    seconds: float = 0.0

    def note(self, milliseconds: float, status: int, size: int = 0) -> None:
        """One answer more."""
        self.times.append(milliseconds)
        self.statuses[status] = self.statuses.get(status, 0) + 1
        self.bytes += size

    @property
    def errors(self) -> int:
        """The answers that were neither the content nor "as before"."""
        return sum(count for status, count in self.statuses.items() if status not in (200, 304))

    @property
    def per_second(self) -> float:
        """Answers per second."""
        return len(self.times) / self.seconds

    def at(self, percent: int) -> float:
        """The time within which so many of a hundred answers came."""
        return quantiles(self.times, n=100)[percent - 1]


def hammered(port: int, path: str, cookie: str, *, clients: int, seconds: float, etag: str = "") -> Seen:
    """Clients who ask again as soon as they have an answer, each over one connection; `cookie` may hold several, one a line."""
    return _run({"do": "hammer", "port": port, "path": path, "cookie": cookie, "etag": etag, "clients": clients, "seconds": seconds})  # fmt: skip


def polled(port: int, crowds: list[tuple[str, int, float]], cookie: str, *, seconds: float) -> dict[str, Seen]:
    """Crowds of (path, clients, interval) who poll as pages do: with the ETag they have, within jitter, over new connections."""
    found = [
        {"do": "poll", "port": port, "path": path, "cookie": cookie, "clients": clients, "every": every}
        for path, clients, every in crowds
    ]
    answer = _talk({"crowds": found, "seconds": seconds})
    return {path: _seen(one) for (path, _, _), one in zip(crowds, answer, strict=True)}


def _run(asked: dict[str, Any]) -> Seen:
    return _seen(_talk({"crowds": [asked], "seconds": asked["seconds"]})[0])


def _seen(given: dict[str, Any]) -> Seen:
    return Seen(**{**given, "statuses": {int(status): count for status, count in given["statuses"].items()}})


def _talk(asked: dict[str, Any]) -> list[dict[str, Any]]:
    words = [sys.executable, "-m", "tests.bench.load"]
    done = subprocess.run(words, input=json.dumps(asked), capture_output=True, text=True, check=True)
    return list(json.loads(done.stdout))


# ------------------------------------------------------------------------------------------------------- the crowd itself


async def main() -> None:
    """Do what is asked on standard input."""
    asked = json.loads(sys.stdin.read())
    seen = await asyncio.gather(*(_crowd(crowd, asked["seconds"]) for crowd in asked["crowds"]))
    print(json.dumps([asdict(one) for one in seen]))


async def _crowd(crowd: dict[str, Any], seconds: float) -> Seen:
    seen, client = Seen(), {"hammer": _hammer, "poll": _poll}[crowd["do"]]
    began = time.perf_counter()
    cookies = crowd["cookie"].splitlines()
    people = [crowd | {"cookie": cookies[number % len(cookies)]} for number in range(crowd["clients"])]
    await asyncio.gather(*(client(one, began + seconds, seen) for one in people))
    seen.seconds = time.perf_counter() - began
    return seen


async def _hammer(crowd: dict[str, Any], until: float, seen: Seen) -> None:
    line = _request(crowd, crowd["etag"], "keep-alive")
    reader, writer = await asyncio.open_connection("127.0.0.1", crowd["port"])
    while time.perf_counter() < until:
        began = time.perf_counter()
        writer.write(line)
        status, headers, size = await asyncio.wait_for(_answer(reader), LIMIT)
        seen.note((time.perf_counter() - began) * 1000, status, size)
        if headers.get("connection") == "close":
            writer.close()
            reader, writer = await asyncio.open_connection("127.0.0.1", crowd["port"])
    writer.close()


async def _poll(crowd: dict[str, Any], until: float, seen: Seen) -> None:
    etag, pause = "", random.uniform(0, crowd["every"])
    while time.perf_counter() + pause < until:
        await asyncio.sleep(pause)
        etag = await _one_poll(crowd, etag, seen)
        pause = crowd["every"] * random.uniform(0.8, 1.2)


async def _one_poll(crowd: dict[str, Any], etag: str, seen: Seen) -> str:
    """One poll over a connection of its own, as the server closes what is idle for longer than a moment; the ETag held then."""
    began, writer = time.perf_counter(), None
    try:
        reader, writer = await asyncio.wait_for(asyncio.open_connection("127.0.0.1", crowd["port"]), LIMIT)
        writer.write(_request(crowd, etag, "close"))
        status, headers, size = await asyncio.wait_for(_answer(reader), LIMIT)
    except (OSError, ValueError, asyncio.IncompleteReadError, TimeoutError):
        status, headers, size = 0, {}, 0
    finally:
        if writer:
            writer.close()
    seen.note((time.perf_counter() - began) * 1000, status, size)
    return headers.get("etag", etag) if status == 200 else etag


def _request(crowd: dict[str, Any], etag: str, connection: str) -> bytes:
    lines = [
        f"GET {crowd['path']} HTTP/1.1",
        f"Host: 127.0.0.1:{crowd['port']}",
        f"Cookie: {crowd['cookie']}",
        f"Connection: {connection}",
        "Accept-Encoding: gzip, br",
        *([f"If-None-Match: {etag}"] if etag else []),
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


async def _answer(reader: asyncio.StreamReader) -> tuple[int, dict[str, str], int]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
    size = int(headers.get("content-length", "0")) if head[0].split()[1] != "304" else 0
    await reader.readexactly(size)
    return int(head[0].split()[1]), headers, size


if __name__ == "__main__":
    asyncio.run(main())
