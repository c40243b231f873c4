"""The two risks of a commitment, and the four numbers that are shown together.

Waste (committed and not used) rises with the commitment; the budget risk (the total paid in bad
outcomes) falls with it. They are never mixed into one knob.
"""

from __future__ import annotations

from decimal import Decimal

from forecast.paths import Floats, quantile, tail_mean
from forecast.records.sizing_result import CostRisk, Headline, WasteRisk
from forecast.units import to_cents

TAIL_LEVEL = 0.95
"""CVaR is the mean of the outcomes above this quantile."""


def cost_risk(cost: Floats) -> CostRisk:
    """Describe everything paid over the term, from [M] costs in USD.

    >>> import numpy as np
    >>> risk = cost_risk(np.arange(1.0, 101.0))
    >>> [str(x) for x in (risk.expected_usd, risk.p80_usd, risk.cvar95_usd)]
    ['50.50', '80.00', '98.00']
    """
    return CostRisk(
        expected_usd=to_cents(float(cost.mean())),
        p50_usd=to_cents(quantile(cost, 0.5)),
        p80_usd=to_cents(quantile(cost, 0.8)),
        p95_usd=to_cents(quantile(cost, 0.95)),
        cvar95_usd=to_cents(tail_mean(cost, TAIL_LEVEL)),
    )


def waste_risk(unused: Floats) -> WasteRisk:
    """Describe what is committed and not used, from [M] amounts in USD."""
    return WasteRisk(
        expected_usd=to_cents(float(unused.mean())),
        p80_usd=to_cents(quantile(unused, 0.8)),
        p95_usd=to_cents(quantile(unused, 0.95)),
        cvar95_usd=to_cents(tail_mean(unused, TAIL_LEVEL)),
    )


def headline(commitment_usd: Decimal, cost: CostRisk, waste: WasteRisk) -> Headline:
    """Put the four numbers together: sign for, expect to pay, budget, worst-case unused."""
    return Headline(
        sign_for_usd=commitment_usd,
        expect_to_pay_usd=cost.expected_usd,
        budget_p80_usd=cost.p80_usd,
        worst_case_unused_usd=waste.p95_usd,
    )
