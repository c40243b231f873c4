"""The cleaning ledger as a readable table."""

from __future__ import annotations

from decimal import Decimal

from rich.console import Group

from api import short_lists
from api.terminal.layout import page, plain, table, usd
from api.terminal.shortened import smaller, told, whole_list
from forecast.records.cleaning import CleaningEntry
from forecast.records.recommendation import Recommendation

LARGEST = 3
"""Undecided entries that are named before the ledger itself."""

_WHERE = "sheet Exclusion ledger, recommendation.json"

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
    usd_of = short_lists.as_is_usd(result)
    entries = [e for e in result.cleaning if e.state != "noted"]
    noted = [e for e in result.cleaning if e.state == "noted"]
    found = short_lists.cleaning(entries)
    rows = [
        (_entry(e), _days(e), _STATES[e.state], usd(e.list_usd), usd(e.yearly_usd))
        for e in found.shown
    ]
    if found.rest:
        rows.append(
            (
                smaller(found),
                "",
                "",
                usd(found.rest_usd(lambda e: e.list_usd)),
                usd(found.rest_usd(lambda e: e.yearly_usd)),
            )
        )
    shown = table(
        "Cleaning ledger (usage is never changed, only what is forecast from)",
        ["entry", "days", "state", "list USD", "a year if switched"],
        rows,
        text_columns=3,
    )
    accounts = told("Why", [(_entry(e), _account(e)) for e in found.shown], {}, where=_WHERE)
    seen = told(
        "Seen in the history, and left",
        [(e.workload, f"{e.what.replace('_', ' ')} ({_days(e)}): {e.effect}") for e in noted],
        usd_of,
        where=_WHERE,
    )
    decide = plain(
        'Decide in workloads.toml: [[cleaning]] id = "…", apply = true or false, note, '
        "decided_by, decided_on."
    )
    return page(
        [
            shown if entries else None,
            plain(whole_list(found, _WHERE)) if found.rest else None,
            accounts,
            decide if any(e.id for e in entries) else None,
            seen,
        ]
    )


def undecided(result: Recommendation) -> str | None:
    """Name the entries that wait for a decision and would move most."""
    waiting = [e for e in result.cleaning if e.state == "off" and not e.is_decided and e.yearly_usd]
    if not waiting:
        return None
    waiting.sort(key=lambda e: (-abs(e.yearly_usd or Decimal(0)), e.id))
    shown = "; ".join(f"{e.id} {usd(e.yearly_usd)}" for e in waiting[:LARGEST])
    return f"cleaning entries that wait for a decision, a year's list cost if switched on: {shown}"


def _entry(entry: CleaningEntry) -> str:
    return entry.id or f"{entry.workload}: {entry.what.replace('_', ' ')}"


def _days(entry: CleaningEntry) -> str:
    if entry.end is None:
        return f"{entry.start} on"
    return f"{entry.start}" if entry.end == entry.start else f"{entry.start} to {entry.end}"


def _account(entry: CleaningEntry) -> str:
    parts = [entry.source, entry.reason, f"→ {entry.effect}", entry.state_reason]
    return "; ".join(part for part in parts if part)
