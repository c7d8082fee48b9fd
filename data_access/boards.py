"""Publishing boards: each closed week once, when its data is complete; later data is listed, and a closed year's sheets are frozen."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

from data_access.rhythm import Moment
from data_access.settings import Settings
from data_access.store import Store
from data_access.store.audit import PROGRAM
from data_access.store.boards import Published, board_records, publish_board, published_weeks, restate
from data_access.store.commitments import all_commitments
from data_access.store.published import state
from data_access.store.record_findings import Asked, last_checks
from data_access.store.record_findings import findings as record_findings
from data_access.store.sheets import freeze_sheets, frozen_years
from metrics.boards import Board, Terms, board_lacks, sections
from metrics.closing import WEEK, Closing, Waiting, waiting
from metrics.commitments import Checked, Commitment, kept_share
from metrics.commitments import state as state_of
from metrics.duels import Duel, Meeting, duels, meetings
from metrics.pack import BoardSpec, Label, Metric, Pack
from metrics.periods import year_of_week
from metrics.query import lacking
from metrics.reading import count, missing
from metrics.records import Definition, Record, definition, duel_definition, is_same, places
from metrics.sheets import Scored, Sheet, is_closed, sheets
from metrics.snapshot import Snapshot
from metrics.totals import EVERYTHING, Frames

MOST_AT_ONCE = 20
"""Records made after one refresh; the rest waits for the next, so that refreshing is not held up."""
RESTATED_WEEKS = 13
"""How far back later data is looked for."""
RESTATE_EVERY = timedelta(hours=1)
POINTS_PER_FINDING = 10
"""What each confirmed finding takes of a hundred points on the yearly sheet (docs/decisions/0005)."""
MOST_CONFIRMED = 100_000
_RANKED = {"project": "project", "channel": "channel", "referrer": "referral"}


@dataclass(frozen=True)
class Read:
    """A week of a board or of a duel as a snapshot shows it."""

    definition: Definition
    sections: Mapping[str, Board]
    meetings: tuple[Meeting, ...] = ()


def closing_of(settings: Settings) -> Closing:
    """When boards close."""
    return Closing(settings.boards.closes_on, settings.boards.closes_at)


def terms_of(settings: Settings) -> Terms:
    """What the settings say of boards."""
    told = settings.boards
    return Terms(told.exempt, told.reward_per_referral, told.reward_per_contract, told.keep_from)


class Boards:
    """Everything that can be published: the pack's boards and the settings' duels."""

    def __init__(self, settings: Settings, pack: Pack) -> None:
        self.pack = pack
        self.closing = closing_of(settings)
        self.terms = terms_of(settings)
        self.backfill = settings.boards.backfill_weeks
        self.sheet_weights = settings.boards.sheet_weights
        self.duels = duels(pack, settings.duels)
        self.all: dict[str, BoardSpec | Duel] = {**pack.boards, **self.duels}
        self._zone = ZoneInfo(settings.group.time_zone)

    def local(self, now: datetime) -> datetime:
        """A moment as the group's clocks show it, without zone."""
        return now.astimezone(self._zone).replace(tzinfo=None)

    def label(self, name: str) -> Label:
        """What a board or duel is called."""
        return self.all[name].label

    def metric(self, name: str) -> Metric:
        """What it ranks or compares by."""
        spec = self.all[name]
        return self.pack.metric(spec.metric) if isinstance(spec, Duel) else self.pack.board_metric(spec)

    def entities(self, name: str) -> frozenset[str]:
        """The entities a board needs to be fresh."""
        spec = self.all[name]
        names = (spec.metric,) if isinstance(spec, Duel) else self.pack.board_metrics(spec)
        targets = {"target" for one in names if self.pack.metric(one).target}
        of = _RANKED.get(spec.of, "staff")
        return frozenset({of} | targets).union(*(self.pack.entities(one) for one in names))

    def is_there(self, name: str, snapshot: Snapshot) -> bool:
        """Whether the source can give it at all."""
        spec = self.all[name]
        if isinstance(spec, Duel):
            return lacking(snapshot, self.pack, self.pack.metric(spec.metric)) is None
        return board_lacks(snapshot, self.pack, spec) is None

    def read(self, name: str, monday: date, snapshot: Snapshot) -> Read:
        """A full week as a snapshot shows it."""
        spec, frames = self.all[name], Frames(snapshot)
        if isinstance(spec, Duel):
            told = duel_definition(self.pack, spec, monday, self.terms, snapshot)
            return Read(told, {}, meetings(frames, self.pack, spec, monday, self.terms))
        told = definition(self.pack, spec, monday, self.terms, snapshot)
        return Read(told, sections(frames, self.pack, spec, monday, self.terms))

    def due(self, name: str, now: datetime, done: Collection[date]) -> list[date]:
        """The closed weeks that are not published, oldest first; of a duel those in which somebody meets."""
        spec, at = self.all[name], self.local(now)
        if not isinstance(spec, Duel):
            return self.closing.due(at, done, self.backfill)
        season = (self.closing.last_closed(at) - spec.first) // WEEK + 1 if spec.first else 0
        weeks = self.closing.due(at, done, max(self.backfill, season))
        return [week for week in weeks if spec.meets_in(week)]


