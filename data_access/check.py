"""`check`: everything read once into memory, and a calm report on the mapping and the data."""

import json
import re
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

import duckdb
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from data_access.canonical import is_day_aware
from data_access.derive import mapped_columns, mapped_steps
from data_access.live import contacts
from data_access.marts import absent_measures
from data_access.pull import FEW_ROWS, MOST_UNSTAMPED, SMALL_ROWS, EntityReport, state_of
from data_access.replica import PullReport, Replica
from data_access.settings import EntityMapping, SettingError, Settings
from data_access.source import ReadError, Reading, SourceError
from data_access.workplace import open_source, refuse_writable
from metrics.entities import ENTITIES, REFERENCES, Column, Entity
from metrics.pack import Metric, Pack
from metrics.query import stored

EXAMPLES = 5
NEWEST = 200
FEW_PHONES = 0.8
_NEVER_ALL_EMPTY = ("person", "grade")
"""Without them every lead is its own party, or nobody has a grade: better unmapped than mapped and empty."""
_MAY_BE_AHEAD = ("due_at", "protected_until", "updated_at")
_PHONE = re.compile(r"(?<!\d)(1[3-9]\d)\d{4}(\d{4})(?!\d)")

Say = Callable[[str], None]
Mapped = Mapping[str, set[str]]


@dataclass(frozen=True)
class Finding:
    """Something wrong (an error) or something to know (a warning)."""

    kind: Literal["error", "warning"]
    text: str


@dataclass
class Inspection:
    """What is found out about one entity: labelled facts, and findings."""

    entity: Entity
    mapping: EntityMapping
    connection: duckdb.DuckDBPyConnection
    clock: datetime
    mapped: Mapped
    rows: int
    compare_every_seconds: int
    facts: list[tuple[str, str]] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    @property
    def columns(self) -> list[Column]:
        """The columns the mapping delivers."""
        return [column for column in self.entity.columns if column.name in self.mapped[self.entity.name]]

    def tell(self, label: str, text: str, *, warn: bool = False) -> None:
        """Note a fact, which may be worth a warning."""
        self.facts.append((label, text))
        if warn:
            self.findings.append(Finding("warning", f"{self.entity.name}: {label}: {text}"))

    def numbers(self, select: str) -> tuple[Any, ...]:
        """The one row of a SELECT over the entity."""
        return self.connection.execute(f"SELECT {select} FROM {self.entity.name}").fetchall()[0]

    def examples(self, column: str, where: str) -> str:
        """Up to five values of an id column, as words."""
        sql = f'SELECT DISTINCT "{column}" FROM {self.entity.name} WHERE {where} ORDER BY 1 LIMIT {EXAMPLES}'
        return _listed(value for (value,) in self.connection.execute(sql).fetchall())


def check_source(settings: Settings, pack: Pack, say: Say) -> int:
    """Read everything once into memory and report on it; 1 when something is wrong, 0 when all can be used."""
    try:
        findings = _checked(settings, pack, say)
    except (SettingError, SourceError) as error:
        findings = [Finding("error", str(error))]
    for finding in sorted(findings, key=lambda one: one.kind):
        style = {"error": "bold red", "warning": "yellow"}[finding.kind]
        say(_rendered(Text.assemble((f"{finding.kind:<8}", style), _masked(finding.text)), wrap=False))
    errors = sum(finding.kind == "error" for finding in findings)
    warnings = len(findings) - errors
    counted = f"{_many(errors, 'error')}, {_many(warnings, 'warning')}"
    say(f"{counted}. {'Correct the errors before serving.' if errors else 'The source can be used.'}")
    return int(errors > 0)


def _checked(settings: Settings, pack: Pack, say: Say) -> list[Finding]:
    if not settings.entities:
        raise SettingError("No entity is mapped. Map lead at least, or begin with: python app.py init")
    zone, source_zone = settings.group.time_zone, settings.source.time_zone
    source = open_source(settings)
    replica = Replica(":memory:", secrets.token_bytes(32), zone=zone, source_zone=source_zone)
    try:
        with source.reading() as reading:
            findings = _account(settings, reading, say, source.name)
            report = _pulled(settings, replica, reading)
            findings += _contacts(settings, reading, replica.connection, say)
            findings += _browsing(settings, reading, replica.connection, say)
        findings += _entities(settings, replica.connection, report, say)
        findings += _pack(pack, settings, mapped_columns(replica.connection), say)
    finally:
        replica.close()
        source.close()
    return findings


