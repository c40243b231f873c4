"""True-downs: what the commitment of later periods is lowered to.

The decision uses only what a path has shown before. With x̄ the means over the paths, o what a
path has drawn up to the right's day, and period p still to come, consumption is expected to be

    e_p = o · x̄_p / ō

and the right asks for k_p e_p, where k_p is the level F* of x_p / e_p over the paths, weighted by
e_p: what the one-tier formula would commit to, knowing o. A period keeps at least the share of
its commitment that the right leaves, and is never raised.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from forecast.paths import Floats
from forecast.records.terms import Terms
from forecast.sizing.needs import PeriodNeed


def lowered(terms: Terms, needs: list[PeriodNeed]) -> list[PeriodNeed]:
    """Add to every period what the true-downs before it ask for."""
    if not terms.true_downs:
        return needs
    found = list(needs)
    for right in terms.true_downs:
        first = right.after_months // terms.period_months
        observed = np.asarray(sum(need.units for need in needs[:first]))
        if observed.mean() <= 0:
            continue
        for p in range(first, len(needs)):
            expected = observed * (needs[p].units.mean() / observed.mean())
            asked = _level(terms, needs[p], expected) * expected
            rights = (*found[p].lowered_to, (1 - right.reduction_share, asked))
            found[p] = replace(found[p], lowered_to=rights)
    return found


def _level(terms: Terms, need: PeriodNeed, expected: Floats) -> float:
    """Give k, the weighted quantile of consumption over what was expected of it."""
    step = need.steps[-1]
    gain = float(np.mean(step.beyond)) - float(np.mean(step.used))
    loss = float(np.mean(need.unused)) * (1 - terms.unused_value_share / terms.n_periods)
    known = expected > 0
    if gain <= 0 or not known.any():
        return 0.0
    ratio, weight = need.units[known] / expected[known], expected[known]
    order = ratio.argsort(kind="stable")
    share = weight[order].cumsum() / weight.sum()
    k = min(int(share.searchsorted(gain / (gain + loss) - 1e-9)), len(order) - 1)
    return float(ratio[order][k])
