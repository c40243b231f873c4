"""The cleaning ledger and the evidence meter as readable tables."""

from __future__ import annotations

from rich.console import Group

from api.terminal.layout import page, plain, table, usd
from forecast.records.cleaning import CleaningEntry
from forecast.records.recommendation import Recommendation

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
        "Cleaning ledger (usage itself is never changed, only what is forecast from)",
        ["entry", "state", "list USD", "switched, a year", ""],
        [
            (
                _entry(e),
                _STATES[e.state],
                usd(e.list_usd),
                usd(e.yearly_usd),
                _account(e),
            )
            for e in result.cleaning
        ],
    )
    how = plain(
        'Decide in workloads.toml: [[cleaning]] id = "…", apply = true or false, note, '
        "decided_by, decided_on."
    )
    return page([Group(shown, how)] if any(e.id for e in result.cleaning) else [shown])


def _entry(entry: CleaningEntry) -> str:
    if entry.id:
        return entry.id
    return f"{entry.workload}: {entry.what.replace('_', ' ')} {entry.start}"


def _account(entry: CleaningEntry) -> str:
    parts = [entry.source, entry.reason, f"→ {entry.effect}", entry.state_reason]
    return ". ".join(part for part in parts if part)
