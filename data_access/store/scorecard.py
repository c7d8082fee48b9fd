"""Scorecards as people keep them: when a plan began, what was set and entered of its KPIs, which nodes were accepted, roll-out stages.

Nothing is overwritten: the latest row holds, those before it are the history; every change is in the audit.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from typing import Any

from sqlalchemy import Row, insert, select

from data_access.store.audit import record_with
from data_access.store.database import Store
from data_access.store.tables import audit, kpi_settings, kpi_values, plan_nodes, rollout_stages, scorecard_plans
from metrics.milestones import Accepted
from metrics.rollout import Stage
from metrics.scorecard import Entered, Setting

Key = tuple[str, str]
"""A plan's name and a KPI's."""


@dataclass(frozen=True)
class Plan:
    """When a plan began (None: not yet told), and the one project it is about (None: the group)."""

    starts_on: date | None = None
    project: str | None = None


@dataclass(frozen=True)
class Set:
    """A setting, by whom (a person's id) and when."""

    setting: Setting
    by: str
    at: datetime


@dataclass(frozen=True)
class Moved:
    """A roll-out stage a project came to on a day, with a note, by whom (a person's id) and when it was told."""

    stage: Stage
    since: date
    note: str
    by: str
    at: datetime


def plans(store: Store) -> dict[str, Plan]:
    """What is told of every plan, by its name."""
    with store.reading() as connection:
        rows = connection.execute(select(scorecard_plans).order_by(scorecard_plans.c.id))
        return {row.plan: Plan(row.starts_on, row.project) for row in rows}


def keep_plan(store: Store, name: str, plan: Plan, by: str, now: datetime) -> None:
    """Tell when a plan began and whom it is about."""
    with store.writing() as connection:
        values = {"plan": name, "starts_on": plan.starts_on, "project": plan.project, "by": by, "at": now}
        connection.execute(insert(scorecard_plans).values(values))
        detail = {"starts_on": plan.starts_on.isoformat() if plan.starts_on else None, "project": plan.project}
        record_with(connection, by, "scorecard_planned", now, name, detail)


def settings(store: Store, plan: str) -> dict[str, list[Set]]:
    """What was set of a plan's KPIs, by KPI, oldest first."""
    query = select(kpi_settings).where(kpi_settings.c.plan == plan).order_by(kpi_settings.c.id)
    found: dict[str, list[Set]] = {}
    with store.reading() as connection:
        for row in connection.execute(query):
            found.setdefault(row.kpi, []).append(Set(_setting(row), row.by, row.at))
    return found


def keep_setting(store: Store, key: Key, one: Setting, by: str, now: datetime) -> None:
    """Set owner, baseline, target and deadline of a KPI."""
    kept = {"baseline": _text(one.baseline), "target": _text(one.target), "due": one.due}
    with store.writing() as connection:
        values = {**kept, "owner": one.owner, "baseline_source": one.baseline_source}
        connection.execute(insert(kpi_settings).values(**values, plan=key[0], kpi=key[1], by=by, at=now))
        detail = {**kept, "due": one.due.isoformat() if one.due else None}
        record_with(connection, by, "kpi_set", now, "/".join(key), detail)


def entered(store: Store, plan: str) -> dict[str, list[Entered]]:
    """The values entered for a plan's KPIs, by KPI, newest day first; of one day the one entered last comes first."""
    query = select(kpi_values).where(kpi_values.c.plan == plan)
    found: dict[str, list[Entered]] = {}
    with store.reading() as connection:
        for row in connection.execute(query.order_by(kpi_values.c.day.desc(), kpi_values.c.id.desc())):
            one = Entered(Fraction(row.value), row.day, row.note, row.by, row.at)
            found.setdefault(row.kpi, []).append(one)
    return found


def enter(store: Store, key: Key, one: Entered) -> None:
    """Enter a value by hand; it takes the place of an earlier one of the same day."""
    with store.writing() as connection:
        values = {**vars(one), "value": str(one.value), "plan": key[0], "kpi": key[1]}
        connection.execute(insert(kpi_values).values(values))
        detail = {"value": str(one.value), "day": one.day.isoformat()}
        record_with(connection, one.by, "kpi_entered", one.at, "/".join(key), detail)


def nodes(store: Store) -> Mapping[tuple[str, int], Accepted]:
    """The nodes of plans that are accepted, by plan and number."""
    with store.reading() as connection:
        rows = connection.execute(select(plan_nodes).order_by(plan_nodes.c.id))
        latest = {(row.plan, row.node): row for row in rows}
    return {
        key: Accepted(row.done_on, row.note, row.by, row.at) for key, row in latest.items() if row.done_on is not None
    }


def accept(store: Store, plan: str, node: int, done_on: date | None, note: str, by: str, now: datetime) -> None:
    """Accept a node of a plan as done on a day, or (None) take that back."""
    with store.writing() as connection:
        values = {"plan": plan, "node": node, "done_on": done_on, "note": note, "by": by, "at": now}
        connection.execute(insert(plan_nodes).values(values))
        detail = {"done_on": done_on.isoformat() if done_on else None}
        record_with(connection, by, "node_accepted", now, f"{plan}/{node}", detail)


def moves(store: Store) -> dict[str, list[Moved]]:
    """The stages projects came to, by project, what was told last coming last."""
    found: dict[str, list[Moved]] = {}
    with store.reading() as connection:
        for row in connection.execute(select(rollout_stages).order_by(rollout_stages.c.id)):
            found.setdefault(row.project, []).append(Moved(row.stage, row.since, row.note, row.by, row.at))
    return found


def move(store: Store, project: str, one: Moved) -> None:
    """Tell that a project came to a stage on a day."""
    with store.writing() as connection:
        connection.execute(insert(rollout_stages).values(**vars(one), project=project))
        detail = {"stage": one.stage, "since": one.since.isoformat()}
        record_with(connection, one.by, "rollout_moved", one.at, project, detail)


def is_filled(store: Store, plan: str) -> bool:
    """Whether anything was entered, set or accepted for a plan."""
    with store.reading() as connection:
        tables = (kpi_values, kpi_settings, plan_nodes)
        return any(connection.scalar(select(one.c.id).where(one.c.plan == plan).limit(1)) for one in tables)


def signed_in(store: Store, since: datetime, until: datetime) -> frozenset[str]:
    """The ids of the people who signed in from a moment on and before another, as the audit has it."""
    within = (audit.c.action == "sign_in") & (audit.c.at >= since) & (audit.c.at < until)
    with store.reading() as connection:
        return frozenset(connection.scalars(select(audit.c.actor).where(within).distinct()))


def _setting(row: Row[Any]) -> Setting:
    return Setting(row.owner, _number(row.baseline), row.baseline_source, _number(row.target), row.due)


def _text(value: Fraction | None) -> str | None:
    return None if value is None else str(value)


def _number(text: str | None) -> Fraction | None:
    return None if text is None else Fraction(text)
