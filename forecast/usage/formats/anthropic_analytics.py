"""What the usage and cost reports of the Claude Enterprise Analytics API share.

Source: platform.claude.com, "Get Token Usage Over Time" and "Get Cost Over Time" of the
organization analytics, read 2026-11-24. They are the books of a Claude Enterprise organisation,
which the Admin API of a Console organisation does not show, and begin on 2026-01-01. A bucket
holds at most its 100 largest groups and no remainder; groups of users overlap; values can change
until about a week after the end of the month. On plans by seats they hold usage credits only.
"""

from __future__ import annotations

from collections import Counter
from typing import Final

from forecast.usage.formats.anthropic_pages import Report, Result

RECORDED_BY: Final = "anthropic_enterprise"

MAX_GROUPS: Final = 100
"""The most groups a bucket reports (the documentation of `group_by[]`)."""

_OVERLAPPING: Final = "rbac_group_id"


def check_groups(report: Report) -> list[str]:
    """Refuse groups that overlap, and say what else the report may lack.

    Raises
    ------
    UsageFormatError
        Results by groups of users: who is in two groups is counted in both.
    """
    for result in report.results:
        if result.fields.has(_OVERLAPPING):
            raise result.fields.fault(
                _OVERLAPPING,
                "groups overlap: usage of a person in two groups stands in both; fetch the "
                f"report without group_by[]={_OVERLAPPING}",
            )
    warnings = []
    sizes = Counter(result.start for result in report.results)
    full = sum(n >= MAX_GROUPS for n in sizes.values())
    if full:
        warnings.append(
            f"{full} of {len(sizes)} buckets hold {MAX_GROUPS} groups or more, where the report "
            "leaves the smaller ones out without a remainder; group it by fewer dimensions"
        )
    if report.refreshed is not None and report.last > report.refreshed:
        warnings.append(
            f"was refreshed at {report.refreshed} UTC; its buckets after that are not complete"
        )
    return warnings


def group_of(result: Result) -> str:
    """Give what else a result is grouped by, so that no two groups look alike."""
    names = ("product", "claude_tag_category", "claude_tag_user_id", "slack_channel_id")
    return " ".join(filter(None, (result.fields.text(name) for name in names)))
