"""What moved since the last forecast: the waterfall, and every workload's part of each step."""

from __future__ import annotations

from typing import Final

from openpyxl.workbook import Workbook
from openpyxl.worksheet.pagebreak import Break

from excel_templates.book import KEEP, Book
from excel_templates.layout import Column, Page, define
from excel_templates.quarter.pages import Filled, Rows, listed
from excel_templates.styles import USD_CENTS, Role
from forecast.records.reforecast import Reforecast

TITLE: Final = "What moved"
ROWS: Final = "moved_rows"
CHART: Final = "chart_moved"
_PARTS: Final = "moved_workload_rows"
_HEAD: Final = 24


def design(workbook: Workbook, result: Reforecast) -> Rows:
    """Lay the sheet out: the waterfall above, steps and workloads below."""
    page = Page(
        workbook,
        TITLE,
        "What moved since the last forecast",
        "The expected cost of the term and the commitment that would be signed now. The inputs "
        "were replaced in this order, on the same scenarios; the changes add up to the cent.",
        widths=(34, 20, 20, 60, 3, 13, 13, 13, 13, 13),
        printed_columns=4,
    )
    page.name(CHART, f"A5:D{_HEAD - 2}")
    filled: Filled = {}
    end = listed(
        page,
        filled,
        ROWS,
        _HEAD,
        _columns(_HEAD + 2),
        _steps(result),
        title="Step by step, USD",
    )
    parts = [
        [step.step, part.cost_change_usd, part.commitment_change_usd, part.workload]
        for step in result.attribution.steps
        for part in sorted(step.workloads, key=lambda w: -abs(w.cost_change_usd))
    ]
    page.ws.row_breaks.append(Break(id=end - 1))
    end = listed(
        page,
        filled,
        _PARTS,
        end,
        [
            Column("Step", Role.LABEL),
            Column("Expected cost", Role.SERVICE, USD_CENTS),
            Column("Would sign", Role.SERVICE, USD_CENTS),
            Column("Workload", Role.SERVICE),
        ],
        parts,
        title="By workload, the largest first, USD",
        otherwise="nothing moved",
    )
    page.close(end)
    return filled


def name_sums(book: Book) -> None:
    """Name what the checks add up, once the lists are filled: until then names would grow."""
    steps, parts = book.area(ROWS), book.area(_PARTS)
    first, last = steps.min_row, steps.max_row
    for name, area in (
        ("moved_before_cost", f"B{first}"),
        ("moved_after_cost", f"B{last}"),
        ("moved_before_commitment", f"C{first}"),
        ("moved_after_commitment", f"C{last}"),
        ("moved_cost", f"B{first + 1}:B{last - 1}"),
        ("moved_commitment", f"C{first + 1}:C{last - 1}"),
        ("amended_cost", f"B{last - 1}"),
        ("part_cost", f"B{parts.min_row}:B{parts.max_row}"),
    ):
        define(book.workbook, name, steps.ws, area)


def _columns(row: int) -> list[Column]:
    """Give the columns of the waterfall; those it is drawn from stand off the paper."""
    first = f'A{row}="{_BEFORE}"'
    ends = f'OR({first},A{row}="{_AFTER}")'
    level = f"=IF({ends},B{row},F{row - 1}+B{row})"
    return [
        Column("Step", Role.LABEL),
        Column("Expected cost", Role.SERVICE, USD_CENTS),
        Column("Would sign", Role.SERVICE, USD_CENTS),
        Column("Most of it", Role.SERVICE),
        Column(""),
        Column("Level", Role.CALCULATION, USD_CENTS, level),
        Column(
            "Hidden base",
            Role.CALCULATION,
            USD_CENTS,
            f"=IF({ends},0,MIN(F{row},F{row}-B{row}))",
        ),
        Column("Total", Role.CALCULATION, USD_CENTS, f"=IF({ends},B{row},0)"),
        Column("Up", Role.CALCULATION, USD_CENTS, f"=IF({ends},0,MAX(B{row},0))"),
        Column("Down", Role.CALCULATION, USD_CENTS, f"=IF({ends},0,MAX(-B{row},0))"),
    ]


_BEFORE: Final = "last forecast"
_AFTER: Final = "this forecast"


def _steps(result: Reforecast) -> list[list[object]]:
    found = result.attribution
    kept = [KEEP] * 6
    rows: list[list[object]] = [
        [_BEFORE, found.before_cost_usd, found.before_commitment_usd, None, *kept]
    ]
    for step in found.steps:
        largest = max(step.workloads, key=lambda w: abs(w.cost_change_usd), default=None)
        who = largest.workload if largest is not None and largest.cost_change_usd else None
        rows.append([step.step, step.cost_change_usd, step.commitment_change_usd, who, *kept])
    rows.append([_AFTER, found.after_cost_usd, found.after_commitment_usd, None, *kept])
    return rows
