"""线索评分: planted points are found, AUC and Brier equal a count of pairs, and a score that tells nothing is not used."""

from dataclasses import replace
from datetime import date
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metrics.lead_score import CASES, Cell, Score, auc, brier, calibration, points, scored

MONTHS = [date(2025, month, 1) for month in range(1, 13)]
KINDS, GRADES, ANSWERS = ("public", "referral"), ("A", "D"), ("fast", "late")
LAGS = [0, 10, 20, 40, 20, 10]
ODDS = {"public": 1.0, "referral": 2.0, "A": 4.0, "D": 1.0, "fast": 2.0, "late": 1.0}


def planted(n: int = 1_000, *, told: bool = True) -> list[Cell]:
    """Months of leads signed as often as the odds of their values say; the same everywhere where nothing is told."""
    found = []
    for month, kind, grade, answer in product(MONTHS, KINDS, GRADES, ANSWERS):
        odds = 0.01 * (ODDS[kind] * ODDS[grade] * ODDS[answer] if told else 1.0)
        found.append(Cell(month, (kind, grade, answer, "office", "no"), n, round(n * odds / (1 + odds))))
    return found


def a_score(cells: list[Cell]) -> Score:
    found = scored(cells, LAGS)
    assert found is not None
    return found


def test_planted_odds_are_found_as_points() -> None:
    found = a_score(planted())
    for name, high, low, twice in (
        ("kind", "referral", "public", 1),
        ("grade", "A", "D", 2),
        ("answer", "fast", "late", 1),
    ):
        assert points(found.weights[name][high] - found.weights[name][low]) == pytest.approx(20 * twice, abs=2)
    assert found.used == "score" and found.own.auc > found.by_grade.auc > 0.5
    assert found.held[:2] == (date(2025, 10, 1), date(2025, 12, 1)) and found.fitted[1] == date(2025, 9, 1)


def test_a_mean_lead_has_no_points() -> None:
    found, cells = a_score(planted()), planted()
    for at, name in enumerate(("kind", "grade", "answer")):
        weights = [found.weights[name][one.values[at]] * one.n for one in cells]
        assert sum(weights) == pytest.approx(0, abs=1e-6)
    assert found.weight(("unknown", "?", "", "", "")) == (0.0,) * 5


def test_what_tells_no_more_than_the_grade_is_not_used() -> None:
    by_grade = [replace(one, signed=50 if one.values[1] == "A" else 10) for one in planted()]
    found = a_score(by_grade)
    assert found.used == "grade" and found.own.auc == found.by_grade.auc
    assert found.chance(("public", "A", "late", "office", "no")) == pytest.approx(0.05, abs=0.002)
    assert found.chance(("public", "?", "late", "office", "no")) == pytest.approx(0.03, abs=0.001)


def test_few_cases_are_drawn_to_the_mean() -> None:
    cells = [*planted(), Cell(MONTHS[0], ("public", "B", "late", "office", "no"), 3, 3)]
    found = a_score(cells)
    mean = sum(one.signed for one in cells) / sum(one.n for one in cells)
    assert found.grades["B"] == pytest.approx((3 + CASES * mean) / (3 + CASES))


@pytest.mark.parametrize("cells", [[], planted(10), planted()[:8]])
def test_too_little_is_not_scored(cells: list[Cell]) -> None:
    assert scored(cells, LAGS) is None


def test_a_lead_s_chance_falls_with_its_age() -> None:
    found, values = a_score(planted()), ("referral", "A", "fast", "office", "no")
    told = [found.still(values, age) for age in range(8)]
    assert told[0] == found.chance(values) and told == sorted(told, reverse=True) and told[5:] == [0.0, 0.0, 0.0]


CELLS = st.lists(
    st.tuples(st.sampled_from([0.1, 0.2, 0.5, 0.9]), st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=8
)


@settings(max_examples=60, deadline=None)
@given(CELLS)
def test_auc_and_brier_are_counts_of_pairs_and_leads(cells: list[tuple[float, int, int]]) -> None:
    won = [chance for chance, signed, _ in cells for _ in range(signed)]
    lost = [chance for chance, _, unsigned in cells for _ in range(unsigned)]
    chances, signed, unsigned = (np.array(one, dtype=float) for one in zip(*cells, strict=True))
    if won and lost:
        pairs = [1.0 if one > other else 0.5 if one == other else 0.0 for one, other in product(won, lost)]
        assert auc(chances, signed + unsigned, signed) == pytest.approx(sum(pairs) / len(pairs))
    if won or lost:
        errors = [(1 - one) ** 2 for one in won] + [one**2 for one in lost]
        assert brier(chances, signed + unsigned, signed) == pytest.approx(sum(errors) / len(errors))
        groups = calibration(chances, signed + unsigned, signed)
        assert sum(one.n for one in groups) == len(won) + len(lost) and sum(one.signed for one in groups) == len(won)


def test_a_fit_s_chances_sum_to_what_was_signed() -> None:
    cells = planted()
    found = a_score(cells)
    told = sum(one.n / (1 + np.exp(-found.base - sum(found.weight(one.values)))) for one in cells)
    assert told == pytest.approx(sum(one.signed for one in cells), rel=1e-3)
