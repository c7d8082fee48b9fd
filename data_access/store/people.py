"""Who may sign in, and as what."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from typing import Any, Literal, get_args

from sqlalchemy import ColumnElement, Connection, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from data_access.store.database import Store
from data_access.store.errors import StoreError
from data_access.store.outbox import person_standing, withdraw_with
from data_access.store.tables import links, sessions, steps
from data_access.store.tables import people as people_table

Role = Literal["leader", "head", "salesperson", "admin", "champion", "viewer"]


@dataclass(frozen=True)
class Person:
    """Somebody who may sign in; `project_id` and `staff_id` bound what they see.

    `account` is how the company's own sign-in knows them; `from_staff` says that the source's staff table brought them.
    `mail` is where messages reach them, `phone` what a robot calls them by.
    """

    id: str
    name: str
    role: Role
    project_id: str | None = None
    staff_id: str | None = None
    enabled: bool = True
    account: str | None = None
    from_staff: bool = False
    mail: str | None = None
    phone: str | None = None


class NameTaken(StoreError):
    """The name already belongs to somebody."""


class AccountTaken(StoreError):
    """The account already belongs to somebody."""


def add_person(
    store: Store, name: str, role: str, project_id: str | None = None, staff_id: str | None = None
) -> Person:
    """Add a person and return them with a new random id; StoreError for an unknown role, NameTaken."""
    person = Person(secrets.token_hex(8), name, known_role(role), project_id, staff_id)
    with store.writing() as connection:
        add_person_with(connection, person)
    return person


def add_person_with(connection: Connection, person: Person) -> None:
    """Add a person in the caller's transaction; NameTaken, AccountTaken."""
    _refuse_taken_account(connection, person)
    with _own_name(person):
        connection.execute(insert(people_table).values(vars(person)))


def change_person_with(connection: Connection, person: Person, now: datetime) -> None:
    """Replace what is kept about a person in the caller's transaction; who is disabled or has another role signs in anew.

    StoreError when there is no such person, NameTaken, AccountTaken. What waits to be told to somebody who may now see less, or other things, is withdrawn.
    """
    known_role(person.role)
    _refuse_taken_account(connection, person)
    before = connection.execute(select(people_table).where(people_table.c.id == person.id)).one_or_none()
    query = update(people_table).where(people_table.c.id == person.id).values(vars(person))
    with _own_name(person):
        if connection.execute(query).rowcount == 0:
            raise StoreError(f"There is no person {person.id!r}. Add them first.")
    if not person.enabled:
        end_access(connection, person.id)
    elif before is not None and person.role != before.role:
        # Links too: one in a message was made for what the person could see then.
        for table in (sessions, links):
            connection.execute(delete(table).where(table.c.person_id == person.id))
    if before is not None and person_standing(before) != person_standing(person):
        withdraw_with(connection, person.id, now)


def end_access(connection: Connection, person_id: str) -> None:
    """End every session of a person, every sign-in under way and every link not yet used."""
    for table in (sessions, steps, links):
        connection.execute(delete(table).where(table.c.person_id == person_id))


@contextmanager
def _own_name(person: Person) -> Iterator[None]:
    try:
        yield
    except IntegrityError:
        raise NameTaken(f"There is already somebody called {person.name!r}. Give another name.") from None


def _refuse_taken_account(connection: Connection, person: Person) -> None:
    taken = (people_table.c.account == person.account) & (people_table.c.id != person.id)
    if person.account and connection.execute(select(people_table.c.id).where(taken)).first() is not None:
        raise AccountTaken(f"Somebody else has the account {person.account!r}. Take it from them first.")


def people(store: Store) -> list[Person]:
    """Everybody, by name."""
    with store.reading() as connection:
        rows = connection.execute(select(people_table).order_by(people_table.c.name, people_table.c.id)).all()
    return [person_of(row._mapping) for row in rows]


def person(store: Store, id: str) -> Person | None:
    """The person with this id, or None."""
    return _only(store, people_table.c.id == id)


def named(store: Store, name: str) -> Person | None:
    """The person of this name, or None."""
    return _only(store, people_table.c.name == name)


def with_account(store: Store, account: str) -> Person | None:
    """The person with this account in the company's own sign-in, or None."""
    return _only(store, people_table.c.account == account)


def _only(store: Store, which: ColumnElement[bool]) -> Person | None:
    with store.reading() as connection:
        row = connection.execute(select(people_table).where(which)).one_or_none()
    return person_of(row._mapping) if row is not None else None


def person_of(row: Any) -> Person:
    """A person from a row that has the columns of the people table."""
    return Person(**{name: row[name] for name in Person.__dataclass_fields__})


def known_role(name: str) -> Role:
    """The role of this name; StoreError naming the nearest when there is none."""
    for role in get_args(Role):
        if role == name:
            return role  # type: ignore[no-any-return]
    close = get_close_matches(name, get_args(Role), n=1)
    way_out = f"Did you mean {close[0]!r}?" if close else f"Known are: {', '.join(get_args(Role))}."
    raise StoreError(f"{name!r} is no role. {way_out}")
