"""Single values: counts, days and names, refused where they are not what they claim to be.

Every function raises ValueError with the reason; `convert` adds file, row and column.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Hashable, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Final, NamedTuple, TypeVar

from forecast.errors import UsageFormatError
from forecast.usage.formats.protocol import DAY_SECONDS

MAX_COUNT: Final = 10**15
"""No row of a day can hold more: it would cost more than 10 million USD at 0.01 USD per million."""

MAX_USD: Final = Decimal(10**12)
"""No line of a bill is a trillion dollars."""

MAX_DECIMALS: Final = 30
"""Digits after the point of an amount; float64 written out in full has fewer than 20 that count."""

MAX_NAME: Final = 500
"""Characters of a name; ARNs, the longest ids in use, are shorter."""

MAX_WORKLOAD_NAME: Final = 120
"""Characters of `records.base.Name`."""

_INTEGER: Final = re.compile(r"([0-9]+)(?:\.0*)?")
_GROUPED_OR_WHOLE: Final = re.compile(r"[1-9][0-9]{0,2}\.000")
"""A thousand in half of Europe, one in the other half."""
_GROUPED: Final = re.compile(r"[0-9]{1,3}(?:,[0-9]{3})+")
_SEPARATED: Final = re.compile(r"[0-9]{1,3}(?:([,. '\u00a0\u202f])[0-9]{3})(?:\1[0-9]{3})*")
_ROUNDED: Final = re.compile(r"[0-9](?:[.,][0-9]+)?[eE]\+?[0-9]+")
_AMOUNT: Final = re.compile(r"[+-]?[0-9]{1,18}(?:\.[0-9]{0,40})?(?:[eE][+-]?[0-9]{1,3})?")
_SPREADSHEET_AMOUNT: Final = re.compile(
    r"(?P<open>\()?(?P<sign>-)?\$?(?P<digits>[0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,18})"
    r"(?P<rest>\.[0-9]{0,30})?(?P<close>\))?"
)
_DAY: Final = re.compile(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}")
_INSTANT: Final = re.compile(
    r"20[0-9]{2}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,9})?)?"
    r"(?: ?(Z|UTC|[+-][0-9]{2}(?::?[0-9]{2})?))?"
)

V = TypeVar("V", bound=Hashable)
T = TypeVar("T")


class Bucket(NamedTuple):
    """A stretch of time that one row covers; `start` is UTC without a zone."""

    start: datetime
    seconds: int


def convert(values: Sequence[V], by: Callable[[V], T], *, file: str, column: str) -> list[T]:
    """Convert the cells of a column, each distinct value once.

    Values of one type only: equal values of different types would be taken for each other.

    Raises
    ------
    UsageFormatError
        For the first row that `by` refuses.

    Examples
    --------
    >>> convert(["1", "x"], count, file="a.csv", column="requests")
    Traceback (most recent call last):
    forecast.errors.UsageFormatError: a.csv, row 2, column requests: is not a count: 'x'
    """
    known: dict[V, T] = {}
    for value in dict.fromkeys(values):
        try:
            known[value] = by(value)
        except ValueError as fault:
            row = values.index(value) + 1
            raise UsageFormatError(str(fault), file=file, row=row, column=column) from None
    return [known[value] for value in values]


def convert_counts(
    values: Sequence[str], by: Callable[[str], T], *, file: str, column: str
) -> Sequence[T | int]:
    """Convert a column of counts as `convert` does; plain digits take a shorter road.

    >>> convert_counts(["007", "12"], count, file="a.csv", column="requests")
    [7, 12]
    """
    together = "".join(values)
    digits_only = together.isascii() and together.isdigit() and "" not in values
    if digits_only and max(map(len, values)) < len(str(MAX_COUNT)):
        return list(map(int, values))
    return convert(values, by, file=file, column=column)


def quoted(value: object) -> str:
    """Show a value in a message, shortened.

    >>> quoted("x" * 80)
    "'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…"
    """
    text = repr(value)
    return text if len(text) <= 40 else text[:40] + "…"


def bounded(number: int) -> int:
    """Refuse a negative or impossible count.

    >>> bounded(5)
    5
    """
    if number < 0:
        raise ValueError(f"is negative: {quoted(number)}")
    if number > MAX_COUNT:
        raise ValueError("is larger than 10^15; check the unit, counts are single tokens")
    return number


def count(text: str) -> int:
    """Read a whole number of digits; `12.0` is whole, `1e6`, `1,000` and `1.000` are refused.

    >>> count(" 12.0 ")
    12
    >>> count("1.5")
    Traceback (most recent call last):
    ValueError: has a fraction: '1.5'; a count is a whole number
    """
    cell = text.strip()
    digits = _INTEGER.fullmatch(cell)
    if digits is None or _GROUPED_OR_WHOLE.fullmatch(cell):
        raise ValueError(_why_no_count(cell))
    kept = digits.group(1).lstrip("0")
    return bounded(int(kept[:17] or "0"))


def grouped_count(text: str) -> int:
    """Read a whole number that may carry thousands separators, as spreadsheets write them.

    >>> grouped_count("46,981")
    46981
    """
    cell = text.strip()
    return count(cell.replace(",", "") if _GROUPED.fullmatch(cell) else cell)


def _why_no_count(cell: str) -> str:
    if not cell:
        return "is empty; write 0 where nothing was used"
    if _GROUPED_OR_WHOLE.fullmatch(cell):
        return f"may mean {cell[:-4]} or {cell[:-4]}000: {quoted(cell)}; write it without the point"
    if re.fullmatch(r"-[0-9.]+", cell):
        return f"is negative: {quoted(cell)}; take a correction off the row that it corrects"
    if _SEPARATED.fullmatch(cell):
        plain = re.sub(r"[^0-9]", "", cell)
        return f"is not a count: {quoted(cell)}; write it without separators, {plain}"
    if _ROUNDED.fullmatch(cell):
        return (
            f"is not a count: {quoted(cell)}; show the column as whole numbers in the "
            "spreadsheet, and export it again"
        )
    if re.fullmatch(r"[0-9]*\.[0-9]+", cell):
        return f"has a fraction: {quoted(cell)}; a count is a whole number"
    if cell.lower().lstrip("+-") in ("nan", "inf", "infinity"):
        return f"is not a finite number: {quoted(cell)}"
    return f"is not a count: {quoted(cell)}"


def number(value: object) -> int:
    """Read a count of a JSON text: a number without a fraction, never a string or a boolean.

    >>> number(1500.0), number(Decimal("1500.0"))
    (1500, 1500)
    """
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise ValueError(f"is not a finite number: {quoted(value)}")
        if value.adjusted() > len(str(MAX_COUNT)):
            raise ValueError("is larger than 10^15; check the unit, counts are single tokens")
        if value != value.to_integral_value():
            raise ValueError(f"has a fraction: {quoted(value)}; a count is a whole number")
        return bounded(int(value))
    if isinstance(value, float):
        if value != value or value in (float("inf"), float("-inf")):
            raise ValueError(f"is not a finite number: {value}")
        if not value.is_integer():
            raise ValueError(f"has a fraction: {value}; a count is a whole number")
        return bounded(int(value))
    if isinstance(value, int) and not isinstance(value, bool):
        return bounded(value)
    raise ValueError(f"is not a number: {quoted(value)}")


def amount(value: object) -> Decimal:
    """Read an exact amount of money: a JSON number, or a decimal string without separators.

    >>> amount("123.78912"), amount(-5), amount(Decimal("0.10"))
    (Decimal('123.78912'), Decimal('-5'), Decimal('0.10'))
    >>> amount("1,000.00")
    Traceback (most recent call last):
    ValueError: is not an amount: '1,000.00'; write 12345.67
    """
    if isinstance(value, str):
        cell = value.strip()
        if not (cell.isascii() and _AMOUNT.fullmatch(cell)):
            raise ValueError(f"is not an amount: {quoted(value)}; write 12345.67")
        value = Decimal(cell)
    elif isinstance(value, float):
        value = Decimal(repr(value))
    elif isinstance(value, int) and not isinstance(value, bool):
        value = Decimal(value)
    if isinstance(value, Decimal):
        return _money(value)
    raise ValueError(f"is not an amount: {quoted(value)}")


def spreadsheet_amount(text: str) -> Decimal:
    """Read an amount as spreadsheets and invoices write it, in dollars.

    >>> spreadsheet_amount("$1,234.50"), spreadsheet_amount("(12.00)")
    (Decimal('1234.50'), Decimal('-12.00'))
    """
    cell = text.strip()
    found = _SPREADSHEET_AMOUNT.fullmatch(cell) if cell.isascii() else None
    if found is None or (found["open"] is None) != (found["close"] is None):
        return amount(text)
    value = Decimal(found["digits"].replace(",", "") + (found["rest"] or ""))
    negative = (found["open"] is not None) != (found["sign"] is not None)
    return _money(-value if negative else value)


def _money(value: Decimal) -> Decimal:
    if not value.is_finite():
        raise ValueError(f"is not a finite amount: {quoted(value)}")
    if value and not -MAX_DECIMALS <= value.adjusted() <= MAX_USD.adjusted():
        raise ValueError(f"is not an amount of a bill: {quoted(value)}; check the unit")
    if abs(value) > MAX_USD:
        raise ValueError("is larger than 10^12; check the unit")
    return value


def name(text: str) -> str:
    """Read a name: printable, not too long, without blanks around it; may be empty.

    >>> name(" nightly ")
    'nightly'
    """
    cell = text.strip()
    if len(cell) > MAX_NAME:
        raise ValueError(f"is longer than {MAX_NAME} characters")
    if not cell.isprintable():
        categories = {unicodedata.category(character) for character in cell}
        if not categories.isdisjoint({"Cc", "Cs", "Zl", "Zp"}):
            raise ValueError(f"has a control character: {quoted(cell)}")
    return cell


def workload_name(text: str) -> str:
    """Read the name of a workload, which an inventory must be able to hold; may be empty."""
    cell = name(text)
    if len(cell) > MAX_WORKLOAD_NAME:
        raise ValueError(f"is longer than {MAX_WORKLOAD_NAME} characters")
    return cell


def given_name(text: str) -> str:
    """Read a name that must not be empty."""
    cell = name(text)
    if not cell:
        raise ValueError("is empty")
    return cell


def instant(text: str, *, utc_by_column: bool = False) -> datetime:
    """Read an instant as UTC without a zone.

    Parameters
    ----------
    utc_by_column
        The column itself says UTC, so a time without a zone is UTC; elsewhere it is refused.

    Examples
    --------
    >>> instant("2026-11-01T23:30:00-05:00")
    datetime.datetime(2026, 11, 2, 4, 30)
    >>> instant("2026-11-01T23:30:00")
    Traceback (most recent call last):
    ValueError: has no time zone: '2026-11-01T23:30:00'; write it with Z or an offset
    """
    cell = text.strip()
    shape = _INSTANT.fullmatch(cell)
    if shape is None:
        raise ValueError(f"is not an ISO date or instant: {quoted(cell)}; write 2026-11-22")
    if shape.group(1) is None and not utc_by_column:
        raise ValueError(f"has no time zone: {quoted(cell)}; write it with Z or an offset")
    iso = cell.replace("UTC", "Z").replace(" Z", "Z").replace(" +", "+").replace(" -", "-")
    try:
        moment = datetime.fromisoformat(iso).replace(microsecond=0)
    except ValueError as fault:
        raise ValueError(f"is not a time that exists: {quoted(cell)} ({fault})") from None
    return moment if moment.tzinfo is None else moment.astimezone(UTC).replace(tzinfo=None)


def bucket(text: str, *, utc_by_column: bool = False) -> Bucket:
    """Read a day (a whole day) or an instant (its second).

    >>> bucket("2026-11-22").seconds, bucket("2026-11-22T10:00:00Z").seconds
    (86400, 1)
    """
    cell = text.strip()
    if _DAY.fullmatch(cell):
        return Bucket(midnight(date.fromisoformat(cell)), DAY_SECONDS)
    return Bucket(instant(cell, utc_by_column=utc_by_column), 1)


def midnight(day: date) -> datetime:
    """Give the first second of a UTC day, without a zone.

    >>> midnight(date(2026, 11, 22))
    datetime.datetime(2026, 11, 22, 0, 0)
    """
    return datetime.combine(day, datetime.min.time())


def second_after(moment: datetime) -> datetime:
    """Give the end of the second that a request began in.

    >>> second_after(datetime(2026, 11, 1))
    datetime.datetime(2026, 11, 1, 0, 0, 1)
    """
    return moment + timedelta(seconds=1)
