"""Check the shipped rate card, and price sheets on top of it, against the rules of prices.

    python scripts/check_rate_cards.py --on 2026-11-22 [--price-sheet FILE]...

Prints the prices in force on the day and every broken rule; exits with 1 when there is one.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path

from forecast.errors import InputError
from forecast.pricing.rate_cards import load_rate_card
from forecast.pricing.rules import MAX_AGE_DAYS, Violation, by_platform_and_model, check_rate_card
from forecast.records.rates import ModelRates, RateCard
from forecast.records.usage import TOKEN_KINDS

COLUMNS = (
    "platform", "model", "since", "input", "write 5m", "write 1h", "read", "output",
    "batch", "us", "regional", "fast", "above", "prices", "checked",
)  # fmt: skip


def price_line(rows: list[ModelRates], on: date) -> tuple[str, ...]:
    """One line of the table: the price in force on a day, and how many there are."""
    row = next((r for r in rows if r.in_force(on)), rows[-1])
    rates = [getattr(row.standard, kind.value) for kind in TOKEN_KINDS]
    long = row.long_context.above_prompt_tokens if row.long_context else None
    numbers = [row.batch_multiple, row.us_multiple, row.regional_multiple]
    fast = row.fast.input if row.fast else None
    return (
        row.platform,
        row.model,
        row.effective_from.isoformat(),
        *("-" if n is None else f"{n:f}" for n in (*rates, *numbers, fast)),
        "-" if long is None else f"{long:,}",
        str(len(rows)),
        min(r.checked_on for r in rows).isoformat(),
    )


def as_table(lines: Sequence[tuple[str, ...]]) -> str:
    """Align lines under their heading."""
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    return "\n".join(
        "  ".join(cell.ljust(w) for cell, w in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def report(card: RateCard, violations: tuple[Violation, ...], on: date) -> str:
    """The prices in force, then what is broken."""
    prices = [COLUMNS, *(price_line(rows, on) for rows in by_platform_and_model(card).values())]
    text = as_table(prices)
    if not violations:
        return f"{text}\n\n{len(card.rates)} dated prices keep every rule on {on}."
    faults = [("platform", "model", "from", "rule", "found", "expected")] + [
        (v.platform, v.model, str(v.day or ""), v.rule, v.found, v.expected) for v in violations
    ]
    return f"{text}\n\n{as_table(faults)}\n\n{len(violations)} rules are broken on {on}."


def main(arguments: list[str] | None = None) -> int:
    """Run the check; 0 when every rule is kept, 1 when one is broken, 2 on unreadable input."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    today = datetime.now(tz=UTC).date()
    parser.add_argument("--on", type=date.fromisoformat, default=today, help="day of the check")
    parser.add_argument("--price-sheet", type=Path, action="append", default=[], metavar="FILE")
    parser.add_argument("--max-age-days", type=int, default=MAX_AGE_DAYS)
    options = parser.parse_args(arguments)
    try:
        card = load_rate_card(options.on, price_sheets=options.price_sheet)
    except InputError as fault:
        print(fault, file=sys.stderr)
        return 2
    violations = check_rate_card(card, on=options.on, max_age_days=options.max_age_days)
    print(report(card, violations, options.on))
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main())
