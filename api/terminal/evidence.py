"""The evidence meter as a readable table."""

from __future__ import annotations

from rich.console import Group

from api.short_lists import Amounts
from api.terminal.layout import notes, page, percent, plain, table, usd
from api.terminal.shortened import told_lines
from forecast.records.recommendation import EvidenceItem, EvidenceMeter
from forecast.short_form import subject


def evidence(meter: EvidenceMeter, usd_of: Amounts) -> Group:
    """Show how much of the spend is understood, and what rests on an assumption.

    Parameters
    ----------
    usd_of
        List cost of every workload, which ranks those that rest on it.
    """
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
    rest = notes("What rests on it", [f"{item.item}: {_gap(item, usd_of)}" for item in meter.items])
    return page([gaps, rest, head])


def _gap(item: EvidenceItem, usd_of: Amounts) -> str:
    parts = [item.note]
    if item.sources:
        parts.append(f"not in {', '.join(item.sources)}")
    if item.rests_on_it:
        levers = [subject(text, usd_of) for text in item.rests_on_it]
        resting = told_lines(levers, usd_of, where="recommendation.json, evidence")
        parts.append(f"rests on it: {', '.join(resting)}")
    if item.improve:
        parts.append(f"→ {item.improve}")
    return "; ".join(parts)
