"""Offers as they are typed into the page: an amount, a discount, and two clauses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from pydantic import ValidationError

from api.pages.typed_numbers import typed_number, typed_share
from api.validation import DocumentError, Fault, faults_of
from forecast.records.terms import Offer, Terms, Tier

if TYPE_CHECKING:
    from werkzeug.datastructures import MultiDict

MAX_OFFERS: Final = 4
"""As many as stand side by side in the workbook."""


@dataclass(frozen=True)
class OfferRow:
    """One offer as it was typed."""

    name: str = ""
    commitment_usd: str = ""
    discount_percent: str = ""
    overage: str = "list"
    rollover_percent: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether nothing that counts was typed."""
        return not (self.commitment_usd or self.discount_percent)


def rows_of(form: MultiDict[str, str]) -> tuple[OfferRow, ...]:
    """Read the rows of the form that somebody typed into."""
    names = list(OfferRow.__dataclass_fields__)
    columns = [[value.strip() for value in form.getlist(name)] for name in names]
    rows = [
        OfferRow(**dict(zip(names, values, strict=True))) for values in zip(*columns, strict=False)
    ]
    return tuple(row for row in rows if not row.is_empty)[:MAX_OFFERS]


def offers_of(rows: Sequence[OfferRow], terms: Terms) -> list[Offer]:
    """Make offers of what was typed; what was not typed is as in our terms.

    Raises
    ------
    DocumentError
        Nothing was typed, or something that is no number; with every fault.
    """
    if not rows:
        raise DocumentError([Fault(("commitment",), "is missing; type the vendor's number in")])
    faults: list[Fault] = []
    offers = [_offer(row, _called(row, i), terms, faults) for i, row in enumerate(rows, start=1)]
    if faults:
        raise DocumentError(faults)
    return [offer for offer in offers if offer is not None]


def _offer(row: OfferRow, name: str, terms: Terms, faults: list[Fault]) -> Offer | None:
    """Make one offer; None where a fault was found.

    The offered discount begins at the offered amount; a smaller amount earns what our own terms
    give for it, as it does at the table.
    """
    n_before = len(faults)
    amount = typed_number(row.commitment_usd, (name, "commitment"), faults)
    discount = typed_share(row.discount_percent, (name, "discount"), faults)
    rollover = typed_share(row.rollover_percent or "0", (name, "rollover"), faults)
    if discount >= 1:
        faults.append(Fault((name, "discount"), "has to be less than 100 %"))
    if len(faults) > n_before:
        return None
    same_overage = row.overage == terms.overage
    changes = {
        "name": name,
        "overage": row.overage,
        "overage_discount_share": terms.overage_discount_share if same_overage else 0.0,
        "rollover_share": rollover,
        "tier_basis": "term",
        "tier_by": "commitment",
        "tiers": _tiers(terms, amount, discount),
    }
    try:
        return Offer(terms=Terms.model_validate({**dict(terms), **changes}), commitment_usd=amount)
    except ValidationError as error:
        faults += [Fault((name, *f.path), f.problem) for f in faults_of(error, Terms)]
        return None


def _tiers(terms: Terms, amount: Decimal, discount: float) -> tuple[Tier, ...]:
    """Give our tiers below an amount, by the commitment of the term, and the offered one."""
    of_term = Decimal(1) if terms.tier_basis == "term" else Decimal(terms.term_months) / 12
    ours = [
        tier.model_copy(update={"from_commitment_usd": tier.from_commitment_usd * of_term})
        for tier in terms.tiers
    ]
    below = [tier for tier in ours if tier.from_commitment_usd < amount]
    offered = Tier(from_commitment_usd=amount, discount_share=discount)
    return (*below, offered) if below else tuple(ours[:1])


def _called(row: OfferRow, number: int) -> str:
    return row.name or f"Offer {number}"
