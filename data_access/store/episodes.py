"""Episodes of alerts and what happened to them: every step is one transaction, every event is only ever added."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from data_access.finding_records import read_finding, written_finding
from data_access.store.audit import PROGRAM, record_with
from data_access.store.database import Store
from data_access.store.lease import require_epoch
from data_access.store.tables import alert_looks, episode_events
from data_access.store.tables import episodes as table
from data_access.store.tables import silences as silence_table
from metrics.episodes import (
    TOLD,
    Ack,
    Change,
    Episode,
    Look,
    Silence,
    Step,
    Transition,
    acknowledge,
    changes,
    close,
    is_silenced,
    judge,
)
from metrics.pack import Rule
from metrics.rules import Check

"""Who did what no person did."""
SILENCED, MINOR = "silence", "minor"


@dataclass(frozen=True)
class Event:
    """Something that happened to an episode; `told_at` is when that was settled, `hushed` why nobody was told then.

    What has neither is to be told.
    """

    id: int
    episode: int
    at: datetime
    transition: str
    by: str
    note: str
    hushed: str | None
    told_at: datetime | None


@dataclass(frozen=True)
class KeptSilence:
    """A silence with who made it and why."""

    id: int
    silence: Silence
    by: str
    why: str
    made_at: datetime


@dataclass(frozen=True)
class Seen:
    """Everything that is not resolved, as of one revision; `looked_at` None before the first look."""

    revision: int = 0
    looked_at: datetime | None = None
    episodes: tuple[Episode, ...] = ()
    silences: tuple[KeptSilence, ...] = ()


# ------------------------------------------------------------------------------------------------------- the evaluations


def look(
    store: Store,
    epoch: int,
    checks: Sequence[Check],
    rules: Mapping[str, Rule],
    now: datetime,
    *,
    is_fresh: bool,
    claim_within: timedelta | None = None,
) -> list[Change]:
    """Evaluate everything once, in one transaction of whoever leads; StaleLeader when `epoch` does not.

    What is to be told waits until the silence that hushes it has ended.
    """
    with store.writing() as connection:
        require_epoch(connection, epoch)
        revision = connection.scalar(select(alert_looks.c.revision))
        if revision is None and not is_fresh:
            # The first look is one at numbers that hold; until then pages show what the rules find.
            return []
        first = Look(now, is_fresh=is_fresh, is_first=revision is None, claim_within=claim_within)
        quiet = [one.silence for one in _silences(connection, now)]
        found = changes(_unresolved(connection, locked=True), checks, first, rules)
        for change in found:
            _write(connection, change, now, quiet)
        released = is_fresh and _release(connection, now, quiet)
        _looked(connection, now, revision, is_other=bool(found) or released)
    return found


def _write(connection: Connection, change: Change, now: datetime, quiet: Iterable[Silence]) -> None:
    if change.after is None:
        if change.before is not None:
            connection.execute(delete(table).where(table.c.id == change.before.id))
        return
    id = _put(connection, change.after)
    hushed = SILENCED if is_silenced(change.after.key, quiet, now) else None
    for transition in change.transitions:
        _happened(connection, id, transition, now, hushed=hushed)


def _put(connection: Connection, episode: Episode) -> int:
    values = _values(episode)
    if not episode.id:
        made = connection.execute(insert(table).values(values)).inserted_primary_key
        return int(made[0]) if made else 0
    connection.execute(update(table).where(table.c.id == episode.id).values(values))
    return episode.id


def _happened(
    connection: Connection,
    id: int,
    transition: Transition,
    now: datetime,
    *,
    by: str = PROGRAM,
    note: str = "",
    hushed: str | None = None,
) -> None:
    why = hushed if transition in TOLD else MINOR
    values = {"episode": id, "at": now, "transition": transition, "by": by, "note": note, "hushed": why}
    connection.execute(insert(episode_events).values(values | {"told_at": now if why else None}))


def _release(connection: Connection, now: datetime, quiet: list[Silence]) -> bool:
    """Let be told what opened in a silence and is still open when it has ended: that it is open, once."""
    events = episode_events
    opened = (events.c.hushed == SILENCED) & (events.c.transition == "opened")
    query = select(table, events.c.id.label("event")).join(events, events.c.episode == table.c.id)
    held = connection.execute(query.where(opened & table.c.resolved_at.is_(None))).all()
    due = [row.event for row in held if not is_silenced(_episode(row).key, quiet, now)]
    for id in due:
        connection.execute(update(events).where(events.c.id == id).values(hushed=None, told_at=None))
    return bool(due)


def _looked(connection: Connection, now: datetime, revision: int | None, *, is_other: bool) -> None:
    if revision is None:
        connection.execute(insert(alert_looks).values(id=1, looked_at=now, revision=1))
        return
    connection.execute(update(alert_looks).values(looked_at=now, revision=revision + is_other))


# --------------------------------------------------------------------------------------------------------- what people do


def take(store: Store, id: int, ack: Ack) -> Episode | None:
    """Somebody takes an alert, or is given it; None when there is none, EpisodeError when it cannot be."""
    detail = {"owner": ack.owner, "due": ack.due.isoformat()}
    return _done(store, id, lambda one: acknowledge(one, ack), ack.by, ack.at, "alert_taken", detail, ack.note)


def close_by_hand(store: Store, id: int, outcome: str, by: str, now: datetime) -> Episode | None:
    """End an alert of which nothing is known any more; None and EpisodeError as above."""
    return _done(store, id, lambda one: close(one, outcome, now), by, now, "alert_closed", {"outcome": outcome})


def judge_outcome(store: Store, id: int, outcome: str, by: str, now: datetime) -> Episode | None:
    """Say what a resolved alert was; None and EpisodeError as above."""
    return _done(store, id, lambda one: judge(one, outcome), by, now, "alert_judged", {"outcome": outcome}, outcome)


def _done(
    store: Store, id: int, deed: Any, by: str, now: datetime, action: str, detail: dict[str, str], note: str = ""
) -> Episode | None:
    with store.writing() as connection:
        row = connection.execute(select(table).where(table.c.id == id).with_for_update()).one_or_none()
        if row is None:
            return None
        done: Step = deed(_episode(row))
        assert done.episode is not None
        _put(connection, done.episode)
        for transition in done.transitions:
            _happened(connection, id, transition, now, by=by, note=note)
        record_with(connection, by, action, now, str(id), {"rule": row.rule, **detail})
        _changed(connection)
    return done.episode


def silence(store: Store, wanted: Silence, by: str, why: str, now: datetime) -> int:
    """Hush a rule, a project, or a rule in a project, for a time."""
    values = {**vars(wanted), "by": by, "why": why, "made_at": now}
    with store.writing() as connection:
        made = connection.execute(insert(silence_table).values(values)).inserted_primary_key
        id = int(made[0]) if made else 0
        until = wanted.ends_at.isoformat()
        record_with(
            connection,
            by,
            "silence_made",
            now,
            str(id),
            {"rule": wanted.rule, "project": wanted.project, "until": until},
        )
        _changed(connection)
    return id


def end_silence(store: Store, id: int, by: str, now: datetime) -> bool:
    """End a silence now; False when there is none that could be ended."""
    with store.writing() as connection:
        running = (silence_table.c.id == id) & (silence_table.c.ends_at > now)
        if connection.execute(update(silence_table).where(running).values(ends_at=now)).rowcount == 0:
            return False
        record_with(connection, by, "silence_ended", now, str(id))
        _changed(connection)
    return True


def _changed(connection: Connection) -> None:
    connection.execute(update(alert_looks).values(revision=alert_looks.c.revision + 1))


# ------------------------------------------------------------------------------------------------------------- to be read


def revision(store: Store) -> int:
    """Grows with everything that pages show of alerts; 0 before the first look."""
    with store.reading() as connection:
        return connection.scalar(select(alert_looks.c.revision)) or 0


def seen(store: Store, now: datetime) -> Seen:
    """Everything that is not resolved, and the silences that hold or are to come."""
    with store.reading() as connection:
        head = connection.execute(select(alert_looks)).one_or_none()
        if head is None:
            return Seen()
        return Seen(head.revision, head.looked_at, tuple(_unresolved(connection)), tuple(_silences(connection, now)))


def episode(store: Store, id: int) -> Episode | None:
    """One episode, or None."""
    with store.reading() as connection:
        row = connection.execute(select(table).where(table.c.id == id)).one_or_none()
    return _episode(row) if row else None


def events(store: Store, id: int) -> list[Event]:
    """What happened to an episode, oldest first."""
    query = select(episode_events).where(episode_events.c.episode == id).order_by(episode_events.c.id)
    with store.reading() as connection:
        return [Event(**row._mapping) for row in connection.execute(query)]


def resolved(
    store: Store, *, rule: str = "", outcome: str = "", projects: frozenset[str] | None = None, limit: int = 200
) -> list[Episode]:
    """The latest resolved episodes about these projects (None: about anything), newest first; an outcome of "-" is none yet."""
    query = select(table).where(table.c.resolved_at.is_not(None))
    if rule:
        query = query.where(table.c.rule == rule)
    if outcome:
        query = query.where(table.c.outcome == ("" if outcome == "-" else outcome))
    if projects is not None:
        query = query.where((table.c.kind == "project") & table.c.subject.in_(sorted(projects)))
    with store.reading() as connection:
        rows = connection.execute(query.order_by(table.c.resolved_at.desc(), table.c.id.desc()).limit(limit))
        return [_episode(row) for row in rows]


def to_be_told(connection: Connection, now: datetime) -> list[tuple[Event, Episode]]:
    """What people are to be told now, oldest first; `told` notes that it was, in the same transaction."""
    waiting = episode_events.c.told_at.is_(None)
    rows = connection.execute(select(episode_events).where(waiting).order_by(episode_events.c.id)).all()
    ids = {row.episode for row in rows}
    known = (
        {row.id: _episode(row) for row in connection.execute(select(table).where(table.c.id.in_(ids)))} if ids else {}
    )
    return [(Event(**row._mapping), known[row.episode]) for row in rows]


def told(connection: Connection, ids: Iterable[int], now: datetime) -> None:
    """Note that these events have been told."""
    for id in ids:
        connection.execute(update(episode_events).where(episode_events.c.id == id).values(told_at=now))


def _unresolved(connection: Connection, *, locked: bool = False) -> list[Episode]:
    query = select(table).where(table.c.resolved_at.is_(None)).order_by(table.c.id)
    return [_episode(row) for row in connection.execute(query.with_for_update() if locked else query)]


def _silences(connection: Connection, now: datetime) -> list[KeptSilence]:
    rows = connection.execute(select(silence_table).where(silence_table.c.ends_at > now).order_by(silence_table.c.id))
    return [
        KeptSilence(row.id, Silence(row.rule, row.project, row.starts_at, row.ends_at), row.by, row.why, row.made_at)
        for row in rows
    ]


# ------------------------------------------------------------------------------------------------------- rows and values


def _values(one: Episode) -> dict[str, Any]:
    ack, key = one.ack, one.key
    return {
        # Unique while unresolved: a key has one episode that is not over, whoever writes.
        "key": None if one.resolved_at else hashlib.sha256("\0".join(key).encode()).hexdigest(),
        "rule": key.rule,
        "kind": key.kind,
        "subject": key.subject,
        "finding": written_finding(one.finding),
        "begun_at": one.begun_at,
        "count": one.count,
        "opened_at": one.opened_at,
        "recovering_at": one.recovering_at,
        "knows": one.knows,
        "owner": ack.owner if ack else None,
        "due": ack.due if ack else None,
        "ack_by": ack.by if ack else None,
        "ack_at": ack.at if ack else None,
        "note": ack.note if ack else "",
        "level": one.level,
        "escalated_at": one.escalated_at,
        "resolved_at": one.resolved_at,
        "outcome": one.outcome,
    }


def _episode(row: Row[Any]) -> Episode:
    ack = Ack(row.owner, row.due, row.ack_by, row.ack_at, row.note) if row.owner is not None else None
    return Episode(
        read_finding(row.finding), row.begun_at, row._mapping["count"], row.opened_at, row.recovering_at, row.knows, ack,
        row.level, row.escalated_at, row.resolved_at, row.outcome, row.id,
    )  # fmt: skip
