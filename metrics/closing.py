"""When a board's week closes, which weeks are due, and what an unpublished one waits for."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal

from metrics.periods import week_start
from metrics.snapshot import Frozen

WEEK = timedelta(weeks=1)
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True)
class Closing:
    """The weekday and time, in the group's zone, at which the week before closes."""

    weekday: str = "monday"
    at: time = time(8)

    def closes(self, monday: date) -> datetime:
        """When the week that starts on this Monday closes (group zone, without zone)."""
        return datetime.combine(monday + WEEK + timedelta(WEEKDAYS.index(self.weekday)), self.at)

    def last_closed(self, now: datetime) -> date:
        """The Monday of the last week that is closed at a moment of the group's zone."""
        monday = week_start(now.date()) - WEEK
        return monday if self.closes(monday) <= now else monday - WEEK

    def due(self, now: datetime, done: Collection[date], backfill: int = 0) -> list[date]:
        """The Mondays of the closed weeks that are not published, oldest first.

        They begin with the first that ever was; where none was, with the last closed week and so many before it.
        """
        last = self.last_closed(now)
        monday, found = min([last - backfill * WEEK, *done]), []
        while monday <= last:
            if monday not in done:
                found.append(monday)
            monday += WEEK
        return found


@dataclass(frozen=True)
class Waiting:
    """Why a week is not published: it has not closed, its data is not complete, or an entity stands still."""

    why: Literal["running", "data", "frozen"]
    until: datetime
    entity: str = ""


def waiting(
    closes: datetime, now: datetime, as_of: datetime | None, frozen: Iterable[Frozen], entities: Collection[str]
) -> Waiting | None:
    """What a week waits for at `now`, given how far the data goes (all in the group's zone); None when it may be published."""
    if now < closes:
        return Waiting("running", closes)
    if as_of is None or as_of < closes:
        return Waiting("data", closes)
    still = min((one.entity for one in frozen if one.entity in entities), default=None)
    return Waiting("frozen", closes, still) if still else None
