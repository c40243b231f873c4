"""The approval memo as one editable slide on A4: native tables and texts, no picture."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from api.pages.memo import Memo
from excel_templates.cells import plain_text
from excel_templates.repacked import repacked
from excel_templates.styles import BLUE, GREY, INK, PALE, RULE

if TYPE_CHECKING:
    from pptx.slide import Slide

_MM: Final = 36_000
"""English Metric Units of a millimetre."""
_WIDTH, _HEIGHT, _MARGIN = 297, 210, 10
_LEFT_WIDTH: Final = 102
_RIGHT: Final = _MARGIN + _LEFT_WIDTH + 6
_RIGHT_WIDTH: Final = _WIDTH - _MARGIN - _RIGHT
_ROW_HEIGHT: Final = 4.9
"""Millimetres of a table row of one line at 8 points, with its margins."""
_LINE_HEIGHT: Final = 3.6
"""Of every further line."""
_BLANK_LAYOUT: Final = 6
_FONT: Final = "Arial"

Cells = Sequence[Sequence[str]]


def memo_slide(memo: Memo) -> bytes:
    """Write the memo as a .pptx file.

    Returns
    -------
    bytes
        The same memo gives the same bytes.
    """
    from pptx import Presentation
    from pptx.util import Emu

    deck = Presentation()
    deck.slide_width, deck.slide_height = Emu(_WIDTH * _MM), Emu(_HEIGHT * _MM)
    slide = deck.slides.add_slide(deck.slide_layouts[_BLANK_LAYOUT])
    _text(slide, (_MARGIN, 6, _WIDTH - 2 * _MARGIN, 9), f"Approval memo: {memo.contract}",
          size=18, bold=True, color=BLUE)  # fmt: skip
    _text(slide, (_MARGIN, 14, _WIDTH - 2 * _MARGIN, 5),
          f"{memo.term}; {memo.made_from}; internal, not for the vendor",
          size=8, color=GREY)  # fmt: skip
    _text(slide, (_MARGIN, 19, _WIDTH - 2 * _MARGIN, 11), memo.decision, size=12, bold=True)
    _figures(slide, memo, top=32)
    _left(slide, memo, top=56)
    _right(slide, memo, top=56)
    properties = deck.core_properties
    day = datetime.combine(memo.as_of, datetime.min.time(), UTC)
    properties.author = properties.last_modified_by = "commitment-sizing"
    properties.title = "Approval memo"
    properties.created = properties.modified = day
    sink = io.BytesIO()
    deck.save(sink)
    return repacked(sink.getvalue(), day=memo.as_of)


def _figures(slide: Slide, memo: Memo, *, top: float) -> None:
    width = (_WIDTH - 2 * _MARGIN - 9) / 4
    for i, figure in enumerate(memo.figures):
        left = _MARGIN + i * (width + 3)
        box = _text(slide, (left, top, width, 20), figure.label, size=9, color=GREY, fill=PALE)
        _more(box, _usd(figure.usd), size=18, bold=True)
        _more(box, figure.meaning, size=8, color=GREY)


def _left(slide: Slide, memo: Memo, *, top: float) -> None:
    top = _section(slide, _MARGIN, top, "From last quarter's bill to the commitment")
    rows = [[_sentence(step.step), _usd(step.usd)] for step in memo.bridge]
    top = _table(slide, (_MARGIN, top), (68, 34), rows, numbers=(1,))
    top = _section(slide, _MARGIN, top + 3, "Approvals")
    signed = [[role, name, "", ""] for role, name in memo.approvers]
    _table(slide, (_MARGIN, top), (26, 30, 18, 28), [["Role", "Name", "Day", "Signature"], *signed],
           head=True, height=8)  # fmt: skip


def _right(slide: Slide, memo: Memo, *, top: float) -> None:
    top = _section(slide, _RIGHT, top, "Offers on the same scenarios")
    head = ["Offer", "Commitment", "Discount", "Expected cost", "More than best"]
    rows = [
        [o.name, _usd(o.commitment_usd), f"{100 * o.discount_share:.1f} %",
         _usd(o.expected_cost_usd), _usd(o.regret_usd)]
        for o in memo.offers
    ]  # fmt: skip
    none = [["No offer was given", "", "", "", ""]]
    widths = (55, 29, 20, 33, _RIGHT_WIDTH - 137)
    top = _table(slide, (_RIGHT, top), widths, [head, *(rows or none)], numbers=(1, 2, 3, 4),
                 head=True)  # fmt: skip
    top = _section(slide, _RIGHT, top + 2, "Risks")
    lines = sum(-(-len(risk) // 125) for risk in memo.risks)
    box = _text(slide, (_RIGHT, top, _RIGHT_WIDTH, 3.7 * lines), "", size=8)
    for risk in memo.risks:
        _more(box, f"• {risk}", size=8)
    top = _section(slide, _RIGHT, top + 3.7 * lines + 3, "Whose word it rests on")
    held = [[h.what, h.said, h.owner] for h in memo.holders]
    _table(slide, (_RIGHT, top), (34, _RIGHT_WIDTH - 62, 28), [["For", "Assumed", "Owner"], *held],
           head=True)  # fmt: skip
    if memo.left_out:
        _text(slide, (_MARGIN, _HEIGHT - 8, _WIDTH - 2 * _MARGIN, 5),
              f"Not on this page: {', '.join(memo.left_out)}; all of them are in the workbook.",
              size=7, color=GREY)  # fmt: skip


def _section(slide: Slide, left: float, top: float, text: str) -> float:
    _text(slide, (left, top, _RIGHT_WIDTH, 5), text, size=10, bold=True, color=BLUE)
    return top + 5.5


def _text(
    slide: Slide,
    place: tuple[float, float, float, float],
    text: str,
    *,
    size: float,
    bold: bool = False,
    color: str = INK,
    fill: str | None = None,
) -> Any:
    """Write a text box; left, top, width and height in millimetres. Gives its text frame."""
    from pptx.util import Emu

    shape = slide.shapes.add_textbox(*(Emu(round(side * _MM)) for side in place))
    frame = shape.text_frame
    frame.word_wrap = True
    inset = Emu(2 * _MM if fill else 0)
    frame.margin_left = frame.margin_right = inset
    frame.margin_top = frame.margin_bottom = Emu(_MM if fill else 0)
    if fill:
        shape.fill.solid()
        shape.fill.fore_color.rgb = _colour(fill)
    _run(frame.paragraphs[0], text, size=size, bold=bold, color=color)
    return frame


def _more(frame: Any, text: str, *, size: float, bold: bool = False, color: str = INK) -> None:
    only = frame.paragraphs[0]
    paragraph = only if not only.text else frame.add_paragraph()
    _run(paragraph, text, size=size, bold=bold, color=color)


def _run(paragraph: Any, text: str, *, size: float, bold: bool, color: str) -> None:
    from pptx.util import Pt

    paragraph.text = plain_text(text).replace("\n", " ")
    font = paragraph.font
    font.name, font.size, font.bold = _FONT, Pt(size), bold
    font.color.rgb = _colour(color)


def _colour(text: str) -> Any:
    """Give a colour of six hexadecimal digits."""
    from pptx.dml.color import RGBColor

    # python-pptx ships no types for it.
    return RGBColor(*bytes.fromhex(text))  # type: ignore[no-untyped-call]


def _table(
    slide: Slide,
    place: tuple[float, float],
    widths: Sequence[float],
    rows: Cells,
    *,
    numbers: Sequence[int] = (),
    head: bool = False,
    height: float = _ROW_HEIGHT,
) -> float:
    """Write a table; give where it ends, in millimetres."""
    from pptx.enum.text import PP_ALIGN
    from pptx.util import Emu

    heights = [height + _LINE_HEIGHT * (_lines(row, widths) - 1) for row in rows]
    size = (round(sum(widths) * _MM), round(sum(heights) * _MM))
    at = [Emu(round(side * _MM)) for side in place]
    shape = slide.shapes.add_table(len(rows), len(widths), *at, *map(Emu, size))
    table = shape.table
    table.first_row, table.horz_banding = head, False
    for number, width in enumerate(widths):
        table.columns[number].width = Emu(round(width * _MM))
    for number, row in enumerate(rows):
        table.rows[number].height = Emu(round(heights[number] * _MM))
        for column, text in enumerate(row):
            cell = table.cell(number, column)
            cell.margin_left = cell.margin_right = Emu(round(1.2 * _MM))
            cell.margin_top = cell.margin_bottom = Emu(round(0.4 * _MM))
            is_head = head and not number
            fill: Any = cell.fill
            fill.solid()
            fill.fore_color.rgb = _colour(BLUE if is_head else "FFFFFF")
            color = "FFFFFF" if is_head else INK
            paragraph = cell.text_frame.paragraphs[0]
            _run(paragraph, text, size=8, bold=is_head, color=color)
            _rules(cell)
            if column in numbers:
                paragraph.alignment = PP_ALIGN.RIGHT
    return place[1] + sum(heights)


def _rules(cell: Any) -> None:
    """Draw thin lines above and below a cell; python-pptx has no words for borders."""
    from pptx.oxml.xmlchemy import OxmlElement

    properties = cell._tc.get_or_add_tcPr()
    for side in ("lnB", "lnT"):  # in the end the upper one first, and both before the fill
        line, solid, color = (OxmlElement(f"a:{tag}") for tag in (side, "solidFill", "srgbClr"))
        line.set("w", "6350")
        color.set("val", RULE)
        solid.append(color)
        line.append(solid)
        properties.insert(0, line)


def _lines(row: Sequence[str], widths: Sequence[float]) -> int:
    """Lines of a row at 8 points: about 0.74 letters a millimetre."""
    return max(-(-len(text) // max(1, int(0.74 * width))) or 1
               for text, width in zip(row, widths, strict=True))  # fmt: skip


def _usd(amount: Decimal) -> str:
    return f"{'−' if amount < 0 else ''}{abs(amount):,.0f} USD"


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
