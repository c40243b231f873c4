"""Distributions of the decision set as records."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
from numpy.typing import NDArray

from forecast.records.recommendation import (
    QUANTILE_LEVELS,
    CostOutlook,
    Distribution,
    MonthlyDistribution,
    Quantile,
)
from forecast.records.terms import Terms
from forecast.sizing.assessment import at_contract_list
from forecast.sizing.consumption import for_settlement
from forecast.sizing.search import best_commitment
from forecast.units import quantile_rank, to_cents

Floats = NDArray[np.float64]


def _quantiles(values: Floats) -> tuple[Quantile, ...]:
    ordered = np.sort(values)
    return tuple(
        Quantile(
            quantile_level=level,
            usd=to_cents(float(ordered[quantile_rank(level, len(ordered)) - 1])),
        )
        for level in QUANTILE_LEVELS
    )


def distribution(values: Floats) -> Distribution:
    """Mean and the quantiles of `QUANTILE_LEVELS` of [M] equally weighted values."""
    return Distribution(mean_usd=to_cents(float(values.mean())), quantiles=_quantiles(values))


def monthly_distributions(
    months: Sequence[date], monthly: Floats
) -> tuple[MonthlyDistribution, ...]:
    """Mean and quantiles of every month of [M, T] list cost."""
    return tuple(
        MonthlyDistribution(
            month=month,
            mean_usd=to_cents(float(monthly[:, t].mean())),
            quantiles=_quantiles(monthly[:, t]),
        )
        for t, month in enumerate(months)
    )


def cost_outlook(
    terms: Terms, months: Sequence[date], monthly: Floats, *, discount_share: float
) -> CostOutlook:
    """Describe the term's cost in one state of the levers, from its [M, T] list cost."""
    consumed = for_settlement(terms, monthly)
    return CostOutlook(
        term_list_cost=distribution(monthly.sum(axis=1)),
        term_contracted_cost=distribution(at_contract_list(terms, consumed) * (1 - discount_share)),
        monthly=monthly_distributions(months, monthly),
        commitment_usd=best_commitment(terms, consumed).commitment_usd,
    )
