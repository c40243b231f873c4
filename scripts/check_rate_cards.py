"""Check the shipped rate card, and price sheets on top of it, against the rules of prices.

    python scripts/check_rate_cards.py --on 2026-11-22 [--price-sheet FILE]...
    python scripts/check_rate_cards.py --against 0.2.4     (a version, "latest", a wheel, a folder)

Prints the prices in force on the day and every broken rule; exits with 1 when there is one. With
--against, prints every price that another version of the price package has differently instead,
and exits with 1 when one has drifted. The other version is read in a process of its own: its
code runs, so name only versions and files that you would install.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path

from forecast.errors import InputError
from forecast.pricing.drift import Drift, Snapshot, compare, snapshot
from forecast.pricing.published import PACKAGE, VERSION
from forecast.pricing.rate_cards import load_rate_card
from forecast.pricing.rules import MAX_AGE_DAYS, Violation, by_platform_and_model, check_rate_card
from forecast.records.rates import ModelRates, RateCard
from forecast.records.usage import TOKEN_KINDS

ROOT = Path(__file__).resolve().parents[1]
DUMP = "from forecast.pricing.drift import snapshot_json; print(snapshot_json())"

COLUMNS = (
    "platform", "model", "since", "input", "write 5m", "write 1h", "read", "output",
    "batch", "us", "regional", "fast", "above", "prices", "checked",
)  # fmt: skip
DRIFT_COLUMNS = ("what", "platform", "model", "from", "field", "here", "there")


def price_line(rows: list[ModelRates], on: date) -> tuple[str, ...]:
    """One line of the table: the price in force on a day, and how many there are."""
    row = next((r for r in rows if r.in_force(on)), rows[-1])
    rates = [getattr(row.standard, kind.value) for kind in TOKEN_KINDS]
    long = row.long_context.above_prompt_tokens if row.long_context else None
    batch = row.batch_multiple if row.batch is None else row.batch.input / row.standard.input
    numbers = [batch, row.us_multiple, row.regional_multiple]
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


def drift_report(drifts: Sequence[Drift], against: str) -> str:
    """What another version has differently."""
    if not drifts:
        return f"{against} has every price of {PACKAGE} {VERSION}, and no other."
    lines = [
        (d.what, d.platform, d.model, str(d.day or ""), d.field, d.before, d.after) for d in drifts
    ]
    counts = {what: sum(d.what == what for d in drifts) for what in dict.fromkeys(
        d.what for d in drifts
    )}  # fmt: skip
    said = ", ".join(f"{n} {what}" for what, n in counts.items())
    return f"{as_table([DRIFT_COLUMNS, *lines])}\n\n{said} against {PACKAGE} {VERSION}."


def other_snapshot(against: str, work: Path) -> Snapshot:
    """Read another installation of the price package in a process of its own.

    Raises
    ------
    InputError
        A version that cannot be fetched, or a file or folder that holds no such package.
    """
    place = Path(against)
    if not place.exists():
        wanted = PACKAGE if against == "latest" else f"{PACKAGE}=={against}"
        fetched = subprocess.run(
            [
                sys.executable,
                "-m",
                "pip",
                "download",
                "--quiet",
                "--no-deps",
                "--dest",
                work,
                wanted,
            ],
            capture_output=True,
            text=True,
            check=False,
        )
        wheels = sorted(work.glob("*.whl"))
        if fetched.returncode or not wheels:
            said = (fetched.stderr.strip().splitlines() or ["no wheel"])[-1]
            raise InputError(f"is neither a file nor a version that can be fetched: {said}",
                             file=against)  # fmt: skip
        place = wheels[-1]
    path = os.pathsep.join([str(place.resolve()), str(ROOT)])
    read = subprocess.run(
        [sys.executable, "-c", f"import genai_prices; print(genai_prices.__file__); {DUMP}"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": path},
        cwd=work,
    )
    if read.returncode:
        raise InputError(f"cannot be read: {read.stderr.strip().splitlines()[-1]}", file=against)
    where, text = read.stdout.split("\n", 1)
    if not Path(where).is_relative_to(place.resolve()):
        raise InputError(f"holds no {PACKAGE}; name the folder above genai_prices/", file=against)
    return Snapshot.model_validate(json.loads(text))


def main(arguments: list[str] | None = None) -> int:
    """Run the check; 0 when every rule is kept, 1 when one is broken, 2 on unreadable input."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    today = datetime.now(tz=UTC).date()
    parser.add_argument("--on", type=date.fromisoformat, default=today, help="day of the check")
    parser.add_argument("--price-sheet", type=Path, action="append", default=[], metavar="FILE")
    parser.add_argument("--max-age-days", type=int, default=MAX_AGE_DAYS)
    parser.add_argument("--against", metavar="VERSION|FILE|DIR", help="another price package")
    options = parser.parse_args(arguments)
    try:
        if options.against is not None:
            with tempfile.TemporaryDirectory() as work:
                drifts = compare(snapshot(), other_snapshot(options.against, Path(work)))
            print(drift_report(drifts, options.against))
            return 1 if drifts else 0
        card = load_rate_card(options.on, price_sheets=options.price_sheet)
    except InputError as fault:
        print(fault, file=sys.stderr)
        return 2
    violations = check_rate_card(card, on=options.on, max_age_days=options.max_age_days)
    print(report(card, violations, options.on))
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main())
