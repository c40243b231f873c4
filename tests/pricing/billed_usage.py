"""A buyer's usage, and the bill that our own rates make of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd

from forecast.pricing.model_ids import canonicalise_models
from forecast.pricing.rate_cards import load_rate_card
from forecast.pricing.rating import COUNT_COLUMNS, PRICED_KINDS, USD_COLUMNS, rate_usage
from forecast.pricing.reconciliation import Limits, Statement, reconcile
from forecast.records.reconciliation import Reconciliation
from forecast.tables import COST_LINES, USAGE_ROWS, conform

CARD = load_rate_card(date(2026, 11, 22))
FIRST, LAST = date(2026, 4, 1), date(2026, 6, 30)

KEYS = (
    {"model": "claude-opus-4-6", "workspace": "chat", "api_key": "k1"},
    {"model": "claude-opus-4-6", "workspace": "night", "api_key": "k2", "service_tier": "batch"},
    {"model": "claude-sonnet-4-6", "workspace": "chat", "api_key": "k3", "geography": "us"},
    {"model": "claude-sonnet-4-6", "workspace": "drafts", "api_key": "k4"},
    {"model": "claude-haiku-4-5", "workspace": "tags", "api_key": "k5"},
)
ATTRIBUTES = ("service_tier", "geography", "speed", "context_window", "workspace", "api_key")


def usage_rows(
    keys: Sequence[dict[str, str]] = KEYS,
    first: date = FIRST,
    last: date = LAST,
    *,
    seed: int = 5,
) -> pd.DataFrame:
    """Daily usage of some keys: a weekly rhythm, a mix of kinds of its own, noise."""
    rng = np.random.default_rng(seed)
    days = pd.date_range(first, last, unit="s")
    week = np.where(days.day_of_week < 5, 1.0, 0.5)
    parts = []
    for key in keys:
        scale = rng.uniform(2e6, 9e6, size=5) * [1, 0.3, 0.2, 4, 0.4]
        counts = scale * week[:, None] * np.exp(0.2 * rng.standard_normal((len(days), 5)))
        part = pd.DataFrame(counts.astype("int64"), columns=list(COUNT_COLUMNS[:5]))
        parts.append(part.assign(day=days, **key))
    return usage_table(pd.concat(parts, ignore_index=True).to_dict("records"))


def usage_table(rows: Sequence[dict[str, Any]]) -> pd.DataFrame:
    """Usage of rows that name only what matters."""
    blank = {c.name: "" if c.kind == "text" else 0 for c in USAGE_ROWS.columns} | {
        "platform": "anthropic",
        "service_tier": "standard",
        "geography": "global",
        "speed": "standard",
        "requests": pd.NA,
    }
    frame = pd.DataFrame([blank | {k: v for k, v in row.items() if pd.notna(v)} for row in rows])
    frame["day"] = pd.to_datetime(frame["day"])
    return canonicalise_models(conform(frame, USAGE_ROWS))


def bill_of(
    usage: pd.DataFrame,
    *,
    by: Sequence[str] = ("platform", "model", "token_kind"),
    monthly: bool = False,
    amount: str = "billed_usd",
    factor: Decimal = Decimal(1),
    listed: bool = False,
) -> pd.DataFrame:
    """Cost lines that our own rates make of usage, at a grain.

    `by` are the columns that its lines name; `factor` turns list into cost.
    """
    rated = rate_usage(usage, CARD)
    long = pd.concat(
        [
            rated.assign(token_kind=kind, usd=rated[column], used=rated[count])
            for kind, column, count in zip(PRICED_KINDS, USD_COLUMNS, COUNT_COLUMNS, strict=True)
        ],
        ignore_index=True,
    )
    long = long[long["used"] > 0]
    start = long["day"]
    if monthly:
        start = start.dt.to_period("M").dt.to_timestamp().astype("datetime64[s]")
    sums = long.assign(start=start).groupby(["start", *by])["usd"].sum().reset_index()
    step = pd.offsets.MonthBegin(1) if monthly else pd.Timedelta(days=1)
    columns: dict[str, Any] = {c.name: "" for c in COST_LINES.columns if c.kind == "text"}
    columns |= {"quantity": pd.NA, "list_usd": None, "contracted_usd": None, "billed_usd": None}
    frame = sums.assign(**{k: v for k, v in columns.items() if k not in sums})
    frame = frame.assign(end=sums["start"] + step, charge="usage", row=range(1, len(sums) + 1))
    frame[amount] = [usd * factor for usd in sums["usd"]]
    if listed:
        frame["list_usd"] = sums["usd"]
    return conform(frame, COST_LINES)


def held(
    usage: pd.DataFrame,
    *bills: pd.DataFrame,
    last: date | None = None,
    limits: Limits | None = None,
) -> Reconciliation:
    """Reconcile usage with bills; all days of usage are complete unless `last` says otherwise."""
    last = last or usage["day"].max().date()
    statements = [Statement(f"bill {i + 1}", (f"{i + 1}.csv",), b) for i, b in enumerate(bills)]
    return reconcile(usage, statements, CARD, last_day=last, limits=limits)


def changed(
    usage: pd.DataFrame, where: Callable[[pd.DataFrame], pd.Series], **values: object
) -> pd.DataFrame:
    """Write values into the rows of usage that a condition picks."""
    found = usage.copy()
    for name, value in values.items():
        found.loc[where(usage), name] = value
    return found
