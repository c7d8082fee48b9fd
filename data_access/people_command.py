"""What the command line does with people; the first admin comes only from here."""

import getpass
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from difflib import get_close_matches
from pathlib import Path

from data_access.settings import Settings
from data_access.store import Store, StoreError
from data_access.store.accounts import By, add_all, change, link_for, listed_people, told_person
from data_access.store.codes import forget_code
from data_access.store.links import LIFE
from data_access.store.passwords import LEAST, set_password, tidy
from data_access.store.people import Person, known_role, named, people

ACTOR = "command line"


class PeopleCommand:
    """The commands about people on one opened store."""

    def __init__(self, settings: Settings, store: Store, clock: Callable[[], datetime]) -> None:
        self._settings = settings
        self._store = store
        self._clock = clock

    def add(
        self,
        name: str,
        role: str,
        project: str | None = None,
        staff: str | None = None,
        account: str | None = None,
        mail: str | None = None,
        phone: str | None = None,
    ) -> str:
        """Add one person; what to do next."""
        person = told_person(name, role, project, staff, account, mail, phone)
        add_all(self._store, [person], self._by())
        return f"Added {person.name!r}. Let them in with: python app.py people link {person.name!r}"

    def listed(self) -> list[dict[str, str]] | str:
        """Everybody by name, as records of texts; how to begin while there is nobody."""
        found = people(self._store)
        if not found:
            return "There is nobody yet. Begin with: python app.py people add NAME --role admin"
        return [
            {
                "name": one.name,
                "role": one.role,
                "project": one.project_id or "",
                "staff": one.staff_id or "",
                "account": one.account or "",
                "mail": one.mail or "",
                "state": "enabled" if one.enabled else "disabled",
            }
            for one in found
        ]

    def change(self, who: str, **told: str | None) -> str:
        """Change what is told (name, role, project_id, staff_id, account, mail, phone; None: as it is)."""
        given = {key: value for key, value in told.items() if value is not None}
        if not given:
            raise StoreError(
                "Nothing to change. Give --name, --role, --project, --staff, --account, --mail or --phone."
            )
        known_role(given.get("role", "admin"))
        changed = replace(self._named(who), **given)  # type: ignore[arg-type]
        change(self._store, changed, self._by())
        return f"Changed {changed.name!r}; it counts from their next page."

    def enable(self, name: str, enabled: bool) -> str:
        """Let a person in again, or shut them out at once."""
        person = self._named(name)
        change(self._store, replace(person, enabled=enabled), self._by())
        return f"Enabled {person.name!r}." if enabled else f"Disabled {person.name!r}; their sessions have ended."

    def link(self, name: str, address: str) -> str:
        """A sign-in link below a base address, or its path where none is given."""
        token = link_for(self._store, self._named(name), self._by())
        minutes = int(LIFE.total_seconds() // 60)
        return f"{address.rstrip('/')}/enter/{token}\nIt works once, within {minutes} minutes."

    def password(self, name: str) -> str:
        """Ask twice for a person's new password."""
        person = self._named(name)
        try:
            first = getpass.getpass(f"New password of {person.name} ({LEAST} characters or more): ")
            second = getpass.getpass("Once more: ")
        except (EOFError, KeyboardInterrupt):
            raise StoreError("No password was given. Nothing was changed.") from None
        if first != second:
            raise StoreError("The two passwords differ. Nothing was changed.")
        set_password(self._store, person, first, by=ACTOR, now=self._clock())
        return f"{person.name!r} has a new password; their sessions have ended."

    def forget_code(self, name: str) -> str:
        """Let a person with a lost phone scan a new code."""
        person = self._named(name)
        forget_code(self._store, person.id, by=ACTOR, now=self._clock())
        return f"{person.name!r} scans a new code at the next sign-in."

    def bring_in(self, file: Path) -> str:
        """Add everybody in a CSV file, or nobody."""
        try:
            lines = file.read_text(encoding="utf-8-sig").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it is not in UTF-8 (in Excel: CSV UTF-8)"
            raise StoreError(f"{file} cannot be read: {reason}. Nobody was added.") from None
        found = listed_people(lines, [one.name for one in people(self._store)])
        add_all(self._store, found, self._by())
        return f"Added {len(found)} people."

    def sync(self, *, dry_run: bool, release: bool) -> list[dict[str, str]] | str:
        """What the staff table changes among the people it brought, as records; done, unless it is only to be shown."""
        from data_access.staff_people import changes, put_into_effect, refuse_mass_leaving, staff_of

        if not self._settings.people.from_staff:
            raise StoreError("people.from_staff is not true. Set it and people.roles in warboard.toml first.")
        now = self._clock()
        wanted = changes(people(self._store), staff_of(self._settings, now), self._settings.people)
        if not dry_run:
            if not release:
                refuse_mass_leaving(wanted, people(self._store), self._settings.refresh.guard_fall)
            put_into_effect(self._store, wanted, now)
        return [one.record for one in wanted] or "Nothing to change: people are as the staff table has them."

    def _named(self, name: str) -> Person:
        person = named(self._store, tidy(name))
        if person is None:
            close = get_close_matches(name, [one.name for one in people(self._store)], n=1)
            way_out = f"Did you mean {close[0]!r}?" if close else "See: python app.py people list"
            raise StoreError(f"There is nobody called {name!r}. {way_out}")
        return person

    def _by(self) -> By:
        return By(ACTOR, self._clock())


@contextmanager
def people_command(settings: Settings, clock: Callable[[], datetime]) -> Iterator[PeopleCommand]:
    """The commands about people on the store the settings name, closed again afterwards."""
    store = Store.open(settings.store.url)
    try:
        yield PeopleCommand(settings, store, clock)
    finally:
        store.close()
