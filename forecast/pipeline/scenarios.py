"""The decision under named shocks, on the same scenarios, and how large a shock flips it.

A change of the vendor's list reaches a contract as far as its price protection lets it.

The prices of a text by succession are those of Sonnet 4.6 → 5.5 (a third less a token, 30 % more
tokens: −13 %) and of Opus 4.6 → 5.5 (+4 %), list of 2026-11-22. A vendor's own forecast is taken as
22.5 % above run-rate without any lever, the middle of the 15 to 30 % that AWS buyers report.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal

import numpy as np

from forecast.paths import DecisionSet, Floats
from forecast.records.negotiation import FlipValue
from forecast.records.recommendation import Scenario
from forecast.records.terms import ListChange, Terms
from forecast.sizing.assessment import assess
from forecast.sizing.clause_steps import changed_terms
from forecast.sizing.consumption import for_settlement
from forecast.sizing.search import Optimum, best_commitment
from forecast.sizing.wording import share_text
from forecast.units import to_cents
from forecast.whatif import WhatIf, apply

TOLERANCE_SHARE = 0.005
"""A shock breaks the recommendation when keeping it costs this share more than re-sizing would."""


def _shocks(
    decisions: DecisionSet, to_come: Sequence[str], undecided: Mapping[str, float]
) -> Iterator[tuple[str, WhatIf]]:
    yield "demand 20 % lower", WhatIf(growth_shock_share=-0.2)
    yield "demand 20 % higher", WhatIf(growth_shock_share=0.2)
    yield "successor models cut the price of a text by 13 %", WhatIf(price_change_share=-0.13)
    yield "tokenizers take 30 % more tokens for the same text", WhatIf(price_change_share=0.3)
    largest = decisions.workloads[_largest(decisions)]
    yield (
        f"the model of {largest} is retired, and its successor costs 4 % more a text",
        WhatIf(demand_factors={largest: 1.04}),
    )
    for months in (3, 6):
        name = f"{months} more months of the term without each migration to come"
        yield name, WhatIf(slip_months=dict.fromkeys(to_come, months))
    yield "half of the lever savings", WhatIf(realisation_share=0.5)
    yield "no lever is adopted", WhatIf(switched_off=frozenset(decisions.workloads))
    if undecided:
        name = "every cleaning entry that waits for a decision is switched on"
        yield name, WhatIf(demand_factors=undecided)


def scenarios(
    terms: Terms,
    decisions: DecisionSet,
    commitment_usd: Decimal,
    *,
    to_come: Sequence[str],
    undecided: Mapping[str, float],
    vendor_forecast_usd: float | None = None,
) -> tuple[Scenario, ...]:
    """Re-size under each shock, and tell whether today's number would still be good.

    The shock under which today's number is most regretted comes first.

    Parameters
    ----------
    to_come
        Workloads whose levers count and have not shipped: only they can slip.
    undecided
        Demand factors by workload, of the cleaning entries that wait for a decision.
    vendor_forecast_usd
        List cost over the term that the vendor expects.
    """
    rows: list[tuple[str, Terms, Floats]] = [
        (name, terms, apply(decisions, settings, period_months=1)[1])
        for name, settings in _shocks(decisions, to_come, undecided)
    ]
    rows += [
        (f"list prices 20 % {way}", *_repriced(terms, decisions, share))
        for way, share in (("lower", -0.2), ("higher", 0.2))
    ]
    if len(decisions.workloads) > 1:
        rows.append(_without_largest(terms, decisions))
    if vendor_forecast_usd is not None:
        rows.append(_vendors(terms, decisions, vendor_forecast_usd))
    result = []
    for name, in_force, monthly in rows:
        best, kept = _both(in_force, monthly, commitment_usd)
        result.append(
            Scenario(
                name=name,
                commitment_usd=best.commitment_usd,
                expected_cost_usd=to_cents(best.expected_cost_usd),
                breaks=_breaks(best, kept),
                kept_expected_cost_usd=to_cents(kept),
                regret_usd=to_cents(kept - best.expected_cost_usd),
            )
        )
    return tuple(sorted(result, key=lambda row: -(row.regret_usd or 0)))


def _repriced(terms: Terms, decisions: DecisionSet, change_share: float) -> tuple[Terms, Floats]:
    """Change the vendor's list from the first month of the term on: terms, [M, T] list cost.

    Where contract prices follow the list, consumption is scaled as the workbook does it.
    """
    if terms.price_protection.is_none:
        settings = WhatIf(price_change_share=change_share)
        return terms, apply(decisions, settings, period_months=1)[1]
    change = ListChange(month=1, change_share=change_share)
    struck = changed_terms(terms, expected_list_changes=(*terms.expected_list_changes, change))
    return struck, decisions.optimised_total_usd


def _both(terms: Terms, monthly: Floats, commitment_usd: Decimal) -> tuple[Optimum, float]:
    """Give the best commitment on [M, T] list cost, and what today's number costs on it."""
    list_usd = for_settlement(terms, monthly)
    kept = assess(terms, commitment_usd, list_usd).expected_cost_usd
    return best_commitment(terms, list_usd), kept


