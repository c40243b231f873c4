"""What usage and arrivals say about the kind of a workload: a proposal, never an answer."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from forecast.records.base import Note, Record, Share
from forecast.records.workloads import Archetype


class WorkShape(Record):
    """When and how a workload works; None where the inputs do not tell."""

    n_requests: int | None = None
    """Requests in the arrival histograms."""
    cron_share: Share | None = None
    """Share of the requests in minutes of the hour that are five times as busy as the mean one:
    a scheduler fires at the same minute, people do not."""
    night_share: Share | None = None
    """Share of the requests from 22:00 to 6:00 in local time; a third where time is no matter."""
    peak_share: Share | None = None
    """Share of the requests in the busiest four hours of the day in a row; a sixth where time
    does not matter."""
    weekend_share: Share | None = None
    """Share of the requests, or tokens, on Saturdays and Sundays; two sevenths where days do not
    matter."""
    burstiness: Annotated[float, Field(ge=-1, le=1)] | None = None
    """(σ − μ) / (σ + μ) of the gaps up to an hour between requests: −1 like a clock, 0 at random,
    1 in bursts."""
    active_day_share: Share | None = None
    """Share of the days of the exports on which it was used."""
    stretch_share: Share | None = None
    """Share of the days from its first to its last use on which it was used."""
    output_share: Share | None = None
    """Share of its tokens that are output."""
    prompt_tokens: float | None = None
    """Mean prompt tokens a request."""


class ArchetypeProposal(Record):
    """What kind of work it looks like, for a person to confirm."""

    archetype: Archetype | None
    """None where nothing stands out."""
    reasons: tuple[Note, ...]
    """What speaks for it, the strongest first."""
    runner_up: Archetype | None = None
    """The next likely kind, where it is close."""
    shape: WorkShape
