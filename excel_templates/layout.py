"""The building blocks every sheet of the template is made of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from openpyxl.cell.cell import Cell
from openpyxl.formatting.rule import FormulaRule
from openpyxl.styles import Alignment, Color, Font, PatternFill
from openpyxl.utils import absolute_coordinate, get_column_letter
from openpyxl.workbook import Workbook
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.pagebreak import Break
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from excel_templates.styles import GENERAL, GREEN, ORANGE, VERMILION, Role, alignment_for

A4: Final = 9
BANNER_WIDTH: Final = 78
"""Characters a banner needs."""
HEADING_OVER_NUMBERS: Final = Alignment(
    horizontal="right", vertical="center", wrap_text=True, indent=1
)
_UNSET: Final = Alignment()
LIGHT_CELL: Final = "A3"
_LIGHTS: Final = ((GREEN, "FFFFFF"), (ORANGE, "000000"), (VERMILION, "FFFFFF"))
"""Fill and ink for the levels 0, 1 and 2 of a light."""


@dataclass(frozen=True)
class Column:
    """One column of a list: its header, what its cells are for and, maybe, a formula."""

    label: str
    role: Role = Role.SERVICE
    number_format: str = GENERAL
    formula: str | None = None
    """For the first row of the list; the filler moves it down."""
    name: str | None = None
    """A defined name for the column; it grows with the list."""


def paint(cell: Cell, role: Role, number_format: str = GENERAL) -> None:
    """Give a cell the look of its role."""
    cell.style = role.value
    cell.number_format = number_format
    if alignment := alignment_for(number_format):
        cell.alignment = alignment


class Page:
    """One sheet of the template while it is being designed.

    Parameters
    ----------
    widths
        Column widths in characters, from column A.
    printed_columns
        Columns on paper; workings to the right of them stay on screen. None prints all.
    """

    def __init__(
        self,
        workbook: Workbook,
        sheet: str,
        heading: str,
        purpose: str,
        *,
        widths: Sequence[float],
        printed_columns: int | None = None,
        freeze: str = "A4",
    ) -> None:
        self.workbook = workbook
        self._widths = widths
        self._n_printed = printed_columns or len(widths)
        self.ws: Worksheet = workbook.create_sheet(sheet)
        for i, width in enumerate(widths, start=1):
            self.ws.column_dimensions[get_column_letter(i)].width = width
        self.put("A1", heading, Role.TITLE)
        self.put("A2", purpose, Role.PURPOSE)
        self.ws.row_dimensions[1].height = 24
        self.ws.freeze_panes = freeze
        self.ws.sheet_view.showGridLines = False
        self.light(LIGHT_CELL, "=light_text", "light_level")
        self._print_set_up()
        protection = self.ws.protection
        protection.sheet = True
        protection.formatColumns = False
        protection.formatRows = False

    def put(
        self,
        where: str,
        value: object,
        role: Role = Role.CALCULATION,
        number_format: str = GENERAL,
        *,
        name: str | None = None,
    ) -> Cell:
        """Write one cell, and give it a defined name if one is wanted."""
        cell = self.ws[where]
        cell.value = value
        paint(cell, role, number_format)
        if name:
            self.name(name, where)
        return cell

    def name(self, name: str, area: str) -> None:
        """Define a name for an area of this sheet."""
        assert name not in self.workbook.defined_names, name
        define(self.workbook, name, self.ws, area)

    def header(
        self, row: int, labels: Iterable[str], *, column: int = 1, height: float = 30
    ) -> None:
        """Write the headers of a table; a label that begins with `>` stands over numbers."""
        for i, label in enumerate(labels, start=column):
            self._heading(row, i, label.removeprefix(">"), over_numbers=label.startswith(">"))
        self.ws.row_dimensions[row].height = height

    def _heading(self, row: int, column: int, label: str, *, over_numbers: bool) -> None:
        cell = self.ws.cell(row, column, label)
        paint(cell, Role.HEADER)
        if over_numbers:
            cell.alignment = HEADING_OVER_NUMBERS

    def section(self, row: int, text: str, *, column: int = 1) -> None:
        """Write the title of a block."""
        self.put(f"{get_column_letter(column)}{row}", text, Role.SECTION)

    def note(self, row: int, text: str, *, to: str, height: float, column: str = "A") -> None:
        """Write an explanation across columns."""
        self.merged(f"{column}{row}:{to}{row}", text, Role.NOTE, height=height)

    def merged(
        self, area: str, value: object, role: Role, *, height: float, name: str | None = None
    ) -> None:
        """Write one text across several columns; its row gets a fixed height."""
        first = area.split(":", maxsplit=1)[0]
        self.put(first, value, role, name=name)
        self.ws.merge_cells(area)
        self.ws.row_dimensions[self.ws[first].row].height = height

    def light(self, where: str, formula: str, level: str) -> None:
        """Write a text that turns green, amber or vermilion with the value of `level`."""
        cell = self.put(where, formula, Role.CHECK)
        last, width = cell.column, 0.0
        for last in range(cell.column, self._n_printed + 1):
            width += self._widths[last - 1]
            if width >= BANNER_WIDTH:
                break
        area = f"{where}:{get_column_letter(last)}{cell.row}"
        if last > cell.column:
            self.ws.merge_cells(area)
        self.colour_by(area, level)

    def colour_by(self, area: str, level: str) -> None:
        """Colour an area by a level: 0 green, 1 amber, 2 vermilion."""
        for value, (fill, ink) in enumerate(_LIGHTS):
            self.ws.conditional_formatting.add(
                area,
                # openpyxl's stubs leave this constructor untyped.
                FormulaRule(  # type: ignore[no-untyped-call]
                    formula=[f"{level}={value}"],
                    fill=PatternFill("solid", bgColor=Color(rgb=f"FF{fill}")),
                    font=Font(color=Color(rgb=f"FF{ink}"), bold=True),
                    stopIfTrue=True,
                ),
            )

    def stale_banner(self, where: str) -> None:
        """Say whether the service's values on this sheet still rest on the inputs."""
        self.light(where, "=stale_text", "stale_level")

    def live_banner(self, where: str) -> None:
        """Say so when the formulas cannot carry a clause of this contract."""
        self.light(where, "=live_text", "live_level")

    def table(self, name: str, row: int, columns: Sequence[Column], *, column: int = 1) -> None:
        """Write the header and the pattern row of a list that the filler makes longer.

        `name` covers the pattern row. An empty label leaves a column free.
        """
        for i, spec in enumerate(columns, start=column):
            if not spec.label:
                continue
            numbers = (alignment_for(spec.number_format) or _UNSET).horizontal == "right"
            self._heading(row, i, spec.label, over_numbers=numbers)
            cell = self.ws.cell(row + 1, i, spec.formula)
            paint(cell, spec.role, spec.number_format)
            if spec.name:
                self.name(spec.name, f"{get_column_letter(i)}{row + 1}")
        self.ws.row_dimensions[row].height = 30
        first, last = get_column_letter(column), get_column_letter(column + len(columns) - 1)
        self.name(name, f"{first}{row + 1}:{last}{row + 1}")

    def _print_set_up(self) -> None:
        ws = self.ws
        ws.page_setup.orientation = "landscape"
        ws.page_setup.paperSize = A4
        ws.page_setup.fitToWidth = 1
        ws.page_setup.fitToHeight = 0
        ws.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
        ws.page_margins.left = ws.page_margins.right = 0.4
        ws.page_margins.top = ws.page_margins.bottom = 0.6
        ws.page_margins.header = ws.page_margins.footer = 0.25
        footer = ws.oddFooter
        assert footer is not None
        for part, text in (
            (footer.left, "Commitment sizing"),
            (footer.center, "&A"),
            (footer.right, "&P / &N"),
        ):
            assert part is not None
            part.text = text
        ws.print_title_rows = "1:3"
        ws.print_title_cols = None
        ws.print_options.horizontalCentered = False

    def close(self, last_row: int) -> None:
        """Fix the printed area; the filler moves its end down with a list."""
        self.ws.print_area = f"A1:{get_column_letter(self._n_printed)}{last_row}"

    def repeat_down_to(self, row: int) -> None:
        """Print everything down to a table's header again on every page."""
        self.ws.print_title_rows = f"1:{row}"

    def break_before(self, row: int) -> None:
        """Begin a new page of paper at a row."""
        self.ws.row_breaks.append(Break(id=row - 1))

    def fit(self, pages: int) -> None:
        """Shrink the sheet to a number of pages of paper."""
        self.ws.page_setup.fitToHeight = pages


def define(workbook: Workbook, name: str, ws: Worksheet, area: str) -> None:
    """Define a name for an area, or move it there."""
    workbook.defined_names[name] = DefinedName(
        name, attr_text=f"'{ws.title}'!{absolute_coordinate(area)}"
    )
