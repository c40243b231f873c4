"""Decision set: the scenarios that everything is decided on, and what the inputs make of them.

With A the as-is list cost of a scenario in a settlement period, A_w and S_w that of workload w and
its list saving, d_w its demand factor (cleaning entries) and k_w the share of the saving that the
inputs keep (switch, realisation, slip, d_w), its list cost is

    (1 + growth)(1 + price) · (A + Σ_w (d_w − 1) A_w − Σ_w k_w S_w),

the twin of `forecast.whatif.apply`; a factor of entries on every workload multiplies it all.

Columns: scenario | figures of the term | list cost by period | as is by period | saving by
period and workload | where entries can be switched: as is as generated, in all and of their
workloads. One row per scenario, all rows alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from openpyxl.utils import get_column_letter
from openpyxl.workbook import Workbook

from excel_templates.book import Book
from excel_templates.cells import cell_at, copy_look, write_formula
from excel_templates.grid import ROW, Grid, GridColumn
from excel_templates.layout import Column, Page, define
from excel_templates.sheets.cleaning_switches import Switches
from excel_templates.sheets.savings import Savings
from excel_templates.styles import ONE_LINE, USD_CENTS, Role
from forecast.errors import InputError
from forecast.paths import DecisionSet, Floats
from forecast.whatif import WhatIf, apply

TITLE: Final = "Decision set"
_FIGURES: Final = (
    ("scenario_term_list", "List cost of the term"),
    ("scenario_low_period", "Lowest period"),
    ("scenario_high_period", "Highest period"),
    ("scenario_last_period", "Last period"),
    ("typed_cost", "Cost at the typed commitment"),
    ("typed_unused", "Unused at the typed commitment"),
    ("best_cost", "Cost at the best commitment"),
    ("best_unused", "Unused at the best commitment"),
)
_PARAMETERS: Final = (
    ("commitment", "Commitment"),
    ("overage_discount", "Overage discount o"),
    ("used_up_at", "Used up at, list $ a period"),
    ("unused_price", "An unused list $ costs, u"),
)
_PARAMETERS_ROW: Final = 5
_HEAD: Final = _PARAMETERS_ROW + len(_PARAMETERS) + 3
_N_PRINTED: Final = 36
"""Scenarios on paper: a page to see what they are like; all of them would take a hundred."""
_KEPT_ABOVE: Final = 3
"""Rows from the first scenario up to the shares that are kept; above them stand the value of
unused and the demand factor, and above these the rest of what a column is calculated with. So
the long columns rest on cells of their own sheet only."""


def design(workbook: Workbook) -> None:
    """Lay out the sheet; the filler writes the columns of savings and as many rows as needed."""
    page = Page(
        workbook,
        TITLE,
        "Decision set",
        "Every scenario is equally likely. List cost = demand factor x (as is - kept savings); "
        "everything in this workbook is counted from these rows.",
        widths=(16, *([15] * 30)),
        printed_columns=12,
        freeze=f"B{_HEAD + 1}",
    )
    kept = page.put(f"A{_HEAD + 1 - _KEPT_ABOVE}", "Share kept, or change", Role.LABEL)
    kept.alignment = ONE_LINE
    _parameters(page)
    columns = [
        Column("Scenario", Role.SERVICE, "0"),
        *(Column(label, Role.CALCULATION, USD_CENTS, "=0", name) for name, label in _FIGURES),
        Column("List cost", Role.CALCULATION, USD_CENTS, "=0", "period_list"),
        Column("As is", Role.SERVICE, USD_CENTS, None, "as_is_period"),
    ]
    page.table("scenario_rows", _HEAD, columns)
    for name in ("as_is_last", "as_is_term"):
        page.name(name, f"K{_HEAD + 1}")
    page.close(_HEAD + _N_PRINTED)
    assert _FIGURES[4][0] == "typed_cost"  # column F, after the scenario's number


def _parameters(page: Page) -> None:
    """Write above the columns of the two commitments what they are calculated with."""
    labels = [*(label for _, label in _PARAMETERS), "Value of unused r, demand factor"]
    for i, label in enumerate(labels):
        page.put(f"A{_PARAMETERS_ROW + i}", label, Role.LABEL).alignment = ONE_LINE
    for key, columns in (("typed", "FG"), ("best", "HI")):
        for column in columns:
            sources = [f"={key}_{part}" for part, _ in _PARAMETERS] + ["=used_unused_value"]
            for i, formula in enumerate(sources):
                page.put(f"{column}{_PARAMETERS_ROW + i}", formula, number_format="0.00##")


def fill(
    book: Book, savings: Savings, switches: Switches, decisions: DecisionSet
) -> dict[str, Floats]:
    """Write the headers and the first scenario, and point the names at the rows of all.

    Returns
    -------
    dict
        Values of the named columns at the inputs as generated; the costs at the typed and the
        best commitment are added by `cost_columns` once those are known.

    Raises
    ------
    InputError
        Something stands below the first scenario's row.
    """
    at = book.area("scenario_rows")
    ws, first = at.ws, at.min_row
    if ws.max_row > first:
        raise InputError(
            f"the rows below {first} of the sheet {ws.title!r} are taken; they belong to the "
            "scenarios",
            file=book.file,
        )
    m, p, _ = savings.saving_usd.shape
    columns = _columns(book, savings, switches)
    _headers(book, columns, first - 1)
    cell_at(ws, first, at.min_col).value = 1
    live = cell_at(ws, first, at.min_col + 1)
    stored = cell_at(ws, first, at.min_col + 2 + len(_FIGURES))
    for column, values in _stored(columns, savings, switches).items():
        cell = cell_at(ws, first, column)
        copy_look(stored, cell)
        cell.value = float(values[0])
    for column, formula in columns.formulas(first).items():
        cell = cell_at(ws, first, column)
        copy_look(live, cell)
        write_formula(cell, formula)

    def point(name: str, start: int, n: int = 1) -> None:
        a, b = get_column_letter(start), get_column_letter(start + n - 1)
        book.point(name, ws, f"{a}{first}:{b}{first + m - 1}")

    for j, (name, _) in enumerate(_FIGURES):
        point(name, at.min_col + 1 + j)
    point("period_list", columns.list_cost, p)
    for i in range(1, p + 1):
        letter = get_column_letter(columns.list_cost + i - 1)
        define(book.workbook, period_name(i), ws, f"{letter}{first}:{letter}{first + m - 1}")
    point("as_is_period", columns.as_is, p)
    point("as_is_term", columns.as_is, p)
    point("as_is_last", columns.as_is + p - 1)
    listed = apply(decisions, WhatIf(), period_months=len(decisions.months) // p)[1]
    return {
        "scenario_term_list": listed.sum(axis=1, keepdims=True),
        "scenario_low_period": listed.min(axis=1, keepdims=True),
        "scenario_high_period": listed.max(axis=1, keepdims=True),
        "scenario_last_period": listed[:, -1:],
        "period_list": listed,
        "as_is_period": savings.as_is_usd,
        "as_is_term": savings.as_is_usd,
        "as_is_last": savings.as_is_usd[:, -1:],
        **{period_name(i): listed[:, i - 1 : i] for i in range(1, p + 1)},
    }


def period_name(period: int) -> str:
    """Give the defined name of the list costs of one settlement period, from 1.

    >>> period_name(3)
    'list_of_period_3'
    """
    return f"list_of_period_{period}"


def grid(book: Book, savings: Savings, switches: Switches, arrays: Mapping[str, Floats]) -> Grid:
    """Give every scenario's row with formulas and values, to be written straight to the file."""
    at = book.area("scenario_rows")
    columns = _columns(book, savings, switches)
    known = [arrays[name][:, 0] for name, _ in _FIGURES]
    known += list(arrays["period_list"].T) + list(savings.as_is_usd.T)
    values_of = dict(enumerate(known, start=at.min_col + 1))
    values_of |= _stored(columns, savings, switches)
    formulas = columns.formulas(ROW)
    scenario = GridColumn(at.min_col, None, np.arange(1.0, len(known[0]) + 1))
    found = [GridColumn(c, formulas.get(c), values_of[c]) for c in sorted(values_of)]
    return Grid(at.ws.title, at.min_row, (scenario, *found))


