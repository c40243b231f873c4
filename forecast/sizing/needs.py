"""What a contract is drawn by in each settlement period, and at which prices.

A unit is a dollar of the commitment (see `tariff`). A step is a settlement period, or a month
where a clause tells months apart. Everything here is known before the commitment is, up to the
tiers that it earns.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from forecast.paths import Floats
from forecast.records.terms import Terms, Tier
from forecast.sizing.consumption import Consumed, periods_of
from forecast.sizing.tariff import Tariff, no_deal_tariff, tariff_of, unit_prices

Amount = float | Floats
"""One number for all paths, or one a path."""

Rows = NDArray[np.bool_]


@dataclass(frozen=True)
class StepNeed:
    """One step on every path.

    Attributes
    ----------
    units
        [M] x: what usage draws.
    used, beyond
        u, w: USD paid for a unit within and beyond the commitment.
    counted_fee_usd
        Fees that draw the commitment down before usage does.
    beside_usd
        Paid whatever is committed: what does not count, fees, less credits.
    contracted_usd
        [M] usage at the prices within the commitment, with what does not count.
    paid_factor
        What a dollar paid for this step is worth on the first day of the term.
    """

    units: Floats
    used: Amount
    beyond: Amount
    contracted_usd: Floats
    counted_fee_usd: Amount = 0.0
    beside_usd: Amount = 0.0
    paid_factor: float = 1.0

    def rows(self, chosen: Rows) -> StepNeed:
        """Keep some of the paths."""
        return replace(
            self,
            units=self.units[chosen],
            used=_rows(self.used, chosen),
            beyond=_rows(self.beyond, chosen),
            contracted_usd=self.contracted_usd[chosen],
            counted_fee_usd=_rows(self.counted_fee_usd, chosen),
            beside_usd=_rows(self.beside_usd, chosen),
        )


@dataclass(frozen=True)
class PeriodNeed:
    """One settlement period on every path.

    Attributes
    ----------
    unused
        v: USD paid for a unit that is not used.
    ahead
        USD paid ahead for a unit of the commitment; 0 where usage is paid as it comes.
    lowered_to
        True-downs that were due: (share that must stay, [M] units that are then asked for).
    ahead_factor, settled_factor
        What a dollar paid ahead, and one paid at the settlement, are worth on the first day.
    """

    steps: tuple[StepNeed, ...]
    unused: Amount
    ahead: Amount = 0.0
    lowered_to: tuple[tuple[float, Floats], ...] = ()
    ahead_factor: float = 1.0
    settled_factor: float = 1.0

    def rows(self, chosen: Rows) -> PeriodNeed:
        """Keep some of the paths."""
        return replace(
            self,
            steps=tuple(step.rows(chosen) for step in self.steps),
            unused=_rows(self.unused, chosen),
            ahead=_rows(self.ahead, chosen),
            lowered_to=tuple((share, units[chosen]) for share, units in self.lowered_to),
        )

    @property
    def units(self) -> Floats:
        """[M] what usage draws over the period."""
        return np.asarray(sum((s.units for s in self.steps[1:]), start=self.steps[0].units))


def _rows(amount: Amount, chosen: Rows) -> Amount:
    return amount[chosen] if isinstance(amount, np.ndarray) else amount


def period_needs(
    terms: Terms, tiers: Sequence[Tier | None], list_usd: Consumed
) -> list[PeriodNeed]:
    """Give the needs of every settlement period under the tiers in force.

    Parameters
    ----------
    tiers
        One a period; None where nothing is committed and usage is on demand.

    Raises
    ------
    PathsError
        Paths of other periods, or without the split that a clause needs.
    """
    if terms.is_core:
        tariffs = [no_deal_tariff(terms) if t is None else tariff_of(terms, t) for t in tiers]
        by_period = np.ascontiguousarray(periods_of(terms, list_usd).T, dtype=np.float64)
        return [_core(terms, *pair) for pair in zip(tariffs, by_period, strict=True)]
    from forecast.sizing.clause_needs import clause_needs

    return clause_needs(terms, tiers, list_usd)


def _core(terms: Terms, tariff: Tariff, list_usd: Floats) -> PeriodNeed:
    prices = unit_prices(terms, tariff)
    step = StepNeed(
        units=list_usd * prices.list_usd,
        used=prices.used,
        beyond=prices.beyond,
        contracted_usd=list_usd * tariff.committed_price,
    )
    return PeriodNeed((step,), prices.unused)
