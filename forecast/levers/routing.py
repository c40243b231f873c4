"""Routing: a share of the work is tried on a lighter model, and what it fails is escalated.

What counts is the cost of a completed task. With s the share that is tried, p the share of the
tries that pass, ρ the extra attempts and τ the tokens on the lighter model per token today:

    lighter model    s·τ·(1 + ρ)    of today's tokens
    today's model    1 − s·p        of today's tokens: what is not tried, and what is escalated

so that with L the cost of a try relative to today's task, routing pays above p* = L.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np

from forecast.levers.transfer import transfer
from forecast.mix import Floats, TokenMix
from forecast.records.rates import RateCard
from forecast.records.usage import MixKey
from forecast.records.workloads import RoutingLever


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
    targets = {
        i: lighter
        for i, key in enumerate(mix.keys)
        if key.model != to_model
        and ((lighter := key._replace(model=to_model)) and (sold is None or sold(lighter)))
    }
    ratio = np.array(
        [token_ratio(key.model) if i in targets else 0.0 for i, key in enumerate(mix.keys)]
    )
    ones = np.ones(len(mix.keys))
    tried = (s * (1 + retry_share))[:, None]
    return transfer(
        mix,
        targets,
        stays=(1 - s * p)[:, None] * ones,
        goes=tried * ratio,
        searches_go=tried * ones,
    )


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
