"""Laws of the settlement, for any contract."""

from __future__ import annotations

import itertools
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sizing_contracts import (
    amounts,
    brute_costs,
    contract,
    contracts,
    random_contract,
    random_paths,
)

from forecast.errors import PathsError, TermsError
from forecast.records.terms import Terms
from forecast.sizing.ledger import ledger, ledger_total
from forecast.sizing.schedule import schedule_in_cents, schedule_of, tiers_by_period
from forecast.sizing.settlement import settle
from forecast.units import to_cents


@st.composite
def contracts_and_paths(draw: st.DrawFn) -> tuple[Terms, list[Decimal], list[Decimal]]:
    terms = draw(contracts())
    return terms, draw(amounts(terms.n_periods)), draw(amounts(terms.n_periods))


def floats(values: list[Decimal]) -> np.ndarray:
    return np.array([float(v) for v in values])


@given(contracts_and_paths())
@settings(max_examples=150)
def test_the_ledger_and_the_paths_agree_to_the_cent(
    drawn: tuple[Terms, list[Decimal], list[Decimal]],
) -> None:
    terms, schedule, consumed = drawn
    lines = ledger(terms, schedule, consumed)
    settled = settle(terms, floats(schedule), floats(consumed)[None, :])
    exact = float(settled.cost[0])
    assert abs(float(ledger_total(lines)) - exact) <= 0.005 + 1e-7 * max(1.0, abs(exact) / 1e6)
    by_item = {
        item: float(sum(line.usd for line in lines if line.item == item))
        for item in ("true_up", "rolled_drawn", "overage")
    }
    # A rolled list dollar gives back the price of the year that draws it, which may be dearer.
    wasted = max(0.0, by_item["true_up"] - by_item["rolled_drawn"])
    assert settled.unused[0] == pytest.approx(wasted, abs=1e-4)
    assert settled.overage_usd[0] == pytest.approx(by_item["overage"], abs=1e-4)


@given(contracts_and_paths())
def test_every_period_of_the_ledger_adds_up(
    drawn: tuple[Terms, list[Decimal], list[Decimal]],
) -> None:
    terms, schedule, consumed = drawn
    lines = ledger(terms, schedule, consumed)
    for start in {line.period_start for line in lines}:
        item = dict.fromkeys(
            ("list_cost", "discount", "rolled_drawn", "true_up", "payment"), Decimal(0)
        )
        for line in lines:
            if line.period_start == start and line.item in item:
                item[line.item] += line.usd
        due = item["list_cost"] + item["discount"] - item["rolled_drawn"] + item["true_up"]
        assert abs(item["payment"] - due) <= Decimal("0.0101")


@given(contracts_and_paths())
def test_paying_ahead_and_truing_up_come_to_the_same(
    drawn: tuple[Terms, list[Decimal], list[Decimal]],
) -> None:
    terms, schedule, consumed = drawn
    totals = {
        ledger_total(ledger(terms.model_copy(update={"kind": kind}), schedule, consumed))
        for kind in ("build_up", "burn_down")
    }
    assert len(totals) == 1


def test_paying_ahead_is_due_when_the_period_starts() -> None:
    terms = contract([(0, 0.25)], kind="burn_down")
    first, rest = [x for x in ledger(terms, [Decimal(75)], [Decimal(140)]) if x.item == "payment"]
    assert (first.due, first.usd) == (terms.term_start, Decimal("75.00"))
    assert (str(rest.due), rest.usd) == ("2028-01-01", Decimal("40.00"))


@given(contracts_and_paths(), st.integers(2, 9))
def test_scaling_prices_and_dollar_thresholds_scales_every_cost(
    drawn: tuple[Terms, list[Decimal], list[Decimal]], factor: int
) -> None:
    terms, schedule, consumed = drawn
    scaled = terms.model_copy(
        update={
            "tiers": tuple(
                t.model_copy(update={"from_commitment_usd": t.from_commitment_usd * factor})
                for t in terms.tiers
            )
        }
    )
    once = settle(terms, floats(schedule), floats(consumed)[None, :])
    more = settle(scaled, factor * floats(schedule), factor * floats(consumed)[None, :])
    for name in ("cost", "unused", "overage_usd", "contracted"):
        assert getattr(more, name) == pytest.approx(factor * getattr(once, name), abs=1e-4)


@given(contracts_and_paths(), st.integers(0, 10))
def test_a_cheaper_overage_never_costs_more(
    drawn: tuple[Terms, list[Decimal], list[Decimal]], step: int
) -> None:
    terms, schedule, consumed = drawn
    at = {
        name: settle(terms.model_copy(update=update), floats(schedule), floats(consumed)[None, :])
        for name, update in {
            "list": {"overage": "list", "overage_discount_share": 0.0},
            "some": {"overage": "discounted", "overage_discount_share": step / 20},
            "rate": {"overage": "committed_rate", "overage_discount_share": 0.0},
        }.items()
    }
    assert at["rate"].cost <= at["some"].cost + 1e-6
    assert at["some"].cost <= at["list"].cost + 1e-6