def _pulled(settings: Settings, replica: Replica, reading: Reading) -> PullReport:
    """Everything read into memory, with a sign of life on a terminal."""
    with Console(stderr=True).status("Reading the source") as status, replica.transaction():

        def show(entity: str, rows: int) -> None:
            status.update(f"Reading {entity}: {rows:,} rows")

        return replica.pull(reading, settings, depth="full", now=reading.clock(), progress=show)


def _account(settings: Settings, reading: Reading, say: Say, name: str) -> list[Finding]:
    """Whether the account could do harm."""
    allowed = reading.writable()
    say(f"Source {name}, read at {reading.clock():%Y-%m-%d %H:%M:%S} of its clock")
    try:
        refuse_writable(settings, allowed)
    except SettingError as error:
        return [Finding("error", str(error))]
    passes = f"The account may write: {', '.join(allowed)}. source.allow_writable lets it pass."
    return [Finding("warning", passes)] if allowed else []


def _contacts(settings: Settings, reading: Reading, connection: duckdb.DuckDBPyConnection, say: Say) -> list[Finding]:
    """Whether names and phones are found by the ids of the newest leads; none of them is printed."""
    if settings.contact is None:
        return []
    leads = _newest_leads(connection)
    try:
        found = contacts(reading, settings.contact, leads)
    except ReadError as error:
        return [Finding("error", f"contact: {error}")]
    names, phones = (sum(bool(getattr(one, kind)) for one in found.values()) for kind in ("name", "phone"))
    said = f"contact: of {_many(len(leads), 'lead')} {len(found)} found, {names} with a name, {phones} with a phone"
    say(said)
    if leads and not (names or phones):
        return [Finding("error", f"{said}. [entities.contact] needs the id of the lead, its name and its phone.")]
    return [] if len(found) == len(leads) else [Finding("warning", said)]


def _browsing(settings: Settings, reading: Reading, connection: duckdb.DuckDBPyConnection, say: Say) -> list[Finding]:
    """Whether what the newest leads looked at can be read."""
    if settings.browsing is None:
        return []
    leads = _newest_leads(connection)
    try:
        batches = list(reading.rows_with(settings.browsing, "lead_id", leads)) if leads else []
    except ReadError as error:
        return [Finding("error", f"browsing: {error}")]
    say(f"browsing: {_many(sum(len(one.rows) for one in batches), 'row')} of the newest {_many(len(leads), 'lead')}")
    return []


def _newest_leads(connection: duckdb.DuckDBPyConnection) -> list[str]:
    found = connection.execute(f"SELECT id FROM lead ORDER BY created_at DESC, id LIMIT {NEWEST}").fetchall()
    return [id for (id,) in found]


# ------------------------------------------------------------------------------------------------------------- entities


def _entities(settings: Settings, connection: duckdb.DuckDBPyConnection, report: PullReport, say: Say) -> list[Finding]:
    mapped, findings = mapped_columns(connection), []
    for pulled in report.entities:
        if pulled.error:
            findings.append(Finding("error", pulled.error))
            say(_section(pulled, [("failed", pulled.error)]))
            continue
        entity, mapping = ENTITIES[pulled.entity], settings.entities[pulled.entity]
        every = settings.refresh.compare_every_seconds
        seen = Inspection(entity, mapping, connection, report.clock, mapped, pulled.rows_after, every)
        _inspect(seen, pulled)
        findings += seen.findings
        say(_section(pulled, seen.facts))
    return findings


def _inspect(seen: Inspection, pulled: EntityReport) -> None:
    _how_read(seen)
    if pulled.quarantined:
        _quarantined(seen)
    if not seen.rows:
        seen.tell("rows", "there are none", warn=True)
        return
    _times(seen)
    _ahead(seen)
    _repeated(seen)
    _orphans(seen)
    _phones(seen)
    _empty(seen)


def _how_read(seen: Inspection) -> None:
    """Whether changes are read by their stamps or by comparing everything, and why."""
    state = state_of(seen.connection, seen.entity.name)
    if seen.entity.key and state.stamp and state.watermark:
        empty = seen.rows - seen.numbers("count(updated_at)")[0]
        seen.tell("read", f"what updated_at says has changed; {_share(empty, seen.rows)} of the stamps are empty")
        return
    is_big = seen.rows >= SMALL_ROWS
    often = f"every {seen.compare_every_seconds} s" if is_big else "at every refresh"
    seen.tell("read", f"whole, {often}, because {_why_whole(seen)}", warn=is_big and bool(seen.entity.key))


