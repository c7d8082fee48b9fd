"""The findings of the record rules, every step people took with them, and the last run; nothing is ever deleted."""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Row, Select, case, func, insert, select, update

from data_access.store.audit import record_with
from data_access.store.database import Store
from data_access.store.lease import require_epoch
from data_access.store.tables import record_checks, record_events, record_findings
from metrics.record_findings import DECISIONS, Action, Actor, RecordFinding, after, may
from metrics.record_rules import Found, Proof, Stake
from metrics.totals import Where

PAGE = 50
MANY = 500
"""As many rows as one statement takes at a time."""
_PLAIN = ("rule", "key", "level", "project", "channel", "staff", "broker", "since")


class NotAllowed(Exception):
    """A step that this person may not take now, or that somebody has taken meanwhile."""


@dataclass(frozen=True)
class Checks:
    """The last run of the rules: when, as of when, how long it took, and what each rule that is off lacks."""

    at: datetime
    as_of: datetime
    seconds: float
    lacks: Mapping[str, str]


@dataclass(frozen=True)
class Saved:
    """What a run changed: findings that are new, that came back, that the data no longer shows."""

    new: int
    returned: int
    gone: int


@dataclass(frozen=True)
class Event:
    """A step: who (None: the rules) did what, to which state it led, and the words that went with it."""

    at: datetime
    actor: str | None
    action: str
    state: str
    note: str


@dataclass(frozen=True)
class Asked:
    """Which findings: within a viewer's scope, narrowed by what was chosen; empty is any, the state "gone" what the data no longer shows."""

    scope: Where
    rule: str = ""
    level: str = ""
    state: str = ""
    project: str = ""


@dataclass(frozen=True)
class Count:
    """How many findings of a rule, level, state and project there are; `gone`: the data no longer shows them."""

    rule: str
    level: str
    state: str
    project: str | None
    gone: bool
    n: int


# ------------------------------------------------------------------------------------------------------ the rules' side


def save_findings(store: Store, epoch: int, found: Sequence[Found], checks: Checks) -> Saved:
    """Bring what is kept up to a run: new findings come, changed ones are brought up to date, those no longer there are marked.

    What was decided stays as it was when it was decided. A rule that could not run says nothing about its findings.
    StaleLeader when `epoch` does not lead any more.
    """
    with store.writing() as connection:
        require_epoch(connection, epoch)
        known = {(row.rule, row.key): row for row in connection.execute(select(record_findings))}
        standing = {(one.rule, one.key): one for one in found}
        fresh = [one for place, one in standing.items() if place not in known]
        back = [known[place] for place in standing if place in known and known[place].gone_at is not None]
        gone = [
            row for place, row in known.items()
            if place not in standing and row.gone_at is None and row.rule not in checks.lacks
        ]  # fmt: skip
        _add(connection, fresh, checks.at)
        _bring_up_to_date(connection, [(known[place], one) for place, one in standing.items() if place in known])
        _mark(connection, [row.id for row in back], None)
        _mark(connection, [row.id for row in gone], checks.at)
        _note(connection, [(row, "returned") for row in back] + [(row, "gone") for row in gone], checks.at)
        connection.execute(
            update(record_findings)
            .where(record_findings.c.gone_at.is_(None), record_findings.c.rule.not_in(list(checks.lacks)))
            .values(last_seen=checks.at)
        )
        _keep(connection, checks)
    return Saved(len(fresh), len(back), len(gone))


def _add(connection: Connection, found: Iterable[Found], now: datetime) -> None:
    rows = [
        {"id": secrets.token_hex(16), **_stored(one), "state": "to_check", "first_seen": now, "last_seen": now}
        for one in found
    ]
    if rows:
        connection.execute(insert(record_findings), rows)
        _note_rows(connection, [(row["id"], "found", "to_check") for row in rows], now)


