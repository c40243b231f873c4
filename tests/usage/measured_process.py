"""A process of its own: how much memory it took, whatever ran here before."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from textwrap import indent
from typing import NamedTuple

LIMIT_BYTES = 4 * 2**30
"""Of address space; libraries map more than they use. What is used is measured."""

SCRIPT = f"""
import re, resource, sys, time
from forecast.errors import InputError
resource.setrlimit(resource.RLIMIT_AS, ({LIMIT_BYTES}, {LIMIT_BYTES}))
told = "read"
try:
    started = time.process_time()
{{body}}
except InputError as refused:
    told = str(refused)
seconds = time.process_time() - started
peak = re.search(r"VmHWM:\\s+([0-9]+) kB", open("/proc/self/status").read())
print(int(peak.group(1)) / 1024, seconds, told)
"""


class Measured(NamedTuple):
    """Peak resident memory, processor time, and the refusal (or `read`)."""

    peak_mib: float
    seconds: float
    told: str


def measured(body: str, path: Path) -> Measured:
    """Run lines of Python on a file and measure them; an error that is not ours fails."""
    script = SCRIPT.format(body=indent(body, "    "))
    run = subprocess.run(
        [sys.executable, "-c", script, path], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    peak_mib, seconds, told = run.stdout.split(maxsplit=2)
    print(f"{path.stat().st_size} bytes, peak {peak_mib} MiB, {seconds} s: {told}")
    return Measured(float(peak_mib), float(seconds), told.strip())
