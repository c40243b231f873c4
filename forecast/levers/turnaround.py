"""How long a batch takes, and how likely it is to miss a deadline.

The turnaround T of a batch is lognormal through two published points, P(T ≤ 1 h) = 0.70 and
P(T ≤ 4 h) = 0.90. A batch that is not done after 24 h expires unbilled and is submitted again.
With S(t) = P(T > t) and a deadline D of k whole days and a rest:

    P(miss) = S(24)^k · S(D − 24 k)
"""

from __future__ import annotations

import math
from datetime import date
from statistics import NormalDist
from typing import Final

from forecast.errors import WorkloadError
from forecast.records.base import Provenance
from forecast.records.recommendation import Assumption
from forecast.records.workloads import Latency

EXPIRY_HOURS: Final = 24.0
"""A batch that is not done by then expires (vendor's documentation)."""

RESULTS_KEPT_DAYS: Final = 29
"""How long the vendor stores the results of a batch (vendor's documentation)."""

DONE_WITHIN: Final = ((1.0, 0.70), (4.0, 0.90))
"""(hours, share of batches done by then): what one practitioner published over three vendors
(ai-fees.com, "When the Batch API discount actually pays off": about 70 % under an hour, 20 %
more within four). The vendor says only that most batches finish within the hour."""

MISS_LIMIT: Final = 0.05
"""Above this probability of a miss a person looks again (assumed: a nightly job late more than
once in twenty nights is late more than once a month). It falls at a deadline of 7.8 hours."""

_NORMAL: Final = NormalDist()
_Z: Final = tuple(_NORMAL.inv_cdf(share) for _, share in DONE_WITHIN)
_LOG: Final = tuple(math.log(hours) for hours, _ in DONE_WITHIN)
_SIGMA: Final = (_LOG[1] - _LOG[0]) / (_Z[1] - _Z[0])
_MU: Final = _LOG[0] - _SIGMA * _Z[0]

TURNAROUND: Final = Assumption(
    name="batch turnaround",
    value=f"lognormal: {DONE_WITHIN[0][1]:.0%} within 1 h, {DONE_WITHIN[1][1]:.0%} within 4 h",
    provenance=Provenance.CLAIM,
    source="ai-fees.com on the batch tiers of three vendors; Anthropic documents only 'most "
    "batches within 1 hour' and expiry at 24 h",
    as_of=date(2026, 11, 22),
)


def miss_probability(deadline_hours: float) -> float:
    """Probability that a batch is not back within `deadline_hours` of its submission.

    Parameters
    ----------
    deadline_hours
        Hours, above zero.

    Raises
    ------
    WorkloadError
        For a deadline of zero or less.

    Examples
    --------
    >>> [round(miss_probability(h), 3) for h in (1, 4, 8, 24, 48)]
    [0.3, 0.1, 0.048, 0.012, 0.0]
    """
    if not deadline_hours > 0:
        raise WorkloadError("must be above zero hours", column="latency.deadline_hours")
    whole_days, rest = divmod(deadline_hours, EXPIRY_HOURS)
    return float(_later_than(EXPIRY_HOURS) ** whole_days * _later_than(rest))


def deadline_of(latency: Latency) -> float | None:
    """Give the tighter of a workload's own deadline and its downstream's, in hours.

    >>> deadline_of(Latency(deadline_hours=24, downstream_deadline_hours=6))
    6.0
    """
    hours = (latency.deadline_hours, latency.downstream_deadline_hours)
    return min((h for h in hours if h is not None), default=None)


def late_share(latency: Latency) -> float:
    """Share of a workload's batch traffic that comes too late and is run again in real time."""
    deadline = deadline_of(latency)
    return 0.0 if deadline is None else miss_probability(deadline)


def _later_than(hours: float) -> float:
    """S(t) = P(T > t)."""
    if hours <= 0:
        return 1.0
    return 1.0 - _NORMAL.cdf((math.log(hours) - _MU) / _SIGMA)
