"""Time to the first answer: `commitment --help`, and a web process that is ready to serve.

python scripts/benchmarks/start_up.py [--repeats 10]
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time

COMMANDS = {
    "commitment --help": ["-m", "api.cli", "--help"],
    "commitment recommend --help": ["-m", "api.cli", "recommend", "--help"],
    "create_app()": [
        "-c",
        "from pathlib import Path; from api.app import create_app; "
        "from api.settings import Settings; create_app(Settings(data_dir=Path('.')))",
    ],
}


def seconds(arguments: list[str]) -> float:
    """Run one process and time it."""
    start = time.perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def main() -> None:
    """Print the fastest and the median start of each."""
    parser = argparse.ArgumentParser(description="Time the start of the doors.")
    parser.add_argument("--repeats", type=int, default=10)
    repeats = parser.parse_args().repeats
    for name, arguments in COMMANDS.items():
        found = [seconds(arguments) for _ in range(repeats)]
        print(f"{name:<30} fastest {min(found):.3f} s   median {statistics.median(found):.3f} s")


if __name__ == "__main__":
    main()
