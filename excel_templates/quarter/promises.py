"""Promised against measured savings of every workload with levers."""

from __future__ import annotations

from typing import Final

from openpyxl.workbook import Workbook

from excel_templates.book import KEEP
from excel_templates.layout import Column, Page
from excel_templates.quarter.pages import Filled, Rows, listed
from excel_templates.styles import SHARE, USD, Role
from forecast.records.reforecast import Promise, Reforecast

TITLE: Final = "Promised and measured"


def design(workbook: Workbook, result: Reforecast) -> Rows:
    """Lay the sheet out, and give what fills its lists."""
    page = Page(
        workbook,
        TITLE,
        "Promised and measured",
        "What levers were expected to save since the last forecast, and what usage shows; list "
        "cost.",
        widths=(26, 13, 14, 14, 14, 12, 34, 44),
    )
    filled: Filled = {}
    row = listed(
        page,
        filled,
        "promise_rows",
        5,
        [
            Column("Workload", Role.LABEL),
            Column("Owner's yes", Role.SERVICE),
            Column("Promised", Role.SERVICE, USD),
            Column("Measured", Role.SERVICE, USD),
            Column("Apart", Role.CALCULATION, USD, '=IF(ISNUMBER(C7),D7-C7,"")'),
            Column("Kept", Role.CALCULATION, SHARE, '=IF(ISNUMBER(C7),IF(C7>0,D7/C7,""),"")'),
            Column("Share moved", Role.SERVICE),
            Column("Verdict", Role.SERVICE),
        ],
        [
            [p.workload, p.owner_state, p.promised_usd, p.measured_usd, KEEP, KEEP, _moved(p),
             p.verdict]
            for p in result.promises
        ],
        title="Since the last forecast",
        otherwise="nothing was promised and nothing measured",
    )  # fmt: skip
    page.close(row)
    return filled


def _moved(promise: Promise) -> str:
    return "; ".join(
        f"{s.lever} {100 * s.measured:.0f} %"
        + (f" of {100 * s.stated:.0f} % stated" if s.stated is not None else "")
        for s in promise.shares
    )
