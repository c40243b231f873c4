"""What usage costs, written by hand beside the product: its own prices, its own arithmetic.

The prices are typed from the vendors' tables as of 2026-11-22, USD per million tokens: input,
5-minute write, 1-hour write, read, output ("" where it is not sold). Nothing here calls the
product.
"""

from __future__ import annotations

import random
from datetime import date, timedelta
from decimal import Decimal

KINDS = ("input", "cache_write_5m", "cache_write_1h", "cache_read", "output")

CLAUDE = {
    "claude-fable-5-2": "8 10 16 0.20 40",
    "claude-fable-5-1": "10 12.5 20 0.25 50",
    "claude-fable-5": "10 12.5 20 1 50",
    "claude-mythos-5-2": "8 10 16 0.20 40",
    "claude-mythos-5-1": "10 12.5 20 0.25 50",
    "claude-mythos-5": "10 12.5 20 1 50",
    "claude-opus-5-5": "4 5 8 0.20 20",
    "claude-opus-5": "5 6.25 10 0.50 25",
    "claude-opus-4-8": "5 6.25 10 0.50 25",
    "claude-opus-4-7": "5 6.25 10 0.50 25",
    "claude-opus-4-6": "5 6.25 10 0.50 25",
    "claude-opus-4-5": "5 6.25 10 0.50 25",
    "claude-opus-4-1": "15 18.75 30 1.50 75",
    "claude-opus-4-0": "15 18.75 30 1.50 75",
    "claude-sonnet-5-5": "2 2.5 4 0.10 10",
    "claude-sonnet-5": "2 2.5 4 0.20 10",
    "claude-sonnet-4-6": "3 3.75 6 0.30 15",
    "claude-sonnet-4-5": "3 3.75 6 0.30 15",
    "claude-haiku-5-5": "0.10 0.125 0.20 0.01 0.50",
    "claude-haiku-4-5": "1 1.25 2 0.10 5",
    "claude-3-5-haiku-latest": "0.80 1 1.60 0.08 4",
    "claude-3-haiku": "0.25 0.30 0.50 0.03 1.25",
}
LONG = {
    "claude-haiku-5-5": "0.50 0.625 1 0.05 2.50",
    "claude-opus-4-6": "10 12.5 20 1 37.50",
    "claude-sonnet-4-6": "6 7.5 12 0.60 22.50",
    "claude-sonnet-4-5": "6 7.5 12 0.60 22.50",
}
LONG_ENDED = date(2026, 3, 13)
FAST = {
    "claude-fable-5-2": "16 20 32 0.40 80",
    "claude-mythos-5-2": "16 20 32 0.40 80",
    "claude-opus-5-5": "8 10 16 0.40 40",
    "claude-opus-5": "10 12.5 20 1 50",
    "claude-opus-4-8": "10 12.5 20 1 50",
}
BEFORE_4_5 = ("claude-opus-4-1", "claude-opus-4-0", "claude-3-5-haiku-latest", "claude-3-haiku")
NO_US_ONLY = (*BEFORE_4_5, "claude-opus-4-5", "claude-sonnet-4-5", "claude-haiku-4-5")
NO_SEARCH = ("claude-3-haiku",)

# One line for each way of being served: (model, tier, above its band).
OTHERS = {
    ("openai", "gpt-5", "standard", False): "1.25 - - 0.125 10",
    ("openai", "gpt-5", "batch", False): "0.625 - - 0.0625 5",
    ("openai", "gpt-5", "flex", False): "0.625 - - 0.0625 5",
    ("openai", "gpt-5", "priority", False): "2.50 - - 0.25 20",
    ("openai", "gpt-4.1", "standard", False): "2 - - 0.50 8",
    ("openai", "gpt-4.1", "batch", False): "1 - - 0.50 4",
    ("openai", "gpt-4.1", "priority", False): "3.50 - - 0.875 14",
    ("openai", "gpt-5.4", "standard", False): "2.50 - - 0.25 15",
    ("openai", "gpt-5.4", "standard", True): "5 - - 0.50 22.50",
    ("openai", "gpt-5.4", "batch", False): "1.25 - - 0.13 7.50",
    ("openai", "gpt-5.4", "batch", True): "2.50 - - 0.25 11.25",
    ("openai", "gpt-5.4", "priority", False): "5 - - 0.50 30",
    ("openai", "gpt-6-luna", "standard", False): "0.10 0.125 - 0.01 0.50",
    ("openai", "gpt-6-luna", "standard", True): "0.20 0.25 - 0.02 0.75",
    ("openai", "gpt-6-luna", "batch", True): "0.10 0.125 - 0.01 0.375",
    ("google", "gemini-2.5-pro", "standard", False): "1.25 - - 0.125 10",
    ("google", "gemini-2.5-pro", "standard", True): "2.50 - - 0.25 15",
    ("google", "gemini-2.5-pro", "batch", False): "0.625 - - 0.125 5",
    ("google", "gemini-2.5-pro", "batch", True): "1.25 - - 0.25 7.50",
    ("vertex", "gemini-2.5-pro", "standard", True): "2.50 - - 0.25 15",
    ("vertex", "gemini-3.1-flash-lite", "batch", False): "0.125 - - 0.0125 0.75",
    ("bedrock", "amazon.nova-pro-v1:0", "standard", False): "0.80 - - 0.20 3.20",
    ("bedrock", "amazon.nova-pro-v1:0", "batch", False): "0.40 - - 0.10 1.60",
    ("bedrock", "openai.gpt-6-sol", "standard", True): "4 5 - 0.40 15",
    ("bedrock", "meta.llama3-3-70b-instruct-v1:0", "standard", False): "0.72 - - - 0.72",
}
BANDS = {"gpt-5.4": "> 272k", "gpt-6-luna": "272k-1M", "openai.gpt-6-sol": "> 272k"}
SEARCH_USD_PER_1000 = {"openai": 10, "google": 35, "vertex": 35}
TEN_PER_CENT_MORE = ("gpt-5.4", "gpt-6-luna", "openai.gpt-6-sol")


