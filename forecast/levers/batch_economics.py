"""What moving a workload to batch takes beside the tokens, and when it has paid for itself.

Orchestration (a queue, polling, a fallback) is paid to nobody under the contract: it draws down no
commitment and stands beside the list saving, never inside it.

    net = list saving − orchestration        pay-back = build / net
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from forecast.levers.prices import DayPrices
from forecast.mix import TokenMix
from forecast.records.batch import BatchEconomics, BatchLever
from forecast.records.usage import ServiceTier, Speed
from forecast.units import to_cents

MAX_REQUESTS: Final = 100_000
"""Requests a batch may hold (vendor's documentation, 2026-11-22)."""

MAX_BYTES: Final = 256_000_000
"""Bytes a batch may hold: 256 MB (vendor's documentation, 2026-11-22), read as decimal."""

BYTES_PER_TOKEN: Final = 4.0
"""Of a prompt in JSON (assumed: English text takes about four characters a token; text of other
scripts, escapes and images take more, so state request_bytes where batches come near 256 MB)."""


@dataclass(frozen=True)
class BatchVolume:
    """How much a workload would submit.

    Attributes
    ----------
    requests_per_day
        On its busiest day, of what may move; None where requests are not reported.
    prompt_tokens
        Mean prompt tokens a request; None where unknown.
    """

    requests_per_day: float | None
    prompt_tokens: float | None


def batches_per_day(lever: BatchLever, volume: BatchVolume) -> tuple[int | None, str]:
    """Count the batches of the busiest day, and say which limit decides.

    Examples
    --------
    A million requests of 4,500 prompt tokens are 18 GB: size decides, not the number.

    >>> batches_per_day(BatchLever(), BatchVolume(1_000_000, 4_500))
    (71, '256 MB a batch at 18,000 bytes a request')
    >>> batches_per_day(BatchLever(request_bytes=500), BatchVolume(1_000_000, None))
    (10, '100,000 requests a batch')
    """
    if volume.requests_per_day is None:
        return None, "requests are not reported: how many batches it makes is unknown"
    moved = volume.requests_per_day * lever.share / lever.submissions_per_day
    by_number = max(1, math.ceil(moved / MAX_REQUESTS)) if moved > 0 else 0
    size = lever.request_bytes
    if size is None and volume.prompt_tokens is not None:
        size = BYTES_PER_TOKEN * volume.prompt_tokens
    by_size = 0 if size is None else math.ceil(moved * size / MAX_BYTES)
    total = lever.submissions_per_day * max(by_number, by_size)
    if by_size > by_number:
        return total, f"256 MB a batch at {size:,.0f} bytes a request"
    if by_number > 1:
        return total, f"{MAX_REQUESTS:,} requests a batch"
    return total, "none"


def batch_economics(
    lever: BatchLever,
    volume: BatchVolume,
    mix: TokenMix,
    moved: TokenMix,
    prices: DayPrices,
    *,
    as_is_usd_per_month: float,
) -> BatchEconomics:
    """Set what batch saves against what it takes.

    Parameters
    ----------
    mix, moved
        The workload today, and with the share in batch that comes back in time.
    as_is_usd_per_month
        List cost of the workload today, a month of the term.
    """
    today = float(prices.unit_cost(mix).mean())
    scale = as_is_usd_per_month / today if today > 0 else 0.0
    saving = to_cents(scale * (today - float(prices.unit_cost(moved).mean())))
    net = saving - lever.orchestration_usd_per_month
    pays_back = float(lever.build_usd / net) if net > 0 else None
    n_batches, limit = batches_per_day(lever, volume)
    moving = volume.requests_per_day
    return BatchEconomics(
        moved_requests_per_day=None if moving is None else moving * lever.share,
        batches_per_day=n_batches,
        tightest_limit=limit,
        list_saving_usd_per_month=saving,
        orchestration_usd_per_month=lever.orchestration_usd_per_month,
        build_usd=lever.build_usd,
        net_saving_usd_per_month=net,
        pay_back_months=pays_back,
        web_search_usd_per_month=to_cents(scale * _searches_moved(mix, moved, prices)),
        fast_mode_share=_fast_share(mix, prices) if today > 0 else 0.0,
        verdict=_verdict(lever, saving, net, pays_back),
    )


def _searches_moved(mix: TokenMix, moved: TokenMix, prices: DayPrices) -> float:
    """USD per unit of demand of the web searches that move along at full price."""

    def in_batch(of: TokenMix) -> float:
        return sum(
            float(searches.mean()) * prices.usd_per_token(key)[1]
            for key, _, searches in of.parts()
            if key.service_tier == ServiceTier.BATCH and searches.any()
        )

    return in_batch(moved) - in_batch(mix)


def _fast_share(mix: TokenMix, prices: DayPrices) -> float:
    fast = TokenMix.of(part for part in mix.parts() if part[0].speed == Speed.FAST)
    return float(prices.unit_cost(fast).mean() / prices.unit_cost(mix).mean())


def _verdict(lever: BatchLever, saving: Decimal, net: Decimal, months: float | None) -> str:
    if saving <= 0:
        return "batch alone saves nothing here"
    if months is None:
        return (
            f"running it costs {lever.orchestration_usd_per_month:,.0f} USD a month, more than the "
            f"{saving:,.0f} it saves: leave it in real time"
        )
    if not lever.build_usd and not lever.orchestration_usd_per_month:
        return f"saves {net:,.0f} USD a month; what building and running it costs is not stated"
    return f"saves {net:,.0f} USD a month after running it, and pays back in {months:.1f} months"
