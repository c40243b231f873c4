"""Who serves a model: the words of gateways, tracers and clients in the words of the rate card.

A platform nobody has reviewed passes as it is written: it finds no price and is refused there by
name. Sources: provider ids of the litellm Python package 1.109.1, `gen_ai.provider.name` of the
OpenTelemetry semantic conventions 0.66b2, provider names of OpenRouter's activity; read
2026-11-24.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

UNKNOWN_PLATFORM: Final = "unknown"
"""The platform of a model whose id and source do not tell it: refused when it is priced."""

_WORDS: Final = {
    "anthropic": ("anthropic", "anthropic_text", "claude"),
    "bedrock": (
        *("bedrock", "bedrock_converse", "bedrock_mantle", "aws.bedrock", "aws", "aws-bedrock"),
        *("amazon bedrock", "amazon-bedrock", "bedrock-runtime"),
    ),
    "vertex": (
        *("vertex", "vertex_ai", "vertex_ai_beta", "vertexai", "gcp.vertex_ai", "google vertex"),
        *("google-vertex", "vertex-ai", "vertex_ai-anthropic_models", "vertex_ai-language-models"),
    ),
    "google": (
        *("google", "gemini", "gcp.gemini", "gcp.gen_ai", "google ai studio", "google-ai-studio"),
    ),
    "openai": ("openai", "text-completion-openai"),
    "azure": (
        *("azure", "azure_ai", "azure_text", "azure_openai", "azure.ai.openai", "az.ai.openai"),
        *("azure.ai.inference", "az.ai.inference", "azure openai", "azure-openai"),
    ),
    "openrouter": ("openrouter",),
}
_PLATFORMS: Final = {word: platform for platform, words in _WORDS.items() for word in words}

_BEDROCK_ID: Final = re.compile(r"arn:aws[a-z-]*:bedrock:.+|(?:[a-z-]{2,7}\.)?anthropic\..+")
_OPENAI_ID: Final = re.compile(r"(?:ft:)?(?:gpt-|chatgpt-|o[1-9](?:-|$)|text-embedding-|codex-).*")


class Served(NamedTuple):
    """A model and where it runs."""

    platform: str
    model: str


def platform(word: str) -> str:
    """Give the platform that a provider's name means; an unknown name comes back in lower case.

    >>> platform("vertex_ai_beta"), platform("Amazon Bedrock"), platform("Groq")
    ('vertex', 'bedrock', 'groq')
    """
    name = word.strip().lower()
    return _PLATFORMS.get(name, name)


def served(model: str, provider: str = "") -> Served:
    """Tell the platform of a model, and the id that this platform gives it.

    The provider decides where the source names one. Else a prefix of the id does
    ("vertex_ai/…"), else the way the id is written. An id keeps everything but the prefix that
    says the platform.

    Examples
    --------
    >>> served("bedrock/us.anthropic.claude-opus-5"), served("anthropic/claude-opus-5")
    (Served(platform='bedrock', model='us.anthropic.claude-opus-5'), \
Served(platform='anthropic', model='claude-opus-5'))
    >>> served("claude-opus-5", "vertex_ai"), served("gemini-3-pro").platform
    (Served(platform='vertex', model='claude-opus-5'), 'google')
    >>> served("openrouter/anthropic/claude-opus-5")
    Served(platform='openrouter', model='anthropic/claude-opus-5')
    >>> served("llama-4").platform
    'unknown'
    """
    head, slash, rest = model.partition("/")
    prefix = _PLATFORMS.get(head.lower()) if slash and rest else None
    if provider:
        where = platform(provider)
        return Served(where, rest if prefix == where else model)
    if prefix is not None:
        return Served(prefix, _without_route(rest) if prefix == "bedrock" else rest)
    return Served(_by_spelling(model), model)


def maker(model: str) -> str:
    """Give whose model an id names, wherever it runs; other makers are one.

    >>> maker("us.anthropic.claude-opus-5"), maker("openai/gpt-5.4"), maker("llama-4")
    ('anthropic', 'openai', 'unknown')
    """
    text = model.lower()
    name = text.rsplit("/", 1)[-1]
    if "claude" in text:
        return "anthropic"
    if _OPENAI_ID.fullmatch(name) or "openai" in text:
        return "openai"
    return "google" if "gemini" in name else UNKNOWN_PLATFORM


def _without_route(model: str) -> str:
    """Take off the route that LiteLLM writes between platform and id (bedrock/converse/…)."""
    route, _, rest = model.partition("/")
    return rest if rest and route in ("converse", "invoke", "converse_like") else model


def _by_spelling(model: str) -> str:
    text = model.lower()
    if _BEDROCK_ID.fullmatch(text):
        return "bedrock"
    if text.startswith("claude"):
        return "vertex" if "@" in text else "anthropic"
    if _OPENAI_ID.fullmatch(text):
        return "openai"
    return "google" if text.startswith("gemini") else UNKNOWN_PLATFORM
