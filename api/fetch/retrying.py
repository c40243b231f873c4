"""When to ask again, and how long to wait before."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

TRANSIENT: Final = frozenset({408, 425, 429, 500, 502, 503, 504, 529})
"""Statuses that pass; 529 is how the API says that it is overloaded."""


@dataclass(frozen=True)
class Patience:
    """How often and how long to wait; eight attempts span about two to four minutes."""

    attempts: int = 8
    first_wait_seconds: float = 1.0
    longest_wait_seconds: float = 60.0
    longest_asked_wait_seconds: float = 900.0
    """A longer `retry-after` ends the run; what was fetched is kept for the next one."""
    sleep: Callable[[float], None] = time.sleep
    chance: Callable[[], float] = field(default_factory=lambda: random.SystemRandom().random)

    def wait_seconds(self, attempt: int, asked_seconds: float | None) -> float:
        """Give the wait after a failed attempt, counted from 1: doubling, with half of it jitter.

        Parameters
        ----------
        asked_seconds
            What the server asked for; never undercut.

        Examples
        --------
        >>> calm = Patience(chance=lambda: 1.0)
        >>> [calm.wait_seconds(n, None) for n in (1, 2, 3, 8)], calm.wait_seconds(1, 30)
        ([1.0, 2.0, 4.0, 60.0], 31.0)
        """
        wait = min(self.first_wait_seconds * 2.0 ** (attempt - 1), self.longest_wait_seconds)
        jittered = wait * (0.5 + 0.5 * self.chance())
        return jittered if asked_seconds is None else asked_seconds + jittered


def asked_wait_seconds(retry_after: str | None, now: datetime) -> float | None:
    """Read a `retry-after` header: seconds or a date (RFC 9110, 10.2.3); nonsense counts as none.

    >>> asked_wait_seconds("7", datetime.now(UTC))
    7.0
    >>> now = datetime(2026, 11, 24, 7, 0, tzinfo=UTC)
    >>> asked_wait_seconds("Tue, 24 Nov 2026 07:01:00 GMT", now)
    60.0
    """
    if retry_after is None:
        return None
    try:
        seconds = float(retry_after)
    except ValueError:
        try:
            moment = parsedate_to_datetime(retry_after)
        except ValueError:
            return None
        zoned = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return max((zoned - now).total_seconds(), 0.0)
    return seconds if math.isfinite(seconds) and seconds >= 0 else None
