"""What a FOCUS line of LLM usage counts: model, token kind, tier and platform, where it says.

FOCUS has no columns for tokens. What generators write (AWS Data Exports "FOCUS 1.2 with AWS
columns", LiteLLM's FOCUS export, "FOCUS for AI" of the FinOps Foundation; read 2026-11-24):

* AWS: `x_UsageType`, read by `bedrock_usage_types`; a marketplace model stands in `ServiceName`;
* others: `SkuMeter` ("Input Tokens", "Cache Read Tokens"), else `ChargeDescription`, names the
  kind, and the model is `SkuPriceDetails`' or a column of the generator's own, `ResourceId` of a
  resource of type Model, or an id or display name inside the SKU, resource or description.

A line that does not tell both model and kind has a cost and no usage; nothing is guessed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Final

from forecast.records.usage import Geography, ServiceTier, Speed, TokenKind
from forecast.usage.formats import bedrock_usage_types, cells, vocabulary
from forecast.usage.formats.bedrock_usage_types import Metered

PROVIDERS: Final = ("ServiceProviderName", "ProviderName", "PublisherName", "HostProviderName")
"""Who sells and who makes a service; the first is FOCUS 1.3's, the next two are 1.0 to 1.3's."""

MODEL_COLUMNS: Final = ("x_Model", "x_ModelId", "x_ModelName", "x_AIModel")
COLUMNS: Final = (
    *(*PROVIDERS, *MODEL_COLUMNS, "ServiceName", "ServiceSubcategory", "ResourceId"),
    *("ResourceName", "ResourceType", "SkuId", "SkuPriceId", "SkuMeter", "SkuPriceDetails"),
    *("ChargeDescription", "x_UsageType", "x_ServiceCode"),
)
"""The columns that this module looks at."""

_IS_LLM: Final = re.compile(
    r"claude|anthropic|bedrock|openai|\bgpt-|gemini|vertex ai|generative ai|foundry models|\bllm\b",
    re.IGNORECASE,
)
_TOKENS: Final = re.compile(r"token", re.IGNORECASE)
_SEARCH: Final = re.compile(r"web[ _-]?search", re.IGNORECASE)
_METERS: Final = ("SkuMeter", "ChargeDescription", "x_UsageType", "ConsumedUnit", "PricingUnit")
_KINDS: Final = (
    (re.compile(r"image|audio|video|speech|reasoning|thinking", re.IGNORECASE), None),
    (re.compile(r"uncached|non-cached|no[ _-]cache", re.IGNORECASE), TokenKind.INPUT),
    (
        re.compile(r"cache[ds]?[ _-]?(?:read|hit)|cached (?:input|prompt)|input cached", re.I),
        TokenKind.CACHE_READ,
    ),
    (
        re.compile(r"(?=.*cache[ _-]?(?:write|creation))(?=.*(?:1[ _-]?h|hour))", re.I),
        TokenKind.CACHE_WRITE_1H,
    ),
    (re.compile(r"cache[ _-]?(?:write|creation)", re.IGNORECASE), TokenKind.CACHE_WRITE_5M),
    (re.compile(r"cache", re.IGNORECASE), None),
    (re.compile(r"output|completion|response", re.IGNORECASE), TokenKind.OUTPUT),
    (re.compile(r"input|prompt", re.IGNORECASE), TokenKind.INPUT),
)
"""Tried in order; None is a kind that this table has no column for."""
_TIERS: Final = (
    (re.compile(r"\bbatch\b", re.IGNORECASE), ServiceTier.BATCH),
    (re.compile(r"\bpriority\b", re.IGNORECASE), ServiceTier.PRIORITY),
    (re.compile(r"\bflex\b", re.IGNORECASE), ServiceTier.FLEX),
)
_ID: Final = re.compile(r"\b(?:claude-[a-z0-9.@:-]*[a-z0-9]|(?:gpt|gemini)-[a-z0-9.-]*[a-z0-9])")
_SHOWN: Final = re.compile(
    r"\bClaude (?:(?:Opus|Sonnet|Haiku|Fable|Mythos) \d(?:\.\d)?|\d(?:\.\d)? (?:Opus|Sonnet|Haiku))"
)
_PLATFORMS: Final = (
    (re.compile(r"claude platform", re.IGNORECASE), "anthropic"),
    (re.compile(r"bedrock", re.IGNORECASE), "bedrock"),
    (re.compile(r"vertex|google|gemini", re.IGNORECASE), "vertex"),
    (re.compile(r"azure|microsoft|foundry", re.IGNORECASE), "azure"),
    (re.compile(r"openrouter", re.IGNORECASE), "openrouter"),
    (re.compile(r"anthropic|claude", re.IGNORECASE), "anthropic"),
    (re.compile(r"openai", re.IGNORECASE), "openai"),
)

Line = Mapping[str, str]
"""A line by column; a column that is left out is not in it."""


def is_llm(line: Line) -> bool:
    """Tell whether a line is of a large language model.

    >>> is_llm({"ServiceName": "Amazon Bedrock"}), is_llm({"ServiceName": "Amazon EC2"})
    (True, False)
    """
    named = ("ServiceName", "ServiceSubcategory", "SkuMeter", "SkuId", "x_ServiceCode")
    return any(_IS_LLM.search(line.get(c, "")) for c in (*PROVIDERS, *named, "ChargeDescription"))


def counts_tokens(line: Line) -> bool:
    """Tell whether a line of an LLM is of tokens, and not of images, guardrails or capacity.

    >>> counts_tokens({"SkuMeter": "Input Tokens"}), counts_tokens({"ConsumedUnit": "Images"})
    (True, False)
    """
    usage_type = line.get("x_UsageType", "")
    return not bedrock_usage_types.counts_capacity(usage_type) and any(
        _TOKENS.search(line.get(column, "")) for column in _METERS
    )


def is_web_search(line: Line) -> bool:
    """Tell whether a line is of web searches.

    >>> is_web_search({"SkuMeter": "Web Search Requests"})
    True
    """
    return any(_SEARCH.search(line.get(column, "")) for column in ("SkuMeter", "ChargeDescription"))


def platform_of(line: Line) -> str:
    """Give the platform of a line: where an LLM is bought, else the name of the provider.

    >>> platform_of({"ServiceName": "Amazon Bedrock", "ProviderName": "AWS"})
    'bedrock'
    >>> platform_of({"ServiceName": "Amazon EC2", "ProviderName": "AWS"})
    'aws'
    """
    providers = [line.get(column, "") for column in PROVIDERS]
    if is_llm(line):
        told = " ".join((line.get("ServiceName", ""), line.get("x_ServiceCode", ""), *providers))
        for pattern, platform in _PLATFORMS:
            if pattern.search(told):
                return platform
    named = next(filter(None, (provider.strip() for provider in providers)), "unknown")
    return re.sub(r"[^a-z0-9]+", "_", named.lower()).strip("_") or "unknown"


def counted(line: Line) -> Metered | None:
    """Give what a line of LLM usage counts; None where it does not tell model and kind.

    Raises
    ------
    ValueError
        `SkuPriceDetails` is not a JSON object.

    Examples
    --------
    >>> counted({"SkuMeter": "Input Tokens", "ResourceType": "Model",
    ...          "ResourceId": "anthropic/claude-opus-5-5"})[:3]
    ('claude-opus-5-5', 'input', 'standard')
    >>> counted({"SkuMeter": "5.4 opt Gl"}) is None
    True
    """
    usage_type = line.get("x_UsageType", "").strip()
    if usage_type and len(usage_type) <= cells.MAX_NAME:
        metered = bedrock_usage_types.tokens_of(usage_type)
        if metered is not None and not metered.model:
            model = bedrock_usage_types.model_of_product(line.get("ServiceName", "").strip())
            metered = metered._replace(model=model) if model else None
        if metered is not None or bedrock_usage_types.mentions_tokens(usage_type):
            return metered
    model, kind = _model(line), _kind(line)
    if not model or kind is None:
        return None
    return Metered(model, kind, _tier(line), Geography.GLOBAL.value, Speed.STANDARD.value, "")


def _kind(line: Line) -> str | None:
    for column in ("SkuMeter", "ChargeDescription"):
        text = line.get(column, "")
        if _TOKENS.search(text):
            found = next((kind for pattern, kind in _KINDS if pattern.search(text)), None)
            return found.value if found else None
    return None


def _tier(line: Line) -> str:
    told = " ".join(line.get(c, "") for c in ("SkuMeter", "SkuPriceId", "ChargeDescription"))
    return next((t for p, t in _TIERS if p.search(told)), ServiceTier.STANDARD).value


def _model(line: Line) -> str:
    details = _details(line)
    named = next(filter(None, (line.get(c, "").strip() for c in MODEL_COLUMNS)), "")
    if not named:
        named = next((details[k] for k in ("model", "modelid", "modelname") if k in details), "")
    if not named and line.get("ResourceType", "").strip().lower() == "model":
        named = line.get("ResourceId", "").strip()
    if named:
        return vocabulary.model_id(named.rsplit("/", 1)[-1])
    for column in ("SkuId", "ResourceName", "ResourceId", "SkuMeter", "ChargeDescription"):
        text = line.get(column, "")
        found = _ID.search(text.lower())
        if found:
            return _without_meter(found[0])
        shown = _SHOWN.search(text)
        if shown:
            return vocabulary.model_id(shown[0])
    return ""


def _without_meter(model: str) -> str:
    """Take a meter off an id that ends in one, as in claude-opus-5-input-tokens."""
    return re.sub(r"-(?:(?:un)?cached?-)?(?:read-|write-)?(?:input|output)-tokens?.*$", "", model)


def _details(line: Line) -> dict[str, str]:
    text = line.get("SkuPriceDetails", "").strip()
    if not text:
        return {}
    try:
        details = json.loads(text)
    except (ValueError, RecursionError):
        details = None
    if not isinstance(details, dict):
        problem = f"is not a JSON object: {cells.quoted(text)}"
        raise ValueError(problem)  # noqa: TRY004 (a cell's fault, as every reader reports it)
    return {
        str(key).lower().removeprefix("x_"): value
        for key, value in details.items()
        if isinstance(value, str)
    }
