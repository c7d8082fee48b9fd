"""Published boards as they are kept: one row per board and week that never changes, and restatements beside it."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select

from data_access.board_records import place_of, place_text, record_of, sealed
from data_access.store.audit import PROGRAM, record_with
from data_access.store.database import Store
from data_access.store.lease import require_epoch
from data_access.store.tables import boards, restatements
from metrics.records import Places, Record, Restatement, changed, restated

"""Who publishes when nobody asked for it."""


@dataclass(frozen=True)
class Published:
    """That a board's week is published: when, and its digest."""

    board: str
    week: date
    published_at: datetime
    digest: str


def publish_board(store: Store, epoch: int, record: Record, now: datetime, by: str = PROGRAM) -> Published | None:
    """Keep a record for good; None when its board and week are published already. StaleLeader like publish.

    It is kept with an entry in the audit, so that its digest is sealed there too.
    """
    content, digest = sealed(replace(record, published_at=now))
    values = {"board": record.board, "week": record.week, "published_at": now, "epoch": epoch}
    with store.writing() as connection:
        require_epoch(connection, epoch)
        if _row(connection, record.board, record.week) is not None:
            return None
        connection.execute(insert(boards).values(content=content, digest=digest, **values))
        detail = {"week": record.week.isoformat(), "digest": digest, "snapshot": record.snapshot}
        record_with(connection, by, "board_published", now, record.board, detail)
    return Published(record.board, record.week, now, digest)


def published_weeks(store: Store) -> dict[str, list[Published]]:
    """What is published, by board, newest week first."""
    query = select(boards.c.board, boards.c.week, boards.c.published_at, boards.c.digest)
    found: dict[str, list[Published]] = {}
    with store.reading() as connection:
        for row in connection.execute(query.order_by(boards.c.board, boards.c.week.desc())):
            found.setdefault(row.board, []).append(Published(*row))
    return found


def board_record(store: Store, board: str, week: date) -> Record | None:
    """The record of a board's week, or None when it is not published."""
    with store.reading() as connection:
        row = _row(connection, board, week)
    return record_of(row.content, row.digest) if row is not None else None


def board_records(store: Store, board: str | None = None, since: date | None = None) -> list[Record]:
    """Every record (of one board; of weeks that start on a day or later), oldest week first."""
    query = select(boards.c.content, boards.c.digest).order_by(boards.c.week, boards.c.board)
    if board is not None:
        query = query.where(boards.c.board == board)
    if since is not None:
        query = query.where(boards.c.week >= since)
    with store.reading() as connection:
        return [record_of(row.content, row.digest) for row in connection.execute(query)]


def restate(store: Store, epoch: int, record: Record, after: Places, snapshot: str, now: datetime) -> int:
    """List what later data says of a published board instead, as far as it is not listed yet; how many rows. StaleLeader."""
    with store.writing() as connection:
        require_epoch(connection, epoch)
        known = _restatements(connection, record.board, record.week)
        found = changed(restated(record, known), after)
        for (section, subject), old, new in found:
            connection.execute(
                insert(restatements).values(
                    board=record.board,
                    week=record.week,
                    section=section,
                    subject=subject,
                    before=place_text(old),
                    after=place_text(new),
                    at=now,
                    snapshot=snapshot,
                    why="later_data",
                )
            )
    return len(found)


def board_restatements(store: Store, board: str, week: date) -> list[Restatement]:
    """What later data said of a board's week, oldest first."""
    with store.reading() as connection:
        return _restatements(connection, board, week)


def edition(store: Store) -> str:
    """A text that changes whenever a board is published or restated."""
    with store.reading() as connection:
        last = [connection.scalar(select(func.max(table.c.id))) or 0 for table in (boards, restatements)]
    return "-".join(map(str, last))


def _row(connection: Connection, board: str, week: date) -> Row[Any] | None:
    return connection.execute(select(boards).where((boards.c.board == board) & (boards.c.week == week))).one_or_none()


def _restatements(connection: Connection, board: str, week: date) -> list[Restatement]:
    mine = (restatements.c.board == board) & (restatements.c.week == week)
    rows = connection.execute(select(restatements).where(mine).order_by(restatements.c.id)).mappings()
    return [_restatement(dict(row)) for row in rows]


def _restatement(row: dict[str, Any]) -> Restatement:
    plain = {name: row[name] for name in ("board", "week", "section", "subject", "at", "snapshot", "why")}
    return Restatement(**plain, before=place_of(row["before"]), after=place_of(row["after"]))
