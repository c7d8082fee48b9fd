"""From parties and rows to marts: measures aggregated to their grains by set-based SQL, only for the days that changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import TYPE_CHECKING

from data_access.derive import mapped_columns, mapped_steps, sql
from metrics.entities import ENTITIES
from metrics.pack import Measure, Pack
from metrics.snapshot import MONEY_SCALE

if TYPE_CHECKING:
    import duckdb

HOURLY_DAYS = 35
RECENT_EVENTS = 60
RECENT_CONTRACTS = 20
BY_MONTH = {
    "daily": "day, project, channel",
    "staff": "day, project, staff",
    "cohort": "day, project, channel",
    "cohort_staff": "day, project, staff",
    "lags": "day, project, channel, staff, step, lag",
    "clock": "month, weekday, hour, project, channel",
    "demand": "day, district, segment, price_band",
}
"""Marts kept in one file per month, with the order of their rows."""
WHOLE = {
    "edge": "day, project, channel, staff",
    "hourly": "day, hour, project, channel, grade",
    "state": "project, channel, staff, grade",
    "referrers": "day, project, referrer",
}
"""Marts kept in one file, with the order of their rows."""
PARTIES = "parties"
"""The files of parties, one per month, which stand beside the marts."""
BY_CLOCK = {"daily", "staff", "edge", "state"}
"""Marts that change though no row does: what is due, and how far today has come, depends on the time."""


_SIGNED = "contract | lead.signed_at"
STATE_NEEDS = {
    "active": ("lead", _SIGNED),
    "valid_active": ("lead.valid", _SIGNED),
    "overdue": ("follow_up | lead.last_follow_up_at", _SIGNED),
    "waiting": ("follow_up | lead.first_response_at", _SIGNED),
}
"""What a state needs: without knowing who signed or who was called it would be a guess."""
WANTED = ("district", "segment", "price_band")
"""What a customer wants, as a lead's first row or an exposure says it; the dimensions of `demand`."""


@dataclass(frozen=True)
class MartRules:
    """What marts need to know besides the pack: days compared to the same time of day, overdue limits, windows."""

    cut_days: tuple[date, ...]
    overdue_days: Mapping[str, int]


def absent_measures(pack: Pack, mapped: Mapping[str, set[str]]) -> dict[str, str]:
    """Every stored measure and every state the source cannot give, with what lacks, such as `visit` or `lead.valid`; and what
    demand is not split by, such as `leads.district`.
    """
    found, measures = {}, {measure.name: measure.needs for measure in pack.additive}
    for name, needs in {**STATE_NEEDS, **measures, **_demand_needs(pack)}.items():
        lacks = next((need for need in needs if not delivered(need, mapped)), None)
        if lacks:
            found[name] = lacks.split("|")[0].strip()
    return found


def _demand_needs(pack: Pack) -> dict[str, tuple[str, ...]]:
    """The column behind each dimension of each measure of demand; no exposure says what somebody can pay."""
    measures = [measure for measure in pack.additive if measure.name in pack.demand]
    return {
        f"{one.name}.{name}": (f"{'lead' if one.source == 'party' else one.source}.{name}",)
        for one in measures
        for name in WANTED
    }


def delivered(need: str, mapped: Mapping[str, set[str]]) -> bool:
    """Whether the mapping returns an entity or a column of it, or one of several where either will do."""
    for one in need.split("|"):
        entity, _, column = one.strip().partition(".")
        if entity in mapped and (not column or column in mapped[entity]):
            return True
    return False


def build_marts(
    connection: duckdb.DuckDBPyConnection,
    pack: Pack,
    rules: MartRules,
    *,
    before: datetime | None,
    changed: bool = True,
) -> set[tuple[str, date | None]]:
    """Bring every mart up to the derivation's as_of; returns the marts, and the months of them, that may differ from before.

    `before` is the as_of of the last build, None to build all days anew; `changed` tells whether any party or event changed.
    """
    mapped = mapped_columns(connection)
    measures = [m for m in pack.additive if m.name not in absent_measures(pack, mapped)]
    connection.execute("create schema if not exists mart")
    connection.execute(sql("fact_views"))
    if before is None:
        _touch_every_day(connection, measures)
    else:
        changed = _touch_days(connection, measures, before) or changed
    since = _first_month(connection)
    days = f"{since} and {{at}}::date in (select day from touched_day)"
    _build_daily(connection, pack.additive, measures, days)
    _build_edge(connection, pack.additive, measures, rules.cut_days)
    _build_state(connection, rules.overdue_days)
    _note_newest(connection)
    if changed:
        _build_cohorts(connection, mapped_steps(mapped), days)
        _build_lags(connection, mapped_steps(mapped), days)
        _build_clock(connection, pack.additive, measures, since)
        _build_demand(connection, pack, measures, days)
        _build_hourly(connection, pack.additive, measures)
        _build_referrers(connection)
    return _differing(connection, {*BY_MONTH, *WHOLE, PARTIES} if changed else BY_CLOCK)


