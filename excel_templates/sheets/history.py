"""Usage history: observed list cost by month, and what was found odd in it."""

from __future__ import annotations

from typing import Final

from openpyxl.workbook import Workbook

from excel_templates.book import Book
from excel_templates.layout import Column, Page
from excel_templates.styles import DAY, MONTH, USD_CENTS, Role
from forecast.records.recommendation import Recommendation

TITLE: Final = "Usage history"
_HEAD: Final = 24


def design(workbook: Workbook) -> None:
    """Lay out the sheet: the chart above, months and findings below."""
    page = Page(
        workbook,
        TITLE,
        "Usage history",
        "What the usage exports come to at list prices of their day, and what was done about "
        "odd stretches before anything was forecast.",
        widths=(13, 18, 11, 2, 20, 20, 12, 12, 42, 26),
        freeze="A4",
    )
    page.name("chart_history", "A5")
    page.section(_HEAD - 1, "Observed list cost")
    page.table(
        "history_rows",
        _HEAD,
        [
            Column("Month", Role.SERVICE, MONTH),
            Column("List cost, USD", Role.SERVICE, USD_CENTS),
            Column("Complete", Role.SERVICE),
        ],
    )
    page.section(_HEAD - 1, "Found and done (exclusion ledger)", column=5)
    page.table(
        "finding_rows",
        _HEAD,
        [
            Column("Workload", Role.SERVICE),
            Column("Finding", Role.SERVICE),
            Column("From", Role.SERVICE, DAY),
            Column("To", Role.SERVICE, DAY),
            Column("What was done", Role.SERVICE),
            Column("Source", Role.SERVICE),
        ],
        column=5,
    )
    page.close(_HEAD + 1)


def fill(book: Book, recommendation: Recommendation) -> None:
    """Write months and findings."""
    book.rows("history_rows", [[m.month, m.list_usd, m.complete] for m in recommendation.history])
    book.rows(
        "finding_rows",
        [
            [a.workload, a.what.replace("_", " "), a.start, a.end, a.effect, a.source]
            for a in recommendation.cleaning
        ]
        or [["", "nothing odd was found"]],
    )
