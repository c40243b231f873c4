"""Reconciliation: the usage against what was billed, month by month, and what is apart."""

from __future__ import annotations

from typing import Final

from openpyxl.workbook import Workbook

from excel_templates.book import Book
from excel_templates.layout import Column, Page
from excel_templates.styles import MONTH, SHARE, USD_CENTS, Role
from forecast.pricing.reconciliation import heading_of
from forecast.records.recommendation import Recommendation
from forecast.records.reconciliation import Reconciliation

TITLE: Final = "Reconciliation"
_FACTS_ROW: Final = 6
_FACTS: Final = (
    ("reconciliation_billed", "On the bill, USD", USD_CENTS),
    ("reconciliation_repriced", "Usage repriced, USD", USD_CENTS),
    ("reconciliation_share", "Repriced less billed, of billed", SHARE),
    ("reconciliation_covered", "Of the usage's list cost, on these bills", SHARE),
    ("reconciliation_discount", "Discount in the bills, measured", SHARE),
)
_HEAD: Final = _FACTS_ROW + len(_FACTS) + 3
BANNER: Final = "=reconciliation_banner"
LEVEL: Final = "reconciliation_level"
"""−1 without a bill, 0 within tolerance, 1 a warning: a refused history has no workbook."""


def design(workbook: Workbook) -> None:
    """Lay out the sheet: totals above, months to the left, causes and discounts to the right."""
    page = Page(
        workbook,
        TITLE,
        "Does the history reprice to the bill?",
        "What usage comes to at the prices of its day, held against the vendor's own lines. "
        "Differences are repriced less billed.",
        widths=(11, 26, 15, 15, 14, 9, 24, 2, 18, 14, 7, 38, 36, 2, 18, 12, 12, 12, 17),
        printed_columns=13,
        freeze="A4",
    )
    page.light("A4", BANNER, LEVEL)
    for i, (name, label, number_format) in enumerate(_FACTS):
        page.merged(f"A{_FACTS_ROW + i}:B{_FACTS_ROW + i}", label, Role.LABEL, height=15)
        page.put(f"C{_FACTS_ROW + i}", None, Role.SERVICE, number_format, name=name)
    page.merged(
        f"I{_FACTS_ROW}:M{_FACTS_ROW + len(_FACTS) - 1}", None, Role.PARAGRAPH, height=15,
        name="reconciliation_note",
    )  # fmt: skip
    page.put("O4", None, Role.SERVICE, name=LEVEL)
    page.put("O5", None, Role.SERVICE, name="reconciliation_banner")
    page.section(_HEAD - 1, "By month and bill")
    page.table(
        "reconciled_rows",
        _HEAD,
        [
            Column("Month", Role.SERVICE, MONTH),
            Column("Bill", Role.SERVICE),
            Column("On the bill, USD", Role.SERVICE, USD_CENTS, name="reconciled_billed"),
            Column("Repriced, USD", Role.SERVICE, USD_CENTS, name="reconciled_repriced"),
            Column("Difference, USD", Role.SERVICE, USD_CENTS, name="reconciled_difference"),
            Column("Of billed", Role.SERVICE, SHARE),
            Column("Verdict", Role.SERVICE),
        ],
    )
    page.section(_HEAD - 1, "What is apart, the largest first", column=9)
    page.table(
        "cause_rows",
        _HEAD,
        [
            Column("Likely cause", Role.SERVICE),
            Column("Difference, USD", Role.SERVICE, USD_CENTS),
            Column("Cells", Role.SERVICE, "0"),
            Column("In words", Role.SERVICE),
            Column("What to do", Role.SERVICE),
        ],
        column=9,
    )
    page.section(_HEAD - 1, "Discount by model family", column=15)
    page.table(
        "discount_rows",
        _HEAD,
        [
            Column("Model family", Role.SERVICE),
            Column("Discount", Role.SERVICE, SHARE),
            Column("Lowest", Role.SERVICE, SHARE),
            Column("Highest", Role.SERVICE, SHARE),
            Column("List cost, USD", Role.SERVICE, USD_CENTS),
        ],
        column=15,
    )
    page.close(_HEAD + 1)


def fill(book: Book, recommendation: Recommendation) -> None:
    """Write what was compared."""
    found = recommendation.reconciliation
    level, banner = _banner(found, warned=bool(recommendation.warnings))
    book.set("reconciliation_level", level)
    book.set("reconciliation_banner", banner)
    book.set("reconciliation_note", found.note)
    book.set("reconciliation_billed", found.billed_usd)
    book.set("reconciliation_repriced", found.repriced_usd)
    book.set("reconciliation_share", found.difference_share)
    done = found.status != "not_done"
    book.set("reconciliation_covered", found.covered_share if done else None)
    discount = found.discount
    book.set("reconciliation_discount", discount.discount_share if discount else None)
    book.rows(
        "reconciled_rows",
        [
            [
                m.month,
                m.source,
                m.billed_usd,
                m.repriced_usd,
                m.difference_usd,
                m.difference_share,
                m.said,
            ]
            for m in found.months
        ]
        or [[None, "no bill was given"]],
    )
    book.rows(
        "cause_rows",
        [
            [
                c.cause.value.replace("_", " "),
                c.difference_usd,
                c.n_differences,
                c.said,
                c.what_to_do,
            ]
            for c in found.causes
        ]
        or [["nothing is apart" if done else "nothing was compared"]],
    )
    book.rows(
        "discount_rows",
        [
            [f.family, f.discount_share, f.lowest_share, f.highest_share, f.list_usd]
            for f in (discount.families if discount else ())
        ]
        or [["none was measured"]],
    )


def _banner(found: Reconciliation, *, warned: bool) -> tuple[int, str]:
    """Give the level and the one line that the light shows."""
    if found.status == "not_done" and warned:
        return 1, f"▲ The bill could not be compared with the usage: see {TITLE}"
    if found.status == "not_done":
        return -1, "Not reconciled: no bill was compared with the usage"
    apart = found.difference_share
    shown = 0.0 if apart is None else round(100 * apart, 1) + 0.0
    share = f" ({shown:+.1f} %)" if shown else ""
    said = heading_of(found)
    if found.status == "within_tolerance":
        return 0, f"● {said}{share}"
    return 1, f"▲ {said.replace('The usage reprices', 'Reprices')}{share}: see {TITLE}"
