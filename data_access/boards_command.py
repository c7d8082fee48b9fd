"""What the command line does with published boards: list them, show one, publish what is due."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any

from data_access.board_records import number_json
from data_access.boards import MOST_AT_ONCE, Boards, publish_due, publish_one, waits_for
from data_access.command import published_snapshot
from data_access.scheduler import LEASE
from data_access.settings import Settings
from data_access.store import Store, StoreError
from data_access.store.boards import board_record, board_restatements, published_weeks
from data_access.store.lease import acquire, release
from data_access.workplace import holder
from metrics.boards import GROUP, Standing, only
from metrics.closing import Waiting
from metrics.duels import Meeting
from metrics.nearest import nearest
from metrics.pack import Pack
from metrics.reading import Reading
from metrics.records import Record
from metrics.snapshot import Snapshot

ACTOR = "command line"
Row = dict[str, Any]
_WAITS = {
    "running": "its week closes at {until}",
    "data": "it waits for data up to {until}",
    "frozen": "it waits for {entity}, which stands still since its last refresh failed",
}


class BoardsCommand:
    """The commands about boards on one opened store."""

    def __init__(self, settings: Settings, pack: Pack, store: Store, clock: Callable[[], datetime]) -> None:
        self._settings = settings
        self._store = store
        self._clock = clock
        self._boards = Boards(settings, pack)

    def listed(self, board: str | None) -> list[Row] | str:
        """Every published week, newest first, with its digest and whether it is as it was published; how to begin where none is."""
        if board is not None:
            self._known(board)
        found = [
            self._line(record)
            for name, weeks in published_weeks(self._store).items()
            if board in (None, name)
            for one in weeks
            if (record := board_record(self._store, name, one.week)) is not None
        ]
        return found or "No board is published yet. See what is due with: python app.py boards publish"

    def _line(self, record: Record) -> Row:
        return {
            "board": record.board,
            "week": record.week.isoformat(),
            "published_at": f"{self._boards.local(record.published_at):%Y-%m-%d %H:%M}",
            "as_of": f"{record.as_of:%Y-%m-%d %H:%M}",
            "rows": sum(len(one.standings) for one in record.sections.values()) + len(record.meetings),
            "restated": len(board_restatements(self._store, record.board, record.week)),
            "whole": "yes" if record.is_whole else "NO",
            "digest": record.digest,
        }

    def show(self, board: str, week: str | None, project: str | None) -> list[Row]:
        """The rows of a published week (by default the newest), of a project alone where one is named: exact values as "a/b"."""
        self._known(board)
        record = self._record(board, week)
        if record.meetings or not record.sections:
            return [_meeting(one) for one in record.meetings if project is None or project in (one.left, one.right)]
        section = project if project in record.sections else GROUP
        shown = record.sections[section or GROUP]
        if project is not None and section == GROUP:
            shown = only(shown, frozenset((project,)))
        return [_row(one) for one in shown.standings]

    def _record(self, board: str, week: str | None) -> Record:
        weeks = [one.week for one in published_weeks(self._store).get(board, ())]
        wanted = _monday(week) if week else next(iter(weeks), None)
        record = board_record(self._store, board, wanted) if wanted else None
        if record is None:
            known = f"Published: {', '.join(map(str, weeks[:5]))}." if weeks else "No week of it is published yet."
            raise LookupError(f"{board} is not published for the week {wanted or '…'}. {known}")
        return record

    def publish(self, board: str | None, week: str | None) -> list[Row]:
        """Publish what is due (of one board, of one week); StoreError in words when it is not due, not complete or not ours to do."""
        if week is not None and board is None:
            raise StoreError("A week needs its board: python app.py boards publish BOARD --week YYYY-MM-DD")
        if board is not None:
            self._known(board)
        snapshot, now = published_snapshot(self._settings), self._clock()
        last = self._boards.closing.last_closed(self._boards.local(now))
        monday = _monday(week) if week else last
        if board is not None:
            self._refuse(board, monday, snapshot)
        elif reasons := self._nothing_due(snapshot):
            raise StoreError("Nothing to publish. " + " ".join(reasons))
        me = holder()
        epoch = acquire(self._store, me, LEASE, now)
        if epoch is None:
            raise StoreError(
                "A refresher leads and publishes boards by itself after each refresh. See: python app.py boards list"
            )
        try:
            if board is None:
                found = publish_due(self._boards, self._store, epoch, snapshot, now, by=ACTOR, most=MOST_AT_ONCE)
            else:
                made = publish_one(self._boards, self._store, epoch, board, monday, snapshot, now, ACTOR)
                found = [made] if made else []
        finally:
            release(self._store, me, epoch, self._clock())
        return [{"board": one.board, "week": one.week.isoformat(), "digest": one.digest} for one in found]

    def _refuse(self, board: str, monday: date, snapshot: Snapshot) -> None:
        """Raise StoreError for a week that cannot be published, in words."""
        now = self._clock()
        if board_record(self._store, board, monday) is not None:
            raise StoreError(f"{board} is published for the week {monday} already, and that never changes.")
        if not self._boards.is_there(board, snapshot):
            raise StoreError(f"{board} cannot be published: the source lacks what it needs.")
        if waits := waits_for(self._boards, self._store, board, monday, snapshot, now):
            raise StoreError(f"{board} is not published for the week {monday}: {_said(waits)}.")
        if monday not in self._boards.due(board, now, self._done(board)):
            raise StoreError(f"{board} is not due for the week {monday}: boards began later, or nobody meets in it.")

    def _nothing_due(self, snapshot: Snapshot) -> list[str]:
        """Why nothing can be published, each reason once; nothing when something can."""
        reasons = []
        for name in self._boards.all:
            due = self._boards.due(name, self._clock(), self._done(name))
            waits = waits_for(self._boards, self._store, name, due[0], snapshot, self._clock()) if due else None
            if not due:
                reasons.append("Every closed week is published.")
            elif not self._boards.is_there(name, snapshot):
                reasons.append(f"{name}: the source lacks what it needs.")
            elif waits:
                reasons.append(f"{name}, week {due[0]}: {_said(waits)}.")
            else:
                return []
        return list(dict.fromkeys(reasons))

    def _done(self, name: str) -> list[date]:
        return [one.week for one in published_weeks(self._store).get(name, ())]

    def _known(self, board: str) -> None:
        known = {*self._boards.all, *published_weeks(self._store)}
        if board not in known:
            raise LookupError(f"There is no board {board!r}. {nearest(board, known)}")


def _monday(text: str) -> date:
    """The Monday of the week of a day."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise LookupError(f"--week is {text!r}. Give a day such as 2026-03-02.") from None
    return date.fromordinal(day.toordinal() - day.weekday())


