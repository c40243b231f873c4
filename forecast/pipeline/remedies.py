"""What can still be done about the rest of a term, each settled on the same scenarios."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

import numpy as np

from forecast.paths import Floats
from forecast.pipeline.contract_rights import rights
from forecast.pipeline.projection import Projection
from forecast.pipeline.standing import Standing
from forecast.records.contract import SignedContract
from forecast.records.reforecast import CertainDay, Remedy
from forecast.records.workloads import OwnerState
from forecast.sizing.assessment import Assessment
from forecast.units import add_months, to_cents

NOT_YET = (OwnerState.ACCEPTED, OwnerState.SCHEDULED)
"""Accepted and not shipped: what can be brought forward or held back."""


BUILT_IN_MONTHS = 1
"""Whole months from now in which nothing new acts: it has to be built first, as in the plan."""


@dataclass(frozen=True)
class _Option:
    kind: str
    what: str
    list_usd: Floats
    last_day: date


def remedies(
    contract: SignedContract,
    projection: Projection,
    optimised: Floats,
    certain: Sequence[CertainDay],
) -> tuple[Remedy, ...]:
    """Value what can be done, the most valuable first.

    Parameters
    ----------
    optimised
        [M, T, W] list cost of the term that the contract is settled on.
    certain
        When the running period is exhausted: before that a larger commitment has to be signed.

    Returns
    -------
    tuple of Remedy
        Empty when the term is over. One that changes no scenario is left out.
    """
    now, months = projection.n_elapsed, projection.decisions.months
    if now >= len(months):
        return ()
    kept = _settled(contract, optimised)
    found = []
    for option in _options(projection, optimised):
        other = _settled(contract, option.list_usd)
        found.append(
            Remedy.model_validate(
                {
                    "remedy": option.kind,
                    "what": option.what,
                    "value_usd": to_cents(kept.expected_cost_usd - other.expected_cost_usd),
                    "unused_change_usd": _unused(other) - _unused(kept),
                    "last_day_to_act": option.last_day,
                }
            )
        )
    found += _raised(contract, projection, optimised, kept, certain)
    found += _moved_here(contract, projection, optimised, kept)
    monthly = np.asarray(optimised.sum(axis=2))
    found += rights(Standing.of(contract), monthly, now, projection.as_of)
    return tuple(sorted(found, key=lambda r: (-r.value_usd, r.remedy)))


def _options(projection: Projection, optimised: Floats) -> Iterator[_Option]:
    now, months = projection.n_elapsed, projection.decisions.months
    decisions, names = projection.decisions, projection.names
    scale = _relative(optimised, decisions.optimised_usd)
    to_come = [w for w, n in enumerate(names) if _is_to_come(projection, n)]
    soon = now + BUILT_IN_MONTHS
    listed = ", ".join(names[w] for w in to_come)
    if to_come and soon < len(months):
        least = decisions.optimised_usd.copy()
        for w in to_come:
            least[:, soon:, w] = _adopted(projection, w, soon)
        yield _Option(
            "bring_migrations_forward",
            f"let the migrations to come ({listed}) act from {months[soon]:%Y-%m} on",
            least * scale,
            months[soon] - timedelta(days=1),
        )
    if to_come:
        without = decisions.optimised_usd.copy()
        without[:, now:, to_come] = decisions.as_is_usd[:, now:, to_come]
        yield _Option(
            "hold_migrations_back",
            f"start none of the migrations to come ({listed}) within the term",
            without * scale,
            min(_first_adoption(projection, names[w]) for w in to_come) - timedelta(days=1),
        )
    proposed = [
        w
        for w, name in enumerate(names)
        if not np.array_equal(decisions.potential_usd[:, :, w], decisions.optimised_usd[:, :, w])
    ]
    if proposed:
        accepted = decisions.optimised_usd.copy()
        accepted[:, :, proposed] = decisions.potential_usd[:, :, proposed]
        yield _Option(
            "accept_proposed_levers",
            f"accept the levers proposed for {', '.join(names[w] for w in proposed)}",
            accepted * scale,
            min(_first_adoption(projection, names[w]) for w in proposed) - timedelta(days=1),
        )


def _relative(list_usd: Floats, base: Floats) -> Floats:
    """Give what a widened path was multiplied by, per scenario and month: [M, T, 1]."""
    total, was = list_usd.sum(axis=2), base.sum(axis=2)
    return np.divide(total, was, out=np.ones_like(was), where=was > 0)[:, :, None]


def _is_to_come(projection: Projection, name: str) -> bool:
    plan = projection.plan(name)
    return plan is not None and plan.owner_state in NOT_YET and plan.adoption_month is not None


def _first_adoption(projection: Projection, name: str) -> date:
    plan = projection.plan(name)
    months = projection.decisions.months
    first = months[projection.n_elapsed]
    start = plan.adoption_month if plan is not None else None
    return min(max(start or first, first), add_months(months[-1], 1))


def _adopted(projection: Projection, w: int, soon: int) -> Floats:
    """Months from `soon` on [M, T'] as if the levers acted in all of them as in the last one."""
    as_is = projection.decisions.as_is_usd[:, soon:, w]
    optimised = projection.decisions.optimised_usd[:, soon:, w]
    share = np.divide(optimised, as_is, out=np.ones_like(as_is), where=as_is > 0)
    return np.minimum(optimised, as_is * share[:, -1:])


def _raised(
    contract: SignedContract,
    projection: Projection,
    optimised: Floats,
    kept: Assessment,
    certain: Sequence[CertainDay],
) -> Iterator[Remedy]:
    """Give the best larger commitment: worth asking for where the pool will not last.

    It has to be signed before the pool is exhausted in half of the scenarios, or at once.
    """
    at_once = projection.as_of + timedelta(days=1)
    exhausted = [c.exhausted_on for c in certain if c.exhausted_on is not None]
    last_day = max(at_once, min(exhausted) - timedelta(days=1)) if exhausted else at_once
    standing, monthly = Standing.of(contract), np.asarray(optimised.sum(axis=2))
    best = standing.best(monthly)
    if best.commitment_usd <= contract.commitment_usd:
        return
    found = standing.with_total(best.commitment_usd, monthly)
    yield Remedy(
        remedy="raise_commitment",
        what=f"raise the commitment of the term to {best.commitment_usd:,} USD, if its discount "
        f"({best.tier.discount_share:.1%} off list) then counts for the whole term",
        value_usd=to_cents(kept.expected_cost_usd - found.expected_cost_usd),
        unused_change_usd=_unused(found) - _unused(kept),
        last_day_to_act=last_day,
    )


def _moved_here(
    contract: SignedContract, projection: Projection, optimised: Floats, kept: Assessment
) -> Iterator[Remedy]:
    """Give what it is worth to fill the expected unused with spend from elsewhere.

    What moves costs there what the same tokens cost outside this contract.
    """
    terms = contract.terms
    unused = float(kept.unused.mean())
    discount = kept.discount_share
    price = 1 - discount if terms.drawdown_basis == "contracted" else 1.0
    if unused < 1 or price <= 0:
        return
    now, months = projection.n_elapsed, projection.decisions.months
    moved = unused / price
    more = optimised.copy()
    base = optimised[:, now:].mean(axis=0)
    share = base / base.sum() if base.sum() > 0 else np.full(base.shape, 1 / base.size)
    more[:, now:] += moved * share
    found = _settled(contract, more)
    elsewhere = moved * (1 - terms.outside_discount_share)
    yield Remedy(
        remedy="move_spend_here",
        what=f"move {to_cents(moved):,} USD of list spend from other platforms under this contract",
        value_usd=to_cents(kept.expected_cost_usd + elsewhere - found.expected_cost_usd),
        unused_change_usd=_unused(found) - _unused(kept),
        last_day_to_act=months[-1] - timedelta(days=1),
    )


def _settled(contract: SignedContract, list_usd: Floats) -> Assessment:
    return Standing.of(contract).settled(np.asarray(list_usd.sum(axis=2)))


def _unused(found: Assessment) -> Decimal:
    return found.waste_risk.expected_usd
