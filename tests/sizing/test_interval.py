"""The interval of the optimum, and the band in which nothing is lost."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest
from sizing_contracts import contract, random_contract, random_paths

from forecast.paths import EvidenceReplicates
from forecast.sizing.assessment import assess
from forecast.sizing.interval import indifference_band, optimum_interval
from forecast.sizing.search import best_commitment

CENT = Decimal("0.01")


def test_the_interval_is_the_quantiles_of_the_optima() -> None:
    terms = contract([(0, 0.0), (1, 0.25)])
    replicates = (np.full((3, 1), 100.0 * k) for k in range(1, 11))
    interval = optimum_interval(terms, replicates, mass=0.8)
    assert interval is not None
    assert (str(interval.lower_usd), str(interval.upper_usd)) == ("75.00", "675.00")
    assert interval.interval_mass == 0.8


def test_without_replicates_there_is_no_interval() -> None:
    assert optimum_interval(contract([(0, 0.0), (1, 0.25)]), ()) is None


def test_more_paths_do_not_narrow_the_interval() -> None:
    rng = np.random.default_rng(4)
    terms = contract([(0, 0.0), (1, 0.2)])
    evidence = EvidenceReplicates(rng.normal(0, 0.15, 200), np.ones(200))
    widths = []
    for n in (200, 5000):
        paths = rng.lognormal(13, 0.3, (n, 1))
        interval = optimum_interval(terms, (evidence.apply(paths, b) for b in range(200)))
        assert interval is not None
        widths.append(float(interval.upper_usd / interval.lower_usd))
    # exp(2 · 1.2816 · 0.15): the 80 % of a normal shift.
    assert widths == pytest.approx([1.469, 1.469], rel=0.08)


@pytest.mark.parametrize("rolls_over", [False, True])
def test_the_band_is_all_within_the_tolerance_and_ends_where_it_is_not(rolls_over: bool) -> None:
    rng = np.random.default_rng(31 + rolls_over)
    n_open = 0
    for _ in range(60):
        terms = random_contract(rng, rolls_over=rolls_over)
        paths = random_paths(rng, terms, 40)
        best = best_commitment(terms, paths)
        band = indifference_band(terms, paths, best, tolerance_share=0.01)
        assert band.lower_usd <= best.commitment_usd <= band.upper_usd
        limit = 1.01 * best.expected_cost_usd

        def cost(commitment: Decimal | float) -> float:
            return assess(terms, commitment, paths).expected_cost_usd  # noqa: B023

        inside = np.linspace(float(band.lower_usd), float(band.upper_usd), 9)
        assert all(cost(float(c)) <= limit + 0.02 for c in inside), terms
        if band.lower_usd > 0:
            n_open += 1
            assert cost(band.lower_usd - CENT) > limit - 0.02, terms
        assert cost(band.upper_usd + CENT) > limit - 0.02, terms
    assert n_open > 20


def test_the_band_goes_on_beyond_a_threshold_that_changes_little() -> None:
    paths = np.linspace(800_000, 1_200_000, 401)[:, None]
    terms = contract([(0, 0.0), (1, 0.20), (710_000, 0.203)])
    best = best_commitment(terms, paths)
    band = indifference_band(terms, paths, best)
    assert best.commitment_usd == 710_000
    assert band.lower_usd < 690_000
    assert band.upper_usd > 740_000
