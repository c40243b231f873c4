"""The forecast of a series as a readable page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group

from api.terminal.layout import page, plain, quantity, table

if TYPE_CHECKING:
    from forecast.records.series_forecast import SeriesForecast, ValueDistribution

_LEVELS = (0.1, 0.5, 0.9)
_COLUMNS = ["mean", *(f"P{100 * level:.0f}" for level in _LEVELS)]


def series_forecast(found: SeriesForecast) -> Group:
    """Show the periods, the total so far beside each, and how such totals did before."""
    columns = [found.period, *_COLUMNS, "total", *(f"total {name}" for name in _COLUMNS[1:])]
    rows = [
        (
            f"{p.start:%Y-%m}" if found.period == "month" else f"{p.start}",
            *_figures(p.by_itself),
            *_figures(p.running_total),
        )
        for p in found.periods
    ]
    rows.append((f"all {len(rows)}", *_figures(found.total), *[""] * len(_COLUMNS)))
    return page(
        [
            table(f"{found.name}, by {found.period}, and the total so far", columns, rows),
            _past(found),
        ]
    )


def _figures(of: ValueDistribution) -> tuple[str, ...]:
    at = {q.quantile_level: q.value for q in of.quantiles}
    return (quantity(of.mean), *(quantity(at[level]) for level in _LEVELS))


def _past(found: SeriesForecast) -> Group:
    n = len(found.history)
    lines = [f"History: {n} {found.period}s from {found.history[0].start}."]
    if found.frequency == "day":
        lines.append("Days are fitted and forecast as weeks that end on the last day.")
    if found.n_left_out_days:
        lines.append(f"The first {found.n_left_out_days} days make no whole week and are left out.")
    if not found.past:
        lines.append("No past origin is old enough to test the bands on; they rest on priors.")
    lines += [
        f"At {p.n_origins} past origins ({p.n_independent} without overlap) the 80 % band held "
        f"{p.n_inside_80} of the totals of {p.n_periods} {found.period}s."
        for p in found.past
    ]
    return Group(*(plain(line) for line in lines))
