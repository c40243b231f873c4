"""Usage history: observed list cost by month, and the ledger of what looks odd in it."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from openpyxl.workbook import Workbook

from excel_templates.book import KEEP, Book
from excel_templates.layout import Column, Page
from excel_templates.sheets.cleaning_switches import Switches, state_formula
from excel_templates.styles import DAY, MONTH, USD_CENTS, Role
from forecast.records.cleaning import CleaningEntry
from forecast.records.recommendation import Recommendation

TITLE: Final = "Usage history"
LEDGER: Final = "Exclusion ledger"
_HEAD: Final = 24
_LEDGER_HEAD: Final = 6
_STATES: Final = {
    "on": "on",
    "off": "off",
    "by_forecast": "by the forecast",
    "noted": "noted",
    "lapsed": "lapsed",
}


def design(workbook: Workbook) -> None:
    """Lay out the sheet: the chart above, months below."""
    page = Page(
        workbook,
        TITLE,
        "Usage history",
        "What the usage exports come to at list prices of their day; the exclusion ledger tells "
        "what looks odd in them.",
        widths=(24, 24, 24, 24, 24, 24),
        freeze="A4",
    )
    page.name("chart_history", f"A5:F{_HEAD - 3}")
    page.section(_HEAD - 1, "Observed list cost")
    page.table(
        "history_rows",
        _HEAD,
        [
            Column("Month", Role.SERVICE, MONTH),
            Column("List cost, USD", Role.SERVICE, USD_CENTS),
            Column("Complete", Role.SERVICE),
        ],
    )
    page.close(_HEAD + 1)
    page.fit(1)


def design_ledger(workbook: Workbook) -> None:
    """Lay out the sheet of the ledger."""
    page = Page(
        workbook,
        LEDGER,
        "Exclusion ledger",
        "What looks odd in the usage, what it is worth, and what acts. Entries with a line are "
        "switched on Inputs. Recorded usage is never changed.",
        widths=(30, 18, 11, 11, 46, 42, 14, 16, 13, 8, 14),
        freeze=f"B{_LEDGER_HEAD + 1}",
    )
    page.table(
        "finding_rows",
        _LEDGER_HEAD,
        [
            Column("Entry", Role.LABEL),
            Column("Workload", Role.SERVICE),
            Column("From", Role.SERVICE, DAY),
            Column("To", Role.SERVICE, DAY),
            Column("Seen, and why it matters", Role.SERVICE),
            Column("What it does, and who set it", Role.SERVICE),
            Column("List cost it adds, USD", Role.SERVICE, USD_CENTS),
            Column("A year if switched, USD", Role.SERVICE, USD_CENTS),
            Column("As generated", Role.SERVICE),
            Column("Line on Inputs", Role.SERVICE, "0"),
            Column(
                "Now",
                Role.CALCULATION,
                formula=state_formula(f"J{_LEDGER_HEAD + 1}", f'""&I{_LEDGER_HEAD + 1}'),
            ),
        ],
    )
    page.close(_LEDGER_HEAD + 1)
    page.repeat_down_to(_LEDGER_HEAD)
    page.ws.auto_filter.ref = f"A{_LEDGER_HEAD}:K{_LEDGER_HEAD + 1}"
    page.ws.protection.autoFilter = False


def fill(book: Book, recommendation: Recommendation, switches: Switches) -> None:
    """Write months and the ledger, what can be decided and moves most first."""
    book.rows("history_rows", [[m.month, m.list_usd, m.complete] for m in recommendation.history])
    book.rows(
        "finding_rows",
        [
            [
                e.id or e.what.replace("_", " "),
                e.workload,
                e.start,
                e.end,
                "\n".join(part for part in (e.source, e.reason) if part),
                "\n".join(part for part in (e.effect, e.state_reason) if part),
                e.list_usd,
                e.yearly_usd,
                _STATES[e.state],
                switches.line_of(e),
                KEEP,
            ]
            for e in sorted(recommendation.cleaning, key=_place)
        ]
        or [["", "nothing odd was found", *[None] * 8, KEEP]],
    )


def _place(entry: CleaningEntry) -> tuple[bool, Decimal, Decimal]:
    """Order what can be decided first, then by what a decision moves, then by what it concerns."""
    nothing = Decimal(0)
    can_be_decided = entry.state in ("on", "off")
    return not can_be_decided, -abs(entry.yearly_usd or nothing), -abs(entry.list_usd or nothing)
