"""What a cache of a given lifetime would have read, written and missed.

Every whole block of a request is written, or refreshed where it is read. A block is read when
another request touched the same prefix less than the lifetime ago. Whoever touches a prefix
touches everything before it, so the blocks that are read always come first in the prompt, and

    gap of a block = time since the prefix up to it was last touched        (never falls with depth)
    blocks read at lifetime T = blocks whose gap is below T

One pass over the trace gives the gaps, and they give every lifetime.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from forecast.levers.cache_replay.prefixes import PrefixTree
from forecast.traces import Integers, RequestTrace

Floats = NDArray[np.float64]
Lifetime = Literal["none", "5m", "1h"]
"""`none` never expires: what could be read again at all."""

LIFETIMES: Final[tuple[Lifetime, ...]] = ("none", "5m", "1h")
LIFETIME_MS: Final[dict[Lifetime, float]] = {"none": math.inf, "5m": 300_000, "1h": 3_600_000}

NEVER: Final = np.iinfo(np.int64).max


@dataclass(frozen=True)
class Replay:
    """A trace against a cache of one lifetime.

    Attributes
    ----------
    blocks
        [n] whole blocks of each prompt; `read_blocks` of them were read.
    input_tokens, read_tokens, written_tokens
        [n] tokens of each prompt; what is neither read nor written is sent uncached.
    """

    lifetime: Lifetime
    blocks: Integers
    read_blocks: Integers
    input_tokens: Integers
    read_tokens: Integers
    written_tokens: Integers

    @property
    def hit_share_per_block(self) -> float:
        """Blocks read / blocks."""
        return _ratio(self.read_blocks, self.blocks)

    @property
    def hit_share_per_input_token(self) -> float:
        """Tokens read / tokens of the prompts, H."""
        return _ratio(self.read_tokens, self.input_tokens)

    @property
    def marked_share(self) -> float:
        """Share φ of the input that is read or written."""
        return _ratio(self.read_tokens + self.written_tokens, self.input_tokens)

    @property
    def hit_share(self) -> float:
        """Hit share h of what is marked, H / φ: the one that break-even shares speak of."""
        return _ratio(self.read_tokens, self.read_tokens + self.written_tokens)


def touch_gaps(
    trace: RequestTrace,
    tree: PrefixTree,
    min_prefix_tokens: Integers,
    *,
    visible_after_ms: int = 0,
) -> Integers:
    """Milliseconds since the prefix of each block was last touched, [N]; `NEVER` the first time.

    Parameters
    ----------
    min_prefix_tokens
        [n] shortest prefix that the model of a request caches; a prompt with fewer tokens in
        blocks neither writes nor reads.
    visible_after_ms
        How long a write stays unseen: until the answer begins. 0 lets requests of the same
        moment see one another, in the order of the trace.
    """
    gaps = np.full(len(tree.node), NEVER, dtype=np.int64)
    cached = trace.block_covered_tokens >= np.maximum(min_prefix_tokens, 1)
    places = np.flatnonzero(np.repeat(cached, trace.n_blocks))
    places = places[np.argsort(tree.node[places], kind="stable")]
    if not len(places):
        return gaps
    time = (trace.time_ms - trace.time_ms[0])[np.repeat(np.arange(len(trace)), trace.n_blocks)]
    node, time = tree.node[places], time[places]
    if visible_after_ms == 0:
        same = node[1:] == node[:-1]
        gaps[places[1:]] = np.where(same, time[1:] - time[:-1], NEVER)
        return gaps
    span = int(time.max()) + visible_after_ms + 1
    touched = node * span + time
    before = np.searchsorted(touched, touched - visible_after_ms, side="right") - 1
    seen = (before >= 0) & (node[before] == node)
    gaps[places] = np.where(seen, time - time[before], NEVER)
    return gaps


def replay(
    trace: RequestTrace, gaps: Integers, min_prefix_tokens: Integers, lifetime: Lifetime
) -> Replay:
    """Read the hits of one lifetime off the gaps.

    A prompt whose blocks in the cache are fewer tokens than the minimum reads nothing.

    Examples
    --------
    Two prompts of three blocks, four minutes apart, of which two blocks agree:

    >>> from forecast.levers.cache_replay.prefixes import prefix_tree
    >>> from forecast.traces import Sender
    >>> n = np.array
    >>> trace = RequestTrace(n([0, 240_000]), n([30, 35]), n([10, 10]), n([0, 3, 6]),
    ...     n([1, 2, 3, 1, 2, 4]), n([0, 0]), (Sender("anthropic", "", "m"),), n([0, 1]), False)
    >>> gaps = touch_gaps(trace, prefix_tree(trace), n([0, 0]))
    >>> found = replay(trace, gaps, n([0, 0]), "5m")
    >>> found.read_tokens.tolist(), found.written_tokens.tolist(), found.hit_share_per_block
    ([0, 20], [30, 10], 0.3333333333333333)
    """
    fresh = (gaps < NEVER) & (gaps < LIFETIME_MS[lifetime])
    counted = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(fresh, dtype=np.int64)])
    read_blocks = counted[trace.offsets[1:]] - counted[trace.offsets[:-1]]
    read = np.minimum(read_blocks * trace.block_tokens, trace.input_tokens)
    too_short = read < min_prefix_tokens
    read = np.where(too_short, 0, read)
    read_blocks = np.where(too_short, 0, read_blocks)
    covered = trace.block_covered_tokens
    written = np.where(covered >= min_prefix_tokens, covered - read, 0)
    return Replay(lifetime, trace.n_blocks, read_blocks, trace.input_tokens, read, written)


def _ratio(part: Integers, whole: Integers) -> float:
    total = int(whole.sum())
    return float(int(part.sum()) / total) if total else 0.0
