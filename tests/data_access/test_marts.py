"""Marts as tables in the replica."""

import duckdb

from data_access.marts import _replace

ROWS = 150_000
"""More than DuckDB keeps in one row group."""


def test_a_big_mart_is_found_again_in_the_transaction_that_made_it():
    connection = duckdb.connect()
    connection.execute("create schema mart")
    connection.execute("begin")
    query = f"select date '2024-11-01' + (i % 750)::int as day, i as leads from range({ROWS}) t(i) order by day"
    _replace(connection, "daily", query, "false")
    month = "day >= date '2025-03-01' and day < date '2025-04-01'"
    assert connection.execute(f"select count(*) from mart.daily where {month}").fetchall() == [(ROWS // 750 * 31,)]
    connection.close()
