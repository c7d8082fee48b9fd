"""The demo's five people, one of each role, all around the pilot project."""

import sqlite3
from contextlib import closing
from pathlib import Path

from data_access.demo import stories
from data_access.store import Store
from data_access.store.people import Person, add_person, people


def demo_people(store: Store, data: Path) -> list[Person]:
    """The demo's people, leader first; they are added to the store where they are not there yet."""
    there = people(store)
    if there:
        return sorted(there, key=lambda person: _ROLES.index(person.role))
    project = stories()["pilot"].project_id
    with closing(sqlite3.connect(data)) as db:
        query = """select emp_id, emp_name from base_emp join crm_customer using (emp_id)
            where base_emp.proj_id = ? group by emp_id order by count(*) desc, emp_id limit 1"""
        staff, name = db.execute(query, [project]).fetchone()
    return [
        add_person(store, "陈立群", "leader"),
        add_person(store, "周岚", "head", project),
        add_person(store, "林晓", "champion", project),
        add_person(store, name, "salesperson", project, str(staff)),
        add_person(store, "何衡", "admin"),
    ]


_ROLES = ("leader", "head", "champion", "salesperson", "admin", "viewer")
