"""What is known of cache hits, from the strongest evidence to the weakest, with its bands."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from itertools import pairwise
from typing import Annotated, Final, Literal, Self

from pydantic import Field, model_validator

from forecast.records.base import Note, Record, Share

PaidLifetime = Literal["5m", "1h"]
"""Lifetimes on sale."""

MIN_BAND: Final = 0.02
"""Narrowest 80 % band of a hit share that was not read off the bill: next year's traffic is not
the trace's. Wider than the widest one drawn for a figure of production (1.8 points at 50 %)."""


class HitBasis(StrEnum):
    """How a hit share was found, the strongest first."""

    REPLAY = "replay"
    """Prompts replayed block by block."""
    GAP_HISTOGRAM = "gap_histogram"
    """Gaps between requests of a session or prefix, times the share that could be reused."""
    HOURLY_ARRIVALS = "hourly_arrivals"
    """Requests an hour, taken to come at random: an assumption."""


BASES: Final = tuple(HitBasis)


class HitBand(Record):
    """The hit share of one lifetime on one basis, with the band that holds it in 4 of 5 cases."""

    ttl: PaidLifetime
    basis: HitBasis
    hit_share: Share
    """Share of the marked prefix that is read from the cache."""
    lower_share: Share
    """10th percentile."""
    upper_share: Share
    """90th percentile."""

    @model_validator(mode="after")
    def _band_holds_its_share(self) -> Self:
        if not self.lower_share <= self.hit_share <= self.upper_share:
            raise ValueError(
                f"hit_share {self.hit_share:g} lies outside {self.lower_share:g} to "
                f"{self.upper_share:g}"
            )
        if self.upper_share - self.lower_share < MIN_BAND - 1e-9:
            raise ValueError(
                f"a band of {self.upper_share - self.lower_share:g} is narrower than "
                f"{MIN_BAND:g}, which no trace of the past can promise"
            )
        return self

    @property
    def width(self) -> float:
        """Width of the band."""
        return self.upper_share - self.lower_share


class CacheEvidence(Record):
    """What `commitment replay-cache --out` writes as `[workloads.caching.replay]`."""

    bands: Annotated[tuple[HitBand, ...], Field(min_length=2, max_length=6)]
    """By lifetime and basis; the strongest basis of a lifetime is drawn, and a weaker one holds its
    band: both come from the same requests."""
    reusable_share: Share = 1.0
    """Share of the marked prefix that could be read again without expiry."""
    n_requests: Annotated[int, Field(ge=1)]
    n_sessions: Annotated[int, Field(ge=1)]
    """Sessions or prefixes that were redrawn for the band."""
    days: Annotated[float, Field(ge=0)] | None = None
    """From the first request to the last; None where only a histogram was kept."""
    source: Note = ""
    """Files, models and how the prompts were marked."""
    measured_on: date | None = None

    @model_validator(mode="after")
    def _bands_are_ordered(self) -> Self:
        pairs = [(band.ttl, band.basis) for band in self.bands]
        if len(set(pairs)) < len(pairs):
            raise ValueError("bands: a lifetime stands twice on the same basis")
        for ttl in ("5m", "1h"):
            found = self.of(ttl)
            if not found:
                raise ValueError(f"bands: the {ttl} lifetime is missing")
            for stronger, weaker in pairwise(found):
                holds = (
                    weaker.lower_share <= stronger.lower_share
                    and stronger.upper_share <= weaker.upper_share
                )
                if not holds:
                    raise ValueError(
                        f"bands: {weaker.basis.value} at {ttl} does not hold the band of "
                        f"{stronger.basis.value}, but is weaker evidence of the same requests"
                    )
        return self

    def of(self, ttl: PaidLifetime) -> tuple[HitBand, ...]:
        """Give the bands of a lifetime, the strongest basis first."""
        return tuple(
            sorted((b for b in self.bands if b.ttl == ttl), key=lambda b: BASES.index(b.basis))
        )
