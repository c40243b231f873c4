"""Prompt caching: the stable part of the prompt is read back instead of sent again.

With I the input-side tokens of a row, φ the share of them that is the stable prefix and h the
share of requests that find it in the cache:

    uncached (1 − φ) I        written φ (1 − h) I        read φ h I

and the prefix costs b·(h·r + (1 − h)·w) of plain input, with r and w the read and write
multiples and b the batch multiple. Caching pays above h* = (w − 1) / (w − r).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final, Literal

import numpy as np

from forecast.errors import WorkloadError
from forecast.mix import Floats, TokenMix
from forecast.records.rates import ModelFacts
from forecast.records.usage import TOKEN_KINDS, MixKey, ServiceTier, TokenKind
from forecast.records.workloads import CachingLever, Workload

Ttl = Literal["5m", "1h"]
"""How long a cached prefix lives after it was last read."""

TTLS: Final[tuple[Ttl, ...]] = ("5m", "1h")
TTL_HOURS: Final[dict[Ttl, float]] = {"5m": 5 / 60, "1h": 1.0}

COLD_BATCH_HIT_SHARE: Final[dict[Ttl, float]] = {"5m": 0.0, "1h": 0.30}
"""Hit share of a batch whose prefix nobody wrote before. One hour: the low end of the 30 to 98 %
that the vendor states for batches. Five minutes: 138 cold requests measured elsewhere read
nothing (0.0816 USD an article against 0.0744 without the cache)."""

PRIMED_BATCH_HIT_SHARE: Final = 0.90
"""Hit share of a batch whose prefix a first request wrote (assumed, inside the vendor's 30 to
98 %; the 138 requests measured elsewhere cost 0.0484 USD an article once primed, which takes
nearly every one of them to hit)."""

UNKNOWN_MIN_PREFIX_TOKENS: Final = 4096
"""Taken where a model's minimum is not on file: the largest minimum of any model that has one.
A shorter prefix is silently not cached."""

_INPUT, _WRITE_5M, _WRITE_1H, _READ, _OUTPUT = range(len(TOKEN_KINDS))
assert TOKEN_KINDS[_READ] is TokenKind.CACHE_READ
_WRITE: Final[dict[Ttl, int]] = {"5m": _WRITE_5M, "1h": _WRITE_1H}


def effective_multiple(
    hit_share: float, *, write_multiple: float, read_multiple: float, batch_multiple: float = 1.0
) -> float:
    """Cost of the prefix relative to sending it uncached in real time: b·(h·r + (1 − h)·w).

    >>> round(effective_multiple(0.98, write_multiple=2, read_multiple=0.05, batch_multiple=0.5), 4)
    0.0445
    """
    h = hit_share
    return batch_multiple * (h * read_multiple + (1 - h) * write_multiple)


def break_even_hit_share(write_multiple: float, read_multiple: float) -> float:
    """Hit share above which caching pays, h* = (w − 1) / (w − r).

    >>> [round(break_even_hit_share(w, 0.1), 3) for w in (1.25, 2.0)]
    [0.217, 0.526]
    """
    if read_multiple >= write_multiple:
        return 0.0 if write_multiple <= 1 else math.inf
    return max(0.0, (write_multiple - 1) / (write_multiple - read_multiple))


def poisson_hit_share(arrivals_per_hour: float, ttl: Ttl) -> float:
    """Hit share of a prefix whose requests come at random: h = 1 − exp(−λ·TTL).

    A read refreshes the lifetime, so a request hits when the one before it was less than the
    TTL ago. Real sessions are burstier: on measured ones this lands within 5 points on fewer than
    a third at 5 minutes, which is why `hit_shares.arrivals_band` draws it within a wide band.

    >>> round(poisson_hit_share(12, "5m"), 4), round(poisson_hit_share(3, "1h"), 4)
    (0.6321, 0.9502)
    """
    return -math.expm1(-arrivals_per_hour * TTL_HOURS[ttl])


def thinned_hit_share(hit_share: Floats, kept_share: Floats, reusable_share: float = 1.0) -> Floats:
    """Hit share when only a share q of the arrivals still meets: R·(1 − (1 − h/R)^q).

    Routing and batch take requests away from a prefix, and under random arrivals the rest hits
    less: exp(−qλ·TTL) = (1 − h)^q, of the share R that could be reused at all. Traffic that comes
    in bursts, or is routed by whole sessions, loses less.

    >>> thinned_hit_share(np.array([0.75]), np.array([0.5])).tolist()
    [0.5]
    >>> thinned_hit_share(np.array([0.6]), np.array([0.5]), 0.8).round(9).tolist()
    [0.4]
    """
    reusable = np.maximum(hit_share, reusable_share)
    found = hit_share / np.where(reusable > 0, reusable, 1.0)
    return np.asarray(reusable * (1.0 - (1.0 - found) ** kept_share), dtype=np.float64)


def stable_share(workload: Workload, observed_prompt_tokens: float | None = None) -> float | None:
    """Share φ of the prompt that is the stable prefix; None when the prompt's length is unknown.

    Parameters
    ----------
    workload
        With a caching lever.
    observed_prompt_tokens
        Input-side tokens a request in the usage; used where the lever states none, and always
        to check it.

    Raises
    ------
    WorkloadError
        A prefix that is longer than the prompts it should be part of.
    """
    lever = workload.caching
    assert lever is not None
    prefix = lever.stable_prefix_tokens
    if observed_prompt_tokens is not None and prefix > observed_prompt_tokens:
        raise WorkloadError(
            f"is {prefix} tokens, but the usage of {workload.name!r} has "
            f"{observed_prompt_tokens:.0f} prompt tokens a request; correct the prefix, or the "
            "rules that assign the usage",
            column=f"workloads.{workload.name}.caching.stable_prefix_tokens",
        )
    prompt = lever.prompt_tokens or observed_prompt_tokens
    return None if prompt is None else prefix / prompt


def cacheable(lever: CachingLever, facts: ModelFacts) -> bool:
    """Tell whether the prefix is long enough for a model to cache it."""
    return lever.stable_prefix_tokens >= min_prefix_tokens(facts)


def min_prefix_tokens(facts: ModelFacts) -> int:
    """Give the shortest prefix a model caches."""
    known = facts.min_cacheable_prefix_tokens
    return UNKNOWN_MIN_PREFIX_TOKENS if known is None else known


def cache_prefix(
    mix: TokenMix,
    prefix_share: float,
    hit_share_real_time: float | Floats | None,
    hit_share_batch: float | Floats | None,
    *,
    ttl: Ttl,
    marks: Callable[[MixKey], bool] | None = None,
) -> TokenMix:
    """Cache the stable prefix of every row; a row that already reads more keeps what it has.

    Parameters
    ----------
    mix
        Tokens per unit of demand.
    prefix_share
        φ, 0 to 1.
    hit_share_real_time, hit_share_batch
        h, one number, [n], or [n, K] by key; None leaves the rows of that kind as they are.
    ttl
        The lifetime that is paid for.
    marks
        Whether the prefix is marked on a key; None marks all.

    Examples
    --------
    The nightly job: 4,500 input tokens of which 4,000 are shared, 98 % hits.

    >>> row = (MixKey("anthropic", "m"), np.array([[4500.0, 0, 0, 0, 100.0]]), np.zeros(1))
    >>> cached = cache_prefix(TokenMix.of([row]), 4000 / 4500, 0.98, None, ttl="1h")
    >>> cached.tokens[0, 0].round(6).tolist()
    [500.0, 0.0, 80.0, 3920.0, 100.0]
    """
    shape = (1, len(mix.keys))
    in_batch = np.array([key.service_tier == ServiceTier.BATCH for key in mix.keys], dtype=bool)
    marked = np.array([marks is None or marks(key) for key in mix.keys], dtype=bool)
    marked &= np.where(in_batch, hit_share_batch is not None, hit_share_real_time is not None)
    h = np.where(in_batch, _by_key(hit_share_batch), _by_key(hit_share_real_time))
    n = max(len(mix.tokens), len(h))
    old = np.moveaxis(mix.tokens, 2, 0)
    total = old[_INPUT] + old[_WRITE_5M] + old[_WRITE_1H] + old[_READ]
    read = prefix_share * h * total
    takes = marked & ~((old[_READ] > 0) & (old[_READ] >= read))
    tokens = np.empty((n, len(mix.keys), len(TOKEN_KINDS)))
    new = dict.fromkeys((_WRITE_5M, _WRITE_1H), np.zeros(shape))
    new[_WRITE[ttl]] = prefix_share * (1 - h) * total
    new[_INPUT] = (1 - prefix_share) * total
    new[_READ] = read
    for kind, count in new.items():
        tokens[:, :, kind] = np.where(takes, count, old[kind])
    tokens[:, :, _OUTPUT] = old[_OUTPUT]
    return TokenMix(mix.keys, tokens, np.broadcast_to(mix.web_searches, (n, len(mix.keys))))


def _by_key(hit_share: float | Floats | None) -> Floats:
    """Give hit shares as [n, 1] or [n, K]; none are zeros that nobody reads."""
    h = np.asarray(0.0 if hit_share is None else hit_share, dtype=np.float64)
    return h if h.ndim == 2 else np.atleast_1d(h)[:, None]
