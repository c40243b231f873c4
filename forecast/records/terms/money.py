"""Fees, credits and the currency of the order form."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import Field, StringConstraints

from forecast.records.base import Name, NonNegativeUsd, Record, Share


class Fee(Record):
    """What is paid beside usage: seats, support, a platform fee."""

    name: Name
    usd_per_month: NonNegativeUsd = Decimal(0)
    """For all units together: 40 seats of 30 USD are 1200."""
    usage_share: Share = 0.0
    """Share of the month's usage at contract prices: support of 3 % is 0.03. Never counts."""
    counts: bool = False
    """Whether `usd_per_month` draws the commitment down."""
    without_commitment: bool = False
    """Whether it is paid when nothing is committed too."""


class Credit(Record):
    """Dollars that pay for usage of this contract until they expire."""

    name: Name = "Credit"
    usd: NonNegativeUsd
    expires_after_months: Annotated[int, Field(ge=1, le=120)]
    """Months from the start of the term; what is left then is lost."""
    counts: bool = True
    """Whether usage that it pays for draws the commitment down as well."""


class Currency(Record):
    """The currency of the order form, at one rate for the whole term.

    A document with this clause may state amounts in that currency: `from_commitment`,
    `minimum_commitment`, `commitment` and `schedule` instead of the names that end in `_usd`,
    `amount` and `amount_per_month` instead of `usd` and `usd_per_month`.
    """

    code: Annotated[str, StringConstraints(pattern="^[A-Z]{3}$")]
    usd_per_unit: Annotated[Decimal, Field(gt=0, max_digits=12)]
