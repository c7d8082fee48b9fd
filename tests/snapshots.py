"""Snapshots built from a few canonical rows by the real derivation and marts, for tests of what is shown."""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache
from importlib.resources import files
from itertools import chain
from pathlib import Path
from typing import Any

import duckdb

from data_access.canonical import declared, is_day_aware, stored_columns
from data_access.derive import PartyRules, derive_parties
from data_access.marts import MartRules, build_marts
from data_access.publication import manifest, write_files
from data_access.pull import EntityReport
from data_access.replica import PullReport, Replica
from data_access.snapshots import Cache, Folder, read
from metrics.entities import ENTITIES, Entity
from metrics.pack import Pack
from metrics.periods import cut_days
from metrics.snapshot import Snapshot

Row = Mapping[str, Any]

AS_OF = datetime(2026, 3, 11, 10, 0)
"""A Wednesday at ten."""
PROJECTS = {"p1": "云岫府", "p2": "文昌学府", "p3": "望澜湾"}
CHANNELS = {"c1": ("短视频", "public"), "c2": ("老带新", "referral"), "c3": ("自然到访", "offline")}
STAFF = {"s1": ("周健", "p1"), "s2": ("许岚", "p1"), "s3": ("高远", "p2"), "s4": ("白露", "p3")}
AT_ONCE = 200
OVERDUE_DAYS = {"A": 1, "B": 3, "C": 7, "D": 15}


@cache
def property_pack() -> Pack:
    """The built-in pack."""
    return Pack.parse((files("metrics") / "packs" / "property.toml").read_text(encoding="utf-8"), "property")


_KEPT = tempfile.TemporaryDirectory()
FOLDER = Path(_KEPT.name)
"""Where the files of every snapshot made here are, until the tests end."""


def a_snapshot(*, as_of: datetime = AS_OF, sequence: int = 1, **rows: Sequence[Row]) -> Snapshot:
    """A snapshot of these rows by entity, its files in FOLDER; entities that are not given are not mapped."""
    replica = Replica(":memory:", b"k" * 32, zone="Asia/Shanghai")
    connection = replica.connection
    for name in rows:
        _fill(connection, ENTITIES[name], rows[name])
    derive_parties(connection, PartyRules(), before=None, as_of=as_of)
    differing = build_marts(connection, property_pack(), MartRules(cut_days(as_of), OVERDUE_DAYS), before=None)
    report = PullReport(as_of, "full", tuple(EntityReport(name, rows_after=len(rows[name])) for name in rows), 0.0)
    folder = Folder(FOLDER)
    write_files(connection, folder, differing, anew=True)
    _, file = folder.put_manifest(manifest(connection, property_pack(), PartyRules(), report))
    snapshot = read(folder, file, sequence, Cache())
    replica.close()
    return snapshot


def _fill(connection: duckdb.DuckDBPyConnection, entity: Entity, rows: Sequence[Row]) -> None:
    for which in ("old", "new"):
        connection.execute(f"create temp table {which}_{entity.name} ({declared(stored_columns(entity))})")
    mapped = sorted({column for row in rows for column in row} | {c.name for c in entity.columns if c.required})
    connection.executemany("insert into mapped values (?, ?)", [(entity.name, column) for column in mapped])
    alike: dict[tuple[str, ...], list[list[Any]]] = {}
    for row in rows:
        values = _stored(entity, row)
        alike.setdefault(tuple(values), []).append(list(values.values()))
    # Many rows at once: one by one each is a transaction of its own.
    for columns, found in alike.items():
        names, places = ", ".join(f'"{name}"' for name in columns), ", ".join("?" for _ in columns)
        for some in batched(found, AT_ONCE):
            many = ", ".join(f"({places})" for _ in some)
            connection.execute(f"insert into {entity.name} ({names}) values {many}", [*chain.from_iterable(some)])


def batched(rows: Sequence[list[Any]], size: int) -> Iterator[Sequence[list[Any]]]:
    """The rows in pieces of a size."""
    return (rows[at : at + size] for at in range(0, len(rows), size))


def _stored(entity: Entity, row: Row) -> dict[str, Any]:
    values = dict(row)
    for column in entity.columns:
        if is_day_aware(column) and column.name in row:
            values[f"{column.name}_day_only"] = not isinstance(row[column.name], datetime)
    return values


