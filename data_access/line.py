"""The line to a provider of sign-ins, which never keeps the threads that serve the pages."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from requests import ConnectionError as NoConnection
from requests import HTTPError, RequestException, Timeout

from data_access.outside import OutsideError, ProviderDown

TIMEOUT = (3, 5)
"""Seconds to connect, and to wait for an answer."""
REST_SECONDS = 15
"""How long a provider that did not answer is left alone."""
SPARED = 2
"""Threads that never wait for a provider, however many people sign in."""


class Line:
    """Lets a few threads ask at once, and none for a while after the provider did not answer."""

    def __init__(self, threads: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._room = threading.BoundedSemaphore(max(1, threads - SPARED))
        self._clock = clock
        self._rests_until = 0.0

    @contextmanager
    def open(self) -> Iterator[None]:
        """Meanwhile the provider may be asked; ProviderDown when it cannot, OutsideError for an answer of no use.

        Neither says more of its cause than a word or a number: the address of a request may hold a secret.
        """
        if self._clock() < self._rests_until:
            raise ProviderDown("resting")
        if not self._room.acquire(blocking=False):
            raise ProviderDown("busy")
        try:
            yield
        except (NoConnection, Timeout):
            self._rests_until = self._clock() + REST_SECONDS
            raise ProviderDown("unreachable") from None
        except HTTPError as error:
            raise ProviderDown(f"status {error.response.status_code if error.response is not None else 0}") from None
        except RequestException as error:
            raise OutsideError(type(error).__name__) from None
        finally:
            self._room.release()
