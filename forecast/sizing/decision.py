"""The decision on one set of paths: what to sign, what follows, what each clause is worth."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from forecast.records.negotiation import RiskPreference
from forecast.records.sizing_result import Commitment, IndifferenceBand, Interval, Sizing
from forecast.records.terms import Offer, Terms
from forecast.sizing.assessment import Assessment
from forecast.sizing.assessment import assess as assess
from forecast.sizing.cash import cash_months
from forecast.sizing.clauses import Repriced, valued_steps
from forecast.sizing.closed_form import break_even_utilisation, optimal_quantile
from forecast.sizing.consumption import Consumed, Consumption
from forecast.sizing.curve import commitment_curve
from forecast.sizing.exchange import exchange_table
from forecast.sizing.interval import indifference_band, optimum_interval
from forecast.sizing.moves import moves
from forecast.sizing.offers import score_offers
from forecast.sizing.path_checks import by_settlement_period
from forecast.sizing.positions import positions
from forecast.sizing.risk_choice import risk_choice
from forecast.sizing.schedule import schedule_in_cents
from forecast.sizing.schedule_value import schedule_value
from forecast.sizing.search import Optimum, best_commitment
from forecast.sizing.staging import staging_values
from forecast.sizing.tariff import no_deal_discount, overage_discount
from forecast.sizing.tiers import reaching_up, tier_rows
from forecast.units import to_cents


def size(
    terms: Terms,
    list_usd_monthly: Consumed,
    *,
    replicates: Iterable[Consumed] | None = None,
    offers: Sequence[Offer] = (),
    preference: RiskPreference | None = None,
    repriced: Sequence[Repriced] = (),
) -> Sizing:
    """Name the commitment with the lowest expected cost, and its risks.

    Parameters
    ----------
    terms
        The contract.
    list_usd_monthly
        [M, T] list cost of M equally weighted paths in the T months of the term, or the same by
        group (`Consumption`). They are the decision set: everything is settled on them.
    replicates
        The same paths as resampled evidence would have them, for the interval of the optimum.
    offers
        Vendors' offers to score on the same paths.
    preference
        Weights and caps of the two risks; the choice under them is given beside the cheapest.
    repriced
        Clauses that change what usage costs at list, to be valued on the paths they lead to.

    Raises
    ------
    PathsError
        Paths that cannot be settled, with row and column.
    TermsError
        An offer for other months.

    Examples
    --------
    >>> import numpy as np
    >>> from datetime import date
    >>> from decimal import Decimal
    >>> from forecast.records.terms import Tier
    >>> terms = Terms(term_start=date(2027, 1, 1), term_months=12, tiers=(
    ...     Tier(from_commitment_usd=Decimal(0), discount_share=0),
    ...     Tier(from_commitment_usd=Decimal(250), discount_share=0.15)))
    >>> paths = np.linspace(20, 60, 100)[:, None] * np.ones(12)
    >>> sizing = size(terms, paths)
    >>> str(sizing.headline.sign_for_usd), sizing.commitment.percentile
    ('261.70', 0.15)
    """
    list_usd = by_settlement_period(terms, list_usd_monthly)
    best = best_commitment(terms, list_usd)
    found = assess(terms, best.commitment_usd, list_usd)
    interval = optimum_interval(
        terms, (by_settlement_period(terms, paths) for paths in replicates or ())
    )
    steps = valued_steps(terms, list_usd_monthly, repriced)
    values = tuple(value for value, _ in steps)
    exchange = exchange_table(values, [saved for _, saved in steps])
    commitment = _commitment(terms, best, found, interval, indifference_band(terms, list_usd, best))
    tiers = tier_rows(terms, list_usd, best)
    return Sizing(
        headline=found.headline,
        terms=terms,
        commitment=commitment,
        tiers=tiers,
        moves=moves(terms, list_usd, best),
        curve=commitment_curve(terms, list_usd, best),
        clauses=values,
        offers=score_offers(terms, offers, list_usd_monthly),
        reaching_up=reaching_up(terms, list_usd, best, tiers),
        exchange=exchange,
        positions=positions(terms, list_usd, best, commitment, values, exchange),
        schedule_value=schedule_value(terms, list_usd),
        staging=()
        if isinstance(list_usd_monthly, Consumption)
        else staging_values(terms, list_usd_monthly, best),
        cash=cash_months(terms, best.commitment_usd, list_usd_monthly),
        risk_choice=None
        if preference is None or preference.is_neutral
        else risk_choice(terms, list_usd, best, preference),
    )


def _commitment(
    terms: Terms,
    best: Optimum,
    found: Assessment,
    interval: Interval | None,
    band: IndifferenceBand,
) -> Commitment:
    return Commitment(
        recommended_usd=best.commitment_usd,
        schedule=schedule_in_cents(terms, best.commitment_usd),
        tier_discount_share=best.tier.discount_share if terms.is_core else found.discount_share,
        percentile=found.percentile,
        closed_form_percentile=_closed_form(terms, best),
        interval=interval,
        indifference_band=band,
        shortfall_probability=found.shortfall_probability,
        overage_probability=found.overage_probability,
        break_even_utilisation=_break_even(terms, best),
        cost=found.cost_risk,
        waste=found.waste_risk,
        no_deal_expected_cost_usd=to_cents(best.no_deal_expected_cost_usd),
    )


def _closed_form(terms: Terms, best: Optimum) -> float | None:
    """Give what the one-tier formula says; it knows one settlement period and a commitment."""
    if terms.n_periods > 1 or best.commitment_usd == 0 or not terms.is_core:
        return None
    d = best.tier.discount_share
    return optimal_quantile(
        d,
        overage_discount(terms, d),
        terms.unused_value_share,
        terms.drawdown_basis,
        shortfall_price=terms.shortfall_price,
    )


def _break_even(terms: Terms, best: Optimum) -> float | None:
    """Give the break-even utilisation of a commitment that is used evenly over the periods.

    Only the last period's unused dollars are left at the end of the term, so r counts for its
    part; what rollover saves is not counted.
    """
    if best.commitment_usd == 0 or not terms.is_core:
        return None
    return break_even_utilisation(
        best.tier.discount_share,
        no_deal_discount(terms),
        terms.unused_value_share / terms.n_periods,
        terms.drawdown_basis,
        shortfall_price=terms.shortfall_price,
    )
