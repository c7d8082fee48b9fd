"""When the record rules run: after a refresh that changed something they look at, at most once in so many minutes."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from data_access.record_rules import check_records
from data_access.rhythm import Moment
from data_access.settings import Settings
from data_access.store import Store
from data_access.store.record_findings import Checks, save_findings
from metrics.pack import Pack

if TYPE_CHECKING:
    from data_access.replica import Replica

LOOKED_AT = frozenset(
    "channel staff lead visit subscription contract referral registration assignment follow_up".split()
)
"""The entities the rules look at."""
_LOG = logging.getLogger(__name__)


class RecordChecks:
    """The step that runs the record rules; what it finds is kept under the epoch of the moment.

    Once a day the rules run though nothing changed: what lay ahead has come, and two weeks have grown old enough.
    """

    def __init__(self, settings: Settings, pack: Pack, store: Store, replica: Callable[[], Replica | None]) -> None:
        self._settings = settings
        self._pack = pack
        self._store = store
        self._replica = replica
        self._every = timedelta(minutes=settings.checks.every_minutes)
        self._changed = True
        self._ran_at: datetime | None = None

    def __call__(self, moment: Moment) -> None:
        """Run the rules where it is due; after a refresh that failed, the rows are those of before."""
        replica = self._replica()
        if replica is None or not self._pack.record_rules:
            return
        self._changed = self._changed or bool(replica.changed & LOOKED_AT)
        if moment.outcome and self._is_due(moment.now):
            self._run(replica, moment)

    def _is_due(self, now: datetime) -> bool:
        if self._ran_at is None:
            return True
        is_another_day = now.date() != self._ran_at.date()
        return (self._changed or is_another_day) and now - self._ran_at >= self._every

    def _run(self, replica: Replica, moment: Moment) -> None:
        # Not the snapshot's time, which stands still while nothing that is shown changes: a registration shows nowhere.
        ((as_of,),) = replica.connection.execute("select max(as_of) from derived").fetchall()
        checked = check_records(replica.connection, self._pack, self._settings.record_rules, as_of=as_of)
        checks = Checks(moment.now, as_of, checked.seconds, checked.lacks)
        saved = save_findings(self._store, moment.epoch, checked.found, checks)
        self._changed, self._ran_at = False, moment.now
        _LOG.info(
            "Record rules: %s findings in %.1f s; %s new, %s returned, %s gone",
            len(checked.found), checked.seconds, saved.new, saved.returned, saved.gone,
        )  # fmt: skip
