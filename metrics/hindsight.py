"""What a snapshot would have shown on an earlier day, so that a forecast can be held against what came."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, time

import numpy as np
import pandas as pd

from metrics.snapshot import Snapshot
from metrics.totals import Integers

_KEYS = ("project", "channel")


def seen_on(snapshot: Snapshot, day: date) -> Snapshot:
    """The marts by day, cohorts and delays as they stood when a day began; what was corrected since then stays corrected.

    Of cohorts only the leads and who ever came to each step are told.
    """
    until = day.toordinal()
    daily, cohort, lags = (snapshot.marts[name] for name in ("daily", "cohort", "lags"))
    lags = lags[(lags["day"] < until).to_numpy()]
    waits = np.where((lags["step"] == "first_response").to_numpy(), 0, lags["lag"].to_numpy())
    lags = lags[lags["day"].to_numpy() + waits < until]
    cohort = _reached(cohort[(cohort["day"] < until).to_numpy()], lags, snapshot.steps)
    marts = {**snapshot.marts, "daily": daily[(daily["day"] < until).to_numpy()], "cohort": cohort, "lags": lags}
    return replace(snapshot, as_of=datetime.combine(day, time()), marts=marts)


def _reached(cohort: pd.DataFrame, lags: pd.DataFrame, steps: Sequence[str]) -> pd.DataFrame:
    """Cohorts with those of them who had come to each step."""
    known = [sorted({*cohort[key].cat.categories, *lags[key].cat.categories}) for key in _KEYS]
    places = _places(cohort, known)
    found = {}
    for step in steps:
        rows = lags[(lags["step"] == step).to_numpy()]
        at = np.searchsorted(order := np.sort(places), _places(rows, known))
        counts = np.bincount(at, rows["parties"].to_numpy(), len(order)).astype(np.int64)
        found[f"{step}_ever"] = counts[np.searchsorted(order, places)]
    return cohort[["day", *_KEYS, "leads"]].assign(**found)


def _places(rows: pd.DataFrame, known: Sequence[Sequence[str]]) -> Integers:
    """A number for each row's day, project and channel."""
    found = rows["day"].to_numpy().astype(np.int64)
    for key, ids in zip(_KEYS, known, strict=True):
        at = {id: place for place, id in enumerate(ids)}
        codes = np.array([at[id] for id in rows[key].cat.categories], dtype=np.int64)
        found = found * len(ids) + codes[rows[key].cat.codes.to_numpy()]
    return found
