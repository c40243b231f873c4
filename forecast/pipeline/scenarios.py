"""The decision under named shocks, on the same scenarios."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

import numpy as np

from forecast.paths import DecisionSet, Floats
from forecast.records.recommendation import Scenario
from forecast.records.terms import Terms
from forecast.sizing.assessment import assess
from forecast.sizing.search import best_commitment
from forecast.units import to_cents
from forecast.whatif import WhatIf, apply

TOLERANCE_SHARE = 0.005
"""A shock breaks the recommendation when keeping it costs this share more than re-sizing would."""


def _shocks(
    decisions: DecisionSet, to_come: Sequence[str], undecided: Mapping[str, float]
) -> Iterator[tuple[str, WhatIf]]:
    yield "demand 20 % lower", WhatIf(growth_shock_share=-0.2)
    yield "demand 20 % higher", WhatIf(growth_shock_share=0.2)
    yield "list prices 20 % lower", WhatIf(price_change_share=-0.2)
    yield "list prices 20 % higher", WhatIf(price_change_share=0.2)
    for months in (3, 6):
        name = f"{months} more months of the term without each migration to come"
        yield name, WhatIf(slip_months=dict.fromkeys(to_come, months))
    yield "half of the lever savings", WhatIf(realisation_share=0.5)
    yield "no lever is adopted", WhatIf(switched_off=frozenset(decisions.workloads))
    if undecided:
        name = "every cleaning entry that waits for a decision is switched on"
        yield name, WhatIf(demand_factors=undecided)


def scenarios(
    terms: Terms,
    decisions: DecisionSet,
    commitment_usd: Decimal,
    *,
    to_come: Sequence[str],
    undecided: Mapping[str, float],
) -> tuple[Scenario, ...]:
    """Re-size under each shock, and tell whether today's number would still be good.

    Parameters
    ----------
    to_come
        Workloads whose levers count and have not shipped: only they can slip.
    undecided
        Demand factors by workload, of the cleaning entries that wait for a decision.
    """
    rows: list[tuple[str, Floats]] = [
        (name, apply(decisions, settings, period_months=terms.period_months)[1])
        for name, settings in _shocks(decisions, to_come, undecided)
    ]
    if len(decisions.workloads) > 1:
        rows.append(_without_largest(terms, decisions))
    result = []
    for name, list_usd in rows:
        best = best_commitment(terms, list_usd)
        kept = assess(terms, commitment_usd, list_usd).expected_cost_usd
        result.append(
            Scenario(
                name=name,
                commitment_usd=best.commitment_usd,
                expected_cost_usd=to_cents(best.expected_cost_usd),
                breaks=kept > best.expected_cost_usd * (1 + TOLERANCE_SHARE),
            )
        )
    return tuple(result)


def _without_largest(terms: Terms, decisions: DecisionSet) -> tuple[str, Floats]:
    by_workload = decisions.optimised_usd.sum(axis=1).mean(axis=0)
    largest = int(np.argmax(by_workload))
    rest = np.delete(decisions.optimised_usd, largest, axis=2).sum(axis=2)
    m, t = rest.shape
    periods = rest.reshape(m, t // terms.period_months, terms.period_months).sum(axis=2)
    return f"{decisions.workloads[largest]} is lost", periods
