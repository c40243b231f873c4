"""Langfuse's usage types: free-form names of counts, read by what they are called.

Types do not overlap by design: an integration that reports cached input takes it out of `input`,
and without a `total` of its own Langfuse adds all of them up. Where a total was reported, it tells
whether they really are apart (`UsageTypes.plain`). Sources: Langfuse docs, "Token and cost
tracking"; the names that its Python package 5.0.4 writes (langchain/CallbackHandler.py) and that
its price list charges for Claude, OpenAI and Gemini models; read 2026-11-24.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, NamedTuple

from forecast.usage.formats import cells
from forecast.usage.formats.json_text import Fields

_INPUT: Final = ("input", "input_tokens", "prompt_tokens", "promptTokens")
_OUTPUT: Final = ("output", "output_tokens", "completion_tokens", "completionTokens")
_TOTAL: Final = ("total", "total_tokens", "totalTokens")
_READ: Final = (
    *("cache_read_input_tokens", "input_cache_read_input_tokens", "input_cached_tokens"),
    *("input_cache_read", "input_cache_read_tokens", "cache_read", "cached_tokens"),
    *("input_cached_content_token_count", "cached_content_token_count", "cached_input_tokens"),
)
_WRITE: Final = (
    *("cache_creation_input_tokens", "input_cache_creation_input_tokens", "cache_creation"),
    *("input_cache_creation", "input_cache_creation_tokens", "input_cache_write"),
    *("input_cache_write_tokens", "cache_write_input_tokens"),
)
_WRITE_5M: Final = (
    *("input_cache_creation_5m", "input_ephemeral_5m_input_tokens", "ephemeral_5m_input_tokens"),
)
_WRITE_1H: Final = (
    *("input_cache_creation_1h", "input_ephemeral_1h_input_tokens", "ephemeral_1h_input_tokens"),
)
_SEARCHES: Final = ("web_search_requests", "server_tool_use_web_search_requests", "web_searches")
_OUTPUT_WORDS: Final = ("output", "completion", "reasoning", "thought", "candidate")
_INPUT_WORDS: Final = ("input", "prompt")
_TEXT_WORDS: Final = ("reasoning", "thought", "text", "prediction")
"""What is billed at the rates of text."""
_KNOWN: Final = {
    **dict.fromkeys(_INPUT, "input"),
    **dict.fromkeys(_OUTPUT, "output"),
    **dict.fromkeys(_TOTAL, "total"),
    **dict.fromkeys(_READ, "read"),
    **dict.fromkeys(_WRITE, "write"),
    **dict.fromkeys(_WRITE_5M, "write_5m"),
    **dict.fromkeys(_WRITE_1H, "write_1h"),
    **dict.fromkeys(_SEARCHES, "searches"),
}
_TIERS: Final = ("priority", "flex")
"""LangChain repeats the counts of such a tier under names of their own; they are no parts."""


class PlainCounts(NamedTuple):
    """Input and output tokens at their own rates; `sure` is False where a total contradicts."""

    input: int
    output: int
    sure: bool


@dataclass
class UsageTypes:
    """The counts of one observation by kind.

    Attributes
    ----------
    input, output
        What is named so, and nothing else.
    more_input, more_output
        Parts of their own: audio, images, reasoning.
    read, write, write_5m, write_1h, searches
        As named; `write` is what tells no lifetime.
    total
        None where none was reported.
    tier
        "priority" or "flex" where counts of that tier are named.
    modes
        Names of what may be billed at other rates than text.
    """

    input: int = 0
    output: int = 0
    more_input: int = 0
    more_output: int = 0
    read: int = 0
    write: int = 0
    write_5m: int = 0
    write_1h: int = 0
    searches: int = 0
    total: int | None = None
    tier: str = ""
    modes: list[str] = field(default_factory=list)

    @property
    def cached(self) -> int:
        """Cache reads and writes."""
        return self.read + self.write + self.write_5m + self.write_1h

    @property
    def any(self) -> int:
        """All of its tokens; 0 where it has none."""
        return self.input + self.output + self.more_input + self.more_output + self.cached

    @property
    def plain(self) -> PlainCounts:
        """Input and output without what stands beside them.

        The types are apart when they add up to the total, or when there is none. Else the total
        tells which of them are inside input or output; where no reading gives it, they are taken
        to be apart and `sure` is False.

        >>> UsageTypes(input=100, output=10, read=80, total=190).plain[:2]
        (100, 10)
        >>> UsageTypes(input=100, output=10, read=80, total=110).plain[:2]
        (20, 10)
        """
        apart = PlainCounts(self.input + self.more_input, self.output + self.more_output, sure=True)
        if self.total is None:
            return apart
        readings = (
            (apart.input + self.cached, apart.input, apart.output),
            (apart.input, apart.input - self.cached, apart.output),
            (apart.input + self.cached, apart.input, self.output),
            (apart.input, apart.input - self.cached, self.output),
            (self.input, self.input - self.cached, self.output),
        )
        for all_input, plain_input, output in readings:
            if all_input + output == self.total and plain_input >= 0:
                return PlainCounts(plain_input, output, sure=True)
        return apart._replace(sure=False)


def read_types(details: Fields) -> UsageTypes:
    """Read the usage types of one observation.

    Two names of one thing with the same count are copies. A name that nobody has reviewed counts
    as input or output where it says so, as Langfuse itself does; in `modes` where it may be billed
    at other rates than text.

    Raises
    ------
    UsageFormatError
        A count that is not one, or a name with a count that says neither.

    Examples
    --------
    >>> types = read_types(Fields({"input": 5, "input_cached_tokens": 90, "output": 7,
    ...                            "output_reasoning_tokens": 3}, "obs.json"))
    >>> types.read, types.plain[:2]
    (90, (5, 10))
    """
    types = UsageTypes()
    for member in details.members:
        count = details.count_or_zero(member)
        if count:
            _add(types, details, member, count)
    if types.write == types.write_5m + types.write_1h:
        types.write = 0  # the sum of its lifetimes, reported beside them
    return types


def _add(types: UsageTypes, details: Fields, member: str, count: int) -> None:
    kind = _KNOWN.get(member)
    words = member.lower()
    tier = next((tier for tier in _TIERS if tier in words.split("_")), "")
    if kind is not None:
        before = getattr(types, kind)
        if before and before != count:
            raise details.fault(
                member, f"is {count} where another name of the same says {before}; one must go"
            )
        setattr(types, kind, count)
    elif tier:
        types.tier = tier
    elif "cache" in words:
        raise details.fault(member, "counts cache tokens in a way this version does not know")
    elif any(word in words for word in (*_OUTPUT_WORDS, *_INPUT_WORDS)):
        if any(word in words for word in _OUTPUT_WORDS):
            types.more_output += count
        else:
            types.more_input += count
        if not any(word in words for word in _TEXT_WORDS):
            types.modes.append(member)
    else:
        raise details.fault(
            member, f"counts {cells.quoted(count)} of something that is neither input nor output"
        )
