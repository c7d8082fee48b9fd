"""Health reports of a group whose projects differ, so that there is something to prescribe."""

from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest

from metrics.health import reports
from metrics.periods import week_start
from tests.equivalence.health import SOME, WEEK, health_reports
from tests.equivalence.product import Bench, counted
from tests.naive.world import World

AS_OF = datetime(2026, 3, 11, 10, 0)
STEPS = (("visit", "at"), ("subscription", "at"), ("contract", "signed_at"))


def a_group(seed: int) -> World:
    """Four projects with two channels each; leads of two months, who go on by chances that differ."""
    chance = Random(seed)
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in ("lead", *(step for step, _ in STEPS))}
    for number in range(600):
        project, channel = f"p{number % 4 + 1}", f"c{chance.randrange(2) + 1}"
        at = AS_OF - timedelta(days=chance.randrange(2, 60), minutes=7)
        own = {"project_id": project, "channel_id": channel}
        rows["lead"].append({"id": f"l{number}", "created_at": at, **own})
        for step, column in STEPS:
            at += timedelta(days=chance.randrange(1, 7))
            if chance.random() > 0.35 + 0.1 * (number % 4) or at > AS_OF:
                break
            rows[step].append({"id": f"{step}{number}", "lead_id": f"l{number}", column: at, **own})
    rows["project"] = [{"id": f"p{n}", "name": f"p{n}"} for n in range(1, 5)]
    rows["channel"] = [{"id": f"c{n}", "name": f"c{n}"} for n in range(1, 3)]
    return World(AS_OF, rows, windows=(5, 5, 5))


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_what_is_prescribed_is_worth_what_it_says(bench: Bench, seed: int) -> None:
    found = counted(bench, a_group(seed))
    health_reports(found)
    made = reports(found.frames, SOME, week_start(found.world.as_of.date()) - WEEK)
    assert any(report.prescriptions for report in made.values())
    assert any(leak.cost for report in made.values() for leak in report.leaks)
