"""What a reader has to know before the figures: what changed in the inputs, and what looks odd."""

from __future__ import annotations

from typing import Final

from openpyxl.workbook import Workbook

from excel_templates.layout import Column, Page
from excel_templates.quarter.pages import Filled, Rows, listed
from excel_templates.styles import USD, Role
from forecast.records.reforecast import Reforecast

TITLE: Final = "Changes"


def design(workbook: Workbook, result: Reforecast) -> Rows:
    """Lay the sheet out, and give what fills its lists."""
    page = Page(
        workbook,
        TITLE,
        "Changes since the last forecast",
        "What is not the usage of the quarter itself: inputs that differ, new and lost work, odd "
        "days. Dollars at list.",
        widths=(28, 105, 16),
    )
    filled: Filled = {}
    row = listed(
        page,
        filled,
        "change_rows",
        5,
        [
            Column("What", Role.LABEL),
            Column("In words", Role.SERVICE),
            Column("It concerns", Role.SERVICE, USD),
        ],
        [[f.kind.replace("_", " "), f.note, f.usd] for f in result.findings],
        title="Before the figures",
        otherwise="nothing but the usage of the quarter",
    )
    row = listed(
        page,
        filled,
        "question_rows",
        row,
        [Column("Workload", Role.LABEL), Column("What changed, and what to ask", Role.SERVICE)],
        [
            [
                r.workload,
                f"Stands as {r.stands_as.value.replace('_', ' ')}. Now: {r.now}. Before: "
                f"{r.before}. Ask its owner: {r.ask}",
            ]
            for r in result.reclassifications
        ],
        title="Questions to ask again",
    )
    row = listed(
        page,
        filled,
        "standing_rows",
        row,
        [
            Column("Workload", Role.LABEL),
            Column("Recorded and expected to come over the term", Role.SERVICE),
            Column("Together", Role.SERVICE, USD),
        ],
        [
            [w.name, f"${w.recorded_usd:,.0f} recorded, ${w.expected_usd:,.0f} to come",
             w.recorded_usd + w.expected_usd]
            for w in sorted(result.workloads, key=lambda w: -(w.recorded_usd + w.expected_usd))
        ],
        title="Workloads at list",
    )  # fmt: skip
    row = listed(
        page,
        filled,
        "made_from_rows",
        row,
        [Column("Made from", Role.LABEL), Column("SHA-256", Role.SERVICE)],
        [[i.name, i.sha256] for i in result.provenance.inputs],
        title=f"Version {result.provenance.package_version}, seed {result.provenance.seed}, "
        f"{result.provenance.n_scenarios} scenarios",
    )
    page.close(row)
    return filled
