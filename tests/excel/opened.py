"""A workbook opened by its defined names: read what it says, type into its inputs."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
from openpyxl.workbook import Workbook

from excel_templates.formulas.calculate import Calculator
from excel_templates.formulas.syntax import reference
from excel_templates.names import NAMES
from forecast.paths import DecisionSet, Floats
from forecast.records.terms import Terms, Tier
from forecast.sizing.assessment import Assessment, assess
from forecast.sizing.search import Optimum, best_commitment
from forecast.whatif import WhatIf, apply

N_CHARTS = sum(name.startswith("chart_") for name in NAMES)


def formulas(content: bytes) -> Workbook:
    """The workbook with its formulas."""
    return openpyxl.load_workbook(io.BytesIO(content))


def values(path: Path | bytes) -> Workbook:
    """The workbook with the values that stand beside the formulas."""
    source = io.BytesIO(path) if isinstance(path, bytes) else path
    return openpyxl.load_workbook(source, data_only=True)


def cells(workbook: Workbook, name: str) -> list[list[Any]]:
    """The cells of a defined name."""
    at = reference(workbook.defined_names[name].attr_text or "")
    assert at.sheet is not None
    rows = workbook[at.sheet].iter_rows(at.min_row, at.max_row, at.min_col, at.max_col)
    return [list(row) for row in rows]


def read(workbook: Workbook, name: str) -> Any:
    """The value of a single cell."""
    return cells(workbook, name)[0][0].value


def type_in(workbook: Workbook, changes: dict[Any, Any]) -> dict[Any, Any]:
    """Type into inputs: `in_…` names, or (name, row from 1) for one row of a list or table.

    Returns what stood there; typed in again, it takes the change back.
    """
    before = {}
    for key, value in changes.items():
        name, row = key if isinstance(key, tuple) else (key, 1)
        cell = cells(workbook, name)[row - 1][0]
        before[key] = cell.value
        cell.value = value
    return before


@contextmanager
def typed_in(workbook: Workbook, changes: dict[Any, Any]) -> Iterator[Worked]:
    """The workbook worked out with the changes, which are then taken back."""
    before = type_in(workbook, changes)
    try:
        yield Worked(workbook)
    finally:
        type_in(workbook, before)


def line(workbook: Workbook, workload: str) -> int:
    """The row, from 1, of a workload among the levers on Inputs."""
    names = [row[0].value for row in cells(workbook, "in_line_name")]
    return names.index(workload) + 1


def saved(workbook: Workbook, path: Path) -> Path:
    workbook.save(path)
    return path


class Worked:
    """The workbook worked out by the package's own calculator, from its cells alone."""

    def __init__(self, workbook: Workbook) -> None:
        self.calculator = Calculator(workbook)

    def __getitem__(self, name: str) -> Any:
        return self.calculator.name(name)


def changed_terms(
    terms: Terms, tiers: list[tuple[float, float]] | None = None, **clauses: Any
) -> Terms:
    """The contract as typed."""
    update: dict[str, Any] = dict(clauses)
    if tiers is not None:
        update["tiers"] = tuple(
            Tier(from_commitment_usd=Decimal(str(usd)), discount_share=d) for usd, d in tiers
        )
    return Terms.model_validate(terms.model_dump() | update)


def offered(
    terms: Terms, commitment_usd: Decimal, discount_share: float, list_usd: Floats
) -> Assessment:
    """The service's own code on an offer: its discount from the first cent, else our clauses."""
    own = Tier(from_commitment_usd=Decimal("0.01"), discount_share=discount_share)
    return assess(
        terms.model_copy(update={"tiers": (terms.tiers[0], own)}), commitment_usd, list_usd
    )


class Twin:
    """What the service's own code says for the same inputs."""

    def __init__(
        self, terms: Terms, decisions: DecisionSet, settings: WhatIf, typed_usd: Decimal
    ) -> None:
        self.terms = terms
        self.as_is_list: Floats
        self.as_is_list, self.list_usd = apply(
            decisions, settings, period_months=terms.period_months
        )
        self.best: Optimum = best_commitment(terms, self.list_usd)
        self.at_best: Assessment = assess(terms, self.best.commitment_usd, self.list_usd)
        self.typed: Assessment = assess(terms, typed_usd, self.list_usd)
        self.as_is: Optimum = best_commitment(terms, self.as_is_list)

    def expected(self) -> dict[str, float]:
        """Values by the workbook's names."""
        found: dict[str, float] = {
            "decision_as_is_commitment": float(self.as_is.commitment_usd),
            "decision_no_deal_cost": self.best.no_deal_expected_cost_usd,
        }
        for prefix, at in (("decision", self.at_best), ("typed_decision", self.typed)):
            cost, waste = at.cost_risk, at.waste_risk
            found |= {
                f"{prefix}_sign_for": float(at.commitment_usd),
                f"{prefix}_expect_to_pay": float(cost.expected_usd),
                f"{prefix}_budget_p80": float(cost.p80_usd),
                f"{prefix}_worst_case_unused": float(waste.p95_usd),
                f"{prefix}_cost_p50": float(cost.p50_usd),
                f"{prefix}_cost_p95": float(cost.p95_usd),
                f"{prefix}_cost_cvar95": float(cost.cvar95_usd),
                f"{prefix}_expected_unused": float(waste.expected_usd),
                f"{prefix}_unused_p80": float(waste.p80_usd),
                f"{prefix}_unused_cvar95": float(waste.cvar95_usd),
                f"{prefix}_percentile": at.percentile,
                f"{prefix}_shortfall_probability": at.shortfall_probability,
                f"{prefix}_overage_probability": at.overage_probability,
                f"{prefix}_tier_discount": at.discount_share,
            }
        return found
