"""What the cache replay and its stand-ins say of real traces, against figures known beforehand.

    python scripts/benchmarks/cache_replay.py DATA

DATA holds `claude_code/*.json.gz` (40 sessions of kv-cache-tester) and `mooncake/*.jsonl.gz`
(Mooncake's chat and synthetic requests). Printed are the hit shares, how often the gap model and
random arrivals come near the replay of a session, how often their bands hold it, how often the
interval of a few sessions holds the share of all, and what it takes.
"""

from __future__ import annotations

import argparse
import resource
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from forecast.levers.cache_replay.evidence import hit_band, with_model_error
from forecast.levers.cache_replay.gap_model import (
    hits_from_gaps,
    hits_from_hours,
    request_gaps,
    requests_by_hour,
    share_within,
)
from forecast.levers.cache_replay.intervals import cluster_interval
from forecast.levers.cache_replay.prefixes import prefix_tree, roots
from forecast.levers.cache_replay.replay import (
    LIFETIME_MS,
    LIFETIMES,
    Lifetime,
    Replay,
    replay,
    touch_gaps,
)
from forecast.levers.caching import TTL_HOURS, TTLS
from forecast.levers.hit_shares import arrivals_band
from forecast.records.caching import HitBasis
from forecast.traces import Integers, RequestTrace
from forecast.usage.request_traces.reading import read_traces

KNOWN = {
    "claude_code": {"none": (0.9306, 0.9302), "1h": (0.9305, 0.9301), "5m": (0.8561, 0.8557)},
    "conversation_trace.jsonl.gz": {"none": (0.3664, 0.3736), "5m": (0.2877, 0.2934)},
}
"""Hit shares by block and by input token, found by others' code on the same files."""

TOLERANCE = 0.0005
NEAR = 0.05
MIN_REQUESTS = 4
"""Requests of a Mooncake session before its own hit share is looked at."""

N_SUBSETS = 300
SUBSETS = (8, 12, 40, 150)


@dataclass(frozen=True)
class Replayed:
    """A trace, its sessions and its replays."""

    name: str
    trace: RequestTrace
    group: Integers
    gaps: Integers
    replays: dict[Lifetime, Replay]


def replayed(path: Path) -> Replayed:
    """Read and replay one trace, every block written, any prefix cached."""
    began = time.perf_counter()
    trace = read_traces([path])
    read = time.perf_counter()
    tree = prefix_tree(trace)
    nothing = np.zeros(len(trace), dtype=np.int64)
    gaps = touch_gaps(trace, tree, nothing)
    replays = {lifetime: replay(trace, gaps, nothing, lifetime) for lifetime in LIFETIMES}
    done = time.perf_counter()
    group = roots(trace, tree)
    print(
        f"\n{path.name}: {len(trace):,} requests, {len(trace.blocks):,} blocks, "
        f"{group.max() + 1:,} sessions; read in {read - began:.2f} s, replayed in "
        f"{done - read:.2f} s"
    )
    return Replayed(path.name, trace, group, gaps, replays)


def hit_shares(found: Replayed) -> int:
    """Print the hit shares; give how many differ from what is known."""
    missed = 0
    for lifetime, of in found.replays.items():
        shares = (of.hit_share_per_block, of.hit_share_per_input_token)
        known = KNOWN.get(found.name, {}).get(lifetime)
        verdict = ""
        if known is not None:
            apart = max(abs(a - b) for a, b in zip(shares, known, strict=True))
            missed += apart > TOLERANCE
            word = "holds" if apart <= TOLERANCE else "MISSED"
            verdict = f"known {known[0]:.4f} {known[1]:.4f}: {word}"
        block, token = shares
        print(f"  {lifetime:>4}: by block {block:.4f}, by input token {token:.4f}  {verdict}")
    return missed


