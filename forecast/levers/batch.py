"""Batch: the asynchronous tier at half the rate, for the share of the work that can wait.

In every group of rows that differ in the service tier alone, with U the demand units of the rows
in batch and outside it and s the share that should be in batch:

    s₀ = U_batch / (U_batch + U_outside)
    f  = max(0, s − s₀) / (1 − s₀)          of every row outside batch moves there

Standard and priority rows move. Fast mode does not stack with batch and stays; flex is a cheap
tier of its own and stays.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from forecast.levers.transfer import transfer
from forecast.mix import UNITS_PER_TOKEN, Floats, TokenMix
from forecast.records.usage import MixKey, ServiceTier, Speed

MOVABLE_TIERS = (ServiceTier.STANDARD, ServiceTier.PRIORITY)


def batch_key(key: MixKey) -> MixKey:
    """Give the key of the same work in batch."""
    return key._replace(service_tier=ServiceTier.BATCH.value)


def may_move(key: MixKey) -> bool:
    """Tell whether rows of this key can go to batch at all."""
    return key.speed == Speed.STANDARD and key.service_tier in MOVABLE_TIERS


def move_to_batch(
    mix: TokenMix,
    share: float | Floats,
    *,
    sold: Callable[[MixKey], bool] | None = None,
    keeps_cache: bool = True,
) -> TokenMix:
    """Raise the batch share of every group to `share`; a higher observed share stays.

    Parameters
    ----------
    mix
        Tokens per unit of demand.
    share
        Share of each group's demand units that should be in batch, one number or [n].
    sold
        Whether a batch key has a price; rows whose key has none stay. None moves all.
    keeps_cache
        Whether what moves keeps its cache hits. Items of a batch submitted together do not see
        each other's writes; without hits the prefix is better not marked, so that False turns
        the cached input of what moves into plain input.

    Returns
    -------
    TokenMix
        Web searches move along; batch does not halve their price.

    Examples
    --------
    >>> row = (MixKey("anthropic", "m"), np.array([[8.0, 0, 0, 0, 2.0]]), np.zeros(1))
    >>> moved = move_to_batch(TokenMix.of([row]), 0.25)
    >>> [key.service_tier for key in moved.keys], moved.tokens[0, :, 0].tolist()
    (['standard', 'batch'], [6.0, 2.0])
    """
    s = np.atleast_1d(np.asarray(share, dtype=np.float64))
    targets = {
        i: batch_key(key)
        for i, key in enumerate(mix.keys)
        if may_move(key) and (sold is None or sold(batch_key(key)))
    }
    units = mix.tokens @ UNITS_PER_TOKEN
    f = np.zeros((max(len(s), len(units)), len(mix.keys)))
    for group in set(targets.values()):
        rows = [i for i, target in targets.items() if target == group]
        waiting = units[:, rows].sum(axis=1)
        done = units[:, mix.keys.index(group)] if group in mix.keys else np.zeros(1)
        missing = np.maximum(0.0, s * (done + waiting) - done)
        f[:, rows] = (missing / np.where(waiting > 0, waiting, 1.0))[:, None]
    targets = {i: target for i, target in targets.items() if f[:, i].any()}
    return transfer(mix, targets, stays=1 - f, goes=f, searches_go=f, uncached=not keeps_cache)
