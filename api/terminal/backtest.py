"""What past origins of the buyer's own history say, as a readable table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group

from api.terminal.layout import percent, plain, table

if TYPE_CHECKING:
    from forecast.records.outlook import Backtest, BacktestPolicy

_POLICIES = {
    "recommendation": "this",
    "run_rate": "last quarter",
    "last_month": "last month",
    "none": "no deal",
    "hindsight": "hindsight",
}


def had_you_used_this(found: Backtest) -> Group:
    """Show what committing by each rule would have cost, over list cost, by horizon."""
    if not found.policies:
        return Group(plain(f"Backtest: {found.note}"))
    rows = []
    for weeks in found.horizons_weeks:
        own: dict[str, BacktestPolicy] = {
            p.policy: p for p in found.policies if p.horizon_weeks == weeks
        }
        points = [p for p in found.points if p.horizon_weeks == weeks]
        held = sum(p.inside_80 for p in points) / len(points)
        rows.append(
            (
                f"{weeks}",
                f"{len(points)}",
                percent(held),
                *(percent(own[name].cost_share, 1) for name in _POLICIES),
            )
        )
    discount = percent(found.discount_share)
    return Group(
        table(
            "Had you committed by this method, or by carrying the past on: paid over list cost, "
            f"at a discount of {discount} with overage at list",
            ["weeks ahead", "origins", "80 % held", *_POLICIES.values()],
            rows,
        ),
        plain(found.note),
    )
