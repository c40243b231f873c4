"""Tiers: every tier's best commitment, and what moving from ours costs."""

from __future__ import annotations

from typing import Final

from openpyxl.workbook import Workbook

from excel_templates.book import KEEP, Book
from excel_templates.layout import Column, Page
from excel_templates.sheets.settled_offers import (
    list_per_usd,
    overage_discount,
    unused_price,
)
from excel_templates.sheets.settled_rows import N_TIERS, mean_above
from excel_templates.styles import SHARE, USD, USD_CENTS, Role
from forecast.records.recommendation import Recommendation

TITLE: Final = "Tiers"
_FIRST: Final = 7
_MOVES_HEAD: Final = _FIRST + N_TIERS + 4


def design(workbook: Workbook) -> None:
    """Lay out the sheet."""
    page = Page(
        workbook,
        TITLE,
        "Tiers, and moves away from our number",
        "The cost is not convex across tiers: every threshold and every tier's own best are "
        "compared. Probabilities are shares of the scenarios.",
        widths=(8, 15, 11, 17, 17, 14, 14, 12, 12, 12, 17, 17, 56, 3, *([13] * 8)),
        printed_columns=13,
        freeze="B4",
    )
    page.live_banner("A4")
    page.header(
        _FIRST - 1,
        ("Tier", ">From (term), USD", ">Discount", ">Best commitment, USD", ">Expected cost, USD",
         ">Expected unused, USD", ">More than the best, USD", ">Chance of a shortfall",
         ">Chance of overage", ">Percentile", ">Service: best commitment, USD",
         ">Service: expected cost, USD", "Service: verdict (stale once inputs change)"),
        height=44,
    )  # fmt: skip
    last = _FIRST + N_TIERS - 1
    for i in range(N_TIERS):
        row, k = _FIRST + i, i + 1
        page.put(f"A{row}", f"Tier {k}", Role.LABEL)
        here = f"AND(live=1,ISNUMBER(INDEX(tier_from_used,{k})))"
        for column, formula, number_format in (
            ("B", f"INDEX(tier_threshold,{k})", USD),
            ("C", f"INDEX(tier_discount,{k})", SHARE),
            ("D", f"INDEX(tier_row_commitment,{k})", USD_CENTS),
            ("E", f"ROUND(INDEX(tier_row_expected_cost,{k}),2)", USD_CENTS),
            ("F", f"ROUND(INDEX(tier_row_expected_unused,{k}),2)", USD),
            ("G", f"INDEX(tier_row_expected_cost,{k})-best_expected_cost", USD),
            ("H", f"INDEX(tier_row_shortfall_probability,{k})", SHARE),
            ("I", f"INDEX(tier_row_overage_probability,{k})", SHARE),
            ("J", f"INDEX(tier_row_percentile,{k})", SHARE),
        ):
            role = Role.RESULT if column in "DE" else Role.CALCULATION
            page.put(f"{column}{row}", f'=IF({here},{formula},"")', role, number_format)
        page.put(f"K{row}", None, Role.SERVICE, USD_CENTS)
        page.put(f"L{row}", None, Role.SERVICE, USD_CENTS)
        page.put(f"M{row}", None, Role.SERVICE)
    page.name("service_tier_commitment", f"K{_FIRST}:K{last}")
    page.name("service_tier_expected_cost", f"L{_FIRST}:L{last}")
    page.name("service_tier_verdict", f"M{_FIRST}:M{last}")
    page.section(_MOVES_HEAD - 2, "What it costs to move from our number, live and as generated")
    page.stale_banner(f"A{_MOVES_HEAD - 1}")
    page.table("move_rows", _MOVES_HEAD, _move_columns(_MOVES_HEAD + 1))
    page.ws.row_dimensions[_MOVES_HEAD].height = 58
    page.close(_MOVES_HEAD + 1)


def _move_columns(row: int) -> list[Column]:
    """Give the columns of the moves, whose first row is `row`; settled to the right of the page."""
    d, g, o, k, u = (f"{column}{row}" for column in "CPQRS")
    short, beyond, last = (f"{column}{row}" for column in "TUV")
    cost = f"=(1-{d})*mean_list_usd+{u}*{short}+({d}-{o})*{beyond}-used_unused_value*{u}*{last}"
    return [
        Column(""),
        Column("Commitment, USD", Role.SERVICE, USD),
        Column("Discount", Role.SERVICE, SHARE),
        Column(
            "Costs more than our number, expected, USD",
            Role.RESULT,
            USD,
            f"=IF(live=1,O{row}-best_expected_cost,F{row})",
            "move_extra",
        ),
        Column("Expected unused, USD", Role.CALCULATION, USD,
               f"=IF(live=1,{u}*{short},G{row})", "move_unused"),
        Column("Service: costs more, USD", Role.SERVICE, USD, None, "service_move_extra"),
        Column("Service: unused, USD", Role.SERVICE, USD, None, "service_move_unused"),
        Column("Service: we would not mind at (none: at no discount)", Role.SERVICE, SHARE),
        *[Column("")] * 6,
        Column("Expected cost", Role.CALCULATION, USD_CENTS, cost),
        Column("List $ a committed $ buys, g", Role.CALCULATION, "0.0000",
               f"={list_per_usd(d)}"),
        Column("Overage discount o", Role.CALCULATION, SHARE, f"={overage_discount(d)}"),
        Column("Used up at, list $ a period", Role.CALCULATION, USD_CENTS,
               f"=B{row}/n_periods*{g}"),
        Column("An unused list $ costs, u", Role.CALCULATION, "0.0000", f"={unused_price(d)}"),
        Column("Mean list $ short", Role.CALCULATION, USD_CENTS,
               f"={mean_above(k, 'period_list')}"),
        Column("Mean list $ beyond", Role.CALCULATION, USD_CENTS,
               f"={mean_above('period_list', k)}"),
        Column("Mean list $ short, last period", Role.CALCULATION, USD_CENTS,
               f"={mean_above(k, 'scenario_last_period')}"),
    ]  # fmt: skip


def fill(book: Book, recommendation: Recommendation) -> None:
    """Write the service's rows."""
    tiers = recommendation.tiers[:N_TIERS]
    book.column("service_tier_commitment", [t.best_commitment_usd for t in tiers])
    book.column("service_tier_expected_cost", [t.expected_cost_usd for t in tiers])
    book.column("service_tier_verdict", [t.verdict for t in tiers], fit=True)
    book.rows(
        "move_rows",
        [
            [
                None,
                m.commitment_usd,
                m.discount_share,
                KEEP,
                KEEP,
                m.extra_expected_cost_usd,
                m.expected_unused_usd,
                "none" if m.indifference_discount_share is None else m.indifference_discount_share,
                *[KEEP] * 14,
            ]
            for m in recommendation.moves
        ],
    )
