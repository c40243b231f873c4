"""What switching an entry of the ledger would do to the demand of its workload.

The workload is forecast twice more over the term, as it stands and with the entry switched, by
the same members and pool, on the same random numbers:

    switch_factor = mean term demand switched / mean term demand as it stands.

What this leaves out of a full re-run: the rest of the portfolio in the pool's weights, the mix
carried forward, levers and adjustments. Two switched entries of one workload multiply.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final

import numpy as np
import pandas as pd

from forecast.demand.forecast import forecast_demand
from forecast.errors import NoForecasterError, ShortHistoryError
from forecast.pipeline.cleaned_usage import CleanedUsage
from forecast.records.cleaning import CleaningAction
from forecast.records.rates import RateCard
from forecast.tables import DAILY_USAGE
from forecast.usage.aggregate import sum_by_key
from forecast.usage.cleaning.ledger import Line

N_PATHS: Final = 400
"""Sample paths of a factor. Both forecasts draw the same numbers, so that few are enough."""

_CARRIER: Final = "the whole portfolio"
"""Stands beside the workloads so that days without anything are told as in the full forecast."""


def switch_factors(
    usage: CleanedUsage,
    lines: Sequence[Line],
    card: RateCard,
    months: tuple[date, ...],
    *,
    seed: int,
) -> Mapping[str, float]:
    """Give the factor of every entry that has one, by id.

    A last day that is cut has none, nor has an entry whose workload has no demand as it stands,
    or a history too short to forecast.

    Parameters
    ----------
    months
        The term.
    """
    lines = [line for line in lines if line.finding.action is not CleaningAction.CUT]
    alone = [line for line in lines if not line.finding.concerns_all]
    found = _of_workloads(usage, alone, card, months, seed) if alone else {}
    base: dict[str, float] | None = None
    for line in lines:
        if not line.finding.concerns_all:
            continue
        if base is None:
            base = _means(_named(usage.cleaned, _CARRIER), usage.as_of, card, months, seed)
        switched = _named(usage.with_switched(line), _CARRIER)
        then = _means(switched, usage.as_of, card, months, seed)
        found |= _ratios({line.finding.id: base.get(_CARRIER, 0.0)},
                         {line.finding.id: then.get(_CARRIER, 0.0)})  # fmt: skip
    return found


def _of_workloads(
    usage: CleanedUsage,
    lines: Sequence[Line],
    card: RateCard,
    months: tuple[date, ...],
    seed: int,
) -> dict[str, float]:
    carrier = _named(usage.cleaned, _CARRIER)
    now, then = [carrier], [carrier]
    for line in lines:
        name, entry = line.finding.workload, line.finding.id
        now.append(_named(_only(usage.cleaned, name), entry))
        then.append(_named(_only(usage.with_switched(line), name), entry))
    before, after = (
        _means(pd.concat(parts, ignore_index=True), usage.as_of, card, months, seed)
        for parts in (now, then)
    )
    ids = [line.finding.id for line in lines]
    return _ratios({i: before.get(i, 0.0) for i in ids}, {i: after.get(i, 0.0) for i in ids})


def _ratios(before: Mapping[str, float], after: Mapping[str, float]) -> dict[str, float]:
    return {i: round(after[i] / usual, 4) for i, usual in before.items() if usual > 0}


def _only(daily: pd.DataFrame, workload: str) -> pd.DataFrame:
    return daily[daily["workload"] == workload]


def _named(daily: pd.DataFrame, name: str) -> pd.DataFrame:
    """Give all rows to one workload."""
    return sum_by_key(daily.assign(workload=name), DAILY_USAGE)


def _means(
    daily: pd.DataFrame, as_of: date, card: RateCard, months: tuple[date, ...], seed: int
) -> dict[str, float]:
    """Mean demand over the term by workload; empty where nothing can be forecast."""
    names = sorted(set(daily["workload"]))
    try:
        demand = forecast_demand(
            daily,
            workloads=(),
            facts=card.facts,
            usd_per_unit=dict.fromkeys(names, 1.0),
            as_of=as_of,
            months=months,
            n_paths=N_PATHS,
            rng=np.random.default_rng(seed),
        )
    except (ShortHistoryError, NoForecasterError):
        return {}
    return {line.workload: line.term_mean_units for line in demand.outlook.workloads}
