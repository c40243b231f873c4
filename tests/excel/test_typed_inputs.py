"""What is typed into the Inputs sheet comes back as terms, an offer and an inventory."""

from __future__ import annotations

import functools
import io
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import opened
import pytest
import workbook_example as example
from drawn_settings import CONTRACTS, Subject, draw
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook
from openpyxl.workbook import Workbook

from excel_templates.fill import build_workbook
from excel_templates.switched_inventory import switched_portfolio
from excel_templates.typed_inputs import TypedInputs, is_negotiation, typed_inputs
from forecast.errors import InputError
from forecast.records.recommendation import Recommendation
from forecast.records.terms import Terms, Tier
from forecast.records.workloads import BatchLever, OwnerState, Portfolio, Workload


@functools.cache
def subject(contract: int = 0) -> Subject:
    return Subject.of(CONTRACTS[contract])


def imported(book: Workbook, of: Subject) -> TypedInputs:
    return typed_inputs(book, of.recommendation, of.decisions, file="n.xlsx")


def typing(changes: dict[Any, Any], of: Subject | None = None) -> TypedInputs:
    """Import a workbook with changes typed in, which are then taken back."""
    of = of or subject()
    before = opened.type_in(of.workbook, changes)
    try:
        return imported(of.workbook, of)
    finally:
        opened.type_in(of.workbook, before)


def refusal(changes: dict[Any, Any]) -> str:
    with pytest.raises(InputError) as raised:
        typing(changes)
    return str(raised.value)


def at(name: str, row: int = 1) -> str:
    cell = opened.cells(subject().workbook, name)[row - 1][0]
    return f"{cell.parent.title}!{cell.coordinate}"


def inventory(result: Recommendation) -> Portfolio:
    """The inventory behind the example: every workload accepted, with batch."""
    return Portfolio(
        workloads=tuple(
            Workload(
                name=w.name, owner="Ana", owner_state=OwnerState.ACCEPTED,
                accepted_on=date(2026, 11, 1), batch=BatchLever(share=1.0),
            )
            for w in result.workloads
        )
    )  # fmt: skip


amounts = st.decimals(min_value=1, max_value=10**10, places=2, allow_nan=False)
shares = st.floats(min_value=0, max_value=0.999, allow_nan=False)


@st.composite
def live_terms(draw: Callable[..., Any], shares: st.SearchStrategy[float] = shares) -> Terms:
    """Any contract that the formulas carry: up to six tiers, nothing rolled over."""
    months, settlement = draw(
        st.sampled_from([(12, "annual"), (12, "quarterly"), (6, "monthly"), (24, "annual"),
                         (7, "term")])
    )  # fmt: skip
    thresholds = [Decimal(0), *sorted(draw(st.sets(amounts, max_size=5)))]
    overage = draw(st.sampled_from(["list", "committed_rate", "discounted"]))
    return Terms(
        name=draw(st.text("aé =+", min_size=1, max_size=9).filter(str.strip)),
        term_start=date(2027, 1, 1),
        term_months=months,
        settlement=settlement,
        kind=draw(st.sampled_from(["build_up", "burn_down"])),
        drawdown_basis=draw(st.sampled_from(["contracted", "list"])),
        shortfall_price=draw(st.sampled_from(["face", "discounted"])),
        overage=overage,
        overage_discount_share=draw(shares) if overage == "discounted" else 0.0,
        rollover_share=draw(shares) if months == {"annual": 12, "term": 7}.get(settlement) else 0.0,
        unused_value_share=draw(shares),
        outside_discount_share=draw(shares),
        usage_is_portable=draw(st.booleans()),
        tier_basis=draw(st.sampled_from(["annual", "term"])),
        tiers=tuple(
            Tier(from_commitment_usd=usd, discount_share=draw(shares)) for usd in thresholds
        ),
    )


