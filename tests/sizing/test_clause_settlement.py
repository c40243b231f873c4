"""Every clause, settled twice: on arrays, and line by line in exact decimals."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest
from clause_contracts import GROUPS, clause_contracts, consumption, usage_of
from hypothesis import given, settings
from hypothesis import strategies as st
from sizing_contracts import amounts

from forecast.records.terms import Terms
from forecast.records.terms.sentences import sentences
from forecast.sizing.consumption import Consumption, Group, for_settlement
from forecast.sizing.ledger import LedgerLine, ledger, ledger_total, worth_on_first_day
from forecast.sizing.list_changes import market_list
from forecast.sizing.settlement import settle

Usage = list[list[dict[Group, Decimal]]]


@st.composite
def drawn_contracts(draw: st.DrawFn) -> tuple[Terms, list[Decimal], Usage]:
    terms = draw(clause_contracts())
    return terms, draw(amounts(terms.n_periods)), draw(usage_of(terms.term_months))


Lines = tuple[LedgerLine, ...]


def exact_lines(terms: Terms, schedule: list[Decimal], usage: Usage) -> list[Lines]:
    """Write the ledger of every path, on the schedule that its true-downs leave."""
    paths = for_settlement(terms, consumption(usage))
    settled = settle(terms, np.array([float(c) for c in schedule]), paths)
    market = market_list(terms, len(usage))
    found = []
    for m, path in enumerate(usage):
        lowered = [Decimal(repr(float(c))) for c in settled.committed[m]]
        found.append(
            ledger(
                terms,
                schedule,
                path,
                market=[Decimal(repr(float(x))) for x in market[m]],
                lowered_usd=lowered if terms.true_downs else None,
            )
        )
    return found


@given(drawn_contracts())
@settings(max_examples=200, deadline=None)
def test_the_ledger_and_the_paths_agree_to_the_cent(
    drawn: tuple[Terms, list[Decimal], Usage],
) -> None:
    terms, schedule, usage = drawn
    settled = settle(
        terms, np.array([float(c) for c in schedule]), for_settlement(terms, consumption(usage))
    )
    for m, lines in enumerate(exact_lines(terms, schedule, usage)):
        if terms.time_discount_rate:
            # Every payment is rounded to whole cents before it is discounted.
            total, cents = worth_on_first_day(terms, lines), 0.005 * (1 + len(lines) / 20)
        else:
            total, cents = ledger_total(lines), 0.005
        assert float(total) == pytest.approx(settled.cost[m], abs=cents + 1e-6)
        by_item = {
            item: float(sum(line.usd for line in lines if line.item == item))
            for item in ("true_up", "minimum", "rolled_drawn", "overage")
        }
        wasted = by_item["true_up"] + by_item["minimum"] - by_item["rolled_drawn"]
        assert settled.unused[m] == pytest.approx(max(0.0, wasted), abs=1e-3)
        assert settled.overage_usd[m] == pytest.approx(by_item["overage"], abs=1e-3)


@given(drawn_contracts())
@settings(max_examples=60, deadline=None)
def test_payments_are_usage_true_ups_minimums_and_fees_less_credits(
    drawn: tuple[Terms, list[Decimal], Usage],
) -> None:
    terms, schedule, usage = drawn
    for lines in exact_lines(terms, schedule, usage):
        item = {line.item: Decimal(0) for line in lines}
        for line in lines:
            item[line.item] += line.usd
        due = item["list_cost"] + item["discount"] - item["rolled_drawn"] + item["true_up"]
        due += item.get("minimum", 0) + item.get("fee", 0) - item.get("credit", 0)
        assert abs(item["payment"] - due) <= Decimal("0.006")


@given(drawn_contracts())
@settings(max_examples=60, deadline=None)
def test_a_schedule_is_only_lowered_and_not_below_what_a_true_down_leaves(
    drawn: tuple[Terms, list[Decimal], Usage],
) -> None:
    terms, schedule, usage = drawn
    signed = np.array([float(c) for c in schedule])
    settled = settle(terms, signed, for_settlement(terms, consumption(usage)))
    left = np.ones(terms.n_periods)
    for right in terms.true_downs:
        left[right.after_months // terms.period_months :] *= 1 - right.reduction_share
    assert (settled.committed <= signed + 1e-9).all()
    assert (settled.committed >= signed * left - 1e-6).all()


def test_a_true_down_does_not_look_ahead() -> None:
    """Paths that are the same up to the right's day are lowered alike, whatever comes later."""
    rng = np.random.default_rng(3)
    terms = next_terms()
    monthly = rng.lognormal(9, 0.4, (40, 24))
    monthly[1, :12] = monthly[0, :12]
    paths = Consumption({GROUPS[0]: monthly})
    settled = settle(terms, np.array([90_000.0, 90_000.0]), paths)
    assert settled.committed[0, 1] == settled.committed[1, 1]
    assert len(set(settled.committed[:, 1].round(2))) > 5


def next_terms() -> Terms:
    from sizing_contracts import contract

    return contract(
        [(0, 0.0), (50_000, 0.2)],
        term_months=24,
        true_downs=[{"after_months": 12, "reduction_share": 0.6}],
    )


CHANGES_NOTHING = {"name", "term_start", "ramp_weights", "usage_shares"}


@given(clause_contracts())
@settings(max_examples=60, deadline=None)
def test_every_clause_that_is_not_the_default_changes_what_is_said(terms: Terms) -> None:
    said = sentences(terms)
    for name, field in Terms.model_fields.items():
        if field.is_required() or name in CHANGES_NOTHING:
            continue
        plain = terms.model_copy(update={name: field.default})
        if getattr(terms, name) != field.default and is_in_use(terms, name):
            assert sentences(plain) != said, name


def is_in_use(terms: Terms, name: str) -> bool:
    """Whether a clause says anything beside the others."""
    return {
        "overage_discount_share": terms.overage == "discounted",
        "shortfall_price": terms.drawdown_basis == "list",
        "rollover_share": terms.n_periods > 1,
        "rollover_periods": terms.rollover_share > 0 and terms.n_periods > 1,
        "usage_is_portable": terms.outside_discount_share > 0,
        "payment_months": terms.payment_months != terms.period_months,
        "tier_basis": len(terms.tiers) > 1,
    }.get(name, True)
