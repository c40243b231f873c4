"""Sources: where every number comes from that nobody measured here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from openpyxl.workbook import Workbook

from excel_templates.book import Book
from excel_templates.layout import Column, Page
from excel_templates.styles import DAY, Role
from forecast.records.recommendation import EvidenceItem, Recommendation
from forecast.short_form import subject, told_once

TITLE: Final = "Sources"
_HEAD: Final = 6


def design(workbook: Workbook) -> None:
    """Lay out the sheet."""
    page = Page(
        workbook,
        TITLE,
        "Sources",
        "Assumptions with their provenance, evidence, cleaning, forecasters, and the files the "
        "result rests on.",
        widths=(16, 38, 40, 14, 60, 13),
        freeze=f"A{_HEAD + 1}",
    )
    page.table(
        "source_rows",
        _HEAD,
        [
            Column("Kind", Role.LABEL),
            Column("What", Role.SERVICE),
            Column("Value", Role.SERVICE),
            Column("Provenance", Role.SERVICE),
            Column("Source or note", Role.SERVICE),
            Column("As of", Role.SERVICE, DAY),
        ],
    )
    page.close(_HEAD + 1)
    page.repeat_down_to(_HEAD)
    page.ws.auto_filter.ref = f"A{_HEAD}:F{_HEAD + 1}"
    page.ws.protection.autoFilter = False


def fill(book: Book, recommendation: Recommendation) -> None:
    """Write every source, kind by kind."""
    rows: list[list[object]] = [
        ["assumption", a.name, a.value, a.provenance.replace("_", " "), a.source, a.as_of]
        for a in recommendation.assumptions
    ]
    meter, names = recommendation.evidence, [w.name for w in recommendation.workloads]
    spend = "" if meter.list_usd is None else f"of {meter.list_usd:,} USD recorded at list prices"
    rows.append(["evidence", "attributed spend", _share(meter.attributed_share), "measured", spend])
    rows += [
        ["evidence", f"not known: {e.item}", _concerned(e), "measured", _rests(e, names)]
        for e in meter.items
    ]
    check = recommendation.reconciliation
    rows.append(
        [
            "reconciliation",
            check.status.replace("_", " "),
            ""
            if check.billed_usd is None or check.repriced_usd is None
            else f"billed {check.billed_usd:,} USD, repriced {check.repriced_usd:,} USD",
            "measured",
            check.note,
        ]
    )
    rows += [
        [
            "cleaning",
            a.id or f"{a.workload}: {a.what.replace('_', ' ')}",
            a.effect,
            "measured",
            "; ".join(part for part in (a.source, a.reason, a.state_reason) if part),
            a.start,
        ]
        for a in recommendation.cleaning
    ]
    rows += [
        [
            "forecaster",
            f"{m.workload}: {m.member}",
            f"weight {_share(m.weight)}",
            "measured",
            "" if m.pinball_loss is None else f"pinball loss {m.pinball_loss:.4g} at past origins",
        ]
        for m in recommendation.outlook.members
        if m.weight > 0
    ]
    rows += [
        ["file", i.name, i.sha256, "measured", "SHA-256"] for i in recommendation.provenance.inputs
    ]
    book.rows("source_rows", rows)


def _concerned(item: EvidenceItem) -> str:
    """Say how much spend an item concerns."""
    if item.share is None:
        return ""
    at_most = "at most " if item.is_at_most else ""
    usd = "" if item.list_usd is None else f", {item.list_usd:,} USD"
    return f"{at_most}{_share(item.share)}{usd}"


def _rests(item: EvidenceItem, names: Sequence[str]) -> str:
    parts = [item.note]
    if item.sources:
        parts.append(f"not in {', '.join(item.sources)}")
    if item.rests_on_it:
        saved = "" if item.saving_usd is None else f" ({item.saving_usd:,} USD list saving)"
        levers = told_once(subject(lever, names) for lever in item.rests_on_it)
        parts.append(f"rests on it{saved}: {', '.join(t.line for t in levers)}")
    if item.improve:
        parts.append(f"to know it: {item.improve}")
    return "; ".join(parts)


def _share(value: float) -> str:
    return f"{100 * value:.1f} %"