@settings(max_examples=12, deadline=None)
@given(live_terms())
def test_filled_and_imported_untouched_nothing_changed(terms: Terms) -> None:
    decisions = example.paths(12, terms.term_months, ("one", "two"))
    result, decisions = example.recommendation(terms, decisions)
    book = load_workbook(io.BytesIO(build_workbook(result, decisions)))
    found = typed_inputs(book, result, decisions, file="n.xlsx")
    assert found == TypedInputs(terms, result.commitment.recommended_usd, {}, (), (), ())


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from([0, 1, 5]))
def test_what_is_typed_is_what_the_service_is_asked(seed: int, contract: int) -> None:
    """Terms, commitment and switches of random settings, as the workbook's twin takes them."""
    of = subject(contract)
    drawn = draw(of, np.random.default_rng(seed))
    found = typing(drawn.typed, of)
    assert found.terms == opened.changed_terms(of.recommendation.terms, **drawn.clauses)
    assert found.commitment_usd == drawn.commitment_usd
    off = {w for line in found.lines if not line.on for w in line.workloads}
    assert off == drawn.whatif.switched_off
    later = {line.workloads[0]: line.later_months for line in found.lines if line.on}
    slips = dict(drawn.whatif.slip_months)
    assert later == {w: n for w, n in slips.items() if n and w not in off}


def test_a_copy_is_known_by_its_names() -> None:
    assert is_negotiation(subject().workbook)
    assert not is_negotiation(Workbook())


@pytest.mark.parametrize(
    ("name", "row", "typed", "said"),
    [
        ("in_commitment", 1, "=600000*1.1", "holds a formula"),
        ("in_commitment", 1, "250.000,00", "is the text '250.000,00', no number"),
        ("in_commitment", 1, "$250,000", "type it without quotes, currency"),
        ("in_commitment", 1, None, "is empty"),
        ("in_commitment", 1, -1, "type a number from 0"),
        ("in_commitment", 1, date(2027, 1, 1), "no number"),
        ("in_commitment", 1, True, "no number"),
        ("in_overage", 1, "lists", "type one of list, committed_rate, discounted"),
        ("in_unused_value", 1, 25, "type a number from 0 to 1"),
        ("in_outside_discount", 1, "0,1", "is the text '0,1'"),
        ("in_tier_from", 1, 5, "the first tier is what on-demand pays"),
        ("in_tier_from", 3, 100, "no more than the tier before"),
        ("in_tier_from", 2, None, "is empty"),
        ("in_tier_discount", 2, 1.5, "type a number from 0 to 1"),
        ("in_growth_shock", 1, "ten", "is the text 'ten'"),
        ("in_line_on", 1, 0.5, "type a whole number"),
        ("in_line_slip", 1, 2.5, "type a whole number"),
        ("in_line_name", 1, "another", "rows were moved"),
        ("in_entry_on", 1, "yes", "is the text 'yes'"),
    ],
)  # fmt: skip
def test_every_fault_names_its_cell(name: str, row: int, typed: object, said: str) -> None:
    message = refusal({(name, row): typed})
    assert f"n.xlsx, column {at(name, row)}: " in message
    assert said in message


def test_an_offer_that_was_typed_or_changed_comes_back() -> None:
    terms = subject().recommendation.terms
    found = typing(
        {
            ("in_offer_discount", 2): 0.17,
            ("in_offer_commitment", 3): 750_000.25,
            ("in_offer_discount", 3): 0.2,
            "in_overage": "committed_rate",
        }
    )
    assert list(found.offers) == ["b", "c"]
    changed, typed = found.offers.values()
    assert changed.terms.name == "Offer B"
    assert changed.commitment_usd == 400_000
    assert changed.terms.tier_for(changed.commitment_usd).discount_share == 0.17
    assert typed.commitment_usd == Decimal("750000.25")
    assert typed.terms.tier_for(typed.commitment_usd).discount_share == 0.2
    assert typed.terms.tier_for(Decimal(700_000)) == terms.tiers[0]
    assert typed.terms.overage == "committed_rate"


@pytest.mark.parametrize(
    ("row", "commitment", "discount", "said"),
    [(3, 500_000, None, "is empty"), (3, None, 0.2, "is empty"), (1, "900k", 0.2, "no number")],
)
def test_half_an_offer_names_its_cell(
    row: int, commitment: object, discount: object, said: str
) -> None:
    message = refusal(
        {("in_offer_commitment", row): commitment, ("in_offer_discount", row): discount}
    )
    name = "in_offer_discount" if discount is None else "in_offer_commitment"
    assert f"n.xlsx, column {at(name, row)}: " in message
    assert said in message


