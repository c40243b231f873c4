"""Which platform draws the commitment down: recorded months as billed, the rest as work runs today.

A workload stays on its platforms: no lever moves it between them. What a platform counts for is
the contract's word (`Terms.platforms`).
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from forecast.paths import Floats
from forecast.pipeline.measured_shares import shares_by_group
from forecast.pipeline.projection import Projection
from forecast.pipeline.standing import Standing
from forecast.records.reforecast import PlatformDrawdown
from forecast.units import to_cents


def platform_drawdowns(
    standing: Standing, projection: Projection, optimised: Floats
) -> tuple[PlatformDrawdown, ...]:
    """Divide the drawdown of the term by platform, the largest first.

    Parameters
    ----------
    optimised
        [M, T, W] list cost of the term that the contract is settled on.
    """
    pools = standing.pools()
    units = np.repeat(pools.units_per_list_usd, pools.period_months)
    drawn = _recorded(projection, units)
    expected = _expected(projection, optimised, units)
    found = [
        PlatformDrawdown(
            platform=platform,
            counted_share=(share := standing.terms.platform(platform).counts_share),
            drawn_usd=to_cents(drawn.get(platform, 0.0) * share),
            expected_usd=to_cents(expected.get(platform, 0.0) * share),
        )
        for platform in {*drawn, *expected}
    ]
    return tuple(sorted(found, key=lambda p: (-(p.drawn_usd + p.expected_usd), p.platform)))


def _recorded(projection: Projection, units: Floats) -> dict[str, float]:
    months = list(projection.decisions.months[: projection.n_elapsed])
    rated = projection.rated
    month = rated["day"].dt.to_period("M").dt.to_timestamp()
    inside = month.isin([pd.Timestamp(m) for m in months])
    usd = rated.loc[inside, "list_usd"].astype(np.float64)
    sums = usd.groupby([rated.loc[inside, "platform"], month[inside]]).sum()
    found: dict[str, float] = {}
    for (platform, start), amount in sums.items():
        t = months.index(pd.Timestamp(start).date())
        found[str(platform)] = found.get(str(platform), 0.0) + float(amount) * float(units[t])
    return found


def _expected(projection: Projection, optimised: Floats, units: Floats) -> dict[str, float]:
    now, months = projection.n_elapsed, projection.decisions.months
    mean = optimised[:, now:].mean(axis=0) * units[now:, None]
    found: dict[str, float] = {}
    for w, name in enumerate(projection.names):
        plan = projection.plan(name)
        if plan is None or not mean[:, w].any():
            continue
        for t, month in enumerate(months[now:]):
            for (platform, _), share in shares_by_group(plan.mix, projection.card, month).items():
                found[platform] = found.get(platform, 0.0) + share * float(mean[t, w])
    return found
