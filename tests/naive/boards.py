"""Targets, referrers and boards, recomputed plainly from facts."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Literal, NamedTuple

from .facts import Value, facts
from .world import Row, World

Standing = Literal["ranked", "too_few", "no_data"]


def target_value(world: World, metric: str, project: str | None, first: date, last: date) -> Decimal | None:
    """The target of a project (None: the group) over [first, last]; None where no day of it has a target.

    Each day takes value ÷ span from the covering row with the shortest span, the later start winning a tie. A group
    without any row of its own for the metric is the sum of its projects.
    """
    share = _target_share(world, metric, project, first, last)
    return None if share is None else Decimal(share.numerator) / Decimal(share.denominator)


def _target_share(world: World, metric: str, project: str | None, first: date, last: date) -> Fraction | None:
    of_metric = [row for row in world.all_rows("target") if row["metric"] == metric]
    own = [row for row in of_metric if row.get("project_id") == project]
    if project is None and not own:
        projects = sorted({row["project_id"] for row in of_metric})
        shares = [_density(of_metric, name, first, last) for name in projects]
        known = [share for share in shares if share is not None]
        return sum(known, Fraction()) if known else None
    return _density(own, project, first, last)


def _density(rows: Sequence[Row], project: str | None, first: date, last: date) -> Fraction | None:
    own = [row for row in rows if row.get("project_id") == project]
    daily = [_on_day(own, first + timedelta(days=n)) for n in range((last - first).days + 1)]
    known = [value for value in daily if value is not None]
    return sum(known, Fraction()) if known else None


def _on_day(rows: Sequence[Row], day: date) -> Fraction | None:
    covering = [row for row in rows if row["starts_on"] <= day <= row["ends_on"]]
    if not covering:
        return None
    best = min(covering, key=lambda row: (_span(row), -row["starts_on"].toordinal()))
    same = [row for row in covering if (row["starts_on"], row["ends_on"]) == (best["starts_on"], best["ends_on"])]
    return sum((Fraction(row["value"]) for row in same), Fraction()) / _span(best)


def _span(row: Row) -> int:
    days: int = (row["ends_on"] - row["starts_on"]).days + 1
    return days


def referrers(world: World, first: date, last: date) -> dict[str | None, tuple[int, int]]:
    """Per referrer_id: referrals and referred contracts in [first, last]."""
    counts: dict[str | None, list[int]] = defaultdict(lambda: [0, 0])
    for fact in facts(world):
        if fact.measure in ("referrals", "referred_contracts") and first <= fact.day <= last:
            counts[fact.referrer][fact.measure == "referred_contracts"] += 1
    return {referrer: (referred, signed) for referrer, (referred, signed) in counts.items()}


@dataclass(frozen=True)
class BoardRow:
    """One line of a board; `rank` is None where the sample is too small or a number is missing."""

    subject: str
    rank: int | None
    standing: Standing
    value: Fraction | None
    numerator: Fraction | None
    denominator: Fraction | None
    n: int
    shrunk: Fraction | None = None


def competition_ranks(scores: Mapping[str, Fraction], *, higher_is_better: bool) -> dict[str, int]:
    """Rank 1 for the best, equal scores share a rank and the next rank is skipped: 1, 1, 3."""
    ordered = sorted(scores.values(), reverse=higher_is_better)
    best = {score: rank for rank, score in reversed(list(enumerate(ordered, start=1)))}
    return {name: best[score] for name, score in scores.items()}


def shrink(counts: Mapping[str, tuple[int, int]]) -> dict[str, Fraction]:
    """Beta-binomial shrinkage of rates x/n towards their common mean, with a method-of-moments prior.

    m = Σx / Σn over the k subjects with n > 0; N = Σn;
    tau2 = max(0, (Σ n_i (p_i - m)² - (k - 1) m (1 - m)) / (N - Σ n_i² / N)), and 0 where the denominator is 0;
    s = m (1 - m) / tau2 - 1, the prior's strength in observations;
    shrunk_i = (x_i + s m) / (n_i + s). tau2 = 0 shrinks fully, to m; s <= 0 does not shrink, x_i / n_i.
    Subjects with n = 0 are left out. All arithmetic is exact.
    """
    known = {name: (x, n) for name, (x, n) in counts.items() if n > 0}
    if not known:
        return {}
    total = sum(n for _, n in known.values())
    mean = Fraction(sum(x for x, _ in known.values()), total)
    spread = sum((n * (Fraction(x, n) - mean) ** 2 for x, n in known.values()), Fraction())
    over = total - Fraction(sum(n * n for _, n in known.values()), total)
    excess = spread - (len(known) - 1) * mean * (1 - mean)
    tau2 = max(Fraction(), excess / over) if over else Fraction()
    if tau2 == 0:
        return dict.fromkeys(known, mean)
    strength = mean * (1 - mean) / tau2 - 1
    if strength <= 0:
        return {name: Fraction(x, n) for name, (x, n) in known.items()}
    return {name: (x + strength * mean) / (n + strength) for name, (x, n) in known.items()}


class _Ratio(NamedTuple):
    numerator: Fraction | None
    denominator: Fraction | None
    n: int

    @property
    def value(self) -> Fraction | None:
        """The quotient; None where either side is missing."""
        if self.numerator is None or self.denominator is None:
            return None
        return self.numerator / self.denominator


def board_cost_per_lead(world: World, first: date, last: date, *, min_n: int = 0) -> list[BoardRow]:
    """Spend ÷ valid leads per project, the lowest first; no data without a spend entry or a valid lead."""
    sums = _by_project(world, first, last)
    rows = {}
    for project in _projects(world, sums):
        spend, leads = sums["spend"].get(project), int(sums["valid_leads"].get(project, 0))
        if spend is None or not leads or not world.has("lead", "valid"):
            rows[project] = _Ratio(None, None, leads)
        else:
            rows[project] = _Ratio(Fraction(spend), Fraction(leads), leads)
    return _ratio_board(rows, min_n, higher_is_better=False)


def board_exposure(world: World, first: date, last: date, *, min_n: int = 0) -> list[BoardRow]:
    """Impressions per project, the most first; no data where they sum up to nothing."""
    sums = _by_project(world, first, last)["exposures"]
    rows = {}
    for project in _projects(world, {"exposures": sums}):
        seen = sums.get(project)
        rows[project] = _Ratio(Fraction(seen) if seen else None, Fraction(1), int(seen or 0))
    return _ratio_board(rows, min_n, higher_is_better=True)


def board_visit_conversion(
    world: World, first: date, last: date, *, min_n: int = 0, rank_by: Literal["shrunk", "value"] = "shrunk"
) -> list[BoardRow]:
    """First visits ÷ leads of the same days per project, ranked by the shrunk rate unless told by the plain one."""
    sums = _by_project(world, first, last)
    counts = {
        project: (int(sums["first_visits"].get(project, 0)), int(sums["leads"].get(project, 0)))
        for project in _projects(world, sums)
    }
    shrunk = shrink(counts)
    rows = {name: _Ratio(Fraction(x), Fraction(n) if n else None, n) for name, (x, n) in counts.items()}
    return _ratio_board(rows, min_n, higher_is_better=True, shrunk=shrunk, rank_by=rank_by)


def referral_king(world: World, first: date, last: date, *, min_n: int = 0) -> list[BoardRow]:
    """Referrals per referrer, the most first; referrals without a referrer stand outside."""
    counts = {name: referred for name, (referred, _) in referrers(world, first, last).items() if name and referred}
    rows = {name: _Ratio(Fraction(referred), Fraction(1), referred) for name, referred in counts.items()}
    return _ratio_board(rows, min_n, higher_is_better=True)


def _ratio_board(
    rows: Mapping[str, _Ratio],
    min_n: int,
    *,
    higher_is_better: bool,
    shrunk: Mapping[str, Fraction] | None = None,
    rank_by: Literal["shrunk", "value"] = "value",
) -> list[BoardRow]:
    values = {name: row.value for name, row in rows.items()}
    known = {name: value for name, value in values.items() if value is not None}
    scores = shrunk if shrunk is not None and rank_by == "shrunk" else known
    ranked = {name: scores[name] for name in known if rows[name].n >= min_n}
    ranks = competition_ranks(ranked, higher_is_better=higher_is_better)
    board = []
    for name, (x, y, n) in rows.items():
        standing: Standing = "no_data" if values[name] is None else "ranked" if name in ranks else "too_few"
        board.append(BoardRow(name, ranks.get(name), standing, values[name], x, y, n, (shrunk or {}).get(name)))
    return sorted(board, key=lambda row: (row.rank is None, row.rank or 0, row.standing != "too_few", row.subject))


def _by_project(world: World, first: date, last: date) -> dict[str, dict[str | None, Value]]:
    sums: dict[str, dict[str | None, Value]] = defaultdict(dict)
    for fact in facts(world):
        if first <= fact.day <= last:
            sums[fact.measure][fact.project] = sums[fact.measure].get(fact.project, 0) + fact.value
    return sums


def _projects(world: World, sums: Mapping[str, Mapping[str | None, Value]]) -> list[str]:
    """Every project on the list or with a number; what stands under no project takes no part in a board."""
    listed = {row["id"] for row in world.all_rows("project")}
    return sorted(listed | {project for of_measure in sums.values() for project in of_measure if project is not None})


def composite(
    parts: Sequence[Mapping[str, Fraction | None]], weights: Sequence[int], higher: Sequence[bool]
) -> dict[str, Fraction | None]:
    """The weighted mean of each part's place, in hundredths of the way from last to first; None where a part is missing.

    Equal values share the mean of their places; only who has every part is placed; one alone stands at 50. Where neither five
    nor half of them have every part, nobody is placed.
    """
    names = set().union(*parts)
    complete = sorted(name for name in names if all(part.get(name) is not None for part in parts))
    if len(complete) < min(5, len(names) / 2):
        complete = []
    totals = dict.fromkeys(complete, Fraction())
    for part, weight, more_is_better in zip(parts, weights, higher, strict=True):
        values = sorted((part[name] for name in complete if part[name] is not None), reverse=not more_is_better)
        for name in complete:
            places = [place for place, value in enumerate(values) if value == part[name]]
            mean = Fraction(sum(places), len(places))
            score = 100 * mean / (len(values) - 1) if len(values) > 1 else Fraction(50)
            totals[name] += score * weight / sum(weights)
    return {name: totals.get(name) for name in names}
