"""The core of a contract as it is typed into the page; other clauses come as a file."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from pydantic import ValidationError

from api.pages.typed_numbers import typed_number, typed_share
from api.validation import DocumentError, Fault, faults_of
from forecast.records.terms import Terms, Tier

if TYPE_CHECKING:
    from werkzeug.datastructures import MultiDict

N_TIERS: Final = 6
"""Rows of tiers on the page; more come as a file."""

CHOICES: Final = {
    "settlement": (
        ("annual", "each year"),
        ("quarterly", "each quarter"),
        ("monthly", "each month"),
        ("term", "once, at the end of the term"),
    ),
    "kind": (
        ("build_up", "as we use it, a shortfall trued up"),
        ("burn_down", "ahead, then drawn down"),
    ),
    "drawdown_basis": (
        ("contracted", "dollars paid"),
        ("list", "list price of what is used"),
    ),
    "overage": (
        ("list", "list price"),
        ("committed_rate", "the committed rate"),
        ("discounted", "list less its own discount"),
    ),
}
_SHARES: Final = {
    "overage_discount_percent": "overage_discount_share",
    "rollover_percent": "rollover_share",
    "unused_value_percent": "unused_value_share",
    "outside_discount_percent": "outside_discount_share",
}


@dataclass(frozen=True)
class TermsRow:
    """What the page holds of the terms, as text."""

    name: str
    term_start: str
    term_months: str
    settlement: str
    kind: str
    drawdown_basis: str
    overage: str
    overage_discount_percent: str
    rollover_percent: str
    unused_value_percent: str
    outside_discount_percent: str
    tiers: tuple[tuple[str, str], ...]


def row_of(terms: Terms) -> TermsRow:
    """Write terms as the page holds them."""
    shares = {text: _percent(getattr(terms, share)) for text, share in _SHARES.items()}
    tiers = tuple((f"{t.from_commitment_usd:f}", _percent(t.discount_share)) for t in terms.tiers)
    return TermsRow(
        name=terms.name,
        term_start=terms.term_start.isoformat(),
        term_months=str(terms.term_months),
        settlement=terms.settlement,
        kind=terms.kind,
        drawdown_basis=terms.drawdown_basis,
        overage=terms.overage,
        tiers=(*tiers, *(("", "") for _ in range(N_TIERS - len(tiers)))),
        **shares,
    )


def row_typed(form: MultiDict[str, str]) -> TermsRow:
    """Read the form."""
    plain = [field.name for field in fields(TermsRow) if field.name != "tiers"]
    tiers = zip(form.getlist("tier_from"), form.getlist("tier_percent"), strict=False)
    return TermsRow(
        **{name: form.get(name, "").strip() for name in plain},
        tiers=tuple((amount.strip(), share.strip()) for amount, share in tiers),
    )


def terms_of(row: TermsRow, before: Terms) -> Terms:
    """Put what was typed into terms; clauses that the page does not show stay.

    Raises
    ------
    DocumentError
        With everything that cannot be used.
    """
    faults: list[Fault] = []
    typed: dict[str, Any] = {
        "name": row.name,
        "term_start": _day(row.term_start, faults),
        "term_months": _months(row.term_months, faults),
        **{name: getattr(row, name) for name in CHOICES},
        **{
            share: typed_share(getattr(row, text) or "0", (share,), faults)
            for text, share in _SHARES.items()
        },
        "tiers": _tiers(row, before, faults),
    }
    if row.overage != "discounted":
        typed["overage_discount_share"] = 0.0
    if faults:
        raise DocumentError(faults)
    try:
        return Terms.model_validate({**dict(before), **typed})
    except ValidationError as error:
        raise DocumentError(faults_of(error, Terms)) from None


def _tiers(row: TermsRow, before: Terms, faults: list[Fault]) -> tuple[Tier, ...]:
    """Read the rows of tiers; families with a discount of their own stay with an unchanged row."""
    written = row_of(before).tiers
    found = []
    for i, (amount, discount) in enumerate(row.tiers):
        if not amount and not discount:
            continue
        if i < len(before.tiers) and written[i] == (amount, discount):
            found.append(before.tiers[i])
            continue
        threshold = typed_number(amount, ("tiers", i, "from_commitment_usd"), faults)
        share = typed_share(discount or "0", ("tiers", i, "discount_share"), faults)
        if share >= 1:
            faults.append(Fault(("tiers", i, "discount_share"), "has to be less than 100 %"))
        else:
            found.append(Tier(from_commitment_usd=threshold, discount_share=share))
    return tuple(found)


def _day(text: str, faults: list[Fault]) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        faults.append(Fault(("term_start",), f"must be a day such as 2027-01-01, not {text!r}"))
        return None


def _months(text: str, faults: list[Fault]) -> int | None:
    if not (text.isascii() and text.isdecimal()):
        faults.append(Fault(("term_months",), f"must be a number of months, not {text!r}"))
        return None
    return int(text[:9])


def _percent(share: float) -> str:
    """Write a share as the page takes it, without a trace of binary fractions.

    >>> _percent(0.07), _percent(0.0), _percent(0.1234)
    ('7', '0', '12.34')
    """
    exact = (Decimal(repr(share)) * 100).normalize()
    return f"{exact:f}"
