"""From entities to parties: which customers a change touches, and their parties computed anew (metrics words: party, chain)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from typing import TYPE_CHECKING

from metrics.entities import ENTITIES

if TYPE_CHECKING:
    import duckdb

PART_LEADS = 1_250_000
"""About so many leads are derived at once when all are derived anew."""
STEPS = ("visit", "subscription", "contract")
_STEP_ON_LEAD = {"visit": "first_visit_at", "subscription": "subscribed_at", "contract": "signed_at"}
_LEAD_TIMES = (
    "created_at first_response_at last_follow_up_at lost_at reactivated_at first_visit_at subscribed_at signed_at"
).split()


@dataclass(frozen=True)
class PartyRules:
    """The group's settings a party depends on: days until a returning person is a new lead, days allowed per step."""

    re_entry_days: int = 180
    windows: Mapping[str, int] | None = None

    def window(self, step: str) -> int:
        """Days allowed for a step since the one before."""
        return (self.windows or {"visit": 30, "subscription": 30, "contract": 15})[step]


def sql(name: str) -> str:
    """The text of one of our SQL files."""
    return (files("data_access") / "sql" / f"{name}.sql").read_text(encoding="utf-8")


def mapped_columns(connection: duckdb.DuckDBPyConnection) -> dict[str, set[str]]:
    """Every mapped entity with its mapped columns."""
    found: dict[str, set[str]] = {}
    for entity, column in connection.execute("select entity, col from mapped").fetchall():
        found.setdefault(entity, set()).add(column)
    return found


def mapped_steps(mapped: Mapping[str, set[str]]) -> tuple[str, ...]:
    """The steps after the lead that the source can show, in funnel order."""
    lead = mapped.get("lead", set())
    return tuple(step for step in STEPS if step in mapped or _STEP_ON_LEAD[step] in lead)


def step_windows(steps: tuple[str, ...], rules: PartyRules) -> dict[str, int]:
    """Days allowed for each mapped step since the one before; an unmapped step adds its own to the next."""
    windows, waiting = {}, 0
    for step in STEPS:
        waiting += rules.window(step)
        if step in steps:
            windows[step], waiting = waiting, 0
    return windows


def derive_parties(
    connection: duckdb.DuckDBPyConnection, rules: PartyRules, *, before: datetime | None, as_of: datetime
) -> bool:
    """Bring lead_party, stage_event and party up to `as_of`, and tell whether any row of them may have changed.

    `before` is the last derivation's as_of, None for all anew.
    Runs in the caller's transaction after a pull; leaves the temp table `touched_day` for the marts.
    """
    connection.execute("set variable as_of = ?", [as_of])
    connection.execute("set variable before = ?", [before])
    connection.execute("create or replace temp table touched_day (day date)")
    mapped = mapped_columns(connection)
    if before is None:
        connection.execute(
            "drop table if exists lead_party; drop table if exists stage_event; drop table if exists party"
        )
    connection.execute(sql("derive_tables"))
    for view in _views(mapped):
        connection.execute(view)
    known = _temporary(connection)
    changed = before is None or _changed(connection, mapped)
    if before is None:
        _derive_all(connection, _parties(mapped, rules, fresh="view"))
    elif changed:
        connection.execute(sql("touched"))
        connection.execute(_parties(mapped, rules, fresh="table"))
        connection.execute(sql("touched_days"))
    for name, kind in _temporary(connection) - known:
        connection.execute(f"drop {kind} {name}")
    return changed


def _derive_all(connection: duckdb.DuckDBPyConnection, parties: str) -> None:
    """Derive all parties a part of the keys after the other: what is worked on has to fit into memory, however many there are."""
    ((leads,),) = connection.execute("select count(*) from lead").fetchall()
    parts = leads // PART_LEADS + 1
    connection.execute(sql("everything"))
    for part in range(parts):
        connection.execute(sql("part").format(parts=parts, part=part))
        connection.execute(parties)


def _changed(connection: duckdb.DuckDBPyConnection, mapped: Mapping[str, set[str]]) -> bool:
    """List the leads and events that changed or whose time has come; whether there are any."""
    times = [column for column in _LEAD_TIMES if column in mapped.get("lead", {"created_at"})]
    connection.execute(
        sql("changed").format(
            lead_time_has_come=" or ".join(map(_has_come, times)) or "false",
            at_has_come=_has_come('"at"'),
            cancelled_has_come=_has_come("cancelled_at"),
        )
    )
    found = connection.execute("select exists (from changed_lead) or exists (from changed_event)").fetchall()
    return bool(found[0][0])


