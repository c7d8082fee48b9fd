"""Scenarios as they are kept: what was decided never changes; what is ruled on them is added to it."""

import json
import secrets
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import date, datetime
from fractions import Fraction
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from data_access.board_records import canonical
from data_access.store.audit import record_with
from data_access.store.database import Store
from data_access.store.tables import scenario_rulings as rulings
from data_access.store.tables import scenarios
from metrics.scenarios import Outcome, Ruled, Scenario, fits

MOST = 50
"""So many scenarios, the newest, are listed."""


def save_scenario(store: Store, one: Scenario) -> Scenario:
    """Keep a scenario, with an entry in the audit; it is given its id."""
    made = replace(one, id=secrets.token_hex(8))
    values = {
        **{name: getattr(made, name) for name in ("id", "name", "project", "as_of", "made_by", "made_at")},
        "decided": canonical(dict(made.decided)),
        "told": canonical({"then": outcome_json(made.then), "base": outcome_json(made.base)}),
    }
    with store.writing() as connection:
        connection.execute(insert(scenarios).values(**values))
        detail = {"project": made.project, "decided": dict(made.decided)}
        record_with(connection, made.made_by, "scenario_saved", made.made_at, made.id, detail)
    return made


def rule(store: Store, id: str, one: Ruled, today: date) -> bool:
    """Add a ruling, with an entry in the audit; False when its stage or its day does not fit, or the scenario is not there."""
    with store.writing() as connection:
        row = connection.execute(
            select(scenarios).where(scenarios.c.id == id, scenarios.c.removed_at.is_(None)).with_for_update()
        ).one_or_none()
        if row is None or not fits(_rulings(connection, [id]).get(id, ()), one.stage, one.day, today):
            return False
        connection.execute(insert(rulings).values(scenario=id, **vars(one)))
        detail = {"stage": one.stage, "ruling": one.ruling, "day": one.day.isoformat()}
        record_with(connection, one.by, "scenario_ruled", one.at, id, detail)
    return True


def remove_scenario(store: Store, id: str, by: str, now: datetime) -> None:
    """Take a scenario out of the lists, with an entry in the audit; nothing where it is not there."""
    there = scenarios.c.id == id, scenarios.c.removed_at.is_(None)
    with store.writing() as connection:
        if connection.execute(update(scenarios).where(*there).values(removed_at=now)).rowcount:
            record_with(connection, by, "scenario_removed", now, id)


def scenario(store: Store, id: str) -> Scenario | None:
    """One scenario with its rulings, or None when it is not there any more."""
    with store.reading() as connection:
        query = select(scenarios).where(scenarios.c.id == id, scenarios.c.removed_at.is_(None))
        row = connection.execute(query).one_or_none()
        return _scenario(row, _rulings(connection, [id])) if row is not None else None


def latest_scenarios(store: Store, projects: frozenset[str] | None = None) -> list[Scenario]:
    """The newest scenarios: all (None), or those of some projects alone."""
    query = select(scenarios).where(scenarios.c.removed_at.is_(None))
    if projects is not None:
        query = query.where(scenarios.c.project.in_(projects))
    query = query.order_by(scenarios.c.made_at.desc(), scenarios.c.id).limit(MOST)
    with store.reading() as connection:
        rows = connection.execute(query).all()
        ruled = _rulings(connection, [row.id for row in rows])
    return [_scenario(row, ruled) for row in rows]


def _rulings(connection: Connection, ids: Collection[str]) -> dict[str, tuple[Ruled, ...]]:
    query = select(rulings).where(rulings.c.scenario.in_(ids)).order_by(rulings.c.id)
    found: dict[str, tuple[Ruled, ...]] = {}
    for row in connection.execute(query):
        one = Ruled(row.stage, row.ruling, row.day, row.by, row.at)
        found[row.scenario] = (*found.get(row.scenario, ()), one)
    return found


def _scenario(row: Row[Any], ruled: Mapping[str, tuple[Ruled, ...]]) -> Scenario:
    told = json.loads(row.told)
    return Scenario(
        row.id,
        row.name,
        row.project,
        json.loads(row.decided),
        outcome_of(told["then"]),
        outcome_of(told["base"]),
        row.as_of,
        row.made_by,
        row.made_at,
        ruled.get(row.id, ()),
    )


def outcome_json(one: Outcome) -> dict[str, Any]:
    """An outcome as it is kept."""
    plain = {"contracts": list(one.contracts), "amount": list(one.amount)}
    return {**plain, **{name: None if value is None else str(value) for name, value in _exact(one).items()}}


def _exact(one: Outcome) -> dict[str, Fraction | None]:
    return {"chance": one.chance, "cost": one.cost}


def outcome_of(told: Mapping[str, Any]) -> Outcome:
    """What outcome_json kept."""
    contracts, amount = told["contracts"], told["amount"]
    chance, cost = (None if told[name] is None else Fraction(told[name]) for name in ("chance", "cost"))
    return Outcome((contracts[0], contracts[1], contracts[2]), (amount[0], amount[1], amount[2]), chance, cost)
