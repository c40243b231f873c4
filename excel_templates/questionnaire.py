"""The questionnaire for workload owners: one row per workload, out and back in.

What is typed is read strictly: every fault is named by its cell. An empty cell leaves what the
inventory says; nothing is answered by opening and saving the file.
"""

from __future__ import annotations

import io
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from openpyxl import Workbook
from openpyxl.cell.cell import Cell, MergedCell
from openpyxl.styles import Alignment, Font, PatternFill, Protection
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet
from pydantic import ValidationError

from excel_templates.book import fitted_height
from excel_templates.cells import cell_at, plain_text, write
from excel_templates.layout import A4
from excel_templates.question_columns import COLUMNS, NAME, AnswerKind, QuestionColumn
from excel_templates.styles import BLUE, GREY, PALE
from excel_templates.typed_cells import (
    CellFault,
    CellProblemError,
    day,
    month,
    one_message,
    open_typed,
    value_of,
    yes_or_no,
)
from forecast.errors import WorkloadError
from forecast.records.batch import BatchLever
from forecast.records.workloads import Latency, OwnerState, Portfolio, Workload

SHEET: Final = "Questions"
HEADER_ROW: Final = 4
HINT_ROW: Final = 5
FIRST_ROW: Final = 6
_FONT: Final = "Arial"
_BOLD: Final = 0.85
"""Bold letters are wider; rows of plain ones get the same room."""
TALLEST_ROW: Final = 400
"""Points; a spreadsheet program takes no more than 409."""
PAGES_ACROSS: Final = 5
"""All columns on one page of A4 come out at a fifth of their size."""

_TITLE: Final = (
    "Does a human or a real-time system need this answer the moment it is produced, or is it "
    "consumed later?"
)
_HOW: Final = (
    "One row per workload. Fill in what you know and leave the rest empty; an empty cell changes "
    "nothing. A yes or no counts with a name and a day."
)


def questionnaire(portfolio: Portfolio) -> bytes:
    """Write the questionnaire of an inventory, with what it says already filled in.

    Returns
    -------
    bytes
        An .xlsx workbook.
    """
    book = Workbook()
    book.remove(book.worksheets[0])
    add_questions(book, portfolio)
    sink = io.BytesIO()
    book.save(sink)
    return sink.getvalue()


def add_questions(book: Workbook, portfolio: Portfolio) -> Worksheet:
    """Add the sheet of questions to a workbook."""
    ws: Worksheet = book.create_sheet(SHEET)
    # On the columns of the first page across: column A is printed again on all, and would cut it.
    for row, height in ((1, 34), (2, 28)):
        ws.merge_cells(start_row=row, end_row=row, start_column=2, end_column=4)
        ws.row_dimensions[row].height = height
        ws.cell(row, 2).alignment = Alignment(wrap_text=True, vertical="top")
    ws["B1"], ws["B2"] = _TITLE, _HOW
    ws["B1"].font = Font(name=_FONT, bold=True, size=13, color=BLUE)
    ws["B2"].font = Font(name=_FONT, italic=True, size=10, color=GREY)
    last_row = FIRST_ROW + max(1, len(portfolio.workloads)) - 1
    for number, column in enumerate(COLUMNS, start=1):
        letter = get_column_letter(number)
        ws.column_dimensions[letter].width = column.width
        head, hint = cell_at(ws, HEADER_ROW, number), cell_at(ws, HINT_ROW, number)
        write(head, column.header)
        write(hint, column.hint)
        head.font = Font(name=_FONT, size=10, bold=True)
        hint.font = Font(name=_FONT, size=9, italic=True, color=GREY)
        head.fill = PatternFill("solid", fgColor=PALE)
        for above in (head, hint):
            above.alignment = Alignment(wrap_text=True, vertical="top")
        if column.choices:
            listed = ",".join(column.choices)
            choice = DataValidation("list", formula1=f'"{listed}"', allow_blank=True)
            choice.add(f"{letter}{FIRST_ROW}:{letter}{last_row}")
            ws.add_data_validation(choice)
    for row, workload in enumerate(portfolio.workloads, start=FIRST_ROW):
        for number, column in enumerate(COLUMNS, start=1):
            asked = cell_at(ws, row, number)
            asked.font = Font(name=_FONT, size=10)
            asked.number_format = column.number_format
            write(asked, column.now(workload))
            asked.alignment = Alignment(wrap_text=True, vertical="top")
            asked.protection = Protection(locked=column.kind is AnswerKind.SHOWN)
        _fit(ws, row)
    for row in (HEADER_ROW, HINT_ROW):
        _fit(ws, row)
    ws.freeze_panes = f"B{FIRST_ROW}"
    ws.protection.sheet = True
    # The hints stand between headers and answers, so the buttons of the filter stand on them.
    ws.auto_filter.ref = f"A{HINT_ROW}:{get_column_letter(len(COLUMNS))}{last_row}"
    ws.protection.autoFilter = False
    ws.protection.formatColumns = ws.protection.formatRows = False
    ws.page_setup.orientation = "landscape"
    ws.page_setup.paperSize = A4
    ws.page_setup.fitToWidth = PAGES_ACROSS
    ws.page_setup.fitToHeight = 0
    ws.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    ws.print_title_rows = f"{HEADER_ROW}:{HINT_ROW}"
    ws.print_title_cols = "A:A"
    return ws


