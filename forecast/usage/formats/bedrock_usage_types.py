"""The usage types of Amazon Bedrock: what a line of an AWS bill counts.

AWS writes model, token kind, tier and route into one word, `line_item_usage_type` of CUR 2.0 and
`x_UsageType` of its FOCUS export. Three spellings are in use (AWS, "Understanding your Amazon
Bedrock Cost and Usage Report data", and its price list files; read 2026-11-24)::

    USE1-Claude4.5Sonnet-cache-read-input-token-count-cross-region-global-batch
    USW2-anthropic.claude-opus-4-8-mantle-cache-write-tokens-1h-global-standard
    USE1-MP:USE1_CacheWrite1hInputTokenCount_Global_Batch-Units
    USE1-MP:USE1_input_tokens_long_ctx_global_standard-Units

The third is that of models sold through AWS Marketplace, whose name stands in the product
instead. Only a `global` route is without the regional premium. Without a word for it the tier is
standard and a cache write lives 5 minutes. Usage types that count anything else (images,
guardrails, capacity, custom models, cache writes of other lifetimes) are not tokens here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final, NamedTuple

from forecast.records.usage import Geography, ServiceTier, Speed, TokenKind
from forecast.usage.formats import vocabulary

LONG_CONTEXT: Final = "200k-1M"
EDITION: Final = "(Amazon Bedrock Edition)"
"""Ends the product name of a model that AWS Marketplace sells for Bedrock."""

_REGION: Final = r"(?:[A-Z0-9]{2,5}-)?"
_DASHED: Final = re.compile(
    _REGION + r"(?P<model>.+?)(?P<mantle>-mantle)?-"
    r"(?P<kind>input|output|cache-read|cache-write)(?P<early>-1h)?(?:-input)?-"
    r"token(?:s|-count)(?P<rest>(?:-[a-z0-9]+)*)"
)
_SNAKE: Final = re.compile(
    _REGION + r"MP:[A-Z0-9]+_(?P<kind>input|output|cache_read|cache_write)_tokens"
    r"(?P<rest>(?:_[a-z0-9]+)*)-Units"
)
_CAMEL: Final = re.compile(
    _REGION + r"MP:[A-Z0-9]+_(?:Million)?(?P<batch>Batch)?(?P<kind>CacheRead|CacheWrite)?"
    r"(?P<lifetime>\d+[mh])?(?P<way>Input|Output)Token(?:Count|s)(?P<rest>(?:_[A-Za-z]+)*)-Units"
)
_CAPACITY: Final = re.compile(r"provisioned|reserved|tpm|modelunit", re.IGNORECASE)
_TOKENS: Final = re.compile(r"token", re.IGNORECASE)

_KINDS: Final = {
    "input": TokenKind.INPUT,
    "output": TokenKind.OUTPUT,
    "cache-read": TokenKind.CACHE_READ,
    "cache-write": TokenKind.CACHE_WRITE_5M,
}
_LIFETIMES: Final = {
    "5m": TokenKind.CACHE_WRITE_5M,
    "1h": TokenKind.CACHE_WRITE_1H,
    "1-hour": TokenKind.CACHE_WRITE_1H,
}
_ROUTES: Final = {
    "cross-region-global": Geography.GLOBAL,
    "global": Geography.GLOBAL,
    "cross-region-geo": Geography.REGIONAL,
    "geo": Geography.REGIONAL,
}
_LONG: Final = ("long-context", "long-ctx", "longcontext")
_QUICK: Final = ("latency-optimized", "latencyoptimized")
_TIERS: Final = {tier.value: tier for tier in ServiceTier}

_SHORT_NAME: Final = re.compile(
    r"Claude(?P<major>\d)(?:[.-](?P<minor>\d))?(?P<family>Opus|Sonnet|Haiku)(?P<revision>v\d)?"
)
_CLAUDE_2: Final = re.compile(r"Claude(2(?:\.\d)?)")
_REVISION: Final = re.compile(r" v(\d)$")


class Metered(NamedTuple):
    """What a usage type counts; `model` is empty where the product names it."""

    model: str
    token_kind: str
    service_tier: str
    geography: str
    speed: str
    context_window: str


@lru_cache(maxsize=4096)
def tokens_of(usage_type: str) -> Metered | None:
    """Read a usage type that counts text tokens; None for everything else.

    Examples
    --------
    >>> tokens_of("USE1-Claude4.5Sonnet-input-tokens-cross-region-global-batch")[:4]
    ('claude-sonnet-4-5', 'input', 'batch', 'global')
    >>> tokens_of("USW2-anthropic.claude-opus-4-8-mantle-cache-write-tokens-1h-standard")[:4]
    ('claude-opus-4-8', 'cache_write_1h', 'standard', 'regional')
    >>> tokens_of("USE1-MP:USE1_CacheReadInputTokenCount_Global-Units")[:4]
    ('', 'cache_read', 'standard', 'global')
    >>> tokens_of("USE1-Guardrail-ContentPolicyUnitsConsumed") is None
    True
    """
    if _CAPACITY.search(usage_type):
        return None
    camel = _CAMEL.fullmatch(usage_type)
    if camel:
        kind = {"CacheRead": "cache-read", "CacheWrite": "cache-write"}.get(
            camel["kind"] or "", camel["way"].lower()
        )
        words = [camel["lifetime"], camel["batch"], *camel["rest"].split("_")]
        return _metered("", kind, [word.lower() for word in words if word])
    snake = _SNAKE.fullmatch(usage_type)
    if snake:
        return _metered("", snake["kind"].replace("_", "-"), snake["rest"].split("_"))
    dashed = _DASHED.fullmatch(usage_type)
    if dashed is None:
        return None
    early = (dashed["early"] or "").removeprefix("-")
    return _metered(model_of(dashed["model"]), dashed["kind"], [early, *dashed["rest"].split("-")])


def _metered(model: str, kind: str, words: list[str]) -> Metered | None:
    """Read the words after the token kind; None where one of them is not known."""
    rest = "-".join(word for word in words if word)
    token_kind, tier, route = _KINDS[kind], ServiceTier.STANDARD, Geography.REGIONAL
    speed, window = Speed.STANDARD, ""
    while rest:
        if word := _leading(rest, _LIFETIMES):
            if kind != "cache-write":
                return None
            token_kind = _LIFETIMES[word]
        elif word := _leading(rest, _ROUTES):
            route = _ROUTES[word]
        elif word := _leading(rest, _TIERS):
            tier = _TIERS[word]
        elif word := _leading(rest, _LONG):
            window = LONG_CONTEXT
        elif word := _leading(rest, _QUICK):
            speed = Speed.FAST
        else:
            return None
        rest = rest[len(word) + 1 :]
    return Metered(model, token_kind.value, tier.value, route.value, speed.value, window)


def _leading(text: str, words: Iterable[str]) -> str:
    return next((w for w in words if text == w or text.startswith(f"{w}-")), "")


def counts_capacity(usage_type: str) -> bool:
    """Tell whether a usage type is bought capacity, which costs the same used or not.

    >>> counts_capacity("USE1-MP:USE1_Reserved_1Month_InputTPM_Geo-Units")
    True
    """
    return _CAPACITY.search(usage_type) is not None


def mentions_tokens(usage_type: str) -> bool:
    """Tell whether a usage type is of tokens of any sort.

    >>> mentions_tokens("USE1-NovaPro-input-image-token-count")
    True
    """
    return _TOKENS.search(usage_type) is not None


def model_of(short: str) -> str:
    """Give the id of a model that a usage type names; what is not Claude stays as it is.

    >>> model_of("Claude4.5Sonnet"), model_of("Claude3Haiku"), model_of("Claude3.5Sonnetv2")
    ('claude-sonnet-4-5', 'claude-3-haiku', 'claude-3-5-sonnet-v2')
    >>> model_of("anthropic.claude-fable-5-1"), model_of("Nova2.0Lite"), model_of("Claude2.1")
    ('claude-fable-5-1', 'Nova2.0Lite', 'claude-2.1')
    """
    named = _SHORT_NAME.fullmatch(short)
    if named:
        version = named["major"] + (f".{named['minor']}" if named["minor"] else "")
        plain = vocabulary.model_id(f"Claude {named['family']} {version}")
        return f"{plain}-{named['revision']}" if named["revision"] else plain
    second = _CLAUDE_2.fullmatch(short)
    return f"claude-{second[1]}" if second else short.removeprefix("anthropic.")


def model_of_product(product: str) -> str:
    """Give the id of a model that AWS Marketplace sells for Bedrock; empty for another product.

    >>> model_of_product("Claude Sonnet 4.5 (Amazon Bedrock Edition)")
    'claude-sonnet-4-5'
    >>> model_of_product("Claude 3.5 Sonnet v2 (Amazon Bedrock Edition)")
    'claude-3-5-sonnet-v2'
    """
    if not product.endswith(EDITION):
        return ""
    shown = product.removesuffix(EDITION).strip()
    revision = _REVISION.search(shown)
    if revision:
        return f"{vocabulary.model_id(shown[: revision.start()])}-v{revision[1]}"
    return vocabulary.model_id(shown)