def _columns(book: Book, savings: Savings, switches: Switches) -> _Columns:
    at = book.area("scenario_rows")
    _, p, s = savings.saving_usd.shape
    return _Columns(at.min_col, p, s, len(switches.workloads), at.min_row - _KEPT_ABOVE)


def _stored(columns: _Columns, savings: Savings, switches: Switches) -> dict[int, Floats]:
    """Give the columns that hold no formula: saving by period and line, and as is.

    Where a workload has a cleaning entry to switch, what is stored stands to the right, in all
    and by workload, and as is is worked out from it.
    """
    m, p, s = savings.saving_usd.shape
    blocks = [(columns.saving, savings.saving_usd.reshape(m, p * s))]
    if columns.n_switched:
        by_workload = switches.as_is_usd.reshape(m, p * columns.n_switched)
        blocks += [(columns.base, savings.as_is_usd), (columns.switched, by_workload)]
    else:
        blocks.append((columns.as_is, savings.as_is_usd))
    return {start + j: values[:, j] for start, values in blocks for j in range(values.shape[1])}


@dataclass(frozen=True)
class _Columns:
    """Where the blocks of columns begin."""

    left: int
    n_periods: int
    n_lines: int
    n_switched: int
    kept_row: int

    @property
    def list_cost(self) -> int:
        return self.left + 1 + len(_FIGURES)

    @property
    def as_is(self) -> int:
        return self.list_cost + self.n_periods

    @property
    def saving(self) -> int:
        return self.as_is + self.n_periods

    @property
    def base(self) -> int:
        """As is of all workloads as generated, where some of them can be switched."""
        return self.saving + self.n_periods * self.n_lines

    @property
    def switched(self) -> int:
        """As is of the workloads that can be switched, by period."""
        return self.base + self.n_periods

    def formulas(self, row: int | str) -> dict[int, str]:
        """Give the formulas of one row by column: figures of the term, list cost, as is."""
        start, end = (
            get_column_letter(c) for c in (self.list_cost, self.list_cost + self.n_periods - 1)
        )
        periods = f"{start}{row}:{end}{row}"
        term, last = get_column_letter(self.left + 1), f"{end}{row}"
        listed = []
        for p in range(self.n_periods):
            as_is = f"{get_column_letter(self.as_is + p)}{row}"
            factor = f"{get_column_letter(self.list_cost + p)}${self.kept_row - 1}"
            if not self.n_lines:
                listed.append(f"={factor}*{as_is}")
                continue
            a = get_column_letter(self.saving + p * self.n_lines)
            b = get_column_letter(self.saving + (p + 1) * self.n_lines - 1)
            kept = f"SUMPRODUCT({a}{row}:{b}{row},{a}${self.kept_row}:{b}${self.kept_row})"
            listed.append(f"={factor}*({as_is}-{kept})")
        figures = [f"=SUM({periods})", f"=MIN({periods})", f"=MAX({periods})", f"={last}"]
        for offset in (5, 7):
            figures += self._settled(offset, f"{term}{row}", periods, last)
        found = dict(enumerate(figures + listed, start=self.left + 1))
        if self.n_switched:
            for p in range(self.n_periods):
                found[self.as_is + p] = self._switched_as_is(p, row)
        return found

    def _switched_as_is(self, p: int, row: int | str) -> str:
        """As is of a period: as generated, and what switched entries change in their workloads."""
        a = get_column_letter(self.switched + p * self.n_switched)
        b = get_column_letter(self.switched + (p + 1) * self.n_switched - 1)
        base = f"{get_column_letter(self.base + p)}{row}"
        change = f"SUMPRODUCT({a}{row}:{b}{row},{a}${self.kept_row}:{b}${self.kept_row})"
        return f"={base}+{change}"

    def _settled(self, offset: int, term: str, periods: str, last: str) -> list[str]:
        """Give cost and unused at one commitment, whose parameters stand above the columns.

        The tier is looked up in every row, on purpose: LibreOffice (7.4) then calculates the
        column in one thread. In several threads it begins with what the column rests on, and
        where that rests on long columns again, some cells came out as #VALUE!.
        """
        found: list[str] = []
        top = self.kept_row - 1 - len(_PARAMETERS)
        for column in (self.left + offset, self.left + offset + 1):
            letter = get_column_letter(column)
            c, o, k, u, r = (f"{letter}${top + i}" for i in range(len(_PARAMETERS) + 1))
            tier = f"MATCH({c},tier_threshold,1)"
            short = f"SUMPRODUCT(({k}>{periods})*({k}-{periods}))"
            if found:
                found.append(f"=INDEX(tier_unused_price,{tier})*{short}")
                continue
            d = f"INDEX(tier_discount,{tier})"
            beyond = f"SUMPRODUCT(({periods}>{k})*({periods}-{k}))"
            found.append(
                f"=(1-{d})*{term}+{u}*{short}+({d}-{o})*{beyond}-{r}*{u}*MAX(0,{k}-{last})"
            )
        return found


