"""Workings: commitments settled by formulas, one row each."""

from __future__ import annotations

from typing import Final

from excel_templates.layout import Page
from excel_templates.styles import SHARE, THRESHOLD, USD_CENTS, Role

N_TIERS: Final = 6
"""Tiers the workbook has room for."""
N_CURVE: Final = 30
NEVER: Final = "1E+15"
"""A threshold no commitment reaches."""

ROW_HEADERS: Final = (
    "What", "Commitment", "Tier", "Discount d", "Overage discount o", "Used up at, list $ a period",
    "An unused list $ costs, u", "Mean list $ short", "Mean list $ beyond",
    "Mean list $ short, last period", "Expected cost", "Expected unused",
    "P(any period trued up)", "P(any period beyond)", "Percentile",
)  # fmt: skip

HALF_CENT: Final = "0.005"


def settled_row(
    row: int, *, paths: str = "period_list", last: str = "scenario_last_period"
) -> list[str]:
    """Give the formulas of columns C to L of a row whose commitment stands in column B.

    `paths` and `last` name the list costs by period that are settled, [M, P] and [M].
    """
    return [
        f"=MATCH(B{row},tier_threshold,1)",
        f"=INDEX(tier_discount,C{row})",
        f"=IF(B{row}=0,on_demand_discount,INDEX(tier_overage_discount,C{row}))",
        f"=B{row}/n_periods*INDEX(tier_list_per_usd,C{row})",
        f"=INDEX(tier_unused_price,C{row})",
        *cost_formulas(row, paths=paths, last=last),
    ]


def cost_formulas(
    row: int, *, paths: str = "period_list", last: str = "scenario_last_period"
) -> list[str]:
    """Give the formulas of columns H to L: what columns D to G, the price of a deal, come to."""
    factor = "" if paths == "period_list" else "demand_factor*"
    mean = "mean_list_usd" if paths == "period_list" else "mean_as_is_usd"
    k, values = f"F{row}", f"{factor}{paths}"
    return [
        f"={mean_above(k, values)}",
        f"={mean_above(values, k)}",
        f"={mean_above(k, f'{factor}{last}')}",
        f"=(1-D{row})*{mean}+G{row}*H{row}+(D{row}-E{row})*I{row}-used_unused_value*G{row}*J{row}",
        f"=G{row}*H{row}",
    ]


def mean_above(high: str, low: str) -> str:
    """Give the formula of what one is above the other, (high − low)⁺, on average."""
    return f"SUMPRODUCT(({high}>{low})*({high}-{low}))/n_scenarios"


def chances(row: int) -> list[str]:
    """Give the formulas of columns M and N: of a shortfall and of overage in any period."""
    return [
        f"=SUMPRODUCT((G{row}*(F{row}-scenario_low_period)>={HALF_CENT})*1)/n_scenarios",
        f"=SUMPRODUCT(((1-E{row})*(scenario_high_period-F{row})>={HALF_CENT})*1)/n_scenarios",
    ]


def risk_formulas(row: int) -> list[str]:
    """Give the formulas of columns M to O: the three probabilities at a commitment."""
    return [
        *chances(row),
        f"=SUMPRODUCT((scenario_term_list/INDEX(tier_list_per_usd,C{row})<=B{row}+{HALF_CENT})*1)"
        "/n_scenarios",
    ]


CHEAPER: Final = "*(1+0.000000000001)"
"""Costs this near are equal; then the smaller commitment is taken, as the service does."""

ROW_FORMATS: Final = (
    USD_CENTS, "0", SHARE, SHARE, USD_CENTS, "0.0000", USD_CENTS, USD_CENTS, USD_CENTS, USD_CENTS,
    USD_CENTS, SHARE, SHARE, SHARE,
)  # fmt: skip

_PARTS: Final = {
    "commitment": "B",
    "tier": "C",
    "discount": "D",
    "overage_discount": "E",
    "used_up_at": "F",
    "unused_price": "G",
    "expected_cost": "K",
    "expected_unused": "L",
    "shortfall_probability": "M",
    "overage_probability": "N",
    "percentile": "O",
}

