"""The first sheet: where the contract lands against last time, its periods, platforms, checks."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from openpyxl.workbook import Workbook

from excel_templates.book import KEEP
from excel_templates.layout import Column, Page
from excel_templates.quarter.pages import Filled, Rows, listed
from excel_templates.styles import DAY, GENERAL, MONTH, SHARE, USD, Role
from forecast.records.recommendation import Quantile
from forecast.records.reforecast import Reforecast

TITLE: Final = "Quarter"


def design(workbook: Workbook, result: Reforecast) -> Rows:
    """Lay the sheet out, and give what fills its lists."""
    page = Page(
        workbook,
        TITLE,
        "Where the contract lands",
        "A value of the service stands on grey; what is white is a formula of this workbook. "
        "Dollars of the commitment unless a heading says list.",
        widths=(38, 15, 15, 15, 15, 15, 15, 15, 15),
    )
    filled: Filled = {}
    row = listed(
        page,
        filled,
        "quarter_headline_rows",
        5,
        [
            Column("Over the term", Role.LABEL),
            Column("Last forecast", Role.SERVICE, USD),
            Column("Now", Role.SERVICE, USD),
            Column("Change", Role.CALCULATION, USD, '=IF(ISNUMBER(B7),C7-B7,"")'),
        ],
        _headline(result),
        title=f"{result.months_elapsed} of {result.contract.terms.term_months} months are over; "
        f"as of {result.provenance.as_of}",
    )
    row = listed(
        page,
        filled,
        "quarter_period_rows",
        row,
        [
            Column("Settlement period", Role.LABEL, MONTH),
            Column("Last day", Role.SERVICE, DAY),
            Column("State", Role.SERVICE),
            Column("Committed", Role.SERVICE, USD),
            Column("Drawn", Role.SERVICE, USD),
            Column("Lands at P10", Role.SERVICE, USD),
            Column("Lands at P50", Role.SERVICE, USD),
            Column("Lands at P90", Role.SERVICE, USD),
            Column("P(shortfall)", Role.SERVICE, SHARE),
        ],
        [_period(result, i) for i in range(len(result.burn_down.periods))],
        title="Settlement periods",
    )
    row = listed(
        page,
        filled,
        "quarter_certain_rows",
        row,
        [
            Column("In this share of the scenarios", Role.LABEL, SHARE),
            Column("Exhausted by", Role.SERVICE, DAY),
            Column("Shortfall certain by", Role.SERVICE, DAY),
        ],
        [
            [c.probability, c.exhausted_on or "never", c.shortfall_certain_on or "never"]
            for c in result.burn_down.certain
        ],
        title="When the running period is decided",
        otherwise="nothing is left to decide, or nothing is committed",
    )
    row = listed(
        page,
        filled,
        "quarter_platform_rows",
        row,
        [
            Column("Platform", Role.LABEL),
            Column("A dollar counts", Role.SERVICE, SHARE),
            Column("Drawn", Role.SERVICE, USD),
            Column("Expected to come", Role.SERVICE, USD),
            Column("Together", Role.CALCULATION, USD, f'=IF(ISNUMBER(C{row + 2}),C{row + 2}'
                   f'+D{row + 2},"")'),
        ],
        [[p.platform, p.counted_share, p.drawn_usd, p.expected_usd, KEEP]
         for p in result.burn_down.platforms],
        title="Burn-down by platform",
    )  # fmt: skip
    page.section(row, "Checks")
    page.header(row + 1, ("Check", ">Apart, USD", "Verdict"))
    for i, (check, difference) in enumerate(_CHECKS, start=row + 2):
        page.put(f"A{i}", check, Role.LABEL)
        page.put(f"B{i}", difference, Role.CALCULATION, '"$"#,##0.00;-"$"#,##0.00')
        page.put(f"C{i}", f'=IF(ABS(B{i})<0.005,"passes","FAILS")', Role.CALCULATION)
    first, last = row + 2, row + 1 + len(_CHECKS)
    apart = f"B{first}:B{last}"
    failed = f"SUMPRODUCT(({apart}>=0.005)+({apart}<=-0.005))"
    page.put(f"A{last + 1}", "Checks that fail", Role.LABEL)
    page.put(f"B{last + 1}", f"={failed}", Role.RESULT, "0", name="checks_failed")
    page.put(f"A{last + 2}", "Level of the light", Role.LABEL)
    page.put(
        f"B{last + 2}", "=IF(checks_failed=0,0,2)", Role.CALCULATION, GENERAL, name="light_level"
    )
    page.put(f"A{last + 3}", "Its words", Role.LABEL)
    page.put(
        f"B{last + 3}",
        '=IF(checks_failed=0,"All checks pass","A check fails: see Quarter")',
        Role.CALCULATION,
        GENERAL,
        name="light_text",
    )
    page.close(last + 3)
    return filled


_CHECKS: Final = (
    (
        "Last cost and its changes make this one",
        "=ROUND(moved_before_cost+SUM(moved_cost)-moved_after_cost,2)",
    ),
    (
        "Last best commitment and its changes make this one",
        "=ROUND(moved_before_commitment+SUM(moved_commitment)-moved_after_commitment,2)",
    ),
    (
        "What moved by workload makes the steps",
        "=ROUND(SUM(part_cost)-SUM(moved_cost)+amended_cost,2)",
    ),
)


def _headline(result: Reforecast) -> list[list[object]]:
    head, was = result.headline, result.headline_before
    moved = result.attribution
    rows: list[list[object]] = [
        ["Signed for", was and was.sign_for_usd, head.sign_for_usd, KEEP],
        ["Expect to pay", was and was.expect_to_pay_usd, head.expect_to_pay_usd, KEEP],
        ["Budget (P80)", was and was.budget_p80_usd, head.budget_p80_usd, KEEP],
        [
            "Worst-case unused (P95)",
            was and was.worst_case_unused_usd,
            head.worst_case_unused_usd,
            KEEP,
        ],
        ["Would sign now", moved.before_commitment_usd, moved.after_commitment_usd, KEEP],
    ]
    return rows


def _period(result: Reforecast, i: int) -> list[object]:
    p = result.burn_down.periods[i]
    return [
        p.period_start,
        p.period_end - timedelta(days=1),
        p.state,
        p.commitment_usd,
        p.drawn_usd,
        *(at(p.landing, level) for level in (0.1, 0.5, 0.9)),
        p.shortfall_probability,
    ]


def at(quantiles: tuple[Quantile, ...], level: float) -> object:
    """Give one quantile; None where none is told."""
    return next((q.usd for q in quantiles if abs(q.quantile_level - level) < 1e-9), None)
