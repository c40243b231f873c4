"""What is consumed, told apart as far as the clauses of a contract need it.

The core clauses need one number a settlement period: list cost [M, P]. Clauses about platforms,
model families, months or price changes need list cost by month and group.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from forecast.errors import PathsError
from forecast.paths import Floats, period_totals
from forecast.records.terms import Terms


class Group(NamedTuple):
    """Usage that every clause treats alike."""

    platform: str = "anthropic"
    family: str = "all"


@dataclass(frozen=True)
class Consumption:
    """List cost of M equally weighted paths, by month and group.

    Attributes
    ----------
    usage
        [M, T] list USD a month of every group.
    """

    usage: Mapping[Group, Floats]

    @property
    def total(self) -> Floats:
        """List USD of all groups, [M, T]."""
        parts = list(self.usage.values())
        return np.asarray(sum(parts[1:], start=parts[0]))

    @property
    def n_paths(self) -> int:
        """M."""
        return len(next(iter(self.usage.values())))

    def rows(self, chosen: NDArray[np.bool_] | NDArray[np.int64] | slice) -> Consumption:
        """Keep some of the paths."""
        return Consumption({group: usd[chosen] for group, usd in self.usage.items()})

    def times(self, factor: float | Floats) -> Consumption:
        """Scale every amount, by a number or by one number a path and month."""
        return Consumption({group: usd * factor for group, usd in self.usage.items()})


Consumed = Floats | Consumption
"""List cost [M, P] by settlement period, enough for the core clauses, or all that is known."""


def for_settlement(terms: Terms, monthly: Consumed) -> Consumed:
    """Give what these terms are settled on: period totals where the core clauses are enough.

    Parameters
    ----------
    monthly
        [M, T] list cost by month, or by month and group.

    Examples
    --------
    >>> from datetime import date
    >>> from decimal import Decimal
    >>> from forecast.records.terms import Fee, Tier
    >>> terms = Terms(term_start=date(2027, 1, 1), term_months=2, settlement="term",
    ...     tiers=(Tier(from_commitment_usd=Decimal(0), discount_share=0),))
    >>> for_settlement(terms, np.array([[1.0, 2.0]])).tolist()
    [[3.0]]
    >>> with_fee = terms.model_copy(update={"fees": (Fee(name="seats"),)})
    >>> for_settlement(with_fee, np.array([[1.0, 2.0]])).total.tolist()
    [[1.0, 2.0]]
    """
    if terms.is_core:
        total = monthly.total if isinstance(monthly, Consumption) else monthly
        return period_totals(total, terms.period_months)
    return monthly if isinstance(monthly, Consumption) else Consumption({Group(): monthly})


def total_of(list_usd: Consumed) -> Floats:
    """List cost of every path over the term, [M]."""
    whole = list_usd.total if isinstance(list_usd, Consumption) else list_usd
    return np.asarray(whole.sum(axis=1))


def mean_path(list_usd: Consumed) -> Consumed:
    """Give the mean of all paths, as one path."""
    if isinstance(list_usd, Consumption):
        return Consumption({g: usd.mean(axis=0)[None, :] for g, usd in list_usd.usage.items()})
    return np.asarray(list_usd.mean(axis=0)[None, :])


def scaled(list_usd: Consumed, factor: float) -> Consumed:
    """Scale every amount."""
    return list_usd.times(factor) if isinstance(list_usd, Consumption) else list_usd * factor


def periods_of(terms: Terms, list_usd: Consumed) -> Floats:
    """List cost by settlement period, [M, P], of all groups together.

    Raises
    ------
    PathsError
        The paths have other periods or months than the term.
    """
    if isinstance(list_usd, Consumption):
        return period_totals(split_by_group(terms, list_usd).total, terms.period_months)
    if list_usd.ndim != 2 or list_usd.shape[1] != terms.n_periods:
        raise PathsError(
            f"the paths have shape {list_usd.shape}; give one row per path and one column for "
            f"each of the {terms.n_periods} settlement periods"
        )
    return list_usd


def split_by_group(terms: Terms, list_usd: Consumed) -> Consumption:
    """Tell months and groups apart for clauses that need them.

    A single group is split by `usage_shares`, where the terms state them. Periods are spread over
    their months where no clause tells months apart.

    Raises
    ------
    PathsError
        Months or groups that a clause needs are not known, with the clause.
    """
    if not isinstance(list_usd, Consumption):
        if not terms.settles_by_month and list_usd.shape[1:] == (terms.n_periods,):
            months = terms.period_months
            list_usd = np.repeat(list_usd / months, months, axis=1)
        if list_usd.ndim != 2 or list_usd.shape[1] != terms.term_months:
            raise PathsError(
                f"the paths have shape {list_usd.shape}; {terms.beyond_core[0]} needs one column "
                f"for each of the {terms.term_months} months of the term"
            )
        list_usd = Consumption({Group(): list_usd})
    months = next(iter(list_usd.usage.values())).shape[1]
    if months != terms.term_months:
        raise PathsError(
            f"the paths have {months} months, the term has {terms.term_months}; give one column "
            "for each month of the term"
        )
    if len(list_usd.usage) > 1:
        return list_usd
    ((group, monthly),) = list_usd.usage.items()
    if terms.usage_shares:
        return Consumption(
            {Group(part.platform, part.family): monthly * part.share for part in terms.usage_shares}
        )
    for clause in ("platforms", "families"):
        if clause in terms.beyond_core and group == Group():
            raise PathsError(
                f"{clause} need usage told apart, and the paths hold totals; state usage_shares "
                "in the terms (platform, family, share)"
            )
    return list_usd
