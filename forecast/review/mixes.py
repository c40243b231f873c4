"""Mixes between an old and a new one: which model does the work, then with which tokens.

A mix is split into the share of demand that each key (platform, model, tier, …) does, and the
tokens a unit of demand takes there. What a lever moves is left as it was, because its change is
lever realisation, not mix:

    batch     the service tiers within a model
    routing   the models altogether
    caching   how the prompt's tokens split into uncached, written and read
"""

from __future__ import annotations

from collections.abc import Callable, Set
from dataclasses import dataclass

import numpy as np

from forecast.mix import UNITS_PER_TOKEN, TokenMix
from forecast.paths import Floats
from forecast.records.rates import ModelFacts
from forecast.records.usage import TOKEN_KINDS, MixKey, TokenKind

Facts = Callable[[str], ModelFacts]

OUTPUT = TOKEN_KINDS.index(TokenKind.OUTPUT)


@dataclass(frozen=True)
class _Done:
    """How one key does its part: share of demand, and per unit of demand tokens and searches.

    Tokens are those of a tokenizer of 1 token a text, so that they can be carried to a model with
    another tokenizer.
    """

    share: float
    tokens: Floats
    searches: float


def model_mix(old: TokenMix, new: TokenMix, levers: Set[str], facts: Facts) -> TokenMix:
    """Give the old mix done by the models of the new one, with the old tokens of each.

    A model that the old mix does not know takes the old tokens of the whole.
    """
    if "routing" in levers:
        return old
    before, after = _split(old, facts), _split(new, facts)
    shares = {key: done.share for key, done in after.items()}
    if "batch" in levers:
        shares = _with_tiers(shares, {key: done.share for key, done in before.items()})
    usual = _mean(before)
    like = {_ways(key): done for key, done in before.items()}
    return _joined(
        {
            key: _Done(share, *_tokens(before.get(key) or like.get(_ways(key)) or usual))
            for key, share in shares.items()
        },
        facts,
    )


def token_mix(between: TokenMix, new: TokenMix, levers: Set[str], facts: Facts) -> TokenMix:
    """Give a mix of these models with the tokens of the new one."""
    before, after = _split(between, facts), _split(new, facts)
    usual = _mean(after)
    like = {_ways(key): done for key, done in after.items()}
    found = {}
    for key, done in before.items():
        tokens, searches = _tokens(after.get(key) or like.get(_ways(key)) or usual)
        if "caching" in levers:
            tokens = _cached_alike(tokens, done.tokens)
        found[key] = _Done(done.share, tokens, searches)
    return _joined(found, facts)


def _split(mix: TokenMix, facts: Facts) -> dict[MixKey, _Done]:
    found = {}
    for key, tokens, searches in mix.parts():
        per_text = tokens.mean(axis=0) / facts(key.model).tokens_per_text
        share = float(per_text @ UNITS_PER_TOKEN)
        if share > 0:
            found[key] = _Done(share, per_text / share, float(searches.mean()) / share)
    return found


def _joined(parts: dict[MixKey, _Done], facts: Facts) -> TokenMix:
    total = sum(done.share for done in parts.values())
    return TokenMix.of(
        (
            key,
            done.tokens[None, :] * (done.share / total * facts(key.model).tokens_per_text),
            np.array([done.searches * done.share / total]),
        )
        for key, done in parts.items()
    )


def _tokens(done: _Done) -> tuple[Floats, float]:
    return done.tokens, done.searches


def _mean(parts: dict[MixKey, _Done]) -> _Done:
    total = sum(done.share for done in parts.values())
    tokens: Floats = np.zeros(len(TOKEN_KINDS))
    for done in parts.values():
        tokens = tokens + done.tokens * (done.share / total)
    return _Done(1.0, tokens, sum(d.searches * d.share for d in parts.values()) / total)


def _ways(key: MixKey) -> tuple[str, str]:
    return key.platform, key.model


def _with_tiers(new: dict[MixKey, float], old: dict[MixKey, float]) -> dict[MixKey, float]:
    """Give every model its new share, divided over the tiers as before.

    A model that is new is divided as the whole was.
    """
    whole: dict[str, float] = {}
    for key, share in old.items():
        whole[key.service_tier] = whole.get(key.service_tier, 0.0) + share
    found: dict[MixKey, float] = {}
    for key, share in new.items():
        alike = {
            k.service_tier: s
            for k, s in old.items()
            if k._replace(service_tier=key.service_tier) == key
        } or whole
        total = sum(alike.values())
        for tier, part in alike.items():
            target = key._replace(service_tier=tier)
            found[target] = found.get(target, 0.0) + share * part / total
    return found


def _cached_alike(tokens: Floats, like: Floats) -> Floats:
    """Split the prompt of `tokens` into uncached, written and read as `like` does."""
    prompt, was = tokens[:OUTPUT].sum(), like[:OUTPUT].sum()
    if was <= 0:
        return tokens
    out = tokens.copy()
    out[:OUTPUT] = like[:OUTPUT] * (prompt / was)
    return out