@given(contracts_and_paths())
def test_more_rollover_never_costs_more(
    drawn: tuple[Terms, list[Decimal], list[Decimal]],
) -> None:
    terms, schedule, consumed = drawn
    costs = [
        settle(
            terms.model_copy(update={"rollover_share": share, "rollover_periods": periods}),
            floats(schedule),
            floats(consumed)[None, :],
        ).cost[0]
        for share, periods in ((0.0, 1), (0.25, 1), (0.5, 1), (1.0, 1), (1.0, 2), (1.0, 40))
    ]
    assert all(b <= a + 1e-6 for a, b in itertools.pairwise(costs))


def test_a_discounted_list_commitment_is_a_contracted_one_of_its_price() -> None:
    rng = np.random.default_rng(5)
    for _ in range(50):
        terms = random_contract(rng, rolls_over=True)
        paths = random_paths(rng, terms, 20)
        tier = terms.tiers[-1]
        part = np.full(terms.n_periods, 4e5)
        on_list = settle(
            terms.model_copy(update={"drawdown_basis": "list", "shortfall_price": "discounted"}),
            part,
            paths,
            tier=tier,
        )
        contracted = settle(
            terms.model_copy(update={"drawdown_basis": "contracted"}),
            part * (1 - tier.discount_share),
            paths,
            tier=tier,
        )
        assert on_list.cost == pytest.approx(contracted.cost)
        assert on_list.unused == pytest.approx(contracted.unused, abs=1e-6)


@pytest.mark.parametrize("rolls_over", [False, True])
def test_many_paths_settle_like_the_words_of_the_contract(rolls_over: bool) -> None:
    rng = np.random.default_rng(11)
    for _ in range(60):
        terms = random_contract(rng, rolls_over=rolls_over)
        paths = random_paths(rng, terms, 30)
        for commitment in (0.0, 3e5, 1e6):
            settled = settle(terms, schedule_of(terms, commitment), paths)
            assert settled.cost.mean() == pytest.approx(
                brute_costs(terms, np.array([commitment]), paths)[0], rel=1e-12
            )


def test_shortfall_and_overrun_mean_any_period() -> None:
    terms = contract([(0, 0.25)], term_months=6, settlement="quarterly")
    settled = settle(
        terms,
        np.array([75.0, 75.0]),
        np.array([[100.0, 100.0], [80.0, 140.0], [100.006, 100.0], [99.0, 100.0]]),
    )
    assert settled.shortfall.tolist() == [False, True, False, True]
    assert settled.overrun.tolist() == [False, True, True, False]


def test_a_float_hair_is_no_shortfall() -> None:
    terms = contract([(0, 0.1)])
    paths = np.array([[1e6 / 0.9]])
    settled = settle(terms, np.array([1e6]), paths)
    assert not settled.shortfall[0]
    assert not settled.overrun[0]


def test_a_rounded_split_keeps_its_tier_and_its_total() -> None:
    terms = contract([(0, 0.0), ("33333.34", 0.1)], term_months=36, settlement="monthly")
    commitment = to_cents(Decimal("33333.34") * 3)
    parts = [p.commitment_usd for p in schedule_in_cents(terms, commitment)]
    assert sum(parts) == commitment
    assert {t.discount_share for t in tiers_by_period(terms, floats(parts))} == {0.1}
    below = [p.commitment_usd for p in schedule_in_cents(terms, commitment - Decimal("0.01"))]
    assert {t.discount_share for t in tiers_by_period(terms, floats(below))} == {0.0}


def test_a_short_last_year_of_a_ramp_is_annualised() -> None:
    terms = contract([(0, 0.0), (100, 0.2)], term_months=18, settlement="quarterly")
    schedule = np.array([20.0, 20.0, 20.0, 20.0, 25.0, 25.0])
    discounts = [t.discount_share for t in tiers_by_period(terms, schedule)]
    assert discounts == [0.0, 0.0, 0.0, 0.0, 0.2, 0.2]


def test_another_number_of_periods_is_refused() -> None:
    terms = contract([(0, 0.1)], settlement="quarterly")
    with pytest.raises(TermsError, match="3 amounts for 4 settlement periods"):
        settle(terms, np.ones(3), np.ones((2, 4)))
    with pytest.raises(PathsError, match="one column for each of the 4"):
        settle(terms, np.ones(4), np.ones((2, 12)))
    with pytest.raises(TermsError, match="1 amounts for 4"):
        ledger(terms, [Decimal(1)], [Decimal(1)] * 4)
    with pytest.raises(PathsError, match="1 amounts for 4"):
        ledger(terms, [Decimal(1)] * 4, [Decimal(1)])
