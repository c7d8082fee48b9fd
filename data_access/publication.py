"""From marts in the replica to the files and the manifest of one snapshot."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import duckdb

from data_access.derive import PartyRules, mapped_columns, mapped_steps, sql, step_windows
from data_access.marts import BY_MONTH, PARTIES, RECENT_CONTRACTS, RECENT_EVENTS, WHOLE, absent_measures
from data_access.replica import PullReport
from data_access.snapshots import Folder
from metrics.pack import Pack
from metrics.snapshot import NOWHERE

_LISTED = {
    "projects": (
        "project",
        "id, name, region, city, district, opened_on, head_id, champion_id, rollout_stage, peer_group, average_price, "
        "units_released",
    ),
    "channels": ("channel", "id, name, kind"),
    "staff": ("staff", "id, name, project_id, team"),
}
_REPEATING = {PARTIES: ("project", "channel", "touchpoint", "staff", "first_grade", "grade")}
"""Parties have ids and times that hardly come twice; in a list of distinct values they would only take time and room."""
_SEEN = {"projects": "project", "channels": "channel", "staff": "staff"}


def write_files(
    connection: duckdb.DuckDBPyConnection, folder: Folder, differing: set[tuple[str, date | None]], *, anew: bool
) -> None:
    """Write the files of every mart, or month of it, that may differ or is lost, and note their names in mart_file.

    `anew`: all months were computed, and files of any other month no longer belong to the snapshot.
    """
    connection.execute("create table if not exists mart_file (mart varchar, month date, file varchar)")
    if anew:
        connection.execute("delete from mart_file")
    noted = connection.execute("select mart, month, file from mart_file").fetchall()
    lost = {(mart, month) for mart, month, file in noted if not (folder.path / file).exists()}

    def put(part: tuple[str, date | None]) -> tuple[str, date | None, str]:
        mart, month = part
        name = f"{mart}-{month:%Y%m}" if month else mart
        return mart, month, folder.put(connection, _content(mart, month), name, _REPEATING.get(mart))

    # Two at a time: while one is asked for, the other is written.
    with ThreadPoolExecutor(2) as pool:
        _note(connection, list(pool.map(put, sorted(differing | lost, key=str))))


def _content(mart: str, month: date | None) -> str:
    """The query of a file's rows."""
    if mart == PARTIES:
        return sql("party_file").format(month=month)
    if month is None:
        return f"select * from mart.{mart} order by {WHOLE[mart]}"
    day = "month" if mart == "clock" else "day"
    inside = f"{day} >= date '{month}' and {day} < date '{month}' + interval 1 month"
    return f"select * from mart.{mart} where {inside} order by {BY_MONTH[mart]}"


def _note(connection: duckdb.DuckDBPyConnection, files: list[tuple[str, date | None, str]]) -> None:
    """Note which file now holds a mart, or a month of it."""
    connection.execute(
        "create or replace temp table put as select unnest(?::varchar[]) as mart, unnest(?::date[]) as month, unnest(?::varchar[]) as file",
        [list(column) for column in zip(*files, strict=True)],
    )
    connection.execute(
        "delete from mart_file f where exists (from put where put.mart = f.mart and put.month is not distinct from f.month)"
    )
    connection.execute("insert into mart_file from put")


def manifest(
    connection: duckdb.DuckDBPyConnection, pack: Pack, rules: PartyRules, report: PullReport
) -> dict[str, Any]:
    """Everything a snapshot is made of: its files, its small lists, and what the source cannot give."""
    mapped = mapped_columns(connection)
    files: dict[str, list[str]] = {mart: [] for mart in (*BY_MONTH, *WHOLE, PARTIES)}
    for mart, file in connection.execute(
        "select mart, file from mart_file order by mart, month nulls first"
    ).fetchall():
        files[mart].append(file)
    ((newest,),) = connection.execute("select max(newest) from newest").fetchall()
    return {
        "as_of": report.clock,
        "newest_event": newest,
        "windows": step_windows(mapped_steps(mapped), rules),
        "absent": absent_measures(pack, mapped),
        "parties": files.pop(PARTIES),
        "marts": files,
        "lists": _lists(connection, report),
    }


