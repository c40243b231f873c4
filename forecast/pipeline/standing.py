"""How a signed contract stands on a set of scenarios."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import numpy as np
import pandas as pd

from forecast.errors import InputError
from forecast.paths import MICRO_DECIMALS, Floats
from forecast.records.contract import SignedContract
from forecast.records.reforecast import BalanceCheck, BalanceLine, TermOutcome
from forecast.records.terms import Terms
from forecast.review.attribution import Value
from forecast.review.balance import reconcile_balance
from forecast.review.burn_down import Pools
from forecast.sizing.assessment import Assessment, assess
from forecast.sizing.consumption import Consumed, for_settlement
from forecast.sizing.schedule import tiers_by_period
from forecast.sizing.search import Optimum, best_commitment
from forecast.units import to_cents


@dataclass(frozen=True)
class Standing:
    """A contract to settle scenarios under.

    Attributes
    ----------
    amounts_usd
        The commitment of each settlement period.
    """

    terms: Terms
    amounts_usd: tuple[Decimal, ...]

    @classmethod
    def of(cls, contract: SignedContract) -> Standing:
        """Take the terms and amounts of a signed contract."""
        return cls(contract.terms, contract.amounts_usd)

    def settled(self, monthly_usd: Floats) -> Assessment:
        """Settle list cost [M, T] by month."""
        return assess(self.terms, self.amounts_usd, self._periods(monthly_usd))

    def with_total(self, total_usd: Decimal, monthly_usd: Floats) -> Assessment:
        """Settle them under the same terms with another term total, split as the terms say."""
        return assess(self.terms, total_usd, self._periods(monthly_usd))

    def best(self, monthly_usd: Floats) -> Optimum:
        """Give what would be best to have signed."""
        return best_commitment(self.terms, self._periods(monthly_usd))

    def value(self, monthly_usd: Floats) -> Value:
        """Give what attribution follows: expected cost as signed, and the best commitment."""
        return Value(
            to_cents(self.settled(monthly_usd).expected_cost_usd),
            self.best(monthly_usd).commitment_usd,
        )

    def pools(self) -> Pools:
        """Give the commitments in units of the drawdown basis."""
        amounts = np.array([float(a) for a in self.amounts_usd])
        discounts = np.array([t.discount_share for t in tiers_by_period(self.terms, amounts)])
        is_contracted = self.terms.drawdown_basis == "contracted"
        total = amounts.sum()
        mean = float(amounts @ discounts / total) if total else float(discounts.mean())
        return Pools(
            term_start=self.terms.term_start,
            period_months=self.terms.period_months,
            commitment_usd=amounts,
            units_per_list_usd=1 - discounts if is_contracted else np.ones(len(amounts)),
            rollover_share=self.terms.rollover_share,
            rollover_periods=self.terms.rollover_periods,
            basis=self.terms.drawdown_basis,
            discount_share=mean,
        )

    def _periods(self, monthly_usd: Floats) -> Consumed:
        return for_settlement(self.terms, np.round(monthly_usd, MICRO_DECIMALS))


def check_balance(
    lines: Sequence[BalanceLine],
    standing: Standing,
    rated: pd.DataFrame,
    as_of: date,
    *,
    file: str | None = None,
) -> tuple[BalanceCheck, ...]:
    """Hold a vendor's balance statement against the drawdown that usage tells.

    Parameters
    ----------
    rated
        Recorded usage at list prices.
    file
        Named in errors.

    Raises
    ------
    InputError
        A line of a period that the contract does not have, or past the usage; `file` is the one
        given.
    """
    pools = standing.pools()
    starts = [pools.starts(p) for p in range(len(standing.amounts_usd))]
    found = []
    for row, line in enumerate(lines, start=1):
        if line.period_start not in starts:
            known = ", ".join(str(day) for day in starts)
            raise InputError(
                f"no settlement period of the contract starts on {line.period_start} ({known})",
                file=file,
                row=row,
                column="period_start",
            )
        if line.as_of > as_of:
            raise InputError(
                f"the statement is of {line.as_of}, after the last usage read ({as_of}); give a "
                "statement of that day or an earlier one",
                file=file,
                row=row,
                column="as_of",
            )
        p = starts.index(line.period_start)
        end = min(line.as_of, pools.starts(p + 1))
        inside = (rated["day"] >= pd.Timestamp(starts[p])) & (rated["day"] <= pd.Timestamp(end))
        list_usd = float(sum(rated.loc[inside, "list_usd"], Decimal(0)))
        found.append(reconcile_balance(line, list_usd * float(pools.units_per_list_usd[p])))
    return tuple(found)


def term_outcome(standing: Standing, monthly_usd: Floats) -> TermOutcome:
    """Say what a term came to, or is expected to: list cost [M, T], one row once it is over."""
    signed, best = standing.settled(monthly_usd), standing.best(monthly_usd)
    paid, least = signed.expected_cost_usd, best.expected_cost_usd
    no_deal = best.no_deal_expected_cost_usd
    return TermOutcome(
        term_start=standing.terms.term_start,
        term_months=standing.terms.term_months,
        signed_usd=signed.commitment_usd,
        list_usd=to_cents(float(monthly_usd.sum(axis=1).mean())),
        paid_usd=to_cents(paid),
        best_commitment_usd=best.commitment_usd,
        best_cost_usd=to_cents(least),
        no_deal_cost_usd=to_cents(no_deal),
        savings_capture=(no_deal - paid) / (no_deal - least) if no_deal - least > 0.005 else None,
    )
