"""What at most four breakpoints keep, where every block is not an entry of its own.

The vendor writes a cache entry at each marked place and reads the longest entry that begins a
later prompt. A prompt can mark its own end, which serves conversations that go on, and a few
fixed places where its parts end (tools, instructions, documents), which serve prompts that share
those parts and then differ.

The fixed places are chosen per session or prefix with hindsight, greedily by what could be read
without expiry. A client that knows the parts of its prompts marks the same places; one that does
not reaches less. The vendor looks back 20 content blocks from a mark; a trace does not show them,
so an earlier entry is always taken to be found.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from forecast.levers.cache_replay.prefixes import PrefixTree
from forecast.levers.cache_replay.replay import LIFETIME_MS, NEVER, Lifetime, Replay
from forecast.traces import Integers, RequestTrace

MAX_BREAKPOINTS: Final = 4
"""Marks that a request may carry (vendor's documentation of prompt caching)."""

MAX_CANDIDATES: Final = 64
"""Depths tried per group: those at which most requests part from earlier ones."""

MAX_LOOKED_AT: Final = 20_000
"""Requests of a group that the places are chosen on, evenly spaced; it bounds the memory."""


@dataclass(frozen=True)
class Marks:
    """Where prompts are marked.

    Attributes
    ----------
    fixed
        By group, the depths in blocks that every prompt of the group marks, if it is as long.
    marks_end
        Whether the end of the last whole block is marked too.
    """

    fixed: dict[int, tuple[int, ...]]
    marks_end: bool


def place_marks(
    trace: RequestTrace,
    tree: PrefixTree,
    gaps: Integers,
    group: Integers,
    *,
    n_breakpoints: int = MAX_BREAKPOINTS,
    marks_end: bool = True,
) -> Marks:
    """Choose the fixed places of every group; one breakpoint is the end where `marks_end`."""
    if n_breakpoints <= int(marks_end):
        return Marks({}, marks_end)
    shared = _shared_blocks(trace, gaps)
    at_ends = _places(trace, Marks({}, marks_end), group, np.zeros_like(group))
    reached = _read_depths(trace, tree, at_ends, "none")
    fixed: dict[int, tuple[int, ...]] = {}
    for members in _members(group):
        members = members[:: -(-len(members) // MAX_LOOKED_AT)]
        places = _greedy(shared[members], reached[members], n_breakpoints - int(marks_end))
        if places:
            fixed[int(group[members[0]])] = places
    return Marks(fixed, marks_end)


def replay_marks(
    trace: RequestTrace,
    tree: PrefixTree,
    marks: Marks,
    group: Integers,
    min_prefix_tokens: Integers,
    lifetime: Lifetime,
) -> Replay:
    """Replay a trace whose prompts write entries at their marks only.

    What lies between the entry that is read and the last mark is written.
    """
    places = _places(trace, marks, group, min_prefix_tokens)
    depth = _read_depths(trace, tree, places, lifetime)
    last = np.array([max(depths, default=0) for depths in places], dtype=np.int64)
    if marks.marks_end:
        last = np.where(last == _whole_blocks(trace), trace.n_blocks, last)
    read = np.minimum(depth * trace.block_tokens, trace.input_tokens)
    marked = np.minimum(np.maximum(last, depth) * trace.block_tokens, trace.input_tokens)
    return Replay(lifetime, trace.n_blocks, depth, trace.input_tokens, read, marked - read)


def _places(
    trace: RequestTrace, marks: Marks, group: Integers, min_prefix_tokens: Integers
) -> list[list[int]]:
    """Depths that each prompt marks, deep enough for its model to cache."""
    rows = zip(
        group.tolist(),
        _whole_blocks(trace).tolist(),
        trace.block_tokens.tolist(),
        min_prefix_tokens.tolist(),
        strict=True,
    )
    return [
        [
            depth
            for depth in (*marks.fixed.get(g, ()), *((n,) if marks.marks_end else ()))
            if 0 < depth <= n and depth * size >= least
        ]
        for g, n, size, least in rows
    ]


def _whole_blocks(trace: RequestTrace) -> Integers:
    """Blocks that a longer prompt can share: the last one is another once the prompt goes on."""
    whole = trace.input_tokens // np.maximum(trace.block_tokens, 1)
    return np.asarray(np.minimum(trace.n_blocks, whole), dtype=np.int64)


def _read_depths(
    trace: RequestTrace, tree: PrefixTree, places: list[list[int]], lifetime: Lifetime
) -> Integers:
    """Blocks of each prompt that an entry still alive gives back, [n]."""
    touched = np.full(tree.n_nodes, -(2**61), dtype=np.int64)
    within = int(min(LIFETIME_MS[lifetime], 2**60))
    times = (trace.time_ms - trace.time_ms[0]).tolist()
    starts = trace.offsets.tolist()
    read = np.zeros(len(trace), dtype=np.int64)
    for i, (now, depths) in enumerate(zip(times, places, strict=True)):
        path = tree.node[starts[i] : starts[i + 1]]
        alive = (touched[path] > now - within).nonzero()[0]
        if len(alive):
            read[i] = alive[-1] + 1
            touched[path[alive[-1]]] = now
        for depth in depths:
            touched[path[depth - 1]] = now
    return read


def _shared_blocks(trace: RequestTrace, gaps: Integers) -> Integers:
    """Blocks that each prompt shares with an earlier one, [n]."""
    counted = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(gaps < NEVER)])
    return np.asarray(counted[trace.offsets[1:]] - counted[trace.offsets[:-1]], dtype=np.int64)


def _greedy(shared: Integers, reached: Integers, n_places: int) -> tuple[int, ...]:
    """Add one place after the other, each time the one that gives most blocks back."""
    depths, times = np.unique(shared[shared > reached], return_counts=True)
    if len(depths) > MAX_CANDIDATES:
        depths = np.sort(depths[np.argsort(-times, kind="stable")[:MAX_CANDIDATES]])
    if not len(depths):
        return ()
    gives = np.where(depths[:, None] <= shared[None, :], depths[:, None], 0)
    have = reached
    chosen: list[int] = []
    for _ in range(n_places):
        gain = np.maximum(gives - have, 0).sum(axis=1)
        best = int(gain.argmax())
        if gain[best] <= 0:
            break
        chosen.append(int(depths[best]))
        have = np.maximum(have, gives[best])
    return tuple(sorted(chosen))


def _members(group: Integers) -> list[Integers]:
    order = np.argsort(group, kind="stable")
    cuts = np.flatnonzero(np.diff(group[order])) + 1
    return [part.astype(np.int64) for part in np.split(order, cuts)]
