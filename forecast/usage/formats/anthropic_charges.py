"""What Anthropic's cost reports share: cents, cost types and token types, as cost lines.

Source: platform.claude.com, "Get Cost Report" and "Get Cost Over Time", read 2026-11-24. Amounts
are decimal strings in cents ("123.45" is 1.23 USD), fractions of a cent included.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

from forecast.records.costs import Amounts, ChargeKind
from forecast.records.usage import TokenKind
from forecast.usage.formats import cells, vocabulary
from forecast.usage.formats.anthropic_pages import Report
from forecast.usage.formats.json_text import Fields
from forecast.usage.formats.protocol import Parsed, bucket_frame, cost_frame

AMOUNTS: Final = Amounts("US cents", "billed")
WEB_SEARCH: Final = "web_search"

_TOKENS: Final = "tokens"
_NO_TOKENS: Final = frozenset({"code_execution", "session_usage"})
"""Cost types that no tokens go with: containers, and hours of managed sessions."""
_TOKEN_TYPES: Final = {
    "uncached_input_tokens": TokenKind.INPUT.value,
    "output_tokens": TokenKind.OUTPUT.value,
    "cache_read_input_tokens": TokenKind.CACHE_READ.value,
    "cache_creation.ephemeral_5m_input_tokens": TokenKind.CACHE_WRITE_5M.value,
    "cache_creation.ephemeral_1h_input_tokens": TokenKind.CACHE_WRITE_1H.value,
}
_MAY_MISS: Final = ("model", "cost_type", "token_type")


def cost_lines(
    report: Report,
    details: Callable[[Fields], dict[str, Any]],
    *,
    ungrouped: str,
    more_warnings: Sequence[str] = (),
) -> Parsed:
    """Turn the results of a cost report into cost lines.

    Parameters
    ----------
    details
        Gives the amounts and names that only one of the reports has.
    ungrouped
        How to fetch the report with models and token types.
    """
    lines: list[dict[str, Any]] = []
    unreviewed: Counter[str] = Counter()
    missing: Counter[str] = Counter()
    for result in report.results:
        fields = result.fields
        need_usd(fields)
        charge, token_kind = charge_of(fields)
        cost_type = fields.text("cost_type")
        unreviewed[cost_type] += cost_type not in {"", _TOKENS, WEB_SEARCH} | _NO_TOKENS
        for member in _MAY_MISS if cost_type in ("", _TOKENS) else ():
            missing[member] += not fields.has(member)
        lines.append(
            {
                "start": result.start.date(),
                "end": result.start.date() + timedelta(days=1),
                "platform": "anthropic",
                "model": fields.text("model"),
                "service_tier": fields.word("service_tier", vocabulary.service_tier, ""),
                "geography": fields.word("inference_geo", vocabulary.inference_geo, ""),
                "speed": fields.word("speed", vocabulary.speed, ""),
                "context_window": fields.word("context_window", vocabulary.context_window, ""),
                "token_kind": token_kind,
                "charge": charge,
                "row": fields.row,
                **details(fields),
            }
        )
    warnings = [
        f"cost type {word!r} of {n} results is not reviewed: shown as usage of something else, "
        "and not compared with tokens"
        for word, n in sorted(unreviewed.items())
        if n
    ]
    untold = [member for member in _MAY_MISS if missing[member]]
    if untold:
        n = max(missing[member] for member in untold)
        warnings.append(
            f"{', '.join(untold)} {'is' if len(untold) == 1 else 'are'} null in {n} of "
            f"{len(lines)} results, which compare by day only; {ungrouped}"
        )
    columns = list(lines[0]) if lines else ["start"]
    return Parsed(
        bucket_frame({"start": []}),
        first=report.first,
        last=report.last,
        costs=cost_frame({column: [line[column] for line in lines] for column in columns}),
        warnings=(*warnings, *more_warnings),
        cannot_tell=tuple(untold),
        pages_missing=report.more,
    )


def charge_of(result: Fields) -> tuple[str, str]:
    """Give charge and token kind of a cost result; one that is not split has no kind.

    A cost type nobody has reviewed is usage of something else: it is shown, and not compared
    with tokens.

    Raises
    ------
    UsageFormatError
        A token type that is unknown, or that stands beside another cost type than tokens.

    Examples
    --------
    >>> charge_of(Fields({"cost_type": "tokens", "token_type": "output_tokens"}, "a.json"))
    ('usage', 'output')
    >>> charge_of(Fields({"cost_type": "code_execution"}, "a.json"))
    ('other', '')
    """
    cost_type = result.text("cost_type")
    if cost_type not in ("", _TOKENS) and result.has("token_type"):
        raise result.fault("token_type", f"stands beside the cost type {cells.quoted(cost_type)}")
    if cost_type in ("", _TOKENS):
        return ChargeKind.USAGE.value, result.word("token_type", _token_kind, "")
    if cost_type == WEB_SEARCH:
        return ChargeKind.USAGE.value, WEB_SEARCH
    return ChargeKind.OTHER.value, ""


def _token_kind(word: str) -> str:
    if word not in _TOKEN_TYPES:
        raise ValueError(
            f"is not a known token type: {cells.quoted(word)}; known are {', '.join(_TOKEN_TYPES)}"
        )
    return _TOKEN_TYPES[word]


def cents(result: Fields, member: str) -> Decimal:
    """Read an amount in cents as USD, exactly.

    >>> cents(Fields({"amount": "123.78912"}, "a.json"), "amount")
    Decimal('1.2378912')
    """
    return in_usd(result.amount(member))


def in_usd(amount_cents: Decimal) -> Decimal:
    """Give cents as USD without rounding, whatever the precision.

    >>> in_usd(Decimal("141"))
    Decimal('1.41')
    """
    sign, digits, exponent = amount_cents.as_tuple()
    return Decimal((sign, digits, int(exponent) - 2))


def need_usd(result: Fields) -> None:
    """Refuse amounts in another currency than USD."""
    if result.text("currency") != "USD":
        raise result.fault(
            "currency",
            f"is {cells.quoted(result.members.get('currency'))}, not USD; convert the amounts at "
            "the contract's exchange rate and give them as canonical_costs",
        )
