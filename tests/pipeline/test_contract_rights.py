"""Rights of a running contract, against what a pocket calculator says."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import numpy as np
import pytest

from forecast.pipeline.contract_rights import rights
from forecast.pipeline.standing import Standing
from forecast.records.reforecast import Remedy
from forecast.records.terms import Platform, Terms, Tier, TrueDown, UsageShare

START = date(2027, 1, 1)
DECEMBER = date(2026, 12, 31)


def standing(*amounts: int, **clauses: object) -> Standing:
    given = {"term_months": 6, "settlement": "quarterly"} | clauses
    tiers = (Tier(from_commitment_usd=Decimal(0), discount_share=0.0),)
    terms = Terms.model_validate({"term_start": START, "tiers": tiers} | given)
    return Standing(terms, tuple(Decimal(a) for a in amounts))


def found(on: Standing, months: list[float], n_elapsed: int, as_of: date = DECEMBER) -> Remedy:
    (remedy,) = rights(on, np.array([months, months]), n_elapsed, as_of)
    return remedy


def test_what_rolls_over_spares_the_overage_of_the_next_period() -> None:
    # 60 of 100, then 140 of 100: the 40 left pay for the 40 beyond.
    remedy = found(standing(1000, 1000, rollover_share=1.0), [200.0] * 3 + [1400 / 3] * 3, 1)
    assert remedy.remedy == "let_unused_roll_over"
    assert remedy.value_usd == Decimal("400.00")
    assert remedy.unused_change_usd == Decimal("-400.00")
    assert remedy.last_day_to_act == date(2027, 3, 31)
    assert "400.00 USD on average" in remedy.what


def test_nothing_rolls_over_from_the_last_period() -> None:
    on = standing(1000, 1000, rollover_share=1.0)
    assert not list(rights(on, np.full((2, 6), 100.0), 4, date(2027, 4, 30)))


def test_a_right_to_lower_is_worth_what_letting_it_pass_costs() -> None:
    # 600 of 1,000 a quarter: half may go, so 400 of the second quarter's unused do.
    right = TrueDown(after_months=3, reduction_share=0.5, notice_days=30)
    remedy = found(standing(1000, 1000, true_downs=(right,)), [200.0] * 6, 1)
    assert remedy.remedy == "lower_commitment"
    assert remedy.value_usd == Decimal("400.00")
    assert remedy.last_day_to_act == date(2027, 3, 2)
    assert "by 500.00 USD" in remedy.what


def test_a_right_whose_notice_has_passed_is_gone() -> None:
    right = TrueDown(after_months=3, reduction_share=0.5, notice_days=30)
    on = standing(1000, 1000, true_downs=(right,))
    assert not list(rights(on, np.full((2, 6), 200.0), 2, date(2027, 3, 2)))


def test_spend_that_counts_a_quarter_is_worth_moving_while_commitment_is_unused() -> None:
    # Half of 1,200 runs where a dollar counts a quarter, six of twelve months lie ahead: of the
    # 300 that move, the 225 that did not count fill what would be lost.
    on = standing(
        1200,
        term_months=12,
        settlement="annual",
        platforms=(Platform(name="market", counts_share=0.25),),
        usage_shares=(UsageShare(share=0.5), UsageShare(platform="market", share=0.5)),
    )
    remedy = found(on, [100.0] * 12, 6, date(2027, 6, 30))
    assert remedy.remedy == "move_platform_spend"
    assert remedy.value_usd == Decimal("225.00")
    assert remedy.unused_change_usd == Decimal("-225.00")
    assert "300.00 USD" in remedy.what
    assert remedy.last_day_to_act == date(2027, 11, 30)


@pytest.mark.parametrize("usage", [100.0, 400.0])
def test_nothing_is_moved_where_all_is_used_or_counts_alike(usage: float) -> None:
    shares = (UsageShare(share=0.5), UsageShare(platform="market", share=0.5))
    counts = 1.0 if usage == 100.0 else 0.25
    on = standing(
        1200,
        term_months=12,
        settlement="annual",
        platforms=(Platform(name="market", counts_share=counts),),
        usage_shares=shares,
    )
    assert not list(rights(on, np.full((2, 12), usage), 6, date(2027, 6, 30)))
