"""The audit as people read it: with names, in the group's time, by days."""

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from data_access.store import Store
from data_access.store.audit import Entry, Wanted
from data_access.store.people import people
from data_access.store.screens import screens
from metrics.query import QueryError

COLUMNS = ("id", "at", "by", "action", "about", "detail")


def wanted_entries(
    store: Store,
    zone: str,
    *,
    first: str | None = None,
    last: str | None = None,
    by: str | None = None,
    action: str | None = None,
    about: str | None = None,
) -> Wanted:
    """Which entries are asked for: days of the group's time, the last one included; `by` is an id or a name. QueryError for what is no day."""
    until = _midnight(last, zone)
    return Wanted(
        _midnight(first, zone),
        until + timedelta(days=1) if until else None,
        _id_of(store, by) if by else None,
        action or None,
        about or None,
    )


def names_of(store: Store) -> dict[str, str]:
    """The names of everybody and of every screen, by id."""
    return {one.id: one.given.name for one in screens(store)} | {one.id: one.name for one in people(store)}


def audit_records(found: Iterable[Entry], names: Mapping[str, str], zone: str) -> Iterator[dict[str, Any]]:
    """Entries as records of COLUMNS; who or what is gone is told by id."""
    for entry in found:
        at = entry.at.astimezone(ZoneInfo(zone))
        yield {
            "id": entry.id,
            "at": f"{at:%Y-%m-%d %H:%M:%S}",
            "by": names.get(entry.actor, entry.actor),
            "action": entry.action,
            "about": names.get(entry.about, entry.about),
            "detail": json.dumps(entry.detail, ensure_ascii=False) if entry.detail else "",
        }


def _midnight(day: str | None, zone: str) -> datetime | None:
    if not day:
        return None
    try:
        return datetime.combine(date.fromisoformat(day), time(), ZoneInfo(zone))
    except ValueError:
        raise QueryError(f"{day!r} is no day. Give one such as 2026-03-31.") from None


def _id_of(store: Store, by: str) -> str:
    """The id of the person with this id or name; who is neither stays as given, such as a program."""
    known = people(store)
    return next((one.id for one in known if by in (one.id, one.name)), by)
