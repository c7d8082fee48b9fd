"""Published boards as pages ask for them: the record where there is one, what the week waits for where there is none."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING

from data_access.boards import Boards, as_of_shown, waits_for
from data_access.store import Store
from data_access.store.boards import (
    Published,
    board_record,
    board_records,
    board_restatements,
    edition,
    published_weeks,
)
from metrics.boards import GROUP, Board, board, half_seen, only
from metrics.closing import WEEK, Waiting
from metrics.duels import Duel, project_of
from metrics.pack import BoardSpec
from metrics.periods import week_start
from metrics.records import Record, Restatement
from metrics.snapshot import Snapshot
from metrics.totals import EVERYTHING

if TYPE_CHECKING:
    from dashboards._page import View


@dataclass(frozen=True)
class Shelf:
    """The records of one store at a moment; `edition` differs whenever a page could say something else."""

    boards: Boards
    store: Store
    now: datetime
    edition: str

    def record(self, name: str, week: date) -> Record | None:
        """The record of a board's week."""
        return board_record(self.store, name, week)

    def records(self, name: str) -> list[Record]:
        """Every record of a board, oldest first."""
        return board_records(self.store, name)

    def weeks(self, name: str) -> list[Published]:
        """What is published of a board, newest week first."""
        return published_weeks(self.store).get(name, [])

    def waits_for(self, name: str, week: date, snapshot: Snapshot) -> Waiting | None:
        """What an unpublished week waits for; None when nothing holds it up any more, or it is too old to be published."""
        return waits_for(self.boards, self.store, name, week, snapshot, self.now)

    def restatements(self, name: str, week: date) -> list[Restatement]:
        """What later data said of a board's week, oldest first."""
        return board_restatements(self.store, name, week)

    @property
    def running(self) -> date:
        """The Monday of the first week that is not closed."""
        return self.boards.closing.last_closed(self.boards.local(self.now)) + WEEK


def shelf(boards: Boards, store: Store, snapshot: Snapshot, now: datetime) -> Shelf:
    """The records of a store now."""
    closed = boards.closing.last_closed(boards.local(now))
    as_of = as_of_shown(store, snapshot)
    is_complete = as_of is not None and as_of >= boards.closing.closes(closed)
    return Shelf(boards, store, now, f"{edition(store)}/{closed}/{is_complete}/{week_start(boards.local(now).date())}")


@dataclass(frozen=True)
class Shown:
    """A board's week as one viewer may see it: `among` how many a rank was won where not all rows are shown."""

    board: Board
    among: int | None = None
    record: Record | None = None
    waiting: Waiting | None = None
    hidden: int = 0


def shown(view: View, spec: BoardSpec, monday: date) -> Shown:
    """The record of a week, else what the data says so far; referrers and channels within the scope, projects among all."""
    record = view.shelf.record(spec.name, monday) if view.shelf else None
    whole = _recorded(view, spec, record) if record else _live(view, spec, monday)
    waiting = view.shelf.waits_for(spec.name, monday, view.snapshot) if view.shelf and not record else None
    seen = within_half(view, spec, whole)
    hidden = len(whole.rows) - len(seen.rows)
    own = view.scope.projects if spec.of == "project" else None
    if own is None:
        return Shown(seen, None, record, waiting, hidden)
    return Shown(only(seen, own), len(whole.rows), record, waiting)


def _recorded(view: View, spec: BoardSpec, record: Record) -> Board:
    section = section_of(view, spec)
    found = record.sections.get(section)
    return found if found is not None else replace(record.sections[GROUP], rows=(), unranked=(), kept=())


def section_of(view: View, spec: BoardSpec) -> str:
    """Which section of a record this viewer reads: all together, or what ranks within the own project."""
    if spec.of == "project" or view.scope.projects is None:
        return GROUP
    # Nobody's project is the name of a section, so who has none reads none.
    return next(iter(sorted(view.scope.projects)), "\0")


def _live(view: View, spec: BoardSpec, monday: date) -> Board:
    where = EVERYTHING if spec.of == "project" else view.scope.where
    return board(view.frames, view.pack, spec, monday, where, view.terms)


def within_half(view: View, spec: BoardSpec, whole: Board) -> Board:
    """A board of projects without its lower half, where the settings hide that from this viewer."""
    return half_seen(view.scope, view.lower_half, spec, whole)


def duel_in_view(view: View, duel: Duel, subject: str) -> bool:
    """Whether this viewer may know who a side is and what it did."""

    own = view.scope.projects
    return own is None or project_of(view.snapshot, duel.of, subject) in own
