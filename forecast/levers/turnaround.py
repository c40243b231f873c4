"""How long a batch takes, and how likely its results are too late.

Without measured batches the turnaround T is lognormal through two published points,
P(T ≤ 1 h) = 0.70 and P(T ≤ 4 h) = 0.90. Measured batches take the place of that claim as they
grow: S(t) = P(T > t) is the Susarla-Van Ryzin estimate, whose prior is the claim S₀ with the
weight κ of an assumption. Without unfinished batches it is

    S(t) = (κ S₀(t) + number of batches that took longer than t) / (κ + n)

and a batch that was still running, cancelled or expired at z shares its weight among those that
took longer than z. Without a claim (κ → 0) it is the Kaplan-Meier estimate.

A batch that is not done after 24 h expires unbilled and is submitted again. With a deadline D of
k whole days and a rest:

    P(miss) = S(24)^k · S(D − 24 k)
"""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import date
from statistics import NormalDist
from typing import Final

from scipy.special import betaincinv

from forecast.errors import WorkloadError
from forecast.records.base import Provenance
from forecast.records.latency import Latency, MeasuredTurnaround
from forecast.records.recommendation import Assumption

EXPIRY_HOURS: Final = 24.0
"""A batch that is not done by then expires (vendor's documentation)."""

RESULTS_KEPT_DAYS: Final = 29
"""How long the vendor stores the results of a batch (vendor's documentation)."""

DONE_WITHIN: Final = ((1.0, 0.70), (4.0, 0.90))
"""(hours, share of batches done by then): what one practitioner published over three vendors
(ai-fees.com, "When the Batch API discount actually pays off": about 70 % under an hour, 20 %
more within four). The vendor says only that most batches finish within the hour."""

CLAIM_WEIGHT: Final = 10.0
"""κ, batches that the published turnaround counts for beside measured ones: ten cases, the weight
of an assumption in `levers.effects`."""

MISS_LIMIT: Final = 0.05
"""Above this probability of a miss a person looks again (assumed: a nightly job late more than
once in twenty nights is late more than once a month). It falls at a deadline of 7.8 hours."""

UPPER_LEVEL: Final = 0.95
"""Of the upper limit of a late share."""

Miss = Callable[[float, MeasuredTurnaround | None], float]
"""A probability of missing a deadline in hours: the estimate, or its upper limit."""

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


def later_than(hours: float, measured: MeasuredTurnaround | None = None) -> float:
    """S(t) = P(T > t), of a batch that never expires.

    Source: Susarla and Van Ryzin 1976, doi:10.1080/01621459.1976.10480966.

    Examples
    --------
    Forty batches of which two took longer than four hours, beside the claim of 10 %:

    >>> from forecast.records.latency import TurnaroundStep
    >>> steps = [TurnaroundStep(hours=h, n_done=n, n_unfinished=0) for h, n in ((1, 38), (6, 2))]
    >>> seen = MeasuredTurnaround(file="b.csv", sha256="", steps=tuple(steps))
    >>> round(later_than(4.0, seen), 3), round((10 * 0.1 + 2) / 50, 3)
    (0.06, 0.06)
    """
    if hours <= 0:
        return 1.0
    claimed = _claimed(hours)
    if measured is None:
        return claimed
    n = longer = measured.n_batches
    share = 1.0
    for step in measured.steps:
        if step.hours > hours:
            break
        longer -= step.n_done + step.n_unfinished
        if step.n_unfinished:
            weight = CLAIM_WEIGHT * _claimed(step.hours) + longer
            share *= (weight + step.n_unfinished) / weight
    return min(1.0, share * (CLAIM_WEIGHT * claimed + longer) / (CLAIM_WEIGHT + n))


