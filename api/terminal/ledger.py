"""The cleaning ledger and the evidence meter as readable tables."""

from __future__ import annotations

from decimal import Decimal

from rich.console import Group

from api.terminal.layout import notes, page, percent, plain, table, usd
from forecast.records.cleaning import CleaningEntry
from forecast.records.recommendation import EvidenceItem, EvidenceMeter, Recommendation

LARGEST = 3
"""Undecided entries that are named before the ledger itself."""

_STATES = {
    "on": "on",
    "off": "off",
    "by_forecast": "by the forecast",
    "noted": "noted",
    "lapsed": "lapsed",
}


def cleaning(result: Recommendation) -> Group | None:
    """Show what looks odd in the history, what acts, and how to decide otherwise."""
    if not result.cleaning:
        return None
    shown = table(
        "Cleaning ledger (usage is never changed, only what is forecast from)",
        ["entry", "days", "state", "list USD", "a year if switched"],
        [
            (_entry(e), _days(e), _STATES[e.state], usd(e.list_usd), usd(e.yearly_usd))
            for e in result.cleaning
        ],
        text_columns=3,
    )
    accounts = notes("Why", [f"{_entry(e)}: {_account(e)}" for e in result.cleaning])
    decide = plain(
        'Decide in workloads.toml: [[cleaning]] id = "…", apply = true or false, note, '
        "decided_by, decided_on."
    )
    return page([shown, accounts, decide if any(e.id for e in result.cleaning) else None])


def undecided(result: Recommendation) -> str | None:
    """Name the entries that wait for a decision and would move most."""
    waiting = [e for e in result.cleaning if e.state == "off" and not e.is_decided and e.yearly_usd]
    if not waiting:
        return None
    waiting.sort(key=lambda e: (-abs(e.yearly_usd or Decimal(0)), e.id))
    shown = "; ".join(f"{e.id} {usd(e.yearly_usd)}" for e in waiting[:LARGEST])
    return f"cleaning entries that wait for a decision, a year's list cost if switched on: {shown}"


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


def _entry(entry: CleaningEntry) -> str:
    return entry.id or f"{entry.workload}: {entry.what.replace('_', ' ')}"


def _days(entry: CleaningEntry) -> str:
    if entry.end is None:
        return f"{entry.start} on"
    return f"{entry.start}" if entry.end == entry.start else f"{entry.start} to {entry.end}"


def _account(entry: CleaningEntry) -> str:
    parts = [entry.source, entry.reason, f"→ {entry.effect}", entry.state_reason]
    return "; ".join(part for part in parts if part)
