"""PK: two projects, teams, salespeople or referrers head to head, week by week through a season."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from types import MappingProxyType
from typing import Any, Literal, NoReturn

from metrics.boards import NO_TERMS, Terms, referrer_counts
from metrics.nearest import nearest
from metrics.pack import Label, Metric, Pack, PackError
from metrics.periods import Span
from metrics.query import Query, known_by_staff, lacking, one, readings
from metrics.reading import Reading
from metrics.snapshot import NOWHERE, Snapshot
from metrics.teams import teams
from metrics.totals import Frames, Where

PREFIX = "pk_"
"""What the names of duels begin with among the boards."""
SIDES = ("project", "team", "staff", "referrer")
KEYS = {
    "label": "Name of the season, a text",
    "of": f"Who meets: {', '.join(SIDES)}; a team is written project/team",
    "metric": "What they are compared by; of referrers: referrals or referred_contracts",
    "first": "First day of the season; left out: from the first closed week on",
    "last": "Last day of the season; left out: open",
    "pairs": 'Pairs that meet every week, such as [["101", "102"]]',
    "schedule": 'Instead of pairs: list of { week = 2026-03-02, pairs = [["101", "102"]] }',
}
Side = Literal["project", "team", "staff", "referrer"]
Outcome = Literal["left", "right", "draw", "none"]
Pairs = tuple[tuple[str, str], ...]
WIN, DRAW = 3, 1
_REFERRALS = ("referrals", "referred_contracts")


@dataclass(frozen=True)
class Duel:
    """A season of meetings: who meets whom every week, or in which week, and by what."""

    name: str
    label: Label
    of: Side
    metric: str
    first: date | None = None
    last: date | None = None
    pairs: Pairs = ()
    schedule: Mapping[date, Pairs] = field(default_factory=lambda: MappingProxyType({}))

    def meets_in(self, monday: date) -> Pairs:
        """The pairs of a week; none outside the season."""
        if (self.first and monday + timedelta(6) < self.first) or (self.last and monday > self.last):
            return ()
        return self.schedule.get(monday, ()) if self.schedule else self.pairs


@dataclass(frozen=True)
class Meeting:
    """One meeting: both readings, and who was ahead; `none` where a side has no number, too few cases or is exempt."""

    left: str
    right: str
    left_reading: Reading
    right_reading: Reading
    outcome: Outcome


@dataclass(frozen=True)
class Line:
    """A side's season: meetings that counted, won, drawn and lost; 3 points a win, 1 a draw; equal ones share a rank."""

    subject: str
    rank: int
    won: int
    drawn: int
    lost: int

    @property
    def points(self) -> int:
        """The points of the season."""
        return WIN * self.won + DRAW * self.drawn


def meetings(frames: Frames, pack: Pack, duel: Duel, monday: date, terms: Terms = NO_TERMS) -> tuple[Meeting, ...]:
    """What became of a full week's pairs."""
    span = Span(monday, monday + timedelta(6))
    pairs = duel.meets_in(monday)
    found = _side_readings(frames, pack, duel, span, {side for pair in pairs for side in pair})
    exempt, metric = terms.exempt_in(span), pack.metric(duel.metric)
    return tuple(_meeting(frames.snapshot, duel, metric, pair, found, exempt) for pair in pairs)


def _meeting(
    snapshot: Snapshot,
    duel: Duel,
    metric: Metric,
    pair: tuple[str, str],
    found: Mapping[str, Reading],
    exempt: frozenset[str],
) -> Meeting:
    left, right = (found[side] for side in pair)
    counts = not any(project_of(snapshot, duel.of, side) in exempt for side in pair)
    return Meeting(*pair, left, right, _outcome(metric, left, right) if counts else "none")


def _outcome(metric: Metric, left: Reading, right: Reading) -> Outcome:
    if left.value is None or right.value is None or left.few(metric.min_n) or right.few(metric.min_n):
        return "none"
    if left.value == right.value:
        return "draw"
    return "left" if (left.value > right.value) == (metric.better != "lower") else "right"


def _side_readings(frames: Frames, pack: Pack, duel: Duel, span: Span, sides: set[str]) -> Mapping[str, Reading]:
    """Each side's reading; of a sum nothing is 0, of a rate it is missing."""
    if absent := lacking(frames.snapshot, pack, pack.metric(duel.metric)):
        return dict.fromkeys(sides, absent)
    if duel.of == "team":
        staff = {f"{team.project or NOWHERE}/{team.name}": team.staff for team in teams(frames.snapshot)}
        query = {side: Query((duel.metric,), span, where=Where(staff=staff.get(side, frozenset()))) for side in sides}
        return {side: one(frames, pack, duel.metric, asked) for side, asked in query.items()}
    if duel.of == "referrer":
        counted = referrer_counts(frames.snapshot, duel.metric, span)
        return {side: counted.get(side, Reading(0)) for side in sides}
    query_by = Query((duel.metric,), span, (duel.of,))
    read = readings(frames, pack, duel.metric, query_by)
    nothing = one(frames, pack, duel.metric, Query((duel.metric,), span, where=Where(project=frozenset())))
    return {side: read.get((side,), nothing) for side in sides}


