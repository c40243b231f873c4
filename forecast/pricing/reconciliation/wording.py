"""What a reconciliation says: its sentence, differences, causes, and the bills behind it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Literal

import numpy as np

from forecast.pricing.reconciliation.examination import Examined
from forecast.pricing.reconciliation.months import VERDICTS, Limits
from forecast.pricing.reconciliation.statements import UsageSide
from forecast.records.reconciliation import (
    Bill,
    Cause,
    ReconciledCause,
    ReconciledDifference,
    ReconciledMonth,
    Verdict,
)
from forecast.units import to_cents


def sentence(
    status: Verdict,
    billed: Decimal,
    repriced: Decimal,
    months: Sequence[ReconciledMonth],
    limits: Limits,
    *,
    compared: str,
) -> str:
    """Say what was compared, and how far apart the worst month is."""
    judged = [m for m in months if m.verdict != "not_judged"]
    apart = repriced - billed
    share = f" ({round(100 * float(apart / billed), 1) + 0.0:+.1f} %)" if billed else ""
    n_months = len({m.month for m in judged})
    says = "was billed" if compared != "list" else "at list stands on the bill"
    text = (
        f"{n_months} month{'' if n_months == 1 else 's'} compared: usage reprices to "
        f"{to_cents(repriced):,} USD where {to_cents(billed):,} USD {says}{share}"
    )
    if status != "within_tolerance":
        worst = max(judged, key=lambda m: (VERDICTS.index(m.verdict), abs(m.difference_usd)))
        text += f"; {worst.month:%Y-%m} is {abs(worst.difference_usd):,} USD apart"
    return text + (
        f". Up to {100 * limits.tolerance_share:g} % of what was billed is within tolerance, "
        f"above {100 * limits.refusal_share:g} % is refused."
    )


def unbilled(judged: Sequence[Examined], usage: UsageSide) -> str:
    """Name the platforms of usage that no bill speaks of."""
    groups = {g for f in judged for g in f.matched.buckets["group"]}
    if "" in groups:
        return ""
    rows = ~usage.frame["platform"].isin(groups).to_numpy()
    if not rows.any():
        return ""
    usd = sum(usage.usd[rows].ravel().tolist(), Decimal(0))
    names = ", ".join(sorted(usage.frame.loc[rows, "platform"].unique()))
    return f"Usage of {names} ({to_cents(usd):,} USD at list) stands on no bill."


def covered_share(judged: Sequence[Examined], usage: UsageSide) -> float:
    """Share of list cost in judged blocks of any bill."""
    inside = np.zeros(usage.usd.shape, dtype=bool)
    for one in judged:
        block_of = one.matched.block_of
        is_judged = np.append(one.matched.blocks["judged"].to_numpy(), False)
        billed = np.append(one.matched.blocks["n_lines"].to_numpy() > 0, False)
        inside |= (is_judged & billed)[block_of]
    total = usage.list_usd
    return float(sum(usage.usd[inside].tolist(), Decimal(0)) / total) if total else 0.0


def grain_of(found: Examined) -> str:
    """Say what the lines of a bill tell apart."""
    lines = found.lines
    days = (lines["end"] - lines["start"]).dt.days
    parts = ["day" if (days == 1).all() else "month"]
    parts += [
        words
        for column, words in (("platform", "platform"), ("model", "model"),
                              ("token_kind", "token kind"))
        if (lines[column] != "").any()
    ]  # fmt: skip
    return ", ".join(parts)


def bill_of(found: Examined) -> Bill:
    """Say what a bill is and how it was compared."""
    blocks = found.matched.blocks
    compared: Literal["list", "contracted", "billed", "estimated"]
    if found.statement.estimated:
        compared = "estimated"
    elif blocks.loc[blocks["n_lines"] > 0, "on_list"].all():
        compared = "list"
    elif all(amount is not None for amount in found.lines["contracted_usd"]):
        compared = "contracted"
    else:
        compared = "billed"
    return Bill(
        name=found.statement.name,
        files=found.statement.files,
        grain=grain_of(found),
        n_lines=len(found.lines),
        n_judged_lines=0 if found.statement.estimated else found.n_judged_lines,
        compared=compared,
        judged=not found.statement.estimated and found.n_judged_lines > 0,
    )


def differences_of(found: Examined) -> Iterator[ReconciledDifference]:
    """Give every cell that is apart by more than rounding, with its likely cause."""
    cells = found.cells
    away = np.abs(cells["difference"].to_numpy()) > cells["rounding"].to_numpy()
    for c in np.flatnonzero(away).tolist():
        cell, cause = cells.iloc[c], found.causes[c]
        yield ReconciledDifference(
            month=cell["month"].date(),
            source=found.statement.name,
            platform=cell["platform"],
            model=cell["model"],
            token_kind=cell["token_kind"],
            billed_usd=to_cents(cell["billed"]),
            repriced_usd=to_cents(cell["expected"]),
            difference_usd=to_cents(cell["expected"] - cell["billed"]),
            cause=cause.cause,
            said=cause.said,
            what_to_do=cause.what_to_do,
        )


def causes_of(judged: Sequence[Examined]) -> tuple[ReconciledCause, ...]:
    """Add differences up by cause, the largest first."""
    net: dict[tuple[Cause, str, str], list[Decimal]] = {}
    for one in judged:
        cells = one.cells
        away = np.abs(cells["difference"].to_numpy()) > cells["rounding"].to_numpy()
        for c in np.flatnonzero(away).tolist():
            why = one.causes[c]
            apart = cells["expected"].iloc[c] - cells["billed"].iloc[c]
            net.setdefault((why.cause, why.said, why.what_to_do), []).append(apart)
    rows = [
        ReconciledCause(
            cause=cause,
            said=said,
            n_differences=len(apart),
            difference_usd=to_cents(sum(apart, Decimal(0))),
            gross_difference_usd=to_cents(sum(map(abs, apart), Decimal(0))),
            what_to_do=todo,
        )
        for (cause, said, todo), apart in net.items()
    ]
    return tuple(sorted(rows, key=lambda r: (-r.gross_difference_usd, r.cause, r.said)))
