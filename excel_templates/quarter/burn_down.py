"""The burn-down: recorded drawdown, the fan of what is to come, and the commitment so far."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Final

from openpyxl.workbook import Workbook

from excel_templates.book import KEEP
from excel_templates.layout import Column, Page
from excel_templates.quarter.pages import Filled, Rows, listed
from excel_templates.quarter.summary import at
from excel_templates.styles import MONTH, USD, Role
from forecast.records.reforecast import Reforecast

TITLE: Final = "Burn-down"
ROWS: Final = "burn_down_rows"
CHART: Final = "chart_burn_down"
_HEAD: Final = 23


def design(workbook: Workbook, result: Reforecast) -> Rows:
    """Lay the sheet out: the fan above, its months below."""
    page = Page(
        workbook,
        TITLE,
        "Burn-down against the contract",
        "Drawdown since the start of the term, in dollars of the commitment: as recorded, then the "
        "fan of the scenarios. The dashed line is what is committed for the periods begun.",
        widths=(12, 10, 13, 13, 13, 13, 13, 13, 13, 13, 13, 3, 11, 11, 11, 11),
        printed_columns=11,
    )
    page.name(CHART, f"A5:K{_HEAD - 2}")
    row = _HEAD + 2
    base = f'=IF(ISNUMBER(C{row}),C{row},IF(ISNUMBER(F{row}),F{row},""))'
    filled: Filled = {}
    end = listed(
        page,
        filled,
        ROWS,
        _HEAD,
        [
            Column("Through", Role.SERVICE, MONTH),
            Column("State", Role.SERVICE),
            Column("Recorded", Role.SERVICE, USD),
            Column("Committed so far", Role.SERVICE, USD),
            Column("P5", Role.SERVICE, USD),
            Column("P10", Role.SERVICE, USD),
            Column("P25", Role.SERVICE, USD),
            Column("P50", Role.SERVICE, USD),
            Column("P75", Role.SERVICE, USD),
            Column("P90", Role.SERVICE, USD),
            Column("P95", Role.SERVICE, USD),
            Column("P10 of the fan", Role.CALCULATION, USD, base),
            Column("P10 to P25", Role.CALCULATION, USD, _width("G", "F", row)),
            Column("P25 to P75", Role.CALCULATION, USD, _width("I", "G", row)),
            Column("P75 to P90", Role.CALCULATION, USD, _width("J", "I", row)),
        ],
        _months(result),
        title="Month by month",
    )
    page.close(end)
    return filled


def _width(upper: str, lower: str, row: int) -> str:
    return f"=IF(ISNUMBER({upper}{row}),{upper}{row}-{lower}{row},0)"


def _months(result: Reforecast) -> list[list[object]]:
    found: list[list[object]] = []
    months = result.burn_down.months
    last = max((m.month for m in months if m.recorded_usd is not None), default=None)
    for m in months:
        # The fan opens where the record ends.
        p50 = m.recorded_usd if m.month == last else at(m.quantiles, 0.5)
        levels = [at(m.quantiles, level) for level in (0.05, 0.1, 0.25)]
        upper = [at(m.quantiles, level) for level in (0.75, 0.9, 0.95)]
        state = "recorded" if m.recorded_usd is not None else "ahead"
        committed = _committed(result, m.month)
        found.append([m.month, state, m.recorded_usd, committed, *levels, p50, *upper, *[KEEP] * 4])
    return found


def _committed(result: Reforecast, month: date) -> Decimal:
    """Give the commitment of the periods that have begun by a month."""
    return sum(
        (p.commitment_usd for p in result.burn_down.periods if p.period_start <= month),
        Decimal(0),
    )
