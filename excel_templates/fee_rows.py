"""Seats, support and other fees on the intake workbook: what is asked, and the clause it makes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from excel_templates.named_cells import NamedCells
from excel_templates.styles import COUNT, GENERAL, USD_CENTS
from excel_templates.typed_cells import AnyCell, Faults, amount, number, share, yes_or_no
from excel_templates.typed_tiers import is_empty
from forecast.records.terms import Fee

SEATS: Final = "Seats"
SUPPORT: Final = "Support"
OTHER: Final = "Other fees"
KINDS: Final = (SEATS, SUPPORT, OTHER)
_SEATS_COUNT: Final = number(0, 10_000_000, example="40", whole=True)


@dataclass(frozen=True)
class FeeRow:
    """One thing that is asked of one fee."""

    kind: str
    part: str
    label: str
    unit: str
    meaning: str
    read: Callable[[AnyCell], Any]
    number_format: str = GENERAL
    words: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The defined name of its cells: the contract's, then one per offer."""
        return f"intake_{self.kind.lower().replace(' ', '_')}_{self.part}"


def _rows() -> Iterator[FeeRow]:
    for kind in KINDS:
        if kind == SEATS:
            yield FeeRow(kind, "units", "Seats", "seats", "empty or 0: none", _SEATS_COUNT, COUNT)
            yield FeeRow(kind, "usd", "Seats: price", "USD a month", "of one seat", amount,
                         USD_CENTS)  # fmt: skip
        else:
            yield FeeRow(kind, "usd", kind, "USD a month", "empty or 0: none", amount, USD_CENTS)
        if kind == SUPPORT:
            yield FeeRow(kind, "share", "Support: share", "share",
                         "of the month's usage at contract prices; never counts", share,
                         "0.0##%")  # fmt: skip
        for part, label, meaning in (
            ("counts", f"{kind} count", "towards the commitment; empty: no"),
            ("always", f"{kind} without a deal", "paid when nothing is committed too; empty: no"),
        ):
            yield FeeRow(kind, part, label, "yes or no", meaning, yes_or_no, words=("yes", "no"))


FEE_ROWS: Final = tuple(_rows())
"""In the order of the sheet."""


def written_fee(row: FeeRow, fees: tuple[Fee, ...]) -> object:
    """Give what stands in a cell for the fees of a contract; None where there is no such fee.

    >>> fees = (Fee(name=SEATS, usd_per_month=Decimal(1200), counts=True),)
    >>> [written_fee(row, fees) for row in FEE_ROWS[:4]]
    [1, Decimal('1200'), True, False]
    """
    fee = next((fee for fee in fees if fee.name == row.kind), None)
    if fee is None:
        return None
    return {
        "units": 1,
        "usd": fee.usd_per_month,
        "share": fee.usage_share or None,
        "counts": fee.counts,
        "always": fee.without_commitment,
    }[row.part]


def typed_fees(cells: NamedCells, column: int, faults: Faults) -> tuple[Fee, ...] | None:
    """Read the fees of one column; an offer's empty cell is as in the contract.

    Parameters
    ----------
    column
        0 is the contract.

    Returns
    -------
    tuple of Fee, or None
        None for an offer that says nothing of fees.
    """
    if column and all(is_empty(cells.rows(row.name)[0][column]) for row in FEE_ROWS):
        return None
    found = []
    for kind in KINDS:
        parts = {
            row.part: _typed(cells, row, column, faults) for row in FEE_ROWS if row.kind == kind
        }
        units = parts.get("units") if kind == SEATS else 1
        monthly = Decimal(int(units or 0)) * (parts["usd"] or Decimal(0))
        fee = Fee(
            name=kind,
            usd_per_month=monthly,
            usage_share=parts.get("share") or 0.0,
            counts=bool(parts["counts"]),
            without_commitment=bool(parts["always"]),
        )
        if fee.usd_per_month or fee.usage_share:
            found.append(fee)
    return tuple(found)


def _typed(cells: NamedCells, row: FeeRow, column: int, faults: Faults) -> Any:
    values = cells.rows(row.name)[0]
    cell = values[0] if is_empty(values[column]) else values[column]
    return None if is_empty(cell) else faults.read(cell, row.read)
