"""Record rules run over the replica: one SQL file per rule, thresholds by project, and what they find as values."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from data_access.derive import mapped_columns, sql
from data_access.marts import delivered
from metrics.pack import Pack, RecordRule
from metrics.record_rules import Found, Proof, Stake, limits_of

if TYPE_CHECKING:
    import duckdb

Key = tuple[str, str]


@dataclass(frozen=True)
class Checked:
    """One evaluation: what was found, what each rule that is off lacks, as of when, and how long it took."""

    found: tuple[Found, ...]
    lacks: Mapping[str, str]
    as_of: datetime
    seconds: float


def lacking(pack: Pack, mapped: Mapping[str, set[str]]) -> dict[str, str]:
    """Every rule the source cannot answer, with what it lacks, such as `registration.broker_id`."""
    found = {}
    for rule in pack.record_rules.values():
        lacks = next((need for need in rule.needs if not delivered(need, mapped)), None)
        if lacks:
            found[rule.name] = lacks.split("|")[0].strip()
    return found


def check_records(
    connection: duckdb.DuckDBPyConnection, pack: Pack, given: Mapping[str, Any], *, as_of: datetime
) -> Checked:
    """Run every rule the source can answer over the replica as it stands at `as_of`; `given` are thresholds of the settings.

    Person keys stay inside: what comes back are ids of the source and times.
    """
    began = time.monotonic()
    mapped = mapped_columns(connection)
    lacks = lacking(pack, mapped)
    # A cursor has temporary tables and variables of its own, which go when it is closed.
    with connection.cursor() as own:
        _tell(own, mapped, as_of)
        own.execute(sql("records/rows"))
        for rule in pack.record_rules.values():
            if rule.name not in lacks:
                _set_limits(own, rule, given)
                own.execute(sql(f"records/{rule.name}"))
        found = _found(own, pack)
    return Checked(found, lacks, as_of, time.monotonic() - began)


def _tell(own: duckdb.DuckDBPyConnection, mapped: Mapping[str, set[str]], as_of: datetime) -> None:
    """Set what the rules ask about the moment and the mapping: a column that is not mapped must not read as empty."""
    told = {
        "as_of": as_of,
        "visit_staff": delivered("visit.staff_id", mapped),
        "lead_lost": delivered("lead.lost_at", mapped),
        "claims": delivered("registration | assignment.channel_id", mapped),
    }
    for name, value in told.items():
        own.execute(f"set variable {name} = ?", [value])


def _set_limits(own: duckdb.DuckDBPyConnection, rule: RecordRule, given: Mapping[str, Any]) -> None:
    """Make the rule's table of thresholds, a row per project."""
    if not rule.limits:
        return
    everywhere, projects = limits_of(rule, given)
    columns = ", ".join(f"cast(? as decimal(18, 6)) as {name}" for name in everywhere)
    table = f"limit_{rule.name}"
    own.execute(f"create temp table {table} as select project, {columns} from place", list(everywhere.values()))
    for project, changed in projects.items():
        for name, value in changed.items():
            own.execute(f"update {table} set {name} = ? where project = ?", [value, project])


def _found(own: duckdb.DuckDBPyConnection, pack: Pack) -> tuple[Found, ...]:
    proofs, stakes = _proofs(own), _stakes(own)
    rows = own.execute(
        """select rule, key, level, nullif(project, ''), channel, staff, broker, since, facts from finding
        order by rule, key"""
    ).fetchall()
    return tuple(
        Found(
            rule,
            key,
            level or pack.record_rules[rule].level,
            project,
            channel,
            staff,
            broker,
            since,
            dict(facts or {}),
            tuple(proofs[rule, key]),
            tuple(stakes[rule, key]),
        )
        for rule, key, level, project, channel, staff, broker, since, facts in rows
    )


def _proofs(own: duckdb.DuckDBPyConnection) -> dict[Key, list[Proof]]:
    listed: dict[Key, list[Proof]] = defaultdict(list)
    for rule, key, kind, id, project, at, day_only, *who in own.execute(sql("records/proofs")).fetchall():
        listed[rule, key].append(Proof(kind, id, at, day_only, project or None, *who))
    return listed


def _stakes(own: duckdb.DuckDBPyConnection) -> dict[Key, list[Stake]]:
    listed: dict[Key, list[Stake]] = defaultdict(list)
    for rule, key, contract, _, amount, commission in own.execute(sql("records/stakes")).fetchall():
        listed[rule, key].append(Stake(contract, amount if amount is not None else Decimal(0), commission))
    return listed
