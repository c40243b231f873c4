"""Which list prices have left what a contract lets its buyer pay.

A re-forecast counts usage at the list in force on its day. Under price protection the vendor must
bill less where the list has risen, and bills more where it fell and cuts do not pass through.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import pandas as pd

from forecast.pricing.rate_cards import SHEET
from forecast.records.contract import SignedContract
from forecast.records.rates import ModelRates, RateCard
from forecast.records.reforecast import Finding
from forecast.records.terms import Terms


def protected_prices(
    contract: SignedContract, card: RateCard, rated: pd.DataFrame, as_of: date
) -> list[Finding]:
    """Name the models whose list in force is not what the contract is billed at.

    Parameters
    ----------
    rated
        Rated usage by day, with platform and model.

    Returns
    -------
    list of Finding
        One for all models together; none where prices follow the list, or the rows that apply are
        the customer's own.
    """
    if contract.terms.price_protection.is_none:
        return []
    signed_on = contract.signature.signed_on
    since = rated.loc[rated["day"] >= pd.Timestamp(signed_on), ["platform", "model"]]
    used = sorted(set(since.itertuples(index=False, name=None)))
    found = [
        f"{model} on {platform} from {day}"
        for platform, model in used
        for day in _departures(card, str(platform), str(model), contract, as_of)
    ]
    if not found:
        return []
    note = (
        f"the contract protects the list of {signed_on}, and the list has changed since: "
        f"{', '.join(found)}. These figures are at the list in force; state the prices that the "
        "contract is billed at in a price sheet"
    )
    return [Finding(kind="prices_protected", note=note[:2000])]


def _departures(
    card: RateCard,
    platform: str,
    model: str,
    contract: SignedContract,
    as_of: date,
) -> Iterator[date]:
    terms, signed_on = contract.terms, contract.signature.signed_on
    rows = [row for row in card.rates if (row.platform, row.model) == (platform, model)]
    signed = next((row for row in rows if row.in_force(signed_on)), None)
    if signed is None:
        return
    for row in rows:
        is_later = signed_on < row.effective_from <= as_of
        if is_later and SHEET not in row.source and _departs(terms, signed, row):
            yield row.effective_from


def _departs(terms: Terms, signed: ModelRates, now: ModelRates) -> bool:
    """Tell whether any token kind is billed at another rate than the one in force."""
    clause, first = terms.price_protection, terms.term_start
    months = 12 * (now.effective_from.year - first.year) + now.effective_from.month - first.month
    most = (1 + Decimal(str(clause.cap_on_rises_share or 0))) ** (1 + max(0, months) // 12)
    passed_on = clause.list_prices == "follow" or clause.cuts_pass_through
    was = signed.standard.by_kind()
    for kind, rate in now.standard.by_kind().items():
        before = was[kind]
        if before is None or rate is None:
            continue
        if rate > before * most or (rate < before and not passed_on):
            return True
    return False
