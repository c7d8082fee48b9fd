"""需求洞察: where customers want to live and what kind of home, against the quarter before and next to what is for sale."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from metrics.heat import Grid, grid_of
from metrics.pack import Label, Pack
from metrics.periods import ONE_DAY, Comparison, Span, same_day, start
from metrics.query import lacking
from metrics.reading import Reading, count, missing
from metrics.snapshot import NOWHERE, Project, Snapshot
from metrics.totals import Key, between, sums

DISTRICT, SEGMENT, PRICE_BAND = "district", "segment", "price_band"
_BY = (DISTRICT, SEGMENT, PRICE_BAND)
LEAST_BEFORE = 10
"""A change against fewer is told in whole cases, and marked."""
_SO_FAR = Label("较上季同期", "against the same days of the quarter before")
_WHOLE = Label("较前一季", "against the quarter before")


@dataclass(frozen=True)
class Line:
    """How much of one kind was wanted in a quarter, and in the same days of the quarter before."""

    key: str
    now: int
    before: int

    @property
    def change(self) -> Fraction | None:
        """The change as a share of what was before; None where there was nothing."""
        return Fraction(self.now - self.before, self.before) if self.before else None

    @property
    def few(self) -> bool:
        """Whether a share of what was before would sound like more than it is."""
        return self.before < LEAST_BEFORE


@dataclass(frozen=True)
class Wanted:
    """How much was wanted now and before, by (district, segment, price band)."""

    now: Mapping[Key, int]
    before: Mapping[Key, int]

    def by(self, *places: int) -> tuple[Counter[Key], Counter[Key]]:
        """Both sides by some of the three, named by their places."""
        return self._summed(self.now, places), self._summed(self.before, places)

    def _summed(self, found: Mapping[Key, int], places: tuple[int, ...]) -> Counter[Key]:
        total: Counter[Key] = Counter()
        for key, value in found.items():
            total[tuple(str(key[at]) for at in places)] += value
        return total


@dataclass(frozen=True)
class Demand:
    """A measure of demand by one dimension; `absent` says what the source lacks."""

    measure: str
    dimension: str
    days: Comparison
    lines: tuple[Line, ...]
    absent: Reading | None = None


@dataclass(frozen=True)
class Supply:
    """What is for sale in a district: units released by so many projects; `unknown` projects do not say how many."""

    district: str
    projects: int
    units: Reading
    unknown: int

    def per_hundred(self, leads: int) -> Fraction | None:
        """Leads for a hundred units released; None where a number of units lacks or none is released."""
        known = self.units.value is not None and not self.unknown
        return Fraction(leads * 100) / Fraction(self.units.value) if known and self.units.value else None


def against_last_quarter(as_of: datetime, *, whole: bool = False) -> Comparison:
    """The quarter up to yesterday and as far into the one before; the last two whole quarters when asked for, or on a first day.

    Whole days on both sides: land is not bought by the hour.
    """
    first, yesterday = start("quarter", as_of.date()), as_of.date() - ONE_DAY
    last_first = start("quarter", first - ONE_DAY)
    if whole or yesterday < first:
        before_first = start("quarter", last_first - ONE_DAY)
        return Comparison(Span(last_first, first - ONE_DAY), Span(before_first, last_first - ONE_DAY), _WHOLE)
    return Comparison(Span(first, yesterday), Span(last_first, same_day("quarter", yesterday, last_first)), _SO_FAR)


def wanted(snapshot: Snapshot, measure: str, days: Comparison) -> Wanted:
    """A measure over both sides of a comparison by district, segment and price band, read once for all that is shown of it."""
    return Wanted(*(_sums(snapshot, measure, span) for span in (days.now, days.before)))


def demand_by(
    snapshot: Snapshot, pack: Pack, measure: str, dimension: str, days: Comparison, found: Wanted | None = None
) -> Demand:
    """A measure by district, segment or price band: the most wanted first, price bands by price, what nobody said last."""
    if absent := demand_lacks(snapshot, pack, measure, (dimension,)):
        return Demand(measure, dimension, days, (), absent)
    at = _BY.index(dimension)
    now, before = (found or wanted(snapshot, measure, days)).by(at)
    lines = [Line(str(key[0]), now[key], before[key]) for key in {**now, **before}]
    by_price = dimension == PRICE_BAND
    order = sorted(lines, key=lambda one: (one.key == NOWHERE, _price(one.key) if by_price else (-one.now,), one.key))
    return Demand(measure, dimension, days, tuple(order))


def demand_grid(snapshot: Snapshot, pack: Pack, measure: str, span: Span) -> Grid:
    """A measure by district and segment over days, both in the order of their totals, what nobody said last."""
    if absent := demand_lacks(snapshot, pack, measure, (DISTRICT, SEGMENT)):
        return Grid(measure, (), (), (), (), absent=absent)
    frame = between(snapshot.marts["demand"], span.first, span.last)
    found = Wanted(_sums(snapshot, measure, span), {})
    rows, columns = (_largest(found.by(_BY.index(name))[0]) for name in (DISTRICT, SEGMENT))
    return grid_of(snapshot, pack, measure, frame, (DISTRICT, SEGMENT), rows, columns, 1)


def cells(found: Wanted) -> dict[tuple[str, str], Line]:
    """Each district's segments now and before."""
    now, before = found.by(0, 1)
    return {
        (district, segment): Line(segment, now[district, segment], before[district, segment])
        for district, segment in {**now, **before}
    }


def supplies(projects: Mapping[str, Project]) -> dict[str, Supply]:
    """What is for sale by district, as the projects say it; projects without a district stand under none."""
    found: dict[str, list[Project]] = defaultdict(list)
    for one in projects.values():
        found[one.district or NOWHERE].append(one)
    return {district: _supply(district, listed) for district, listed in found.items()}


def _supply(district: str, projects: Iterable[Project]) -> Supply:
    listed = list(projects)
    known = [one.units_released for one in listed if one.units_released is not None]
    units = count(sum(known)) if known else missing("absent", "project.units_released")
    return Supply(district, len(listed), units, len(listed) - len(known))


def demand_lacks(snapshot: Snapshot, pack: Pack, measure: str, dimensions: Iterable[str]) -> Reading | None:
    """Why a measure of demand cannot be shown by these dimensions; None when it can."""
    if absent := lacking(snapshot, pack, pack.metric(measure)):
        return absent
    if "demand" not in snapshot.marts:
        return missing("not_yet")
    lacks = (snapshot.absent.get(f"{measure}.{name}") for name in dimensions)
    return next((missing("absent", lack) for lack in lacks if lack), None)


def _sums(snapshot: Snapshot, measure: str, span: Span) -> dict[Key, int]:
    if "demand" not in snapshot.marts:
        return {}
    found = sums(between(snapshot.marts["demand"], span.first, span.last), (measure,), _BY)
    return {key: values[measure] for key, values in found.items() if values[measure]}


def _largest(found: Mapping[Key, int]) -> tuple[str, ...]:
    return tuple(str(key[0]) for key in sorted(found, key=lambda key: (key[0] == NOWHERE, -found[key], key)))


def _price(band: str) -> tuple[int, ...]:
    """The prices a band is called by: 150万以下 stands before 150-250万."""
    return tuple(int(text) for text in re.findall(r"\d+", band)[:2])
