"""One commitment settled on the paths of a stored recommendation: what the slider shows."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from forecast.errors import InputError
from forecast.records.base import NonNegativeUsd, Record, Share, Usd

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from forecast.records.recommendation import Recommendation


class AssessedCommitment(Record):
    """What follows from signing one commitment under the recommendation's own terms."""

    commitment_usd: NonNegativeUsd
    discount_share: Share
    percentile: Share
    """P(contracted term consumption at the tier in force ≤ commitment)."""
    expected_cost_usd: Usd
    extra_expected_cost_usd: Usd
    """Against the recommended commitment."""
    budget_p80_usd: Usd
    waste_expected_usd: Usd
    worst_case_unused_usd: Usd
    """P95 of what is committed and not used."""
    shortfall_probability: Share
    overage_probability: Share


def assessed(
    result: Recommendation, optimised_usd: NDArray[np.float64], commitment_usd: Decimal
) -> AssessedCommitment:
    """Settle a commitment on the scenarios that a recommendation was made on.

    Parameters
    ----------
    optimised_usd
        [M, T] list cost of every scenario by month, all workloads together.
    commitment_usd
        Term total, from 0 to the end of the commitment curve.

    Raises
    ------
    InputError
        An amount beyond the curve.
    """
    from forecast.sizing.assessment import assess
    from forecast.sizing.path_checks import by_settlement_period

    end = result.curve[-1].commitment_usd
    if not 0 <= commitment_usd <= end:
        raise InputError(f"has to be from 0 to {end:,} USD", column="commitment_usd")
    paths = by_settlement_period(result.terms, optimised_usd)
    found = assess(result.terms, commitment_usd, paths)
    cost, waste = found.cost_risk, found.waste_risk
    return AssessedCommitment(
        commitment_usd=found.commitment_usd,
        discount_share=found.discount_share,
        percentile=found.percentile,
        expected_cost_usd=cost.expected_usd,
        extra_expected_cost_usd=cost.expected_usd - result.commitment.cost.expected_usd,
        budget_p80_usd=cost.p80_usd,
        waste_expected_usd=waste.expected_usd,
        worst_case_unused_usd=waste.p95_usd,
        shortfall_probability=found.shortfall_probability,
        overage_probability=found.overage_probability,
    )
