"""Who comes in by another site's word: somebody administrators know, or somebody the settings let in by a role."""

from dataclasses import replace

from data_access.outside import Stranger, Told
from data_access.store import Store
from data_access.store.accounts import By, UnfitPerson, add_all, change, fitting, told_person
from data_access.store.passwords import tidy
from data_access.store.people import AccountTaken, NameTaken, Person, Role, named, with_account


def admitted(store: Store, told: Told, by: By, *, by_name: bool = False, create: bool = False) -> Person:
    """The person who comes in, with the rights just told; Stranger for everybody else.

    Whoever has an account is known by it alone; `by_name` lets in those without one by their name. `create` adds who is unknown.
    """
    someone = _known(store, told, by_name=by_name)
    if someone is None and create and told.role:
        return _added(store, told, told.role, by)
    if someone is None:
        raise Stranger("unknown", told.account)
    if not someone.enabled:
        raise Stranger("disabled", told.account, someone.id)
    return _with_rights(store, someone, told, by)


def _known(store: Store, told: Told, *, by_name: bool) -> Person | None:
    someone = with_account(store, told.account)
    if someone is None and by_name:
        someone = named(store, told.account)
        return someone if someone and not someone.account else None
    return someone


def _added(store: Store, told: Told, role: Role, by: By) -> Person:
    """A new person by their own name or, where somebody has it, by their account."""
    name = told.name if told.name and named(store, tidy(told.name)) is None else told.account
    try:
        made = told_person(name, role, told.project, told.staff, told.account)
        add_all(store, [made], by)
    except UnfitPerson as error:
        raise Stranger(f"no {error.reason}", told.account) from None
    except (NameTaken, AccountTaken):
        raise Stranger("taken", told.account) from None
    return made


def _with_rights(store: Store, someone: Person, told: Told, by: By) -> Person:
    """The person with what the other site says of role, project and staff id; what it does not say stays."""
    wanted = replace(
        someone,
        role=told.role or someone.role,
        project_id=someone.project_id if told.project is None else told.project,
        staff_id=someone.staff_id if told.staff is None else told.staff,
    )
    try:
        wanted = fitting(wanted)
    except UnfitPerson as error:
        raise Stranger(f"no {error.reason}", told.account, someone.id) from None
    if wanted != someone:
        change(store, wanted, by)
    return wanted
