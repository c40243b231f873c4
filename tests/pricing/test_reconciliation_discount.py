"""The negotiated discount: measured where both amounts stand, recognised where one ratio holds."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from billed_usage import CARD, bill_of, changed, held, usage_rows
from hypothesis import given, settings
from hypothesis import strategies as st

from forecast.pricing.reconciliation import Statement, reconcile
from forecast.records.reconciliation import Cause, Reconciliation
from forecast.records.usage import TOKEN_COLUMNS

USAGE = usage_rows(first=date(2026, 4, 1), last=date(2026, 6, 30))
MAY = usage_rows(first=date(2026, 5, 1), last=date(2026, 5, 31))
FAMILIES = {"claude-opus-4-6": "opus", "claude-sonnet-4-6": "sonnet", "claude-haiku-4-5": "haiku"}

KINDS = list(TOKEN_COLUMNS)

shares = st.decimals("0.01", "0.45", places=5)


def by_model(bill: pd.DataFrame, off: dict[str, str]) -> pd.DataFrame:
    """Take a discount of its own off every model's cost."""
    cost = [
        usd * (1 - Decimal(off[model]))
        for usd, model in zip(bill["billed_usd"], bill["model"], strict=True)
    ]
    return bill.assign(billed_usd=pd.Series(cost, dtype=object))


def share(found: Reconciliation) -> float:
    assert found.discount is not None
    return found.discount.discount_share


@settings(max_examples=15)
@given(off=shares, fine=st.booleans(), amount=st.sampled_from(["billed_usd", "contracted_usd"]))
def test_a_bill_scaled_by_one_share_shows_that_discount_exactly(
    off: Decimal, fine: bool, amount: str
) -> None:
    by = ("platform", "model", "token_kind") if fine else ("model", "token_kind")
    bill = bill_of(MAY, by=by, monthly=not fine, factor=1 - off, amount=amount)
    found = held(MAY, bill)
    assert share(found) == float(off)
    assert found.discount is not None
    assert found.discount.basis == "constant_ratio"
    assert "constant over 3 models × 5 kinds" in found.discount.said
    assert found.status == "within_tolerance"
    assert found.difference_share == pytest.approx(0, abs=1e-15)
    assert not found.differences


@settings(max_examples=8)
@given(off=st.decimals("0", "0.9", places=4))
def test_list_and_cost_show_any_discount_exactly(off: Decimal) -> None:
    found = held(MAY, bill_of(MAY, factor=1 - off, listed=True))
    assert share(found) == float(off)
    assert found.discount is not None
    assert (found.discount.basis, found.discount.measured_on) == ("list_and_cost", "output")
    assert found.difference_share == 0


def test_output_lines_decide_where_kinds_disagree() -> None:
    bill = bill_of(MAY, listed=True)
    bill["billed_usd"] = [
        usd * (Decimal("0.9") if kind == "output" else Decimal("0.7"))
        for usd, kind in zip(bill["billed_usd"], bill["token_kind"], strict=True)
    ]
    found = held(MAY, bill)
    assert share(found) == 0.1
    assert found.discount is not None
    assert (found.discount.lowest_share, found.discount.highest_share) == pytest.approx((0.1, 0.3))
    assert "10.0 % to 30.0 %" in found.discount.said


@pytest.mark.parametrize("listed", [True, False], ids=["list and cost", "cost only"])
def test_families_may_have_discounts_of_their_own(listed: bool) -> None:
    off = {"claude-opus-4-6": "0.15", "claude-sonnet-4-6": "0.10", "claude-haiku-4-5": "0.05"}
    found = held(MAY, by_model(bill_of(MAY, listed=listed), off))
    assert found.status == "within_tolerance"
    assert not found.differences
    assert found.discount is not None
    assert {f.family: round(f.discount_share, 12) for f in found.discount.families} == {
        FAMILIES[model]: float(text) for model, text in off.items()
    }


def test_a_card_of_own_prices_is_compared_with_cost() -> None:
    """Bills show list 100 and cost 88, and the card already holds the 88."""
    bill = bill_of(MAY, listed=True)
    bill["list_usd"] = [usd / Decimal("0.88") for usd in bill["list_usd"]]
    statement = Statement("bill", ("b.csv",), bill)
    last = date(2026, 5, 31)
    assert reconcile(MAY, [statement], CARD, last_day=last).status == "refused"
    found = reconcile(MAY, [statement], CARD, last_day=last, card_is_list=False)
    assert (found.status, found.difference_share) == ("within_tolerance", 0.0)
    assert share(found) == pytest.approx(0.12, abs=1e-15)


