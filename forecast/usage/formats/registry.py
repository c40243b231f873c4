"""Every export format, and the choice of the one that a file is of."""

from __future__ import annotations

import difflib
from typing import Final

from forecast.errors import UsageFormatError
from forecast.usage.formats import (
    anthropic_claude_code,
    anthropic_console_cost,
    anthropic_console_usage,
    anthropic_cost_report,
    anthropic_enterprise_cost,
    anthropic_enterprise_usage,
    anthropic_usage_report,
    aws_cur,
    bedrock_invocation_log,
    canonical,
    canonical_costs,
    ccusage_daily,
    focus,
    helicone_requests,
    langfuse_observations,
    litellm_daily_activity,
    litellm_daily_spend,
    litellm_spend_logs,
    monthly_invoice,
    openai_costs,
    openai_usage,
    openrouter_activity,
    openrouter_generations,
    otel_genai_spans,
)
from forecast.usage.formats.head import Head
from forecast.usage.formats.protocol import UsageFormat

FORMATS: Final[tuple[UsageFormat, ...]] = (
    anthropic_usage_report,
    anthropic_cost_report,
    anthropic_enterprise_usage,
    anthropic_enterprise_cost,
    anthropic_console_usage,
    anthropic_console_cost,
    anthropic_claude_code,
    aws_cur,
    focus,
    monthly_invoice,
    canonical,
    openai_usage,
    openai_costs,
    bedrock_invocation_log,
    litellm_spend_logs,
    *litellm_daily_spend.TABLES,
    litellm_daily_activity,
    langfuse_observations,
    otel_genai_spans,
    helicone_requests,
    canonical_costs,
    openrouter_activity,
    openrouter_generations,
    ccusage_daily,
)

_SHOWN_NAMES: Final = 8


def format_of(data: bytes, file: str) -> UsageFormat:
    """Tell the format of a file by its content.

    Raises
    ------
    UsageFormatError
        No format fits, or more than one; with what the file has and what to do.
    """
    head = Head.of(data, file)
    fitting = [kind for kind in FORMATS if kind.fits(head)]
    if len(fitting) == 1:
        return fitting[0]
    names = ", ".join(kind.name for kind in fitting or FORMATS)
    if fitting:
        raise UsageFormatError(
            f"fits more than one format ({names}); say which with --format", file=file
        )
    shown = ", ".join(sorted(head.columns | head.keys)[:_SHOWN_NAMES]) or "no column names"
    raise UsageFormatError(
        f"is of no known format (it has {shown}); known are {names}. Anything else goes through "
        f"the canonical table with {', '.join(canonical.REQUIRED)}",
        file=file,
    )


def format_named(format_name: str) -> UsageFormat:
    """Give the format of that name.

    Raises
    ------
    UsageFormatError
        With the nearest known name.

    Examples
    --------
    >>> format_named("canonical").name
    'canonical'
    """
    names = [kind.name for kind in FORMATS]
    if format_name not in names:
        near = difflib.get_close_matches(format_name, names, n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise UsageFormatError(
            f"there is no format {format_name!r}; known are {', '.join(names)}{hint}"
        )
    return FORMATS[names.index(format_name)]
