"""预测: how the year ends if nothing is decided, where that comes from, and how such forecasts did before.

The forecast is the sandbox with nothing decided (docs/decisions/0010), so both pages say the same.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from metrics.hindsight import seen_on
from metrics.pack import Pack
from metrics.periods import ONE_DAY, Span, start
from metrics.reading import Reading
from metrics.sandbox import answer, drawn
from metrics.sandbox_history import History, model
from metrics.scenarios import Outcome, outcome
from metrics.snapshot import Snapshot
from metrics.totals import Frames, between

HORIZON = 91
"""How many days ahead a forecast is tried, and how many days a run rate looks back."""
LEAST_HISTORY = 270
MOST_ORIGINS = 12
TRIAL_DRAWS = 1_000
YEAR_AGO = timedelta(weeks=52)
"""A year ago on the same day of the week."""


@dataclass(frozen=True)
class Forecast:
    """How a project's year (None: the group's) was expected to end, on the morning of a day; `done` are its net contracts by then."""

    day: date
    project: str | None
    then: Outcome
    done: int
    target: Fraction | None


@dataclass(frozen=True)
class Trial:
    """A forecast of net contracts over some days from `origin` on, what came, and what simpler guesses had said.

    `project` is None for the group, `last_year` None where the source does not reach back so far.
    """

    origin: date
    project: str | None
    low: float
    expected: float
    high: float
    came: int
    run_rate: Fraction
    last_year: int | None

    @property
    def held(self) -> bool:
        """Whether what came lies within the band."""
        return self.low <= self.came <= self.high


@dataclass(frozen=True)
class Score:
    """How trials did: how many held, and the sum of errors as a share of what came (None where nothing came or nothing is known)."""

    trials: int
    held: int
    error: Fraction | None
    run_rate: Fraction | None
    last_year: Fraction | None


def forecasts(snapshot: Snapshot, pack: Pack) -> list[Forecast]:
    """Today's forecasts of the group and of each project with enough cases."""
    history, found = History(snapshot), []
    for project in (None, *snapshot.projects):
        known = model(Frames(snapshot), pack, _only(project), whole=False, history=history)
        if not isinstance(known, Reading):
            then = outcome(answer(known, drawn(known), {}))
            found.append(Forecast(known.today, project, then, known.contracts_done, known.target))
    return found


def _only(project: str | None) -> frozenset[str] | None:
    return None if project is None else frozenset({project})


def trials(snapshot: Snapshot, pack: Pack, origin: date, days: int = HORIZON) -> list[Trial]:
    """The forecasts of the group and of each project over the days from `origin` on, made from what had happened by then."""
    then = History(seen_on(snapshot, origin))
    tried = (_trial(then, snapshot, pack, project, origin, days) for project in (None, *snapshot.projects))
    return [one for one in tried if one is not None]


def origins(snapshot: Snapshot, days: int = HORIZON) -> list[date]:
    """The first days of up to MOST_ORIGINS months with enough history before them and all days after them, oldest first."""
    found: list[date] = []
    day = start("month", snapshot.as_of.date() - timedelta(days))
    while len(found) < MOST_ORIGINS and (day - _first(snapshot)).days >= LEAST_HISTORY:
        found.append(day)
        day = start("month", day - ONE_DAY)
    return found[::-1]


def _first(snapshot: Snapshot) -> date:
    return date.fromordinal(int(snapshot.marts["daily"]["day"].iloc[0]))


def _trial(then: History, snapshot: Snapshot, pack: Pack, project: str | None, origin: date, days: int) -> Trial | None:
    span = Span(origin, origin + timedelta(days - 1))
    known = model(Frames(then.snapshot), pack, _only(project), until=span.last, whole=False, history=then)
    if isinstance(known, Reading):
        return None
    told = answer(known, drawn(known, draws=TRIAL_DRAWS), {}).contracts
    low, expected, high = (value - known.contracts_done for value in (told.low, told.mean, told.high))
    lately = _net_contracts(snapshot, project, Span(origin - timedelta(HORIZON), origin - ONE_DAY))
    ago = Span(span.first - YEAR_AGO, span.last - YEAR_AGO)
    return Trial(
        origin,
        project,
        low,
        expected,
        high,
        _net_contracts(snapshot, project, span),
        Fraction(lately * days, HORIZON),
        _net_contracts(snapshot, project, ago) if ago.first >= _first(snapshot) else None,
    )


def _net_contracts(snapshot: Snapshot, project: str | None, span: Span) -> int:
    rows = between(snapshot.marts["daily"], span.first, span.last)
    if project is not None:
        rows = rows[(rows["project"] == project).to_numpy()]
    return int(rows["contracts"].sum() - rows["contract_cancellations"].sum())


def score(tried: Collection[Trial]) -> Score:
    """How forecasts did against what came; a simpler guess is held against the same trials only where it is known."""
    came = sum(one.came for one in tried)
    is_known = all(one.last_year is not None for one in tried)

    def share(guesses: Sequence[float | Fraction]) -> Fraction | None:
        errors = sum(abs(Fraction(guess) - one.came) for guess, one in zip(guesses, tried, strict=True))
        return Fraction(errors, came) if came > 0 else None

    return Score(
        len(tried),
        sum(one.held for one in tried),
        share([one.expected for one in tried]),
        share([one.run_rate for one in tried]),
        share([one.last_year or 0 for one in tried]) if is_known else None,
    )
