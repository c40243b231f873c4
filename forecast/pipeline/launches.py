"""A planned launch beside running traffic becomes a line of its own.

The traffic to come is described by the launch (its model, its tokens a request), the traffic of
today by its history. Priced as one workload, the launch would take the mix of the history.
"""

from __future__ import annotations

from datetime import date

import pandas as pd

from forecast.mix import demand_units
from forecast.records.rates import RateCard
from forecast.records.workloads import Portfolio, Workload

SUFFIX = " (launch)"


def separate_launches(
    portfolio: Portfolio, daily: pd.DataFrame, card: RateCard, as_of: date
) -> Portfolio:
    """Give every launch that lies ahead of a workload with usage a workload of its own.

    It keeps the answers, levers and owner of the workload. A launch that has begun is left where
    it is: history holds part of it.
    """
    used = daily["workload"][demand_units(daily, card.facts) > 0]
    running = set(used)
    out: list[Workload] = []
    for workload in portfolio.workloads:
        ahead = workload.launch is not None and workload.launch.month > as_of
        if not ahead or workload.name not in running:
            out.append(workload)
            continue
        out.append(workload.model_copy(update={"launch": None}))
        out.append(workload.model_copy(update={"name": workload.name + SUFFIX, "match": ()}))
    return portfolio.model_copy(update={"workloads": tuple(out)})
