"""Health reports as they are kept: one row per week and project, drafted once; issuing adds a second text, and freezes both."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Row, insert, select, update

from data_access.board_records import digest_of
from data_access.report_records import issue_of, issue_text, report_of, report_text
from data_access.store.audit import record_with
from data_access.store.database import Store
from data_access.store.lease import require_epoch
from data_access.store.tables import reports
from metrics.health import Issue, Report

DUE_AFTER = timedelta(hours=48)
"""From the publication of the board, in calendar hours."""


_KEPT = ("week", "project", "published_at", "due_at", "drafted_at")


@dataclass(frozen=True)
class Kept:
    """Where a report stands: drafted, or issued at a moment; `is_whole` says whether its texts are as they were."""

    week: date
    project: str
    published_at: datetime
    due_at: datetime
    drafted_at: datetime
    issued_at: datetime | None = None
    digest: str = ""
    is_whole: bool = True

    def is_overdue(self, now: datetime) -> bool:
        """Whether it should have been issued by now."""
        return self.issued_at is None and now > self.due_at


@dataclass(frozen=True)
class Filed:
    """A report with where it stands, and what was added when it was issued."""

    kept: Kept
    report: Report
    issue: Issue | None = None


def draft_reports(
    store: Store, epoch: int, week: date, published_at: datetime, made: Iterable[Report], now: datetime
) -> int:
    """Keep the drafts of a week that are not there yet; how many. StaleLeader when `epoch` does not lead any more."""
    with store.writing() as connection:
        require_epoch(connection, epoch)
        there = set(connection.scalars(select(reports.c.project).where(reports.c.week == week)))
        rows = []
        for one in made:
            if one.project not in there:
                content = report_text(one)
                rows.append({"project": one.project, "content": content, "digest": digest_of(content)})
        due = {"week": week, "published_at": published_at, "due_at": published_at + DUE_AFTER}
        if rows:
            connection.execute(insert(reports), [{**row, **due, "drafted_at": now, "epoch": epoch} for row in rows])
    return len(rows)


def issue_report(store: Store, week: date, project: str, issue: Issue) -> bool:
    """Freeze a draft with what is added; False when it is issued already or was never drafted. In the audit with its digest."""
    with store.writing() as connection:
        mine = (reports.c.week == week) & (reports.c.project == project)
        row = connection.execute(select(reports).where(mine).with_for_update()).one_or_none()
        if row is None or row.issued_at is not None:
            return False
        text = issue_text(row.content, issue)
        values = {"issued_at": issue.at, "issued": text, "issued_digest": digest_of(text)}
        connection.execute(update(reports).where(mine & reports.c.issued_at.is_(None)).values(**values))
        detail = {"week": week.isoformat(), "digest": digest_of(text), "commitments": len(issue.commitments)}
        record_with(connection, issue.by, "report_issued", issue.at, project, detail)
    return True


def drafted_weeks(store: Store) -> list[date]:
    """The weeks that have reports, newest first."""
    with store.reading() as connection:
        return list(connection.scalars(select(reports.c.week).distinct().order_by(reports.c.week.desc())))


def report(store: Store, week: date, project: str) -> Filed | None:
    """One project's report on a week, or None."""
    with store.reading() as connection:
        mine = (reports.c.week == week) & (reports.c.project == project)
        row = connection.execute(select(reports).where(mine)).one_or_none()
    return _filed(row) if row is not None else None


def week_reports(store: Store, weeks: Collection[date], projects: frozenset[str] | None = None) -> list[Filed]:
    """The reports on some weeks (of some projects), oldest week first, by project."""
    query = select(reports).where(reports.c.week.in_(weeks)).order_by(reports.c.week, reports.c.project)
    if projects is not None:
        query = query.where(reports.c.project.in_(projects))
    with store.reading() as connection:
        return [_filed(row) for row in connection.execute(query)]


def overdue_reports(store: Store, now: datetime, projects: frozenset[str] | None = None) -> list[Kept]:
    """What should have been issued by now (for some projects), longest overdue first."""
    late = reports.c.issued_at.is_(None) & (reports.c.due_at < now)
    query = select(reports).where(late).order_by(reports.c.due_at, reports.c.project)
    if projects is not None:
        query = query.where(reports.c.project.in_(projects))
    columns = [reports.c[name] for name in _KEPT]
    with store.reading() as connection:
        return [Kept(*row) for row in connection.execute(query.with_only_columns(*columns))]


def drafted_since(store: Store, since: datetime) -> list[Kept]:
    """The reports drafted after a moment and not issued yet, oldest first."""
    query = select(reports).where(reports.c.issued_at.is_(None) & (reports.c.drafted_at > since))
    columns = [reports.c[name] for name in _KEPT]
    with store.reading() as connection:
        rows = connection.execute(query.order_by(reports.c.week, reports.c.project).with_only_columns(*columns))
        return [Kept(*row) for row in rows]


def _filed(row: Row[Any]) -> Filed:
    kept = Kept(row.week, row.project, row.published_at, row.due_at, row.drafted_at, row.issued_at, row.digest)
    if row.issued is None:
        return Filed(replace(kept, is_whole=digest_of(row.content) == row.digest), report_of(row.content))
    report, issue = issue_of(row.issued)
    whole = digest_of(row.issued) == row.issued_digest
    return Filed(replace(kept, digest=row.issued_digest, is_whole=whole), report, issue)
