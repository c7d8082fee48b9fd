"""The score of leads as each morning made it; never changed."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from sqlalchemy import func, insert, select

from data_access.board_records import canonical
from data_access.store.database import Store
from data_access.store.lease import require_epoch
from data_access.store.tables import lead_scores
from metrics.lead_score import Group, Score, Trial


@dataclass(frozen=True)
class KeptScore:
    """A score, and by project and kind of channel how many leads are open and how many contracts they may bring."""

    score: Score
    expected: Mapping[tuple[str, str], tuple[int, float]]


def keep_score(store: Store, epoch: int, day: date, found: KeptScore | None) -> None:
    """Keep a morning's score, or that there is none, unless one is kept. StaleLeader."""
    with store.writing() as connection:
        require_epoch(connection, epoch)
        if connection.execute(select(lead_scores.c.day).where(lead_scores.c.day == day)).first() is None:
            told = canonical(_json(found)) if found is not None else None
            connection.execute(insert(lead_scores).values(day=day, told=told))


def last_score_day(store: Store) -> date | None:
    """The last morning on which leads were scored."""
    with store.reading() as connection:
        return connection.execute(select(func.max(lead_scores.c.day))).scalar()


def last_score(store: Store) -> tuple[date, KeptScore] | None:
    """The last morning's score; None where there is none."""
    with store.reading() as connection:
        row = connection.execute(select(lead_scores).order_by(lead_scores.c.day.desc()).limit(1)).one_or_none()
    return None if row is None or row.told is None else (row.day, _kept(json.loads(row.told)))


def _json(found: KeptScore) -> dict[str, Any]:
    spans = {name: [*(day.isoformat() for day in span[:2]), *span[2:]] for name, span in _spans(found.score).items()}
    expected = [[*key, *value] for key, value in sorted(found.expected.items())]
    return {"score": {**asdict(found.score), **spans}, "expected": expected}


def _spans(score: Score) -> dict[str, tuple[date, date, int, int]]:
    return {"fitted": score.fitted, "held": score.held}


def _kept(told: Mapping[str, Any]) -> KeptScore:
    score = told["score"]
    spans = {
        name: (date.fromisoformat(first), date.fromisoformat(last), n, signed)
        for name in ("fitted", "held")
        for first, last, n, signed in [score[name]]
    }
    trials = {name: Trial(**score[name]) for name in ("own", "by_grade")}
    groups = tuple(Group(**one) for one in score["calibration"])
    read = Score(**{**score, **spans, **trials, "calibration": groups, "answers": tuple(score["answers"])})
    return KeptScore(read, {(project, kind): (n, expected) for project, kind, n, expected in told["expected"]})
