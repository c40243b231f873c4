"""The workbook of a re-forecast: designed for one result, filled, drawn, worked out once."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from openpyxl.workbook import Workbook

from excel_templates import charts
from excel_templates.book import Book
from excel_templates.cached import Saved, save
from excel_templates.formulas.calculate import Calculator
from excel_templates.quarter import (
    burn_down,
    changes,
    promises,
    remedies,
    summary,
    track_record,
    what_moved,
)
from excel_templates.styles import BLUE, GREEN, GREY, add_styles
from forecast.records.reforecast import Reforecast

_SHEETS: Final = (
    (summary, BLUE),
    (burn_down, BLUE),
    (what_moved, BLUE),
    (remedies, BLUE),
    (promises, GREEN),
    (track_record, GREEN),
    (changes, GREY),
)
"""In order, with the colour of the tab: answers blue, checks green."""


def quarter_workbook(result: Reforecast) -> Saved:
    """Write a re-forecast as a workbook; the same result gives the same bytes.

    Unlike the negotiation workbook it is an account, not a calculator: nothing is typed into it.
    Its formulas add the service's values up, and its checks hold the sums against the totals.
    """
    workbook = Workbook()
    workbook.remove(workbook.worksheets[0])
    add_styles(workbook)
    filled = {}
    for sheet, colour in _SHEETS:
        filled.update(sheet.design(workbook, result))
        workbook.worksheets[-1].sheet_properties.tabColor = colour
    book = Book(workbook, "reforecast.xlsx", workbook.defined_names)
    for name, rows in filled.items():
        book.rows(name, rows)
    what_moved.name_sums(book)
    charts.fan(book, burn_down.ROWS, burn_down.CHART, "Drawdown against the commitment, USD")
    charts.waterfall(
        book, what_moved.ROWS, what_moved.CHART, "Expected cost of the term, step by step, USD",
        width=24, height=10,
    )  # fmt: skip
    as_of = result.provenance.as_of
    workbook.properties.created = datetime.combine(as_of, datetime.min.time())
    workbook.properties.creator = "commitment-sizing"
    workbook.properties.title = f"Re-forecast of {as_of}"
    return save(workbook, Calculator(workbook, {}), None, as_of=as_of)
