"""What was typed into an intake workbook, as an inventory, terms and offers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from openpyxl.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet
from pydantic import ValidationError

from excel_templates.contract_rows import ROWS
from excel_templates.fee_rows import FEE_ROWS, typed_fees
from excel_templates.intake import (
    COMMITMENT,
    MARK,
    N_OFFERS,
    NAMES,
    TIER_DISCOUNT,
    TIER_FROM,
)
from excel_templates.named_cells import NamedCells
from excel_templates.questionnaire import answered_sheet
from excel_templates.typed_cells import AnyCell, Faults, amount
from excel_templates.typed_tiers import is_empty, typed_tiers
from forecast.errors import InputError
from forecast.records.terms import Offer, Terms, Tier
from forecast.records.workloads import Portfolio

_CONTRACT: Final = 0
"""Column of the contract in every name; offers follow."""


@dataclass(frozen=True)
class TypedIntake:
    """Everything that was typed; `portfolio` is None where no inventory was given to answer."""

    terms: Terms
    offers: tuple[Offer, ...]
    portfolio: Portfolio | None


def is_intake(book: Workbook) -> bool:
    """Tell an intake workbook by its defined names."""
    return MARK in book.defined_names and COMMITMENT in book.defined_names


def typed_intake(book: Workbook, portfolio: Portfolio | None, *, file: str) -> TypedIntake:
    """Read what was typed into an intake workbook.

    Parameters
    ----------
    portfolio
        The inventory that the questions are about; None leaves them unread.
    file
        What to call it in a message.

    Raises
    ------
    InputError
        Missing names, or cells that cannot be used: every one by sheet!cell.
    """
    cells = NamedCells(book, NAMES, file=file)
    faults = Faults(file)
    answered, said = None, ""
    if portfolio is not None:
        ws = cells.one(MARK).parent
        assert isinstance(ws, Worksheet)
        try:
            answered = answered_sheet(ws, portfolio, file=file)
        except InputError as error:
            said = str(error)
    terms = _terms(cells, _CONTRACT, None, faults)
    offers = [
        offer
        for column in range(1, N_OFFERS + 1)
        if (offer := _offer(cells, column, terms, faults)) is not None
    ]
    if said and faults.found:
        other = "\n  also ".join(f"{fault.cell}: {fault.problem}" for fault in faults.found)
        raise InputError(f"{said}\n  also {other}")
    if said:
        raise InputError(said)
    faults.check()
    assert terms is not None
    return TypedIntake(terms, tuple(offers), answered)


def _offer(cells: NamedCells, column: int, contract: Terms | None, faults: Faults) -> Offer | None:
    """Read one offer; None for a column without one."""
    at = cells.rows(COMMITMENT)[0][column]
    if all(is_empty(cell) for cell in _cells_of(cells, column)):
        return None
    if is_empty(at):
        faults.add(at, "is empty beside what else the offer says; type its commitment in USD")
        return None
    commitment = faults.read(at, amount)
    terms = _terms(cells, column, contract, faults)
    if commitment is None or terms is None:
        return None
    return Offer(terms=terms, commitment_usd=commitment)


def _cells_of(cells: NamedCells, column: int) -> list[AnyCell]:
    """Give every cell of an offer."""
    return [row[column] for name in NAMES if name != MARK for row in cells.rows(name)]


def _terms(cells: NamedCells, column: int, contract: Terms | None, faults: Faults) -> Terms | None:
    """Read the clauses of one column; an offer's empty cells are as in the contract."""
    n_before = len(faults.found)
    is_offer = column != _CONTRACT
    typed: dict[str, Any] = {}
    for row in ROWS:
        cell = cells.rows(row.name)[0][column]
        if is_offer and is_empty(cell):
            continue
        typed[row.field] = faults.read(cell, row.read)
    tiers = _tiers(cells, column, faults)
    if tiers or not is_offer:
        typed["tiers"] = tiers
    fees = typed_fees(cells, column, faults)
    if fees is not None:
        typed["fees"] = fees
    if "overage" in typed and typed["overage"] != "discounted" and is_offer:
        typed.setdefault("overage_discount_share", 0.0)
    if len(faults.found) > n_before or (is_offer and contract is None):
        return None
    try:
        return Terms.model_validate((dict(contract) if is_offer and contract else {}) | typed)
    except ValidationError as error:
        for detail in error.errors(include_url=False):
            faults.add(_blamed(cells, column, detail), detail["msg"].removeprefix("Value error, "))
        return None


def _blamed(cells: NamedCells, column: int, detail: Any) -> AnyCell:
    """Find the cell that a rule between clauses is about."""
    said = [*map(str, detail["loc"]), *str(detail["msg"]).replace(":", " ").split()]
    for step in said:
        for row in ROWS:
            if step == row.field:
                return cells.rows(row.name)[0][column]
        if step == "tiers":
            return cells.rows(TIER_FROM)[0][column]
        if step == "fees":
            return cells.rows(FEE_ROWS[0].name)[0][column]
    return cells.rows(ROWS[0].name)[0][column]


def _tiers(cells: NamedCells, column: int, faults: Faults) -> tuple[Tier, ...]:
    rows = zip(cells.rows(TIER_FROM), cells.rows(TIER_DISCOUNT), strict=True)
    found = typed_tiers(((f[column], d[column]) for f, d in rows), faults)
    if column == _CONTRACT and not found and not faults.found:
        faults.add(cells.rows(TIER_FROM)[0][column], "holds no tier; type 0 here and its discount")
    return found
