"""The evidence meter as a readable table."""

from __future__ import annotations

from rich.console import Group

from api.terminal.layout import notes, page, percent, plain, table, usd
from forecast.records.recommendation import EvidenceItem, EvidenceMeter


def evidence(meter: EvidenceMeter) -> Group:
    """Show how much of the spend is understood, and what rests on an assumption."""
    head = plain(
        f"{percent(meter.attributed_share, 1)} of the recorded list cost"
        + (f" of {usd(meter.list_usd)}" if meter.list_usd is not None else "")
        + " belongs to a workload."
    )
    if not meter.items:
        return page([head])
    gaps = table(
        "Evidence: what is not known, by the spend it concerns",
        ["not known", "list USD", "share", "saving at stake"],
        [
            (
                item.item,
                f"{'≤ ' if item.is_at_most else ''}{usd(item.list_usd)}",
                percent(item.share),
                usd(item.saving_usd),
            )
            for item in meter.items
        ],
    )
    rest = notes("What rests on it", [f"{item.item}: {_gap(item)}" for item in meter.items])
    return page([gaps, rest, head])


def _gap(item: EvidenceItem) -> str:
    parts = [item.note]
    if item.sources:
        parts.append(f"not in {', '.join(item.sources)}")
    if item.rests_on_it:
        parts.append(f"rests on it: {', '.join(item.rests_on_it)}")
    if item.improve:
        parts.append(f"→ {item.improve}")
    return "; ".join(parts)
