"""Workloads: the answer to the one question for each, and what it costs over the term."""

from __future__ import annotations

from typing import Final

from openpyxl.workbook import Workbook

from excel_templates.book import Book
from excel_templates.layout import Column, Page
from excel_templates.styles import MONTH, USD, Role
from forecast.records.recommendation import Recommendation

TITLE: Final = "Workloads"
_HEAD: Final = 9


def design(workbook: Workbook) -> None:
    """Lay out the sheet."""
    page = Page(
        workbook,
        TITLE,
        "Workloads",
        "Does a human or a real-time system need the answer the moment it is produced, or is it "
        "consumed later?",
        widths=(30, 16, 14, 17, 17, 17, 13, 70),
        freeze=f"B{_HEAD + 1}",
    )
    page.stale_banner("A4")
    first = _HEAD + 1
    page.header(6, ("", "", "", ">As is, USD", ">Optimised, USD", ">Potential, USD"), height=18)
    page.put("A7", "All workloads, mean over the term", Role.LABEL)
    for column, name in (
        ("D", "workload_as_is_usd"),
        ("E", "workload_optimised_usd"),
        ("F", "workload_potential_usd"),
    ):
        page.put(f"{column}7", f"=SUM({name})", Role.RESULT, USD)
    page.table(
        "workload_rows",
        _HEAD,
        [
            Column("Workload", Role.LABEL),
            Column("Decision", Role.SERVICE),
            Column("Owner has", Role.SERVICE),
            Column("As is, USD", Role.SERVICE, USD, None, "workload_as_is_usd"),
            Column("Optimised, USD", Role.SERVICE, USD, None, "workload_optimised_usd"),
            Column("Potential, USD", Role.SERVICE, USD, None, "workload_potential_usd"),
            Column("Levers act from", Role.SERVICE, MONTH),
            Column("Why", Role.SERVICE),
        ],
    )
    page.close(first)
    page.repeat_down_to(_HEAD)
    page.ws.auto_filter.ref = f"A{_HEAD}:H{first}"
    page.ws.protection.autoFilter = False


def fill(book: Book, recommendation: Recommendation) -> None:
    """Write one row per workload, the largest first."""
    book.rows(
        "workload_rows",
        [
            [
                w.name,
                w.decision.value.replace("_", " "),
                w.owner_state,
                w.as_is_usd,
                w.optimised_usd,
                w.potential_usd,
                w.adoption_month,
                "\n".join(w.reasons),
            ]
            for w in sorted(recommendation.workloads, key=lambda w: (-w.as_is_usd, w.name))
        ],
    )
