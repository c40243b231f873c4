"""Numbers as people type them into a page."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from api.validation import Fault, Step


def typed_number(text: str, place: tuple[Step, ...], faults: list[Fault]) -> Decimal:
    """Read an amount; 0 where there is a fault, which is remembered.

    >>> typed_number("1,000,000 USD", ("commitment",), []), typed_number("$5", ("x",), [])
    (Decimal('1000000'), Decimal('5'))
    """
    plain = text.replace(",", "").replace(" ", "").removesuffix("USD").removeprefix("$")
    try:
        found = Decimal(plain)
    except InvalidOperation:
        found = Decimal("NaN")
    if not found.is_finite() or found < 0 or found.adjusted() > 15:
        said = f", not {text[:40]!r}" if text else ""
        faults.append(Fault(place, f"has to be a number, zero or more{said}"))
        return Decimal(0)
    return found


def typed_share(text: str, place: tuple[Step, ...], faults: list[Fault]) -> float:
    """Read a share that is typed in per cent; 0 where there is a fault, which is remembered.

    >>> faults = []
    >>> typed_share("12.5 %", ("discount",), faults), faults
    (0.125, [])
    >>> typed_share("130", ("discount",), faults), faults[0].problem
    (0.0, 'has to be from 0 to 100 %')
    """
    found = typed_number(text.replace("%", ""), place, faults) / 100
    if found > 1:
        faults.append(Fault(place, "has to be from 0 to 100 %"))
        return 0.0
    return float(found)