def typed(text: str) -> dict[str, Decimal | None]:
    """Read a line of the tables above."""
    return {
        kind: None if figure == "-" else Decimal(figure)
        for kind, figure in zip(KINDS, text.split(), strict=True)
    }


def unit_prices(row: dict) -> dict[str, Decimal | None]:
    """USD per million tokens of each kind for one row."""
    platform, model, day = row["platform"], row["model"], row["day"]
    long = row["context_window"] not in ("", "0-200k", "≤ 200k")
    if (platform, model, row["service_tier"], long) in OTHERS:
        prices = typed(OTHERS[platform, model, row["service_tier"], long])
        more = Decimal("1.1") if model in TEN_PER_CENT_MORE else Decimal(1)
    else:
        prices = typed(CLAUDE[model])
        if model == "claude-sonnet-5-5" and day < date(2026, 10, 7):
            prices["cache_read"] = Decimal("0.20")
        if long and (model == "claude-haiku-5-5" or (model in LONG and day < LONG_ENDED)):
            prices = typed(LONG[model])
        if row["speed"] == "fast":
            prices = typed(FAST[model])
        if row["service_tier"] == "batch":
            prices = {kind: usd / 2 for kind, usd in prices.items()}
        more = Decimal(1) if model in BEFORE_4_5 else Decimal("1.1")
    factor = Decimal(1) if row["geography"] == "global" else more
    return {kind: None if usd is None else usd * factor for kind, usd in prices.items()}


def usd(row: dict) -> Decimal:
    """What one row costs, exactly."""
    total = sum(
        (row[f"{kind}_tokens"] * price for kind, price in unit_prices(row).items() if price),
        Decimal(0),
    )
    per_1000 = SEARCH_USD_PER_1000.get(row["platform"], 10)
    if row["model"].startswith("claude-"):
        per_1000 = 10
    return total / 1_000_000 + row["web_searches"] * Decimal(per_1000) / 1000


def random_row(rng: random.Random) -> dict:
    """Draw one row of usage that can be bought."""
    row = _claude_row(rng) if rng.random() < 0.7 else _other_row(rng)
    row |= {
        f"{kind}_tokens": rng.randrange(10 ** rng.randint(1, 12)) * (rng.random() < 0.8)
        for kind in KINDS
    }
    sold = unit_prices(row)
    row |= {f"{kind}_tokens": 0 for kind in KINDS if sold[kind] is None}
    searches = row["platform"] != "bedrock" and row["model"] not in (
        *NO_SEARCH,
        "gemini-3.1-flash-lite",
    )
    return row | {"web_searches": rng.randrange(10_000) * searches}


def _claude_row(rng: random.Random) -> dict:
    model, platform = rng.choice(list(CLAUDE)), rng.choice(["anthropic", "bedrock", "vertex"])
    own = platform == "anthropic"
    fast = own and model in FAST and rng.random() < 0.2
    places = ["global"] if own else ["global", "us", "regional"]
    places += ["us"] if own and model not in NO_US_ONLY else []
    windows = ["", "0-200k", "≤ 200k", *([] if fast else ["200k-1M", "> 200k"])]
    tiers = ["standard", *([] if fast else ["batch"]), *(["priority"] if own else [])]
    return {
        "day": date(2025, 8, 20) + timedelta(days=rng.randrange(460)),
        "platform": platform,
        "model": model,
        "service_tier": rng.choice(tiers),
        "geography": rng.choice(places),
        "speed": "fast" if fast else "standard",
        "context_window": rng.choice(windows),
    }


def _other_row(rng: random.Random) -> dict:
    platform, model, tier, long = rng.choice(list(OTHERS))
    places = ["global", "us", "regional"] if platform in ("openai", "bedrock") else ["global"]
    return {
        "day": date(2026, 10, 1) + timedelta(days=rng.randrange(53)),
        "platform": platform,
        "model": model,
        "service_tier": tier,
        "geography": rng.choice(places),
        "speed": "standard",
        "context_window": BANDS.get(model, "> 200k") if long else rng.choice(["", "0-200k"]),
    }
