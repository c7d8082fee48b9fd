"""Forecasts as each morning told them, and how earlier ones did; neither is ever changed."""

import json
from collections.abc import Collection, Mapping
from datetime import date
from fractions import Fraction
from typing import Any

from sqlalchemy import func, insert, select

from data_access.board_records import canonical
from data_access.store.database import Store
from data_access.store.lease import require_epoch
from data_access.store.scenarios import outcome_json, outcome_of
from data_access.store.tables import forecast_trials, forecasts
from metrics.forecast import MOST_ORIGINS, Forecast, Trial

_GROUP = ""
"""The project of what is told of the group."""


def keep_forecasts(store: Store, epoch: int, found: Collection[Forecast]) -> None:
    """Keep a morning's forecasts; what is kept of that morning already stays. StaleLeader."""
    with store.writing() as connection:
        require_epoch(connection, epoch)
        days = {one.day for one in found}
        told = select(forecasts.c.day, forecasts.c.project).where(forecasts.c.day.in_(days))
        known = {(row.day, row.project) for row in connection.execute(told)}
        rows = [
            {"day": one.day, "project": one.project or _GROUP, "told": canonical(_forecast_json(one))}
            for one in found
            if (one.day, one.project or _GROUP) not in known
        ]
        if rows:
            connection.execute(insert(forecasts), rows)


def last_day(store: Store) -> date | None:
    """The last morning with forecasts."""
    with store.reading() as connection:
        return connection.execute(select(func.max(forecasts.c.day))).scalar()


def forecasts_of(store: Store, day: date) -> list[Forecast]:
    """What was told on a morning."""
    with store.reading() as connection:
        rows = connection.execute(select(forecasts).where(forecasts.c.day == day).order_by(forecasts.c.project)).all()
    return [_forecast(row.day, row.project, json.loads(row.told)) for row in rows]


def told_before(store: Store, project: str | None, since: date) -> list[Forecast]:
    """What was told of a project (None: the group) since a morning, oldest first."""
    there = forecasts.c.project == (project or _GROUP), forecasts.c.day >= since
    with store.reading() as connection:
        rows = connection.execute(select(forecasts).where(*there).order_by(forecasts.c.day)).all()
    return [_forecast(row.day, row.project, json.loads(row.told)) for row in rows]


def keep_trials(store: Store, epoch: int, month: date, found: Collection[Trial]) -> None:
    """Keep how the forecasts of a month did, unless that is kept. StaleLeader."""
    with store.writing() as connection:
        require_epoch(connection, epoch)
        if connection.execute(select(forecast_trials.c.month).where(forecast_trials.c.month == month)).first() is None:
            told = canonical([_trial_json(one) for one in found])
            connection.execute(insert(forecast_trials).values(month=month, told=told))


def tried_months(store: Store) -> set[date]:
    """The months whose forecasts were tried."""
    with store.reading() as connection:
        return set(connection.execute(select(forecast_trials.c.month)).scalars())


def last_trials(store: Store) -> list[Trial]:
    """How the forecasts of the last MOST_ORIGINS months did, oldest first."""
    newest = select(forecast_trials.c.told).order_by(forecast_trials.c.month.desc()).limit(MOST_ORIGINS)
    with store.reading() as connection:
        told = connection.execute(newest).scalars().all()
    return [_trial(one) for month in reversed(told) for one in json.loads(month)]


def _forecast_json(one: Forecast) -> dict[str, Any]:
    target = None if one.target is None else str(one.target)
    return {"then": outcome_json(one.then), "done": one.done, "target": target}


def _forecast(day: date, project: str, told: Mapping[str, Any]) -> Forecast:
    target = None if told["target"] is None else Fraction(told["target"])
    return Forecast(day, project or None, outcome_of(told["then"]), told["done"], target)


def _trial_json(one: Trial) -> dict[str, Any]:
    return {**vars(one), "origin": one.origin.isoformat(), "run_rate": str(one.run_rate)}


def _trial(told: Mapping[str, Any]) -> Trial:
    return Trial(**{**told, "origin": date.fromisoformat(told["origin"]), "run_rate": Fraction(told["run_rate"])})
