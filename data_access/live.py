"""Names, phones and events of a few customers, asked of the source when somebody looks at them; nothing of it is kept."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from data_access.settings import EntityMapping, SettingError, Settings
from data_access.source import Batch, ReadError, Reading, Source, SourceError
from data_access.workplace import open_source
from metrics.customers import Moment
from metrics.entities import ENTITIES, LIVE

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

_LOG = logging.getLogger(__name__)

IDS_AT_ONCE = 50
STATEMENT_SECONDS = 5
MEMORY = "128MB"
REST_SECONDS = 15
"""How long a source that could not be read is left alone, so that waiting for it does not use up the server's threads."""
_HAPPENINGS = ("browsing", "follow_up", "visit", "subscription", "contract", "assignment")
_SHOWN = ("staff_id", "channel_id", "kind", "page", "reached")


class SourceDown(Exception):
    """The source cannot be asked right now."""


@dataclass(frozen=True)
class Contact:
    """A customer's name and phone as the source has them; never written anywhere, not even where an error is printed."""

    name: str = field(default="", repr=False)
    phone: str = field(default="", repr=False)


class Live:
    """The source, asked by id for one page of customers at a time."""

    def __init__(self, settings: Settings, clock: Callable[[], float] = time.monotonic) -> None:
        self._settings = settings
        self._clock = clock
        self._opening = threading.Lock()
        self._source: Source | None = None
        self._rests_until = 0.0

    @property
    def knows_contacts(self) -> bool:
        """Whether the mapping says where names and phones are."""
        return self._settings.contact is not None

    def contacts(self, leads: Sequence[str]) -> dict[str, Contact]:
        """Name and phone by lead id, for those that have one; SourceDown."""
        mapping = self._settings.contact
        if mapping is None or not leads:
            return {}
        with self._reading() as reading:
            return contacts(reading, mapping, leads)

    def moments(self, leads: Sequence[str]) -> tuple[Moment, ...]:
        """What these leads looked at, and every follow-up, visit, subscription, contract and change of owner; SourceDown."""
        given = {
            **self._settings.entities,
            **({"browsing": self._settings.browsing} if self._settings.browsing else {}),
        }
        mapped = {name: given[name] for name in _HAPPENINGS if name in given and _names_leads(given[name])}
        with self._reading() as reading:
            return tuple(
                moment
                for name, mapping in mapped.items()
                if leads
                for moment in self._of(reading, name, mapping, leads)
            )

    def close(self) -> None:
        """Give the connections back."""
        if self._source is not None:
            self._source.close()

    @contextmanager
    def _reading(self) -> Iterator[Reading]:
        if self._clock() < self._rests_until:
            raise SourceDown
        try:
            with self._opened().reading() as reading:
                yield reading
        except (SourceError, ReadError, SettingError) as error:
            if not isinstance(error, ReadError):
                self._rests_until = self._clock() + REST_SECONDS
            _LOG.warning("Customers cannot be read live: %s", error)
            raise SourceDown from None

    def _opened(self) -> Source:
        with self._opening:
            if self._source is None:
                given = self._settings.source
                seconds = min(given.statement_timeout_seconds, STATEMENT_SECONDS)
                hasty = replace(self._settings, source=replace(given, statement_timeout_seconds=seconds))
                self._source = open_source(hasty)
            return self._source

    def _of(self, reading: Reading, name: str, mapping: EntityMapping, leads: Sequence[str]) -> list[Moment]:
        import duckdb

        from data_access.canonical import Zones

        zones = Zones(self._settings.source.time_zone, self._settings.group.time_zone)
        with duckdb.connect(config={"memory_limit": MEMORY, "threads": 1}) as connection:
            return [
                moment
                for batch in reading.rows_with(mapping, "lead_id", leads[:IDS_AT_ONCE])
                if batch.rows
                for moment in _moments(connection, name, mapping, zones, batch.table())
            ]


def contacts(reading: Reading, mapping: EntityMapping, leads: Sequence[str]) -> dict[str, Contact]:
    """Name and phone by lead id, for those that have one; ReadError."""
    return {
        _id(row.get("id")): Contact(_text(row.get("name")), _text(row.get("phone")))
        for start in range(0, len(leads), IDS_AT_ONCE)
        for batch in reading.rows_with(mapping, "id", leads[start : start + IDS_AT_ONCE])
        for row in _rows(batch)
    }


def _moments(
    connection: duckdb.DuckDBPyConnection, name: str, mapping: EntityMapping, zones: Any, batch: pa.Table
) -> list[Moment]:
    """A batch understood as the replica understands it, of its date and of what is shown beside it alone."""
    from data_access.canonical import Canonical, declared, incoming_columns, understood, zoned

    entity = {**ENTITIES, **LIVE}[name]
    at = entity.at or "at"
    shown = [column for column in _SHOWN if column in batch.column_names]
    table, forms = understood(batch.select([at, *shown]))
    connection.register("batch", table)
    connection.execute(f"create or replace table incoming_{name} ({declared(incoming_columns(entity, forms))})")
    bare = replace(mapping, constants={})
    connection.execute(Canonical(entity, bare, zones).insert(forms))
    moment = f"""case when "_{at}" = 'naive' then {zoned(f'"{at}"', zones)} else "{at}" end as at"""
    found = connection.execute(f'select {", ".join([moment, *shown])} from incoming_{name} where "{at}" is not null')
    names = [column[0] for column in found.description or ()]
    return [_moment(name, dict(zip(names, row, strict=True))) for row in found.fetchall()]


def _moment(kind: str, row: Mapping[str, Any]) -> Moment:
    return Moment(
        kind,
        row["at"],
        row.get("staff_id") or "",
        row.get("channel_id") or "",
        row.get("kind") or row.get("page") or "",
        row.get("reached"),
    )


def _names_leads(mapping: EntityMapping) -> bool:
    """Whether an entity's rows say which lead they belong to."""
    return "lead_id" in mapping.columns or "lead_id" in mapping.query.lower()


def _rows(batch: Batch) -> Iterable[Mapping[str, Any]]:
    return (dict(zip(batch.names, row, strict=True)) for row in batch.rows)


def _id(value: Any) -> str:
    """An id as the replica holds it: a whole number has no decimals."""
    if isinstance(value, float | Decimal) and value == int(value):
        return str(int(value))
    return _text(value)


def _text(value: Any) -> str:
    return "" if value is None else str(value).strip()
