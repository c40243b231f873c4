"""From a replayed trace to bands of hit shares, each basis at least as wide as the stronger one."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from forecast.levers.cache_replay.gap_model import (
    GAP_MODEL_ERROR,
    Predicted,
    hits_from_gaps,
    hits_from_hours,
    request_gaps,
    requests_by_hour,
    share_within,
)
from forecast.levers.cache_replay.intervals import cluster_interval
from forecast.levers.cache_replay.replay import LIFETIME_MS, Lifetime, Replay
from forecast.levers.caching import TTL_HOURS, TTLS, Ttl
from forecast.records.caching import MIN_BAND, HitBand, HitBasis
from forecast.traces import Integers, RequestTrace


def replayed_band(
    found: Replay, ttl: Ttl, group: Integers, *, rng: np.random.Generator
) -> HitBand | None:
    """Give the hit share of a replay with its interval; None with too few sessions."""
    marked = (found.read_tokens + found.written_tokens).astype(np.float64)
    interval = cluster_interval(found.read_tokens.astype(np.float64), marked, group, rng=rng)
    if interval is None:
        return None
    return hit_band(ttl, HitBasis.REPLAY, Predicted(found.hit_share, *interval))


def predictions(
    trace: RequestTrace, group: Integers, reusable_share: float
) -> dict[tuple[Ttl, HitBasis], Predicted]:
    """Predict hit shares from the gaps and from the hours of a trace, as if no block were known.

    Parameters
    ----------
    group
        [n] session or prefix root of every request.
    reusable_share
        R of the marked tokens, replayed without expiry.
    """
    gaps = request_gaps(trace.time_ms, group)
    hours = requests_by_hour(trace.time_ms, group)
    found: dict[tuple[Ttl, HitBasis], Predicted] = {}
    for ttl in TTLS:
        within = share_within(gaps, LIFETIME_MS[_lifetime(ttl)])
        share = hits_from_gaps(reusable_share, 0.0 if within is None else within)
        found[ttl, HitBasis.GAP_HISTOGRAM] = with_model_error(share)
        found[ttl, HitBasis.HOURLY_ARRIVALS] = hits_from_hours(
            hours, TTL_HOURS[ttl], reusable_share
        )
    return found


def with_model_error(share: float, sampling_error: float = 0.0) -> Predicted:
    """Put the error of the gap model, and of its sample, around a share.

    >>> with_model_error(0.97)
    Predicted(hit_share=0.97, lower=0.9199999999999999, upper=1.0)
    """
    reach = GAP_MODEL_ERROR + sampling_error
    return Predicted(share, max(0.0, share - reach), min(1.0, share + reach))


def nested(
    ttl: Ttl, found: Mapping[HitBasis, Predicted], replayed: HitBand | None
) -> tuple[HitBand, ...]:
    """Give the bands of a lifetime, the strongest first, each holding the ones before it.

    Weaker evidence of the same requests knows no more than stronger evidence: besides its own
    error it carries that of the sample.

    >>> bands = nested("5m", {HitBasis.GAP_HISTOGRAM: Predicted(0.8, 0.75, 0.85)},
    ...     HitBand(ttl="5m", basis="replay", hit_share=0.82, lower_share=0.7, upper_share=0.88))
    >>> [(band.basis.value, band.lower_share, band.upper_share) for band in bands]
    [('replay', 0.7, 0.88), ('gap_histogram', 0.63, 0.91)]
    """
    bands = [] if replayed is None else [replayed]
    for basis in (HitBasis.GAP_HISTOGRAM, HitBasis.HOURLY_ARRIVALS):
        if basis not in found:
            continue
        own = found[basis]
        lower, upper = own.lower, own.upper
        if basis is HitBasis.GAP_HISTOGRAM and replayed is not None:
            below = replayed.hit_share - replayed.lower_share
            above = replayed.upper_share - replayed.hit_share
            lower, upper = lower - below, upper + above
        if bands:
            lower, upper = min(lower, bands[-1].lower_share), max(upper, bands[-1].upper_share)
        bands.append(hit_band(ttl, basis, Predicted(own.hit_share, lower, upper)))
    return tuple(bands)


def hit_band(ttl: Ttl, basis: HitBasis, found: Predicted) -> HitBand:
    """Make a band of at least `MIN_BAND`, within 0 and 1 and around its share.

    >>> hit_band("1h", HitBasis.REPLAY, Predicted(0.995, 0.994, 0.996)).lower_share
    0.98
    """
    share = round(min(max(found.hit_share, 0.0), 1.0), 6)
    lower, upper = max(0.0, min(found.lower, share)), min(1.0, max(found.upper, share))
    missing = max(0.0, MIN_BAND - (upper - lower))
    lower, upper = lower - missing / 2, upper + missing / 2
    shift = max(0.0, -lower) - max(0.0, upper - 1)
    return HitBand(
        ttl=ttl,
        basis=basis,
        hit_share=share,
        lower_share=round(max(0.0, lower + shift), 6),
        upper_share=round(min(1.0, upper + shift), 6),
    )


def _lifetime(ttl: Ttl) -> Lifetime:
    return ttl
