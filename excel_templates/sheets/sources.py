"""Sources: where every number comes from that nobody measured here."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from typing import Final

from openpyxl.workbook import Workbook

from excel_templates.book import Book
from excel_templates.layout import Column, Page
from excel_templates.sheets.history import LEDGER
from excel_templates.styles import DAY, Role
from forecast.records.outlook import MemberWeight
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
    names = frozenset(w.name for w in recommendation.workloads)
    rows: list[list[object]] = [
        ["assumption", a.name, a.value, a.provenance.replace("_", " "), a.source, a.as_of]
        for a in sorted(recommendation.assumptions, key=lambda a: subject(a.name, names)[0] != "")
    ]
    meter = recommendation.evidence
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
    if recommendation.cleaning:
        n_entries = f"{len(recommendation.cleaning)} entries"
        rows.append(["cleaning", n_entries, "", "measured", f"sheet {LEDGER}"])
    rows += _forecasters(recommendation.outlook.members)
    rows += [
        ["file", i.name, i.sha256, "measured", "SHA-256"] for i in recommendation.provenance.inputs
    ]
    book.rows("source_rows", rows)


def _forecasters(members: Sequence[MemberWeight]) -> Iterator[list[object]]:
    """Give one row per workload: what each member weighs, and how far it was off."""
    by_workload: dict[str, list[MemberWeight]] = {}
    for member in members:
        if member.weight > 0:
            by_workload.setdefault(member.workload, []).append(member)
    for workload, own in by_workload.items():
        heaviest = sorted(own, key=lambda m: (-m.weight, m.member))
        weights = ", ".join(f"{m.member} {_share(m.weight)}" for m in heaviest)
        losses = ", ".join(
            f"{m.member} {m.pinball_loss:.4g}" for m in heaviest if m.pinball_loss is not None
        )
        note = f"pinball loss at past origins: {losses}" if losses else ""
        yield ["forecaster", workload, weights, "measured", note]


def _concerned(item: EvidenceItem) -> str:
    """Say how much spend an item concerns."""
    if item.share is None:
        return ""
    at_most = "at most " if item.is_at_most else ""
    usd = "" if item.list_usd is None else f", {item.list_usd:,} USD"
    return f"{at_most}{_share(item.share)}{usd}"


def _rests(item: EvidenceItem, names: Container[str]) -> str:
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
