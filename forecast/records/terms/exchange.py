"""Amounts that a document states in the currency of the order form, turned into US dollars."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

_WRITTEN = {  # in the currency of the order form: in US dollars
    "from_commitment": "from_commitment_usd",
    "minimum_commitment": "minimum_commitment_usd",
    "amount": "usd",
    "amount_per_month": "usd_per_month",
    "commitment": "commitment_usd",
    "schedule": "schedule_usd",
}


def in_usd(document: Any) -> Any:
    """Turn every amount that is stated in the contract's currency into US dollars.

    Terms are found wherever they stand in a document, by their `currency`; what is wrong with
    them is left to validation.

    >>> changed = in_usd({"currency": {"code": "EUR", "usd_per_unit": "1.10"},
    ...     "tiers": [{"from_commitment": "200000", "discount_share": 0.1}]})
    >>> changed["tiers"]
    [{'discount_share': 0.1, 'from_commitment_usd': Decimal('220000.00')}]
    """
    if isinstance(document, Mapping):
        if isinstance(document.get("currency"), Mapping):
            return _terms(document)
        return {key: in_usd(value) for key, value in document.items()}
    if isinstance(document, list) and document and isinstance(document[0], Mapping):
        return [in_usd(item) for item in document]
    return document


def _terms(document: Mapping[str, Any]) -> Mapping[str, Any]:
    try:
        rate = Decimal(str(document["currency"].get("usd_per_unit")))
    except InvalidOperation:
        return document
    if not rate.is_finite():
        return document
    return {
        key: value if key == "currency" else _exchanged(value, rate)
        for key, value in _own(document, rate).items()
    }


def _exchanged(value: Any, rate: Decimal) -> Any:
    if isinstance(value, Mapping):
        return _own(value, rate)
    if isinstance(value, list | tuple):
        return [_exchanged(item, rate) for item in value]
    return value


def _own(table: Mapping[str, Any], rate: Decimal) -> dict[str, Any]:
    """Rename and convert the amounts of one table; what is no number is left to validation."""
    changed = dict(table)
    for written, kept in _WRITTEN.items():
        if written not in table or kept in table:
            continue
        try:
            usd = _times(table[written], rate)
        except InvalidOperation:
            continue
        del changed[written]
        changed[kept] = usd
    return changed


def _times(amount: Any, rate: Decimal) -> Any:
    if isinstance(amount, list):
        return [_times(each, rate) for each in amount]
    return Decimal(str(amount)) * rate