@pytest.mark.parametrize("off", ["0.46", "0.5", "0.75"])
def test_a_ratio_that_batch_could_make_is_no_discount(off: str) -> None:
    found = held(MAY, bill_of(MAY, factor=1 - Decimal(off)))
    assert found.discount is None
    assert found.status == "refused"


def test_a_bill_above_list_shows_no_discount() -> None:
    found = held(MAY, bill_of(MAY, factor=Decimal("1.07")))
    assert found.discount is None
    assert found.status == "warning"


@pytest.mark.parametrize(
    "by",
    [("service_tier",), ("workspace",)],
    ids=["the bill names tiers", "the bill names workspaces"],
)
def test_a_fault_that_all_models_share_is_no_discount(by: tuple[str, ...]) -> None:
    """A quarter of every model ran as batch, and the export lost it: 12 % stays 12 %."""
    keys = [
        {"model": model, "workspace": f"w{i}", "service_tier": "batch" if i == 3 else "standard"}
        for model in FAMILIES
        for i in range(4)
    ]
    usage = usage_rows(keys, date(2026, 5, 1), date(2026, 5, 31))
    for _, rows in usage.groupby("model"):
        usage.loc[rows.index, KINDS] = np.tile(rows[KINDS].head(31), (4, 1))
    bill = bill_of(usage, by=("platform", "model", "token_kind", *by), factor=Decimal("0.88"))
    found = held(changed(usage, lambda f: f["workspace"] == "w3", service_tier="standard"), bill)
    assert share(found) == pytest.approx(0.12, abs=1e-12)
    assert {c.cause for c in found.causes} == {Cause.SERVICE_TIER}


@pytest.mark.parametrize("seed", range(3))
def test_noise_of_a_per_cent_is_no_discount(seed: int) -> None:
    rng = np.random.default_rng(seed)
    bill = bill_of(MAY, monthly=True)
    bill["billed_usd"] = [
        usd * Decimal(float(noise))
        for usd, noise in zip(
            bill["billed_usd"], np.exp(0.01 * rng.standard_normal(len(bill))), strict=True
        )
    ]
    found = held(MAY, bill)
    assert found.discount is None
    assert found.status == "within_tolerance"


class TestTotals:
    """A bill of totals cannot tell a discount from a key that is missing."""

    def totals(self, factor: str) -> pd.DataFrame:
        return bill_of(USAGE, by=(), monthly=True, factor=Decimal(factor))

    def test_one_ratio_in_three_months_is_a_discount_and_a_warning(self) -> None:
        found = held(USAGE, self.totals("0.88"))
        assert share(found) == pytest.approx(0.12, abs=1e-12)
        assert found.status == "warning"
        assert "constant over 3 months" in found.note
        assert "confirm it" in found.note

    def test_the_contract_can_confirm_it(self) -> None:
        statement = Statement("invoice", ("i.csv",), self.totals("0.88"))
        found = reconcile(
            USAGE, [statement], CARD, last_day=date(2026, 6, 30), agreed_discount_share=0.12
        )
        assert (found.status, found.difference_share) == ("within_tolerance", 0.0)

    def test_one_month_needs_the_contract(self) -> None:
        may = bill_of(MAY, by=(), monthly=True, factor=Decimal("0.88"))
        assert held(MAY, may).discount is None
        statement = Statement("invoice", ("i.csv",), may)
        found = reconcile(
            MAY, [statement], CARD, last_day=date(2026, 5, 31), agreed_discount_share=0.12
        )
        assert share(found) == pytest.approx(0.12, abs=1e-12)

    def test_months_that_differ_are_no_discount(self) -> None:
        bill = self.totals("0.88")
        bill["billed_usd"] = [
            usd * (1 + Decimal(i) / 100) for i, usd in enumerate(bill["billed_usd"])
        ]
        found = held(USAGE, bill)
        assert found.discount is None
        assert found.status == "refused"
