"""What the commands about usage write with --json."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from forecast.pipeline.price import PricedUsage
    from forecast.records.reconciliation import Reconciliation
    from forecast.usage.reading import SourceReport


def report_document(report: SourceReport) -> dict[str, Any]:
    """Give what is known of one export file as JSON values."""
    return {
        "file": report.file,
        "format": report.format_name,
        "description": report.description,
        "rows": report.n_rows,
        "cost_lines": report.n_cost_lines,
        "first_day": report.first_day and report.first_day.isoformat(),
        "last_day": report.last_day and report.last_day.isoformat(),
        "sha256": report.sha256,
        "seen_by": report.seen_by,
        "amounts": report.amounts and report.amounts._asdict(),
        "input_includes_cache": report.input_includes_cache,
        "cannot_tell": list(report.cannot_tell),
        "warnings": list(report.warnings),
    }


def price_document(
    priced: PricedUsage, checked: Reconciliation | None, sources: Sequence[SourceReport]
) -> dict[str, Any]:
    """Give list cost as JSON values, and the files; money is a string of exact decimal USD."""
    summary = priced.summary
    document: dict[str, Any] = {
        "as_of": priced.as_of.isoformat(),
        "list_usd": _exact(sum(summary["list_usd"], Decimal(0))),
        "months": [
            {"month": f"{h.month:%Y-%m}", "list_usd": str(h.list_usd), "complete": h.complete}
            for h in priced.history
        ],
        "rows": [
            {
                "month": f"{row.month:%Y-%m}",
                "model": row.model,
                "token_kind": row.token_kind,
                "tokens": int(row.tokens),
                "list_usd": _exact(row.list_usd),
            }
            for row in summary.itertuples()
        ],
    }
    document["sources"] = [report_document(source) for source in sources]
    if checked:
        document["reconciliation"] = checked.model_dump(mode="json")
    return document


def _exact(amount: Decimal) -> str:
    return format(amount, "f")
