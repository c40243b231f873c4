"""The intake workbook, out and back in: inventory, contract and offers."""

from __future__ import annotations

import contextlib
import io
import zipfile
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import opened
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook
from openpyxl.workbook import Workbook
from test_typed_inputs import amounts, live_terms

from excel_templates.contract_rows import ROWS
from excel_templates.intake import N_OFFERS, intake_workbook
from excel_templates.question_columns import COLUMNS
from excel_templates.questionnaire import FIRST_ROW, SHEET
from excel_templates.typed_cells import MAX_PARTS, open_typed
from excel_templates.typed_intake import TypedIntake, is_intake, typed_intake
from forecast.errors import InputError
from forecast.records.terms import Fee, Offer, Terms, Tier
from forecast.records.workloads import Portfolio, Workload

PORTFOLIO = Portfolio(workloads=(Workload(name="nightly"), Workload(name="=HYPERLINK(1)")))
TERMS = Terms(
    name="Contract",
    term_start=date(2027, 1, 1),
    term_months=12,
    tiers=(
        Tier(from_commitment_usd=Decimal(0), discount_share=0.0),
        Tier(from_commitment_usd=Decimal(250_000), discount_share=0.1),
    ),
)


def written(terms: Terms = TERMS) -> Workbook:
    return load_workbook(io.BytesIO(intake_workbook(PORTFOLIO, terms)))


def put(book: Workbook, name: str, value: object, *, column: int = 0, row: int = 1) -> str:
    """Type into a cell of a name, 0 the contract, 1 to 4 the offers; give sheet!cell."""
    cell = opened.cells(book, name)[row - 1][column]
    cell.value = value
    return f"{cell.parent.title}!{cell.coordinate}"


def imported(book: Workbook, portfolio: Portfolio | None = PORTFOLIO) -> TypedIntake:
    saved = io.BytesIO()
    book.save(saved)
    return typed_intake(load_workbook(saved), portfolio, file="intake.xlsx")


def put_offer(book: Workbook, column: int, offer: Offer) -> None:
    """Type a whole offer into a column."""
    for clause in ROWS:
        value = getattr(offer.terms, clause.field)
        if isinstance(value, bool):
            value = "yes" if value else "no"
        put(book, clause.name, value, column=column)
        if isinstance(value, str):
            opened.cells(book, clause.name)[0][column].data_type = "s"
    put(book, "intake_commitment_usd", float(offer.total_usd), column=column)
    for row, tier in enumerate(offer.terms.tiers, start=1):
        put(book, "intake_tier_from", float(tier.from_commitment_usd), column=column, row=row)
        put(book, "intake_tier_discount", tier.discount_share, column=column, row=row)


shares = st.integers(0, 99_999).map(lambda n: n / 100_000)
"""As people type them: openpyxl keeps sixteen digits of a number, not seventeen."""


@st.composite
def offers(draw: Callable[..., Any]) -> Offer:
    return Offer(terms=draw(live_terms(shares)), commitment_usd=draw(amounts))


@settings(max_examples=15, deadline=None, phases=[Phase.generate])
@given(live_terms(shares), st.lists(offers(), max_size=N_OFFERS), shares)
def test_what_is_filled_in_comes_back(terms: Terms, proposed: list[Offer], rolled: float) -> None:
    terms = terms.model_copy(update={"rollover_share": rolled, "rollover_periods": 3})
    book = written(terms)
    for column, offer in enumerate(proposed, start=1):
        put_offer(book, column, offer)
    assert imported(book) == TypedIntake(terms, tuple(proposed), PORTFOLIO)


def test_the_same_arguments_give_the_same_bytes() -> None:
    assert intake_workbook(PORTFOLIO, TERMS) == intake_workbook(PORTFOLIO, TERMS)


def test_it_is_known_by_its_names() -> None:
    assert is_intake(written())
    assert not is_intake(Workbook())


