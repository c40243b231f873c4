"""The vendor's balance statement against our own drawdown."""

from __future__ import annotations

from decimal import Decimal

from forecast.records.reforecast import BalanceCheck, BalanceLine
from forecast.units import to_cents

TOLERANCE_SHARE = 0.02
"""As for the history against the bill: above, somebody should look."""

SMALL_USD = Decimal(1)
"""Less is rounding."""


def reconcile_balance(line: BalanceLine, our_drawn_usd: float) -> BalanceCheck:
    """Hold one line of the statement against what usage says was drawn through the same day.

    A vendor's drawdown ends at the commitment; ours is cut there too.

    Parameters
    ----------
    our_drawn_usd
        Drawdown of the period through `line.as_of`, from usage at the contract's prices.

    Examples
    --------
    >>> from datetime import date
    >>> line = BalanceLine(as_of=date(2027, 3, 31), period_start=date(2027, 1, 1),
    ...     committed_usd=Decimal(1000), drawn_usd=Decimal(260), remaining_usd=Decimal(740))
    >>> found = reconcile_balance(line, 250.0)
    >>> str(found.difference_usd), found.difference_share, found.agrees
    ('10.00', 0.04, False)
    """
    ours = to_cents(min(our_drawn_usd, float(line.committed_usd)))
    difference = line.drawn_usd - ours
    share = float(difference / ours) if ours else None
    agrees = abs(difference) <= max(SMALL_USD, Decimal(str(TOLERANCE_SHARE)) * ours)
    if agrees:
        note = "agrees with our drawdown"
    elif difference > 0:
        note = (
            "the vendor has drawn more than our usage explains: look for usage outside the "
            "exports, another price, or fees drawn from the commitment"
        )
    else:
        note = (
            "the vendor has drawn less than our usage explains: look for usage that does not "
            "count, credits, or a statement that lags"
        )
    return BalanceCheck(
        line=line,
        our_drawn_usd=ours,
        difference_usd=to_cents(difference),
        difference_share=share,
        agrees=agrees,
        note=note,
    )
