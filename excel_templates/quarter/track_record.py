"""Past forecasts against what came, and past contracts against what should have been signed."""

from __future__ import annotations

from typing import Final

from openpyxl.workbook import Workbook

from excel_templates.book import KEEP
from excel_templates.cells import write
from excel_templates.layout import Column, Page
from excel_templates.quarter.pages import Filled, Rows, listed
from excel_templates.quarter.summary import at
from excel_templates.styles import COUNT, DAY, MONTH, SHARE, USD, Role
from forecast.records.reforecast import ForecastScore, Reforecast

TITLE: Final = "Track record"


def design(workbook: Workbook, result: Reforecast) -> Rows:
    """Lay the sheet out, and give what fills its lists."""
    page = Page(
        workbook,
        TITLE,
        "Track record",
        "Every past forecast against what came, list cost. Misses that go on widen the bands.",
        widths=(21, 12, 12, 9, 14, 14, 14, 14, 14, 12),
    )
    record = result.track_record
    filled: Filled = {}
    page.merged("A5:J5", None, Role.PARAGRAPH, height=30)
    write(page.ws["A5"], record.note)
    page.put("A7", "Bands multiplied by", Role.LABEL)
    page.put("B7", record.widening_factor, Role.SERVICE, "0.00")
    row = 13
    end = listed(
        page,
        filled,
        "score_rows",
        row - 2,
        [
            Column("Horizon", Role.LABEL),
            Column("Forecast on", Role.SERVICE, DAY),
            Column("First month", Role.SERVICE, MONTH),
            Column("Months", Role.SERVICE, COUNT),
            Column("P10", Role.SERVICE, USD),
            Column("P50", Role.SERVICE, USD),
            Column("P90", Role.SERVICE, USD),
            Column("What came", Role.SERVICE, USD),
            Column(
                "Inside the 80 % band",
                Role.CALCULATION,
                formula=f'=IF(ISNUMBER(H{row}),IF(AND(E{row}<=H{row},H{row}<=G{row}),"yes","no"),'
                '"")',
            ),
            Column(
                "P50 over what came",
                Role.CALCULATION,
                SHARE,
                f'=IF(ISNUMBER(H{row}),IF(H{row}>0,F{row}/H{row}-1,""),"")',
            ),
        ],
        [_score(s) for s in record.scores],
        title="Past forecasts",
        otherwise="no forecast has become history yet",
    )
    last = row + max(1, len(record.scores)) - 1
    for i, horizon in ((8, "until next forecast"), (9, "rest of term")):
        mine = f'(A{row}:A{last}="{horizon}")'
        inside = f'SUMPRODUCT({mine}*(I{row}:I{last}="yes"))'
        page.put(f"A{i}", f"Inside, {horizon}", Role.LABEL)
        page.put(
            f"B{i}",
            f'=IF(SUMPRODUCT({mine}*1)=0,"none",{inside}/SUMPRODUCT({mine}*1))',
            Role.RESULT,
            SHARE,
        )
    end = listed(
        page,
        filled,
        "past_term_rows",
        end,
        [
            Column("Term from", Role.LABEL, MONTH),
            Column("Signed", Role.SERVICE, USD),
            Column("List cost", Role.SERVICE, USD),
            Column("Months", Role.SERVICE, COUNT),
            Column("Paid", Role.SERVICE, USD),
            Column("Best to sign", Role.SERVICE, USD),
            Column("Would have paid", Role.SERVICE, USD),
            Column("No deal", Role.SERVICE, USD),
            Column(
                "Paid too much",
                Role.CALCULATION,
                USD,
                f'=IF(ISNUMBER(E{end + 2}),E{end + 2}-G{end + 2},"")',
            ),
            Column("Saving caught", Role.SERVICE, SHARE),
        ],
        [
            [t.term_start, t.signed_usd, t.list_usd, t.term_months, t.paid_usd,
             t.best_commitment_usd, t.best_cost_usd, t.no_deal_cost_usd, KEEP, t.savings_capture]
            for t in record.terms
        ],
        title="Contracts that are over: what we signed, what we used, what we should have signed",
        otherwise="no contract is over yet",
    )  # fmt: skip
    page.close(end)
    return filled


def _score(s: ForecastScore) -> list[object]:
    kept = s.forecast
    levels = [at(kept.quantiles, level) for level in (0.1, 0.5, 0.9)]
    when = [kept.as_of, kept.first_month, kept.n_months]
    return [s.horizon, *when, *levels, s.realised_usd, KEEP, KEEP]