def test_empty_cells_of_an_offer_are_as_in_the_contract() -> None:
    book = written()
    put(book, "intake_name", "Offer A", column=1)
    put(book, "intake_commitment_usd", 600_000, column=1)
    put(book, "intake_overage", "committed_rate", column=1)
    (offer,) = imported(book).offers
    assert offer.commitment_usd == 600_000
    assert offer.terms == TERMS.model_copy(update={"name": "Offer A", "overage": "committed_rate"})


def test_an_offer_of_another_price_of_overage_drops_the_contracts_discount() -> None:
    contract = TERMS.model_copy(update={"overage": "discounted", "overage_discount_share": 0.05})
    book = written(contract)
    put(book, "intake_commitment_usd", 600_000, column=2)
    put(book, "intake_overage", "list", column=2)
    (offer,) = imported(book).offers
    assert (offer.terms.overage, offer.terms.overage_discount_share) == ("list", 0.0)


def test_seats_and_other_fees_become_clauses() -> None:
    book = written()
    for name, value in (
        ("intake_seats_units", 40),
        ("intake_seats_usd", 30.5),
        ("intake_seats_counts", "yes"),
        ("intake_support_share", 0.03),
        ("intake_other_fees_usd", 500),
        ("intake_other_fees_always", "yes"),
    ):
        put(book, name, value)
    put(book, "intake_commitment_usd", 600_000, column=1)
    put(book, "intake_commitment_usd", 600_000, column=2)
    put(book, "intake_seats_units", 60, column=2)
    put(book, "intake_support_share", 0, column=2)
    typed = imported(book)
    support = Fee(name="Support", usage_share=0.03)
    other = Fee(name="Other fees", usd_per_month=Decimal(500), without_commitment=True)
    seats = Fee(name="Seats", usd_per_month=Decimal(1220), counts=True)
    assert typed.terms.fees == (seats, support, other)
    same, changed = typed.offers
    assert same.terms.fees == typed.terms.fees
    more = seats.model_copy(update={"usd_per_month": Decimal(1830)})
    assert changed.terms.fees == (more, other)


def test_fees_of_a_contract_are_filled_in_and_come_back() -> None:
    fees = (
        Fee(name="Seats", usd_per_month=Decimal("1200.50"), counts=True),
        Fee(name="Support", usd_per_month=Decimal(10), usage_share=0.04),
    )
    terms = TERMS.model_copy(update={"fees": fees})
    assert imported(written(terms)).terms == terms


@pytest.mark.parametrize(
    ("name", "typed", "said"),
    [
        ("intake_seats_units", 2.5, "type a whole number"),
        ("intake_seats_usd", "30 USD", "no number"),
        ("intake_support_share", 3, "type a number from 0 to 1"),
        ("intake_other_fees_counts", "perhaps", "write yes or no"),
    ],
)
def test_a_fee_that_cannot_be_read_names_its_cell(name: str, typed: object, said: str) -> None:
    book = written()
    where = put(book, name, typed)
    with pytest.raises(InputError, match=said) as raised:
        imported(book)
    assert raised.value.column == where


def test_answers_of_owners_come_back() -> None:
    book = written()
    fields = [column.field for column in COLUMNS]
    for field, value in (
        ("latency.needed_at_once", "no"),
        ("latency.answered_by", "Ana"),
        ("latency.answered_on", date(2026, 11, 22)),
        ("owner", "Bo"),
    ):
        book[SHEET].cell(FIRST_ROW, fields.index(field) + 1).value = value
    found = imported(book).portfolio
    assert found is not None
    nightly, other = found.workloads
    assert (nightly.owner, nightly.latency.needed_at_once) == ("Bo", False)
    assert other == PORTFOLIO.workloads[1]


def test_without_an_inventory_the_questions_are_left_unread() -> None:
    book = written()
    book[SHEET].cell(FIRST_ROW, 1).value = "nobody knows it"
    assert imported(book, None).portfolio is None
    with pytest.raises(InputError, match="is no workload of the inventory"):
        imported(book)


