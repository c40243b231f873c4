"""What can be asked of the Admin API, and how a question is put.

Source: platform.claude.com, "Get Messages Usage Report", "Get Cost Report" and "Usage and Cost
API", read 2026-11-24. Buckets start on or after `starting_at` and end before or at `ending_at`, in
UTC; a page holds at most `limit` of them, and `next_page` is the token of the page after it.
"""

from __future__ import annotations

from datetime import date, timedelta
from enum import StrEnum
from typing import Final, Self

from pydantic import Field, field_validator, model_validator

from forecast.records.base import Record

API_VERSION: Final = "2023-06-01"
SPEED_BETA: Final = "fast-mode-2026-02-01"
"""The beta header without which a report is not grouped by speed."""


class Report(StrEnum):
    """A report of the Admin API."""

    USAGE = "usage"
    COST = "cost"

    @property
    def path(self) -> str:
        """Where it is, below the base URL."""
        return {
            Report.USAGE: "/v1/organizations/usage_report/messages",
            Report.COST: "/v1/organizations/cost_report",
        }[self]

    @property
    def file_stem(self) -> str:
        """What its pages are called on disk."""
        return f"{self.value}_report"


class Bucket(StrEnum):
    """How long a time bucket is."""

    MINUTE = "1m"
    HOUR = "1h"
    DAY = "1d"

    @property
    def most_per_page(self) -> int:
        """How many buckets the API gives in one page."""
        return {Bucket.MINUTE: 1440, Bucket.HOUR: 168, Bucket.DAY: 31}[self]


class UsageGroup(StrEnum):
    """What the usage report can be grouped by."""

    MODEL = "model"
    SERVICE_TIER = "service_tier"
    CONTEXT_WINDOW = "context_window"
    INFERENCE_GEO = "inference_geo"
    SPEED = "speed"
    API_KEY_ID = "api_key_id"
    WORKSPACE_ID = "workspace_id"
    SERVICE_ACCOUNT_ID = "service_account_id"
    ACCOUNT_ID = "account_id"


DEFAULT_GROUPS: Final = tuple(group for group in UsageGroup if group is not UsageGroup.ACCOUNT_ID)
"""What a price depends on, and who owns the traffic. `account_id` names persons and no price or
owner needs it."""

COST_GROUPS: Final = ("workspace_id", "description")
"""All that the cost report can be grouped by; a description brings model, tier and token kind."""


class Question(Record):
    """One report over whole UTC days.

    Examples
    --------
    >>> question = Question.about(Report.COST, date(2026, 11, 1), date(2026, 11, 3))
    >>> question.parameters(question.until, None)
    [('starting_at', '2026-11-01T00:00:00Z'), ('ending_at', '2026-11-04T00:00:00Z'), \
('bucket_width', '1d'), ('limit', '31'), ('group_by[]', 'workspace_id'), \
('group_by[]', 'description')]
    """

    report: Report
    first_day: date
    last_day: date
    """Included."""
    bucket: Bucket = Bucket.DAY
    limit: int = Field(ge=1)
    """Buckets in a page."""
    group_by: tuple[str, ...]

    @classmethod
    def about(
        cls,
        report: Report,
        first_day: date,
        last_day: date,
        *,
        bucket: Bucket = Bucket.DAY,
        group_by: tuple[UsageGroup, ...] = DEFAULT_GROUPS,
        limit: int | None = None,
    ) -> Question:
        """Ask for a report; the cost report has days and its own groups only."""
        if report is Report.COST:
            bucket = Bucket.DAY
        return cls(
            report=report,
            first_day=first_day,
            last_day=last_day,
            bucket=bucket,
            limit=min(limit or bucket.most_per_page, bucket.most_per_page),
            group_by=COST_GROUPS if report is Report.COST else tuple(g.value for g in group_by),
        )

    @field_validator("group_by")
    @classmethod
    def _each_group_once(cls, groups: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(groups))

    @model_validator(mode="after")
    def _days_in_order(self) -> Self:
        if self.last_day < self.first_day:
            raise ValueError(f"ends on {self.last_day}, before it begins on {self.first_day}")
        return self

    @property
    def until(self) -> date:
        """The day after the last."""
        return self.last_day + timedelta(days=1)

    @property
    def beta(self) -> str | None:
        """The beta header that it needs."""
        return SPEED_BETA if UsageGroup.SPEED in self.group_by else None

    def parameters(
        self, until: date, token: str | None, since: date | None = None
    ) -> list[tuple[str, str]]:
        """Give the query of one page.

        Parameters
        ----------
        since, until
            First day, and the day after the last one; by default from `first_day`.
        token
            `next_page` of the page before; None for the first.
        """
        query = [
            ("starting_at", f"{since or self.first_day}T00:00:00Z"),
            ("ending_at", f"{until}T00:00:00Z"),
            ("bucket_width", self.bucket.value),
            ("limit", str(self.limit)),
            *(("group_by[]", group) for group in self.group_by),
        ]
        return [*query, ("page", token)] if token else query
