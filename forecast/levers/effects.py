"""How large a lever's effect turns out to be, and when: one draw per scenario.

Stated shares are drawn by the weight of their evidence (`shares`), the share that passes on a
lighter model by its evaluation (`pass_shares`). Levers start late by a geometric number of months.

Every workload takes the same number of random numbers whatever its levers are, so that one more
lever or better evidence leaves every other draw as it was.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np
from numpy.typing import NDArray

from forecast.levers.caching import (
    COLD_BATCH_HIT_SHARE,
    PRIMED_BATCH_HIT_SHARE,
    TTLS,
    Ttl,
    poisson_hit_share,
)
from forecast.levers.pass_shares import draw_pass_share, expected_pass_share
from forecast.levers.routing_assumptions import routing_assumptions
from forecast.levers.shares import CONCENTRATION, draw_share, expected_share
from forecast.levers.turnaround import deadline_of, late_share, turnaround_assumption
from forecast.mix import Floats
from forecast.records.base import Provenance
from forecast.records.recommendation import Assumption
from forecast.records.workloads import CachingLever, Evidence, OwnerState, RoutingLever, Workload

MEAN_SLIP_MONTHS: Final[dict[OwnerState, float]] = {
    OwnerState.PROPOSED: 3.0,
    OwnerState.ACCEPTED: 2.0,
    OwnerState.SCHEDULED: 1.0,
    OwnerState.SHIPPED: 0.0,
    OwnerState.MEASURED: 0.0,
    OwnerState.DECLINED: 0.0,
}
"""Months by which a lever starts later than planned, on average (assumed; a buyer's own record of
predicted and actual start months replaces it)."""

N_UNIFORMS: Final = 6
"""Random numbers a scenario: batch share, routed share, pass share, two hit shares, slip."""

_AS_OF: Final = date(2026, 11, 22)


@dataclass(frozen=True)
class LeverDraws:
    """The effects of one workload's levers, one per scenario.

    Attributes
    ----------
    batch_share
        [n] share in batch, less what comes back too late and runs again in real time.
    routing_share, pass_share
        [n] share tried on the lighter model, and share of the tries that pass.
    hit_share_real_time
        By lifetime, [n]; None when nothing says how often a real-time request hits.
    hit_share_batch
        By lifetime, [n].
    slip_months
        [n] months by which the levers start late.
    """

    batch_share: Floats
    routing_share: Floats
    pass_share: Floats
    hit_share_real_time: Mapping[Ttl, Floats] | None
    hit_share_batch: Mapping[Ttl, Floats]
    slip_months: NDArray[np.int64]


def draw_slip(state: OwnerState, uniforms: Floats) -> NDArray[np.int64]:
    """Map uniform numbers to months of delay: geometric from 0, its mean by the owner's state.

    >>> draw_slip(OwnerState.ACCEPTED, np.array([0.0, 0.5, 0.9])).tolist()
    [0, 1, 5]
    """
    mean = MEAN_SLIP_MONTHS[state]
    if mean == 0:
        return np.zeros(len(uniforms), dtype=np.int64)
    return np.floor(np.log1p(-uniforms) / np.log(mean / (1 + mean))).astype(np.int64)


def draw_effects(workload: Workload | None, n: int, *, rng: np.random.Generator) -> LeverDraws:
    """Draw the effects of a workload's levers in `n` scenarios.

    Parameters
    ----------
    workload
        None, or one without a lever, saves nothing in any scenario.
    n
        Number of scenarios.
    rng
        Gives `N_UNIFORMS` · n uniform numbers, whatever the levers are.
    """
    uniforms = rng.random((N_UNIFORMS, n))
    state = workload.owner_state if workload else OwnerState.PROPOSED
    return _effects(workload, uniforms, draw_slip(state, uniforms[5]))


def mean_effects(workload: Workload | None) -> LeverDraws:
    """Give the mean of every effect as a single scenario that starts on time."""
    return _effects(workload, None, np.zeros(1, dtype=np.int64))


def _effects(
    workload: Workload | None, uniforms: Floats | None, slip: NDArray[np.int64]
) -> LeverDraws:
    """Effects from uniform numbers [6, n], or their means where there are none."""

    def share(stated: float, evidence: Evidence, row: int) -> Floats:
        if uniforms is None:
            return np.array([expected_share(stated, evidence)])
        return draw_share(stated, evidence, uniforms[row])

    nothing = np.zeros(len(slip))
    batch = routing = caching = None
    if workload is not None:
        batch, routing, caching = workload.batch, workload.routing, workload.caching
    in_batch = nothing
    if workload is not None and batch is not None:
        in_batch = share(batch.share, batch.evidence, 0) * (1 - late_share(workload.latency))
    real_time: dict[Ttl, Floats] | None = None
    hits_batch: dict[Ttl, Floats] = dict.fromkeys(TTLS, nothing)
    if caching is not None:
        stated = {ttl: _real_time_hits(caching, ttl) for ttl in TTLS}
        if stated["5m"] is not None:
            real_time = {t: share(*s, 3) for t, s in stated.items() if s is not None}
        hits_batch = {ttl: share(*_batch_hits(caching, ttl), 4) for ttl in TTLS}
    return LeverDraws(
        batch_share=in_batch,
        routing_share=share(routing.share, routing.evidence, 1) if routing else nothing,
        pass_share=_pass_share(routing, uniforms) if routing else nothing,
        hit_share_real_time=real_time,
        hit_share_batch=hits_batch,
        slip_months=slip,
    )


def _pass_share(lever: RoutingLever, uniforms: Floats | None) -> Floats:
    if uniforms is None:
        return np.array([expected_pass_share(lever)])
    return draw_pass_share(lever, uniforms[2])


def _real_time_hits(lever: CachingLever, ttl: Ttl) -> tuple[float, Evidence] | None:
    if lever.hit_share is not None:
        return lever.hit_share, lever.evidence
    if lever.arrivals_per_hour is not None:
        return poisson_hit_share(lever.arrivals_per_hour, ttl), Evidence.ASSUMED
    return None


def _batch_hits(lever: CachingLever, ttl: Ttl) -> tuple[float, Evidence]:
    if lever.batch_hit_share is not None:
        return lever.batch_hit_share, lever.evidence
    if lever.primed:
        return PRIMED_BATCH_HIT_SHARE, Evidence.ASSUMED
    return COLD_BATCH_HIT_SHARE[ttl], Evidence.ASSUMED


def effect_assumptions(workload: Workload) -> tuple[Assumption, ...]:
    """List what the levers of a workload rest on that no price list or usage row says."""
    found: list[Assumption] = []
    for lever, evidence, figures in _stated(workload):
        found += [
            Assumption(
                name=f"{workload.name}: {lever} {what}",
                value=f"{value:g}",
                provenance=Provenance.MEASURED
                if evidence == Evidence.MEASURED
                else Provenance.USER,
                source=f"workload inventory, evidence: {evidence.value}",
            )
            for what, value in figures
        ]
        found.append(
            Assumption(
                name=f"weight of {evidence.value} evidence",
                value=f"drawn as if from {CONCENTRATION[evidence]:g} cases",
                provenance=Provenance.CLAIM,
                source="872 pairs prove a margin of 3 points (10 % discordance, 80 % power)"
                if evidence == Evidence.PROVEN
                else "assumption of this package",
                as_of=_AS_OF,
            )
        )
    if found:
        found.append(
            Assumption(
                name=f"adoption slip once {workload.owner_state.value}",
                value=f"{MEAN_SLIP_MONTHS[workload.owner_state]:g} months on average, geometric",
                provenance=Provenance.CLAIM,
                source="assumption of this package",
                as_of=_AS_OF,
            )
        )
    latency = workload.latency
    if workload.batch is not None and (deadline_of(latency) or latency.measured_consumption):
        found.append(turnaround_assumption(latency))
    if workload.routing is not None:
        found += routing_assumptions(workload.name, workload.routing)
    if workload.caching is not None:
        found += _caching_assumptions(workload.caching, in_batch=workload.batch is not None)
    return tuple(dict.fromkeys(found))


def _stated(workload: Workload) -> list[tuple[str, Evidence, list[tuple[str, float]]]]:
    """Give (lever, evidence, named figures) for every lever that states shares."""
    stated: list[tuple[str, Evidence, list[tuple[str, float]]]] = []
    if batch := workload.batch:
        stated.append(("batch", batch.evidence, [("share", batch.share)]))
    if routing := workload.routing:
        figures = [("share", routing.share)]
        if routing.evaluated is None:
            figures.append(("pass share", routing.pass_share))
        if routing.token_ratio is not None:
            figures.append(("token ratio", routing.token_ratio))
        if routing.retry_share:
            figures.append(("retry share", routing.retry_share))
        stated.append((f"routing to {routing.to_model}", routing.evidence, figures))
    if caching := workload.caching:
        hits = (("hit share", caching.hit_share), ("hit share in batch", caching.batch_hit_share))
        figures = [(name, value) for name, value in hits if value is not None]
        if figures:
            stated.append(("caching", caching.evidence, figures))
    return stated


def _caching_assumptions(lever: CachingLever, *, in_batch: bool) -> list[Assumption]:
    found = []
    if lever.hit_share is None and lever.arrivals_per_hour is not None:
        found.append(
            Assumption(
                name="cache hits from arrivals",
                value="h = 1 − exp(−arrivals an hour × lifetime), drawn as an assumption",
                provenance=Provenance.CLAIM,
                source="random arrivals; within 5 points on a quarter of 40 measured Claude "
                "Code sessions (kv-cache-tester)",
                as_of=_AS_OF,
            )
        )
    if not in_batch or lever.batch_hit_share is not None:
        return found
    if lever.primed:
        value = f"{PRIMED_BATCH_HIT_SHARE:g}"
        source = "assumed inside the vendor's 30 to 98 %; nearly all hit in 138 measured requests"
    else:
        value = ", ".join(f"{share:g} at {ttl}" for ttl, share in COLD_BATCH_HIT_SHARE.items())
        source = "low end of the vendor's 30 to 98 %; no hit in 138 measured requests at 5m"
    found.append(
        Assumption(
            name=f"cache hits in a {'primed' if lever.primed else 'cold'} batch",
            value=value,
            provenance=Provenance.CLAIM,
            source=source,
            as_of=_AS_OF,
        )
    )
    return found
