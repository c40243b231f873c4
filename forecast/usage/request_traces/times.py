"""Times of a trace as whole milliseconds."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from forecast.usage.formats.cells import quoted

MAX_MS: Final = 2**62
"""Beyond any unit of time since 1970."""


def milliseconds(value: object, *, per_second: int) -> int:
    """Read a number of seconds (`per_second=1`) or milliseconds (1000); fractions are rounded.

    >>> milliseconds(Decimal("12.3456"), per_second=1), milliseconds(27482, per_second=1000)
    (12346, 27482)
    >>> milliseconds(float("nan"), per_second=1)
    Traceback (most recent call last):
    ValueError: is not a finite number: NaN
    >>> milliseconds(True, per_second=1)
    Traceback (most recent call last):
    ValueError: is not a time: True
    """
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return _bounded(Decimal(value), per_second)
    raise ValueError(f"is not a time: {quoted(value)}")


def _bounded(number: Decimal, per_second: int) -> int:
    if not number.is_finite():
        raise ValueError(f"is not a finite number: {number}")
    if number < 0:
        raise ValueError(f"is negative: {number}")
    if number.adjusted() > 18 or number * 1000 > MAX_MS:
        raise ValueError(f"is too large for a time: {quoted(number)}")
    return int((number * 1000 / per_second).to_integral_value())
