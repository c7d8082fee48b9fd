"""Commitments as they are kept: the promise never changes, a withdrawal is added to it, and each board's week checks it once."""

import json
import secrets
from collections.abc import Collection
from dataclasses import replace
from datetime import date, datetime
from fractions import Fraction
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from data_access.board_records import canonical, number_json, reading_json, reading_of
from data_access.store.audit import record_with
from data_access.store.database import Store
from data_access.store.lease import require_epoch
from data_access.store.tables import commitment_checks as checks
from data_access.store.tables import commitments
from metrics.commitments import Checked, Commitment, state


def make_commitment(store: Store, one: Commitment) -> Commitment | None:
    """Keep a promise, with an entry in the audit; it is given its id. None where the same one is open already."""
    made = replace(one, id=secrets.token_hex(8))
    values = {**vars(made), "value": str(made.value), "told": canonical(dict(made.told))}
    with store.writing() as connection:
        if _is_open_already(connection, one):
            return None
        connection.execute(insert(commitments).values(**values))
        detail = {
            "project": made.project,
            "metric": made.metric,
            "value": number_json(made.value),
            "window": made.window,
            "due": made.due.isoformat(),
            "origin": made.origin,
        }
        record_with(connection, made.owner, "commitment_made", made.made_at, made.id, detail)
    return made


def _is_open_already(connection: Connection, one: Commitment) -> bool:
    """Whether the project has promised just that for the same day, such as by a form that was sent twice, and it is still open."""
    table = commitments.c
    alike = (table.project == one.project) & (table.metric == one.metric) & (table.value == str(one.value))
    alike &= (table.window == one.window) & (table.due == one.due)
    found = connection.execute(select(commitments).where(alike)).all()
    return any(state(_commitment(row), _checks(connection, [row.id])) == "open" for row in found)


def withdraw(store: Store, id: str, by: str, why: str, now: datetime, today: date) -> bool:
    """Withdraw an open promise, with an entry in the audit; False when its day has passed, it is decided, withdrawn or not there.

    `today` is the group's: what was due yesterday waits for its board, and nobody takes it back before that.
    """
    with store.writing() as connection:
        row = connection.execute(select(commitments).where(commitments.c.id == id).with_for_update()).one_or_none()
        if row is None or row.due < today or state(_commitment(row), _checks(connection, [id])) != "open":
            return False
        values = {"withdrawn_at": now, "withdrawn_by": by, "withdrawn_why": why}
        connection.execute(update(commitments).where(commitments.c.id == id).values(**values))
        record_with(connection, by, "commitment_withdrawn", now, id, {"project": row.project})
    return True


def keep_check(store: Store, epoch: int, one: Checked) -> bool:
    """Keep what a week said, once; False when the week has said it, or when the promise is not open any more. StaleLeader."""
    with store.writing() as connection:
        require_epoch(connection, epoch)
        row = connection.execute(
            select(commitments).where(commitments.c.id == one.commitment).with_for_update()
        ).one_or_none()
        known = _checks(connection, [one.commitment])
        if row is None or state(_commitment(row), known) != "open" or one.week in {each.week for each in known}:
            return False
        connection.execute(insert(checks).values(**{**vars(one), "reading": canonical(reading_json(one.reading))}))
    return True


def commitment(store: Store, id: str) -> Commitment | None:
    """One promise, or None."""
    with store.reading() as connection:
        row = connection.execute(select(commitments).where(commitments.c.id == id)).one_or_none()
    return _commitment(row) if row is not None else None


def all_commitments(
    store: Store, projects: frozenset[str] | None = None
) -> list[tuple[Commitment, tuple[Checked, ...]]]:
    """Every promise (of some projects) by its date, each with what the weeks said, oldest first."""
    query = select(commitments).order_by(commitments.c.due, commitments.c.made_at, commitments.c.id)
    if projects is not None:
        query = query.where(commitments.c.project.in_(projects))
    with store.reading() as connection:
        made = [_commitment(row) for row in connection.execute(query)]
        said: dict[str, list[Checked]] = {}
        for one in _checks(connection, [each.id for each in made]):
            said.setdefault(one.commitment, []).append(one)
    return [(one, tuple(said.get(one.id, ()))) for one in made]


def _checks(connection: Connection, ids: Collection[str]) -> list[Checked]:
    query = select(checks).where(checks.c.commitment.in_(ids)).order_by(checks.c.week)
    return [_checked(row) for row in connection.execute(query)]


def _commitment(row: Row[Any]) -> Commitment:
    told = dict(row._mapping)
    return Commitment(**{**told, "value": Fraction(told["value"]), "told": json.loads(told["told"])})


def _checked(row: Row[Any]) -> Checked:
    return Checked(row.commitment, row.week, row.at, row.snapshot, reading_of(json.loads(row.reading)), row.outcome)
