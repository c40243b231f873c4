"""Tiers as rows of two cells: the commitment from which a discount is given, and the discount."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from excel_templates.typed_cells import AnyCell, Faults, amount, share_below_one
from forecast.records.terms import Tier


def is_empty(cell: AnyCell) -> bool:
    """Tell whether nothing was typed."""
    value = cell.value
    return value is None or (isinstance(value, str) and not value.strip())


def is_untouched(value: object, ours: float | Decimal) -> bool:
    """Tell whether a cell still holds what was written into it."""
    return (
        isinstance(value, (int, float))
        and not isinstance(value, bool)
        and abs(value - float(ours)) <= 1e-12 * max(1.0, abs(float(ours)))
    )


def typed_tiers(
    pairs: Iterable[tuple[AnyCell, AnyCell]], faults: Faults, *, ours: Sequence[Tier] = ()
) -> tuple[Tier, ...]:
    """Read rows of tiers; empty rows are none.

    Parameters
    ----------
    pairs
        Threshold and discount, row by row.
    faults
        Where a fault is remembered: a half-empty row, a first tier above 0, one that does not
        rise.
    ours
        What was written into the rows; an untouched cell gives it back exactly.
    """
    found: list[Tier] = []
    last: Decimal | None = None
    for i, (from_cell, discount_cell) in enumerate(pairs):
        if is_empty(from_cell) and is_empty(discount_cell):
            continue
        before = ours[i] if i < len(ours) else None
        threshold, discount = _row(from_cell, discount_cell, before, faults)
        if threshold is None:
            continue
        if last is None and threshold != 0:
            faults.add(
                from_cell, f"is {threshold:,}; the first tier is what on-demand pays, from 0"
            )
        if last is not None and threshold <= last:
            faults.add(from_cell, f"is {threshold:,}, no more than the tier before ({last:,})")
        last = threshold
        if discount is not None:
            found.append(Tier(from_commitment_usd=threshold, discount_share=discount))
    return tuple(found)


def _row(
    from_cell: AnyCell, discount_cell: AnyCell, before: Tier | None, faults: Faults
) -> tuple[Decimal | None, float | None]:
    threshold: Decimal | None
    discount: float | None
    if before is not None and is_untouched(from_cell.value, before.from_commitment_usd):
        threshold = before.from_commitment_usd
    else:
        threshold = faults.read(from_cell, amount)
    if before is not None and is_untouched(discount_cell.value, before.discount_share):
        discount = before.discount_share
    else:
        discount = faults.read(discount_cell, share_below_one)
    return threshold, discount