_READ: Final[dict[str, tuple[str, ...]]] = {
    "typed": tuple(part for part in _PARTS if part != "tier"),
    "best": tuple(_PARTS),
    "as_is": ("commitment", "expected_cost"),
}
"""What other sheets read of each single commitment."""


def settled_tiers(page: Page, top: int) -> int:
    """Settle no deal and every tier's best commitment on the optimised paths.

    Returns the last row.
    """
    no_deal, tiers = _choice(page, top, "the optimised paths", "tier_best")
    last = tiers + N_TIERS - 1
    page.put(f"A{last + 1}", "Best commitment", Role.LABEL)
    page.put(f"B{last + 1}", _cheapest(tiers), Role.RESULT, USD_CENTS, name="cheapest_commitment")
    page.name("no_deal_expected_cost", f"{_PARTS['expected_cost']}{no_deal}")
    for part in ("commitment", "expected_cost", "expected_unused", *_CHANCES):
        page.name(f"tier_row_{part}", f"{_PARTS[part]}{tiers}:{_PARTS[part]}{last}")
    return last + 1


def settled_as_is(page: Page, top: int) -> int:
    """Choose the best commitment of the as-is paths: what the unoptimised bill would sign.

    Returns the last row.
    """
    _, tiers = _choice(page, top, "the as-is paths", "tier_as_is_best", as_is=True)
    row = tiers + N_TIERS
    page.put(f"A{row}", "Best commitment, as is", Role.LABEL)
    page.put(f"B{row}", _cheapest(tiers), Role.RESULT, USD_CENTS, name="as_is_best")
    return row


def settled_singles(page: Page, top: int) -> int:
    """Settle the typed, the best and the as-is commitment on the optimised paths.

    A row stays free between them. LibreOffice (7.4) calculates like formulas of neighbouring
    rows as one block, in threads; where the rows of a block rest on different depths of other
    formulas, some came out as #VALUE! (with threads switched off, none).

    Returns the last row.
    """
    page.section(top, "Single commitments settled on the optimised paths")
    page.header(top + 1, ROW_HEADERS, height=42)
    sources = {
        "typed": ("The typed commitment", "=used_commitment"),
        "best": ("The best commitment", "=cheapest_commitment"),
        "as_is": ("The as-is paths' best", "=as_is_best"),
    }
    for i, (key, (label, commitment)) in enumerate(sources.items()):
        row = top + 2 + 2 * i
        settled_commitment(page, row, label, commitment)
        for part in _READ[key]:
            page.name(f"{key}_{part}", f"{_PARTS[part]}{row}")
    return top + 2 * len(sources)


def settled_curve(page: Page, top: int) -> int:
    """Settle the commitments of the curve.

    Returns the last row.
    """
    page.section(top, "Commitments of the curve settled on the optimised paths")
    page.header(top + 1, ROW_HEADERS, height=42)
    first, last = top + 2, top + 1 + N_CURVE
    for i in range(N_CURVE):
        commitment = f"=ROUND(SMALL(curve_candidate,{i + 1}),2)"
        settled_commitment(page, first + i, f"Curve {i + 1}", commitment)
    shown = ("commitment", "discount", "expected_cost", "expected_unused")
    for part in (*shown, *_CHANCES[:2]):
        page.name(f"curve_row_{part}", f"{_PARTS[part]}{first}:{_PARTS[part]}{last}")
    return last


_CHANCES: Final = ("shortfall_probability", "overage_probability", "percentile")