def _why_whole(seen: Inspection) -> str:
    if not seen.entity.key:
        return "its rows have no identity of their own"
    if "updated_at" not in seen.mapped[seen.entity.name]:
        return "no updated_at is mapped"
    if not seen.rows:
        return "there are no rows yet"
    empty = seen.rows - seen.numbers("count(updated_at)")[0]
    if empty > seen.rows * MOST_UNSTAMPED:
        return f"{_share(empty, seen.rows)} of updated_at is empty, more than {MOST_UNSTAMPED:.0%}"
    return "its updated_at is written in ways that cannot be compared"


def _quarantined(seen: Inspection) -> None:
    """Rows left out, by column and reason, with ids only."""
    found = seen.connection.execute(
        "SELECT col, reason, count(*), (list(DISTINCT id ORDER BY id) FILTER (id IS NOT NULL))[:?] FROM quarantine "
        "WHERE entity = ? GROUP BY ALL ORDER BY 1, 2",
        [EXAMPLES, seen.entity.name],
    ).fetchall()
    for column, reason, rows, ids in found:
        examples = f", such as {_listed(ids)}" if ids else ""
        seen.tell("left out", f"{_many(rows, 'row')} with {column} {reason}{examples}", warn=True)


def _times(seen: Inspection) -> None:
    """For each time column whether it is known to the day only, and why."""
    midnights = json.loads(state_of(seen.connection, seen.entity.name).midnights)
    for column in [one.name for one in seen.columns if is_day_aware(one)]:
        given, days = seen.numbers(f'count("{column}"), count(*) FILTER ({column}_day_only)')
        if given:
            seen.tell(column, _day_choice(seen.mapping, column, midnights.get(column, False), given, days))


def _day_choice(mapping: EntityMapping, column: str, only_midnights: bool, given: int, days: int) -> str:
    if column in mapping.timed:
        return "with time of day, as the mapping says"
    if column in mapping.day_only:
        return "days without time, as the mapping says"
    if only_midnights:
        return 'days without time, because every value is a midnight; timed = ["…"] says otherwise'
    if days == given:
        return "days without time, as they are written"
    return f"with time of day{f', but {_share(days, given)} are days without time' if days else ''}"


def _ahead(seen: Inspection) -> None:
    """Dates in the future, of what should have happened already."""
    times = [one.name for one in seen.columns if one.kind == "time" and one.name not in _MAY_BE_AHEAD]
    days = [one.name for one in seen.columns if one.kind == "day" and one.name == "day"]
    for column in times + days:
        later = f"\"{column}\" > TIMESTAMP '{seen.clock}'"
        rows, newest = seen.numbers(f'count(*) FILTER ({later}), max("{column}")')
        if rows:
            ids = seen.examples("id", f"id IS NOT NULL AND {later}") if "id" in seen.mapped[seen.entity.name] else ""
            such = f", such as {ids}" if ids else ""
            seen.tell(
                "future", f"{_many(rows, 'row')} with {column} ahead of now, the newest {newest}{such}", warn=True
            )


def _repeated(seen: Inspection) -> None:
    """Repeated ids where ids are optional; elsewhere they stop the entity."""
    if seen.entity.key or "id" not in seen.mapped[seen.entity.name]:
        return
    rows, different = seen.numbers("count(id), count(DISTINCT id)")
    if rows > different:
        again = f"id IN (SELECT id FROM {seen.entity.name} GROUP BY id HAVING count(*) > 1)"
        seen.tell("id", f"{_many(rows - different, 'repeated id')}, such as {seen.examples('id', again)}", warn=True)


def _orphans(seen: Inspection) -> None:
    """Ids that lead nowhere, where the entity they name is mapped and was read."""
    for column, other in REFERENCES.items():
        if column not in seen.mapped[seen.entity.name] or other not in seen.mapped or other == seen.entity.name:
            continue
        unknown = f'"{column}" IS NOT NULL AND "{column}" NOT IN (SELECT id FROM {other})'
        rows, given = seen.numbers(f'count(*) FILTER ({unknown}), count("{column}")')
        if rows:
            text = f"{_many(rows, 'row')} ({_share(rows, given)}) without a known {other}"
            seen.tell(column, f"{text}, such as {seen.examples(column, unknown)}", warn=True)
            if rows == given >= FEW_ROWS:
                wrong = (
                    f"{seen.entity.name}: no {column} leads to a known {other}. Correct [entities.{seen.entity.name}]."
                )
                seen.findings.append(Finding("error", wrong))


def _phones(seen: Inspection) -> None:
    for column in [one.name for one in seen.columns if one.kind == "person"]:
        good, given = seen.numbers(f'count(*) FILTER (phone_ok), count("{column}")')
        if given:
            is_odd = 0 < good < given * FEW_PHONES
            seen.tell(column, f"{_share(good, given)} of those given are valid mobile phones", warn=is_odd)


