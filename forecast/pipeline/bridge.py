"""From last quarter's bill to the commitment, in steps that sum to the cent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

from forecast.records.recommendation import RUN_RATE_STEP, BridgeStep
from forecast.sizing.settlement import HALF_CENT_USD
from forecast.units import to_cents


@dataclass(frozen=True)
class BridgeFigures:
    """What the bridge stands on, in USD over the term.

    Attributes
    ----------
    last_quarter_usd
        List cost of the last 13 complete weeks, times 4, times the years of the term.
    without_one_offs_usd
        The same without one-off spikes.
    at_expected_volume_usd
        Expected demand of the term at what a unit cost over the last quarter.
    at_todays_mix_usd
        The same at today's list prices and the mix of the last weeks.
    as_is_usd, optimised_usd
        Mean list cost of the term in the decision set.
    lever_saving_usd
        Mean list saving of each lever that counts, in the order of the stack.
    changed_list_usd
        The same optimised cost at the list that contract prices are taken off, once it has changed
        as the terms expect.
    contracted_usd
        Mean consumption in the basis of the commitment: at the discount of the recommended tier,
        or at list where list dollars retire the commitment.
    commitment_usd
        What is recommended.
    """

    last_quarter_usd: float
    without_one_offs_usd: float
    at_expected_volume_usd: float
    at_todays_mix_usd: float
    as_is_usd: float
    optimised_usd: float
    lever_saving_usd: Mapping[str, float]
    changed_list_usd: float
    contracted_usd: float
    commitment_usd: Decimal


def bridge(figures: BridgeFigures, term_months: int) -> tuple[BridgeStep, ...]:
    """Give the steps; the first and the last are levels, those between are changes.

    The first is named for how often the last quarter goes into the term, "last quarter x 4" for a
    year.

    Every change is the difference of two levels already rounded to cents, so that the first
    level plus all changes is the last level exactly.
    """
    levels: list[tuple[str, Decimal]] = [
        (f"{RUN_RATE_STEP} {term_months / 3:.3g}", to_cents(figures.last_quarter_usd)),
        ("one-offs", to_cents(figures.without_one_offs_usd)),
        ("growth", to_cents(figures.at_expected_volume_usd)),
        ("changes already made", to_cents(figures.at_todays_mix_usd)),
        ("prices and retirements", to_cents(figures.as_is_usd)),
    ]
    running = figures.as_is_usd
    savings = [(lever, usd) for lever, usd in figures.lever_saving_usd.items() if usd]
    for i, (lever, usd) in enumerate(savings):
        running = figures.optimised_usd if i == len(savings) - 1 else running - usd
        levels.append((lever, to_cents(running)))
    if abs(figures.changed_list_usd - figures.optimised_usd) >= HALF_CENT_USD:
        levels.append(("expected list changes", to_cents(figures.changed_list_usd)))
    if figures.contracted_usd != figures.changed_list_usd:
        levels.append(("discount", to_cents(figures.contracted_usd)))
    levels.append(("margin", figures.commitment_usd))
    steps = [BridgeStep(step=levels[0][0], usd=levels[0][1])]
    for (_, before), (step, after) in pairwise(levels):
        steps.append(BridgeStep(step=step, usd=after - before))
    steps.append(BridgeStep(step="commitment", usd=figures.commitment_usd))
    return tuple(steps)


def waterfall(
    as_is_usd: float, savings: Sequence[tuple[str, float]], optimised_usd: float
) -> tuple[BridgeStep, ...]:
    """List cost as is, less each lever, to list cost optimised; sums to the cent."""
    steps = [BridgeStep(step="as is", usd=to_cents(as_is_usd))]
    level, running = to_cents(as_is_usd), as_is_usd
    for i, (lever, usd) in enumerate(savings):
        running = optimised_usd if i == len(savings) - 1 else running - usd
        after = to_cents(running)
        steps.append(BridgeStep(step=lever, usd=after - level))
        level = after
    steps.append(BridgeStep(step="optimised", usd=to_cents(optimised_usd)))
    return tuple(steps)