def _choice(page: Page, top: int, paths: str, best: str, *, as_is: bool = False) -> tuple[int, int]:
    """Settle no deal and the tiers' best; give the rows of no deal and of the first tier.

    A row stays free between them, and the tiers' formulas are all alike: see `settled_singles`.
    """
    page.section(top, f"No deal, and the best commitment of every tier, settled on {paths}")
    labels = ROW_HEADERS if not as_is else (*ROW_HEADERS[:12], "", "", "")
    page.header(top + 1, [*labels, "Cost, compared", "Cheapest"], height=42)
    no_deal, inside, tiers = top + 2, top + 3, top + 5
    settled_commitment(page, no_deal, "No deal", "=0", as_is=as_is)
    settled_commitment(page, inside, "Tier 1, inside", f"=INDEX({best},1)", as_is=as_is)
    _tier_rows(page, tiers, no_deal, inside, best, as_is=as_is)
    return no_deal, tiers


def _cheapest(tiers: int) -> str:
    """Give the first of the cheapest tiers' commitments."""
    last = tiers + N_TIERS - 1
    return f"=INDEX(B{tiers}:B{last},MATCH(1,Q{tiers}:Q{last},0))"


def _tier_rows(
    page: Page, first: int, no_deal: int, inside: int, best: str, *, as_is: bool = False
) -> None:
    """Settle every tier's best commitment, and mark the cheapest."""
    last = first + N_TIERS - 1
    for i in range(N_TIERS):
        row = first + i
        commitment = f"=IF(AND({i + 1}=1,K{no_deal}<=K{inside}{CHEAPER}),0,INDEX({best},{i + 1}))"
        settled_commitment(page, row, f"Tier {i + 1}", commitment, as_is=as_is)
        active = f"ISNUMBER(INDEX(tier_from_used,{i + 1}))"
        compared = f"=K{row}" if i == 0 else f"=IF({active},K{row},{NEVER})"
        page.put(f"P{row}", compared, number_format=THRESHOLD)
        page.put(f"Q{row}", f"=IF(P{row}<=MIN(P{first}:P{last}){CHEAPER},1,0)", number_format="0")


def settled_commitment(
    page: Page, row: int, label: str, commitment: str, *, as_is: bool = False
) -> None:
    """Write a row: its label, the formula of its commitment, and what follows from it."""
    page.put(f"A{row}", label, Role.LABEL)
    if as_is:
        formulas = settled_row(row, paths="as_is_period", last="as_is_last")
    else:
        formulas = settled_row(row) + risk_formulas(row)
    for i, formula in enumerate([commitment, *formulas]):
        page.put(f"{chr(ord('B') + i)}{row}", formula, number_format=ROW_FORMATS[i])


def curve_grid(page: Page, top: int) -> int:
    """Choose the commitments of the curve: an even grid, the thresholds and the numbers in play.

    Returns the last row.
    """
    page.section(top, "Commitments of the curve, before they are sorted")
    page.put(f"A{top + 1}", "Up to", Role.LABEL)
    page.put(
        f"B{top + 1}",
        "=1.1*MAX(SMALL(scenario_term_list,rank_95)*(1-best_discount),typed_commitment,"
        "best_commitment,as_is_commitment)",
        number_format=USD_CENTS,
        name="curve_top",
    )
    first = top + 2
    n_steps = N_CURVE - 2 * (N_TIERS - 1) - 4
    formulas = [f"=curve_top*{i}/{n_steps}" for i in range(n_steps + 1)]
    for tier in range(2, N_TIERS + 1):
        threshold = f"INDEX(tier_threshold,{tier})"
        between = [f"curve_top*{4 * tier - 7 + k}/{4 * n_steps}" for k in (0, 2)]
        out_of_reach = f"OR({threshold}>curve_top,{threshold}<=0)"
        formulas += [
            f"=IF({out_of_reach},{between[0]},{threshold})",
            f"=IF({out_of_reach},{between[1]},{threshold}-0.01)",
        ]
    formulas += ["=typed_commitment", "=best_commitment", "=as_is_commitment"]
    for i, formula in enumerate(formulas):
        page.put(f"A{first + i}", f"Candidate {i + 1}", Role.LABEL)
        page.put(f"B{first + i}", formula, number_format=USD_CENTS)
    page.name("curve_candidate", f"B{first}:B{first + N_CURVE - 1}")
    return first + N_CURVE - 1
