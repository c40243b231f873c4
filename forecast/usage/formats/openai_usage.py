"""OpenAI's completions and embeddings usage: API pages, or the dashboard's table.

Source of the shape: see `openai_report`; fields of `organization.usage.completions.result` and
`organization.usage.embeddings.result` in the openai Python package 3.54.0, read 2026-11-24.

* `input_tokens` **includes** cached tokens and, since they are reported, cache-write tokens;
  both are taken out. `input_uncached_tokens`, where it stands, must agree.
* Cache writes of 30 minutes stand in the five-minute column and those of 12 hours in the
  one-hour column: the shorter and the longer lifetime. Without the split they count as the
  shorter one. OpenAI bills 30-minute writes at the one write price it lists.
* Text, audio and image counts are parts of the totals. The table of prices knows text rates
  only, so a warning gives the audio and image tokens that are counted at them.
* Dimensions that the report was not grouped by are null: `model` imports as "unknown",
  `batch` and `service_tier` as standard, with a warning.

Cannot tell geography (regional processing is a property of the project).
"""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

from forecast.records.usage import ServiceTier
from forecast.usage.formats.cells import quoted
from forecast.usage.formats.collected import Collected, uncached_input
from forecast.usage.formats.head import Head
from forecast.usage.formats.json_text import Fields
from forecast.usage.formats.openai_report import ENVELOPE, TIMES, Report
from forecast.usage.formats.protocol import Parsed
from forecast.usage.formats.records import Row, flag
from forecast.usage.formats.vocabulary import UNKNOWN_MODEL

name: Final = "openai_usage"
description: Final = "OpenAI usage of completions and embeddings (API pages or dashboard table)"
recorded_by: Final = "openai"
input_includes_cache: Final = True
cannot_tell: Final = ("geography",)
seen_by: Final = "vendor"
holds: Final = ("usage",)
amounts: Final = None

_COMPLETIONS: Final = "organization.usage.completions.result"
_EMBEDDINGS: Final = "organization.usage.embeddings.result"
_WRITES: Final = {
    "input_cache_write_30m_tokens": "cache_write_5m_tokens",
    "input_cache_write_12h_tokens": "cache_write_1h_tokens",
}
_OTHER_MODES: Final = (
    "input_audio_tokens",
    "input_cached_audio_tokens",
    "output_audio_tokens",
    "input_image_tokens",
    "input_cached_image_tokens",
    "output_image_tokens",
)
_TOKENS: Final = frozenset(
    {
        "input_tokens",
        "output_tokens",
        "input_cached_tokens",
        "input_uncached_tokens",
        "input_cache_write_tokens",
        *_WRITES,
        "input_text_tokens",
        "input_cached_text_tokens",
        "output_text_tokens",
        *_OTHER_MODES,
    }
)
_NAMES: Final = ("object", "model", "batch", "service_tier", "api_key_id", "project_id", "user_id")
_COLUMNS: Final = frozenset({*_TOKENS, *_NAMES, "api_source", "num_model_requests"})
_TIERS: Final = {
    "default": ServiceTier.STANDARD.value,
    "standard": ServiceTier.STANDARD.value,
    "flex": ServiceTier.FLEX.value,
    "priority": ServiceTier.PRIORITY.value,
    "fast": ServiceTier.PRIORITY.value,
    "batch": ServiceTier.BATCH.value,
}
"""`fast` is another word for `priority` since fast mode took its name over."""
_UNGROUPED: Final = {
    "model": f"taken as {UNKNOWN_MODEL!r}, which no price list knows",
    "batch": "taken as not batch, so batch would be priced at twice its rate",
    "service_tier": "taken as standard, so flex and priority would be mispriced",
}


def fits(head: Head) -> bool:
    """Tell whether a file has OpenAI's buckets with counts of requests and tokens."""
    if head.kind != "json":
        return {"start_time", "num_model_requests", "input_tokens"} <= head.columns
    return {"data", "results", *TIMES} <= head.keys and (
        "num_model_requests" in head.keys or head.keys <= ENVELOPE
    )


