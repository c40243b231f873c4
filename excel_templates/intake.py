"""The intake workbook: what owners and procurement know, typed once and read back.

Two sheets: the questions about every workload, and the contract on the table with up to four
offers beside it: clauses, tiers, seats and other fees. An empty cell of an offer means: as in the
contract.
"""

from __future__ import annotations

import io
from typing import Final

from openpyxl.styles import PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.workbook import Workbook
from openpyxl.worksheet.datavalidation import DataValidation

from excel_templates.cells import cell_at, write
from excel_templates.contract_rows import ROWS, STATED_SHARE, ContractRow
from excel_templates.fee_rows import FEE_ROWS, KINDS, FeeRow, written_fee
from excel_templates.layout import A4, define, paint
from excel_templates.questionnaire import HEADER_ROW, SHEET, add_questions
from excel_templates.repacked import repacked
from excel_templates.styles import ONE_LINE, PALE, USD_CENTS, Role, add_styles
from forecast.records.terms import Terms
from forecast.records.workloads import Portfolio

CONTRACT: Final = "Contract"
MARK: Final = "intake_workloads"
"""The defined name that tells an intake workbook."""
N_OFFERS: Final = 4
N_TIERS: Final = 12
COMMITMENT: Final = "intake_commitment_usd"
TIER_FROM: Final = "intake_tier_from"
TIER_DISCOUNT: Final = "intake_tier_discount"
NAMES: Final = (
    MARK, COMMITMENT, TIER_FROM, TIER_DISCOUNT, *(row.name for row in ROWS),
    *(row.name for row in FEE_ROWS),
)  # fmt: skip

_HEAD: Final = 5
_FIRST: Final = _HEAD + 1
_COMMITMENT_ROW: Final = _FIRST + len(ROWS)
_TIERS_HEAD: Final = _COMMITMENT_ROW + 2
_DISCOUNTS_HEAD: Final = _TIERS_HEAD + N_TIERS + 2
_FEES_HEAD: Final = _DISCOUNTS_HEAD + N_TIERS + 2
_LAST_COLUMN: Final = 2 + N_OFFERS
_WIDTHS: Final = (26, *([20] * (N_OFFERS + 1)), 11, 46)
_OFFERS: Final = tuple(f"Offer {letter}" for letter in "ABCD")


def intake_workbook(portfolio: Portfolio, terms: Terms) -> bytes:
    """Write the intake workbook of an inventory and a contract.

    Parameters
    ----------
    terms
        Filled in as the contract; at most 12 tiers, and no fees but seats, support and others.

    Returns
    -------
    bytes
        An .xlsx file; the same arguments give the same bytes.
    """
    assert len(terms.tiers) <= N_TIERS, len(terms.tiers)
    assert {fee.name for fee in terms.fees} <= {*KINDS}, terms.fees
    book = Workbook()
    book.remove(book.worksheets[0])
    add_styles(book)
    questions = add_questions(book, portfolio)
    define(book, MARK, questions, f"A{HEADER_ROW}")
    _contract_sheet(book, terms)
    buffer = io.BytesIO()
    book.save(buffer)
    return repacked(buffer.getvalue(), day=terms.term_start)


def _contract_sheet(book: Workbook, terms: Terms) -> None:
    ws = book.create_sheet(CONTRACT)
    for number, width in enumerate(_WIDTHS, start=1):
        ws.column_dimensions[get_column_letter(number)].width = width
    ws.sheet_view.showGridLines = False
    ws.freeze_panes = f"B{_FIRST}"
    for where, said, role in (
        ("A1", "The contract, and the offers on the table", Role.TITLE),
        ("A2", "Type in the yellow cells. An empty cell of an offer means: as in the contract. "
               "An offer counts once it has a commitment.", Role.PURPOSE),
        ("A3", f"Read it back with commitment import-workbook. The sheet {SHEET} asks the owners "
               "of the workloads.", Role.NOTE),
    ):  # fmt: skip
        ws[where] = said
        paint(ws[where], role)
    for where in ("A2", "A3"):
        ws[where].alignment = ONE_LINE
    _heads(book, _HEAD, "Clause")
    for at, row in enumerate(ROWS, start=_FIRST):
        _clause(book, at, row, getattr(terms, row.field))
    _commitment(book)
    _tiers(book, terms)
    _heads(book, _FEES_HEAD, "Seats and other fees")
    for at, fee in enumerate(FEE_ROWS, start=_FEES_HEAD + 1):
        _clause(book, at, fee, written_fee(fee, terms.fees))
    ws.protection.sheet = True
    ws.protection.formatColumns = ws.protection.formatRows = False
    ws.page_setup.orientation = "landscape"
    ws.page_setup.paperSize = A4
    ws.page_setup.fitToHeight = 1
    assert ws.sheet_properties.pageSetUpPr is not None
    ws.sheet_properties.pageSetUpPr.fitToPage = True


