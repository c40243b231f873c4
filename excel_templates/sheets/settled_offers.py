"""Workings: the offers on the table, and steps above our number, settled on the same scenarios.

An offer is its commitment and its discount d; every other clause is the one typed on Inputs. With
the letters of `workings`, g = 1/(1−d) on the contracted basis, else 1, and the same cost.
"""

from __future__ import annotations

from typing import Final

from excel_templates.layout import Page
from excel_templates.sheets.settled_rows import (
    HALF_CENT,
    ROW_FORMATS,
    ROW_HEADERS,
    chances,
    cost_formulas,
    settled_commitment,
)
from excel_templates.styles import SHARE, Role

N_OFFERS: Final = 4
STEPS_ABOVE: Final = (0.0, 0.05, 0.1, 0.2, 0.35, 0.5)
"""Steps above our number that the concession ladder begins with: half the distance that vendors'
proposals stand above the run rate (DOMAIN: 15 to 30 %) and beyond. A template may hold others."""
_PARTS: Final = {
    "commitment": "B",
    "discount": "D",
    "expected_cost": "K",
    "expected_unused": "L",
    "shortfall_probability": "M",
    "overage_probability": "N",
    "percentile": "O",
    "counts": "P",
}


def list_per_usd(d: str) -> str:
    """Give g, the list dollars that a committed dollar buys, for a discount d."""
    return f'IF(drawdown_basis="list",1,1/(1-{d}))'


def unused_price(d: str) -> str:
    """Give u, what an unused list dollar costs."""
    return f'IF(AND(drawdown_basis="list",shortfall_price="face"),1,1-{d})'


def overage_discount(d: str) -> str:
    """Give o, the discount of usage beyond the commitment."""
    own = (
        f'IF(in_overage="committed_rate",{d},'
        f'IF(in_overage="discounted",MIN(used_overage_discount,{d}),0))'
    )
    return f'MAX({own},IF(usage_is_portable="yes",used_outside,0))'


def settled_offers(page: Page, top: int) -> int:
    """Settle the offers of Inputs; give the last row."""
    page.section(top, "Offers on the table settled on the optimised paths, all other clauses ours")
    labels = [*ROW_HEADERS, "Counts: both numbers typed"]
    labels[2] = "List $ a committed $ buys, g"
    page.header(top + 1, labels, height=42)
    first, last = top + 2, top + 1 + N_OFFERS
    formats = [*ROW_FORMATS, "0"]
    formats[1] = "0.0000"
    for i in range(N_OFFERS):
        row = first + i
        page.put(f"A{row}", f"=INDEX(offer_label,{i + 1})", Role.LABEL)
        for column, formula, number_format in zip(
            "BCDEFGHIJKLMNOP", _offer(row, i + 1), formats, strict=True
        ):
            page.put(f"{column}{row}", formula, number_format=number_format)
    for part, column in _PARTS.items():
        page.name(f"offer_row_{part}", f"{column}{first}:{column}{last}")
    return last


def _offer(row: int, k: int) -> list[str]:
    """Give the formulas of columns B to P of the row of offer `k`."""
    typed, discount = f"INDEX(in_offer_commitment,{k})", f"INDEX(in_offer_discount,{k})"
    return [
        f"=ROUND(MAX(0,SUM({typed})),2)",
        f"={list_per_usd(f'D{row}')}",
        f"=MIN(0.9999,MAX(0,SUM({discount})))",
        f"=IF(B{row}=0,on_demand_discount,{overage_discount(f'D{row}')})",
        f"=B{row}/n_periods*C{row}",
        f"={unused_price(f'D{row}')}",
        *cost_formulas(row),
        *chances(row),
        f"=SUMPRODUCT((scenario_term_list/C{row}<=B{row}+{HALF_CENT})*1)/n_scenarios",
        f"=IF(AND(ISNUMBER({typed}),ISNUMBER({discount})),1,0)",
    ]


def settled_steps(page: Page, top: int) -> int:
    """Settle steps above our number, each at the tier it earns; give the last row."""
    page.section(top, "Steps above our number settled on the optimised paths")
    page.header(top + 1, [*ROW_HEADERS, "Above our number"], height=42)
    first, last = top + 2, top + 1 + len(STEPS_ABOVE)
    for i, above in enumerate(STEPS_ABOVE):
        row = first + i
        settled_commitment(page, row, f"Step {i + 1}", f"=ROUND(best_commitment*(1+P{row}),2)")
        page.put(f"P{row}", above, Role.SERVICE, SHARE)
    for part, column in _PARTS.items():
        if part not in ("counts", "overage_probability", "percentile"):
            page.name(f"step_row_{part}", f"{column}{first}:{column}{last}")
    page.name("step_above", f"P{first}:P{last}")
    return last
