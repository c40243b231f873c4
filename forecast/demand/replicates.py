"""How the term total would move with other evidence: a block bootstrap of past-origin errors.

The location and the spread of the forecast rest on n effective windows of past errors and on
priors worth n₀. A replicate draws blocks of consecutive origins with replacement, as many as
there are, and n₀ errors from the prior (Student t), and estimates both again. With z the errors
over their own spread and σ that of the term total,

    shift = σ · (n (z̄* − z̄) + n₀ z̄₀*) / (n + n₀),
    scale = (n a* + n₀ a₀*) / (n a + n₀ a₀),    a = mean |z|, a₀ that of the prior.

More sample paths change neither n nor n₀ and so cannot narrow the interval.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from forecast.demand.backtest import PortfolioError, independent_windows
from forecast.demand.members.protocol import Floats
from forecast.paths import EvidenceReplicates

N_REPLICATES = 200

PRIOR_WINDOWS = 4
"""n₀: the priors count as four windows that do not overlap. Assumed."""

T_DEGREES = 5.0
"""Degrees of freedom of the prior: near what errors of public series have."""

Z_80 = 2.5631031
"""Width of the central 80 % of a normal in standard deviations."""

SCALE_LIMITS = (0.4, 2.5)
"""A replicate does not narrow or widen the total by more. Assumed."""

MIN_LOG_WIDTH = 0.02
"""Smallest spread an error is divided by."""


def evidence_replicates(
    errors: Sequence[PortfolioError], term_spread: float, *, rng: np.random.Generator
) -> EvidenceReplicates:
    """Draw 200 replicates of shift and scale of the log portfolio total.

    Parameters
    ----------
    errors
        The portfolio at past origins; may be empty, then priors alone are redrawn.
    term_spread
        σ of the log of the term total: the width of its central 80 % over `Z_80`.
    """
    n0 = PRIOR_WINDOWS
    unit = np.sqrt((T_DEGREES - 2) / T_DEGREES)
    drawn = rng.standard_t(T_DEGREES, size=(N_REPLICATES, n0)) * unit
    prior_mean, prior_size = drawn.mean(axis=1), np.abs(drawn).mean(axis=1)
    expected = float(np.abs(rng.standard_t(T_DEGREES, size=20_000) * unit).mean())
    z, block, n = _standardised(errors)
    if not len(z):
        shift = term_spread * prior_mean
        return EvidenceReplicates(shift, np.clip(prior_size / expected, *SCALE_LIMITS))
    n_blocks = -(-len(z) // block)
    starts = rng.integers(0, len(z) - block + 1, size=(N_REPLICATES, n_blocks))
    picked = starts[:, :, None] + np.arange(block)
    again = z[picked.reshape(N_REPLICATES, -1)]  # [B, origins, horizons], NaN where unknown
    mean = np.nanmean(again, axis=(1, 2)) - np.nanmean(z)
    size = np.nanmean(np.abs(again), axis=(1, 2))
    shift = term_spread * (n * mean + n0 * prior_mean) / (n + n0)
    scale = (n * size + n0 * prior_size) / (n * np.nanmean(np.abs(z)) + n0 * expected)
    return EvidenceReplicates(np.asarray(shift), np.clip(scale, *SCALE_LIMITS))


def _standardised(errors: Sequence[PortfolioError]) -> tuple[Floats, int, int]:
    """Errors [origins, horizons] over their own spread, origins in a block, effective windows."""
    usable = [e for e in errors if min(e.realised, e.p10) > 0]
    if not usable:
        return np.zeros((0, 0)), 1, 0
    origins = sorted({e.origin for e in usable})
    horizons = sorted({e.weeks for e in usable})
    z = np.full((len(origins), len(horizons)), np.nan)
    for e in usable:
        width = max(np.log(e.p90 / e.p10) / Z_80, MIN_LOG_WIDTH)
        z[origins.index(e.origin), horizons.index(e.weeks)] = np.log(e.realised / e.p50) / width
    step = min(np.diff(origins)) if len(origins) > 1 else horizons[0]
    block = min(len(origins), max(1, round(horizons[0] / step)))
    return z, int(block), max(independent_windows(usable).values())
