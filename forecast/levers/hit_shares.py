"""The hit share a caching lever is drawn with: from the strongest evidence there is.

    observed cache tokens of the usage
      > a share that is stated as measured or proven
        > a share that is stated with less evidence
          > prompts replayed > gaps between requests > requests an hour

A lever states a share or brings a replay table, never both. What usage shows of one lifetime
bounds the other, because a longer one never hits less, and where it shows less than was predicted
it lowers the other in proportion; a band moves between such bounds as a whole. Nothing that stands
lower in this order is drawn narrower than what it stands in for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from forecast.levers.cache_replay.gap_model import hits_from_hours
from forecast.levers.caching import TTL_HOURS, TTLS, Ttl
from forecast.levers.shares import draw_share, expected_share, share_quantile
from forecast.mix import Floats, TokenMix
from forecast.records.caching import HitBasis
from forecast.records.usage import TOKEN_KINDS, ServiceTier, TokenKind
from forecast.records.workloads import CachingLever, Evidence

OBSERVED: Final = "observed"
STATED: Final = "stated"
"""Bases beside those of `HitBasis`."""

OBSERVED_SHARES: Final = (0.5, 1.25)
"""Usage tells the hit share of a prefix while what it marks is this share of the prefix (assumed).
Less may be another part of the prompts, or a trial; more holds text that is written by every
request and read by few, such as the turns of a chat behind one system prompt."""

OBSERVED_PURITY: Final = 0.9
"""Share of the writes that must be paid at one lifetime before the reads are laid to it."""

TAIL: Final = 0.375
"""Draws beyond the 10th and 90th percentile reach this far, in widths of the band: the mean of a
normal tail beyond its 90th percentile lies there halfway."""

BAND_EDGE: Final = 0.1
MAX_SHAPE: Final = 50.0

_N_INPUT_KINDS: Final = TOKEN_KINDS.index(TokenKind.OUTPUT)
_WRITES: Final[dict[Ttl, int]] = {
    "5m": TOKEN_KINDS.index(TokenKind.CACHE_WRITE_5M),
    "1h": TOKEN_KINDS.index(TokenKind.CACHE_WRITE_1H),
}
_READ: Final = TOKEN_KINDS.index(TokenKind.CACHE_READ)
_GRID: Final = (np.arange(2000) + 0.5) / 2000


@dataclass(frozen=True)
class Band:
    """A hit share whose draws keep a mean and an 80 % band as far as both fit together.

    With l and u the 10th and 90th percentile, the quantile at level p between them is
    l + (u − l)·((p − .1)/.8)^s, and s is chosen for the mean; the tails are straight and end
    within 0 and 1.

    Examples
    --------
    >>> band = Band(0.86, 0.80, 0.90)
    >>> band.draw(np.array([0.1, 0.9])).tolist(), round(band.mean, 6)
    ([0.8, 0.9], 0.86)
    """

    hit_share: float
    lower: float
    upper: float

    @property
    def _ends(self) -> tuple[float, float]:
        reach = TAIL * (self.upper - self.lower)
        return max(0.0, self.lower - reach), min(1.0, self.upper + reach)

    @property
    def _tails(self) -> float:
        first, last = self._ends
        return BAND_EDGE / 2 * (first + self.lower + self.upper + last)

    @property
    def shape(self) -> float:
        """Exponent s; 1 spreads the middle evenly."""
        width = self.upper - self.lower
        if width <= 0:
            return 1.0
        middle = ((self.hit_share - self._tails) / (1 - 2 * BAND_EDGE) - self.lower) / width
        if middle <= 0:
            return MAX_SHAPE
        return float(np.clip(1 / middle - 1, 1 / MAX_SHAPE, MAX_SHAPE))

    @property
    def mean(self) -> float:
        """Mean of the draws."""
        middle = self.lower + (self.upper - self.lower) / (self.shape + 1)
        return self._tails + (1 - 2 * BAND_EDGE) * middle

    def draw(self, uniforms: Floats) -> Floats:
        """Map uniform numbers to hit shares, keeping their order."""
        first, last = self._ends
        within = np.clip((uniforms - BAND_EDGE) / (1 - 2 * BAND_EDGE), 0.0, 1.0) ** self.shape
        drawn = self.lower + (self.upper - self.lower) * within
        below = np.minimum(uniforms / BAND_EDGE, 1.0)
        above = np.maximum((uniforms - 1) / BAND_EDGE + 1, 0.0)
        return np.asarray(
            drawn - (1 - below) * (self.lower - first) + above * (last - self.upper),
            dtype=np.float64,
        )


@dataclass(frozen=True)
class Stated:
    """A share that somebody states, drawn by the weight of its evidence."""

    hit_share: float
    evidence: Evidence

    @property
    def mean(self) -> float:
        """Mean of the draws."""
        return expected_share(self.hit_share, self.evidence)

    def draw(self, uniforms: Floats) -> Floats:
        """Map uniform numbers to hit shares, keeping their order."""
        return draw_share(self.hit_share, self.evidence, uniforms)


@dataclass(frozen=True)
class KnownHits:
    """The hit share of one lifetime, and what it rests on.

    Attributes
    ----------
    basis
        "observed", "stated", or a value of `HitBasis`.
    at_least, at_most
        Bounds from what usage shows of another lifetime.
    """

    basis: str
    share: Band | Stated
    at_least: float = 0.0
    at_most: float = 1.0

    @property
    def mean(self) -> float:
        """Mean of the draws."""
        if self.at_least <= 0 and self.at_most >= 1:
            return self.share.mean
        return float(self.draw(_GRID).mean())

    def draw(self, uniforms: Floats) -> Floats:
        """Map uniform numbers to hit shares, keeping their order."""
        return np.clip(self.share.draw(uniforms), self.at_least, self.at_most)


def observed_hits(mix: TokenMix, prefix_share: float | None) -> dict[Ttl, float]:
    """Hit shares that real-time usage shows today, by the lifetime its writes are paid at.

    Parameters
    ----------
    mix
        Tokens per unit of demand as observed.
    prefix_share
        φ of the lever; usage that marks much less or more than it tells nothing.

    Examples
    --------
    >>> from forecast.records.usage import MixKey
    >>> row = (MixKey("anthropic", "m"), np.array([[10.0, 20, 0, 70, 5]]), np.zeros(1))
    >>> observed_hits(TokenMix.of([row]), 0.9)
    {'5m': 0.7777777777777778}
    """
    real_time = [key.service_tier != ServiceTier.BATCH for key in mix.keys]
    kinds = mix.tokens[:, real_time, :_N_INPUT_KINDS].mean(axis=0).sum(axis=0)
    writes = {ttl: float(kinds[place]) for ttl, place in _WRITES.items()}
    read, written, prompt = float(kinds[_READ]), sum(writes.values()), float(kinds.sum())
    if read <= 0 or written <= 0 or prefix_share is None:
        return {}
    least, most = (share * prefix_share for share in OBSERVED_SHARES)
    if not least <= (read + written) / prompt <= most:
        return {}
    return {
        ttl: read / (read + written)
        for ttl, tokens in writes.items()
        if tokens >= OBSERVED_PURITY * written
    }


def known_hits(
    lever: CachingLever, observed: Mapping[Ttl, float] | None = None
) -> dict[Ttl, KnownHits] | None:
    """Give the hit share of every lifetime; None where nothing says how often requests hit.

    Examples
    --------
    >>> lever = CachingLever(stable_prefix_tokens=900, prompt_tokens=1000, arrivals_per_hour=6)
    >>> known = known_hits(lever, {"1h": 0.3})
    >>> known["5m"].basis, known["5m"].at_most, known["1h"].basis, known["1h"].mean
    ('hourly_arrivals', 0.3, 'observed', 0.3)
    >>> round(known["5m"].share.upper, 3)
    0.3
    """
    found = {ttl: _of_lifetime(lever, ttl, observed or {}) for ttl in TTLS}
    known = {ttl: hits for ttl, hits in found.items() if hits is not None}
    return known if len(known) == len(TTLS) else None


def _of_lifetime(lever: CachingLever, ttl: Ttl, observed: Mapping[Ttl, float]) -> KnownHits | None:
    if lever.hit_share is not None and lever.evidence in (Evidence.MEASURED, Evidence.PROVEN):
        return KnownHits(STATED, Stated(lever.hit_share, lever.evidence))
    if ttl in observed:
        return KnownHits(OBSERVED, Stated(observed[ttl], Evidence.MEASURED))
    if lever.hit_share is not None:
        return KnownHits(STATED, Stated(lever.hit_share, lever.evidence))
    found = _predicted(lever, ttl)
    if not found:
        return None
    basis, share = found[0]
    kept = min((_confirmed(lever, other, h) for other, h in observed.items()), default=1.0)
    least = max((h for other, h in observed.items() if _outlives(ttl, other)), default=0.0)
    most = min((h for other, h in observed.items() if _outlives(other, ttl)), default=1.0)
    return KnownHits(basis, _moved(share, kept, least, most), at_least=least, at_most=most)


def _moved(share: Band, kept: float, least: float, most: float) -> Band:
    """Lower a band to what usage confirms and bring it between bounds, by shares of itself.

    Cutting it off at a bound would make the weaker evidence the surer one.
    """
    f = min(kept, most / share.upper) if share.upper > 0 else kept
    missed = 1.0 - f * share.lower
    g = min(1.0, (1.0 - least) / missed) if missed > 0 else 1.0
    return Band(*(1.0 - g * (1.0 - f * h) for h in (share.hit_share, share.lower, share.upper)))


def _predicted(lever: CachingLever, ttl: Ttl) -> list[tuple[str, Band]]:
    """Give what a lever predicts of a lifetime, the strongest basis first."""
    if lever.replay is not None:
        return [
            (one.basis.value, Band(one.hit_share, one.lower_share, one.upper_share))
            for one in lever.replay.of(ttl)
        ]
    rates = lever.arrivals_by_hour
    if rates is None and lever.arrivals_per_hour is not None:
        rates = (lever.arrivals_per_hour,)
    return [] if rates is None else [(HitBasis.HOURLY_ARRIVALS.value, arrivals_band(rates, ttl))]


def _confirmed(lever: CachingLever, ttl: Ttl, observed: float) -> float:
    """Share of what was predicted of a lifetime that usage confirms, at most 1.

    The rest is laid to text that is not the same every time, which no other lifetime brings back.
    The highest prediction is taken, so that less evidence never makes more sure.
    """
    highest = max((share.hit_share for _, share in _predicted(lever, ttl)), default=0.0)
    return min(1.0, observed / highest) if highest > 0 else 1.0


def _outlives(longer: Ttl, shorter: Ttl) -> bool:
    return TTL_HOURS[longer] > TTL_HOURS[shorter]


def arrivals_band(arrivals_per_hour: Sequence[float], ttl: Ttl) -> Band:
    """Hit share of a prefix of which nothing but the requests of each hour is known.

    The mean is that of random arrivals at those rates; the band holds bursts of any size and even
    intervals (`cache_replay.gap_model`), and is never narrower than that of any other assumption.

    Examples
    --------
    Six requests an hour, and 144 a day that all come in four hours of the night:

    >>> [round(x, 3) for x in vars(arrivals_band([6], "5m")).values()]
    [0.393, 0.0, 1.0]
    >>> [round(x, 3) for x in vars(arrivals_band([0] * 20 + [36] * 4, "5m")).values()]
    [0.95, 0.864, 1.0]
    """
    hull = hits_from_hours(np.asarray(arrivals_per_hour, dtype=np.float64), TTL_HOURS[ttl])
    mean = expected_share(hull.hit_share, Evidence.ASSUMED)
    generic = share_quantile(mean, Evidence.ASSUMED, BAND_EDGE)
    return Band(mean, min(hull.lower, generic), 1.0)
