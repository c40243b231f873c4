"""Time of reconciling a million usage rows with 50,000 cost lines.

    python scripts/benchmarks/reconciliation.py [--rows 1000000] [--lines 50000]

Usage of many keys, models, tiers and workspaces over two years is billed at our own rates, as lines
by day, model and token kind split over workspaces. It is reconciled as it is, at 12 % off, and
with its batch exported as standard, so that every cause is looked for.
"""

from __future__ import annotations

import argparse
import resource
import time
from datetime import date
from decimal import Decimal

import numpy as np
import pandas as pd

from forecast.pricing.rate_cards import load_rate_card
from forecast.pricing.rating import COUNT_COLUMNS, PRICED_KINDS, USD_COLUMNS, rate_usage
from forecast.pricing.reconciliation import Statement, reconcile
from forecast.tables import COST_LINES, USAGE_ROWS, conform

LAST = date(2026, 10, 31)
N_DAYS = 640
MODELS = ("claude-opus-4-5", "claude-sonnet-4-5", "claude-haiku-4-5", "claude-opus-4-1")
CARD = load_rate_card(date(2026, 11, 22))


def usage_of(n_rows: int) -> pd.DataFrame:
    """Random usage rows; the models were sold on all of the days."""
    rng = np.random.default_rng(3)
    days = pd.date_range(end=pd.Timestamp(LAST), periods=N_DAYS, unit="s")
    start = {"claude-opus-4-5": "2025-12-01", "claude-sonnet-4-5": "2025-10-15",
             "claude-haiku-4-5": "2025-11-01", "claude-opus-4-1": "2025-08-15"}  # fmt: skip
    model = rng.choice(MODELS, n_rows)
    first = np.array([max(0, days.searchsorted(pd.Timestamp(start[m]))) for m in MODELS])
    low = first[[MODELS.index(m) for m in model]]
    workspace = rng.integers(0, 12, n_rows)
    texts = {
        "platform": np.full(n_rows, "anthropic"),
        "model": model,
        "service_tier": np.where((workspace == 0) & (model == MODELS[0]), "batch", "standard"),
        "geography": np.full(n_rows, "global"),
        "speed": np.full(n_rows, "standard"),
        "context_window": np.full(n_rows, ""),
        "workload": np.full(n_rows, ""),
        "api_key": np.char.add("key-", rng.integers(0, 400, n_rows).astype(str)),
        "workspace": np.char.add("workspace-", workspace.astype(str)),
        "tag": np.full(n_rows, ""),
    }
    counts = {c: rng.integers(1_000, 2_000_000, n_rows) for c in COUNT_COLUMNS[:5]}
    frame = pd.DataFrame(
        {"day": days[rng.integers(low, N_DAYS)], **texts, **counts, "web_searches": 0}
    )
    return conform(frame.assign(requests=pd.NA), USAGE_ROWS)


def bill_of(usage: pd.DataFrame, n_lines: int) -> pd.DataFrame:
    """Bill usage at list by day, model and kind, split by workspace while lines are left."""
    by = ["day", "platform", "model", "workspace"]
    names = [*by, "service_tier", "geography", "speed", "context_window"]
    rated = rate_usage(usage.groupby(names)[list(COUNT_COLUMNS)].sum().reset_index(), CARD)
    parts = [
        rated.groupby(by)[column].sum().rename("usd").reset_index().assign(token_kind=kind)
        for kind, column in zip(PRICED_KINDS, USD_COLUMNS, strict=True)
    ]
    lines = pd.concat(parts, ignore_index=True)
    lines = lines[[usd > 0 for usd in lines["usd"]]].sort_values(by, ignore_index=True)
    fine = np.arange(len(lines)) < n_lines // 2
    rest = lines[~fine].groupby([*by[:3], "token_kind"])["usd"].sum().reset_index()
    lines = pd.concat([lines[fine], rest.assign(workspace="")], ignore_index=True)
    blank = {c.name: "" for c in COST_LINES.columns if c.kind == "text" and c.name not in lines}
    frame = lines.assign(
        **blank,
        start=lines["day"],
        end=lines["day"] + pd.Timedelta(days=1),
        quantity=pd.NA,
        list_usd=None,
        contracted_usd=None,
        billed_usd=lines["usd"],
        row=range(1, len(lines) + 1),
    )
    return conform(frame.assign(charge="usage"), COST_LINES)


def main() -> None:
    """Print seconds and peak memory."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--lines", type=int, default=50_000)
    given = parser.parse_args()
    usage = usage_of(given.rows)
    bill = bill_of(usage, given.lines)
    off = bill.assign(billed_usd=[usd * Decimal("0.88") for usd in bill["billed_usd"]])
    lost = usage.assign(
        service_tier=usage["service_tier"].replace({"batch": "standard"}).astype("str")
    )
    print(f"{len(usage):,} usage rows, {len(bill):,} cost lines")
    for name, rows, lines in (
        ("as billed", usage, bill),
        ("12 % off", usage, off),
        ("batch lost, 12 % off", lost, off),
    ):
        began, worked = time.perf_counter(), time.process_time()
        found = reconcile(rows, [Statement("bill", ("b.csv",), lines)], CARD, last_day=LAST)
        seconds = time.perf_counter() - began
        worked = time.process_time() - worked
        cause = found.causes[0].cause.value if found.causes else "nothing apart"
        print(f"{name:<22} {seconds:6.2f} s ({worked:.2f} s of a core)  {found.status}, {cause}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak resident memory   {peak:6.0f} MB")


if __name__ == "__main__":
    main()
