"""Exchange rates, schedules, risks by name, positions and staging, for the terminal."""

from __future__ import annotations

from rich.console import RenderableType

from api.terminal.layout import plain, table, usd
from forecast.records.sizing_result import Sizing


def negotiation(result: Sizing) -> list[RenderableType]:
    """Show what a sizing says to the table, beyond its tiers and clauses."""
    shown: list[RenderableType] = []
    choice = result.risk_choice
    if choice is not None:
        shown.append(
            plain(
                f"Under your risk preference: {usd(choice.commitment_usd)}, which costs "
                f"{usd(choice.extra_expected_cost_usd)} more on average; waste P95 "
                f"{usd(choice.waste_p95_usd)}, CVaR95 {usd(choice.waste_cvar95_usd)}; cost P80 "
                f"{usd(choice.budget_p80_usd)}, CVaR95 {usd(choice.cost_cvar95_usd)}."
            )
        )
    schedule = result.schedule_value
    if schedule is not None:
        amounts = ", ".join(usd(amount) for amount in schedule.amounts_usd)
        shown.append(
            plain(
                f"A commitment of its own for every period ({amounts}) is worth "
                f"{usd(schedule.value_usd)} on average against this split (standard error "
                f"{usd(schedule.standard_error_usd)})."
            )
        )
    if result.exchange:
        rows = [
            (e.clause, e.change, usd(e.value_usd), f"{e.discount_points:.2f}")
            for e in result.exchange
        ]
        shown.append(
            table(
                "In points of discount",
                ("clause", "change", "worth", "points"),
                rows,
                text_columns=2,
            )
        )
    if result.positions:
        shown.append(
            table(
                "Positions",
                ("issue", "open with", "aim at", "walk away at"),
                [(p.issue, p.opening, p.target, p.walk_away) for p in result.positions],
                text_columns=4,
            )
        )
    if result.staging:
        shown.extend(plain(each.sentence) for each in result.staging)
    return shown
