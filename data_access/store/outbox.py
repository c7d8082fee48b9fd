"""The outbox: what is to be told, once for each recipient, sent at least once and always under the same key."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from data_access.store.audit import record_with
from data_access.store.database import Store
from data_access.store.errors import StoreError
from data_access.store.lease import require_epoch
from data_access.store.tables import outbox, outbox_tries, people
from metrics.messages import Message, message_of, told

State = Literal["waiting", "sending", "sent", "failed", "merged", "cancelled"]
"""`merged`: went with another row; `failed`: nobody will try again by itself."""
STATES: tuple[State, ...] = ("waiting", "sending", "sent", "failed", "merged", "cancelled")
CLAIM = timedelta(minutes=3)
"""Longer than any receiver may take; after it a claim counts as lost."""
LONGEST_ANSWER = 200
_MOST = 1000
_OPEN = ("waiting", "sending")


@dataclass(frozen=True)
class Draft:
    """Something to be told: which transition of which record, to whom, in which words.

    `standing` is what the recipient may see by; a row whose recipient stands otherwise by now is not sent.
    """

    what: str
    subject: str
    transition: str
    recipient: str
    message: Message
    standing: str
    person_id: str | None = None
    urgent: bool = False

    @property
    def key(self) -> str:
        """The same for every try to tell this."""
        said = "\x1f".join((self.what, self.subject, self.transition, self.recipient))
        return hashlib.sha256(said.encode()).hexdigest()[:32]


@dataclass(frozen=True)
class Pace:
    """At most so many messages within so long."""

    most: int
    within: timedelta


@dataclass(frozen=True)
class Parcel:
    """What goes out as one message: a row and those merged into it, worst first, claimed until a moment."""

    id: int
    key: str
    recipient: str
    person_id: str | None
    messages: tuple[Message, ...]
    tries: int
    began_at: datetime
    epoch: int
    until: datetime


@dataclass(frozen=True)
class Entry:
    """A row as the outbox page lists it."""

    id: int
    what: str
    subject: str
    transition: str
    recipient: str
    title: str
    urgent: bool
    state: State
    tries: int
    next_try: datetime
    merged_into: int | None
    answer: str
    made_at: datetime
    done_at: datetime | None


# --------------------------------------------------------------------------------------------------------------- telling


def put_with(connection: Connection, drafts: Sequence[Draft], now: datetime) -> int:
    """Add what is not in the outbox yet, in the transaction that decides to tell it; how many rows were added."""
    known = known_with(connection, [one.key for one in drafts])
    fresh = {one.key: one for one in drafts if one.key not in known}
    rows = [_row(one, now) for one in fresh.values()]
    if rows:
        connection.execute(insert(outbox), rows)
    return len(rows)


def known_with(connection: Connection, keys: Sequence[str]) -> set[str]:
    """Which of these keys are in the outbox already, in the caller's transaction."""
    found: set[str] = set()
    for at in range(0, len(keys), _MOST):
        found.update(connection.scalars(select(outbox.c.key).where(outbox.c.key.in_(keys[at : at + _MOST]))))
    return found


def _row(one: Draft, now: datetime) -> dict[str, Any]:
    return {
        **{name: getattr(one, name) for name in ("what", "subject", "transition", "recipient", "key", "standing")},
        "person_id": one.person_id,
        "urgent": one.urgent,
        "message": told(one.message),
        "state": "waiting",
        "tries": 0,
        "next_try": now,
        "answer": "",
        "made_at": now,
        "began_at": now,
    }


def person_standing(row: Any) -> str:
    """What a person may see by: role, project and staff id; empty for one who is disabled."""
    return f"{row.role}|{row.project_id}|{row.staff_id}" if row.enabled else ""


# --------------------------------------------------------------------------------------------------------------- sending


def due(store: Store, now: datetime) -> list[str]:
    """The recipients something may have to be sent to now."""
    waits = (outbox.c.state == "waiting") & (outbox.c.next_try <= now)
    lost = (outbox.c.state == "sending") & (outbox.c.claimed_until <= now)
    query = select(outbox.c.recipient).where(waits | lost).group_by(outbox.c.recipient).order_by(func.min(outbox.c.id))
    with store.reading() as connection:
        return list(connection.scalars(query))