@pytest.mark.parametrize(
    ("name", "column", "typed", "said"),
    [
        ("intake_term_start", 0, "01/02/2027", "no day; write 2026-11-22"),
        ("intake_term_start", 0, date(2027, 1, 15), "write the first day of the month"),
        ("intake_term_months", 0, 12.5, "type a whole number"),
        ("intake_term_months", 0, "twelve", "is the text 'twelve'"),
        ("intake_settlement", 0, "yearly", "type one of monthly, quarterly, annual, term"),
        ("intake_settlement", 0, None, "is empty"),
        ("intake_term_months", 0, 7, "does not divide a term of 7 months"),
        ("intake_overage_discount_share", 0, 0.05, "contradicts overage"),
        ("intake_rollover_share", 0, "50 %", "no number"),
        ("intake_usage_is_portable", 0, "maybe", "write yes or no"),
        ("intake_name", 0, "x" * 121, "needs 1 to 120 characters"),
        ("intake_commitment_usd", 3, "1,5", "is the text '1,5', no number"),
        ("intake_commitment_usd", 3, "=A1", "holds a formula"),
        ("intake_tier_from", 0, 10, "the first tier is what on-demand pays"),
    ],
)
def test_every_fault_names_its_cell(name: str, column: int, typed: object, said: str) -> None:
    book = written()
    where = put(book, name, typed, column=column)
    with pytest.raises(InputError) as raised:
        imported(book)
    assert said in str(raised.value)
    settlement_names_the_rule = "Contract!B9" if "does not divide" in said else where
    assert raised.value.column == settlement_names_the_rule


def test_an_offer_without_a_commitment_is_told() -> None:
    book = written()
    put(book, "intake_name", "Offer B", column=2)
    with pytest.raises(InputError, match="type its commitment") as raised:
        imported(book)
    assert raised.value.column == "Contract!D21"


def test_faults_of_both_sheets_are_told_at_once() -> None:
    book = written()
    where = put(book, "intake_overage", "free")
    book[SHEET].cell(FIRST_ROW, 4).value = "perhaps"
    with pytest.raises(InputError) as raised:
        imported(book)
    assert where in str(raised.value)
    assert f"{SHEET}!D{FIRST_ROW}" in str(raised.value)


def hostile(tmp_path: Path, parts: dict[str, bytes]) -> Path:
    path = tmp_path / "hostile.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in parts.items():
            file.writestr(name, content)
    return path


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({"xl/workbook.xml": b"0" * 200_000_001}, "unpacks to more than"),
        ({f"{i}.xml": b"" for i in range(MAX_PARTS + 1)}, "unpacks to more than"),
        (
            {"xl/workbook.xml": b"<?xml version='1.0'?><!--" + b"x" * 9000
             + b"--><!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"},
            "declares a document type",
        ),
        ({"hello.txt": b"world"}, "cannot be read as an .xlsx workbook"),
        ({"[Content_Types].xml": b"<a", "xl/workbook.xml": b"<b"}, "cannot be read"),
    ],
)  # fmt: skip
def test_a_hostile_file_is_refused(tmp_path: Path, parts: dict[str, bytes], said: str) -> None:
    with pytest.raises(InputError, match=said):
        open_typed(hostile(tmp_path, parts), start="commitment init")


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_damaged_file_is_refused_or_read(tmp_path_factory, data: st.DataObject) -> None:
    """Bytes changed anywhere in a real file end in an InputError, or in what the cells say."""
    content = bytearray(intake_workbook(PORTFOLIO, TERMS))
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.mktemp("damaged") / "intake.xlsx"
    path.write_bytes(content)
    with contextlib.suppress(InputError):
        book = open_typed(path, start="commitment init")
        if is_intake(book):
            typed_intake(book, PORTFOLIO, file=path.name)


@pytest.mark.libreoffice
@pytest.mark.slow
def test_saved_by_another_program_it_reads_the_same(
    tmp_path: Path, convert: Callable[[Path, str], Path]
) -> None:
    book = written()
    put(book, "intake_commitment_usd", 600_000, column=1)
    path = tmp_path / "typed.xlsx"
    book.save(path)
    again = load_workbook(convert(path, "xlsx"))
    assert typed_intake(again, PORTFOLIO, file="intake.xlsx") == imported(book)
