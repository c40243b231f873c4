"""Request traces: when each prompt came, how long it was, and which blocks it begins with.

A prompt is a sequence of blocks of equal size, each named by a hash or an id that says "the same
text"; whether two prompts share a prefix is told by their blocks alone, never by their text. A
request that only names the prefix it shares has one block, as long as that prefix.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]


class Sender(NamedTuple):
    """Who sent a request, as far as it decides which cache the request can see.

    `id_space` names the set of requests whose block ids mean the same.
    """

    platform: str
    workspace: str
    model: str
    id_space: str = ""


@dataclass(frozen=True)
class RequestTrace:
    """Requests in the order of time.

    Attributes
    ----------
    time_ms
        [n] milliseconds since some instant, never falling.
    input_tokens
        [n] all input-side tokens of the prompt.
    block_tokens
        [n] tokens of a block; the last one of a prompt may be cut short by its end.
    offsets
        [n + 1]; the blocks of request i are `blocks[offsets[i] : offsets[i + 1]]`.
    blocks
        [N] ids of blocks.
    sender
        [n] index into `senders`.
    session
        [n] index of the session; every request is one of its own where none is named.
    sessions_named
        Whether the source named the sessions.
    sender_places
        (file, row) of the first request of each sender, for messages.
    notes
        What was left out or taken for granted while reading, one sentence each.
    """

    time_ms: Integers
    input_tokens: Integers
    block_tokens: Integers
    offsets: Integers
    blocks: Integers
    sender: Integers
    senders: tuple[Sender, ...]
    session: Integers
    sessions_named: bool
    sender_places: tuple[tuple[str, int], ...] = ()
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        n = len(self.time_ms)
        shapes = {len(a) for a in (self.input_tokens, self.block_tokens, self.sender, self.session)}
        assert shapes == {n}, shapes
        assert len(self.offsets) == n + 1, len(self.offsets)
        assert self.offsets[-1] == len(self.blocks), self.offsets[-1]
        assert (np.diff(self.time_ms) >= 0).all(), "times fall"

    def __len__(self) -> int:
        return len(self.time_ms)

    def first(self, n: int) -> RequestTrace:
        """Give the first `n` requests."""
        return replace(
            self,
            time_ms=self.time_ms[:n],
            input_tokens=self.input_tokens[:n],
            block_tokens=self.block_tokens[:n],
            offsets=self.offsets[: n + 1],
            blocks=self.blocks[: self.offsets[min(n, len(self))]],
            sender=self.sender[:n],
            session=self.session[:n],
        )

    @property
    def n_blocks(self) -> Integers:
        """[n] blocks of each prompt."""
        return np.diff(self.offsets)

    @property
    def block_covered_tokens(self) -> Integers:
        """[n] tokens of each prompt that lie in its blocks."""
        return np.minimum(self.n_blocks * self.block_tokens, self.input_tokens)

    @property
    def days(self) -> float:
        """Days from the first request to the last."""
        return float(self.time_ms[-1] - self.time_ms[0]) / 86_400_000 if len(self) else 0.0
