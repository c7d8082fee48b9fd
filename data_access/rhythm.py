"""What happens after every refresh, in the process that refreshes: boards are published, alerts looked at, messages sent."""

import logging
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from data_access.scheduler import Job
from data_access.snapshots import Reader
from data_access.store.errors import StaleLeader
from data_access.store.slots import Depth
from metrics.snapshot import Snapshot

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Moment:
    """A moment right after a refresh: the epoch under which to write, the snapshot that is published, the time (UTC), and
    whether the refresh succeeded."""

    epoch: int
    snapshot: Snapshot
    now: datetime
    outcome: bool


Step = Callable[[Moment], None]
"""One thing that happens after every refresh, also one that failed or changed nothing; it checks the epoch wherever it writes."""


class Rhythm:
    """A refreshing job that is followed by the steps, each on its own."""

    def __init__(self, job: Job, steps: Sequence[Step], reader: Reader, clock: Callable[[], datetime]) -> None:
        self._job = job
        self._steps = steps
        self._reader = reader
        self._clock = clock

    def job(self, epoch: int, depth: Depth) -> str:
        """Refresh, then run the steps; what the refresh said or raised is what comes back."""
        try:
            said = self._job(epoch, depth)
        except StaleLeader:
            raise
        except Exception:
            self._follow(epoch, outcome=False)
            raise
        self._follow(epoch, outcome=True)
        return said

    def _follow(self, epoch: int, *, outcome: bool) -> None:
        """Run every step on the published snapshot; before the first there is nothing to go by."""
        self._reader.poll()
        snapshot = self._reader.current()
        if snapshot is None:
            return
        for step in self._steps:
            try:
                step(Moment(epoch, snapshot, self._clock(), outcome))
            except StaleLeader as error:
                _LOG.warning("Another process leads now; what follows a refresh is its to do: %s", error)
                return
            except Exception:  # one step that breaks must stop neither the others nor the refresh
                _LOG.exception("Error %s: a step after the refresh failed", secrets.token_hex(4))
