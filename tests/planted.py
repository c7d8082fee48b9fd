"""A replica with an honest crowd of any size in it, and room for cases planted by hand."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

import duckdb

from data_access.canonical import is_day_aware
from data_access.replica import Replica
from metrics.entities import ENTITIES, Entity

AS_OF = datetime(2026, 3, 31, 18, 0)
PROJECTS, STAFF_EACH, BROKERS_EACH = 24, 20, 40
KINDS = ("public", "public", "private", "offline", "offline", "public", "private", "public", "distribution", "distribution", "referral", "public")  # fmt: skip
PAID, OTHER_PAID, NATURAL, POOL = "C9", "C10", "C4", "C11"

_CROWD = """
insert into project (id, name) select 'P' || i, '项目' || i from range(1, {projects} + 1) t(i);
insert into staff (id, name, project_id, phone, phone_ok)
    select 'P' || p || '-S' || s, '顾问' || s, 'P' || p, md5('staff' || p || ':' || s), true
    from range(1, {projects} + 1) a(p), range(1, {staff} + 1) b(s);
create temp table base as
    select i, 'L' || i as id, 'P' || (1 + i % {projects}) as project, 'C' || (1 + (i // {projects}) % 12) as channel,
        1 + hash(i + 3) % {staff} as slot, md5('person' || i) as person, 1 + hash(i) % {brokers} as broker,
        date_trunc('second', timestamp '{as_of}' - interval 40 day - to_seconds(cast(i * 690.0 * 86400 / {leads} as bigint))) as born
    from range({leads}) t(i);
insert into lead (id, project_id, channel_id, staff_id, created_at, created_at_day_only, person, phone_ok, lost_at, lost_at_day_only)
    select id, project, channel, project || '-S' || slot, born, false, person, i % 97 > 0,
        case when hash(i + 7) % 11 = 0 then born + interval 25 day end, false
    from base;
insert into follow_up (id, lead_id, staff_id, "at", at_day_only, reached)
    select 'F' || i || ':' || n, id, project || '-S' || slot, born + to_hours(1 + 40 * n), false, n > 0
    from base, range(2) t(n);
insert into visit (id, lead_id, project_id, staff_id, channel_id, person, "at", at_day_only)
    select 'V' || i, case when i % 9 > 0 then id end, project, project || '-S' || slot, channel, person,
        born + to_days(cast(1 + i % 23 as integer)) + interval 3 hour, false
    from base where i % 4 = 0;
insert into registration (id, lead_id, project_id, channel_id, broker_id, person, phone_ok, "at", at_day_only, protected_until,
    protected_until_day_only)
    select 'R' || i, id, project, channel, 'B' || project || ':' || broker, person, i % 97 > 0, born - to_minutes(i % 50), false,
        born + interval 30 day, false
    from base where channel in ('C9', 'C10');
insert into assignment (id, lead_id, staff_id, channel_id, "at", at_day_only)
    select 'A' || i, id, project || '-S' || slot, channel, born + interval 1 minute, false from base where i % 25 = 0;
insert into subscription (id, lead_id, project_id, staff_id, channel_id, person, "at", at_day_only, amount)
    select 'U' || i, id, project, project || '-S' || slot, channel, person, born + interval 26 day, false, 2500000 from base where i % 40 = 0;
insert into contract (id, lead_id, project_id, staff_id, channel_id, person, signed_at, signed_at_day_only, amount, commission_records,
    commission_amount)
    select 'K' || i, id, project, project || '-S' || slot, channel, person, born + interval 33 day, false, 2480000, 1, 44640
    from base where i % 80 = 0;
insert into referral (id, lead_id, project_id, referrer_id, referrer_kind, referrer_phone, phone_ok, "at", at_day_only)
    select 'E' || i, id, project, 'O' || i % 500, 'owner', md5('owner' || i % 500), true, born, false from base where channel = 'C11';
drop table base;
"""


def a_replica(leads: int = 0) -> Replica:
    """A replica as of AS_OF with that many leads of people who do nothing of note, and everything mapped."""
    replica = Replica(":memory:", b"k" * 32, zone="Asia/Shanghai")
    connection = replica.connection
    for entity in ENTITIES.values():
        connection.executemany("insert into mapped values (?, ?)", [(entity.name, one.name) for one in entity.columns])
    sizes = {"projects": PROJECTS, "staff": STAFF_EACH, "brokers": BROKERS_EACH, "leads": leads, "as_of": AS_OF}
    for statement in _CROWD.format(**sizes).split(";"):
        if statement.strip():
            connection.execute(statement)
    for nth, kind in enumerate(KINDS, start=1):
        put(connection, "channel", id=f"C{nth}", name=f"渠道{nth}", kind=kind)
    return replica


def clear(connection: duckdb.DuckDBPyConnection) -> None:
    """Take out everything but the places and the people who are always there."""
    for entity in set(ENTITIES) - {"project", "channel", "staff"}:
        connection.execute(f"delete from {entity}")
    connection.execute("delete from staff where id not like 'P%'")


def put(connection: duckdb.DuckDBPyConnection, entity: str, **values: Any) -> None:
    """Put one row there; a `date` in a column of times is known to the day, a text in one of persons is the key itself."""
    put_all(connection, entity, [values])


def put_all(connection: duckdb.DuckDBPyConnection, entity: str, rows: Iterable[Mapping[str, Any]]) -> None:
    """Put rows there."""
    for row in rows:
        values = _stored(ENTITIES[entity], row)
        names, places = ", ".join(f'"{name}"' for name in values), ", ".join("?" for _ in values)
        connection.execute(f"insert into {entity} ({names}) values ({places})", list(values.values()))


def _stored(entity: Entity, row: Mapping[str, Any]) -> dict[str, Any]:
    values = dict(row)
    for column in entity.columns:
        if is_day_aware(column) and row.get(column.name) is not None:
            values[f"{column.name}_day_only"] = is_day(row[column.name])
        if column.kind == "person" and row.get(column.name) is not None:
            values.setdefault("phone_ok", True)
    return values


def is_day(value: Any) -> bool:
    """Whether only the day is known."""
    return isinstance(value, date) and not isinstance(value, datetime)
