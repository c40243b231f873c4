"""Concessions: what every step above our number costs, and the least to ask for in return."""

from __future__ import annotations

from typing import Final

from openpyxl.workbook import Workbook

from excel_templates.book import Book
from excel_templates.layout import Column, Page
from excel_templates.sheets.settled_offers import STEPS_ABOVE
from excel_templates.styles import GENERAL, ONE_LINE, SHARE, USD, USD_CENTS, Role
from forecast.records.recommendation import Recommendation

TITLE: Final = "Concessions"
_FIRST: Final = 7
_LAST: Final = _FIRST + len(STEPS_ABOVE) - 1
_HEAD: Final = _LAST + 4


def design(workbook: Workbook) -> None:
    """Lay out the sheet: the ladder, live; below, what can be asked for, the least first."""
    page = Page(
        workbook,
        TITLE,
        "Give and get",
        "Never move alone: each step towards the vendor costs this much on average, and the least "
        "that pays for it stands beside it. Internal.",
        widths=(20, 13, 17, 17, 15, 70, 18),
    )
    page.live_banner("A4")
    page.header(
        _FIRST - 1,
        (">We go to, USD over the term", ">Above our number", ">It costs us, USD",
         ">Expected unused, USD", ">Chance of a shortfall", "Ask in return for no less than",
         ">Worth to us, USD"),
        height=44,
    )  # fmt: skip
    for k in range(1, len(STEPS_ABOVE) + 1):
        _step(page, _FIRST + k - 1, k)
    page.name("ladder", f"A{_FIRST}:G{_LAST}")
    page.section(_HEAD - 2, "What can be asked for, the least valuable first")
    page.stale_banner(f"A{_HEAD - 1}")
    page.table(
        "get_rows",
        _HEAD,
        [
            Column("Clause", Role.LABEL),
            Column("Points of discount", Role.SERVICE, "0.00"),
            Column("Worth to us, USD", Role.SERVICE, USD, None, "get_value"),
            Column("Standard error, USD", Role.SERVICE, USD),
            Column("Moves our number by, USD", Role.SERVICE, USD),
            Column("Step", Role.SERVICE, GENERAL, None, "get_step"),
            Column(""),
        ],
    )
    page.ws.row_dimensions[_HEAD].height = 44
    page.close(_HEAD + 1)


def _step(page: Page, row: int, k: int) -> None:
    extra = f"C{row}"
    rank = f"IF({extra}<INDEX(get_value,1),1,MATCH({extra},get_value,1)+1)"
    ask = (
        f'IF(best_commitment=0,"no commitment is best: there is nothing to add to",'
        f'IF({extra}<=0.005,"nothing: this is our number",'
        f'IF({extra}>=MAX(get_value),"several of the clauses below: no single one is worth it",'
        f"INDEX(get_step,{rank}))))"
    )
    worth = f'IF(OR({extra}<=0.005,{extra}>=MAX(get_value)),"",INDEX(get_value,{rank}))'
    for column, formula, role, number_format in (
        ("A", f"INDEX(step_row_commitment,{k})", Role.RESULT, USD_CENTS),
        ("B", f"INDEX(step_above,{k})", Role.CALCULATION, SHARE),
        ("C", f"ROUND(INDEX(step_row_expected_cost,{k})-best_expected_cost,2)", Role.RESULT, USD),
        ("D", f"INDEX(step_row_expected_unused,{k})", Role.CALCULATION, USD),
        ("E", f"INDEX(step_row_shortfall_probability,{k})", Role.CALCULATION, SHARE),
        ("F", ask, Role.CALCULATION, GENERAL),
        ("G", worth, Role.CALCULATION, USD),
    ):
        cell = page.put(f"{column}{row}", f'=IF(live=1,{formula},"")', role, number_format)
        if column == "F":
            cell.alignment = ONE_LINE


def fill(book: Book, recommendation: Recommendation) -> None:
    """Write the clauses that are worth something, from the least to the most valuable."""
    points = {(e.clause, e.change): e.discount_points for e in recommendation.exchange}
    worth = sorted(
        (c for c in recommendation.clauses if c.value_usd > 2 * c.standard_error_usd),
        key=lambda c: (c.value_usd, c.clause, c.change),
    )
    book.rows(
        "get_rows",
        [
            [
                c.clause,
                points.get((c.clause, c.change)),
                c.value_usd,
                c.standard_error_usd,
                c.commitment_change_usd,
                f"{c.clause}: {c.change}",
            ]
            for c in worth
        ]
        or [["no clause is worth more than its error"]],
    )
