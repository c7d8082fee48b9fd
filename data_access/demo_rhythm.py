"""When things happen in the demo: days of the week, holidays, seasons and hours of the day."""

from datetime import date, timedelta

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]

DAY = 86400

SPRING_FESTIVAL = {
    date(2022, 2, 1),
    date(2023, 1, 22),
    date(2024, 2, 10),
    date(2025, 1, 29),
    date(2026, 2, 17),
    date(2027, 2, 6),
    date(2028, 1, 26),
    date(2029, 2, 13),
    date(2030, 2, 3),
    date(2031, 1, 23),
    date(2032, 2, 11),
}

_WEEK = {
    "online": (1.0, 1.0, 1.02, 1.02, 1.05, 0.95, 0.98),
    "onsite": (0.6, 0.55, 0.6, 0.65, 0.85, 1.9, 1.85),
    "outreach": (0.75, 0.75, 0.8, 0.85, 0.95, 1.5, 1.4),
}
_MONTHS = (0.85, 0.75, 1.1, 1.05, 1.15, 1.2, 0.9, 0.85, 1.15, 1.2, 1.05, 1.15)
_HOURS = {
    "online": (1.2, 0.6, 0.3, 0.2, 0.2, 0.4, 1, 2, 3, 4, 4.5, 5, 6.5, 5, 4, 4, 4.2, 4.5, 5.5, 8, 10, 10.5, 7, 3.2),
    "online weekend": (1.5, 0.8, 0.4, 0.2, 0.2, 0.4, 1, 2, 4, 6, 7, 6.5, 6, 6.5, 7, 7, 6.5, 5.5, 5, 6, 7, 7.5, 5, 2.5),
    "onsite": (0, 0, 0, 0, 0, 0, 0, 0, 0.3, 6, 10, 8, 4, 6, 11, 12, 10, 6, 2.5, 1, 0.2, 0, 0, 0),
    "outreach": (0, 0, 0, 0, 0, 0, 0, 0.2, 1, 6, 9, 9, 5, 6, 9, 10, 10, 8, 5, 4, 2, 0.6, 0, 0),
}


def season(day: date) -> float:
    """How busy the month of a day is, 1 being an average month."""
    return _MONTHS[day.month - 1]


def day_weights(days: list[date], rhythm: str) -> Floats:
    """How busy each day is for a rhythm (online, onsite, outreach): weekday, season and holidays together."""
    return np.array([_WEEK[rhythm][day.weekday()] * season(day) * _holiday(day, rhythm) for day in days])


def _holiday(day: date, rhythm: str) -> float:
    online = rhythm == "online"
    if any(-4 <= (day - feast).days <= 8 for feast in SPRING_FESTIVAL):
        return 0.4 if online else 0.2
    if (day.month, day.day) in {(1, 1), (10, 8)}:
        return 0.9
    if (day.month == 10 and day.day <= 7) or (day.month == 5 and day.day <= 5):
        return 0.85 if online else 1.6
    return 1.0


def share_of_day(rhythm: str, day: date, seconds: int) -> float:
    """The share of a day's events that has happened `seconds` after midnight."""
    return float(np.interp(seconds, _EDGES, _curve(rhythm, day.weekday() >= 5)))


def seconds_of_day(rng: np.random.Generator, rhythm: str, weekend: npt.NDArray[np.bool_], until: Floats) -> Whole:
    """Seconds after midnight for each event; `until` is the share of its day that may be used (1 for a whole day)."""
    draw = rng.random(len(weekend)) * until
    plain = np.interp(draw, _curve(rhythm, False), _EDGES)
    return np.asarray(np.where(weekend, np.interp(draw, _curve(rhythm, True), _EDGES), plain), dtype=np.int64)


def hour_weight(rhythm: str, hour: int, weekend: bool) -> float:
    """How busy an hour is against the day's average hour."""
    hours = _profile(rhythm, weekend)
    return hours[hour] * 24 / sum(hours)


_EDGES = np.arange(25) * 3600.0


def _profile(rhythm: str, weekend: bool) -> tuple[float, ...]:
    return _HOURS.get(f"{rhythm} weekend", _HOURS[rhythm]) if weekend else _HOURS[rhythm]


def _curve(rhythm: str, weekend: bool) -> Floats:
    hours = np.array(_profile(rhythm, weekend)) + 1e-6
    return np.concatenate([[0.0], np.cumsum(hours) / hours.sum()])


def to_working_hours(times: Whole, jitter: Whole) -> Whole:
    """Each time, or the next opening (09:00 plus `jitter` seconds) when it falls outside 09:00 to 21:00."""
    of_day = times % DAY
    opening = times - of_day + 9 * 3600 + jitter
    return np.asarray(np.where(of_day < 9 * 3600, opening, np.where(of_day >= 21 * 3600, opening + DAY, times)))


def epoch_day(day: date) -> int:
    """Days since 1970-01-01."""
    return (day - date(1970, 1, 1)).days


def month_starts(first: date, last: date) -> list[date]:
    """The first day of every month from `first`'s month to `last`'s month."""
    day, starts = first.replace(day=1), []
    while day <= last:
        starts.append(day)
        day = (day + timedelta(days=32)).replace(day=1)
    return starts
