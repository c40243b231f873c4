"""What every suite shares: how hypothesis runs, and a summary that names the suites."""

from __future__ import annotations

import os
from collections import Counter

import pytest
from hypothesis import settings

# A shared machine may pause a test for longer than any deadline; timings are not tested here.
settings.register_profile("shared-machine", deadline=None, print_blob=True)
settings.load_profile("shared-machine")

# Read as plugins all the same; collected for doctests, two files of one name would collide.
collect_ignore_glob = ["conftest.py", "*/conftest.py"]

OUTCOMES = ("passed", "failed", "error", "skipped")


def suite_of(report: pytest.TestReport) -> str:
    """Name the suite of a test by its markers, else by where it stands."""
    for marker in ("libreoffice", "browser", "spark", "postgresql", "slow"):
        if marker in report.keywords:
            return marker
    return "unit" if report.nodeid.startswith("tests/") else "doctests"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    counts: dict[str, Counter[str]] = {}
    for outcome in OUTCOMES:
        for report in terminalreporter.stats.get(outcome, []):
            if isinstance(report, pytest.TestReport):
                counts.setdefault(suite_of(report), Counter())[outcome] += 1
    terminalreporter.section("suites")
    for suite, by_outcome in sorted(counts.items()):
        told = ", ".join(f"{n} {outcome}" for outcome, n in by_outcome.items())
        terminalreporter.write_line(f"{suite:<12} {told}")
    if absent := os.environ.get("COMMITMENT_NOT_RUN"):
        terminalreporter.write_line(f"not run: {absent}")
