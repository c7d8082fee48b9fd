"""Published boards: the record that never changes, what later data would say instead, and what follows from records alone."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from metrics.boards import GROUP, NO_TERMS, TOP, Board, Standing, Terms
from metrics.duels import Duel, Meeting
from metrics.pack import BoardSpec, Metric, Pack
from metrics.periods import Span, year_of_week
from metrics.reading import Reading
from metrics.snapshot import Snapshot

AWARD_WEEKS = 13
"""TOP3 for a whole quarter earns 优先集团年度评优."""
Definition = Mapping[str, Any]
"""How a board was read, as plain JSON values."""


@dataclass(frozen=True)
class Record:
    """One published week of a board or of a duel: its sections, or its meetings, with the snapshot and the definition behind them.

    `published_at` is UTC, `as_of` the data's time in the group's zone; `digest` is over all the rest.
    """

    board: str
    week: date
    published_at: datetime
    snapshot: str
    as_of: datetime
    definition: Definition
    sections: Mapping[str, Board]
    meetings: tuple[Meeting, ...] = ()
    digest: str = ""
    is_whole: bool = True


@dataclass(frozen=True)
class Place:
    """What later data may change of a row: its rank and its plain reading; of a duel's pair its outcome and both readings."""

    rank: int | None
    reading: Reading
    other: Reading | None = None
    outcome: str = ""


@dataclass(frozen=True)
class Restatement:
    """What later data says of one row of a published board: who, from what, to what, when; the record itself stays (重述)."""

    board: str
    week: date
    section: str
    subject: str
    before: Place | None
    after: Place | None
    at: datetime
    snapshot: str
    why: str = "later_data"


Places = Mapping[tuple[str, str], Place]


def places(sections: Mapping[str, Board], meetings: Iterable[Meeting] = ()) -> dict[tuple[str, str], Place]:
    """Every row by section and subject, as far as later data may change it."""
    found = {
        (section, one.subject): Place(one.rank, _read(one))
        for section, board in sections.items()
        for one in board.standings
    }
    return found | {
        (GROUP, f"{one.left}|{one.right}"): Place(None, one.left_reading, one.right_reading, one.outcome)
        for one in meetings
    }


def _read(one: Standing) -> Reading:
    return one.raw


def changed(before: Places, after: Places) -> list[tuple[tuple[str, str], Place | None, Place | None]]:
    """The rows whose rank or numbers differ, each with what it was and what it would be; in order."""
    keys = sorted(before.keys() | after.keys())
    return [(key, before.get(key), after.get(key)) for key in keys if before.get(key) != after.get(key)]


def restated(record: Record, known: Iterable[Restatement]) -> dict[tuple[str, str], Place]:
    """A record's rows as the restatements known so far, oldest first, leave them."""
    found: dict[tuple[str, str], Place] = places(record.sections, record.meetings)
    for one in known:
        if one.after is None:
            found.pop((one.section, one.subject), None)
        else:
            found[one.section, one.subject] = one.after
    return found


# ----------------------------------------------------------------------------------------------------------- definition


def definition(pack: Pack, spec: BoardSpec, monday: date, terms: Terms, snapshot: Snapshot) -> dict[str, Any]:
    """How a board is read: its metrics with their formulas and measures, windows, least cases, weights, rewards and exemptions."""
    names = pack.board_metrics(spec)
    shown = pack.board_metric(spec)
    return {
        "of": spec.of,
        "metric": spec.metric,
        "weeks": spec.weeks,
        "since": spec.since,
        "against": spec.against,
        "shrink": spec.shrink,
        "min_n": shown.min_n,
        "parts": [{"metric": one.metric, "weight": int(one.weight), "since": one.since} for one in spec.parts],
        "rewards": {
            "referral": _text(terms.per_referral),
            "contract": _text(terms.per_contract),
            "keep_from": terms.keep_from,
        }
        if spec.rewarded
        else {},
        **({"without_gap": True} if spec.against else {}),
        **_shared(pack, names, monday, terms if spec.of == "project" else NO_TERMS, snapshot),
    }


def duel_definition(pack: Pack, duel: Duel, monday: date, terms: Terms, snapshot: Snapshot) -> dict[str, Any]:
    """How a duel's week is read."""
    pairs = [list(pair) for pair in duel.meets_in(monday)]
    shown = {"of": duel.of, "metric": duel.metric, "pairs": pairs, "label": duel.label.zh}
    return {**shown, **_shared(pack, (duel.metric,), monday, terms, snapshot)}


