"""What a completed task costs after routing, part by part, in shares of what it costs today."""

from __future__ import annotations

from forecast.levers.pass_shares import expected_pass_share
from forecast.levers.prices import DayPrices
from forecast.levers.routing import routed_mix
from forecast.levers.shares import expected_share
from forecast.mix import TokenMix
from forecast.records.routing import CompletedTask, RoutingLever


def completed_task(mix: TokenMix, lever: RoutingLever, prices: DayPrices) -> CompletedTask:
    """Split the cost of a completed task at the expected shares.

    With L the attempt, k the prefixes written again per escalated task, R the router and s the
    share tried, all in shares of today's cost,

        total = (1 − s) + s (L + (1 − p) (1 + k)) + R
        p*    = 1 − (1 − L − R / s) / (1 + k)

    Only what may be routed counts: a row that is on the lighter model already, or whose key it is
    not sold as, is not part of the task.
    """
    routable = TokenMix.of(
        part
        for part in mix.parts()
        if part[0].model != lever.to_model and prices.sold(part[0]._replace(model=lever.to_model))
    )
    today = float(prices.unit_cost(routable).mean())

    def cost(of: RoutingLever, share: float, passes: float) -> float:
        mix_then = routed_mix(routable, of, share, passes, prices.card, sold=prices.sold)
        return float(prices.unit_cost(mix_then).mean()) / today

    p, s = expected_pass_share(lever), expected_share(lever.share, lever.evidence)
    alone = lever.model_copy(update={"router": None})
    warm = alone.model_copy(update={"cache_rebuilt_share": 0.0})
    one_try = warm.model_copy(update={"retry_share": 0.0, "token_ratio": 1.0})
    attempt = cost(warm, 1.0, 1.0)
    price_ratio = cost(one_try, 1.0, 1.0)
    attempts = 1 + lever.retry_share
    rebuilt = cost(alone, 1.0, 0.0) - cost(warm, 1.0, 0.0)
    router = cost(lever, 0.0, 1.0) - 1.0 if lever.router else 0.0
    per_task = router / s if s > 0 else 0.0
    return CompletedTask(
        price_ratio=price_ratio,
        token_ratio=attempt / (price_ratio * attempts),
        attempts=attempts,
        attempt_share=attempt,
        escalation_share=1 - p,
        cache_rebuilt_share=(1 - p) * rebuilt,
        router_share=router,
        tried_share=s,
        total_share=(1 - s) + s * (attempt + (1 - p) * (1 + rebuilt)) + router,
        break_even_pass_share=1 - (1 - attempt - per_task) / (1 + rebuilt),
    )