def _heads(book: Workbook, row: int, first: str) -> None:
    ws = book[CONTRACT]
    for number, label in enumerate((first, "Contract", *_OFFERS, "Unit", "Meaning"), start=1):
        ws.cell(row, number, label)
        paint(cell_at(ws, row, number), Role.HEADER)


def _clause(book: Workbook, at: int, row: ContractRow | FeeRow, now: object) -> None:
    ws = book[CONTRACT]
    _labels(book, at, row.label, row.unit, row.meaning)
    for number in range(2, _LAST_COLUMN + 1):
        cell = cell_at(ws, at, number)
        paint(cell, Role.INPUT, row.number_format)
        if number == 2:
            write(cell, now)
    area = f"B{at}:{get_column_letter(_LAST_COLUMN)}{at}"
    define(book, row.name, ws, area)
    if row.words:
        listed = ",".join(row.words)
        rule = DataValidation("list", formula1=f'"{listed}"', allow_blank=True)
        rule.add(area)
        ws.add_data_validation(rule)


def _commitment(book: Workbook) -> None:
    ws = book[CONTRACT]
    at = _COMMITMENT_ROW
    _labels(book, at, "Commitment", "USD", "offers only: over the whole term")
    for number in range(3, _LAST_COLUMN + 1):
        paint(cell_at(ws, at, number), Role.INPUT, USD_CENTS)
    barred = cell_at(ws, at, 2)
    paint(barred, Role.SERVICE)
    barred.fill = PatternFill("solid", fgColor=PALE)
    define(book, COMMITMENT, ws, f"B{at}:{get_column_letter(_LAST_COLUMN)}{at}")


def _tiers(book: Workbook, terms: Terms) -> None:
    ws = book[CONTRACT]
    _heads(book, _TIERS_HEAD, "Tiers: from")
    _heads(book, _DISCOUNTS_HEAD, "Tiers: discount")
    meanings = ("the first tier is what on-demand pays: from 0", "empty rows are no tiers")
    for i in range(N_TIERS):
        meaning = meanings[i] if i < len(meanings) else ""
        for head, unit, number_format in (
            (_TIERS_HEAD, "USD", USD_CENTS),
            (_DISCOUNTS_HEAD, "share", STATED_SHARE),
        ):
            at = head + 1 + i
            _labels(book, at, f"Tier {i + 1}", unit, meaning if head == _TIERS_HEAD else "")
            for number in range(2, _LAST_COLUMN + 1):
                paint(cell_at(ws, at, number), Role.INPUT, number_format)
        if i < len(terms.tiers):
            write(cell_at(ws, _TIERS_HEAD + 1 + i, 2), terms.tiers[i].from_commitment_usd)
            write(cell_at(ws, _DISCOUNTS_HEAD + 1 + i, 2), terms.tiers[i].discount_share)
    last = get_column_letter(_LAST_COLUMN)
    define(book, TIER_FROM, ws, f"B{_TIERS_HEAD + 1}:{last}{_TIERS_HEAD + N_TIERS}")
    define(book, TIER_DISCOUNT, ws, f"B{_DISCOUNTS_HEAD + 1}:{last}{_DISCOUNTS_HEAD + N_TIERS}")


def _labels(book: Workbook, at: int, label: str, unit: str, meaning: str) -> None:
    ws = book[CONTRACT]
    for number, said, role in (
        (1, label, Role.LABEL),
        (_LAST_COLUMN + 1, unit, Role.NOTE),
        (_LAST_COLUMN + 2, meaning, Role.NOTE),
    ):
        cell = cell_at(ws, at, number)
        if said:
            cell.value = said
        paint(cell, role)
