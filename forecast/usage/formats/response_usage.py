"""The usage object of a model's response, as gateways copy it into their logs.

Anthropic's shape counts cache tokens beside the input (`cache_read_input_tokens`,
`cache_creation_input_tokens`, split by lifetime in `cache_creation`), OpenAI's inside it
(`prompt_tokens_details` or `input_tokens_details`: `cached_tokens`, `cache_write_tokens`). Sources:
the openai package 3.54.0 (CompletionUsage), litellm 1.109.1 (types/utils.py, Usage and
PromptTokensDetailsWrapper; cache_tokens.py), read 2026-11-24.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from forecast.records.usage import ServiceTier
from forecast.usage.formats import cells
from forecast.usage.formats.json_text import Fields

_DETAILS: Final = ("prompt_tokens_details", "input_tokens_details")
_SHORT: Final = ("ephemeral_5m_input_tokens", "ephemeral_30m_input_tokens")
_LONG: Final = ("ephemeral_1h_input_tokens", "ephemeral_12h_input_tokens")
_TIERS: Final = {
    **{tier.value: tier.value for tier in ServiceTier},
    "default": ServiceTier.STANDARD.value,
    "auto": ServiceTier.STANDARD.value,
    "on_demand": ServiceTier.STANDARD.value,
    "fast": ServiceTier.PRIORITY.value,
}


class CacheTokens(NamedTuple):
    """Cache tokens of a response; `lifetimes_told` is False where writes are not split."""

    read: int
    write_5m: int
    write_1h: int
    lifetimes_told: bool


def cache_tokens(usage: Fields) -> CacheTokens:
    """Read the cache tokens of a usage object of either shape.

    Writes whose split is missing, or does not add up, are five-minute writes. OpenAI's lifetimes
    of 30 minutes and 12 hours stand for the shorter and the longer one.

    Raises
    ------
    UsageFormatError
        A count that is not one, or two members that disagree.

    Examples
    --------
    >>> usage = {"prompt_tokens": 900, "cache_read_input_tokens": 500,
    ...          "cache_creation_input_tokens": 300,
    ...          "cache_creation": {"ephemeral_1h_input_tokens": 300}}
    >>> cache_tokens(Fields(usage, "log.json"))
    CacheTokens(read=500, write_5m=0, write_1h=300, lifetimes_told=True)
    """
    details = [usage.inner_or_empty(member) for member in _DETAILS]
    read = _agreed(
        [(usage, "cache_read_input_tokens"), *((d, "cached_tokens") for d in details)],
    )
    write = _agreed(
        [
            (usage, "cache_creation_input_tokens"),
            *((d, "cache_write_tokens") for d in details),
            *((d, "cache_creation_tokens") for d in details),
        ]
    )
    splits = [usage.inner_or_empty("cache_creation")]
    splits += [d.inner_or_empty("cache_creation_token_details") for d in details]
    for split in splits:
        short = sum(split.count_or_zero(member) for member in _SHORT)
        long = sum(split.count_or_zero(member) for member in _LONG)
        if write and short + long == write:
            return CacheTokens(read, short, long, lifetimes_told=True)
    return CacheTokens(read, write, 0, lifetimes_told=not write)


def service_tier(usage: Fields, member: str = "service_tier") -> str:
    """Read the tier that served a response; null is standard.

    >>> service_tier(Fields({"service_tier": "default"}, "log.json"))
    'standard'
    """
    word = usage.text(member)
    if not word:
        return ServiceTier.STANDARD.value
    if word.lower() not in _TIERS:
        raise usage.fault(
            member,
            f"is not a known service tier: {cells.quoted(word)}; known are {', '.join(_TIERS)}",
        )
    return _TIERS[word.lower()]


def _agreed(places: list[tuple[Fields, str]]) -> int:
    """Read the one count that stands in several places; zeros beside it are blanks."""
    told: tuple[int, Fields, str] | None = None
    for fields, member in places:
        count = fields.count_or_zero(member)
        if not count:
            continue
        if told is not None and told[0] != count:
            raise fields.fault(
                member, f"is {count} where {told[1].path}{told[2]} is {told[0]}; which is right?"
            )
        told = count, fields, member
    return told[0] if told else 0
