"""Re-forecast the last finished quarter of a signed contract, from a scheduler.

    python scripts/reforecast_quarter.py --root FOLDER --contract contract.json --advice result
        --usage usage/*.json [--workloads workloads.toml] [--price-sheet FILE] [--balance FILE]

Run it as often as you like: a quarter is published once, whole, into FOLDER/YYYY-MM-DD; the same
inputs again change nothing and print one line; restated inputs publish it again. A run that was
killed leaves nothing behind that the next one trips over. Exit codes are those of `commitment`:
0 done, 1 something outside broke or another run is at work, 2 bad input (an export that is late is
named), 3 too little evidence, 4 a threshold is breached.
"""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

from api.commands.decisions import EVIDENCE_REFUSED, THRESHOLD_BREACHED
from api.documents import read_bytes
from api.quarterly import Published, publish_quarter
from api.reforecasts import REFORECAST, SUMMARY, QuarterFiles
from api.run import portfolio_file
from forecast.errors import EvidenceError, InputError
from forecast.pricing.sheets import read_sheet

OUTSIDE_BROKE = 1
BAD_INPUT = 2


def publish(arguments: argparse.Namespace) -> Published:
    """Publish the quarter that the command line asks for."""
    sheets = arguments.price_sheet
    files = QuarterFiles(
        contract=arguments.contract,
        previous=arguments.advice,
        usage=arguments.usage,
        balance=arguments.balance,
        workloads=portfolio_file(arguments.workloads) if arguments.workloads else None,
        price_sheets=[read_sheet(path) for path in sheets] if sheets else None,
        earlier=arguments.earlier,
        as_of=arguments.as_of,
    )
    today = arguments.today or datetime.now(UTC).date()
    return publish_quarter(arguments.root, arguments.advice, files, today=today)


def told(published: Published) -> str:
    """Say what a run did: the summary of a new quarter, one line for one that stood there."""
    stored = published.stored
    day = stored.result.provenance.as_of
    if not stored.is_new:
        return f"{day}: nothing changed, {stored.directory / REFORECAST} stands"
    text = read_bytes(stored.directory / SUMMARY).decode()
    for later in published.outdated:
        text += f"\n{later} was made from an older state of {day}: run it again with --as-of\n"
    return text


def main() -> int:
    """Read the command line, run, and give the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--root", type=Path, required=True, help="the folder of quarters")
    parser.add_argument("--contract", type=Path, required=True, help="what commitment sign wrote")
    parser.add_argument("--advice", type=Path, required=True, help="the recommendation signed on")
    parser.add_argument("--usage", type=Path, nargs="+", required=True, help="usage exports")
    parser.add_argument("--workloads", type=Path, help="the inventory as it is now")
    parser.add_argument("--price-sheet", type=Path, action="append", help="your prices as now")
    parser.add_argument("--balance", type=Path, help="the vendor's balance statement (CSV)")
    parser.add_argument("--earlier", type=Path, help="the last quarter of the contract before")
    parser.add_argument("--as-of", type=date.fromisoformat, help="the end of a month")
    parser.add_argument("--today", type=date.fromisoformat, help="instead of the clock")
    parser.add_argument("--max-waste-p95-usd", type=Decimal)
    parser.add_argument("--max-budget-p80-usd", type=Decimal)
    arguments = parser.parse_args()
    try:
        published = publish(arguments)
    except InputError as error:
        return _refused(str(error), BAD_INPUT)
    except EvidenceError as error:
        return _refused(str(error), EVIDENCE_REFUSED)
    except OSError as error:
        return _refused(f"{error.filename or ''}: {error.strerror or error}", OUTSIDE_BROKE)
    print(told(published))
    head = published.stored.result.headline
    limits = (
        ("P95 of unused commitment", head.worst_case_unused_usd, arguments.max_waste_p95_usd),
        ("P80 of the total paid", head.budget_p80_usd, arguments.max_budget_p80_usd),
    )
    breached = [
        f"the {n} is {is_} USD, above {limit} USD"
        for n, is_, limit in limits
        if limit and is_ > limit
    ]
    for line in breached:
        _refused(line, THRESHOLD_BREACHED)
    return THRESHOLD_BREACHED if breached else 0


def _refused(message: str, code: int) -> int:
    print(f"reforecast_quarter: {message}", file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
