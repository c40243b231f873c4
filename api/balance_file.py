"""A vendor's balance statement as a CSV file.

    as_of,period_start,committed_usd,drawn_usd,remaining_usd
    2027-03-31,2027-01-01,300000.00,71250.40,228749.60

One line a settlement period and day. `remaining_usd` may be left out; where it stands it has to be
what is committed less what is drawn.
"""

from __future__ import annotations

import csv
import io
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path

from pydantic import ValidationError

from api.documents import decode_text, read_bytes
from api.results import digest
from forecast.errors import InputError
from forecast.records.recommendation import InputDigest
from forecast.records.reforecast import BalanceLine

COLUMNS = ("as_of", "period_start", "committed_usd", "drawn_usd")
REMAINING = "remaining_usd"

ROUNDING_USD = Decimal("0.01")


def read_balance(path: Path) -> tuple[tuple[BalanceLine, ...], InputDigest]:
    """Read a statement.

    Raises
    ------
    InputError
        A missing column, a cell that is no day or amount, or a balance that does not add up; with
        row and column.
    """
    data = read_bytes(path)
    text = decode_text(data, file=path.name)
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    try:
        rows = list(reader)
    except csv.Error as error:
        raise InputError(f"is not a CSV text: {error}", file=path.name) from None
    for name in COLUMNS:
        if name not in (reader.fieldnames or ()):
            listed = ", ".join((*COLUMNS, REMAINING))
            raise InputError(f"is missing; give {listed}", file=path.name, column=name)
    if not rows:
        raise InputError("holds no line; one per settlement period is needed", file=path.name)
    lines = tuple(_line(row, i, path.name) for i, row in enumerate(rows, start=1))
    return lines, InputDigest(name=path.name, sha256=digest(data))


def _line(row: dict[str, str | None], number: int, file: str) -> BalanceLine:
    committed, drawn = (_usd(row, name, number, file) for name in COLUMNS[2:])
    remaining = committed - drawn
    if (row.get(REMAINING) or "").strip():
        remaining = _usd(row, REMAINING, number, file)
    if abs(committed - drawn - remaining) > ROUNDING_USD:
        raise InputError(
            f"is {remaining}, but {committed} committed less {drawn} drawn is {committed - drawn}",
            file=file,
            row=number,
            column=REMAINING,
        )
    try:
        return BalanceLine(
            as_of=_day(row, "as_of", number, file),
            period_start=_day(row, "period_start", number, file),
            committed_usd=committed,
            drawn_usd=drawn,
            remaining_usd=remaining,
        )
    except ValidationError as error:
        first = error.errors()[0]
        column = str(first["loc"][0])
        raise InputError(str(first["msg"]), file=file, row=number, column=column) from None


def _usd(row: dict[str, str | None], name: str, number: int, file: str) -> Decimal:
    text = (row[name] or "").strip()
    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite():
        raise InputError(
            f"is no amount in USD such as 71250.40: {text!r}", file=file, row=number, column=name
        )
    return amount


def _day(row: dict[str, str | None], name: str, number: int, file: str) -> date:
    text = (row[name] or "").strip()
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InputError(
            f"is no day such as 2027-03-31: {text!r}", file=file, row=number, column=name
        ) from None