def miss_probability(deadline_hours: float, measured: MeasuredTurnaround | None = None) -> float:
    """Probability that a batch is not back within `deadline_hours` of its submission.

    Parameters
    ----------
    deadline_hours
        Hours, above zero.
    measured
        The buyer's own batches; None takes the published turnaround alone.

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
    expires = later_than(EXPIRY_HOURS, measured)
    return float(expires**whole_days * later_than(rest, measured))


def turnaround_quantile(level: float, measured: MeasuredTurnaround | None = None) -> float:
    """Hours within which a share `level` of the batches is back, with what expires run again.

    >>> [round(turnaround_quantile(level), 2) for level in (0.5, 0.7, 0.9)]
    [0.38, 1.0, 4.0]
    """
    low, high = 0.0, EXPIRY_HOURS
    while miss_probability(high, measured) > 1 - level:
        high += EXPIRY_HOURS
    for _ in range(60):
        middle = (low + high) / 2
        late = middle <= 0 or miss_probability(middle, measured) > 1 - level
        low, high = (middle, high) if late else (low, middle)
    return high


def deadline_of(latency: Latency) -> float | None:
    """Give the tighter of a workload's own deadline and its downstream's, in hours.

    >>> deadline_of(Latency(deadline_hours=24, downstream_deadline_hours=6))
    6.0
    """
    hours = (latency.deadline_hours, latency.downstream_deadline_hours)
    return min((h for h in hours if h is not None), default=None)


def unread_in_time(latency: Latency) -> float:
    """Share of the results somebody would have read before a batch brought them.

    The mean of P(T > delay) over the delays at which results were read; one that nobody read
    cannot be late. Zero where no delays were measured.
    """
    return _read_too_soon(latency, miss_probability)


def late_share(latency: Latency) -> float:
    """Share of a workload's batch traffic that comes too late and is run again in real time.

    The greater of what misses the deadline and what is read before it is back.
    """
    return _late(latency, miss_probability)


def late_share_upper(latency: Latency) -> float:
    """95 % upper limit of `late_share`, known as well as the batches and the claim know it.

    S(t) is taken at the 95 % quantile of a beta distribution around it with κ + n cases, exact
    where no batch was left unfinished, and never below the estimate itself.

    >>> [round(late_share(Latency(deadline_hours=h)), 3) for h in (12, 36)]
    [0.03, 0.0]
    >>> [round(late_share_upper(Latency(deadline_hours=h)), 3) for h in (12, 36)]
    [0.136, 0.009]
    """
    return _late(latency, _miss_upper)


def _late(latency: Latency, miss: Miss) -> float:
    deadline = deadline_of(latency)
    missed = 0.0 if deadline is None else miss(deadline, latency.measured_turnaround)
    return max(missed, _read_too_soon(latency, miss))


def _read_too_soon(latency: Latency, miss: Miss) -> float:
    seen = latency.measured_consumption
    if seen is None or not seen.delays_hours:
        return 0.0
    late = [
        1.0 if delay <= 0 else miss(delay, latency.measured_turnaround)
        for delay in seen.delays_hours
    ]
    return seen.read_share * sum(late) / len(late)


def _miss_upper(deadline_hours: float, measured: MeasuredTurnaround | None) -> float:
    whole_days, rest = divmod(deadline_hours, EXPIRY_HOURS)
    return _upper(EXPIRY_HOURS, measured) ** whole_days * _upper(rest, measured)


def _upper(hours: float, measured: MeasuredTurnaround | None) -> float:
    share = later_than(hours, measured)
    if share in (0.0, 1.0):
        return share
    weight = CLAIM_WEIGHT + (measured.n_batches if measured else 0)
    return max(share, float(betaincinv(share * weight, (1 - share) * weight, UPPER_LEVEL)))


def turnaround_assumption(latency: Latency) -> Assumption:
    """Say which turnaround a workload's deadline is held against."""
    seen = latency.measured_turnaround
    if seen is None:
        return TURNAROUND
    return Assumption(
        name="batch turnaround",
        value=f"{seen.n_batches} measured batches, beside the published turnaround with the "
        f"weight of {CLAIM_WEIGHT:g}",
        provenance=Provenance.MEASURED,
        source=seen.file,
    )


def _claimed(hours: float) -> float:
    """S₀(t), the published turnaround."""
    if hours <= 0:
        return 1.0
    return 1.0 - _NORMAL.cdf((math.log(hours) - _MU) / _SIGMA)