def claim(
    store: Store,
    epoch: int,
    recipient: str,
    now: datetime,
    *,
    pace: Pace,
    quiet: bool = False,
    standing: str | None = None,
) -> Parcel | None:
    """Take what goes to a recipient next, as one parcel; None while there is nothing, or it is too soon.

    A parcel that was tried before is taken again just as it was, so that its key stays true, and everything behind it waits;
    all that is fresh becomes one new parcel. `standing` is the recipient's own now; a person's is looked up. StaleLeader.
    """
    with store.writing() as connection:
        require_epoch(connection, epoch)
        rows = _open_rows(connection, recipient)
        if any(row.state == "sending" and row.claimed_until > now for row in rows):
            return None
        rows = _still_entitled(connection, rows, standing, now)
        chosen = _next(connection, rows, now, quiet=quiet)
        if not chosen or _too_soon(connection, recipient, now, pace):
            return None
        return _claimed(connection, chosen, epoch, now)


def _open_rows(connection: Connection, recipient: str) -> list[Row[Any]]:
    query = select(outbox).where(outbox.c.recipient == recipient, outbox.c.state.in_(_OPEN))
    return list(connection.execute(query.order_by(outbox.c.id).limit(_MOST)))


def _still_entitled(
    connection: Connection, rows: list[Row[Any]], standing: str | None, now: datetime
) -> list[Row[Any]]:
    """The rows whose recipient may still see what they were told by; the others are cancelled."""
    if not rows:
        return rows
    if rows[0].person_id is not None:
        someone = connection.execute(select(people).where(people.c.id == rows[0].person_id)).one_or_none()
        standing = person_standing(someone) if someone is not None else ""
    lost = [row.id for row in rows if row.standing != standing]
    if lost:
        _close(connection, lost, "cancelled", "the recipient's rights have changed", now)
    return [row for row in rows if row.id not in lost]


def _next(connection: Connection, rows: list[Row[Any]], now: datetime, *, quiet: bool) -> list[Row[Any]]:
    """The rows of the next parcel, its carrier first: one that was tried before, or all that are fresh."""
    urgent = {row.subject for row in rows if row.urgent}
    for carrier in (row for row in rows if row.tries):
        parts = [carrier, *_merged(connection, carrier.id)]
        if not quiet or any(part.urgent or part.subject in urgent for part in parts):
            return parts if carrier.next_try <= now else []
    fresh = [row for row in rows if not row.tries and row.next_try <= now]
    # What is red takes along what came before it about the same thing, so that order is kept.
    return [row for row in fresh if not quiet or row.subject in urgent]


def _merged(connection: Connection, id: int) -> list[Row[Any]]:
    return list(connection.execute(select(outbox).where(outbox.c.merged_into == id).order_by(outbox.c.id)))


def _too_soon(connection: Connection, recipient: str, now: datetime, pace: Pace) -> bool:
    """Whether as much as may reach the recipient already did; a try nobody answered may have reached them."""
    since = (outbox_tries.c.recipient == recipient) & (outbox_tries.c.at > now - pace.within) & ~outbox_tries.c.failed
    return bool((connection.scalar(select(func.count()).where(since)) or 0) >= pace.most)


def _claimed(connection: Connection, rows: list[Row[Any]], epoch: int, now: datetime) -> Parcel:
    carrier, others = rows[0], [row.id for row in rows[1:]]
    until, tries = now + CLAIM, carrier.tries + 1
    values = {"state": "sending", "tries": tries, "claim_epoch": epoch, "claimed_until": until}
    connection.execute(update(outbox).where(outbox.c.id == carrier.id).values(values))
    if others:
        merged = update(outbox).where(outbox.c.id.in_(others), outbox.c.state == "waiting")
        connection.execute(merged.values(state="merged", merged_into=carrier.id, done_at=now))
    given = {"outbox_id": carrier.id, "recipient": carrier.recipient, "at": now, "failed": False}
    connection.execute(insert(outbox_tries).values(given))
    ordered = sorted(rows, key=lambda row: (not row.urgent, row.id))
    messages = tuple(message_of(row.message) for row in ordered)
    return Parcel(
        carrier.id, carrier.key, carrier.recipient, carrier.person_id, messages, tries, carrier.began_at, epoch, until
    )


