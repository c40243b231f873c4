"""The pack for the vendor: two sheets of cells, drawn from the allow-list record alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from excel_templates.bare import bare_file
from excel_templates.book import fitted_height
from excel_templates.cells import cell_at, write
from excel_templates.contract_rows import STATED_SHARE
from excel_templates.layout import A4
from excel_templates.styles import BLUE, DAY, GENERAL, GREY, INK, PALE, RULE, SHARE, USD_CENTS
from forecast.records.vendor_pack import CounterProposal, PackClaim, VendorPack
from forecast.units import add_months

_FONT: Final = "Arial"
_WIDTHS: Final = (44, 26, 26, 52)
_LAST: Final = len(_WIDTHS)
_SETTLED: Final = {
    "monthly": "every month",
    "quarterly": "every quarter",
    "annual": "every contract year",
    "term": "once, at the end of the term",
}
_OVERAGE: Final = {"list": "at list price", "committed_rate": "at the committed rate"}
_NOT_APPLICABLE: Final = "no such work"

Row = tuple[str, object, str, str]
"""Label, value, number format, explanation."""


def vendor_workbook(pack: VendorPack) -> bytes:
    """Write the pack as an .xlsx file: no formula, no name, no property, nothing hidden.

    Returns
    -------
    bytes
        The same pack gives the same bytes.
    """
    book = Workbook()
    first = book.active
    assert isinstance(first, Worksheet)
    _proposal_sheet(first, pack)
    _efficiency_sheet(book.create_sheet("Efficiency"), pack)
    return bare_file(book)


def _proposal_sheet(ws: Worksheet, pack: VendorPack) -> None:
    ws.title = "Proposal"
    proposal = pack.proposal
    by = f"From {pack.buyer}. " if pack.buyer else ""
    row = _open(ws, proposal.title, f"{by}Amounts in US dollars; discounts are off list price.")
    row = _section(ws, row, "What we propose")
    for label, value, number_format, meaning in _proposed(proposal):
        row = _line(ws, row, label, value, number_format, meaning)
    if proposal.asks:
        row = _section(ws, row + 1, "Clauses")
        row = _head(ws, row, ("Clause", "What we ask for"))
        for ask in proposal.asks:
            row = _texts(ws, row, (ask.clause, ask.ask))
    if proposal.valid_until is not None:
        _line(ws, row + 1, "This proposal stands until", proposal.valid_until, DAY, "")


def _proposed(proposal: CounterProposal) -> Iterator[Row]:
    start, months = proposal.term_start, proposal.term_months
    yield "Term", months, '0 "months"', ""
    if start is not None:
        yield "First day", start, DAY, ""
        yield "Until, not including", add_months(start, months), DAY, ""
    yield "Commitment", proposal.commitment_usd, USD_CENTS, "over the whole term"
    yield "Discount", proposal.discount_share, STATED_SHARE, "off list price, at this commitment"
    if proposal.settlement is not None:
        yield "Settled", _SETTLED[proposal.settlement], GENERAL, ""
    if proposal.overage == "discounted":
        yield "Usage beyond it", proposal.overage_discount_share, STATED_SHARE, "off list price"
    elif proposal.overage is not None:
        yield "Usage beyond it", _OVERAGE[proposal.overage], GENERAL, ""
    if proposal.rollover_share is not None:
        yield (
            "Rollover",
            proposal.rollover_share,
            STATED_SHARE,
            "of what is unused, into the next period",
        )
    if proposal.unused_credit_share is not None:
        yield "Credit", proposal.unused_credit_share, STATED_SHARE, "of what is unused at the end"


def _efficiency_sheet(ws: Worksheet, pack: VendorPack) -> None:
    row = _open(
        ws,
        "How we use the tokens",
        f"Usage until {pack.usage_until}. Both states are the same work at the same list prices; "
        '"after" holds with the changes that their owners have accepted.',
    )
    if pack.claims:
        row = _section(ws, row, "Before and after")
        row = _head(ws, row, ("Share", ">Before", ">After", "Counted on"))
        for claim in pack.claims:
            row = _shares(ws, row, claim.claim, claim.before_share, claim.after_share,
                          claim.measured_on)  # fmt: skip
    if pack.models:
        row = _section(ws, row + 1, "Models, by share of list cost")
        row = _head(ws, row, ("Model", ">Before", ">After", ""))
        for model in pack.models:
            row = _shares(ws, row, model.model, model.before_share, model.after_share, "")
    if any(claim.evidence for claim in pack.claims):
        _evidence(ws, row + 1, pack.claims)


def _evidence(ws: Worksheet, row: int, claims: Sequence[PackClaim]) -> None:
    row = _section(ws, row, "What it rests on")
    row = _head(ws, row, ("Share", "Workload", "Change", "Stage"))
    for claim in claims:
        for item in claim.evidence:
            label = _sentence(claim.claim)
            row = _cells(ws, row, (label, item.workload, item.change, item.stage))


def _open(ws: Worksheet, title: str, purpose: str) -> int:
    for number, width in enumerate(_WIDTHS, start=1):
        ws.column_dimensions[get_column_letter(number)].width = width
    ws.sheet_view.showGridLines = False
    ws.page_setup.orientation = "landscape"
    ws.page_setup.paperSize = A4
    ws.page_setup.fitToWidth = 1
    ws.page_setup.fitToHeight = 0
    ws.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    ws.page_margins.left = ws.page_margins.right = 0.6
    footer = ws.oddFooter
    assert footer is not None
    assert footer.right is not None
    footer.right.text = "&P / &N"
    _merged(ws, 1, title, Font(name=_FONT, size=18, bold=True, color=BLUE), scale=1.8)
    _merged(ws, 2, purpose, Font(name=_FONT, size=10, italic=True, color=GREY))
    return 4


def _merged(ws: Worksheet, row: int, text: str, font: Font, *, scale: float = 1.0) -> None:
    cell = cell_at(ws, row, 1)
    write(cell, text)
    cell.font = font
    cell.alignment = Alignment(vertical="top", wrap_text=True)
    ws.merge_cells(start_row=row, start_column=1, end_row=row, end_column=_LAST)
    width = sum(_WIDTHS) / scale
    ws.row_dimensions[row].height = scale * fitted_height([(str(cell.value), width)])


def _section(ws: Worksheet, row: int, text: str) -> int:
    cell = cell_at(ws, row, 1)
    write(cell, text)
    cell.font = Font(name=_FONT, size=12, bold=True, color=BLUE)
    ws.row_dimensions[row].height = 20
    return row + 1


def _head(ws: Worksheet, row: int, labels: Sequence[str]) -> int:
    for number in range(1, _LAST + 1):
        cell = cell_at(ws, row, number)
        label = labels[number - 1] if number <= len(labels) else ""
        if label:
            write(cell, label.removeprefix(">"))
        cell.font = Font(name=_FONT, size=10, bold=True, color="FFFFFF")
        cell.fill = PatternFill("solid", fgColor=BLUE)
        side = "right" if label.startswith(">") else "left"
        cell.alignment = Alignment(horizontal=side, vertical="center", indent=1)
    ws.row_dimensions[row].height = 20
    return row + 1


def _line(
    ws: Worksheet, row: int, label: str, value: object, number_format: str, meaning: str
) -> int:
    """Write one term of the proposal: its value stands out."""
    end = _cells(ws, row, (label, value, meaning), number_format)
    ws.merge_cells(start_row=row, start_column=3, end_row=row, end_column=_LAST)
    ws.row_dimensions[row].height = fitted_height(()) + 4
    cell = cell_at(ws, row, 2)
    cell.font = Font(name=_FONT, size=11, bold=True, color=INK)
    cell.fill = PatternFill("solid", fgColor=PALE)
    cell.alignment = Alignment(horizontal="right", vertical="top", wrap_text=True, indent=1)
    return end


def _texts(ws: Worksheet, row: int, values: tuple[str, str]) -> int:
    """Write a clause, and what is asked across the other columns."""
    end = _cells(ws, row, (*values, None, None))
    ws.merge_cells(start_row=row, start_column=2, end_row=row, end_column=_LAST)
    texts = [(values[0], _WIDTHS[0]), (values[1], sum(_WIDTHS[1:]))]
    ws.row_dimensions[row].height = fitted_height(texts) + 4
    return end


def _shares(
    ws: Worksheet, row: int, label: str, before: float | None, after: float | None, note: str
) -> int:
    shown = [_NOT_APPLICABLE if share is None else share for share in (before, after)]
    end = _cells(ws, row, (_sentence(label), *shown, note), SHARE)
    for number in (2, 3):
        cell_at(ws, row, number).alignment = Alignment(horizontal="right", vertical="top", indent=1)
    return end


def _cells(ws: Worksheet, row: int, values: Sequence[object], number_format: str = GENERAL) -> int:
    rule = Border(bottom=Side(style="thin", color=RULE))
    texts = []
    for number in range(1, _LAST + 1):
        cell = cell_at(ws, row, number)
        value = values[number - 1] if number <= len(values) else None
        cell.number_format = number_format if number in (2, 3) else GENERAL
        if value not in (None, ""):
            write(cell, value)
        cell.font = Font(name=_FONT, size=10, color=INK)
        cell.border = rule
        cell.alignment = Alignment(horizontal="left", vertical="top", wrap_text=True, indent=1)
        if isinstance(cell.value, str):
            texts.append((cell.value, _WIDTHS[number - 1]))
    ws.row_dimensions[row].height = fitted_height(texts) + 4
    return row + 1


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
