"""Contracts to settle, and an elementary second settlement to compare with."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np
from hypothesis import strategies as st

from forecast.paths import Floats
from forecast.records.terms import Terms, Tier

START = date(2027, 1, 1)


def contract(tiers: Sequence[tuple[Any, float]], **clauses: Any) -> Terms:
    """Write terms with tiers (threshold, discount); a year unless told otherwise."""
    clauses.setdefault("term_months", 12)
    return Terms(
        term_start=START,
        tiers=tuple(
            Tier(from_commitment_usd=Decimal(str(usd)), discount_share=d) for usd, d in tiers
        ),
        **clauses,
    )


def brute_weights(terms: Terms) -> Floats:
    """Share of the commitment in every settlement period, shape [P]."""
    ramp = terms.ramp_weights or (1.0,)
    of_period = [ramp[(p * terms.period_months // 12) % len(ramp)] for p in range(terms.n_periods)]
    return np.array(of_period) / sum(of_period)


def brute_discounts(terms: Terms, commitments: Floats, period: int) -> Floats:
    """Discount in force in a period of many commitments, shape [G]."""
    floors = np.array([float(terms.threshold_usd(t)) for t in terms.tiers])
    discounts = np.array([t.discount_share for t in terms.tiers])
    if len(set(terms.ramp_weights)) > 1 and terms.tier_basis == "annual":
        years = np.arange(terms.n_periods) * terms.period_months // 12
        of_year = years == years[period]
        floors = floors * of_year.mean()
        commitments = np.round(commitments * brute_weights(terms)[of_year].sum(), 2)
    return discounts[np.searchsorted(floors, commitments, side="right") - 1]


def brute_costs(terms: Terms, commitments: Floats, list_usd: Floats) -> Floats:
    """Mean cost of many commitments, straight from the words of the contract, shape [G].

    cost_p = C_p + (1 − o)·max(0, D_p − (C_p + R_p)/(1 − d)) on a contracted basis.
    """
    cost = np.zeros((len(commitments), len(list_usd)))
    balances: list[Floats] = []
    for p in range(terms.n_periods):
        d = brute_discounts(terms, commitments, p)[:, None]
        o = {
            "list": np.zeros_like(d),
            "committed_rate": d,
            "discounted": np.minimum(terms.overage_discount_share, d),
        }[terms.overage]
        if terms.usage_is_portable:
            o = np.maximum(o, terms.outside_discount_share)
        part = commitments[:, None] * brute_weights(terms)[p]
        consumed = list_usd[:, p][None, :]
        rolled = sum(balances, np.zeros_like(cost))
        if terms.drawdown_basis == "contracted":
            face = 1.0
            drawn = np.minimum(rolled, consumed * (1 - d))
            unused = part - np.maximum(0, np.minimum(part, consumed * (1 - d) - rolled))
            cost += part + (1 - o) * np.maximum(0, consumed - (part + rolled) / (1 - d))
        else:
            face = 1.0 if terms.shortfall_price == "face" else 1 - d
            drawn = np.minimum(rolled, consumed)
            unused = np.maximum(0, part - np.maximum(0, consumed - rolled))
            cost += (1 - d) * np.minimum(part + rolled, consumed) + face * (unused - drawn)
            cost += (1 - o) * np.maximum(0, consumed - part - rolled)
        left = []
        for balance in balances:
            taken = np.minimum(balance, drawn)
            drawn = drawn - taken
            left.append(balance - taken)
        at_the_end = unused + sum(left, np.zeros_like(cost))
        balances = [*left, terms.rollover_share * unused][-terms.rollover_periods :]
    cost -= terms.unused_value_share * face * at_the_end
    no_deal = 1 - max(terms.tiers[0].discount_share, terms.outside_discount_share)
    cost[commitments == 0] = no_deal * list_usd.sum(axis=1)
    return cost.mean(axis=1)


def random_contract(
    rng: np.random.Generator, *, rolls_over: bool = False, ramps: bool = False
) -> Terms:
    """Draw a contract of up to six tiers around a consumption of about a million."""
    n_tiers = int(rng.integers(1, 7))
    floors = np.sort(rng.choice(np.arange(1, 40), n_tiers - 1, replace=False)) * 50_000
    discounts = np.sort(np.round(rng.uniform(0, 0.45, n_tiers), 3))
    if rng.random() < 0.2:
        rng.shuffle(discounts)
    if rng.random() < 0.7:
        discounts[0] = 0.0
    settlement, months = [("annual", 12), ("quarterly", 12), ("annual", 24), ("quarterly", 6)][
        int(rng.choice(4, p=[0.1, 0.4, 0.2, 0.3] if rolls_over else [0.6, 0.15, 0.15, 0.1]))
    ]
    if ramps:
        settlement, months = [("annual", 24), ("quarterly", 24), ("annual", 36)][rng.integers(3)]
    overage = str(rng.choice(["list", "committed_rate", "discounted"], p=[0.6, 0.2, 0.2]))
    return contract(
        list(zip([0, *floors.tolist()], discounts.tolist(), strict=True)),
        settlement=settlement,
        term_months=months,
        overage=overage,
        overage_discount_share=round(float(rng.uniform(0, 0.3)), 3)
        if overage == "discounted"
        else 0.0,
        drawdown_basis=str(rng.choice(["contracted", "list"], p=[0.7, 0.3])),
        shortfall_price=str(rng.choice(["face", "discounted"])),
        unused_value_share=float(rng.choice([0.0, 0.3, 0.8], p=[0.6, 0.3, 0.1])),
        outside_discount_share=float(rng.choice([0.0, 0.1, 0.3], p=[0.6, 0.3, 0.1])),
        usage_is_portable=bool(rng.random() < 0.7),
        tier_basis=str(rng.choice(["annual", "term"])),
        rollover_share=float(rng.choice([0.25, 0.5, 1.0])) if rolls_over else 0.0,
        rollover_periods=int(rng.integers(1, 4)) if rolls_over else 1,
        ramp_weights=tuple(float(w) for w in rng.integers(1, 5, months // 12)) if ramps else (),
    )


def random_paths(rng: np.random.Generator, terms: Terms, n: int) -> Floats:
    """Draw consumption of about a million a year, with a level of its own on every path."""
    level = rng.normal(np.log(1e6 * terms.term_months / 12 / terms.n_periods), 0.4, (n, 1))
    return np.exp(level + rng.normal(0, 0.3, (n, terms.n_periods))).round(6)


cents = st.integers(0, 30_000_000).map(lambda c: Decimal(c).scaleb(-2))
shares = st.integers(0, 95).map(lambda s: s / 100)


@st.composite
def contracts(draw: st.DrawFn) -> Terms:
    """Any core terms: every clause, with tiers in whole dollars."""
    settlement, months = draw(
        st.sampled_from(
            [("annual", 12), ("quarterly", 12), ("monthly", 6), ("annual", 36), ("term", 18)]
        )
    )
    overage = draw(st.sampled_from(["list", "committed_rate", "discounted"]))
    floors = sorted(draw(st.sets(st.integers(1, 200_000), max_size=4)))
    return contract(
        [(floor, draw(shares)) for floor in [0, *floors]],
        term_months=months,
        settlement=settlement,
        kind=draw(st.sampled_from(["build_up", "burn_down"])),
        drawdown_basis=draw(st.sampled_from(["contracted", "list"])),
        shortfall_price=draw(st.sampled_from(["face", "discounted"])),
        overage=overage,
        overage_discount_share=draw(shares) if overage == "discounted" else 0.0,
        rollover_share=draw(st.sampled_from([0.0, 0.25, 0.5, 1.0])),
        rollover_periods=draw(st.integers(1, 4)),
        unused_value_share=draw(shares),
        outside_discount_share=draw(shares),
        usage_is_portable=draw(st.booleans()),
        tier_basis=draw(st.sampled_from(["annual", "term"])),
    )


def amounts(n: int) -> st.SearchStrategy[list[Decimal]]:
    """One amount in whole cents for each of `n` periods; often the same in all."""
    each = st.lists(cents, min_size=n, max_size=n)
    return each | cents.map(lambda c: [c] * n)