def as_of_shown(store: Store, snapshot: Snapshot) -> datetime | None:
    """How far the data of this snapshot goes by the last refresh; None when another snapshot is published."""
    pointer, beat = state(store)
    if pointer is None or pointer.sequence != snapshot.sequence:
        return None
    return max(snapshot.as_of, beat.as_of) if beat and beat.as_of else snapshot.as_of


class Publisher:
    """The step after a refresh that publishes boards."""

    def __init__(self, settings: Settings, pack: Pack, store: Store) -> None:
        self._boards = Boards(settings, pack)
        self._store = store
        self._restated: tuple[str, datetime] | None = None
        self._may_freeze = True

    def step(self, moment: Moment) -> None:
        """Publish what is due and complete, and list what later data says."""
        found = publish_due(self._boards, self._store, moment.epoch, moment.snapshot, moment.now)
        self._may_freeze = self._may_freeze or bool(found)
        if self._may_restate(moment):
            restate_all(self._boards, self._store, moment.epoch, moment.snapshot, moment.now)
            self._restated = moment.snapshot.version, moment.now

    def freeze(self, moment: Moment) -> None:
        """Freeze the sheets of a closed year: a step of its own, since the last boards decide the last promises first."""
        if self._may_freeze:
            done = freeze_closed(self._boards, self._store, moment.epoch, moment.snapshot, moment.now)
            self._may_freeze = not done

    def _may_restate(self, moment: Moment) -> bool:
        """Once an hour is enough, and only where the numbers moved."""
        if self._restated is None:
            return True
        version, at = self._restated
        return version != moment.snapshot.version and abs(moment.now - at) >= RESTATE_EVERY


def waits_for(
    boards: Boards, store: Store, name: str, monday: date, snapshot: Snapshot, now: datetime
) -> Waiting | None:
    """What a board's week waits for; None when it may be published."""
    closes = boards.closing.closes(monday)
    as_of = as_of_shown(store, snapshot)
    return waiting(closes, boards.local(now), as_of, snapshot.frozen, boards.entities(name))


def publish_due(
    boards: Boards,
    store: Store,
    epoch: int,
    snapshot: Snapshot,
    now: datetime,
    *,
    by: str = PROGRAM,
    most: int = MOST_AT_ONCE,
) -> list[Published]:
    """Publish the closed weeks whose data is complete, oldest first, at most so many; what was published."""
    done = published_weeks(store)
    found: list[Published] = []
    wanted = [
        (week, name)
        for name in boards.all
        if boards.is_there(name, snapshot)
        for week in boards.due(name, now, [one.week for one in done.get(name, ())])
    ]
    for week, name in sorted(wanted):
        if len(found) == most:
            break
        if waits_for(boards, store, name, week, snapshot, now) is None:
            made = publish_one(boards, store, epoch, name, week, snapshot, now, by)
            found += [made] if made else []
    return found


