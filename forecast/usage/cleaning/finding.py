"""One thing that looks wrong in the usage, before anybody has decided on it."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from forecast.records.cleaning import WHOLE_PORTFOLIO, CleaningAction, CleaningKind

_SLUG_LENGTH: Final = 40


@dataclass(frozen=True)
class Finding:
    """What was seen, what it suggests, and what would be done about it.

    Attributes
    ----------
    start, end
        First and last day.
    seen
        Figures.
    reason
        What they suggest, and why it would mislead a forecast.
    proposal
        What the action would do.
    proven
        The counts themselves prove the fault: no usage could look like this.
    id
        Set by `identified`.
    """

    kind: CleaningKind
    workload: str
    start: date
    end: date
    action: CleaningAction
    seen: str
    reason: str
    proposal: str
    proven: bool = False
    id: str = ""

    @property
    def n_days(self) -> int:
        """Days from start to end."""
        return (self.end - self.start).days + 1

    @property
    def concerns_all(self) -> bool:
        """Whether it is about every workload at once."""
        return self.workload == WHOLE_PORTFOLIO


def slug(text: str) -> str:
    """Write a name in lower-case words joined by hyphens.

    >>> slug("Archive backfill (EU)"), slug("中文")
    ('archive-backfill-eu', 'workload')
    """
    words = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:_SLUG_LENGTH].strip("-")
    return words or "workload"


def plain_id(finding: Finding) -> str:
    """Give the id that kind, workload and first day make; two workloads may share it."""
    kind = finding.kind.value.replace("_", "-")
    return f"{kind}-{slug(finding.workload)}-{finding.start.isoformat()}"


def identified(findings: Iterable[Finding], names: Iterable[str]) -> tuple[Finding, ...]:
    """Give every finding its id, in the order of days.

    Parameters
    ----------
    names
        Every workload of the usage. Names that become the same words are told apart by a digest,
        whether or not anything was found in both.
    """
    ordered = sorted(findings, key=lambda f: (f.start, f.end, f.workload, f.kind.value))
    alike = Counter(slug(name) for name in {*names, WHOLE_PORTFOLIO})
    twice = Counter(plain_id(f) for f in ordered)
    return tuple(
        replace(
            f,
            id=f"{plain_id(f)}-{_digest(f)}"
            if alike[slug(f.workload)] > 1 or twice[plain_id(f)] > 1
            else plain_id(f),
        )
        for f in ordered
    )


def _digest(finding: Finding) -> str:
    told = f"{finding.workload}\0{finding.action.value}"
    return hashlib.sha256(told.encode()).hexdigest()[:6]


def days_text(n: int) -> str:
    """Count days in words.

    >>> days_text(1), days_text(3)
    ('1 day', '3 days')
    """
    return f"{n} day" if n == 1 else f"{n} days"
