"""Inputs: the only cells to type in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from openpyxl.workbook import Workbook
from openpyxl.worksheet.datavalidation import DataValidation

from excel_templates.book import KEEP, Book
from excel_templates.cells import cell_at, copy_look
from excel_templates.layout import Column, Page
from excel_templates.sheets.cleaning_switches import N_ENTRIES, design_inputs
from excel_templates.sheets.savings import Savings
from excel_templates.sheets.settled_offers import N_OFFERS
from excel_templates.sheets.settled_rows import N_TIERS
from excel_templates.styles import CHANGED, COUNT, ONE_LINE, SHARE, USD, USD_CENTS, Role
from forecast.records.recommendation import Recommendation

TITLE: Final = "Inputs"
_FIRST: Final = 6
_OFFERS_HEAD: Final = _FIRST + 1
_TIERS_HEAD: Final = _OFFERS_HEAD + N_OFFERS + 1
_CLAUSES_HEAD: Final = _TIERS_HEAD + N_TIERS + 1
OVERAGE_KINDS: Final = ("list", "committed_rate", "discounted")


@dataclass(frozen=True)
class Typed:
    """One input that stands alone.

    Attributes
    ----------
    key
        Its defined names are in_{key} and service_in_{key}.
    least, most
        Bounds of what may be typed; None for a word out of `OVERAGE_KINDS`.
    """

    key: str
    label: str
    unit: str
    number_format: str
    meaning: str
    least: float | None = None
    most: float | None = None


COMMITMENT: Final = Typed(
    "commitment", "Commitment", "USD over the term", USD_CENTS,
    "the number on the table; the best one is worked out without it", 0, 1e13,
)  # fmt: skip

CLAUSES: Final = (
    Typed("overage", "Overage", "word", "General", "price of usage beyond the commitment"),
    Typed("overage_discount", "Overage discount", "share off list", SHARE,
          "with 'discounted'; the tier's own discount caps it", 0, 0.9999),
    Typed("unused_value", "Value of unused at the end", "share of a dollar", SHARE,
          "a credit at renewal; 0 when it is lost", 0, 0.9999),
    Typed("outside_discount", "Outside discount", "share off list", SHARE,
          "what the same tokens cost elsewhere: the price of no deal", 0, 0.9999),
    Typed("growth_shock", "Growth shock", "share of demand", SHARE,
          "0.1 or 10 %: all demand a tenth higher", -0.9999, 100),
    Typed("price_change", "List price change", "share of price", SHARE,
          "-0.1 or -10 %: all prices a tenth lower, whatever protection says", -0.9999, 100),
    Typed("realisation", "Realised lever savings", "share of saving", SHARE,
          "1: every lever saves what was forecast", 0, 1),
)  # fmt: skip

SCALARS: Final = (COMMITMENT, *CLAUSES)
_ENTRIES_HEAD: Final = _CLAUSES_HEAD + len(CLAUSES) + 1
_LINES_HEAD: Final = _ENTRIES_HEAD + N_ENTRIES + 1


def design(workbook: Workbook) -> None:
    """Lay out the sheet."""
    page = Page(
        workbook,
        TITLE,
        "Inputs",
        "Type in the yellow cells only. Everything else follows; the service's own value stays "
        "beside each.",
        widths=(34, 18, 18, 18, 18, 11, 52, 10),
        printed_columns=7,
        freeze="B6",
    )
    page.live_banner("A4")
    page.header(
        5, ("Input", ">Value", "Unit", ">Service's value", "", ">Changed", "Meaning"), height=18
    )
    page.put("H5", "Changed so far", Role.NOTE)
    _scalar(page, _FIRST, COMMITMENT)
    _offers(page)
    _tiers(page)
    page.header(
        _CLAUSES_HEAD,
        ("Clauses and shocks", ">Value", "Unit", ">Service's value", "", ">Changed", "Meaning"),
        height=18,
    )
    for i, typed in enumerate(CLAUSES):
        _scalar(page, _CLAUSES_HEAD + 1 + i, typed)
    end = design_inputs(page, _ENTRIES_HEAD)
    _validate(page, f"B{_ENTRIES_HEAD + 1}:B{end}", _choice('"1,0"', "Type 1 (on) or 0 (off)."))
    _lines(page)
    last = _LINES_HEAD + 1
    for row in range(_FIRST, last + 1):
        before = f"H{row - 1}+" if row > _FIRST else ""
        page.put(f"H{row}", f"={before}SUM(F{row})", Role.NOTE)
    for name, column in (
        ("input_label", "A"),
        ("input_typed", "B"),
        ("input_typed_more", "C"),
        ("input_service", "D"),
        ("input_service_more", "E"),
        ("input_changed", "F"),
        ("input_running", "H"),
    ):
        page.name(name, f"{column}{_FIRST}:{column}{last}")
    page.close(last)


def _scalar(page: Page, row: int, typed: Typed) -> None:
    page.put(f"A{row}", typed.label, Role.LABEL)
    empty = OVERAGE_KINDS[0] if typed.least is None else 0
    page.put(f"B{row}", empty, Role.INPUT, typed.number_format, name=f"in_{typed.key}")
    page.put(f"C{row}", typed.unit, Role.NOTE)
    page.put(f"D{row}", None, Role.SERVICE, typed.number_format, name=f"service_in_{typed.key}")
    page.put(f"F{row}", f"=IF(B{row}=D{row},0,1)", number_format=CHANGED)
    page.put(f"G{row}", typed.meaning, Role.NOTE).alignment = ONE_LINE
    if typed.least is None:
        words = ",".join(OVERAGE_KINDS)
        _validate(page, f"B{row}", _choice(f'"{words}"', f"Type one of: {words}."))
    else:
        assert typed.most is not None
        _validate(page, f"B{row}", _between(typed.least, typed.most))


def _offers(page: Page) -> None:
    page.header(
        _OFFERS_HEAD,
        ("Offers on the table", ">Commitment, USD", ">Discount off list", ">As given: USD",
         ">As given: discount", ">Changed", "Meaning"),
    )  # fmt: skip
    first, last = _OFFERS_HEAD + 1, _OFFERS_HEAD + N_OFFERS
    meanings = (
        "the commitment over the term, and the discount it comes with",
        "every other clause is the one typed on this sheet; read the sheet Offers",
        "leave a row empty for no offer",
    )
    for i in range(N_OFFERS):
        row = first + i
        page.put(f"A{row}", f"Offer {'ABCD'[i]}", Role.LABEL)
        page.put(f"B{row}", None, Role.INPUT, USD_CENTS)
        page.put(f"C{row}", None, Role.INPUT, SHARE)
        page.put(f"D{row}", None, Role.SERVICE, USD_CENTS)
        page.put(f"E{row}", None, Role.SERVICE, SHARE)
        page.put(f"F{row}", f"=IF(AND(B{row}=D{row},C{row}=E{row}),0,1)", number_format=CHANGED)
        note = page.put(f"G{row}", meanings[i] if i < len(meanings) else None, Role.NOTE)
        note.alignment = ONE_LINE
    _validate(page, f"B{first}:B{last}", _between(0, 1e13))
    _validate(page, f"C{first}:C{last}", _between(0, 0.9999))
    for name, column in (
        ("offer_label", "A"),
        ("in_offer_commitment", "B"),
        ("in_offer_discount", "C"),
        ("service_in_offer_commitment", "D"),
        ("service_in_offer_discount", "E"),
        ("offer_changed", "F"),
    ):
        page.name(name, f"{column}{first}:{column}{last}")


def _tiers(page: Page) -> None:
    page.header(
        _TIERS_HEAD,
        ("Tiers", ">From commitment, USD", ">Discount off list", ">Service: from",
         ">Service: discount", ">Changed", "Meaning"),
    )  # fmt: skip
    first, last = _TIERS_HEAD + 1, _TIERS_HEAD + N_TIERS
    for i in range(N_TIERS):
        row = first + i
        page.put(f"A{row}", f"Tier {i + 1}", Role.LABEL)
        page.put(f"B{row}", None, Role.INPUT, USD)
        page.put(f"C{row}", None, Role.INPUT, SHARE)
        page.put(f"D{row}", None, Role.SERVICE, USD)
        page.put(f"E{row}", None, Role.SERVICE, SHARE)
        page.put(f"F{row}", f"=IF(AND(B{row}=D{row},C{row}=E{row}),0,1)", number_format=CHANGED)
    meanings = (
        "the first tier is what on-demand pays: from 0",
        '=IF(tier_basis="annual","thresholds compare with the commitment of twelve months",'
        '"thresholds compare with the commitment of the whole term")',
        "leave a row empty for no tier; thresholds must rise",
    )
    page.ws[f"B{first}"] = page.ws[f"C{first}"] = 0  # an empty template calculates as well
    for i, meaning in enumerate(meanings):
        page.put(f"G{first + i}", meaning, Role.NOTE).alignment = ONE_LINE
    _validate(page, f"B{first}:B{last}", _between(0, 1e13))
    _validate(page, f"C{first}:C{last}", _between(0, 0.9999))
    for name, column in (
        ("in_tier_from", "B"),
        ("in_tier_discount", "C"),
        ("service_in_tier_from", "D"),
        ("service_in_tier_discount", "E"),
    ):
        page.name(name, f"{column}{first}:{column}{last}")


def _lines(page: Page) -> None:
    row = _LINES_HEAD + 1
    page.table(
        "in_lines",
        _LINES_HEAD,
        [
            Column("Levers of a workload", Role.LABEL, name="in_line_name"),
            Column("Adopted (1 or 0)", Role.INPUT, "0", name="in_line_on"),
            Column("Later by, months", Role.INPUT, "0", name="in_line_slip"),
            Column("Service: adopted", Role.SERVICE, "0"),
            Column("Service: later by", Role.SERVICE, "0"),
            Column(
                "Changed", Role.CALCULATION, CHANGED, f"=IF(AND(B{row}=D{row},C{row}=E{row}),0,1)"
            ),
            Column("Mean list saving over the term, USD, when all is kept", Role.SERVICE, USD),
            Column("", Role.NOTE, COUNT),
        ],
    )
    _validate(page, f"B{row}", _choice('"1,0"', "Type 1 (adopted) or 0 (not adopted)."))
    _validate(page, f"C{row}", _between(0, 120, whole=True))


def _between(least: float, most: float, *, whole: bool = False) -> DataValidation:
    return DataValidation(
        type="whole" if whole else "decimal",
        operator="between",
        formula1=f"{least:g}",
        formula2=f"{most:g}",
        allow_blank=True,
        showErrorMessage=True,
        errorTitle="Out of range",
        error=f"Type a {'whole ' if whole else ''}number from {least:g} to {most:g}.",
    )


def _choice(words: str, message: str) -> DataValidation:
    return DataValidation(
        type="list",
        formula1=words,
        allow_blank=False,
        showErrorMessage=True,
        errorTitle="Not one of the choices",
        error=message,
    )


def _validate(page: Page, area: str, rule: DataValidation) -> None:
    rule.add(area)
    page.ws.add_data_validation(rule)


def fill(book: Book, recommendation: Recommendation, savings: Savings) -> None:
    """Write every input as it was generated, twice: to type over, and to compare with."""
    terms = recommendation.terms
    values: dict[str, object] = {
        "commitment": recommendation.commitment.recommended_usd,
        "overage": terms.overage,
        "overage_discount": terms.overage_discount_share,
        "unused_value": terms.unused_value_share,
        "outside_discount": terms.outside_discount_share,
        "growth_shock": 0,
        "price_change": 0,
        "realisation": 1,
    }
    for key, value in values.items():
        book.set(f"in_{key}", value)
        book.set(f"service_in_{key}", value)
    tiers = terms.tiers[:N_TIERS]
    for side in ("in", "service_in"):
        book.column(f"{side}_tier_from", [t.from_commitment_usd for t in tiers])
        book.column(f"{side}_tier_discount", [t.discount_share for t in tiers])
    offers = recommendation.offers[:N_OFFERS]
    for side in ("in", "service_in"):
        book.column(f"{side}_offer_commitment", [o.commitment_usd for o in offers])
        book.column(f"{side}_offer_discount", [o.discount_share for o in offers])
    spare = [f"Offer {letter}" for letter in "ABCD"[len(offers) :]]
    book.column("offer_label", [*(offer.name for offer in offers), *spare], fit=True)
    mean = savings.saving_usd.sum(axis=1).mean(axis=0)
    book.rows(
        "in_lines",
        [[name, 1, 0, 1, 0, KEEP, float(mean[i]), KEEP] for i, name in enumerate(savings.names)]
        or [["no lever saves anything", None, None, None, None, KEEP, None, KEEP]],
    )
    _lock_what_cannot_slip(book, savings)


def _lock_what_cannot_slip(book: Book, savings: Savings) -> None:
    """The rest of the workloads is one line: it can be switched, not moved in time."""
    at = book.area("in_lines")
    locked = cell_at(at.ws, at.min_row, at.min_col + 3)
    for i, slips in enumerate(savings.slips):
        if not slips:
            copy_look(locked, cell_at(at.ws, at.min_row + i, at.min_col + 2))
    if not savings.names:
        for offset in (1, 2):
            copy_look(locked, cell_at(at.ws, at.min_row, at.min_col + offset))
