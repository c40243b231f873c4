"""The inventory after a meeting: switches of the negotiation workbook put into its workloads."""

from __future__ import annotations

from datetime import date

from excel_templates.typed_cells import Faults
from excel_templates.typed_inputs import SwitchedLine, TypedInputs
from forecast.errors import InputError
from forecast.records.cleaning import CleaningDecision
from forecast.records.recommendation import Recommendation
from forecast.records.workloads import OwnerState, Portfolio, Workload
from forecast.units import add_months

NOTE = "switched in the negotiation workbook"


def switched_portfolio(
    portfolio: Portfolio,
    typed: TypedInputs,
    recommendation: Recommendation,
    *,
    file: str,
    decided_by: str | None = None,
    decided_on: date | None = None,
) -> Portfolio:
    """Put what was switched into the inventory.

    Levers switched off are proposed again: they count once their owner says yes anew. Levers that
    come n months later act n months after the month they had. A cleaning entry becomes a decision
    of whoever made it.

    Raises
    ------
    InputError
        An entry was switched and nobody stands behind it, or a workload is not in the inventory
        or has no month to be later than; by cell.
    """
    if typed.entries and (decided_by is None or decided_on is None):
        ids = ", ".join(name for name, _ in typed.entries)
        raise InputError(
            f"switches the cleaning entries {ids}: say who decided, and when (--decided-by, "
            "--decided-on)",
            file=file,
        )
    faults = Faults(file)
    changed = {
        name: found
        for line in typed.lines
        for name in line.workloads
        if (found := _changed(portfolio.by_name(name), name, line, recommendation, faults))
    }
    faults.check()
    decisions = [
        CleaningDecision(
            id=entry, apply=on, note=NOTE, decided_by=decided_by, decided_on=decided_on
        )
        for entry, on in typed.entries
    ]
    decided = {decision.id for decision in decisions}
    kept = [decision for decision in portfolio.cleaning if decision.id not in decided]
    return Portfolio.model_validate(
        dict(portfolio)
        | {
            "workloads": tuple(changed.get(w.name, w) for w in portfolio.workloads),
            "cleaning": (*kept, *decisions),
        }
    )


def _changed(
    workload: Workload | None,
    name: str,
    line: SwitchedLine,
    recommendation: Recommendation,
    faults: Faults,
) -> Workload | None:
    if workload is None:
        faults.add(line.cell, f"is about {name[:60]!r}, which is not in the inventory")
        return None
    if not line.on:
        return workload.model_copy(update={"owner_state": OwnerState.PROPOSED, "accepted_on": None})
    planned = {w.name: w.adoption_month for w in recommendation.workloads}.get(name)
    month = workload.adoption_month or planned
    if month is None:
        faults.add(
            line.cell,
            f"moves {name[:60]!r}, which has no month it acts from; set its adoption_month",
        )
        return None
    return workload.model_copy(update={"adoption_month": add_months(month, line.later_months)})
