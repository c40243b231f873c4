"""Needs under the clauses beyond the core: by month, model family and platform.

For every month t and group g of usage with list cost D (in the vendor's list of that month), the
share c of it that counts, the contract's list over the vendor's f, the discount d in force and
the overage discount o:

    price within    p = f (1 − d)           beyond    q = f (1 − o), at most the outside price
    counts          Σ c D p  USD,  Σ c D f  list
    beside          Σ (1 − c) D · (p, or the platform's own price)

A step draws its groups in proportion, so a unit costs w = Σ c D q / units beyond the commitment.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from forecast.paths import Floats
from forecast.records.terms import Terms, Tier
from forecast.sizing.calendar import ahead_factor, paid_factor
from forecast.sizing.consumption import Consumed, Consumption, split_by_group
from forecast.sizing.list_changes import contract_list, market_list
from forecast.sizing.needs import PeriodNeed, Rows, StepNeed
from forecast.sizing.true_down import lowered
from forecast.sizing.volume import discounts


@dataclass
class _Months:
    """USD of every month, each [M, T].

    Attributes
    ----------
    within, at_list, beyond
        What counts: at contract prices, at the contract's list, at overage prices.
    beside
        What does not count, fees, less credits.
    contracted
        All usage at contract prices.
    fees
        Fees that count.
    """

    within: Floats
    at_list: Floats
    beyond: Floats
    beside: Floats
    contracted: Floats
    fees: Floats


def clause_needs(
    terms: Terms,
    tiers: Sequence[Tier | None],
    list_usd: Consumed,
    *,
    by_month: bool = False,
) -> list[PeriodNeed]:
    """Give the needs of every settlement period; see `needs.period_needs`.

    Parameters
    ----------
    by_month
        Tell months apart even where no clause does.
    """
    usage = split_by_group(terms, list_usd)
    market = market_list(terms, usage.n_paths)
    usage = usage.times(market)
    protected = contract_list(terms.price_protection, market) / market
    of_month = [tiers[t // terms.period_months] for t in range(terms.term_months)]
    on_demand = np.array([tier is None for tier in of_month])
    months = _months(terms, of_month, usage, protected)
    _on_demand(terms, usage, months, on_demand)
    _fees(terms, months, on_demand)
    _credits(terms, months, on_demand)
    size = 1 if by_month or terms.settles_by_month else terms.period_months
    needs = []
    for p, tier in enumerate(tiers):
        first, end = p * terms.period_months, (p + 1) * terms.period_months
        steps = [_step(terms, months, slice(t, t + size), tier) for t in range(first, end, size)]
        needs.append(_period(terms, tuple(steps), p, tier))
    return lowered(terms, needs)


def _months(
    terms: Terms, by_month: Sequence[Tier | None], usage: Consumption, protected: Floats
) -> _Months:
    zero = np.zeros_like(protected)
    months = _Months(*(zero.copy() for _ in range(6)))
    families = {group.family for group in usage.usage}
    in_force = discounts(terms, by_month, counted_list(terms, usage), families)
    outside = 1 - terms.outside_discount_share
    for group, list_usd in usage.usage.items():
        platform = terms.platform(group.platform)
        d = in_force[group.family]
        price = protected * (1 - d)
        o = _overage(terms, d)
        over = protected * (1 - o)
        if terms.usage_is_portable:
            over = np.minimum(over, outside)
        counted = platform.counts_share * list_usd
        rest = list_usd - counted
        own = price if platform.discount_share is None else 1 - platform.discount_share
        months.within += counted * price
        months.at_list += counted * protected
        months.beyond += counted * over
        months.beside += rest * own
        months.contracted += counted * price + rest * own
    return months


def counted_list(terms: Terms, usage: Consumption) -> Floats:
    """List cost that counts, [M, T]."""
    parts = [terms.platform(g.platform).counts_share * usd for g, usd in usage.usage.items()]
    return np.asarray(sum(parts[1:], start=parts[0]))


def _overage(terms: Terms, d: Floats) -> Floats:
    if terms.overage == "committed_rate" or terms.on_exhaustion == "early_renewal":
        return d
    if terms.overage == "list":
        return np.zeros_like(d)
    return np.minimum(terms.overage_discount_share, d)


def _on_demand(terms: Terms, usage: Consumption, months: _Months, at: Rows) -> None:
    """Price the months in which nothing is committed: everything is beyond, at no deal's price.

    Dollars that rolled in are drawn at the price of the first tier.
    """
    if not at.any():
        return
    within, at_list, cost = (np.zeros_like(months.within[:, at]) for _ in range(3))
    for group, list_usd in usage.usage.items():
        own = terms.platform(group.platform).discount_share
        first = terms.tiers[0].discount_of(group.family) if own is None else own
        within += list_usd[:, at] * (1 - first)
        at_list += list_usd[:, at]
        cost += list_usd[:, at] * (1 - max(first, terms.outside_discount_share))
    months.within[:, at], months.at_list[:, at], months.beyond[:, at] = within, at_list, cost
    months.contracted[:, at] = within
    months.beside[:, at] = 0.0


def _fees(terms: Terms, months: _Months, on_demand: Rows) -> None:
    usage_usd = months.contracted.copy()
    for fee in terms.fees:
        due = ~on_demand | fee.without_commitment
        months.beside += due * fee.usage_share * usage_usd
        part = months.fees if fee.counts else months.beside
        part += due * float(fee.usd_per_month)
    uncommitted = months.fees * on_demand
    months.fees -= uncommitted
    months.beside += uncommitted


def _credits(terms: Terms, months: _Months, on_demand: Rows) -> None:
    """Let credits pay for usage, the first to expire first."""
    unpaid = months.within.copy()
    for credit in sorted(terms.credits, key=lambda c: c.expires_after_months):
        balance = np.full(len(unpaid), float(credit.usd))
        for t in range(credit.expires_after_months):
            if on_demand[t]:
                continue
            paid = np.minimum(balance, unpaid[:, t])
            balance -= paid
            if credit.counts:
                months.beside[:, t] -= paid
            else:
                with np.errstate(divide="ignore", invalid="ignore"):
                    share = np.where(unpaid[:, t] > 0, paid / months.within[:, t], 0.0)
                for part in (months.at_list, months.beyond, months.within):
                    part[:, t] *= 1 - share
            unpaid[:, t] -= paid


def _step(terms: Terms, months: _Months, at: slice, tier: Tier | None) -> StepNeed:
    within, at_list, beyond, beside, contracted, fees = (
        getattr(months, name)[:, at].sum(axis=1)
        for name in ("within", "at_list", "beyond", "beside", "contracted", "fees")
    )
    units = within if terms.drawdown_basis == "contracted" else at_list
    with np.errstate(divide="ignore", invalid="ignore"):
        used = np.where(units > 0, within / units, _plain(terms, tier))
        over = np.where(units > 0, beyond / units, 1.0)
    return StepNeed(
        units=units,
        used=used,
        beyond=over,
        contracted_usd=contracted,
        counted_fee_usd=fees,
        beside_usd=beside,
        paid_factor=paid_factor(terms, at.stop),
    )


def _plain(terms: Terms, tier: Tier | None) -> float:
    """USD within the commitment for a unit of nothing: the tier's own price."""
    if terms.drawdown_basis == "contracted":
        return 1.0
    return 1 - (tier or terms.tiers[0]).discount_share


def _period(
    terms: Terms, steps: tuple[StepNeed, ...], period: int, tier: Tier | None
) -> PeriodNeed:
    is_face = terms.drawdown_basis == "contracted" or terms.shortfall_price == "face"
    end = (period + 1) * terms.period_months
    plain = _plain(terms, tier)
    return PeriodNeed(
        steps=steps,
        unused=1.0 if is_face else plain,
        ahead=plain if terms.kind == "burn_down" else 0.0,
        ahead_factor=ahead_factor(terms, period),
        settled_factor=paid_factor(terms, end),
    )
