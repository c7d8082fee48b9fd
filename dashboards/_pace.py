"""How much one person or screen may ask of one web process, so that nobody takes the pages away from everybody else."""

import threading
from collections import Counter
from datetime import datetime


class Pace:
    """Counts the requests of each caller: those of this minute, and those being answered."""

    def __init__(self, per_minute: int, at_once: int) -> None:
        self._per_minute = per_minute
        self._at_once = at_once
        self._lock = threading.Lock()
        self._minute = ""
        self._asked: Counter[str] = Counter()
        self._open: Counter[str] = Counter()

    def begin(self, caller: str, now: datetime) -> bool:
        """Whether one more request may be answered; if so, `end` follows it."""
        with self._lock:
            if self._minute != (minute := f"{now:%d %H:%M}"):
                self._minute = minute
                self._asked.clear()
            self._asked[caller] += 1
            if self._asked[caller] > self._per_minute or self._open[caller] >= self._at_once:
                return False
            self._open[caller] += 1
            return True

    def end(self, caller: str) -> None:
        """A request that was begun has been answered."""
        with self._lock:
            self._open[caller] -= 1
            if not self._open[caller]:
                del self._open[caller]
