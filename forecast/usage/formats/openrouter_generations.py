"""OpenRouter's log of single generations: the CSV that the Activity page exports, one a request.

Source of the shape: headers quoted in public code that reads these exports (seen 2025-12 to
2026-09), read 2026-11-24: `generation_id, created_at, cost_total, cost_web_search, cost_cache,
cost_file_processing, byok_usage_inference, tokens_prompt, tokens_completion, tokens_reasoning,
tokens_cached, model_permaslug, provider_name, variant, cancelled, …, app_name, api_key_name`.

* `tokens_prompt` **includes** `tokens_cached`, the cache reads; cache writes are not counted
  apart. Reasoning tokens are inside the completion tokens.
* `cost_total` is USD that OpenRouter charged, its other cost columns are parts of it. Inference
  charged to a key of the customer's own stands in `byok_usage_inference` and is left out.
* `created_at` is UTC without a zone: the seconds in the generation ids say the same.
* The model is OpenRouter's slug, on the platform openrouter; the app is the tag.

Cannot tell cache writes, tier or geography.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from forecast.records.costs import Amounts
from forecast.usage.formats import cells
from forecast.usage.formats.collected import (
    REQUEST_SECONDS,
    Collected,
    uncached_input,
)
from forecast.usage.formats.head import Head
from forecast.usage.formats.json_text import Fields
from forecast.usage.formats.openrouter_activity import byok_warning, reasoning_warning
from forecast.usage.formats.protocol import Parsed
from forecast.usage.formats.records import records
from forecast.usage.formats.vocabulary import UNKNOWN_MODEL

name: Final = "openrouter_generations"
description: Final = "OpenRouter generations, one a request (CSV)"
recorded_by: Final = "openrouter"
input_includes_cache: Final = True
cannot_tell: Final = ("cache_write_5m_tokens", "service_tier", "geography")
seen_by: Final = "vendor"
holds: Final = ("usage", "costs")
amounts: Final = Amounts(unit="USD", meaning="billed")

_TOKENS: Final = frozenset(
    {
        *("tokens_prompt", "tokens_completion", "tokens_reasoning", "tokens_cached"),
        "time_to_first_token_ms",
    }
)
_COLUMNS: Final = frozenset(
    {
        *_TOKENS,
        *("generation_id", "created_at", "cost_total", "byok_usage_inference", "variant"),
        *("model_permaslug", "app_name", "api_key_name"),
    }
)


def fits(head: Head) -> bool:
    """Tell whether a table has generations with their tokens."""
    return {"generation_id", "created_at", "cost_total", "tokens_prompt"} <= head.columns


def read(data: bytes, file: str) -> Parsed:
    r"""Read one export.

    Raises
    ------
    UsageFormatError
        Cached tokens beyond the prompt, a token column nobody has reviewed, a value that is not
        of its kind, or a generation that stands twice; with row and column.

    Examples
    --------
    >>> table = (b"generation_id,created_at,cost_total,tokens_prompt,tokens_completion,"
    ...          b"tokens_cached,model_permaslug\n"
    ...          b"gen-1793527200-a,2026-11-01 10:00:00.040,0.01,1000,50,800,openai/gpt-5.4\n")
    >>> rows = read(table, "activity.csv").rows
    >>> rows[["model", "input_tokens", "cache_read_tokens", "requests"]].values.tolist()
    [['openai/gpt-5.4', 200, 800, 1]]
    """
    collected = Collected(file)
    byok: list[Decimal] = []
    n_more_reasoning = 0
    for record in records(data, file, _COLUMNS, tokens=_TOKENS):
        _add(record, collected, byok)
        completion = record.count_or_zero("tokens_completion")
        n_more_reasoning += record.count_or_zero("tokens_reasoning") > completion
    warnings = byok_warning(byok, "generations")
    return collected.parsed(
        warnings=[*warnings, *reasoning_warning(n_more_reasoning, "generations")]
    )


def _add(record: Fields, collected: Collected, byok: list[Decimal]) -> None:
    identity = record.read("generation_id", lambda value: cells.given_name(str(value or "")))
    collected.once(identity, record, "generation_id")
    at = record.read(
        "created_at", lambda value: cells.instant(str(value or ""), utc_by_column=True)
    )
    collected.cover(at, cells.second_after(at))
    names = {
        "platform": "openrouter",
        "model": record.text("model_permaslug") or UNKNOWN_MODEL,
        "api_key": record.text("api_key_name"),
    }
    row = record.row or 0
    if record.has("cost_total"):
        collected.spend(day=at, row=row, usd=record.amount("cost_total"), **names)
    if record.has("byok_usage_inference") and (usd := record.amount("byok_usage_inference")):
        byok.append(usd)
    prompt, cached = record.count_or_zero("tokens_prompt"), record.count_or_zero("tokens_cached")
    completion = record.count_or_zero("tokens_completion")
    plain = record.read("tokens_prompt", lambda _: uncached_input(prompt, cached))
    if prompt or completion:
        collected.usage(
            start=at,
            seconds=REQUEST_SECONDS,
            row=row,
            **names,
            tag=record.text("app_name"),
            group=identity,
            input_tokens=plain,
            cache_read_tokens=cached,
            output_tokens=completion,
            requests=1,
        )
