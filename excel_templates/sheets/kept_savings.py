"""Workings: which share of every saving the inputs keep.

k_w = on_w · ρ · (1 − ℓ_w(n_w)) · d_w, with ℓ_w(n) the mean saving share of the first n active
months: what is lost when adoption slips by n months, and d_w the demand factor of the cleaning
entries (`forecast.whatif`).
"""

from __future__ import annotations

from collections.abc import Sequence

from openpyxl.utils import get_column_letter

from excel_templates.book import KEEP, Book
from excel_templates.cells import cell_at, copy_look
from excel_templates.layout import Column, Page
from excel_templates.sheets.savings import Savings
from excel_templates.styles import Role


def design_kept(page: Page, top: int) -> None:
    """Lay out the list at the end of Workings."""
    row = top + 2
    slip = f"MIN(term_months,MAX(0,INT(SUM(INDEX(in_line_slip,B{row})))))"
    kept = (
        f"=IF(INDEX(in_line_on,B{row})=1,used_realisation,0)*(1-INDEX(line_loss,B{row},{slip}+1))"
        f"*IF(C{row}>0,INDEX(entry_group_factor,C{row}),1)"
    )
    page.section(top, "Share of every saving that the inputs keep")
    page.table(
        "line_rows",
        top + 1,
        [
            Column("Levers of a workload", Role.LABEL),
            Column("Line", Role.SERVICE, "0"),
            Column("With entries: workload", Role.SERVICE, "0"),
            Column("Share kept", Role.CALCULATION, "0.0000", kept, "line_kept"),
            Column(
                "Lost when 0 months later, and so on", Role.SERVICE, "0.0000", None, "line_loss"
            ),
        ],
    )


def fill(book: Book, savings: Savings, with_entries: Sequence[str]) -> None:
    """Write one row per line, with what it loses at 0, 1, 2, … months.

    Parameters
    ----------
    with_entries
        Workloads that have a cleaning entry to switch, in the order of their groups.
    """
    if not savings.names:
        book.set("line_loss", 0)
        return
    at = book.area("line_loss")
    pattern = cell_at(at.ws, at.min_row, at.min_col)
    book.rows(
        "line_rows",
        [
            [name, i + 1, with_entries.index(name) + 1 if name in with_entries else 0, KEEP]
            for i, name in enumerate(savings.names)
        ],
    )
    for i, row in enumerate(savings.loss_share):
        for n, lost in enumerate(row):
            cell = cell_at(at.ws, at.min_row + i, at.min_col + n)
            cell.value = float(lost)
            copy_look(pattern, cell)
    first, last = at.column(), get_column_letter(at.min_col + savings.loss_share.shape[1] - 1)
    end = at.min_row + len(savings.names) - 1
    book.point("line_loss", at.ws, f"{first}{at.min_row}:{last}{end}")
