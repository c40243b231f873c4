"""Approvals: what we do without a deal, and who has to say yes to one."""

from __future__ import annotations

from typing import Final

from openpyxl.workbook import Workbook
from openpyxl.worksheet.datavalidation import DataValidation

from excel_templates.book import Book
from excel_templates.layout import Page
from excel_templates.styles import DAY, USD_CENTS, Role
from forecast.records.recommendation import Recommendation

TITLE: Final = "Approvals"
_FIRST: Final = 7

_BELOW: Final = 'IF(best_tier>1,INDEX(tier_row_expected_cost,best_tier-1),"there is none")'
_ROLES: Final = (
    ("Procurement", "leads the negotiation; the number, the tier, the walk-away"),
    ("Engineering or FinOps", "stands behind the savings and their months"),
    ("Finance", "the budget (P80) and the worst-case unused (P95)"),
    ("Legal", "the clauses, renewal and notice"),
    ("Executive sponsor", "signs, or says who may"),
)
_ANSWERS: Final = ("yes", "no", "open")


def design(workbook: Workbook) -> None:
    """Lay out the sheet: the alternatives, live; boxes for the approvers."""
    page = Page(
        workbook,
        TITLE,
        "If there is no deal, and who says yes to one",
        "The strength of a position is its alternative. The yellow boxes are for names, answers "
        "and days; they change no number.",
        widths=(44, 20, 20, 16, 46),
    )
    page.live_banner("A4")
    page.section(_FIRST - 2, "Alternatives to what is on the table")
    page.header(
        _FIRST - 1,
        ("Alternative", ">Expected cost, USD", ">Against the typed commitment, USD", "",
         "What it takes"),
        height=44,
    )  # fmt: skip
    row = _FIRST
    for label, cost, takes in (
        ("No deal: buy on demand, or elsewhere", "no_deal_expected_cost", "nothing"),
        ("Our own number", "best_expected_cost", "that they come to it"),
        ("Best number of the tier below ours", _BELOW, "a smaller signature"),
        ("Signing in some months", "service_wait_cost", "the service's value: see Waiting"),
    ):
        page.put(f"A{row}", label, Role.LABEL)
        shown = f'=IF(live=1,IF(ISNUMBER({cost}),{cost},"none, or not tried"),"")'
        page.put(f"B{row}", shown, Role.RESULT, USD_CENTS)
        more = f'=IF(ISNUMBER(B{row}),B{row}-typed_expected_cost,"")'
        page.put(f"C{row}", more, Role.CALCULATION, USD_CENTS)
        page.put(f"E{row}", takes, Role.NOTE)
        row += 1
    page.put("G5", None, Role.SERVICE, USD_CENTS, name="service_wait_cost")
    page.name("alternative_rows", f"A{_FIRST}:C{row - 1}")
    _approvers(page, row + 2)


def _approvers(page: Page, head: int) -> None:
    page.section(head - 1, "Who has to say yes")
    page.header(head, ("Who, and to what", "Name", "Answer", "Day", "Condition or note"), height=18)
    first, last = head + 1, head + len(_ROLES)
    for i, (who, to_what) in enumerate(_ROLES):
        row = first + i
        page.put(f"A{row}", f"{who}: {to_what}", Role.LABEL)
        for column in "BCE":
            page.put(f"{column}{row}", None, Role.INPUT)
        page.put(f"D{row}", None, Role.INPUT, DAY)
        page.ws.row_dimensions[row].height = 30
    page.name("approver_boxes", f"B{first}:E{last}")
    words = ",".join(_ANSWERS)
    rule = DataValidation(
        "list", formula1=f'"{words}"', allow_blank=True, showErrorMessage=True,
        errorTitle="Not one of the choices", error=f"Type one of: {words}.",
    )  # fmt: skip
    rule.add(f"C{first}:C{last}")
    page.ws.add_data_validation(rule)
    page.close(last)


def fill(book: Book, recommendation: Recommendation) -> None:
    """Write what waiting would cost, where it was tried."""
    waits = [s.expected_cost_usd for s in recommendation.staging if s.policy == "wait"]
    book.set("service_wait_cost", min(waits, default=None))
