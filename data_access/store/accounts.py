"""What admins do with people, each deed together with its entry in the audit."""

import csv
import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from data_access.store.audit import record_with
from data_access.store.database import Store
from data_access.store.errors import StoreError
from data_access.store.links import make_link_with
from data_access.store.passwords import tidy
from data_access.store.people import Person, add_person_with, change_person_with, known_role

COLUMNS = ("name", "role", "project", "staff", "account", "mail", "phone")
LONGEST_NAME, LONGEST_ACCOUNT = 60, 255
_MAIL = re.compile(r"[\w.+-]+@[\w-]+(\.[\w-]+)*")
_PHONE = re.compile(r"\+?\d{5,15}")
_NEEDS_PROJECT = ("head", "champion", "salesperson")


class UnfitPerson(StoreError):
    """What is told about a person does not fit together; `reason` is name, project, staff, account, mail or phone."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True)
class By:
    """Who does something and when."""

    actor: str
    now: datetime


def told_person(
    name: str,
    role: str,
    project: str | None,
    staff: str | None,
    account: str | None = None,
    mail: str | None = None,
    phone: str | None = None,
    *,
    from_staff: bool = False,
) -> Person:
    """A new person as told, with a random id; StoreError for an unknown role, UnfitPerson."""
    known = known_role(role)
    return fitting(
        Person(secrets.token_hex(8), name, known, project, staff, True, account, from_staff, mail=mail, phone=phone)
    )


def fitting(person: Person) -> Person:
    """The person with a tidy name and None for what is empty; UnfitPerson when they could see nothing of their own."""
    name = tidy(person.name)
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise UnfitPerson("name", f"The name is {person.name!r}. Give a name of up to {LONGEST_NAME} characters.")
    if person.role in _NEEDS_PROJECT and not person.project_id:
        raise UnfitPerson("project", f"{name!r} is {person.role} of no project. Give the id of one.")
    if person.role == "salesperson" and not person.staff_id:
        raise UnfitPerson("staff", f"{name!r} is a salesperson without an id in the source. Give their staff id.")
    account = (person.account or "").strip()
    if len(account) > LONGEST_ACCOUNT or not account.isprintable():
        raise UnfitPerson(
            "account", f"The account of {name!r} has more than {LONGEST_ACCOUNT} characters, or odd ones."
        )
    mail, phone = (person.mail or "").strip(), re.sub(r"[\s-]", "", person.phone or "")
    if mail and (len(mail) > LONGEST_ACCOUNT or not _MAIL.fullmatch(mail)):
        raise UnfitPerson("mail", f"The mail address of {name!r} is not one. Give one such as name@example.com.")
    if phone and not _PHONE.fullmatch(phone):
        raise UnfitPerson("phone", f"The phone of {name!r} is not one. Give digits, such as 13800001111.")
    return replace(
        person,
        mail=mail or None,
        phone=phone or None,
        name=name,
        project_id=person.project_id or None,
        staff_id=person.staff_id or None,
        account=account or None,
    )


def add_all(store: Store, wanted: Iterable[Person], by: By) -> None:
    """Add people, all or none; NameTaken, AccountTaken."""
    with store.writing() as connection:
        for person in wanted:
            add_person_with(connection, person)
            record_with(connection, by.actor, "person_added", by.now, person.id, _rights(person))


def change(store: Store, person: Person, by: By) -> None:
    """Replace what is kept about a person; who is disabled is signed out at once; UnfitPerson, NameTaken, AccountTaken."""
    person = fitting(person)
    with store.writing() as connection:
        change_person_with(connection, person, by.now)
        record_with(connection, by.actor, "person_changed", by.now, person.id, _rights(person))


def link_for(store: Store, person: Person, by: By) -> str:
    """The token of a new sign-in link for a person; StoreError for one who is disabled."""
    if not person.enabled:
        raise StoreError(f"{person.name!r} is disabled. Enable them first: python app.py people enable {person.name!r}")
    with store.writing() as connection:
        record_with(connection, by.actor, "link_made", by.now, person.id)
        return make_link_with(connection, person.id, by.now)


def listed_people(lines: Iterable[str], taken: Iterable[str]) -> list[Person]:
    """The people of a CSV text with the columns name, role, project, staff, account, mail and phone; StoreError naming the line."""
    rows = csv.DictReader(lines)
    if not set(COLUMNS[:2]) <= set(rows.fieldnames or ()):
        raise StoreError(f"Line 1 is {','.join(rows.fieldnames or ())!r}. Begin with: {','.join(COLUMNS)}")
    found: list[Person] = []
    known = set(taken)
    for row in rows:
        found.append(_listed(row, rows.line_num, known))
        known.add(found[-1].name)
    return found


def _listed(row: Mapping[str, str | None], line: int, taken: set[str]) -> Person:
    try:
        person = told_person(*((row.get(column) or "").strip() for column in COLUMNS))
    except StoreError as error:
        raise StoreError(f"Line {line}: {error} Nobody was added.") from None
    if person.name in taken:
        raise StoreError(f"Line {line}: there is already somebody called {person.name!r}. Nobody was added.")
    return person


def _rights(person: Person) -> dict[str, str | bool | None]:
    return {
        "role": person.role,
        "project": person.project_id,
        "staff": person.staff_id,
        "enabled": person.enabled,
        # Not the account itself, which may be a name or a phone.
        "account": person.account is not None,
        "mail": person.mail is not None,
        "phone": person.phone is not None,
    }