def _fit(ws: Worksheet, row: int) -> None:
    """Make a row high enough for its longest text."""
    texts = [
        (str(ws.cell(row, number).value), _BOLD * column.width)
        for number, column in enumerate(COLUMNS, start=1)
        if isinstance(ws.cell(row, number).value, str)
    ]
    ws.row_dimensions[row].height = min(TALLEST_ROW, fitted_height(texts))


def answered_portfolio(path: Path, portfolio: Portfolio) -> Portfolio:
    """Give the inventory with what was answered in a questionnaire.

    Raises
    ------
    WorkloadError
        Not a questionnaire, or answers that cannot be used; `column` is the first cell, and the
        message names every other one.
    """
    return answered_sheet(_load(path), portfolio, file=path.name)


def answered_sheet(ws: Worksheet, portfolio: Portfolio, *, file: str) -> Portfolio:
    """Give the inventory with what was answered on a sheet of questions.

    Raises
    ------
    WorkloadError
        See `answered_portfolio`.
    """
    places = _places(ws, file)
    by_name = {plain_text(w.name): w for w in portfolio.workloads}
    faults: list[CellFault] = []
    answered: dict[str, Workload] = {}
    for row in range(FIRST_ROW, ws.max_row + 1):
        told = {
            column.field: ws.cell(row, number)
            for column, number in places.items()
            if ws.cell(row, number).value is not None
        }
        if not told:
            continue
        name = told.get(NAME.field)
        workload = by_name.get(str(name.value)) if name is not None else None
        if workload is None or workload.name in answered:
            at = f"{SHEET}!{get_column_letter(places[NAME])}{row}"
            faults.append(CellFault(at, _unknown(name, workload)))
            continue
        found, wrong = _answered(workload, told, places, row)
        faults += wrong
        answered[workload.name] = found
    if faults:
        raise WorkloadError(one_message(faults), file=file, column=faults[0].cell)
    workloads = tuple(answered.get(w.name, w) for w in portfolio.workloads)
    return portfolio.model_copy(update={"workloads": workloads})


def _unknown(name: Cell | MergedCell | None, workload: Workload | None) -> str:
    if name is None:
        return "is empty; every row belongs to a workload of the inventory"
    if workload is not None:
        return f"{workload.name!r} stands twice"
    return f"{str(name.value)[:60]!r} is no workload of the inventory"


def _load(path: Path) -> Worksheet:
    book = open_typed(path, WorkloadError, start="`commitment questionnaire`")
    ws = book[SHEET] if SHEET in book.sheetnames else None
    if not isinstance(ws, Worksheet):
        raise WorkloadError(
            f"has no sheet {SHEET}; start from `commitment questionnaire`", file=path.name
        )
    return ws


def _places(ws: Worksheet, file: str) -> dict[QuestionColumn, int]:
    """Find the columns by their headers, in whatever order they stand now."""
    headers = {
        str(ws.cell(HEADER_ROW, number).value): number for number in range(1, ws.max_column + 1)
    }
    if NAME.header not in headers:
        raise WorkloadError(
            f"has no column {NAME.header!r}; the headers belong into row {HEADER_ROW}",
            file=file,
            column=f"{SHEET}!A{HEADER_ROW}",
        )
    return {c: headers[c.header] for c in COLUMNS if c.header in headers}


