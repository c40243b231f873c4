"""An offer: terms with the commitment filled in."""

from __future__ import annotations

from decimal import Decimal
from typing import Self

from pydantic import model_validator

from forecast.records.base import NonNegativeUsd, Record
from forecast.records.terms.contract import Terms


class Offer(Record):
    """A vendor's proposal: terms with the commitment filled in."""

    terms: Terms
    commitment_usd: NonNegativeUsd | None = None
    schedule_usd: tuple[NonNegativeUsd, ...] | None = None
    """One amount per settlement period; None splits `commitment_usd` as the terms say."""

    @model_validator(mode="after")
    def _names_one_amount(self) -> Self:
        if (self.commitment_usd is None) == (self.schedule_usd is None):
            raise ValueError("an offer names commitment_usd or schedule_usd, one of them")
        if self.schedule_usd is not None and len(self.schedule_usd) != self.terms.n_periods:
            raise ValueError(
                f"schedule_usd has {len(self.schedule_usd)} amounts for "
                f"{self.terms.n_periods} settlement periods"
            )
        return self

    @property
    def total_usd(self) -> Decimal:
        """The term total of the commitment."""
        if self.schedule_usd is not None:
            return sum(self.schedule_usd, Decimal(0))
        assert self.commitment_usd is not None
        return self.commitment_usd
