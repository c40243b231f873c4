"""What routing and batch do to a cache that is in use today.

Every model has a cache of its own, and batch shares none. A workload that is split over them
sends each cache a part q of the requests it had, they follow one another at longer gaps, and more
of them find the prefix expired. With h the observed hit share, R / (R + W) of cache reads R and
writes W, and λ the arrivals an hour where they are stated,

    kept = (1 − exp(−q λ TTL)) / (1 − exp(−λ TTL))        with arrivals
    kept = (1 − (1 − h)^q) / h                            without: h is what arrivals made it

of today's reads are still reads; the others are written again. Both take arrivals as random. The
second also takes every miss of today as an expiry, which is the careful side: what is new in a
prompt misses at any rate.
"""

from __future__ import annotations

import numpy as np

from forecast.levers.caching import TTL_HOURS, Ttl, cacheable
from forecast.mix import UNITS_PER_TOKEN, Floats, TokenMix
from forecast.records.rates import RateCard
from forecast.records.usage import TOKEN_KINDS, MixKey, ServiceTier, TokenKind
from forecast.records.workloads import CachingLever

_INPUT, _WRITE_5M, _WRITE_1H, _READ, _OUTPUT = range(len(TOKEN_KINDS))
assert TOKEN_KINDS[_READ] is TokenKind.CACHE_READ

WHOLE = 1.0 - 1e-12
"""Part of the requests from which on nothing is taken away: the rounding of float64."""


def rebuilt(
    today: TokenMix, split: TokenMix, card: RateCard, lever: CachingLever | None
) -> TokenMix:
    """Write again what thinner arrivals no longer read, and uncache what is too short.

    Parameters
    ----------
    today, split
        Tokens per unit of demand before and after routing and batch, [1 or n, K, 5].
    lever
        Says the arrivals and the length of the prefix; None leaves both unknown.

    Returns
    -------
    TokenMix
        Output and web searches as in `split`; input tokens only change their kind.

    Examples
    --------
    Half of the requests go to another model, each half meets every second request it met.

    >>> from forecast.records.rates import ModelFacts
    >>> card = RateCard(as_of="2026-11-22", rates=(),
    ...     models=tuple(ModelFacts(model=m, family="x") for m in ("big", "small")))
    >>> row = np.array([[0.0, 25.0, 0.0, 75.0, 0.0]])
    >>> before = TokenMix.of([(MixKey("anthropic", "big"), row, np.zeros(1))])
    >>> after = TokenMix.of([(MixKey("anthropic", m), row / 2, np.zeros(1))
    ...     for m in ("big", "small")])
    >>> rebuilt(before, after, card, None).tokens[0].tolist()
    [[0.0, 25.0, 0.0, 25.0, 0.0], [0.0, 25.0, 0.0, 25.0, 0.0]]
    """
    if not today.tokens[:, :, _READ].any():
        return split
    tokens = split.tokens.copy()
    q = _part(today, split, card)
    for i, key in enumerate(split.keys):
        if not tokens[:, i, _READ].any():
            continue
        if key not in today.keys and lever and not cacheable(lever, card.facts(key.model)):
            tokens[:, i, _INPUT] += tokens[:, i, _WRITE_5M : _READ + 1].sum(axis=1)
            tokens[:, i, _WRITE_5M : _READ + 1] = 0.0
            continue
        reads = tokens[:, i, _READ]
        again = _written_again(tokens[:, i])
        lost = reads * (1 - _kept(tokens[:, i], q[:, i], again, lever))
        tokens[:, i, _READ] -= lost
        tokens[:, i, again] += lost
    return TokenMix(split.keys, tokens, split.web_searches)


def _kept(row: Floats, q: Floats, again: int, lever: CachingLever | None) -> Floats:
    """Share of a row's reads that thinner arrivals leave, [n]."""
    if lever is not None and lever.arrivals_per_hour is not None:
        ttl: Ttl = "1h" if again == _WRITE_1H else "5m"
        gaps = lever.arrivals_per_hour * TTL_HOURS[ttl]
        kept = np.expm1(-q * gaps) / np.expm1(-gaps)
    else:
        cached = row[:, _WRITE_5M : _READ + 1].sum(axis=1)
        h = np.where(cached > 0, row[:, _READ] / np.where(cached > 0, cached, 1.0), 1.0)
        kept = np.where(h > 0, (1 - (1 - h) ** q) / np.where(h > 0, h, 1.0), 1.0)
    return np.where(q >= WHOLE, 1.0, np.minimum(kept, 1.0))


def _written_again(row: Floats) -> int:
    """The kind a lost read becomes: the write that is paid today, plain input where none is."""
    writes = row[:, [_WRITE_5M, _WRITE_1H]].mean(axis=0)
    return (_WRITE_5M, _WRITE_1H)[int(writes.argmax())] if writes.any() else _INPUT


def _part(today: TokenMix, split: TokenMix, card: RateCard) -> Floats:
    """The part q of the requests a cache had that still come to it, [n, K]; 1 where it has more.

    A cache that is new had what the caches it was split from have today.
    """
    before, after = _requests(today, card), _requests(split, card)
    q = np.ones((max(len(before), len(after)), len(split.keys)))
    for i, key in enumerate(split.keys):
        had = [j for j, old in enumerate(today.keys) if _cache(old) == _cache(key)]
        if not had:
            had = [j for j, old in enumerate(today.keys) if _place(old) == _place(key)]
        here = [j for j, new in enumerate(split.keys) if _cache(new) == _cache(key)]
        then, now = before[:, had].sum(axis=1), after[:, here].sum(axis=1)
        q[:, i] = np.minimum(1.0, now / np.where(then > 0, then, np.inf)) if had else 1.0
    return q


def _requests(mix: TokenMix, card: RateCard) -> Floats:
    """Requests of every row, counted by the text they carry, [n, K]."""
    per_text = np.array([card.facts(key.model).tokens_per_text for key in mix.keys])
    return np.asarray(mix.tokens @ UNITS_PER_TOKEN / per_text, dtype=np.float64)


def _cache(key: MixKey) -> tuple[object, ...]:
    """What keeps caches apart: platform, model, geography, speed, and whether it is batch."""
    return (key.model, *_place(key))


def _place(key: MixKey) -> tuple[object, ...]:
    return key.platform, key.geography, key.speed, key.service_tier == ServiceTier.BATCH
