"""年度考核表: a project head's year, from published boards alone; what other parts know comes in by sources."""

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from types import MappingProxyType

from metrics.boards import GROUP, TOP, Standing, percentile
from metrics.periods import week_start, year_of_week
from metrics.reading import Reading, missing, ratio
from metrics.records import Record

LINES: Mapping[str, int] = MappingProxyType(
    {"cost_per_lead": 20, "attainment": 40, "top3": 20, "findings": 10, "commitments": 10}
)
"""The lines of a sheet with their usual weights."""
LEAST_WEEKS = 8
"""So many weeks must stand behind a line of weeks before it earns points: a year is not judged by a lucky month."""
FORMATS = {"cost_per_lead": "money", "attainment": "percent", "top3": "percent", "commitments": "percent"}


@dataclass(frozen=True)
class Scored:
    """What a line says: its reading and its points, 0 to 100; without points there is no value, or it rests on too few weeks."""

    reading: Reading
    points: Fraction | None = None


Source = Callable[[int, str], Scored]
"""What another part knows of a year and a project."""


@dataclass(frozen=True)
class Line:
    """One line of a sheet with its weight."""

    name: str
    weight: int
    reading: Reading
    points: Fraction | None


@dataclass(frozen=True)
class Sheet:
    """One project's year; `head` is who leads it. The total is given only when no weighed line lacks its points."""

    year: int
    project: str
    head: str | None
    lines: tuple[Line, ...]

    @property
    def total(self) -> Fraction | None:
        """The mean of the lines' points by their weights."""
        weighed = [one for one in self.lines if one.weight]
        total = Fraction(0)
        for one in weighed:
            if one.points is None:
                return None
            total += one.weight * one.points
        return total / sum(one.weight for one in weighed)


def sheets(
    records: Iterable[Record],
    heads: Mapping[str, str | None],
    year: int,
    weights: Mapping[str, int],
    sources: Mapping[str, Source] = MappingProxyType({}),
    least: int = LEAST_WEEKS,
) -> list[Sheet]:
    """The sheet of every project (with its head) for a year; weeks in which a project is exempt are left out.

    Costs and weeks among the first earn points from `least` weeks on.
    """
    own = [one for one in records if is_of_projects(one) and year_of_week(one.week) == year]
    known: dict[str, Mapping[str, Scored]] = {
        "cost_per_lead": _costs(own, heads, least),
        "attainment": {id: _attainment(own, id) for id in heads},
        "top3": {id: _top_weeks(own, id, least) for id in heads},
        **{name: {id: source(year, id) for id in heads} for name, source in sources.items()},
    }
    not_yet = Scored(missing("not_yet"))
    return [
        Sheet(
            year,
            id,
            head,
            tuple(
                Line(name, weights.get(name, 0), scored.reading, scored.points)
                for name in LINES
                for scored in (known.get(name, {}).get(id, not_yet),)
            ),
        )
        for id, head in heads.items()
    ]


def last_week(year: int) -> date:
    """The Monday of the last week that belongs to a year."""
    monday = week_start(date(year, 12, 31))
    return monday if year_of_week(monday) == year else monday - timedelta(weeks=1)


def is_closed(records: Sequence[Record], year: int, known: Container[str]) -> bool:
    """Whether every board of projects that was published in a year, and is still known, is published for its last week too."""
    own = [one for one in records if one.board in known and is_of_projects(one) and year_of_week(one.week) == year]
    begun = {one.board for one in own}
    return bool(begun) and begun == {one.board for one in own if one.week == last_week(year)}


def is_of_projects(record: Record) -> bool:
    """Whether a record ranks projects."""
    return record.definition["of"] == "project" and GROUP in record.sections


def _rows(records: Iterable[Record], id: str) -> list[tuple[Record, Standing]]:
    """A project's rows, without those of weeks in which it is exempt."""
    return [
        (record, one)
        for record in records
        for one in record.sections[GROUP].standings
        if one.subject == id and not one.exempt
    ]


def _by(records: Iterable[Record], metric: str) -> list[Record]:
    """The records that rank by a metric as it is."""
    return [one for one in records if one.definition["metric"] == metric and not one.definition["against"]]


def _costs(records: Iterable[Record], projects: Iterable[str], least: int) -> dict[str, Scored]:
    """Spend ÷ valid leads over all weeks; points by how many other projects paid more."""
    pooled = {id: _pooled(_by(records, "cost_per_lead"), id) for id in projects}
    values = [-Fraction(one.value or 0) for one, weeks in pooled.values() if weeks >= least]
    return {
        id: Scored(one, percentile(-Fraction(one.value or 0), values) if weeks >= least else None)
        for id, (one, weeks) in pooled.items()
    }


def _pooled(records: list[Record], id: str) -> tuple[Reading, int]:
    """All weeks with a value together, and how many they are."""
    weeks = [one.week or one.raw for _, one in _rows(records, id)]
    known = [one for one in weeks if one.value is not None]
    if not known:
        return missing("nothing"), 0
    above = sum((Fraction(one.numerator or 0) for one in known), Fraction(0))
    return ratio(above, sum(int(one.denominator or 0) for one in known)), len(known)


def _attainment(records: Iterable[Record], id: str) -> Scored:
    """What the year's last record says; points are the percentage, at most 100."""
    rows = sorted(_rows(_by(records, "attainment"), id), key=lambda one: one[0].week)
    if not rows:
        return Scored(missing("nothing"))
    reading = rows[-1][1].raw
    if reading.value is None:
        return Scored(reading)
    return Scored(reading, min(max(Fraction(reading.value) * 100, Fraction(0)), Fraction(100)))


def _top_weeks(records: Iterable[Record], id: str, least: int) -> Scored:
    """The weeks among the first three of any board ÷ those in which the project was ranked at all; ranks by chance are none."""
    ranked: dict[date, int] = {}
    for record, one in _rows(records, id):
        if one.rank is not None and not record.sections[GROUP].by_chance:
            ranked[record.week] = min(one.rank, ranked.get(record.week, one.rank))
    reading = ratio(sum(rank <= TOP for rank in ranked.values()), len(ranked))
    return Scored(reading, Fraction(reading.value or 0) * 100 if len(ranked) >= least else None)
