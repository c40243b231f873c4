"""Ids of models that the price package lists, as exports spell them.

The package says by clauses which ids have a model's price. Exact ids and anchored patterns are
taken as they are. A clause that names only a beginning or a part ("gemini-2.5-pro…") would also
catch models of other prices; it is taken for the id itself and for snapshots of it
(gemini-2.5-pro-001, gemini-2.5-pro-preview-06-05), for nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

from forecast.pricing.published import (
    BEDROCK,
    PLATFORM,
    PROVIDERS,
    card_id,
    providers,
    published_rates,
)

if TYPE_CHECKING:
    from genai_prices.types import MatchLogic, ModelInfo

TUNED: Final = "ft:"
"""How the id of a tuned model begins; every tuned model of one base has the same price."""

_SNAPSHOT: Final = re.compile(
    r"(?:-preview)?(?:-(?:\d{3}|\d{2}-\d{2}|\d{2}-\d{4}|\d{4}-\d{2}-\d{2}|\d{8}))?"
)
_TUNED: Final = re.compile(r"[\d-]*(?::[^/]*)?")
"""What follows the base model in the id of a tuned one: its snapshot, organisation and name."""
_PATH: Final = re.compile(r"(?:[a-z0-9_.-]+/)*")
_BEDROCK_PROFILE: Final = re.compile(r"^(?:us|eu|apac|ap|jp|au|ca|in|sa|global)\.(?=[a-z]+\.)")
_BEDROCK_CONTEXT: Final = re.compile(r"(?<=:\d):\d+k$")
_BEDROCK_REVISION: Final = re.compile(r"-v\d+(?::\d+)?$")


@dataclass(frozen=True)
class _Spellings:
    """How the models of a platform are spelt."""

    exact: Mapping[str, str]
    patterns: tuple[tuple[re.Pattern[str], str], ...]
    beginnings: tuple[tuple[str, str], ...]
    """Longest first."""


def published_id(platform: str, raw_id: str) -> str | None:
    """Give the card's id of a model of another vendor than Anthropic; None when it is not listed.

    Examples
    --------
    >>> published_id("openai", "openai/gpt-5.4-2026-03-05")
    'gpt-5.4'
    >>> published_id("vertex", "publishers/google/models/gemini-2.5-pro-001")
    'gemini-2.5-pro'
    >>> published_id("bedrock", "us.amazon.nova-pro-v1:0")
    'amazon.nova-pro-v1:0'
    >>> published_id("openai", "gpt-4o-2030-01-01") is None
    True
    """
    if platform == PLATFORM or platform not in PROVIDERS:
        return None
    plain = _PATH.sub("", raw_id.strip().lower(), count=1)
    if platform == BEDROCK:
        plain = _BEDROCK_CONTEXT.sub("", _BEDROCK_PROFILE.sub("", plain.rsplit("/", 1)[-1]))
    known = _spellings(platform)
    if plain in known.exact:
        return known.exact[plain]
    for pattern, model in known.patterns:
        if pattern.search(plain):
            return model
    for beginning, model in known.beginnings:
        rest = _TUNED if beginning.startswith(TUNED) else _SNAPSHOT
        if plain.startswith(beginning) and rest.fullmatch(plain[len(beginning) :]):
            return model
    return None


@cache
def _spellings(platform: str) -> _Spellings:
    priced = {row.model for row in published_rates() if row.platform == platform}
    exact: dict[str, str] = {}
    patterns: list[tuple[re.Pattern[str], str]] = []
    beginnings: list[tuple[str, str]] = []
    for model in providers()[PROVIDERS[platform]].models:
        name = card_id(model.id)
        if name not in priced:
            continue
        for text, whole in _literals(model):
            if whole:
                exact.setdefault(text, name)
            elif text.startswith(TUNED) or not text.endswith(("-", ":", "@")):
                beginnings.append((text, name))
        patterns += [(pattern, name) for pattern in _anchored(model.match)]
    exact |= {name: name for name in priced}
    if platform == BEDROCK:
        _add_without_revision(exact, priced)
        beginnings = []
    return _Spellings(exact, tuple(patterns), tuple(sorted(beginnings, key=lambda b: -len(b[0]))))


def _add_without_revision(exact: dict[str, str], priced: set[str]) -> None:
    """Let amazon.nova-pro stand for its only revision; two revisions are two models."""
    bare: dict[str, set[str]] = {}
    for name in priced:
        bare.setdefault(_BEDROCK_REVISION.sub("", name), set()).add(name)
    exact |= {text: names.pop() for text, names in bare.items() if len(names) == 1}


def _literals(model: ModelInfo) -> Iterator[tuple[str, bool]]:
    """Give (text, whether it is a whole id) of the clauses of a model."""
    for clause in _alternatives(model.match):
        equals = getattr(clause, "equals", None)
        begins = getattr(clause, "starts_with", None) or getattr(clause, "contains", None)
        begins = begins or getattr(clause, "ends_with", None)
        text = equals or begins
        if text is not None:
            yield card_id(text.lower().removeprefix("/")), equals is not None


def _alternatives(match: MatchLogic) -> Iterator[MatchLogic]:
    """Give the clauses of which one is enough; of several that are all needed, the first."""
    if hasattr(match, "or_"):
        for clause in match.or_:
            yield from _alternatives(clause)
    elif hasattr(match, "and_"):
        yield from _alternatives(match.and_[0])
    else:
        yield match


def _anchored(match: MatchLogic) -> Iterator[re.Pattern[str]]:
    for clause in _alternatives(match):
        text = getattr(clause, "regex", None)
        if isinstance(text, str) and text.startswith("^") and text.endswith("$"):
            yield re.compile(text)
