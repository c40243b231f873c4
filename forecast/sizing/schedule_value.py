"""What a commitment of its own for every settlement period would be worth."""

from __future__ import annotations

import numpy as np

from forecast.records.negotiation import ScheduleValue
from forecast.records.terms import Terms
from forecast.sizing.assessment import assess
from forecast.sizing.consumption import Consumed
from forecast.sizing.schedules import best_schedule, has_schedules
from forecast.sizing.settlement import settle
from forecast.units import to_cents

MAX_PERIODS = 8
"""Planes in more dimensions take seconds (12 months of 1,000 paths: 3 s); a decision does not wait
for that, `best_schedule` does."""


def schedule_value(terms: Terms, list_usd: Consumed) -> ScheduleValue | None:
    """Compare the cheapest schedule with the split of the terms, on the same paths.

    Returns
    -------
    ScheduleValue or None
        None with one period or more than 8, or with a clause beyond the core.
    """
    if not 1 < terms.n_periods <= MAX_PERIODS or not has_schedules(terms):
        return None
    found = best_schedule(terms, list_usd)
    ours = assess(terms, found.even.commitment_usd, list_usd).cost
    free = terms.model_copy(update={"ramp_weights": ()})
    amounts = np.array([float(amount) for amount in found.schedule_usd])
    saved = ours - settle(free, amounts, found.paths).cost
    error = float(saved.std(ddof=1)) / len(saved) ** 0.5 if len(saved) > 1 else 0.0
    return ScheduleValue(
        amounts_usd=found.schedule_usd,
        expected_cost_usd=to_cents(found.expected_cost_usd),
        value_usd=to_cents(found.value_usd),
        standard_error_usd=to_cents(error),
    )
