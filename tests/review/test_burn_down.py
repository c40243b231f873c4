"""Drawdown of pools, checked against settlement and by hand."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecast.records.terms import Terms, Tier
from forecast.review.burn_down import Pools, burn_down, draw
from forecast.sizing.settlement import settle

START = date(2027, 1, 1)


def pools(
    *commitments: float,
    months: int = 12,
    price: float = 1.0,
    rollover: float = 0.0,
    lives: int = 1,
) -> Pools:
    return Pools(
        term_start=START,
        period_months=months,
        commitment_usd=np.array(commitments),
        units_per_list_usd=np.full(len(commitments), price),
        rollover_share=rollover,
        rollover_periods=lives,
        basis="contracted",
        discount_share=1 - price,
    )


@given(
    seed=st.integers(0, 2**32 - 1),
    rollover=st.sampled_from([0.0, 0.3, 1.0]),
    lives=st.integers(1, 3),
)
def test_unused_and_beyond_are_those_of_settlement(seed: int, rollover: float, lives: int) -> None:
    rng = np.random.default_rng(seed)
    monthly = rng.gamma(2.0, 50.0, (5, 12))
    amount = float(rng.uniform(100, 400))
    terms = Terms(
        term_start=START,
        term_months=12,
        settlement="quarterly",
        rollover_share=rollover,
        rollover_periods=lives,
        tiers=(Tier(from_commitment_usd=Decimal(0), discount_share=0.25),),
    )
    found = settle(terms, np.full(4, amount), monthly.reshape(5, 4, 3).sum(axis=2))
    drawn = draw(
        pools(*[amount] * 4, months=3, price=0.75, rollover=rollover, lives=lives), monthly
    )
    assert drawn.beyond.sum(axis=1) / 0.75 == pytest.approx(found.overage_usd)
    rolled_drawn = drawn.drawdown - (amount - drawn.unused) - drawn.beyond
    assert drawn.unused.sum(axis=1) - rolled_drawn.sum(axis=1) == pytest.approx(found.unused)


def test_a_steady_pool_is_exhausted_where_a_calculator_says() -> None:
    # 100 a month against 450: 50 of May's 100 are needed, so the 16th of its 31 days.
    found = burn_down(pools(450.0), np.full((4, 12), 100.0), n_elapsed=3)
    assert {c.exhausted_on for c in found.certain} == {date(2027, 5, 16)}
    assert {c.shortfall_certain_on for c in found.certain} == {None}
    (period,) = found.periods
    assert (period.state, period.drawn_usd, period.expected_overage_usd) == (
        "running",
        Decimal("300.00"),
        Decimal("750.00"),
    )
    assert (period.shortfall_probability, period.overage_probability) == (0.0, 1.0)


def test_a_shortfall_is_certain_once_the_rest_cannot_draw_what_is_left() -> None:
    # 1,000 committed. In 19 of 20 paths 50 a month come, in one 100 a month from April on.
    monthly = np.full((20, 12), 50.0)
    monthly[-1, 3:] = 100.0
    found = burn_down(pools(1000.0), monthly, n_elapsed=3)
    by_level = {c.probability: c for c in found.certain}
    # After March 850 are left and the 95 % quantile of the rest is 450: certain at once.
    assert by_level[0.5].shortfall_certain_on == date(2027, 3, 31)
    assert by_level[0.95].shortfall_certain_on == date(2027, 3, 31)
    assert found.periods[0].shortfall_probability == 0.95 or (
        found.periods[0].shortfall_probability == 1.0
    )
    assert all(c.exhausted_on is None for c in found.certain)


def test_the_fan_begins_where_the_record_ends() -> None:
    rng = np.random.default_rng(1)
    monthly = rng.gamma(4.0, 25.0, (50, 12))
    monthly[:, :5] = 80.0
    found = burn_down(pools(900.0, price=0.9), monthly, n_elapsed=5)
    recorded = [m for m in found.months if m.recorded_usd is not None]
    assert [m.recorded_usd for m in recorded] == [Decimal(f"{72 * t}.00") for t in range(1, 6)]
    assert all(not m.quantiles for m in recorded)
    ahead = found.months[5:]
    assert all(m.recorded_usd is None and len(m.quantiles) == 19 for m in ahead)
    assert ahead[-1].quantiles == found.term_landing


def test_a_term_that_is_over_has_nothing_to_be_certain_of() -> None:
    found = burn_down(pools(50.0, 50.0, months=6), np.full((3, 12), 10.0), n_elapsed=12)
    assert found.certain == ()
    assert [p.state for p in found.periods] == ["settled", "settled"]
    assert burn_down(pools(0.0), np.full((3, 12), 10.0), n_elapsed=1).certain == ()
