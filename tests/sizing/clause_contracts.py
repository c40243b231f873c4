"""Contracts with every clause beyond the core, and consumption by month, family and platform."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
from hypothesis import strategies as st
from sizing_contracts import START, shares

from forecast.records.terms import (
    Credit,
    FamilyDiscount,
    Fee,
    ListChange,
    Platform,
    PriceProtection,
    Terms,
    Tier,
    TrueDown,
)
from forecast.sizing.consumption import Consumption, Group

GROUPS = (Group("anthropic", "opus"), Group("anthropic", "haiku"), Group("marketplace", "opus"))
TERMS = (
    ("annual", 12),
    ("quarterly", 12),
    ("annual", 24),
    ("quarterly", 18),
    ("monthly", 5),
    ("term", 14),
)
dollars = st.integers(0, 60_000)
usage_usd = st.integers(0, 4_000_000).map(lambda c: Decimal(c).scaleb(-2))


@st.composite
def families(draw: st.DrawFn) -> tuple[FamilyDiscount, ...]:
    named = draw(st.sets(st.sampled_from(["opus", "haiku"])))
    return tuple(FamilyDiscount(family=f, discount_share=draw(shares)) for f in sorted(named))


@st.composite
def clauses_of_money(draw: st.DrawFn, months: int, period: int) -> dict[str, Any]:
    kind = draw(st.sampled_from(["build_up", "burn_down"]))
    found: dict[str, Any] = {
        "kind": kind,
        "time_discount_rate": draw(st.sampled_from([0.0, 0.0, 0.08])),
        "payment_days": draw(st.sampled_from([0, 30])),
        "tax_share": draw(st.sampled_from([0.0, 0.19])),
    }
    if kind == "burn_down":
        found["payment_months"] = draw(st.sampled_from([None, 1, period if period <= 12 else 1]))
    found["fees"] = tuple(
        Fee(
            name=f"fee {i}",
            usd_per_month=draw(dollars) // 20,
            usage_share=draw(st.sampled_from([0.0, 0.03])),
            counts=draw(st.booleans()),
            without_commitment=draw(st.booleans()),
        )
        for i in range(draw(st.integers(0, 2)))
    )
    found["credits"] = tuple(
        Credit(
            usd=draw(dollars),
            expires_after_months=draw(st.integers(1, months)),
            counts=draw(st.booleans()),
        )
        for _ in range(draw(st.integers(0, 2)))
    )
    return found


@st.composite
def clauses_of_price(draw: st.DrawFn, months: int) -> dict[str, Any]:
    protection = draw(
        st.sampled_from(
            [
                PriceProtection(list_prices="follow"),
                PriceProtection(list_prices="follow", cap_on_rises_share=0.05),
                PriceProtection(),
                PriceProtection(cuts_pass_through=True),
            ]
        )
    )
    changes = tuple(
        ListChange(
            month=draw(st.integers(1, months)),
            change_share=draw(st.sampled_from([-0.4, -0.1, 0.1, 0.5])),
            probability=draw(st.sampled_from([0.0, 0.5, 1.0])),
        )
        for _ in range(draw(st.integers(0, 2)))
    )
    return {"price_protection": protection, "expected_list_changes": changes}


@st.composite
def clause_contracts(draw: st.DrawFn) -> Terms:
    """Any terms that agree with themselves."""
    settlement, months = draw(st.sampled_from(TERMS))
    period = {"annual": 12, "quarterly": 3, "monthly": 1, "term": months}[settlement]
    n_periods = months // period
    floors = sorted(draw(st.sets(st.integers(1, 200_000), max_size=3)))
    tiers = tuple(
        Tier(from_commitment_usd=f, discount_share=draw(shares), families=draw(families()))
        for f in [0, *floors]
    )
    overage = draw(st.sampled_from(["list", "committed_rate", "discounted"]))
    basis = draw(st.sampled_from(["contracted", "list"]))
    tier_by = draw(st.sampled_from(["commitment", "commitment", "consumption"]))
    minimum = draw(st.sampled_from([0.0, 0.5])) / period if basis == "contracted" else 0.0
    is_ramp = n_periods > 1 and draw(st.booleans())
    years = -(-months // 12)
    ends = sorted(draw(st.sets(st.integers(1, max(1, n_periods - 1)), max_size=2)))
    return Terms(
        term_start=START,
        term_months=months,
        settlement=settlement,
        drawdown_basis=basis,
        shortfall_price=draw(st.sampled_from(["face", "discounted"])),
        overage=overage,
        overage_discount_share=draw(shares) if overage == "discounted" else 0.0,
        on_exhaustion=draw(st.sampled_from(["overage", "early_renewal"]))
        if overage == "list"
        else "overage",
        rollover_share=0.0 if minimum else draw(st.sampled_from([0.0, 0.5, 1.0])),
        rollover_periods=draw(st.integers(1, 2)),
        unused_value_share=draw(st.sampled_from([0.0, 0.3])),
        outside_discount_share=draw(st.sampled_from([0.0, 0.15])),
        usage_is_portable=draw(st.booleans()),
        ramp_weights=draw(st.tuples(*[st.integers(1, 4)] * years)) if is_ramp else (),
        monthly_minimum_share=minimum,
        true_downs=tuple(
            TrueDown(after_months=p * period, reduction_share=draw(shares)) for p in ends
        )
        if n_periods > 1
        else (),
        tier_basis="annual"
        if tier_by == "consumption"
        else draw(st.sampled_from(["annual", "term"])),
        tier_by=tier_by,
        tier_reach=draw(st.sampled_from(["all", "above"])) if tier_by == "consumption" else "all",
        platforms=draw(
            st.sampled_from(
                [
                    (),
                    (Platform(name="marketplace", counts_share=0.25),),
                    (Platform(name="marketplace", counts_share=0.0, discount_share=0.05),),
                ]
            )
        ),
        tiers=tiers,
        **draw(clauses_of_money(months, period)),
        **draw(clauses_of_price(months)),
    )


@st.composite
def usage_of(draw: st.DrawFn, months: int, n_paths: int = 2) -> list[list[dict[Group, Decimal]]]:
    """List cost of every path, month and group, in whole cents."""
    return [
        [{group: draw(usage_usd) for group in GROUPS} for _ in range(months)]
        for _ in range(n_paths)
    ]


def consumption(paths: list[list[dict[Group, Decimal]]]) -> Consumption:
    return Consumption(
        {
            group: np.array([[float(month[group]) for month in path] for path in paths])
            for group in GROUPS
        }
    )
