"""Limits that the command line and the web keep alike."""

from __future__ import annotations

from typing import Final

MIN_PATHS: Final = 100
"""Fewer scenarios blur the tails: P95 would rest on four of them."""

MAX_PATHS: Final = 10_000
"""The workbook holds every scenario as a row and is recalculated in a meeting
(scripts/benchmarks/workbook.py --scenarios 10000)."""
