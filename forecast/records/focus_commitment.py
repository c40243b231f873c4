"""A commitment as rows of the FOCUS 1.4 Contract Commitment dataset, and back.

One row a settlement period: its commitment, its days, and the contract that it belongs to. A
recommendation is `Proposed`; rows of any other status are read as what is in force.

Columns and allowed values: FinOps Open Cost and Usage Specification 1.4 (2026-06-04), dataset
Contract Commitment. What this product does not know (issuer, applicability) is left empty.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Literal

from forecast.errors import TermsError
from forecast.records.sizing_result import PeriodCommitment
from forecast.records.terms import Offer, Terms, Tier
from forecast.units import months_between

COLUMNS = (
    "BillingCurrency",
    "ContractCommitmentApplicability",
    "ContractCommitmentBenefitCategory",
    "ContractCommitmentCategory",
    "ContractCommitmentCost",
    "ContractCommitmentCreated",
    "ContractCommitmentDescription",
    "ContractCommitmentDiscountPercentage",
    "ContractCommitmentDurationType",
    "ContractCommitmentFulfillmentInterval",
    "ContractCommitmentId",
    "ContractCommitmentLastUpdated",
    "ContractCommitmentLifecycleStatus",
    "ContractCommitmentModel",
    "ContractCommitmentOfferCategory",
    "ContractCommitmentPaymentInterval",
    "ContractCommitmentPaymentModel",
    "ContractCommitmentPaymentUpfrontPercentage",
    "ContractCommitmentPeriodEnd",
    "ContractCommitmentPeriodStart",
    "ContractCommitmentQuantity",
    "ContractCommitmentType",
    "ContractCommitmentUnit",
    "ContractId",
    "ContractPeriodEnd",
    "ContractPeriodStart",
    "InvoiceIssuerName",
    "ServiceProviderName",
)

Status = Literal["Proposed", "Pending", "Active", "Exhausted", "Expired", "Canceled", "Superseded"]

_INTERVAL = {1: "Monthly", 3: "Quarterly", 6: "Semi-Annual", 12: "Annual"}
_SETTLEMENT = {"Monthly": "monthly", "Quarterly": "quarterly", "Annual": "annual"}

NOT_IN_FORCE = frozenset({"Expired", "Canceled", "Superseded"})


def commitment_rows(
    terms: Terms,
    schedule: Sequence[PeriodCommitment],
    *,
    discount_share: float,
    as_of: date,
    contract_id: str,
    status: Status = "Proposed",
) -> list[dict[str, str]]:
    """Write a schedule as one row a settlement period, columns in the order of `COLUMNS`.

    Parameters
    ----------
    discount_share
        Off list, within the commitment.
    as_of
        The day that the rows were created on.

    Examples
    --------
    >>> terms = Terms(name="Deal", term_start=date(2027, 1, 1), term_months=12,
    ...     tiers=(Tier(from_commitment_usd=Decimal(0), discount_share=0),))
    >>> part = PeriodCommitment(period_start=date(2027, 1, 1), period_end=date(2028, 1, 1),
    ...     commitment_usd=Decimal("738096.00"))
    >>> (row,) = commitment_rows(terms, [part], discount_share=0.1, as_of=date(2026, 11, 22),
    ...     contract_id="deal-2027")
    >>> row["ContractCommitmentLifecycleStatus"], row["ContractCommitmentCost"]
    ('Proposed', '738096.00')
    """
    created = _instant(as_of)
    ahead = terms.kind == "burn_down"
    payment_months = (terms.payment_months or terms.period_months) if ahead else 1
    at_once = ahead and payment_months == terms.period_months
    unit = "USD" if terms.drawdown_basis == "contracted" else "USD at list"
    interval = _INTERVAL.get(terms.period_months, "Full Period")
    return [
        {
            "BillingCurrency": "USD",
            "ContractCommitmentApplicability": "",
            "ContractCommitmentBenefitCategory": "Discount",
            "ContractCommitmentCategory": "Spend",
            "ContractCommitmentCost": str(part.commitment_usd),
            "ContractCommitmentCreated": created,
            "ContractCommitmentDescription": f"{terms.name}, period {i} of {len(schedule)}",
            "ContractCommitmentDiscountPercentage": f"{round(discount_share, 9):g}",
            "ContractCommitmentDurationType": _duration(terms.term_months),
            "ContractCommitmentFulfillmentInterval": interval,
            "ContractCommitmentId": f"{contract_id}-{i}",
            "ContractCommitmentLastUpdated": created,
            "ContractCommitmentLifecycleStatus": status,
            "ContractCommitmentModel": "Discontinuous",
            "ContractCommitmentOfferCategory": "Negotiated",
            "ContractCommitmentPaymentInterval": "One-Time"
            if at_once
            else _INTERVAL.get(payment_months, "Custom"),
            "ContractCommitmentPaymentModel": _payment_model(ahead=ahead, at_once=at_once),
            "ContractCommitmentPaymentUpfrontPercentage": "1" if at_once else "0",
            "ContractCommitmentPeriodEnd": _instant(part.period_end),
            "ContractCommitmentPeriodStart": _instant(part.period_start),
            "ContractCommitmentQuantity": "",
            "ContractCommitmentType": "Spend agreement",
            "ContractCommitmentUnit": unit,
            "ContractId": contract_id,
            "ContractPeriodEnd": _instant(schedule[-1].period_end),
            "ContractPeriodStart": _instant(schedule[0].period_start),
            "InvoiceIssuerName": "",
            "ServiceProviderName": "",
        }
        for i, part in enumerate(schedule, start=1)
    ]


def offer_from_rows(rows: Sequence[Mapping[str, str]], *, contract_id: str | None = None) -> Offer:
    """Read one contract's spend commitments as an offer: its schedule, days and discount.

    Rows that are expired, cancelled or superseded are left out. What the dataset does not tell
    (overage, rollover, tiers) has the plainest meaning; complete it by hand.

    Parameters
    ----------
    contract_id
        Which contract, where the rows hold more than one.

    Raises
    ------
    TermsError
        No row in force, several contracts, gaps or periods that are not whole months, another
        currency, with row and column.
    """
    chosen = [
        (i, row)
        for i, row in enumerate(rows, start=1)
        if row.get("ContractCommitmentLifecycleStatus", "Active") not in NOT_IN_FORCE
        and row.get("ContractCommitmentCategory", "Spend") == "Spend"
        and contract_id in (None, row.get("ContractId"))
    ]
    ids = sorted({row.get("ContractId", "") for _, row in chosen})
    if len(ids) != 1:
        raise TermsError(
            f"holds {len(ids)} contracts with spend commitments in force"
            + (
                f" ({', '.join(ids[:5])}); name one of them" if ids else "; give an export with one"
            ),
            column="ContractId",
        )
    parts = sorted((_part(i, row) for i, row in chosen), key=lambda part: part[0])
    starts, ends = [p[0] for p in parts], [p[1] for p in parts]
    months = {months_between(a, b) for a, b in zip(starts, ends, strict=True)}
    if starts[1:] != ends[:-1] or len(months) != 1:
        raise TermsError(
            "the periods are not equal and one after the other; give every period of the contract "
            "once",
            column="ContractCommitmentPeriodStart",
        )
    first = chosen[0][1]
    whole = months_between(starts[0], ends[-1])
    interval = first.get("ContractCommitmentFulfillmentInterval", "")
    settlement = "term" if len(parts) == 1 else _SETTLEMENT.get(interval, "")
    if not settlement:
        raise TermsError(
            f"{interval!r} is no settlement period of this product; it settles monthly, quarterly, "
            "annually or once",
            column="ContractCommitmentFulfillmentInterval",
        )
    amounts = tuple(part[2] for part in parts)
    discount = _share(chosen[0][0], first.get("ContractCommitmentDiscountPercentage", ""))
    annual = sum(amounts, Decimal(0)) * 12 / whole
    tiers = [Tier(from_commitment_usd=Decimal(0), discount_share=0.0)]
    if discount and annual:
        reached = annual.quantize(Decimal("0.01"), rounding="ROUND_FLOOR")
        tiers.append(Tier(from_commitment_usd=reached, discount_share=discount))
    terms = Terms.model_validate(
        {
            "name": ids[0][:120] or "Contract",
            "term_start": starts[0],
            "term_months": whole,
            "settlement": settlement,
            "kind": "build_up"
            if first.get("ContractCommitmentPaymentModel", "No Upfront") == "No Upfront"
            else "burn_down",
            "drawdown_basis": "list"
            if first.get("ContractCommitmentUnit") == "USD at list"
            else "contracted",
            "tier_basis": "annual",
            "tiers": tiers,
        }
    )
    return Offer(terms=terms, schedule_usd=amounts)


def _payment_model(*, ahead: bool, at_once: bool) -> str:
    if not ahead:
        return "No Upfront"
    return "All Upfront" if at_once else "Partial Upfront"


def _duration(months: int) -> str:
    years, rest = divmod(months, 12)
    if rest:
        return f"{months} Months"
    return "1 Year" if years == 1 else f"{years} Years"


def _instant(day: date) -> str:
    return f"{day}T00:00:00Z"


def _part(row_number: int, row: Mapping[str, str]) -> tuple[date, date, Decimal]:
    start, end = (
        _day(row_number, column, row.get(column, ""))
        for column in ("ContractCommitmentPeriodStart", "ContractCommitmentPeriodEnd")
    )
    if row.get("BillingCurrency", "USD") not in ("USD", ""):
        raise TermsError(
            f"is {row['BillingCurrency']}; convert the amounts to USD at the contract's rate",
            row=row_number,
            column="BillingCurrency",
        )
    try:
        amount = Decimal(row.get("ContractCommitmentCost", ""))
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or amount < 0:
        raise TermsError(
            f"is {row.get('ContractCommitmentCost', '')!r}, not an amount",
            row=row_number,
            column="ContractCommitmentCost",
        )
    return start, end, amount


def _day(row_number: int, column: str, text: str) -> date:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise TermsError(f"is {text!r}, not a time", row=row_number, column=column) from None
    day = (instant.astimezone(UTC) if instant.tzinfo else instant).date()
    if day.day != 1:
        raise TermsError(
            f"is {text!r}; periods of whole calendar months are read", row=row_number, column=column
        )
    return day


def _share(row_number: int, text: str) -> float:
    if not text:
        return 0.0
    try:
        share = float(text)
    except ValueError:
        share = -1.0
    if not 0 <= share < 1:
        raise TermsError(
            f"is {text!r}, not a share from 0 to 1",
            row=row_number,
            column="ContractCommitmentDiscountPercentage",
        )
    return share