def _breaks(best: Optimum, kept: float) -> bool:
    return kept > best.expected_cost_usd + TOLERANCE_SHARE * abs(best.expected_cost_usd)


def _vendors(
    terms: Terms, decisions: DecisionSet, forecast_usd: float
) -> tuple[str, Terms, Floats]:
    """Scale the as-is paths, without any lever, to the mean that a vendor would forecast."""
    as_is = decisions.as_is_total_usd
    mean = float(as_is.sum(axis=1).mean())
    factor = forecast_usd / mean if mean > 0 else 1.0
    return "the vendor's own forecast comes true", terms, as_is * factor


def _largest(decisions: DecisionSet) -> int:
    return int(np.argmax(decisions.optimised_usd.sum(axis=1).mean(axis=0)))


def _without_largest(terms: Terms, decisions: DecisionSet) -> tuple[str, Terms, Floats]:
    largest = _largest(decisions)
    rest = np.maximum(decisions.optimised_total_usd - decisions.optimised_usd[:, :, largest], 0.0)
    return f"{decisions.workloads[largest]} is lost", terms, rest


FLIP_STEPS = 12
"""Values tried on each side before the first that flips is closed in on."""


def flip_values(
    terms: Terms, decisions: DecisionSet, commitment_usd: Decimal, *, to_come: Sequence[str]
) -> tuple[FlipValue, ...]:
    """Give the value of every assumption at which another number should have been signed.

    Today's number flips where keeping it costs more than the tolerance beyond the best.
    """

    def flips(settings: WhatIf) -> bool:
        monthly = apply(decisions, settings, period_months=1)[1]
        return _breaks(*_both(terms, monthly, commitment_usd))

    def price_flips(change_share: float) -> bool:
        return _breaks(*_both(*_repriced(terms, decisions, change_share), commitment_usd))

    found = [
        _flip("demand", "lower", -0.6, lambda x: flips(WhatIf(growth_shock_share=x))),
        _flip("demand", "higher", 1.0, lambda x: flips(WhatIf(growth_shock_share=x))),
        _flip("list prices", "lower", -0.6, price_flips),
        _flip("list prices", "higher", 1.0, price_flips),
        _flip("lever savings", "lower", -1.0, lambda x: flips(WhatIf(realisation_share=1 + x))),
    ]
    if to_come:
        found.append(
            _months(
                len(decisions.months),
                lambda n: flips(WhatIf(slip_months=dict.fromkeys(to_come, n))),
            )
        )
    return tuple(found)


def _flip(name: str, way: str, far: float, flips: Callable[[float], bool]) -> FlipValue:
    """Find the smallest shock of one assumption that flips, between nothing and `far`."""
    tried = [far * i / FLIP_STEPS for i in range(FLIP_STEPS + 1)]
    last = next((i for i in range(1, len(tried)) if flips(tried[i])), None)
    assumption = f"{name} {way}"
    if last is None:
        sentence = f"No {name} up to {share_text(abs(far))} {way} would ask for another number."
        return FlipValue(
            assumption=assumption, unit="share", value=None, tried_to=far, sentence=sentence
        )
    low, high = tried[last - 1], tried[last]
    for _ in range(10):
        middle = (low + high) / 2
        low, high = (low, middle) if flips(middle) else (middle, high)
    value = round(high, 4)
    return FlipValue(
        assumption=assumption,
        unit="share",
        value=value,
        tried_to=far,
        sentence=f"From {share_text(abs(value))} {way} {name} on, another number is better.",
    )


def _months(term_months: int, flips: Callable[[int], bool]) -> FlipValue:
    """Find the smallest slip of every migration to come that flips."""
    value = next((n for n in range(1, term_months + 1) if flips(n)), None)
    sentence = (
        "No slip of the migrations to come would ask for another number."
        if value is None
        else f"If every migration to come slips by {value} months, another number is better."
    )
    return FlipValue(
        assumption="migrations later",
        unit="months",
        value=value,
        tried_to=term_months,
        sentence=sentence,
    )
