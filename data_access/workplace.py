"""Everything a process needs to refresh or to show: store, snapshots, source and replica, opened from the settings."""

from __future__ import annotations

import logging
import os
import secrets
import socket
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from data_access.scheduler import Job, Plan, RefreshFailed, Scheduler
from data_access.settings import SettingError, Settings
from data_access.source import Source, SourceError
from data_access.store import Store
from data_access.store.secrets import secret as key_in
from data_access.store.slots import Depth
from metrics.pack import Pack

if TYPE_CHECKING:
    from data_access.pull import Progress
    from data_access.refresh import Refreshed, Refresher
    from data_access.replica import Replica

Clock = Callable[[], datetime]
_SIGNS_OF_DAMAGE = ("not a valid DuckDB", "Could not read enough bytes", "Corrupt database", "version number")
"""What DuckDB says of a file that is cut off, overwritten, altered, or of a version that it cannot read."""
_LOG = logging.getLogger(__name__)


def person_key(settings: Settings) -> bytes:
    """The key that hashes phones: from the environment, else from the key file (made at first use)."""
    if settings.security.person_key:
        return settings.security.person_key.encode()
    return key_in(settings.security.key_file)


def open_source(settings: Settings) -> Source:
    """The operational database; SettingError when none is set, or one that nothing here can read."""
    if not settings.source.url:
        raise SettingError("source.url is empty. Give the URL of a read-only account of your database.")
    given, zone = settings.source, settings.group.time_zone
    try:
        return Source(given.url, given.time_zone, group_zone=zone, timeout_seconds=given.statement_timeout_seconds)
    except SourceError as error:
        raise SettingError(str(error)) from None


def refuse_writable(settings: Settings, allowed: Sequence[str]) -> None:
    """Raise SettingError when the source's account may write what is listed, unless the settings let it pass."""
    if allowed and not settings.source.allow_writable:
        raise SettingError(
            f"The account may write: {', '.join(allowed)}. Give it SELECT only, or set source.allow_writable = true."
        )


def reads_only(settings: Settings, source: Source) -> bool:
    """Whether the source was asked what its account may write, and that passes; False while it cannot be asked, SettingError."""
    try:
        refuse_writable(settings, source.writable())
    except SourceError:
        return False
    return True


def holder() -> str:
    """This process, as the lease knows it."""
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"


class Refreshing:
    """The refresher of this process; it opens the replica when it first leads, for only the leader may."""

    def __init__(self, settings: Settings, pack: Pack, store: Store, clock: Clock) -> None:
        self._settings = settings
        self._pack = pack
        self._store = store
        self._clock = clock
        self._opened: tuple[Refresher, Replica, Source] | None = None
        self._only_reads = False

    def run(self, epoch: int, depth: Depth, progress: Progress | None = None) -> Refreshed:
        """Refresh once under an epoch of the lease; a replica that is damaged is moved away, and all is read anew."""
        import duckdb

        try:
            return self._run(epoch, depth, progress)
        except duckdb.Error as error:
            self.close()
            if not _is_damaged(error):
                raise
            self._move_away(error)
            return self._run(epoch, "full", progress)

    def _run(self, epoch: int, depth: Depth, progress: Progress | None) -> Refreshed:
        try:
            self._opened = self._opened or self._open()
            # While it cannot be asked nothing can be read either, which the refresh itself will say.
            self._only_reads = self._only_reads or reads_only(self._settings, self._opened[2])
        except SettingError as error:
            raise RefreshFailed(str(error)) from None
        return self._opened[0].run(epoch, depth, progress)

    def job(self, epoch: int, depth: Depth, progress: Progress | None = None) -> str:
        """Refresh once and say in words what happened, as the scheduler wants it; RefreshFailed when it failed."""
        done = self.run(epoch, depth, progress)
        if done.outcome == "failed":
            raise RefreshFailed(done.error)
        return str(done)

    @property
    def replica(self) -> Replica | None:
        """The replica, None while it was never opened here."""
        return self._opened[1] if self._opened else None

    def close(self) -> None:
        """Let go of the replica and the source."""
        if self._opened is not None:
            self._opened[1].close()
            self._opened[2].close()
            self._opened = None

    def _open(self) -> tuple[Refresher, Replica, Source]:
        # Only here: a process that never leads does without what refreshing needs, DuckDB above all.
        import duckdb

        from data_access.refresh import Refresher
        from data_access.replica import Replica

        settings, source = self._settings, open_source(self._settings)
        zone, source_zone = settings.group.time_zone, settings.source.time_zone
        path = settings.replica.path
        try:
            replica = Replica(path, person_key(settings), zone=zone, source_zone=source_zone)
        except (duckdb.Error, OSError) as error:
            source.close()
            if isinstance(error, duckdb.Error) and _is_damaged(error):
                raise
            reason = str(error).splitlines()[0].rstrip(".")
            raise RefreshFailed(f"The replica {path} cannot be opened: {reason}.") from None
        return Refresher(settings, self._pack, source, replica, self._store, self._clock), replica, source

    def _move_away(self, error: Exception) -> None:
        path = self._settings.replica.path
        aside = path.with_name(f"{path.name}.damaged")
        _LOG.error("The replica %s is damaged and now called %s; all is read anew: %s", path, aside.name, error)
        path.with_name(f"{path.name}.wal").unlink(missing_ok=True)
        path.replace(aside)


def _is_damaged(error: Exception) -> bool:
    """Whether the replica's file is not what was written; a full disk, or another process that has it open, is no damage."""
    return any(sign in str(error) for sign in _SIGNS_OF_DAMAGE)


def scheduler(settings: Settings, job: Job, store: Store, clock: Clock) -> Scheduler:
    """The scheduler that runs the refreshing job by the settings' plan while this process leads."""
    logging.getLogger("apscheduler").setLevel(logging.WARNING)
    given = settings.refresh
    plan = Plan(given.every_seconds, given.keys_every_seconds, given.full_at, ZoneInfo(settings.group.time_zone))
    return Scheduler(store, plan, job, holder(), clock)
