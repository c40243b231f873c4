"""What a switch, a slip, a realisation share and a shock do to the decision set.

The formulas of the negotiation workbook are this module's twin: same inputs, same cents.

With A[i,p,w] the as-is list cost of workload w in scenario i and settlement period p, S[i,p,w] the
list saving of its accepted levers there, and for every workload a switch on_w ∈ {0, 1}, an
adoption slip of n_w months and a demand factor d_w, and for all a realisation share ρ, a growth
shock g and a price change q:

    as_is'[i,p]     = (1 + g) (1 + q) · Σ_w d_w · A[i,p,w]
    optimised'[i,p] = (1 + g) (1 + q) · Σ_w d_w · (A[i,p,w] − on_w · ρ · (1 − ℓ_w(n_w)) · S[i,p,w])

d_w is the product of the factors of the cleaning entries of w that are switched the other way.

ℓ_w(n) is the mean saving share of the workload's first n active months: what is lost when
adoption slips by n months.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from forecast.errors import InputError
from forecast.paths import DecisionSet, period_totals

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class WhatIf:
    """The settings of one what-if; the default changes nothing.

    Attributes
    ----------
    growth_shock_share, price_change_share
        g and q, relative; above −1.
    realisation_share
        ρ: share of every list saving that comes true, 0 to 1.
    switched_off
        Workloads whose levers are not adopted.
    slip_months
        n_w by workload; a workload that is not named does not slip.
    demand_factors
        d_w by workload, at least 0; a workload that is not named keeps its demand.
    """

    growth_shock_share: float = 0.0
    price_change_share: float = 0.0
    realisation_share: float = 1.0
    switched_off: frozenset[str] = frozenset()
    slip_months: Mapping[str, int] = field(default_factory=dict)
    demand_factors: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("growth_shock_share", "price_change_share"):
            if getattr(self, name) <= -1:
                raise InputError("must be above -1 (a fall of 100 %)", column=name)
        if not 0 <= self.realisation_share <= 1:
            raise InputError("must be between 0 and 1", column="realisation_share")
        if any(n < 0 for n in self.slip_months.values()):
            raise InputError("must not be negative", column="slip_months")
        if any(not 0 <= d < float("inf") for d in self.demand_factors.values()):
            raise InputError("must be a number of at least 0", column="demand_factors")


def by_period(monthly: Floats, period_months: int) -> Floats:
    """Sum the month axis of [M, T, W] to settlement periods: [M, P, W]."""
    m, t, w = monthly.shape
    return np.asarray(monthly.reshape(m, t // period_months, period_months, w).sum(axis=2))


def slip_losses(decisions: DecisionSet, workload: str) -> Floats:
    """Mean share of a workload's list saving in its first n active months, ℓ_w(n), n = 0 … T."""
    w = decisions.workloads.index(workload)
    saving = (decisions.as_is_usd[:, :, w] - decisions.optimised_usd[:, :, w]).mean(axis=0)
    lost = saving[saving > 0].cumsum()
    losses = np.zeros(len(saving) + 1)
    if len(lost) and saving.sum() > 0:
        losses[1:] = 1.0
        losses[1 : len(lost) + 1] = lost / lost[-1]
    return losses


def slip_loss(decisions: DecisionSet, workload: str, n: int) -> float:
    """Give ℓ_w(n) for one number of months, however large."""
    return float(slip_losses(decisions, workload)[min(n, len(decisions.months))])


def apply(decisions: DecisionSet, settings: WhatIf, *, period_months: int) -> tuple[Floats, Floats]:
    """Give (as_is', optimised') as [M, P] list cost by settlement period."""
    named = settings.switched_off | set(settings.slip_months) | set(settings.demand_factors)
    unknown = named - set(decisions.workloads)
    if unknown:
        raise InputError(f"no such workload: {', '.join(sorted(unknown))}")
    kept = dict.fromkeys(decisions.workloads, settings.realisation_share)
    for name, n in settings.slip_months.items():
        kept[name] *= 1 - slip_loss(decisions, name, n)
    kept |= dict.fromkeys(settings.switched_off, 0.0)
    demand = np.array([settings.demand_factors.get(name, 1.0) for name in decisions.workloads])
    factor = (1 + settings.growth_shock_share) * (1 + settings.price_change_share)
    saved = demand * np.array(list(kept.values()))
    as_is = _weighted(decisions.as_is_usd, decisions.as_is_total_usd, demand)
    before = _weighted(decisions.as_is_usd, decisions.as_is_total_usd, saved)
    after = _weighted(decisions.optimised_usd, decisions.optimised_total_usd, saved)
    return (
        factor * period_totals(as_is, period_months),
        factor * period_totals(as_is - (before - after), period_months),
    )


def _weighted(usd: Floats, total_usd: Floats, weights: Floats) -> Floats:
    """Weighted sum over workloads of [M, T, W]: of the total [M, T], where all weigh the same."""
    alike = len(weights) > 0 and bool((weights == weights[0]).all())
    return weights[0] * total_usd if alike else usd @ weights
