"""Talk track: what to say with the numbers of the moment, what to ask, what the others want."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from openpyxl.workbook import Workbook

from excel_templates.layout import Page
from excel_templates.styles import Role

TITLE: Final = "Talk track"
_FIRST: Final = 7


def _dollars(value: str) -> str:
    return f'"$"&FIXED({value},0)'


def _percent(value: str) -> str:
    return f'FIXED(100*{value},0)&" %"'


_SAY: Final = (
    (
        "Open",
        f'"We sized this on "&n_scenarios&" futures of our own usage, with the efficiency work '
        f'that its owners have accepted. We can sign for "&{_dollars("decision_sign_for")}&"."',
    ),
    (
        "When they name a number",
        f'"Your "&{_dollars("typed_commitment")}&" is percentile "&FIXED(100*typed_percentile,0)&" '
        f'of our consumption: in "&{_percent("typed_shortfall_probability")}&" of our futures we '
        'would pay for tokens that we do not use."',
    ),
    (
        "What it would cost us",
        'IF(typed_expected_cost-best_expected_cost<=0.005,"At this number we lose nothing against '
        'our own; the rest of the terms decide.","That costs us "&'
        f"{_dollars('typed_expected_cost-best_expected_cost')}"
        '&" more on average than our number: something worth as much has to come back (see '
        'Concessions).")',
    ),
    (
        "When they offer a tier",
        f'"We do not buy the discount, we buy the cost: "&{_percent("decision_tier_discount")}&" '
        f'off at our number costs "&{_dollars("decision_expect_to_pay")}&" on average, all in."',
    ),
    (
        "Our alternative",
        f'"Without a deal we pay "&{_dollars("no_deal_expected_cost")}&" on average. A deal has to '
        f'beat that; ours saves "&{_dollars("decision_saving")}&"."',
    ),
    (
        "Why not the bill of today",
        f'"Carried on as it is, our bill would ask for "&{_dollars("decision_as_is_commitment")}&'
        f'". The work behind the difference is under way."',
    ),
    (
        "When they press on the risk",
        f'"At "&{_dollars("typed_commitment")}&" one future in twenty leaves more than "&'
        f'{_dollars("typed_decision_worst_case_unused")}&" unused. Share that: rollover, a credit, '
        'or a smaller number."',
    ),
)
"""What is said, and its formula; the numbers are those of the moment."""

_QUESTIONS: Final = (
    "Which discount comes with which commitment, and from which amount of twelve months?",
    "What is drawn down: dollars paid, or list dollars? Which models, platforms and tiers count?",
    "Does batch, cached and priority usage draw down at what we pay for it?",
    "What does usage beyond the commitment cost, and who tells us that we are near it?",
    "What happens to what is unused: at the end of a period, at the end, at renewal?",
    "May the commitment fall if a price falls, a model is retired, or usage moves to a newer one?",
    "Are prices locked, and do cuts reach us on the day they are published?",
    "What do seats, support and other fees cost, and do they count towards the commitment?",
    "What renews by itself, when does notice end, and may the price rise then?",
    "Who else must agree on your side, and until when does this offer stand?",
)

_INTERESTS: Final = (
    (
        "Committed revenue, booked early",
        "an earlier signature, a longer term with a break, payment ahead",
    ),
    ("Growth they can show", "a ramp: less now, more in later periods (see Ramp schedule)"),
    ("Usage of new models", "a pilot with dates, moved by our migration plan"),
    ("No precedent of price", "value in other clauses: rollover, credit, price protection"),
    ("Predictable capacity", "a monthly forecast, work moved to batch hours"),
    ("A name they may use", "a reference or a case, after measured results"),
    ("A quarter's end", "our date: an approved number that can be signed the same week"),
)
"""What vendors usually want, and what costs us little; to be crossed out where it is not so."""


def design(workbook: Workbook) -> None:
    """Lay out the sheet; it holds nothing to fill."""
    page = Page(
        workbook,
        TITLE,
        "What to say, what to ask",
        "Internal: never hand this sheet to the vendor. The numbers follow the inputs; type the "
        "vendor's number as the commitment.",
        widths=(34, 112),
    )
    page.live_banner("A4")
    page.section(_FIRST - 2, "What to say, with the numbers of now")
    page.header(_FIRST - 1, ("When", "Say"), height=18)
    row = _FIRST
    for when, formula in _SAY:
        page.put(f"A{row}", when, Role.LABEL)
        page.put(f"B{row}", f'=IF(live=1,{formula},"")', Role.PARAGRAPH)
        page.ws.row_dimensions[row].height = 30
        row += 1
    page.name("talk_rows", f"A{_FIRST}:B{row - 1}")
    row = _texts(page, row + 1, "What to ask, and to have in writing", ("", "Question"),
                 [(str(i), text) for i, text in enumerate(_QUESTIONS, start=1)])  # fmt: skip
    row = _texts(page, row + 1, "What the other side may want, and what costs us little",
                 ("They want", "We can offer"), _INTERESTS)  # fmt: skip
    page.close(row - 1)


def _texts(
    page: Page, row: int, title: str, labels: tuple[str, str], rows: Iterable[tuple[str, str]]
) -> int:
    """Write a table of fixed texts; give the row below it."""
    page.section(row, title)
    page.header(row + 1, labels, height=18)
    at = row + 2
    for first, second in rows:
        page.put(f"A{at}", first, Role.LABEL)
        page.put(f"B{at}", second, Role.LABEL)
        at += 1
    return at
