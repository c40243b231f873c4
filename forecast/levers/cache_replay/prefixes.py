"""The tree of prompt prefixes: which prompts begin the same, and in which cache they meet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from forecast.traces import Integers, RequestTrace, Sender

SHARED_ACROSS_WORKSPACES: Final = frozenset({"bedrock", "vertex", "google"})
"""Platforms whose cache an organisation shares; elsewhere every workspace has its own (DOMAIN,
"Prompt caching": per workspace, per organisation on Bedrock and Google)."""

ROOT_SHARE: Final = 0.05
"""Without named sessions, the requests of a session are those that share a node of the tree which
at most this share of all requests passes: what more of them share is a common system prompt."""


@dataclass(frozen=True)
class PrefixTree:
    """Every distinct prefix of a trace is a node; a block of a prompt ends at one of them.

    Attributes
    ----------
    node
        [N] the node that each block of the trace ends at. Two blocks have the same node exactly
        when the prompts agree up to their ends, in the same cache.
    n_nodes
        Number of distinct prefixes.
    """

    node: Integers
    n_nodes: int


def cache_of(senders: Sequence[Sender]) -> list[int]:
    """Number the caches that senders see: equal numbers share one.

    >>> a, b = Sender("anthropic", "search", "m"), Sender("anthropic", "chat", "m")
    >>> cache_of([a, b, a]), cache_of([s._replace(platform="bedrock") for s in (a, b)])
    ([0, 1, 0], [0, 0])
    """
    known: dict[Sender, int] = {}
    seen = (
        s._replace(workspace="") if s.platform in SHARED_ACROSS_WORKSPACES else s for s in senders
    )
    return [known.setdefault(sender, len(known)) for sender in seen]


def prefix_tree(trace: RequestTrace) -> PrefixTree:
    """Build the tree level by level: the node of a block follows from its parent and its id.

    Ids need not be hashes of everything before them: the same id after another parent is another
    node.

    Examples
    --------
    >>> from forecast.traces import Sender
    >>> n = np.array
    >>> trace = RequestTrace(n([0, 1, 2]), n([3, 3, 2]), n([1, 1, 1]), n([0, 3, 6, 8]),
    ...     n([7, 8, 9, 7, 8, 8, 8, 8]), n([0, 0, 0]), (Sender("anthropic", "", "m"),),
    ...     n([0, 1, 2]), False)
    >>> prefix_tree(trace).node.tolist()
    [0, 2, 5, 0, 2, 4, 1, 3]
    """
    caches = np.array(cache_of(trace.senders), dtype=np.int64)[trace.sender]
    parent = _numbered(np.stack([caches, trace.block_tokens], axis=1))
    ids, codes = np.unique(trace.blocks, return_inverse=True)
    codes = codes.reshape(-1).astype(np.int64)
    node = np.empty(len(codes), dtype=np.int64)
    longest_first = np.argsort(-trace.n_blocks, kind="stable")
    starts = trace.offsets[:-1][longest_first]
    parents = parent[longest_first]
    descending = -trace.n_blocks[longest_first]
    n_nodes = 0
    for level in range(int(trace.n_blocks.max(initial=0))):
        alive = int(np.searchsorted(descending, -level, side="left"))
        places = starts[:alive] + level
        pairs = parents[:alive] * len(ids) + codes[places]
        distinct, which = np.unique(pairs, return_inverse=True)
        parents = n_nodes + which.reshape(-1).astype(np.int64)
        node[places] = parents
        n_nodes += len(distinct)
    return PrefixTree(node, n_nodes)


def roots(trace: RequestTrace, tree: PrefixTree) -> Integers:
    """Group requests: by the sessions a trace names, else by the prefix they begin with.

    Returns
    -------
    Integers
        [n] number of the group, from 0.
    """
    if trace.sessions_named or not len(tree.node):
        return _numbered(trace.session[:, None])
    passes = np.bincount(tree.node, minlength=tree.n_nodes)
    at_most = max(1.0, ROOT_SHARE * len(trace))
    n_blocks, owner = trace.n_blocks, np.repeat(np.arange(len(trace)), trace.n_blocks)
    few = passes[tree.node] <= at_most
    first: NDArray[np.int64] = np.full(len(trace), -1, dtype=np.int64)
    places = np.flatnonzero(few)[::-1]
    first[owner[places]] = tree.node[places]
    with_blocks = np.flatnonzero((first < 0) & (n_blocks > 0))
    first[with_blocks] = tree.node[trace.offsets[1:][with_blocks] - 1]
    without = np.flatnonzero(first < 0)
    first[without] = tree.n_nodes + without
    return _numbered(first[:, None])


def _numbered(keys: Integers) -> Integers:
    """Number distinct rows from 0."""
    _, which = np.unique(keys, axis=0, return_inverse=True)
    return which.reshape(-1).astype(np.int64)
