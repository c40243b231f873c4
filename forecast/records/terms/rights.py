"""What the parties may do while the contract runs, and until when."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from forecast.records.base import Record, Share


class TrueDown(Record):
    """The right to lower the commitment of what is still to come, on one day.

    Tiers stay those of what was signed.
    """

    after_months: Annotated[int, Field(ge=1, le=119)]
    """Months from the start of the term, at the end of a settlement period."""
    reduction_share: Share
    """By how much of its amount each later period may be lowered."""
    notice_days: Annotated[int, Field(ge=0, le=366)] = 0


class Renewal(Record):
    """What happens when the term ends."""

    is_automatic: bool = True
    notice_days: Annotated[int, Field(ge=0, le=366)] = 30
    cap_on_rises_share: Annotated[float, Field(ge=0.0, le=10.0)] | None = None
    """By how much prices may rise at renewal."""
    minimum_share: Share = 0.0
    """The ratchet: share of this commitment that a renewal must reach."""
