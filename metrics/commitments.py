"""承诺: an owner promises a metric's value for a project by a date; the board's weeks check it, and the first that reaches the date decides."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any, Literal

from metrics.health import told_metric
from metrics.pack import Metric, Pack
from metrics.periods import Span
from metrics.query import Query, lacking, readings
from metrics.reading import Reading, missing, ratio
from metrics.snapshot import Snapshot
from metrics.totals import Frames, Where, narrowed, sums

State = Literal["open", "kept", "missed", "untold", "withdrawn"]
Outcome = Literal["kept", "missed", "untold"]
WINDOWS = ("week", "month", "year")
"""What a value is read over: the 7 or 28 days up to the date, or its year up to it."""
NOW = "now"
"""A state has no days: it is read as it is."""
_DAYS = {"week": 7, "month": 28, NOW: 1}
LATE_DAYS = 7
"""So long after the date a state that is read now may still stand for it."""


@dataclass(frozen=True)
class Commitment:
    """One promise; `origin` is where it was made (report, sandbox, …) and `ref` which one, `value` exact.

    `told` is the metric as it was then: its words, direction, smallest n and how it is read.
    """

    id: str
    project: str
    metric: str
    value: Fraction
    window: str
    due: date
    owner: str
    made_at: datetime
    told: Mapping[str, Any] = field(default_factory=dict)
    origin: str = "report"
    ref: str = ""
    note: str = ""
    withdrawn_at: datetime | None = None
    withdrawn_by: str = ""
    withdrawn_why: str = ""


@dataclass(frozen=True)
class Checked:
    """What a board's week said of a commitment; the one with an outcome is the last."""

    commitment: str
    week: date
    at: datetime
    snapshot: str
    reading: Reading
    outcome: Outcome | None = None


def promisable(snapshot: Snapshot, pack: Pack) -> list[Metric]:
    """The pack's metrics that have a direction and that the source can give, and the counts that its overview and funnel name."""
    counted = [*pack.overview_numbers, *(step.measure for step in pack.funnel)]
    names = dict.fromkeys((*counted, *pack.metrics))
    metrics = [pack.metric(name) for name in names]
    return [one for one in metrics if one.better != "none" and not _lacks(snapshot, pack, one)]


def _lacks(snapshot: Snapshot, pack: Pack, metric: Metric) -> bool:
    if metric.state:
        return metric.state in snapshot.absent
    return lacking(snapshot, pack, metric) is not None


def window_of(metric: Metric, wanted: str) -> str:
    """The window a metric can be read over: a target's only by the year, a state's none."""
    if metric.state:
        return NOW
    return "year" if metric.target else wanted


def span_of(one: Commitment, last: date) -> Span:
    """The days a commitment is read over up to a day."""
    if one.window == "year":
        return Span(date(last.year, 1, 1), last)
    return Span(last - timedelta(_DAYS[one.window] - 1), last)


def checked_day(one: Commitment, monday: date) -> date:
    """Up to which day a board's week reads it: its Sunday, or the date of the commitment when that comes first."""
    return min(monday + timedelta(6), one.due)


def decides(one: Commitment, monday: date) -> bool:
    """Whether a board's week reaches the date."""
    return monday + timedelta(6) >= one.due


def read(frames: Frames, pack: Pack, one: Commitment, monday: date) -> Reading:
    """The reading a board's week has of a commitment; missing where the pack reads its metric otherwise by now, or not at all."""
    if not is_read_as_promised(pack, one):
        return missing("absent")
    metric, span = pack.metric(one.metric), span_of(one, checked_day(one, monday))
    where = Where(project=frozenset((one.project,)))
    if metric.state in frames.snapshot.absent:
        return missing("absent", frames.snapshot.absent[metric.state])
    if metric.state:
        return _state(frames, metric, where, span.last)
    found = readings(frames, pack, metric.name, Query((metric.name,), span, where=where))
    return found.get((), missing("nothing"))


def is_read_as_promised(pack: Pack, one: Commitment) -> bool:
    """Whether the pack's metric is still what was promised."""
    known = one.metric in pack.metrics or one.metric in pack.measures
    return known and told_metric(pack, pack.metric(one.metric))["how"] == one.told["how"]


def _state(frames: Frames, metric: Metric, where: Where, last: date) -> Reading:
    """A state's share of the active leads, as the report shows it; only as it is now."""
    today = frames.snapshot.as_of.date()
    if (today - last).days > LATE_DAYS:
        return missing("no_record")
    found = sums(narrowed(frames.snapshot.marts["state"], where), ("active", metric.state))[()]
    return ratio(found[metric.state], found["active"])


def judged(reading: Reading, value: Fraction, better: str, min_n: int) -> Outcome:
    """Kept when the reading is at least (at most, where less is better) the promise; untold without a reading or with too few cases."""
    if reading.value is None or reading.few(min_n):
        return "untold"
    is_kept = reading.value <= value if better == "lower" else reading.value >= value
    return "kept" if is_kept else "missed"


def state(one: Commitment, checks: Iterable[Checked]) -> State:
    """Where a commitment stands: its outcome, which nothing changes any more; else withdrawn, else open."""
    outcome = next((check.outcome for check in checks if check.outcome is not None), None)
    if outcome is not None:
        return outcome
    return "withdrawn" if one.withdrawn_at is not None else "open"


def is_overdue(one: Commitment, checks: Iterable[Checked], today: date) -> bool:
    """Whether its date has passed and no board has decided yet."""
    return state(one, checks) == "open" and one.due < today


def may_be_withdrawn(one: Commitment, checks: Iterable[Checked], today: date) -> bool:
    """Whether it is open and its date has not passed."""
    return state(one, checks) == "open" and one.due >= today


def kept_share(states: Iterable[State]) -> Reading:
    """Kept ÷ decided; what cannot be told, is open or withdrawn is neither."""
    listed = list(states)
    kept = listed.count("kept")
    return ratio(kept, kept + listed.count("missed"))
