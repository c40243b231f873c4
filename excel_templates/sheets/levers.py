"""Levers: what batch, caching and routing take off the list cost."""

from __future__ import annotations

from typing import Final

from openpyxl.workbook import Workbook

from excel_templates.book import Book
from excel_templates.layout import Column, Page
from excel_templates.sheets.decision import step_rows, waterfall_columns
from excel_templates.styles import SHARE, USD, Role
from forecast.records.recommendation import Recommendation

TITLE: Final = "Levers"
_LIVE_HEAD: Final = 6
_WATERFALL_HEAD: Final = 13
_LIST_HEAD: Final = 34


def design(workbook: Workbook) -> None:
    """Lay out the sheet: live totals, the waterfall, and every lever of every workload."""
    page = Page(
        workbook,
        TITLE,
        "Levers",
        "Savings act inside the scenarios, each from its month and with its own uncertainty; "
        "only what an owner has accepted counts.",
        widths=(34, 18, 18, 18, 64, 3, 3, 3, 3, *([13] * 6)),
        printed_columns=5,
        freeze="A4",
    )
    page.header(
        _LIVE_HEAD, ("Mean over the term, list USD", ">At these inputs", ">Service, as generated"),
        height=18,
    )  # fmt: skip
    for i, (label, formula, key) in enumerate(
        (
            ("List cost as is", "mean_as_is_usd", "as_is"),
            ("Saving of the levers", "mean_as_is_usd-mean_list_usd", "saving"),
            ("List cost, optimised", "mean_list_usd", "optimised"),
        )
    ):
        row = _LIVE_HEAD + 1 + i
        page.put(f"A{row}", label, Role.LABEL)
        page.put(f"B{row}", f"=ROUND({formula},2)", Role.RESULT, USD)
        page.put(f"C{row}", None, Role.SERVICE, USD, name=f"service_list_{key}")
    row = _LIVE_HEAD + 4
    page.put(f"A{row}", "Saving, share of as is", Role.LABEL)
    page.put(
        f"B{row}", "=IF(mean_as_is_usd=0,0,1-mean_list_usd/mean_as_is_usd)", Role.RESULT, SHARE
    )
    page.stale_banner(f"A{_WATERFALL_HEAD - 1}")
    page.table(
        "waterfall_rows",
        _WATERFALL_HEAD,
        [
            Column("Step", Role.LABEL),
            Column("USD", Role.SERVICE, USD, None, "waterfall_usd"),
            *[Column("")] * 7,
            *waterfall_columns(_WATERFALL_HEAD + 1, "B", "J"),
        ],
    )
    page.name("waterfall_kind", f"J{_WATERFALL_HEAD + 1}")
    page.name("chart_waterfall", f"C{_WATERFALL_HEAD}")
    page.table(
        "lever_rows",
        _LIST_HEAD,
        [
            Column("Workload", Role.LABEL),
            Column("Lever", Role.SERVICE),
            Column("Saving at list, USD", Role.SERVICE, USD),
            Column("Saving after settlement, USD", Role.SERVICE, USD),
            Column("How", Role.SERVICE),
        ],
    )
    page.note(
        _LIST_HEAD - 1,
        "After settlement: what the saving is worth under the recommended commitment. Inside a "
        "pool that is not used up a saved dollar is worth what unused is worth.",
        to="E",
        height=28,
    )
    page.close(_LIST_HEAD + 1)


def fill(book: Book, recommendation: Recommendation) -> None:
    """Write the waterfall and the levers, the largest saving first."""
    as_is = recommendation.as_is.term_list_cost.mean_usd
    optimised = recommendation.optimised.term_list_cost.mean_usd
    book.set("service_list_as_is", as_is)
    book.set("service_list_saving", as_is - optimised)
    book.set("service_list_optimised", optimised)
    book.rows("waterfall_rows", step_rows(recommendation.waterfall, 7))
    book.rows(
        "lever_rows",
        [
            [w.name, s.lever, s.list_saving_usd, s.settled_saving_usd, s.configuration]
            for w, s in sorted(
                ((w, s) for w in recommendation.workloads for s in w.levers),
                key=lambda of: (-of[1].list_saving_usd, of[0].name, of[1].lever),
            )
        ]
        or [["no workload has a lever"]],
    )
