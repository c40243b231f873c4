"""A forecast as a readable page."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from rich.console import Group

from api.terminal.backtest import had_you_used_this
from api.terminal.layout import page, plain, table, usd
from api.terminal.shortened import smaller, told, whole_list
from forecast.short_form import short_form

if TYPE_CHECKING:
    from forecast.records.recommendation import Distribution, MonthlyDistribution
    from forecast.records.usage_forecast import UsageForecast

_LEVELS = (0.1, 0.25, 0.5, 0.75, 0.9)
_COLUMNS = ["mean", *(f"P{100 * level:.0f}" for level in _LEVELS)]


def usage_forecast(found: UsageForecast) -> Group:
    """Show the months, the total, the workloads and what the method's past says about it."""
    months = [(f"{m.month:%Y-%m}", *_figures(m)) for m in found.monthly]
    months.append((f"all {len(found.monthly)}", *_figures(found.total)))
    return page(
        [
            table("List cost to come, as it is done today", ["month", *_COLUMNS], months),
            _workloads(found),
            _past(found),
            told(
                "What was changed or added",
                [(a.workload, f"{a.what}, {a.effect}") for a in found.outlook.adjustments],
                {w.workload: w.total.mean_usd for w in found.workloads},
                where="--json, outlook.adjustments",
            ),
        ]
    )


def _workloads(found: UsageForecast) -> Group:
    """Show the workloads; of what is summed there is a mean only, for quantiles do not add up."""
    used = short_form((w for w in found.workloads if w.total.mean_usd), lambda w: w.total.mean_usd)
    rows = [(w.workload, *_figures(w.total), _spread(w.total)) for w in used.shown]
    if used.rest:
        mean = usd(used.rest_usd(lambda w: w.total.mean_usd))
        rows.append((smaller(used), mean, *("" for _ in _LEVELS), ""))
    shown = table(
        f"By workload, over {len(found.monthly)} months",
        ["workload", *_COLUMNS, "P90/P10"],
        rows,
    )
    return Group(shown, plain(whole_list(used, "--json"))) if used.rest else shown


def _figures(of: Distribution | MonthlyDistribution) -> tuple[str, ...]:
    at = {q.quantile_level: q.usd for q in of.quantiles}
    return (usd(of.mean_usd), *(usd(at[level]) for level in _LEVELS))


def _spread(of: Distribution) -> str:
    at = {q.quantile_level: q.usd for q in of.quantiles}
    return f"{at[0.9] / at[0.1]:.2f}" if at[0.1] > Decimal(0) else "–"


def _past(found: UsageForecast) -> Group:
    lines = [f"History: {found.outlook.n_weeks} complete weeks up to {found.as_of}."]
    if found.already_observed_usd:
        lines.append(
            f"The first month holds {usd(found.already_observed_usd)} of days already behind us."
        )
    return Group(*(plain(line) for line in lines), had_you_used_this(found.backtest))
