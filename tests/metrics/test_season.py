"""Seasons: what was planted is found, what cannot be told stays even."""

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metrics.season import OTHER, Season, feast_of, season

FIRST = date(2024, 3, 1)
WEEK = (0.6, 0.6, 0.8, 1.0, 1.2, 1.5, 1.3)
MONTHS = (0.8, 0.9, 1.1, 1.0, 1.1, 1.2, 0.9, 0.8, 1.1, 1.2, 0.9, 1.0)


def planted(days: int, level: float = 200.0, growth: float = 0.0) -> np.ndarray:
    """Counts without chance: weekdays, months, half as many around the Spring Festival."""
    found = []
    for at in range(days):
        day = FIRST + timedelta(at)
        feast = {"春节": 0.5, None: 1.0}.get(feast_of(day), 0.9)
        found.append(level * (1 + growth * at / 365) * WEEK[day.weekday()] * MONTHS[day.month - 1] * feast)
    return np.round(np.array(found))


@pytest.mark.parametrize("growth", [0.0, 0.3])
def test_what_was_planted_is_found(growth: float) -> None:
    found = season(planted(365 * 4, growth=growth), FIRST)
    assert found.weekdays == pytest.approx(np.array(WEEK) / np.mean(WEEK), abs=0.03)
    assert found.months == pytest.approx(np.array(MONTHS) / np.mean(MONTHS), abs=0.05)
    assert found.feasts["春节"] == pytest.approx(0.5, abs=0.06) and found.feasts[OTHER] == pytest.approx(0.9, abs=0.05)


def test_a_short_history_tells_weekdays_only() -> None:
    found = season(planted(200), FIRST)
    assert found.months == (1.0,) * 12 and found.weekdays[5] > found.weekdays[0] and not found.tells_months


def test_one_year_draws_months_nearer_to_even_than_four() -> None:
    one, four = (season(planted(days), FIRST).months[9] for days in (366, 365 * 4))
    assert 1 < one < four


@pytest.mark.parametrize("counts", [np.zeros(400), np.full(400, 1.0)])
def test_few_cases_tell_nothing(counts: np.ndarray) -> None:
    assert season(counts, FIRST) == Season()
    assert season(counts, FIRST).factors(FIRST, 30).tolist() == pytest.approx([1.0] * 30)


@settings(max_examples=20, deadline=None)
@given(st.integers(30, 800), st.integers(0, 2**32 - 1))
def test_factors_are_positive_and_one_on_average(days: int, seed: int) -> None:
    found = season(np.random.default_rng(seed).poisson(40, days).astype(float), FIRST)
    assert np.mean(found.weekdays) == pytest.approx(1) and np.mean(found.months) == pytest.approx(1)
    assert (found.factors(FIRST, days) > 0).all()


@pytest.mark.parametrize(
    ("day", "feast"),
    [
        (date(2026, 2, 12), None),
        (date(2026, 2, 13), "春节"),
        (date(2026, 2, 25), "春节"),
        (date(2026, 10, 8), "国庆节"),
        (date(2026, 5, 5), "劳动节"),
        (date(2026, 4, 6), OTHER),
        (date(2026, 3, 3), None),
    ],
)
def test_the_days_of_a_feast(day: date, feast: str | None) -> None:
    assert feast_of(day) == feast
