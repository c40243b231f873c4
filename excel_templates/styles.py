"""How a cell looks says what it is: one named style per role, safe for colour-blind readers.

The palette is Okabe and Ito's (https://jfly.uni-koeln.de/color/); every colour that means
something comes with a word or a sign as well.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from openpyxl.styles import (
    Alignment,
    Border,
    Color,
    Font,
    NamedStyle,
    PatternFill,
    Protection,
    Side,
)
from openpyxl.workbook import Workbook

BLUE: Final = "0072B2"
ORANGE: Final = "E69F00"
GREEN: Final = "009E73"
VERMILION: Final = "D55E00"
SKY: Final = "56B4E9"
GREY: Final = "7F7F7F"
INK: Final = "1F2933"
PALE: Final = "F3F5F7"
RULE: Final = "C9D1D9"

USD: Final = '"$"#,##0;-"$"#,##0'
USD_CENTS: Final = '"$"#,##0.00;-"$"#,##0.00'
SHARE: Final = "0.0%"
COUNT: Final = "#,##0"
DECIMAL: Final = "0.0"
MONTH: Final = "mmm yyyy"
DAY: Final = "yyyy-mm-dd"
GENERAL: Final = "General"
THRESHOLD: Final = '[>=900000000000000]"none";"$"#,##0.00'
CHANGED: Final = '"changed";"changed";"–"'

_LEFT_FORMATS: Final = (MONTH, DAY)
_TEXT_FORMATS: Final = (GENERAL,)


ONE_LINE: Final = Alignment(horizontal="left", vertical="top", indent=1)
"""For a note that may run on over empty neighbours."""


def alignment_for(number_format: str) -> Alignment | None:
    """Numbers stand to the right with room beside them, days to the left; texts as they are.

    >>> alignment_for(USD).horizontal, alignment_for(MONTH).horizontal, alignment_for(GENERAL)
    ('right', 'left', None)
    """
    if number_format in _TEXT_FORMATS:
        return None
    if number_format in _LEFT_FORMATS:
        return Alignment(horizontal="left", vertical="top")
    return Alignment(horizontal="right", vertical="top", indent=1)


class Role(StrEnum):
    """What a cell is for."""

    TITLE = "wb_title"
    PURPOSE = "wb_purpose"
    SECTION = "wb_section"
    HEADER = "wb_header"
    LABEL = "wb_label"
    INPUT = "wb_input"
    CALCULATION = "wb_calculation"
    RESULT = "wb_result"
    SERVICE = "wb_service"
    CHECK = "wb_check"
    NOTE = "wb_note"
    SENTENCE = "wb_sentence"
    PARAGRAPH = "wb_paragraph"


MEANING: Final = {
    Role.INPUT: "type here; nothing else is unlocked",
    Role.CALCULATION: "a formula: it follows the inputs",
    Role.RESULT: "a formula whose value is an answer",
    Role.SERVICE: "a value of the service, from the day this workbook was generated",
    Role.CHECK: "a check or a banner; it lights up",
    Role.NOTE: "an explanation",
}
"""The legend of the About sheet."""

_FONT: Final = "Arial"


def _font(size: float = 10, *, bold: bool = False, italic: bool = False, color: str = INK) -> Font:
    return Font(name=_FONT, size=size, bold=bold, italic=italic, color=Color(rgb=f"FF{color}"))


def _fill(color: str) -> PatternFill:
    return PatternFill("solid", fgColor=Color(rgb=f"FF{color}"))


def _rule() -> Border:
    return Border(bottom=Side(style="thin", color=Color(rgb=f"FF{RULE}")))


def _box() -> Border:
    side = Side(style="thin", color=Color(rgb=f"FF{ORANGE}"))
    return Border(left=side, right=side, top=side, bottom=side)


def named_styles() -> tuple[NamedStyle, ...]:
    """Give the style of every role; formulas are locked, inputs are not."""
    top = Alignment(vertical="top")
    wrapped = Alignment(vertical="top", wrap_text=True)
    noted = Alignment(horizontal="left", vertical="top", wrap_text=True, indent=1)
    marked = Alignment(horizontal="left", vertical="center", indent=1)
    locked, open_to_typing = Protection(locked=True), Protection(locked=False)
    rule, none = _rule(), PatternFill()
    looks = {
        Role.TITLE: (_font(16, bold=True, color=BLUE), none, Border(), Alignment(), locked),
        Role.PURPOSE: (_font(10, italic=True, color=GREY), none, Border(), Alignment(), locked),
        Role.SECTION: (_font(11, bold=True, color=BLUE), none, Border(), Alignment(), locked),
        Role.HEADER: (
            _font(10, bold=True, color="FFFFFF"),
            _fill(BLUE),
            Border(),
            Alignment(vertical="center", wrap_text=True),
            locked,
        ),
        Role.LABEL: (_font(), none, rule, wrapped, locked),
        Role.INPUT: (
            _font(bold=True, color="0B3C5D"),
            _fill("FFF4CE"),
            _box(),
            top,
            open_to_typing,
        ),
        Role.CALCULATION: (_font(), none, rule, top, locked),
        Role.RESULT: (_font(bold=True), _fill("DCEEF9"), rule, top, locked),
        Role.SERVICE: (_font(color="3E4C59"), _fill(PALE), rule, noted, locked),
        Role.CHECK: (_font(bold=True), none, Border(), marked, locked),
        Role.NOTE: (_font(9, italic=True, color="52606D"), none, Border(), noted, locked),
        Role.SENTENCE: (_font(12, bold=True), none, Border(), wrapped, locked),
        Role.PARAGRAPH: (_font(), none, Border(), wrapped, locked),
    }
    styles = []
    for role, (font, fill, border, alignment, protection) in looks.items():
        styles.append(
            NamedStyle(
                name=role.value,
                font=font,
                fill=fill,
                border=border,
                alignment=alignment,
                protection=protection,
            )
        )
    return tuple(styles)


def add_styles(workbook: Workbook) -> None:
    """Register the named styles in a new workbook."""
    for style in named_styles():
        workbook.add_named_style(style)