def stand_ins(found: Replayed) -> None:
    """Print how near weaker evidence comes, session by session."""
    trace, n = found.trace, np.bincount(found.group)
    gaps = request_gaps(trace.time_ms, found.group)
    chosen = np.flatnonzero(n >= (2 if found.trace.sessions_named else MIN_REQUESTS))
    order = np.argsort(found.group, kind="stable")
    starts = np.concatenate([[0], np.cumsum(n)])
    for ttl in TTLS:
        rows = []
        for g in chosen:
            members = order[starts[g] : starts[g + 1]]
            tokens = int(trace.input_tokens[members].sum())
            reusable = int(found.replays["none"].read_tokens[members].sum()) / tokens
            true = int(found.replays[ttl].read_tokens[members].sum()) / tokens
            if reusable == 0:
                continue
            within = share_within(gaps[members], LIFETIME_MS[ttl])
            assert within is not None
            by_gaps = hits_from_gaps(reusable, within)
            band = hit_band(ttl, HitBasis.GAP_HISTOGRAM, with_model_error(by_gaps))
            hours = requests_by_hour(trace.time_ms[members], found.group[members])
            random = hits_from_hours(hours, TTL_HOURS[ttl], reusable)
            rate = float(hours @ hours / hours.sum())
            lever = arrivals_band([rate], ttl)
            rows.append(
                (
                    abs(by_gaps - true) <= NEAR,
                    band.lower_share <= true <= band.upper_share,
                    abs(random.hit_share - true) <= NEAR,
                    random.lower - 1e-9 <= true <= random.upper + 1e-9,
                    lever.lower - 1e-9 <= true / reusable <= lever.upper + 1e-9,
                    random.upper - random.lower,
                    lever.upper - lever.lower,
                )
            )
        shares = np.array(rows, dtype=np.float64).mean(axis=0)
        print(
            f"  {ttl}, {len(rows)} sessions: gap model within 5 points on {shares[0]:.1%} "
            f"(its band holds {shares[1]:.1%}); random arrivals by the hour within 5 points on "
            f"{shares[2]:.1%}, their band (mean width {shares[5]:.2f}) holds {shares[3]:.1%}; the "
            f"band of one rate for a lever (width {shares[6]:.2f}) holds {shares[4]:.1%}"
        )
        pooled = share_within(gaps, LIFETIME_MS[ttl])
        assert pooled is not None
        reusable = found.replays["none"].hit_share_per_input_token
        hours = requests_by_hour(trace.time_ms, found.group)
        random = hits_from_hours(hours, TTL_HOURS[ttl], reusable)
        print(
            f"      all together: replay {found.replays[ttl].hit_share_per_input_token:.4f}, gaps "
            f"{hits_from_gaps(reusable, pooled):.4f}, random arrivals {random.hit_share:.4f} "
            f"({random.lower:.4f} to {random.upper:.4f})"
        )


def intervals(found: Replayed) -> None:
    """Print how often the interval of a few sessions holds the share of all of them."""
    rng = np.random.default_rng(0)
    for ttl in TTLS:
        of = found.replays[ttl]
        parts = np.bincount(found.group, of.read_tokens)
        wholes = np.bincount(found.group, of.input_tokens)
        true = parts.sum() / wholes.sum()
        for k in SUBSETS:
            held = 0
            for _ in range(N_SUBSETS):
                some = rng.choice(len(parts), size=k, replace=True)
                band = cluster_interval(parts[some], wholes[some], np.arange(k), rng=rng)
                assert band is not None
                held += band[0] <= true <= band[1]
            print(
                f"  {ttl}: the 80 % interval of {k} sessions holds the share of all {len(parts)} "
                f"in {held / N_SUBSETS:.1%} of {N_SUBSETS} draws"
            )


def late_writes(found: Replayed) -> None:
    """Print what is lost when a write is seen only once the answer begins."""
    tree = prefix_tree(found.trace)
    nothing = np.zeros(len(found.trace), dtype=np.int64)
    for seconds in (1, 5, 20):
        gaps = touch_gaps(found.trace, tree, nothing, visible_after_ms=1000 * seconds)
        share = replay(found.trace, gaps, nothing, "5m").hit_share_per_input_token
        print(f"  5m, writes seen after {seconds} s: by input token {share:.4f}")


def main() -> None:
    """Print everything; exit 1 when a known figure is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    data = parser.parse_args().data
    missed = 0
    for path in (
        data / "claude_code",
        data / "mooncake" / "conversation_trace.jsonl.gz",
        data / "mooncake" / "synthetic_trace.jsonl.gz",
    ):
        found = replayed(path)
        missed += hit_shares(found)
        stand_ins(found)
        intervals(found)
        late_writes(found)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"\nlargest memory {peak:.0f} MiB; figures missed: {missed}")
    raise SystemExit(1 if missed else 0)


if __name__ == "__main__":
    main()
