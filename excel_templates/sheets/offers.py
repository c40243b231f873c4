"""Offers: what is on the table, side by side and live; below, as the service scored it."""

from __future__ import annotations

from typing import Final

from openpyxl.workbook import Workbook

from excel_templates.book import Book
from excel_templates.layout import Page
from excel_templates.sheets.result_lists import OFFERS
from excel_templates.sheets.settled_offers import N_OFFERS
from excel_templates.styles import GENERAL, ONE_LINE, SHARE, USD, USD_CENTS, Role
from forecast.records.recommendation import Recommendation

TITLE: Final = OFFERS.title
_FIRST: Final = 7
_OURS: Final = (
    ("Our number", "best"),
    ("The typed commitment", "typed"),
    ("No deal", "no_deal"),
)
_LAST: Final = _FIRST + len(_OURS) + N_OFFERS - 1
_CHART_ROW: Final = _LAST + 2
_HEAD: Final = _CHART_ROW + 24
_COLUMNS: Final = (
    ("commitment", "B", USD_CENTS),
    ("discount", "C", SHARE),
    ("percentile", "D", SHARE),
    ("expected_cost", "E", USD_CENTS),
    ("expected_unused", "F", USD_CENTS),
    ("shortfall_probability", "G", SHARE),
    ("overage_probability", "H", SHARE),
)


def design(workbook: Workbook) -> None:
    """Lay out the sheet: the live table, its chart, the service's list."""
    page = Page(
        workbook,
        TITLE,
        "Offers side by side",
        "Type commitment and discount of an offer on Inputs. Here every other clause is the one "
        "typed there; below, each offer under its own terms.",
        widths=(26, 17, 12, 13, 18, 18, 17, 17, 70, 3, 15, 15),
        printed_columns=9,
    )
    page.live_banner("A4")
    page.header(
        _FIRST - 1,
        ("Over the term, at these inputs", ">Commitment, USD", ">Discount", ">Percentile",
         ">Expected cost, USD", ">Expected unused, USD", ">Chance of a shortfall",
         ">Chance of overage", "In words", "", ">Used, USD", ">Unused, USD"),
        height=44,
    )  # fmt: skip
    for i, (label, key) in enumerate(_OURS):
        _ours(page, _FIRST + i, label, key)
    for k in range(1, N_OFFERS + 1):
        _offer(page, _FIRST + len(_OURS) + k - 1, k)
    page.name("offer_table", f"A{_FIRST}:L{_LAST}")
    page.name("chart_offers", f"A{_CHART_ROW}:I{_HEAD - 4}")
    page.section(_HEAD - 2, "As the service scored them, each under its own terms")
    page.stale_banner(f"A{_HEAD - 1}")
    page.table(OFFERS.name, _HEAD, OFFERS.columns)
    page.close(_HEAD + 1)


def _ours(page: Page, row: int, label: str, key: str) -> None:
    page.put(f"A{row}", label, Role.LABEL)
    cells = {part: f"{key}_{part}" for part, _, _ in _COLUMNS}
    words = '""'
    if key == "no_deal":
        cells = {"expected_cost": "no_deal_expected_cost", "discount": "on_demand_discount"}
        words = '"on demand, or elsewhere if that is cheaper"'
    elif key == "typed":
        words = "typed_text"
    _row(page, row, "live=1", cells, words)


def _offer(page: Page, row: int, k: int) -> None:
    page.put(f"A{row}", f"=INDEX(offer_label,{k})", Role.LABEL)
    page.ws.row_dimensions[row].height = 28  # a name may take two lines
    cells = {part: f"INDEX(offer_row_{part},{k})" for part, _, _ in _COLUMNS}
    cost = cells["expected_cost"]
    more = f"{cost}-best_expected_cost"
    words = (
        f'IF({cost}>no_deal_expected_cost,"■ worse than no deal, by $"&'
        f"FIXED({cost}-no_deal_expected_cost,0)&"
        f'"; ",IF({more}<=tolerance_share*best_expected_cost,"● as good as our number; ",'
        f'"▲ costs $"&FIXED({more},0)&" more than our number; "))'
        f'&"it is our percentile "&FIXED(100*{cells["percentile"]},0)'
    )
    _row(page, row, f"AND(live=1,INDEX(offer_row_counts,{k})=1)", cells, words)


def _row(page: Page, row: int, when: str, cells: dict[str, str], words: str) -> None:
    for part, column, number_format in _COLUMNS:
        formula = cells.get(part, '""')
        shown = f"ROUND({formula},2)" if number_format == USD_CENTS and part in cells else formula
        role = Role.RESULT if part == "expected_cost" else Role.CALCULATION
        page.put(f"{column}{row}", f'=IF({when},{shown},"")', role, number_format)
    said = page.put(f"I{row}", f'=IF({when},{words},"")', Role.CALCULATION, GENERAL)
    said.alignment = ONE_LINE
    cost, unused = f"E{row}", f"F{row}"
    page.put(f"K{row}", f"=SUM({cost})-SUM({unused})", number_format=USD)
    page.put(f"L{row}", f"=SUM({unused})", number_format=USD)


def fill(book: Book, recommendation: Recommendation) -> None:
    """Write the service's scores."""
    book.rows(OFFERS.name, OFFERS.rows(recommendation) or [[OFFERS.empty]])
