"""Answers no mart holds, computed from the snapshot's parties: party measures and cohorts by any dimensions, for any window."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from data_access.columns import frame, read_columns
from data_access.marts import aggregate
from data_access.snapshots import Folder
from metrics.pack import Measure, Pack
from metrics.query import NoMart, Query, Row, Window, answer, stored
from metrics.snapshot import Snapshot
from metrics.totals import Frames

if TYPE_CHECKING:
    import duckdb

MEMORY = "512MB"
_one_at_a_time = threading.Lock()
"""Such an answer takes memory and a core: however many ask, one is computed at a time."""
_KEYS = "coalesce(project, '') as project, coalesce(channel, '') as channel, coalesce(staff, '') as staff"


def answered(folder: Folder, snapshot: Snapshot, pack: Pack, query: Query) -> list[Row]:
    """The answer from the marts or, where none holds the dimensions, from the parties; QueryError when neither can."""
    try:
        return answer(Frames(snapshot), pack, query)
    except NoMart:
        if not all(_is_of_parties(pack, name) for name in query.metrics):
            raise
        computed = computed_frames(folder, snapshot, pack, query.window)
        return answer(Frames(snapshot, computed), pack, query)


def _is_of_parties(pack: Pack, name: str) -> bool:
    metric = pack.metric(name)
    return metric.formula is not None and all(pack.measures[part].source == "party" for part in stored(pack, metric))


@contextmanager
def opened(folder: Folder, snapshot: Snapshot) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection with the snapshot's parties as `f_party`, one at a time; the snapshot must have party files."""
    import duckdb  # only here: most processes that show pages are never asked

    files = [str(folder.path / file) for file in snapshot.party_files]
    with _one_at_a_time, duckdb.connect(config={"memory_limit": MEMORY, "threads": 2}) as connection:
        connection.execute("set variable as_of = ?", [snapshot.as_of])
        connection.read_parquet(files).create_view("stored")
        connection.execute("create view f_party as select *, getvariable('as_of') as as_of from stored")
        yield connection


def computed_frames(folder: Folder, snapshot: Snapshot, pack: Pack, window: Window) -> dict[str, pd.DataFrame]:
    """Every party measure by day × project × channel × staff, and the cohorts with a window of that many days."""
    if not snapshot.party_files:
        return {}
    with opened(folder, snapshot) as connection:
        measures = [m for m in pack.additive if m.source == "party" and m.name not in snapshot.absent]
        return {
            "fine": _frame(connection, _fine(measures)),
            "fine_cohort": _frame(connection, _cohort(snapshot.windows, window)),
        }


def _fine(measures: Iterable[Measure]) -> str:
    parts = [
        f"select {m.at}::date as day, {_KEYS}, {aggregate(m)} from f_party where {m.at} <= as_of group by all"
        for m in measures
    ]
    columns = ", ".join(f"any_value({m.name}) as {m.name}" for m in measures)
    rows = " union all by name ".join(parts)
    return f"select day, project, channel, staff, {columns} from ({rows}) group by all order by all"


def _cohort(windows: Mapping[str, int], window: Window) -> str:
    columns = "".join(_reached(step, window) for step in windows)
    return f"""select created_at::date as day, {_KEYS}, count(*) as leads{columns} from f_party
        where has_lead group by all order by all"""


def _reached(step: str, window: Window) -> str:
    days = f"date_diff('day', created_at, {step}_step) <= {window}" if isinstance(window, int) else f"{step}_in"
    return f""", count(*) filter (where {days}) as {step}_in, count({step}_step) as {step}_ever,
        count(*) filter (where {days} and {step}_net) as {step}_net_in,
        count(*) filter (where {step}_step is not null and {step}_net) as {step}_net_ever,
        count(*) filter (where {step}_astray) as {step}_astray"""


def _frame(connection: duckdb.DuckDBPyConnection, query: str) -> pd.DataFrame:
    table: pa.Table = connection.sql(query).to_arrow_table()
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink)
    return frame([read_columns(sink.getvalue().to_pybytes())])
