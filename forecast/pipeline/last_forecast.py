"""The last forecast of a term, with what it rested on."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from forecast.paths import DecisionSet
from forecast.pipeline.projection import Projection
from forecast.pipeline.standing import Standing
from forecast.records.rates import RateCard
from forecast.records.recommendation import InputDigest, Recommendation
from forecast.records.reforecast import Reforecast
from forecast.records.workloads import Portfolio


@dataclass(frozen=True)
class Previous:
    """The last forecast of the same term, with what it rested on.

    Attributes
    ----------
    result
        An advice, or a re-forecast.
    decisions, daily, portfolio
        Its stored decision set, recorded usage and inventory.
    card
        The prices it knew; None where an older version kept none.
    digest
        The file it was read from.
    projection
        What it was drawn as, by this version from these inputs; None puts them through again.
    """

    result: Recommendation | Reforecast
    decisions: DecisionSet
    daily: pd.DataFrame
    portfolio: Portfolio
    card: RateCard | None
    digest: InputDigest
    projection: Projection | None = None

    @property
    def standing(self) -> Standing:
        """The contract that it was valued under: the signed one, or what was advised."""
        if isinstance(self.result, Reforecast):
            return Standing.of(self.result.contract)
        schedule = self.result.commitment.schedule
        return Standing(self.result.terms, tuple(p.commitment_usd for p in schedule))

    @property
    def widening_factor(self) -> float:
        """What its spread was multiplied by."""
        if isinstance(self.result, Reforecast):
            return self.result.track_record.widening_factor
        return self.result.widening_factor

    @property
    def n_elapsed(self) -> int:
        """Months of the term that it knew as recorded."""
        return self.result.months_elapsed if isinstance(self.result, Reforecast) else 0
