"""What was typed into the Inputs sheet of a negotiation workbook: terms, offers, switches.

A cell that still holds what was written gives back the service's own value, to the last digit;
everything else is read strictly, and what the workbook would clamp or ignore is told, not guessed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal
from typing import Any, Final

from openpyxl.workbook import Workbook
from pydantic import ValidationError

from excel_templates.cells import plain_text
from excel_templates.named_cells import NamedCells
from excel_templates.sheets.cleaning_switches import Switches, switches_of
from excel_templates.sheets.inputs import OVERAGE_KINDS
from excel_templates.sheets.savings import Savings, savings_of
from excel_templates.sheets.settled_rows import N_TIERS
from excel_templates.typed_cells import (
    AnyCell,
    Faults,
    amount,
    number,
    share,
    share_below_one,
    switch,
    value_of,
    word,
)
from excel_templates.typed_tiers import is_empty, is_untouched, typed_tiers
from forecast.errors import InputError
from forecast.paths import DecisionSet
from forecast.records.recommendation import Recommendation
from forecast.records.terms import Offer, Terms, Tier
from forecast.units import to_cents

MARK: Final = "in_commitment"
"""The defined name that tells a negotiation workbook."""
_NAMES: Final = (
    MARK, "in_overage", "in_overage_discount", "in_unused_value", "in_outside_discount",
    "in_growth_shock", "in_price_change", "in_realisation", "in_tier_from", "in_tier_discount",
    "in_line_name", "in_line_on", "in_line_slip", "in_entry_on", "entry_name", "digest_rows",
    "about_seed", "service_in_commitment", "offer_label", "in_offer_commitment",
    "in_offer_discount", "service_in_offer_commitment", "service_in_offer_discount",
)  # fmt: skip
_CLAUSES: Final = {
    "overage_discount_share": "in_overage_discount",
    "unused_value_share": "in_unused_value",
    "outside_discount_share": "in_outside_discount",
}
_WHAT_IFS: Final = {
    "in_growth_shock": ("growth shock", 0.0, number(-0.9999, 100, example="0.1 or 10%")),
    "in_price_change": ("list price change", 0.0, number(-0.9999, 100, example="-0.1 or -10%")),
    "in_realisation": ("realised lever savings", 1.0, share),
}
_slip = number(0, 120, example="3", whole=True)


@dataclass(frozen=True)
class SwitchedLine:
    """One line of levers that was switched off, or comes later.

    Attributes
    ----------
    workloads
        Behind the line; several on the line of all other workloads.
    cell
        Where it was typed.
    later_months
        0 for a line that is switched off.
    """

    workloads: tuple[str, ...]
    cell: AnyCell
    on: bool
    later_months: int


@dataclass(frozen=True)
class TypedInputs:
    """Everything that was typed.

    Attributes
    ----------
    offers
        Offers that were typed or changed, by the letter of their row; what an offer does not say
        is as in `terms`.
    lines, entries
        What differs from the service alone; entries by their id.
    notes
        What was typed and is in no file, in words.
    """

    terms: Terms
    commitment_usd: Decimal
    offers: Mapping[str, Offer]
    lines: tuple[SwitchedLine, ...]
    entries: tuple[tuple[str, bool], ...]
    notes: tuple[str, ...]


def is_negotiation(book: Workbook) -> bool:
    """Tell a negotiation workbook by its defined names."""
    return MARK in book.defined_names and "in_tier_from" in book.defined_names


def typed_inputs(
    book: Workbook, recommendation: Recommendation, decisions: DecisionSet, *, file: str
) -> TypedInputs:
    """Read what was typed into a negotiation workbook.

    Parameters
    ----------
    recommendation, decisions
        What the workbook was written from.
    file
        What to call it in a message.

    Raises
    ------
    InputError
        Missing names, another recommendation's workbook, or cells that cannot be used: every one
        by sheet!cell.
    """
    cells = NamedCells(book, _NAMES, file=file)
    _check_belongs(cells, recommendation, file)
    faults = Faults(file)
    terms = _terms(cells, recommendation.terms, faults)
    commitment = _commitment(cells, recommendation.commitment.recommended_usd, faults)
    switches = switches_of(recommendation, decisions, recommendation.terms.period_months)
    savings = savings_of(decisions, recommendation.terms.period_months, switches.workloads)
    lines = tuple(_lines(cells, savings, faults))
    entries = tuple(_entries(cells, switches, faults))
    offers = dict(_offers(cells, terms, faults))
    notes = (*_what_ifs(cells, faults), *_unused_clauses(cells, terms))
    faults.check()
    assert terms is not None
    assert commitment is not None
    return TypedInputs(terms, commitment, offers, lines, entries, notes)


def _check_belongs(cells: NamedCells, recommendation: Recommendation, file: str) -> None:
    made = recommendation.provenance
    expected = [(plain_text(item.name), item.sha256) for item in made.inputs]
    rows = cells.rows("digest_rows")
    found = [(str(row[0].value), str(row[1].value)) for row in rows if len(row) > 1]
    same_run = cells.one("about_seed").value == made.seed
    number_of_ours = cells.one("service_in_commitment").value
    ours = float(recommendation.commitment.recommended_usd)
    if (expected and found != expected) or not same_run or not is_untouched(number_of_ours, ours):
        raise InputError(
            "was not written from this recommendation (its digests, seed or commitment differ); "
            "give the recommendation.json it came with",
            file=file,
        )


def _commitment(cells: NamedCells, ours: Decimal, faults: Faults) -> Decimal | None:
    cell = cells.one(MARK)
    if is_untouched(cell.value, ours):
        return ours
    typed = faults.read(cell, amount)
    return None if typed is None else to_cents(typed)


def _terms(cells: NamedCells, ours: Terms, faults: Faults) -> Terms | None:
    n_before = len(faults.found)
    typed: dict[str, Any] = {}
    overage = faults.read(cells.one("in_overage"), word(OVERAGE_KINDS))
    typed["overage"] = overage
    for field, name in _CLAUSES.items():
        cell = cells.one(name)
        before = getattr(ours, field)
        typed[field] = (
            before if is_untouched(cell.value, before) else faults.read(cell, share_below_one)
        )
    if overage != "discounted":
        typed["overage_discount_share"] = 0.0
    typed["tiers"] = _tiers(cells, ours.tiers, faults)
    if len(faults.found) > n_before:
        return None
    try:
        return Terms.model_validate({**dict(ours), **typed})
    except ValidationError as error:
        for detail in error.errors(include_url=False):
            faults.add(_blamed(cells, detail), detail["msg"].removeprefix("Value error, "))
        return None


def _blamed(cells: NamedCells, detail: Any) -> AnyCell:
    """Find the cell that a rule between clauses is about."""
    said = " ".join([*map(str, detail["loc"]), detail["msg"]])
    names = {**_CLAUSES, "tiers": "in_tier_from", "overage": "in_overage"}
    found = next((name for field, name in names.items() if field in said), "in_overage")
    return cells.one(found)


def _tiers(cells: NamedCells, ours: Sequence[Tier], faults: Faults) -> tuple[Tier, ...]:
    """Read the rows of tiers; tiers that had no row stay as they are."""
    pairs = zip(cells.column("in_tier_from"), cells.column("in_tier_discount"), strict=True)
    found = typed_tiers(pairs, faults, ours=ours)
    if not found and not faults.found:
        faults.add(cells.one("in_tier_from"), "holds no tier; the first is what on-demand pays")
    return (*found, *ours[N_TIERS:])


def _offers(cells: NamedCells, terms: Terms | None, faults: Faults) -> Iterator[tuple[str, Offer]]:
    """Read the rows of offers that are not as they were given."""
    columns = ("offer_label", "in_offer_commitment", "in_offer_discount",
               "service_in_offer_commitment", "service_in_offer_discount")  # fmt: skip
    rows = zip(*(cells.column(name) for name in columns), strict=True)
    for letter, (label, amount_cell, discount_cell, *given) in zip("abcd", rows, strict=False):
        typed = (amount_cell.value, discount_cell.value)
        as_given = tuple(cell.value for cell in given)
        if typed == as_given or (is_empty(amount_cell) and is_empty(discount_cell)):
            continue
        commitment = faults.read(amount_cell, amount)
        discount = faults.read(discount_cell, share_below_one)
        if commitment is None or discount is None or terms is None:
            continue
        yield letter, _offer(str(label.value or letter), to_cents(commitment), discount, terms)


def _offer(name: str, commitment_usd: Decimal, discount: float, terms: Terms) -> Offer:
    """Give an offer that earns its discount from its own commitment on."""
    yearly = (
        commitment_usd if terms.tier_basis == "term" else commitment_usd * 12 / terms.term_months
    )
    threshold = yearly.quantize(Decimal("0.01"), rounding=ROUND_FLOOR)
    tiers = [terms.tiers[0]]
    if threshold:
        tiers.append(Tier(from_commitment_usd=threshold, discount_share=discount))
    offered = terms.model_copy(update={"name": name[:120], "tiers": tuple(tiers)})
    return Offer(terms=offered, commitment_usd=commitment_usd)


def _lines(cells: NamedCells, savings: Savings, faults: Faults) -> Iterator[SwitchedLine]:
    names, on, later = (cells.column(f"in_line_{key}") for key in ("name", "on", "slip"))
    if not savings.names:
        return
    for i, (name, members) in enumerate(zip(savings.names, savings.members, strict=True)):
        if i >= len(names) or str(names[i].value) != plain_text(name):
            at = names[min(i, len(names) - 1)]
            faults.add(at, f"should be the workload {plain_text(name)[:60]!r}; rows were moved")
            return
        adopted = faults.read(on[i], switch)
        months = 0.0 if later[i].value is None else faults.read(later[i], _slip)
        if adopted is None or months is None:
            continue
        if months and len(members) > 1:
            faults.add(later[i], "is for one workload; this line is many, and can only be switched")
        elif adopted == 0:
            yield SwitchedLine(members, on[i], on=False, later_months=0)
        elif months:
            yield SwitchedLine(members, later[i], on=True, later_months=int(months))


def _entries(cells: NamedCells, switches: Switches, faults: Faults) -> Iterator[tuple[str, bool]]:
    names, on = cells.column("entry_name"), cells.column("in_entry_on")
    for i, entry in enumerate(switches.entries):
        if i >= len(on) or i >= len(names) or str(names[i].value) != plain_text(entry.id):
            at = names[min(i, len(names) - 1)]
            faults.add(at, f"should be the entry {entry.id!r}; rows were moved")
            return
        typed = faults.read(on[i], switch)
        if typed is not None and bool(typed) != (entry.state == "on"):
            yield entry.id, bool(typed)


def _what_ifs(cells: NamedCells, faults: Faults) -> Iterator[str]:
    for name, (label, neutral, reader) in _WHAT_IFS.items():
        typed = faults.read(cells.one(name), reader)
        if typed is not None and typed != neutral:
            yield f"{label} {typed:g} is a question of the meeting, and in none of the files"


def _unused_clauses(cells: NamedCells, terms: Terms | None) -> Iterator[str]:
    if terms is None or terms.overage == "discounted":
        return
    typed = value_of(cells.one("in_overage_discount"))
    if typed:
        yield f"overage discount {typed:g} is not used: overage is {terms.overage!r}"