def settle(store: Store, parcel: Parcel, state: State, answer: str, now: datetime, next_try: datetime) -> bool:
    """Note what became of a parcel: sent, failed, or waiting for its next try; False when the claim was lost meanwhile.

    Whoever has lost the lease may still say so: what was sent was sent.
    """
    mine = (outbox.c.id == parcel.id) & (outbox.c.state == "sending") & (outbox.c.claim_epoch == parcel.epoch)
    mine &= outbox.c.claimed_until == parcel.until
    values: dict[str, Any] = {"state": state, "answer": answer[:LONGEST_ANSWER], "claimed_until": None}
    values |= {"next_try": next_try, "done_at": None if state == "waiting" else now}
    tried = select(func.max(outbox_tries.c.id)).where(outbox_tries.c.outbox_id == parcel.id).scalar_subquery()
    with store.writing() as connection:
        if connection.execute(update(outbox).where(mine).values(values)).rowcount != 1:
            return False
        if state != "sent":
            connection.execute(update(outbox_tries).where(outbox_tries.c.id == tried).values(failed=True))
    return True


def give_back(store: Store, recipient: str, why: str, now: datetime) -> int:
    """Cancel what waits for a recipient there is no way to any more."""
    query = select(outbox.c.id).where(outbox.c.recipient == recipient, outbox.c.state == "waiting")
    with store.writing() as connection:
        return _close(connection, list(connection.scalars(query)), "cancelled", why, now)


def withdraw_with(connection: Connection, person_id: str, now: datetime) -> int:
    """Cancel what waits for a person who may no longer see it, in the transaction that takes their rights away."""
    query = select(outbox.c.id).where(outbox.c.person_id == person_id, outbox.c.state == "waiting")
    ids = list(connection.scalars(query))
    return _close(connection, ids, "cancelled", "the recipient's rights have changed", now)


def _close(connection: Connection, ids: Iterable[int], state: State, why: str, now: datetime) -> int:
    query = update(outbox).where(outbox.c.id.in_(list(ids))).values(state=state, answer=why, done_at=now)
    return int(connection.execute(query.values(claimed_until=None)).rowcount)


# ------------------------------------------------------------------------------------------------------- looking after it


def entries(store: Store, state: str | None = None, *, before: int | None = None, limit: int = 50) -> list[Entry]:
    """The latest rows, of one state or all, newest first; `before` is the id up to which they were read already."""
    query = select(outbox).order_by(outbox.c.id.desc()).limit(limit)
    if state is not None:
        query = query.where(outbox.c.state == state)
    if before is not None:
        query = query.where(outbox.c.id < before)
    with store.reading() as connection:
        return [_entry(row) for row in connection.execute(query)]


def _entry(row: Row[Any]) -> Entry:
    given = {name: getattr(row, name) for name in Entry.__dataclass_fields__ if name != "title"}
    return Entry(title=row.message["title"], **given)


def counts(store: Store) -> Mapping[str, int]:
    """How many rows are in each state."""
    with store.reading() as connection:
        rows = connection.execute(select(outbox.c.state, func.count()).group_by(outbox.c.state))
        return {row[0]: row[1] for row in rows}


def try_again(store: Store, id: int, by: str, now: datetime) -> None:
    """Let a row that failed, or waits for its next try, be sent at once, just as it was; StoreError for any other."""
    again = {"state": "waiting", "next_try": now, "began_at": now, "done_at": None}
    _change(store, id, again, by, "message_retried", now)


def cancel(store: Store, id: int, by: str, now: datetime) -> None:
    """Do not send a row that waits or failed, nor those merged into it; StoreError for any other."""
    _change(store, id, {"state": "cancelled", "done_at": now}, by, "message_cancelled", now)


def _change(store: Store, id: int, values: Mapping[str, Any], by: str, action: str, now: datetime) -> None:
    query = update(outbox).where(outbox.c.id == id, outbox.c.state.in_(("waiting", "failed"))).values(values)
    with store.writing() as connection:
        if connection.execute(query).rowcount != 1:
            raise StoreError(f"There is no message {id} that waits or failed. Look at the outbox again.")
        record_with(connection, by, action, now, str(id))


def forget_before(store: Store, moment: datetime) -> int:
    """Remove what was done with before a moment, and the tries up to then; how many rows."""
    old = (outbox.c.made_at < moment) & outbox.c.state.not_in(_OPEN)
    with store.writing() as connection:
        connection.execute(delete(outbox_tries).where(outbox_tries.c.at < moment))
        return int(connection.execute(delete(outbox).where(old)).rowcount)
