"""Sheets that are one list of the service's values each."""

from __future__ import annotations

from typing import Final

from openpyxl.utils import get_column_letter
from openpyxl.workbook import Workbook

from excel_templates.book import Book
from excel_templates.layout import Page
from excel_templates.sheets.list_page import ListSheet
from excel_templates.sheets.negotiation_lists import (
    CASH,
    DOSSIER,
    EXCHANGE,
    FLIPS,
    POSITIONS,
    STAGING,
)
from excel_templates.sheets.result_lists import (
    CLAUSES,
    DIFFERENCES,
    MIGRATION,
    SCENARIOS,
)
from excel_templates.styles import Role
from forecast.records.recommendation import Recommendation

_HEAD: Final = 6
CHART_ROWS: Final = 28

BEFORE_OFFERS: Final = (CLAUSES, EXCHANGE)
SHOCKS: Final = (SCENARIOS, FLIPS, STAGING)
AFTER_SIGNING: Final = (CASH, MIGRATION, DOSSIER, DIFFERENCES)
SHEETS: Final = (*BEFORE_OFFERS, *SHOCKS, POSITIONS, *AFTER_SIGNING)


def design(workbook: Workbook, sheet: ListSheet) -> None:
    """Lay out one of the sheets."""
    page = Page(
        workbook,
        sheet.title,
        sheet.heading,
        sheet.purpose,
        widths=sheet.widths,
        freeze="A4" if sheet.chart is not None else f"A{_HEAD + 1}",
    )
    page.stale_banner("A4")
    if sheet.note is not None:
        name, _ = sheet.note
        to = get_column_letter(len(sheet.columns))
        page.merged(f"A{_HEAD - 1}:{to}{_HEAD - 1}", None, Role.NOTE, height=28, name=name)
    head = _HEAD
    if sheet.chart is not None:
        to = get_column_letter(len(sheet.columns))
        page.name(sheet.chart, f"A{_HEAD - 1}:{to}{_HEAD + CHART_ROWS - 3}")
        head += CHART_ROWS
    page.table(sheet.name, head, sheet.columns)
    page.close(head + 1)
    if sheet.chart is None:
        page.repeat_down_to(head)
    else:
        page.fit(1)


def fill(book: Book, recommendation: Recommendation) -> None:
    """Write the lists."""
    for sheet in SHEETS:
        if sheet.note is not None:
            name, text = sheet.note
            book.set(name, text(recommendation))
        rows = sheet.rows(recommendation)
        label = next(i for i, c in enumerate(sheet.columns) if c.role is Role.LABEL)
        book.rows(sheet.name, rows or [[*([None] * label), sheet.empty]])
