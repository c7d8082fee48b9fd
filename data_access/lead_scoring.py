"""Each morning's score of leads, from the published parties: counts of leads old enough, and what the open ones may bring."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from data_access.marts import IS_LOST
from data_access.parties import opened
from data_access.rhythm import Moment
from data_access.snapshots import Folder
from data_access.store import Store
from data_access.store.lead_scores import KeptScore, keep_score, last_score_day
from metrics.lead_score import Cell, Score, Values, scored
from metrics.snapshot import NOWHERE, Snapshot

if TYPE_CHECKING:
    import duckdb

FAST_MINUTES, DAY_MINUTES = 30, 24 * 60
FEATURES = f"""coalesce(first_grade, '') as known_grade,
    case when contact_at is null or created_at_day_only or datesub('minute', created_at, contact_at) >= {DAY_MINUTES} then 'late'
        when datesub('minute', created_at, contact_at) < {FAST_MINUTES} then 'fast' else 'day' end as answer,
    case when isodow(created_at) > 5 then 'weekend' when not created_at_day_only and hour(created_at) not between 9 and 18 then 'evening'
        else 'office' end as hours,
    case when touchpoint is null then 'no' else 'yes' end as code"""
"""What is known of a lead a day after it came in, besides its channel; columns of parties."""
_CHANNEL = "coalesce(channel, '') as channel"
IS_OPEN = (
    f"has_lead and coalesce(valid, true) and not has_contract and not {IS_LOST} and created_at <= getvariable('as_of')"
)
AGE = "date_diff('day', created_at::date, getvariable('as_of')::date)"


class LeadScorer:
    """Keeps the score that the first refresh of a day gives."""

    def __init__(self, store: Store, folder: Folder) -> None:
        self._store = store
        self._folder = folder

    def step(self, moment: Moment) -> None:
        """Score once a day, where the source can tell who was signed."""
        known, today = last_score_day(self._store), moment.snapshot.as_of.date()
        if known is None or known < today:
            keep_score(self._store, moment.epoch, today, score_of(self._folder, moment.snapshot))


def score_of(folder: Folder, snapshot: Snapshot) -> KeptScore | None:
    """The score and what open leads may bring by project and kind of channel; None where too few were signed."""
    if not snapshot.party_files or "contract" not in snapshot.steps:
        return None
    days = sum(snapshot.windows.values())
    with opened(folder, snapshot) as connection:
        score = scored(cells(connection, snapshot, days), lags(connection, days))
        return None if score is None else KeptScore(score, _expected(connection, snapshot, score, days))


def values_of(snapshot: Snapshot, told: Mapping[str, Any]) -> Values:
    """The values of a lead's features, from a row of FEATURES."""
    channel = snapshot.channels.get(told["channel"])
    return (
        (channel.kind or NOWHERE) if channel else NOWHERE,
        told["known_grade"],
        told["answer"],
        told["hours"],
        told["code"],
    )


def _rows(connection: "duckdb.DuckDBPyConnection", query: str) -> Iterable[dict[str, Any]]:
    found = connection.execute(query)
    names = [column[0] for column in found.description or ()]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def cells(connection: "duckdb.DuckDBPyConnection", snapshot: Snapshot, days: int) -> list[Cell]:
    """Leads more than so many days old, by month and what was known of them, with how many were signed within the days."""
    query = f"""select date_trunc('month', created_at)::date as month, {_CHANNEL}, {FEATURES}, count(*) as n,
        count(*) filter (where date_diff('day', created_at, contract_step) <= {days}) as signed
        from f_party where has_lead and {AGE} > {days} group by all order by all"""
    counts: dict[tuple[Any, Values], list[int]] = defaultdict(lambda: [0, 0])
    for row in _rows(connection, query):
        at = counts[row["month"], values_of(snapshot, row)]
        at[0] += row["n"]
        at[1] += row["signed"]
    return [Cell(month, values, n, signed) for (month, values), (n, signed) in sorted(counts.items())]


def lags(connection: "duckdb.DuckDBPyConnection", days: int) -> list[int]:
    """Signed leads more than so many days old, by the days it took them."""
    query = f"""select date_diff('day', created_at, contract_step) as lag, count(*) as n from f_party
        where has_lead and {AGE} > {days} and date_diff('day', created_at, contract_step) between 0 and {days}
        group by all"""
    known = {row["lag"]: row["n"] for row in _rows(connection, query)}
    return [known.get(day, 0) for day in range(days + 1)]


def _expected(
    connection: "duckdb.DuckDBPyConnection", snapshot: Snapshot, score: Score, days: int
) -> dict[tuple[str, str], tuple[int, float]]:
    """Open leads young enough to be signed within the windows, and contracts expected of them, by project and kind of channel."""
    query = f"""select coalesce(project, '') as project, {_CHANNEL}, {FEATURES}, {AGE} as age, count(*) as n from f_party
        where {IS_OPEN} and {AGE} <= {days} group by all order by all"""
    found: dict[tuple[str, str], tuple[int, float]] = {}
    for row in _rows(connection, query):
        values = values_of(snapshot, row)
        n, expected = found.get((row["project"], values[0]), (0, 0.0))
        told = score.still(values, row["age"]) * row["n"]
        found[row["project"], values[0]] = n + row["n"], expected + told
    return found