def _empty(seen: Inspection) -> None:
    """Columns that are mapped and partly or always empty."""
    optional = [one.name for one in seen.columns if one.name not in ("id", "updated_at", seen.entity.at)]
    counts = seen.numbers(", ".join(f'count("{name}")' for name in optional)) if optional else ()
    empty = {name: seen.rows - given for name, given in zip(optional, counts, strict=True) if given < seen.rows}
    if empty:
        seen.tell("empty", ", ".join(f"{name} {_share(rows, seen.rows)}" for name, rows in empty.items()))
    if always := [name for name, rows in empty.items() if rows == seen.rows]:
        is_error = seen.rows >= FEW_ROWS and any(seen.entity.column(name).kind in _NEVER_ALL_EMPTY for name in always)
        text = f"{seen.entity.name}: mapped but always empty: {', '.join(always)}"
        seen.findings.append(Finding("error" if is_error else "warning", f"{text}. Correct them, or map them no more."))


# ----------------------------------------------------------------------------------------------------------------- pack


def _pack(pack: Pack, settings: Settings, mapped: Mapped, say: Say) -> list[Finding]:
    """What the pack cannot show with this mapping."""
    unmapped = [name for name in ENTITIES if name not in settings.entities]
    facts = [("not mapped", ", ".join(unmapped) or "nothing: every entity is")]
    facts += [(lack, ", ".join(names)) for lack, names in without_data(pack, mapped).items()]
    say(f"\n{_rendered(_grid('What is 无数据 in the pack, by what the source lacks', facts))}\n")
    return [] if "lead" in settings.entities else [Finding("warning", "lead is not mapped: no funnel can be shown.")]


def without_data(pack: Pack, mapped: Mapped) -> dict[str, list[str]]:
    """The measures and metrics that have no data, by what lacks, such as `visit` or `lead.valid`."""
    absent = absent_measures(pack, mapped)
    found: dict[str, list[str]] = {}
    for name in [*pack.measures, *pack.metrics]:
        if lack := _lack(pack, pack.metric(name), absent, mapped):
            found.setdefault(lack, []).append(name)
    return dict(sorted(found.items()))


def _lack(pack: Pack, metric: Metric, absent: Mapping[str, str], mapped: Mapped) -> str:
    """What a metric lacks first; empty when it can be shown."""
    counted = pack.metric(metric.target) if metric.target else metric
    for measure in (*stored(pack, counted), *(["valid_leads"] if metric.state == "valid_active" else [])):
        if measure in absent:
            return absent[measure]
    if (metric.lag or metric.state) and "lead" not in mapped:
        return "lead"
    return _lag_lack(metric.lag, mapped) if metric.lag else ""


def _lag_lack(lag: str, mapped: Mapped) -> str:
    if lag == "first_response":
        return "" if "follow_up" in mapped or "first_response_at" in mapped["lead"] else "follow_up"
    return next((step for step in lag.split("_to_") if step not in mapped_steps(mapped)), "")


# -------------------------------------------------------------------------------------------------------------- showing


def _section(pulled: EntityReport, facts: Sequence[tuple[str, str]]) -> str:
    left_out = f", {pulled.quarantined:,} left out" if pulled.quarantined else ""
    return "\n" + _rendered(_grid(f"{pulled.entity}: {_many(pulled.rows_after, 'row')}{left_out}", facts))


def _grid(title: str, facts: Iterable[tuple[str, str]]) -> Group:
    shown = Table.grid(padding=(0, 2))
    shown.add_column(style="dim", no_wrap=True)
    shown.add_column(overflow="fold")
    for label, text in facts:
        shown.add_row(f"  {label}", _masked(text))
    return Group(Text(title, style="bold"), shown)


def _rendered(what: RenderableType, *, wrap: bool = True) -> str:
    console = Console(markup=False, emoji=False, highlight=False)
    with console.capture() as captured:
        console.print(what, soft_wrap=not wrap)
    return "\n".join(line.rstrip() for line in captured.get().splitlines())


def _masked(text: str) -> str:
    """Words with whatever could be a phone made unreadable: an id may be one."""
    return _PHONE.sub(r"\1****\2", text)


def _listed(values: Iterable[Any]) -> str:
    return ", ".join(str(value) for value in values)


def _many(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _share(part: int, whole: int) -> str:
    share = part / whole if whole else 0.0
    return "<0.1%" if 0 < share < 0.001 else ">99.9%" if 0.999 < share < 1 else f"{share:.1%}"