def _differing(connection: duckdb.DuckDBPyConnection, marts: set[str]) -> set[tuple[str, date | None]]:
    """The marts that were built, each with the first day of every touched month if it is kept by month."""
    months = connection.execute("select distinct date_trunc('month', day)::date from touched_day").fetchall()
    whole: set[tuple[str, date | None]] = {(mart, None) for mart in marts if mart in WHOLE}
    return whole | {(mart, month) for mart in marts if mart not in WHOLE for (month,) in months}


def _first_month(connection: duckdb.DuckDBPyConnection) -> str:
    """A condition on {at} that keeps older rows from being read: the first touched month, written out."""
    ((first,),) = connection.execute("select date_trunc('month', min(day))::date from touched_day").fetchall()
    return f"{{at}} >= timestamp '{first or date.max}'"


def _touch_days(connection: duckdb.DuckDBPyConnection, measures: list[Measure], before: datetime) -> bool:
    """Complete touched_day: rows' own days, and the days between the two refreshes (what is due changes with time).

    Whether more than the marts BY_CLOCK may differ: for rows that moved, a clock set back, hourly measures that depend on time.
    """
    for source, at in sorted({(m.source, m.at) for m in measures if m.source != "party"}):
        for side in ("old", "new"):
            connection.execute(f'insert into touched_day select distinct "{at}"::date from {side}_{source}')
    timed = {m for m in measures if "as_of" in m.sql + m.where}
    for source, at in sorted({(m.source, m.at) for m in measures if m.source != "party" and (m.hourly or m in timed)}):
        connection.execute(_come_since(source, at), {"before": before})
    moved = "select exists (from touched_day) or getvariable('as_of') < $before"
    ((found,),) = connection.execute(moved, {"before": before}).fetchall()
    connection.execute(
        """create or replace temp table touched_day as
        select distinct day from touched_day where day is not null and day <= getvariable('as_of')::date
        union select unnest(generate_series($before::date - 1, getvariable('as_of')::date, interval 1 day))::date""",
        {"before": before},
    )
    return bool(found) or any(m.hourly for m in timed)


def _come_since(source: str, at: str) -> str:
    """The days of rows of which something noted ahead has come about since the last refresh."""
    times = [one.name for one in ENTITIES[source].columns if one.kind in ("time", "day") and one.name != "updated_at"]
    come = " or ".join(f'("{name}" > $before and "{name}" <= getvariable(\'as_of\'))' for name in times)
    return f'insert into touched_day select distinct "{at}"::date from {source} where {come}'


def _touch_every_day(connection: duckdb.DuckDBPyConnection, measures: list[Measure]) -> None:
    """Make touched_day every day there is, and the marts new."""
    # Today is there even when nothing else is, so that every mart has a file that names its columns.
    days = "select getvariable('as_of')::date as day"
    for source, at in sorted({(m.source, m.at) for m in measures}):
        days += f' union select "{at}"::date from {source}'
    connection.execute(
        f"create or replace temp table touched_day as select day from ({days}) where day <= getvariable('as_of')::date"
    )
    for mart in BY_MONTH:
        connection.execute(f"drop table if exists mart.{mart}")


def aggregate(measure: Measure) -> str:
    """A measure's aggregate as a whole number (money: ten-thousandths), named like the measure."""
    total = f"{measure.sql} filter (where {measure.where})" if measure.where else measure.sql
    scaled = f"({total}) * {MONEY_SCALE}" if measure.is_money else total
    return f"cast({scaled} as bigint) as {measure.name}"


def _rows(measures: Iterable[Measure], keys: str, where: str, views: str = "f") -> str:
    """One SELECT over all measures: each (source, date) group aggregated by `keys`, then brought together by name.

    `views`: the first word of the views the rows are read from.
    """
    parts = []
    ordered = sorted(measures, key=lambda m: (m.source, m.at))
    for (source, at), group in groupby(ordered, key=lambda m: (m.source, m.at)):
        columns = ", ".join(aggregate(measure) for measure in group)
        booked = {"at": f'"{at}"', "day_only": f"{at}_day_only"}
        condition = where.format(**booked)
        parts.append(
            f'select {keys.format(**booked)}, {columns} from {views}_{source} where "{at}" <= as_of and {condition} group by all'
        )
    return " union all by name ".join(parts)


