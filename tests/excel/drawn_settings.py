"""Random inputs of the workbook, as what is typed and as what the service's own code is told."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
import opened
import pytest
import workbook_example as example
from openpyxl.workbook import Workbook

from excel_templates.fill import build_workbook
from forecast.paths import DecisionSet
from forecast.records.recommendation import Recommendation
from forecast.whatif import WhatIf

CENT = 0.0051
N_SCENARIOS = 60
WORKLOADS = ("support chat", "nightly enrichment", "bulk tagging", "monthly reports")
CONTRACTS: tuple[dict[str, Any], ...] = (
    {},
    {"settlement": "quarterly"},
    {"settlement": "monthly", "unused_value_share": 0.2},
    {"drawdown_basis": "list"},
    {"drawdown_basis": "list", "shortfall_price": "discounted", "settlement": "quarterly"},
    {"term_months": 24, "outside_discount_share": 0.05},
    {"usage_is_portable": False, "outside_discount_share": 0.1},
)


@dataclass(frozen=True)
class Setting:
    """One draw: what is typed, and the same for the service."""

    typed: dict[Any, Any]
    clauses: dict[str, Any]
    whatif: WhatIf
    commitment_usd: Decimal
    offer: tuple[Decimal, float]
    """Commitment in USD and discount of the first offer."""


@dataclass(frozen=True)
class Subject:
    """A workbook that settings are typed into."""

    recommendation: Recommendation
    decisions: DecisionSet
    workbook: Workbook

    @classmethod
    def of(cls, contract: dict[str, Any]) -> Subject:
        """Build the workbook of a contract."""
        terms = example.terms(**contract)
        paths = example.paths(N_SCENARIOS, terms.term_months, WORKLOADS, annual_usd=900_000)
        recommendation, decisions = example.recommendation(terms, paths)
        content = build_workbook(recommendation, decisions)
        return cls(recommendation, decisions, opened.formulas(content))

    def twin(self, setting: Setting) -> opened.Twin:
        """Ask the service's own code the same."""
        terms = opened.changed_terms(self.recommendation.terms, **setting.clauses)
        return opened.Twin(terms, self.decisions, setting.whatif, setting.commitment_usd)


def draw(subject: Subject, rng: np.random.Generator) -> Setting:
    """Draw a setting: tiers, clauses, shocks, switches and slips."""

    def share(most: float) -> float:
        return round(float(rng.uniform(0, most)), 4)

    typed: dict[Any, Any] = {}
    n_tiers = int(rng.integers(1, 7))
    thresholds = [0, *sorted(int(x) for x in rng.choice(np.arange(1, 2000), n_tiers - 1, False))]
    tiers = [(1000 * threshold, share(0.4)) for threshold in thresholds]
    for row in range(1, 7):
        usd, discount = tiers[row - 1] if row <= n_tiers else (None, None)
        typed[("in_tier_from", row)], typed[("in_tier_discount", row)] = usd, discount
    overage = str(rng.choice(["list", "committed_rate", "discounted"]))
    off = share(0.3) if overage == "discounted" else 0.0
    unused, outside = share(0.6), share(0.3)
    commitment = round(float(rng.uniform(0, 2_000_000)), 2)
    named = [row[0].value for row in opened.cells(subject.workbook, "in_line_name")]
    lines = [workload for workload in WORKLOADS if workload in named]
    whatif = WhatIf(
        growth_shock_share=round(float(rng.uniform(-0.5, 1.0)), 3),
        price_change_share=round(float(rng.uniform(-0.4, 0.3)), 3),
        realisation_share=share(1.0),
        switched_off=frozenset(w for w in lines if rng.random() < 0.25),
        slip_months={w: int(rng.integers(0, 7)) for w in lines},
    )
    typed |= {
        "in_commitment": commitment,
        "in_overage": overage,
        "in_overage_discount": off,
        "in_unused_value": unused,
        "in_outside_discount": outside,
        "in_growth_shock": whatif.growth_shock_share,
        "in_price_change": whatif.price_change_share,
        "in_realisation": whatif.realisation_share,
    }
    for workload in lines:
        row = named.index(workload) + 1
        typed[("in_line_on", row)] = int(workload not in whatif.switched_off)
        typed[("in_line_slip", row)] = whatif.slip_months[workload]
    clauses = {
        "tiers": tiers,
        "overage": overage,
        "overage_discount_share": off,
        "unused_value_share": unused,
        "outside_discount_share": outside,
    }
    offer = round(float(rng.uniform(1, 2_000_000)), 2), share(0.4)
    typed[("in_offer_commitment", 1)], typed[("in_offer_discount", 1)] = offer
    return Setting(
        typed, clauses, whatif, Decimal(str(commitment)), (Decimal(str(offer[0])), offer[1])
    )


def assert_agrees(said: Any, twin: opened.Twin) -> None:
    """Money to the cent, shares to 1e-9; `said` gives the value of a defined name."""
    for key, expected in twin.expected().items():
        shares = ("probability", "percentile", "discount")
        tolerance = 1e-9 if key.endswith(shares) else CENT
        assert said(key) == pytest.approx(expected, abs=tolerance), key


def assert_offer_agrees(said: Any, twin: opened.Twin, setting: Setting) -> None:
    """The same of the first offer, whose row is the first of every name."""
    commitment, discount = setting.offer
    found = opened.offered(twin.terms, commitment, discount, twin.list_usd)
    for part, expected, tolerance in (
        ("expected_cost", float(found.cost_risk.expected_usd), CENT),
        ("expected_unused", float(found.waste_risk.expected_usd), CENT),
        ("percentile", found.percentile, 1e-9),
        ("shortfall_probability", found.shortfall_probability, 1e-9),
        ("overage_probability", found.overage_probability, 1e-9),
    ):
        shown = np.ravel(said(f"offer_row_{part}"))[0]
        assert shown == pytest.approx(expected, abs=tolerance), part
