"""推广: how far each project has come, how complete its records are, how its leads grow, and what pilots did that others did not."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from math import exp, log, sqrt
from statistics import fmean, variance
from typing import Literal, NamedTuple, get_args

from metrics.overview import last_full_week
from metrics.pack import Pack
from metrics.periods import Span, week_start
from metrics.query import Query, lacking, readings
from metrics.reading import Reading, count, missing, ratio
from metrics.snapshot import NOWHERE
from metrics.totals import EVERYTHING, Frames, Where

Stage = Literal["out", "asked", "pilot", "fixed", "copied"]
STAGES: tuple[Stage, ...] = get_args(Stage)
"""未接入, 申请, 试点, 固化, 复制."""
NAMES: Mapping[str, Stage] = {"未接入": "out", "申请": "asked", "试点": "pilot", "固化": "fixed", "复制": "copied"}
"""What a source calls them."""
IN: frozenset[Stage] = frozenset(("pilot", "fixed", "copied"))
WEEKS = 4
DID_WEEKS = 8
LEAST_GROUP = 3
"""Fewer projects on either side say nothing."""
LEAST_LEADS = 20
"""A stretch of weeks with fewer leads is left out: its change is chance."""
# Two-sided 95 % points of Student's t by degrees of freedom; the normal one beyond.
_T = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042)  # fmt: skip
_T_BEYOND = 1.96


@dataclass(frozen=True)
class Growth:
    """Mean weekly leads of the last four full weeks against the four before: `change` is relative, missing from too few leads."""

    now: int
    before: int
    change: Reading


@dataclass(frozen=True)
class Effect:
    """Leads of pilots after their start against before, over the same change of projects not yet in.

    `change` is relative (geometric mean over `pilots`), 95 % of the time within `low` and `high`; None where too few projects
    could be compared. `controls` is how many projects not yet in were compared with each pilot, at the least.
    """

    pilots: int
    controls: int
    change: float | None = None
    low: float | None = None
    high: float | None = None


def latest_weeks(today: date, weeks: int = WEEKS, *, back: int = 0) -> Span:
    """The last full weeks before today, or as many so many times earlier."""
    last = last_full_week(today) + timedelta(6 - 7 * weeks * back)
    return Span(last - timedelta(7 * weeks - 1), last)


# -------------------------------------------------------------------------------------------------------- completeness


def completeness(frames: Frames, pack: Pack, where: Where = EVERYTHING, *, back: int = 0) -> dict[str, Reading]:
    """By project, and under "" of all: salesperson, channel and grade that are filled in ÷ those that should be, over four weeks."""
    span = latest_weeks(frames.snapshot.as_of.date(), back=back)
    if absent := _lacks(frames, pack):
        return defaultdict(lambda: absent)
    filled: dict[str, int] = defaultdict(int)
    leads: dict[str, int] = defaultdict(int)
    for dimension in ("staff", "channel"):
        for key, one in readings(frames, pack, "leads", Query(("leads",), span, ("project", dimension), where=where)).items():  # fmt: skip
            known, number = key[1] != NOWHERE, int(one.value or 0)
            filled[key[0]] += number if known else 0
            leads[key[0]] += number if dimension == "channel" else 0
    for key, one in readings(frames, pack, "graded_leads", Query(("graded_leads",), span, ("project",), where=where)).items():  # fmt: skip
        filled[key[0]] += int(one.value or 0)
    found = {project: ratio(filled[project], 3 * leads[project]) for project in leads}
    found[""] = ratio(sum(filled.values()), 3 * sum(leads.values()))
    return defaultdict(lambda: missing("nothing"), found)


def _lacks(frames: Frames, pack: Pack) -> Reading | None:
    for name in ("leads", "graded_leads"):
        if name not in pack.measures:
            return missing("absent")
        if absent := lacking(frames.snapshot, pack, pack.metric(name)):
            return absent
    return None


# --------------------------------------------------------------------------------------------------------------- growth


def growths(frames: Frames, pack: Pack) -> dict[str, Growth]:
    """Each project's weekly leads, four full weeks against the four before."""
    today = frames.snapshot.as_of.date()
    now, before = (_leads(frames, pack, latest_weeks(today, back=back)) for back in (0, 1))
    return {id: _growth(now.get(id, 0), before.get(id, 0)) for id in frames.snapshot.projects}


def _growth(now: int, before: int) -> Growth:
    if before < LEAST_LEADS:
        return Growth(now, before, missing("part"))
    return Growth(now, before, Reading(Fraction(now - before, before), now - before, before, before))


def _leads(frames: Frames, pack: Pack, span: Span) -> dict[str, int]:
    found = readings(frames, pack, "leads", Query(("leads",), span, ("project",)))
    return {str(key[0]): int(one.value or 0) for key, one in found.items() if key}