def _together(measures: Iterable[Measure], available: Iterable[Measure]) -> str:
    """Bring the groups' columns together: a measure comes from one group, so each key has at most one value of it."""
    known = {measure.name for measure in available}
    return ", ".join(
        f"any_value({m.name}) as {m.name}" if m.name in known else f"cast(null as bigint) as {m.name}" for m in measures
    )


def _replace(connection: duckdb.DuckDBPyConnection, mart: str, query: str, stale: str) -> None:
    """Put the query's rows in place of the mart's stale ones; makes the mart when it is not there yet."""
    if _is_there(connection, mart):
        connection.execute(f"delete from mart.{mart} where {stale}")
    else:
        # Declared, not made from an empty select: DuckDB 2.0 finds no rows again that are inserted after nothing in one transaction.
        columns = ", ".join(f"{name} {kind}" for name, kind, *_ in connection.execute(f"describe {query}").fetchall())
        connection.execute(f"create table mart.{mart} ({columns})")
    connection.execute(f"insert into mart.{mart} by name {query}")


def _is_there(connection: duckdb.DuckDBPyConnection, mart: str) -> bool:
    found = "select 1 from duckdb_tables() where schema_name = 'mart' and table_name = ?"
    return bool(connection.execute(found, [mart]).fetchall())


def _build_daily(
    connection: duckdb.DuckDBPyConnection, measures: Iterable[Measure], available: list[Measure], days: str
) -> None:
    columns = _together(measures, available)
    for mart, by in (("daily", "channel"), ("staff", "staff")):
        rows = _rows(available, f"{{at}}::date as day, project, {by}", days)
        query = f"select day, project, {by}, {columns} from ({rows}) group by all"
        _replace(connection, mart, query, "day in (select day from touched_day)")


def _build_cohorts(connection: duckdb.DuckDBPyConnection, steps: tuple[str, ...], days: str) -> None:
    columns = "".join(
        f""", count(*) filter (where {s}_in) as {s}_in, count({s}_step) as {s}_ever,
        count(*) filter (where {s}_in and {s}_net) as {s}_net_in,
        count(*) filter (where {s}_step is not null and {s}_net) as {s}_net_ever,
        count(*) filter (where {s}_astray) as {s}_astray"""
        for s in steps
    )
    for mart, by in (("cohort", "channel"), ("cohort_staff", "staff")):
        query = f"""select created_at::date as day, project, {by}, count(*) as leads{columns} from party
            where has_lead and {days.format(at="created_at")} group by all"""
        _replace(connection, mart, query, "day in (select day from touched_day)")


def _build_lags(connection: duckdb.DuckDBPyConnection, steps: tuple[str, ...], days: str) -> None:
    spans = {step: ("created_at", f"{step}_step") for step in steps}
    if {"visit", "subscription"} <= set(steps):
        spans["visit_to_subscription"] = ("visit_step", "subscription_step")
    if {"subscription", "contract"} <= set(steps):
        spans["subscription_to_contract"] = ("subscription_step", "contract_step")
    whole_days = [
        f"select '{name}' as step, date_diff('day', {start}, {stop}) as lag, * from p where {start} is not null and {stop} is not null"
        for name, (start, stop) in spans.items()
    ]
    minutes = """select 'first_response' as step, case when datesub('minute', created_at, contact_at) <= 1440
        then datesub('minute', created_at, contact_at) else datesub('hour', created_at, contact_at) * 60 end as lag, *
        from p where contact_at is not null and not created_at_day_only"""
    query = f"""with p as (select * from party where has_lead and {days.format(at="created_at")})
        select created_at::date as day, project, channel, staff, step, cast(lag as integer) as lag, count(*) as parties
        from ({" union all ".join([minutes, *whole_days])}) group by all"""
    _replace(connection, "lags", query, "day in (select day from touched_day)")


def _build_clock(
    connection: duckdb.DuckDBPyConnection, measures: Iterable[Measure], available: list[Measure], since: str
) -> None:
    hourly = [measure for measure in available if measure.hourly]
    keys = "date_trunc('month', {at})::date as month, isodow({at}) as weekday, hour({at}) as hour, project, channel"
    months = "(select date_trunc('month', day)::date from touched_day)"
    rows = _rows(hourly, keys, f"{since} and date_trunc('month', {{at}})::date in {months} and not {{day_only}}")
    columns = _together([m for m in measures if m.hourly], hourly)
    query = f"select month, weekday, hour, project, channel, {columns} from ({rows}) group by all"
    _replace(connection, "clock", query, f"month in {months}")