def _bring_up_to_date(connection: Connection, pairs: Iterable[tuple[Row[Any], Found]]) -> None:
    for row, one in pairs:
        values = _stored(one)
        if row.state not in DECISIONS and any(getattr(row, name) != value for name, value in values.items()):
            connection.execute(update(record_findings).where(record_findings.c.id == row.id).values(values))


def _mark(connection: Connection, ids: Sequence[str], gone_at: datetime | None) -> None:
    for start in range(0, len(ids), MANY):
        some = ids[start : start + MANY]
        connection.execute(update(record_findings).where(record_findings.c.id.in_(some)).values(gone_at=gone_at))


def _note(connection: Connection, rows: Iterable[tuple[Row[Any], str]], now: datetime) -> None:
    _note_rows(connection, [(row.id, action, row.state) for row, action in rows], now)


def _note_rows(connection: Connection, rows: Sequence[tuple[str, str, str]], now: datetime) -> None:
    values = [{"finding": id, "at": now, "action": action, "state": state, "note": ""} for id, action, state in rows]
    if values:
        connection.execute(insert(record_events), values)


def _keep(connection: Connection, checks: Checks) -> None:
    values = {"at": checks.at, "as_of": checks.as_of, "seconds": checks.seconds, "lacks": dict(checks.lacks)}
    if connection.execute(update(record_checks).values(values)).rowcount == 0:
        connection.execute(insert(record_checks).values(id=1, **values))


# ----------------------------------------------------------------------------------------------------- the people's side


def take_step(store: Store, id: str, action: Action, actor: Actor, note: str, now: datetime) -> RecordFinding:
    """Take a step with a finding, in its history and in the audit; NotAllowed when this person may not, LookupError for none."""
    with store.writing() as connection:
        row = connection.execute(_one(id).with_for_update()).one_or_none()
        if row is None:
            raise LookupError(f"There is no finding {id!r}.")
        before = _read(row)
        state = after(before.state, action)
        if state is None or not may(actor, action, before):
            raise NotAllowed(f"{actor.role} may not {action} a finding that is {before.state}.")
        values: dict[str, Any] = {"state": state, "decided_at": now if state in DECISIONS else None}
        if action == "appeal":
            values |= {"appealed_by": actor.id, "decided_at": before.decided_at}
        connection.execute(update(record_findings).where(record_findings.c.id == id).values(values))
        event = {"finding": id, "at": now, "actor": actor.id, "action": action, "state": state, "note": note}
        connection.execute(insert(record_events).values(event))
        told = {
            "rule": before.found.rule,
            "project": before.found.project,
            "from": before.state,
            "to": state,
            "note": note,
        }
        record_with(connection, actor.id, f"record_{action}", now, id, told)
        return _read(connection.execute(_one(id)).one())


def finding(store: Store, id: str, scope: Where) -> RecordFinding | None:
    """The finding with this id within a scope; None for one outside of it just as for one there is not."""
    with store.reading() as connection:
        row = connection.execute(_within(_one(id), scope)).one_or_none()
    return _read(row) if row is not None else None


def findings(store: Store, asked: Asked, *, start: int = 0, limit: int = PAGE) -> list[RecordFinding]:
    """The findings asked for: what is open before what is closed, worst first, newest first."""
    order = (
        record_findings.c.gone_at.is_not(None),
        _rank(record_findings.c.state, ("appealed", "to_check", "confirmed", "rejected")),
        _rank(record_findings.c.level, ("red", "orange", "yellow")),
        record_findings.c.since.desc(),
        record_findings.c.id,
    )
    with store.reading() as connection:
        return [_read(row) for row in connection.execute(_asked(asked).order_by(*order).offset(start).limit(limit))]


def at_stake(store: Store, scope: Where) -> list[RecordFinding]:
    """Every finding within a scope that has contracts behind it."""
    with store.reading() as connection:
        rows = connection.execute(_within(select(record_findings), scope)).all()
    return [one for one in map(_read, rows) if one.found.stakes]