def project_of(snapshot: Snapshot, of: Side, subject: str) -> str | None:
    """The project a side belongs to; None for a referrer, who may refer to any."""
    if of == "project":
        return subject
    if of == "team":
        return subject.partition("/")[0]
    known = snapshot.staff.get(subject) if of == "staff" else None
    return known.project_id if known else None


def season(found: Iterable[Meeting]) -> list[Line]:
    """The table of all meetings, most points first; a meeting without outcome counts for nobody."""
    won: dict[str, list[int]] = {}
    for each in found:
        for side in (each.left, each.right):
            won.setdefault(side, [0, 0, 0])
        if each.outcome == "none":
            continue
        left, right = {"left": (0, 2), "draw": (1, 1), "right": (2, 0)}[each.outcome]
        won[each.left][left] += 1
        won[each.right][right] += 1
    points = {side: WIN * one[0] + DRAW * one[1] for side, one in won.items()}
    ranks = sorted(points.values(), reverse=True)
    lines = [Line(side, ranks.index(points[side]) + 1, *one) for side, one in won.items()]
    return sorted(lines, key=lambda one: (one.rank, one.subject))


# -------------------------------------------------------------------------------------------------------------- reading


def duels(pack: Pack, given: Mapping[str, Any]) -> dict[str, Duel]:
    """The duels the settings tell, by their names among the boards; PackError names the key, the value and the way out."""
    found = {}
    for name, raw in given.items():
        key = f"duels.{name}"
        if not isinstance(raw, Mapping):
            _refuse(key, raw, f"Give a table: [{key}].")
        for one_key in raw:
            if one_key not in KEYS:
                raise PackError(f"{key}.{one_key} is no setting here. {nearest(one_key, KEYS)}")
        found[PREFIX + name] = _duel(PREFIX + name, key, raw, pack)
    return found


def _duel(name: str, key: str, raw: Mapping[str, Any], pack: Pack) -> Duel:
    of, metric, label = str(raw.get("of", "project")), str(raw.get("metric", "")), str(raw.get("label", name))
    if of not in SIDES:
        _refuse(f"{key}.of", of, f"Give one of: {', '.join(SIDES)}.")
    _check_metric(f"{key}.metric", metric, of, pack)
    if ("pairs" in raw) == ("schedule" in raw):
        raise PackError(f"{key} needs either pairs or a schedule. Give exactly one of the two.")
    first, last = _day(f"{key}.first", raw.get("first")), _day(f"{key}.last", raw.get("last"))
    pairs = _pairs(f"{key}.pairs", raw.get("pairs", ()))
    schedule = _schedule(f"{key}.schedule", raw.get("schedule", ()))
    return Duel(name, Label(label, label), of, metric, first, last, pairs, MappingProxyType(schedule))  # type: ignore[arg-type]


def _check_metric(key: str, name: str, of: str, pack: Pack) -> None:
    metric = pack.metric(name) if name else _refuse(key, name, "Give a metric, such as first_visits.")
    if of == "referrer" and name not in _REFERRALS:
        _refuse(key, name, f"Referrers meet by {' or '.join(_REFERRALS)}.")
    if metric.formula is None or (of in ("staff", "team") and not known_by_staff(pack, name)):
        _refuse(key, name, f"It is not known by {of}. Give another metric, such as first_visits.")


def _schedule(key: str, given: Any) -> dict[date, Pairs]:
    if not isinstance(given, list | tuple):
        _refuse(key, given, KEYS["schedule"])
    found: dict[date, Pairs] = {}
    for at, each in enumerate(given, 1):
        if not isinstance(each, Mapping) or set(each) != {"week", "pairs"}:
            _refuse(f"{key}[{at}]", each, "Give { week = 2026-03-02, pairs = [ … ] }.")
        week = _day(f"{key}[{at}].week", each["week"])
        if week is None or week.weekday():
            _refuse(f"{key}[{at}].week", each["week"], "Give a Monday.")
        found[week] = (*found.get(week, ()), *_pairs(f"{key}[{at}].pairs", each["pairs"]))
    return found


def _pairs(key: str, given: Any) -> Pairs:
    if not isinstance(given, list | tuple):
        _refuse(key, given, KEYS["pairs"])
    for each in given:
        if not isinstance(each, list | tuple) or len(set(map(str, each))) != 2 or len(each) != 2:
            _refuse(key, each, "A pair is two different ids.")
    return tuple((str(left), str(right)) for left, right in given)


def _day(key: str, value: Any) -> date | None:
    if value is not None and type(value) is not date:
        _refuse(key, value, "Give a day without quotes, such as 2026-03-02.")
    return value


def _refuse(key: str, value: Any, way_out: str) -> NoReturn:
    plain = list(value) if isinstance(value, tuple) else dict(value) if isinstance(value, Mapping) else value
    raise PackError(f"{key} is {plain!r}. {way_out}")
