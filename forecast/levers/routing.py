"""Routing: a share of the work is tried on a lighter model, and what it fails is escalated.

What counts is the cost of a completed task. With s the share that is tried, p the share of the
tries that pass, ρ the extra attempts and τ the tokens on the lighter model per token today:

    lighter model    s·τ·(1 + ρ)    of today's tokens
    today's model    1 − s·p        of today's tokens: what is not tried, and what is escalated

Of what is escalated, s (1 − p), a share of the cached input is written again instead of read:
the conversation was elsewhere, and today's model has not seen its prefix within the lifetime. A
router that is a model reads the prompt of every task, tried or not.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

import numpy as np

from forecast.levers.transfer import transfer
from forecast.mix import Floats, TokenMix
from forecast.records.rates import RateCard
from forecast.records.routing import Router, RoutingLever
from forecast.records.usage import TOKEN_KINDS, MixKey

_INPUT, _WRITE_5M, _WRITE_1H, _READ, _OUTPUT = range(len(TOKEN_KINDS))


def token_ratio(card: RateCard, lever: RoutingLever) -> Callable[[str], float]:
    """Give τ by today's model: what the lever states, else the ratio of the tokenizers."""

    def ratio(model: str) -> float:
        if lever.token_ratio is not None:
            return lever.token_ratio
        lighter, today = card.facts(lever.to_model), card.facts(model)
        return lighter.tokens_per_text / today.tokens_per_text

    return ratio


def route(
    mix: TokenMix,
    to_model: str,
    share: float | Floats,
    pass_share: float | Floats,
    retry_share: float,
    token_ratio: Callable[[str], float],
    *,
    sold: Callable[[MixKey], bool] | None = None,
    cache_rebuilt_share: float = 0.0,
) -> TokenMix:
    """Try a share of every row on `to_model`; tier, geography and speed carry over.

    Parameters
    ----------
    mix
        Tokens per unit of demand.
    share, pass_share
        s and p, one number or [n] each.
    retry_share
        ρ, extra attempts on the lighter model per task.
    token_ratio
        τ by today's model; it multiplies every token kind.
    sold
        Whether a key of `to_model` has a price; rows whose key has none stay. None routes all.
    cache_rebuilt_share
        Share of the cached input of what is escalated that is written again.

    Returns
    -------
    TokenMix
        Rows that are on `to_model` already are not touched.

    Examples
    --------
    >>> row = (MixKey("anthropic", "big"), np.array([[10.0, 0, 0, 0, 1.0]]), np.zeros(1))
    >>> routed = route(TokenMix.of([row]), "small", 0.8, 0.75, 0.1, lambda model: 1.3)
    >>> [key.model for key in routed.keys], routed.tokens[0, :, 0].round(6).tolist()
    (['big', 'small'], [4.0, 11.44])
    """
    s, p = (np.atleast_1d(np.asarray(x, dtype=np.float64)) for x in (share, pass_share))
    targets = _targets(mix, to_model, sold)
    ratio = np.array(
        [token_ratio(key.model) if i in targets else 0.0 for i, key in enumerate(mix.keys)]
    )
    ones = np.ones(len(mix.keys))
    tried = (s * (1 + retry_share))[:, None]
    routed = transfer(
        mix,
        targets,
        stays=(1 - s * p)[:, None] * ones,
        goes=tried * ratio,
        searches_go=tried * ones,
    )
    return _rebuilt(routed, mix, targets, s * (1 - p) * cache_rebuilt_share)


