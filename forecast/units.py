"""Money, tokens, shares and UTC days: the only conversions in the package.

A *day* is a plain UTC `date`. A *month* is the `date` of its first day. Periods are half open,
[start, end). Money leaves float64 once, through `to_cents`.
"""

from __future__ import annotations

import calendar
import math
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal

TOKENS_PER_RATE_UNIT = 1_000_000
"""Rates are USD per million tokens."""

CENT = Decimal("0.01")


def to_cents(amount: Decimal | float) -> Decimal:
    """Round to whole cents, half to even; the one place where money is rounded.

    A float is first written with six decimals (micro-dollars), so that the noise of
    a float64 sum never decides the direction.

    >>> to_cents(0.125), to_cents(Decimal("2.675")), to_cents(1e6 / 3)
    (Decimal('0.12'), Decimal('2.68'), Decimal('333333.33'))
    """
    exact = amount if isinstance(amount, Decimal) else Decimal(f"{amount:.6f}")
    cents = exact.quantize(CENT, rounding=ROUND_HALF_EVEN)
    return abs(cents) if cents == 0 else cents


def utc_day(instant: datetime) -> date:
    """Give the UTC day of an instant; an instant without a time zone is refused.

    >>> utc_day(datetime.fromisoformat("2026-11-01T23:30:00-05:00"))
    datetime.date(2026, 11, 2)
    """
    if instant.tzinfo is None:
        raise ValueError(f"has no time zone: {instant.isoformat()}; write it with Z or an offset")
    return instant.astimezone(UTC).date()


def month_of(day: date) -> date:
    """Give the first day of the month of `day`.

    >>> month_of(date(2026, 11, 22))
    datetime.date(2026, 11, 1)
    """
    return day.replace(day=1)


def add_months(month: date, n: int) -> date:
    """Move a day by whole months; a day past the end of the target month becomes its last day.

    >>> add_months(date(2026, 11, 1), 3), add_months(date(2027, 1, 31), 1)
    (datetime.date(2027, 2, 1), datetime.date(2027, 2, 28))
    """
    index = month.year * 12 + month.month - 1 + n
    year, zero_based = divmod(index, 12)
    last = calendar.monthrange(year, zero_based + 1)[1]
    return date(year, zero_based + 1, min(month.day, last))


def months_between(start: date, end: date) -> int:
    """Count the whole calendar months from the month of `start` to the month of `end`.

    >>> months_between(date(2026, 11, 22), date(2027, 2, 1))
    3
    """
    return (end.year - start.year) * 12 + end.month - start.month


def month_range(start: date, n: int) -> tuple[date, ...]:
    """Give `n` consecutive months from the month of `start`.

    >>> month_range(date(2026, 12, 5), 2)
    (datetime.date(2026, 12, 1), datetime.date(2027, 1, 1))
    """
    return tuple(add_months(month_of(start), i) for i in range(n))


def days_in_month(month: date) -> int:
    """Count the days of a month.

    >>> days_in_month(date(2028, 2, 1))
    29
    """
    return calendar.monthrange(month.year, month.month)[1]


def days(start: date, end: date) -> Iterator[date]:
    """Walk the days of the half-open period [start, end).

    >>> [day.day for day in days(date(2026, 2, 27), date(2026, 3, 2))]
    [27, 28, 1]
    """
    for offset in range((end - start).days):
        yield start + timedelta(days=offset)


def quantile_rank(level: float, n: int) -> int:
    """Rank (1-based) of the quantile at `level` among `n` equally weighted scenarios.

    The rank is ⌈n·level − 1e-9⌉, at least 1: the rule every number of this package follows,
    in Python and in the workbook.

    >>> quantile_rank(0.15, 1000), quantile_rank(0.0, 1000), quantile_rank(1.0, 1000)
    (150, 1, 1000)
    """
    return min(n, max(1, math.ceil(n * level - 1e-9)))
