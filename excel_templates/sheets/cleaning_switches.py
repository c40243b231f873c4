"""Cleaning entries as switches: typed on Inputs, multiplied in Workings.

An entry whose switch differs from the service's multiplies the demand of its workload by its
factor f_e; the factors of one workload multiply, and those of entries on every workload multiply
everything (`forecast.whatif`, d_w):

    d_w = Π_e∈w (f_e where switched, else 1).

The rows stand in the order of their groups, 0 for every workload, so that d_w is the last of the
running products of its group.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

import numpy as np

from excel_templates.book import Book
from excel_templates.cells import cell_at, copy_look
from excel_templates.layout import Page
from excel_templates.styles import CHANGED, ONE_LINE, Role
from forecast.paths import DecisionSet, Floats
from forecast.records.cleaning import WHOLE_PORTFOLIO, CleaningEntry
from forecast.records.recommendation import Recommendation
from forecast.whatif import by_period

N_ENTRIES: Final = 20
"""Rows for entries: what the service gives a factor at most."""

MAX_CELLS: Final = 120_000
"""Cells spent on list cost by workload with a switch; half of what savings may take."""

NO_GROUP: Final = 99
"""Stands after every group, on rows without an entry."""

FACTOR: Final = "0.0000"
_HEADERS: Final = ("Entry", "Line", "Factor if switched", "Workload, 0: all", "In force", "Running")


@dataclass(frozen=True)
class Switches:
    """Entries with a switch, in the order of their groups.

    Attributes
    ----------
    groups
        Of each entry: 0 for every workload, else from 1 in the order of `workloads`.
    workloads
        E workloads that have an entry of their own.
    as_is_usd
        [M, P, E] their list cost as is.
    """

    entries: tuple[CleaningEntry, ...]
    groups: tuple[int, ...]
    workloads: tuple[str, ...]
    as_is_usd: Floats

    def line_of(self, entry: CleaningEntry) -> int | None:
        """Give the line of an entry on Inputs, from 1."""
        ids = [e.id for e in self.entries]
        return ids.index(entry.id) + 1 if entry.id and entry.id in ids else None


def switches_of(
    recommendation: Recommendation, decisions: DecisionSet, period_months: int
) -> Switches:
    """Give a switch to the entries that the service has a factor for, the largest first."""
    known = [
        e
        for e in recommendation.cleaning
        if e.switch_factor is not None and e.state in ("on", "off") and e.id
    ]
    known.sort(key=lambda e: (-abs(e.yearly_usd or Decimal(0)), e.id))
    as_is = by_period(decisions.as_is_usd, period_months)
    m, p, _ = as_is.shape
    group = {WHOLE_PORTFOLIO: 0}
    kept: list[CleaningEntry] = []
    for entry in known[:N_ENTRIES]:
        if entry.workload not in group:
            if entry.workload not in decisions.workloads or len(group) > MAX_CELLS // (m * p):
                continue
            group[entry.workload] = len(group)
        kept.append(entry)
    workloads = tuple(name for name in group if name != WHOLE_PORTFOLIO)
    kept.sort(key=lambda e: (group[e.workload], e.start, e.id))
    columns = [decisions.workloads.index(name) for name in workloads]
    return Switches(
        tuple(kept),
        tuple(group[e.workload] for e in kept),
        workloads,
        np.round(as_is[:, :, columns], 6),
    )


def design_inputs(page: Page, head: int) -> int:
    """Lay out the switches on Inputs below row `head`; give the last row."""
    page.header(
        head,
        ("Cleaning entries", ">On (1 or 0)", "", ">Service: on", "", ">Changed", "What it is"),
        height=18,
    )
    first, last = head + 1, head + N_ENTRIES
    for row in range(first, last + 1):
        page.put(f"A{row}", None, Role.LABEL)
        page.put(f"B{row}", None, Role.INPUT, "0")
        page.put(f"D{row}", None, Role.SERVICE, "0")
        page.put(f"F{row}", f"=IF(B{row}=D{row},0,1)", number_format=CHANGED)
        page.put(f"G{row}", None, Role.NOTE).alignment = ONE_LINE
    for name, column in (
        ("entry_label", "A"),
        ("in_entry_on", "B"),
        ("service_in_entry_on", "D"),
        ("entry_meaning", "G"),
    ):
        page.name(name, f"{column}{first}:{column}{last}")
    return last


def design_workings(page: Page, top: int) -> int:
    """Lay out the products of factors in Workings from row `top`; give the last row."""
    page.section(top, "Cleaning entries: what switching them does to demand")
    page.header(top + 1, _HEADERS)
    first, last = top + 2, top + 1 + N_ENTRIES
    for k in range(1, N_ENTRIES + 1):
        row = first + k - 1
        page.put(f"A{row}", None, Role.LABEL)
        page.put(f"B{row}", k, Role.SERVICE, "0")
        page.put(f"C{row}", 1, Role.SERVICE, FACTOR)
        page.put(f"D{row}", NO_GROUP, Role.SERVICE, "0")
        same = f"INDEX(in_entry_on,B{row})=INDEX(service_in_entry_on,B{row})"
        page.put(f"E{row}", f"=IF({same},1,C{row})", number_format=FACTOR)
        before = f"IF(D{row}=D{row - 1},F{row - 1},1)*" if k > 1 else ""
        page.put(f"F{row}", f"={before}E{row}", number_format=FACTOR)
        page.put(f"H{row}", k, Role.SERVICE, "0")
        page.put(f"I{row}", f"={_group_factor(f'H{row}')}", number_format=FACTOR)
    page.put(f"H{top + 1}", "Workload", Role.HEADER)
    page.put(f"I{top + 1}", "Demand factor", Role.HEADER)
    page.put(f"H{last + 1}", "Every workload", Role.LABEL)
    page.put(
        f"I{last + 1}", f"={_group_factor('0')}", number_format=FACTOR, name="entry_all_factor"
    )
    page.put(f"H{last + 2}", "Entries switched", Role.LABEL)
    page.put(
        f"I{last + 2}",
        "=SUMPRODUCT((in_entry_on<>service_in_entry_on)*1)",
        number_format="0",
        name="entries_switched",
    )
    for name, column in (
        ("entry_name", "A"),
        ("entry_factor", "C"),
        ("entry_group", "D"),
        ("entry_running", "F"),
        ("entry_group_factor", "I"),
    ):
        page.name(name, f"{column}{first}:{column}{last}")
    return last + 2


def _group_factor(group: str) -> str:
    """Give the last running product of a group; 1 for a group without an entry."""
    return (
        f"IF(SUMPRODUCT((entry_group={group})*1)=0,1,"
        f"INDEX(entry_running,MATCH({group},entry_group,1)))"
    )


def fill(book: Book, switches: Switches) -> None:
    """Write every switch as it was generated, and hide the rows that are not needed."""
    entries = switches.entries
    for name in ("entry_label", "entry_name"):
        book.column(name, [e.id for e in entries])
    on = [int(e.state == "on") for e in entries]
    book.column("in_entry_on", on)
    book.column("service_in_entry_on", on)
    book.column("entry_meaning", [_meaning(e) for e in entries])
    spare = N_ENTRIES - len(entries)
    book.column("entry_factor", [*(e.switch_factor for e in entries), *[1] * spare])
    book.column("entry_group", [*switches.groups, *[NO_GROUP] * spare])
    at, service = book.area("in_entry_on"), book.area("service_in_entry_on")
    locked = cell_at(service.ws, service.min_row, service.min_col)
    for row in range(at.min_row + len(entries), at.max_row + 1):
        copy_look(locked, cell_at(at.ws, row, at.min_col))
        at.ws.row_dimensions[row].hidden = True
    if not entries:
        at.ws.row_dimensions[at.min_row - 1].hidden = True


def _meaning(entry: CleaningEntry) -> str:
    """Say what the switch does in the width of the column; the days stand on History."""
    yearly = "" if entry.yearly_usd is None else f", {entry.yearly_usd:+,.0f} USD a year"
    return f"{entry.workload}: if switched, demand x {entry.switch_factor:g}{yearly}"


def state_formula(line: str, otherwise: str) -> str:
    """Give the formula that says how an entry is switched now, by the cell of its line."""
    return f'=IF(ISNUMBER({line}),IF(INDEX(in_entry_on,{line})=1,"on","off"),{otherwise})'
