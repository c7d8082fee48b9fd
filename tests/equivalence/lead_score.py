"""What the score of leads rests on against the naive recomputation: leads old enough by what was known of them, and the open ones."""

from collections import Counter
from datetime import date
from typing import Any

from data_access.customers import open_leads
from data_access.lead_scoring import cells, lags
from data_access.parties import opened
from metrics.totals import EVERYTHING
from tests.equivalence.product import Counted
from tests.naive.parties import Party
from tests.naive.world import day_of, is_day

SHORT = 12
"""Days that small worlds are old enough for."""


def lead_scores(found: Counted) -> None:
    """Counts by month and feature, the days it took, and every open lead."""
    if "contract" not in found.snapshot.steps or not found.snapshot.party_files:
        return
    for days in (SHORT, sum(found.snapshot.windows.values())):
        _old_enough(found, days)
        shown = {
            (one.customer.id, one.known, one.age) for one in open_leads(found.folder, found.snapshot, EVERYTHING, days)
        }
        naive = {
            (f"lead:{party.leads[0]['id']}", _known(found, party), _age(found, party))
            for party in found.parties
            if party.active and party.valid and _age(found, party) <= days
        }
        assert shown == naive, f"open leads of {days} days: {sorted(shown ^ naive, key=str)[:4]}"


def _old_enough(found: Counted, days: int) -> None:
    with opened(found.folder, found.snapshot) as connection:
        shown = {(one.month, one.values): (one.n, one.signed) for one in cells(connection, found.snapshot, days)}
        took = lags(connection, days)
    n, signed, by_day = Counter[Any](), Counter[Any](), Counter[int]()
    for party in found.parties:
        if party.has_lead and _age(found, party) > days:
            key = day_of(party.opened).replace(day=1), _known(found, party)
            at = party.chain.get("contract")
            n[key] += 1
            if at is not None and (day_of(at) - day_of(party.opened)).days <= days:
                signed[key] += 1
                by_day[(day_of(at) - day_of(party.opened)).days] += 1
    assert shown == {key: (count, signed[key]) for key, count in n.items()}, f"leads older than {days} days"
    assert took == [by_day[day] for day in range(days + 1)]


def _age(found: Counted, party: Party) -> int:
    today: date = found.world.as_of.date()
    return (today - day_of(party.opened)).days


def _known(found: Counted, party: Party) -> tuple[str, ...]:
    channel = found.snapshot.channels.get(party.channel or "")
    kind = (channel.kind or "") if channel else ""
    minutes = party.response_minutes
    answer = "late" if minutes is None or minutes >= 24 * 60 else "fast" if minutes < 30 else "day"
    at, hours = party.opened, "office"
    if day_of(at).weekday() > 4:
        hours = "weekend"
    elif not is_day(at) and not 9 <= at.hour <= 18:  # type: ignore[union-attr]
        hours = "evening"
    return kind, party.first_grade or "", answer, hours, "yes" if party.touchpoint else "no"
