"""Demand against the naive recomputation: every number of the mart, and two quarters side by side."""

from collections import Counter
from datetime import date, timedelta
from typing import Any

from metrics.demand import against_last_quarter, demand_by
from metrics.pack import Pack
from tests.equivalence.checks import mart_sums, same
from tests.equivalence.product import PACK, Counted
from tests.naive.world import Row, day_of

WANTED = ("district", "segment", "price_band")
Key = tuple[Any, ...]


def demand(found: Counted) -> None:
    """What was wanted on each day, and in this quarter against the last."""
    plain = {name: one for name, one in _wanted(found).items() if name in found.pack.demand}
    known = {name: one for name, one in plain.items() if name not in found.snapshot.absent}
    naive = {(name, *key): value for name, one in known.items() for key, value in one.items() if value}
    same(mart_sums(found, "demand", ("day", *WANTED), known), naive, "demand")
    for name, one in known.items():
        _quarters(found, PACK, name, one)


def _wanted(found: Counted) -> dict[str, Counter[Key]]:
    leads, exposures = Counter[Key](), Counter[Key]()
    for party in found.parties:
        if party.has_lead:
            leads[day_of(party.opened), *_said(party.leads[0])] += 1
    for row in found.world.seen("exposure"):
        impressions = row.get("impressions")
        exposures[day_of(row["at"]), *_said(row)] += 1 if impressions is None else impressions
    return {"leads": leads, "exposures": exposures}


def _said(row: Row) -> tuple[str, ...]:
    return tuple(row.get(name) or "" for name in WANTED)


def _quarters(found: Counted, pack: Pack, name: str, naive: Counter[Key]) -> None:
    """This quarter up to yesterday against as far in the last one; both whole on the first day of a quarter."""
    today = found.world.as_of.date()
    first = date(today.year, (today.month - 1) // 3 * 3 + 1, 1)
    days = against_last_quarter(found.world.as_of)
    if today > first:
        assert (days.now.first, days.now.last) == (first, today - timedelta(1))
    assert days.before.last < days.now.first and days.before.first.day == 1
    for dimension in ("district", "segment"):
        if f"{name}.{dimension}" in found.snapshot.absent:
            continue
        shown = demand_by(found.snapshot, pack, name, dimension, days)
        place = WANTED.index(dimension)
        for side, span in (("now", days.now), ("before", days.before)):
            plain = Counter[str]()
            for (day, *key), value in naive.items():
                if span.first <= day <= span.last:
                    plain[key[place]] += value
            same({one.key: getattr(one, side) for one in shown.lines}, plain, f"{name} by {dimension} {side}")
