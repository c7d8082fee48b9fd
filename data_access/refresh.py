"""One refresh: pull, guard, derive, aggregate, publish; all of it or nothing."""

import hashlib
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

import duckdb

from data_access.derive import PartyRules, derive_parties, mapped_columns
from data_access.marts import MartRules, build_marts
from data_access.publication import manifest, write_files
from data_access.pull import FEW_ROWS, Progress
from data_access.replica import PullReport, Replica
from data_access.settings import Settings
from data_access.snapshots import Folder
from data_access.source import Source, SourceError
from data_access.store import Store
from data_access.store.holds import hold, last_release
from data_access.store.published import beat, publish, published
from data_access.store.runs import Outcome, Run, record_run
from data_access.store.slots import Depth
from data_access.store.state import State, keep_state_day
from metrics.entities import ENTITIES, REFERENCES
from metrics.pack import Pack
from metrics.periods import cut_days
from metrics.quality import Alarm, ClosedDays, alarms

LAYOUT = 6
"""Grows when derived tables or marts change their shape, so that everything is computed anew once."""


class HeldBack(Exception):
    """A load that looks like an accident; the last snapshot stays until somebody releases it."""


@dataclass(frozen=True)
class Refreshed:
    """What a refresh did; `outcome` as in the log of runs, `report` None when the source could not be read."""

    outcome: Outcome
    seconds: float
    report: PullReport | None = None
    error: str | None = None

    def __str__(self) -> str:
        entities = self.report.entities if self.report else ()
        rows = sum(one.rows_read for one in entities)
        frozen = [f"\n{one.error} Its last good rows stay." for one in entities if one.error]
        outcome = "partly " * bool(frozen and not self.error) + self.outcome
        error = f": {self.error}" if self.error else ""
        return f"{outcome} in {self.seconds:.1f} s, {rows:,} rows read{error}{''.join(frozen)}"