def sop_rates(frames: Frames, pack: Pack) -> dict[str, Reading]:
    """Each project's SOP execution over the last four full weeks."""
    span = latest_weeks(frames.snapshot.as_of.date())
    found = readings(frames, pack, "sop_rate", Query(("sop_rate",), span, ("project",)))
    nothing = found.get((), missing("nothing"))
    return {id: found.get((id,), nothing) for id in frames.snapshot.projects}


# ----------------------------------------------------------------------------------------------- difference in differences


def effect(frames: Frames, pack: Pack, began: Mapping[str, date], others: Sequence[str]) -> Effect:
    """What pilots (project → first day) gained in leads over `others`, who are not in yet, by difference in differences.

    For each pilot: ln(leads of the eight full weeks from its first full week ÷ leads of the eight before its first week), less the
    mean of the same over the others in the same weeks. Fewer than eight weeks after are compared with as many before, fewer
    than four not at all; nor are projects that were not selling yet in all of these weeks.
    """
    by_week = _by_week(frames, pack)
    until = week_start(frames.snapshot.as_of.date())
    sold = {
        id: week_start(one.opened_on) if one.opened_on else date.min for id, one in frames.snapshot.projects.items()
    }
    begins = min((week for weeks in by_week.values() for week in weeks), default=date.max)
    known = {id: _Known(by_week.get(id, {}), max(begins, sold.get(id, begins))) for id in (*began, *others)}
    found = [
        _one(known[id], day, [known[other] for other in others if other != id], until) for id, day in began.items()
    ]
    return of_changes([one for one in found if one])


class _Known(NamedTuple):
    """A project's leads by week, and from which week on they are known."""

    leads: Mapping[date, int]
    since: date


def _one(pilot: _Known, began: date, others: Sequence[_Known], until: date) -> tuple[float, list[float]] | None:
    """A pilot's change and those of the others in the same weeks; None where either says too little."""
    first = week_start(began)
    after = first if first == began else first + timedelta(7)
    weeks = min(DID_WEEKS, (until - after).days // 7)
    if weeks < WEEKS:
        return None
    own = _change(pilot, first, after, weeks)
    changes = [change for one in others if (change := _change(one, first, after, weeks)) is not None]
    return None if own is None or len(changes) < LEAST_GROUP else (own, changes)


def _change(one: _Known, before: date, after: date, weeks: int) -> float | None:
    """ln(after ÷ before) of so many weeks from `after` on and before `before`; None with too few leads in either."""
    start = before - timedelta(7 * weeks)
    if start < one.since:
        return None
    then, now = (sum(one.leads.get(first + timedelta(7 * at), 0) for at in range(weeks)) for first in (start, after))
    return log(now / then) if min(then, now) >= LEAST_LEADS else None


def of_changes(found: Sequence[tuple[float, Sequence[float]]]) -> Effect:
    """The effect from each pilot's change and the changes of the others in its weeks.

    Its variance: that of the pilots' differences ÷ their number, and the mean of the others' ÷ theirs, as if every pilot were
    compared with the very same others. Student's t has the fewer of both numbers less one as degrees of freedom.
    """
    controls = min((len(others) for _, others in found), default=0)
    if len(found) < LEAST_GROUP or controls < LEAST_GROUP:
        return Effect(len(found), controls)
    differences = [own - fmean(others) for own, others in found]
    spread = variance(differences) / len(differences) + fmean(variance(others) / len(others) for _, others in found)
    middle, reach = fmean(differences), _t(min(len(found), controls) - 1) * sqrt(spread)
    change, low, high = (exp(one) - 1 for one in (middle, middle - reach, middle + reach))
    return Effect(len(found), controls, change, low, high)


def _t(freedom: int) -> float:
    return _T[freedom - 1] if freedom <= len(_T) else _T_BEYOND


def _by_week(frames: Frames, pack: Pack) -> dict[str, dict[date, int]]:
    snapshot = frames.snapshot
    today = snapshot.as_of.date()
    span = Span(today - timedelta(3 * 366), today)
    found: dict[str, dict[date, int]] = defaultdict(dict)
    for key, one in readings(frames, pack, "leads", Query(("leads",), span, ("project", "week"))).items():
        if key:
            found[str(key[0])][key[1]] = int(one.value or 0)
    return found


def stage_of(told: str | None) -> Stage:
    """The stage a source tells in its own words; not yet in where it tells none we know."""
    return NAMES.get((told or "").strip(), "out")


def days_in(since: date | None, today: date) -> Reading:
    """Days since a project came to its stage; missing where nobody told when."""
    return missing("no_record") if since is None else count(max((today - since).days, 0))
