"""Moving a part of every row of a mix to another key."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from forecast.mix import Floats, TokenMix
from forecast.records.usage import TOKEN_KINDS, MixKey, TokenKind

_INPUT = TOKEN_KINDS.index(TokenKind.INPUT)
_OUTPUT = TOKEN_KINDS.index(TokenKind.OUTPUT)


def transfer(
    mix: TokenMix,
    targets: Mapping[int, MixKey],
    *,
    stays: Floats,
    goes: Floats,
    searches_go: Floats,
    uncached: bool = False,
) -> TokenMix:
    """Leave `stays` of a row where it is and add `goes` of it to the row of its target.

    Parameters
    ----------
    mix
        Tokens per unit of demand, [1 or n, K, 5].
    targets
        Key each row goes to, by the row's position; a row without one is not touched.
    stays, goes, searches_go
        [1 or n, K] multiples of today's tokens that stay and that arrive, and of web searches
        that arrive; read at rows with a target.
    uncached
        Whether cached input arrives as plain input.

    Returns
    -------
    TokenMix
        Today's keys in their order, then new ones.
    """
    keys = tuple(dict.fromkeys((*mix.keys, *targets.values())))
    position = {key: i for i, key in enumerate(keys)}
    rows = list(targets)
    n, k = max(len(mix.tokens), len(stays), len(goes)), len(mix.keys)
    keep = np.ones((len(stays), k))
    keep[:, rows] = stays[:, rows]
    tokens = np.zeros((n, len(keys), len(TOKEN_KINDS)))
    searches = np.zeros((n, len(keys)))
    np.multiply(mix.tokens, keep[:, :, None], out=tokens[:, :k])
    np.multiply(mix.web_searches, keep, out=searches[:, :k])
    for row, target in targets.items():
        arriving = mix.tokens[:, row] * goes[:, row, None]
        if uncached:
            arriving[:, _INPUT] = arriving[:, :_OUTPUT].sum(axis=1)
            arriving[:, _INPUT + 1 : _OUTPUT] = 0.0
        tokens[:, position[target]] += arriving
        searches[:, position[target]] += mix.web_searches[:, row] * searches_go[:, row]
    return TokenMix(keys, tokens, searches)
