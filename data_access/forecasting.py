"""Each morning's forecasts, and each month's look at how forecasts did: steps after a refresh."""

from datetime import date

from data_access.rhythm import Moment
from data_access.store import Store
from data_access.store.forecasts import keep_forecasts, keep_trials, last_day, tried_months
from metrics.forecast import forecasts, origins, trials
from metrics.pack import Pack


class Forecaster:
    """Keeps what the first refresh of a day says of the year's end, and tries the forecasts of the months before."""

    def __init__(self, pack: Pack, store: Store) -> None:
        self._pack = pack
        self._store = store
        self._told: date | None = None

    def step(self, moment: Moment) -> None:
        """Keep the day's forecasts, once a day; a day that tells none is not asked again."""
        today, known = moment.snapshot.as_of.date(), last_day(self._store)
        if self._told != today and (known is None or known < today):
            keep_forecasts(self._store, moment.epoch, forecasts(moment.snapshot, self._pack))
        self._told = today

    def look_back(self, moment: Moment) -> None:
        """Try the forecasts of one month that was not tried yet, the newest first: one after each refresh holds up nothing."""
        known = tried_months(self._store)
        origin = next((one for one in reversed(origins(moment.snapshot)) if one not in known), None)
        if origin is not None:
            keep_trials(self._store, moment.epoch, origin, trials(moment.snapshot, self._pack, origin))
