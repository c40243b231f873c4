"""The words of a bill: what a line charges, and how sure its amounts are."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal, NamedTuple


class ChargeKind(StrEnum):
    """What a line of a bill is for."""

    USAGE = "usage"
    """Consumption: tokens, searches, requests."""
    COMMITMENT = "commitment"
    """Buying or trueing up a commitment; its usage has lines of its own."""
    CREDIT = "credit"
    """Given back: refunds, promotional credits; negative."""
    FEE = "fee"
    """Seats, support and other charges that no tokens go with."""
    TAX = "tax"
    OTHER = "other"
    """Usage of something else on the same bill."""


class Amounts(NamedTuple):
    """What the amounts of an export are."""

    unit: Literal["USD", "US cents"]
    """The unit in the file; cost lines are always USD."""
    meaning: Literal["billed", "estimated"]
    """`billed` comes from the vendor's books; `estimated` was multiplied out by whoever logged
    the request, from a price list of theirs."""
