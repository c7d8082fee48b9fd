"""落后项目述职: whose month was behind, by rules anybody can check on published records.

A week is behind when the project stands in the lowest third of the report's board (rank > n − n ÷ 3, rounded down) or behind
its target by more than the limit. With as many such weeks in the month as the pack says, a project is asked to explain.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from metrics.boards import GROUP
from metrics.health import Report
from metrics.records import Record

THIRD = 3


@dataclass(frozen=True)
class Week:
    """One week of a project: its rank among so many, its points, how far behind the target, and the report's word."""

    week: date
    rank: int | None
    among: int
    points: Fraction | None
    is_low: bool
    behind: Fraction | None
    is_behind: bool
    word: str

    @property
    def counts(self) -> bool:
        """Whether the week is one of those that ask for an explanation."""
        return self.is_low or self.is_behind


@dataclass(frozen=True)
class Month:
    """A project's weeks of a month, oldest first."""

    project: str
    name: str
    weeks: tuple[Week, ...]

    @property
    def counted(self) -> int:
        """How many of its weeks were behind."""
        return sum(one.counts for one in self.weeks)


def month_of(monday: date) -> date:
    """The first day of the month a week belongs to: that of its Thursday."""
    return (monday + timedelta(3)).replace(day=1)


def is_low(rank: int | None, among: int) -> bool:
    """Whether a rank is in the lowest third."""
    return rank is not None and rank > among - among // THIRD


def months(records: Iterable[Record], reports: Iterable[Report], month: date) -> list[Month]:
    """Every project's month; exempt weeks are left out."""
    boards = {one.week: one for one in records if month_of(one.week) == month and GROUP in one.sections}
    mine: dict[str, list[Report]] = {}
    for report in sorted(reports, key=lambda one: one.week):
        if month_of(report.week) == month and not report.exempt:
            mine.setdefault(report.project, []).append(report)
    return [
        Month(id, listed[-1].names["project"], tuple(_week(one, boards) for one in listed))
        for id, listed in sorted(mine.items())
    ]


def laggards(found: Iterable[Month], least: int) -> list[Month]:
    """Those with at least so many weeks behind, most first, then by how far behind the target they ended."""

    def weight(one: Month) -> tuple[int, Fraction, str]:
        return -one.counted, -(one.weeks[-1].behind or Fraction(0)), one.project

    return sorted((one for one in found if one.counted >= least), key=weight)


def _week(report: Report, boards: Mapping[date, Record]) -> Week:
    record = boards.get(report.week)
    rows = record.sections[GROUP].rows if record else ()
    own = next((one for one in rows if one.subject == report.project), None)
    rank = own.rank if own else None
    points = Fraction(own.value.value) if own and own.value.value is not None else None
    return Week(
        report.week,
        rank,
        len(rows),
        points,
        is_low(rank, len(rows)),
        report.pace.behind,
        report.verdict.is_behind,
        report.verdict.word,
    )
