"""The batch lever, and what running batches takes beside the tokens."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import Field

from forecast.records.base import NonNegativeUsd, Note, Record, Share, Usd
from forecast.records.evidence_states import Evidence

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class BatchLever(Record):
    """Send the asynchronous share of the workload through the batch tier."""

    share: Share = 1.0
    """Share of the workload's traffic that should be in batch once adopted; the rest stays in
    real time."""
    evidence: Evidence = Evidence.ASSUMED
    submissions_per_day: Annotated[int, Field(ge=1, le=1440)] = 1
    """How often what has queued up is submitted."""
    request_bytes: Positive | None = None
    """Mean size of a request; None takes four bytes a token of the prompt."""
    build_usd: NonNegativeUsd = Decimal(0)
    """What building the queue, the polling and the fallback costs once."""
    orchestration_usd_per_month: NonNegativeUsd = Decimal(0)
    """What running them costs, paid to nobody under the contract."""


class BatchEconomics(Record):
    """What moving a workload to batch takes and gives a month, at its stated share."""

    moved_requests_per_day: float | None
    """On the busiest day seen; None where requests are not reported."""
    batches_per_day: int | None
    """That day's requests in batches that keep both limits."""
    tightest_limit: Note
    """Which limit decides how many."""
    list_saving_usd_per_month: Usd
    orchestration_usd_per_month: NonNegativeUsd
    build_usd: NonNegativeUsd
    net_saving_usd_per_month: Usd
    pay_back_months: float | None
    """None when it never pays back."""
    web_search_usd_per_month: Usd
    """Moves along at its full price: batch halves tokens alone."""
    fast_mode_share: Share
    """Share of today's list cost in fast mode, which has no batch and stays."""
    verdict: Note
