"""A client of a running site, as small as benchmarks need it."""

import time
import urllib.request


def wait(url: str, seconds: int = 300) -> None:
    """Wait until an address answers; TimeoutError when it never does."""
    for _ in range(seconds):
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except OSError:
            time.sleep(1)
    raise TimeoutError(url)


def get(url: str, cookie: str, way: str = "identity") -> bytes:
    """The body of an answer as it is sent, packed in a way where one is asked for."""
    request = urllib.request.Request(url, headers={"Cookie": cookie, "Accept-Encoding": way})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return bytes(answer.read())
