"""Column types that keep units: money as whole micro-dollars, instants in UTC."""

from __future__ import annotations

import re
import uuid
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from sqlalchemy import BigInteger, DateTime
from sqlalchemy.types import TypeDecorator

from forecast.units import CENT

if TYPE_CHECKING:
    from sqlalchemy.engine import Dialect

MICRO = Decimal(1_000_000)

_ID = re.compile(r"[0-9a-f]{32}")


def new_id() -> str:
    """Give an id that nobody can guess: 122 random bits as 32 hexadecimal digits."""
    return uuid.uuid4().hex


def is_id(text: str) -> bool:
    """Tell whether a text could be an id of this store.

    >>> is_id("0" * 32), is_id("../etc")
    (True, False)
    """
    return _ID.fullmatch(text) is not None


class UtcInstant(TypeDecorator[datetime]):
    """An instant: aware in Python, UTC in the database, whatever the zone of the server.

    Raises
    ------
    ValueError
        An instant without a time zone, when it is written.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Write."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"has no time zone: {value.isoformat()}")
        instant = value.astimezone(UTC)
        return instant.replace(tzinfo=None) if dialect.name == "sqlite" else instant

    # The dialect is SQLAlchemy's argument; reading needs none.
    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Read."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


# SQLAlchemy hands every column type the dialect, whether it is looked at or not (ARG002).
class MicroUsd(TypeDecorator[Decimal]):
    """Exact US dollars, kept as a whole number of micro-dollars.

    Raises
    ------
    ValueError
        An amount with a fraction of a micro-dollar, when it is written: money is never rounded
        on its way into the store.
    """

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> int | None:  # noqa: ARG002
        """Write."""
        if value is None:
            return None
        micro = value * MICRO
        if micro != micro.to_integral_value():
            raise ValueError(f"is no whole number of micro-dollars: {value} USD")
        return int(micro)

    def process_result_value(self, value: int | None, dialect: Dialect) -> Decimal | None:  # noqa: ARG002
        """Read; whole cents come back as cents."""
        if value is None:
            return None
        exact = Decimal(value) / MICRO
        return exact.quantize(CENT) if exact == exact.quantize(CENT) else exact