def small_rows(as_of: datetime = AS_OF) -> dict[str, list[dict[str, Any]]]:
    """A small world: three projects, eight weeks of customers who mostly go on to the next step, targets and a late milestone."""
    leads = [_lead(number, as_of) for number in range(240)]
    visited = [lead for lead in leads if int(lead["id"][1:]) % 3 == 0]
    bought = [lead for lead in visited if int(lead["id"][1:]) % 4 == 0]
    year = as_of.year
    return {
        "project": [_project(number, id, name) for number, (id, name) in enumerate(PROJECTS.items())],
        "channel": [{"id": id, "name": name, "kind": kind} for id, (name, kind) in CHANNELS.items()],
        "staff": [{"id": id, "name": name, "project_id": project, "team": f"{PROJECTS[project]}一组"} for id, (name, project) in STAFF.items()],
        "exposure": [
            {"id": f"x{n}", "project_id": f"p{n % 3 + 1}", "channel_id": "c1", "at": _ago(as_of, n // 3, 9), "impressions": 50}
            for n in range(160)
        ],
        "lead": leads,
        "visit": [_after(lead, "v", {"at": _later(lead, 2)}) for lead in visited if _later(lead, 2) < as_of],
        "subscription": [
            _after(lead, "b", {"at": _later(lead, 5), "amount": Decimal(2_000_000), "units": 1})
            for lead in bought
            if _later(lead, 5) < as_of
        ],
        "contract": [
            _after(lead, "k", {"signed_at": _later(lead, 9), "amount": Decimal(2_500_000), "units": 1})
            for lead in bought
            if _later(lead, 9) < as_of
        ],
        "referral": [
            _after(lead, "r", {"referrer_id": f"b{int(lead['id'][1:]) % 4}", "referrer_name": "韩冰", "at": lead["created_at"]})
            for lead in leads
            if lead["channel_id"] == "c2"
        ],
        "follow_up": [
            {"id": f"f{lead['id']}", "lead_id": lead["id"], "staff_id": lead["staff_id"], "at": _later(lead, 0, 20), "reached": True}
            for lead in leads
            if int(lead["id"][1:]) % 2
        ],
        "spend": [
            {"id": f"m{n}", "project_id": f"p{n % 3 + 1}", "channel_id": "c1", "day": _ago(as_of, n // 3, 9).date(), "amount": Decimal(600)}
            for n in range(90)
        ],
        "target": [
            {"metric": "net_contract_amount", "project_id": id, "starts_on": date(year, 1, 1), "ends_on": date(year, 12, 31), "value": Decimal(100_000_000)}
            for id in ("p1", "p2")
        ],
        "milestone": [
            {"id": "n1", "project_id": "p2", "name": "样板间开放", "planned_start": date(year, 1, 5), "planned_end": date(year, 2, 20)}
        ],
    }  # fmt: skip


@cache
def small_snapshot(sequence: int = 1) -> Snapshot:
    """The small world as a snapshot."""
    return a_snapshot(sequence=sequence, **small_rows())


def _project(number: int, id: str, name: str) -> dict[str, Any]:
    return {"id": id, "name": name, "region": "城东" if number else "城西", "peer_group": "住宅"}


def _lead(number: int, as_of: datetime) -> dict[str, Any]:
    project = f"p{number % 3 + 1}"
    own = [id for id, (_, at) in STAFF.items() if at == project]
    return {
        "id": f"l{number}",
        "project_id": project,
        "channel_id": f"c{number % 2 + 1}",
        "staff_id": own[number // 3 % len(own)],
        "created_at": _ago(as_of, number // 4, 8 + number % 12),
        "person": f"{number:064x}",
        "grade": "ABCD"[number % 4],
        "valid": number % 5 != 0,
    }


def _after(lead: Row, letter: str, more: Row) -> dict[str, Any]:
    of_lead = {"id": f"{letter}{lead['id']}", "lead_id": lead["id"], "project_id": lead["project_id"]}
    return {**of_lead, **more}


def _ago(as_of: datetime, days: int, hour: int) -> datetime:
    at = (as_of - timedelta(days=days)).replace(hour=hour, minute=5)
    return at if at < as_of else at - timedelta(days=1)


def _later(lead: Row, days: int, minutes: int = 30) -> datetime:
    at: datetime = lead["created_at"]
    return at + timedelta(days=days, minutes=minutes)