class Refresher:
    """Refreshes one replica from one source into one folder of snapshots."""

    def __init__(
        self,
        settings: Settings,
        pack: Pack,
        source: Source,
        replica: Replica,
        store: Store,
        clock: Callable[[], datetime],
    ) -> None:
        self._settings = settings
        self._pack = pack
        self._source = source
        self._replica = replica
        self._store = store
        self._folder = Folder(settings.snapshots.dir)
        self._clock = clock
        windows = settings.windows
        days = {
            "visit": windows.visit_days,
            "subscription": windows.subscription_days,
            "contract": windows.contract_days,
        }
        self._rules = PartyRules(windows.re_entry_days, days)

    def run(self, epoch: int, depth: Depth, progress: Progress | None = None) -> Refreshed:
        """Refresh once; the outcome is logged. StaleLeader when another process leads."""
        started, began = self._clock(), time.monotonic()
        report: PullReport | None = None
        outcome, error = "failed", None
        try:
            report, content = self._load(depth, progress)
            outcome = self._publish(epoch, content)
            beat(self._store, epoch, report.clock, self._clock())
        except HeldBack as held:
            outcome, error = "held", str(held)
        except SourceError as unreachable:
            error = str(unreachable)
        if error:
            beat(self._store, epoch, None, self._clock(), error)
        rows = {one.entity: one.rows_read for one in report.entities} if report else {}
        run = Run(started, time.monotonic() - began, depth, rows, outcome, error=error)  # type: ignore[arg-type]
        record_run(self._store, run)
        self._replica.settle()
        return Refreshed(run.outcome, run.seconds, report, error)

    def _load(self, depth: Depth, progress: Progress | None) -> tuple[PullReport, dict[str, Any]]:
        """Pull, guard, derive, aggregate and write files in one transaction of the replica."""
        with self._source.reading() as reading, self._replica.transaction() as connection:
            report = self._replica.pull(
                reading, self._settings, depth=depth, now=self._clock_naive(), progress=progress
            )
            self._guard(report)
            before = self._before()
            changed = derive_parties(connection, self._rules, before=before, as_of=report.clock)
            rules = MartRules(cut_days(report.clock), asdict(self._settings.overdue_days))
            differing = build_marts(connection, self._pack, rules, before=before, changed=changed)
            write_files(connection, self._folder, differing, anew=before is None)
            connection.execute("delete from derived")
            connection.execute("insert into derived values (?, ?)", [report.clock, self._fingerprint()])
            return report, manifest(connection, self._pack, self._rules, report)

    def _clock_naive(self) -> datetime:
        return self._clock().replace(tzinfo=None)

    def _before(self) -> datetime | None:
        """The as_of of the last derivation, or None when everything has to be computed anew."""
        connection = self._replica.connection
        connection.execute("create table if not exists derived (as_of timestamp, fingerprint varchar)")
        found = connection.execute("select as_of from derived where fingerprint = ?", [self._fingerprint()]).fetchall()
        return found[0][0] if found else None

    def _fingerprint(self) -> str:
        """What the derived tables depend on besides rows: layout, how DuckDB hashes, measures, rules, and what is mapped."""
        mapped = sorted(
            (entity, sorted(columns)) for entity, columns in mapped_columns(self._replica.connection).items()
        )
        measures = [(m.name, m.source, m.at, m.sql, m.where, m.needs, m.hourly) for m in self._pack.additive]
        derived = (LAYOUT, duckdb.__version__, measures, self._pack.demand, self._rules, mapped)
        return hashlib.sha256(repr(derived).encode()).hexdigest()

    def _guard(self, report: PullReport) -> None:
        """Raise HeldBack when closed days lost too much, unless somebody released just this."""
        day = report.clock.date()
        closed = [self._closed_days(one.entity, day) for one in report.entities if one.changed and not one.error]
        found = alarms(closed, self._settings.refresh.guard_fall) or self._led_astray(report)
        if not found:
            return
        what = {one.entity: one.what for one in found}
        released = last_release(self._store)
        if released and released.what == what:
            return
        hold(self._store, what, self._clock())
        raise HeldBack(_explained(found))

    def _led_astray(self, report: PullReport) -> list[Alarm]:
        """Entities whose changed rows led to known projects, channels or salespeople and now none does: another column is mapped."""
        mapped = mapped_columns(self._replica.connection)
        return [
            Alarm(one.entity, f"no {column} of {one.updated} changed rows leads to a known {REFERENCES[column]}")
            for one in report.entities
            for column in ("project_id", "channel_id", "staff_id")
            if one.updated >= FEW_ROWS
            and column in mapped.get(one.entity, ())
            and self._leading(one.entity, column, "old") >= FEW_ROWS
            and not self._leading(one.entity, column, "new")
        ]

    def _leading(self, entity: str, column: str, side: Literal["old", "new"]) -> int:
        """How many of an entity's changed rows, as they were or as they are, lead to something that is known."""
        query = f"select count(*) from {side}_{entity} where {column} in (select id from {REFERENCES[column]})"
        return int(self._replica.connection.execute(query).fetchall()[0][0])

    def _closed_days(self, entity: str, today: date) -> ClosedDays:
        spec = ENTITIES[entity]
        condition = f'"{spec.at}"::date < ?' if spec.at and spec.at != "starts_on" else "true"
        amount = "sum(amount)" if "amount" in spec.column_names and entity in ("contract", "subscription") else "0"
        values = [today] if "?" in condition else []
        query = f"select count(*), coalesce({amount}, 0) from {{}} where {condition}"
        now, gone, come = (
            self._replica.connection.execute(query.format(table), values).fetchall()[0]
            for table in (entity, f"old_{entity}", f"new_{entity}")
        )
        before = (now[0] + gone[0] - come[0], Decimal(now[1]) + Decimal(gone[1]) - Decimal(come[1]))
        return ClosedDays(entity, before[0], now[0], before[1], Decimal(now[1]))

    def _publish(self, epoch: int, content: dict[str, Any]) -> Outcome:
        """Publish the manifest when what it shows differs from what is published."""
        pointer = published(self._store)
        if pointer and self._folder.shows(pointer.manifest, content):
            return "unchanged"
        version, name = self._folder.put_manifest(content)
        publish(self._store, epoch, version, name, self._clock())
        self._folder.prune(self._settings.snapshots.keep, self._clock(), published=name)
        self._keep_state(content["as_of"].date())
        return "published"

    def _keep_state(self, day: date) -> None:
        columns = ", ".join(State._fields)
        rows = self._replica.connection.execute(f"select {columns} from mart.state").fetchall()
        keep_state_day(self._store, day, [State(*row) for row in rows])


def _explained(found: list[Alarm]) -> str:
    listed = "; ".join(f"{one.entity}: {one.what}" for one in found)
    return f"{listed}. The last snapshot stays. If this is right, release it with: python app.py refresh --release"
