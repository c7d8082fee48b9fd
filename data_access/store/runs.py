"""The log of refreshes: what each one did and how long it took."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import delete, insert, select

from data_access.store.database import Store
from data_access.store.slots import Depth
from data_access.store.tables import refresh_runs

KEPT = 1000
Outcome = Literal["published", "unchanged", "held", "failed"]


@dataclass(frozen=True)
class Run:
    """One refresh; `rows` counts the rows read per entity, `error_id` is what users are shown."""

    started_at: datetime
    seconds: float
    depth: Depth
    rows: Mapping[str, int]
    outcome: Outcome
    error_id: str | None = None
    error: str | None = None


def record_run(store: Store, run: Run) -> None:
    """Add a refresh to the log, which keeps the last thousand."""
    values = {**vars(run), "rows": dict(run.rows)}
    oldest = select(refresh_runs.c.id).order_by(refresh_runs.c.id.desc()).limit(1).offset(KEPT).scalar_subquery()
    with store.writing() as connection:
        connection.execute(insert(refresh_runs).values(values))
        connection.execute(delete(refresh_runs).where(refresh_runs.c.id <= oldest))


def runs(store: Store, last: int = 50) -> list[Run]:
    """The latest refreshes, newest first."""
    query = select(refresh_runs).order_by(refresh_runs.c.id.desc()).limit(last)
    with store.reading() as connection:
        return [_run(dict(row)) for row in connection.execute(query).mappings()]


def _run(row: dict[str, Any]) -> Run:
    del row["id"]
    return Run(**row)