def _headers(book: Book, columns: _Columns, head: int) -> None:
    """Write the headers of the blocks, and over every column the share of it that counts."""
    at = book.area("scenario_rows")
    ws = at.ws
    for j in range(columns.n_periods):
        cell = cell_at(ws, columns.kept_row - 1, columns.list_cost + j)
        write_formula(cell, "=demand_factor")
        copy_look(cell_at(ws, at.min_row, at.min_col + 1), cell)
        cell.number_format = "0.0000"
    label, kept = cell_at(ws, head, at.min_col), cell_at(ws, at.min_row, at.min_col + 1)
    texts = [
        *(f"List cost, period {p + 1}" for p in range(columns.n_periods)),
        *(f"As is, period {p + 1}" for p in range(columns.n_periods)),
        *(
            f"Saving, period {p + 1}, line {s + 1}"
            for p in range(columns.n_periods)
            for s in range(columns.n_lines)
        ),
    ]
    if columns.n_switched:
        texts += [f"As is as generated, period {p + 1}" for p in range(columns.n_periods)]
        texts += [
            f"As is, period {p + 1}, switched workload {g + 1}"
            for p in range(columns.n_periods)
            for g in range(columns.n_switched)
        ]
    for j, text in enumerate(texts):
        cell = cell_at(ws, head, columns.list_cost + j)
        cell.value = text
        copy_look(label, cell)
        ws.column_dimensions[get_column_letter(columns.list_cost + j)].width = 15
    for p in range(columns.n_periods):
        for s in range(columns.n_lines):
            cell = cell_at(ws, columns.kept_row, columns.saving + p * columns.n_lines + s)
            write_formula(cell, f"=INDEX(line_kept,{s + 1})")
            copy_look(kept, cell)
            cell.number_format = "0.0000"
        for g in range(columns.n_switched):
            cell = cell_at(ws, columns.kept_row, columns.switched + p * columns.n_switched + g)
            write_formula(cell, f"=INDEX(entry_group_factor,{g + 1})-1")
            copy_look(kept, cell)
            cell.number_format = "0.0000"


def cost_columns(listed: Floats, figures: dict[str, float], key: str) -> dict[str, Floats]:
    """Give cost and unused by scenario at one commitment, from what Workings says of it.

    Parameters
    ----------
    listed
        [M, P] list cost.
    figures
        discount, overage_discount, used_up_at, unused_price, and r as `unused_value`.
    key
        `typed` or `best`.
    """
    d, o, k = figures["discount"], figures["overage_discount"], figures["used_up_at"]
    u, r = figures["unused_price"], figures["unused_value"]
    short = np.maximum(k - listed, 0.0)
    unused = u * short.sum(axis=1, keepdims=True)
    cost = (
        (1 - d) * listed.sum(axis=1, keepdims=True)
        + unused
        + (d - o) * np.maximum(listed - k, 0.0).sum(axis=1, keepdims=True)
        - r * u * short[:, -1:]
    )
    return {f"{key}_cost": cost, f"{key}_unused": unused}
