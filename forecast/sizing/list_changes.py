"""The vendor's price list over the term, and the list that contract prices are taken off.

A change of the list strikes a path with its probability. Which paths it strikes is a fixed,
stratified shuffle of the path numbers: every contract and every offer meets the same futures.

    market[m, t]    the list in force, as a multiple of today's
    contract[m, t]  the list of the contract, as a multiple of today's:
                    follow  min(market, (1 + cap)^year)      locked  1, or min(1, market)
"""

from __future__ import annotations

import numpy as np

from forecast.paths import Floats
from forecast.records.terms import PriceProtection, Terms

_SHUFFLE = 20_261_124
"""Any number: it only has to be the same for every contract."""


def market_list(terms: Terms, n_paths: int) -> Floats:
    """Give the vendor's list as a multiple of the one at the start, [M, T].

    >>> from datetime import date
    >>> from decimal import Decimal
    >>> from forecast.records.terms import ListChange, Tier
    >>> terms = Terms(term_start=date(2027, 1, 1), term_months=3, settlement="term",
    ...     expected_list_changes=(ListChange(month=2, change_share=-0.5, probability=0.5),),
    ...     tiers=(Tier(from_commitment_usd=Decimal(0), discount_share=0),))
    >>> sorted(market_list(terms, 2).tolist())
    [[1.0, 0.5, 0.5], [1.0, 1.0, 1.0]]
    """
    market = np.ones((n_paths, terms.term_months))
    for number, change in enumerate(terms.expected_list_changes):
        shuffled = np.random.default_rng([_SHUFFLE, number]).permutation(n_paths)
        struck = (shuffled + 0.5) / n_paths < change.probability
        market[struck, change.month - 1 :] *= 1 + change.change_share
    return market


def contract_list(clause: PriceProtection, market: Floats) -> Floats:
    """Give the list that contract prices are taken off, [M, T].

    >>> market = np.array([[1.0, 0.8, 1.5]])
    >>> contract_list(PriceProtection(cuts_pass_through=True), market).tolist()
    [[1.0, 0.8, 1.0]]
    >>> capped = PriceProtection(list_prices="follow", cap_on_rises_share=0.1)
    >>> contract_list(capped, market).tolist()
    [[1.0, 0.8, 1.1]]
    """
    if clause.list_prices == "locked":
        return np.minimum(1.0, market) if clause.cuts_pass_through else np.ones_like(market)
    if clause.cap_on_rises_share is None:
        return market
    years = 1 + np.arange(market.shape[1]) // 12
    return np.minimum(market, (1 + clause.cap_on_rises_share) ** years)