def routed_mix(
    mix: TokenMix,
    lever: RoutingLever,
    share: float | Floats,
    pass_share: float | Floats,
    card: RateCard,
    *,
    sold: Callable[[MixKey], bool] | None = None,
) -> TokenMix:
    """Route as a lever says: tries, escalation, the cache it costs, and the router.

    Parameters
    ----------
    share, pass_share
        s and p, one number or [n] each.
    """
    routed = route(
        mix,
        lever.to_model,
        share,
        pass_share,
        lever.retry_share,
        token_ratio(card, lever),
        sold=sold,
        cache_rebuilt_share=lever.cache_rebuilt_share,
    )
    if lever.router is None:
        return routed
    reads = RoutingLever(to_model=lever.router.model)
    return ask_router(
        routed, mix, lever.to_model, lever.router, token_ratio(card, reads), sold=sold
    )


def _targets(
    mix: TokenMix, to_model: str, sold: Callable[[MixKey], bool] | None
) -> dict[int, MixKey]:
    """Give the key that every row which may be routed goes to, by the row's position."""
    return {
        i: lighter
        for i, key in enumerate(mix.keys)
        if key.model != to_model
        and ((lighter := key._replace(model=to_model)) and (sold is None or sold(lighter)))
    }


def _rebuilt(
    routed: TokenMix, mix: TokenMix, targets: Mapping[int, MixKey], lost: Floats
) -> TokenMix:
    """Turn a part of what the rows that were routed from read today into writes.

    The lifetime written is the one the row writes today; a row that reads without writing has no
    price for writes, and its prefix becomes plain input.

    Parameters
    ----------
    lost
        [n] share of today's cache reads.
    """
    if not lost.any():
        return routed
    tokens = routed.tokens.copy()
    for i in targets:
        at = routed.keys.index(mix.keys[i])
        reads = lost * mix.tokens[:, i, _READ]
        writes = mix.tokens[:, i, [_WRITE_5M, _WRITE_1H]].mean(axis=0)
        kind = _INPUT if not writes.any() else (_WRITE_5M, _WRITE_1H)[int(writes.argmax())]
        tokens[:, at, _READ] -= reads
        tokens[:, at, kind] += reads
    return TokenMix(routed.keys, tokens, routed.web_searches)


def ask_router(
    routed: TokenMix,
    mix: TokenMix,
    to_model: str,
    router: Router,
    token_ratio: Callable[[str], float],
    *,
    sold: Callable[[MixKey], bool] | None = None,
) -> TokenMix:
    """Add what the router reads and writes for every task that may be routed.

    Parameters
    ----------
    routed, mix
        After and before routing.
    token_ratio
        Tokens on the router's model per token on another one.

    Examples
    --------
    >>> row = (MixKey("anthropic", "big"), np.array([[10.0, 0, 0, 0, 1.0]]), np.zeros(1))
    >>> before = TokenMix.of([row])
    >>> asked = ask_router(before, before, "small", Router(model="tiny"), lambda model: 1.0)
    >>> asked.keys[1].model, asked.tokens[0, 1].tolist()
    ('tiny', [10.0, 0.0, 0.0, 0.0, 0.0])
    """
    parts = routed.parts()
    for i in _targets(mix, to_model, sold):
        key = mix.keys[i]
        prompt = mix.tokens[:, i, :_OUTPUT].sum(axis=1) * token_ratio(key.model)
        tokens = np.zeros((len(prompt), len(TOKEN_KINDS)))
        tokens[:, _INPUT] = prompt * router.input_share
        tokens[:, _OUTPUT] = prompt * router.output_share
        parts.append((key._replace(model=router.model), tokens, np.zeros(len(prompt))))
    return TokenMix.of(parts)


def display_name(model: str) -> str:
    """Give the name people use for a model id; an id of another form stays as it is.

    >>> display_name("claude-haiku-5-5"), display_name("claude-opus-5"), display_name("gpt-6")
    ('Haiku 5.5', 'Opus 5', 'gpt-6')
    """
    found = re.fullmatch(r"claude-([a-z]+)-(\d+)(?:-(\d{1,2}))?(?:[-@]\d{8})?", model)
    if found is None:
        return model
    family, major, minor = found.groups()
    return f"{family.capitalize()} {major}.{minor}" if minor else f"{family.capitalize()} {major}"
