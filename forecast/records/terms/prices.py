"""What happens to the price list while the contract runs."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from forecast.records.base import Record, Share


class PriceProtection(Record):
    """The list that contract prices are taken off.

    Without this clause they follow the vendor's list. It covers the commitment and its overage;
    paying on demand always follows the list.
    """

    list_prices: Literal["follow", "locked"] = "locked"
    """`locked` keeps the list of the day of signing."""
    cuts_pass_through: bool = False
    """With `locked`: the lower of the locked and the current list."""
    cap_on_rises_share: Annotated[float, Field(ge=0.0, le=10.0)] | None = None
    """With `follow`: the list may rise by at most this share in each contract year."""

    @property
    def is_none(self) -> bool:
        """Whether prices go wherever the vendor's list goes.

        >>> PriceProtection(list_prices="follow").is_none, PriceProtection().is_none
        (True, False)
        """
        return self.list_prices == "follow" and self.cap_on_rises_share is None


class ListChange(Record):
    """A change of the vendor's list that we think possible: a fact about us, not a clause."""

    month: Annotated[int, Field(ge=1, le=120)]
    """The first month of the term, from 1, with the new list."""
    change_share: Annotated[float, Field(gt=-1.0, le=10.0)]
    probability: Share = 1.0