def test_all_faults_are_told_at_once() -> None:
    message = refusal(
        {"in_commitment": "1.5 M", "in_overage": "none", ("in_tier_discount", 2): "15 %"}
    )
    for name, row in (("in_commitment", 1), ("in_overage", 1), ("in_tier_discount", 2)):
        assert at(name, row) in message


def test_what_the_workbook_ignores_is_told() -> None:
    found = typing({"in_overage_discount": 0.05, "in_growth_shock": 0.1})
    assert found.terms == subject().recommendation.terms
    assert found.notes == (
        "growth shock 0.1 is a question of the meeting, and in none of the files",
        "overage discount 0.05 is not used: overage is 'list'",
    )


def test_a_workbook_of_another_recommendation_is_refused() -> None:
    with pytest.raises(InputError, match="was not written from this recommendation"):
        imported(subject(1).workbook, subject(5))


def test_names_that_are_gone_are_all_named() -> None:
    book = Workbook()
    with pytest.raises(InputError, match=r"about_seed.*in_tier_from"):
        imported(book, subject())


def test_tiers_beyond_the_rows_are_kept() -> None:
    """A contract of eight tiers shows six; the others come back as they were."""
    terms = example.terms([(100_000 * i, 0.02 * i) for i in range(8)])
    result, decisions = example.recommendation(terms, example.paths(12, 12, ("one", "two")))
    book = load_workbook(io.BytesIO(build_workbook(result, decisions)))
    assert typed_inputs(book, result, decisions, file="n.xlsx").terms == terms


def test_switches_change_the_inventory() -> None:
    """Off is proposed again; later moves the month; a cleaning entry needs who decided."""
    of = subject()
    one, other = (row[0].value for row in opened.cells(of.workbook, "in_line_name")[:2])
    entry = opened.cells(of.workbook, "entry_name")[0][0].value
    was_on = opened.cells(of.workbook, "in_entry_on")[0][0].value
    typed = typing({("in_line_on", 1): 0, ("in_line_slip", 2): 3, ("in_entry_on", 1): 1 - was_on})
    before = inventory(of.recommendation)
    with pytest.raises(InputError, match="--decided-by"):
        switched_portfolio(before, typed, of.recommendation, file="n.xlsx")
    after = switched_portfolio(
        before, typed, of.recommendation, file="n.xlsx", decided_by="Ana",
        decided_on=date(2026, 12, 1),
    )  # fmt: skip
    off, later = after.by_name(one), after.by_name(other)
    assert off is not None
    assert later is not None
    assert (off.owner_state, off.accepted_on) == (OwnerState.PROPOSED, None)
    assert later.adoption_month == date(2027, 4, 1)
    (decision,) = after.cleaning
    assert (decision.id, decision.apply, decision.decided_by) == (entry, not was_on, "Ana")
    rest = [w for w in after.workloads if w.name not in (one, other)]
    assert rest == [w for w in before.workloads if w.name not in (one, other)]


def test_a_workload_that_is_not_in_the_inventory_is_told_by_its_cell() -> None:
    typed = typing({("in_line_on", 1): 0})
    with pytest.raises(InputError, match="not in the inventory") as raised:
        switched_portfolio(Portfolio(workloads=()), typed, subject().recommendation, file="n.xlsx")
    assert raised.value.column == at("in_line_on")


@pytest.mark.libreoffice
@pytest.mark.slow
def test_saved_by_another_program_it_reads_the_same(
    tmp_path: Path, convert: Callable[[Path, str], Path]
) -> None:
    of = Subject.of({})
    path = tmp_path / "meeting.xlsx"
    opened.type_in(of.workbook, {"in_commitment": 432_100.5, ("in_line_slip", 1): 2})
    expected = imported(of.workbook, of)
    of.workbook.save(path)
    found = imported(load_workbook(convert(path, "xlsx")), of)
    assert (found.terms, found.commitment_usd) == (expected.terms, Decimal("432100.50"))
    assert [(x.workloads, x.later_months) for x in found.lines] == [
        (x.workloads, 2) for x in expected.lines
    ]