def publish_one(
    boards: Boards, store: Store, epoch: int, name: str, monday: date, snapshot: Snapshot, now: datetime, by: str
) -> Published | None:
    """Publish one week of a board as this snapshot shows it; None when it is published already. StaleLeader."""
    read = boards.read(name, monday, snapshot)
    as_of = as_of_shown(store, snapshot) or snapshot.as_of
    record = Record(name, monday, now, snapshot.version, as_of, read.definition, read.sections, read.meetings)
    return publish_board(store, epoch, record, now, by)


def restate_all(boards: Boards, store: Store, epoch: int, snapshot: Snapshot, now: datetime) -> int:
    """List what this snapshot says of the last quarter's published boards instead; how many rows. A board that is read
    otherwise by now, or no longer at all, is left as it is."""
    count = 0
    for record in board_records(store, since=boards.closing.last_closed(boards.local(now)) - RESTATED_WEEKS * WEEK):
        if record.board not in boards.all or not boards.is_there(record.board, snapshot):
            continue
        read = boards.read(record.board, record.week, snapshot)
        if is_same(read.definition, record.definition):
            found = places(read.sections, read.meetings)
            count += restate(store, epoch, record, found, snapshot.version, now)
    return count


def freeze_closed(boards: Boards, store: Store, epoch: int, snapshot: Snapshot, now: datetime) -> bool:
    """Freeze the sheets of the year before, once its last week is published; False while a promise of that year is undecided."""
    year = year_of_week(boards.closing.last_closed(boards.local(now)) + WEEK) - 1
    if year in frozen_years(store):
        return True
    if any(one.due.year == year and state_of(one, said) == "open" for one, said in all_commitments(store)):
        return False
    records = board_records(store, since=date(year, 1, 1) - WEEK)
    if is_closed(records, year, boards.all):
        freeze_sheets(store, epoch, year, year_sheets(boards, store, records, snapshot, year), now)
    return True


def year_sheets(boards: Boards, store: Store, records: list[Record], snapshot: Snapshot, year: int) -> list[Sheet]:
    """Every project's sheet of a year, as its records and commitments stand."""
    heads = {id: one.head_id for id, one in snapshot.projects.items()}
    promised = all_commitments(store)
    confirmed = confirmed_in(store, boards, year)
    sources = {
        "commitments": lambda year, project: commitments_scored(promised, year, project),
        "findings": lambda year, project: findings_scored(confirmed, project),
    }
    return sheets(records, heads, year, boards.sheet_weights, sources)


def confirmed_in(store: Store, boards: Boards, year: int) -> Counter[str] | None:
    """How many findings of the record rules were confirmed in a year, by project; None before the rules have run."""
    if last_checks(store) is None:
        return None
    found = record_findings(store, Asked(EVERYTHING, state="confirmed"), limit=MOST_CONFIRMED)
    dated = ((one.found.project, one.decided_at) for one in found)
    return Counter(project for project, at in dated if project and at and boards.local(at).year == year)


def findings_scored(confirmed: Counter[str] | None, project: str) -> Scored:
    """A project's confirmed findings of a year; each takes ten of a hundred points."""
    if confirmed is None:
        return Scored(missing("not_yet"))
    return Scored(count(confirmed[project]), Fraction(max(100 - POINTS_PER_FINDING * confirmed[project], 0)))


def commitments_scored(promised: Iterable[tuple[Commitment, Sequence[Checked]]], year: int, project: str) -> Scored:
    """Kept ÷ decided of a project's promises that were due in a year; points are the percentage."""
    mine = [state_of(one, said) for one, said in promised if one.project == project and one.due.year == year]
    share = kept_share(mine)
    return Scored(share, Fraction(share.value) * 100 if share.value is not None else None)
