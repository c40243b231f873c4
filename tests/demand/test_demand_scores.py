import tomllib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecast.demand.scores import capture, crps, inside, pinball

CASES = tomllib.loads((Path(__file__).parents[1] / "cases" / "demand.toml").read_text())

amounts = st.floats(0.01, 1e12)
levels = st.floats(0.01, 0.99)


@pytest.mark.parametrize("case", CASES["score"], ids=lambda c: c["name"])
def test_scores_as_a_buyer_computes_them(case):
    loss = pinball(case["realised"], case["quantile"], case["level"])
    assert float(loss) == pytest.approx(case["pinball_loss"])
    caught = capture([case["realised"]], [case["quantile"]], [1.0], discount_share=case["level"])
    assert caught == pytest.approx(case["savings_capture"])


@given(realised=amounts, quantile=amounts, level=levels)
def test_pinball_is_the_regret_of_a_commitment(realised, quantile, level):
    """With discount d and overage at list, what C costs beyond hindsight is its pinball loss."""
    d = level

    def cost(c):  # in contracted dollars of a consumption `realised` at the discount
        return c + max(0.0, realised - c) / (1 - d)

    regret = cost(quantile) - cost(realised)
    assert float(pinball(realised, quantile, d)) == pytest.approx(
        (1 - d) * regret, rel=1e-9, abs=1e-6 * realised
    )


@given(st.lists(amounts, min_size=1, max_size=20), levels)
def test_hindsight_captures_all_and_list_price_nothing(realised, d):
    unit = np.ones(len(realised))
    assert capture(realised, realised, unit, discount_share=d) == pytest.approx(1.0)
    assert capture(realised, 0 * unit, unit, discount_share=d) == pytest.approx(0.0)


def test_capture_of_nothing_to_save_is_none():
    assert capture([0.0], [5.0], [1.0], discount_share=0.2) is None


def test_crps_of_normal_quantiles_is_near_its_closed_form():
    """CRPS of N(0, 1) at 0 is 2 φ(0) − 1/√π (Gneiting and Raftery 2007, eq. 21)."""
    at = np.arange(1, 1000) / 1000
    draws = np.quantile(np.random.default_rng(1).standard_normal(400_000), at)
    exact = 2 / np.sqrt(2 * np.pi) - 1 / np.sqrt(np.pi)
    assert float(crps(0.0, draws, at)) == pytest.approx(exact, abs=0.003)


def test_inside_takes_its_ends():
    assert inside([1, 2, 3], [1, 1, 1], [2, 2, 2]).tolist() == [True, True, False]
