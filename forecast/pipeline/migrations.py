"""Moves of a workload from one model to another that its history shows.

Demand is counted in units that prices and tokenizers do not move, so a migration is no growth; it
is told so that a reader of the bill, which does move, knows why.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Final

import numpy as np
import pandas as pd

from forecast.demand.forecast import DemandForecast
from forecast.mix import demand_units
from forecast.records.outlook import Adjustment
from forecast.records.rates import ModelFacts, RateCard

MOVED_SHARE: Final = 0.3
"""Share of a workload's demand that must change its model. Assumed: less is experiments."""

MAX_NOTE: Final = 1900

WINDOW_WEEKS: Final = 4
"""Weeks on either side that are compared: a migration is over within two months."""


def model_migrations(
    daily: pd.DataFrame, facts: Callable[[str], ModelFacts], as_of: date
) -> list[Adjustment]:
    """List the moves between models, by workload and day.

    At the end of week t the share of each model in the demand of the four weeks before is
    compared with that of the four weeks after; the largest move within eight weeks is named.
    One note a workload names all of its moves.

    Parameters
    ----------
    daily
        `tables.DAILY_USAGE` with the models of the rate card.
    facts
        Facts of a model, for the size of its tokens.

    Returns
    -------
    list of Adjustment
        `what` is "migration"; nothing is changed.
    """
    used = daily[daily["day"] <= pd.Timestamp(as_of)]
    if used.empty:
        return []
    frame = pd.DataFrame(
        {
            "workload": used["workload"].to_numpy(),
            "model": used["model"].to_numpy(),
            "week": (pd.Timestamp(as_of) - used["day"]).dt.days.to_numpy() // 7,
            "units": demand_units(used, facts),
        }
    )
    found = []
    for workload, rows in frame.groupby("workload", sort=True):
        table = rows.pivot_table(index="week", columns="model", values="units", aggfunc="sum")
        if table.shape[1] > 1:
            weeks = table.reindex(range(int(table.index.max()), -1, -1), fill_value=0).fillna(0)
            found += list(_moves(str(workload), weeks, as_of))
    return found


def with_migrations(
    demand: DemandForecast, daily: pd.DataFrame, card: RateCard, as_of: date
) -> DemandForecast:
    """Give a forecast whose outlook tells of the moves between models too."""
    moves = model_migrations(daily, card.facts, as_of)
    told = (*demand.outlook.adjustments, *moves)
    return replace(demand, outlook=demand.outlook.model_copy(update={"adjustments": told}))


def _moves(workload: str, weeks: pd.DataFrame, as_of: date) -> Iterator[Adjustment]:
    """Give one note with every move of a workload, the first one first."""
    units = weeks.to_numpy(dtype=np.float64)
    moved = np.zeros(len(units))
    change = np.zeros(units.shape)
    for t in range(WINDOW_WEEKS, len(units) - WINDOW_WEEKS + 1):
        before = units[t - WINDOW_WEEKS : t].sum(axis=0)
        after = units[t : t + WINDOW_WEEKS].sum(axis=0)
        if before.sum() > 0 and after.sum() > 0:
            change[t] = after / after.sum() - before / before.sum()
            moved[t] = np.abs(change[t]).sum() / 2
    told: list[int] = []
    for t in np.argsort(-moved, kind="stable"):
        if moved[t] < MOVED_SHARE:
            break
        if all(abs(int(t) - other) >= 2 * WINDOW_WEEKS for other in told):
            told.append(int(t))
    if not told:
        return
    models = [str(model) for model in weeks.columns]
    days = {t: as_of - timedelta(days=7 * int(weeks.index[t]) + 6) for t in told}
    steps = [
        f"{moved[t]:.0%} from {models[int(change[t].argmin())]} to "
        f"{models[int(change[t].argmax())]} around {days[t]}"
        for t in sorted(told)
    ]
    yield Adjustment(
        workload=workload,
        what="migration",
        start=min(days.values()),
        effect=f"its demand moved {'; '.join(steps)}"[:MAX_NOTE]
        + "; it is counted so that this is no growth",
        source="models on the usage rows",
    )