def _answered(
    workload: Workload,
    told: Mapping[str, Cell | MergedCell],
    places: Mapping[QuestionColumn, int],
    row: int,
) -> tuple[Workload, list[CellFault]]:
    """Put the answers of one row into its workload."""
    faults: list[CellFault] = []
    answers: dict[str, Any] = {}
    for column in places:
        cell = told.get(column.field)
        if cell is None or column.kind is AnswerKind.SHOWN:
            continue
        if _untouched(cell.value, column.now(workload)):
            continue
        try:
            answers[column.field] = _read(cell, column.kind)
        except CellProblemError as problem:
            faults.append(CellFault(f"{SHEET}!{cell.coordinate}", str(problem)))
    if faults:
        return workload, faults
    numbers = {column.field: number for column, number in places.items()}

    def at(field: str) -> str:
        number = numbers.get(field, numbers[NAME.field])
        return f"{SHEET}!{get_column_letter(number)}{row}"

    try:
        found = _merged(workload, answers)
    except ValidationError as error:
        for detail in error.errors(include_url=False):
            field = ".".join(str(step) for step in detail["loc"])
            known = next((f for f in numbers if f == field or f.endswith(f".{field}")), field)
            faults.append(CellFault(at(known), detail["msg"].removeprefix("Value error, ")))
        return workload, faults
    faults += [CellFault(at(field), problem) for field, problem in _unsigned(workload, found)]
    return found, faults


def _untouched(value: object, now: object) -> bool:
    """Tell whether a cell still holds what was written, shortened or rounded as it was."""
    if isinstance(value, (int, float)) and isinstance(now, (int, float)):
        return math.isclose(value, now, rel_tol=1e-12)
    return value == plain_text(str(now))


def _read(cell: Cell | MergedCell, kind: AnswerKind) -> object:
    """Read one answer.

    Raises
    ------
    CellProblemError
        What is wrong with it, in words.
    """
    if kind is AnswerKind.DAY:
        return day(cell)
    if kind is AnswerKind.MONTH:
        return month(cell)
    if kind is AnswerKind.YES_NO:
        return yes_or_no(cell)
    value = value_of(cell)
    if kind in (AnswerKind.HOURS, AnswerKind.DAYS, AnswerKind.SHARE):
        return _number(value, kind)
    return str(value).strip()


def _number(value: object, kind: AnswerKind) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise CellProblemError(f"is {str(value)[:40]!r}, no number")
    if kind is AnswerKind.SHARE:
        if not 0 <= value <= 1:
            raise CellProblemError(f"is {value:g}; write a share from 0 to 1, such as 80%")
    elif not value > 0:
        raise CellProblemError(f"is {value:g}, and has to be above zero")
    return float(value)


def _merged(workload: Workload, answers: Mapping[str, Any]) -> Workload:
    """Give the workload with its answers, validated as a whole."""
    latency = {
        name: getattr(workload.latency, name) for name in workload.latency.model_fields_set
    } | {f.removeprefix("latency."): v for f, v in answers.items() if f.startswith("latency.")}
    own = {f: v for f, v in answers.items() if "." not in f}
    stated = {name: getattr(workload, name) for name in workload.model_fields_set}
    stated |= own | {"latency": Latency.model_validate(latency)}
    if "batch.share" in answers:
        lever = workload.batch.model_dump() if workload.batch else {}
        stated["batch"] = BatchLever.model_validate(lever | {"share": answers["batch.share"]})
    return Workload.model_validate(stated)


def _unsigned(before: Workload, after: Workload) -> Iterator[tuple[str, str]]:
    """Find answers and states that nobody stands behind."""
    latency = after.latency
    if latency.needed_at_once is not None and (
        latency.needed_at_once != before.latency.needed_at_once
    ):
        if not latency.answered_by:
            yield "latency.answered_by", "is empty beside an answer; write who answered"
        if latency.answered_on is None:
            yield "latency.answered_on", "is empty beside an answer; write the day"
    if after.owner_state == before.owner_state:
        return
    if after.owner_state.counts and not after.owner:
        yield "owner", f"is empty beside the state {after.owner_state.value}; write who said yes"
    if after.owner_state.counts and after.accepted_on is None:
        yield "accepted_on", f"is empty beside the state {after.owner_state.value}; write the day"
    if after.owner_state is OwnerState.DECLINED and not after.declined_reason:
        yield "declined_reason", "is empty beside the state declined; write why"
