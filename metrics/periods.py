"""Days, weeks, months, quarters and years in the group's time zone, and the same point of the period before."""

import calendar
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from difflib import get_close_matches
from functools import cache

import holidays

from metrics.pack import Label

ONE_DAY = timedelta(days=1)
_ZH_WEEKDAYS = "一二三四五六日"
_EN_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_LABELS = {
    "today": Label("今日", "Today"),
    "week": Label("本周", "This week"),
    "last_week": Label("上周", "Last week"),
    "month": Label("本月", "This month"),
    "last_month": Label("上月", "Last month"),
    "quarter": Label("本季", "This quarter"),
    "year": Label("今年", "This year"),
}
_BEFORE = {
    "day": Label("昨日", "yesterday"),
    "week": Label("上周", "the week before"),
    "month": Label("上月", "the month before"),
    "quarter": Label("上季", "the quarter before"),
    "year": Label("去年", "the year before"),
}
PERIODS = tuple(_LABELS)


class PeriodError(ValueError):
    """A period nobody knows."""


@dataclass(frozen=True)
class Span:
    """Days from first to last, both included; with `until`, the last day counts only up to that time of day."""

    first: date
    last: date
    until: time | None = None

    @property
    def days(self) -> int:
        """How many calendar days."""
        return (self.last - self.first).days + 1


@dataclass(frozen=True)
class Period:
    """A named stretch of calendar: its grain (day, week, …), its whole days, and its label."""

    name: str
    grain: str
    first: date
    last: date
    label: Label

    def span(self, as_of: datetime) -> Span:
        """The days of the period that have begun."""
        return Span(self.first, min(self.last, as_of.date()))


@dataclass(frozen=True)
class Comparison:
    """A period so far and the same point of the one before; `label` says what is compared with what."""

    now: Span
    before: Span
    label: Label


def week_start(day: date) -> date:
    """The Monday of a day's week."""
    return day - timedelta(days=day.weekday())


def year_of_week(monday: date) -> int:
    """The year a week belongs to: that of its Thursday, where most of its days lie."""
    return (monday + timedelta(days=3)).year


def start(grain: str, day: date) -> date:
    """The first day of the day's own day, week, month, quarter or year."""
    match grain:
        case "day":
            return day
        case "week":
            return week_start(day)
        case "month":
            return day.replace(day=1)
        case "quarter":
            return date(day.year, (day.month - 1) // 3 * 3 + 1, 1)
        case "year":
            return date(day.year, 1, 1)
    raise PeriodError(f"There is no period of a {grain!r}. Use day, week, month, quarter or year.")


def end(grain: str, day: date) -> date:
    """The last day of the day's own day, week, month, quarter or year."""
    first = start(grain, day)
    long_enough = {"day": 1, "week": 7, "month": 31, "quarter": 92, "year": 366}[grain]
    return first if grain == "day" else start(grain, _within_next(first, long_enough)) - ONE_DAY


def _within_next(first: date, days: int) -> date:
    return first + timedelta(days=days)


def period(name: str, as_of: datetime) -> Period:
    """The named period around as_of; PeriodError with the nearest name for an unknown one."""
    if name not in _LABELS:
        near = get_close_matches(name, PERIODS, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else f" Use one of {', '.join(PERIODS)}."
        raise PeriodError(f"There is no period {name!r}.{hint}")
    grain = {"today": "day"}.get(name, name.removeprefix("last_"))
    first = start(grain, as_of.date())
    if name.startswith("last_"):
        first = start(grain, first - ONE_DAY)
    return Period(name, grain, first, end(grain, first), _LABELS[name])


def comparison(of: Period, as_of: datetime) -> Comparison:
    """The period so far against the same point of the period before it; a finished period against the whole one before."""
    before_first = start(of.grain, of.first - ONE_DAY)
    word = _BEFORE[of.grain]
    if of.last < as_of.date():
        whole = Label(f"较{word.zh}", f"against {word.en}")
        return Comparison(Span(of.first, of.last), Span(before_first, of.first - ONE_DAY), whole)
    cut = same_day(of.grain, as_of.date(), before_first)
    now = Span(of.first, as_of.date(), as_of.time())
    point = _point(of.grain, cut, as_of)
    label = Label(f"较{word.zh}同期({point.zh})", f"against {word.en} ({point.en})")
    return Comparison(now, Span(before_first, cut, as_of.time()), label)


def same_day(grain: str, day: date, before_first: date) -> date:
    """The day of the period that starts on `before_first` which stands where `day` stands in its own."""
    if grain in ("day", "week"):
        return before_first + (day - start(grain, day))
    months = _months(start(grain, day), day)
    first = _add_months(before_first, months)
    return first.replace(day=min(day.day, calendar.monthrange(first.year, first.month)[1]))


def _months(first: date, day: date) -> int:
    return (day.year - first.year) * 12 + day.month - first.month


def _add_months(day: date, months: int) -> date:
    index = day.year * 12 + day.month - 1 + months
    return date(index // 12, index % 12 + 1, 1)


def months_later(day: date, months: int) -> date:
    """The same day so many months later; the month's last day where it has no such day."""
    first = _add_months(day, months)
    return first.replace(day=min(day.day, calendar.monthrange(first.year, first.month)[1]))


def _point(grain: str, cut: date, as_of: datetime) -> Label:
    clock = f"{as_of:%H:%M}"
    if grain == "day":
        return Label(f"截至{clock}", f"until {clock}")
    if grain == "week":
        return Label(f"截至周{_ZH_WEEKDAYS[cut.weekday()]}{clock}", f"until {_EN_WEEKDAYS[cut.weekday()]} {clock}")
    return Label(f"截至{cut.month}月{cut.day}日{clock}", f"until {cut:%b} {cut.day} {clock}")


def cut_days(as_of: datetime) -> tuple[date, ...]:
    """Every day that a same-point comparison cuts: today and its counterpart in each kind of period before."""
    today = as_of.date()
    grains = ("day", "week", "month", "quarter", "year")
    others = (same_day(grain, today, start(grain, start(grain, today) - ONE_DAY)) for grain in grains)
    return tuple(sorted({today, *others}))


def last_full_days(as_of: datetime, days: int, *, back: int = 0) -> Span:
    """The `days` full days before today, or the same number of days `back` times earlier."""
    last = as_of.date() - ONE_DAY - timedelta(days=days * back)
    return Span(last - timedelta(days=days - 1), last)


def holiday_names(span: Span) -> tuple[str, ...]:
    """The public holidays of mainland China inside a span, in Chinese, each once."""
    days = (span.first + timedelta(days=i) for i in range(span.days))
    names = (_holidays(day.year).get(day) for day in days)
    return tuple(dict.fromkeys(name for name in names if name))


def is_holiday(day: date) -> bool:
    """Whether a day is a public holiday of mainland China, or a day off that was moved to it."""
    return day in _holidays(day.year)


@cache
def _holidays(year: int) -> dict[date, str]:
    known = holidays.country_holidays("CN", years=year, language="zh_CN")
    return {day: name.split("（")[0].split("(")[0] for day, name in known.items()}
