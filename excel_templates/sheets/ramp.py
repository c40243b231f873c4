"""Ramp: what one amount a period, and an amount of its own for every period, come to.

Within one tier the cost of a schedule is a sum over its periods, so the cheapest amount of a
period is a quantile of its own consumption, at F = (d−o) / (u + d − o), and in the last period,
whose unused dollar is still worth r, at F = (d−o) / (u + d − o − r u) (letters of `workings`).
Their sum may miss the threshold of the tier; then the tier is not earned, and the sheet says so.
The service searches all tiers and keeps to their thresholds.
"""

from __future__ import annotations

from typing import Final

from openpyxl.workbook import Workbook

from excel_templates.book import KEEP, Book
from excel_templates.cells import cell_at, write_formula
from excel_templates.layout import Column, Page
from excel_templates.sheets.decision_set import period_name
from excel_templates.styles import DAY, SHARE, USD, USD_CENTS, Role
from forecast.records.recommendation import Recommendation
from forecast.units import add_months

TITLE: Final = "Ramp schedule"
_FACTS_ROW: Final = 6
_CHART_ROW: Final = 14
_HEAD: Final = _CHART_ROW + 24
_TIER: Final = "best_tier"


def design(workbook: Workbook) -> None:
    """Lay out the sheet: what a schedule is worth, the chart, the periods."""
    page = Page(
        workbook,
        TITLE,
        "One amount a period, or an amount of its own",
        "In contracted dollars at the best tier. Flat: our number split equally. Own: what each "
        "period's consumption asks for at the same discount.",
        widths=(9, 13, 13, 16, 16, 16, 16, 16, 13, 16, 16, 16, 17, 3, *([15] * 5)),
        printed_columns=13,
    )
    page.live_banner("A4")
    page.section(_FACTS_ROW - 1, "What an amount of its own for every period is worth")
    _facts(page)
    page.stale_banner(f"A{_FACTS_ROW + 5}")
    page.name("chart_ramp", f"A{_CHART_ROW}:M{_HEAD - 3}")
    page.section(_HEAD - 1, "By settlement period, USD")
    page.table("ramp_rows", _HEAD, _columns(_HEAD + 1))
    page.ws.row_dimensions[_HEAD].height = 58
    page.close(_HEAD + 1)


def _facts(page: Page) -> None:
    own, flat = "SUM(ramp_own)", "SUM(ramp_flat)"
    threshold = f"INDEX(tier_threshold,{_TIER})"
    facts = (
        ("Own amounts save, at this tier", f"=IF(live=1,SUM(ramp_saves),{_QUOTES})", USD_CENTS),
        ("Own amounts, summed", f"=IF(live=1,{own},{_QUOTES})", USD_CENTS),
        ("Our number, summed", f"=IF(live=1,{flat},{_QUOTES})", USD_CENTS),
    )
    for i, (label, formula, number_format) in enumerate(facts):
        row = _FACTS_ROW + i
        page.merged(f"A{row}:C{row}", label, Role.LABEL, height=15)
        page.put(f"D{row}", formula, Role.RESULT, number_format)
    page.merged(
        f"A{_FACTS_ROW + 3}:M{_FACTS_ROW + 3}",
        f'=IF(live=0,"",IF(n_periods=1,"● One settlement period: there is nothing to divide.",'
        f'IF({own}+0.005<{threshold},"▲ The own amounts sum to less than the tier '
        'asks for ($"&FIXED(' + threshold + ',0)&"): the discount would have to be agreed for '
        'less.","● The own amounts reach the tier: ask for a schedule instead of equal parts.")))',
        Role.PARAGRAPH,
        height=15,
        name="ramp_verdict",
    )
    page.merged(
        f"A{_FACTS_ROW + 4}:M{_FACTS_ROW + 4}", None, Role.SERVICE, height=28, name="ramp_note"
    )


_QUOTES: Final = '""'


