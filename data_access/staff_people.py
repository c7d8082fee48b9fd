"""People brought by the source's staff table: read whole, compared, and put into effect with an entry in the audit for each."""

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Literal
from zoneinfo import ZoneInfo

from data_access.replica import Replica
from data_access.settings import PeopleSettings, SettingError, Settings
from data_access.source import SourceError
from data_access.store import Store, StoreError
from data_access.store.accounts import By, UnfitPerson, add_all, change, fitting
from data_access.store.passwords import tidy
from data_access.store.people import Person, known_role
from data_access.workplace import open_source, refuse_writable

ACTOR = "people sync"
FEW = 3
"""So many may always leave at once."""
_SELECT = """
select id, coalesce(name, ''), project_id, coalesce(role, ''), coalesce(left_on <= ?, false), true from staff
union
select id, '', null, '', false, false from quarantine where entity = 'staff' and id is not null
order by 1
"""


@dataclass(frozen=True)
class Staff:
    """One row of the staff table; one that could not be read is known by its id alone, and its person stays as they are."""

    id: str
    name: str = ""
    project_id: str | None = None
    role: str = ""
    has_left: bool = False
    is_readable: bool = True


@dataclass(frozen=True)
class Change:
    """What is to be done with one person, and why."""

    what: Literal["add", "change", "disable", "leave out"]
    person: Person
    why: str = ""

    @property
    def record(self) -> dict[str, str]:
        """The change as texts to print."""
        one = self.person
        told = {"what": self.what, "name": one.name, "role": one.role, "project": one.project_id or ""}
        return told | {"staff": one.staff_id or "", "account": one.account or "", "why": self.why}


def staff_of(settings: Settings, now: datetime) -> list[Staff]:
    """The source's staff table, understood by the mapping and read into memory alone; SettingError, StoreError."""
    if "staff" not in settings.entities:
        raise SettingError("entities.staff is not mapped. Map it, or add people by hand.")
    only = replace(settings, entities={"staff": settings.entities["staff"]})
    source = open_source(settings)
    replica = Replica(
        ":memory:", secrets.token_bytes(32), zone=settings.group.time_zone, source_zone=settings.source.time_zone
    )
    try:
        with source.reading() as reading, replica.transaction():
            refuse_writable(settings, reading.writable())
            report = replica.pull(reading, only, depth="full", now=reading.clock())
        today = now.astimezone(ZoneInfo(settings.group.time_zone)).date()
        found = [Staff(*row) for row in replica.connection.execute(_SELECT, [today]).fetchall()]
    except SourceError as error:
        raise StoreError(f"{error} Nobody was changed.") from None
    finally:
        replica.close()
        source.close()
    if (error_text := report.entity("staff").error) or not found:
        raise StoreError(f"{error_text or 'The staff table is empty.'} Nobody was changed.")
    return found


def changes(known: Sequence[Person], staff: Iterable[Staff], given: PeopleSettings) -> list[Change]:
    """What makes the people whom the staff table brought like it.

    Whom an administrator made, and every administrator, is left alone; who is disabled stays so.
    """
    plan = _Plan(known, given)
    for row in staff:
        plan.take(row)
    return [*plan.made, *plan.leaving()]


class _Plan:
    """The changes found so far, and the names and accounts that are taken."""

    def __init__(self, known: Sequence[Person], given: PeopleSettings) -> None:
        self.made: list[Change] = []
        self._given = given
        self._brought = {one.staff_id: one for one in known if _is_brought(one)}
        self._by_hand = {one.staff_id for one in known if not _is_brought(one)}
        self._names = {one.name: one.staff_id for one in known}
        self._accounts = {one.account: one.staff_id for one in known if one.account}
        self._gone = dict.fromkeys(self._brought, "no longer in the staff table")

    def take(self, row: Staff) -> None:
        """Look at one row of the staff table."""
        role = self._given.roles.get(row.role, self._given.roles.get("*"))
        if row.is_readable and (row.has_left or role is None):
            self._gone |= {row.id: "has left" if row.has_left else f"no role for {row.role!r}"}
            return
        self._gone.pop(row.id, None)
        if row.is_readable and role is not None and row.id not in self._by_hand:
            self._compare(row, role)

    def leaving(self) -> list[Change]:
        """Whom the staff table has no more, and who could still sign in."""
        return [
            Change("disable", replace(one, enabled=False), self._gone[id])
            for id, one in self._brought.items()
            if id in self._gone and one.enabled
        ]

    def _compare(self, row: Staff, role: str) -> None:
        before = self._brought.get(row.id)
        wanted = self._person(row, role, before)
        why = self._unfit(wanted) or ("" if wanted.enabled else "disabled here: enable them by hand")
        if why:
            self.made.append(Change("leave out", wanted, why))
        elif wanted != before:
            self.made.append(Change("change" if before else "add", wanted))
            self._names[wanted.name] = row.id
            self._accounts |= {wanted.account: row.id} if wanted.account else {}

    def _person(self, row: Staff, role: str, before: Person | None) -> Person:
        """The person as the staff table has them."""
        account = {"id": row.id, "name": tidy(row.name)}.get(self._given.account)
        wanted = before or Person(secrets.token_hex(8), "", known_role(role), from_staff=True)
        return replace(
            wanted,
            name=self._name(row, wanted.name),
            role=known_role(role),
            project_id=row.project_id or None,
            staff_id=row.id,
            account=account or wanted.account,
        )

    def _name(self, row: Staff, now: str) -> str:
        """The name in the staff table, with the id behind it where somebody else has that name; one of the two stays as it is."""
        alone, told_apart = tidy(row.name), tidy(f"{row.name} {row.id}")
        if now in (alone, told_apart):
            return now
        return alone if self._names.get(alone, row.id) == row.id else told_apart

    def _unfit(self, wanted: Person) -> str:
        if wanted.account and self._accounts.get(wanted.account, wanted.staff_id) != wanted.staff_id:
            return "somebody else has this account"
        try:
            fitting(wanted)
        except UnfitPerson as error:
            return f"no {error.reason}"
        return ""


def refuse_mass_leaving(wanted: Iterable[Change], known: Iterable[Person], most: Decimal) -> None:
    """Raise StoreError when so large a share would be shut out that the staff table is more likely wrong."""
    leaving = sum(one.what == "disable" for one in wanted)
    there = sum(_is_brought(one) and one.enabled for one in known)
    if leaving > FEW and leaving > most * there:
        raise StoreError(
            f"{leaving} of {there} people would be shut out. Look with --dry-run; where it is right, add --release."
        )


def put_into_effect(store: Store, wanted: Sequence[Change], now: datetime) -> None:
    """Add, change and shut out people; who is shut out has no session from then on."""
    by = By(ACTOR, now)
    for one in wanted:
        if one.what in ("change", "disable"):
            change(store, one.person, by)
    add_all(store, [one.person for one in wanted if one.what == "add"], by)


def _is_brought(person: Person) -> bool:
    return person.from_staff and person.role != "admin"
