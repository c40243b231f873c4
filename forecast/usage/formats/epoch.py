"""Instants that are written as numbers since 1970-01-01T00:00:00Z."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Final

from forecast.usage.formats import cells

_EPOCH: Final = datetime(1970, 1, 1)  # noqa: DTZ001 - UTC without a zone, as everywhere in formats
_DIGITS: Final = re.compile(r"[0-9]{1,20}", re.ASCII)
_FIRST: Final = 946_684_800
_END: Final = 4_102_444_800
"""2000-01-01 and 2100-01-01 in seconds: anything else is another unit."""


def seconds(value: object, *, per_second: int = 1) -> datetime:
    """Read a whole number of seconds, or of smaller units, as UTC without a zone.

    Parameters
    ----------
    per_second
        Units in a second: 1,000 for milliseconds, 10**9 for nanoseconds.

    Raises
    ------
    ValueError
        Not a whole number, or no instant of this century.

    Examples
    --------
    >>> seconds(1730419200)
    datetime.datetime(2024, 11, 1, 0, 0)
    >>> seconds(1730419200)  == seconds("1730419200999", per_second=1000)
    True
    >>> seconds(1730419200000)
    Traceback (most recent call last):
    ValueError: is not an instant of this century: 1730419200000; check the unit
    """
    whole = int(value) if isinstance(value, str) and _DIGITS.fullmatch(value) else _integer(value)
    moment = whole // per_second
    if not _FIRST <= moment < _END:
        raise ValueError(
            f"is not an instant of this century: {cells.quoted(value)}; check the unit"
        )
    return _EPOCH + timedelta(seconds=moment)


def _integer(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    if isinstance(value, str):
        return cells.count(value)
    return cells.number(value)
