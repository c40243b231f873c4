"""Levers that have shipped: what the last week of usage shows of them counts, not what was stated.

A share is stated before anybody has tried. Once the work has moved, the tokens say how much of it
did, and the mix that is carried forward holds it: the lever is promised nothing beyond. What has
shipped by the inventory and shows nowhere in the usage (exports do not always tell the tier) keeps
its stated share. Caching needs nothing of this: its hits are those that the usage shows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta

import pandas as pd

from forecast.mix import UNITS_PER_TOKEN, TokenMix, observed_mix
from forecast.records.rates import ModelFacts
from forecast.records.usage import ServiceTier
from forecast.records.workloads import Workload
from forecast.units import month_of, months_between

Facts = Callable[[str], ModelFacts]


def moved_shares(
    workload: Workload, mix: TokenMix, facts: Facts
) -> Iterator[tuple[str, float, float]]:
    """Give (lever, stated, measured) share of demand in batch and on the lighter model."""
    by_key = {
        key: float(tokens.mean(axis=0) @ UNITS_PER_TOKEN) / facts(key.model).tokens_per_text
        for key, tokens, _ in mix.parts()
    }
    total = sum(by_key.values())
    if not total:
        return
    if workload.batch is not None:
        batch = sum(s for k, s in by_key.items() if k.service_tier == ServiceTier.BATCH.value)
        yield "batch", workload.batch.share, batch / total
    if workload.routing is not None:
        routed = sum(s for k, s in by_key.items() if k.model == workload.routing.to_model)
        stated = workload.routing.share * workload.routing.pass_share
        yield "routing", stated, min(1.0, routed / total)


def shipped_levers(
    workload: Workload | None, last_week: pd.DataFrame, facts: Facts
) -> dict[str, str]:
    """Give the levers that have shipped and show in the usage, each with the sentence that says so.

    Parameters
    ----------
    last_week
        `tables.DAILY_USAGE` of the last days with demand.
    """
    if workload is None or not workload.owner_state.has_shipped:
        return {}
    mix = observed_mix(last_week, facts)
    if mix is None:
        return {}
    return {
        lever: f"{lever} has shipped: {measured:.0%} of its demand went that way in the last week "
        f"({stated:.0%} is stated), and that is carried forward".replace("%", " %")
        for lever, stated, measured in moved_shares(workload, mix, facts)
        if measured > 0
    }


def months_late(workload: Workload | None, as_of: date) -> int:
    """Count the months since the one in which levers that have not shipped were to start.

    >>> waited = Workload(name="w", owner_state="accepted", adoption_month=date(2027, 2, 1))
    >>> [months_late(waited, date.fromisoformat(d)) for d in ("2027-01-31", "2027-04-30")]
    [0, 3]
    """
    if workload is None or workload.adoption_month is None or workload.owner_state.has_shipped:
        return 0
    next_month = month_of(as_of + timedelta(days=1))
    return max(0, months_between(workload.adoption_month, next_month))
