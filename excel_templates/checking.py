"""What would stop, or spoil, the filling of a company's own copy of the template.

A copy may be renamed, restyled, translated and rearranged. What it may not do is told here with the
cell and what to do: lose a defined name, change how many cells one covers, lock an input, put a
value's cell inside merged cells, or use a formula that no value can be worked out for. What the
filler cannot carry over (shapes, macros, sparklines) is told as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Final, NamedTuple

from openpyxl.cell.cell import Cell, MergedCell
from openpyxl.utils import get_column_letter
from openpyxl.workbook import Workbook

from excel_templates.design import TEMPLATE
from excel_templates.fill import load_template
from excel_templates.formulas.functions import FUNCTIONS
from excel_templates.formulas.syntax import (
    Call,
    NameUse,
    Node,
    Reference,
    UnsupportedFormulaError,
    parse,
    reference,
    walk,
)
from excel_templates.house_drawings import left_behind
from excel_templates.names import NAMES

_EVALUATED: Final = {*FUNCTIONS, "IF"}
_ERROR_VALUES: Final = ("#REF!", "#NAME?", "#VALUE!", "#DIV/0!", "#N/A", "#NUM!", "#NULL!")


class Weight(StrEnum):
    """What a fault does."""

    STOPS = "stops"
    """The template cannot be filled."""
    SPOILS = "spoils"
    """It is filled, but something does not work as meant."""


class TemplateFault(NamedTuple):
    """One fault: how bad, where, and what to do."""

    weight: Weight
    where: str
    what: str


def check_template(path: Path) -> tuple[TemplateFault, ...]:
    """Hold a copy of the template against the shipped one.

    Returns
    -------
    tuple of TemplateFault
        Those that stop first; empty when the copy can be filled and works.

    Raises
    ------
    InputError
        The file cannot be read as a workbook.

    Examples
    --------
    >>> check_template(TEMPLATE)
    ()
    """
    workbook, shipped = load_template(path), load_template(TEMPLATE)
    lost = (
        TemplateFault(
            Weight.SPOILS,
            where,
            f"{what}: left behind when it is filled; use cells, pictures or charts",
        )
        for where, what in left_behind(path)
    )
    faults = [*_names(workbook, shipped), *_formulas(workbook), *lost]
    return tuple(sorted(faults, key=lambda fault: fault.weight is not Weight.STOPS))


def _names(workbook: Workbook, shipped: Workbook) -> Iterator[TemplateFault]:
    for name, meaning in NAMES.items():
        found, meant = _area(workbook, name), _area(shipped, name)
        assert isinstance(meant, Reference), name
        if not isinstance(found, Reference):
            say = "is missing" if found is None else f"points to {found}, which is no area"
            yield TemplateFault(
                Weight.STOPS,
                f"name {name}",
                f"{say}; define it again ({meaning}), as in the shipped template at {_at(meant)}",
            )
            continue
        if _shape(found) != _shape(meant):
            rows, columns = _shape(meant)
            yield TemplateFault(
                Weight.STOPS,
                _at(found),
                f"the name {name} must cover {rows} x {columns} cells, as {_at(meant)} does in "
                "the shipped template",
            )
        if isinstance(_first(workbook, found), MergedCell):
            yield TemplateFault(
                Weight.STOPS,
                _at(found),
                f"the name {name} lies inside merged cells; split them, or point it at their "
                "upper left cell",
            )
        elif not _locked(shipped, meant) and _locked(workbook, found):
            yield TemplateFault(
                Weight.SPOILS,
                _at(found),
                f"{name} is an input, but nobody could type there: unlock the cell",
            )


def _formulas(workbook: Workbook) -> Iterator[TemplateFault]:
    known = {name.lower() for name in workbook.defined_names}
    for sheet in workbook.worksheets:
        for row in sheet.iter_rows():
            for cell in row:
                if cell.data_type != "f":
                    continue
                where = f"{sheet.title}!{cell.coordinate}"
                text = str(cell.value)
                broken = next((error for error in _ERROR_VALUES if error in text), None)
                if broken:
                    yield TemplateFault(Weight.STOPS, where, f"its formula holds {broken}")
                    continue
                try:
                    tree = parse(text)
                except UnsupportedFormulaError as problem:
                    yield TemplateFault(
                        Weight.SPOILS,
                        where,
                        f"{problem}: the downloaded file would show no value here until a "
                        "spreadsheet program calculates it",
                    )
                    continue
                yield from _inside(tree, workbook, known, where)


def _inside(tree: Node, workbook: Workbook, known: set[str], where: str) -> Iterator[TemplateFault]:
    for node in walk(tree):
        if isinstance(node, Call) and node.function not in _EVALUATED:
            yield TemplateFault(
                Weight.SPOILS,
                where,
                f"{node.function} is not among the functions every spreadsheet program has alike; "
                "the downloaded file would show no value here until one calculates it",
            )
        elif isinstance(node, NameUse) and node.name.lower() not in known:
            yield TemplateFault(
                Weight.STOPS, where, f"its formula uses the name {node.name}, which is not defined"
            )
        elif isinstance(node, Reference) and (
            node.sheet is not None and node.sheet not in workbook.sheetnames
        ):
            yield TemplateFault(
                Weight.STOPS, where, f"its formula points to the sheet {node.sheet}, which is gone"
            )


def _area(workbook: Workbook, name: str) -> Reference | str | None:
    """Where a name points; its text when that is nowhere, None when it is not defined."""
    defined = workbook.defined_names.get(name)
    if defined is None:
        return None
    text = str(defined.attr_text or "nothing")
    try:
        found = reference(text)
    except UnsupportedFormulaError:
        return text
    return found if found.sheet in workbook.sheetnames else text


def _first(workbook: Workbook, at: Reference) -> Cell | MergedCell:
    assert at.sheet is not None
    cell = workbook[at.sheet].cell(at.min_row, at.min_col)
    assert isinstance(cell, (Cell, MergedCell))
    return cell


def _locked(workbook: Workbook, at: Reference) -> bool:
    """Whether nobody can type there."""
    assert at.sheet is not None
    protected = bool(workbook[at.sheet].protection.sheet)
    return protected and bool(_first(workbook, at).protection.locked)


def _shape(at: Reference) -> tuple[int, int]:
    return at.max_row - at.min_row + 1, at.max_col - at.min_col + 1


def _at(at: Reference) -> str:
    first = f"{get_column_letter(at.min_col)}{at.min_row}"
    last = f"{get_column_letter(at.max_col)}{at.max_row}"
    return f"{at.sheet}!{first}" if first == last else f"{at.sheet}!{first}:{last}"
