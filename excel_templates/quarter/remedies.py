"""What can still be done about the rest of the term, and the vendor's balance."""

from __future__ import annotations

from typing import Final

from openpyxl.workbook import Workbook

from excel_templates.book import KEEP
from excel_templates.layout import Column, Page
from excel_templates.quarter.pages import Filled, Rows, listed
from excel_templates.styles import COUNT, DAY, USD, USD_CENTS, Role
from forecast.records.reforecast import Reforecast

TITLE: Final = "Remedies"


def design(workbook: Workbook, result: Reforecast) -> Rows:
    """Lay the sheet out, and give what fills its lists."""
    page = Page(
        workbook,
        TITLE,
        "What can be done",
        "Each remedy is settled alone on the same scenarios; the most valuable comes first. What "
        "is worth less than nothing costs money.",
        widths=(74, 15, 15, 15, 12, 40),
    )
    as_of = result.provenance.as_of
    filled: Filled = {}
    row = listed(
        page,
        filled,
        "remedy_rows",
        5,
        [
            Column("Remedy", Role.LABEL),
            Column("Worth", Role.SERVICE, USD),
            Column("Unused changes by", Role.SERVICE, USD),
            Column("Last day to act", Role.SERVICE, DAY),
            Column("Days left", Role.SERVICE, COUNT),
        ],
        [
            [r.what, r.value_usd, r.unused_change_usd, r.last_day_to_act,
             (r.last_day_to_act - as_of).days]
            for r in result.remedies
        ],
        title=f"As of {as_of}",
    )  # fmt: skip
    row = listed(
        page,
        filled,
        "balance_rows",
        row,
        [
            Column("Statement", Role.LABEL),
            Column("Vendor has drawn", Role.SERVICE, USD_CENTS),
            Column("We have", Role.SERVICE, USD_CENTS),
            Column("Statement of", Role.SERVICE, DAY),
            Column("Apart", Role.CALCULATION, USD_CENTS,
                   f'=IF(ISNUMBER(B{row + 2}),B{row + 2}-C{row + 2},"")'),
            Column("What it says", Role.SERVICE),
        ],
        [
            [f"period from {b.line.period_start}", b.line.drawn_usd, b.our_drawn_usd,
             b.line.as_of, KEEP, b.note]
            for b in result.balance
        ],
        title="The vendor's balance, USD",
        otherwise="no statement was given",
    )  # fmt: skip
    page.close(row)
    return filled
