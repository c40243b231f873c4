"""Forecast: history, the fan of the optimised paths, and the distribution of the term."""

from __future__ import annotations

from itertools import zip_longest
from typing import Final

from openpyxl.workbook import Workbook

from excel_templates.book import KEEP, Book
from excel_templates.layout import Column, Page
from excel_templates.sheets import backtest
from excel_templates.styles import MONTH, SHARE, USD, Role
from forecast.records.recommendation import (
    QUANTILE_LEVELS,
    CostOutlook,
    MonthlyDistribution,
    Recommendation,
)

TITLE: Final = "Forecast"
_TERM_HEAD: Final = 7
_N_TERM: Final = len(QUANTILE_LEVELS) + 1
_BACKTEST_ROW: Final = _TERM_HEAD + _N_TERM + 2
_MONTHS_HEAD: Final = _BACKTEST_ROW + 3
FAN_LEVELS: Final = (0.1, 0.25, 0.5, 0.75, 0.9)


def design(workbook: Workbook) -> None:
    """Lay out the sheet: the term and the chart above, months below."""
    page = Page(
        workbook,
        TITLE,
        "Forecast",
        "List cost. As is: today's levers carried on. Optimised: with accepted levers from their "
        "months. Potential: proposed ones too. Quantiles never add up over months.",
        widths=(18, *([16] * 9), 3, *([14] * 4)),
        printed_columns=10,
        freeze="A4",
    )
    page.stale_banner("A4")
    page.section(_TERM_HEAD - 1, "The whole term")
    page.table(
        "term_rows",
        _TERM_HEAD,
        [
            Column("Quantile level", Role.LABEL, SHARE),
            Column("As is, list USD", Role.SERVICE, USD),
            Column("Optimised, list USD", Role.SERVICE, USD),
            Column("Optimised, contracted USD", Role.SERVICE, USD),
            Column("Potential, list USD", Role.SERVICE, USD),
        ],
    )
    page.name("chart_forecast", f"F{_TERM_HEAD - 1}:J{_TERM_HEAD + _N_TERM}")
    page.put(f"A{_BACKTEST_ROW}", "Past totals inside the 80 % band", Role.LABEL)
    page.ws.merge_cells(f"A{_BACKTEST_ROW}:C{_BACKTEST_ROW}")
    page.put(f"D{_BACKTEST_ROW}", "=backtest_coverage", number_format=SHARE)
    page.put(f"E{_BACKTEST_ROW}", f"see {backtest.TITLE}", Role.NOTE)
    _months(page)


def _months(page: Page) -> None:
    row = _MONTHS_HEAD + 1
    fan = [Column(f"Optimised P{level * 100:.0f}", Role.SERVICE, USD) for level in FAN_LEVELS]
    at_start = f'$B{row}="history"'
    bands = [
        Column("Fan: base", Role.CALCULATION, USD, f"=IF({at_start},C{row},F{row})"),
        Column("P10 to P25", Role.CALCULATION, USD, f"=IF({at_start},0,G{row}-F{row})"),
        Column("P25 to P75", Role.CALCULATION, USD, f"=IF({at_start},0,I{row}-G{row})"),
        Column("P75 to P90", Role.CALCULATION, USD, f"=IF({at_start},0,J{row}-I{row})"),
    ]
    page.break_before(_MONTHS_HEAD - 1)
    page.section(
        _MONTHS_HEAD - 1,
        "By month: complete months of the history, then those of the term (what lies between is "
        "left out)",
    )
    page.table(
        "month_rows",
        _MONTHS_HEAD,
        [
            Column("Month", Role.LABEL, MONTH),
            Column("Kind", Role.SERVICE),
            Column("Observed, USD", Role.SERVICE, USD),
            Column("As is, mean, USD", Role.SERVICE, USD),
            Column("Optimised, mean, USD", Role.SERVICE, USD),
            *fan,
            Column(""),
            *bands,
        ],
    )
    page.close(row)


def fill(book: Book, recommendation: Recommendation) -> None:
    """Write the term's quantiles and the months."""
    states = (recommendation.as_is, recommendation.optimised, recommendation.potential)
    as_is, optimised, potential = states
    rows: list[list[object]] = [
        [
            "mean",
            as_is.term_list_cost.mean_usd,
            optimised.term_list_cost.mean_usd,
            optimised.term_contracted_cost.mean_usd,
            potential.term_list_cost.mean_usd,
        ]
    ]
    rows += [
        [a.quantile_level, a.usd, b.usd, c.usd, d.usd]
        for a, b, c, d in zip(
            as_is.term_list_cost.quantiles,
            optimised.term_list_cost.quantiles,
            optimised.term_contracted_cost.quantiles,
            potential.term_list_cost.quantiles,
            strict=True,
        )
    ]
    book.rows("term_rows", rows)
    book.rows("month_rows", [*_history(recommendation), *_future(as_is, optimised)])


def _history(recommendation: Recommendation) -> list[list[object]]:
    start = recommendation.optimised.monthly[0].month
    return [
        [m.month, "history", m.list_usd, *([None] * 7), *([KEEP] * 5)]
        for m in recommendation.history
        if m.complete and m.month < start
    ]


def _future(as_is: CostOutlook, optimised: CostOutlook) -> list[list[object]]:
    return [
        [
            b.month,
            "forecast",
            None,
            a.mean_usd if a else None,
            b.mean_usd,
            *(_level(b, level) for level in FAN_LEVELS),
            *([KEEP] * 5),
        ]
        for a, b in zip_longest(as_is.monthly, optimised.monthly)
    ]


def _level(month: MonthlyDistribution, level: float) -> object:
    return next(q.usd for q in month.quantiles if abs(q.quantile_level - level) < 1e-9)
