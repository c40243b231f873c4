"""The contract as it was signed: terms, amounts, who signed, what departing from advice costs."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Self

from pydantic import model_validator

from forecast.records.base import Name, NonNegativeUsd, Note, Record, Share, Usd
from forecast.records.recommendation import InputDigest
from forecast.records.sizing_result import PeriodCommitment
from forecast.records.terms import Terms


class Signature(Record):
    """Who signed, when, and why it is not what was advised."""

    signatory: Name
    signed_on: date
    reason: Note = ""
    """Why the signed contract is not the advised one; empty where it is."""


class Deviation(Record):
    """The signed contract against the advice, both on the stored decision set of the advice.

    `price_usd` = `terms_price_usd` + `amount_price_usd`, to the cent: first the executed terms
    replace the advised ones at the advised amount, then the signed amounts replace the advised.
    """

    advised_commitment_usd: NonNegativeUsd
    commitment_change_usd: Usd
    """Signed less advised."""
    advised_expected_cost_usd: Usd
    signed_expected_cost_usd: Usd
    price_usd: Usd
    """What the signed contract costs more than the advised one, expected over the term."""
    terms_price_usd: Usd
    amount_price_usd: Usd
    unused_p95_change_usd: Usd
    """Change of the P95 of what is committed and not used."""
    percentile: Share
    """P(term consumption in the drawdown basis ≤ signed commitment)."""
    best_commitment_usd: NonNegativeUsd
    """What would have been best under the executed terms."""
    best_expected_cost_usd: Usd
    is_within_indifference: bool
    """Same terms, and an amount inside the indifference band of the advice."""


class SignedContract(Record):
    """What both parties signed, and the advice it stands beside."""

    terms: Terms
    schedule: tuple[PeriodCommitment, ...]
    signature: Signature
    deviation: Deviation
    advice: InputDigest
    """The recommendation it was signed on; its bytes are known by their digest."""
    executed: InputDigest
    """The executed terms as they were read."""

    @model_validator(mode="after")
    def _periods_are_the_terms(self) -> Self:
        if len(self.schedule) != self.terms.n_periods:
            raise ValueError(
                f"schedule: has {len(self.schedule)} amounts for {self.terms.n_periods} "
                "settlement periods"
            )
        return self

    @property
    def amounts_usd(self) -> tuple[Decimal, ...]:
        """The commitment of each settlement period."""
        return tuple(period.commitment_usd for period in self.schedule)

    @property
    def commitment_usd(self) -> Decimal:
        """The term total of the commitment."""
        return sum(self.amounts_usd, Decimal(0))
