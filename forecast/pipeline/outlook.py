"""Usage in, a priced forecast out: what `commitment forecast` answers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd

from forecast.demand.forecast import forecast_demand
from forecast.errors import UsageFormatError
from forecast.pipeline.cleaned_usage import clean_usage
from forecast.pipeline.costing import as_is_unit_costs
from forecast.pipeline.distributions import distribution, monthly_distributions
from forecast.pipeline.launches import separate_launches
from forecast.pipeline.migrations import with_migrations
from forecast.pipeline.recommend import Progress, covered
from forecast.pipeline.workload_plans import plan_workloads, unit_cost
from forecast.pricing.rate_cards import canonicalise_models, load_rate_card
from forecast.pricing.rating import monthly_list_cost, rate_usage
from forecast.pricing.sheets import NamedSheet
from forecast.records.usage_forecast import UsageForecast, WorkloadForecast
from forecast.records.workloads import Portfolio
from forecast.tables import USAGE_ROWS, check
from forecast.units import month_of, month_range, to_cents
from forecast.usage.cleaning.ledger import day_to_decide
from forecast.usage.mapping import assign_workloads


def forecast_usage(
    usage: pd.DataFrame,
    portfolio: Portfolio | None = None,
    *,
    n_months: int = 12,
    as_of: date | None = None,
    seed: int = 0,
    n_paths: int = 4000,
    price_sheets: Sequence[Path | NamedSheet] = (),
    progress: Progress | None = None,
) -> UsageForecast:
    """Forecast list cost by month, as is.

    Parameters
    ----------
    usage
        The canonical usage table (`tables.USAGE_ROWS`).
    portfolio
        The inventory; without one every workload that the usage names is forecast by itself and
        the rest as `unassigned`.
    n_months
        Months, from the month of the day after `as_of`. What that month already holds is counted
        into it.
    as_of
        Usage after this day is not read; the default is the last complete day.
    n_paths
        Joint sample paths.
    price_sheets
        The customer's own prices.

    Raises
    ------
    InputError
        Usage or inventory that cannot be used.
    ShortHistoryError
        Fewer than 13 complete weeks.
    """
    tell = progress or (lambda _stage, _done: None)
    tell("reading usage", 0.0)
    rows = canonicalise_models(check(usage, USAGE_ROWS))
    given = portfolio or Portfolio(workloads=())
    if rows.empty:
        raise UsageFormatError("holds no usage; give the exports of the months to forecast from")
    day, last_day = day_to_decide(rows, covered(as_of, rows), given.cleaning)
    history = clean_usage(assign_workloads(rows, given).daily, given, day, last_day)
    daily = history.cleaned
    card = load_rate_card(day, price_sheets=price_sheets)
    rated = rate_usage(history.recorded, card)
    inventory = separate_launches(given, daily, card, day)
    names = tuple(sorted(set(rated["workload"]) | {w.name for w in inventory.workloads}))
    months = month_range(month_of(day + timedelta(days=1)), n_months)
    rng_demand, rng_plans = np.random.default_rng(seed).spawn(2)
    plans = plan_workloads(
        daily,
        inventory,
        card,
        names=names,
        as_of=day,
        term_start=months[0],
        n_scenarios=1,
        rng=rng_plans,
    )
    demand = forecast_demand(
        daily,
        workloads=inventory.workloads,
        facts=card.facts,
        usd_per_unit={plan.name: float(unit_cost(plan.mix, card, day)[0]) for plan in plans},
        as_of=day,
        months=months,
        n_paths=n_paths,
        rng=rng_demand,
        keep=history.kept,
        progress=lambda stage, done: tell(stage, 0.1 + 0.8 * done),
    )
    demand = with_migrations(demand, daily, card, day)
    tell("pricing", 0.9)
    unit_usd = dict(zip(names, as_is_unit_costs(plans, card, months).T, strict=True))
    total = demand.paths.list_usd(unit_usd)
    by_workload = [(name, demand.paths.of(name) @ unit_usd[name]) for name in names]
    begun = rated[rated["day"] >= pd.Timestamp(months[0])]
    tell("done", 1.0)
    return UsageForecast(
        as_of=day,
        history=monthly_list_cost(rated, day),
        monthly=monthly_distributions(months, total),
        total=distribution(total.sum(axis=1)),
        workloads=tuple(
            WorkloadForecast(workload=name, total=distribution(usd))
            for name, usd in sorted(by_workload, key=lambda pair: -pair[1].mean())
        ),
        outlook=demand.outlook,
        backtest=demand.backtest,
        seed=seed,
        n_paths=n_paths,
        already_observed_usd=to_cents(sum(begun["list_usd"], Decimal(0))),
    )
