"""Time AutoETS of statsforecast and this pool on the same series, in turns, in one run.

    python -m venv ../peers && ../peers/bin/pip install statsforecast
    python scripts/benchmarks/forecast_peers.py --peer-python ../peers/bin/python [--series 12]

statsforecast needs a pandas that this project does not use, hence its own environment; its process
is started once and warmed up before anything is timed. AutoETS fits the days with their weekly
season and forecasts 364 of them; the pool sums the same days to weeks, asks every member at every
past origin and calibrates three horizons: series by series, and the panel at once. One thread each.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import track
from threadpoolctl import threadpool_limits

sys.path.insert(0, str(Path(__file__).parent))
from forecast_speed import DAYS, forecast

PEER = """
import sys
import numpy as np
from statsforecast.models import AutoETS
print("ready", flush=True)
for line in sys.stdin:
    days = np.array([float(x) for x in line.split()])
    AutoETS(season_length=7).forecast(days, h=364, level=[80])
    print("done", flush=True)
"""


def days(n: int, rng: np.random.Generator) -> np.ndarray:
    """Daily random walks with a yearly wave and a weekly profile, [n, DAYS]."""
    t = np.arange(DAYS)
    walk = np.cumsum(rng.normal(0.0004, 0.01, (n, DAYS)), axis=1)
    week = np.log(np.array([1.1, 1.2, 1.2, 1.1, 1.0, 0.6, 0.5]))[t % 7]
    wave = 0.1 * np.sin(2 * np.pi * t / 364)
    return np.exp(10 + walk + wave + week + rng.normal(0, 0.1, (n, DAYS)))


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--peer-python", type=Path, required=True)
    parser.add_argument("--series", type=int, default=12)
    arguments = parser.parse_args()
    panel = days(1 + arguments.series, np.random.default_rng(0))
    one_thread = dict.fromkeys(("OMP_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")
    peer = subprocess.Popen(
        [str(arguments.peer_python), "-c", PEER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | one_thread,
    )
    assert peer.stdin is not None
    assert peer.stdout is not None

    def ask(series: np.ndarray) -> None:
        print(*series, file=peer.stdin, flush=True)
        if peer.stdout.readline() != "done\n":
            raise SystemExit("the peer's process ended; run it by hand to see why")

    if peer.stdout.readline() != "ready\n":
        raise SystemExit("statsforecast does not import in --peer-python")
    taken = np.zeros((arguments.series, 2))
    with threadpool_limits(limits=1, user_api="blas"):
        ask(panel[0])
        forecast(_weeks(panel[0]))
        for row, series in enumerate(track(panel[1:], "in turns")):
            start = time.perf_counter()
            ask(series)
            between = time.perf_counter()
            forecast(_weeks(series))
            taken[row] = between - start, time.perf_counter() - between
        start = time.perf_counter()
        forecast(np.concatenate([_weeks(series) for series in panel[1:]]))
        at_once = (time.perf_counter() - start) / arguments.series
    peer.stdin.close()
    peer.wait()
    peers, ours = np.median(taken, axis=0)
    Console().print(
        f"AutoETS {1e3 * peers:.0f} ms a series; the pool {1e3 * ours:.1f} ms series by series "
        f"({peers / ours:.0f} times faster), {1e3 * at_once:.1f} ms in a panel of "
        f"{arguments.series} ({peers / at_once:.0f} times)"
    )
    return 0


def _weeks(series: np.ndarray) -> np.ndarray:
    return np.asarray(series[DAYS % 7 :].reshape(1, -1, 7).sum(axis=2))


if __name__ == "__main__":
    sys.exit(main())
