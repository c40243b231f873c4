"""What a replay costs: the input side of every prompt against sending all of it uncached."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from forecast.levers.cache_replay.replay import Lifetime, Replay
from forecast.records.usage import TOKEN_KINDS, TokenKind

Floats = NDArray[np.float64]

_INPUT, _WRITE_5M, _WRITE_1H, _READ = (
    TOKEN_KINDS.index(kind)
    for kind in (
        TokenKind.INPUT,
        TokenKind.CACHE_WRITE_5M,
        TokenKind.CACHE_WRITE_1H,
        TokenKind.CACHE_READ,
    )
)
_WRITE: Final[dict[Lifetime, int]] = {"5m": _WRITE_5M, "1h": _WRITE_1H}


@dataclass(frozen=True)
class InputRates:
    """USD per token of the input side, per request.

    Attributes
    ----------
    usd_per_token
        [n, 5] in the order of `TOKEN_KINDS`.
    """

    usd_per_token: Floats

    @property
    def plain(self) -> Floats:
        """[n] uncached input."""
        return self.usd_per_token[:, _INPUT]

    def write_multiple(self, lifetime: Lifetime) -> float:
        """Mean price of a write relative to plain input, over requests."""
        return float((self.usd_per_token[:, _WRITE[lifetime]] / self.plain).mean())

    def read_multiple(self) -> float:
        """Mean price of a read relative to plain input, over requests."""
        return float((self.usd_per_token[:, _READ] / self.plain).mean())


def input_usd(found: Replay, rates: InputRates) -> Floats:
    """USD of the input side of every request with the cache, [n]."""
    uncached = found.input_tokens - found.read_tokens - found.written_tokens
    write = rates.usd_per_token[:, _WRITE[found.lifetime]]
    return np.asarray(
        uncached * rates.plain
        + found.written_tokens * write
        + found.read_tokens * rates.usd_per_token[:, _READ],
        dtype=np.float64,
    )


def input_cost_multiple(found: Replay, rates: InputRates) -> float:
    """Cost of the input side with the cache / without it; below 1 the cache saves."""
    plain = float((found.input_tokens * rates.plain).sum())
    return float(input_usd(found, rates).sum()) / plain if plain > 0 else 1.0


@dataclass(frozen=True)
class BestBySession:
    """What choosing the lifetime by session would make of it.

    Attributes
    ----------
    input_cost_multiple
        Every session with its cheapest choice, no cache included.
    shares
        Share of the sessions for which each choice is the cheapest: "none", "5m", "1h".
    """

    input_cost_multiple: float
    shares: dict[str, float]


def best_by_session(
    replays: dict[Lifetime, Replay], rates: InputRates, session: NDArray[np.int64]
) -> BestBySession:
    """Choose the cheapest of no cache and each lifetime in `replays` for every session."""
    some = next(iter(replays.values()))
    plain = np.bincount(session, some.input_tokens * rates.plain)
    choices = {"none": plain} | {
        str(lifetime): np.bincount(session, input_usd(found, rates))
        for lifetime, found in replays.items()
    }
    costs = np.stack(list(choices.values()))
    best = costs.argmin(axis=0)
    total = float(plain.sum())
    return BestBySession(
        float(costs.min(axis=0).sum()) / total if total > 0 else 1.0,
        {name: float((best == i).mean()) for i, name in enumerate(choices)},
    )