def _said(waits: Waiting) -> str:
    return _WAITS[waits.why].format(until=f"{waits.until:%Y-%m-%d %H:%M}", entity=waits.entity)


def _row(one: Standing) -> Row:
    note = "exempt" if one.exempt else "few" if one.few else one.raw.missing or ""
    return {
        "rank": one.rank,
        "subject": one.subject,
        "value": number_json(one.value.value),
        **_reading(one.raw),
        "change": one.change,
        "tied": one.tied,
        "note": note,
        **{part.metric: number_json(part.points) for part in one.parts},
        **{name: number_json(reading.value) for name, reading in one.beside},
    }


def _reading(one: Reading) -> Row:
    parts = {"raw": one.value, "numerator": one.numerator, "denominator": one.denominator}
    return {**{name: number_json(value) for name, value in parts.items()}, "n": one.n}


def _meeting(one: Meeting) -> Row:
    return {
        "left": one.left,
        "right": one.right,
        "left_value": number_json(one.left_reading.value),
        "right_value": number_json(one.right_reading.value),
        "outcome": one.outcome,
    }


@contextmanager
def boards_command(settings: Settings, pack: Pack, clock: Callable[[], datetime]) -> Iterator[BoardsCommand]:
    """The commands about boards on the store the settings name, closed again afterwards."""
    store = Store.open(settings.store.url)
    try:
        yield BoardsCommand(settings, pack, store, clock)
    finally:
        store.close()