def counted(store: Store, scope: Where) -> list[Count]:
    """How many findings of a scope stand where."""
    names = ("rule", "level", "state", "project")
    columns = [*(record_findings.c[name] for name in names), record_findings.c.gone_at.is_not(None).label("gone")]
    query = _within(select(*columns, func.count()), scope).group_by(*columns)
    with store.reading() as connection:
        return [Count(*row) for row in connection.execute(query)]


def by_channel(store: Store, scope: Where, first: datetime, before: datetime) -> dict[str, int]:
    """How many findings about what happened in a stretch of time stand against each channel and are not rejected."""
    column, since = record_findings.c.channel, record_findings.c.since
    stands = record_findings.c.gone_at.is_(None) & (record_findings.c.state != "rejected") & column.is_not(None)
    query = _within(select(column, func.count()).where(stands, since >= first, since < before), scope)
    with store.reading() as connection:
        return {str(channel): int(n) for channel, n in connection.execute(query.group_by(column))}


def events(store: Store, id: str) -> list[Event]:
    """The steps of a finding, oldest first."""
    columns = (record_events.c[name] for name in ("at", "actor", "action", "state", "note"))
    query = select(*columns).where(record_events.c.finding == id).order_by(record_events.c.id)
    with store.reading() as connection:
        return [Event(*row) for row in connection.execute(query)]


def last_checks(store: Store) -> Checks | None:
    """The last run of the rules, None before the first."""
    with store.reading() as connection:
        row = connection.execute(select(record_checks)).one_or_none()
    return Checks(row.at, row.as_of, row.seconds, row.lacks) if row is not None else None


# ----------------------------------------------------------------------------------------------------- rows and values


def _one(id: str) -> Select[Any]:
    return select(record_findings).where(record_findings.c.id == id)


def _asked(asked: Asked) -> Select[Any]:
    query = _within(select(record_findings), asked.scope)
    for name in ("rule", "level", "project"):
        if wanted := getattr(asked, name):
            query = query.where(record_findings.c[name] == wanted)
    if asked.state == "gone":
        return query.where(record_findings.c.gone_at.is_not(None))
    return query.where(record_findings.c.state == asked.state) if asked.state else query


def _within(query: Select[Any], scope: Where) -> Select[Any]:
    """Only findings of the scope's projects and salespeople; nothing that stands under none of them."""
    for column, wanted in ((record_findings.c.project, scope.project), (record_findings.c.staff, scope.staff)):
        if wanted is not None:
            query = query.where(column.in_(sorted(wanted)))
    return query


def _rank(column: Column[Any], order: Sequence[str]) -> ColumnElement[int]:
    return case({value: place for place, value in enumerate(order)}, value=column, else_=len(order))


def _stored(one: Found) -> dict[str, Any]:
    """A finding as a row: JSON holds texts and flags only, amounts as decimal texts."""
    proofs = [{**vars(proof), "at": proof.at.isoformat()} for proof in one.proofs]
    stakes = [[stake.contract, str(stake.amount), _text(stake.commission)] for stake in one.stakes]
    return {name: getattr(one, name) for name in _PLAIN} | {
        "facts": dict(one.facts), "proofs": proofs, "stakes": stakes
    }  # fmt: skip


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else str(amount)


def _read(row: Row[Any]) -> RecordFinding:
    proofs = tuple(Proof(**{**one, "at": datetime.fromisoformat(one["at"])}) for one in row.proofs)
    stakes = tuple(
        Stake(id, Decimal(amount), None if commission is None else Decimal(commission))
        for id, amount, commission in row.stakes
    )
    found = Found(**{name: getattr(row, name) for name in _PLAIN}, facts=row.facts, proofs=proofs, stakes=stakes)
    return RecordFinding(
        row.id, found, row.state, row.first_seen, row.last_seen, row.gone_at, row.decided_at, row.appealed_by
    )
