"""Design the shipped template: python -m excel_templates.design [--out negotiation.xlsx]."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Final

from openpyxl.workbook import Workbook

from excel_templates.sheets import (
    about,
    approvals,
    backtest,
    changes,
    checks,
    concessions,
    curve,
    decision,
    decision_set,
    forecast,
    history,
    inputs,
    levers,
    lists,
    offers,
    ramp,
    reconciliation,
    sources,
    talk_track,
    tiers,
    workings,
    workloads,
)
from excel_templates.sheets.negotiation_lists import POSITIONS
from excel_templates.styles import BLUE, GREEN, GREY, ORANGE, add_styles

TEMPLATE: Final = Path(__file__).with_name("negotiation.xlsx")

_ORDER: Final[tuple[tuple[Callable[[Workbook], None], str], ...]] = (
    (about.design, GREY),
    (decision.design, BLUE),
    (inputs.design, ORANGE),
    (history.design, GREY),
    (history.design_ledger, GREY),
    (reconciliation.design, GREEN),
    (workloads.design, GREY),
    (levers.design, GREY),
    (forecast.design, GREY),
    (backtest.design, GREEN),
    (curve.design, BLUE),
    (tiers.design, BLUE),
    *((partial(lists.design, sheet=sheet), GREY) for sheet in lists.BEFORE_OFFERS),
    (offers.design, BLUE),
    *((partial(lists.design, sheet=sheet), GREY) for sheet in lists.SHOCKS),
    (ramp.design, BLUE),
    (partial(lists.design, sheet=POSITIONS), GREY),
    (concessions.design, BLUE),
    (talk_track.design, BLUE),
    (approvals.design, ORANGE),
    *((partial(lists.design, sheet=sheet), GREY) for sheet in lists.AFTER_SIGNING),
    (checks.design, GREEN),
    (changes.design, GREY),
    (sources.design, GREY),
    (workings.design, GREY),
    (decision_set.design, GREY),
)
"""Every sheet in order, with the colour of its tab: answers blue, inputs orange, checks green."""


def design_template() -> Workbook:
    """Give the template: every sheet, style, formula and defined name, and no values."""
    workbook = Workbook()
    workbook.remove(workbook.worksheets[0])
    add_styles(workbook)
    for design, colour in _ORDER:
        design(workbook)
        workbook.worksheets[-1].sheet_properties.tabColor = colour
    workbook.active = 1
    for sheet in workbook.worksheets:
        sheet.sheet_view.tabSelected = sheet is workbook.worksheets[1]
    workbook.calculation.fullCalcOnLoad = True
    return workbook


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the template to a file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=TEMPLATE, help="file to write")
    design_template().save(parser.parse_args(arguments).out)


if __name__ == "__main__":
    main()