def _temporary(connection: duckdb.DuckDBPyConnection) -> set[tuple[str, str]]:
    tables = "select table_name, 'table' from duckdb_tables() where temporary"
    views = "select view_name, 'view' from duckdb_views() where temporary and not internal"
    return set(connection.execute(f"{tables} union all {views}").fetchall())


def _views(mapped: Mapping[str, set[str]]) -> list[str]:
    """Views over the entities: leads with their key, and stage events of every kind."""
    keyed = """create or replace temp view keyed_lead as
        select *, coalesce(person, '#' || id) as pkey, coalesce(project_id, '') as key_project
        from lead"""
    events = " union all ".join(_event_source(kind, mapped) for kind in STEPS)
    return [keyed, f"create or replace temp view event_source as {events}"]


def _event_source(kind: str, mapped: Mapping[str, set[str]]) -> str:
    column = _STEP_ON_LEAD[kind]
    if kind not in mapped and column in mapped.get("lead", set()):
        return f"""select '{kind}' as kind, '#' || id as id, id as lead_id, person, project_id, {column} as "at",
            {column}_day_only as day_only, cast(null as timestamp) as cancelled_at, cast(null as boolean) as cancelled_day_only,
            channel_id, staff_id from lead where {column} is not null and created_at <= getvariable('as_of')"""
    at = ENTITIES[kind].at
    lost = kind != "visit"
    cancelled = (
        "case when cancelled_at <= getvariable('as_of') then cancelled_at end" if lost else "cast(null as timestamp)"
    )
    day_only = "cancelled_at_day_only" if lost else "cast(null as boolean)"
    return f"""select '{kind}' as kind, id, lead_id, person, project_id, "{at}" as "at", {at}_day_only as day_only,
        {cancelled} as cancelled_at, {day_only} as cancelled_day_only, channel_id, staff_id from {kind}"""


def _contacts(mapped: Mapping[str, set[str]]) -> str:
    """When the leads that are derived were contacted."""
    if "follow_up" in mapped:
        return """select lead_id, "at", at_day_only as day_only, "at" as followed_up_at
            from touched_follow_up where reached is distinct from false and "at" <= getvariable('as_of')"""
    return """select id as lead_id, first_response_at as "at", first_response_at_day_only as day_only,
            cast(null as timestamp) as followed_up_at
        from touched_lead where first_response_at <= getvariable('as_of')"""


def _has_come(column: str) -> str:
    return f"({column} > getvariable('before') and {column} <= getvariable('as_of'))"


def _parties(mapped: Mapping[str, set[str]], rules: PartyRules, *, fresh: str) -> str:
    chain, columns, joins = [], [], []
    steps = mapped_steps(mapped)
    for place, (step, window) in enumerate(step_windows(steps, rules).items()):
        chain.append(_chain(step, f"chain_{place}", f"chain_{place + 1}", window))
        joins.append(f"\nleft join chain_{place + 1} k{place} on k{place}.party_id = b.party_id")
        columns.append(
            f""",
    k{place}."at" as {step}_step, k{place}.day_only as {step}_step_day_only,
    coalesce(k{place}.in_window, false) as {step}_in, coalesce(k{place}.net, false) as {step}_net,
    b.has_lead and k{place}."at" is null and s.{step}_1 is not null as {step}_astray"""
        )
    return sql("parties").format(
        fresh=fresh,
        contacts=_contacts(mapped),
        re_entry_days=rules.re_entry_days,
        earliest_dates="\n".join(_earliest_date(step) for step in steps if step not in mapped),
        chain="\n".join(chain),
        step_columns="".join(columns),
        step_joins="".join(joins),
    )


def _earliest_date(step: str) -> str:
    """Of the dates of a step on a party's leads only the earliest counts as an event."""
    return f"""delete from placed where kind = '{step}' and id not in (
        select arg_min(id, ("at", id)) from placed where kind = '{step}' group by party_id);"""


def _chain(step: str, before: str, here: str, window: int) -> str:
    """The earliest event of a kind at or after the step before; equal times and equal days (day-only) count as ordered."""
    return f"""create or replace temp table {here} as
        with ordered as (
            select b.party_id, b."at" as before_at, b.in_window as before_in, e."at", e.day_only, e.id, e.cancelled_at
            from {before} b join placed e on e.party_id = b.party_id and e.kind = '{step}'
                and case when e.day_only or b.day_only then e."at"::date >= b."at"::date else e."at" >= b."at" end
        )
        select party_id, min("at") as "at", arg_min(day_only, ("at", id)) as day_only, bool_or(cancelled_at is null) as net,
            bool_and(before_in) and date_diff('day', min(before_at), min("at")) <= {window} as in_window
        from ordered group by party_id;"""
