"""Workings: the rank of every tier's cheapest commitment, by halving."""

from __future__ import annotations

from typing import Final

from excel_templates.layout import Page
from excel_templates.sheets.settled_rows import N_TIERS
from excel_templates.styles import USD_CENTS, Role

N_STEPS: Final = 21
"""Rows of the search, one more than halvings: enough for 2^20 list costs, which 5,000 scenarios
of 120 periods stay under."""


def design_search(page: Page, top: int, tiers_row: int) -> int:
    """Find the rank of every tier's cheapest commitment by halving.

    `tiers_row` is the first row of the table of tiers; columns K and O there take the ranks.
    Returns the last row.
    """
    page.section(top, "Rank of the cheapest commitment of every tier, by halving")
    labels = ("Not enough below", "Enough below", "Tried", "List $ at that rank", "Slope")
    page.header(
        top + 1,
        [
            "Tier and step",
            *(f"Optimised: {x.lower()}" for x in labels),
            *(f"As is: {x.lower()}" for x in labels),
        ],
        height=42,
    )
    row = top + 2
    for tier in range(N_TIERS):
        t = tiers_row + tier
        for step in range(N_STEPS):
            page.put(f"A{row}", f"Tier {tier + 1}, step {step + 1}", Role.LABEL)
            for columns, paths, last in (
                ("BCDEF", "period_list", "scenario_last_period"),
                ("GHIJK", "demand_factor*as_is_period", "demand_factor*as_is_last"),
            ):
                _halving(page, row, columns, step, t, paths, last)
            row += 1
        page.put(f"K{t}", f"=C{row - 1}")
        page.put(f"O{t}", f"=H{row - 1}")
    return row - 1


def _halving(
    page: Page, row: int, columns: str, step: int, tier: int, paths: str, last: str
) -> None:
    low, high, tried, value, slope = (f"{c}{row}" for c in columns)
    if step == 0:
        page.put(low, "=0")
        page.put(high, "=n_scenarios*n_periods")
    else:
        before = [f"{c}{row - 1}" for c in columns]
        done, enough = f"{before[1]}-{before[0]}<=1", f"{before[4]}>=-0.000001"
        page.put(low, f"=IF({done},{before[0]},IF({enough},{before[0]},{before[2]}))")
        page.put(high, f"=IF({done},{before[1]},IF({enough},{before[2]},{before[1]}))")
    page.put(tried, f"=INT(({low}+{high})/2)")
    factor, _, area = paths.rpartition("*")
    scaled = f"{factor}*" if factor else ""
    page.put(
        value, f"=IF({high}-{low}<=1,0,{scaled}SMALL({area},{tried}))", number_format=USD_CENTS
    )
    page.put(
        slope,
        f"=IF({high}-{low}<=1,0,H{tier}*SUMPRODUCT(({paths}<={value})*1)"
        f"-(C{tier}-F{tier})*SUMPRODUCT(({paths}>{value})*1)"
        f"-used_unused_value*H{tier}*SUMPRODUCT(({last}<={value})*1))",
        number_format="0.0000",
    )
