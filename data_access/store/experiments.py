"""Experiments as people keep them: what is tried, how it counts, and what was decided; every change is in the audit."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any

from sqlalchemy import Row, insert, select, update

from data_access.store.audit import record_with
from data_access.store.database import Store
from data_access.store.tables import experiments as table
from metrics.experiments import Arm, Decided, Experiment


@dataclass(frozen=True)
class KeptExperiment:
    """An experiment with its id, what was decided of it (None: nothing yet), and by whom (a person's id) and when it was added."""

    id: int
    experiment: Experiment
    decided: Decided | None
    by: str
    at: datetime


def experiments(store: Store) -> list[KeptExperiment]:
    """All of them, those that run first, then the newest first."""
    with store.reading() as connection:
        found = [_kept(row) for row in connection.execute(select(table).order_by(table.c.id.desc()))]
    return sorted(found, key=lambda one: one.decided is not None)


def add_experiment(store: Store, one: Experiment, by: str, now: datetime) -> None:
    """Begin an experiment."""
    with store.writing() as connection:
        values = {**_row(one), "verdict": "open", "why": "", "by": by, "at": now}
        id = connection.execute(insert(table).values(values).returning(table.c.id)).scalar_one()
        record_with(connection, by, "experiment_added", now, str(id), _told(one))


def count_experiment(store: Store, id: int, one: Experiment, by: str, now: datetime) -> bool:
    """Change what is told of a running experiment; False where there is none."""
    with store.writing() as connection:
        running = (table.c.id == id) & (table.c.verdict == "open")
        is_there = connection.execute(update(table).where(running).values(**_row(one))).rowcount == 1
        if is_there:
            record_with(connection, by, "experiment_counted", now, str(id), _told(one))
    return is_there


def decide_experiment(store: Store, id: int, decided: Decided) -> bool:
    """Scale up, stop, or (open) let it run again; False where there is none, or it stands so already."""
    values = {"verdict": decided.verdict, "why": decided.why, "decided_by": decided.by, "decided_at": decided.at}
    with store.writing() as connection:
        other = (table.c.id == id) & (table.c.verdict != decided.verdict)
        is_there = connection.execute(update(table).where(other).values(values)).rowcount == 1
        if is_there:
            record_with(connection, decided.by, "experiment_decided", decided.at, str(id), {"verdict": decided.verdict})
    return is_there


def _kept(row: Row[Any]) -> KeptExperiment:
    told = Experiment(
        row.hypothesis,
        row.metric,
        row.better,
        Arm(row.trial_n, row.trial_hits),
        Arm(row.control_n, row.control_hits),
        Fraction(row.cost) if row.cost else None,
        Fraction(row.worth) if row.worth else None,
    )
    decided = Decided(row.verdict, row.why, row.decided_by, row.decided_at) if row.verdict != "open" else None
    return KeptExperiment(row.id, told, decided, row.by, row.at)


def _row(one: Experiment) -> dict[str, Any]:
    texts = {"hypothesis": one.hypothesis, "metric": one.metric, "better": one.better}
    money = {name: None if value is None else str(value) for name, value in (("cost", one.cost), ("worth", one.worth))}
    return {**texts, **_told(one), **money}


def _told(one: Experiment) -> Mapping[str, int]:
    return {
        "trial_n": one.trial.n,
        "trial_hits": one.trial.hits,
        "control_n": one.control.n,
        "control_hits": one.control.hits,
    }
