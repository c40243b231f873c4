"""Commitment curve: what follows from every commitment, live and as the service drew it."""

from __future__ import annotations

from typing import Final

from openpyxl.workbook import Workbook

from excel_templates.book import Book
from excel_templates.layout import Column, Page
from excel_templates.sheets.settled_rows import N_CURVE
from excel_templates.styles import SHARE, USD, Role
from forecast.records.recommendation import Recommendation

TITLE: Final = "Commitment curve"
_HEAD: Final = 30


def design(workbook: Workbook) -> None:
    """Lay out the sheet: charts above, the live table and the service's below."""
    page = Page(
        workbook,
        TITLE,
        "Commitment curve",
        "Expected cost, waste and the two chances at every commitment. The cost jumps where a "
        "threshold earns a better discount.",
        widths=(17, 11, 17, 17, 13, 13, 3, 17, 11, 17, 17, 17, 13, 13),
        freeze="A4",
    )
    page.live_banner("A4")
    page.name("chart_curve_cost", "A5")
    page.name("chart_curve_risk", "H5")
    page.section(_HEAD - 1, "At these inputs (live)")
    page.header(
        _HEAD,
        (">Commitment, USD", ">Discount", ">Expected cost, USD", ">Expected unused, USD",
         ">Chance of a shortfall", ">Chance of overage"),
    )  # fmt: skip
    for i in range(N_CURVE):
        row, k = _HEAD + 1 + i, i + 1
        for column, name, number_format in (
            ("A", "commitment", USD),
            ("B", "discount", SHARE),
            ("C", "expected_cost", USD),
            ("D", "expected_unused", USD),
            ("E", "shortfall_probability", SHARE),
            ("F", "overage_probability", SHARE),
        ):
            formula = f'=IF(live=1,INDEX(curve_row_{name},{k}),"")'
            page.put(f"{column}{row}", formula, number_format=number_format)
    last = _HEAD + N_CURVE
    page.name("curve_live", f"A{_HEAD + 1}:F{last}")
    page.put(f"A{last + 2}", "Best now", Role.LABEL)
    page.put(f"B{last + 2}", "=IF(live=1,best_commitment,service_sign_for)", number_format=USD)
    page.put(
        f"C{last + 2}", "=IF(live=1,best_expected_cost,service_expect_to_pay)", number_format=USD
    )
    page.name("curve_best", f"B{last + 2}:C{last + 2}")
    page.put(f"A{last + 3}", "On the table", Role.LABEL)
    page.put(f"B{last + 3}", "=IF(live=1,typed_commitment,service_sign_for)", number_format=USD)
    page.put(
        f"C{last + 3}", "=IF(live=1,typed_expected_cost,service_expect_to_pay)", number_format=USD
    )
    page.name("curve_typed", f"B{last + 3}:C{last + 3}")
    for i, at in enumerate(("0", f"MAX(A{_HEAD + 1}:A{last})")):
        row = last + 4 + i
        page.put(f"A{row}", "No deal" if i == 0 else None, Role.LABEL)
        page.put(f"B{row}", f"={at}", number_format=USD)
        page.put(
            f"C{row}", "=IF(live=1,no_deal_expected_cost,service_no_deal_cost)", number_format=USD
        )
    page.name("curve_no_deal", f"B{last + 4}:C{last + 5}")
    page.section(_HEAD - 1, "Service's curve", column=8)
    page.stale_banner(f"J{_HEAD - 1}")
    page.table(
        "curve_rows",
        _HEAD,
        [
            Column("Commitment, USD", Role.SERVICE, USD),
            Column("Discount", Role.SERVICE, SHARE),
            Column("Expected cost, USD", Role.SERVICE, USD),
            Column("Cost P80, USD", Role.SERVICE, USD),
            Column("Expected unused, USD", Role.SERVICE, USD),
            Column("Chance of a shortfall", Role.SERVICE, SHARE),
            Column("Chance of overage", Role.SERVICE, SHARE),
        ],
        column=8,
    )
    page.close(last + 5)
    page.fit(1)


def fill(book: Book, recommendation: Recommendation) -> None:
    """Write the service's curve."""
    book.rows(
        "curve_rows",
        [
            [
                p.commitment_usd,
                p.discount_share,
                p.expected_cost_usd,
                p.p80_cost_usd,
                p.waste_expected_usd,
                p.shortfall_probability,
                p.overage_probability,
            ]
            for p in recommendation.curve
        ],
    )
