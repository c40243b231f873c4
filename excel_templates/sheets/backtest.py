"""Backtest: what this method would have said, and cost, at past origins of the buyer's history."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from openpyxl.workbook import Workbook

from excel_templates.book import KEEP, Book
from excel_templates.layout import Column, Page
from excel_templates.styles import COUNT, DAY, SHARE, USD, Role
from forecast.records.outlook import Backtest, BacktestPoint, BacktestPolicy
from forecast.records.recommendation import Recommendation

TITLE: Final = "Backtest"
_FACTS_ROW: Final = 6
_FACTS: Final = (
    ("backtest_origins", "Past origins", COUNT),
    ("backtest_coverage", "Totals inside the 80 % band", SHARE),
    ("backtest_discount", "Discount the commitments are compared at", SHARE),
    ("backtest_capture", "Share of hindsight's saving: this method", SHARE),
    ("backtest_run_rate", "The same: last quarter carried on", SHARE),
)
_POLICY_HEAD: Final = _FACTS_ROW + len(_FACTS) + 2
_N_POLICY: Final = 17
"""Rows kept free for the policies: five at three horizons, and two to spare."""
_POINT_HEAD: Final = _POLICY_HEAD + _N_POLICY + 3
_POLICIES: Final = {
    "recommendation": "this method",
    "run_rate": "last quarter carried on",
    "last_month": "last month carried on",
    "none": "no deal",
    "hindsight": "hindsight",
}
_NOTHING: Final = "no past origin"


def design(workbook: Workbook) -> None:
    """Lay out the sheet: what it proves, the policies beside the chart, every point below."""
    page = Page(
        workbook,
        TITLE,
        "Had you used this",
        "At past days of your own history: what would have been forecast and signed for, and what "
        "came. One pool over the horizon, overage at list, today's prices.",
        widths=(9, 25, 15, 15, 15, 15, 10, 15, 15, 11, 16, 16, 15, 3, 15),
        printed_columns=13,
        freeze="A4",
    )
    page.section(_FACTS_ROW - 1, "All past origins and horizons together")
    page.section(_FACTS_ROW - 1, "What this proves", column=5)
    for i, (name, label, number_format) in enumerate(_FACTS):
        row = _FACTS_ROW + i
        page.merged(f"A{row}:B{row}", label, Role.LABEL, height=15)
        page.put(f"C{row}", None, Role.SERVICE, number_format, name=name)
    page.merged(
        f"E{_FACTS_ROW}:M{_FACTS_ROW + len(_FACTS) - 1}", None, Role.PARAGRAPH, height=15,
        name="backtest_note",
    )  # fmt: skip
    _policies(page)
    page.name("chart_backtest", f"H{_POLICY_HEAD - 1}:M{_POLICY_HEAD + _N_POLICY}")
    _points(page)


def _policies(page: Page) -> None:
    row = _POLICY_HEAD + 1
    held = f'SUMPRODUCT((backtest_point_weeks=A{row})*(backtest_point_inside="yes"))/C{row}'
    page.section(_POLICY_HEAD - 1, "By horizon: what each way of naming the commitment had cost")
    page.table(
        "backtest_policy_rows",
        _POLICY_HEAD,
        [
            Column("Weeks ahead", Role.LABEL, COUNT),
            Column("Commitment named by", Role.SERVICE),
            Column("Origins", Role.SERVICE, COUNT),
            Column(
                "Inside the 80 % band", Role.CALCULATION, SHARE, f'=IF(ISNUMBER(A{row}),{held},"")'
            ),
            Column("Paid over list cost", Role.SERVICE, SHARE),
            Column("Of hindsight's saving", Role.SERVICE, SHARE),
        ],
    )


def _points(page: Page) -> None:
    row = _POINT_HEAD + 1
    page.break_before(_POINT_HEAD - 1)
    page.section(
        _POINT_HEAD - 1,
        "Every origin and horizon, in USD: list cost that came, and what would have been said and "
        "paid",
    )
    page.table(
        "backtest_point_rows",
        _POINT_HEAD,
        [
            Column("Weeks ahead", Role.LABEL, COUNT, name="backtest_point_weeks"),
            Column("Origin", Role.SERVICE, DAY),
            Column("Came, list", Role.SERVICE, USD),
            Column("Forecast P10", Role.SERVICE, USD),
            Column("Forecast P50", Role.SERVICE, USD),
            Column("Forecast P90", Role.SERVICE, USD),
            Column("Inside the band", Role.SERVICE, name="backtest_point_inside"),
            Column("We would have signed for", Role.SERVICE, USD),
            Column("Paid with it", Role.SERVICE, USD),
            Column(
                "Paid over list cost",
                Role.CALCULATION,
                SHARE,
                f'=IF(ISNUMBER(C{row}),IF(C{row}>0,I{row}/C{row},""),"")',
            ),
            Column("Paid, last quarter carried on", Role.SERVICE, USD),
            Column("Paid, last month carried on", Role.SERVICE, USD),
            Column("Paid in hindsight", Role.SERVICE, USD),
            Column(""),
            Column("P10 to P90", Role.CALCULATION, USD, f'=IF(ISNUMBER(F{row}),F{row}-D{row},"")'),
        ],
    )
    page.close(row)


def fill(book: Book, recommendation: Recommendation) -> None:
    """Write what past origins say; a history without one says so."""
    found = recommendation.backtest
    for key, value in (
        ("backtest_origins", found.origins),
        ("backtest_coverage", found.interval_coverage_80),
        ("backtest_discount", found.discount_share),
        ("backtest_capture", found.savings_capture),
        ("backtest_run_rate", found.savings_capture_run_rate),
    ):
        book.set(key, "not known" if value is None else value)
    book.set("backtest_note", found.note)
    book.rows("backtest_policy_rows", _policy_rows(found.policies) or [[None, _NOTHING]])
    book.rows("backtest_point_rows", _point_rows(found) or [[None, _NOTHING]])


def first_horizon(found: Backtest) -> int:
    """Points of the shortest horizon; they stand first in the list."""
    shortest = min(found.horizons_weeks, default=0)
    return sum(p.horizon_weeks == shortest for p in found.points)


def _policy_rows(policies: Iterable[BacktestPolicy]) -> list[list[object]]:
    return [
        [
            p.horizon_weeks,
            _POLICIES[p.policy],
            p.n_points,
            KEEP,
            p.cost_share,
            p.savings_capture,
        ]
        for p in policies
    ]


def _point_rows(found: Backtest) -> list[list[object]]:
    def place(point: BacktestPoint) -> tuple[object, ...]:
        return point.horizon_weeks, point.origin

    return [
        [
            p.horizon_weeks,
            p.origin,
            p.realised_usd,
            p.p10_usd,
            p.p50_usd,
            p.p90_usd,
            p.inside_80,
            p.recommended_usd,
            p.cost_recommended_usd,
            KEEP,
            p.cost_run_rate_usd,
            p.cost_last_month_usd,
            p.cost_hindsight_usd,
            KEEP,
            KEEP,
        ]
        for p in sorted(found.points, key=place)
    ]