def _columns(row: int) -> list[Column]:
    """Give the columns of the list whose first row is `row`."""
    values = "period_list"  # of the row's own period, once that has a name
    discount, overage = f"INDEX(tier_discount,{_TIER})", f"INDEX(tier_overage_discount,{_TIER})"
    dollars = f"INDEX(tier_list_per_usd,{_TIER})"

    def live(formula: str) -> str:
        return f'=IF(live=1,{formula},"")'

    def quantile(level: str) -> str:
        rank = f"MIN(n_scenarios,MAX(1,ROUNDUP(n_scenarios*{level}-0.000000001,0)))"
        return live(f"SMALL({values},{rank})/{dollars}")

    def excess(at: str) -> str:
        """Cost of a period beyond its usage at list: what is lost, and the overage."""
        short = f"Q{row}*SUMPRODUCT(({at}>{values})*({at}-{values}))"
        beyond = f"({discount}-{overage})*SUMPRODUCT(({values}>{at})*({values}-{at}))"
        return live(f"({short}+{beyond})/n_scenarios")

    unused = f"INDEX(tier_unused_price,{_TIER})"
    level = f"({discount}-{overage})/(Q{row}+{discount}-{overage})"
    own = f"SMALL({values},MIN(n_scenarios,MAX(1,ROUNDUP(n_scenarios*{level}-0.000000001,0))))"
    lost = f"{unused}*SUMPRODUCT((O{row}>{values})*(O{row}-{values}))/n_scenarios"
    return [
        Column("Period", Role.LABEL, "0"),
        Column("From", Role.SERVICE, DAY),
        Column("Until, not incl.", Role.SERVICE, DAY),
        Column("Service: commitment", Role.SERVICE, USD),
        Column("Flat: our number in equal parts", Role.RESULT, USD,
               live("best_commitment/n_periods"), "ramp_flat"),
        Column("Consumption P10", Role.CALCULATION, USD, quantile("0.1")),
        Column("Consumption P50", Role.CALCULATION, USD, quantile("0.5")),
        Column("Consumption P90", Role.CALCULATION, USD, quantile("0.9")),
        Column("Flat: chance of a shortfall", Role.CALCULATION, SHARE,
               live(f"SUMPRODUCT(({values}<O{row})*1)/n_scenarios")),
        Column("Flat: expected unused", Role.CALCULATION, USD, live(lost)),
        Column("Own amount, at this tier", Role.RESULT, USD, live(f"P{row}/{dollars}"),
               "ramp_own"),
        Column("Own saves against flat", Role.CALCULATION, USD, live(f"R{row}-S{row}"),
               "ramp_saves"),
        Column("Service: best schedule of all tiers", Role.SERVICE, USD),
        Column(""),
        Column("Flat, list $", Role.CALCULATION, USD_CENTS, live("best_used_up_at")),
        Column("Own, list $", Role.CALCULATION, USD_CENTS,
               live(f"IF({discount}<={overage},0,{own})")),
        Column("An unused list $ costs", Role.CALCULATION, "0.0000",
               live(f"{unused}*(1-IF(A{row}=n_periods,used_unused_value,0))")),
        Column("Excess cost, flat", Role.CALCULATION, USD_CENTS, excess(f"O{row}")),
        Column("Excess cost, own", Role.CALCULATION, USD_CENTS, excess(f"P{row}")),
    ]  # fmt: skip


def fill(book: Book, recommendation: Recommendation) -> None:
    """Write the periods, the service's commitment of each, and what it says of a schedule."""
    found = recommendation.schedule_value
    amounts = found.amounts_usd if found is not None else ()
    terms = recommendation.terms
    scheduled = {p.period_start: p.commitment_usd for p in recommendation.commitment.schedule}
    rows: list[list[object]] = []
    for i in range(terms.n_periods):
        start = add_months(terms.term_start, i * terms.period_months)
        rows.append(
            [
                i + 1,
                start,
                add_months(start, terms.period_months),
                scheduled.get(start),
                *[KEEP] * 8,
                amounts[i] if i < len(amounts) else None,
                *[KEEP] * 6,
            ]
        )
    book.rows("ramp_rows", rows)
    _read_own_periods(book)
    book.set("ramp_note", _note(recommendation))


def _read_own_periods(book: Book) -> None:
    """Let every row read the list costs of its own period.

    INDEX with row 0 would pick the column, but not every program gives it to SMALL as an array.
    """
    at = book.area("ramp_rows")
    for i, row in enumerate(range(at.min_row, at.max_row + 1), start=1):
        for column in range(at.min_col, at.max_col + 1):
            cell = cell_at(at.ws, row, column)
            if cell.data_type == "f":
                write_formula(cell, str(cell.value).replace("period_list", period_name(i)))


def _note(recommendation: Recommendation) -> str:
    found = recommendation.schedule_value
    if found is None:
        return (
            "Service: no schedule was searched (one period, more than eight, or a clause beyond "
            "the core)."
        )
    return (
        f"Service: over all tiers the best schedule costs {found.expected_cost_usd:,.0f} USD, "
        f"{found.value_usd:,.0f} USD less than our number in the parts that the terms give "
        f"(standard error {found.standard_error_usd:,.0f} USD)."
    )
