"""A trial is scaled up where the whole interval of its difference is better, stopped where it is worse, and waits otherwise."""

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metrics.experiments import (
    LEAST,
    Arm,
    Better,
    Experiment,
    UnfitExperiment,
    advice,
    difference,
    fit_experiment,
    returned,
)


def a_trial(trial: tuple[int, int], control: tuple[int, int], better: Better = "higher") -> Experiment:
    return Experiment("30 分钟内先打电话", "到访率", better, Arm(*trial), Arm(*control))


@pytest.mark.parametrize(
    ("trial", "control", "low", "high"),
    [((70, 56), (80, 48), 0.0524, 0.3339), ((10, 9), (10, 3), 0.1705, 0.8090), ((10, 10), (20, 0), 0.6791, 1.0)],
)
def test_the_interval_is_newcombe_s_own(trial: tuple[int, int], control: tuple[int, int], low: float, high: float):
    """Method 10 of Newcombe (1998), his examples a, b and h of table II."""
    found = difference(a_trial(trial, control))
    assert found is not None and (found.low, found.high) == (
        pytest.approx(low, abs=1e-4),
        pytest.approx(high, abs=1e-4),
    )


arms = st.integers(1, 400).flatmap(lambda n: st.integers(0, n).map(lambda hits: (n, hits)))


@settings(max_examples=80)
@given(arms, arms)
def test_changing_sides_turns_the_sign_and_the_advice(trial: tuple[int, int], control: tuple[int, int]):
    one, other = a_trial(trial, control), a_trial(control, trial)
    here, there = difference(one), difference(other)
    assert here is not None and there is not None
    assert here.low <= here.value <= here.high
    assert (here.low, here.high) == (pytest.approx(-there.high), pytest.approx(-there.low))
    opposite = {"scale": "stop", "stop": "scale", "wait": "wait"}
    assert advice(other) == opposite[advice(one)] == advice(replace(one, better="lower"))


def test_few_cases_advise_nothing_however_clear():
    few, enough = LEAST - 1, LEAST
    assert advice(a_trial((few, few), (few, 0))) == "wait"
    assert advice(a_trial((enough, enough), (enough, 0))) == "scale"
    assert advice(a_trial((0, 0), (enough, 0))) == "wait" and difference(a_trial((0, 0), (enough, 0))) is None


def test_what_a_trial_brought_is_its_cases_beyond_the_control_s_rate():
    one = replace(a_trial((200, 60), (200, 40)), cost=Fraction(10_000), worth=Fraction(1_500))
    found = returned(one)
    assert found is not None and found.gained == pytest.approx(20) and found.roi == pytest.approx(3)
    assert found.low is not None and found.high is not None and found.low < 3 < found.high
    fewer = returned(replace(one, better="lower"))
    assert fewer is not None and fewer.gained == pytest.approx(-20) and fewer.roi == pytest.approx(-3)
    bare = returned(replace(one, worth=None))
    assert bare is not None and bare.roi is None
    assert returned(replace(one, cost=None)) is None


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"hypothesis": ""}, "hypothesis"),
        ({"metric": "x" * 201}, "metric"),
        ({"trial": Arm(3, 4)}, "trial"),
        ({"control": Arm(10**10, 1)}, "control"),
    ],
)
def test_what_cannot_be_is_refused(changes: dict[str, object], reason: str):
    with pytest.raises(UnfitExperiment) as unfit:
        fit_experiment(replace(a_trial((1, 1), (1, 1)), **changes))  # type: ignore[arg-type]
    assert unfit.value.reason == reason
