"""The audit: what people did with rights and personal data, only ever added to, each entry sealed over the one before it."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, delete, insert, select, update

from data_access.store.database import Store
from data_access.store.tables import audit, audit_head

PAGE = 500
PROGRAM = "warboard"
"""Who did what no person did."""
ACTIONS = frozenset(
    (
        "sign_in",
        "sign_in_refused",
        "sign_out",
        "person_added",
        "person_changed",
        "link_made",
        "password_set",
        "password_forgotten",
        "code_forgotten",
        "contacts_shown",
        "reveal",
        "reveal_refused",
        "export",
        "screen_paired",
        "screen_changed",
        "screen_revoked",
        "screen_copied",
        "message_retried",
        "message_cancelled",
        "record_confirm",
        "record_reject",
        "record_appeal",
        "record_reopen",
        "board_published",
        "sheet_frozen",
        "alert_taken",
        "alert_closed",
        "alert_judged",
        "silence_made",
        "silence_ended",
        "watch_added",
        "watch_changed",
        "watch_ended",
        "risk_added",
        "risk_changed",
        "report_issued",
        "report_exported",
        "commitment_made",
        "commitment_withdrawn",
        "benchmark_added",
        "benchmark_changed",
        "benchmark_ended",
        "benchmark_covered",
        "scenario_saved",
        "scenario_ruled",
        "scenario_removed",
        "scenario_exported",
        "scorecard_planned",
        "kpi_set",
        "kpi_entered",
        "node_accepted",
        "rollout_moved",
        "experiment_added",
        "experiment_counted",
        "experiment_decided",
        "audit_exported",
        "backup_made",
        "backup_restored",
    )
)
"""What is recorded; the page has a word for each."""


@dataclass(frozen=True)
class Entry:
    """One entry: who (a person's id, or the program) did what, about whom or what; `detail` holds JSON values and never a name or a phone."""

    id: int
    at: datetime
    actor: str
    action: str
    about: str
    detail: Mapping[str, Any]
    seal: str


@dataclass(frozen=True)
class Wanted:
    """Which entries: from a moment up to another one, of an actor, an action, about something; None is any."""

    since: datetime | None = None
    until: datetime | None = None
    actor: str | None = None
    action: str | None = None
    about: str | None = None


ANY = Wanted()


def record(
    store: Store, actor: str, action: str, now: datetime, about: str = "", detail: Mapping[str, Any] | None = None
) -> None:
    """Add an entry; when this raises, what was to be recorded must not happen either."""
    with store.writing() as connection:
        record_with(connection, actor, action, now, about, detail)


def record_with(
    connection: Connection,
    actor: str,
    action: str,
    now: datetime,
    about: str = "",
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Add an entry in the caller's transaction, so that the deed and its entry happen together or not at all."""
    assert action in ACTIONS, f"{action!r} is no action of the audit: add it to ACTIONS and give it a word on the page."
    head = connection.execute(select(audit_head).with_for_update()).one()
    given = {"actor": actor, "action": action, "about": about, "detail": dict(detail or {})}
    id = head.last_id + 1
    seal = _seal(head.seal, id, now, given)
    connection.execute(insert(audit).values(id=id, at=now, seal=seal, **given))
    connection.execute(update(audit_head).values(last_id=id, seal=seal))


def entries(store: Store, wanted: Wanted = ANY, *, before: int | None = None, limit: int = PAGE) -> list[Entry]:
    """The latest entries that are wanted, newest first; `before` is the id up to which they were read already."""
    query = _wanted(wanted).order_by(audit.c.id.desc()).limit(limit)
    if before is not None:
        query = query.where(audit.c.id < before)
    with store.reading() as connection:
        return [Entry(**row._mapping) for row in connection.execute(query)]


def all_entries(store: Store, wanted: Wanted = ANY) -> Iterator[Entry]:
    """Every entry that is wanted, newest first, read page by page."""
    before: int | None = None
    while page := entries(store, wanted, before=before):
        yield from page
        before = page[-1].id


def actions(store: Store) -> list[str]:
    """Every action there is an entry of, in the order of the alphabet."""
    with store.reading() as connection:
        return list(connection.scalars(select(audit.c.action).distinct().order_by(audit.c.action)))


def forget_before(store: Store, moment: datetime) -> int:
    """Remove what is older than it has to be kept, and return how many entries; the rest stays sealed."""
    old = audit.c.at < moment
    with store.writing() as connection:
        connection.execute(select(audit_head).with_for_update()).one()
        last = connection.execute(select(audit).where(old).order_by(audit.c.id.desc()).limit(1)).one_or_none()
        if last is None:
            return 0
        connection.execute(update(audit_head).values(forgotten_id=last.id, forgotten_seal=last.seal))
        return int(connection.execute(delete(audit).where(audit.c.id <= last.id)).rowcount)


def broken_at(store: Store) -> int | None:
    """The id of the first entry that is missing or not as it was written, or None when all are."""
    with store.reading() as connection:
        head = connection.execute(select(audit_head)).one()
        id, seal = head.forgotten_id, head.forgotten_seal
        for entry in _all(connection):
            id += 1
            given = {"actor": entry.actor, "action": entry.action, "about": entry.about, "detail": entry.detail}
            seal = _seal(seal, id, entry.at, given)
            if (entry.id, entry.seal) != (id, seal):
                return int(id)
    return None if (id, seal) == (head.last_id, head.seal) else int(id) + 1


def _all(connection: Connection) -> Iterator[Entry]:
    query, after = select(audit).order_by(audit.c.id).limit(PAGE), 0
    while page := [Entry(**row._mapping) for row in connection.execute(query.where(audit.c.id > after))]:
        yield from page
        after = page[-1].id


def _wanted(wanted: Wanted) -> Select[Any]:
    query = select(audit)
    if wanted.since is not None:
        query = query.where(audit.c.at >= wanted.since)
    if wanted.until is not None:
        query = query.where(audit.c.at < wanted.until)
    for name in ("actor", "action", "about"):
        if (value := getattr(wanted, name)) is not None:
            query = query.where(audit.c[name] == value)
    return query


def _seal(before: str, id: int, at: datetime, given: Mapping[str, Any]) -> str:
    said = json.dumps([before, id, at.timestamp(), given], ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(said.encode()).hexdigest()
