"""演练: somebody leaves an invented phone in the demo on purpose; it is written into the demo's CRM like all else that happens there."""

import hmac
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256
from pathlib import Path

from data_access.demo_names import customer_phone

NAME = "演练客户"
CHANNEL = 5
"""The mini-program."""
MOST_AN_HOUR = 30
_FIRST_PHONE = 80_000_000
"""Far from the numbers of the demo's other invented people."""
_CODE_LENGTH = 24
_AMONG = 10_000
"""What was left lately is among so many of the newest customers."""


@dataclass(frozen=True)
class Left:
    """An invented phone that was left: for which project and when (in the demo's zone), by its last four digits."""

    project: str
    at: datetime
    ends: str


class Drill:
    """Writes into the demo's database; `key` makes the codes by which somebody without an account may do so."""

    def __init__(self, path: Path, key: bytes) -> None:
        self._path = path
        self._key = key

    def code(self, project: str, day: date) -> str:
        """What opens a project's card on a day and the day after."""
        return hmac.new(self._key, f"drill {project} {day}".encode(), sha256).hexdigest()[:_CODE_LENGTH]

    def project_of(self, code: str, projects: Iterable[str], today: date) -> str | None:
        """The project whose card a code opens; None for none."""
        days = (today, today - timedelta(1))
        fits = (
            one for one in projects for day in days if hmac.compare_digest(self.code(one, day).encode(), code.encode())
        )
        return next(fits, None)

    def look(self, project: str, now: datetime) -> None:
        """Somebody looks at the project's card: one impression."""
        with self._writing() as db:
            sql = "insert into mkt_exposure (proj_id, src_id, view_time, pv, uv, clk) values (?, ?, ?, 1, 1, 1)"
            db.execute(sql, (project, CHANNEL, _stamp(now)))

    def leave(self, project: str, now: datetime) -> Left | None:
        """Leave a phone that belongs to nobody; None when too many were left within the hour."""
        with self._writing() as db:
            if len(_left(db, now - timedelta(hours=1))) >= MOST_AN_HOUR:
                return None
            ((newest,),) = db.execute("select max(cst_id) from crm_customer").fetchall()
            phone = customer_phone(_FIRST_PHONE + newest)
            seller = "select min(emp_id) from base_emp where proj_id = ? and post < 3 and left_date is null"
            db.execute(
                "insert into crm_customer (cst_name, tel, proj_id, src_id, emp_id, level, valid_flag, status, created, mtime, is_test) "
                f"values (?, ?, ?, ?, ({seller}), 0, 0, 1, ?, ?, 0)",
                (NAME, phone, project, CHANNEL, project, _stamp(now), _stamp(now)),
            )
        return Left(project, datetime.fromisoformat(_stamp(now)), phone[-4:])

    def left(self, since: datetime) -> list[Left]:
        """What was left since then, the newest first."""
        with closing(sqlite3.connect(self._path, timeout=5)) as db:
            return _left(db, since)

    def _writing(self) -> "closing[sqlite3.Connection]":
        return closing(sqlite3.connect(self._path, timeout=5, isolation_level=None))


def _stamp(now: datetime) -> str:
    return now.replace(microsecond=0).isoformat(sep=" ")


def _left(db: sqlite3.Connection, since: datetime) -> list[Left]:
    # By number, for nobody looks for names in the demo's database, and it has no index of them.
    newest = f"cst_id > (select max(cst_id) - {_AMONG} from crm_customer)"
    sql = f"select proj_id, created, tel from crm_customer where {newest} and cst_name = ? and created >= ? order by cst_id desc"
    rows = db.execute(sql, (NAME, _stamp(since))).fetchall()
    return [Left(str(project), datetime.fromisoformat(at), phone[-4:]) for project, at, phone in rows]
