"""Intervals of a paired difference hold the truth as often as they say."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import multinomial

from forecast.levers.paired import (
    FEW_CLUSTERS,
    cluster_interval,
    needed_cases,
    score,
    score_interval,
)

Z = NormalDist().inv_cdf(0.975)


def holding_rate(n: int, p_lighter: float, p_today: float) -> float:
    """Exact probability that the score interval of n cases holds p_lighter − p_today.

    Every outcome is counted with its probability: the interval holds a difference exactly when
    that difference's score lies within ± z.
    """
    truth = p_lighter - p_today
    probabilities = [p_lighter, p_today, 1 - p_lighter - p_today]
    return sum(
        multinomial.pmf([b, c, n - b - c], n, probabilities)
        for b in range(n + 1)
        for c in range(n + 1 - b)
        if abs(score(n, b, c, truth)) <= Z
    )


@pytest.mark.parametrize("n", [30, 80])
@pytest.mark.parametrize(
    ("p_lighter", "p_today"), [(0.05, 0.05), (0.02, 0.10), (0.10, 0.20), (0.25, 0.25), (0.01, 0.04)]
)
def test_the_score_interval_holds_the_truth(n: int, p_lighter: float, p_today: float) -> None:
    assert 0.93 <= holding_rate(n, p_lighter, p_today) < 1


def test_at_the_margin_itself_non_inferiority_is_rarely_shown() -> None:
    """3 points worse with a margin of 3 points: shown in about one of forty evaluations."""
    n, margin, p_lighter, p_today = 200, 0.03, 0.035, 0.065
    wrongly = sum(
        multinomial.pmf([b, c, n - b - c], n, [p_lighter, p_today, 1 - p_lighter - p_today])
        for b in range(45)
        for c in range(45)
        if score(n, b, c, -margin) > Z
    )
    assert 0.015 <= wrongly <= 0.03


@given(st.integers(1, 400), st.data())
def test_the_ends_are_where_the_score_is_z(n: int, data: st.DataObject) -> None:
    b = data.draw(st.integers(0, n))
    c = data.draw(st.integers(0, n - b))
    found = score_interval(n, b, c)
    assert -1 <= found.lower <= found.difference <= found.upper <= 1
    if found.lower > -1 + 1e-6:
        assert score(n, b, c, found.lower) == pytest.approx(Z, abs=1e-4)
    if found.upper < 1 - 1e-6:
        assert score(n, b, c, found.upper) == pytest.approx(-Z, abs=1e-4)


@given(st.integers(1, 200), st.data())
def test_swapping_the_models_turns_the_interval_around(n: int, data: st.DataObject) -> None:
    b = data.draw(st.integers(0, n))
    c = data.draw(st.integers(0, n - b))
    one, other = score_interval(n, b, c), score_interval(n, c, b)
    assert one.lower == pytest.approx(-other.upper, abs=1e-9)
    assert one.upper == pytest.approx(-other.lower, abs=1e-9)


@given(st.integers(0, 20), st.integers(0, 20), st.integers(0, 60))
def test_the_same_evidence_twice_is_narrower(b: int, c: int, rest: int) -> None:
    n = b + c + rest + 1
    once, twice = score_interval(n, b, c), score_interval(2 * n, 2 * b, 2 * c)
    assert twice.upper - twice.lower < once.upper - once.lower


def test_a_published_interval() -> None:
    """Complete response before and after a therapy (Cavo et al. 2012): 6 and 16 of 161."""
    found = score_interval(161, 6, 16)
    assert (round(found.lower, 3), round(found.upper, 3)) == (-0.124, -0.005)


@pytest.mark.parametrize("k", [12, FEW_CLUSTERS, 60])
def test_the_cluster_bootstrap_holds_the_truth(k: int) -> None:
    """Cases differ in difficulty and are tried three times by each of two equal models."""
    rng = np.random.default_rng(20261122)
    n_trials, held = 300, 0
    for _ in range(n_trials):
        difficulty = rng.beta(2.4, 0.6, size=k)
        lighter, today = (rng.binomial(3, difficulty) / 3 for _ in range(2))
        found = cluster_interval(lighter - today, np.arange(k), rng=rng)
        held += found.lower <= 0 <= found.upper
    three_errors = 3 * math.sqrt(0.95 * 0.05 / n_trials)
    assert held / n_trials >= 0.95 - three_errors


def test_clusters_widen_what_repeats_inside_them() -> None:
    """Sixty conversations of five cases that pass or fail together are sixty cases, not 300."""
    rng = np.random.default_rng(5)
    by_conversation = rng.choice([-1.0, 0.0, 0.0, 0.0, 1.0], size=60)
    differences = np.repeat(by_conversation, 5)
    together = cluster_interval(differences, np.repeat(np.arange(60), 5), rng=rng)
    alone = cluster_interval(differences, np.arange(300), rng=rng)
    assert together.upper - together.lower > 2 * (alone.upper - alone.lower)


def test_clusters_that_all_agree_are_not_certain() -> None:
    found = cluster_interval(np.zeros(200), np.arange(200), rng=np.random.default_rng(0))
    assert found.lower == pytest.approx(score_interval(200, 0, 0).lower)
    one = cluster_interval(np.zeros(8), np.zeros(8, dtype=np.int64), rng=np.random.default_rng(0))
    assert one.lower == pytest.approx(score_interval(1, 0, 0).lower)


def test_872_cases_show_three_points() -> None:
    assert needed_cases(0.03, 0.10) == 872


def test_the_power_of_872_cases_is_eighty_per_cent() -> None:
    rng = np.random.default_rng(7)
    n_trials = 4000
    drawn = rng.multinomial(872, [0.05, 0.05, 0.90], size=n_trials)
    shown = sum(score(872, float(b), float(c), -0.03) > Z for b, c, _ in drawn)
    assert shown / n_trials == pytest.approx(0.80, abs=0.03)


@given(st.floats(0.005, 0.2), st.floats(0.01, 0.5), st.floats(0.0, 0.1))
def test_a_lighter_model_that_is_worse_needs_more_cases(
    margin: float, discordant: float, worse: float
) -> None:
    at_zero = needed_cases(margin, max(discordant, worse))
    assert at_zero is not None
    then = needed_cases(margin, max(discordant, worse), difference=-worse)
    if worse >= margin:
        assert then is None
    elif worse**2 < discordant * worse / margin:
        assert then is not None
        assert then >= at_zero
