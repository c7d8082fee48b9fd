"""Health reports and commitments after every refresh: drafts of published weeks, and what those weeks say of what was promised."""

from collections import Counter
from collections.abc import Mapping
from datetime import date, timedelta
from fractions import Fraction

from data_access.boards import Boards
from data_access.rhythm import Moment
from data_access.settings import Settings
from data_access.store import Store
from data_access.store.boards import Published, published_weeks
from data_access.store.commitments import all_commitments, keep_check
from data_access.store.record_findings import counted, last_checks
from data_access.store.reports import draft_reports, drafted_weeks
from metrics.boards import Terms
from metrics.closing import WEEK
from metrics.commitments import Checked, Commitment, decides, judged, read, state
from metrics.health import reports
from metrics.pack import Pack
from metrics.periods import Span
from metrics.rules import Limits, findings
from metrics.snapshot import Snapshot
from metrics.totals import EVERYTHING, Frames

DRAFTED_WEEKS = 4
"""How far back a published week without reports is still given some."""
USUAL_LIMIT = Fraction(1, 10)


def report_board(boards: Boards, snapshot: Snapshot) -> str | None:
    """The board whose publication reports follow: the pack's, or the first of projects that the source can give."""
    spec = boards.pack.report
    if spec is None:
        return None
    others = [name for name, one in boards.pack.boards.items() if one.of == "project"]
    return next((name for name in (spec.board, *others) if boards.is_there(name, snapshot)), None)


def behind_limit(pack: Pack, thresholds: Mapping[str, Mapping[str, object]], project: str) -> Fraction:
    """By how much of the year's target a project may be behind: the limit of the pack's rule, as the settings change it."""
    rule = next((one for one in pack.rules.values() if one.kind == "pace"), None)
    return Limits(rule, thresholds.get(rule.name, {})).limit(project) if rule else USUAL_LIMIT


class Reporter:
    """The step after a refresh that drafts reports and checks commitments; it follows the one that publishes boards."""

    def __init__(self, settings: Settings, pack: Pack, store: Store) -> None:
        self._boards = Boards(settings, pack)
        self._settings = settings
        self._store = store

    def step(self, moment: Moment) -> None:
        """Draft what has none, then look at what was promised."""
        weeks = self._published(moment.snapshot)
        last = self._boards.closing.last_closed(self._boards.local(moment.now))
        there = set(drafted_weeks(self._store))
        for one in weeks:
            if one.week not in there and one.week > last - DRAFTED_WEEKS * WEEK:
                self.draft(moment, one)
        self.check(moment, weeks)

    def _published(self, snapshot: Snapshot) -> list[Published]:
        """The weeks of the board that reports follow, oldest first."""
        name = report_board(self._boards, snapshot)
        return sorted(published_weeks(self._store).get(name or "", []), key=lambda one: one.week)

    def draft(self, moment: Moment, week: Published) -> int:
        """Draft every project's report on a published week, as this snapshot shows it."""
        pack, terms, frames = self._boards.pack, self._boards.terms, Frames(moment.snapshot)
        thresholds = self._settings.rules
        made = reports(
            frames,
            pack,
            week.week,
            found=findings(frames, pack, thresholds),
            on_record=on_record(self._store),
            exempt=_exempt(terms, week.week),
            behind_limit=lambda project: behind_limit(pack, thresholds, project),
        )
        return draft_reports(self._store, moment.epoch, week.week, week.published_at, made.values(), moment.now)

    def check(self, moment: Moment, weeks: list[Published]) -> None:
        """Let each published week say once how an open promise stands; the first that reaches its date decides."""
        frames = Frames(moment.snapshot)
        for one, known in all_commitments(self._store):
            if state(one, known) != "open":
                continue
            said = {each.week for each in known}
            for week in weeks:
                if week.week in said or not _follows(one, week, self._boards):
                    continue
                found = _checked(frames, self._boards.pack, one, week.week, moment)
                if keep_check(self._store, moment.epoch, found) and found.outcome:
                    break


def on_record(store: Store) -> dict[str, int] | None:
    """How many findings of the record rules stand against each project and are not rejected; None before the rules have run."""
    if last_checks(store) is None:
        return None
    found: Counter[str] = Counter()
    for one in counted(store, EVERYTHING):
        if one.project is not None and one.state != "rejected" and not one.gone:
            found[one.project] += one.n
    return dict(found)


def _exempt(terms: Terms, monday: date) -> frozenset[str]:
    return terms.exempt_in(Span(monday, monday + timedelta(6)))


def _follows(one: Commitment, week: Published, boards: Boards) -> bool:
    """Whether a week was published after the promise was made, and not before its first day."""
    made = boards.local(one.made_at).date()
    return week.published_at > one.made_at and week.week + timedelta(6) >= made


def _checked(frames: Frames, pack: Pack, one: Commitment, monday: date, moment: Moment) -> Checked:
    reading = read(frames, pack, one, monday)
    outcome = judged(reading, one.value, one.told["better"], one.told["min_n"]) if decides(one, monday) else None
    return Checked(one.id, monday, moment.now, moment.snapshot.version, reading, outcome)
