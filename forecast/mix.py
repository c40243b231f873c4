"""Token mixes: how many tokens of each kind, model and tier one unit of demand takes.

Demand is measured in *input-equivalent tokens* of the tokenizer before 4.7:

    u = Σ_rows (input + write5m + write1h + read + 5·output) / tokens_per_text(model)

Prices, tiers, cache hits and the tokenizer of a newer model do not move u: adopting the cache
moves tokens between input kinds of equal weight, batch moves them between tiers, and a model
with 30 % more tokens for the same text is divided back. The 5 is the ratio of the output to
the input list price of every current Claude model, so u follows what work costs uncached.

A `TokenMix` carries forward, per unit of demand, how that work is done; levers turn mixes into
mixes, prices turn mixes into USD.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from forecast.records.rates import ModelFacts
from forecast.records.usage import TOKEN_COLUMNS, TOKEN_KINDS, MixKey, TokenKind

Floats = NDArray[np.float64]

UNITS_PER_TOKEN: Floats = np.array([5.0 if k is TokenKind.OUTPUT else 1.0 for k in TOKEN_KINDS])
"""Input-equivalent tokens of one token of each kind."""

KEY_COLUMNS = list(MixKey._fields)


@dataclass(frozen=True)
class TokenMix:
    """Tokens per unit of demand.

    Attributes
    ----------
    keys
        K distinct keys.
    tokens
        [n, K, 5] tokens per unit of demand; n is 1, or one per scenario.
    web_searches
        [n, K] web searches per unit of demand.
    """

    keys: tuple[MixKey, ...]
    tokens: Floats
    web_searches: Floats

    def __post_init__(self) -> None:
        n, k, kinds = self.tokens.shape
        assert (k, kinds) == (len(self.keys), len(TOKEN_KINDS)), self.tokens.shape
        assert self.web_searches.shape == (n, k), self.web_searches.shape
        assert len(set(self.keys)) == k, "keys repeat"

    @classmethod
    def of(cls, parts: Iterable[tuple[MixKey, Floats, Floats]]) -> TokenMix:
        """Join parts, each a key with tokens [n, 5] and web searches [n]; equal keys add up."""
        sums: dict[MixKey, tuple[Floats, Floats]] = {}
        for key, tokens, searches in parts:
            if key in sums:
                tokens, searches = sums[key][0] + tokens, sums[key][1] + searches
            sums[key] = (tokens, searches)
        n = max((len(t) for t, _ in sums.values()), default=1)
        k = len(sums)
        tokens_all = np.zeros((n, k, len(TOKEN_KINDS)))
        searches_all = np.zeros((n, k))
        for i, (tokens, searches) in enumerate(sums.values()):
            tokens_all[:, i, :] = tokens
            searches_all[:, i] = searches
        return cls(tuple(sums), tokens_all, searches_all)

    def parts(self) -> list[tuple[MixKey, Floats, Floats]]:
        """Give (key, tokens [n, 5], web searches [n]) per key."""
        return [
            (key, self.tokens[:, i, :], self.web_searches[:, i]) for i, key in enumerate(self.keys)
        ]

    def times(self, factor: float | Floats) -> TokenMix:
        """Scale every count; `factor` is a number or one per scenario."""
        f = np.atleast_1d(np.asarray(factor, dtype=np.float64))
        return TokenMix(self.keys, self.tokens * f[:, None, None], self.web_searches * f[:, None])


def demand_units(frame: pd.DataFrame, facts: Callable[[str], ModelFacts]) -> Floats:
    """Input-equivalent tokens of every row of a usage or daily table, shape [len(frame)].

    >>> from forecast.records.rates import ModelFacts
    >>> row = {c: [0] for c in TOKEN_COLUMNS} | {"model": ["m"], "input_tokens": [130],
    ...     "output_tokens": [13]}
    >>> f = lambda m: ModelFacts(model=m, family="f", tokens_per_text=1.3)
    >>> demand_units(pd.DataFrame(row), f).tolist()
    [150.0]
    """
    codes, models = pd.factorize(frame["model"])
    per_text = np.array([facts(model).tokens_per_text for model in models], dtype=np.float64)
    tokens = frame[list(TOKEN_COLUMNS)].to_numpy(dtype=np.float64)
    return tokens @ UNITS_PER_TOKEN / per_text[codes]


def observed_mix(daily: pd.DataFrame, facts: Callable[[str], ModelFacts]) -> TokenMix | None:
    """Tokens per unit of demand over all rows of `daily`; None when there is no demand."""
    units = float(demand_units(daily, facts).sum())
    if units <= 0:
        return None
    counts = daily[[*TOKEN_COLUMNS, "web_searches"]].to_numpy(dtype=np.int64)
    # pandas groups the few rows of a window by six columns of text a hundred times slower.
    rows_of: dict[MixKey, list[int]] = {}
    for row, key in enumerate(zip(*(daily[name] for name in KEY_COLUMNS), strict=True)):
        rows_of.setdefault(MixKey(*key), []).append(row)
    sums = {key: counts[rows_of[key]].sum(axis=0) / units for key in sorted(rows_of)}
    return TokenMix.of((key, row[:-1][None, :], row[-1:]) for key, row in sums.items())


def request_mix(
    key: MixKey, *, input_tokens: float, output_tokens: float, facts: ModelFacts
) -> TokenMix:
    """Mix of a workload that is only described: uncached tokens of one typical request."""
    tokens = np.zeros((1, len(TOKEN_KINDS)))
    tokens[0, TOKEN_KINDS.index(TokenKind.INPUT)] = input_tokens
    tokens[0, TOKEN_KINDS.index(TokenKind.OUTPUT)] = output_tokens
    units = float(tokens[0] @ UNITS_PER_TOKEN) / facts.tokens_per_text
    return TokenMix.of([(key, tokens / units, np.zeros(1))])


def migrate_models(
    mix: TokenMix, successors: dict[str, str], facts: Callable[[str], ModelFacts]
) -> TokenMix:
    """Move every model of `successors` to its successor, with the tokenizers' ratio.

    Token counts grow by tokens_per_text(to) / tokens_per_text(from): the same text takes more
    tokens on a newer model.
    """
    parts: list[tuple[MixKey, Floats, Floats]] = []
    for key, tokens, searches in mix.parts():
        target = successors.get(key.model)
        if target is None:
            parts.append((key, tokens, searches))
            continue
        ratio = facts(target).tokens_per_text / facts(key.model).tokens_per_text
        parts.append((key._replace(model=target), tokens * ratio, searches))
    return TokenMix.of(parts)


def price_mix(
    mix: TokenMix, usd_per_token: Callable[[MixKey], tuple[Sequence[float], float]]
) -> Floats:
    """USD per unit of demand, shape [n].

    `usd_per_token` gives, for a key, USD per token of each kind and USD per web search.
    """
    total = np.zeros(len(mix.tokens))
    for key, tokens, searches in mix.parts():
        rates, per_search = usd_per_token(key)
        used = tokens.any(axis=0)
        total += tokens[:, used] @ np.asarray(rates, dtype=np.float64)[used]
        if searches.any():
            total += searches * per_search
    return total
