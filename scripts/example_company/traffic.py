"""Who uses what in the example portfolio: the statistics, the models, the traffic of each key.

The shape of the traffic is measured on published traces (read once, quoted here); volumes,
growth and dates of migration are assumptions of the example.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

START, END = date(2024, 11, 1), date(2026, 11, 1)
"""[START, END): 24 complete months."""

# Azure LLM inference trace 2023, code service: mean of 8,819 requests, tokens in and out
# (Azure/AzurePublicDataset, CC BY 4.0). Long prompt, very short answer: tagging looks like this.
AZURE_CODE = (2_048, 28)

# The same trace, chat service, 19,366 requests: generated tokens over context tokens.
AZURE_CHAT_OUTPUT_PER_INPUT = 0.183

# Mooncake conversation trace, 12,031 requests: mean tokens in and out, and the share of input
# tokens that a contiguous prefix not older than 5 minutes would have read (Apache-2.0).
MOONCAKE_CHAT = (12_035, 343)
MOONCAKE_CHAT_READ_SHARE_5M = 0.293

# Mooncake synthetic (tool and document) trace, 3,993 requests: mean tokens in and out.
MOONCAKE_TOOL = (15_325, 149)

# 40 Claude Code sessions, 1,043 requests: mean tokens in and out, and the share of input tokens
# read within 5 minutes of the last use (callanjfox/kv-cache-tester, Apache-2.0).
AGENT = (87_481, 579)
AGENT_READ_SHARE_5M = 0.856

# Shaved Ice, 16 region-and-type series of at least 300 days (Snowflake-Labs/shavedice-dataset,
# CC BY 4.0), logs of daily means around a centred 29-day median. Weekend against weekdays:
# median −0.01 (machines), lower quartile −0.23 (people). Daily noise without the weekly rhythm:
# median 0.06, upper quartile 0.17; its lag-1 correlation: median 0.52.
WEEKEND_PEOPLE = 0.79
WEEKEND_MACHINES = 0.99
QUIET_NOISE, BUSY_NOISE = 0.06, 0.17
NOISE_PERSISTENCE = 0.52

# ServeGen, service "m-small", 14 days, the top 18 clients (alibaba/ServeGen, Apache-2.0): noise
# of a single client's day against the same day a week earlier, lower quartile to median
# 0.08 to 0.34. A workload of the example is one client, so its noise stays inside that range.

TOKENS_PER_TEXT = {
    "claude-sonnet-5": 1.3,
    "claude-sonnet-5-5": 1.3,
    "claude-opus-5": 1.3,
    "claude-opus-5-5": 1.3,
}
"""Models since 4.7 take about 30 % more tokens for the same text; every other model here 1."""

AVAILABLE = {
    "claude-3-haiku-20240307": (date(2024, 3, 13), None),
    "claude-3-opus-20240229": (date(2024, 3, 4), date(2026, 1, 5)),
    "claude-3-5-sonnet-20241022": (date(2024, 10, 22), date(2025, 10, 28)),
    "claude-3-5-haiku-20241022": (date(2024, 11, 4), date(2026, 2, 19)),
    "claude-3-7-sonnet-20250219": (date(2025, 2, 24), date(2026, 2, 19)),
    "claude-sonnet-4-20250514": (date(2025, 5, 22), date(2026, 6, 15)),
    "claude-opus-4-20250514": (date(2025, 5, 22), date(2026, 6, 15)),
    "claude-opus-4-1-20250805": (date(2025, 8, 5), date(2026, 8, 5)),
    "claude-sonnet-4-5-20250929": (date(2025, 9, 29), date(2026, 11, 30)),
    "claude-haiku-4-5-20251001": (date(2025, 10, 15), None),
    "claude-opus-4-5-20251101": (date(2025, 11, 24), None),
    "claude-sonnet-4-6": (date(2026, 2, 17), None),
    "claude-sonnet-5": (date(2026, 6, 30), None),
    "claude-opus-5": (date(2026, 7, 24), None),
    "claude-opus-5-5": (date(2026, 9, 22), None),
    "claude-sonnet-5-5": (date(2026, 9, 28), None),
}
"""First day on the vendor's API and the day of retirement, from the vendor's announcements as
repeated by third parties (read 2026-11-22; None: not announced). No row lies outside."""


@dataclass(frozen=True)
class Traffic:
    """How one api key is used.

    Attributes
    ----------
    requests_a_day
        Typical working day at the end of the history.
    text_tokens
        Input and output of a request under the tokenizer before 4.7.
    models
        (first day, model), in order; each move takes `RAMP_DAYS`.
    growth
        Change of the log level in a year.
    season
        Amplitude and the day of the year of the peak.
    cache
        Share of input that is read from, and written to, the 5-minute cache.
    busy_days
        Factor on the last three and the first two days of a month.
    spikes
        (first day, days, requests a day): one-off work on top.
    batch_from
        Day from which traffic moves to batch, and the share that does.
    us_from
        Day from which inference is pinned to the US.
    """

    api_key: str
    workspace: str
    requests_a_day: float
    text_tokens: tuple[int, int]
    models: tuple[tuple[date, str], ...]
    growth: float
    season: tuple[float, int] = (0.0, 1)
    weekend: float = WEEKEND_PEOPLE
    noise: float = QUIET_NOISE
    cache: tuple[float, float] = (0.0, 0.0)
    busy_days: float = 1.0
    spikes: tuple[tuple[date, int, int], ...] = ()
    batch_from: tuple[date, float] | None = None
    us_from: date | None = None
    launch: tuple[date, int] | None = None
    """First day and days to full volume."""
    searches_a_request: float = 0.0


TRAFFIC: tuple[Traffic, ...] = (
    Traffic(
        "key-support-chat",
        "production",
        20_500,
        MOONCAKE_CHAT,
        (
            (START, "claude-3-5-sonnet-20241022"),
            (date(2025, 6, 16), "claude-sonnet-4-20250514"),
            (date(2025, 10, 20), "claude-sonnet-4-5-20250929"),
            (date(2026, 7, 13), "claude-sonnet-5"),
            (date(2026, 9, 29), "claude-sonnet-5-5"),
        ),
        growth=0.26,
        season=(0.08, 350),
        noise=0.08,
        # The trace's reads; the writes are what new turns of an open conversation add
        # (assumed).
        cache=(MOONCAKE_CHAT_READ_SHARE_5M, 0.25),
    ),
    Traffic(
        # The worked nightly job: on Opus 5.5 it takes 4,000 shared and 500 own input
        # tokens and 100 output tokens, 1 / 1.3 of that before.
        "key-catalog-enrichment",
        "production",
        35_000,
        (round(4_500 / 1.3), round(100 / 1.3)),
        (
            (START, "claude-3-opus-20240229"),
            (date(2025, 6, 2), "claude-opus-4-20250514"),
            (date(2025, 8, 18), "claude-opus-4-1-20250805"),
            (date(2025, 12, 1), "claude-opus-4-5-20251101"),
            (date(2026, 9, 24), "claude-opus-5-5"),
        ),
        growth=0.18,
        season=(0.05, 320),
        weekend=WEEKEND_MACHINES,
    ),
    Traffic(
        "key-ticket-tagging",
        "production",
        195_000,
        AZURE_CODE,
        (
            (START, "claude-3-haiku-20240307"),
            (date(2024, 12, 2), "claude-3-5-haiku-20241022"),
            (date(2025, 11, 3), "claude-haiku-4-5-20251001"),
        ),
        growth=0.15,
        season=(0.04, 350),
        noise=0.08,
        batch_from=(date(2026, 7, 6), 0.9),
    ),
    Traffic(
        "key-listing-drafts",
        "production",
        24_000,
        (4_600, round(4_600 * AZURE_CHAT_OUTPUT_PER_INPUT)),
        (
            (START, "claude-3-5-sonnet-20241022"),
            (date(2025, 7, 7), "claude-sonnet-4-20250514"),
            (date(2025, 11, 10), "claude-sonnet-4-5-20250929"),
        ),
        growth=0.22,
        season=(0.06, 300),
        noise=0.10,
    ),
    Traffic(
        "key-contract-intake",
        "analytics",
        12_500,
        MOONCAKE_TOOL,
        (
            (START, "claude-3-5-sonnet-20241022"),
            (date(2025, 4, 7), "claude-3-7-sonnet-20250219"),
            (date(2025, 9, 1), "claude-sonnet-4-20250514"),
            (date(2026, 3, 16), "claude-sonnet-4-6"),
        ),
        growth=0.28,
        weekend=0.55,
        noise=0.12,
        us_from=date(2026, 3, 30),
    ),
    Traffic(
        "key-archive-backfill",
        "analytics",
        150,
        MOONCAKE_TOOL,
        (
            (START, "claude-3-5-sonnet-20241022"),
            (date(2025, 6, 2), "claude-sonnet-4-20250514"),
            (date(2026, 3, 2), "claude-sonnet-4-6"),
        ),
        growth=0.0,
        weekend=0.55,
        noise=BUSY_NOISE,
        spikes=((date(2025, 6, 17), 4, 45_000), (date(2026, 4, 20), 5, 60_000)),
    ),
    Traffic(
        "key-regression-evals",
        "analytics",
        5_500,
        AGENT,
        (
            (date(2025, 9, 15), "claude-opus-4-1-20250805"),
            (date(2025, 12, 8), "claude-opus-4-5-20251101"),
            (date(2026, 8, 10), "claude-opus-5"),
            (date(2026, 9, 28), "claude-opus-5-5"),
        ),
        growth=0.20,
        weekend=0.40,
        noise=BUSY_NOISE,
        # What is not read in an agent session is new, and nearly all of it is written.
        cache=(AGENT_READ_SHARE_5M, 0.13),
        launch=(date(2025, 9, 15), 120),
    ),
    Traffic(
        "key-board-reporting",
        "analytics",
        3_600,
        (9_000, round(9_000 * AZURE_CHAT_OUTPUT_PER_INPUT)),
        (
            (START, "claude-3-5-sonnet-20241022"),
            (date(2025, 6, 30), "claude-sonnet-4-20250514"),
            (date(2026, 3, 2), "claude-sonnet-4-6"),
            (date(2026, 8, 17), "claude-sonnet-5"),
        ),
        growth=0.08,
        weekend=0.30,
        noise=0.10,
        busy_days=3.0,
        searches_a_request=0.3,
    ),
    Traffic(
        "key-sandbox",
        "analytics",
        2_500,
        MOONCAKE_CHAT,
        (
            (START, "claude-3-5-sonnet-20241022"),
            (date(2025, 10, 6), "claude-sonnet-4-5-20250929"),
            (date(2026, 7, 20), "claude-sonnet-5"),
        ),
        growth=0.10,
        weekend=0.20,
        noise=BUSY_NOISE,
    ),
)
"""The eight workloads of workloads.toml, and one key that no rule catches."""
