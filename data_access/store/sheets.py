"""Frozen yearly sheets: one row per year and project, made once and never changed."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import insert, select

from data_access.board_records import digest_of, sheet_of, sheet_text
from data_access.store.audit import PROGRAM, record_with
from data_access.store.database import Store
from data_access.store.lease import require_epoch
from data_access.store.tables import sheets
from metrics.sheets import Sheet


def freeze_sheets(store: Store, epoch: int, year: int, frozen: Iterable[Sheet], now: datetime) -> bool:
    """Keep a year's sheets for good; False when they are kept already. StaleLeader when `epoch` does not lead any more."""
    with store.writing() as connection:
        require_epoch(connection, epoch)
        if connection.execute(select(sheets.c.year).where(sheets.c.year == year).limit(1)).first() is not None:
            return False
        for one in frozen:
            content = sheet_text(one)
            values = {"year": year, "project": one.project, "frozen_at": now, "epoch": epoch}
            connection.execute(insert(sheets).values(content=content, digest=digest_of(content), **values))
            record_with(
                connection, PROGRAM, "sheet_frozen", now, one.project, {"year": year, "digest": digest_of(content)}
            )
    return True


def frozen_sheets(store: Store, year: int) -> dict[str, tuple[Sheet, datetime, bool]]:
    """A year's frozen sheets by project, each with when it was frozen and whether it is as it was."""
    with store.reading() as connection:
        rows = connection.execute(select(sheets).where(sheets.c.year == year).order_by(sheets.c.project)).all()
    return {row.project: (sheet_of(row.content), row.frozen_at, digest_of(row.content) == row.digest) for row in rows}


def frozen_years(store: Store) -> list[int]:
    """The years whose sheets are frozen, newest first."""
    with store.reading() as connection:
        return list(connection.scalars(select(sheets.c.year).distinct().order_by(sheets.c.year.desc())))
