"""How often one caller may ask, in one process: a bucket that fills evenly and is emptied by one.

The limit is that of a process: a service of two processes lets through up to twice as much. It
keeps one caller from taking every thread, and keys from being guessed; it does not meter usage.
"""

from __future__ import annotations

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable

MAX_CALLERS = 10_000
"""Callers that are remembered; the one that was silent longest is forgotten first."""


class RateLimit:
    """At most `per_minute` in a minute, and no more than a tenth of it at once.

    Examples
    --------
    >>> limit = RateLimit(60, clock=lambda: 0.0)
    >>> [limit.wait_seconds("key") for _ in range(7)]
    [0, 0, 0, 0, 0, 0, 1]
    """

    def __init__(self, per_minute: int, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.per_second = per_minute / 60
        self.most = max(1.0, per_minute / 10)
        self.clock = clock
        self.levels: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self.lock = threading.Lock()

    def wait_seconds(self, caller: str) -> int:
        """Take one; 0 when there was one, else the seconds until there is."""
        now = self.clock()
        with self.lock:
            level, then = self.levels.pop(caller, (self.most, now))
            level = min(self.most, level + (now - then) * self.per_second)
            allowed = level >= 1
            self.levels[caller] = (level - 1 if allowed else level, now)
            if len(self.levels) > MAX_CALLERS:
                self.levels.popitem(last=False)
        return 0 if allowed else max(1, math.ceil((1 - level) / self.per_second))
