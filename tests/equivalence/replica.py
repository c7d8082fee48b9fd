"""The rows of a replica as the naive recomputation takes them."""

from datetime import datetime
from typing import Any

import duckdb

from metrics.entities import ENTITIES, Entity
from tests.naive.world import Row, World

SETTINGS = ("windows", "re_entry_days", "overdue_days")


def world_of(connection: duckdb.DuckDBPyConnection, as_of: datetime, **settings: Any) -> World:
    """Every mapped entity's rows, as they stand in the replica after a pull."""
    mapped: dict[str, set[str]] = {}
    for entity, column in connection.execute("select entity, col from mapped").fetchall():
        mapped.setdefault(entity, set()).add(column)
    rows = {name: _rows(connection, ENTITIES[name], columns) for name, columns in mapped.items()}
    return World(as_of, rows, mapped=mapped, **settings)


def _rows(connection: duckdb.DuckDBPyConnection, entity: Entity, columns: set[str]) -> list[Row]:
    found = connection.execute(f"from {entity.name}")
    names = [column[0] for column in found.description or ()]
    return [_row(dict(zip(names, values, strict=True)), columns) for values in found.fetchall()]


def _row(stored: Row, columns: set[str]) -> Row:
    """One row with its mapped columns; a time known to the day is a date again."""
    return {
        name: stored[name].date() if stored.get(f"{name}_day_only") and stored[name] is not None else stored[name]
        for name in columns
    }
