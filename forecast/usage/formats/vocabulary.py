"""The vendors' words for what decides a rate, in the words of the canonical table.

Every function raises ValueError for a word it does not know: a tier, a place or a window that
nobody has reviewed may carry a price of its own.
"""

from __future__ import annotations

import re
from typing import Final

from forecast.records.usage import Geography, ServiceTier, Speed
from forecast.usage.formats.cells import quoted

UNKNOWN_MODEL: Final = "unknown"
"""The model of a record that names none: kept, and refused when it is priced."""

_TIERS: Final = {
    **{tier.value: tier.value for tier in ServiceTier},
    "priority_on_demand": ServiceTier.PRIORITY.value,
    "flex_discount": ServiceTier.FLEX.value,
}
"""The six tiers of the messages usage report (platform.claude.com, read 2026-11-22)."""

NO_PLACE: Final = "not_available"
"""What the vendor writes for models that run without a choice of place, at the global rate."""

_PLACES: Final = {
    "global": Geography.GLOBAL.value,
    "us": Geography.US.value,
    NO_PLACE: Geography.GLOBAL.value,
}

_WINDOW: Final = re.compile(r"(\d{1,9})([km]?)-(\d{1,9})([km]?)")
_BOUND: Final = re.compile(r"(≤|<=|<|>|>=|≥)(\d{1,9})([km]?)")
LARGEST_WINDOW: Final = "1M"
"""The largest context window on sale, the upper end of "> 200k"."""

PROMPT_BANDS: Final = ((100_000, "0-100k"), (200_000, "100k-200k"))
LONGEST_BAND: Final = "200k-1M"
"""Context windows in which prices differ (Haiku 5.5 above 100,000 prompt tokens, models before
2026-03-13 above 200,000), told by the prompt of a request where no window is reported."""

_MODERN: Final = re.compile(r"claude (opus|sonnet|haiku|fable|mythos) (\d)(?:\.(\d))?")
_OLDER: Final = re.compile(r"claude (\d)(?:\.(\d))? (opus|sonnet|haiku)")
_SNAPSHOT: Final = re.compile(r"(.*\S) (20\d{2})-(\d{2})-(\d{2})")
_ID_BY_FAMILY_SINCE: Final = 4
"""From Claude 4 on ids name the family first: claude-opus-4-1, but claude-3-5-haiku."""


def service_tier(word: str) -> str:
    """Give the tier that a word means.

    >>> service_tier("priority_on_demand"), service_tier("batch")
    ('priority', 'batch')
    """
    return _known(word, _TIERS, "service tier")


def inference_geo(word: str) -> str:
    """Give the geography that Anthropic's word for it means.

    >>> inference_geo("not_available")
    'global'
    """
    return _known(word, _PLACES, "inference geography")


def no_place_warning(n: int, n_rows: int) -> list[str]:
    """Say that `n` of `n_rows` rows have no place and are taken as global.

    >>> no_place_warning(0, 10)
    []
    """
    if not n:
        return []
    return [f"inference_geo is {NO_PLACE} in {n} of {n_rows} rows: taken as global"]


def geography(word: str) -> str:
    """Check a geography of the canonical table."""
    return _known(word, {g.value: g.value for g in Geography}, "geography")


def speed(word: str) -> str:
    """Check a speed."""
    return _known(word, {s.value: s.value for s in Speed}, "speed")


def _known(word: str, words: dict[str, str], what: str) -> str:
    try:
        return words[word.strip().lower()]
    except KeyError:
        raise ValueError(
            f"is not a known {what}: {quoted(word)}; known are {', '.join(words)}"
        ) from None


def context_window(word: str) -> str:
    """Write a context window as the usage report does; empty stays empty (unknown).

    >>> context_window("≤ 200k"), context_window("> 200k"), context_window("0-200k")
    ('0-200k', '200k-1M', '0-200k')
    """
    text = re.sub(r"\s", "", word).lower().replace("–", "-")
    if not text:
        return ""
    window = _WINDOW.fullmatch(text)
    if window:
        low, low_unit, high, high_unit = window.groups()
        return f"{low}{_unit(low_unit)}-{high}{_unit(high_unit)}"
    bound = _BOUND.fullmatch(text)
    if bound is None:
        raise ValueError(f"is not a context window: {quoted(word)}; write 0-200k or 200k-1M")
    sign, size, unit = bound.groups()
    edge = f"{size}{_unit(unit)}"
    return f"0-{edge}" if sign in ("≤", "<=", "<") else f"{edge}-{LARGEST_WINDOW}"


def _unit(letter: str) -> str:
    return {"": "", "k": "k", "m": "M"}[letter]


def prompt_band(prompt_tokens: int) -> str:
    """Give the context window of a request from all its input-side tokens.

    >>> prompt_band(100_000), prompt_band(100_001), prompt_band(900_000)
    ('0-100k', '100k-200k', '200k-1M')
    """
    return next((band for most, band in PROMPT_BANDS if prompt_tokens <= most), LONGEST_BAND)


def model_id(shown: str) -> str:
    """Give the id of a model that the Console shows by its display name.

    Ids pass unchanged, and so does a name that follows neither pattern: it finds no price and
    is refused there by name, instead of being guessed here.

    >>> model_id("Claude Haiku 4.5"), model_id("Claude Opus 4"), model_id("claude-opus-5")
    ('claude-haiku-4-5', 'claude-opus-4', 'claude-opus-5')
    >>> model_id("Claude Haiku 3.5"), model_id("Claude 3.7 Sonnet"), model_id("Claude Next")
    ('claude-3-5-haiku', 'claude-3-7-sonnet', 'Claude Next')
    >>> model_id("Claude 3.5 Sonnet 2024-10-22")
    'claude-3-5-sonnet-20241022'
    """
    text = shown.strip().lower()
    dated = _SNAPSHOT.fullmatch(text)
    if dated:
        plain, *day = dated.groups()
        named = model_id(plain)
        return shown if named == plain else f"{named}-{''.join(day)}"
    modern, older = _MODERN.fullmatch(text), _OLDER.fullmatch(text)
    if modern:
        family, major, minor = modern.groups()
    elif older:
        major, minor, family = older.groups()
    else:
        return shown
    version = f"{major}-{minor}" if minor else major
    if int(major) >= _ID_BY_FAMILY_SINCE:
        return f"claude-{family}-{version}"
    return f"claude-{version}-{family}"