def _build_demand(connection: duckdb.DuckDBPyConnection, pack: Pack, available: list[Measure], days: str) -> None:
    keys = ", ".join(f"coalesce({name}, '') as {name}" for name in WANTED)
    known = [measure for measure in available if measure.name in pack.demand]
    columns = _together([m for m in pack.additive if m.name in pack.demand], known)
    # Without a measure there are no rows, but a file that names the columns.
    nothing = "select cast(null as date) as day, '' as district, '' as segment, '' as price_band where false"
    rows = _rows(known, f"{{at}}::date as day, {keys}", days, "wanted") if known else nothing
    more = f", {columns}" if columns else ""
    query = f"select day, {', '.join(WANTED)}{more} from ({rows}) group by all"
    _replace(connection, "demand", query, "day in (select day from touched_day)")


def _build_edge(
    connection: duckdb.DuckDBPyConnection, measures: Iterable[Measure], available: list[Measure], cuts: tuple[date, ...]
) -> None:
    ((time,),) = connection.execute("select getvariable('as_of')::time").fetchall()
    so_far = " or ".join(f"{{at}} between timestamp '{day}' and timestamp '{day} {time}'" for day in cuts)
    rows = _rows(available, "{at}::date as day, project, channel, staff", f"({so_far}) and not {{day_only}}")
    query = f"select day, project, channel, staff, {_together(measures, available)} from ({rows}) group by all"
    connection.execute(f"create or replace table mart.edge as {query}")


def _note_newest(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(
        """create or replace temp table newest as
        select max(created_at) as newest from party where has_lead union all select max("at") from stage_event"""
    )


def _build_hourly(connection: duckdb.DuckDBPyConnection, measures: Iterable[Measure], available: list[Measure]) -> None:
    hourly = [measure for measure in available if measure.hourly]
    keys = "{at}::date as day, hour({at}) as hour, project, channel, coalesce(first_grade, '') as grade"
    ((first,),) = connection.execute(f"select max(newest)::date - {HOURLY_DAYS - 1} from newest").fetchall()
    recent = f"{{at}} >= timestamp '{first or date.max}' and not {{day_only}}"
    columns = _together([m for m in measures if m.hourly], hourly)
    query = f"select day, hour, project, channel, grade, {columns} from ({_rows(hourly, keys, recent)}) group by all"
    connection.execute(f"create or replace table mart.hourly as {query}")


IS_LOST = """coalesce(lost_at <= getvariable('as_of') and not coalesce(reactivated_at <= getvariable('as_of') and
    case when lost_at_day_only or reactivated_at_day_only then reactivated_at::date > lost_at::date
    else reactivated_at > lost_at end, false), false)"""
"""Given up and not come back by now; where one of the days is all that is known, coming back on the same day does not count."""


def _build_state(connection: duckdb.DuckDBPyConnection, overdue_days: Mapping[str, int]) -> None:
    limits = " ".join(f"when '{grade}' then {days}" for grade, days in overdue_days.items())
    connection.execute(
        f"""create or replace table mart.state as
        with active as (
            select project, channel, staff, coalesce(grade, '') as grade, created_at, contact_at,
                coalesce(last_contact_at, created_at) + to_days(case grade {limits} else {overdue_days["D"]} end) as due_at
            from party
            where has_lead and valid and not has_contract and not {IS_LOST}
        )
        select project, channel, staff, grade, count(*) as active, count(*) as valid_active,
            count(*) filter (where due_at < getvariable('as_of')) as overdue,
            count(*) filter (where contact_at is null) as waiting,
            min(due_at) filter (where due_at < getvariable('as_of')) as oldest_overdue,
            min(created_at) filter (where contact_at is null) as oldest_waiting
        from active group by all"""
    )


def _build_referrers(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(
        """create or replace table mart.referrers as
        select day, project, referrer, cast(sum(referrals) as bigint) as referrals,
            cast(sum(referred_contracts) as bigint) as referred_contracts
        from (
            select "at"::date as day, project, coalesce(referrer_id, '') as referrer, count(*) as referrals, 0 as referred_contracts
            from f_referral where "at" <= as_of group by all
            union all
            select signed_at::date, project, referrer_id, 0, count(*)
            from f_contract where signed_at <= as_of and referrer_id is not null group by all
        ) group by all"""
    )