def _shared(pack: Pack, names: Sequence[str], monday: date, terms: Terms, snapshot: Snapshot) -> dict[str, Any]:
    metrics = [pack.metric(name) for name in names]
    measures = sorted({part for one in metrics for name in _measures(one) for part in pack.parts(name)})
    exempt = terms.exempt_in(Span(monday, monday + timedelta(6)))
    return {
        "formulas": {one.name: _formula(one) for one in metrics},
        "measures": {name: _counted(pack, name) for name in measures},
        "windows": dict(snapshot.windows),
        "exempt": {
            id: [one.first.isoformat(), one.last.isoformat()]
            for id, one in sorted(terms.exempt.items())
            if id in exempt
        },
        "pack": pack.name,
        "pack_fingerprint": fingerprint(pack),
    }


def is_same(one: Definition, other: Definition) -> bool:
    """Whether two definitions read the same numbers; the rest of the pack may differ."""
    return {**one, "pack_fingerprint": ""} == {**other, "pack_fingerprint": ""}


def fingerprint(pack: Pack) -> str:
    """A text that differs when any measure, metric or board of two packs does."""
    measures = {name: _counted(pack, name) for name in pack.measures}
    metrics = {one.name: _formula(one) for one in pack.metrics.values()}
    boards = {
        one.name: [one.of, one.metric, one.shrink, one.weeks, one.since, one.against, one.min_n, one.rewarded]
        + [[part.metric, int(part.weight), part.since] for part in one.parts]
        for one in pack.boards.values()
    }
    told = json.dumps([pack.name, measures, metrics, boards], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(told.encode()).hexdigest()


def _measures(metric: Metric) -> tuple[str, ...]:
    named = metric.formula.measures if metric.formula else (metric.target,) if metric.target else ()
    return (*named, metric.requires.measure) if metric.requires else named


def _formula(metric: Metric) -> dict[str, Any]:
    text = metric.formula.text if metric.formula else metric.target or metric.lag or metric.state
    kind = "formula" if metric.formula else "target" if metric.target else "lag" if metric.lag else "state"
    return {kind: text, "better": metric.better, "min_n": metric.min_n, "statistic": metric.statistic}


def _counted(pack: Pack, name: str) -> list[str]:
    measure = pack.measures[name]
    if measure.formula is not None:
        return [measure.formula.text]
    return [measure.source, measure.at, measure.sql, measure.where]


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


# ------------------------------------------------------------------------------------------------------ streaks, awards


@dataclass(frozen=True)
class Streak:
    """Weeks in a row among the first three of a board (连续TOP3): how many, from which week to which."""

    board: str
    subject: str
    weeks: int
    first: date
    last: date


def streaks(records: Iterable[Record], section: str = GROUP) -> dict[str, Streak]:
    """Of one board's records, each subject's running streak at the last of them.

    A shared rank counts. A week in which it is unranked or lower, or that is not published, ends a streak; one in which it is
    exempt, or in which all share the first rank by chance, neither counts nor ends it.
    """
    runs = _runs(records, section)
    return runs[-1] if runs else {}


def longest(records: Iterable[Record], section: str = GROUP) -> dict[str, Streak]:
    """Of one board's records, the longest streak each subject ever had; of equal ones the latest."""
    found: dict[str, Streak] = {}
    for running in _runs(records, section):
        for subject, one in running.items():
            if subject not in found or one.weeks >= found[subject].weeks:
                found[subject] = one
    return found


def awards(records: Iterable[Record], year: int) -> list[Streak]:
    """Whom the year's records earn 优先集团年度评优: each board's projects with 13 weeks in a row within the year."""
    by_board: dict[str, list[Record]] = {}
    for one in records:
        if year_of_week(one.week) == year and one.definition["of"] == "project" and GROUP in one.sections:
            by_board.setdefault(one.board, []).append(one)
    found = [one for each in by_board.values() for one in longest(each).values() if one.weeks >= AWARD_WEEKS]
    return sorted(found, key=lambda one: (one.board, -one.weeks, one.subject))


def _runs(records: Iterable[Record], section: str) -> list[dict[str, Streak]]:
    """Everybody's streak after each week, oldest first."""
    runs: list[dict[str, Streak]] = []
    running: dict[str, Streak] = {}
    before: date | None = None
    for record in sorted(records, key=lambda one: one.week):
        if before is not None and record.week - before > timedelta(weeks=1):
            running = {}
        before = record.week
        running = _next(record, record.sections.get(section), running)
        runs.append(running)
    return runs


def _next(record: Record, board: Board | None, running: Mapping[str, Streak]) -> dict[str, Streak]:
    if board is None:
        return {}
    found: dict[str, Streak] = {}
    for one in board.standings:
        kept = running.get(one.subject)
        if one.exempt or (board.by_chance and one.rank is not None):
            if kept:
                found[one.subject] = kept
        elif one.rank is not None and one.rank <= TOP:
            first, weeks = (kept.first, kept.weeks) if kept else (record.week, 0)
            found[one.subject] = Streak(record.board, one.subject, weeks + 1, first, record.week)
    return found