def _lists(connection: duckdb.DuckDBPyConnection, report: PullReport) -> dict[str, list[dict[str, Any]]]:
    lists = {name: _known_and_seen(connection, name) for name in _LISTED}
    lists["referrers"] = _rows(
        connection,
        """select referrer_id as id, coalesce(arg_max(referrer_name, ("at", id)), referrer_id) as name,
            arg_max(referrer_kind, ("at", id)) as kind
        from referral group by referrer_id order by referrer_id""",
    )
    lists["targets"] = _rows(
        connection,
        """select metric, nullif(project_id, '') as project, starts_on, ends_on, value from target
        where metric is not null order by all""",
    )
    lists["milestones"] = _rows(
        connection,
        """select id, project_id as project, name, planned_start, planned_end,
            case when actual_end <= getvariable('as_of')::date then actual_end end as actual_end, owner_id,
            parent_id, depends_on, acceptance, case when accepted_at <= getvariable('as_of') then accepted_at end as accepted_at
        from milestone order by planned_end, id""",
    )
    lists["budgets"] = _rows(
        connection,
        """select project_id as project, starts_on, ends_on, amount, nullif(kind, '') as kind from budget
        where project_id <> '' order by all""",
    )
    lists["recent"] = _recent(connection)
    lists["frozen"] = [
        {"entity": one.entity, "since": one.frozen_since or report.clock, "error": one.error}
        for one in report.entities
        if one.error
    ]
    lists["counts"] = [
        {"entity": one.entity, "rows": one.rows_after, "quarantined": one.quarantined} for one in report.entities
    ]
    return lists


def _known_and_seen(connection: duckdb.DuckDBPyConnection, name: str) -> list[dict[str, Any]]:
    """The rows of a small entity, and a row of its own for every id that numbers stand under without one."""
    entity, columns = _LISTED[name]
    dimension = _SEEN[name]
    marts = ("staff", "cohort_staff") if dimension == "staff" else ("daily", "cohort")
    seen = " union ".join(f"select {dimension} as id from mart.{mart}" for mart in marts)
    known = _rows(connection, f"select {columns} from {entity} order by id")
    ids = {row["id"] for row in known} | {NOWHERE}
    rest = _rows(connection, f"select distinct id from ({seen}) where id is not null order by id")
    return known + [{"id": row["id"], "name": row["id"]} for row in rest if row["id"] not in ids]


def _recent(connection: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """The latest events, and every contract since yesterday: one that is known to the day only stands behind all of its day.

    Amounts are looked up last, for these few rows alone.
    """
    order = '"at" desc, kind, project, channel, staff, id'
    return _rows(
        connection,
        f"""with lead as (
            select 'lead' as kind, party_id as id, created_at as "at", project, channel, staff, first_grade as grade
            from party where has_lead order by {order} limit {RECENT_EVENTS}
        ), step as (
            select kind, id, "at", project, channel, staff, first_grade as grade
            from stage_event where kind in (select entity from mapped) order by {order} limit {RECENT_EVENTS}
        ), signed as (
            select kind, id, "at", project, channel, staff, first_grade as grade
            from stage_event
            where kind = 'contract' and kind in (select entity from mapped) and "at" >= getvariable('as_of')::date - 1
            order by {order} limit {RECENT_CONTRACTS}
        ), latest as (
            from (from lead union all from step order by {order} limit {RECENT_EVENTS}) union from signed
        )
        select e.kind, e."at", e.project, e.channel, e.staff, e.grade, coalesce(s.amount, c.amount) as amount,
            case when e.kind = 'contract' then left(md5(e.id), 16) else '' end as key
        from latest e
        left join subscription s on e.kind = 'subscription' and s.id = e.id
        left join contract c on e.kind = 'contract' and c.id = e.id
        order by e."at" desc, e.kind, e.project, e.channel, e.staff, e.id""",
    )


def _rows(connection: duckdb.DuckDBPyConnection, query: str) -> list[dict[str, Any]]:
    found = connection.execute(query)
    names = [column[0] for column in found.description or ()]
    return [{name: _plain(value) for name, value in zip(names, row, strict=True)} for row in found.fetchall()]


def _plain(value: Any) -> Any:
    return value if not isinstance(value, datetime | date | Decimal) else _text(value)


def _text(value: datetime | date | Decimal) -> str:
    return str(value) if isinstance(value, Decimal) else value.isoformat()
