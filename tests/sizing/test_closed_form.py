"""Golden numbers of the one-tier formulas."""

from __future__ import annotations

import numpy as np
import pytest
from sizing_contracts import brute_costs, contract

from forecast.sizing.closed_form import break_even_utilisation, optimal_quantile
from forecast.sizing.settlement import settle


@pytest.mark.parametrize(
    ("d", "o", "r", "outside", "level"),
    [
        (0.15, 0.0, 0.0, 0.0, 0.15),
        (0.25, 0.0, 0.0, 0.0, 0.25),
        (0.25, 0.10, 0.0, 0.0, 0.1667),
        (0.25, 0.0, 0.5, 0.0, 0.40),
        (0.25, 0.0, 0.0, 0.10, 0.1667),
        (0.25, 0.25, 0.0, 0.0, 0.0),
        (0.25, 0.0, 0.0, 0.30, 0.0),
        (0.0, 0.0, 0.0, 0.0, 0.0),
    ],
)
def test_the_quantile_of_contracted_consumption(
    d: float, o: float, r: float, outside: float, level: float
) -> None:
    found = optimal_quantile(d, o, r, outside_discount_share=outside)
    assert found == pytest.approx(level, abs=5e-5)


@pytest.mark.parametrize(("d", "o"), [(0.25, 0.0), (0.25, 0.10), (0.4, 0.05)])
def test_the_quantile_on_a_list_basis(d: float, o: float) -> None:
    face = optimal_quantile(d, o, basis="list")
    assert face == pytest.approx((d - o) / (1 + d - o))
    discounted = optimal_quantile(d, o, 0.3, "list", shortfall_price="discounted")
    assert discounted == pytest.approx(optimal_quantile(d, o, 0.3))


@pytest.mark.parametrize("basis", ["contracted", "list"])
@pytest.mark.parametrize(("d", "o", "r"), [(0.2, 0.0, 0.0), (0.3, 0.1, 0.4), (0.25, 0.0, 0.7)])
def test_no_other_quantile_is_cheaper(d: float, o: float, r: float, basis: str) -> None:
    terms = contract(
        [(0, 0.0), ("0.01", d)],
        overage="discounted",
        overage_discount_share=o,
        unused_value_share=r,
        drawdown_basis=basis,
    )
    consumed = np.random.default_rng(3).lognormal(13, 0.5, (4001, 1))
    unit = 1 - d if basis == "contracted" else 1.0
    levels = np.linspace(0.01, 0.99, 99)
    costs = brute_costs(terms, np.quantile(consumed, levels) * unit, consumed)
    best = levels[costs.argmin()]
    assert best == pytest.approx(optimal_quantile(d, o, r, basis), abs=0.0101)  # type: ignore[arg-type]


@pytest.mark.parametrize("basis", ["contracted", "list"])
@pytest.mark.parametrize("price", ["face", "discounted"])
@pytest.mark.parametrize(("d", "d0", "r"), [(0.25, 0.0, 0.0), (0.25, 0.1, 0.5), (0.1, 0.1, 0.2)])
def test_break_even_costs_exactly_what_no_deal_costs(
    d: float, d0: float, r: float, basis: str, price: str
) -> None:
    u = break_even_utilisation(d, d0, r, basis, shortfall_price=price)  # type: ignore[arg-type]
    assert u is not None
    terms = contract(
        [(0, 0.0), (1, d)],
        unused_value_share=r,
        drawdown_basis=basis,
        shortfall_price=price,
        outside_discount_share=d0,
    )
    consumed = 1000 * u / (1 - d if basis == "contracted" else 1)
    committed = settle(terms, np.array([1000.0]), np.array([[consumed]])).cost[0]
    no_deal = settle(terms, np.array([0.0]), np.array([[consumed]])).cost[0]
    assert committed == pytest.approx(no_deal)


def test_break_even_is_one_less_the_discount() -> None:
    assert break_even_utilisation(0.25) == pytest.approx(0.75)
    assert break_even_utilisation(0.25, 0.0, 0.5) == pytest.approx(0.5 / (4 / 3 - 0.5))


def test_there_is_no_break_even_when_no_deal_is_cheaper_per_token() -> None:
    assert break_even_utilisation(0.10, 0.15) is None