def read(data: bytes, file: str) -> Parsed:
    """Read one file of pages or one table.

    Raises
    ------
    UsageFormatError
        Another endpoint's results, cached tokens beyond the input, a token field nobody has
        reviewed, an unknown tier, a bucket that crosses midnight UTC, or the same result twice;
        with row (results through the whole file) and column.

    Examples
    --------
    >>> page = '''{"object": "page", "data": [{"object": "bucket", "start_time": 1730419200,
    ...   "end_time": 1730505600, "results": [{"object": "organization.usage.completions.result",
    ...   "input_tokens": 1000, "output_tokens": 500, "input_cached_tokens": 800, "batch": true,
    ...   "num_model_requests": 5, "model": "gpt-5", "service_tier": null}]}]}'''
    >>> rows = read(page.encode(), "page.json").rows
    >>> rows[["model", "service_tier", "input_tokens", "cache_read_tokens"]].values.tolist()
    [['gpt-5', 'batch', 200, 800]]
    """
    collected = Collected(file, member="data")
    report = Report(collected)
    nulls: Counter[str] = Counter()
    other_modes = 0
    for result in report.results(data, _COLUMNS):
        fields = result.fields
        fields.refuse_unknown_tokens(_TOKENS)
        nulls.update(member for member in _UNGROUPED if not fields.has(member))
        other_modes += sum(fields.count_or_zero(member) for member in _OTHER_MODES)
        user, source = fields.text("user_id"), fields.text("api_source")
        collected.usage(
            start=result.start,
            seconds=result.seconds,
            row=fields.row or 0,
            platform="openai",
            model=fields.text("model") or UNKNOWN_MODEL,
            service_tier=_service_tier(fields),
            api_key=fields.text("api_key_id"),
            workspace=fields.text("project_id"),
            tag=user,
            group=f"{user} {source}".strip(),
            requests=fields.count("num_model_requests"),
            **_tokens(fields),
        )
    ungrouped = [member for member in _UNGROUPED if nulls[member]]
    warnings = [
        f"{member} is null in {nulls[member]} of {collected.n_rows} results and "
        f"{_UNGROUPED[member]}; group the report by {member}"
        for member in ungrouped
    ]
    if other_modes:
        warnings.append(
            f"{other_modes} audio and image tokens are counted at text rates; audio costs more, "
            "check those models against the cost report"
        )
    return collected.parsed(
        warnings=warnings,
        cannot_tell=["service_tier" if m == "batch" else m for m in ungrouped],
        pages_missing=report.pages_missing,
    )


def _tokens(fields: Fields) -> dict[str, Any]:
    embeddings = isinstance(fields, Row) and "output_tokens" not in fields.members
    what = fields.text("object") or (_EMBEDDINGS if embeddings else _COMPLETIONS)
    if what not in (_COMPLETIONS, _EMBEDDINGS):
        raise fields.fault(
            "object", f"is {quoted(what)}: only completions and embeddings count tokens"
        )
    output = fields.count("output_tokens") if what == _COMPLETIONS else 0
    read_tokens = fields.count_or_zero("input_cached_tokens")
    writes = _cache_writes(fields)
    total = fields.count("input_tokens")
    plain = fields.read(
        "input_tokens", lambda _: uncached_input(total, read_tokens, *writes.values())
    )
    if fields.has("input_uncached_tokens"):
        said = fields.count("input_uncached_tokens")
        if said != plain:
            raise fields.fault(
                "input_uncached_tokens",
                f"is {said} where input less cache reads and writes is {plain}; one of the counts "
                "means something this version does not know",
            )
    return {
        "input_tokens": plain,
        "cache_read_tokens": read_tokens,
        "output_tokens": output,
        **writes,
    }


def _cache_writes(fields: Fields) -> dict[str, int]:
    split = {column: fields.count_or_zero(member) for member, column in _WRITES.items()}
    if not fields.has("input_cache_write_tokens"):
        return split
    total = fields.count("input_cache_write_tokens")
    if not any(split.values()):
        return split | {"cache_write_5m_tokens": total}
    if sum(split.values()) != total:
        raise fields.fault(
            "input_cache_write_tokens",
            f"is {total} where its lifetimes add up to {sum(split.values())}; update this version",
        )
    return split


def _service_tier(fields: Fields) -> str:
    word = fields.text("service_tier")
    tier = fields.read("service_tier", lambda _: _tier(word)) if word else "standard"
    return ServiceTier.BATCH.value if flag(fields, "batch") else tier


def _tier(word: str) -> str:
    try:
        return _TIERS[word.lower()]
    except KeyError:
        hint = (
            "scale tier is paid in units bought ahead, not by tokens: leave its projects out"
            if word.lower() == "scale"
            else f"known are {', '.join(_TIERS)}"
        )
        raise ValueError(f"is not a service tier with a price: {quoted(word)}; {hint}") from None
